/* probe: thresholds and periods of one container's three probes; pure. */
#include "agent/node/probe.h"

#include "platform/base/law.h"

/* Three failures of a readiness probe asked every 5 s: the defaults of a probe. */
#define PATIENCE_DEFAULT_MS 15000

const struct plan_probe *probe_of(const struct plan_service *service, enum probe_role role)
{
    LAW(EVIDENCE, role < PROBE_ROLES);
    switch (role) {
    case PROBE_STARTUP:
        return &service->startup;
    case PROBE_READINESS:
        return &service->readiness;
    case PROBE_LIVENESS:
        return &service->liveness;
    case PROBE_ROLES:
        break;
    }
    return &service->readiness;
}

static bool has_probe(const struct plan_service *service, enum probe_role role)
{
    return probe_of(service, role)->kind != PLAN_PROBE_NONE;
}

/* From now on the role is asked; nothing changes when it is asked already. */
static void begin_role(struct probe *probe, const struct plan_service *service,
                       enum probe_role role, mono_ms now)
{
    struct probe_line *line = &probe->lines[role];
    mono_ms earliest = probe->running_since + probe_of(service, role)->initial_delay_ms;
    if (has_probe(service, role) && !line->is_asking && line->next == MONO_NEVER) {
        line->next = earliest > now ? earliest : now;
    }
}

/* Readiness and liveness begin once startup is over. Without a readiness probe a started container
 * is ready. */
static void begin_regular(struct probe *probe, const struct plan_service *service, mono_ms now)
{
    probe->is_started = true;
    begin_role(probe, service, PROBE_READINESS, now);
    begin_role(probe, service, PROBE_LIVENESS, now);
    if (!has_probe(service, PROBE_READINESS)) {
        probe->is_ready = true;
    }
}

void probe_begin(struct probe *probe, const struct plan_service *service, bool presumed_ready,
                 mono_ms now)
{
    LAW(EVIDENCE, service != NULL);
    *probe = (struct probe){.running_since = now, .is_ready = presumed_ready};
    for (int role = 0; role < PROBE_ROLES; role++) {
        probe->lines[role].next = MONO_NEVER;
    }
    if (!has_probe(service, PROBE_STARTUP)) {
        begin_regular(probe, service, now);
        return;
    }
    begin_role(probe, service, PROBE_STARTUP, now);
    if (presumed_ready) {
        begin_role(probe, service, PROBE_READINESS, now);
    }
}

unsigned probe_due(struct probe *probe, const struct plan_service *service, mono_ms now)
{
    unsigned due = 0;
    for (int role = 0; role < PROBE_ROLES; role++) {
        struct probe_line *line = &probe->lines[role];
        if (!line->is_asking && line->next <= now && has_probe(service, (enum probe_role)role)) {
            line->is_asking = true;
            line->asked_at = line->is_queued ? line->asked_at : now;
            line->is_queued = false;
            line->next = MONO_NEVER;
            due |= 1u << role;
        }
    }
    return due;
}

bool probe_queue(struct probe *probe, enum probe_role role, mono_ms now)
{
    LAW(EVIDENCE, role < PROBE_ROLES);
    struct probe_line *line = &probe->lines[role];
    if (now - line->asked_at >= QUEUED_MS_MAX) {
        return false;
    }
    line->is_asking = false;
    line->is_queued = true;
    line->next = now + QUEUED_RETRY_MS;
    return true;
}

static void take_success(struct probe *probe, const struct plan_service *service,
                         enum probe_role role, mono_ms now)
{
    struct probe_line *line = &probe->lines[role];
    line->failures = 0;
    line->well_at = line->asked_at;
    line->well_since = line->well_since != 0 ? line->well_since : line->asked_at;
    if (line->successes < UINT16_MAX) {
        line->successes++;
    }
    if (line->successes < probe_of(service, role)->success_threshold) {
        return;
    }
    if (role == PROBE_STARTUP) {
        line->next = MONO_NEVER;
        begin_regular(probe, service, now);
    } else if (role == PROBE_READINESS) {
        probe->is_ready = true;
    } else {
        probe->is_unalive = false; /* it came back before anybody restarted it */
    }
}

static void take_failure(struct probe *probe, const struct plan_service *service,
                         enum probe_role role, mono_ms now)
{
    struct probe_line *line = &probe->lines[role];
    line->successes = 0;
    line->well_since = 0;
    if (line->failures < UINT16_MAX) {
        line->failures++;
    }
    if (line->failures < probe_of(service, role)->failure_threshold) {
        return;
    }
    if (line->failures == probe_of(service, role)->failure_threshold) {
        probe->failed_at = now;
    }
    if (role == PROBE_STARTUP) {
        probe->has_failed_startup = true;
    } else if (role == PROBE_READINESS) {
        probe->is_ready = false;
    } else {
        probe->is_unalive = true;
    }
}

void probe_answer(struct probe *probe, const struct plan_service *service, enum probe_role role,
                  enum probe_said said, mono_ms now)
{
    LAW(EVIDENCE, role < PROBE_ROLES);
    struct probe_line *line = &probe->lines[role];
    int64_t pause = probe_of(service, role)->period_ms;
    if (!line->is_asking) {
        return;
    }
    line->is_asking = false;
    if (said == PROBE_UNASKED) {
        line->unasked_since = line->unasked_since != 0 ? line->unasked_since : line->asked_at;
        line->unasked_at = line->asked_at;
        line->well_since = 0;
        line->next = now + (pause < UNASKED_RETRY_MS ? pause : UNASKED_RETRY_MS);
        return;
    }
    line->next = line->is_hurried ? now : now + pause;
    line->is_hurried = false;
    line->asked_again = line->unasked_since != 0 ? now : line->asked_again;
    line->unasked_since = 0;
    if (said == PROBE_SAID_WELL) {
        take_success(probe, service, role, now);
    } else {
        take_failure(probe, service, role, now);
    }
}

