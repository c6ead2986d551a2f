/* mirror_desk.c: a mirror whose signatures are counted. */
#include "tests/unit/fleet/mirror_desk.h"

#include "tests/check.h"
#include "tests/sim/sealing.h"

struct mirror mirror;
struct mirror_news news;
struct trust trust;
unsigned verified;

static int counted(void *self, const uint8_t key[VERIFY_KEY_BYTES], struct span message,
                   struct span seal, struct err *err)
{
    struct verify verify = seal_verify_port();
    (void)self;
    verified++;
    return verify.ops->signature(verify.self, key, message, seal, err);
}

static void sha256(void *self, struct span data, struct digest *digest)
{
    (void)self;
    seal_digest(data, digest);
}

static const struct verify_ops counting = {.sha256 = sha256, .signature = counted};

void mirror_desk_open(bool is_restating)
{
    struct digest digest;
    trust = (struct trust){.version = 1, .fleet = "sim", .key_count = 1};
    trust.keys[0].point[0] = 4;
    trust.keys[0].point[1] = 1;
    trust.keys[0].roles = 1u << TRUST_ROLE_ORDER;
    seal_digest(span_of(trust.keys[0].point, VERIFY_KEY_BYTES), &digest);
    digest_render(&digest, trust.keys[0].id);
    for (size_t i = 0; i < TRUST_ROLE_COUNT; i++) {
        trust.threshold[i] = 1;
    }
    const struct operators operators = sealing_operators(3);
    const struct mirror_settings settings = {.fleet = "sim",
                                             .trust = &trust,
                                             .operators = &operators,
                                             .verify = {&counting, NULL},
                                             .is_restating = is_restating};
    CHECK_INT_EQ(mirror_init(&mirror, &settings, NULL), 0);
    verified = 0;
}

enum mirror_answer heard_span(const char *below, struct span payload)
{
    char topic[BUS_TOPIC_BYTES];
    (void)snprintf(topic, sizeof topic, "berth/1/sim/%s", below);
    mirror_take(&mirror, topic, payload, 1000, &news);
    return news.answer;
}

enum mirror_answer cleared(const char *below)
{
    return heard_span(below, span_of(NULL, 0));
}

struct rollout_spec spec_of(const char *id)
{
    struct rollout_spec spec = {
        .app = "web", .created = 7, .max_unavailable = 1, .offline = "later"};
    spec.release.bytes[0] = 1;
    (void)text_copy(spec.id, sizeof spec.id, id);
    return spec;
}
