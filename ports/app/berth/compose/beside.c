/* beside: looking at the folder of the Compose file; nothing is read of files. */
#include "ports/app/berth/compose/beside.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "platform/base/text.h"

#define PATH_BYTES     4096
#define NAME_CHARS_MAX 60

static bool is_empty(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry = NULL;
    bool is_any = false;
    if (directory == NULL) {
        return false;
    }
    while (!is_any && (entry = readdir(directory)) != NULL) {
        is_any = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    (void)closedir(directory);
    return !is_any;
}

enum beside beside_look(const char *dir, const char *relative)
{
    char path[PATH_BYTES];
    struct stat status;
    int len = dir != NULL ? snprintf(path, sizeof path, "%s/%s", dir, relative) : -1;
    if (len < 0 || (size_t)len >= sizeof path || stat(path, &status) != 0) {
        return BESIDE_NOTHING;
    }
    if (!S_ISDIR(status.st_mode)) {
        return BESIDE_FILE;
    }
    return is_empty(path) ? BESIDE_EMPTY : BESIDE_DIRECTORY;
}

const char *beside_below(const char *dir, const char *path)
{
    size_t len = dir != NULL ? strlen(dir) : 0;
    while (len > 1 && dir[len - 1] == '/') {
        len--;
    }
    if (len < 2 || dir[0] != '/' || strncmp(path, dir, len) != 0 || path[len] != '/') {
        return NULL;
    }
    return path + len + 1;
}

bool beside_name(const char *relative, char *name, size_t cap)
{
    struct text text;
    text_init(&text, name, cap);
    text_append(&text, "dir");
    for (const char *at = relative; *at != '\0';) {
        size_t len = strcspn(at, "/");
        bool is_here = len == 0 || (len == 1 && at[0] == '.');
        for (size_t i = 0; !is_here && i < len; i++) {
            if (!isalnum((unsigned char)at[i]) && at[i] != '_' && at[i] != '.') {
                return false; /* '-' parts the steps of a path */
            }
        }
        if (len == 2 && strncmp(at, "..", 2) == 0) {
            return false;
        }
        text_append(&text, is_here ? "" : "-");
        text_append_span(&text, span_of(at, is_here ? 0 : len));
        at += len + (at[len] == '/');
    }
    return !text.cut && text.len > 4 && text.len <= NAME_CHARS_MAX;
}
