/* merge: the specification's rule of each key, one row a rule. */
#include "ports/app/berth/compose/merge.h"

#include "platform/base/units.h"
#include "tests/check.h"
#include "tests/unit/berth/compose/shown.h"

static struct yaml_item *parse(const char *text, const char *file)
{
    struct yaml_item *root = NULL;
    struct err err = {0};
    const struct yaml_source source = {.file = file};
    CHECK_INT_EQ(yaml_tree_read(span_text(text), &source, &root, &err), 0);
    CHECK_STR_EQ(err.text, "");
    return root;
}

static void check_merged(const char *base, const char *over, const char *want, const char *found)
{
    struct findings *findings = findings_new();
    struct yaml_item *root = parse(base, "a");
    struct merge_place place = {0};
    CHECK_INT_EQ(merge_trees(root, parse(over, "b"), place, false, findings, NULL), 0);
    CHECK_INT_EQ(merge_unique(root, NULL), 0);
    char *shown = tree_show(root);
    char *said = findings_show(findings);
    CHECK_STR_EQ(shown, want);
    CHECK_STR_EQ(said, found);
    free(shown);
    free(said);
    yaml_tree_free(root);
    findings_free(findings);
}

struct row {
    const char *base, *over, *want;
};

/* Each is the value of one key of a service. */
static void check_keys(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char base[512];
        char over[512];
        char want[512];
        (void)snprintf(base, sizeof base, "services: {w: {%s}}", rows[i].base);
        (void)snprintf(over, sizeof over, "services: {w: {%s}}", rows[i].over);
        (void)snprintf(want, sizeof want, "{services: {w: {%s}}}", rows[i].want);
        check_merged(base, over, want, "");
    }
}

static void case_common(void)
{
    static const struct row rows[] = {
        {"key1: a, key2: b", "key2: c, key3: d", "key1: a, key2: c, key3: d"},
        {"other: [a]", "other: [b, a]", "other: [a, b, a]"},
        {"deploy: {replicas: 1, resources: {limits: {cpus: 1}}}",
         "deploy: {resources: {limits: {memory: 1g}}}",
         "deploy: {replicas: 1, resources: {limits: {cpus: 1, memory: 1g}}}"},
        {"user: x", "user: ", "user: x"},
        {"ports: ['80']", "ports: ~", "ports: ['80']"},
        {"user: ", "user: x", "user: x"},
        {"user: x", "user: ''", "user: ''"},
        {"x-a: {b: 1}", "x-a: {c: 1}", "x-a: {c: 1}"},
        {"x-berth: {version: 1}", "x-berth: {swap: {soak: 1s}}",
         "x-berth: {version: 1, swap: {soak: 1s}}"}};
    check_keys(rows, COUNT_OF(rows));
}

static void case_replaced(void)
{
    static const struct row rows[] = {
        {"command: [a, b]", "command: c", "command: c"},
        {"command: a", "command: ", "command: ~"},
        {"entrypoint: [a]", "entrypoint: [b, c]", "entrypoint: [b, c]"},
        {"healthcheck: {test: [CMD, a], interval: 1s}", "healthcheck: {test: b, timeout: 2s}",
         "healthcheck: {test: b, interval: 1s, timeout: 2s}"},
        {"ulimits: {nofile: {soft: 1, hard: 2}, nproc: 1}", "ulimits: {nofile: 3}",
         "ulimits: {nofile: 3, nproc: 1}"},
        {"logging: {driver: a, options: {x: 1}}", "logging: {driver: b, options: {y: 1}}",
         "logging: {driver: b, options: {y: 1}}"},
        {"logging: {driver: a, options: {x: 1}}", "logging: {options: {y: 1}}",
         "logging: {driver: a, options: {x: 1, y: 1}}"}};
    check_keys(rows, COUNT_OF(rows));
}

