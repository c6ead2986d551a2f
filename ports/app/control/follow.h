/* follow: when has what was asked for come to its end, and which; a machine over statuses. */
#ifndef PORTS_APP_CONTROL_FOLLOW_H
#define PORTS_APP_CONTROL_FOLLOW_H

#include <stdbool.h>

#include "agent/limits.h"
#include "ports/app/control/client.h"

enum follow_end {
    FOLLOW_ON,           /* not at an end */
    FOLLOW_GOOD,         /* what was wanted is committed and serves */
    FOLLOW_WENT_BACK,    /* it was found bad */
    FOLLOW_INCONCLUSIVE, /* something else failed; the node may try again by itself */
    FOLLOW_REPLACED      /* something else is wanted by now */
};

/* Zeroed but for `app` at the start, and filled by follow_accepted where the agent's answer is at
 * hand. Only verdicts on what is wanted count: not one from before, not one on the candidate that
 * was under way when the agent accepted. */
struct follow {
    char app[NAME_BYTES];
    char wanted[DIGEST_HEX_BYTES]; /* by the answer, else by the first status */
    char reason[64];               /* word of the verdict, once at an end */
    bool has_start;                /* the next two are known */
    int64_t verdicts;              /* how many the app had had when the agent accepted */
    int64_t verdict_gen;           /* whom the last verdict not on what is wanted was given to */
    int64_t gen;                   /* of a candidate that is what is wanted, once seen; 0 before */
    int64_t other_gen;             /* of the last candidate seen that is not; 0: none */
};

/* Takes {"accepted":true,"event":N,"release":R,"verdicts":V} of an accepted question and returns
 * N: what follows from it are the events after that; 0 when there is none. */
uint64_t follow_accepted(struct follow *follow, struct span answer);

/* Takes one status object. */
enum follow_end follow_step(struct follow *follow, struct span status);

/* Follows `follow->app` from the event `after` on and prints what happens to it, until the end.
 * Returns an exit_status. */
int follow_run(struct follow *follow, const struct control *control, uint64_t after);

#endif
