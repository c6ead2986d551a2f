/* sessions: the links of many nodes in one process, each with the certificate of its own bundle,
 * to a broker on loopback. Nothing of a node but its session with the broker. */
#ifndef TESTS_LOAD_SESSIONS_H
#define TESTS_LOAD_SESSIONS_H

#include "agent/limits.h"
#include "agent/link/link.h"
#include "platform/verify.h"
#include "ports/linux/clock.h"
#include "ports/linux/loop.h"
#include "ports/mbedtls/tls.h"
#include "ports/mosquitto/bus.h"

/* In one process: the loop watches a descriptor for each. More sessions take more processes. */
#define SESSIONS_MAX 220

/* What all of a process share; must not move. */
struct sessions {
    struct linux_loop loop;
    struct linux_clock clock;
    struct verify verify;
};

/* One node's; must not move. */
struct session {
    char node[NODE_NAME_BYTES];
    char ca[512], cert[512], key[512];
    struct mbedtls_tls *tls;
    struct mosquitto_bus *bus;
    struct link link;
};

int sessions_init(struct sessions *sessions, struct err *err);

/* A link that connects at its first step, as the node `session->node`, whose bundle is
 * FOLDER/nodes/<node>, to the broker at `port`. `user` is copied. */
int session_init(struct session *session, struct sessions *sessions, const char *folder,
                 uint16_t port, const struct link_user *user, struct err *err);

#endif
