/* record_test: an app's record on its way to the disk: what is told of it, what it clears, and a
 * disk that fails, is full or is slow. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

/* Release 1 serves as generation 1, 5 was before it; 2 is wanted. */
static struct app *begin(void)
{
    struct app *app = desk_open();
    (void)desk_plan(app, 1);
    (void)desk_plan(app, 2);
    app->memory.committed = desk_generation(1, 1);
    app->memory.history[0] = desk_generation(5, 5);
    app->memory.wanted.bytes[0] = 2;
    app->memory.verdict_gen = 1;
    app->is_new = true;
    return app;
}

static void remember(struct app *app, const struct memory_app *next)
{
    desk_clear();
    memory_remember(app, next, false);
    CHECK(app->is_remembering);
    CHECK_STR_EQ(desk.said, "write app-0\n");
    desk_answer(0, 0, NULL);
    CHECK(!app->is_remembering);
    CHECK(memcmp(&app->memory, next, sizeof *next) == 0);
    CHECK(!app->is_new);
}

static void swap_told(void)
{
    struct app *app = begin();
    struct memory_app next = app->memory;
    next.phase = SWAP_PREPARE;
    next.candidate = desk_generation(2, 2);
    next.attempts = 3;
    app->session.engine_failures = 9;
    app->session.pull_refusal = ERR_PULL;
    app->session.is_route_settled = app->session.is_boot_settled = true;
    app->switched_gen = 8;
    desk.conductor->is_dirty = false;
    remember(app, &next);
    CHECK_STR_EQ(desk.log, "i web: swap to 020000000000 begun as generation 2 (try 3)\n");
    CHECK_INT_EQ(app->session.engine_failures, 0);
    CHECK_INT_EQ(app->session.pull_refusal, 0);
    CHECK_INT_EQ(app->switched_gen, 0);
    CHECK(!app->session.is_route_settled && !app->session.is_boot_settled);
    CHECK(desk.conductor->is_dirty);
    app->session.engine_failures = 9;
    next.phase = SWAP_UNPROVEN;
    remember(app, &next);
    CHECK_STR_EQ(desk.log, "i web: generation 2 is ready: traffic is being switched to it\n");
    CHECK_INT_EQ(app->session.engine_failures, 9);
    app->session.is_switched = true;
    app->session.soak_since = app->session.route_from = 5;
    app->session.waits_seen = app->session.prepared_from = 5;
    next.boots = 1;
    remember(app, &next);
    CHECK_STR_EQ(desk.log, "i web: the machine started again while unproven (1)\n");
    CHECK(!app->session.is_switched);
    CHECK_INT_EQ(app->session.soak_since + app->session.route_from + app->session.waits_seen +
                     app->session.prepared_from,
                 0);
    CHECK_INT_EQ(app->verdicts, 0);
    app->session.is_switched = true;
    next.phase = SWAP_REST;
    next.verdict = VERDICT_GOOD;
    next.reason = REASON_SOAKED;
    next.verdict_gen = 2;
    remember(app, &next);
    CHECK_STR_EQ(desk.log,
                 "i web: verdict on generation 2: good (soaked: healthy until the end of the "
                 "soak)\n");
    CHECK_INT_EQ(app->verdicts, 1);
    CHECK_INT_EQ(app->verdict_of.bytes[0], 2);
    CHECK(app->session.is_switched && !app->is_story_due);
    remember(app, &next); /* the same again says nothing */
    CHECK_STR_EQ(desk.log, "");
    CHECK_INT_EQ(app->verdicts, 1);
    desk_close();
}

/* Put off, it keeps the verdict before; a wish that never became a candidate gets one at rest. */
static void put_off_told(void)
{
    struct app *app = begin();
    struct memory_app next = app->memory;
    app->memory.phase = SWAP_PREPARE;
    app->memory.candidate = desk_generation(2, 2);
    remember(app, &next);
    CHECK_STR_EQ(desk.log, "i web: generation 2 is put off: its images cannot be had now\n");
    CHECK_INT_EQ(app->verdicts, 0);
    next.verdict = VERDICT_INCONCLUSIVE;
    next.reason = REASON_REGISTRY_AWAY;
    next.verdict_gen = 3;
    remember(app, &next);
    CHECK_STR_EQ(desk.log,
                 "i web: verdict on generation 3: inconclusive (registry-away: the registry could "
                 "not be reached in time)\n");
    CHECK_INT_EQ(app->verdicts, 1);
    CHECK_INT_EQ(app->verdict_of.bytes[0], 2);
    desk_close();
}

