/* linux_worker: the agent's end of the helper process, which it starts and starts again. */
#ifndef PORTS_LINUX_WORKER_H
#define PORTS_LINUX_WORKER_H

#include <stdbool.h>
#include <sys/types.h>

#include "platform/loop.h"
#include "platform/worker.h"
#include "ports/linux/helper_wire.h"

#define LINUX_WORKER_PENDING_MAX 32
/* Places above that for jobs with a directory: the store is not kept waiting by commands. */
#define LINUX_WORKER_RESERVE 8
/* Names looked up at the same time; more wait for a place. */
#define LINUX_WORKER_LOOKUPS_MAX 4

struct linux_worker_settings {
    struct loop loop;
    const char *executable; /* NULL: this program's own file */
    const char *path;       /* where programs are looked for; NULL: the system's four folders */
    int64_t run_ms_max;     /* how long a program or a lookup may take; 0: 30 s */
    int64_t silent_ms_max;  /* a helper that answers nothing for so long is asked whether it lives,
                               and after as long again it is killed; 0: 10 s */
};

/* Calls of one lane go one after the other, but for syncs (all at once) and lookups (a few at
 * once); lanes do not wait for each other. */
enum worker_lane {
    WORKER_LANE_RUN,
    WORKER_LANE_FILE,
    WORKER_LANE_SYNC,
    WORKER_LANE_LOOKUP,
    WORKER_LANE_COUNT
};

struct linux_worker_call;

/* private: owned by the caller, used through the functions below. */
struct linux_worker {
    struct linux_worker_settings settings;
    pid_t pid;    /* 0: no helper now */
    int fd;       /* our end of the socket, -1 without a helper */
    bool is_lost; /* the helper is to be reaped */
    bool is_hung; /* and it was killed because it answered nothing */
    size_t lane_sent[WORKER_LANE_COUNT]; /* calls under way */
    uint64_t id_last;
    size_t pending;
    struct linux_worker_call *calls; /* oldest first */
    struct linux_worker_call *lost;  /* died with their helper, to be answered */
    struct loop_timer timer;         /* reaps the dead helper, then starts the next */
    struct loop_timer watch;         /* of a helper that owes an answer */
    mono_ms heard_at;                /* it answered something, or began to owe */
    uint64_t ping;                   /* the question whether it lives; 0: none is open */
    unsigned char *answer;
};

/* Starts the helper. `worker` must not move until linux_worker_close, and the strings in `settings`
 * stay valid as long. The program file must begin its main as helper.h says. ERR_IO, ERR_MEMORY. */
NODISCARD int linux_worker_init(struct linux_worker *worker,
                                const struct linux_worker_settings *settings, struct err *err);

/* Lets the helper finish the file it writes, waits for its end (may block as long as the medium
 * does, 20 s at most; then it is killed) and drops what is pending: those callbacks never come. Not
 * from inside a callback. */
void linux_worker_close(struct linux_worker *worker);

/* The interface; valid until linux_worker_close. */
struct worker linux_worker_interface(struct linux_worker *worker);

/* One request as the other parts of this port make it. */
struct linux_worker_job {
    enum helper_op op;
    enum worker_program program;
    const char *const *texts;
    size_t text_count;
    struct span content;
    int64_t number;
    int dir_fd; /* lent to the helper for this call, -1 for none; open until the call's answer */
};

/* Queues a job; same promises as the ops of platform/worker.h. */
NODISCARD int linux_worker_submit(struct linux_worker *worker, const struct linux_worker_job *job,
                                  worker_done done, void *ctx, struct err *err);

#endif
