/* cause: a candidate that fails leaves its cause: in the story, the status, the history, and as one
 * stopped container until the next swap begins. */
#include <stdio.h>
#include <stdlib.h>

#include "ports/app/control/scan.h"
#include "agent/wire/json.h"
#include "tests/check.h"
#include "tests/sim/gateway.h"

#define SETTLE_SECONDS_MAX 300
#define TRACE_BYTES        (1u << 20)

struct scene {
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
    char words[6000];
    char text[65536];
};

static bool settle(struct scene *scene)
{
    for (int second = 0; second < SETTLE_SECONDS_MAX; second++) {
        gateway_run(&scene->gateway, 1000);
        if (scene->gateway.agent != NULL && conductor_is_settled(scene->gateway.agent)) {
            return true;
        }
    }
    return false;
}

static struct scene *scene_open(void)
{
    static const enum release_name used[] = {RELEASE_V1, RELEASE_V2, RELEASE_STILLBORN,
                                             RELEASE_SILENT, RELEASE_ABSENT};
    struct scene *scene = calloc(1, sizeof *scene);
    if (scene == NULL) {
        abort();
    }
    releases_make(&scene->releases);
    gateway_open(&scene->gateway, 5, &scene->releases, used, COUNT_OF(used), "cause", scene->trace,
                 sizeof scene->trace);
    return scene;
}

static void scene_close(struct scene *scene)
{
    sim_checker_rest(&scene->gateway.machine.checker);
    CHECK_INT_EQ(scene->gateway.machine.checker.breaches, 0);
    CHECK_STR_EQ(scene->gateway.machine.checker.first, "");
    gateway_close(&scene->gateway);
    free(scene);
}

static struct sim_image *image_of_release(struct scene *scene, enum release_name name)
{
    struct sim_engine *engine = &scene->gateway.machine.engine;
    for (size_t i = 0; i < engine->image_count; i++) {
        if (strcmp(engine->images[i].reference, scene->releases.made[name].reference) == 0) {
            return &engine->images[i];
        }
    }
    abort();
}

static size_t count_containers(struct scene *scene, enum release_name name)
{
    size_t count = 0;
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        const struct sim_container *container = &scene->gateway.machine.engine.containers[i];
        if (container->is_used &&
            digest_is_equal(&container->seen.release, &scene->releases.made[name].digest)) {
            CHECK_INT_EQ(container->seen.state == ENGINE_RUNNING, 0);
            CHECK(!container->seen.keeps_running);
            count++;
        }
    }
    return count;
}

static void check_is_json(const char *data, size_t len)
{
    const struct json_rules rules = {.bytes_max = 65536};
    struct json_document document;
    struct err err = {0};
    CHECK_INT_EQ(json_parse(span_of(data, len), &rules, &document, &err), 0);
    CHECK_STR_EQ(err.text, "");
    if (err.code == 0) {
        json_free(&document);
    }
}

/* The cause in the story, the story kept in scene->text. */
static struct span story_cause(struct scene *scene)
{
    char app[NAME_BYTES];
    struct text text;
    struct span cause = {0};
    text_init(&text, scene->text, STORY_BYTES_MAX);
    CHECK(conductor_story(scene->gateway.agent, app, &text));
    CHECK(!text.cut);
    check_is_json(text.data, text.len);
    CHECK(scan_member(span_of(text.data, text.len), "cause", &cause));
    return cause;
}

static void check_text(struct span cause, const char *key, const char *part)
{
    char data[512];
    (void)scan_member_text(cause, key, data, sizeof data);
    if (strstr(data, part) == NULL) {
        CHECK_STR_EQ(data, part);
    }
}

static void case_first_deployment(void)
{
    struct scene *scene = scene_open();
    struct sim_image *image = image_of_release(scene, RELEASE_STILLBORN);
    image->app.output = "starting\nno such table: readings\n";
    image->app.exit_code = 78;
    image->app.is_greedy = true;
    CHECK_INT_EQ(gateway_activate(&scene->gateway, RELEASE_STILLBORN), 0);
    CHECK(settle(scene));
    CHECK_INT_EQ(count_containers(scene, RELEASE_STILLBORN), 1);
    struct span cause = story_cause(scene);
    CHECK_INT_EQ(scan_member_integer(cause, "exitCode", -1), 78);
    CHECK(scan_member_bool(cause, "outOfMemory"));
    CHECK(scan_member_bool(cause, "examined"));
    check_text(cause, "state", "exited");
    check_text(cause, "output", "no such table: readings");
    CHECK_INT_EQ(scan_member_integer(cause, "outputLeftOut", -1), 0);
    scene_close(scene);
}

