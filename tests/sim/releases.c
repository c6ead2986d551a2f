/* releases: payloads by one pattern, sealed by the test's own key. */
#include "tests/sim/releases.h"

#include <assert.h>
#include <stdio.h>

#include "agent/wire/envelope.h"
#include "agent/wire/release.h"
#include "platform/base/text.h"
#include "tests/sim/seal.h"

static const uint8_t trusted_key[VERIFY_KEY_BYTES] = {4, 1};
static const uint8_t stranger_key[VERIFY_KEY_BYTES] = {4, 2};

struct release_row {
    const char *word;
    uint64_t sequence, lowest;
    uint8_t replicas;
};

static const struct release_row rows[RELEASE_COUNT] = {
#define ROW_(name, word, sequence, floor, replicas, truth)                                         \
    [RELEASE_##name] = {word, sequence, floor, replicas},
    RELEASES(ROW_)
#undef ROW_
};

const char *release_word(enum release_name name)
{
    return rows[name].word;
}

bool release_is_beside(enum release_name name)
{
    return name == RELEASE_LOG1 || name == RELEASE_LOG2 || name == RELEASE_LOGBAD;
}

static struct sim_app app_of(enum release_name name)
{
    struct sim_app app = sim_app_well();
    switch ((int)name) {
    case RELEASE_SLOW:
        app.ready_after_ms = 4000;
        break;
    case RELEASE_DEAF:
        app.ignores_term = true;
        break;
    case RELEASE_SILENT:
        app.ready_after_ms = SIM_NEVER;
        break;
    case RELEASE_CRASHING:
    case RELEASE_LOGBAD:
    case RELEASE_ADOPTBAD:
        app.crash_after_ms = 2500;
        break;
    case RELEASE_STILLBORN:
        app.crash_after_ms = 200;
        break;
    case RELEASE_FADING:
        app.unready_after_ms = 2500;
        break;
    case RELEASE_HANGING:
        app.hang_after_ms = 2500;
        break;
    default:
        break;
    }
    return app;
}

/* What it asks for beside the pattern. */
static const char *extra_of(enum release_name name)
{
    switch ((int)name) {
    case RELEASE_ABSENT:
        return "\"entrypoint\":[\"" SIM_ABSENT_PROGRAM "\"],";
    case RELEASE_UNLOGGED:
        return "\"logging\":{\"driver\":\"" SIM_ABSENT_DRIVER "\"},";
    default:
        return "";
    }
}

/* How it is asked: over the network, or by a command that the engine runs inside. */
static const char *probes_of(enum release_name name)
{
#define EVERY_HALF_SECOND_ "\"periodSeconds\":0.5,\"timeoutSeconds\":0.2,\"failureThreshold\":"
#define PROBES_(ready, alive)                                                                      \
    "\"startup\":{" ready "," EVERY_HALF_SECOND_ "10},"                                            \
    "\"readiness\":{" ready "," EVERY_HALF_SECOND_ "2},"                                           \
    "\"liveness\":{" alive "," EVERY_HALF_SECOND_ "3}"
#define COMMAND_ "\"exec\":{\"command\":[\"ready\"]}"
    return name == RELEASE_EXEC1 || name == RELEASE_EXEC2
               ? PROBES_(COMMAND_, COMMAND_)
               : PROBES_("\"httpGet\":{\"port\":80}", "\"tcpSocket\":{\"port\":80}");
#undef COMMAND_
#undef PROBES_
#undef EVERY_HALF_SECOND_
}

/* How it is told that it drains. */
static const char *notice_of(enum release_name name)
{
    switch ((int)name) {
    case RELEASE_SIGNALLED:
        return ",\"drain\":{\"notify\":{\"signal\":\"" SIM_SIGNAL_DRAIN "\"}}";
    case RELEASE_COMMANDED:
        return ",\"drain\":{\"notify\":{\"exec\":{\"command\":[\"" SIM_EXEC_DRAIN "\"]}}}";
    case RELEASE_POSTED:
        return ",\"drain\":{\"notify\":{\"http\":{\"path\":\"/drain\",\"port\":80}}}";
    default:
        return "";
    }
}

static void key_id(const uint8_t key[VERIFY_KEY_BYTES], char id[DIGEST_HEX_BYTES])
{
    struct digest digest;
    seal_digest(span_of(key, VERIFY_KEY_BYTES), &digest);
    digest_render(&digest, id);
}

static size_t write_payload(enum release_name name, const struct release_made *made,
                            const char *index, char payload[RELEASES_TEXT_MAX])
{
    const struct release_row *row = &rows[name];
    bool is_beside = release_is_beside(name);
    char config[DIGEST_HEX_BYTES];
    digest_render(&made->config, config);
    int len = snprintf(
        payload, RELEASES_TEXT_MAX,
        "{\"schema\":1,\"x-berth\":{\"app\":\"%s\",\"version\":\"%s\","
        "\"sequence\":%llu,\"floor\":%llu,\"swap\":{\"soak\":\"3s\",\"drain\":\"1s\","
        "\"keepWarm\":\"10s\",\"deadline\":\"30s\"}%s},\"services\":{\"web\":{%s\"image\":\"%s\","
        "\"ports\":[{\"target\":80,\"published\":%d}],\"stop_grace_period\":\"2s\","
        "\"deploy\":{\"replicas\":%u},\"x-berth\":{\"image\":{\"index\":\"sha256:%s\","
        "\"platforms\":[{\"arch\":\"amd64\",\"manifest\":\"sha256:%s\",\"config\":\"sha256:%s\"}]},"
        "\"probes\":{%s}%s}}}}",
        is_beside ? RELEASES_BESIDE : RELEASES_APP, row->word, (unsigned long long)row->sequence,
        (unsigned long long)row->lowest,
        name == RELEASE_ADOPT1 || name == RELEASE_ADOPTBAD ? ",\"adopt\":\"old\"" : "",
        extra_of(name), made->reference,
        is_beside ? RELEASES_BESIDE_PORT : RELEASES_PORT, row->replicas, index, index, config,
        probes_of(name), notice_of(name));
    assert(len > 0 && len < RELEASES_TEXT_MAX);
    return (size_t)len;
}

static void seal_payload(enum release_name name, struct span payload, struct release_made *made)
{
    static uint8_t memory[16 * RELEASES_TEXT_MAX];
    const uint8_t *key = name == RELEASE_FORGED ? stranger_key : trusted_key;
    struct envelope_signature signature;
    uint8_t seal[SEAL_BYTES];
    struct arena arena;
    struct span encoding;
    struct span rendered;
    arena_init(&arena, memory, sizeof memory);
    int rc = envelope_encoding(RELEASE_PAYLOAD_TYPE, payload, &arena, &encoding, NULL);
    assert(rc == 0);
    seal_sign(key, encoding, seal);
    key_id(key, signature.key_id);
    signature.der = span_of(seal, sizeof seal);
    rc = envelope_render(RELEASE_PAYLOAD_TYPE, payload, &signature,
                         name == RELEASE_UNSIGNED ? 0 : 1, &arena, &rendered, NULL);
    assert(rc == 0 && rendered.len < sizeof made->envelope);
    (void)rc;
    memcpy(made->envelope, rendered.data, rendered.len);
    made->envelope_len = rendered.len;
}

static void make_release(enum release_name name, struct release_made *made)
{
    char payload[RELEASES_TEXT_MAX];
    char index[DIGEST_HEX_BYTES];
    struct digest index_digest;
    const struct release_row *row = &rows[name];
    made->word = row->word;
    made->sequence = row->sequence;
    made->floor = row->lowest;
    made->replicas = row->replicas;
    made->app = app_of(name);
    seal_digest(span_text(row->word), &index_digest);
    digest_render(&index_digest, index);
    seal_digest(span_text(index), &made->config);
    (void)snprintf(made->reference, sizeof made->reference, "registry.test/web@sha256:%s", index);
    size_t len = write_payload(name, made, index, payload);
    seal_digest(span_of(payload, len), &made->digest);
    seal_payload(name, span_of(payload, len), made);
}

void releases_make(struct releases *releases)
{
    memset(releases, 0, sizeof *releases);
    for (int name = 0; name < RELEASE_COUNT; name++) {
        make_release((enum release_name)name, &releases->made[name]);
    }
    struct trust *trust = &releases->trust;
    trust->version = 1;
    (void)text_copy(trust->fleet, sizeof trust->fleet, "sim");
    key_id(trusted_key, trust->keys[0].id);
    memcpy(trust->keys[0].point, trusted_key, VERIFY_KEY_BYTES);
    trust->keys[0].roles = (1u << TRUST_ROLE_COUNT) - 1u;
    trust->key_count = 1;
    for (int role = 0; role < TRUST_ROLE_COUNT; role++) {
        trust->threshold[role] = 1;
    }
    releases->revoked.version = 1;
    releases->revoked.digests[0] = releases->made[RELEASE_REVOKED].digest;
    releases->revoked.count = 1;
}

void releases_install(const struct releases *releases, const enum release_name *names, size_t count,
                      struct sim_machine *machine)
{
    for (size_t i = 0; i < count; i++) {
        const struct release_made *made = &releases->made[names[i]];
        struct sim_release truth = {
            .digest = made->digest,
            .sequence = made->sequence,
            .floor = made->floor,
            .soak_ms = RELEASES_SOAK_MS,
            .replicas = made->replicas,
            .is_told = notice_of(names[i])[0] != '\0',
            .is_allowed = names[i] != RELEASE_UNSIGNED && names[i] != RELEASE_FORGED &&
                          names[i] != RELEASE_REVOKED,
        };
        (void)text_copy(truth.word, sizeof truth.word, made->word);
        (void)sim_checker_add(release_is_beside(names[i]) ? &machine->beside : &machine->checker,
                              &truth);
        size_t image =
            sim_engine_add_image(&machine->engine, made->reference, &made->config, &made->app);
        machine->engine.images[image].is_in_registry = names[i] != RELEASE_MISSING;
    }
}
