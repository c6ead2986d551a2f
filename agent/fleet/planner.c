/* planner: what the nodes make of their rollout, and what it says that it waits for. */
#include "agent/fleet/planner.h"

#include <stdio.h>
#include <string.h>

#include "agent/fleet/planner_private.h"
#include "agent/wire/duration.h"
#include "platform/base/law.h"

static void wait_for(struct turn *turn, enum rollout_phase phase, const char *text)
{
    struct rollout_state *state = &turn->result->state;
    state->phase = phase;
    (void)snprintf(state->waiting, sizeof state->waiting, "%s", text);
}

/* -- the waiting of a running one ------------------------------------------------------------- */

static void wait_append(const struct turn *turn, enum rollout_wait wait, struct text *text)
{
    static const char *const sentences[] = {
#define SENTENCE_(name, word, sentence) [ROLLOUT_WAIT_##name] = sentence,
        ROLLOUT_WAITS(SENTENCE_)
#undef SENTENCE_
    };
    const struct rollout_waiting *waiting = &turn->result->state.waits[wait];
    text_append(text, waiting->node);
    if (waiting->count > 1) {
        text_printf(text, " and %u other%s", waiting->count - 1, waiting->count > 2 ? "s" : "");
    }
    text_printf(text, ": %s", sentences[wait]);
}

static void soak_append(const struct turn *turn, struct text *text)
{
    const struct rollout_state *state = &turn->result->state;
    text_append(text, "its soak to end at ");
    instant_append(text, state->waves[state->wave_count - 1].soak_until);
    text_printf(text, " (%s)", state->waits[ROLLOUT_WAIT_SOAK].node);
}

/* What holds the most important of them, in the wave that is open. */
static void running_say(struct turn *turn)
{
    static const enum rollout_wait ranked[] = {
        ROLLOUT_WAIT_GROUP, ROLLOUT_WAIT_PEERS,     ROLLOUT_WAIT_RATE,  ROLLOUT_WAIT_BUDGET,
        ROLLOUT_WAIT_BUSY,  ROLLOUT_WAIT_THRESHOLD, ROLLOUT_WAIT_STUCK, ROLLOUT_WAIT_OFFLINE};
    struct rollout_state *state = &turn->result->state;
    struct text text;
    if (state->waits[ROLLOUT_WAIT_SETTLED].count > 0) {
        return;
    }
    text_init(&text, state->waiting, sizeof state->waiting);
    planner_wave_say(turn, &text);
    if (state->waits[ROLLOUT_WAIT_CHANGING].count > 0) {
        text_printf(&text, "%s%s to be proven", state->current[0],
                    state->count[NODE_CHANGING] > 1 ? " and others" : "");
        return;
    }
    if (state->waits[ROLLOUT_WAIT_SOAK].count > 0) {
        soak_append(turn, &text);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(ranked); i++) {
        if (state->waits[ranked[i]].count > 0) {
            wait_append(turn, ranked[i], &text);
            return;
        }
    }
    state->waiting[0] = '\0'; /* it orders */
}

/* -- the end of a running one ----------------------------------------------------------------- */

static uint32_t settled(const struct turn *turn)
{
    const uint32_t *count = turn->result->state.count;
    return count[NODE_DONE] + count[NODE_OVERRIDDEN] + count[NODE_FAILED] + count[NODE_LOST] +
           count[NODE_REGRESSED] + count[NODE_SKIPPED];
}

/* Offline nodes are not waited for: never, or not any more. */
static bool is_offline_left(struct turn *turn)
{
    const struct rollout_spec *spec = turn->rollout->spec;
    wall_ms until = spec->created + (wall_ms)spec->shape.offline_until_ms;
    if (strcmp(spec->offline, "skip") == 0) {
        return true;
    }
    if (spec->shape.offline_until_ms == 0) {
        return false;
    }
    planner_wake_at(turn, until);
    return turn->now >= until;
}

static void decide_end(struct turn *turn)
{
    struct rollout_state *state = &turn->result->state;
    char text[ROLLOUT_TEXT_BYTES];
    if (turn->roster->is_short) {
        (void)snprintf(text, sizeof text,
                       "memory: %zu nodes are known, and there was no room for %s and perhaps more",
                       turn->roster->node_count, turn->roster->short_of);
        wait_for(turn, ROLLOUT_RUNNING, text);
    } else {
        wait_for(turn,
                 state->count[NODE_DONE] == state->matched ? ROLLOUT_SUCCEEDED : ROLLOUT_FINISHED,
                 "");
    }
}

