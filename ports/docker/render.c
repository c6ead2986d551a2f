/* Render: a flat writer of JSON members; absent values leave no trace. */
#include "ports/docker/render.h"

#include <inttypes.h>

#include "ports/docker/limits.h"

/* A source and a target, each at most a path of the payload's, and the options. */
#define BIND_BYTES 8400

static void comma(struct text *text)
{
    char last = text->len > 0 ? text->data[text->len - 1] : '{';
    if (last != '{' && last != '[') {
        text_append(text, ",");
    }
}

static void put_key(struct text *text, const char *key)
{
    comma(text);
    text_append_json(text, key);
    text_append(text, ":");
}

static void put_text(struct text *text, const char *key, const char *value)
{
    if (value != NULL) {
        put_key(text, key);
        text_append_json(text, value);
    }
}

static void put_count(struct text *text, const char *key, uint64_t value)
{
    if (value != 0) {
        put_key(text, key);
        text_printf(text, "%" PRIu64, value);
    }
}

static void put_number(struct text *text, const char *key, int64_t value)
{
    if (value != 0) {
        put_key(text, key);
        text_printf(text, "%" PRId64, value);
    }
}

static void put_bool(struct text *text, const char *key, bool value)
{
    if (value) {
        put_key(text, key);
        text_append(text, "true");
    }
}

static void put_items(struct text *text, struct engine_strings list)
{
    text_append(text, "[");
    for (size_t i = 0; i < list.count; i++) {
        comma(text);
        text_append_json(text, list.items[i]);
    }
    text_append(text, "]");
}

/* A list that is there but empty speaks: it clears what the image says. */
static void put_list(struct text *text, const char *key, struct engine_strings list)
{
    if (list.items == NULL) {
        return;
    }
    put_key(text, key);
    put_items(text, list);
}

/* Items "name<separator>value" as an object; without the separator the value is empty. */
static void put_each(struct text *text, struct engine_strings pairs, const char *separator)
{
    char name[512];
    for (size_t i = 0; i < pairs.count; i++) {
        const char *pair = pairs.items[i];
        size_t len = strcspn(pair, separator);
        if (len >= sizeof name) {
            text->cut = true;
            return;
        }
        memcpy(name, pair, len);
        name[len] = '\0';
        put_text(text, name, pair[len] != '\0' ? pair + len + 1 : "");
    }
}

static void put_pairs(struct text *text, const char *key, struct engine_strings pairs,
                      const char *separator)
{
    if (pairs.count == 0) {
        return;
    }
    put_key(text, key);
    text_append(text, "{");
    put_each(text, pairs, separator);
    text_append(text, "}");
}

void render_options(struct engine_strings options, struct text *text)
{
    text_append(text, "{");
    put_each(text, options, "=");
    text_append(text, "}");
}

void render_address(ipv4 address, struct text *text)
{
    text_printf(text, "%u.%u.%u.%u", address >> 24, address >> 16 & 255u, address >> 8 & 255u,
                address & 255u);
}

static void put_address(struct text *text, const char *key, ipv4 address)
{
    put_key(text, key);
    text_append(text, "\"");
    render_address(address, text);
    text_append(text, "\"");
}

/* Options that only the other way to mount has: a path to be made, a relabelling. */
static bool is_bind(const struct engine_mount *mount)
{
    return !mount->is_volume && mount->source != NULL &&
           (mount->makes_path || mount->selinux != NULL);
}

static size_t bind_count(const struct engine_spec *spec)
{
    size_t count = 0;
    for (size_t i = 0; i < spec->mount_count; i++) {
        count += is_bind(&spec->mounts[i]);
    }
    return count;
}

/* "source:target:ro,rslave,z"; neither path has a colon. */
static void put_binds(struct text *text, const struct engine_spec *spec)
{
    if (bind_count(spec) == 0) {
        return;
    }
    put_key(text, "Binds");
    text_append(text, "[");
    for (size_t i = 0; i < spec->mount_count; i++) {
        const struct engine_mount *mount = &spec->mounts[i];
        const char *options[] = {mount->propagation, mount->selinux};
        char data[BIND_BYTES];
        struct text bind;
        if (!is_bind(mount)) {
            continue;
        }
        text_init(&bind, data, sizeof data);
        text_printf(&bind, "%s:%s:%s", mount->source, mount->target,
                    mount->read_only ? "ro" : "rw");
        for (size_t j = 0; j < COUNT_OF(options); j++) {
            if (options[j] != NULL) {
                text_printf(&bind, ",%s", options[j]);
            }
        }
        comma(text);
        text_append_json(text, data);
        text->cut |= bind.cut;
    }
    text_append(text, "]");
}

