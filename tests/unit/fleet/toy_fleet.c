/* toy_fleet: each node is a small machine with a counter; the clerk's book is kept beside it. */
#include "tests/unit/fleet/toy_fleet.h"

#include "tests/check.h"

uint64_t toy_random(struct toy_fleet *fleet, uint64_t below)
{
    fleet->random += 0x9e3779b97f4a7c15u;
    uint64_t mixed = fleet->random;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return (mixed ^ (mixed >> 31)) % below;
}

struct digest toy_release(uint8_t byte)
{
    struct digest digest;
    memset(digest.bytes, byte, sizeof digest.bytes);
    return digest;
}

static uint8_t byte_of(const struct digest *digest)
{
    return digest->bytes[0];
}

/* The report, as far as it matters here; an absent node says nothing. */
static void node_tell(struct toy_fleet *fleet, size_t index)
{
    static struct report report;
    const struct toy_node *node = &fleet->nodes[index];
    struct report_app *app = &report.apps[0];
    if (!node->is_present || node->is_hung) {
        return;
    }
    memset(&report, 0, sizeof report);
    memcpy(report.node, node->name, sizeof report.node);
    report.app_count = 1;
    (void)text_copy(app->app, sizeof app->app, "web");
    bool is_working = node->is_open && node->is_begun;
    (void)text_copy(app->phase, sizeof app->phase, is_working ? "unproven" : "rest");
    (void)text_copy(app->wanted_by, sizeof app->wanted_by,
                    node->is_overridden ? "override" : "order");
    app->committed.gen = node->runs != 0 ? 1 : 0;
    app->committed.release = toy_release(node->runs);
    app->order_epoch = node->order.epoch;
    app->order_gen = node->order.gen;
    memcpy(app->order_id, node->order.id, sizeof app->order_id);
    app->is_order_open = node->is_open;
    (void)text_copy(app->order_wait, sizeof app->order_wait,
                    node->is_open && !node->is_begun ? "release" : "");
    memcpy(app->outcomes, node->outcomes, sizeof app->outcomes);
    app->outcome_count = node->outcome_count;
    app->is_serving = true;
    roster_report(&fleet->roster, &report, fleet->now);
}

static void node_answer(struct toy_node *node, enum outcome_kind kind)
{
    for (size_t i = REPORT_OUTCOMES_MAX - 1; i > 0; i--) {
        node->outcomes[i] = node->outcomes[i - 1];
    }
    node->outcomes[0] = (struct report_outcome){.kind = kind};
    memcpy(node->outcomes[0].id, node->order.id, sizeof node->outcomes[0].id);
    node->outcome_count += node->outcome_count < REPORT_OUTCOMES_MAX;
    node->is_open = node->is_begun = false;
}

/* A newer order is taken: before the change begins it replaces the older one, then it waits. */
static void node_take(struct toy_fleet *fleet, size_t index)
{
    struct toy_node *node = &fleet->nodes[index];
    const struct order *topic = &fleet->topics[index];
    bool is_news = topic->id[0] != '\0' && strcmp(topic->id, node->order.id) != 0;
    if (!is_news || (node->is_open && node->is_begun)) {
        return;
    }
    if (node->is_open) {
        node_answer(node, OUTCOME_REPLACED);
    }
    node->order = *topic;
    node->is_open = true;
    node->is_begun = false;
    node->wait = (unsigned)toy_random(fleet, 4);
    node->work = 1 + (unsigned)toy_random(fleet, 8);
    if (node->is_overridden && !topic->force && !digest_is_none(&topic->release)) {
        node_answer(node, OUTCOME_OVERRIDDEN);
    } else if (digest_is_none(&topic->release) || byte_of(&topic->release) == node->runs) {
        node->is_overridden = false;
        node_answer(node, OUTCOME_SUCCEEDED);
    }
}

static void node_work(struct toy_fleet *fleet, struct toy_node *node)
{
    if (!node->is_open) {
        return;
    }
    if (!node->is_begun) {
        if (node->wait > 0) {
            node->wait--;
        } else if (node->order.start_by != 0 && fleet->now >= node->order.start_by) {
            node_answer(node, OUTCOME_EXPIRED);
        } else if (node->fate == TOY_REFUSING) {
            node_answer(node, OUTCOME_REFUSED);
        } else {
            node->is_begun = true;
            node->is_overridden = false;
        }
        return;
    }
    if (--node->work == 0) {
        bool is_good = node->fate == TOY_GOOD;
        node->runs = is_good ? byte_of(&node->order.release) : node->runs;
        node_answer(node, is_good ? OUTCOME_SUCCEEDED : OUTCOME_FAILED);
    }
}

