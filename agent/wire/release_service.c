/* release_service: the one table of keys a service may have, and of those that are refused by name.
 */
#include "agent/wire/duration.h"
#include "agent/wire/release_parts.h"
#include "platform/base/law.h"

#define STOP_GRACE_DEFAULT_MS SECONDS_MS(10)

static int read_service_order(const struct json_place *at, void *into, struct err *err)
{
    return release_read_order(at, &((struct release_reading *)into)->service_order, err);
}

static int read_shared_data(const struct json_place *at, void *into, struct err *err)
{
    const char *word = NULL;
    int rc = json_string(at, &word, err);
    if (rc == 0 && strcmp(word, "safe") != 0) {
        rc = json_error(at, ERR_VALUE, err, "can only be \"safe\"; leave it out otherwise");
    }
    ((struct release_reading *)into)->is_data_safe = rc == 0;
    return rc;
}

/* Its items are looked up where the variables are read. */
static int read_plain(const struct json_place *at, void *into, struct err *err)
{
    struct engine_strings names;
    struct release_reading *reading = into;
    return release_read_strings(at, reading->arena, &names, err);
}

static int read_extension(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"image", release_read_platforms, NULL, true},
                                           {"probes", release_read_probes, NULL, false},
                                           {"order", read_service_order, NULL, false},
                                           {"sharedData", read_shared_data, NULL, false},
                                           {"names", release_read_names, NULL, false},
                                           {"plain", read_plain, NULL, false},
                                           {"drain", release_read_drain, NULL, false}};
    return json_read_object(at, keys, COUNT_OF(keys), into, err);
}

#define ONE_SERVICE "this version runs one service an app; remove it"
#define OWN_NETWORK "each app has one network of its own; remove it"
#define LIMITS      "write it under deploy.resources.limits"
#define LATER       "not supported by this version; remove it"

static const struct json_key service_keys[] = {
    {"image", release_read_image, NULL, true},
    {"command", release_read_command, NULL, false},
    {"entrypoint", release_read_entrypoint, NULL, false},
    {"environment", release_read_environment, NULL, false},
    {"user", release_read_user, NULL, false},
    {"working_dir", release_read_working_dir, NULL, false},
    {"hostname", release_read_hostname, NULL, false},
    {"labels", release_read_labels, NULL, false},
    {"extra_hosts", release_read_extra_hosts, NULL, false},
    {"group_add", release_read_group_add, NULL, false},
    {"init", release_read_init, NULL, false},
    {"tty", release_read_tty, NULL, false},
    {"restart", release_read_restart, NULL, false},
    {"stop_signal", release_read_stop_signal, NULL, false},
    {"stop_grace_period", release_read_stop_grace, NULL, false},
    {"logging", release_read_logging, NULL, false},
    {"volumes", release_read_volumes, NULL, false},
    {"tmpfs", release_read_tmpfs, NULL, false},
    {"devices", release_read_devices, NULL, false},
    {"secrets", release_read_secrets, NULL, false},
    {"cap_add", release_read_cap_add, NULL, false},
    {"cap_drop", release_read_cap_drop, NULL, false},
    {"privileged", release_read_privileged, NULL, false},
    {"read_only", release_read_read_only, NULL, false},
    {"network_mode", release_read_network_mode, NULL, false},
    {"ports", release_read_ports, NULL, false},
    {"ulimits", release_read_ulimits, NULL, false},
    {"sysctls", release_read_sysctls, NULL, false},
    {"shm_size", release_read_shm_size, NULL, false},
    {"deploy", release_read_deploy, NULL, false},
    {"healthcheck", release_read_healthcheck, NULL, false},
    {"domainname", release_read_plain, NULL, false},
    {"mac_address", release_read_plain, NULL, false},
    {"runtime", release_read_plain, NULL, false},
    {"cpuset", release_read_plain, NULL, false},
    {"cgroup_parent", release_read_plain, NULL, false},
    {"pid", release_read_plain, NULL, false},
    {"ipc", release_read_plain, NULL, false},
    {"uts", release_read_plain, NULL, false},
    {"userns_mode", release_read_plain, NULL, false},
    {"cgroup", release_read_plain, NULL, false},
    {"annotations", release_read_plain, NULL, false},
    {"dns", release_read_plain, NULL, false},
    {"dns_search", release_read_plain, NULL, false},
    {"dns_opt", release_read_plain, NULL, false},
    {"device_cgroup_rules", release_read_plain, NULL, false},
    {"security_opt", release_read_plain, NULL, false},
    {"memswap_limit", release_read_plain, NULL, false},
    {"cpu_shares", release_read_plain, NULL, false},
    {"cpu_quota", release_read_plain, NULL, false},
    {"cpu_period", release_read_plain, NULL, false},
    {"oom_score_adj", release_read_plain, NULL, false},
    {"oom_kill_disable", release_read_plain, NULL, false},
    {"stdin_open", release_read_plain, NULL, false},
    {"mem_swappiness", release_read_swappiness, NULL, false},
    {"blkio_config", release_read_blkio, NULL, false},
    {"platform", release_read_platform, NULL, false},
    {"x-berth", read_extension, NULL, true},
    {"build", NULL, "a release names a built image: build and push it, then set image", false},
    {"container_name", NULL,
     "two generations run side by side, so names are given by the node; "
     "remove it",
     false},
    {"depends_on", NULL, ONE_SERVICE, false},
    {"links", NULL, ONE_SERVICE, false},
    {"volumes_from", NULL, ONE_SERVICE, false},
    {"networks", NULL, OWN_NETWORK, false},
    {"env_file", NULL, "write the variables under environment", false},
    {"cpus", NULL, LIMITS, false},
    {"mem_limit", NULL, LIMITS, false},
    {"pids_limit", NULL, LIMITS, false},
    {"scale", NULL, "write it as deploy.replicas", false},
    {"expose", NULL, "containers of an app reach each other on every port; remove it", false},
    {"pull_policy", NULL, "the node pulls by digest, once; remove it", false},
    {"profiles", NULL, "a release has no profiles; remove it", false},
    {"extends", NULL, LATER, false},
    {"configs", NULL, "mount the file (type file) where the program reads it; remove it", false},
    {"mem_reservation", NULL, "write it under deploy.resources.reservations", false},
    {"gpus", NULL, "write it under deploy.resources.reservations.devices", false}};

