/* upkeep: keeps a release's replicas created, running and, when proven, kept by the engine. */
#include "agent/node/condition.h"
#include "agent/node/swap_private.h"
#include "platform/base/law.h"

/* Back-off between starts of one replica that does not stay up. */
#define RESTART_DELAY_MS     1000
#define RESTART_DELAY_MS_MAX MINUTES_MS(5)
/* Running so long makes a replica's earlier restarts forgotten. */
#define RESTART_FORGIVEN_MS MINUTES_MS(10)

static mono_ms restart_delay(uint8_t starts)
{
    if (starts == 0) {
        return 0;
    }
    int shift = starts - 1;
    int64_t delay = shift < 9 ? RESTART_DELAY_MS * ((int64_t)1 << shift) : RESTART_DELAY_MS_MAX;
    return delay < RESTART_DELAY_MS_MAX ? delay : RESTART_DELAY_MS_MAX;
}

static void start_with_delay(struct step *step, struct replica *replica, enum action_kind kind)
{
    mono_ms now = step->facts->now;
    if (now < replica->start_not_before) {
        step_wake(step, replica->start_not_before);
        return;
    }
    if (replica->starts < UINT8_MAX) {
        replica->starts++;
    }
    replica->start_not_before = now + restart_delay(replica->starts);
    replica->was_started = true;
    if (kind == ACTION_START) {
        replica->notified_at = 0; /* a RESTART clears it when it is over: until then it is ending */
    }
    replica->is_forgotten = false;
    step_act(step, kind, replica);
}

static void create_replica(struct step *step, struct replica *replica)
{
    LAW(NEVER_NEITHER, !replica->is_present);
    struct session_app *session = step->session;
    if (session->image_missing_gen == replica->gen) {
        const struct plan *plan = replica->gen == step->memory->committed.gen
                                      ? step->facts->committed
                                      : step->facts->candidate;
        if (plan != NULL && stage_images(step, replica->gen, plan)) {
            session->image_missing_gen = 0;
        }
    } else if (!session->is_network_ready) {
        if (step->facts->now < session->network_not_before) {
            step_wake(step, session->network_not_before);
        } else if (!session->is_network_busy) {
            step_act_gen(step, ACTION_NETWORK, replica->gen);
        }
    } else if (step->facts->now >= replica->start_not_before) {
        replica->start_not_before = step->facts->now + RESTART_DELAY_MS;
        step_act(step, ACTION_CREATE, replica);
    } else {
        step_wake(step, replica->start_not_before);
    }
}

static void forgive_restarts(struct replica *replica, mono_ms now)
{
    if (replica->starts > 0 && replica->is_probed && replica_is_ready(replica) &&
        now - replica->probe.running_since >= RESTART_FORGIVEN_MS) {
        replica->starts = 0;
        replica->rewirings = 0;
        replica->start_not_before = 0;
    }
}

/* Removed, to be created again: at once the first time, then with back-off. */
static void rewire(struct step *step, struct replica *replica)
{
    LAW(WIRED, replica->is_present);
    if (step->facts->now < replica->start_not_before) {
        step_wake(step, replica->start_not_before);
        return;
    }
    if (replica->rewirings == 0) {
        replica->rewirings = 1; /* a hand did it: no start was refused */
    } else if (replica->rewirings > 1) {
        replica->start_not_before = step->facts->now + restart_delay(replica->rewirings);
    }
    replica->is_remaking = true;
    step_act(step, ACTION_REMOVE, replica);
}

static void start_replica(struct step *step, struct replica *replica)
{
    if (replica->state == ENGINE_CREATED && replica->starts == 0) {
        replica->start_not_before = 0; /* that was for the create */
    }
    start_with_delay(step, replica, ACTION_START);
}

static void tend_running(struct step *step, struct replica *replica)
{
    LAW(EVIDENCE, replica->is_present);
    bool has_failed = replica->probe.is_unalive || replica->probe.has_failed_startup;
    forgive_restarts(replica, step->facts->now);
    if (has_failed && !replica_is_looked_at(replica, step->facts->now, &step->decision->wake_at)) {
        step->decision->is_look_wanted = true; /* somebody may have frozen it since the last one */
    } else if (has_failed || replica->notified_at != 0) {
        start_with_delay(step, replica, ACTION_RESTART);
    }
}

