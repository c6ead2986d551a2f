/* roster: what is heard of a node, each word into its place; nothing is concluded. */
#include "agent/fleet/roster.h"

#include <string.h>

#include "agent/fleet/roster_private.h"
#include "agent/wire/trust.h"
#include "platform/base/law.h"

#define REST_S 86400 /* after a day at rest a node's word counts anew */

/* -- what came from the node's topics --------------------------------------------------------- */

/* The session's digits, or a hash of what is no such: it is only compared. */
static uint64_t session_of(const char *text)
{
    uint64_t number = 0;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    bool is_hex = true;
    size_t i = 0;
    for (; text[i] != '\0'; i++) {
        int digit = text[i] >= '0' && text[i] <= '9'   ? text[i] - '0'
                    : text[i] >= 'a' && text[i] <= 'f' ? text[i] - 'a' + 10
                                                       : -1;
        is_hex = is_hex && digit >= 0;
        number = number << 4 | ((unsigned)digit & 15);
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    }
    number = is_hex && i == PRESENCE_SESSION_BYTES - 1 ? number : hash;
    return i == 0 ? 0 : number == 0 ? 1 : number;
}

void roster_presence(struct roster *roster, const char *name, const struct presence *presence)
{
    struct roster_node *node = roster_need(roster, name);
    if (node == NULL) {
        return;
    }
    uint64_t session = session_of(presence->session);
    bool is_old_farewell = !presence->is_online && node->is_present && node->session != session;
    if (!is_old_farewell) {
        bool was_present = node->is_present;
        wall_ms was_absent_since = node->absent_since;
        node->is_present = presence->is_online;
        node->absent_since = presence->is_online       ? 0
                             : node->absent_since == 0 ? roster->now
                                                       : node->absent_since;
        node->session = session;
        if (was_present && !node->is_present) {
            node->is_fallen = true;
            roster->fell_at = roster->now;
        }
        node->is_fallen = node->is_fallen && !node->is_present;
        if (was_present != node->is_present || was_absent_since != node->absent_since) {
            roster_note_change(roster, node);
        }
    }
}

static void hearsay_set(struct roster *roster, struct roster_node *node, bool is_hearsay)
{
    if (node->is_hearsay != is_hearsay) {
        roster_note_change(roster, node);
    }
    node->is_hearsay = is_hearsay;
}

void roster_labels(struct roster *roster, const char *name, const char *const *names,
                   const char *const *values, size_t count)
{
    struct roster_node *node = roster_need(roster, name);
    if (node != NULL) {
        hearsay_set(roster, node, true);
        roster_labels_take(roster, node, ROSTER_LABELS_GIVEN, names, values, count);
    }
}

void roster_labels_signed(struct roster *roster, const char *name, const char *const *names,
                          const char *const *values, size_t count, uint32_t version)
{
    struct roster_node *node = count > 0 ? roster_need(roster, name) : roster_find(roster, name);
    if (node != NULL) {
        hearsay_set(roster, node, false);
        node->labels_version = version;
        roster_labels_take(roster, node, ROSTER_LABELS_GIVEN, names, values, count);
    }
}

void roster_judge(struct roster *roster, struct roster_node *node, bool is_listed, bool is_barred)
{
    if (node->is_barred != is_barred) {
        roster_note_change(roster, node);
    }
    node->is_listed = is_listed;
    node->is_barred = is_barred;
}

/* Who says that it changes, rests, and says so again has said it for the sum. */
static void word_take(struct roster_node *node, bool is_changing, wall_ms now)
{
    uint32_t second = (uint32_t)(now / 1000);
    if (is_changing && node->changing_since_s == 0) {
        node->changing_s = second - node->rested_at_s >= REST_S ? 0 : node->changing_s;
        node->changing_since_s = second;
    } else if (!is_changing && node->changing_since_s != 0) {
        bool is_later = second > node->changing_since_s;
        node->changing_s += is_later ? second - node->changing_since_s : 0;
        node->changing_since_s = 0;
        node->rested_at_s = second;
    }
}

static bool is_phase_changing(const char *phase)
{
    return strcmp(phase, "prepare") == 0 || strcmp(phase, "unproven") == 0;
}

/* An agent that started again counts from none. */
static void restarts_take(struct roster_app *app, const struct report_app *report, bool is_same)
{
    uint32_t now = report->restarts < ROSTER_RESTARTS_MAX ? report->restarts : ROSTER_RESTARTS_MAX;
    uint32_t more = now > app->restarts ? now - app->restarts : 0;
    uint32_t count = is_same && app->is_reported ? app->restart_count + more : 0;
    app->restart_count = count < ROSTER_FALLS_MAX ? count : ROSTER_FALLS_MAX;
    app->restarts = now;
}