/* What the fleet is told more of. */
static void worth_a_story(void)
{
    static const struct {
        enum verdict verdict;
        enum reason reason;
        uint64_t outcome; /* 0: no order; 7: the one before */
        enum outcome_kind kind;
        bool is_told;
    } rows[] = {
        {VERDICT_GOOD, REASON_SOAKED, 0, OUTCOME_NONE, false},
        {VERDICT_BAD, REASON_CRASHED, 0, OUTCOME_NONE, true},
        {VERDICT_INCONCLUSIVE, REASON_ENGINE_FAILED, 0, OUTCOME_NONE, true},
        {VERDICT_INCONCLUSIVE, REASON_REPLACED, 0, OUTCOME_NONE, false},
        {VERDICT_INCONCLUSIVE, REASON_INTERRUPTED, 0, OUTCOME_NONE, false},
        {VERDICT_GOOD, REASON_SOAKED, 8, OUTCOME_SUCCEEDED, false},
        {VERDICT_GOOD, REASON_SOAKED, 8, OUTCOME_REFUSED, true},
        {VERDICT_GOOD, REASON_SOAKED, 8, OUTCOME_EXPIRED, true},
        {VERDICT_GOOD, REASON_SOAKED, 8, OUTCOME_OVERRIDDEN, false},
        {VERDICT_GOOD, REASON_SOAKED, 7, OUTCOME_REFUSED, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = begin();
        app->memory.phase = SWAP_UNPROVEN;
        app->memory.candidate = desk_generation(2, 2);
        app->memory.outcomes[0] = (struct order_outcome){.id = 7, .kind = rows[i].kind};
        struct memory_app next = app->memory;
        next.phase = SWAP_REST;
        next.verdict = rows[i].verdict;
        next.reason = rows[i].reason;
        next.verdict_gen = 2;
        next.outcomes[0].id = rows[i].outcome != 0 ? rows[i].outcome : 7;
        remember(app, &next);
        CHECK(app->is_story_due == rows[i].is_told);
        CHECK_INT_EQ(app->story_until, rows[i].is_told ? 61000 : 0);
        desk_close();
    }
}

static void orders_told(void)
{
    struct app *app = begin();
    struct memory_app next = app->memory;
    next.order_epoch = 4;
    next.order_gen = 5;
    next.order_id = 0xa1;
    next.is_order_open = true;
    remember(app, &next);
    CHECK_STR_EQ(desk.log, "i web: order 00000000000000a1 taken (4.5)\n");
    next.order_epoch = 5;
    remember(app, &next);
    CHECK_STR_EQ(desk.log, "i web: order 00000000000000a1 taken (5.5)\n");
    next.order_gen = 6;
    next.outcomes[0] =
        (struct order_outcome){.id = 0xa1, .kind = OUTCOME_SUCCEEDED, .reason = REASON_ALREADY};
    remember(app, &next);
    CHECK_STR_EQ(desk.log, "i web: order 00000000000000a1 taken (5.6)\n"
                           "i web: order 00000000000000a1: succeeded (already)\n");
    remember(app, &next);
    CHECK_STR_EQ(desk.log, "");
    desk_close();
}

/* What a record no longer remembers: its image is to go. */
static void forgotten(void)
{
    struct app *app = begin();
    app->memory.candidate = desk_generation(3, 3);
    app->memory.history[1] = desk_generation(6, 6);
    app->memory.history[HISTORY_MAX - 1] = desk_generation(7, 7);
    struct memory_app next = app->memory;
    remember(app, &next);
    CHECK(digest_is_none(&app->garbage[0]));
    memset(&next.history, 0, sizeof next.history);
    next.history[2] = desk_generation(1, 1);
    next.committed = next.candidate = desk_generation(8, 8);
    next.wanted.bytes[0] = 8;
    remember(app, &next);
    static const uint8_t gone[] = {2, 3, 5, 6, 7}; /* 1 is still remembered */
    for (size_t i = 0; i < COUNT_OF(gone); i++) {
        CHECK_INT_EQ(app->garbage[i].bytes[0], gone[i]);
    }
    CHECK(digest_is_none(&app->garbage[COUNT_OF(gone)]));
    desk_close();
}

/* One place a release; one more than there are places is said. */
static void garbage_bounded(void)
{
    struct app *app = begin();
    for (uint8_t i = 0; i < GARBAGE_MAX; i++) {
        const struct digest release = {.bytes = {(uint8_t)(10 + i)}};
        garbage_note(app, &release);
        garbage_note(app, &release);
    }
    CHECK_INT_EQ(app->garbage[GARBAGE_MAX - 1].bytes[0], 10 + GARBAGE_MAX - 1);
    CHECK_STR_EQ(desk.log, "");
    garbage_note(app, &(struct digest){.bytes = {0x99}});
    CHECK_STR_EQ(desk.log,
                 "w web: the image of release 990000000000 stays: 8 others wait to be removed; "
                 "remove it by hand\n");
    desk_close();
}

/* An image fetched in a power cut is fetched again: it goes although it is wanted. */
static void image_doubted(void)
{
    for (int row = 0; row < 4; row++) {
        struct app *app = begin();
        app->memory.phase = row == 1 ? SWAP_UNPROVEN : SWAP_PREPARE;
        app->memory.candidate = desk_generation(2, 2);
        app->session.staged.bytes[0] = 2;
        struct memory_app next = app->memory;
        next.phase = row == 2 ? SWAP_PREPARE : SWAP_REST;
        next.reason = row == 3 ? REASON_CRASHED : REASON_IMAGE_DOUBTED;
        next.verdict_gen = 2;
        remember(app, &next);
        CHECK_INT_EQ(app->doubted.bytes[0], row == 0 ? 2 : 0);
        CHECK_INT_EQ(app->session.staged.bytes[0], row == 0 ? 0 : 2);
        desk_close();
    }
}

static void disk_that_fails(void)
{
    struct app *app = begin();
    struct conductor *conductor = desk.conductor;
    struct memory_app next = app->memory;
    app->is_new = false;
    app->memory.phase = next.phase = SWAP_PREPARE;
    next.floor = 9;
    memory_remember(app, &next, false);
    conductor->is_dirty = false;
    desk_answer(0, ERR_STATE_FULL, NULL);
    CHECK_STR_EQ(desk.log, "w web: cannot remember: told state-full\n");
    CHECK_INT_EQ(app->memory.floor, 0);
    CHECK(!app->is_remembering && app->is_owed && conductor->is_store_failing);
    CHECK_INT_EQ(conductor->store_failure, ERR_STATE_FULL);
    CHECK_INT_EQ(app->record_retry_at, 11000);
    CHECK(app->session.has_world_fault && conductor->is_dirty);
    remember(app, &next);
    CHECK_STR_EQ(desk.log, "i the store works again\n");
    CHECK_INT_EQ(app->memory.floor, 9);
    CHECK(!app->is_owed && !conductor->is_store_failing);
    desk.refusal = ERR_BUSY; /* what is not taken is owed as well */
    memory_remember(app, &next, false);
    CHECK(!app->is_remembering && app->is_owed && conductor->is_store_failing);
    desk.refusal = 0;
    conductor->apps[1] = (struct app){.conductor = conductor, .is_used = true, .is_owed = true};
    desk_clear();
    memory_remember(app, &next, false);
    desk_answer(0, 0, NULL);
    CHECK(conductor->is_store_failing); /* another app's record is owed */
    CHECK_STR_EQ(desk.log, "");
    conductor->apps[1].is_used = false;
    remember(app, &next);
    CHECK(!conductor->is_store_failing);
    desk_close();
}

/* Going back does not need a disk, nor wait for one longer than a second. */
static void going_back(void)
{
    struct app *app = begin();
    app->memory.phase = SWAP_UNPROVEN;
    app->memory.candidate = desk_generation(2, 2);
    struct memory_app next = app->memory;
    next.phase = SWAP_REST;
    memory_remember(app, &next, true);
    CHECK_INT_EQ(memory_hurry_at(app), 2000);
    desk.now = 1999;
    memory_hurry(app);
    CHECK_INT_EQ(app->memory.phase, SWAP_UNPROVEN);
    desk.now = 2000;
    memory_hurry(app);
    CHECK_INT_EQ(app->memory.phase, SWAP_REST);
    CHECK(app->is_remembering && app->is_adopted);
    CHECK_CONTAINS(desk.log, "w web: the disk is slow: gone back before it remembers\n");
    CHECK_INT_EQ(memory_hurry_at(app), 31000);
    desk.log[0] = '\0';
    desk_answer(0, 0, NULL); /* known: nothing is told twice */
    CHECK_STR_EQ(desk.log, "");
    CHECK_INT_EQ(memory_hurry_at(app), MONO_NEVER);
    app->memory.phase = SWAP_UNPROVEN;
    memory_remember(app, &next, true);
    desk_answer(1, ERR_STORE, NULL);
    CHECK_INT_EQ(app->memory.phase, SWAP_REST);
    CHECK(app->is_owed);
    app->memory.phase = SWAP_UNPROVEN;
    memory_remember(app, &next, false);
    CHECK_INT_EQ(memory_hurry_at(app), 32000); /* only that the disk is slow is told */
    desk_close();
}

static void slow_disk(void)
{
    struct app *app = begin();
    struct memory_app next = app->memory;
    memory_remember(app, &next, false);
    CHECK_INT_EQ(memory_hurry_at(app), 31000);
    desk.now = 30999;
    memory_hurry(app);
    CHECK_STR_EQ(desk.log, "");
    desk.now = 31000;
    memory_hurry(app);
    CHECK_STR_EQ(desk.log,
                 "w web: the disk under the state directory has not answered a write for 30 s: "
                 "what serves is looked after, nothing new is begun until it answers\n");
    desk.log[0] = '\0';
    CHECK_INT_EQ(memory_hurry_at(app), MONO_NEVER);
    desk.now = 99000;
    memory_hurry(app);
    CHECK_STR_EQ(desk.log, "");
    CHECK(!app->is_adopted);
    desk_close();
}

static const char *told_of;

static void told(void *ctx, const struct err *err)
{
    CHECK(ctx == &told_of);
    told_of = err != NULL ? err_word(err->code) : "done";
}

/* A request is answered when its record is durable, or cannot be. */
static void requests_answered(void)
{
    struct app *app = begin();
    struct accepted accepted;
    app->is_new = false;
    app->session.retry_at = 77;
    app->memory.attempts = 2;
    app->memory.is_order_open = true;
    app->memory.order_id = 0xa1;
    app->verb = (struct verb){
        .stage = VERB_READY, .wanted.bytes = {3}, .is_forced = true, .done = told, .ctx = &told_of};
    desk.wall = 5000;
    desk.is_trusted = true;
    app->is_remembering = true;
    verb_step(app);
    CHECK_STR_EQ(desk.said, ""); /* its record is being written */
    app->is_remembering = false;
    verb_step(app);
    CHECK_INT_EQ(app->verb.stage, VERB_RECORDING);
    CHECK_INT_EQ(app->session.retry_at, 0);
    CHECK_INT_EQ(app->pending.attempts, 0);
    CHECK_INT_EQ(app->pending.wanted.bytes[0], 3);
    CHECK_INT_EQ(app->pending.wanted_by, WANTED_BY_OVERRIDE);
    CHECK(app->pending.is_forced);
    CHECK_INT_EQ(app->pending.start_by, 5000 + LOCAL_START_BY_MS);
    CHECK_INT_EQ(app->pending.outcomes[0].kind, OUTCOME_OVERRIDDEN);
    app->verdicts = 6;
    desk_answer(0, 0, NULL);
    CHECK_STR_EQ(told_of, "done");
    CHECK_INT_EQ(app->verb.stage, VERB_NONE);
    conductor_accepted(desk.conductor, &accepted);
    CHECK_STR_EQ(accepted.app, "web");
    CHECK_INT_EQ(accepted.release.bytes[0], 3);
    CHECK_INT_EQ(accepted.verdicts, 6);
    app->memory.attempts = 2; /* the same again: its tries count on */
    app->session.retry_at = 77;
    desk.is_trusted = false;
    app->verb =
        (struct verb){.stage = VERB_READY, .wanted.bytes = {3}, .done = told, .ctx = &told_of};
    verb_step(app);
    CHECK_INT_EQ(app->pending.attempts, 2);
    CHECK_INT_EQ(app->pending.start_by, 0);
    CHECK_INT_EQ(app->session.retry_at, 0);
    CHECK(!app->pending.is_forced);
    desk_answer(1, ERR_STORE, NULL);
    CHECK_STR_EQ(told_of, "store-failed");
    CHECK(app->is_used);
    desk_close();
}

/* An app that is not remembered yet is given up with the request that made it. */
static void new_app_given_up(void)
{
    struct app *app = begin();
    app->verb =
        (struct verb){.stage = VERB_READY, .wanted.bytes = {3}, .done = told, .ctx = &told_of};
    verb_step(app);
    desk_answer(0, ERR_STORE, NULL);
    CHECK_STR_EQ(told_of, "store-failed");
    CHECK(!app->is_used);
    CHECK(app->conductor == desk.conductor);
    CHECK_STR_EQ(app->memory.app, "");
    desk_close();
}

#define HEX_0(byte) byte "00000000000000000000000000000000000000000000000000000000000000"

/* Payloads go when no app and no order needs them, nothing is being asked for and nothing was lost.
 */
static void payloads_collected(void)
{
    enum { SO, LOST, FAILING, VERB, CHANGING, NO_LIST, ROWS };
    for (int row = 0; row < ROWS; row++) {
        struct app *app = begin();
        struct conductor *conductor = desk.conductor;
        static const char *const documents[] = {HEX_0("01"), HEX_0("02"), HEX_0("05"), HEX_0("09"),
                                                HEX_0("0a"), "app-0",     "nothex"};
        for (size_t i = 0; i < COUNT_OF(documents); i++) {
            desk.documents[i] = documents[i];
        }
        conductor->orders.list[0].is_used = true;
        conductor->orders.list[0].order.release.bytes[0] = 10;
        conductor->has_lost_memory = row == LOST;
        conductor->is_store_failing = row == FAILING;
        app->verb.stage = row == VERB ? VERB_STORING : VERB_NONE;
        app->memory.phase = row == CHANGING ? SWAP_UNPROVEN : SWAP_REST;
        desk.refusal = row == NO_LIST ? ERR_STORE : 0;
        memory_collect(conductor);
        CHECK_STR_EQ(desk.said, row == SO ? "remove 090000000000\n" : "");
        if (row == SO) {
            desk_answer(0, 0, NULL);
            CHECK_STR_EQ(desk.log, "");
            desk_answer(0, ERR_IO, NULL);
            CHECK_STR_EQ(desk.log, "w cannot remove an old payload: told io\n");
        }
        desk_close();
    }
}

/* So many names in the folder of files, and those that were removed. */
struct folder {
    size_t count, removed;
};

static int folder_list(void *self, files_found found, void *ctx, struct err *err)
{
    const struct folder *folder = self;
    (void)err;
    for (size_t i = 0; i < folder->count; i++) {
        char name[FILES_TREE_NAME_BYTES];
        (void)snprintf(name, sizeof name, "%08x%08x", (unsigned)i, (unsigned)i);
        found(ctx, name);
    }
    return 0;
}

static int folder_remove(void *self, const char *name, files_done done, void *ctx, struct err *err)
{
    (void)name, (void)done, (void)ctx, (void)err;
    ((struct folder *)self)->removed++;
    return 0;
}

/* More files than a sweep holds: it says so, and goes on at the next record. */
static void files_swept(void)
{
    static const struct files_ops ops = {.list = folder_list, .remove = folder_remove};
    for (size_t more = 0; more < 2; more++) {
        struct folder folder = {.count = FILES_COUNT_MAX + more};
        struct app *app = begin();
        struct conductor *conductor = desk.conductor;
        app->is_used = false;
        conductor->ports.files = (struct files){.ops = &ops, .self = &folder};
        conductor->engine.has_about = conductor->has_file_garbage = true;
        files_collect(conductor);
        CHECK_INT_EQ(folder.removed, FILES_COUNT_MAX);
        CHECK(conductor->has_file_garbage == (more > 0));
        CHECK_STR_EQ(desk.log, more == 0 ? ""
                                         : "w more than 1024 pieces and trees of files are "
                                           "here: not all that no release names is removed\n");
        desk_close();
    }
}

/* A start that finds no list of the store is none; what is listed and cannot be read is said. */
static void started(void)
{
    struct err err = {0};
    (void)begin();
    struct conductor *conductor = desk.conductor;
    conductor->is_started = conductor->is_dirty = false;
    conductor->apps[0].is_used = false;
    desk.refusal = ERR_STORE;
    CHECK_INT_EQ(conductor_start(conductor, &err), ERR_STORE);
    CHECK_STR_EQ(err.text, "start: list the store: no list");
    CHECK(!conductor->is_started && !conductor->is_dirty);
    desk.refusal = 0;
    CHECK_INT_EQ(conductor_start(conductor, &err), 0);
    CHECK(conductor->is_started && conductor->is_dirty && !conductor->has_lost_memory);
    CHECK_INT_EQ(conductor->boot.bytes[0], 0xb0);
    CHECK_STR_EQ(desk.log, "");
    desk.documents[0] = "ended-3";
    CHECK_INT_EQ(conductor_start(conductor, &err), 0);
    CHECK(conductor->is_started && conductor->has_lost_memory);
    CHECK_CONTAINS(desk.log, "w memory lost: read what is remembered of apps that have ended: ");
    CHECK_INT_EQ(conductor->ended_number, 3);
    conductor->has_lost_memory = false;
    desk.documents[0] = "app-0";
    conductor->ended_number = 0;
    CHECK_INT_EQ(conductor_start(conductor, &err), 0);
    CHECK(!conductor->has_lost_memory); /* it went since it was listed */
    desk.payload = "no record";
    CHECK_INT_EQ(conductor_start(conductor, &err), 0);
    CHECK(conductor->has_lost_memory && !conductor->apps[0].is_used);
    CHECK_CONTAINS(desk.log, "w memory lost: record app-0: ");
    desk_close();
}

/* A rollback whose image is gone is refused with the remedy; any other goes on. */
static void image_looked_for(void)
{
    for (int row = 0; row < 4; row++) {
        struct app *app = begin();
        app->is_new = false;
        app->verb = (struct verb){.stage = row < 2 ? VERB_LOOKING : VERB_STORING,
                                  .wanted.bytes = {3},
                                  .done = told,
                                  .ctx = &told_of};
        told_of = "nothing";
        verb_looked(app, row % 2 == 1);
        CHECK_STR_EQ(told_of, row == 1 ? "not-found" : "nothing");
        CHECK_INT_EQ(app->verb.stage, row == 0 ? VERB_READY : row == 1 ? VERB_NONE : VERB_STORING);
        desk_close();
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"swap told", swap_told},
        {"put off told", put_off_told},
        {"worth a story", worth_a_story},
        {"orders told", orders_told},
        {"forgotten", forgotten},
        {"garbage bounded", garbage_bounded},
        {"image doubted", image_doubted},
        {"a disk that fails", disk_that_fails},
        {"going back", going_back},
        {"slow disk", slow_disk},
        {"requests answered", requests_answered},
        {"new app given up", new_app_given_up},
        {"payloads collected", payloads_collected},
        {"files swept", files_swept},
        {"started", started},
        {"image looked for", image_looked_for},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
