/* epoch_file: coordinator.json in the fleet's folder: the highest epoch claimed from here. */
#ifndef PORTS_APP_BERTH_EPOCH_FILE_H
#define PORTS_APP_BERTH_EPOCH_FILE_H

#include "ports/app/berth/fleet_dir.h"

/* {"schema": 1, "epoch": N, "epochBase": B}. *epoch is 0 where there is no file, and where `base`,
 * the trust document's, is another than the one it was written under: then it is forgotten as the
 * nodes forget it. ERR_IO, json's codes with the file's name and the remedy. */
NODISCARD int epoch_file_load(const struct fleet_dir *dir, uint64_t base, uint64_t *epoch,
                              struct err *err);

/* Writes it whole or not at all; a higher one of the same base that another coordinator of this
 * folder wrote meanwhile stays. ERR_IO. */
NODISCARD int epoch_file_keep(const struct fleet_dir *dir, uint64_t base, uint64_t epoch,
                              struct err *err);

#endif
