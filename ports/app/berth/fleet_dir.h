/* fleet_dir: the operator's folder of one fleet: what `berth fleet init` makes and every fleet verb
 * reads. */
#ifndef PORTS_APP_BERTH_FLEET_DIR_H
#define PORTS_APP_BERTH_FLEET_DIR_H

#include <limits.h>
#include <stdint.h>

#include "agent/limits.h"
#include "platform/base/err.h"

#define FLEET_HOST_BYTES    128
#define FLEET_NODE_PORT     8883 /* unless told otherwise */
#define FLEET_OPERATOR_PORT 8884

/* fleet.json: {"schema": 1, "fleet": NAME, "broker": {"host": H, "port": P, "operatorPort": Q,
 * "name": N}}. Files in the folder:
 *   fleet.json
 *   ca.{pem,key}                    the CA of nodes and broker; its key never leaves here
 *   operators-ca.{pem,key}          the operators' CA; missing in a folder of the versions before,
 *                                   where ca.* issued for everybody (`berth fleet upgrade`)
 *   keys/{release,order,trust,revoke}.{pem,pub}  keys/trust.json   as `berth keys new` writes them
 *   keys/operator.{pem,pub}         the key of this folder's operator
 *   keys/operators.json             whose keys may ask for a rollout (operators_file.h)
 *   roll/SHARD.json  labels/NODE.json       which nodes there are, and what the fleet calls them,
 * as signed (roll_file.h, roll_book.h)
 *   broker/{mosquitto.conf,acl-nodes,acl-operators,cert.pem,key.pem}  broker/data/
 *   broker/{nodes-ca,operators-ca,ca}.pem   whom its listeners let in; ca.pem: both
 *   broker/mosquitto.service.conf   for the broker as a service
 *   operator/{cert.pem,key.pem,ca.pem}      CN "operator"
 *   coordinator.json                the highest epoch that was claimed from here (epoch_file.h)
 *   nodes/NAME/{berthd.json,trust.json,ca.pem,cert.pem,key.pem}    a node's bundle for /etc/berth
 */
struct fleet_dir {
    char path[PATH_MAX - 256];
    char fleet[NAME_BYTES];
    char host[FLEET_HOST_BYTES]; /* of the broker, as everybody reaches it */
    char name[FLEET_HOST_BYTES]; /* that its certificate carries; the host unless told otherwise */
    uint16_t node_port;          /* the nodes' listener */
    uint16_t operator_port;      /* people's and coordinators' listener */
};

/* Which folder: --dir (dir not NULL), else the environment's BERTH_FLEET, else "." */
const char *fleet_dir_choose(const char *dir);
/* Reads fleet.json. ERR_NOT_FOUND says how to make or name a folder; json's codes. */
NODISCARD int fleet_dir_load(const char *path, struct fleet_dir *dir, struct err *err);
/* Writes fleet.json into path. ERR_EXISTS. */
NODISCARD int fleet_dir_create(const struct fleet_dir *dir, struct err *err);
/* Path of a file in it, "keys/order.pem". Asserts that it fits. */
void fleet_dir_file(const struct fleet_dir *dir, const char *name, char path[PATH_MAX]);

#endif
