/* operators: whose word begins, pauses and ends rollouts: the operators' keys, in a document of
 * their own that the trust role signs. Coordinators and tools read it; nodes do not. */
#ifndef AGENT_WIRE_OPERATORS_H
#define AGENT_WIRE_OPERATORS_H

#include "agent/wire/envelope.h"
#include "platform/base/text.h"

#define OPERATORS_MAX  32
#define OPERATORS_TYPE "application/vnd.berth.operators.v1+json"

/* What has to be signed by an operator from this version on; what the document does not demand is
 * believed unsigned, as before. X(NAME, word) */
#define OPERATORS_DEMANDS(X)                                                                       \
    X(LABELS, "labels") /* labels that the fleet gives */                                          \
    X(ROLL, "roll")     /* that there is such a node: others are in no rollout */

enum operators_demand {
#define OPERATORS_DEMAND_ENUM_(name, word) OPERATORS_DEMAND_##name,
    OPERATORS_DEMANDS(OPERATORS_DEMAND_ENUM_) OPERATORS_DEMAND_COUNT
#undef OPERATORS_DEMAND_ENUM_
};

const char *operators_demand_word(enum operators_demand demand);
/* OPERATORS_DEMAND_COUNT: no such word. */
enum operators_demand operators_demand_of(const char *word);

struct operator_key {
    char name[NAME_BYTES];
    struct trust_key key; /* its roles are unused */
};

/* Of two versions the higher one holds. No name and no key stands twice. */
struct operators {
    uint64_t version; /* 0: there is no such document */
    char fleet[NAME_BYTES];
    struct operator_key list[OPERATORS_MAX];
    size_t count;
    bool is_demanding[OPERATORS_DEMAND_COUNT];
};

/* Parses the payload: {"schema":1,"fleet","version","demands":["labels","roll"],
 * "operators":[{"name","id","point"}]}, `demands` only where something is; strict, at most
 * TRUST_BYTES_MAX. The lint's codes, ERR_VALUE, ERR_UNKNOWN_KEY, ERR_MISSING. */
NODISCARD int operators_parse(struct span payload, struct operators *operators, struct err *err);
/* Writes the payload; OPERATORS_MAX of the longest fit in TRUST_BYTES_MAX. */
void operators_render(const struct operators *operators, struct text *text);

/* Opens the envelope: signed by the trust role of `trust`, of its fleet. envelope_open's codes and
 * those of operators_parse, ERR_WRONG_FLEET. `memory` holds at least 2 * ENVELOPE_BYTES_MAX. */
NODISCARD int operators_open(struct span envelope, const struct trust *trust,
                             const struct verify *verify, struct arena memory,
                             struct operators *operators, struct err *err);

/* NULL when no operator has this name, or key. */
const struct operator_key *operators_find(const struct operators *operators, const char *name);
const struct operator_key *operators_find_key(const struct operators *operators, const char *id);

#endif
