/* bus_contract: what may be called when, and what two parties of one broker hear of each other. */
#include "tests/contract/bus_contract.h"

#include <unistd.h>

#include "platform/base/crc.h"
#include "platform/base/units.h"
#include "tests/check.h"

enum { QUIET_TURNS = 60, LARGE_BYTES = 90 * 1024, CASES_MAX = 64 };

static struct bus_fixture *fixture;
static struct bus_party one, two;

const char *bus_fresh_topic(const char *leaf)
{
    static char topics[8][96];
    static unsigned count;
    char *topic = topics[count % COUNT_OF(topics)];
    (void)snprintf(topic, sizeof topics[0], BUS_OPEN_TOPIC "/%ld/%u/%s", (long)getpid(), count++,
                   leaf);
    return topic;
}

/* Two open parties that remember nothing. */
static void both_open(void)
{
    bus_party_begin(&one);
    bus_party_begin(&two);
    (void)bus_party_open(&one, "one");
    (void)bus_party_open(&two, "two");
}

static void case_nothing_without_a_session(void)
{
    struct bus_answer answer = {0};
    struct err err;
    bus_party_begin(&one);
    CHECK_INT_EQ(bus_call_publish(&one, "a", span_text("x"), false, &answer), ERR_NETWORK);
    CHECK_INT_EQ(bus_call_subscribe(&one, "a", &answer), ERR_NETWORK);
    CHECK_INT_EQ(one.bus.ops->unsubscribe(one.bus.self, "a", &err), ERR_NETWORK);
    CHECK_INT_EQ(bus_call_open(&one, "one", NULL, NULL), 0);
    CHECK_INT_EQ(bus_call_publish(&one, "a", span_text("x"), false, &answer), ERR_NETWORK);
    one.bus.ops->close(one.bus.self);
    one.bus.ops->close(one.bus.self);
    bus_pump_for(&one, QUIET_TURNS);
    CHECK_INT_EQ(answer.calls + one.opened + one.closed, 0);
}

static void case_one_session_at_a_time(void)
{
    bus_party_begin(&one);
    CHECK_INT_EQ(bus_call_open(&one, "one", NULL, NULL), 0);
    CHECK_INT_EQ(bus_call_open(&one, "one", NULL, NULL), ERR_BUSY);
    (void)bus_pump_until(&one, &one.opened, 1);
    CHECK_INT_EQ(bus_call_open(&one, "one", NULL, NULL), ERR_BUSY);
    bus_pump_for(&one, QUIET_TURNS);
    CHECK_INT_EQ(one.opened, 1);
    CHECK_INT_EQ(one.closed, 0);
}

static void case_a_message_arrives(void)
{
    const char *topic = bus_fresh_topic("live");
    both_open();
    CHECK_INT_EQ(bus_hear(&two, topic), 0);
    CHECK_INT_EQ(bus_say(&one, topic, "hello", true), 0);
    (void)bus_pump_until(&two, &two.received, 1);
    CHECK_STR_EQ(two.heard[0].topic, topic);
    CHECK_STR_EQ(two.heard[0].head, "hello");
    CHECK_INT_EQ(two.heard[0].len, 5);
    CHECK(!two.heard[0].is_retained); /* it is news to whoever is subscribed */
    CHECK_INT_EQ(bus_say(&one, topic, "", true), 0);
}

static void case_retained_is_read_back(void)
{
    const char *topic = bus_fresh_topic("kept");
    both_open();
    CHECK_INT_EQ(bus_say(&one, topic, "first", true), 0);
    CHECK_INT_EQ(bus_say(&one, topic, "second", true), 0);
    CHECK_INT_EQ(bus_say(&one, bus_fresh_topic("not-kept"), "gone", false), 0);
    CHECK_INT_EQ(bus_hear(&two, topic), 0);
    (void)bus_pump_until(&two, &two.received, 1);
    CHECK_STR_EQ(two.heard[0].head, "second");
    CHECK(two.heard[0].is_retained);
    CHECK_INT_EQ(bus_say(&one, topic, "", true), 0);
    bus_party_begin(&two);
    (void)bus_party_open(&two, "two");
    CHECK_INT_EQ(bus_hear(&two, topic), 0);
    bus_pump_for(&two, QUIET_TURNS);
    CHECK_INT_EQ(two.received, 0);
}

