/* bus_call: one party of a bus and everything it was told, for the suites of platform/bus.h. */
#ifndef TESTS_CONTRACT_BUS_CALL_H
#define TESTS_CONTRACT_BUS_CALL_H

#include "platform/bus.h"

#define BUS_HEARD_MAX 64

struct bus_heard {
    char topic[BUS_TOPIC_BYTES];
    char head[64]; /* of the payload, terminated */
    size_t len;
    uint32_t crc;
    bool is_retained;
};

struct bus_party {
    struct bus bus;
    /* one turn of the world, at most a few milliseconds */
    void (*pump)(void *self);
    void *self;
    int opened, closed, code; /* the last closed's */
    char text[ERR_TEXT_BYTES];
    int received;
    struct bus_heard heard[BUS_HEARD_MAX]; /* the first ones since bus_party_begin */
    /* called inside the callback, once; NULL: nothing */
    void (*when_opened)(struct bus_party *party);
    void (*when_received)(struct bus_party *party);
    void (*when_closed)(struct bus_party *party);
};

/* What became of one publish or subscription. */
struct bus_answer {
    int calls, code;
    char text[ERR_TEXT_BYTES];
    int closed_before; /* how often the party had been closed when the answer came */
    struct bus_party *party;
    void (*when_done)(struct bus_party *party);
};

/* Forgets what was told, and closes. */
void bus_party_begin(struct bus_party *party);
/* The code of the call. */
int bus_call_open(struct bus_party *party, const char *id, const char *will_topic,
                  const char *will);
/* Opens and waits for `opened`; false and a failed check when it does not come. */
bool bus_party_open(struct bus_party *party, const char *id);
bool bus_party_open_with_will(struct bus_party *party, const char *id, const char *will_topic,
                              const char *will);
int bus_call_publish(struct bus_party *party, const char *topic, struct span payload,
                     bool is_retained, struct bus_answer *answer);
int bus_call_subscribe(struct bus_party *party, const char *filter, struct bus_answer *answer);
/* The code of the call or of its answer. */
int bus_say(struct bus_party *party, const char *topic, const char *text, bool is_retained);
int bus_hear(struct bus_party *party, const char *filter);

/* Turns until *counter is `want` (more turns do not lower it), and a check that it is. */
bool bus_pump_until(struct bus_party *party, const int *counter, int want);
void bus_pump_for(struct bus_party *party, int turns);

/* The message on that topic, or NULL. */
const struct bus_heard *bus_heard_on(const struct bus_party *party, const char *topic);

#endif
