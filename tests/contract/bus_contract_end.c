/* bus_contract_end: how sessions end, who is told, what the others hear of it, and what comes next.
 */
#include "platform/base/units.h"
#include "tests/check.h"
#include "tests/contract/bus_contract.h"

enum { QUIET_TURNS = 60, PENDING = 8, BURST = 30 };

static struct bus_fixture *fixture;
static struct bus_party *one, *two;

static void both_begin(void)
{
    bus_party_begin(one);
    bus_party_begin(two);
}

static void case_will_when_the_link_breaks(void)
{
    const char *topic = bus_fresh_topic("will");
    if (fixture->break_link == NULL) {
        return;
    }
    both_begin();
    (void)bus_party_open(two, "two");
    CHECK_INT_EQ(bus_hear(two, topic), 0);
    (void)bus_party_open_with_will(one, "one", topic, "lost");
    fixture->break_link(fixture->self);
    (void)bus_pump_until(one, &one->closed, 1);
    CHECK_INT_EQ(one->code, ERR_NETWORK);
    (void)bus_pump_until(two, &two->received, 1);
    CHECK_STR_EQ(two->heard[0].head, "lost");
    (void)bus_party_open(one, "one"); /* it was retained */
    CHECK_INT_EQ(bus_hear(one, topic), 0);
    (void)bus_pump_until(one, &one->received, 1);
    CHECK(one->heard[0].is_retained);
    CHECK_STR_EQ(one->heard[0].head, "lost");
    CHECK_INT_EQ(bus_say(one, topic, "", true), 0);
}

static void case_no_will_after_a_polite_close(void)
{
    const char *topic = bus_fresh_topic("no-will");
    both_begin();
    (void)bus_party_open(two, "two");
    CHECK_INT_EQ(bus_hear(two, topic), 0);
    (void)bus_party_open_with_will(one, "one", topic, "lost");
    one->bus.ops->close(one->bus.self);
    bus_pump_for(two, QUIET_TURNS);
    CHECK_INT_EQ(two->received, 0);
    CHECK_INT_EQ(one->closed, 0);
}

static void party_close(struct bus_party *party)
{
    party->bus.ops->close(party->bus.self);
}

/* Bytes that are unread when a socket is closed make a reset of the end. */
static void case_no_will_after_a_close_in_a_burst(void)
{
    static uint8_t block[16 * 1024];
    static struct bus_answer said[BURST];
    const char *will = bus_fresh_topic("no-will");
    const char *topic = bus_fresh_topic("burst");
    both_begin();
    (void)bus_party_open(two, "two");
    CHECK_INT_EQ(bus_hear(two, will), 0);
    (void)bus_party_open_with_will(one, "one", will, "lost");
    CHECK_INT_EQ(bus_hear(one, topic), 0);
    one->when_received = party_close;
    for (size_t i = 0; i < BURST; i++) {
        CHECK_INT_EQ(bus_call_publish(two, topic, span_of(block, sizeof block), false, &said[i]),
                     0);
    }
    (void)bus_pump_until(one, &one->received, 1);
    (void)bus_pump_until(two, &said[BURST - 1].calls, 1);
    bus_pump_for(two, QUIET_TURNS);
    CHECK_INT_EQ(two->received, 0);
    CHECK_INT_EQ(one->received, 1);
}

/* A broker that does not say it (mosquitto 2.0.11, any of 3.1.1) only closes the connection. */
static void check_takeover(void)
{
    bool is_silent = one->code == ERR_NETWORK && !fixture->tells_takeover;
    CHECK_INT_EQ(is_silent ? ERR_TAKEN_OVER : one->code, ERR_TAKEN_OVER);
}

static void case_the_newer_of_two_with_one_id_stays(void)
{
    both_begin();
    (void)bus_party_open(one, "same");
    (void)bus_party_open(two, "same");
    (void)bus_pump_until(one, &one->closed, 1);
    check_takeover();
    bus_pump_for(one, QUIET_TURNS);
    CHECK_INT_EQ(one->closed, 1);
    CHECK_INT_EQ(two->closed, 0);
    CHECK_INT_EQ(bus_say(two, bus_fresh_topic("newer"), "x", false), 0);
}

