/* planner: what each node is to the rollout, what that makes the rollout, and who is next. */
#include "agent/fleet/planner.h"

#include <stdio.h>
#include <string.h>

/* -- what a node is --------------------------------------------------------------------------- */

/* The order on the node's topic is this rollout's, for its release (not one that takes it back). */
static bool is_ours(const struct roster_order *order, const struct rollout_spec *spec)
{
    return order->is_there && strcmp(order->rollout, spec->id) == 0 &&
           digest_is_equal(&order->release, &spec->release);
}

static wall_ms lost_at(const struct roster_order *order, const struct rollout_spec *spec)
{
    wall_ms begin =
        order->start_by != 0 ? order->start_by : order->issued + (wall_ms)spec->start_by_ms;
    return begin + (wall_ms)spec->lost_after_ms;
}

/* Until when an order without an answer binds its node, whoever wrote it. */
static wall_ms bound_until(const struct roster_order *order)
{
    wall_ms begin =
        order->start_by != 0 ? order->start_by : order->issued + ROLLOUT_START_BY_MS_DEFAULT;
    return begin + ROLLOUT_LOST_AFTER_MS_DEFAULT;
}

/* An order without an answer still binds the node, until its time is over. */
static bool is_outstanding(const struct roster_app *app, wall_ms now)
{
    const struct roster_order *order = &app->order;
    bool is_past =
        app->is_reported && (app->order_epoch > order->epoch ||
                             (app->order_epoch == order->epoch && app->order_gen > order->gen));
    return order->is_there && !order->hold && roster_outcome(app, order->id) == NULL && !is_past &&
           now < bound_until(order);
}

/* The node said that it took the order and has done more than wait. */
static bool is_begun(const struct roster_app *app)
{
    const struct roster_order *order = &app->order;
    return app->is_reported && strcmp(app->order_id, order->id) == 0 && app->is_order_open &&
           !app->is_order_waiting;
}

/* A node that this rollout has changed, and that reports what it was changed to. Whether it serves
 * is asked of those that are there: of one that is gone the last word may be long past. */
static enum node_condition proven(const struct roster_node *node, const struct roster_app *app,
                                  wall_ms now)
{
    if (app->is_serving || app->unserving_since == 0 || !node->is_present) {
        return NODE_DONE;
    }
    return now < app->unserving_since + PLANNER_DEGRADED_MS ? NODE_CHANGING : NODE_REGRESSED;
}

static enum node_condition answered(const struct rollout_spec *spec, const struct roster_node *node,
                                    const struct roster_app *app,
                                    const struct report_outcome *outcome, wall_ms now)
{
    switch (outcome->kind) {
    case OUTCOME_SUCCEEDED:
        return digest_is_equal(&app->committed, &spec->release) ? proven(node, app, now)
                                                                : NODE_OVERRIDDEN;
    case OUTCOME_OVERRIDDEN:
        return NODE_OVERRIDDEN;
    case OUTCOME_FAILED:
    case OUTCOME_INCONCLUSIVE:
    case OUTCOME_REFUSED:
    case OUTCOME_EXPIRED:
    case OUTCOME_REPLACED:
    case OUTCOME_NONE:
    case OUTCOME_KIND_COUNT:
        break;
    }
    /* A second order, or a hand at the node, may have brought it there after all. */
    return digest_is_equal(&app->committed, &spec->release) && !app->is_changing ? NODE_DONE
                                                                                 : NODE_FAILED;
}

static enum node_condition ordered(const struct rollout_spec *spec, const struct roster_node *node,
                                   const struct roster_app *app, wall_ms now)
{
    const struct report_outcome *outcome = roster_outcome(app, app->order.id);
    if (outcome != NULL) {
        return answered(spec, node, app, outcome, now);
    }
    bool is_there = digest_is_equal(&app->committed, &spec->release) && !app->is_changing;
    if (now >= lost_at(&app->order, spec)) {
        return is_there ? NODE_DONE : NODE_LOST;
    }
    return NODE_CHANGING;
}

