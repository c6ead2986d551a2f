/* release_resource: how many replicas, and how much of the machine each may use. */
#include <ctype.h>
#include <stdlib.h>

#include "agent/wire/release_parts.h"

#define CPUS_MAX         1024
#define MEMORY_MIN       (6u << 20) /* what the engine accepts */
#define ULIMIT_UNLIMITED (-1)
#define PIDS_UNLIMITED   (-1)

static int read_soft(const struct json_place *at, void *into, struct err *err)
{
    return json_integer(at, ULIMIT_UNLIMITED, JSON_INTEGER_MAX,
                        &((struct engine_ulimit *)into)->soft, err);
}

static int read_hard(const struct json_place *at, void *into, struct err *err)
{
    return json_integer(at, ULIMIT_UNLIMITED, JSON_INTEGER_MAX,
                        &((struct engine_ulimit *)into)->hard, err);
}

static int ulimit_read(const struct json_place *at, struct engine_ulimit *ulimit, struct err *err)
{
    static const struct json_key keys[] = {{"soft", read_soft, NULL, true},
                                           {"hard", read_hard, NULL, true}};
    if (json_is_object(at)) {
        return json_read_object(at, keys, COUNT_OF(keys), ulimit, err);
    }
    int rc = json_integer(at, ULIMIT_UNLIMITED, JSON_INTEGER_MAX, &ulimit->soft, err);
    ulimit->hard = ulimit->soft;
    return rc;
}

int release_read_ulimits(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    struct json_place step = {0};
    if (!json_is_object(at)) {
        return json_error(at, ERR_VALUE, err, "must be an object");
    }
    struct engine_ulimit *ulimits = arena_alloc(reading->arena, json_count(at) * sizeof *ulimits);
    if (ulimits == NULL) {
        return release_no_room(at, err);
    }
    reading->spec->ulimits = ulimits;
    while (json_next(at, &step)) {
        struct engine_ulimit *ulimit = &ulimits[reading->spec->ulimit_count];
        ulimit->name = arena_text(reading->arena, step.key, strlen(step.key));
        if (ulimit->name == NULL) {
            return release_no_room(&step, err);
        }
        if (ulimit->name[0] == '\0' ||
            ulimit->name[strspn(ulimit->name, "abcdefghijklmnopqrstuvwxyz")] != '\0') {
            return json_error(&step, ERR_VALUE, err, "is not the name of a limit, like nofile");
        }
        int rc = ulimit_read(&step, ulimit, err);
        if (rc != 0) {
            return rc;
        }
        reading->spec->ulimit_count++;
    }
    return 0;
}

int release_read_sysctls(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    return release_read_pairs(at, reading->arena, &reading->spec->sysctls, err);
}

int release_read_shm_size(const struct json_place *at, void *into, struct err *err)
{
    return release_read_size(at, &((struct release_reading *)into)->spec->shm_bytes, err);
}

/* Kept as one more, because 0 is a percentage like others. */
int release_read_swappiness(const struct json_place *at, void *into, struct err *err)
{
    int64_t percent = 0;
    int rc = json_integer(at, 0, 100, &percent, err);
    ((struct release_reading *)into)->spec->swappiness = percent + 1;
    return rc;
}

static int read_weight(const struct json_place *at, void *into, struct err *err)
{
    return json_integer(at, 10, 1000, &((struct release_reading *)into)->spec->blkio_weight, err);
}

int release_read_blkio(const struct json_place *at, void *into, struct err *err)
{
    static const char other[] = "not supported by this version; keep weight, or remove it";
    static const struct json_key keys[] = {
        {"weight", read_weight, NULL, false},     {"weight_device", NULL, other, false},
        {"device_read_bps", NULL, other, false},  {"device_read_iops", NULL, other, false},
        {"device_write_bps", NULL, other, false}, {"device_write_iops", NULL, other, false}};
    return json_read_object(at, keys, COUNT_OF(keys), into, err);
}

static int read_replicas(const struct json_place *at, void *into, struct err *err)
{
    int64_t replicas = 0;
    int rc = json_integer(at, 1, REPLICAS_MAX, &replicas, err);
    if (rc == 0) {
        ((struct release_reading *)into)->service->replicas = (uint8_t)replicas;
    }
    return rc;
}