void toy_node_tick(struct toy_fleet *fleet, size_t index)
{
    struct toy_node *node = &fleet->nodes[index];
    if (node->is_hung) {
        return;
    }
    if (node->is_present) {
        node_take(fleet, index);
    }
    node_work(fleet, node);
    node_tell(fleet, index);
}

void toy_node_connect(struct toy_fleet *fleet, size_t index, bool is_present)
{
    struct toy_node *node = &fleet->nodes[index];
    struct presence presence = {.is_online = is_present};
    if (is_present) {
        node->session++;
    }
    node->is_present = is_present;
    (void)snprintf(presence.session, sizeof presence.session, "%016x", node->session);
    roster_presence(&fleet->roster, node->name, &presence);
    node_tell(fleet, index);
}

void toy_node_override(struct toy_fleet *fleet, size_t index)
{
    struct toy_node *node = &fleet->nodes[index];
    if (node->is_open) {
        node_answer(node, OUTCOME_OVERRIDDEN);
    }
    node->is_overridden = true;
    node->runs = 3;
    node_tell(fleet, index);
}

void toy_open(struct toy_fleet *fleet, uint64_t seed, size_t nodes)
{
    struct err err = {0};
    memset(fleet, 0, sizeof *fleet);
    fleet->random = seed;
    fleet->now = 1764000000000;
    fleet->count = nodes;
    roster_init(&fleet->roster);
    fleet->spec = (struct rollout_spec){.id = "web-1",
                                        .app = "web",
                                        .release = toy_release(2),
                                        .created = fleet->now,
                                        .max_unavailable = 1,
                                        .start_by_ms = ROLLOUT_START_BY_MS_DEFAULT,
                                        .lost_after_ms = ROLLOUT_LOST_AFTER_MS_DEFAULT,
                                        .offline = "later"};
    fleet->control = (struct rollout_control){.want = "run"};
    CHECK_INT_EQ(selector_parse("", &fleet->selector, &err), 0);
    for (size_t i = 0; i < nodes; i++) {
        (void)snprintf(fleet->nodes[i].name, sizeof fleet->nodes[i].name, "gw-%02zu", i);
        fleet->nodes[i].runs = 1;
        toy_node_connect(fleet, i, true);
    }
}

void toy_close(struct toy_fleet *fleet)
{
    planner_tally_free(fleet->tally);
    fleet->tally = NULL;
    roster_close(&fleet->roster);
}

#define told_of(fleet, index)                                                                      \
    roster_app_find(roster_find(&(fleet)->roster, (fleet)->nodes[(index)].name), "web")

/* An order that takes one back is nobody's to wait longer for than for any order. */
static bool is_past_limit(const struct toy_fleet *fleet, const struct toy_entry *entry)
{
    uint64_t limit = entry->is_back ? ROLLOUT_START_BY_MS_DEFAULT + ROLLOUT_LOST_AFTER_MS_DEFAULT
                                    : fleet->spec.start_by_ms + fleet->spec.lost_after_ms;
    return fleet->now >= entry->issued + (wall_ms)limit;
}

static bool is_entry_open(const struct toy_fleet *fleet, size_t index)
{
    const struct toy_entry *entry = &fleet->entries[index];
    return entry->is_written && !is_past_limit(fleet, entry) &&
           roster_outcome(told_of(fleet, index), entry->id) == NULL;
}

uint32_t toy_outstanding(const struct toy_fleet *fleet)
{
    uint32_t count = 0;
    for (size_t i = 0; i < fleet->count; i++) {
        count += is_entry_open(fleet, i);
    }
    return count;
}

uint32_t toy_failed(const struct toy_fleet *fleet)
{
    uint32_t count = 0;
    for (size_t i = 0; i < fleet->count; i++) {
        const struct toy_entry *entry = &fleet->entries[i];
        const struct roster_app *app = told_of(fleet, i);
        if (!entry->is_written || entry->is_back) {
            bool is_gone =
                !fleet->nodes[i].is_present && !is_entry_open(fleet, i) &&
                (app == NULL || ((!app->is_overridden || fleet->spec.force) &&
                                 !digest_is_equal(&app->committed, &fleet->spec.release)));
            count += is_gone && strcmp(fleet->spec.offline, "fail") == 0;
            continue;
        }
        const struct report_outcome *outcome = roster_outcome(app, entry->id);
        bool runs_it = digest_is_equal(&app->committed, &fleet->spec.release);
        if (outcome == NULL) {
            count += is_past_limit(fleet, entry) && !runs_it;
        } else {
            count += !runs_it && outcome->kind != OUTCOME_SUCCEEDED &&
                     outcome->kind != OUTCOME_OVERRIDDEN;
        }
    }
    return count;
}

