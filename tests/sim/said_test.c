/* said: what a node says of itself, to its tools and to the fleet, in each state it can be in; a
 * text is looked at member by member, so that one more does no harm. */
#include <stdio.h>
#include <stdlib.h>

#include "ports/sim/hands.h"
#include "tests/check.h"
#include "tests/sim/gateway.h"
#include "tests/sim/sealed.h"

#define TRACE_BYTES (1u << 20)

struct story {
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
    char text[65536], hex[RELEASE_COUNT][DIGEST_HEX_BYTES];
};

static const enum release_name used[] = {RELEASE_V1,       RELEASE_V2,    RELEASE_V3,
                                         RELEASE_SLOW,     RELEASE_DEAF,  RELEASE_PAIR1,
                                         RELEASE_CRASHING, RELEASE_FADING};

static bool settle(struct story *story)
{
    for (int second = 0; second < 300; second++) {
        gateway_run(&story->gateway, 1000);
        if (story->gateway.agent != NULL && conductor_is_settled(story->gateway.agent)) {
            return true;
        }
    }
    return false;
}

static void deploy(struct story *story, enum release_name name)
{
    CHECK_INT_EQ(gateway_activate(&story->gateway, name), 0);
    CHECK(settle(story));
}

static struct story *story_open(void)
{
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    for (size_t i = 0; i < RELEASE_COUNT; i++) {
        digest_render(&story->releases.made[i].digest, story->hex[i]);
    }
    gateway_open(&story->gateway, 17, &story->releases, used, COUNT_OF(used), "said", story->trace,
                 sizeof story->trace);
    return story;
}

static void story_close(struct story *story)
{
    if (getenv("TRACE") != NULL) {
        printf("%s", story->trace);
    }
    gateway_close(&story->gateway);
    free(story);
}

static const char *status(struct story *story)
{
    struct text text;
    text_init(&text, story->text, sizeof story->text);
    conductor_status(story->gateway.agent, &text);
    CHECK(!text.cut);
    return story->text;
}

static const char *history(struct story *story)
{
    struct text text;
    text_init(&text, story->text, sizeof story->text);
    CHECK_INT_EQ(conductor_history(story->gateway.agent, "web", &text, NULL), 0);
    return story->text;
}

static const char *events(struct story *story, uint64_t after)
{
    struct text text;
    text_init(&text, story->text, sizeof story->text);
    conductor_events(story->gateway.agent, after, &text);
    return story->text;
}

static struct report *report(struct story *story)
{
    static struct report made;
    conductor_report(story->gateway.agent, &made);
    return &made;
}

static unsigned count_of(const char *text, const char *piece)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, piece)) != NULL; at++) {
        count++;
    }
    return count;
}

/* The text has this, made with one of the releases' digests. */
static void check_release(struct story *story, const char *text, const char *before,
                          enum release_name name, const char *after)
{
    char wanted[400];
    (void)snprintf(wanted, sizeof wanted, "%s\"%s\"%s", before, story->hex[name], after);
    CHECK_CONTAINS(text, wanted);
}

/* Nothing deployed: it is so said, and nothing is settled that is not. */
static void test_empty(void)
{
    struct story *story = story_open();
    const char *text = status(story);
    CHECK_CONTAINS(text, "{\"schema\":1,\"node\":\"said\",\"version\":\"0.1.0\",");
    CHECK_CONTAINS(text, "\"memoryLost\":false");
    CHECK_CONTAINS(text, "\"storeFailed\":false");
    CHECK_CONTAINS(text, "\"up\":false");
    CHECK_CONTAINS(text, "\"apps\":[]}");
    gateway_run(&story->gateway, 10000);
    text = status(story);
    CHECK_CONTAINS(text, "\"settled\":true");
    CHECK_CONTAINS(text, "\"up\":true");
    struct report *told = report(story);
    CHECK_STR_EQ(told->fleet, "sim");
    CHECK_STR_EQ(told->node, "said");
    CHECK_STR_EQ(told->version, "0.1.0");
    CHECK_STR_EQ(told->arch, "amd64");
    CHECK(told->is_engine_up && !told->is_memory_lost && !told->is_store_failing);
    CHECK_INT_EQ(told->trust_version, 1);
    CHECK_INT_EQ(told->revoke_version, 1);
    CHECK_INT_EQ(told->schema_release, 1);
    CHECK_INT_EQ(told->schema_order, 1);
    CHECK_INT_EQ(told->app_count, 0);
    CHECK_INT_EQ(told->label_count, 0);
    CHECK(!conductor_is_changing(story->gateway.agent));
    struct text out;
    struct err err = {0};
    text_init(&out, story->text, sizeof story->text);
    CHECK_INT_EQ(conductor_history(story->gateway.agent, "web", &out, &err), ERR_NOT_FOUND);
    CHECK_CONTAINS(err.text, "no app web on this node");
    story_close(story);
}

