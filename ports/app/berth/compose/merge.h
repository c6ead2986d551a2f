/* merge: one Compose file, or service, over another, to the specification's rules (13-merge). */
#ifndef PORTS_APP_BERTH_COMPOSE_MERGE_H
#define PORTS_APP_BERTH_COMPOSE_MERGE_H

#include "ports/app/berth/compose/findings.h"

/* How two values of one key come together, where it is not the common rule: maps merge, lists are
 * put one behind the other, anything else is replaced; nothing (null) changes nothing. */
enum merge_rule {
    MERGE_COMMON,
    MERGE_REPLACE, /* the later one counts, even if it is null */
    MERGE_PAIRS,   /* a map or a list of NAME=value: as maps */
    MERGE_TEXTS,   /* a text or a list of texts: as lists, each text once */
    MERGE_HOSTS,   /* a map or a list of host=address or host:address: as lists, each once */
    MERGE_NAMES,   /* a map or a list of names: as maps */
    MERGE_DEPENDS, /* the same, a name of a list with the condition service_started */
    MERGE_BUILD,   /* a folder or a map */
    MERGE_LOGGING, /* maps, unless the driver is another */
    MERGE_MOUNTS,  /* lists; one of the same target is replaced: volumes, devices */
    MERGE_PORTS,   /* lists; address, both ports and protocol tell them apart */
    MERGE_SECRETS, /* lists; one of the same target is replaced */
    MERGE_CONFIGS
};

/* The rule of the value that `keys` lead to ("services", "web", "ports"). */
enum merge_rule merge_rule_of(const char *const *keys, size_t count);

/* Where the values stand that are merged. */
struct merge_place {
    const char *const *keys;
    size_t count;
};

/* Puts `over` over `base`, which is changed; `over` is taken and freed. With `keeps_tags` what
 * !reset and !override say stays for a further merge, else nothing tagged remains. What cannot be
 * merged (a list over a map) is a finding. ERR_MEMORY. */
NODISCARD int merge_trees(struct yaml_item *base, struct yaml_item *over, struct merge_place place,
                          bool keeps_tags, struct findings *findings, struct err *err);

/* Takes away what is tagged !reset, and the tags. */
void merge_strip(struct yaml_item *item);

/* Of each list of a service in which things are unique, keeps the last of each, at the place of
 * the first. ERR_MEMORY. */
NODISCARD int merge_unique(struct yaml_item *root, struct err *err);

/* Turns a list of NAME=value into a map, in place; a name without "=" has a null value. What is no
 * text, and a name of nothing, is a finding at `path`. ERR_MEMORY. */
NODISCARD int merge_pairs_as_map(struct yaml_item *item, const char *path,
                                 struct findings *findings, struct err *err);

/* What tells an item of a unique list apart from the others, in memory of the caller's; NULL
 * without memory. */
char *merge_key(enum merge_rule rule, const struct yaml_item *item);

#endif
