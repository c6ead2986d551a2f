/* swap: the phases of one app; each looks at the state of the world and says what comes next. */
#include "agent/node/swap_private.h"

#include "platform/base/law.h"

/* Creates and starts that the engine may refuse before the try is given up. */
#define ENGINE_FAILURES_MAX 5
/* A table found at the start is not replaced by another that is no better, for so long. */
#define FOUND_STAYS_MS 15000

/* A healthy committed release is first made to serve without us. */
static bool is_committed_safe(const struct step *step)
{
    const struct session_app *session = step->session;
    return step->facts->committed == NULL || (session->is_kept && session->is_boot_settled) ||
           !upkeep_is_all_ready(step, step->memory->committed.gen, step->facts->committed);
}

/* Something else than what is committed is wanted, and nothing forbids it for good. */
static bool has_wish(const struct step *step)
{
    const struct memory_app *memory = step->memory;
    const struct swap_facts *facts = step->facts;
    return !digest_is_none(&memory->wanted) &&
           !digest_is_equal(&memory->wanted, &memory->committed.release) && facts->wanted != NULL &&
           !facts->is_memory_lost && !facts->is_wanted_revoked &&
           facts->wanted->sequence >= memory->floor &&
           (memory->is_forced || !memory_is_quarantined(memory, &memory->wanted));
}

/* Only one service can be taken over at a time. */
static bool is_adopting_another(const struct step *step)
{
    const struct memory_app *memory = step->memory;
    const struct plan *wanted = step->facts->wanted;
    return memory->adopted.of != 0 && memory->committed.gen == 0 && wanted->service_count > 0 &&
           adopt_id(wanted->adopt, wanted->services[0].name) != memory->adopted.of;
}

/* Whether what is wanted may be begun now. First its images are made present: waiting for them is
 * rest, in which other apps may change. */
static bool may_begin(struct step *step)
{
    struct session_app *session = step->session;
    if (step->facts->now < session->retry_at && session->pull_refusal == 0) {
        session->wait = WISH_WAIT_RETRY;
        step_wake(step, session->retry_at);
        return false;
    }
    if (!stage_wanted(step)) {
        return false;
    }
    if (!step->facts->is_engine_up) {
        session->wait = WISH_WAIT_ENGINE;
    } else if (step->facts->lacks_files) {
        session->wait = WISH_WAIT_FILES;
    } else if (!step->facts->may_begin) {
        session->wait = WISH_WAIT_TURN;
    }
    return session->wait == WISH_WAIT_NONE && is_committed_safe(step) && !is_adopting_another(step);
}

/* In what manner the remains of a generation leave. */
static enum retire_manner manner_of(const struct memory_app *memory, uint32_t gen)
{
    bool has_failed = memory->verdict_gen == gen && memory->reason != REASON_ROLLED_BACK &&
                      memory->reason != REASON_REPLACED &&
                      (memory->verdict == VERDICT_BAD || memory->verdict == VERDICT_INCONCLUSIVE);
    return has_failed ? RETIRE_FAILED : RETIRE_POLITE;
}

/* Whether the containers of the previous release may stand by warm: not when they have just failed,
 * nor beside a release that cannot run beside them. */
static bool may_stay_warm(const struct step *step, enum retire_manner manner)
{
    const struct plan *committed = step->facts->committed;
    const struct plan *candidate = step->facts->candidate;
    return manner == RETIRE_POLITE && step_adopts(step) == 0 &&
           (committed == NULL || !plan_is_stop_first(committed)) &&
           (candidate == NULL || !plan_is_stop_first(candidate));
}

/* By its own plan a generation drains; where that is not at hand, by the committed one's. */
static const struct plan *plan_of_leftover(const struct step *step, uint32_t gen, bool is_previous)
{
    const struct swap_facts *facts = step->facts;
    return is_previous && facts->previous != NULL                  ? facts->previous
           : gen == step->session->left_gen && facts->left != NULL ? facts->left
                                                                   : facts->committed;
}

/* Stops what is neither committed nor candidate; keeps the previous release's containers, warm for
 * a while and then stopped, once the committed one serves without us. */
