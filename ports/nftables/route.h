/* nftables_route: platform/route.h on one nftables table of our own, through the worker's tools. */
#ifndef PORTS_NFTABLES_ROUTE_H
#define PORTS_NFTABLES_ROUTE_H

#include "platform/route.h"
#include "platform/worker.h"
#include "ports/nftables/bridge.h"
#include "ports/nftables/ruleset.h"
#include "ports/nftables/watch.h"

#define NFTABLES_ROUTE_PENDING_MAX 16
#define NFTABLES_ROUTE_PATH_BYTES  256

struct nftables_route_settings {
    struct worker worker;
    const char *node;      /* node name; the table is `ip berth-<node>` */
    const char *boot_path; /* file that commit writes, for `nft -f` at boot */
    ipv4 pool;             /* every table's pool */
    unsigned pool_bits;
    struct loop loop; /* that waits for what the kernel says; ops NULL: it is not listened to */
};

#define NFTABLES_DATAGRAM_MAX 256

struct nftables_job;

enum nftables_ability { NFTABLES_UNKNOWN, NFTABLES_HAS, NFTABLES_HAS_NOT };

/* private: owned by the caller, used through the functions below. */
struct nftables_route {
    struct worker worker;
    char node[RULESET_NODE_CHARS + 1];
    char boot_path[NFTABLES_ROUTE_PATH_BYTES];
    ipv4 pool;
    unsigned pool_bits;
    char bridges[ROUTE_SERVICES_MAX][BRIDGE_NAME_BYTES]; /* of the table applied last */
    size_t bridge_count;
    enum nftables_ability timeouts;        /* as the kernel was asked */
    enum nftables_ability holds;           /* as it took the first of them */
    uint64_t print;                        /* of what apply left in the kernel; 0: not known */
    bool is_altered;                       /* a read has seen another one since */
    ipv4 datagrams[NFTABLES_DATAGRAM_MAX]; /* backends that take them, in the table applied last */
    size_t datagram_count;
    struct nftables_job *jobs; /* oldest first */
    size_t job_count;
    bool is_running;
    struct nftables_watch watch;
};

/* Copies the settings; the worker outlives the route. Touches nothing outside. ERR_VALUE when node,
 * path or pool are not such. */
NODISCARD int nftables_route_init(struct nftables_route *route,
                                  const struct nftables_route_settings *settings, struct err *err);

/* Frees what is pending, whose callbacks never come. Not before the worker is closed, or nothing is
 * pending there. The kernel keeps the table. */
void nftables_route_close(struct nftables_route *route);

/* The interface; valid until nftables_route_close. Beyond platform/route.h:
 * apply answers for the switch alone: it has succeeded when the kernel holds the new table. That
 * the firewall could not be opened shows in the next read (is_open); the next apply tries again.
 * apply and read also see to the bridges of the table applied last: a bridge or container that came
 * since gets what bridge.h says at the next read.
 * A table whose pool is not that of the settings is ERR_VALUE. */
struct route nftables_route_interface(struct nftables_route *route);

#endif
