/* session: the loop turned until the broker has answered, lost us or said nothing for too long. */
#include "ports/app/berth/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "ports/linux/entropy.h"
#include "ports/mbedtls/tls.h"
#include "ports/mosquitto/bus.h"

#define ANSWER_MS   SECONDS_MS(15)
#define KEEPALIVE_S 60

/* How far session_open came; session_close goes back from there. */
enum stage { STAGE_NONE, STAGE_KEYRING, STAGE_LOOP, STAGE_WORKER, STAGE_TLS, STAGE_BUS };

/* The bus makes its socket there, for a moment; a kill later leaves nothing in it. */
static const char *run_dir_of(void)
{
    const char *dir = getenv("TMPDIR");
    bool is_fit = dir != NULL && dir[0] == '/' && strlen(dir) <= 40;
    return is_fit ? dir : "/tmp"; /* a unix socket's path in it must stay short */
}

static int tls_open(struct session *session, const struct fleet_dir *dir, struct err *err)
{
    (void)text_copy(session->host, sizeof session->host, dir->host);
    (void)text_copy(session->name, sizeof session->name, dir->name);
    fleet_dir_file(dir, "ca.pem", session->ca_path);
    fleet_dir_file(dir, "operator/cert.pem", session->cert_path);
    fleet_dir_file(dir, "operator/key.pem", session->key_path);
    struct mbedtls_tls_settings settings = {.loop = linux_loop_interface(&session->loop),
                                            .worker = linux_worker_interface(&session->worker),
                                            .clock = session->clock_port,
                                            .host = session->host,
                                            .port = dir->operator_port,
                                            .name = session->name,
                                            .ca_path = session->ca_path,
                                            .cert_path = session->cert_path,
                                            .key_path = session->key_path};
    return mbedtls_tls_new(&settings, &session->tls, err);
}

static int bus_open(struct session *session, struct err *err)
{
    struct mosquitto_bus_settings settings = {.loop = linux_loop_interface(&session->loop),
                                              .stream = mbedtls_tls_stream(session->tls),
                                              .run_dir = run_dir_of()};
    int rc = mosquitto_bus_new(&settings, &session->mosquitto, err);
    if (rc == 0) {
        session->bus = mosquitto_bus_interface(session->mosquitto);
    }
    return rc;
}

static int stage_open(struct session *session, enum stage stage, const struct fleet_dir *dir,
                      struct err *err)
{
    switch (stage) {
    case STAGE_KEYRING:
        return keyring_open(&session->keyring, err);
    case STAGE_LOOP:
        return linux_loop_init(&session->loop, err);
    case STAGE_WORKER: {
        struct linux_worker_settings settings = {.loop = linux_loop_interface(&session->loop)};
        return linux_worker_init(&session->worker, &settings, err);
    }
    case STAGE_TLS:
        return tls_open(session, dir, err);
    case STAGE_BUS:
        return bus_open(session, err);
    case STAGE_NONE:
        break;
    }
    return 0;
}

int session_open(struct session *session, const struct fleet_dir *dir, struct err *err)
{
    int rc = linux_clock_init(&session->clock, LINUX_CLOCK_BUILD_MS, err);
    linux_log_init(&session->log, STDERR_FILENO, LOG_LEVEL_WARNING);
    session->clock_port = linux_clock_interface(&session->clock);
    session->log_port = linux_log_interface(&session->log);
    session->entropy = linux_entropy_interface();
    while (rc == 0 && session->opened < STAGE_BUS) {
        rc = stage_open(session, (enum stage)(session->opened + 1), dir, err);
        session->opened += rc == 0;
    }
    if (rc != 0) {
        session_close(session);
    }
    return rc;
}

void session_close(struct session *session)
{
    if (session->opened >= STAGE_BUS) {
        mosquitto_bus_free(session->mosquitto);
    }
    if (session->opened >= STAGE_TLS) {
        mbedtls_tls_free(session->tls);
    }
    if (session->opened >= STAGE_WORKER) {
        linux_worker_close(&session->worker);
    }
    if (session->opened >= STAGE_LOOP) {
        linux_loop_close(&session->loop);
    }
    if (session->opened >= STAGE_KEYRING) {
        keyring_close(&session->keyring);
    }
    session->opened = STAGE_NONE;
    session->is_open = false;
}

static void answer_note(void *ctx, const struct err *err)
{
    struct session *session = ctx;
    session->is_answered = true;
    session->answer = err != NULL ? *err : (struct err){0};
}

