/* image_engine: what engines of both image stores export, told apart by its bytes; the Id, which
 * means another digest on each, never decides. Archives and engine are of the test's own. */
#include <stdlib.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/app/berth/ask.h"
#include "ports/app/berth/image.h"
#include "ports/app/berth/image_export.h"
#include "ports/mbedtls/verify.h"
#include "tests/check.h"
#include "tests/contract/fake_server.h"

#define ARCHIVE_BYTES 65536
#define REPO_DIGEST   "sha256:9999999999999999999999999999999999999999999999999999999999999999"
#define LAYER         "sha256:1111111111111111111111111111111111111111111111111111111111111111"

static char dir[] = "/tmp/berth-engine-XXXXXX";

struct world {
    struct verify verify;
    struct ask ask;
    struct image_source source;
    struct image image;
    struct err err;
    struct fake_server server;
    char archive[ARCHIVE_BYTES];
    size_t len; /* behind the HTTP head */
    char config[80], manifest[80], index[80];
    char inspect[2048], inspect_request[200], get_request[200];
    char socket[128];
    const char *tag; /* of shop/web; NULL: ":1" */
};

static void name_of(struct world *world, const char *body, char name[80])
{
    char hex[DIGEST_HEX_BYTES];
    struct digest digest;
    world->verify.ops->sha256(world->verify.self, span_text(body), &digest);
    digest_render(&digest, hex);
    (void)snprintf(name, 80, "sha256:%s", hex);
}

/* One member of a tar archive, as POSIX has it. */
static void member_add(struct world *world, const char *name, const char *body, size_t len)
{
    char *header = world->archive + world->len;
    unsigned sum = 0;
    memset(header, 0, 512);
    (void)snprintf(header, 100, "%s", name);
    (void)snprintf(header + 124, 12, "%011o", (unsigned)len & 0xffffff);
    header[156] = '0';
    memcpy(header + 257,
           "ustar\0"
           "00",
           8);
    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < 512; i++) {
        sum += (unsigned char)header[i];
    }
    (void)snprintf(header + 148, 8, "%06o", sum);
    memcpy(header + 512, body, len);
    world->len += 512 + (len + 511) / 512 * 512;
}

static void text_add(struct world *world, const char *name, const char *body)
{
    member_add(world, name, body, strlen(body));
}

/* A document under its digest; the name comes back. */
static void blob_add(struct world *world, const char *body, char name[80])
{
    char path[100];
    name_of(world, body, name);
    (void)snprintf(path, sizeof path, "blobs/sha256/%s", name + 7);
    text_add(world, path, body);
}

static void world_open(struct world *world)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\n\r\n";
    memset(world, 0, sizeof *world);
    CHECK_INT_EQ(mbedtls_verify_init(&world->verify, NULL), 0);
    CHECK_INT_EQ(ask_open(&world->ask, NULL), 0);
    (void)snprintf(world->socket, sizeof world->socket, "%s/fake.sock", dir);
    world->source = (struct image_source){.ask = &world->ask,
                                          .verify = &world->verify,
                                          .engine_socket = world->socket,
                                          .is_engine_only = true};
    world->len = sizeof head - 1;
    memcpy(world->archive, head, world->len);
}

static void world_close(struct world *world)
{
    image_free(&world->image);
    fake_server_stop(&world->server);
    ask_close(&world->ask);
}

static const char config_text[] =
    "{\"architecture\":\"arm\",\"variant\":\"v7\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"serve\"],"
    "\"Volumes\":{\"/data\":{}}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" LAYER "\"]}}";

