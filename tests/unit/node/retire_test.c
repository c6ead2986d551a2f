/* retire: traffic leaves first, then notice, drain, stop, removal, each only after the one before.
 */
#include "tests/check.h"

#include "agent/node/swap_private.h"

static struct session_app session;
static struct memory_app memory;
static struct swap_facts facts;
static struct swap_decision decision;
static struct step step = {&memory, &session, &facts, &decision};
static struct plan plan, exclusive;
static struct replica *replica, *other;

static void begin(void)
{
    memset(&session, 0, sizeof session);
    memset(&plan, 0, sizeof plan);
    memset(&memory, 0, sizeof memory);
    facts = (struct swap_facts){.now = 1000, .is_engine_up = true};
    other = session_need(&session, 2, 0, 1);
    other->is_routed = true;
    plan.service_count = 1;
    plan.drain_ms = 5000;
    plan.services[0].notice.kind = PLAN_NOTICE_HTTP;
    replica = session_need(&session, 1, 0, 1);
    replica->is_present = true;
    replica->state = ENGINE_RUNNING;
    replica->was_routed = true;
}

/* One step; the action asked for, ACTION_COUNT for none. A call ends at once. */
static enum action_kind retire(enum retire_manner manner, bool is_kept, bool *is_done)
{
    decision = (struct swap_decision){.wake_at = MONO_NEVER};
    *is_done = retire_replica(&step, replica, &plan, manner, is_kept);
    replica->is_busy = false;
    CHECK(decision.action_count <= 1);
    return decision.action_count == 1 ? decision.actions[0].kind : ACTION_COUNT;
}

static void check_step(enum retire_manner manner, bool is_kept, enum action_kind want, bool done)
{
    bool is_done = false;
    CHECK_INT_EQ(retire(manner, is_kept, &is_done), want);
    CHECK_INT_EQ(is_done, done);
}

static void case_polite(void)
{
    begin();
    replica->is_routed = true;
    check_step(RETIRE_POLITE, false, ACTION_COUNT, false);
    CHECK_INT_EQ(replica->notified_at, 0);
    replica->is_routed = false;
    check_step(RETIRE_POLITE, false, ACTION_NOTICE, false);
    CHECK_INT_EQ(replica->notified_at, 1000);
    check_step(RETIRE_POLITE, false, ACTION_COUNT, false);
    CHECK_INT_EQ(decision.wake_at, 6000);
    facts.now = 5999;
    check_step(RETIRE_POLITE, false, ACTION_COUNT, false);
    facts.now = 6000;
    check_step(RETIRE_POLITE, false, ACTION_STOP, false);
    replica->state = ENGINE_EXITED;
    check_step(RETIRE_POLITE, true, ACTION_COUNT, true);
    check_step(RETIRE_POLITE, false, ACTION_REMOVE, false);
    replica->is_present = false;
    check_step(RETIRE_POLITE, false, ACTION_COUNT, true);
}

static void case_no_notice(void)
{
    begin();
    plan.services[0].notice.kind = PLAN_NOTICE_NONE;
    check_step(RETIRE_POLITE, false, ACTION_COUNT,
               false); /* the drain is waited for all the same */
    facts.now += 5000;
    check_step(RETIRE_POLITE, false, ACTION_STOP, false);
    begin();
    replica->was_routed = false; /* nobody to tell, nobody to wait for */
    check_step(RETIRE_POLITE, false, ACTION_STOP, false);
}

static void case_failed(void)
{
    begin();
    replica->is_routed = true;
    check_step(RETIRE_FAILED, false, ACTION_COUNT, false);
    replica->is_routed = false;
    replica->unrouted_at = 1000;
    check_step(RETIRE_FAILED, false, ACTION_FORGET, false);
    check_step(RETIRE_FAILED, false, ACTION_COUNT, false);
    CHECK_INT_EQ(decision.wake_at, 1000 + ROUTE_REST_MS);
    facts.now = 1000 + ROUTE_REST_MS;
    check_step(RETIRE_FAILED, false, ACTION_STOP, false);
    replica->state = ENGINE_EXITED;
    check_step(RETIRE_FAILED, false, ACTION_REMOVE, false);
}

/* One that has ended by itself leaves clients that wait for an answer: they are cut off at once. */
static void case_failed_and_ended(void)
{
    begin();
    replica->state = ENGINE_EXITED;
    replica->is_routed = true;
    check_step(RETIRE_FAILED, true, ACTION_COUNT, false);
    replica->is_routed = false;
    check_step(RETIRE_FAILED, true, ACTION_FORGET, false);
    check_step(RETIRE_FAILED, true, ACTION_EXAMINE, false);
    replica->is_examined = true;
    check_step(RETIRE_FAILED, true, ACTION_COUNT, true);
    check_step(RETIRE_FAILED, false, ACTION_REMOVE, false);
    begin();
    replica->state = ENGINE_EXITED;
    replica->was_routed = false; /* nobody was ever sent there */
    check_step(RETIRE_FAILED, false, ACTION_REMOVE, false);
    begin();
    replica->state = ENGINE_EXITED; /* it was stopped politely: its connections have ended */
    check_step(RETIRE_POLITE, false, ACTION_REMOVE, false);
}

/* Where nobody else gets its clients there is nothing to forget. */
static void case_alone(void)
{
    begin();
    other->is_routed = false;
    replica->unrouted_at = 1000;
    check_step(RETIRE_FAILED, false, ACTION_FORGET, false);
    check_step(RETIRE_FAILED, false, ACTION_STOP, false);
    begin();
    other->is_routed = false;
    session_need(&session, 1, 0, 2)->is_routed = true; /* of the same generation */
    replica->unrouted_at = 1000;
    check_step(RETIRE_FAILED, false, ACTION_FORGET, false);
    check_step(RETIRE_FAILED, false, ACTION_STOP, false);
}

