/* kept: rollouts found, made, counted and removed, as many as come. */
#include <stdlib.h>

#include "agent/fleet/kept.h"
#include "tests/check.h"

enum { MANY = 100 };

static struct kept_table table;

static struct kept *made(int number)
{
    char id[NAME_BYTES];
    (void)snprintf(id, sizeof id, "r%03d", number);
    return kept_need(&table, id);
}

static void case_grows(void)
{
    for (int i = 0; i < MANY; i++) {
        struct kept *kept = made(i);
        CHECK(kept != NULL);
        CHECK_STR_EQ(kept->control.want, "run");
        CHECK_INT_EQ(kept->state.phase, ROLLOUT_RUNNING);
        CHECK(made(i) == kept);
    }
    CHECK_INT_EQ(table.count, MANY);
    CHECK(kept_find(&table, "r100") == NULL);
    CHECK_INT_EQ(kept_live_count(&table), 0); /* no spec has come */
    made(7)->spec.created = 1;
    made(8)->spec.created = 1;
    made(8)->state.phase = ROLLOUT_FINISHED;
    CHECK_INT_EQ(kept_live_count(&table), 1);
    kept_close(&table);
    CHECK_INT_EQ(table.count, 0);
}

/* The order in which they came stays, whichever goes. */
static void case_remove(void)
{
    static const int gone[] = {0, 5, MANY - 1};
    for (size_t row = 0; row < COUNT_OF(gone); row++) {
        for (int i = 0; i < MANY; i++) {
            made(i)->release = malloc(1);
        }
        kept_remove(&table, made(gone[row]));
        CHECK_INT_EQ(table.count, MANY - 1);
        for (size_t i = 1; i < table.count; i++) {
            CHECK(strcmp(table.list[i - 1]->spec.id, table.list[i]->spec.id) < 0);
        }
        struct kept stranger = {.spec = {.id = "r001"}};
        kept_remove(&table, &stranger);
        CHECK_INT_EQ(table.count, MANY - 1);
        kept_close(&table);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"grows", case_grows}, {"remove", case_remove}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
