/* release_edge: every bound of a release, one row at each side of it. */
#include "agent/wire/release.h"

#include "tests/check.h"
#include "tests/unit/wire/sample.h"

/* A deadline that no probe of these rows comes near. */
#define LONG ",\"swap\":{\"deadline\":\"24h\"}"

/* A row with a code of 0 is good. */
struct row {
    const char *text;
    int code;
    const char *message;
};

enum part { SERVICE, EXTENSION, TOP, ROOT };

static int compile(enum part part, const char *text, struct plan *plan, struct err *err)
{
    const struct sample sample = {.service = part == SERVICE ? text : NULL,
                                  .extension = part == EXTENSION ? text : NULL,
                                  .top = part == TOP ? text : LONG,
                                  .root = part == ROOT ? text : NULL};
    return sample_compile(&sample, plan, err);
}

static void check_rows(enum part part, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        static struct plan plan;
        struct err err = {0};
        int failures = check_failures_;
        int rc = compile(part, rows[i].text, &plan, &err);
        CHECK_STR_EQ(err_word(rc), err_word(rows[i].code));
        if (rows[i].code != 0) {
            CHECK_CONTAINS(err.text, rows[i].message);
        }
        if (check_failures_ != failures) {
            printf("    %s: %s\n", rows[i].text, err.text);
        }
    }
}

#define HEALTH(members) ",\"healthcheck\":{\"test\":[\"CMD\",\"x\"]," members "}"

static void case_health(void)
{
    static const struct row rows[] = {
        {HEALTH("\"interval\":\"100ms\""), 0, ""},
        {HEALTH("\"interval\":\"99ms\""), ERR_VALUE, "must be between 100ms and 1h"},
        {HEALTH("\"interval\":\"1h\""), 0, ""},
        {HEALTH("\"interval\":\"1h1ms\""), ERR_VALUE, "must be between 100ms and 1h"},
        {HEALTH("\"timeout\":\"100ms\""), 0, ""},
        {HEALTH("\"timeout\":\"99ms\""), ERR_VALUE, "must be between 100ms and 10m"},
        {HEALTH("\"timeout\":\"10m\""), 0, ""},
        {HEALTH("\"timeout\":\"10m1ms\""), ERR_VALUE, "must be between 100ms and 10m"},
        {HEALTH("\"retries\":1"), 0, ""},
        {HEALTH("\"retries\":0"), ERR_VALUE, "between 1 and 1000"},
        {HEALTH("\"retries\":1000"), 0, ""},
        {HEALTH("\"retries\":1001"), ERR_VALUE, "between 1 and 1000"},
        {HEALTH("\"start_period\":\"0s\""), 0, ""},
        {HEALTH("\"start_period\":\"1h\""), 0, ""},
        {HEALTH("\"start_period\":\"1h1ms\""), ERR_VALUE, "must be between 0s and 1h"},
        {HEALTH("\"start_interval\":\"100ms\""), 0, ""},
        {HEALTH("\"start_interval\":\"99ms\""), ERR_VALUE, "must be between 100ms and 1h"},
        {HEALTH("\"start_interval\":\"1h\""), 0, ""},
        {HEALTH("\"start_interval\":\"1h1ms\""), ERR_VALUE, "must be between 100ms and 1h"},
        {",\"healthcheck\":{\"test\":[]}", ERR_VALUE, "or [\"NONE\"]"},
        {",\"healthcheck\":{\"test\":\"x\"}", ERR_VALUE, "or [\"NONE\"]"},
        {",\"healthcheck\":{\"test\":[1]}", ERR_VALUE, "must be a string"},
        {",\"healthcheck\":{\"test\":[\"cmd\",\"x\"]}", ERR_VALUE, "or [\"NONE\"]"},
        {",\"healthcheck\":{\"test\":[\"CMD-SHELL\"]}", ERR_VALUE, "or [\"NONE\"]"},
        {",\"healthcheck\":{\"test\":[\"CMD-SHELL\",\"a\",\"b\"]}", ERR_VALUE, "or [\"NONE\"]"},
        {",\"healthcheck\":{\"test\":[\"CMD\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\","
         "\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\"]}",
         0, ""},
        {",\"healthcheck\":{\"test\":[\"CMD\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\","
         "\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\"]}",
         ERR_VALUE, "more than 16 words"},
        {",\"healthcheck\":{\"test\":[\"CMD\"]}", ERR_VALUE, "or [\"NONE\"]"},
        {",\"healthcheck\":{\"test\":[\"NONE\"]}", 0, ""},
        {",\"healthcheck\":{\"disable\":true}", 0, ""},
        {",\"healthcheck\":{\"disable\":false}", ERR_MISSING, "test is missing"},
    };
    struct plan plan;
    check_rows(SERVICE, rows, COUNT_OF(rows));
    CHECK_INT_EQ(compile(SERVICE, HEALTH("\"disable\":true"), &plan, NULL), 0);
    CHECK_INT_EQ(plan.services[0].readiness.kind, PLAN_PROBE_NONE);
}

