/* compose_test: containers of a Compose project that an app takes over: what the look makes of
 * them, what the door refuses, and what each call on one of them changes. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

enum { LIST = 5 };

static struct engine_container listed[4];
static struct engine_answer answer;
static char told[2 * ERR_TEXT_BYTES];

/* Nothing serves; release 3 is wanted, and takes over service main of the project shop. */
static struct app *begin(void)
{
    struct app *app = desk_open();
    struct plan *plan = desk_plan(app, 3);
    (void)text_copy(plan->adopt, sizeof plan->adopt, "shop");
    plan->services[0].ports[plan->services[0].port_count++] =
        (struct route_port){.protocol = ROUTE_TCP, .host_port = 80, .container_port = 8080};
    app->memory.wanted.bytes[0] = 3;
    desk.conductor->engine.list_number = LIST;
    answer = (struct engine_answer){.containers = listed};
    told[0] = '\0';
    return app;
}

static struct engine_container *list(const char *project, const char *service, uint32_t replica)
{
    struct engine_container *container = &listed[answer.container_count++];
    *container = (struct engine_container){.replica = replica, .state = ENGINE_RUNNING};
    (void)snprintf(container->id, sizeof container->id, "%s-%u", service, replica);
    (void)text_copy(container->app, sizeof container->app, project);
    (void)text_copy(container->service, sizeof container->service, service);
    return container;
}

static void publish(struct engine_container *container, uint16_t port, bool is_udp)
{
    container->published[container->published_count++] =
        (struct engine_published){.is_udp = is_udp, .host_port = port};
}

/* What was logged before is logged again. */
static void forget_said(void)
{
    memset(&desk.conductor->events, 0, sizeof desk.conductor->events);
    desk_clear();
}

/* -- the door ---------------------------------------------------------------------------------- */

static void tell(void *ctx, const struct err *err)
{
    CHECK(ctx == told);
    (void)snprintf(told, sizeof told, "%s%s%s", err == NULL ? "in" : err_word(err->code),
                   err == NULL ? "" : ": ", err == NULL ? "" : err->text);
}

static void ask(struct app *app, bool is_order)
{
    app->verb = (struct verb){
        .stage = VERB_READY, .wanted.bytes = {3}, .is_order = is_order, .done = tell, .ctx = told};
    app->verb.decision.step = ORDER_STEP_BEGIN;
    told[0] = '\0';
    forget_said();
    CHECK(adopt_meet(app));
    CHECK_STR_EQ(desk.said, "list compose\n");
    CHECK_INT_EQ(app->verb.stage, VERB_MEETING);
    desk.conductor->is_dirty = false;
}

/* What is refused is refused in the same words to a request, as the order's outcome, and logged. */
static void check_refused(struct app *app, int code, const char *text)
{
    char want[sizeof told];
    char log[sizeof want + 32];
    (void)snprintf(want, sizeof want, "%s: %s", err_word(code), text);
    (void)snprintf(log, sizeof log, "w web: order refused: %s\n", text);
    ask(app, false);
    desk_answer(0, 0, &answer);
    CHECK_STR_EQ(told, want);
    CHECK_INT_EQ(app->verb.stage, VERB_NONE);
    CHECK(desk.conductor->is_dirty);
    ask(app, true);
    desk_answer(0, 0, &answer);
    CHECK_STR_EQ(desk.log, log);
    CHECK_INT_EQ(app->verb.stage, VERB_READY);
    CHECK_INT_EQ(app->verb.decision.step, ORDER_STEP_END);
    CHECK_INT_EQ(app->verb.decision.outcome, OUTCOME_REFUSED);
    CHECK_INT_EQ(app->verb.decision.reason, code);
    CHECK(desk.conductor->is_dirty);
}

static void check_in(struct app *app)
{
    for (int is_order = 0; is_order <= 1; is_order++) {
        ask(app, is_order == 1);
        desk_answer(0, 0, &answer);
        CHECK_STR_EQ(told, "");
        CHECK_STR_EQ(desk.log, "");
        CHECK(app->verb.stage == VERB_READY && app->verb.is_met);
        CHECK_INT_EQ(app->verb.decision.step, ORDER_STEP_BEGIN);
        CHECK(desk.conductor->is_dirty);
        CHECK(!adopt_meet(app)); /* once is enough */
    }
}

