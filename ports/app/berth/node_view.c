/* node_view: rows found by name while documents come in any order; parsed one at a time. */
#include "ports/app/berth/node_view.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/base/text.h"
#include "ports/app/berth/operators_file.h"
#include "ports/app/berth/roll_file.h"

#define ROWS_FIRST 64

static int row_compare(const void *a, const void *b)
{
    return strcmp(((const struct node_row *)a)->name, ((const struct node_row *)b)->name);
}

/* FNV-1a. */
static uint32_t name_hash(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    }
    return hash;
}

/* Where the name stands, or would: a power of two of places, at most half of them taken. */
static uint32_t *place_of(const struct node_view *view, const char *name)
{
    size_t at = name_hash(name) & (view->place_count - 1);
    while (view->places[at] != 0 && strcmp(view->rows[view->places[at] - 1].name, name) != 0) {
        at = (at + 1) & (view->place_count - 1);
    }
    return &view->places[at];
}

static bool room_make(struct node_view *view)
{
    if (view->count < view->room) {
        return true;
    }
    size_t room = view->room == 0 ? ROWS_FIRST : 2 * view->room;
    struct node_row *rows = realloc(view->rows, room * sizeof *rows);
    view->rows = rows != NULL ? rows : view->rows;
    uint32_t *places = rows != NULL ? calloc(2 * room, sizeof *places) : NULL;
    if (places == NULL) {
        return false;
    }
    free(view->places);
    view->places = places;
    view->place_count = 2 * room;
    view->room = room;
    for (size_t i = 0; i < view->count; i++) {
        *place_of(view, view->rows[i].name) = (uint32_t)i + 1;
    }
    return true;
}

struct node_row *node_view_row(struct node_view *view, const char *name)
{
    if (!room_make(view)) {
        return NULL;
    }
    uint32_t *place = place_of(view, name);
    if (*place == 0) {
        struct node_row *row = &view->rows[view->count++];
        *row = (struct node_row){0};
        (void)text_copy(row->name, sizeof row->name, name);
        *place = (uint32_t)view->count;
    }
    return &view->rows[*place - 1];
}

bool node_part_of(enum topic_kind kind, enum node_part *part)
{
    *part = kind == TOPIC_PRESENCE ? NODE_PRESENCE
            : kind == TOPIC_REPORT ? NODE_REPORT
                                   : NODE_LABELS;
    return kind == TOPIC_PRESENCE || kind == TOPIC_REPORT || kind == TOPIC_LABELS;
}

static char *copy_of(struct span bytes)
{
    char *copy = malloc(bytes.len + 1);
    if (copy != NULL) {
        memcpy(copy, bytes.data, bytes.len);
        copy[bytes.len] = '\0';
    }
    return copy;
}

static struct span bare_labels(const struct labels_given *given, char bare[SMALL_BYTES_MAX + 1])
{
    struct text text;
    text_init(&text, bare, SMALL_BYTES_MAX + 1);
    labels_render(&given->labels, &text);
    return span_of(bare, text.len);
}

bool node_row_put(struct node_row *row, const struct mirror_news *news, struct span payload)
{
    enum node_part part;
    bool is_unread = news->answer == MIRROR_UNREADABLE;
    bool is_there = payload.len > 0;
    if (!node_part_of(news->topic.kind, &part)) {
        return true;
    }
    if (is_there && part != NODE_LABELS) {
        row->level = news->topic.level;
    }
    char bare[SMALL_BYTES_MAX + 1];
    if (is_there && news->labels != NULL) { /* without what it was signed with */
        payload = bare_labels(news->labels, bare);
        row->is_unsigned = news->labels->version == 0;
    }
    free(row->part[part]);
    free(row->unread[part]);
    row->part[part] = is_there ? copy_of(payload) : NULL;
    row->part_len[part] = payload.len;
    row->unread[part] = is_unread ? copy_of(span_text(news->err.text)) : NULL;
    return !(is_there && row->part[part] == NULL) && !(is_unread && row->unread[part] == NULL);
}

void node_row_free(struct node_row *row)
{
    for (size_t part = 0; part < NODE_PART_COUNT; part++) {
        free(row->part[part]);
        free(row->unread[part]);
    }
}

static void document_received(void *ctx, const char *text, struct span payload, bool is_retained)
{
    struct node_view *view = ctx;
    struct mirror_news news;
    enum node_part part;
    (void)is_retained;
    mirror_take(view->mirror, text, payload, (wall_ms)time(NULL) * 1000, &news);
    if (news.answer == MIRROR_FOREIGN || news.answer == MIRROR_HIDDEN ||
        !node_part_of(news.topic.kind, &part)) {
        return;
    }
    struct node_row *row = node_view_row(view, news.topic.node);
    view->is_full |=
        news.answer == MIRROR_SHORT || row == NULL || !node_row_put(row, &news, payload);
}

