/* probe: thresholds and periods of one container's three probes; pure. */
#include "agent/node/probe.h"

const struct plan_probe *probe_of(const struct plan_service *service, enum probe_role role)
{
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
            line->next = MONO_NEVER;
            due |= 1u << role;
        }
    }
    return due;
}

static void take_success(struct probe *probe, const struct plan_service *service,
                         enum probe_role role, mono_ms now)
{
    struct probe_line *line = &probe->lines[role];
    line->failures = 0;
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
                         enum probe_role role)
{
    struct probe_line *line = &probe->lines[role];
    line->successes = 0;
    if (line->failures < UINT16_MAX) {
        line->failures++;
    }
    if (line->failures < probe_of(service, role)->failure_threshold) {
        return;
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
                  bool is_success, bool is_error, mono_ms now)
{
    struct probe_line *line = &probe->lines[role];
    if (!line->is_asking) {
        return;
    }
    line->is_asking = false;
    line->next = now + probe_of(service, role)->period_ms;
    if (is_error) {
        return;
    }
    if (is_success) {
        take_success(probe, service, role, now);
    } else {
        take_failure(probe, service, role);
    }
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

bool probe_is_doubtful(const struct probe *probe)
{
    return !probe->is_ready || probe->lines[PROBE_READINESS].failures > 0;
}
