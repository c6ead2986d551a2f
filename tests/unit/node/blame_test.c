/* blame: whose time passes while a candidate is not ready, and what happens when it is used up;
 * then the soak's own limits: each to the millisecond. */
#include "agent/node/condition.h"
#include "agent/node/swap_private.h"
#include "tests/check.h"

static struct session_app session;
static struct memory_app memory;
static struct swap_facts facts;
static struct swap_decision decision;
static struct step step = {&memory, &session, &facts, &decision};
static struct plan candidate, committed;

static struct replica *replica_of(uint32_t gen, uint8_t number)
{
    return session_need(&session, gen, 0, number);
}

/* Generation 2 is the candidate, started and asked; generation 1 is committed. */
static void begin(uint8_t replicas)
{
    memset(&session, 0, sizeof session);
    memset(&memory, 0, sizeof memory);
    memset(&candidate, 0, sizeof candidate);
    memset(&committed, 0, sizeof committed);
    memory.phase = SWAP_PREPARE;
    memory.committed.gen = 1;
    memory.candidate.gen = 2;
    candidate.service_count = committed.service_count = 1;
    candidate.services[0].replicas = replicas;
    candidate.services[0].readiness = (struct plan_probe){.kind = PLAN_PROBE_TCP,
                                                          .period_ms = 5000,
                                                          .timeout_ms = 2000,
                                                          .success_threshold = 1,
                                                          .failure_threshold = 3};
    candidate.deadline_ms = 30000;
    candidate.soak_ms = 20000;
    committed.drain_ms = 1000;
    committed.services[0].replicas = 1;
    committed.services[0].stop_grace_ms = 500;
    facts = (struct swap_facts){.now = 1000,
                                .is_engine_up = true,
                                .committed = &committed,
                                .candidate = &candidate,
                                .wanted = &candidate};
    decision = (struct swap_decision){.wake_at = MONO_NEVER};
    for (uint8_t i = 1; i <= replicas; i++) {
        struct replica *replica = replica_of(2, i);
        replica->is_present = true;
        replica->state = ENGINE_RUNNING;
        replica->was_started = true;
        replica->is_probed = true;
        replica->seen_at = 1000;
        probe_begin(&replica->probe, &candidate.services[0], false, 1000);
    }
}

static enum reason pass(int64_t ms)
{
    facts.now += ms;
    decision.wake_at = MONO_NEVER;
    for (size_t i = 0; i < session.replica_count; i++) {
        session.replicas[i].seen_at = facts.now;
    }
    return blame_time(&step);
}

/* Started and not ready by its own answers: the release's time, and its deadline. */
static void case_own_deadline(void)
{
    begin(1);
    CHECK_INT_EQ(pass(0), REASON_NONE); /* counts from here */
    CHECK_INT_EQ(session.waiting_for, SWAP_WAIT_RELEASE);
    CHECK_INT_EQ(decision.wake_at, 2000);
    for (int i = 0; i < 29; i++) {
        CHECK_INT_EQ(pass(1000), REASON_NONE);
    }
    CHECK_INT_EQ(pass(500), REASON_NONE);
    CHECK_INT_EQ(decision.wake_at, facts.now + 500); /* what is left of it */
    CHECK_INT_EQ(pass(499), REASON_NONE);
    CHECK_INT_EQ(pass(1), REASON_DEADLINE);
    CHECK_INT_EQ(session.waited_ms[SWAP_WAIT_RELEASE], 30000);
}

/* A gap in which nobody planned is nobody's time: 10 s are counted, one more millisecond is not. */
static void case_gap(void)
{
    begin(1);
    (void)pass(0);
    CHECK_INT_EQ(pass(10000), REASON_NONE);
    CHECK_INT_EQ(session.waited_ms[SWAP_WAIT_RELEASE], 10000);
    CHECK_INT_EQ(pass(10001), REASON_NONE);
    CHECK_INT_EQ(session.waited_ms[SWAP_WAIT_RELEASE], 10000);
    CHECK_INT_EQ(pass(1000), REASON_NONE);
    CHECK_INT_EQ(session.waited_ms[SWAP_WAIT_RELEASE], 11000);
}

