/* session: entries are found by identity, added within bounds, dropped when not needed. */
#include "agent/node/session.h"

#include "tests/check.h"

static struct session_app session;

static void case_need(void)
{
    memset(&session, 0, sizeof session);
    CHECK(session_find(&session, 1, 0, 1) == NULL);
    struct replica *one = session_need(&session, 1, 0, 1);
    CHECK(one != NULL && session_need(&session, 1, 0, 1) == one);
    CHECK(session_find(&session, 1, 0, 1) == one);
    CHECK(session_need(&session, 1, 0, 2) != one && session_need(&session, 2, 0, 1) != one &&
          session_need(&session, 1, 1, 1) != one);
    CHECK_INT_EQ(session.replica_count, 4);
    CHECK(!one->is_present && !one->is_busy && one->gen == 1 && one->number == 1);
}

static void case_full(void)
{
    memset(&session, 0, sizeof session);
    for (uint32_t gen = 1; gen <= OBSERVED_MAX; gen++) {
        CHECK(session_need(&session, gen, 0, 1) != NULL);
    }
    CHECK(session_need(&session, OBSERVED_MAX + 1, 0, 1) == NULL);
    CHECK(session_need(&session, OBSERVED_MAX, 0, 1) != NULL);
    CHECK_INT_EQ(session.replica_count, OBSERVED_MAX);
}

static void case_prune(void)
{
    struct memory_app memory = {.committed.gen = 1, .candidate.gen = 2};
    memset(&session, 0, sizeof session);
    for (uint32_t gen = 1; gen <= 6; gen++) {
        (void)session_need(&session, gen, 0, 1);
    }
    session_find(&session, 3, 0, 1)->is_present = true;
    session_find(&session, 4, 0, 1)->is_busy = true;
    session_find(&session, 5, 0, 1)->is_routed = true;
    session_find(&session, 5, 0, 1)->address = 77;
    session_prune(&session, &memory);
    CHECK_INT_EQ(session.replica_count, 5);
    CHECK(session_find(&session, 6, 0, 1) == NULL);
    session_find(&session, 3, 0, 1)->is_present = false;
    session_prune(&session, &memory);
    CHECK(session_find(&session, 3, 0, 1) == NULL && session_find(&session, 4, 0, 1)->is_busy);
    CHECK_INT_EQ(session_find(&session, 5, 0, 1)->address, 77);
    CHECK(session_find(&session, 1, 0, 1) != NULL && session_find(&session, 2, 0, 1) != NULL);
}

static void case_begin_swap(void)
{
    memset(&session, 0, sizeof session);
    struct replica *replica = session_need(&session, 1, 0, 1);
    replica->was_started = true;
    replica->is_present = true;
    session.staged.bytes[0] = 7;
    session.wish.bytes[0] = 7;
    session.is_switched = true;
    session.has_world_fault = true;
    session.baseline_ready = true;
    session.engine_failures = 3;
    session.pull_failures = 2;
    session.prepared_from = 9;
    session.soak_since = 9;
    session.is_observed = true;
    session.warm_until = 5;
    session_begin_swap(&session);
    CHECK(!session.is_switched && !session.has_world_fault);
    CHECK(!session.baseline_ready && session.engine_failures == 0);
    CHECK(session.staged.bytes[0] == 7); /* what was fetched at rest is there */
    CHECK(digest_is_none(&session.wish));
    CHECK(session.prepared_from == 0 && session.soak_since == 0 && !replica->was_started);
    CHECK(session.is_observed && session.warm_until == 5 && replica->is_present);
}

