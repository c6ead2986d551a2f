/* planner_burst: many nodes leave within a minute: a site, a link or a broker, and no failure of
 * each. The rollout pauses, remembers when, and blames nobody. */
#include "agent/fleet/planner_private.h"

static bool is_within(const struct roster_node *node, wall_ms last)
{
    return node->is_fallen && node->absent_since <= last &&
           node->absent_since > last - PLANNER_BURST_MS;
}

/* Looked for while the last one that left has left within a minute: what is older was looked for
 * then. */
void planner_burst_note(struct turn *turn)
{
    struct rollout_state *state = &turn->result->state;
    const struct roster *roster = turn->roster;
    wall_ms last = roster->fell_at;
    uint32_t fallen = 0;
    uint32_t meant = 0;
    if (last == 0 || last <= state->burst_at || last <= turn->rollout->control->resumed_at ||
        turn->now >= last + PLANNER_BURST_MS) {
        return;
    }
    for (size_t i = 0; i < roster->node_count; i++) {
        const struct roster_node *node = roster_at(roster, i);
        if (planner_is_meant(turn->rollout, node)) {
            meant++;
            fallen += is_within(node, last);
        }
    }
    if (fallen >= PLANNER_BURST_NODES &&
        (uint64_t)fallen * 100 >= (uint64_t)meant * PLANNER_BURST_PERCENT) {
        state->burst_at = last;
    }
}

bool planner_burst_has(const struct turn *turn, const struct roster_node *node)
{
    return turn->result->state.burst_at != 0 && is_within(node, turn->result->state.burst_at);
}

/* How many of them are away still, and the first by name. */
static uint32_t away_count(const struct turn *turn, const char **first)
{
    uint32_t away = 0;
    for (size_t i = 0; i < turn->roster->node_count; i++) {
        const struct roster_node *node = roster_at(turn->roster, i);
        if (planner_is_meant(turn->rollout, node) && planner_burst_has(turn, node)) {
            *first = away++ == 0 ? node->name : *first;
        }
    }
    return away;
}

bool planner_burst_stops(const struct turn *turn)
{
    const char *first = NULL;
    return turn->result->state.burst_at > turn->rollout->control->resumed_at &&
           away_count(turn, &first) > 0;
}

void planner_burst_say(struct turn *turn)
{
    struct rollout_state *state = &turn->result->state;
    const char *first = "";
    uint32_t away = away_count(turn, &first);
    state->phase = ROLLOUT_PAUSED;
    text_shorten_printf(state->waiting, sizeof state->waiting,
                        "someone to resume it, or %s%s to come back: many nodes left within a "
                        "minute, as when a site or a broker goes",
                        first, away > 1 ? " and others" : "");
}
