/* retire: traffic leaves first, then the notice, the drain, the stop, the removal. */
#include "agent/node/swap_private.h"

#include "platform/base/law.h"

/* Where the plan of a replica's release is not at hand. */
#define DRAIN_DEFAULT_MS 15000

static const struct plan_service *service_of(const struct plan *plan, const struct replica *replica)
{
    return plan != NULL && replica->service < plan->service_count
               ? &plan->services[replica->service]
               : NULL;
}

/* Another generation gets its clients. */
static bool is_another_routed(const struct step *step, const struct replica *replica)
{
    for (size_t i = 0; i < step->session->replica_count; i++) {
        if (step->session->replicas[i].gen != replica->gen &&
            step->session->replicas[i].is_routed) {
            return true;
        }
    }
    return false;
}

/* True when what ended there is forgotten: the engine deletes by address and port what it finds as
 * it takes a container down, and must not find what a client has opened anew. Where nobody else
 * serves, nobody has. */
static bool is_rested(struct step *step, const struct replica *replica)
{
    mono_ms since = replica->unrouted_at != 0 ? replica->unrouted_at : replica->notified_at;
    if (replica->was_routed && is_another_routed(step, replica) &&
        step->facts->now < since + ROUTE_REST_MS) {
        step_wake(step, since + ROUTE_REST_MS);
        return false;
    }
    return true;
}

/* Before a candidate that waits for its end, an app that is not told of the drain is told by the
 * stop's signal, at once, and has its whole grace, unless its release asks for a drain. */
static int64_t drain_ms_of(const struct step *step, const struct replica *replica,
                           const struct plan *plan, const struct plan_service *service)
{
    bool is_told = service != NULL && service->notice.kind != PLAN_NOTICE_NONE;
    bool is_waited_for =
        replica->gen == step->memory->committed.gen && step_is_exclusive(step) && !is_told;
    if (plan == NULL) {
        return DRAIN_DEFAULT_MS;
    }
    return is_waited_for && !plan->is_drain_said ? 0 : plan->drain_ms;
}

/* True when the drain is over, or there is nobody to drain. */
static bool drain(struct step *step, struct replica *replica, const struct plan *plan)
{
    const struct plan_service *service = service_of(plan, replica);
    mono_ms now = step->facts->now;
    if (!replica->was_routed) {
        return true; /* nobody was ever sent there */
    }
    if (replica->notified_at == 0) {
        replica->notified_at = now;
        if (service != NULL && service->notice.kind != PLAN_NOTICE_NONE) {
            step_act(step, ACTION_NOTICE, replica);
        }
    }
    mono_ms until = replica->notified_at + drain_ms_of(step, replica, plan, service);
    if (now < until) {
        step_wake(step, until);
        return false;
    }
    return true;
}

/* What it took over serves as soon as it is down, and nobody before that. */
static bool is_waited_for(const struct step *step)
{
    return step_adopts(step) != 0;
}

/* Before it is stopped: what it writes at its end would push out why it failed. */
static bool is_examination_due(const struct replica *replica, enum retire_manner manner,
                               bool is_kept)
{
    return manner == RETIRE_FAILED && is_kept && !replica->is_examined;
}

bool retire_replica(struct step *step, struct replica *replica, const struct plan *plan,
                    enum retire_manner manner, bool is_kept)
{
    LAW(READY_FIRST, replica->gen != step->memory->candidate.gen || replica->gen == 0 ||
                         step->memory->phase == SWAP_REST);
    if (!replica->is_present) {
        return true;
    }
    if (replica->is_routed || replica->is_busy || !step->facts->is_engine_up) {
        return false;
    }
    /* Of one that has ended as well: nothing answers its clients any more, and they would wait. */
    if (manner == RETIRE_FAILED && replica->was_routed && !replica->is_forgotten) {
        replica->is_forgotten = true;
        step_act(step, ACTION_FORGET, replica);
        return false;
    }
    if (replica_is_alive(replica)) {
        if (is_examination_due(replica, manner, is_kept)) {
            step_act(step, ACTION_EXAMINE, replica);
        } else if (is_waited_for(step) ||
                   ((manner == RETIRE_FAILED || drain(step, replica, plan)) &&
                    is_rested(step, replica))) {
            if (replica->notified_at == 0) {
                replica->notified_at = step->facts->now; /* ending: never ready any more */
            }
            if (manner == RETIRE_POLITE) { /* it did not end by itself: its next start is a first */
                replica->starts = 0;
                replica->start_not_before = 0;
            }
            step_act(step, ACTION_STOP, replica);
        }
        return false;
    }
    if (!is_kept) {
        step_act(step, ACTION_REMOVE, replica);
        return false;
    }
    if (is_examination_due(replica, manner, is_kept)) {
        step_act(step, ACTION_EXAMINE, replica);
        return false;
    }
    return true;
}
