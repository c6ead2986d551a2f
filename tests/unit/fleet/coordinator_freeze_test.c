/* coordinator_freeze: which freeze is taken, that it stops what goes forward, and that neither an
 * old copy nor a broker that forgot brings one back or ends one. */
#include "agent/fleet/coordinator_private.h"
#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/desk.h"

#define HOUR INT64_C(3600000)

static struct desk desk;

static struct freeze freeze_of(uint64_t serial, bool is_frozen, int64_t for_ms)
{
    struct freeze freeze = {.serial = serial,
                            .is_frozen = is_frozen,
                            .reason = "open day",
                            .since = DESK_WALL + desk.now,
                            .until = DESK_WALL + desk.now + for_ms};
    return freeze;
}

static void hear(uint64_t serial, bool is_frozen, int64_t for_ms, const char *pem)
{
    const struct freeze freeze = freeze_of(serial, is_frozen, for_ms);
    desk_hear(&desk, "freeze", sealing_freeze(&freeze, pem), false);
    desk_run(&desk, 1500);
    desk_answer_all(&desk);
    desk_run(&desk, 1500);
}

/* What was told last. */
static struct frozen told(void)
{
    struct frozen frozen = {.epoch = 0};
    const struct desk_publish *publish = desk_find(&desk, "/freeze/state");
    if (publish != NULL) {
        CHECK_INT_EQ(frozen_parse(span_of(publish->payload, publish->len), &frozen, NULL), 0);
    }
    return frozen;
}

static void check_told(uint64_t serial, const char *owner, bool is_frozen)
{
    struct frozen frozen = told();
    CHECK_INT_EQ(frozen.freeze.serial, serial);
    CHECK_STR_EQ(frozen.owner, owner);
    CHECK_INT_EQ(frozen.freeze.is_frozen, is_frozen);
}

static void open_acting(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk.is_clock_trusted = true;
    desk_act(&desk);
}

static void rollout_begin(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL + desk.now);
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_run(&desk, 2000);
    desk_answer_all(&desk);
}

static size_t orders(void)
{
    return desk_count(&desk, "/order/web");
}

/* Nothing begins while it holds; it ends by itself, and by a thaw. */
static void case_holds(void)
{
    for (int is_thawed = 0; is_thawed < 2; is_thawed++) {
        struct rollout_view view;
        open_acting();
        hear(1, true, 60000, SEALING_ANN);
        check_told(1, "ann", true);
        rollout_begin();
        CHECK_INT_EQ(orders(), 0);
        CHECK(coordinator_view(desk.coordinator, "web-1", &view));
        CHECK_CONTAINS(view.state->waiting,
                       "the fleet to thaw: frozen by ann until 2025-11-24 16:0");
        CHECK_CONTAINS(view.state->waiting, "open day");
        CHECK_INT_EQ(view.state->waits[ROLLOUT_WAIT_FREEZE].count, 1);
        if (is_thawed == 1) {
            hear(2, false, 0, SEALING_BEN);
            check_told(2, "ben", false);
        } else {
            desk_run(&desk, 40000);
            CHECK_INT_EQ(orders(), 0);
            desk_run(&desk, 20000);
        }
        CHECK_INT_EQ(orders(), 1);
        desk_close(&desk);
    }
}

/* Without a clock that anything vouches for it does not end by itself. */
static void case_clock(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    hear(1, true, 30000, SEALING_ANN);
    rollout_begin();
    desk_run(&desk, 60000);
    CHECK_INT_EQ(orders(), 0);
    desk_close(&desk);
}

/* What lies on a topic and was not begun is taken back, and given again after the thaw. */
static void case_takes_back(void)
{
    open_acting();
    rollout_begin();
    CHECK_INT_EQ(orders(), 1);
    hear(1, true, HOUR, SEALING_ANN);
    CHECK_INT_EQ(orders(), 2);
    CHECK_CONTAINS(desk.said, "takes back what was not begun");
    desk_close(&desk);
}

