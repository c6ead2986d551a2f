/* revoke_list: digests gathered, rendered, checked by the reader every node has, and signed. */
#include "ports/app/berth/revoke_list.h"

#include "platform/base/text.h"
#include "ports/app/berth/release_file.h"

/* A digest as it is written, or the digest of a release file. */
static int digest_of(const struct keyring *keyring, const char *word, struct digest *digest,
                     struct err *err)
{
    struct release_file file;
    if (digest_parse(word, digest)) {
        return 0;
    }
    int rc = release_file_open(keyring, word, &file, err);
    *digest = file.digest;
    release_file_close(&file);
    return rc;
}

int revoke_list_add(const struct keyring *keyring, const char *word, struct revoked *revoked,
                    struct err *err)
{
    struct digest digest;
    int rc = digest_of(keyring, word, &digest, err);
    if (rc != 0 || revoked_has(revoked, &digest)) {
        return rc;
    }
    if (revoked->count == REVOKED_MAX) {
        return err_set(err, ERR_LIMIT, "at most %d releases", REVOKED_MAX);
    }
    revoked->digests[revoked->count++] = digest;
    return 0;
}

int revoke_list_sign(const struct keyring *keyring, const struct revoked *revoked,
                     const char *const *pem_paths, size_t pem_count, struct arena *arena,
                     struct span *envelope, struct err *err)
{
    char document[TRUST_BYTES_MAX];
    struct text text;
    struct revoked check;
    text_init(&text, document, sizeof document);
    text_printf(&text, "{\"schema\":%d,\"version\":%llu,", revoked->fleet[0] != '\0' ? 2 : 1,
                (unsigned long long)revoked->version);
    if (revoked->fleet[0] != '\0') {
        text_printf(&text, "\"fleet\":\"%s\",", revoked->fleet);
    }
    text_append(&text, "\"releases\":[");
    for (size_t i = 0; i < revoked->count; i++) {
        char hex[DIGEST_HEX_BYTES];
        digest_render(&revoked->digests[i], hex);
        text_printf(&text, "%s\"%s\"", i == 0 ? "" : ",", hex);
    }
    text_append(&text, "]}");
    struct span payload = span_of(document, text.len);
    int rc = revoked_parse(payload, &check, err);
    return rc != 0 ? rc
                   : keyring_sign(keyring, trust_role_type(TRUST_ROLE_REVOKE), payload, NULL, 0,
                                  pem_paths, pem_count, arena, envelope, err);
}
