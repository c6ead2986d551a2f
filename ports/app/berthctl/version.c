/* berthctl version: the tool's own, then the agent's. */
#include <stdio.h>

#include "ports/app/berthctl/client.h"
#include "ports/app/berthctl/options.h"

int version_run(const struct options *options)
{
    bool wants_json = (options->given & OPTION_JSON) != 0;
    if (!wants_json) {
        printf("berthctl " BERTH_VERSION "\n");
        (void)fflush(stdout);
    }
    return client_show(options->socket_path, "version", "/v1/version", wants_json);
}
