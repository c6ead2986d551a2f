/* berth keys new: the keys a fleet begins with, in a folder of their own; or an operator's key. */
#include <limits.h>
#include <stdio.h>

#include "platform/base/text.h"
#include "ports/app/berth/fleet_dir.h"
#include "ports/app/berth/keys.h"
#include "ports/app/berth/verbs.h"

/* In the fleet's folder, where every verb of the operator looks for it. */
static int operator_new(const struct keyring *keyring, const char *path, struct err *err)
{
    struct trust_key key;
    struct fleet_dir dir;
    char keys[PATH_MAX];
    int rc = fleet_dir_load(fleet_dir_choose(path), &dir, err);
    if (rc != 0) {
        return rc;
    }
    fleet_dir_file(&dir, "keys", keys);
    rc = keys_operator_make(keyring, keys, &key, err);
    if (rc == 0) {
        printf("%s/operator.pem: an operator's key; keep it secret\n"
               "it counts once the fleet's operators name it. Where trust.pem is:\n"
               "  berth keys operators --add NAME=%s/operator.pub\n"
               "  berth trust publish\n",
               keys, keys);
    }
    return rc;
}

static int fleet_new(const struct keyring *keyring, const char *dir, const char *fleet,
                     struct err *err)
{
    int rc = keys_make(keyring, dir, fleet, err);
    if (rc == 0) {
        printf("%s: one private key a role (release, order, trust, revoke), and trust.json for the "
               "nodes\nkeep *.pem secret; trust.pem is needed only when keys change\n",
               dir);
    }
    return rc;
}

int verb_keys_new(struct given *given, struct err *err)
{
    const char *folder = given->arguments[0];
    const char *fleet = given_value(given, "fleet");
    const char *dir = given_value(given, "dir");
    bool is_operator = fleet == NULL && strcmp(folder, KEYS_OPERATOR) == 0;
    struct keyring keyring;
    if (!is_operator && fleet == NULL) {
        given_complain(given, "--fleet NAME is needed, or: " KEYS_OPERATOR);
    }
    if (!is_operator && dir != NULL) {
        given_complain(given, "--dir is of keys new " KEYS_OPERATOR);
    }
    if (strlen(folder) > PATH_MAX - 32) {
        given_complain(given, "the folder's path is too long");
    }
    int rc = given_judge(given, err);
    rc = rc == 0 ? keyring_open(&keyring, err) : rc;
    if (rc == 0) {
        rc = is_operator ? operator_new(&keyring, dir, err)
                         : fleet_new(&keyring, folder, fleet, err);
        keyring_close(&keyring);
    }
    return rc;
}
