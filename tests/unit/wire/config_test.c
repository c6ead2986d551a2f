/* config: defaults, every key, and refusals by path. */
#include "agent/wire/config.h"

#include "agent/wire/release.h"
#include "tests/check.h"

static void case_defaults(void)
{
    struct config config;
    struct err err = {0};
    int rc = config_parse(span_text("{\"schema\":1,\"node\":\"gw1\",\"fleet\":\"demo\"}"), &config,
                          &err);
    CHECK_INT_EQ(rc, 0);
    CHECK_STR_EQ(config.node, "gw1");
    CHECK_STR_EQ(config.fleet, "demo");
    CHECK_STR_EQ(config.state_dir, "/var/lib/berth");
    CHECK_STR_EQ(config.control_dir, "/run/berth");
    CHECK_STR_EQ(config.engine_socket, "/var/run/docker.sock");
    CHECK_STR_EQ(config.trust_path, "/etc/berth/trust.json");
    CHECK_STR_EQ(config.revoke_path, "");
    CHECK_STR_EQ(config.secrets_dir, "/etc/berth/secrets");
    CHECK_STR_EQ(config.boot_ruleset, "/var/lib/berth/boot.nft");
    CHECK_INT_EQ(config.pool, 0xc6120000);
    CHECK_INT_EQ(config.pool_bits, 15);
    CHECK_INT_EQ(config.power_count, 0);
    CHECK_INT_EQ(config.label_count, 0);
    CHECK_INT_EQ(config.control_uid, UINT32_MAX);
}

static void case_all(void)
{
    struct config config;
    struct err err = {0};
    int rc = config_parse(
        span_text(
            "{\"schema\":1,\"node\":\"gw1\",\"fleet\":\"demo\","
            "\"labels\":{\"zone\":\"north\",\"site.example/rack\":\"7\"},"
            "\"stateDir\":\"/s\",\"controlDir\":\"/c\",\"engineSocket\":\"/e\",\"trust\":\"/t\","
            "\"revoke\":\"/r\",\"secretsDir\":\"/x\",\"registries\":\"/reg\",\"bootRuleset\":\"/"
            "b\","
            "\"pool\":\"10.64.0.0/20\",\"controlUid\":1000,"
            "\"power\":{\"web\":[\"devices\",\"privileged\"],\"vpn\":[\"host-network\"]}}"),
        &config, &err);
    CHECK_INT_EQ(rc, 0);
    CHECK_STR_EQ(config.boot_ruleset, "/b");
    CHECK_STR_EQ(config.label_names[1], "site.example/rack");
    CHECK_STR_EQ(config.label_values[1], "7");
    CHECK_INT_EQ(config.pool, 0x0a400000);
    CHECK_INT_EQ(config.pool_bits, 20);
    CHECK_INT_EQ(config.power_count, 2);
    CHECK_STR_EQ(config.powers[0].app, "web");
    CHECK_INT_EQ(config.powers[0].powers, POWER_DEVICES | POWER_PRIVILEGED);
    CHECK_INT_EQ(config.powers[1].powers, POWER_HOST_NETWORK);
    CHECK_INT_EQ(config.control_uid, 1000);
}

static void check_refused(const char *rest, int code, const char *message)
{
    char text[512];
    struct config config;
    struct err err = {0};
    (void)snprintf(text, sizeof text, "{\"schema\":1,\"node\":\"gw1\",\"fleet\":\"demo\"%s}", rest);
    int rc = config_parse(span_text(text), &config, &err);
    CHECK_STR_EQ(err_word(rc), err_word(code));
    CHECK_CONTAINS(err.text, message);
}

static void case_refused(void)
{
    struct config config;
    struct err err = {0};
    CHECK_INT_EQ(config_parse(span_text("{\"schema\":1,\"fleet\":\"demo\"}"), &config, &err),
                 ERR_MISSING);
    CHECK_CONTAINS(err.text, "node: missing");
    CHECK_INT_EQ(config_parse(span_text("{\"schema\":2,\"new\":0}"), &config, &err), ERR_SCHEMA);
    check_refused(",\"nodes\":1", ERR_UNKNOWN_KEY, "nodes: unknown key");
    check_refused(",\"node\":\"gw2\"", ERR_DUPLICATE_KEY, "node: ");
    check_refused(",\"stateDir\":\"var\"", ERR_VALUE, "stateDir: must be an absolute path");
    check_refused(",\"pool\":\"198.18.0.0\"", ERR_VALUE, "pool: must be a network");
    check_refused(",\"pool\":\"198.18.0.0/21\"", ERR_VALUE, "/8 to /20");
    check_refused(",\"pool\":\"198.18.0.1/15\"", ERR_VALUE, "behind the prefix");
    check_refused(",\"pool\":\"198.18.0.0/15x\"", ERR_VALUE, "must be a network");
    check_refused(",\"power\":{\"web\":[\"root\"]}", ERR_VALUE, "power.web[0]: no such power");
    check_refused(",\"power\":{\"We\":[]}", ERR_VALUE, "power.We: ");
    check_refused(",\"labels\":{\"-\":\"x\"}", ERR_VALUE, "labels.-: ");
    check_refused(",\"controlUid\":-1", ERR_VALUE, "controlUid: ");
}

