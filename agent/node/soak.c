/* soak: from the switch to the verdict; time counts only while somebody asks and is answered. */
#include "agent/node/swap_private.h"

#include "platform/base/law.h"

/* The kernel may take so long to confirm the switch. */
#define ROUTE_LIMIT_MS 30000
/* Without evidence for so long the candidate goes; where the committed release answers meanwhile,
 * as soon as readiness would have failed. */
#define BLIND_LIMIT_MS 300000
/* The soak is looked at so often. */
#define LOOK_MS 1000

bool soak_wish(struct step *step)
{
    LAW(READY_FIRST, step->memory->phase == SWAP_UNPROVEN);
    const struct memory_app *memory = step->memory;
    const struct swap_facts *facts = step->facts;
    struct session_app *session = step->session;
    /* A release that removes the app has nobody who could be ready. */
    bool has_ready = facts->candidate->service_count == 0 ||
                     upkeep_count_ready(step, memory->candidate.gen, facts->candidate) > 0;
    if (has_ready || step_is_exclusive(step) || facts->committed == NULL ||
        upkeep_count_ready(step, memory->committed.gen, facts->committed) == 0) {
        (void)upkeep_wish(step, memory->candidate.gen, facts->candidate);
        session->is_route_settled = session->is_route_settled && !session->is_stood_in;
        session->is_stood_in = false;
        return has_ready;
    }
    (void)upkeep_wish(step, memory->committed.gen, facts->committed);
    session->is_stood_in = true;
    session->soak_since = 0; /* the next switch begins it anew */
    session->route_from = 0;
    return false;
}

/* What the worst of the set shows; with `is_proof`, EVIDENCE_WELL only when all is proven. */
static enum evidence set_evidence(const struct step *step, uint32_t gen, const struct plan *plan,
                                  mono_ms since, bool is_proof)
{
    enum evidence worst = EVIDENCE_WELL;
    for (uint8_t i = 0; i < plan->service_count; i++) {
        const struct plan_service *service = &plan->services[i];
        for (uint8_t number = 1; number <= service->replicas; number++) {
            const struct replica *replica = session_find(step->session, gen, i, number);
            enum evidence shown = replica == NULL
                                      ? EVIDENCE_OPEN
                                      : replica_evidence(replica, service, since, step->facts->now);
            if (shown == EVIDENCE_WELL && is_proof && !replica_is_proven(replica, service, since)) {
                shown = EVIDENCE_OPEN;
            }
            worst = shown > worst ? shown : worst;
        }
    }
    return worst;
}

/* The least that all of the set have shown. */
static mono_ms set_shown_until(const struct step *step, uint32_t gen, const struct plan *plan)
{
    mono_ms until = step->facts->now;
    for (uint8_t i = 0; i < plan->service_count; i++) {
        for (uint8_t number = 1; number <= plan->services[i].replicas; number++) {
            const struct replica *replica = session_find(step->session, gen, i, number);
            until = replica == NULL
                        ? 0
                        : mono_min(until, replica_shown_until(replica, &plan->services[i],
                                                              step->facts->now));
        }
    }
    return until;
}

/* Since when each of the set has been answering without a gap; as long as a list is the answer, its
 * last one. */
static mono_ms set_shown_from(const struct step *step, uint32_t gen, const struct plan *plan)
{
    mono_ms from = 0;
    for (uint8_t i = 0; i < plan->service_count; i++) {
        const struct plan_service *service = &plan->services[i];
        for (uint8_t number = 1; number <= service->replicas; number++) {
            const struct replica *replica = session_find(step->session, gen, i, number);
            mono_ms its = replica == NULL ? MONO_NEVER
                          : !probe_is_regular(service)
                              ? replica->seen_at
                              : probe_regular_line(&replica->probe, service)->well_since;
            from = its > from ? its : from;
        }
    }
    return from;
}

/* What was not asked since then is asked at once. */
static void hurry_set(const struct step *step, mono_ms since)
{
    for (size_t i = 0; i < step->session->replica_count; i++) {
        struct replica *replica = &step->session->replicas[i];
        bool is_old = replica->gen == step->memory->committed.gen;
        if ((is_old || replica->gen == step->memory->candidate.gen) && replica->is_probed) {
            probe_hurry_since(&replica->probe, since, step->facts->now);
        }
    }
}