static void case_filters(void)
{
    char base[96], topic[160], filter[160];
    static const char *const leaves[] = {"a/x", "a/y/z", "b/x", "a"};
    both_open();
    (void)snprintf(base, sizeof base, "%s", bus_fresh_topic("f"));
    (void)snprintf(filter, sizeof filter, "%s/+/x", base);
    CHECK_INT_EQ(bus_hear(&one, filter), 0);
    (void)snprintf(filter, sizeof filter, "%s/a/#", base);
    CHECK_INT_EQ(bus_hear(&two, filter), 0);
    for (size_t i = 0; i < COUNT_OF(leaves); i++) {
        (void)snprintf(topic, sizeof topic, "%s/%s", base, leaves[i]);
        CHECK_INT_EQ(bus_say(&one, topic, leaves[i], false), 0);
    }
    (void)bus_pump_until(&one, &one.received, 2);
    (void)bus_pump_until(&two, &two.received, 3);
    bus_pump_for(&two, QUIET_TURNS);
    CHECK_INT_EQ(one.received, 2);
    CHECK_INT_EQ(two.received, 3); /* "a/#" holds "a" itself */
    CHECK_STR_EQ(one.heard[0].head, "a/x");
    CHECK_STR_EQ(one.heard[1].head, "b/x");
    CHECK_STR_EQ(two.heard[2].head, "a");
}

static void case_unsubscribe(void)
{
    const char *topic = bus_fresh_topic("left");
    struct err err;
    both_open();
    CHECK_INT_EQ(bus_hear(&two, topic), 0);
    CHECK_INT_EQ(bus_say(&one, topic, "heard", false), 0);
    (void)bus_pump_until(&two, &two.received, 1);
    CHECK_INT_EQ(two.bus.ops->unsubscribe(two.bus.self, topic, &err), 0);
    CHECK_INT_EQ(bus_hear(&two, bus_fresh_topic("after")), 0); /* answered in order */
    CHECK_INT_EQ(bus_say(&one, topic, "unheard", false), 0);
    bus_pump_for(&two, QUIET_TURNS);
    CHECK_INT_EQ(two.received, 1);
}

static void case_a_large_payload_passes(void)
{
    static uint8_t large[LARGE_BYTES];
    const char *topic = bus_fresh_topic("large");
    struct bus_answer answer = {0};
    both_open();
    for (size_t i = 0; i < sizeof large; i++) {
        large[i] = (uint8_t)(i * 7 + (i >> 8));
    }
    CHECK_INT_EQ(bus_hear(&two, topic), 0);
    CHECK_INT_EQ(bus_call_publish(&one, topic, span_of(large, sizeof large), true, &answer), 0);
    (void)bus_pump_until(&one, &answer.calls, 1);
    CHECK_INT_EQ(answer.code, 0);
    (void)bus_pump_until(&two, &two.received, 1);
    CHECK_INT_EQ(two.heard[0].len, sizeof large);
    CHECK(two.heard[0].crc == crc32c(0, large, sizeof large));
    CHECK_INT_EQ(bus_say(&one, topic, "", true), 0);
}

static void case_what_is_refused_at_once(void)
{
    static uint8_t huge[BUS_PAYLOAD_BYTES_MAX + 1];
    static const char *const topics[] = {"", "a/+", "#", "a/#/b", "\xff"};
    static const char *const filters[] = {"", "a/#/b", "a+", "a#", "\xff"};
    char long_topic[BUS_TOPIC_BYTES + 1];
    struct bus_answer answer = {0};
    both_open();
    for (size_t i = 0; i < COUNT_OF(topics); i++) {
        CHECK_INT_EQ(bus_call_publish(&one, topics[i], span_text("x"), false, &answer), ERR_VALUE);
        CHECK_INT_EQ(bus_call_subscribe(&one, filters[i], &answer), ERR_VALUE);
    }
    memset(long_topic, 'a', sizeof long_topic);
    long_topic[BUS_TOPIC_BYTES] = '\0';
    CHECK_INT_EQ(bus_call_publish(&one, long_topic, span_text("x"), false, &answer), ERR_VALUE);
    CHECK_INT_EQ(bus_call_subscribe(&one, long_topic, &answer), ERR_VALUE);
    CHECK_INT_EQ(bus_call_publish(&one, "a", span_of(huge, sizeof huge), false, &answer),
                 ERR_OVERSIZE);
    bus_pump_for(&one, QUIET_TURNS);
    CHECK_INT_EQ(answer.calls, 0);
    CHECK_INT_EQ(one.closed, 0);
    CHECK_INT_EQ(bus_say(&one, bus_fresh_topic("well"), "x", false), 0);
}

static void case_busy_above_the_limit(void)
{
    static struct bus_answer answers[BUS_PENDING_MAX + 2];
    const char *topic = bus_fresh_topic("many");
    both_open();
    CHECK_INT_EQ(bus_hear(&two, topic), 0);
    for (size_t i = 0; i < BUS_PENDING_MAX; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "%zu", i);
        CHECK_INT_EQ(bus_call_publish(&one, topic, span_text(text), false, &answers[i]), 0);
    }
    CHECK_INT_EQ(bus_call_publish(&one, topic, span_text("x"), false, &answers[BUS_PENDING_MAX]),
                 ERR_BUSY);
    CHECK_INT_EQ(bus_call_subscribe(&one, topic, &answers[BUS_PENDING_MAX + 1]), ERR_BUSY);
    for (size_t i = 0; i < BUS_PENDING_MAX; i++) {
        (void)bus_pump_until(&one, &answers[i].calls, 1);
        CHECK_INT_EQ(answers[i].code, 0);
    }
    (void)bus_pump_until(&two, &two.received, BUS_PENDING_MAX);
    for (int i = 0; i < BUS_PENDING_MAX; i++) {
        CHECK_INT_EQ(atoi(two.heard[i].head), i); /* in the order they were said */
    }
    CHECK_INT_EQ(answers[BUS_PENDING_MAX].calls + answers[BUS_PENDING_MAX + 1].calls, 0);
    CHECK_INT_EQ(bus_say(&one, topic, "room again", false), 0);
}

