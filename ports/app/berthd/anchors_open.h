/* anchors_open: opens trust and revoke documents; decides nothing about which is in force. */
#ifndef BERTHD_ANCHORS_OPEN_H
#define BERTHD_ANCHORS_OPEN_H

#include "agent/wire/trust.h"
#include "platform/base/arena.h"
#include "platform/verify.h"

/* Opens a trust document on its own word: parses it, then checks its signatures with the keys it
 * lists for the trust role. `arena` is used from its beginning. Codes of trust_parse and
 * envelope_open. */
NODISCARD int anchors_open_trust(struct span envelope, const struct verify *verify,
                                 struct arena arena, struct trust *trust, struct digest *digest,
                                 struct err *err);

/* 0 when `trust`'s keys for `role` signed the envelope. */
NODISCARD int anchors_check(struct span envelope, enum trust_role role, const struct trust *trust,
                            const struct verify *verify, struct arena arena, struct err *err);

/* Opens a revoke document. With `trust` NULL its signatures are not looked at: for one that was
 * checked before it was pinned on this node's own disk. */
NODISCARD int anchors_open_revoked(struct span envelope, const struct trust *trust,
                                   const struct verify *verify, struct arena arena,
                                   struct revoked *revoked, struct digest *digest, struct err *err);

#endif
