/* recover: every world a cut can leave, run to quiescence: each ends with one serving set. */
#include "tests/check.h"
#include "tests/unit/node/toy.h"

#define TURNS 6000

enum found { FOUND_NONE, FOUND_CREATED, FOUND_EXITED, FOUND_RUNNING, FOUND_COUNT };
enum wish { WISH_NONE, WISH_COMMITTED, WISH_CANDIDATE, WISH_OTHER, WISH_COUNT };

/* One world after the agent has started: what it remembers and what it finds. */
struct world {
    enum swap_phase phase;
    enum wish wish;
    enum found committed, candidate;
    uint8_t boots;
    uint8_t replicas;
    bool has_committed, is_same_boot, is_stop_first, is_reused, has_table;
};

static struct toy toy;

static void put(enum found found, const struct generation *generation, uint8_t replicas,
                bool is_kept)
{
    for (uint8_t n = 1; n <= replicas && found != FOUND_NONE && generation->gen != 0; n++) {
        size_t place = 0;
        while (toy.containers[place].is_present) {
            place++;
        }
        toy.containers[place] = (struct toy_container){
            .is_present = true,
            .gen = generation->gen,
            .number = n,
            .release = toy_release(&generation->release),
            .address = address_replica(&toy.config, 0, generation->lane, 0, n),
            .state = found == FOUND_CREATED   ? ENGINE_CREATED
                     : found == FOUND_RUNNING ? ENGINE_RUNNING
                                              : ENGINE_EXITED,
            .keeps_running = is_kept,
        };
    }
}

static void build(const struct world *world)
{
    struct memory_app *memory = &toy.memory;
    toy_init(&toy, world->replicas);
    for (int i = 1; i <= TOY_RELEASES; i++) {
        toy.plans[i].services[0].order = world->is_stop_first ? PLAN_STOP_FIRST : PLAN_START_FIRST;
    }
    memory->phase = world->phase;
    memory->boot = toy.facts.boot;
    memory->boot.bytes[0] = world->is_same_boot ? 1 : 9;
    memory->boots = world->boots;
    memory->gen_last = 2;
    if (world->has_committed) {
        memory->committed = (struct generation){toy_digest(1), 10, 1, 0, false};
    }
    if (world->phase != SWAP_REST) {
        memory->candidate = (struct generation){toy_digest(2), 20, 2, 1, false};
        memory->attempts = 1;
    }
    if (world->is_reused) { /* the candidate is the release before, taken up again */
        memory->history[0] = (struct generation){toy_digest(2), 20, 2, 1, false};
    }
    memory->wanted = world->wish == WISH_COMMITTED   ? memory->committed.release
                     : world->wish == WISH_CANDIDATE ? toy_digest(2)
                     : world->wish == WISH_OTHER     ? toy_digest(3)
                                                     : (struct digest){0};
    put(world->committed, &memory->committed, world->replicas, true);
    put(world->candidate, &(struct generation){toy_digest(2), 20, 2, 1, false}, world->replicas,
        world->is_reused);
    if (world->has_table) {
        uint8_t lane = world->phase == SWAP_UNPROVEN && world->is_same_boot ? 1 : 0;
        for (uint8_t n = 1; n <= world->replicas; n++) {
            toy.kernel.backends[toy.kernel.count++] = address_replica(&toy.config, 0, lane, 0, n);
        }
        toy.boot = toy.kernel;
        toy.is_presuming = true;
        toy.is_table_of_boot = !world->is_same_boot;
    }
    toy.is_route_known = false;
}

/* What must serve in the end: what is wanted, unless nothing is, or the candidate has come to its
 * third boot and is quarantined for it. */
static int expected(const struct world *world)
{
    bool is_loop = world->phase == SWAP_UNPROVEN && !world->is_same_boot && world->boots >= 2;
    int committed = world->has_committed ? 1 : 0;
    /* It was all ready when that was recorded: only a hand has removed it since. */
    bool is_removed = world->phase == SWAP_UNPROVEN && world->candidate == FOUND_NONE;
    switch (world->wish) {
    case WISH_NONE: /* nothing is asked of a release that serves unproven: it is proven */
        return world->phase == SWAP_UNPROVEN && !is_loop && !is_removed ? 2 : committed;
    case WISH_COMMITTED:
        return committed;
    case WISH_CANDIDATE:
        return is_loop ? committed : 2;
    case WISH_OTHER:
        return 3;
    case WISH_COUNT:
        break;
    }
    return 0;
}

