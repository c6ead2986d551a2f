/* berthctl history: what an app has run and could run again. */
#include <stdio.h>

#include "ports/app/berthctl/options.h"
#include "ports/app/control/client.h"
#include "ports/app/control/view.h"

int history_run(const struct options *options)
{
    char target[64];
    (void)snprintf(target, sizeof target, "/v1/history/%s", options->argument);
    return client_show(&options->control, "history", target,
                       options->is_json ? NULL : view_history);
}
