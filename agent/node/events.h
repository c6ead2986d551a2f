/* events: what happened of late, for people: the newest EVENTS_MAX lines, packed one after the
 * other, so that short lines cost what they are long. */
#ifndef AGENT_NODE_EVENTS_H
#define AGENT_NODE_EVENTS_H

#include "agent/limits.h"
#include "platform/base/units.h"

/* Something that happened. */
struct event {
    uint64_t number; /* from 1, grows by one */
    mono_ms at;
    wall_ms wall;
    bool time_trusted;
    char app[NAME_BYTES]; /* empty: the node itself */
    char text[EVENT_TEXT_BYTES];
};

/* private, but for `last`; all zero is an empty one. Room for EVENTS_MAX of the longest: the lines
 * are kept at the front, and what they have not needed yet was never written. */
struct events {
    uint64_t last; /* number of the newest; 0: none has happened */
    size_t count;
    size_t used;
    uint8_t bytes[EVENTS_MAX * sizeof(struct event)];
};

/* Adds `event` under the next number, whatever its own says; beyond EVENTS_MAX the oldest goes. */
void events_add(struct events *events, const struct event *event);

/* Number of the oldest that is kept; last + 1 when there is none. */
uint64_t events_first(const struct events *events);

/* Copies the one with this number, which lies between events_first and last. */
void events_get(const struct events *events, uint64_t number, struct event *event);

#endif