static void restore_replica(struct step *step, struct replica *replica)
{
    LAW(WIRED, replica->is_present);
    if (!replica->is_busy) {
        step_act(step, ACTION_RESTORE, replica);
        replica->restores = (uint8_t)(replica->restores + (replica->is_busy ? 1 : 0));
    }
}

/* It can only be removed; it is made anew after that. */
static void remake_replica(struct step *step, struct replica *replica)
{
    LAW(WIRED, replica->is_present);
    mono_ms from = replica->state_since + DEAD_PATIENCE_MS;
    if (condition_of(replica) == CONDITION_UNWIRED) {
        rewire(step, replica);
    } else if (step->facts->now < from) {
        step_wake(step, from); /* somebody may be removing it just now */
    } else if (step->facts->now < replica->start_not_before) {
        step_wake(step, replica->start_not_before);
    } else {
        replica->is_remaking = true;
        replica->remakes =
            replica->remakes < UINT8_MAX ? (uint8_t)(replica->remakes + 1) : UINT8_MAX;
        start_with_delay(step, replica, ACTION_REMOVE);
    }
}

/* The candidate's by the phase; whatever else is looked after, as at rest. */
static enum swap_phase phase_of(const struct step *step, const struct replica *replica)
{
    return replica->gen == step->memory->candidate.gen ? step->memory->phase : SWAP_REST;
}

static void keep_replica_up(struct step *step, struct replica *replica)
{
    if (replica->is_busy || !step->facts->is_engine_up) {
        return;
    }
    if (replica->is_present && replica->is_misnamed && !replica->is_name_taken) {
        step_act(step, ACTION_RENAME, replica);
        return;
    }
    bool is_down = replica->state == ENGINE_CREATED || replica->state == ENGINE_EXITED;
    switch (condition_response(condition_of(replica), phase_of(step, replica)).kind) {
    case RESPONSE_MAKE:
        create_replica(step, replica);
        break;
    case RESPONSE_START:
        start_replica(step, replica);
        break;
    case RESPONSE_COUNT:
        if (is_down) {
            start_replica(step, replica);
        }
        break;
    case RESPONSE_LET:
        tend_running(step, replica);
        break;
    case RESPONSE_RESTORE:
        tend_running(step, replica);
        restore_replica(step, replica);
        break;
    case RESPONSE_REMAKE:
        remake_replica(step, replica);
        break;
    case RESPONSE_WAIT:      /* the deadline */
    case RESPONSE_LEAVE:     /* someone's hand, or the engine is at it */
    case RESPONSE_BACK:      /* the verdict */
    case RESPONSE_BACK_LATE: /* the verdict, or the hand */
    case RESPONSE_UNDECIDED:
    case RESPONSE_KIND_COUNT:
        break;
    }
}

/* Calls visit for each replica the plan has; entries are added as absent where needed. */
typedef void (*replica_visit)(struct step *step, struct replica *replica);

static void each_replica(struct step *step, uint32_t gen, const struct plan *plan,
                         replica_visit visit)
{
    LAW(BOUNDED, plan != NULL && plan->service_count <= SERVICES_MAX);
    for (uint8_t service = 0; service < plan->service_count; service++) {
        for (uint8_t number = 1; number <= plan->services[service].replicas; number++) {
            struct replica *replica = session_need(step->session, gen, service, number);
            if (replica != NULL) {
                visit(step, replica);
            }
        }
    }
}

void upkeep_set(struct step *step, uint32_t gen, const struct plan *plan)
{
    each_replica(step, gen, plan, keep_replica_up);
}

static void create_if_absent(struct step *step, struct replica *replica)
{
    if (!replica->is_present && !replica->is_busy && step->facts->is_engine_up) {
        create_replica(step, replica);
    }
}

/* How many replicas of the set hold by `is_so`. */
static size_t count_set(const struct step *step, uint32_t gen, const struct plan *plan,
                        bool (*is_so)(const struct replica *))
{
    size_t count = 0;
    for (uint8_t service = 0; service < plan->service_count; service++) {
        for (uint8_t number = 1; number <= plan->services[service].replicas; number++) {
            const struct replica *replica = session_find(step->session, gen, service, number);
            count += replica != NULL && is_so(replica) ? 1 : 0;
        }
    }
    return count;
}

