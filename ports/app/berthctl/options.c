/* options: read by name, whatever the verb. */
#include "ports/app/berthctl/options.h"

#include <stdlib.h>
#include <string.h>

void options_take(struct given *given, struct options *options)
{
    *options =
        (struct options){.control = {.tool = "berthctl", .socket_path = "/run/berth/control.sock"},
                         .argument = given->arguments[0]};
    for (size_t i = 0; i < given->option_count; i++) {
        const struct given_option *one = &given->options[i];
        const char *name = one->option->name;
        options->is_forced |= strcmp(name, "force") == 0;
        options->is_waiting |= strcmp(name, "wait") == 0;
        options->is_json |= strcmp(name, "json") == 0;
        if (strcmp(name, "after") == 0) {
            options->after = strtoull(one->value, NULL, 10);
        } else if (strcmp(name, "socket") == 0) {
            options->control.socket_path = one->value;
        }
    }
}
