/* node_topics: a list of topic names, and the few things that the verbs ask of them. */
#include "ports/app/berth/node_topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/wire/presence.h"
#include "platform/base/text.h"

#define NAMES_FIRST 32

static bool room_make(struct node_topics *topics)
{
    if (topics->count < topics->room) {
        return true;
    }
    size_t room = topics->room == 0 ? NAMES_FIRST : 2 * topics->room;
    void *grown = realloc(topics->names, room * sizeof topics->names[0]);
    topics->is_short |= grown == NULL;
    if (grown != NULL) {
        topics->names = grown;
        topics->room = room;
    }
    return grown != NULL;
}

static void labels_keep(struct node_topics *topics, struct span payload)
{
    free(topics->labels);
    topics->labels = malloc(payload.len + 1);
    topics->is_short |= topics->labels == NULL;
    if (topics->labels != NULL) {
        memcpy(topics->labels, payload.data, payload.len);
        topics->labels[payload.len] = '\0';
        topics->labels_len = payload.len;
    }
}

void node_topics_take(void *ctx, const char *name, struct span payload, bool is_retained)
{
    struct node_topics *topics = ctx;
    struct presence presence;
    struct topic topic;
    (void)is_retained;
    if (payload.len == 0 || !room_make(topics)) {
        return;
    }
    (void)text_copy(topics->names[topics->count++], BUS_TOPIC_BYTES, name);
    if (!topic_parse(name, &topic)) {
        return; /* none of ours, and to be cleared all the same */
    }
    if (topic.kind == TOPIC_LABELS) {
        labels_keep(topics, payload);
    } else {
        topics->is_heard = true;
    }
    if (topic.kind == TOPIC_PRESENCE && presence_parse(payload, &presence, NULL) == 0) {
        topics->is_online |= presence.is_online;
    }
}

void node_topics_filter(const struct session *session, const struct fleet_dir *dir,
                        const char *node, unsigned level, char filter[BUS_TOPIC_BYTES])
{
    char shard[TOPIC_SHARD_BYTES];
    topic_shard(&session->keyring.verify, node, shard);
    if (level == 2) {
        (void)snprintf(filter, BUS_TOPIC_BYTES, TOPIC_PREFIX_2 "%s/node/%s/%s/#", dir->fleet, shard,
                       node);
    } else {
        (void)snprintf(filter, BUS_TOPIC_BYTES, TOPIC_PREFIX "%s/node/%s/#", dir->fleet, node);
    }
}

int node_topics_each(struct session *session, const struct fleet_dir *dir, const char *node,
                     void (*take)(void *ctx, const char *topic, struct span payload,
                                  bool is_retained),
                     void *ctx, struct err *err)
{
    int rc = 0;
    for (unsigned level = 1; rc == 0 && level <= 2; level++) {
        char filter[BUS_TOPIC_BYTES];
        node_topics_filter(session, dir, node, level, filter);
        rc = level == 2 ? session_read_two(session, filter, take, ctx, err)
                        : session_read(session, filter, take, ctx, err);
    }
    return rc;
}

int node_topics_read(struct node_topics *topics, struct session *session,
                     const struct fleet_dir *dir, const char *node, struct err *err)
{
    int rc = node_topics_each(session, dir, node, node_topics_take, topics, err);
    return rc == 0 && topics->is_short ? err_set(err, ERR_MEMORY, "no memory for its documents")
                                       : rc;
}

void node_topics_free(struct node_topics *topics)
{
    free(topics->names);
    free(topics->labels);
    *topics = (struct node_topics){0};
}

bool node_is_added(const struct fleet_dir *dir, const char *node)
{
    char below[NODE_NAME_BYTES + 8];
    char path[PATH_MAX];
    (void)snprintf(below, sizeof below, "nodes/%s", node);
    fleet_dir_file(dir, below, path);
    return access(path, F_OK) == 0;
}
