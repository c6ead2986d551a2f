/* tls_session: mbedTLS over a non-blocking socket. */
#include "ports/mbedtls/tls_session.h"

#include <assert.h>
#include <errno.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ports/mbedtls/tls_files.h"
#include "ports/mbedtls/tls_reason.h"

/* Tickets and other messages without data that one read may swallow. */
#define EMPTY_MESSAGES_MAX 8

struct tls_session {
    const struct mbedtls_tls_settings *settings;
    struct tls_judge *judge;
    int fd;
    int io_errno; /* why the socket failed, 0 while it did not */
    bool is_shaken;
    size_t retry_len; /* of a record that is encrypted but not gone; the library wants it again */
    mbedtls_x509_crt ca;
    mbedtls_x509_crt cert; /* ours */
    mbedtls_pk_context key;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
};

/* A peer that refuses us says why and resets; when our next words meet the reset, its own are still
 * to be read. So in the handshake what can no more be sent is let go, and reading finds the end. */
static int socket_send(void *ctx, const unsigned char *data, size_t len)
{
    struct tls_session *session = ctx;
    ssize_t sent = send(session->fd, data, len, MSG_NOSIGNAL);
    if (sent >= 0) {
        return (int)sent;
    }
    if (errno == EAGAIN || errno == EINTR) {
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    session->io_errno = errno;
    bool is_reset = errno == ECONNRESET || errno == EPIPE;
    return is_reset && !session->is_shaken ? (int)len : MBEDTLS_ERR_NET_SEND_FAILED;
}

static int socket_receive(void *ctx, unsigned char *data, size_t cap)
{
    struct tls_session *session = ctx;
    ssize_t got = recv(session->fd, data, cap, 0);
    if (got >= 0) {
        return (int)got;
    }
    if (errno == EAGAIN || errno == EINTR) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    session->io_errno = errno;
    return MBEDTLS_ERR_NET_RECV_FAILED;
}

/* The library keeps the alert it stopped at in its buffer, and no call that tells it. */
static int alert_of(const struct tls_session *session, int rc)
{
    bool is_alert = rc == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE &&
                    session->ssl.MBEDTLS_PRIVATE(in_msgtype) == MBEDTLS_SSL_MSG_ALERT &&
                    session->ssl.MBEDTLS_PRIVATE(in_msg) != NULL;
    return is_alert ? session->ssl.MBEDTLS_PRIVATE(in_msg)[1] : -1;
}

static int session_fail(const struct tls_session *session, int rc, struct err *err)
{
    struct tls_failure failure = {
        .rc = rc,
        .io_errno = session->io_errno,
        .alert = alert_of(session, rc),
        .flags = mbedtls_ssl_get_verify_result(&session->ssl),
        .is_shaking = !session->is_shaken,
        .settings = session->settings,
        .judge = session->judge,
    };
    return tls_reason(&failure, err);
}

/* Not failures: the call is to come again. */
static bool is_to_wait(int rc, unsigned *wanted)
{
    *wanted = rc == MBEDTLS_ERR_SSL_WANT_READ    ? LOOP_READ
              : rc == MBEDTLS_ERR_SSL_WANT_WRITE ? LOOP_WRITE
                                                 : 0u;
    return *wanted != 0;
}

/* A name as bytes: also an IP address, which the library compares with iPAddress entries. */
static int session_prepare(struct tls_session *session, struct err *err)
{
    const struct mbedtls_tls_settings *settings = session->settings;
    mbedtls_ssl_config *config = &session->config;
    int rc = tls_files_load(settings, &session->ca, &session->cert, &session->key, err);
    if (rc != 0) {
        return rc;
    }
    rc = mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                     MBEDTLS_SSL_PRESET_DEFAULT);
    if (rc == 0) {
        mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
        mbedtls_ssl_conf_rng(config, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
        mbedtls_ssl_conf_ca_chain(config, &session->ca, NULL);
        mbedtls_ssl_conf_verify(config, tls_judge_certificate, session->judge);
        rc = mbedtls_ssl_conf_own_cert(config, &session->cert, &session->key);
    }
    if (rc == 0) {
        rc = mbedtls_ssl_setup(&session->ssl, config);
    }
    if (rc == 0) {
        rc = mbedtls_ssl_set_hostname(&session->ssl,
                                      settings->name != NULL ? settings->name : settings->host);
    }
    if (rc != 0) {
        return session_fail(session, rc, err);
    }
    mbedtls_ssl_set_bio(&session->ssl, session, socket_send, socket_receive, NULL);
    return 0;
}

int tls_session_new(const struct mbedtls_tls_settings *settings, struct tls_judge *judge, int fd,
                    struct tls_session **made, struct err *err)
{
    struct tls_session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        close(fd);
        return err_set(err, ERR_MEMORY, "no memory for the secured connection");
    }
    session->settings = settings;
    session->judge = judge;
    session->fd = fd;
    tls_judge_begin(judge);
    mbedtls_x509_crt_init(&session->ca);
    mbedtls_x509_crt_init(&session->cert);
    mbedtls_pk_init(&session->key);
    mbedtls_ssl_config_init(&session->config);
    mbedtls_ssl_init(&session->ssl);
    int rc = session_prepare(session, err);
    if (rc != 0) {
        tls_session_free(session);
        return rc;
    }
    *made = session;
    return 0;
}

