/* release_mount: what of the node's files and devices the container sees. */
#include "agent/wire/release_parts.h"
#include "agent/wire/release_words.h"
#include "platform/base/law.h"
#include "platform/base/text.h"

#define TMPFS_MODE_MAX      07777
#define VOLUME_NAME_BYTES   256
#define IMAGE_VOLUME_PREFIX "image-"
#define IMAGE_VOLUME_DIGITS 12

struct mount_reading {
    struct release_reading *reading;
    struct engine_mount *mount;
    const char *type;
};

static bool is_file(const struct mount_reading *mount)
{
    return mount->type[0] == 'f';
}

/* Of the node everything may be mounted, inside nothing over everything. */
static int path_keep(const struct json_place *at, struct arena *arena, bool is_root_good,
                     const char **kept, struct err *err)
{
    const char *text = NULL;
    int rc = json_string(at, &text, err);
    if (rc != 0) {
        return rc;
    }
    if (!path_is_safe(text) || (text[1] == '\0' && !is_root_good)) {
        return json_error(at, ERR_VALUE, err, "must be an absolute path%s, without '..' or ':'",
                          is_root_good ? "" : " below /");
    }
    *kept = arena_text(arena, text, strlen(text));
    return *kept != NULL ? 0 : release_no_room(at, err);
}

/* "berth<separator><node><separator><app><separator><name>" */
static const char *volume_name(const struct release_reading *reading, char separator,
                               const char *source)
{
    char name[VOLUME_NAME_BYTES];
    struct text text;
    text_init(&text, name, sizeof name);
    text_printf(&text, "berth%c%s%c%s%c%s", separator,
                reading->node->name != NULL ? reading->node->name : "", separator,
                reading->plan->app, separator, source);
    return arena_text(reading->arena, name, text.len);
}

bool release_is_image_volume(const char *source)
{
    size_t len = strlen(IMAGE_VOLUME_PREFIX);
    return strncmp(source, IMAGE_VOLUME_PREFIX, len) == 0 &&
           strspn(source + len, "0123456789abcdef") == IMAGE_VOLUME_DIGITS &&
           source[len + IMAGE_VOLUME_DIGITS] == '\0';
}

bool release_image_volume(const struct release_node *node, const char *app, const char *service,
                          uint32_t replica, const char *source, char *name, size_t cap)
{
    LAW(BOUNDED, cap > 0);
    struct text text;
    text_init(&text, name, cap);
    text_printf(&text, "berth_%s_%s_%s_%s", node->name != NULL ? node->name : "", app, service,
                source);
    if (replica > 1) {
        text_printf(&text, "_%u", replica);
    }
    return !text.cut;
}

