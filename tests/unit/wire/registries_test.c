/* registries: credentials and mirrors by repository, and every fault of the file at once. */
#include "agent/wire/registries.h"

#include "agent/wire/base64.h"
#include "platform/base/text.h"
#include "platform/base/units.h"
#include "tests/check.h"

#define HEAD "{\"schema\":1,\"registries\":{"

static const char sample[] = HEAD
    "\"host:5000\":{\"username\":\"fleet\",\"password\":\"gehei\\u006d\\\"?>\"},"
    "\"token.example\":{\"identityToken\":\"abc.def\"},"
    "\"docker.io\":{\"mirrors\":[\"near:5000\",\"host:5000/cache\"]},"
    "\"far.example\":{\"username\":\"u\",\"password\":\"p\",\"mirrors\":[\"near:5000/far\"]}}}";

static struct registry_way found;

static int way(const char *text, const char *repository, size_t number)
{
    static struct err err;
    memset(&found, 0, sizeof found);
    int rc = registries_way(span_text(text), repository, number, &found, &err);
    if (rc != 0) {
        printf("    (%s: %s)\n", err_word(rc), err.text);
    }
    return rc;
}

/* Back from base64url by hand. */
static const char *auth(void)
{
    static char text[REGISTRY_AUTH_BYTES];
    static uint8_t memory[REGISTRY_AUTH_BYTES];
    char plain[REGISTRY_AUTH_BYTES];
    struct arena arena;
    struct span data;
    arena_init(&arena, memory, sizeof memory);
    (void)snprintf(plain, sizeof plain, "%s", found.auth);
    for (char *at = plain; *at != '\0'; at++) {
        CHECK(*at != '+' && *at != '/');
        *at = *at == '-' ? '+' : *at == '_' ? '/' : *at;
    }
    if (base64_decode(plain, &arena, &data, NULL) != 0) {
        return "not base64url";
    }
    (void)snprintf(text, sizeof text, "%.*s", (int)data.len, (const char *)data.data);
    return text;
}

static void credentials_go_to_their_registry(void)
{
    CHECK_INT_EQ(way(sample, "host:5000/a/web", 0), 0);
    CHECK_STR_EQ(found.repository, "host:5000/a/web");
    CHECK_STR_EQ(auth(), "{\"username\":\"fleet\",\"password\":\"geheim\\\"?>\","
                         "\"serveraddress\":\"host:5000\"}");
    CHECK_STR_EQ(found.user, "fleet");
    CHECK_INT_EQ(way(sample, "token.example/web", 0), 0);
    CHECK_STR_EQ(auth(), "{\"identitytoken\":\"abc.def\",\"serveraddress\":\"token.example\"}");
    CHECK_STR_EQ(found.user, "identity token");
    CHECK_INT_EQ(way(sample, "host:5000/a/web", 1), ERR_NOT_FOUND);
    CHECK_INT_EQ(way(sample, "host/a/web", 0), 0); /* of the default registry, mirrored */
    CHECK_STR_EQ(found.repository, "near:5000/host/a/web");
    CHECK_INT_EQ(way(sample, "other.example/web", 0), 0);
    CHECK_STR_EQ(found.repository, "other.example/web");
    CHECK_STR_EQ(found.auth, "");
    CHECK_STR_EQ(found.user, "");
}

static void mirrors_come_first_with_their_own_credentials(void)
{
    CHECK_INT_EQ(way(sample, "nginx", 0), 0);
    CHECK_STR_EQ(found.repository, "near:5000/library/nginx");
    CHECK_STR_EQ(found.auth, "");
    CHECK_INT_EQ(way(sample, "docker.io/grafana/grafana", 1), 0);
    CHECK_STR_EQ(found.repository, "host:5000/cache/grafana/grafana");
    CHECK_STR_EQ(found.user, "fleet");
    CHECK_INT_EQ(way(sample, "nginx", 2), 0);
    CHECK_STR_EQ(found.repository, "nginx");
    CHECK_INT_EQ(way(sample, "nginx", 3), ERR_NOT_FOUND);
    CHECK_INT_EQ(way(sample, "far.example/a/web", 0), 0);
    CHECK_STR_EQ(found.repository, "near:5000/far/a/web");
    CHECK_STR_EQ(found.auth, ""); /* what is far's is not told to near */
    CHECK_INT_EQ(way(sample, "far.example/a/web", 1), 0);
    CHECK_STR_EQ(found.user, "u");
}

static void no_file_is_no_fault(void)
{
    CHECK_INT_EQ(way("", "host:5000/a/web", 0), 0);
    CHECK_STR_EQ(found.repository, "host:5000/a/web");
    CHECK_STR_EQ(found.auth, "");
    CHECK_INT_EQ(way("", "host:5000/a/web", 1), ERR_NOT_FOUND);
}

