/* turn_test: when a change may begin, when the next turn is due, and what makes a node settled. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

/* Release 1 serves as generation 1 and all is quiet. */
static struct app *begin(void)
{
    struct app *app = desk_open();
    struct conductor *conductor = desk.conductor;
    (void)desk_plan(app, 1);
    app->memory.committed = desk_generation(1, 1);
    app->memory.wanted = app->memory.committed.release;
    app->memory.history[0] = desk_generation(2, 2);
    app->session.is_route_settled = app->session.is_boot_settled = app->session.is_kept = true;
    struct replica *replica = session_need(&app->session, 1, 0, 1);
    replica->is_present = replica->is_probed = true;
    replica->state = ENGINE_RUNNING;
    replica->seen_at = 1000;
    replica->probe.is_ready = replica->probe.is_started = true;
    conductor->traffic.is_known = true;
    conductor->is_dirty = false;
    return app;
}

/* Each thing that keeps a node from being settled, alone. */
static void settled(void)
{
    enum {
        SO,
        NOT_STARTED,
        DIRTY,
        ENGINE,
        ROUTE,
        PHASE,
        REMEMBERING,
        OWED,
        VERB,
        OBSERVED,
        APP_ROUTE,
        BOOT,
        WANTED,
        LOST,
        BUSY,
        NOT_READY,
        ALIVE_OTHER,
        LEFT_OVER,
        PREVIOUS,
        GONE,
        NOT_KEPT,
        NOTHING,
        UNUSED,
        ROWS
    };
    static const bool is_well[ROWS] = {[SO] = true,   [LOST] = true,    [PREVIOUS] = true,
                                       [GONE] = true, [NOTHING] = true, [UNUSED] = true};
    for (int row = 0; row < ROWS; row++) {
        struct app *app = begin();
        struct conductor *conductor = desk.conductor;
        struct replica *replica = &app->session.replicas[0];
        struct replica *other = session_need(&app->session, row == PREVIOUS ? 2 : 7, 0, 1);
        other->state = row == ALIVE_OTHER ? ENGINE_RUNNING : ENGINE_EXITED;
        other->is_present = row == ALIVE_OTHER || row == LEFT_OVER || row == PREVIOUS;
        conductor->is_started = row != NOT_STARTED;
        conductor->is_dirty = row == DIRTY;
        conductor->engine.is_up = row != ENGINE;
        conductor->traffic.is_known = row != ROUTE;
        app->memory.phase = row == PHASE ? SWAP_PREPARE : SWAP_REST;
        app->is_remembering = row == REMEMBERING;
        app->is_owed = row == OWED;
        app->verb.stage = row == VERB ? VERB_STORING : VERB_NONE;
        app->session.is_observed = row != OBSERVED;
        app->session.is_route_settled = row != APP_ROUTE;
        app->session.is_boot_settled = row != BOOT;
        app->memory.wanted.bytes[0] = row == WANTED || row == LOST ? 9 : 1;
        app->is_lost = row == LOST;
        replica->is_busy = row == BUSY;
        replica->probe.is_ready = row != NOT_READY;
        app->session.is_kept = row != NOT_KEPT && row != NOTHING;
        if (row == NOTHING) {
            app->memory.committed = (struct generation){0};
            app->memory.wanted = (struct digest){0};
            app->session.replica_count = 0;
        }
        if (row == UNUSED) {
            app->is_used = false;
            app->is_owed = true;
        }
        if (conductor_is_settled(conductor) != is_well[row]) {
            printf("    row %d\n", row);
        }
        CHECK(conductor_is_settled(conductor) == is_well[row]);
        desk_close();
    }
}

/* One app changes at a time, with a store that works, and with no app whose traffic nobody can say.
 */
