/* image_registry: indexes, manifests and configs of a registry, and every way in which they are not
 * what they should be. The registry is a server of the test's own; what it serves is hashed by the
 * test. */
#include "platform/base/units.h"
#include "ports/app/berth/ask.h"
#include "ports/app/berth/image.h"
#include "ports/mbedtls/verify.h"
#include "tests/check.h"
#include "tests/contract/fake_server.h"

/* Documents of one image: each is served under its digest, and the first under the tag as well. */
struct shelf {
    struct verify verify;
    struct ask ask;
    struct image_source source;
    struct image image;
    struct err err;
    struct fake_server server;
    char bodies[FAKE_ANSWERS_MAX][4096];
    char requests[FAKE_ANSWERS_MAX][160];
    struct fake_answer answers[FAKE_ANSWERS_MAX];
    size_t count;
    char host[64];
};

static void shelf_open(struct shelf *shelf)
{
    *shelf = (struct shelf){0};
    CHECK_INT_EQ(mbedtls_verify_init(&shelf->verify, NULL), 0);
    CHECK_INT_EQ(ask_open(&shelf->ask, NULL), 0);
    shelf->source = (struct image_source){
        .ask = &shelf->ask, .verify = &shelf->verify, .engine_socket = "/nonexistent/engine.sock"};
}

static void shelf_close(struct shelf *shelf)
{
    image_free(&shelf->image);
    fake_server_stop(&shelf->server);
    ask_close(&shelf->ask);
}

static void answer_add(struct shelf *shelf, const char *path, const char *body)
{
    size_t at = shelf->count++;
    (void)snprintf(shelf->requests[at], sizeof shelf->requests[at], "GET /v2/shop/web/%s ", path);
    if (body != shelf->bodies[at]) {
        (void)snprintf(shelf->bodies[at], sizeof shelf->bodies[at], "%s", body);
    }
    shelf->answers[at] = (struct fake_answer){
        .request = shelf->requests[at], .status = 200, .body = shelf->bodies[at]};
}

/* Puts a document there; its "sha256:..." comes back in `name`. */
static void document_add(struct shelf *shelf, const char *kind, const char *body, char name[80])
{
    char path[120];
    char hex[DIGEST_HEX_BYTES];
    struct digest digest;
    shelf->verify.ops->sha256(shelf->verify.self, span_text(body), &digest);
    digest_render(&digest, hex);
    (void)snprintf(name, 80, "sha256:%s", hex);
    (void)snprintf(path, sizeof path, "%s/%s", kind, name);
    answer_add(shelf, path, body);
}

#define LAYER "sha256:1111111111111111111111111111111111111111111111111111111111111111"

/* A config and its manifest for a platform; `more` goes into the config's "config". */
static void platform_put(struct shelf *shelf, const char *arch, const char *variant,
                         const char *more, char manifest[80])
{
    char body[1024];
    char config[80];
    (void)snprintf(body, sizeof body,
                   "{\"os\":\"linux\",\"architecture\":\"%s\",\"variant\":\"%s\",\"config\":{%s},"
                   "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" LAYER "\"]}}",
                   arch, variant, more);
    document_add(shelf, "blobs", body, config);
    (void)snprintf(body, sizeof body,
                   "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.oci.image."
                   "config.v1+json\",\"digest\":\"%s\",\"size\":1},\"layers\":[]}",
                   config);
    document_add(shelf, "manifests", body, manifest);
}

/* Asks for 127.0.0.1:PORT/shop/web:1, by plain HTTP. */
static int resolve(struct shelf *shelf)
{
    char reference[128];
    CHECK(fake_server_start(&shelf->server, NULL, shelf->answers, shelf->count));
    (void)snprintf(shelf->host, sizeof shelf->host, "127.0.0.1:%d", shelf->server.port);
    shelf->source.registry.plain_hosts[0] = shelf->host;
    shelf->source.registry.plain_host_count = 1;
    (void)snprintf(reference, sizeof reference, "%s/shop/web:1", shelf->host);
    return image_resolve(&shelf->source, reference, &shelf->image, &shelf->err);
}

static void resolve_is(struct shelf *shelf, int code, const char *text)
{
    int rc = resolve(shelf);
    CHECK_STR_EQ(err_word(rc), err_word(code));
    CHECK_CONTAINS(shelf->err.text, text);
    CHECK(rc == 0 || strstr(shelf->err.text, "/shop/web:1)") != NULL);
}

static void entry_append(struct text *index, const char *digest, const char *platform)
{
    text_printf(index, "%s{\"digest\":\"%s\",\"size\":1%s}",
                index->data[index->len - 1] == '[' ? "" : ",", digest, platform);
}

#define PLATFORM(arch, variant)                                                                    \
    ",\"platform\":{\"os\":\"linux\",\"architecture\":\"" arch "\",\"variant\":\"" variant "\"}"
#define UNKNOWN ",\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}"

