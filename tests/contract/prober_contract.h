/* prober_contract: what every prober must say of good, bad, slow and absent servers. */
#ifndef TESTS_CONTRACT_PROBER_CONTRACT_H
#define TESTS_CONTRACT_PROBER_CONTRACT_H

#include "platform/prober.h"

/* How the one who is asked behaves: X(NAME, code over HTTP, code over TCP, sentence). */
#define PROBER_PEERS(X)                                                                            \
    X(WELL, 0, 0, "answers 200 with a small body and closes")                                      \
    X(REDIRECTS, 0, 0, "answers 302")                                                              \
    X(MISSES, ERR_PROBE, 0, "answers 404")                                                         \
    X(BREAKS, ERR_PROBE, 0, "answers 500")                                                         \
    X(HINTS, 0, 0, "answers 103 first, then 200")                                                  \
    X(BARE, 0, 0, "ends its lines with LF alone")                                                  \
    X(KEEPS_OPEN, 0, 0, "answers 200 and never closes")                                            \
    X(FLOODS, 0, 0, "answers 200 with a body without end")                                         \
    X(CUTS_BODY, 0, 0, "answers 200 and resets the connection in the body")                        \
    X(BABBLES, ERR_PROBE, 0, "speaks another protocol")                                            \
    X(MUMBLES, ERR_PROBE, 0, "answers with a status of two digits")                                \
    X(IS_MODERN, ERR_PROBE, 0, "answers with HTTP/2 in the status line")                           \
    X(OUT_OF_RANGE, ERR_PROBE, 0, "answers 999")                                                   \
    X(LONG_HEAD, ERR_PROBE, 0, "answers 200 with a head without end")                              \
    X(HALF, ERR_PROBE, 0, "closes in the middle of the head")                                      \
    X(EMPTY, ERR_PROBE, 0, "closes without a word")                                                \
    X(RESETS, ERR_PROBE, 0, "resets the connection when it is asked")                              \
    X(SILENT, ERR_PROBE, 0, "takes the connection and says nothing")                               \
    X(DRIPS, ERR_PROBE, 0, "sends a byte of the head now and then")                                \
    X(STALLED, ERR_PROBE, ERR_PROBE, "does not take the connection")                               \
    X(REFUSES, ERR_PROBE, ERR_PROBE, "has nothing on that port")                                   \
    X(NO_ROUTE, ERR_NETWORK, ERR_NETWORK, "is on no network that this machine can reach")

enum prober_peer {
#define PROBER_PEER_ENUM_(name, http, tcp, sentence) PROBER_PEER_##name,
    PROBER_PEERS(PROBER_PEER_ENUM_) PROBER_PEER_COUNT
#undef PROBER_PEER_ENUM_
};

/* A prober under test. */
struct prober_fixture {
    struct prober prober;
    /* One turn of the world, a few milliseconds at most. */
    void (*pump)(void *self);
    /* Makes somebody who behaves so, in the place of the last one, and gives address and port. */
    void (*peer)(void *self, enum prober_peer peer, ipv4 *address, uint16_t *port);
    void *self;
};

/* Runs the cases (only those whose name contains argv[1]); returns the program's exit status. */
int prober_contract_run(struct prober_fixture *fixture, int argc, char **argv);

#endif
