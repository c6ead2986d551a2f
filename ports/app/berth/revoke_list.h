/* revoke_list: the signed list of releases that must never run, as bytes. */
#ifndef PORTS_APP_BERTH_REVOKE_LIST_H
#define PORTS_APP_BERTH_REVOKE_LIST_H

#include "ports/app/berth/keyring.h"

#define REVOKE_ARENA_BYTES ENVELOPE_BYTES_MAX

/* Adds a release, named by its digest or by its file; one that is there already is not added again.
 * ERR_LIMIT above REVOKED_MAX, and what opening the file says. */
NODISCARD int revoke_list_add(const struct keyring *keyring, const char *word,
                              struct revoked *revoked, struct err *err);

/* Renders the list, checks that a node will take it, and signs it into the arena. */
NODISCARD int revoke_list_sign(const struct keyring *keyring, const struct revoked *revoked,
                               const char *const *pem_paths, size_t pem_count, struct arena *arena,
                               struct span *envelope, struct err *err);

#endif