/* Two with the same serial: the first is taken, the other is said once and changes nothing. */
static void case_two(void)
{
    open_acting();
    hear(1, true, HOUR, SEALING_ANN);
    unsigned warnings = desk.warnings;
    hear(1, true, 2 * HOUR, SEALING_BEN);
    hear(1, true, 2 * HOUR, SEALING_BEN);
    CHECK_INT_EQ(desk.warnings, warnings + 2); /* their times differ */
    CHECK_CONTAINS(desk.said, "the freeze of serial 1 by ben is not taken: ann's came first");
    check_told(1, "ann", true);
    desk_close(&desk);
}

/* An old copy after the thaw: here, at the next process, and at a broker that shows only copies. */
static void case_replayed(void)
{
    struct freeze old = freeze_of(1, true, HOUR);
    struct frozen state = {.epoch = 1, .revision = 1, .owner = "ann", .freeze = old};
    for (int way = 0; way < 3; way++) {
        open_acting();
        hear(1, true, HOUR, SEALING_ANN);
        hear(2, false, 0, SEALING_ANN);
        if (way > 0) {
            desk_again(&desk, SEAL_PEM_TRUSTED);
            desk_connect(&desk);
            old = freeze_of(1, true, HOUR);
            state.freeze = old;
            if (way == 2) {
                desk_hear(&desk, "freeze/state", sealing_frozen(&state, SEAL_PEM_TRUSTED), true);
            }
            desk_hear(&desk, "freeze", sealing_freeze(&old, SEALING_ANN), true);
            desk_run(&desk, 1000);
            desk_answer_all(&desk);
            desk_run(&desk, 3000);
            CHECK(coordinator_is_acting(desk.coordinator));
        } else {
            hear(1, true, HOUR, SEALING_ANN);
        }
        CHECK_CONTAINS(desk.said, "a freeze is not taken: serial 1 is older than 2");
        check_told(2, "ann", false);
        rollout_begin();
        CHECK_INT_EQ(orders(), 1);
        desk_close(&desk);
    }
}

/* A broker that lost everything gets it back from who acts, and from the next who kept it. */
static void case_forgotten(void)
{
    for (int is_next = 0; is_next < 2; is_next++) {
        open_acting();
        hear(1, true, HOUR, SEALING_ANN);
        if (is_next == 1) {
            desk_again(&desk, SEAL_PEM_TRUSTED);
            desk_act(&desk);
        } else {
            size_t before = desk_count(&desk, "/freeze/state");
            desk_hear(&desk, "freeze", span_of(NULL, 0), false);
            desk_hear(&desk, "freeze/state", span_of(NULL, 0), false);
            desk_run(&desk, 6000);
            CHECK_INT_EQ(desk_count(&desk, "/freeze/state"), before + 1);
        }
        desk_run(&desk, 1000);
        desk_answer_all(&desk);
        check_told(1, "ann", true);
        rollout_begin();
        CHECK_INT_EQ(orders(), 0);
        desk_close(&desk);
    }
}

/* Whoever goes on elsewhere finds in the state what was taken. */
static void case_goes_on(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk.is_clock_trusted = true;
    const struct frozen state = {
        .epoch = 1, .revision = 1, .owner = "ben", .freeze = freeze_of(7, true, HOUR)};
    desk_connect(&desk);
    desk_hear(&desk, "freeze/state", sealing_frozen(&state, SEAL_PEM_TRUSTED), true);
    desk_run(&desk, 1000);
    desk_answer_all(&desk);
    desk_run(&desk, 3000);
    CHECK(coordinator_is_acting(desk.coordinator));
    rollout_begin();
    CHECK_INT_EQ(orders(), 0);
    CHECK_INT_EQ(desk_count(&desk, "/freeze/state"), 0); /* it lies there */
    hear(7, false, 0, SEALING_ANN);
    CHECK_INT_EQ(orders(), 0);
    hear(8, false, 0, SEALING_ANN);
    CHECK_INT_EQ(orders(), 1);
    check_told(8, "ann", false);
    desk_close(&desk);
}

