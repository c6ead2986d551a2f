/* perform_test: each call that the planner asks for, what it asks of the port, and every field that
 * each kind of answer changes, or leaves. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

#define ID     "0123abcd"
#define HEX_4  "abababab"
#define HEX_64 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4
#define PAYLOAD                                                                                    \
    "{\"schema\":1,\"x-berth\":{\"app\":\"web\",\"sequence\":5},\"services\":{\"main\":{"          \
    "\"image\":"                                                                                   \
    "\"registry.example/web@sha256:" HEX_64                                                        \
    "\",\"x-berth\":{\"image\":{\"index\":\"sha256:" HEX_64                                        \
    "\",\"platforms\":[{\"arch\":\"amd64\",\"manifest\":\"sha256:" HEX_64                          \
    "\",\"config\":\"sha256:" HEX_64 "\"}]}}}}}"

/* What a call may change, as numbers. X(name, expression) */
#define NOTES(X)                                                                                   \
    X(present, replica->is_present)                                                                \
    X(miswired, replica->is_miswired)                                                              \
    X(start_failed, replica->has_start_failed)                                                     \
    X(state, (long long)replica->state)                                                            \
    X(run_ours, replica->is_run_ours)                                                              \
    X(notified, replica->notified_at)                                                              \
    X(probed, replica->is_probed)                                                                  \
    X(epoch, replica->probe_epoch)                                                                 \
    X(keeps, replica->keeps_running)                                                               \
    X(rewirings, replica->rewirings)                                                               \
    X(start_at, replica->start_not_before)                                                         \
    X(started, replica->was_started)                                                               \
    X(busy, replica->is_busy)                                                                      \
    X(call_at, replica->call_not_before)                                                           \
    X(network, session->is_network_ready)                                                          \
    X(failures, session->engine_failures)                                                          \
    X(spec, session->is_spec_refused)                                                              \
    X(world, session->has_world_fault)                                                             \
    X(missing, session->image_missing_gen)                                                         \
    X(pull_at, session->pull_not_before)

enum note {
#define NOTE_ENUM_(name, expression) NOTE_##name,
    NOTES(NOTE_ENUM_) NOTE_COUNT
#undef NOTE_ENUM_
};

static const char *const note_words[] = {
#define NOTE_WORD_(name, expression) #name,
    NOTES(NOTE_WORD_)
#undef NOTE_WORD_
};

static void note_all(const struct app *app, const struct replica *replica, long long *notes)
{
    const struct session_app *session = &app->session;
#define NOTE_TAKE_(name, expression) notes[NOTE_##name] = (long long)(expression);
    NOTES(NOTE_TAKE_)
#undef NOTE_TAKE_
}

static char changes[1024];

static const char *changed(const long long *before, const long long *after)
{
    changes[0] = '\0';
    for (size_t i = 0; i < NOTE_COUNT; i++) {
        size_t len = strlen(changes);
        if (before[i] != after[i]) {
            (void)snprintf(changes + len, sizeof changes - len, "%s%s=%lld", len > 0 ? " " : "",
                           note_words[i], after[i]);
        }
    }
    return changes;
}

/* Generation 1 of release 1 serves, 2 of release 2 is the candidate, and of that or of the first is
 * the replica that is acted on. All that can be said of it is said, or nothing of it. */
static struct replica *begin(struct app **app, uint32_t gen, bool is_full)
{
    *app = desk_open();
    struct session_app *session = &(*app)->session;
    (void)desk_plan(*app, 1);
    (void)desk_plan(*app, 2);
    (*app)->memory.phase = SWAP_PREPARE;
    (*app)->memory.committed = desk_generation(1, 1);
    (*app)->memory.candidate = desk_generation(2, 2);
    (*app)->memory.wanted.bytes[0] = 2;
    (void)session_need(session, 3 - gen, 0, 1);
    struct replica *replica = session_need(session, gen, 0, 1);
    (void)text_copy(replica->id, sizeof replica->id, ID);
    replica->address = 0xc6120810u;
    replica->state = ENGINE_DEAD;
    replica->is_present = replica->is_miswired = replica->has_start_failed = is_full;
    replica->is_run_ours = replica->is_probed = replica->keeps_running = is_full;
    replica->was_started = is_full;
    replica->notified_at = is_full ? 77 : 0;
    replica->start_not_before = 88;
    session->is_network_ready = session->has_world_fault = is_full;
    desk.conductor->engine.list_number = 6;
    desk.conductor->engine.list_at = 99000;
    desk.conductor->is_dirty = false;
    return replica;
}

