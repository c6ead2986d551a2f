/* roster_edge: every table at its limit, and every member of what is told: kept, replaced or gone.
 */
#include "tests/check.h"
#include "tests/unit/fleet/desk.h"

static struct roster roster;

static void begin(void)
{
    roster_close(&roster);
    roster_init(&roster);
}

#define web(node) roster_app_find(roster_find(&roster, (node)), "web")

static bool app_add(struct roster_node *node, const char *name)
{
    struct roster_app app = {.order = {.is_there = true, .epoch = 1, .gen = 1}};
    return text_copy(app.app, sizeof app.app, name) && roster_app_put(&roster, node, &app);
}

/* Nodes and apps come without a limit, in any order, and each is found again. */
static void case_grows(void)
{
    enum { NODES = 3000, APPS = 17 };
    char name[NAME_BYTES];
    begin();
    for (int i = 0; i < NODES; i++) {
        (void)snprintf(name, sizeof name, "gw-%04d", i * 1999 % NODES);
        struct roster_node *node = roster_need(&roster, name);
        CHECK(node != NULL);
        for (int app = 0; app < APPS; app++) {
            (void)snprintf(name, sizeof name, "app-%d", app);
            CHECK(app_add(node, name));
        }
        CHECK(!app_add(node, "Bad"));
    }
    CHECK_INT_EQ(roster.node_count, NODES);
    CHECK_INT_EQ(roster.app_count, NODES * APPS);
    for (size_t i = 0; i < NODES; i++) {
        (void)snprintf(name, sizeof name, "gw-%04zu", i);
        CHECK_STR_EQ(roster_at(&roster, i)->name, name);
        CHECK(roster_find(&roster, name) == roster_at(&roster, i));
    }
    CHECK(!roster.is_short);
}

/* -- memory that ends ---------------------------------------------------------------------------
 */

static int memory_left;

static void *scarce(void *memory, size_t size)
{
    return memory_left-- > 0 ? realloc(memory, size) : NULL;
}

/* Whatever finds no memory is missed, named, and harms nothing that is there. */
static void case_short(void)
{
    const char *name = "site", *value = "north";
    struct presence presence = {.session = "s", .is_online = true};
    struct order order = {.node = "two", .app = "web", .epoch = 1, .gen = 1};
    int steps = 0;
    do {
        struct report report = desk_report("two", 1);
        begin();
        CHECK(roster_need(&roster, "one") != NULL);
        roster.resize = scarce;
        memory_left = steps++;
        roster_presence(&roster, "two", &presence);
        roster_labels(&roster, "two", &name, &value, 1);
        roster_report(&roster, &report, 1);
        (void)roster_order(&roster, &order, true);
        CHECK(roster_find(&roster, "one") != NULL);
        CHECK_INT_EQ(roster.is_short, memory_left < 0);
        CHECK_STR_EQ(roster.short_of, memory_left < 0 ? "two" : "");
        roster.resize = realloc; /* there is memory again: the next word about it is taken */
        CHECK(roster_order(&roster, &order, true));
        CHECK(web("two")->order.is_there);
        roster_forget_session(&roster);
        CHECK(!roster.is_short);
    } while (memory_left < 0);
    CHECK(steps > 4); /* the node, its labels, its app, what they share, and none missing */
}

/* A name as long as may be, and one longer. */
static void case_names(void)
{
    char name[80];
    begin();
    memset(name, 'a', sizeof name);
    name[63] = '\0';
    CHECK(roster_need(&roster, name) != NULL);
    CHECK_STR_EQ(roster_at(&roster, 0)->name, name);
    size_t at = 0;
    struct roster_app app;
    CHECK(!roster_app_next(roster_at(&roster, 0), &at, &app));
    name[63] = 'a';
    name[64] = '\0';
    CHECK(roster_need(&roster, name) == NULL);
    name[33] = '\0';
    CHECK(!app_add(roster_at(&roster, 0), name));
    name[32] = '\0';
    CHECK(app_add(roster_at(&roster, 0), name));
    CHECK(roster_app_next(roster_at(&roster, 0), &at, &app));
    CHECK_STR_EQ(app.app, name);
}

