/* crowd: each node is a few numbers; a seat hears of it when a message gets through. */
#include "tests/unit/fleet/crowd.h"

#include "agent/fleet/failure.h"
#include "tests/check.h"

uint64_t crowd_random(struct crowd *crowd, uint64_t below)
{
    crowd->random += 0x9e3779b97f4a7c15u;
    uint64_t mixed = crowd->random;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return (mixed ^ (mixed >> 31)) % below;
}

struct digest crowd_release(uint8_t byte)
{
    struct digest digest = {0};
    memset(digest.bytes, byte, sizeof digest.bytes);
    return digest;
}

size_t crowd_index(const struct crowd *crowd, const char *name)
{
    size_t i = 0;
    while (i < crowd->count && strcmp(crowd->nodes[i].name, name) != 0) {
        i++;
    }
    CHECK(i < crowd->count);
    return i;
}

void crowd_label(struct crowd_node *node, const char *name, const char *value)
{
    node->label_names[node->label_count] = name;
    (void)text_copy(node->label_values[node->label_count++], NODE_NAME_BYTES, value);
    node->version++;
}

/* -- what is told ----------------------------------------------------------------------------- */

static bool says_changing(const struct crowd_node *node)
{
    return (node->is_open && node->is_begun) || node->fate == CROWD_CLAIMING;
}

static void report_make(const struct crowd *crowd, const struct crowd_node *node,
                        struct report *report)
{
    struct report_app *app = &report->apps[0];
    (void)crowd;
    memset(report, 0, sizeof *report);
    memcpy(report->node, node->name, sizeof report->node);
    for (size_t i = 0; i < node->label_count; i++) {
        (void)text_copy(report->label_names[i], 64, node->label_names[i]);
        (void)text_copy(report->label_values[i], 64, node->label_values[i]);
    }
    report->label_count = node->label_count;
    report->app_count = 1;
    (void)text_copy(app->app, sizeof app->app, "web");
    (void)text_copy(app->phase, sizeof app->phase, says_changing(node) ? "unproven" : "rest");
    (void)text_copy(app->wanted_by, sizeof app->wanted_by,
                    node->is_overridden ? "override" : "order");
    app->committed.gen = node->runs != 0;
    app->committed.release = crowd_release(node->runs);
    app->order_epoch = node->order.epoch;
    app->order_gen = node->order.gen;
    memcpy(app->order_id, node->order.id, sizeof app->order_id);
    app->is_order_open = node->is_open;
    (void)text_copy(app->order_wait, sizeof app->order_wait,
                    node->is_open && !node->is_begun ? "release" : "");
    if (node->outcome != OUTCOME_NONE) {
        app->outcome_count = 1;
        app->outcomes[0].kind = node->outcome;
        memcpy(app->outcomes[0].id, node->order.id, sizeof app->order_id);
        memcpy(app->outcomes[0].reason, node->reason, sizeof node->reason);
    }
    app->is_serving = node->is_serving;
}

static void seat_tell(struct crowd *crowd, struct crowd_seat *seat, size_t index)
{
    static struct report report;
    const struct crowd_node *node = &crowd->nodes[index];
    struct presence presence = {.session = "aaaaaaaaaaaaaaaa", .is_online = node->is_present};
    struct crowd_told *told = &seat->told[index];
    seat->roster.now = crowd->now + seat->skew_ms;
    roster_presence(&seat->roster, node->name, &presence);
    told->is_present = node->is_present;
    report_make(crowd, node, &report);
    roster_report(&seat->roster, &report, seat->roster.now);
    struct crowd_told before = *told;
    bool has_fallen = !node->is_serving && (before.is_serving || !before.is_told);
    wall_ms since = before.changing_since != 0 ? before.changing_since : seat->roster.now;
    *told =
        (struct crowd_told){.is_told = true,
                            .is_present = node->is_present,
                            .is_serving = node->is_serving,
                            .is_changing = says_changing(node),
                            .changing_since = says_changing(node) ? since : 0,
                            .falls = (before.runs == node->runs ? before.falls : 0) + has_fallen,
                            .is_open = node->is_open,
                            .runs = node->runs,
                            .outcome = node->outcome};
    memcpy(told->order_id, node->order.id, sizeof told->order_id);
    seat->seen[index] = node->version;
}

