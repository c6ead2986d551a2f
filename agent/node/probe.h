/* probe: turns single answers of a container into "ready" and "alive", by Kubernetes' rules. */
#ifndef AGENT_NODE_PROBE_H
#define AGENT_NODE_PROBE_H

#include <stdbool.h>

#include "agent/wire/release.h"
#include "platform/base/units.h"

/* The three probes of a container, in the order they gate each other. */
enum probe_role { PROBE_STARTUP, PROBE_READINESS, PROBE_LIVENESS, PROBE_ROLES };

/* One probe of one replica. Session. */
struct probe_line {
    mono_ms next;       /* when to ask next; MONO_NEVER while an answer is awaited */
    uint16_t successes; /* in a row */
    uint16_t failures;  /* in a row */
    bool is_asking;
};

/* What the probes of one running container say. Session; zeroed when the container (re)starts. */
struct probe {
    struct probe_line lines[PROBE_ROLES];
    mono_ms running_since; /* 0: not begun */
    bool is_started;       /* startup succeeded, or there is none */
    bool is_ready;
    bool has_failed_startup; /* the startup probe's failure threshold is reached */
    bool is_unalive;         /* the liveness probe's failure threshold is reached */
};

/* Begins probing a container seen running at `now`. presumed_ready: traffic already goes to it (an
 * agent's restart, or a boot), so it stays ready until its readiness probe's threshold fails, which
 * is asked at once; liveness waits for the startup probe as ever. */
void probe_begin(struct probe *probe, const struct plan_service *service, bool presumed_ready,
                 mono_ms now);

/* The roles to ask now, as bits 1 << role; each is marked as being asked. */
unsigned probe_due(struct probe *probe, const struct plan_service *service, mono_ms now);

/* Takes the answer to one question. An answer to a probe that began anew meanwhile is ignored
 * (is_asking is false then). is_error: the question could not be asked at all; it
 * counts for nothing. */
void probe_answer(struct probe *probe, const struct plan_service *service, enum probe_role role,
                  bool is_success, bool is_error, mono_ms now);

/* When probe_due has something to ask; MONO_NEVER when it only waits for answers. */
mono_ms probe_deadline(const struct probe *probe);

/* The probe of a role as configured; kind NONE where there is none. */
const struct plan_probe *probe_of(const struct plan_service *service, enum probe_role role);

/* True when the readiness probe's latest answer was a failure, threshold reached or not. */
bool probe_is_doubtful(const struct probe *probe);

#endif