static void retire_leftovers(struct step *step)
{
    LAW(DURABLE_FIRST, !step->decision->is_remembering);
    const struct memory_app *memory = step->memory;
    struct session_app *session = step->session;
    const struct plan *committed = step->facts->committed;
    for (size_t i = 0; i < session->replica_count; i++) {
        struct replica *replica = &session->replicas[i];
        if (replica->gen == memory->committed.gen || replica->gen == memory->candidate.gen ||
            !replica->is_present) {
            continue;
        }
        bool is_previous = replica->gen == memory->history[0].gen;
        enum retire_manner manner = manner_of(memory, replica->gen);
        if (is_previous && replica_is_alive(replica) && may_stay_warm(step, manner)) {
            if (session->warm_until == 0) {
                session->warm_until =
                    step->facts->now + (committed != NULL ? committed->keep_warm_ms : 0);
            }
            if (step->facts->now < session->warm_until || !session->is_boot_settled ||
                !session->is_kept) {
                step_wake(step, session->warm_until > step->facts->now ? session->warm_until
                                                                       : MONO_NEVER);
                continue;
            }
        }
        const struct plan *plan = plan_of_leftover(step, replica->gen, is_previous);
        bool is_kept = is_previous || swap_keeps_remains(memory, session, replica);
        (void)retire_replica(step, replica, plan, manner, is_kept);
    }
}

/* Something runs that is neither committed nor candidate. */
static bool has_living_leftover(const struct step *step)
{
    for (size_t i = 0; i < step->session->replica_count; i++) {
        const struct replica *replica = &step->session->replicas[i];
        if (replica->gen != step->memory->committed.gen &&
            replica->gen != step->memory->candidate.gen && replica_is_alive(replica)) {
            return true;
        }
    }
    return false;
}

static bool has_living(const struct step *step, uint32_t gen)
{
    for (size_t i = 0; i < step->session->replica_count; i++) {
        const struct replica *replica = &step->session->replicas[i];
        if (replica->gen == gen && replica_is_alive(replica)) {
            return true;
        }
    }
    return false;
}

bool step_is_exclusive(const struct step *step)
{
    const struct plan *candidate = step->facts->candidate;
    return candidate != NULL && (plan_is_stop_first(candidate) || step_adopts(step) != 0);
}

/* Something runs that the committed release must not be started beside. */
static bool has_living_rival(const struct step *step)
{
    return (step_is_exclusive(step) && has_living(step, step->memory->candidate.gen)) ||
           (plan_is_stop_first(step->facts->committed) && has_living_leftover(step));
}

/* After a power cut between the verdict and the boot-time ruleset the previous release is what
 * serves; it goes on until all of the committed release is ready. True when it is wished for. */
static bool wish_previous(struct step *step)
{
    LAW(NEVER_NEITHER, step->facts->committed != NULL);
    const struct memory_app *memory = step->memory;
    const struct generation *previous = &memory->history[0];
    const struct plan *plan = step->facts->committed;
    bool is_any_ready = false;
    bool is_wished = false;
    if (upkeep_is_all_ready(step, memory->committed.gen, plan)) {
        step->session->is_boot_stale = false;
    }
    if (!step->session->is_boot_stale || step->facts->previous == NULL ||
        previous->gen == memory->candidate.gen || plan_is_stop_first(plan)) {
        return false;
    }
    for (size_t i = 0; i < step->session->replica_count; i++) {
        const struct replica *replica = &step->session->replicas[i];
        is_any_ready =
            is_any_ready || (replica->gen == memory->committed.gen && replica_is_ready(replica));
    }
    for (size_t i = 0; i < step->session->replica_count; i++) {
        struct replica *replica = &step->session->replicas[i];
        if (replica->gen == previous->gen && replica->is_routed && replica_is_alive(replica) &&
            (replica_is_ready(replica) || !is_any_ready)) {
            replica->is_wished = true;
            is_wished = true;
        }
    }
    if (is_wished) {
        step->session->wish_gen = previous->gen;
    }
    return is_wished;
}

/* The committed release serves and is looked after. */
static void serve_committed(struct step *step)
{
    const struct plan *plan = step->facts->committed;
    if (step->memory->committed.gen == 0 || plan == NULL) {
        return;
    }
    if (!wish_previous(step)) {
        (void)upkeep_wish(step, step->memory->committed.gen, plan);
    }
    (void)upkeep_hold(step, step->memory->committed.gen, plan);
    step->session->is_kept = upkeep_keep(step, step->memory->committed.gen, plan);
    if (upkeep_is_all_ready(step, step->memory->committed.gen, plan) || !has_living_rival(step)) {
        upkeep_set(step, step->memory->committed.gen, plan);
    }
}

