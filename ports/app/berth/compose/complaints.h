/* complaints: all that the node's own reader has to say of a payload, in one run. */
#ifndef PORTS_APP_BERTH_COMPOSE_COMPLAINTS_H
#define PORTS_APP_BERTH_COMPOSE_COMPLAINTS_H

#include "ports/app/berth/compose/render.h"

/* Complaints of one service that are gathered; more are said by the next run. */
#define COMPLAINTS_MAX 32

/* Reads the payload as a node does. The reader stops at its first complaint: that becomes a finding
 * at its place of the file, the piece is taken out of a copy, and the reader is asked again. True
 * when it took the payload as it is: then *plan is filled. */
bool complaints_read(const struct render *render, const struct text *payload, struct plan *plan);

#endif
