/* docker_images: pulls that fail inside success, and images by other ways, from a scripted engine.
 */
#include "platform/base/text.h"
#include "tests/check.h"
#include "tests/contract/docker_bench.h"

static void a_pull_fails_inside_success(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "GET /v1.41/images/host%2Fweb%40sha256", .status = 404, .body = "{}"},
        {.request = "GET /v1.41/images/json", OK_JSON("[]")},
        {.request = "POST /v1.41/images/create",
         .answer = "HTTP/1.1 200 OK\r\n\r\n{\"status\":\"Downloading\",\"progressDetail\":"
                   "{\"current\":7},\"id\":\"a\"}\r\n"
                   "{\"errorDetail\":{\"message\":\"no space left on device\"}}\r\n",
         .piece = 9,
         .times = 1,
         .after = FAKE_CLOSE},
        {.request = "POST /v1.41/images/create",
         .answer = "HTTP/1.1 200 OK\r\n\r\n{\"status\":\"all is well\"}\r\n",
         .times = 1,
         .after = FAKE_CLOSE},
        {.request = "POST /v1.41/images/create",
         .answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"status",
         .times = 1,
         .after = FAKE_CLOSE},
    };
    struct engine_result result;
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(engine_do_pull(&bench.fixture, DIGEST, &result), ERR_DISK_SPACE);
    CHECK_INT_EQ(result.progress, 7);
    CHECK_INT_EQ(engine_do_pull(&bench.fixture, DIGEST, &result), ERR_PULL);
    CHECK_CONTAINS(result.text, "is not there");
    CHECK_INT_EQ(engine_do_pull(&bench.fixture, DIGEST, &result), ERR_ENGINE_GONE);
    CHECK_INT_EQ(engine_do_pull(&bench.fixture, "host/web:latest", &result), ERR_VALUE);
    bench_close();
}

#define CONFIG64 "b2fd6d10053b3654524213f7bb7579face4950e0d5b00fea2c37efda44b1899b"
#define OTHER64  "7d9cc657f88ef016493fe678310dd775738a94de67b5e2178fb71f5fdd6025e0"
#define LAYERS   "\"Architecture\":\"arm\",\"RootFS\":{\"Layers\":[\"sha256:" ID64 "\"]}"

static int find_image(const char *tag, struct engine_result *result)
{
    struct engine_wanted wanted = {.reference = DIGEST, .tag = tag};
    struct err err;
    memset(result, 0, sizeof *result);
    CHECK(digest_parse(CONFIG64, &wanted.config));
    int rc = bench.fixture.engine.ops->image_find(bench.fixture.engine.self, &wanted,
                                                  engine_result_done, result, &err);
    if (rc == 0) {
        engine_wait(&bench.fixture, result);
    }
    return rc != 0 ? rc : result->code;
}

/* What came by a load has no reference; it is found by the digest of its config and is tagged. */
static void a_loaded_image_is_found_and_tagged(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "GET /v1.41/images/host%2Fweb%40sha256", .status = 404, .body = "{}"},
        {.request = "GET /v1.41/images/json",
         OK_JSON("[{\"Id\":\"sha256:" OTHER64 "\",\"RepoTags\":[\"a:1\"]},"
                 "{\"Id\":\"sha256:" CONFIG64 "\",\"RepoTags\":[\"b:1\"]}]")},
        {.request = "GET /v1.41/images/sha256%3A" CONFIG64 "/json",
         OK_JSON("{\"Id\":\"sha256:" CONFIG64 "\"," LAYERS "}")},
        {.request = "POST /v1.41/images/sha256%3A" CONFIG64 "/tag?repo=berth%2Fn&tag=web",
         .status = 201,
         .body = ""},
    };
    struct engine_result result;
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(find_image("berth/n:web", &result), 0);
    CHECK_INT_EQ(result.image.proofs, ENGINE_PROOF_CONFIG);
    CHECK_STR_EQ(result.image.arch, "arm");
    CHECK_INT_EQ(fake_server_used(&bench.server, 4), 1);
    CHECK_INT_EQ(find_image(NULL, &result), 0);
    CHECK_INT_EQ(fake_server_used(&bench.server, 4), 1);
    bench_close();
}

