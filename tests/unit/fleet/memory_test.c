/* memory: each allocation of the fleet's side failing once: what is missing is named, nothing that
 * was there is harmed, and with memory again it comes to be as if there had always been some. */
#include "agent/fleet/kept.h"
#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/desk.h"
#include "tests/unit/fleet/scarce.h"

static struct desk desk;

/* Also where the table has to grow: it stays as it is, and whole. */
static void case_kept(void)
{
    struct kept_table table = {0};
    char id[NAME_BYTES];
    size_t failures = 0;
    for (size_t i = 0; i < 70; i++) {
        (void)snprintf(id, sizeof id, "r%02zu", i);
        for (int failing = 0;; failing++) {
            scarce_begin(failing);
            struct kept *kept = kept_need(&table, id);
            bool has_failed = scarce_end();
            CHECK_INT_EQ(kept == NULL, has_failed);
            CHECK_INT_EQ(table.count, has_failed ? i : i + 1);
            if (!has_failed) {
                break;
            }
            failures++;
            CHECK(kept_find(&table, id) == NULL);
        }
    }
    CHECK_INT_EQ(failures, 70 + 4); /* each rollout, and the table at 0, 16, 32 and 64 */
    for (size_t i = 0; i < table.count; i++) {
        (void)snprintf(id, sizeof id, "r%02zu", i);
        CHECK(kept_find(&table, id) == table.list[i]);
        CHECK_STR_EQ(table.list[i]->control.want, "run");
    }
    kept_close(&table);
}

static void case_new(void)
{
    struct coordinator *made = NULL;
    struct err err = {0};
    const struct coordinator_ports ports = {.verify = seal_verify_port()};
    const struct coordinator_settings settings = {
        .fleet = "sim", .order_key_pem = SEAL_PEM_TRUSTED, .trust = &desk.trust};
    scarce_begin(0);
    CHECK_INT_EQ(coordinator_new(&settings, &ports, &made, &err), ERR_MEMORY);
    CHECK(scarce_end());
    CHECK(made == NULL);
    CHECK_STR_EQ(err.text, "no memory for a coordinator");
}

/* The key does not outlive the coordinator, nor one that was never made. */
static void case_key(void)
{
    static char name[80];
    struct coordinator *made = NULL;
    const struct coordinator_ports ports = {.verify = seal_verify_port()};
    const struct coordinator_settings settings = {
        .fleet = name, .order_key_pem = SEAL_PEM_TRUSTED, .trust = &desk.trust};
    (void)scarce_leaks(SEAL_PEM_TRUSTED);
    char *copy = strdup(SEAL_PEM_TRUSTED);
    free(copy);
    CHECK_INT_EQ(scarce_leaks(SEAL_PEM_TRUSTED), 1); /* it would be noticed */
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_close(&desk);
    memset(name, 'n', sizeof name - 1);
    CHECK_INT_EQ(coordinator_new(&settings, &ports, &made, NULL), ERR_VALUE);
    CHECK_INT_EQ(scarce_leaks(NULL), 0);
}

/* A rollout that found no memory was not begun, and its name is free. */
static void case_start(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct span signed_spec = sealing_spec(&spec, SEALING_ANN);
    struct rollout_view view;
    bool has_failed = true;
    int failing = 0;
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    while (has_failed) {
        struct err err = {0};
        scarce_begin(failing++);
        int rc = coordinator_start(desk.coordinator, signed_spec, span_text("e"), &err);
        has_failed = scarce_end();
        CHECK(has_failed ? rc != 0 && err.text[0] != '\0' : rc == 0);
        CHECK_INT_EQ(coordinator_view_at(desk.coordinator, 0, &view), !has_failed);
    }
    CHECK(failing > 4); /* to be parsed, its table, its place, its bytes, its release */
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    desk_close(&desk);
}