static void met_how_many(void)
{
    struct app *app = begin();
    check_in(app);
    struct engine_container *container = list("shop", "main", 1);
    (void)list("shop", "other", 9);
    (void)list("stop", "main", 9);
    check_in(app);
    container->replica = ADOPTED_MAX;
    check_in(app);
    container->replica = ADOPTED_MAX + 1;
    check_refused(app, ERR_LIMIT, "more than 4 containers are to be taken over: scale them down");
    container->replica = 0;
    check_refused(app, ERR_LIMIT, "more than 4 containers are to be taken over: scale them down");
    desk_close();
}

/* A port may be held by what is taken over, and by nobody else. */
static void met_ports(void)
{
    static const char of_host[] =
        "port 80/tcp is held by a process of this host: stop it or publish another port";
    static const char of_other[] = "port 80 is held by service other of the Compose project shop, "
                                   "which is not taken over: stop it";
    struct app *app = begin();
    struct engine_container *main = list("shop", "main", 1);
    struct engine_container *other = list("shop", "other", 1);
    publish(main, 81, false);
    publish(main, 80, true);
    publish(other, 82, false);
    check_in(app); /* whatever they publish: nobody holds it */
    desk.is_held = true;
    check_refused(app, ERR_PORT_HELD, of_host);
    publish(other, 80, false);
    check_refused(app, ERR_PORT_HELD, of_other);
    desk.is_held = false;
    check_in(app);
    desk.is_held = true;
    other->published_count = 0;
    publish(main, 80, false);
    check_in(app);
    main->published_count = 0;
    publish(main, 80, true);
    check_refused(app, ERR_PORT_HELD, of_host);
    struct plan *plan = &app->plans.slots[0].plan;
    plan->services[0].ports[plan->services[0].port_count++] =
        (struct route_port){.protocol = ROUTE_UDP, .host_port = 80, .container_port = 53};
    publish(main, 80, false);
    check_in(app);
    main->published_count = 0;
    publish(main, 80, false);
    check_refused(app, ERR_PORT_HELD,
                  "port 80/udp is held by a process of this host: stop it or publish another "
                  "port");
    ask(app, false);
    desk.refusal = ERR_IO;
    desk_answer(0, 0, &answer);
    CHECK_STR_EQ(told, "io: no answer");
    desk.refusal = 0;
    desk_close();
}

/* Trouble of the engine ends a request, and lets an order look again a second later. */
static void met_engine(void)
{
    struct app *app = begin();
    ask(app, false);
    desk_answer(0, ERR_TIMEOUT, NULL);
    CHECK_STR_EQ(told, "timed-out: told timed-out");
    CHECK_INT_EQ(app->verb.stage, VERB_NONE);
    ask(app, true);
    desk_answer(0, ERR_TIMEOUT, NULL);
    CHECK(app->verb.stage == VERB_READY && !app->verb.is_met);
    CHECK_INT_EQ(app->verb.decision.step, ORDER_STEP_BEGIN);
    CHECK_STR_EQ(desk.log, "");
    desk.now = 1999;
    CHECK(adopt_meet(app));
    CHECK_INT_EQ(desk.call_count, 1);
    CHECK_INT_EQ(app->verb.stage, VERB_READY);
    desk.now = 2000;
    CHECK(adopt_meet(app));
    CHECK_INT_EQ(desk.call_count, 2);
    app->verb.stage = VERB_NONE; /* it was given up since */
    desk_answer(1, 0, &answer);
    CHECK(app->verb.stage == VERB_NONE && !app->verb.is_met);
    desk.refusal = ERR_BUSY;
    app->verb = (struct verb){.stage = VERB_READY, .wanted.bytes = {3}, .done = tell, .ctx = told};
    CHECK(adopt_meet(app));
    CHECK_STR_EQ(told, "busy: not taken");
    desk.refusal = 0;
    for (size_t i = 0; i < CALLS_MAX; i++) {
        CHECK(!desk.conductor->calls.list[i].is_used);
        desk.conductor->calls.list[i].is_used = true;
    }
    app->verb = (struct verb){.stage = VERB_READY, .wanted.bytes = {3}};
    CHECK(adopt_meet(app));
    CHECK_INT_EQ(app->verb.stage, VERB_READY);
    desk_close();
}