static void app_report(struct roster_app *app, const struct report_app *report, wall_ms now)
{
    struct digest committed =
        report->committed.gen != 0 ? report->committed.release : (struct digest){0};
    restarts_take(app, report, digest_is_equal(&app->committed, &committed));
    app->is_reported = true;
    app->is_changing = is_phase_changing(report->phase);
    app->is_overridden = strcmp(report->wanted_by, "override") == 0;
    app->is_order_open = report->is_order_open;
    app->is_order_waiting = report->order_wait[0] != '\0';
    app->is_serving = report->is_serving;
    app->unserving_count = digest_is_equal(&app->committed, &committed) ? app->unserving_count : 0;
    if (app->is_serving) {
        app->unserving_since = 0;
    } else if (app->unserving_since == 0) {
        app->unserving_since = now;
        app->unserving_count += app->unserving_count < ROSTER_FALLS_MAX;
    }
    app->committed = committed;
    app->order_epoch = report->order_epoch;
    app->order_gen = report->order_gen;
    memcpy(app->order_id, report->order_id, sizeof app->order_id);
    memcpy(app->outcomes, report->outcomes, sizeof app->outcomes);
    app->outcome_count = report->outcome_count;
}

static void node_report(struct roster *roster, struct roster_node *node,
                        const struct report *report)
{
    const char *names[REPORT_LABELS_MAX];
    const char *values[REPORT_LABELS_MAX];
    bool is_jump_bound = report->schema_trust < TRUST_SCHEMA_MAX;
    if (!node->is_reported || node->is_jump_bound != is_jump_bound) {
        roster_note_change(roster, node);
    }
    node->is_reported = true;
    node->is_jump_bound = is_jump_bound;
    for (size_t i = 0; i < report->label_count; i++) {
        names[i] = report->label_names[i];
        values[i] = report->label_values[i];
    }
    roster_labels_take(roster, node, ROSTER_LABELS_OWN, names, values, report->label_count);
}

static bool does_report(const struct report *report, const char *app)
{
    bool does = false;
    for (size_t i = 0; i < report->app_count && !does; i++) {
        does = strcmp(report->apps[i].app, app) == 0;
    }
    return does;
}

/* What is not reported any more is not there any more, and where it has no order it has no reason
 * to be here: names that a node made up for one report go with the next. NULL: nothing is reported
 * any more. */
static void apps_sweep(struct roster *roster, struct roster_node *node, const struct report *report)
{
    struct roster_app app;
    size_t at = 0;
    size_t before = 0;
    while (roster_app_next(node, &at, &app)) {
        if (report != NULL && does_report(report, app.app)) {
            before = at;
            continue;
        }
        struct roster_app cleared = {.order = app.order, .unserving_since = app.unserving_since};
        memcpy(cleared.app, app.app, sizeof cleared.app);
        if (!roster_app_put(roster, node, &cleared)) {
            return; /* is_short says it */
        }
        at = before; /* what follows has moved */
        if (cleared.order.is_there) {
            (void)roster_app_next(node, &at, &app);
            before = at;
        }
    }
}

void roster_report(struct roster *roster, const struct report *report, wall_ms now)
{
    LAW(BINDS_ITSELF, report->app_count <= APPS_MAX);
    struct roster_node *node = roster_need(roster, report->node);
    if (node == NULL) {
        return;
    }
    node_report(roster, node, report);
    for (size_t i = 0; i < report->app_count; i++) {
        struct roster_app app = {.app = ""};
        if (roster_app_copy(node, report->apps[i].app, &app) == NULL) {
            memcpy(app.app, report->apps[i].app, sizeof app.app);
        }
        app_report(&app, &report->apps[i], now);
        (void)roster_app_put(roster, node, &app); /* no memory: is_short says it */
    }
    apps_sweep(roster, node, report);
    bool is_changing = false;
    for (size_t i = 0; i < report->app_count; i++) {
        is_changing |= is_phase_changing(report->apps[i].phase);
    }
    word_take(node, is_changing, now);
}

/* The app as it is known, or as it would be; NULL: no memory, or no name. */
static struct roster_node *app_begin(struct roster *roster, const char *name, const char *app_name,
                                     struct roster_app *app)
{
    struct roster_node *node = roster_need(roster, name);
    *app = (struct roster_app){.app = ""};
    if (node != NULL && roster_app_copy(node, app_name, app) == NULL &&
        !text_copy(app->app, sizeof app->app, app_name)) {
        return NULL;
    }
    return node;
}

