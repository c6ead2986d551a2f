/* ended: what stays of an app that has left this node: what bars its old orders and releases. */
#ifndef AGENT_NODE_ENDED_H
#define AGENT_NODE_ENDED_H

#include "agent/node/memory.h"

#define ENDED_HEAD_BYTES  3
#define ENDED_ENTRY_BYTES (NAME_BYTES + 5 * 8 + 4 + QUARANTINE_MAX * 8)
/* The document: a version, the count, and the entries, the oldest first. The store checks it. */
#define ENDED_BYTES_MAX (ENDED_HEAD_BYTES + ENDED_MAX * ENDED_ENTRY_BYTES)

/* How many apps the document holds. ERR_VERSION: a later agent wrote it. ERR_CORRUPT: it is none.
 * One without a byte is the first, and holds none. */
NODISCARD int ended_count(struct span document, size_t *count, struct err *err);

/* Fills what is remembered of `app`: its name, floor, the highest order taken, the last generation,
 * and of what is quarantined the first 8 bytes of each digest; all else is zero. False: it is not
 * in the document, which must be sound. */
bool ended_find(struct span document, const char *app, struct memory_app *memory);

/* Adds what is to be remembered of an app, in place of what was of one of its name. `data` holds a
 * sound document of `len` bytes and has room for ENDED_BYTES_MAX; returns its new length. `evicted`
 * gets the name of the app that gave way, empty where none did. */
size_t ended_put(uint8_t *data, size_t len, const struct memory_app *memory,
                 char evicted[NAME_BYTES]);

#endif
