/* helper_spawn: the agent's program, started again as its helper. */
#ifndef PORTS_LINUX_HELPER_SPAWN_H
#define PORTS_LINUX_HELPER_SPAWN_H

#include <sys/types.h>

/* Starts `executable` with HELPER_ARGUMENT, `fd` as its HELPER_FD, an empty signal mask, a process
 * group of its own, and LC_ALL=C and PATH=`path` as its whole environment. Answers 0 and *pid, or
 * an errno. The caller reaps it. */
int helper_spawn(const char *executable, const char *path, int fd, pid_t *pid);

#endif