/* Of what does not fit the oldest is left out, and how much; bytes of no character are replaced. */
static void case_long_output(void)
{
    struct scene *scene = scene_open();
    struct sim_image *image = image_of_release(scene, RELEASE_STILLBORN);
    for (size_t i = 0; i < sizeof scene->words - 1; i++) {
        scene->words[i] = (char)(i % 3 == 0 ? 0xff : i % 3 == 1 ? '\n' : '"');
    }
    memcpy(scene->words + sizeof scene->words - 12, "the reason\n", 11);
    image->app.output = scene->words;
    CHECK_INT_EQ(gateway_activate(&scene->gateway, RELEASE_STILLBORN), 0);
    CHECK(settle(scene));
    struct span cause = story_cause(scene);
    struct span output;
    CHECK(scan_member(cause, "output", &output));
    CHECK(output.len > 4000);
    CHECK(memmem(output.data, output.len, "the reason", 10) != NULL);
    CHECK(scan_member_bool(cause, "outputCut"));
    CHECK(scan_member_integer(cause, "outputLeftOut", 0) > 0);
    scene_close(scene);
}

/* What was asked and what came, of a candidate that never got ready; then the next swap. */
static void case_probes_and_next_swap(void)
{
    struct scene *scene = scene_open();
    struct text text;
    struct err err;
    struct span list;
    struct span probe = {0};
    size_t at = 0;
    CHECK_INT_EQ(gateway_activate(&scene->gateway, RELEASE_V1), 0);
    CHECK(settle(scene));
    CHECK_INT_EQ(gateway_activate(&scene->gateway, RELEASE_SILENT), 0);
    CHECK(settle(scene));
    CHECK_INT_EQ(count_containers(scene, RELEASE_SILENT), 1);
    struct span cause = story_cause(scene);
    CHECK(scan_member(cause, "probes", &list) && scan_element(list, &at, &probe));
    check_text(probe, "asked", "GET http://198.18.");
    check_text(probe, "came", "503");
    CHECK(scan_member_integer(probe, "inARow", 0) > 1);
    text_init(&text, scene->text, sizeof scene->text);
    conductor_status(scene->gateway.agent, &text);
    check_is_json(text.data, text.len);
    CHECK(strstr(text.data, "\"lastLine\":\"started\"") != NULL);
    text_init(&text, scene->text, sizeof scene->text);
    CHECK_INT_EQ(conductor_history(scene->gateway.agent, "web", &text, &err), 0);
    check_is_json(text.data, text.len);
    CHECK(strstr(text.data, "\"output\":\"started") != NULL);
    gateway_kill(&scene->gateway); /* a new agent finds the evidence and leaves it */
    CHECK(settle(scene));
    CHECK_INT_EQ(count_containers(scene, RELEASE_SILENT), 1);
    CHECK_INT_EQ(gateway_activate(&scene->gateway, RELEASE_V2), 0);
    CHECK(settle(scene));
    CHECK_INT_EQ(count_containers(scene, RELEASE_SILENT), 0);
    scene_close(scene);
}

/* The engine cannot say how it ended: the story comes all the same, and says so. */
static void case_engine_does_not_say(void)
{
    struct scene *scene = scene_open();
    struct sim_faults *faults = &scene->gateway.machine.world.faults;
    faults->of[SIM_OP_ENGINE_MORTEM] = SIM_FAULT(1, 1000, SIM_FATE_FAIL);
    CHECK_INT_EQ(gateway_activate(&scene->gateway, RELEASE_STILLBORN), 0);
    CHECK(settle(scene));
    struct span cause = story_cause(scene);
    CHECK_INT_EQ(scan_member_integer(cause, "exitCode", -1), -1);
    check_text(cause, "outputUnread", "500");
    scene_close(scene);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"first deployment", case_first_deployment},
                                              {"long output", case_long_output},
                                              {"probes and next swap", case_probes_and_next_swap},
                                              {"engine does not say", case_engine_does_not_say}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