static void offline_say(struct turn *turn)
{
    char text[ROLLOUT_TEXT_BYTES];
    uint32_t offline = turn->result->state.count[NODE_OFFLINE];
    (void)snprintf(text, sizeof text, "%u offline node%s to come back", offline,
                   offline == 1 ? "" : "s");
    wait_for(turn, ROLLOUT_RUNNING, text);
}

static void stuck_say(struct turn *turn)
{
    char words[ROLLOUT_TEXT_BYTES];
    struct text text;
    text_init(&text, words, sizeof words);
    wait_append(turn, ROLLOUT_WAIT_STUCK, &text);
    wait_for(turn, ROLLOUT_RUNNING, words);
}

/* What changes in the fleet is no node of this rollout, or not by its order. */
static void others_say(struct turn *turn)
{
    char text[ROLLOUT_TEXT_BYTES] = "";
    for (size_t i = 0; i < turn->roster->node_count && turn->changing > 0; i++) {
        const struct roster_node *node = roster_at(turn->roster, i);
        if (planner_node_is_changing(node, turn->now)) {
            (void)snprintf(text, sizeof text, "another change in the fleet to end (%s)",
                           node->name);
            break;
        }
    }
    wait_for(turn, ROLLOUT_RUNNING, text);
}

/* One without an end has nothing to do for now. Its name stands for all of them. */
static bool is_settled(const struct turn *turn, uint32_t stuck)
{
    const struct rollout_state *state = &turn->result->state;
    return turn->rollout->spec->shape.is_continuous && planner_is_through(turn) &&
           settled(turn) + state->count[NODE_OFFLINE] + stuck == state->matched;
}

static void settled_say(struct turn *turn)
{
    planner_wait_note(turn, ROLLOUT_WAIT_SETTLED, "");
    wait_for(turn, ROLLOUT_RUNNING,
             "nodes that join it: all that are there have their answer, and it has no end");
}

static void decide_running(struct turn *turn)
{
    struct rollout_state *state = &turn->result->state;
    const uint32_t *count = state->count;
    char text[ROLLOUT_TEXT_BYTES];
    bool must_wait = count[NODE_OFFLINE] > 0 && strcmp(turn->rollout->spec->offline, "wait") == 0 &&
                     !is_offline_left(turn);
    uint32_t stuck = state->waits[ROLLOUT_WAIT_STUCK].count;
    uint32_t left = settled(turn) + (is_offline_left(turn) ? count[NODE_OFFLINE] + stuck : 0);
    if (state->matched == 0) {
        wait_for(turn, ROLLOUT_RUNNING,
                 turn->rollout->spec->shape.undo[0] != '\0' ? "a node that can be brought back"
                                                            : "a node that the selector matches");
    } else if (is_settled(turn, stuck)) {
        settled_say(turn);
    } else if (left == state->matched && planner_is_through(turn) &&
               !turn->rollout->spec->shape.is_continuous) {
        decide_end(turn);
    } else if (count[NODE_CHANGING] > 0) {
        (void)snprintf(text, sizeof text, "%s%s to be proven", state->current[0],
                       count[NODE_CHANGING] > 1 ? " and others" : "");
        wait_for(turn, ROLLOUT_RUNNING, text);
    } else if (must_wait ||
               (count[NODE_OFFLINE] > 0 && count[NODE_PENDING] == 0 && count[NODE_BUSY] == stuck)) {
        offline_say(turn);
    } else if (stuck > 0 && count[NODE_PENDING] == 0 && count[NODE_BUSY] == stuck) {
        stuck_say(turn);
    } else {
        others_say(turn);
    }
    turn->may_order = state->phase == ROLLOUT_RUNNING && !must_wait;
}

/* -- what stops it ---------------------------------------------------------------------------- */

/* Nothing of it changes any more, and nothing lies on a topic that a node could still begin. */
static bool is_over(const struct turn *turn)
{
    return turn->result->state.count[NODE_CHANGING] == 0 &&
           planner_walk(turn, PLANNER_REVOCABLE, 0) == SIZE_MAX;
}