#define BROKER(members)                                                                            \
    "{\"schema\":1,\"node\":\"gw1\",\"fleet\":\"demo\",\"broker\":{" members "}}"
#define FILES "\"ca\":\"/e/ca.pem\",\"cert\":\"/e/cert.pem\",\"key\":\"/e/key.pem\""

static void case_publish_address(void)
{
    static const char head[] =
        "{\"schema\":1,\"node\":\"gw1\",\"fleet\":\"demo\",\"publishAddress\":";
    struct config config;
    struct err err = {0};
    char text[256];
    (void)snprintf(text, sizeof text, "%s\"127.0.0.11\"}", head);
    CHECK_INT_EQ(config_parse(span_text(text), &config, &err), 0);
    CHECK_INT_EQ(config.publish_address, 0x7f00000b);
    (void)snprintf(text, sizeof text, "%s\"eth0\"}", head);
    CHECK_INT_EQ(config_parse(span_text(text), &config, &err), ERR_VALUE);
    CHECK_CONTAINS(err.text, "publishAddress");
}

static void case_broker(void)
{
    struct config config;
    struct err err = {0};
    CHECK_INT_EQ(
        config_parse(span_text(BROKER("\"host\":\"broker.example\"," FILES)), &config, &err), 0);
    CHECK_STR_EQ(config.broker.host, "broker.example");
    CHECK_STR_EQ(config.broker.name, "broker.example");
    CHECK_INT_EQ(config.broker.port, 8883);
    CHECK_STR_EQ(config.broker.cert_path, "/e/cert.pem");
    CHECK_INT_EQ(
        config_parse(span_text(BROKER("\"host\":\"10.0.0.1\",\"port\":1,\"name\":\"b\"," FILES)),
                     &config, &err),
        0);
    CHECK_STR_EQ(config.broker.name, "b");
    CHECK_INT_EQ(config.broker.port, 1);
    CHECK_INT_EQ(config_parse(span_text(BROKER("\"host\":\"a b\"," FILES)), &config, &err),
                 ERR_VALUE);
    CHECK_CONTAINS(err.text, "broker.host");
    CHECK_INT_EQ(config_parse(span_text(BROKER(FILES)), &config, &err), ERR_MISSING);
    CHECK_INT_EQ(
        config_parse(span_text(BROKER("\"host\":\"a\",\"user\":\"x\"," FILES)), &config, &err),
        ERR_UNKNOWN_KEY);
}

/* -- every key, and both sides of each bound -------------------------------------------------- */

enum { FIELDS = 24, FIELD_BYTES = 260 };

/* What a configuration says, a field a line. */
static void fields_of(const struct config *config, char fields[FIELDS][FIELD_BYTES])
{
    const struct config_broker *broker = &config->broker;
    const char *const texts[] = {"node",        config->node,
                                 "fleet",       config->fleet,
                                 "stateDir",    config->state_dir,
                                 "controlDir",  config->control_dir,
                                 "engine",      config->engine_socket,
                                 "trust",       config->trust_path,
                                 "revoke",      config->revoke_path,
                                 "secretsDir",  config->secrets_dir,
                                 "registries",  config->registries_path,
                                 "bootRuleset", config->boot_ruleset,
                                 "host",        broker->host,
                                 "name",        broker->name,
                                 "ca",          broker->ca_path,
                                 "cert",        broker->cert_path,
                                 "key",         broker->key_path};
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {{"pool", config->pool},
                   {"bits", config->pool_bits},
                   {"mtu", config->mtu},
                   {"publish", config->publish_address},
                   {"powers", config->power_count},
                   {"labels", config->label_count},
                   {"port", broker->port},
                   {"uid", config->control_uid}};
    size_t at = 0;
    for (size_t i = 0; i < COUNT_OF(texts); i += 2) {
        (void)snprintf(fields[at++], FIELD_BYTES, "%s=%s", texts[i], texts[i + 1]);
    }
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        (void)snprintf(fields[at++], FIELD_BYTES, "%s=%llu", numbers[i].name,
                       (unsigned long long)numbers[i].value);
    }
    for (; at < FIELDS; at++) {
        fields[at][0] = '\0';
    }
}

