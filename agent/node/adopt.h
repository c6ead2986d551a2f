/* adopt: the containers of a Compose project that were the app's before its first release. The
 * first swap stops them for its candidate; they are started again on the way back, and stay
 * stopped as what was before until the next good release. They are never removed. */
#ifndef AGENT_NODE_ADOPT_H
#define AGENT_NODE_ADOPT_H

#include "agent/node/memory.h"
#include "agent/wire/release.h"

/* Containers of one service that are taken over, numbered from 1 as Compose does. */
#define ADOPTED_MAX 4
/* An action whose generation is this one is on such a container: HOLD, STOP (the engine is not to
 * start it by itself any more), START (as it was before), KEEP (only its policy). */
#define GEN_ADOPTED UINT32_MAX

/* One of them, as the engine's list shows it. */
struct adopted_container {
    bool is_present;
    char id[ENGINE_ID_BYTES];
    enum engine_state state;
    struct engine_restart restart;
    bool has_unnamed_volume;
    bool is_held; /* its volumes without a name are noted for the app */
    bool is_busy; /* a call on it is under way */
    uint8_t failures;
    uint64_t touched; /* number of the list asked for before the last call on it: older news */
    mono_ms call_not_before;
};

/* All zero as long as nobody is concerned. */
struct adopted {
    uint32_t of;  /* whose these are: adopt_id; 0: none were looked for */
    bool is_seen; /* the engine has listed them since */
    bool is_over; /* there are more than ADOPTED_MAX: nothing is begun */
    mono_ms look_not_before;
    struct adopted_container at[ADOPTED_MAX];
};

/* Tells services of projects apart; never 0. */
uint32_t adopt_id(const char *project, const char *service);

/* Whose containers have to be looked at now: remembered ones that serve or are to serve again, or
 * those that a first release (NULL: none) names. 0: nobody's. */
uint32_t adopt_concern(const struct memory_app *memory, const struct plan *candidate,
                       const struct plan *wanted);

/* Somebody at the node wants what was before the first release. */
bool adopt_is_wanted_back(const struct memory_app *memory);

bool adopted_is_alive(const struct adopted_container *container);

#endif