static size_t index_of(const struct toy_fleet *fleet, const char *name)
{
    size_t i = 0;
    while (i < fleet->count && strcmp(fleet->nodes[i].name, name) != 0) {
        i++;
    }
    CHECK(i < fleet->count);
    return i;
}

/* The laws, at the moment an order is given. */
static void order_check(struct toy_fleet *fleet, const struct toy_node *node,
                        const struct planner_order *planned)
{
    if (planned->is_taken_back) {
        CHECK(strcmp(fleet->control.want, "run") != 0 || fleet->is_superseded ||
              toy_failed(fleet) > fleet->control.accepted);
        return;
    }
    CHECK_STR_EQ(fleet->control.want, "run");
    CHECK(!fleet->is_superseded);
    CHECK(toy_outstanding(fleet) < fleet->spec.max_unavailable);
    CHECK(toy_failed(fleet) <= fleet->control.accepted);
    CHECK(node->is_present);
    CHECK(digest_is_equal(&planned->release, &fleet->spec.release));
    /* By what the node said last, which is all that anybody can know. */
    const struct roster_app *app = told_of(fleet, index_of(fleet, node->name));
    CHECK(app != NULL && (!app->is_overridden || fleet->spec.force));
    CHECK(app != NULL && byte_of(&app->committed) != byte_of(&fleet->spec.release));
    CHECK(app != NULL && digest_is_equal(&planned->before, &app->committed));
}

static void order_write(struct toy_fleet *fleet, const struct planner_order *planned)
{
    size_t index = index_of(fleet, roster_at(&fleet->roster, planned->node)->name);
    struct order *order = &fleet->topics[index];
    order_check(fleet, &fleet->nodes[index], planned);
    *order = (struct order){.app = "web",
                            .epoch = 1,
                            .gen = ++fleet->serial,
                            .release = planned->release,
                            .before = planned->before,
                            .issued = fleet->now};
    memcpy(order->node, fleet->nodes[index].name, sizeof order->node);
    memcpy(order->rollout, fleet->spec.id, sizeof order->rollout);
    (void)snprintf(order->id, sizeof order->id, "%016llx", (unsigned long long)fleet->serial);
    order->start_by =
        planned->is_taken_back ? planned->start_by : fleet->now + (wall_ms)fleet->spec.start_by_ms;
    order->force = fleet->spec.force;
    roster_order(&fleet->roster, order, true);
    fleet->entries[index] = (struct toy_entry){
        .is_written = true, .is_back = planned->is_taken_back, .issued = fleet->now};
    memcpy(fleet->entries[index].id, order->id, sizeof order->id);
    fleet->ordered += !planned->is_taken_back;
    fleet->taken_back += planned->is_taken_back;
}

/* What is kept plans the same as a look at every node. */
static void tally_hold(struct toy_fleet *fleet, const struct planner_rollout *rollout)
{
    static struct planner_result kept;
    char why[160] = "";
    if (fleet->tally != NULL) {
        planner_tally_step(fleet->tally, rollout, &fleet->roster, fleet->now, &kept);
        roster_changes_clear(&fleet->roster);
        if (!planner_result_is_same(&kept, &fleet->result, why, sizeof why)) {
            CHECK_STR_EQ(why, "");
        }
    }
}

void toy_plan(struct toy_fleet *fleet)
{
    const struct planner_rollout rollout = {.spec = &fleet->spec,
                                            .control = &fleet->control,
                                            .selector = &fleet->selector,
                                            .is_superseded = fleet->is_superseded};
    struct planner_result *result = &fleet->result;
    planner_step(&rollout, &fleet->roster, planner_changing(&fleet->roster, fleet->now), fleet->now,
                 result);
    tally_hold(fleet, &rollout);
    for (size_t i = 0; i < result->order_count; i++) {
        order_write(fleet, &result->orders[i]);
    }
    /* It ends, does something, or says what it waits for. */
    CHECK(rollout_phase_is_end(result->state.phase) || result->order_count > 0 ||
          result->state.waiting[0] != '\0');
}
