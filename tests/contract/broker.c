/* broker: a child process with a configuration of its own, that dies with the test. */
#include "tests/contract/broker.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_TRIES = 400, TRY_US = 25000 };

static void give_up(const char *what)
{
    printf("broker: %s\n", what);
    exit(EXIT_FAILURE);
}

static uint16_t port_free(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
        give_up("no free port on loopback");
    }
    close(fd);
    return ntohs(at.sin_port);
}

static void file_write(const struct broker *broker, const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", broker->dir, name);
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        give_up("cannot write its configuration");
    }
}

static void broker_prepare(struct broker *broker, const char *program)
{
    *broker = (struct broker){.port = port_free()};
    (void)snprintf(broker->program, sizeof broker->program, "%s", program);
    (void)snprintf(broker->dir, sizeof broker->dir, "/tmp/berth-broker.XXXXXX");
    if (mkdtemp(broker->dir) == NULL) {
        give_up("cannot make a directory in /tmp");
    }
    (void)snprintf(broker->config, sizeof broker->config, "%s/conf", broker->dir);
}

void broker_mosquitto(struct broker *broker, const char *topics)
{
    char text[512];
    broker_prepare(broker, "/usr/sbin/mosquitto");
    (void)snprintf(text, sizeof text, "topic readwrite %s\n", topics);
    file_write(broker, "acl", text);
    (void)snprintf(text, sizeof text,
                   "listener %u 127.0.0.1\nallow_anonymous true\nacl_file %s/acl\n%s"
                   "persistence false\nlog_dest none\n",
                   broker->port, broker->dir, geteuid() == 0 ? "user root\n" : "");
    file_write(broker, "conf", text);
    broker->argv[0] = "mosquitto";
    broker->argv[1] = "-c";
    broker->argv[2] = broker->config;
}

void broker_nats(struct broker *broker)
{
    char text[512];
    broker_prepare(broker, "/usr/sbin/nats-server");
    (void)snprintf(text, sizeof text,
                   "server_name: berth\nlisten: \"127.0.0.1:%u\"\n"
                   "jetstream { store_dir: \"%s/js\" }\nmqtt { listen: \"127.0.0.1:%u\" }\n",
                   port_free(), broker->dir, broker->port);
    file_write(broker, "conf", text);
    broker->argv[0] = "nats-server";
    broker->argv[1] = "-c";
    broker->argv[2] = broker->config;
}

bool broker_is_there(const struct broker *broker)
{
    return access(broker->program, X_OK) == 0;
}

static bool port_answers(uint16_t port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there = connect(fd, (const struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return is_there;
}

static void broker_exec(const struct broker *broker, pid_t parent)
{
    char log[96];
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(EXIT_FAILURE);
    }
    (void)snprintf(log, sizeof log, "%s/log", broker->dir);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    (void)dup2(fd, STDOUT_FILENO);
    (void)dup2(fd, STDERR_FILENO);
    execv(broker->program, (char *const *)(uintptr_t)broker->argv);
    _exit(127);
}

void broker_start(struct broker *broker)
{
    pid_t parent = getpid();
    broker->pid = fork();
    if (broker->pid == 0) {
        broker_exec(broker, parent);
    }
    for (int i = 0; i < START_TRIES; i++) {
        if (port_answers(broker->port)) {
            return;
        }
        if (waitpid(broker->pid, NULL, WNOHANG) == broker->pid) {
            give_up("it ended at once; is its package installed? (tests/setup)");
        }
        usleep(TRY_US);
    }
    broker_kill(broker);
    give_up("it does not take connections");
}

void broker_freeze(struct broker *broker)
{
    (void)kill(broker->pid, SIGSTOP);
    (void)waitpid(broker->pid, NULL, WUNTRACED); /* until every thread of it stands */
}

void broker_thaw(struct broker *broker)
{
    (void)kill(broker->pid, SIGCONT);
}

void broker_kill(struct broker *broker)
{
    if (broker->pid > 0) {
        (void)kill(broker->pid, SIGKILL);
        (void)waitpid(broker->pid, NULL, 0);
        broker->pid = 0;
    }
}

static int entry_remove(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    (void)about;
    (void)kind;
    (void)walk;
    return remove(path);
}

void broker_close(struct broker *broker)
{
    broker_kill(broker);
    (void)nftw(broker->dir, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}
