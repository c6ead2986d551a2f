/* roll_file: the roll as this folder knows it: roll/SHARD.json, each as an operator signed it. What
 * the broker shows must not be older, and a broker that shows none is told. */
#ifndef PORTS_APP_BERTH_ROLL_FILE_H
#define PORTS_APP_BERTH_ROLL_FILE_H

#include "agent/wire/topic.h"
#include "platform/base/span.h"
#include "ports/app/berth/fleet_dir.h"

/* Hands on each shard that is there. What `take` answers ends it; the codes of file_read. */
NODISCARD int roll_file_each(const struct fleet_dir *dir,
                             int (*take)(void *ctx, const char *shard, struct span envelope,
                                         struct err *err),
                             void *ctx, struct err *err);

/* Keeps an envelope that was verified, and is newer than what is there. */
NODISCARD int roll_file_keep(const struct fleet_dir *dir, const char *shard, struct span envelope,
                             struct err *err);

#endif