/* Each by each wrong writer, and of another fleet. */
static void case_forged(void)
{
    struct freeze freeze = freeze_of(1, true, HOUR);
    open_acting();
    freeze = freeze_of(1, true, HOUR);
    struct frozen state = {.epoch = 1, .revision = 1, .owner = "ann", .freeze = freeze};
    desk_hear(&desk, "freeze", sealing_freeze(&freeze, SEAL_PEM_STRANGER), false);
    desk_hear(&desk, "freeze", sealing_freeze(&freeze, SEAL_PEM_TRUSTED), false);
    desk_hear(&desk, "freeze/state", sealing_frozen(&state, SEALING_ANN), false);
    desk_hear(&desk, "freeze", sealing_frozen(&state, SEAL_PEM_TRUSTED), false);
    (void)text_copy(freeze.fleet, sizeof freeze.fleet, "other");
    desk_hear(&desk, "freeze", sealing_freeze(&freeze, SEALING_ANN), false);
    rollout_begin();
    CHECK_INT_EQ(orders(), 1);
    CHECK_INT_EQ(desk_count(&desk, "/freeze/state"), 0);
    CHECK_CONTAINS(desk.said, "it is a freeze of the fleet other");
    desk_close(&desk);
}

/* -- the documents ---------------------------------------------------------------------------- */

static int parsed(struct freeze freeze)
{
    char data[SMALL_BYTES_MAX];
    struct text text;
    struct freeze read = {.serial = 0};
    (void)text_copy(freeze.fleet, sizeof freeze.fleet, "sim");
    text_init(&text, data, sizeof data);
    freeze_render(&freeze, &text);
    CHECK(!text.cut);
    int rc = freeze_parse(span_of(text.data, text.len), &read, NULL);
    if (rc == 0) {
        CHECK_INT_EQ(read.serial, freeze.serial);
        CHECK_INT_EQ(read.until, freeze.until);
        CHECK_INT_EQ(read.is_frozen, freeze.is_frozen);
        CHECK_STR_EQ(read.reason, freeze.reason);
    }
    return rc;
}

static void case_documents(void)
{
    struct freeze freeze = freeze_of(1, true, FREEZE_MS_MAX);
    CHECK_INT_EQ(parsed(freeze), 0);
    freeze.until++;
    CHECK_INT_EQ(parsed(freeze), ERR_VALUE);
    freeze.until = freeze.since - 1;
    CHECK_INT_EQ(parsed(freeze), ERR_VALUE);
    freeze.is_frozen = false;
    CHECK_INT_EQ(parsed(freeze), 0);
    freeze.serial = 0;
    CHECK_INT_EQ(parsed(freeze), ERR_VALUE);
    freeze.serial = JSON_INTEGER_MAX;
    memset(freeze.reason, '"', sizeof freeze.reason - 1);
    CHECK_INT_EQ(parsed(freeze), 0);
    CHECK_INT_EQ(freeze_parse(span_text("{\"schema\":1,\"must\":[\"x\"]}"), &freeze, NULL),
                 ERR_UNKNOWN_KEY);
    CHECK_INT_EQ(freeze_parse(span_text("{\"schema\":2}"), &freeze, NULL), ERR_SCHEMA);
    struct frozen frozen;
    CHECK_INT_EQ(frozen_parse(span_text("{\"schema\":1,\"must\":[],\"fleet\":\"sim\",\"epoch\":1,"
                                        "\"revision\":1,\"owner\":\"a\",\"digest\":\"\"}"),
                              &frozen, NULL),
                 ERR_VALUE);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"holds", case_holds},     {"clock", case_clock},       {"takes back", case_takes_back},
        {"two", case_two},         {"replayed", case_replayed}, {"forgotten", case_forgotten},
        {"goes on", case_goes_on}, {"forged", case_forged},     {"documents", case_documents}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
