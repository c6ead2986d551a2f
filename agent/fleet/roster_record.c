/* roster_record: a node's labels and apps in one piece of memory.
 *
 *   record = labels of its own, labels that the fleet gave, apps (roster_app.c)
 *   labels = count, a word for each ("name NUL value")
 */
#include <stdlib.h>
#include <string.h>

#include "platform/base/law.h"

#include "agent/fleet/roster_private.h"

/* -- the record ------------------------------------------------------------------------------- */

static struct words *words_of(struct roster *roster)
{
    roster->table->words.resize = roster->resize;
    return &roster->table->words;
}

/* Puts `len` bytes where `old_len` were. False: no memory; then it is as before. */
static bool splice(struct roster *roster, struct roster_node *node, size_t offset, size_t old_len,
                   const uint8_t *bytes, size_t len)
{
    size_t rest = node->record_len - offset - old_len;
    size_t total = offset + len + rest;
    uint8_t *record = node->record;
    if (total > node->record_len) {
        record = total < (1u << 24) ? roster_resized(roster, record, total, node->name) : NULL;
        if (record == NULL) {
            return false;
        }
        node->record = record;
    }
    if (rest > 0) {
        memmove(record + offset + len, record + offset + old_len, rest);
    }
    if (len > 0) {
        memcpy(record + offset, bytes, len);
    }
    if (total < node->record_len && total > 0) {
        uint8_t *fitted = roster->resize(record, total);
        node->record = fitted != NULL ? fitted : record; /* larger than it must be, no more */
    }
    node->record_len = (uint32_t)total & 0xffffff;
    return true;
}

static void labels_skip(const uint8_t **at)
{
    for (uint64_t count = roster_number_read(at); count > 0; count--) {
        (void)roster_number_read(at);
    }
}

/* Where the labels of this kind begin; ROSTER_LABELS_KINDS: where the apps do. */
static size_t labels_at(const struct roster_node *node, enum roster_labels_kind kind)
{
    const uint8_t *at = node->record;
    for (enum roster_labels_kind i = 0; i < kind && node->record != NULL; i++) {
        labels_skip(&at);
    }
    return node->record != NULL ? (size_t)(at - node->record) : 0;
}

/* A node without labels and apps has a record, too: two empty lists. */
static bool record_need(struct roster *roster, struct roster_node *node)
{
    static const uint8_t empty[ROSTER_LABELS_KINDS] = {0};
    return node->record != NULL || splice(roster, node, 0, 0, empty, sizeof empty);
}

void roster_labels_take(struct roster *roster, struct roster_node *node,
                        enum roster_labels_kind kind, const char *const *names,
                        const char *const *values, size_t count)
{
    struct words *words = words_of(roster);
    uint8_t bytes[5 + 5 * (REPORT_LABELS_MAX + LABELS_MAX)];
    uint32_t taken[REPORT_LABELS_MAX + LABELS_MAX];
    char pair[2 * LABEL_BYTES];
    size_t len = roster_number_render(count, bytes);
    size_t have = 0;
    if ((count == 0 && node->record == NULL) || !record_need(roster, node)) {
        return;
    }
    for (; have < count; have++) {
        size_t name_len = strlen(names[have]);
        size_t value_len = strlen(values[have]);
        memcpy(pair, names[have], name_len + 1);
        memcpy(pair + name_len + 1, values[have], value_len);
        taken[have] = words_take(words, pair, name_len + 1 + value_len);
        if (taken[have] == 0) {
            break;
        }
        len += roster_number_render(taken[have], bytes + len);
    }
    size_t offset = labels_at(node, kind);
    const uint8_t *end = node->record + offset;
    labels_skip(&end);
    size_t old_len = (size_t)(end - node->record) - offset;
    bool is_same =
        have == count && len == old_len && memcmp(node->record + offset, bytes, len) == 0;
    uint8_t old[sizeof bytes];
    memcpy(old, node->record + offset, old_len);
    bool is_put = have == count && splice(roster, node, offset, old_len, bytes, len);
    if (!is_put) {
        roster_note_short(roster, node->name);
        for (size_t i = 0; i < have; i++) {
            words_drop(words, taken[i]);
        }
        (void)splice(roster, node, offset, old_len, (const uint8_t[]){0}, 1);
    }
    const uint8_t *at = old;
    for (uint64_t left = roster_number_read(&at); left > 0; left--) {
        words_drop(words, (uint32_t)roster_number_read(&at));
    }
    if (!is_same) {
        roster_note_change(roster, node);
    }
}