static void case_will_when_the_id_comes_back(void)
{
    const char *topic = bus_fresh_topic("taken-over");
    if (!fixture->has_will_at_takeover) {
        return;
    }
    both_begin();
    (void)bus_party_open_with_will(one, "same", topic, "lost");
    (void)bus_party_open(two, "same");
    (void)bus_pump_until(one, &one->closed, 1);
    check_takeover();
    CHECK_INT_EQ(bus_hear(two, topic), 0);
    (void)bus_pump_until(two, &two->received, 1);
    CHECK_STR_EQ(two->heard[0].head, "lost");
    CHECK_INT_EQ(bus_say(two, topic, "", true), 0);
}

static struct bus_answer answers[PENDING];

static void publishes_begin(void)
{
    const char *topic = bus_fresh_topic("pending");
    for (size_t i = 0; i < PENDING; i++) {
        answers[i] = (struct bus_answer){0};
        CHECK_INT_EQ(bus_call_publish(one, topic, span_text("x"), false, &answers[i]), 0);
    }
}

static void case_pending_is_answered_before_closed(void)
{
    struct bus_answer late = {0};
    if (fixture->kill == NULL || fixture->freeze == NULL) {
        return;
    }
    both_begin();
    (void)bus_party_open(one, "one");
    fixture->freeze(fixture->self);
    publishes_begin();
    bus_pump_for(one, 10);
    CHECK_INT_EQ(answers[0].calls, 0);
    fixture->kill(fixture->self);
    (void)bus_pump_until(one, &one->closed, 1);
    CHECK_INT_EQ(one->code, ERR_NETWORK);
    for (size_t i = 0; i < PENDING; i++) {
        CHECK_INT_EQ(answers[i].calls, 1);
        CHECK_INT_EQ(answers[i].code, ERR_NETWORK);
        CHECK_INT_EQ(answers[i].closed_before, 0);
    }
    CHECK_INT_EQ(bus_call_publish(one, "a", span_text("x"), false, &late), ERR_NETWORK);
    CHECK_INT_EQ(bus_call_open(one, "one", NULL, NULL), 0); /* there is no broker */
    (void)bus_pump_until(one, &one->closed, 2);
    CHECK_INT_EQ(one->code, ERR_NETWORK);
    CHECK_INT_EQ(one->opened, 1);
    fixture->revive(fixture->self);
    (void)bus_party_open(one, "one");
    CHECK_INT_EQ(bus_say(one, bus_fresh_topic("revived"), "x", false), 0);
    bus_pump_for(one, QUIET_TURNS);
    CHECK_INT_EQ(one->closed, 2);
    for (size_t i = 0; i < PENDING; i++) {
        CHECK_INT_EQ(answers[i].calls, 1); /* and nothing of them is sent again */
    }
}

static void party_reopen(struct bus_party *party)
{
    party->bus.ops->close(party->bus.self);
    CHECK_INT_EQ(bus_call_open(party, "again", NULL, NULL), 0);
}

static void case_close_drops_what_waits(void)
{
    both_begin();
    (void)bus_party_open(one, "one");
    publishes_begin();
    one->bus.ops->close(one->bus.self);
    bus_pump_for(one, QUIET_TURNS);
    for (size_t i = 0; i < PENDING; i++) {
        CHECK_INT_EQ(answers[i].calls, 0);
    }
    CHECK_INT_EQ(one->closed, 0);
    (void)bus_party_open(one, "one");
    CHECK_INT_EQ(bus_say(one, bus_fresh_topic("anew"), "x", false), 0);
}

static void case_close_from_inside_callbacks(void)
{
    const char *topic = bus_fresh_topic("inside");
    both_begin();
    one->when_opened = party_close;
    (void)bus_party_open(one, "one");
    bus_pump_for(one, QUIET_TURNS);
    CHECK_INT_EQ(one->closed, 0);
    (void)bus_party_open(one, "one");
    CHECK_INT_EQ(bus_hear(one, topic), 0);
    (void)bus_party_open(two, "two");
    one->when_received = party_close;
    CHECK_INT_EQ(bus_say(two, topic, "1", false), 0);
    CHECK_INT_EQ(bus_say(two, topic, "2", false), 0);
    (void)bus_pump_until(one, &one->received, 1);
    bus_pump_for(one, QUIET_TURNS);
    CHECK_INT_EQ(one->received, 1);
    CHECK_INT_EQ(one->closed, 0);
}

