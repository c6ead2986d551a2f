/* coordinator_assert: what a broker does not show is put there again: orders before rollouts, an
 * end before its spec. */
#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/desk.h"

static struct desk desk;

/* A rollout that was begun here is put at the broker whole; what is there is not put there twice.
 */
static void case_all_missing(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL), read;
    char hex[DIGEST_HEX_BYTES], release[BUS_TOPIC_BYTES];
    digest_render(&spec.release, hex);
    (void)snprintf(release, sizeof release, "release/%s", hex);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    CHECK_INT_EQ(desk_start(&desk, &spec, span_text("an envelope"), NULL), 0);
    desk_act(&desk);
    struct desk_publish *publish = desk_find(&desk, "rollout/web-1/spec");
    CHECK(publish != NULL && publish->is_retained);
    CHECK_INT_EQ(rollout_spec_parse(span_of(publish->payload, publish->len), &read, NULL), 0);
    CHECK_STR_EQ(read.id, "web-1");
    CHECK_INT_EQ(read.created, DESK_WALL);
    CHECK_INT_EQ(desk_count(&desk, "/control"), 0); /* "run", unless an operator says otherwise */
    publish = desk_find(&desk, release);
    CHECK(publish != NULL && publish->len == strlen("an envelope"));
    CHECK(publish != NULL && memcmp(publish->payload, "an envelope", publish->len) == 0);
    for (int i = 0; i < 3; i++) { /* on their way, whatever is heard meanwhile */
        desk_hear_presence(&desk, "gw-00", i % 2 == 0);
        desk_run(&desk, 2000);
        CHECK_INT_EQ(desk_count(&desk, "/spec"), 1);
        CHECK_INT_EQ(desk_count(&desk, release), 1);
    }
    desk_answer_all(&desk);
    desk_run(&desk, 5000); /* there */
    CHECK_INT_EQ(desk_count(&desk, "/spec"), 1);
    CHECK_INT_EQ(desk_count(&desk, release), 1);
    desk_close(&desk);
}

/* Each part alone, after an answer that it was not taken. */
static void case_refused(void)
{
    static const char *const parts[] = {"/spec", "0202"};
    const struct err denied = {.code = ERR_DENIED, .text = "no"};
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        CHECK_INT_EQ(desk_start(&desk, &spec, span_text("e"), NULL), 0);
        desk_act(&desk);
        desk_answer(&desk, desk_find(&desk, parts[i]), &denied);
        desk_answer_all(&desk);
        desk_run(&desk, 1000);
        for (size_t j = 0; j < COUNT_OF(parts); j++) {
            CHECK_INT_EQ(desk_count(&desk, parts[j]), i == j ? 2 : 1);
        }
        desk_close(&desk);
    }
}

/* The broker's word that it took a part is enough, shown or not: none is put there twice, but the
 * one that it refused. */
static void case_taken(void)
{
    static const char *const parts[] = {"/spec", "/control", "0202"};
    const struct err denied = {.code = ERR_DENIED, .text = "no"};
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_control control = {.id = "web-1", .want = "pause", .serial = 1};
    for (size_t refused = 0; refused <= COUNT_OF(parts); refused++) {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        CHECK_INT_EQ(desk_start(&desk, &spec, span_text("e"), NULL), 0);
        desk_act(&desk);
        desk_hear_control(&desk, &control, SEALING_ANN);
        desk_run(&desk, 1000);
        desk_lose(&desk);
        desk_act(&desk);
        for (size_t i = 0; i < COUNT_OF(parts); i++) {
            struct desk_publish *publish = desk_find(&desk, parts[i]);
            CHECK(publish != NULL && publish->is_retained && !publish->is_answered);
            if (publish != NULL) {
                publish->is_answered = true;
                publish->done(publish->ctx, i == refused ? &denied : NULL);
            }
        }
        desk_run(&desk, 1000);
        for (size_t i = 0; i < COUNT_OF(parts); i++) {
            CHECK_INT_EQ(desk_count(&desk, parts[i]), i == refused ? 2 : 1);
        }
        desk_close(&desk);
    }
}

