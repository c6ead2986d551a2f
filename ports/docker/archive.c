/* Archive: headers and contents of a tar (POSIX ustar), block by block. */
#include "ports/docker/archive.h"

#include "ports/docker/reply.h"

#define NAME_AT   0
#define SIZE_AT   124
#define SIZE_LEN  12
#define SIZE_MOST (UINT64_C(1) << 50)

/* An octal number with spaces or a NUL around it; what is none ends the reading. */
static bool size_read(const uint8_t *field, uint64_t *size)
{
    *size = 0;
    if ((field[0] & 0x80u) != 0) { /* GNU: binary, big endian, for beyond 8 GiB */
        for (size_t i = 4; i < SIZE_LEN; i++) {
            *size = *size << 8 | field[i];
        }
        return *size <= SIZE_MOST;
    }
    for (size_t i = 0; i < SIZE_LEN && field[i] != '\0' && field[i] != ' '; i++) {
        if (field[i] < '0' || field[i] > '7') {
            return false;
        }
        *size = *size * 8 + (uint64_t)(field[i] - '0');
    }
    return true;
}

static void header_read(struct archive *archive)
{
    static const char name[] = "manifest.json";
    uint64_t size = 0;
    if (!size_read(archive->block + SIZE_AT, &size)) {
        archive->is_cut = true;
        return;
    }
    archive->is_manifest = memcmp(archive->block + NAME_AT, name, sizeof name) == 0;
    archive->manifest_left = archive->is_manifest ? size : 0;
    archive->has_manifest = archive->has_manifest || archive->is_manifest;
    archive->is_cut = archive->is_manifest && size > ARCHIVE_MANIFEST_BYTES;
    archive->manifest_len = archive->is_manifest ? 0 : archive->manifest_len;
    archive->left = (size + ARCHIVE_BLOCK_BYTES - 1) / ARCHIVE_BLOCK_BYTES * ARCHIVE_BLOCK_BYTES;
}

static size_t least(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

void archive_feed(struct archive *archive, struct span piece)
{
    while (piece.len > 0 && !archive->is_cut) {
        size_t taken = least(archive->left, piece.len);
        if (taken > 0) {
            size_t kept = least(archive->manifest_left, taken);
            memcpy(archive->manifest + archive->manifest_len, piece.data, kept);
            archive->manifest_len += kept;
            archive->manifest_left -= kept;
            archive->left -= taken;
        } else {
            taken = least(ARCHIVE_BLOCK_BYTES - archive->block_len, piece.len);
            memcpy(archive->block + archive->block_len, piece.data, taken);
            archive->block_len += taken;
            if (archive->block_len == ARCHIVE_BLOCK_BYTES) {
                archive->block_len = 0;
                header_read(archive);
            }
        }
        piece = span_of(piece.data + taken, piece.len - taken);
    }
}

/* "blobs/sha256/<hex>" or "<hex>.json" */
static bool is_named(const char *path, const char *hex)
{
    static const char blobs[] = "blobs/sha256/";
    size_t len = DIGEST_HEX_BYTES - 1;
    if (strncmp(path, blobs, sizeof blobs - 1) == 0) {
        return strcmp(path + sizeof blobs - 1, hex) == 0;
    }
    return strncmp(path, hex, len) == 0 && strcmp(path + len, ".json") == 0;
}

bool archive_has_config(const struct archive *archive, const struct digest *config, bool *is_short)
{
    char hex[DIGEST_HEX_BYTES];
    const cJSON *image;
    if (!archive->has_manifest || archive->is_cut || archive->manifest_left > 0 ||
        digest_is_none(config)) {
        return false;
    }
    digest_render(config, hex);
    REPLY json = reply_parse(span_of(archive->manifest, archive->manifest_len), is_short);
    cJSON_ArrayForEach(image, json)
    {
        if (is_named(reply_text_at(image, "Config"), hex)) {
            return true;
        }
    }
    return false;
}
