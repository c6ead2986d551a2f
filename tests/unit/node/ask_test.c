/* ask_test: how a replica's probes are asked, whose an answer is, and what is told and kept of it.
 */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

/* The end of an examination, as `performed` takes it. */
static void end_told(struct app *of, struct replica *on, const struct err *err,
                     const struct engine_answer *answer)
{
    struct call_end end = {.kind = ACTION_EXAMINE, .code = err != NULL ? err->code : 0};
    observed_call_ended(&of->session, &of->memory, on, &end, desk.now);
    cause_note_end(of, on, err, answer);
}

static struct plan_service *service;

/* Release 2 is the candidate, running; its readiness is asked for each second. */
static struct app *begin(void)
{
    struct app *app = desk_open();
    (void)desk_plan(app, 1);
    service = &desk_plan(app, 2)->services[0];
    service->readiness = (struct plan_probe){.kind = PLAN_PROBE_HTTP,
                                             .port = 8080,
                                             .period_ms = 1000,
                                             .timeout_ms = 700,
                                             .success_threshold = 1,
                                             .failure_threshold = 2,
                                             .path = "/ready"};
    app->memory.phase = SWAP_PREPARE;
    app->memory.committed = desk_generation(1, 1);
    app->memory.candidate = desk_generation(2, 2);
    struct replica *replica = session_need(&app->session, 2, 0, 1);
    replica->is_present = true;
    replica->state = ENGINE_RUNNING;
    replica->address = 0xc6120810u;
    (void)text_copy(replica->id, sizeof replica->id, "0123abcd");
    return app;
}

static void ask(const char *said)
{
    desk_clear();
    desk.conductor->is_dirty = false;
    probes_step(desk.conductor);
    CHECK_STR_EQ(desk.said, said);
}

static void questions(void)
{
    struct app *app = begin();
    struct replica *replica = &app->session.replicas[0];
    ask("get c6120810:8080 /ready within 700\n");
    CHECK(replica->is_probed && desk.conductor->is_dirty);
    CHECK_INT_EQ(replica->probe_epoch, 1);
    CHECK(!desk.conductor->traffic.is_stale);
    ask(""); /* awaited */
    CHECK(!desk.conductor->is_dirty);
    desk_close();
    (void)begin();
    service->readiness.kind = PLAN_PROBE_TCP;
    service->readiness.path[0] = '\0';
    service->powers = POWER_HOST_NETWORK;
    ask("connect 7f000001:8080  within 700\n");
    desk_close();
    (void)begin();
    service->readiness.kind = PLAN_PROBE_EXEC;
    memcpy(service->words + 5, "is\0well", 8);
    service->readiness.exec_at = 5;
    service->readiness.exec_count = 2;
    ask("exec 0123abcd [is] [well] within 700\n");
    desk_close();
    (void)begin();
    service->startup = service->liveness = service->readiness;
    (void)text_copy(service->startup.path, 16, "/startup");
    ask("get c6120810:8080 /startup within 700\n");
    desk_close();
}

/* Whoever does not run, or has no plan, is not asked. */
static void nobody_to_ask(void)
{
    for (int row = 0; row < 4; row++) {
        struct app *app = begin();
        struct replica *replica = &app->session.replicas[0];
        ask("get c6120810:8080 /ready within 700\n");
        CHECK_INT_EQ(probes_deadline(desk.conductor), probe_deadline(&replica->probe));
        replica->is_present = row != 0;
        replica->state = row == 1 ? ENGINE_PAUSED : ENGINE_RUNNING;
        replica->service = row == 2 ? 1 : 0;
        if (row == 3) {
            replica->gen = 7;
        }
        ask("");
        CHECK(!replica->is_probed);
        CHECK_INT_EQ(replica->probe_epoch, 1);
        CHECK_INT_EQ(probes_deadline(desk.conductor), MONO_NEVER);
        desk_close();
    }
}

