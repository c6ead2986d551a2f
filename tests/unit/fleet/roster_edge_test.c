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

static struct roster_app *web(const char *node)
{
    return roster_app_find(roster_find(&roster, node), "web");
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
            CHECK(roster_app_need(&roster, node, name) != NULL);
        }
        CHECK(roster_app_need(&roster, node, "Bad") == NULL);
    }
    CHECK_INT_EQ(roster.node_count, NODES);
    CHECK_INT_EQ(roster.app_count, NODES * APPS);
    for (int i = 0; i < NODES; i++) {
        (void)snprintf(name, sizeof name, "gw-%04d", i);
        CHECK_STR_EQ(roster.nodes[i]->name, name);
        CHECK(roster_find(&roster, name) == roster.nodes[i]);
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
        roster_order(&roster, &order, true);
        CHECK(roster_find(&roster, "one") != NULL);
        CHECK_INT_EQ(roster.is_short, memory_left < 0);
        CHECK_STR_EQ(roster.short_of, memory_left < 0 ? "two" : "");
        roster.resize = realloc; /* there is memory again: the next word about it is taken */
        roster_order(&roster, &order, true);
        CHECK(web("two")->order.is_there);
        roster_forget_session(&roster);
        CHECK(!roster.is_short);
    } while (memory_left < 0);
    CHECK_INT_EQ(steps, 4); /* the node, its labels, its app, and none missing */
}

/* A name as long as may be, and one longer. */
static void case_names(void)
{
    char name[80];
    begin();
    memset(name, 'a', sizeof name);
    name[63] = '\0';
    CHECK(roster_need(&roster, name) != NULL);
    CHECK_STR_EQ(roster.nodes[0]->name, name);
    CHECK(roster.nodes[0]->first_app == NULL);
    name[63] = 'a';
    name[64] = '\0';
    CHECK(roster_need(&roster, name) == NULL);
    name[33] = '\0';
    CHECK(roster_app_need(&roster, roster.nodes[0], name) == NULL);
    name[32] = '\0';
    CHECK(roster_app_need(&roster, roster.nodes[0], name) != NULL);
    CHECK_STR_EQ(roster.nodes[0]->first_app->app, name);
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
    CHECK_STR_EQ(roster_find(&roster, "n")->session, "aaaaaaaaaaaaaaaa");
    presence.is_online = true;
    (void)text_copy(presence.session, sizeof presence.session, "bbbbbbbbbbbbbbbb");
    roster_presence(&roster, "n", &presence);
    CHECK_STR_EQ(roster_find(&roster, "n")->session, "bbbbbbbbbbbbbbbb");
    (void)text_copy(presence.session, sizeof presence.session, "cccccccccccccccc");
    presence.is_online = false;
    roster_presence(&roster, "n", &presence);
    CHECK(roster_find(&roster, "n")->is_present);
    CHECK_STR_EQ(roster_find(&roster, "n")->session, "bbbbbbbbbbbbbbbb");
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
    roster_labels(&roster, "n", names, values, LABELS_MAX);
    const struct roster_node *node = roster_find(&roster, "n");
    CHECK_INT_EQ(node->given.count, LABELS_MAX);
    for (size_t i = 0; i < LABELS_MAX; i++) {
        (void)snprintf(query, sizeof query, "%s=%s", names[i], value);
        CHECK_INT_EQ(selector_parse(query, &selector, NULL), 0);
        CHECK(roster_matches(node, &selector));
    }
    roster_labels(&roster, "n", names, values, LABELS_MAX - 1);
    CHECK(!roster_matches(node, &selector));
    roster_labels(&roster, "n", names, values, 0);
    CHECK_INT_EQ(node->given.count, 0);
    CHECK(node->given.text == NULL);
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
        CHECK_INT_EQ(roster_find(&roster, "n")->own.count, report.label_count);
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
    roster_labels(&roster, "n", &name, &value, 1);
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
        const struct roster_order *held = &web("n")->order;
        CHECK(held->is_there && held->is_echoed && held->was_there && !held->is_sent);
        CHECK(held->hold && held->force);
        CHECK_INT_EQ(held->start_by, 11);
        CHECK_INT_EQ(held->issued, 12);
        CHECK_STR_EQ(held->rollout, "r");
        CHECK(digest_is_equal(&held->release, &first.release));
        CHECK(digest_is_equal(&held->before, &first.before));
        roster_order(&roster, &second, true);
        CHECK_STR_EQ(held->id, rows[i].is_taken ? "00000000000000bb" : "00000000000000aa");
        /* An older one that lies on the topic hides ours: it has to be put there again. */
        CHECK_INT_EQ(held->is_echoed, rows[i].is_taken);
    }
}

/* What is known of an order at the broker: kept for the same order, begun anew for another. */
static void case_order_echo(void)
{
    struct order first = order_of(5, 5, "00000000000000aa");
    struct order older = order_of(5, 4, "00000000000000bb");
    struct order later = order_of(5, 6, "00000000000000cc");
    begin();
    roster_order(&roster, &first, false);
    struct roster_order *held = &web("n")->order;
    CHECK(!held->is_echoed && !held->was_there);
    held->is_sent = true;
    roster_order(&roster, &older, false); /* not from the topic: it hides nothing */
    CHECK(held->is_sent);
    roster_order(&roster, &first, true);
    CHECK(held->is_echoed && held->is_sent && held->was_there);
    roster_order(&roster, &first, false);
    CHECK(held->is_echoed && held->is_sent && held->was_there);
    roster_order(&roster, &older, false);
    CHECK(held->is_echoed && held->is_sent);
    roster_order(&roster, &older, true);
    CHECK(!held->is_echoed && !held->is_sent && held->was_there);
    held->is_sent = true;
    roster_order(&roster, &later, false);
    CHECK(!held->is_echoed && !held->is_sent && !held->was_there && held->is_there);
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
    web("n")->order.is_sent = true;
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
    web("n")->order.is_sent = true;
    roster_forget_session(&roster);
    CHECK(!roster_find(&roster, "n")->is_present);
    CHECK(web("n")->order.is_there && web("n")->order.was_there);
    CHECK(!web("n")->order.is_echoed && !web("n")->order.is_sent);
    CHECK(!roster_app_find(roster_find(&roster, "n"), "db")->order.is_there);
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
    roster_app_find(roster_find(&roster, "n"), "web")->order.is_there = false;
    CHECK_INT_EQ(roster_epoch(&roster), 0);
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
    };
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    roster_close(&roster);
    return status;
}
