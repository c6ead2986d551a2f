/* release_refuse: every refusal at the door, each with its code, its path and its remedy. */
#include "agent/wire/release.h"

#include "tests/check.h"
#include "tests/unit/wire/sample.h"

struct row {
    struct sample sample;
    int code;
    const char *message;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct plan plan = {.sequence = 77};
        struct err err = {0};
        int rc = sample_compile(&rows[i].sample, &plan, &err);
        if (rc != rows[i].code) {
            printf("    row %zu: %s\n", i, err.text);
        }
        CHECK_STR_EQ(err_word(rc), err_word(rows[i].code));
        CHECK_CONTAINS(err.text, rows[i].message);
        CHECK_INT_EQ(plan.sequence, 77);
    }
}

static void case_unknown(void)
{
    static const struct row rows[] = {
        {{.service = ",\"buid\":\".\""}, ERR_UNKNOWN_KEY, "services.web.buid: unknown key"},
        {{.service = ",\"build\":\".\""},
         ERR_UNKNOWN_KEY,
         "services.web.build: a release names a built"},
        {{.service = ",\"container_name\":\"x\""},
         ERR_UNKNOWN_KEY,
         "two generations run side by side"},
        {{.service = ",\"depends_on\":[]"}, ERR_UNKNOWN_KEY, "one service an app"},
        {{.service = ",\"networks\":[]"}, ERR_UNKNOWN_KEY, "network of its own"},
        {{.service = ",\"env_file\":\"x\""}, ERR_UNKNOWN_KEY, "under environment"},
        {{.service = ",\"mem_limit\":\"1g\""}, ERR_UNKNOWN_KEY, "deploy.resources.limits"},
        {{.service = ",\"Ports\":[]"}, ERR_UNKNOWN_KEY, "services.web.Ports"},
        {{.service = ",\"deploy\":{\"rollback_config\":{}}"}, ERR_UNKNOWN_KEY, "not supported"},
        {{.extension = ",\"probes\":{\"readiness\":{\"grpc\":{}}}"},
         ERR_UNKNOWN_KEY,
         "services.web.x-berth.probes.readiness.grpc: not supported by this version"},
        {{.extension = ",\"x\":1"}, ERR_UNKNOWN_KEY, "services.web.x-berth.x: unknown"},
        {{.top = ",\"swap\":{\"steps\":[]}"}, ERR_UNKNOWN_KEY, "x-berth.swap.steps: not supported"},
        {{.top = ",\"swap\":{\"maxSurge\":1}"}, ERR_UNKNOWN_KEY, "not supported"},
        {{.top = ",\"swap\":{\"confirm\":true}"}, ERR_UNKNOWN_KEY, "not supported"},
        {{.root = ",\"networks\":{}"}, ERR_UNKNOWN_KEY, "networks: each app"},
        {{.root = ",\"secrets\":{\"a\":{\"file\":\"x\"}}"}, ERR_UNKNOWN_KEY, "never travels"},
        {{.root = ",\"volumes\":{\"a\":{\"driver\":\"x\"}}"},
         ERR_UNKNOWN_KEY,
         "volumes.a.driver: make the volume"},
        {{.root = ",\"secrets\":{\"a\":{\"external\":true},\"b\":{\"external\":false}}"},
         ERR_VALUE,
         "secrets.b.external: must be true"},
        {{.root = ",\"secrets\":{\"a\":{\"external\":true},\"b\":{}}"},
         ERR_MISSING,
         "secrets.b.external: missing"},
        {{.root = ",\"secrets\":{\"a\":{\"external\":true},\"b\":{\"file\":\"x\"}}"},
         ERR_UNKNOWN_KEY,
         "secrets.b.file: a secret never travels"}};
    check_rows(rows, COUNT_OF(rows));
}

