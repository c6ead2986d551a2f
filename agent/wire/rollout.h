/* rollout: the documents of a rollout that lie at the broker, and the coordinators' claim. */
#ifndef AGENT_WIRE_ROLLOUT_H
#define AGENT_WIRE_ROLLOUT_H

#include <stdbool.h>

#include "agent/limits.h"
#include "agent/wire/report.h"

#define ROLLOUT_SELECTOR_BYTES 256
#define ROLLOUT_WORD_BYTES     16
#define ROLLOUT_TEXT_BYTES     200
#define ROLLOUT_CURRENT_MAX    8
#define CLAIM_NONCE_BYTES      17

/* What an operator asked for; written once. */
struct rollout_spec {
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
    char offline[ROLLOUT_WORD_BYTES]; /* later, wait, fail */
};

#define ROLLOUT_START_BY_MS_DEFAULT   900000
#define ROLLOUT_LOST_AFTER_MS_DEFAULT 900000

/* What an operator wants of it now; read, changed, written back. */
struct rollout_control {
    char want[ROLLOUT_WORD_BYTES]; /* run, pause, abort */
    uint32_t accepted;             /* failures that resume has accepted */
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
    X(SUPERSEDED, "superseded", "a later rollout of the same app took its place", true)

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
    X(OVERRIDDEN, "overridden", "someone at the node wants something else")

enum node_condition {
#define NODE_CONDITION_ENUM_(name, word, sentence) NODE_##name,
    NODE_CONDITIONS(NODE_CONDITION_ENUM_) NODE_CONDITION_COUNT
#undef NODE_CONDITION_ENUM_
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
    uint64_t epoch; /* of the coordinator that wrote it */
    wall_ms updated;
};

/* Who coordinates. The highest (epoch, nonce) that is not released does. */
struct claim {
    uint64_t epoch;
    char nonce[CLAIM_NONCE_BYTES];
    bool is_released;
    wall_ms since;
};

/* Writing asserts nothing about sizes: look at text->cut. Reading is lenient (SMALL_BYTES_MAX):
 * the lint's codes, ERR_SCHEMA, ERR_MISSING, ERR_VALUE, ERR_UNKNOWN_KEY for a key in `must`. */
void rollout_spec_render(const struct rollout_spec *spec, struct text *text);
NODISCARD int rollout_spec_parse(struct span text, struct rollout_spec *spec, struct err *err);
void rollout_control_render(const struct rollout_control *control, struct text *text);
NODISCARD int rollout_control_parse(struct span text, struct rollout_control *control,
                                    struct err *err);
void rollout_state_render(const struct rollout_state *state, struct text *text);
NODISCARD int rollout_state_parse(struct span text, struct rollout_state *state, struct err *err);
void claim_render(const struct claim *claim, struct text *text);
NODISCARD int claim_parse(struct span text, struct claim *claim, struct err *err);

const char *rollout_phase_word(enum rollout_phase phase);
const char *rollout_phase_sentence(enum rollout_phase phase);
bool rollout_phase_is_end(enum rollout_phase phase);
const char *node_condition_word(enum node_condition condition);

#endif