static void case_report(void)
{
    static const struct {
        const char *phase, *by, *wait;
        bool is_changing, is_overridden, is_waiting;
    } rows[] = {{"rest", "nobody", "", false, false, false},
                {"prepare", "order", "busy", true, false, true},
                {"unproven", "override", "", true, true, false},
                {"something-new", "somebody", "x", false, false, true}};
    begin();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct report report = desk_report("n", 3);
        struct report_app *told = &report.apps[0];
        (void)text_copy(told->phase, sizeof told->phase, rows[i].phase);
        (void)text_copy(told->wanted_by, sizeof told->wanted_by, rows[i].by);
        (void)text_copy(told->order_wait, sizeof told->order_wait, rows[i].wait);
        (void)text_copy(told->order_id, sizeof told->order_id, "00000000000000aa");
        told->is_order_open = i % 2 == 1;
        told->is_serving = i % 2 == 0;
        told->order_epoch = 7;
        told->order_gen = 8;
        told->outcome_count = 2;
        (void)text_copy(told->outcomes[1].id, ORDER_ID_BYTES, "00000000000000bb");
        roster_report(&roster, &report, 1);
        const struct roster_app *app = web("n");
        struct digest three = desk_digest(3);
        CHECK(app->is_reported);
        CHECK_INT_EQ(app->is_changing, rows[i].is_changing);
        CHECK_INT_EQ(app->is_overridden, rows[i].is_overridden);
        CHECK_INT_EQ(app->is_order_waiting, rows[i].is_waiting);
        CHECK_INT_EQ(app->is_order_open, i % 2 == 1);
        CHECK_INT_EQ(app->is_serving, i % 2 == 0);
        CHECK(digest_is_equal(&app->committed, &three));
        CHECK_INT_EQ(app->order_epoch, 7);
        CHECK_INT_EQ(app->order_gen, 8);
        CHECK_STR_EQ(app->order_id, "00000000000000aa");
        CHECK_INT_EQ(app->outcome_count, 2);
        CHECK(roster_outcome(app, "00000000000000bb") == &app->outcomes[1]);
        CHECK(roster_outcome(app, "00000000000000cc") == NULL);
    }
    /* Nothing committed: its digest says nothing. */
    struct report report = desk_report("n", 3);
    report.apps[0].committed.gen = 0;
    roster_report(&roster, &report, 1);
    CHECK(digest_is_none(&web("n")->committed));
}

/* What a node does not report any more is not there any more; its order is. */
static void case_report_less(void)
{
    struct order order = {.node = "n", .app = "web", .epoch = 2, .gen = 5};
    begin();
    struct report report = desk_report("n", 3);
    (void)text_copy(report.apps[1].app, NAME_BYTES, "db");
    report.app_count = 2;
    roster_report(&roster, &report, 1);
    roster_order(&roster, &order, true);
    report.app_count = 0;
    report.label_count = 0;
    roster_report(&roster, &report, 1);
    const struct roster_app *app = web("n");
    CHECK(app != NULL && !app->is_reported && !app->is_serving && app->order.is_there);
    CHECK(digest_is_none(&app->committed));
    CHECK(roster_app_find(roster_find(&roster, "n"), "db") == NULL); /* no reason to keep it */
    CHECK_INT_EQ(roster.app_count, 1);
}

/* Since when an app does not serve is told by the clock of the one who reads. */
static void case_unserving(void)
{
    struct report report = desk_report("n", 3);
    begin();
    roster_report(&roster, &report, 5);
    CHECK_INT_EQ(web("n")->unserving_since, 0);
    report.apps[0].is_serving = false;
    roster_report(&roster, &report, 6);
    roster_report(&roster, &report, 7); /* still the same */
    CHECK_INT_EQ(web("n")->unserving_since, 6);
    report.apps[0].is_serving = true;
    roster_report(&roster, &report, 8);
    CHECK_INT_EQ(web("n")->unserving_since, 0);
}

