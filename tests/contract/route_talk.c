/* route_talk: who asks and who answers in the world of namespaces. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/contract/route_world.h"

#define PATIENCE_MS  3000
#define LOADERS      3
#define LISTEN_QUEUE 512

/* What is asked so is answered this much later, by the server that answers all. */
#define LATE_QUESTION "w"
#define LATE_MS       500

struct world_tally {
    atomic_bool is_stopping;
    atomic_uint asked[LOADERS], failed[LOADERS];
};

static struct sockaddr_in socket_address(ipv4 address, uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(address)}};
}

/* What an errno of a socket tells. */
static int answer_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return ROUTE_REFUSED;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EACCES:
    case EPERM:
        return ROUTE_UNREACHABLE;
    case ECONNRESET:
    case EPIPE:
        return ROUTE_BROKEN;
    default:
        return ROUTE_SILENT;
    }
}

/* Waits until the socket is ready; 0, or an answer. */
static int socket_wait(int fd, short events)
{
    struct pollfd waited = {.fd = fd, .events = events};
    int ready;
    do {
        ready = poll(&waited, 1, PATIENCE_MS);
    } while (ready < 0 && errno == EINTR);
    return ready > 0 ? 0 : ROUTE_SILENT;
}

static int socket_connect(int fd, ipv4 address, uint16_t port)
{
    struct sockaddr_in to = socket_address(address, port);
    int error = 0;
    socklen_t len = sizeof error;
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return answer_of(errno);
    }
    int rc = socket_wait(fd, POLLOUT);
    if (rc != 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
        return rc != 0 ? rc : ROUTE_SILENT;
    }
    return error == 0 ? 0 : answer_of(error);
}

static int socket_hear(int fd)
{
    char number = 0;
    int rc = socket_wait(fd, POLLIN);
    if (rc != 0) {
        return rc;
    }
    ssize_t got = recv(fd, &number, 1, 0);
    if (got < 0) {
        return answer_of(errno);
    }
    return got == 1 ? number - '0' : ROUTE_BROKEN;
}

/* One question, one byte back: the number of the backend. */
static int socket_say(int fd)
{
    return send(fd, "?", 1, MSG_NOSIGNAL) == 1 ? socket_hear(fd) : answer_of(errno);
}

/* A close that leaves no waiting port behind. */
static void socket_drop(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(fd);
}

int talk_open(void *self, enum route_place from, enum route_protocol protocol, ipv4 address,
              uint16_t port)
{
    struct world *world = self;
    int handle = 0;
    while (handle < WORLD_HANDLES_MAX && world->handles[handle] >= 0) {
        handle++;
    }
    if (handle == WORLD_HANDLES_MAX) {
        return ROUTE_SILENT;
    }
    int fd = world_socket(world, from, protocol == ROUTE_TCP ? SOCK_STREAM : SOCK_DGRAM);
    int rc = socket_connect(fd, address, port);
    if (rc != 0) {
        close(fd);
        return rc;
    }
    world->handles[handle] = fd;
    return handle;
}

int talk_say(void *self, int handle)
{
    struct world *world = self;
    return handle < 0 ? handle : socket_say(world->handles[handle]);
}

void talk_ask_late(struct world *world, int handle)
{
    if (handle < 0 || send(world->handles[handle], LATE_QUESTION, 1, MSG_NOSIGNAL) != 1) {
        perror("ask");
    }
}

int talk_hear(struct world *world, int handle)
{
    return handle < 0 ? handle : socket_hear(world->handles[handle]);
}

void talk_shut(void *self, int handle)
{
    struct world *world = self;
    if (handle >= 0) {
        socket_drop(world->handles[handle]);
        world->handles[handle] = -1;
    }
}

void talk_hold(void *self, enum route_protocol protocol, ipv4 host_ip, uint16_t port)
{
    struct world *world = self;
    struct sockaddr_in at = socket_address(host_ip, port);
    int fd = world_socket(world, PLACE_NODE, protocol == ROUTE_TCP ? SOCK_STREAM : SOCK_DGRAM);
    size_t place = 0;
    while (place < WORLD_HANDLES_MAX - 1 && world->held[place] >= 0) {
        place++;
    }
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        (protocol == ROUTE_TCP && listen(fd, 8) != 0)) {
        perror("hold a port");
    }
    world->held[place] = fd;
}

void talk_release(void *self)
{
    struct world *world = self;
    for (size_t i = 0; i < WORLD_HANDLES_MAX; i++) {
        if (world->held[i] >= 0) {
            close(world->held[i]);
            world->held[i] = -1;
        }
    }
}

static pid_t child_start(void)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(1);
        }
    }
    return pid;
}

static unsigned long load_ask(ipv4 address, uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int rc = fd < 0 ? ROUTE_SILENT : socket_connect(fd, address, port);
    if (rc == 0) {
        rc = socket_say(fd);
    }
    socket_drop(fd);
    return rc == 0 || rc == 1 ? 0 : 1;
}

