/* roster: a sorted table of nodes and a pool of their apps; everything is a copy of what was heard.
 */
#include "agent/fleet/roster.h"

#include <stdlib.h>
#include <string.h>

#include "agent/wire/trust.h"

#define NODES_FIRST 64

void roster_init(struct roster *roster)
{
    *roster = (struct roster){.resize = realloc};
}

static void labels_close(struct roster_labels *labels)
{
    free(labels->text);
    *labels = (struct roster_labels){0};
}

static void node_close(struct roster_node *node)
{
    while (node->first_app != NULL) {
        struct roster_app *app = node->first_app;
        node->first_app = app->next;
        free(app);
    }
    labels_close(&node->own);
    labels_close(&node->given);
    free(node);
}

void roster_close(struct roster *roster)
{
    for (size_t i = 0; i < roster->node_count; i++) {
        node_close(roster->nodes[i]);
    }
    free(roster->nodes);
    *roster = (struct roster){0};
}

/* Memory for something of this node, or a note that it is missing. */
static void *resized(struct roster *roster, void *memory, size_t size, const char *node)
{
    void *made = roster->resize(memory, size);
    if (made == NULL && !roster->is_short) {
        roster->is_short = true;
        (void)text_copy(roster->short_of, sizeof roster->short_of, node);
    }
    return made;
}

/* Where the node stands, or would. */
static size_t place_of(const struct roster *roster, const char *node)
{
    size_t low = 0;
    size_t high = roster->node_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(roster->nodes[middle]->name, node) < 0) {
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
    bool is_there = at < roster->node_count && strcmp(roster->nodes[at]->name, node) == 0;
    return is_there ? roster->nodes[at] : NULL;
}

static bool room_make(struct roster *roster, const char *node)
{
    if (roster->node_count < roster->node_cap) {
        return true;
    }
    size_t cap = roster->node_cap == 0 ? NODES_FIRST : 2 * roster->node_cap;
    void *grown = resized(roster, roster->nodes, cap * sizeof(struct roster_node *), node);
    if (grown == NULL) {
        return false;
    }
    roster->nodes = grown;
    roster->node_cap = cap;
    return true;
}

struct roster_node *roster_need(struct roster *roster, const char *node)
{
    size_t at = place_of(roster, node);
    if (at < roster->node_count && strcmp(roster->nodes[at]->name, node) == 0) {
        return roster->nodes[at];
    }
    if (!text_is_name(node, NODE_NAME_BYTES - 1) || !room_make(roster, node)) {
        return NULL;
    }
    struct roster_node *made = resized(roster, NULL, sizeof *made, node);
    if (made == NULL) {
        return NULL;
    }
    *made = (struct roster_node){0};
    (void)text_copy(made->name, sizeof made->name, node);
    struct roster_node **place = &roster->nodes[at];
    memmove(place + 1, place, (roster->node_count - at) * sizeof(struct roster_node *));
    *place = made;
    roster->node_count++;
    return made;
}

struct roster_app *roster_app_find(const struct roster_node *node, const char *name)
{
    for (struct roster_app *app = node->first_app; app != NULL; app = app->next) {
        if (strcmp(app->app, name) == 0) {
            return app;
        }
    }
    return NULL;
}

struct roster_app *roster_app_need(struct roster *roster, struct roster_node *node, const char *app)
{
    struct roster_app *found = roster_app_find(node, app);
    if (found != NULL || !text_is_name(app, NAME_BYTES - 1)) {
        return found;
    }
    struct roster_app *made = resized(roster, NULL, sizeof *made, node->name);
    if (made == NULL) {
        return NULL;
    }
    *made = (struct roster_app){.next = node->first_app};
    (void)text_copy(made->app, sizeof made->app, app);
    node->first_app = made;
    roster->app_count++;
    return made;
}

/* What is neither reported nor ordered has no reason to be here: names that a node made up for one
 * report go with the next. */
static void apps_sweep(struct roster *roster, struct roster_node *node)
{
    struct roster_app **link = &node->first_app;
    while (*link != NULL) {
        struct roster_app *app = *link;
        if (app->is_reported || app->order.is_there) {
            link = &app->next;
            continue;
        }
        *link = app->next;
        free(app);
        roster->app_count--;
    }
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
        node->absent_since = presence->is_online       ? 0
                             : node->absent_since == 0 ? roster->now
                                                       : node->absent_since;
        memcpy(node->session, presence->session, sizeof node->session);
    }
}

