/* rollout: the documents of a rollout that lie at the broker, and the coordinators' claim. */
#ifndef AGENT_WIRE_ROLLOUT_H
#define AGENT_WIRE_ROLLOUT_H

#include <stdbool.h>

#include "agent/limits.h"
#include "agent/wire/report.h"
#include "agent/wire/rollout_shape.h"

#define ROLLOUT_TEXT_BYTES  200
#define ROLLOUT_CURRENT_MAX 8
#define ROLLOUT_SKIPPED_MAX 32
#define ROLLOUT_RETRIED_MAX 16
#define CLAIM_NONCE_BYTES   17

/* What an operator asked for; written once, signed by an operator. */
struct rollout_spec {
    char fleet[NAME_BYTES];
    char id[NAME_BYTES];
    char app[NAME_BYTES];
    struct digest release;
    uint64_t sequence;
    char version[REPORT_WORD_BYTES];
    char selector[ROLLOUT_SELECTOR_BYTES]; /* empty: every node */
    wall_ms created;
    uint32_t max_unavailable; /* nodes changing or unproven at a time; at least 1 */
    uint64_t start_by_ms;     /* an order may begin so long after its dispatch */
    uint64_t lost_after_ms;   /* and its outcome is waited for so much longer */
    bool force;               /* also nodes that are overridden, also a quarantined release */
    char offline[ROLLOUT_WORD_BYTES]; /* later, wait, fail, skip */
    struct rollout_shape shape;
};

#define ROLLOUT_START_BY_MS_DEFAULT   900000
#define ROLLOUT_LOST_AFTER_MS_DEFAULT 900000

/* A node, or all (empty), whose order of this rollout is tried again where it failed and was issued
 * by then. Instants are of the coordinator's clock: `updated` of the state that showed the failure.
 */
struct rollout_retry {
    char node[NODE_NAME_BYTES];
    wall_ms before;
};

/* What operators want of it now, signed by the one who changed it last: read, changed, written
 * back with the next serial. The coordinator takes only the next one, and shows it in `state`; one
 * that was never written is "run" with serial 0. */
struct rollout_control {
    char fleet[NAME_BYTES];
    char id[NAME_BYTES]; /* of the rollout */
    uint64_t serial;
    /* When an operator last said that it goes on, by the operator's clock; 0: never. It begins what
     * was not begun in time. */
    wall_ms allowed_at;
    char want[ROLLOUT_WORD_BYTES]; /* run, pause, abort */
    uint32_t accepted;             /* failures that resume has accepted */
    wall_ms resumed_at;            /* `updated` of the state then; 0: never resumed */
    char skipped[ROLLOUT_SKIPPED_MAX][NODE_NAME_BYTES];
    size_t skipped_count;
    struct rollout_retry retried[ROLLOUT_RETRIED_MAX];
    size_t retried_count;
};

/* X(NAME, word, sentence, is an end) */
#define ROLLOUT_PHASES(X)                                                                          \
    X(RUNNING, "running", "nodes get their orders one after the other", false)                     \
    X(PAUSED, "paused", "no node gets an order until someone resumes or aborts it", false)         \
    X(ABORTING, "aborting", "what was not begun is taken back; what was begun comes to its end",   \
      false)                                                                                       \
    X(SUCCEEDED, "succeeded", "every node that it matched runs the release, proven", true)         \
    X(FINISHED, "finished", "every node gave its answer, and not all of them run the release",     \
      true)                                                                                        \
    X(ABORTED, "aborted", "someone ended it", true)                                                \
    X(SUPERSEDED, "superseded", "a later rollout of the same app took its place", true)            \
    X(ROLLING_BACK, "rolling-back", "too much failed: its nodes go back to what they ran before",  \
      false)                                                                                       \
    X(ROLLED_BACK, "rolled-back", "too much failed, and its nodes went back", true)                \
    X(EXPIRED, "expired", "its end date came first", true)

enum rollout_phase {
#define ROLLOUT_PHASE_ENUM_(name, word, sentence, is_end) ROLLOUT_##name,
    ROLLOUT_PHASES(ROLLOUT_PHASE_ENUM_) ROLLOUT_PHASE_COUNT
#undef ROLLOUT_PHASE_ENUM_
};

/* What one node is to one rollout, by what is retained about it. X(NAME, word, sentence) */
#define NODE_CONDITIONS(X)                                                                         \
    X(PENDING, "pending", "it has had no order of this rollout yet")                               \
    X(OFFLINE, "offline", "the same, and it is not there to get one")                              \
    X(BUSY, "busy", "an order of somebody else, or a change at the site, is under way")            \
    X(CHANGING, "changing", "it has its order and has given no answer yet")                        \
    X(DONE, "done", "it runs the release, proven")                                                 \
    X(FAILED, "failed", "its order ended without the release")                                     \
    X(LOST, "lost", "its order was not answered in time")                                          \
    X(REGRESSED, "regressed", "it ran the release, proven, and does not serve any more")           \
    X(OVERRIDDEN, "overridden", "someone at the node wants something else")                        \
    X(SKIPPED, "skipped", "an operator said that it is not waited for")

enum node_condition {
#define NODE_CONDITION_ENUM_(name, word, sentence) NODE_##name,
    NODE_CONDITIONS(NODE_CONDITION_ENUM_) NODE_CONDITION_COUNT
#undef NODE_CONDITION_ENUM_
};

/* A wave that was opened. Instants are of the coordinator's clock; 0: not yet. */
struct rollout_wave_state {
    uint64_t cut; /* nodes whose place is below it belong to it */
    wall_ms opened_at, reached_at, soak_until;
    uint32_t members, done, failed, changing;
};

