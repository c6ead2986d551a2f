/* planner_order: who is next, whose order is taken back, and who goes back. */
#include <string.h>

#include "platform/base/law.h"

#include "agent/fleet/planner_private.h"

static void order_add(struct turn *turn, const struct planner_order *order)
{
    LAW(BUDGET, order->node < turn->roster->node_count);
    LAW(BUDGET, turn->result->order_count <= PLANNER_ORDERS_MAX);
    struct planner_result *result = turn->result;
    if (result->order_count < PLANNER_ORDERS_MAX) {
        result->orders[result->order_count++] = *order;
    }
}

/* Orders that their nodes have not begun are taken back: each gets what it ran before. A pause
 * leaves those of lost nodes: they are why it stopped, and their time to begin is over. An abort
 * takes these back too, and their time stays over: they gave up their slots, and what such a node
 * did unseen stays done. */
void planner_take_back(struct turn *turn)
{
    LAW(HALT, turn->result->order_count <= PLANNER_ORDERS_MAX);
    const struct rollout_spec *spec = turn->rollout->spec;
    bool is_pause = turn->result->state.phase == ROLLOUT_PAUSED;
    bool is_undo = spec->shape.undo[0] != '\0';
    for (size_t i = planner_walk(turn, PLANNER_REVOCABLE, 0); i != SIZE_MAX;
         i = planner_walk(turn, PLANNER_REVOCABLE, i + 1)) {
        const struct roster_node *node = roster_at(turn->roster, i);
        const struct roster_app *app = roster_app_find(node, spec->app);
        bool is_lost = turn->now >= planner_lost_at(&app->order, spec);
        if (!(is_pause && is_lost)) {
            struct planner_order order = {.node = (uint32_t)i,
                                          .release = app->order.before,
                                          .before =
                                              is_undo ? app->order.release : app->order.before,
                                          .is_taken_back = true,
                                          .start_by = is_lost ? app->order.start_by : 0};
            order_add(turn, &order);
        }
    }
}

/* -- within the budgets ----------------------------------------------------------------------- */

struct budgets_node planner_budgets_node(const struct turn *turn, const struct roster_node *node)
{
    bool is_changing = planner_node_is_changing(node, turn->now);
    if (is_changing || !planner_is_meant(turn->rollout, node)) {
        return (struct budgets_node){.is_changing = is_changing, .holds_slot = is_changing};
    }
    /* Where this rollout waits longer than is usual, its node keeps its places as long. */
    enum node_condition condition = planner_condition(turn->rollout, node, turn->now);
    is_changing = condition == NODE_CHANGING;
    return (struct budgets_node){.is_changing = is_changing,
                                 .holds_slot = is_changing || condition == NODE_LOST};
}

/* With what this very plan orders. */
static struct budgets_node budgets_of(const void *ctx, const struct roster_node *node)
{
    const struct turn *turn = ctx;
    const struct planner_result *result = turn->result;
    for (size_t i = 0; i < result->order_count; i++) {
        if (roster_at(turn->roster, result->orders[i].node) == node) {
            return (struct budgets_node){.is_changing = true, .holds_slot = true};
        }
    }
    return planner_budgets_node(turn, node);
}

static void budgets_begin(struct turn *turn)
{
    const struct rollout_state *state = &turn->result->state;
    turn->budgets.sums = (struct budgets_sums){.ctx = NULL};
    if (turn->tally != NULL) {
        planner_tally_budgets(turn);
    }
    turn->budgets.spec = turn->rollout->spec;
    turn->budgets.roster = turn->roster;
    turn->budgets.ask = budgets_of;
    turn->budgets.ctx = turn;
    turn->budgets.now = turn->now;
    budgets_init(&turn->budgets, state->matched, turn->changing, state->count[NODE_DONE],
                 turn->ordered);
}

/* What for this node waits; false when all others wait for the same. */
static bool may_go_on(struct turn *turn, enum rollout_wait wait, const struct roster_node *node)
{
    planner_wait_note(turn, wait, node->name);
    if (wait == ROLLOUT_WAIT_RATE) {
        planner_wake_at(turn, turn->budgets.rate_at);
    }
    return wait != ROLLOUT_WAIT_BUDGET && wait != ROLLOUT_WAIT_RATE;
}

bool planner_is_next(const struct turn *turn, const struct roster_node *node)
{
    return planner_is_meant(turn->rollout, node) &&
           planner_condition(turn->rollout, node, turn->now) == NODE_PENDING &&
           (!rollout_shape_is_staged(&turn->rollout->spec->shape) ||
            waves_of(&turn->waves, &turn->result->state, node) != WAVES_NONE);
}

