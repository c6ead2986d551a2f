/* steer_test: when a table is applied, read back and written for the boot, what each answer means
 * for traffic, and how the table found at the start is told apart. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

#define ADDRESS(gen) (0xc6120810u + 0x200u * ((gen) % 3))

/* Release 1 serves as generation 3 with a port; it runs and is wished. */
static struct app *begin(void)
{
    struct app *app = desk_open();
    struct plan_service *service = &desk_plan(app, 1)->services[0];
    service->ports[service->port_count++] =
        (struct route_port){.host_port = 80, .container_port = 8080};
    (void)desk_plan(app, 2);
    app->memory.committed = desk_generation(1, 3);
    app->memory.wanted = app->memory.committed.release;
    app->session.wish_gen = 3;
    app->session.is_kept = true;
    struct replica *replica = session_need(&app->session, 3, 0, 1);
    replica->is_present = replica->is_wished = true;
    replica->state = ENGINE_RUNNING;
    replica->address = ADDRESS(3);
    desk.conductor->traffic.read_at = MONO_NEVER;
    return app;
}

static void step(const char *said)
{
    desk_clear();
    route_step(desk.conductor);
    CHECK_STR_EQ(desk.said, said);
}

static void answer_read(const struct route_state *state)
{
    desk.calls[0].route(desk.calls[0].ctx, NULL, state);
}

/* Applied, then written for the boot, then at rest; the kernel is read each 15 s, and each 2 in a
 * soak. */
static void one_after_the_other(void)
{
    struct app *app = begin();
    struct conductor *conductor = desk.conductor;
    struct replica *replica = &app->session.replicas[0];
    CHECK_INT_EQ(route_deadline(conductor), MONO_NEVER);
    step("apply 1 services\n");
    CHECK(replica->is_routed && replica->was_routed);
    CHECK(conductor->traffic.is_busy && !conductor->traffic.is_known &&
          !route_is_settled(conductor));
    CHECK_INT_EQ(conductor->traffic.applying.generation, TABLE_RUNNING | 1);
    route_step(conductor);
    CHECK_STR_EQ(desk.said, "apply 1 services\n");
    conductor->is_dirty = false;
    desk_answer(0, 0, NULL);
    CHECK(!conductor->traffic.is_busy && conductor->traffic.is_known && conductor->is_dirty);
    CHECK(route_is_settled(conductor));
    CHECK_INT_EQ(conductor->traffic.read_at, 16000);
    CHECK_INT_EQ(route_deadline(conductor), 16000);
    conductor->is_dirty = false;
    step("commit 1 services\n");
    CHECK(conductor->is_dirty); /* the route is settled since */
    CHECK(app->session.is_route_settled && !app->session.is_boot_settled);
    CHECK_INT_EQ(conductor->traffic.saving.generation, table_hash(&conductor->traffic.saving));
    CHECK(!route_is_settled(conductor));
    desk_answer(0, 0, NULL);
    CHECK(conductor->traffic.is_boot_known);
    step("");
    CHECK(app->session.is_boot_settled);
    conductor->is_dirty = false;
    step("");
    CHECK(!conductor->is_dirty);
    desk.now = 16000;
    step("read the table\n");
    CHECK(route_is_settled(conductor)); /* a read changes nothing */
    CHECK_INT_EQ(route_deadline(conductor), MONO_NEVER);
    app->memory.phase = SWAP_UNPROVEN;
    answer_read(&(struct route_state){.is_present = true,
                                      .is_open = true,
                                      .generation = TABLE_RUNNING | 1,
                                      .has_timeouts = true});
    CHECK_INT_EQ(conductor->traffic.read_at, 18000);
    CHECK(conductor->traffic.has_timeouts && conductor->traffic.is_known);
    CHECK_STR_EQ(desk.log, "");
    desk_close();
}

