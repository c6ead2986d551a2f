/* docker_identity: what engines show of an image, as they show it: classic store (Docker 20.10 to
 * 28), containerd store (Docker 26, 28), podman 5; by a pull, by a load, under another name. */
#include "ports/docker/archive.h"
#include "ports/docker/identity.h"

#include "platform/base/units.h"
#include "tests/check.h"

#define INDEX    "96b496b32abfa44f95287d51afe459da635efe03a9bb18d3019c6a76b6138455"
#define MANIFEST "72fc53b086cd52c9c13a586c1a22ee1ea29900dea348b6845aff37274dffb6be"
#define CONFIG   "b2fd6d10053b3654524213f7bb7579face4950e0d5b00fea2c37efda44b1899b"
#define OTHER    "7d9cc657f88ef016493fe678310dd775738a94de67b5e2178fb71f5fdd6025e0"

static struct engine_wanted wanted_web(void)
{
    struct engine_wanted wanted = {.reference = "host:5000/a/web@sha256:" INDEX,
                                   .tag = "berth.local/n/a:r1"};
    CHECK(digest_parse(MANIFEST, &wanted.manifest));
    CHECK(digest_parse(CONFIG, &wanted.config));
    return wanted;
}

static unsigned proofs_of(const struct engine_wanted *wanted, const char *text)
{
    bool is_short = false;
    REPLY json = reply_parse(span_text(text), &is_short);
    struct identity identity = identity_of(wanted);
    CHECK(json != NULL);
    return identity_proofs(&identity, json);
}

static void each_store_shows_its_own(void)
{
    static const struct {
        const char *shown;
        unsigned proofs;
    } rows[] = {
        /* classic, pulled by the index: the Id is the config */
        {"{\"Id\":\"sha256:" CONFIG "\",\"RepoDigests\":[\"host:5000/a/web@sha256:" INDEX "\"]}",
         ENGINE_PROOF_CONFIG | ENGINE_PROOF_INDEX},
        /* classic, loaded: no digest of any repository */
        {"{\"Id\":\"sha256:" CONFIG "\",\"RepoTags\":[\"x:1\"],\"RepoDigests\":[]}",
         ENGINE_PROOF_CONFIG},
        /* containerd, pulled by the index */
        {"{\"Id\":\"sha256:" INDEX "\",\"RepoDigests\":[\"host:5000/a/web@sha256:" INDEX "\"]}",
         ENGINE_PROOF_INDEX},
        /* containerd, pulled by the manifest from elsewhere */
        {"{\"Id\":\"sha256:" MANIFEST "\",\"RepoDigests\":[\"mirror/web@sha256:" MANIFEST "\"]}",
         ENGINE_PROOF_MANIFEST},
        /* containerd of Docker 28: an index of somebody else's with our manifest in it */
        {"{\"Id\":\"sha256:" OTHER "\",\"Descriptor\":{\"digest\":\"sha256:" OTHER "\"},"
         "\"Manifests\":[{\"Available\":true,\"Descriptor\":{\"digest\":\"sha256:" MANIFEST
         "\"}}]}",
         ENGINE_PROOF_MANIFEST},
        /* ... that is named there and is not here */
        {"{\"Id\":\"sha256:" OTHER "\",\"Manifests\":[{\"Available\":false,"
         "\"Descriptor\":{\"digest\":\"sha256:" MANIFEST "\"}}]}",
         0},
        /* podman: the config, and both others as digests of the repository */
        {"{\"Id\":\"sha256:" CONFIG "\",\"RepoDigests\":[\"h/a/web@sha256:" MANIFEST
         "\",\"h/a/web@sha256:" INDEX "\"]}",
         ENGINE_PROOF_CONFIG | ENGINE_PROOF_MANIFEST | ENGINE_PROOF_INDEX},
        /* another image; nonsense */
        {"{\"Id\":\"sha256:" OTHER "\",\"RepoDigests\":[\"host:5000/a/web@sha256:" OTHER "\"]}", 0},
        {"{\"Id\":7,\"RepoDigests\":[7,null,\"@\",\"x@sha256:12\"],\"Manifests\":{\"a\":1}}", 0},
        {"[]", 0},
    };
    struct engine_wanted wanted = wanted_web();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unsigned proofs = proofs_of(&wanted, rows[i].shown);
        if (proofs != rows[i].proofs) {
            printf("    row %zu: %s\n", i, rows[i].shown);
        }
        CHECK_INT_EQ(proofs, rows[i].proofs);
    }
}

