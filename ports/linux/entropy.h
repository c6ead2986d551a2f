/* linux_entropy: the kernel's random bytes. */
#ifndef PORTS_LINUX_ENTROPY_H
#define PORTS_LINUX_ENTROPY_H

#include "platform/entropy.h"

/* The interface, on getrandom(2); it needs no state and is always valid. */
struct entropy linux_entropy_interface(void);

#endif