/* The release before a candidate that waits for its end: who is told of the drain has it, and who
 * asks for it; who is not is told by the stop. */
static void case_waited_for(void)
{
    for (int row = 0; row < 16; row++) {
        bool is_told = (row & 1) != 0;
        bool is_said = (row & 2) != 0;
        bool is_committed = (row & 4) != 0;
        bool is_exclusive = (row & 8) != 0;
        begin();
        other->is_routed = false;
        plan.services[0].notice.kind = is_told ? PLAN_NOTICE_HTTP : PLAN_NOTICE_NONE;
        plan.is_drain_said = is_said;
        memory.committed.gen = is_committed ? 1 : 2;
        memory.candidate.gen = 3;
        exclusive.service_count = 1;
        exclusive.services[0].order = is_exclusive ? PLAN_STOP_FIRST : PLAN_START_FIRST;
        facts.candidate = &exclusive;
        bool is_at_once = !is_told && !is_said && is_committed && is_exclusive;
        check_step(RETIRE_POLITE, false,
                   is_at_once ? ACTION_STOP
                   : is_told  ? ACTION_NOTICE
                              : ACTION_COUNT,
                   false);
        facts.now = 5999;
        check_step(RETIRE_POLITE, false, is_at_once ? ACTION_STOP : ACTION_COUNT, false);
        facts.now = 6000;
        check_step(RETIRE_POLITE, false, ACTION_STOP, false);
    }
}

/* A drain shorter than the memory of what ended; longer ones hold that in. */
static void case_rests(void)
{
    begin();
    plan.drain_ms = 0;
    plan.services[0].notice.kind = PLAN_NOTICE_NONE;
    replica->unrouted_at = 1000;
    check_step(RETIRE_POLITE, false, ACTION_COUNT, false);
    CHECK_INT_EQ(decision.wake_at, 1000 + ROUTE_REST_MS);
    CHECK_INT_EQ(replica->notified_at, 1000);
    facts.now = 1000 + ROUTE_REST_MS - 1;
    check_step(RETIRE_POLITE, false, ACTION_COUNT, false);
    facts.now = 1000 + ROUTE_REST_MS;
    check_step(RETIRE_POLITE, false, ACTION_STOP, false);
    begin();
    plan.drain_ms = 0;
    plan.services[0].notice.kind = PLAN_NOTICE_NONE;
    replica->was_routed = false;
    check_step(RETIRE_POLITE, false, ACTION_STOP, false);
    begin(); /* when it left was seen by an agent before this one */
    plan.drain_ms = 0;
    plan.services[0].notice.kind = PLAN_NOTICE_NONE;
    check_step(RETIRE_POLITE, false, ACTION_COUNT, false);
    CHECK_INT_EQ(decision.wake_at, 1000 + ROUTE_REST_MS);
}

/* What is kept of a failure is examined before it is stopped, or where it has ended already. */
static void case_evidence(void)
{
    begin();
    replica->unrouted_at = 1000;
    check_step(RETIRE_FAILED, true, ACTION_FORGET, false);
    check_step(RETIRE_FAILED, true, ACTION_EXAMINE, false);
    replica->is_examined = true;
    facts.now = replica->unrouted_at + ROUTE_REST_MS;
    check_step(RETIRE_FAILED, true, ACTION_STOP, false);
    replica->state = ENGINE_EXITED;
    check_step(RETIRE_FAILED, true, ACTION_COUNT, true);
    replica->is_examined = false;
    check_step(RETIRE_FAILED, true, ACTION_EXAMINE, false);
    check_step(RETIRE_POLITE, true, ACTION_COUNT, true);
    check_step(RETIRE_FAILED, false, ACTION_REMOVE, false);
}

static void case_waits(void)
{
    bool is_done = true;
    begin();
    facts.is_engine_up = false;
    check_step(RETIRE_POLITE, false, ACTION_COUNT, false);
    begin();
    replica->is_busy = true;
    decision = (struct swap_decision){.wake_at = MONO_NEVER};
    is_done = retire_replica(&step, replica, &plan, RETIRE_FAILED, false);
    CHECK(!is_done && decision.action_count == 0);
    begin(); /* without its plan there is a drain, and no notice */
    decision = (struct swap_decision){.wake_at = MONO_NEVER};
    is_done = retire_replica(&step, replica, NULL, RETIRE_POLITE, false);
    CHECK(!is_done && decision.action_count == 0);
    CHECK_INT_EQ(decision.wake_at, 16000);
}

/* A replica that is stopped politely has not failed: when its release comes back, nothing holds its
 * start off. One that failed is remembered. */
static void case_back_off(void)
{
    for (int is_failed = 0; is_failed < 2; is_failed++) {
        begin();
        replica->was_routed = false;
        replica->starts = 5;
        replica->start_not_before = 99000;
        replica->is_examined = true;
        check_step(is_failed ? RETIRE_FAILED : RETIRE_POLITE, true, ACTION_STOP, false);
        CHECK_INT_EQ(replica->starts, is_failed ? 5 : 0);
        CHECK_INT_EQ(replica->start_not_before, is_failed ? 99000 : 0);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"polite", case_polite},     {"no notice", case_no_notice},
        {"alone", case_alone},       {"waited for", case_waited_for},
        {"failed", case_failed},     {"failed and ended", case_failed_and_ended},
        {"rests", case_rests},       {"back-off", case_back_off},
        {"evidence", case_evidence}, {"waits", case_waits}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
