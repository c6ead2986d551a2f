/* berthctl history: what an app has run and could run again. */
#include <stdio.h>

#include "platform/base/text.h"
#include "ports/app/berthctl/options.h"
#include "ports/app/control/client.h"

int history_run(const struct options *options)
{
    char target[64];
    if (!text_is_name(options->argument, 32)) {
        fprintf(stderr, "berthctl: history: %s is no app's name; see berthctl status\n",
                options->argument);
        return EXIT_USAGE;
    }
    (void)snprintf(target, sizeof target, "/v1/history/%s", options->argument);
    return client_show(&options->control, "history", target, (options->given & OPTION_JSON) != 0);
}
