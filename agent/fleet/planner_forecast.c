/* planner_forecast: the waves opened one after the other, as if each went well. */
#include <string.h>

#include "agent/fleet/planner_private.h"

static bool has_group(const struct rollout_spec *spec, const struct roster_node *node)
{
    bool has_all = true;
    if (strcmp(spec->shape.group_missing, "refuse") == 0) {
        for (size_t i = 0; i < spec->shape.group_count; i++) {
            has_all = has_all && roster_label(node, spec->shape.group_by[i]) != NULL;
        }
    }
    return has_all;
}

/* Those who are in the wave that was just opened, and in none before. */
static void wave_mark(const struct turn *turn, size_t wave, struct planner_forecast *forecasts)
{
    const struct rollout_state *state = &turn->result->state;
    for (size_t i = 0; i < turn->roster->node_count; i++) {
        struct planner_forecast *forecast = &forecasts[i];
        if (forecast->condition != NODE_CONDITION_COUNT && forecast->wave == WAVES_NONE &&
            waves_of(&turn->waves, state, roster_at(turn->roster, i)) != WAVES_NONE) {
            forecast->wave = wave;
        }
    }
}

size_t planner_foresee(const struct planner_rollout *rollout, const struct roster *roster,
                       wall_ms now, struct planner_forecast *forecasts)
{
    struct planner_result result = {0};
    struct turn turn = {.rollout = rollout, .roster = roster, .now = now, .result = &result};
    const struct waves_crowd crowd = {roster, planner_crowd, &turn};
    const struct rollout_spec *spec = rollout->spec;
    bool is_staged = rollout_shape_is_staged(&spec->shape);
    size_t meant = 0;
    waves_init(&turn.waves, spec);
    for (size_t i = 0; i < roster->node_count; i++) {
        forecasts[i] =
            (struct planner_forecast){.condition = planner_crowd(&turn, roster_at(roster, i)),
                                      .wave = is_staged ? WAVES_NONE : 0,
                                      .has_group = has_group(spec, roster_at(roster, i))};
        meant += forecasts[i].condition != NODE_CONDITION_COUNT;
    }
    while (is_staged && meant > 0 && !waves_is_everybody(spec, &result.state)) {
        waves_open(&turn.waves, &crowd, now, &result.state);
        wave_mark(&turn, waves_last(&result.state), forecasts);
    }
    return is_staged && meant > 0 ? waves_last(&result.state) + 1 : 1;
}
