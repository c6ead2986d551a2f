/* keys_deploy: what is nested in a service: build, deploy, develop, health, logging, long forms. */
#include "platform/base/units.h"
#include "ports/app/berth/compose/keys.h"

#define ITS_OWN_WAY   "how a release comes and goes back is the node's own way"
#define WHICH_NODES   "a rollout chooses its nodes by label (rollout start -l)"
#define ALWAYS_RUNS   "a service that ends is started again, with growing pauses"
#define FOR_DEVELOP   "is for development; a node does nothing with it"
#define NO_RESERVE    "a node reserves nothing"
#define GPU_REMEDY    "write reservations.devices, or name the device files under devices"
#define NO_BLKIO      "input and output are limited by weight only"
#define BLKIO_REMEDY  "remove it, or give blkio_config.weight"
#define NO_PROVIDER   "another tool's services are not made by a node"
#define USE_CONTAINER "run it as a container, or beside berth"
#define OWN_ADDRESS   "addresses on the node are given by berth, so that two generations fit"
#define BY_NAME       "reach other services by their name; remove it"
#define WINDOWS_ONLY  "is for Windows; nodes run Linux"
#define NO_HOOKS      "commands beside the container's own are not run by this version"
#define HOOK_REMEDY   "do it in the image's entrypoint"
#define STOP_REMEDY   "let the program do it at its stop signal, or say x-berth.drain.notify"
#define CDI           "give source and target of a device file; CDI names are not known"
#define MODE_FREE     "the file stands on the node with the owner and mode it has there"

