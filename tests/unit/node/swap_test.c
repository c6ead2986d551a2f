/* swap: the planner driven through whole swaps in the toy world, the laws watched at each turn. */
#include "agent/node/swap.h"

#include "tests/check.h"
#include "tests/unit/node/toy.h"

#define TURNS 3000

static struct toy toy;

static void check_rest(int release)
{
    CHECK(toy_settle(&toy, TURNS));
    CHECK_INT_EQ(toy_serving(&toy), release);
    CHECK_INT_EQ(toy_release(&toy.memory.committed.release), release);
    CHECK_INT_EQ(toy.broken, 0);
}

static void check_verdict(enum verdict verdict, enum reason reason)
{
    CHECK_STR_EQ(verdict_word(toy.memory.verdict), verdict_word(verdict));
    CHECK_STR_EQ(reason_word(toy.memory.reason), reason_word(reason));
}

static void set_order(int release, enum plan_order order)
{
    toy.plans[release].services[0].order = order;
}

static void case_first_start(void)
{
    toy_init(&toy, 1);
    toy_want(&toy, 1, false);
    check_rest(1);
    check_verdict(VERDICT_GOOD, REASON_SOAKED);
    CHECK_INT_EQ(toy.memory.committed.gen, 1);
    CHECK_INT_EQ(toy.records, 3);
    CHECK_INT_EQ(toy.counts[ACTION_PULL], 1);
    CHECK_INT_EQ(toy.counts[ACTION_STOP] + toy.counts[ACTION_REMOVE], 0);
    CHECK_INT_EQ(toy_count(&toy, 1), 1);
}

static void case_first_start_fails(void)
{
    for (int is_late = 0; is_late < 2; is_late++) {
        toy_init(&toy, 2);
        toy.images[1].crash_ms = is_late ? 3000 : 300;
        toy_want(&toy, 1, false);
        CHECK(toy_settle(&toy, TURNS));
        check_verdict(VERDICT_BAD, REASON_CRASHED);
        CHECK_INT_EQ(toy_count(&toy, 1), 1); /* stopped: the evidence */
        CHECK_INT_EQ(toy.kernel.count, 0);
        CHECK(digest_is_none(&toy.memory.wanted));
        CHECK_INT_EQ(toy.broken, 0);
    }
}

static void case_swap(void)
{
    for (uint8_t replicas = 1; replicas <= 3; replicas += 2) {
        toy_init(&toy, replicas);
        toy.plans[2].floor = 20;
        toy_deploy(&toy, 1);
        toy.records = 0;
        toy_deploy(&toy, 2);
        check_rest(2);
        CHECK_INT_EQ(toy.dark_ms, 0);
        CHECK_INT_EQ(toy.records, 3);
        CHECK_INT_EQ(toy.memory.floor, 20);
        CHECK_INT_EQ(toy.memory.history[0].gen, 1);
        CHECK_INT_EQ(toy.counts[ACTION_STOP], replicas);
        CHECK_INT_EQ(toy.counts[ACTION_NOTICE], replicas);
        CHECK(toy.order_of_notice < toy.order_of_stop);
        CHECK_INT_EQ(toy_count(&toy, 1), replicas); /* stopped, kept for the way back */
    }
}

/* A release without services removes the app: nobody is ready, and nobody has to be. */
static void case_removal(void)
{
    toy_init(&toy, 2);
    toy.plans[2].service_count = 0;
    toy.plans[2].soak_ms = 1000;
    toy_deploy(&toy, 1);
    toy_want(&toy, 2, false);
    toy_pass(&toy, 30000);
    check_verdict(VERDICT_GOOD, REASON_SOAKED);
    CHECK_INT_EQ(toy.memory.committed.gen, 2);
    CHECK_INT_EQ(toy.kernel.count, 0);
}