static void begin_soak(struct step *step)
{
    LAW(EVIDENCE, step->memory->phase == SWAP_UNPROVEN);
    struct session_app *session = step->session;
    session->soak_since = step->facts->now;
    session->soak_seen = step->facts->now;
    session->soaked_ms = 0;
    session->shown_from = 0;
    session->shown_until = 0;
    session->blind_since = 0;
    session->route_from = 0;
    session->last_table = 0;
    memset(session->waited_ms, 0, sizeof session->waited_ms);
    hurry_set(step, session->soak_since);
    step_wake(step, step->facts->now);
}

/* True when the switch is confirmed; false while that is waited for, and when it took too long. */
static bool has_switched(struct step *step)
{
    struct session_app *session = step->session;
    mono_ms now = step->facts->now;
    if (session->soak_since != 0) {
        return true;
    }
    if (session->is_route_settled) {
        begin_soak(step);
        return true;
    }
    session->route_from = session->route_from != 0 ? session->route_from : now;
    if (now >= session->route_from + ROUTE_LIMIT_MS) {
        verdict_go_back(step, REASON_ROUTE_FAILED);
    } else {
        step_wake(step, session->route_from + ROUTE_LIMIT_MS);
    }
    return false;
}

/* The committed release can run beside the candidate, is ready, and has answered before and after a
 * question to the candidate that could not be asked: so it is the candidate that is cut off. */
static bool is_old_answering(const struct step *step, const struct probe_line *line)
{
    const struct plan *old = step->facts->committed;
    uint32_t gen = step->memory->committed.gen;
    return old != NULL && old->service_count > 0 && !step_is_exclusive(step) &&
           upkeep_is_all_ready(step, gen, old) &&
           set_evidence(step, gen, old, line->unasked_since, true) == EVIDENCE_WELL &&
           set_shown_from(step, gen, old) <= line->unasked_at;
}

/* It cannot be asked for as long as its readiness takes to fail, and a list that was asked for
 * since its last such question says that it runs: one that has ended cannot be asked either. */
static bool is_unreached(const struct step *step, const struct replica *replica,
                         const struct plan_service *service)
{
    const struct probe_line *line = probe_regular_line(&replica->probe, service);
    mono_ms now = step->facts->now;
    bool is_seen = line->unasked_at > line->unasked_since && replica->seen_at >= line->unasked_at;
    return replica->is_probed && probe_is_unreached(&replica->probe, service, now) &&
           (is_seen || now >= line->unasked_since + LIST_EVIDENCE_MS);
}

/* Of some replica of the candidate that is not reached; NULL: there is none. */
static const struct probe_line *unreached_line(const struct step *step)
{
    const struct plan *plan = step->facts->candidate;
    for (uint8_t i = 0; i < plan->service_count; i++) {
        for (uint8_t number = 1; number <= plan->services[i].replicas; number++) {
            const struct replica *replica =
                session_find(step->session, step->memory->candidate.gen, i, number);
            if (replica != NULL && is_unreached(step, replica, &plan->services[i])) {
                return probe_regular_line(&replica->probe, &plan->services[i]);
            }
        }
    }
    return NULL;
}

/* True when nothing was heard for too long: the candidate goes, and nobody is blamed. */
static bool is_blind(struct step *step, enum evidence shown)
{
    struct session_app *session = step->session;
    mono_ms now = step->facts->now;
    if (shown != EVIDENCE_NONE) {
        session->blind_since = 0;
    } else if (session->blind_since == 0) {
        session->blind_since = now;
    }
    bool is_over = session->blind_since != 0 && now - session->blind_since >= BLIND_LIMIT_MS;
    const struct probe_line *line = unreached_line(step);
    return is_over || (line != NULL && is_old_answering(step, line));
}

/* How much of the soak has passed: from the first to the last question that was answered well, in
 * each stretch with evidence. What comes after that question is not shown yet. */
