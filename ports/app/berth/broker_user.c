/* broker_user: a broker that is started as root reads its files as somebody else. */
#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "ports/app/berth/broker_conf.h"

static bool may_enter(const char *path, const struct passwd *user)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return false;
    }
    mode_t bit = status.st_uid == user->pw_uid   ? S_IXUSR
                 : status.st_gid == user->pw_gid ? S_IXGRP
                                                 : S_IXOTH;
    return (status.st_mode & bit) != 0;
}

/* Every folder above `path`, the outermost first; `closed` is the first that is shut. */
static bool may_pass(const char *path, const struct passwd *user, char closed[PATH_MAX])
{
    for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/')) {
        size_t len = slash == path ? 1 : (size_t)(slash - path);
        memcpy(closed, path, len);
        closed[len] = '\0';
        if (!may_enter(closed, user)) {
            return false;
        }
    }
    return true;
}

/* A folder and what lies in it, one level deep. */
static bool folder_give(const char *path, const struct passwd *user)
{
    DIR *folder = opendir(path);
    bool is_given = folder != NULL && fchown(dirfd(folder), user->pw_uid, user->pw_gid) == 0;
    for (struct dirent *entry; is_given && (entry = readdir(folder)) != NULL;) {
        if (strcmp(entry->d_name, "..") != 0) {
            is_given = fchownat(dirfd(folder), entry->d_name, user->pw_uid, user->pw_gid,
                                AT_SYMLINK_NOFOLLOW) == 0;
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    return is_given;
}

enum broker_reach broker_give(const struct fleet_dir *dir, bool is_folder_ours,
                              char closed[PATH_MAX])
{
    char path[PATH_MAX];
    const struct passwd *user = getpwnam(BROKER_USER);
    if (geteuid() != 0) {
        return BROKER_OURS;
    }
    if (user == NULL) {
        return BROKER_NOBODY;
    }
    if (!may_pass(dir->path, user, closed)) {
        return BROKER_CLOSED;
    }
    (void)text_copy(closed, PATH_MAX, dir->path);
    if (!may_enter(dir->path, user) && (!is_folder_ours || chmod(dir->path, 0711) != 0)) {
        return BROKER_CLOSED;
    }
    fleet_dir_file(dir, "broker", path);
    return folder_give(path, user) ? BROKER_GIVEN : BROKER_CLOSED;
}
