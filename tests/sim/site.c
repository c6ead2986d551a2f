/* site: what the site lacks is no fault of a release, and what a release asks for is no fault of
 * the site; one story a case. */
#include <stdio.h>
#include <stdlib.h>

#include "ports/sim/hands.h"
#include "tests/check.h"
#include "tests/sim/gateway.h"

#define TRACE_BYTES  (1u << 20)
#define STATUS_BYTES 65536

/* One gateway with v1 settled on it; made anew for each case. */
struct story {
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
    char status[STATUS_BYTES];
};

static const enum release_name used[] = {RELEASE_V1, RELEASE_V2, RELEASE_ABSENT, RELEASE_UNLOGGED,
                                         RELEASE_MISSING};

static bool settle(struct story *story, int seconds)
{
    for (int second = 0; second < seconds; second++) {
        gateway_run(&story->gateway, 1000);
        if (story->gateway.agent != NULL && conductor_is_settled(story->gateway.agent)) {
            return true;
        }
    }
    return false;
}

static struct story *story_open(void)
{
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    gateway_open(&story->gateway, 11, &story->releases, used, COUNT_OF(used), "site", story->trace,
                 sizeof story->trace);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V1), 0);
    CHECK(settle(story, 300));
    return story;
}

static const char *status(struct story *story)
{
    struct text text;
    text_init(&text, story->status, sizeof story->status);
    conductor_status(story->gateway.agent, &text);
    return story->status;
}

static const char *serving(struct story *story)
{
    struct sim_machine *machine = &story->gateway.machine;
    ipv4 backend = sim_route_choose(&machine->route, ROUTE_TCP, SIM_LOOPBACK, RELEASES_PORT);
    struct sim_container *container =
        backend == 0 ? NULL : sim_engine_at(&machine->engine, backend);
    for (size_t i = 0; container != NULL && i < RELEASE_COUNT; i++) {
        if (digest_is_equal(&container->seen.release, &story->releases.made[i].digest)) {
            return release_word((enum release_name)i);
        }
    }
    return "nothing";
}

/* The checker saw no breach in all of the story. */
static void story_close(struct story *story, enum release_name wanted)
{
    CHECK_STR_EQ(serving(story), release_word(wanted));
    CHECK_STR_EQ(story->gateway.machine.checker.first, "");
    CHECK_INT_EQ(story->gateway.machine.checker.breaches, 0);
    if (check_failures_ > 0 && getenv("TRACE") != NULL) {
        printf("%s", story->trace);
    }
    gateway_close(&story->gateway);
    free(story);
}

static void test_a_refused_release_is_bad_at_once(void)
{
    struct story *story = story_open();
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_ABSENT), 0);
    CHECK(settle(story, 20));
    CHECK_CONTAINS(status(story), "\"verdict\":\"bad\"");
    CHECK_CONTAINS(status(story), "\"spec-refused\"");
    story_close(story, RELEASE_V1);
}

static void test_what_the_node_lacks_is_inconclusive(void)
{
    struct story *story = story_open();
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_UNLOGGED), 0);
    CHECK(settle(story, 900));
    CHECK_CONTAINS(status(story), "\"verdict\":\"inconclusive\"");
    CHECK_CONTAINS(status(story), "\"engine-failed\"");
    story_close(story, RELEASE_V1);
}

static unsigned events_with(struct story *story, const char *words)
{
    unsigned count = 0;
    struct text text;
    text_init(&text, story->status, sizeof story->status);
    conductor_events(story->gateway.agent, 0, &text);
    for (const char *at = strstr(story->status, words); at != NULL; at = strstr(at + 1, words)) {
        count++;
    }
    return count;
}

/* Said once by name, with the remedy, and not mistaken for a ruleset that someone changed. */
static void test_obstacles_to_other_hosts_are_named(void)
{
    for (int i = ROUTE_OBSTACLE_NONE + 1; i < ROUTE_OBSTACLE_COUNT; i++) {
        struct story *story = story_open();
        char member[64];
        (void)snprintf(member, sizeof member, "\"route\":{\"obstacle\":\"%s\",",
                       route_obstacle_word((enum route_obstacle)i));
        CHECK_CONTAINS(status(story), "\"route\":{\"obstacle\":\"none\",\"timeouts\":true}");
        story->gateway.machine.route.obstacle = (enum route_obstacle)i;
        gateway_run(&story->gateway, 60000);
        CHECK_CONTAINS(status(story), member);
        CHECK_INT_EQ(events_with(story, route_obstacle_text((enum route_obstacle)i)), 1);
        CHECK_INT_EQ(events_with(story, "someone changed our ruleset"), 0);
        story->gateway.machine.route.obstacle = ROUTE_OBSTACLE_NONE;
        gateway_run(&story->gateway, 60000);
        CHECK_CONTAINS(status(story), "\"route\":{\"obstacle\":\"none\"");
        CHECK_INT_EQ(events_with(story, route_obstacle_text(ROUTE_OBSTACLE_NONE)), 1);
        story_close(story, RELEASE_V1);
    }
}