/* Nothing is looked at where nothing is taken over. */
static void met_nobody(void)
{
    struct app *app = begin();
    app->verb = (struct verb){.stage = VERB_READY, .wanted.bytes = {3}, .is_order = true};
    app->verb.decision.step = ORDER_STEP_END;
    CHECK(!adopt_meet(app));
    app->verb.is_order = false;
    app->memory.committed = desk_generation(1, 1);
    CHECK(!adopt_meet(app));
    app->memory.committed.gen = 0;
    app->plans.slots[0].plan.service_count = 0;
    CHECK(!adopt_meet(app));
    app->plans.slots[0].plan.service_count = 1;
    app->plans.slots[0].plan.adopt[0] = '\0';
    CHECK(!adopt_meet(app));
    CHECK_STR_EQ(desk.said, "");
    desk_close();
}

/* -- looking ----------------------------------------------------------------------------------- */

static void look(int code)
{
    desk_clear();
    CHECK(adopt_look(desk.conductor));
    CHECK_STR_EQ(desk.said, "list compose\n");
    desk.conductor->engine.is_listing = true;
    desk.conductor->is_dirty = false;
    desk_answer(0, code, code == 0 ? &answer : NULL);
    CHECK(!desk.conductor->engine.is_listing && desk.conductor->is_dirty);
    CHECK(!desk.conductor->calls.list[0].is_used);
}

static void seen(void)
{
    struct app *app = begin();
    struct adopted *adopted = &app->session.adopted;
    struct engine_container *one = list("shop", "main", 1);
    struct engine_container *last = list("shop", "main", ADOPTED_MAX);
    (void)list("shop", "other", 2);
    one->has_unnamed_volume = true;
    one->restart = (struct engine_restart){ENGINE_RESTART_ON_FAILURE, 7};
    last->state = ENGINE_EXITED;
    look(0);
    CHECK_STR_EQ(desk.log, "");
    CHECK(adopted->is_seen && !adopted->is_over);
    CHECK(adopted->at[0].is_present && adopted->at[0].has_unnamed_volume);
    CHECK_STR_EQ(adopted->at[0].id, "main-1");
    CHECK_INT_EQ(adopted->at[0].state, ENGINE_RUNNING);
    CHECK_INT_EQ(adopted->at[0].restart.retries, 7);
    CHECK(!adopted->at[1].is_present && !adopted->at[2].is_present);
    CHECK(adopted->at[3].is_present && adopted->at[3].state == ENGINE_EXITED);
    adopted->at[0].failures = 3;
    one->state = ENGINE_PAUSED;
    last->replica = 0; /* one that has no place */
    look(0);
    CHECK(adopted->is_over && !adopted->at[3].is_present);
    CHECK(adopted->at[0].state == ENGINE_PAUSED && adopted->at[0].failures == 3);
    (void)text_copy(one->id, sizeof one->id, "another");
    last->replica = ADOPTED_MAX + 1;
    look(0);
    CHECK(adopted->is_over && adopted->at[0].failures == 0);
    CHECK_STR_EQ(adopted->at[0].id, "another");
    answer.container_count = 0;
    look(0);
    CHECK(!adopted->is_over && !adopted->at[0].is_present);
    CHECK_STR_EQ(desk.log, ""); /* it was seen before */
    desk_close();
}