static void may_begin(void)
{
    struct app *app = begin();
    struct conductor *conductor = desk.conductor;
    struct app *other = &conductor->apps[1];
    CHECK(app_may_begin(conductor, app));
    CHECK(app_may_begin(conductor, NULL));
    app->memory.phase = SWAP_UNPROVEN; /* its own change keeps the others */
    CHECK(app_may_begin(conductor, app));
    CHECK(!app_may_begin(conductor, NULL));
    CHECK(!app_may_begin(conductor, other));
    app->memory.phase = SWAP_REST;
    *other = (struct app){.conductor = conductor, .is_used = true, .is_remembering = true};
    CHECK(app_may_begin(conductor, app));
    other->pending.phase = SWAP_PREPARE;
    CHECK(!app_may_begin(conductor, app));
    other->is_remembering = false;
    CHECK(app_may_begin(conductor, app));
    other->memory.phase = SWAP_PREPARE;
    CHECK(!app_may_begin(conductor, app));
    other->is_used = false;
    CHECK(app_may_begin(conductor, app));
    conductor->is_store_failing = true;
    CHECK(!app_may_begin(conductor, app));
    conductor->is_store_failing = false;
    app->is_lost = true;
    CHECK(!app_may_begin(conductor, app));
    CHECK(app_may_begin(conductor, NULL));
    app->is_lost = false;
    conductor->traffic.blind = other;
    CHECK(!app_may_begin(conductor, app));
    CHECK(!app_may_begin(conductor, NULL));
    conductor->traffic.blind = app;
    CHECK(app_may_begin(conductor, app));
    desk_close();
}

static void deadlines(void)
{
    struct app *app = begin();
    struct conductor *conductor = desk.conductor;
    app->session.replicas[0].is_probed = false;
    conductor->engine.about_at = conductor->engine.list_at = conductor->traffic.read_at =
        MONO_NEVER;
    app->wake_at = MONO_NEVER;
    CHECK_INT_EQ(conductor_deadline(conductor), MONO_NEVER);
    app->wake_at = 7000;
    CHECK_INT_EQ(conductor_deadline(conductor), 7000);
    app->is_new = true; /* not planned yet */
    CHECK_INT_EQ(conductor_deadline(conductor), MONO_NEVER);
    app->is_new = false;
    conductor->traffic.is_read = false;
    conductor->traffic.is_known = false;
    CHECK_INT_EQ(conductor_deadline(conductor), MONO_NEVER);
    conductor->traffic.is_read = conductor->traffic.is_known = true;
    app->is_remembering = true;
    app->remembering_since = 500; /* the disk is slow after 30 s */
    app->wake_at = 40000;
    CHECK_INT_EQ(conductor_deadline(conductor), 30500);
    conductor->engine.about_at = 6000;
    CHECK_INT_EQ(conductor_deadline(conductor), 6000);
    conductor->traffic.read_at = 5000;
    CHECK_INT_EQ(conductor_deadline(conductor), 5000);
    conductor->orders.list[2] = (struct order_slot){.is_used = true, .look_at = 4000};
    CHECK_INT_EQ(conductor_deadline(conductor), 4000);
    app->session.replicas[0].is_probed = true;
    app->session.replicas[0].probe.lines[PROBE_READINESS].next = 3000;
    app->session.replicas[0].probe.lines[PROBE_STARTUP].next = MONO_NEVER;
    app->session.replicas[0].probe.lines[PROBE_LIVENESS].next = MONO_NEVER;
    CHECK_INT_EQ(conductor_deadline(conductor), 3000);
    conductor_touch(conductor);
    CHECK_INT_EQ(conductor_deadline(conductor), 1000);
    desk_close();
}

/* The table found at the start stays until somebody of those that should serve is known to be
 * ready, for 15 s at most: whoever it is of them. */