static void document_hear(int which)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_state state = {.id = "web-1", .phase = ROLLOUT_PAUSED, .epoch = 1};
    struct rollout_control control = {.id = "web-1", .want = "pause", .serial = 1};
    if (which == 0) {
        desk_hear_spec(&desk, &spec);
    } else if (which == 1) {
        desk_hear_control(&desk, &control, SEALING_ANN);
    } else {
        desk_hear_state(&desk, &state);
    }
}

/* Spec, control and state of a rollout: one that finds no memory, to be read or to be kept, says
 * so; heard again it is taken. */
static void case_documents(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_view view;
    for (int which = 0; which < 3; which++) {
        bool has_failed;
        int failing = 0;
        unsigned said = 0;
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_connect(&desk);
        desk_run(&desk, 1000);
        do {
            unsigned errors = desk.errors;
            desk.said[0] = '\0';
            scarce_begin(failing++);
            document_hear(which);
            has_failed = scarce_end();
            CHECK_INT_EQ(desk.said[0] != '\0', has_failed);
            if (desk.errors > errors) {
                CHECK_STR_EQ(desk.said, "rollout web-1 is not followed: no memory\n");
                said++;
            }
            CHECK_INT_EQ(coordinator_view(desk.coordinator, "web-1", &view),
                         which == 0 && !has_failed);
        } while (has_failed);
        CHECK_INT_EQ(said, failing - 1);
        desk_hear_spec(&desk, &spec);
        CHECK(coordinator_view(desk.coordinator, "web-1", &view));
        CHECK_STR_EQ(view.control->want, which == 1 ? "pause" : "run");
        CHECK_INT_EQ(view.state->phase, which == 2 ? ROLLOUT_PAUSED : ROLLOUT_RUNNING);
        desk_close(&desk);
    }
}

/* A release that could not be kept lies at the broker all the same: orders for it are given. To a
 * broker that forgot it only a later copy helps. */
static void case_release(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    for (int is_short = 0; is_short < 2; is_short++) {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_act(&desk);
        desk_hear_spec(&desk, &spec);
        if (is_short) {
            scarce_begin_none();
        }
        desk_rollout(&desk, &spec);
        CHECK_INT_EQ(scarce_end(), is_short);
        desk_node(&desk, "gw-00");
        desk_run(&desk, 1000);
        CHECK_INT_EQ(desk_count(&desk, "/order/web"), 1);
        desk_answer_all(&desk);
        for (int round = 0; round < 2; round++) {
            desk_lose(&desk);
            desk_act(&desk);
            bool is_kept = !is_short || round == 1;
            CHECK_INT_EQ(desk_count(&desk, "0202"), is_kept ? 1 : 0);
            if (is_kept) {
                CHECK_INT_EQ(desk_find(&desk, "0202")->len, strlen("an envelope"));
            }
            desk_rollout(&desk, &spec);
        }
        desk_close(&desk);
    }
}

/* An order for a node about which nothing more can be noted waits, and says for what. */
static void case_order(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct report report = desk_report("gw-00", 1);
    struct rollout_view view;
    report.app_count = 0;
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_rollout(&desk, &spec);
    desk_hear_report(&desk, "gw-00", &report);
    desk_hear_presence(&desk, "gw-00", true);
    scarce_begin_none();
    desk_run(&desk, 1000);
    CHECK(scarce_end());
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 0);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_STR_EQ(view.state->waiting, "memory for the order of gw-00");
    desk_hear_presence(&desk, "gw-00", true);
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 1);
    desk_close(&desk);
}

/* A shard of the roll that found no memory is said, and the one that held holds; the next one
 * comes. */
