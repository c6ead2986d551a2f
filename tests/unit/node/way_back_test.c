/* way_back_test: the look for the image of the release before: when it is made, what each answer
 * means, and what is said of it. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

static struct engine_image image; /* the one that release 2 was signed for */

/* Release 1 serves; 2 was before it, and none of its containers is there. */
static struct app *begin(void)
{
    struct app *app = desk_open();
    (void)desk_plan(app, 1);
    struct plan_service *service = &desk_plan(app, 2)->services[0];
    memset(&service->config, 7, sizeof service->config);
    image = (struct engine_image){.id = service->config, .arch = "amd64", .proofs = 1};
    app->memory.committed = desk_generation(1, 3);
    app->memory.history[0] = desk_generation(2, 2);
    desk.has_images = true;
    desk.conductor->is_dirty = false;
    return app;
}

static void look(struct app *app)
{
    desk_clear();
    CHECK(way_back_look(app));
    CHECK_INT_EQ(desk.call_count, 1);
    CHECK(app->way_back.is_looking);
}

static void answers(void)
{
    const struct engine_answer answer = {.image = &image};
    struct app *app = begin();
    look(app);
    CHECK_INT_EQ(app->way_back.release.bytes[0], 2);
    desk.conductor->is_dirty = false;
    desk_answer(0, ERR_NOT_FOUND, &answer);
    CHECK(app->way_back.is_known && app->way_back.is_gone && !app->way_back.is_looking);
    CHECK(desk.conductor->is_dirty);
    CHECK(!desk.conductor->calls.list[0].is_used);
    CHECK_STR_EQ(desk.log, "w web: no way back: the image of the release before (020000000000) is "
                           "gone from the engine; load it by hand (docker load)\n");
    look(app);
    desk_answer(0, ERR_NOT_FOUND, &answer);
    CHECK_STR_EQ(desk.log, ""); /* said */
    look(app);
    desk_answer(0, ERR_ENGINE_GONE, &answer); /* says nothing */
    CHECK(app->way_back.is_known && app->way_back.is_gone);
    CHECK_STR_EQ(desk.log, "");
    /* Another release has come between: its image is not that of the one before. */
    look(app);
    app->memory.history[0] = desk_generation(1, 1);
    desk_answer(0, 0, &answer);
    CHECK(app->way_back.is_gone && !app->way_back.is_looking);
    CHECK_STR_EQ(desk.log, "");
    desk_close();
}

/* One look at a time, of what is there to be looked for. */
static void one_at_a_time(void)
{
    struct app *app = begin();
    look(app);
    CHECK(way_back_look(app)); /* its answer is on the way */
    CHECK_INT_EQ(desk.call_count, 1);
    desk_answer(0, ERR_NOT_FOUND, NULL);
    app->memory.history[0] = desk_generation(3, 1); /* another: nothing is known of it */
    (void)desk_plan(app, 3);
    look(app);
    CHECK_INT_EQ(app->way_back.release.bytes[0], 3);
    CHECK(!app->way_back.is_known && !app->way_back.is_gone);
    desk_answer(0, ERR_ENGINE_GONE, NULL);
    desk.refusal = ERR_BUSY;
    CHECK(!way_back_look(app));
    CHECK(!app->way_back.is_looking && !desk.conductor->calls.list[0].is_used);
    desk.refusal = 0;
    while (call_take(desk.conductor, NULL, ACTION_COUNT) != NULL) {
    }
    CHECK(!way_back_look(app)); /* no call is free, and none is on its way */
    CHECK(!app->way_back.is_looking);
    desk_close();
}

/* Its containers need no image; without a release before there is nothing to look for. */
static void nothing_to_look_for(void)
{
    struct app *app = begin();
    app->way_back.is_known = app->way_back.is_gone = true;
    app->way_back.release = app->memory.history[0].release;
    session_need(&app->session, 2, 0, 1)->is_present = true;
    CHECK(!way_back_look(app));
    CHECK(!app->way_back.is_known);
    app->session.replicas[0].is_present = false;
    look(app);
    desk_answer(0, ERR_NOT_FOUND, NULL);
    app->memory.history[0].gen = 0;
    CHECK(!way_back_look(app));
    desk_close();
}

/* At rest and now and then, the engine being there. */
static void times(void)
{
    struct app *app = begin();
    desk_clear();
    app->memory.phase = SWAP_PREPARE;
    desk.conductor->engine.is_up = true;
    way_back_step(app);
    app->memory.phase = SWAP_REST;
    desk.conductor->engine.is_up = false;
    way_back_step(app);
    CHECK(digest_is_none(&app->way_back.release));
    desk.conductor->engine.is_up = true;
    way_back_step(app);
    CHECK_INT_EQ(app->way_back.release.bytes[0], 2);
    mono_ms first = app->way_back.look_at;
    CHECK(first > desk.now);
    desk.now = first - 1;
    way_back_step(app);
    CHECK_INT_EQ(desk.call_count, 0);
    desk.now = first;
    way_back_step(app);
    CHECK_INT_EQ(desk.call_count, 1);
    CHECK(app->way_back.look_at > first);
    desk_answer(0, ERR_NOT_FOUND, NULL);
    way_back_step(app);
    CHECK_INT_EQ(desk.call_count, 1);
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"answers", answers},
        {"one at a time", one_at_a_time},
        {"nothing to look for", nothing_to_look_for},
        {"times", times},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
