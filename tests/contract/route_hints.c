/* route_hints: what a watch of the kernel's table is told: deeds of others, and none of our own. */
#include "tests/check.h"
#include "tests/contract/route_contract.h"

enum { TURNS = 60, TURNS_MAX = 3000 };

static struct route_fixture *world;
static unsigned hints, answers;

static void on_hint(void *ctx)
{
    (void)ctx;
    hints++;
}

static void on_answer(void *ctx, const struct err *err, const struct route_state *state)
{
    (void)ctx;
    (void)state;
    CHECK(err == NULL);
    answers++;
}

/* Hints that come in the next turns of the world; `wanted`: no more turns than one needs. */
static unsigned hints_of(unsigned wanted)
{
    for (int i = 0; i < TURNS && (wanted == 0 || hints < wanted); i++) {
        world->pump(world->self);
    }
    unsigned count = hints;
    hints = 0;
    return count;
}

static void begin(void)
{
    world->reset(world->self);
    (void)hints_of(0);
    world->route.ops->watch(world->route.self, on_hint, NULL);
    (void)hints_of(0);
}

static void apply(uint64_t generation)
{
    struct route_table table;
    route_contract_table(world, generation, 1, 1, &table);
    CHECK_INT_EQ(route_contract_apply(world, &table), 0);
}

static void deeds_of_others_are_hinted(void)
{
    struct route_state state;
    begin();
    for (uint64_t generation = 1; generation < 4; generation++) {
        apply(generation);
        CHECK_INT_EQ(route_contract_read(world, &state), 0);
    }
    CHECK_INT_EQ(hints_of(0), 0);
    world->spoil(world->self);
    CHECK(hints_of(1) > 0);
    (void)hints_of(0);
    apply(5);
    world->flush(world->self);
    CHECK(hints_of(1) > 0);
    (void)hints_of(0);
    apply(6);
    CHECK_INT_EQ(route_contract_clear(world), 0);
    CHECK_INT_EQ(hints_of(0), 0);
    world->route.ops->watch(world->route.self, NULL, NULL);
    apply(7);
    world->flush(world->self);
    CHECK_INT_EQ(hints_of(0), 0);
}

/* A read changes nothing, so what is said in the meantime is somebody else's. */
static void a_deed_during_a_read_is_hinted(void)
{
    begin();
    apply(1);
    (void)hints_of(0);
    answers = 0;
    CHECK_INT_EQ(world->route.ops->read(world->route.self, on_answer, NULL, NULL), 0);
    world->spoil(world->self);
    for (int i = 0; i < TURNS_MAX && answers == 0; i++) {
        world->pump(world->self);
    }
    CHECK_INT_EQ(answers, 1);
    CHECK(hints_of(1) > 0);
    world->route.ops->watch(world->route.self, NULL, NULL);
}

int route_hints_run(struct route_fixture *fixture, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"deeds_of_others_are_hinted", deeds_of_others_are_hinted},
        {"a_deed_during_a_read_is_hinted", a_deed_during_a_read_is_hinted},
    };
    world = fixture;
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
