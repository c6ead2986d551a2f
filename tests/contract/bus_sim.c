/* bus_sim: the bus's suite over the simulated broker, and the faults that only it can have. */
#include "ports/sim/bus.h"

#include "platform/base/units.h"
#include "tests/check.h"
#include "tests/contract/bus_contract.h"

enum { TURN_MS = 10, TRACE_BYTES = 1 << 16 };

struct world {
    struct sim_broker broker;
    struct sim_bus_client clients[2];
    uint32_t answers[2];
    struct bus_fixture fixture;
    struct bus_party one, two;
    int seen;
    char seen_id[SIM_BUS_ID_BYTES];
    char seen_topic[BUS_TOPIC_BYTES];
};

static struct world world;

static void world_pump(void *self)
{
    (void)self;
    sim_broker_run_until(&world.broker, world.broker.world.now + TURN_MS);
}

static void world_break(void *self)
{
    (void)self;
    sim_bus_client_lose(&world.clients[0]);
}

static void world_freeze(void *self)
{
    (void)self;
    world.broker.faults.delay_ms_min = SECONDS_MS(1000);
    world.broker.faults.delay_ms_max = SECONDS_MS(1000);
}

static void world_kill(void *self)
{
    (void)self;
    world.broker.faults = (struct sim_bus_faults){.delay_ms_min = 1, .delay_ms_max = 20};
    for (size_t i = 0; i < 2; i++) { /* what was frozen is lost with it */
        world.clients[i].down_at = 0;
        world.clients[i].up_at = 0;
    }
    sim_broker_down(&world.broker);
}

static void world_revive(void *self)
{
    (void)self;
    sim_broker_up(&world.broker);
}

static void world_partition(void *self)
{
    (void)self;
    sim_bus_client_partition(&world.clients[0]);
}

static void world_mend(void *self)
{
    (void)self;
    sim_bus_client_mend(&world.clients[0]);
}

static bool world_allows(void *ctx, const char *client_id, const char *topic)
{
    (void)ctx;
    (void)client_id;
    return strcmp(topic, "elsewhere") != 0;
}

static void world_saw(void *ctx, const char *client_id, const char *topic, struct span payload,
                      bool is_retained)
{
    (void)ctx;
    (void)payload;
    (void)is_retained;
    world.seen++;
    (void)snprintf(world.seen_id, sizeof world.seen_id, "%s", client_id);
    (void)snprintf(world.seen_topic, sizeof world.seen_topic, "%s", topic);
}

static void world_open(uint64_t seed)
{
    memset(&world, 0, sizeof world);
    sim_broker_init(&world.broker, seed);
    for (size_t i = 0; i < 2; i++) {
        sim_bus_client_init(&world.clients[i], &world.broker, &world.answers[i]);
    }
    world.broker.allows = world_allows;
    world.broker.saw = world_saw;
    world.fixture = (struct bus_fixture){
        .bus = sim_bus_port(&world.clients[0]),
        .other = sim_bus_port(&world.clients[1]),
        .pump = world_pump,
        .break_link = world_break,
        .freeze = world_freeze,
        .kill = world_kill,
        .revive = world_revive,
        .partition = world_partition,
        .mend = world_mend,
        .denied_topic = "elsewhere",
        .has_will_at_takeover = true,
        .tells_takeover = true,
    };
    world.one = (struct bus_party){.bus = world.fixture.bus, .pump = world_pump};
    world.two = (struct bus_party){.bus = world.fixture.other, .pump = world_pump};
}

static void world_run(int64_t ms)
{
    sim_broker_run_until(&world.broker, world.broker.world.now + ms);
}

/* Two open clients; the first has a will on "presence/one", the second hears "#". */
static void world_open_both(uint64_t seed)
{
    world_open(seed);
    (void)bus_party_open(&world.two, "two");
    CHECK_INT_EQ(bus_hear(&world.two, "#"), 0);
    (void)bus_party_open_with_will(&world.one, "one", "presence/one", "gone");
}

static void case_a_killed_owner_hears_nothing_more(void)
{
    struct bus_answer answer = {0};
    world_open_both(1);
    CHECK_INT_EQ(bus_call_publish(&world.one, "a", span_text("x"), false, &answer), 0);
    uint32_t answers = world.answers[0];
    sim_bus_client_kill(&world.clients[0]);
    world_run(SECONDS_MS(100));
    CHECK_INT_EQ(answer.calls + world.one.closed, 0);
    CHECK_INT_EQ(world.answers[0], answers);
    CHECK_INT_EQ(world.two.received, 2); /* what was under way, and the will */
    CHECK_STR_EQ(world.two.heard[1].head, "gone");
    CHECK_STR_EQ(world.seen_id, "one");
    CHECK_STR_EQ(world.seen_topic, "presence/one");
    (void)bus_party_open(&world.one, "one");
    CHECK_INT_EQ(bus_say(&world.one, "a", "again", false), 0);
    sim_broker_close(&world.broker);
}

