/* selector: which nodes a rollout means, in the words of Kubernetes' label selectors. */
#ifndef AGENT_FLEET_SELECTOR_H
#define AGENT_FLEET_SELECTOR_H

#include <stdbool.h>

#include "agent/wire/rollout.h"

#define SELECTOR_REQUIREMENTS_MAX 16
#define SELECTOR_VALUES_MAX       64

/* X(NAME, how it is written) */
#define SELECTOR_OPERATORS(X)                                                                      \
    X(EQUAL, "k=v or k==v")                                                                        \
    X(NOT_EQUAL, "k!=v; true also where k is absent")                                              \
    X(IN, "k in (a,b)")                                                                            \
    X(NOT_IN, "k notin (a,b); true also where k is absent")                                        \
    X(EXISTS, "k")                                                                                 \
    X(ABSENT, "!k")

enum selector_operator {
#define SELECTOR_OPERATOR_ENUM_(name, form) SELECTOR_##name,
    SELECTOR_OPERATORS(SELECTOR_OPERATOR_ENUM_) SELECTOR_OPERATOR_COUNT
#undef SELECTOR_OPERATOR_ENUM_
};

struct selector_requirement {
    enum selector_operator kind;
    const char *name;
    size_t first, count; /* in `values` */
};

/* Points into its own text: copy it with selector_parse only. */
struct selector {
    char text[2 * ROLLOUT_SELECTOR_BYTES];
    struct selector_requirement requirements[SELECTOR_REQUIREMENTS_MAX];
    size_t requirement_count;
    const char *values[SELECTOR_VALUES_MAX];
    size_t value_count;
};

/* Reads "site=north,tier in (a,b),!lab"; a comma means and, empty text matches everything.
 * ERR_SYNTAX names the place and what was expected, ERR_VALUE a label that Kubernetes would not
 * take, ERR_OVERSIZE more than the limits above. */
NODISCARD int selector_parse(const char *text, struct selector *selector, struct err *err);

/* Of a name that stands twice the last counts. A node's own name is given as the label "node". */
bool selector_matches(const struct selector *selector, const char *const *names,
                      const char *const *values, size_t count);

#endif