/* Compose writes cpus as a string or a decimal; at most three places. */
static int read_cpus(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    int64_t thousandths = 0;
    if (json_is_string(at)) {
        const char *text = NULL;
        char *end = NULL;
        int rc = json_string(at, &text, err);
        if (rc != 0) {
            return rc;
        }
        size_t len = strlen(text);
        const char *point = strchr(text, '.');
        double cpus = isdigit((unsigned char)text[0]) ? strtod(text, &end) : 0;
        if (strspn(text, "0123456789.") != len || end == NULL || *end != '\0' || len > 12 ||
            (point != NULL && strlen(point + 1) > 3) || cpus < 0.001 || cpus > CPUS_MAX) {
            return json_error(at, ERR_VALUE, err, "must be a number of processors like 0.5");
        }
        thousandths = (int64_t)(cpus * 1000 + 0.5);
    } else {
        int rc = json_thousandths(at, 1, CPUS_MAX * 1000, &thousandths, err);
        if (rc != 0) {
            return rc;
        }
    }
    reading->spec->nano_cpus = (uint64_t)thousandths * 1000000;
    return 0;
}

static int read_memory(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    uint64_t bytes = 0;
    int rc = release_read_size(at, &bytes, err);
    if (rc == 0 && bytes < MEMORY_MIN) {
        rc = json_error(at, ERR_VALUE, err, "the engine needs at least %u MiB", MEMORY_MIN >> 20);
    }
    reading->spec->memory_bytes = reading->service->memory_bytes = bytes;
    return rc;
}

static int read_pids(const struct json_place *at, void *into, struct err *err)
{
    int64_t *pids = &((struct release_reading *)into)->spec->pids;
    int rc = json_integer(at, PIDS_UNLIMITED, INT32_MAX, pids, err);
    if (rc == 0 && *pids == 0) {
        rc = json_error(at, ERR_VALUE, err, "must be between 1 and %d, or -1", INT32_MAX);
    }
    return rc;
}

static int read_limits(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"cpus", read_cpus, NULL, false},
                                           {"memory", read_memory, NULL, false},
                                           {"pids", read_pids, NULL, false}};
    return json_read_object(at, keys, COUNT_OF(keys), into, err);
}

static int read_reserved_memory(const struct json_place *at, void *into, struct err *err)
{
    uint64_t bytes = 0;
    int rc = release_read_size(at, &bytes, err);
    ((struct release_reading *)into)->spec->memory_reserved = (int64_t)bytes;
    return rc;
}

static int read_reservations(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {
        {"memory", read_reserved_memory, NULL, false},
        {"cpus", NULL, "a node reserves no processors; remove it", false},
        {"pids", NULL, "a node reserves no processes; remove it", false},
        {"generic_resources", NULL, "a node has none; remove it", false},
        {"devices", release_read_reserved_devices, NULL, false}};
    return json_read_object(at, keys, COUNT_OF(keys), into, err);
}

static int read_resources(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"limits", read_limits, NULL, false},
                                           {"reservations", read_reservations, NULL, false}};
    return json_read_object(at, keys, COUNT_OF(keys), into, err);
}

static int read_update_order(const struct json_place *at, void *into, struct err *err)
{
    return release_read_order(at, &((struct release_reading *)into)->update_order, err);
}

static int read_update_config(const struct json_place *at, void *into, struct err *err)
{
    static const char later[] = "not supported by this version; remove it";
    static const struct json_key keys[] = {{"order", read_update_order, NULL, false},
                                           {"parallelism", NULL, later, false},
                                           {"delay", NULL, later, false},
                                           {"failure_action", NULL, later, false},
                                           {"monitor", NULL, "say x-berth.swap.soak", false},
                                           {"max_failure_ratio", NULL, later, false}};
    return json_read_object(at, keys, COUNT_OF(keys), into, err);
}

int release_read_deploy(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {
        {"replicas", read_replicas, NULL, false},
        {"resources", read_resources, NULL, false},
        {"update_config", read_update_config, NULL, false},
        {"rollback_config", NULL, "not supported by this version; remove it", false},
        {"restart_policy", NULL, "a committed service always runs; remove it", false},
        {"placement", NULL, "a release runs where an order sends it; remove it", false},
        {"labels", NULL, "write them as the service's labels", false},
        {"mode", NULL, "not supported by this version; remove it", false}};
    return json_read_object(at, keys, COUNT_OF(keys), into, err);
}