struct row {
    enum action_kind kind;
    uint32_t gen;
    int code;         /* of the answer */
    const char *full; /* what changes where everything was said of the replica */
    const char *none; /* and where nothing was */
};

static const char *perform_one(const struct row *row, bool is_full)
{
    struct app *app = NULL;
    long long before[NOTE_COUNT];
    long long after[NOTE_COUNT];
    struct replica *replica = begin(&app, row->gen, is_full);
    const struct engine_post_mortem end = {.state = ENGINE_EXITED};
    const struct engine_answer answer = {.id = "feed", .post_mortem = &end};
    desk.payload = PAYLOAD;
    desk.sha = row->gen == 1 ? app->memory.committed.release : app->memory.candidate.release;
    app->session.staged = desk.sha; /* its image was seen, and declares no volume */
    note_all(app, replica, before);
    perform(app, &(struct action){row->kind, row->gen, 0, 1});
    CHECK_INT_EQ(desk.call_count, 1);
    CHECK_INT_EQ(replica->touched, 6);
    replica->is_busy = true; /* as the planner marks it */
    desk.now = 2500;
    desk.conductor->engine.list_number = 9;
    desk_answer(0, row->code, &answer);
    note_all(app, replica, after);
    CHECK_STR_EQ(replica->id, row->kind == ACTION_CREATE && row->code == 0 ? "feed" : ID);
    CHECK(!desk.conductor->calls.list[0].is_used);
    CHECK_INT_EQ(replica->touched, 9);
    CHECK_INT_EQ(desk.conductor->engine.list_at, 2500);
    CHECK(desk.conductor->is_dirty);
    (void)changed(before, after);
    desk_close();
    return changes;
}

static void judge(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int before = check_failures_;
        CHECK_STR_EQ(perform_one(&rows[i], true), rows[i].full);
        CHECK_STR_EQ(perform_one(&rows[i], false), rows[i].none);
        if (check_failures_ != before) {
            printf("    ... %s, generation %u, %s\n", action_word(rows[i].kind), rows[i].gen,
                   rows[i].code != 0 ? err_word(rows[i].code) : "well");
        }
    }
}

/* Besides, every answer has the engine looked at anew, and older news of the replica dropped. */
static void answers_that_are_well(void)
{
    static const struct row rows[] = {
        {ACTION_START, 2, 0, "start_failed=0 state=1 notified=0 probed=0 epoch=1",
         "state=1 run_ours=1 epoch=1"},
        {ACTION_START, 1, 0, "start_failed=0 state=1 notified=0 probed=0 epoch=1",
         "state=1 run_ours=1 epoch=1"},
        {ACTION_STOP, 2, 0, "state=4 probed=0 epoch=1", "state=4 epoch=1"},
        {ACTION_STOP, 1, 0, "state=4 probed=0 epoch=1", "state=4 epoch=1"},
        {ACTION_REMOVE, 2, 0, "present=0 miswired=0 start_failed=0 probed=0 epoch=1", "epoch=1"},
        {ACTION_REMOVE, 1, 0, "present=0 miswired=0 start_failed=0 probed=0 epoch=1", "epoch=1"},
        {ACTION_KEEP, 2, 0, "", "epoch=1 keeps=1"},
        {ACTION_KEEP, 1, 0, "", "epoch=1 keeps=1"},
        {ACTION_FORGET, 2, 0, "", "epoch=1"},
        {ACTION_FORGET, 1, 0, "", "epoch=1"},
        {ACTION_CREATE, 2, 0, "miswired=0 start_failed=0 state=0", "present=1 state=0 epoch=1"},
        {ACTION_CREATE, 1, 0, "miswired=0 start_failed=0 state=0", "present=1 state=0 epoch=1"},
    };
    judge(rows, COUNT_OF(rows));
}

