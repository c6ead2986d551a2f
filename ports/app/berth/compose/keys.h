/* keys: one table of every key of the Compose specification and what becomes of it here.
 *
 * Source of the names: the specification's JSON schema (compose-spec.json, as of 2026). A path is
 * written from the root; "*" stands for a name that the file gives, "[]" for an element of a list.
 * Below a row that has no rows of its own nothing is a key (environment, labels, options). */
#ifndef PORTS_APP_BERTH_COMPOSE_KEYS_H
#define PORTS_APP_BERTH_COMPOSE_KEYS_H

#include "ports/app/berth/compose/findings.h"
#include "ports/yaml/tree.h"

struct normal;

/* Honoured; honoured or left alone with a note; or refused with reason and remedy. */
enum key_verdict { KEY_HONOURED, KEY_NOTED, KEY_REFUSED };

struct key {
    const char *path;
    enum key_verdict verdict;
    const char *text;     /* NOTED: what becomes of it; REFUSED: the reason */
    const char *remedy;   /* REFUSED */
    const char *harmless; /* words that say what is so anyway, blanks between: no word about them */
    const char *since;    /* the first agent that reads it; NULL: every agent */
    /* Writes the key of a service into its payload (normal.h); NULL: others do, or nobody. */
    void (*write)(struct normal *normal, const struct yaml_item *item);
};

/* The table stands on several pages: the whole file and services; what is nested in a service; the
 * top level; x-berth. */
struct key_page {
    const struct key *keys;
    size_t count;
};
struct key_page keys_of_service(void);
struct key_page keys_of_deploy(void);
struct key_page keys_of_top(void);
struct key_page keys_of_berth(void);

/* By position over all pages; NULL behind the last. */
const struct key *keys_at(size_t index);

/* The row of a path, or NULL. */
const struct key *keys_find(const char *path);

/* Judges every key below the root: unknown ones (with the nearest known spelling), refused ones,
 * noted ones. Findings carry the whole path, as in "services.web.ports[0].mode". Keys that begin
 * with "x-" are left alone, but for berth's own. An empty value (null, {} or []) asks for nothing
 * and is neither refused nor noted. */
void keys_check(const struct yaml_item *root, struct findings *findings);

/* True when the value is null, an empty map or an empty list, or one of the row's harmless words.
 */
bool key_is_harmless(const struct key *key, const struct yaml_item *item);

/* -- for the pages ------------------------------------------------------------------------------
 */
#define HONOURED(p)                                                                                \
    {                                                                                              \
        .path = (p)                                                                                \
    }
#define WRITTEN(p, w)                                                                              \
    {                                                                                              \
        .path = (p), .write = (w)                                                                  \
    }
#define NEW(p)                                                                                     \
    {                                                                                              \
        .path = (p), .since = KEYS_SINCE_NOW                                                       \
    }
#define NEW_WRITTEN(p, w)                                                                          \
    {                                                                                              \
        .path = (p), .write = (w), .since = KEYS_SINCE_NOW                                         \
    }
#define NOTED(p, t)                                                                                \
    {                                                                                              \
        .path = (p), .verdict = KEY_NOTED, .text = (t)                                             \
    }
#define NOTED_BUT(p, h, t)                                                                         \
    {                                                                                              \
        .path = (p), .verdict = KEY_NOTED, .text = (t), .harmless = (h)                            \
    }
#define REFUSED(p, t, r)                                                                           \
    {                                                                                              \
        .path = (p), .verdict = KEY_REFUSED, .text = (t), .remedy = (r)                            \
    }
#define REFUSED_BUT(p, h, t, r)                                                                    \
    {                                                                                              \
        .path = (p), .verdict = KEY_REFUSED, .text = (t), .remedy = (r), .harmless = (h)           \
    }

/* Keys that no released agent reads yet: they need the agent of this version. */
#define KEYS_SINCE_NOW BERTH_VERSION

#endif
