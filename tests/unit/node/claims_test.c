/* claims_test: what two apps may not both have; how well an app is; what it has taken over.
 */
#include "agent/node/address.h"
#include "tests/check.h"
#include "tests/unit/node/desk.h"

enum { WRITTEN = 0x11, READ = 0x10 }; /* of one volume; the lowest bit says that it is written */

static struct app *other;
static struct plan offered;

/* App "web" offers release 3, with two volumes; app "db" holds 1, 2 and 4.
 */
static struct app *begin(uint64_t volume)
{
    struct app *app = desk_open();
    struct conductor *conductor = desk.conductor;
    offered = *desk_plan(app, 3);
    offered.services[0].volumes[0] = 0x21;
    offered.services[0].volumes[1] = volume;
    offered.services[0].volume_count = 2;
    other = &conductor->apps[APPS_MAX - 1];
    *other = (struct app){.conductor = conductor, .is_used = true};
    (void)text_copy(other->memory.app, NAME_BYTES, "db");
    for (uint8_t name = 1; name <= 4; name++) {
        (void)desk_plan(other, name);
    }
    other->memory.committed = desk_generation(1, 1);
    other->memory.candidate = desk_generation(2, 2);
    other->memory.wanted.bytes[0] = 4;
    return app;
}

static void give(uint8_t slot, uint64_t volume)
{
    struct plan_service *service = &other->plans.slots[slot].plan.services[0];
    service->volumes[0] = 0x31;
    service->volumes[1] = volume;
    service->volume_count = 2;
}

/* One may write a volume: whichever release of the other may come to write it. */
static void volumes(void)
{
    for (uint8_t slot = 0; slot < 4; slot++) {
        for (int row = 0; row < 4; row++) {
            struct err err = {0};
            struct app *app = begin(row < 2 ? WRITTEN : READ);
            give(slot, row % 2 == 0 ? WRITTEN : READ);
            bool is_refused = row == 0 && slot != 2; /* release 3 of the other is nothing to it */
            CHECK_INT_EQ(claims_check(desk.conductor, app, &offered, &err),
                         is_refused ? ERR_EXISTS : 0);
            CHECK_STR_EQ(err.text, is_refused ? "service main writes a named volume that app db "
                                                "writes, too: mount it read_only in one of them, "
                                                "or give it another name"
                                              : "");
            desk_close();
        }
    }
}

/* Nobody is in its own way, nor in that of an app that left. */
static void own(void)
{
    struct err err = {0};
    struct app *app = begin(WRITTEN);
    give(0, WRITTEN);
    CHECK_INT_EQ(claims_check(desk.conductor, other, &offered, &err), 0);
    CHECK_INT_EQ(claims_check(desk.conductor, NULL, &offered, &err), ERR_EXISTS);
    (void)text_copy(other->memory.app, NAME_BYTES, "web");
    CHECK_INT_EQ(claims_check(desk.conductor, NULL, &offered, &err), 0);
    (void)text_copy(other->memory.app, NAME_BYTES, "db");
    other->is_used = false;
    CHECK_INT_EQ(claims_check(desk.conductor, app, &offered, &err), 0);
    desk_close();
}

/* -- health ------------------------------------------------------------------------------------ */

static struct replica *see(struct app *app, uint32_t gen, uint8_t service, uint8_t number)
{
    struct replica *replica = session_need(&app->session, gen, service, number);
    replica->is_present = replica->is_probed = true;
    replica->state = ENGINE_RUNNING;
    replica->seen_at = 1000;
    replica->probe.is_ready = replica->probe.is_started = true;
    return replica;
}

/* Three replicas serve as generation 1; 2 is the candidate. */
static struct app *begin_health(void)
{
    struct app *app = desk_open();
    for (uint8_t name = 1; name <= 2; name++) {
        struct plan *plan = desk_plan(app, name);
        plan->services[0].replicas = 3;
    }
    app->memory.committed = desk_generation(1, 1);
    app->memory.candidate = desk_generation(2, 2);
    (void)see(app, 1, 0, 1);
    (void)see(app, 1, 0, 2);
    (void)see(app, 1, 0, 3);
    return app;
}

