/* berthctl status: the node and its apps, once. */
#include "ports/app/berthctl/client.h"
#include "ports/app/berthctl/options.h"

int status_run(const struct options *options)
{
    return client_show(options->socket_path, "status", "/v1/status",
                       (options->given & OPTION_JSON) != 0);
}
