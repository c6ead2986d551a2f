/* storm_test: sixteen apps of sixteen replicas are asked while some of them never answer: whoever
 * answers is asked as if it were alone, and the engine has room for what is no probe. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

enum {
    PERIOD_MS = 5000,
    TIMEOUT_MS = 2000,
    ANSWER_MS = 3,
    STORM_MS = 60000,
    ASKED_MAX = 128,
    /* What an asker takes at a time: platform/prober.h, and of the engine half. */
    PLACES = PROBER_PENDING_MAX,
    EXEC_PLACES = 32
};

struct asked {
    mono_ms answer_at; /* MONO_NEVER: free */
    prober_done prober;
    engine_done engine;
    void *ctx;
    bool is_bad;
};

static struct asked asked[ASKED_MAX];
static size_t most;                               /* pending at a time */
static unsigned count_of[APPS_MAX][REPLICAS_MAX]; /* questions answered */
static unsigned hung;                             /* apps that never answer, from the last on */

static size_t pending(void)
{
    size_t count = 0;
    for (size_t i = 0; i < ASKED_MAX; i++) {
        count += asked[i].answer_at != MONO_NEVER;
    }
    return count;
}

static int take(unsigned app, unsigned number, struct asked question, size_t places,
                struct err *err)
{
    if (pending() >= places) {
        return err_set(err, ERR_BUSY, "%zu questions are pending", places);
    }
    size_t at = 0;
    while (asked[at].answer_at != MONO_NEVER) {
        at++;
    }
    question.is_bad = app + hung >= APPS_MAX;
    question.answer_at = desk.now + (question.is_bad ? TIMEOUT_MS : ANSWER_MS);
    asked[at] = question;
    most = pending() > most ? pending() : most;
    count_of[app][number - 1]++;
    return 0;
}

static int ask(void *self, const struct prober_request *request, prober_done done, void *ctx,
               struct err *err)
{
    (void)self;
    return take(request->address >> 8, request->address & 255u,
                (struct asked){.prober = done, .ctx = ctx}, PLACES, err);
}

static int run(void *self, const char *id, const char *const *argv, size_t count,
               int64_t timeout_ms, engine_done done, void *ctx, struct err *err)
{
    (void)self, (void)argv, (void)count, (void)timeout_ms;
    return take((unsigned)(id[0] - 'a'), (unsigned)(id[1] - 'a') + 1,
                (struct asked){.engine = done, .ctx = ctx}, 2 * EXEC_PLACES, err);
}

static void answer(struct asked *question)
{
    struct asked held = *question;
    struct err err;
    (void)err_set(&err, held.engine != NULL ? ERR_TIMEOUT : ERR_PROBE, "no answer in time");
    question->answer_at = MONO_NEVER;
    if (held.engine != NULL) {
        held.engine(held.ctx, held.is_bad ? &err : NULL,
                    held.is_bad ? NULL : &(struct engine_answer){0});
    } else {
        held.prober(held.ctx, held.is_bad ? &err : NULL);
    }
}

/* An app with all its replicas running and routed. */
static void app_begin(unsigned number, enum plan_probe_kind kind)
{
    struct app *app = app_take(desk.conductor, (uint8_t)number);
    app = app != NULL ? app : &desk.conductor->apps[number];
    (void)snprintf(app->memory.app, NAME_BYTES, "app-%u", number);
    struct plan_service *service = &desk_plan(app, 1)->services[0];
    service->replicas = REPLICAS_MAX;
    service->readiness = (struct plan_probe){.kind = kind,
                                             .port = 80,
                                             .period_ms = PERIOD_MS,
                                             .timeout_ms = TIMEOUT_MS,
                                             .success_threshold = 1,
                                             .failure_threshold = 3,
                                             .exec_count = 1,
                                             .path = "/"};
    service->liveness = service->readiness;
    app->memory.committed = desk_generation(1, 1);
    for (unsigned i = 1; i <= REPLICAS_MAX; i++) {
        struct replica *replica = session_need(&app->session, 1, 0, (uint8_t)i);
        replica->is_present = true;
        replica->state = ENGINE_RUNNING;
        replica->address = number << 8 | i;
        replica->id[0] = (char)('a' + number);
        replica->id[1] = (char)('a' + i - 1);
    }
}

static void turns(void)
{
    while (desk.now < STORM_MS) {
        desk_clear();
        probes_step(desk.conductor);
        mono_ms next = probes_deadline(desk.conductor);
        for (size_t i = 0; i < ASKED_MAX; i++) {
            next = mono_min(next, asked[i].answer_at);
        }
        desk.now = next > desk.now ? next : desk.now;
        for (size_t i = 0; i < ASKED_MAX; i++) {
            if (asked[i].answer_at <= desk.now) {
                answer(&asked[i]);
            }
        }
    }
}

static void storm(enum plan_probe_kind kind, unsigned apps_hung)
{
    static const struct prober_ops prober_ops = {.ask = ask};
    struct engine_ops engine_ops;
    memset(count_of, 0, sizeof count_of);
    for (size_t i = 0; i < ASKED_MAX; i++) {
        asked[i].answer_at = MONO_NEVER;
    }
    most = 0;
    hung = apps_hung;
    (void)desk_open();
    engine_ops = *desk.conductor->ports.engine.ops;
    engine_ops.exec = run;
    desk.conductor->ports.engine.ops = &engine_ops;
    desk.conductor->ports.prober.ops = &prober_ops;
    for (unsigned i = 0; i < APPS_MAX; i++) {
        app_begin(i, kind);
    }
    turns();
    for (unsigned i = 0; i < APPS_MAX; i++) {
        for (unsigned j = 0; j < REPLICAS_MAX; j++) {
            const struct replica *replica = &desk.conductor->apps[i].session.replicas[j];
            bool is_hung = i + hung >= APPS_MAX;
            CHECK(is_hung || count_of[i][j] >= 2 * (STORM_MS / PERIOD_MS) - 4);
            CHECK(is_hung || replica->probe.lines[PROBE_READINESS].asked_again == 0);
            CHECK_INT_EQ(replica->probe.is_ready, !is_hung);
        }
    }
    CHECK(most <= (kind == PLAN_PROBE_EXEC ? EXEC_PLACES : PLACES));
    desk_close();
}

/* All begin in one instant, as after a start of the agent. */
static void all_are_well(void)
{
    storm(PLAN_PROBE_HTTP, 0);
    storm(PLAN_PROBE_EXEC, 0);
}

static void one_app_hangs(void)
{
    storm(PLAN_PROBE_HTTP, 1);
    storm(PLAN_PROBE_EXEC, 1);
}

/* More questions hang than there are places. */
static void several_apps_hang(void)
{
    storm(PLAN_PROBE_HTTP, 4);
    storm(PLAN_PROBE_EXEC, 4);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"all are well", all_are_well},
        {"one app hangs", one_app_hangs},
        {"several apps hang", several_apps_hang},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
