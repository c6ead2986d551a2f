/* helper_tree: file by file into a new directory; what is there under its name is whole. */
#include "ports/linux/helper_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/files.h"

#define LINE_BYTES 4096
#define DEPTH_MAX  128

/* -- removing --------------------------------------------------------------------------------- */

static int entry_remove(int dir, const char *name, unsigned depth);

static int entries_remove(int fd, unsigned depth)
{
    DIR *stream = fdopendir(fd);
    const struct dirent *entry = NULL;
    int failure = stream == NULL ? errno : 0;
    if (stream == NULL) {
        close(fd);
        return failure;
    }
    while (failure == 0 && (entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            failure = entry_remove(dirfd(stream), entry->d_name, depth + 1);
        }
    }
    closedir(stream);
    return failure;
}

static int entry_remove(int dir, const char *name, unsigned depth)
{
    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT) {
        return 0;
    }
    if ((errno != EISDIR && errno != EPERM) || depth > DEPTH_MAX) {
        return errno;
    }
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int failure = fd < 0 ? errno : entries_remove(fd, depth);
    return failure == 0 && unlinkat(dir, name, AT_REMOVEDIR) != 0 ? errno : failure;
}

int helper_tree_remove(int dir, const char *name)
{
    int failure = entry_remove(dir, name, 0);
    return failure == 0 && fsync(dir) != 0 ? errno : failure;
}

/* -- making ----------------------------------------------------------------------------------- */

/* The next word of a line, ended by a space; NULL: there is none. */
static char *word_take(char **at)
{
    char *word = *at;
    char *space = strchr(word, ' ');
    if (space == NULL) {
        return NULL;
    }
    *space = '\0';
    *at = space + 1;
    return word;
}

static int piece_append(int dir, const char *piece, int to, size_t *bytes)
{
    char buf[4096];
    ssize_t got = 0;
    int from = openat(dir, piece, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0) {
        return errno;
    }
    int failure = 0;
    while (failure == 0 && (got = read(from, buf, sizeof buf)) > 0) {
        failure = write(to, buf, (size_t)got) == got ? 0 : errno != 0 ? errno : ENOSPC;
        *bytes += (size_t)got;
    }
    failure = failure == 0 && got < 0 ? errno : failure;
    close(from);
    return failure;
}

/* Opens a new file, with the folders above it. */
static int file_open(int root, char *path)
{
    for (char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool is_made =
            mkdirat(root, path, 0755) == 0 ? fchmodat(root, path, 0755, 0) == 0 : errno == EEXIST;
        *slash = '/';
        if (!is_made) {
            return -1;
        }
    }
    return openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* One line: "<mode> <bytes> [<piece> ...] <path>". */
static int line_make(int pieces_dir, int root, char *line)
{
    const char *mode = word_take(&line);
    const char *said = word_take(&line);
    char *words = line;
    size_t want = said != NULL ? strtoul(said, NULL, 10) : 0;
    size_t pieces = (want + FILES_PIECE_BYTES_MAX - 1) / FILES_PIECE_BYTES_MAX;
    size_t bytes = 0;
    for (size_t i = 0; i < pieces && words != NULL; i++) {
        char *space = strchr(words, ' ');
        words = space != NULL ? space + 1 : NULL;
    }
    if (said == NULL || words == NULL || words[0] == '\0' || words[0] == '/') {
        return EBADMSG;
    }
    int fd = file_open(root, words);
    int failure = fd < 0 ? errno : 0;
    for (size_t i = 0; i < pieces && failure == 0; i++) {
        failure = piece_append(pieces_dir, word_take(&line), fd, &bytes);
    }
    if (failure == 0 && bytes != want) {
        failure = EBADMSG;
    }
    if (failure == 0 && fchmod(fd, (mode_t)strtoul(mode, NULL, 8) & 0777) != 0) {
        failure = errno;
    }
    if (fd >= 0 && close(fd) != 0 && failure == 0) {
        failure = errno;
    }
    return failure;
}

static int lines_make(int pieces_dir, int root, struct span recipe)
{
    char line[LINE_BYTES];
    while (recipe.len > 0) {
        const uint8_t *end = memchr(recipe.data, '\n', recipe.len);
        size_t len = end != NULL ? (size_t)(end - recipe.data) : recipe.len;
        if (end == NULL || len >= sizeof line) {
            return EBADMSG;
        }
        memcpy(line, recipe.data, len);
        line[len] = '\0';
        int failure = line_make(pieces_dir, root, line);
        if (failure != 0) {
            return failure;
        }
        recipe = span_of(end + 1, recipe.len - len - 1);
    }
    return 0;
}

static int fresh_make(int pieces_dir, int dir, const char *fresh, struct span recipe)
{
    if (mkdirat(dir, fresh, 0755) != 0) {
        return errno;
    }
    int root = openat(dir, fresh, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int failure = root < 0 || fchmod(root, 0755) != 0 ? errno : 0;
    if (failure == 0) {
        failure = lines_make(pieces_dir, root, recipe);
    }
    if (failure == 0 && syncfs(root) != 0) {
        failure = errno;
    }
    if (root >= 0) {
        close(root);
    }
    return failure;
}

int helper_tree_make(int pieces_dir, int dir, const char *name, struct span recipe)
{
    static const char fresh[] = ".new"; /* one at a time: what a cut left goes with the next */
    int failure = 0;
    if (faccessat(dir, name, F_OK, 0) != 0) {
        failure = entry_remove(dir, fresh, 0);
        failure = failure == 0 ? fresh_make(pieces_dir, dir, fresh, recipe) : failure;
        if (failure == 0 && renameat(dir, fresh, dir, name) != 0) {
            failure = errno;
        }
        if (failure != 0) {
            (void)entry_remove(dir, fresh, 0);
        }
    }
    return failure == 0 && fsync(dir) != 0 ? errno : failure;
}
