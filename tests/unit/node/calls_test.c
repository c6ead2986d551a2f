/* calls_test: the table of calls at its edges; no app's questions take another app's places. */
#include "agent/node/calls.h"

#include "tests/check.h"

static struct calls calls;
static char places[2];

static struct app *app(size_t i)
{
    return (struct app *)(void *)&places[i]; /* only told apart */
}

static size_t probes_taken(struct app *of, size_t apps, bool is_exec)
{
    size_t count = 0;
    while (calls_take_probe(&calls, of, apps, is_exec) != NULL) {
        count++;
    }
    return count;
}

static void case_full(void)
{
    calls = (struct calls){0};
    for (size_t i = 0; i < CALLS_MAX; i++) {
        struct call *call = calls_take(&calls, app(0), ACTION_STOP);
        CHECK(call == &calls.list[i] && call->is_used && call->app == app(0));
    }
    CHECK(calls_take(&calls, NULL, ACTION_COUNT) == NULL);
    calls.list[5].gen = 9;
    call_drop(&calls.list[5]);
    struct call *again = calls_take(&calls, NULL, ACTION_PULL);
    CHECK(again == &calls.list[5] && again->gen == 0 && again->kind == ACTION_PULL);
}

/* Of sixteen apps each has the places kept for it, whatever hangs of one. */
static void case_probes(void)
{
    static const struct {
        bool is_exec;
        size_t places, kept;
    } rows[] = {{false, PROBE_PLACES, PROBE_PLACES_KEPT},
                {true, PROBE_EXEC_PLACES, PROBE_EXEC_PLACES_KEPT}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        calls = (struct calls){0};
        CHECK_INT_EQ(probes_taken(app(0), 1, rows[i].is_exec), rows[i].places);
        calls = (struct calls){0};
        CHECK_INT_EQ(probes_taken(app(0), APPS_MAX, rows[i].is_exec),
                     rows[i].places - (APPS_MAX - 1) * rows[i].kept);
        CHECK_INT_EQ(probes_taken(app(1), APPS_MAX, rows[i].is_exec), rows[i].kept);
        CHECK(calls_take(&calls, app(0), ACTION_STOP) != NULL); /* others have calls, too */
    }
}

static void case_kinds_apart(void)
{
    calls = (struct calls){0};
    CHECK_INT_EQ(probes_taken(app(0), 1, true), PROBE_EXEC_PLACES);
    CHECK_INT_EQ(probes_taken(app(0), 1, false), PROBE_PLACES);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"full", case_full},
        {"probes", case_probes},
        {"kinds apart", case_kinds_apart},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