/* Compose's start_period as failures that a startup probe forgives, two seconds each, rounded up.
 */
static void case_start_period(void)
{
    static const struct {
        const char *text;
        int failures; /* 0: no startup probe */
    } rows[] = {{HEALTH("\"start_period\":\"0s\""), 0},
                {HEALTH("\"start_period\":\"1ms\""), 1 + 3},
                {HEALTH("\"start_period\":\"2s\",\"interval\":\"7s\",\"retries\":5"), 1 + 5},
                {HEALTH("\"start_period\":\"2001ms\""), 2 + 3}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct plan plan = {.app = ""};
        CHECK_INT_EQ(compile(SERVICE, rows[i].text, &plan, NULL), 0);
        const struct plan_probe *startup = &plan.services[0].startup;
        CHECK_INT_EQ(startup->kind, rows[i].failures > 0 ? PLAN_PROBE_EXEC : PLAN_PROBE_NONE);
        CHECK_INT_EQ(startup->failure_threshold, rows[i].failures);
        CHECK_INT_EQ(startup->period_ms, rows[i].failures > 0 ? 2000 : 0);
        CHECK_INT_EQ(startup->success_threshold, rows[i].failures > 0 ? 1 : 0);
        CHECK_INT_EQ(plan.services[0].readiness.success_threshold, 1);
    }
}

#define READY(members) ",\"probes\":{\"readiness\":{\"httpGet\":{\"port\":1}," members "}}"
#define HTTP(members)  ",\"probes\":{\"readiness\":{\"httpGet\":{" members "}}}"
#define ALIVE(members) ",\"probes\":{\"liveness\":{\"tcpSocket\":{\"port\":1}," members "}}"

static void case_probes(void)
{
    static const struct row rows[] = {
        {READY("\"periodSeconds\":0.1"), 0, ""},
        {READY("\"periodSeconds\":0.099"), ERR_VALUE, "readiness.periodSeconds"},
        {READY("\"periodSeconds\":3600"), 0, ""},
        {READY("\"periodSeconds\":3600.001"), ERR_VALUE, "readiness.periodSeconds"},
        {READY("\"timeoutSeconds\":0.1"), 0, ""},
        {READY("\"timeoutSeconds\":0.099"), ERR_VALUE, "readiness.timeoutSeconds"},
        {READY("\"timeoutSeconds\":600"), 0, ""},
        {READY("\"timeoutSeconds\":600.001"), ERR_VALUE, "readiness.timeoutSeconds"},
        {READY("\"initialDelaySeconds\":0"), 0, ""},
        {READY("\"initialDelaySeconds\":3600"), 0, ""},
        {READY("\"initialDelaySeconds\":3600.001"), ERR_VALUE, "initialDelaySeconds"},
        {READY("\"successThreshold\":1"), 0, ""},
        {READY("\"successThreshold\":0"), ERR_VALUE, "between 1 and 1000"},
        {READY("\"successThreshold\":1000"), 0, ""},
        {READY("\"successThreshold\":1001"), ERR_VALUE, "between 1 and 1000"},
        {READY("\"failureThreshold\":1"), 0, ""},
        {READY("\"failureThreshold\":0"), ERR_VALUE, "between 1 and 1000"},
        {READY("\"failureThreshold\":1000"), 0, ""},
        {READY("\"failureThreshold\":1001"), ERR_VALUE, "between 1 and 1000"},
        {READY("\"terminationGracePeriodSeconds\":1"), ERR_UNKNOWN_KEY, "not supported"},
        {ALIVE("\"successThreshold\":1"), 0, ""},
        {ALIVE("\"successThreshold\":2"), ERR_VALUE, "must be 1 here"},
        {HTTP("\"port\":65535"), 0, ""},
        {HTTP("\"port\":65536"), ERR_VALUE, "between 1 and 65535"},
        {HTTP("\"port\":0"), ERR_VALUE, "between 1 and 65535"},
        {HTTP("\"path\":\"/\""), ERR_MISSING, "port"},
        {HTTP("\"port\":1,\"path\":\"/!~\""), 0, ""},
        {HTTP("\"port\":1,\"path\":\"/ \""), ERR_VALUE, "printable ASCII"},
        {HTTP("\"port\":1,\"path\":\"/\\u007f\""), ERR_VALUE, "printable ASCII"},
        {HTTP("\"port\":1,\"path\":\"x\""), ERR_VALUE, "begin with '/'"},
        {HTTP("\"port\":1,\"path\":\"\""), ERR_VALUE, "begin with '/'"},
        {HTTP("\"port\":1,\"host\":\"x\""), ERR_UNKNOWN_KEY, "not supported"},
        {HTTP("\"port\":1,\"scheme\":\"x\""), ERR_UNKNOWN_KEY, "not supported"},
        {",\"probes\":{\"startup\":{\"exec\":{}}}", ERR_MISSING, "command"},
        {",\"probes\":{\"startup\":{\"exec\":{\"command\":[]}}}", ERR_VALUE, "1 to 16 words"},
        {",\"probes\":{\"startup\":{\"exec\":{\"command\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\","
         "\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\"]}}}",
         0, ""},
        {",\"probes\":{\"startup\":{\"exec\":{\"command\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\","
         "\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\"]}}}",
         ERR_VALUE, "1 to 16 words"},
    };
    check_rows(EXTENSION, rows, COUNT_OF(rows));
}

