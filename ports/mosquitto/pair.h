/* pair: libmosquitto's own socket and ours, connected inside this process and to nobody else. */
#ifndef PORTS_MOSQUITTO_PAIR_H
#define PORTS_MOSQUITTO_PAIR_H

#include "platform/base/err.h"

/* So that "<run_dir>/berth.XXXXXX/s" fits into a unix address. */
#define PAIR_RUN_DIR_BYTES 71

/* Makes whoever is handed `path` connect to it; 0 or an error. */
typedef int (*pair_connect)(void *ctx, const char *path, struct err *err);

/* Listens in a new 0700 directory under run_dir, calls connect once, takes that connection, sees
 * that this very process is at its other end, and removes socket and directory. *fd does not block
 * and is the caller's. ERR_IO, ERR_NETWORK (it was somebody else), or connect's error. */
NODISCARD int pair_make(const char *run_dir, pair_connect connect, void *ctx, int *fd,
                        struct err *err);

#endif
