/* upkeep: what is missing is made, what is down is started with back-off, what is ready is wished.
 */
#include "tests/check.h"

#include "agent/node/swap_private.h"

static struct session_app session;
static struct memory_app memory;
static struct swap_facts facts;
static struct swap_decision decision;
static struct step step = {&memory, &session, &facts, &decision};
static struct plan plan;

static void begin(uint8_t replicas)
{
    memset(&session, 0, sizeof session);
    memset(&plan, 0, sizeof plan);
    facts = (struct swap_facts){.now = 1000, .is_engine_up = true, .has_restart_backoff = true};
    plan.service_count = 1;
    plan.digest.bytes[0] = 1;
    memory.committed.gen = 1;
    facts.committed = &plan;
    plan.services[0].replicas = replicas;
    session.is_network_ready = true;
}

/* One step of upkeep; how many actions of the kind, every action being of that kind. */
static size_t keep_up(enum action_kind kind)
{
    decision = (struct swap_decision){.wake_at = MONO_NEVER};
    upkeep_set(&step, 1, &plan);
    for (size_t i = 0; i < decision.action_count; i++) {
        CHECK_STR_EQ(action_word(decision.actions[i].kind), action_word(kind));
    }
    for (size_t i = 0; i < session.replica_count; i++) {
        session.replicas[i].is_busy = false;
    }
    return decision.action_count;
}

static struct replica *put(uint8_t number, enum engine_state state, bool is_ready)
{
    struct replica *replica = session_need(&session, 1, 0, number);
    replica->is_present = true;
    replica->state = state;
    replica->is_probed = state == ENGINE_RUNNING;
    replica->probe.is_ready = is_ready;
    return replica;
}

static void case_create(void)
{
    begin(3);
    session.is_network_ready = false;
    CHECK_INT_EQ(keep_up(ACTION_NETWORK), 1); /* once, not for each */
    CHECK_INT_EQ(keep_up(ACTION_NETWORK), 0);
    session.is_network_ready = true;
    CHECK_INT_EQ(keep_up(ACTION_CREATE), 3);
    CHECK_INT_EQ(keep_up(ACTION_CREATE), 0);
    CHECK_INT_EQ(decision.wake_at, 2000);
    facts.now = 2000;
    CHECK_INT_EQ(keep_up(ACTION_CREATE), 3);
    begin(3);
    facts.is_engine_up = false;
    CHECK_INT_EQ(keep_up(ACTION_CREATE), 0);
}

static void case_image_missing(void)
{
    begin(2);
    session.image_missing_gen = 1;
    session.pull_not_before = 500;
    CHECK_INT_EQ(keep_up(ACTION_PULL), 1);
    CHECK_INT_EQ(keep_up(ACTION_PULL), 0);
    CHECK(decision.wake_at > facts.now); /* the end of the pull plans again, not the clock */
    session.is_staging = false;
    session.pull_not_before = 3000;
    CHECK_INT_EQ(keep_up(ACTION_PULL), 0);
    CHECK_INT_EQ(decision.wake_at, 3000);
}

static void case_back_off(void)
{
    begin(1);
    struct replica *replica = put(1, ENGINE_EXITED, false);
    mono_ms last = 0;
    int64_t wait = 0;
    for (int i = 0; i < 12; i++) {
        CHECK_INT_EQ(keep_up(ACTION_START), 1);
        CHECK_INT_EQ(keep_up(ACTION_START), 0);
        CHECK(decision.wake_at - facts.now >= wait &&
              decision.wake_at - facts.now <= MINUTES_MS(5));
        wait = decision.wake_at - facts.now;
        last = facts.now;
        facts.now = decision.wake_at;
    }
    CHECK_INT_EQ(facts.now - last, MINUTES_MS(5));
    replica->state = ENGINE_RUNNING;
    replica->is_probed = true;
    replica->probe.is_ready = true;
    replica->probe.running_since = facts.now;
    facts.now += MINUTES_MS(10);
    CHECK_INT_EQ(keep_up(ACTION_START), 0);
    CHECK_INT_EQ(replica->starts, 0); /* it has run well: forgiven */
}

