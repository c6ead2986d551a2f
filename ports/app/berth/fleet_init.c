/* berth fleet init: everything a fleet begins with: CA, keys, broker and operator. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "platform/base/units.h"
#include "ports/app/berth/broker_conf.h"
#include "ports/app/berth/identity.h"
#include "ports/app/berth/keys.h"
#include "ports/app/berth/operators_file.h"
#include "ports/app/berth/values.h"
#include "ports/app/berth/verbs.h"

struct init_request {
    struct fleet_dir dir;
    const char *names[ISSUE_NAMES_MAX]; /* of the broker's certificate; the first is its own */
    size_t name_count;
    bool is_folder_new;
};

static int options_take(struct init_request *request, struct given *given, struct err *err)
{
    (void)text_copy(request->dir.fleet, NAME_BYTES, given_value(given, "fleet"));
    request->name_count = given_list(given, "name", request->names, ISSUE_NAMES_MAX - 1);
    return values_broker(&request->dir, given_value(given, "broker"), err);
}

/* The certificate also carries the host, so that either name will do. */
static void names_finish(struct init_request *request)
{
    bool has_host = false;
    for (size_t i = 0; i < request->name_count; i++) {
        has_host = has_host || strcmp(request->names[i], request->dir.host) == 0;
    }
    if (!has_host) {
        request->names[request->name_count++] = request->dir.host;
    }
    (void)text_copy(request->dir.name, sizeof request->dir.name, request->names[0]);
}

/* Makes the folder and writes its absolute path down. */
static int folder_open(struct init_request *request, const char *argument, struct err *err)
{
    struct fleet_dir *dir = &request->dir;
    char path[PATH_MAX];
    request->is_folder_new = mkdir(argument, 0700) == 0;
    if (!request->is_folder_new && errno != EEXIST) {
        return err_set(err, ERR_IO, "%s: %s", argument, strerror(errno));
    }
    if (realpath(argument, path) == NULL) {
        return err_set(err, ERR_IO, "%s: %s", argument, strerror(errno));
    }
    if (!text_copy(dir->path, sizeof dir->path, path)) {
        return err_set(err, ERR_USAGE, "the folder's path is longer than %zu characters",
                       sizeof dir->path - 1);
    }
    for (const char *at = dir->path; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == '|') {
            return err_set(err, ERR_USAGE,
                           "the folder's path has a character that the broker's "
                           "configuration cannot carry");
        }
    }
    return 0;
}

/* Looks before the first file is written, so that a refusal leaves everything as it was. */
static int is_empty_check(const struct fleet_dir *dir, struct err *err)
{
    static const char *const names[] = {"fleet.json", "ca.key",   "ca.pem",          "keys",
                                        "broker",     "operator", "operators-ca.key"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[PATH_MAX];
        struct stat status;
        fleet_dir_file(dir, names[i], path);
        if (lstat(path, &status) == 0) {
            return err_set(err, ERR_EXISTS,
                           "%s is there already; nothing was changed: name another folder", path);
        }
    }
    return 0;
}

/* Whoever holds an operator's certificate, or a node's, holds none that opens the other's door. */
static int certificates_make(const struct init_request *request, struct mbedtls_issue *issue,
                             struct err *err)
{
    const struct fleet_dir *dir = &request->dir;
    struct issued nodes, operators;
    int rc = identity_ca_make(dir, issue, IDENTITY_NODES, &nodes, err);
    if (rc == 0) {
        rc = identity_ca_make(dir, issue, IDENTITY_OPERATORS, &operators, err);
    }
    if (rc == 0) {
        rc =
            identity_server(dir, issue, &nodes, "broker", request->names, request->name_count, err);
    }
    if (rc == 0) {
        rc = identity_broker_anchors(dir, &nodes, &operators, err);
    }
    if (rc == 0) {
        rc = identity_client(dir, issue, &operators, &nodes, "operator", OPERATOR_NAME,
                             ISSUE_LEAF_DAYS, err);
    }
    issued_wipe(&nodes);
    issued_wipe(&operators);
    return rc;
}