static void check_health(const struct app *app, enum health want, const char *reason)
{
    const char *why = NULL;
    CHECK_INT_EQ(health_of_app(app, &why), want);
    CHECK_STR_EQ(why, reason);
}

static void worst_of_all(void)
{
    for (size_t bad = 0; bad < 3; bad++) {
        struct app *app = begin_health();
        struct replica *replica = &app->session.replicas[bad];
        check_health(app, HEALTH_READY, "answered");
        replica->seen_at = 0;
        check_health(app, HEALTH_UNKNOWN, "not-listed");
        app->session.replicas[(bad + 1) % 3].state = ENGINE_PAUSED; /* weighs more */
        check_health(app, HEALTH_NOT_READY, "paused");
        app->session.replicas[(bad + 1) % 3].state = ENGINE_RUNNING;
        replica->gen = 7;
        check_health(app, HEALTH_NOT_READY, "absent");
        desk_close();
    }
}

/* Of the candidate once traffic was switched to it; of nothing where nothing is known. */
static void whose(void)
{
    struct app *app = begin_health();
    app->memory.phase = SWAP_UNPROVEN;
    check_health(app, HEALTH_READY, "answered");
    app->session.is_switched = true;
    check_health(app, HEALTH_NOT_READY, "absent");
    app->memory.phase = SWAP_REST;
    check_health(app, HEALTH_READY, "answered");
    app->session.is_observed = false;
    check_health(app, HEALTH_UNKNOWN, "not-asked-yet");
    app->session.is_observed = true;
    app->plans.slots[0].is_broken = true;
    check_health(app, HEALTH_UNKNOWN, "not-asked-yet");
    app->plans.slots[0].is_broken = false;
    app->plans.slots[0].is_used = false;
    check_health(app, HEALTH_UNKNOWN, "not-asked-yet");
    app->plans.slots[0].is_used = true;
    app->memory.committed.gen = 0;
    check_health(app, HEALTH_NOT_READY, "nothing-runs");
    desk_close();
}

/* One replica: its own generation's plan is asked, also that of the release before. */
static void one_replica(void)
{
    struct app *app = begin_health();
    app->memory.history[0] = desk_generation(2, 9);
    app->memory.candidate = (struct generation){.gen = 2, .release.bytes = {8}};
    const struct {
        uint32_t gen;
        uint8_t service;
        const char *why;
    } rows[] = {{1, 0, "listed"},
                {1, 1, "not-asked-yet"},
                {2, 0, "not-asked-yet"},
                {9, 0, "listed"},
                {5, 0, "not-asked-yet"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *why = NULL;
        (void)health_of_replica(app, see(app, rows[i].gen, rows[i].service, 1), &why);
        CHECK_STR_EQ(why, rows[i].why);
    }
    desk_close();
}

/* In the status: what was taken over, by the names in the release that serves; none where that
 * release cannot be read. */
static void taken_over(void)
{
    static const char *const shown[] = {"\"adopted\":null",
                                        "\"adopted\":{\"project\":\"shop\",\"service\":\"main\"}",
                                        "\"adopted\":{\"project\":\"\",\"service\":\"\"}",
                                        "\"adopted\":{\"project\":\"\",\"service\":\"\"}",
                                        "\"adopted\":{\"project\":\"\",\"service\":\"\"}"};
    for (size_t row = 0; row < COUNT_OF(shown); row++) {
        char out[4096];
        struct text text;
        struct app *app = begin_health();
        app->memory.candidate = (struct generation){.gen = 0};
        app->memory.adopted.of = row == 0 ? 0 : 9;
        (void)text_copy(app->plans.slots[0].plan.adopt, sizeof app->plans.slots[0].plan.adopt,
                        "shop");
        app->plans.slots[0].plan.service_count = row == 2 ? 0 : 1;
        app->plans.slots[0].is_used = row != 3;
        app->plans.slots[0].is_broken = row == 4;
        text_init(&text, out, sizeof out);
        conductor_status(desk.conductor, &text);
        CHECK_CONTAINS(out, shown[row]);
        desk_close();
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"volumes", volumes},           {"own", own},
        {"worst of all", worst_of_all}, {"whose", whose},
        {"one replica", one_replica},   {"taken over", taken_over}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