static void every_fault_is_told_at_once(void)
{
    static const char bad[] = "{\"schema\":2,\"extra\":1,\"registries\":{"
                              "\"https://host\":{\"username\":\"u\",\"password\":\"p\"},"
                              "\"a\":{\"username\":\"u\"},"
                              "\"b\":{\"password\":\"\",\"username\":7},"
                              "\"c\":{},"
                              "\"d\":{\"mirrors\":[\"https://x\",\"y/\",3],\"pasword\":\"p\"},"
                              "\"e\":{\"username\":\"u\",\"password\":\"p\","
                              "\"identityToken\":\"t\"},\"f\":[]}}";
    static const char *const told[] = {
        "schema: ",
        "extra: unknown key; known are",
        "is no registry; write host[:port]",
        "a: username and password belong together",
        "b.password: is empty",
        "b.username: ",
        "c: says nothing",
        "d.mirrors[0]: is no mirror; write host",
        "d.mirrors[1]: is no mirror",
        "d.mirrors[2]: ",
        "d.pasword: unknown key; known are username, password, identityToken, mirrors",
        "e: has both a password and an identityToken; keep one",
        "f: must be an object",
    };
    char faults[REGISTRIES_FAULT_BYTES];
    CHECK_INT_EQ(registries_check(span_text(bad), faults, sizeof faults), COUNT_OF(told));
    for (size_t i = 0; i < COUNT_OF(told); i++) {
        CHECK_CONTAINS(faults, told[i]);
    }
    CHECK_INT_EQ(way(bad, "good.example/web", 0), ERR_VALUE);
    char few[160];
    CHECK_INT_EQ(registries_check(span_text(bad), few, sizeof few), COUNT_OF(told));
    CHECK_CONTAINS(few, " more");
    CHECK_INT_EQ(registries_check(span_text(sample), faults, sizeof faults), 0);
    CHECK_STR_EQ(faults, "");
    CHECK_INT_EQ(registries_check(span_text("{\"schema\":1,}"), faults, sizeof faults), 1);
    CHECK_INT_EQ(registries_check(span_text("[]"), faults, sizeof faults), 1);
    CHECK_INT_EQ(registries_check(span_text("{}"), faults, sizeof faults), 2);
    CHECK_INT_EQ(registries_check(span_text("{\"schema\":1,\"schema\":1,\"registries\":{}}"),
                                  faults, sizeof faults),
                 1);
}

static size_t faults_of(size_t registries, size_t mirrors, size_t secret)
{
    static char text[REGISTRIES_BYTES_MAX];
    static char long_one[REGISTRIES_SECRET_BYTES + 2];
    char faults[REGISTRIES_FAULT_BYTES];
    struct text json;
    memset(long_one, 'x', secret);
    long_one[secret] = '\0';
    text_init(&json, text, sizeof text);
    text_append(&json, HEAD);
    for (size_t i = 0; i < registries; i++) {
        text_printf(&json, "%s\"h%zu\":{\"identityToken\":\"%s\"", i > 0 ? "," : "", i,
                    i == 0 ? long_one : "t");
        for (size_t j = 0; j < mirrors; j++) {
            text_printf(&json, "%s\"m%zu\"%s", j == 0 ? ",\"mirrors\":[" : ",", j,
                        j + 1 == mirrors ? "]" : "");
        }
        text_append(&json, "}");
    }
    text_append(&json, "}}");
    CHECK(!json.cut);
    size_t count = registries_check(span_of(text, json.len), faults, sizeof faults);
    if (count == 0) {
        CHECK_INT_EQ(way(text, "h0/web", 0), 0);
    }
    return count;
}

static void limits_say_themselves(void)
{
    CHECK_INT_EQ(faults_of(REGISTRIES_MAX, REGISTRIES_MIRRORS_MAX, 5), 0);
    CHECK_INT_EQ(faults_of(REGISTRIES_MAX + 1, 1, 5), 1);
    CHECK_INT_EQ(faults_of(1, REGISTRIES_MIRRORS_MAX + 1, 5), 1);
    CHECK_INT_EQ(faults_of(1, 0, REGISTRIES_SECRET_BYTES), 0);
    CHECK_INT_EQ(faults_of(1, 0, REGISTRIES_SECRET_BYTES + 1), 1);
}

static void a_long_secret_reaches_the_engine(void)
{
    static char text[REGISTRIES_SECRET_BYTES + 128];
    static char secret[REGISTRIES_SECRET_BYTES + 1];
    memset(secret, 's', REGISTRIES_SECRET_BYTES);
    (void)snprintf(text, sizeof text, HEAD "\"h.x\":{\"identityToken\":\"%s\"}}}", secret);
    CHECK_INT_EQ(way(text, "h.x/web", 0), 0);
    CHECK(strlen(found.auth) > REGISTRIES_SECRET_BYTES);
    CHECK_CONTAINS(auth(), secret);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"credentials_go_to_their_registry", credentials_go_to_their_registry},
        {"mirrors_come_first_with_their_own_credentials",
         mirrors_come_first_with_their_own_credentials},
        {"no_file_is_no_fault", no_file_is_no_fault},
        {"every_fault_is_told_at_once", every_fault_is_told_at_once},
        {"limits_say_themselves", limits_say_themselves},
        {"a_long_secret_reaches_the_engine", a_long_secret_reaches_the_engine},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