static void put_mount_options(struct text *text, const struct engine_mount *mount)
{
    if (mount->propagation != NULL) {
        put_key(text, "BindOptions");
        text_append(text, "{");
        put_text(text, "Propagation", mount->propagation);
        text_append(text, "}");
    }
    if (mount->no_copy) {
        put_key(text, "VolumeOptions");
        text_append(text, "{");
        put_bool(text, "NoCopy", true);
        text_append(text, "}");
    }
    if (mount->tmpfs_bytes != 0 || mount->tmpfs_mode != 0) {
        put_key(text, "TmpfsOptions");
        text_append(text, "{");
        put_count(text, "SizeBytes", mount->tmpfs_bytes);
        put_count(text, "Mode", mount->tmpfs_mode);
        text_append(text, "}");
    }
}

static void put_mounts(struct text *text, const struct engine_spec *spec)
{
    if (spec->mount_count == bind_count(spec)) {
        return;
    }
    put_key(text, "Mounts");
    text_append(text, "[");
    for (size_t i = 0; i < spec->mount_count; i++) {
        const struct engine_mount *mount = &spec->mounts[i];
        if (is_bind(mount)) {
            continue;
        }
        comma(text);
        text_append(text, "{");
        put_text(text, "Type",
                 mount->is_volume        ? "volume"
                 : mount->source != NULL ? "bind"
                                         : "tmpfs");
        put_text(text, "Source", mount->source);
        put_text(text, "Target", mount->target);
        put_bool(text, "ReadOnly", mount->read_only);
        put_mount_options(text, mount);
        text_append(text, "}");
    }
    text_append(text, "]");
}

static void put_devices(struct text *text, const struct engine_spec *spec)
{
    if (spec->device_count == 0) {
        return;
    }
    put_key(text, "Devices");
    text_append(text, "[");
    for (size_t i = 0; i < spec->device_count; i++) {
        const struct engine_device *device = &spec->devices[i];
        comma(text);
        text_append(text, "{");
        put_text(text, "PathOnHost", device->host_path);
        put_text(text, "PathInContainer", device->container_path);
        put_text(text, "CgroupPermissions", device->permissions);
        text_append(text, "}");
    }
    text_append(text, "]");
}

/* Of capabilities the engine takes alternatives; a release gives one. */
static void put_reservations(struct text *text, const struct engine_spec *spec)
{
    if (spec->reservation_count == 0) {
        return;
    }
    put_key(text, "DeviceRequests");
    text_append(text, "[");
    for (size_t i = 0; i < spec->reservation_count; i++) {
        const struct engine_reservation *reservation = &spec->reservations[i];
        comma(text);
        text_append(text, "{");
        put_text(text, "Driver", reservation->driver);
        put_number(text, "Count", reservation->count);
        put_list(text, "DeviceIDs", reservation->ids);
        text_append(text, ",\"Capabilities\":[");
        put_items(text, reservation->capabilities);
        text_append(text, "]");
        put_pairs(text, "Options", reservation->options, "=");
        text_append(text, "}");
    }
    text_append(text, "]");
}

static void put_ulimits(struct text *text, const struct engine_spec *spec)
{
    if (spec->ulimit_count == 0) {
        return;
    }
    put_key(text, "Ulimits");
    text_append(text, "[");
    for (size_t i = 0; i < spec->ulimit_count; i++) {
        const struct engine_ulimit *ulimit = &spec->ulimits[i];
        comma(text);
        text_append(text, "{");
        put_text(text, "Name", ulimit->name);
        put_key(text, "Soft");
        text_printf(text, "%" PRId64, ulimit->soft);
        put_key(text, "Hard");
        text_printf(text, "%" PRId64, ulimit->hard);
        text_append(text, "}");
    }
    text_append(text, "]");
}

static void put_log(struct text *text, const struct engine_spec *spec)
{
    if (spec->log_driver == NULL && spec->log_options.count == 0) {
        return;
    }
    put_key(text, "LogConfig");
    text_append(text, "{");
    put_text(text, "Type", spec->log_driver != NULL ? spec->log_driver : "");
    put_pairs(text, "Config", spec->log_options, "=");
    text_append(text, "}");
}