static void case_many_swaps(void)
{
    toy_init(&toy, 16);
    for (int i = 0; i < 12; i++) {
        toy_deploy(&toy, 1 + i % TOY_RELEASES);
    }
    CHECK_INT_EQ(toy.dark_ms, 0);
    CHECK_INT_EQ(toy.broken, 0);
    CHECK(toy.session.replica_count <= 2 * 16);
}

struct failure {
    const char *name;
    struct toy_image image;
    int64_t startup_ms;
    enum verdict verdict;
    enum reason reason;
    uint8_t attempts;
};

static const struct failure failures[] = {
    {"crashes at once", {.ready_ms = 700, .crash_ms = 300}, 0, VERDICT_BAD, REASON_CRASHED, 1},
    {"crashes while unproven",
     {.ready_ms = 0, .crash_ms = 5000},
     0,
     VERDICT_BAD,
     REASON_CRASHED,
     1},
    {"never ready", {.ready_ms = -1}, 0, VERDICT_BAD, REASON_DEADLINE, 1},
    {"never ready, startup probe", {.ready_ms = -1}, 1000, VERDICT_BAD, REASON_NEVER_READY, 1},
    {"unready while unproven",
     {.ready_ms = 0, .unready_ms = 4000},
     0,
     VERDICT_BAD,
     REASON_UNREADY,
     1},
    {"unalive while unproven",
     {.ready_ms = 0, .unalive_ms = 4000},
     0,
     VERDICT_BAD,
     REASON_UNALIVE,
     1},
    {"image missing", {.pull_fails = 1000}, 0, VERDICT_INCONCLUSIVE, REASON_PULL_FAILED, 3},
    {"create refused", {.create_fails = 1000}, 0, VERDICT_INCONCLUSIVE, REASON_ENGINE_FAILED, 3},
    {"start refused", {.start_fails = 1000}, 0, VERDICT_INCONCLUSIVE, REASON_ENGINE_FAILED, 3},
};

static void check_failure(const struct failure *failure, uint8_t replicas, enum plan_order order)
{
    toy_init(&toy, replicas);
    toy_deploy(&toy, 1);
    set_order(2, order);
    toy.images[2] = failure->image;
    if (failure->startup_ms != 0) {
        toy.plans[2].services[0].startup = (struct plan_probe){.kind = PLAN_PROBE_HTTP,
                                                               .period_ms = failure->startup_ms,
                                                               .success_threshold = 1,
                                                               .failure_threshold = 5};
    }
    uint32_t gen = toy.memory.gen_last;
    toy_want(&toy, 2, false);
    toy_turn(&toy);
    check_rest(1);
    check_verdict(failure->verdict, failure->reason);
    CHECK_INT_EQ(toy.memory.gen_last - gen, failure->attempts);
    CHECK_INT_EQ(memory_is_quarantined(&toy.memory, &toy.plans[2].digest),
                 failure->verdict == VERDICT_BAD);
    bool has_evidence = failure->image.pull_fails == 0 && failure->image.create_fails == 0;
    CHECK_INT_EQ(toy_count(&toy, toy.memory.gen_last), has_evidence ? 1 : 0);
    CHECK_INT_EQ(toy.counts[ACTION_EXAMINE] >= (has_evidence ? 1u : 0u), 1);
    if (order == PLAN_START_FIRST && failure->reason != REASON_CRASHED &&
        failure->reason != REASON_UNREADY) {
        CHECK_INT_EQ(toy.dark_ms, 0);
    }
}

static void case_failures(void)
{
    for (size_t i = 0; i < COUNT_OF(failures); i++) {
        int before = check_failures_;
        for (int variant = 0; variant < 4; variant++) {
            check_failure(&failures[i], variant & 1 ? 3 : 1,
                          variant & 2 ? PLAN_STOP_FIRST : PLAN_START_FIRST);
        }
        if (check_failures_ != before) {
            printf("    in: %s\n", failures[i].name);
        }
    }
}