enum node_condition planner_condition(const struct planner_rollout *rollout,
                                      const struct roster_node *node, wall_ms now)
{
    const struct rollout_spec *spec = rollout->spec;
    const struct roster_app *app = roster_app_find(node, spec->app);
    if (app != NULL && is_ours(&app->order, spec)) {
        return ordered(spec, node, app, now);
    }
    if (app != NULL && app->is_reported) {
        bool is_there = digest_is_equal(&app->committed, &spec->release) && !app->is_changing;
        if (app->is_overridden && !is_there && !spec->force) {
            return NODE_OVERRIDDEN;
        }
        if (is_there && !is_outstanding(app, now)) {
            return NODE_DONE;
        }
    }
    /* What a node that is gone said of itself last holds nobody up; an order of somebody does. */
    if (app != NULL && (is_outstanding(app, now) || (app->is_changing && node->is_present))) {
        return NODE_BUSY;
    }
    return node->is_present && node->is_reported ? NODE_PENDING : NODE_OFFLINE;
}

static bool node_is_changing(const struct roster_node *node, wall_ms now)
{
    bool is_changing = false;
    for (const struct roster_app *app = node->first_app; app != NULL; app = app->next) {
        is_changing |= is_outstanding(app, now) || (app->is_changing && node->is_present);
    }
    return is_changing;
}

uint32_t planner_changing(const struct roster *roster, wall_ms now)
{
    uint32_t changing = 0;
    for (size_t i = 0; i < roster->node_count; i++) {
        changing += node_is_changing(roster->nodes[i], now);
    }
    return changing;
}

/* -- what the rollout is ---------------------------------------------------------------------- */

struct turn {
    const struct planner_rollout *rollout;
    const struct roster *roster;
    wall_ms now;
    struct planner_result *result;
    uint32_t changing; /* of the whole fleet */
    bool may_order;
};

