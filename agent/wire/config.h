/* config: what this node was told about itself, in /etc/berth/berthd.json. */
#ifndef AGENT_WIRE_CONFIG_H
#define AGENT_WIRE_CONFIG_H

#include "agent/limits.h"
#include "platform/base/err.h"
#include "platform/engine.h"

#define CONFIG_PATH_BYTES  200
#define CONFIG_HOST_BYTES  128
#define CONFIG_LABELS_MAX  32
#define CONFIG_LABEL_BYTES 64

struct config_power {
    char app[NAME_BYTES];
    unsigned powers; /* POWER_* of release.h */
};

/* The way to the fleet. Not configured (host empty): the node is on its own. */
struct config_broker {
    char host[CONFIG_HOST_BYTES]; /* name or IPv4 address */
    char name[CONFIG_HOST_BYTES]; /* that its certificate carries; the host where not given */
    uint16_t port;                /* 8883 */
    char ca_path[CONFIG_PATH_BYTES], cert_path[CONFIG_PATH_BYTES], key_path[CONFIG_PATH_BYTES];
};

/* Every field has its default after config_parse; see agent/wire/README.md for the document. */
struct config {
    char node[NODE_NAME_BYTES]; /* required */
    char fleet[NAME_BYTES];     /* required */
    char label_names[CONFIG_LABELS_MAX][CONFIG_LABEL_BYTES];
    char label_values[CONFIG_LABELS_MAX][CONFIG_LABEL_BYTES];
    size_t label_count;
    char state_dir[CONFIG_PATH_BYTES];     /* /var/lib/berth */
    char control_dir[CONFIG_PATH_BYTES];   /* /run/berth; the socket is control.sock in it */
    char engine_socket[CONFIG_PATH_BYTES]; /* /var/run/docker.sock */
    char trust_path[CONFIG_PATH_BYTES];  /* /etc/berth/trust.json: first trust document, envelope */
    char revoke_path[CONFIG_PATH_BYTES]; /* "" or a signed revoke document */
    char secrets_dir[CONFIG_PATH_BYTES]; /* /etc/berth/secrets */
    char registries_path[CONFIG_PATH_BYTES]; /* /etc/berth/registries.json; may be absent */
    char boot_ruleset[CONFIG_PATH_BYTES];    /* <state_dir>/boot.nft */
    ipv4 pool;                               /* 198.18.0.0 */
    unsigned pool_bits;                      /* 15; at most 20 */
    unsigned mtu;         /* of the apps' networks; 0: as the way out of this machine has it */
    ipv4 publish_address; /* where ports of any address are published; 0: on any */
    struct config_power powers[APPS_MAX];
    size_t power_count;
    struct config_broker broker;
    uint32_t control_uid; /* uid besides 0 that may use the control socket; UINT32_MAX: none */
};

/* Parses a configuration (strict JSON, at most CONFIG_BYTES_MAX); errors name the path and the
 * remedy. ERR_MISSING, ERR_VALUE, ERR_UNKNOWN_KEY and the lint's codes. */
NODISCARD int config_parse(struct span text, struct config *config, struct err *err);

#endif
