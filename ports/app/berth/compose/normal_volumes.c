/* normal_volumes: every form of a mount: named volumes, binds, tmpfs, and what the image declares.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/wire/release_words.h"
#include "platform/base/units.h"
#include "ports/app/berth/compose/beside.h"
#include "ports/app/berth/compose/normal.h"
#include "ports/app/berth/compose/travel.h"

#define SOURCE_BYTES 4096
#define FIX          "write it like data:/var/lib/data, /srv/data:/data:ro or ./conf:/conf"

/* One mount, taken apart; empty texts where nothing is said. */
struct mount {
    const struct yaml_item *item;
    char type[16], source[SOURCE_BYTES], target[SOURCE_BYTES];
    char propagation[16], selinux[2];
    bool is_read_only, is_nocopy, is_create_refused;
    const struct yaml_item *tmpfs; /* options of the long form */
    /* Of a volume: the folder whose files are brought into it, and to whom they belong there. */
    char seed[FILE_NAME_BYTES], owner[32];
};

static bool is_path(const char *source)
{
    return source[0] == '/' || source[0] == '.' || source[0] == '~';
}

/* One of the words behind the second colon. */
static void option_read(struct normal *normal, struct mount *mount, const char *option)
{
    static const char *const propagations[] = {"shared",  "slave",  "private",
                                               "rshared", "rslave", "rprivate"};
    static const char *const harmless[] = {"rw", "consistent", "cached", "delegated", ""};
    for (size_t i = 0; i < COUNT_OF(propagations); i++) {
        if (strcmp(option, propagations[i]) == 0) {
            (void)text_copy(mount->propagation, sizeof mount->propagation, option);
            return;
        }
    }
    for (size_t i = 0; i < COUNT_OF(harmless); i++) {
        if (strcmp(option, harmless[i]) == 0) {
            return;
        }
    }
    if (strcmp(option, "ro") == 0) {
        mount->is_read_only = true;
    } else if (strcmp(option, "nocopy") == 0) {
        mount->is_nocopy = true;
    } else if (strcmp(option, "z") == 0 || strcmp(option, "Z") == 0) {
        (void)text_copy(mount->selinux, sizeof mount->selinux, option);
    } else {
        normal_refuse(normal, mount->item, "use ro, rw, z, Z, nocopy or a propagation like rslave",
                      "is no option of a mount: %s", option);
    }
}

/* [source:]target[:options] */
static bool short_read(struct normal *normal, struct mount *mount)
{
    char text[2 * SOURCE_BYTES];
    char *save = NULL;
    const char *whole = value_text(normal, mount->item);
    if (whole == NULL) {
        return false;
    }
    if (!text_copy(text, sizeof text, whole)) {
        normal_refuse(normal, mount->item, NULL, "is longer than %zu characters", sizeof text - 1);
        return false;
    }
    char *target = strchr(text, ':');
    if (target == NULL) {
        (void)text_copy(mount->type, sizeof mount->type, "volume");
        return text_copy(mount->target, sizeof mount->target, text);
    }
    *target++ = '\0';
    char *options = strchr(target, ':');
    if (options != NULL) {
        *options++ = '\0';
        for (char *word = strtok_r(options, ",", &save); word != NULL;
             word = strtok_r(NULL, ",", &save)) {
            option_read(normal, mount, word);
        }
    }
    (void)text_copy(mount->type, sizeof mount->type, is_path(text) ? "bind" : "volume");
    return text_copy(mount->source, sizeof mount->source, text) &&
           text_copy(mount->target, sizeof mount->target, target);
}

static bool member_copy(struct normal *normal, const struct yaml_item *map, const char *key,
                        char *text, size_t cap)
{
    const struct yaml_item *item = yaml_tree_member(map, key);
    if (value_is_null(item)) {
        return true;
    }
    size_t len = normal_enter(normal, key);
    const char *value = value_text(normal, item);
    bool fits = value != NULL && text_copy(text, cap, value);
    if (value != NULL && !fits) {
        normal_refuse(normal, item, NULL, "is not known here: %s", value);
    }
    normal_leave(normal, len);
    return fits;
}

static void member_flag(struct normal *normal, const struct yaml_item *map, const char *key,
                        bool *flag)
{
    const struct yaml_item *item = yaml_tree_member(map, key);
    if (!value_is_null(item)) {
        size_t len = normal_enter(normal, key);
        (void)value_bool(normal, item, flag);
        normal_leave(normal, len);
    }
}

