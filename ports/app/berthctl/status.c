/* berthctl status: the node and its apps, once. */
#include "ports/app/berthctl/options.h"
#include "ports/app/control/client.h"
#include "ports/app/control/view.h"

int status_run(const struct options *options)
{
    return client_show(&options->control, "status", "/v1/status",
                       options->is_json ? NULL : view_status);
}