/* A release that was built on the other store names its manifest as its config, too. */
static void what_is_not_known_proves_nothing(void)
{
    struct engine_wanted wanted = {.reference = "web:1"};
    static const char none[] =
        "{\"Id\":\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"}";
    CHECK_INT_EQ(proofs_of(&wanted, none), 0);
    wanted = wanted_web();
    wanted.config = wanted.manifest;
    CHECK_INT_EQ(proofs_of(&wanted, "{\"Id\":\"sha256:" CONFIG "\",\"RepoDigests\":[]}"), 0);
    CHECK_INT_EQ(proofs_of(&wanted, "{\"Id\":\"sha256:" CONFIG
                                    "\",\"RepoDigests\":[\"h/a/web@sha256:" INDEX "\"]}"),
                 ENGINE_PROOF_INDEX);
}

static void an_image_is_found_under_any_name(void)
{
    static const char list[] =
        "[{\"Id\":\"sha256:" OTHER "\",\"RepoTags\":[\"host:5000/a/web:1\"],"
        "\"RepoDigests\":[\"host:5000/a/web@sha256:" OTHER "\"]},"
        "{\"Id\":\"sha256:" CONFIG "\",\"RepoTags\":[\"kept/by:hand\"],\"RepoDigests\":null}]";
    struct engine_wanted wanted = wanted_web();
    struct identity identity = identity_of(&wanted);
    char ids[IDENTITY_GUESSES_MAX][IDENTITY_ID_BYTES];
    char id[IDENTITY_ID_BYTES];
    bool is_short = false;
    REPLY json = reply_parse(span_text(list), &is_short);
    CHECK(identity_find(&identity, json, id));
    CHECK_STR_EQ(id, "sha256:" CONFIG);
    CHECK_INT_EQ(identity_guess(&wanted, json, ids), 1);
    CHECK_STR_EQ(ids[0], "sha256:" OTHER);
    CHECK(digest_parse(OTHER, &identity.config));
    CHECK(identity_find(&identity, json, id));
    CHECK_STR_EQ(id, "sha256:" OTHER);
    identity = (struct identity){0};
    CHECK(!identity_find(&identity, json, id));
}

static void guesses_are_few_and_namesakes(void)
{
    /* The second has another name, the third came by a pull. */
    static const char *const names[] = {"web:latest", "a/webs:1", "x/web:1\",\"web@sha256:2",
                                        "b/web:2",    "c/web:3",  "d:5/web:4",
                                        "e/web:5"};
    char list[4096] = "[";
    char ids[IDENTITY_GUESSES_MAX][IDENTITY_ID_BYTES];
    struct engine_wanted wanted = wanted_web();
    bool is_short = false;
    for (int i = 0; i < 6; i++) {
        (void)snprintf(
            list + strlen(list), sizeof list - strlen(list),
            "%s{\"Id\":\"sha256:%d\",\"RepoTags\":[\"%s\"],\"RepoDigests\":[\"x@sha256:%d"
            "\"]}",
            i > 0 ? "," : "", i, names[i], i);
    }
    (void)snprintf(list + strlen(list), sizeof list - strlen(list), "]");
    REPLY json = reply_parse(span_text(list), &is_short);
    CHECK_INT_EQ(identity_guess(&wanted, json, ids), IDENTITY_GUESSES_MAX);
    CHECK_STR_EQ(ids[0], "sha256:0");
    CHECK_STR_EQ(ids[1], "sha256:3");
}

