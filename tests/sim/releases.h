/* releases: the signed releases the scenarios deploy, and the truth about the apps in them. */
#ifndef TESTS_SIM_RELEASES_H
#define TESTS_SIM_RELEASES_H

#include "agent/wire/trust.h"
#include "ports/sim/machine.h"

#define RELEASES_APP      "web"
#define RELEASES_PORT     8080
#define RELEASES_BESIDE      "log" /* a second app, on a port of its own */
#define RELEASES_BESIDE_PORT 9090
#define RELEASES_TEXT_MAX 4096
#define RELEASES_SOAK_MS  3000

/* X(NAME, word, sequence, floor, replicas, what is true of it) */
#define RELEASES(X)                                                                                \
    X(V1, "v1", 10, 10, 1, "well")                                                                 \
    X(V2, "v2", 20, 10, 1, "well")                                                                 \
    X(V3, "v3", 30, 30, 1, "well, and raises the floor")                                           \
    X(SLOW, "slow", 21, 10, 1, "well, but takes four seconds to be ready")                         \
    X(DEAF, "deaf", 22, 10, 1, "well, but ignores the stop signal")                                \
    X(SILENT, "silent", 23, 10, 1, "listens and is never ready")                                   \
    X(CRASHING, "crashing", 24, 10, 1, "ready, then ends in the soak")                             \
    X(STILLBORN, "stillborn", 25, 10, 1, "ends before it is ready")                                \
    X(FADING, "fading", 26, 10, 1, "ready, then unready in the soak")                              \
    X(HANGING, "hanging", 27, 10, 1, "ready, then answers nothing in the soak")                    \
    X(MISSING, "missing", 28, 10, 1, "well, but its image is in no registry")                      \
    X(PAIR1, "pair1", 11, 10, 2, "well, two replicas")                                             \
    X(PAIR2, "pair2", 29, 10, 2, "well, two replicas")                                             \
    X(UNSIGNED, "unsigned", 40, 10, 1, "well, without a signature")                                \
    X(FORGED, "forged", 41, 10, 1, "well, signed by a key nobody trusts")                          \
    X(REVOKED, "revoked", 42, 10, 1, "well, but revoked")                                          \
    X(ABSENT, "absent", 31, 10, 1, "asks for a program that its image lacks")                      \
    X(UNLOGGED, "unlogged", 32, 10, 1, "asks for a log driver that the node lacks")                \
    X(EXEC1, "exec1", 12, 10, 1, "well, asked by commands inside")                                 \
    X(EXEC2, "exec2", 33, 10, 1, "well, asked by commands inside")                                 \
    X(SIGNALLED, "signalled", 13, 10, 1, "well, told to drain by a signal")                        \
    X(COMMANDED, "commanded", 14, 10, 1, "well, told to drain by a command")                       \
    X(POSTED, "posted", 15, 10, 1, "well, told to drain by a request") \
    X(LOG1, "log1", 16, 10, 1, "well, of the second app")                        \
    X(LOG2, "log2", 34, 10, 1, "well, of the second app")                        \
    X(LOGBAD, "logbad", 35, 10, 1, "of the second app: ready, then ends in the soak") \
    X(ADOPT1, "adopt1", 17, 10, 1, "well, takes over the Compose project old") \
    X(ADOPTBAD, "adoptbad", 18, 10, 1, "takes over the same: ready, then ends in the soak")

enum release_name {
#define RELEASE_ENUM_(name, word, sequence, floor, replicas, truth) RELEASE_##name,
    RELEASES(RELEASE_ENUM_) RELEASE_COUNT
#undef RELEASE_ENUM_
};

struct release_made {
    const char *word;
    struct digest digest;
    struct digest config; /* of its image */
    char reference[ENGINE_REFERENCE_BYTES];
    char envelope[2 * RELEASES_TEXT_MAX];
    size_t envelope_len;
    struct sim_app app;
    uint64_t sequence, floor;
    uint8_t replicas;
};

/* All releases, the keys they are signed with, and the revoke list; the same in every run. */
struct releases {
    struct release_made made[RELEASE_COUNT];
    struct trust trust;
    struct revoked revoked;
};

void releases_make(struct releases *releases);

/* Puts the images of `names` into the machine's registry and tells its checker the truth. */
void releases_install(const struct releases *releases, const enum release_name *names, size_t count,
                      struct sim_machine *machine);

/* It is of the second app. */
bool release_is_beside(enum release_name name);
const char *release_word(enum release_name name);

#endif
