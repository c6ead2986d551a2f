/* roll_book: a mirror of operators' document and roll, and what is to become of the roll. */
#include "ports/app/berth/roll_book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/identity.h"
#include "ports/app/berth/operators_file.h"
#include "ports/app/berth/roll_file.h"

/* -- reading ---------------------------------------------------------------------------------- */

static void document_take(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    struct roll_book *book = ctx;
    struct mirror_news news;
    struct err err = {0};
    (void)is_retained;
    mirror_take(&book->mirror, topic, payload, (wall_ms)time(NULL) * 1000, &news);
    if (news.answer == MIRROR_TAKEN && news.topic.kind == TOPIC_ROLL && news.is_new &&
        roll_file_keep(book->dir, news.topic.shard, payload, &err) != 0) {
        (void)fprintf(stderr, "berth: the roll is not kept here: %s\n", err.text);
    } else if (news.answer == MIRROR_UNREADABLE) {
        (void)fprintf(stderr, "berth: not believed: %.160s: %.200s\n", topic, news.err.text);
    }
}

/* What nobody who may sign now has signed stands in this folder all the same. */
static int orphan_take(struct roll_book *book, const char *shard, struct span envelope)
{
    struct envelope_parts parts;
    struct arena arena;
    struct roll *pending = &book->pending[rolls_index(shard)];
    arena_init(&arena, book->memory, sizeof book->memory);
    int rc = envelope_take_apart(envelope, &arena, &parts, NULL);
    rc = rc == 0 ? roll_parse(parts.payload, pending, NULL) : rc;
    if (rc == 0 && strcmp(pending->shard, shard) != 0) {
        roll_free(pending);
    }
    return rc;
}

static int kept_take(void *ctx, const char *shard, struct span envelope, struct err *err)
{
    struct roll_book *book = ctx;
    struct err why = {0};
    int rc = mirror_roll_seed(&book->mirror, envelope, &why);
    if (rc == ERR_MEMORY) {
        return err_set(err, rc, "%s", why.text);
    }
    if (rc != 0 && orphan_take(book, shard, envelope) != 0) {
        (void)fprintf(stderr, "berth: roll/%s.json of this folder cannot be read: %s\n", shard,
                      why.text);
    }
    return 0;
}

/* What was signed meanwhile by somebody who may holds against an orphan. */
static void orphans_judge(struct roll_book *book)
{
    for (unsigned i = 0; i < TOPIC_SHARDS; i++) {
        if (book->pending[i].version != 0 && rolls_at(&book->mirror.rolls, i) != NULL) {
            roll_free(&book->pending[i]);
        } else if (book->pending[i].version != 0) {
            book->pending[i].version++;
        }
    }
}

int roll_book_open(struct roll_book *book, struct session *session, const struct fleet_dir *dir,
                   struct err *err)
{
    struct operators operators;
    char path[PATH_MAX], filter[BUS_TOPIC_BYTES];
    const struct mirror_settings settings = {.fleet = dir->fleet,
                                             .trust = &book->trust,
                                             .operators = &operators,
                                             .verify = session->keyring.verify};
    book->session = session;
    book->dir = dir;
    fleet_dir_file(dir, "keys/trust.json", path);
    int rc = keyring_trust_load(&session->keyring, path, &book->trust, err);
    rc = rc == 0 ? operators_file_load(&session->keyring, dir, &book->trust, &operators, err) : rc;
    rc = rc == 0 ? mirror_init(&book->mirror, &settings, err) : rc;
    (void)snprintf(filter, sizeof filter, TOPIC_PREFIX "%s/operators/#", dir->fleet);
    rc = rc == 0 ? session_read(session, filter, document_take, book, err) : rc;
    rc = rc == 0 ? roll_file_each(dir, kept_take, book, err) : rc;
    (void)snprintf(filter, sizeof filter, TOPIC_PREFIX "%s/roll/+", dir->fleet);
    rc = rc == 0 ? session_read(session, filter, document_take, book, err) : rc;
    orphans_judge(book);
    return rc;
}

void roll_book_close(struct roll_book *book)
{
    for (unsigned i = 0; i < TOPIC_SHARDS; i++) {
        roll_free(&book->pending[i]);
    }
    mirror_close(&book->mirror);
}

