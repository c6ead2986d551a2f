/* planner_wave: a wave opens, fills, soaks, closes; and then the next. */
#include <string.h>

#include "agent/fleet/planner_private.h"

static bool is_staged(const struct turn *turn)
{
    return rollout_shape_is_staged(&turn->rollout->spec->shape);
}

static bool is_watched(const struct turn *turn, const struct rollout_wave_state *wave)
{
    return wave->reached_at != 0 && turn->now >= wave->soak_until;
}

bool planner_is_canary_open(const struct turn *turn)
{
    const struct rollout_state *state = &turn->result->state;
    return is_staged(turn) && state->wave_first == 0 &&
           (state->wave_count == 0 || !is_watched(turn, &state->waves[0]));
}

bool planner_is_through(const struct turn *turn)
{
    const struct rollout_state *state = &turn->result->state;
    return !is_staged(turn) || (waves_is_everybody(turn->rollout->spec, state) &&
                                is_watched(turn, &state->waves[state->wave_count - 1]));
}

void planner_wave_say(const struct turn *turn, struct text *text)
{
    size_t last = waves_last(&turn->result->state);
    size_t count = waves_count(turn->rollout->spec);
    if (is_staged(turn) && last != WAVES_NONE) {
        text_printf(text, "wave %zu", last + 1);
        text_printf(text, count != SIZE_MAX ? " of %zu: " : ": ", count);
    }
}

/* Nobody in it can be done any more, or ever could: it is passed over. */
static bool is_void(const struct turn *turn, size_t index)
{
    const struct rollout_wave_state *wave = &turn->result->state.waves[index];
    const struct planner_wave *more = &turn->wave[index];
    bool is_without_offline = strcmp(turn->rollout->spec->offline, "skip") == 0;
    return wave->members == more->gone + (is_without_offline ? more->offline : 0);
}

/* Who is there has answered. Those who are not, or whom somebody else changes, hold nobody up. */
static bool is_filled(const struct turn *turn, size_t index)
{
    return turn->result->state.waves[index].changing == 0 && turn->wave[index].pending == 0;
}

static bool is_good_enough(const struct turn *turn, size_t index)
{
    const struct rollout_state *state = &turn->result->state;
    uint64_t done = state->waves[index].done;
    uint64_t finals = done + turn->wave[index].bad;
    uint32_t threshold = waves_threshold(turn->rollout->spec, state->wave_first + index);
    return done > 0 && done * 100 >= threshold * finals;
}

/* A clock that was put back must not make a soak longer than it is. */
static void clock_mind(const struct turn *turn, struct rollout_wave_state *wave, uint64_t soak)
{
    wall_ms latest = turn->now + (wall_ms)soak;
    wave->reached_at = wave->reached_at > turn->now ? turn->now : wave->reached_at;
    wave->soak_until = wave->soak_until > latest ? latest : wave->soak_until;
}

/* True when the wave is over and the next may open. */
static bool wave_step(struct turn *turn, size_t index)
{
    struct rollout_state *state = &turn->result->state;
    struct rollout_wave_state *wave = &state->waves[index];
    uint64_t soak = waves_soak(turn->rollout->spec, state->wave_first + index);
    clock_mind(turn, wave, soak);
    if (is_void(turn, index)) {
        wave->reached_at = wave->reached_at != 0 ? wave->reached_at : turn->now;
        wave->soak_until = wave->reached_at;
        return true;
    }
    /* A late answer may close what was reached. */
    if (!is_good_enough(turn, index)) {
        wave->reached_at = wave->soak_until = 0;
        if (is_filled(turn, index)) {
            planner_wait_note(turn, ROLLOUT_WAIT_THRESHOLD, turn->wave[index].node);
        }
        return false;
    }
    if (wave->reached_at == 0) {
        if (!is_filled(turn, index)) {
            return false;
        }
        wave->reached_at = turn->now;
        wave->soak_until = turn->now + (wall_ms)soak;
    }
    if (turn->now < wave->soak_until) {
        planner_wake_at(turn, wave->soak_until);
        planner_wait_note(turn, ROLLOUT_WAIT_SOAK, turn->wave[index].member);
        return false;
    }
    return true;
}

void planner_waves(struct turn *turn)
{
    const struct waves_crowd crowd = {turn->roster, planner_crowd, turn};
    struct rollout_state *state = &turn->result->state;
    while (is_staged(turn) && state->matched > 0) {
        if (state->wave_count > 0 && (!wave_step(turn, state->wave_count - 1) ||
                                      waves_is_everybody(turn->rollout->spec, state))) {
            return;
        }
        waves_open(&turn->waves, &crowd, turn->now, state);
        planner_count(turn);
    }
}
