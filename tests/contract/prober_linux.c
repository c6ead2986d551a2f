/* prober_linux: the prober's suite over real sockets; the servers live on the same loop. */
#include "tests/contract/prober_contract.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/linux/loop.h"
#include "ports/linux/prober.h"
#include "tests/check.h"

enum { CONNS_MAX = 80, DRIP_TURNS = 4 };

struct conn {
    int fd; /* -1: free */
    bool is_asked;
    size_t dripped;
};

struct world {
    struct linux_loop loop;
    struct linux_prober prober;
    struct prober_fixture fixture;
    enum prober_peer peer;
    int listen_fd;
    int fillers[4];
    unsigned turn;
    struct conn conns[CONNS_MAX];
    char question[512]; /* the last one that was asked */
};

static struct world world;

#define HEAD_OK "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"

static const char *const answers[PROBER_PEER_COUNT] = {
    [PROBER_PEER_WELL] = HEAD_OK "well\n",
    [PROBER_PEER_REDIRECTS] = "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n",
    [PROBER_PEER_MISSES] = "HTTP/1.1 404 Not Found\r\n\r\n",
    [PROBER_PEER_BREAKS] = "HTTP/1.1 500\r\n\r\n",
    [PROBER_PEER_HINTS] = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" HEAD_OK,
    [PROBER_PEER_BARE] = "HTTP/1.0 200 OK\nA: b\n\nwell\n",
    [PROBER_PEER_KEEPS_OPEN] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell",
    [PROBER_PEER_FLOODS] = HEAD_OK,
    [PROBER_PEER_CUTS_BODY] = HEAD_OK "half a b",
    [PROBER_PEER_BABBLES] = "220 mail.example.com ESMTP\r\n",
    [PROBER_PEER_MUMBLES] = "HTTP/1.1 20 OK\r\n\r\n",
    [PROBER_PEER_IS_MODERN] = "HTTP/2.0 200 OK\r\n\r\n",
    [PROBER_PEER_OUT_OF_RANGE] = "HTTP/1.1 999 What\r\n\r\n",
    [PROBER_PEER_LONG_HEAD] = "HTTP/1.1 200 OK\r\n",
    [PROBER_PEER_HALF] = "HTTP/1.1 200 OK\r\nContent-Le",
    [PROBER_PEER_DRIPS] = HEAD_OK,
};

/* What they do once they have said it. */
static const enum ending {
    CLOSES,
    CUTS,
    STAYS
} endings[PROBER_PEER_COUNT] = {
    [PROBER_PEER_RESETS] = CUTS,  [PROBER_PEER_CUTS_BODY] = CUTS,  [PROBER_PEER_KEEPS_OPEN] = STAYS,
    [PROBER_PEER_FLOODS] = STAYS, [PROBER_PEER_LONG_HEAD] = STAYS, [PROBER_PEER_SILENT] = STAYS,
    [PROBER_PEER_DRIPS] = STAYS,
};

