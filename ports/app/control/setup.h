/* setup: a gateway of its own, without a broker: whose releases it takes, and its agent started. */
#ifndef PORTS_APP_CONTROL_SETUP_H
#define PORTS_APP_CONTROL_SETUP_H

#include "ports/app/control/client.h"

#define SETUP_DIR    "/etc/berth"
#define SETUP_SOCKET "/run/berth/control.sock"

struct setup {
    struct control control;
    const char *dir;    /* of berthd's configuration */
    struct span trust;  /* the trust document, as keys made it */
    const char *source; /* where it comes from, for complaints */
};

/* Writes trust.json and berthd.json into the folder where neither is there, with the host's name as
 * the node's, and starts the agent where none answers (systemctl; up to 30 s). Never replaces what
 * is there: the same trust document is no complaint, another one is. May be repeated. Prints what
 * it did; an exit_status. */
int setup_run(const struct setup *setup);

/* "Gate_7.example" as "gate-7"; "gateway" where nothing is left. */
void setup_node_name(const char *host, char *name, size_t cap);

#endif
