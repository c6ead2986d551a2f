/* verdict: the records that move an app from phase to phase: begin, switch, go back, commit. */
#include "agent/node/swap_private.h"

#include "platform/base/law.h"

/* After an inconclusive try the next one waits this long, doubled with each try that was begun. */
#define RETRY_DELAY_MS      15000
#define RETRY_DOUBLINGS_MAX 6
/* Asks for `next` to be remembered. One record a step: the first decision stands. */
static void remember(struct step *step, const struct memory_app *next)
{
    LAW(ONLY_SIGNED, next->floor >= step->memory->floor);
    LAW(DURABLE_FIRST, next->gen_last >= step->memory->gen_last);
    LAW(DURABLE_FIRST, !step->decision->is_remembering);
    step->decision->is_remembering = true;
    step->decision->next = *next;
}

static mono_ms retry_delay(uint8_t attempts)
{
    return (mono_ms)RETRY_DELAY_MS << mono_min(attempts, RETRY_DOUBLINGS_MAX);
}

bool plan_is_stop_first(const struct plan *plan)
{
    for (uint8_t i = 0; i < plan->service_count; i++) {
        if (plan->services[i].order == PLAN_STOP_FIRST) {
            return true;
        }
    }
    return false;
}

/* The committed release's own readiness, good when the swap began, is not good now. */
static bool is_old_failing(const struct step *step)
{
    const struct session_app *session = step->session;
    if (!session->baseline_ready || step->facts->committed == NULL) {
        return false;
    }
    for (size_t i = 0; i < session->replica_count; i++) {
        const struct replica *replica = &session->replicas[i];
        if (replica->gen == step->memory->committed.gen &&
            (!replica_is_alive(replica) || probe_is_doubtful(&replica->probe))) {
            return true;
        }
    }
    return false;
}

static bool is_blameless(enum reason reason)
{
    return reason == REASON_PULL_FAILED || reason == REASON_REGISTRY_DENIED ||
           reason == REASON_DISK_FULL || reason == REASON_WRONG_IMAGE ||
           reason == REASON_ENGINE_FAILED || reason == REASON_REMOVED_BY_HAND ||
           reason == REASON_ROLLED_BACK || reason == REASON_REPLACED ||
           reason == REASON_INTERRUPTED || reason == REASON_IMAGE_DOUBTED ||
           reason == REASON_NO_EVIDENCE || reason == REASON_PAUSED_BY_HAND ||
           reason == REASON_ROUTE_FAILED || reason == REASON_ALTERED_BY_HAND;
}

/* Its fetching, or the try before, was cut off with an earlier life of this agent: what was fetched
 * may be there by name only, and a second pull finds nothing to repair. A candidate that never got
 * ready on it is not judged by it: the image is removed, and the next try fetches it anew. */
static bool is_image_doubted(const struct step *step, enum reason reason)
{
    const struct memory_app *memory = step->memory;
    bool is_cut_off = memory->attempts > 1 && memory->verdict == VERDICT_INCONCLUSIVE &&
                      memory->reason == REASON_INTERRUPTED;
    return (reason == REASON_CRASHED || reason == REASON_SPEC_REFUSED) &&
           memory->phase == SWAP_PREPARE && (is_cut_off || step->session->is_wish_found);
}

static void quarantine(struct memory_app *memory, const struct digest *release)
{
    LAW(RIGHT_BLAME, !digest_is_none(release));
    if (memory_is_quarantined(memory, release)) {
        return;
    }
    for (size_t i = QUARANTINE_MAX - 1; i > 0; i--) {
        memory->quarantined[i] = memory->quarantined[i - 1];
    }
    memory->quarantined[0] = *release;
}

static void release_from_quarantine(struct memory_app *memory, const struct digest *release)
{
    size_t kept = 0;
    for (size_t i = 0; i < QUARANTINE_MAX; i++) {
        struct memory_app one = {.quarantined = {memory->quarantined[i]}};
        if (!memory_is_quarantined(&one, release)) {
            memory->quarantined[kept++] = memory->quarantined[i];
        }
    }
    while (kept < QUARANTINE_MAX) {
        memory->quarantined[kept++] = (struct digest){0};
    }
}

static void want_committed(struct memory_app *memory)
{
    memory->wanted = memory->committed.release;
    memory->wanted_by = WANTED_BY_NOBODY;
    memory->is_forced = false;
}

