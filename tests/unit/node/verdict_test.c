/* verdict: what each record says, field by field. */
#include "tests/check.h"

#include "agent/node/swap_private.h"

static struct session_app session;
static struct memory_app memory;
static struct swap_facts facts;
static struct swap_decision decision;
static struct step step = {&memory, &session, &facts, &decision};
static struct plan plans[6];

static struct digest digest_of(int release)
{
    struct digest digest = {.bytes = {(uint8_t)release}};
    return digest;
}

static struct generation generation_of(int release, uint32_t gen, uint8_t lane)
{
    return (struct generation){digest_of(release), (uint64_t)release * 10, gen, lane, false};
}

/* Release 1 committed, 2 the candidate, unproven and wanted; 3, 4, 5 were before. */
static void begin(void)
{
    memset(&session, 0, sizeof session);
    memset(&memory, 0, sizeof memory);
    memset(&decision, 0, sizeof decision);
    for (int i = 0; i < 6; i++) {
        plans[i] = (struct plan){.digest = digest_of(i),
                                 .sequence = (uint64_t)i * 10,
                                 .attempts = 3,
                                 .service_count = 1,
                                 .keep_warm_ms = 7000};
        plans[i].services[0].replicas = 1;
    }
    memcpy(memory.app, "web", 4);
    memory.phase = SWAP_UNPROVEN;
    memory.committed = generation_of(1, 4, 0);
    memory.candidate = generation_of(2, 5, 2);
    memory.history[0] = generation_of(3, 3, 1);
    memory.history[1] = generation_of(4, 2, 0);
    memory.history[2] = generation_of(5, 1, 0);
    memory.gen_last = 5;
    memory.wanted = digest_of(2);
    memory.wanted_by = WANTED_BY_OVERRIDE;
    memory.is_forced = true;
    memory.attempts = 1;
    facts = (struct swap_facts){.now = 1000,
                                .committed = &plans[1],
                                .candidate = &plans[2],
                                .previous = &plans[3],
                                .wanted = &plans[2]};
    facts.boot.bytes[0] = 3;
}

static void case_commit(void)
{
    begin();
    memory.floor = 5;
    plans[2].floor = 15;
    memory.quarantined[0] = digest_of(2);
    memory.quarantined[1] = digest_of(4);
    verdict_commit(&step);
    const struct memory_app *next = &decision.next;
    CHECK(decision.is_remembering && !decision.is_going_back);
    CHECK_INT_EQ(next->phase, SWAP_REST);
    CHECK(next->committed.gen == 5 && next->candidate.gen == 0 && next->gen_last == 5);
    CHECK(next->history[0].gen == 4 && next->history[1].gen == 3 && next->history[2].gen == 2);
    CHECK(next->verdict == VERDICT_GOOD && next->reason == REASON_SOAKED && next->verdict_gen == 5);
    CHECK(next->floor == 15 && next->attempts == 0 && !next->is_forced);
    CHECK(!memory_is_quarantined(next, &plans[2].digest));
    CHECK(memory_is_quarantined(next, &plans[4].digest));
    CHECK_INT_EQ(session.warm_until, 8000);
    begin(); /* a lower floor changes nothing */
    memory.floor = 99;
    verdict_commit(&step);
    CHECK_INT_EQ(decision.next.floor, 99);
    begin(); /* the way back: the release before is not twice in the history */
    memory.candidate = memory.history[0];
    verdict_commit(&step);
    CHECK(next->history[0].gen == 4 && next->history[1].gen == 2 && next->history[2].gen == 1);
}

static void case_bad(void)
{
    begin();
    verdict_go_back(&step, REASON_UNREADY);
    const struct memory_app *next = &decision.next;
    CHECK(decision.is_remembering && decision.is_going_back);
    CHECK(next->phase == SWAP_REST && next->candidate.gen == 0 && next->committed.gen == 4);
    CHECK(next->verdict == VERDICT_BAD && next->reason == REASON_UNREADY && next->verdict_gen == 5);
    CHECK(memory_is_quarantined(next, &plans[2].digest));
    CHECK(digest_is_equal(&next->wanted, &plans[1].digest) && next->wanted_by == WANTED_BY_NOBODY);
    CHECK(next->attempts == 0 && !next->is_forced && next->floor == memory.floor);
}