static bool long_read(struct normal *normal, struct mount *mount)
{
    const struct yaml_item *item = mount->item;
    const struct yaml_item *bind = yaml_tree_member(item, "bind");
    bool is_created = true;
    (void)text_copy(mount->type, sizeof mount->type, "volume");
    mount->tmpfs = yaml_tree_member(item, "tmpfs");
    member_flag(normal, item, "read_only", &mount->is_read_only);
    member_flag(normal, yaml_tree_member(item, "volume"), "nocopy", &mount->is_nocopy);
    member_flag(normal, bind, "create_host_path", &is_created);
    mount->is_create_refused = !is_created;
    return member_copy(normal, item, "type", mount->type, sizeof mount->type) &&
           member_copy(normal, item, "source", mount->source, sizeof mount->source) &&
           member_copy(normal, item, "target", mount->target, sizeof mount->target) &&
           member_copy(normal, bind, "propagation", mount->propagation,
                       sizeof mount->propagation) &&
           member_copy(normal, bind, "selinux", mount->selinux, sizeof mount->selinux);
}

/* A path that is not on the node becomes a directory unless the file says otherwise: so Compose
 * has it, and the specification for both forms. For the node's reader nothing said is no. */
static void bind_options_write(struct normal *normal, const struct mount *mount)
{
    struct text *out = normal->out;
    struct json_part part = json_open(out, "bind", '{');
    if (mount->propagation[0] != '\0') {
        json_key(out, "propagation");
        text_append_json(out, mount->propagation);
    }
    if (!mount->is_create_refused && mount->source[1] != '\0') {
        json_key(out, "create_host_path");
        text_append(out, "true");
    }
    if (mount->selinux[0] != '\0') {
        json_key(out, "selinux");
        text_append_json(out, mount->selinux);
    }
    normal->is_new |= json_close(out, part);
}

static void mount_write(struct normal *normal, const struct mount *mount)
{
    struct text *out = normal->out;
    bool is_bind = strcmp(mount->type, "bind") == 0;
    json_element(out);
    text_append(out, "{");
    json_key(out, "type");
    text_append_json(out, mount->type);
    json_key(out, "source");
    text_append_json(out, mount->source);
    json_key(out, "target");
    text_append_json(out, mount->target);
    if (mount->is_read_only) {
        json_key(out, "read_only");
        text_append(out, "true");
    }
    if (mount->is_nocopy && !is_bind) {
        normal->is_new = true;
        text_append(out, ",\"volume\":{\"nocopy\":true");
        if (mount->seed[0] != '\0') {
            json_key(out, "seed");
            text_append_json(out, mount->seed);
            json_key(out, "owner");
            text_append_json(out, mount->owner);
        }
        text_append(out, "}");
    }
    if (is_bind) {
        bind_options_write(normal, mount);
    }
    text_append(out, "}");
}

static void tmpfs_write(struct normal *normal, const struct mount *mount)
{
    struct text *out = normal->out;
    const struct yaml_item *size = yaml_tree_member(mount->tmpfs, "size");
    const struct yaml_item *mode = yaml_tree_member(mount->tmpfs, "mode");
    uint64_t bytes = 0;
    char *end = NULL;
    normal->is_new = true;
    json_element(out);
    text_append(out, "{\"type\":\"tmpfs\",\"target\":");
    text_append_json(out, mount->target);
    bool has_size = !value_is_null(size) && value_size(normal, size, &bytes) && bytes > 0;
    const char *digits = value_is_null(mode) ? NULL : value_text(normal, mode);
    if (has_size || digits != NULL) {
        text_append(out, ",\"tmpfs\":{");
        if (has_size) {
            json_key(out, "size");
            text_printf(out, "%llu", (unsigned long long)bytes);
        }
        if (digits != NULL) {
            /* YAML reads 0755 and 0o755 as octal; Compose takes quoted digits for octal, too. */
            const char *plain = strncmp(digits, "0o", 2) == 0 ? digits + 2 : digits;
            bool is_octal = !mode->is_plain || plain[0] == '0';
            unsigned long value = strtoul(plain, &end, is_octal ? 8 : 10);
            if (*end != '\0' || value > 07777) {
                normal_refuse(normal, mode, "write it like 01777", "is no file mode: %s", digits);
            }
            json_key(out, "mode");
            text_printf(out, "%lu", value);
        }
        text_append(out, "}");
    }
    text_append(out, "}");
}

