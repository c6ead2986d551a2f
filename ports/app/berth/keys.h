/* keys: the keys a fleet begins with. */
#ifndef PORTS_APP_BERTH_KEYS_H
#define PORTS_APP_BERTH_KEYS_H

#include "ports/app/berth/keyring.h"

/* Writes {release,order,trust,revoke}.{pem,pub} and trust.json (version 1, one key a role, signed
 * by trust.pem) into `dir`, which is made when it is not there. ERR_EXISTS names a key that is
 * there already; what was written before it stays. */
NODISCARD int keys_make(const struct keyring *keyring, const char *dir, const char *fleet,
                        struct err *err);

/* The files of an operator's own key are called so. */
#define KEYS_OPERATOR "operator"

/* Writes operator.{pem,pub} into `dir`: the key that signs what its holder asks of rollouts. Nobody
 * believes it before the operators' document names it. ERR_EXISTS. */
NODISCARD int keys_operator_make(const struct keyring *keyring, const char *dir,
                                 struct trust_key *key, struct err *err);

#endif
