/* config: reading /etc/berth/berthd.json, and the defaults of everything it leaves out. */
#include "agent/wire/config.h"

#include <stdio.h>
#include <string.h>

#include "agent/wire/json.h"
#include "agent/wire/release_words.h"
#include "platform/base/text.h"
#include "platform/base/units.h"

#define POOL_DEFAULT        0xc6120000u /* 198.18.0.0, RFC 2544 */
#define POOL_BITS_DEFAULT   15
#define BROKER_PORT_DEFAULT 8883
#define POOL_BITS_MIN       8
#define POOL_BITS_MAX       20
#define MTU_MIN             576 /* what every IPv4 host takes, RFC 791 */
#define MTU_MAX             65535

static int read_node(const struct json_place *at, void *into, struct err *err)
{
    struct config *config = into;
    return json_name(at, config->node, sizeof config->node, err);
}

static int read_fleet(const struct json_place *at, void *into, struct err *err)
{
    struct config *config = into;
    return json_name(at, config->fleet, sizeof config->fleet, err);
}

static int path_read(const struct json_place *at, char path[CONFIG_PATH_BYTES], struct err *err)
{
    int rc = json_copy(at, path, CONFIG_PATH_BYTES, err);
    if (rc == 0 && path[0] != '/') {
        rc = json_error(at, ERR_VALUE, err, "must be an absolute path");
    }
    return rc;
}

static int read_state_dir(const struct json_place *at, void *into, struct err *err)
{
    return path_read(at, ((struct config *)into)->state_dir, err);
}

static int read_control_dir(const struct json_place *at, void *into, struct err *err)
{
    return path_read(at, ((struct config *)into)->control_dir, err);
}

static int read_engine_socket(const struct json_place *at, void *into, struct err *err)
{
    return path_read(at, ((struct config *)into)->engine_socket, err);
}

static int read_trust_path(const struct json_place *at, void *into, struct err *err)
{
    return path_read(at, ((struct config *)into)->trust_path, err);
}

static int read_revoke_path(const struct json_place *at, void *into, struct err *err)
{
    return path_read(at, ((struct config *)into)->revoke_path, err);
}

static int read_secrets_dir(const struct json_place *at, void *into, struct err *err)
{
    return path_read(at, ((struct config *)into)->secrets_dir, err);
}

static int read_registries_path(const struct json_place *at, void *into, struct err *err)
{
    return path_read(at, ((struct config *)into)->registries_path, err);
}

static int read_boot_ruleset(const struct json_place *at, void *into, struct err *err)
{
    return path_read(at, ((struct config *)into)->boot_ruleset, err);
}

static int read_labels(const struct json_place *at, void *into, struct err *err)
{
    struct config *config = into;
    struct json_place step = {0};
    if (!json_is_object(at) || json_count(at) > CONFIG_LABELS_MAX) {
        return json_error(at, ERR_VALUE, err, "must be an object of at most %d labels",
                          CONFIG_LABELS_MAX);
    }
    while (json_next(at, &step)) {
        size_t i = config->label_count;
        if (!label_is_name(step.key) ||
            !text_copy(config->label_names[i], CONFIG_LABEL_BYTES, step.key)) {
            return json_error(&step, ERR_VALUE, err,
                              "a label name has 1 to 63 letters, digits, '-', '_', '.' or '/'");
        }
        int rc = json_copy(&step, config->label_values[i], CONFIG_LABEL_BYTES, err);
        if (rc != 0) {
            return rc;
        }
        config->label_count++;
    }
    return 0;
}

