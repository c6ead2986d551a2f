/* berth coordinate: coordinates every live rollout of the fleet until it is told to end. */
#include <stdio.h>

#include "ports/app/berth/rollout_run.h"
#include "ports/app/berth/verbs.h"

static bool never(void *ctx, struct rollout_run *run)
{
    (void)ctx;
    (void)run;
    return false;
}

int verb_coordinate(struct given *given, struct err *err)
{
    static struct rollout_run run;
    int rc = rollout_run_open(&run, given_value(given, "dir"), err);
    if (rc == 0) {
        (void)rollout_run_turn(&run, never, NULL);
        rollout_run_close(&run);
    }
    return rc;
}
