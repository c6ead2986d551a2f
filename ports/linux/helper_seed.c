/* helper_seed: what was brought into a volume stands beside it as trees, "berth-<tree>".
 *
 * The tree is there, whole, before the first file of the volume is touched, and those before it go
 * when the last file is durable. So a file of ours is one that equals what any of them holds: after
 * a cut that is the old one or the new one, and never half of one, since each is written beside its
 * place, synced, and renamed. The volume's side is walked step by step by descriptors, because a
 * program in a container may put a link anywhere at any time. */
#include "ports/linux/helper_seed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ports/linux/helper_tree.h"

#define PREFIX "berth-"
#define FRESH  ".berth-new"

struct seeding {
    int volume, home; /* the home is the directory above the volume */
    int left;         /* where the names of what is left alone are written */
    char tree[NAME_MAX + 1];
};

/* Told of each file of a tree: its path in it, and it, open. */
typedef int (*file_found)(struct seeding *seeding, const char *path, int file);

/* -- trees beside the volume ------------------------------------------------------------------ */

static bool is_tree(const char *name)
{
    return strncmp(name, PREFIX, sizeof PREFIX - 1) == 0;
}

static DIR *folder_open(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (stream == NULL && fd >= 0) {
        close(fd);
    }
    return stream;
}

static int walk_below(struct seeding *seeding, int dir, char *path, size_t len, file_found found);

static int entry_walk(struct seeding *seeding, int dir, char *path, size_t len, file_found found)
{
    const char *name = path + len;
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat state;
    if (fd < 0) {
        return errno;
    }
    int failure = fstat(fd, &state) != 0 ? errno : 0;
    if (failure == 0 && S_ISDIR(state.st_mode)) {
        size_t end = len + strlen(name);
        path[end] = '/';
        path[end + 1] = '\0';
        failure = walk_below(seeding, fd, path, end + 1, found);
    } else if (failure == 0) {
        failure = found(seeding, path, fd);
    }
    close(fd);
    return failure;
}

