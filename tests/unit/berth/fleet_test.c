/* fleet: what `fleet init` and `node add` write, what they refuse, and who may read it. */
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/wire/config.h"
#include "platform/base/units.h"
#include "ports/app/berth/epoch_file.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/fleet_dir.h"
#include "ports/app/berth/keyring.h"
#include "ports/app/berth/operators_file.h"
#include "tests/check.h"
#include "tests/unit/words/typed.h"

static char dir[] = "/tmp/berth-fleet-XXXXXX";

/* Runs a verb in the test's directory. */
static void check_run_is(const char *line, int code, const char *message)
{
    struct err err;
    int rc = typed_run(line, &err);
    if (rc != code) {
        printf("    %s: %s\n", line, err.text);
    }
    CHECK_STR_EQ(err_word(rc), err_word(code));
    CHECK_CONTAINS(err.text, message);
}

static int mode_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (int)(status.st_mode & 0777) : -1;
}

static char *content_of(const char *path)
{
    char *content = NULL;
    size_t len = 0;
    CHECK_INT_EQ(file_read(path, 65536, &content, &len, NULL), 0);
    return content;
}

static void check_same(const char *a, const char *b)
{
    char *one = content_of(a), *other = content_of(b);
    CHECK_STR_EQ(one, other);
    free(one);
    free(other);
}

/* A folder of the versions before: one CA for everybody, and a broker that has read it. */
static void folder_age(void)
{
    CHECK_INT_EQ(unlink("f/operators-ca.key"), 0);
    CHECK_INT_EQ(unlink("f/operators-ca.pem"), 0);
    CHECK_INT_EQ(unlink("f/broker/operators-ca.pem"), 0);
    CHECK_INT_EQ(unlink("f/broker/nodes-ca.pem"), 0);
    CHECK_INT_EQ(unlink("f/broker/mosquitto.service.conf"), 0);
}

static void case_upgrade(void)
{
    char *before = content_of("f/ca.key"), *operator= content_of("f/operator/key.pem");
    check_run_is("fleet upgrade --dir f", ERR_EXISTS, "operators-ca.key is there");
    folder_age();
    check_run_is("node add old-1 --dir f", 0, ""); /* it goes on as it is */
    check_run_is("fleet upgrade --dir f", 0, "");
    char *after = content_of("f/ca.key"), *aside = content_of("f/operator.before/key.pem");
    CHECK_STR_EQ(after, before);
    CHECK_STR_EQ(aside, operator);
    CHECK_INT_EQ(mode_of("f/operators-ca.key"), 0600);
    CHECK_INT_EQ(mode_of("f/broker/mosquitto.conf.before"), 0644);
    check_same("f/broker/nodes-ca.pem", "f/ca.pem");
    check_same("f/broker/operators-ca.pem", "f/operators-ca.pem");
    check_run_is("node add new-1 --dir f", 0, "");
    folder_age();
    check_run_is("fleet upgrade --dir f", ERR_EXISTS, "operator.before is there");
    free(before), free(operator), free(after), free(aside);
}

/* Cuts a file of the folder where `mark` begins. */
static void file_age(const char *path, const char *mark)
{
    char *content = content_of(path);
    char *at = strstr(content, mark);
    CHECK(at != NULL);
    if (at != NULL) {
        FILE *file = fopen(path, "w");
        CHECK(file != NULL && fwrite(content, 1, (size_t)(at - content), file) > 0);
        CHECK(file != NULL && fclose(file) == 0);
    }
    free(content);
}

/* Rights of the version before get the lines for berth/2, once; what stands there stays. */
static void case_rights_upgrade(void)
{
    char *nodes = content_of("f/broker/acl-nodes");
    CHECK_CONTAINS(nodes, "pattern readwrite berth/2/demo/node/+/%u/presence\n");
    CHECK_CONTAINS(nodes, "pattern write berth/2/demo/node/+/%u/story/f\n");
    CHECK_CONTAINS(nodes, "pattern read berth/2/demo/node/+/%u/order/#\n");
    CHECK_CONTAINS(nodes, "pattern write berth/1/demo/node/%u/report\n");
    free(nodes);
    file_age("f/broker/acl-operators", "user operator\ntopic readwrite berth/2");
    file_age("f/broker/acl-nodes", "# Stories of failures");
    check_run_is("fleet upgrade --dir f", 0, "");
    char *operators = content_of("f/broker/acl-operators");
    CHECK_CONTAINS(operators, "topic readwrite berth/1/demo/#\n");
    CHECK_CONTAINS(operators, "topic readwrite berth/2/demo/#\n");
    free(operators);
    check_run_is("fleet upgrade --dir f", ERR_EXISTS, "nothing is to be done");
}

