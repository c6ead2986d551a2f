/* mirror_desk: one mirror of the fleet "sim", for the tests that put documents before it. */
#ifndef TESTS_UNIT_FLEET_MIRROR_DESK_H
#define TESTS_UNIT_FLEET_MIRROR_DESK_H

#include "agent/fleet/mirror.h"

extern struct trust trust; /* what the mirror looks at: tests may change it */
extern struct mirror mirror;
extern struct mirror_news news; /* of the last message */
extern unsigned verified;       /* signatures that were looked at since it was opened */

/* It trusts SEAL_PEM_TRUSTED for orders, and the operators of sealing_operators(3). */
void mirror_desk_open(bool is_restating);

/* A message on berth/1/sim/BELOW. */
enum mirror_answer heard_span(const char *below, struct span payload);
enum mirror_answer cleared(const char *below);

struct rollout_spec spec_of(const char *id);

#endif
