/* berth coordinate: coordinates every live rollout of the fleet until it is told to end. */
#include <getopt.h>
#include <stdio.h>

#include "ports/app/berth/rollout_run.h"
#include "ports/app/berth/verbs.h"

static bool never(void *ctx, struct rollout_run *run)
{
    (void)ctx;
    (void)run;
    return false;
}

int verb_coordinate(int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{"dir", required_argument, NULL, 'd'}, {0}};
    static struct rollout_run run;
    const char *path = NULL;
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'd') {
            return err_set(err, ERR_USAGE, "no such option");
        }
        path = optarg;
    }
    if (optind != argc) {
        return err_set(err, ERR_USAGE, "no arguments but options");
    }
    int rc = rollout_run_open(&run, path, err);
    if (rc == 0) {
        (void)rollout_run_turn(&run, never, NULL);
        rollout_run_close(&run);
    }
    return rc;
}