static void case_inconclusive(void)
{
    static const enum reason reasons[] = {REASON_PULL_FAILED, REASON_ENGINE_FAILED,
                                          REASON_INTERRUPTED, REASON_REMOVED_BY_HAND};
    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        for (uint8_t attempts = 1; attempts <= 3; attempts++) {
            begin();
            memory.attempts = attempts;
            verdict_go_back(&step, reasons[i]);
            CHECK_INT_EQ(decision.next.verdict, VERDICT_INCONCLUSIVE);
            CHECK(!memory_is_quarantined(&decision.next, &plans[2].digest));
            CHECK_INT_EQ(decision.next.wanted.bytes[0], attempts < 3 ? 2 : 1);
            CHECK_INT_EQ(decision.next.attempts, attempts < 3 ? attempts : 0);
            CHECK(session.retry_at == 0 || session.retry_at > facts.now);
        }
    }
}

/* The next try waits 30 s after the first one, and twice as long after each, up to 16 minutes. */
static void case_delays(void)
{
    static const int64_t seconds[] = {15, 30, 60, 120, 240, 480, 960, 960, 960};
    for (uint8_t attempts = 0; attempts < COUNT_OF(seconds); attempts++) {
        for (int is_staged = 0; is_staged < 2; is_staged++) {
            begin();
            plans[2].attempts = 100;
            memory.attempts = attempts;
            if (is_staged) {
                verdict_go_back(&step, REASON_ENGINE_FAILED);
            } else if (attempts > 0) {
                memory.attempts--; /* this one counts, too */
                verdict_unstaged(&step, REASON_PULL_FAILED);
                CHECK_INT_EQ(decision.next.attempts, attempts);
            } else {
                continue;
            }
            CHECK_INT_EQ(session.retry_at, 1000 + 1000 * seconds[attempts]);
        }
    }
    begin();
    memory.attempts = 2;
    verdict_go_back(&step, REASON_INTERRUPTED);
    CHECK_INT_EQ(session.retry_at, 0);
}

/* A wish whose images cannot be had ends with its last try; one that was begun is put off. */
static void case_unstaged(void)
{
    for (uint8_t attempts = 0; attempts < 4; attempts++) {
        begin();
        memory.attempts = attempts;
        verdict_unstaged(&step, REASON_PULL_FAILED);
        bool is_over = attempts + 1 >= 3;
        CHECK_INT_EQ(decision.next.attempts, is_over ? 0 : attempts + 1);
        CHECK_INT_EQ(decision.next.wanted.bytes[0], is_over ? 1 : 2);
        CHECK_INT_EQ(decision.next.verdict, VERDICT_INCONCLUSIVE);
        CHECK_INT_EQ(decision.next.verdict_gen, 6);
        CHECK(!decision.is_going_back);
        begin();
        memory.attempts = attempts;
        memory.boots = 2;
        verdict_wait(&step);
        CHECK(decision.is_going_back && decision.is_remembering);
        CHECK_INT_EQ(decision.next.phase, SWAP_REST);
        CHECK_INT_EQ(decision.next.candidate.gen, 0);
        CHECK_INT_EQ(decision.next.boots, 0);
        CHECK_INT_EQ(decision.next.attempts, attempts > 0 ? attempts - 1 : 0);
        CHECK_INT_EQ(decision.next.wanted.bytes[0], 2);
    }
}

/* A release that is good leaves the quarantine, wherever it stands there; the others close up. */
static void case_out_of_quarantine(void)
{
    for (size_t at = 0; at < QUARANTINE_MAX; at++) {
        begin();
        for (size_t i = 0; i < QUARANTINE_MAX; i++) {
            memory.quarantined[i] = digest_of(i == at ? 2 : (int)(100 + i));
        }
        verdict_commit(&step);
        size_t next = 0;
        for (size_t i = 0; i < QUARANTINE_MAX; i++) {
            if (i != at) {
                CHECK_INT_EQ(decision.next.quarantined[next].bytes[0], 100 + i);
                next++;
            }
        }
        CHECK_INT_EQ(next, QUARANTINE_MAX - 1);
        CHECK(digest_is_none(&decision.next.quarantined[next]));
    }
}

