/* rollout_shape: how a rollout goes over its fleet: waves, budgets, what counts as a failure. All
 * zero: one node after the other, stopped at the first failure. */
#ifndef AGENT_WIRE_ROLLOUT_SHAPE_H
#define AGENT_WIRE_ROLLOUT_SHAPE_H

#include "agent/limits.h"
#include "agent/wire/json.h"
#include "platform/base/text.h"
#include "platform/base/units.h"

#define ROLLOUT_SELECTOR_BYTES 256
#define ROLLOUT_WORD_BYTES     16
#define ROLLOUT_LABEL_BYTES    64
#define ROLLOUT_WAVES_MAX      16
#define ROLLOUT_GROUPS_MAX     4
#define ROLLOUT_RETRIES_MAX    15 /* an order's number of tries is one hex digit of its id */

/* How many nodes: a count, or a share; both 0: all. */
struct rollout_size {
    uint32_t count, percent;
};

struct rollout_wave_spec {
    char selector[ROLLOUT_SELECTOR_BYTES]; /* of those that the rollout means; empty: all of them */
    struct rollout_size size;              /* with the waves before it */
    uint64_t soak_ms;
    uint32_t threshold; /* per cent of the final answers that have to be good */
};

/* As AWS IoT Jobs has it: `base` orders a minute, `factor` times as many for each `every` nodes
 * that are done (or have their order), at most `most`. */
struct rollout_ramp {
    uint32_t base; /* 0: no ramp */
    uint32_t factor_thousandths;
    uint32_t every, most;
    bool is_by_ordered;
};

/* What a final answer counts as. X(NAME, word, its weight in per cent unless the spec says another)
 */
#define ROLLOUT_CLASSES(X)                                                                         \
    X(FAILED, "failed", 100)                                                                       \
    X(ROLLED_BACK, "rolled-back", 100)                                                             \
    X(REFUSED, "refused", 100)                                                                     \
    X(TIMED_OUT, "timed-out", 100)                                                                 \
    X(INCONCLUSIVE, "inconclusive", 100)                                                           \
    X(HELD, "held", 0)                                                                             \
    X(LOST, "lost", 100)                                                                           \
    X(OVERRIDDEN, "overridden", 0)                                                                 \
    X(REGRESSED, "regressed", 100)

enum rollout_class {
#define ROLLOUT_CLASS_ENUM_(name, word, weight) ROLLOUT_CLASS_##name,
    ROLLOUT_CLASSES(ROLLOUT_CLASS_ENUM_) ROLLOUT_CLASS_COUNT
#undef ROLLOUT_CLASS_ENUM_
};

struct rollout_failure {
    bool is_given;                   /* false: the first failure stops the rollout */
    uint32_t ratio;                  /* stops above so many per cent of the final answers */
    uint32_t minimum;                /* after at least so many */
    bool is_canary;                  /* any failure in the first wave stops, too */
    char action[ROLLOUT_WORD_BYTES]; /* pause, continue, rollback */
    uint32_t weight[ROLLOUT_CLASS_COUNT];
    uint32_t retries[ROLLOUT_CLASS_COUNT];
};

struct rollout_shape {
    struct rollout_wave_spec waves[ROLLOUT_WAVES_MAX];
    size_t wave_count;
    struct rollout_size parallelism; /* waves of this size each, until all nodes are reached */
    uint64_t delay_ms;               /* their soak */
    struct rollout_ramp ramp;
    uint32_t max_unavailable_percent; /* 0: the spec's count holds */
    char group_by[ROLLOUT_GROUPS_MAX][ROLLOUT_LABEL_BYTES];
    size_t group_count;
    uint32_t group_max;                     /* nodes of one group that change at a time */
    char group_missing[ROLLOUT_WORD_BYTES]; /* alone, together, refuse: nodes without the label */
    char peers[ROLLOUT_LABEL_BYTES];
    uint32_t per_minute;
    struct rollout_failure failure;
    uint64_t offline_until_ms; /* from `created`; 0: without end */
    wall_ms start_at, end_at;  /* 0: none */
    bool is_continuous;        /* it has no end: who joins the target later gets the release, too */
    char undo[NAME_BYTES];     /* it takes back what this rollout brought; empty: none */
};

const char *rollout_class_word(enum rollout_class class);
/* The weights and the action of a failure part that says nothing of them. */
void rollout_failure_default(struct rollout_failure *failure);

/* The rollout goes in waves, a wave at a time. */
bool rollout_shape_is_staged(const struct rollout_shape *shape);

/* Keys of a spec that a reader who does not know them would misread: of `must`, each with a comma
 * before it but the first. */
void rollout_shape_must(const struct rollout_shape *shape, struct text *text);
/* ,"key":value for everything that is not zero. */
void rollout_shape_render(const struct rollout_shape *shape, struct text *text);
/* ERR_VALUE names the path and what it must be. Keys that are absent stay zero. */
NODISCARD int rollout_shape_read(const struct json_place *root, struct rollout_shape *shape,
                                 struct err *err);
/* For a document's `must`. */
bool rollout_shape_knows(const char *key);

#endif