static int64_t count_soak(struct step *step, enum evidence shown)
{
    struct session_app *session = step->session;
    session->soak_seen = step->facts->now;
    if (shown != EVIDENCE_WELL || !session->is_route_settled) {
        session->soaked_ms += session->shown_until - session->shown_from;
        session->shown_from = 0;
        session->shown_until = 0;
        return session->soaked_ms;
    }
    session->shown_until =
        set_shown_until(step, step->memory->candidate.gen, step->facts->candidate);
    session->shown_from = session->shown_from != 0 ? session->shown_from : session->shown_until;
    return session->soaked_ms + session->shown_until - session->shown_from;
}

bool soak_may_begin(const struct step *step)
{
    LAW(EVIDENCE, step->facts->candidate != NULL);
    const struct plan *plan = step->facts->candidate;
    for (uint8_t i = 0; i < plan->service_count; i++) {
        for (uint8_t number = 1; number <= plan->services[i].replicas; number++) {
            const struct replica *replica =
                session_find(step->session, step->memory->candidate.gen, i, number);
            if (replica == NULL || !probe_is_fresh(&replica->probe, &plan->services[i])) {
                return false;
            }
        }
    }
    return true;
}

/* An answer says that the candidate was well when it was asked, not that clients reach it, nor that
 * it is still what was created. So the verdict waits for a list and for a look at the kernel that
 * began after the last answer that counts; for no list of an engine that does not answer. */
static bool is_confirmed(struct step *step)
{
    struct session_app *session = step->session;
    const struct swap_facts *facts = step->facts;
    if (session->last_table == 0) {
        session->last_table = facts->tables.asked + 1;
        session->last_list = facts->lists.asked + 1;
    }
    bool is_list_due = facts->is_engine_up && facts->lists.seen < session->last_list;
    bool is_table_due = facts->tables.seen < session->last_table || !session->is_route_settled;
    step->decision->is_look_wanted |= is_list_due;
    step->decision->is_table_look_wanted = is_table_due;
    return !is_list_due && !is_table_due;
}

static void prove(struct step *step)
{
    LAW(EVIDENCE, step->memory->phase == SWAP_UNPROVEN);
    const struct plan *plan = step->facts->candidate;
    struct session_app *session = step->session;
    uint32_t gen = step->memory->candidate.gen;
    mono_ms now = step->facts->now;
    enum evidence shown = set_evidence(step, gen, plan, session->soak_since, false);
    if (is_blind(step, shown)) {
        verdict_go_back(step, REASON_NO_EVIDENCE);
        return;
    }
    int64_t left = plan->soak_ms - count_soak(step, shown);
    bool is_proven = set_evidence(step, gen, plan, session->soak_since, true) == EVIDENCE_WELL;
    bool is_due = left <= 0 && is_proven && !swap_is_overridden(step->memory);
    if (is_due && is_confirmed(step)) {
        verdict_commit(step);
        return;
    }
    session->last_table = is_due ? session->last_table : 0;
    mono_ms end = session->shown_until + left;
    if (shown == EVIDENCE_WELL && now >= end) {
        hurry_set(step, end); /* the last question decides */
    }
    step_wake(step, now < end && end < now + LOOK_MS ? end : now + LOOK_MS);
}

void soak_step(struct step *step)
{
    LAW(EVIDENCE, step->memory->phase == SWAP_UNPROVEN);
    LAW(EVIDENCE, step->facts->candidate != NULL);
    struct session_app *session = step->session;
    mono_ms now = step->facts->now;
    uint32_t gen = step->memory->candidate.gen;
    enum reason failure = blame_replicas(step);
    bool is_ready = upkeep_is_all_ready(step, gen, step->facts->candidate);
    if (failure == REASON_NONE && !is_ready) {
        failure = blame_time(step);
    } else {
        session->waits_seen = 0;
    }
    if (failure != REASON_NONE) {
        verdict_go_back(step, failure);
        return;
    }
    upkeep_set(step, gen, step->facts->candidate);
    if (!is_ready) {
        session->soak_since = 0; /* what was not ready soaks from zero */
        return;
    }
    /* Nor does what slept with the machine prove anything: the planner is called each second. */
    if (session->soak_since != 0 && now - session->soak_seen > SLEEP_GAP_MS) {
        begin_soak(step);
    }
    if (has_switched(step)) {
        prove(step);
    }
}
