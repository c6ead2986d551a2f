/* route: which container answers on a published port and on a service address. */
#ifndef PLATFORM_ROUTE_H
#define PLATFORM_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/base/err.h"
#include "platform/engine.h"

#define ROUTE_SERVICES_MAX                                                                         \
    32 /* a service may stand twice: ports being removed keep their old backends */
#define ROUTE_PORTS_MAX    16 /* a service */
#define ROUTE_BACKENDS_MAX 32 /* a service: two sets of replicas */
/* Pairs of a port and a backend, over all services, that every implementation takes; a service
 * address counts as a port. Three services of 16 ports and 16 replicas; a table with more may be
 * refused for its size. */
#define ROUTE_PAIRS_SURE (3 * 17 * 16)

/* Of the pool's first 256 addresses these are nobody's. As one of them a container sees a client on
 * this machine that asked 127.0.0.1 (one for each port that leads to the same place), a neighbour
 * that asked a service address, and a neighbour that asked a published port (by a hash of its own
 * address). */
#define ROUTE_OWN_NODE       32
#define ROUTE_OWN_NEIGHBOURS 64
#define ROUTE_OWN_PUBLISHED  160
#define ROUTE_OWN_LAST       255

/* A connection that ended is forgotten within this time, where has_timeouts. */
#define ROUTE_FORGOTTEN_MS 1000
/* So long a backend that has lost its traffic is not stopped: then its ended connections are
 * forgotten. An engine that takes a container down deletes the connections it finds by address and
 * port; what it finds then is what is open, and no client has come back from the same port. */
#define ROUTE_REST_MS (ROUTE_FORGOTTEN_MS + 1000)

#define ROUTE_HOLD_MS_MAX 600000

enum route_protocol { ROUTE_TCP, ROUTE_UDP, ROUTE_SCTP };

/* "tcp", "udp", "sctp". */
const char *route_protocol_word(enum route_protocol protocol);
/* False for any other word. */
bool route_protocol_of(const char *word, enum route_protocol *protocol);

/* A published port: connections to host_ip:host_port (host_ip 0: any address of this machine,
 * 127.0.0.1 included) go to a backend's container_port. */
struct route_port {
    enum route_protocol protocol;
    ipv4 host_ip;
    uint16_t host_port, container_port;
};

/* weight 1..1000; a backend gets weight / sum of the new connections. */
struct route_backend {
    ipv4 address;
    uint16_t weight;
};

/* One service. Its service address answers on every port with the backends, for containers and for
 * this machine. Without backends nothing is forwarded and a connection is refused at once. */
struct route_service {
    char app[ENGINE_LABEL_BYTES], service[ENGINE_LABEL_BYTES];
    char bridge[16]; /* interface of the app's network */
    ipv4 address;    /* service address; 0: none */
    struct route_port ports[ROUTE_PORTS_MAX];
    size_t port_count;
    struct route_backend backends[ROUTE_BACKENDS_MAX];
    size_t backend_count;
    /* New TCP connections to its ports and its address are kept waiting, neither answered nor
     * refused: their clients ask again. For so long after apply, to the second above, at most
     * ROUTE_HOLD_MS_MAX; the kernel counts, whatever becomes of us. 0: nobody waits. A boot file
     * lets nobody wait. */
    uint32_t hold_ms;
};

/* Everything this node forwards. */
struct route_table {
    uint64_t generation; /* chosen by the caller; readable back from the kernel */
    ipv4 pool;           /* every container's address lies inside */
    unsigned pool_bits;
    size_t service_count; /* of the services only these are read or written */
    struct route_service services[ROUTE_SERVICES_MAX];
};

/* What keeps clients on other hosts from the containers, or will: a word, and what to do. */
#define ROUTE_OBSTACLES(X)                                                                         \
    X(NONE, "none", "nothing is in the way")                                                       \
    X(FORWARDING, "forwarding",                                                                    \
      "net.ipv4.ip_forward is 0 and does not become 1: allow it in sysctl.d")                      \
    X(POOL, "pool",                                                                                \
      "the pool lies over a route of this machine: name another pool in berthd.json, or take the " \
      "route away")                                                                                \
    X(POLICY, "policy",                                                                            \
      "iptables drops in FORWARD and there is no DOCKER-USER: let the engine use iptables, or "    \
      "accept the pool in FORWARD")                                                                \
    X(HOOK, "hook",                                                                                \
      "iptables drops in FORWARD before DOCKER-USER is reached: jump there first, or restart the " \
      "engine")                                                                                    \
    X(LEGACY, "legacy",                                                                            \
      "tables of iptables-legacy are loaded, whose rules cannot be seen from here: flush them, "   \
      "or let engine and site use one iptables")

