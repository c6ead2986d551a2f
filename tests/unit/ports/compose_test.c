/* compose: short forms written out, word by word, and complaints with file and line. */
#include "ports/app/berth/compose/compose.h"

#include "platform/base/units.h"
#include "tests/check.h"

static int convert(const char *yaml, char *out, size_t cap, struct err *err)
{
    struct text text;
    struct image_source images = {0};
    struct yaml_item *root = NULL;
    struct compose compose = {
        .path = "c.yaml", .images = &images, .sequence = 5, .out = &text, .err = err};
    text_init(&text, out, cap);
    CHECK_INT_EQ(yaml_tree_parse(span_text(yaml), &root, err), 0);
    int rc = compose_write(&compose, root);
    yaml_tree_free(root);
    return rc;
}

/* What one key of a service becomes. */
static void check_key(const char *yaml, const char *json)
{
    char file[1024];
    char out[4096];
    struct err err = {0};
    (void)snprintf(file, sizeof file, "name: a\nservices:\n  web:\n    image: web\n    %s\n", yaml);
    CHECK_INT_EQ(convert(file, out, sizeof out, &err), 0);
    CHECK_STR_EQ(err.text, "");
    CHECK_CONTAINS(out, json);
}

static void case_keys(void)
{
    check_key("command: a 'b c' \"d \\\" e\" f\\ g",
              "\"command\":[\"a\",\"b c\",\"d \\\" e\",\"f g\"]");
    check_key("command: [1, 'x']", "\"command\":[\"1\",\"x\"]");
    check_key("environment: {A: 1, B: true, C: '', D: a$$b}",
              "\"environment\":{\"A\":\"1\",\"B\":\"true\",\"C\":\"\",\"D\":\"a$b\"}");
    check_key("environment: [A=1, B=x=y]", "\"environment\":{\"A\":\"1\",\"B\":\"x=y\"}");
    check_key("environment: {A: }", "\"environment\":{\"A\":null}");
    check_key("environment: [A=$(node.name)]", "\"environment\":{\"A\":\"$(node.name)\"}");
    check_key("ports: ['8080:80']", "\"ports\":[{\"target\":80,\"published\":8080}]");
    check_key("ports: ['127.0.0.1:53:54/udp']", "{\"target\":54,\"published\":53,"
                                                "\"host_ip\":\"127.0.0.1\",\"protocol\":\"udp\"}");
    check_key("ports: [80]", "\"ports\":[{\"target\":80}]");
    check_key("ports: [{target: 80, published: '8080'}]", "{\"target\":80,\"published\":8080}");
    check_key("volumes: ['/a:/b:ro', 'd:/d']",
              "[{\"type\":\"bind\",\"source\":\"/a\",\"target\":\"/b\",\"read_only\":true},"
              "{\"type\":\"volume\",\"source\":\"d\",\"target\":\"/d\"}]");
    check_key("volumes: [{type: volume, source: d, target: /d, read_only: true}]",
              "[{\"type\":\"volume\",\"source\":\"d\",\"target\":\"/d\",\"read_only\":true}]");
    check_key("tmpfs: /run", "\"tmpfs\":[\"/run\"]");
    check_key("extra_hosts: {db: 10.0.0.1}", "\"extra_hosts\":[\"db:10.0.0.1\"]");
    check_key("extra_hosts: [db=10.0.0.1]", "\"extra_hosts\":[\"db:10.0.0.1\"]");
    check_key("secrets: [k, {source: m}]", "\"secrets\":[\"k\",\"m\"]");
    check_key("user: 1000", "\"user\":\"1000\"");
    check_key("init: true", "\"init\":true");
    check_key("logging: {driver: json-file, options: {max-file: 3}}",
              "\"logging\":{\"driver\":\"json-file\",\"options\":{\"max-file\":\"3\"}}");
    check_key("deploy: {replicas: 2, resources: {limits: {cpus: 0.50, memory: 64M, pids: 5}}}",
              "{\"cpus\":\"0.50\",\"memory\":\"64M\",\"pids\":5}");
    check_key("healthcheck: {test: [CMD, /p, 8080], interval: 5s, retries: 3}",
              "{\"test\":[\"CMD\",\"/p\",\"8080\"],\"interval\":\"5s\",\"retries\":3}");
    check_key("x-berth: {probes: {readiness: {exec: {command: [a, 1]}, periodSeconds: 0.25}}}",
              "{\"command\":[\"a\",\"1\"]},\"periodSeconds\":0.25}");
    check_key("x-other: 1", "\"services\":{\"web\":{\"image\":\"web@sha256:");
}

static void case_root(void)
{
    char out[4096];
    struct err err = {0};
    CHECK_INT_EQ(
        convert("version: '3'\nname: a\nx-berth: {version: 1.10, sequence: 2, swap: {soak: 30s}}\n"
                "services: {}\nvolumes: {d: }\nx-z: 1\n",
                out, sizeof out, &err),
        0);
    CHECK_STR_EQ(out,
                 "{\"schema\":1,\"x-berth\":{\"app\":\"a\",\"sequence\":5,\"version\":\"1.10\","
                 "\"swap\":{\"soak\":\"30s\"}},\"services\":{},\"volumes\":{\"d\":null}}");
}

static void case_complaints(void)
{
    static const struct {
        const char *yaml;
        int code;
        const char *message;
    } rows[] = {
        {"services:\n  web:\n    ports: ['80']\n", ERR_MISSING,
         "c.yaml:2: services.web.image: missing"},
        {"services:\n  web:\n    image: gone\n", ERR_NOT_FOUND,
         "c.yaml:3: services.web.image: image gone: push it first"},
        {"services:\n  web:\n    image: web\n    ports:\n      - 80-81:80\n", ERR_VALUE,
         "c.yaml:5: 80-81:80"},
        {"services:\n  web:\n    image: web\n    environment: [HOME]\n", ERR_VALUE,
         "c.yaml:4: must be NAME="},
        {"services:\n  web:\n    image: web\n    environment: {A: \"${HOME}\"}\n", ERR_VALUE,
         "c.yaml:4: ${HOME}: variables of this machine"},
        {"services:\n  web:\n    image: web\n    volumes: ['./a:/b']\n", ERR_VALUE, "c.yaml:4: ."},
        {"services:\n  web:\n    image: web\n    volumes: ['/b']\n", ERR_VALUE,
         "give the volume a name"},
        {"services:\n  web:\n    image: web\n    command: a 'b\n", ERR_VALUE,
         "a quote does not end"},
        {"services:\n  web:\n    image: web\n    x-berth: {image: 1}\n", ERR_VALUE,
         "written by build"},
        {"name: a\n", ERR_MISSING, "services: must be"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char out[4096];
        struct err err = {0};
        int rc = convert(rows[i].yaml, out, sizeof out, &err);
        CHECK_STR_EQ(err_word(rc), err_word(rows[i].code));
        CHECK_CONTAINS(err.text, rows[i].message);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"keys", case_keys}, {"root", case_root}, {"complaints", case_complaints}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
