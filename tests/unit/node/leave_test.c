/* leave_test: an app of which nothing is wanted leaves, step by step; what makes it wait, and what
 * it tries again. */
#include "agent/node/address.h"
#include "tests/check.h"
#include "tests/unit/node/desk.h"

#define DAY_MS INT64_C(86400000)

/* A release without a service is committed as generation 4, and wanted. */
static struct app *begin(void)
{
    struct app *app = desk_open();
    desk_plan(app, 1)->service_count = 0;
    app->memory.committed = desk_generation(1, 4);
    app->memory.wanted = app->memory.committed.release;
    app->memory.gen_last = 4;
    app->memory.floor = 7;
    app->session.is_boot_settled = true;
    app->wake_at = MONO_NEVER;
    desk.conductor->is_dirty = false;
    return app;
}

/* Its record says that there is nothing. */
static struct app *begin_given_up(void)
{
    struct app *app = begin();
    end_step(app);
    desk.now += DAY_MS;
    end_step(app);
    CHECK_STR_EQ(desk.said, "write app-0\n");
    desk_answer(0, 0, NULL);
    CHECK(app->is_ending && !app->is_remembering);
    memset(app->garbage, 0, sizeof app->garbage);
    app->session.is_boot_settled = true;
    app->wake_at = MONO_NEVER;
    desk.conductor->is_dirty = false;
    desk_clear();
    return app;
}

/* The way back is kept for a day, from when nothing of the app is wanted. */
static void kept_for_a_day(void)
{
    struct app *app = begin();
    end_step(app);
    CHECK_INT_EQ(app->ended_at, 1000);
    CHECK_INT_EQ(app->wake_at, 1000 + DAY_MS);
    desk.now = 1000 + DAY_MS - 1;
    end_step(app);
    CHECK_INT_EQ(app->ended_at, 1000);
    CHECK_STR_EQ(desk.said, "");
    app->memory.wanted.bytes[0] = 9; /* wanted again */
    end_step(app);
    CHECK_INT_EQ(app->ended_at, 0);
    app->memory.wanted.bytes[0] = 1;
    end_step(app);
    desk.now += DAY_MS;
    app->memory.verdict = VERDICT_GOOD;
    app->memory.reason = REASON_SOAKED;
    app->memory.attempts = 2;
    app->memory.is_forced = true;
    app->memory.wanted_by = WANTED_BY_ORDER;
    app->memory.history[1] = desk_generation(2, 2);
    end_step(app);
    CHECK_STR_EQ(desk.said, "write app-0\n");
    CHECK_STR_EQ(desk.log, "i web: it has ended: what was kept of it is removed\n");
    CHECK(app->is_ending && app->is_remembering);
    struct memory_app want = {.gen_last = 4, .floor = 7};
    (void)text_copy(want.app, sizeof want.app, "web");
    CHECK(memcmp(&app->pending.committed, &want.committed, sizeof want.committed) == 0);
    CHECK(memcmp(app->pending.history, want.history, sizeof want.history) == 0);
    CHECK(digest_is_none(&app->pending.wanted));
    CHECK_INT_EQ(app->pending.wanted_by, WANTED_BY_NOBODY);
    CHECK_INT_EQ(app->pending.verdict, VERDICT_NONE);
    CHECK_INT_EQ(app->pending.reason, REASON_NONE);
    CHECK(app->pending.attempts == 0 && !app->pending.is_forced);
    CHECK(app->pending.floor == 7 && app->pending.gen_last == 4);
    desk_close();
}

/* Each thing that says that something of it is wanted, alone. */
static void not_ended(void)
{
    enum { SO, NEW, LOST, PHASE, ORDER, ADOPTED, WANTED, SERVICE, UNREAD, ROWS };
    for (int row = 0; row < ROWS; row++) {
        struct app *app = begin();
        app->is_new = row == NEW;
        app->is_lost = row == LOST;
        app->memory.phase = row == PHASE ? SWAP_UNPROVEN : SWAP_REST;
        app->memory.is_order_open = row == ORDER;
        app->memory.adopted.of = row == ADOPTED;
        app->memory.wanted.bytes[0] = row == WANTED ? 2 : 1;
        app->plans.slots[0].plan.service_count = row == SERVICE;
        app->plans.slots[0].is_broken = row == UNREAD;
        app->plans.slots[0].retry_at = MONO_NEVER;
        app->ended_at = 5;
        end_step(app);
        if (app->ended_at != (row == SO ? 5 : 0)) {
            printf("    row %d\n", row);
        }
        CHECK_INT_EQ(app->ended_at, row == SO ? 5 : 0);
        desk_close();
    }
}