/* Three processors, an attestation of each, another system. */
static void fleet_put(struct shelf *shelf)
{
    char memory[4096];
    char manifest[80];
    struct text index;
    text_init(&index, memory, sizeof memory);
    text_append(&index, "{\"schemaVersion\":2,\"manifests\":[");
    platform_put(shelf, "amd64", "", "\"Cmd\":[\"a\"],\"Volumes\":{\"/data\":{}}", manifest);
    entry_append(&index, manifest, PLATFORM("amd64", ""));
    entry_append(&index, LAYER, UNKNOWN);
    /* Its config claims amd64, as that of images built by annotation does: the index counts. */
    platform_put(shelf, "amd64", "", "\"Cmd\":[\"b\"],\"Volumes\":{\"/more\":{}}", manifest);
    entry_append(&index, manifest, PLATFORM("arm", "v7"));
    entry_append(&index, LAYER,
                 PLATFORM("arm", "v7") ",\"annotations\":{\"vnd.docker.reference.type\":"
                                       "\"attestation-manifest\"}");
    platform_put(shelf, "arm64", "v8", "\"Cmd\":[\"a\"]", manifest);
    entry_append(&index, manifest, PLATFORM("arm64", "v8"));
    entry_append(&index, LAYER, ",\"platform\":{\"os\":\"windows\",\"architecture\":\"amd64\"}");
    text_append(&index, "]}");
    answer_add(shelf, "manifests/1", memory);
}

static void case_index(void)
{
    struct shelf shelf;
    shelf_open(&shelf);
    fleet_put(&shelf);
    resolve_is(&shelf, 0, "");
    CHECK_INT_EQ(shelf.image.platform_count, 3);
    CHECK_STR_EQ(shelf.image.platforms[0].arch, "amd64");
    CHECK_STR_EQ(shelf.image.platforms[1].arch, "arm");
    CHECK_STR_EQ(shelf.image.platforms[1].variant, "v7");
    CHECK_STR_EQ(shelf.image.platforms[2].arch, "arm64");
    CHECK_STR_EQ(shelf.image.platforms[2].variant, "");
    CHECK(!digest_is_equal(&shelf.image.platforms[0].config, &shelf.image.platforms[1].config));
    CHECK(!digest_is_none(&shelf.image.platforms[2].chain));
    CHECK_INT_EQ(shelf.image.facts.volumes.count, 2);
    CHECK_STR_EQ(shelf.image.facts.cmd.list[0], "a");
    CHECK_STR_EQ(shelf.image.facts.differs, "command of arm/v7");
    CHECK_STR_EQ(shelf.image.note, "");
    shelf_close(&shelf);
}

