/* coordinator_prune: 24 ended rollouts stay at the broker, the newest; of the others nothing is
 * left that nobody needs. */
#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/desk.h"

enum { KEPT = 24 };

static struct desk desk;

static void hear_ended(int number, wall_ms created, uint8_t release)
{
    char id[NAME_BYTES];
    (void)snprintf(id, sizeof id, "web-%02d", number);
    struct rollout_spec spec = desk_spec(id, "web", created);
    struct rollout_state state = {.phase = ROLLOUT_ABORTED};
    spec.release = desk_digest(release);
    memcpy(state.id, spec.id, sizeof state.id);
    desk_hear_state(&desk, &state);
    desk_hear_spec(&desk, &spec);
    (void)strcat(id, "/control");
    char topic[BUS_TOPIC_BYTES];
    (void)snprintf(topic, sizeof topic, "rollout/%s", id);
    desk_hear_text(&desk, topic, "{\"schema\":1,\"want\":\"abort\"}");
}

static size_t cleared(const char *ending)
{
    size_t count = 0;
    for (size_t i = 0; i < desk.publish_count; i++) {
        const struct desk_publish *publish = &desk.publishes[i];
        size_t len = strlen(publish->topic), tail = strlen(ending);
        count += publish->len == 0 && publish->is_retained && len >= tail &&
                 strcmp(publish->topic + len - tail, ending) == 0;
    }
    return count;
}

/* All releases are asked for; with the next step the end of the answer comes. */
static void begin_reading(void)
{
    desk_hear_presence(&desk, "gw-00", true);
    desk_step(&desk, 100);
    desk_filters_answer(&desk, NULL);
}

static void turn(void)
{
    begin_reading();
    desk_step(&desk, 100);
    desk_answer_all(&desk);
    desk_step(&desk, 100);
}

/* Exactly so many stay; the oldest goes, with everything that is its alone. */
static void case_bound(void)
{
    struct rollout_view view;
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    for (int i = 0; i < KEPT; i++) {
        hear_ended(i, DESK_WALL + (i == 3 ? -5 : i), (uint8_t)(10 + i));
    }
    turn();
    CHECK_INT_EQ(cleared(""), 0);
    hear_ended(KEPT, DESK_WALL + KEPT, 99);
    turn();
    CHECK_INT_EQ(cleared("rollout/web-03/spec"), 1);
    CHECK_INT_EQ(cleared("rollout/web-03/control"), 1);
    CHECK_INT_EQ(cleared("rollout/web-03/state"), 1);
    CHECK_INT_EQ(cleared("0d0d"), 1); /* its release, made of 13 */
    CHECK_INT_EQ(cleared(""), 4);
    CHECK(!coordinator_view(desk.coordinator, "web-03", &view));
    CHECK(coordinator_view(desk.coordinator, "web-00", &view));
    int spec = desk_index(&desk, "web-03/spec");
    CHECK(spec < desk_index(&desk, "web-03/control") && spec < desk_index(&desk, "web-03/state"));
    turn();
    CHECK_INT_EQ(cleared(""), 4);
    desk_close(&desk);
}

/* Live ones are not counted and never go. */
static void case_live_ones_stay(void)
{
    struct rollout_spec live = desk_spec("db-1", "db", DESK_WALL - 100);
    struct rollout_view view;
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_rollout(&desk, &live);
    for (int i = 0; i < KEPT; i++) {
        hear_ended(i, DESK_WALL + i, (uint8_t)(10 + i));
    }
    turn();
    CHECK_INT_EQ(cleared(""), 0);
    hear_ended(KEPT, DESK_WALL + KEPT, 99);
    turn();
    CHECK_INT_EQ(cleared("web-00/spec"), 1);
    CHECK(coordinator_view(desk.coordinator, "db-1", &view));
    desk_close(&desk);
}

