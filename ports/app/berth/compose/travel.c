/* travel: regular files inside the project's folder, bounded, and nothing that looks like a secret.
 */
#include "ports/app/berth/compose/travel.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ports/app/berth/files.h"

#define DEPTH_MAX 16
#define SMALLER                                                                                    \
    "put what is larger into the image, or write the absolute path where it stands on the node; "  \
    "a folder that is not there becomes a volume"

/* One walk: where it is, and what it took. */
struct walk {
    struct normal *normal;
    const struct yaml_item *item;
    const char *base; /* the project's folder */
    struct travel_taken *taken;
    unsigned depth;
};

void travel_close(struct travel *travel)
{
    for (size_t i = 0; i < travel->count; i++) {
        free(travel->files[i].content);
    }
    travel->count = 0;
    travel->bytes = 0;
}

static struct travel_file *file_find(struct travel *travel, const char *name)
{
    for (size_t i = 0; i < travel->count; i++) {
        if (strcmp(travel->files[i].name, name) == 0) {
            return &travel->files[i];
        }
    }
    return NULL;
}

/* Puts one at its place; `content` is taken, also where there is no room. */
static bool file_add(struct normal *normal, const struct yaml_item *item, const char *name,
                     unsigned mode, char *content, size_t len)
{
    struct travel *travel = normal->travel;
    size_t at = travel->count;
    bool is_over = travel->count == FILES_MAX || len > FILES_BYTES_MAX - travel->bytes;
    if (is_over || strlen(name) >= FILE_NAME_BYTES) {
        normal_refuse(
            normal, item, SMALLER,
            "%s is more than can travel with a release: at most %d files, %d bytes in all, "
            "and paths of %d",
            name, FILES_MAX, FILES_BYTES_MAX, FILE_NAME_BYTES - 1);
        free(content);
        return false;
    }
    for (; at > 0 && strcmp(travel->files[at - 1].name, name) > 0; at--) {
        travel->files[at] = travel->files[at - 1];
    }
    struct travel_file *file = &travel->files[at];
    *file = (struct travel_file){.mode = mode, .content = content, .len = len};
    (void)text_copy(file->name, sizeof file->name, name);
    travel->count++;
    travel->bytes += len;
    return true;
}

/* The file's path or name is listed under x-berth.plain. */
static bool is_said_plain(const struct normal *normal, const char *name)
{
    const char *slash = strrchr(name, '/');
    return secret_is_plain(normal, name) || (slash != NULL && secret_is_plain(normal, slash + 1));
}

static bool content_check(struct normal *normal, const struct yaml_item *item, const char *name,
                          struct span content)
{
    char remedy[1024];
    const char *reason = is_said_plain(normal, name) ? NULL : travel_reason(name, content);
    if (reason == NULL) {
        return true;
    }
    text_shorten_printf(
        remedy, sizeof remedy,
        "a release is read by every node and the broker: put the file into each "
        "node's secrets directory (%s/NAME, with the node's own set-up) and list it "
        "under secrets; or, if it is none, say x-berth.plain: [%s]",
        normal->secrets_app, name);
    normal_refuse(normal, item, remedy, "%s looks like a secret: %s", name, reason);
    return false;
}

static bool file_take(struct walk *walk, const char *path, const struct stat *status)
{
    struct normal *normal = walk->normal;
    const char *name = path + strlen(walk->base) + 1;
    char *content = NULL;
    size_t len = 0;
    struct err err = {0};
    unsigned mode = (status->st_mode & 0111) != 0 ? 0555 : 0444;
    if (!S_ISREG(status->st_mode)) {
        normal_refuse(normal, walk->item,
                      "put the file itself there, or leave it out of the folder",
                      "%s is no regular file; links, sockets and devices do not travel", name);
        return false;
    }
    walk->taken->count++;
    walk->taken->bytes += (size_t)status->st_size;
    if (file_find(normal->travel, name) != NULL) {
        return true;
    }
    if (status->st_size > FILES_BYTES_MAX) {
        normal_refuse(normal, walk->item, SMALLER, "%s has %lld bytes; %d travel with a release",
                      name, (long long)status->st_size, FILES_BYTES_MAX);
        return false;
    }
    if (file_read(path, FILES_BYTES_MAX, &content, &len, &err) != 0) {
        normal_refuse(normal, walk->item, NULL, "%s", err.text);
        return false;
    }
    if (!content_check(normal, walk->item, name, span_of(content, len))) {
        free(content);
        return false;
    }
    return file_add(normal, walk->item, name, mode, content, len);
}

static bool path_take(struct walk *walk, const char *path);

