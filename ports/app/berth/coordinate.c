/* berth coordinate: coordinates every live rollout of the fleet until it is told to end.
 *
 * As a service (berth-coordinate.service) it says READY=1 once its loop turns: a broker that is
 * away is waited for, and is no failure to start. What it does goes to standard error, a line an
 * act. */
#include <unistd.h>

#include "ports/app/berth/rollout_run.h"
#include "ports/app/berth/verbs.h"
#include "ports/linux/notify.h"

static bool turned(void *ctx, struct rollout_run *run)
{
    bool *is_ready = ctx;
    (void)run;
    if (!*is_ready) {
        linux_notify("READY=1");
        *is_ready = true;
    }
    return false;
}

int verb_coordinate(struct given *given, struct err *err)
{
    static struct rollout_run run;
    bool is_ready = false;
    int rc = rollout_run_open(&run, given_value(given, "dir"), err);
    if (rc == 0) {
        linux_log_init(&run.session.log, STDERR_FILENO, LOG_LEVEL_INFO);
        (void)rollout_run_turn(&run, turned, &is_ready);
        linux_notify("STOPPING=1");
        rollout_run_close(&run);
    }
    return rc;
}