/* `path` holds `len` bytes, the way to `dir` from the top of its tree. */
static int walk_below(struct seeding *seeding, int dir, char *path, size_t len, file_found found)
{
    DIR *stream = folder_open(dir, ".");
    const struct dirent *entry = NULL;
    int failure = stream == NULL ? errno : 0;
    while (failure == 0 && (entry = readdir(stream)) != NULL) {
        size_t more = strlen(entry->d_name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (len + more + 2 > PATH_MAX) {
            failure = ENAMETOOLONG;
            break;
        }
        memcpy(path + len, entry->d_name, more + 1);
        failure = entry_walk(seeding, dir, path, len, found);
        path[len] = '\0';
    }
    if (stream != NULL) {
        closedir(stream);
    }
    return failure;
}

static int tree_walk(struct seeding *seeding, const char *tree, file_found found)
{
    char path[PATH_MAX] = "";
    int fd = openat(seeding->home, tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int failure = fd < 0 ? errno : walk_below(seeding, fd, path, 0, found);
    if (fd >= 0) {
        close(fd);
    }
    return failure;
}

/* Under its name it is whole, or not there. */
static int tree_remove(int home, const char *name)
{
    static const char old[] = ".old";
    int failure = helper_tree_remove(home, old);
    if (failure == 0 && renameat(home, name, home, old) != 0) {
        failure = errno;
    }
    return failure == 0 ? helper_tree_remove(home, old) : failure;
}

/* What each tree but the new one is for. */
enum each { EACH_COUNT, EACH_HOLDS, EACH_DROP, EACH_REMOVE };

static int drop_found(struct seeding *seeding, const char *path, int file);
static bool is_same(int one, int other);

/* COUNT: how many are there. HOLDS: in how many `path` is what `file` holds. DROP, REMOVE: 0 or an
 * errno. */
static int trees_each(struct seeding *seeding, enum each each, const char *path, int file)
{
    char name[PATH_MAX];
    DIR *stream = folder_open(seeding->home, ".");
    const struct dirent *entry = NULL;
    int count = 0;
    int failure = stream == NULL ? errno : 0;
    while (failure == 0 && (entry = readdir(stream)) != NULL) {
        if (!is_tree(entry->d_name) || strcmp(entry->d_name, seeding->tree) == 0) {
            continue;
        }
        if (each == EACH_DROP) {
            failure = tree_walk(seeding, entry->d_name, drop_found);
        } else if (each == EACH_REMOVE) {
            failure = tree_remove(seeding->home, entry->d_name);
        } else if (each == EACH_COUNT) {
            count++;
        } else if ((size_t)snprintf(name, sizeof name, "%s/%s", entry->d_name, path) <
                   sizeof name) {
            int fd = openat(seeding->home, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
            if (fd >= 0) {
                count += is_same(fd, file);
                close(fd);
            }
        }
    }
    if (stream != NULL) {
        closedir(stream);
    }
    return each == EACH_DROP || each == EACH_REMOVE ? failure : count;
}

/* -- a file of the volume --------------------------------------------------------------------- */

/* Both hold the same bytes; what cannot be read is not the same. */
static bool is_same(int one, int other)
{
    char left[4096];
    char right[sizeof left];
    for (off_t at = 0;; at += (off_t)sizeof left) {
        ssize_t got = pread(one, left, sizeof left, at);
        if (got < 0 || pread(other, right, sizeof right, at) != got ||
            memcmp(left, right, (size_t)got) != 0) {
            return false;
        }
        if (got < (ssize_t)sizeof left) {
            return true;
        }
    }
}

/* The folder of a file of the volume, made where it is missing unless `is_there`. -1 with ENOTDIR
 * or ELOOP: something else stands in the way. */
static int parent_open(const struct seeding *seeding, const char *path, bool is_there)
{
    char step[NAME_MAX + 1];
    int at = fcntl(seeding->volume, F_DUPFD_CLOEXEC, 0);
    const char *slash;
    for (; at >= 0 && (slash = strchr(path, '/')) != NULL; path = slash + 1) {
        int below = -1;
        size_t len = (size_t)(slash - path);
        if (len < sizeof step) {
            struct stat state;
            memcpy(step, path, len);
            step[len] = '\0';
            bool is_new = !is_there && mkdirat(at, step, 0755) == 0;
            below = openat(at, step, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
            if (below >= 0 && is_new &&
                (fstat(at, &state) != 0 || fchmod(below, 0755) != 0 ||
                 fchown(below, state.st_uid, state.st_gid) != 0)) {
                close(below);
                below = -1;
            }
        }
        int failure = errno;
        close(at);
        errno = failure;
        at = below;
    }
    return at;
}

static int left_alone(const struct seeding *seeding, const char *path)
{
    return dprintf(seeding->left, "%s\n", path) < 0 ? errno : 0;
}

static int bytes_copy(int from, int to)
{
    char buf[4096];
    ssize_t got = 0;
    off_t at = 0;
    while ((got = pread(from, buf, sizeof buf, at)) > 0) {
        if (write(to, buf, (size_t)got) != got) {
            return errno != 0 ? errno : ENOSPC;
        }
        at += got;
    }
    return got < 0 ? errno : 0;
}

/* Beside, synced, renamed. */
static int file_write(int parent, const char *base, int file, const struct stat *owner, mode_t mode)
{
    int to = openat(parent, FRESH, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (to < 0) {
        return errno;
    }
    int failure = bytes_copy(file, to);
    /* The mode while it is ours: for another's file the helper has no right (CAP_FOWNER). */
    if (failure == 0 && (fchmod(to, mode) != 0 || fchown(to, owner->st_uid, owner->st_gid) != 0 ||
                         fsync(to) != 0 || renameat(parent, FRESH, parent, base) != 0)) {
        failure = errno;
    }
    close(to);
    if (failure != 0) {
        (void)unlinkat(parent, FRESH, 0);
    }
    return failure;
}

static int file_bring(struct seeding *seeding, const char *path, int file, int parent)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    struct stat ours;
    struct stat state;
    if (fstat(file, &ours) != 0 || fstat(parent, &state) != 0) {
        return errno;
    }
    mode_t mode = (ours.st_mode & 0777) | S_IWUSR;
    int there = openat(parent, base, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (there < 0 && errno == ENOENT) {
        return file_write(parent, base, file, &state, mode);
    }
    int failure = 0;
    if (there < 0 || fstat(there, &state) != 0 || !S_ISREG(state.st_mode)) {
        failure = left_alone(seeding, path);
    } else if (is_same(there, file) && ((state.st_mode ^ mode) & 0111) == 0) {
        failure = 0;
    } else if (is_same(there, file) || trees_each(seeding, EACH_HOLDS, path, there) > 0) {
        failure = file_write(parent, base, file, &state, mode);
    } else {
        failure = left_alone(seeding, path);
    }
    if (there >= 0) {
        close(there);
    }
    return failure;
}

static int bring_found(struct seeding *seeding, const char *path, int file)
{
    int parent = parent_open(seeding, path, false);
    if (parent < 0) {
        return errno == ENOTDIR || errno == ELOOP ? left_alone(seeding, path) : errno;
    }
    (void)unlinkat(parent, FRESH, 0); /* of a call that was cut */
    int failure = file_bring(seeding, path, file, parent);
    close(parent);
    return failure;
}

/* Folders that are empty now go, too, also those of a call that was cut. */
static void folders_drop(const struct seeding *seeding, const char *path)
{
    char above[PATH_MAX];
    bool is_gone = true;
    (void)snprintf(above, sizeof above, "%s", path);
    for (char *slash; is_gone && (slash = strrchr(above, '/')) != NULL;) {
        *slash = '\0';
        int parent = parent_open(seeding, above, true);
        slash = strrchr(above, '/');
        is_gone =
            parent >= 0 && unlinkat(parent, slash != NULL ? slash + 1 : above, AT_REMOVEDIR) == 0;
        is_gone = is_gone || errno == ENOENT;
        if (parent >= 0) {
            close(parent);
        }
    }
}

/* A file of a tree before: the new one has it, too, or it goes unless it is somebody's by now. */
static int drop_found(struct seeding *seeding, const char *path, int file)
{
    char name[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    (void)file;
    int len = snprintf(name, sizeof name, "%s/%s", seeding->tree, path);
    if (len > 0 && (size_t)len < sizeof name && faccessat(seeding->home, name, F_OK, 0) == 0) {
        return 0;
    }
    int parent = parent_open(seeding, path, true);
    if (parent < 0) {
        folders_drop(seeding, path);
        return 0; /* it is gone, or was never below what stands there */
    }
    (void)unlinkat(parent, FRESH, 0);
    int there = openat(parent, base, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int failure = 0;
    if (there < 0 ? errno == ENOENT : trees_each(seeding, EACH_HOLDS, path, there) > 0) {
        failure = there < 0 || unlinkat(parent, base, 0) == 0 ? 0 : errno;
        folders_drop(seeding, path);
    } else {
        failure = left_alone(seeding, path);
    }
    if (there >= 0) {
        close(there);
    }
    close(parent);
    return failure;
}

/* -- the whole -------------------------------------------------------------------------------- */

static bool is_empty(int dir)
{
    DIR *stream = folder_open(dir, ".");
    const struct dirent *entry = NULL;
    bool is_any = stream == NULL;
    while (!is_any && (entry = readdir(stream)) != NULL) {
        is_any = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    if (stream != NULL) {
        closedir(stream);
    }
    return !is_any;
}

/* "uid:gid" */
static int owner_set(int volume, const char *owner)
{
    char *end = NULL;
    unsigned long uid = strtoul(owner, &end, 10);
    unsigned long gid = *end == ':' ? strtoul(end + 1, &end, 10) : 0;
    return *end != '\0' ? EINVAL : fchown(volume, (uid_t)uid, (gid_t)gid) != 0 ? errno : 0;
}

static int seed(struct seeding *seeding, int pieces, const char *owner, struct span recipe)
{
    bool is_here = faccessat(seeding->home, seeding->tree, F_OK, 0) == 0;
    int others = trees_each(seeding, EACH_COUNT, NULL, -1);
    int failure = 0;
    if (is_here && others == 0) {
        return 0;
    }
    if (owner != NULL && !is_here && others == 0 && is_empty(seeding->volume)) {
        failure = owner_set(seeding->volume, owner);
    }
    if (failure == 0 && others == 0 && mkdirat(seeding->home, PREFIX "none", 0700) != 0) {
        failure = errno; /* an empty tree: without it a cut would leave the first one as if done */
    }
    if (failure == 0) {
        failure = helper_tree_make(pieces, seeding->home, seeding->tree, recipe);
    }
    failure = failure == 0 ? tree_walk(seeding, seeding->tree, bring_found) : failure;
    failure = failure == 0 ? trees_each(seeding, EACH_DROP, NULL, -1) : failure;
    if (failure == 0 && syncfs(seeding->volume) != 0) {
        failure = errno;
    }
    return failure == 0 ? trees_each(seeding, EACH_REMOVE, NULL, -1) : failure;
}

int helper_seed(int pieces, const char *const *texts, struct span recipe)
{
    struct seeding seeding = {.home = -1, .left = -1};
    int failure = 0;
    if (texts[1] == NULL) {
        return EINVAL;
    }
    if ((size_t)snprintf(seeding.tree, sizeof seeding.tree, PREFIX "%s", texts[0]) >=
        sizeof seeding.tree) {
        return ENAMETOOLONG;
    }
    seeding.volume = open(texts[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (seeding.volume < 0) {
        return errno;
    }
    seeding.home = openat(seeding.volume, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    seeding.left = openat(pieces, HELPER_SEED_LEFT,
                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    failure = seeding.home < 0 || seeding.left < 0 ? errno : 0;
    failure = failure == 0 ? seed(&seeding, pieces, texts[2], recipe) : failure;
    close(seeding.volume);
    close(seeding.home);
    close(seeding.left);
    return failure;
}
