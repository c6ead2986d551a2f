/* options: the words after "berthctl", and the one table of verbs that says which of them go
 * together. */
#ifndef BERTHCTL_OPTIONS_H
#define BERTHCTL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "ports/app/control/client.h"

#define OPTION_FORCE 1u
#define OPTION_WAIT  2u
#define OPTION_JSON  4u
#define OPTION_AFTER 8u

struct options {
    struct control control; /* the agent that is asked */
    const char *argument;   /* the file or app, or NULL */
    unsigned given;         /* OPTION_* */
    uint64_t after;         /* OPTION_AFTER */
};

struct verb {
    const char *name;
    const char *argument; /* "FILE", "APP" or NULL */
    unsigned may;         /* OPTION_* it understands */
    const char *summary;
    int (*run)(const struct options *options); /* an exit_status */
};

/* Ends with a verb without a name. */
extern const struct verb verbs[];

/* Reads the command line. *verb is NULL when help was asked for. ERR_USAGE. */
NODISCARD int options_read(int argc, char **argv, const struct verb **verb, struct options *options,
                           struct err *err);

int activate_run(const struct options *options);
int events_run(const struct options *options);
int history_run(const struct options *options);
int init_run(const struct options *options);
int rollback_run(const struct options *options);
int status_run(const struct options *options);
int version_run(const struct options *options);
int watch_run(const struct options *options);

#endif
