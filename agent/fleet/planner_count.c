/* planner_count: one look at every node, and what it adds to the state's numbers. */
#include <string.h>

#include "platform/base/law.h"

#include "agent/fleet/planner_private.h"

void planner_wake_at(struct turn *turn, wall_ms at)
{
    if (at > turn->now && (turn->result->wake_at == 0 || at < turn->result->wake_at)) {
        turn->result->wake_at = at;
    }
}

bool planner_is_failure(const struct rollout_spec *spec, enum node_condition condition)
{
    return condition == NODE_FAILED || condition == NODE_LOST || condition == NODE_REGRESSED ||
           (condition == NODE_OFFLINE && strcmp(spec->offline, "fail") == 0);
}

void planner_wait_note(struct turn *turn, enum rollout_wait wait, const char *node)
{
    LAW(ENDS, wait < ROLLOUT_WAIT_COUNT);
    struct rollout_waiting *waiting = &turn->result->state.waits[wait];
    if (waiting->count++ == 0) {
        (void)text_copy(waiting->node, sizeof waiting->node, node);
    }
}

bool planner_is_gone_long(const struct turn *turn, const struct roster_node *node)
{
    return !node->is_present && node->absent_since != 0 &&
           turn->now >= node->absent_since + (wall_ms)turn->rollout->spec->lost_after_ms;
}

/* It got the release from this rollout, and fell silent after that. */
bool planner_is_changed_and_gone(const struct turn *turn, const struct roster_node *node)
{
    const struct rollout_spec *spec = turn->rollout->spec;
    const struct roster_app *app = roster_app_find(node, spec->app);
    return app != NULL && planner_is_ours(&app->order, spec) &&
           node->absent_since >= app->order.issued && planner_is_gone_long(turn, node) &&
           !planner_burst_has(turn, node);
}

/* As many of those without the release fell silent: then it is not the release. A rollout in one
 * piece has no soak in which it would matter. */
bool planner_has_vanished(const struct turn *turn, const uint64_t count[2], const uint64_t gone[2])
{
    return rollout_shape_is_staged(&turn->rollout->spec->shape) && gone[0] > 0 &&
           (gone[1] == 0 || gone[1] * count[0] < gone[0] * count[1]);
}

static bool vanished_judge(struct turn *turn)
{
    uint64_t count[2] = {0}; /* with the release, and without */
    uint64_t gone[2] = {0};
    for (size_t i = 0; i < turn->roster->node_count; i++) {
        const struct roster_node *node = roster_at(turn->roster, i);
        if (planner_is_meant(turn->rollout, node)) {
            bool is_done = planner_condition(turn->rollout, node, turn->now) == NODE_DONE;
            count[!is_done]++;
            gone[!is_done] += is_done ? planner_is_changed_and_gone(turn, node)
                                      : planner_is_gone_long(turn, node);
        }
    }
    return planner_has_vanished(turn, count, gone);
}

/* A node by itself, and beside the others: one that is done and gone has vanished. */
enum node_condition planner_condition_of(const struct turn *turn, const struct roster_node *node)
{
    enum node_condition condition = planner_condition(turn->rollout, node, turn->now);
    if (condition == NODE_LOST && planner_burst_has(turn, node)) {
        return NODE_OFFLINE;
    }
    bool is_vanished =
        condition == NODE_DONE && turn->has_vanished && planner_is_changed_and_gone(turn, node);
    return is_vanished && !rollout_is_skipped(turn->rollout->control, node->name) ? NODE_REGRESSED
                                                                                  : condition;
}

enum node_condition planner_crowd(const void *ctx, const struct roster_node *node)
{
    const struct turn *turn = ctx;
    return planner_is_meant(turn->rollout, node) ? planner_condition_of(turn, node)
                                                 : NODE_CONDITION_COUNT;
}

