/* self_test: tries what this machine must offer, for the factory line and for a technician. */
#ifndef BERTHD_SELF_TEST_H
#define BERTHD_SELF_TEST_H

#include "agent/wire/config.h"

/* Tries each thing the agent will need, through the same ports, and prints a line each:
 * "ok   NAME: what it is" or "FAIL NAME: why; what to do", then "self-test: N passed, N failed".
 * `sandbox` is what sandbox_enter said (code 0: nothing). Leaves nothing behind: a blob is written
 * and removed, and so is a table of the kernel's, `ip berth-self-test`; containers are only asked
 * for. Not beside a running agent, which holds the same directory: that is a failure that says so.
 * Takes at most half a minute for what does not answer. Returns the exit status of the process. */
int self_test_main(const struct config *config, const struct err *sandbox);

#endif
