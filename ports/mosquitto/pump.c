/* pump: two small buffers; what does not fit stays where it came from. */
#include "ports/mosquitto/pump.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PING_BYTES 2

static const uint8_t ping[PING_BYTES] = {0xc0, 0x00};

void pump_init(struct pump *pump, struct stream stream, int fd)
{
    memset(pump, 0, sizeof *pump);
    pump->stream = stream;
    pump->fd = fd;
}

void pump_close(struct pump *pump)
{
    if (pump->fd >= 0) {
        close(pump->fd);
        pump->fd = -1;
    }
}

bool pump_is_refused(const struct pump *pump)
{
    return pump->down.frame.is_greeted && pump->down.frame.reason != 0;
}

static struct span pipe_waiting(const struct pipe *pipe)
{
    return span_of(pipe->data + pipe->passed, pipe->len - pipe->passed);
}

static void pipe_drop(struct pipe *pipe, size_t count)
{
    memmove(pipe->data, pipe->data + count, pipe->len - count);
    pipe->len -= count;
    pipe->passed -= count;
}

/* Between two packets of the client, when there is room. */
static void ping_insert(struct pump *pump)
{
    struct pipe *up = &pump->up;
    if (!pump->is_ping_wanted || up->frame.body_left > 0 || up->len + PING_BYTES > PIPE_BYTES) {
        return;
    }
    memmove(up->data + up->passed + PING_BYTES, up->data + up->passed, up->len - up->passed);
    memcpy(up->data + up->passed, ping, PING_BYTES);
    up->len += PING_BYTES;
    up->passed += PING_BYTES;
    pump->is_ping_wanted = false;
}

static void up_pass(struct pump *pump)
{
    size_t passed;
    do {
        ping_insert(pump);
        frame_pass(&pump->up.frame, pipe_waiting(&pump->up), &passed);
        pump->up.passed += passed;
    } while (passed > 0);
}

static int socket_take(struct pump *pump, size_t *moved, struct err *err)
{
    struct pipe *up = &pump->up;
    if (up->len + PING_BYTES >= PIPE_BYTES) {
        return 0;
    }
    ssize_t got = recv(pump->fd, up->data + up->len, PIPE_BYTES - PING_BYTES - up->len, 0);
    if (got > 0) {
        up->len += (size_t)got;
        *moved += (size_t)got;
    } else if (got < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNRESET) {
        return err_set(err, ERR_NETWORK, "the bus's own connection: %s", strerror(errno));
    }
    /* An end, or a reset over what the library had not read, is the library's doing, which says why
     * by itself. */
    return 0;
}

int pump_up(struct pump *pump, size_t *moved, struct err *err)
{
    struct pipe *up = &pump->up;
    size_t taken = 0;
    *moved = 0;
    int rc = socket_take(pump, moved, err);
    if (rc != 0) {
        return rc;
    }
    up_pass(pump);
    if (up->passed > 0) {
        rc = pump->stream.ops->write(pump->stream.self, span_of(up->data, up->passed), &taken, err);
        if (rc != 0) {
            return rc;
        }
        pipe_drop(up, taken);
        *moved += taken;
    }
    return 0;
}

static int down_pass(struct pump *pump, struct err *err)
{
    struct pipe *down = &pump->down;
    size_t passed;
    do {
        int rc = frame_admit(&down->frame, pipe_waiting(down), &passed, err);
        if (rc != 0) {
            return rc;
        }
        down->passed += passed;
    } while (passed > 0 && !pump_is_refused(pump));
    return 0;
}

static int socket_give(struct pump *pump, size_t *moved, struct err *err)
{
    struct pipe *down = &pump->down;
    if (down->passed == 0 || pump_is_refused(pump)) {
        return 0;
    }
    ssize_t given = send(pump->fd, down->data, down->passed, MSG_NOSIGNAL);
    if (given > 0) {
        pipe_drop(down, (size_t)given);
        *moved += (size_t)given;
    } else if (given < 0 && errno != EAGAIN && errno != EINTR && errno != EPIPE &&
               errno != ECONNRESET) {
        return err_set(err, ERR_NETWORK, "the bus's own connection: %s", strerror(errno));
    }
    return 0;
}

int pump_down(struct pump *pump, size_t *moved, size_t *heard, struct err *err)
{
    struct pipe *down = &pump->down;
    struct err end = {0};
    int rc = 0;
    *moved = 0;
    *heard = 0;
    if (down->len < PIPE_BYTES) {
        rc = pump->stream.ops->read(pump->stream.self, down->data + down->len,
                                    PIPE_BYTES - down->len, heard, &end);
    }
    if (rc != 0) {
        *heard = 0;
    }
    down->len += *heard;
    *moved = *heard;
    if (rc == 0) {
        rc = down_pass(pump, &end);
    }
    int given = socket_give(pump, moved, err);
    if (given != 0) {
        return given;
    }
    return rc != 0 ? err_set(err, rc, "%s", end.text) : 0;
}
