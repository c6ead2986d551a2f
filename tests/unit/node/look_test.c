/* look_test: when the engine is asked, what its lists make of the replicas, and what becomes of an
 * engine that does not answer. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

static struct engine_container listed[8];
static size_t listed_count, left_out;

/* Release 1 serves as generation 1; nothing is listed. */
static struct app *begin(void)
{
    struct app *app = desk_open();
    (void)desk_plan(app, 1);
    app->memory.committed = desk_generation(1, 1);
    app->memory.wanted = app->memory.committed.release;
    desk.conductor->engine.about_at = MONO_NEVER;
    desk.conductor->traffic.found = ROUTE_FOUND_NONE;
    memset(listed, 0, sizeof listed);
    listed_count = 0;
    left_out = 0;
    return app;
}

static struct engine_container *list_add(const char *app, uint64_t gen, uint32_t number)
{
    struct engine_container *container = &listed[listed_count++];
    *container = (struct engine_container){
        .gen = gen,
        .replica = number,
        .state = ENGINE_RUNNING,
        .address =
            address_replica(&desk.conductor->config, 0, (uint8_t)(gen % LANES), 0, (uint8_t)number),
        .release.bytes = {(uint8_t)gen},
        .started_ms = 500};
    (void)snprintf(container->id, sizeof container->id, "%s%u%u-0123456789", app, (unsigned)gen,
                   number);
    (void)text_copy(container->app, sizeof container->app, app);
    (void)text_copy(container->service, sizeof container->service, "main");
    return container;
}

/* Asks for a list, and has it answered. */
static void look(int code)
{
    desk_clear();
    desk.conductor->engine.list_at = 0;
    observe_step(desk.conductor);
    CHECK_STR_EQ(desk.said, "list gw\n");
    CHECK(desk.conductor->engine.is_listing);
    desk.said[0] = '\0';
    desk_answer(0, code,
                &(struct engine_answer){
                    .containers = listed, .container_count = listed_count, .left_out = left_out});
    CHECK(!desk.conductor->engine.is_listing);
    CHECK(!desk.conductor->calls.list[0].is_used);
}

/* Each 10 s at rest, each 500 ms while something changes; and when the engine is asked about
 * itself. */
static void times(void)
{
    struct app *app = begin();
    struct conductor *conductor = desk.conductor;
    look(0);
    CHECK_INT_EQ(conductor->engine.list_at, 11000);
    CHECK_INT_EQ(conductor->engine.list_number, 1);
    CHECK_INT_EQ(conductor->engine.list_asked_at, 1000);
    CHECK_INT_EQ(observe_deadline(conductor), 11000);
    desk_clear();
    desk.now = 10999;
    observe_step(conductor);
    CHECK_STR_EQ(desk.said, "");
    app->verb.stage = VERB_STORING; /* something begins */
    observe_step(conductor);
    CHECK_STR_EQ(desk.said, "");
    CHECK_INT_EQ(conductor->engine.list_at, 11000);
    desk.now = 2000;
    observe_step(conductor);
    CHECK_INT_EQ(conductor->engine.list_at, 2500);
    app->verb.stage = VERB_NONE;
    app->memory.phase = SWAP_PREPARE;
    look(0);
    CHECK_INT_EQ(conductor->engine.list_at, 2500);
    app->is_used = false;
    look(0);
    CHECK_INT_EQ(conductor->engine.list_at, 12000);
    desk.now = 3000;
    conductor->is_dirty = false;
    observe_soon(conductor);
    CHECK_INT_EQ(conductor->engine.list_at, 3000);
    CHECK(conductor->is_dirty);
    desk_close();
}

/* Copies that the list had no room for are told when they are more, and stop nothing; more of ours
 * than it has room for are named by the limit. */
static void too_many(void)
{
    struct app *app = begin();
    (void)list_add("web", 1, 1);
    left_out = 3;
    look(0);
    CHECK_STR_EQ(desk.log,
                 "w 3 containers that carry this node's labels under another name are not looked "
                 "at: remove those that are not needed (docker ps -a --filter "
                 "label=io.berth.node=gw)\n");
    CHECK(desk.conductor->engine.is_up);
    CHECK(session_find(&app->session, 1, 0, 1)->is_present);
    look(0);
    CHECK_STR_EQ(desk.log, "");
    left_out = 2;
    look(0);
    CHECK_STR_EQ(desk.log, "");
    left_out = 4;
    look(0);
    CHECK_CONTAINS(desk.log, "w 4 containers that carry");
    look(ERR_LIMIT);
    CHECK_STR_EQ(desk.log, "w the engine cannot be looked at: told over-limit\n");
    desk_close();
}

