/* slot_test: an order from its slot to the app's record: what it waits for, what ends it, what is
 * asked of the broker meanwhile. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

#define HEX_4  "abababab"
#define HEX_64 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4
#define PAYLOAD(app)                                                                               \
    "{\"schema\":1,\"x-berth\":{\"app\":\"" app "\",\"sequence\":5},\"services\":{\"main\":{"      \
    "\"image\":\"registry.example/web@sha256:" HEX_64                                              \
    "\",\"x-berth\":{\"image\":{\"index\":\"sha256:" HEX_64                                        \
    "\",\"platforms\":[{\"arch\":\"amd64\",\"manifest\":\"sha256:" HEX_64                          \
    "\",\"config\":\"sha256:" HEX_64 "\"}]}}}}}"

static struct order_slot *slot;

/* An order 4.5 for release 3 of an app that runs release 1; its payload is stored. */
static struct app *begin(void)
{
    struct app *app = desk_open();
    (void)desk_plan(app, 1);
    app->memory.committed = desk_generation(1, 1);
    app->memory.wanted = app->memory.committed.release;
    app->memory.order_epoch = 4;
    app->memory.order_gen = 4;
    slot = &desk.conductor->orders.list[3];
    *slot = (struct order_slot){.is_used = true, .has_release = true, .late_at = MONO_NEVER};
    slot->order.epoch = 4;
    slot->order.gen = 5;
    slot->order.release.bytes[0] = 3;
    (void)text_copy(slot->order.app, sizeof slot->order.app, "web");
    (void)text_copy(slot->order.id, sizeof slot->order.id, "00000000000000a1");
    desk.payload = PAYLOAD("web");
    desk.sha.bytes[0] = 3;
    return app;
}

static void look(void)
{
    orders_step(desk.conductor);
}

static void begins(void)
{
    struct app *app = begin();
    slot->order.force = true;
    look();
    CHECK_INT_EQ(app->verb.stage, VERB_READY);
    CHECK(app->verb.is_order);
    CHECK_INT_EQ(app->verb.wanted.bytes[0], 3);
    CHECK_INT_EQ(app->verb.decision.step, ORDER_STEP_BEGIN);
    CHECK_INT_EQ(app->verb.order.gen, 5);
    CHECK(app->verb.done == NULL);
    CHECK_INT_EQ(slot->wait, ORDER_WAIT_NONE);
    CHECK(slot->is_used); /* until the record shows it */
    CHECK_INT_EQ(slot->look_at, 2000);
    CHECK_INT_EQ(orders_deadline(desk.conductor), 2000);
    CHECK_STR_EQ(desk.log, "");
    app->verb.stage = VERB_NONE;
    app->memory.order_gen = 5;
    app->memory.order_epoch = 3; /* another */
    look();
    CHECK(slot->is_used);
    app->memory.order_epoch = 4;
    app->memory.order_gen = 6;
    look();
    CHECK(slot->is_used);
    app->memory.order_gen = 5;
    look();
    CHECK(!slot->is_used);
    CHECK_INT_EQ(orders_deadline(desk.conductor), MONO_NEVER);
    desk_close();
}

