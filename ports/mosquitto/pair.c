/* pair: the library can only connect to a path, so there is one for the blink of an eye. */
#include "ports/mosquitto/pair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listener_make(const struct sockaddr_un *at, int *listener, struct err *err)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return err_set(err, ERR_IO, "socket for the bus: %s", strerror(errno));
    }
    if (bind(fd, (const struct sockaddr *)at, sizeof *at) != 0 || listen(fd, 1) != 0) {
        int rc = err_set(err, ERR_IO, "listen on %s: %s", at->sun_path, strerror(errno));
        close(fd);
        return rc;
    }
    *listener = fd;
    return 0;
}

static int peer_take(int listener, int *fd, struct err *err)
{
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    int taken = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (taken < 0) {
        return err_set(err, ERR_IO, "accept the bus's own connection: %s", strerror(errno));
    }
    if (getsockopt(taken, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || peer.pid != getpid() ||
        peer.uid != geteuid()) {
        close(taken);
        return err_set(err, ERR_NETWORK,
                       "process %ld connected to the bus's private socket; see who may enter its "
                       "directory",
                       (long)peer.pid);
    }
    *fd = taken;
    return 0;
}

int pair_make(const char *run_dir, pair_connect connect, void *ctx, int *fd, struct err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char dir[PAIR_RUN_DIR_BYTES + sizeof "/berth.XXXXXX"];
    int listener = -1;
    (void)snprintf(dir, sizeof dir, "%s/berth.XXXXXX", run_dir);
    if (mkdtemp(dir) == NULL) {
        return err_set(err, ERR_IO, "make a directory in %s: %s", run_dir, strerror(errno));
    }
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/s", dir);
    int rc = listener_make(&at, &listener, err);
    if (rc == 0) {
        rc = connect(ctx, at.sun_path, err);
        if (rc == 0) {
            rc = peer_take(listener, fd, err);
        }
        close(listener);
        (void)unlink(at.sun_path);
    }
    (void)rmdir(dir);
    return rc;
}
