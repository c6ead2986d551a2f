/* linux_server: a unix socket that a few local peers talk to, each known by its kernel-checked uid.
 */
#ifndef PORTS_LINUX_SERVER_H
#define PORTS_LINUX_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/base/span.h"
#include "platform/loop.h"

#define LINUX_SERVER_PEERS_MAX     16
#define LINUX_SERVER_PATH_BYTES    108
#define LINUX_SERVER_OUT_BYTES_MAX 1048576
#define LINUX_SERVER_IDLE_MS       30000

struct linux_server_peer;

/* Whoever answers the peers. */
struct linux_server_user {
    /* A peer connected; `uid` is SO_PEERCRED's. What is returned names the peer in the other two;
     * NULL refuses it. */
    void *(*opened)(void *ctx, struct linux_server_peer *peer, uint32_t uid);
    /* All bytes received so far, from the first, in one piece; not called after linux_server_keep
     * or linux_server_finish. */
    void (*received)(void *named, struct span input);
    /* The connection is gone, by whichever side; `peer` must not be used any more. */
    void (*closed)(void *named);
    void *ctx; /* of opened */
    size_t input_bytes_max;
    struct span full; /* said to a peer that finds no place, before it is closed; may be empty */
};

/* private */
struct linux_server_peer {
    struct linux_server *server;
    int fd; /* -1: free */
    void *named;
    bool is_kept;      /* the request is whole; more input is thrown away */
    bool is_finishing; /* closes once the output is out */
    bool is_lingering; /* output is out; waits a moment for the peer to close first */
    bool is_lost;      /* closes at the next chance */
    bool is_at_end;    /* the peer sends no more */
    uint8_t *in;
    size_t in_len, in_cap;
    uint8_t *out;
    size_t out_len, out_cap, out_sent;
    struct loop_timer timer;
};

/* private; caller-allocated, must not move until linux_server_close. */
struct linux_server {
    struct loop loop;
    struct linux_server_user user;
    int fd;
    char path[LINUX_SERVER_PATH_BYTES];
    struct loop_timer resume; /* accepting again after the process ran out of descriptors */
    struct linux_server_peer peers[LINUX_SERVER_PEERS_MAX];
};

/* Listens on `path` (at most 107 bytes). Makes its directory (0755; its parent must exist) or takes
 * one that only root or this process's user can write. A socket that nobody answers on is replaced;
 * one that is answered is ERR_BUSY. The socket gets mode 0660 and, unless UINT32_MAX, the owner
 * `owner_uid`. ERR_VALUE (path), ERR_DENIED (directory not safe, or no right), ERR_EXISTS (not a
 * socket), ERR_IO. */
NODISCARD int linux_server_init(struct linux_server *server, struct loop loop, const char *path,
                                uint32_t owner_uid, const struct linux_server_user *user,
                                struct err *err);

/* Closes every connection (closed is called for each) and removes the socket. */
void linux_server_close(struct linux_server *server);

/* Queues bytes; copied. A peer that lets more than LINUX_SERVER_OUT_BYTES_MAX wait, or takes
 * nothing for LINUX_SERVER_IDLE_MS, is disconnected; closed then comes later, never from inside
 * this call. */
void linux_server_send(struct linux_server_peer *peer, struct span bytes);

/* The request is whole: ends the idle time-out that runs from the connection on. */
void linux_server_keep(struct linux_server_peer *peer);

/* Nothing more will be sent: closes once the peer has everything. */
void linux_server_finish(struct linux_server_peer *peer);

#endif