size_t roster_labels_list(const struct roster_node *node, enum roster_labels_kind kind,
                          const char **names, const char **values, size_t count)
{
    if (node->record == NULL) {
        return count;
    }
    const uint8_t *at = node->record + labels_at(node, kind);
    for (uint64_t left = roster_number_read(&at); left > 0; left--) {
        const struct word *word = words_at(node->words, (uint32_t)roster_number_read(&at));
        names[count] = (const char *)word->bytes;
        values[count] = names[count] + strlen(names[count]) + 1;
        count++;
    }
    return count;
}

bool roster_app_next(const struct roster_node *node, size_t *at, struct roster_app *app)
{
    size_t offset = *at != 0 ? *at : labels_at(node, ROSTER_LABELS_KINDS);
    if (offset >= node->record_len) {
        return false;
    }
    struct roster_reader reader = {.words = node->words, .at = node->record + offset};
    uint64_t len = roster_number_read(&reader.at);
    *at = (size_t)(reader.at - node->record) + (size_t)len;
    *app = (struct roster_app){.app = ""};
    roster_app_read(&reader, app);
    return true;
}

/* Where the app stands, with its length told before it; false: where it would. */
static bool app_locate(const struct roster_node *node, const char *name, size_t *offset,
                       size_t *len)
{
    uint32_t id = words_find(node->words, name, strlen(name));
    *offset = labels_at(node, ROSTER_LABELS_KINDS);
    while (*offset < node->record_len) {
        const uint8_t *at = node->record + *offset;
        size_t rest = (size_t)roster_number_read(&at);
        *len = (size_t)(at - node->record) + rest - *offset;
        if (id != 0 && roster_number_read(&at) == id) {
            return true;
        }
        *offset += *len;
    }
    *len = 0;
    return false;
}

const struct roster_app *roster_app_copy(const struct roster_node *node, const char *name,
                                         struct roster_app *app)
{
    size_t offset;
    size_t len;
    if (!app_locate(node, name, &offset, &len)) {
        return NULL;
    }
    return roster_app_next(node, &offset, app) ? app : NULL;
}

bool roster_is_unshown(const struct roster_app *app)
{
    const struct roster_order *held = &app->order;
    bool is_past =
        app->is_reported && (app->order_epoch > held->epoch ||
                             (app->order_epoch == held->epoch && app->order_gen > held->gen));
    return held->is_there && !held->is_echoed && !held->is_sent && !is_past;
}

/* The words that the app that stands here names. */
static void app_words(const struct roster_node *node, size_t offset, struct roster_reader *reader)
{
    struct roster_app app = {.app = ""};
    *reader = (struct roster_reader){.words = node->words, .at = node->record + offset};
    (void)roster_number_read(&reader->at);
    roster_app_read(reader, &app);
}

/* In place of `old_len` bytes at `offset`: what was written, or nothing where it was not. */
static bool app_replace(struct roster *roster, struct roster_node *node, size_t offset,
                        size_t old_len, const struct roster_writer *writer)
{
    struct words *words = &roster->table->words;
    struct roster_reader old = {.named_count = 0};
    if (old_len > 0) {
        app_words(node, offset, &old);
    }
    if (writer->is_short || !splice(roster, node, offset, old_len, writer->bytes, writer->len)) {
        roster_note_short(roster, node->name);
        for (size_t i = 0; i < writer->taken_count; i++) {
            words_drop(words, writer->taken[i]);
        }
        return false;
    }
    for (size_t i = 0; i < old.named_count; i++) {
        words_drop(words, old.named[i]);
    }
    roster->app_count += (writer->len > 0) - (size_t)(old_len > 0);
    return true;
}

bool roster_app_put(struct roster *roster, struct roster_node *node, const struct roster_app *app)
{
    LAW(BOUNDED, app->app[0] != '\0');
    size_t offset;
    size_t old_len;
    struct roster_writer writer = {.words = words_of(roster)};
    if (!text_is_name(app->app, NAME_BYTES - 1) || !record_need(roster, node)) {
        return false;
    }
    bool was_there = app_locate(node, app->app, &offset, &old_len);
    if (app->is_reported || app->order.is_there) {
        roster_app_write(&writer, app);
    } else if (!was_there) {
        return true;
    }
    bool is_same = !writer.is_short && writer.len == old_len &&
                   memcmp(node->record + offset, writer.bytes, old_len) == 0;
    if (!app_replace(roster, node, offset, old_len, &writer)) {
        return false;
    }
    if (!is_same) {
        roster_note_change(roster, node);
        if (roster_is_unshown(app)) {
            roster_note_unshown(roster, node);
        }
    }
    return true;
}