static struct operators operators_of(void)
{
    struct keyring keyring;
    struct fleet_dir fleet;
    struct trust trust;
    struct operators operators = {0};
    CHECK_INT_EQ(keyring_open(&keyring, NULL), 0);
    CHECK_INT_EQ(fleet_dir_load("f", &fleet, NULL), 0);
    CHECK_INT_EQ(keyring_trust_load(&keyring, "f/keys/trust.json", &trust, NULL), 0);
    CHECK_INT_EQ(operators_file_load(&keyring, &fleet, &trust, &operators, NULL), 0);
    keyring_close(&keyring);
    return operators;
}

/* A fleet begins with one operator; others come and go by the next version, and no other. */
static void case_operators(void)
{
    struct operators operators = operators_of();
    char *first = content_of("f/keys/operators.json");
    CHECK_INT_EQ(operators.version, 1);
    CHECK_INT_EQ(operators.count, 1);
    CHECK_STR_EQ(operators.list[0].name, "operator");
    CHECK_STR_EQ(operators.fleet, "demo");
    CHECK_INT_EQ(mode_of("f/keys/operator.pem"), 0600);
    check_run_is("keys new operator --dir f", ERR_EXISTS, "operator.pem");
    CHECK_INT_EQ(rename("f/keys/operator.pem", "first.pem"), 0);
    CHECK_INT_EQ(rename("f/keys/operator.pub", "first.pub"), 0);
    check_run_is("keys new operator --dir f", 0, "");
    check_run_is("keys operators --dir f --add ann=first.pub", ERR_EXISTS, "is operator's already");
    check_run_is("keys operators --dir f --add Ann=f/keys/operator.pub", ERR_USAGE, "NAME=FILE");
    check_run_is("keys operators --dir f --add ann", ERR_USAGE, "NAME=FILE");
    check_run_is("keys operators --dir f --remove ann", ERR_NOT_FOUND, "ann");
    check_run_is("keys operators --dir f --version 1", ERR_VERSION, "version 1 is");
    check_run_is("keys operators --dir f --add ann=f/keys/operator.pub --key f/keys/order.pem",
                 ERR_SIGNATURE, "nothing was changed");
    char *same = content_of("f/keys/operators.json");
    CHECK_STR_EQ(same, first);
    check_run_is("keys operators --dir f --add ann=f/keys/operator.pub", 0, "");
    operators = operators_of();
    CHECK_INT_EQ(operators.version, 2);
    CHECK(operators_find(&operators, "ann") != NULL);
    CHECK(operators_find(&operators, "operator") != NULL);
    check_run_is("keys operators --dir f --remove ann --version 9", 0, "");
    operators = operators_of();
    CHECK_INT_EQ(operators.version, 9);
    CHECK_INT_EQ(operators.count, 1);
    check_run_is("keys operators --dir f", 0, ""); /* shown, and nothing else */
    check_run_is("keys operators --dir f --json", 0, "");
    CHECK_INT_EQ(operators_of().version, 9);
    CHECK_INT_EQ(rename("first.pem", "f/keys/operator.pem"), 0);
    CHECK_INT_EQ(rename("first.pub", "f/keys/operator.pub"), 0);
    free(first), free(same);
}

/* A folder of the versions before has no operator; the key of the trust role may be elsewhere. */
static void case_operators_upgrade(void)
{
    CHECK_INT_EQ(unlink("f/keys/operators.json"), 0);
    CHECK_INT_EQ(unlink("f/keys/operator.pem"), 0);
    CHECK_INT_EQ(unlink("f/keys/operator.pub"), 0);
    CHECK_INT_EQ(operators_of().version, 0);
    CHECK_INT_EQ(rename("f/keys/trust.pem", "away.pem"), 0);
    check_run_is("fleet upgrade --dir f", ERR_NOT_FOUND, "trust.pem is not here");
    CHECK_INT_EQ(access("f/keys/operator.pem", F_OK), -1);
    CHECK_INT_EQ(rename("away.pem", "f/keys/trust.pem"), 0);
    char *before = content_of("f/operators-ca.key");
    check_run_is("fleet upgrade --dir f", 0, "");
    char *after = content_of("f/operators-ca.key");
    CHECK_STR_EQ(after, before); /* only what was missing */
    CHECK_INT_EQ(operators_of().version, 1);
    check_run_is("fleet upgrade --dir f", ERR_EXISTS, "keys/operators.json");
    free(before), free(after);
}

