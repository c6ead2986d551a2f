/* engine_compose: containers of Compose projects, which a release may take over: told, stopped,
 * started, given a policy, and never one of ours. */
#include <stdio.h>

#include "tests/check.h"
#include "tests/contract/engine_call.h"
#include "tests/contract/engine_parts.h"

static const struct engine_fixture *fixture;
static char project[64];

/* The project's container of that service as a list shows it; zeroed when it does not. */
static struct engine_container look(const char *service)
{
    static struct engine_result result;
    CHECK_INT_EQ(engine_do_list_compose(fixture, &result), 0);
    for (size_t i = 0; i < COUNT_OF(result.containers) && i < result.count; i++) {
        if (strcmp(result.containers[i].app, project) == 0 &&
            strcmp(result.containers[i].service, service) == 0) {
            return result.containers[i];
        }
    }
    return (struct engine_container){.id = ""};
}

static void a_project_is_told(void)
{
    struct parts parts;
    static struct engine_result result;
    fixture->make_compose(fixture->self, project, "web", 2);
    struct engine_container seen = look("web");
    CHECK(seen.id[0] != '\0');
    CHECK_INT_EQ(seen.replica, 2);
    CHECK_INT_EQ(seen.state, ENGINE_RUNNING);
    CHECK_INT_EQ(seen.restart.kind, ENGINE_RESTART_ALWAYS);
    CHECK(digest_is_none(&seen.release) && seen.gen == 0 && seen.spec[0] == '\0');
    CHECK(look("run").id[0] == '\0'); /* of one `compose run` */
    parts_fill(&parts, IMAGE_SLEEPS, 0, "io.berth.spec=0123456789abcdef");
    const char *ours = parts_make(&parts);
    CHECK_INT_EQ(engine_do_list_compose(fixture, &result), 0);
    for (size_t i = 0; i < COUNT_OF(result.containers) && i < result.count; i++) {
        CHECK(strcmp(result.containers[i].id, ours) != 0);
    }
    CHECK_INT_EQ(engine_do_list(fixture, &result), 0);
    CHECK_INT_EQ(result.count, 1);
    parts_clean();
}

/* As the way there and the way back ask for it: what was so is so again. */
static void a_project_is_stopped_and_started(void)
{
    struct engine_container seen = look("web");
    const struct engine_restart never = {.kind = ENGINE_RESTART_NO};
    const struct engine_restart some = {.kind = ENGINE_RESTART_ON_FAILURE, .retries = 3};
    CHECK_INT_EQ(engine_do_set_restart(fixture, seen.id, never), 0);
    CHECK_INT_EQ(look("web").restart.kind, ENGINE_RESTART_NO);
    CHECK_INT_EQ(engine_do_stop(fixture, seen.id, GRACE_MS), 0);
    CHECK_INT_EQ(engine_do_stop(fixture, seen.id, GRACE_MS), 0);
    CHECK_INT_EQ(look("web").state, ENGINE_EXITED);
    CHECK_INT_EQ(engine_do_set_restart(fixture, seen.id, some), 0); /* not running */
    CHECK_INT_EQ(look("web").restart.kind, ENGINE_RESTART_ON_FAILURE);
    CHECK_INT_EQ(look("web").restart.retries, 3);
    CHECK_INT_EQ(look("web").state, ENGINE_EXITED);
    CHECK_INT_EQ(engine_do_start(fixture, seen.id), 0);
    CHECK_INT_EQ(engine_do_start(fixture, seen.id), 0);
    CHECK_INT_EQ(look("web").state, ENGINE_RUNNING);
    CHECK_STR_EQ(look("web").id, seen.id);
    CHECK_INT_EQ(engine_do_set_restart(fixture, seen.id, seen.restart), 0);
    CHECK_INT_EQ(look("web").restart.kind, ENGINE_RESTART_ALWAYS);
    CHECK_INT_EQ(engine_do_set_restart(fixture, "no-such-container", never), ERR_NOT_FOUND);
}

int engine_compose_run(const struct engine_fixture *given, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"a_project_is_told", a_project_is_told},
        {"a_project_is_stopped_and_started", a_project_is_stopped_and_started},
    };
    fixture = given;
    (void)snprintf(project, sizeof project, "%.40s-project", given->node);
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
