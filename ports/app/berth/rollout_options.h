/* rollout_options: what `rollout start` and `rollout plan` are told, in flags or in a spec. */
#ifndef PORTS_APP_BERTH_ROLLOUT_OPTIONS_H
#define PORTS_APP_BERTH_ROLLOUT_OPTIONS_H

#include "ports/app/berth/rollout_spec.h"
#include "ports/app/words/given.h"

struct rollout_options {
    const char *path;      /* of the fleet's folder, or NULL */
    const char *file;      /* the signed release */
    const char *spec_file; /* or NULL */
    bool is_detached, is_watched, is_all, is_confirmed, is_json;
    const char *soak, *threshold; /* as given, until all is read */
    struct rollout_words words;
};

/* Takes what was given into options and spec, the spec's file included; what a rollout in waves
 * leaves open is filled in. `is_plan`: no flags of what is done then. ERR_USAGE, ERR_VALUE, and the
 * codes of reading a file. */
NODISCARD int rollout_options_read(struct rollout_options *options, struct rollout_spec *spec,
                                   bool is_plan, struct given *given, struct err *err);

#endif