static int read_pool(const struct json_place *at, void *into, struct err *err)
{
    struct config *config = into;
    char text[32];
    unsigned bits = 0;
    char end = '\0';
    int rc = json_copy(at, text, sizeof text, err);
    if (rc != 0) {
        return rc;
    }
    char *slash = strchr(text, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    if (slash == NULL || !address_parse(text, &config->pool) ||
        sscanf(slash + 1, "%2u%c", &bits, &end) != 1 || slash[1] < '1' || slash[1] > '9') {
        return json_error(at, ERR_VALUE, err, "must be a network like 198.18.0.0/15");
    }
    if (bits < POOL_BITS_MIN || bits > POOL_BITS_MAX) {
        return json_error(at, ERR_VALUE, err, "the prefix must be /%d to /%d", POOL_BITS_MIN,
                          POOL_BITS_MAX);
    }
    if ((config->pool & (UINT32_MAX >> bits)) != 0) {
        return json_error(at, ERR_VALUE, err, "bits are set behind the prefix /%u", bits);
    }
    config->pool_bits = bits;
    return 0;
}

static int powers_read(const struct json_place *at, unsigned *powers, struct err *err)
{
    struct json_place step = {0};
    if (!json_is_array(at)) {
        return json_error(at, ERR_VALUE, err, "must be a list of powers");
    }
    while (json_next(at, &step)) {
        const char *word = NULL;
        int rc = json_string(&step, &word, err);
        if (rc != 0) {
            return rc;
        }
        unsigned power = power_of(word);
        if (power == 0) {
            return json_error(&step, ERR_VALUE, err,
                              "no such power; there are privileged, host-network, host-paths, "
                              "devices, capabilities, host-pid, host-ipc, host-uts, host-userns, "
                              "host-cgroup, unconfined, runtime, oom");
        }
        *powers |= power;
    }
    return 0;
}

static int read_power(const struct json_place *at, void *into, struct err *err)
{
    struct config *config = into;
    struct json_place step = {0};
    if (!json_is_object(at) || json_count(at) > APPS_MAX) {
        return json_error(at, ERR_VALUE, err, "must be an object of at most %d apps", APPS_MAX);
    }
    while (json_next(at, &step)) {
        struct config_power *power = &config->powers[config->power_count];
        if (!text_is_name(step.key, NAME_BYTES - 1)) {
            return json_error(&step, ERR_VALUE, err, "is not the name of an app");
        }
        (void)text_copy(power->app, sizeof power->app, step.key);
        int rc = powers_read(&step, &power->powers, err);
        if (rc != 0) {
            return rc;
        }
        config->power_count++;
    }
    return 0;
}

static int read_mtu(const struct json_place *at, void *into, struct err *err)
{
    int64_t mtu = 0;
    int rc = json_integer(at, MTU_MIN, MTU_MAX, &mtu, err);
    ((struct config *)into)->mtu = (unsigned)mtu;
    return rc;
}

static int read_publish_address(const struct json_place *at, void *into, struct err *err)
{
    char text[32];
    int rc = json_copy(at, text, sizeof text, err);
    if (rc == 0 && !address_parse(text, &((struct config *)into)->publish_address)) {
        rc = json_error(at, ERR_VALUE, err, "must be an IPv4 address of this machine");
    }
    return rc;
}

static int host_read(const struct json_place *at, char host[CONFIG_HOST_BYTES], struct err *err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    int rc = json_copy(at, host, CONFIG_HOST_BYTES, err);
    if (rc == 0 && (host[0] == '\0' || strspn(host, letters) != strlen(host))) {
        rc = json_error(at, ERR_VALUE, err, "must be a host name or an IPv4 address");
    }
    return rc;
}

static int read_host(const struct json_place *at, void *into, struct err *err)
{
    return host_read(at, ((struct config_broker *)into)->host, err);
}

static int read_name(const struct json_place *at, void *into, struct err *err)
{
    return host_read(at, ((struct config_broker *)into)->name, err);
}

static int read_port(const struct json_place *at, void *into, struct err *err)
{
    int64_t port = 0;
    int rc = json_integer(at, 1, UINT16_MAX, &port, err);
    ((struct config_broker *)into)->port = (uint16_t)port;
    return rc;
}

static int read_ca(const struct json_place *at, void *into, struct err *err)
{
    return path_read(at, ((struct config_broker *)into)->ca_path, err);
}

static int read_cert(const struct json_place *at, void *into, struct err *err)
{
    return path_read(at, ((struct config_broker *)into)->cert_path, err);
}

static int read_key(const struct json_place *at, void *into, struct err *err)
{
    return path_read(at, ((struct config_broker *)into)->key_path, err);
}

static int read_broker(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {
        {"host", read_host, NULL, true},  {"port", read_port, NULL, false},
        {"name", read_name, NULL, false}, {"ca", read_ca, NULL, true},
        {"cert", read_cert, NULL, true},  {"key", read_key, NULL, true}};
    struct config_broker broker = {.port = BROKER_PORT_DEFAULT};
    int rc = json_read_object(at, keys, COUNT_OF(keys), &broker, err);
    if (rc == 0) {
        if (broker.name[0] == '\0') {
            memcpy(broker.name, broker.host, sizeof broker.name);
        }
        ((struct config *)into)->broker = broker;
    }
    return rc;
}

static int read_control_uid(const struct json_place *at, void *into, struct err *err)
{
    int64_t uid = 0;
    int rc = json_integer(at, 0, UINT32_MAX - 1, &uid, err);
    if (rc == 0) {
        ((struct config *)into)->control_uid = (uint32_t)uid;
    }
    return rc;
}

static void config_default(struct config *config)
{
    *config = (struct config){.state_dir = "/var/lib/berth",
                              .control_dir = "/run/berth",
                              .engine_socket = "/var/run/docker.sock",
                              .trust_path = "/etc/berth/trust.json",
                              .secrets_dir = "/etc/berth/secrets",
                              .registries_path = "/etc/berth/registries.json",
                              .pool = POOL_DEFAULT,
                              .pool_bits = POOL_BITS_DEFAULT,
                              .control_uid = UINT32_MAX};
}

/* What depends on other settings. */
static int config_finish(struct config *config, struct err *err)
{
    if (config->boot_ruleset[0] == '\0') {
        char path[CONFIG_PATH_BYTES + 16];
        (void)snprintf(path, sizeof path, "%s/boot.nft", config->state_dir);
        if (!text_copy(config->boot_ruleset, sizeof config->boot_ruleset, path)) {
            return err_set(err, ERR_VALUE, "stateDir: too long for the files in it");
        }
    }
    return 0;
}

int config_parse(struct span text, struct config *config, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = CONFIG_BYTES_MAX};
    static const struct json_key keys[] = {{"schema", json_schema1, NULL, true},
                                           {"node", read_node, NULL, true},
                                           {"fleet", read_fleet, NULL, true},
                                           {"labels", read_labels, NULL, false},
                                           {"stateDir", read_state_dir, NULL, false},
                                           {"controlDir", read_control_dir, NULL, false},
                                           {"engineSocket", read_engine_socket, NULL, false},
                                           {"trust", read_trust_path, NULL, false},
                                           {"revoke", read_revoke_path, NULL, false},
                                           {"secretsDir", read_secrets_dir, NULL, false},
                                           {"registries", read_registries_path, NULL, false},
                                           {"bootRuleset", read_boot_ruleset, NULL, false},
                                           {"pool", read_pool, NULL, false},
                                           {"power", read_power, NULL, false},
                                           {"publishAddress", read_publish_address, NULL, false},
                                           {"mtu", read_mtu, NULL, false},
                                           {"broker", read_broker, NULL, false},
                                           {"controlUid", read_control_uid, NULL, false}};
    struct json_document document;
    int rc = json_parse(text, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    config_default(config);
    rc = json_read_object(&root, keys, COUNT_OF(keys), config, err);
    json_free(&document);
    return rc != 0 ? rc : config_finish(config, err);
}
