/* release_sign: signatures added to a release file, for the verbs that sign one. */
#ifndef PORTS_APP_BERTH_RELEASE_SIGN_H
#define PORTS_APP_BERTH_RELEASE_SIGN_H

#include "ports/app/berth/keyring.h"

struct sign_request {
    const char *input, *output; /* may be the same */
    const char *keys[KEYRING_FILES_MAX];
    size_t key_count;
    bool is_quiet;
};

/* Reads the release as a node will, signs it with each key and writes the output. */
NODISCARD int release_sign_run(const struct sign_request *request, struct err *err);

#endif
