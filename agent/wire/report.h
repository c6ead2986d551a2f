/* report: what a node says it observes of itself and its apps; and how orders ended. */
#ifndef AGENT_WIRE_REPORT_H
#define AGENT_WIRE_REPORT_H

#include "agent/wire/order.h"
#include "platform/engine.h"

/* The one final answer to an order. X(NAME, word, sentence) */
#define OUTCOMES(X)                                                                                \
    X(NONE, "none", "not an answer")                                                               \
    X(SUCCEEDED, "succeeded", "the release runs here, proven")                                     \
    X(FAILED, "failed", "the release failed by its own probes; the node went back")                \
    X(INCONCLUSIVE, "inconclusive", "something else failed, as often as attempts allow")           \
    X(REFUSED, "refused", "the node would not begin it; the reason is an error code")              \
    X(EXPIRED, "expired", "startBy passed before it could begin")                                  \
    X(REPLACED, "replaced", "a later order came before the switch")                                \
    X(OVERRIDDEN, "overridden", "someone at the node asked for something else")

enum outcome_kind {
#define OUTCOME_ENUM_(name, word, sentence) OUTCOME_##name,
    OUTCOMES(OUTCOME_ENUM_) OUTCOME_KIND_COUNT
#undef OUTCOME_ENUM_
};

#define REPORT_OUTCOMES_MAX 4
#define REPORT_WORD_BYTES   32
#define REPORT_LABELS_MAX   32 /* as many as a node may have (CONFIG_LABELS_MAX) */

struct report_outcome {
    char id[ORDER_ID_BYTES]; /* of the order */
    enum outcome_kind kind;
    char reason[REPORT_WORD_BYTES]; /* a reason's word, or an error code's for REFUSED */
};

struct report_generation {
    uint32_t gen; /* 0: none */
    struct digest release;
    uint64_t sequence;
    char version[REPORT_WORD_BYTES]; /* cut; may be empty */
};

struct report_app {
    char app[NAME_BYTES];
    char phase[REPORT_WORD_BYTES]; /* rest, prepare, unproven */
    struct report_generation committed, candidate;
    struct digest wanted;
    char wanted_by[REPORT_WORD_BYTES]; /* nobody, order, override */
    char verdict[REPORT_WORD_BYTES], reason[REPORT_WORD_BYTES];
    uint32_t verdict_gen;
    uint64_t floor;
    uint64_t order_epoch, order_gen;    /* the highest order taken; 0: none */
    char order_id[ORDER_ID_BYTES];      /* of that order; empty: none */
    bool is_order_open;                 /* it has no outcome yet */
    char order_wait[REPORT_WORD_BYTES]; /* not begun, why: release, held, busy, ...; empty: begun */
    struct report_outcome outcomes[REPORT_OUTCOMES_MAX]; /* newest first */
    size_t outcome_count;
    char refused[REPORT_WORD_BYTES]; /* code of the last order that was not even taken; empty */
    bool is_serving;                 /* every replica of what should serve is ready */
    uint32_t restarts; /* ends of what is committed that nobody asked for, since its swap began, as
                        * far as this run of the agent saw; 0 also: it says nothing of them */
    char health[REPORT_WORD_BYTES],
        health_reason[REPORT_WORD_BYTES]; /* ready, not-ready, unknown */
};

/* A node's report. About 8 KiB: keep one, not one a node. */
struct report {
    char fleet[NAME_BYTES];
    char node[NODE_NAME_BYTES];
    char version[REPORT_WORD_BYTES]; /* of the agent */
    char arch[ENGINE_ARCH_BYTES];
    char label_names[REPORT_LABELS_MAX][64], label_values[REPORT_LABELS_MAX][64];
    size_t label_count;
    bool is_memory_lost, is_store_failing, is_engine_up;
    char identity[REPORT_WORD_BYTES]; /* alone, suspected, shared: with another client; or empty */
    uint64_t trust_version, revoke_version;
    /* Highest schema of each that the node reads; of trust 0: it is one of the version before. */
    unsigned schema_release, schema_order, schema_trust;
    wall_ms at;
    bool is_time_trusted;
    struct report_app apps[APPS_MAX];
    size_t app_count;
};

/* Writes the report: {schema, must: [], ...}; at most REPORT_BYTES_MAX, else text->cut. Keys that
 * are empty or zero are left out; a false is written. */
void report_render(const struct report *report, struct text *text);

/* Reads a report leniently: unknown keys are skipped unless listed in its `must` (ERR_UNKNOWN_KEY);
 * of outcomes the newest are taken. ERR_LIMIT for more apps or labels than a node may have, the
 * lint's codes, ERR_SCHEMA, ERR_MISSING. */
NODISCARD int report_parse(struct span text, struct report *report, struct err *err);

const char *outcome_word(enum outcome_kind kind);
const char *outcome_sentence(enum outcome_kind kind);
/* OUTCOME_NONE for a word that is none. */
enum outcome_kind outcome_of(const char *word);

#endif
