/* planner_node: what a node is to a rollout, by what is retained about it. */
#include <string.h>

#include "platform/base/law.h"

#include "agent/fleet/planner_private.h"

static bool is_undo(const struct rollout_spec *spec)
{
    return spec->shape.undo[0] != '\0';
}

/* The order on the node's topic is this rollout's, for its release (not one that takes it back). An
 * undo brings whatever ran before: only what it takes away is not its own. */
bool planner_is_ours(const struct roster_order *order, const struct rollout_spec *spec)
{
    return order->is_there && strcmp(order->rollout, spec->id) == 0 &&
           digest_is_equal(&order->release, &spec->release) != is_undo(spec);
}

wall_ms planner_lost_at(const struct roster_order *order, const struct rollout_spec *spec)
{
    wall_ms begin =
        order->start_by != 0 ? order->start_by : order->issued + (wall_ms)spec->start_by_ms;
    return begin + (wall_ms)spec->lost_after_ms;
}

/* Until when an order without an answer binds its node, whoever wrote it. */
wall_ms planner_bound_until(const struct roster_order *order)
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
           now < planner_bound_until(order);
}

/* The node said that it took the order and has done more than wait. */
bool planner_is_begun(const struct roster_app *app)
{
    const struct roster_order *order = &app->order;
    return app->is_reported && strcmp(app->order_id, order->id) == 0 && app->is_order_open &&
           !app->is_order_waiting;
}

bool planner_is_revocable(const struct rollout_spec *spec, const struct roster_node *node)
{
    const struct roster_app *app = roster_app_find(node, spec->app);
    return app != NULL && planner_is_ours(&app->order, spec) &&
           roster_outcome(app, app->order.id) == NULL && !planner_is_begun(app);
}

/* An undo brings what the order on the topic names beside the release that it takes away: as the
 * one before, until its own order lies there, and as the one before where that was taken back. */
const struct digest *planner_release(const struct rollout_spec *spec, const struct roster_app *app)
{
    static const struct digest none;
    if (!is_undo(spec)) {
        return &spec->release;
    }
    if (app == NULL) {
        return &none;
    }
    return digest_is_equal(&app->order.release, &spec->release) ? &app->order.before
                                                                : &app->order.release;
}

/* A node that this rollout has changed, and that reports what it was changed to. Whether it serves
 * is asked of those that are there: of one that is gone the last word may be long past. */
static enum node_condition proven(const struct roster_node *node, const struct roster_app *app,
                                  wall_ms now)
{
    if (!node->is_present) {
        return NODE_DONE;
    }
    if (app->unserving_count >= PLANNER_UNSERVING_MAX ||
        app->restart_count >= PLANNER_UNSERVING_MAX) {
        return NODE_REGRESSED;
    }
    if (app->is_serving || app->unserving_since == 0) {
        return NODE_DONE;
    }
    return now < app->unserving_since + PLANNER_DEGRADED_MS ? NODE_CHANGING : NODE_REGRESSED;
}

static bool is_at(const struct roster_app *app, const struct rollout_spec *spec)
{
    return digest_is_equal(&app->committed, planner_release(spec, app)) && !app->is_changing;
}

static enum node_condition answered(const struct rollout_spec *spec, const struct roster_node *node,
                                    const struct roster_app *app,
                                    const struct report_outcome *outcome, wall_ms now)
{
    struct failure_kind kind = failure_of(outcome);
    if (outcome->kind == OUTCOME_SUCCEEDED) {
        return digest_is_equal(&app->committed, planner_release(spec, app)) ? proven(node, app, now)
                                                                            : NODE_OVERRIDDEN;
    }
    if (outcome->kind == OUTCOME_OVERRIDDEN) {
        return NODE_OVERRIDDEN;
    }
    /* A second order, or a hand at the node, may have brought it there after all. */
    if (is_at(app, spec)) {
        return NODE_DONE;
    }
    return kind.is_not_begun ? NODE_PENDING : NODE_FAILED;
}

static enum node_condition ordered(const struct rollout_spec *spec, const struct roster_node *node,
                                   const struct roster_app *app, wall_ms now)
{
    const struct report_outcome *outcome = roster_outcome(app, app->order.id);
    if (outcome != NULL) {
        return answered(spec, node, app, outcome, now);
    }
    if (now >= planner_lost_at(&app->order, spec)) {
        return is_at(app, spec) ? NODE_DONE : NODE_LOST;
    }
    return NODE_CHANGING;
}

enum rollout_class planner_class(const struct planner_rollout *rollout,
                                 const struct roster_node *node, enum node_condition condition)
{
    LAW(HALT, planner_is_failure(rollout->spec, condition) || condition == NODE_OVERRIDDEN);
    const struct roster_app *app = roster_app_find(node, rollout->spec->app);
    const struct report_outcome *outcome = app != NULL ? roster_outcome(app, app->order.id) : NULL;
    if (condition == NODE_REGRESSED) {
        return ROLLOUT_CLASS_REGRESSED;
    }
    if (condition == NODE_OVERRIDDEN) {
        return ROLLOUT_CLASS_OVERRIDDEN;
    }
    return condition == NODE_FAILED && outcome != NULL ? failure_of(outcome).class
                                                       : ROLLOUT_CLASS_LOST;
}

