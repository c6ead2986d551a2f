/* deploy_host: to the agent of another machine, through the user's own ssh: berthctl there gets the
 * release on its standard input, and its exit status is ours. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ports/app/berth/deploy.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/release_pieces.h"
#include "ports/app/control/handover.h"
#include "ports/linux/loop.h"

#define WORDS_MAX 24
/* A link that is dead is noticed within a minute. */
#define ALIVE "ServerAliveInterval=15"

/* Exit statuses of a shell and of ssh itself. */
enum { STATUS_NO_PROGRAM = 127, STATUS_SSH = 255 };

extern char **environ;

struct remote {
    const char *words[WORDS_MAX];
    size_t count;
};

static void word_add(struct remote *remote, const char *word)
{
    if (remote->count + 1 < WORDS_MAX) {
        remote->words[remote->count++] = word;
    }
}

/* "ssh ... HOST [sudo] berthctl [--socket PATH]", to be completed by the verb. */
static void remote_begin(struct remote *remote, const struct deploy *deploy)
{
    *remote = (struct remote){0};
    word_add(remote, "ssh");
    word_add(remote, "-T");
    word_add(remote, "-o");
    word_add(remote, ALIVE);
    word_add(remote, "--");
    word_add(remote, deploy->host);
    if (deploy->is_sudo) {
        word_add(remote, "sudo");
        word_add(remote, "-n");
    }
    word_add(remote, "berthctl");
    if (deploy->socket != NULL) {
        word_add(remote, "--socket");
        word_add(remote, deploy->socket);
    }
}

/* One that ends without reading shows by its exit status. */
static void input_write(int fd, struct span input)
{
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    while (input.len > 0) {
        ssize_t wrote = write(fd, input.data, input.len);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            break;
        }
        input = span_of(input.data + wrote, input.len - (size_t)wrote);
    }
    (void)signal(SIGPIPE, before);
}

static int ssh_spawn(const struct remote *remote, int ends[2], pid_t *pid, struct err *err)
{
    posix_spawn_file_actions_t actions;
    char *argv[WORDS_MAX + 1] = {NULL};
    memcpy(argv, remote->words, remote->count * sizeof argv[0]); /* exec leaves them as they are */
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    }
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure == 0) {
        failure = posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
        failure = failure == 0 ? posix_spawnp(pid, "ssh", &actions, NULL, argv, environ) : failure;
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    (void)close(ends[0]);
    if (failure != 0) {
        (void)close(ends[1]);
        return err_set(err, ERR_NOT_FOUND, "ssh cannot be run: %s; install openssh-client",
                       strerror(failure));
    }
    return 0;
}