static void decide_leaving(struct turn *turn, enum rollout_phase end, const char *why)
{
    bool is_end = is_over(turn);
    char text[ROLLOUT_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "what has begun to come to its end%s", why);
    wait_for(turn, is_end ? end : ROLLOUT_ABORTING, is_end ? "" : text);
}

/* Nodes that are on their way back count as busy: an order that takes back is on their topic. */
static void decide_back(struct turn *turn)
{
    struct rollout_state *state = &turn->result->state;
    static const enum rollout_wait named[] = {ROLLOUT_WAIT_STUCK, ROLLOUT_WAIT_OFFLINE};
    struct text text;
    size_t left = planner_go_back(turn);
    planner_take_back(turn);
    state->is_rolling_back = true;
    state->phase = ROLLOUT_ROLLING_BACK;
    text_init(&text, state->waiting, sizeof state->waiting);
    if (left > 0) {
        text_printf(&text, "%zu node%s to go back", left, left == 1 ? "" : "s");
        for (size_t i = 0; i < COUNT_OF(named); i++) {
            if (state->waits[named[i]].count > 0) {
                text_append(&text, "; ");
                wait_append(turn, named[i], &text);
                break;
            }
        }
    } else if (state->waits[ROLLOUT_WAIT_BUSY].count > 0) {
        text_printf(&text, "%s to be back", state->waits[ROLLOUT_WAIT_BUSY].node);
    } else if (state->count[NODE_CHANGING] > 0) {
        text_printf(&text, "%s to be proven or not", state->current[0]);
    } else if (is_over(turn)) {
        wait_for(turn, ROLLOUT_ROLLED_BACK, "");
    }
}

static void failure_say(struct turn *turn)
{
    struct rollout_state *state = &turn->result->state;
    char text[ROLLOUT_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "someone to resume or abort it: %s %s%s%s%s",
                   state->failed_node, state->failed_outcome,
                   state->failed_reason[0] != '\0' ? " (" : "", state->failed_reason,
                   state->failed_reason[0] != '\0' ? ")" : "");
    wait_for(turn, ROLLOUT_PAUSED, text);
}

/* The wave has all its answers, and too few are good: nothing would ever go on by itself. */
static void threshold_say(struct turn *turn)
{
    struct rollout_state *state = &turn->result->state;
    size_t index = state->wave_count - 1;
    const struct rollout_wave_state *wave = &state->waves[index];
    struct text text;
    state->phase = ROLLOUT_PAUSED;
    text_init(&text, state->waiting, sizeof state->waiting);
    text_append(&text, "someone to resume, retry or abort it: ");
    planner_wave_say(turn, &text);
    text_printf(&text, "%u of %u answers are good, %u %% must be (%s)", wave->done,
                wave->done + turn->wave[index].bad,
                waves_threshold(turn->rollout->spec, state->wave_first + index),
                turn->wave[index].node);
}

static bool is_below_threshold(const struct turn *turn)
{
    const struct rollout_state *state = &turn->result->state;
    const struct rollout_failure *failure = &turn->rollout->spec->shape.failure;
    return state->waits[ROLLOUT_WAIT_THRESHOLD].count > 0 &&
           strcmp(failure->action, "continue") != 0 && turn->wave[state->wave_count - 1].bad > 0;
}

/* An undo brings back what was there: it passes. */
static bool is_frozen(const struct turn *turn)
{
    return turn->rollout->freeze != NULL && turn->rollout->spec->shape.undo[0] == '\0';
}

/* It begins nothing; what has begun comes to its end, and counts. */
static void frozen_say(struct turn *turn)
{
    struct rollout_state *state = &turn->result->state;
    const struct freeze *freeze = turn->rollout->freeze;
    char words[ROLLOUT_TEXT_BYTES];
    char frozen[FREEZE_REASON_BYTES + NAME_BYTES + 64];
    struct text text;
    text_init(&text, frozen, sizeof frozen);
    freeze_say(freeze, turn->rollout->freeze_owner, &text);
    text_shorten_printf(words, sizeof words, "the fleet to thaw: frozen by %s", frozen);
    planner_wait_note(turn, ROLLOUT_WAIT_FREEZE, "");
    planner_wake_at(turn, freeze->until);
    state->phase = ROLLOUT_RUNNING;
    memcpy(state->waiting, words, sizeof state->waiting);
}

