/* image_export: a tar archive (POSIX ustar, with GNU's large sizes) taken in pieces; only documents
 * are kept, layers flow past. */
#include "ports/app/berth/image_export.h"

#include <stdlib.h>
#include <string.h>

#include "platform/base/text.h"

enum { BLOCK_BYTES = 512, NAME_BYTES_USTAR = 100, ENTRIES_MAX = 65536 };

void image_export_open(struct image_export *archive, const struct verify *verify)
{
    *archive = (struct image_export){.verify = verify};
}

void image_export_close(struct image_export *archive)
{
    for (size_t i = 0; i < archive->count; i++) {
        free(archive->entries[i].data);
    }
    free(archive->entries);
    free(archive->current.data);
    *archive = (struct image_export){0};
}

static bool fail(struct image_export *archive, int code, const char *what)
{
    (void)err_set(&archive->trouble, code, "the engine's archive %s", what);
    return false;
}

/* Octal digits, or GNU's base 256 where the first bit is set. */
static bool number_read(const unsigned char *field, size_t len, uint64_t *number)
{
    *number = 0;
    if ((field[0] & 0x80) != 0) {
        for (size_t i = 1; i < len; i++) {
            if (*number >> 48 != 0) {
                return false;
            }
            *number = *number << 8 | field[i];
        }
        return true;
    }
    for (size_t i = 0; i < len && field[i] != '\0' && field[i] != ' '; i++) {
        if (field[i] < '0' || field[i] > '7') {
            return false;
        }
        *number = *number << 3 | (uint64_t)(field[i] - '0');
    }
    return true;
}

static bool checksum_fits(const unsigned char *header)
{
    uint64_t wanted = 0;
    uint64_t sum = 0;
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        sum += i >= 148 && i < 156 ? ' ' : header[i];
    }
    return number_read(header + 148, 8, &wanted) && sum == wanted;
}

static bool is_zero(const unsigned char *header)
{
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        if (header[i] != 0) {
            return false;
        }
    }
    return true;
}

/* A prefix is not joined: no document of an engine's archive has a name longer than 100 bytes. */
static bool header_read(struct image_export *archive)
{
    const unsigned char *header = archive->header;
    char type = (char)header[156];
    uint64_t size = 0;
    archive->header_len = 0;
    if (is_zero(header)) {
        archive->is_over = true;
        return true;
    }
    if (!checksum_fits(header) || !number_read(header + 124, 12, &size)) {
        return fail(archive, ERR_SYNTAX, "is no tar archive");
    }
    archive->current = (struct image_export_entry){0};
    memcpy(archive->current.name, header, NAME_BYTES_USTAR);
    archive->left = size;
    archive->padding = (BLOCK_BYTES - size % BLOCK_BYTES) % BLOCK_BYTES;
    archive->is_first = true;
    archive->is_kept =
        (type == '0' || type == '\0') && size > 0 && size <= IMAGE_EXPORT_DOCUMENT_BYTES_MAX;
    return true;
}

static bool entry_begin(struct image_export *archive, unsigned char first)
{
    archive->is_first = false;
    archive->is_kept = archive->is_kept && (first == '{' || first == '[');
    if (!archive->is_kept) {
        return true;
    }
    if (archive->left > IMAGE_EXPORT_BYTES_MAX - archive->kept_bytes ||
        archive->count == ENTRIES_MAX) {
        return fail(archive, ERR_OVERSIZE, "holds more documents than an image has");
    }
    archive->current.data = malloc((size_t)archive->left + 1);
    return archive->current.data != NULL || fail(archive, ERR_MEMORY, "does not fit into memory");
}

static bool entry_end(struct image_export *archive)
{
    struct image_export_entry *current = &archive->current;
    const struct verify *verify = archive->verify;
    if (!archive->is_kept) {
        return true;
    }
    struct image_export_entry *longer =
        realloc(archive->entries, (archive->count + 1) * sizeof *longer);
    if (longer == NULL) {
        return fail(archive, ERR_MEMORY, "does not fit into memory");
    }
    archive->entries = longer;
    current->data[current->len] = '\0';
    verify->ops->sha256(verify->self, span_of(current->data, current->len), &current->digest);
    archive->kept_bytes += current->len;
    longer[archive->count++] = *current;
    *current = (struct image_export_entry){0};
    archive->is_kept = false;
    return true;
}

static size_t least(size_t a, uint64_t b)
{
    return a < b ? a : (size_t)b;
}

/* Bytes of a member; how many were taken, 0 after a failure. */
static size_t content_take(struct image_export *archive, struct span piece)
{
    size_t len = least(piece.len, archive->left);
    if (archive->is_first && !entry_begin(archive, piece.data[0])) {
        return 0;
    }
    if (archive->is_kept) {
        memcpy(archive->current.data + archive->current.len, piece.data, len);
        archive->current.len += len;
    }
    archive->left -= len;
    return archive->left > 0 || entry_end(archive) ? len : 0;
}

bool image_export_take(struct image_export *archive, struct span piece)
{
    while (piece.len > 0 && !archive->is_over && archive->trouble.code == 0) {
        size_t len = 0;
        if (archive->left > 0) {
            len = content_take(archive, piece);
        } else if (archive->padding > 0) {
            len = least(piece.len, archive->padding);
            archive->padding -= len;
        } else {
            len = least(piece.len, BLOCK_BYTES - archive->header_len);
            memcpy(archive->header + archive->header_len, piece.data, len);
            archive->header_len += len;
            if (archive->header_len == BLOCK_BYTES && !header_read(archive)) {
                return false;
            }
        }
        piece = span_of(piece.data + len, piece.len - len);
    }
    return archive->trouble.code == 0;
}

bool image_export_is_whole(const struct image_export *archive)
{
    return archive->is_over && archive->trouble.code == 0;
}

const struct image_export_entry *image_export_named(const struct image_export *archive,
                                                    const char *name)
{
    for (size_t i = 0; i < archive->count; i++) {
        if (strcmp(archive->entries[i].name, name) == 0) {
            return &archive->entries[i];
        }
    }
    return NULL;
}

const struct image_export_entry *image_export_blob(const struct image_export *archive,
                                                   const struct digest *digest)
{
    for (size_t i = 0; i < archive->count; i++) {
        if (digest_is_equal(&archive->entries[i].digest, digest)) {
            return &archive->entries[i];
        }
    }
    return NULL;
}
