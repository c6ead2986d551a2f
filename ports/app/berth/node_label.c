/* berth node label: what the fleet calls a node: read, changed, written back. */
#include <stdio.h>
#include <string.h>

#include "agent/wire/labels.h"
#include "agent/wire/topic.h"
#include "ports/app/berth/node_topics.h"
#include "ports/app/berth/verbs.h"

struct label_request {
    const char *node;
    char *const *changes; /* k=v or k- */
    size_t change_count;
    bool is_replacing;
    bool is_ahead; /* the node may come later */
    struct labels labels;
};

/* One change; what is no change at all is a usage error. */
static int change_apply(struct labels *labels, const char *change, struct err *err)
{
    char key[LABEL_BYTES];
    size_t len = strcspn(change, "=");
    bool is_removal = change[len] == '\0' && len > 1 && change[len - 1] == '-';
    len -= is_removal;
    if ((change[len] != '=' && !is_removal) || len >= sizeof key) {
        return err_set(err, ERR_USAGE, "'%.64s' is neither KEY=VALUE nor KEY-", change);
    }
    memcpy(key, change, len);
    key[len] = '\0';
    if (!is_removal) {
        int rc = labels_set(labels, key, change + len + 1, err);
        return rc == ERR_VALUE ? ERR_USAGE : rc;
    }
    if (!label_is_key(key)) {
        return err_set(err, ERR_USAGE, "'%.64s' is no label's key", key);
    }
    (void)labels_remove(labels, key); /* asked for twice is the same as once */
    return 0;
}

static int changes_apply(const struct label_request *request, struct labels *labels,
                         struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < request->change_count; i++) {
        rc = change_apply(labels, request->changes[i], err);
    }
    return rc;
}

static int labels_write(struct session *session, const char *topic, const struct labels *labels,
                        struct err *err)
{
    char document[SMALL_BYTES_MAX + 1];
    struct text text;
    text_init(&text, document, sizeof document);
    labels_render(labels, &text);
    if (text.cut) {
        return err_set(err, ERR_OVERSIZE, "these labels are longer than %d bytes together",
                       SMALL_BYTES_MAX);
    }
    return session_publish(session, topic, span_of(document, text.len), err);
}

/* What the fleet calls it now. A label for a name that no node has would be waited for by every
 * rollout that selects it. */
static int labels_read(struct label_request *request, struct session *session,
                       const struct fleet_dir *dir, const char *name, struct err *err)
{
    struct node_topics topics = {0};
    int rc = node_topics_read(&topics, session, dir, request->node, err);
    bool is_known = topics.is_heard || topics.labels != NULL || node_is_added(dir, request->node);
    if (rc == 0 && !is_known && !request->is_ahead) {
        rc = err_set(err, ERR_NOT_FOUND,
                     "no node %s: it has never been heard, and was not added in this folder; "
                     "--ahead labels a node that comes later",
                     request->node);
    }
    if (rc == 0 && !request->is_replacing && topics.labels != NULL) {
        rc = labels_parse(span_of(topics.labels, topics.labels_len), &request->labels, err);
        rc = rc == 0 ? 0 : err_wrap(err, rc, "%s: write all labels anew with --replace", name);
    }
    node_topics_free(&topics);
    return rc;
}

static int label_run(void *ctx, struct session *session, const struct fleet_dir *dir,
                     struct err *err)
{
    struct label_request *request = ctx;
    struct topic topic = {.kind = TOPIC_LABELS};
    char name[BUS_TOPIC_BYTES];
    (void)text_copy(topic.fleet, sizeof topic.fleet, dir->fleet);
    (void)text_copy(topic.node, sizeof topic.node, request->node);
    topic_render(&topic, name);
    int rc = labels_read(request, session, dir, name, err);
    if (rc == 0) {
        rc = changes_apply(request, &request->labels, err);
    }
    if (rc == 0) {
        rc = labels_write(session, name, &request->labels, err);
    }
    if (rc != 0) {
        return rc;
    }
    printf("%s:", request->node);
    for (size_t i = 0; i < request->labels.count; i++) {
        printf(" %s=%s", request->labels.list[i].key, request->labels.list[i].value);
    }
    printf("%s\n", request->labels.count == 0 ? " no labels of the fleet's" : "");
    return 0;
}

int verb_node_label(struct given *given, struct err *err)
{
    struct label_request request = {.node = given->arguments[0],
                                    .changes = given->arguments + 1,
                                    .change_count = given->argument_count - 1,
                                    .is_replacing = given_has(given, "replace"),
                                    .is_ahead = given_has(given, "ahead")};
    struct labels trial = {0};
    if (request.change_count == 0 && !request.is_replacing) {
        return err_set(err, ERR_USAGE, "at least one KEY=VALUE or KEY- is needed");
    }
    int rc = changes_apply(&request, &trial, err); /* before anybody is asked */
    return rc == 0 ? session_verb(given, label_run, &request, err) : rc;
}
