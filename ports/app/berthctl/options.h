/* options: what a verb of berthctl was given. */
#ifndef BERTHCTL_OPTIONS_H
#define BERTHCTL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "ports/app/control/client.h"
#include "ports/app/words/given.h"

struct options {
    struct control control; /* the agent that is asked */
    const char *argument;   /* the file or app, or NULL */
    bool is_forced, is_waiting, is_json;
    uint64_t after; /* of events */
};

/* Takes what its verb's row has; the rest is as if it were not given. */
void options_take(struct given *given, struct options *options);

int activate_run(const struct options *options);
int events_run(const struct options *options);
int history_run(const struct options *options);
int init_run(const struct options *options);
int rollback_run(const struct options *options);
int status_run(const struct options *options);
int version_run(const struct options *options);
int watch_run(const struct options *options);

#endif
