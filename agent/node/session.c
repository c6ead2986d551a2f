/* session: finding, seeing and forgetting replicas. */
#include "agent/node/session.h"

#include "platform/base/law.h"

void session_begin_swap(struct session_app *session)
{
    session->wish = (struct digest){0}; /* its time begins again with each try */
    session->prepared_from = 0;
    session->baseline_ready = false;
    session->has_world_fault = false;
    session->is_spec_refused = false;
    session->is_switched = false;
    session->hold_until = 0;
    session->is_hold_up = false;
    memset(session->waited_ms, 0, sizeof session->waited_ms);
    session->waits_seen = 0;
    session->is_stood_in = false;
    session->route_from = 0;
    session->soak_since = 0;
    session->soak_seen = 0;
    session->soaked_ms = 0;
    session->shown_from = 0;
    session->shown_until = 0;
    session->blind_since = 0;
    session->last_list = 0;
    session->last_table = 0;
    session->image_missing_gen = 0;
    session->engine_failures = 0;
    for (size_t i = 0; i < session->replica_count; i++) {
        session->replicas[i].was_started = false;
        session->replicas[i].is_telling = false;
        session->replicas[i].is_examined = false;
        session->replicas[i].examine_failures = 0;
        session->replicas[i].rewirings = 0;
        session->replicas[i].falls = 0;
        session->replicas[i].remakes = 0;
        session->replicas[i].is_remaking = false;
        session->replicas[i].is_held = false;
    }
}

uint32_t session_falls(const struct session_app *session, uint32_t gen)
{
    uint32_t falls = 0;
    for (size_t i = 0; i < session->replica_count; i++) {
        falls += session->replicas[i].gen == gen ? session->replicas[i].falls : 0u;
    }
    return falls;
}

struct replica *session_find(struct session_app *session, uint32_t gen, uint8_t service,
                             uint8_t number)
{
    LAW(BOUNDED, session->replica_count <= OBSERVED_MAX);
    for (size_t i = 0; i < session->replica_count; i++) {
        struct replica *replica = &session->replicas[i];
        if (replica->gen == gen && replica->service == service && replica->number == number) {
            return replica;
        }
    }
    return NULL;
}

struct replica *session_need(struct session_app *session, uint32_t gen, uint8_t service,
                             uint8_t number)
{
    LAW(BOUNDED, number > 0 && number <= REPLICAS_MAX);
    LAW(BOUNDED, session->replica_count <= OBSERVED_MAX);
    struct replica *replica = session_find(session, gen, service, number);
    if (replica == NULL && session->replica_count < OBSERVED_MAX) {
        replica = &session->replicas[session->replica_count++];
        *replica = (struct replica){.gen = gen, .service = service, .number = number};
    }
    return replica;
}

/* Calls under way hold a replica's identity, not its place, so entries may move. */
void session_prune(struct session_app *session, const struct memory_app *memory)
{
    LAW(BOUNDED, session->replica_count <= OBSERVED_MAX);
    size_t kept = 0;
    for (size_t i = 0; i < session->replica_count; i++) {
        const struct replica *replica = &session->replicas[i];
        bool is_needed = replica->gen == memory->committed.gen ||
                         replica->gen == memory->candidate.gen || replica->is_present ||
                         replica->is_busy || replica->is_routed;
        if (is_needed) {
            if (kept != i) {
                session->replicas[kept] = *replica;
            }
            kept++;
        }
    }
    session->replica_count = kept;
}

static bool has_fallen(const struct replica *replica, const struct engine_container *seen)
{
    bool had_process = replica->is_present &&
                       (replica->state == ENGINE_RUNNING || replica->state == ENGINE_PAUSED);
    bool is_known = replica->is_present && !replica->is_run_ours;
    bool is_another_run = (replica->started_ms != 0 && seen->started_ms != 0 &&
                           replica->started_ms != seen->started_ms) ||
                          seen->restarts > replica->restarts;
    if (seen->state == ENGINE_RUNNING || seen->state == ENGINE_PAUSED) {
        return had_process && is_known && is_another_run;
    }
    return had_process && (seen->state == ENGINE_EXITED || seen->state == ENGINE_RESTARTING);
}

/* Limits by what it was created with; the restart policy by what it was. */
static void see_alterations(struct replica *replica, const struct engine_container *seen)
{
    if (!replica->is_present || strcmp(replica->id, seen->id) != 0) {
        replica->policy = seen->restart.kind;
        replica->restores = 0;
    }
    bool is_other = seen->is_altered || seen->restart.kind != replica->policy;
    replica->restores = is_other ? replica->restores : 0;
    replica->is_altered = is_other && replica->restores < RESTORES_MAX;
}

bool replica_see(struct replica *replica, const struct engine_container *seen, mono_ms asked_at,
                 bool is_excused, mono_ms now)
{
    LAW(EVIDENCE, asked_at <= now);
    bool is_fall = has_fallen(replica, seen);
    bool is_other = !replica->is_present || replica->state != seen->state;
    see_alterations(replica, seen);
    if (is_fall && !is_excused && replica->falls < UINT8_MAX) {
        replica->falls++;
    }
    if (is_other) {
        replica->state_since = now;
    }
    if (is_fall || seen->state != ENGINE_RUNNING) {
        replica->is_probed = false;
        replica->probe_epoch++;
    }
    replica->is_present = true;
    replica->state = seen->state;
    replica->has_start_failed = replica->has_start_failed && seen->state != ENGINE_RUNNING;
    memcpy(replica->id, seen->id, sizeof replica->id);
    replica->address = seen->address;
    replica->keeps_running = seen->keeps_running;
    replica->restarts = seen->restarts;
    replica->started_ms = seen->started_ms;
    replica->exit_code = seen->exit_code;
    replica->has_unnamed_volume = seen->has_unnamed_volume;
    replica->is_misnamed = seen->is_misnamed;
    replica->is_name_taken = replica->is_name_taken && seen->is_misnamed;
    if (replica_is_alive(replica)) {
        replica->has_start_failed = false; /* it was started after all: its end is its own */
    }
    replica->seen_at = asked_at;
    replica->is_run_ours = false;
    replica->is_remaking = replica->is_remaking && seen->state == ENGINE_DEAD;
    return is_fall && !is_excused;
}

