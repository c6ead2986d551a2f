/* rolls: the roll's shards that are known, each as it was signed: which nodes the fleet has. */
#ifndef AGENT_FLEET_ROLLS_H
#define AGENT_FLEET_ROLLS_H

#include "agent/fleet/kept.h"
#include "agent/wire/roll.h"

/* One shard; version 0: none is known. */
struct rolls_shard {
    struct roll roll;
    struct kept_bytes bytes; /* the envelope */
    struct digest digest;    /* of its payload */
    enum echo echo;
};

/* Zeroed is empty. */
struct rolls {
    struct rolls_shard *shards; /* TOPIC_SHARDS of them, or NULL: no shard is known */
    size_t node_count;
};

void rolls_close(struct rolls *rolls);

/* A new session has shown none yet. */
void rolls_unsee(struct rolls *rolls);

/* 0 to 255 of two hex digits (asserted). */
unsigned rolls_index(const char shard[TOPIC_SHARD_BYTES]);
/* The shard, or NULL where none is known. */
const struct rolls_shard *rolls_at(const struct rolls *rolls, unsigned index);
/* The node's entry; `shard` is its name's. NULL: the roll does not name it. */
const struct roll_entry *rolls_find(const struct rolls *rolls, const char *shard, const char *node);

/* Takes one that was verified, in the place of an older one: `roll` is empty then, and `before` has
 * the one that held, for the caller to free. Of two documents of one version, made by two operators
 * at a time, the one with the higher digest holds, everywhere. ERR_STALE, ERR_MEMORY: nothing is
 * changed. The same again is no failure, and `before` is empty. */
NODISCARD int rolls_take(struct rolls *rolls, struct roll *roll, struct span envelope,
                         const struct digest *digest, struct roll *before, struct err *err);

#endif
