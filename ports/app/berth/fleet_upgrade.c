/* berth fleet upgrade: a folder of the versions before, with one CA for everybody and no operator's
 * key, gets a CA for its operators, and a first operator.
 *
 * Nodes notice nothing: their CA keeps its key and its name. The old operator's certificate and the
 * old configuration are put aside and not removed, so that the broker can go back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/app/berth/broker_conf.h"
#include "ports/app/berth/identity.h"
#include "ports/app/berth/keyring.h"
#include "ports/app/berth/operators_file.h"
#include "ports/app/berth/verbs.h"

/* NAME becomes NAME.before; what is not there is no failure. */
static int aside_put(const struct fleet_dir *dir, const char *name, struct err *err)
{
    char aside[64];
    char from[PATH_MAX], to[PATH_MAX];
    (void)snprintf(aside, sizeof aside, "%s.before", name);
    fleet_dir_file(dir, name, from);
    fleet_dir_file(dir, aside, to);
    if (access(from, F_OK) != 0) {
        return 0;
    }
    if (access(to, F_OK) == 0) {
        return err_set(err, ERR_EXISTS, "%s is there already; move it away", to);
    }
    return rename(from, to) == 0 ? 0 : err_set(err, ERR_IO, "%s: %s", from, strerror(errno));
}

static int asides_put(const struct fleet_dir *dir, struct err *err)
{
    static const char *const names[] = {"operator", "broker/mosquitto.conf"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < COUNT_OF(names); i++) {
        rc = aside_put(dir, names[i], err);
    }
    return rc;
}

static int identities_make(const struct fleet_dir *dir, struct mbedtls_issue *issue,
                           struct err *err)
{
    struct issued nodes, operators;
    int rc = identity_ca_renew(dir, issue, &nodes, err);
    if (rc == 0) {
        rc = identity_ca_make(dir, issue, IDENTITY_OPERATORS, &operators, err);
    }
    if (rc == 0) {
        rc = identity_broker_anchors(dir, &nodes, &operators, err);
    }
    if (rc == 0) {
        rc = identity_folder(dir, "operator", err);
    }
    if (rc == 0) {
        rc = identity_client(dir, issue, &operators, &nodes, "operator", OPERATOR_NAME,
                             ISSUE_LEAF_DAYS, err);
    }
    issued_wipe(&nodes);
    issued_wipe(&operators);
    return rc;
}

static bool is_there(const struct fleet_dir *dir, const char *name)
{
    char path[PATH_MAX];
    fleet_dir_file(dir, name, path);
    return access(path, F_OK) == 0;
}

static int ca_upgrade(const struct fleet_dir *dir, struct err *err)
{
    struct mbedtls_issue *issue = NULL;
    struct issued ca;
    int rc = identity_ca_load(dir, IDENTITY_NODES, &ca, err); /* before anything is moved */
    issued_wipe(&ca);
    rc = rc == 0 ? mbedtls_issue_new(&issue, err) : rc;
    rc = rc == 0 ? asides_put(dir, err) : rc;
    rc = rc == 0 ? identities_make(dir, issue, err) : rc;
    rc = rc == 0 ? broker_conf_write(dir, err) : rc;
    mbedtls_issue_free(issue);
    return rc;
}

static void ca_advice(const struct fleet_dir *dir)
{
    printf(
        "%s: the fleet %s has a CA for its operators: operators-ca.{pem,key}\n"
        "nodes need nothing new. Their certificates open the operators' door until the broker "
        "has the new configuration:\n"
        "  1. copy broker/{nodes-ca,operators-ca,ca}.pem and broker/mosquitto.conf to the "
        "broker's machine\n"
        "     (the first lines of mosquitto.conf say how), and restart it: its doors are not read "
        "again on SIGHUP\n"
        "  2. copy operator/ to every other place where this tool or a coordinator runs: what "
        "they have is refused from then on\n"
        "what was there before: operator.before/ and broker/mosquitto.conf.before; remove them "
        "when all is well\n",
        dir->path, dir->fleet);
}

static void operator_advice(const struct fleet_dir *dir)
{
    printf("%s: the fleet %s has its first operator: keys/operator.{pem,pub}, keys/operators.json\n"
           "from this version on specs and controls of rollouts are signed, and what is not is "
           "refused:\n"
           "  1. berth trust publish   (gives the operators' keys to the coordinators)\n"
           "  2. update every coordinator and every other place where this tool runs\n"
           "  3. each operator who has a folder of their own makes a key there (berth keys new "
           "operator);\n"
           "     here it is named: berth keys operators --add NAME=operator.pub, and step 1 again\n"
           "a rollout that was under way is refused by name: start it again\n",
           dir->path, dir->fleet);
}

static void rights_advice(const struct fleet_dir *dir)
{
    printf(
        "%s: broker/acl-nodes and broker/acl-operators give the rights for berth/2: copy them to "
        "the broker's machine and send the broker SIGHUP; agents that know berth/2 move there by "
        "themselves within six hours, or when they are started again; the others stay where they "
        "are\n",
        dir->path);
}

/* What is missing of either; the operators first, since it may need a key that is elsewhere. */
static int upgrade(const struct fleet_dir *dir, struct err *err)
{
    bool has_ca = is_there(dir, "operators-ca.key");
    bool has_operators = is_there(dir, "keys/operators.json");
    bool has_no_rights = false;
    struct keyring keyring;
    int rc = keyring_open(&keyring, err); /* opens the library as well */
    if (rc != 0) {
        return rc;
    }
    if (!has_operators) {
        rc = operators_file_begin(&keyring, dir, false, err);
    }
    rc = rc == 0 && !has_ca ? ca_upgrade(dir, err) : rc;
    keyring_close(&keyring);
    rc = rc == 0 ? broker_rights_extend(dir, false, &has_no_rights, err) : rc;
    if (rc == 0 && !has_ca) {
        ca_advice(dir);
    }
    if (rc == 0 && !has_operators) {
        operator_advice(dir);
    }
    if (rc == 0 && has_no_rights) {
        rights_advice(dir);
    }
    return rc;
}

int verb_fleet_upgrade(struct given *given, struct err *err)
{
    struct fleet_dir dir;
    char path[PATH_MAX];
    int rc = fleet_dir_load(fleet_dir_choose(given_value(given, "dir")), &dir, err);
    if (rc != 0) {
        return rc;
    }
    if (realpath(dir.path, path) == NULL || strlen(path) >= sizeof dir.path) {
        return err_set(err, ERR_IO, "%s: %s", dir.path, strerror(errno));
    }
    memcpy(dir.path, path, strlen(path) + 1); /* the broker's configuration knows no other */
    bool has_no_rights = false;
    rc = broker_rights_extend(&dir, true, &has_no_rights, err);
    if (rc == 0 && !has_no_rights && is_there(&dir, "operators-ca.key") &&
        is_there(&dir, "keys/operators.json")) {
        return err_set(err, ERR_EXISTS,
                       "%s: operators-ca.key is there already, and keys/operators.json: nothing is "
                       "to be done",
                       dir.path);
    }
    return rc != 0 ? rc : upgrade(&dir, err);
}
