/* identity: keys are written for their owner alone and wiped from memory at once. */
#include "ports/app/berth/identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "platform/base/text.h"
#include "ports/app/berth/files.h"

static wall_ms now(void)
{
    return (wall_ms)time(NULL) * 1000;
}

int identity_folder(const struct fleet_dir *dir, const char *folder, struct err *err)
{
    char path[PATH_MAX];
    fleet_dir_file(dir, folder, path);
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    return 0;
}

static int part_write(const struct fleet_dir *dir, const char *folder, const char *name,
                      const char *pem, mode_t mode, struct err *err)
{
    char below[128];
    char path[PATH_MAX];
    (void)snprintf(below, sizeof below, "%s/%s", folder, name);
    fleet_dir_file(dir, below, path);
    return file_create(path, span_text(pem), mode, err);
}

static int pair_write(const struct fleet_dir *dir, const char *folder, const struct issued *issued,
                      struct err *err)
{
    int rc = part_write(dir, folder, "key.pem", issued->key, 0600, err);
    return rc != 0 ? rc : part_write(dir, folder, "cert.pem", issued->cert, 0644, err);
}

int identity_server(const struct fleet_dir *dir, struct mbedtls_issue *issue,
                    const struct issued *ca, const char *folder, const char *const *names,
                    size_t count, struct err *err)
{
    struct issued issued;
    int rc = mbedtls_issue_server(issue, ca, names, count, now(), &issued, err);
    if (rc == 0) {
        rc = pair_write(dir, folder, &issued, err);
    }
    issued_wipe(&issued);
    return rc;
}

int identity_client(const struct fleet_dir *dir, struct mbedtls_issue *issue,
                    const struct issued *ca, const struct issued *broker_ca, const char *folder,
                    const char *name, int days, struct err *err)
{
    struct issued issued;
    int rc = mbedtls_issue_client(issue, ca, name, days, now(), &issued, err);
    if (rc == 0) {
        rc = pair_write(dir, folder, &issued, err);
    }
    issued_wipe(&issued);
    return rc != 0 ? rc : part_write(dir, folder, "ca.pem", broker_ca->cert, 0644, err);
}

int identity_broker_anchors(const struct fleet_dir *dir, const struct issued *nodes,
                            const struct issued *operators, struct err *err)
{
    char path[PATH_MAX];
    char both[2 * ISSUE_CERT_BYTES];
    (void)snprintf(both, sizeof both, "%s%s", nodes->cert, operators->cert);
    int rc = part_write(dir, "broker", "nodes-ca.pem", nodes->cert, 0644, err);
    if (rc == 0) {
        rc = part_write(dir, "broker", "operators-ca.pem", operators->cert, 0644, err);
    }
    fleet_dir_file(dir, "broker/ca.pem", path);
    return rc != 0 ? rc : file_write(path, span_text(both), 0644, err);
}

static const char *key_name(enum identity_ca which)
{
    return which == IDENTITY_NODES ? "ca.key" : "operators-ca.key";
}

static const char *cert_name(enum identity_ca which)
{
    return which == IDENTITY_NODES ? "ca.pem" : "operators-ca.pem";
}

int identity_ca_make(const struct fleet_dir *dir, struct mbedtls_issue *issue,
                     enum identity_ca which, struct issued *ca, struct err *err)
{
    char path[PATH_MAX];
    char name[NAME_BYTES + 16];
    (void)snprintf(name, sizeof name, "%s%s", dir->fleet,
                   which == IDENTITY_NODES ? "" : "-operators");
    int rc = mbedtls_issue_ca(issue, name, now(), ca, err);
    if (rc == 0) {
        fleet_dir_file(dir, key_name(which), path);
        rc = file_create(path, span_text(ca->key), 0600, err);
    }
    if (rc == 0) {
        fleet_dir_file(dir, cert_name(which), path);
        rc = file_create(path, span_text(ca->cert), 0644, err);
    }
    return rc;
}

int identity_ca_renew(const struct fleet_dir *dir, struct mbedtls_issue *issue, struct issued *ca,
                      struct err *err)
{
    struct issued before;
    char path[PATH_MAX];
    int rc = identity_ca_load(dir, IDENTITY_NODES, &before, err);
    if (rc == 0) {
        rc = mbedtls_issue_ca_again(issue, &before, now(), ca, err);
    }
    fleet_dir_file(dir, cert_name(IDENTITY_NODES), path);
    issued_wipe(&before);
    return rc != 0 ? rc : file_write(path, span_text(ca->cert), 0644, err);
}

static int pem_load(const struct fleet_dir *dir, const char *name, char *pem, size_t cap,
                    struct err *err)
{
    char path[PATH_MAX];
    char *content = NULL;
    size_t len = 0;
    fleet_dir_file(dir, name, path);
    int rc = file_read(path, cap - 1, &content, &len, err);
    if (rc != 0) {
        return rc;
    }
    bool fits = text_copy(pem, cap, content);
    explicit_bzero(content, len);
    free(content);
    return fits ? 0 : err_set(err, ERR_OVERSIZE, "%s: too long", path);
}

int identity_ca_load(const struct fleet_dir *dir, enum identity_ca which, struct issued *ca,
                     struct err *err)
{
    int rc = pem_load(dir, cert_name(which), ca->cert, sizeof ca->cert, err);
    return rc != 0 ? rc : pem_load(dir, key_name(which), ca->key, sizeof ca->key, err);
}