/* Why what is wanted can never be begun any more; REASON_NONE: it can, or nothing is. */
static enum reason obstacle(const struct step *step)
{
    const struct memory_app *memory = step->memory;
    const struct swap_facts *facts = step->facts;
    if (facts->is_memory_lost || digest_is_none(&memory->wanted) ||
        digest_is_equal(&memory->wanted, &memory->committed.release)) {
        return REASON_NONE;
    }
    if (facts->is_wanted_revoked) {
        return REASON_REVOKED;
    }
    bool is_below = facts->wanted != NULL && facts->wanted->sequence < memory->floor;
    return is_below ? REASON_BELOW_FLOOR : REASON_NONE;
}

/* Something of ours runs, or may just be starting. */
static bool has_any_living(const struct step *step)
{
    for (size_t i = 0; i < step->session->replica_count; i++) {
        const struct replica *replica = &step->session->replicas[i];
        if (replica->is_busy || replica_is_alive(replica)) {
            return true;
        }
    }
    return false;
}

/* What ran before the first release serves in the place of the committed one. True when it is all
 * as it was. */
static bool serve_adopted(struct step *step)
{
    return !has_any_living(step) && adopt_serve(step);
}

/* At rest: what was taken over is given back, to the end. */
static void give_back(struct step *step)
{
    const struct memory_app *memory = step->memory;
    if (memory->adopted.of == 0) {
        return;
    }
    if (memory->committed.gen != 0) {
        if (adopt_is_wanted_back(memory)) {
            verdict_give_back(step);
        }
    } else if (serve_adopted(step) && step->session->is_boot_settled) {
        verdict_given_back(step);
    }
}

static void rest(struct step *step)
{
    LAW(NEVER_NEITHER, step->memory->candidate.gen == 0);
    enum reason reason = obstacle(step);
    serve_committed(step);
    if (step->session->hold_until > step->facts->now) {
        if (upkeep_is_all_ready(step, step->memory->committed.gen, step->facts->committed)) {
            hold_end(step);
        } else {
            step_wake(step, step->session->hold_until);
        }
    }
    give_back(step);
    if (step->decision->is_remembering) {
        return;
    }
    step->session->wait = WISH_WAIT_NONE;
    stage_follow_wish(step);
    if (reason != REASON_NONE) {
        verdict_refuse(step, reason);
    } else if (!has_wish(step)) {
        return;
    } else if (may_begin(step)) {
        verdict_begin(step);
    } else if (!step->decision->is_remembering) {
        stage_expire(step);
    }
}

/* Stops the committed release before a candidate that cannot run beside it; true when down. */
static bool stop_committed(struct step *step)
{
    LAW(NEVER_NEITHER, step_is_exclusive(step)); /* else the old one serves on */
    bool is_down = true;
    for (size_t i = 0; i < step->session->replica_count; i++) {
        struct replica *replica = &step->session->replicas[i];
        if (replica->gen == step->memory->committed.gen) {
            is_down &= retire_replica(step, replica, step->facts->committed, RETIRE_POLITE, true);
        }
    }
    return is_down;
}

/* Makes and starts the candidate's containers until all are ready or one fails. */
static void start_candidate(struct step *step)
{
    LAW(DURABLE_FIRST, step->memory->phase != SWAP_REST);
    const struct memory_app *memory = step->memory;
    const struct plan *plan = step->facts->candidate;
    struct session_app *session = step->session;
    enum reason failure = blame_replicas(step);
    if (failure == REASON_NONE && session->engine_failures >= ENGINE_FAILURES_MAX) {
        failure = REASON_ENGINE_FAILED;
    }
    if (failure == REASON_NONE) {
        failure = blame_time(step);
    }
    if (failure != REASON_NONE) {
        verdict_go_back(step, failure);
        return;
    }
    if (step->facts->committed != NULL &&
        !upkeep_hold(step, memory->committed.gen, step->facts->committed)) {
        return; /* the candidate is to find them */
    }
    if (!adopt_hold(step) || !upkeep_create(step, memory->candidate.gen, plan)) {
        return;
    }
    if (step_is_exclusive(step) &&
        (!stop_committed(step) || !adopt_take(step) || has_living_leftover(step))) {
        return;
    }
    upkeep_set(step, memory->candidate.gen, plan);
}