/* Each thing that is on its way, alone: the end waits for it. */
static void awaited(void)
{
    enum { SO, REMEMBERING, OWED, STORY, VERB, SLOT, ROWS };
    for (int row = 0; row < ROWS; row++) {
        struct app *app = begin();
        end_step(app);
        desk.now += DAY_MS;
        app->is_remembering = row == REMEMBERING;
        app->is_owed = row == OWED;
        app->is_story_due = row == STORY;
        app->verb.stage = row == VERB ? VERB_STORING : VERB_NONE;
        desk.conductor->orders.list[3].is_used = row == SLOT;
        (void)text_copy(desk.conductor->orders.list[3].order.app, NAME_BYTES, "web");
        end_step(app);
        CHECK_STR_EQ(desk.said, row == SO ? "write app-0\n" : "");
        desk_close();
    }
}

/* Where all places are taken the app that ended first leaves before its day is over. */
static void place_needed(void)
{
    enum { SO, FREE, LEAVING, BEFORE, AFTER, TOGETHER, ROWS };
    for (int row = 0; row < ROWS; row++) {
        struct app *app = begin();
        struct conductor *conductor = desk.conductor;
        uint8_t last = (uint8_t)(address_apps(&conductor->config) - 1);
        for (size_t i = 1; i < APPS_MAX; i++) {
            conductor->apps[i] = (struct app){.conductor = conductor, .is_used = i <= last};
        }
        struct app *other = &conductor->apps[last];
        app->ended_at = 500;
        other->is_used = row != FREE;
        other->is_ending = row == LEAVING;
        other->ended_at = row == BEFORE ? 499 : row == AFTER ? 501 : row == TOGETHER ? 500 : 0;
        end_step(app);
        bool leaves = row == SO || row == AFTER || row == TOGETHER;
        CHECK_STR_EQ(desk.said, leaves ? "write app-0\n" : "");
        CHECK(leaves || app->wake_at == 500 + DAY_MS);
        desk_close();
    }
}

/* Then the network goes; one that is not there, or is another's, is no trouble. */
static void network(void)
{
    static const int codes[] = {0, ERR_NOT_FOUND, ERR_EXISTS, ERR_TIMEOUT};
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        struct app *app = begin_given_up();
        if (i == 0) {
            (void)text_copy(app->network, sizeof app->network, "of-old");
        }
        end_step(app);
        CHECK_STR_EQ(desk.said,
                     i == 0 ? "network-remove of-old\n" : "network-remove berth_gw_web\n");
        end_step(app); /* it is under way */
        CHECK_INT_EQ(desk.call_count, 1);
        desk_answer(0, codes[i], NULL);
        CHECK(desk.conductor->is_dirty);
        CHECK(app->is_network_gone == (codes[i] != ERR_TIMEOUT));
        CHECK_STR_EQ(desk.log,
                     codes[i] == ERR_TIMEOUT ? "w web: it cannot leave yet: told timed-out\n" : "");
        desk_close();
    }
}

/* What fails is tried again ten seconds later. */
static void tried_again(void)
{
    struct app *app = begin_given_up();
    mono_ms from = desk.now;
    end_step(app);
    desk_answer(0, ERR_TIMEOUT, NULL);
    CHECK_INT_EQ(app->end_not_before, from + 10000);
    desk.now = from + 9999;
    end_step(app);
    CHECK_INT_EQ(desk.call_count, 1);
    CHECK_INT_EQ(app->wake_at, from + 10000);
    desk.now = from + 10000;
    desk.refusal = ERR_BUSY;
    desk.conductor->is_dirty = false;
    end_step(app);
    CHECK_INT_EQ(app->end_not_before, from + 20000);
    CHECK(desk.conductor->is_dirty);
    desk.refusal = 0;
    desk.now = from + 20000;
    for (size_t i = 0; i < CALLS_MAX; i++) {
        CHECK(!desk.conductor->calls.list[i].is_used);
        desk.conductor->calls.list[i] = (struct call){.is_used = true};
    }
    end_step(app);
    CHECK_CONTAINS(desk.log, "it cannot leave yet: too many calls are under way\n");
    CHECK_INT_EQ(app->end_not_before, from + 30000);
    desk_close();
}

/* Each thing that is left of it, alone: the network stays until it is gone. */
static void leftovers(void)
{
    enum {
        SO,
        ENGINE,
        ENDED_BUSY,
        NETWORK,
        BOOT,
        DOUBTED,
        PRESENT,
        BUSY,
        ROUTED,
        GARBAGE,
        CALL,
        CALL_OF_OTHER,
        FILE_CALL,
        ROWS
    };
    for (int row = 0; row < ROWS; row++) {
        struct app *app = begin_given_up();
        struct conductor *conductor = desk.conductor;
        struct replica *replica = session_need(&app->session, 4, 0, 1);
        conductor->engine.is_up = row != ENGINE;
        conductor->is_ended_busy = row == ENDED_BUSY;
        app->session.is_network_busy = row == NETWORK;
        app->session.is_boot_settled = row != BOOT;
        app->doubted.bytes[0] = row == DOUBTED;
        replica->is_present = row == PRESENT;
        replica->is_busy = row == BUSY;
        replica->is_routed = row == ROUTED;
        app->garbage[GARBAGE_MAX - 1].bytes[0] = row == GARBAGE;
        conductor->calls.list[CALLS_MAX - 1] = (struct call){
            .is_used = row == CALL || row == CALL_OF_OTHER, .app = row == CALL ? app : NULL};
        conductor->file_calls[FILES_ASKED_MAX - 1].app = row == FILE_CALL ? app : NULL;
        end_step(app);
        bool goes_on = row == SO || row == CALL_OF_OTHER;
        if (desk.call_count != (goes_on ? 1u : 0u)) {
            printf("    row %d\n", row);
        }
        CHECK_STR_EQ(desk.said, goes_on ? "network-remove berth_gw_web\n" : "");
        desk_close();
    }
}