/* At rest after two releases. */
static void test_at_rest(void)
{
    struct story *story = story_open();
    deploy(story, RELEASE_V1);
    deploy(story, RELEASE_V2);
    gateway_run(&story->gateway, 30000); /* the one before was warm for a while */
    const char *text = status(story);
    CHECK_CONTAINS(text, "\"settled\":true");
    CHECK_CONTAINS(text,
                   "{\"app\":\"web\",\"phase\":\"rest\",\"committed\":{\"gen\":2,\"release\":");
    check_release(story, text, "\"committed\":{\"gen\":2,\"release\":", RELEASE_V2,
                  ",\"sequence\":20,\"version\":\"v2\"}");
    CHECK_CONTAINS(text, ",\"candidate\":null");
    check_release(story, text, ",\"previous\":{\"gen\":1,\"release\":", RELEASE_V1,
                  ",\"sequence\":10");
    check_release(story, text, ",\"wanted\":", RELEASE_V2, ",\"wantedBy\":\"override\"");
    CHECK_CONTAINS(text, "\"floor\":10,\"attempts\":0,\"verdict\":\"good\",\"verdictGen\":2,"
                         "\"reason\":\"soaked\",\"soakRemainingMs\":0");
    check_release(story, text, "\"verdicts\":2,\"verdictRelease\":", RELEASE_V2, "");
    CHECK_CONTAINS(text, "\"order\":\"start-first\",\"orderReason\":\"it publishes a port");
    CHECK_CONTAINS(text, "{\"gen\":2,\"replica\":1,\"state\":\"running\",\"ready\":true,"
                         "\"health\":\"ready\",\"healthReason\":\"answered\","
                         "\"routed\":true,\"address\":\"198.18.");
    CHECK_CONTAINS(text, "{\"gen\":1,\"replica\":1,\"state\":\"exited\",\"ready\":false,"
                         "\"health\":\"not-ready\",\"healthReason\":\"exited\","
                         "\"routed\":false,\"address\":\"198.18.");
    CHECK_INT_EQ(count_of(text, "\"replica\":"), 2);
    struct report *told = report(story);
    const struct report_app *app = &told->apps[0];
    CHECK_INT_EQ(told->app_count, 1);
    CHECK_STR_EQ(app->app, "web");
    CHECK_STR_EQ(app->phase, "rest");
    CHECK_INT_EQ(app->committed.gen, 2);
    CHECK_INT_EQ(app->committed.sequence, 20);
    CHECK_STR_EQ(app->committed.version, "v2");
    CHECK(digest_is_equal(&app->committed.release, &story->releases.made[RELEASE_V2].digest));
    CHECK_INT_EQ(app->candidate.gen, 0);
    CHECK_STR_EQ(app->candidate.version, "");
    CHECK(digest_is_equal(&app->wanted, &story->releases.made[RELEASE_V2].digest));
    CHECK_STR_EQ(app->wanted_by, "override");
    CHECK_STR_EQ(app->verdict, "good");
    CHECK_STR_EQ(app->reason, "soaked");
    CHECK_INT_EQ(app->verdict_gen, 2);
    CHECK_INT_EQ(app->floor, 10);
    CHECK_INT_EQ(app->order_gen, 0);
    CHECK_STR_EQ(app->order_id, "");
    CHECK_STR_EQ(app->order_wait, "");
    CHECK_STR_EQ(app->refused, "");
    CHECK_INT_EQ(app->outcome_count, 0);
    CHECK(!app->is_order_open && app->is_serving);
    story_close(story);
}

