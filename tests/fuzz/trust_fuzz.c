/* trust: what parses can be met: every role has at least as many keys as signatures it takes. */
#include "agent/wire/trust.h"

#include <stdlib.h>

#include "tests/fuzz/target.h"

static void check_trust(const struct trust *trust)
{
    for (enum trust_role role = 0; role < TRUST_ROLE_COUNT; role++) {
        unsigned keys = 0;
        for (size_t i = 0; i < trust->key_count; i++) {
            keys += trust->keys[i].roles >> role & 1;
        }
        if (trust->threshold[role] < 1 || trust->threshold[role] > keys) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trust trust;
    struct revoked revoked;
    if (trust_parse(span_of(data, size), &trust, NULL) == 0) {
        check_trust(&trust);
    }
    if (revoked_parse(span_of(data, size), &revoked, NULL) == 0 && revoked.count > REVOKED_MAX) {
        abort();
    }
    return 0;
}
