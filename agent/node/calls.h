/* calls: the table of calls under way, and how many of its places probes may have. */
#ifndef AGENT_NODE_CALLS_H
#define AGENT_NODE_CALLS_H

#include "agent/node/swap.h"
#include "platform/prober.h"

#define CALLS_MAX 128
/* Of these, what probes may have under way, by connections and by commands. The prober has places
 * left for notices; half of what the engine takes is for looking at it and for acting on it. */
#define PROBE_PLACES      (PROBER_PENDING_MAX - 8)
#define PROBE_EXEC_PLACES 32
/* Places that every other app has for its own, however many questions of one app hang. */
#define PROBE_PLACES_KEPT      2
#define PROBE_EXEC_PLACES_KEPT 1

_Static_assert(PROBE_PLACES >= APPS_MAX * PROBE_PLACES_KEPT, "each app has its places");
_Static_assert(PROBE_EXEC_PLACES >= APPS_MAX * PROBE_EXEC_PLACES_KEPT, "each app has its places");
_Static_assert(PROBE_PLACES + PROBE_EXEC_PLACES + 32 <= CALLS_MAX, "others have calls, too");

struct app;
struct conductor;

/* What a pending call was for. Names a replica by identity, for its place may change. */
struct call {
    struct conductor *conductor;
    struct app *app; /* NULL: the node's own */
    enum action_kind kind;
    uint32_t gen;
    uint8_t service, number;
    struct digest release; /* pulls, trees */
    enum probe_role role;  /* probes */
    uint32_t epoch;        /* probes: of the replica's probing; lists: their number; starts: of
                            * the mounts so many were looked at */
    bool is_probe, is_exec;
    bool is_used;
};

/* Private; all zero: none is under way. */
struct calls {
    struct call list[CALLS_MAX];
};

/* A free call of this kind, or NULL when all are in use. It stays where it is until it is dropped.
 */
struct call *calls_take(struct calls *calls, struct app *app, enum action_kind kind);
/* The same for a probe of one of `apps` apps: NULL also when its places are taken, or all that are
 * left are other apps'. */
struct call *calls_take_probe(struct calls *calls, struct app *app, size_t apps, bool is_exec);
void call_drop(struct call *call);

#endif