static void case_values(void)
{
    static const struct row rows[] = {
        {{.service = ",\"command\":\"sh -c x\""},
         ERR_VALUE,
         "services.web.command: must be a list"},
        {{.service = ",\"command\":[1]"}, ERR_VALUE, "services.web.command[0]: must be a string"},
        {{.service = ",\"environment\":{\"A\":1}"}, ERR_VALUE, "services.web.environment.A"},
        {{.service = ",\"environment\":{\"A\":null}"}, ERR_VALUE, "needs a value"},
        {{.service = ",\"environment\":{\"DB_PASSWORD\":\"x\"}"}, ERR_VALUE, "looks like a secret"},
        {{.service = ",\"environment\":{\"A\":\"$(node.label.rack)\"}"},
         ERR_VALUE,
         "no label rack"},
        {{.service = ",\"restart\":\"no\""}, ERR_VALUE, "always runs"},
        {{.service = ",\"restart\":\"on-failure\""}, ERR_VALUE, "always runs"},
        {{.service = ",\"network_mode\":\"bridge\""}, ERR_VALUE, "can only be host"},
        {{.service = SAMPLE_PORTS ",\"network_mode\":\"host\""},
         ERR_VALUE,
         "remove one of the two"},
        {{.service = ",\"ports\":[{\"target\":80,\"published\":80},{\"target\":81,\"published\":80,"
                     "\"host_ip\":\"127.0.0.1\"}]"},
         ERR_VALUE,
         "services.web.ports[1]: port 80"},
        {{.service = ",\"ports\":[{\"target\":80}]"}, ERR_MISSING, "ports[0].published"},
        {{.service = ",\"ports\":[{\"target\":0,\"published\":80}]"},
         ERR_VALUE,
         "between 1 and 65535"},
        {{.service = ",\"volumes\":[{\"type\":\"bind\",\"source\":\"/a/../b\",\"target\":\"/x\"}]"},
         ERR_VALUE,
         "volumes[0].source"},
        {{.service = ",\"volumes\":[{\"type\":\"bind\",\"source\":\"/a:/b\",\"target\":\"/x\"}]"},
         ERR_VALUE,
         "volumes[0].source"},
        {{.service = ",\"volumes\":[{\"type\":\"volume\",\"source\":\"/a\",\"target\":\"/x\"}]"},
         ERR_VALUE,
         "name of a volume"},
        {{.service = ",\"labels\":{\"io.berth.app\":\"x\"}"}, ERR_VALUE, "the node's own"},
        {{.service = ",\"healthcheck\":{\"interval\":\"1s\"}"}, ERR_MISSING, "test is missing"},
        {{.service = ",\"deploy\":{\"replicas\":17}"},
         ERR_VALUE,
         "deploy.replicas: must be between"},
        {{.service = ",\"deploy\":{\"replicas\":0}"}, ERR_VALUE, "deploy.replicas"},
        {{.service = ",\"deploy\":{\"resources\":{\"limits\":{\"memory\":\"1M\"}}}"},
         ERR_VALUE,
         "6 MiB"},
        {{.service = ",\"deploy\":{\"resources\":{\"limits\":{\"cpus\":\"0.1234\"}}}"},
         ERR_VALUE,
         "cpus"},
        {{.service = ",\"secrets\":[\"../x\"]"}, ERR_VALUE, "plain file name"},
        {{.service = ",\"stop_signal\":\"65\""}, ERR_VALUE, "name of a signal"},
        {{.service = ",\"extra_hosts\":[\"a\"]"}, ERR_VALUE, "name:IPv4"},
        {{.service = ",\"devices\":[\"/dev/x:/dev/y:rwx\"]"}, ERR_VALUE, "/dev/ttyS0"}};
    check_rows(rows, COUNT_OF(rows));
}

static void case_extension(void)
{
    static const struct row rows[] = {
        {{.extension = ",\"drain\":{\"notify\":{}}"}, ERR_MISSING, "says not how"},
        {{.extension = ",\"sharedData\":\"unsafe\""}, ERR_VALUE, "can only be"},
        {{.extension = ",\"probes\":{\"readiness\":{}}"}, ERR_MISSING, "says not how to ask"},
        {{.extension =
              ",\"probes\":{\"liveness\":{\"tcpSocket\":{\"port\":1},\"successThreshold\":2}}"},
         ERR_VALUE,
         "successThreshold must be 1"},
        {{.extension =
              ",\"probes\":{\"readiness\":{\"tcpSocket\":{\"port\":1},\"httpGet\":{\"port\":1}}}"},
         ERR_VALUE,
         "one way"},
        {{.extension = ",\"probes\":{\"readiness\":{\"httpGet\":{\"port\":\"http\"}}}"},
         ERR_VALUE,
         "must be a number"},
        {{.extension =
              ",\"probes\":{\"readiness\":{\"tcpSocket\":{\"port\":1},\"periodSeconds\":0.0005}}"},
         ERR_VALUE,
         "three decimal places"},
        {{.top = ",\"version\":\"\\u00e9\""}, ERR_VALUE, "x-berth.version"}};
    check_rows(rows, COUNT_OF(rows));
}

