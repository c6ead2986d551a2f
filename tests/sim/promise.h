/* promise: a request that was answered "done" is honoured in the end, or has its verdict. */
#ifndef TESTS_SIM_PROMISE_H
#define TESTS_SIM_PROMISE_H

#include "tests/sim/gateway.h"
#include "tests/sim/scenario.h"

/* What a technician may rely on, from what was asked and answered so far. */
struct promise {
    size_t app; /* of the gateway's words */
    int stands; /* the release that was promised last and can be good; SCENARIO_NONE: none */
    int before; /* what stood before it */
    int failed; /* promised after it, and cannot be good: it gets a verdict; ASKED_NOTHING: none */
};

/* The release cannot become good: it fails by itself, or its image is in no registry. */
bool release_is_hopeless(enum release_name name);

/* Nothing was promised. */
/* Of one of the gateway's apps: 0, or 1 for the one beside it. */
void promise_init(struct promise *promise, size_t app);

/* Call after each scene: takes in what was answered "done" since. */
void promise_note(struct promise *promise, const struct gateway *gateway,
                  const struct scenario *scenario);

/* Judges the end: `ends_in` (SCENARIO_NONE: nothing serves) is what was promised, or what was taken
 * since and never answered; with `is_forgiven` (so much went wrong that no try is left) a promise
 * may be answered by a verdict and its reason instead. Breaches go to the machine's checker. */
void promise_judge(const struct promise *promise, struct gateway *gateway,
                   const struct scenario *scenario, int ends_in, bool is_forgiven);

#endif