/* In mid-swap, and unproven: what serves, what comes, and how long it still has to stand. */
static void test_in_mid_swap(void)
{
    struct story *story = story_open();
    deploy(story, RELEASE_V1);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_SLOW), 0);
    gateway_run(&story->gateway, 2500);
    const char *text = status(story);
    CHECK_CONTAINS(text, "\"settled\":false");
    CHECK_CONTAINS(text, "\"phase\":\"prepare\"");
    check_release(story, text, ",\"candidate\":{\"gen\":2,\"release\":", RELEASE_SLOW,
                  ",\"sequence\":21,\"version\":\"slow\"}");
    CHECK_CONTAINS(text, "\"attempts\":1");
    CHECK_CONTAINS(text, ",\"previous\":null");
    check_release(story, text, "\"verdicts\":1,\"verdictRelease\":", RELEASE_V1, "");
    CHECK(conductor_is_changing(story->gateway.agent));
    struct report *told = report(story);
    CHECK_STR_EQ(told->apps[0].phase, "prepare");
    CHECK_INT_EQ(told->apps[0].candidate.gen, 2);
    CHECK_STR_EQ(told->apps[0].candidate.version, "slow");
    CHECK(told->apps[0].is_serving); /* the old one */
    for (int i = 0; i < 600 && strcmp(report(story)->apps[0].phase, "unproven") != 0; i++) {
        gateway_run(&story->gateway, 20);
    }
    gateway_run(&story->gateway, 1000);
    text = status(story);
    CHECK_CONTAINS(text, "\"phase\":\"unproven\"");
    const char *soak = strstr(text, "\"soakRemainingMs\":");
    CHECK(soak != NULL);
    long left = soak != NULL ? atol(soak + strlen("\"soakRemainingMs\":")) : 0;
    CHECK(left > 1500 && left < 3000);
    CHECK(report(story)->apps[0].is_serving);
    CHECK(settle(story));
    CHECK(!conductor_is_changing(story->gateway.agent));
    story_close(story);
}

/* A failure: the verdict, the quarantine, and the story of it, told once until it is asked for
 * again. */
static void test_failure(void)
{
    struct story *story = story_open();
    char app[NAME_BYTES] = "";
    struct text text;
    deploy(story, RELEASE_V1);
    text_init(&text, story->text, sizeof story->text);
    CHECK(!conductor_story(story->gateway.agent, app, &text));
    deploy(story, RELEASE_CRASHING);
    const char *said = status(story);
    CHECK_CONTAINS(said, "\"verdict\":\"bad\",\"verdictGen\":2,\"reason\":\"crashed\"");
    check_release(story, said, "\"verdicts\":2,\"verdictRelease\":", RELEASE_CRASHING, "");
    check_release(story, said, ",\"wanted\":", RELEASE_V1, ",\"wantedBy\":\"nobody\"");
    said = history(story);
    CHECK_CONTAINS(said, "{\"schema\":1,\"app\":\"web\",\"committed\":{\"gen\":1,");
    CHECK_CONTAINS(said, "\"history\":[]");
    check_release(story, said, "\"quarantined\":[", RELEASE_CRASHING, "],\"cause\":{\"gen\":");
    text_init(&text, story->text, sizeof story->text);
    CHECK(conductor_story(story->gateway.agent, app, &text));
    CHECK_STR_EQ(app, "web");
    CHECK_CONTAINS(story->text,
                   "{\"schema\":1,\"node\":\"said\",\"app\":\"web\",\"verdict\":\"bad\","
                   "\"verdictGen\":2,\"reason\":\"crashed\",\"sentence\":\"");
    check_release(story, story->text, ",\"release\":", RELEASE_CRASHING, "");
    CHECK_CONTAINS(story->text, "\"events\":[{\"wall\":");
    CHECK_CONTAINS(story->text, "traffic goes to generation 2, unproven");
    CHECK(strstr(story->text, "\"outcome\":") == NULL); /* nobody had ordered it */
    CHECK_INT_EQ(story->text[strlen(story->text) - 1], '}');
    CHECK(count_of(story->text, "{\"wall\":") <= 16);
    text_init(&text, story->text, sizeof story->text);
    CHECK(!conductor_story(story->gateway.agent, app, &text));
    conductor_story_again(story->gateway.agent, "db");
    CHECK(!conductor_story(story->gateway.agent, app, &text));
    conductor_story_again(story->gateway.agent, "web");
    CHECK(conductor_story(story->gateway.agent, app, &text));
    story_close(story);
}

