/* deploy: a Compose file to its verdict on one node, in one command; what its parts share. */
#ifndef PORTS_APP_BERTH_DEPLOY_H
#define PORTS_APP_BERTH_DEPLOY_H

#include <limits.h>

#include "agent/limits.h"
#include "ports/app/berth/release_build.h"
#include "ports/app/control/client.h"

#define DEPLOY_TOOL "berth: deploy"

struct deploy {
    struct build_request build;
    /* Where to: at most one of host and node; neither: the agent at the socket. With a host, the
     * socket is a path there. */
    const char *socket, *host, *node;
    const char *key, *dir;  /* what signs; NULL: see deploy_key_find */
    const char *config_dir; /* of the agent on this machine, for --init */
    bool is_forced, is_init, is_sudo;
    char key_path[PATH_MAX];
    /* The signed release, alone in a folder of its own until the end: what a release needs besides
     * can be put beside it, under its name. */
    const char *release;
};

/* Chooses what signs into key_path: --key, the release key of the fleet's folder (--dir,
 * BERTH_FLEET, or here), or this user's local key. With --init that one is made where it is not
 * there. ERR_NOT_FOUND says how to come to one. */
NODISCARD int deploy_key_find(struct deploy *deploy, struct err *err);
/* The trust document that belongs to the local key. */
NODISCARD int deploy_trust_path(char path[PATH_MAX], struct err *err);

/* Before anything is built: --init sets the gateway up; the agent at the socket has to answer, and
 * says which sequences it knows. An exit status or an error. */
NODISCARD int deploy_socket_begin(struct deploy *deploy, struct err *err);
/* What the node of the fleet reports says the same. The session's codes. */
NODISCARD int deploy_node_begin(struct deploy *deploy, struct err *err);
NODISCARD int deploy_host_begin(struct deploy *deploy, struct err *err);

/* Hands the release over and follows it to its verdict: an exit status, or an error. */
NODISCARD int deploy_socket_send(const struct deploy *deploy, struct err *err);
NODISCARD int deploy_host_send(const struct deploy *deploy, struct err *err);

/* What the status of the agent says of an app; `ctx` is a struct span, the document. */
uint64_t deploy_sequence(void *ctx, const char *app);
bool deploy_proven(void *ctx, const char *app, uint64_t *sequence, struct digest *digest);

/* Prints how long a step took that began at `since`. */
void deploy_step(const char *what, int64_t since);

#endif
