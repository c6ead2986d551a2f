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
static struct err refusal;

static int way(const char *text, const char *repository, size_t number)
{
    memset(&found, 'x', sizeof found); /* nothing of what was there before may stay */
    refusal = (struct err){0};
    return registries_way(span_text(text), repository, number, &found, &refusal);
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

/* Each '"' takes two characters in what the engine gets; three of them are four letters there. */
static void what_the_engine_does_not_take_is_refused(void)
{
    static char text[4 * REGISTRIES_SECRET_BYTES + 128];
    static char secret[2 * REGISTRIES_SECRET_BYTES + 1];
    static const size_t least = 1500;
    size_t taken = 0;
    for (size_t i = 0; i < REGISTRIES_SECRET_BYTES; i++) {
        memcpy(secret + 2 * i, "\\\"", 2);
    }
    for (size_t count = least; count <= REGISTRIES_SECRET_BYTES; count += 649) {
        (void)snprintf(text, sizeof text,
                       HEAD "\"h.x\":{\"username\":\"%.*s\",\"password\":\"%.*s\"}}}",
                       (int)(2 * count), secret, (int)(2 * count), secret);
        int rc = way(text, "h.x/web", 0);
        size_t json = strlen("{'username':'','password':'','serveraddress':'h.x'}") + 4 * count;
        CHECK_INT_EQ(rc, (json + 2) / 3 * 4 < REGISTRY_AUTH_BYTES ? 0 : ERR_LIMIT);
        taken += rc == 0;
        if (rc != 0) {
            CHECK_STR_EQ(refusal.text, "the credentials for h.x are too long for the engine");
        }
    }
    CHECK_INT_EQ(taken, 1);
}

/* One fault at a time: its place, what is wrong and what to do, and nothing else; "" where it is
 * taken. `%a` stands for letters: as many as may be, or one more. */
static void each_fault_says_what_to_do(void)
{
    static const char pair[] = "username and password belong together; give both, or neither of "
                               "them";
    static const char mirror[] = "is no mirror; write host[:port][/path], without https://";
    static const char host[] = "is no registry; write host[:port], without https:// and path";
    static const struct {
        const char *registry;
        size_t letters;
        const char *place, *said;
    } rows[] = {
        {"\"a\":{\"identityToken\":\"t\"}", 0, "", ""},
        {"\"a\":{\"identityToken\":\"%a\"}", REGISTRIES_SECRET_BYTES, "", ""},
        {"\"a\":{\"identityToken\":\"%a\"}", REGISTRIES_SECRET_BYTES + 1,
         "registries.a.identityToken: ",
         "has more than 4096 bytes; ask the registry for a shorter one"},
        {"\"a\":{\"username\":\"%a\",\"password\":\"p\"}", REGISTRIES_SECRET_BYTES + 1,
         "registries.a.username: ", "has more than 4096 bytes; ask the registry for a shorter one"},
        {"\"a\":{\"username\":\"u\",\"password\":\"%a\"}", REGISTRIES_SECRET_BYTES + 1,
         "registries.a.password: ", "has more than 4096 bytes; ask the registry for a shorter one"},
        {"\"a\":{\"username\":\"u\",\"password\":\"\"}", 0,
         "registries.a.password: ", "is empty; give it, or take the key out"},
        {"\"a\":{\"username\":1,\"password\":\"p\"}", 0,
         "registries.a.username: ", "must be a string"},
        {"\"a\":{\"username\":\"u\"}", 0, "registries.a: ", pair},
        {"\"a\":{\"password\":\"u\"}", 0, "registries.a: ", pair},
        {"\"a\":{\"username\":\"u\",\"identityToken\":\"t\"}", 0, "registries.a: ", pair},
        {"\"a\":{\"username\":\"u\",\"password\":\"p\",\"identityToken\":\"t\"}", 0,
         "registries.a: ", "has both a password and an identityToken; keep one"},
        {"\"a\":{}", 0,
         "registries.a: ", "says nothing; give username and password, identityToken, or mirrors"},
        {"\"a\":[]", 0, "registries.a: ", "must be an object"},
        {"\"a\":{\"mirrors\":[\"m\"]}", 0, "", ""},
        {"\"a\":{\"mirrors\":[\"m:1/a/b\",\"[::1]:5\",\"M_.-9\",\"z\"]}", 0, "", ""},
        {"\"a\":{\"mirrors\":[\"1\",\"2\",\"3\",\"4\",\"5\"]}", 0,
         "registries.a.mirrors: ", "has more than 4 mirrors; keep the nearest"},
        {"\"a\":{\"mirrors\":\"m\"}", 0, "registries.a.mirrors: ", "must be a list of mirrors"},
        {"\"a\":{\"mirrors\":[\"m\",\"%a\"]}", 127, "", ""},
        {"\"a\":{\"mirrors\":[\"m\",\"%a\"]}", 128, "registries.a.mirrors[1]: ",
         "has more than 127 characters; give the mirror a shorter name"},
        {"\"a\":{\"mirrors\":[\"\"]}", 0, "registries.a.mirrors[0]: ", mirror},
        {"\"a\":{\"mirrors\":[\"a//b\"]}", 0, "registries.a.mirrors[0]: ", mirror},
        {"\"a\":{\"mirrors\":[\"/a\"]}", 0, "registries.a.mirrors[0]: ", mirror},
        {"\"a\":{\"mirrors\":[\"a/\"]}", 0, "registries.a.mirrors[0]: ", mirror},
        {"\"a\":{\"mirrors\":[\"a b\"]}", 0, "registries.a.mirrors[0]: ", mirror},
        {"\"a\":{\"mirrors\":[1]}", 0, "registries.a.mirrors[0]: ", "must be a string"},
        {"\"\":{\"identityToken\":\"t\"}", 0, "registries.: ", host},
        {"\"a/b\":{\"identityToken\":\"t\"}", 0, "registries.a/b: ", host},
        {"\"[::1]:5_Z-9.\":{\"identityToken\":\"t\"}", 0, "", ""},
        {"\"a\":{\"user\":\"u\"}", 0, "registries.a.user: ",
         "unknown key; known are username, password, identityToken, mirrors"},
    };
    static char text[REGISTRIES_SECRET_BYTES + 400];
    static char letters[REGISTRIES_SECRET_BYTES + 2];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char faults[REGISTRIES_FAULT_BYTES];
        char want[300];
        size_t before = strcspn(rows[i].registry, "%");
        const char *after = rows[i].registry + before;
        memset(letters, 'x', sizeof letters);
        (void)snprintf(text, sizeof text, HEAD "%.*s%.*s%s}}", (int)before, rows[i].registry,
                       (int)rows[i].letters, letters, after[0] == '%' ? after + 2 : after);
        (void)snprintf(want, sizeof want, "%s%s", rows[i].place, rows[i].said);
        CHECK_INT_EQ(registries_check(span_text(text), faults, sizeof faults), want[0] != '\0');
        CHECK_STR_EQ(faults, want);
    }
}