/* Texts at the edge of their room. */
static void case_lengths(void)
{
    static const struct {
        enum part part;
        const char *before, *after;
        int most; /* characters */
        const char *message;
    } rows[] = {
        {EXTENSION, ",\"probes\":{\"startup\":{\"exec\":{\"command\":[\"", "\"]}}}", 383,
         "longer than 383 characters"},
        {SERVICE, ",\"healthcheck\":{\"test\":[\"CMD-SHELL\",\"", "\"]}", 372,
         "longer than 383 characters"},
        {EXTENSION, ",\"drain\":{\"notify\":{\"exec\":{\"command\":[\"", "\"]}}}", 127,
         "longer than 127 characters"},
        {EXTENSION, ",\"probes\":{\"readiness\":{\"httpGet\":{\"port\":1,\"path\":\"/", "\"}}}",
         126, "path"},
        {EXTENSION, ",\"drain\":{\"notify\":{\"http\":{\"port\":1,\"path\":\"/", "\"}}}", 126,
         "path"},
        {TOP, ",\"version\":\"", "\"", 32, "version"},
        {SERVICE, ",\"hostname\":\"", "\"", 63, "at most 63 characters"},
        {SERVICE, ",\"volumes\":[{\"type\":\"volume\",\"target\":\"/x\",\"source\":\"", "\"}]", 64,
         "at most 64"},
        {SERVICE, ",\"secrets\":[\"", "\"]", 64, "plain file name"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int over = 0; over < 2; over++) {
            char middle[400], text[600];
            struct plan plan;
            struct err err = {0};
            int len = rows[i].most + over;
            memset(middle, 'a', (size_t)len);
            middle[len] = '\0';
            (void)snprintf(text, sizeof text, "%s%s%s", rows[i].before, middle, rows[i].after);
            int rc = compile(rows[i].part, text, &plan, &err);
            CHECK_INT_EQ(rc != 0, over);
            if (over == 1) {
                CHECK_CONTAINS(err.text, rows[i].message);
            }
            if (rc != 0 && over == 0) {
                printf("    %s: %s\n", text, err.text);
            }
        }
    }
}

#define NOTIFY(members) ",\"drain\":{\"notify\":{" members "}}"

