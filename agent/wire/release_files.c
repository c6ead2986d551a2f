/* release_files: the files that travel with a release, and the trees that services mount of them.
 */
#include <stdio.h>

#include "agent/wire/release_parts.h"
#include "platform/base/text.h"
#include "platform/files.h"

#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

/* Mode, bytes, spaces and the newline of a line, at most. */
#define LINE_BYTES 16

_Static_assert(FILE_PIECE_BYTES_MAX == FILES_PIECE_BYTES_MAX, "pieces are stored as they travel");
_Static_assert(TREE_NAME_BYTES == FILES_TREE_NAME_BYTES, "trees are stored under their names");
_Static_assert(FILES_MAX *(FILE_NAME_BYTES + 16) + FILES_PIECES_MAX * 65 <= FILES_RECIPE_BYTES_MAX,
               "every tree has a recipe");

struct file_reading {
    struct release_reading *reading;
    struct plan_file *file;
};

/* A relative path of plain steps: no "", "." or "..", nothing that a terminal would obey. */
static bool is_file_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len >= FILE_NAME_BYTES) {
        return false;
    }
    for (const char *at = name; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '\\') {
            return false;
        }
    }
    for (const char *step = name;; step++) {
        size_t part = strcspn(step, "/");
        if (part == 0 || (step[0] == '.' && (part == 1 || (part == 2 && step[1] == '.')))) {
            return false;
        }
        step += part;
        if (*step == '\0') {
            return true;
        }
    }
}

/* The rest of a path behind the folder that it stands in; NULL: not below it. */
static const char *name_below(const char *name, const char *folder)
{
    size_t len = strlen(folder);
    return strncmp(name, folder, len) == 0 && name[len] == '/' ? name + len + 1 : NULL;
}

static int read_bytes(const struct json_place *at, void *into, struct err *err)
{
    int64_t bytes = 0;
    int rc = json_integer(at, 0, FILES_BYTES_MAX, &bytes, err);
    ((struct file_reading *)into)->file->bytes = (uint32_t)bytes;
    return rc;
}

static int read_mode(const struct json_place *at, void *into, struct err *err)
{
    int64_t mode = 0;
    int rc = json_integer(at, 0, 0777, &mode, err);
    ((struct file_reading *)into)->file->mode = (uint32_t)mode;
    return rc;
}

static int read_pieces(const struct json_place *at, void *into, struct err *err)
{
    struct file_reading *reading = into;
    struct plan_file *file = reading->file;
    struct json_place step = {0};
    size_t count = (file->bytes + FILE_PIECE_BYTES_MAX - 1) / FILE_PIECE_BYTES_MAX;
    struct digest *pieces = arena_alloc(reading->reading->arena, (count + 1) * sizeof *pieces);
    if (pieces == NULL) {
        return release_no_room(at, err);
    }
    if (!json_is_array(at) || json_count(at) != count) {
        return json_error(at, ERR_VALUE, err,
                          "must be a list of %zu digests, one for each %d bytes", count,
                          FILE_PIECE_BYTES_MAX);
    }
    while (json_next(at, &step)) {
        const char *hex = NULL;
        int rc = json_string(&step, &hex, err);
        if (rc == 0 && !digest_parse(hex, &pieces[file->piece_count++])) {
            rc = json_error(&step, ERR_VALUE, err, "must be 64 hex digits");
        }
        if (rc != 0) {
            return rc;
        }
    }
    file->pieces = pieces;
    return 0;
}

/* Neither stands where the other one's folder would be. */
static int check_apart(const struct json_place *at, const struct release_reading *reading,
                       struct err *err)
{
    for (size_t i = 0; i < reading->file_count; i++) {
        const char *other = reading->files[i].name;
        if (name_below(at->key, other) != NULL || name_below(other, at->key) != NULL) {
            return json_error(at, ERR_VALUE, err, "cannot stand beside %s", other);
        }
    }
    return 0;
}

static int file_read(const struct json_place *at, struct release_reading *reading, struct err *err)
{
    static const struct json_key keys[] = {{"bytes", read_bytes, NULL, true},
                                           {"mode", read_mode, NULL, true},
                                           {"pieces", read_pieces, NULL, true}};
    struct plan_file *file = &reading->files[reading->file_count];
    struct file_reading into = {.reading = reading, .file = file};
    *file = (struct plan_file){0};
    if (!is_file_name(at->key)) {
        return json_error(at, ERR_VALUE, err, "must be a path below the project's folder");
    }
    int rc = check_apart(at, reading, err);
    rc = rc == 0 ? json_read_object(at, keys, COUNT_OF(keys), &into, err) : rc;
    file->name = arena_text(reading->arena, at->key, strlen(at->key));
    if (rc == 0 && file->name == NULL) {
        rc = release_no_room(at, err);
    }
    if (rc == 0 && reading->sink != NULL && reading->sink->file != NULL) {
        reading->sink->file(reading->sink->ctx, file);
    }
    reading->file_count += rc == 0;
    return rc;
}