static void decide_going(struct turn *turn)
{
    const struct rollout_spec *spec = turn->rollout->spec;
    struct rollout_state *state = &turn->result->state;
    struct text text;
    if (turn->now < spec->shape.start_at) {
        planner_wake_at(turn, spec->shape.start_at);
        planner_wait_note(turn, ROLLOUT_WAIT_START, "");
        state->phase = ROLLOUT_RUNNING;
        text_init(&text, state->waiting, sizeof state->waiting);
        text_append(&text, "its start at ");
        instant_append(&text, spec->shape.start_at);
        return;
    }
    planner_waves(turn);
    if (is_below_threshold(turn)) {
        threshold_say(turn);
        return;
    }
    decide_running(turn);
    if (turn->may_order && is_frozen(turn)) {
        turn->may_order = false;
        turn->is_held = true;
        frozen_say(turn);
    }
}

static void decide(struct turn *turn)
{
    const struct planner_rollout *rollout = turn->rollout;
    const struct rollout_spec *spec = rollout->spec;
    const struct rollout_control *control = rollout->control;
    bool is_spent = failure_is_spent(&turn->sample, spec, control, planner_is_canary_open(turn));
    bool is_back = turn->result->state.is_rolling_back ||
                   (is_spent && strcmp(spec->shape.failure.action, "rollback") == 0);
    if (spec->shape.end_at != 0) {
        planner_wake_at(turn, spec->shape.end_at);
    }
    if (strcmp(control->want, "abort") == 0) {
        decide_leaving(turn, ROLLOUT_ABORTED, "");
    } else if (rollout->is_superseded) {
        decide_leaving(turn, ROLLOUT_SUPERSEDED, "; a later rollout follows");
    } else if (planner_burst_stops(turn)) {
        planner_burst_say(turn);
    } else if (is_back && strcmp(control->want, "pause") != 0) {
        decide_back(turn);
    } else if (spec->shape.end_at != 0 && turn->now >= spec->shape.end_at) {
        decide_leaving(turn, ROLLOUT_EXPIRED, "; its end date has come");
    } else if (is_spent) {
        failure_say(turn);
    } else if (strcmp(control->want, "pause") == 0) {
        wait_for(turn, ROLLOUT_PAUSED, "someone to resume it");
    } else {
        decide_going(turn);
    }
}

/* What was remembered: the waves, and that it goes back. */
static void memory_take(struct turn *turn)
{
    const struct rollout_state *memory = turn->rollout->memory;
    struct rollout_state *state = &turn->result->state;
    memcpy(state->id, turn->rollout->spec->id, sizeof state->id);
    if (memory != NULL) {
        memcpy(state->waves, memory->waves, sizeof state->waves);
        state->wave_count = memory->wave_count;
        state->wave_first = memory->wave_first;
        state->is_rolling_back = memory->is_rolling_back;
        state->burst_at = memory->burst_at;
    }
}

/* A rollout with waves or budgets says more of its waiting than "another change in the fleet". */
static bool is_plain(const struct rollout_shape *shape)
{
    return !rollout_shape_is_staged(shape) && shape->group_count == 0 && shape->peers[0] == '\0' &&
           shape->per_minute == 0 && shape->ramp.base == 0;
}

void planner_begin(struct turn *turn)
{
    LAW(HALT, turn->rollout != NULL && turn->result != NULL);
    memset(turn->result, 0, sizeof *turn->result);
    memory_take(turn);
    waves_init(&turn->waves, turn->rollout->spec);
    planner_burst_note(turn);
}

void planner_finish(struct turn *turn)
{
    struct planner_result *result = turn->result;
    decide(turn);
    if (turn->may_order) {
        planner_order_next(turn);
        if (!is_plain(&turn->rollout->spec->shape) && result->state.matched > 0) {
            running_say(turn);
        }
    } else if (turn->is_held || result->state.phase == ROLLOUT_PAUSED ||
               result->state.phase == ROLLOUT_ABORTING) {
        planner_take_back(turn);
    }
}

void planner_step(const struct planner_rollout *rollout, const struct roster *roster,
                  uint32_t changing, wall_ms now, struct planner_result *result)
{
    LAW(BUDGET, rollout->spec != NULL && rollout->control != NULL);
    struct turn turn = {
        .rollout = rollout, .roster = roster, .now = now, .result = result, .others = changing};
    planner_begin(&turn);
    planner_count(&turn);
    planner_finish(&turn);
}
