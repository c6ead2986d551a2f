/* berth node label: what the fleet calls a node: read, changed, signed, written back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/wire/labels.h"
#include "agent/wire/topic.h"
#include "ports/app/berth/node_topics.h"
#include "ports/app/berth/roll_book.h"
#include "ports/app/berth/verbs.h"

struct label_request {
    const char *node;
    char *const *changes; /* k=v or k- */
    size_t change_count;
    bool is_replacing;
    bool is_ahead; /* the node may come later */
    struct roll_book *book;
    struct labels_given given; /* as the broker holds it, then as it will be */
    bool has_labels, has_bare; /* some that were believed; some that nobody signed lie there */
    bool is_heard;             /* it said something of itself, or has an order */
    struct err why;            /* not believed */
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

/* -- what the fleet calls it now -------------------------------------------------------------- */

static void document_take(void *ctx, const char *name, struct span payload, bool is_retained)
{
    struct label_request *request = ctx;
    struct mirror_news news;
    (void)is_retained;
    if (payload.len == 0) {
        return;
    }
    mirror_take(&request->book->mirror, name, payload, (wall_ms)time(NULL) * 1000, &news);
    bool is_labels = news.topic.kind == TOPIC_LABELS && news.answer != MIRROR_FOREIGN;
    request->is_heard |= !is_labels;
    request->has_bare |= is_labels && news.topic.level == 1;
    if (is_labels && news.answer == MIRROR_TAKEN) {
        request->given = *news.labels;
        request->has_labels = true;
        request->why = (struct err){0};
    } else if (is_labels && news.answer == MIRROR_UNREADABLE) {
        request->why = news.err;
    }
}

/* The version that holds, wherever it is known from. */
static uint32_t version_known(struct label_request *request)
{
    static struct labels_given kept; /* not on the stack: 4 KiB */
    const struct roll_entry *entry = roll_book_find(request->book, request->node);
    uint32_t known = request->given.version;
    known = entry != NULL && entry->labels > known ? entry->labels : known;
    bool is_kept = roll_book_labels_kept(request->book, request->node, &kept);
    return is_kept && kept.version > known ? kept.version : known;
}

/* A label for a name that no node has would be waited for by every rollout that selects it. */
static int labels_check(const struct label_request *request, const struct fleet_dir *dir,
                        struct err *err)
{
    bool is_known = request->is_heard || request->has_labels || request->has_bare ||
                    node_is_added(dir, request->node) ||
                    roll_book_find(request->book, request->node) != NULL;
    if (!is_known && !request->is_ahead) {
        return err_set(err, ERR_NOT_FOUND,
                       "no node %s: it has never been heard, and was not added in this folder; "
                       "--ahead labels a node that comes later",
                       request->node);
    }
    if (!request->is_replacing && request->why.code != 0) {
        return err_set(err, request->why.code,
                       "the labels of %s at the broker are not believed: %.160s: write all labels "
                       "anew with --replace",
                       request->node, request->why.text);
    }
    return 0;
}

/* Those that nobody signed say nothing any more. */
static int bare_clear(const struct label_request *request, struct session *session,
                      const struct fleet_dir *dir, struct err *err)
{
    struct topic topic = {.kind = TOPIC_LABELS};
    char name[BUS_TOPIC_BYTES];
    (void)text_copy(topic.fleet, sizeof topic.fleet, dir->fleet);
    (void)text_copy(topic.node, sizeof topic.node, request->node);
    topic_render(&topic, name);
    return request->has_bare ? session_publish(session, name, span_of(NULL, 0), err) : 0;
}

static int label(struct label_request *request, struct session *session,
                 const struct fleet_dir *dir, struct err *err)
{
    struct labels_given *given = &request->given;
    int rc = roll_book_open(request->book, session, dir, err);
    rc = rc == 0 ? node_topics_each(session, dir, request->node, document_take, request, err) : rc;
    rc = rc == 0 ? labels_check(request, dir, err) : rc;
    if (rc == 0 && request->is_replacing) {
        given->labels.count = 0;
    }
    rc = rc == 0 ? changes_apply(request, &given->labels, err) : rc;
    if (rc != 0) {
        return rc;
    }
    given->version = version_known(request) + 1;
    (void)text_copy(given->fleet, sizeof given->fleet, dir->fleet);
    (void)text_copy(given->node, sizeof given->node, request->node);
    rc = roll_book_labels(request->book, given, err);
    rc = rc == 0 ? roll_book_publish(request->book, err) : rc;
    return rc == 0 ? bare_clear(request, session, dir, err) : rc;
}

static int label_run(void *ctx, struct session *session, const struct fleet_dir *dir,
                     struct err *err)
{
    struct label_request *request = ctx;
    request->book = calloc(1, sizeof *request->book);
    if (request->book == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = label(request, session, dir, err);
    roll_book_close(request->book);
    free(request->book);
    if (rc != 0) {
        return rc;
    }
    printf("%s:", request->node);
    for (size_t i = 0; i < request->given.labels.count; i++) {
        printf(" %s=%s", request->given.labels.list[i].key, request->given.labels.list[i].value);
    }
    printf("%s\n", request->given.labels.count == 0 ? " no labels of the fleet's" : "");
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
