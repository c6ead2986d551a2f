/* registry: each refusal and each trick of a server has its own answer, and a login goes to nobody
 * else. The servers are of the test's own. */
#include "ports/app/berth/registry.h"

#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "platform/base/units.h"
#include "ports/app/berth/ask.h"
#include "ports/app/berth/registry_challenge.h"
#include "tests/check.h"
#include "tests/contract/fake_server.h"

#define LENGTH2   "Content-Length: 2\r\n\r\n{}"
#define MANIFEST  "GET /v2/shop/web/manifests/1 "
#define BASIC_401 "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\n" LENGTH2
/* bob:geheim */
#define BOB "Authorization: Basic Ym9iOmdlaGVpbQ=="

static char dir[] = "/tmp/berth-registry-XXXXXX";

/* A registry that answers so, asked once, with that login file ("" for none). */
struct world {
    struct fake_server server;
    struct ask ask;
    struct registry registry;
    struct registry_settings settings;
    struct login_places places;
    char host[64];
};

static void auths_write(struct world *world, const char *entry)
{
    FILE *file = NULL;
    (void)snprintf(world->places.list[0], sizeof world->places.list[0], "%s/config.json", dir);
    world->places.count = 1;
    unlink(world->places.list[0]);
    if (entry[0] != '\0') {
        file = fopen(world->places.list[0], "w");
        fprintf(file, "{\"auths\":{\"%s\":%s}}", world->host, entry);
        fclose(file);
    }
}

static void world_open(struct world *world, const struct fake_answer *answers, size_t count,
                       const char *entry)
{
    *world = (struct world){0};
    CHECK(fake_server_start(&world->server, NULL, answers, count));
    (void)snprintf(world->host, sizeof world->host, "127.0.0.1:%d", world->server.port);
    auths_write(world, entry);
    world->settings = (struct registry_settings){.places = &world->places,
                                                 .plain_hosts = {world->host},
                                                 .plain_host_count = 1,
                                                 .speed_least = 100,
                                                 .speed_seconds = 1};
    CHECK_INT_EQ(ask_open(&world->ask, NULL), 0);
    CHECK_INT_EQ(registry_open(&world->registry, &world->ask, &world->settings, world->host,
                               "shop/web", NULL),
                 0);
}

static void world_close(struct world *world)
{
    registry_close(&world->registry);
    ask_close(&world->ask);
    fake_server_stop(&world->server);
}

static void ask_is(struct world *world, int code, const char *text)
{
    struct err err = {0};
    int rc = registry_get(&world->registry, "manifests", "1", "*/*", &err);
    CHECK_STR_EQ(err_word(rc), err_word(code));
    CHECK_CONTAINS(err.text, text);
    CHECK(strstr(err.text, "geheim") == NULL);
}

struct refusal {
    const char *answer, *entry;
    int code;
    const char *text;
};

#define BOB_ENTRY "{\"auth\":\"Ym9iOmdlaGVpbQ==\"}"