/* What a call has done since the list was asked for is newer than the list. */
static void seen_older(void)
{
    for (int row = 0; row < 3; row++) {
        struct app *app = begin();
        struct adopted *adopted = &app->session.adopted;
        struct engine_container *one = list("shop", "main", 1);
        look(0);
        adopted->at[0].is_busy = row == 0;
        adopted->at[0].touched = row == 1 ? LIST : LIST - 1;
        one->state = ENGINE_EXITED;
        look(0);
        CHECK_INT_EQ(adopted->at[0].state, row == 2 ? ENGINE_EXITED : ENGINE_RUNNING);
        answer.container_count = 0;
        look(0);
        CHECK(adopted->at[0].is_present == (row != 2));
        desk_close();
    }
}

static void seen_nothing(void)
{
    for (int row = 0; row < 2; row++) {
        struct app *app = begin();
        app->memory.adopted.of = row == 1 ? adopt_id("shop", "main") : 0;
        (void)list("shop", "other", 1);
        look(0);
        CHECK(app->session.adopted.is_seen);
        CHECK_STR_EQ(desk.log, row == 1 ? ""
                                        : "i web: no such Compose project runs here: there is "
                                          "nothing to take over\n");
        desk_close();
    }
}

static void not_seen(void)
{
    struct app *app = begin();
    struct adopted *adopted = &app->session.adopted;
    look(ERR_TIMEOUT);
    CHECK_STR_EQ(desk.log, "w Compose projects: told timed-out\n");
    CHECK(!adopted->is_seen && !app->session.has_world_fault);
    CHECK_INT_EQ(adopted->look_not_before, 2000);
    app->memory.phase = SWAP_PREPARE;
    look(ERR_TIMEOUT);
    CHECK(app->session.has_world_fault);
    desk.refusal = ERR_BUSY;
    CHECK(!adopt_look(desk.conductor));
    desk.refusal = 0;
    CHECK(!desk.conductor->calls.list[0].is_used);
    desk_clear();
    app->is_used = false;
    CHECK(!adopt_look(desk.conductor));
    app->is_used = true;
    app->plans.slots[0].plan.adopt[0] = '\0';
    adopted->is_seen = true;
    CHECK(!adopt_look(desk.conductor));
    CHECK(!adopted->is_seen && adopted->of == 0); /* of nobody any more */
    CHECK_STR_EQ(desk.said, "");
    desk_close();
}

/* -- acting ------------------------------------------------------------------------------------ */

static struct adopted_container *act(struct app *app, enum action_kind kind)
{
    struct adopted_container *container = &app->session.adopted.at[1];
    (void)text_copy(container->id, sizeof container->id, "main-2");
    container->is_busy = true;
    forget_said();
    desk.conductor->is_dirty = false;
    desk.conductor->engine.list_at = MONO_NEVER;
    adopt_perform(app, &(struct action){.kind = kind, .gen = GEN_ADOPTED, .number = 2});
    CHECK_INT_EQ(container->touched, LIST);
    return container;
}

static void check_done(const struct app *app)
{
    CHECK(!app->session.adopted.at[1].is_busy && !desk.conductor->calls.list[0].is_used);
    CHECK_INT_EQ(desk.conductor->engine.list_at, 1000);
    CHECK(desk.conductor->is_dirty);
}

static void acted_hold(void)
{
    struct app *app = begin();
    app->memory.candidate = desk_generation(3, 1);
    struct adopted_container *container = act(app, ACTION_HOLD);
    CHECK_STR_EQ(desk.said, "hold main-2 for gw web main 2\n");
    CHECK(!container->is_held);
    container->failures = 2;
    desk_answer(0, 0, NULL);
    CHECK(container->is_held && container->failures == 0);
    check_done(app);
    (void)act(app, ACTION_HOLD);
    desk_answer(0, ERR_TIMEOUT, NULL);
    CHECK(container->is_held);
    desk_close();
}

