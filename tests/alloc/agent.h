/* agent: berthd with failing allocations: started, asked, ended, and what its log says. */
#ifndef TESTS_ALLOC_AGENT_H
#define TESTS_ALLOC_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/alloc/page.h"

struct agent {
    const char *program, *preload, *dir; /* dir holds berthd.json, state/, control/ */
    struct alloc_page *page;
    char page_path[200], log_path[200];
    pid_t pid;       /* 0: not running */
    int wait_status; /* of the one that ended */
    long log_from;   /* where the log of this trial begins */
};

bool agent_init(struct agent *agent, const char *program, const char *preload, const char *dir,
                unsigned speed);
void agent_start(struct agent *agent, uint64_t from, uint64_t to);
bool agent_is_alive(struct agent *agent);
void agent_kill(struct agent *agent);
/* Ends it in peace; false when it does not end. */
bool agent_stop(struct agent *agent);

/* Allocations number `from` to `to`, counted from now, fail. */
void agent_fail(struct agent *agent, uint64_t from, uint64_t to);
void agent_heal(struct agent *agent);

/* Asks over the control socket; the status code, 0 for none, and the answer's body as text. */
int agent_ask(const struct agent *agent, const char *method, const char *path, const char *body,
              size_t body_len, char *text, size_t cap);

/* The log from here on is of the next trial; whether it has a word in it since. */
void agent_log_mark(struct agent *agent);
bool agent_log_has(const struct agent *agent, const char *word);
void agent_log_print(const struct agent *agent);

/* Milliseconds of the machine's clock. */
int64_t machine_ms(void);
void machine_sleep(int ms);

#endif
