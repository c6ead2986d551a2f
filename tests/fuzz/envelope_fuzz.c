/* envelope: nothing that was not signed opens, and what is taken apart renders again to the same.
 */
#include "agent/wire/envelope.h"

#include <stdlib.h>

#include "ports/mbedtls/verify.h"
#include "tests/fuzz/target.h"

static void take_apart(struct span text, uint8_t *memory, size_t bytes)
{
    struct arena arena;
    struct envelope_parts parts;
    struct envelope_parts again;
    struct span rendered;
    arena_init(&arena, memory, bytes);
    if (envelope_take_apart(text, &arena, &parts, NULL) == 0 &&
        envelope_render(parts.type, parts.payload, parts.signatures, parts.signature_count, &arena,
                        &rendered, NULL) == 0 &&
        envelope_take_apart(rendered, &arena, &again, NULL) == 0 &&
        !span_is_equal(parts.payload, again.payload)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[1 << 20];
    struct trust trust = {.key_count = 1, .threshold = {1, 1, 1, 1}};
    struct verify verify;
    struct arena arena;
    struct span payload;
    struct digest digest;
    memset(trust.keys[0].id, 'a', DIGEST_HEX_BYTES - 1);
    trust.keys[0].point[0] = 4; /* no point: nothing can be signed by it */
    trust.keys[0].roles = 15;
    arena_init(&arena, memory, sizeof memory);
    if (mbedtls_verify_init(&verify, NULL) != 0 ||
        envelope_open(span_of(data, size), TRUST_ROLE_RELEASE, &trust, &verify, &arena, &payload,
                      &digest, NULL) == 0) {
        abort();
    }
    take_apart(span_of(data, size), memory, sizeof memory);
    return 0;
}