/* One list at a time, and none before the kernel was read and the engine has told what it is. */
static void one_at_a_time(void)
{
    (void)begin();
    struct conductor *conductor = desk.conductor;
    bool *const needed[] = {&conductor->engine.has_about, &conductor->traffic.is_read};
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        *needed[i] = false;
        observe_step(conductor);
        CHECK_STR_EQ(desk.said, "");
        CHECK_INT_EQ(observe_deadline(conductor), MONO_NEVER);
        *needed[i] = true;
    }
    conductor->engine.about_at = 1000;
    observe_step(conductor);
    CHECK_STR_EQ(desk.said, "about\nlist gw\n");
    observe_step(conductor);
    CHECK_STR_EQ(desk.said, "about\nlist gw\n");
    CHECK_INT_EQ(observe_deadline(conductor), MONO_NEVER);
    static const struct engine_about about = {.version = "24.0", .memory_bytes = 7};
    desk.now = 1700;
    conductor->is_dirty = false;
    desk_answer(0, 0, &(struct engine_answer){.about = &about});
    CHECK_STR_EQ(conductor->engine.about.version, "24.0");
    CHECK_INT_EQ(conductor->engine.about.memory_bytes, 7);
    CHECK(conductor->engine.has_about && !conductor->engine.is_asking_about && conductor->is_dirty);
    CHECK_INT_EQ(conductor->engine.about_at, 61700);
    CHECK_INT_EQ(observe_deadline(conductor), 61700);
    desk_close();
}

/* Without a call that is free the engine is asked a second later. */
static void no_call_free(void)
{
    (void)begin();
    while (call_take(desk.conductor, NULL, ACTION_COUNT) != NULL) {
    }
    desk.conductor->engine.about_at = 1000;
    observe_step(desk.conductor);
    CHECK_STR_EQ(desk.said, "");
    CHECK_INT_EQ(desk.conductor->engine.about_at, 2000);
    CHECK_INT_EQ(desk.conductor->engine.list_at, 2000);
    CHECK(desk.conductor->engine.is_up);
    desk_close();
}

/* Asked again after 1, 2, 4, 8 and then each 10 s; said once; who is changing is not blamed. */
static void engine_gone(void)
{
    static const int64_t waits[] = {1000,  2000,  4000,  8000,  10000,
                                    10000, 10000, 10000, 10000, 10000};
    struct app *app = begin();
    struct conductor *conductor = desk.conductor;
    struct app *changing = &conductor->apps[1];
    *changing = (struct app){.conductor = conductor, .is_used = true};
    changing->memory.phase = SWAP_PREPARE;
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        look(ERR_ENGINE_GONE);
        CHECK_STR_EQ(desk.log, i == 0 ? "w the engine does not answer: told engine-gone\n" : "");
        CHECK(!conductor->engine.is_up);
        CHECK_INT_EQ(conductor->engine.list_at, desk.now + waits[i]);
        CHECK_INT_EQ(conductor->engine.about_at, desk.now + waits[i]);
        CHECK(changing->session.has_world_fault && !app->session.has_world_fault);
        desk.now += waits[i];
        conductor->engine.about_at = MONO_NEVER;
    }
    struct replica *ready = session_need(&app->session, 1, 0, 1);
    struct replica *failed = session_need(&app->session, 1, 0, 2);
    struct replica *unasked = session_need(&app->session, 1, 0, 3);
    ready->is_probed = failed->is_probed = true;
    ready->state = failed->state = unasked->state = ENGINE_RUNNING;
    ready->is_present = failed->is_present = true;
    ready->probe.is_started = ready->probe.is_ready = true;
    ready->is_busy = failed->is_busy = unasked->is_busy = true; /* no list is about these */
    bool is_ready = replica_is_ready(ready);
    look(0);
    CHECK_STR_EQ(desk.log, "i the engine answers again\n");
    CHECK(conductor->engine.is_up);
    CHECK_INT_EQ(conductor->engine.failures, 0);
    CHECK(is_ready && ready->is_probed);
    CHECK(!failed->is_probed); /* asked anew before it is judged */
    CHECK_INT_EQ(ready->probe_epoch, 0);
    CHECK_INT_EQ(failed->probe_epoch, 1);
    CHECK_INT_EQ(unasked->probe_epoch, 0);
    look(0);
    CHECK_STR_EQ(desk.log, "");
    desk.refusal = ERR_BUSY; /* what is not taken is as bad */
    desk_clear();
    conductor->engine.list_at = 0;
    observe_step(conductor);
    CHECK_STR_EQ(desk.log, "w the engine does not answer: not taken\n");
    CHECK(!conductor->engine.is_listing && !conductor->calls.list[0].is_used);
    conductor->engine.about_at = 0;
    observe_step(conductor);
    CHECK(!conductor->engine.is_asking_about && !conductor->calls.list[0].is_used);
    CHECK_INT_EQ(conductor->engine.failures, 2);
    desk_close();
}

