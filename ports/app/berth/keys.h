/* keys: the keys a fleet begins with. */
#ifndef PORTS_APP_BERTH_KEYS_H
#define PORTS_APP_BERTH_KEYS_H

#include "ports/app/berth/keyring.h"

/* Writes {release,order,trust,revoke}.{pem,pub} and trust.json (version 1, one key a role, signed
 * by trust.pem) into `dir`, which is made when it is not there. ERR_EXISTS names a key that is
 * there already; what was written before it stays. */
NODISCARD int keys_make(const struct keyring *keyring, const char *dir, const char *fleet,
                        struct err *err);

#endif