static void case_blame(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy_want(&toy, 2, false);
    CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
    struct toy_container *old = toy_find(&toy, 1, 1);
    toy.images[1].unready_ms = toy.now - old->started_at; /* what both need is gone */
    toy.images[2].unready_ms = 1;
    CHECK(toy_until(&toy, SWAP_REST, TURNS));
    check_verdict(VERDICT_INCONCLUSIVE, REASON_OLD_FAILS_TOO);
    CHECK(!memory_is_quarantined(&toy.memory, &toy.plans[2].digest));
    CHECK_INT_EQ(toy_release(&toy.memory.wanted), 2);
    toy.images[1].unready_ms = 0; /* and back: the next try comes by itself */
    toy.images[2].unready_ms = 0;
    check_rest(2);
}

static void case_world_fault(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy.images[2].crash_ms = 5000;
    toy_want(&toy, 2, false);
    CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
    toy.session.has_world_fault = true;
    CHECK(toy_until(&toy, SWAP_REST, TURNS));
    check_verdict(VERDICT_INCONCLUSIVE, REASON_CRASHED);
    CHECK_INT_EQ(toy_release(&toy.memory.wanted), 2);
    check_rest(1); /* the next try shows whose fault it is */
    check_verdict(VERDICT_BAD, REASON_CRASHED);
}

static void case_quarantine(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy.images[2].crash_ms = 2000;
    toy_want(&toy, 2, false);
    toy_turn(&toy);
    check_rest(1);
    toy.images[2].crash_ms = 0;
    toy_want(&toy, 2, false);
    toy_pass(&toy, 120000);
    CHECK_INT_EQ(toy.memory.phase, SWAP_REST);
    CHECK_INT_EQ(toy_serving(&toy), 1);
    toy_want(&toy, 2, true);
    check_rest(2);
    CHECK(!toy.memory.is_forced);
    /* A good verdict ends the quarantine: the way back to it must stay open. */
    CHECK(!memory_is_quarantined(&toy.memory, &toy.plans[2].digest));
    toy_deploy(&toy, 3);
    toy_want(&toy, 2, false);
    check_rest(2);
}

static void case_floor_and_revoked(void)
{
    toy_init(&toy, 1);
    toy.plans[2].floor = 20;
    toy_deploy(&toy, 2);
    toy_want(&toy, 1, false);
    toy_pass(&toy, 120000);
    CHECK_INT_EQ(toy_serving(&toy), 2);
    CHECK_INT_EQ(toy.memory.phase, SWAP_REST);
    toy.revoked = 3;
    toy_want(&toy, 3, false);
    toy_pass(&toy, 120000);
    CHECK_INT_EQ(toy_serving(&toy), 2);
    CHECK_INT_EQ(toy.memory.phase, SWAP_REST);
    toy.revoked = 2; /* what is committed is never stopped for it */
    toy.memory.floor = 1000;
    toy_want(&toy, 0, false);
    struct toy_container *container = toy_find(&toy, toy.memory.committed.gen, 1);
    container->state = ENGINE_EXITED;
    check_rest(2);
    for (int phase = SWAP_PREPARE; phase <= SWAP_UNPROVEN; phase++) {
        toy_init(&toy, 1);
        toy_deploy(&toy, 1);
        toy_want(&toy, 2, false);
        CHECK(toy_until(&toy, (enum swap_phase)phase, TURNS));
        toy_pass(&toy, phase == SWAP_UNPROVEN ? 3000 : 0);
        toy.revoked = 2;
        check_rest(1);
        check_verdict(VERDICT_BAD, REASON_REVOKED);
        CHECK_INT_EQ(toy.dark_ms, 0);
    }
}