/* Whose time it is: of all that are not ready the release's first, then a hand, the asker, the
 * engine. */
static void case_whose_time(void)
{
    begin(2);
    struct replica *one = replica_of(2, 1), *two = replica_of(2, 2);
    two->state = ENGINE_PAUSED;
    (void)pass(0);
    CHECK_INT_EQ(session.waiting_for, SWAP_WAIT_RELEASE);
    one->probe.is_ready = true; /* one that is ready is nobody's to wait for */
    (void)pass(100);
    CHECK_INT_EQ(session.waiting_for, SWAP_WAIT_HAND);
    one->probe.is_ready = false;
    one->is_present = false;
    (void)pass(100);
    CHECK_INT_EQ(session.waiting_for, SWAP_WAIT_HAND);
    two->state = ENGINE_RUNNING;
    two->probe.lines[PROBE_READINESS].asked_at = facts.now;
    two->probe.lines[PROBE_READINESS].unasked_since = facts.now;
    (void)pass(100);
    CHECK_INT_EQ(session.waiting_for, SWAP_WAIT_ASKER);
    two->is_busy = true;
    (void)pass(100);
    CHECK_INT_EQ(session.waiting_for, SWAP_WAIT_ENGINE);
    CHECK_INT_EQ(session.waited_ms[SWAP_WAIT_RELEASE], 100);
    CHECK_INT_EQ(session.waited_ms[SWAP_WAIT_HAND], 200);
    CHECK_INT_EQ(session.waited_ms[SWAP_WAIT_ASKER], 100);
    static const enum engine_state others[] = {ENGINE_CREATED, ENGINE_RESTARTING, ENGINE_EXITED,
                                               ENGINE_DEAD};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        two->is_busy = false;
        two->state = others[i];
        (void)pass(0);
        CHECK_INT_EQ(session.waiting_for, SWAP_WAIT_ENGINE);
    }
}

/* What is not the release's has its own limit, and the one who took most of it is the reason. */
static void case_others(void)
{
    static const struct {
        int64_t engine, asker, hand;
        enum reason reason;
    } rows[] = {{29999, 0, 0, REASON_ENGINE_FAILED},
                {10000, 19999, 0, REASON_NO_EVIDENCE},
                {5000, 5000, 19999, REASON_PAUSED_BY_HAND},
                {15000, 14999, 0, REASON_ENGINE_FAILED},
                {0, 15000, 14999, REASON_NO_EVIDENCE}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin(1);
        replica_of(2, 1)->is_present = false;
        (void)pass(0);
        session.waited_ms[SWAP_WAIT_ENGINE] = rows[i].engine;
        session.waited_ms[SWAP_WAIT_ASKER] = rows[i].asker;
        session.waited_ms[SWAP_WAIT_HAND] = rows[i].hand;
        CHECK_INT_EQ(pass(0), REASON_NONE);
        CHECK_INT_EQ(decision.wake_at, facts.now + 1);
        session.waited_ms[SWAP_WAIT_RELEASE] = 29999; /* the release's own stands beside it */
        CHECK_INT_EQ(pass(1), rows[i].reason);
    }
    /* An old release that has to end first is given its own drain and stop time. */
    begin(1);
    candidate.services[0].order = PLAN_STOP_FIRST;
    replica_of(2, 1)->is_present = false;
    (void)pass(0);
    session.waited_ms[SWAP_WAIT_ENGINE] = 30000 + 1000 + 500 - 1;
    CHECK_INT_EQ(pass(0), REASON_NONE);
    CHECK_INT_EQ(pass(1), REASON_ENGINE_FAILED);
}

