/* waves: a place for each node, and cuts between places. */
#include "agent/fleet/waves.h"

#include <string.h>

#include "platform/base/law.h"

/* A cut is found in four looks at the fleet, each at the next 13 bits of the places. */
#define DIGIT_BITS 13
#define DIGITS     (1u << DIGIT_BITS)
#define PLACE_BITS 52
_Static_assert(PLACE_BITS % DIGIT_BITS == 0, "a place is so many digits");

/* FNV-1a over both names, and a finaliser that spreads what differs only at the end. */
uint64_t waves_place(const char *rollout, const char *node)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const char *const parts[] = {rollout, "/", node};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        for (const char *at = parts[i]; *at != '\0'; at++) {
            hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
        }
    }
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return (hash ^ (hash >> 33)) >> (64 - PLACE_BITS);
}

static bool is_equal_sized(const struct rollout_spec *spec)
{
    return spec->shape.parallelism.count > 0 || spec->shape.parallelism.percent > 0;
}

void waves_init(struct waves *waves, const struct rollout_spec *spec)
{
    LAW(BOUNDED, spec->shape.wave_count <= ROLLOUT_WAVES_MAX);
    waves->spec = spec;
    for (size_t i = 0; i < spec->shape.wave_count; i++) {
        const char *text = spec->shape.waves[i].selector;
        if (text[0] != '\0' && selector_parse(text, &waves->selectors[i], NULL) != 0) {
            int rc = selector_parse("node,!node", &waves->selectors[i], NULL);
            (void)rc; /* who let it in has refused it by name */
        }
    }
}

size_t waves_count(const struct rollout_spec *spec)
{
    LAW(BOUNDED, spec->shape.wave_count <= ROLLOUT_WAVES_MAX);
    return is_equal_sized(spec)         ? SIZE_MAX
           : spec->shape.wave_count > 0 ? spec->shape.wave_count
                                        : 1;
}

uint64_t waves_soak(const struct rollout_spec *spec, size_t wave)
{
    LAW(BUDGET, spec->shape.wave_count <= ROLLOUT_WAVES_MAX);
    const struct rollout_shape *shape = &spec->shape;
    return is_equal_sized(spec)       ? shape->delay_ms
           : wave < shape->wave_count ? shape->waves[wave].soak_ms
                                      : 0;
}

uint32_t waves_threshold(const struct rollout_spec *spec, size_t wave)
{
    LAW(BUDGET, spec->shape.wave_count <= ROLLOUT_WAVES_MAX);
    return wave < spec->shape.wave_count ? spec->shape.waves[wave].threshold : 0;
}

static bool is_meant(const struct waves *waves, size_t wave, const struct roster_node *node)
{
    const struct rollout_shape *shape = &waves->spec->shape;
    return wave >= shape->wave_count || shape->waves[wave].selector[0] == '\0' ||
           roster_matches(node, &waves->selectors[wave]);
}

size_t waves_of(const struct waves *waves, const struct rollout_state *state,
                const struct roster_node *node)
{
    LAW(BUDGET, state->wave_count <= ROLLOUT_WAVES_MAX);
    uint64_t place = waves_place(waves->spec->id, node->name);
    for (size_t i = 0; i < state->wave_count; i++) {
        if (place < state->waves[i].cut && is_meant(waves, state->wave_first + i, node)) {
            return i;
        }
    }
    return WAVES_NONE;
}

size_t waves_last(const struct rollout_state *state)
{
    LAW(BUDGET, state->wave_count <= ROLLOUT_WAVES_MAX);
    return state->wave_count > 0 ? state->wave_first + state->wave_count - 1 : WAVES_NONE;
}

bool waves_is_everybody(const struct rollout_spec *spec, const struct rollout_state *state)
{
    LAW(BUDGET, state->wave_count <= ROLLOUT_WAVES_MAX);
    size_t last = waves_last(state);
    if (last == WAVES_NONE) {
        return false;
    }
    return is_equal_sized(spec) ? state->waves[state->wave_count - 1].cut == WAVES_END
                                : last + 1 >= waves_count(spec);
}

uint32_t waves_size(const struct rollout_size *size, uint32_t whole)
{
    if (size->percent > 0) {
        return (uint32_t)(((uint64_t)whole * size->percent + 99) / 100);
    }
    return size->count > 0 ? size->count : whole;
}

/* -- a cut ------------------------------------------------------------------------------------ */

/* It is there, or was changed by this rollout: it can be measured by. */
static bool is_plannable(enum node_condition condition)
{
    return condition != NODE_OFFLINE && condition != NODE_OVERRIDDEN && condition != NODE_SKIPPED;
}

