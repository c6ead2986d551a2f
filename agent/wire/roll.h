/* roll: which nodes a fleet has, in as many documents as there are shards; an operator signs each.
 * It also says which labels of a node are the last: the documents with labels are one a node. */
#ifndef AGENT_WIRE_ROLL_H
#define AGENT_WIRE_ROLL_H

#include "agent/limits.h"
#include "agent/wire/topic.h"
#include "platform/base/err.h"
#include "platform/base/text.h"

#define ROLL_BYTES_MAX RELEASE_PAYLOAD_BYTES_MAX
#define ROLL_NODES_MAX 2048 /* of one shard: some 500,000 in all 256 */

struct roll_entry {
    char node[NODE_NAME_BYTES];
    uint32_t labels; /* version of its labels, older ones are not believed; 0: it has none */
};

/* One shard, sorted by name, no name twice. Of two versions the higher one holds. */
struct roll {
    char fleet[NAME_BYTES];
    char shard[TOPIC_SHARD_BYTES];
    uint64_t version;        /* 0: there is no such document */
    struct roll_entry *list; /* on the heap */
    size_t count;
};

/* Parses the payload: {"schema":1,"fleet","shard","version","nodes":[...],"labels":[...]}, a number
 * for each name; strict. The lint's codes, ERR_VALUE, ERR_MEMORY. The caller calls roll_free. That
 * the names are of this shard is the reader's to check. */
NODISCARD int roll_parse(struct span payload, struct roll *roll, struct err *err);
/* Writes it; look at text->cut: long names may not fit in ROLL_BYTES_MAX. */
void roll_render(const struct roll *roll, struct text *text);
void roll_free(struct roll *roll);
NODISCARD int roll_copy(const struct roll *from, struct roll *to, struct err *err);

/* NULL when it is not there. */
const struct roll_entry *roll_find(const struct roll *roll, const char *node);
/* Adds it, or changes its number. ERR_LIMIT names the bound, ERR_MEMORY. */
NODISCARD int roll_set(struct roll *roll, const char *node, uint32_t labels, struct err *err);
/* False when it is not there. */
bool roll_remove(struct roll *roll, const char *node);

#endif
