/* paths: part by part. */
#include "ports/app/berth/compose/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool paths_is_there(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0;
}

/* Takes the last part away, unless there is none to take. */
static bool part_drop(char *out, size_t *len, bool is_absolute)
{
    char *slash = strrchr(out, '/');
    const char *last = slash != NULL ? slash + 1 : out;
    if (*len == 0 || strcmp(last, "..") == 0 || (is_absolute && *len == 1)) {
        return is_absolute;
    }
    *len = slash == NULL ? 0 : (size_t)(slash - out);
    *len += is_absolute && *len == 0;
    out[*len] = '\0';
    return true;
}

char *paths_clean(const char *path)
{
    bool is_absolute = path[0] == '/';
    char *out = malloc(strlen(path) + 2);
    size_t len = is_absolute ? 1 : 0;
    if (out == NULL) {
        return NULL;
    }
    (void)strcpy(out, is_absolute ? "/" : "");
    while (*path != '\0') {
        size_t part = strcspn(path, "/");
        bool is_dot = part == 0 || (part == 1 && path[0] == '.');
        bool is_up = part == 2 && path[0] == '.' && path[1] == '.';
        if (!is_dot && !(is_up && part_drop(out, &len, is_absolute))) {
            if (len > 0 && out[len - 1] != '/') {
                out[len++] = '/';
            }
            memcpy(out + len, path, part);
            len += part;
            out[len] = '\0';
        }
        path += part + (path[part] == '/');
    }
    if (len == 0) {
        (void)strcpy(out, ".");
    }
    return out;
}

char *paths_join(const char *dir, const char *path)
{
    char *both = NULL;
    if (path[0] == '/') {
        return paths_clean(path);
    }
    if (asprintf(&both, "%s/%s", dir, path) < 0) {
        return NULL;
    }
    char *clean = paths_clean(both);
    free(both);
    return clean;
}

char *paths_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return strdup(".");
    }
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}
