/* selector: which nodes are meant, in the words of Kubernetes' label selectors. */
#ifndef AGENT_FLEET_SELECTOR_H
#define AGENT_FLEET_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "platform/base/err.h"

#define SELECTOR_BYTES     256
#define SELECTOR_TERMS_MAX 8
#define SELECTOR_ITEMS_MAX 16

enum selector_operation { SELECTOR_IN, SELECTOR_NOT_IN, SELECTOR_EXISTS, SELECTOR_MISSING };

struct selector_term {
    enum selector_operation operation;
    const char *key;
    const char *items[SELECTOR_ITEMS_MAX]; /* of IN and NOT_IN */
    size_t item_count;
};

/* Points into itself: do not copy, parse again. */
struct selector {
    struct selector_term terms[SELECTOR_TERMS_MAX]; /* all must hold; none: everything */
    size_t term_count;
    char text[SELECTOR_BYTES]; /* private */
};

/* Reads "k=v", "k==v", "k!=v", "k in (a,b)", "k notin (a,b)", "k", "!k", joined by commas; an empty
 * text matches all. ERR_VALUE says at which character what was expected; ERR_LIMIT. */
NODISCARD int selector_parse(const char *text, struct selector *selector, struct err *err);

/* `names` and `values` are the node's labels; "node" is its name without being one of them. A node
 * without the key matches != and notin, as in Kubernetes. */
bool selector_matches(const struct selector *selector, const char *node, const char *const *names,
                      const char *const *values, size_t count);

#endif