/* The previous generation may be the candidate again: what it was started for before, and how
 * often, is no reason to keep it waiting now. */
static void forget_backoff(struct step *step, uint32_t gen)
{
    for (size_t i = 0; i < step->session->replica_count; i++) {
        struct replica *replica = &step->session->replicas[i];
        if (replica->gen == gen) {
            replica->starts = 0;
            replica->start_not_before = 0;
        }
    }
}

static void prepare(struct step *step)
{
    LAW(DURABLE_FIRST, step->memory->candidate.gen != 0);
    const struct memory_app *memory = step->memory;
    const struct plan *plan = step->facts->candidate;
    struct session_app *session = step->session;
    session->wait = WISH_WAIT_NONE;
    /* A release that is to be stopped first serves until its successor's containers exist. */
    bool is_handing_over = step_is_exclusive(step) && session->prepared_from != 0 &&
                           upkeep_is_there(step, memory->candidate.gen, plan) && hold_put_up(step);
    if (is_handing_over) {
        hold_wish(step);
    } else {
        serve_committed(step);
        (void)serve_adopted(step);
    }
    if (!digest_is_equal(&memory->wanted, &memory->candidate.release)) {
        verdict_go_back(step, REASON_REPLACED);
    } else if (memcmp(&memory->boot, &step->facts->boot, sizeof memory->boot) != 0) {
        verdict_go_back(step, REASON_INTERRUPTED);
    } else if (step->facts->is_candidate_revoked) {
        verdict_go_back(step, REASON_REVOKED);
    } else if (plan == NULL) {
        verdict_go_back(step, REASON_PULL_FAILED);
    } else if (stage_candidate(step)) {
        if (session->prepared_from == 0) {
            session->prepared_from = step->facts->now;
            forget_backoff(step, memory->candidate.gen);
            session->baseline_ready =
                step->facts->committed != NULL &&
                upkeep_is_all_ready(step, memory->committed.gen, step->facts->committed);
        }
        if (upkeep_is_all_ready(step, memory->candidate.gen, plan) && soak_may_begin(step)) {
            verdict_switch(step);
        } else {
            start_candidate(step);
        }
    }
}

/* The committed release is wanted again instead of the candidate. Nothing wanted is no opinion. */
bool swap_is_overridden(const struct memory_app *memory)
{
    return (!digest_is_none(&memory->wanted) &&
            digest_is_equal(&memory->wanted, &memory->committed.release) &&
            !digest_is_equal(&memory->wanted, &memory->candidate.release)) ||
           (memory->committed.gen == 0 && adopt_is_wanted_back(memory));
}

/* Going back by hand takes no traffic from a ready candidate before the committed release is ready,
 * where both can run beside each other. */
static bool is_way_back_open(const struct step *step, bool is_candidate_ready)
{
    const struct memory_app *memory = step->memory;
    const struct plan *committed = step->facts->committed;
    return memory->committed.gen == 0 || committed == NULL || step_is_exclusive(step) ||
           !is_candidate_ready || upkeep_is_all_ready(step, memory->committed.gen, committed);
}

/* Unproven, and the agent or the machine has started again: the candidate is brought back into
 * service, meanwhile the committed release serves where both may run. */
static void resume(struct step *step)
{
    const struct memory_app *memory = step->memory;
    struct session_app *session = step->session;
    if (upkeep_is_all_ready(step, memory->candidate.gen, step->facts->candidate)) {
        session->is_switched = true;
        session->is_route_settled = false;
        session->waits_seen = 0;
        (void)soak_wish(step);
        step_wake(step, step->facts->now);
        soak_step(step);
        return;
    }
    if (session->prepared_from == 0) {
        session->prepared_from = step->facts->now;
    }
    start_candidate(step);
}

