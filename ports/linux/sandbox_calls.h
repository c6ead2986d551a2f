/* sandbox_calls: the system calls a role needs, by their numbers on this processor. */
#ifndef PORTS_LINUX_SANDBOX_CALLS_H
#define PORTS_LINUX_SANDBOX_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "ports/linux/sandbox.h"

/* One of the lists that make up what `role` may call; NULL after the last. Constant. */
const int *sandbox_calls(enum sandbox_role role, size_t index, size_t *count);

#endif