static void answers_that_refuse(void)
{
    static const struct row rows[] = {
        {ACTION_START, 2, ERR_SPEC, "started=0 spec=1", "start_failed=1 epoch=1 spec=1"},
        {ACTION_START, 2, ERR_WIRING, "rewirings=1 start_at=0 started=0 network=0 failures=1",
         "miswired=1 start_failed=1 epoch=1 rewirings=1 start_at=0 failures=1 world=1"},
        {ACTION_START, 2, ERR_ENGINE, "started=0 failures=1",
         "start_failed=1 epoch=1 failures=1 world=1"},
        {ACTION_START, 2, ERR_NOT_FOUND, "present=0 probed=0 epoch=1", "epoch=1"},
        {ACTION_START, 2, ERR_EXISTS, "started=0 failures=1",
         "start_failed=1 epoch=1 failures=1 world=1"},
        {ACTION_START, 1, ERR_SPEC, "started=0", "start_failed=1 epoch=1 world=1"},
        {ACTION_START, 1, ERR_WIRING, "rewirings=1 start_at=0 started=0 network=0",
         "miswired=1 start_failed=1 epoch=1 rewirings=1 start_at=0 world=1"},
        {ACTION_START, 1, ERR_ENGINE, "started=0", "start_failed=1 epoch=1 world=1"},
        {ACTION_START, 1, ERR_NOT_FOUND, "present=0 probed=0 epoch=1", "epoch=1"},
        {ACTION_START, 1, ERR_EXISTS, "started=0", "start_failed=1 epoch=1 world=1"},
        {ACTION_CREATE, 2, ERR_SPEC, "start_failed=0 spec=1", "epoch=1 spec=1"},
        {ACTION_CREATE, 2, ERR_WIRING,
         "miswired=0 start_failed=0 rewirings=1 start_at=0 network=0 failures=1",
         "epoch=1 rewirings=1 start_at=0 failures=1 world=1"},
        {ACTION_CREATE, 2, ERR_ENGINE, "start_failed=0 failures=1", "epoch=1 failures=1 world=1"},
        {ACTION_CREATE, 2, ERR_NOT_FOUND, "missing=2 pull_at=2500",
         "epoch=1 missing=2 pull_at=2500"},
        {ACTION_CREATE, 2, ERR_EXISTS, "start_failed=0 network=0 failures=1",
         "epoch=1 failures=1 world=1"},
        {ACTION_CREATE, 1, ERR_SPEC, "start_failed=0", "epoch=1 world=1"},
        {ACTION_CREATE, 1, ERR_WIRING, "miswired=0 start_failed=0 rewirings=1 start_at=0 network=0",
         "epoch=1 rewirings=1 start_at=0 world=1"},
        {ACTION_CREATE, 1, ERR_ENGINE, "start_failed=0", "epoch=1 world=1"},
        {ACTION_CREATE, 1, ERR_NOT_FOUND, "missing=1 pull_at=2500",
         "epoch=1 missing=1 pull_at=2500"},
        {ACTION_CREATE, 1, ERR_EXISTS, "start_failed=0 network=0", "epoch=1 world=1"},
    };
    judge(rows, COUNT_OF(rows));
}