/* The first one by name is told, of those that nobody has accepted, where there is one. */
void planner_note_failure(struct turn *turn, const struct roster_node *node,
                          enum node_condition condition, bool is_new)
{
    LAW(HALT, planner_is_failure(turn->rollout->spec, condition));
    struct rollout_state *state = &turn->result->state;
    const struct roster_app *app = roster_app_find(node, turn->rollout->spec->app);
    if (state->failed_node[0] != '\0' && (!is_new || turn->has_new_failure)) {
        return;
    }
    turn->has_new_failure |= is_new;
    state->failed_outcome[0] = state->failed_reason[0] = '\0';
    (void)text_copy(state->failed_node, sizeof state->failed_node, node->name);
    const struct report_outcome *outcome = app != NULL ? roster_outcome(app, app->order.id) : NULL;
    if (condition == NODE_REGRESSED) {
        (void)text_copy(state->failed_outcome, sizeof state->failed_outcome, "regressed");
        (void)text_copy(state->failed_reason, sizeof state->failed_reason,
                        !node->is_present                                              ? "vanished"
                        : app != NULL && app->unserving_count >= PLANNER_UNSERVING_MAX ? "unsteady"
                        : app != NULL && app->restart_count >= PLANNER_UNSERVING_MAX
                            ? "restarts"
                            : "not-serving");
        return;
    }
    if (condition == NODE_LOST || outcome == NULL) {
        (void)text_copy(state->failed_outcome, sizeof state->failed_outcome,
                        condition == NODE_OFFLINE ? "offline" : "lost");
        return;
    }
    (void)text_copy(state->failed_outcome, sizeof state->failed_outcome,
                    outcome_word(outcome->kind));
    (void)text_copy(state->failed_reason, sizeof state->failed_reason, outcome->reason);
}

/* Every order without an answer will change something when its time is over: its node is then lost
 * to this rollout, and no longer counts as changing. */
void planner_wake_note(struct turn *turn, const struct roster_node *node)
{
    const struct rollout_spec *spec = turn->rollout->spec;
    if (node->absent_since != 0) {
        planner_wake_at(turn, node->absent_since + (wall_ms)spec->lost_after_ms);
    }
    planner_wake_at(turn, planner_word_until(node));
    struct roster_app app;
    for (size_t at = 0; roster_app_next(node, &at, &app);) {
        if (app.unserving_since != 0) {
            planner_wake_at(turn, app.unserving_since + PLANNER_DEGRADED_MS);
        }
        if (app.order.is_there && roster_outcome(&app, app.order.id) == NULL) {
            planner_wake_at(turn, planner_bound_until(&app.order));
            if (planner_is_ours(&app.order, spec)) {
                planner_wake_at(turn, planner_lost_at(&app.order, spec));
            }
        }
    }
}

/* The node's part in the wave it belongs to. */
static void wave_note(struct turn *turn, size_t index, const struct roster_node *node,
                      enum node_condition condition, bool is_new_failure)
{
    LAW(BUDGET, index < ROLLOUT_WAVES_MAX);
    struct rollout_wave_state *wave = &turn->result->state.waves[index];
    struct planner_wave *more = &turn->wave[index];
    bool is_failure = planner_is_failure(turn->rollout->spec, condition);
    wave->members++;
    wave->done += condition == NODE_DONE;
    wave->failed += is_failure;
    wave->changing += condition == NODE_CHANGING;
    more->pending += condition == NODE_PENDING;
    more->offline += condition == NODE_OFFLINE && !is_failure;
    more->gone += condition == NODE_OVERRIDDEN || condition == NODE_SKIPPED;
    more->bad += is_new_failure;
    if (more->node[0] == '\0' && condition != NODE_DONE) {
        (void)text_copy(more->node, sizeof more->node, node->name);
    }
    if (more->member[0] == '\0') {
        (void)text_copy(more->member, sizeof more->member, node->name);
    }
}

