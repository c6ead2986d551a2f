/* issue: a fleet's own certificate authority: X.509 certificates over P-256 keys; a library of its
 * own, because a node never issues. */
#ifndef PORTS_MBEDTLS_ISSUE_H
#define PORTS_MBEDTLS_ISSUE_H

#include <stdbool.h>

#include "platform/base/err.h"
#include "platform/base/units.h"

/* Lengths of PEM texts, with the NUL. */
#define ISSUE_KEY_BYTES  512
#define ISSUE_CERT_BYTES 8192
/* Names one server may go by. */
#define ISSUE_NAMES_MAX 16

#define ISSUE_CA_DAYS   3650
#define ISSUE_LEAF_DAYS 825 /* what the strictest clients accept */
/* CAs that may stand between a fleet's CA and a leaf: one a region, one a site. */
#define ISSUE_CA_PATHLEN 2

/* A key and its certificate as PEM; wiped by issued_wipe once they are written somewhere. */
struct issued {
    char key[ISSUE_KEY_BYTES];
    char cert[ISSUE_CERT_BYTES];
};

struct mbedtls_issue;

/* Seeds a generator from the operating system; freed by mbedtls_issue_free. ERR_MEMORY,
 * ERR_ENTROPY. */
NODISCARD int mbedtls_issue_new(struct mbedtls_issue **issue, struct err *err);
void mbedtls_issue_free(struct mbedtls_issue *issue);

/* Every certificate is valid from one hour before `now` (clocks differ), has a random serial number
 * of 128 bits and the key identifiers of RFC 5280 section 4.2.1 (by SHA-256, RFC 7093). What a CA
 * issues never outlives the CA. */

/* A new key and its self-signed certificate, O=berth, CN=name: CA:TRUE, pathlen
 * ISSUE_CA_PATHLEN, keyCertSign and cRLSign, ISSUE_CA_DAYS. ERR_VALUE when name is no name of
 * DESIGN's shape (then also the CN needs no escapes). */
NODISCARD int mbedtls_issue_ca(struct mbedtls_issue *issue, const char *name, wall_ms now,
                               struct issued *issued, struct err *err);

/* The same key and name in a certificate as mbedtls_issue_ca makes it today: what the CA has issued
 * stays valid under either. `issued` must be another than `ca`. ERR_VALUE, ERR_CERTIFICATE (`ca`
 * has expired). */
NODISCARD int mbedtls_issue_ca_again(struct mbedtls_issue *issue, const struct issued *ca,
                                     wall_ms now, struct issued *issued, struct err *err);

/* A new key and a certificate for a TLS server that goes by these names (DNS names or IPv4
 * addresses, 1 to ISSUE_NAMES_MAX), for serverAuth alone. ERR_VALUE names what is no such name, or
 * says that `ca` is no CA or that its key is another's. */
NODISCARD int mbedtls_issue_server(struct mbedtls_issue *issue, const struct issued *ca,
                                   const char *const *names, size_t count, wall_ms now,
                                   struct issued *issued, struct err *err);

/* A new key and a certificate for a client: CN and DNS name are `name`, for clientAuth alone,
 * `days` long. ERR_VALUE unless text_is_name(name, 63): brokers put a CN into topic patterns, where
 * '/', '+' and '#' would reach other nodes' topics. */
NODISCARD int mbedtls_issue_client(struct mbedtls_issue *issue, const struct issued *ca,
                                   const char *name, int days, wall_ms now, struct issued *issued,
                                   struct err *err);

/* True for a dotted IPv4 address or a DNS name (RFC 1123, no wildcard) of at most 127 characters:
 * what a server's certificate may carry. */
bool issue_is_host(const char *text);

void issued_wipe(struct issued *issued);

#endif
