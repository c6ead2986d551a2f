/* node_topics: what the broker holds below one node's name. */
#ifndef PORTS_APP_BERTH_NODE_TOPICS_H
#define PORTS_APP_BERTH_NODE_TOPICS_H

#include "agent/wire/topic.h"
#include "ports/app/berth/session.h"

/* Zeroed before use. */
struct node_topics {
    char (*names)[BUS_TOPIC_BYTES];
    size_t count, room;
    bool is_short;  /* no memory for all */
    bool is_online; /* a presence of it says so */
    bool is_heard;  /* it has said something of itself, or an order lies there */
    char *labels;   /* the labels document, NUL-terminated; NULL: none */
    size_t labels_len;
};

/* Everything of one node, at level 1 or 2. */
void node_topics_filter(const struct session *session, const struct fleet_dir *dir,
                        const char *node, unsigned level, char filter[BUS_TOPIC_BYTES]);
/* Reads all of it, at level 1 and then at 2: `take` for each. session_read's codes. */
NODISCARD int
node_topics_each(struct session *session, const struct fleet_dir *dir, const char *node,
                 void (*take)(void *ctx, const char *topic, struct span payload, bool is_retained),
                 void *ctx, struct err *err);
/* Gathers it, of both. ERR_MEMORY, session_read's codes. The caller calls node_topics_free. */
NODISCARD int node_topics_read(struct node_topics *topics, struct session *session,
                               const struct fleet_dir *dir, const char *node, struct err *err);
void node_topics_free(struct node_topics *topics);

/* A message below the node; its ctx is the struct. */
void node_topics_take(void *ctx, const char *topic, struct span payload, bool is_retained);

/* The folder holds the bundle of this node. */
bool node_is_added(const struct fleet_dir *dir, const char *node);

#endif