/* Its clients are those of the new release, and have what they were promised. */
static void case_given_up_by_hand_drains_by_its_own_plan(void)
{
    toy_init(&toy, 1);
    toy.plans[1].drain_ms = 500;
    toy.plans[2].drain_ms = 15000;
    toy_deploy(&toy, 1);
    toy_want(&toy, 2, false);
    CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
    toy_pass(&toy, 3000);
    uint32_t gen = toy.memory.candidate.gen;
    toy_want(&toy, 0, false);
    CHECK(toy_until(&toy, SWAP_REST, TURNS));
    toy_pass(&toy, 10000);
    const struct toy_container *left = toy_find(&toy, gen, 1);
    CHECK(left != NULL && toy_is_alive(left));
    toy_pass(&toy, 10000);
    CHECK(toy_find(&toy, gen, 1) == NULL);
    CHECK_INT_EQ(toy_serving(&toy), 1);
}

static void case_stop_first(void)
{
    for (uint8_t replicas = 1; replicas <= 3; replicas += 2) {
        toy_init(&toy, replicas);
        set_order(1, PLAN_STOP_FIRST);
        set_order(2, PLAN_STOP_FIRST);
        toy_deploy(&toy, 1);
        toy_deploy(&toy, 2);
        check_rest(2);
        CHECK(toy.dark_ms > 0);
        CHECK(toy.dark_ms < 2000 + 700 + 2000); /* the drain, the start, the steps between */
        toy_want(&toy, 1, false);
        check_rest(1);
    }
}

/* The gap begins when the new containers exist, however long that takes. */
static void case_stop_first_creates_first(void)
{
    toy_init(&toy, 1);
    set_order(1, PLAN_STOP_FIRST);
    set_order(2, PLAN_STOP_FIRST);
    toy_deploy(&toy, 1);
    toy.images[2].create_fails = 3;
    toy_want(&toy, 2, false);
    check_rest(2);
    CHECK(toy.dark_ms < 2000 + 700 + 2000);
}

static void case_stop_first_back(void)
{
    static const enum swap_phase phases[] = {SWAP_PREPARE, SWAP_UNPROVEN};
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        for (int64_t delay = 0; delay < 6000; delay += 250) {
            toy_init(&toy, 1);
            set_order(1, PLAN_STOP_FIRST);
            set_order(2, PLAN_STOP_FIRST);
            toy_deploy(&toy, 1);
            toy_deploy(&toy, 2);
            toy_want(&toy, 1, false); /* its old containers are taken up again */
            CHECK(toy_until(&toy, phases[i], TURNS));
            toy_pass(&toy, delay);
            toy_want(&toy, 2, false);
            check_rest(2);
        }
    }
}

static void case_agent_restarts(void)
{
    for (int exclusive = 0; exclusive < 2; exclusive++) {
        for (int64_t at = 0; at < 20000; at += 170) {
            toy_init(&toy, 1);
            set_order(1, exclusive ? PLAN_STOP_FIRST : PLAN_START_FIRST);
            set_order(2, exclusive ? PLAN_STOP_FIRST : PLAN_START_FIRST);
            toy_deploy(&toy, 1);
            toy_want(&toy, 2, false);
            toy_pass(&toy, at);
            toy_restart_agent(&toy, at % 340 == 0);
            check_rest(2);
            CHECK(exclusive || toy.dark_ms == 0);
        }
    }
}

static void case_replaced(void)
{
    for (int exclusive = 0; exclusive < 2; exclusive++) {
        for (int64_t at = 0; at < 20000; at += 310) {
            toy_init(&toy, 1);
            for (int release = 1; release <= 3; release++) {
                set_order(release, exclusive ? PLAN_STOP_FIRST : PLAN_START_FIRST);
            }
            toy_deploy(&toy, 1);
            toy_want(&toy, 2, false);
            toy_pass(&toy, at);
            bool is_unproven = toy.memory.phase == SWAP_UNPROVEN;
            toy_want(&toy, 3, false);
            check_rest(3);
            CHECK(exclusive || toy.dark_ms == 0);
            if (is_unproven) { /* after the switch the verdict comes first */
                CHECK_INT_EQ(toy_release(&toy.memory.history[0].release), 2);
            }
        }
    }
}

