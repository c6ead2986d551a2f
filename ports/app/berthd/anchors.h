/* anchors: whom this node believes: its trust and revoke documents, pinned at their highest
 * version. */
#ifndef BERTHD_ANCHORS_H
#define BERTHD_ANCHORS_H

#include "agent/wire/config.h"
#include "agent/wire/trust.h"
#include "platform/log.h"
#include "platform/store.h"
#include "platform/verify.h"

/* A pin being written; the one before it goes when it is durable. */
struct anchors_pin {
    struct store store;
    struct log log;
    char before[STORE_NAME_BYTES]; /* empty: none */
};

/* Zeroed before the first anchors_load; must not move while the store has a write of it pending. */
struct anchors {
    struct trust trust;
    struct digest trust_digest; /* of the document in force */
    bool has_trust;
    struct revoked revoked;
    struct digest revoked_digest;
    bool has_revoked;
    struct anchors_pin pins[2]; /* private: trust, revoke */
};

/* What anchors are read with. Without a store (ops NULL) only the files are looked at, and nothing
 * is written. */
struct anchors_sources {
    const struct config *config;
    struct verify verify;
    struct store store;
    struct log log;
};

/* Reads what was pinned, then the files that the configuration names, and takes the higher
 * versions: the first trust document on its own word (its own trust role signed it), version N + 1
 * when N's and its own trust role signed it, a revoke document when the trust in force signed it.
 * What is taken is pinned in the store, asynchronously; a failure of that is logged. A file that is
 * not taken is logged with its reason and what is in force stays. Called again for SIGHUP. Fails
 * only when no trust document is in force at the end; the text names the file and the remedy.
 * ERR_MEMORY, and the codes of envelope_open and trust_parse. */
NODISCARD int anchors_load(struct anchors *anchors, const struct anchors_sources *sources,
                           struct err *err);

/* A document that came over the link, held against what is in force as a file is. 0: it is in
 * force now and being pinned; ERR_NOTHING: it was already; else it is not taken, and why. */
NODISCARD int anchors_offer(struct anchors *anchors, const struct anchors_sources *sources,
                            bool is_revoke, struct span envelope, struct err *err);

#endif
