/* route_contract: what every implementation of platform/route.h must do, asked of a small world. */
#ifndef TESTS_CONTRACT_ROUTE_CONTRACT_H
#define TESTS_CONTRACT_ROUTE_CONTRACT_H

#include "platform/route.h"

/* Who asks. FIRST and SECOND are containers on the app's bridge and the two backends: each answers
 * with its own number (0, 1) on TCP port 80 and UDP port 53. NEIGHBOUR is a third container there
 * and answers nothing. OUTSIDE is another host, NODE this machine itself. */
enum route_place {
    PLACE_FIRST,
    PLACE_SECOND,
    PLACE_NEIGHBOUR,
    PLACE_OUTSIDE,
    PLACE_NODE,
    ROUTE_PLACE_COUNT
};

#define ROUTE_WORLD_BACKENDS 2
#define ROUTE_WORLD_TCP_PORT 80
#define ROUTE_WORLD_UDP_PORT 53
/* Where the table of all cases publishes these. */
#define ROUTE_WORLD_PUBLISHED_TCP 8080
#define ROUTE_WORLD_PUBLISHED_UDP 8053
#define ROUTE_WORLD_LOOPBACK      0x7f000001u

/* What comes back, besides the number of a backend. */
enum route_answer {
    ROUTE_REFUSED = -1,     /* at once */
    ROUTE_SILENT = -2,      /* nothing within the world's patience */
    ROUTE_UNREACHABLE = -3, /* somebody on the way said no */
    ROUTE_BROKEN = -4       /* it stood and was reset */
};

/* The world and the route in it. Hooks may block for some milliseconds. */
struct route_fixture {
    struct route route;
    ipv4 pool, service_address, node_address;
    unsigned pool_bits;
    char bridge[16];
    ipv4 backends[ROUTE_WORLD_BACKENDS];
    void *self;
    /* One turn of whatever makes pending calls answer. */
    void (*pump)(void *self);
    /* Back to no table, no tracked connection, no boot file. No call is pending. */
    void (*reset)(void *self);
    /* Opens a connection (for UDP: a socket), or an answer when there is none; several stand at the
     * same time. */
    int (*open)(void *self, enum route_place from, enum route_protocol protocol, ipv4 address,
                uint16_t port);
    /* Asks over an open one: the backend that answers, or an answer. */
    int (*say)(void *self, int handle);
    void (*shut)(void *self, int handle);
    /* New connections, one after the other and all at the same time, from OUTSIDE to
     * node_address:8080, from NODE to 127.0.0.1:8080 and from SECOND to the service address, until
     * stopped; `asked` counts the place that got least. */
    void (*load_start)(void *self);
    void (*load_stop)(void *self, unsigned *asked, unsigned *failed);
    /* Somebody else removes our table. */
    void (*flush)(void *self);
    /* Somebody else deletes rules of it that connections go by, and nothing besides. */
    void (*spoil)(void *self);
    /* The machine restarts: tables and connections go, the boot file is loaded. */
    void (*reboot)(void *self);
    /* A process of the node binds the port (listens, for TCP) until release. */
    void (*hold)(void *self, enum route_protocol protocol, ipv4 host_ip, uint16_t port);
    void (*release)(void *self);
};

/* Runs the suite over the fixture; argc and argv are those of main. Returns main's exit status. */
int route_contract_run(struct route_fixture *fixture, int argc, char **argv);

/* route_wait.c: its cases, which route_contract_run runs, too. */
int route_wait_run(struct route_fixture *fixture, int argc, char **argv);
/* route_hints.c: its part about hints; called by route_contract_run. */
int route_hints_run(struct route_fixture *fixture, int argc, char **argv);

/* The table all cases use: one service with its address, TCP 8080 -> 80 and UDP 8053 -> 53, and
 * those backends whose weight is not 0. */
void route_contract_table(const struct route_fixture *fixture, uint64_t generation,
                          uint16_t first_weight, uint16_t second_weight, struct route_table *table);

/* A call that is made and waited for; returns its code. `state` may be NULL. */
int route_contract_apply(struct route_fixture *fixture, const struct route_table *table);
int route_contract_commit(struct route_fixture *fixture, const struct route_table *table);
int route_contract_read(struct route_fixture *fixture, struct route_state *state);
int route_contract_clear(struct route_fixture *fixture);

/* open, say and shut in one. */
int route_contract_ask(struct route_fixture *fixture, enum route_place from,
                       enum route_protocol protocol, ipv4 address, uint16_t port);

#endif
