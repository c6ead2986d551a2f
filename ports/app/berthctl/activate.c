/* berthctl activate: hands a signed release to the agent; the agent checks it, not this tool. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ports/app/berthctl/options.h"
#include "ports/app/control/activate.h"
#include "ports/app/control/handover.h"

int activate_run(const struct options *options)
{
    static uint8_t data[HANDOVER_STREAM_BYTES_MAX + 1];
    struct follow follow;
    struct err err = {0};
    uint64_t after = 0;
    struct activate activate = {
        .control = options->control,
        .name = activate_name(options->argument),
        .is_forced = options->is_forced,
    };
    if (activate_read(options->argument, data, sizeof data, &activate.envelope, &err) != 0) {
        fprintf(stderr, "berthctl: activate: %s\n", err.text);
        return EXIT_FAILED;
    }
    struct handover handover = {
        .control = options->control, .release = activate.name, .app = follow.app};
    const uint8_t *end = memchr(activate.envelope.data, '\0', activate.envelope.len);
    if (end != NULL) {
        size_t len = (size_t)(end - activate.envelope.data);
        handover.given = span_of(end + 1, activate.envelope.len - len - 1);
        activate.envelope.len = len;
    }
    int status = activate_ask(&activate, &follow, &after);
    if (status != EXIT_GOOD) {
        return status;
    }
    bool is_file = strcmp(options->argument, "-") != 0;
    printf("%s: accepted; %s%.*s is wanted now\n", follow.app[0] != '\0' ? follow.app : "release",
           is_file ? "" : "release ", is_file ? PATH_MAX : 12,
           is_file ? activate.name : follow.wanted);
    (void)fflush(stdout);
    if ((is_file || end != NULL) && follow.app[0] != '\0') {
        status = handover_run(&handover);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    if (!options->is_waiting) {
        return EXIT_GOOD;
    }
    if (follow.app[0] == '\0') {
        fprintf(stderr, "berthctl: activate %s: cannot tell its app; follow with berthctl watch\n",
                activate.name);
        return EXIT_FAILED;
    }
    return follow_run(&follow, &options->control, after);
}