/* "systempaths=unconfined" is a word of the command line's: the engine takes two empty lists. */
static void put_security(struct text *text, struct engine_strings security)
{
    static const char unmasked[] = "systempaths=unconfined";
    bool is_unmasked = false;
    size_t count = 0;
    for (size_t i = 0; i < security.count; i++) {
        bool is_word = strcmp(security.items[i], unmasked) == 0;
        is_unmasked = is_unmasked || is_word;
        if (is_word) {
            continue;
        }
        if (count++ == 0) {
            put_key(text, "SecurityOpt");
            text_append(text, "[");
        }
        comma(text);
        text_append_json(text, security.items[i]);
    }
    text_append(text, count > 0 ? "]" : "");
    text_append(text, is_unmasked ? ",\"MaskedPaths\":[],\"ReadonlyPaths\":[]" : "");
}

static void put_namespaces(struct text *text, const struct engine_spec *spec)
{
    put_text(text, "PidMode", spec->pid);
    put_text(text, "IpcMode", spec->ipc);
    put_text(text, "UTSMode", spec->uts);
    put_text(text, "UsernsMode", spec->userns);
    put_text(text, "CgroupnsMode", spec->cgroup);
    put_text(text, "CgroupParent", spec->cgroup_parent);
    put_text(text, "Runtime", spec->runtime);
}

static void put_resources(struct text *text, const struct engine_spec *spec)
{
    put_count(text, "Memory", spec->memory_bytes);
    put_number(text, "MemoryReservation", spec->memory_reserved);
    put_number(text, "MemorySwap", spec->memory_swap);
    if (spec->swappiness != 0) {
        put_key(text, "MemorySwappiness");
        text_printf(text, "%" PRId64, spec->swappiness - 1);
    }
    put_count(text, "NanoCpus", spec->nano_cpus);
    put_number(text, "CpuShares", spec->cpu_shares);
    put_number(text, "CpuQuota", spec->cpu_quota_us);
    put_number(text, "CpuPeriod", spec->cpu_period_us);
    put_text(text, "CpusetCpus", spec->cpuset);
    put_number(text, "BlkioWeight", spec->blkio_weight);
    put_count(text, "ShmSize", spec->shm_bytes);
    put_number(text, "PidsLimit", spec->pids);
    put_number(text, "OomScoreAdj", spec->oom_score);
    put_bool(text, "OomKillDisable", spec->oom_kill_disable);
}

static void put_host(struct text *text, const struct engine_spec *spec)
{
    put_key(text, "HostConfig");
    text_append(text, "{\"RestartPolicy\":{\"Name\":\"no\"}");
    put_text(text, "NetworkMode", spec->network);
    put_list(text, "ExtraHosts", spec->hosts);
    put_list(text, "CapAdd", spec->cap_add);
    put_list(text, "CapDrop", spec->cap_drop);
    put_list(text, "GroupAdd", spec->group_add);
    put_list(text, "Dns", spec->dns);
    put_list(text, "DnsSearch", spec->dns_search);
    put_list(text, "DnsOptions", spec->dns_options);
    put_list(text, "DeviceCgroupRules", spec->device_rules);
    put_security(text, spec->security);
    put_namespaces(text, spec);
    put_pairs(text, "Tmpfs", spec->tmpfs, ":");
    put_pairs(text, "Sysctls", spec->sysctls, "=");
    put_pairs(text, "Annotations", spec->annotations, "=");
    put_binds(text, spec);
    put_mounts(text, spec);
    put_devices(text, spec);
    put_reservations(text, spec);
    put_ulimits(text, spec);
    put_log(text, spec);
    put_resources(text, spec);
    put_bool(text, "Privileged", spec->privileged);
    put_bool(text, "ReadonlyRootfs", spec->read_only);
    put_bool(text, "Init", spec->init);
    if (spec->no_init) {
        put_key(text, "Init");
        text_append(text, "false");
    }
    text_append(text, "}");
}

/* An address that comes again, in a later generation or after a restart, comes with the MAC that
 * neighbours remember for half a minute. Docker up to 27 derives the same from the address; podman
 * takes another one each time, and its announcement may be lost: then nothing reaches the container
 * for longer than its startup probe asks. */