/* What a list says is taken, but for what a call has changed since it was asked for. */
static void merged(void)
{
    struct app *app = begin();
    list_add("web", 1, 1)->keeps_running = true;
    list_add("web", 1, 2)->state = ENGINE_EXITED;
    list_add("web", 0, 1);
    list_add("web", (uint64_t)UINT32_MAX + 1, 1);
    list_add("web", 1, 0);
    list_add("web", 1, REPLICAS_MAX + 1);
    list_add("other", 1, 1)->address = 0;
    app->session.is_observed = false;
    look(0);
    CHECK_INT_EQ(app->session.replica_count, 2);
    CHECK(app->session.is_observed && desk.conductor->engine.has_list);
    struct replica *one = session_find(&app->session, 1, 0, 1);
    struct replica *two = session_find(&app->session, 1, 0, 2);
    CHECK(one != NULL && one->is_present && one->keeps_running && one->state == ENGINE_RUNNING);
    CHECK(two != NULL && two->is_present && two->state == ENGINE_EXITED);
    CHECK_STR_EQ(one->id, "web11-0123456789");
    CHECK_INT_EQ(one->address, address_replica(&desk.conductor->config, 0, 1, 0, 1));
    listed[0].state = ENGINE_PAUSED;
    listed[1].state = ENGINE_RUNNING;
    one->touched = 2; /* a call came after this list was asked for */
    two->is_busy = true;
    look(0);
    CHECK(one->state == ENGINE_RUNNING && two->state == ENGINE_EXITED);
    listed_count = 0;
    one->touched = 3;
    look(0);
    CHECK(one->is_present && two->is_present);
    one->touched = 3;
    two->is_busy = false;
    look(0);
    CHECK(!one->is_present && !two->is_present);
    listed_count = 1;
    one->touched = 4;
    look(0);
    CHECK(one->is_present && one->state == ENGINE_PAUSED);
    desk_close();
}

