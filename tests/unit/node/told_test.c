/* told_test: the status, history, report and story of a node in which every value is another one,
 * to the last byte. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

static char said[32768];

/* The text with every digest down to its first byte. */
static const char *brief(const char *text)
{
    static char out[sizeof said];
    size_t len = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        out[len++] = text[i];
        if (len >= 64 && strspn(out + len - 64, "0123456789abcdef") >= 64) {
            len -= 62;
        }
        out[len] = '\0';
    }
    return out;
}

static struct text page(size_t cap)
{
    struct text text;
    text_init(&text, said, cap);
    return text;
}

static void see(struct app *app, uint32_t gen, uint8_t number, enum engine_state state)
{
    struct replica *replica = session_need(&app->session, gen, 0, number);
    replica->is_present = true;
    replica->state = state;
    replica->address = 0xc6120800u + gen * 16 + number;
    replica->is_routed = number == 1;
    replica->seen_at = 900;
}

/* Release 1 serves as generation 3, 2 is tried as 5, 4 and 6 were before. */
static struct app *begin(void)
{
    struct app *app = desk_open();
    struct memory_app *memory = &app->memory;
    struct plan *plan = desk_plan(app, 1);
    (void)text_copy(plan->version, sizeof plan->version, "1.0");
    plan->services[0].replicas = 2;
    plan->services[0].order = PLAN_STOP_FIRST;
    plan->services[0].order_reason = "of \"one\"";
    plan = desk_plan(app, 2);
    (void)text_copy(plan->version, sizeof plan->version, "2.0");
    plan->services[0].order_reason = "of two";
    memory->committed = desk_generation(1, 3);
    memory->history[0] = desk_generation(4, 2);
    memory->history[1] = desk_generation(6, 1);
    memory->wanted.bytes[0] = 1;
    memory->floor = 7;
    memory->attempts = 9;
    memory->quarantined[0].bytes[0] = 0xaa;
    memory->quarantined[1].bytes[0] = 0xbb;
    memory->verdict = VERDICT_BAD;
    memory->reason = REASON_DEADLINE;
    memory->verdict_gen = 4;
    app->verdicts = 8;
    app->verdict_of.bytes[0] = 0xdd;
    see(app, 3, 1, ENGINE_RUNNING);
    see(app, 3, 2, ENGINE_EXITED);
    session_need(&app->session, 3, 0, 3)->is_present = false;
    (void)strcpy(desk.conductor->engine.about.version, "20.10");
    desk.conductor->is_dirty = false;
    return app;
}

static void status_at_rest(void)
{
    struct app *app = begin();
    struct text text = page(sizeof said);
    conductor_status(desk.conductor, &text);
    CHECK_STR_EQ(
        brief(said),
        "{\"schema\":1,\"node\":\"gw\",\"version\":\"" BERTH_VERSION "\",\"identity\":\"alone\","
        "\"memoryLost\":false,\"storeFailed\":false,\"settled\":false,\"engine\":{\"up\":true,"
        "\"version\":\"20.10\"},\"route\":{\"obstacle\":\"none\",\"timeouts\":false},"
        "\"apps\":[{\"app\":\"web\",\"phase\":\"rest\",\"committed\":{\"gen\":3,"
        "\"release\":\"01\",\"sequence\":10,\"version\":\"1.0\"},\"candidate\":null,"
        "\"previous\":{\"gen\":2,\"release\":\"04\",\"sequence\":40,\"version\":\"\"},"
        "\"previousImage\":\"unknown\",\"adopted\":null,"
        "\"wanted\":\"01\",\"wantedBy\":\"nobody\",\"floor\":7,\"attempts\":9,"
        "\"verdict\":\"bad\",\"verdictGen\":4,\"reason\":\"deadline\",\"soakRemainingMs\":0,"
        "\"verdicts\":8,\"verdictRelease\":\"dd\",\"waitsFor\":\"\",\"order\":\"stop-first\","
        "\"orderReason\":\"of \\\"one\\\"\",\"cause\":null,\"health\":\"not-ready\","
        "\"healthReason\":\"exited\",\"containers\":[{\"gen\":3,\"replica\":1,"
        "\"state\":\"running\",\"ready\":false,\"health\":\"unknown\","
        "\"healthReason\":\"not-asked-yet\",\"routed\":true,\"address\":\"198.18.8.49\"},"
        "{\"gen\":3,\"replica\":2,\"state\":\"exited\",\"ready\":false,"
        "\"health\":\"not-ready\",\"healthReason\":\"exited\",\"routed\":false,"
        "\"address\":\"198.18.8.50\"}]}]}");
    (void)app;
    desk_close();
}