/* History: what was committed before, the newest first, three at most; quarantine: two. */
static void test_history(void)
{
    static const enum release_name ways[] = {RELEASE_V1,   RELEASE_V2,       RELEASE_SLOW,
                                             RELEASE_DEAF, RELEASE_CRASHING, RELEASE_FADING};
    struct story *story = story_open();
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        deploy(story, ways[i]);
    }
    const char *said = history(story);
    check_release(story, said, "\"committed\":{\"gen\":4,\"release\":", RELEASE_DEAF, "");
    check_release(story, said, "\"history\":[{\"gen\":3,\"release\":", RELEASE_SLOW, "");
    check_release(story, said, "},{\"gen\":2,\"release\":", RELEASE_V2, "");
    check_release(story, said, "},{\"gen\":1,\"release\":", RELEASE_V1, "");
    check_release(story, said, "\"quarantined\":[", RELEASE_FADING, ",");
    check_release(story, said, ",", RELEASE_CRASHING, "],\"cause\":{\"gen\":");
    deploy(story, RELEASE_V3);
    said = history(story);
    check_release(story, said, "\"history\":[{\"gen\":4,\"release\":", RELEASE_DEAF, "");
    CHECK(strstr(said, story->hex[RELEASE_V1]) == NULL);
    story_close(story);
}

/* What is wrong with the node itself: the engine away, the state directory not writable. */
static void test_trouble(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    deploy(story, RELEASE_V1);
    sim_engine_hide(&machine->engine, true);
    gateway_run(&story->gateway, 30000);
    CHECK_CONTAINS(status(story), "\"up\":false");
    CHECK_CONTAINS(status(story), "\"settled\":false");
    CHECK(!report(story)->is_engine_up);
    CHECK_CONTAINS(events(story, 0), "the engine does not answer: ");
    CHECK_INT_EQ(count_of(events(story, 0), "the engine does not answer: "), 1);
    sim_engine_hide(&machine->engine, false);
    CHECK(settle(story));
    CHECK_CONTAINS(status(story), "\"up\":true");
    machine->world.faults.of[SIM_OP_RECORD_WRITE] = SIM_FAULT_FOR(1, 60000, SIM_FATE_FAIL);
    (void)gateway_activate(&story->gateway, RELEASE_V2);
    gateway_run(&story->gateway, 10000);
    CHECK_CONTAINS(status(story), "\"storeFailed\":true");
    CHECK(report(story)->is_store_failing);
    gateway_run(&story->gateway, 120000);
    CHECK_CONTAINS(status(story), "\"storeFailed\":false");
    CHECK(!report(story)->is_store_failing);
    story_close(story);
}

/* Events have numbers from 1, without a gap; the newest 128 are kept, and read from any number on.
 */