static void case_presence(void)
{
    struct presence presence = {.session = "aaaaaaaaaaaaaaaa", .is_online = false};
    begin();
    roster_presence(&roster, "n", &presence); /* a farewell without a greeting */
    CHECK(!roster_find(&roster, "n")->is_present);
    CHECK_INT_EQ(roster_find(&roster, "n")->session, (int64_t)UINT64_C(0xaaaaaaaaaaaaaaaa));
    presence.is_online = true;
    (void)text_copy(presence.session, sizeof presence.session, "bbbbbbbbbbbbbbbb");
    roster_presence(&roster, "n", &presence);
    CHECK_INT_EQ(roster_find(&roster, "n")->session, (int64_t)UINT64_C(0xbbbbbbbbbbbbbbbb));
    (void)text_copy(presence.session, sizeof presence.session, "cccccccccccccccc");
    presence.is_online = false;
    roster_presence(&roster, "n", &presence);
    CHECK(roster_find(&roster, "n")->is_present);
    CHECK_INT_EQ(roster_find(&roster, "n")->session, (int64_t)UINT64_C(0xbbbbbbbbbbbbbbbb));
}

/* As many labels, and as long, as the documents carry: each is selected by. */
static void case_labels(void)
{
    const char *names[LABELS_MAX], *values[LABELS_MAX];
    char texts[LABELS_MAX][LABEL_BYTES], value[LABEL_BYTES];
    struct selector selector;
    char query[2 * LABEL_BYTES + 8];
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    begin();
    for (size_t i = 0; i < LABELS_MAX; i++) {
        memset(texts[i], 'k', sizeof texts[i]);
        (void)snprintf(texts[i] + LABEL_BYTES - 3, 3, "%02zu", i);
        names[i] = texts[i];
        values[i] = value;
    }
    roster_labels_signed(&roster, "n", names, values, LABELS_MAX, 1);
    const struct roster_node *node = roster_find(&roster, "n");
    for (size_t i = 0; i < LABELS_MAX; i++) {
        (void)snprintf(query, sizeof query, "%s=%s", names[i], value);
        CHECK_INT_EQ(selector_parse(query, &selector, NULL), 0);
        CHECK(roster_matches(node, &selector));
    }
    roster_labels_signed(&roster, "n", names, values, LABELS_MAX - 1, 2);
    CHECK(!roster_matches(node, &selector));
    roster_labels_signed(&roster, "n", names, values, 0, 3);
    CHECK(roster_label(node, names[0]) == NULL);
}

/* A report with as many labels as it can carry, and with none again. */
static void case_own_labels(void)
{
    struct report report = desk_report("n", 1);
    struct selector selector;
    char query[32];
    begin();
    report.label_count = REPORT_LABELS_MAX;
    for (size_t i = 0; i < REPORT_LABELS_MAX; i++) {
        (void)snprintf(report.label_names[i], sizeof report.label_names[i], "k%zu", i);
        (void)snprintf(report.label_values[i], sizeof report.label_values[i], "v%zu", i);
    }
    for (int is_full = 1; is_full >= 0; is_full--) {
        report.label_count = is_full ? REPORT_LABELS_MAX : 0;
        roster_report(&roster, &report, 1);
        for (size_t i = 0; i < REPORT_LABELS_MAX; i++) {
            (void)snprintf(query, sizeof query, "k%zu=v%zu", i, i);
            CHECK_INT_EQ(selector_parse(query, &selector, NULL), 0);
            CHECK_INT_EQ(roster_matches(roster_find(&roster, "n"), &selector), is_full);
        }
    }
}

/* The node's own name is its label, whatever it or the fleet says of it. */
static void case_node_label(void)
{
    const char *name = "node", *value = "other";
    struct selector me, other;
    begin();
    roster_labels_signed(&roster, "n", &name, &value, 1, 1);
    CHECK_INT_EQ(selector_parse("node=n", &me, NULL), 0);
    CHECK_INT_EQ(selector_parse("node=other", &other, NULL), 0);
    CHECK(roster_matches(roster_find(&roster, "n"), &me));
    CHECK(!roster_matches(roster_find(&roster, "n"), &other));
}

static struct order order_of(uint64_t epoch, uint64_t gen, const char *id)
{
    struct order order = {.node = "n",
                          .app = "web",
                          .epoch = epoch,
                          .gen = gen,
                          .hold = true,
                          .force = true,
                          .start_by = 11,
                          .issued = 12,
                          .rollout = "r"};
    order.release = desk_digest(2);
    order.before = desk_digest(1);
    (void)text_copy(order.id, sizeof order.id, id);
    return order;
}