/* At last the list of ended apps names it, under the next number, and its place is free. */
static void left(void)
{
    struct app *app = begin_given_up();
    struct conductor *conductor = desk.conductor;
    conductor->traffic.stale_app = app;
    app->is_network_gone = true;
    end_step(app);
    CHECK_STR_EQ(desk.said, "write ended-1\n");
    CHECK(conductor->is_ended_busy);
    end_step(app);
    CHECK_INT_EQ(desk.call_count, 1);
    mono_ms from = desk.now;
    desk_answer(0, ERR_STORE, NULL);
    CHECK_STR_EQ(desk.log, "w web: it cannot leave yet: told store-failed\n");
    CHECK(!conductor->is_ended_busy && app->is_used);
    CHECK_INT_EQ(app->end_not_before, from + 10000);
    CHECK_INT_EQ(conductor->ended_number, 0);
    desk.now = from + 10000;
    desk.refusal = ERR_BUSY;
    desk_clear();
    end_step(app);
    CHECK_STR_EQ(desk.log, "w web: it cannot leave yet: not taken\n");
    CHECK(!conductor->is_ended_busy);
    desk.refusal = 0;
    desk.now = from + 20000;
    desk_clear();
    end_step(app);
    conductor->is_dirty = false;
    desk_answer(0, 0, NULL);
    CHECK_STR_EQ(desk.said, "write ended-1\n"); /* there is none before it */
    CHECK_STR_EQ(desk.log, "i web: it has left: its place is free\n");
    CHECK_INT_EQ(conductor->ended_number, 1);
    CHECK(!app->is_used && app->memory.app[0] == '\0' && conductor->traffic.stale_app == NULL);
    CHECK(conductor->is_dirty && !conductor->is_ended_busy);
    desk_close();
}

/* The list before it goes; where it stays that is said, and no more. */
static void list_before(void)
{
    for (int row = 0; row < 3; row++) {
        struct app *app = begin_given_up();
        struct conductor *conductor = desk.conductor;
        conductor->ended_number = 6;
        app->is_network_gone = true;
        desk.payload = "";
        end_step(app);
        CHECK_STR_EQ(desk.said, "write ended-7\n");
        desk.refusal = row == 1 ? ERR_BUSY : 0;
        desk_answer(0, 0, NULL);
        CHECK_STR_EQ(desk.said, "write ended-7\nremove ended-6\n");
        CHECK_INT_EQ(conductor->ended_number, 7);
        desk.refusal = 0;
        if (row != 1) {
            desk_answer(1, row == 0 ? 0 : ERR_IO, NULL);
        }
        CHECK_STR_EQ(desk.log, row == 0 ? "i web: it has left: its place is free\n"
                               : row == 1
                                   ? "w a list of ended apps that is out of date stays: not taken\n"
                                     "i web: it has left: its place is free\n"
                                   : "i web: it has left: its place is free\n"
                                     "w a list of ended apps that is out of date stays: told io\n");
        desk_close();
    }
}

/* A list that cannot be read keeps the app. */
static void list_unread(void)
{
    struct app *app = begin_given_up();
    desk.conductor->ended_number = 6;
    app->is_network_gone = true;
    desk.payload = NULL;
    end_step(app);
    CHECK_CONTAINS(desk.log,
                   "w web: it cannot leave yet: read what is remembered of apps that have "
                   "ended: ");
    CHECK_STR_EQ(desk.said, "");
    CHECK(app->is_used && !desk.conductor->is_ended_busy);
    CHECK(!ended_check_start(desk.conductor, &(struct err){0}));
    desk.conductor->ended_number = 0;
    CHECK(ended_check_start(desk.conductor, &(struct err){0}));
    desk_close();
}

static void noted(void)
{
    static const struct {
        const char *name;
        uint32_t number;
    } rows[] = {{"ended-3", 3}, {"ended-2", 3},   {"ended-4x", 3}, {"ended-", 3},
                {"other-9", 3}, {"ended-12", 12}, {"ended-12", 12}};
    (void)begin();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        ended_note(desk.conductor, rows[i].name);
        CHECK_INT_EQ(desk.conductor->ended_number, rows[i].number);
    }
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"kept for a day", kept_for_a_day}, {"not ended", not_ended}, {"awaited", awaited},
        {"place needed", place_needed},     {"network", network},     {"tried again", tried_again},
        {"leftovers", leftovers},           {"left", left},           {"list before", list_before},
        {"list unread", list_unread},       {"noted", noted},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
