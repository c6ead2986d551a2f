/* node_view: rows found by name while documents come in any order; parsed one at a time. */
#include "ports/app/berth/node_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/wire/topic.h"
#include "platform/base/text.h"

#define NODES_MAX 100000

static int row_compare(const void *a, const void *b)
{
    return strcmp(((const struct node_row *)a)->name, ((const struct node_row *)b)->name);
}

/* The last row first: a broker hands retained documents out node by node. */
static struct node_row *row_find(struct node_view *view, const char *name)
{
    for (size_t i = view->count; i > 0; i--) {
        if (strcmp(view->rows[i - 1].name, name) == 0) {
            return &view->rows[i - 1];
        }
    }
    if (view->count == view->room) {
        size_t room = view->room == 0 ? 64 : 2 * view->room;
        struct node_row *rows = room <= NODES_MAX ? realloc(view->rows, room * sizeof *rows) : NULL;
        if (rows == NULL) {
            return NULL;
        }
        view->rows = rows;
        view->room = room;
    }
    struct node_row *row = &view->rows[view->count++];
    *row = (struct node_row){0};
    (void)text_copy(row->name, sizeof row->name, name);
    return row;
}

static bool part_of(enum topic_kind kind, enum node_part *part)
{
    *part = kind == TOPIC_PRESENCE ? NODE_PRESENCE
            : kind == TOPIC_REPORT ? NODE_REPORT
                                   : NODE_LABELS;
    return kind == TOPIC_PRESENCE || kind == TOPIC_REPORT || kind == TOPIC_LABELS;
}

static void document_received(void *ctx, const char *text, struct span payload, bool is_retained)
{
    struct node_view *view = ctx;
    struct topic topic;
    enum node_part part;
    (void)is_retained;
    if (!topic_parse(text, &topic) || strcmp(topic.fleet, view->fleet) != 0 ||
        !part_of(topic.kind, &part) || payload.len > REPORT_BYTES_MAX) {
        return;
    }
    struct node_row *row = row_find(view, topic.node);
    char *copy = row != NULL && payload.len > 0 ? malloc(payload.len + 1) : NULL;
    if (row == NULL || (copy == NULL && payload.len > 0)) {
        view->is_full = true;
        return;
    }
    if (copy != NULL) {
        memcpy(copy, payload.data, payload.len);
        copy[payload.len] = '\0';
    }
    free(row->part[part]);
    row->part[part] = copy;
    row->part_len[part] = payload.len;
}

int node_view_read(struct node_view *view, struct session *session, const char *fleet,
                   struct err *err)
{
    static const enum topic_kind kinds[] = {TOPIC_PRESENCE, TOPIC_REPORT, TOPIC_LABELS};
    int rc = 0;
    (void)text_copy(view->fleet, sizeof view->fleet, fleet);
    for (size_t i = 0; rc == 0 && i < COUNT_OF(kinds); i++) {
        struct topic topic = {.kind = kinds[i]};
        char filter[BUS_TOPIC_BYTES];
        (void)text_copy(topic.fleet, sizeof topic.fleet, fleet);
        topic_render(&topic, filter);
        rc = session_read(session, filter, document_received, view, err);
    }
    if (rc == 0 && view->is_full) {
        rc = err_set(err, ERR_MEMORY, "no memory for all nodes (%zu read)", view->count);
    }
    if (rc == 0 && view->count > 0) {
        qsort(view->rows, view->count, sizeof view->rows[0], row_compare);
    }
    return rc;
}

void node_view_free(struct node_view *view)
{
    for (size_t i = 0; i < view->count; i++) {
        for (size_t part = 0; part < NODE_PART_COUNT; part++) {
            free(view->rows[i].part[part]);
        }
    }
    free(view->rows);
    *view = (struct node_view){0};
}

static struct span part_span(const struct node_row *row, enum node_part part)
{
    return span_of(row->part[part], row->part_len[part]);
}

static void complain(struct node_facts *facts, const char *what, const struct err *err)
{
    text_shorten_printf(facts->complaint, sizeof facts->complaint, "%s: %s", what, err->text);
}

/* Labels that break the rules are the node's own affair: they are not selected by. */
static void labels_gather(const struct node_row *row, struct node_facts *facts)
{
    struct labels given = {0};
    struct err err = {0};
    for (size_t i = 0; i < facts->report.label_count; i++) {
        if (labels_set(&facts->labels, facts->report.label_names[i], facts->report.label_values[i],
                       &err) != 0) {
            complain(facts, "the node's own labels", &err);
        }
    }
    if (row->part[NODE_LABELS] != NULL &&
        labels_parse(part_span(row, NODE_LABELS), &given, &err) != 0) {
        complain(facts, "the fleet's labels", &err);
    }
    for (size_t i = 0; i < given.count; i++) {
        if (labels_set(&facts->labels, given.list[i].key, given.list[i].value, &err) != 0) {
            complain(facts, "labels", &err);
        }
    }
}

void node_row_read(const struct node_row *row, struct node_facts *facts)
{
    struct err err = {0};
    *facts = (struct node_facts){0};
    if (row->part[NODE_PRESENCE] != NULL) {
        facts->has_presence =
            presence_parse(part_span(row, NODE_PRESENCE), &facts->presence, &err) == 0;
        if (!facts->has_presence) {
            complain(facts, "presence", &err);
        }
    }
    if (row->part[NODE_REPORT] != NULL) {
        facts->has_report = report_parse(part_span(row, NODE_REPORT), &facts->report, &err) == 0;
        if (!facts->has_report) {
            facts->report = (struct report){0};
            complain(facts, "report", &err);
        }
    }
    labels_gather(row, facts);
}
