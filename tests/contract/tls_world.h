/* tls_world: a folder of certificates, a peer made of `openssl s_server`, a clock one can set. */
#ifndef TESTS_CONTRACT_TLS_WORLD_H
#define TESTS_CONTRACT_TLS_WORLD_H

#include <stdbool.h>
#include <sys/types.h>

#include "ports/linux/loop.h"
#include "ports/linux/worker.h"
#include "ports/mbedtls/tls.h"
#include "tests/contract/stream_contract.h"

/* 1 January, 0 h UTC. */
#define TLS_YEAR_2020 1577836800000LL
#define TLS_YEAR_2021 1609459200000LL
#define TLS_YEAR_2030 1893456000000LL
#define TLS_YEAR_2050 2524608000000LL
#define TLS_YEAR_2051 2556144000000LL

/* Certificates: <name>.pem and <name>.key in the folder. X(name, signed by, from year, to year,
 * extensions). Two authorities sign themselves. */
#define TLS_CERTIFICATES(X)                                                                        \
    X("ca", NULL, "2020", "2060", TLS_OF_CA)                                                       \
    X("stranger-ca", NULL, "2020", "2060", TLS_OF_CA)                                              \
    X("node", "ca", "2020", "2049", "extendedKeyUsage=clientAuth\n")                               \
    X("stranger-node", "stranger-ca", "2020", "2049", "extendedKeyUsage=clientAuth\n")             \
    X("broker", "ca", "2020", "2049", TLS_NAMES)                                                   \
    X("stranger", "stranger-ca", "2020", "2049", TLS_NAMES)                                        \
    X("elsewhere", "ca", "2020", "2049", "subjectAltName=DNS:elsewhere.test,IP:127.0.0.2\n")       \
    X("past", "ca", "2020", "2021", TLS_NAMES)                                                     \
    X("future", "ca", "2050", "2055", TLS_NAMES)                                                   \
    X("client-only", "ca", "2020", "2049", TLS_NAMES "extendedKeyUsage=clientAuth\n")              \
    X("sub-ca", "ca", "2020", "2049", TLS_OF_CA)                                                   \
    X("by-sub-ca", "sub-ca", "2020", "2049", TLS_NAMES)
#define TLS_OF_CA "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n"
#define TLS_NAMES "subjectAltName=DNS:here.test,DNS:second.test,IP:127.0.0.1\n"

struct tls_world {
    char folder[64];
    struct linux_loop loop;
    struct linux_worker worker;
    wall_ms now; /* the fake clock, and whether somebody trusts it */
    bool is_trusted;
    wall_ms past; /* what it has proven; 0: what it says */
    pid_t peer;
    uint16_t peer_port;
    char ca_path[96], cert_path[96], key_path[96]; /* of the client */
};

/* Makes the folder with its certificates, the loop and the worker; prints why it cannot. */
bool tls_world_init(struct tls_world *world);
/* Ends the peer and removes everything; false when something of the client's was left behind. */
bool tls_world_close(struct tls_world *world);

void tls_world_pump(struct tls_world *world);

/* Writes the path of a file of the folder; `to` holds 96 bytes. */
void tls_world_path(const struct tls_world *world, const char *name, const char *suffix, char *to);
/* Copies <from>.pem and <from>.key over <to>.pem and <to>.key. */
void tls_world_copy(const struct tls_world *world, const char *from, const char *to);

/* A peer in the place of the last one, with that certificate; it demands one of `ca`'s from its
 * clients and speaks one version ("-tls1_2", "-tls1_3"). `also`, where given, is the certificate
 * that it sends beside its own. */
void tls_peer_start(struct tls_world *world, const char *certificate, const char *also,
                    const char *version);
/* The same on that port. */
void tls_peer_start_at(struct tls_world *world, uint16_t port, const char *certificate,
                       const char *also, const char *version);
void tls_peer_stop(struct tls_world *world);

/* The ordinary client: here.test, the peer's port, certificate of `node`, authority `ca`. */
struct mbedtls_tls_settings tls_settings(struct tls_world *world);

/* A client with these settings opens, is waited for, and is closed again: 0 when it was opened and
 * echoed a line, or the code it was told, whose text is in *seen. */
int tls_world_try(struct tls_world *world, const struct mbedtls_tls_settings *settings,
                  struct stream_seen *seen);
/* The same with a client that exists. */
int tls_world_echo(struct tls_world *world, struct mbedtls_tls *tls, struct stream_seen *seen);

/* A listening socket on a free port of 127.0.0.1 that nobody accepts from. */
int tls_listen(uint16_t *port);

#endif