/* What stands in the way, one row each. */
static void waits(void)
{
    enum { VERB, RECORD, RELEASE, ENGINE, ABOUT, STORE, LOST, OTHER, HELD, UNPROVEN, ROWS };
    static const enum order_wait wanted[] = {
        [VERB] = ORDER_WAIT_BUSY,        [RECORD] = ORDER_WAIT_BUSY,
        [RELEASE] = ORDER_WAIT_RELEASE,  [ENGINE] = ORDER_WAIT_ENGINE,
        [ABOUT] = ORDER_WAIT_ENGINE,     [STORE] = ORDER_WAIT_STORE,
        [LOST] = ORDER_WAIT_MEMORY_LOST, [OTHER] = ORDER_WAIT_TURN,
        [HELD] = ORDER_WAIT_HELD,        [UNPROVEN] = ORDER_WAIT_UNPROVEN,
    };
    for (int row = 0; row < ROWS; row++) {
        struct app *app = begin();
        struct conductor *conductor = desk.conductor;
        app->verb.stage = row == VERB ? VERB_STORING : VERB_NONE;
        app->is_remembering = row == RECORD;
        slot->has_release = row != RELEASE;
        conductor->engine.is_up = row != ENGINE;
        conductor->engine.has_about = row != ABOUT;
        conductor->is_store_failing = row == STORE;
        conductor->has_lost_memory = true;
        app->is_lost = row == LOST;
        slot->order.hold = row == HELD;
        app->memory.phase = row == UNPROVEN ? SWAP_UNPROVEN : SWAP_REST;
        conductor->apps[1].is_used = row == OTHER;
        conductor->apps[1].memory.phase = SWAP_PREPARE;
        look();
        CHECK_INT_EQ(slot->wait, wanted[row]);
        CHECK(!app->verb.is_order);
        CHECK_INT_EQ(slot->look_at, 2000);
        desk_close();
    }
}

/* What is lost is said to be lost of a new app, too; and one that has its memory goes on. */
static void waits_of_a_new_app(void)
{
    struct app *app = begin();
    (void)text_copy(slot->order.app, sizeof slot->order.app, "new");
    desk.conductor->has_lost_memory = true;
    look();
    CHECK_INT_EQ(slot->wait, ORDER_WAIT_MEMORY_LOST);
    desk.conductor->has_lost_memory = false;
    desk.payload = PAYLOAD("new");
    look();
    struct app *made = app_of(desk.conductor, "new");
    CHECK(made != NULL && made != app && made->is_new && made->verb.is_order);
    CHECK_INT_EQ(slot->wait, ORDER_WAIT_NONE);
    desk_close();
}

static void ends(void)
{
    static const struct {
        const char *payload;
        int refusal; /* known before */
        uint8_t revoked;
        int reason;
        const char *log;
    } rows[] = {
        {PAYLOAD("other"), 0, 0, ERR_WRONG_APP,
         "w web: order refused: the release is of app other, the order for web\n"},
        {PAYLOAD("web"), 0, 3, ERR_REVOKED, "w web: order refused: this release was revoked\n"},
        {PAYLOAD("web"), ERR_SIGNATURE, 0, ERR_SIGNATURE, ""},
        {"{}", 0, 0, ERR_MISSING, "w web: order refused: "},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = begin();
        desk.payload = rows[i].payload;
        slot->refusal = rows[i].refusal;
        desk.conductor->revoked.count = 1;
        desk.conductor->revoked.digests[0].bytes[0] = rows[i].revoked;
        look();
        CHECK_INT_EQ(app->verb.stage, VERB_READY);
        CHECK_INT_EQ(app->verb.decision.step, ORDER_STEP_END);
        CHECK_INT_EQ(app->verb.decision.outcome, OUTCOME_REFUSED);
        CHECK_INT_EQ(app->verb.decision.reason, rows[i].reason);
        CHECK_CONTAINS(desk.log, rows[i].log);
        CHECK(rows[i].log[0] != '\0' || desk.log[0] == '\0');
        desk_close();
    }
}

/* The quarantine binds orders as it binds people, but for those that insist. */
static void asks_the_door(void)
{
    for (int is_forced = 0; is_forced < 2; is_forced++) {
        struct app *app = begin();
        app->memory.quarantined[0].bytes[0] = 3;
        slot->order.force = is_forced != 0;
        look();
        CHECK_INT_EQ(app->verb.decision.step, is_forced ? ORDER_STEP_BEGIN : ORDER_STEP_END);
        CHECK_INT_EQ(app->verb.decision.reason, is_forced ? 0 : ERR_QUARANTINED);
        desk_close();
    }
}

