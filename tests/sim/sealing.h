/* sealing: the fleet side's documents as their writers sign them, with the keys of seal.h. */
#ifndef TESTS_SIM_SEALING_H
#define TESTS_SIM_SEALING_H

#include "agent/fleet/signed.h"
#include "agent/wire/freeze.h"
#include "agent/wire/labels.h"
#include "agent/wire/roll.h"
#include "agent/wire/rollout.h"
#include "tests/sim/seal.h"

/* Two operators; the coordinators' key is SEAL_PEM_TRUSTED. */
#define SEALING_ANN "seal:3"
#define SEALING_BEN "seal:4"

/* "ann" and "ben" of the fleet "sim". */
struct operators sealing_operators(uint64_t version);

/* Each stays until four more were made. A fleet or an id that is not said is "sim", and that of the
 * state for its control. */
struct span sealing_spec(const struct rollout_spec *spec, const char *pem);
struct span sealing_control(const struct rollout_control *control, const char *pem);
struct span sealing_state(const struct rollout_state *state, const struct rollout_control *taken,
                          const char *pem);
struct span sealing_claim(const struct claim *claim, const char *pem);
/* Of the fleet "sim"; shard and node as they are. */
struct span sealing_labels(const struct labels_given *given, const char *pem);
struct span sealing_roll(const struct roll *roll, const char *pem);
/* With the key that is the trust role's, too, in simulations. */
struct span sealing_operators_document(const struct operators *operators, const char *pem);
struct span sealing_freeze(const struct freeze *freeze, const char *pem);
struct span sealing_frozen(const struct frozen *frozen, const char *pem);
struct span sealing_of(const char *type, struct span payload, const char *pem);
/* What an envelope holds, with its NUL; stays until four more were taken. */
struct span sealing_payload(struct span envelope);

#endif
