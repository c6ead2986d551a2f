/* begun_file: begun.json in the fleet's folder: of each app the newest rollout begun from here. */
#ifndef PORTS_APP_BERTH_BEGUN_FILE_H
#define PORTS_APP_BERTH_BEGUN_FILE_H

#include "agent/fleet/begun.h"
#include "ports/app/berth/fleet_dir.h"

/* {"schema":1,"apps":[{"app","id","created","ended"}]}. Empty where there is no file; the caller
 * calls begun_close, also after a failure. ERR_IO, ERR_MEMORY, json's codes with the file's name
 * and the remedy. */
NODISCARD int begun_file_load(const struct fleet_dir *dir, struct begun *begun, struct err *err);
/* Writes it whole or not at all. Of what another coordinator of this folder wrote meanwhile, what
 * is newer stays. ERR_IO, ERR_MEMORY. */
NODISCARD int begun_file_keep(const struct fleet_dir *dir, const struct begun *begun,
                              struct err *err);

#endif