/* The image's own volumes are each service's own; an agent before this named them like others. */
static int image_volume_keep(const struct json_place *at, const struct release_reading *reading,
                             const char *source, struct engine_mount *mount, struct err *err)
{
    char name[VOLUME_NAME_BYTES];
    bool fits = release_image_volume(reading->node, reading->plan->app, reading->service->name, 1,
                                     source, name, sizeof name);
    mount->is_of_image = true;
    mount->source = fits ? arena_text(reading->arena, name, strlen(name)) : NULL;
    mount->former = volume_name(reading, '_', source);
    return mount->source != NULL && mount->former != NULL ? 0 : release_no_room(at, err);
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
    for (size_t i = 0; i < reading->volume_count; i++) {
        const struct volume_name *volume = &reading->volumes[i];
        if (strcmp(volume->key, source) == 0) {
            mount->options = volume->options;
            mount->source = volume->name;
            mount->is_named = volume->name != NULL;
            mount->is_external = volume->is_external;
            break;
        }
    }
    if (mount->is_named) {
        return 0;
    }
    if (release_is_image_volume(source)) {
        return image_volume_keep(at, reading, source, mount, err);
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
    if (strcmp(mount->type, "bind") != 0 && strcmp(mount->type, "volume") != 0 &&
        strcmp(mount->type, "tmpfs") != 0 && strcmp(mount->type, "file") != 0) {
        return json_error(at, ERR_VALUE, err, "must be bind, volume, tmpfs or file");
    }
    mount->mount->read_only = is_file(mount); /* one copy for all that mount it */
    mount->mount->is_volume = mount->type[0] == 'v';
    return 0;
}

static int read_source(const struct json_place *at, void *into, struct err *err)
{
    struct mount_reading *mount = into;
    if (mount->type[0] == 't') {
        return json_error(at, ERR_VALUE, err, "a tmpfs has no source; remove it");
    }
    if (is_file(mount)) {
        const char *source = NULL;
        int rc = json_string(at, &source, err);
        return rc != 0 ? rc : release_keep_tree(at, mount->reading, source, mount->mount, err);
    }
    return mount->mount->is_volume
               ? volume_keep(at, mount->reading, mount->mount, err)
               : path_keep(at, mount->reading->arena, true, &mount->mount->source, err);
}

static int read_target(const struct json_place *at, void *into, struct err *err)
{
    struct mount_reading *mount = into;
    return path_keep(at, mount->reading->arena, false, &mount->mount->target, err);
}

static int read_read_only(const struct json_place *at, void *into, struct err *err)
{
    struct mount_reading *mount = into;
    return is_file(mount) ? json_error(at, ERR_VALUE, err, "a file is always read-only; remove it")
                          : json_boolean(at, &mount->mount->read_only, err);
}

/* The options of one type stand under its name. */
static int type_check(const struct json_place *at, const struct mount_reading *mount,
                      struct err *err)
{
    return strcmp(mount->type, at->key) == 0
               ? 0
               : json_error(at, ERR_VALUE, err, "belongs to a mount of type %s", at->key);
}

static int read_propagation(const struct json_place *at, void *into, struct err *err)
{
    static const char *const words[] = {"private", "rprivate", "shared",
                                        "rshared", "slave",    "rslave"};
    struct mount_reading *mount = into;
    const char *word = NULL;
    int rc = json_string(at, &word, err);
    for (size_t i = 0; rc == 0 && i < COUNT_OF(words); i++) {
        if (strcmp(words[i], word) == 0) {
            mount->mount->propagation = words[i];
            return 0;
        }
    }
    return rc != 0 ? rc
                   : json_error(at, ERR_VALUE, err,
                                "must be private, shared or slave, or one of them after r");
}

static int read_create_path(const struct json_place *at, void *into, struct err *err)
{
    return json_boolean(at, &((struct mount_reading *)into)->mount->makes_path, err);
}

static int read_selinux(const struct json_place *at, void *into, struct err *err)
{
    struct mount_reading *mount = into;
    const char *word = NULL;
    int rc = json_string(at, &word, err);
    if (rc == 0 && strcmp(word, "z") != 0 && strcmp(word, "Z") != 0) {
        rc = json_error(at, ERR_VALUE, err, "must be z or Z");
    }
    if (rc == 0) {
        mount->mount->selinux = word[0] == 'z' ? "z" : "Z";
    }
    return rc;
}

static int read_bind(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {
        {"propagation", read_propagation, NULL, false},
        {"create_host_path", read_create_path, NULL, false},
        {"selinux", read_selinux, NULL, false},
        {"recursive", NULL, "not supported by this version; remove it", false}};
    int rc = type_check(at, into, err);
    return rc != 0 ? rc : json_read_object(at, keys, COUNT_OF(keys), into, err);
}

static int read_no_copy(const struct json_place *at, void *into, struct err *err)
{
    return json_boolean(at, &((struct mount_reading *)into)->mount->no_copy, err);
}

static int read_seed(const struct json_place *at, void *into, struct err *err)
{
    struct mount_reading *mount = into;
    const char *source = NULL;
    int rc = json_string(at, &source, err);
    mount->reading->service->has_seeds = true;
    return rc != 0 ? rc : release_keep_seed(at, mount->reading, source, mount->mount, err);
}

/* "uid:gid" */
static int read_owner(const struct json_place *at, void *into, struct err *err)
{
    static const char digits[] = "0123456789";
    struct mount_reading *mount = into;
    const char *owner = NULL;
    int rc = json_string(at, &owner, err);
    if (rc != 0) {
        return rc;
    }
    size_t uid = strspn(owner, digits);
    size_t gid = owner[uid] == ':' ? strspn(owner + uid + 1, digits) : 0;
    if (uid == 0 || uid > 9 || gid == 0 || gid > 9 || owner[uid + 1 + gid] != '\0') {
        return json_error(at, ERR_VALUE, err,
                          "must be the numbers of a user and a group: 1000:1000");
    }
    mount->mount->owner = arena_text(mount->reading->arena, owner, strlen(owner));
    return mount->mount->owner != NULL ? 0 : release_no_room(at, err);
}

static int read_volume(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {
        {"nocopy", read_no_copy, NULL, false},
        {"seed", read_seed, NULL, false},
        {"owner", read_owner, NULL, false},
        {"subpath", NULL, "older engines have no part of a volume; use a volume of its own", false},
        {"labels", NULL, "a volume's labels are the node's own; remove it", false}};
    int rc = type_check(at, into, err);
    return rc != 0 ? rc : json_read_object(at, keys, COUNT_OF(keys), into, err);
}

static int read_tmpfs_size(const struct json_place *at, void *into, struct err *err)
{
    return release_read_size(at, &((struct mount_reading *)into)->mount->tmpfs_bytes, err);
}

static int read_tmpfs_mode(const struct json_place *at, void *into, struct err *err)
{
    int64_t mode = 0;
    int rc = json_integer(at, 0, TMPFS_MODE_MAX, &mode, err);
    ((struct mount_reading *)into)->mount->tmpfs_mode = (uint32_t)mode;
    return rc;
}

static int read_tmpfs_options(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"size", read_tmpfs_size, NULL, false},
                                           {"mode", read_tmpfs_mode, NULL, false}};
    int rc = type_check(at, into, err);
    return rc != 0 ? rc : json_read_object(at, keys, COUNT_OF(keys), into, err);
}