/* The boot file waits for what the engine is to start by itself, and for a record on its way. */
static void boot_file_waits(void)
{
    struct app *app = begin();
    struct conductor *conductor = desk.conductor;
    step("apply 1 services\n");
    desk_answer(0, 0, NULL);
    app->session.is_kept = false;
    step("");
    app->session.is_kept = true;
    app->is_remembering = true;
    step("");
    step("");
    app->is_remembering = false;
    conductor->apps[1] = (struct app){.conductor = conductor, .is_used = true, .is_new = true};
    conductor->apps[1].is_remembering = true; /* nothing durable of it yet */
    step("commit 1 services\n");
    desk_answer(0, ERR_IO, NULL);
    CHECK_STR_EQ(desk.log, "w cannot write the boot-time ruleset: told io\n");
    CHECK(!conductor->traffic.is_boot_known);
    CHECK_INT_EQ(conductor->traffic.at, 2000);
    CHECK_INT_EQ(route_deadline(conductor), 2000);
    step("");
    desk.now = 2000;
    desk.refusal = ERR_BUSY;
    step("commit 1 services\n");
    CHECK(!conductor->traffic.is_busy);
    CHECK_STR_EQ(desk.log, "w cannot write the boot-time ruleset: not taken\n");
    desk_close();
}

/* Who waits for the switch reads why it does not come; either table may hold. */
static void apply_that_fails(void)
{
    for (int row = 0; row < 5; row++) {
        struct app *app = begin();
        struct conductor *conductor = desk.conductor;
        if (row > 0) {
            app->memory.phase = row == 2 ? SWAP_PREPARE : SWAP_UNPROVEN;
            app->memory.candidate = app->memory.committed;
            app->switched_gen = row == 3 ? 3 : 0;
            app->session.wish_gen = row == 4 ? 9 : 3;
        }
        step(row == 4 ? "apply 0 services\n" : "apply 1 services\n");
        conductor->traffic.is_known = true;
        desk_answer(0, ERR_ROUTE, NULL);
        CHECK_STR_EQ(desk.log, row == 1
                                   ? "w web: cannot switch traffic, tried again each second: told "
                                     "route-failed\n"
                                   : "w cannot bring traffic up to date: told route-failed\n");
        CHECK(!conductor->traffic.is_known && !conductor->traffic.is_busy);
        CHECK_INT_EQ(conductor->traffic.at, 2000);
        CHECK(app->session.has_world_fault == (row > 0));
        CHECK(app->session.replicas[0].is_routed == (row != 4));
        desk_close();
    }
    (void)begin();
    desk.refusal = ERR_BUSY;
    step("apply 1 services\n");
    CHECK(!desk.conductor->traffic.is_busy);
    CHECK_STR_EQ(desk.log, "w cannot bring traffic up to date: not taken\n");
    desk_close();
}

/* The traffic is said to have moved when the kernel holds what is wished. */
static void switch_announced(void)
{
    struct app *app = begin();
    app->memory.phase = SWAP_UNPROVEN;
    app->memory.candidate = app->memory.committed;
    app->memory.committed = (struct generation){0};
    step("apply 1 services\n");
    CHECK_STR_EQ(desk.log, "");
    desk_answer(0, 0, NULL);
    CHECK_STR_EQ(desk.log, "");
    desk_clear();
    route_step(desk.conductor);
    CHECK_STR_EQ(desk.log, "i web: traffic goes to generation 3, unproven\n");
    CHECK_INT_EQ(app->switched_gen, 3);
    desk_clear();
    route_step(desk.conductor);
    CHECK_STR_EQ(desk.log, "");
    desk_close();
}

/* When traffic left a replica is noted once; without an address it never has any. */
static void when_traffic_left(void)
{
    struct app *app = begin();
    struct replica *replica = &app->session.replicas[0];
    app->plans.slots[0].plan.services[0].replicas = 2;
    step("apply 1 services\n");
    desk_answer(0, 0, NULL);
    desk.now = 3000;
    replica->is_wished = false;
    struct replica *other = session_need(&app->session, 3, 0, 2);
    other->is_present = other->is_wished = true;
    other->state = ENGINE_RUNNING;
    other->address = ADDRESS(3) + 1;
    step("apply 1 services\n");
    CHECK(replica->is_routed && other->is_routed); /* either table may hold */
    desk.now = 3100;
    desk_answer(0, 0, NULL);
    CHECK(!replica->is_routed && replica->was_routed);
    CHECK_INT_EQ(replica->unrouted_at, 3100);
    CHECK(other->is_routed);
    CHECK_INT_EQ(other->unrouted_at, 0);
    desk.now = 3200;
    step("commit 1 services\n");
    desk_answer(0, 0, NULL);
    step("");
    CHECK_INT_EQ(replica->unrouted_at, 3100);
    desk.conductor->traffic.is_known = false; /* whoever had traffic may have it again */
    route_mark(desk.conductor);
    CHECK(replica->is_routed);
    replica->address = 0;
    route_mark(desk.conductor);
    CHECK(!replica->is_routed);
    desk_close();
}

