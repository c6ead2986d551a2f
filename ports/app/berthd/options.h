/* options: what berthd is asked to do, and the configuration that says for whom. */
#ifndef BERTHD_OPTIONS_H
#define BERTHD_OPTIONS_H

#include <stdio.h>

#include "agent/wire/config.h"

enum mode { MODE_AGENT, MODE_CHECK, MODE_SELF_TEST, MODE_VERSION, MODE_HELP };

struct options {
    enum mode mode;
    const char *config_path;
    bool is_config_given; /* else it is the default path */
};

/* False for arguments that are none of ours; usage_print says which are. */
NODISCARD bool options_read(int argc, char **argv, struct options *options);

void usage_print(FILE *out);

/* Reads and parses the file; errors name it and the remedy. Without one at the default path
 * MODE_SELF_TEST gets the defaults of a node without a name. ERR_NOT_FOUND, and the codes of
 * file_read and config_parse. */
NODISCARD int options_config(const struct options *options, struct config *config, struct err *err);

#endif
