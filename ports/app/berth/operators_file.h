/* operators_file: the operators' document in the fleet's folder, keys/operators.json. */
#ifndef PORTS_APP_BERTH_OPERATORS_FILE_H
#define PORTS_APP_BERTH_OPERATORS_FILE_H

#include "agent/wire/operators.h"
#include "ports/app/berth/fleet_dir.h"
#include "ports/app/berth/keyring.h"

/* The name of the operator that a fleet begins with. */
#define OPERATORS_FIRST "operator"

/* Reads it: signed by the trust role of `trust`. Where there is none *operators is version 0. */
NODISCARD int operators_file_load(const struct keyring *keyring, const struct fleet_dir *dir,
                                  const struct trust *trust, struct operators *operators,
                                  struct err *err);

/* Renders it, signs it with these keys, checks it as a coordinator will, and writes it, whole or
 * not at all. ERR_VERSION where what is there is not older. */
NODISCARD int operators_file_write(const struct keyring *keyring, const struct fleet_dir *dir,
                                   const struct trust *trust, const struct operators *operators,
                                   const char *const *pem_paths, size_t pem_count, struct err *err);

/* Keeps an envelope that a coordinator has verified, where it is newer than what is there. */
NODISCARD int operators_file_keep(const struct keyring *keyring, const struct fleet_dir *dir,
                                  const struct trust *trust, struct span envelope, struct err *err);

/* Makes the fleet's first operator: keys/operator.{pem,pub}, where they are not there, and version
 * 1 of the document, signed by keys/trust.pem. A new fleet demands signed labels: it has no others.
 */
NODISCARD int operators_file_begin(const struct keyring *keyring, const struct fleet_dir *dir,
                                   bool is_new, struct err *err);

/* Signs a document as this folder's operator, and renders its envelope into the arena.
 * ERR_NOT_FOUND where the folder has no operator's key, ERR_UNKNOWN_KEY where `operators` does not
 * name it; both say what to do. */
NODISCARD int operators_file_sign(const struct keyring *keyring, const struct fleet_dir *dir,
                                  const struct operators *operators, const char *type,
                                  struct span payload, struct arena *arena, struct span *envelope,
                                  struct err *err);

#endif