static void status_in_a_soak(void)
{
    struct app *app = begin();
    struct text text = page(sizeof said);
    app->memory.phase = SWAP_UNPROVEN;
    app->memory.candidate = desk_generation(2, 5);
    app->memory.wanted_by = WANTED_BY_ORDER;
    app->memory.verdict = VERDICT_NONE;
    app->plans.slots[1].plan.soak_ms = 9000;
    app->session.is_switched = true;
    app->session.wait = WISH_WAIT_TURN;
    app->verdicts = 0;
    app->cause.gen = 4;
    see(app, 5, 1, ENGINE_PAUSED);
    conductor_status(desk.conductor, &text);
    CHECK_STR_EQ(
        brief(said),
        "{\"schema\":1,\"node\":\"gw\",\"version\":\"" BERTH_VERSION "\",\"identity\":\"alone\","
        "\"memoryLost\":false,\"storeFailed\":false,\"settled\":false,\"engine\":{\"up\":true,"
        "\"version\":\"20.10\"},\"route\":{\"obstacle\":\"none\",\"timeouts\":false},"
        "\"apps\":[{\"app\":\"web\",\"phase\":\"unproven\",\"committed\":{\"gen\":3,"
        "\"release\":\"01\",\"sequence\":10,\"version\":\"1.0\"},\"candidate\":{\"gen\":5,"
        "\"release\":\"02\",\"sequence\":20,\"version\":\"2.0\"},\"previous\":{\"gen\":2,"
        "\"release\":\"04\",\"sequence\":40,\"version\":\"\"},\"previousImage\":\"unknown\","
        "\"adopted\":null,\"wanted\":\"01\","
        "\"wantedBy\":\"order\",\"floor\":7,\"attempts\":9,\"verdict\":\"none\","
        "\"verdictGen\":4,\"reason\":\"deadline\",\"soakRemainingMs\":9000,\"verdicts\":0,"
        "\"verdictRelease\":null,\"waitsFor\":\"turn\",\"order\":\"start-first\","
        "\"orderReason\":\"of two\",\"cause\":{\"gen\":4,\"service\":\"\",\"replica\":0,"
        "\"examined\":false,\"state\":null,\"exitCode\":null,\"outOfMemory\":null,"
        "\"engineError\":\"\",\"outputUnread\":\"\",\"outputCut\":false,\"probes\":[],"
        "\"lastLine\":\"\"},\"health\":\"not-ready\",\"healthReason\":\"paused\","
        "\"containers\":[{\"gen\":3,\"replica\":1,\"state\":\"running\",\"ready\":false,"
        "\"health\":\"unknown\",\"healthReason\":\"not-asked-yet\",\"routed\":true,"
        "\"address\":\"198.18.8.49\"},{\"gen\":3,\"replica\":2,\"state\":\"exited\","
        "\"ready\":false,\"health\":\"not-ready\",\"healthReason\":\"exited\","
        "\"routed\":false,\"address\":\"198.18.8.50\"},{\"gen\":5,\"replica\":1,"
        "\"state\":\"paused\",\"ready\":false,\"health\":\"not-ready\","
        "\"healthReason\":\"paused\",\"routed\":true,\"address\":\"198.18.8.81\"}]}]}");
    desk_close();
}