/* When they are asked next. */
static void deadlines(void)
{
    struct app *app = begin();
    struct replica *replica = &app->session.replicas[0];
    ask("get c6120810:8080 /ready within 700\n");
    desk.now = 1100;
    desk_answer(0, 0, NULL);
    mono_ms next = probe_deadline(&replica->probe);
    CHECK_INT_EQ(next, 2100);
    CHECK_INT_EQ(probes_deadline(desk.conductor), 2100);
    struct replica *other = session_need(&app->session, 2, 0, 2);
    *other = *replica;
    other->number = 2;
    other->probe.lines[PROBE_READINESS].next = 1500;
    CHECK_INT_EQ(probes_deadline(desk.conductor), 1500);
    other->is_present = false;
    CHECK_INT_EQ(probes_deadline(desk.conductor), 2100);
    other->is_present = true;
    other->state = ENGINE_EXITED;
    CHECK_INT_EQ(probes_deadline(desk.conductor), 2100);
    other->state = ENGINE_RUNNING;
    other->is_probed = false;
    CHECK_INT_EQ(probes_deadline(desk.conductor), 2100);
    app->is_used = false;
    CHECK_INT_EQ(probes_deadline(desk.conductor), MONO_NEVER);
    desk_close();
}

/* A new process has a new link to its bridge. */
static void routed_anew(void)
{
    struct app *app = begin();
    app->session.replicas[0].is_routed = true;
    ask("get c6120810:8080 /ready within 700\n");
    CHECK(desk.conductor->traffic.is_stale);
    desk_close();
}

