/* handover: files that travel with a release, from the folder beside it to the agent. */
#ifndef PORTS_APP_CONTROL_HANDOVER_H
#define PORTS_APP_CONTROL_HANDOVER_H

#include "agent/limits.h"
#include "platform/verify.h"
#include "ports/app/control/client.h"

/* On standard input the pieces stand behind the envelope and a NUL: of each its name, 64 hex
 * digits, the number of its bytes in 4, the highest first, and these. */
#define HANDOVER_STREAM_BYTES_MAX                                                                  \
    (FILES_BYTES_MAX + FILES_PIECES_MAX * (DIGEST_HEX_BYTES + 3) + ENVELOPE_BYTES_MAX + 1)

struct handover {
    struct control control;
    const char *release; /* the release file, beside which they lie; or how what came is called */
    const char *app;
    struct span given; /* the pieces of a stream; data NULL: those beside the file */
};

/* After the release was accepted: asks the agent which pieces of the app's files it lacks, and
 * hands them over, until it lacks none; what it has, of an earlier try or of another release, is
 * not sent. A piece that is not there is a complaint: the agent goes on waiting for it. Returns an
 * exit_status. */
int handover_run(const struct handover *handover);

#endif