static void case_pairs(void)
{
    static const struct row rows[] = {
        {"environment: {A: 1, B: 2}", "environment: [B=3, C, D=]",
         "environment: {A: 1, B: '3', C: ~, D: ''}"},
        {"environment: [A=1, A=2]", "environment: {A: }", "environment: {A: ~}"},
        {"environment: {A: }", "environment: [A=x=y]", "environment: {A: 'x=y'}"},
        {"labels: [a=1, b]", "labels: {b: 2}", "labels: {a: '1', b: 2}"},
        {"annotations: {a: 1}", "annotations: [b=2]", "annotations: {a: 1, b: '2'}"},
        {"sysctls: {net.core: 1}", "sysctls: [net.core=2]", "sysctls: {net.core: '2'}"},
        {"deploy: {labels: [a=1]}", "deploy: {labels: [a=2]}", "deploy: {labels: {a: '2'}}"},
        {"build: .", "build: {args: [A=1]}", "build: {context: ., args: [A=1]}"},
        {"build: {context: ., args: {A: 1}}", "build: ./x", "build: {context: ./x, args: {A: 1}}"},
        {"build: {args: {A: 1}}", "build: {args: [A=2, B]}", "build: {args: {A: '2', B: ~}}"}};
    check_keys(rows, COUNT_OF(rows));
}

static void case_lists(void)
{
    static const struct row rows[] = {
        {"dns: 1.1.1.1", "dns: [8.8.8.8, 1.1.1.1]", "dns: [1.1.1.1, 8.8.8.8]"},
        {"tmpfs: [/a]", "tmpfs: /b", "tmpfs: [/a, /b]"},
        {"env_file: a", "env_file: [{path: b}, {path: a, required: false}]",
         "env_file: [{path: a, required: false}, {path: b}]"},
        {"cap_add: [A, B]", "cap_add: [B, C]", "cap_add: [A, B, C]"},
        {"expose: [80]", "expose: ['80', 81]", "expose: ['80', 81]"},
        {"extra_hosts: ['a:1.1.1.1']", "extra_hosts: {a: 2.2.2.2}",
         "extra_hosts: ['a:1.1.1.1', 'a=2.2.2.2']"},
        {"depends_on: {b: {condition: service_healthy}}", "depends_on: [b, c]",
         "depends_on: {b: {condition: 'service_started'}, c: {condition: 'service_started'}}"},
        {"depends_on: [b]", "depends_on: {b: {condition: service_healthy}}",
         "depends_on: {b: {condition: service_healthy}}"},
        {"networks: [n]", "networks: {m: {aliases: [x]}}", "networks: {n: ~, m: {aliases: [x]}}"},
        {"networks: {n: {aliases: [x]}}", "networks: [n]", "networks: {n: {aliases: [x]}}"},
        {"networks: {n: {aliases: [x]}}", "networks: {n: {aliases: [y, x]}}",
         "networks: {n: {aliases: [x, y]}}"}};
    check_keys(rows, COUNT_OF(rows));
}

static void case_unique(void)
{
    static const struct row rows[] = {
        {"volumes: [foo:/work]", "volumes: [bar:/work]", "volumes: [bar:/work]"},
        {"volumes: ['a:/x:ro', ./b:/y, /z]", "volumes: ['c:/x', {type: tmpfs, target: /y}, d:/z]",
         "volumes: ['c:/x', {type: tmpfs, target: /y}, d:/z]"},
        {"volumes: ['a:/x/']", "volumes: [{type: volume, target: //x, source: b}]",
         "volumes: [{type: volume, target: //x, source: b}]"},
        {"volumes: [a:/x, b:/x]", "volumes: [c:/w]", "volumes: [b:/x, c:/w]"},
        {"devices: ['/dev/a:/dev/b:r']", "devices: ['/dev/c:/dev/b', /dev/d]",
         "devices: ['/dev/c:/dev/b', /dev/d]"},
        {"ports: ['80:80', '81']",
         "ports: ['0.0.0.0:80:80/tcp', '82:80', '127.0.0.1:80:80', {target: 81}, '80:80/udp']",
         "ports: ['0.0.0.0:80:80/tcp', {target: 81}, '82:80', '127.0.0.1:80:80', '80:80/udp']"},
        {"ports: ['[::1]:80:80']",
         "ports: [{host_ip: '[::1]', published: '80', target: 80}, '[::1]::80']",
         "ports: [{host_ip: '[::1]', published: '80', target: 80}, '[::1]::80']"},
        {"ports: ['[::1]:80']", "ports: ['[::2]:80', '80:80']",
         "ports: ['[::1]:80', '[::2]:80', '80:80']"},
        {"secrets: [s]", "secrets: [{source: t, target: /run/secrets/s}, u]",
         "secrets: [{source: t, target: /run/secrets/s}, u]"},
        {"secrets: [s]", "secrets: [{source: t, target: s}]", "secrets: [{source: t, target: s}]"},
        {"configs: [c]", "configs: [{source: d, target: /c}]",
         "configs: [{source: d, target: /c}]"}};
    check_keys(rows, COUNT_OF(rows));
}

