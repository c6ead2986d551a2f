/* berthctl events: what happened lately, oldest first. */
#include <inttypes.h>
#include <stdio.h>

#include "ports/app/berthctl/options.h"
#include "ports/app/control/client.h"
#include "ports/app/control/view.h"

int events_run(const struct options *options)
{
    char target[64];
    (void)snprintf(target, sizeof target, "/v1/events?after=%" PRIu64, options->after);
    return client_show(&options->control, "events", target, options->is_json ? NULL : view_events);
}
