/* tls_reason: numbers, flags and alerts as sentences. */
#include "ports/mbedtls/tls_reason.h"

#include <errno.h>
#include <mbedtls/asn1.h>
#include <mbedtls/bignum.h>
#include <mbedtls/cipher.h>
#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ports/mbedtls/tls_words.h"

#define DATE_BYTES 40

/* The library adds a low number (bignum, ASN.1) to a high one. */
bool tls_reason_is_memory(int rc)
{
    int high = -(-rc & 0xff80);
    int low = -(-rc & 0x7f);
    return high == MBEDTLS_ERR_SSL_ALLOC_FAILED || high == MBEDTLS_ERR_X509_ALLOC_FAILED ||
           high == MBEDTLS_ERR_PK_ALLOC_FAILED || high == MBEDTLS_ERR_PEM_ALLOC_FAILED ||
           high == MBEDTLS_ERR_ECP_ALLOC_FAILED || high == MBEDTLS_ERR_MD_ALLOC_FAILED ||
           high == MBEDTLS_ERR_CIPHER_ALLOC_FAILED || low == MBEDTLS_ERR_MPI_ALLOC_FAILED ||
           low == MBEDTLS_ERR_ASN1_ALLOC_FAILED;
}

static const char *date_render(wall_ms wall, char text[DATE_BYTES])
{
    time_t seconds = (time_t)(wall / 1000);
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL ||
        strftime(text, DATE_BYTES, "%Y-%m-%d %H:%M UTC", &utc) == 0) {
        (void)snprintf(text, DATE_BYTES, "%lld", (long long)seconds);
    }
    return text;
}

static int time_failed(const struct tls_failure *failure, struct err *err)
{
    const struct tls_judge *judge = failure->judge;
    char bound[DATE_BYTES];
    char now[DATE_BYTES];
    const char *whose = judge->bad_depth == 0 ? "the broker's certificate"
                                              : "the certificate of the broker's authority";
    (void)date_render(judge->bad_bound, bound);
    bool is_expired = (failure->flags & MBEDTLS_X509_BADCERT_EXPIRED) != 0;
    if (is_expired && judge->is_trusted) {
        return err_set(err, ERR_CERTIFICATE,
                       "%s expired on %s (this machine's clock says %s): "
                       "renew it",
                       whose, bound, date_render(judge->now, now));
    }
    if (is_expired) {
        char past[DATE_BYTES];
        return err_set(err, ERR_CERTIFICATE,
                       "%s expired on %s: %s is taken for surely past, and this machine's clock is "
                       "not synchronised (it says %s): renew it; if that time is wrong, "
                       "synchronise the clock, which then counts",
                       whose, bound, date_render(judge->past, past), date_render(judge->now, now));
    }
    return err_set(err, ERR_CERTIFICATE,
                   "%s is not valid before %s: set this machine's clock (it says %s)", whose, bound,
                   date_render(judge->now, now));
}

static int certificate_failed(const struct tls_failure *failure, struct err *err)
{
    const struct mbedtls_tls_settings *settings = failure->settings;
    uint32_t flags = failure->flags;
    if ((flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0) {
        return err_set(err, ERR_CERTIFICATE, "the broker's certificate was not signed by CA %s",
                       settings->ca_path);
    }
    if ((flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) != 0) {
        return err_set(err, ERR_CERTIFICATE, "the broker's certificate is for other names than %s",
                       settings->name != NULL ? settings->name : settings->host);
    }
    if ((flags & (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)) != 0) {
        return time_failed(failure, err);
    }
    if ((flags & (MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE |
                  MBEDTLS_X509_BADCERT_NS_CERT_TYPE)) != 0) {
        return err_set(err, ERR_CERTIFICATE,
                       "the broker's certificate is not one for a server (its key usage)");
    }
    return err_set(err, ERR_CERTIFICATE,
                   "the broker's certificate is refused (weak key or digest, flags 0x%x)", flags);
}

struct alert_word {
    int number;
    bool is_certificate;
    const char *word;
};

static const struct alert_word *alert_find(int number)
{
    static const struct alert_word words[] = {
        {MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, false, "handshake failure"},
        {MBEDTLS_SSL_ALERT_MSG_BAD_CERT, true, "bad certificate"},
        {MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT, true, "unsupported certificate"},
        {MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED, true, "certificate revoked"},
        {MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED, true, "certificate expired"},
        {MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN, true, "certificate unknown"},
        {MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA, true, "unknown CA"},
        {MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED, true, "access denied"},
        {MBEDTLS_SSL_ALERT_MSG_DECRYPT_ERROR, false, "decrypt error"},
        {MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION, false, "protocol version"},
        {MBEDTLS_SSL_ALERT_MSG_INSUFFICIENT_SECURITY, false, "insufficient security"},
        {MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR, false, "internal error"},
        {MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME, false, "unrecognized name"},
        {MBEDTLS_SSL_ALERT_MSG_CERT_REQUIRED, true, "certificate required"},
    };
    static const struct alert_word other = {-1, false, "see RFC 8446, section 6"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].number == number) {
            return &words[i];
        }
    }
    return &other;
}

static int alert_failed(const struct tls_failure *failure, struct err *err)
{
    const struct alert_word *alert = alert_find(failure->alert);
    if (alert->is_certificate) {
        return err_set(err, ERR_CERTIFICATE,
                       "the broker refused our certificate (alert %d, %s): is %s signed by its CA, "
                       "valid and not revoked?",
                       failure->alert, alert->word, failure->settings->cert_path);
    }
    return err_set(err, ERR_TLS, "the broker %s (alert %d, %s)",
                   failure->is_shaking ? "refused the handshake" : "broke the connection off",
                   failure->alert, alert->word);
}

static int network_failed(const struct tls_failure *failure, struct err *err)
{
    if (failure->io_errno != 0) {
        return err_set(err, failure->io_errno == ENOMEM ? ERR_MEMORY : ERR_NETWORK,
                       "the connection to the broker broke%s: %s%s",
                       failure->is_shaking ? " in the handshake" : "", strerror(failure->io_errno),
                       failure->is_shaking ? ": does it speak TLS on this port?" : "");
    }
    return err_set(err, ERR_NETWORK, "the broker closed the connection%s",
                   failure->is_shaking ? " in the handshake: does it speak TLS on this port?" : "");
}

int tls_reason(const struct tls_failure *failure, struct err *err)
{
    char text[TLS_WORDS_BYTES];
    int rc = failure->rc;
    if (tls_reason_is_memory(rc)) {
        return err_set(err, ERR_MEMORY, "no memory for the secured connection");
    }
    if (rc == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED || rc == MBEDTLS_ERR_SSL_BAD_CERTIFICATE) {
        return certificate_failed(failure, err);
    }
    if (rc == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE && failure->alert >= 0) {
        return alert_failed(failure, err);
    }
    if (rc == 0 || rc == MBEDTLS_ERR_SSL_CONN_EOF || rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ||
        rc == MBEDTLS_ERR_NET_SEND_FAILED || rc == MBEDTLS_ERR_NET_RECV_FAILED) {
        return network_failed(failure, err);
    }
    if (rc == MBEDTLS_ERR_SSL_INVALID_RECORD && failure->is_shaking) {
        return err_set(err, ERR_TLS, "what answers on %s port %u does not speak TLS",
                       failure->settings->host, failure->settings->port);
    }
    return err_set(err, ERR_TLS, "the secured connection failed%s: %s (-0x%04x)",
                   failure->is_shaking ? " in the handshake" : "", tls_words(rc, text),
                   (unsigned)-rc);
}