int release_read_files(const struct json_place *at, void *into, struct err *err)
{
    struct release_reading *reading = into;
    struct json_place step = {0};
    uint64_t bytes = 0;
    if (!json_is_object(at)) {
        return json_error(at, ERR_VALUE, err, "must be an object of files");
    }
    if (json_count(at) > FILES_MAX) {
        return json_error(at, ERR_VALUE, err, "%zu files travel with it, at most %d",
                          json_count(at), FILES_MAX);
    }
    reading->files = arena_alloc(reading->arena, (json_count(at) + 1) * sizeof *reading->files);
    if (reading->files == NULL) {
        return release_no_room(at, err);
    }
    while (json_next(at, &step)) {
        int rc = file_read(&step, reading, err);
        if (rc != 0) {
            return rc;
        }
        bytes += reading->files[reading->file_count - 1].bytes;
    }
    if (bytes > FILES_BYTES_MAX) {
        return json_error(at, ERR_VALUE, err, "%llu bytes travel with it, at most %d",
                          (unsigned long long)bytes, FILES_BYTES_MAX);
    }
    reading->plan->file_count = (uint8_t)reading->file_count;
    return 0;
}

/* A line of the recipe (platform/files.h). */
static void line_write(struct text *text, const struct plan_file *file, const char *path)
{
    char hex[DIGEST_HEX_BYTES];
    text_printf(text, "%o %u", (unsigned)file->mode, (unsigned)file->bytes);
    for (size_t i = 0; i < file->piece_count; i++) {
        digest_render(&file->pieces[i], hex);
        text_printf(text, " %s", hex);
    }
    text_printf(text, " %s\n", path);
}

/* Where the file stands in a tree of `source`, its own name or that of a folder; NULL: not in it.
 */
static const char *path_in(const struct plan_file *file, const char *source)
{
    const char *slash = strrchr(source, '/');
    return strcmp(file->name, source) != 0 ? name_below(file->name, source)
           : slash != NULL                 ? slash + 1
                                           : source;
}

/* Room for the recipe of that tree. */
static size_t recipe_room(const struct release_reading *reading, const char *source)
{
    size_t room = 1;
    for (size_t i = 0; i < reading->file_count; i++) {
        const char *path = path_in(&reading->files[i], source);
        room += path == NULL
                    ? 0
                    : strlen(path) + LINE_BYTES + reading->files[i].piece_count * DIGEST_HEX_BYTES;
    }
    return room;
}

/* Trees with one name hold the same: signed releases name them, so nobody looks for collisions. */
static void tree_name(const struct text *recipe, char name[TREE_NAME_BYTES])
{
    uint64_t hash = FNV_BASIS;
    for (size_t i = 0; i < recipe->len; i++) {
        hash = (hash ^ (uint8_t)recipe->data[i]) * FNV_PRIME;
    }
    (void)snprintf(name, TREE_NAME_BYTES, "%016llx", (unsigned long long)hash);
}

/* "<tree>", or of a single file "<tree>/<its name>". */
static const char *source_keep(const struct release_reading *reading, const char *tree,
                               const char *base)
{
    char path[TREE_NAME_BYTES + FILE_NAME_BYTES];
    struct text text;
    text_init(&text, path, sizeof path);
    text_printf(&text, "%s%s%s", tree, base != NULL ? "/" : "", base != NULL ? base : "");
    return arena_text(reading->arena, path, text.len);
}

/* The recipe of the tree, and the file in it where `source` is one, else NULL. */
static int recipe_keep(const struct json_place *at, const struct release_reading *reading,
                       const char *source, char tree[TREE_NAME_BYTES], const char **recipe_kept,
                       const char **base, struct err *err)
{
    struct text recipe;
    size_t room = recipe_room(reading, source);
    char *memory = arena_alloc(reading->arena, room);
    *base = NULL;
    if (memory == NULL) {
        return release_no_room(at, err);
    }
    text_init(&recipe, memory, room);
    for (size_t i = 0; i < reading->file_count; i++) {
        const char *path = path_in(&reading->files[i], source);
        if (path != NULL) {
            line_write(&recipe, &reading->files[i], path);
            *base = strcmp(reading->files[i].name, source) == 0 ? path : NULL;
        }
    }
    if (recipe.len == 0) {
        return json_error(at, ERR_VALUE, err, "names no file that travels with the release: %.64s",
                          source);
    }
    tree_name(&recipe, tree);
    *recipe_kept = recipe.data;
    return recipe.cut ? release_no_room(at, err) : 0;
}

int release_keep_tree(const struct json_place *at, const struct release_reading *reading,
                      const char *source, struct engine_mount *mount, struct err *err)
{
    char name[TREE_NAME_BYTES];
    const char *base = NULL;
    int rc = recipe_keep(at, reading, source, name, &mount->recipe, &base, err);
    if (rc != 0) {
        return rc;
    }
    mount->source = source_keep(reading, name, base);
    if (reading->sink != NULL && reading->sink->tree != NULL) {
        reading->sink->tree(reading->sink->ctx, name);
    }
    return mount->source != NULL ? 0 : release_no_room(at, err);
}

int release_keep_seed(const struct json_place *at, const struct release_reading *reading,
                      const char *source, struct engine_mount *mount, struct err *err)
{
    char name[TREE_NAME_BYTES];
    const char *base = NULL;
    int rc = recipe_keep(at, reading, source, name, &mount->recipe, &base, err);
    if (rc != 0) {
        return rc;
    }
    if (base != NULL) {
        return json_error(at, ERR_VALUE, err, "is a file; only a folder is brought into a volume");
    }
    mount->seed = arena_text(reading->arena, name, strlen(name));
    mount->no_copy = true; /* what of the image lies there is hidden, as below a bind */
    return mount->seed != NULL ? 0 : release_no_room(at, err);
}
