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

/* An envelope as it lies at the broker; on the heap. */
struct kept_bytes {
    uint8_t *data;
    size_t len;
};

/* The control that lies at the broker, signed by an operator; taken or not. */
struct kept_offer {
    struct rollout_control control;
    struct digest digest; /* of its payload */
    char signer[NAME_BYTES];
    struct kept_bytes bytes;
};

struct kept {
    struct rollout_spec spec; /* created is 0 until it came */
    struct kept_bytes spec_bytes;
    char spec_signer[NAME_BYTES];
    struct kept_offer offer; /* with has_control */
    /* What holds of it: taken from an offer, or "run" with serial 0; by whom it was signed. */
    struct rollout_control control;
    char control_signer[NAME_BYTES];
    struct digest control_digest;
    uint64_t revision; /* of the state that was written last */
    bool is_started;   /* by this process: nobody else has its words until they lie at the broker */
    bool is_begun; /* by a state that was verified, by this coordinator, or by an operator's hand */
    bool is_led;   /* planned here in this session: only the next control is taken */
    uint64_t refused_serial; /* an offer that was not taken was said once */
    struct digest refused_digest;
    struct rollout_state state; /* phase RUNNING until it is planned or read */
    struct rollout_state told;  /* as the broker has it; without has_told only its id */
    struct rollout_control told_control;
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

/* Replaces the bytes by a copy; false without memory, then there are none. */
NODISCARD bool kept_bytes_set(struct kept_bytes *bytes, struct span data);
void kept_bytes_free(struct kept_bytes *bytes);

/* The control that an operator would change: what was taken, or what was offered after it. */
const struct rollout_control *kept_control(const struct kept *kept);

bool kept_is_live(const struct kept *kept);
/* How many have a spec and are live. */
size_t kept_live_count(const struct kept_table *table);

#endif