/* An error of what ends a container says nothing, but that it is not there. */
static void answers_that_fail(void)
{
    static const enum action_kind kinds[] = {ACTION_STOP, ACTION_REMOVE, ACTION_KEEP,
                                             ACTION_FORGET};
    static const int codes[] = {ERR_ENGINE, ERR_EXISTS, ERR_SPEC, ERR_WIRING};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        for (uint32_t gen = 1; gen <= 2; gen++) {
            const struct row gone = {kinds[i], gen, ERR_NOT_FOUND, "present=0 probed=0 epoch=1",
                                     "epoch=1"};
            judge(&gone, 1);
            for (size_t j = 0; j < COUNT_OF(codes); j++) {
                const struct row row = {kinds[i], gen, codes[j], "", "epoch=1"};
                judge(&row, 1);
            }
        }
    }
}

static void act(struct app *app, enum action_kind kind, uint32_t gen)
{
    perform(app, &(struct action){kind, gen, 0, 1});
}

/* What each call asks of its port. */
static void calls_as_asked(void)
{
    static const struct {
        enum action_kind kind;
        uint32_t gen;
        const char *said;
    } rows[] = {
        {ACTION_START, 2, "start " ID "\n"},
        {ACTION_STOP, 2, "stop " ID " within 2000\n"},
        {ACTION_STOP, 1, "stop " ID " within 1000\n"},
        {ACTION_RESTART, 2, "stop " ID " within 2000\n"},
        {ACTION_REMOVE, 2, "remove " ID "\n"},
        {ACTION_KEEP, 1, "keep " ID " running\n"},
        {ACTION_FORGET, 1, "forget c6120810\n"},
        {ACTION_EXAMINE, 2, "examine " ID "\n"},
        {ACTION_CREATE, 1,
         "create berth_gw_web_1_main_1 of berth.local/gw/web:01000 on net at c6120a10\n"},
        {ACTION_CREATE, 2,
         "create berth_gw_web_2_main_1 of berth.local/gw/web:02000 on net at c6120c10\n"},
        {ACTION_NETWORK, 2,
         "network berth_gw_web or berth-gw-web, of gw web, bridge berth-1665ef9e, c6120801 "
         "c6120800/21\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = NULL;
        (void)begin(&app, rows[i].gen, false);
        (void)text_copy(app->network, sizeof app->network, "net");
        desk.payload = PAYLOAD;
        desk.sha.bytes[0] = (uint8_t)rows[i].gen;
        app->session.staged.bytes[0] = (uint8_t)rows[i].gen; /* its image declares no volume */
        act(app, rows[i].kind, rows[i].gen);
        CHECK_STR_EQ(desk.said, rows[i].said);
        desk_close();
    }
}

/* A container is made from the stored payload, and from nothing else. */
static void create_without_its_payload(void)
{
    static const struct {
        const char *payload;
        uint8_t sha;
        int code;
        const char *log;
    } rows[] = {
        {NULL, 2, ERR_NOT_FOUND,
         "create of generation 2 replica 1: read payload 020000000000: no 02000000\n"},
        {PAYLOAD, 9, ERR_CORRUPT,
         "create of generation 2 replica 1: payload 020000000000 is not what its name says\n"},
        {"{}", 2, ERR_MISSING, "create of generation 2 replica 1: render: "},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = NULL;
        struct replica *replica = begin(&app, 2, false);
        desk.payload = rows[i].payload;
        desk.sha.bytes[0] = rows[i].sha;
        app->session.staged.bytes[0] = 2; /* its image declares no volume */
        act(app, ACTION_CREATE, 2);
        CHECK_STR_EQ(desk.said, "");
        CHECK_CONTAINS(desk.log, rows[i].log);
        CHECK_INT_EQ(replica->call_not_before, 2000);
        CHECK(!replica->is_present);
        CHECK_INT_EQ(app->session.image_missing_gen, rows[i].code == ERR_NOT_FOUND ? 2 : 0);
        desk_close();
    }
}

/* A release that nobody remembers any more: what was given up leaves by its own plan, else within
 * the usual grace. */
static void grace_of_what_leaves(void)
{
    struct app *app = NULL;
    (void)begin(&app, 7, false);
    act(app, ACTION_STOP, 7);
    CHECK_STR_EQ(desk.said, "stop " ID " within 10000\n");
    app->session.left_gen = 7;
    app->session.left.bytes[0] = 2;
    app->memory.candidate = (struct generation){0};
    desk_clear();
    act(app, ACTION_STOP, 7);
    CHECK_STR_EQ(desk.said, "stop " ID " within 2000\n");
    desk_clear();
    act(app, ACTION_CREATE, 7); /* but it is never made again */
    CHECK_STR_EQ(desk.said, "");
    CHECK_CONTAINS(desk.log,
                   "w web: create of generation 7 replica 1: no release is remembered for "
                   "generation 7\n");
    desk_close();
}

/* What the port does not take is not asked of it again at once. */
static void calls_not_taken(void)
{
    static const enum action_kind kinds[] = {ACTION_START,  ACTION_RESTART, ACTION_STOP,
                                             ACTION_REMOVE, ACTION_KEEP,    ACTION_FORGET};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct app *app = NULL;
        char line[128];
        struct replica *replica = begin(&app, 2, false);
        replica->is_busy = true;
        desk.refusal = ERR_BUSY;
        act(app, kinds[i], 2);
        (void)snprintf(line, sizeof line, "w web: %s of generation 2 replica 1: not taken\n",
                       action_word(kinds[i]));
        CHECK_STR_EQ(desk.log, line);
        CHECK_INT_EQ(replica->call_not_before, 2000);
        CHECK(!replica->is_busy);
        CHECK(!desk.conductor->calls.list[0].is_used);
        desk_close();
    }
}

