/* complaints: whatever the node's reader has against a payload is said in one run, each at its
 * place. */
#include "ports/app/berth/compose/complaints.h"

#include "platform/base/units.h"
#include "ports/app/berth/compose/cut.h"
#include "ports/app/berth/keyring.h"
#include "tests/check.h"

static struct keyring keyring;

static void check_cut(const char *json, const char *path, const char *otherwise, const char *want)
{
    char memory[256];
    struct text text;
    text_init(&text, memory, sizeof memory);
    text_append(&text, json);
    CHECK_INT_EQ(cut_path(&text, path, otherwise), want != NULL);
    CHECK_STR_EQ(memory, want != NULL ? want : json);
    CHECK_INT_EQ(text.len, strlen(memory));
}

static void case_cut(void)
{
    static const char json[] =
        "{\"a\":{\"b\":1,\"c\":[2,\"x]\\\"},\",{\"d\":3}]},\"a.b\":4,\"e\":[]}";
    check_cut("{\"a\":1}", "a", NULL, "{}");
    check_cut("{\"a\":1,\"b\":2}", "a", NULL, "{\"b\":2}");
    check_cut("{\"a\":1,\"b\":2}", "b", NULL, "{\"a\":1}");
    check_cut("{\"a\":1,\"b\":[{}],\"c\":2}", "b", NULL, "{\"a\":1,\"c\":2}");
    check_cut("{\"a\":[1,2,3]}", "a[1]", NULL, "{\"a\":[1,3]}");
    check_cut("{\"a\":[1,2,3]}", "a[2]", NULL, "{\"a\":[1,2]}");
    check_cut("{\"a\":[1]}", "a[0]", NULL, "{\"a\":[]}");
    check_cut("{\"a\":[{\"b\":1}]}", "a[0].b", NULL, "{\"a\":[{}]}");
    check_cut("{\"a\":\"long\",\"b\":2}", "a", "0", "{\"a\":0,\"b\":2}");
    check_cut("{\"a\":[1,2]}", "a[1]", "true", "{\"a\":[1,true]}");
    check_cut(json, "a.b", NULL, "{\"a\":{\"b\":1,\"c\":[2,\"x]\\\"},\",{\"d\":3}]},\"e\":[]}");
    check_cut(json, "a.c[2].d", NULL,
              "{\"a\":{\"b\":1,\"c\":[2,\"x]\\\"},\",{}]},\"a.b\":4,\"e\":[]}");
    check_cut(json, "a.c[1]", NULL, "{\"a\":{\"b\":1,\"c\":[2,{\"d\":3}]},\"a.b\":4,\"e\":[]}");
    static const char *const nowhere[] = {"",     "f",     "ab",   "a.",       "a.c[3]", "a.c[x]",
                                          "e[0]", "a.c.d", "a[0]", "a.c[0].x", "a.c[0"};
    for (size_t i = 0; i < COUNT_OF(nowhere); i++) {
        check_cut(json, nowhere[i], NULL, NULL);
    }
    struct text full;
    char memory[8];
    text_init(&full, memory, sizeof memory);
    text_append(&full, "{\"a\":1}");
    CHECK(!cut_path(&full, "a", "12"));
    CHECK(cut_path(&full, "a", "2"));
    CHECK_STR_EQ(memory, "{\"a\":2}");
}

/* Every one of `wanted` ("LINE PATH: begin of text") is said, and nothing else is refused. */
static void check_said(const char *yaml, const char *const *wanted, size_t count)
{
    static char out[RENDER_BYTES];
    static struct plan plan;
    struct yaml_item *root = NULL;
    struct findings *findings = findings_new();
    struct text text;
    struct err err = {0};
    CHECK_INT_EQ(
        yaml_tree_read(span_text(yaml), &(struct yaml_source){.file = "c.yaml"}, &root, &err), 0);
    struct render render = {.root = root,
                            .service = yaml_tree_member(root, "services")->child,
                            .project = "shop",
                            .verify = &keyring.verify,
                            .findings = findings};
    text_init(&text, out, sizeof out);
    CHECK_INT_EQ(render_plan(&render, &text, &plan), count == 0);
    CHECK_INT_EQ(findings_count(findings, FINDING_REFUSED), count);
    for (size_t i = 0; i < findings_count(findings, FINDING_REFUSED); i++) {
        const struct finding *finding = findings_at(findings, i);
        char said[1024];
        (void)snprintf(said, sizeof said, "%zu %s: %s", finding->line,
                       finding->path != NULL ? finding->path : "", finding->text);
        const char *want = i < count ? wanted[i] : "nothing";
        if (strncmp(said, want, strlen(want)) != 0) {
            printf("    said \"%s\", want \"%s\"\n", said, want);
            check_failures_++;
        }
    }
    findings_free(findings);
    yaml_tree_free(root);
}