/* A layer that looks like nothing, a document that nobody asked for. */
static void layers_add(struct world *world)
{
    char layer[3000];
    memset(layer, 'L', sizeof layer);
    member_add(world, "blobs/sha256/11111111", layer, sizeof layer);
    text_add(world, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
    text_add(world, "repositories", "{}");
}

/* As Docker 20.10 and podman write it: the config under its own name, no manifest at all. */
static void archive_old(struct world *world)
{
    char path[100];
    char manifest[300];
    name_of(world, config_text, world->config);
    layers_add(world);
    (void)snprintf(path, sizeof path, "%s.json", world->config + 7);
    text_add(world, path, config_text);
    (void)snprintf(manifest, sizeof manifest,
                   "[{\"Config\":\"%s\",\"RepoTags\":null,\"Layers\":[\"a/layer.tar\"]}]", path);
    text_add(world, "manifest.json", manifest);
    world->len += 1024;
}

/* As engines from 25 write it, on either store; `is_indexed`: the image is an index of two
 * platforms, of which only one is there. */
static void archive_new(struct world *world, bool is_indexed)
{
    char text[700];
    layers_add(world);
    blob_add(world, config_text, world->config);
    (void)snprintf(text, sizeof text,
                   "{\"schemaVersion\":2,\"config\":{\"digest\":\"%s\"},\"layers\":[]}",
                   world->config);
    blob_add(world, text, world->manifest);
    (void)snprintf(text, sizeof text,
                   "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" LAYER
                   "\"},{\"digest\":\"%s\"}]}",
                   world->manifest);
    if (is_indexed) {
        blob_add(world, text, world->index);
    }
    (void)snprintf(text, sizeof text, "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"%s\"}]}",
                   is_indexed ? world->index : world->manifest);
    text_add(world, "index.json", text);
    (void)snprintf(text, sizeof text, "[{\"Config\":\"blobs/sha256/%s\",\"Layers\":[]}]",
                   world->config + 7);
    text_add(world, "manifest.json", text);
    world->len += 1024;
}

/* The engine has "shop/web:1" under this Id and these RepoDigests. */
static int resolve(struct world *world, const char *id, const char *digests)
{
    (void)snprintf(
        world->inspect, sizeof world->inspect,
        "{\"Id\":\"%s\",\"RepoDigests\":[%s],\"Architecture\":\"amd64\",\"Os\":\"linux\"}", id,
        digests);
    (void)snprintf(world->get_request, sizeof world->get_request, "GET /images/%s/get ", id);
    const char *tag = world->tag != NULL ? world->tag : ":1";
    char reference[120];
    (void)snprintf(reference, sizeof reference, "shop/web%s", tag);
    (void)snprintf(world->inspect_request, sizeof world->inspect_request, "GET /images/%s/json ",
                   reference);
    struct fake_answer answers[] = {
        {.request = world->inspect_request, .status = 200, .body = world->inspect},
        {.request = world->get_request,
         .answer = world->archive,
         .answer_len = world->len,
         .piece = 1000,
         .after = FAKE_CLOSE}};
    CHECK(fake_server_start(&world->server, dir, answers, COUNT_OF(answers)));
    return image_resolve(&world->source, reference, &world->image, &world->err);
}

static void digest_is(const struct digest *digest, const char *want)
{
    char hex[DIGEST_HEX_BYTES];
    digest_render(digest, hex);
    CHECK_STR_EQ(hex, want + 7);
}

static void image_is(struct world *world, int rc, const char *index, const char *manifest)
{
    CHECK_STR_EQ(world->err.text, "");
    CHECK_INT_EQ(rc, 0);
    CHECK_INT_EQ(world->image.platform_count, 1);
    CHECK_STR_EQ(world->image.platforms[0].arch, "arm");
    CHECK_STR_EQ(world->image.platforms[0].variant, "v7");
    digest_is(&world->image.platforms[0].config, world->config);
    digest_is(&world->image.platforms[0].manifest, manifest);
    digest_is(&world->image.platforms[0].chain, LAYER);
    digest_is(&world->image.index, index);
    CHECK_STR_EQ(world->image.facts.volumes.list[0], "/data");
}

/* Each row is an engine; the config comes out whatever the Id is. */
static void case_stores(void)
{
    enum { OLD, NEW, INDEXED };
    static const struct {
        int archive, id; /* of the Id: 0 config, 1 manifest, 2 index */
        bool is_offered; /* RepoDigests names REPO_DIGEST, else the archive's own top */
        int manifest;    /* what is to come out: 1 the manifest, 3 REPO_DIGEST */
    } rows[] = {{OLD, 0, true, 3}, {NEW, 0, true, 3}, {NEW, 1, false, 1}, {INDEXED, 2, false, 1}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct world world;
        char digests[200];
        world_open(&world);
        if (rows[i].archive == OLD) {
            archive_old(&world);
        } else {
            archive_new(&world, rows[i].archive == INDEXED);
        }
        const char *const names[] = {world.config, world.manifest, world.index, REPO_DIGEST};
        const char *offered = rows[i].is_offered ? REPO_DIGEST : names[rows[i].id];
        (void)snprintf(digests, sizeof digests, "\"other/web@" LAYER "\",\"%sshop/web@%s\"",
                       i % 2 == 0 ? "" : "docker.io/", offered);
        int rc = resolve(&world, names[rows[i].id], digests);
        image_is(&world, rc, offered, names[rows[i].manifest]);
        CHECK_CONTAINS(world.image.note, "its registry was not asked");
        world_close(&world);
    }
}

/* Never in a registry: named by what the archive is named by, and said. */
static void case_homemade(void)
{
    struct world world;
    world_open(&world);
    archive_new(&world, false);
    int rc = resolve(&world, world.config, "");
    image_is(&world, rc, world.manifest, world.manifest);
    CHECK_CONTAINS(world.image.note, "no registry has it");
    world_close(&world);
    world_open(&world);
    archive_old(&world);
    world.source.is_engine_only = false; /* found to be homemade by itself */
    rc = resolve(&world, world.config, "");
    image_is(&world, rc, world.config, world.config);
    CHECK_CONTAINS(world.image.note, "'docker load' there");
    world_close(&world);
}

static void refused_is(struct world *world, const char *id, int code, const char *text)
{
    int rc = resolve(world, id, "\"shop/web@" REPO_DIGEST "\"");
    CHECK_STR_EQ(err_word(rc), err_word(code));
    CHECK_CONTAINS(world->err.text, text);
    CHECK_CONTAINS(world->err.text, "(image shop/web:1)");
    world_close(world);
}

static void case_refused(void)
{
    struct world world;
    world_open(&world);
    archive_new(&world, false);
    refused_is(&world, LAYER, ERR_VALUE, "cannot tell which of its digests");
    world_open(&world);
    archive_new(&world, false);
    world.len -= 1024;
    refused_is(&world, world.config, ERR_NETWORK, "its archive ends too early");
    world_open(&world);
    archive_old(&world);
    world.archive[world.len - 3000] ^= 1;
    refused_is(&world, world.config, ERR_SYNTAX, "is no tar archive");
    world_open(&world);
    text_add(&world, "manifest.json", "[{\"Config\":\"a\"},{\"Config\":\"b\"}]");
    world.len += 1024;
    refused_is(&world, LAYER, ERR_VALUE, "holds 2 images");
    world_open(&world);
    text_add(&world, "index.json", "{}");
    world.len += 1024;
    refused_is(&world, LAYER, ERR_VALUE, "has no manifest.json");
}

/* podman keeps a digest of its own beside the registry's: only a reference that names one decides.
 */
static void case_several(void)
{
    static const char digests[] = "\"shop/web@" LAYER "\",\"docker.io/shop/web@" REPO_DIGEST "\"";
    struct world world;
    world_open(&world);
    archive_old(&world);
    int rc = resolve(&world, world.config, digests);
    CHECK_STR_EQ(err_word(rc), "conflict");
    CHECK_CONTAINS(world.err.text, "under several digests of its repository");
    CHECK_CONTAINS(world.err.text, "example @" REPO_DIGEST);
    world_close(&world);
    world_open(&world);
    archive_old(&world);
    world.tag = "@" REPO_DIGEST;
    rc = resolve(&world, world.config, digests);
    image_is(&world, rc, REPO_DIGEST, REPO_DIGEST);
    world_close(&world);
}

static void case_no_engine(void)
{
    struct world world;
    world_open(&world);
    int rc = image_resolve(&world.source, "shop/web:1", &world.image, &world.err);
    CHECK_STR_EQ(err_word(rc), "not-found");
    CHECK_CONTAINS(world.err.text, "no engine answers at ");
    world_close(&world);
}

/* Documents are bounded, layers are not. */
static void case_bounds(void)
{
    struct world world;
    struct image_export archive;
    char block[512];
    memset(block, 'x', sizeof block);
    for (int is_document = 0; is_document < 2; is_document++) {
        world_open(&world);
        size_t head = world.len;
        text_add(&world, "a", "x");
        (void)snprintf(world.archive + head + 124, 12, "%011o", 8388608);
        unsigned sum = 0;
        memset(world.archive + head + 148, ' ', 8);
        for (size_t i = 0; i < 512; i++) {
            sum += (unsigned char)world.archive[head + i];
        }
        (void)snprintf(world.archive + head + 148, 8, "%06o", sum);
        block[0] = is_document ? '{' : 'x';
        image_export_open(&archive, &world.verify);
        bool is_taken = true;
        for (int member = 0; is_taken && member < 9; member++) {
            is_taken = image_export_take(&archive, span_of(world.archive + head, 512));
            for (int i = 0; is_taken && i < 16384; i++) {
                is_taken = image_export_take(&archive, span_of(block, sizeof block));
            }
        }
        CHECK_INT_EQ(is_taken, !is_document);
        CHECK_INT_EQ(archive.count, is_document ? 8 : 0);
        image_export_close(&archive);
        world_close(&world);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"stores", case_stores},   {"homemade", case_homemade},   {"refused", case_refused},
        {"several", case_several}, {"no_engine", case_no_engine}, {"bounds", case_bounds}};
    if (mkdtemp(dir) == NULL) {
        return 1;
    }
    int failed = check_run(cases, COUNT_OF(cases), argc, argv);
    rmdir(dir);
    return failed;
}