/* What one swap has learned is nothing to the next one; what it is learned of is. */
static void case_begin_swap_whole(void)
{
    memset(&session, 0, sizeof session);
    struct replica *replica = session_need(&session, 1, 0, 1);
    replica->rewirings = replica->falls = replica->remakes = 3;
    replica->is_remaking = replica->was_started = true;
    replica->is_telling = replica->is_examined = replica->is_held = true;
    replica->examine_failures = 3;
    session.last_list = session.last_table = 9;
    replica->starts = 4;
    session.is_spec_refused = true;
    session.is_stood_in = true;
    session.shown_from = session.shown_until = 9;
    session.image_missing_gen = 7;
    session.waits_seen = 9;
    session.route_from = session.soak_seen = session.soaked_ms = session.blind_since = 9;
    for (size_t i = 0; i < SWAP_WAIT_COUNT; i++) {
        session.waited_ms[i] = 9;
    }
    session.is_kept = session.is_network_ready = true;
    session_begin_swap(&session);
    CHECK(!session.is_spec_refused);
    CHECK(!session.is_stood_in && session.shown_from == 0 && session.shown_until == 0);
    CHECK_INT_EQ(session.image_missing_gen, 0);
    CHECK_INT_EQ(session.waits_seen, 0);
    CHECK_INT_EQ(session.route_from, 0);
    CHECK_INT_EQ(session.soak_seen, 0);
    CHECK_INT_EQ(session.soaked_ms, 0);
    CHECK_INT_EQ(session.blind_since, 0);
    for (size_t i = 0; i < SWAP_WAIT_COUNT; i++) {
        CHECK_INT_EQ(session.waited_ms[i], 0);
    }
    CHECK(replica->rewirings == 0 && replica->falls == 0 && replica->remakes == 0);
    CHECK(!replica->is_remaking && !replica->was_started);
    CHECK(!replica->is_telling && !replica->is_examined && !replica->is_held);
    CHECK_INT_EQ(replica->examine_failures, 0);
    CHECK(session.last_list == 0 && session.last_table == 0);
    CHECK_INT_EQ(replica->starts, 4);
    CHECK(session.is_kept && session.is_network_ready);
}

static void case_ready(void)
{
    struct replica good = {
        .is_present = true, .state = ENGINE_RUNNING, .is_probed = true, .probe.is_ready = true};
    struct replica bad = good;
    CHECK(replica_is_ready(&good) && replica_is_alive(&good));
    bad.is_present = false;
    CHECK(!replica_is_ready(&bad) && !replica_is_alive(&bad));
    bad = good;
    bad.is_probed = false;
    CHECK(!replica_is_ready(&bad) && replica_is_alive(&bad));
    bad = good;
    bad.notified_at = 1;
    CHECK(!replica_is_ready(&bad) && replica_is_alive(&bad));
    bad = good;
    bad.probe.is_unalive = true;
    CHECK(!replica_is_ready(&bad));
    for (int state = 0; state < ENGINE_STATE_COUNT; state++) {
        bad = good;
        bad.state = (enum engine_state)state;
        CHECK(replica_is_ready(&bad) == (state == ENGINE_RUNNING));
        CHECK(replica_is_alive(&bad) ==
              (state == ENGINE_RUNNING || state == ENGINE_RESTARTING || state == ENGINE_PAUSED));
    }
}