/* The containerd store makes a manifest of its own for what a classic one saved: its archive tells
 * the config. */
static void an_archive_proves_what_was_loaded(void)
{
    static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";
    static const char json[] = "[{\"Config\":\"blobs/sha256/" CONFIG64 "\"}]";
    static char given[sizeof head + 1024];
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "GET /v1.41/images/host%2Fweb%40sha256", .status = 404, .body = "{}"},
        {.request = "GET /v1.41/images/json",
         OK_JSON("[{\"Id\":\"sha256:" OTHER64 "\",\"RepoTags\":[\"elsewhere/web:1\"],"
                 "\"RepoDigests\":[\"elsewhere/web@sha256:" OTHER64 "\"]}]")},
        {.request = "GET /v1.41/images/sha256%3A" OTHER64 "/get",
         .answer = given,
         .answer_len = sizeof head - 1 + 1024,
         .piece = 100,
         .times = 1,
         .after = FAKE_CLOSE},
        {.request = "GET /v1.41/images/sha256%3A" OTHER64 "/get", .status = 404, .body = "{}"},
        {.request = "GET /v1.41/images/sha256%3A" OTHER64 "/json",
         OK_JSON("{\"Id\":\"sha256:" OTHER64 "\"," LAYERS "}")},
    };
    struct engine_result result;
    char *tar = given + sizeof head - 1;
    memcpy(given, head, sizeof head);
    (void)snprintf(tar, 100, "manifest.json");
    (void)snprintf(tar + 124, 12, "%011zo", sizeof json - 1);
    memcpy(tar + 512, json, sizeof json);
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(find_image(NULL, &result), 0);
    CHECK_INT_EQ(result.image.proofs, ENGINE_PROOF_CONFIG);
    CHECK_INT_EQ(find_image(NULL, &result), ERR_NOT_FOUND);
    bench_close();
}

/* A mirror with a login, then the registry itself without one. */
static int two_ways(void *self, const char *repository, size_t number, struct registry_way *way,
                    struct err *err)
{
    *way = (struct registry_way){0};
    CHECK_STR_EQ(repository, "host/web");
    if (self != NULL) {
        return err_set(err, ERR_VALUE, "registries /r.json: mode 0644 lets others in");
    }
    (void)snprintf(way->repository, sizeof way->repository, "%s",
                   number == 0 ? "near:5000/cache/web" : repository);
    (void)snprintf(way->auth, sizeof way->auth, "%s", number == 0 ? "e30=" : "");
    (void)snprintf(way->user, sizeof way->user, "%s", number == 0 ? "fleet" : "");
    return number < 2 ? 0 : err_set(err, ERR_NOT_FOUND, "2 ways");
}

static void use_ways(void *self)
{
    static const struct registry_ops ops = {.way = two_ways};
    struct registry registry = {.ops = &ops, .self = self};
    docker_engine_use_registry(bench.docker, &registry);
}

#define PULL_NEAR   "POST /v1.41/images/create?fromImage=near%3A5000%2Fcache%2Fweb&tag=sha256%3A" ID64
#define PULL_ITSELF "POST /v1.41/images/create?fromImage=host%2Fweb&tag=sha256%3A" ID64
#define SAYS(text)  OK_JSON("{\"errorDetail\":{\"message\":\"" text "\"}}")

