/* release_pieces: a folder of pieces, each under the name of its digest. */
#include "ports/app/berth/release_pieces.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/wire/topic.h"
#include "ports/app/berth/files.h"

static int folder_path(const char *release, char path[PATH_MAX], struct err *err)
{
    int len = snprintf(path, PATH_MAX, "%s%s", release, PIECES_SUFFIX);
    return len > 0 && len < PATH_MAX - DIGEST_HEX_BYTES
               ? 0
               : err_set(err, ERR_IO, "%s: the name is too long", release);
}

static void piece_path(const char *folder, const struct digest *digest, char path[PATH_MAX])
{
    char hex[DIGEST_HEX_BYTES];
    digest_render(digest, hex);
    text_shorten_printf(path, PATH_MAX, "%s/%s", folder, hex);
}

static bool is_among(const struct pieces *pieces, const struct digest *digest)
{
    for (size_t i = 0; i < pieces->count; i++) {
        if (digest_is_equal(&pieces->list[i].digest, digest)) {
            return true;
        }
    }
    return false;
}

/* -- written ---------------------------------------------------------------------------------- */

/* Pieces that another build left would only be sent along. */
static void strangers_remove(const char *folder, const struct pieces *pieces)
{
    char path[PATH_MAX];
    struct digest digest;
    const struct dirent *entry = NULL;
    DIR *directory = opendir(folder);
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (strlen(entry->d_name) == DIGEST_HEX_BYTES - 1 && digest_parse(entry->d_name, &digest) &&
            !is_among(pieces, &digest)) {
            piece_path(folder, &digest, path);
            (void)unlink(path);
        }
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    if (pieces->count == 0) {
        (void)rmdir(folder);
    }
}

void pieces_remove(const char *release)
{
    const struct pieces none = {.count = 0};
    char folder[PATH_MAX];
    struct err err;
    if (folder_path(release, folder, &err) == 0) {
        strangers_remove(folder, &none);
    }
}

bool pieces_are_there(const char *release)
{
    char folder[PATH_MAX];
    struct err err;
    return folder_path(release, folder, &err) == 0 && access(folder, F_OK) == 0;
}

int pieces_copy(const struct pieces *pieces, const char *to, struct err *err)
{
    char folder[PATH_MAX];
    char path[PATH_MAX];
    int rc = folder_path(to, folder, err);
    if (rc == 0 && pieces->count > 0 && mkdir(folder, 0755) != 0 && errno != EEXIST) {
        rc = err_set(err, ERR_IO, "%s: %s", folder, strerror(errno));
    }
    for (size_t i = 0; rc == 0 && i < pieces->count; i++) {
        const struct piece *piece = &pieces->list[i];
        piece_path(folder, &piece->digest, path);
        rc = file_write(path, span_of(piece->content, piece->len), 0644, err);
    }
    if (rc == 0) {
        strangers_remove(folder, pieces);
    }
    return rc;
}

int pieces_write(const char *release, const struct travel *travel, const struct verify *verify,
                 struct err *err)
{
    struct pieces pieces = {.count = 0}; /* they point into the files */
    for (size_t i = 0; i < travel->count; i++) {
        const struct travel_file *file = &travel->files[i];
        for (size_t at = 0; at < file->len; at += FILE_PIECE_BYTES_MAX) {
            size_t left = file->len - at;
            struct piece *piece = &pieces.list[pieces.count];
            piece->content = file->content + at;
            piece->len = left < FILE_PIECE_BYTES_MAX ? left : FILE_PIECE_BYTES_MAX;
            verify->ops->sha256(verify->self, span_of(piece->content, piece->len), &piece->digest);
            pieces.count += !is_among(&pieces, &piece->digest);
        }
    }
    return pieces_copy(&pieces, release, err);
}

/* -- read ------------------------------------------------------------------------------------- */

struct opening {
    const char *release;
    char folder[PATH_MAX];
    const struct verify *verify;
    struct pieces *pieces;
    struct err *err;
    int rc;
};

static int piece_read(struct opening *opening, const char *name, const struct digest *digest)
{
    struct piece *piece = &opening->pieces->list[opening->pieces->count];
    struct digest found;
    struct err why = {0};
    char path[PATH_MAX];
    piece_path(opening->folder, digest, path);
    if (file_read(path, FILE_PIECE_BYTES_MAX, &piece->content, &piece->len, &why) != 0) {
        return err_set(
            opening->err, ERR_NOT_FOUND,
            "%s: a piece of %s is missing: %s; keep the folder %s beside the release, or "
            "build it again",
            opening->release, name, why.text, opening->folder);
    }
    opening->pieces->count++;
    opening->verify->ops->sha256(opening->verify->self, span_of(piece->content, piece->len),
                                 &found);
    piece->digest = *digest;
    return digest_is_equal(&found, digest)
               ? 0
               : err_set(opening->err, ERR_DIGEST,
                         "%s: a piece of %s is not what was built: %s; build the release again",
                         opening->release, name, path);
}

static void file_open(void *ctx, const struct plan_file *file)
{
    struct opening *opening = ctx;
    for (size_t i = 0; i < file->piece_count && opening->rc == 0; i++) {
        if (!is_among(opening->pieces, &file->pieces[i])) {
            opening->rc = piece_read(opening, file->name, &file->pieces[i]);
        }
    }
}

static const struct release_node any_node = {.name = "any"};

int pieces_open(const char *release, const struct release_file *file, const struct verify *verify,
                struct pieces *pieces, struct err *err)
{
    struct opening opening = {.release = release, .verify = verify, .pieces = pieces, .err = err};
    const struct release_files_sink sink = {.file = file_open, .ctx = &opening};
    *pieces = (struct pieces){.count = 0};
    int rc = folder_path(release, opening.folder, err);
    rc = rc == 0 ? release_files(file->parts.payload, &any_node, &sink, err) : rc;
    return rc == 0 ? opening.rc : rc;
}

void pieces_close(struct pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++) {
        free(pieces->list[i].content);
    }
    pieces->count = 0;
}

int pieces_publish(const struct pieces *pieces, const char *fleet, struct session *session,
                   struct err *err)
{
    struct topic topic = {.kind = TOPIC_FILE};
    char name[BUS_TOPIC_BYTES];
    int rc = 0;
    (void)text_copy(topic.fleet, sizeof topic.fleet, fleet);
    for (size_t i = 0; rc == 0 && i < pieces->count; i++) {
        const struct piece *piece = &pieces->list[i];
        digest_render(&piece->digest, topic.digest);
        topic_render(&topic, name);
        rc = session_publish(session, name, span_of(piece->content, piece->len), err);
    }
    return rc;
}

static void file_print(void *ctx, const struct plan_file *file)
{
    (void)fprintf(ctx, "  file       %7u bytes%s  %s\n", (unsigned)file->bytes,
                  (file->mode & 0111) != 0 ? ", program" : "", file->name);
}

int pieces_list(struct span payload, FILE *stream, struct err *err)
{
    const struct release_files_sink sink = {.file = file_print, .ctx = stream};
    return release_files(payload, &any_node, &sink, err);
}