static void case_relations(void)
{
    static const struct row rows[] = {
        {{.service = SAMPLE_PORTS, .top = ",\"swap\":{\"soak\":\"10s\"}"},
         ERR_VALUE,
         "x-berth.swap.soak: 10s is too short for its probes to notice a failure; at least 22s"},
        {{.extension = ",\"probes\":{\"startup\":{\"tcpSocket\":{\"port\":1}}}",
          .top = ",\"swap\":{\"deadline\":\"59s\"}"},
         ERR_VALUE,
         "x-berth.swap.deadline: 59s ends before its probes may; at least 1m"},
        {{.top = ",\"floor\":6"}, ERR_VALUE, "x-berth: the floor 6 is above the sequence 5"},
        {{.service = ",\"deploy\":{\"update_config\":{\"order\":\"stop-first\"}}",
          .top = ",\"swap\":{\"order\":\"start-first\"}"},
         ERR_VALUE,
         "disagree"},
        {{.service = ",\"volumes\":[{\"type\":\"volume\",\"source\":\"d\",\"target\":\"/d\"}]",
          .top = ",\"swap\":{\"order\":\"start-first\"}"},
         ERR_VALUE,
         "sharedData: safe"},
        {{.service = ",\"network_mode\":\"host\"", .extension = ",\"order\":\"start-first\""},
         ERR_VALUE,
         "cannot work with network_mode host"},
        {{.top = ",\"requires\":{\"arch\":[\"arm64\"]}"}, ERR_ARCHITECTURE, "this node is amd64"},
        {{.top = ",\"requires\":{\"minAgent\":\"999.0.0\"}"}, ERR_REQUIRES, "upgrade it"}};
    check_rows(rows, COUNT_OF(rows));
}

static void check_text(const char *text, int code, const char *message)
{
    struct plan plan;
    struct err err = {0};
    int rc = release_compile(span_text(text), sample_node(), &plan, &err);
    CHECK_STR_EQ(err_word(rc), err_word(code));
    CHECK_CONTAINS(err.text, message);
}

static void case_document(void)
{
    static char large[RELEASE_PAYLOAD_BYTES_MAX + 2];
    memset(large, ' ', sizeof large - 1);
    check_text(large, ERR_OVERSIZE, "at most 49152");
    check_text("{", ERR_SYNTAX, "line 1");
    check_text("[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]", ERR_DEPTH, "nested too deeply");
    check_text("{\"schema\":1,\"schema\":1}", ERR_DUPLICATE_KEY, "schema: ");
    check_text("{\"schema\":2,\"x\":1}", ERR_SCHEMA, "schema 2");
    check_text("{\"schema\":1,\"services\":{}}", ERR_MISSING, "x-berth: missing");
    check_text("{\"schema\":1,\"x-berth\":{\"app\":\"a\"},\"services\":{}}", ERR_MISSING,
               "x-berth.sequence: missing");
    check_text("{\"schema\":1,\"x-berth\":{\"app\":\"A\",\"sequence\":1},\"services\":{}}",
               ERR_VALUE, "x-berth.app: must be");
    check_text(
        "{\"schema\":1,\"x-berth\":{\"app\":\"a\",\"sequence\":1},\"services\":{\"a\":{\"image\":"
        "\"web:latest\",\"x-berth\":{\"image\":{}}}}}",
        ERR_VALUE, "resolves tags");
    check_text(
        "{\"schema\":1,\"x-berth\":{\"app\":\"a\",\"sequence\":1},\"services\":{\"a\":{\"image\":"
        "\"web@sha256:" SAMPLE_INDEX "\",\"x-berth\":{\"image\":{\"index\":\"sha256:" SAMPLE_CONFIG
        "\",\"platforms\":[{\"arch\":\"amd64\",\"manifest\":\"" SAMPLE_CONFIG
        "\",\"config\":\"" SAMPLE_CONFIG "\"}]}}}}}",
        ERR_DIGEST, "not the digest");
}

static void case_too_large(void)
{
    static char large[45000];
    if (sizeof(char *) < 8) {
        return; /* with pointers of four bytes no payload is long enough to fill the room */
    }
    size_t used = (size_t)snprintf(large, sizeof large, ",\"command\":[\"\"");
    for (int i = 0; i < 3000; i++) {
        used += (size_t)snprintf(large + used, sizeof large - used, ",\"%d\"", i);
    }
    (void)snprintf(large + used, sizeof large - used, "]");
    struct row row = {{.service = large}, ERR_LIMIT, "services.web.command["};
    check_rows(&row, 1);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"unknown", case_unknown},     {"values", case_values},     {"extension", case_extension},
        {"relations", case_relations}, {"document", case_document}, {"too large", case_too_large}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