static void case_notice(void)
{
    static const struct row rows[] = {
        {NOTIFY("\"signal\":\"SIGHUP\""), 0, ""},
        {NOTIFY("\"signal\":\"HUP\""), ERR_VALUE, "name of a signal"},
        {NOTIFY("\"signal\":\"SIGKILL\""), ERR_VALUE, "nobody can answer SIGKILL"},
        {NOTIFY("\"exec\":{\"command\":[\"x\"]}"), 0, ""},
        {NOTIFY("\"exec\":{}"), ERR_MISSING, "command"},
        {NOTIFY("\"http\":{\"port\":1,\"path\":\"/~!\"}"), 0, ""},
        {NOTIFY("\"http\":{\"port\":65535,\"path\":\"/\"}"), 0, ""},
        {NOTIFY("\"http\":{\"port\":65536,\"path\":\"/\"}"), ERR_VALUE, "between 1 and 65535"},
        {NOTIFY("\"http\":{\"port\":0,\"path\":\"/\"}"), ERR_VALUE, "between 1 and 65535"},
        {NOTIFY("\"http\":{\"port\":1}"), ERR_MISSING, "path"},
        {NOTIFY("\"http\":{\"path\":\"/\"}"), ERR_MISSING, "port"},
        {NOTIFY("\"http\":{\"port\":1,\"path\":\"/ \"}"), ERR_VALUE, "printable ASCII"},
        {NOTIFY("\"http\":{\"port\":1,\"path\":\"/\\u007f\"}"), ERR_VALUE, "printable ASCII"},
        {NOTIFY("\"http\":{\"port\":1,\"path\":\"x\"}"), ERR_VALUE, "begin with '/'"},
        {NOTIFY("\"signal\":\"SIGHUP\",\"exec\":{\"command\":[\"x\"]}"), ERR_VALUE, "one way"},
        {NOTIFY("\"exec\":{\"command\":[\"x\"]},\"http\":{\"port\":1,\"path\":\"/\"}"), ERR_VALUE,
         "one way"},
        {NOTIFY("\"http\":{\"port\":1,\"path\":\"/\"},\"signal\":\"SIGHUP\""), ERR_VALUE,
         "one way"},
        {",\"drain\":{}", ERR_MISSING, "notify"},
    };
    struct plan plan;
    check_rows(EXTENSION, rows, COUNT_OF(rows));
    CHECK_INT_EQ(
        compile(EXTENSION, NOTIFY("\"exec\":{\"command\":[\"/bin/x\",\"-y\"]}"), &plan, NULL), 0);
    CHECK_INT_EQ(plan.services[0].notice.kind, PLAN_NOTICE_EXEC);
    CHECK_INT_EQ(plan.services[0].notice.exec_count, 2);
    CHECK_STR_EQ(plan.services[0].notice.text, "/bin/x");
    CHECK_STR_EQ(plan.services[0].notice.text + 7, "-y");
}

static void case_top(void)
{
    static const struct row rows[] = {
        {",\"swap\":{\"soak\":\"24h\"}", 0, ""},
        {",\"swap\":{\"soak\":\"24h1ms\"}", ERR_VALUE, "must be between 0s and 24h"},
        {",\"swap\":{\"soak\":\"10s\"}", 0, ""},
        {",\"swap\":{\"soak\":\"9999ms\"}", ERR_VALUE, "at least 10s"},
        {",\"swap\":{\"drain\":\"0s\"}", 0, ""},
        {",\"swap\":{\"drain\":\"1h\"}", 0, ""},
        {",\"swap\":{\"drain\":\"1h1ms\"}", ERR_VALUE, "must be between 0s and 1h"},
        {",\"swap\":{\"keepWarm\":\"24h\"}", 0, ""},
        {",\"swap\":{\"keepWarm\":\"24h1ms\"}", ERR_VALUE, "must be between 0s and 24h"},
        {",\"swap\":{\"deadline\":\"1s\"}", 0, ""},
        {",\"swap\":{\"deadline\":\"999ms\"}", ERR_VALUE, "must be between 1s and 24h"},
        {",\"swap\":{\"deadline\":\"24h\"}", 0, ""},
        {",\"swap\":{\"deadline\":\"24h1ms\"}", ERR_VALUE, "must be between 1s and 24h"},
        {",\"swap\":{\"attempts\":1}", 0, ""},
        {",\"swap\":{\"attempts\":0}", ERR_VALUE, "between 1 and 100"},
        {",\"swap\":{\"attempts\":100}", 0, ""},
        {",\"swap\":{\"attempts\":101}", ERR_VALUE, "between 1 and 100"},
        {",\"floor\":0", 0, ""},
        {",\"floor\":5", 0, ""},
        {",\"floor\":6", ERR_VALUE, "the floor 6 is above the sequence 5"},
        {",\"floor\":-1", ERR_VALUE, "floor"},
        {",\"version\":\"~ \"", 0, ""},
        {",\"version\":\"\\u001f\"", ERR_VALUE, "printable ASCII"},
        {",\"version\":\"\\u007f\"", ERR_VALUE, "printable ASCII"},
        {",\"requires\":{\"minAgent\":\"0.1.0\"}", 0, ""},
        {",\"requires\":{\"minAgent\":\"0.0.99999\"}", 0, ""},
        {",\"requires\":{\"minAgent\":\"0.1.1\"}", ERR_REQUIRES, "upgrade it"},
        {",\"requires\":{\"minAgent\":\"0.2.0\"}", ERR_REQUIRES, "upgrade it"},
        {",\"requires\":{\"minAgent\":\"1.0.0\"}", ERR_REQUIRES, "this agent is 0.1.0"},
        {",\"requires\":{\"minAgent\":\"0.1\"}", ERR_VALUE, "a version like"},
        {",\"requires\":{\"minAgent\":\"0.1.0-1\"}", ERR_VALUE, "a version like"},
        {",\"requires\":{\"minAgent\":1}", ERR_VALUE, "must be a string"},
        {",\"requires\":{\"arch\":[]}", ERR_VALUE, "must be a list like"},
        {",\"requires\":{\"arch\":{}}", ERR_VALUE, "must be a list like"},
        {",\"requires\":{\"arch\":[1]}", ERR_VALUE, "must be a string"},
        {",\"requires\":{\"arch\":[\"amd64\",\"arm\"]}", 0, ""},
        {",\"requires\":{\"arch\":[\"amd64/v3\"]}", ERR_ARCHITECTURE, "this node is amd64"},
        {",\"requires\":{\"arch\":[\"amd64x\"]}", ERR_ARCHITECTURE, "this node is amd64"},
        {",\"requires\":{\"arch\":[\"amd\"]}", ERR_ARCHITECTURE, "this node is amd64"},
        {",\"requires\":{\"ram\":0,\"disk\":\"1G\"}", 0, ""},
        {",\"requires\":{\"ram\":\"much\"}", ERR_VALUE, "must be a size like 64M"},
        {",\"requires\":{\"disk\":-1}", ERR_VALUE, "disk"},
        {",\"requires\":{\"compatible\":\"x\"}", ERR_UNKNOWN_KEY, "not supported"},
        {",\"swap\":{\"order\":\"first\"}", ERR_VALUE, "must be auto, start-first or stop-first"},
        {",\"swap\":{\"order\":1}", ERR_VALUE, "must be a string"},
        {",\"adopt\":\"shop\"", 0, ""},
        {",\"adopt\":\"0-_z\"", 0, ""},
        {",\"adopt\":\"\"", ERR_VALUE, "name of a Compose project"},
        {",\"adopt\":\"_a\"", ERR_VALUE, "name of a Compose project"},
        {",\"adopt\":\"-a\"", ERR_VALUE, "name of a Compose project"},
        {",\"adopt\":\"aB\"", ERR_VALUE, "name of a Compose project"},
        {",\"adopt\":\"a.b\"", ERR_VALUE, "name of a Compose project"},
        {",\"adopt\":1", ERR_VALUE, "must be a string"},
        {",\"adopt\":\"a234567890123456789012345678901234567890123456789012345678901234\"",
         ERR_VALUE, "longer than 63"},
        {",\"swap\":{\"soak\":1}", ERR_VALUE, "must be a string"},
        {",\"swap\":{\"soak\":\"soon\"}", ERR_VALUE, "must be a duration like 1m30s or 300ms"},
    };
    check_rows(TOP, rows, COUNT_OF(rows));
}

