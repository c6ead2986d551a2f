/* trust_file: a trust document as text, checked by the reader every node has. */
#include "ports/app/berth/trust_file.h"

#include <stdlib.h>

#include "agent/wire/base64.h"
#include "platform/base/text.h"
#include "ports/app/berth/files.h"

#define MEMORY_BYTES (8 * TRUST_BYTES_MAX)

static void key_render(const struct trust_key *key, struct arena *arena, struct text *text)
{
    const char *point = base64_encode(span_of(key->point, VERIFY_KEY_BYTES), arena);
    const char *comma = "";
    text_printf(text, "{\"id\":\"%s\",\"point\":\"%s\",\"roles\":[", key->id,
                point != NULL ? point : "");
    for (enum trust_role role = 0; role < TRUST_ROLE_COUNT; role++) {
        if ((key->roles & 1u << role) != 0) {
            text_printf(text, "%s\"%s\"", comma, trust_role_word(role));
            comma = ",";
        }
    }
    text_append(text, "]}");
}

static void document_render(const struct trust *trust, struct arena *arena, struct text *text)
{
    text_printf(text, "{\"schema\":%d,\"fleet\":\"%s\",\"version\":%llu,",
                trust->epoch_base != 0 ? TRUST_SCHEMA_MAX : 1, trust->fleet,
                (unsigned long long)trust->version);
    if (trust->epoch_base != 0) {
        text_printf(text, "\"epochBase\":%llu,", (unsigned long long)trust->epoch_base);
    }
    text_append(text, "\"keys\":[");
    for (size_t i = 0; i < trust->key_count; i++) {
        text_append(text, i == 0 ? "" : ",");
        key_render(&trust->keys[i], arena, text);
    }
    text_append(text, "],\"threshold\":{");
    for (enum trust_role role = 0; role < TRUST_ROLE_COUNT; role++) {
        text_printf(text, "%s\"%s\":%u", role == 0 ? "" : ",", trust_role_word(role),
                    trust->threshold[role]);
    }
    text_append(text, "}}");
}

/* As a node judges it: a first document by its own trust role, the next one by that of the document
 * before as well. */
static int document_check(const struct keyring *keyring, const struct trust *trust,
                          const struct trust *before, struct span envelope, struct arena *arena,
                          struct err *err)
{
    struct span opened;
    struct digest digest;
    int rc = trust->version == 1 || before != NULL
                 ? envelope_open(envelope, TRUST_ROLE_TRUST, trust, &keyring->verify, arena,
                                 &opened, &digest, err)
                 : 0;
    if (rc != 0) {
        return err_wrap(err, rc, "nothing was changed: sign it with its own trust keys (--key)");
    }
    if (before != NULL) {
        rc = envelope_open(envelope, TRUST_ROLE_TRUST, before, &keyring->verify, arena, &opened,
                           &digest, err);
    }
    return rc == 0
               ? 0
               : err_wrap(err, rc,
                          "nothing was changed: no node would take it, version %llu's trust keys "
                          "must sign it too (--key)",
                          (unsigned long long)before->version);
}

static int document_write(const struct keyring *keyring, const struct trust *trust,
                          const struct trust *before, const char *const *pem_paths,
                          size_t pem_count, const char *path, struct arena *arena, struct err *err)
{
    char document[TRUST_BYTES_MAX];
    struct text text;
    struct trust check;
    struct span envelope;
    text_init(&text, document, sizeof document);
    document_render(trust, arena, &text);
    if (text.cut) {
        return err_set(err, ERR_LIMIT, "the trust document is over %d bytes", TRUST_BYTES_MAX);
    }
    struct span payload = span_of(document, text.len);
    int rc = trust_parse(payload, &check, err);
    if (rc == 0) {
        rc = keyring_sign(keyring, trust_role_type(TRUST_ROLE_TRUST), payload, NULL, 0, pem_paths,
                          pem_count, arena, &envelope, err);
    }
    rc = rc == 0 ? document_check(keyring, &check, before, envelope, arena, err) : rc;
    return rc != 0 ? rc : file_write(path, envelope, 0644, err);
}

int trust_file_write(const struct keyring *keyring, const struct trust *trust,
                     const struct trust *before, const char *const *pem_paths, size_t pem_count,
                     const char *path, struct err *err)
{
    struct arena arena;
    void *memory = malloc(MEMORY_BYTES);
    if (memory == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    arena_init(&arena, memory, MEMORY_BYTES);
    int rc = document_write(keyring, trust, before, pem_paths, pem_count, path, &arena, err);
    free(memory);
    return rc;
}
