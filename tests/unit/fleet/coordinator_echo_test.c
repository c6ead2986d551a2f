/* coordinator_echo: an order that the broker took is waited for at the broker, each for its own
 * time; what is not shown is published again, as many as there are. */
#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/desk.h"

enum { MANY = 40 };

static struct desk desk;

static const char *order_topic(int node)
{
    static char topic[64];
    (void)snprintf(topic, sizeof topic, "gw-%02d/order/web", node);
    return topic;
}

/* So many nodes, each with its order on its way. */
static void begin(int nodes)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    spec.max_unavailable = MANY;
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    for (int i = 0; i < nodes; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "gw-%02d", i);
        desk_node(&desk, name);
    }
    desk_rollout(&desk, &spec);
    desk_run(&desk, 2000);
}

/* The broker says that it has it, and no more. */
static void take(int node)
{
    struct desk_publish *publish = desk_find(&desk, order_topic(node));
    CHECK(publish != NULL && !publish->is_answered);
    if (publish != NULL) {
        publish->is_answered = true;
        publish->done(publish->ctx, NULL);
    }
}

static void show(int node)
{
    const struct desk_publish *publish = desk_find(&desk, order_topic(node));
    char topic[80];
    (void)snprintf(topic, sizeof topic, "node/%s", order_topic(node));
    desk_hear(&desk, topic, span_of(publish->payload, publish->len), false);
}

/* Each at its own instant, whichever came between. */
static void case_each_in_time(void)
{
    begin(3);
    mono_ms from = desk.now;
    take(0);
    desk_step(&desk, 1000);
    take(1);
    show(1);
    desk_step(&desk, 1000);
    take(2);
    desk_step(&desk, 0);
    CHECK(coordinator_deadline(desk.coordinator) <= from + 5000);
    desk_run(&desk, from + 4999 - desk.now);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 3);
    desk_run(&desk, 1);
    CHECK_INT_EQ(desk_count(&desk, order_topic(0)), 2);
    CHECK_CONTAINS(desk.said, "the broker took the order of gw-00 and does not show it: it is "
                              "published again\n");
    desk_run(&desk, from + 6999 - desk.now);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 4);
    desk_run(&desk, 1);
    CHECK_INT_EQ(desk_count(&desk, order_topic(2)), 2);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 5);
    CHECK(strstr(desk.said, "the order of gw-01") == NULL);
    desk_close(&desk);
}

static void case_many(void)
{
    begin(MANY);
    mono_ms from = desk.now;
    for (int turn = 0; turn < 5; turn++) { /* not all are given in one turn */
        for (int i = 0; i < MANY; i++) {
            const struct desk_publish *publish = desk_find(&desk, order_topic(i));
            if (publish != NULL && !publish->is_answered) {
                take(i);
                if (i % 2 == 1) {
                    show(i);
                }
            }
        }
        desk_step(&desk, 100);
    }
    desk_run(&desk, from + 4999 - desk.now);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), MANY);
    desk_run(&desk, 2000);
    for (int turn = 0; turn < 3; turn++) { /* and now it shows them */
        desk_answer_all(&desk);
        desk_run(&desk, 1000);
    }
    desk_run(&desk, 20000);
    for (int i = 0; i < MANY; i++) {
        CHECK_INT_EQ(desk_count(&desk, order_topic(i)), i % 2 == 0 ? 2 : 1);
    }
    desk_close(&desk);
}

/* What was waited for in a session that is over is told by the reading of the next one. */
static void case_other_session(void)
{
    begin(1);
    take(0);
    desk_lose(&desk);
    desk_run(&desk, 500);
    desk.said[0] = '\0';
    desk_act(&desk);
    desk_run(&desk, 20000);
    CHECK(strstr(desk.said, "does not show it") == NULL);
    desk_close(&desk);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"each in time", case_each_in_time},
                                              {"many", case_many},
                                              {"other session", case_other_session}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