/* With every call under way nothing is asked, and that is said. */
static void calls_all_under_way(void)
{
    struct app *app = NULL;
    struct replica *replica = begin(&app, 2, false);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        CHECK(call_take(desk.conductor, app, ACTION_COUNT) != NULL);
    }
    CHECK(call_take(desk.conductor, app, ACTION_COUNT) == NULL);
    act(app, ACTION_START, 2);
    CHECK_STR_EQ(desk.said, "");
    CHECK_STR_EQ(desk.log,
                 "w web: start of generation 2 replica 1: too many calls are under way\n");
    CHECK_INT_EQ(replica->call_not_before, 2000);
    desk_clear();
    app->session.staging = app->memory.wanted;
    app->session.is_staging = true;
    act(app, ACTION_PULL, 0);
    CHECK_STR_EQ(desk.log, "w web: pull of release 02000000: busy: too many calls are under way\n");
    desk_clear();
    act(app, ACTION_NETWORK, 2);
    CHECK_STR_EQ(desk.log, "w web: network: too many calls are under way\n");
    CHECK_INT_EQ(app->session.network_not_before, 2000);
    CHECK_STR_EQ(desk.said, "");
    desk_close();
}

/* Probes leave calls to others, and one app's probes places to other apps'. */
static void calls_of_probes(void)
{
    struct app *app = NULL;
    (void)begin(&app, 2, false);
    struct app *other = &desk.conductor->apps[1];
    *other = (struct app){.conductor = desk.conductor, .is_used = true};
    size_t taken = 0;
    while (call_take_probe(desk.conductor, app, false) != NULL) {
        taken++;
    }
    CHECK_INT_EQ(taken, PROBE_PLACES - PROBE_PLACES_KEPT);
    for (size_t i = 0; i < PROBE_PLACES_KEPT; i++) {
        CHECK(call_take_probe(desk.conductor, other, false) != NULL);
    }
    CHECK(call_take_probe(desk.conductor, other, false) == NULL);
    CHECK(desk.conductor->calls.list[0].app == app &&
          desk.conductor->calls.list[0].kind == ACTION_COUNT);
    for (size_t i = PROBE_PLACES; i < CALLS_MAX; i++) {
        CHECK(call_take(desk.conductor, app, ACTION_START) != NULL);
    }
    CHECK(call_take(desk.conductor, app, ACTION_START) == NULL);
    desk_close();
}

