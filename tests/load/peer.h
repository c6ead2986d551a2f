/* peer: what a node of one app says to the fleet: an order in, its reports out, as time passes.
 * It runs no container and checks no signature: what counts is the broker's and the
 * coordinator's work. */
#ifndef TESTS_LOAD_PEER_H
#define TESTS_LOAD_PEER_H

#include "agent/wire/report.h"
#include "platform/base/arena.h"

enum peer_phase { PEER_REST, PEER_PREPARE, PEER_UNPROVEN };

/* Zeroed, then peer_init; private but for reading. */
struct peer {
    const char *fleet, *node;
    enum peer_phase phase;
    mono_ms until; /* the end of the phase; at rest none */
    struct order order;
    struct order later; /* came after the switch: its turn is after the verdict; id empty: none */
    bool has_release;   /* the order's, from the broker */
    struct digest committed;
    struct report_outcome outcomes[REPORT_OUTCOMES_MAX]; /* newest first */
    size_t outcome_count;
    uint32_t gen;
    int64_t prepare_ms, soak_ms;
    unsigned swaps, refused; /* refused: envelopes that are none for this node */
    bool is_report_due;
};

void peer_init(struct peer *peer, const char *fleet, const char *node, int64_t prepare_ms,
               int64_t soak_ms);

/* An order's envelope came. An older one, and the same again, change nothing. */
void peer_order(struct peer *peer, struct span envelope, struct arena *arena, mono_ms now);

/* The release came that the order names; without it nothing is switched. */
void peer_release(struct peer *peer, const struct digest *release);
/* The release that is asked for; NULL: none. */
const struct digest *peer_wants(const struct peer *peer);

/* Goes on; true: peer_report has something new to say. */
bool peer_step(struct peer *peer, mono_ms now);
/* When it goes on by itself; INT64_MAX: never. */
mono_ms peer_deadline(const struct peer *peer);

/* Writes the report as it is now. `report` is for one call and may be shared. */
void peer_report(struct peer *peer, struct report *report, struct text *text, wall_ms now);

#endif
