/* release_file: opening a release for the verbs that look at one. */
#include "ports/app/berth/release_file.h"

#include <stdlib.h>

#include "ports/app/berth/files.h"

#define MEMORY_BYTES (8 * ENVELOPE_BYTES_MAX)

int release_file_open(const struct keyring *keyring, const char *path, struct release_file *file,
                      struct err *err)
{
    *file = (struct release_file){0};
    int rc = file_read(path, ENVELOPE_BYTES_MAX, &file->content, &file->len, err);
    if (rc != 0) {
        return rc;
    }
    file->memory = malloc(MEMORY_BYTES);
    if (file->memory == NULL) {
        return err_set(err, ERR_MEMORY, "%s: no memory", path);
    }
    arena_init(&file->arena, file->memory, MEMORY_BYTES);
    rc = envelope_take_apart(span_of(file->content, file->len), &file->arena, &file->parts, err);
    if (rc == 0 && strcmp(file->parts.type, RELEASE_PAYLOAD_TYPE) != 0) {
        rc = err_set(err, ERR_PAYLOAD_TYPE, "is no release but %s", file->parts.type);
    }
    if (rc != 0) {
        return err_wrap(err, rc, "%s", path);
    }
    keyring->verify.ops->sha256(keyring->verify.self, file->parts.payload, &file->digest);
    return 0;
}

void release_file_close(struct release_file *file)
{
    free(file->memory);
    free(file->content);
}

int release_file_compile(const struct release_file *file, struct plan *plan, struct err *err)
{
    static const struct release_node node = {.name = "any"};
    return release_compile(file->parts.payload, &node, plan, err);
}

int release_file_verify(const struct keyring *keyring, const char *path, const struct trust *trust,
                        struct release_file *file, struct plan *plan, struct err *err)
{
    struct span payload;
    struct digest digest;
    int rc = envelope_open(span_of(file->content, file->len), TRUST_ROLE_RELEASE, trust,
                           &keyring->verify, &file->arena, &payload, &digest, err);
    if (rc == 0) {
        rc = release_file_compile(file, plan, err);
    }
    return rc == 0 ? 0 : err_wrap(err, rc, "%s: %s", path, err_word(rc));
}