/* Why nodes, or the whole, wait. X(NAME, word, sentence) */
#define ROLLOUT_WAITS(X)                                                                           \
    X(START, "start", "its start date has not come")                                               \
    X(FREEZE, "freeze", "the fleet is frozen")                                                     \
    X(CHANGING, "changing", "it has its order")                                                    \
    X(SOAK, "soak", "the wave is watched")                                                         \
    X(BUDGET, "budget", "as many change as may")                                                   \
    X(RATE, "rate", "as many orders were given in the last minute as may")                         \
    X(GROUP, "group", "its group has no place free, or it has no such label")                      \
    X(PEERS, "peers", "one of its peers is not there, does not serve or changes")                  \
    X(BUSY, "busy", "somebody else changes it")                                                    \
    X(STUCK, "stuck",                                                                              \
      "it says that it changes, without an order and without an end; look at it, "                 \
      "or leave it out with rollout skip")                                                         \
    X(OFFLINE, "offline", "it is not there")                                                       \
    X(THRESHOLD, "threshold", "too few of the wave are done")                                      \
    X(SETTLED, "settled", "every node that is there has its answer; it has no end")

enum rollout_wait {
#define ROLLOUT_WAIT_ENUM_(name, word, sentence) ROLLOUT_WAIT_##name,
    ROLLOUT_WAITS(ROLLOUT_WAIT_ENUM_) ROLLOUT_WAIT_COUNT
#undef ROLLOUT_WAIT_ENUM_
};

struct rollout_waiting {
    uint32_t count;
    char node[NODE_NAME_BYTES]; /* one of them; of a wave's wait a node of the wave */
};

/* How far it is; rewritten by the coordinator when it changes. */
struct rollout_state {
    char id[NAME_BYTES];
    enum rollout_phase phase;
    char waiting[ROLLOUT_TEXT_BYTES]; /* what for, in words; empty: nothing */
    uint32_t count[NODE_CONDITION_COUNT];
    uint32_t matched;
    char current[ROLLOUT_CURRENT_MAX][NODE_NAME_BYTES]; /* changing now */
    size_t current_count;
    char failed_node[NODE_NAME_BYTES]; /* the first one by name; empty: none */
    char failed_outcome[REPORT_WORD_BYTES], failed_reason[REPORT_WORD_BYTES];
    char fleet[NAME_BYTES];
    uint64_t epoch;    /* of the coordinator that wrote it */
    uint64_t revision; /* only grows: of two states the one with the higher (epoch, revision) */
    wall_ms updated;
    /* The control that was taken: its serial, and who signed it. serial 0: none. */
    uint64_t control_serial;
    char control_signer[NAME_BYTES];
    struct digest control_digest; /* of its payload */
    /* The rollout's memory: the waves that were opened, from wave `wave_first` on. */
    struct rollout_wave_state waves[ROLLOUT_WAVES_MAX];
    size_t wave_count;
    uint32_t wave_first;
    bool is_rolling_back;
    bool is_unbegun;  /* nobody has begun it: its spec is old, and no operator said that it may */
    wall_ms burst_at; /* when the last of many nodes left at a time; 0: they did not */
    struct rollout_waiting waits[ROLLOUT_WAIT_COUNT];
};

/* Who coordinates. The highest (epoch, nonce) that is not released does. */
struct claim {
    char fleet[NAME_BYTES];
    uint64_t epoch;
    uint64_t beat; /* grows with each renewal: one that was seen before renews nothing */
    char nonce[CLAIM_NONCE_BYTES];
    bool is_released;
    wall_ms since;
};

/* Writing asserts nothing about sizes: look at text->cut. Reading is lenient (ROLLOUT_BYTES_MAX):
 * the lint's codes, ERR_SCHEMA, ERR_MISSING, ERR_VALUE, ERR_UNKNOWN_KEY for a key in `must`. */
void rollout_spec_render(const struct rollout_spec *spec, struct text *text);
NODISCARD int rollout_spec_parse(struct span text, struct rollout_spec *spec, struct err *err);
void rollout_control_render(const struct rollout_control *control, struct text *text);
NODISCARD int rollout_control_parse(struct span text, struct rollout_control *control,
                                    struct err *err);
void rollout_state_render(const struct rollout_state *state, struct text *text);
NODISCARD int rollout_state_parse(struct span text, struct rollout_state *state, struct err *err);
/* The same with the control that was taken: whoever goes on knows what is wanted, and whoever
 * changes it knows what stands. */
void rollout_told_render(const struct rollout_state *state, const struct rollout_control *taken,
                         struct text *text);
NODISCARD int rollout_told_parse(struct span text, struct rollout_state *state,
                                 struct rollout_control *taken, struct err *err);
void claim_render(const struct claim *claim, struct text *text);
NODISCARD int claim_parse(struct span text, struct claim *claim, struct err *err);

const char *rollout_phase_word(enum rollout_phase phase);
const char *rollout_phase_sentence(enum rollout_phase phase);
bool rollout_phase_is_end(enum rollout_phase phase);
const char *node_condition_word(enum node_condition condition);
const char *rollout_wait_word(enum rollout_wait wait);
bool rollout_is_skipped(const struct rollout_control *control, const char *node);

/* rollout_memory.c: the waves and waits of a state, for rollout.c. */
void rollout_memory_render(const struct rollout_state *state, struct text *text);
/* "waits":{word:{"count","node"}, ...}; empty braces when it waits for nothing. */
void rollout_waits_render(const struct rollout_state *state, struct text *text);
NODISCARD int rollout_memory_read(const struct json_place *root, struct rollout_state *state,
                                  struct err *err);
/* The skipped and the retried nodes of a control. */
void rollout_hands_render(const struct rollout_control *control, struct text *text);
NODISCARD int rollout_hands_read(const struct json_place *root, struct rollout_control *control,
                                 struct err *err);

#endif