/* What health rests on, word by word, of a replica that no probe asks. */
static void case_health(void)
{
    static const struct plan_service service = {.replicas = 1};
    const struct replica good = {.is_present = true,
                                 .state = ENGINE_RUNNING,
                                 .is_probed = true,
                                 .seen_at = 5000,
                                 .probe.is_ready = true};
    const struct {
        struct replica replica;
        mono_ms now;
        enum health health;
        const char *why;
    } rows[] = {
        {good, 5000, HEALTH_READY, "listed"},
        {good, 5000 + LIST_EVIDENCE_REST_MS, HEALTH_READY, "listed"},
        {good, 5001 + LIST_EVIDENCE_REST_MS, HEALTH_UNKNOWN, "not-listed"},
        {good, 0, HEALTH_UNKNOWN, "not-listed"}, /* never */
        {good, 5000, HEALTH_NOT_READY, "draining"},
        {good, 5000, HEALTH_NOT_READY, "draining"},
        {good, 5000, HEALTH_NOT_READY, "unalive"},
        {good, 5000, HEALTH_NOT_READY, "unready"},
        {good, 5000, HEALTH_UNKNOWN, "not-asked-yet"},
        {good, 5000, HEALTH_NOT_READY, "exited"},
        {good, 5000, HEALTH_NOT_READY, "paused"},
        {good, 5000, HEALTH_NOT_READY, "absent"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct replica replica = rows[i].replica;
        const char *why = NULL;
        replica.seen_at = i == 3 ? 0 : replica.seen_at;
        replica.notified_at = i == 4 ? 1 : i == 5 ? 4000 : 0;
        replica.probe.is_unalive = i >= 4 && i <= 6;
        replica.probe.is_ready = i != 7;
        replica.is_probed = i != 8;
        replica.state = i == 9 ? ENGINE_EXITED : i == 10 ? ENGINE_PAUSED : ENGINE_RUNNING;
        replica.is_present = i != 11;
        CHECK_INT_EQ(replica_health(&replica, &service, rows[i].now, &why), rows[i].health);
        CHECK_STR_EQ(why, rows[i].why);
    }
    const char *why = NULL;
    CHECK_INT_EQ(replica_health(&good, NULL, 5000, &why), HEALTH_UNKNOWN);
    CHECK_STR_EQ(why, "not-asked-yet");
}

/* The same of one that is probed for readiness, for liveness, or only while it starts. */
static void case_health_probed(void)
{
    static const struct plan_probe probe = {
        .kind = PLAN_PROBE_TCP, .period_ms = 2000, .timeout_ms = 1000, .failure_threshold = 3};
    for (int role = PROBE_STARTUP; role < PROBE_ROLES; role++) {
        struct plan_service service = {.replicas = 1};
        struct replica replica = {.is_present = true,
                                  .state = ENGINE_RUNNING,
                                  .is_probed = true,
                                  .seen_at = 5000,
                                  .probe = {.is_ready = true, .is_started = true}};
        struct probe_line *line = &replica.probe.lines[role];
        const char *why = NULL;
        service.startup = role == PROBE_STARTUP ? probe : service.startup;
        service.readiness = role == PROBE_READINESS ? probe : service.readiness;
        service.liveness = role == PROBE_LIVENESS ? probe : service.liveness;
        bool is_ready = role != PROBE_READINESS; /* else that it was asked is needed */
        line->next = MONO_NEVER;
        CHECK_INT_EQ(replica_health(&replica, &service, 5000, &why),
                     is_ready ? HEALTH_READY : HEALTH_UNKNOWN);
        CHECK_STR_EQ(why, is_ready ? "listed" : "not-asked-yet");
        bool is_asked = role != PROBE_STARTUP;
        line->asked_at = 4000;
        line->next = 6000;
        CHECK_INT_EQ(replica_health(&replica, &service, 5000, &why),
                     is_asked ? HEALTH_UNKNOWN : HEALTH_READY);
        CHECK_STR_EQ(why, is_asked ? "not-asked-yet" : "listed");
        line->well_at = 4500;
        CHECK_INT_EQ(replica_health(&replica, &service, 5000, &why), HEALTH_READY);
        CHECK_STR_EQ(why, is_asked ? "answered" : "listed");
        line->unasked_since = 4600;
        CHECK_INT_EQ(replica_health(&replica, &service, 5000, &why),
                     is_asked ? HEALTH_UNKNOWN : HEALTH_READY);
        CHECK_STR_EQ(why, is_asked ? "cannot-be-asked" : "listed");
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"need", case_need},
                                              {"full", case_full},
                                              {"prune", case_prune},
                                              {"begin swap", case_begin_swap},
                                              {"begin swap: whole", case_begin_swap_whole},
                                              {"ready", case_ready},
                                              {"health", case_health},
                                              {"health: probed", case_health_probed}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
