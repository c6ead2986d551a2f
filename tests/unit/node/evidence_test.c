/* evidence: nothing is proven by time alone, nobody is blamed for what others did: pauses, ends,
 * errors of the asker, an engine that hangs, a kernel that takes no table. */
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

/* Frozen by hand in its soak: the ready old one serves meanwhile, and for good when readiness would
 * have failed. */
static void case_paused(void)
{
    for (int is_long = 0; is_long < 2; is_long++) {
        toy_init(&toy, 3);
        toy_deploy(&toy, 1);
        toy_want(&toy, 2, false);
        CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
        toy_pass(&toy, 2000);
        for (uint8_t n = 1; n <= 3; n++) {
            toy_find(&toy, 2, n)->state = ENGINE_PAUSED;
        }
        int64_t dark_ms = toy.dark_ms;
        toy_pass(&toy, is_long ? 6000 : 1500);
        CHECK_INT_EQ(toy_serving(&toy), 1);
        if (is_long) {
            CHECK_INT_EQ(toy.memory.phase, SWAP_REST);
            check_verdict(VERDICT_INCONCLUSIVE, REASON_PAUSED_BY_HAND);
        } else {
            for (uint8_t n = 1; n <= 3; n++) {
                toy_find(&toy, 2, n)->state = ENGINE_RUNNING;
            }
            toy_pass(&toy, 8000);
            CHECK_INT_EQ(toy.memory.phase, SWAP_UNPROVEN); /* it soaks from zero */
        }
        CHECK(toy.dark_ms - dark_ms <= 600); /* one look and one table */
        check_rest(2);
    }
}

/* One of three: the others serve. */
static void case_paused_one(void)
{
    toy_init(&toy, 3);
    toy_deploy(&toy, 1);
    toy_want(&toy, 2, false);
    CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
    toy_pass(&toy, 2000);
    toy_find(&toy, 2, 2)->state = ENGINE_PAUSED;
    toy_pass(&toy, 2000);
    CHECK_INT_EQ(toy.kernel.count, 2);
    CHECK_INT_EQ(toy.memory.phase, SWAP_UNPROVEN);
    toy_pass(&toy, 3000);
    check_verdict(VERDICT_INCONCLUSIVE, REASON_PAUSED_BY_HAND);
    check_rest(2);
    CHECK_INT_EQ(toy.dark_ms, 0);
}

static void case_paused_in_prepare(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy.images[2].ready_ms = 2000;
    toy_want(&toy, 2, false);
    while (toy_find(&toy, 2, 1) == NULL || toy_find(&toy, 2, 1)->state != ENGINE_RUNNING) {
        toy_turn(&toy);
    }
    toy_find(&toy, 2, 1)->state = ENGINE_PAUSED;
    toy_pass(&toy, 50000);
    CHECK_INT_EQ(toy.memory.phase, SWAP_PREPARE);
    toy_pass(&toy, 12000);
    check_verdict(VERDICT_INCONCLUSIVE, REASON_PAUSED_BY_HAND);
    check_rest(2);
    CHECK_INT_EQ(toy.dark_ms, 0);
}

/* No answer of any kind after the switch: nothing is proven by time, and nobody is blamed. */
static void case_no_evidence(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy_want(&toy, 2, false);
    CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
    toy_pass(&toy, 100);
    toy.images[1].is_unasked = true;
    toy.images[2].is_unasked = true;
    toy_pass(&toy, 290000);
    CHECK_INT_EQ(toy.memory.phase, SWAP_UNPROVEN);
    CHECK_INT_EQ(toy_serving(&toy), 2); /* errors of the asker take nobody out */
    toy_pass(&toy, 20000);
    check_verdict(VERDICT_INCONCLUSIVE, REASON_NO_EVIDENCE);
    CHECK(!memory_is_quarantined(&toy.memory, &toy.plans[2].digest));
    CHECK_INT_EQ(toy_serving(&toy), 1);
    toy.images[1].is_unasked = false;
    toy.images[2].is_unasked = false;
    check_rest(2);
    CHECK_INT_EQ(toy.dark_ms, 0);
}