bool replica_is_looked_at(const struct replica *replica, mono_ms now, mono_ms *again_at)
{
    mono_ms until = replica->probe.failed_at + LIST_EVIDENCE_MS;
    if (replica->seen_at >= replica->probe.failed_at || now >= until) {
        return true;
    }
    *again_at = mono_min(*again_at, until);
    return false;
}

void replica_miss(struct replica *replica, mono_ms now)
{
    if (replica->is_present) {
        replica->state_since = now;
    }
    if (replica->is_present && !replica->is_remaking) {
        replica->starts = 0; /* a hand removed it: that says nothing of the next one */
        replica->start_not_before = 0;
    }
    replica->is_present = false;
    replica->is_probed = false;
    replica->probe_epoch++;
}

static bool runs(const struct replica *replica)
{
    return replica->is_present && replica->state == ENGINE_RUNNING;
}

static enum evidence list_evidence(const struct replica *replica, mono_ms since, mono_ms now)
{
    bool is_seen = replica->seen_at != 0 && replica->seen_at >= since;
    mono_ms from = is_seen ? replica->seen_at : since;
    return now - from > LIST_EVIDENCE_MS ? EVIDENCE_NONE : is_seen ? EVIDENCE_WELL : EVIDENCE_OPEN;
}

enum evidence replica_evidence(const struct replica *replica, const struct plan_service *service,
                               mono_ms since, mono_ms now)
{
    if (!runs(replica) || !replica->is_probed) {
        return EVIDENCE_OPEN;
    }
    enum evidence shown = probe_evidence(&replica->probe, service, since, now);
    return shown == EVIDENCE_WELL && !probe_is_regular(service) ? list_evidence(replica, since, now)
                                                                : shown;
}

mono_ms replica_shown_until(const struct replica *replica, const struct plan_service *service,
                            mono_ms now)
{
    mono_ms until = probe_shown_until(&replica->probe, service, now);
    return probe_is_regular(service) ? until : mono_min(until, replica->seen_at);
}

bool replica_is_proven(const struct replica *replica, const struct plan_service *service,
                       mono_ms since)
{
    bool is_seen = replica->seen_at != 0 && replica->seen_at >= since;
    return replica_is_ready(replica) && probe_is_proven(&replica->probe, service, since) &&
           (is_seen || probe_is_regular(service));
}

/* Of a running replica that is probed: what its health rests on. */
static enum health asked_health(const struct replica *replica, const struct plan_service *service,
                                mono_ms now, const char **why)
{
    const struct probe *probe = &replica->probe;
    bool has_readiness = service->readiness.kind != PLAN_PROBE_NONE;
    const struct probe_line *line = &probe->lines[has_readiness ? PROBE_READINESS : PROBE_LIVENESS];
    bool is_due = has_readiness || line->asked_at != 0;
    enum evidence shown = probe_evidence(probe, service, 0, now);
    if (shown == EVIDENCE_NONE) {
        *why = "cannot-be-asked";
        return HEALTH_UNKNOWN;
    }
    if (!replica_is_ready(replica)) {
        *why = replica->notified_at != 0 ? "draining" : probe->is_unalive ? "unalive" : "unready";
        return HEALTH_NOT_READY;
    }
    if (is_due && probe_is_regular(service)) {
        *why = line->well_at != 0 ? "answered" : "not-asked-yet";
        return line->well_at != 0 ? HEALTH_READY : HEALTH_UNKNOWN;
    }
    bool is_listed = replica->seen_at != 0 && now - replica->seen_at <= LIST_EVIDENCE_REST_MS;
    *why = is_listed ? "listed" : "not-listed";
    return is_listed ? HEALTH_READY : HEALTH_UNKNOWN;
}

enum health replica_health(const struct replica *replica, const struct plan_service *service,
                           mono_ms now, const char **why)
{
    if (!runs(replica)) {
        *why = replica->is_present ? engine_state_word(replica->state) : "absent";
        return HEALTH_NOT_READY;
    }
    if (!replica->is_probed || service == NULL) {
        *why = "not-asked-yet";
        return HEALTH_UNKNOWN;
    }
    return asked_health(replica, service, now, why);
}

const char *health_word(enum health health)
{
    LAW(BOUNDED, health < HEALTH_COUNT);
    static const char *const words[] = {
#define WORD_(name, word, sentence) [HEALTH_##name] = word,
        HEALTHS(WORD_)
#undef WORD_
    };
    return words[health];
}

bool replica_is_alive(const struct replica *replica)
{
    return replica->is_present &&
           (replica->state == ENGINE_RUNNING || replica->state == ENGINE_RESTARTING ||
            replica->state == ENGINE_PAUSED);
}

bool replica_is_ready(const struct replica *replica)
{
    return replica->is_present && replica->state == ENGINE_RUNNING && replica->is_probed &&
           replica->notified_at == 0 && replica->probe.is_ready && !replica->probe.is_unalive;
}