/* The release is asked for once in a session, by its digest, while its rollout is live. */
static void case_asks(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_spec ended = desk_spec("db-1", "db", DESK_WALL);
    struct rollout_state state = {.id = "db-1", .phase = ROLLOUT_ABORTED};
    char hex[DIGEST_HEX_BYTES];
    ended.release = desk_digest(3);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_connect(&desk);
    size_t before = desk.filter_count;
    desk_hear_state(&desk, &state);
    desk_hear_spec(&desk, &ended);
    desk_hear_spec(&desk, &spec);
    desk_hear_text(&desk, "rollout/web-9/control", "{\"schema\":1,\"want\":\"run\"}");
    desk_step(&desk, 100);
    CHECK_INT_EQ(desk.filter_count, before); /* it has not read all yet */
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk.filter_count, before + 1);
    digest_render(&spec.release, hex);
    CHECK_STR_EQ(desk.filters[before].filter + strlen("berth/1/sim/release/"), hex);
    desk_run(&desk, 5000);
    CHECK_INT_EQ(desk.filter_count, before + 1);
    desk_lose(&desk);
    desk_connect(&desk);
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk.filter_count, before + 1);
    desk_close(&desk);
}

/* Asked for whichever stands first or last of those that are kept. */
static void case_asks_all(void)
{
    char id[NAME_BYTES], hex[DIGEST_HEX_BYTES];
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_connect(&desk);
    size_t before = desk.filter_count;
    for (int i = 0; i < 3; i++) {
        (void)snprintf(id, sizeof id, "web-%d", i);
        struct rollout_spec spec = desk_spec(id, id, DESK_WALL);
        spec.release = desk_digest((uint8_t)(40 + i));
        desk_hear_spec(&desk, &spec);
    }
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk.filter_count, before + 3);
    for (int i = 0; i < 3; i++) {
        struct digest digest = desk_digest((uint8_t)(40 + i));
        digest_render(&digest, hex);
        CHECK_CONTAINS(desk.filters[before + (size_t)i].filter, hex);
    }
    desk_close(&desk);
}

/* An end that a broker showed once is told to one that does not show it, its spec being there. */
static void case_end_retold(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_state state = {.id = "web-1", .phase = ROLLOUT_ABORTED, .epoch = 1};
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_connect(&desk);
    desk_rollout(&desk, &spec);
    desk_hear_state(&desk, &state);
    desk_run(&desk, 1000);
    desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
    desk_run(&desk, 3000);
    CHECK_INT_EQ(desk_count(&desk, "/state"), 0);
    desk_lose(&desk);
    desk_connect(&desk);
    desk_rollout(&desk, &spec);
    desk_run(&desk, 1000);
    desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
    desk_run(&desk, 3000);
    CHECK_INT_EQ(desk_count(&desk, "/spec"), 0);
    CHECK_INT_EQ(desk_count(&desk, "/state"), 1);
    desk_close(&desk);
}

/* A broker that lost everything gets it back: the orders first, and without a new number. */
static void case_forgetful_broker(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_rollout(&desk, &spec);
    desk_hear_text(&desk, "rollout/web-1/control", "{\"schema\":1,\"want\":\"run\"}");
    desk_node(&desk, "gw-00");
    desk_run(&desk, 1000);
    struct order first = desk_order_of(desk_find(&desk, "/order/web"));
    desk_answer_all(&desk);
    desk_run(&desk, 1000);
    desk_lose(&desk);
    desk_act(&desk);
    struct order again = desk_order_of(desk_find(&desk, "/order/web"));
    CHECK_STR_EQ(again.id, first.id);
    CHECK_INT_EQ(again.epoch, first.epoch);
    CHECK_INT_EQ(again.gen, first.gen);
    CHECK_STR_EQ(again.rollout, "web-1");
    CHECK_INT_EQ(again.start_by, first.start_by);
    CHECK_INT_EQ(again.issued, first.issued);
    CHECK(digest_is_equal(&again.release, &first.release));
    CHECK(digest_is_equal(&again.before, &first.before));
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 1);
    CHECK_INT_EQ(desk_count(&desk, "/spec"), 1);
    CHECK_INT_EQ(desk_count(&desk, "/control"), 1);
    CHECK_INT_EQ(desk_count(&desk, "0202"), 1);
    CHECK(desk_index(&desk, "/order/web") < desk_index(&desk, "/spec"));
    CHECK(desk_index(&desk, "/spec") < desk_index(&desk, "/control"));
    desk_close(&desk);
}