static void case_refusals(void)
{
    static const struct refusal rows[] = {
        {BASIC_401, "", ERR_DENIED, "nobody is logged in; run 'docker login 127.0.0.1:"},
        {BASIC_401, BOB_ENTRY, ERR_DENIED, "refuses the login of bob ("},
        {BASIC_401, "{\"auth\":\"Ym9i\"}", ERR_DENIED, "is not the base64 of user:password"},
        {"HTTP/1.1 403 No\r\nContent-Length: 65\r\n\r\n"
         "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"access to it is denied\"}]}",
         "", ERR_DENIED, "denies it: access to it is denied"},
        {"HTTP/1.1 404 No\r\nContent-Length: 63\r\n\r\n"
         "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"name not known\"}]}",
         "", ERR_NOT_FOUND, "has no such image: name not known; push it first"},
        {"HTTP/1.1 429 No\r\nRetry-After: 37\r\n" LENGTH2, "", ERR_REGISTRY,
         "try again after 37 s"},
        {"HTTP/1.1 429 No\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n" LENGTH2, "",
         ERR_REGISTRY, "try again after Fri, 31 Dec 1999 23:59:59 GMT"},
        {"HTTP/1.1 429 No\r\n" LENGTH2, "", ERR_REGISTRY, "try again later"},
        {"HTTP/1.1 503 No\r\n" LENGTH2, "", ERR_REGISTRY, "answers 503"},
        {"HTTP/1.1 502 No\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nbad\x01"
         "\nhost",
         "", ERR_REGISTRY, "answers 502: bad  host"},
        {"HTTP/1.1 418 No\r\n" LENGTH2, "", ERR_PROTOCOL, "answers 418"},
        {"HTTP/1.1 302 No\r\n" LENGTH2, "", ERR_PROTOCOL, "redirects (302) and does not say where"},
        {"HTTP/1.1 302 No\r\nLocation: ../x\r\n" LENGTH2, "", ERR_PROTOCOL, "which is no address"},
        {"HTTP/1.1 302 No\r\nLocation: ftp://x/y\r\n" LENGTH2, "", ERR_PROTOCOL,
         "which is no address"},
        {"HTTP/1.1 307 No\r\nLocation: /v2/shop/web/manifests/1 \r\n" LENGTH2, "", ERR_PROTOCOL,
         "redirects more than 5 times"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"half", "", ERR_NETWORK,
         "cut in the middle"},
        {"", "", ERR_NETWORK, "cut in the middle"},
        {"ICY 200 nonsense\r\n\r\n", "", ERR_PROTOCOL, "127.0.0.1:"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct world world;
        struct fake_answer answers[] = {
            {.request = MANIFEST, .answer = rows[i].answer, .after = FAKE_CLOSE}};
        world_open(&world, answers, 1, rows[i].entry);
        ask_is(&world, rows[i].code, rows[i].text);
        world_close(&world);
    }
}

static void case_slow(void)
{
    static const struct fake_answer silent[] = {{.request = MANIFEST,
                                                 .answer = "HTTP/1.1 200 OK\r\n"
                                                           "Content-Length: 20\r\n\r\n{",
                                                 .after = FAKE_HANG}};
    struct world world;
    world_open(&world, silent, 1, "");
    ask_is(&world, ERR_TIMEOUT, "127.0.0.1:");
    world_close(&world);
}

static void case_huge(void)
{
    static const struct fake_answer endless[] = {{.request = MANIFEST,
                                                  .answer = "HTTP/1.1 200 OK\r\n\r\n",
                                                  .repeat = ASK_BODY_BYTES_MAX + 1,
                                                  .after = FAKE_CLOSE}};
    static const struct fake_answer full[] = {{.request = MANIFEST,
                                               .answer = "HTTP/1.1 200 OK\r\n\r\n",
                                               .repeat = ASK_BODY_BYTES_MAX,
                                               .after = FAKE_CLOSE}};
    static const struct fake_answer headers[] = {{.request = MANIFEST,
                                                  .answer = "HTTP/1.1 200 OK\r\nA: ",
                                                  .repeat = 1048576,
                                                  .after = FAKE_CLOSE}};
    struct world world;
    world_open(&world, endless, 1, "");
    ask_is(&world, ERR_OVERSIZE, "longer than 8388608 bytes");
    world_close(&world);
    world_open(&world, full, 1, "");
    ask_is(&world, 0, "");
    CHECK_INT_EQ(world.ask.body_len, ASK_BODY_BYTES_MAX);
    world_close(&world);
    world_open(&world, headers, 1, "");
    CHECK(registry_get(&world.registry, "manifests", "1", "*/*", NULL) != 0);
    world_close(&world);
}

static void case_basic(void)
{
    static const struct fake_answer answers[] = {
        {.request = MANIFEST, .status = 200, .body = "{}", .holds = BOB},
        {.request = MANIFEST, .answer = BASIC_401}};
    struct world world;
    world_open(&world, answers, COUNT_OF(answers), BOB_ENTRY);
    ask_is(&world, 0, "");
    ask_is(&world, 0, "");
    CHECK_INT_EQ(fake_server_used(&world.server, 1), 1);
    world_close(&world);
}

/* A token server, and a registry that names it. */
struct token_world {
    struct fake_server server;
    struct world world;
    char challenge[512];
};

static void token_open(struct token_world *token, const struct fake_answer *given, size_t given_n,
                       const char *good, const char *entry)
{
    static struct fake_answer answers[3];
    CHECK(fake_server_start(&token->server, NULL, given, given_n));
    (void)snprintf(token->challenge, sizeof token->challenge,
                   "HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer "
                   "realm=\"http://127.0.0.1:%d/token\",service=\"a b\",scope=\"repository:shop/"
                   "web:pull\",error=\"invalid_token\"\r\n" LENGTH2,
                   token->server.port);
    answers[0] = (struct fake_answer){
        .request = MANIFEST, .status = 200, .body = "{\"it\":1}", .holds = good};
    answers[1] = (struct fake_answer){.request = MANIFEST, .answer = token->challenge};
    world_open(&token->world, answers, 2, entry);
}

static void token_close(struct token_world *token)
{
    world_close(&token->world);
    fake_server_stop(&token->server);
}

#define TOKEN_GET "GET /token?service=a%20b&scope=repository%3Ashop%2Fweb%3Apull "

static void case_token(void)
{
    static const struct fake_answer by_password[] = {
        {.request = TOKEN_GET, .status = 200, .body = "{\"token\":\"t0k\"}", .holds = BOB}};
    static const struct fake_answer by_anyone[] = {
        {.request = TOKEN_GET, .status = 500, .body = "{}", .holds = "Authorization"},
        {.request = TOKEN_GET, .status = 200, .body = "{\"access_token\":\"t0k\"}"}};
    static const struct fake_answer by_refresh[] = {
        {.request = "POST /token ",
         .status = 200,
         .body = "{\"access_token\":\"t0k\",\"refresh_token\":\"n\"}",
         .holds = "grant_type=refresh_token&client_id=berth&service=a%20b&scope=repository%3Ashop%"
                  "2Fweb%3Apull&refresh_token=re%2Bfresh"}};
    static const struct {
        const struct fake_answer *given;
        size_t count;
        const char *entry;
    } rows[] = {{by_password, 1, BOB_ENTRY},
                {by_anyone, 2, ""},
                {by_refresh, 1, "{\"auth\":\"Ym9iOg==\",\"identitytoken\":\"re+fresh\"}"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct token_world token;
        token_open(&token, rows[i].given, rows[i].count, "Authorization: Bearer t0k",
                   rows[i].entry);
        ask_is(&token.world, 0, "");
        CHECK_STR_EQ(token.world.ask.body, "{\"it\":1}");
        token_close(&token);
    }
}

static void case_token_refused(void)
{
    static const struct {
        struct fake_answer given;
        const char *entry;
        int code;
        const char *text;
    } rows[] = {
        {{.request = "GET /token", .status = 401, .body = "{\"details\":\"incorrect password\"}"},
         BOB_ENTRY,
         ERR_DENIED,
         "refuses the login of bob ("},
        {{.request = "GET /token", .status = 401, .body = "{\"details\":\"incorrect password\"}"},
         BOB_ENTRY,
         ERR_DENIED,
         ": incorrect password; run 'docker login 127.0.0.1:"},
        {{.request = "POST /token", .status = 400, .body = "{\"error\":\"invalid_grant\"}"},
         "{\"identitytoken\":\"old\"}",
         ERR_DENIED,
         "refuses the token ("},
        {{.request = "GET /token", .status = 429, .body = "{}"}, "", ERR_REGISTRY, "token server"},
        {{.request = "GET /token", .status = 200, .body = "{}"},
         "",
         ERR_PROTOCOL,
         "without a token"},
        {{.request = "GET /token", .status = 200, .body = "<html>"},
         "",
         ERR_PROTOCOL,
         "without a token"},
        {{.request = "GET /token", .status = 200, .body = "{\"token\":\"a\\r\\nX-Evil: b\"}"},
         "",
         ERR_PROTOCOL,
         "without a token"},
        /* One that the registry then does not take: expired, or for something else. */
        {{.request = "GET /token", .status = 200, .body = "{\"token\":\"old\"}"},
         BOB_ENTRY,
         ERR_DENIED,
         "expired or not valid (invalid_token)"},
        {{.request = "GET /none", .status = 200, .body = ""},
         "{\"registrytoken\":\"old\"}",
         ERR_DENIED,
         "expired or not valid (invalid_token)"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct token_world token;
        token_open(&token, &rows[i].given, 1, "Bearer t0k", rows[i].entry);
        ask_is(&token.world, rows[i].code, rows[i].text);
        token_close(&token);
    }
}

/* A token that ran out between two questions is replaced once, silently. */
static void case_token_renewed(void)
{
    static const struct fake_answer given[] = {
        {.request = "GET /token", .status = 200, .body = "{\"token\":\"one\"}", .times = 1},
        {.request = "GET /token", .status = 200, .body = "{\"token\":\"two\"}"}};
    struct token_world token;
    token_open(&token, given, 2, "Bearer two", "");
    ask_is(&token.world, ERR_DENIED, "");
    ask_is(&token.world, 0, "");
    token_close(&token);
}

/* The login is for the registry: where it sends us, nobody is shown it. */
static void case_redirect(void)
{
    static const struct fake_answer elsewhere[] = {
        {.request = "GET /layer", .status = 500, .body = "leak", .holds = "Authorization"},
        {.request = "GET /layer", .status = 200, .body = "{\"from\":\"elsewhere\"}"}};
    static const struct fake_answer within[] = {
        {.request = MANIFEST,
         .answer = "HTTP/1.1 307 Go\r\nLocation: /v2/other\r\n" LENGTH2,
         .holds = BOB},
        {.request = MANIFEST, .answer = BASIC_401},
        {.request = "GET /v2/other", .status = 200, .body = "{\"from\":\"within\"}", .holds = BOB}};
    char answer[256];
    struct fake_server other;
    struct world world;
    struct fake_answer answers[] = {{.request = MANIFEST, .answer = answer, .holds = BOB},
                                    {.request = MANIFEST, .answer = BASIC_401}};
    CHECK(fake_server_start(&other, NULL, elsewhere, 2));
    (void)snprintf(answer, sizeof answer,
                   "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:%d/layer?sig=1\r\n" LENGTH2,
                   other.port);
    world_open(&world, answers, 2, BOB_ENTRY);
    ask_is(&world, 0, "");
    CHECK_STR_EQ(world.ask.body, "{\"from\":\"elsewhere\"}");
    world_close(&world);
    fake_server_stop(&other);
    world_open(&world, within, 3, BOB_ENTRY);
    ask_is(&world, 0, "");
    CHECK_STR_EQ(world.ask.body, "{\"from\":\"within\"}");
    world_close(&world);
}

/* On this machine HTTPS is tried first, and a server without TLS is asked without; one that was
 * named
 * --plain-http is never asked with. */
static void case_plain(void)
{
    static const struct fake_answer plain[] = {{.request = MANIFEST, .status = 200, .body = "{}"}};
    struct world world;
    world_open(&world, plain, 1, "");
    registry_close(&world.registry);
    world.settings.plain_host_count = 0;
    CHECK_INT_EQ(
        registry_open(&world.registry, &world.ask, &world.settings, world.host, "shop/web", NULL),
        0);
    ask_is(&world, 0, "");
    world_close(&world);
}

/* Every registry but this machine's is asked through the proxy of the environment. */
static void case_proxy(void)
{
    static const struct fake_answer answers[] = {
        {.request = "GET http://plain.example/v2/shop/web/manifests/1 ",
         .status = 200,
         .body = "{\"through\":1}",
         .holds = "Proxy-Authorization: Basic dTpw"},
        {.request = "CONNECT reg.example:443 ",
         .answer = "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"}};
    char proxy[96];
    struct world world;
    world_open(&world, answers, 2, "");
    (void)snprintf(proxy, sizeof proxy, "http://u:p@%s", world.host);
    setenv("http_proxy", proxy, 1);
    setenv("HTTPS_PROXY", proxy, 1);
    registry_close(&world.registry);
    world.settings.plain_hosts[0] = "plain.example";
    CHECK_INT_EQ(registry_open(&world.registry, &world.ask, &world.settings, "plain.example",
                               "shop/web", NULL),
                 0);
    ask_is(&world, 0, "");
    CHECK_STR_EQ(world.ask.body, "{\"through\":1}");
    registry_close(&world.registry);
    CHECK_INT_EQ(registry_open(&world.registry, &world.ask, &world.settings, "reg.example",
                               "shop/web", NULL),
                 0);
    ask_is(&world, ERR_NETWORK, "reg.example: the proxy answers 407: it wants a login");
    unsetenv("http_proxy");
    unsetenv("HTTPS_PROXY");
    world_close(&world);
}

static void case_hosts(void)
{
    static const struct {
        const char *host, *path, *origin, *full;
    } rows[] = {{"", "web", "https://registry-1.docker.io", "library/web"},
                {"", "shop/web", "https://registry-1.docker.io", "shop/web"},
                {"docker.io", "web", "https://registry-1.docker.io", "library/web"},
                {"reg.example:5000", "web", "https://reg.example:5000", "web"},
                {"plain.example", "web", "http://plain.example", "web"}};
    struct registry_settings settings = {.plain_hosts = {"PLAIN.example"}, .plain_host_count = 1};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct registry registry;
        CHECK_INT_EQ(registry_open(&registry, NULL, &settings, rows[i].host, rows[i].path, NULL),
                     0);
        CHECK_STR_EQ(registry.origin, rows[i].origin);
        CHECK_STR_EQ(registry.path, rows[i].full);
        registry_close(&registry);
    }
}

static void case_challenge(void)
{
    struct registry_challenge one = {0};
    registry_challenge_add(&one, "Basic realm=\"Registry Realm\"");
    CHECK(one.is_basic && !one.is_bearer);
    CHECK_STR_EQ(one.realm, "");
    registry_challenge_add(&one, "Negotiate, bearer realm = \"https://a/t?x=\\\"1\\\"\" , "
                                 "service=s ,scope=\"r:a:pull,push\"");
    CHECK(one.is_basic && one.is_bearer);
    CHECK_STR_EQ(one.realm, "https://a/t?x=\"1\"");
    CHECK_STR_EQ(one.service, "s");
    CHECK_STR_EQ(one.scope, "r:a:pull,push");
    static const char *const nonsense[] = {
        "",  ",",  "Bearer",   "Bearer realm", "Bearer realm=\"", "Bearer realm=\"x\\",
        "=", "\"", "Bearer =x"};
    for (size_t i = 0; i < COUNT_OF(nonsense); i++) {
        struct registry_challenge other = {0};
        registry_challenge_add(&other, nonsense[i]);
        CHECK(!other.is_basic);
    }
    char line[1200] = "Bearer realm=\"";
    memset(line + 14, 'a', 1000);
    struct registry_challenge large = {0};
    registry_challenge_add(&large, line);
    CHECK(!large.is_bearer);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"challenge", case_challenge},
                                              {"hosts", case_hosts},
                                              {"refusals", case_refusals},
                                              {"slow", case_slow},
                                              {"huge", case_huge},
                                              {"basic", case_basic},
                                              {"token", case_token},
                                              {"token_refused", case_token_refused},
                                              {"token_renewed", case_token_renewed},
                                              {"redirect", case_redirect},
                                              {"plain", case_plain},
                                              {"proxy", case_proxy}};
    if (mkdtemp(dir) == NULL) {
        return 1;
    }
    int failed = check_run(cases, COUNT_OF(cases), argc, argv);
    char file[64];
    (void)snprintf(file, sizeof file, "%s/config.json", dir);
    unlink(file);
    rmdir(dir);
    return failed;
}