/* An end that nobody asked for is told, by what it is now. */
static void falls(void)
{
    static const struct {
        enum engine_state state;
        const char *log;
    } rows[] = {
        {ENGINE_EXITED, "w web: generation 1 replica 1 has ended by itself: exit code 7\n"},
        {ENGINE_RUNNING, "w web: generation 1 replica 1 has ended by itself and runs again\n"},
        {ENGINE_PAUSED, "w web: generation 1 replica 1 has ended by itself and runs again\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = begin();
        list_add("web", 1, 1);
        look(0);
        CHECK_STR_EQ(desk.log, "");
        listed[0].state = rows[i].state;
        listed[0].exit_code = 7;
        listed[0].restarts = 1;
        listed[0].started_ms = 900;
        look(0);
        CHECK_STR_EQ(desk.log, rows[i].log);
        CHECK_INT_EQ(session_find(&app->session, 1, 0, 1)->falls, 1);
        desk_close();
    }
}

static void disconnected(void)
{
    struct app *app = begin();
    list_add("web", 1, 1)->is_detached = true;
    app->session.is_network_ready = true;
    look(0);
    CHECK_STR_EQ(desk.log,
                 "w web: generation 1 replica 1 is disconnected from its network: made anew\n");
    CHECK(session_find(&app->session, 1, 0, 1)->is_miswired);
    CHECK(!app->session.is_network_ready);
    app->session.is_network_ready = true;
    look(0); /* known */
    CHECK_STR_EQ(desk.log, "");
    CHECK(app->session.is_network_ready);
    desk_close();
}

/* Connected again, at an address of the engine's choice or of another replica: its own is looked
 * for by the boot file. One of another pool has none here. */
static void moved(void)
{
    static const struct {
        ipv4 address;
        bool is_moved;
    } rows[] = {
        {0xc6120802u, true},                        /* beside all places */
        {0xc6120811u, true},                        /* of replica 2 */
        {0xc6120810u, false},                       /* its own */
        {0, false},                                 /* not told */
        {0x0a000002u, false}, {0xc6121002u, false}, /* of another app's network */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = begin();
        list_add("web", 1, 1)->address = rows[i].address;
        app->session.is_network_ready = true;
        look(0);
        CHECK_STR_EQ(desk.log, rows[i].is_moved ? "w web: generation 1 replica 1 has another "
                                                  "address than its own: made anew\n"
                                                : "");
        const struct replica *replica = session_find(&app->session, 1, 0, 1);
        CHECK(replica->is_miswired == rows[i].is_moved);
        CHECK_INT_EQ(replica->address, rows[i].is_moved ? 0 : rows[i].address);
        CHECK(app->session.is_network_ready != rows[i].is_moved);
        desk_close();
    }
}

/* With our labels and without our name: a copy, unless it lies where its identity does and nobody
 * else has both. */
static void foreigners(void)
{
    struct app *app = begin();
    ipv4 place = address_replica(&desk.conductor->config, 0, 1, 0, 1);
    struct engine_container *copy = list_add("web", 1, 1);
    copy->is_misnamed = true;
    copy->address = 0xac110002u; /* of the engine's default bridge */
    look(0);
    CHECK_STR_EQ(desk.log,
                 "w web: container web11-012345 has labels of this app, but not its name: "
                 "ignored\n");
    CHECK_INT_EQ(app->session.replica_count, 0);
    CHECK_INT_EQ(app->foreigners, 1);
    look(0); /* said */
    CHECK_STR_EQ(desk.log, "");
    copy->address = place; /* renamed by hand */
    look(0);
    CHECK_INT_EQ(app->session.replica_count, 1);
    CHECK_INT_EQ(app->foreigners, 0);
    struct engine_container *own = list_add("web", 1, 1); /* but the true one is here as well */
    look(0);
    CHECK_INT_EQ(app->foreigners, 1);
    CHECK_STR_EQ(session_find(&app->session, 1, 0, 1)->id, own->id);
    for (int i = 0; i < 5; i++) { /* another identity, or no better: each is none of the same */
        *own = *copy;
        own->is_misnamed = i == 0;
        own->gen = i == 1 ? 2 : 1;
        own->replica = i == 2 ? 2 : 1;
        own->app[0] = i == 3 ? 'x' : 'w';
        own->service[0] = i == 4 ? 'x' : 'm';
        look(0);
        CHECK_INT_EQ(app->foreigners, 0);
    }
    listed_count = 1;
    for (uint32_t number = 0; number <= REPLICAS_MAX + 1; number += REPLICAS_MAX + 1) {
        copy->replica = number;
        look(0);
        CHECK_INT_EQ(app->foreigners, 1);
        app->foreigners = 0;
    }
    desk_close();
}

/* What had traffic when the agent started, by what was found in the kernel. */
static void assumed_traffic(void)
{
    enum { NOT = 0, ONE = 1, TWO = 2, BOTH = 3 };
    static const struct {
        enum route_found found;
        bool is_lost, is_stale_other, is_stale_own;
        int routed; /* generations: 1 is committed, 2 was before */
        bool is_boot_stale;
    } rows[] = {
        {ROUTE_FOUND_NONE, false, false, false, NOT, false},
        {ROUTE_FOUND_RUNNING, false, false, false, BOTH, false},
        {ROUTE_FOUND_BOOT, false, false, false, ONE, false},
        {ROUTE_FOUND_STALE, false, false, false, TWO, true},
        {ROUTE_FOUND_STALE, false, false, true, TWO, true},
        {ROUTE_FOUND_STALE, false, true, false, ONE, false},
        {ROUTE_FOUND_STALE, true, true, false, BOTH, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = begin();
        app->memory.history[0] = desk_generation(2, 2);
        app->session.is_observed = false;
        app->is_lost = rows[i].is_lost;
        desk.conductor->traffic.found = rows[i].found;
        desk.conductor->traffic.stale_app = rows[i].is_stale_own     ? app
                                            : rows[i].is_stale_other ? &desk.conductor->apps[1]
                                                                     : NULL;
        list_add("web", 1, 1);
        list_add("web", 2, 1);
        look(0);
        for (uint32_t gen = 1; gen <= 2; gen++) {
            struct replica *replica = session_find(&app->session, gen, 0, 1);
            CHECK(replica->was_routed == ((rows[i].routed & (int)gen) != 0));
            replica->was_routed = false;
        }
        CHECK(app->session.is_boot_stale == rows[i].is_boot_stale);
        look(0); /* only the first list says so */
        CHECK(!session_find(&app->session, 1, 0, 1)->was_routed);
        desk_close();
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"times", times},
        {"one at a time", one_at_a_time},
        {"no call free", no_call_free},
        {"engine gone", engine_gone},
        {"too many", too_many},
        {"merged", merged},
        {"falls", falls},
        {"disconnected", disconnected},
        {"moved", moved},
        {"foreigners", foreigners},
        {"assumed traffic", assumed_traffic},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