static bool folder_take(struct walk *walk, const char *path)
{
    char below[PATH_MAX];
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    bool is_whole = count >= 0 && walk->depth < DEPTH_MAX;
    if (!is_whole) {
        normal_refuse(walk->normal, walk->item, NULL, "the folder %s cannot be read: %s", path,
                      count < 0 ? strerror(errno) : "it is too deep");
    }
    walk->depth++;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        bool is_other = strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
        if (is_whole && is_other) {
            int len = snprintf(below, sizeof below, "%s/%s", path, name);
            is_whole = len > 0 && (size_t)len < sizeof below && path_take(walk, below);
        }
        free(entries[i]);
    }
    walk->depth--;
    free(entries);
    return is_whole;
}

static bool path_take(struct walk *walk, const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        normal_refuse(walk->normal, walk->item, NULL, "%s: %s", path, strerror(errno));
        return false;
    }
    return S_ISDIR(status.st_mode) ? folder_take(walk, path) : file_take(walk, path, &status);
}

bool travel_take(struct normal *normal, const struct yaml_item *item, const char *dir,
                 const char *relative, struct travel_taken *taken)
{
    char path[PATH_MAX];
    char real[PATH_MAX];
    char base[PATH_MAX];
    struct stat status;
    struct walk walk = {.normal = normal, .item = item, .base = base, .taken = taken};
    int len = snprintf(path, sizeof path, "%s/%s", dir, relative);
    *taken = (struct travel_taken){.is_folder = false};
    if (len < 0 || (size_t)len >= sizeof path || realpath(path, real) == NULL ||
        realpath(normal->project_dir, base) == NULL || lstat(real, &status) != 0) {
        normal_refuse(normal, item, NULL, "%s: %s", relative, strerror(errno));
        return false;
    }
    size_t above = strlen(base);
    if (strncmp(real, base, above) != 0 || real[above] != '/') {
        normal_refuse(normal, item,
                      "put what the release needs into folders of its own below the project's, or "
                      "write the absolute path where it stands on the node",
                      "%s %s; only what stands inside the project's folder travels", relative,
                      strcmp(real, base) == 0 ? "is the whole folder" : "leads out of the folder");
        return false;
    }
    taken->is_folder = S_ISDIR(status.st_mode);
    taken->uid = status.st_uid;
    taken->gid = status.st_gid;
    if (!text_copy(taken->name, sizeof taken->name, real + above + 1)) {
        normal_refuse(normal, item, "use a shorter path", "%s is longer than %d bytes", relative,
                      FILE_NAME_BYTES - 1);
        return false;
    }
    return path_take(&walk, real);
}

bool travel_text(struct normal *normal, const struct yaml_item *item, const char *name,
                 const char *text, unsigned mode)
{
    const struct travel_file *there = file_find(normal->travel, name);
    size_t len = strlen(text);
    if (there != NULL) {
        return there->len == len && memcmp(there->content, text, len) == 0;
    }
    if (!content_check(normal, item, name, span_of(text, len))) {
        return false;
    }
    char *content = strdup(text);
    if (content == NULL) {
        normal_refuse(normal, item, NULL, "no memory");
        return false;
    }
    return file_add(normal, item, name, mode, content, len);
}

void travel_mode(struct normal *normal, const char *name, unsigned mode)
{
    struct travel_file *file = file_find(normal->travel, name);
    if (file != NULL) {
        file->mode = mode;
    }
}

void travel_mount(struct normal *normal, const char *name, const char *target)
{
    struct text *out = normal->out;
    normal->is_new = true;
    json_element(out);
    text_append(out, "{\"type\":\"file\"");
    json_key(out, "source");
    text_append_json(out, name);
    json_key(out, "target");
    text_append_json(out, target);
    text_append(out, "}");
}

static void pieces_write(const struct travel_file *file, const struct verify *verify,
                         struct text *out)
{
    char hex[DIGEST_HEX_BYTES];
    struct digest digest;
    for (size_t at = 0; at < file->len; at += FILE_PIECE_BYTES_MAX) {
        size_t left = file->len - at;
        size_t len = left < FILE_PIECE_BYTES_MAX ? left : FILE_PIECE_BYTES_MAX;
        verify->ops->sha256(verify->self, span_of(file->content + at, len), &digest);
        digest_render(&digest, hex);
        json_element(out);
        text_append_json(out, hex);
    }
}

void travel_write(const struct travel *travel, const struct verify *verify, struct text *out)
{
    if (travel->count == 0) {
        return;
    }
    json_key(out, "files");
    text_append(out, "{");
    for (size_t i = 0; i < travel->count; i++) {
        const struct travel_file *file = &travel->files[i];
        json_key(out, file->name);
        text_printf(out, "{\"bytes\":%zu,\"mode\":%u,\"pieces\":[", file->len, file->mode);
        pieces_write(file, verify, out);
        text_append(out, "]}");
    }
    text_append(out, "}");
}