static void case_all_at_once(void)
{
    static const char yaml[] = "services:\n"
                               "  Web_1:\n"
                               "    image: web\n"
                               "    network_mode: none\n"
                               "    ports: ['80:80', '81:81', '80:82']\n"
                               "    mac_address: 02:42:ac:11:00:02\n"
                               "    volumes:\n"
                               "      - a:/a\n"
                               "      - b:/a\n"
                               "      - c:/c\n"
                               "      - d:/c\n"
                               "    deploy:\n"
                               "      update_config: {order: start-first}\n"
                               "    x-berth:\n"
                               "      order: sometimes\n"
                               "      sharedData: maybe\n"
                               "      probes:\n"
                               "        readiness:\n"
                               "          httpGet: {path: /}\n"
                               "        liveness:\n"
                               "          exec: {command: [a]}\n"
                               "          periodSeconds: often\n"
                               "x-berth:\n"
                               "  app: Web Shop\n"
                               "  sequence: first\n"
                               "  swap: {soak: soon, drain: 1x, attempts: 99, deadline: 1s}\n";
    static const char *const wanted[] = {
        "2 services.Web_1: mac_address needs the app's network",
        "2 services.Web_1: start-first lets two generations write the same data",
        "9 services.Web_1.volumes[1]: two mounts have the same target",
        "11 services.Web_1.volumes[3]: two mounts have the same target",
        "15 services.Web_1.x-berth.order: must be auto",
        "16 services.Web_1.x-berth.sharedData: can only be",
        "19 services.Web_1.x-berth.probes.readiness.httpGet.port: missing",
        "22 services.Web_1.x-berth.probes.liveness.periodSeconds: must be a number",
        "24 x-berth.app: must be",
        "25 x-berth.sequence: must be",
        "26 x-berth.swap.soak: must be",
        "26 x-berth.swap.drain: must be"};
    check_said(yaml, wanted, COUNT_OF(wanted));
}

/* Two settings that exclude each other: the reader goes on without one of them, so what stands
 * behind is found, too. The last complaint shows that it did. */
static void case_contradictions(void)
{
    static const char last[] = "x-berth.swap.soak: 100ms is too short";
    static const struct {
        const char *keys, *said;
    } rows[] = {
        {"network_mode: host\n    scale: 2", "services.web: network_mode host allows one replica"},
        {"network_mode: none\n    x-berth: {probes: {readiness: {tcpSocket: {port: 80}}}}",
         "services.web: is asked over the network"},
        {"mac_address: 02:42:ac:11:00:02\n    network_mode: host",
         "services.web: mac_address needs"},
        {"mac_address: 02:42:ac:11:00:02\n    x-berth: {order: start-first}",
         "services.web: start-first gives two containers"},
        {"x-berth: {order: stop-first}\n    deploy: {update_config: {order: start-first}}",
         "services.web: deploy.update_config.order and x-berth"},
        {"volumes: ['d:/d']\n    x-berth: {order: start-first}", "services.web: start-first lets"},
        {"network_mode: host\n    x-berth: {order: start-first}",
         "services.web: start-first cannot work"},
        {"cpus: 1\n    cpu_period: 100000", "services.web: limits cpus twice"},
        {"mem_limit: 64m\n    mem_reservation: 128m", "services.web: reserves more memory"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char yaml[512];
        char first[256];
        (void)snprintf(yaml, sizeof yaml,
                       "services:\n  web:\n    image: web\n    %s\nx-berth: {swap: {soak: 100ms}}\n",
                       rows[i].keys);
        (void)snprintf(first, sizeof first, "2 %s", rows[i].said);
        char then[64];
        (void)snprintf(then, sizeof then, "%d %s", strchr(rows[i].keys, '\n') != NULL ? 6 : 5,
                       last);
        const char *const wanted[] = {first, then};
        check_said(yaml, wanted, COUNT_OF(wanted));
    }
}

static void case_content(void)
{
    check_said("services: {web: {image: web, ports: ['80:80']}}\n", NULL, 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"cut", case_cut},
                                              {"all_at_once", case_all_at_once},
                                              {"contradictions", case_contradictions},
                                              {"content", case_content}};
    struct err err = {0};
    if (keyring_open(&keyring, &err) != 0) {
        printf("%s\n", err.text);
        return EXIT_FAILURE;
    }
    int rc = check_run(cases, COUNT_OF(cases), argc, argv);
    keyring_close(&keyring);
    return rc;
}
