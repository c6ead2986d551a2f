/* helper_run: one program at a time, from a path list, with its output collected and bounded. */
#ifndef PORTS_LINUX_HELPER_RUN_H
#define PORTS_LINUX_HELPER_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "platform/base/units.h"
#include "platform/worker.h"

/* The program that runs, or nothing (pid 0). */
struct helper_run {
    uint64_t id;
    pid_t pid;
    int output_fd; /* its standard output and error; -1 once it is closed */
    mono_ms deadline;
    bool is_over_time;
    size_t output_len;
    unsigned char output[WORKER_OUTPUT_BYTES_MAX];
};

/* Starts a program with args[1..], NULL at the end (args[0] becomes its name), `input` on standard
 * input and an environment of LC_ALL and PATH alone; the program is looked for in `path`, a colon
 * list. ERR_NOT_FOUND: not there; ERR_IO: this machine could not start it. Needs run->pid == 0. */
NODISCARD int helper_run_start(struct helper_run *run, uint32_t program, char **args,
                               struct span input, const char *path, struct err *err);

/* Takes what is in the pipe; what is above the limit is read and dropped. */
void helper_run_read(struct helper_run *run);

/* Kills the program's whole process group because its time is over. */
void helper_run_kill(struct helper_run *run);

/* The program was reaped with `wait_status`: reads the last output, closes the pipe, leaves the
 * run empty and returns its exit status, or 128 + signal. */
int helper_run_end(struct helper_run *run, int wait_status);

#endif
