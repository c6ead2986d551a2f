/* gate: joins the unix socket's peers to the control verbs; neither knows the other. */
#ifndef BERTHD_GATE_H
#define BERTHD_GATE_H

#include "agent/node/control.h"
#include "ports/linux/server.h"

/* The user of a linux_server that hands every peer to `control`, which outlives the server. */
struct linux_server_user gate_user(struct control *control);

#endif
