/* deploy_key: which key signs, and the local one of a user who has no fleet. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "ports/app/berth/deploy.h"
#include "ports/app/berth/fleet_dir.h"
#include "ports/app/berth/keys.h"

#define LOCAL_FLEET "local"

/* $XDG_CONFIG_HOME/berth/local or ~/.config/berth/local, and a file in it. */
static int local_path(const char *file, char path[PATH_MAX], struct err *err)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int len = -1;
    if (config != NULL && config[0] == '/') {
        len = snprintf(path, PATH_MAX, "%s/berth/local%s", config, file);
    } else if (home != NULL && home[0] == '/') {
        len = snprintf(path, PATH_MAX, "%s/.config/berth/local%s", home, file);
    }
    return len > 0 && len < PATH_MAX
               ? 0
               : err_set(err, ERR_NOT_FOUND,
                         "no folder for a local key: set HOME or XDG_CONFIG_HOME, or name a key "
                         "with --key");
}

int deploy_trust_path(char path[PATH_MAX], struct err *err)
{
    return local_path("/trust.json", path, err);
}

static int folders_make(char *path, struct err *err)
{
    for (char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        int failed = mkdir(path, 0700) != 0 && errno != EEXIST ? errno : 0;
        if (failed != 0) {
            int rc = err_set(err, ERR_IO, "make %s: %s", path, strerror(failed));
            *at = '/';
            return rc;
        }
        *at = '/';
    }
    return 0;
}

static int local_make(struct err *err)
{
    struct keyring keyring;
    char dir[PATH_MAX];
    int rc = local_path("", dir, err);
    rc = rc == 0 ? folders_make(dir, err) : rc;
    rc = rc == 0 ? keyring_open(&keyring, err) : rc;
    if (rc != 0) {
        return rc;
    }
    rc = keys_make(&keyring, dir, LOCAL_FLEET, err);
    keyring_close(&keyring);
    if (rc == 0) {
        printf("%s: keys made; keep a copy: who has release.pem decides what runs\n", dir);
        (void)fflush(stdout);
    }
    return rc;
}

static int local_find(struct deploy *deploy, struct err *err)
{
    char trust[PATH_MAX];
    int rc = local_path("/release.pem", deploy->key_path, err);
    rc = rc == 0 ? deploy_trust_path(trust, err) : rc;
    if (rc != 0 || (access(deploy->key_path, F_OK) == 0 && access(trust, F_OK) == 0)) {
        return rc;
    }
    if (deploy->is_init) {
        return local_make(err);
    }
    return err_set(err, ERR_NOT_FOUND,
                   "no key to sign with; name one with --key, or a fleet's folder with --dir or "
                   "BERTH_FLEET; on a gateway without a fleet, --init makes a key and has the "
                   "gateway trust it");
}

static bool has_fleet(const struct deploy *deploy)
{
    const char *named = getenv("BERTH_FLEET");
    return deploy->dir != NULL || (named != NULL && named[0] != '\0') ||
           access("fleet.json", F_OK) == 0;
}

int deploy_key_find(struct deploy *deploy, struct err *err)
{
    struct fleet_dir dir;
    bool is_fleet = has_fleet(deploy) || deploy->node != NULL;
    if (deploy->is_init && (deploy->key != NULL || is_fleet)) {
        return err_set(err, ERR_USAGE,
                       "--init makes a key of its own: leave --key, --dir and BERTH_FLEET out, and "
                       "no fleet.json here; a gateway of a fleet is set up with berth node add");
    }
    if (deploy->key != NULL) {
        return text_copy(deploy->key_path, sizeof deploy->key_path, deploy->key)
                   ? 0
                   : err_set(err, ERR_USAGE, "--key: the path is too long");
    }
    if (!is_fleet) {
        return local_find(deploy, err);
    }
    int rc = fleet_dir_load(fleet_dir_choose(deploy->dir), &dir, err);
    if (rc == 0) {
        fleet_dir_file(&dir, "keys/release.pem", deploy->key_path);
    }
    return rc;
}