/* A door that is shut for now is no refusal. */
static void waits_at_the_door(void)
{
    struct app *app = begin();
    struct app *other = &desk.conductor->apps[1];
    *other = (struct app){.conductor = desk.conductor, .is_used = true};
    other->verb.stage = VERB_STORING;
    look(); /* ERR_BUSY */
    CHECK_INT_EQ(slot->wait, ORDER_WAIT_BUSY);
    CHECK_INT_EQ(app->verb.stage, VERB_NONE);
    other->verb.stage = VERB_NONE;
    desk.conductor->engine.has_list = false; /* ERR_ENGINE_GONE */
    look();
    CHECK_INT_EQ(slot->wait, ORDER_WAIT_BUSY);
    desk.conductor->engine.has_list = true;
    look();
    CHECK_INT_EQ(slot->wait, ORDER_WAIT_NONE);
    CHECK_INT_EQ(app->verb.stage, VERB_READY);
    CHECK_STR_EQ(desk.log, "");
    desk_close();
}

/* A payload that is not there, or not what its name says, is asked for again. */
static void asks_for_the_release(void)
{
    for (int is_other = 0; is_other < 2; is_other++) {
        struct digest digests[2];
        struct app *app = begin();
        desk.payload = is_other ? PAYLOAD("web") : NULL;
        desk.sha.bytes[0] = 9;
        CHECK_INT_EQ(conductor_missing(desk.conductor, digests, 2), 0);
        look();
        CHECK_INT_EQ(slot->wait, ORDER_WAIT_RELEASE);
        CHECK(!slot->has_release);
        CHECK_INT_EQ(app->verb.stage, VERB_NONE);
        CHECK_INT_EQ(conductor_missing(desk.conductor, digests, 2), 1);
        CHECK_INT_EQ(digests[0].bytes[0], 3);
        desk.payload = PAYLOAD("web");
        desk.sha.bytes[0] = 3;
        look();
        CHECK_INT_EQ(slot->wait, ORDER_WAIT_RELEASE);
        slot->is_look_due = true;
        look();
        CHECK(!slot->is_look_due && slot->has_release);
        CHECK_INT_EQ(slot->wait, ORDER_WAIT_NONE);
        desk_close();
    }
}

/* Each once, and only what is still to come; nothing before the engine's facts are known. */
static void missing(void)
{
    struct digest digests[APPS_MAX];
    (void)begin();
    struct conductor *conductor = desk.conductor;
    slot->has_release = false;
    conductor->orders.list[4] = conductor->orders.list[6] = *slot;
    conductor->orders.list[6].order.release.bytes[0] = 8;
    CHECK_INT_EQ(conductor_missing(conductor, digests, APPS_MAX), 2);
    CHECK_INT_EQ(digests[0].bytes[0], 3);
    CHECK_INT_EQ(digests[1].bytes[0], 8);
    CHECK_INT_EQ(conductor_missing(conductor, digests, 1), 1);
    CHECK_INT_EQ(conductor_missing(conductor, digests, 0), 0);
    conductor->engine.has_about = false;
    CHECK_INT_EQ(conductor_missing(conductor, digests, APPS_MAX), 0);
    conductor->engine.has_about = true;
    slot->is_storing = true;
    conductor->orders.list[4].refusal = ERR_VALUE;
    CHECK_INT_EQ(conductor_missing(conductor, digests, APPS_MAX), 1);
    CHECK_INT_EQ(digests[0].bytes[0], 8);
    conductor->orders.list[6].order.release = (struct digest){0};
    CHECK_INT_EQ(conductor_missing(conductor, digests, APPS_MAX), 0);
    slot->is_storing = false;
    CHECK_INT_EQ(conductor_missing(conductor, digests, APPS_MAX), 1);
    CHECK(orders_is_needed(&conductor->orders, &slot->order.release));
    slot->is_used = false;
    CHECK(orders_is_needed(&conductor->orders, &slot->order.release)); /* the next one does */
    conductor->orders.list[4].is_used = false;
    CHECK(!orders_is_needed(&conductor->orders, &slot->order.release));
    desk_close();
}