/* Every member is kept; of two orders the higher one stays, by epoch and then by number. */
static void case_order(void)
{
    static const struct {
        uint64_t epoch, gen;
        bool is_taken;
    } rows[] = {{5, 4, false}, {4, 9, false}, {5, 5, true}, {5, 6, true}, {6, 1, true}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin();
        struct order first = order_of(5, 5, "00000000000000aa");
        struct order second = order_of(rows[i].epoch, rows[i].gen, "00000000000000bb");
        roster_order(&roster, &first, true);
        const struct roster_app *app = web("n");
        const struct roster_order *held = &app->order;
        CHECK(held->is_there && held->is_echoed && held->was_there && !held->is_sent);
        CHECK(held->hold && held->force);
        CHECK_INT_EQ(held->start_by, 11);
        CHECK_INT_EQ(held->issued, 12);
        CHECK_STR_EQ(held->rollout, "r");
        CHECK(digest_is_equal(&held->release, &first.release));
        CHECK(digest_is_equal(&held->before, &first.before));
        roster_order(&roster, &second, true);
        held = &web("n")->order;
        CHECK_STR_EQ(held->id, rows[i].is_taken ? "00000000000000bb" : "00000000000000aa");
        /* An older one that lies on the topic hides ours: it has to be put there again. */
        CHECK_INT_EQ(held->is_echoed, rows[i].is_taken);
    }
}

#define held() (&web("n")->order)

static void sent(const struct order *order)
{
    roster_order_sent(&roster, order->node, order->app, order->id, true, false);
    CHECK(held()->is_sent);
}

/* What is known of an order at the broker: kept for the same order, begun anew for another. */
static void case_order_echo(void)
{
    struct order first = order_of(5, 5, "00000000000000aa");
    struct order older = order_of(5, 4, "00000000000000bb");
    struct order later = order_of(5, 6, "00000000000000cc");
    begin();
    roster_order(&roster, &first, false);
    CHECK(!held()->is_echoed && !held()->was_there);
    sent(&first);
    roster_order(&roster, &older, false); /* not from the topic: it hides nothing */
    CHECK(held()->is_sent);
    roster_order(&roster, &first, true);
    CHECK(held()->is_echoed && held()->is_sent && held()->was_there);
    roster_order(&roster, &first, false);
    CHECK(held()->is_echoed && held()->is_sent && held()->was_there);
    roster_order(&roster, &older, false);
    CHECK(held()->is_echoed && held()->is_sent);
    roster_order(&roster, &older, true);
    CHECK(!held()->is_echoed && !held()->is_sent && held()->was_there);
    sent(&first);
    roster_order(&roster, &later, false);
    CHECK(!held()->is_echoed && !held()->is_sent && !held()->was_there && held()->is_there);
}

static void case_covered(void)
{
    struct order order = order_of(5, 5, "00000000000000aa");
    begin();
    CHECK(!roster_order_covered(&roster, "n", "web"));
    struct report report = desk_report("n", 1);
    roster_report(&roster, &report, 1);
    CHECK(!roster_order_covered(&roster, "n", "web"));
    CHECK(!roster_order_covered(&roster, "n", "db"));
    roster_order(&roster, &order, true);
    sent(&order);
    CHECK(roster_order_covered(&roster, "n", "web"));
    CHECK(!web("n")->order.is_echoed && !web("n")->order.is_sent && web("n")->order.is_there);
}

/* A new session knows nothing of who is there; an order that the broker never had is forgotten. */
static void case_forget(void)
{
    struct order had = order_of(5, 5, "00000000000000aa");
    struct order never = order_of(5, 5, "00000000000000bb");
    struct presence presence = {.session = "aaaaaaaaaaaaaaaa", .is_online = true};
    begin();
    (void)text_copy(never.app, sizeof never.app, "db");
    roster_presence(&roster, "n", &presence);
    roster_order(&roster, &had, true);
    roster_order(&roster, &never, false);
    sent(&had);
    roster_forget_session(&roster);
    CHECK(!roster_find(&roster, "n")->is_present);
    CHECK(web("n")->order.is_there && web("n")->order.was_there);
    CHECK(!web("n")->order.is_echoed && !web("n")->order.is_sent);
    CHECK(roster_app_find(roster_find(&roster, "n"), "db") == NULL);
}