static void restart(void)
{
    static const struct {
        int stop, start, refusal; /* answers; and whether the start is not even taken */
        const char *log;
    } rows[] = {
        {0, 0, 0, ""},
        {ERR_ENGINE, 0, 0, "w web: restart of generation 2 replica 1: told engine-failed\n"},
        {0, ERR_ENGINE, 0, "w web: restart of generation 2 replica 1: told engine-failed\n"},
        {0, 0, ERR_BUSY, "w web: restart of generation 2 replica 1: not taken\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = NULL;
        struct replica *replica = begin(&app, 2, true);
        act(app, ACTION_RESTART, 2);
        replica->is_busy = true;
        desk.refusal = rows[i].refusal;
        desk_answer(0, rows[i].stop, NULL);
        bool is_started = rows[i].stop == 0 && rows[i].refusal == 0;
        CHECK_INT_EQ(desk.call_count, is_started ? 2 : 1);
        CHECK(replica->is_busy == is_started);
        if (is_started) {
            CHECK_STR_EQ(desk.said, "stop " ID " within 2000\nstart " ID "\n");
            desk_answer(1, rows[i].start, NULL);
        }
        CHECK_STR_EQ(desk.log, rows[i].log);
        CHECK(!replica->is_busy);
        bool is_well = rows[i].log[0] == '\0';
        CHECK_INT_EQ(replica->state, is_well ? ENGINE_RUNNING : ENGINE_DEAD);
        CHECK(replica->is_probed == !is_well);
        CHECK(replica->was_started == is_well);
        desk_close();
    }
    struct app *app = NULL;
    (void)begin(&app, 2, true);
    act(app, ACTION_RESTART, 2);
    app->session.replica_count = 0; /* forgotten meanwhile */
    desk_answer(0, 0, NULL);
    CHECK_INT_EQ(desk.call_count, 1);
    CHECK(!desk.conductor->calls.list[0].is_used);
    desk_close();
}

/* The network is made again once at once; a candidate that is no better for it has failed. */
static void wiring_broken_again(void)
{
    for (uint32_t gen = 1; gen <= 2; gen++) {
        struct app *app = NULL;
        struct replica *replica = begin(&app, gen, false);
        act(app, ACTION_START, gen);
        desk_answer(0, ERR_WIRING, NULL);
        CHECK_INT_EQ(replica->start_not_before, 0);
        CHECK_INT_EQ(replica->rewirings, 1);
        CHECK_INT_EQ(app->session.engine_failures, gen == 2 ? 1 : 0);
        replica->start_not_before = 88;
        act(app, ACTION_START, gen);
        desk_answer(1, ERR_WIRING, NULL);
        CHECK_INT_EQ(replica->start_not_before, 88);
        CHECK_INT_EQ(replica->rewirings, 2);
        CHECK_INT_EQ(app->session.engine_failures, gen == 2 ? UINT8_MAX : 0);
        replica->rewirings = UINT8_MAX - 1;
        for (size_t i = 2; i < 4; i++) {
            act(app, ACTION_START, gen);
            desk_answer(i, ERR_WIRING, NULL);
            CHECK_INT_EQ(replica->rewirings, UINT8_MAX);
        }
        app->session.engine_failures = UINT8_MAX - 1;
        for (size_t i = 4; i < 6; i++) {
            act(app, ACTION_START, gen);
            desk_answer(i, ERR_ENGINE, NULL);
            CHECK_INT_EQ(app->session.engine_failures, gen == 2 ? UINT8_MAX : UINT8_MAX - 1);
        }
        desk_close();
    }
}

static struct plan_drain_notice *notice_of(struct app *app, uint8_t release)
{
    return &app->plans.slots[release - 1].plan.services[0].notice;
}

static void notices(void)
{
    struct app *app = NULL;
    struct replica *replica = begin(&app, 2, false);
    struct plan_drain_notice *notice = notice_of(app, 2);
    *notice = (struct plan_drain_notice){.kind = PLAN_NOTICE_SIGNAL, .text = "SIGUSR1"};
    act(app, ACTION_NOTICE, 2);
    *notice = (struct plan_drain_notice){
        .kind = PLAN_NOTICE_EXEC, .text = "drain\0--now", .exec_count = 2};
    act(app, ACTION_NOTICE, 2);
    *notice = (struct plan_drain_notice){.kind = PLAN_NOTICE_HTTP, .text = "/drain", .port = 81};
    act(app, ACTION_NOTICE, 2);
    CHECK_STR_EQ(desk.said, "signal " ID " SIGUSR1\n"
                            "exec " ID " [drain] [--now] within 5000\n"
                            "post c6120810:81 /drain within 5000\n");
    for (size_t i = 0; i < 3; i++) {
        replica->is_busy = true;
        desk_answer(i, 0, &(struct engine_answer){0});
        CHECK(!replica->is_busy);
    }
    CHECK_STR_EQ(desk.log, "");
    *notice = (struct plan_drain_notice){.kind = PLAN_NOTICE_NONE};
    act(app, ACTION_NOTICE, 2);
    CHECK_STR_EQ(desk.log, "w web: notice of generation 2 replica 1: there is no notice to give\n");
    desk_close();
}

static void notices_that_fail(void)
{
    struct app *app = NULL;
    struct replica *replica = begin(&app, 2, false);
    struct plan_drain_notice *notice = notice_of(app, 2);
    *notice =
        (struct plan_drain_notice){.kind = PLAN_NOTICE_EXEC, .text = "drain", .exec_count = 1};
    act(app, ACTION_NOTICE, 2);
    desk_answer(0, 0, &(struct engine_answer){.exit_code = 3});
    CHECK_STR_EQ(desk.log, "w web: notice of generation 2 replica 1: the command ended with 3\n");
    desk_clear();
    act(app, ACTION_NOTICE, 2);
    desk_answer(0, ERR_TIMEOUT, NULL);
    CHECK_STR_EQ(desk.log, "w web: notice of generation 2 replica 1: told timed-out\n");
    desk_clear();
    *notice = (struct plan_drain_notice){.kind = PLAN_NOTICE_HTTP, .text = "/drain", .port = 81};
    act(app, ACTION_NOTICE, 2);
    desk_answer(0, ERR_PROBE, NULL);
    CHECK_STR_EQ(desk.log, "w web: notice of generation 2 replica 1: told probe-failed\n");
    CHECK(!replica->has_start_failed && !app->session.has_world_fault);
    CHECK_INT_EQ(app->session.engine_failures, 0);
    desk_close();
}

/* By its own plan where that is at hand, else by the committed one's, else not at all. */
static void notices_of_what_leaves(void)
{
    struct app *app = NULL;
    (void)begin(&app, 7, false);
    notice_of(app, 1)->kind = PLAN_NOTICE_SIGNAL;
    (void)text_copy(notice_of(app, 1)->text, 8, "SIGHUP");
    act(app, ACTION_NOTICE, 7);
    CHECK_STR_EQ(desk.said, "signal " ID " SIGHUP\n");
    desk_clear();
    app->memory.committed = (struct generation){0};
    act(app, ACTION_NOTICE, 7);
    CHECK_STR_EQ(desk.said, "");
    CHECK_STR_EQ(desk.log, "w web: notice of generation 7 replica 1: its release cannot be read\n");
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"answers that are well", answers_that_are_well},
        {"answers that refuse", answers_that_refuse},
        {"answers that fail", answers_that_fail},
        {"calls as asked", calls_as_asked},
        {"create without its payload", create_without_its_payload},
        {"the grace of what leaves", grace_of_what_leaves},
        {"calls not taken", calls_not_taken},
        {"calls all under way", calls_all_under_way},
        {"calls of probes", calls_of_probes},
        {"restart", restart},
        {"wiring broken again", wiring_broken_again},
        {"notices", notices},
        {"notices that fail", notices_that_fail},
        {"notices of what leaves", notices_of_what_leaves},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
