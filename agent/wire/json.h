/* json: a strict lint of text nobody vouched for, and a reader that knows where it stands. */
#ifndef AGENT_WIRE_JSON_H
#define AGENT_WIRE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/base/arena.h"
#include "platform/base/err.h"
#include "platform/base/span.h"

/* Members one object may have. */
#define JSON_MEMBERS_MAX 512

/* The library's tree; only json.c, json_read.c and their callers' places know it. */
struct cJSON;

struct json_rules {
    size_t bytes_max;
    /* Keys whose number may be a plain decimal with at most three places, ended by NULL; every
     * other number is an integer. NULL: none. */
    const char *const *decimal_keys;
    size_t values_max; /* 0: JSON_VALUES_MAX */
};

/* Looks at text before any parser sees it: at most bytes_max bytes, one RFC 8259 value and nothing
 * after it, valid UTF-8 without NUL (escaped or not) and without lone surrogates, at most
 * JSON_DEPTH_MAX deep, values_max values, numbers without exponent within 2^53 - 1.
 * ERR_OVERSIZE, ERR_DEPTH, ERR_VALUE (a number out of bounds), ERR_SYNTAX; the text says line and
 * column. Duplicate keys are json_parse's to find, because keys are compared unescaped. */
NODISCARD int json_lint(struct span text, const struct json_rules *rules, struct err *err);

/* A parsed document on the heap, bounded by what the lint let through. */
struct json_document {
    struct cJSON *root;
};

/* Lints, parses, and refuses an object that has the same key twice (ERR_DUPLICATE_KEY) or more than
 * JSON_MEMBERS_MAX members (ERR_OVERSIZE); ERR_MEMORY. On success the caller calls json_free; on
 * failure *document is empty. */
NODISCARD int json_parse(struct span text, const struct json_rules *rules,
                         struct json_document *document, struct err *err);

/* Frees the tree; harmless on an empty document. */
void json_free(struct json_document *document);

/* A value and the way to it from the root. Places live on the caller's stack and point at their
 * parents, which must outlive them. */
struct json_place {
    const struct json_place *parent;
    const char *key; /* of a member; NULL in an array and at the root */
    size_t index;    /* in an array */
    const struct cJSON *value;
};

struct json_place json_root(const struct json_document *document);

/* Finds a member by its exact key; false when it is not there or `object` is no object. */
bool json_member(const struct json_place *object, const char *key, struct json_place *member);

/* Walks members or elements in order: `step` starts zeroed, true as long as there is one. */
bool json_next(const struct json_place *container, struct json_place *step);

size_t json_count(const struct json_place *container);
bool json_is_object(const struct json_place *at);
bool json_is_array(const struct json_place *at);
bool json_is_string(const struct json_place *at);
bool json_is_null(const struct json_place *at);

/* Sets "services.web.ports[0]: message" and returns code. Keys are cut and made printable. */
int json_error(const struct json_place *at, int code, struct err *err, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* Typed reading; ERR_VALUE names the path and what was expected. A string lives as long as the
 * document. A decimal is given in thousandths. */
NODISCARD int json_string(const struct json_place *at, const char **value, struct err *err);
NODISCARD int json_copy(const struct json_place *at, char *value, size_t cap, struct err *err);
NODISCARD int json_integer(const struct json_place *at, int64_t least, int64_t most, int64_t *value,
                           struct err *err);
NODISCARD int json_thousandths(const struct json_place *at, int64_t least, int64_t most,
                               int64_t *value, struct err *err);
NODISCARD int json_boolean(const struct json_place *at, bool *value, struct err *err);

/* A reader for "schema": ERR_SCHEMA for any other number than 1. */
NODISCARD int json_schema1(const struct json_place *at, void *into, struct err *err);
/* The same for 1 or 2. */
NODISCARD int json_schema2(const struct json_place *at, void *into, struct err *err);

/* Strings of 1 to `cap` - 1 characters [a-z0-9]([-a-z0-9]*[a-z0-9])? */
NODISCARD int json_name(const struct json_place *at, char *value, size_t cap, struct err *err);

typedef int (*json_read)(const struct json_place *at, void *into, struct err *err);

/* A key an object may have. Without `read` the key is known and refused, with the remedy. */
struct json_key {
    const char *name;
    json_read read;
    const char *remedy;
    bool is_required;
};

/* A plain member of a struct, for documents that are mostly such. */
enum json_field_kind {
    JSON_FIELD_TEXT,     /* char[size]; longer is ERR_VALUE */
    JSON_FIELD_DIGEST,   /* struct digest: 64 hex digits */
    JSON_FIELD_NUMBER,   /* uint64_t, 0 .. 2^53 - 1 */
    JSON_FIELD_NUMBER32, /* uint32_t */
    JSON_FIELD_INSTANT,  /* wall_ms, not negative */
    JSON_FIELD_BOOLEAN   /* bool */
};

struct json_field {
    const char *name;
    enum json_field_kind kind;
    size_t offset, size; /* in the struct; use JSON_FIELD */
    bool is_required;
};

#define JSON_FIELD(name, kind, type, member, is_required)                                          \
    {                                                                                              \
        name, JSON_FIELD_##kind, offsetof(type, member), sizeof(((type *)0)->member), is_required  \
    }

/* Reads the fields that are there into the struct at `into`; other members are left alone.
 * ERR_VALUE when `at` is no object or a member does not fit, ERR_MISSING. */
NODISCARD int json_read_fields(const struct json_place *at, const struct json_field *fields,
                               size_t count, void *into, struct err *err);

/* For lenient documents: true for a key this reader knows. */
typedef bool (*json_knows)(const char *key);

/* The head of a lenient document: its schema must be 1 (ERR_SCHEMA, ERR_MISSING), and every key
 * listed in its "must" has to be known (ERR_UNKNOWN_KEY): its writer says that who does not know
 * it misreads the rest. */
NODISCARD int json_read_head(const struct json_place *root, json_knows knows, struct err *err);

/* Gives every member to the reader of its key, in the order of the table. ERR_VALUE when `at` is no
 * object, ERR_UNKNOWN_KEY by path for a member that is not in the table or is refused there,
 * ERR_MISSING for a required one; else what a reader returns. */
NODISCARD int json_read_object(const struct json_place *at, const struct json_key *keys,
                               size_t count, void *into, struct err *err);

#endif
