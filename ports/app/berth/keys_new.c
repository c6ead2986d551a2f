/* berth keys new: the keys a fleet begins with, in a folder of their own; or an operator's key. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>

#include "platform/base/text.h"
#include "ports/app/berth/fleet_dir.h"
#include "ports/app/berth/keys.h"
#include "ports/app/berth/verbs.h"

struct keys_request {
    const char *fleet, *dir; /* of keys new DIR; of keys new operator */
};

static int option_note(struct keys_request *request, int option, struct err *err)
{
    if (option == 'd') {
        request->dir = optarg;
        return 0;
    }
    if (option != 'f') {
        return err_set(err, ERR_USAGE, "no such option");
    }
    if (!text_is_name(optarg, NAME_BYTES - 1)) {
        return err_set(err, ERR_USAGE, "--fleet must be a name: a-z, 0-9 and '-'");
    }
    request->fleet = optarg;
    return 0;
}

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

int verb_keys_new(int argc, char **argv, struct err *err)
{
    static const struct option options[] = {
        {"fleet", required_argument, NULL, 'f'}, {"dir", required_argument, NULL, 'd'}, {0}};
    struct keys_request request = {0};
    struct keyring keyring;
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int rc = option_note(&request, option, err);
        if (rc != 0) {
            return rc;
        }
    }
    bool is_operator = optind + 1 == argc && request.fleet == NULL &&
                       strcmp(argv[optind], KEYS_OPERATOR) == 0;
    if (!is_operator && (optind + 1 != argc || request.fleet == NULL || request.dir != NULL ||
                         strlen(argv[optind]) > PATH_MAX - 32)) {
        return err_set(err, ERR_USAGE, "one directory and --fleet are needed, or: operator");
    }
    int rc = keyring_open(&keyring, err);
    if (rc == 0) {
        rc = is_operator ? operator_new(&keyring, request.dir, err)
                         : fleet_new(&keyring, argv[optind], request.fleet, err);
        keyring_close(&keyring);
    }
    return rc;
}