/* Into the sample; true for a failure that no operator has accepted yet. */
bool planner_sample_note(struct turn *turn, const struct roster_node *node,
                         enum node_condition condition, bool is_canary)
{
    const struct planner_rollout *rollout = turn->rollout;
    const struct rollout_control *control = rollout->control;
    const struct roster_app *app = roster_app_find(node, rollout->spec->app);
    bool is_ours = app != NULL && planner_is_ours(&app->order, rollout->spec);
    wall_ms issued = is_ours ? app->order.issued : 0;
    if (condition == NODE_DONE && is_ours) {
        failure_note_good(&turn->sample, control, issued);
    }
    if (!planner_is_failure(rollout->spec, condition) && condition != NODE_OVERRIDDEN) {
        return false;
    }
    enum rollout_class class = planner_class(rollout, node, condition);
    failure_note_bad(&turn->sample, rollout->spec, control, class, issued, is_canary);
    return failure_weight(rollout->spec, class) > 0 &&
           (control->resumed_at == 0 || issued > control->resumed_at);
}

static void node_count(struct turn *turn, const struct roster_node *node)
{
    LAW(BUDGET, planner_is_meant(turn->rollout, node));
    struct rollout_state *state = &turn->result->state;
    enum node_condition condition = planner_condition_of(turn, node);
    size_t wave = waves_of(&turn->waves, state, node);
    state->matched++;
    state->count[condition]++;
    bool is_new = planner_sample_note(turn, node, condition, wave == 0 && state->wave_first == 0);
    if (planner_is_failure(turn->rollout->spec, condition)) {
        planner_note_failure(turn, node, condition, is_new);
    }
    if (wave != WAVES_NONE) {
        wave_note(turn, wave, node, condition, is_new);
    }
    const struct roster_app *app = roster_app_find(node, turn->rollout->spec->app);
    turn->ordered += app != NULL && planner_is_ours(&app->order, turn->rollout->spec);
    /* Where this rollout waits longer than is usual, its node keeps its slot as long. */
    if (condition == NODE_CHANGING && !planner_node_is_changing(node, turn->now)) {
        turn->changing++;
    }
    if (condition == NODE_CHANGING) {
        planner_wait_note(turn, ROLLOUT_WAIT_CHANGING, node->name);
        if (state->current_count < ROLLOUT_CURRENT_MAX) {
            (void)text_copy(state->current[state->current_count++], NODE_NAME_BYTES, node->name);
        }
    } else if (condition == NODE_BUSY) {
        planner_wait_note(turn, planner_busy_wait(node, turn->now), node->name);
    } else if (condition == NODE_OFFLINE) {
        planner_wait_note(turn, ROLLOUT_WAIT_OFFLINE, node->name);
    }
}

/* What was counted in this turn, before a wave was opened in it. */
void planner_count_clear(struct turn *turn)
{
    LAW(BUDGET, turn->result->state.wave_count <= ROLLOUT_WAVES_MAX);
    struct rollout_state *state = &turn->result->state;
    memset(state->count, 0, sizeof state->count);
    memset(state->waits, 0, sizeof state->waits);
    memset(state->current, 0, sizeof state->current);
    memset(turn->wave, 0, sizeof turn->wave);
    state->matched = 0;
    state->current_count = 0;
    state->failed_node[0] = state->failed_outcome[0] = state->failed_reason[0] = '\0';
    turn->sample = (struct failure_sample){0};
    turn->ordered = 0;
    turn->has_new_failure = false;
    turn->changing = turn->others;
    for (size_t i = 0; i < state->wave_count; i++) {
        struct rollout_wave_state *wave = &state->waves[i];
        wave->members = wave->done = wave->failed = wave->changing = 0;
    }
}

void planner_count(struct turn *turn)
{
    planner_count_clear(turn);
    if (turn->tally != NULL) {
        planner_tally_count(turn);
        return;
    }
    turn->has_vanished =
        rollout_shape_is_staged(&turn->rollout->spec->shape) && vanished_judge(turn);
    for (size_t i = 0; i < turn->roster->node_count; i++) {
        const struct roster_node *node = roster_at(turn->roster, i);
        planner_wake_note(turn, node);
        if (planner_is_meant(turn->rollout, node)) {
            node_count(turn, node);
        }
    }
}