/* The candidate is dropped: back to the committed release, or to nothing. */
void verdict_go_back(struct step *step, enum reason reason)
{
    LAW(BACK_ALONE, step->memory->candidate.gen != 0);
    LAW(BACK_ALONE, reason != REASON_NONE && reason < REASON_COUNT);
    const struct memory_app *memory = step->memory;
    struct memory_app next = *memory;
    uint16_t attempts_max =
        step->facts->candidate != NULL ? step->facts->candidate->attempts : ATTEMPTS_DEFAULT;
    bool is_bad = false;
    if (is_image_doubted(step, reason)) {
        reason = REASON_IMAGE_DOUBTED;
    }
    if (reason == REASON_SPEC_REFUSED) {
        is_bad = true; /* by the engine's own words, whatever else failed */
    } else if (!is_blameless(reason)) {
        bool has_stopped_old =
            step->facts->candidate != NULL && plan_is_stop_first(step->facts->candidate);
        if (!has_stopped_old && is_old_failing(step)) {
            reason = REASON_OLD_FAILS_TOO;
        }
        is_bad = reason == REASON_REVOKED ||
                 (reason != REASON_OLD_FAILS_TOO && !step->session->has_world_fault);
    }
    next.phase = SWAP_REST;
    next.candidate = (struct generation){0};
    next.boots = 0;
    next.verdict = is_bad ? VERDICT_BAD : VERDICT_INCONCLUSIVE;
    next.reason = reason;
    next.verdict_gen = memory->candidate.gen;
    bool is_wanted = digest_is_equal(&memory->wanted, &memory->candidate.release);
    if (is_bad) {
        quarantine(&next, &memory->candidate.release);
    }
    if (is_wanted && (is_bad || memory->attempts >= attempts_max)) {
        memory_close_order(&next, is_bad ? OUTCOME_FAILED : OUTCOME_INCONCLUSIVE, reason);
        want_committed(&next);
        next.attempts = 0;
    }
    step->session->retry_at = reason == REASON_INTERRUPTED || !is_wanted
                                  ? 0
                                  : step->facts->now + retry_delay(memory->attempts);
    remains_mark(step);
    hold_for_way_back(step);
    step->decision->is_going_back = true;
    remember(step, &next);
}

void verdict_refuse(struct step *step, enum reason reason)
{
    LAW(ONLY_SIGNED, step->memory->phase == SWAP_REST && reason != REASON_NONE);
    struct memory_app next = *step->memory;
    next.verdict = VERDICT_BAD;
    next.reason = reason;
    next.verdict_gen = ++next.gen_last;
    next.attempts = 0;
    memory_close_order(&next, OUTCOME_FAILED, reason);
    want_committed(&next);
    remember(step, &next);
}

void verdict_wait(struct step *step)
{
    struct memory_app next = *step->memory;
    next.phase = SWAP_REST;
    next.candidate = (struct generation){0};
    next.boots = 0;
    next.attempts = (uint8_t)(next.attempts > 0 ? next.attempts - 1 : 0);
    step->decision->is_going_back = true;
    remember(step, &next);
}

/* No container was made, yet a number is spent: a verdict is known by it. */
static void judge_unbegun(struct memory_app *next)
{
    next->verdict = VERDICT_INCONCLUSIVE;
    next->gen_last++;
    next->verdict_gen = next->gen_last;
}

/* The wish ends, or is tried again later. */
static void end_try(struct step *step, struct memory_app *next, uint16_t attempts_max)
{
    mono_ms delay = retry_delay(next->attempts);
    judge_unbegun(next);
    if (next->attempts >= attempts_max) {
        memory_close_order(next, OUTCOME_INCONCLUSIVE, next->reason);
        want_committed(next);
        next->attempts = 0;
    }
    step->session->retry_at = step->facts->now + delay;
    remember(step, next);
}

void verdict_unstaged(struct step *step, enum reason reason)
{
    struct memory_app next = *step->memory;
    next.attempts = (uint8_t)(next.attempts < UINT8_MAX ? next.attempts + 1 : UINT8_MAX);
    next.reason = reason;
    end_try(step, &next, step->facts->wanted->attempts);
}

void verdict_expire(struct step *step, enum reason reason)
{
    LAW(PATIENCE, step->memory->phase == SWAP_REST);
    struct memory_app next = *step->memory;
    judge_unbegun(&next);
    next.reason = reason;
    memory_close_order(&next, OUTCOME_EXPIRED, reason);
    want_committed(&next);
    next.attempts = 0;
    remember(step, &next);
}

static bool lane_is_used(const struct memory_app *memory, const uint8_t *lanes_seen, uint8_t lane)
{
    return (memory->committed.gen != 0 && memory->committed.lane == lane) ||
           (memory->history[0].gen != 0 && memory->history[0].lane == lane) ||
           (lanes_seen[lane] != 0);
}

struct generation swap_generation(const struct memory_app *memory,
                                  const struct session_app *session, const struct plan *wanted)
{
    const struct generation *previous = &memory->history[0];
    if (previous->gen != 0 && digest_is_equal(&previous->release, &wanted->digest)) {
        return *previous;
    }
    /* A lane of remains being removed shows in their addresses; 512 addresses a lane. */
    uint8_t lanes_seen[LANES] = {0};
    for (size_t i = 0; i < session->replica_count; i++) {
        const struct replica *replica = &session->replicas[i];
        if ((replica->is_present || replica->is_routed) && replica->address != 0) {
            lanes_seen[(replica->address / 512u) % LANES] = 1;
        }
    }
    struct generation next = {
        .release = wanted->digest,
        .sequence = wanted->sequence,
        .gen = memory->gen_last + 1,
    };
    while (next.lane < LANES && lane_is_used(memory, lanes_seen, next.lane)) {
        next.lane++;
    }
    return next; /* lane LANES: none is free yet */
}

