/* tls_words: one row a number, in the library's words or shorter ones. */
#include "ports/mbedtls/tls_words.h"

#include <mbedtls/asn1.h>
#include <mbedtls/base64.h>
#include <mbedtls/bignum.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecp.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/gcm.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509.h>
#include <stddef.h>
#include <stdio.h>

/* The library adds a low number (0x0001 to 0x007f) to a high one. */
#define HIGH 0xff80
#define LOW  0x007f

/* Text inside the row: a pointer to it would cost the program three more words. */
struct words_row {
    unsigned short number;
    char text[46];
};

#define ROW(name, text)                                                                            \
    {                                                                                              \
        (unsigned short)-(MBEDTLS_ERR_##name), text                                                \
    }

static const struct words_row rows[] = {
    ROW(SSL_FEATURE_UNAVAILABLE, "SSL - feature not available"),
    ROW(SSL_INVALID_MAC, "SSL - a record's code is wrong"),
    ROW(SSL_INVALID_RECORD, "SSL - invalid record"),
    ROW(SSL_DECODE_ERROR, "SSL - a message could not be parsed"),
    ROW(SSL_UNSUPPORTED_EXTENSION, "SSL - extension in ServerHello not supported"),
    ROW(SSL_UNEXPECTED_MESSAGE, "SSL - unexpected message from the peer"),
    ROW(SSL_FATAL_ALERT_MESSAGE, "SSL - fatal alert from the peer"),
    ROW(SSL_BAD_PROTOCOL_VERSION, "SSL - no protocol version in common"),
    ROW(SSL_HANDSHAKE_FAILURE, "SSL - handshake negotiation failed"),
    ROW(SSL_PK_TYPE_MISMATCH, "SSL - public key type mismatch"),
    ROW(SSL_INTERNAL_ERROR, "SSL - internal error"),
    ROW(SSL_COUNTER_WRAPPING, "SSL - a counter would wrap"),
    ROW(SSL_BUFFER_TOO_SMALL, "SSL - message larger than its buffer"),
    ROW(SSL_TIMEOUT, "SSL - timed out"),
    ROW(SSL_UNEXPECTED_RECORD, "SSL - unexpected record"),
    ROW(SSL_ILLEGAL_PARAMETER, "SSL - a field was inconsistent with others"),
    ROW(SSL_BAD_CONFIG, "SSL - invalid value in configuration"),
    ROW(X509_FEATURE_UNAVAILABLE, "X509 - feature not available"),
    ROW(X509_UNKNOWN_OID, "X509 - unknown OID"),
    ROW(X509_INVALID_FORMAT, "X509 - format is invalid"),
    ROW(X509_INVALID_VERSION, "X509 - version is invalid"),
    ROW(X509_INVALID_SERIAL, "X509 - serial is invalid"),
    ROW(X509_INVALID_ALG, "X509 - algorithm is invalid"),
    ROW(X509_INVALID_NAME, "X509 - name is invalid"),
    ROW(X509_INVALID_DATE, "X509 - date is invalid"),
    ROW(X509_INVALID_SIGNATURE, "X509 - signature is invalid"),
    ROW(X509_INVALID_EXTENSIONS, "X509 - extension is invalid"),
    ROW(X509_UNKNOWN_VERSION, "X509 - unsupported version number"),
    ROW(X509_UNKNOWN_SIG_ALG, "X509 - signature algorithm not supported"),
    ROW(X509_SIG_MISMATCH, "X509 - signature algorithms do not match"),
    ROW(X509_CERT_UNKNOWN_FORMAT, "X509 - format not recognized as DER or PEM"),
    ROW(X509_BAD_INPUT_DATA, "X509 - input invalid"),
    ROW(X509_FATAL_ERROR, "X509 - chain too long"),
    ROW(PK_TYPE_MISMATCH, "PK - type mismatch"),
    ROW(PK_BAD_INPUT_DATA, "PK - input invalid"),
    ROW(PK_KEY_INVALID_VERSION, "PK - unsupported key version"),
    ROW(PK_KEY_INVALID_FORMAT, "PK - invalid key tag or value"),
    ROW(PK_UNKNOWN_PK_ALG, "PK - key is neither RSA nor EC"),
    ROW(PK_PASSWORD_REQUIRED, "PK - the key needs a password"),
    ROW(PK_PASSWORD_MISMATCH, "PK - the key has another password"),
    ROW(PK_INVALID_PUBKEY, "PK - public key tag or value invalid"),
    ROW(PK_INVALID_ALG, "PK - algorithm tag or value invalid"),
    ROW(PK_UNKNOWN_NAMED_CURVE, "PK - curve is neither P-256 nor P-384"),
    ROW(PK_FEATURE_UNAVAILABLE, "PK - feature not available"),
    ROW(PK_SIG_LEN_MISMATCH, "PK - signature is followed by more data"),
    ROW(PEM_NO_HEADER_FOOTER_PRESENT, "PEM - no header or footer found"),
    ROW(PEM_INVALID_DATA, "PEM - string is not as expected"),
    ROW(PEM_UNKNOWN_ENC_ALG, "PEM - unsupported key encryption"),
    ROW(PEM_PASSWORD_REQUIRED, "PEM - the key needs a password"),
    ROW(PEM_FEATURE_UNAVAILABLE, "PEM - encrypted keys are not supported"),
    ROW(ECP_BAD_INPUT_DATA, "ECP - input invalid"),
    ROW(ECP_FEATURE_UNAVAILABLE, "ECP - curve is neither P-256 nor P-384"),
    ROW(ECP_VERIFY_FAILED, "ECP - signature is not valid"),
    ROW(ECP_RANDOM_FAILED, "ECP - no random value"),
    ROW(ECP_INVALID_KEY, "ECP - invalid private or public key"),
    ROW(RSA_BAD_INPUT_DATA, "RSA - input invalid"),
    ROW(RSA_INVALID_PADDING, "RSA - invalid padding"),
    ROW(RSA_KEY_CHECK_FAILED, "RSA - the key is inconsistent"),
    ROW(RSA_PUBLIC_FAILED, "RSA - public key operation failed"),
    ROW(RSA_PRIVATE_FAILED, "RSA - private key operation failed"),
    ROW(RSA_VERIFY_FAILED, "RSA - signature is not valid"),
    ROW(ASN1_OUT_OF_DATA, "ASN1 - out of data"),
    ROW(ASN1_UNEXPECTED_TAG, "ASN1 - unexpected tag"),
    ROW(ASN1_INVALID_LENGTH, "ASN1 - invalid length"),
    ROW(ASN1_LENGTH_MISMATCH, "ASN1 - another length than expected"),
    ROW(ASN1_INVALID_DATA, "ASN1 - data is invalid"),
    ROW(BASE64_INVALID_CHARACTER, "BASE64 - invalid character"),
    ROW(MPI_BAD_INPUT_DATA, "BIGNUM - input invalid"),
    ROW(MPI_NOT_ACCEPTABLE, "BIGNUM - input not acceptable"),
    ROW(CTR_DRBG_ENTROPY_SOURCE_FAILED, "CTR_DRBG - no entropy"),
    ROW(ENTROPY_SOURCE_FAILED, "ENTROPY - the source failed"),
    ROW(ERROR_GENERIC_ERROR, "ERROR - generic"),
    ROW(ERROR_CORRUPTION_DETECTED, "ERROR - a bug in the library"),
    ROW(GCM_AUTH_FAILED, "GCM - authentication failed"),
    ROW(OID_NOT_FOUND, "OID - not found"),
};

static const char *row_find(int number, char spare[8])
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].number == number) {
            return rows[i].text;
        }
    }
    (void)snprintf(spare, 8, "-0x%04x", (unsigned)number & (HIGH | LOW));
    return spare;
}

const char *tls_words(int rc, char text[TLS_WORDS_BYTES])
{
    char spare[2][8];
    int high = -rc & HIGH;
    int low = -rc & LOW;
    const char *first = row_find(high != 0 ? high : low, spare[0]);
    const char *second = high != 0 && low != 0 ? row_find(low, spare[1]) : "";
    (void)snprintf(text, TLS_WORDS_BYTES, "%s%s%s", first, second[0] == '\0' ? "" : " : ", second);
    return text;
}