static void case_a_power_cut_is_noticed_late(void)
{
    world_open_both(2);
    sim_bus_client_cut(&world.clients[0]);
    world_run(SECONDS_MS(8)); /* the keepalive is 20 s, so it may be noticed from 10 s on */
    CHECK_INT_EQ(world.two.received, 0);
    CHECK_INT_EQ(sim_broker_sessions(&world.broker), 2);
    world_run(SECONDS_MS(23));
    CHECK_INT_EQ(world.two.received, 1);
    CHECK_INT_EQ(sim_broker_sessions(&world.broker), 1);
    CHECK_INT_EQ(world.one.closed, 0);
    sim_broker_close(&world.broker);
}

static void case_a_short_partition_loses_nothing(void)
{
    struct bus_answer answer = {0};
    world_open_both(3);
    CHECK_INT_EQ(bus_hear(&world.one, "to-one"), 0);
    sim_bus_client_partition(&world.clients[0]);
    CHECK_INT_EQ(bus_call_publish(&world.one, "a", span_text("x"), false, &answer), 0);
    CHECK_INT_EQ(bus_say(&world.two, "to-one", "1", false), 0);
    CHECK_INT_EQ(bus_say(&world.two, "to-one", "2", false), 0);
    world_run(SECONDS_MS(5));
    CHECK_INT_EQ(answer.calls + world.one.received, 0);
    sim_bus_client_mend(&world.clients[0]);
    world_run(SECONDS_MS(60));
    CHECK_INT_EQ(answer.calls, 1);
    CHECK_INT_EQ(world.one.received, 2);
    CHECK_STR_EQ(world.one.heard[1].head, "2");
    CHECK_INT_EQ(world.one.closed, 0);
    sim_broker_close(&world.broker);
}

static void case_a_long_partition_ends_both_sides(void)
{
    world_open_both(4);
    sim_bus_client_partition(&world.clients[0]);
    world_run(SECONDS_MS(45)); /* two keepalives and more */
    CHECK_INT_EQ(world.one.closed, 1);
    CHECK_INT_EQ(world.one.code, ERR_TIMEOUT);
    CHECK_INT_EQ(world.two.received, 1);
    CHECK_STR_EQ(world.two.heard[0].head, "gone");
    CHECK_INT_EQ(bus_call_open(&world.one, "one", NULL, NULL), 0);
    world_run(SIM_BUS_HELLO_MS + 1);
    CHECK_INT_EQ(world.one.closed, 2);
    CHECK_INT_EQ(world.one.code, ERR_TIMEOUT);
    sim_bus_client_mend(&world.clients[0]);
    (void)bus_party_open(&world.one, "one");
    world_run(SECONDS_MS(100));
    CHECK_INT_EQ(world.one.closed, 2);
    CHECK_INT_EQ(world.two.received, 1);
    sim_broker_close(&world.broker);
}

static void case_a_broker_forgets_and_fires_no_wills(void)
{
    struct span kept;
    world_open_both(5);
    CHECK_INT_EQ(bus_say(&world.two, "kept", "x", true), 0);
    CHECK(sim_broker_retained(&world.broker, "kept", &kept));
    sim_broker_down(&world.broker);
    world_run(SECONDS_MS(60));
    CHECK_INT_EQ(world.one.closed, 1);
    CHECK_INT_EQ(world.two.closed, 1);
    CHECK(sim_broker_retained(&world.broker, "kept", &kept));
    CHECK(!sim_broker_retained(&world.broker, "presence/one", &kept));
    sim_broker_forget(&world.broker);
    sim_broker_up(&world.broker);
    CHECK(!sim_broker_retained(&world.broker, "kept", &kept));
    (void)bus_party_open(&world.one, "one");
    CHECK_INT_EQ(bus_say(&world.one, "kept", "y", true), 0);
    CHECK(sim_broker_retained(&world.broker, "kept", &kept));
    sim_broker_close(&world.broker);
}

static void case_a_takeover_may_be_silent(void)
{
    struct span kept;
    world_open_both(6);
    world.broker.faults.is_takeover_silent = true;
    sim_bus_client_cut(&world.clients[0]);
    (void)bus_party_open(&world.one, "one");
    world_run(SECONDS_MS(60));
    CHECK(!sim_broker_retained(&world.broker, "presence/one", &kept));
    CHECK_INT_EQ(sim_broker_sessions(&world.broker), 2);
    sim_broker_close(&world.broker);
}