struct tally {
    uint32_t meant, plannable;
    uint32_t before; /* plannable, below the cut before */
};

static struct tally crowd_count(const struct waves *waves, const struct waves_crowd *crowd,
                                size_t wave, uint64_t cut_before)
{
    struct tally tally = {0};
    for (size_t i = 0; i < crowd->roster->node_count; i++) {
        const struct roster_node *node = roster_at(crowd->roster, i);
        enum node_condition condition = crowd->condition(crowd->ctx, node);
        if (condition == NODE_CONDITION_COUNT || !is_meant(waves, wave, node)) {
            continue;
        }
        tally.meant++;
        if (is_plannable(condition)) {
            tally.plannable++;
            tally.before += waves_place(waves->spec->id, node->name) < cut_before;
        }
    }
    return tally;
}

/* How many plannable places have this prefix, by their next digit. */
static void digits_count(const struct waves *waves, const struct waves_crowd *crowd, size_t wave,
                         uint64_t prefix, unsigned shift, uint32_t count[DIGITS])
{
    LAW(BUDGET, shift % DIGIT_BITS == 0);
    memset(count, 0, DIGITS * sizeof *count);
    for (size_t i = 0; i < crowd->roster->node_count; i++) {
        const struct roster_node *node = roster_at(crowd->roster, i);
        uint64_t place = waves_place(waves->spec->id, node->name);
        if (place >> (shift + DIGIT_BITS) != prefix || !is_meant(waves, wave, node)) {
            continue;
        }
        enum node_condition condition = crowd->condition(crowd->ctx, node);
        if (condition != NODE_CONDITION_COUNT && is_plannable(condition)) {
            count[(place >> shift) & (DIGITS - 1)]++;
        }
    }
}

/* Just past the `wanted`-th plannable place; there are as many. */
static uint64_t cut_find(const struct waves *waves, const struct waves_crowd *crowd, size_t wave,
                         uint32_t wanted)
{
    LAW(BUDGET, wanted > 0);
    uint32_t count[DIGITS];
    uint64_t prefix = 0;
    for (unsigned shift = PLACE_BITS; shift > 0;) {
        uint64_t digit = 0;
        shift -= DIGIT_BITS;
        digits_count(waves, crowd, wave, prefix, shift, count);
        while (digit < DIGITS - 1 && count[digit] < wanted) {
            wanted -= count[digit++];
        }
        prefix = prefix << DIGIT_BITS | digit;
    }
    return prefix + 1;
}

static uint64_t cut_next(const struct waves *waves, const struct waves_crowd *crowd,
                         const struct rollout_state *state, size_t wave)
{
    LAW(BUDGET, state->wave_count <= ROLLOUT_WAVES_MAX);
    const struct rollout_shape *shape = &waves->spec->shape;
    uint64_t before = state->wave_count > 0 ? state->waves[state->wave_count - 1].cut : 0;
    struct tally tally = crowd_count(waves, crowd, wave, before);
    const struct rollout_size *size = is_equal_sized(waves->spec) ? &shape->parallelism
                                      : wave < shape->wave_count  ? &shape->waves[wave].size
                                                                  : &(const struct rollout_size){0};
    uint32_t wanted = waves_size(size, tally.meant);
    if (is_equal_sized(waves->spec)) {
        wanted += tally.before;
        return wanted >= tally.plannable ? WAVES_END : cut_find(waves, crowd, wave, wanted);
    }
    if (size->percent == 100 || (size->percent == 0 && size->count == 0) ||
        wanted > tally.plannable) {
        return WAVES_END;
    }
    return wanted == 0 ? 0 : cut_find(waves, crowd, wave, wanted);
}

void waves_open(const struct waves *waves, const struct waves_crowd *crowd, wall_ms now,
                struct rollout_state *state)
{
    LAW(BUDGET, state->wave_count <= ROLLOUT_WAVES_MAX);
    size_t wave = waves_last(state) == WAVES_NONE ? 0 : waves_last(state) + 1;
    uint64_t cut = cut_next(waves, crowd, state, wave);
    if (state->wave_count == ROLLOUT_WAVES_MAX) { /* only of equal ones: a node of the first lies
                                                     below the second's cut, too */
        memmove(&state->waves[0], &state->waves[1],
                (ROLLOUT_WAVES_MAX - 1) * sizeof state->waves[0]);
        state->wave_count--;
        state->wave_first++;
    }
    state->waves[state->wave_count++] = (struct rollout_wave_state){.cut = cut, .opened_at = now};
}
