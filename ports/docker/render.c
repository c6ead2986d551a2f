/* Render: a flat writer of JSON members; absent values leave no trace. */
#include "ports/docker/render.h"

#include <inttypes.h>

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

static void put_bool(struct text *text, const char *key, bool value)
{
    if (value) {
        put_key(text, key);
        text_append(text, "true");
    }
}

/* A list that is there but empty speaks: it clears what the image says. */
static void put_list(struct text *text, const char *key, struct engine_strings list)
{
    if (list.items == NULL) {
        return;
    }
    put_key(text, key);
    text_append(text, "[");
    for (size_t i = 0; i < list.count; i++) {
        comma(text);
        text_append_json(text, list.items[i]);
    }
    text_append(text, "]");
}

/* Items "name<separator>value" as an object; without the separator the value is empty. */
static void put_pairs(struct text *text, const char *key, struct engine_strings pairs,
                      const char *separator)
{
    char name[512];
    if (pairs.count == 0) {
        return;
    }
    put_key(text, key);
    text_append(text, "{");
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

static void put_mounts(struct text *text, const struct engine_spec *spec)
{
    if (spec->mount_count == 0) {
        return;
    }
    put_key(text, "Mounts");
    text_append(text, "[");
    for (size_t i = 0; i < spec->mount_count; i++) {
        const struct engine_mount *mount = &spec->mounts[i];
        comma(text);
        text_append(text, "{");
        put_text(text, "Type", mount->is_volume ? "volume" : "bind");
        put_text(text, "Source", mount->source);
        put_text(text, "Target", mount->target);
        put_bool(text, "ReadOnly", mount->read_only);
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

static void put_host(struct text *text, const struct engine_spec *spec)
{
    put_key(text, "HostConfig");
    text_append(text, "{\"RestartPolicy\":{\"Name\":\"no\"}");
    put_text(text, "NetworkMode", spec->network);
    put_list(text, "ExtraHosts", spec->hosts);
    put_list(text, "CapAdd", spec->cap_add);
    put_list(text, "CapDrop", spec->cap_drop);
    put_list(text, "GroupAdd", spec->group_add);
    put_pairs(text, "Tmpfs", spec->tmpfs, ":");
    put_pairs(text, "Sysctls", spec->sysctls, "=");
    put_mounts(text, spec);
    put_devices(text, spec);
    put_ulimits(text, spec);
    put_log(text, spec);
    put_count(text, "Memory", spec->memory_bytes);
    put_count(text, "NanoCpus", spec->nano_cpus);
    put_count(text, "ShmSize", spec->shm_bytes);
    put_count(text, "PidsLimit", spec->pids);
    put_bool(text, "Privileged", spec->privileged);
    put_bool(text, "ReadonlyRootfs", spec->read_only);
    put_bool(text, "Init", spec->init);
    text_append(text, "}");
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
    text_append(text, "}}}}");
}

void render_container(const struct engine_spec *spec, struct text *text)
{
    text_append(text, "{");
    put_text(text, "Image", spec->image);
    put_text(text, "Hostname", spec->hostname);
    put_text(text, "User", spec->user);
    put_text(text, "WorkingDir", spec->working_dir);
    put_bool(text, "Tty", spec->tty);
    put_list(text, "Entrypoint", spec->entrypoint);
    put_list(text, "Cmd", spec->command);
    put_list(text, "Env", spec->environment);
    put_pairs(text, "Labels", spec->labels, "=");
    put_text(text, "StopSignal", spec->stop_signal);
    /* Whole seconds for whoever stops it by hand, never shorter than asked. */
    put_count(text, "StopTimeout", (uint64_t)((spec->stop_grace_ms + 999) / 1000));
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
