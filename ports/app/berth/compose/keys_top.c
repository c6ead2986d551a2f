/* keys_top: the keys of the file as a whole: names, networks, volumes, secrets, configs, models. */
#include "platform/base/units.h"
#include "ports/app/berth/compose/keys.h"

#define OWN_NETWORK  "the containers of an app share one bridge network of the node's making"
#define NO_DRIVER    "volumes are made by the engine's local driver"
#define MOUNT_IT                                                                                   \
    "give the local driver the options (type: nfs), or mount the share or disk on the node and "   \
    "name its path as a bind"
#define FOR_BUILDS   "run the model where the node can reach it and give its address in environment"
#define FIXED_PLACES "addresses on the node are given by berth, so that two generations fit"
#define BY_NAME      "reach other services by their name, and the node by its published ports"

static const struct key keys[] = {
    NOTED("version", "is obsolete in Compose and has no effect"),
    HONOURED("name"),
    HONOURED("services"),
    HONOURED("services.*"),
    HONOURED("include"),
    HONOURED("include[].path"),
    HONOURED("include[].env_file"),
    HONOURED("include[].project_directory"),
    REFUSED("models", "a node runs containers, no language models of its own", FOR_BUILDS),
    HONOURED("models.*"),
    HONOURED("models.*.name"),
    HONOURED("models.*.model"),
    HONOURED("models.*.context_size"),
    HONOURED("models.*.runtime_flags"),

    HONOURED("networks"),
    HONOURED("networks.*"),
    NOTED("networks.*.name", "the network is named by the node"),
    REFUSED_BUT("networks.*.driver", "bridge default", "only bridge networks are there on a node",
                "use network_mode: host for what must be in the LAN itself, or leave the driver "
                "out"),
    NOTED("networks.*.driver_opts", OWN_NETWORK ", without options"),
    NOTED("networks.*.ipam", FIXED_PLACES),
    NOTED("networks.*.ipam.driver", FIXED_PLACES),
    HONOURED("networks.*.ipam.config"),
    NOTED("networks.*.ipam.config[].subnet", FIXED_PLACES),
    NOTED("networks.*.ipam.config[].ip_range", FIXED_PLACES),
    NOTED("networks.*.ipam.config[].gateway", FIXED_PLACES),
    NOTED("networks.*.ipam.config[].aux_addresses", FIXED_PLACES),
    NOTED("networks.*.ipam.options", FIXED_PLACES),
    REFUSED_BUT("networks.*.external", "false", "another project's network is not joined",
                BY_NAME "; remove external where the network is only this file's"),
    HONOURED("networks.*.external.name"),
    REFUSED_BUT("networks.*.internal", "false", "a network that leads nowhere is not made",
                "remove it, and leave out the ports of services that nobody outside may reach"),
    NOTED_BUT("networks.*.enable_ipv4", "true", "networks are IPv4"),
    NOTED_BUT("networks.*.enable_ipv6", "false", "networks are IPv4 only; IPv6 is not given"),
    NOTED_BUT("networks.*.attachable", "false", OWN_NETWORK "; nothing else is attached"),
    NOTED("networks.*.labels", "labels of networks are the node's own; these are left out"),

    HONOURED("volumes"),
    HONOURED("volumes.*"),
    NEW("volumes.*.name"),
    REFUSED_BUT("volumes.*.driver", "local default", NO_DRIVER, MOUNT_IT),
    NEW("volumes.*.driver_opts"),
    NEW("volumes.*.external"),
    NOTED("volumes.*.external.name", "is obsolete; it is read as the volume's name"),
    NOTED("volumes.*.labels", "labels of volumes are the node's own; these are left out"),

    HONOURED("secrets"),
    HONOURED("secrets.*"),
    NOTED("secrets.*.name", "the file on the node has the name by which the service lists it"),
    HONOURED("secrets.*.environment"),
    HONOURED("secrets.*.file"),
    HONOURED("secrets.*.external"),
    HONOURED("secrets.*.external.name"),
    NOTED("secrets.*.labels", "a secret is a file on the node; it has no labels"),
    REFUSED("secrets.*.driver", "a secret is a file on the node; there are no drivers",
            "remove it and put the file into the node's secrets directory"),
    REFUSED("secrets.*.driver_opts", "a secret is a file on the node; there are no drivers",
            "remove it and put the file into the node's secrets directory"),
    REFUSED("secrets.*.template_driver", "a secret is a file on the node; it is not templated",
            "remove it and put the finished file into the node's secrets directory"),

    /* A service that lists one takes it along; external ones are refused there. */
    HONOURED("configs"),
    HONOURED("configs.*"),
    NOTED("configs.*.name", "a config is a file of the release; it has no name on the node"),
    HONOURED("configs.*.content"),
    HONOURED("configs.*.environment"),
    HONOURED("configs.*.file"),
    HONOURED("configs.*.external"),
    HONOURED("configs.*.external.name"),
    NOTED("configs.*.labels", "a config is a file of the release; it has no labels"),
    REFUSED("configs.*.template_driver", "a config is a file of the release; it is not templated",
            "remove it and write the finished file"),
};

struct key_page keys_of_top(void)
{
    return (struct key_page){.keys = keys, .count = COUNT_OF(keys)};
}
