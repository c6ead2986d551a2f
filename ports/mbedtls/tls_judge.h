/* tls_judge: when a certificate is valid, on machines that may not know what time it is.
 *
 *   clock       | not valid yet             | expired
 *   ------------+---------------------------+------------------------------------------
 *   trusted     | refused                   | refused: the clock is past its end
 *   not trusted | accepted: it may be true  | refused: a time surely past is past its end
 *
 * Surely past is what the clock has proven (never only what it says while nobody trusts it), and,
 * while it is not trusted, the beginning of every certificate accepted before. */
#ifndef PORTS_MBEDTLS_TLS_JUDGE_H
#define PORTS_MBEDTLS_TLS_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/clock.h"

struct mbedtls_x509_crt;

struct tls_judge {
    struct clock clock;
    wall_ms newest; /* notBefore among the chains accepted, 0 without one */
    /* Of the chain that is judged: */
    wall_ms newest_here;
    wall_ms now; /* by the clock, whether or not it is trusted */
    wall_ms past;
    bool is_trusted;
    int bad_depth;     /* the last one out of its time: 0 is the peer's own certificate */
    wall_ms bad_bound; /* the end or the beginning that is the reason */
};

/* Forgets the chain before. */
void tls_judge_begin(struct tls_judge *judge);

/* A verify callback of mbedTLS with a judge as ctx: called from the root down to the peer's own
 * certificate, replaces what the library found about its time. Answers 0 always; the flags refuse.
 */
int tls_judge_certificate(void *judge, struct mbedtls_x509_crt *certificate, int depth,
                          uint32_t *flags);

/* The whole handshake went well: remembers the chain's newest beginning. */
void tls_judge_accept(struct tls_judge *judge);

#endif
