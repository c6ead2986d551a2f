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
            "\"revoke\":\"/r\",\"secretsDir\":\"/x\",\"registries\":\"/reg\",\"bootRuleset\":\"/b\","
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

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"broker", case_broker},
                                              {"publish_address", case_publish_address},
                                              {"defaults", case_defaults},
                                              {"all", case_all},
                                              {"refused", case_refused}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