static void status_in_trouble(void)
{
    struct app *app = begin();
    struct text text = page(sizeof said);
    struct conductor *conductor = desk.conductor;
    app->memory.wanted_by = WANTED_BY_OVERRIDE;
    app->plans.slots[0].is_broken = true;
    app->session.replica_count = 0;
    app->session.is_observed = false;
    conductor->has_lost_memory = conductor->is_store_failing = true;
    conductor->engine.is_up = false;
    conductor->traffic.has_timeouts = true;
    conductor->traffic.obstacle = ROUTE_OBSTACLE_POOL;
    conductor->twin = LINK_TWIN_KNOWN;
    conductor->apps[1] = (struct app){.conductor = conductor, .is_used = true};
    (void)text_copy(conductor->apps[1].memory.app, NAME_BYTES, "b");
    conductor_status(conductor, &text);
    CHECK_STR_EQ(
        brief(said),
        "{\"schema\":1,\"node\":\"gw\",\"version\":\"" BERTH_VERSION "\",\"identity\":\"shared\","
        "\"memoryLost\":true,\"storeFailed\":true,\"settled\":false,\"engine\":{\"up\":false,"
        "\"version\":\"20.10\"},\"route\":{\"obstacle\":\"pool\",\"timeouts\":true},"
        "\"apps\":[{\"app\":\"web\",\"phase\":\"rest\",\"committed\":{\"gen\":3,"
        "\"release\":\"01\",\"sequence\":10,\"version\":\"\"},\"candidate\":null,"
        "\"previous\":{\"gen\":2,\"release\":\"04\",\"sequence\":40,\"version\":\"\"},"
        "\"previousImage\":\"unknown\",\"adopted\":null,"
        "\"wanted\":\"01\",\"wantedBy\":\"override\",\"floor\":7,\"attempts\":9,"
        "\"verdict\":\"bad\",\"verdictGen\":4,\"reason\":\"deadline\",\"soakRemainingMs\":0,"
        "\"verdicts\":8,\"verdictRelease\":\"dd\",\"waitsFor\":\"\",\"cause\":null,"
        "\"health\":\"unknown\",\"healthReason\":\"not-asked-yet\",\"containers\":[]},"
        "{\"app\":\"b\",\"phase\":\"rest\",\"committed\":null,\"candidate\":null,"
        "\"previous\":null,\"previousImage\":\"none\",\"adopted\":null,\"wanted\":\"00\","
        "\"wantedBy\":\"nobody\","
        "\"floor\":0,"
        "\"attempts\":0,\"verdict\":\"none\",\"verdictGen\":0,\"reason\":\"none\","
        "\"soakRemainingMs\":0,\"verdicts\":0,\"verdictRelease\":null,\"waitsFor\":\"\","
        "\"cause\":null,\"health\":\"not-ready\",\"healthReason\":\"nothing-runs\","
        "\"containers\":[]}]}");
    desk_close();
}

static void history(void)
{
    struct app *app = begin();
    struct text text = page(sizeof said);
    struct err err;
    CHECK_INT_EQ(conductor_history(desk.conductor, "web", &text, &err), 0);
    CHECK_STR_EQ(brief(said),
                 "{\"schema\":1,\"app\":\"web\",\"committed\":{\"gen\":3,\"release\":\"01\","
                 "\"sequence\":10,\"version\":\"1.0\"},\"history\":[{\"gen\":2,\"release\":\"04\","
                 "\"sequence\":40,\"version\":\"\"},{\"gen\":1,\"release\":\"06\",\"sequence\":60,"
                 "\"version\":\"\"}],\"previousImage\":\"unknown\",\"quarantined\":[\"aa\",\"bb\"],"
                 "\"cause\":null}");
    app->memory.history[1] = (struct generation){0};
    app->memory.committed = (struct generation){0};
    app->memory.quarantined[1] = (struct digest){0};
    text = page(sizeof said);
    CHECK_INT_EQ(conductor_history(desk.conductor, "web", &text, &err), 0);
    CHECK_STR_EQ(brief(said),
                 "{\"schema\":1,\"app\":\"web\",\"committed\":null,\"history\":[{\"gen\":2,"
                 "\"release\":\"04\",\"sequence\":40,\"version\":\"\"}],\"previousImage\":"
                 "\"unknown\",\"quarantined\":[\"aa\"],"
                 "\"cause\":null}");
    CHECK_INT_EQ(conductor_history(desk.conductor, "we", &text, &err), ERR_NOT_FOUND);
    CHECK_STR_EQ(err.text, "no app we on this node");
    app->is_used = false;
    CHECK_INT_EQ(conductor_history(desk.conductor, "web", &text, &err), ERR_NOT_FOUND);
    desk_close();
}

static uint64_t heard;

static void hear(void *ctx, const struct event *event)
{
    CHECK(ctx == &heard);
    heard = event->number;
}