#define N63  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff-00"
#define N32  "aaaaaaaaaabbbbbbbbbbcccccccccc-0"
#define P50  "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define P199 P50 P50 P50 "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define H127 N63 "." N63

struct field_row {
    const char *key, *json;
    const char *field;   /* the one that has another value then, as in fields_of */
    const char *refusal; /* instead: what is said */
};

/* Names and paths: a path has at most 199 characters, and the boot file's follows the state's. */
static const struct field_row field_rows[] = {
    {"stateDir", "\"/s\"", "stateDir=/s", NULL},
    {"controlDir", "\"/c\"", "controlDir=/c", NULL},
    {"engineSocket", "\"/e\"", "engine=/e", NULL},
    {"trust", "\"/t\"", "trust=/t", NULL},
    {"revoke", "\"/r\"", "revoke=/r", NULL},
    {"secretsDir", "\"/x\"", "secretsDir=/x", NULL},
    {"registries", "\"/reg\"", "registries=/reg", NULL},
    {"bootRuleset", "\"/b\"", "bootRuleset=/b", NULL},
    {"bootRuleset", "\"" P199 "\"", "bootRuleset=" P199, NULL},
    {"bootRuleset", "\"" P199 "a\"", NULL, "bootRuleset: longer than 199 characters"},
    {"stateDir", "\"" P199 "\"", NULL, "stateDir: too long for the files in it"},
    {"controlDir", "\"c\"", NULL, "controlDir: must be an absolute path"},
    {"engineSocket", "\"\"", NULL, "engineSocket: must be an absolute path"},
    {"trust", "\"./t\"", NULL, "trust: must be an absolute path"},
    {"revoke", "1", NULL, "revoke: must be a string"},
    {"secretsDir", "\"x\"", NULL, "secretsDir: must be an absolute path"},
    {"registries", "\"x\"", NULL, "registries: must be an absolute path"},
    {"pool", "\"10.0.0.0/8\"", "pool=167772160 bits=8", NULL},
    {"pool", "\"10.0.16.0/20\"", "pool=167776256 bits=20", NULL},
    {"pool", "\"10.0.0.0/7\"", NULL, "pool: the prefix must be /8 to /20"},
    {"pool", "\"10.0.0.0/21\"", NULL, "pool: the prefix must be /8 to /20"},
    {"pool", "\"10.0.8.0/20\"", NULL, "pool: bits are set behind the prefix /20"},
    {"pool", "\"10.0.0.0/09\"", NULL, "pool: must be a network like 198.18.0.0/15"},
    {"pool", "\"10.0.0.0/+9\"", NULL, "pool: must be a network like 198.18.0.0/15"},
    {"pool", "\"10.0.0.0/\"", NULL, "pool: must be a network like 198.18.0.0/15"},
    {"pool", "\"10.0.0/8\"", NULL, "pool: must be a network like 198.18.0.0/15"},
    {"mtu", "576", "mtu=576", NULL},
    {"mtu", "65535", "mtu=65535", NULL},
    {"mtu", "575", NULL, "mtu: must be between 576 and 65535"},
    {"mtu", "65536", NULL, "mtu: must be between 576 and 65535"},
    {"publishAddress", "\"10.0.0.1\"", "publish=167772161", NULL},
    {"publishAddress", "\"10.0.0\"", NULL,
     "publishAddress: must be an IPv4 address of this machine"},
    {"controlUid", "0", "uid=0", NULL},
    {"controlUid", "4294967294", "uid=4294967294", NULL},
    {"controlUid", "4294967295", NULL, "controlUid: must be between 0 and 4294967294"},
    {"power", "{\"" N32 "\":[]}", "powers=1", NULL},
    {"power", "{\"" N32 "0\":[]}", NULL, "power." N32 "0: is not the name of an app"},
    {"power", "{\"a\":[],\"B\":[]}", NULL, "power.B: is not the name of an app"},
    {"power", "{\"a\":{}}", NULL, "power.a: must be a list of powers"},
    {"power", "{\"a\":[\"oom\",1]}", NULL, "power.a[1]: must be a string"},
    {"power", "{\"a\":[\"oom\",\"all\"]}", NULL,
     "power.a[1]: no such power; there are privileged, host-network, host-paths, devices, "
     "capabilities, host-pid, host-ipc, host-uts, host-userns, host-cgroup, unconfined, runtime, "
     "oom"},
    {"power", "[]", NULL, "power: must be an object of at most 16 apps"},
    {"labels", "{\"" N63 "\":\"" N63 "\",\"b\":\"\"}", "labels=2", NULL},
    {"labels", "{\"a\":\"" N63 "0\"}", NULL, "labels.a: longer than 63 characters"},
    {"labels", "{\"" N63 "0\":\"\"}", NULL, "a label name has 1 to 63 letters"},
    {"labels", "{\"a\":\"\",\"b\":1}", NULL, "labels.b: must be a string"},
};