/* No place for its app: refused for as long as it lies there. */
static void turned_away(void)
{
    (void)begin();
    struct conductor *conductor = desk.conductor;
    for (size_t i = 1; i < APPS_MAX; i++) {
        conductor->apps[i] = (struct app){.conductor = conductor, .is_used = true};
    }
    (void)text_copy(slot->order.app, sizeof slot->order.app, "new");
    desk.payload = PAYLOAD("new");
    look();
    CHECK(slot->is_turned_away);
    CHECK_INT_EQ(slot->refusal, ERR_LIMIT);
    CHECK_CONTAINS(desk.log, "w order for new: this node's address pool has room for 16 apps");
    desk_clear();
    look();
    CHECK_STR_EQ(desk.log, "");
    CHECK_INT_EQ(slot->look_at, MONO_NEVER);
    CHECK_INT_EQ(orders_deadline(conductor), MONO_NEVER);
    CHECK(orders_find(&conductor->orders, "new") == slot);
    CHECK(orders_find(&conductor->orders, "web") == NULL);
    slot->is_used = false;
    CHECK(orders_find(&conductor->orders, "new") == NULL);
    desk_close();
}

/* By the wall clock where it is trusted, else by how long the order is here. */
static void lateness(void)
{
    static const struct {
        wall_ms start_by, wall;
        bool is_trusted;
        mono_ms late_at;
        bool is_late;
    } rows[] = {
        {5000, 5000, true, 900, false},   {5000, 5001, true, MONO_NEVER, true},
        {5000, 9000, false, 1001, false}, {5000, 0, false, 1000, true},
        {0, 9000, true, 900, false},      {0, 9000, false, 900, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = begin();
        slot->order.start_by = rows[i].start_by;
        slot->late_at = rows[i].late_at;
        desk.wall = rows[i].wall;
        desk.is_trusted = rows[i].is_trusted;
        look();
        CHECK_INT_EQ(app->verb.decision.step, rows[i].is_late ? ORDER_STEP_END : ORDER_STEP_BEGIN);
        CHECK_INT_EQ(app->verb.decision.outcome, rows[i].is_late ? OUTCOME_EXPIRED : OUTCOME_NONE);
        desk_close();
    }
}

/* What was taken and can never begin, its release being revoked since, is answered. */
static void revoked_since(void)
{
    enum { SO, NEW, RECORD, VERB, ANSWERED, CHANGING, NOT_REVOKED, ROWS };
    for (int row = 0; row < ROWS; row++) {
        struct app *app = begin();
        slot->is_used = false;
        app->memory.wanted.bytes[0] = 3;
        app->memory.wanted_by = WANTED_BY_ORDER;
        app->memory.order_id = 0xa1;
        app->memory.is_order_open = row != ANSWERED;
        app->is_new = row == NEW;
        app->is_remembering = row == RECORD;
        app->verb.stage = row == VERB ? VERB_STORING : VERB_NONE;
        app->memory.phase = row == CHANGING ? SWAP_PREPARE : SWAP_REST;
        desk.conductor->revoked.count = row != NOT_REVOKED;
        desk.conductor->revoked.digests[0].bytes[0] = 3;
        look();
        CHECK_STR_EQ(desk.said, row == SO ? "write app-0\n" : "");
        if (row == SO) {
            CHECK_INT_EQ(app->pending.wanted.bytes[0], 1);
            CHECK_INT_EQ(app->pending.wanted_by, WANTED_BY_NOBODY);
            CHECK_INT_EQ(app->pending.outcomes[0].id, 0xa1);
            CHECK_INT_EQ(app->pending.outcomes[0].kind, OUTCOME_REFUSED);
            CHECK_STR_EQ(order_outcome_reason(&app->pending.outcomes[0]), "revoked");
            CHECK(!app->pending.is_order_open);
            CHECK(!app->is_pending_back);
        }
        desk_close();
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"begins", begins},
        {"waits", waits},
        {"waits of a new app", waits_of_a_new_app},
        {"ends", ends},
        {"asks the door", asks_the_door},
        {"waits at the door", waits_at_the_door},
        {"asks for the release", asks_for_the_release},
        {"missing", missing},
        {"turned away", turned_away},
        {"lateness", lateness},
        {"revoked since", revoked_since},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