/* "image-" or "dir-" and the beginning of the digest of a path. */
static void volume_of_path(const struct normal *normal, const char *prefix, const char *path,
                           char *name, size_t cap)
{
    struct digest digest;
    char hex[DIGEST_HEX_BYTES];
    normal->verify->ops->sha256(normal->verify->self, span_text(path), &digest);
    digest_render(&digest, hex);
    text_shorten_printf(name, cap, "%s%.12s", prefix, hex);
}

/* The volume of a folder, the same whether something stands in the folder or not. */
static void folder_volume(const struct normal *normal, const char *relative, char *name, size_t cap)
{
    if (!beside_name(relative, name, cap)) {
        volume_of_path(normal, "dir-", relative, name, cap);
    }
}

/* What the program writes stays in a volume; the files of the folder are brought into it. */
static bool folder_seed(struct normal *normal, struct mount *mount, const char *relative,
                        const struct travel_taken *taken)
{
    char name[64];
    if (normal->adopt != NULL) {
        normal_refuse(normal, mount->item,
                      "write the absolute path that it has on the node (docker inspect shows it), "
                      "or :ro behind it where the program only reads it",
                      "what the program wrote to %s lies in the folder of the running project %s, "
                      "which only the node knows",
                      mount->source, normal->adopt);
        return false;
    }
    folder_volume(normal, relative, name, sizeof name);
    text_shorten_printf(mount->owner, sizeof mount->owner, "%u:%u", taken->uid, taken->gid);
    normal_note(normal, mount->item,
                "%s travels with the release (files: %zu, bytes: %zu) and is brought into the "
                "volume %s, as user %s: a file that the program has changed is left as it is",
                mount->source, taken->count, taken->bytes, name, mount->owner);
    mount->is_nocopy = true;
    (void)text_copy(mount->type, sizeof mount->type, "volume");
    return text_copy(mount->seed, sizeof mount->seed, taken->name) &&
           text_copy(mount->source, sizeof mount->source, name);
}

/* What stands there travels. */
static bool beside_take(struct normal *normal, struct mount *mount, const char *dir,
                        const char *relative)
{
    struct travel_taken taken;
    if (normal->travel == NULL || !travel_take(normal, mount->item, dir, relative, &taken)) {
        return false;
    }
    if (taken.is_folder && !mount->is_read_only) {
        return folder_seed(normal, mount, relative, &taken);
    }
    if (taken.is_folder) {
        normal_note(
            normal, mount->item,
            "%s travels with the release (files: %zu, bytes: %zu); each generation sees its "
            "own copy, read-only",
            mount->source, taken.count, taken.bytes);
    } else {
        normal_note(normal, mount->item,
                    "%s travels with the release (%zu bytes); each generation sees its own copy, "
                    "read-only%s",
                    mount->source, taken.bytes,
                    mount->is_read_only ? "" : ": what the program writes there is refused");
    }
    (void)text_copy(mount->type, sizeof mount->type, "file");
    return text_copy(mount->source, sizeof mount->source, taken.name);
}

/* A path beside the file: what is not there becomes a volume; false with a finding. */
static bool beside_resolve(struct normal *normal, struct mount *mount, const char *relative)
{
    char name[64];
    const char *dir = mount->item->dir != NULL ? mount->item->dir : normal->project_dir;
    dir = mount->source[0] == '/' || normal->project_dir == NULL ? normal->project_dir : dir;
    enum beside found = beside_look(dir, relative);
    if (found == BESIDE_FILE || found == BESIDE_DIRECTORY) {
        return beside_take(normal, mount, dir, relative);
    }
    if (normal->adopt != NULL) {
        normal_refuse(normal, mount->item,
                      "write the absolute path that it has on the node (docker inspect shows it)",
                      "%s lies in the folder of the running project %s, which only the node knows",
                      mount->source, normal->adopt);
        return false;
    }
    folder_volume(normal, relative, name, sizeof name);
    normal_note(normal, mount->item,
                "%s is %s beside the file; it becomes the volume %s, a directory", mount->source,
                found == BESIDE_EMPTY ? "an empty directory" : "nothing", name);
    (void)text_copy(mount->type, sizeof mount->type, "volume");
    return text_copy(mount->source, sizeof mount->source, name);
}