static void case_filters(void)
{
    static const struct {
        const char *filters[3];
        size_t filter_count, platform_count;
        const char *text;
    } rows[] = {{{"linux/arm/v7"}, 1, 1, ""},
                {{"linux/arm"}, 1, 1, ""},
                {{"linux/arm64/v8", "linux/amd64/v1"}, 2, 2, ""},
                {{"linux/arm/v7", "linux/arm/v6", "linux/riscv64"},
                 3,
                 0,
                 "has no platform linux/arm/v6, linux/riscv64; it has linux/amd64, linux/arm/v7, "
                 "linux/arm64, windows/amd64; build"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct shelf shelf;
        shelf_open(&shelf);
        memcpy(shelf.source.filters, rows[i].filters, sizeof rows[i].filters);
        shelf.source.filter_count = rows[i].filter_count;
        fleet_put(&shelf);
        resolve_is(&shelf, rows[i].platform_count > 0 ? 0 : ERR_ARCHITECTURE, rows[i].text);
        if (rows[i].platform_count > 0) {
            CHECK_INT_EQ(shelf.image.platform_count, rows[i].platform_count);
        }
        shelf_close(&shelf);
    }
}

static void case_single(void)
{
    struct shelf shelf;
    char manifest[80];
    shelf_open(&shelf);
    platform_put(&shelf, "arm", "v7", "", manifest);
    answer_add(&shelf, "manifests/1", shelf.bodies[1]);
    resolve_is(&shelf, 0, "");
    CHECK_INT_EQ(shelf.image.platform_count, 1);
    CHECK_STR_EQ(shelf.image.platforms[0].variant, "v7");
    CHECK(digest_is_equal(&shelf.image.platforms[0].manifest, &shelf.image.index));
    CHECK(strstr(shelf.image.reference, manifest) != NULL);
    shelf_close(&shelf);
}

/* What stands under the tag, and what is said of it. */
static void case_refused(void)
{
    static const struct {
        const char *body;
        int code;
        const char *text;
    } rows[] = {
        {"{\"schemaVersion\":1,\"name\":\"web\",\"fsLayers\":[]}", ERR_SCHEMA,
         "is of Docker's manifest schema 1"},
        {"{\"schemaVersion\":3}", ERR_SCHEMA, "unknown schema version"},
        {"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.cncf.helm.config.v1+"
         "json\",\"digest\":\"" LAYER "\"}}",
         ERR_VALUE, "is not a container image, but application/vnd.cncf.helm.config.v1+json"},
        {"{\"schemaVersion\":2,\"config\":{}}", ERR_VALUE, "names no config"},
        {"{\"schemaVersion\":2,\"config\":{\"digest\":\"md5:1\"}}", ERR_VALUE, "names no config"},
        {"{\"schemaVersion\":2,\"manifests\":[]}", ERR_ARCHITECTURE,
         "has no platform that runs linux; it has none"},
        {"{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"x\"" PLATFORM("amd64", "") "}]}",
         ERR_VALUE, "without a sha256 digest"},
        {"{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" LAYER
         "\"" PLATFORM("amd64", "") "}]}",
         ERR_NETWORK, "cut in the middle"},
        {"<html>", ERR_SYNTAX, "does not answer with a manifest"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct shelf shelf;
        shelf_open(&shelf);
        answer_add(&shelf, "manifests/1", rows[i].body);
        resolve_is(&shelf, rows[i].code, rows[i].text);
        shelf_close(&shelf);
    }
}

static void case_duplicate(void)
{
    struct shelf shelf;
    char first[80];
    char second[80];
    char memory[2048];
    struct text index;
    shelf_open(&shelf);
    platform_put(&shelf, "arm64", "", "", first);
    platform_put(&shelf, "arm64", "v8", "\"Cmd\":[\"x\"]", second);
    text_init(&index, memory, sizeof memory);
    text_append(&index, "{\"schemaVersion\":2,\"manifests\":[");
    entry_append(&index, first, PLATFORM("arm64", ""));
    entry_append(&index, second, PLATFORM("arm64", "v8"));
    text_append(&index, "]}");
    answer_add(&shelf, "manifests/1", memory);
    resolve_is(&shelf, ERR_DUPLICATE_KEY, "the index lists linux/arm64 twice");
    shelf_close(&shelf);
}

/* An index without "platform": the config says which it is. */
static void case_unlisted(void)
{
    struct shelf shelf;
    char manifest[80];
    char memory[1024];
    struct text index;
    shelf_open(&shelf);
    platform_put(&shelf, "riscv64", "", "", manifest);
    text_init(&index, memory, sizeof memory);
    text_append(&index, "{\"schemaVersion\":2,\"manifests\":[");
    entry_append(&index, manifest, "");
    text_append(&index, "]}");
    answer_add(&shelf, "manifests/1", memory);
    resolve_is(&shelf, 0, "");
    CHECK_STR_EQ(shelf.image.platforms[0].arch, "riscv64");
    shelf_close(&shelf);
}

/* One byte of a manifest, or of a config, is another than the digest says. */
static void case_tampered(void)
{
    for (size_t which = 0; which < 2; which++) {
        struct shelf shelf;
        shelf_open(&shelf);
        fleet_put(&shelf);
        char *body = strstr(shelf.bodies[which], which == 0 ? "linux" : "\"layers\"");
        CHECK(body != NULL);
        *(body + 1) = 'X';
        resolve_is(&shelf, ERR_DIGEST, "answers with another digest than sha256:");
        shelf_close(&shelf);
    }
}

/* The header says which digest the tag has: a body that is not that one is not used. */
static void case_header(void)
{
    struct shelf shelf;
    shelf_open(&shelf);
    answer_add(&shelf, "manifests/1", "");
    shelf.answers[0].body = NULL;
    shelf.answers[0].answer =
        "HTTP/1.1 200 OK\r\nDocker-Content-Digest: " LAYER "\r\nContent-Length: 2\r\n\r\n{}";
    resolve_is(&shelf, ERR_DIGEST, LAYER);
    shelf_close(&shelf);
}

/* A reference as long as they get: the cause is whole, the reference is shortened in its middle. */
static void case_long_name(void)
{
    struct shelf shelf;
    char reference[ENGINE_REFERENCE_BYTES];
    shelf_open(&shelf);
    answer_add(&shelf, "never", "");
    CHECK(fake_server_start(&shelf.server, NULL, shelf.answers, 1));
    int len = snprintf(reference, sizeof reference, "127.0.0.1:%d/", shelf.server.port);
    memset(reference + len, 'a', sizeof reference - (size_t)len);
    memcpy(reference + sizeof reference - 10, ":wanted-1", 10);
    shelf.source.registry.plain_hosts[0] = "127.0.0.1:1";
    shelf.source.registry.connect_timeout_ms = 300;
    CHECK(image_resolve(&shelf.source, reference, &shelf.image, &shelf.err) != 0);
    CHECK_CONTAINS(shelf.err.text, "127.0.0.1:");
    CHECK_CONTAINS(shelf.err.text, "cut in the middle");
    CHECK_CONTAINS(shelf.err.text, " ... ");
    CHECK_CONTAINS(shelf.err.text, ":wanted-1)");
    shelf_close(&shelf);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"index", case_index},       {"filters", case_filters},     {"single", case_single},
        {"refused", case_refused},   {"duplicate", case_duplicate}, {"unlisted", case_unlisted},
        {"tampered", case_tampered}, {"header", case_header},       {"long_name", case_long_name}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