static void a_name_without_layers_is_not_whole(void)
{
    static const struct {
        const char *shown;
        bool is_whole;
    } rows[] = {
        {"{\"RootFS\":{\"Type\":\"layers\",\"Layers\":[\"sha256:" OTHER "\"]}}", true},
        {"{\"RootFS\":{\"Type\":\"layers\",\"Layers\":[]}}", false},
        {"{\"RootFS\":{\"Type\":\"layers\"}}", false},
        {"{}", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool is_short = false;
        REPLY json = reply_parse(span_text(rows[i].shown), &is_short);
        CHECK_INT_EQ(identity_is_whole(json), rows[i].is_whole);
    }
}

/* A tar of our own making. */
static uint8_t tar[64 * 512];
static size_t tar_len;

static void tar_add(const char *name, const char *content)
{
    size_t len = strlen(content);
    memset(tar + tar_len, 0, 512 + (len + 511) / 512 * 512);
    (void)snprintf((char *)tar + tar_len, 100, "%s", name);
    (void)snprintf((char *)tar + tar_len + 124, 12, "%011o", (unsigned)len & 0xffffffu);
    memcpy(tar + tar_len + 512, content, len);
    tar_len += 512 + (len + 511) / 512 * 512;
}

static bool has_config(size_t len, size_t piece)
{
    static struct archive archive;
    struct digest config;
    bool is_short = false;
    memset(&archive, 0, sizeof archive);
    CHECK(digest_parse(CONFIG, &config));
    for (size_t at = 0; at < len; at += piece) {
        archive_feed(&archive, span_of(tar + at, len - at < piece ? len - at : piece));
    }
    return archive_has_config(&archive, &config, &is_short);
}

static void an_archive_tells_the_config(void)
{
    static const char *const manifests[] = {
        "[{\"Config\":\"blobs/sha256/" CONFIG "\",\"Layers\":[]}]",
        "[{\"Config\":\"x\"},{\"Config\":\"" CONFIG ".json\",\"Layers\":[\"a/layer.tar\"]}]",
    };
    for (size_t i = 0; i < COUNT_OF(manifests); i++) {
        tar_len = 0;
        tar_add("blobs/", "");
        tar_add("blobs/sha256/" OTHER, "manifest.json is a word in here");
        tar_add("manifest.json", manifests[i]);
        size_t end = tar_len;
        tar_add("oci-layout", "{}");
        for (size_t piece = 1; piece < 1500; piece += 7) {
            CHECK(has_config(tar_len, piece));
        }
        CHECK(has_config(end, 512));
        CHECK(!has_config(end - 512, 512)); /* ends early */
    }
}

static void an_archive_tells_no_more_than_it_has(void)
{
    static const char *const manifests[] = {
        "[{\"Config\":\"blobs/sha256/" OTHER "\",\"Layers\":[\"blobs/sha256/" CONFIG "\"]}]",
        "[{\"Config\":\"blobs/sha256/" CONFIG "0\"}]",
        "[{\"Config\":\"" CONFIG ".json.json\"}]",
        "{\"Config\":7}",
        "[",
    };
    for (size_t i = 0; i < COUNT_OF(manifests); i++) {
        tar_len = 0;
        tar_add("manifest.json", manifests[i]);
        CHECK(!has_config(tar_len, 512));
    }
    tar_len = 0;
    tar_add("blobs/sha256/" CONFIG, "{}");
    CHECK(!has_config(tar_len, 512));
    memset(tar + 124, '9', 12); /* no octal number */
    tar_add("manifest.json", "[{\"Config\":\"" CONFIG ".json\"}]");
    CHECK(!has_config(tar_len, 512));
}

static void a_long_manifest_is_not_half_read(void)
{
    static char text[ARCHIVE_MANIFEST_BYTES + 2];
    (void)snprintf(text, sizeof text, "[{\"Config\":\"" CONFIG ".json\"}]");
    for (size_t len = ARCHIVE_MANIFEST_BYTES; len <= ARCHIVE_MANIFEST_BYTES + 1; len++) {
        memset(text + strlen(text), ' ', len - strlen(text));
        text[len] = '\0';
        tar_len = 0;
        tar_add("manifest.json", text);
        CHECK_INT_EQ(has_config(tar_len, 512), len == ARCHIVE_MANIFEST_BYTES);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"each_store_shows_its_own", each_store_shows_its_own},
        {"what_is_not_known_proves_nothing", what_is_not_known_proves_nothing},
        {"an_image_is_found_under_any_name", an_image_is_found_under_any_name},
        {"guesses_are_few_and_namesakes", guesses_are_few_and_namesakes},
        {"a_name_without_layers_is_not_whole", a_name_without_layers_is_not_whole},
        {"an_archive_tells_the_config", an_archive_tells_the_config},
        {"an_archive_tells_no_more_than_it_has", an_archive_tells_no_more_than_it_has},
        {"a_long_manifest_is_not_half_read", a_long_manifest_is_not_half_read},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
