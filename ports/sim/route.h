/* route: platform/route.h over a kernel table that reboots empty and a boot file that fills it. */
#ifndef PORTS_SIM_ROUTE_H
#define PORTS_SIM_ROUTE_H

#include "platform/route.h"
#include "ports/sim/eyes.h"
#include "ports/sim/world.h"

#define SIM_ROUTE_PENDING_MAX 16
#define SIM_HELD_MAX          8
#define SIM_FLOWS_MAX         32
#define SIM_NODE_ADDRESS      0xC0A80A02u /* 192.168.10.2 */
#define SIM_LOOPBACK          0x7F000001u

/* A tracked connection, or UDP flow. */
struct sim_flow {
    bool is_used, is_broken;
    enum route_protocol protocol;
    ipv4 address; /* as the client named it */
    uint16_t port;
    ipv4 backend;
};

struct sim_held_port {
    enum route_protocol protocol;
    ipv4 host_ip;
    uint16_t port;
};

struct sim_route_call;

struct sim_route {
    struct sim_world *world;
    struct route_table kernel, boot_file;
    bool has_kernel, has_boot_file;
    bool is_altered;              /* somebody has changed the kernel's table since it was applied */
    bool is_open;                 /* the engine's firewall lets the pool pass */
    enum route_obstacle obstacle; /* of the site; the story's to set */
    mono_ms wait_until[ROUTE_SERVICES_MAX]; /* of the kernel's table, by service; 0: nobody waits */
    struct sim_flow flows[SIM_FLOWS_MAX];
    struct sim_held_port held[SIM_HELD_MAX];
    size_t held_count;
    struct sim_route_call *calls; /* SIM_ROUTE_PENDING_MAX, owned */
    uint64_t serial;
    mono_ms busy_until;
    struct sim_eyes eyes;
};

/* What an observer sees at SIM_SAW_TABLE; NULL where there is no table. */
struct sim_table_change {
    const struct route_table *from, *to;
};

/* No table, no boot file. False when there is no memory. */
bool sim_route_init(struct sim_route *route, struct sim_world *world);
void sim_route_close(struct sim_route *route);
struct route sim_route_port(struct sim_route *route);

/* The power was cut: the kernel's table and all flows are gone. */
void sim_route_lose(struct sim_route *route);
/* The oneshot of the boot: the boot file, where there is one, becomes the kernel's table. */
void sim_route_boot(struct sim_route *route);
/* Somebody else loads another table under our name; no observer is told. */
void sim_route_replace(struct sim_route *route, const struct route_table *table);
/* Somebody else deletes the rules of the first service that forwards, and nothing besides; no
 * observer is told. */
void sim_route_spoil(struct sim_route *route);
/* Somebody else removes our table. */
void sim_route_flush(struct sim_route *route);

/* The backend that a new connection to address:port gets, by weight; 0: refused. address is a
 * service address, SIM_NODE_ADDRESS or SIM_LOOPBACK. */
ipv4 sim_route_choose(struct sim_route *route, enum route_protocol protocol, ipv4 address,
                      uint16_t port);

/* A new connection to address:port is neither answered nor refused now: its client tries again. */
bool sim_route_waits(const struct sim_route *route, enum route_protocol protocol, ipv4 address,
                     uint16_t port);

/* A tracked connection: its place, or -1 when it is refused. */
int sim_route_open(struct sim_route *route, enum route_protocol protocol, ipv4 address,
                   uint16_t port);
/* The backend at its other end now; 0: it was reset. */
ipv4 sim_route_say(struct sim_route *route, int flow);
void sim_route_shut(struct sim_route *route, int flow);

/* A process of the machine binds the port. */
void sim_route_hold(struct sim_route *route, enum route_protocol protocol, ipv4 host_ip,
                    uint16_t port);

bool sim_table_has_backend(const struct route_table *table, ipv4 address);

#endif
