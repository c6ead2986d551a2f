/* Exec: a command inside a container, its exit code, and its end when it takes too long. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ports/docker/call.h"
#include "ports/docker/output.h"
#include "ports/docker/render.h"

/* The engine learns of an exit a moment after the output has ended. */
enum {
    /* Commands leave so many calls free for looking at the engine and acting on it. */
    EXEC_RESERVE = 16,
    EXIT_POLL_MS = 20,
    EXEC_TIMEOUT_MS_MIN = 1,
    BODY_BYTES = 32768,
    /* An engine that tells later than this what became of a late command was slow itself: then
     * nobody knows whether the command was. */
    LATE_WORD_MS = 3000
};

struct exec_state {
    struct docker *docker;
    char container[ENGINE_ID_BYTES];
    char id[ENGINE_ID_BYTES];
    mono_ms deadline;
    bool is_late;
    bool is_own;   /* late: by the engine's word, in time, it was the command that took too long */
    bool is_begun; /* late: the engine had begun it when it was first asked */
    bool is_asked; /* late: it was asked that once */
    char refusal[ERR_TEXT_BYTES]; /* why it did not start; empty: it did */
    int refused;                  /* with this status */
    struct docker_output output;
    int pid;     /* late: of the command on this machine, as the engine said; 0: not asked yet */
    int process; /* late: that process itself; -1: not held */
    int why;     /* an errno: it could not be ended; 0: it was */
    struct loop_timer poll;
};

static mono_ms exec_now(const struct docker *docker)
{
    return docker->loop.ops->now(docker->loop.self);
}

static int64_t exec_left(const struct exec_state *exec)
{
    int64_t left = exec->deadline - exec_now(exec->docker);
    return left > EXEC_TIMEOUT_MS_MIN ? left : EXEC_TIMEOUT_MS_MIN;
}

/* The container ended, or is paused: Docker says 409; podman, of one that ended, 500 as well, with
 * words of its own. */
static int refused_code(int status, const char *message)
{
    bool is_still =
        status == 409 || (status == 500 && strstr(message, "running containers") != NULL);
    return is_still ? ERR_CONFLICT : status == 404 ? ERR_NOT_FOUND : ERR_ENGINE;
}

static void exec_release(struct exec_state *exec)
{
    if (exec->process >= 0) {
        close(exec->process);
        exec->process = -1;
    }
}

static void exec_drop(void *state)
{
    struct exec_state *exec = state;
    exec_release(exec);
    exec->docker->loop.ops->disarm(exec->docker->loop.self, &exec->poll);
}

/* The engine's doing, not the container's. */
static void exec_fail_unasked(struct docker_call *call)
{
    docker_call_fail(call, ERR_ENGINE_GONE, "the engine did not run the command in time");
}

/* Whether /proc says that the process is of another control group. It may be hidden from us. */
static bool is_foreign(const struct exec_state *exec, int pid)
{
    char path[64];
    char groups[4096];
    (void)snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, groups, sizeof groups - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    if (len <= 0) {
        return false;
    }
    groups[len] = '\0';
    return strstr(groups, exec->container) == NULL;
}

/* The process as we hold it is the command's: the engine said so after we had it. The command leads
 * a process group of its own, which its children are in. */
static void exec_kill(struct exec_state *exec)
{
    if (is_foreign(exec, exec->pid)) {
        return;
    }
    (void)kill(-exec->pid, SIGKILL);
    if (syscall(SYS_pidfd_send_signal, exec->process, SIGKILL, NULL, 0) != 0 && errno != ESRCH) {
        exec->why = errno;
    }
}

static void exec_look(struct docker_call *call);

/* The engine has no call that ends a command. It tells the process's number on this machine; we
 * hold that process, ask again, and end it when the number still is the command's: so it is never
 * another one that got the number meanwhile. */
static void exec_end(struct docker_call *call, uint64_t pid)
{
    struct exec_state *exec = call->state;
    if (exec->process >= 0 && pid == (uint64_t)exec->pid) {
        exec_kill(exec);
    } else if (exec->pid == 0 && pid > 1 && pid <= INT32_MAX) {
        exec->pid = (int)pid;
        exec->process = (int)syscall(SYS_pidfd_open, exec->pid, 0);
        if (exec->process >= 0) {
            exec_look(call);
            return;
        }
        exec->why = errno != ESRCH ? errno : 0;
    }
    if (!exec->is_own) {
        exec_fail_unasked(call);
    } else if (exec->why != 0) {
        docker_call_fail(call, ERR_TIMEOUT,
                         "the command inside the container took too long, and could not be ended: "
                         "%s",
                         strerror(exec->why));
    } else {
        docker_call_fail(call, ERR_TIMEOUT, "the command inside the container took too long");
    }
}

static void on_poll(void *ctx)
{
    exec_look(ctx);
}

/* What an engine that is slow itself begins only now is not blamed for being late, and ended all
 * the same: nothing of a command is left. */
static void late_look(struct docker_call *call, bool has_run, uint64_t pid)
{
    struct exec_state *exec = call->state;
    bool is_in_time = exec_now(exec->docker) <= exec->deadline + LATE_WORD_MS;
    exec->is_begun = exec->is_begun || (has_run && !exec->is_asked);
    exec->is_asked = true;
    exec->is_own = exec->is_own || (exec->is_begun && is_in_time);
    if (!has_run && is_in_time) {
        exec->docker->loop.ops->arm(exec->docker->loop.self, &exec->poll,
                                    exec_now(exec->docker) + EXIT_POLL_MS, on_poll, call);
    } else {
        exec_end(call, pid);
    }
}