/* The engine is kept from starting it again before it is stopped. */
static void acted_stop(void)
{
    struct app *app = begin();
    struct adopted_container *container = &app->session.adopted.at[1];
    container->is_present = true;
    container->state = ENGINE_RUNNING;
    container->restart = (struct engine_restart){ENGINE_RESTART_ON_FAILURE, 7};
    (void)act(app, ACTION_STOP);
    CHECK_STR_EQ(desk.said, "restart policy of main-2: 0 0\n");
    desk_answer(0, 0, NULL);
    CHECK_STR_EQ(desk.said, "restart policy of main-2: 0 0\nstop main-2 within -1\n");
    CHECK_INT_EQ(container->restart.kind, ENGINE_RESTART_NO);
    CHECK(container->is_busy);
    desk_answer(1, 0, NULL);
    CHECK_INT_EQ(container->state, ENGINE_EXITED);
    CHECK(!container->is_held);
    check_done(app);
    container->state = ENGINE_DEAD; /* what is no longer alive stays what it is */
    (void)act(app, ACTION_STOP);
    CHECK_STR_EQ(desk.said, "stop main-2 within -1\n");
    desk_answer(0, 0, NULL);
    CHECK_INT_EQ(container->state, ENGINE_DEAD);
    desk_close();
}

static void acted_start(void)
{
    struct app *app = begin();
    struct adopted_container *container = &app->session.adopted.at[1];
    app->memory.adopted.restart = (struct engine_restart){ENGINE_RESTART_ON_FAILURE, 7};
    container->state = ENGINE_EXITED;
    container->restart = (struct engine_restart){ENGINE_RESTART_ON_FAILURE, 6};
    (void)act(app, ACTION_START);
    desk_answer(0, 0, NULL);
    CHECK_CONTAINS(desk.said, " 7\nstart main-2\n");
    CHECK_INT_EQ(container->restart.retries, 7);
    desk_answer(1, 0, NULL);
    CHECK_INT_EQ(container->state, ENGINE_RUNNING);
    check_done(app);
    (void)act(app, ACTION_START);
    CHECK_STR_EQ(desk.said, "start main-2\n");
    desk_answer(0, 0, NULL);
    container->restart.retries = 6;
    container->state = ENGINE_EXITED;
    (void)act(app, ACTION_KEEP);
    desk_answer(0, 0, NULL);
    CHECK_INT_EQ(desk.call_count, 1); /* its policy alone */
    CHECK_INT_EQ(container->restart.retries, 7);
    CHECK_INT_EQ(container->state, ENGINE_EXITED);
    check_done(app);
    desk_close();
}

/* Each failure doubles the wait, eight times; what holds or stops it blames the world. */
static void acted_in_vain(void)
{
    struct app *app = begin();
    struct adopted_container *container = &app->session.adopted.at[1];
    for (int i = 0; i < 10; i++) {
        container->is_present = true;
        (void)act(app, ACTION_START);
        desk_answer(desk.call_count - 1, ERR_TIMEOUT, NULL);
        CHECK_INT_EQ(container->call_not_before, 1000 + (1000 << (i < 8 ? i : 8)));
        CHECK(container->is_present);
        check_done(app);
    }
    CHECK_CONTAINS(desk.log, "w web: start of container main-2, taken over: told timed-out\n");
    CHECK_INT_EQ(app->session.engine_failures, 0);
    CHECK(!app->session.has_world_fault);
    for (int i = 0; i < 2; i++) {
        app->session.has_world_fault = false;
        (void)act(app, i == 0 ? ACTION_STOP : ACTION_HOLD);
        desk_answer(0, ERR_NOT_FOUND, NULL);
        CHECK(!container->is_present && app->session.has_world_fault);
        CHECK_INT_EQ(app->session.engine_failures, i + 1);
    }
    app->session.engine_failures = UINT8_MAX;
    (void)act(app, ACTION_STOP);
    desk_answer(0, ERR_TIMEOUT, NULL);
    CHECK_INT_EQ(app->session.engine_failures, UINT8_MAX);
    container->restart.kind = ENGINE_RESTART_ON_FAILURE;
    (void)act(app, ACTION_STOP);
    desk_answer(0, ERR_TIMEOUT, NULL);
    CHECK_INT_EQ(container->restart.kind, ENGINE_RESTART_ON_FAILURE);
    CHECK_STR_EQ(desk.said, "restart policy of main-2: 0 0\n"); /* and is not stopped */
    check_done(app);
    (void)act(app, ACTION_STOP);
    desk.refusal = ERR_BUSY; /* the stop behind the policy */
    desk_answer(0, 0, NULL);
    check_done(app);
    CHECK_INT_EQ(container->restart.kind, ENGINE_RESTART_NO);
    (void)act(app, ACTION_STOP);
    CHECK_STR_EQ(desk.log, "w web: stop of container main-2, taken over: not taken\n");
    check_done(app);
    desk.refusal = 0;
    desk_close();
}

