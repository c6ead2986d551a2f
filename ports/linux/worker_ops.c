/* worker_ops: the ops of platform/worker.h as jobs for the helper. */
#include "ports/linux/worker_private.h"

static int worker_resolve(void *self, const char *host, worker_done done, void *ctx,
                          struct err *err)
{
    struct linux_worker *worker = self;
    size_t lookups = 0;
    for (const struct linux_worker_call *call = worker->calls; call != NULL; call = call->next) {
        lookups += call->lane == WORKER_LANE_LOOKUP;
    }
    if (lookups >= LINUX_WORKER_LOOKUPS_MAX) {
        return err_set(err, ERR_BUSY, "%zu names are being looked up already", lookups);
    }
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

static void calls_forget(struct linux_worker_call *call, const void *ctx)
{
    for (; call != NULL; call = call->next) {
        if (call->ctx == ctx) {
            call->done = answer_dropped;
        }
    }
}

static void worker_forget(void *self, const void *ctx)
{
    struct linux_worker *worker = self;
    calls_forget(worker->calls, ctx);
    calls_forget(worker->lost, ctx);
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
