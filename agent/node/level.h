/* level: which of berth/1 and berth/2 a node's own topics are at. What a broker grants proves
 * nothing (one of MQTT 3.1.1 drops in silence what it denies): berth/2 is used as long as an own
 * message came back on it. */
#ifndef AGENT_NODE_LEVEL_H
#define AGENT_NODE_LEVEL_H

#include <stdbool.h>

#include "platform/base/units.h"

/* An own message that did not come back in so long does not come. */
#define LEVEL_PROOF_MS 20000
/* On berth/1, berth/2 is tried again after so long: an operator may have given the rights. */
#define LEVEL_TRIAL_MS INT64_C(21600000)

/* What there is to do now. */
enum level_turn {
    LEVEL_STAY,
    LEVEL_TRY,   /* send something on berth/2 that would come back, from berth/1 */
    LEVEL_CHANGE /* end the session, politely; the next one is at level_begin's answer */
};

/* private but for reading `used`, `is_proven`. */
struct level {
    bool has_two;   /* this node can speak berth/2 at all */
    unsigned used;  /* in this session: 1 or 2 */
    unsigned next;  /* in the next */
    bool is_proven; /* used is 2, and an own message came back in this session */
    mono_ms due;    /* used 2: the proof; used 1: the next trial; 0: not set yet */
};

void level_init(struct level *level, bool has_two);
/* A session is about to be opened; returns its level. */
unsigned level_begin(struct level *level);
/* An own message came back on berth/2. */
void level_heard(struct level *level);
/* The broker said that it denies berth/2. */
void level_denied(struct level *level);
/* While the session is open. */
enum level_turn level_step(struct level *level, mono_ms now);
mono_ms level_deadline(const struct level *level);

#endif