static void acted_without_a_call(void)
{
    struct app *app = begin();
    struct adopted_container *container = &app->session.adopted.at[1];
    for (size_t i = 0; i < CALLS_MAX; i++) {
        desk.conductor->calls.list[i].is_used = true;
    }
    container->is_busy = true;
    adopt_perform(app, &(struct action){.kind = ACTION_STOP, .number = 2});
    CHECK(!container->is_busy && container->touched == 0);
    CHECK_INT_EQ(container->call_not_before, 2000);
    CHECK_STR_EQ(desk.said, "");
    desk_close();
}

/* -- saying ------------------------------------------------------------------------------------ */

static void announced(void)
{
    static const struct {
        uint32_t of, running, next_of, next_running, committed, next_committed, candidate;
        const char *log;
    } rows[] = {
        {0, 0, 9, 1, 0, 0, 4, "takes over service main of the Compose project shop"},
        {9, 1, 9, 3, 0, 0, 4, "takes over service main of the Compose project shop"},
        {9, 1, 9, 1, 0, 0, 4, NULL},
        {9, 1, 9, 1, 4, 0, 0, "goes back to service main of the Compose project shop"},
        {9, 1, 0, 0, 0, 0, 0, "what it took over is as it was"},
        {0, 0, 0, 0, 0, 0, 0, NULL},
        {9, 1, 0, 0, 4, 4, 0,
         "what it took over is no way back any more and stays stopped; to remove it: docker "
         "compose -p shop rm main"},
        {0, 0, 0, 0, 4, 4, 0, NULL},
        {9, 1, 9, 1, 4, 4, 0, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int failures = check_failures_;
        struct app *app = begin();
        struct memory_app next = {.adopted = {.of = rows[i].next_of}};
        char want[200] = "";
        app->memory.adopted.of = rows[i].of;
        app->memory.adopted.running = (uint8_t)rows[i].running;
        next.adopted.running = (uint8_t)rows[i].next_running;
        app->memory.committed =
            rows[i].committed != 0 ? desk_generation(3, 4) : (struct generation){.gen = 0};
        next.committed = rows[i].next_committed != 0 ? desk_generation(3, 4) : next.committed;
        next.candidate = rows[i].candidate != 0 ? desk_generation(3, 4) : next.candidate;
        adopt_announce(app, &next);
        if (rows[i].log != NULL) {
            (void)snprintf(want, sizeof want, "i web: %s\n", rows[i].log);
        }
        CHECK_STR_EQ(desk.log, want);
        if (check_failures_ != failures) {
            printf("    at row %zu\n", i);
        }
        desk_close();
    }
}

/* Of a release that cannot be read no name is known. */
static void announced_unread(void)
{
    struct app *app = begin();
    struct memory_app next = {.adopted = {.of = 9, .running = 1}, .candidate.gen = 4};
    next.candidate.release.bytes[0] = 8;
    adopt_announce(app, &next);
    CHECK_CONTAINS(desk.log, "i web: takes over service ? of the Compose project ?\n");
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"met: how many", met_how_many},
        {"met: ports", met_ports},
        {"met: engine", met_engine},
        {"met: nobody", met_nobody},
        {"seen", seen},
        {"seen: older", seen_older},
        {"seen: nothing", seen_nothing},
        {"not seen", not_seen},
        {"acted: hold", acted_hold},
        {"acted: stop", acted_stop},
        {"acted: start", acted_start},
        {"acted in vain", acted_in_vain},
        {"acted without a call", acted_without_a_call},
        {"announced", announced},
        {"announced: unread", announced_unread},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
