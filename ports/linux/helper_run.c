/* helper_run: fork, three descriptors, exec; no shell and no inherited environment. */
#include "ports/linux/helper_run.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ports/linux/sandbox.h"

static const char *program_name(uint32_t program)
{
    static const char *const names[] = {
        [WORKER_NFT] = "nft",
        [WORKER_IPTABLES] = "iptables",
        [WORKER_CONNTRACK] = "conntrack",
        [WORKER_SYSCTL] = "sysctl",
    };
    return program < COUNT_OF(names) ? names[program] : NULL;
}

static bool program_find(const char *name, const char *path, char found[PATH_MAX])
{
    while (*path != '\0') {
        size_t len = strcspn(path, ":");
        int used = snprintf(found, PATH_MAX, "%.*s/%s", (int)len, path, name);
        if (len > 0 && used > 0 && used < PATH_MAX && access(found, X_OK) == 0) {
            return true;
        }
        path += len + (path[len] == ':');
    }
    return false;
}

/* Input is at most 112 KiB and known in full: a file in memory needs nobody to feed it. */
static int input_open(struct span input)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    if (write(fd, input.data, input.len) != (ssize_t)input.len || lseek(fd, 0, SEEK_SET) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* In the child: only async-signal-safe calls from here to the end. */
static _Noreturn void child_exec(pid_t parent, const char *program, char *const *args,
                                 char *const *environment, int input, int output)
{
    static const char cannot[] = "this file cannot be executed\n";
    static const int reset[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE};
    sigset_t none;
    for (size_t i = 0; i < COUNT_OF(reset); i++) {
        (void)signal(reset[i], SIG_DFL);
    }
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setpgid(0, 0);
    /* A command that outlives its agent could undo what the next agent does. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(126);
    }
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0) {
        _exit(126);
    }
    sandbox_tool();
    execve(program, args, environment);
    ssize_t told = write(STDERR_FILENO, cannot, sizeof cannot - 1);
    (void)told;
    _exit(127);
}

int helper_run_start(struct helper_run *run, uint32_t program, char **args, struct span input,
                     const char *path, struct err *err)
{
    char found[PATH_MAX];
    char path_variable[PATH_MAX];
    char locale[] = "LC_ALL=C";
    char *const environment[] = {locale, path_variable, NULL};
    int pipe_fds[2];
    pid_t parent = getpid();
    assert(run->pid == 0);
    const char *name = program_name(program);
    if (name == NULL) {
        return err_set(err, ERR_VALUE, "program %u is not one the helper runs", program);
    }
    if (!program_find(name, path, found)) {
        return err_set(err, ERR_NOT_FOUND, "%s is not installed (looked in %s)", name, path);
    }
    args[0] = (char *)(uintptr_t)name; /* iptables is one of many names of one program */
    (void)snprintf(path_variable, sizeof path_variable, "PATH=%s", path);
    int input_fd = input_open(input);
    if (input_fd < 0) {
        return err_set(err, ERR_IO, "input for %s: %s", name, strerror(errno));
    }
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        close(input_fd);
        return err_set(err, ERR_IO, "pipe for %s: %s", name, strerror(errno));
    }
    pid_t pid = fork();
    if (pid == 0) {
        child_exec(parent, found, args, environment, input_fd, pipe_fds[1]);
    }
    close(input_fd);
    close(pipe_fds[1]);
    if (pid < 0) {
        close(pipe_fds[0]);
        return err_set(err, ERR_IO, "start %s: %s", name, strerror(errno));
    }
    (void)setpgid(pid, pid); /* as the child does: whoever comes first */
    (void)fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
    run->pid = pid;
    run->output_fd = pipe_fds[0];
    run->output_len = 0;
    run->is_over_time = false;
    return 0;
}

void helper_run_read(struct helper_run *run)
{
    unsigned char dropped[4096];
    while (run->output_fd >= 0) {
        size_t room = sizeof run->output - run->output_len;
        void *into = room > 0 ? run->output + run->output_len : dropped;
        ssize_t got = read(run->output_fd, into, room > 0 ? room : sizeof dropped);
        if (got > 0) {
            run->output_len += room > 0 ? (size_t)got : 0;
        } else if (got == 0) {
            close(run->output_fd);
            run->output_fd = -1;
        } else if (errno != EINTR) {
            return;
        }
    }
}

void helper_run_kill(struct helper_run *run)
{
    run->is_over_time = true;
    run->deadline = MONO_NEVER;
    (void)kill(-run->pid, SIGKILL);
}

int helper_run_end(struct helper_run *run, int wait_status)
{
    helper_run_read(run);
    if (run->output_fd >= 0) {
        close(run->output_fd);
        run->output_fd = -1;
    }
    run->pid = 0;
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}