static void case_rollback(void)
{
    for (int is_warm = 0; is_warm < 2; is_warm++) {
        toy_init(&toy, 2);
        toy_deploy(&toy, 1);
        toy_want(&toy, 2, false);
        CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
        CHECK(toy_until(&toy, SWAP_REST, TURNS));
        toy_pass(&toy, is_warm ? 5000 : 120000);
        unsigned starts = toy.counts[ACTION_START];
        unsigned creates = toy.counts[ACTION_CREATE];
        toy_want(&toy, 1, false);
        toy_turn(&toy);
        check_rest(1);
        CHECK_INT_EQ(toy.counts[ACTION_CREATE] - creates, 0);
        CHECK_INT_EQ(toy.counts[ACTION_START] - starts, is_warm ? 0 : 2);
        CHECK_INT_EQ(toy.memory.committed.gen, 1);
        CHECK_INT_EQ(toy.dark_ms, 0);
    }
}

static void case_rollback_unproven(void)
{
    for (int64_t at = 0; at < 10000; at += 110) {
        toy_init(&toy, 2);
        toy_deploy(&toy, 1);
        toy_want(&toy, 2, false);
        CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
        toy_pass(&toy, at);
        toy_want(&toy, 0, false);
        check_rest(1);
        check_verdict(VERDICT_INCONCLUSIVE, REASON_ROLLED_BACK);
        CHECK_INT_EQ(toy.dark_ms, 0);
        CHECK_INT_EQ(toy.counts[ACTION_FORGET], 0);
        CHECK_INT_EQ(toy_count(&toy, 2), 0);
    }
}

/* A technician's way back leaves the new release only when the old one is ready (law 1). */
static void case_rollback_unready(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy_want(&toy, 2, false);
    CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
    toy_pass(&toy, 1000);
    toy_find(&toy, 1, 1)->state = ENGINE_EXITED;
    toy_want(&toy, 0, false);
    check_rest(1);
    CHECK_INT_EQ(toy.dark_ms, 0);
    check_verdict(VERDICT_INCONCLUSIVE, REASON_ROLLED_BACK);
}

/* However long that takes, the release nobody wants any more is not proven meanwhile. */
static void case_rollback_waits(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy_want(&toy, 2, false);
    CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
    toy_pass(&toy, 1000);
    toy_find(&toy, 1, 1)->state = ENGINE_EXITED;
    toy.images[1].ready_ms = -1;
    toy_pass(&toy, 300);
    toy_want(&toy, 0, false);
    toy_pass(&toy, 120000);
    CHECK_INT_EQ(toy_serving(&toy), 2);
    CHECK_INT_EQ(toy.memory.phase, SWAP_UNPROVEN);
    toy.images[1].ready_ms = 700;
    check_rest(1);
    CHECK_INT_EQ(toy.dark_ms, 0);
}

static void case_reboot(void)
{
    for (int64_t at = 0; at < 20000; at += 130) {
        toy_init(&toy, 1);
        toy_deploy(&toy, 1);
        toy_want(&toy, 2, false);
        toy_pass(&toy, at);
        uint32_t boots = toy.memory.boots;
        bool is_record_kept = at % 260 == 0;
        enum swap_phase phase =
            is_record_kept && toy.is_remembering ? toy.pending.phase : toy.memory.phase;
        toy_reboot(&toy, at % 520 < 260, is_record_kept);
        toy_turn(&toy);
        toy_pass(&toy, 100);
        if (phase == SWAP_UNPROVEN) {
            CHECK_INT_EQ(toy.memory.boots, boots + 1);
            CHECK_INT_EQ(toy_release(&toy.memory.candidate.release), 2);
        }
        check_rest(2);
    }
}

