/* session: finding and forgetting replicas. */
#include "agent/node/session.h"

void session_begin_swap(struct session_app *session)
{
    session->is_staged = false;
    session->is_staging = false;
    session->staging_gen = 0;
    session->pull_failures = 0;
    session->pull_not_before = 0;
    session->staging_progress_at = 0;
    session->prepared_from = 0;
    session->baseline_ready = false;
    session->has_world_fault = false;
    session->is_spec_refused = false;
    session->is_resumed = false;
    session->is_switched = false;
    session->soak_since = 0;
    session->soak_seen = 0;
    session->image_missing_gen = 0;
    session->engine_failures = 0;
    for (size_t i = 0; i < session->replica_count; i++) {
        session->replicas[i].was_started = false;
        session->replicas[i].rewirings = 0;
    }
}

struct replica *session_find(struct session_app *session, uint32_t gen, uint8_t service,
                             uint8_t number)
{
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
