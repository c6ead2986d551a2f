/* engine_hints: what a watch is told. A hint proves nothing, and none may be missing for long on an
 * engine that is well. */
#include "tests/check.h"
#include "tests/contract/engine_call.h"
#include "tests/contract/engine_parts.h"

#define HASH         "io.berth.spec=0123456789abcdef"
#define HINT_MS_MAX  5000 /* of a busy machine; the agent's promise is a second */
#define QUIET_MS     600
#define STREAM_TRIES 40

static const struct engine_fixture *fixture;
static unsigned hints, others;

static void on_hint(void *ctx)
{
    unsigned *count = ctx;
    ++*count;
}

static int watch(engine_hint hint, void *ctx)
{
    struct err err;
    return fixture->engine.ops->watch(fixture->engine.self, fixture->node, hint, ctx, &err);
}

static void pass(int64_t for_ms)
{
    mono_ms end = fixture->now(fixture->self) + for_ms;
    while (fixture->now(fixture->self) < end) {
        fixture->pump(fixture->self);
    }
}

/* What was said until now is heard. */
static void forget(void)
{
    pass(QUIET_MS);
    hints = 0;
}

static bool is_hinted(void)
{
    mono_ms end = fixture->now(fixture->self) + HINT_MS_MAX;
    while (hints == 0 && fixture->now(fixture->self) < end) {
        fixture->pump(fixture->self);
    }
    return hints > 0;
}

/* A container that runs, watched by a stream that is known to be open. */
static const char *begin(unsigned n)
{
    struct parts parts;
    parts_fill(&parts, IMAGE_SLEEPS, n, HASH);
    const char *id = parts_make(&parts);
    hints = 0;
    CHECK_INT_EQ(watch(on_hint, &hints), 0);
    for (int i = 0; i < STREAM_TRIES && hints == 0; i++) {
        CHECK_INT_EQ(engine_do_start(fixture, id), 0);
        pass(QUIET_MS);
        if (hints == 0) {
            CHECK_INT_EQ(engine_do_stop(fixture, id, 0), 0);
            pass(QUIET_MS);
        }
    }
    CHECK(hints > 0);
    CHECK_INT_EQ(engine_do_start(fixture, id), 0);
    forget();
    return id;
}

static void end(void)
{
    parts_clean();
    CHECK_INT_EQ(watch(NULL, NULL), 0);
}

static void what_happens_is_hinted(void)
{
    const char *id = begin(1);
    fixture->kill_main(fixture->self, id);
    CHECK(is_hinted());
    forget();
    CHECK_INT_EQ(engine_do_start(fixture, id), 0);
    CHECK(is_hinted());
    forget();
    fixture->disconnect(fixture->self, id);
    CHECK(is_hinted());
    forget();
    CHECK_INT_EQ(engine_do_remove(fixture, id), 0);
    CHECK(is_hinted());
    end();
}

static void quiet_is_quiet(void)
{
    const char *id = begin(2);
    struct engine_result result;
    CHECK_INT_EQ(engine_do_list(fixture, &result), 0);
    CHECK_INT_EQ(engine_do_exec(fixture, id, fixture->exec_seven, 20000, &result), 0);
    pass(QUIET_MS);
    CHECK_INT_EQ(hints, 0); /* neither looking nor asking inside is news */
    end();
}

/* The stream breaks with the engine and comes back with it. */
static void an_engine_that_was_away_is_watched_again(void)
{
    const char *id = begin(3);
    struct engine_result result;
    fixture->hide(fixture->self, true);
    pass(QUIET_MS);
    CHECK_INT_EQ(engine_do_list(fixture, &result), ERR_ENGINE_GONE);
    fixture->hide(fixture->self, false);
    CHECK_INT_EQ(engine_do_list(fixture, &result), 0); /* whoever asks next finds the version */
    pass(2000);
    forget();
    fixture->kill_main(fixture->self, id);
    CHECK(is_hinted());
    end();
}

static void a_watch_takes_the_place_of_another(void)
{
    const char *id = begin(4);
    others = 0;
    CHECK_INT_EQ(watch(on_hint, &others), 0);
    fixture->kill_main(fixture->self, id);
    pass(QUIET_MS);
    CHECK_INT_EQ(hints, 0);
    CHECK(others > 0);
    CHECK_INT_EQ(watch(NULL, NULL), 0);
    others = 0;
    CHECK_INT_EQ(engine_do_start(fixture, id), 0);
    pass(QUIET_MS);
    CHECK_INT_EQ(hints + others, 0);
    end();
}

static void a_name_that_is_too_long_is_refused(void)
{
    char node[ENGINE_LABEL_BYTES + 1];
    struct err err;
    memset(node, 'n', sizeof node);
    node[ENGINE_LABEL_BYTES] = '\0';
    CHECK_INT_EQ(fixture->engine.ops->watch(fixture->engine.self, node, on_hint, &hints, &err),
                 ERR_LIMIT);
    node[ENGINE_LABEL_BYTES - 1] = '\0';
    CHECK_INT_EQ(fixture->engine.ops->watch(fixture->engine.self, node, NULL, NULL, &err), 0);
}

int engine_hints_run(const struct engine_fixture *given, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"what_happens_is_hinted", what_happens_is_hinted},
        {"quiet_is_quiet", quiet_is_quiet},
        {"an_engine_that_was_away_is_watched_again", an_engine_that_was_away_is_watched_again},
        {"a_watch_takes_the_place_of_another", a_watch_takes_the_place_of_another},
        {"a_name_that_is_too_long_is_refused", a_name_that_is_too_long_is_refused},
    };
    fixture = given;
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
