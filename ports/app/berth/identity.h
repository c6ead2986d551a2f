/* identity: the certificates of a fleet as files: who may speak with its broker. */
#ifndef PORTS_APP_BERTH_IDENTITY_H
#define PORTS_APP_BERTH_IDENTITY_H

#include "ports/app/berth/fleet_dir.h"
#include "ports/mbedtls/issue.h"

/* The CN that the operators' listener lets do everything; no node may have it. */
#define OPERATOR_NAME "operator"

/* Makes ca.pem and ca.key. */
NODISCARD int identity_ca_make(const struct fleet_dir *dir, struct mbedtls_issue *issue,
                               struct issued *ca, struct err *err);
/* Reads them; the caller wipes. */
NODISCARD int identity_ca_load(const struct fleet_dir *dir, struct issued *ca, struct err *err);

/* Make FOLDER/{cert.pem,key.pem,ca.pem}; the folder must be there. ERR_EXISTS names what stands
 * there already. */
NODISCARD int identity_server(const struct fleet_dir *dir, struct mbedtls_issue *issue,
                              const struct issued *ca, const char *folder, const char *const *names,
                              size_t count, struct err *err);
NODISCARD int identity_client(const struct fleet_dir *dir, struct mbedtls_issue *issue,
                              const struct issued *ca, const char *folder, const char *name,
                              int days, struct err *err);

/* Makes a folder in the fleet's folder that only its owner can enter; one that is there stays. */
NODISCARD int identity_folder(const struct fleet_dir *dir, const char *folder, struct err *err);

#endif