/* Now and then something is told twice. */
static void seats_hear(struct crowd *crowd)
{
    for (size_t s = 0; s < CROWD_SEATS; s++) {
        struct crowd_seat *seat = &crowd->seats[s];
        for (size_t i = 0; i < crowd->count && seat->is_alive; i++) {
            bool is_lost = crowd->lose_one_in != 0 && crowd_random(crowd, crowd->lose_one_in) == 0;
            bool is_again = crowd->lose_one_in != 0 && crowd_random(crowd, 50) == 0;
            if ((seat->seen[i] != crowd->nodes[i].version && !is_lost) || is_again) {
                seat_tell(crowd, seat, i);
            }
        }
    }
}

/* -- nodes ------------------------------------------------------------------------------------ */

static void node_answer(struct crowd_node *node, enum outcome_kind kind, const char *reason)
{
    node->outcome = kind;
    (void)text_copy(node->reason, sizeof node->reason, reason);
    node->is_open = node->is_begun = false;
    node->version++;
}

static void node_take(struct crowd *crowd, size_t index)
{
    struct crowd_node *node = &crowd->nodes[index];
    const struct crowd_order *topic = &crowd->orders[index];
    bool is_late = crowd->lose_one_in != 0 && crowd_random(crowd, crowd->lose_one_in) == 0;
    bool is_older = topic->order.epoch < node->order.epoch ||
                    (topic->order.epoch == node->order.epoch && topic->order.gen < node->order.gen);
    if (!topic->is_there || strcmp(topic->order.id, node->order.id) == 0 || is_late || is_older ||
        (node->is_open && node->is_begun)) {
        return;
    }
    node->order = topic->order;
    node->outcome = OUTCOME_NONE;
    node->is_open = true;
    node->is_begun = false;
    node->begin_at = crowd->now + (int64_t)crowd_random(crowd, 30000);
    node->end_at =
        node->begin_at + 10000 + (int64_t)crowd_random(crowd, (uint64_t)crowd->work_ms_max);
    node->version++;
    if (node->is_overridden && !node->order.force) {
        node_answer(node, OUTCOME_OVERRIDDEN, "");
    } else if (node->order.release.bytes[0] == node->runs) {
        node_answer(node, OUTCOME_SUCCEEDED, "already");
    } else if (node->fate == CROWD_REFUSING) {
        node_answer(node, OUTCOME_REFUSED, "disk");
    }
}

/* A node that once ran a release takes it back whatever its fate with the new one is. */
static void node_end(struct crowd *crowd, struct crowd_node *node)
{
    bool is_new = node->order.release.bytes[0] == crowd->spec.release.bytes[0];
    if (is_new && node->fate == CROWD_BAD) {
        node_answer(node, OUTCOME_FAILED, "never-ready");
        return;
    }
    node->runs = node->order.release.bytes[0];
    node->is_serving = true;
    int64_t fade_in = node->fade_in_ms != 0 ? node->fade_in_ms : 120000;
    node->fade_at = is_new && node->fate == CROWD_FADING ? crowd->now + fade_in : 0;
    node_answer(node, OUTCOME_SUCCEEDED, "");
}

static void node_tick(struct crowd *crowd, size_t index)
{
    struct crowd_node *node = &crowd->nodes[index];
    if (node->is_present) {
        node_take(crowd, index);
    }
    if (node->fate == CROWD_SILENT &&
        node->order.release.bytes[0] == crowd->spec.release.bytes[0]) {
        return; /* it took the order and never says a word of it again */
    }
    if (node->is_open && !node->is_begun && crowd->now >= node->begin_at) {
        if (node->order.start_by != 0 && crowd->now + node->skew_ms >= node->order.start_by) {
            node_answer(node, OUTCOME_EXPIRED, "");
        } else {
            node->is_begun = true;
            node->version++;
        }
    } else if (node->is_open && node->is_begun && crowd->now >= node->end_at) {
        node_end(crowd, node);
    }
    if (node->fate == CROWD_FLAPPING && node->runs == crowd->spec.release.bytes[0]) {
        crowd_serve(crowd, index, !node->is_serving);
    }
    if (node->fade_at != 0 && crowd->now >= node->fade_at) {
        node->fade_at = 0;
        crowd_serve(crowd, index, false);
    }
}

void crowd_connect(struct crowd *crowd, size_t index, bool is_present)
{
    crowd->nodes[index].is_present = is_present;
    crowd->nodes[index].version++;
}

void crowd_serve(struct crowd *crowd, size_t index, bool is_serving)
{
    crowd->nodes[index].is_serving = is_serving;
    crowd->nodes[index].version++;
}