static void the_document_says_what_to_do(void)
{
    static const char *const rows[][2] = {
        {"{\"schema\":1,\"registries\":{}}", ""},
        {"{\"registries\":{}}", "document: schema is missing; write \"schema\": 1"},
        {"{\"schema\":1}", "document: registries is missing; write \"registries\": {}"},
        {"{\"schema\":1,\"registries\":[]}", "registries: must be an object of registries by host"},
        {"[]", "document: must be an object with schema and registries"},
        {"{\"schema\":1,\"registries\":{},\"x\":1}",
         "x: unknown key; known are schema, registries"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char faults[REGISTRIES_FAULT_BYTES];
        CHECK_INT_EQ(registries_check(span_text(rows[i][0]), faults, sizeof faults),
                     rows[i][1][0] != '\0');
        CHECK_STR_EQ(faults, rows[i][1]);
    }
}

/* What does not fit is counted, to the last one. */
static void what_does_not_fit_is_counted(void)
{
    static char text[4000];
    char all[REGISTRIES_FAULT_BYTES];
    size_t used = (size_t)snprintf(text, sizeof text, HEAD);
    for (int i = 0; i < 20; i++) {
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s\"h%d\":[]", i > 0 ? "," : "", i);
    }
    (void)snprintf(text + used, sizeof text - used, "}}");
    CHECK_INT_EQ(registries_check(span_text(text), all, sizeof all), 20);
    CHECK(strstr(all, "more") == NULL);
    for (size_t cap = 60; cap < 800; cap += 7) {
        char few[800];
        unsigned more = 0;
        unsigned told = 0;
        CHECK_INT_EQ(registries_check(span_text(text), few, cap), 20);
        for (const char *at = few; (at = strstr(at, "must be an object")) != NULL; at++) {
            told++;
        }
        const char *end = strstr(few, "; and ");
        if (end != NULL) {
            CHECK_INT_EQ(sscanf(end, "; and %u more", &more), 1);
            CHECK_INT_EQ(strncmp(few, all, (size_t)(end - few)), 0);
        }
        CHECK_INT_EQ(told + more, 20);
    }
}

