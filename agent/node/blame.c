/* blame: what a candidate's replicas show against it, and whose time passes until it is ready. */
#include "agent/node/condition.h"
#include "agent/node/swap_private.h"
#include "platform/base/law.h"

/* Time is counted in steps no longer than this. */
#define LOOK_MS 1000
/* A hand is not waited for longer than this, however patient the readiness probe is. */
#define HAND_PATIENCE_MS_MAX MINUTES_MS(5)

/* An engine that is told to end stops all containers and answers until the last one is down: so
 * long that is waited for; shorter where nothing serves meanwhile. */
#define ENGINE_END_MS       SECONDS_MS(20)
#define ENGINE_END_ALONE_MS SECONDS_MS(3)

static int64_t patience_of(const struct plan_service *service)
{
    int64_t patience = probe_patience_ms(service);
    return patience < HAND_PATIENCE_MS_MAX ? patience : HAND_PATIENCE_MS_MAX;
}

static bool has_failed_readiness(const struct probe *probe, const struct plan_service *service)
{
    return service->readiness.kind != PLAN_PROBE_NONE &&
           probe->lines[PROBE_READINESS].failures >= service->readiness.failure_threshold;
}

/* It ended as one that is stopped does, by SIGTERM or SIGKILL or politely: by an engine that is
 * about to go away itself, and then it is nobody's fault. */
static bool may_be_stopped(struct step *step, const struct replica *replica)
{
    bool is_alone = step_is_exclusive(step) || step->facts->committed == NULL;
    mono_ms until = replica->state_since + (is_alone ? ENGINE_END_ALONE_MS : ENGINE_END_MS);
    int code = replica->exit_code;
    if (step->memory->phase != SWAP_PREPARE || step->session->has_world_fault ||
        replica->state != ENGINE_EXITED || (code != 0 && code != 143 && code != 137) ||
        step->facts->now >= until) {
        return false;
    }
    step_wake(step, until);
    return true;
}

static enum reason failure_of(struct step *step, const struct replica *replica,
                              const struct plan_service *service)
{
    if (replica != NULL && replica->is_busy) {
        return REASON_NONE;
    }
    enum reason reason = condition_failure(replica, step->memory->phase, patience_of(service),
                                           step->facts->now, &step->decision->wake_at);
    if (reason == REASON_CRASHED && may_be_stopped(step, replica)) {
        return REASON_NONE;
    }
    bool is_asked = replica != NULL && replica->is_present && replica->state == ENGINE_RUNNING &&
                    replica->is_probed && (replica->was_started || step->session->is_switched);
    if (reason != REASON_NONE || !is_asked ||
        !replica_is_looked_at(replica, step->facts->now, &step->decision->wake_at)) {
        return reason;
    }
    if (replica->probe.has_failed_startup) {
        return REASON_NEVER_READY;
    }
    if (replica->probe.is_unalive) {
        return REASON_UNALIVE;
    }
    return step->session->is_switched && has_failed_readiness(&replica->probe, service)
               ? REASON_UNREADY
               : REASON_NONE;
}

enum reason blame_replicas(struct step *step)
{
    LAW(RIGHT_BLAME, step->facts->candidate != NULL);
    LAW(RIGHT_BLAME, step->memory->candidate.gen != 0);
    const struct plan *plan = step->facts->candidate;
    if (step->session->is_spec_refused) {
        return REASON_SPEC_REFUSED;
    }
    for (uint8_t service = 0; service < plan->service_count; service++) {
        for (uint8_t number = 1; number <= plan->services[service].replicas; number++) {
            enum reason reason = failure_of(
                step, session_find(step->session, step->memory->candidate.gen, service, number),
                &plan->services[service]);
            if (reason != REASON_NONE) {
                return reason;
            }
        }
    }
    return REASON_NONE;
}

