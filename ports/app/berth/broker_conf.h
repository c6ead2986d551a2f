/* broker_conf: what a Mosquitto 2 must be told so that every certificate can do its own part alone.
 */
#ifndef PORTS_APP_BERTH_BROKER_CONF_H
#define PORTS_APP_BERTH_BROKER_CONF_H

#include "ports/app/berth/fleet_dir.h"

/* Writes broker/mosquitto.conf, broker/acl-nodes and broker/acl-operators. The configuration names
 * files by dir->path, which must be absolute. ERR_EXISTS, ERR_IO. */
NODISCARD int broker_conf_write(const struct fleet_dir *dir, struct err *err);

#endif
