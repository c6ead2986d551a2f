/* format: is this medium ours, empty, or somebody else's? */
#ifndef PORTS_FLAT_FORMAT_H
#define PORTS_FLAT_FORMAT_H

#include "ports/flat/layout.h"
#include "ports/flat/medium.h"

/* Finds the superblock or, where everything before the blob area is zero (a cut may have left a
 * part of our superblock there), writes it; *pages is what the medium was made with. Mends the
 * superblock that is not whole where the other is. ERR_VALUE: bad page size; ERR_DISK_SPACE: too
 * small; ERR_VERSION: made by another version or with other pages; ERR_CORRUPT: a superblock, but
 * damaged; ERR_EXISTS: something else; nothing is written then, and the text names the remedy.
 * ERR_STORE. May block. */
NODISCARD int flat_format_open(const struct flat_medium *medium, uint64_t *pages, struct err *err);

#endif