static void case_fields(void)
{
    static char usual[FIELDS][FIELD_BYTES], fields[FIELDS][FIELD_BYTES];
    static struct config config;
    CHECK_INT_EQ(config_parse(span_text("{\"schema\":1,\"node\":\"gw1\",\"fleet\":\"demo\"}"),
                              &config, NULL),
                 0);
    fields_of(&config, usual);
    for (size_t i = 0; i < COUNT_OF(field_rows); i++) {
        const struct field_row *row = &field_rows[i];
        char json[900];
        char changed[900] = "";
        struct err err = {0};
        int failures = check_failures_;
        (void)snprintf(json, sizeof json,
                       "{\"schema\":1,\"node\":\"gw1\",\"fleet\":\"demo\",\"%s\":%s}", row->key,
                       row->json);
        int rc = config_parse(span_text(json), &config, &err);
        CHECK_INT_EQ(rc, row->refusal != NULL ? ERR_VALUE : 0);
        if (row->refusal != NULL) {
            CHECK_CONTAINS(err.text, row->refusal);
        } else {
            fields_of(&config, fields);
            for (size_t k = 0; k < FIELDS; k++) {
                bool follows = strcmp(row->key, "stateDir") == 0 &&
                               strcmp(fields[k], "bootRuleset=/s/boot.nft") == 0;
                if (strcmp(fields[k], usual[k]) != 0 && !follows) {
                    size_t used = strlen(changed);
                    (void)snprintf(changed + used, sizeof changed - used, "%s%s",
                                   used > 0 ? " " : "", fields[k]);
                }
            }
            CHECK_STR_EQ(changed, row->field);
        }
        if (check_failures_ != failures) {
            printf("    at %s\n", json);
        }
    }
}

/* The names that everything else is made from, and where they end. */
static void case_names(void)
{
    static const struct {
        const char *node, *fleet, *refusal;
    } rows[] = {{N63, N32, NULL},
                {N63 "0", N32, "node: longer than 63 characters"},
                {N63, N32 "0", "fleet: longer than 32 characters"},
                {"", "f", "node: must be 1 to 63 characters"},
                {"n", "", "fleet: must be 1 to 32 characters"},
                {"a.b", "f", "node: must be 1 to 63 characters"},
                {"n", "F", "fleet: must be 1 to 32 characters"}};
    static struct config config;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char json[256];
        struct err err = {0};
        (void)snprintf(json, sizeof json, "{\"schema\":1,\"node\":\"%s\",\"fleet\":\"%s\"}",
                       rows[i].node, rows[i].fleet);
        CHECK_INT_EQ(config_parse(span_text(json), &config, &err),
                     rows[i].refusal != NULL ? ERR_VALUE : 0);
        if (rows[i].refusal != NULL) {
            CHECK_CONTAINS(err.text, rows[i].refusal);
        } else {
            CHECK_STR_EQ(config.node, rows[i].node);
            CHECK_STR_EQ(config.fleet, rows[i].fleet);
        }
    }
}

/* Each word that the node may allow is one power, and all of them are there. */
static void case_powers(void)
{
    static const struct {
        const char *word;
        unsigned power;
    } rows[] = {{"privileged", POWER_PRIVILEGED},
                {"host-network", POWER_HOST_NETWORK},
                {"host-paths", POWER_HOST_PATHS},
                {"devices", POWER_DEVICES},
                {"capabilities", POWER_CAPABILITIES},
                {"host-pid", POWER_HOST_PID},
                {"host-ipc", POWER_HOST_IPC},
                {"host-uts", POWER_HOST_UTS},
                {"host-userns", POWER_HOST_USERNS},
                {"host-cgroup", POWER_HOST_CGROUP},
                {"unconfined", POWER_UNCONFINED},
                {"runtime", POWER_RUNTIME},
                {"oom", POWER_OOM}};
    static struct config config;
    unsigned all = 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char json[256];
        (void)snprintf(json, sizeof json,
                       "{\"schema\":1,\"node\":\"n\",\"fleet\":\"f\",\"power\":{\"a\":[\"%s\"],"
                       "\"b\":[\"oom\",\"%s\"]}}",
                       rows[i].word, rows[i].word);
        CHECK_INT_EQ(config_parse(span_text(json), &config, NULL), 0);
        CHECK_INT_EQ(config.power_count, 2);
        CHECK_STR_EQ(config.powers[1].app, "b");
        CHECK_INT_EQ(config.powers[0].powers, rows[i].power);
        CHECK_INT_EQ(config.powers[1].powers, rows[i].power | POWER_OOM);
        all |= rows[i].power;
    }
    CHECK_INT_EQ(all, 2 * POWER_LAST - 1);
}

