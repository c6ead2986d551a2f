/* helper: the small process that does what blocks; the agent's program, started again. */
#ifndef PORTS_LINUX_HELPER_H
#define PORTS_LINUX_HELPER_H

/* The argument by which a program knows that it is to be the helper, and the descriptor on which
 * it then finds its agent. A program that uses linux_worker begins its main with
 *     if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0) return helper_main(HELPER_FD); */
#define HELPER_ARGUMENT "--helper"
#define HELPER_FD       3

/* Serves requests (helper_wire.h) on `fd` until the agent closes it, and returns the exit status
 * of the process. Programs are looked for in $PATH, which the agent sets. Dies with the agent;
 * ignores SIGTERM, SIGINT and SIGHUP, because the agent may still need it on its way out. */
int helper_main(int fd);

#endif