static void volume_note(struct plan_service *service, const struct engine_mount *mount)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *at = mount->source; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3); /* FNV-1a */
    }
    if (service->volume_count < PLAN_VOLUMES_MAX) {
        service->volumes[service->volume_count++] = (hash | 1u) ^ (mount->read_only ? 1u : 0u);
    }
}

static int mount_read(const struct json_place *at, struct release_reading *reading,
                      struct engine_mount *mount, struct err *err)
{
    static const struct json_key keys[] = {
        {"type", read_type, NULL, true},           {"source", read_source, NULL, false},
        {"target", read_target, NULL, true},       {"read_only", read_read_only, NULL, false},
        {"bind", read_bind, NULL, false},          {"volume", read_volume, NULL, false},
        {"tmpfs", read_tmpfs_options, NULL, false}};
    struct mount_reading into = {.reading = reading, .mount = mount};
    int rc = json_read_object(at, keys, COUNT_OF(keys), &into, err);
    if (rc != 0) {
        return rc;
    }
    bool is_tmpfs = into.type[0] == 't';
    if (!is_tmpfs && mount->source == NULL) {
        struct json_place source = {.parent = at, .key = "source"};
        return json_error(&source, ERR_MISSING, err, "missing; it is required");
    }
    if (mount->recipe != NULL && mount->is_volume &&
        (mount->is_named || mount->is_of_image || mount->options.count > 0)) {
        return json_error(at, ERR_VALUE, err, "only a volume of the app's own can have a seed");
    }
    reading->mounts_writable |= !mount->read_only && !is_tmpfs;
    if (mount->is_volume && mount->is_named) {
        volume_note(reading->service, mount);
    }
    /* What the options mount may be any disk or folder of the node. */
    if (into.type[0] == 'b' || mount->options.count > 0) {
        reading->service->powers |= POWER_HOST_PATHS;
    }
    return 0;
}

int release_read_volumes(const struct json_place *at, void *into, struct err *err)
{
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
        int rc = mount_read(&step, reading, mount, err);
        if (rc != 0) {
            return rc;
        }
        for (size_t i = 0; i < reading->spec->mount_count; i++) {
            if (strcmp(mounts[i].target, mount->target) == 0) {
                return json_error(&step, ERR_VALUE, err, "two mounts have the same target");
            }
        }
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
