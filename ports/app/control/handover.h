/* handover: files that travel with a release, from the folder beside it to the agent. */
#ifndef PORTS_APP_CONTROL_HANDOVER_H
#define PORTS_APP_CONTROL_HANDOVER_H

#include "ports/app/control/client.h"

/* After the release file `release` was accepted: asks the agent which pieces of the app's
 * files it lacks, and hands them over, until it lacks none; what it has, of an earlier try or of
 * another release, is not sent. A piece that is not in the folder is a complaint: the agent goes on
 * waiting for it. Returns an exit_status. */
int handover_run(const struct control *control, const char *release, const char *app);

#endif
