/* worker_ops: the ops of platform/worker.h as jobs for the helper. */
#include "ports/linux/worker_private.h"

#include <stdlib.h>
#include <sys/socket.h>

static int worker_resolve(void *self, const char *host, worker_done done, void *ctx,
                          struct err *err)
{
    struct linux_worker *worker = self;
    struct linux_worker_job job = {
        .op = HELPER_RESOLVE,
        .texts = &host,
        .text_count = 1,
        .number = worker->settings.run_ms_max,
        .dir_fd = -1,
    };
    return linux_worker_submit(worker, &job, done, ctx, err);
}

static void answer_dropped(void *ctx, const struct err *err, int status, struct span output)
{
    (void)ctx;
    (void)err;
    (void)status;
    (void)output;
}

/* Its answer, which comes soon after, frees the place. If the socket takes no more now, the time
 * limit ends it. */
static void lookup_give_up(struct linux_worker *worker, const struct linux_worker_call *call)
{
    const struct helper_request head = {
        .id = ++worker->id_last, .op = HELPER_GIVE_UP, .number = (int64_t)call->id};
    if (worker->fd >= 0 && !worker->is_lost) {
        ssize_t sent = send(worker->fd, &head, sizeof head, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)sent;
    }
}

static void worker_forget(void *self, const void *ctx)
{
    struct linux_worker *worker = self;
    struct linux_worker_call **at = &worker->calls;
    while (*at != NULL) {
        struct linux_worker_call *call = *at;
        bool is_lookup = call->ctx == ctx && call->lane == WORKER_LANE_LOOKUP;
        if (is_lookup && !call->is_sent) {
            *at = call->next;
            worker->pending--;
            free(call);
            continue;
        }
        if (is_lookup && call->done != answer_dropped) {
            lookup_give_up(worker, call);
        }
        call->done = call->ctx == ctx ? answer_dropped : call->done;
        at = &call->next;
    }
    for (struct linux_worker_call *call = worker->lost; call != NULL; call = call->next) {
        call->done = call->ctx == ctx ? answer_dropped : call->done;
    }
}

static int worker_run(void *self, enum worker_program program, const char *const *args,
                      size_t count, struct span input, worker_done done, void *ctx, struct err *err)
{
    struct linux_worker *worker = self;
    if (input.len > WORKER_INPUT_BYTES_MAX) {
        return err_set(err, ERR_LIMIT, "%zu bytes of input for a program, at most %d", input.len,
                       WORKER_INPUT_BYTES_MAX);
    }
    struct linux_worker_job job = {
        .op = HELPER_RUN,
        .program = program,
        .texts = args,
        .text_count = count,
        .content = input,
        .number = worker->settings.run_ms_max,
        .dir_fd = -1,
    };
    return linux_worker_submit(worker, &job, done, ctx, err);
}

static int worker_sync_filesystem(void *self, const char *path, worker_done done, void *ctx,
                                  struct err *err)
{
    struct linux_worker_job job = {
        .op = HELPER_SYNC, .texts = &path, .text_count = 1, .dir_fd = -1};
    return linux_worker_submit(self, &job, done, ctx, err);
}

static int worker_write_file(void *self, const char *path, struct span content, worker_done done,
                             void *ctx, struct err *err)
{
    struct linux_worker_job job = {
        .op = HELPER_REPLACE, .texts = &path, .text_count = 1, .content = content, .dir_fd = -1};
    return linux_worker_submit(self, &job, done, ctx, err);
}

struct worker linux_worker_interface(struct linux_worker *worker)
{
    static const struct worker_ops ops = {
        .resolve = worker_resolve,
        .run = worker_run,
        .sync_filesystem = worker_sync_filesystem,
        .write_file = worker_write_file,
        .forget = worker_forget,
    };
    return (struct worker){.ops = &ops, .self = worker};
}