static void events(void)
{
    struct app *app = begin();
    struct text text = page(sizeof said);
    struct conductor *conductor = desk.conductor;
    conductor_listen(conductor, hear, &heard);
    desk.wall = 1700000000000;
    conductor_event(conductor, NULL, "one %d", 1);
    CHECK_INT_EQ(heard, 1);
    desk.now = 1500;
    desk.is_trusted = true;
    conductor_warning(conductor, app, "two \"%s\"", "x");
    conductor_warning(conductor, app, "two \"%s\"", "x"); /* said already */
    CHECK_INT_EQ(heard, 2);
    conductor_events(conductor, 0, &text);
    CHECK_STR_EQ(said,
                 "{\"event\":1,\"at\":1000,\"wall\":1700000000000,\"timeTrusted\":false,\"app\":"
                 "\"\",\"text\":\"one 1\"}\n"
                 "{\"event\":2,\"at\":1500,\"wall\":1700000000000,\"timeTrusted\":true,\"app\":"
                 "\"web\",\"text\":\"two \\\"x\\\"\"}\n");
    CHECK_STR_EQ(desk.log, "i one 1\nw web: two \"x\"\n");
    conductor_warning(conductor, NULL, "two \"x\""); /* of another */
    conductor_event(conductor, NULL, "two \"x\"");   /* no warning: always said */
    conductor_event(conductor, NULL, "two \"x\"");
    CHECK_INT_EQ(heard, 5);
    desk_close();
}

/* The ring holds EVENTS_MAX; what is asked for begins behind `after`, or at the oldest there is. */
static void events_beyond_the_ring(void)
{
    static const struct {
        uint64_t after;
        int first, count;
    } rows[] = {
        {0, 3, EVENTS_MAX},
        {1, 3, EVENTS_MAX},
        {2, 3, EVENTS_MAX},
        {3, 4, EVENTS_MAX - 1},
        {EVENTS_MAX + 1, EVENTS_MAX + 2, 1},
        {EVENTS_MAX + 2, 0, 0},
        {EVENTS_MAX + 9, 0, 0},
    };
    struct app *app = begin();
    for (int i = 0; i < EVENTS_MAX; i++) {
        desk.log[0] = '\0';
        conductor_event(desk.conductor, app, "n%d", i + 1);
    }
    struct text text = page(sizeof said);
    conductor_events(desk.conductor, 0, &text);
    CHECK(strncmp(said, "{\"event\":1,", 11) == 0);
    conductor_event(desk.conductor, app, "a");
    conductor_event(desk.conductor, app, "b");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char first[32];
        int count = 0;
        text = page(sizeof said);
        conductor_events(desk.conductor, rows[i].after, &text);
        (void)snprintf(first, sizeof first, "{\"event\":%d,", rows[i].first);
        CHECK(rows[i].count == 0 || strncmp(said, first, strlen(first)) == 0);
        for (const char *at = said; (at = strchr(at, '\n')) != NULL; at++) {
            count++;
        }
        CHECK_INT_EQ(count, rows[i].count);
    }
    desk_close();
}

static void twins(void)
{
    static const struct {
        enum link_twin twin;
        const char *log;
    } rows[] = {
        {LINK_TWIN_NONE, ""},
        {LINK_TWIN_SUSPECTED, "w 5 sessions in a row ended soon after they began: perhaps another "
                              "client uses this node's "
                              "identity; look for a copy of its key, such as a cloned SD card, and "
                              "add that machine under "
                              "a name of its own\n"},
        {LINK_TWIN_SUSPECTED, ""},
        {LINK_TWIN_KNOWN,
         "w another client uses this node's identity: each takes the session from the other; look "
         "for "
         "a copy of its key, such as a cloned SD card, and add that machine under a name of its "
         "own\n"},
        {LINK_TWIN_NONE,
         "i the session stands: no other client uses this node's identity any more\n"},
    };
    (void)begin();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        desk_clear();
        desk.conductor->is_dirty = false;
        conductor_note_twin(desk.conductor, rows[i].twin);
        CHECK_STR_EQ(desk.log, rows[i].log);
        CHECK_INT_EQ(desk.conductor->twin, rows[i].twin);
        CHECK(desk.conductor->is_dirty == (rows[i].log[0] != '\0'));
    }
    desk_close();
}

static struct report report;

/* The report as its JSON: report_render's own tests say that it holds every field. */
static const char *reported(void)
{
    struct text text = page(sizeof said);
    conductor_report(desk.conductor, &report);
    report_render(&report, &text);
    return said;
}

