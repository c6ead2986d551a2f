/* events: each line is a head, the app's name and the text, both without their NULs. */
#include "agent/node/events.h"
#include "platform/base/law.h"

#include <string.h>

struct head {
    mono_ms at;
    wall_ms wall;
    bool time_trusted;
    uint8_t app_len;
    uint16_t text_len;
};

_Static_assert(NAME_BYTES <= UINT8_MAX && EVENT_TEXT_BYTES <= UINT16_MAX, "lengths fit");
_Static_assert(sizeof(struct head) + NAME_BYTES + EVENT_TEXT_BYTES <= sizeof(struct event) + 2,
               "a packed line is no longer, without its two NULs, than what room is kept for");

static size_t line_bytes(const uint8_t *line)
{
    struct head head;
    memcpy(&head, line, sizeof head);
    return sizeof head + head.app_len + head.text_len;
}

static void oldest_drop(struct events *events)
{
    size_t bytes = line_bytes(events->bytes);
    events->used -= bytes;
    events->count--;
    memmove(events->bytes, events->bytes + bytes, events->used);
}

void events_add(struct events *events, const struct event *event)
{
    struct head head = {
        .at = event->at,
        .wall = event->wall,
        .time_trusted = event->time_trusted,
        .app_len = (uint8_t)strlen(event->app),
        .text_len = (uint16_t)strlen(event->text),
    };
    if (events->count == EVENTS_MAX) {
        oldest_drop(events);
    }
    uint8_t *at = events->bytes + events->used;
    size_t bytes = sizeof head + head.app_len + head.text_len;
    LAW(BOUNDED, bytes <= sizeof events->bytes - events->used);
    memcpy(at, &head, sizeof head);
    memcpy(at + sizeof head, event->app, head.app_len);
    memcpy(at + sizeof head + head.app_len, event->text, head.text_len);
    events->used += bytes;
    events->count++;
    events->last++;
}

uint64_t events_first(const struct events *events)
{
    return events->last - events->count + 1;
}

void events_get(const struct events *events, uint64_t number, struct event *event)
{
    const uint8_t *at = events->bytes;
    struct head head;
    LAW(BOUNDED, number >= events_first(events) && number <= events->last);
    for (uint64_t i = events_first(events); i < number; i++) {
        at += line_bytes(at);
    }
    memcpy(&head, at, sizeof head);
    event->number = number;
    event->at = head.at;
    event->wall = head.wall;
    event->time_trusted = head.time_trusted;
    memcpy(event->app, at + sizeof head, head.app_len);
    event->app[head.app_len] = '\0';
    memcpy(event->text, at + sizeof head + head.app_len, head.text_len);
    event->text[head.text_len] = '\0';
}