static void case_tags(void)
{
    static const struct row rows[] = {
        {"ports: ['80'], environment: {A: 1, B: 2}, user: x",
         "ports: !reset [], environment: {A: !reset null}, user: !reset null",
         "environment: {B: 2}"},
        {"environment: [A=1, B=2]", "environment: {A: !reset null}", "environment: {B: '2'}"},
        {"ports: ['80'], environment: {A: 1}",
         "ports: !override ['81'], environment: !override {C: 1}",
         "ports: ['81'], environment: {C: 1}"},
        {"user: x", "ports: !reset [], deploy: {a: !reset 1, b: !override [2]}",
         "user: x, deploy: {b: [2]}"},
        {"deploy: {a: 1}", "deploy: !override {b: {c: !reset 1, d: 2}}", "deploy: {b: {d: 2}}"}};
    check_keys(rows, COUNT_OF(rows));
    struct findings *findings = findings_new();
    struct yaml_item *root = parse("{ports: ['80'], user: x}", "a");
    static const char *const keys[] = {"services", "w"};
    const struct merge_place place = {.keys = keys, .count = COUNT_OF(keys)};
    CHECK_INT_EQ(merge_trees(root, parse("{ports: !reset [], user: !override y}", "b"), place, true,
                             findings, NULL),
                 0);
    char *shown = tree_show(root);
    CHECK_STR_EQ(shown, "{ports: !reset [], user: !override y}");
    free(shown);
    yaml_tree_free(root);
    findings_free(findings);
}

static void case_mismatch(void)
{
    check_merged("services: {w: {cap_add: [x], deploy: {a: 1}, ports: ['80']}}",
                 "services: {w: {user: a,\n cap_add: {b: 1},\n deploy: 3,\n ports: '81'}}",
                 "{services: {w: {cap_add: [x], deploy: {a: 1}, ports: ['80'], user: a}}}",
                 "b:2: services.w.cap_add: is a map here and a list in a:1\n"
                 "b:3: services.w.deploy: is a single value here and a map in a:1\n"
                 "b:4: services.w.ports: is a single value here and a list in a:1\n");
    check_merged("services: {w: {environment: {A: 1}}}",
                 "services: {w: {environment: [B=1, {C: 1}, =2, '']}}",
                 "{services: {w: {environment: {A: 1, B: '1'}}}}",
                 "b:1: services.w.environment: must be NAME=value\n");
    check_merged("networks: {n: {labels: [a=1]}}", "networks: {n: {labels: {a: 2}}, m: }",
                 "{networks: {n: {labels: {a: 2}}, m: ~}}", "");
    check_merged("services: {w.x: {user: a}}", "services: {w.x: {user: b}}",
                 "{services: {w.x: {user: b}}}", "");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"common", case_common},    {"replaced", case_replaced}, {"pairs", case_pairs},
        {"lists", case_lists},      {"unique", case_unique},     {"tags", case_tags},
        {"mismatch", case_mismatch}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