static void unproven(struct step *step)
{
    LAW(BACK_ALONE, step->memory->candidate.gen != 0);
    const struct memory_app *memory = step->memory;
    const struct plan *plan = step->facts->candidate;
    struct session_app *session = step->session;
    bool is_ready = plan != NULL && upkeep_is_all_ready(step, memory->candidate.gen, plan);
    if (session->is_switched) {
        hold_end(step);
    }
    if (plan != NULL && (session->is_switched || step_is_exclusive(step))) {
        is_ready |= soak_wish(step);
    } else {
        serve_committed(step);
    }
    if (memcmp(&memory->boot, &step->facts->boot, sizeof memory->boot) != 0) {
        verdict_count_boot(step);
    } else if (plan == NULL) {
        verdict_go_back(step, REASON_ENGINE_FAILED);
    } else if (swap_is_overridden(memory) && is_way_back_open(step, is_ready)) {
        verdict_go_back(step, REASON_ROLLED_BACK);
    } else if (step->facts->is_candidate_revoked) {
        verdict_go_back(step, REASON_REVOKED);
    } else if (session->is_switched) {
        soak_step(step);
    } else {
        resume(step);
    }
    if (session->is_switched && !step->decision->is_remembering) {
        (void)adopt_take(step); /* never two writers, whoever has started it */
    }
    if (session->is_switched && step->facts->committed != NULL && plan != NULL &&
        !step->decision->is_remembering) {
        if (step_is_exclusive(step)) {
            (void)stop_committed(step);
        } else {
            upkeep_set(step, memory->committed.gen, step->facts->committed);
        }
    }
}

/* The agent has just started, and of those that should serve nobody is known to be ready: then the
 * table that it found is not replaced, for a moment, by another that is no better. */
static bool is_route_to_be_held(struct step *step)
{
    struct session_app *session = step->session;
    bool is_any_wished = false;
    session->planned_from = session->planned_from != 0 ? session->planned_from : step->facts->now;
    for (size_t i = 0; i < session->replica_count; i++) {
        const struct replica *replica = &session->replicas[i];
        if (replica->is_wished && replica_is_ready(replica) &&
            !probe_is_presumed(&replica->probe)) {
            return false;
        }
        is_any_wished = is_any_wished || replica->is_wished;
    }
    mono_ms until = session->planned_from + FOUND_STAYS_MS;
    if (!is_any_wished || step->facts->now >= until) {
        return false;
    }
    step_wake(step, until);
    return true;
}

void swap_step(const struct memory_app *memory, struct session_app *session,
               const struct swap_facts *facts, struct swap_decision *decision)
{
    struct step step = {memory, session, facts, decision};
    decision->is_remembering = false;
    decision->is_going_back = false;
    decision->is_look_wanted = false;
    decision->is_table_look_wanted = false;
    decision->action_count = 0;
    decision->wake_at = MONO_NEVER;
    if (!session->is_observed) {
        return;
    }
    for (size_t i = 0; i < session->replica_count; i++) {
        session->replicas[i].is_wished = false;
    }
    session->wish_gen = 0;
    if (memory->candidate.gen != 0) {
        session->left_gen = memory->candidate.gen;
        session->left = memory->candidate.release;
    }
    switch (memory->phase) {
    case SWAP_REST:
        rest(&step);
        break;
    case SWAP_PREPARE:
        prepare(&step);
        break;
    case SWAP_UNPROVEN:
        unproven(&step);
        break;
    case SWAP_PHASE_COUNT:
        break;
    }
    LAW(DURABLE_FIRST, !decision->is_remembering || decision->next.index == memory->index);
    session->is_route_held = is_route_to_be_held(&step);
    if (!decision->is_remembering && !facts->is_memory_lost) {
        retire_leftovers(&step);
    }
    LAW(BOUNDED, decision->action_count <= ACTIONS_MAX);
}

int64_t swap_soak_remaining_ms(const struct memory_app *memory, const struct session_app *session,
                               const struct plan *candidate, mono_ms now)
{
    if (memory->phase != SWAP_UNPROVEN || candidate == NULL) {
        return 0;
    }
    if (session->soak_since == 0) {
        return candidate->soak_ms;
    }
    int64_t remaining = candidate->soak_ms - session->soaked_ms -
                        (session->shown_from != 0 ? now - session->shown_from : 0);
    return remaining > 0 ? remaining : 0;
}