static bool bind_resolve(struct normal *normal, struct mount *mount)
{
    const char *relative = NULL;
    if (mount->source[0] == '~') {
        normal_refuse(normal, mount->item, "write an absolute path of the node",
                      "%s is the home of somebody on this machine", mount->source);
        return false;
    }
    relative =
        mount->source[0] == '/' ? beside_below(normal->project_dir, mount->source) : mount->source;
    if (relative != NULL) {
        return beside_resolve(normal, mount, relative);
    }
    if (!path_is_safe(mount->source)) {
        normal_refuse(normal, mount->item, "name a path from / without '..'",
                      "cannot be mounted: %s", mount->source);
        return false;
    }
    normal->is_new |= mount->source[1] == '\0'; /* the whole of the node, to look at it */
    return true;
}

static bool is_volume_name(const char *text)
{
    size_t len = strlen(text);
    return isalnum((unsigned char)text[0]) && len <= 64 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == len;
}

static bool volume_resolve(struct normal *normal, struct mount *mount)
{
    char key[VOLUME_KEY_BYTES];
    const struct yaml_item *declared =
        yaml_tree_member(yaml_tree_member(normal->root, "volumes"), mount->source);
    if (mount->source[0] == '\0') {
        volume_of_path(normal, "image-", mount->target, mount->source, sizeof mount->source);
        normal_note(normal, mount->item, "has no name; it becomes the volume %s, which is kept",
                    mount->source);
        return true;
    }
    if (!is_volume_name(mount->source)) {
        normal_refuse(normal, mount->item,
                      "use letters, digits, '-', '_' and '.', at most 64; a path begins with / or "
                      "./",
                      "is no name of a volume: %s", mount->source);
        return false;
    }
    if (declared == NULL) {
        normal_note(normal, mount->item,
                    "no volume %s is declared under volumes of the file; it is made as one",
                    mount->source);
    }
    volume_key(normal, declared, mount->source, key, sizeof key);
    return text_copy(mount->source, sizeof mount->source, key);
}

static void entry_write(struct normal *normal, struct mount *mount)
{
    bool is_read =
        mount->item->kind == YAML_TREE_MAP ? long_read(normal, mount) : short_read(normal, mount);
    if (!is_read) {
        return;
    }
    if (!path_is_safe(mount->target) || mount->target[1] == '\0') {
        normal_refuse(normal, mount->item, FIX, "the path inside must be absolute, below /: %s",
                      mount->target[0] != '\0' ? mount->target : "nothing");
        return;
    }
    if (strcmp(mount->type, "tmpfs") == 0) {
        tmpfs_write(normal, mount);
    } else if (strcmp(mount->type, "bind") == 0) {
        bool is_resolved = bind_resolve(normal, mount);
        if (is_resolved && strcmp(mount->type, "file") == 0) {
            travel_mount(normal, mount->source, mount->target);
        } else if (is_resolved) {
            mount_write(normal, mount);
        }
    } else if (strcmp(mount->type, "volume") == 0) {
        if (volume_resolve(normal, mount)) {
            mount_write(normal, mount);
        }
    } else {
        normal_refuse(normal, mount->item, "use volume, bind or tmpfs",
                      "mounts of this type are not made: %s", mount->type);
    }
}

/* Does a mount or tmpfs of the file stand at this path? */
static bool is_covered(const struct normal *normal, const struct yaml_item *list, const char *path)
{
    const struct yaml_item *tmpfs = service_member(normal, "tmpfs");
    const struct yaml_item *item =
        list != NULL && list->kind == YAML_TREE_LIST ? list->child : NULL;
    for (; item != NULL; item = item->next) {
        struct mount mount = {.item = item};
        struct findings *unheard = findings_new();
        struct normal quiet = {.findings = unheard};
        bool is_read =
            unheard != NULL &&
            (item->kind == YAML_TREE_MAP ? long_read(&quiet, &mount) : short_read(&quiet, &mount));
        findings_free(unheard);
        if (is_read && strcmp(mount.target, path) == 0) {
            return true;
        }
    }
    item = tmpfs == NULL || tmpfs->kind == YAML_TREE_MAP ? NULL
           : tmpfs->kind == YAML_TREE_LIST               ? tmpfs->child
                                                         : tmpfs;
    for (; item != NULL; item = item->next) {
        size_t len = item->kind == YAML_TREE_SCALAR ? strcspn(item->text, ":") : 0;
        if (len == strlen(path) && strncmp(item->text, path, len) == 0) {
            return true;
        }
        if (item == tmpfs) {
            break;
        }
    }
    return false;
}