/* The highest of all orders, forgotten sessions or not. */
static void case_epoch(void)
{
    begin();
    struct order order = order_of(100, 1, "00000000000000aa");
    roster_order(&roster, &order, true);
    CHECK_INT_EQ(roster_epoch(&roster), 100);
    roster_forget_session(&roster);
    CHECK_INT_EQ(roster_epoch(&roster), 100);
    struct roster_app app = *web("n");
    app.order.is_there = false;
    CHECK(roster_app_put(&roster, roster_find(&roster, "n"), &app));
    CHECK_INT_EQ(roster_epoch(&roster), 0);
}

/* What ended before the order that lies there answers nothing any more; without it all are kept. */
static void case_outcomes(void)
{
    static const char *const ids[] = {"00000000000000dd", "00000000000000cc", "odd", "bb"};
    struct report report = desk_report("n", 3);
    struct order order = order_of(5, 5, "00000000000000cc");
    begin();
    report.apps[0].outcome_count = COUNT_OF(ids);
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        struct report_outcome *outcome = &report.apps[0].outcomes[i];
        (void)text_copy(outcome->id, sizeof outcome->id, ids[i]);
        (void)text_copy(outcome->reason, sizeof outcome->reason, ids[i]);
        outcome->kind = (enum outcome_kind)(i + 1);
    }
    roster_report(&roster, &report, 1);
    for (int is_ordered = 0; is_ordered < 2; is_ordered++) {
        const struct roster_app *app = web("n");
        CHECK_INT_EQ(app->outcome_count, is_ordered ? 2 : 4);
        for (size_t i = 0; i < app->outcome_count; i++) {
            CHECK_STR_EQ(app->outcomes[i].id, ids[i]);
            CHECK_STR_EQ(app->outcomes[i].reason, ids[i]);
            CHECK_INT_EQ(app->outcomes[i].kind, i + 1);
        }
        roster_order(&roster, &order, true);
    }
}

/* Orders of every shape come back as they were put. */
static void case_shapes(void)
{
    static const wall_ms bounds[] = {0, 11, 12, 900012};
    static const char *const ids[] = {"00000000000000aa", "", "AA", "zz"};
    begin();
    CHECK(roster_need(&roster, "n") != NULL);
    for (size_t i = 0; i < COUNT_OF(bounds) * COUNT_OF(ids); i++) {
        struct roster_app app = {.app = "web", .is_reported = true, .unserving_since = 77};
        app.order = (struct roster_order){.is_there = true,
                                          .epoch = UINT64_MAX,
                                          .gen = UINT64_MAX - i,
                                          .start_by = bounds[i % COUNT_OF(bounds)],
                                          .issued = 12};
        (void)text_copy(app.order.id, sizeof app.order.id, ids[i / COUNT_OF(bounds)]);
        (void)text_copy(app.order_id, sizeof app.order_id, ids[i % COUNT_OF(ids)]);
        app.order_epoch = i % 2 == 0 ? UINT64_MAX : 3;
        app.order_gen = UINT64_MAX - i;
        CHECK(roster_app_put(&roster, roster_find(&roster, "n"), &app));
        CHECK(memcmp(web("n"), &app, sizeof app) == 0);
    }
}

/* Who changed is noted once, and only when something really did. */
static void case_changes(void)
{
    struct report report = desk_report("n", 1);
    struct presence presence = {.session = "aaaaaaaaaaaaaaaa", .is_online = true};
    struct order order = order_of(5, 5, "00000000000000aa");
    const uint32_t *numbers;
    size_t count = 0;
    begin();
    CHECK(roster_changes(&roster, &numbers, &count) && count == 0);
    for (int round = 0; round < 2; round++) {
        roster_presence(&roster, "n", &presence);
        roster_report(&roster, &report, 1);
        roster_order(&roster, &order, true);
        CHECK(roster_changes(&roster, &numbers, &count));
        CHECK_INT_EQ(count, round == 0 ? 1 : 0); /* the same again changes nothing */
        roster_changes_clear(&roster);
    }
    CHECK(roster_need(&roster, "other") != NULL);
    report.apps[0].is_serving = false;
    roster_report(&roster, &report, 1);
    CHECK(roster_changes(&roster, &numbers, &count));
    CHECK_INT_EQ(count, 2);
    CHECK_STR_EQ(roster_by_number(&roster, numbers[0])->name, "other");
    roster_changes_clear(&roster);
    CHECK(!roster_find(&roster, "n")->is_changed);
}

