/* store_linux: the real store in a folder of the test's own, and its files as bytes. */
#ifndef TESTS_CONTRACT_STORE_LINUX_H
#define TESTS_CONTRACT_STORE_LINUX_H

#include <stdbool.h>

#include "ports/linux/loop.h"
#include "ports/linux/store.h"
#include "ports/linux/worker.h"
#include "tests/contract/store_contract.h"

struct store_world {
    struct linux_loop loop;
    struct linux_worker worker;
    struct linux_store store;
    struct store_fixture fixture;
    bool is_failing; /* the helper is stopped and will be killed at the next turn */
    char folder[64];
    char directory[80]; /* the store's, in the folder */
};

/* Starts the world, runs the cases of the real store alone, stops it, and returns the status. */
int store_linux_cases_run(struct store_world *world, int argc, char **argv);

#endif