/* -- changing --------------------------------------------------------------------------------- */

static unsigned index_of(const struct roll_book *book, const char *node)
{
    char shard[TOPIC_SHARD_BYTES];
    topic_shard(&book->mirror.verify, node, shard);
    return rolls_index(shard);
}

bool roll_book_is_used(const struct roll_book *book)
{
    bool is_used = false;
    for (unsigned i = 0; i < TOPIC_SHARDS && !is_used; i++) {
        is_used = book->pending[i].version != 0 || rolls_at(&book->mirror.rolls, i) != NULL;
    }
    return is_used;
}

const struct roll_entry *roll_book_find(const struct roll_book *book, const char *node)
{
    unsigned index = index_of(book, node);
    const struct rolls_shard *held = rolls_at(&book->mirror.rolls, index);
    if (book->pending[index].version != 0) {
        return roll_find(&book->pending[index], node);
    }
    return held != NULL ? roll_find(&held->roll, node) : NULL;
}

/* The shard as it will be, made where nothing of it has changed yet. */
static int pending_need(struct roll_book *book, unsigned index, struct roll **pending,
                        struct err *err)
{
    const struct rolls_shard *held = rolls_at(&book->mirror.rolls, index);
    int rc = 0;
    *pending = &book->pending[index];
    if ((*pending)->version == 0 && held != NULL) {
        rc = roll_copy(&held->roll, *pending, err);
    }
    if (rc == 0 &&
        ((*pending)->version == 0 || (held != NULL && (*pending)->version == held->roll.version))) {
        (*pending)->version++;
        (void)text_copy((*pending)->fleet, NAME_BYTES, book->dir->fleet);
        (void)snprintf((*pending)->shard, TOPIC_SHARD_BYTES, "%02x", index & 0xff);
    }
    return rc;
}

int roll_book_set(struct roll_book *book, const char *node, uint32_t labels, struct err *err)
{
    struct roll *pending = NULL;
    int rc = pending_need(book, index_of(book, node), &pending, err);
    return rc == 0 ? roll_set(pending, node, labels, err) : rc;
}

int roll_book_remove(struct roll_book *book, const char *node, struct err *err)
{
    struct roll *pending = NULL;
    if (roll_book_find(book, node) == NULL) {
        return 0;
    }
    int rc = pending_need(book, index_of(book, node), &pending, err);
    if (rc == 0) {
        (void)roll_remove(pending, node);
    }
    return rc;
}

/* -- publishing ------------------------------------------------------------------------------- */

static int document_sign(struct roll_book *book, enum signed_kind kind, const struct text *text,
                         struct span *envelope, struct err *err)
{
    struct arena arena;
    arena_init(&arena, book->memory, sizeof book->memory);
    return operators_file_sign(&book->session->keyring, book->dir, &book->mirror.operators,
                               signed_type(kind), span_of(text->data, text->len), &arena, envelope,
                               err);
}

static bool is_same(const struct roll *one, const struct roll *other)
{
    bool is_it = one->version == other->version && one->count == other->count;
    for (size_t i = 0; i < one->count && is_it; i++) {
        is_it = strcmp(one->list[i].node, other->list[i].node) == 0 &&
                one->list[i].labels == other->list[i].labels;
    }
    return is_it;
}

/* Of two operators that write at a time one holds: the other sees it here. */
static int shard_publish(struct roll_book *book, const struct roll *roll, char *data,
                         struct err *err)
{
    struct topic topic = {.kind = TOPIC_ROLL};
    char name[BUS_TOPIC_BYTES];
    struct span envelope;
    struct text text;
    text_init(&text, data, ROLL_BYTES_MAX + 1);
    roll_render(roll, &text);
    if (text.cut) {
        return err_set(err, ERR_OVERSIZE, "shard %s of the roll: these names are over %d bytes",
                       roll->shard, ROLL_BYTES_MAX);
    }
    (void)text_copy(topic.fleet, sizeof topic.fleet, book->dir->fleet);
    memcpy(topic.shard, roll->shard, sizeof topic.shard);
    topic_render(&topic, name);
    int rc = document_sign(book, SIGNED_ROLL, &text, &envelope, err);
    rc = rc == 0 ? session_publish(book->session, name, envelope, err) : rc;
    rc = rc == 0 ? session_read(book->session, name, document_take, book, err) : rc;
    const struct rolls_shard *held = rolls_at(&book->mirror.rolls, rolls_index(roll->shard));
    if (rc == 0 && (held == NULL || !is_same(&held->roll, roll))) {
        rc = err_set(err, ERR_CONFLICT,
                     "shard %s of the roll: a colleague wrote it at the same time: again",
                     roll->shard);
    }
    return rc;
}

