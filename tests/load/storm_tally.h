/* storm_tally: what one session did after it lost the broker, and the judgement over all of them.
 */
#ifndef TESTS_LOAD_STORM_TALLY_H
#define TESTS_LOAD_STORM_TALLY_H

#include <stdbool.h>
#include <stddef.h>

#include "platform/base/units.h"

/* Zeroed before use. */
struct storm_tally {
    unsigned attempts; /* begun */
    unsigned early;    /* of these before they were due */
    unsigned waits;
    unsigned wide;     /* of these not below min(cap, base * 2^(n-1)) */
    unsigned forgiven; /* of these without the failure before it being counted */
    unsigned failures; /* in a row, as counted here */
    double shares;     /* the sum over the waits of wait / window */
    mono_ms due;       /* when the next attempt may begin */
    mono_ms lost_at;   /* first; 0: not yet */
    mono_ms back_at;   /* last */
};

void storm_attempt(struct storm_tally *tally, mono_ms now);
/* A session or an attempt ended: the link counts `failures` and tries again at `due`. */
void storm_wait(struct storm_tally *tally, unsigned failures, mono_ms now, mono_ms due);
void storm_lost(struct storm_tally *tally, mono_ms now);
void storm_back(struct storm_tally *tally, mono_ms now);

/* Lost, and up again. */
bool storm_is_back(const struct storm_tally *tally);

/* Prints when they came back, and whether that was as full jitter has it; false when it was not. */
bool storm_judge(const struct storm_tally *const *tallies, size_t count);

#endif
