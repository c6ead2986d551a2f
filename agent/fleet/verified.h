/* verified: signed bytes that were verified once need not be verified again: a signature costs
 * milliseconds, a digest microseconds. A cache: what it forgets is verified anew. */
#ifndef AGENT_FLEET_VERIFIED_H
#define AGENT_FLEET_VERIFIED_H

#include "agent/wire/trust.h"
#include "platform/verify.h"

/* Most documents that are remembered unless the owner says otherwise: 32 MiB of digests. */
#define VERIFIED_MAX_DEFAULT ((size_t)1 << 20)

struct verified {
    struct digest *slots; /* none: free; of the whole envelope and the role */
    size_t room;          /* a power of two, or 0 */
    size_t max;           /* the same; 0: VERIFIED_MAX_DEFAULT */
};

/* Zeroed is empty; `max` may be set then. Forgets everything; to be called, too, when the trust
 * document changes: what was signed by a key that is listed no more is not verified. */
void verified_forget(struct verified *verified);

/* The name under which an envelope is remembered for a role: SHA-256 of its bytes, whatever they
 * are, and the role, so that what one role's key signed is never taken for another's. */
void verified_name(const struct verify *verify, enum trust_role role, struct span envelope,
                   struct digest *name);
/* The same of what operators sign: for a kind of document, while one version of theirs holds. */
void verified_name_by(const struct verify *verify, unsigned kind, uint64_t version,
                      struct span envelope, struct digest *name);

/* True when these very bytes were verified for this role. */
bool verified_is_known(const struct verified *verified, const struct digest *name);
/* Remembers it; in the place of another when there are `max`. Without memory nothing happens. */
void verified_note(struct verified *verified, const struct digest *name);

#endif
