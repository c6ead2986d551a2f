/* release_device: devices of the node, by file or by driver, and secrets of its directory. */
#include "agent/wire/release_parts.h"
#include "agent/wire/release_words.h"

/* "host[:container[:rwm]]" taken apart. */
static int device_read(const struct json_place *at, struct arena *arena,
                       struct engine_device *device, struct err *err)
{
    const char *text = NULL;
    int rc = json_string(at, &text, err);
    if (rc != 0) {
        return rc;
    }
    char *parts = arena_text(arena, text, strlen(text));
    if (parts == NULL) {
        return release_no_room(at, err);
    }
    char *target = strchr(parts, ':');
    char *permissions = target != NULL ? strchr(target + 1, ':') : NULL;
    if (target != NULL) {
        *target++ = '\0';
    }
    if (permissions != NULL) {
        *permissions++ = '\0';
    }
    device->host_path = parts;
    device->container_path = target != NULL ? target : parts;
    device->permissions = permissions != NULL ? permissions : "rwm";
    size_t len = strlen(device->permissions);
    if (!path_is_safe(device->host_path) || !path_is_safe(device->container_path) || len == 0 ||
        strspn(device->permissions, "rwm") != len) {
        return json_error(at, ERR_VALUE, err, "must be like /dev/ttyS0:/dev/ttyS0:rw");
    }
    return 0;
}

int release_read_devices(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    struct json_place step = {0};
    if (!json_is_array(at)) {
        return json_error(at, ERR_VALUE, err, "must be a list of strings");
    }
    struct engine_device *devices = arena_alloc(reading->arena, json_count(at) * sizeof *devices);
    if (devices == NULL) {
        return release_no_room(at, err);
    }
    reading->spec->devices = devices;
    while (json_next(at, &step)) {
        int rc = device_read(&step, reading->arena, &devices[reading->spec->device_count], err);
        if (rc != 0) {
            return rc;
        }
        reading->service->powers |= POWER_DEVICES;
        reading->spec->device_count++;
    }
    return 0;
}

/* One list of devices that a driver finds, and the arena of its strings. */
struct reserving {
    struct engine_reservation *reservation;
    struct arena *arena;
};

static int read_capabilities(const struct json_place *at, void *into, struct err *err)
{
    struct reserving *reserving = into;
    return release_read_strings(at, reserving->arena, &reserving->reservation->capabilities, err);
}

static int read_ids(const struct json_place *at, void *into, struct err *err)
{
    struct reserving *reserving = into;
    return release_read_strings(at, reserving->arena, &reserving->reservation->ids, err);
}

static int read_count(const struct json_place *at, void *into, struct err *err)
{
    return json_integer(at, -1, INT32_MAX, &((struct reserving *)into)->reservation->count, err);
}

static int read_driver(const struct json_place *at, void *into, struct err *err)
{
    struct reserving *reserving = into;
    return release_keep_string(at, reserving->arena, &reserving->reservation->driver, err);
}

static int read_options(const struct json_place *at, void *into, struct err *err)
{
    struct reserving *reserving = into;
    return release_read_pairs(at, reserving->arena, &reserving->reservation->options, err);
}

static int reservation_read(const struct json_place *at, struct reserving *reserving,
                            struct err *err)
{
    static const struct json_key keys[] = {{"capabilities", read_capabilities, NULL, true},
                                           {"device_ids", read_ids, NULL, false},
                                           {"count", read_count, NULL, false},
                                           {"driver", read_driver, NULL, false},
                                           {"options", read_options, NULL, false}};
    int rc = json_read_object(at, keys, COUNT_OF(keys), reserving, err);
    const struct engine_reservation *reservation = reserving->reservation;
    if (rc == 0 && (reservation->count != 0) == (reservation->ids.count > 0)) {
        rc = json_error(at, ERR_VALUE, err, "must have one of count (-1: all) and device_ids");
    }
    return rc;
}

int release_read_reserved_devices(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    struct json_place step = {0};
    if (!json_is_array(at)) {
        return json_error(at, ERR_VALUE, err, "must be a list of objects");
    }
    struct engine_reservation *list = arena_alloc(reading->arena, json_count(at) * sizeof *list);
    if (list == NULL) {
        return release_no_room(at, err);
    }
    reading->spec->reservations = list;
    while (json_next(at, &step)) {
        struct reserving reserving = {.reservation = &list[reading->spec->reservation_count],
                                      .arena = reading->arena};
        int rc = reservation_read(&step, &reserving, err);
        if (rc != 0) {
            return rc;
        }
        reading->service->powers |= POWER_DEVICES;
        reading->spec->reservation_count++;
    }
    return 0;
}

int release_read_secrets(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    int rc = release_read_strings(at, reading->arena, &reading->secrets, err);
    for (size_t i = 0; rc == 0 && i < reading->secrets.count; i++) {
        if (!volume_is_name(reading->secrets.items[i])) {
            rc = json_error(at, ERR_VALUE, err, "item %zu must be a plain file name", i);
        }
        for (size_t j = 0; rc == 0 && j < i; j++) {
            if (strcmp(reading->secrets.items[i], reading->secrets.items[j]) == 0) {
                rc = json_error(at, ERR_VALUE, err, "item %zu stands twice", i);
            }
        }
    }
    return rc;
}
