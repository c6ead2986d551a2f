/* tls: the machine: idle, dialling, shaking hands, open; one deadline until it is open.
 *
 * A descriptor that is ready stays so until somebody reads, and a user may be slow. So what fired
 * is not watched again before an op has found the socket empty (or full): `ready` comes once, and
 * again after the next read or write. Bytes that the library holds make no descriptor ready; after
 * a read that left some, a timer of no length does. User callbacks are the last act of every
 * function that calls them: the user may close, open again or free inside. */
#include "ports/mbedtls/tls.h"

#include <stdlib.h>

#include "ports/mbedtls/tls_dial.h"
#include "ports/mbedtls/tls_judge.h"
#include "ports/mbedtls/tls_session.h"

enum tls_state { TLS_IDLE, TLS_DIALLING, TLS_SHAKING, TLS_OPEN };

struct mbedtls_tls {
    struct mbedtls_tls_settings settings;
    struct stream_user user;
    enum tls_state state;
    mono_ms deadline;
    struct tls_dial dial;
    struct tls_judge judge;
    struct tls_session *session; /* from the first byte of the handshake on */
    unsigned wanted;             /* what the socket is watched for */
    struct loop_timer over_time;
    struct loop_timer turn;
    bool is_broken; /* writing failed; reading shows what was received before, then `failure` */
    struct err failure;
};

static void fd_ready(void *ctx, int fd, unsigned events);

static int watch_set(struct mbedtls_tls *tls, unsigned wanted, struct err *err)
{
    const struct loop *loop = &tls->settings.loop;
    if (wanted == tls->wanted) {
        return 0;
    }
    int rc = loop->ops->watch(loop->self, tls_session_fd(tls->session), wanted, fd_ready, tls, err);
    if (rc != 0) {
        return err_wrap(err, ERR_NETWORK, "watch the connection to the broker");
    }
    tls->wanted = wanted;
    return 0;
}

static void turn_expired(void *ctx);

static void turn_arm(struct mbedtls_tls *tls)
{
    const struct loop *loop = &tls->settings.loop;
    if (tls->turn.armed == 0) {
        loop->ops->arm(loop->self, &tls->turn, loop->ops->now(loop->self), turn_expired, tls);
    }
}

/* Back to idle, whatever it was. */
static void tls_release(struct mbedtls_tls *tls)
{
    const struct loop *loop = &tls->settings.loop;
    tls_dial_stop(&tls->dial);
    loop->ops->disarm(loop->self, &tls->over_time);
    loop->ops->disarm(loop->self, &tls->turn);
    if (tls->session != NULL) {
        (void)watch_set(tls, 0, NULL);
        tls_session_free(tls->session);
        tls->session = NULL;
    }
    tls->wanted = 0;
    tls->is_broken = false;
    tls->state = TLS_IDLE;
}

/* The last act of its caller. */
static void tls_over(struct mbedtls_tls *tls, const struct err *err)
{
    struct err copy = *err;
    tls_release(tls);
    tls->user.closed(tls->user.ctx, &copy);
}

/* The last act of its caller. */
static void tls_opened(struct mbedtls_tls *tls)
{
    const struct loop *loop = &tls->settings.loop;
    struct err err;
    loop->ops->disarm(loop->self, &tls->over_time);
    if (watch_set(tls, LOOP_READ, &err) != 0) {
        tls_over(tls, &err);
        return;
    }
    tls_judge_accept(&tls->judge);
    tls->state = TLS_OPEN;
    if (tls_session_is_pending(tls->session)) {
        turn_arm(tls);
    }
    tls->user.opened(tls->user.ctx);
}

/* One step; the next comes when the socket or the next turn of the loop does. */
static void tls_shake(struct mbedtls_tls *tls)
{
    struct err err;
    unsigned wanted = 0;
    bool is_done = false;
    int rc = tls_session_shake(tls->session, &wanted, &is_done, &err);
    if (rc == 0 && is_done) {
        tls_opened(tls);
        return;
    }
    if (rc == 0) {
        rc = watch_set(tls, wanted, &err);
    }
    if (rc != 0) {
        tls_over(tls, &err);
    } else if (wanted == 0) {
        turn_arm(tls);
    }
}

static void fd_ready(void *ctx, int fd, unsigned events)
{
    struct mbedtls_tls *tls = ctx;
    (void)fd;
    if (tls->state == TLS_SHAKING) {
        tls_shake(tls);
        return;
    }
    struct err err;
    if (watch_set(tls, tls->wanted & ~events, &err) != 0) {
        tls_over(tls, &err);
        return;
    }
    tls->user.ready(tls->user.ctx);
}

static void turn_expired(void *ctx)
{
    struct mbedtls_tls *tls = ctx;
    if (tls->state == TLS_SHAKING) {
        tls_shake(tls);
    } else {
        tls->user.ready(tls->user.ctx);
    }
}