static void every_way_is_tried_and_told(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "GET /v1.41/images/host%2Fweb%40sha256", .status = 404, .body = "{}"},
        {.request = "GET /v1.41/images/json", OK_JSON("[]")},
        {.request = PULL_NEAR,
         .holds = "\r\nX-Registry-Auth: e30=\r\n",
         SAYS("unauthorized: incorrect username or password"),
         .times = 3},
        {.request = PULL_ITSELF, .holds = "X-Registry-Auth", SAYS("a secret for another")},
        {.request = PULL_ITSELF, SAYS("toomanyrequests: slow down"), .times = 1},
        {.request = PULL_ITSELF, SAYS("denied: not for you"), .times = 1},
        {.request = PULL_ITSELF, SAYS("denied: Your authorization token has expired."), .times = 1},
        {.request = PULL_NEAR, OK_JSON("{\"status\":\"all is well\"}")},
        {.request = "GET /v1.41/images/near%3A5000%2Fcache%2Fweb%40sha256",
         OK_JSON("{\"Id\":\"sha256:" ID64 "\"," LAYERS "}")},
        {.request = "POST /v1.41/images/sha256%3A" ID64 "/tag", .status = 201, .body = ""},
        {.request = "GET /v1.41/info", OK_JSON("{\"DockerRootDir\":\"/tmp\"}")},
    };
    struct engine_result result;
    bench_open(answers, COUNT_OF(answers));
    use_ways(NULL);
    CHECK_INT_EQ(engine_do_pull(&bench.fixture, DIGEST, &result), ERR_REGISTRY);
    CHECK_CONTAINS(result.text, "mirror near:5000/cache/web as fleet: unauthorized: incorrect "
                                "username or password; host/web@sha256:0123456789ab");
    CHECK_CONTAINS(result.text, ": toomanyrequests: slow down");
    CHECK_INT_EQ(engine_do_pull(&bench.fixture, DIGEST, &result), ERR_DENIED);
    CHECK_CONTAINS(result.text, " without credentials: denied: not for you; registries.json has");
    CHECK_INT_EQ(engine_do_pull(&bench.fixture, DIGEST, &result), ERR_REGISTRY);
    CHECK_CONTAINS(result.text, "Your authorization token has expired.");
    CHECK_INT_EQ(fake_server_used(&bench.server, 4), 0);
    CHECK_INT_EQ(engine_do_pull(&bench.fixture, DIGEST, &result), ERR_BUSY); /* the sync's */
    CHECK_INT_EQ(fake_server_used(&bench.server, 9), 1);
    CHECK_INT_EQ(fake_server_used(&bench.server, 10), 1);
    use_ways(&bench);
    CHECK_INT_EQ(engine_do_pull(&bench.fixture, DIGEST, &result), ERR_REGISTRY);
    CHECK_CONTAINS(result.text, "mode 0644 lets others in");
    bench_close();
}

/* The longest name leaves the cause whole. */
static void a_long_name_leaves_the_cause(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "GET /v1.41/images/json", OK_JSON("[]")},
        {.request = "GET /v1.41/images/", .status = 404, .body = "{}"},
        {.request = "POST /v1.41/images/create", SAYS("denied: the very cause of it all")},
    };
    struct engine_result result;
    char reference[ENGINE_REFERENCE_BYTES];
    memset(reference, 'x', sizeof reference);
    (void)snprintf(reference + 180, sizeof reference - 180, "@sha256:%s", ID64);
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(engine_do_pull(&bench.fixture, reference, &result), ERR_DENIED);
    CHECK_CONTAINS(result.text, "@sha256:0123456789ab without credentials: denied: the very cause");
    CHECK(strlen(result.text) < 260);
    bench_close();
}

/* The name without the layers is what a broken load leaves: it is fetched, and found whole. */
static void a_broken_load_is_not_there(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "GET /v1.41/images/host%2Fweb%40sha256",
         OK_JSON("{\"Id\":\"sha256:" ID64 "\",\"RootFS\":{\"Layers\":[]}}")},
        {.request = "POST /v1.41/images/create", OK_JSON("{\"status\":\"all is well\"}")},
    };
    struct engine_result result;
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(find_image(NULL, &result), ERR_NOT_FOUND);
    CHECK_INT_EQ(engine_do_pull(&bench.fixture, DIGEST, &result), ERR_PULL);
    CHECK_CONTAINS(result.text, "is not there whole");
    bench_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"a_pull_fails_inside_success", a_pull_fails_inside_success},
        {"a_loaded_image_is_found_and_tagged", a_loaded_image_is_found_and_tagged},
        {"an_archive_proves_what_was_loaded", an_archive_proves_what_was_loaded},
        {"every_way_is_tried_and_told", every_way_is_tried_and_told},
        {"a_long_name_leaves_the_cause", a_long_name_leaves_the_cause},
        {"a_broken_load_is_not_there", a_broken_load_is_not_there},
    };
    return bench_run(cases, COUNT_OF(cases), argc, argv);
}