enum route_obstacle {
#define ROUTE_OBSTACLE_ENUM(name, word, text) ROUTE_OBSTACLE_##name,
    ROUTE_OBSTACLES(ROUTE_OBSTACLE_ENUM)
#undef ROUTE_OBSTACLE_ENUM
        ROUTE_OBSTACLE_COUNT
};

const char *route_obstacle_word(enum route_obstacle obstacle);
const char *route_obstacle_text(enum route_obstacle obstacle);

/* What the kernel holds now. */
struct route_state {
    bool is_present;
    uint64_t generation; /* 0 when not present */
    bool is_altered;     /* of the generation applied last, and yet not as apply left it */
    bool is_open;        /* the engine's firewall lets forwarded packets to the pool pass */
    enum route_obstacle obstacle; /* the first that was found */
    bool has_timeouts; /* what apply makes forgets ended connections after ROUTE_FORGOTTEN_MS;
                        * false: this kernel cannot, or it is not known yet */
    bool lacks_holds;  /* hold_ms has no effect: this kernel's sets know no time-outs */
};

/* err is NULL on success; state only for read. */
typedef void (*route_done)(void *ctx, const struct err *err, const struct route_state *state);

/* Somebody else may have changed what apply left in the kernel. It may come late, twice, for
 * nothing or not at all: a reason to read, and never a fact. */
typedef void (*route_hint)(void *ctx);

/* Calls are carried out in order; a failing call never calls back, a successful one exactly once,
 * later. Tables are copied. Established connections are not touched by apply;
 * flows of datagrams (UDP) to a backend that is in the table no more go to one that is. Only tables
 * of our own (named by node) are written, never anyone else's, apart from two static accepts
 * through the engine's own hook: to the pool, and for established answers from it (the engine's
 * isolation of bridges drops those). ERR_ROUTE with the tool's words. At most 16 calls pending. */
struct route_ops {
    /* Refuses what apply and commit refuse of a table, begins nothing and does not block: what is
     * no value (ERR_VALUE), and what is over a limit or too large as a whole (ERR_LIMIT, with how
     * large it may be). Besides, ERR_EXISTS: the pool lies over a route of this machine that is not
     * of an app, which would be cut off (apply takes it all the same: a route that comes later
     * takes nothing away from what serves). A table that passes is never refused for its size. */
    int (*check)(void *self, const struct route_table *table, struct err *err);
    /* Replaces the whole table in one transaction: no instant without the old or the new one.
     * Whatever others have put into it or changed in it is gone afterwards.
     * Opens the engine's firewall for the pool when it is not. Not durable: a reboot empties it. */
    int (*apply)(void *self, const struct route_table *table, route_done done, void *ctx,
                 struct err *err);
    /* Reads back from the kernel the generation, and whether all that apply left there is as it
     * was: each rule, chain, priority and policy, and nothing more. Mends on the bridges of the
     * last applied table what a new link of a container needs (call it now and then). */
    int (*read)(void *self, route_done done, void *ctx, struct err *err);
    /* Makes `table` the one that is loaded at boot, durably, without touching the kernel. */
    int (*commit)(void *self, const struct route_table *table, route_done done, void *ctx,
                  struct err *err);
    /* Deletes open connections to this backend address, so that both ends meet a reset or a new
     * choice at once and UDP flows move. The backend is in no table any more. */
    int (*forget)(void *self, ipv4 backend, route_done done, void *ctx, struct err *err);
    /* Removes our table and the accept from the kernel (not the boot file). */
    int (*clear)(void *self, route_done done, void *ctx, struct err *err);
    /* Is the port taken by a process of this machine (a listening or bound socket)? Reads
     * /proc; does not block. ERR_REQUIRES where this kernel does not have the protocol at all, with
     * what to do. */
    int (*is_held)(void *self, enum route_protocol protocol, ipv4 host_ip, uint16_t port,
                   bool *held, struct err *err);
    /* From now on hint(ctx) is called, never from inside a call, when the kernel says that our
     * table or the engine's hook was changed by anyone but us. A kernel that says nothing is asked
     * again at each read. Replaces the watch of before; hint NULL: there is none any more. */
    void (*watch)(void *self, route_hint hint, void *ctx);
};

struct route {
    const struct route_ops *ops;
    void *self;
};

/* True when both forward the same way, and let the same wait: generation, and for how long they
 * wait, is not compared. */
bool route_table_is_equal(const struct route_table *a, const struct route_table *b);
/* Makes `to` equal to `from`, the generation too. A table is far larger than what most nodes
 * forward: what is behind its last service is not touched. */
void route_table_copy(struct route_table *to, const struct route_table *from);

#endif