static void case_roll(void)
{
    const struct verify verify = seal_verify_port();
    struct roll rolls[] = {{.version = 1}, {.version = 2}};
    char topic[16], line[64];
    for (size_t i = 0; i < COUNT_OF(rolls); i++) {
        topic_shard(&verify, "gw-00", rolls[i].shard);
        CHECK_INT_EQ(roll_set(&rolls[i], "gw-00", (uint32_t)i, NULL), 0);
    }
    (void)snprintf(topic, sizeof topic, "roll/%s", rolls[0].shard);
    (void)snprintf(line, sizeof line, "the roll's shard %s is not followed: no memory\n",
                   rolls[0].shard);
    for (size_t i = 0; i < COUNT_OF(rolls); i++) {
        bool has_failed;
        int failing = 0;
        do {
            desk_open(&desk, SEAL_PEM_TRUSTED, 0);
            desk_connect(&desk);
            if (i == 1) {
                desk_hear(&desk, topic, sealing_roll(&rolls[0], SEALING_ANN), false);
            }
            struct span sealed = sealing_roll(&rolls[i], SEALING_ANN);
            unsigned kept = desk.rolls_kept;
            desk.said[0] = '\0';
            scarce_begin(failing++);
            desk_hear(&desk, topic, sealed, false);
            has_failed = scarce_end();
            bool is_said = desk.said[0] != '\0';
            CHECK(!is_said || strcmp(desk.said, line) == 0);
            CHECK(is_said || desk.rolls_kept == kept + 1);
            desk_hear(&desk, topic, sealed, false);
            CHECK_INT_EQ(desk.rolls_kept, kept + 1);
            desk_close(&desk);
        } while (has_failed);
        CHECK(failing > 3);
        roll_free(&rolls[i]);
    }
}

/* Everything that is told of a fleet, in one go. */
static void fleet_tell(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_state state = {.id = "db-1", .phase = ROLLOUT_ABORTED};
    struct rollout_spec ended = desk_spec("db-1", "db", DESK_WALL);
    struct report report = desk_report("gw-01", 1);
    (void)text_copy(spec.selector, sizeof spec.selector, "site=north");
    report.label_count = 1;
    (void)text_copy(report.label_names[0], sizeof report.label_names[0], "site");
    (void)text_copy(report.label_values[0], sizeof report.label_values[0], "north");
    desk_hear_state(&desk, &state);
    desk_hear_spec(&desk, &ended);
    desk_rollout(&desk, &spec);
    desk_hear_text(&desk, "node/gw-00/labels", "{\"schema\":1,\"labels\":{\"site\":\"north\"}}");
    desk_node(&desk, "gw-00");
    desk_hear_report(&desk, "gw-01", &report);
    desk_hear_presence(&desk, "gw-01", false);
}

/* One allocation fails, whichever; in the next session everything is as it would have been. */
static void case_any(void)
{
    struct rollout_view view;
    bool has_failed;
    int failing = 0;
    do {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_connect(&desk);
        scarce_begin(failing++);
        fleet_tell();
        has_failed = scarce_end();
        desk_run(&desk, 1000);
        const struct roster *roster = coordinator_roster(desk.coordinator);
        if (roster->is_short) {
            CHECK(strcmp(roster->short_of, "gw-00") == 0 || strcmp(roster->short_of, "gw-01") == 0);
        }
        desk_lose(&desk);
        CHECK_INT_EQ(coordinator_roster(desk.coordinator)->node_count <= 2, 1);
        desk_connect(&desk);
        fleet_tell();
        desk_run(&desk, 1000);
        desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
        desk_run(&desk, 5000);
        CHECK(!coordinator_roster(desk.coordinator)->is_short);
        CHECK_INT_EQ(coordinator_roster(desk.coordinator)->node_count, 2);
        CHECK(coordinator_view(desk.coordinator, "db-1", &view));
        CHECK_INT_EQ(view.state->phase, ROLLOUT_ABORTED);
        CHECK(coordinator_view(desk.coordinator, "web-1", &view));
        CHECK_INT_EQ(view.state->matched, 2);
        CHECK_INT_EQ(desk_count(&desk, "gw-00/order/web"), 1);
        CHECK_INT_EQ(desk_count(&desk, "gw-01/order/web"), 0);
        desk_close(&desk);
    } while (has_failed);
    CHECK(failing > 10);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"kept", case_kept},
        {"new", case_new},
        {"key", case_key},
        {"start", case_start},
        {"documents", case_documents},
        {"release", case_release},
        {"order", case_order},
        {"roll", case_roll},
        {"any", case_any},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