/* -- the broker and who acts ------------------------------------------------------------------ */

wall_ms crowd_clock(const struct crowd *crowd)
{
    return crowd->now + (crowd->acting != CROWD_SEATS ? crowd->seats[crowd->acting].skew_ms : 0);
}

bool crowd_is_past(const struct crowd *crowd, size_t index)
{
    const struct order *order = &crowd->orders[index].order;
    wall_ms begin =
        order->start_by != 0 ? order->start_by : order->issued + ROLLOUT_START_BY_MS_DEFAULT;
    return crowd_clock(crowd) >= begin + (wall_ms)(order->start_by != 0
                                                       ? crowd->spec.lost_after_ms
                                                       : ROLLOUT_LOST_AFTER_MS_DEFAULT);
}

bool crowd_is_outstanding(const struct crowd *crowd, const struct crowd_seat *seat, size_t index)
{
    const struct crowd_order *entry = &crowd->orders[index];
    const struct crowd_told *told = &seat->told[index];
    bool is_answered =
        strcmp(told->order_id, entry->order.id) == 0 && told->outcome != OUTCOME_NONE;
    return entry->is_there && !is_answered && !crowd_is_past(crowd, index);
}

static void trace_add(struct crowd *crowd, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crowd->trace = (crowd->trace ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
    }
}

/* Onto its topic, where every seat that lives hears it. */
static void order_put(struct crowd *crowd, size_t index, const struct order *order)
{
    struct crowd_order *entry = &crowd->orders[index];
    entry->order = *order;
    entry->is_there = true;
    entry->is_back = !digest_is_equal(&order->release, &crowd->spec.release);
    trace_add(crowd, order->id, sizeof order->id);
    for (size_t s = 0; s < CROWD_SEATS; s++) {
        struct crowd_told *told = &crowd->seats[s].told[index];
        bool is_later = told->changing_since != 0 && order->issued > told->changing_since;
        told->changing_since = is_later ? order->issued : told->changing_since;
        if (crowd->seats[s].is_alive) {
            roster_order(&crowd->seats[s].roster, order, true);
        }
    }
}

/* By the seat, at its time; a seat that was deposed is not judged. */
static void order_write(struct crowd *crowd, const struct crowd_seat *seat, uint64_t epoch,
                        const struct planner_order *planned)
{
    size_t index = crowd_index(crowd, roster_at(&seat->roster, planned->node)->name);
    struct crowd_order *entry = &crowd->orders[index];
    unsigned tries = entry->is_there ? failure_try(entry->order.id) + 1 : 0;
    wall_ms now = crowd->now + seat->skew_ms;
    if (crowd->judge != NULL && epoch == crowd->epoch) {
        crowd->judge(crowd, index, planned);
    }
    struct order order = {.app = "web",
                          .epoch = epoch,
                          .gen = ++crowd->serial,
                          .release = planned->release,
                          .before = planned->before,
                          .issued = now,
                          .force = crowd->spec.force};
    memcpy(order.node, crowd->nodes[index].name, sizeof order.node);
    memcpy(order.rollout, crowd->spec.id, sizeof order.rollout);
    (void)snprintf(order.id, ORDER_ID_BYTES, "%015llx%x", (unsigned long long)crowd->serial,
                   tries > 15 ? 15 : tries);
    order.start_by =
        planned->is_taken_back ? planned->start_by : now + (wall_ms)crowd->spec.start_by_ms;
    order_put(crowd, index, &order);
    crowd->ordered += !planned->is_taken_back;
    crowd->taken_back += planned->is_taken_back;
}

static const struct freeze *freeze_at(const struct crowd *crowd, const struct crowd_seat *seat)
{
    return freeze_holds(&crowd->freeze, crowd->now + seat->skew_ms, true) ? &crowd->freeze : NULL;
}

bool crowd_is_frozen(const struct crowd *crowd)
{
    return crowd->acting < CROWD_SEATS && freeze_at(crowd, &crowd->seats[crowd->acting]) != NULL;
}

static void seat_plan(struct crowd *crowd, const struct crowd_seat *seat,
                      struct planner_result *result)
{
    const struct planner_rollout rollout = {.spec = &crowd->spec,
                                            .control = &crowd->control,
                                            .selector = &crowd->selector,
                                            .memory = &crowd->state,
                                            .freeze = freeze_at(crowd, seat),
                                            .freeze_owner = "ann"};
    wall_ms now = crowd->now + seat->skew_ms;
    planner_step(&rollout, &seat->roster, planner_changing(&seat->roster, now), now, result);
}

