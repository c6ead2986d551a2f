/* release_identity: what the node adds to a container: each part so large that nothing behind it
 * would miss the room, the names as long as they may be, and what the node must have for it. */
#include "agent/wire/release.h"
#include "platform/base/text.h"
#include "platform/base/units.h"
#include "platform/engine.h"
#include "tests/check.h"
#include "tests/unit/wire/sample.h"

#define HEAD                                                                                       \
    "{\"schema\":1,\"x-berth\":{\"app\":\"shop\",\"sequence\":5,\"files\":{\"c\":{\"bytes\":0,"    \
    "\"mode\":292,\"pieces\":[]}}},\"services\":{\"web\":{\"image\":\"r@sha256:" SAMPLE_INDEX "\""
#define TAIL                                                                                       \
    ",\"x-berth\":{\"image\":{\"index\":\"sha256:" SAMPLE_INDEX "\",\"platforms\":[{\"arch\":"     \
    "\"amd64\",\"manifest\":\"" SAMPLE_MANIFEST "\",\"config\":\"" SAMPLE_CONFIG "\"}]}}}}}"
#define TREE  "{\"type\":\"file\",\"source\":\"c\",\"target\":\"/c\"}"
#define IMAGE "{\"type\":\"volume\",\"source\":\"image-0123456789ab\",\"target\":\"/i\"}"

static uint8_t memory[65536];
static char payload[40000];
static struct text json;

static struct release_container container_of(const char *network)
{
    return (struct release_container){.gen = 7,
                                      .replica = 2,
                                      .address = 0xc6120009,
                                      .service_address = 0xc6120003,
                                      .network = network,
                                      .secrets_dir = "/s",
                                      .files_dir = "/f"};
}

/* A service with so many items of a list: `open` item, item ... `close`; # is its number. */
static void begin(const char *open, const char *item, unsigned count, const char *close)
{
    text_init(&json, payload, sizeof payload);
    text_append(&json, HEAD);
    text_append(&json, open);
    for (unsigned i = 0; i < count; i++) {
        text_append(&json, i > 0 ? "," : "");
        size_t len = strcspn(item, "#");
        text_append_span(&json, span_of(item, len));
        if (item[len] == '#') {
            text_printf(&json, "%u%s", i, item + len + 1);
        }
    }
    text_append(&json, close);
    text_append(&json, TAIL);
    CHECK(!json.cut);
}

static int render(const struct release_container *container, size_t cap, struct engine_spec *spec,
                  size_t *need, struct err *err)
{
    struct arena arena;
    arena_init(&arena, memory, cap);
    int rc = release_render(span_of(payload, json.len), sample_node(), "web", container, &arena,
                            spec, err);
    *need = arena.used;
    return rc;
}

/* With a byte less than it needs, and with much less, nothing of it is made. */
static void check_short(const struct release_container *container)
{
    struct engine_spec spec = {0};
    struct err err = {0};
    size_t need = 0;
    size_t used = 0;
    CHECK_INT_EQ(render(container, sizeof memory, &spec, &need, &err), 0);
    CHECK_STR_EQ(err.text, "");
    for (size_t less = 1; less < need; less += less < 120 ? 1 : 251) {
        spec = (struct engine_spec){0};
        int rc = render(container, need - less, &spec, &used, &err);
        CHECK_INT_EQ(rc, ERR_LIMIT);
        CHECK(spec.name == NULL);
        if (rc != ERR_LIMIT) {
            printf("    with %zu less than %zu\n", less, need);
            return;
        }
    }
}