/* Nobody reaches the candidate, but the old one answers: traffic goes where somebody does. */
static void case_no_evidence_of_candidate(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy_want(&toy, 2, false);
    CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
    toy_pass(&toy, 2000);
    toy.images[2].is_unasked = true;
    toy_pass(&toy, 6000);
    CHECK_INT_EQ(toy.memory.phase, SWAP_REST);
    CHECK_INT_EQ(toy_serving(&toy), 1);
    check_verdict(VERDICT_INCONCLUSIVE, REASON_NO_EVIDENCE);
    toy.images[2].is_unasked = false;
    check_rest(2);
}

/* The soak's clock stands while nobody can ask, and goes on after that. */
static void case_soak_clock_stops(void)
{
    toy_init(&toy, 1);
    toy_want(&toy, 2, false);
    CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
    toy_pass(&toy, 5000);
    toy.images[2].is_unasked = true;
    toy_pass(&toy, 100000);
    int64_t left = swap_soak_remaining_ms(&toy.memory, &toy.session, &toy.plans[2], toy.now);
    CHECK(left >= 4500 && left < 8000); /* what passed before the first that could not be asked */
    CHECK_INT_EQ(toy.memory.phase, SWAP_UNPROVEN);
    toy.images[2].is_unasked = false;
    toy_pass(&toy, 9000);
    check_rest(2);
    check_verdict(VERDICT_GOOD, REASON_SOAKED);
}

/* Without any probe the engine's list is the evidence, and an old list is none. */
static void case_no_probe(void)
{
    for (int is_frozen = 0; is_frozen < 2; is_frozen++) {
        toy_init(&toy, 1);
        toy_deploy(&toy, 1);
        toy.plans[2].services[0].readiness.kind = PLAN_PROBE_NONE;
        toy.plans[2].services[0].liveness.kind = PLAN_PROBE_NONE;
        toy.images[2].ready_ms = 0;
        toy_want(&toy, 2, false);
        CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
        toy_pass(&toy, 3000);
        toy.is_list_old = is_frozen != 0;
        toy_pass(&toy, 60000);
        CHECK_INT_EQ(toy.memory.phase, is_frozen ? SWAP_UNPROVEN : SWAP_REST);
        CHECK_INT_EQ(toy_serving(&toy), 2);
        toy_pass(&toy, 250000);
        CHECK_STR_EQ(reason_word(toy.memory.reason), is_frozen ? "no-evidence" : "soaked");
        toy.is_list_old = false;
        check_rest(2);
    }
}

/* Nobody can ask the candidate before the switch: the deadline is not the release's. */
static void case_unasked_in_prepare(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy.images[2].is_unasked = true;
    toy_want(&toy, 2, false);
    toy_pass(&toy, 59000);
    CHECK_INT_EQ(toy.memory.phase, SWAP_PREPARE);
    toy_pass(&toy, 10000);
    check_verdict(VERDICT_INCONCLUSIVE, REASON_NO_EVIDENCE);
    toy.images[2].is_unasked = false;
    check_rest(2);
}

/* An engine that takes longer than the deadline for a create or a start is not the release's
 * fault. */
static void case_engine_hangs(void)
{
    for (int is_start = 0; is_start < 2; is_start++) {
        toy_init(&toy, 1);
        toy_deploy(&toy, 1);
        toy.hang_kind = is_start ? ACTION_START : ACTION_CREATE;
        toy.hang_ms = 100000;
        toy_want(&toy, 2, false);
        toy_pass(&toy, 58000);
        CHECK_INT_EQ(toy.memory.phase, SWAP_PREPARE);
        toy_pass(&toy, 8000);
        check_verdict(VERDICT_INCONCLUSIVE, REASON_ENGINE_FAILED);
        CHECK(!memory_is_quarantined(&toy.memory, &toy.plans[2].digest));
        toy.hang_ms = 0;
        check_rest(2);
        CHECK_INT_EQ(toy.dark_ms, 0);
    }
}

/* The release has all of its deadline for itself, however long the engine took before. */
static void case_deadline_is_the_release_s_own(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy.hang_kind = ACTION_START;
    toy.hang_ms = 50000;
    toy.images[2].ready_ms = 30000;
    toy_want(&toy, 2, false);
    CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
    toy.hang_ms = 0;
    check_rest(2);
    check_verdict(VERDICT_GOOD, REASON_SOAKED);
}