#define PORTS(list) ",\"ports\":[" list "]"

static void case_ports(void)
{
    static const struct row rows[] = {
        {PORTS("{\"target\":1,\"published\":65535,\"protocol\":\"tcp\",\"mode\":\"host\"}"), 0, ""},
        {PORTS("{\"target\":65535,\"published\":1,\"protocol\":\"udp\",\"mode\":\"ingress\"}"), 0,
         ""},
        {PORTS("{\"target\":1,\"published\":65536}"), ERR_VALUE, "between 1 and 65535"},
        {PORTS("{\"target\":65536,\"published\":1}"), ERR_VALUE, "between 1 and 65535"},
        {PORTS("{\"target\":1,\"published\":0}"), ERR_VALUE, "between 1 and 65535"},
        {PORTS("{\"published\":1}"), ERR_MISSING, "target"},
        {PORTS("{\"target\":1,\"published\":1,\"protocol\":\"sctp\"}"), 0, ""},
        {PORTS("{\"target\":1,\"published\":1,\"protocol\":\"dccp\"}"), ERR_VALUE,
         "must be tcp, udp or sctp"},
        {PORTS("{\"target\":1,\"published\":1,\"protocol\":6}"), ERR_VALUE, "must be a string"},
        {PORTS("{\"target\":1,\"published\":1,\"mode\":\"x\"}"), ERR_VALUE,
         "must be ingress or host"},
        {PORTS("{\"target\":1,\"published\":1,\"mode\":1}"), ERR_VALUE, "must be a string"},
        {PORTS("{\"target\":1,\"published\":1,\"host_ip\":\"1.2.3\"}"), ERR_VALUE,
         "an IPv4 address of the node"},
        {PORTS(
             "{\"target\":1,\"published\":1},{\"target\":2,\"published\":1,\"protocol\":\"udp\"}"),
         0, ""},
        {PORTS("{\"target\":1,\"published\":1},{\"target\":1,\"published\":2}"), 0, ""},
        {PORTS("{\"target\":1,\"published\":1,\"host_ip\":\"10.0.0.1\"},"
               "{\"target\":2,\"published\":1,\"host_ip\":\"10.0.0.2\"}"),
         0, ""},
        {PORTS("{\"target\":1,\"published\":1,\"host_ip\":\"10.0.0.1\"},"
               "{\"target\":2,\"published\":1,\"host_ip\":\"10.0.0.1\"}"),
         ERR_VALUE, "port 1 is published twice"},
        {PORTS("{\"target\":1,\"published\":1,\"host_ip\":\"10.0.0.1\"},"
               "{\"target\":2,\"published\":1}"),
         ERR_VALUE, "port 1 is published twice"},
        {",\"ports\":{}", ERR_VALUE, "must be a list of at most 16 ports"},
    };
    static char text[2000];
    struct plan plan = {.app = ""};
    check_rows(SERVICE, rows, COUNT_OF(rows));
    for (int count = 16; count <= 17; count++) {
        size_t used = (size_t)snprintf(text, sizeof text, ",\"ports\":[");
        for (int i = 1; i <= count; i++) {
            used += (size_t)snprintf(text + used, sizeof text - used,
                                     "%s{\"target\":%d,\"published\":%d}", i > 1 ? "," : "",
                                     100 + i, i);
        }
        (void)snprintf(text + used, sizeof text - used, "]");
        CHECK_INT_EQ(compile(SERVICE, text, &plan, NULL), count == 16 ? 0 : ERR_VALUE);
    }
    CHECK_INT_EQ(plan.services[0].port_count, 16);
    CHECK_INT_EQ(plan.services[0].ports[15].container_port, 116);
    CHECK_INT_EQ(plan.services[0].ports[15].host_port, 16);
}