/* Runs it with this on its standard input; its exit status, or an error. */
static int ssh_run(const struct remote *remote, struct span input, struct err *err)
{
    int ends[2];
    int status = 0;
    pid_t pid = 0;
    (void)fflush(stdout);
    int rc = ssh_spawn(remote, ends, &pid, err);
    if (rc != 0) {
        return rc;
    }
    input_write(ends[1], input);
    (void)close(ends[1]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_SSH;
}

/* What berthctl there has said stands above; what only ssh or a shell can say is said here. */
static int status_judge(const struct deploy *deploy, int status, struct err *err)
{
    switch (status) {
    case STATUS_SSH:
        return err_set(err, ERR_IO,
                       "ssh to %s failed; its own words stand above. Was the release accepted, the "
                       "gateway goes on by itself: see berthctl watch there",
                       deploy->host);
    case STATUS_NO_PROGRAM:
        return err_set(err, ERR_NOT_FOUND, "%s has no berthctl; install the package berth there",
                       deploy->host);
    case EXIT_USAGE:
        return err_set(err, ERR_REQUIRES,
                       "berthctl on %s does not know what it was asked; install this version (%s) "
                       "there",
                       deploy->host, BERTH_VERSION);
    default:
        return status;
    }
}

static int file_send(const struct deploy *deploy, const struct remote *remote, const char *path,
                     struct err *err)
{
    char *content = NULL;
    size_t len = 0;
    int rc = file_read(path, ENVELOPE_BYTES_MAX, &content, &len, err);
    if (rc != 0) {
        return rc;
    }
    rc = ssh_run(remote, span_of(content, len), err);
    free(content);
    return rc < 0 ? rc : status_judge(deploy, rc, err);
}

/* Appends what lies beside the release, as handover.h has it. */
static int pieces_append(const char *release, char *stream, size_t *len, struct err *err)
{
    char path[PATH_MAX];
    char *content = NULL;
    size_t bytes = 0;
    int rc = 0;
    (void)snprintf(path, sizeof path, "%.*s" PIECES_SUFFIX, PATH_MAX - 96, release);
    DIR *folder = opendir(path);
    size_t above = strlen(path);
    const struct dirent *entry = NULL;
    stream[(*len)++] = '\0';
    while (folder != NULL && rc == 0 && (entry = readdir(folder)) != NULL) {
        if (strlen(entry->d_name) != DIGEST_HEX_BYTES - 1) {
            continue;
        }
        (void)snprintf(path + above, sizeof path - above, "/%.64s", entry->d_name);
        rc = file_read(path, FILE_PIECE_BYTES_MAX, &content, &bytes, err);
        if (rc == 0 && *len + DIGEST_HEX_BYTES + 3 + bytes > HANDOVER_STREAM_BYTES_MAX) {
            rc = err_set(err, ERR_OVERSIZE, "%.64s.. holds more than travels with a release", path);
        }
        if (rc == 0) {
            char *at = stream + *len;
            memcpy(at, entry->d_name, DIGEST_HEX_BYTES - 1);
            at += DIGEST_HEX_BYTES - 1;
            for (unsigned shift = 32; shift > 0; shift -= 8) {
                *at++ = (char)(bytes >> (shift - 8) & 0xff);
            }
            memcpy(at, content, bytes);
            *len += DIGEST_HEX_BYTES + 3 + bytes;
            free(content);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    return rc;
}

static int release_send(const struct deploy *deploy, const struct remote *remote, struct err *err)
{
    char *stream = malloc(HANDOVER_STREAM_BYTES_MAX);
    char *content = NULL;
    size_t len = 0;
    int rc = stream == NULL ? err_set(err, ERR_MEMORY, "no memory")
                            : file_read(deploy->release, ENVELOPE_BYTES_MAX, &content, &len, err);
    if (rc == 0) {
        memcpy(stream, content, len);
        free(content);
        rc = pieces_are_there(deploy->release) ? pieces_append(deploy->release, stream, &len, err)
                                               : 0;
    }
    rc = rc == 0 ? ssh_run(remote, span_of(stream, len), err) : rc;
    free(stream);
    return rc < 0 ? rc : status_judge(deploy, rc, err);
}

int deploy_host_begin(struct deploy *deploy, struct err *err)
{
    struct remote remote;
    char path[PATH_MAX];
    if (!deploy->is_init) {
        return 0; /* a password is asked for once */
    }
    remote_begin(&remote, deploy);
    word_add(&remote, "init");
    word_add(&remote, "-");
    int rc = deploy_trust_path(path, err);
    return rc == 0 ? file_send(deploy, &remote, path, err) : rc;
}

int deploy_host_send(const struct deploy *deploy, struct err *err)
{
    struct remote remote;
    mono_ms began = linux_loop_now();
    remote_begin(&remote, deploy);
    word_add(&remote, "activate");
    word_add(&remote, "-");
    word_add(&remote, "--wait");
    if (deploy->is_forced) {
        word_add(&remote, "--force");
    }
    int rc = release_send(deploy, &remote, err);
    if (rc >= 0) {
        deploy_step("handed over and followed", began);
    }
    return rc;
}
