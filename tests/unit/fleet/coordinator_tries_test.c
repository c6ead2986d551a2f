/* coordinator_tries: where a rollout tries again by itself, its orders remember how often. */
#include "tests/check.h"
#include "tests/sim/seal.h"
#include "tests/unit/fleet/desk.h"

static struct desk desk;

/* The last digit of an order's id counts the tries of its rollout, where that tries again by
 * itself: what follows an order that failed, for each digit it may end with. */
static void case_tries(void)
{
    static const struct {
        const char *id, *rollout;
        uint32_t retries;
        char next; /* '-': none is given; '*': any digit */
    } rows[] = {{"abcdefabcdefabc0", "web-1", 15, '1'}, {"abcdefabcdefabc3", "web-1", 15, '4'},
                {"abcdefabcdefabc9", "web-1", 15, 'a'}, {"abcdefabcdefabce", "web-1", 15, 'f'},
                {"abcdefabcdefabcf", "web-1", 15, '-'}, {"abcdefabcdefabc2", "web-1", 3, '3'},
                {"abcdefabcdefabc3", "web-1", 3, '-'},  {"abcdefabcdefabc7", "web-0", 3, '0'},
                {"abcdefabcdefabc7", "web-0", 0, '*'}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int failures = check_failures_;
        struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
        struct report report = desk_report("gw-00", 1);
        struct order held = {.fleet = "sim",
                             .node = "gw-00",
                             .app = "web",
                             .epoch = 1,
                             .gen = 7,
                             .release = desk_digest(2),
                             .before = desk_digest(1),
                             .issued = DESK_WALL + 1,
                             .start_by = DESK_WALL + 2};
        (void)text_copy(held.id, sizeof held.id, rows[i].id);
        (void)text_copy(held.rollout, sizeof held.rollout, rows[i].rollout);
        rollout_failure_default(&spec.shape.failure);
        spec.shape.failure.is_given = true;
        spec.shape.failure.ratio = 100;
        spec.shape.failure.retries[ROLLOUT_CLASS_FAILED] = rows[i].retries;
        struct report_app *app = &report.apps[0];
        app->order_epoch = 1;
        app->order_gen = 7;
        (void)text_copy(app->order_id, sizeof app->order_id, rows[i].id);
        app->outcome_count = 1;
        app->outcomes[0].kind = OUTCOME_FAILED;
        (void)text_copy(app->outcomes[0].id, sizeof app->outcomes[0].id, rows[i].id);
        (void)text_copy(app->outcomes[0].reason, sizeof app->outcomes[0].reason, "crashed");
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_act(&desk);
        desk_rollout(&desk, &spec);
        desk_hear_order(&desk, "gw-00", "web", &held, SEAL_PEM_TRUSTED);
        desk_hear_report(&desk, "gw-00", &report);
        desk_hear_presence(&desk, "gw-00", true);
        desk_step(&desk, 1000);
        struct desk_publish *publish = desk_find(&desk, "gw-00/order/web");
        CHECK((publish == NULL) == (rows[i].next == '-'));
        if (publish != NULL) {
            struct order order = desk_order_of(publish);
            CHECK_INT_EQ(order.gen, 8);
            CHECK(rows[i].next == '*' || order.id[15] == rows[i].next);
            CHECK(strncmp(order.id, rows[i].id, 15) != 0);
        }
        desk_close(&desk);
        if (check_failures_ != failures) {
            printf("    at %s of %s\n", rows[i].id, rows[i].rollout);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"tries", case_tries}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