/* What is kept plans the same as a look at every node. */
static void tally_hold(struct crowd *crowd, const struct planner_result *counted)
{
    static struct planner_result kept;
    struct crowd_seat *seat = &crowd->seats[crowd->acting];
    const struct planner_rollout rollout = {.spec = &crowd->spec,
                                            .control = &crowd->control,
                                            .selector = &crowd->selector,
                                            .memory = &crowd->state,
                                            .freeze = freeze_at(crowd, seat),
                                            .freeze_owner = "ann"};
    char why[160] = "";
    planner_tally_step(seat->tally, &rollout, &seat->roster, crowd->now + seat->skew_ms, &kept);
    roster_changes_clear(&seat->roster);
    if (!planner_result_is_same(&kept, counted, why, sizeof why)) {
        CHECK_STR_EQ(why, "");
    }
}

static void plan(struct crowd *crowd)
{
    const struct crowd_seat *seat = &crowd->seats[crowd->acting];
    struct planner_result *result = &crowd->result;
    seat_plan(crowd, seat, result);
    tally_hold(crowd, result);
    crowd->state = result->state;
    trace_add(crowd, result->state.count, sizeof result->state.count);
    trace_add(crowd, result->state.waiting, strlen(result->state.waiting));
    if (crowd->watch != NULL) {
        crowd->watch(crowd);
    }
    for (size_t i = 0; i < result->order_count; i++) {
        order_write(crowd, seat, crowd->epoch, &result->orders[i]);
    }
    CHECK(rollout_phase_is_end(result->state.phase) || result->order_count > 0 ||
          result->state.waiting[0] != '\0');
}

/* What it had under way when another took over. */
static void deposed_plan(struct crowd *crowd)
{
    static struct planner_result result;
    const struct crowd_seat *seat = &crowd->seats[crowd->deposed];
    seat_plan(crowd, seat, &result);
    for (size_t i = 0; i < result.order_count; i++) {
        order_write(crowd, seat, crowd->deposed_epoch, &result.orders[i]);
        crowd->ordered_late++;
    }
    crowd->deposed = CROWD_SEATS;
}

/* Where the topic shows nothing, or what an older coordinator had under way. */
static void restate(struct crowd *crowd)
{
    const struct crowd_seat *seat = &crowd->seats[crowd->acting];
    for (size_t i = 0; i < seat->roster.node_count; i++) {
        const struct roster_node *node = roster_at(&seat->roster, i);
        const struct roster_app *app = roster_app_find(node, "web");
        const struct roster_order *held = app != NULL ? &app->order : NULL;
        size_t index = crowd_index(crowd, node->name);
        const struct crowd_order *topic = &crowd->orders[index];
        if (held == NULL || !held->is_there ||
            (topic->is_there && strcmp(topic->order.id, held->id) == 0)) {
            continue;
        }
        struct order order = {.app = "web",
                              .epoch = held->epoch,
                              .gen = held->gen,
                              .release = held->release,
                              .before = held->before,
                              .start_by = held->start_by,
                              .issued = held->issued,
                              .force = held->force};
        memcpy(order.node, crowd->nodes[index].name, sizeof order.node);
        memcpy(order.rollout, held->rollout, sizeof order.rollout);
        memcpy(order.id, held->id, sizeof order.id);
        order_put(crowd, index, &order);
        crowd->restated++;
    }
}

void crowd_forget(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->count && crowd->acting != CROWD_SEATS; i++) {
        crowd->orders[i].is_there = false;
    }
}

/* A seat that begins reads everything that lies at the broker. */
static void seat_open(struct crowd *crowd, size_t index)
{
    struct crowd_seat *seat = &crowd->seats[index];
    int64_t skew = seat->skew_ms;
    memset(seat, 0, sizeof *seat);
    roster_init(&seat->roster);
    seat->skew_ms = skew;
    seat->tally = planner_tally_new();
    CHECK(seat->tally != NULL);
    seat->is_alive = true;
    for (size_t i = 0; i < crowd->count; i++) {
        seat_tell(crowd, seat, i);
        if (crowd->orders[i].is_there) {
            roster_order(&seat->roster, &crowd->orders[i].order, true);
        }
    }
}

void crowd_read(struct crowd *crowd)
{
    for (size_t s = 0; s < CROWD_SEATS; s++) {
        for (size_t i = 0; i < crowd->count; i++) {
            seat_tell(crowd, &crowd->seats[s], i);
        }
    }
}

