/* trust: what parses can be met: every role has at least as many keys as signatures it takes. And
 * what operators sign of nodes. */
#include "agent/wire/labels.h"
#include "agent/wire/operators.h"
#include "agent/wire/roll.h"
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

/* What operators sign: sorted names, each once; labels that follow the rules. */
static void check_words(struct span text)
{
    struct operators operators;
    struct labels_given given;
    struct roll roll;
    if (operators_parse(text, &operators, NULL) == 0 && operators.count > OPERATORS_MAX) {
        abort();
    }
    if (labels_given_parse(text, &given, NULL) == 0 &&
        (given.version == 0 || given.labels.count > LABELS_MAX)) {
        abort();
    }
    if (roll_parse(text, &roll, NULL) != 0) {
        return;
    }
    for (size_t i = 0; i < roll.count; i++) {
        if (roll_find(&roll, roll.list[i].node) != &roll.list[i]) {
            abort();
        }
    }
    roll_free(&roll);
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
    check_words(span_of(data, size));
    return 0;
}
