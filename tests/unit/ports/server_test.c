/* server_test: the unix socket's safety, its bounds, and its time-outs on a clock of the test's
 * own. */
#include "ports/linux/server.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "tests/check.h"
#include "turn_loop.h"

struct named {
    struct linux_server_peer *peer;
    size_t len;
    bool is_open;
};

static struct {
    struct named named[LINUX_SERVER_PEERS_MAX + 1];
    size_t count;
    uint32_t uid;
    unsigned closed;
    struct linux_server server;
    char directory[32];
    char path[64];
} world;

static void *user_opened(void *ctx, struct linux_server_peer *peer, uint32_t uid)
{
    struct named *named = &world.named[world.count++];
    CHECK(ctx == &world);
    *named = (struct named){.peer = peer, .is_open = true};
    world.uid = uid;
    return named;
}

static void user_received(void *ctx, struct span input)
{
    ((struct named *)ctx)->len = input.len;
    if (input.data[input.len - 1] == '!') {
        linux_server_keep(((struct named *)ctx)->peer);
    }
    if (input.data[input.len - 1] == '.') {
        linux_server_send(((struct named *)ctx)->peer, input);
        linux_server_finish(((struct named *)ctx)->peer);
    }
}

static void user_closed(void *ctx)
{
    CHECK(((struct named *)ctx)->is_open);
    ((struct named *)ctx)->is_open = false;
    world.closed++;
}

static int open_at(const char *path, struct linux_server *server)
{
    struct linux_server_user user = {
        .opened = user_opened,
        .received = user_received,
        .closed = user_closed,
        .ctx = &world,
        .input_bytes_max = 1000,
    };
    struct err err = {0};
    int rc = linux_server_init(server, turn_loop(), path, UINT32_MAX, &user, &err);
    CHECK(rc == 0 || err.text[0] != '\0');
    return rc;
}

static void begin(void)
{
    memset(&world, 0, sizeof world);
    turn_reset();
    (void)snprintf(world.directory, sizeof world.directory, "/tmp/server-XXXXXX");
    if (mkdtemp(world.directory) == NULL) {
        abort();
    }
    (void)snprintf(world.path, sizeof world.path, "%s/run/control.sock", world.directory);
    CHECK_INT_EQ(open_at(world.path, &world.server), 0);
}

static void end(void)
{
    char run[64];
    struct stat state;
    (void)snprintf(run, sizeof run, "%s/run", world.directory);
    linux_server_close(&world.server);
    CHECK(lstat(world.path, &state) != 0);
    CHECK(!turn_is_armed());
    CHECK_INT_EQ(world.closed, world.count);
    CHECK_INT_EQ(rmdir(run), 0);
    CHECK_INT_EQ(rmdir(world.directory), 0);
}

/* Turns until nothing more happens; bounded, so that a busy loop fails instead of hanging. */
static void settle(void)
{
    int turns = 0;
    while (turns < 5000 && turn_once()) {
        turns++;
    }
    CHECK(turns < 5000);
}