/* Orders that the broker does not show are found without looking at every node, and forgotten when
 * it shows them. */
static void case_unshown(void)
{
    struct order order = order_of(5, 5, "00000000000000aa");
    size_t place = SIZE_MAX;
    begin();
    CHECK(roster_unshown_next(&roster, &place) == NULL);
    CHECK(roster_need(&roster, "other") != NULL);
    roster_order(&roster, &order, false);
    place = SIZE_MAX;
    CHECK(roster_unshown_next(&roster, &place) == roster_find(&roster, "n"));
    CHECK(roster_unshown_next(&roster, &place) == NULL);
    sent(&order);
    place = SIZE_MAX;
    CHECK(roster_unshown_next(&roster, &place) == NULL);
    CHECK(!roster_find(&roster, "n")->is_unshown);
    roster_order_sent(&roster, "n", "web", "other", false, false); /* of another order: nothing */
    CHECK(held()->is_sent);
    roster_order_sent(&roster, "n", "web", order.id, false, true);
    CHECK(held()->was_there);
    place = SIZE_MAX;
    CHECK(roster_unshown_next(&roster, &place) == roster_find(&roster, "n"));
}

static bool remove_one(const char *name)
{
    roster_report_clear(&roster, name);
    roster_presence_clear(&roster, name);
    roster_labels_clear(&roster, name);
    return roster_find(&roster, name) == NULL;
}

/* Nodes are forgotten and come again, thousands of times: nobody else is lost or doubled. */
static void case_forgotten(void)
{
    enum { NODES = 500 };
    bool is_there[NODES] = {false};
    char name[NODE_NAME_BYTES];
    size_t count = 0;
    uint32_t random = 7;
    begin();
    for (int turn = 0; turn < 20 * NODES; turn++) {
        random = random * 1664525 + 1013904223;
        uint32_t i = (random >> 8) % NODES;
        uint32_t members = roster.members;
        (void)snprintf(name, sizeof name, "gw-%u", i * 7919 % NODES);
        struct report report = desk_report(name, 1);
        CHECK_INT_EQ(roster_find(&roster, name) != NULL, is_there[i]);
        if (is_there[i]) {
            CHECK(remove_one(name));
        } else {
            roster_report(&roster, &report, 1);
        }
        is_there[i] = !is_there[i];
        count = is_there[i] ? count + 1 : count - 1;
        CHECK_INT_EQ(roster.node_count, count);
        CHECK_INT_EQ(roster.app_count, count);
        CHECK_INT_EQ(roster.members, members + 1);
        for (size_t k = 1; turn % 100 == 0 && k < count; k++) {
            CHECK(strcmp(roster_at(&roster, k - 1)->name, roster_at(&roster, k)->name) < 0);
            CHECK_INT_EQ(roster_at(&roster, k)->rank, k);
        }
    }
    CHECK(count > NODES / 4);
    CHECK(roster.number_count <= NODES); /* numbers are used again */
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"grows", case_grows},
        {"unserving", case_unserving},
        {"short", case_short},
        {"names", case_names},
        {"report", case_report},
        {"report: less", case_report_less},
        {"presence", case_presence},
        {"labels", case_labels},
        {"labels: own", case_own_labels},
        {"label: node", case_node_label},
        {"order", case_order},
        {"order: echo", case_order_echo},
        {"order: covered", case_covered},
        {"forget", case_forget},
        {"epoch", case_epoch},
        {"outcomes", case_outcomes},
        {"forgotten", case_forgotten},
        {"shapes", case_shapes},
        {"changes", case_changes},
        {"unshown", case_unshown},
    };
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    roster_close(&roster);
    return status;
}
