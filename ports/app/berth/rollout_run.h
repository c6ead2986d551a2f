/* rollout_run: a coordinator on this tool's session, turning until something ends it. */
#ifndef PORTS_APP_BERTH_ROLLOUT_RUN_H
#define PORTS_APP_BERTH_ROLLOUT_RUN_H

#include "agent/fleet/coordinator.h"
#include "ports/app/berth/session.h"

struct rollout_run {
    struct fleet_dir dir;
    struct session session;
    struct trust trust;
    struct operators operators;
    struct coordinator *coordinator;
};

/* Reads the folder (`path`: --dir or NULL), opens the session and a coordinator with the folder's
 * order key. On success the caller calls rollout_run_close. */
NODISCARD int rollout_run_open(struct rollout_run *run, const char *path, struct err *err);
void rollout_run_close(struct rollout_run *run);

/* Called after each turn; true ends the turning. */
typedef bool (*rollout_turn)(void *ctx, struct rollout_run *run);

/* Turns until `turn` says so or SIGINT, SIGTERM or SIGHUP comes (then false is returned). The claim
 * is given back at the end. */
bool rollout_run_turn(struct rollout_run *run, rollout_turn turn, void *ctx);

#endif