static void held(void)
{
    for (int ready = 0; ready < 4; ready++) { /* 3: nobody */
        struct app *app = begin();
        struct swap_decision decision;
        struct swap_facts facts = {.now = 1000,
                                   .committed = &app->plans.slots[0].plan,
                                   .wanted = &app->plans.slots[0].plan,
                                   .is_engine_up = true};
        app->plans.slots[0].plan.services[0].replicas = 3;
        app->session.replica_count = 0;
        for (uint8_t number = 1; number <= 3; number++) {
            struct replica *replica = session_need(&app->session, 1, 0, number);
            replica->is_present = replica->is_probed = replica->probe.is_ready = true;
            replica->probe.is_started = true;
            replica->state = ENGINE_RUNNING;
            replica->probe.lines[PROBE_READINESS] = (struct probe_line){
                .is_asking = true, .next = MONO_NEVER, .well_at = number - 1 == ready ? 900 : 0};
        }
        swap_step(&app->memory, &app->session, &facts, &decision);
        CHECK(app->session.is_route_held == (ready == 3));
        facts.now = 15999;
        swap_step(&app->memory, &app->session, &facts, &decision);
        CHECK(app->session.is_route_held == (ready == 3));
        CHECK(ready != 3 || decision.wake_at <= 16000);
        facts.now = 16000;
        swap_step(&app->memory, &app->session, &facts, &decision);
        CHECK(!app->session.is_route_held);
        desk_close();
    }
}

/* Only who is changing is excused. */
static void world_faults(void)
{
    struct app *app = begin();
    struct app *other = &desk.conductor->apps[1];
    *other = (struct app){.conductor = desk.conductor, .is_used = true};
    other->memory.phase = SWAP_PREPARE;
    conductor_world_fault(desk.conductor);
    CHECK(other->session.has_world_fault && !app->session.has_world_fault);
    other->session.has_world_fault = false;
    other->is_used = false;
    conductor_world_fault(desk.conductor);
    CHECK(!other->session.has_world_fault);
    desk_close();
}

static void facts_of_the_node(void)
{
    struct release_node node;
    (void)begin();
    struct conductor *conductor = desk.conductor;
    conductor->config.label_count = 1;
    conductor->config.publish_address = 5;
    conductor_node_facts(conductor, &node);
    CHECK_STR_EQ(node.name, "gw");
    CHECK_STR_EQ(node.arch, "amd64");
    CHECK(node.variant == NULL);
    CHECK(node.label_names == conductor->label_names &&
          node.label_values == conductor->label_values);
    CHECK_INT_EQ(node.label_count, 1);
    CHECK_INT_EQ(node.publish_address, 5);
    (void)text_copy(conductor->engine.about.variant, sizeof conductor->engine.about.variant, "v7");
    conductor_node_facts(conductor, &node);
    CHECK_STR_EQ(node.variant, "v7");
    desk_close();
}

/* Each of the two is told by itself, and is acted on at once. */
static void trusted(void)
{
    static const struct trust trust = {.version = 3};
    static const struct revoked revoked = {.version = 4};
    (void)begin();
    struct conductor *conductor = desk.conductor;
    conductor_trust(conductor, NULL, &revoked);
    CHECK(!conductor->has_trust && conductor->is_dirty);
    CHECK_INT_EQ(conductor->revoked.version, 4);
    conductor->is_dirty = false;
    conductor_trust(conductor, &trust, NULL);
    CHECK(conductor->has_trust && conductor->is_dirty);
    CHECK_INT_EQ(conductor->trust.version, 3);
    CHECK_INT_EQ(conductor->revoked.version, 4);
    desk_close();
}

/* Labels of the configuration live as long as the conductor. */
static void made(void)
{
    static const char text[] = "{\"schema\":1,\"node\":\"n\",\"fleet\":\"f\",\"labels\":{\"zone\":"
                               "\"north\",\"line\":\"2\"}}";
    struct config config;
    struct err err;
    (void)begin();
    CHECK_INT_EQ(config_parse(span_text(text), &config, &err), 0);
    struct conductor *conductor = conductor_new(&config, &desk.ports);
    memset(&config, 0, sizeof config);
    for (size_t i = 0; i < 2; i++) {
        bool is_zone = strcmp(conductor->label_names[i], "zone") == 0;
        CHECK_STR_EQ(conductor->label_names[i], is_zone ? "zone" : "line");
        CHECK_STR_EQ(conductor->label_values[i], is_zone ? "north" : "2");
    }
    CHECK(conductor->label_names[2] == NULL);
    conductor_free(conductor);
    desk_close();
}

