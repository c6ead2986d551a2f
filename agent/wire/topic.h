/* topic: the names under which the two sides meet at the broker: berth/1/<fleet>/..., and what is
 * about one node at berth/2/<fleet>/node/<shard>/<node>/... where both sides know and may use it.
 */
#ifndef AGENT_WIRE_TOPIC_H
#define AGENT_WIRE_TOPIC_H

#include <stdbool.h>

#include "agent/limits.h"
#include "platform/base/span.h"
#include "platform/bus.h"
#include "platform/verify.h"

#define TOPIC_PREFIX   "berth/1/"
#define TOPIC_PREFIX_2 "berth/2/"
/* A fleet's nodes in so many parts, by the first byte of the SHA-256 of a node's name in hex. */
#define TOPIC_SHARDS      256
#define TOPIC_SHARD_BYTES 3

/* X(NAME, path below berth/1/<fleet>/; {n} node, {a} app, {d} digest, {r} rollout, {s} shard). A
 * story's {a} is the app's place at its node, one hex digit; agents before 0.2 wrote the app's
 * name. */
#define TOPIC_KINDS(X)                                                                             \
    X(ORDER, "node/{n}/order/{a}")                                                                 \
    X(LABELS, "node/{n}/labels")                                                                   \
    X(REPORT, "node/{n}/report")                                                                   \
    X(STORY, "node/{n}/story/{a}")                                                                 \
    X(PRESENCE, "node/{n}/presence")                                                               \
    X(RELEASE, "release/{d}")                                                                      \
    X(FILE, "file/{d}")                                                                            \
    X(TRUST, "trust")                                                                              \
    X(REVOKE, "revoke")                                                                            \
    X(OPERATORS, "operators")                                                                      \
    X(ROLL, "roll/{s}")                                                                            \
    X(ROLLOUT_SPEC, "rollout/{r}/spec")                                                            \
    X(ROLLOUT_STATE, "rollout/{r}/state")                                                          \
    X(ROLLOUT_CONTROL, "rollout/{r}/control")                                                      \
    X(COORDINATOR, "coordinator")                                                                  \
    X(FREEZE, "freeze")                                                                            \
    X(FROZEN, "freeze/state")

enum topic_kind {
#define TOPIC_KIND_ENUM_(name, path) TOPIC_##name,
    TOPIC_KINDS(TOPIC_KIND_ENUM_) TOPIC_KIND_COUNT
#undef TOPIC_KIND_ENUM_
};

/* A topic taken apart; what its kind does not name is empty. */
struct topic {
    enum topic_kind kind;
    unsigned level;                /* 2: berth/2, of a kind that is about one node; else berth/1 */
    char shard[TOPIC_SHARD_BYTES]; /* of level 2, and of a roll: two hex digits */
    char fleet[NAME_BYTES];
    char node[NODE_NAME_BYTES];
    char app[NAME_BYTES];
    char rollout[NAME_BYTES];
    char digest[DIGEST_HEX_BYTES];
};

/* Writes the topic; an empty part becomes '+', so that the same call makes filters. Asserts that
 * the parts are as long as their limits allow (then everything fits). */
void topic_render(const struct topic *topic, char text[BUS_TOPIC_BYTES]);

/* False for text that is none of ours: other prefix, unknown path, a part that is no name. That a
 * shard is its node's is the reader's to check. `level` of a topic of berth/1 is 1. */
bool topic_parse(const char *text, struct topic *topic);

/* The kind is about one node: it may be of level 2. */
bool topic_is_about_node(enum topic_kind kind);

/* Two hex digits. */
bool topic_is_shard(const char *text);
/* The shard of a node's topics. */
void topic_shard(const struct verify *verify, const char *node, char shard[TOPIC_SHARD_BYTES]);

#endif
