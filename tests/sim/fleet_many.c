/* fleet_many: what a long life leaves at the broker, and a farewell that has to wait for its turn.
 */
#include "agent/fleet/coordinator_private.h"
#include "tests/check.h"
#include "tests/sim/fleet.h"

#define ROLLOUTS 60

static struct releases releases;
static struct fleet fleet;

static void open_fleet(void)
{
    static const enum release_name names[] = {RELEASE_V1, RELEASE_V2, RELEASE_V3};
    const struct fleet_setup setup = {
        .releases = &releases, .names = names, .name_count = 3, .seed = 7, .nodes = 2};
    fleet_open(&fleet, &setup);
    fleet_seat_take(&fleet, 0);
}

static void begin(const char *id, enum release_name name)
{
    const struct release_made *made = &releases.made[name];
    struct rollout_spec spec = {.release = made->digest,
                                .sequence = made->sequence,
                                .created = fleet_wall(&fleet),
                                .max_unavailable = 2,
                                .start_by_ms = 60000,
                                .lost_after_ms = 60000,
                                .offline = "later"};
    (void)text_copy(spec.id, sizeof spec.id, id);
    (void)text_copy(spec.app, sizeof spec.app, RELEASES_APP);
    (void)text_copy(spec.version, sizeof spec.version, made->word);
    fleet.desk.saying_count = 0; /* what was said of the one before has arrived */
    fleet_rollout(&fleet, &spec);
}

static bool ends(const char *id)
{
    struct rollout_state state = {0};
    for (int i = 0; i < 120; i++) {
        fleet_run(&fleet, 1000);
        if (fleet_state(&fleet, id, &state) && rollout_phase_is_end(state.phase)) {
            return state.phase == ROLLOUT_SUCCEEDED;
        }
    }
    return false;
}

static bool is_retained(const char *id, const char *what)
{
    char topic[BUS_TOPIC_BYTES];
    struct span payload;
    (void)snprintf(topic, sizeof topic, "berth/1/" FLEET_NAME "/rollout/%s/%s", id, what);
    return sim_broker_retained(&fleet.broker, topic, &payload);
}

static int retained_of(const char *what)
{
    char id[NAME_BYTES];
    int count = 0;
    for (int i = 0; i < ROLLOUTS; i++) {
        (void)snprintf(id, sizeof id, "r%02d", i);
        count += is_retained(id, what);
    }
    return count;
}

static bool is_release_retained(enum release_name name)
{
    struct topic topic = {.kind = TOPIC_RELEASE, .fleet = FLEET_NAME};
    char text[BUS_TOPIC_BYTES];
    struct span payload;
    digest_render(&releases.made[name].digest, topic.digest);
    topic_render(&topic, text);
    return sim_broker_retained(&fleet.broker, text, &payload);
}

/* The first release goes with the rollouts that brought it; the second is what the nodes' orders
 * name as the one before, the third what they order. */
static void broker_keeps_the_newest(void)
{
    char id[NAME_BYTES];
    open_fleet();
    for (int i = 0; i < ROLLOUTS; i++) {
        (void)snprintf(id, sizeof id, "r%02d", i);
        begin(id, i < 3 ? RELEASE_V1 : i < 6 ? RELEASE_V2 : RELEASE_V3);
        CHECK(ends(id));
        if (i == 40) { /* another one reads what is there, and goes on */
            fleet_seat_kill(&fleet, 0, 1000);
        }
    }
    fleet_run(&fleet, 10000);
    CHECK_INT_EQ(retained_of("spec"), COORDINATOR_ENDED_MAX);
    CHECK_INT_EQ(retained_of("state"), COORDINATOR_ENDED_MAX);
    CHECK(!is_release_retained(RELEASE_V1) && is_release_retained(RELEASE_V2));
    CHECK(is_release_retained(RELEASE_V3));
    CHECK(is_retained("r59", "spec") && is_retained("r59", "state"));
    CHECK(is_retained("r36", "spec") && !is_retained("r35", "spec"));
    fleet_close(&fleet);
}

/* All places are in use: the broker has forgotten everything, and is being told. */
static void farewell_waits_for_a_place(void)
{
    char id[NAME_BYTES];
    open_fleet();
    for (int i = 0; i < 12; i++) {
        (void)snprintf(id, sizeof id, "r%02d", i);
        begin(id, RELEASE_V1);
        CHECK(ends(id));
    }
    fleet.desk.saying_count = 0;
    fleet.broker.faults.delay_ms_min = fleet.broker.faults.delay_ms_max = 50;
    sim_broker_down(&fleet.broker);
    sim_broker_forget(&fleet.broker);
    sim_broker_up(&fleet.broker);
    struct coordinator *first = fleet.seats[0].coordinator;
    for (int i = 0; i < 60000 && coordinator_places(first) > 0; i++) {
        fleet_run(&fleet, 1);
    }
    CHECK_INT_EQ(coordinator_places(first), 0);
    coordinator_leave(first);
    CHECK(!coordinator_has_left(first));
    fleet_seat_take(&fleet, 1);
    fleet_run(&fleet, 30000);
    CHECK(coordinator_has_left(first));
    CHECK(coordinator_is_acting(fleet.seats[1].coordinator));
    fleet_close(&fleet);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"the broker keeps the newest rollouts", broker_keeps_the_newest},
        {"a farewell waits for a place", farewell_waits_for_a_place},
    };
    releases_make(&releases);
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