/* Where an app stands, by its name; an end of one that left is nobody's. */
static void places(void)
{
    (void)begin();
    struct conductor *conductor = desk.conductor;
    CHECK_INT_EQ(conductor_place(conductor, "web"), 0);
    CHECK_INT_EQ(conductor_place(conductor, "db"), APPS_MAX);
    struct app *last = &conductor->apps[APPS_MAX - 1];
    *last = (struct app){.conductor = conductor, .is_used = true};
    (void)text_copy(last->memory.app, NAME_BYTES, "db");
    CHECK_INT_EQ(conductor_place(conductor, "db"), APPS_MAX - 1);
    last->is_used = false;
    CHECK_INT_EQ(conductor_place(conductor, "db"), APPS_MAX);
    conductor_story_again(conductor, "db");
    CHECK(!last->is_story_due && !conductor->apps[0].is_story_due);
    conductor_story_again(conductor, "web");
    CHECK(!last->is_story_due && conductor->apps[0].is_story_due);
    desk_close();
}

/* A record that the disk did not take is written again when its time has come, and not before; the
 * turn comes for it. A disk that does not answer is told by the turn. */
static void records_in_time(void)
{
    struct app *app = begin();
    app->is_owed = true;
    app->record_retry_at = 9000;
    conductor_step(desk.conductor);
    CHECK(strstr(desk.said, "write app-0") == NULL);
    CHECK_INT_EQ(app->wake_at, 9000);
    desk.now = 9000;
    conductor_touch(desk.conductor);
    conductor_step(desk.conductor);
    CHECK_CONTAINS(desk.said, "write app-0\n");
    CHECK(app->is_remembering);
    desk.now = 38999;
    conductor_step(desk.conductor);
    CHECK(strstr(desk.log, "has not answered a write") == NULL);
    desk.now = 39000;
    conductor_step(desk.conductor);
    CHECK_CONTAINS(desk.log, "w web: the disk under the state directory has not answered a write");
    desk_close();
}

/* Who wants back what was taken over gets it, of whichever generation the way goes. */
static void given_back(void)
{
    for (uint32_t gen = 1; gen <= 3; gen++) {
        for (int row = 0; row < 4; row++) {
            struct app *app = begin();
            struct swap_decision decision;
            const struct swap_facts facts = {
                .now = 1000, .committed = &app->plans.slots[0].plan, .is_engine_up = true};
            app->session.replicas[0].gen = gen;
            app->memory.committed = desk_generation(1, gen);
            app->memory.adopted.of = row == 1 ? 0 : 9;
            app->memory.wanted.bytes[0] = row == 2 ? 1 : 0;
            app->memory.wanted_by = row == 3 ? WANTED_BY_ORDER : WANTED_BY_OVERRIDE;
            swap_step(&app->memory, &app->session, &facts, &decision);
            CHECK(decision.is_remembering == (row == 0));
            if (row == 0) {
                CHECK_INT_EQ(decision.next.committed.gen, 0);
                CHECK_INT_EQ(decision.next.history[0].gen, gen);
                CHECK_INT_EQ(decision.next.history[1].gen, 2); /* what was before it */
                CHECK_INT_EQ(decision.next.adopted.of, 9);
            }
            desk_close();
        }
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"settled", settled},
        {"may begin", may_begin},
        {"deadlines", deadlines},
        {"held", held},
        {"world faults", world_faults},
        {"facts of the node", facts_of_the_node},
        {"trusted", trusted},
        {"made", made},
        {"places", places},
        {"records in time", records_in_time},
        {"given back", given_back},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
