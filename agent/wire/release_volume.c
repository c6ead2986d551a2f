/* release_volume: what a release says at the top of its volumes: a name at the engine, what the
 * engine mounts there, and that somebody else makes it. */
#include "agent/wire/release_parts.h"
#include "agent/wire/release_words.h"

/* What there is no engine of every node to do. */
#define MAKE_IT "make the volume on the node and set external: true"

struct volume_reading {
    struct volume_name *volume;
    struct arena *arena;
};

static int read_name(const struct json_place *at, void *into, struct err *err)
{
    struct volume_name *volume = ((struct volume_reading *)into)->volume;
    int rc = json_string(at, &volume->name, err);
    if (rc == 0 && !volume_is_name(volume->name)) {
        rc = json_error(at, ERR_VALUE, err,
                        "must be the name of a volume, of at most 64 letters, digits, '-', '_' "
                        "and '.'");
    }
    return rc;
}

static int read_external(const struct json_place *at, void *into, struct err *err)
{
    return json_boolean(at, &((struct volume_reading *)into)->volume->is_external, err);
}

static int read_options(const struct json_place *at, void *into, struct err *err)
{
    struct volume_reading *reading = into;
    return release_read_pairs(at, reading->arena, &reading->volume->options, err);
}

static int volume_read(const struct json_place *at, struct arena *arena, struct volume_name *volume,
                       struct err *err)
{
    static const struct json_key keys[] = {{"name", read_name, NULL, false},
                                           {"external", read_external, NULL, false},
                                           {"driver", NULL, MAKE_IT, false},
                                           {"driver_opts", read_options, NULL, false},
                                           {"labels", NULL, MAKE_IT, false}};
    struct volume_reading reading = {.volume = volume, .arena = arena};
    if (json_is_null(at)) {
        return 0;
    }
    int rc = json_read_object(at, keys, COUNT_OF(keys), &reading, err);
    if (rc == 0 && volume->is_external && volume->options.count > 0) {
        return json_error(at, ERR_VALUE, err, "external and driver_opts conflict: set only one");
    }
    if (rc == 0 && volume->is_external && volume->name == NULL) {
        if (!volume_is_name(at->key)) {
            return json_error(at, ERR_VALUE, err, "is not the name of a volume; set name");
        }
        volume->name = at->key;
    }
    return rc;
}

/* Two keys with one name would be two mounts of one volume, by an oversight. */
static int name_keep(const struct json_place *at, const struct volume_name *read,
                     struct release_reading *reading, struct err *err)
{
    struct volume_name *kept = &reading->volumes[reading->volume_count];
    for (size_t i = 0; i < reading->volume_count; i++) {
        const char *name = reading->volumes[i].name;
        if (name != NULL && read->name != NULL && strcmp(name, read->name) == 0) {
            return json_error(at, ERR_VALUE, err, "has the name of %s; write one of them",
                              reading->volumes[i].key);
        }
    }
    kept->key = arena_text(reading->arena, at->key, strlen(at->key));
    kept->name = NULL;
    if (read->name != NULL) {
        kept->name = arena_text(reading->arena, read->name, strlen(read->name));
    }
    kept->is_external = read->is_external;
    kept->options = read->options;
    reading->volume_count++;
    return kept->key != NULL && (kept->name != NULL || read->name == NULL)
               ? 0
               : release_no_room(at, err);
}

int release_read_volume_names(const struct json_place *at, struct release_reading *reading,
                              struct err *err)
{
    struct json_place step = {0};
    if (!json_is_object(at)) {
        return json_error(at, ERR_VALUE, err, "must be an object");
    }
    reading->volumes = arena_alloc(reading->arena, json_count(at) * sizeof *reading->volumes);
    if (reading->volumes == NULL) {
        return release_no_room(at, err);
    }
    while (json_next(at, &step)) {
        struct volume_name read = {0};
        int rc = volume_read(&step, reading->arena, &read, err);
        if (rc == 0 && (read.name != NULL || read.options.count > 0)) {
            rc = name_keep(&step, &read, reading, err);
        }
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}