/* What a replica shows against its release. */
static void case_replicas(void)
{
    begin(2);
    CHECK_INT_EQ(blame_replicas(&step), REASON_NONE);
    struct replica *two = replica_of(2, 2);
    two->probe.has_failed_startup = true;
    CHECK_INT_EQ(blame_replicas(&step), REASON_NEVER_READY);
    two->is_busy = true;
    CHECK_INT_EQ(blame_replicas(&step), REASON_NONE);
    two->is_busy = false;
    two->was_started = false; /* of an earlier life, and not serving yet: it is asked first */
    CHECK_INT_EQ(blame_replicas(&step), REASON_NONE);
    session.is_switched = true;
    CHECK_INT_EQ(blame_replicas(&step), REASON_NEVER_READY);
    two->is_probed = false;
    CHECK_INT_EQ(blame_replicas(&step), REASON_NONE);
    two->is_probed = true;
    two->probe.has_failed_startup = false;
    two->probe.is_unalive = true;
    CHECK_INT_EQ(blame_replicas(&step), REASON_UNALIVE);
    two->probe.is_unalive = false;
    two->probe.lines[PROBE_READINESS].failures = 2;
    CHECK_INT_EQ(blame_replicas(&step), REASON_NONE);
    two->probe.lines[PROBE_READINESS].failures = 3;
    CHECK_INT_EQ(blame_replicas(&step), REASON_UNREADY);
    session.is_switched = false; /* before the switch only its deadline counts */
    two->was_started = true;
    CHECK_INT_EQ(blame_replicas(&step), REASON_NONE);
    session.is_spec_refused = true;
    CHECK_INT_EQ(blame_replicas(&step), REASON_SPEC_REFUSED);
}

/* A hand is waited for as long as readiness takes to fail, and five minutes at the most. */
static void case_hand(void)
{
    begin(1);
    memory.phase = SWAP_UNPROVEN;
    struct replica *one = replica_of(2, 1);
    one->state = ENGINE_PAUSED;
    one->state_since = 1000;
    facts.now = 15999;
    CHECK_INT_EQ(blame_replicas(&step), REASON_NONE);
    CHECK_INT_EQ(decision.wake_at, 16000);
    facts.now = 16000;
    CHECK_INT_EQ(blame_replicas(&step), REASON_PAUSED_BY_HAND);
    candidate.services[0].readiness.period_ms = 600000;
    facts.now = 300999;
    CHECK_INT_EQ(blame_replicas(&step), REASON_NONE);
    facts.now = 301000;
    CHECK_INT_EQ(blame_replicas(&step), REASON_PAUSED_BY_HAND);
}

/* -- the soak --------------------------------------------------------------------------------- */

static void begin_soak(void)
{
    begin(1);
    memory.phase = SWAP_UNPROVEN;
    session.is_switched = true;
    session.is_route_settled = true;
    replica_of(2, 1)->probe.is_ready = true;
}

/* Asked and answered well just now. */
static void answer_well(void)
{
    struct replica *one = replica_of(2, 1);
    struct probe_line *line = &one->probe.lines[PROBE_READINESS];
    one->seen_at = facts.now;
    line->asked_at = line->well_at = facts.now;
    line->next = facts.now + 5000;
    line->failures = 0;
}

static void soak(int64_t ms, bool is_answering)
{
    facts.now += ms;
    decision = (struct swap_decision){.wake_at = MONO_NEVER};
    replica_of(2, 1)->seen_at = facts.now;
    if (is_answering) {
        answer_well();
    }
    soak_step(&step);
}

/* The looks that were wanted are made, and find all as it should be. */
static void look(void)
{
    facts.lists.seen = ++facts.lists.asked;
    facts.tables.seen = ++facts.tables.asked;
}

/* When all was answered, the engine and the kernel are looked at once more: a look that was begun
 * before is none, nor is one that found something else. */
