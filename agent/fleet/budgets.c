/* budgets: what is held, bit by bit; where a bit is set, all nodes are looked at for the truth. */
#include "agent/fleet/budgets.h"

#include <string.h>

#include "platform/base/law.h"

#define MINUTE_MS 60000

/* -- values ----------------------------------------------------------------------------------- */

static size_t bit_of(size_t label, const char *value)
{
    uint32_t hash = 2166136261u + (uint32_t)label;
    for (; *value != '\0'; value++) {
        hash = (hash ^ (unsigned char)*value) * 16777619u;
    }
    return (hash ^ (hash >> 16)) % BUDGETS_BITS;
}

static void bit_set(uint8_t *bits, size_t bit)
{
    LAW(BOUNDED, bit < BUDGETS_BITS);
    bits[bit / 8] = (uint8_t)(bits[bit / 8] | 1u << bit % 8);
}

static bool bit_is_set(const uint8_t *bits, size_t bit)
{
    LAW(BOUNDED, bit < BUDGETS_BITS);
    return (bits[bit / 8] >> bit % 8 & 1) != 0;
}

/* Nodes without the label: each a group of its own (NULL), or all of them one. */
const char *budgets_group(const struct rollout_spec *spec, size_t label,
                          const struct roster_node *node)
{
    LAW(BUDGET, label < spec->shape.group_count);
    const char *value = roster_label(node, spec->shape.group_by[label]);
    bool is_together = strcmp(spec->shape.group_missing, "together") == 0;
    return value == NULL && is_together ? "" : value;
}

/* It can be relied upon while its peer changes. */
bool budgets_is_serving(const struct roster_node *node)
{
    bool is_serving = node->is_present && node->is_reported;
    struct roster_app app;
    for (size_t at = 0; is_serving && roster_app_next(node, &at, &app);) {
        is_serving = !app.is_reported || app.is_serving;
    }
    return is_serving;
}

static bool is_steady(const struct budgets *budgets, const struct roster_node *node)
{
    return budgets_is_serving(node) && !budgets->ask(budgets->ctx, node).is_changing;
}

static void groups_hold(struct budgets *budgets, const struct roster_node *node)
{
    const struct rollout_shape *shape = &budgets->spec->shape;
    for (size_t i = 0; i < shape->group_count; i++) {
        const char *value = budgets_group(budgets->spec, i, node);
        if (value != NULL) {
            bit_set(budgets->held, bit_of(i, value));
        }
    }
}

static void peers_trouble(struct budgets *budgets, const struct roster_node *node)
{
    const char *value = roster_label(node, budgets->spec->shape.peers);
    if (value != NULL) {
        bit_set(budgets->troubled, bit_of(0, value));
    }
}

/* -- the rate --------------------------------------------------------------------------------- */

/* base x factor^(steps), at most the ramp's most. */
static uint32_t ramp_rate(const struct rollout_ramp *ramp, uint32_t reached)
{
    LAW(BUDGET, ramp->every > 0);
    uint64_t rate = (uint64_t)ramp->base * 1000;
    uint64_t most = (uint64_t)ramp->most * 1000;
    for (uint32_t step = reached / ramp->every; step > 0 && rate < most; step--) {
        uint64_t next = rate * ramp->factor_thousandths / 1000;
        if (next == rate) {
            break; /* a factor of 1 */
        }
        rate = next;
    }
    return (uint32_t)((rate < most ? rate : most) / 1000);
}

static bool is_ours(const struct rollout_spec *spec, const struct roster_app *app)
{
    return app->order.is_there && strcmp(app->order.rollout, spec->id) == 0;
}

static uint32_t recent_count(const struct budgets *budgets, wall_ms after, wall_ms *first)
{
    uint32_t count = 0;
    if (budgets->sums.ctx != NULL) {
        return budgets->sums.recent(budgets->sums.ctx, after, first);
    }
    for (size_t i = 0; i < budgets->roster->node_count; i++) {
        const struct roster_app *app =
            roster_app_find(roster_at(budgets->roster, i), budgets->spec->app);
        if (app != NULL && is_ours(budgets->spec, app) && app->order.issued > after) {
            *first = *first == 0 || app->order.issued < *first ? app->order.issued : *first;
            count++;
        }
    }
    return count;
}

/* Orders of the last minute, by their own instants: whoever gave them. One that takes back counts
 * as well: it lies where the order was that it takes back. */
static void rate_count(struct budgets *budgets, uint32_t reached)
{
    const struct rollout_shape *shape = &budgets->spec->shape;
    uint32_t most = shape->per_minute > 0 ? shape->per_minute : UINT32_MAX;
    if (shape->ramp.base > 0) {
        uint32_t ramp = ramp_rate(&shape->ramp, reached);
        most = ramp < most ? ramp : most;
    }
    budgets->rate_left = most;
    if (most == UINT32_MAX) {
        return;
    }
    wall_ms first = 0;
    uint32_t count = recent_count(budgets, budgets->now - MINUTE_MS, &first);
    budgets->rate_left = count < most ? most - count : 0;
    budgets->rate_at = first != 0 ? first + MINUTE_MS : 0;
}

