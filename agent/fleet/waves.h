/* waves: which nodes change together. Pure: what was opened is remembered in the rollout's state.
 *
 * A node has a place, a number that its name and the rollout make. A wave is everybody whose place
 * is below its cut, and who is in no wave before it. The cut is fixed when the wave opens, so that
 * enough nodes that are there lie below it; it never moves. */
#ifndef AGENT_FLEET_WAVES_H
#define AGENT_FLEET_WAVES_H

#include "agent/fleet/roster.h"
#include "agent/wire/rollout.h"

#define WAVES_END  (UINT64_C(1) << 52) /* past every place: JSON carries it as it is */
#define WAVES_NONE SIZE_MAX

struct waves {
    const struct rollout_spec *spec;
    struct selector selectors[ROLLOUT_WAVES_MAX];
};

/* About 20 KiB. Selectors of the spec that cannot be read match nobody. */
void waves_init(struct waves *waves, const struct rollout_spec *spec);

/* Below WAVES_END; the same for everybody who asks. */
uint64_t waves_place(const char *rollout, const char *node);

/* The waves that this rollout has; of waves of equal size as many as are needed: SIZE_MAX. */
size_t waves_count(const struct rollout_spec *spec);
/* The soak of a wave, and the share of good answers it needs. */
uint64_t waves_soak(const struct rollout_spec *spec, size_t wave);
uint32_t waves_threshold(const struct rollout_spec *spec, size_t wave);

/* The opened wave of a node that the rollout means: its index in state->waves, or WAVES_NONE. */
size_t waves_of(const struct waves *waves, const struct rollout_state *state,
                const struct roster_node *node);

/* The number of the last opened wave, from 0; WAVES_NONE: none. */
size_t waves_last(const struct rollout_state *state);
/* Every node that comes lies in a wave that was opened. */
bool waves_is_everybody(const struct rollout_spec *spec, const struct rollout_state *state);

/* Whom a cut is measured by. */
struct waves_crowd {
    const struct roster *roster;
    /* What the node is to the rollout; NODE_CONDITION_COUNT: the rollout does not mean it. */
    enum node_condition (*condition)(const void *ctx, const struct roster_node *node);
    const void *ctx;
};

/* Opens the next wave in `state`; its numbers are zero. */
void waves_open(const struct waves *waves, const struct waves_crowd *crowd, wall_ms now,
                struct rollout_state *state);

/* A size of a whole, shares rounded up; nothing said: the whole. */
uint32_t waves_size(const struct rollout_size *size, uint32_t whole);

#endif
