/* rolls: a table of shards; versions only grow. */
#include "agent/fleet/rolls.h"
#include "platform/base/law.h"

#include <stdlib.h>
#include <string.h>

void rolls_close(struct rolls *rolls)
{
    for (unsigned i = 0; i < TOPIC_SHARDS && rolls->shards != NULL; i++) {
        roll_free(&rolls->shards[i].roll);
        kept_bytes_free(&rolls->shards[i].bytes);
    }
    free(rolls->shards);
    *rolls = (struct rolls){.node_count = 0};
}

void rolls_unsee(struct rolls *rolls)
{
    for (unsigned i = 0; i < TOPIC_SHARDS && rolls->shards != NULL; i++) {
        rolls->shards[i].echo = ECHO_MISSING;
    }
}

unsigned rolls_index(const char shard[TOPIC_SHARD_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    LAW(BOUNDED, topic_is_shard(shard));
    return (unsigned)(strchr(digits, shard[0]) - digits) * 16 +
           (unsigned)(strchr(digits, shard[1]) - digits);
}

const struct rolls_shard *rolls_at(const struct rolls *rolls, unsigned index)
{
    bool is_known = rolls->shards != NULL && rolls->shards[index].roll.version != 0;
    return is_known ? &rolls->shards[index] : NULL;
}

const struct roll_entry *rolls_find(const struct rolls *rolls, const char *shard, const char *node)
{
    const struct rolls_shard *place = rolls_at(rolls, rolls_index(shard));
    return place != NULL ? roll_find(&place->roll, node) : NULL;
}

static int stale(const struct roll *roll, const struct roll *held, struct err *err)
{
    return err_set(err, ERR_STALE, "version %llu of this shard is %s, which holds",
                   (unsigned long long)roll->version,
                   roll->version < held->version ? "older than the one that was read before"
                                                 : "another than the one of the same number");
}

int rolls_take(struct rolls *rolls, struct roll *roll, struct span envelope,
               const struct digest *digest, struct roll *before, struct err *err)
{
    *before = (struct roll){.version = 0};
    if (rolls->shards == NULL) {
        rolls->shards = calloc(TOPIC_SHARDS, sizeof *rolls->shards);
    }
    if (rolls->shards == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for the roll");
    }
    struct rolls_shard *place = &rolls->shards[rolls_index(roll->shard)];
    int order = memcmp(digest->bytes, place->digest.bytes, sizeof digest->bytes);
    if (roll->version < place->roll.version ||
        (roll->version == place->roll.version && order < 0)) {
        return stale(roll, &place->roll, err);
    }
    if (roll->version == place->roll.version && order == 0) {
        return 0;
    }
    struct kept_bytes bytes = {NULL, 0};
    if (!kept_bytes_set(&bytes, envelope)) { /* what holds stays, with its own bytes */
        return err_set(err, ERR_MEMORY, "no memory for the roll");
    }
    kept_bytes_free(&place->bytes);
    place->bytes = bytes;
    rolls->node_count += roll->count - place->roll.count;
    *before = place->roll;
    place->roll = *roll;
    place->digest = *digest;
    *roll = (struct roll){.version = 0};
    return 0;
}