void tls_session_free(struct tls_session *session)
{
    if (session == NULL) {
        return;
    }
    if (session->is_shaken && session->retry_len == 0 && session->io_errno == 0) {
        (void)mbedtls_ssl_close_notify(&session->ssl);
    }
    mbedtls_ssl_free(&session->ssl);
    mbedtls_ssl_config_free(&session->config);
    mbedtls_pk_free(&session->key);
    mbedtls_x509_crt_free(&session->cert);
    mbedtls_x509_crt_free(&session->ca);
    close(session->fd);
    free(session);
}

int tls_session_shake(struct tls_session *session, unsigned *wanted, bool *is_done, struct err *err)
{
    int rc = mbedtls_ssl_handshake_step(&session->ssl);
    *is_done = false;
    if (is_to_wait(rc, wanted)) {
        return 0;
    }
    if (rc != 0) {
        return session_fail(session, rc, err);
    }
    session->is_shaken = mbedtls_ssl_is_handshake_over(&session->ssl) != 0;
    *is_done = session->is_shaken;
    return 0;
}

int tls_session_read(struct tls_session *session, void *data, size_t cap, size_t *got,
                     unsigned *wanted, struct err *err)
{
    *got = 0;
    *wanted = 0;
    if (cap == 0) {
        return 0;
    }
    int rc = MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
    for (int i = 0; i < EMPTY_MESSAGES_MAX && rc == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
         i++) {
        rc = mbedtls_ssl_read(&session->ssl, data, cap);
    }
    if (rc > 0) {
        *got = (size_t)rc;
        return 0;
    }
    if (rc == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
        *wanted = LOOP_READ;
        return 0;
    }
    return is_to_wait(rc, wanted) ? 0 : session_fail(session, rc, err);
}

int tls_session_write(struct tls_session *session, struct span bytes, size_t *taken,
                      unsigned *wanted, struct err *err)
{
    *taken = 0;
    *wanted = 0;
    int record_max = mbedtls_ssl_get_max_out_record_payload(&session->ssl);
    if (record_max <= 0) {
        return session_fail(session, record_max, err);
    }
    while (*taken < bytes.len) {
        size_t left = bytes.len - *taken;
        size_t len = left < (size_t)record_max ? left : (size_t)record_max;
        if (session->retry_len > 0) {
            assert(left >= session->retry_len); /* the same bytes come again: platform/stream.h */
            len = session->retry_len;
        }
        int rc = mbedtls_ssl_write(&session->ssl, bytes.data + *taken, len);
        if (rc > 0) {
            session->retry_len = 0;
            *taken += (size_t)rc;
            continue;
        }
        session->retry_len = len;
        return is_to_wait(rc, wanted) ? 0 : session_fail(session, rc, err);
    }
    return 0;
}

bool tls_session_is_pending(const struct tls_session *session)
{
    return mbedtls_ssl_check_pending(&session->ssl) != 0;
}

int tls_session_fd(const struct tls_session *session)
{
    return session->fd;
}

const char *tls_session_version(const struct tls_session *session)
{
    return session->is_shaken ? mbedtls_ssl_get_version(&session->ssl) : "";
}