/* The plan says of a port what the release says, and the node's address where it says none. */
static void case_port_values(void)
{
    struct plan plan;
    CHECK_INT_EQ(compile(SERVICE,
                         PORTS("{\"target\":53,\"published\":5353,\"protocol\":\"udp\","
                               "\"host_ip\":\"10.0.0.9\"},{\"target\":80,\"published\":8080}"),
                         &plan, NULL),
                 0);
    CHECK_INT_EQ(plan.services[0].port_count, 2);
    CHECK_INT_EQ(plan.services[0].ports[0].protocol, ROUTE_UDP);
    CHECK_INT_EQ(plan.services[0].ports[0].host_ip, 0x0a000009);
    CHECK_INT_EQ(plan.services[0].ports[0].host_port, 5353);
    CHECK_INT_EQ(plan.services[0].ports[0].container_port, 53);
    CHECK_INT_EQ(plan.services[0].ports[1].protocol, ROUTE_TCP);
    CHECK_INT_EQ(plan.services[0].ports[1].host_ip, 0);
    /* The probe by default asks the first port that TCP reaches. */
    CHECK_INT_EQ(plan.services[0].readiness.kind, PLAN_PROBE_TCP);
    CHECK_INT_EQ(plan.services[0].readiness.port, 80);
    CHECK_INT_EQ(plan.services[0].readiness.period_ms, 5000);
    CHECK_INT_EQ(plan.services[0].readiness.timeout_ms, 2000);
    CHECK_INT_EQ(plan.services[0].readiness.success_threshold, 1);
    CHECK_INT_EQ(plan.services[0].readiness.failure_threshold, 3);
    CHECK_INT_EQ(compile(SERVICE, PORTS("{\"target\":53,\"published\":53,\"protocol\":\"udp\"}"),
                         &plan, NULL),
                 0);
    CHECK_INT_EQ(plan.services[0].readiness.kind, PLAN_PROBE_NONE);
}

/* A port that names no address is published at the node's, where the node has one. */
static void case_publish_address(void)
{
    static const char text[] =
        "{\"schema\":1,\"x-berth\":{\"app\":\"a\",\"sequence\":1},\"services\":{\"s\":{\"image\":"
        "\"r@sha256:" SAMPLE_INDEX "\",\"ports\":[{\"target\":1,\"published\":2},{\"target\":3,"
        "\"published\":4,\"host_ip\":\"10.0.0.9\"}],\"x-berth\":{\"image\":{\"index\":"
        "\"sha256:" SAMPLE_INDEX "\",\"platforms\":[{\"arch\":\"amd64\",\"manifest\":"
        "\"sha256:" SAMPLE_MANIFEST "\",\"config\":\"sha256:" SAMPLE_CONFIG "\"}]}}}}}";
    struct release_node node = *sample_node();
    struct plan plan;
    node.publish_address = 0xc0000201;
    CHECK_INT_EQ(release_compile(span_text(text), &node, &plan, NULL), 0);
    CHECK_INT_EQ(plan.services[0].ports[0].host_ip, 0xc0000201);
    CHECK_INT_EQ(plan.services[0].ports[1].host_ip, 0x0a000009);
}

