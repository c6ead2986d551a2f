/* follow: when has what was asked for come to its end, and which; a machine over statuses. */
#ifndef BERTHCTL_FOLLOW_H
#define BERTHCTL_FOLLOW_H

#include <stdbool.h>

#include "agent/limits.h"
#include "platform/base/span.h"

enum follow_end {
    FOLLOW_ON,           /* not at an end */
    FOLLOW_GOOD,         /* what was wanted is committed and serves */
    FOLLOW_WENT_BACK,    /* it was found bad */
    FOLLOW_INCONCLUSIVE, /* something else failed; the node may try again by itself */
    FOLLOW_REPLACED      /* something else is wanted by now */
};

/* Zeroed but for `app` at the start. The first status given must be from after the agent accepted.
 */
struct follow {
    char app[NAME_BYTES];
    char wanted[DIGEST_HEX_BYTES]; /* set by the first status */
    char reason[64];               /* word of the verdict, once at an end */
    int64_t verdict_gen;           /* whom the verdict of the first status was given to */
    int64_t gen;                   /* of its candidate, once seen; 0 before */
    bool has_begun;                /* a candidate of what is wanted was seen, or a newer verdict */
};

/* Takes one status object. */
enum follow_end follow_step(struct follow *follow, struct span status);

/* Follows `follow->app` from the event `after` on and prints what happens to it, until the end.
 * Returns an exit_status. */
int follow_run(struct follow *follow, const char *socket_path, uint64_t after);

/* Reads {"accepted":true,"event":N} of an accepted question. */
uint64_t follow_after(struct span answer);

#endif
