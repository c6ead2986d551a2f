/* worker: the few calls that block, done outside the loop by the helper process.
 * Used by ports, never by agent/. */
#ifndef PLATFORM_WORKER_H
#define PLATFORM_WORKER_H

#include "platform/base/err.h"
#include "platform/base/span.h"

/* The only programs the helper runs; found on a fixed path list, started without a shell, with an
 * environment of LC_ALL=C and PATH alone. */
enum worker_program { WORKER_NFT, WORKER_IPTABLES, WORKER_CONNTRACK, WORKER_SYSCTL };

#define WORKER_ARGS_MAX         16
#define WORKER_INPUT_BYTES_MAX  114688
#define WORKER_OUTPUT_BYTES_MAX 106496 /* what nft lists of the largest input is shorter */

/* status: the program's exit status, or 128 + signal. output: what it wrote to standard output and
 * standard error together, cut at the limit; valid only inside the call. err is NULL unless the
 * call could not be carried out at all (helper died: ERR_IO; limit of 30 s run time passed, or the
 * helper answered nothing, not even a ping, and was killed: ERR_TIMEOUT). */
typedef void (*worker_done)(void *ctx, const struct err *err, int status, struct span output);

/* Every op but forget: a failing call never calls back; a successful call calls back exactly once,
 * later, from the loop. At most 32 calls are pending; one more is ERR_BUSY. Calls of run are
 * carried out in order, one at a time; so are calls of write_file; sync_filesystem, programs and
 * files run beside each other, so that a medium that does not answer holds up no program. If the
 * helper dies, pending calls answer ERR_IO and it is started again. */
struct worker_ops {
    /* Looks a host name up (getaddrinfo: hosts file, DNS); status 0 and as output the IPv4
     * addresses in the resolver's order, one dotted address a line, at most 8; status other than 0:
     * the value of an EAI_* number, without its sign; output its text. A literal address answers
     * itself. Looked up beside everything else, at most 4 at a time, a fifth when one of them has
     * ended; ERR_TIMEOUT when the resolver has not answered for 30 s. */
    int (*resolve)(void *self, const char *host, worker_done done, void *ctx, struct err *err);
    /* Runs a program with args[0..count) after its name and `input` on its standard input; both
     * are copied. */
    int (*run)(void *self, enum worker_program program, const char *const *args, size_t count,
               struct span input, worker_done done, void *ctx, struct err *err);
    /* syncfs of the file system that holds `path`; status 0 on success, else an errno. */
    int (*sync_filesystem)(void *self, const char *path, worker_done done, void *ctx,
                           struct err *err);
    /* Writes a small file durably: temporary file beside it, fsync, rename, fsync of the
     * directory; status 0 or an errno. The old file or the new one is there after a cut. */
    int (*write_file)(void *self, const char *path, struct span content, worker_done done,
                      void *ctx, struct err *err);
    /* The owner of `ctx` goes: whatever was called with it is still done, but calls back no more.
     * Only a lookup is given up, and its place is free for others. Harmless where nothing is
     * pending. */
    void (*forget)(void *self, const void *ctx);
};

struct worker {
    const struct worker_ops *ops;
    void *self;
};

#endif