static void shake_expired(void *ctx)
{
    struct mbedtls_tls *tls = ctx;
    struct err err;
    int64_t ms = tls->settings.timeout_ms;
    bool is_whole = ms % 1000 == 0;
    (void)err_set(&err, ERR_TIMEOUT,
                  "no answer to the handshake in %lld %s: is it the broker that listens on %s port "
                  "%u?",
                  (long long)(is_whole ? ms / 1000 : ms), is_whole ? "s" : "ms", tls->settings.host,
                  tls->settings.port);
    tls_over(tls, &err);
}

static void dialled(void *ctx, const struct err *failure, int fd)
{
    struct mbedtls_tls *tls = ctx;
    const struct loop *loop = &tls->settings.loop;
    struct err err;
    if (failure != NULL) {
        tls_over(tls, failure);
        return;
    }
    if (tls_session_new(&tls->settings, &tls->judge, fd, &tls->session, &err) != 0) {
        tls_over(tls, &err);
        return;
    }
    tls->state = TLS_SHAKING;
    loop->ops->arm(loop->self, &tls->over_time, tls->deadline, shake_expired, tls);
    tls_shake(tls);
}

static int tls_open(void *self, const struct stream_user *user, struct err *err)
{
    struct mbedtls_tls *tls = self;
    const struct loop *loop = &tls->settings.loop;
    if (tls->state != TLS_IDLE) {
        return err_set(err, ERR_BUSY, "the connection to %s is open or opening",
                       tls->settings.host);
    }
    int rc = tls_dial_start(&tls->dial, tls->settings.timeout_ms, dialled, tls, err);
    if (rc != 0) {
        return rc;
    }
    tls->user = *user;
    tls->deadline = loop->ops->now(loop->self) + tls->settings.timeout_ms;
    tls->state = TLS_DIALLING;
    return 0;
}

static int not_open(const struct mbedtls_tls *tls, struct err *err)
{
    return err_set(err, ERR_NETWORK, "the connection to %s is not open", tls->settings.host);
}

static int tls_read(void *self, void *data, size_t cap, size_t *got, struct err *err)
{
    struct mbedtls_tls *tls = self;
    unsigned wanted = 0;
    *got = 0;
    if (tls->state != TLS_OPEN) {
        return not_open(tls, err);
    }
    int rc = tls_session_read(tls->session, data, cap, got, &wanted, err);
    if (rc == 0 && *got == 0 && cap > 0 && tls->is_broken) {
        rc = err_set(err, tls->failure.code, "%s", tls->failure.text);
    }
    if (rc == 0 && tls_session_is_pending(tls->session)) {
        turn_arm(tls);
    } else if (rc == 0) {
        rc = watch_set(tls, tls->wanted | LOOP_READ | wanted, err);
    }
    if (rc != 0) {
        tls_release(tls);
    }
    return rc;
}

/* What was received before the failure is still to be read, an alert that explains it included: so
 * the end shows where one reads. */
static int tls_write(void *self, struct span bytes, size_t *taken, struct err *err)
{
    struct mbedtls_tls *tls = self;
    unsigned wanted = 0;
    *taken = 0;
    if (tls->state != TLS_OPEN) {
        return not_open(tls, err);
    }
    if (tls->is_broken) {
        return 0;
    }
    int rc = tls_session_write(tls->session, bytes, taken, &wanted, &tls->failure);
    if (rc == 0) {
        rc = watch_set(tls, tls->wanted | wanted, &tls->failure);
    }
    if (rc != 0) {
        tls->is_broken = true;
        turn_arm(tls);
    }
    return 0;
}

static void tls_close(void *self)
{
    tls_release(self);
}

int mbedtls_tls_new(const struct mbedtls_tls_settings *settings, struct mbedtls_tls **made,
                    struct err *err)
{
    struct mbedtls_tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for a connection to %s", settings->host);
    }
    tls->settings = *settings;
    if (tls->settings.timeout_ms == 0) {
        tls->settings.timeout_ms = MBEDTLS_TLS_TIMEOUT_MS;
    }
    tls->judge.clock = settings->clock;
    tls->dial.loop = settings->loop;
    tls->dial.worker = settings->worker;
    tls->dial.host = settings->host;
    tls->dial.port = settings->port;
    *made = tls;
    return 0;
}

void mbedtls_tls_free(struct mbedtls_tls *tls)
{
    if (tls != NULL) {
        tls_release(tls);
        free(tls);
    }
}

struct stream mbedtls_tls_stream(struct mbedtls_tls *tls)
{
    static const struct stream_ops ops = {
        .open = tls_open,
        .read = tls_read,
        .write = tls_write,
        .close = tls_close,
    };
    return (struct stream){.ops = &ops, .self = tls};
}

const char *mbedtls_tls_version(const struct mbedtls_tls *tls)
{
    return tls->state == TLS_OPEN ? tls_session_version(tls->session) : "";
}

wall_ms mbedtls_tls_newest(const struct mbedtls_tls *tls)
{
    return tls->judge.newest;
}