/* -- asking ----------------------------------------------------------------------------------- */

uint32_t budgets_most(const struct rollout_spec *spec, uint32_t matched)
{
    uint32_t percent = spec->shape.max_unavailable_percent;
    uint32_t most = (uint32_t)((uint64_t)matched * percent / 100);
    return percent == 0 ? spec->max_unavailable : most > 0 ? most : 1;
}

void budgets_init(struct budgets *budgets, uint32_t matched, uint32_t changing, uint32_t done,
                  uint32_t ordered)
{
    const struct rollout_shape *shape = &budgets->spec->shape;
    uint32_t most = budgets_most(budgets->spec, matched);
    budgets->free = changing < most ? most - changing : 0;
    budgets->rate_at = 0;
    memset(budgets->held, 0, sizeof budgets->held);
    memset(budgets->troubled, 0, sizeof budgets->troubled);
    rate_count(budgets, shape->ramp.is_by_ordered ? ordered : done);
    if (budgets->sums.ctx != NULL || (shape->group_count == 0 && shape->peers[0] == '\0')) {
        return;
    }
    for (size_t i = 0; i < budgets->roster->node_count; i++) {
        const struct roster_node *node = roster_at(budgets->roster, i);
        if (shape->group_count > 0 && budgets->ask(budgets->ctx, node).holds_slot) {
            groups_hold(budgets, node);
        }
        if (shape->peers[0] != '\0' && !is_steady(budgets, node)) {
            peers_trouble(budgets, node);
        }
    }
}

static bool is_group_full(const struct budgets *budgets, size_t label, const char *value,
                          const struct roster_node *but)
{
    uint32_t count = 0;
    for (size_t i = 0; i < budgets->roster->node_count; i++) {
        const struct roster_node *node = roster_at(budgets->roster, i);
        const char *other = budgets_group(budgets->spec, label, node);
        count += node != but && other != NULL && strcmp(other, value) == 0 &&
                 budgets->ask(budgets->ctx, node).holds_slot;
    }
    return count >= budgets->spec->shape.group_max;
}

static bool has_group(const struct budgets *budgets, const struct roster_node *node)
{
    const struct rollout_shape *shape = &budgets->spec->shape;
    for (size_t i = 0; i < shape->group_count; i++) {
        const char *value = budgets_group(budgets->spec, i, node);
        bool is_refused = value == NULL && strcmp(shape->group_missing, "refuse") == 0;
        bool is_full =
            value != NULL &&
            (budgets->sums.ctx != NULL ? budgets->sums.is_group_full(budgets->sums.ctx, i, node)
                                       : bit_is_set(budgets->held, bit_of(i, value)) &&
                                             is_group_full(budgets, i, value, node));
        if (is_refused || is_full) {
            return false;
        }
    }
    return true;
}

static bool has_peers(const struct budgets *budgets, const struct roster_node *node)
{
    const char *label = budgets->spec->shape.peers;
    const char *value = label[0] != '\0' ? roster_label(node, label) : NULL;
    if (value != NULL && budgets->sums.ctx != NULL) {
        return budgets->sums.has_peers(budgets->sums.ctx, node);
    }
    if (value == NULL || !bit_is_set(budgets->troubled, bit_of(0, value))) {
        return true;
    }
    for (size_t i = 0; i < budgets->roster->node_count; i++) {
        const struct roster_node *other = roster_at(budgets->roster, i);
        const char *others = roster_label(other, label);
        if (other != node && others != NULL && strcmp(others, value) == 0 &&
            !is_steady(budgets, other)) {
            return false;
        }
    }
    return true;
}

enum rollout_wait budgets_ask(const struct budgets *budgets, const struct roster_node *node)
{
    LAW(BUDGET, budgets->spec != NULL && budgets->ask != NULL);
    if (budgets->free == 0) {
        return ROLLOUT_WAIT_BUDGET;
    }
    if (budgets->rate_left == 0) {
        return ROLLOUT_WAIT_RATE;
    }
    if (!has_group(budgets, node)) {
        return ROLLOUT_WAIT_GROUP;
    }
    return has_peers(budgets, node) ? ROLLOUT_WAIT_COUNT : ROLLOUT_WAIT_PEERS;
}

void budgets_take(struct budgets *budgets, const struct roster_node *node)
{
    LAW(BUDGET, budgets->free > 0 && budgets->rate_left > 0);
    const struct rollout_shape *shape = &budgets->spec->shape;
    budgets->free--;
    budgets->rate_left -= budgets->rate_left != UINT32_MAX;
    if (shape->group_count > 0) {
        groups_hold(budgets, node);
    }
    if (shape->peers[0] != '\0') {
        peers_trouble(budgets, node);
    }
}
