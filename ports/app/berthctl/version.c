/* berthctl version: the tool's own, then the agent's. */
#include <stdio.h>

#include "ports/app/berthctl/options.h"
#include "ports/app/control/client.h"
#include "ports/app/control/view.h"

int version_run(const struct options *options)
{
    bool wants_json = options->is_json;
    if (!wants_json) {
        printf("berthctl " BERTH_VERSION "\n");
        (void)fflush(stdout);
    }
    return client_show(&options->control, "version", "/v1/version",
                       wants_json ? NULL : view_version);
}
