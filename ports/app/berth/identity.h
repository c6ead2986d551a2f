/* identity: the certificates of a fleet as files: who may speak with its broker. */
#ifndef PORTS_APP_BERTH_IDENTITY_H
#define PORTS_APP_BERTH_IDENTITY_H

#include "ports/app/berth/fleet_dir.h"
#include "ports/mbedtls/issue.h"

/* The CN that the operators' listener lets do everything; no node may have it. */
#define OPERATOR_NAME "operator"

/* A CA a purpose: no certificate of one opens a door of the other. Folders of the versions before
 * have one CA for everybody; IDENTITY_NODES is that one. */
enum identity_ca {
    IDENTITY_NODES,    /* ca.{pem,key}: nodes, and the broker that everybody verifies */
    IDENTITY_OPERATORS /* operators-ca.{pem,key}: people and coordinators */
};

/* Makes the CA's files. ERR_EXISTS. */
NODISCARD int identity_ca_make(const struct fleet_dir *dir, struct mbedtls_issue *issue,
                               enum identity_ca which, struct issued *ca, struct err *err);
/* Reads them; the caller wipes. */
NODISCARD int identity_ca_load(const struct fleet_dir *dir, enum identity_ca which,
                               struct issued *ca, struct err *err);
/* Writes the nodes' CA anew with the same key and name, as this version makes CAs: with room for
 * intermediates. What it issued stays valid. */
NODISCARD int identity_ca_renew(const struct fleet_dir *dir, struct mbedtls_issue *issue,
                                struct issued *ca, struct err *err);

/* Make FOLDER/{cert.pem,key.pem,ca.pem}; the folder must be there. ca.pem is what the bundle's
 * holder verifies its peer by: of a client it is `broker_ca`. ERR_EXISTS names what stands there
 * already. */
NODISCARD int identity_server(const struct fleet_dir *dir, struct mbedtls_issue *issue,
                              const struct issued *ca, const char *folder, const char *const *names,
                              size_t count, struct err *err);
NODISCARD int identity_client(const struct fleet_dir *dir, struct mbedtls_issue *issue,
                              const struct issued *ca, const struct issued *broker_ca,
                              const char *folder, const char *name, int days, struct err *err);

/* Writes what the broker's listeners verify clients by: broker/nodes-ca.pem,
 * broker/operators-ca.pem, and ca.pem with both for a broker that has one listener. */
NODISCARD int identity_broker_anchors(const struct fleet_dir *dir, const struct issued *nodes,
                                      const struct issued *operators, struct err *err);

/* Makes a folder in the fleet's folder that only its owner can enter; one that is there stays. */
NODISCARD int identity_folder(const struct fleet_dir *dir, const char *folder, struct err *err);

#endif