static void session_opened(void *ctx)
{
    struct session *session = ctx;
    session->is_open = true;
    answer_note(session, NULL);
}

static void session_closed(void *ctx, const struct err *err)
{
    struct session *session = ctx;
    session->is_open = false;
    answer_note(session, err);
}

static void session_received(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    struct session *session = ctx;
    if (session->received != NULL) {
        session->received(session->ctx, topic, payload, is_retained);
    }
}

/* Turns until the question asked last is answered. After a silence the session is over: a late
 * answer would be taken for the next question's. */
static int answer_wait(struct session *session, const char *what, struct err *err)
{
    mono_ms end = linux_loop_now() + ANSWER_MS;
    while (!session->is_answered) {
        mono_ms left = end - linux_loop_now();
        if (left <= 0) {
            session->bus.ops->close(session->bus.self);
            session->is_open = false;
            return err_set(err, ERR_TIMEOUT, "%s: the broker at %s did not answer in %d s", what,
                           session->host, (int)(ANSWER_MS / 1000));
        }
        linux_loop_run_once(&session->loop, left);
    }
    return session->answer.code == 0
               ? 0
               : err_set(err, session->answer.code, "%s: %s", what, session->answer.text);
}

int session_connect(struct session *session, struct err *err)
{
    uint8_t random[8];
    char client_id[32];
    const struct bus_user user = {.opened = session_opened,
                                  .closed = session_closed,
                                  .received = session_received,
                                  .ctx = session};
    int rc = session->entropy.ops->fill(session->entropy.self, random, sizeof random, err);
    if (rc != 0) {
        return rc;
    }
    uint64_t digits = 0;
    memcpy(&digits, random, sizeof digits);
    (void)snprintf(client_id, sizeof client_id, "operator-%016llx", (unsigned long long)digits);
    struct bus_session opening = {.client_id = client_id, .keepalive_s = KEEPALIVE_S};
    session->is_answered = false;
    rc = session->bus.ops->open(session->bus.self, &opening, &user, err);
    return rc != 0 ? rc : answer_wait(session, "connect", err);
}

int session_start(struct session *session, const char *path, struct fleet_dir *dir, struct err *err)
{
    *session = (struct session){0};
    int rc = fleet_dir_load(fleet_dir_choose(path), dir, err);
    if (rc == 0) {
        rc = session_open(session, dir, err);
    }
    if (rc != 0) {
        return rc;
    }
    rc = session_connect(session, err);
    if (rc != 0) {
        session_close(session);
    }
    return rc;
}

int session_verb(struct given *given,
                 int (*work)(void *ctx, struct session *session, const struct fleet_dir *dir,
                             struct err *err),
                 void *ctx, struct err *err)
{
    struct session session;
    struct fleet_dir dir;
    int rc = session_start(&session, given_value(given, "dir"), &dir, err);
    if (rc == 0) {
        rc = work(ctx, &session, &dir, err);
        session_close(&session);
    }
    return rc;
}

int session_subscribe(struct session *session, const char *filter, struct err *err)
{
    session->is_answered = false;
    int rc = session->bus.ops->subscribe(session->bus.self, filter, answer_note, session, err);
    return rc != 0 ? rc : answer_wait(session, filter, err);
}

int session_tell(struct session *session, const char *topic, struct span payload, bool is_retained,
                 struct err *err)
{
    session->is_answered = false;
    int rc = session->bus.ops->publish(session->bus.self, topic, payload, is_retained, answer_note,
                                       session, err);
    return rc != 0 ? rc : answer_wait(session, topic, err);
}

int session_publish(struct session *session, const char *topic, struct span payload,
                    struct err *err)
{
    return session_tell(session, topic, payload, true, err);
}

int session_listen(struct session *session, const char *filter,
                   void (*received)(void *ctx, const char *topic, struct span payload,
                                    bool is_retained),
                   void *ctx, struct err *err)
{
    session->received = received;
    session->ctx = ctx;
    return session_subscribe(session, filter, err);
}

void session_listen_end(struct session *session, const char *filter)
{
    session->received = NULL;
    session->ctx = NULL;
    if (session->is_open) {
        int rc = session->bus.ops->unsubscribe(session->bus.self, filter, NULL);
        (void)rc; /* the session is over then */
    }
}

void session_turn(struct session *session, int64_t most_ms)
{
    linux_loop_run_once(&session->loop, most_ms > 0 ? most_ms : 0);
}