/* Of one replica that is not ready. */
static enum swap_wait wait_of(const struct step *step, const struct replica *replica,
                              const struct plan_service *service)
{
    if (replica == NULL || replica->is_busy) {
        return SWAP_WAIT_ENGINE;
    }
    switch (condition_of(replica)) {
    case CONDITION_PAUSED:
        return SWAP_WAIT_HAND;
    case CONDITION_RUNNING:
    case CONDITION_ALTERED:
    case CONDITION_FALLEN:
        return replica_evidence(replica, service, 0, step->facts->now) == EVIDENCE_NONE
                   ? SWAP_WAIT_ASKER
                   : SWAP_WAIT_RELEASE;
    case CONDITION_ABSENT:
    case CONDITION_REMOVED:
    case CONDITION_WAITING:
    case CONDITION_RESTARTING:
    case CONDITION_EXITED:
    case CONDITION_DEAD:
    case CONDITION_UNWIRED:
    case CONDITION_COUNT:
        break;
    }
    return SWAP_WAIT_ENGINE;
}

/* One replica that is started and does not become ready makes it the release's time; else a hand
 * or the asker explain more than the engine. */
static enum swap_wait waiting_for(const struct step *step)
{
    const struct plan *plan = step->facts->candidate;
    bool is_seen[SWAP_WAIT_COUNT] = {false};
    for (uint8_t service = 0; service < plan->service_count; service++) {
        for (uint8_t number = 1; number <= plan->services[service].replicas; number++) {
            const struct replica *replica =
                session_find(step->session, step->memory->candidate.gen, service, number);
            if (replica == NULL || !replica_is_ready(replica)) {
                is_seen[wait_of(step, replica, &plan->services[service])] = true;
            }
        }
    }
    return is_seen[SWAP_WAIT_RELEASE] ? SWAP_WAIT_RELEASE
           : is_seen[SWAP_WAIT_HAND]  ? SWAP_WAIT_HAND
           : is_seen[SWAP_WAIT_ASKER] ? SWAP_WAIT_ASKER
                                      : SWAP_WAIT_ENGINE;
}

/* What is not the release's may last as long as its deadline, and as an old release that must end
 * first takes by its own plan. */
static int64_t others_limit_ms(const struct step *step)
{
    const struct plan *old = step->facts->committed;
    int64_t limit = step->facts->candidate->deadline_ms;
    if (step_is_exclusive(step) && old != NULL) {
        limit += old->drain_ms;
        for (uint8_t i = 0; i < old->service_count; i++) {
            limit += old->services[i].stop_grace_ms;
        }
    }
    return limit;
}

static enum reason reason_of_others(const int64_t waited_ms[SWAP_WAIT_COUNT])
{
    static const enum reason reasons[SWAP_WAIT_COUNT] = {
        [SWAP_WAIT_RELEASE] = REASON_DEADLINE,
        [SWAP_WAIT_ENGINE] = REASON_ENGINE_FAILED,
        [SWAP_WAIT_ASKER] = REASON_NO_EVIDENCE,
        [SWAP_WAIT_HAND] = REASON_PAUSED_BY_HAND,
    };
    int most = SWAP_WAIT_ENGINE;
    for (int i = SWAP_WAIT_ENGINE; i < SWAP_WAIT_COUNT; i++) {
        most = waited_ms[i] > waited_ms[most] ? i : most;
    }
    return reasons[most];
}

enum reason blame_time(struct step *step)
{
    LAW(RIGHT_BLAME, step->memory->candidate.gen != 0);
    struct session_app *session = step->session;
    mono_ms now = step->facts->now;
    int64_t others = 0;
    int64_t passed = session->waits_seen != 0 ? now - session->waits_seen : 0;
    if (passed <= SLEEP_GAP_MS) {
        session->waited_ms[session->waiting_for] += passed;
    }
    session->waits_seen = now;
    session->waiting_for = waiting_for(step);
    for (int i = SWAP_WAIT_ENGINE; i < SWAP_WAIT_COUNT; i++) {
        others += session->waited_ms[i];
    }
    int64_t own_left = step->facts->candidate->deadline_ms - session->waited_ms[SWAP_WAIT_RELEASE];
    int64_t others_left = others_limit_ms(step) - others;
    if (own_left <= 0) {
        return REASON_DEADLINE;
    }
    if (others_left <= 0) {
        return reason_of_others(session->waited_ms);
    }
    int64_t left = session->waiting_for == SWAP_WAIT_RELEASE ? own_left : others_left;
    step_wake(step, now + (left < LOOK_MS ? left : LOOK_MS));
    return REASON_NONE;
}