void verdict_begin(struct step *step)
{
    LAW(DURABLE_FIRST, step->memory->phase == SWAP_REST && step->memory->candidate.gen == 0);
    LAW(ONLY_SIGNED,
        step->facts->wanted != NULL && step->facts->wanted->sequence >= step->memory->floor);
    LAW(ONLY_SIGNED, !step->facts->is_wanted_revoked);
    const struct memory_app *memory = step->memory;
    const struct swap_facts *facts = step->facts;
    struct memory_app next = *memory;
    next.candidate = swap_generation(memory, step->session, facts->wanted);
    if (next.candidate.lane >= LANES) {
        return; /* remains are being removed; the planner is called again after that */
    }
    next.candidate.is_exclusive = facts->wanted->service_count > 0 &&
                                  digest_is_equal(&step->session->staged, &facts->wanted->digest) &&
                                  step->session->is_staged_exclusive;
    next.phase = SWAP_PREPARE;
    next.gen_last = next.candidate.gen > memory->gen_last ? next.candidate.gen : memory->gen_last;
    next.attempts = (uint8_t)(memory->attempts < UINT8_MAX ? memory->attempts + 1 : UINT8_MAX);
    next.boots = 0;
    next.boot = facts->boot;
    remember(step, &next);
}

void verdict_switch(struct step *step)
{
    LAW(READY_FIRST, step->memory->phase == SWAP_PREPARE);
    struct memory_app next = *step->memory;
    next.phase = SWAP_UNPROVEN;
    remember(step, &next);
}

void verdict_commit(struct step *step)
{
    LAW(EVIDENCE, step->memory->phase == SWAP_UNPROVEN);
    const struct memory_app *memory = step->memory;
    const struct plan *plan = step->facts->candidate;
    struct memory_app next = *memory;
    struct generation history[HISTORY_MAX] = {0};
    size_t count = 0;
    if (memory->committed.gen != 0) {
        history[count++] = memory->committed;
    }
    for (size_t i = 0; i < HISTORY_MAX && count < HISTORY_MAX; i++) {
        const struct generation *old = &memory->history[i];
        if (old->gen != 0 && !digest_is_equal(&old->release, &memory->candidate.release) &&
            !digest_is_equal(&old->release, &memory->committed.release)) {
            history[count++] = *old;
        }
    }
    memcpy(next.history, history, sizeof history);
    if (memory->committed.gen != 0) {
        next.adopted = (struct memory_adopted){0}; /* another is before it now */
    }
    next.committed = memory->candidate;
    next.candidate = (struct generation){0};
    next.phase = SWAP_REST;
    next.floor = plan->floor > memory->floor ? plan->floor : memory->floor;
    next.verdict = VERDICT_GOOD;
    next.reason = REASON_SOAKED;
    next.verdict_gen = memory->candidate.gen;
    next.attempts = 0;
    next.boots = 0;
    release_from_quarantine(&next, &memory->candidate.release);
    if (digest_is_equal(&memory->wanted, &memory->candidate.release)) {
        memory_close_order(&next, OUTCOME_SUCCEEDED, REASON_SOAKED);
        next.is_forced = false;
    }
    step->session->warm_until = step->facts->now + plan->keep_warm_ms;
    remember(step, &next);
}

void verdict_adopt(struct step *step, const struct memory_adopted *adopted)
{
    struct memory_app next = *step->memory;
    next.adopted = *adopted;
    remember(step, &next);
}

void verdict_give_back(struct step *step)
{
    struct memory_app next = *step->memory;
    for (size_t i = HISTORY_MAX - 1; i > 0; i--) {
        next.history[i] = next.history[i - 1];
    }
    next.history[0] = next.committed;
    next.committed = (struct generation){0};
    next.attempts = 0;
    remember(step, &next);
}

void verdict_given_back(struct step *step)
{
    LAW(NEVER_NEITHER, step->memory->committed.gen == 0);
    struct memory_app next = *step->memory;
    next.adopted = (struct memory_adopted){0};
    remember(step, &next);
}

/* The machine started again while the candidate was unproven. */
void verdict_count_boot(struct step *step)
{
    LAW(NEVER_NEITHER, step->memory->phase == SWAP_UNPROVEN);
    struct memory_app next = *step->memory;
    next.boots++;
    next.boot = step->facts->boot;
    if (next.boots >= UNPROVEN_BOOTS_MAX) {
        verdict_go_back(step, REASON_BOOT_LOOP);
    } else {
        remember(step, &next);
    }
}