/* A container that was just made is started at once, one whose start fails is not hammered. */
static void case_created(void)
{
    begin(1);
    CHECK_INT_EQ(keep_up(ACTION_CREATE), 1);
    (void)put(1, ENGINE_CREATED, false);
    CHECK_INT_EQ(keep_up(ACTION_START), 1);
    CHECK_INT_EQ(keep_up(ACTION_START), 0);
    CHECK_INT_EQ(decision.wake_at, 2000);
}

static void case_restart(void)
{
    begin(1);
    struct replica *replica = put(1, ENGINE_RUNNING, true);
    CHECK_INT_EQ(keep_up(ACTION_RESTART), 0);
    replica->probe.is_unalive = true;
    CHECK_INT_EQ(keep_up(ACTION_RESTART), 1);
    begin(1);
    replica = put(1, ENGINE_RUNNING, true);
    replica->notified_at = 5; /* it was told to go: it does not come back by itself */
    CHECK_INT_EQ(keep_up(ACTION_RESTART), 1);
    CHECK_INT_EQ(replica->notified_at, 5); /* until the restart is over it is ending */
    begin(1);
    (void)put(1, ENGINE_RESTARTING, false);
    CHECK_INT_EQ(keep_up(ACTION_RESTART), 0);
    begin(1);
    (void)put(1, ENGINE_PAUSED, false);
    CHECK_INT_EQ(keep_up(ACTION_RESTART), 0);
}

static void case_keep(void)
{
    begin(2);
    struct replica *one = put(1, ENGINE_RUNNING, true);
    struct replica *two = put(2, ENGINE_EXITED, false);
    decision = (struct swap_decision){.wake_at = MONO_NEVER};
    CHECK(!upkeep_keep(&step, 1, &plan));
    CHECK(decision.action_count == 1 && decision.actions[0].kind == ACTION_KEEP);
    CHECK_INT_EQ(decision.actions[0].number, 1);
    one->keeps_running = true;
    two->keeps_running = true;
    CHECK(upkeep_keep(&step, 1, &plan));
    begin(1); /* an engine that would spin is not asked */
    facts.has_restart_backoff = false;
    decision.action_count = 0;
    CHECK(upkeep_keep(&step, 1, &plan));
    CHECK_INT_EQ(decision.action_count, 0);
}

static void case_wish(void)
{
    begin(2);
    struct replica *one = put(1, ENGINE_RUNNING, true);
    struct replica *two = put(2, ENGINE_RUNNING, false);
    struct replica *extra = put(3, ENGINE_RUNNING, true); /* more than the plan has */
    two->is_routed = true;
    CHECK_INT_EQ(upkeep_wish(&step, 1, &plan), 1);
    CHECK(one->is_wished && !two->is_wished && !extra->is_wished);
    CHECK_INT_EQ(session.wish_gen, 1);
    CHECK(!upkeep_is_all_ready(&step, 1, &plan));
    one->probe.is_ready = false; /* none is ready: the one that has traffic keeps it */
    CHECK_INT_EQ(upkeep_wish(&step, 1, &plan), 0);
    CHECK(!one->is_wished && two->is_wished);
    two->state = ENGINE_EXITED;
    CHECK_INT_EQ(upkeep_wish(&step, 1, &plan), 0);
    CHECK(!two->is_wished);
    one->probe.is_ready = true;
    (void)put(2, ENGINE_RUNNING, true);
    CHECK(upkeep_is_all_ready(&step, 1, &plan) && upkeep_is_there(&step, 1, &plan));
}

