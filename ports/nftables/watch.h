/* watch: what the kernel says of changes to nftables, read for one thing: whether it may concern
 * us. */
#ifndef PORTS_NFTABLES_WATCH_H
#define PORTS_NFTABLES_WATCH_H

#include "platform/base/span.h"
#include "platform/loop.h"
#include "platform/route.h"

#define WATCH_TABLE_BYTES 80

/* private to this room. Zeroed, it watches nothing. */
struct nftables_watch {
    struct loop loop;              /* ops NULL: there is nothing to wait with, and no hints */
    char table[WATCH_TABLE_BYTES]; /* of ours */
    int fd_plus_one;               /* 0: not open */
    route_hint hint;               /* NULL: nobody listens */
    void *ctx;
    bool is_busy; /* a call of ours is at work, and what it does is said as well */
    bool is_owed; /* something was said in the meantime */
};

/* One datagram of NETLINK_NETFILTER: true when a message in it names our table, or the engine's
 * hook. What is cut short may have. */
bool watch_read(struct span datagram, const char *table);

/* Listens if it does not already: a kernel that refuses (or an emulator) costs the hints alone. */
void watch_open(struct nftables_watch *watch);
/* A call of ours begins: what is said until watch_settle waits for that. */
void watch_hold(struct nftables_watch *watch);
/* It is over: what was said in the meantime counts, unless the call has changed something itself.
 */
void watch_settle(struct nftables_watch *watch, bool has_changed);
void watch_close(struct nftables_watch *watch);

#endif