/* As many apps and labels as may be, and one more. */
static void case_counts(void)
{
    static const struct {
        const char *key, *value;
        size_t most;
    } rows[] = {{"power", "[]", 16}, {"labels", "\"v\"", 32}};
    static struct config config;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t count = rows[i].most; count <= rows[i].most + 1; count++) {
            char json[900];
            struct err err = {0};
            size_t used = (size_t)snprintf(json, sizeof json,
                                           "{\"schema\":1,\"node\":\"n\",\"fleet\":\"f\",\"%s\":{",
                                           rows[i].key);
            for (size_t k = 0; k < count; k++) {
                used += (size_t)snprintf(json + used, sizeof json - used, "%s\"k%zu\":%s",
                                         k > 0 ? "," : "", k, rows[i].value);
            }
            (void)snprintf(json + used, sizeof json - used, "}}");
            bool fits = count == rows[i].most;
            CHECK_INT_EQ(config_parse(span_text(json), &config, &err), fits ? 0 : ERR_VALUE);
            CHECK_INT_EQ(i == 0 ? config.power_count : config.label_count, fits ? count : 0);
        }
    }
}

/* The way to the broker, key by key. */
static void case_broker_fields(void)
{
    static const struct {
        const char *members, *field, *refusal;
    } rows[] = {
        {"\"host\":\"h\"", "host=h name=h", NULL},
        {"\"host\":\"" H127 "\"", "host=" H127 " name=" H127, NULL},
        {"\"host\":\"" H127 "0\"", NULL, "broker.host: longer than 127 characters"},
        {"\"host\":\"A_z.9-\",\"name\":\"n\"", "host=A_z.9- name=n", NULL},
        {"\"host\":\"\"", NULL, "broker.host: must be a host name or an IPv4 address"},
        {"\"host\":\"h\",\"name\":\"\"", NULL,
         "broker.name: must be a host name or an IPv4 address"},
        {"\"host\":\"h\",\"name\":\"a/b\"", NULL, "broker.name: must be a host name"},
        {"\"host\":\"h\",\"port\":1", "host=h name=h port=1", NULL},
        {"\"host\":\"h\",\"port\":65535", "host=h name=h port=65535", NULL},
        {"\"host\":\"h\",\"port\":0", NULL, "broker.port: must be between 1 and 65535"},
        {"\"host\":\"h\",\"port\":65536", NULL, "broker.port: must be between 1 and 65535"},
    };
    static char usual[FIELDS][FIELD_BYTES], fields[FIELDS][FIELD_BYTES];
    static struct config config;
    CHECK_INT_EQ(config_parse(span_text(BROKER("\"host\":\"u\"," FILES)), &config, NULL), 0);
    fields_of(&config, usual);
    CHECK_STR_EQ(config.broker.ca_path, "/e/ca.pem");
    CHECK_STR_EQ(config.broker.cert_path, "/e/cert.pem");
    CHECK_STR_EQ(config.broker.key_path, "/e/key.pem");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char json[900];
        char changed[900] = "";
        struct err err = {0};
        (void)snprintf(json, sizeof json, BROKER("%s," FILES), rows[i].members);
        CHECK_INT_EQ(config_parse(span_text(json), &config, &err),
                     rows[i].refusal != NULL ? ERR_VALUE : 0);
        fields_of(&config, fields);
        for (size_t k = 0; rows[i].refusal == NULL && k < FIELDS; k++) {
            if (strcmp(fields[k], usual[k]) != 0) {
                size_t used = strlen(changed);
                (void)snprintf(changed + used, sizeof changed - used, "%s%s", used > 0 ? " " : "",
                               fields[k]);
            }
        }
        if (rows[i].refusal != NULL) {
            CHECK_CONTAINS(err.text, rows[i].refusal);
        } else {
            CHECK_STR_EQ(changed, rows[i].field);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"broker", case_broker},     {"publish_address", case_publish_address},
        {"defaults", case_defaults}, {"all", case_all},
        {"refused", case_refused},   {"fields", case_fields},
        {"names", case_names},       {"powers", case_powers},
        {"counts", case_counts},     {"broker fields", case_broker_fields}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
