/* turn_loop: real descriptors on a clock that only the test moves. */
#ifndef TESTS_UNIT_PORTS_TURN_LOOP_H
#define TESTS_UNIT_PORTS_TURN_LOOP_H

#include <stdbool.h>

#include "platform/loop.h"

/* The one loop of a test program; empty, and at 1,000 ms, after turn_reset. */
struct loop turn_loop(void);
void turn_reset(void);

/* Lets time pass; timers fire in the next turns. */
void turn_pass(int64_t ms);

/* Calls one timer that is due or one descriptor that is ready; false when there is none. */
bool turn_once(void);

bool turn_is_armed(void);

#endif