static void case_close_from_inside_a_lost_answer(void)
{
    if (fixture->break_link == NULL) {
        return;
    }
    both_begin();
    (void)bus_party_open(one, "one");
    publishes_begin();
    answers[1].when_done = party_close;
    fixture->break_link(fixture->self);
    (void)bus_pump_until(one, &answers[1].calls, 1);
    bus_pump_for(one, QUIET_TURNS);
    CHECK_INT_EQ(answers[0].calls, 1);
    CHECK_INT_EQ(answers[1].code, ERR_NETWORK);
    CHECK_INT_EQ(answers[2].calls, 0); /* dropped, like the rest */
    CHECK_INT_EQ(one->closed, 0);
    (void)bus_party_open(one, "one");
    CHECK_INT_EQ(bus_say(one, bus_fresh_topic("after"), "x", false), 0);
}

static void case_open_again_from_inside_callbacks(void)
{
    const char *topic = bus_fresh_topic("again");
    both_begin();
    one->when_opened = party_reopen;
    CHECK_INT_EQ(bus_call_open(one, "one", NULL, NULL), 0);
    (void)bus_pump_until(one, &one->opened, 2);
    publishes_begin();
    answers[0].when_done = party_reopen;
    (void)bus_pump_until(one, &one->opened, 3);
    bus_pump_for(one, QUIET_TURNS);
    CHECK_INT_EQ(answers[0].calls, 1);
    CHECK_INT_EQ(one->closed, 0);
    CHECK_INT_EQ(bus_say(one, topic, "x", false), 0);
}

static void case_open_again_when_closed(void)
{
    if (fixture->break_link == NULL) {
        return;
    }
    both_begin();
    (void)bus_party_open(one, "one");
    one->when_closed = party_reopen;
    fixture->break_link(fixture->self);
    (void)bus_pump_until(one, &one->closed, 1);
    (void)bus_pump_until(one, &one->opened, 2);
    CHECK_INT_EQ(bus_say(one, bus_fresh_topic("back"), "x", false), 0);
    CHECK_INT_EQ(one->closed, 1);
}

static void case_a_silent_link_is_found_by_the_pace(void)
{
    if (fixture->partition == NULL) {
        return;
    }
    both_begin();
    (void)bus_party_open(one, "one");
    publishes_begin();
    (void)bus_pump_until(one, &answers[PENDING - 1].calls, 1);
    one->bus.ops->pace(one->bus.self, 1);
    fixture->partition(fixture->self);
    publishes_begin();
    (void)bus_pump_until(one, &one->closed, 1);
    CHECK_INT_EQ(one->code, ERR_TIMEOUT);
    for (size_t i = 0; i < PENDING; i++) {
        CHECK_INT_EQ(answers[i].code, ERR_NETWORK);
        CHECK_INT_EQ(answers[i].closed_before, 0);
    }
    fixture->mend(fixture->self);
    one->bus.ops->pace(one->bus.self, 300);
    (void)bus_party_open(one, "one");
    CHECK_INT_EQ(bus_say(one, bus_fresh_topic("mended"), "x", false), 0);
}

const struct check_case *bus_contract_ends(struct bus_fixture *given, struct bus_party *party,
                                           struct bus_party *other, size_t *count)
{
    static const struct check_case cases[] = {
        {"will when the link breaks", case_will_when_the_link_breaks},
        {"no will after a polite close", case_no_will_after_a_polite_close},
        {"no will after a close in a burst", case_no_will_after_a_close_in_a_burst},
        {"the newer of two with one id stays", case_the_newer_of_two_with_one_id_stays},
        {"will when the id comes back", case_will_when_the_id_comes_back},
        {"pending is answered before closed", case_pending_is_answered_before_closed},
        {"close drops what waits", case_close_drops_what_waits},
        {"close from inside callbacks", case_close_from_inside_callbacks},
        {"close from inside a lost answer", case_close_from_inside_a_lost_answer},
        {"open again from inside callbacks", case_open_again_from_inside_callbacks},
        {"open again when closed", case_open_again_when_closed},
        {"a silent link is found by the pace", case_a_silent_link_is_found_by_the_pace},
    };
    fixture = given;
    one = party;
    two = other;
    *count = COUNT_OF(cases);
    return cases;
}
