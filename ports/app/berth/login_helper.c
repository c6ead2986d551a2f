/* login_helper: Docker's credential helpers: a program that is given a server's name on its
 * standard input and answers {"ServerURL", "Username", "Secret"}. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/wire/json.h"
#include "platform/base/text.h"
#include "ports/app/berth/login.h"

enum { ANSWER_BYTES_MAX = 65536, HELPER_SECONDS = 30 };

extern char **environ;

struct helper {
    char program[128];
    int to, from; /* its standard input and output */
    pid_t pid;
    char answer[ANSWER_BYTES_MAX + 1];
    size_t len;
};

static int pipes_open(int in[2], int out[2], struct err *err)
{
    if (pipe2(in, O_CLOEXEC) != 0) {
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    }
    if (pipe2(out, O_CLOEXEC) != 0) {
        int rc = err_set(err, ERR_IO, "pipe: %s", strerror(errno));
        close(in[0]);
        close(in[1]);
        return rc;
    }
    return 0;
}

static int helper_start(struct helper *helper, struct err *err)
{
    char verb[] = "get";
    char *const argv[] = {helper->program, verb, NULL};
    posix_spawn_file_actions_t actions;
    int in[2];
    int out[2];
    int rc = pipes_open(in, out, err);
    if (rc != 0) {
        return rc;
    }
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure == 0) {
        failure = posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
        failure = failure != 0 ? failure
                               : posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
        failure = failure != 0
                      ? failure
                      : posix_spawnp(&helper->pid, helper->program, &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(in[0]);
    close(out[1]);
    helper->to = in[1];
    helper->from = out[0];
    if (failure != 0) {
        close(helper->to);
        close(helper->from);
        return err_set(err, ERR_IO, "%s cannot be run: %s", helper->program, strerror(failure));
    }
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads to the end; ERR_TIMEOUT, ERR_OVERSIZE. */
static int answer_read(struct helper *helper, struct err *err)
{
    int64_t end = now_ms() + 1000 * (int64_t)HELPER_SECONDS;
    for (;;) {
        struct pollfd one = {.fd = helper->from, .events = POLLIN};
        int64_t left = end - now_ms();
        int ready = poll(&one, 1, left > 0 ? (int)left : 0);
        if (ready == 0) {
            return err_set(err, ERR_TIMEOUT, "%s has not answered for %d s", helper->program,
                           (int)HELPER_SECONDS);
        }
        ssize_t got = ready > 0 ? read(helper->from, helper->answer + helper->len,
                                       sizeof helper->answer - 1 - helper->len)
                                : -1;
        if (got < 0 && errno != EINTR) {
            return err_set(err, ERR_IO, "read from %s: %s", helper->program, strerror(errno));
        }
        helper->len += got > 0 ? (size_t)got : 0;
        if (got == 0) {
            helper->answer[helper->len] = '\0';
            return 0;
        }
        if (helper->len == sizeof helper->answer - 1) {
            return err_set(err, ERR_OVERSIZE, "%s answers more than %d bytes", helper->program,
                           (int)ANSWER_BYTES_MAX - 1);
        }
    }
}

static bool server_write(const struct helper *helper, const char *server)
{
    size_t len = strlen(server);
    return write(helper->to, server, len) == (ssize_t)len;
}

/* Ends it where it did not end itself; its exit status, -1 after a signal. */
static int helper_end(const struct helper *helper, bool is_overdue)
{
    int status = 0;
    close(helper->from);
    if (is_overdue) {
        kill(helper->pid, SIGKILL);
    }
    while (waitpid(helper->pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int answer_use(const struct helper *helper, struct login *login, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = ANSWER_BYTES_MAX};
    static const struct json_field fields[] = {
        JSON_FIELD("Username", TEXT, struct login, user, true),
        JSON_FIELD("Secret", TEXT, struct login, secret, true)};
    struct json_document document;
    int rc = json_parse(span_of(helper->answer, helper->len), &rules, &document, err);
    if (rc == 0) {
        struct json_place root = json_root(&document);
        rc = json_read_fields(&root, fields, sizeof fields / sizeof fields[0], login, err);
        json_free(&document);
    }
    if (rc != 0) {
        return err_set(err, rc, "the answer of %s is not understood", helper->program);
    }
    login->kind = strcmp(login->user, "<token>") == 0 ? LOGIN_IDENTITY : LOGIN_PASSWORD;
    return 0;
}

static int helper_judge(struct helper *helper, int status, struct login *login, struct err *err)
{
    char words[200];
    if (status == 0) {
        return answer_use(helper, login, err);
    }
    text_shorten_line(words, sizeof words, span_of(helper->answer, helper->len));
    if (strstr(words, "credentials not found") != NULL) {
        return err_set(err, ERR_NOT_FOUND, "%s knows no login", helper->program);
    }
    return err_set(err, ERR_IO, "%s fails: %s", helper->program,
                   words[0] != '\0' ? words : "it says nothing");
}

int login_helper_ask(const char *name, const char *server, struct login *login, struct err *err)
{
    struct helper helper = {0};
    int len = snprintf(helper.program, sizeof helper.program, "docker-credential-%s", name);
    if (len < 0 || (size_t)len >= sizeof helper.program || strchr(name, '/') != NULL) {
        return err_set(err, ERR_VALUE, "a credential helper cannot be called %.100s", name);
    }
    int rc = helper_start(&helper, err);
    if (rc != 0) {
        return rc;
    }
    /* One that ended without reading shows by its exit status. */
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    (void)!server_write(&helper, server);
    close(helper.to);
    (void)signal(SIGPIPE, before);
    rc = answer_read(&helper, err);
    int status = helper_end(&helper, rc != 0);
    rc = rc == 0 ? helper_judge(&helper, status, login, err) : rc;
    explicit_bzero(helper.answer, sizeof helper.answer);
    return rc;
}
