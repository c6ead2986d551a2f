/* worker_contract: what every worker must do, as cases over a fixture. */
#ifndef TESTS_CONTRACT_WORKER_CONTRACT_H
#define TESTS_CONTRACT_WORKER_CONTRACT_H

#include "platform/worker.h"

/* A worker under test. WORKER_NFT and WORKER_SYSCTL start worker_contract_program under their own
 * names, WORKER_CONNTRACK is not installed, and a program may run for run_ms_max. */
struct worker_fixture {
    struct worker worker;
    /* One turn of the loop, a few milliseconds at most. */
    void (*pump)(void *self);
    /* kill -9 of the helper, once it has taken what was given to it. */
    void (*kill_helper)(void *self);
    const char *folder; /* an empty one, of the test's own */
    void *self;
};

/* Runs the cases (only those whose name contains argv[1]); returns the program's exit status. */
int worker_contract_run(struct worker_fixture *fixture, int argc, char **argv);

/* The same for looking names up, where fake_names.c stands in for the resolver. */
int worker_contract_names_run(struct worker_fixture *fixture, int argc, char **argv);

/* The main of the programs that the cases start: does what argv[1] says. */
int worker_contract_program(int argc, char **argv);

#endif