/* A release that another rollout has, whichever, or an order names, stays. */
static void case_shared_release(void)
{
    enum { OLDEST = 5, SHARERS = 3 };
    static const int sharer[SHARERS] = {0, OLDEST + 1, KEPT};
    for (int row = 0; row <= SHARERS; row++) {
        struct order order = {.id = "00000000000000aa",
                              .fleet = "sim",
                              .node = "gw-00",
                              .app = "web",
                              .epoch = 1,
                              .gen = 1,
                              .issued = 7};
        order.release = desk_digest(10);
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_act(&desk);
        if (row == SHARERS) {
            (void)text_copy(order.app, sizeof order.app, "db"); /* not its only app */
            desk_hear_order(&desk, "gw-00", "db", &order, SEAL_PEM_TRUSTED);
            order.release = desk_digest(200);
            (void)text_copy(order.app, sizeof order.app, "web");
            desk_hear_order(&desk, "gw-00", "web", &order, SEAL_PEM_TRUSTED);
        }
        for (int i = 0; i <= KEPT; i++) {
            bool is_sharing = i == OLDEST || (row < SHARERS && i == sharer[row]);
            hear_ended(i, DESK_WALL + (i == OLDEST ? -1 : i), (uint8_t)(is_sharing ? 10 : 11 + i));
        }
        turn();
        CHECK_INT_EQ(cleared("web-05/spec"), 1);
        CHECK_INT_EQ(cleared("0a0a"), 0);
        CHECK_INT_EQ(cleared(""), 3);
        desk_close(&desk);
    }
}

/* One whose spec is gone already has no instant: it is the oldest, and its release is unknown. */
static void case_without_spec(void)
{
    struct rollout_state state = {.id = "odd", .phase = ROLLOUT_ABORTED};
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    for (int i = 0; i < KEPT; i++) {
        hear_ended(i, DESK_WALL + i, (uint8_t)(10 + i));
    }
    desk_hear_state(&desk, &state);
    turn();
    CHECK_INT_EQ(cleared("odd/spec"), 1);
    CHECK_INT_EQ(cleared("odd/state"), 1);
    CHECK_INT_EQ(cleared(""), 3);
    desk_close(&desk);
}

/* With three places free none goes, with the fourth one does, and whole. */
static void case_places_exactly(void)
{
    for (size_t taken = 13; taken <= 14; taken++) {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_act(&desk);
        for (int i = 0; i < KEPT + 1; i++) {
            hear_ended(i, DESK_WALL + i, (uint8_t)(10 + i));
        }
        begin_reading();
        /* What lies over the claim is answered with the claim, each time in a place of its own; one
         * place is the claim's. */
        for (size_t i = 0; i < taken; i++) {
            desk_hear_claim(&desk, 0, "0000000000000001", false);
        }
        CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 1 + taken);
        desk_step(&desk, 100);
        CHECK_INT_EQ(cleared(""), taken == 13 ? 4 : 0);
        desk_answer_all(&desk);
        desk_step(&desk, 100);
        CHECK_INT_EQ(cleared(""), 4);
        desk_close(&desk);
    }
}

/* A rollout goes only when all its four topics find a place. */
static void case_needs_places(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    for (int i = 0; i < KEPT + 6; i++) {
        hear_ended(i, DESK_WALL + i, (uint8_t)(10 + i));
    }
    begin_reading();
    size_t before = desk.publish_count;
    desk_step(&desk, 100);
    CHECK_INT_EQ(desk.publish_count - before, 16); /* four at once, of the six */
    CHECK_INT_EQ(cleared("/spec"), 4);
    desk_answer_all(&desk);
    desk_step(&desk, 100);
    CHECK_INT_EQ(cleared("/spec"), 6);
    desk_close(&desk);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"bound", case_bound},
        {"live ones stay", case_live_ones_stay},
        {"shared release", case_shared_release},
        {"without spec", case_without_spec},
        {"needs places", case_needs_places},
        {"places exactly", case_places_exactly},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
