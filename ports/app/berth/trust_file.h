/* trust_file: writing a trust document. */
#ifndef PORTS_APP_BERTH_TRUST_FILE_H
#define PORTS_APP_BERTH_TRUST_FILE_H

#include "ports/app/berth/keyring.h"

/* Renders the document, checks that a node will take it, signs it with these keys and writes it,
 * whole or not at all. With version 1 the document must be signed by its own trust keys; with
 * `before`, the version it follows (NULL: not held against one), by those of both. */
NODISCARD int trust_file_write(const struct keyring *keyring, const struct trust *trust,
                               const struct trust *before, const char *const *pem_paths,
                               size_t pem_count, const char *path, struct err *err);

#endif