static void test_events(void)
{
    struct story *story = story_open();
    deploy(story, RELEASE_V1);
    const char *text = events(story, 0);
    CHECK_CONTAINS(text, "{\"event\":1,\"at\":");
    CHECK_CONTAINS(text, ",\"wall\":");
    CHECK_CONTAINS(text, "\"app\":\"web\",\"text\":\"");
    unsigned lines = count_of(text, "\n");
    CHECK(lines >= 3 && lines < 60);
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "{\"event\":%u,", lines);
    CHECK_CONTAINS(text, wanted);
    text = events(story, lines - 1);
    CHECK_INT_EQ(count_of(text, "\n"), 1);
    CHECK_CONTAINS(text, wanted);
    CHECK_STR_EQ(events(story, lines), "");
    CHECK_STR_EQ(events(story, lines + 7), "");
    for (int i = 0; i < 40; i++) { /* many more than are kept */
        deploy(story, i % 2 == 0 ? RELEASE_V2 : RELEASE_V1);
    }
    text = events(story, 0);
    CHECK_INT_EQ(count_of(text, "\n"), 128);
    unsigned long first = strtoul(text + strlen("{\"event\":"), NULL, 10);
    CHECK(first > 1);
    (void)snprintf(wanted, sizeof wanted, "{\"event\":%lu,", first + 127);
    CHECK_CONTAINS(text, wanted);
    text = events(story, first + 100);
    CHECK_INT_EQ(count_of(text, "\n"), 27);
    story_close(story);
}

/* More replicas: each is listed; one that is not ready makes the app not serving. */
static void test_replicas(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    deploy(story, RELEASE_PAIR1);
    const char *text = status(story);
    CHECK_INT_EQ(count_of(text, "\"healthReason\":\"answered\",\"routed\":true"), 2);
    CHECK_CONTAINS(text, "\"replica\":1,");
    CHECK_CONTAINS(text, "\"replica\":2,");
    CHECK(report(story)->apps[0].is_serving);
    struct sim_image *image = NULL;
    for (size_t i = 0; i < machine->engine.image_count; i++) {
        if (strcmp(machine->engine.images[i].reference,
                   story->releases.made[RELEASE_PAIR1].reference) == 0) {
            image = &machine->engine.images[i];
        }
    }
    CHECK(image != NULL);
    image->app.status = 503;
    gateway_run(&story->gateway, 5000);
    CHECK(!report(story)->apps[0].is_serving);
    CHECK_CONTAINS(status(story), "\"healthReason\":\"unready\",\"routed\":true");
    image->app.status = 0;
    CHECK(settle(story));
    CHECK(report(story)->apps[0].is_serving);
    story_close(story);
}

/* Of two replicas one is wanted and not there, or nobody can ask: that is not serving, whatever the
 * other one answers, and the word says which of the two it is. */
static void test_missing_replica(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    deploy(story, RELEASE_PAIR1);
    CHECK(report(story)->apps[0].is_serving);
    struct sim_faults *faults = &machine->world.faults;
    faults->of[SIM_OP_ENGINE_CREATE] = SIM_FAULT(1, 1000, SIM_FATE_FAIL);
    sim_hands_serving(machine)->is_used = false;
    gateway_run(&story->gateway, 30000);
    CHECK(!report(story)->apps[0].is_serving);
    CHECK_STR_EQ(report(story)->apps[0].health, "not-ready");
    CHECK_STR_EQ(report(story)->apps[0].health_reason, "absent");
    faults->of[SIM_OP_ENGINE_CREATE] = (struct sim_fault){0};
    CHECK(settle(story));
    CHECK(report(story)->apps[0].is_serving);
    sim_hands_link_down(machine, 60000);
    gateway_run(&story->gateway, 30000);
    CHECK(!report(story)->apps[0].is_serving);
    CHECK_STR_EQ(report(story)->apps[0].health, "unknown");
    gateway_run(&story->gateway, 60000);
    CHECK(settle(story));
    CHECK(report(story)->apps[0].is_serving);
    story_close(story);
}

static const struct check_case cases[] = {
    {"empty", test_empty},
    {"at rest", test_at_rest},
    {"in mid-swap", test_in_mid_swap},
    {"failure", test_failure},
    {"history", test_history},
    {"trouble", test_trouble},
    {"events", test_events},
    {"replicas", test_replicas},
    {"a missing replica", test_missing_replica},
};

int main(int argc, char **argv)
{
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