/* Someone changed what the kernel holds: it is put back, and what soaked meanwhile proves nothing.
 */
static void read_back(void)
{
    static const struct {
        bool is_present, is_open;
        uint64_t generation;
        enum route_obstacle obstacle;
        bool is_changed;
    } rows[] = {
        {true, true, TABLE_RUNNING | 1, ROUTE_OBSTACLE_NONE, false},
        {false, true, TABLE_RUNNING | 1, ROUTE_OBSTACLE_NONE, true},
        {true, true, TABLE_RUNNING | 2, ROUTE_OBSTACLE_NONE, true},
        {true, false, TABLE_RUNNING | 1, ROUTE_OBSTACLE_NONE, true},
        {true, false, TABLE_RUNNING | 1, ROUTE_OBSTACLE_HOOK, false}, /* would not move it */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = begin();
        struct conductor *conductor = desk.conductor;
        step("apply 1 services\n");
        desk_answer(0, 0, NULL);
        conductor->traffic.read_at = 0;
        step("read the table\n");
        app->session.soak_since = 7;
        app->session.is_route_settled = true;
        conductor->traffic.read_failures = 3;
        answer_read(&(struct route_state){.is_present = rows[i].is_present,
                                          .is_open = rows[i].is_open,
                                          .generation = rows[i].generation,
                                          .obstacle = rows[i].obstacle});
        CHECK(conductor->traffic.is_known == !rows[i].is_changed);
        CHECK_INT_EQ(app->session.soak_since, rows[i].is_changed ? 0 : 7);
        CHECK(app->session.is_route_settled == !rows[i].is_changed);
        CHECK_INT_EQ(conductor->traffic.read_failures, 0);
        if (rows[i].is_changed) {
            CHECK_STR_EQ(desk.log, "w someone changed our ruleset: putting it back\n");
            step("apply 1 services\n");
            CHECK_INT_EQ(conductor->traffic.applying.generation, TABLE_RUNNING | 2);
        } else if (rows[i].obstacle != ROUTE_OBSTACLE_NONE) {
            CHECK_CONTAINS(desk.log,
                           "w clients on other hosts (hook): iptables drops in FORWARD before");
        } else {
            CHECK_STR_EQ(desk.log, "");
        }
        desk_close();
    }
}

/* What cannot be seen is put there again; a soak begins again with the first failure of a row. */
static void read_that_fails(void)
{
    struct app *app = begin();
    struct conductor *conductor = desk.conductor;
    app->memory.phase = SWAP_UNPROVEN;
    conductor->traffic.is_known = true;
    app->session.soak_since = 7;
    conductor->traffic.applied = conductor->traffic.applying;
    (void)table_build(conductor, false, &conductor->traffic.applied);
    conductor->traffic.read_at = 0;
    step("read the table\n");
    desk_answer(0, ERR_ROUTE, NULL);
    CHECK_STR_EQ(desk.log, "w cannot read the ruleset: told route-failed\n");
    CHECK_INT_EQ(app->session.soak_since, 0);
    CHECK(!conductor->traffic.is_known && !conductor->traffic.is_reading);
    CHECK_INT_EQ(conductor->traffic.at, 2000);
    app->session.soak_since = 8;
    desk.now = 9000;
    conductor->traffic.is_known = true;
    desk.refusal = ERR_BUSY;
    step("read the table\n");
    CHECK_INT_EQ(app->session.soak_since, 8);
    CHECK(!conductor->traffic.is_busy && !conductor->traffic.is_reading);
    CHECK_INT_EQ(conductor->traffic.read_failures, 2);
    desk_close();
}