/* Nothing new begins where it would cut the site off; what serves goes on. */
static void test_a_pool_over_the_site_is_refused(void)
{
    struct story *story = story_open();
    story->gateway.machine.route.obstacle = ROUTE_OBSTACLE_POOL;
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), ERR_EXISTS);
    gateway_run(&story->gateway, 60000);
    story->gateway.machine.route.obstacle = ROUTE_OBSTACLE_NONE;
    CHECK_STR_EQ(serving(story), "v1");
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    CHECK(settle(story, 300));
    story_close(story, RELEASE_V2);
}

/* The registry is away for two minutes: the wish waits at rest, and is honoured. */
static void test_a_registry_away_is_waited_for(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    machine->engine.has_registry = false;
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    gateway_run(&story->gateway, 120000);
    CHECK_CONTAINS(status(story), "\"phase\":\"rest\"");
    CHECK_CONTAINS(status(story), "\"waitsFor\":\"registry\"");
    CHECK_CONTAINS(status(story), "\"attempts\":0");
    gateway_cut(&story->gateway); /* and the power goes in between */
    gateway_run(&story->gateway, 60000);
    CHECK_CONTAINS(status(story), "\"waitsFor\":\"registry\"");
    machine->engine.has_registry = true;
    CHECK(settle(story, 120));
    CHECK_CONTAINS(status(story), "\"verdict\":\"good\"");
    story_close(story, RELEASE_V2);
}

/* An image that is in no registry: waiting would not help. */
static void test_a_missing_image_is_a_try(void)
{
    struct story *story = story_open();
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_MISSING), 0);
    CHECK(settle(story, 300));
    CHECK_CONTAINS(status(story), "\"pull-failed\"");
    CHECK_CONTAINS(status(story), "\"verdict\":\"inconclusive\"");
    story_close(story, RELEASE_V1);
}

/* The engine is away when something is asked for. */
static void test_an_engine_away_is_waited_for(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    sim_engine_hide(&machine->engine, true);
    gateway_run(&story->gateway, 15000);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    gateway_run(&story->gateway, 300000);
    CHECK_CONTAINS(status(story), "\"waitsFor\":\"engine\"");
    CHECK_CONTAINS(status(story), "\"attempts\":0");
    sim_engine_hide(&machine->engine, false);
    CHECK(settle(story, 120));
    story_close(story, RELEASE_V2);
}

/* A day is enough. */
static void test_a_wish_ends_after_a_day(void)
{
    struct story *story = story_open();
    story->gateway.machine.engine.has_registry = false;
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    gateway_run(&story->gateway, 86400000 - 600000);
    CHECK_CONTAINS(status(story), "\"waitsFor\":\"registry\"");
    CHECK(settle(story, 1200));
    CHECK_CONTAINS(status(story), "\"registry-away\"");
    story_close(story, RELEASE_V1);
}

static struct sim_container *served_by(struct story *story)
{
    struct sim_machine *machine = &story->gateway.machine;
    ipv4 backend = sim_route_choose(&machine->route, ROUTE_TCP, SIM_LOOPBACK, RELEASES_PORT);
    return backend == 0 ? NULL : sim_engine_at(&machine->engine, backend);
}

/* What was disconnected by hand is made anew, without anybody asking. */
static void test_a_disconnected_container_is_made_anew(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    sim_checker_excuse(&machine->checker, machine->world.now + 13000);
    sim_hands_disconnect(machine, served_by(story));
    gateway_run(&story->gateway, 13000);
    CHECK(served_by(story) != NULL);
    CHECK(settle(story, 60));
    story_close(story, RELEASE_V1);
}