static void case_init(void)
{
    static const char *const secrets[] = {
        "f/ca.key",           "f/keys/order.pem", "f/keys/trust.pem",   "f/keys/revoke.pem",
        "f/keys/release.pem", "f/broker/key.pem", "f/operator/key.pem", "f/operators-ca.key"};
    static const char *const folders[] = {"f",          "f/keys", "f/broker", "f/broker/data",
                                          "f/operator", "f/nodes"};
    struct fleet_dir fleet;
    struct err err = {0};
    check_run_is("fleet init f --fleet demo --broker mqtt.example:1883:1884", 0, "");
    for (size_t i = 0; i < COUNT_OF(secrets); i++) {
        CHECK_INT_EQ(mode_of(secrets[i]), 0600);
    }
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        CHECK_INT_EQ(mode_of(folders[i]), 0700);
    }
    CHECK_INT_EQ(fleet_dir_load("f", &fleet, &err), 0);
    CHECK_STR_EQ(fleet.fleet, "demo");
    CHECK_STR_EQ(fleet.host, "mqtt.example");
    CHECK_STR_EQ(fleet.name, "mqtt.example");
    CHECK_INT_EQ(fleet.node_port, 1883);
    CHECK_INT_EQ(fleet.operator_port, 1884);
    char *conf = content_of("f/broker/mosquitto.conf");
    char line[256];
    /* Each door takes the certificates of one CA. */
    CHECK_CONTAINS(conf, "/f/broker/nodes-ca.pem\n");
    CHECK_CONTAINS(conf, "/f/broker/operators-ca.pem\n");
    CHECK_CONTAINS(conf, "\nmax_packet_size 98240\n");
    check_same("f/broker/nodes-ca.pem", "f/ca.pem");
    check_same("f/broker/operators-ca.pem", "f/operators-ca.pem");
    check_same("f/operator/ca.pem", "f/ca.pem");
    (void)snprintf(line, sizeof line, "\nkeyfile %s/f/broker/key.pem\n", dir);
    CHECK_CONTAINS(conf, line);
    free(conf);
}

/* A second init changes nothing, whatever is there. */
static void case_init_twice(void)
{
    char *before = content_of("f/ca.key");
    check_run_is("fleet init f --fleet other --broker b", ERR_EXISTS, "f/fleet.json");
    char *after = content_of("f/ca.key");
    CHECK_STR_EQ(after, before);
    free(before);
    free(after);
    CHECK_INT_EQ(mkdir("half", 0700), 0);
    CHECK_INT_EQ(file_create("half/ca.key", span_text("x"), 0600, NULL), 0);
    check_run_is("fleet init half --fleet demo --broker b", ERR_EXISTS, "half/ca.key");
    CHECK_INT_EQ(mode_of("half/keys"), -1);
    CHECK_INT_EQ(mode_of("half/fleet.json"), -1);
}

static void case_init_refused(void)
{
    check_run_is("fleet init g --fleet demo", ERR_USAGE,
                 "--broker HOST[:NODEPORT[:OPERATORPORT]] is needed");
    check_run_is("fleet init --fleet demo --broker b", ERR_USAGE, "DIR is needed");
    check_run_is("fleet init g --fleet Demo --broker b", ERR_USAGE, "must be a name");
    check_run_is("fleet init g --fleet demo --broker b:0", ERR_USAGE, "a port is");
    check_run_is("fleet init g --fleet demo --broker b:1:65536", ERR_USAGE, "a port is");
    check_run_is("fleet init g --fleet demo --broker b:1:2:3", ERR_USAGE, "a port is");
    check_run_is("fleet init g --fleet demo --broker b:8884", ERR_USAGE, "two ports");
    check_run_is("fleet init g --fleet demo --broker a_b", ERR_USAGE, "neither a DNS");
    check_run_is("fleet init g --fleet demo --broker b --name *.b", ERR_USAGE, "--name");
    CHECK_INT_EQ(mode_of("g"), -1);
}

