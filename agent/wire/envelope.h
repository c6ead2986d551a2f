/* envelope: DSSE around a signed document: bytes are signed, bytes are hashed. */
#ifndef AGENT_WIRE_ENVELOPE_H
#define AGENT_WIRE_ENVELOPE_H

#include "agent/wire/trust.h"
#include "platform/base/arena.h"
#include "platform/verify.h"

/* Opens a DSSE envelope (JSON, at most ENVELOPE_BYTES_MAX; DSSE v1.0.2): decodes its base64 payload
 * into `arena`, counts distinct keys of `role` in `trust` whose ECDSA signature over the
 * pre-authentication encoding holds, and compares with the role's threshold. *payload points into
 * the arena; *digest is the SHA-256 of the payload. The payload itself is not looked at.
 * ERR_OVERSIZE, the lint's codes, ERR_UNKNOWN_KEY, ERR_PAYLOAD_TYPE (not this role's), ERR_UNSIGNED
 * (no signature at all), ERR_SIGNATURE (none by a key of this role, or one that does not fit),
 * ERR_ENCODING, ERR_THRESHOLD (some good, too few). */
NODISCARD int envelope_open(struct span envelope, enum trust_role role, const struct trust *trust,
                            const struct verify *verify, struct arena *arena, struct span *payload,
                            struct digest *digest, struct err *err);

/* Who may sign the documents of one type, where no role of the trust document says so. */
struct envelope_signers {
    const char *type, *word; /* payload type; what such a key is called */
    const struct trust_key *keys;
    size_t key_count; /* at most 32 */
    unsigned roles;   /* bits, one of which a key must have */
    uint8_t threshold;
};

/* envelope_open for these keys; *by gets the bit of each key whose signature holds. */
NODISCARD int envelope_open_by(struct span envelope, const struct envelope_signers *signers,
                               const struct verify *verify, struct arena *arena,
                               struct span *payload, struct digest *digest, unsigned *by,
                               struct err *err);

/* Writes the pre-authentication encoding "DSSEv1 len type len payload" into the arena. */
NODISCARD int envelope_encoding(const char *type, struct span payload, struct arena *arena,
                                struct span *encoding, struct err *err);

struct envelope_signature {
    char key_id[DIGEST_HEX_BYTES];
    struct span der;
};

/* What stands in an envelope, nothing of it checked. */
struct envelope_parts {
    const char *type;
    struct span payload;
    struct envelope_signature signatures[ENVELOPE_SIGNATURES_MAX];
    size_t signature_count;
};

/* Takes an envelope apart without verifying it, for tools that add a signature or show what is
 * signed; everything lives in the arena. The codes of envelope_open that need no key. */
NODISCARD int envelope_take_apart(struct span envelope, struct arena *arena,
                                  struct envelope_parts *parts, struct err *err);

/* Renders an envelope as JSON text; *rendered lives in the arena. ERR_LIMIT. */
NODISCARD int envelope_render(const char *type, struct span payload,
                              const struct envelope_signature *signatures, size_t count,
                              struct arena *arena, struct span *rendered, struct err *err);

#endif