static size_t set_size(const struct plan *plan)
{
    size_t size = 0;
    for (uint8_t service = 0; service < plan->service_count; service++) {
        size += plan->services[service].replicas;
    }
    return size;
}

static bool is_there(const struct replica *replica)
{
    return replica->is_present;
}

bool upkeep_is_there(const struct step *step, uint32_t gen, const struct plan *plan)
{
    return count_set(step, gen, plan, is_there) == set_size(plan);
}

bool upkeep_create(struct step *step, uint32_t gen, const struct plan *plan)
{
    each_replica(step, gen, plan, create_if_absent);
    return upkeep_is_there(step, gen, plan);
}

static bool is_kept(const struct replica *replica)
{
    return replica->is_present && replica->keeps_running;
}

static void keep_if_running(struct step *step, struct replica *replica)
{
    if (replica->is_present && !replica->keeps_running && !replica->is_busy &&
        step->facts->is_engine_up && replica->state == ENGINE_RUNNING) {
        step_act(step, ACTION_KEEP, replica);
    }
}

bool upkeep_keep(struct step *step, uint32_t gen, const struct plan *plan)
{
    LAW(SERVES_ALONE, gen == step->memory->committed.gen);
    if (!step->facts->has_restart_backoff) {
        return true;
    }
    each_replica(step, gen, plan, keep_if_running);
    return count_set(step, gen, plan, is_kept) == set_size(plan);
}

static bool is_held(const struct replica *replica)
{
    return !replica->is_present || !replica->has_unnamed_volume || replica->is_held;
}

static void hold_if_needed(struct step *step, struct replica *replica)
{
    if (!is_held(replica) && step->facts->is_engine_up) {
        step_act(step, ACTION_HOLD, replica);
    }
}

bool upkeep_hold(struct step *step, uint32_t gen, const struct plan *plan)
{
    each_replica(step, gen, plan, hold_if_needed);
    return count_set(step, gen, plan, is_held) == set_size(plan);
}

bool upkeep_is_all_ready(const struct step *step, uint32_t gen, const struct plan *plan)
{
    return count_set(step, gen, plan, replica_is_ready) == set_size(plan);
}

size_t upkeep_count_ready(const struct step *step, uint32_t gen, const struct plan *plan)
{
    return count_set(step, gen, plan, replica_is_ready);
}

static bool is_of_set(const struct replica *replica, uint32_t gen, const struct plan *plan)
{
    return replica->gen == gen && replica->service < plan->service_count &&
           replica->number <= plan->services[replica->service].replicas;
}

/* Nobody can ask it for as long as its readiness takes to fail, and a replica beside it has
 * answered meanwhile: that one gets its traffic. */
static bool is_outdone(const struct step *step, const struct replica *replica,
                       const struct plan *plan)
{
    const struct plan_service *service = &plan->services[replica->service];
    if (!probe_is_unreached(&replica->probe, service, step->facts->now)) {
        return false;
    }
    const struct probe_line *line = probe_regular_line(&replica->probe, service);
    for (size_t i = 0; i < step->session->replica_count; i++) {
        const struct replica *other = &step->session->replicas[i];
        if (is_of_set(other, replica->gen, plan) && other->service == replica->service &&
            replica_is_proven(other, service, line->unasked_since) &&
            probe_is_reached(&other->probe, service, step->facts->now) &&
            probe_regular_line(&other->probe, service)->well_since <= line->unasked_at) {
            return true;
        }
    }
    return false;
}

size_t upkeep_wish(struct step *step, uint32_t gen, const struct plan *plan)
{
    LAW(READY_FIRST, gen != 0);
    size_t ready = count_set(step, gen, plan, replica_is_ready);
    step->session->wish_gen = gen;
    for (size_t i = 0; i < step->session->replica_count; i++) {
        struct replica *replica = &step->session->replicas[i];
        if (!is_of_set(replica, gen, plan)) {
            continue;
        }
        if (ready == 0) {
            replica->is_wished = replica->is_routed && replica_is_alive(replica);
        } else {
            replica->is_wished = replica_is_ready(replica) && !is_outdone(step, replica, plan);
        }
    }
    return ready;
}
