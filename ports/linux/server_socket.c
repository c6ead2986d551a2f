/* server_socket: a safe directory, no living predecessor, and the right mode before anyone
 * connects. */
#include "ports/linux/server_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

static int directory_make(const char *path, struct err *err)
{
    char directory[sizeof((struct sockaddr_un *)NULL)->sun_path];
    struct stat state;
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    if (len == 0 || len >= sizeof directory) {
        return err_set(err, ERR_VALUE, "%s has no directory of its own; set controlDir", path);
    }
    memcpy(directory, path, len);
    directory[len] = '\0';
    if (mkdir(directory, 0755) != 0 && errno != EEXIST) {
        int code = errno == EACCES || errno == EPERM || errno == EROFS ? ERR_DENIED : ERR_IO;
        return err_set(err, code, "make %s: %s; run as root, or set controlDir", directory,
                       strerror(errno));
    }
    if (lstat(directory, &state) != 0) {
        return err_set(err, ERR_IO, "look at %s: %s", directory, strerror(errno));
    }
    bool is_ours = state.st_uid == 0 || state.st_uid == geteuid();
    if (!S_ISDIR(state.st_mode) || !is_ours || (state.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return err_set(err, ERR_DENIED,
                       "%s can be written by others; make it root's directory with mode 0755",
                       directory);
    }
    return 0;
}

/* Removes a socket that nobody answers on. */
static int predecessor_remove(const struct sockaddr_un *address, struct err *err)
{
    struct stat state;
    if (lstat(address->sun_path, &state) != 0) {
        return errno == ENOENT
                   ? 0
                   : err_set(err, ERR_IO, "look at %s: %s", address->sun_path, strerror(errno));
    }
    if (!S_ISSOCK(state.st_mode)) {
        return err_set(err, ERR_EXISTS, "%s is there and not a socket; remove it",
                       address->sun_path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return err_set(err, ERR_IO, "make a socket: %s", strerror(errno));
    }
    int rc = connect(fd, (const struct sockaddr *)address, sizeof *address);
    int why = rc == 0 ? 0 : errno;
    (void)close(fd);
    if (why != ECONNREFUSED) {
        return err_set(err, ERR_BUSY,
                       "somebody already listens on %s (%s); stop the other berthd, or set another "
                       "controlDir",
                       address->sun_path, why == 0 ? "connected" : strerror(why));
    }
    if (unlink(address->sun_path) != 0) {
        return err_set(err, ERR_IO, "remove %s: %s", address->sun_path, strerror(errno));
    }
    return 0;
}

int server_socket_open(const char *path, uint32_t owner_uid, int *fd, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        return err_set(err, ERR_VALUE, "%s is longer than %zu bytes; set a shorter controlDir",
                       path, sizeof address.sun_path - 1);
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int rc = directory_make(path, err);
    if (rc == 0) {
        rc = predecessor_remove(&address, err);
    }
    if (rc != 0) {
        return rc;
    }
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0) {
        return err_set(err, ERR_IO, "make a socket: %s", strerror(errno));
    }
    /* Nobody can connect before listen, so mode and owner are right from the first connection on.
     */
    mode_t mask = umask(0177);
    bool is_good = bind(made, (const struct sockaddr *)&address, sizeof address) == 0;
    int why = errno;
    (void)umask(mask);
    if (is_good && (chmod(path, 0660) != 0 ||
                    (owner_uid != UINT32_MAX && chown(path, (uid_t)owner_uid, (gid_t)-1) != 0) ||
                    listen(made, BACKLOG) != 0)) {
        why = errno;
        is_good = false;
        (void)unlink(path);
    }
    if (!is_good) {
        (void)close(made);
        return err_set(err, why == EACCES || why == EPERM ? ERR_DENIED : ERR_IO, "listen on %s: %s",
                       path, strerror(why));
    }
    *fd = made;
    return 0;
}