#define LIMITS(members) ",\"deploy\":{\"resources\":{\"limits\":{" members "}}}"

static void case_resources(void)
{
    static const struct row rows[] = {
        {",\"deploy\":{\"replicas\":16}", 0, ""},
        {",\"deploy\":{\"replicas\":17}", ERR_VALUE, "between 1 and 16"},
        {",\"network_mode\":\"host\",\"deploy\":{\"replicas\":1}", 0, ""},
        {",\"network_mode\":\"host\",\"deploy\":{\"replicas\":2}", ERR_VALUE, "allows one replica"},
        {LIMITS("\"memory\":6291456"), 0, ""},
        {LIMITS("\"memory\":6291455"), ERR_VALUE, "at least 6 MiB"},
        {LIMITS("\"memory\":\"6M\""), 0, ""},
        {LIMITS("\"memory\":-1"), ERR_VALUE, "memory"},
        {LIMITS("\"pids\":1"), 0, ""},
        {LIMITS("\"pids\":0"), ERR_VALUE, "between 1 and 2147483647"},
        {LIMITS("\"pids\":2147483647"), 0, ""},
        {LIMITS("\"pids\":-1"), 0, ""},
        {LIMITS("\"pids\":-2"), ERR_VALUE, "between -1 and 2147483647"},
        {LIMITS("\"pids\":2147483648"), ERR_VALUE, "between -1 and 2147483647"},
        {LIMITS("\"cpus\":0.001"), 0, ""},
        {LIMITS("\"cpus\":0"), ERR_VALUE, "cpus"},
        {LIMITS("\"cpus\":1024"), 0, ""},
        {LIMITS("\"cpus\":1024.001"), ERR_VALUE, "cpus"},
        {LIMITS("\"cpus\":\"0.001\""), 0, ""},
        {LIMITS("\"cpus\":\"0.000\""), ERR_VALUE, "a number of processors"},
        {LIMITS("\"cpus\":\"1024\""), 0, ""},
        {LIMITS("\"cpus\":\"1024.001\""), ERR_VALUE, "a number of processors"},
        {LIMITS("\"cpus\":\"0.1234\""), ERR_VALUE, "a number of processors"},
        {LIMITS("\"cpus\":\"1.2.3\""), ERR_VALUE, "a number of processors"},
        {LIMITS("\"cpus\":\"1x\""), ERR_VALUE, "a number of processors"},
        {LIMITS("\"cpus\":\".5\""), ERR_VALUE, "a number of processors"},
        {LIMITS("\"cpus\":\"\""), ERR_VALUE, "a number of processors"},
        {LIMITS("\"cpus\":\"000000001.00\""), 0, ""},
        {LIMITS("\"cpus\":\"0000000001.00\""), ERR_VALUE, "a number of processors"},
        {",\"ulimits\":{\"nofile\":-1}", 0, ""},
        {",\"ulimits\":{\"nofile\":-2}", ERR_VALUE, "nofile"},
        {",\"ulimits\":{\"nofile\":{\"soft\":-1,\"hard\":-1}}", 0, ""},
        {",\"ulimits\":{\"nofile\":{\"soft\":-2,\"hard\":-1}}", ERR_VALUE, "nofile.soft"},
        {",\"ulimits\":{\"nofile\":{\"soft\":-1,\"hard\":-2}}", ERR_VALUE, "nofile.hard"},
        {",\"ulimits\":{\"nofile\":{\"soft\":1}}", ERR_MISSING, "hard"},
        {",\"ulimits\":{\"nofile\":{\"hard\":1}}", ERR_MISSING, "soft"},
        {",\"ulimits\":{\"\":1}", ERR_VALUE, "is not the name of a limit"},
        {",\"ulimits\":{\"No\":1}", ERR_VALUE, "is not the name of a limit"},
        {",\"ulimits\":[]", ERR_VALUE, "must be an object"},
        {",\"shm_size\":\"x\"", ERR_VALUE, "must be a size like 64M"},
        {",\"stop_grace_period\":\"0s\"", 0, ""},
        {",\"stop_grace_period\":\"1h\"", 0, ""},
        {",\"stop_grace_period\":\"1h1ms\"", ERR_VALUE, "must be between 0s and 1h"},
        {",\"sysctls\":{\"\":\"1\"}", ERR_VALUE, "must not be empty or contain '='"},
        {",\"sysctls\":{\"a=b\":\"1\"}", ERR_VALUE, "must not be empty or contain '='"},
        {",\"sysctls\":[]", ERR_VALUE, "must be an object of strings"},
    };
    struct plan plan = {.app = ""};
    check_rows(SERVICE, rows, COUNT_OF(rows));
    CHECK_INT_EQ(compile(SERVICE, LIMITS("\"memory\":\"8M\""), &plan, NULL), 0);
    CHECK_INT_EQ(plan.services[0].memory_bytes, 8 << 20);
    CHECK_INT_EQ(compile(SERVICE, ",\"deploy\":{\"replicas\":3}", &plan, NULL), 0);
    CHECK_INT_EQ(plan.services[0].replicas, 3);
}

