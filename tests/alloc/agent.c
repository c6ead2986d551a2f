/* agent: fork, exec, ask, reap. */
#include "tests/alloc/agent.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { END_MS = 20000, ANSWER_S = 20 };

int64_t machine_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void machine_sleep(int ms)
{
    const struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    (void)nanosleep(&wait, NULL);
}

bool agent_init(struct agent *agent, const char *program, const char *preload, const char *dir,
                unsigned speed)
{
    *agent = (struct agent){.program = program, .preload = preload, .dir = dir};
    (void)snprintf(agent->page_path, sizeof agent->page_path, "%s/page", dir);
    (void)snprintf(agent->log_path, sizeof agent->log_path, "%s/berthd.log", dir);
    int fd = open(agent->page_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *agent->page) != 0) {
        return false;
    }
    void *page = mmap(NULL, sizeof *agent->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    agent->page = page == MAP_FAILED ? NULL : page;
    if (agent->page != NULL) {
        agent->page->speed = speed;
    }
    return agent->page != NULL;
}

static _Noreturn void agent_run(const struct agent *agent)
{
    char config[220];
    char preload[300];
    char page[300];
    int log = open(agent->log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)snprintf(config, sizeof config, "%s/berthd.json", agent->dir);
    (void)snprintf(preload, sizeof preload, "LD_PRELOAD=%s", agent->preload);
    (void)snprintf(page, sizeof page, ALLOC_PAGE_VARIABLE "=%s", agent->page_path);
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char *const environment[] = {preload, page, path, NULL};
    (void)dup2(log, STDOUT_FILENO);
    (void)dup2(log, STDERR_FILENO);
    (void)execle(agent->program, "berthd", "--config", config, NULL, environment);
    _exit(127);
}

void agent_start(struct agent *agent, uint64_t from, uint64_t to)
{
    agent->page->count = 0;
    agent_fail(agent, from, to);
    pid_t pid = fork();
    if (pid == 0) {
        agent_run(agent);
    }
    agent->pid = pid;
}

bool agent_is_alive(struct agent *agent)
{
    if (agent->pid != 0 && waitpid(agent->pid, &agent->wait_status, WNOHANG) == agent->pid) {
        agent->pid = 0;
    }
    return agent->pid != 0;
}

void agent_kill(struct agent *agent)
{
    if (agent_is_alive(agent)) {
        (void)kill(agent->pid, SIGKILL);
        (void)waitpid(agent->pid, &agent->wait_status, 0);
        agent->pid = 0;
    }
}

bool agent_stop(struct agent *agent)
{
    int64_t until = machine_ms() + END_MS;
    if (agent_is_alive(agent)) {
        (void)kill(agent->pid, SIGTERM);
    }
    while (agent_is_alive(agent)) {
        if (machine_ms() > until) {
            agent_kill(agent);
            return false;
        }
        machine_sleep(2);
    }
    return true;
}

void agent_fail(struct agent *agent, uint64_t from, uint64_t to)
{
    uint64_t now = agent->page->count;
    agent->page->failed = 0;
    memset(agent->page->frames, 0, sizeof agent->page->frames);
    agent->page->to = now + to;
    agent->page->from = from == 0 ? 0 : now + from;
}

void agent_heal(struct agent *agent)
{
    agent->page->from = 0;
}

static int control_open(const struct agent *agent)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval limit = {.tv_sec = ANSWER_S};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/control/control.sock",
                   agent->dir);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int agent_ask(const struct agent *agent, const char *method, const char *path, const char *body,
              size_t body_len, char *text, size_t cap)
{
    char head[300];
    size_t len = 0;
    int fd = control_open(agent);
    int used = snprintf(head, sizeof head,
                        "%s %s HTTP/1.1\r\nHost: berthd\r\nContent-Length: %zu\r\n"
                        "Connection: close\r\n\r\n",
                        method, path, body_len);
    text[0] = '\0';
    if (fd < 0) {
        return 0;
    }
    if (send(fd, head, (size_t)used, MSG_NOSIGNAL) == used &&
        (body_len == 0 || send(fd, body, body_len, MSG_NOSIGNAL) == (ssize_t)body_len)) {
        ssize_t got;
        while (len + 1 < cap && (got = recv(fd, text + len, cap - 1 - len, 0)) > 0) {
            len += (size_t)got;
        }
    }
    close(fd);
    text[len] = '\0';
    return strncmp(text, "HTTP/1.1 ", 9) == 0 ? atoi(text + 9) : 0;
}

void agent_log_mark(struct agent *agent)
{
    FILE *file = fopen(agent->log_path, "r");
    agent->log_from = 0;
    if (file != NULL) {
        (void)fseek(file, 0, SEEK_END);
        agent->log_from = ftell(file);
        fclose(file);
    }
}

bool agent_log_has(const struct agent *agent, const char *word)
{
    char line[2048];
    bool is_found = false;
    FILE *file = fopen(agent->log_path, "r");
    if (file == NULL || fseek(file, agent->log_from, SEEK_SET) != 0) {
        return false;
    }
    while (!is_found && fgets(line, sizeof line, file) != NULL) {
        is_found = strcasestr(line, word) != NULL;
    }
    fclose(file);
    return is_found;
}

void agent_log_print(const struct agent *agent)
{
    char line[2048];
    FILE *file = fopen(agent->log_path, "r");
    if (file == NULL || fseek(file, agent->log_from, SEEK_SET) != 0) {
        return;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        printf("      | %s", line);
    }
    fclose(file);
}
