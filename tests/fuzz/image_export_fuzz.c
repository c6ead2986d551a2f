/* image_export: an engine's archive, whole and in pieces: the same is kept of it, and each digest
 * is that of the bytes. The first byte says how long the pieces are, and whether checksums are made
 * to fit, so that what stands behind them is reached. */
#include "ports/app/berth/image_export.h"

#include <stdio.h>

#include "ports/mbedtls/verify.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

enum { BLOCK = 512, SIZE = 124, CHECKSUM = 148, CHECKSUM_BYTES = 8 };

static void checksum_make(uint8_t *header)
{
    unsigned sum = 0;
    char text[CHECKSUM_BYTES + 1];
    memset(header + CHECKSUM, ' ', CHECKSUM_BYTES);
    for (size_t i = 0; i < BLOCK; i++) {
        sum += header[i];
    }
    (void)snprintf(text, sizeof text, "%06o", sum);
    memcpy(header + CHECKSUM, text, CHECKSUM_BYTES - 1);
}

/* Each block that a header may stand in. */
static void checksums_make(uint8_t *archive, size_t len)
{
    for (size_t at = 0; at + BLOCK <= len; at += BLOCK) {
        if (archive[at] != '\0' && archive[at + SIZE] >= '0' && archive[at + SIZE] <= '7') {
            checksum_make(archive + at);
        }
    }
}

static void archive_read(struct image_export *archive, struct span bytes, size_t piece)
{
    while (bytes.len > 0) {
        size_t len = piece < bytes.len ? piece : bytes.len;
        if (!image_export_take(archive, span_of(bytes.data, len))) {
            PROMISE(archive->trouble.code != 0 && archive->trouble.text[0] != '\0');
            return;
        }
        bytes = span_of(bytes.data + len, bytes.len - len);
    }
}

static void same_check(const struct image_export *a, const struct image_export *b)
{
    PROMISE(a->count == b->count && a->trouble.code == b->trouble.code);
    PROMISE(image_export_is_whole(a) == image_export_is_whole(b));
    for (size_t i = 0; i < a->count; i++) {
        const struct image_export_entry *one = &a->entries[i];
        struct digest digest;
        PROMISE(strlen(one->name) <= 100 && one->len > 0 && one->data[one->len] == '\0');
        PROMISE(one->data[0] == '{' || one->data[0] == '[');
        PROMISE(one->len == b->entries[i].len);
        a->verify->ops->sha256(a->verify->self, span_of(one->data, one->len), &digest);
        PROMISE(digest_is_equal(&digest, &one->digest));
        PROMISE(image_export_named(a, one->name) != NULL);
        PROMISE(image_export_blob(a, &one->digest) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct verify verify;
    struct span input = span_of(data, size);
    unsigned how = input_byte(&input);
    uint8_t *bytes = malloc(input.len + 1);
    struct image_export whole;
    struct image_export parts;
    PROMISE(bytes != NULL && mbedtls_verify_init(&verify, NULL) == 0);
    memcpy(bytes, input.data, input.len);
    if ((how & 1) != 0) {
        checksums_make(bytes, input.len);
    }
    image_export_open(&whole, &verify);
    image_export_open(&parts, &verify);
    archive_read(&whole, span_of(bytes, input.len), input.len);
    archive_read(&parts, span_of(bytes, input.len), how / 2 + 1);
    same_check(&whole, &parts);
    image_export_close(&whole);
    image_export_close(&parts);
    free(bytes);
    return 0;
}