static void report_at_rest(void)
{
    struct app *app = begin();
    app->memory.order_epoch = 21;
    app->memory.order_gen = 22;
    app->memory.order_id = 0x23;
    app->memory.outcomes[0] = (struct order_outcome){0x23, OUTCOME_REPLACED, REASON_REPLACED};
    app->memory.outcomes[1] =
        (struct order_outcome){0x19, OUTCOME_REFUSED, ERR_REVOKED - ERR_BASE_};
    desk.conductor->trust.version = 31;
    desk.conductor->revoked.version = 32;
    app->refused = ERR_SIGNATURE;
    CHECK_STR_EQ(
        brief(reported()),
        "{\"schema\":1,\"must\":[],\"fleet\":\"sim\",\"node\":\"gw\",\"version\":\"" BERTH_VERSION
        "\","
        "\"arch\":\"amd64\",\"reads\":{\"release\":1,\"order\":1,\"trust\":2},\"labels\":{},"
        "\"memoryLost\":false,\"storeFailed\":false,\"engineUp\":true,\"identity\":\"alone\","
        "\"trustVersion\":31,\"revokeVersion\":32,\"at\":0,\"timeTrusted\":false,"
        "\"apps\":[{\"app\":\"web\",\"phase\":\"rest\",\"committed\":{\"gen\":3,"
        "\"release\":\"01\",\"sequence\":10,\"version\":\"1.0\"},\"wanted\":\"01\","
        "\"wantedBy\":\"nobody\",\"verdict\":\"bad\",\"reason\":\"deadline\",\"verdictGen\":4,"
        "\"floor\":7,\"order\":{\"gen\":22,\"epoch\":21,\"id\":\"0000000000000023\","
        "\"open\":false},\"outcomes\":[{\"id\":\"0000000000000023\",\"outcome\":\"replaced\","
        "\"reason\":\"replaced\"},{\"id\":\"0000000000000019\",\"outcome\":\"refused\","
        "\"reason\":\"revoked\"}],\"refused\":\"bad-signature\",\"serving\":false,"
        "\"health\":\"not-ready\",\"healthReason\":\"exited\"}]}");
    desk_close();
}

static void report_while_it_changes(void)
{
    struct app *app = begin();
    app->memory.phase = SWAP_PREPARE;
    app->memory.candidate = desk_generation(2, 5);
    app->memory.wanted_by = WANTED_BY_ORDER;
    app->memory.is_order_open = true;
    app->memory.verdict = VERDICT_NONE;
    app->session.wait = WISH_WAIT_ENGINE;
    desk.conductor->has_lost_memory = desk.conductor->is_store_failing = true;
    desk.conductor->engine.is_up = false;
    CHECK_STR_EQ(
        brief(reported()),
        "{\"schema\":1,\"must\":[],\"fleet\":\"sim\",\"node\":\"gw\",\"version\":\"" BERTH_VERSION
        "\","
        "\"arch\":\"amd64\",\"reads\":{\"release\":1,\"order\":1,\"trust\":2},\"labels\":{},"
        "\"memoryLost\":true,\"storeFailed\":true,\"engineUp\":false,\"identity\":\"alone\","
        "\"at\":0,\"timeTrusted\":false,\"apps\":[{\"app\":\"web\",\"phase\":\"prepare\","
        "\"committed\":{\"gen\":3,\"release\":\"01\",\"sequence\":10,\"version\":\"1.0\"},"
        "\"candidate\":{\"gen\":5,\"release\":\"02\",\"sequence\":20,\"version\":\"2.0\"},"
        "\"wanted\":\"01\",\"wantedBy\":\"order\",\"verdict\":\"none\","
        "\"reason\":\"deadline\",\"verdictGen\":4,\"floor\":7,\"serving\":false,"
        "\"health\":\"not-ready\",\"healthReason\":\"exited\"}]}");
    desk_close();
}