static const struct key keys[] = {
    HONOURED("services.*.build.context"),
    HONOURED("services.*.build.dockerfile"),
    HONOURED("services.*.build.dockerfile_inline"),
    HONOURED("services.*.build.entitlements"),
    HONOURED("services.*.build.args"),
    HONOURED("services.*.build.ssh"),
    HONOURED("services.*.build.labels"),
    HONOURED("services.*.build.cache_from"),
    HONOURED("services.*.build.cache_to"),
    HONOURED("services.*.build.no_cache"),
    HONOURED("services.*.build.additional_contexts"),
    HONOURED("services.*.build.network"),
    HONOURED("services.*.build.provenance"),
    HONOURED("services.*.build.sbom"),
    HONOURED("services.*.build.pull"),
    HONOURED("services.*.build.target"),
    HONOURED("services.*.build.shm_size"),
    HONOURED("services.*.build.extra_hosts"),
    HONOURED("services.*.build.isolation"),
    HONOURED("services.*.build.privileged"),
    HONOURED("services.*.build.secrets"),
    HONOURED("services.*.build.tags"),
    HONOURED("services.*.build.ulimits"),
    HONOURED("services.*.build.platforms"),

    REFUSED("services.*.blkio_config.device_read_bps", NO_BLKIO, BLKIO_REMEDY),
    HONOURED("services.*.blkio_config.device_read_bps[].path"),
    HONOURED("services.*.blkio_config.device_read_bps[].rate"),
    REFUSED("services.*.blkio_config.device_read_iops", NO_BLKIO, BLKIO_REMEDY),
    HONOURED("services.*.blkio_config.device_read_iops[].path"),
    HONOURED("services.*.blkio_config.device_read_iops[].rate"),
    REFUSED("services.*.blkio_config.device_write_bps", NO_BLKIO, BLKIO_REMEDY),
    HONOURED("services.*.blkio_config.device_write_bps[].path"),
    HONOURED("services.*.blkio_config.device_write_bps[].rate"),
    REFUSED("services.*.blkio_config.device_write_iops", NO_BLKIO, BLKIO_REMEDY),
    HONOURED("services.*.blkio_config.device_write_iops[].path"),
    HONOURED("services.*.blkio_config.device_write_iops[].rate"),
    NEW("services.*.blkio_config.weight"),
    REFUSED("services.*.blkio_config.weight_device", NO_BLKIO, BLKIO_REMEDY),
    HONOURED("services.*.blkio_config.weight_device[].path"),
    HONOURED("services.*.blkio_config.weight_device[].weight"),

    HONOURED("services.*.credential_spec.config"),
    HONOURED("services.*.credential_spec.file"),
    HONOURED("services.*.credential_spec.registry"),

    HONOURED("services.*.depends_on.*"),
    HONOURED("services.*.depends_on.*.restart"),
    HONOURED("services.*.depends_on.*.required"),
    HONOURED("services.*.depends_on.*.condition"),

    NOTED_BUT("services.*.deploy.mode", "replicated",
              "a node runs the replicas that it is told; global means one on each node there is"),
    NOTED_BUT("services.*.deploy.endpoint_mode", "vip",
              "each service has one address, whatever it is called"),
    HONOURED("services.*.deploy.replicas"),
    NOTED("services.*.deploy.labels", "label a service of a swarm; containers do not get them"),
    NOTED("services.*.deploy.rollback_config", ITS_OWN_WAY),
    HONOURED("services.*.deploy.rollback_config.parallelism"),
    HONOURED("services.*.deploy.rollback_config.delay"),
    HONOURED("services.*.deploy.rollback_config.failure_action"),
    HONOURED("services.*.deploy.rollback_config.monitor"),
    HONOURED("services.*.deploy.rollback_config.max_failure_ratio"),
    HONOURED("services.*.deploy.rollback_config.order"),
    HONOURED("services.*.deploy.update_config"),
    NOTED("services.*.deploy.update_config.parallelism",
          "all replicas of a node are exchanged together"),
    NOTED("services.*.deploy.update_config.delay",
          "all replicas of a node are exchanged together; pauses between nodes are a rollout's"),
    REFUSED_BUT("services.*.deploy.update_config.failure_action", "rollback",
                "a node always goes back by itself when a release fails",
                "write rollback or nothing; whether a rollout goes on is the rollout's own "
                "setting"),
    NOTED("services.*.deploy.update_config.monitor",
          "how long a release is watched is x-berth.swap.soak"),
    REFUSED_BUT("services.*.deploy.update_config.max_failure_ratio", "0 0.0",
                "on a node no replica may fail", "write 0 or nothing"),
    HONOURED("services.*.deploy.update_config.order"),
    HONOURED("services.*.deploy.resources"),
    HONOURED("services.*.deploy.resources.limits"),
    HONOURED("services.*.deploy.resources.limits.cpus"),
    HONOURED("services.*.deploy.resources.limits.memory"),
    HONOURED("services.*.deploy.resources.limits.pids"),
    HONOURED("services.*.deploy.resources.reservations"),
    NOTED_BUT("services.*.deploy.resources.reservations.cpus", "0", NO_RESERVE " of processors"),
    NEW("services.*.deploy.resources.reservations.memory"),
    REFUSED("services.*.deploy.resources.reservations.generic_resources", NO_RESERVE, GPU_REMEDY),
    HONOURED("services.*.deploy.resources.reservations.generic_resources[].discrete_resource_spec"),
    HONOURED("services.*.deploy.resources.reservations.generic_resources[].discrete_resource_spec."
             "kind"),
    HONOURED("services.*.deploy.resources.reservations.generic_resources[].discrete_resource_spec."
             "value"),
    NEW("services.*.deploy.resources.reservations.devices"),
    HONOURED("services.*.deploy.resources.reservations.devices[].capabilities"),
    HONOURED("services.*.deploy.resources.reservations.devices[].count"),
    HONOURED("services.*.deploy.resources.reservations.devices[].device_ids"),
    HONOURED("services.*.deploy.resources.reservations.devices[].driver"),
    HONOURED("services.*.deploy.resources.reservations.devices[].options"),
    NOTED("services.*.deploy.restart_policy", ALWAYS_RUNS),
    HONOURED("services.*.deploy.restart_policy.condition"),
    HONOURED("services.*.deploy.restart_policy.delay"),
    HONOURED("services.*.deploy.restart_policy.max_attempts"),
    HONOURED("services.*.deploy.restart_policy.window"),
    HONOURED("services.*.deploy.placement"),
    NOTED("services.*.deploy.placement.constraints", WHICH_NODES),
    NOTED("services.*.deploy.placement.preferences", WHICH_NODES),
    HONOURED("services.*.deploy.placement.preferences[].spread"),
    NOTED_BUT("services.*.deploy.placement.max_replicas_per_node", "0",
              "each node runs deploy.replicas of them"),

    NOTED("services.*.develop.watch", FOR_DEVELOP),
    HONOURED("services.*.develop.watch[].ignore"),
    HONOURED("services.*.develop.watch[].include"),
    HONOURED("services.*.develop.watch[].path"),
    HONOURED("services.*.develop.watch[].action"),
    HONOURED("services.*.develop.watch[].target"),
    HONOURED("services.*.develop.watch[].exec"),
    HONOURED("services.*.develop.watch[].exec.command"),
    HONOURED("services.*.develop.watch[].exec.user"),
    HONOURED("services.*.develop.watch[].exec.privileged"),
    HONOURED("services.*.develop.watch[].exec.working_dir"),
    HONOURED("services.*.develop.watch[].exec.environment"),

    HONOURED("services.*.devices[].source"),
    HONOURED("services.*.devices[].target"),
    HONOURED("services.*.devices[].permissions"),

    HONOURED("services.*.env_file[].path"),
    HONOURED("services.*.env_file[].format"),
    HONOURED("services.*.env_file[].required"),
    HONOURED("services.*.extends.service"),
    HONOURED("services.*.extends.file"),

    HONOURED("services.*.gpus[].capabilities"),
    HONOURED("services.*.gpus[].count"),
    HONOURED("services.*.gpus[].device_ids"),
    HONOURED("services.*.gpus[].driver"),
    HONOURED("services.*.gpus[].options"),

    HONOURED("services.*.healthcheck.disable"),
    HONOURED("services.*.healthcheck.interval"),
    HONOURED("services.*.healthcheck.retries"),
    HONOURED("services.*.healthcheck.test"),
    HONOURED("services.*.healthcheck.timeout"),
    HONOURED("services.*.healthcheck.start_period"),
    NEW("services.*.healthcheck.start_interval"),

    HONOURED("services.*.logging.driver"),
    HONOURED("services.*.logging.options"),

    HONOURED("services.*.models.*"),
    HONOURED("services.*.models.*.endpoint_var"),
    HONOURED("services.*.models.*.model_var"),

    HONOURED("services.*.networks.*"),
    HONOURED("services.*.networks.*.aliases"),
    NOTED("services.*.networks.*.interface_name", "the interface is named by the engine"),
    REFUSED("services.*.networks.*.ipv4_address", OWN_ADDRESS, BY_NAME),
    REFUSED("services.*.networks.*.ipv6_address", OWN_ADDRESS, BY_NAME),
    REFUSED("services.*.networks.*.link_local_ips", OWN_ADDRESS, BY_NAME),
    REFUSED("services.*.networks.*.mac_address", "two generations would have the same address",
            "write the service's mac_address, which makes it stop-first"),
    NOTED("services.*.networks.*.driver_opts", "the app's one network has no options"),
    NOTED_BUT("services.*.networks.*.priority", "0", "there is one network of the app's own"),
    NOTED_BUT("services.*.networks.*.gw_priority", "0", "there is one network of the app's own"),

    NOTED("services.*.ports[].name", "names a port for people; a node does not read it"),
    HONOURED("services.*.ports[].mode"),
    HONOURED("services.*.ports[].host_ip"),
    HONOURED("services.*.ports[].target"),
    HONOURED("services.*.ports[].published"),
    HONOURED("services.*.ports[].protocol"),
    NOTED("services.*.ports[].app_protocol", "names a protocol for people; a node does not read "
                                             "it"),

    REFUSED("services.*.post_start[].command", NO_HOOKS, HOOK_REMEDY),
    HONOURED("services.*.post_start[].user"),
    HONOURED("services.*.post_start[].privileged"),
    HONOURED("services.*.post_start[].working_dir"),
    HONOURED("services.*.post_start[].environment"),
    REFUSED("services.*.pre_stop[].command", NO_HOOKS, STOP_REMEDY),
    HONOURED("services.*.pre_stop[].user"),
    HONOURED("services.*.pre_stop[].privileged"),
    HONOURED("services.*.pre_stop[].working_dir"),
    HONOURED("services.*.pre_stop[].environment"),

    REFUSED("services.*.provider.type", NO_PROVIDER, USE_CONTAINER),
    HONOURED("services.*.provider.options"),

    HONOURED("services.*.secrets[].source"),
    HONOURED("services.*.secrets[].target"),
    NOTED("services.*.secrets[].uid", MODE_FREE),
    NOTED("services.*.secrets[].gid", MODE_FREE),
    NOTED("services.*.secrets[].mode", MODE_FREE),
    HONOURED("services.*.configs[].source"),
    HONOURED("services.*.configs[].target"),
    HONOURED("services.*.configs[].uid"),
    HONOURED("services.*.configs[].gid"),
    HONOURED("services.*.configs[].mode"),

    HONOURED("services.*.ulimits.*"),
    HONOURED("services.*.ulimits.*.hard"),
    HONOURED("services.*.ulimits.*.soft"),

    HONOURED("services.*.volumes[].type"),
    HONOURED("services.*.volumes[].source"),
    HONOURED("services.*.volumes[].target"),
    HONOURED("services.*.volumes[].read_only"),
    NOTED_BUT("services.*.volumes[].consistency", "consistent cached delegated",
              "is for other systems; Linux mounts are consistent"),
    HONOURED("services.*.volumes[].bind"),
    NEW("services.*.volumes[].bind.propagation"),
    HONOURED("services.*.volumes[].bind.create_host_path"),
    NOTED_BUT("services.*.volumes[].bind.recursive", "enabled",
              "a bind brings what is mounted below it"),
    NEW("services.*.volumes[].bind.selinux"),
    HONOURED("services.*.volumes[].volume"),
    NOTED("services.*.volumes[].volume.labels", "labels of volumes are the node's own"),
    NEW("services.*.volumes[].volume.nocopy"),
    REFUSED("services.*.volumes[].volume.subpath", "a volume is mounted as a whole",
            "give that part a volume of its own"),
    HONOURED("services.*.volumes[].tmpfs"),
    HONOURED("services.*.volumes[].tmpfs.size"),
    HONOURED("services.*.volumes[].tmpfs.mode"),
    HONOURED("services.*.volumes[].image"),
    REFUSED("services.*.volumes[].image.subpath", "images are not mounted",
            "copy the files into the image that runs"),
};

struct key_page keys_of_deploy(void)
{
    return (struct key_page){.keys = keys, .count = COUNT_OF(keys)};
}
