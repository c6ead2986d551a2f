/* kept: the rollouts that a coordinator knows of, each with everything that is asserted for it. */
#ifndef AGENT_FLEET_KEPT_H
#define AGENT_FLEET_KEPT_H

#include "agent/fleet/planner.h"
#include "agent/wire/rollout.h"

/* What a document of ours at the broker is. */
enum echo {
    ECHO_MISSING, /* not seen in this session */
    ECHO_SENT,    /* on its way */
    ECHO_THERE
};

struct kept {
    struct rollout_spec spec; /* created is 0 until it came */
    struct rollout_control control;
    struct rollout_state state; /* phase RUNNING until it is planned or read */
    struct rollout_state told;  /* as the broker has it; without has_told only its id */
    bool has_told;
    struct selector selector;
    enum echo spec_echo, control_echo, release_echo;
    bool is_end_there; /* the broker shows its end in this session: it need not be told again */
    bool has_control;
    bool is_state_told; /* published in this session, and not written over since */
    uint32_t state_sum; /* of what was published, the instant left out */
    mono_ms state_not_before;
    struct planner_tally *tally; /* while it is live and planned here; NULL: none */
    uint8_t *release;            /* envelope; NULL: not here */
    size_t release_len;
    bool is_release_asked, are_files_noted;
};

/* Grows as rollouts come, only memory bounds it; in the order in which they came. Zeroed is empty.
 */
struct kept_table {
    struct kept **list;
    size_t count, cap;
};

/* NULL: not there. */
struct kept *kept_find(const struct kept_table *table, const char *id);
/* The one of this id, made where it is not there, with control "run". NULL: no memory. */
struct kept *kept_need(struct kept_table *table, const char *id);
/* Frees it; the table's indexes behind it move down by one. */
void kept_remove(struct kept_table *table, struct kept *kept);
void kept_close(struct kept_table *table);

bool kept_is_live(const struct kept *kept);
/* How many have a spec and are live. */
size_t kept_live_count(const struct kept_table *table);

#endif