static void case_node(void)
{
    struct config config;
    struct err err = {0};
    check_run_is("node add gate-1 --dir f --label site=north --label example.com/t=1", 0, "");
    CHECK_INT_EQ(mode_of("f/nodes/gate-1"), 0700);
    CHECK_INT_EQ(mode_of("f/nodes/gate-1/key.pem"), 0600);
    CHECK_INT_EQ(mode_of("f/nodes/gate-1/cert.pem"), 0644);
    char *text = content_of("f/nodes/gate-1/berthd.json");
    CHECK_INT_EQ(config_parse(span_text(text), &config, &err), 0);
    free(text);
    CHECK_STR_EQ(config.node, "gate-1");
    CHECK_STR_EQ(config.fleet, "demo");
    CHECK_INT_EQ(config.label_count, 2);
    CHECK_STR_EQ(config.broker.host, "mqtt.example");
    CHECK_INT_EQ(config.broker.port, 1883);
    CHECK_STR_EQ(config.broker.key_path, "/etc/berth/key.pem");
    CHECK_STR_EQ(config.trust_path, "/etc/berth/trust.json");
    char *trust = content_of("f/nodes/gate-1/trust.json");
    char *ours = content_of("f/keys/trust.json");
    CHECK_STR_EQ(trust, ours);
    free(trust);
    free(ours);
    check_run_is("node add gate-2 --dir f --prefix /opt/b", 0, "");
    text = content_of("f/nodes/gate-2/berthd.json");
    CHECK_INT_EQ(config_parse(span_text(text), &config, &err), 0);
    free(text);
    CHECK_STR_EQ(config.broker.cert_path, "/opt/b/cert.pem");
}

static void case_node_refused(void)
{
    check_run_is("node add gate-1 --dir f", ERR_EXISTS, "nodes/gate-1 is there already");
    check_run_is("node add operator --dir f", ERR_USAGE, "no node may be called operator");
    check_run_is("node add a/b --dir f", ERR_USAGE, "'a/b' is no NODE");
    check_run_is("node add + --dir f", ERR_USAGE, "is no NODE");
    check_run_is("node add --dir f", ERR_USAGE, "NODE is needed");
    check_run_is("node add a --dir f --label x", ERR_USAGE, "key=value");
    check_run_is("node add a --dir f --label -=x", ERR_USAGE, "is no label's key");
    check_run_is("node add a --dir f --prefix etc", ERR_USAGE, "--prefix");
    check_run_is("node add a --dir f --days 0", ERR_USAGE, "--days");
    check_run_is("node add a --dir nowhere", ERR_NOT_FOUND, "berth fleet init");
    /* A bundle that cannot be finished leaves nothing that stands in the way of the next. */
    CHECK_INT_EQ(rename("f/ca.key", "f/away"), 0);
    check_run_is("node add a --dir f", ERR_IO, "ca.key");
    CHECK_INT_EQ(mode_of("f/nodes/a"), -1);
    CHECK_INT_EQ(rename("f/away", "f/ca.key"), 0);
    check_run_is("node add a --dir f", 0, "");
}

static void check_load_refused(const char *document, int code, const char *message)
{
    struct fleet_dir fleet;
    struct err err = {0};
    CHECK_INT_EQ(file_write("l/fleet.json", span_text(document), 0644, NULL), 0);
    CHECK_STR_EQ(err_word(fleet_dir_load("l", &fleet, &err)), err_word(code));
    CHECK_CONTAINS(err.text, message);
}

static void case_load(void)
{
#define BROKER "\"host\":\"h\",\"port\":1,\"operatorPort\":2,\"name\":\"h\""
    struct fleet_dir fleet;
    CHECK_INT_EQ(mkdir("l", 0700), 0);
    check_load_refused("{\"schema\":1,\"fleet\":\"demo\",\"broker\":{" BROKER "}}", 0, "");
    check_load_refused("{\"schema\":2,\"fleet\":\"demo\",\"broker\":{" BROKER "}}", ERR_SCHEMA, "");
    check_load_refused("{\"schema\":1,\"fleet\":\"demo\"}", ERR_MISSING, "l/fleet.json: broker");
    check_load_refused("{\"schema\":1,\"fleet\":\"demo\",\"broker\":{\"host\":\"a b\"," BROKER "}}",
                       ERR_DUPLICATE_KEY, "");
    check_load_refused("{\"schema\":1,\"fleet\":\"demo\",\"broker\":{\"host\":\"a b\"}}", ERR_VALUE,
                       "broker.host: must be a DNS name");
    check_load_refused("{", ERR_SYNTAX, "l/fleet.json");
    CHECK_INT_EQ(setenv("BERTH_FLEET", "f", 1), 0);
    CHECK_STR_EQ(fleet_dir_choose(NULL), "f");
    CHECK_STR_EQ(fleet_dir_choose("g"), "g");
    CHECK_INT_EQ(unsetenv("BERTH_FLEET"), 0);
    CHECK_STR_EQ(fleet_dir_choose(NULL), ".");
    CHECK_INT_EQ(fleet_dir_load(".", &fleet, NULL), ERR_NOT_FOUND);
#undef BROKER
}

