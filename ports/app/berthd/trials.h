/* trials: what the self-test tries, one function each. */
#ifndef BERTHD_TRIALS_H
#define BERTHD_TRIALS_H

#include "platform/base/text.h"
#include "ports/app/berthd/house.h"

#define TRIAL_DETAIL_BYTES 320

/* What the trials share; on the heap because of the house. */
struct self_test {
    const struct config *config;
    const struct err *sandbox;
    struct house house;
    struct text detail; /* for the trial's line */
    bool is_answered;   /* the call under way, and what came of it: */
    struct err answer;
    bool is_stuck; /* one did not answer: what follows could take its answer for its own */
    struct route_state state;
};

/* Each writes into `detail` what it saw. try_house is first of those that need a part; house_close
 * is the caller's. A trial whose call does not answer in half a minute is ERR_TIMEOUT and sets
 * is_stuck. Errors are those of the port. */
NODISCARD int try_sandbox(struct self_test *test, struct err *err);
NODISCARD int try_house(struct self_test *test, struct err *err);
NODISCARD int try_entropy(struct self_test *test, struct err *err);
NODISCARD int try_clock(struct self_test *test, struct err *err);
NODISCARD int try_crypto(struct self_test *test, struct err *err);
NODISCARD int try_store(struct self_test *test, struct err *err);
NODISCARD int try_engine(struct self_test *test, struct err *err);
NODISCARD int try_registries(struct self_test *test, struct err *err);
NODISCARD int try_route(struct self_test *test, struct err *err);
NODISCARD int try_pool(struct self_test *test, struct err *err);
NODISCARD int try_conntrack(struct self_test *test, struct err *err);

#endif
