/* broker_conf: what a Mosquitto 2 must be told so that every certificate can do its own part alone.
 */
#ifndef PORTS_APP_BERTH_BROKER_CONF_H
#define PORTS_APP_BERTH_BROKER_CONF_H

#include <stdbool.h>

#include "ports/app/berth/fleet_dir.h"

/* Writes broker/mosquitto.conf and broker/mosquitto.service.conf. The configuration names files by
 * dir->path, which must be absolute. ERR_EXISTS, ERR_IO. */
NODISCARD int broker_conf_write(const struct fleet_dir *dir, struct err *err);

/* Writes broker/acl-nodes and broker/acl-operators. ERR_EXISTS, ERR_IO. */
NODISCARD int broker_rights_write(const struct fleet_dir *dir, struct err *err);

/* Adds the rights for berth/2 to the lists of a folder of the version before; what stands there
 * stays. *is_changed: something was, or with `is_dry` would be, added. ERR_IO, ERR_OVERSIZE. */
NODISCARD int broker_rights_extend(const struct fleet_dir *dir, bool is_dry, bool *is_changed,
                                   struct err *err);

/* Whether the user that a Mosquitto started as root becomes can read the folder broker/. */
enum broker_reach {
    BROKER_OURS,   /* we are not root: Mosquitto stays who starts it */
    BROKER_GIVEN,  /* broker/ is that user's now, and it can get there */
    BROKER_CLOSED, /* it cannot enter `closed` */
    BROKER_NOBODY  /* this machine has no such user */
};

#define BROKER_USER "mosquitto"

/* Gives broker/ to that user, where we may and it is of use; `is_folder_ours`: the fleet's folder
 * may be opened for passing through, its secrets have modes of their own. */
enum broker_reach broker_give(const struct fleet_dir *dir, bool is_folder_ours,
                              char closed[PATH_MAX]);

#endif