static void note_failure(struct turn *turn, const struct roster_node *node,
                         enum node_condition condition)
{
    struct rollout_state *state = &turn->result->state;
    const struct roster_app *app = roster_app_find(node, turn->rollout->spec->app);
    if (state->failed_node[0] != '\0') {
        return;
    }
    memcpy(state->failed_node, node->name, sizeof state->failed_node);
    const struct report_outcome *outcome = app != NULL ? roster_outcome(app, app->order.id) : NULL;
    if (condition == NODE_REGRESSED) {
        (void)text_copy(state->failed_outcome, sizeof state->failed_outcome, "regressed");
        (void)text_copy(state->failed_reason, sizeof state->failed_reason, "not-serving");
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

static bool is_failure(const struct turn *turn, enum node_condition condition)
{
    return condition == NODE_FAILED || condition == NODE_LOST || condition == NODE_REGRESSED ||
           (condition == NODE_OFFLINE && strcmp(turn->rollout->spec->offline, "fail") == 0);
}

static void wake_at(struct turn *turn, wall_ms at)
{
    if (at > turn->now && (turn->result->wake_at == 0 || at < turn->result->wake_at)) {
        turn->result->wake_at = at;
    }
}

/* Every order without an answer will change something when its time is over: its node is then lost
 * to this rollout, and no longer counts as changing. */
static void wake_note(struct turn *turn, const struct roster_node *node)
{
    for (const struct roster_app *app = node->first_app; app != NULL; app = app->next) {
        if (app->unserving_since != 0) {
            wake_at(turn, app->unserving_since + PLANNER_DEGRADED_MS);
        }
        if (app->order.is_there && roster_outcome(app, app->order.id) == NULL) {
            wake_at(turn, bound_until(&app->order));
            if (is_ours(&app->order, turn->rollout->spec)) {
                wake_at(turn, lost_at(&app->order, turn->rollout->spec));
            }
        }
    }
}

static void count_nodes(struct turn *turn)
{
    struct rollout_state *state = &turn->result->state;
    for (size_t i = 0; i < turn->roster->node_count; i++) {
        const struct roster_node *node = turn->roster->nodes[i];
        wake_note(turn, node);
        if (!roster_matches(node, turn->rollout->selector)) {
            continue;
        }
        enum node_condition condition = planner_condition(turn->rollout, node, turn->now);
        state->matched++;
        state->count[condition]++;
        if (is_failure(turn, condition)) {
            note_failure(turn, node, condition);
        }
        /* Where this rollout waits longer than is usual, its node keeps its slot as long. */
        if (condition == NODE_CHANGING && !node_is_changing(node, turn->now)) {
            turn->changing++;
        }
        if (condition == NODE_CHANGING && state->current_count < ROLLOUT_CURRENT_MAX) {
            memcpy(state->current[state->current_count++], node->name, NODE_NAME_BYTES);
        }
    }
}

static uint32_t failures(const struct turn *turn)
{
    const uint32_t *count = turn->result->state.count;
    bool is_offline_failure = strcmp(turn->rollout->spec->offline, "fail") == 0;
    return count[NODE_FAILED] + count[NODE_LOST] + count[NODE_REGRESSED] +
           (is_offline_failure ? count[NODE_OFFLINE] : 0);
}

static void wait_for(struct turn *turn, enum rollout_phase phase, const char *text)
{
    struct rollout_state *state = &turn->result->state;
    state->phase = phase;
    (void)snprintf(state->waiting, sizeof state->waiting, "%s", text);
}

static void decide_running(struct turn *turn)
{
    struct rollout_state *state = &turn->result->state;
    const uint32_t *count = state->count;
    char text[ROLLOUT_TEXT_BYTES];
    uint32_t settled = count[NODE_DONE] + count[NODE_OVERRIDDEN] + count[NODE_FAILED] +
                       count[NODE_LOST] + count[NODE_REGRESSED];
    bool must_wait = count[NODE_OFFLINE] > 0 && strcmp(turn->rollout->spec->offline, "wait") == 0;
    if (state->matched == 0) {
        wait_for(turn, ROLLOUT_RUNNING, "a node that the selector matches");
    } else if (settled == state->matched && turn->roster->is_short) {
        (void)snprintf(text, sizeof text,
                       "memory: %zu nodes are known, and there was no room for %s and perhaps more",
                       turn->roster->node_count, turn->roster->short_of);
        wait_for(turn, ROLLOUT_RUNNING, text);
    } else if (settled == state->matched) {
        state->phase = count[NODE_DONE] == settled ? ROLLOUT_SUCCEEDED : ROLLOUT_FINISHED;
    } else if (count[NODE_CHANGING] > 0) {
        (void)snprintf(text, sizeof text, "%s%s to be proven", state->current[0],
                       count[NODE_CHANGING] > 1 ? " and others" : "");
        wait_for(turn, ROLLOUT_RUNNING, text);
    } else if (must_wait ||
               (count[NODE_OFFLINE] > 0 && count[NODE_PENDING] == 0 && count[NODE_BUSY] == 0)) {
        (void)snprintf(text, sizeof text, "%u offline node%s to come back", count[NODE_OFFLINE],
                       count[NODE_OFFLINE] == 1 ? "" : "s");
        wait_for(turn, ROLLOUT_RUNNING, text);
    } else {
        wait_for(turn, ROLLOUT_RUNNING,
                 turn->changing > 0 ? "another change in the fleet to end" : "");
    }
    turn->may_order = state->phase == ROLLOUT_RUNNING && !must_wait;
}

/* An order of this rollout that its node has not begun, as far as is known. */
static bool is_revocable(const struct turn *turn, const struct roster_node *node)
{
    const struct rollout_spec *spec = turn->rollout->spec;
    const struct roster_app *app = roster_app_find(node, spec->app);
    return app != NULL && is_ours(&app->order, spec) &&
           roster_outcome(app, app->order.id) == NULL && !is_begun(app);
}

/* Nothing of it changes any more, and nothing lies on a topic that a node could still begin. */
static bool is_over(const struct turn *turn)
{
    bool has_revocable = false;
    for (size_t i = 0; i < turn->roster->node_count; i++) {
        has_revocable |= is_revocable(turn, turn->roster->nodes[i]);
    }
    return turn->result->state.count[NODE_CHANGING] == 0 && !has_revocable;
}

static void decide(struct turn *turn)
{
    const struct rollout_control *control = turn->rollout->control;
    struct rollout_state *state = &turn->result->state;
    char text[ROLLOUT_TEXT_BYTES];
    if (strcmp(control->want, "abort") == 0) {
        bool is_end = is_over(turn);
        wait_for(turn, is_end ? ROLLOUT_ABORTED : ROLLOUT_ABORTING,
                 is_end ? "" : "what has begun to come to its end");
    } else if (turn->rollout->is_superseded) {
        bool is_end = is_over(turn);
        wait_for(turn, is_end ? ROLLOUT_SUPERSEDED : ROLLOUT_ABORTING,
                 is_end ? "" : "what has begun to come to its end; a later rollout follows");
    } else if (failures(turn) > control->accepted) {
        (void)snprintf(text, sizeof text, "someone to resume or abort it: %s %s%s%s%s",
                       state->failed_node, state->failed_outcome,
                       state->failed_reason[0] != '\0' ? " (" : "", state->failed_reason,
                       state->failed_reason[0] != '\0' ? ")" : "");
        wait_for(turn, ROLLOUT_PAUSED, text);
    } else if (strcmp(control->want, "pause") == 0) {
        wait_for(turn, ROLLOUT_PAUSED, "someone to resume it");
    } else {
        decide_running(turn);
    }
}

/* -- who is next ------------------------------------------------------------------------------ */

static void order_add(struct turn *turn, size_t node, struct digest release, struct digest before,
                      bool is_taken_back)
{
    struct planner_result *result = turn->result;
    if (result->order_count < PLANNER_ORDERS_MAX) {
        result->orders[result->order_count++] = (struct planner_order){
            .node = (uint32_t)node,
            .release = release,
            .before = before,
            .is_taken_back = is_taken_back,
        };
    }
}

/* Orders that their nodes have not begun are taken back: each gets what it ran before. A pause
 * leaves those of lost nodes: they are why it stopped, and their time to begin is over. */
static void take_back(struct turn *turn)
{
    const struct rollout_spec *spec = turn->rollout->spec;
    bool is_pause = turn->result->state.phase == ROLLOUT_PAUSED;
    for (size_t i = 0; i < turn->roster->node_count; i++) {
        const struct roster_node *node = turn->roster->nodes[i];
        const struct roster_app *app = roster_app_find(node, spec->app);
        if (is_revocable(turn, node) && !(is_pause && turn->now >= lost_at(&app->order, spec))) {
            order_add(turn, i, app->order.before, app->order.before, true);
        }
    }
}

static void order_next(struct turn *turn)
{
    const struct rollout_spec *spec = turn->rollout->spec;
    uint32_t free =
        turn->changing < spec->max_unavailable ? spec->max_unavailable - turn->changing : 0;
    for (size_t i = 0; i < turn->roster->node_count && free > 0; i++) {
        const struct roster_node *node = turn->roster->nodes[i];
        if (!roster_matches(node, turn->rollout->selector) ||
            planner_condition(turn->rollout, node, turn->now) != NODE_PENDING) {
            continue;
        }
        const struct roster_app *app = roster_app_find(node, spec->app);
        struct digest before = app != NULL ? app->committed : (struct digest){0};
        order_add(turn, i, spec->release, before, false);
        free--;
    }
}

void planner_step(const struct planner_rollout *rollout, const struct roster *roster,
                  uint32_t changing, wall_ms now, struct planner_result *result)
{
    struct turn turn = {
        .rollout = rollout, .roster = roster, .now = now, .result = result, .changing = changing};
    memset(result, 0, sizeof *result);
    memcpy(result->state.id, rollout->spec->id, sizeof result->state.id);
    count_nodes(&turn);
    decide(&turn);
    if (turn.may_order) {
        order_next(&turn);
    } else if (result->state.phase == ROLLOUT_PAUSED || result->state.phase == ROLLOUT_ABORTING) {
        take_back(&turn);
    }
}