static void case_denied(void)
{
    struct bus_answer answer = {0};
    if (fixture->denied_topic == NULL) {
        return;
    }
    both_open();
    CHECK_INT_EQ(bus_call_publish(&one, fixture->denied_topic, span_text("x"), true, &answer), 0);
    (void)bus_pump_until(&one, &answer.calls, 1);
    CHECK_INT_EQ(answer.code, ERR_DENIED);
    CHECK(answer.text[0] != '\0');
    CHECK_INT_EQ(one.closed, 0);
    CHECK_INT_EQ(bus_say(&one, bus_fresh_topic("allowed"), "x", false), 0);
}

static void say_something(struct bus_party *party)
{
    static struct bus_answer answer;
    CHECK_INT_EQ(
        bus_call_publish(party, BUS_OPEN_TOPIC "/again", span_text("echo"), false, &answer), 0);
}

static void case_calls_from_inside_callbacks(void)
{
    const char *topic = bus_fresh_topic("inside");
    both_open();
    CHECK_INT_EQ(bus_hear(&one, BUS_OPEN_TOPIC "/again"), 0);
    CHECK_INT_EQ(bus_hear(&two, topic), 0);
    two.when_received = say_something;
    CHECK_INT_EQ(bus_say(&one, topic, "question", false), 0);
    (void)bus_pump_until(&one, &one.received, 1);
    CHECK_STR_EQ(one.heard[0].head, "echo");
}

static struct bus_answer first_answers[2];

static void hear_and_say(struct bus_party *party)
{
    CHECK_INT_EQ(bus_call_subscribe(party, BUS_OPEN_TOPIC "/first/#", &first_answers[0]), 0);
    CHECK_INT_EQ(bus_call_publish(party, BUS_OPEN_TOPIC "/first/said", span_text("1"), false,
                                  &first_answers[1]),
                 0);
}

static void case_calls_from_inside_opened(void)
{
    bus_party_begin(&one);
    one.when_opened = hear_and_say;
    (void)bus_party_open(&one, "one");
    (void)bus_pump_until(&one, &first_answers[1].calls, 1);
    (void)bus_pump_until(&one, &one.received, 1);
    bus_pump_for(&one, QUIET_TURNS);
    CHECK_INT_EQ(one.received, 1); /* said once, heard once */
    CHECK_INT_EQ(first_answers[0].code + first_answers[1].code, 0);
}

static void case_a_short_pace_keeps_the_session(void)
{
    const char *topic = bus_fresh_topic("paced");
    both_open();
    one.bus.ops->pace(one.bus.self, 1);
    bus_pump_for(&one, 800); /* some seconds, so that it pings some times */
    CHECK_INT_EQ(one.closed, 0);
    CHECK_INT_EQ(bus_say(&one, topic, "here", false), 0);
    one.bus.ops->pace(one.bus.self, 300);
}

int bus_contract_run(struct bus_fixture *given, int argc, char **argv)
{
    static const struct check_case own[] = {
        {"nothing without a session", case_nothing_without_a_session},
        {"one session at a time", case_one_session_at_a_time},
        {"a message arrives", case_a_message_arrives},
        {"retained is read back, and an empty one clears", case_retained_is_read_back},
        {"filters", case_filters},
        {"unsubscribe", case_unsubscribe},
        {"a large payload passes", case_a_large_payload_passes},
        {"what is refused at once", case_what_is_refused_at_once},
        {"busy above the limit", case_busy_above_the_limit},
        {"denied", case_denied},
        {"calls from inside callbacks", case_calls_from_inside_callbacks},
        {"calls from inside opened", case_calls_from_inside_opened},
        {"a short pace keeps the session", case_a_short_pace_keeps_the_session},
    };
    static struct check_case cases[CASES_MAX];
    size_t end_count;
    fixture = given;
    one = (struct bus_party){.bus = given->bus, .pump = given->pump, .self = given->self};
    two = (struct bus_party){.bus = given->other, .pump = given->pump, .self = given->self};
    const struct check_case *ends = bus_contract_ends(given, &one, &two, &end_count);
    memcpy(cases, own, sizeof own);
    memcpy(cases + COUNT_OF(own), ends, end_count * sizeof ends[0]);
    return check_run(cases, COUNT_OF(own) + end_count, argc, argv);
}