/* By the first part of a repository's name: a dot, a port, or localhost make it a host. */
static void hosts_are_told_from_names(void)
{
    static const char text[] = HEAD "\"docker.io\":{\"username\":\"d\",\"password\":\"p\"},"
                                    "\"localhost\":{\"username\":\"l\",\"password\":\"p\"},"
                                    "\"h.x\":{\"username\":\"x\",\"password\":\"p\"},"
                                    "\"h:1\":{\"username\":\"1\",\"password\":\"p\"}}}";
    static const char *const rows[][2] = {
        {"web", "d"},
        {"a/web", "d"},
        {"docker.io/a/web", "d"},
        {"localhost/web", "l"},
        {"localhost", "d"},
        {"localhosts/web", "d"},
        {"lacalhost/web", "d"},
        {"h.x/web", "x"},
        {"h.x", "d"},
        {"h:1/a/web", "1"},
        {"index.docker.io/web", "d"},
        {"o.x/web", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT_EQ(way(text, rows[i][0], 0), 0);
        CHECK_STR_EQ(found.user, rows[i][1]);
        CHECK_STR_EQ(found.repository, rows[i][0]);
    }
}

/* Names as long as an engine takes, and one character longer. */
static void names_have_an_end(void)
{
    char name[ENGINE_REFERENCE_BYTES + 2];
    for (size_t len = ENGINE_REFERENCE_BYTES - 2; len <= ENGINE_REFERENCE_BYTES; len++) {
        bool fits = len < ENGINE_REFERENCE_BYTES;
        memset(name, 'n', sizeof name);
        name[len] = '\0';
        CHECK_INT_EQ(way("", name, 0), fits ? 0 : ERR_LIMIT);
        memcpy(name, "h.x/", 4);
        CHECK_INT_EQ(way("", name, 0), fits ? 0 : ERR_LIMIT);
        memset(name, 'n', 4);
        memcpy(name + len - 4, ":5/w", 4);
        CHECK_INT_EQ(way("", name, 0), fits ? 0 : ERR_LIMIT);
        CHECK_STR_EQ(found.repository, fits ? name : "");
        name[len - 4] = '\0'; /* near:5000/library/ and it: 18 and len - 4, then 14 more */
        size_t rest = len - 18;
        name[rest] = '\0';
        CHECK_INT_EQ(way(sample, name, 0), fits ? 0 : ERR_LIMIT);
        if (!fits) {
            CHECK_CONTAINS(refusal.text, "mirror near:5000 makes the name of nnn");
            CHECK_CONTAINS(refusal.text, "longer than 255 characters");
        }
    }
    memset(name, 'h', sizeof name); /* a host alone that is too long */
    name[1] = '.';
    name[ENGINE_REFERENCE_BYTES] = '/';
    name[ENGINE_REFERENCE_BYTES + 1] = '\0';
    CHECK_INT_EQ(way("", name, 0), ERR_LIMIT);
    name[ENGINE_REFERENCE_BYTES - 1] = '/';
    name[ENGINE_REFERENCE_BYTES] = '\0';
    CHECK_INT_EQ(way("", name, 0), ERR_LIMIT);
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
        {"what_the_engine_does_not_take_is_refused", what_the_engine_does_not_take_is_refused},
        {"each_fault_says_what_to_do", each_fault_says_what_to_do},
        {"the_document_says_what_to_do", the_document_says_what_to_do},
        {"what_does_not_fit_is_counted", what_does_not_fit_is_counted},
        {"hosts_are_told_from_names", hosts_are_told_from_names},
        {"names_have_an_end", names_have_an_end},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
