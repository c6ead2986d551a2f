/* berth keys new: the keys a fleet begins with, in a folder of their own. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>

#include "platform/base/text.h"
#include "ports/app/berth/keys.h"
#include "ports/app/berth/verbs.h"

int verb_keys_new(int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{"fleet", required_argument, NULL, 'f'}, {0}};
    const char *fleet = NULL;
    struct keyring keyring;
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'f') {
            return err_set(err, ERR_USAGE, "no such option");
        }
        if (!text_is_name(optarg, NAME_BYTES - 1)) {
            return err_set(err, ERR_USAGE, "--fleet must be a name: a-z, 0-9 and '-'");
        }
        fleet = optarg;
    }
    if (optind + 1 != argc || fleet == NULL || strlen(argv[optind]) > PATH_MAX - 32) {
        return err_set(err, ERR_USAGE, "one directory and --fleet are needed");
    }
    int rc = keyring_open(&keyring, err);
    if (rc == 0) {
        rc = keys_make(&keyring, argv[optind], fleet, err);
        keyring_close(&keyring);
    }
    if (rc == 0) {
        printf("%s: one private key a role (release, order, trust, revoke), and trust.json for the "
               "nodes\nkeep *.pem secret; trust.pem is needed only when keys change\n",
               argv[optind]);
    }
    return rc;
}
