/* scale_events: what is going to happen, the earliest first. */
#ifndef TESTS_BENCH_SCALE_EVENTS_H
#define TESTS_BENCH_SCALE_EVENTS_H

#include <stdint.h>
#include <stdlib.h>

#include "platform/bus.h"

enum event_kind {
    EVENT_OPENED,
    EVENT_SUBSCRIBED,
    EVENT_TAKEN, /* the broker's word for a publish */
    EVENT_ECHO,
    EVENT_BEGIN,
    EVENT_END,
    EVENT_REPORT,
    EVENT_REPORT_AGAIN
};

struct event {
    int64_t at; /* microseconds */
    enum event_kind kind;
    size_t node;
    bus_done done;
    void *ctx;
    char *topic;
    uint8_t *payload;
    size_t len;
    bool is_reports;
};

struct events {
    struct event *list;
    size_t count, cap;
};

static inline void events_add(struct events *events, struct event event)
{
    if (events->count == events->cap) {
        events->cap = events->cap == 0 ? 1024 : 2 * events->cap;
        events->list = realloc(events->list, events->cap * sizeof *events->list);
        if (events->list == NULL) {
            abort();
        }
    }
    size_t at = events->count++;
    for (; at > 0 && events->list[(at - 1) / 2].at > event.at; at = (at - 1) / 2) {
        events->list[at] = events->list[(at - 1) / 2];
    }
    events->list[at] = event;
}

static inline int64_t events_first(const struct events *events)
{
    return events->count > 0 ? events->list[0].at : INT64_MAX;
}

/* Takes the first whose time has come; false: none. */
static inline bool events_take(struct events *events, int64_t now, struct event *event)
{
    if (events_first(events) > now) {
        return false;
    }
    *event = events->list[0];
    struct event last = events->list[--events->count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < events->count; at = child) {
        child += child + 1 < events->count && events->list[child + 1].at < events->list[child].at;
        if (events->list[child].at >= last.at) {
            break;
        }
        events->list[at] = events->list[child];
    }
    events->list[at] = last;
    return true;
}

#endif
