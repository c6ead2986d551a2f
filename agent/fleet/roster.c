/* roster: a sorted table of nodes and a pool of their apps; everything is a copy of what was heard.
 */
#include "agent/fleet/roster.h"

#include <stdlib.h>
#include <string.h>

#define APPS_EACH 4

int roster_init(struct roster *roster, size_t nodes_max, struct err *err)
{
    *roster = (struct roster){.node_cap = nodes_max, .app_cap = nodes_max * APPS_EACH};
    roster->nodes = calloc(roster->node_cap, sizeof *roster->nodes);
    roster->apps = calloc(roster->app_cap, sizeof *roster->apps);
    if (roster->nodes == NULL || roster->apps == NULL) {
        roster_close(roster);
        return err_set(err, ERR_MEMORY, "no memory for a roster of %zu nodes", nodes_max);
    }
    return 0;
}

void roster_close(struct roster *roster)
{
    free(roster->nodes);
    free(roster->apps);
    *roster = (struct roster){0};
}

/* Where the node stands, or would. */
static size_t place_of(const struct roster *roster, const char *node)
{
    size_t low = 0;
    size_t high = roster->node_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(roster->nodes[middle].name, node) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct roster_node *roster_find(const struct roster *roster, const char *node)
{
    size_t at = place_of(roster, node);
    bool is_there = at < roster->node_count && strcmp(roster->nodes[at].name, node) == 0;
    return is_there ? &roster->nodes[at] : NULL;
}

struct roster_node *roster_need(struct roster *roster, const char *node)
{
    size_t at = place_of(roster, node);
    if (at < roster->node_count && strcmp(roster->nodes[at].name, node) == 0) {
        return &roster->nodes[at];
    }
    if (roster->node_count == roster->node_cap || !text_is_name(node, NODE_NAME_BYTES - 1)) {
        return NULL;
    }
    struct roster_node *made = &roster->nodes[at];
    memmove(made + 1, made, (roster->node_count - at) * sizeof *made);
    roster->node_count++;
    memset(made, 0, sizeof *made);
    (void)text_copy(made->name, sizeof made->name, node);
    made->first_app = ROSTER_NONE;
    return made;
}

struct roster_app *roster_app_find(const struct roster *roster, const struct roster_node *node,
                                   const char *app)
{
    for (uint32_t i = node->first_app; i != ROSTER_NONE; i = roster->apps[i].next) {
        if (strcmp(roster->apps[i].app, app) == 0) {
            return &roster->apps[i];
        }
    }
    return NULL;
}

struct roster_app *roster_app_need(struct roster *roster, struct roster_node *node, const char *app)
{
    struct roster_app *found = roster_app_find(roster, node, app);
    if (found != NULL || roster->app_count == roster->app_cap ||
        !text_is_name(app, NAME_BYTES - 1)) {
        return found;
    }
    struct roster_app *made = &roster->apps[roster->app_count];
    *made = (struct roster_app){.next = node->first_app};
    (void)text_copy(made->app, sizeof made->app, app);
    node->first_app = (uint32_t)roster->app_count++;
    return made;
}

void roster_presence(struct roster *roster, const char *name, const struct presence *presence)
{
    struct roster_node *node = roster_need(roster, name);
    if (node == NULL) {
        return;
    }
    bool is_old_farewell =
        !presence->is_online && node->is_present && strcmp(node->session, presence->session) != 0;
    if (!is_old_farewell) {
        node->is_present = presence->is_online;
        memcpy(node->session, presence->session, sizeof node->session);
    }
}

static void labels_add(struct roster_labels *labels, const char *name, const char *value)
{
    size_t name_len = strlen(name) + 1;
    size_t value_len = strlen(value) + 1;
    if (labels->count == ROSTER_LABELS_MAX ||
        labels->len + name_len + value_len > sizeof labels->text) {
        return;
    }
    memcpy(labels->text + labels->len, name, name_len);
    memcpy(labels->text + labels->len + name_len, value, value_len);
    labels->len += name_len + value_len;
    labels->count++;
}

void roster_labels(struct roster *roster, const char *name, const char *const *names,
                   const char *const *values, size_t count)
{
    struct roster_node *node = roster_need(roster, name);
    if (node == NULL) {
        return;
    }
    node->given = (struct roster_labels){0};
    for (size_t i = 0; i < count; i++) {
        labels_add(&node->given, names[i], values[i]);
    }
}

static void app_report(struct roster_app *app, const struct report_app *report)
{
    app->is_reported = true;
    app->is_changing =
        strcmp(report->phase, "prepare") == 0 || strcmp(report->phase, "unproven") == 0;
    app->is_overridden = strcmp(report->wanted_by, "override") == 0;
    app->is_order_open = report->is_order_open;
    app->is_order_waiting = report->order_wait[0] != '\0';
    app->is_serving = report->is_serving;
    app->committed = report->committed.gen != 0 ? report->committed.release : (struct digest){0};
    app->order_epoch = report->order_epoch;
    app->order_gen = report->order_gen;
    memcpy(app->order_id, report->order_id, sizeof app->order_id);
    memcpy(app->outcomes, report->outcomes, sizeof app->outcomes);
    app->outcome_count = report->outcome_count;
}

void roster_report(struct roster *roster, const struct report *report)
{
    struct roster_node *node = roster_need(roster, report->node);
    if (node == NULL) {
        return;
    }
    node->is_reported = true;
    node->own = (struct roster_labels){0};
    for (size_t i = 0; i < report->label_count; i++) {
        labels_add(&node->own, report->label_names[i], report->label_values[i]);
    }
    for (uint32_t i = node->first_app; i != ROSTER_NONE; i = roster->apps[i].next) {
        struct roster_app cleared = {.next = roster->apps[i].next, .order = roster->apps[i].order};
        memcpy(cleared.app, roster->apps[i].app, sizeof cleared.app);
        roster->apps[i] = cleared; /* what is not reported any more is not there any more */
    }
    for (size_t i = 0; i < report->app_count; i++) {
        struct roster_app *app = roster_app_need(roster, node, report->apps[i].app);
        if (app != NULL) {
            app_report(app, &report->apps[i]);
        }
    }
}

void roster_order(struct roster *roster, const struct order *order, bool is_echo)
{
    struct roster_node *node = roster_need(roster, order->node);
    struct roster_app *app = node != NULL ? roster_app_need(roster, node, order->app) : NULL;
    if (app == NULL) {
        return;
    }
    struct roster_order *held = &app->order;
    bool is_older = held->is_there && (order->epoch < held->epoch ||
                                       (order->epoch == held->epoch && order->gen < held->gen));
    if (is_older) {
        held->is_echoed = held->is_echoed && !is_echo;
        held->is_sent = held->is_sent && !is_echo;
        return;
    }
    bool is_same = held->is_there && strcmp(held->id, order->id) == 0;
    *held = (struct roster_order){.is_there = true,
                                  .is_echoed = is_echo || (is_same && held->is_echoed),
                                  .is_sent = is_same && held->is_sent,
                                  .was_there = is_echo || (is_same && held->was_there),
                                  .epoch = order->epoch,
                                  .gen = order->gen,
                                  .release = order->release,
                                  .before = order->before,
                                  .hold = order->hold,
                                  .force = order->force,
                                  .start_by = order->start_by,
                                  .issued = order->issued};
    memcpy(held->id, order->id, sizeof held->id);
    memcpy(held->rollout, order->rollout, sizeof held->rollout);
}

bool roster_order_covered(struct roster *roster, const char *name, const char *app_name)
{
    struct roster_node *node = roster_find(roster, name);
    struct roster_app *app = node != NULL ? roster_app_find(roster, node, app_name) : NULL;
    if (app == NULL || !app->order.is_there) {
        return false;
    }
    app->order.is_echoed = false;
    app->order.is_sent = false;
    return true;
}

static size_t labels_list(const struct roster_labels *labels, const char **names,
                          const char **values, size_t count)
{
    const char *at = labels->text;
    for (uint8_t i = 0; i < labels->count; i++) {
        names[count] = at;
        values[count] = at + strlen(at) + 1;
        at = values[count] + strlen(values[count]) + 1;
        count++;
    }
    return count;
}

/* Of a label that stands twice the last counts: the fleet's word, and the node's own name. */
bool roster_matches(const struct roster_node *node, const struct selector *selector)
{
    const char *names[2 * ROSTER_LABELS_MAX + 1];
    const char *values[2 * ROSTER_LABELS_MAX + 1];
    size_t count = labels_list(&node->own, names, values, 0);
    count = labels_list(&node->given, names, values, count);
    names[count] = "node";
    values[count++] = node->name;
    return selector_matches(selector, names, values, count);
}

const struct report_outcome *roster_outcome(const struct roster_app *app, const char *id)
{
    for (size_t i = 0; i < app->outcome_count; i++) {
        if (strcmp(app->outcomes[i].id, id) == 0) {
            return &app->outcomes[i];
        }
    }
    return NULL;
}

/* The highest epoch that a node reports of any of its apps. */
static uint64_t node_epoch(const struct roster *roster, const struct roster_node *node)
{
    uint64_t epoch = 0;
    for (uint32_t i = node->first_app; i != ROSTER_NONE; i = roster->apps[i].next) {
        epoch = roster->apps[i].order_epoch > epoch ? roster->apps[i].order_epoch : epoch;
    }
    return epoch;
}

/* Where no signed document says an epoch: the highest that half of the reporting nodes have seen.
 */
static uint64_t epoch_of_most(const struct roster *roster)
{
    uint64_t best = 0;
    for (size_t i = 0; i < roster->node_count; i++) {
        uint64_t epoch = node_epoch(roster, &roster->nodes[i]);
        size_t reporting = 0, as_high = 0;
        for (size_t j = 0; j < roster->node_count; j++) {
            uint64_t other = node_epoch(roster, &roster->nodes[j]);
            reporting += other != 0;
            as_high += other != 0 && other >= epoch;
        }
        if (epoch > best && 2 * as_high >= reporting) {
            best = epoch;
        }
    }
    return best;
}

uint64_t roster_epoch(const struct roster *roster, uint64_t claimed)
{
    uint64_t base = claimed;
    for (size_t i = 0; i < roster->app_count; i++) {
        const struct roster_order *order = &roster->apps[i].order;
        base = order->is_there && order->epoch > base ? order->epoch : base;
    }
    if (base == 0) {
        base = epoch_of_most(roster);
    }
    uint64_t epoch = base;
    for (size_t i = 0; i < roster->node_count; i++) {
        uint64_t reported = node_epoch(roster, &roster->nodes[i]);
        if (reported > epoch && reported <= base + EPOCH_JUMP_MAX / 2) {
            epoch = reported;
        }
    }
    return epoch;
}

void roster_forget_session(struct roster *roster)
{
    for (size_t i = 0; i < roster->node_count; i++) {
        roster->nodes[i].is_present = false;
    }
    for (size_t i = 0; i < roster->app_count; i++) {
        struct roster_order *order = &roster->apps[i].order;
        order->is_there = order->is_there && order->was_there;
        order->is_echoed = false;
        order->is_sent = false;
    }
}