/* The version in the document that is there. */
static void check_version(const char *wanted)
{
    struct trust trust;
    struct keyring keyring;
    char version[32];
    CHECK_INT_EQ(keyring_open(&keyring, NULL), 0);
    CHECK_INT_EQ(keyring_trust_load(&keyring, "f/keys/trust.json", &trust, NULL), 0);
    (void)snprintf(version, sizeof version, "%llu %s", (unsigned long long)trust.version,
                   trust.epoch_base != 0 ? "base" : "none");
    CHECK_STR_EQ(version, wanted);
    keyring_close(&keyring);
}

/* What is there is followed, never replaced by accident. */
static void case_trust(void)
{
    check_version("1 none");
    check_run_is("keys trust f/keys --fleet demo --version 1", ERR_VERSION,
                 "nodes take 2 next, not 1; nothing was changed");
    check_run_is("keys trust f/keys --fleet other", ERR_VALUE, "is of the fleet demo");
    check_version("1 none");
    check_run_is("keys trust f/keys --fleet demo", 0, "");
    check_version("2 none");
    check_run_is("keys trust f/keys --fleet demo --reset-epochs", ERR_CANCELLED,
                 "say --yes; nothing was done");
    check_run_is("keys trust f/keys --fleet demo --reset-epochs --yes", 0, "");
    check_version("3 base");
    check_run_is("keys trust f/keys --fleet demo", 0, "");
    check_version("4 base"); /* a node may have missed the third */
    check_run_is("keys trust f/keys --fleet demo --version 9", ERR_VERSION, "5 next");
    /* Signed by keys that the version before does not know: no node would take it. */
    check_run_is("keys new k --fleet demo", 0, "");
    check_run_is("keys trust f/keys --fleet demo --role trust=k/trust.pub --key k/trust.pem",
                 ERR_SIGNATURE, "version 4's trust keys must sign it too");
    check_run_is("keys trust f/keys --fleet demo --role trust=k/trust.pub --key k/trust.pem --key "
                 "f/keys/trust.pem",
                 0, "");
    check_version("5 base");
    CHECK_INT_EQ(file_write("k/trust.json", span_text("{"), 0644, NULL), 0);
    check_run_is("keys trust k --fleet demo", ERR_SYNTAX, "nothing was changed");
    check_run_is("keys trust k --fleet demo --force", 0, "");
}

static void case_epoch_file(void)
{
    struct fleet_dir fleet;
    uint64_t epoch = 7;
    struct err err = {0};
    CHECK_INT_EQ(fleet_dir_load("f", &fleet, NULL), 0);
    CHECK_INT_EQ(epoch_file_load(&fleet, 0, &epoch, NULL), 0);
    CHECK_INT_EQ(epoch, 0);
    CHECK_INT_EQ(epoch_file_keep(&fleet, 0, 41, NULL), 0);
    CHECK_INT_EQ(epoch_file_keep(&fleet, 0, 40, NULL), 0); /* a colleague is further */
    CHECK_INT_EQ(epoch_file_load(&fleet, 0, &epoch, NULL), 0);
    CHECK_INT_EQ(epoch, 41);
    CHECK_INT_EQ(epoch_file_load(&fleet, 1764000000, &epoch, NULL), 0);
    CHECK_INT_EQ(epoch, 0); /* forgotten with the base */
    CHECK_INT_EQ(file_write("f/coordinator.json", span_text("{}"), 0644, NULL), 0);
    CHECK_INT_EQ(epoch_file_load(&fleet, 0, &epoch, &err), ERR_MISSING);
    CHECK_CONTAINS(err.text, "coordinator.json (remove it if");
    CHECK_INT_EQ(unlink("f/coordinator.json"), 0);
}

static int entry_remove(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

int main(int argc, char **argv)
{
    CHECK(freopen("/dev/null", "r", stdin) != NULL); /* nobody is asked */
    static const struct check_case cases[] = {{"init", case_init},
                                              {"init_twice", case_init_twice},
                                              {"init_refused", case_init_refused},
                                              {"node", case_node},
                                              {"node_refused", case_node_refused},
                                              {"operators", case_operators},
                                              {"operators_upgrade", case_operators_upgrade},
                                              {"rights_upgrade", case_rights_upgrade},
                                              {"upgrade", case_upgrade},
                                              {"load", case_load},
                                              {"trust", case_trust},
                                              {"epoch_file", case_epoch_file}};
    if (mkdtemp(dir) == NULL || chdir(dir) != 0) {
        perror(dir);
        return EXIT_FAILURE;
    }
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    return nftw(dir, entry_remove, 8, FTW_DEPTH | FTW_PHYS) == 0 ? status : EXIT_FAILURE;
}
