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

/* Bytes of their own; none are held as none, and that is no failure. */
static void case_bytes(void)
{
    struct kept_bytes bytes = {.data = NULL};
    char word[] = "abc";
    CHECK(kept_bytes_set(&bytes, span_text(word)));
    word[0] = 'x';
    CHECK(bytes.len == 3 && memcmp(bytes.data, "abc", 3) == 0);
    CHECK(kept_bytes_set(&bytes, span_text("")));
    CHECK(bytes.data == NULL && bytes.len == 0);
    CHECK(kept_bytes_set(&bytes, span_text("de")));
    CHECK(bytes.len == 2 && memcmp(bytes.data, "de", 2) == 0);
    kept_bytes_free(&bytes);
    CHECK(bytes.data == NULL && bytes.len == 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"grows", case_grows}, {"remove", case_remove}, {"bytes", case_bytes}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
