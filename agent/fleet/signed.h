/* signed: which of the fleet side's documents are signed, and by whom. Nothing at the broker is
 * believed for the topic on which it lies: any node can write anywhere on a broker without rights.
 */
#ifndef AGENT_FLEET_SIGNED_H
#define AGENT_FLEET_SIGNED_H

#include "agent/wire/operators.h"
#include "platform/sign.h"

/* X(NAME, word, payload type, an operator signs it; else the order role does) */
#define SIGNED_KINDS(X)                                                                            \
    X(SPEC, "spec", "application/vnd.berth.rollout-spec.v1+json", true)                            \
    X(CONTROL, "control", "application/vnd.berth.rollout-control.v1+json", true)                   \
    X(LABELS, "labels", "application/vnd.berth.labels.v1+json", true)                              \
    X(ROLL, "roll", "application/vnd.berth.roll.v1+json", true)                                    \
    X(STATE, "state", "application/vnd.berth.rollout-state.v1+json", false)                        \
    X(CLAIM, "claim", "application/vnd.berth.claim.v1+json", false)                                \
    X(FREEZE, "freeze", "application/vnd.berth.freeze.v1+json", true)                              \
    X(FROZEN, "state of the freeze", "application/vnd.berth.freeze-state.v1+json", false)

enum signed_kind {
#define SIGNED_KIND_ENUM_(name, word, type, by_operator) SIGNED_##name,
    SIGNED_KINDS(SIGNED_KIND_ENUM_) SIGNED_KIND_COUNT
#undef SIGNED_KIND_ENUM_
};

const char *signed_type(enum signed_kind kind);

/* Opens the envelope of such a document; `signer` gets the operator's name, or the first digits of
 * the order key's id. ERR_UNSIGNED names the remedy where it is a document as it was before they
 * were signed; else envelope_open's codes. */
NODISCARD int signed_open(enum signed_kind kind, struct span envelope, const struct trust *trust,
                          const struct operators *operators, const struct verify *verify,
                          struct arena *arena, struct span *payload, struct digest *digest,
                          char signer[NAME_BYTES], struct err *err);

/* Signs a payload with one key, and renders the envelope into the arena. The codes of the port,
 * ERR_LIMIT. */
NODISCARD int signed_make(const char *type, struct span payload, const struct sign *sign,
                          const struct verify *verify, const char *pem, struct arena *arena,
                          struct span *envelope, struct err *err);

#endif