/* The kernel takes no table: the soak that waits for it has an end. */
static void case_route_fails(void)
{
    toy_init(&toy, 1);
    toy_deploy(&toy, 1);
    toy_want(&toy, 2, false);
    toy.apply_ms = 10000000;
    CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
    toy_pass(&toy, 29000);
    CHECK_INT_EQ(toy.memory.phase, SWAP_UNPROVEN);
    toy_pass(&toy, 3000);
    CHECK_INT_EQ(toy.memory.phase, SWAP_REST);
    check_verdict(VERDICT_INCONCLUSIVE, REASON_ROUTE_FAILED);
    CHECK_INT_EQ(toy_serving(&toy), 1);
}

/* Ends by itself once while unproven: started again, soaks from zero. Twice: it goes. */
static void case_falls(void)
{
    for (int falls = 1; falls <= 2; falls++) {
        for (int is_quick = 0; is_quick < 2; is_quick++) {
            toy_init(&toy, 1);
            toy_deploy(&toy, 1);
            toy_want(&toy, 2, false);
            CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
            for (int i = 0; i < falls; i++) {
                toy_pass(&toy, 5000);
                struct toy_container *container = toy_find(&toy, 2, 1);
                container->state = is_quick ? ENGINE_RUNNING : ENGINE_EXITED;
                container->started_at = toy.now; /* quick: it runs again before anybody looks */
            }
            toy_pass(&toy, 700);
            if (falls == 2) {
                CHECK_INT_EQ(toy.memory.phase, SWAP_REST);
                check_verdict(VERDICT_BAD, REASON_CRASHED);
                CHECK_INT_EQ(toy_serving(&toy), 1);
            } else {
                toy_pass(&toy, 9000);
                CHECK_INT_EQ(toy.memory.phase, SWAP_UNPROVEN);
                check_rest(2);
                check_verdict(VERDICT_GOOD, REASON_SOAKED);
                CHECK_INT_EQ(session_falls(&toy.session, toy.memory.committed.gen), 1);
                toy_find(&toy, 2, 1)->state = ENGINE_EXITED; /* proven: it is brought back */
                toy_pass(&toy, 9000);
                CHECK_INT_EQ(session_falls(&toy.session, toy.memory.committed.gen), 2);
                CHECK_INT_EQ(session_falls(&toy.session, 1), 0);
            }
        }
    }
}

/* Dead while unproven: made anew once, without a word; the second time nobody is blamed. */
static void case_dead_candidate(void)
{
    for (int deaths = 1; deaths <= 2; deaths++) {
        toy_init(&toy, 1);
        toy_deploy(&toy, 1);
        toy_want(&toy, 2, false);
        CHECK(toy_until(&toy, SWAP_UNPROVEN, TURNS));
        uint32_t gen = toy.memory.candidate.gen;
        for (int i = 0; i < deaths; i++) {
            toy_pass(&toy, 1000);
            toy_find(&toy, gen, 1)->state = ENGINE_DEAD;
            toy_pass(&toy, 9000);
        }
        if (deaths == 2) {
            check_verdict(VERDICT_INCONCLUSIVE, REASON_ENGINE_FAILED);
        } else {
            CHECK_INT_EQ(toy.memory.candidate.gen, gen);
        }
        check_rest(2);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"paused", case_paused},
        {"paused, one of three", case_paused_one},
        {"paused before the switch", case_paused_in_prepare},
        {"no evidence", case_no_evidence},
        {"no evidence of the candidate", case_no_evidence_of_candidate},
        {"the soak's clock stops", case_soak_clock_stops},
        {"no probe at all", case_no_probe},
        {"nobody can ask before the switch", case_unasked_in_prepare},
        {"the engine hangs", case_engine_hangs},
        {"the deadline is the release's own", case_deadline_is_the_release_s_own},
        {"the kernel takes no table", case_route_fails},
        {"falls", case_falls},
        {"a dead candidate", case_dead_candidate},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