/* Where there is no memory for all of them, the node has none: a part would select wrongly. */
static void labels_take(struct roster *roster, const struct roster_node *node,
                        struct roster_labels *labels, const char *const *names,
                        const char *const *values, size_t count)
{
    size_t len = 0;
    labels_close(labels);
    for (size_t i = 0; i < count; i++) {
        len += strlen(names[i]) + strlen(values[i]) + 2;
    }
    char *at = len > 0 ? resized(roster, NULL, len, node->name) : NULL;
    if (at == NULL) {
        return;
    }
    *labels = (struct roster_labels){.text = at, .count = count};
    for (size_t i = 0; i < count; i++) {
        at = stpcpy(at, names[i]) + 1;
        at = stpcpy(at, values[i]) + 1;
    }
}

void roster_labels(struct roster *roster, const char *name, const char *const *names,
                   const char *const *values, size_t count)
{
    struct roster_node *node = roster_need(roster, name);
    if (node != NULL) {
        labels_take(roster, node, &node->given, names, values, count);
    }
}

static void app_report(struct roster_app *app, const struct report_app *report, wall_ms now)
{
    app->is_reported = true;
    app->is_changing =
        strcmp(report->phase, "prepare") == 0 || strcmp(report->phase, "unproven") == 0;
    app->is_overridden = strcmp(report->wanted_by, "override") == 0;
    app->is_order_open = report->is_order_open;
    app->is_order_waiting = report->order_wait[0] != '\0';
    app->is_serving = report->is_serving;
    if (app->is_serving) {
        app->unserving_since = 0;
    } else if (app->unserving_since == 0) {
        app->unserving_since = now;
    }
    app->committed = report->committed.gen != 0 ? report->committed.release : (struct digest){0};
    app->order_epoch = report->order_epoch;
    app->order_gen = report->order_gen;
    memcpy(app->order_id, report->order_id, sizeof app->order_id);
    memcpy(app->outcomes, report->outcomes, sizeof app->outcomes);
    app->outcome_count = report->outcome_count;
}

/* What is not reported any more is not there any more. */
static void apps_unreport(struct roster_node *node)
{
    for (struct roster_app *app = node->first_app; app != NULL; app = app->next) {
        struct roster_app cleared = {
            .next = app->next, .order = app->order, .unserving_since = app->unserving_since};
        memcpy(cleared.app, app->app, sizeof cleared.app);
        *app = cleared;
    }
}

void roster_report(struct roster *roster, const struct report *report, wall_ms now)
{
    const char *names[REPORT_LABELS_MAX];
    const char *values[REPORT_LABELS_MAX];
    struct roster_node *node = roster_need(roster, report->node);
    if (node == NULL) {
        return;
    }
    node->is_reported = true;
    node->is_jump_bound = report->schema_trust < TRUST_SCHEMA_MAX;
    for (size_t i = 0; i < report->label_count; i++) {
        names[i] = report->label_names[i];
        values[i] = report->label_values[i];
    }
    labels_take(roster, node, &node->own, names, values, report->label_count);
    apps_unreport(node);
    for (size_t i = 0; i < report->app_count; i++) {
        struct roster_app *app = roster_app_need(roster, node, report->apps[i].app);
        if (app != NULL) {
            app_report(app, &report->apps[i], now);
        }
    }
    apps_sweep(roster, node);
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
    struct roster_app *app = node != NULL ? roster_app_find(node, app_name) : NULL;
    if (app == NULL || !app->order.is_there) {
        return false;
    }
    app->order.is_echoed = false;
    app->order.is_sent = false;
    return true;
}

/* -- what is cleared -------------------------------------------------------------------------- */

/* Neither the node nor the fleet says anything of it any more. */
static bool is_silent(const struct roster_node *node)
{
    return !node->is_reported && node->session[0] == '\0' && node->given.count == 0;
}

