/* labels: what the fleet calls a node, beside what the node calls itself; names for selecting. */
#ifndef AGENT_WIRE_LABELS_H
#define AGENT_WIRE_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/limits.h"
#include "platform/base/err.h"
#include "platform/base/span.h"
#include "platform/base/text.h"

struct json_place;

#define LABELS_MAX  32
#define LABEL_BYTES 64 /* a key or a value, with the NUL */

struct label {
    char key[LABEL_BYTES];
    char value[LABEL_BYTES];
};

/* Sorted by key; no key stands twice. */
struct labels {
    struct label list[LABELS_MAX];
    size_t count;
};

/* Kubernetes' rules, except that a key has 63 characters in all: [prefix/]name; the prefix is a DNS
 * name in lower case; name and value have letters, digits, '-', '_' and '.', and begin and end with
 * a letter or a digit. A value may be empty. */
bool label_is_key(const char *text);
bool label_is_value(const char *text);

/* What the fleet calls one node, as an operator signed it. Of two versions the higher one holds. */
struct labels_given {
    char fleet[NAME_BYTES];
    char node[NODE_NAME_BYTES];
    uint32_t version; /* from 1 on */
    struct labels labels;
};

/* The payload at berth/2: {"schema":1,"fleet","node","version","labels":{...}}; strict, at most
 * SMALL_BYTES_MAX. ERR_VALUE names a label that breaks the rules; the lint's codes. */
NODISCARD int labels_given_parse(struct span payload, struct labels_given *given, struct err *err);
/* Writes it; look at text->cut, as below. */
void labels_given_render(const struct labels_given *given, struct text *text);

/* The document of topic `labels` at berth/1, which nobody signs:
 * {"schema":1,"labels":{"site":"north"}}; strict, at most SMALL_BYTES_MAX. ERR_VALUE names a label
 * that breaks the rules; the lint's codes. */
NODISCARD int labels_parse(struct span text, struct labels *labels, struct err *err);
/* Writes it; LABELS_MAX labels of full length do not fit in SMALL_BYTES_MAX: look at text->cut. */
void labels_render(const struct labels *labels, struct text *text);

/* Writes {"site":"north"}. */
void labels_append(const struct labels *labels, struct text *text);
/* A reader for an object of labels (wire/json.h): into a struct labels. */
NODISCARD int labels_read(const struct json_place *at, void *into, struct err *err);

/* Adds or changes one. ERR_VALUE (key or value), ERR_LIMIT (LABELS_MAX stand there already). */
NODISCARD int labels_set(struct labels *labels, const char *key, const char *value,
                         struct err *err);
/* False when it is not there. */
bool labels_remove(struct labels *labels, const char *key);
/* NULL when it is not there. */
const char *labels_get(const struct labels *labels, const char *key);

#endif