static void case_boot_loop(void)
{
    for (int exclusive = 0; exclusive < 2; exclusive++) {
        toy_init(&toy, 1);
        set_order(1, exclusive ? PLAN_STOP_FIRST : PLAN_START_FIRST);
        set_order(2, exclusive ? PLAN_STOP_FIRST : PLAN_START_FIRST);
        toy_deploy(&toy, 1);
        toy_want(&toy, 2, false);
        CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
        for (int boot = 1; boot <= 3; boot++) {
            toy_pass(&toy, 6000);
            CHECK_INT_EQ(toy.memory.phase, SWAP_UNPROVEN);
            toy_reboot(&toy, true, true);
        }
        check_rest(1);
        check_verdict(VERDICT_BAD, REASON_BOOT_LOOP);
    }
}

static void case_removed_by_hand(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy_find(&toy, 1, 1)->is_present = false;
    check_rest(1);
    toy_want(&toy, 2, false);
    CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
    toy_pass(&toy, 1000);
    toy_find(&toy, 2, 1)->is_present = false;
    CHECK(toy_until(&toy, SWAP_REST, TURNS));
    check_verdict(VERDICT_INCONCLUSIVE, REASON_REMOVED_BY_HAND);
    check_rest(2);
}

static void case_engine_gone(void)
{
    for (int64_t at = 0; at < 20000; at += 330) {
        toy_init(&toy, 1);
        toy_deploy(&toy, 1);
        toy_want(&toy, 2, false);
        toy_pass(&toy, at);
        toy.facts.is_engine_up = false;
        toy.session.has_world_fault = toy.memory.phase != SWAP_REST;
        toy_pass(&toy, 90000);
        toy.facts.is_engine_up = true;
        check_rest(2);
        CHECK_INT_EQ(toy.dark_ms, 0);
    }
}

static void case_memory_lost(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy_want(&toy, 2, false);
    CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
    struct generation found = toy.memory.committed;
    memset(&toy.memory, 0, sizeof toy.memory);
    memcpy(toy.memory.app, "web", 4);
    toy.memory.committed = found;
    toy.memory.wanted = found.release;
    toy_restart_agent(&toy, false);
    toy.facts.is_memory_lost = true;
    toy.facts.may_begin = false;
    unsigned ends = toy.counts[ACTION_STOP] + toy.counts[ACTION_REMOVE];
    toy_pass(&toy, 200000);
    CHECK_INT_EQ(toy_serving(&toy), 1);
    CHECK_INT_EQ(toy.counts[ACTION_STOP] + toy.counts[ACTION_REMOVE], ends);
    CHECK_INT_EQ(toy.broken, 0);
}

static void case_store_fails(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy.record_fails = 5;
    toy_want(&toy, 2, false);
    check_rest(2);
    CHECK_INT_EQ(toy.dark_ms, 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"first start", case_first_start},
        {"first start fails", case_first_start_fails},
        {"swap", case_swap},
        {"removal", case_removal},
        {"many swaps", case_many_swaps},
        {"failures", case_failures},
        {"blame", case_blame},
        {"world fault", case_world_fault},
        {"quarantine", case_quarantine},
        {"floor and revoked", case_floor_and_revoked},
        {"given up by hand drains by its own plan", case_given_up_by_hand_drains_by_its_own_plan},
        {"stop first", case_stop_first},
        {"stop first creates first", case_stop_first_creates_first},
        {"stop first, back", case_stop_first_back},
        {"agent restarts", case_agent_restarts},
        {"replaced", case_replaced},
        {"rollback", case_rollback},
        {"rollback while unproven", case_rollback_unproven},
        {"rollback to what is not ready", case_rollback_unready},
        {"rollback waits", case_rollback_waits},
        {"reboot", case_reboot},
        {"boot loop", case_boot_loop},
        {"removed by hand", case_removed_by_hand},
        {"engine gone", case_engine_gone},
        {"memory lost", case_memory_lost},
        {"store fails", case_store_fails},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
