/* selector: which nodes a rollout means, in the words of Kubernetes' label selectors. */
#ifndef AGENT_FLEET_SELECTOR_H
#define AGENT_FLEET_SELECTOR_H

#include <stdbool.h>

#include "agent/wire/rollout.h"

#define SELECTOR_REQUIREMENTS_MAX 16
#define SELECTOR_VALUES_MAX       64

/* `k=v` and `k!=v` are lists of one value. */
enum selector_operator {
    SELECTOR_UNREAD,
    SELECTOR_IN,     /* k=v, k==v, k in (a,b) */
    SELECTOR_NOT_IN, /* k!=v, k notin (a,b); true also where k is absent */
    SELECTOR_EXISTS, /* k */
    SELECTOR_ABSENT  /* !k */
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
