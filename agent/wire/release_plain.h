/* release_plain: the keys of a service that reach the engine as they are written: one table. */
#ifndef AGENT_WIRE_RELEASE_PLAIN_H
#define AGENT_WIRE_RELEASE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine_spec;

enum plain_kind { PLAIN_TEXT, PLAIN_LIST, PLAIN_PAIRS, PLAIN_NUMBER, PLAIN_FLAG };

struct plain_key {
    const char *name;
    enum plain_kind kind;
    size_t offset; /* in struct engine_spec */
    /* TEXT and LIST: what a text must be, in a function and in words; NULL: anything printable. */
    bool (*is_valid)(const char *text);
    const char *expected;
    /* TEXT and LIST: the texts that are a power; NULL: each is, where there is a power. */
    bool (*is_power)(const char *text);
    unsigned power;      /* POWER_*, or 0; of a number that is negative, of a flag that is true */
    int64_t least, most; /* NUMBER */
};

/* The table, and how long it is. Its order is part of a container's hash: new rows come last. */
const struct plain_key *release_plain_keys(size_t *count);

/* True where the specification says something under this key. */
bool plain_is_said(const struct plain_key *key, const struct engine_spec *spec);

#endif