static void case_no_room(void)
{
    static char network[3000];
    struct release_container container = container_of("n");
    static const struct {
        const char *open, *item;
        unsigned count;
        const char *close;
    } rows[] = {
        {"", "", 0, ""},
        {",\"labels\":{", "\"#\":\"\"", 400, "}"},
        {",\"extra_hosts\":[", "\"h#:1.1.1.1\"", 400, "]"},
        {",\"volumes\":[" IMAGE ",", "{\"type\":\"tmpfs\",\"target\":\"/#\"}", 60, "]"},
        {",\"volumes\":[", IMAGE, 1, "]"},
        {",\"volumes\":[", TREE, 1, "]"},
        {",\"secrets\":[", "\"#\"", 60, "]"},
        {",\"secrets\":[", "\"#\"", 1, "]"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin(rows[i].open, rows[i].item, rows[i].count, rows[i].close);
        check_short(&container);
    }
    begin("", "", 0, "");
    memset(network, 'n', sizeof network - 1);
    container = container_of(network);
    check_short(&container);
}

/* What a mount's place may have of characters: 511. */
static void case_long_places(void)
{
    static char dir[600];
    struct release_container container = container_of("n");
    struct engine_spec spec = {0};
    size_t need = 0;
    for (size_t len = 511; len <= 512; len++) {
        struct err err = {0};
        memset(dir, 'd', sizeof dir);
        begin(",\"secrets\":[", "\"k\"", 1, "]");
        dir[len - strlen("/shop/k")] = '\0';
        container.secrets_dir = dir;
        CHECK_INT_EQ(render(&container, sizeof memory, &spec, &need, &err),
                     len == 511 ? 0 : ERR_LIMIT);
        if (len == 511) {
            CHECK_INT_EQ(strlen(spec.mounts[0].source), 511);
        }
        begin(",\"volumes\":[", TREE, 1, "]");
        memset(dir, 'd', sizeof dir);
        dir[len - strlen("/0123456789abcdef/c")] = '\0';
        container.files_dir = dir;
        CHECK_INT_EQ(render(&container, sizeof memory, &spec, &need, &err),
                     len == 511 ? 0 : ERR_LIMIT);
    }
}

/* The longest names of a node, an app and a service make a container's name; one letter more, and
 * there is none. */
static void case_long_names(void)
{
    char node[NODE_NAME_BYTES];
    char part[NAME_BYTES];
    char name[ENGINE_NAME_BYTES];
    memset(node, 'n', sizeof node - 1);
    memset(part, 'p', sizeof part - 1);
    node[sizeof node - 1] = part[sizeof part - 1] = '\0';
    CHECK(release_container_name(node, part, 9007199254740991, part, 16, name, sizeof name));
    size_t len = strlen(name);
    CHECK(release_container_name(node, part, 9007199254740991, part, 16, name, len + 1));
    CHECK(!release_container_name(node, part, 9007199254740991, part, 16, name, len));
    CHECK(release_container_name("n", "a", 1, "s", 2, name, sizeof name));
    CHECK_STR_EQ(name, "berth_n_a_1_s_2");
}

/* A node that keeps no secrets, or no files, says so. */
static void case_what_the_node_lacks(void)
{
    struct release_container container = container_of("n");
    struct engine_spec spec = {.name = "untouched"};
    struct err err = {0};
    size_t need = 0;
    container.secrets_dir = NULL;
    container.files_dir = NULL;
    begin("", "", 0, "");
    CHECK_INT_EQ(render(&container, sizeof memory, &spec, &need, &err), 0);
    spec.name = "untouched";
    begin(",\"secrets\":[", "\"k\"", 1, "]");
    CHECK_INT_EQ(render(&container, sizeof memory, &spec, &need, &err), ERR_MISSING);
    CHECK_STR_EQ(err.text, "the release needs secrets and the node has no directory of secrets; "
                           "set secretsDir");
    begin(",\"volumes\":[", TREE, 1, "]");
    CHECK_INT_EQ(render(&container, sizeof memory, &spec, &need, &err), ERR_MISSING);
    CHECK_STR_EQ(err.text, "files travel with the release and this node keeps none");
    CHECK_STR_EQ(spec.name, "untouched");
}

/* Who gets a service's address under its names: nobody without a network of the app's. */
static void case_hosts(void)
{
    static const struct {
        const char *service;
        ipv4 address;
        size_t hosts;
        const char *network;
    } rows[] = {{"", 1, 1, "n"},
                {"", 0, 0, "n"},
                {",\"network_mode\":\"host\"", 1, 0, "host"},
                {",\"network_mode\":\"none\"", 1, 0, "none"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct release_container container = container_of("n");
        struct engine_spec spec = {0};
        size_t need = 0;
        container.service_address = rows[i].address;
        begin(rows[i].service, "", 0, "");
        CHECK_INT_EQ(render(&container, sizeof memory, &spec, &need, NULL), 0);
        CHECK_INT_EQ(spec.hosts.count, rows[i].hosts);
        CHECK_STR_EQ(spec.network, rows[i].network);
        CHECK_INT_EQ(spec.address, i < 2 ? 0xc6120009 : 0);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"no room", case_no_room},
                                              {"long places", case_long_places},
                                              {"long names", case_long_names},
                                              {"what the node lacks", case_what_the_node_lacks},
                                              {"hosts", case_hosts}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