void crowd_kill(struct crowd *crowd)
{
    if (crowd->acting == CROWD_SEATS) {
        return;
    }
    roster_close(&crowd->seats[crowd->acting].roster);
    planner_tally_free(crowd->seats[crowd->acting].tally);
    seat_open(crowd, crowd->acting); /* someone starts it again */
    crowd->deposed = crowd->deposed == crowd->acting ? CROWD_SEATS : crowd->deposed;
    crowd->acting = CROWD_SEATS;
    crowd->acts_at = crowd->now + 20000;
}

void crowd_depose(struct crowd *crowd)
{
    if (crowd->acting == CROWD_SEATS || crowd->deposed != CROWD_SEATS) {
        return;
    }
    crowd->deposed = crowd->acting;
    crowd->deposed_epoch = crowd->epoch++;
    crowd->deposed_at = crowd->now + CROWD_TICK_MS * (1 + (int64_t)crowd_random(crowd, 3));
    crowd->acting = (crowd->acting + 1) % CROWD_SEATS;
    for (size_t i = 0; i < crowd->count; i++) {
        seat_tell(crowd, &crowd->seats[crowd->acting], i);
    }
}

static void acting_choose(struct crowd *crowd)
{
    if (crowd->acting == CROWD_SEATS && crowd->now >= crowd->acts_at) {
        crowd->acting = (size_t)crowd_random(crowd, CROWD_SEATS);
        crowd->epoch++;
        for (size_t i = 0; i < crowd->count; i++) {
            seat_tell(crowd, &crowd->seats[crowd->acting], i);
        }
    }
}

void crowd_tick(struct crowd *crowd)
{
    crowd->now += crowd->tick_ms;
    for (size_t i = 0; i < crowd->count; i++) {
        node_tick(crowd, i);
    }
    seats_hear(crowd);
    acting_choose(crowd);
    if (crowd->deposed != CROWD_SEATS && crowd->now >= crowd->deposed_at) {
        deposed_plan(crowd);
    }
    if (crowd->acting != CROWD_SEATS) {
        restate(crowd);
    }
    for (size_t turn = 0; crowd->acting != CROWD_SEATS && turn < 16; turn++) {
        plan(crowd);
        if (crowd->result.order_count == 0) {
            break;
        }
    }
}

void crowd_resume(struct crowd *crowd)
{
    const uint32_t *count = crowd->state.count;
    (void)text_copy(crowd->control.want, sizeof crowd->control.want, "run");
    crowd->control.accepted = count[NODE_FAILED] + count[NODE_LOST] + count[NODE_REGRESSED];
    crowd->control.resumed_at = crowd_clock(crowd);
}

void crowd_open(struct crowd *crowd, uint64_t seed, size_t nodes)
{
    struct err err = {0};
    memset(crowd, 0, sizeof *crowd);
    crowd->random = seed;
    crowd->now = CROWD_START;
    crowd->count = nodes;
    crowd->work_ms_max = 60000;
    crowd->tick_ms = CROWD_TICK_MS;
    crowd->deposed = CROWD_SEATS;
    crowd->spec = (struct rollout_spec){.id = "web-1",
                                        .app = "web",
                                        .release = crowd_release(2),
                                        .created = crowd->now,
                                        .max_unavailable = 1,
                                        .start_by_ms = ROLLOUT_START_BY_MS_DEFAULT,
                                        .lost_after_ms = ROLLOUT_LOST_AFTER_MS_DEFAULT,
                                        .offline = "later"};
    crowd->control = (struct rollout_control){.want = "run"};
    CHECK_INT_EQ(selector_parse("", &crowd->selector, &err), 0);
    for (size_t i = 0; i < nodes; i++) {
        struct crowd_node *node = &crowd->nodes[i];
        (void)snprintf(node->name, sizeof node->name, nodes > 99 ? "gw-%03zu" : "gw-%02zu", i + 1);
        node->runs = 1;
        node->is_present = node->is_serving = true;
        node->version = 1;
    }
    for (size_t s = 0; s < CROWD_SEATS; s++) {
        seat_open(crowd, s);
    }
    acting_choose(crowd);
    crowd->acting = 0;
}

void crowd_close(struct crowd *crowd)
{
    for (size_t s = 0; s < CROWD_SEATS; s++) {
        if (crowd->seats[s].is_alive) {
            roster_close(&crowd->seats[s].roster);
            planner_tally_free(crowd->seats[s].tally);
        }
    }
}