/* The world is blamed only where it was seen to fail. */
static void case_blame(void)
{
    begin();
    session.has_world_fault = true;
    verdict_go_back(&step, REASON_CRASHED);
    CHECK(decision.next.verdict == VERDICT_INCONCLUSIVE && decision.next.reason == REASON_CRASHED);
    for (int baseline = 0; baseline < 2; baseline++) {
        for (int is_good = 0; is_good < 2; is_good++) {
            for (int is_exclusive = 0; is_exclusive < 2; is_exclusive++) {
                begin();
                struct replica *old = session_need(&session, 4, 0, 1);
                old->is_present = true;
                old->state = ENGINE_RUNNING;
                old->is_probed = true;
                old->probe.is_ready = is_good;
                session.baseline_ready = baseline;
                plans[2].services[0].order = is_exclusive ? PLAN_STOP_FIRST : PLAN_START_FIRST;
                verdict_go_back(&step, REASON_UNREADY);
                CHECK_INT_EQ(decision.next.reason == REASON_OLD_FAILS_TOO,
                             baseline && !is_good && !is_exclusive);
            }
        }
    }
    begin();
    session.has_world_fault = true; /* a revoked release is bad whatever else fails */
    verdict_go_back(&step, REASON_REVOKED);
    CHECK_INT_EQ(decision.next.verdict, VERDICT_BAD);
}

static void case_replaced(void)
{
    begin();
    memory.phase = SWAP_PREPARE;
    memory.wanted = digest_of(5);
    memory.attempts = 0;
    verdict_go_back(&step, REASON_REPLACED);
    CHECK_INT_EQ(decision.next.wanted.bytes[0], 5);
    CHECK(decision.next.is_forced && session.retry_at == 0);
}

static void case_begin(void)
{
    begin();
    memory.phase = SWAP_REST;
    memory.candidate = (struct generation){0};
    memory.wanted = digest_of(5);
    facts.wanted = &plans[5];
    memory.gen_last = 9;
    verdict_begin(&step);
    const struct memory_app *next = &decision.next;
    CHECK(next->phase == SWAP_PREPARE && next->candidate.gen == 10 && next->gen_last == 10);
    CHECK_INT_EQ(next->candidate.lane, 2); /* 0 and 1 are committed and previous */
    CHECK(next->attempts == 2 && next->boot.bytes[0] == 3 && next->candidate.sequence == 50);
    struct replica *remains = session_need(&session, 8, 0, 1);
    remains->address = 0xc6120800 + 2 * 512 + 16;
    remains->is_routed = true; /* removed by hand, and still in the table */
    CHECK_INT_EQ(swap_generation(&memory, &session, &plans[5]).lane, 3);
    struct replica *more = session_need(&session, 7, 0, 1);
    more->address = 0xc6120800 + 3 * 512 + 16;
    more->is_present = true;
    memset(&decision, 0, sizeof decision);
    verdict_begin(&step); /* no lane is free yet */
    CHECK(!decision.is_remembering);
    CHECK_INT_EQ(swap_generation(&memory, &session, &plans[3]).gen, 3); /* the release before */
}

static void case_boots(void)
{
    for (uint8_t boots = 0; boots <= 2; boots++) {
        begin();
        memory.boots = boots;
        verdict_count_boot(&step);
        if (boots < 2) {
            CHECK(decision.next.phase == SWAP_UNPROVEN && decision.next.boots == boots + 1);
            CHECK_INT_EQ(decision.next.boot.bytes[0], 3);
        } else {
            CHECK(decision.next.phase == SWAP_REST && decision.next.reason == REASON_BOOT_LOOP);
            CHECK_INT_EQ(decision.next.boots, 0);
        }
    }
}

/* The switch says one thing only: that the candidate serves. The floor rises with the verdict, or a
 * release that goes back would leave the node with nothing that it may run. */
static void case_switch(void)
{
    begin();
    memory.phase = SWAP_PREPARE;
    memory.floor = 5;
    plans[2].floor = 15;
    verdict_switch(&step);
    struct memory_app wanted = memory;
    wanted.phase = SWAP_UNPROVEN;
    CHECK(decision.is_remembering && !decision.is_going_back);
    CHECK_INT_EQ(decision.next.floor, 5);
    CHECK(memcmp(&decision.next, &wanted, sizeof wanted) == 0);
}

