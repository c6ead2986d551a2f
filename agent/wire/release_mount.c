/* release_mount: what of the node's files and devices the container sees. */
#include <ctype.h>

#include "agent/wire/release_parts.h"
#include "agent/wire/release_words.h"
#include "platform/base/text.h"

#define VOLUME_NAME_CHARACTERS_MAX 64

struct mount_reading {
    struct release_reading *reading;
    struct engine_mount *mount;
    const char *type;
};

static int path_keep(const struct json_place *at, struct arena *arena, const char **kept,
                     struct err *err)
{
    const char *text = NULL;
    int rc = json_string(at, &text, err);
    if (rc != 0) {
        return rc;
    }
    if (!path_is_safe(text) || text[1] == '\0') {
        return json_error(at, ERR_VALUE, err,
                          "must be an absolute path below /, without '..' or ':'");
    }
    *kept = arena_text(arena, text, strlen(text));
    return *kept != NULL ? 0 : release_no_room(at, err);
}

static bool volume_is_name(const char *text)
{
    size_t len = strnlen(text, VOLUME_NAME_CHARACTERS_MAX + 1);
    if (len == 0 || len > VOLUME_NAME_CHARACTERS_MAX || !isalnum((unsigned char)text[0])) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr("-_.", text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

/* "berth<separator><node><separator><app><separator><name>" */
static const char *volume_name(const struct release_reading *reading, char separator,
                               const char *source)
{
    char name[256];
    struct text text;
    text_init(&text, name, sizeof name);
    text_printf(&text, "berth%c%s%c%s%c%s", separator,
                reading->node->name != NULL ? reading->node->name : "", separator,
                reading->plan->app, separator, source);
    return arena_text(reading->arena, name, text.len);
}

/* Volumes are the app's own on this node, the same for each release. No node's or app's name has an
 * underscore: with it as the separator no two apps share a volume. Versions before wrote '-'. */
static int volume_keep(const struct json_place *at, const struct release_reading *reading,
                       struct engine_mount *mount, struct err *err)
{
    const char *source = NULL;
    int rc = json_string(at, &source, err);
    if (rc != 0) {
        return rc;
    }
    if (!volume_is_name(source)) {
        return json_error(at, ERR_VALUE, err,
                          "must be the name of a volume, of at most 64 "
                          "letters, digits, '-', '_' and '.'");
    }
    mount->source = volume_name(reading, '_', source);
    mount->former = volume_name(reading, '-', source);
    return mount->source != NULL && mount->former != NULL ? 0 : release_no_room(at, err);
}

static int read_type(const struct json_place *at, void *into, struct err *err)
{
    struct mount_reading *mount = into;
    int rc = json_string(at, &mount->type, err);
    if (rc != 0) {
        return rc;
    }
    if (strcmp(mount->type, "tmpfs") == 0) {
        return json_error(at, ERR_VALUE, err, "write it under the service's tmpfs");
    }
    if (strcmp(mount->type, "bind") != 0 && strcmp(mount->type, "volume") != 0) {
        return json_error(at, ERR_VALUE, err, "must be bind or volume");
    }
    mount->mount->is_volume = mount->type[0] == 'v';
    return 0;
}

static int read_source(const struct json_place *at, void *into, struct err *err)
{
    struct mount_reading *mount = into;
    return mount->mount->is_volume
               ? volume_keep(at, mount->reading, mount->mount, err)
               : path_keep(at, mount->reading->arena, &mount->mount->source, err);
}

static int read_target(const struct json_place *at, void *into, struct err *err)
{
    struct mount_reading *mount = into;
    return path_keep(at, mount->reading->arena, &mount->mount->target, err);
}

static int read_read_only(const struct json_place *at, void *into, struct err *err)
{
    return json_boolean(at, &((struct mount_reading *)into)->mount->read_only, err);
}

int release_read_volumes(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {
        {"type", read_type, NULL, true},
        {"source", read_source, NULL, true},
        {"target", read_target, NULL, true},
        {"read_only", read_read_only, NULL, false},
        {"bind", NULL, "not supported by this version; remove it", false},
        {"volume", NULL, "not supported by this version; remove it", false}};
    struct release_reading *reading = into;
    struct json_place step = {0};
    if (!json_is_array(at)) {
        return json_error(at, ERR_VALUE, err, "must be a list of mounts");
    }
    struct engine_mount *mounts = arena_alloc(reading->arena, json_count(at) * sizeof *mounts);
    if (mounts == NULL) {
        return release_no_room(at, err);
    }
    reading->spec->mounts = mounts;
    while (json_next(at, &step)) {
        struct engine_mount *mount = &mounts[reading->spec->mount_count];
        struct mount_reading into_mount = {.reading = reading, .mount = mount};
        int rc = json_read_object(&step, keys, COUNT_OF(keys), &into_mount, err);
        if (rc != 0) {
            return rc;
        }
        for (size_t i = 0; i < reading->spec->mount_count; i++) {
            if (strcmp(mounts[i].target, mount->target) == 0) {
                return json_error(&step, ERR_VALUE, err, "two mounts have the same target");
            }
        }
        reading->mounts_writable |= !mount->read_only;
        reading->service->powers |= mount->is_volume ? 0 : POWER_HOST_PATHS;
        reading->spec->mount_count++;
    }
    return 0;
}

int release_read_tmpfs(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    int rc = release_read_strings(at, reading->arena, &reading->spec->tmpfs, err);
    for (size_t i = 0; rc == 0 && i < reading->spec->tmpfs.count; i++) {
        const char *item = reading->spec->tmpfs.items[i];
        if (item[0] != '/' || item[1] == '\0' || strstr(item, "..") != NULL) {
            rc = json_error(at, ERR_VALUE, err, "item %zu must begin with an absolute path", i);
        }
    }
    return rc;
}

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
