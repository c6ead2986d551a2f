/* berth node add: a node's certificate and everything else that belongs into its /etc/berth. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/wire/config.h"
#include "agent/wire/labels.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/identity.h"
#include "ports/app/berth/keyring.h"
#include "ports/app/berth/values.h"
#include "ports/app/berth/verbs.h"

struct add_request {
    const char *path; /* of the fleet's folder */
    const char *name, *prefix;
    int days;
    struct labels labels;
    struct fleet_dir dir;
    char folder[NODE_NAME_BYTES + 8]; /* nodes/NAME */
};

static void config_render(const struct add_request *request, struct text *text)
{
    const struct fleet_dir *dir = &request->dir;
    text_printf(text, "{\n  \"schema\": 1,\n  \"node\": \"%s\",\n  \"fleet\": \"%s\",\n",
                request->name, dir->fleet);
    text_append(text, "  \"labels\": {");
    for (size_t i = 0; i < request->labels.count; i++) {
        text_printf(text, "%s\"%s\": \"%s\"", i == 0 ? "" : ", ", request->labels.list[i].key,
                    request->labels.list[i].value);
    }
    text_printf(text, "},\n  \"broker\": {\n    \"host\": \"%s\", \"port\": %u,\n", dir->host,
                dir->node_port);
    if (strcmp(dir->name, dir->host) != 0) {
        text_printf(text, "    \"name\": \"%s\",\n", dir->name);
    }
    text_printf(text,
                "    \"ca\": \"%s/ca.pem\",\n    \"cert\": \"%s/cert.pem\",\n"
                "    \"key\": \"%s/key.pem\"\n  },\n  \"trust\": \"%s/trust.json\"\n}\n",
                request->prefix, request->prefix, request->prefix, request->prefix);
}

static void part_path(const struct add_request *request, const char *name, char path[PATH_MAX])
{
    char below[NODE_NAME_BYTES + 32];
    (void)snprintf(below, sizeof below, "%s/%s", request->folder, name);
    fleet_dir_file(&request->dir, below, path);
}

/* The configuration, after the agent's own reader has taken it. */
static int config_write(const struct add_request *request, struct err *err)
{
    static char content[CONFIG_BYTES_MAX]; /* not on the stack: 32 KiB, and read once */
    struct text text;
    struct config check;
    char path[PATH_MAX];
    text_init(&text, content, sizeof content);
    config_render(request, &text);
    struct span written = span_of(content, text.len);
    int rc = config_parse(written, &check, err);
    if (rc != 0) {
        return err_wrap(err, rc, "berthd.json");
    }
    part_path(request, "berthd.json", path);
    return file_create(path, written, 0644, err);
}

/* What the fleet trusts now, after it has been checked. */
static int trust_copy(const struct add_request *request, struct err *err)
{
    struct keyring keyring;
    struct trust trust;
    char from[PATH_MAX], to[PATH_MAX];
    char *content = NULL;
    size_t len = 0;
    int rc = keyring_open(&keyring, err);
    if (rc != 0) {
        return rc;
    }
    fleet_dir_file(&request->dir, "keys/trust.json", from);
    part_path(request, "trust.json", to);
    rc = keyring_trust_load(&keyring, from, &trust, err);
    keyring_close(&keyring);
    if (rc == 0) {
        rc = file_read(from, ENVELOPE_BYTES_MAX, &content, &len, err);
    }
    if (rc == 0) {
        rc = file_create(to, span_of(content, len), 0644, err);
    }
    free(content);
    return rc;
}

static int bundle_make(const struct add_request *request, struct err *err)
{
    struct mbedtls_issue *issue = NULL;
    struct issued ca;
    int rc = trust_copy(request, err); /* opens the library as well */
    if (rc == 0) {
        rc = config_write(request, err);
    }
    if (rc == 0) {
        rc = identity_ca_load(&request->dir, IDENTITY_NODES, &ca, err);
    }
    if (rc == 0) {
        rc = mbedtls_issue_new(&issue, err);
    }
    if (rc == 0) {
        rc = identity_client(&request->dir, issue, &ca, &ca, request->folder, request->name,
                             request->days, err);
    }
    mbedtls_issue_free(issue);
    issued_wipe(&ca);
    return rc;
}

/* A bundle that could not be finished goes again, so that the next try finds the place free. */
static void bundle_remove(const struct add_request *request)
{
    static const char *const names[] = {"trust.json", "berthd.json", "key.pem", "cert.pem",
                                        "ca.pem"};
    char path[PATH_MAX];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        part_path(request, names[i], path);
        (void)unlink(path);
    }
    fleet_dir_file(&request->dir, request->folder, path);
    (void)rmdir(path);
}

static int node_add(struct add_request *request, struct err *err)
{
    char path[PATH_MAX];
    int rc = fleet_dir_load(fleet_dir_choose(request->path), &request->dir, err);
    if (rc == 0) {
        rc = identity_folder(&request->dir, "nodes", err);
    }
    if (rc != 0) {
        return rc;
    }
    (void)snprintf(request->folder, sizeof request->folder, "nodes/%s", request->name);
    fleet_dir_file(&request->dir, request->folder, path);
    if (mkdir(path, 0700) != 0) {
        return errno == EEXIST
                   ? err_set(err, ERR_EXISTS,
                             "%s is there already; move it away to make the node a new key", path)
                   : err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    rc = bundle_make(request, err);
    if (rc != 0) {
        bundle_remove(request);
        return rc;
    }
    printf("%s: the node %s of the fleet %s, for %d days\n"
           "secret: key.pem\n"
           "next: copy the folder to the gateway as %s, and start berthd; berth node enroll puts "
           "it on the fleet's roll\n",
           path, request->name, request->dir.fleet, request->days, request->prefix);
    return 0;
}

int verb_node_add(struct given *given, struct err *err)
{
    const char *prefix = given_value(given, "prefix");
    struct add_request request = {.path = given_value(given, "dir"),
                                  .name = given->arguments[0],
                                  .prefix = prefix != NULL ? prefix : "/etc/berth",
                                  .days = (int)given_number(given, "days", ISSUE_LEAF_DAYS)};
    size_t at = 0;
    int rc = 0;
    if (strcmp(request.name, OPERATOR_NAME) == 0) {
        return err_set(err, ERR_USAGE,
                       "no node may be called " OPERATOR_NAME
                       ": whoever holds that certificate may do everything");
    }
    for (const char *label; rc == 0 && (label = given_next(given, "label", &at)) != NULL;) {
        rc = values_label(&request.labels, label, err);
    }
    return rc == 0 ? node_add(&request, err) : rc;
}
