/* berthctl init: has a gateway of its own trust the keys of one document. */
#include <stdio.h>

#include "ports/app/berthctl/options.h"
#include "ports/app/control/activate.h"
#include "ports/app/control/setup.h"

int init_run(const struct options *options)
{
    static uint8_t data[ENVELOPE_BYTES_MAX + 1];
    struct err err = {0};
    struct setup setup = {
        .control = options->control, .dir = SETUP_DIR, .source = activate_name(options->argument)};
    if (activate_read(options->argument, data, sizeof data, &setup.trust, &err) != 0) {
        fprintf(stderr, "berthctl: init: %s\n", err.text);
        return EXIT_FAILED;
    }
    return setup_run(&setup);
}