static void node_sweep(struct roster *roster, struct roster_node *node)
{
    apps_sweep(roster, node);
    if (!is_silent(node) || node->first_app != NULL) {
        return;
    }
    struct roster_node **place = &roster->nodes[place_of(roster, node->name)];
    roster->node_count--;
    memmove(place, place + 1,
            (size_t)(&roster->nodes[roster->node_count] - place) * sizeof(struct roster_node *));
    node_close(node);
}

void roster_report_clear(struct roster *roster, const char *name)
{
    struct roster_node *node = roster_find(roster, name);
    if (node != NULL) {
        node->is_reported = false;
        labels_close(&node->own);
        apps_unreport(node);
        node_sweep(roster, node);
    }
}

void roster_presence_clear(struct roster *roster, const char *name)
{
    struct roster_node *node = roster_find(roster, name);
    if (node != NULL) {
        node->is_present = false;
        node->absent_since = 0;
        node->session[0] = '\0';
        node_sweep(roster, node);
    }
}

void roster_labels_clear(struct roster *roster, const char *name)
{
    struct roster_node *node = roster_find(roster, name);
    if (node != NULL) {
        labels_close(&node->given);
        node_sweep(roster, node);
    }
}

void roster_order_clear(struct roster *roster, const char *name, const char *app_name, bool is_kept)
{
    struct roster_node *node = roster_find(roster, name);
    struct roster_app *app = node != NULL ? roster_app_find(node, app_name) : NULL;
    if (app == NULL) {
        return;
    }
    app->order.is_echoed = app->order.is_sent = false;
    if (!is_kept || is_silent(node)) {
        app->order = (struct roster_order){0};
    }
    node_sweep(roster, node);
}

/* -- what is asked ---------------------------------------------------------------------------- */

static size_t labels_list(const struct roster_labels *labels, const char **names,
                          const char **values, size_t count)
{
    const char *at = labels->text;
    for (size_t i = 0; i < labels->count; i++) {
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
    const char *names[REPORT_LABELS_MAX + LABELS_MAX + 1];
    const char *values[REPORT_LABELS_MAX + LABELS_MAX + 1];
    size_t count = labels_list(&node->own, names, values, 0);
    count = labels_list(&node->given, names, values, count);
    names[count] = "node";
    values[count++] = node->name;
    return selector_matches(selector, names, values, count);
}

static const char *label_find(const struct roster_labels *labels, const char *name)
{
    const char *at = labels->text;
    const char *found = NULL;
    for (size_t i = 0; i < labels->count; i++) {
        const char *value = at + strlen(at) + 1;
        found = strcmp(at, name) == 0 ? value : found;
        at = value + strlen(value) + 1;
    }
    return found;
}

const char *roster_label(const struct roster_node *node, const char *name)
{
    if (strcmp(name, "node") == 0) {
        return node->name;
    }
    const char *given = label_find(&node->given, name);
    return given != NULL ? given : label_find(&node->own, name);
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

uint64_t roster_epoch(const struct roster *roster)
{
    uint64_t epoch = 0;
    for (size_t i = 0; i < roster->node_count; i++) {
        for (struct roster_app *app = roster->nodes[i]->first_app; app != NULL; app = app->next) {
            epoch = app->order.is_there && app->order.epoch > epoch ? app->order.epoch : epoch;
        }
    }
    return epoch;
}

uint64_t roster_epoch_for(const struct roster_node *node, uint64_t epoch)
{
    uint64_t seen = 0;
    if (!node->is_jump_bound) {
        return epoch;
    }
    for (const struct roster_app *app = node->first_app; app != NULL; app = app->next) {
        uint64_t ordered = app->order.is_there ? app->order.epoch : 0;
        seen = ordered > seen ? ordered : seen;
        seen = app->order_epoch > seen ? app->order_epoch : seen;
    }
    return seen != 0 && epoch > seen + EPOCH_JUMP_BEFORE ? seen + 1 : epoch;
}

void roster_forget_session(struct roster *roster)
{
    roster->is_short = false; /* everything is read again */
    for (size_t i = 0; i < roster->node_count; i++) {
        roster->nodes[i]->is_present = false;
        for (struct roster_app *app = roster->nodes[i]->first_app; app != NULL; app = app->next) {
            app->order.is_there = app->order.is_there && app->order.was_there;
            app->order.is_echoed = false;
            app->order.is_sent = false;
        }
    }
}