/* Traffic goes to it already and nobody has shown that it should not. */
static void presumed(void)
{
    static const struct {
        bool was_routed, is_asked_before, is_boot_stale, is_other_boot;
        enum swap_phase phase;
        uint32_t gen; /* 1 committed, 2 candidate, 3 before */
        bool is_ready;
    } rows[] = {
        {true, false, false, false, SWAP_REST, 1, true},
        {false, false, false, false, SWAP_REST, 1, false},
        {true, true, false, false, SWAP_REST, 1, false},
        {true, false, false, false, SWAP_REST, 3, false},
        {true, false, true, false, SWAP_REST, 3, true},
        {true, false, false, false, SWAP_UNPROVEN, 2, true},
        {true, false, false, true, SWAP_UNPROVEN, 2, false},
        {true, false, false, false, SWAP_PREPARE, 2, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = begin();
        struct replica *replica = &app->session.replicas[0];
        *service = app->plans.slots[0].plan.services[0]; /* no probes but the presumption */
        service->readiness = app->plans.slots[1].plan.services[0].readiness;
        for (size_t j = 0; j < 2; j++) {
            app->plans.slots[j].plan.services[0].readiness = (struct plan_probe){
                .kind = PLAN_PROBE_TCP, .period_ms = 1000, .success_threshold = 1};
        }
        app->memory.history[0] = desk_generation(1, 3);
        app->memory.phase = rows[i].phase;
        app->session.is_boot_stale = rows[i].is_boot_stale;
        desk.conductor->boot.bytes[0] = rows[i].is_other_boot ? 1 : 0;
        replica->gen = rows[i].gen;
        replica->was_routed = rows[i].was_routed;
        replica->probe_epoch = rows[i].is_asked_before ? 1 : 0;
        desk_clear();
        probes_step(desk.conductor);
        CHECK_INT_EQ(desk.call_count, 1);
        CHECK(replica->probe.is_ready == rows[i].is_ready);
        desk_close();
    }
}

/* Whose an answer is: the app's own, well or bad, or the asker's, which says nothing of the app. */
static void whose_answer(void)
{
    static const struct {
        int code;
        bool is_exec, is_own, is_fault;
    } rows[] = {
        {ERR_PROBE, false, true, false},
        {ERR_TIMEOUT, false, false, true},
        {ERR_NETWORK, false, false, true},
        {ERR_PROBE, true, true, false},
        {ERR_TIMEOUT, true, true, false},
        {ERR_ENGINE, true, false, true},
        {ERR_ENGINE_GONE, true, false, true},
        /* It ended, or is gone: that is the container's, and nobody's fault. */
        {ERR_CONFLICT, true, false, false},
        {ERR_NOT_FOUND, true, false, false},
        {ERR_NOT_FOUND, false, false, false},
        {ERR_WIRING, false, false, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char log[160];
        struct app *app = begin();
        struct replica *replica = &app->session.replicas[0];
        service->readiness.kind = rows[i].is_exec ? PLAN_PROBE_EXEC : PLAN_PROBE_HTTP;
        desk.conductor->engine.list_at = 99000;
        probes_step(desk.conductor);
        desk_answer(0, rows[i].code, &(struct engine_answer){0});
        const struct probe_line *line = &replica->probe.lines[PROBE_READINESS];
        CHECK_INT_EQ(line->failures, rows[i].is_own ? 1 : 0);
        CHECK((line->unasked_since != 0) == !rows[i].is_own);
        CHECK(app->session.has_world_fault == rows[i].is_fault);
        (void)snprintf(log, sizeof log, "w web: generation 2 replica 1 cannot be asked: told %s\n",
                       err_word(rows[i].code));
        CHECK_STR_EQ(desk.log, rows[i].is_own ? "" : log);
        CHECK_INT_EQ(desk.conductor->engine.list_at, rows[i].is_own ? 99000 : 1000);
        CHECK_INT_EQ(app->cause.answers[PROBE_READINESS].bad, 1);
        desk_close();
    }
}

/* What nothing reaches for 30 s, while the engine says that it runs, is made anew; a firewall that
 * swallows questions may let clients pass. */
static void cut_off(void)
{
    static const int codes[] = {ERR_WIRING, ERR_WIRING, ERR_NETWORK, ERR_NOT_FOUND};
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        struct app *app = begin();
        struct replica *replica = &app->session.replicas[0];
        desk.conductor->engine.is_up = i != 1;
        app->session.is_network_ready = true;
        for (int ms = 0; ms <= 30000; ms += 1000) {
            CHECK(!replica->is_miswired && app->session.is_network_ready);
            probes_step(desk.conductor);
            desk_answer(0, codes[i], NULL);
            desk.now += 1000;
        }
        CHECK(replica->is_miswired == (i == 0));
        CHECK(app->session.is_network_ready == (i != 0));
        CHECK_INT_EQ(replica->rewirings, i == 0 ? 1 : 0);
        desk_close();
    }
}

/* Ready, not ready, not to be asked, and asked again: each is told once, and the engine looked at.
 */
static void told(void)
{
    struct app *app = begin();
    struct conductor *conductor = desk.conductor;
    struct replica *replica = &app->session.replicas[0];
    static const struct {
        int code;
        const char *log;
        bool is_looked_at;
    } rows[] = {
        {0, "i web: generation 2 replica 1 is ready\n", false},
        {0, "", false},
        {ERR_PROBE, "", false},
        {ERR_PROBE, "i web: generation 2 replica 1 is not ready: told probe-failed\n", true},
        {ERR_NETWORK, "w web: generation 2 replica 1 cannot be asked: told network-failed\n", true},
        {ERR_NETWORK, "", false},
        {0,
         "i web: generation 2 replica 1 can be asked again\n"
         "i web: generation 2 replica 1 is ready\n",
         true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        desk.now += 5000;
        conductor->engine.list_at = 999000;
        desk_clear();
        probes_step(conductor);
        CHECK_INT_EQ(desk.call_count, 1);
        desk_answer(0, rows[i].code, NULL);
        CHECK_STR_EQ(desk.log, rows[i].log);
        CHECK_INT_EQ(conductor->engine.list_at, rows[i].is_looked_at ? desk.now : 999000);
        CHECK(!conductor->calls.list[0].is_used && conductor->is_dirty);
    }
    conductor->engine.is_up = false; /* then it cannot be looked at */
    desk.now += 5000;
    conductor->engine.list_at = 999000;
    desk_clear();
    probes_step(conductor);
    desk_answer(0, ERR_NETWORK, NULL);
    CHECK_INT_EQ(conductor->engine.list_at, 999000);
    CHECK(replica->probe.lines[PROBE_READINESS].unasked_since != 0);
    desk_close();
}

static void commands(void)
{
    static const struct {
        int exit_code;
        const char *output, *came;
    } rows[] = {
        {3, "no\nroom", "the command ended with 3: no room"},
        {1, "", "the command ended with 1"},
        {0, "fine", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = begin();
        service->readiness.kind = PLAN_PROBE_EXEC;
        probes_step(desk.conductor);
        desk_answer(0, 0,
                    &(struct engine_answer){.exit_code = rows[i].exit_code,
                                            .output = span_text(rows[i].output)});
        CHECK_STR_EQ(app->cause.answers[PROBE_READINESS].came, rows[i].came);
        CHECK(app->session.replicas[0].probe.is_ready == (rows[i].exit_code == 0));
        desk_close();
    }
}

/* An answer to a question of another process, or of a replica that is gone, is dropped. */
static void too_late(void)
{
    for (int row = 0; row < 4; row++) {
        struct app *app = begin();
        struct replica *replica = &app->session.replicas[0];
        probes_step(desk.conductor);
        if (row == 0) {
            replica->probe_epoch++;
        } else if (row == 1) {
            replica->is_probed = false;
        } else if (row == 2) {
            app->session.replica_count = 0;
        } else {
            app->memory.candidate.gen = 9;
        }
        desk_answer(0, 0, NULL);
        CHECK(!replica->probe.is_ready);
        CHECK_STR_EQ(desk.log, "");
        CHECK(!desk.conductor->calls.list[0].is_used);
        desk_close();
    }
}

/* What could not even be asked is an error of the asker. */
static void not_asked(void)
{
    struct app *app = begin();
    desk.refusal = ERR_BUSY;
    ask("get c6120810:8080 /ready within 700\n");
    CHECK_STR_EQ(desk.log, "w web: generation 2 replica 1 cannot be asked: not taken\n");
    CHECK(!desk.conductor->calls.list[0].is_used);
    CHECK(app->session.has_world_fault);
    desk_close();
    app = begin();
    while (call_take_probe(desk.conductor, app, false) != NULL) {
    }
    for (int i = 0; i < QUEUED_MS_MAX / QUEUED_RETRY_MS; i++) { /* it waits for a place first */
        ask("");
        CHECK_STR_EQ(desk.log, "");
        CHECK_INT_EQ(probes_deadline(desk.conductor), desk.now + QUEUED_RETRY_MS);
        desk.now += QUEUED_RETRY_MS;
    }
    ask("");
    CHECK_STR_EQ(desk.log,
                 "w web: generation 2 replica 1 cannot be asked: too many questions hang: "
                 "no place within 2000 ms\n");
    desk_close();
    app = begin(); /* what has waited counts from when it was due */
    struct call *held = NULL;
    for (struct call *call = NULL; (call = call_take_probe(desk.conductor, app, false)) != NULL;) {
        held = call;
    }
    ask("");
    call_drop(held);
    desk.now += QUEUED_RETRY_MS;
    ask("get c6120810:8080 /ready within 700\n");
    CHECK_INT_EQ(app->session.replicas[0].probe.lines[PROBE_READINESS].asked_at, 1000);
    desk_close();
}

/* What is kept of the last bad answers, for the story. */
static void causes_kept(void)
{
    struct app *app = begin();
    struct cause_answer *kept = &app->cause.answers[PROBE_READINESS];
    struct replica *replica = &app->session.replicas[0];
    const struct plan *plan = &app->plans.slots[1].plan;
    struct err err;
    desk.wall = 17;
    (void)err_set(&err, ERR_PROBE, "status 503");
    cause_note_answer(app, replica, plan, PROBE_READINESS, NULL);
    CHECK_INT_EQ(app->cause.gen, 0);
    cause_note_answer(app, replica, plan, PROBE_READINESS, &err);
    CHECK_INT_EQ(app->cause.gen, 2);
    CHECK_STR_EQ(app->cause.service_name, "main");
    CHECK_STR_EQ(kept->asked, "GET http://198.18.8.16:8080/ready");
    CHECK_STR_EQ(kept->came, "status 503");
    CHECK_INT_EQ(kept->number, 1);
    CHECK_INT_EQ(kept->wall, 17);
    cause_note_answer(app, replica, plan, PROBE_READINESS, &err);
    CHECK_INT_EQ(kept->bad, 2);
    replica->number = 2;
    cause_note_answer(app, replica, plan, PROBE_READINESS, NULL); /* another's good answer */
    CHECK_INT_EQ(kept->bad, 2);
    service->readiness.kind = PLAN_PROBE_TCP;
    service->powers = POWER_HOST_NETWORK;
    cause_note_answer(app, replica, plan, PROBE_READINESS, &err);
    CHECK_INT_EQ(kept->bad, 1);
    CHECK_INT_EQ(kept->number, 2);
    CHECK_STR_EQ(kept->asked, "connect to 127.0.0.1:8080");
    cause_note_answer(app, replica, plan, PROBE_READINESS, NULL);
    CHECK_INT_EQ(kept->bad, 0);
    service->readiness.kind = PLAN_PROBE_EXEC;
    memcpy(service->words + 5, "is\0well", 8);
    service->readiness.exec_at = 5;
    service->readiness.exec_count = 2;
    cause_note_answer(app, replica, plan, PROBE_READINESS, &err);
    CHECK_STR_EQ(kept->asked, "run is well");
    replica->gen = 1; /* what serves has no such story */
    cause_note_answer(app, replica, plan, PROBE_READINESS, &err);
    CHECK_INT_EQ(kept->bad, 1);
    desk_close();
}

static struct engine_post_mortem end_of(enum engine_state state, const char *output)
{
    return (struct engine_post_mortem){
        .state = state, .exit_code = 137, .output = span_text(output)};
}

/* How it ended is told once, from the container that shows it best. */
static void ends_told(void)
{
    struct app *app = begin();
    struct replica *replica = &app->session.replicas[0];
    struct engine_post_mortem end = end_of(ENGINE_EXITED, "one\n  two  \n\n");
    const struct engine_answer answer = {.post_mortem = &end};
    end.was_out_of_memory = true;
    end_told(app, replica, NULL, &answer);
    CHECK(replica->is_examined);
    CHECK_STR_EQ(desk.log,
                 "i web: generation 2 replica 1 exited with 137, out of memory; it wrote last:   "
                 "two\n");
    CHECK_STR_EQ(app->cause.service_name, "main");
    CHECK_INT_EQ(app->cause.number, 1);
    struct replica other = *replica;
    other.number = 2;
    other.is_examined = false;
    desk_clear();
    end_told(app, &other, NULL, &answer); /* shows it no better */
    CHECK(other.is_examined);
    CHECK_STR_EQ(desk.log, "");
    other.is_telling = true;
    end = end_of(ENGINE_RUNNING, "");
    (void)text_copy(end.error, sizeof end.error, "no such device");
    end_told(app, &other, NULL, &answer);
    CHECK_STR_EQ(desk.log,
                 "i web: generation 2 replica 2 running; the engine said: no such device\n");
    CHECK_INT_EQ(app->cause.number, 2);
    desk_close();
}

/* Asked three times; what is not there is known at once. */
static void ends_unknown(void)
{
    struct app *app = begin();
    struct replica *replica = &app->session.replicas[0];
    struct err err;
    (void)err_set(&err, ERR_ENGINE, "no answer");
    for (int i = 1; i <= 3; i++) {
        CHECK_STR_EQ(desk.log, "");
        end_told(app, replica, &err, NULL);
        CHECK(replica->is_examined == (i == 3));
    }
    CHECK_STR_EQ(desk.log, "w web: cannot tell how generation 2 replica 1 ended: no answer\n");
    CHECK_STR_EQ(app->cause.complaint, "no answer");
    desk_close();
    app = begin();
    replica = &app->session.replicas[0];
    (void)err_set(&err, ERR_NOT_FOUND, "gone");
    end_told(app, replica, &err, NULL);
    CHECK(replica->is_examined);
    CHECK_STR_EQ(app->cause.complaint, "gone");
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"questions", questions}, {"nobody to ask", nobody_to_ask},
        {"deadlines", deadlines}, {"routed anew", routed_anew},
        {"presumed", presumed},   {"whose answer", whose_answer},
        {"cut off", cut_off},     {"told", told},
        {"commands", commands},   {"too late", too_late},
        {"not asked", not_asked}, {"causes kept", causes_kept},
        {"ends told", ends_told}, {"ends unknown", ends_unknown},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