/* What the image declares as VOLUME would become a new, nameless volume with each generation. */
static void image_volumes_write(struct normal *normal, const struct yaml_item *list)
{
    const struct image_texts *volumes = normal->facts != NULL ? &normal->facts->volumes : NULL;
    for (size_t i = 0; volumes != NULL && i < volumes->count; i++) {
        struct mount mount = {.item = normal->service, .type = "volume"};
        bool fits = text_copy(mount.target, sizeof mount.target, volumes->list[i]);
        for (size_t len = strlen(mount.target); len > 1 && mount.target[len - 1] == '/'; len--) {
            mount.target[len - 1] = '\0'; /* as the node names it, whoever built the release */
        }
        if (fits && !is_covered(normal, list, mount.target)) {
            volume_of_path(normal, "image-", mount.target, mount.source, sizeof mount.source);
            normal_note(normal, normal->service,
                        "the image declares %s as a volume and nothing is mounted there; it "
                        "becomes the volume %s, which is kept",
                        mount.target, mount.source);
            mount_write(normal, &mount);
        }
    }
}

void write_volumes(struct normal *normal)
{
    const struct yaml_item *item = service_member(normal, "volumes");
    const struct yaml_item *step = NULL;
    size_t index = 0;
    size_t len = normal_enter(normal, "volumes");
    struct json_part part = json_open(normal->out, "volumes", '[');
    if (item != NULL && item->kind != YAML_TREE_LIST) {
        normal_refuse(normal, item, FIX, "must be a list");
    } else if (item != NULL) {
        step = item->child;
    }
    for (; step != NULL; step = step->next) {
        struct mount mount = {.item = step};
        size_t above = normal_enter_index(normal, index++);
        entry_write(normal, &mount);
        normal_leave(normal, above);
    }
    image_volumes_write(normal, item);
    normal_leave(normal, len);
    configs_write(normal);
    (void)json_close(normal->out, part);
}

void write_secrets(struct normal *normal, const struct yaml_item *item)
{
    const struct yaml_item *declared = yaml_tree_member(normal->root, "secrets");
    size_t index = 0;
    if (value_is_empty(item)) {
        return;
    }
    if (item->kind != YAML_TREE_LIST) {
        normal_refuse(normal, item, "write a list", "must be a list");
        return;
    }
    json_key(normal->out, item->key);
    text_append(normal->out, "[");
    for (const struct yaml_item *step = item->child; step != NULL; step = step->next) {
        const struct yaml_item *source =
            step->kind == YAML_TREE_MAP ? yaml_tree_member(step, "source") : step;
        const struct yaml_item *target = yaml_tree_member(step, "target");
        size_t len = normal_enter_index(normal, index++);
        const char *name = source == NULL ? NULL : value_text(normal, source);
        char inside[256];
        text_shorten_printf(inside, sizeof inside, "/run/secrets/%s", name != NULL ? name : "");
        if (name == NULL) {
            normal_refuse(normal, step, "write source: NAME", "names no secret");
        } else if (declared != NULL && yaml_tree_member(declared, name) == NULL) {
            normal_refuse(normal, step, "declare it under secrets of the file",
                          "no secret %s is declared", name);
        } else if (target != NULL && target->text != NULL && strcmp(target->text, name) != 0 &&
                   strcmp(target->text, inside) != 0) {
            normal_refuse(normal, target, "call the secret so, or read it where it stands",
                          "a secret stands at %s, nowhere else", inside);
        } else {
            normal_note(normal, step,
                        "its value does not travel: each node reads %s/%s in its secrets "
                        "directory; put the file there before",
                        normal->secrets_app, name);
            json_element(normal->out);
            text_append_json(normal->out, name);
        }
        normal_leave(normal, len);
    }
    text_append(normal->out, "]");
}