void planner_order_next(struct turn *turn)
{
    const struct rollout_spec *spec = turn->rollout->spec;
    budgets_begin(turn);
    for (size_t i = planner_walk(turn, PLANNER_NEXT, 0); i != SIZE_MAX;
         i = planner_walk(turn, PLANNER_NEXT, i + 1)) {
        const struct roster_node *node = roster_at(turn->roster, i);
        enum rollout_wait wait = budgets_ask(&turn->budgets, node);
        if (wait != ROLLOUT_WAIT_COUNT || turn->result->order_count == PLANNER_ORDERS_MAX) {
            if (wait == ROLLOUT_WAIT_COUNT || !may_go_on(turn, wait, node)) {
                return;
            }
            continue;
        }
        const struct roster_app *app = roster_app_find(node, spec->app);
        struct digest before = app != NULL ? app->committed : (struct digest){0};
        budgets_take(&turn->budgets, node);
        order_add(turn, &(struct planner_order){
                            .node = (uint32_t)i,
                            .release = *planner_release(spec, app),
                            .before = before,
                        });
    }
}

/* Runs what this rollout brought, proven, and is known to have run something else before. */
static bool can_go_back(const struct rollout_spec *spec, const struct roster_app *app)
{
    return app != NULL && planner_is_ours(&app->order, spec) &&
           digest_is_equal(&app->committed, &app->order.release) && !app->is_changing &&
           !digest_is_none(&app->order.before) &&
           !digest_is_equal(&app->order.before, &app->order.release);
}

/* It was lost, its order was taken back when nobody could begin it any more, and now it says that
 * it had brought the release all the same. */
static bool is_unseen(const struct rollout_spec *spec, const struct roster_app *app)
{
    const struct report_outcome *outcome = app != NULL ? roster_outcome(app, app->order.id) : NULL;
    return outcome != NULL && outcome->kind == OUTCOME_EXPIRED && spec->shape.undo[0] == '\0' &&
           strcmp(app->order.rollout, spec->id) == 0 && app->order.start_by != 0 &&
           digest_is_equal(&app->committed, &spec->release) && !app->is_changing &&
           !digest_is_none(&app->order.release) &&
           !digest_is_equal(&app->order.release, &spec->release);
}

bool planner_is_back(const struct turn *turn, const struct roster_node *node)
{
    const struct rollout_spec *spec = turn->rollout->spec;
    const struct roster_app *app = roster_app_find(node, spec->app);
    bool is_open = app != NULL && planner_is_ours(&app->order, spec) &&
                   roster_outcome(app, app->order.id) == NULL;
    return (can_go_back(spec, app) || is_unseen(spec, app)) && !is_open &&
           planner_is_meant(turn->rollout, node);
}

size_t planner_walk(const struct turn *turn, enum planner_set set, size_t from)
{
    LAW(BUDGET, set < PLANNER_SETS);
    if (turn->tally != NULL) {
        return planner_tally_walk(turn->tally, set, from);
    }
    for (size_t i = from; i < turn->roster->node_count; i++) {
        const struct roster_node *node = roster_at(turn->roster, i);
        bool is_in = set == PLANNER_NEXT        ? planner_is_next(turn, node)
                     : set == PLANNER_REVOCABLE ? planner_is_revocable(turn->rollout->spec, node)
                                                : planner_is_back(turn, node);
        if (is_in) {
            return i;
        }
    }
    return SIZE_MAX;
}

size_t planner_go_back(struct turn *turn)
{
    const struct rollout_spec *spec = turn->rollout->spec;
    size_t left = 0;
    budgets_begin(turn);
    for (size_t i = planner_walk(turn, PLANNER_BACK, 0); i != SIZE_MAX;
         i = planner_walk(turn, PLANNER_BACK, i + 1)) {
        const struct roster_node *node = roster_at(turn->roster, i);
        const struct roster_app *app = roster_app_find(node, spec->app);
        bool is_late = is_unseen(spec, app);
        left++;
        if (!node->is_present || planner_node_is_busy(node, turn->now)) {
            planner_wait_note(
                turn, node->is_present ? planner_busy_wait(node, turn->now) : ROLLOUT_WAIT_OFFLINE,
                node->name);
            continue;
        }
        enum rollout_wait wait = budgets_ask(&turn->budgets, node);
        if (wait == ROLLOUT_WAIT_COUNT && turn->result->order_count < PLANNER_ORDERS_MAX) {
            budgets_take(&turn->budgets, node);
            order_add(turn, &(struct planner_order){
                                .node = (uint32_t)i,
                                .release = is_late ? app->order.release : app->order.before,
                                .before = is_late ? app->committed : app->order.release,
                                .is_taken_back = true,
                            });
        } else {
            planner_wait_note(turn, wait == ROLLOUT_WAIT_COUNT ? ROLLOUT_WAIT_BUDGET : wait,
                              node->name);
        }
    }
    return left;
}