void talk_load_start(void *self)
{
    static const struct {
        enum route_place place;
        ipv4 address;
        uint16_t port;
    } loads[LOADERS] = {
        {PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080},
        {PLACE_NODE, ROUTE_WORLD_LOOPBACK, 8080},
        {PLACE_SECOND, WORLD_SERVICE_ADDRESS, ROUTE_WORLD_TCP_PORT},
    };
    struct world *world = self;
    void *shared =
        mmap(NULL, sizeof *world->tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("mmap");
        exit(EXIT_FAILURE);
    }
    world->tally = shared;
    for (size_t i = 0; i < LOADERS; i++) {
        world->loaders[i] = child_start();
        if (world->loaders[i] == 0) {
            world_enter(world, loads[i].place);
            while (!atomic_load(&world->tally->is_stopping)) {
                unsigned failed = (unsigned)load_ask(loads[i].address, loads[i].port);
                atomic_fetch_add(&world->tally->failed[i], failed);
                atomic_fetch_add(&world->tally->asked[i], 1);
            }
            _exit(0);
        }
    }
}

void talk_load_stop(void *self, unsigned *asked, unsigned *failed)
{
    struct world *world = self;
    atomic_store(&world->tally->is_stopping, true);
    *asked = UINT32_MAX;
    *failed = 0;
    for (size_t i = 0; i < LOADERS; i++) {
        (void)waitpid(world->loaders[i], NULL, 0);
        unsigned count = atomic_load(&world->tally->asked[i]);
        *asked = count < *asked ? count : *asked;
        *failed += atomic_load(&world->tally->failed[i]);
    }
    (void)munmap(world->tally, sizeof *world->tally);
    world->tally = NULL;
}

/* Descriptors carry their backend in the upper half of epoll's word, and whether they listen. */
#define WORD_LISTENS (UINT64_C(1) << 63)

static void serve_watch(int epoll_fd, int fd, uint64_t backend, uint64_t flags)
{
    struct epoll_event event = {.events = EPOLLIN,
                                .data.u64 = flags | backend << 32 | (uint32_t)fd};
    if (fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        perror("serve");
        exit(EXIT_FAILURE);
    }
}

static void serve_one(int epoll_fd, uint64_t word)
{
    int fd = (int)(word & UINT32_MAX);
    uint64_t backend = word >> 32 & 0xff;
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    char question;
    char number = (char)('0' + backend);
    if ((word & WORD_LISTENS) != 0) {
        int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) {
            serve_watch(epoll_fd, accepted, backend, 0);
        }
        return;
    }
    ssize_t got = recvfrom(fd, &question, 1, 0, (struct sockaddr *)&from, &from_len);
    if (got == 1) {
        if (question == LATE_QUESTION[0]) {
            (void)poll(NULL, 0, LATE_MS);
        }
        (void)sendto(fd, &number, 1, MSG_NOSIGNAL, from_len > 0 ? (struct sockaddr *)&from : NULL,
                     from_len);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(fd);
    }
}

static int serve_bind(struct world *world, unsigned place, int type, uint16_t port)
{
    struct sockaddr_in any = socket_address(0, port);
    int fd = world_socket(world, place, type);
    if (bind(fd, (const struct sockaddr *)&any, sizeof any) != 0 ||
        (type == SOCK_STREAM && listen(fd, LISTEN_QUEUE) != 0)) {
        perror("bind");
        exit(EXIT_FAILURE);
    }
    return fd;
}

void talk_serve(struct world *world)
{
    int tcp[ROUTE_WORLD_BACKENDS];
    int udp[ROUTE_WORLD_BACKENDS];
    for (unsigned i = 0; i < ROUTE_WORLD_BACKENDS; i++) {
        tcp[i] = serve_bind(world, PLACE_FIRST + i, SOCK_STREAM, ROUTE_WORLD_TCP_PORT);
        udp[i] = serve_bind(world, PLACE_FIRST + i, SOCK_DGRAM, ROUTE_WORLD_UDP_PORT);
    }
    world->server = child_start();
    if (world->server == 0) {
        int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        for (unsigned i = 0; i < ROUTE_WORLD_BACKENDS; i++) {
            serve_watch(epoll_fd, tcp[i], i, WORD_LISTENS);
            serve_watch(epoll_fd, udp[i], i, 0);
        }
        for (;;) {
            struct epoll_event events[64];
            int count = epoll_wait(epoll_fd, events, 64, -1);
            for (int i = 0; i < count; i++) {
                serve_one(epoll_fd, events[i].data.u64);
            }
        }
    }
    for (unsigned i = 0; i < ROUTE_WORLD_BACKENDS; i++) {
        close(tcp[i]);
        close(udp[i]);
    }
}
