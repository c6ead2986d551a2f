/* observed_test: each reducer, by rows: what happened, and what is known then. */
#include "agent/node/observed.h"

#include "tests/check.h"

static struct session_app session;
static struct memory_app memory;
static struct replica *replica;

static void begin(uint32_t gen)
{
    session = (struct session_app){0};
    memory = (struct memory_app){.phase = SWAP_PREPARE};
    memory.committed.gen = 1;
    memory.candidate.gen = 2;
    replica = session_need(&session, gen, 0, 1);
    replica->is_present = true;
    replica->is_probed = true;
    replica->is_busy = true;
    replica->state = ENGINE_RUNNING;
}

static void end(enum action_kind kind, int code)
{
    struct call_end ended = {.kind = kind, .code = code, .id = "abc", .list_number = 7};
    observed_call_ended(&session, &memory, replica, &ended, 1000);
    CHECK(!replica->is_busy && replica->touched == 7);
}

static void case_done(void)
{
    begin(2);
    replica->is_present = false;
    replica->is_probed = false;
    end(ACTION_CREATE, 0);
    CHECK(replica->is_present && replica->state == ENGINE_CREATED);
    CHECK_STR_EQ(replica->id, "abc");
    CHECK_INT_EQ(replica->probe_epoch, 1); /* older questions are about an earlier process */
    begin(2);
    replica->notified_at = 5;
    end(ACTION_RESTART, 0);
    CHECK(replica->is_run_ours && !replica->is_probed && replica->notified_at == 0);
    begin(2);
    end(ACTION_STOP, 0);
    CHECK(replica->state == ENGINE_EXITED && !replica->is_probed);
    begin(2);
    end(ACTION_REMOVE, 0);
    CHECK(!replica->is_present);
    begin(1);
    end(ACTION_KEEP, 0);
    CHECK(replica->keeps_running && replica->policy == ENGINE_RESTART_UNLESS_STOPPED);
    CHECK_INT_EQ(replica->probe_epoch, 0); /* it runs on, and is asked on */
}