/* An order that its node has gone past is not put back: by epoch, or by number in the same one. */
static void case_past_orders(void)
{
    static const struct {
        uint64_t epoch, gen;
        bool is_back;
    } rows[] = {{5, 3, true}, {5, 4, false}, {6, 1, false}, {5, 2, true}, {4, 9, true}};
    struct order order = {.id = "00000000000000aa",
                          .fleet = "sim",
                          .node = "gw-00",
                          .app = "web",
                          .epoch = 5,
                          .gen = 3,
                          .hold = true,
                          .force = true,
                          .issued = 7};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct report report = desk_report("gw-00", 1);
        report.apps[0].order_epoch = rows[i].epoch;
        report.apps[0].order_gen = rows[i].gen;
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_act(&desk);
        desk_hear_order(&desk, "gw-00", "web", &order, SEAL_PEM_TRUSTED);
        desk_run(&desk, 1000);
        CHECK_INT_EQ(desk_count(&desk, "/order/web"), 0); /* it is there */
        desk_lose(&desk);
        desk_connect(&desk);
        desk_hear_report(&desk, "gw-00", &report);
        desk_run(&desk, 1000);
        desk_answer_all(&desk);
        desk_run(&desk, 3000);
        CHECK_INT_EQ(desk_count(&desk, "/order/web"), rows[i].is_back ? 1 : 0);
        if (rows[i].is_back) {
            struct order back = desk_order_of(desk_find(&desk, "/order/web"));
            CHECK(back.hold && back.force);
        }
        desk_close(&desk);
    }
}

/* What the broker shows of it stays as it is, and what it does not show is put back all the same.
 */
static void case_part_there(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    desk_run(&desk, 1000);
    struct order order = desk_order_of(desk_find(&desk, "/order/web"));
    desk_answer_all(&desk);
    desk_lose(&desk);
    desk_connect(&desk);
    desk_hear_order(&desk, "gw-00", "web", &order, SEAL_PEM_TRUSTED);
    desk_run(&desk, 1000);
    desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
    desk_run(&desk, 3000);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 0);
    CHECK_INT_EQ(desk_count(&desk, "/spec"), 1);
    CHECK_INT_EQ(desk_count(&desk, "0202"), 1);
    desk_close(&desk);
}

/* An ended rollout: its end goes before its spec, and its release does not go. */
static void case_end_first(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_state state = {.id = "web-1", .phase = ROLLOUT_ABORTED, .epoch = 1};
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_connect(&desk);
    desk_rollout(&desk, &spec);
    desk_hear_state(&desk, &state);
    desk_lose(&desk);
    desk_act(&desk);
    CHECK(desk_count(&desk, "/state") >= 1);
    CHECK_INT_EQ(desk_count(&desk, "/spec"), 1);
    CHECK_INT_EQ(desk_count(&desk, "0202"), 0);
    int first = 0;
    while (first < (int)desk.publish_count &&
           strcmp(desk.publishes[first].topic, "berth/1/sim/rollout/web-1/state") != 0) {
        first++;
    }
    CHECK(first < desk_index(&desk, "/spec"));
    struct rollout_state told;
    CHECK_INT_EQ(
        rollout_state_parse(span_of(desk.publishes[first].payload, desk.publishes[first].len),
                            &told, NULL),
        0);
    CHECK_INT_EQ(told.phase, ROLLOUT_ABORTED);
    desk_close(&desk);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"all missing", case_all_missing},
        {"refused", case_refused},
        {"taken", case_taken},
        {"asks", case_asks},
        {"asks: all", case_asks_all},
        {"the end retold", case_end_retold},
        {"a forgetful broker", case_forgetful_broker},
        {"past orders", case_past_orders},
        {"part of it there", case_part_there},
        {"the end first", case_end_first},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