/* One that the broker does not show, or covers with what nobody signed. */
static int shard_put_back(struct roll_book *book, const struct rolls_shard *held, struct err *err)
{
    struct topic topic = {.kind = TOPIC_ROLL};
    char name[BUS_TOPIC_BYTES];
    (void)text_copy(topic.fleet, sizeof topic.fleet, book->dir->fleet);
    memcpy(topic.shard, held->roll.shard, sizeof topic.shard);
    topic_render(&topic, name);
    return session_publish(book->session, name, span_of(held->bytes.data, held->bytes.len), err);
}

int roll_book_publish(struct roll_book *book, struct err *err)
{
    char *data = malloc(ROLL_BYTES_MAX + 1);
    int rc = data != NULL ? 0 : err_set(err, ERR_MEMORY, "no memory");
    for (unsigned i = 0; rc == 0 && i < TOPIC_SHARDS; i++) {
        const struct rolls_shard *held = rolls_at(&book->mirror.rolls, i);
        if (book->pending[i].version != 0) {
            rc = shard_publish(book, &book->pending[i], data, err);
        } else if (held != NULL && held->echo == ECHO_MISSING) {
            rc = shard_put_back(book, held, err);
        }
        if (rc == 0) {
            roll_free(&book->pending[i]);
        }
    }
    free(data);
    return rc;
}

/* -- labels ----------------------------------------------------------------------------------- */

static void labels_path(const struct roll_book *book, const char *node, char path[PATH_MAX])
{
    char below[NODE_NAME_BYTES + 16];
    (void)snprintf(below, sizeof below, "labels/%s.json", node);
    fleet_dir_file(book->dir, below, path);
}

bool roll_book_labels_kept(struct roll_book *book, const char *node, struct labels_given *given)
{
    char path[PATH_MAX];
    struct envelope_parts parts;
    struct arena arena;
    char *content = NULL;
    size_t len = 0;
    labels_path(book, node, path);
    if (access(path, F_OK) != 0 || file_read(path, ENVELOPE_BYTES_MAX, &content, &len, NULL) != 0) {
        return false;
    }
    arena_init(&arena, book->memory, sizeof book->memory);
    bool is_read = envelope_take_apart(span_of(content, len), &arena, &parts, NULL) == 0 &&
                   labels_given_parse(parts.payload, given, NULL) == 0 &&
                   strcmp(given->node, node) == 0;
    free(content);
    return is_read;
}

int roll_book_labels(struct roll_book *book, const struct labels_given *given, struct err *err)
{
    struct topic topic = {.kind = TOPIC_LABELS, .level = 2};
    char name[BUS_TOPIC_BYTES], path[PATH_MAX], document[SMALL_BYTES_MAX + 1];
    struct span envelope;
    struct text text;
    const struct roll_entry *entry = roll_book_find(book, given->node);
    text_init(&text, document, sizeof document);
    labels_given_render(given, &text);
    if (text.cut) {
        return err_set(err, ERR_OVERSIZE, "these labels are longer than %d bytes together",
                       SMALL_BYTES_MAX);
    }
    (void)text_copy(topic.fleet, sizeof topic.fleet, book->dir->fleet);
    (void)text_copy(topic.node, sizeof topic.node, given->node);
    topic_shard(&book->mirror.verify, given->node, topic.shard);
    topic_render(&topic, name);
    labels_path(book, given->node, path);
    int rc = document_sign(book, SIGNED_LABELS, &text, &envelope, err);
    rc = rc == 0 ? session_publish(book->session, name, envelope, err) : rc;
    rc = rc == 0 ? identity_folder(book->dir, "labels", err) : rc;
    rc = rc == 0 ? file_write(path, envelope, 0644, err) : rc;
    return rc == 0 && entry != NULL ? roll_book_set(book, given->node, given->version, err) : rc;
}