bool roster_order(struct roster *roster, const struct order *order, bool is_echo)
{
    struct roster_app app;
    struct roster_node *node = app_begin(roster, order->node, order->app, &app);
    if (node == NULL) {
        return false;
    }
    struct roster_order *held = &app.order;
    bool is_older = held->is_there && (order->epoch < held->epoch ||
                                       (order->epoch == held->epoch && order->gen < held->gen));
    if (is_older) {
        held->is_echoed = held->is_echoed && !is_echo;
        held->is_sent = held->is_sent && !is_echo;
        return roster_app_put(roster, node, &app);
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
    if (!is_same) { /* it may change for this one */
        uint32_t issued_s = (uint32_t)(order->issued / 1000);
        bool is_later = node->changing_since_s != 0 && issued_s > node->changing_since_s;
        node->changing_s = 0;
        node->changing_since_s = is_later ? issued_s : node->changing_since_s;
    }
    memcpy(held->id, order->id, sizeof held->id);
    memcpy(held->rollout, order->rollout, sizeof held->rollout);
    return roster_app_put(roster, node, &app);
}

/* Of an order that is there: whether the broker shows it, and whether it was published. */
static bool order_mark(struct roster *roster, const char *name, struct roster_app *app,
                       bool is_echoed, bool is_sent)
{
    struct roster_node *node = roster_find(roster, name);
    app->order.is_echoed = is_echoed;
    app->order.is_sent = is_sent;
    return node != NULL && roster_app_put(roster, node, app);
}

bool roster_order_covered(struct roster *roster, const char *name, const char *app_name)
{
    struct roster_node *node = roster_find(roster, name);
    struct roster_app app;
    return node != NULL && roster_app_copy(node, app_name, &app) != NULL && app.order.is_there &&
           order_mark(roster, name, &app, false, false);
}

void roster_order_sent(struct roster *roster, const char *name, const char *app_name,
                       const char *id, bool is_sent, bool is_taken)
{
    struct roster_node *node = roster_find(roster, name);
    struct roster_app app;
    if (node != NULL && roster_app_copy(node, app_name, &app) != NULL && app.order.is_there &&
        strcmp(app.order.id, id) == 0) {
        app.order.was_there |= is_taken;
        (void)order_mark(roster, name, &app, app.order.is_echoed, is_sent);
    }
}

/* -- what is cleared -------------------------------------------------------------------------- */

/* Neither the node nor the fleet says anything of it any more. */
static bool is_silent(const struct roster_node *node)
{
    const char *names[LABELS_MAX];
    const char *values[LABELS_MAX];
    return !node->is_reported && node->session == 0 &&
           roster_labels_list(node, ROSTER_LABELS_GIVEN, names, values, 0) == 0;
}

static void node_sweep(struct roster *roster, struct roster_node *node)
{
    struct roster_app app;
    size_t at = 0;
    if (is_silent(node) && !roster_app_next(node, &at, &app)) {
        roster_labels_take(roster, node, ROSTER_LABELS_OWN, NULL, NULL, 0);
        roster_forget(roster, node);
    }
}

void roster_report_clear(struct roster *roster, const char *name)
{
    struct roster_node *node = roster_find(roster, name);
    if (node != NULL) {
        node->is_reported = false;
        roster_note_change(roster, node);
        roster_labels_take(roster, node, ROSTER_LABELS_OWN, NULL, NULL, 0);
        apps_sweep(roster, node, NULL);
        word_take(node, false, roster->now);
        node_sweep(roster, node);
    }
}

void roster_presence_clear(struct roster *roster, const char *name)
{
    struct roster_node *node = roster_find(roster, name);
    if (node != NULL) {
        node->is_present = false;
        node->is_fallen = false;
        node->absent_since = 0;
        node->session = 0;
        roster_note_change(roster, node);
        node_sweep(roster, node);
    }
}

void roster_labels_clear(struct roster *roster, const char *name)
{
    struct roster_node *node = roster_find(roster, name);
    if (node != NULL) {
        hearsay_set(roster, node, false);
        roster_labels_take(roster, node, ROSTER_LABELS_GIVEN, NULL, NULL, 0);
        node_sweep(roster, node);
    }
}

void roster_order_clear(struct roster *roster, const char *name, const char *app_name, bool is_kept)
{
    struct roster_node *node = roster_find(roster, name);
    struct roster_app app;
    if (node == NULL || roster_app_copy(node, app_name, &app) == NULL) {
        return;
    }
    app.order.is_echoed = app.order.is_sent = false;
    if (!is_kept || is_silent(node)) {
        app.order = (struct roster_order){0};
    }
    (void)roster_app_put(roster, node, &app); /* no memory: is_short says it */
    node_sweep(roster, node);
}

/* -- levels ----------------------------------------------------------------------------------- */

/* An app whose order is, or may be, where its node read before. */
static bool has_shown(const struct roster_node *node, struct roster_app *app)
{
    size_t at = 0;
    while (roster_app_next(node, &at, app)) {
        if (app->order.is_there && (app->order.is_echoed || app->order.is_sent)) {
            return true;
        }
    }
    return false;
}

void roster_level_set(struct roster *roster, struct roster_node *node, unsigned level)
{
    LAW(NODE_LAWS, level == 1 || level == 2);
    struct roster_app app;
    bool is_on_2 = level == 2;
    if (is_on_2 == node->is_on_2) {
        return;
    }
    node->is_on_2 = is_on_2;
    while (has_shown(node, &app) && order_mark(roster, node->name, &app, false, false)) {
        /* from the beginning again: what follows has moved */
    }
}

unsigned roster_level(const struct roster_node *node)
{
    return node != NULL && node->is_on_2 ? 2 : 1;
}

/* -- what is asked ---------------------------------------------------------------------------- */

/* Of a label that stands twice the last counts: the fleet's word, and the node's own name. */
bool roster_matches(const struct roster_node *node, const struct selector *selector)
{
    const char *names[REPORT_LABELS_MAX + LABELS_MAX + 1];
    const char *values[REPORT_LABELS_MAX + LABELS_MAX + 1];
    bool is_rumour = node->is_hearsay && !node->is_reported && node->session == 0;
    if (node->is_barred || is_rumour) {
        return false;
    }
    if (selector->requirement_count == 0) {
        return true; /* every node */
    }
    size_t count = roster_labels_list(node, ROSTER_LABELS_OWN, names, values, 0);
    count = roster_labels_list(node, ROSTER_LABELS_GIVEN, names, values, count);
    names[count] = "node";
    values[count++] = node->name;
    return selector_matches(selector, names, values, count);
}

const char *roster_label(const struct roster_node *node, const char *name)
{
    const char *names[REPORT_LABELS_MAX + LABELS_MAX];
    const char *values[REPORT_LABELS_MAX + LABELS_MAX];
    size_t count = roster_labels_list(node, ROSTER_LABELS_OWN, names, values, 0);
    count = roster_labels_list(node, ROSTER_LABELS_GIVEN, names, values, count);
    if (strcmp(name, "node") == 0) {
        return node->name;
    }
    while (count > 0 && strcmp(names[count - 1], name) != 0) {
        count--;
    }
    return count > 0 ? values[count - 1] : NULL;
}

const struct report_outcome *roster_outcome(const struct roster_app *app, const char *id)
{
    LAW(ONE_ANSWER, app->outcome_count <= REPORT_OUTCOMES_MAX);
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
    struct roster_app app;
    for (size_t i = 0; i < roster->node_count; i++) {
        for (size_t at = 0; roster_app_next(roster_at(roster, i), &at, &app);) {
            epoch = app.order.is_there && app.order.epoch > epoch ? app.order.epoch : epoch;
        }
    }
    return epoch;
}

uint64_t roster_epoch_for(const struct roster_node *node, uint64_t epoch)
{
    uint64_t seen = 0;
    struct roster_app app;
    if (!node->is_jump_bound) {
        return epoch;
    }
    for (size_t at = 0; roster_app_next(node, &at, &app);) {
        uint64_t ordered = app.order.is_there ? app.order.epoch : 0;
        seen = ordered > seen ? ordered : seen;
        seen = app.order_epoch > seen ? app.order_epoch : seen;
    }
    return seen != 0 && epoch > seen + EPOCH_JUMP_BEFORE ? seen + 1 : epoch;
}

/* A new session shows none of its orders yet. */
static void node_forget_session(struct roster *roster, struct roster_node *node)
{
    struct roster_app app;
    size_t at = 0;
    size_t before = 0;
    if (node->is_present) {
        node->is_present = false;
        roster_note_change(roster, node);
    }
    while (roster_app_next(node, &at, &app)) {
        bool stays = app.is_reported || (app.order.is_there && app.order.was_there);
        app.order.is_there = app.order.is_there && app.order.was_there;
        app.order.is_echoed = app.order.is_sent = false;
        (void)roster_app_put(roster, node, &app); /* no longer than before */
        at = before;                              /* what follows has moved */
        if (stays) {
            (void)roster_app_next(node, &at, &app);
            before = at;
        }
    }
}

void roster_forget_session(struct roster *roster)
{
    roster->is_short = false; /* everything is read again */
    roster->short_of[0] = '\0';
    for (size_t i = 0; i < roster->node_count; i++) {
        node_forget_session(roster, roster_at(roster, i));
    }
}
