/* events_test: the newest are kept whole, whatever their lengths, and short ones cost little. */
#include "agent/node/events.h"
#include "tests/check.h"

enum { ROUNDS = 5 * EVENTS_MAX };

static struct events events;
static struct event said[ROUNDS + 1]; /* by number */

static void add(size_t app_len, size_t text_len)
{
    uint64_t number = events.last + 1;
    struct event *event = &said[number];
    *event = (struct event){.number = 77,
                            .at = (mono_ms)number * 3,
                            .wall = (wall_ms)number << 40,
                            .time_trusted = number % 2 == 0};
    memset(event->app, 'a' + (int)(number % 26), app_len);
    memset(event->text, 'A' + (int)(number % 26), text_len);
    events_add(&events, event);
    event->number = number;
}

static void check_kept(void)
{
    uint64_t first = events.last < EVENTS_MAX ? 1 : events.last - EVENTS_MAX + 1;
    CHECK_INT_EQ(events_first(&events), first);
    for (uint64_t number = first; number <= events.last; number++) {
        struct event event;
        memset(&event, 0xee, sizeof event);
        events_get(&events, number, &event);
        CHECK_INT_EQ(event.number, number);
        CHECK_INT_EQ(event.at, said[number].at);
        CHECK_INT_EQ(event.wall, said[number].wall);
        CHECK_INT_EQ(event.time_trusted, said[number].time_trusted);
        CHECK_STR_EQ(event.app, said[number].app);
        CHECK_STR_EQ(event.text, said[number].text);
    }
}

static void case_none(void)
{
    memset(&events, 0, sizeof events);
    CHECK_INT_EQ(events_first(&events), 1);
    CHECK_INT_EQ(events.last, 0);
}

static void case_of_all_lengths(void)
{
    memset(&events, 0, sizeof events);
    for (int i = 0; i < ROUNDS; i++) {
        add((size_t)(i * 7) % NAME_BYTES, (size_t)(i * 131) % EVENT_TEXT_BYTES);
        check_kept();
    }
}

/* The room is enough for as many of the longest, after short ones and before them. */
static void case_of_the_longest(void)
{
    memset(&events, 0, sizeof events);
    for (int i = 0; i < ROUNDS; i++) {
        bool is_short = i / EVENTS_MAX == 1 || i / EVENTS_MAX == 3;
        add(is_short ? 0 : NAME_BYTES - 1, is_short ? 0 : EVENT_TEXT_BYTES - 1);
    }
    check_kept();
}

/* What is not needed was never written: pages of the kernel's that nobody pays for. */
static void case_short_ones_stay_in_front(void)
{
    memset(&events, 0, sizeof events);
    for (int i = 0; i < ROUNDS; i++) {
        add(4, 60);
    }
    check_kept();
    size_t touched = sizeof events.bytes;
    while (touched > 0 && events.bytes[touched - 1] == 0) {
        touched--;
    }
    CHECK(touched <= EVENTS_MAX * 96);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"none", case_none},
        {"of all lengths", case_of_all_lengths},
        {"of the longest", case_of_the_longest},
        {"short ones stay in front", case_short_ones_stay_in_front},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