/* Nothing stays of a client that left. */
static void world_all_leave(void)
{
    world.one.bus.ops->close(world.one.bus.self);
    world.two.bus.ops->close(world.two.bus.self);
    world_run(SECONDS_MS(60));
    CHECK_INT_EQ(sim_broker_sessions(&world.broker), 0);
    CHECK(sim_broker_next(&world.broker) == MONO_NEVER);
}

static void case_twice_or_not_at_all(void)
{
    world_open_both(9);
    world.broker.faults.duplicate_one_in = 1;
    CHECK_INT_EQ(bus_say(&world.one, "a", "x", true), 0);
    world_run(SECONDS_MS(1));
    CHECK_INT_EQ(world.two.received, 2);
    world.broker.faults.duplicate_one_in = 0;
    world.broker.faults.drop_one_in = 1;
    CHECK_INT_EQ(bus_say(&world.one, "b", "x", true), 0);
    world_run(SECONDS_MS(1));
    CHECK_INT_EQ(world.two.received, 2);
    CHECK_INT_EQ(bus_hear(&world.two, "b"), 0); /* what is retained comes whole */
    world_run(SECONDS_MS(1));
    CHECK_INT_EQ(world.two.received, 3);
    world_all_leave();
    sim_broker_close(&world.broker);
}

/* An owner killed, closed or cut while the broker's word is under way. */
static void case_no_session_without_a_client(void)
{
    for (int64_t wait = 0; wait <= 45; wait += 3) {
        for (int how = 0; how < 3; how++) {
            world_open(8);
            CHECK_INT_EQ(bus_call_open(&world.one, "one", NULL, NULL), 0);
            world_run(wait);
            if (how == 0) {
                sim_bus_client_kill(&world.clients[0]);
            } else if (how == 1) {
                world.one.bus.ops->close(world.one.bus.self);
            } else {
                sim_bus_client_cut(&world.clients[0]);
            }
            world_run(SECONDS_MS(31)); /* one and a half keepalives and a little */
            CHECK_INT_EQ(sim_broker_sessions(&world.broker), 0);
            world_all_leave();
            sim_broker_close(&world.broker);
        }
    }
}

/* Everything at once, from one seed: no answer twice, none lost, the same again the same. */
static void storm(uint64_t seed, char *trace)
{
    static struct bus_answer answers[200];
    int answered = 0;
    int made = 0;
    world_open_both(seed);
    sim_world_trace_to(&world.broker.world, trace, TRACE_BYTES);
    world.broker.faults = (struct sim_bus_faults){.delay_ms_min = 0,
                                                  .delay_ms_max = 200,
                                                  .lose_one_in = 20,
                                                  .duplicate_one_in = 5,
                                                  .drop_one_in = 10};
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        answers[i] = (struct bus_answer){0};
        if (bus_call_publish(&world.one, "a", span_text("x"), true, &answers[i]) == 0) {
            made++;
        } else if (world.clients[0].phase == SIM_BUS_NONE) {
            (void)bus_call_open(&world.one, "one", NULL, NULL);
        }
        world_run(50);
    }
    world_run(SECONDS_MS(60));
    world_all_leave();
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        CHECK(answers[i].calls <= 1);
        answered += answers[i].calls;
    }
    CHECK(made > 50);
    CHECK_INT_EQ(answered, made);
    CHECK(world.one.closed > 2);
    sim_broker_close(&world.broker);
}

static void case_a_storm_answers_each_call_once(void)
{
    static char first[TRACE_BYTES], second[TRACE_BYTES];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        storm(seed, first);
        storm(seed, second);
        CHECK_STR_EQ(first, second);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case own[] = {
        {"sim: a killed owner hears nothing more", case_a_killed_owner_hears_nothing_more},
        {"sim: a power cut is noticed late", case_a_power_cut_is_noticed_late},
        {"sim: a short partition loses nothing", case_a_short_partition_loses_nothing},
        {"sim: a long partition ends both sides", case_a_long_partition_ends_both_sides},
        {"sim: a broker forgets and fires no wills", case_a_broker_forgets_and_fires_no_wills},
        {"sim: a takeover may be silent", case_a_takeover_may_be_silent},
        {"sim: twice or not at all", case_twice_or_not_at_all},
        {"sim: no session without a client", case_no_session_without_a_client},
        {"sim: a storm answers each call once", case_a_storm_answers_each_call_once},
    };
    int status = check_run(own, COUNT_OF(own), argc, argv);
    world_open(7);
    int contract = bus_contract_run(&world.fixture, argc, argv);
    sim_broker_close(&world.broker);
    return argc > 1 ? status & contract : status | contract;
}