static bool is_quiet(const struct world *world)
{
    if (world->wish != WISH_NONE) {
        return toy_settle(&toy, TURNS);
    }
    /* With nothing wanted it is at rest when time changes nothing. */
    toy_pass(&toy, 300000);
    return toy.memory.phase == SWAP_REST && !toy.is_remembering;
}

static void check_world(const struct world *world)
{
    int before = check_failures_;
    build(world);
    CHECK(is_quiet(world));
    CHECK_INT_EQ(toy_serving(&toy), expected(world));
    CHECK_INT_EQ(toy_release(&toy.memory.committed.release), expected(world));
    CHECK_INT_EQ(toy.broken, 0);
    CHECK_INT_EQ(toy.kernel.count, expected(world) == 0 ? 0 : world->replicas);
    if (check_failures_ != before) {
        printf("    in: %s, wish %d, committed %d (%d), candidate %d, boots %d, same boot %d, "
               "stop first %d, reused %d, table %d, replicas %d\n",
               swap_phase_word(world->phase), world->wish, world->has_committed, world->committed,
               world->candidate, world->boots, world->is_same_boot, world->is_stop_first,
               world->is_reused, world->has_table, world->replicas);
    }
}

/* Worlds that no cut can leave. */
static bool is_possible(const struct world *world)
{
    bool is_first = !world->has_committed;
    if (is_first && (world->committed != FOUND_NONE || world->is_reused || world->is_stop_first)) {
        return false;
    }
    if (is_first && world->wish == WISH_COMMITTED) {
        return false; /* that is WISH_NONE */
    }
    if (world->phase != SWAP_UNPROVEN && world->boots != 0) {
        return false;
    }
    if (world->phase == SWAP_REST && world->wish == WISH_CANDIDATE && !world->is_reused) {
        return false; /* that is WISH_OTHER */
    }
    if (is_first && world->has_table && world->phase != SWAP_UNPROVEN) {
        return false;
    }
    /* What shares data is never started beside what it shares it with. */
    return !(world->is_stop_first && world->committed == FOUND_RUNNING &&
             world->candidate == FOUND_RUNNING);
}

static unsigned enumerate(const struct world *base)
{
    unsigned count = 0;
    for (unsigned code = 0; code < 3 * WISH_COUNT * FOUND_COUNT * FOUND_COUNT * 3 * 2; code++) {
        struct world world = *base;
        unsigned rest = code;
        world.phase = (enum swap_phase)(rest % 3);
        rest /= 3;
        world.wish = (enum wish)(rest % WISH_COUNT);
        rest /= WISH_COUNT;
        world.committed = (enum found)(rest % FOUND_COUNT);
        rest /= FOUND_COUNT;
        world.candidate = (enum found)(rest % FOUND_COUNT);
        rest /= FOUND_COUNT;
        world.boots = (uint8_t)(rest % 3);
        world.is_same_boot = rest / 3 == 0;
        if (is_possible(&world) && check_failures_ < 40) {
            check_world(&world);
            count++;
        }
    }
    return count;
}

static void case_all_worlds(void)
{
    unsigned count = 0;
    for (unsigned code = 0; code < 32; code++) {
        struct world base = {
            .has_committed = (code & 1) != 0,
            .is_stop_first = (code & 2) != 0,
            .is_reused = (code & 4) != 0,
            .has_table = (code & 8) != 0,
            .replicas = (code & 16) != 0 ? 3 : 1,
        };
        count += enumerate(&base);
    }
    printf("    %u worlds\n", count);
    CHECK(count > 3000);
}

/* A cut at every instant of a swap, and a second one at every instant of the recovery. */
static void case_second_cut(void)
{
    unsigned count = 0;
    for (int64_t first = 0; first < 3000; first += 90) {
        for (int64_t second = 0; second < 4000; second += 130) {
            int exclusive = (int)(count & 1);
            toy_init(&toy, 1);
            toy.plans[1].services[0].order = exclusive ? PLAN_STOP_FIRST : PLAN_START_FIRST;
            toy.plans[2].services[0].order = exclusive ? PLAN_STOP_FIRST : PLAN_START_FIRST;
            toy_deploy(&toy, 1);
            toy_want(&toy, 2, false);
            toy_pass(&toy, first);
            toy_reboot(&toy, (count & 2) != 0, (count & 4) != 0);
            toy_pass(&toy, second);
            toy_reboot(&toy, (count & 8) != 0, (count & 16) != 0);
            CHECK(toy_settle(&toy, TURNS));
            CHECK_INT_EQ(toy_serving(&toy), 2);
            CHECK_INT_EQ(toy.broken, 0);
            count++;
        }
    }
    printf("    %u pairs of cuts\n", count);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"all worlds", case_all_worlds},
                                              {"second cut", case_second_cut}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