/* Names of bundles; what is not a node's name is none. */
static void added_read(struct node_view *view, const struct fleet_dir *dir)
{
    char path[PATH_MAX];
    fleet_dir_file(dir, "nodes", path);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (text_is_name(entry->d_name, NODE_NAME_BYTES - 1)) {
            view->is_full |= node_view_row(view, entry->d_name) == NULL;
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
}

static int roll_kept_take(void *ctx, const char *shard, struct span envelope, struct err *err)
{
    struct node_view *view = ctx;
    int rc = mirror_roll_seed(view->mirror, envelope, NULL);
    return rc == ERR_MEMORY ? err_set(err, rc, "no memory for the roll's shard %s", shard) : 0;
}

/* Whom the roll names is shown, seen or not. */
static void roll_read(struct node_view *view)
{
    for (unsigned i = 0; i < TOPIC_SHARDS; i++) {
        const struct rolls_shard *shard = rolls_at(&view->mirror->rolls, i);
        view->has_roll |= shard != NULL;
        for (size_t j = 0; shard != NULL && j < shard->roll.count; j++) {
            struct node_row *row = node_view_row(view, shard->roll.list[j].node);
            view->is_full |= row == NULL;
            if (row != NULL) {
                row->is_listed = true;
            }
        }
    }
}

static int mirror_open_for(struct node_view *view, struct session *session,
                           const struct fleet_dir *dir, struct err *err)
{
    char path[PATH_MAX];
    struct operators operators;
    const struct mirror_settings settings = {.fleet = dir->fleet,
                                             .trust = &view->trust,
                                             .operators = &operators,
                                             .verify = session->keyring.verify};
    fleet_dir_file(dir, "keys/trust.json", path);
    int rc = keyring_trust_load(&session->keyring, path, &view->trust, err);
    rc = rc == 0 ? operators_file_load(&session->keyring, dir, &view->trust, &operators, err) : rc;
    view->mirror = rc == 0 ? malloc(sizeof *view->mirror) : NULL;
    if (rc == 0 && view->mirror == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    rc = rc == 0 ? mirror_init(view->mirror, &settings, err) : rc;
    return rc == 0 ? roll_file_each(dir, roll_kept_take, view, err) : rc;
}

/* Who may sign, and which nodes there are: before what is said of them. */
static int words_read(struct node_view *view, struct session *session, const struct fleet_dir *dir,
                      struct err *err)
{
    static const char *const below[] = {"operators/#", "roll/+"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < COUNT_OF(below); i++) {
        char filter[BUS_TOPIC_BYTES];
        (void)snprintf(filter, sizeof filter, TOPIC_PREFIX "%s/%s", dir->fleet, below[i]);
        rc = session_read(session, filter, document_received, view, err);
    }
    return rc;
}

int node_view_read(struct node_view *view, struct session *session, const struct fleet_dir *dir,
                   struct err *err)
{
    static const enum topic_kind kinds[] = {TOPIC_PRESENCE, TOPIC_REPORT, TOPIC_LABELS};
    int rc = mirror_open_for(view, session, dir, err);
    rc = rc == 0 ? words_read(view, session, dir, err) : rc;
    for (size_t i = 0; rc == 0 && i < 2 * COUNT_OF(kinds); i++) { /* berth/1 first: it hides */
        struct topic topic = {.kind = kinds[i % COUNT_OF(kinds)],
                              .level = i < COUNT_OF(kinds) ? 1 : 2};
        char filter[BUS_TOPIC_BYTES];
        memcpy(topic.fleet, dir->fleet, sizeof topic.fleet);
        topic_render(&topic, filter);
        rc = topic.level == 2 ? session_read_two(session, filter, document_received, view, err)
                              : session_read(session, filter, document_received, view, err);
    }
    if (rc == 0) {
        roll_read(view);
    }
    added_read(view, dir);
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
        node_row_free(&view->rows[i]);
    }
    if (view->mirror != NULL) {
        mirror_close(view->mirror);
    }
    free(view->mirror);
    free(view->rows);
    free(view->places);
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

/* What the mirror refused, or was never asked about, is read no further. */
static bool part_is_readable(const struct node_row *row, enum node_part part, const char *what,
                             struct node_facts *facts)
{
    if (row->part[part] != NULL && row->unread[part] != NULL) {
        text_shorten_printf(facts->complaint, sizeof facts->complaint, "%s: %s", what,
                            row->unread[part]);
    }
    return row->part[part] != NULL && row->unread[part] == NULL;
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
    if (part_is_readable(row, NODE_LABELS, "the fleet's labels", facts) &&
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
    if (part_is_readable(row, NODE_PRESENCE, "presence", facts)) {
        facts->has_presence =
            presence_parse(part_span(row, NODE_PRESENCE), &facts->presence, &err) == 0;
        if (!facts->has_presence) {
            complain(facts, "presence", &err);
        }
    }
    if (part_is_readable(row, NODE_REPORT, "report", facts)) {
        facts->has_report = report_parse(part_span(row, NODE_REPORT), &facts->report, &err) == 0;
        if (!facts->has_report) {
            facts->report = (struct report){0};
            complain(facts, "report", &err);
        }
    }
    facts->is_added_only = row->part[NODE_PRESENCE] == NULL && row->part[NODE_REPORT] == NULL &&
                           row->part[NODE_LABELS] == NULL;
    labels_gather(row, facts);
}
