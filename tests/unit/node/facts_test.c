/* facts_test: what is told of an app is filled once, and every teller says the same. */
#include "agent/node/facts.h"

#include "agent/wire/report.h"
#include "desk.h"
#include "tests/check.h"

static struct app *app;
static struct facts_app facts;
static struct report report;
static char rendered[16384];

static const char *status(void)
{
    struct text text;
    text_init(&text, rendered, sizeof rendered);
    conductor_status(desk.conductor, &text);
    CHECK(!text.cut);
    return rendered;
}

static void begin(void)
{
    app = desk_open();
    (void)desk_plan(app, 1);
    struct plan *plan = desk_plan(app, 2);
    (void)text_copy(plan->version, sizeof plan->version, "2.0");
    app->memory.committed = desk_generation(2, 4);
    app->memory.history[0] = desk_generation(1, 3);
    app->memory.wanted = app->memory.committed.release;
}

static void case_generations(void)
{
    begin();
    facts_of_app(app, &facts);
    CHECK(facts.committed.generation == &app->memory.committed);
    CHECK_STR_EQ(facts.committed.version, "2.0");
    CHECK_INT_EQ(facts.candidate.generation->gen, 0);
    CHECK_STR_EQ(facts.candidate.version, "");
    conductor_report(desk.conductor, &report);
    CHECK_INT_EQ(report.apps[0].committed.gen, 4);
    CHECK_STR_EQ(report.apps[0].committed.version, "2.0");
    CHECK_CONTAINS(status(), "\"committed\":{\"gen\":4,");
    CHECK_CONTAINS(status(), "\"version\":\"2.0\"}");
    desk_close();
}

/* The way back by what the last look at its image found, and of no other release. */
static void case_previous_image(void)
{
    begin();
    facts_of_app(app, &facts);
    CHECK_INT_EQ(facts.previous_image, FACTS_IMAGE_UNKNOWN);
    app->way_back.is_known = true;
    app->way_back.is_gone = true;
    facts_of_app(app, &facts);
    CHECK_INT_EQ(facts.previous_image, FACTS_IMAGE_UNKNOWN);
    app->way_back.release = app->memory.history[0].release;
    facts_of_app(app, &facts);
    CHECK_INT_EQ(facts.previous_image, FACTS_IMAGE_GONE);
    app->way_back.is_gone = false;
    facts_of_app(app, &facts);
    CHECK_INT_EQ(facts.previous_image, FACTS_IMAGE_HERE);
    app->memory.history[0].gen = 0;
    facts_of_app(app, &facts);
    CHECK_INT_EQ(facts.previous_image, FACTS_IMAGE_NONE);
    CHECK_STR_EQ(facts_image_word(facts.previous_image), "none");
    desk_close();
}

/* A cause is told of the last verdict only, and not where it was good. */
static void case_causes(void)
{
    static const struct {
        uint32_t gen;
        enum verdict verdict;
        bool is_told;
    } rows[] = {
        {0, VERDICT_BAD, false},  {7, VERDICT_BAD, true},  {7, VERDICT_INCONCLUSIVE, true},
        {7, VERDICT_GOOD, false}, {6, VERDICT_BAD, false},
    };
    begin();
    app->memory.verdict_gen = 7;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        app->cause.gen = rows[i].gen;
        app->memory.verdict = rows[i].verdict;
        facts_of_app(app, &facts);
        CHECK((facts.cause == &app->cause) == rows[i].is_told);
        CHECK((strstr(status(), "\"cause\":null") == NULL) == rows[i].is_told);
    }
    desk_close();
}

/* Only containers that are there are told, and status and report agree on the app's health. */
static void case_replicas_and_health(void)
{
    begin();
    app->session.is_observed = true;
    struct replica *replica = session_need(&app->session, 4, 0, 1);
    (void)session_need(&app->session, 3, 0, 1);
    facts_of_app(app, &facts);
    CHECK_INT_EQ(facts.replica_count, 0);
    CHECK_INT_EQ(facts.health, HEALTH_NOT_READY);
    CHECK_STR_EQ(facts.health_reason, "absent");
    replica->is_present = true;
    replica->state = ENGINE_RUNNING;
    facts_of_app(app, &facts);
    CHECK_INT_EQ(facts.replica_count, 1);
    CHECK(facts.replicas[0].replica == replica);
    CHECK_STR_EQ(facts.replicas[0].why, "not-asked-yet");
    conductor_report(desk.conductor, &report);
    CHECK_STR_EQ(report.apps[0].health, "unknown");
    CHECK_STR_EQ(report.apps[0].health_reason, "not-asked-yet");
    CHECK_CONTAINS(status(), "\"health\":\"unknown\",\"healthReason\":\"not-asked-yet\"");
    desk_close();
}

static void case_node(void)
{
    struct facts_node node;
    begin();
    desk.conductor->is_store_failing = true;
    facts_of_node(desk.conductor, &node);
    CHECK_STR_EQ(node.config->node, "gw");
    CHECK(node.is_store_failing && !node.is_memory_lost);
    conductor_report(desk.conductor, &report);
    CHECK(report.is_store_failing && !report.is_memory_lost);
    CHECK_CONTAINS(status(), "\"memoryLost\":false,\"storeFailed\":true,");
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"generations", case_generations},
        {"previous image", case_previous_image},
        {"causes", case_causes},
        {"replicas and health", case_replicas_and_health},
        {"node", case_node},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
