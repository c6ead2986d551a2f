/* swap_stale: the machine has started with the ruleset of the previous release: who gets traffic
 * until the committed one is ready, one row a world. */
#include "tests/check.h"

#include "agent/node/swap_private.h"

static struct session_app session;
static struct memory_app memory;
static struct swap_facts facts;
static struct swap_decision decision;
static struct plan plans[2]; /* of generation 1, the previous, and 2, the committed */

enum which { NONE, PREVIOUS, COMMITTED };

static void begin(void)
{
    memset(&session, 0, sizeof session);
    memset(&memory, 0, sizeof memory);
    memset(plans, 0, sizeof plans);
    for (size_t i = 0; i < 2; i++) {
        plans[i].service_count = 1;
        plans[i].services[0].replicas = 1;
        plans[i].digest.bytes[0] = (uint8_t)(i + 1);
    }
    memory.phase = SWAP_REST;
    memory.gen_last = 2;
    memory.committed.gen = 2;
    memory.committed.release = plans[1].digest;
    memory.history[0].gen = 1;
    memory.history[0].release = plans[0].digest;
    facts = (struct swap_facts){.now = 100000,
                                .is_engine_up = true,
                                .has_restart_backoff = true,
                                .committed = &plans[1],
                                .previous = &plans[0]};
    session.is_observed = true;
    session.is_network_ready = true;
    session.is_boot_stale = true;
}

static struct replica *put(uint32_t gen, enum engine_state state, bool is_ready)
{
    struct replica *replica = session_need(&session, gen, 0, 1);
    replica->is_present = true;
    replica->state = state;
    replica->is_probed = state == ENGINE_RUNNING;
    replica->probe.is_ready = is_ready;
    replica->keeps_running = true;
    return replica;
}

static enum which wished(void)
{
    enum which which = NONE;
    swap_step(&memory, &session, &facts, &decision);
    for (size_t i = 0; i < session.replica_count; i++) {
        const struct replica *replica = &session.replicas[i];
        if (replica->is_wished) {
            CHECK(which == NONE);
            CHECK_INT_EQ(session.wish_gen, replica->gen);
            which = replica->gen == 1 ? PREVIOUS : COMMITTED;
        }
    }
    CHECK(which != NONE || session.wish_gen != 1);
    return which;
}

static void case_who_serves(void)
{
    static const struct {
        bool is_stale, has_plan, is_routed;
        enum engine_state previous_state;
        bool is_previous_ready;
        bool is_committed_ready;
        enum which wished;
        bool stays_stale;
    } rows[] = {
        {true, true, true, ENGINE_RUNNING, true, false, PREVIOUS, true},
        {true, true, true, ENGINE_RUNNING, false, false, PREVIOUS, true}, /* better than nobody */
        {true, true, true, ENGINE_RUNNING, true, true, COMMITTED, false},
        {false, true, true, ENGINE_RUNNING, true, false, NONE, false},
        {true, false, true, ENGINE_RUNNING, true, false, NONE, true},
        {true, true, false, ENGINE_RUNNING, true, false, NONE, true},
        {true, true, true, ENGINE_EXITED, false, false, NONE, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int failures = check_failures_;
        begin();
        session.is_boot_stale = rows[i].is_stale;
        facts.previous = rows[i].has_plan ? &plans[0] : NULL;
        put(1, rows[i].previous_state, rows[i].is_previous_ready)->is_routed = rows[i].is_routed;
        (void)put(2, ENGINE_RUNNING, rows[i].is_committed_ready);
        CHECK_INT_EQ(wished(), rows[i].wished);
        CHECK(session.is_boot_stale == rows[i].stays_stale);
        if (check_failures_ != failures) {
            printf("    at row %zu\n", i);
        }
    }
}

/* A committed release of two with one ready: it is not all of it, and of the previous only who is
 * ready serves beside nobody. */
static void case_half_ready(void)
{
    for (int is_ready = 0; is_ready <= 1; is_ready++) {
        begin();
        plans[1].services[0].replicas = 2;
        put(1, ENGINE_RUNNING, is_ready == 1)->is_routed = true;
        (void)put(2, ENGINE_RUNNING, true);
        struct replica *second = session_need(&session, 2, 0, 2);
        second->is_present = true;
        second->state = ENGINE_RUNNING;
        second->is_probed = true;
        CHECK_INT_EQ(wished(), is_ready == 1 ? PREVIOUS : COMMITTED);
        CHECK(session.is_boot_stale);
    }
}

/* Where two generations may not run beside each other, the previous does not serve on. */
static void case_exclusive(void)
{
    begin();
    plans[1].services[0].order = PLAN_STOP_FIRST;
    put(1, ENGINE_RUNNING, true)->is_routed = true;
    (void)put(2, ENGINE_RUNNING, false);
    CHECK(wished() != PREVIOUS);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"who serves", case_who_serves},
                                              {"half ready", case_half_ready},
                                              {"exclusive", case_exclusive}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