/* fleet.json comes last: a folder that has one is whole. */
static int fleet_make(const struct init_request *request, struct err *err)
{
    static const char *const folders[] = {"broker", "broker/data", "operator", "nodes"};
    const struct fleet_dir *dir = &request->dir;
    struct keyring keyring;
    struct mbedtls_issue *issue = NULL;
    char keys[PATH_MAX];
    int rc = keyring_open(&keyring, err);
    if (rc != 0) {
        return rc;
    }
    rc = mbedtls_issue_new(&issue, err);
    for (size_t i = 0; rc == 0 && i < COUNT_OF(folders); i++) {
        rc = identity_folder(dir, folders[i], err);
    }
    if (rc == 0) {
        fleet_dir_file(dir, "keys", keys);
        rc = keys_make(&keyring, keys, dir->fleet, err);
    }
    rc = rc == 0 ? operators_file_begin(&keyring, dir, true, err) : rc;
    if (rc == 0) {
        rc = certificates_make(request, issue, err);
    }
    if (rc == 0) {
        rc = broker_rights_write(dir, err);
    }
    if (rc == 0) {
        rc = broker_conf_write(dir, err);
    }
    if (rc == 0) {
        rc = fleet_dir_create(dir, err);
    }
    mbedtls_issue_free(issue);
    keyring_close(&keyring);
    return rc;
}

/* How the broker is started, so that it works as it is printed. */
static void start_print(const struct init_request *request)
{
    const struct fleet_dir *dir = &request->dir;
    char closed[PATH_MAX] = "";
    enum broker_reach reach = broker_give(dir, request->is_folder_new, closed);
    if (reach == BROKER_OURS || reach == BROKER_GIVEN) {
        printf("  mosquitto -c %s/broker/mosquitto.conf   (its first lines say how to move it, and "
               "how it becomes a service)\n",
               dir->path);
        return;
    }
    if (reach == BROKER_CLOSED) {
        printf("  (started as root, Mosquitto becomes the user " BROKER_USER
               ", who cannot enter %s: so its folder moves first)\n",
               closed);
    }
    printf(
        "  mkdir -p /etc/mosquitto && cp -r %s/broker /etc/mosquitto/%s\n"
        "  sed -i 's|%s/broker|/etc/mosquitto/%s|' /etc/mosquitto/%s/mosquitto.conf\n"
        "  chown -R " BROKER_USER ": /etc/mosquitto/%s\n"
        "  mosquitto -c /etc/mosquitto/%s/mosquitto.conf   (its first lines say how it becomes a "
        "service)\n",
        dir->path, dir->fleet, dir->path, dir->fleet, dir->fleet, dir->fleet, dir->fleet);
}

static void advice_print(const struct init_request *request)
{
    const struct fleet_dir *dir = &request->dir;
    printf("%s: the fleet %s\n", dir->path, dir->fleet);
    printf("secret: ca.key, operators-ca.key and keys/*.pem stay here; broker/key.pem and "
           "operator/key.pem go with their folders\n"
           "  broker/    to %s, which needs ports %u (nodes) and %u (operators)\n"
           "  operator/  what this tool and coordinators show to the broker\n"
           "  keys/operator.pem signs what is asked of rollouts; more operators: berth keys "
           "operators\n"
           "  nodes/     a folder a node, for its /etc/berth\n"
           "next:\n",
           dir->host, dir->node_port, dir->operator_port);
    start_print(request);
    printf("  berth trust publish --dir %s\n"
           "  berth node add NAME --dir %s\n",
           dir->path, dir->path);
}

int verb_fleet_init(struct given *given, struct err *err)
{
    struct init_request request = {
        .dir = {.node_port = FLEET_NODE_PORT, .operator_port = FLEET_OPERATOR_PORT}};
    int rc = options_take(&request, given, err);
    if (rc != 0) {
        return rc;
    }
    names_finish(&request);
    rc = folder_open(&request, given->arguments[0], err);
    if (rc == 0) {
        rc = is_empty_check(&request.dir, err);
    }
    if (rc == 0) {
        rc = fleet_make(&request, err);
    }
    if (rc == 0) {
        advice_print(&request);
    }
    return rc;
}