static void on_looked(struct docker_call *call, int status, struct span body)
{
    struct exec_state *exec = call->state;
    if (status != 200) {
        docker_call_refuse(call, "ask for a command's exit code", status, body);
        return;
    }
    REPLY json = reply_parse(body, &call->is_short);
    const cJSON *exit_code = reply_at(json, "ExitCode");
    bool is_running = reply_is_true_at(json, "Running");
    if (exec->is_late) {
        late_look(call, is_running || cJSON_IsNumber(exit_code),
                  is_running ? reply_count_at(json, "Pid") : 0);
    } else if (!is_running && cJSON_IsNumber(exit_code)) {
        docker_call_finish(call,
                           &(struct engine_answer){.exit_code = exit_code->valueint,
                                                   .output = docker_output_end(&exec->output)});
    } else if (exec->refusal[0] != '\0') {
        docker_call_fail(call, refused_code(exec->refused, exec->refusal),
                         "run a command inside a container: %s", exec->refusal);
    } else if (exec_now(exec->docker) >= exec->deadline) {
        exec->is_late = true;
        exec_look(call);
    } else {
        exec->docker->loop.ops->arm(exec->docker->loop.self, &exec->poll,
                                    exec_now(exec->docker) + EXIT_POLL_MS, on_poll, call);
    }
}

static void exec_look(struct docker_call *call)
{
    const struct exec_state *exec = call->state;
    char path[ENGINE_ID_BYTES + 32];
    (void)snprintf(path, sizeof path, "/exec/%s/json", exec->id);
    docker_call_next(call, &(struct docker_request){
                               .method = "GET",
                               .path = path,
                               .timeout_ms = exec->is_late ? LATE_WORD_MS : QUICK_TIMEOUT_MS,
                               .step = on_looked,
                           });
}

static void on_late(struct docker_call *call)
{
    struct exec_state *exec = call->state;
    exec->is_late = true;
    exec_look(call);
}

static void on_output(struct docker_call *call, struct span piece)
{
    struct exec_state *exec = call->state;
    docker_output_feed(&exec->output, piece);
}

/* A command that is not there is refused here, but has an exit code of 126 or 127 all the same. */
static void on_ended(struct docker_call *call, int status, struct span body)
{
    struct exec_state *exec = call->state;
    if (status != 200) {
        reply_message(body, status, exec->refusal, sizeof exec->refusal);
        exec->refused = status;
    }
    exec_look(call);
}

static void on_made(struct docker_call *call, int status, struct span body)
{
    struct exec_state *exec = call->state;
    char path[ENGINE_ID_BYTES + 32];
    if (status != 201) {
        reply_message(body, status, exec->refusal, sizeof exec->refusal);
        docker_call_fail(call, refused_code(status, exec->refusal),
                         "prepare a command inside a container: %s", exec->refusal);
        return;
    }
    REPLY json = reply_parse(body, &call->is_short);
    const char *id = reply_text_at(json, "Id");
    if (id[0] == '\0' || strspn(id, "0123456789abcdef") != strlen(id) ||
        !text_copy(exec->id, sizeof exec->id, id)) {
        docker_call_fail(call, ERR_ENGINE, "the engine's answer to exec is unreadable");
        return;
    }
    (void)snprintf(path, sizeof path, "/exec/%s/start", exec->id);
    docker_call_next(call, &(struct docker_request){
                               .method = "POST",
                               .path = path,
                               .body = "{\"Detach\":false,\"Tty\":false}",
                               .timeout_ms = exec_left(exec),
                               .step = on_ended,
                               .stream = on_output,
                               .expired = on_late,
                           });
}

int docker_exec(void *self, const char *id, const char *const *argv, size_t count,
                int64_t timeout_ms, engine_done done, void *ctx, struct err *err)
{
    struct docker_call *call;
    char data[DOCKER_PATH_BYTES];
    char rendered[BODY_BYTES];
    struct text path;
    struct text body;
    const struct docker *docker = self;
    if (docker->call_count >= DOCKER_PENDING_MAX - EXEC_RESERVE) {
        return err_set(err, ERR_BUSY, "%zu engine calls are under way", docker->call_count);
    }
    int rc = docker_call_new(self, sizeof(struct exec_state), done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    struct exec_state *exec = call->state;
    exec->docker = call->docker;
    exec->process = -1;
    exec->deadline = exec_now(call->docker) + timeout_ms;
    exec->output.keep = ENGINE_EXEC_OUTPUT_BYTES;
    call->drop = exec_drop;
    text_init(&path, data, sizeof data);
    text_append(&path, "/containers/");
    docker_path_value(&path, id);
    text_append(&path, "/exec");
    text_init(&body, rendered, sizeof rendered);
    render_exec(argv, count, &body);
    if (path.cut || body.cut || !text_copy(exec->container, sizeof exec->container, id)) {
        docker_call_free(call);
        return err_set(err, ERR_LIMIT, "a command for container %s is too long", id);
    }
    return docker_call_first(call,
                             &(struct docker_request){
                                 .method = "POST",
                                 .path = data,
                                 .body = rendered,
                                 .timeout_ms = exec_left(exec),
                                 .step = on_made,
                                 .expired = exec_fail_unasked,
                             },
                             err);
}