/* What is found at the start, and five tries to learn it before the worst is assumed. */
static void found_at_the_start(void)
{
    static const struct {
        bool is_present;
        uint64_t generation;
        enum route_found found;
    } rows[] = {
        {false, 9, ROUTE_FOUND_NONE},
        {true, TABLE_RUNNING | 9, ROUTE_FOUND_RUNNING},
        {true, 9, ROUTE_FOUND_STALE},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)begin();
        desk.conductor->traffic.is_read = false;
        step("read the table\n");
        answer_read(&(struct route_state){.is_present = rows[i].is_present,
                                          .generation = rows[i].generation});
        CHECK(desk.conductor->traffic.is_read && !desk.conductor->traffic.is_known);
        CHECK_INT_EQ(desk.conductor->traffic.found, rows[i].found);
        CHECK_INT_EQ(desk.conductor->traffic.table_version,
                     rows[i].is_present ? rows[i].generation : 0);
        CHECK_STR_EQ(desk.log, "");
        desk_close();
    }
    (void)begin();
    desk.conductor->traffic.is_read = false;
    for (int i = 1; i <= 5; i++) {
        step("read the table\n");
        desk_answer(0, ERR_ROUTE, NULL);
        CHECK(desk.conductor->traffic.is_read == (i == 5));
        desk.now += 1000;
    }
    CHECK_INT_EQ(desk.conductor->traffic.found, ROUTE_FOUND_RUNNING);
    desk_close();
}

/* Whose part of the boot file is old, if any. */
static void boot_file_identified(void)
{
    for (int row = 0; row < 5; row++) {
        struct app *app = begin();
        struct conductor *conductor = desk.conductor;
        static struct route_table table;
        app->memory.history[0] = app->memory.committed;
        app->memory.history[0].gen = 2;
        app->memory.history[0].lane = 2;
        conductor->engine.has_list = false;
        conductor->traffic.stale = row == 1 || row == 4 ? app : NULL;
        CHECK(table_build(conductor, true, &table));
        conductor->traffic.stale = NULL;
        conductor->traffic.table_version = row == 2 ? 5 : table_hash(&table);
        conductor->traffic.found = row == 3 ? ROUTE_FOUND_RUNNING : ROUTE_FOUND_STALE;
        conductor->engine.has_list = row == 4;
        route_identify(conductor);
        CHECK_INT_EQ(conductor->traffic.found, row == 0   ? ROUTE_FOUND_BOOT
                                               : row == 3 ? ROUTE_FOUND_RUNNING
                                                          : ROUTE_FOUND_STALE);
        CHECK(conductor->traffic.stale_app == (row == 1 ? app : NULL));
        CHECK(conductor->traffic.stale == NULL);
        desk_close();
    }
}

/* Before the engine was seen nothing is taken from traffic; nor while a way back is being recorded.
 */
static void nothing_taken(void)
{
    enum { SO, NO_LIST, BACK, BACK_KNOWN, FORTH, REST, RECORDED, ROWS };
    static const bool is_still[ROWS] = {[NO_LIST] = true, [BACK] = true};
    for (int row = 0; row < ROWS; row++) {
        struct app *app = begin();
        desk.conductor->engine.has_list = row != NO_LIST;
        app->memory.phase = row == REST ? SWAP_REST : SWAP_UNPROVEN;
        app->is_remembering = row != RECORDED && row != SO;
        app->is_pending_back = row != FORTH;
        app->is_adopted = row == BACK_KNOWN;
        step(is_still[row] ? "" : "apply 1 services\n");
        CHECK_INT_EQ(route_deadline(desk.conductor), MONO_NEVER);
        desk_close();
    }
}

/* A new process has a new link to its bridge: the same table is applied again, unless it is empty.
 */
static void stale_links(void)
{
    struct app *app = begin();
    struct conductor *conductor = desk.conductor;
    step("apply 1 services\n");
    desk_answer(0, 0, NULL);
    conductor->traffic.is_stale = true;
    step("apply 1 services\n");
    CHECK(!conductor->traffic.is_stale);
    desk_answer(0, 0, NULL);
    app->session.wish_gen = 0;
    step("apply 0 services\n");
    desk_answer(0, 0, NULL);
    conductor->traffic.is_stale = true;
    conductor->traffic.boot_table = conductor->traffic.saving;
    conductor->traffic.is_boot_known = true;
    step("");
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"one after the other", one_after_the_other},
        {"the boot file waits", boot_file_waits},
        {"an apply that fails", apply_that_fails},
        {"switch announced", switch_announced},
        {"when traffic left", when_traffic_left},
        {"read back", read_back},
        {"a read that fails", read_that_fails},
        {"found at the start", found_at_the_start},
        {"boot file identified", boot_file_identified},
        {"nothing taken", nothing_taken},
        {"stale links", stale_links},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
