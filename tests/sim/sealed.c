/* sealed: one envelope around whatever is given. */
#include "tests/sim/sealed.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "agent/wire/envelope.h"
#include "tests/sim/seal.h"

static void seal_around(enum trust_role role, struct span payload, int signer, struct sealed *made)
{
    static uint8_t memory[8 * SEALED_BYTES], seal[SEAL_BYTES];
    const uint8_t key[VERIFY_KEY_BYTES] = {4, (uint8_t)signer};
    const char *type = trust_role_type(role);
    struct envelope_signature signature = {.key_id = ""};
    struct span encoding, envelope = {0};
    struct digest id;
    struct arena arena;
    arena_init(&arena, memory, sizeof memory);
    int rc = envelope_encoding(type, payload, &arena, &encoding, NULL);
    assert(rc == 0);
    seal_sign(key, encoding, seal);
    seal_digest(span_of(key, sizeof key), &id);
    digest_render(&id, signature.key_id);
    signature.der = span_of(seal, sizeof seal);
    rc = envelope_render(type, payload, &signature, signer == 0 ? 0 : 1, &arena, &envelope, NULL);
    assert(rc == 0 && envelope.len < sizeof made->data);
    (void)rc;
    memcpy(made->data, envelope.data, envelope.len);
    made->len = envelope.len;
    seal_digest(payload, &made->digest);
}

static const char *given(const char *text)
{
    return text != NULL ? text : "";
}

void sealed_release(const struct sealed_content *content, int signer, struct sealed *made)
{
    static char payload[SEALED_BYTES];
    char index_hex[DIGEST_HEX_BYTES], config_hex[DIGEST_HEX_BYTES];
    struct digest index, config;
    seal_digest(span_text("v2"), &index);
    digest_render(&index, index_hex);
    seal_digest(span_text(index_hex), &config);
    digest_render(&config, config_hex);
    if (content->is_empty) {
        int short_len = snprintf(payload, sizeof payload,
                                 "{\"schema\":1,\"x-berth\":{\"app\":\"%s\",\"sequence\":%llu%s},"
                                 "\"services\":{}}",
                                 content->app, (unsigned long long)content->sequence,
                                 given(content->top));
        seal_around(TRUST_ROLE_RELEASE, span_of(payload, (size_t)short_len), signer, made);
        return;
    }
    int len = snprintf(
        payload, sizeof payload,
        "{\"schema\":1,\"x-berth\":{\"app\":\"%s\",\"sequence\":%llu%s},\"services\":{\"web\":{"
        "\"image\":\"registry.test/web@sha256:%s\"%s,\"x-berth\":{\"image\":{\"index\":"
        "\"sha256:%s\",\"platforms\":[{\"arch\":\"amd64\",\"manifest\":\"sha256:%s\",\"config\":"
        "\"sha256:%s\"}]}%s}}}%s}",
        content->app, (unsigned long long)content->sequence, given(content->top), index_hex,
        given(content->service), index_hex, index_hex, config_hex, given(content->extension),
        given(content->root));
    assert(len > 0 && (size_t)len < sizeof payload);
    seal_around(TRUST_ROLE_RELEASE, span_of(payload, (size_t)len), signer, made);
}

void sealed_order(const struct order *order, int signer, struct sealed *made)
{
    char payload[ORDER_BYTES_MAX];
    struct text text;
    text_init(&text, payload, sizeof payload);
    order_render(order, &text);
    assert(!text.cut);
    seal_around(TRUST_ROLE_ORDER, span_of(text.data, text.len), signer, made);
}

struct span sealed_span(const struct sealed *made)
{
    return span_of(made->data, made->len);
}