/* What an order that was taken waits for: shown at rest, but for the wait before a next try. */
static void report_of_waits(void)
{
    static const struct {
        bool is_open;
        enum swap_phase phase;
        enum wish_wait wait;
        const char *said;
    } rows[] = {
        {true, SWAP_REST, WISH_WAIT_ENGINE, "engine"},
        {true, SWAP_REST, WISH_WAIT_RETRY, ""},
        {false, SWAP_REST, WISH_WAIT_ENGINE, ""},
        {true, SWAP_PREPARE, WISH_WAIT_ENGINE, ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = begin();
        app->memory.is_order_open = rows[i].is_open;
        app->memory.phase = rows[i].phase;
        app->session.wait = rows[i].wait;
        conductor_report(desk.conductor, &report);
        CHECK_STR_EQ(report.apps[0].order_wait, rows[i].said);
        desk_close();
    }
}

/* An order that is not taken yet is what the fleet waits for. */
static void report_of_orders_that_wait(void)
{
    struct app *app = begin();
    struct order_slot *slot = &desk.conductor->orders.list[2];
    slot->is_used = true;
    slot->order.epoch = 41;
    slot->order.gen = 42;
    (void)text_copy(slot->order.id, sizeof slot->order.id, "0000000000000043");
    (void)text_copy(slot->order.app, sizeof slot->order.app, "web");
    app->memory.order_epoch = 21;
    conductor_report(desk.conductor, &report);
    CHECK_INT_EQ(report.app_count, 1);
    CHECK_INT_EQ(report.apps[0].order_epoch, 41);
    CHECK_INT_EQ(report.apps[0].order_gen, 42);
    CHECK_STR_EQ(report.apps[0].order_id, "0000000000000043");
    CHECK_STR_EQ(report.apps[0].order_wait, "busy");
    CHECK(report.apps[0].is_order_open);
    slot->wait = ORDER_WAIT_RELEASE;
    (void)text_copy(slot->order.app, sizeof slot->order.app, "new");
    conductor_report(desk.conductor, &report);
    CHECK_INT_EQ(report.app_count, 2);
    CHECK_INT_EQ(report.apps[0].order_epoch, 21);
    CHECK(!report.apps[0].is_order_open);
    CHECK_STR_EQ(report.apps[1].app, "new");
    CHECK_STR_EQ(report.apps[1].phase, "rest");
    CHECK_STR_EQ(report.apps[1].order_wait, "release");
    CHECK_INT_EQ(report.apps[1].outcome_count, 0);
    slot->is_turned_away = true;
    slot->refusal = ERR_LIMIT;
    conductor_report(desk.conductor, &report);
    CHECK(!report.apps[1].is_order_open);
    CHECK_STR_EQ(report.apps[1].order_wait, "");
    CHECK_INT_EQ(report.apps[1].outcome_count, 1);
    CHECK_STR_EQ(report.apps[1].outcomes[0].id, "0000000000000043");
    CHECK_INT_EQ(report.apps[1].outcomes[0].kind, OUTCOME_REFUSED);
    CHECK_STR_EQ(report.apps[1].outcomes[0].reason, "over-limit");
    app->is_new = true; /* nothing durable of it yet */
    conductor_report(desk.conductor, &report);
    CHECK_INT_EQ(report.app_count, 1);
    CHECK_STR_EQ(report.apps[0].app, "new");
    slot->is_used = false;
    conductor_report(desk.conductor, &report);
    CHECK_INT_EQ(report.app_count, 0);
    desk_close();
}

static const char *story(size_t cap)
{
    char name[NAME_BYTES] = "";
    struct text text = page(cap);
    if (!conductor_story(desk.conductor, name, &text)) {
        return "none";
    }
    CHECK_STR_EQ(name, "web");
    return said;
}

static void stories(void)
{
    struct app *app = begin();
    CHECK_STR_EQ(story(8192), "none");
    desk.wall = 17;
    conductor_event(desk.conductor, app, "first");
    conductor_event(desk.conductor, NULL, "of the node");
    conductor_event(desk.conductor, &desk.conductor->apps[1], "of \"none\"");
    app->memory.outcomes[0] =
        (struct order_outcome){0x23, OUTCOME_REFUSED, ERR_REVOKED - ERR_BASE_};
    app->is_story_due = true;
    CHECK_STR_EQ(
        brief(story(8192)),
        "{\"schema\":1,\"node\":\"gw\",\"app\":\"web\",\"verdict\":\"bad\",\"verdictGen\":4,"
        "\"reason\":\"deadline\","
        "\"sentence\":\"the candidate was not ready within the swap's deadline\","
        "\"release\":\"aa\",\"order\":\"0000000000000023\",\"outcome\":\"refused\","
        "\"outcomeReason\":\"revoked\",\"cause\":null,\"eventsLeftOut\":0,"
        "\"events\":[{\"wall\":17,\"timeTrusted\":false,\"text\":\"first\"},{\"wall\":17,"
        "\"timeTrusted\":false,\"text\":\"of the node\"},{\"wall\":17,\"timeTrusted\":false,"
        "\"text\":\"of \\\"none\\\"\"}]}");
    CHECK_STR_EQ(story(8192), "none");
    (void)text_copy(desk.conductor->apps[1].memory.app, NAME_BYTES, "other");
    conductor_event(desk.conductor, &desk.conductor->apps[1], "of another");
    app->memory.verdict = VERDICT_INCONCLUSIVE;
    app->memory.outcomes[0].id = 0;
    conductor_story_again(desk.conductor, "other");
    CHECK_STR_EQ(story(8192), "none");
    conductor_story_again(desk.conductor, "web");
    CHECK_STR_EQ(
        brief(story(8192)),
        "{\"schema\":1,\"node\":\"gw\",\"app\":\"web\",\"verdict\":\"inconclusive\","
        "\"verdictGen\":4,\"reason\":\"deadline\","
        "\"sentence\":\"the candidate was not ready within the swap's deadline\","
        "\"cause\":null,\"eventsLeftOut\":0,\"events\":[{\"wall\":17,\"timeTrusted\":false,"
        "\"text\":\"first\"},{\"wall\":17,\"timeTrusted\":false,\"text\":\"of the node\"},"
        "{\"wall\":17,\"timeTrusted\":false,\"text\":\"of \\\"none\\\"\"}]}");
    desk_close();
}

/* The newest events that fit, sixteen at most, and how many were left out. */
static void stories_cut_to_fit(void)
{
    struct app *app = begin();
    for (int i = 1; i <= 18; i++) {
        desk.log[0] = '\0';
        conductor_event(desk.conductor, app, "number %d", i);
    }
    app->is_story_due = true;
    CHECK_CONTAINS(story(8192), "\"eventsLeftOut\":2,\"events\":[{\"wall\":0,\"timeTrusted\":false,"
                                "\"text\":\"number 3\"},");
    CHECK_CONTAINS(said, "\"text\":\"number 18\"}]}");
    size_t whole = strlen(said);
    for (size_t cap = whole + 200; cap > whole - 600; cap--) {
        app->is_story_due = true;
        CHECK(strcmp(story(cap), "none") != 0);
        size_t len = strlen(said);
        CHECK(len + 1 < cap);
        CHECK(strcmp(said + len - 2, "]}") == 0);
        CHECK(cap - len < 64 + 2 * 60 + 64); /* no room for one more */
    }
    desk_close();
}

static void stories_wait_for_the_cause(void)
{
    struct app *app = begin();
    struct replica *replica = session_need(&app->session, 4, 0, 1);
    replica->is_present = true;
    replica->state = ENGINE_EXITED;
    replica->is_telling = true;
    app->session.left_gen = 4;
    app->session.left.bytes[0] = 0xdd;
    app->is_story_due = true;
    app->story_until = 5000;
    bool is_kept = swap_keeps_remains(&app->memory, &app->session, replica);
    CHECK(is_kept);
    CHECK(cause_is_awaited(app));
    CHECK_STR_EQ(story(8192), "none");
    desk.now = 4999;
    CHECK(cause_is_awaited(app));
    desk.now = 5000;
    CHECK(!cause_is_awaited(app));
    desk.now = 1000;
    replica->is_examined = true;
    CHECK(!cause_is_awaited(app));
    CHECK(strcmp(story(8192), "none") != 0);
    app->memory.verdict_gen = 9; /* of another candidate: it is not kept */
    replica->is_examined = false;
    CHECK(!cause_is_awaited(app));
    desk_close();
}

static void changing(void)
{
    struct app *app = begin();
    CHECK(!conductor_is_changing(desk.conductor));
    app->is_remembering = true;
    CHECK(conductor_is_changing(desk.conductor));
    app->is_remembering = false;
    app->memory.phase = SWAP_UNPROVEN;
    CHECK(conductor_is_changing(desk.conductor));
    app->is_used = false;
    CHECK(!conductor_is_changing(desk.conductor));
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"status at rest", status_at_rest},
        {"status in a soak", status_in_a_soak},
        {"status in trouble", status_in_trouble},
        {"history", history},
        {"events", events},
        {"events beyond the ring", events_beyond_the_ring},
        {"twins", twins},
        {"report at rest", report_at_rest},
        {"report while it changes", report_while_it_changes},
        {"report of waits", report_of_waits},
        {"report of orders that wait", report_of_orders_that_wait},
        {"stories", stories},
        {"stories cut to fit", stories_cut_to_fit},
        {"stories wait for the cause", stories_wait_for_the_cause},
        {"changing", changing},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