/* Renamed, it serves as before, and gets its name back: nobody is cut off for a name. */
static void test_a_renamed_container_gets_its_name_back(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    struct sim_container *container = served_by(story);
    char name[ENGINE_NAME_BYTES];
    (void)text_copy(name, sizeof name, container->name);
    sim_hands_rename(machine, container);
    gateway_run(&story->gateway, 12000);
    CHECK(served_by(story) == container);
    CHECK_STR_EQ(container->name, name);
    CHECK(!container->seen.is_misnamed);
    CHECK_INT_EQ(events_with(story, "was renamed"), 1);
    CHECK(settle(story, 10));
    story_close(story, RELEASE_V1);
}

/* Its name is another's by now: that is said once, and it serves on. */
static void test_a_name_that_is_taken_is_said_once(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    struct sim_container *container = served_by(story);
    struct sim_container *other = &machine->engine.containers[SIM_CONTAINERS_MAX - 1];
    other->is_used = true;
    (void)text_copy(other->name, sizeof other->name, container->name);
    sim_hands_rename(machine, container);
    gateway_run(&story->gateway, 60000);
    CHECK(served_by(story) == container);
    CHECK(container->seen.is_misnamed);
    CHECK_INT_EQ(events_with(story, "is in use"), 1);
    *other = (struct sim_container){0};
    CHECK(settle(story, 10));
    story_close(story, RELEASE_V1);
}

/* A hand that removes it again and again does not make the next one wait, and the way back to a
 * release that was started often does not wait either. */
static void test_hands_make_nobody_wait(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    for (int i = 0; i < 6; i++) {
        sim_checker_excuse(&machine->checker, machine->world.now + 13000);
        sim_engine_remove_by_hand(&machine->engine, served_by(story));
        gateway_run(&story->gateway, 13000);
        CHECK(served_by(story) != NULL);
    }
    CHECK(settle(story, 5));
    story_close(story, RELEASE_V1);
}

/* A copy with all labels: it is neither probed, nor routed, nor stopped, and takes nobody's place.
 */
static void test_a_copy_is_foreign(void)
{
    struct story *story = story_open();
    struct sim_machine *machine = &story->gateway.machine;
    struct sim_container *first = served_by(story);
    struct sim_container *copy = sim_hands_copy(machine, first);
    gateway_run(&story->gateway, 60000);
    CHECK(served_by(story) == first);
    CHECK(copy->is_used && copy->seen.state == ENGINE_RUNNING);
    CHECK_CONTAINS(story->trace, "c0de has labels of this app, but not its name: ignored");
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    CHECK(settle(story, 120));
    CHECK(copy->is_used && copy->seen.state == ENGINE_RUNNING);
    sim_checker_excuse(&machine->checker, machine->world.now + 13000);
    sim_engine_remove_by_hand(&machine->engine, served_by(story));
    gateway_run(&story->gateway, 13000);
    CHECK(served_by(story) != NULL); /* the copy does not hide that it is gone */
    CHECK(settle(story, 60));
    story_close(story, RELEASE_V2);
}

/* A policy that somebody took away is given again. */
static void test_a_restart_policy_is_given_again(void)
{
    struct story *story = story_open();
    struct sim_container *container = served_by(story);
    container->seen.keeps_running = false;
    gateway_run(&story->gateway, 12000);
    CHECK(container->seen.keeps_running);
    CHECK(settle(story, 10));
    story_close(story, RELEASE_V1);
}

static const struct check_case cases[] = {
    {"obstacles to other hosts are named", test_obstacles_to_other_hosts_are_named},
    {"a pool over the site is refused", test_a_pool_over_the_site_is_refused},
    {"a refused release is bad at once", test_a_refused_release_is_bad_at_once},
    {"what the node lacks is inconclusive", test_what_the_node_lacks_is_inconclusive},
    {"a registry away is waited for", test_a_registry_away_is_waited_for},
    {"a missing image is a try", test_a_missing_image_is_a_try},
    {"an engine away is waited for", test_an_engine_away_is_waited_for},
    {"a wish ends after a day", test_a_wish_ends_after_a_day},
    {"a disconnected container is made anew", test_a_disconnected_container_is_made_anew},
    {"a renamed container gets its name back", test_a_renamed_container_gets_its_name_back},
    {"a name that is taken is said once", test_a_name_that_is_taken_is_said_once},
    {"hands make nobody wait", test_hands_make_nobody_wait},
    {"a copy is foreign", test_a_copy_is_foreign},
    {"a restart policy is given again", test_a_restart_policy_is_given_again},
};

int main(int argc, char **argv)
{
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
