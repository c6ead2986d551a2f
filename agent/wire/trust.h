/* trust: which keys may speak in which role, and how many of them it takes. */
#ifndef AGENT_WIRE_TRUST_H
#define AGENT_WIRE_TRUST_H

#include "agent/limits.h"
#include "platform/base/err.h"
#include "platform/base/span.h"
#include "platform/verify.h"

/* X(NAME, word, payload type of its documents) */
#define TRUST_ROLES(X)                                                                             \
    X(RELEASE, "release", "application/vnd.berth.release.v1+json")                                 \
    X(ORDER, "order", "application/vnd.berth.order.v1+json")                                       \
    X(TRUST, "trust", "application/vnd.berth.trust.v1+json")                                       \
    X(REVOKE, "revoke", "application/vnd.berth.revoke.v1+json")

enum trust_role {
#define TRUST_ROLE_ENUM_(name, word, type) TRUST_ROLE_##name,
    TRUST_ROLES(TRUST_ROLE_ENUM_) TRUST_ROLE_COUNT
#undef TRUST_ROLE_ENUM_
};

struct trust_key {
    char id[DIGEST_HEX_BYTES]; /* SHA-256 of the point, hex */
    uint8_t point[VERIFY_KEY_BYTES];
    unsigned roles; /* bit 1 << role */
};

/* A trust document: version N+1 is signed by the trust role of N. */
struct trust {
    uint64_t version;
    char fleet[NAME_BYTES];
    struct trust_key keys[TRUST_KEYS_MAX];
    size_t key_count;
    uint8_t threshold[TRUST_ROLE_COUNT]; /* 1 .. keys of that role */
    /* Where it is higher than in the document before, nodes and coordinators forget the epochs they
     * know and go on from here: after a stolen order key. Only schema 2 has it, which agents before
     * 0.2 refuse. 0: none. */
    uint64_t epoch_base;
};

/* A base is a multiple of this: of it a node's record has room for 16 bits. */
#define TRUST_BASE_STEP 65536
/* Of the documents with an epochBase. */
#define TRUST_SCHEMA_MAX 2

/* Parses the payload of a trust document (strict). ERR_VALUE where a threshold cannot be met, a key
 * stands twice or is no point (checked only for shape here), and the lint's codes. */
NODISCARD int trust_parse(struct span payload, struct trust *trust, struct err *err);

/* Readers of a key's "id" and "point" into a struct trust_key, for documents with keys. */
struct json_place;
NODISCARD int trust_read_id(const struct json_place *at, void *into, struct err *err);
NODISCARD int trust_read_point(const struct json_place *at, void *into, struct err *err);

const char *trust_role_word(enum trust_role role);
const char *trust_role_type(enum trust_role role);

/* Digests of releases that must never run, from a signed revoke document. */
struct revoked {
    uint64_t version;
    char fleet[NAME_BYTES]; /* empty: schema 1, which does not say it */
    struct digest digests[REVOKED_MAX];
    size_t count;
};

/* How far above the version in force the next may be: by the clock in seconds it may, but no
 * document takes away all the numbers that could follow it. */
#define REVOKED_JUMP_MAX UINT32_MAX

/* Schema 2 says the fleet; agents before 0.2 read schema 1 alone. */
NODISCARD int revoked_parse(struct span payload, struct revoked *revoked, struct err *err);
bool revoked_has(const struct revoked *revoked, const struct digest *digest);

#endif