static int client(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    memcpy(address.sun_path, world.path, strlen(world.path) + 1);
    CHECK_INT_EQ(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    settle();
    return fd;
}

static void say(int fd, const char *text)
{
    CHECK_INT_EQ(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    settle();
}

static void made_safely(void)
{
    struct stat state;
    char run[64];
    begin();
    (void)snprintf(run, sizeof run, "%s/run", world.directory);
    CHECK_INT_EQ(stat(run, &state), 0);
    CHECK_INT_EQ(state.st_mode & 07777, 0755);
    CHECK_INT_EQ(lstat(world.path, &state), 0);
    CHECK(S_ISSOCK(state.st_mode));
    CHECK_INT_EQ(state.st_mode & 07777, 0660);
    end();
}

static void predecessors(void)
{
    static struct linux_server other;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char run[64];
    char long_path[200];
    begin();
    CHECK_INT_EQ(open_at(world.path, &other), ERR_BUSY);
    linux_server_close(&world.server);
    memcpy(address.sun_path, world.path, strlen(world.path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_INT_EQ(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    (void)close(fd); /* what a killed agent leaves */
    CHECK_INT_EQ(open_at(world.path, &world.server), 0);
    linux_server_close(&world.server);
    fd = open(world.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    (void)close(fd);
    CHECK_INT_EQ(open_at(world.path, &other), ERR_EXISTS);
    CHECK_INT_EQ(unlink(world.path), 0);
    (void)snprintf(run, sizeof run, "%s/run", world.directory);
    CHECK_INT_EQ(chmod(run, 0777), 0);
    CHECK_INT_EQ(open_at(world.path, &other), ERR_DENIED);
    CHECK_INT_EQ(chmod(run, 0755), 0);
    (void)snprintf(long_path, sizeof long_path, "%s/%0100d", run, 0);
    CHECK_INT_EQ(open_at(long_path, &other), ERR_VALUE);
    CHECK_INT_EQ(open_at("control.sock", &other), ERR_VALUE);
    end();
}

static void asks_and_is_answered(void)
{
    char answer[16];
    begin();
    int fd = client();
    CHECK_INT_EQ(world.uid, getuid());
    say(fd, "he");
    CHECK_INT_EQ(world.named[0].len, 2);
    say(fd, "llo.");
    CHECK_INT_EQ(recv(fd, answer, sizeof answer, 0), 6);
    CHECK(memcmp(answer, "hello.", 6) == 0);
    CHECK_INT_EQ(recv(fd, answer, sizeof answer, 0), 0);
    (void)close(fd);
    settle();
    CHECK_INT_EQ(world.closed, 1);
    /* One that does not close after its answer is closed a moment later. */
    fd = client();
    say(fd, "x.");
    CHECK_INT_EQ(world.closed, 1);
    turn_pass(1000);
    settle();
    CHECK_INT_EQ(world.closed, 2);
    (void)close(fd);
    end();
}

static void idle_is_closed_but_kept_is_not(void)
{
    begin();
    int idle = client();
    int kept = client();
    say(idle, "half");
    say(kept, "watch!");
    turn_pass(LINUX_SERVER_IDLE_MS - 1);
    settle();
    CHECK_INT_EQ(world.closed, 0);
    turn_pass(1);
    settle();
    CHECK_INT_EQ(world.closed, 1);
    CHECK(!world.named[0].is_open && world.named[1].is_open);
    turn_pass(100 * LINUX_SERVER_IDLE_MS);
    say(kept, "ignored");
    CHECK(world.named[1].is_open);
    CHECK_INT_EQ(world.named[1].len, 6);
    (void)close(kept);
    settle();
    CHECK_INT_EQ(world.closed, 2);
    (void)close(idle);
    end();
}

static void slow_reader_is_dropped(void)
{
    static uint8_t bytes[LINUX_SERVER_OUT_BYTES_MAX / 2];
    static char taken[65536];
    begin();
    int fd = client();
    say(fd, "watch!");
    linux_server_send(world.named[0].peer, span_of(bytes, sizeof bytes));
    settle();
    turn_pass(LINUX_SERVER_IDLE_MS - 1);
    settle();
    CHECK_INT_EQ(world.closed, 0);
    size_t got = 0;
    for (ssize_t piece; (piece = recv(fd, taken, sizeof taken, 0)) > 0;) {
        got += (size_t)piece;
    }
    CHECK(got > 0 && got < sizeof bytes); /* it moves on, not to the end: its time begins anew */
    settle();
    turn_pass(LINUX_SERVER_IDLE_MS - 1);
    settle();
    CHECK_INT_EQ(world.closed, 0);
    turn_pass(1);
    settle();
    CHECK_INT_EQ(world.closed, 1);
    (void)close(fd);
    fd = client();
    say(fd, "watch!");
    for (int i = 0; i < 4; i++) {
        linux_server_send(world.named[1].peer, span_of(bytes, sizeof bytes));
        CHECK_INT_EQ(world.closed, 1); /* never from inside send */
    }
    settle();
    CHECK_INT_EQ(world.closed, 2);
    (void)close(fd);
    end();
}

static void too_much_input(void)
{
    char bytes[1001];
    begin();
    memset(bytes, 'x', sizeof bytes);
    bytes[1000] = '\0';
    int fd = client();
    say(fd, bytes);
    CHECK_INT_EQ(world.named[0].len, 1000);
    CHECK_INT_EQ(world.closed, 0);
    say(fd, "x");
    CHECK_INT_EQ(world.closed, 1);
    (void)close(fd);
    end();
}

static void sixteen_and_no_more(void)
{
    int fds[LINUX_SERVER_PEERS_MAX + 1];
    char byte;
    char text[8];
    begin();
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        fds[i] = client();
    }
    CHECK_INT_EQ(world.count, LINUX_SERVER_PEERS_MAX);
    CHECK_INT_EQ(recv(fds[LINUX_SERVER_PEERS_MAX], &byte, 1, 0), 0);
    (void)close(fds[LINUX_SERVER_PEERS_MAX]);
    world.server.user.full = span_text("full");
    fds[LINUX_SERVER_PEERS_MAX] = client();
    CHECK_INT_EQ(recv(fds[LINUX_SERVER_PEERS_MAX], text, sizeof text, MSG_WAITALL), 4);
    CHECK_INT_EQ(memcmp(text, "full", 4), 0);
    CHECK_INT_EQ(world.count, LINUX_SERVER_PEERS_MAX);
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        (void)close(fds[i]);
    }
    settle();
    CHECK_INT_EQ(world.closed, LINUX_SERVER_PEERS_MAX);
    end();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"made_safely", made_safely},
        {"predecessors", predecessors},
        {"asks_and_is_answered", asks_and_is_answered},
        {"idle_is_closed_but_kept_is_not", idle_is_closed_but_kept_is_not},
        {"slow_reader_is_dropped", slow_reader_is_dropped},
        {"too_much_input", too_much_input},
        {"sixteen_and_no_more", sixteen_and_no_more},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