static void case_last_looks(void)
{
    begin_soak();
    facts.is_engine_up = true;
    facts.tables.asked = 7;
    facts.tables.seen = 6;
    soak(0, true);
    for (int i = 0; i < 20; i++) {
        CHECK(!decision.is_look_wanted && !decision.is_table_look_wanted);
        soak(1000, true);
    }
    CHECK(decision.is_look_wanted && decision.is_table_look_wanted);
    facts.tables.seen = 7; /* under way before the last answer came */
    soak(0, false);
    CHECK(decision.is_look_wanted && decision.is_table_look_wanted);
    look();
    facts.tables.seen = 7; /* this one did not find our table */
    soak(0, false);
    CHECK(!decision.is_look_wanted && decision.is_table_look_wanted);
    facts.tables.seen = 8;
    session.is_route_settled = false; /* another one is being applied */
    soak(0, false);
    CHECK(!decision.is_remembering);
    session.is_route_settled = true;
    facts.lists.seen = 0; /* no list came */
    soak(0, false);
    CHECK(decision.is_look_wanted && !decision.is_remembering);
    facts.is_engine_up = false; /* and none will */
    soak(0, false);
    CHECK(decision.is_remembering);
    CHECK_INT_EQ(decision.next.verdict, VERDICT_GOOD);
}

/* The kernel has 30 s to confirm the switch; until then nothing soaks. */
static void case_route_limit(void)
{
    begin_soak();
    session.is_route_settled = false;
    soak(0, true);
    CHECK_INT_EQ(decision.wake_at, facts.now + 30000);
    soak(29999, true);
    CHECK(!decision.is_remembering);
    CHECK_INT_EQ(session.soak_since, 0);
    soak(1, true);
    CHECK(decision.is_remembering);
    CHECK_INT_EQ(decision.next.reason, REASON_ROUTE_FAILED);
}

/* Twenty seconds of evidence, from the confirmed switch on; not one millisecond less. */
static void case_soak(void)
{
    begin_soak();
    soak(0, true);
    CHECK_INT_EQ(session.soak_since, facts.now);
    for (int i = 0; i < 19; i++) {
        soak(1000, true);
        CHECK(!decision.is_remembering);
        CHECK_INT_EQ(session.shown_until - session.shown_from, 1000 * (i + 1));
    }
    CHECK_INT_EQ(decision.wake_at, facts.now + 1000);
    soak(400, true);
    CHECK_INT_EQ(decision.wake_at, facts.now + 600);
    soak(599, true);
    CHECK(!decision.is_remembering);
    soak(1, true);
    look();
    soak(0, false);
    CHECK(decision.is_remembering);
    CHECK_INT_EQ(decision.next.verdict, VERDICT_GOOD);
}

/* No evidence: the clock stands, and after 300 s the candidate goes, blamed by nobody. */
static void case_blind(void)
{
    begin_soak();
    soak(0, true);
    soak(1000, true);
    struct probe_line *line = &replica_of(2, 1)->probe.lines[PROBE_READINESS];
    line->unasked_since = facts.now;
    soak(1000, false);
    mono_ms since = facts.now;
    CHECK_INT_EQ(session.blind_since, since);
    while (facts.now + 1000 < since + 300000) {
        soak(1000, false);
        CHECK(!decision.is_remembering);
    }
    CHECK_INT_EQ(session.soaked_ms, 1000);
    soak(since + 300000 - 1 - facts.now, false);
    CHECK(!decision.is_remembering);
    soak(1, false);
    CHECK(decision.is_remembering);
    CHECK_INT_EQ(decision.next.reason, REASON_NO_EVIDENCE);
    CHECK_INT_EQ(decision.next.verdict, VERDICT_INCONCLUSIVE);
}

/* The old one answers all the time since `well_since`; the candidate's last question could not be
 * asked `unasked_ago`, and was listed as running `seen_ago`. True: it goes, and nobody is blamed.
 */
static bool cut_off(mono_ms well_since, int64_t unasked_ago, int64_t seen_ago)
{
    begin_soak();
    candidate.services[0].readiness.period_ms = 500; /* its patience: 1500 ms */
    committed.services[0] = candidate.services[0];
    struct replica *old = replica_of(1, 1);
    *old = *replica_of(2, 1);
    old->gen = 1;
    old->probe.is_started = true;
    soak(0, true);
    soak(1000, true);
    struct probe_line *line = &replica_of(2, 1)->probe.lines[PROBE_READINESS];
    line->unasked_since = facts.now;
    facts.now += 1600;
    decision = (struct swap_decision){.wake_at = MONO_NEVER};
    line->unasked_at = facts.now - unasked_ago;
    replica_of(2, 1)->seen_at = facts.now - seen_ago;
    struct probe_line *well = &old->probe.lines[PROBE_READINESS];
    well->asked_at = well->well_at = facts.now;
    well->next = facts.now + 500;
    well->well_since = well_since;
    soak_step(&step);
    return decision.is_remembering && decision.next.reason == REASON_NO_EVIDENCE;
}