/* An operator asked for it again after this order failed. */
static bool is_retried(const struct rollout_control *control, const struct roster_node *node,
                       const struct roster_order *order)
{
    for (size_t i = 0; i < control->retried_count; i++) {
        const struct rollout_retry *retry = &control->retried[i];
        if (order->issued <= retry->before &&
            (retry->node[0] == '\0' || strcmp(retry->node, node->name) == 0)) {
            return true;
        }
    }
    return false;
}

/* A failure that is tried again is none: the node waits for its next order. */
static enum node_condition tried(const struct planner_rollout *rollout,
                                 const struct roster_node *node, const struct roster_app *app,
                                 enum node_condition condition)
{
    if (condition != NODE_FAILED && condition != NODE_LOST) {
        return condition;
    }
    enum rollout_class class = planner_class(rollout, node, condition);
    bool is_again = is_retried(rollout->control, node, &app->order) ||
                    failure_try(app->order.id) < failure_retries(rollout->spec, class);
    return is_again ? NODE_PENDING : condition;
}

/* Who has no order of this rollout that counts. */
static enum node_condition unordered(const struct planner_rollout *rollout,
                                     const struct roster_node *node, const struct roster_app *app,
                                     wall_ms now)
{
    const struct rollout_spec *spec = rollout->spec;
    if (app != NULL && app->is_reported) {
        bool is_there = !is_undo(spec) && is_at(app, spec);
        if (app->is_overridden && !is_there && !spec->force) {
            return NODE_OVERRIDDEN;
        }
        if (is_there && !is_outstanding(app, now)) {
            return NODE_DONE;
        }
    }
    /* What a node that is gone said of itself last holds nobody up; an order of somebody does. No
     * order goes to a node on which any app has an order or changes. */
    return planner_node_is_busy(node, now)         ? NODE_BUSY
           : node->is_present && node->is_reported ? NODE_PENDING
                                                   : NODE_OFFLINE;
}

enum node_condition planner_condition(const struct planner_rollout *rollout,
                                      const struct roster_node *node, wall_ms now)
{
    const struct rollout_spec *spec = rollout->spec;
    const struct roster_app *app = roster_app_find(node, spec->app);
    enum node_condition condition = NODE_PENDING;
    if (app != NULL && planner_is_ours(&app->order, spec)) {
        condition = tried(rollout, node, app, ordered(spec, node, app, now));
        if (condition == NODE_PENDING && !(node->is_present && node->is_reported)) {
            condition = NODE_OFFLINE;
        }
    } else {
        condition = unordered(rollout, node, app, now);
    }
    if (condition != NODE_DONE && condition != NODE_CHANGING &&
        rollout_is_skipped(rollout->control, node->name)) {
        return NODE_SKIPPED;
    }
    return condition;
}

bool planner_is_meant(const struct planner_rollout *rollout, const struct roster_node *node)
{
    const struct rollout_spec *spec = rollout->spec;
    if (rollout->selector != NULL && !roster_matches(node, rollout->selector)) {
        return false;
    }
    if (!is_undo(spec)) {
        return true;
    }
    const struct roster_app *app = roster_app_find(node, spec->app);
    if (app == NULL || !app->order.is_there) {
        return false;
    }
    /* Who runs what that rollout brought, knows what was before, and got nothing newer. */
    bool is_brought = strcmp(app->order.rollout, spec->shape.undo) == 0 &&
                      digest_is_equal(&app->order.release, &spec->release) &&
                      digest_is_equal(&app->committed, &spec->release);
    return (is_brought && !digest_is_none(&app->order.before) &&
            !digest_is_equal(&app->order.before, &spec->release)) ||
           strcmp(app->order.rollout, spec->id) == 0;
}

wall_ms planner_word_until(const struct roster_node *node)
{
    bool is_changing = false;
    struct roster_app app;
    for (size_t at = 0; !is_changing && roster_app_next(node, &at, &app);) {
        is_changing = app.is_changing;
    }
    return is_changing && node->is_present
               ? ((wall_ms)node->changing_since_s - node->changing_s) * 1000 + PLANNER_WORD_MS
               : 0;
}

static bool has_outstanding(const struct roster_node *node, wall_ms now)
{
    bool is_there = false;
    struct roster_app app;
    for (size_t at = 0; !is_there && roster_app_next(node, &at, &app);) {
        is_there = is_outstanding(&app, now);
    }
    return is_there;
}

bool planner_node_is_busy(const struct roster_node *node, wall_ms now)
{
    return has_outstanding(node, now) || planner_word_until(node) != 0;
}

bool planner_node_is_changing(const struct roster_node *node, wall_ms now)
{
    return has_outstanding(node, now) || now < planner_word_until(node);
}

enum rollout_wait planner_busy_wait(const struct roster_node *node, wall_ms now)
{
    return planner_node_is_changing(node, now) ? ROLLOUT_WAIT_BUSY : ROLLOUT_WAIT_STUCK;
}

uint32_t planner_changing(const struct roster *roster, wall_ms now)
{
    uint32_t changing = 0;
    for (size_t i = 0; i < roster->node_count; i++) {
        changing += planner_node_is_changing(roster_at(roster, i), now);
    }
    return changing;
}
