/* coordinator_files: the pieces of files that live rollouts' releases name, held for a broker that
 * forgets them. */
#include "agent/fleet/coordinator_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/wire/envelope.h"
#include "agent/wire/release.h"

/* Where the pieces of one release are noted. */
struct noting {
    struct coordinator *coordinator;
    const struct digest *release;
    bool has_memory;
};

static void piece_add(struct noting *noting, const struct digest *digest)
{
    struct fleet_pieces *pieces = &noting->coordinator->pieces;
    if (pieces->count == pieces->cap) {
        size_t cap = pieces->cap + FILES_PIECES_MAX;
        struct fleet_piece *list = realloc(pieces->list, cap * sizeof *list);
        if (list == NULL) {
            noting->has_memory = false;
            return;
        }
        pieces->list = list;
        pieces->cap = cap;
    }
    pieces->list[pieces->count++] =
        (struct fleet_piece){.digest = *digest, .release = *noting->release};
}

static void file_note(void *ctx, const struct plan_file *file)
{
    struct noting *noting = ctx;
    for (size_t i = 0; i < file->piece_count; i++) {
        piece_add(noting, &file->pieces[i]);
    }
}

bool coordinator_release_files(struct coordinator *coordinator, struct span envelope,
                               const struct digest *release, const struct release_files_sink *sink)
{
    static const struct release_node any = {.name = "any"};
    const struct verify *verify = &coordinator->ports.verify;
    struct envelope_parts parts;
    struct digest digest;
    struct arena arena;
    struct err err;
    arena_init(&arena, coordinator->memory, sizeof coordinator->memory);
    if (envelope_take_apart(envelope, &arena, &parts, &err) != 0) {
        return false;
    }
    verify->ops->sha256(verify->self, parts.payload, &digest);
    return digest_is_equal(&digest, release) &&
           release_files(parts.payload, &any, sink, &err) == 0;
}

/* Notes the pieces of a release that came, when it is what the rollout names; else no node will
 * take it either. */
static void release_note(struct coordinator *coordinator, struct kept *kept)
{
    struct noting noting = {
        .coordinator = coordinator, .release = &kept->spec.release, .has_memory = true};
    const struct release_files_sink sink = {.file = file_note, .ctx = &noting};
    (void)coordinator_release_files(coordinator, span_of(kept->release, kept->release_len),
                                    &kept->spec.release, &sink);
    kept->are_files_noted = noting.has_memory;
}

static bool is_live(const struct coordinator *coordinator, const struct digest *release)
{
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        const struct kept *kept = coordinator->mirror.rollouts.list[i];
        if (kept_is_live(kept) && digest_is_equal(&kept->spec.release, release)) {
            return true;
        }
    }
    return false;
}

/* What no live rollout names is held no longer. */
static void pieces_prune(struct coordinator *coordinator)
{
    struct fleet_pieces *pieces = &coordinator->pieces;
    for (size_t i = pieces->count; i > 0; i--) {
        if (!is_live(coordinator, &pieces->list[i - 1].release)) {
            free(pieces->list[i - 1].data);
            pieces->list[i - 1] = pieces->list[--pieces->count];
        }
    }
}

static void piece_found(void *ctx, const struct err *err)
{
    (void)ctx;
    (void)err;
}

void coordinator_files_ask(struct coordinator *coordinator)
{
    const struct bus *bus = &coordinator->ports.bus;
    struct topic topic = coordinator_topic(coordinator, TOPIC_FILE, "");
    char filter[BUS_TOPIC_BYTES];
    pieces_prune(coordinator);
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        struct kept *kept = coordinator->mirror.rollouts.list[i];
        if (kept_is_live(kept) && kept->release != NULL && !kept->are_files_noted) {
            release_note(coordinator, kept);
        }
    }
    for (size_t i = 0; i < coordinator->pieces.count; i++) {
        struct fleet_piece *piece = &coordinator->pieces.list[i];
        if (!piece->is_asked) {
            digest_render(&piece->digest, topic.digest);
            topic_render(&topic, filter);
            piece->is_asked =
                bus->ops->subscribe(bus->self, filter, piece_found, coordinator, NULL) == 0;
        }
    }
}

void coordinator_files_receive(struct coordinator *coordinator, const struct topic *topic,
                               struct span payload)
{
    const struct verify *verify = &coordinator->ports.verify;
    struct digest digest, found;
    if (payload.len == 0) { /* somebody took it away, for whom it was nobody's */
        if (digest_parse(topic->digest, &digest)) {
            coordinator_files_told(coordinator, &digest, false);
        }
        return;
    }
    verify->ops->sha256(verify->self, payload, &found);
    if (!digest_parse(topic->digest, &digest) || !digest_is_equal(&digest, &found)) {
        return;
    }
    for (size_t i = 0; i < coordinator->pieces.count; i++) {
        struct fleet_piece *piece = &coordinator->pieces.list[i];
        if (!digest_is_equal(&piece->digest, &digest)) {
            continue;
        }
        piece->echo = ECHO_THERE;
        if (piece->data == NULL) {
            piece->data = malloc(payload.len);
            piece->len = piece->data != NULL ? payload.len : 0;
            if (piece->data != NULL) {
                memcpy(piece->data, payload.data, payload.len);
            }
        }
    }
}

void coordinator_files_assert(struct coordinator *coordinator)
{
    struct topic topic = coordinator_topic(coordinator, TOPIC_FILE, "");
    for (size_t i = 0; i < coordinator->pieces.count; i++) {
        struct fleet_piece *piece = &coordinator->pieces.list[i];
        struct flight flight = {.piece = piece->digest};
        digest_render(&piece->digest, topic.digest);
        if (piece->echo == ECHO_MISSING && piece->data != NULL &&
            coordinator_publish(coordinator, &topic, span_of(piece->data, piece->len), &flight)) {
            piece->echo = ECHO_SENT;
        }
    }
}

void coordinator_files_told(struct coordinator *coordinator, const struct digest *digest,
                            bool is_taken)
{
    for (size_t i = 0; i < coordinator->pieces.count; i++) {
        struct fleet_piece *piece = &coordinator->pieces.list[i];
        if (digest_is_equal(&piece->digest, digest)) {
            piece->echo = is_taken ? ECHO_THERE : ECHO_MISSING;
        }
    }
}

void coordinator_files_unsee(struct coordinator *coordinator)
{
    for (size_t i = 0; i < coordinator->pieces.count; i++) {
        coordinator->pieces.list[i].echo = ECHO_MISSING;
        coordinator->pieces.list[i].is_asked = false;
    }
}

void coordinator_files_close(struct coordinator *coordinator)
{
    for (size_t i = 0; i < coordinator->pieces.count; i++) {
        free(coordinator->pieces.list[i].data);
    }
    free(coordinator->pieces.list);
    coordinator->pieces = (struct fleet_pieces){.list = NULL};
}