static void case_cut_off(void)
{
    CHECK(cut_off(1000, 100, 100));
    CHECK(!cut_off(1000, 100, 101)); /* it may have ended since the list */
    CHECK(!cut_off(1000, 1600, 0));  /* asked once: it may have ended since */
    CHECK(!cut_off(3550, 100, 100)); /* both may have been cut off until now */
}

/* A gap of more than 10 s, as of a machine that slept: what was soaked before proves nothing. */
static void case_sleep(void)
{
    begin_soak();
    soak(0, true);
    soak(1000, true);
    soak(10000, true);
    CHECK_INT_EQ(session.soaked_ms + session.shown_until - session.shown_from, 11000);
    soak(10001, true);
    CHECK_INT_EQ(session.soaked_ms, 0);
    CHECK_INT_EQ(session.soak_since, facts.now);
}

/* What is wanted by somebody else meanwhile is not committed. */
static void case_overridden(void)
{
    begin_soak();
    memory.committed.release.bytes[0] = 1;
    memory.candidate.release.bytes[0] = 2;
    memory.wanted.bytes[0] = 1; /* back to the committed release */
    soak(0, true);
    for (int i = 0; i < 30; i++) {
        soak(1000, true);
        CHECK(!decision.is_remembering || decision.next.verdict != VERDICT_GOOD);
    }
}

static enum reason ended(int exit_code, int64_t ms)
{
    struct replica *replica = replica_of(2, 1);
    replica->state = ENGINE_EXITED;
    replica->falls = memory.phase == SWAP_PREPARE ? 1 : 2;
    replica->state_since = 1000;
    replica->exit_code = exit_code;
    facts.now = 1000 + ms;
    decision.wake_at = MONO_NEVER;
    return blame_replicas(&step);
}

/* What ends as one that is stopped does may be an engine's doing that goes away itself; to wait for
 * that is short where nothing serves meanwhile. */
static void case_stopped(void)
{
    static const int codes[] = {0, 137, 143};
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        begin(1);
        CHECK_INT_EQ(ended(codes[i], 19999), REASON_NONE);
        CHECK_INT_EQ(decision.wake_at, 21000);
        CHECK_INT_EQ(ended(codes[i], 20000), REASON_CRASHED);
        session.has_world_fault = true; /* no blame: nothing to wait for */
        CHECK_INT_EQ(ended(codes[i], 0), REASON_CRASHED);
        begin(1);
        candidate.services[0].order = PLAN_STOP_FIRST;
        CHECK_INT_EQ(ended(codes[i], 2999), REASON_NONE);
        CHECK_INT_EQ(ended(codes[i], 3000), REASON_CRASHED);
        begin(1);
        facts.committed = NULL;
        CHECK_INT_EQ(ended(codes[i], 2999), REASON_NONE);
        CHECK_INT_EQ(ended(codes[i], 3000), REASON_CRASHED);
    }
    begin(1);
    CHECK_INT_EQ(ended(1, 0), REASON_CRASHED);
    CHECK_INT_EQ(ended(139, 0), REASON_CRASHED);
    memory.phase = SWAP_UNPROVEN; /* the first one is forgiven there anyway */
    CHECK_INT_EQ(ended(143, 0), REASON_CRASHED);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"own deadline", case_own_deadline},
        {"gap", case_gap},
        {"whose time", case_whose_time},
        {"others", case_others},
        {"replicas", case_replicas},
        {"hand", case_hand},
        {"stopped", case_stopped},
        {"route limit", case_route_limit},
        {"soak", case_soak},
        {"last looks", case_last_looks},
        {"blind", case_blind},
        {"cut off", case_cut_off},
        {"sleep", case_sleep},
        {"overridden", case_overridden},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