/* A second bad release pushes the first back, a third pushes it out; one that stands there already
 * pushes nobody. */
static void case_quarantine(void)
{
    begin();
    memory.quarantined[0] = digest_of(3);
    memory.quarantined[1] = digest_of(4);
    verdict_go_back(&step, REASON_UNREADY);
    CHECK_INT_EQ(decision.next.quarantined[0].bytes[0], 2);
    CHECK_INT_EQ(decision.next.quarantined[1].bytes[0], 3);
    begin();
    memory.quarantined[0] = digest_of(3);
    memory.quarantined[1] = digest_of(2);
    verdict_go_back(&step, REASON_UNREADY);
    CHECK_INT_EQ(decision.next.quarantined[0].bytes[0], 3);
    CHECK_INT_EQ(decision.next.quarantined[1].bytes[0], 2);
    begin(); /* good: it leaves, and the others close up */
    memory.quarantined[0] = digest_of(2);
    memory.quarantined[1] = digest_of(4);
    verdict_commit(&step);
    CHECK_INT_EQ(decision.next.quarantined[0].bytes[0], 4);
    CHECK_INT_EQ(decision.next.quarantined[1].bytes[0], 0);
}

/* A crash on an image whose pull a reboot cut off is not the release's, once. */
static void case_image_doubted(void)
{
    for (int i = 0; i < 5; i++) {
        begin();
        memory.phase = i == 1 ? SWAP_UNPROVEN : SWAP_PREPARE;
        memory.attempts = i == 2 ? 1 : 2;
        memory.verdict = VERDICT_INCONCLUSIVE;
        memory.reason = i == 3 ? REASON_ENGINE_FAILED : REASON_INTERRUPTED;
        verdict_go_back(&step, i == 4 ? REASON_NEVER_READY : REASON_CRASHED);
        CHECK_INT_EQ(decision.next.reason == REASON_IMAGE_DOUBTED, i == 0);
        CHECK_INT_EQ(decision.next.verdict == VERDICT_INCONCLUSIVE, i == 0);
        CHECK_INT_EQ(memory_is_quarantined(&decision.next, &plans[2].digest), i != 0);
    }
}

/* What can never be begun has its verdict as a generation that never was. */
static void case_refuse(void)
{
    begin();
    memory.phase = SWAP_REST;
    memory.candidate = (struct generation){0};
    memory.is_order_open = true;
    memory.order_id = 9;
    verdict_refuse(&step, REASON_REVOKED);
    const struct memory_app *next = &decision.next;
    CHECK(next->verdict == VERDICT_BAD && next->reason == REASON_REVOKED);
    CHECK(next->verdict_gen == 6 && next->gen_last == 6);
    CHECK_INT_EQ(next->wanted.bytes[0], 1);
    CHECK(next->wanted_by == WANTED_BY_NOBODY && !next->is_forced && next->attempts == 0);
    CHECK(!next->is_order_open && next->outcomes[0].id == 9 &&
          next->outcomes[0].kind == OUTCOME_FAILED);
    CHECK_INT_EQ(next->phase, SWAP_REST);
}

/* What goes back to the project it was taken from: nothing is committed, and it leads the history.
 */
static void case_give_back(void)
{
    begin();
    verdict_give_back(&step);
    CHECK(decision.is_remembering);
    const struct memory_app *next = &decision.next;
    CHECK_INT_EQ(next->committed.gen, 0);
    CHECK(digest_is_none(&next->committed.release));
    CHECK_INT_EQ(next->attempts, 0);
    for (size_t i = 0; i < HISTORY_MAX; i++) {
        CHECK_INT_EQ(next->history[i].gen,
                     i == 0 ? memory.committed.gen : memory.history[i - 1].gen);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"give back", case_give_back},
                                              {"commit", case_commit},
                                              {"bad", case_bad},
                                              {"delays", case_delays},
                                              {"unstaged", case_unstaged},
                                              {"out of quarantine", case_out_of_quarantine},
                                              {"inconclusive", case_inconclusive},
                                              {"blame", case_blame},
                                              {"image doubted", case_image_doubted},
                                              {"refuse", case_refuse},
                                              {"replaced", case_replaced},
                                              {"begin", case_begin},
                                              {"switch", case_switch},
                                              {"quarantine", case_quarantine},
                                              {"boots", case_boots}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