/* Whose fault it is that the engine refused. */
static void case_refused(void)
{
    static const struct {
        uint32_t gen;
        enum action_kind kind;
        int code;
        bool is_spec, is_world;
        uint8_t failures;
    } rows[] = {
        {2, ACTION_START, ERR_SPEC, true, false, 0},
        {1, ACTION_START, ERR_SPEC, false, true, 0},
        {2, ACTION_CREATE, ERR_ENGINE, false, true, 1},
        {1, ACTION_CREATE, ERR_ENGINE, false, true, 0},
        {2, ACTION_STOP, ERR_ENGINE, false, false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin(rows[i].gen);
        end(rows[i].kind, rows[i].code);
        CHECK(session.is_spec_refused == rows[i].is_spec);
        CHECK(session.has_world_fault == rows[i].is_world);
        CHECK_INT_EQ(session.engine_failures, rows[i].failures);
        CHECK(replica->has_start_failed == (rows[i].kind == ACTION_START));
    }
}

static void case_not_found(void)
{
    begin(2);
    end(ACTION_CREATE, ERR_NOT_FOUND); /* its image */
    CHECK(session.image_missing_gen == 2 && session.pull_not_before == 1000);
    CHECK(!session.has_world_fault && session.engine_failures == 0);
    begin(2);
    end(ACTION_START, ERR_NOT_FOUND); /* the container */
    CHECK(!replica->is_present && session.image_missing_gen == 0);
}

/* Wired anew at once the first time; a second time is the end of the try. */
static void case_miswired(void)
{
    begin(2);
    session.is_network_ready = true;
    replica->start_not_before = 9000;
    end(ACTION_START, ERR_WIRING);
    CHECK(replica->is_miswired && !session.is_network_ready && replica->rewirings == 1);
    CHECK(replica->start_not_before == 0 && session.engine_failures == 1);
    replica->is_busy = true;
    end(ACTION_START, ERR_WIRING);
    CHECK_INT_EQ(session.engine_failures, UINT8_MAX);
}

static void case_examined(void)
{
    begin(2);
    for (int i = 1; i <= EXAMINATIONS_MAX; i++) {
        replica->is_busy = true;
        end(ACTION_EXAMINE, ERR_TIMEOUT);
        CHECK(replica->is_examined == (i == EXAMINATIONS_MAX));
    }
    begin(2);
    end(ACTION_EXAMINE, ERR_NOT_FOUND);
    CHECK(replica->is_examined);
}

/* What no repetition mends is a try that failed; all else is waited for, and costs none. */
static void case_pulls(void)
{
    static const struct {
        int code;
        bool is_wish, is_refusal;
    } rows[] = {{ERR_PULL, true, true},       {ERR_DENIED, true, true},
                {ERR_DISK_SPACE, true, true}, {ERR_TIMEOUT, true, false},
                {ERR_NETWORK, true, false},   {ERR_PULL, false, false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin(2);
        memory.phase = SWAP_REST;
        session.is_staging = true;
        session.staging.bytes[0] = 5;
        memory.wanted.bytes[0] = rows[i].is_wish ? 5 : 6;
        observed_pull_ended(&session, &memory, &session.staging, rows[i].code, false, 1000);
        CHECK(!session.is_staging && !session.has_world_fault);
        CHECK((session.pull_refusal == rows[i].code) == rows[i].is_refusal);
        CHECK((session.pull_failures == 1) == !rows[i].is_refusal);
    }
    begin(2);
    session.is_staging = true;
    session.staging.bytes[0] = 5;
    session.image_missing_gen = 2;
    session.pull_failures = 3;
    observed_pull_ended(&session, &memory, &session.staging, 0, true, 1000);
    CHECK(session.staged.bytes[0] == 5 && session.image_missing_gen == 0);
    CHECK_INT_EQ(session.pull_failures, 0);
    CHECK(!observed_is_staging(&session, &session.staging));
}

static void case_network(void)
{
    begin(2);
    session.is_network_busy = true;
    observed_network_ended(&session, &memory, false, 1000);
    CHECK(!session.is_network_busy && !session.is_network_ready && session.has_world_fault);
    CHECK(session.engine_failures == 1 && session.network_not_before == 1000 + CALL_RETRY_MS);
    observed_network_ended(&session, &memory, true, 2000);
    CHECK(session.is_network_ready);
}

static void case_records(void)
{
    struct memory_app next;
    begin(2);
    next = memory;
    next.phase = SWAP_UNPROVEN;
    session.is_route_settled = session.is_boot_settled = session.is_switched = true;
    session.pull_refusal = ERR_PULL;
    session.soak_since = 9;
    observed_record(&session, &memory, &next);
    CHECK(!session.is_route_settled && !session.is_boot_settled && session.pull_refusal == 0);
    CHECK(session.is_switched && session.soak_since == 9);
    memory = next;
    next.boots++; /* the machine has started again: the soak begins again */
    observed_record(&session, &memory, &next);
    CHECK(!session.is_switched && session.soak_since == 0);
}

static void case_traffic(void)
{
    begin(2);
    replica->address = 0;
    observed_routed(replica, true, 1000);
    CHECK(!replica->is_routed); /* nothing can reach what has no address */
    replica->address = 7;
    observed_routed(replica, true, 1000);
    CHECK(replica->is_routed && replica->was_routed && replica->unrouted_at == 0);
    observed_routed(replica, false, 2000);
    CHECK(!replica->is_routed && replica->unrouted_at == 2000);
    observed_routed(replica, false, 3000);
    CHECK_INT_EQ(replica->unrouted_at, 2000);
    CHECK(observed_settled(&session, true, false) && !observed_settled(&session, true, false));
    session.soak_since = 5;
    observed_rerouted(&session);
    CHECK(session.soak_since == 0 && !session.is_route_settled);
}

/* Presumed ready: what had traffic when the agent started, and what the record lets serve. */
static void case_presumed(void)
{
    static const struct {
        uint32_t gen;
        enum swap_phase phase;
        bool is_same_boot, is_boot_stale, is_presumed;
    } rows[] = {
        {1, SWAP_REST, false, false, true},      {2, SWAP_UNPROVEN, true, false, true},
        {2, SWAP_UNPROVEN, false, false, false}, {2, SWAP_PREPARE, true, false, false},
        {9, SWAP_REST, true, false, false},      {9, SWAP_REST, true, true, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct boot_id boot = {.bytes = {1}};
        begin(rows[i].gen);
        memory.phase = rows[i].phase;
        memory.history[0].gen = 9;
        memory.boot.bytes[0] = rows[i].is_same_boot ? 1 : 2;
        session.is_boot_stale = rows[i].is_boot_stale;
        CHECK(!observed_is_presumed(&session, &memory, replica, &boot)); /* it had no traffic */
        observed_found(replica, true, false);
        CHECK(observed_is_presumed(&session, &memory, replica, &boot) == rows[i].is_presumed);
        observed_found(replica, true, true); /* it may have been started anew meanwhile */
        CHECK(!observed_is_presumed(&session, &memory, replica, &boot));
    }
}

static void case_lists(void)
{
    begin(2);
    observed_listed(&session, true);
    CHECK(session.is_observed && session.is_boot_stale);
    session.is_boot_stale = false;
    observed_listed(&session, true); /* only the first one tells */
    CHECK(!session.is_boot_stale);
    session.is_network_ready = true;
    CHECK(observed_detached(&session, replica, true));
    CHECK(replica->is_miswired && replica->address == 0 && !session.is_network_ready);
    CHECK(!observed_detached(&session, replica, false));
    begin(2);
    observed_engine_back(&session); /* not ready by its probe: asked again before it is judged */
    CHECK(!replica->is_probed && replica->probe_epoch == 1);
    observed_world_fault(&session, &memory);
    CHECK(session.has_world_fault);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"done", case_done},         {"refused", case_refused},   {"not found", case_not_found},
        {"miswired", case_miswired}, {"examined", case_examined}, {"pulls", case_pulls},
        {"network", case_network},   {"records", case_records},   {"traffic", case_traffic},
        {"presumed", case_presumed}, {"lists", case_lists},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