static void conn_close(struct conn *conn, bool is_reset)
{
    struct loop loop = linux_loop_interface(&world.loop);
    (void)loop.ops->watch(loop.self, conn->fd, 0, NULL, NULL, NULL);
    if (is_reset) {
        struct linger at_once = {.l_onoff = 1};
        (void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    close(conn->fd);
    conn->fd = -1;
}

/* More of an answer without end, or of a slow one; called at every turn. */
static void conn_turn(struct conn *conn)
{
    static const char more[] = "X-Filler: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n";
    if (conn->fd < 0 || !conn->is_asked) {
        return;
    }
    if (world.peer == PROBER_PEER_FLOODS || world.peer == PROBER_PEER_LONG_HEAD) {
        for (int i = 0; i < 50; i++) {
            (void)send(conn->fd, more, sizeof more - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
    }
    if (world.peer == PROBER_PEER_DRIPS && world.turn % DRIP_TURNS == 0 &&
        conn->dripped + 4 < strlen(HEAD_OK)) {
        (void)send(conn->fd, HEAD_OK + conn->dripped++, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

static void conn_ready(void *ctx, int fd, unsigned events)
{
    struct conn *conn = ctx;
    ssize_t got = recv(fd, world.question, sizeof world.question - 1, MSG_DONTWAIT);
    (void)events;
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) {
            conn_close(conn, false);
        }
        return;
    }
    world.question[got] = '\0';
    conn->is_asked = true;
    const char *text = answers[world.peer];
    if (text != NULL && world.peer != PROBER_PEER_DRIPS) {
        (void)send(fd, text, strlen(text), MSG_NOSIGNAL);
    }
    if (endings[world.peer] != STAYS) {
        conn_close(conn, endings[world.peer] == CUTS);
    }
}

static void listen_ready(void *ctx, int fd, unsigned events)
{
    struct loop loop = linux_loop_interface(&world.loop);
    (void)ctx;
    (void)events;
    int conn_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    for (size_t i = 0; conn_fd >= 0 && i < CONNS_MAX; i++) {
        if (world.conns[i].fd < 0) {
            world.conns[i] = (struct conn){.fd = conn_fd};
            int rc =
                loop.ops->watch(loop.self, conn_fd, LOOP_READ, conn_ready, &world.conns[i], NULL);
            assert(rc == 0);
            (void)rc;
            return;
        }
    }
    if (conn_fd >= 0) {
        close(conn_fd);
    }
}

static void peer_end(void)
{
    struct loop loop = linux_loop_interface(&world.loop);
    for (size_t i = 0; i < CONNS_MAX; i++) {
        if (world.conns[i].fd >= 0) {
            conn_close(&world.conns[i], false);
        }
    }
    for (size_t i = 0; i < COUNT_OF(world.fillers); i++) {
        if (world.fillers[i] >= 0) {
            close(world.fillers[i]);
            world.fillers[i] = -1;
        }
    }
    if (world.listen_fd >= 0) {
        (void)loop.ops->watch(loop.self, world.listen_fd, 0, NULL, NULL, NULL);
        close(world.listen_fd);
        world.listen_fd = -1;
    }
}

static void peer_start(void *self, enum prober_peer peer, ipv4 *address, uint16_t *port)
{
    struct loop loop = linux_loop_interface(&world.loop);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    (void)self;
    peer_end();
    world.peer = peer;
    world.listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int failed = bind(world.listen_fd, (const struct sockaddr *)&at, sizeof at);
    failed |= getsockname(world.listen_fd, (struct sockaddr *)&at, &len);
    *address = peer == PROBER_PEER_NO_ROUTE ? 0xe0000001u : INADDR_LOOPBACK; /* 224.0.0.1 */
    *port = ntohs(at.sin_port);
    if (peer == PROBER_PEER_STALLED) { /* a backlog of one, and others in it */
        failed |= listen(world.listen_fd, 0);
        for (size_t i = 0; i < COUNT_OF(world.fillers); i++) {
            world.fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            (void)connect(world.fillers[i], (const struct sockaddr *)&at, sizeof at);
        }
    } else if (peer != PROBER_PEER_REFUSES) { /* which keeps the port and does not listen */
        failed |= listen(world.listen_fd, CONNS_MAX);
        failed |= loop.ops->watch(loop.self, world.listen_fd, LOOP_READ, listen_ready, NULL, NULL);
    }
    assert(failed == 0);
    (void)failed;
}

static void world_pump(void *self)
{
    (void)self;
    world.turn++;
    linux_loop_run_once(&world.loop, 5);
    for (size_t i = 0; i < CONNS_MAX; i++) {
        conn_turn(&world.conns[i]);
    }
}

static void ended(void *ctx, const struct err *err)
{
    int *code = ctx;
    *code = err == NULL ? 0 : err->code;
}

static void question_asked(enum prober_kind kind, const char *line, const char *length)
{
    char host[64];
    int code = 1;
    struct prober_request request = {.kind = kind, .timeout_ms = 1000, .path = "/a?b=c"};
    peer_start(NULL, PROBER_PEER_WELL, &request.address, &request.port);
    world.question[0] = '\0';
    CHECK_INT_EQ(
        world.fixture.prober.ops->ask(world.fixture.prober.self, &request, ended, &code, NULL), 0);
    for (int i = 0; i < 400 && code == 1; i++) {
        world_pump(NULL);
    }
    CHECK_INT_EQ(code, 0);
    (void)snprintf(host, sizeof host, "\r\nHost: 127.0.0.1:%u\r\n", request.port);
    CHECK(strncmp(world.question, line, strlen(line)) == 0);
    CHECK_CONTAINS(world.question, host);
    CHECK_CONTAINS(world.question, "\r\nUser-Agent: berth-probe\r\n");
    CHECK_CONTAINS(world.question, "\r\nConnection: close\r\n");
    CHECK((strstr(world.question, "\r\nContent-Length: 0\r\n") != NULL) == (length != NULL));
    size_t len = strlen(world.question);
    CHECK(len > 4 && strcmp(world.question + len - 4, "\r\n\r\n") == 0);
}

static void case_question_is_http(void)
{
    question_asked(PROBER_HTTP, "GET /a?b=c HTTP/1.1\r\n", NULL);
    question_asked(PROBER_POST, "POST /a?b=c HTTP/1.1\r\n", "0");
}

static void case_no_descriptor_is_left(void)
{
    peer_end();
    int first = dup(STDOUT_FILENO);
    CHECK_INT_EQ(close(first), 0);
    question_asked(PROBER_HTTP, "GET ", NULL);
    peer_end();
    for (int i = 0; i < 20; i++) {
        world_pump(NULL);
    }
    int last = dup(STDOUT_FILENO);
    CHECK_INT_EQ(close(last), 0);
    CHECK_INT_EQ(last, first);
}

/* A link on which every packet is lost, in a network of this program's own: the address stands in
 * an interface's network, and no neighbour has to be asked for. Last: there is no way back. */
static void case_lost_packets_are_not_the_apps(void)
{
    int code = 1;
    struct prober_request request = {
        .kind = PROBER_TCP, .address = 0xc0000202u, .port = 80, .timeout_ms = 300};
    peer_end();
    if ((unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) ||
        system("ip link add lost0 type veth peer name lost1 && ip link set lost0 arp off up && "
               "ip link set lost1 up && ip address add 192.0.2.1/24 dev lost0") != 0) {
        printf("    no network of its own: not tried\n");
        return;
    }
    CHECK_INT_EQ(
        world.fixture.prober.ops->ask(world.fixture.prober.self, &request, ended, &code, NULL), 0);
    for (int i = 0; i < 400 && code == 1; i++) {
        world_pump(NULL);
    }
    CHECK_STR_EQ(err_word(code), err_word(ERR_NOT_FOUND));
    /* An address that is on no link, and a way out of this machine: whoever answers there is not
     * the container. */
    CHECK_INT_EQ(system("ip route add default via 192.0.2.2"), 0);
    request.address = 0xc6120909u;
    code = world.fixture.prober.ops->ask(world.fixture.prober.self, &request, ended, &code, NULL);
    CHECK_STR_EQ(err_word(code), err_word(ERR_WIRING));
}

int main(int argc, char **argv)
{
    static const struct check_case own[] = {
        {"linux: question is http", case_question_is_http},
        {"linux: no descriptor is left", case_no_descriptor_is_left},
        {"linux: lost packets are not the app's", case_lost_packets_are_not_the_apps},
    };
    struct err err;
    world.listen_fd = -1;
    for (size_t i = 0; i < CONNS_MAX; i++) {
        world.conns[i].fd = -1;
    }
    for (size_t i = 0; i < COUNT_OF(world.fillers); i++) {
        world.fillers[i] = -1;
    }
    if (linux_loop_init(&world.loop, &err) != 0) {
        return EXIT_FAILURE;
    }
    linux_prober_init(&world.prober, linux_loop_interface(&world.loop));
    world.fixture = (struct prober_fixture){
        .prober = linux_prober_interface(&world.prober), .pump = world_pump, .peer = peer_start};
    int status = EXIT_SUCCESS;
    if (argc < 2 || strncmp(argv[1], "linux", 5) != 0) {
        status = prober_contract_run(&world.fixture, argc, argv);
    }
    if (argc < 2 || strncmp(argv[1], "linux", 5) == 0) {
        int of_own = check_run(own, COUNT_OF(own), argc, argv);
        status = status == EXIT_SUCCESS ? of_own : status;
    }
    linux_prober_close(&world.prober);
    peer_end();
    linux_loop_close(&world.loop);
    return status;
}