static void put_mac(struct text *text, const struct engine_spec *spec)
{
    ipv4 address = spec->address;
    if (spec->mac_address != NULL) {
        put_text(text, "MacAddress", spec->mac_address);
        return;
    }
    put_key(text, "MacAddress");
    text_printf(text, "\"02:42:%02x:%02x:%02x:%02x\"", address >> 24, address >> 16 & 255u,
                address >> 8 & 255u, address & 255u);
}

static void put_endpoint(struct text *text, const struct engine_spec *spec)
{
    if (spec->network == NULL || spec->address == 0) {
        return;
    }
    put_key(text, "NetworkingConfig");
    text_append(text, "{\"EndpointsConfig\":{");
    put_key(text, spec->network);
    text_append(text, "{\"IPAMConfig\":{");
    put_address(text, "IPv4Address", spec->address);
    text_append(text, "}");
    put_mac(text, spec); /* engines from API 1.44 on, and podman, read it here */
    text_append(text, "}}}");
}

static void put_nanoseconds(struct text *text, const char *key, int64_t ms)
{
    put_number(text, key, ms * 1000000);
}

static void put_health(struct text *text, const struct engine_health *health)
{
    if (health == NULL) {
        return;
    }
    put_key(text, "Healthcheck");
    text_append(text, "{");
    put_list(text, "Test", health->test);
    put_nanoseconds(text, "Interval", health->interval_ms);
    put_nanoseconds(text, "Timeout", health->timeout_ms);
    put_nanoseconds(text, "StartPeriod", health->start_period_ms);
    put_nanoseconds(text, "StartInterval", health->start_interval_ms);
    put_count(text, "Retries", health->retries);
    text_append(text, "}");
}

static void put_labels(struct text *text, const struct engine_spec *spec)
{
    char data[128];
    struct text limits;
    text_init(&limits, data, sizeof data);
    limits_label(spec, &limits);
    put_key(text, "Labels");
    text_append(text, "{");
    put_each(text, spec->labels, "=");
    put_text(text, LIMITS_LABEL, data);
    text_append(text, "}");
}

void render_container(const struct engine_spec *spec, struct text *text)
{
    text_append(text, "{");
    put_text(text, "Image", spec->image);
    put_text(text, "Hostname", spec->hostname);
    put_text(text, "Domainname", spec->domainname);
    put_text(text, "MacAddress", spec->mac_address);
    put_text(text, "User", spec->user);
    put_text(text, "WorkingDir", spec->working_dir);
    put_bool(text, "Tty", spec->tty);
    put_bool(text, "OpenStdin", spec->stdin_open);
    put_list(text, "Entrypoint", spec->entrypoint);
    put_list(text, "Cmd", spec->command);
    put_list(text, "Env", spec->environment);
    put_labels(text, spec);
    put_text(text, "StopSignal", spec->stop_signal);
    /* Whole seconds for whoever stops it by hand, never shorter than asked. */
    put_count(text, "StopTimeout", (uint64_t)((spec->stop_grace_ms + 999) / 1000));
    put_health(text, spec->health);
    put_host(text, spec);
    put_endpoint(text, spec);
    text_append(text, "}");
}

void render_network(const struct engine_network *network, struct text *text)
{
    text_append(text, "{");
    put_text(text, "Name", network->name);
    put_bool(text, "CheckDuplicate", true);
    put_text(text, "Driver", "bridge");
    put_key(text, "IPAM");
    text_append(text, "{\"Driver\":\"default\",\"Config\":[{\"Subnet\":\"");
    render_address(network->subnet, text);
    text_printf(text, "/%u\"", network->prefix_bits);
    put_address(text, "Gateway", network->gateway);
    text_append(text, "}]}");
    put_key(text, "Options");
    text_append(text, "{");
    put_text(text, "com.docker.network.bridge.name", network->bridge);
    if (network->mtu != 0) {
        put_key(text, "com.docker.network.driver.mtu");
        text_printf(text, "\"%u\"", network->mtu);
    }
    text_append(text, "}");
    put_key(text, "Labels");
    text_append(text, "{");
    put_text(text, "io.berth.node", network->node);
    put_text(text, "io.berth.app", network->app);
    text_append(text, "}}");
}

void render_exec(const char *const *argv, size_t count, struct text *text)
{
    text_append(text, "{\"AttachStdout\":true,\"AttachStderr\":true");
    put_list(text, "Cmd", (struct engine_strings){.items = argv, .count = count});
    text_append(text, "}");
}
