/* route_world: a node, its containers and a host beside it, made of network namespaces that are
 * held by descriptors alone: nothing has a name outside this process, so nothing stays behind,
 * however it ends. */
#ifndef TESTS_CONTRACT_ROUTE_WORLD_H
#define TESTS_CONTRACT_ROUTE_WORLD_H

#include <sys/types.h>

#include "ports/linux/loop.h"
#include "ports/linux/worker.h"
#include "ports/nftables/route.h"
#include "tests/contract/route_contract.h"

/* Besides the places of the contract: a container on a bridge that is not ours. */
#define PLACE_STRANGER     ROUTE_PLACE_COUNT
#define WORLD_PLACES       (ROUTE_PLACE_COUNT + 1)
#define WORLD_BRIDGE       "berth-0badcafe"
#define WORLD_OTHER_BRIDGE "other0"
#define WORLD_UPLINK       "up0"
#define WORLD_NODE         "node-7"
#define WORLD_TABLE        "berth-" WORLD_NODE
#define WORLD_BOOT_PATH    "/mnt/boot.nft" /* a file system that only this process sees */
#define WORLD_POOL         0xc6120000u     /* 198.18.0.0/15 */
#define WORLD_POOL_TEXT    "198.18.0.0/15"
#define WORLD_GATEWAY      "198.18.8.1"
#define WORLD_HANDLES_MAX  8

struct world {
    int spaces[WORLD_PLACES]; /* descriptors of the namespaces */
    pid_t server, loaders[3];
    int handles[WORLD_HANDLES_MAX]; /* sockets, -1 where free */
    int held[WORLD_HANDLES_MAX];
    struct world_tally *tally; /* shared with the loaders */
    struct linux_loop loop;
    struct linux_worker worker;
    struct nftables_route route;
};

/* Makes this process the node of a fresh world with servers in FIRST and SECOND, and fills the
 * fixture. Ends the process with a message when the machine does not allow it. */
void world_init(struct world *world, struct route_fixture *fixture);

/* Ends the children; the namespaces go with the process. */
void world_close(struct world *world);

/* Runs a program in a place and waits: words are separated by single spaces. Its exit status. */
int world_run(struct world *world, unsigned place, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same in the node, with what it printed (cut) in `output`. */
int world_capture(struct world *world, char *output, size_t cap, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* Every tracked connection of the node is forgotten. */
void world_forget_all(struct world *world);

/* Adds a place whose eth0 is a port `link` of the node's bridge ("" for none). */
void world_attach(struct world *world, unsigned place, const char *link, const char *bridge,
                  const char *address, const char *gateway);

/* Moves this process into the place's namespace; PLACE_NODE to come back. */
void world_enter(struct world *world, unsigned place);

/* A socket of `type` made in the place, non-blocking. */
int world_socket(struct world *world, unsigned place, int type);

/* Writes a small file of the kernel, as seen from the node; false when it is not there. */
bool world_write(const char *path, const char *value);

/* route_talk.c: the hooks that ask, and the children that answer and load. */
int talk_open(void *self, enum route_place from, enum route_protocol protocol, ipv4 address,
              uint16_t port);
int talk_say(void *self, int handle);
void talk_shut(void *self, int handle);
/* A question in flight for some time, and its answer. */
void talk_ask_late(struct world *world, int handle);
int talk_hear(struct world *world, int handle);
void talk_load_start(void *self);
void talk_load_stop(void *self, unsigned *asked, unsigned *failed);
void talk_hold(void *self, enum route_protocol protocol, ipv4 host_ip, uint16_t port);
void talk_release(void *self);
void talk_serve(struct world *world);

/* For the loaders and the fixture: one address of the world. */
#define WORLD_NODE_ADDRESS    0xc0000201u /* 192.0.2.1 */
#define WORLD_SERVICE_ADDRESS 0xc6120010u /* 198.18.0.16 */

#endif
