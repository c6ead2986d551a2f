/* engine_wiring: whom a refusal blames, and what becomes of a container whose network goes. */
#include "tests/check.h"
#include "tests/contract/engine_call.h"
#include "tests/contract/engine_parts.h"

#define HASH "io.berth.spec=0123456789abcdef"

static const struct engine_fixture *fixture;

/* What a start of it is answered. */
static int start_of(const struct parts *parts)
{
    const char *id = parts_make(parts);
    int code = engine_do_start(fixture, id);
    CHECK(parts_look(id).state == ENGINE_CREATED || parts_look(id).state == ENGINE_EXITED);
    parts_clean();
    return code;
}

static void what_a_release_asks_for_is_refused(void)
{
    static const char *const program[] = {"/no-such-program"};
    static const char *const sysctl[] = {"net.ipv4.no_such_sysctl=1"};
    struct parts parts;
    parts_fill(&parts, IMAGE_SLEEPS, 0, HASH);
    parts.spec.entrypoint = (struct engine_strings){program, 1};
    CHECK_INT_EQ(start_of(&parts), ERR_SPEC);
    parts_fill(&parts, IMAGE_SLEEPS, 0, HASH);
    parts.spec.user = "no-such-user";
    CHECK_INT_EQ(start_of(&parts), ERR_SPEC);
    parts_fill(&parts, IMAGE_SLEEPS, 0, HASH);
    parts.spec.sysctls = (struct engine_strings){sysctl, 1};
    CHECK_INT_EQ(start_of(&parts), ERR_SPEC);
}

static void what_this_node_lacks_is_no_fault_of_the_release(void)
{
    struct parts parts;
    struct engine_result result;
    parts_fill(&parts, IMAGE_SLEEPS, 0, HASH);
    parts.spec.log_driver = "no-such-driver";
    CHECK_INT_EQ(engine_do_network(fixture, &fixture->network), 0);
    CHECK_INT_EQ(engine_do_create(fixture, &parts.spec, &result), ERR_ENGINE);
}

static void an_address_in_use_is_no_fault_of_the_release(void)
{
    struct parts parts;
    struct parts second;
    parts_fill(&parts, IMAGE_SLEEPS, 0, HASH);
    CHECK_INT_EQ(engine_do_start(fixture, parts_make(&parts)), 0);
    parts_fill(&second, IMAGE_SLEEPS, 1, HASH);
    second.spec.address = parts.spec.address;
    CHECK_INT_EQ(engine_do_start(fixture, parts_make(&second)), ERR_ENGINE);
    parts_clean();
}

/* A container that was started once is bound to that network, not to its name. */
static void a_dead_network_is_told_from_a_dead_container(void)
{
    struct parts parts;
    parts_fill(&parts, IMAGE_SLEEPS, 0, HASH);
    const char *id = parts_make(&parts);
    CHECK_INT_EQ(engine_do_start(fixture, id), 0);
    CHECK_INT_EQ(engine_do_stop(fixture, id, GRACE_MS), 0);
    if (fixture->keeps_networks) {
        CHECK_INT_EQ(engine_do_network_remove(fixture, fixture->network.name), ERR_ENGINE);
        parts_clean();
        return;
    }
    CHECK_INT_EQ(engine_do_network_remove(fixture, fixture->network.name), 0);
    CHECK_INT_EQ(engine_do_start(fixture, id), ERR_WIRING);
    CHECK_INT_EQ(engine_do_network(fixture, &fixture->network), 0);
    CHECK_INT_EQ(engine_do_start(fixture, id), ERR_WIRING);
    CHECK_INT_EQ(engine_do_remove(fixture, id), 0);
    CHECK_INT_EQ(engine_do_start(fixture, id), ERR_NOT_FOUND);
    CHECK_INT_EQ(engine_do_start(fixture, parts_make(&parts)), 0);
    parts_clean();
}

static void what_a_hand_has_changed_is_shown(void)
{
    struct parts parts;
    parts_fill(&parts, IMAGE_SLEEPS, 1, HASH);
    const char *id = parts_make(&parts);
    CHECK_INT_EQ(engine_do_start(fixture, id), 0);
    CHECK(!parts_look(id).is_misnamed && !parts_look(id).is_detached);
    fixture->rename(fixture->self, id, "contract-another-name");
    CHECK(parts_look(id).is_misnamed && !parts_look(id).is_detached);
    fixture->disconnect(fixture->self, id);
    CHECK(parts_look(id).is_detached);
    parts_clean();
}

/* Whatever a hand updates is shown, and taken back without an end of the process. */
static void check_updates(const char *id)
{
    struct engine_restart policy = parts_look(id).restart;
    int64_t started_ms = parts_look(id).started_ms;
    CHECK(!parts_look(id).is_altered);
    for (int which = 0; which < UPDATES; which++) {
        fixture->update(fixture->self, id, which);
        CHECK_INT_EQ(parts_look(id).is_altered, which != UPDATE_POLICY);
        CHECK_INT_EQ(parts_look(id).restart.kind == policy.kind, which != UPDATE_POLICY);
        CHECK_INT_EQ(engine_do_restore(fixture, id, policy), 0);
        CHECK(!parts_look(id).is_altered);
        CHECK_INT_EQ(parts_look(id).restart.kind, policy.kind);
    }
    CHECK_INT_EQ(parts_look(id).state, ENGINE_RUNNING);
    CHECK(parts_look(id).started_ms == started_ms);
}

static void what_a_hand_has_updated_is_taken_back(void)
{
    struct parts parts;
    struct engine_result result;
    CHECK_INT_EQ(engine_do_about(fixture, &result), 0); /* what limits nothing follows from it */
    parts_fill(&parts, IMAGE_SLEEPS, 1, HASH);
    const char *id = parts_make(&parts);
    CHECK_INT_EQ(engine_do_start(fixture, id), 0);
    check_updates(id);
    CHECK_INT_EQ(engine_do_keep(fixture, id, true), 0);
    CHECK(parts_look(id).keeps_running);
    check_updates(id);
    CHECK(parts_look(id).keeps_running);
    parts_clean();
    parts_fill(&parts, IMAGE_SLEEPS, 1, HASH);
    parts.spec.memory_bytes = 32u << 20;
    parts.spec.nano_cpus = 250000000;
    parts.spec.cpu_shares = 200;
    parts.spec.pids = 20;
    id = parts_make(&parts);
    CHECK_INT_EQ(engine_do_start(fixture, id), 0);
    check_updates(id);
    parts_clean();
}

int engine_wiring_run(const struct engine_fixture *given, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"what_a_hand_has_changed_is_shown", what_a_hand_has_changed_is_shown},
        {"what_a_hand_has_updated_is_taken_back", what_a_hand_has_updated_is_taken_back},
        {"what_a_release_asks_for_is_refused", what_a_release_asks_for_is_refused},
        {"what_this_node_lacks_is_no_fault_of_the_release",
         what_this_node_lacks_is_no_fault_of_the_release},
        {"an_address_in_use_is_no_fault_of_the_release",
         an_address_in_use_is_no_fault_of_the_release},
        {"a_dead_network_is_told_from_a_dead_container",
         a_dead_network_is_told_from_a_dead_container},
    };
    fixture = given;
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