static void case_process(void)
{
    static const struct row rows[] = {
        {",\"user\":\"\"", ERR_VALUE, "must not be empty; remove it"},
        {",\"user\":\"a\\nb\"", ERR_VALUE, "control characters"},
        {",\"user\":1", ERR_VALUE, "must be a string"},
        {",\"working_dir\":\"/\"", 0, ""},
        {",\"working_dir\":\"w\"", ERR_VALUE, "must be an absolute path"},
        {",\"hostname\":\"a/b\"", ERR_VALUE, "host name"},
        {",\"hostname\":\"a_b\"", ERR_VALUE, "host name"},
        {",\"hostname\":\"-a\"", ERR_VALUE, "host name"},
        {",\"hostname\":\"a-\"", ERR_VALUE, "host name"},
        {",\"hostname\":\"a.b-c9\"", 0, ""},
        {",\"environment\":{\"\":\"1\"}", ERR_VALUE, "must not be empty or contain '='"},
        {",\"environment\":{\"A=B\":\"1\"}", ERR_VALUE, "must not be empty or contain '='"},
        {",\"environment\":[]", ERR_VALUE, "must be an object of strings"},
        {",\"environment\":{\"DB_PASSWORD\":\"\"}", 0, ""},
        {",\"environment\":{\"DB_PASSWORD_FILE\":\"/run/secrets/x\"}", 0, ""},
        {",\"environment\":{\"_file\":\"x\"}", 0, ""},
        {",\"environment\":{\"token\":\"x\"}", ERR_VALUE, "looks like a secret"},
        {",\"environment\":{\"MY_API_KEY\":\"x\"}", ERR_VALUE, "looks like a secret"},
        {",\"environment\":{\"A_PRIVATE_KEY\":\"x\"}", ERR_VALUE, "looks like a secret"},
        {",\"environment\":{\"CLIENT_SECRET\":\"x\"}", ERR_VALUE, "looks like a secret"},
        {",\"labels\":{\"io.berth\":\"x\"}", 0, ""},
        {",\"labels\":{\"io.berth.\":\"x\"}", ERR_VALUE, "the node's own"},
        {",\"extra_hosts\":[\"a:1.2.3.4\",\"b:host-gateway\"]", 0, ""},
        {",\"extra_hosts\":[\"a:1.2.3.256\"]", ERR_VALUE, "name:IPv4"},
        {",\"extra_hosts\":[\":1.2.3.4\"]", ERR_VALUE, "name:IPv4"},
        {",\"extra_hosts\":[1]", ERR_VALUE, "must be a string"},
        {",\"extra_hosts\":{}", ERR_VALUE, "must be a list of strings"},
        {",\"restart\":\"always\"", 0, ""},
        {",\"restart\":\"unless-stopped\"", 0, ""},
        {",\"restart\":1", ERR_VALUE, "must be a string"},
        {",\"stop_signal\":\"SIGRTMIN+3\"", 0, ""},
        {",\"stop_signal\":\"SIGusr\"", ERR_VALUE, "name of a signal"},
        {",\"logging\":{}", 0, ""},
        {",\"logging\":{\"driver\":\"\"}", ERR_VALUE, "must not be empty"},
        {",\"cap_add\":[\"\"]", ERR_VALUE, "item 0 must be a capability"},
        {",\"cap_drop\":[\"ALL\",\"net\"]", ERR_VALUE, "item 1 must be a capability"},
        {",\"cap_add\":[\"CAP_X9\"]", 0, ""},
        {",\"init\":1", ERR_VALUE, "init"},
        {",\"network_mode\":1", ERR_VALUE, "must be a string"},
    };
    check_rows(SERVICE, rows, COUNT_OF(rows));
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"health", case_health},
        {"start period", case_start_period},
        {"probes", case_probes},
        {"lengths", case_lengths},
        {"notice", case_notice},
        {"top", case_top},
        {"ports", case_ports},
        {"port values", case_port_values},
        {"publish address", case_publish_address},
        {"resources", case_resources},
        {"process", case_process},

    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
