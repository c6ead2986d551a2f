/* Errors: one list of codes, and one text that is wrapped layer by layer from the inside out. */
#ifndef PLATFORM_BASE_ERR_H
#define PLATFORM_BASE_ERR_H

#include <stddef.h>

#define NODISCARD              __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Every code of the product: X(NAME, word). The word is what tools print and tests compare, so it
 * never changes once released. Codes are negative; 0 is success. */
#define ERR_CODES(X)                                                                               \
    X(INTERNAL, "internal")                                                                        \
    X(MEMORY, "out-of-memory")                                                                     \
    X(LIMIT, "over-limit")                                                                         \
    X(SYNTAX, "malformed")                                                                         \
    X(DEPTH, "too-deep")                                                                           \
    X(DUPLICATE_KEY, "duplicate-key")                                                              \
    X(UNKNOWN_KEY, "unknown-key")                                                                  \
    X(VALUE, "bad-value")                                                                          \
    X(MISSING, "missing-key")                                                                      \
    X(SCHEMA, "unknown-schema")                                                                    \
    X(OVERSIZE, "oversize")                                                                        \
    X(UNSIGNED, "unsigned")                                                                        \
    X(SIGNATURE, "bad-signature")                                                                  \
    X(ENCODING, "non-canonical-signature")                                                         \
    X(THRESHOLD, "below-threshold")                                                                \
    X(PAYLOAD_TYPE, "wrong-payload-type")                                                          \
    X(DIGEST, "digest-mismatch")                                                                   \
    X(BELOW_FLOOR, "below-floor")                                                                  \
    X(REVOKED, "revoked")                                                                          \
    X(QUARANTINED, "quarantined")                                                                  \
    X(SEQUENCE_REUSED, "sequence-reused")                                                          \
    X(WRONG_APP, "wrong-app")                                                                      \
    X(ARCHITECTURE, "wrong-architecture")                                                          \
    X(HOST_POWER, "host-power-not-allowed")                                                        \
    X(PORT_HELD, "port-held")                                                                      \
    X(DISK_SPACE, "disk-too-small")                                                                \
    X(RAM, "ram-too-small")                                                                        \
    X(REQUIRES, "requirement-not-met")                                                             \
    X(BUSY, "busy")                                                                                \
    X(NOT_FOUND, "not-found")                                                                      \
    X(EXISTS, "exists")                                                                            \
    X(NOTHING, "nothing-to-do")                                                                    \
    X(DENIED, "denied")                                                                            \
    X(TIMEOUT, "timed-out")                                                                        \
    X(CANCELLED, "cancelled")                                                                      \
    X(IO, "io")                                                                                    \
    X(STORE, "store-failed")                                                                       \
    X(CORRUPT, "corrupt")                                                                          \
    X(VERSION, "unreadable-version")                                                               \
    X(MEMORY_LOST, "memory-lost")                                                                  \
    X(ENGINE, "engine-failed")                                                                     \
    X(ENGINE_GONE, "engine-gone")                                                                  \
    X(PULL, "pull-failed")                                                                         \
    X(ROUTE, "route-failed")                                                                       \
    X(PROBE, "probe-failed")                                                                       \
    X(NETWORK, "network-failed")                                                                   \
    X(ENTROPY, "no-entropy")                                                                       \
    X(STALE, "stale")                                                                              \
    X(EPOCH, "epoch-jump")                                                                         \
    X(CONFLICT, "conflict")                                                                        \
    X(LATE, "late")                                                                                \
    X(WRONG_NODE, "wrong-node")                                                                    \
    X(WRONG_FLEET, "wrong-fleet")                                                                  \
    X(OVERRIDDEN, "overridden")                                                                    \
    X(CERTIFICATE, "bad-certificate")                                                              \
    X(TLS, "tls-failed")                                                                           \
    X(PROTOCOL, "protocol")                                                                        \
    X(USAGE, "usage")                                                                              \
    X(SPEC, "spec-refused")                                                                        \
    X(WIRING, "wiring-broken")                                                                     \
    X(STATE_FULL, "state-full")                                                                    \
    X(TAKEN_OVER, "session-taken-over")                                                            \
    X(REGISTRY, "registry-away")

enum err_code {
    ERR_OK = 0,
    ERR_BASE_ = -1000,
#define ERR_ENUM_(name, word) ERR_##name,
    ERR_CODES(ERR_ENUM_)
#undef ERR_ENUM_
        ERR_END_
};

#define ERR_TEXT_BYTES 512

/* One failure. Callers give it uninitialised or zeroed; it is untouched on success. The text reads
 * from outermost to innermost and is always terminated; what does not fit is left out of its middle
 * ("first part ... last part"), because the cause stands at the end. */
struct err {
    int code;
    char text[ERR_TEXT_BYTES];
};

/* Sets code and text, and returns the code. `err` may be NULL when nobody wants the text. */
int err_set(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "what: " before the text that is there and returns code. The code in err becomes `code`.
 * Where both do not fit, `what` is shortened in its middle, to 127 bytes at the least; then the
 * text. */
int err_wrap(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The word of a code ("below-floor"), "ok" for 0, "unknown" for a number that is no code. */
const char *err_word(int code);

/* The code of a word, or 0 when no code has that word. */
int err_code_of(const char *word);

#endif
