/* helper_lookup: a few host names at a time, each looked up in a child that may hang for itself. */
#ifndef PORTS_LINUX_HELPER_LOOKUP_H
#define PORTS_LINUX_HELPER_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "platform/base/span.h"
#include "platform/base/units.h"

#define HELPER_ADDRESSES_MAX 8
/* Eight dotted addresses, or a sentence of the C library; it fits the smallest pipe. */
#define HELPER_LOOKUP_BYTES_MAX 256

/* A child that asks the resolver; free when pid is 0. */
struct helper_lookup {
    uint64_t id;
    pid_t pid;
    int output_fd;
    mono_ms deadline;
    bool is_over_time;
};

/* Starts to look `host` up; `agent_fd` is closed in the child, so that the agent's socket ends with
 * the helper. Sets pid, output_fd and nothing else. Answers 0 or an errno. Needs lookup->pid == 0.
 */
int helper_lookup_start(struct helper_lookup *lookup, const char *host, int agent_fd);

/* Kills it because its time is over, or because nobody waits for it any more. */
void helper_lookup_kill(struct helper_lookup *lookup);

/* The child was reaped with `wait_status`: reads what it said into `output`, frees the place and
 * returns the absolute value of its EAI_* number, 0 for addresses, or -1 for a child that died. */
int helper_lookup_end(struct helper_lookup *lookup, int wait_status,
                      char output[HELPER_LOOKUP_BYTES_MAX], size_t *output_len);

#endif