int release_read_service(const struct json_place *at, struct release_reading *reading,
                         struct err *err)
{
    reading->service->replicas = 1;
    reading->service->stop_grace_ms = STOP_GRACE_DEFAULT_MS;
    return json_read_object(at, service_keys, COUNT_OF(service_keys), reading, err);
}

int release_read_order(const struct json_place *at, enum order_wish *wish, struct err *err)
{
    static const struct {
        const char *word;
        enum order_wish wish;
    } words[] = {
        {"auto", ORDER_AUTO}, {"start-first", ORDER_START_FIRST}, {"stop-first", ORDER_STOP_FIRST}};
    const char *text = NULL;
    int rc = json_string(at, &text, err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(words[i].word, text) == 0) {
            *wish = words[i].wish;
            return 0;
        }
    }
    return json_error(at, ERR_VALUE, err, "must be auto, start-first or stop-first");
}

int release_no_room(const struct json_place *at, struct err *err)
{
    return json_error(at, ERR_LIMIT, err, "the service says more than a container may carry");
}

int release_read_duration(const struct json_place *at, int64_t least_ms, int64_t most_ms,
                          int64_t *ms, struct err *err)
{
    LAW(BOUNDED, least_ms <= most_ms);
    const char *text = NULL;
    int64_t read = 0;
    char least[32];
    char most[32];
    int rc = json_string(at, &text, err);
    if (rc != 0) {
        return rc;
    }
    if (!duration_parse(text, &read)) {
        return json_error(at, ERR_VALUE, err, "must be a duration like 1m30s or 300ms");
    }
    if (read < least_ms || read > most_ms) {
        duration_render(least_ms, least, sizeof least);
        duration_render(most_ms, most, sizeof most);
        return json_error(at, ERR_VALUE, err, "must be between %s and %s", least, most);
    }
    *ms = read;
    return 0;
}

int release_read_size(const struct json_place *at, uint64_t *bytes, struct err *err)
{
    const char *text = NULL;
    if (!json_is_string(at)) {
        int64_t read = 0;
        int rc = json_integer(at, 0, JSON_INTEGER_MAX, &read, err);
        *bytes = (uint64_t)read;
        return rc;
    }
    int rc = json_string(at, &text, err);
    if (rc == 0 && !size_parse(text, bytes)) {
        rc = json_error(at, ERR_VALUE, err, "must be a size like 64M");
    }
    return rc;
}

int release_read_strings(const struct json_place *at, struct arena *arena,
                         struct engine_strings *out, struct err *err)
{
    struct json_place step = {0};
    if (!json_is_array(at)) {
        return json_error(at, ERR_VALUE, err, "must be a list of strings");
    }
    const char **items = arena_alloc(arena, json_count(at) * sizeof *items);
    if (items == NULL) {
        return release_no_room(at, err);
    }
    *out = (struct engine_strings){.items = items};
    while (json_next(at, &step)) {
        const char *text = NULL;
        int rc = json_string(&step, &text, err);
        if (rc != 0) {
            return rc;
        }
        items[out->count] = arena_text(arena, text, strlen(text));
        if (items[out->count] == NULL) {
            return release_no_room(&step, err);
        }
        out->count++;
    }
    return 0;
}

int release_read_pairs(const struct json_place *at, struct arena *arena, struct engine_strings *out,
                       struct err *err)
{
    struct json_place step = {0};
    if (!json_is_object(at)) {
        return json_error(at, ERR_VALUE, err, "must be an object of strings");
    }
    const char **items = arena_alloc(arena, json_count(at) * sizeof *items);
    if (items == NULL) {
        return release_no_room(at, err);
    }
    *out = (struct engine_strings){.items = items};
    while (json_next(at, &step)) {
        const char *value = NULL;
        int rc = json_string(&step, &value, err);
        if (rc != 0) {
            return rc;
        }
        if (step.key[0] == '\0' || strchr(step.key, '=') != NULL) {
            return json_error(&step, ERR_VALUE, err, "a name must not be empty or contain '='");
        }
        size_t key_len = strlen(step.key);
        size_t value_len = strlen(value);
        char *pair = arena_alloc(arena, key_len + value_len + 2);
        if (pair == NULL) {
            return release_no_room(&step, err);
        }
        memcpy(pair, step.key, key_len);
        pair[key_len] = '=';
        memcpy(pair + key_len + 1, value, value_len);
        items[out->count++] = pair;
    }
    return 0;
}
