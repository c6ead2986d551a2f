/* probe: turns single answers of a container into "ready" and "alive", by Kubernetes' rules. */
#ifndef AGENT_NODE_PROBE_H
#define AGENT_NODE_PROBE_H

#include <stdbool.h>

#include "agent/wire/release.h"
#include "platform/base/units.h"

/* The three probes of a container, in the order they gate each other. */
enum probe_role { PROBE_STARTUP, PROBE_READINESS, PROBE_LIVENESS, PROBE_ROLES };

/* What came of one question. */
enum probe_said {
    PROBE_SAID_WELL, /* the app answered, well and in time */
    PROBE_SAID_BAD,  /* the app's own answer: bad, refused or late */
    PROBE_UNASKED    /* an error of the asker (machine, prober, engine): says nothing of the app */
};

/* What a container's probes show of it, from better to worse. */
enum evidence {
    EVIDENCE_WELL, /* each that is due was asked and answered well, lately */
    EVIDENCE_OPEN, /* some answer is bad, or awaited and not late */
    EVIDENCE_NONE  /* some question cannot be asked, or nothing at all comes of it */
};

/* An answer is fresh for its probe's period and time-out, and for so long: the asker's own delay.
 */
#define EVIDENCE_MARGIN_MS 3000
/* What could not be asked is asked again so soon, if its period is not shorter. */
#define UNASKED_RETRY_MS 1000

/* A question for which there is no place yet is tried again so soon, and is one that cannot be
 * asked when it has waited so long. */
#define QUEUED_RETRY_MS 20
#define QUEUED_MS_MAX   2000

/* One probe of one replica. Session. */
struct probe_line {
    mono_ms next;          /* when to ask next; MONO_NEVER while an answer is awaited */
    mono_ms asked_at;      /* the question awaited, or the last one; 0: none yet */
    mono_ms well_at;       /* when the last was asked that was answered well; 0: none yet */
    mono_ms well_since;    /* the first of those in a row that were; 0: the last one was not */
    mono_ms unasked_since; /* questions cannot be asked since; 0: the last one could */
    mono_ms asked_again;   /* since when they can be again; 0: they always could */
    mono_ms unasked_at;    /* when the last of those was asked */
    uint16_t successes;    /* in a row */
    uint16_t failures;     /* in a row */
    bool is_asking;
    bool is_hurried; /* ask again as soon as the answer is there */
    bool is_queued;  /* due since asked_at, and waits for a place */
};

/* What the probes of one running container say. Session; zeroed when the container (re)starts. */
struct probe {
    struct probe_line lines[PROBE_ROLES];
    mono_ms running_since; /* 0: not begun */
    bool is_started;       /* startup succeeded, or there is none */
    bool is_ready;
    bool has_failed_startup; /* the startup probe's failure threshold is reached */
    bool is_unalive;         /* the liveness probe's failure threshold is reached */
    mono_ms failed_at;       /* when a threshold was last reached; 0: none was */
};

/* Begins probing a container seen running at `now`. presumed_ready: traffic already goes to it (an
 * agent's restart, or a boot), so it stays ready until its readiness probe's threshold fails, which
 * is asked at once; liveness waits for the startup probe as ever. */
void probe_begin(struct probe *probe, const struct plan_service *service, bool presumed_ready,
                 mono_ms now);

/* The roles to ask now, as bits 1 << role; each is marked as being asked. */
unsigned probe_due(struct probe *probe, const struct plan_service *service, mono_ms now);

/* There is no place for the question that was due: it is due again in a moment. False when it has
 * waited for so long that it cannot be asked: the caller says so by probe_answer. */
bool probe_queue(struct probe *probe, enum probe_role role, mono_ms now);

/* Takes what came of one question. An answer to a probe that began anew meanwhile is ignored
 * (is_asking is false then). PROBE_UNASKED counts towards no threshold. */
void probe_answer(struct probe *probe, const struct plan_service *service, enum probe_role role,
                  enum probe_said said, mono_ms now);

/* Asks every probe that has begun once more, at once. */
void probe_hurry(struct probe *probe, mono_ms now);
/* The same, where it was last asked before `since`. */
void probe_hurry_since(struct probe *probe, mono_ms since, mono_ms now);

/* What the probes show of the time since `since`: answers to earlier questions do not count. A
 * probe whose initial delay is not over yet is not due. Without any probe: EVIDENCE_WELL. */
enum evidence probe_evidence(const struct probe *probe, const struct plan_service *service,
                             mono_ms since, mono_ms now);

/* Until when the probes have shown that it is well: the oldest of their last good answers, by when
 * it was asked for; `now` where none is due. */
mono_ms probe_shown_until(const struct probe *probe, const struct plan_service *service,
                          mono_ms now);

/* Readiness and liveness, where they are configured, were each asked at or after `since` (0: since
 * probing began) and answered well. */
bool probe_is_proven(const struct probe *probe, const struct plan_service *service, mono_ms since);

/* Readiness (without one: liveness) cannot be asked for as long as its failure threshold takes. */
bool probe_is_unreached(const struct probe *probe, const struct plan_service *service, mono_ms now);

/* The line that says so. */
const struct probe_line *probe_regular_line(const struct probe *probe,
                                            const struct plan_service *service);

/* How long the service's readiness takes to fail for good: threshold times period; where there is
 * no readiness probe, that of its liveness; without either, the default one's. */
int64_t probe_patience_ms(const struct plan_service *service);

/* Readiness or liveness is configured: something is asked for as long as the container runs. */
bool probe_is_regular(const struct plan_service *service);

/* Readiness (without one: liveness) could be asked last time, and no answer since is bad. */
bool probe_is_fresh(const struct probe *probe, const struct plan_service *service);

/* It can be asked, and has been for so long that whoever still cannot is another matter: each was
 * asked again since. */
bool probe_is_reached(const struct probe *probe, const struct plan_service *service, mono_ms now);

/* When probe_due has something to ask; MONO_NEVER when it only waits for answers. */
mono_ms probe_deadline(const struct probe *probe);

/* The probe of a role as configured; kind NONE where there is none. */
const struct plan_probe *probe_of(const struct plan_service *service, enum probe_role role);

/* Ready by presumption only: its readiness has not answered well yet. */
bool probe_is_presumed(const struct probe *probe);

/* True when the readiness probe's latest answer was a failure, threshold reached or not. */
bool probe_is_doubtful(const struct probe *probe);

#endif