/* The engine failed to remove it: it can neither be started nor stay. */
static void case_dead(void)
{
    begin(1);
    put(1, ENGINE_DEAD, false);
    session.replicas[0].state_since = facts.now;
    CHECK_INT_EQ(keep_up(ACTION_REMOVE), 0); /* somebody may be removing it just now */
    facts.now = decision.wake_at;
    CHECK_INT_EQ(keep_up(ACTION_REMOVE), 1);
    CHECK_INT_EQ(keep_up(ACTION_REMOVE), 0); /* not at once again */
    CHECK(decision.wake_at != MONO_NEVER);
    session.replicas[0].is_present = false;
    facts.now = decision.wake_at;
    CHECK_INT_EQ(keep_up(ACTION_CREATE), 1);
}

/* Ten minutes of health, seen by probes, make its starts forgotten, and all that came of them. */
static void case_forgiven(void)
{
    static const struct {
        mono_ms since;
        bool is_probed, is_ready;
        uint8_t starts;
        bool is_forgiven;
    } rows[] = {{1000, true, true, 3, true},   {1001, true, true, 3, false},
                {1000, false, true, 3, false}, {1000, true, false, 3, false},
                {1000, true, true, 1, true},   {1000, true, true, 0, false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin(1);
        struct replica *replica = put(1, ENGINE_RUNNING, rows[i].is_ready);
        facts.now = 601000;
        replica->is_probed = rows[i].is_probed;
        replica->probe.running_since = rows[i].since;
        replica->starts = rows[i].starts;
        replica->rewirings = 2;
        replica->start_not_before = 5;
        CHECK_INT_EQ(keep_up(ACTION_RESTART), 0);
        CHECK_INT_EQ(replica->starts, rows[i].is_forgiven ? 0 : rows[i].starts);
        CHECK_INT_EQ(replica->rewirings, rows[i].is_forgiven ? 0 : 2);
        CHECK_INT_EQ(replica->start_not_before, rows[i].is_forgiven ? 0 : 5);
    }
}

/* How often in a row it was to get its limits back is counted, by calls that were really made. */
static void case_restore(void)
{
    begin(1);
    struct replica *replica = put(1, ENGINE_RUNNING, true);
    replica->is_altered = true;
    CHECK_INT_EQ(keep_up(ACTION_RESTORE), 1);
    CHECK_INT_EQ(replica->restores, 1);
    CHECK_INT_EQ(keep_up(ACTION_RESTORE), 1);
    CHECK_INT_EQ(replica->restores, 2);
    replica->is_busy = true; /* one call at a time */
    CHECK_INT_EQ(keep_up(ACTION_RESTORE), 0);
    CHECK_INT_EQ(replica->restores, 2);
}

/* An image that a create of this generation did not find is fetched again, though it was here. */
static void case_image_taken_away(void)
{
    static const struct {
        uint32_t gen, missing_gen;
        uint8_t staged;
        bool is_here;
    } rows[] = {{4, 4, 1, false}, {4, 3, 1, true},  {4, 0, 1, true},
                {0, 0, 1, true},  {4, 4, 2, false}, {4, 0, 2, false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin(1);
        session.image_missing_gen = rows[i].missing_gen;
        session.staged.bytes[0] = rows[i].staged;
        decision = (struct swap_decision){.wake_at = MONO_NEVER};
        CHECK(stage_images(&step, rows[i].gen, &plan) == rows[i].is_here);
        CHECK_INT_EQ(decision.action_count, rows[i].is_here ? 0 : 1);
        CHECK(session.is_staging == !rows[i].is_here);
        if (!rows[i].is_here) {
            CHECK_INT_EQ(decision.actions[0].kind, ACTION_PULL);
            CHECK_INT_EQ(decision.actions[0].gen, rows[i].gen);
            CHECK_INT_EQ(session.staged.bytes[0], rows[i].staged == 1 ? 0 : 2);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"create", case_create},
                                              {"restore", case_restore},
                                              {"image taken away", case_image_taken_away},
                                              {"image missing", case_image_missing},
                                              {"back-off", case_back_off},
                                              {"created", case_created},
                                              {"restart", case_restart},
                                              {"keep", case_keep},
                                              {"wish", case_wish},
                                              {"dead", case_dead},
                                              {"forgiven", case_forgiven}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
