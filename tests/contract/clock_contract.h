/* clock_contract: what every clock must do, as cases over a fixture. */
#ifndef TESTS_CONTRACT_CLOCK_CONTRACT_H
#define TESTS_CONTRACT_CLOCK_CONTRACT_H

#include "platform/clock.h"

/* A clock under test. */
struct clock_fixture {
    struct clock clock;
    /* Lets at least `ms` milliseconds pass. */
    void (*pass)(void *self, int64_t ms);
    /* The agent starts again in the same boot; puts the new clock into `clock`. */
    void (*restart)(void *self);
    /* The machine boots anew; NULL where a test cannot do that. */
    void (*reboot)(void *self);
    void *self;
};

/* Runs the cases (only those whose name contains argv[1]); returns the program's exit status. */
int clock_contract_run(struct clock_fixture *fixture, int argc, char **argv);

#endif