void probe_hurry(struct probe *probe, mono_ms now)
{
    probe_hurry_since(probe, MONO_NEVER, now);
}

void probe_hurry_since(struct probe *probe, mono_ms since, mono_ms now)
{
    for (int role = 0; role < PROBE_ROLES; role++) {
        struct probe_line *line = &probe->lines[role];
        if (line->asked_at >= since) {
            continue;
        }
        if (line->is_asking) {
            line->is_hurried = true;
        } else if (line->asked_at != 0 && line->next != MONO_NEVER) {
            line->next = mono_min(line->next, now);
        }
    }
}

/* Begun, and its initial delay is over. */
static bool is_due(const struct probe_line *line, mono_ms now)
{
    bool has_begun = line->is_asking || line->next != MONO_NEVER;
    return has_begun && (line->asked_at != 0 || now >= line->next);
}

static enum evidence line_evidence(const struct probe_line *line, const struct plan_probe *config,
                                   mono_ms since, mono_ms now)
{
    int64_t answer_ms = config->timeout_ms + EVIDENCE_MARGIN_MS;
    if (!is_due(line, now)) {
        return EVIDENCE_WELL;
    }
    if (line->failures == 0 && line->unasked_since == 0 && line->well_at != 0 &&
        line->well_at >= since && now - line->well_at <= config->period_ms + answer_ms) {
        return EVIDENCE_WELL;
    }
    bool is_silent = line->is_asking && now - line->asked_at > answer_ms;
    return line->unasked_since != 0 || is_silent ? EVIDENCE_NONE : EVIDENCE_OPEN;
}

enum evidence probe_evidence(const struct probe *probe, const struct plan_service *service,
                             mono_ms since, mono_ms now)
{
    enum evidence worst = EVIDENCE_WELL;
    for (int role = 0; role < PROBE_ROLES; role++) {
        bool is_over = role == PROBE_STARTUP && probe->is_started;
        if (!is_over && has_probe(service, (enum probe_role)role)) {
            enum evidence shown = line_evidence(
                &probe->lines[role], probe_of(service, (enum probe_role)role), since, now);
            worst = shown > worst ? shown : worst;
        }
    }
    return worst;
}

mono_ms probe_shown_until(const struct probe *probe, const struct plan_service *service,
                          mono_ms now)
{
    mono_ms until = now;
    for (int role = 0; role < PROBE_ROLES; role++) {
        bool is_over = role == PROBE_STARTUP && probe->is_started;
        if (!is_over && has_probe(service, (enum probe_role)role) &&
            is_due(&probe->lines[role], now)) {
            until = mono_min(until, probe->lines[role].well_at);
        }
    }
    return until;
}

bool probe_is_proven(const struct probe *probe, const struct plan_service *service, mono_ms since)
{
    for (int role = PROBE_READINESS; role < PROBE_ROLES; role++) {
        mono_ms well_at = probe->lines[role].well_at;
        if (has_probe(service, (enum probe_role)role) && (well_at == 0 || well_at < since)) {
            return false;
        }
    }
    return probe->is_started;
}

bool probe_is_regular(const struct plan_service *service)
{
    return has_probe(service, PROBE_READINESS) || has_probe(service, PROBE_LIVENESS);
}

static enum probe_role regular_role(const struct plan_service *service)
{
    return has_probe(service, PROBE_READINESS) ? PROBE_READINESS : PROBE_LIVENESS;
}

int64_t probe_patience_ms(const struct plan_service *service)
{
    const struct plan_probe *config = probe_of(service, regular_role(service));
    return probe_is_regular(service) ? config->failure_threshold * config->period_ms
                                     : PATIENCE_DEFAULT_MS;
}

const struct probe_line *probe_regular_line(const struct probe *probe,
                                            const struct plan_service *service)
{
    return &probe->lines[regular_role(service)];
}

bool probe_is_unreached(const struct probe *probe, const struct plan_service *service, mono_ms now)
{
    mono_ms since =
        probe_is_regular(service) ? probe_regular_line(probe, service)->unasked_since : 0;
    return since != 0 && now - since >= probe_patience_ms(service);
}

mono_ms probe_deadline(const struct probe *probe)
{
    mono_ms deadline = MONO_NEVER;
    for (int role = 0; role < PROBE_ROLES; role++) {
        if (!probe->lines[role].is_asking) {
            deadline = mono_min(deadline, probe->lines[role].next);
        }
    }
    return deadline;
}

bool probe_is_reached(const struct probe *probe, const struct plan_service *service, mono_ms now)
{
    const struct probe_line *line = &probe->lines[regular_role(service)];
    int64_t settled_ms = UNASKED_RETRY_MS + probe_of(service, regular_role(service))->timeout_ms;
    return line->unasked_since == 0 &&
           (line->asked_again == 0 || now - line->asked_again > settled_ms);
}

bool probe_is_fresh(const struct probe *probe, const struct plan_service *service)
{
    const struct probe_line *line = &probe->lines[regular_role(service)];
    return line->failures == 0 && line->unasked_since == 0;
}

bool probe_is_presumed(const struct probe *probe)
{
    const struct probe_line *line = &probe->lines[PROBE_READINESS];
    bool has_begun = line->is_asking || line->next != MONO_NEVER;
    return probe->is_ready && has_begun && line->well_at == 0;
}

bool probe_is_doubtful(const struct probe *probe)
{
    return !probe->is_ready || probe->lines[PROBE_READINESS].failures > 0;
}
