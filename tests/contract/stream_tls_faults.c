/* stream_tls_faults: peers that say nothing or nonsense, names without answer, no memory left. */
#include <arpa/inet.h>
#include <errno.h>
#include <mbedtls/platform.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/linux/helper.h"
#include "ports/mbedtls/verify.h"
#include "tests/check.h"
#include "tests/contract/fake_names.h"
#include "tests/contract/tls_world.h"

enum { TURNS_MAX = 3000, SHORT_MS = 300, TICK_MS = 5 };

static struct tls_world world;

/* Counts how often the loop turns while something else should wait. */
struct ticker {
    struct loop_timer timer;
    int ticks;
};

static void ticked(void *ctx)
{
    struct ticker *ticker = ctx;
    struct loop loop = linux_loop_interface(&world.loop);
    ticker->ticks++;
    loop.ops->arm(loop.self, &ticker->timer, loop.ops->now(loop.self) + TICK_MS, ticked, ticker);
}

/* Opens and waits for the end of it; counts ticks on the way. */
static int try_ticking(const struct mbedtls_tls_settings *settings, struct stream_seen *seen,
                       int *ticks)
{
    struct loop loop = linux_loop_interface(&world.loop);
    struct ticker ticker = {.ticks = -1};
    ticked(&ticker);
    int rc = tls_world_try(&world, settings, seen);
    loop.ops->disarm(loop.self, &ticker.timer);
    *ticks = ticker.ticks;
    return rc;
}

static void case_silent_in_the_handshake(void)
{
    struct stream_seen seen;
    uint16_t port = 0;
    int ticks = 0;
    int fd = tls_listen(&port);
    struct mbedtls_tls_settings settings = tls_settings(&world);
    settings.port = port;
    settings.timeout_ms = SHORT_MS;
    CHECK_INT_EQ(try_ticking(&settings, &seen, &ticks), ERR_TIMEOUT);
    CHECK_CONTAINS(seen.text, "no answer to the handshake in 300 ms");
    CHECK(ticks > 10);
    close(fd);
}

/* The real peer stops in the middle: after it was asked, before it is done. */
static void case_stopped_in_the_handshake(void)
{
    struct stream_seen seen;
    int ticks = 0;
    tls_peer_start(&world, "broker", NULL, "-tls1_3");
    struct mbedtls_tls_settings settings = tls_settings(&world);
    settings.timeout_ms = SHORT_MS;
    (void)kill(world.peer, SIGSTOP);
    CHECK_INT_EQ(try_ticking(&settings, &seen, &ticks), ERR_TIMEOUT);
    CHECK(ticks > 10);
    (void)kill(world.peer, SIGCONT);
    settings.timeout_ms = 0;
    CHECK_INT_EQ(tls_world_try(&world, &settings, &seen), 0);
}

static void case_refused(void)
{
    struct stream_seen seen;
    uint16_t port = 0;
    int fd = tls_listen(&port);
    struct mbedtls_tls_settings settings = tls_settings(&world);
    settings.port = port;
    close(fd);
    CHECK_INT_EQ(tls_world_try(&world, &settings, &seen), ERR_NETWORK);
    CHECK_CONTAINS(seen.text, "connect to here.test port");
    CHECK_CONTAINS(seen.text, "127.0.0.1");
    CHECK_CONTAINS(seen.text, "refused");
}

static void case_names_without_answer(void)
{
    struct stream_seen seen;
    int ticks = 0;
    struct mbedtls_tls_settings settings = tls_settings(&world);
    settings.port = 1;
    settings.timeout_ms = SHORT_MS;
    settings.host = FAKE_NAME_UNKNOWN;
    CHECK_INT_EQ(tls_world_try(&world, &settings, &seen), ERR_NETWORK);
    CHECK_CONTAINS(seen.text, "look up unknown.test: ");
    settings.host = FAKE_NAME_HANGS;
    CHECK_INT_EQ(try_ticking(&settings, &seen, &ticks), ERR_TIMEOUT);
    CHECK_CONTAINS(seen.text, "look up hangs.test: no answer in 300 ms");
    CHECK(ticks > 10);
    settings.host = FAKE_NAME_DIES;
    CHECK_INT_EQ(tls_world_try(&world, &settings, &seen), ERR_NETWORK);
}

/* Closed, freed and opened again while the resolver still thinks: its answer reaches nobody. */
static void case_gone_before_the_name_is_found(void)
{
    struct mbedtls_tls_settings settings = tls_settings(&world);
    struct stream_seen seen = {0};
    struct stream_user user = stream_seen_user(&seen);
    struct mbedtls_tls *tls = NULL;
    CHECK_INT_EQ(mbedtls_tls_new(&settings, &tls, NULL), 0);
    CHECK_INT_EQ(stream_open(mbedtls_tls_stream(tls), &user, NULL), 0);
    stream_close(mbedtls_tls_stream(tls));
    CHECK_INT_EQ(stream_open(mbedtls_tls_stream(tls), &user, NULL), 0);
    mbedtls_tls_free(tls);
    for (int i = 0; i < 40; i++) {
        tls_world_pump(&world);
    }
    CHECK_INT_EQ(seen.opened + seen.ready + seen.closed, 0);
}

/* As a session does on a site whose name server is away: none of it is left in the way. */
static void case_closed_again_and_again_without_answer(void)
{
    struct mbedtls_tls_settings settings = tls_settings(&world);
    struct stream_seen seen = {0};
    struct stream_user user = stream_seen_user(&seen);
    struct mbedtls_tls *tls = NULL;
    settings.host = FAKE_NAME_HANGS;
    CHECK_INT_EQ(mbedtls_tls_new(&settings, &tls, NULL), 0);
    for (int i = 0; i < 50; i++) {
        CHECK_INT_EQ(stream_open(mbedtls_tls_stream(tls), &user, NULL), 0);
        for (int turn = 0; turn < i % 3; turn++) {
            tls_world_pump(&world);
        }
        stream_close(mbedtls_tls_stream(tls));
    }
    mbedtls_tls_free(tls);
    CHECK_INT_EQ(seen.opened + seen.ready + seen.closed, 0);
    tls_peer_start(&world, "broker", NULL, "-tls1_3");
    settings = tls_settings(&world);
    CHECK_INT_EQ(tls_world_try(&world, &settings, &seen), 0);
}

static void case_next_address(void)
{
    struct stream_seen seen;
    tls_peer_start(&world, "broker", NULL, "-tls1_3");
    struct mbedtls_tls_settings settings = tls_settings(&world);
    settings.host = FAKE_NAME_SECOND;
    CHECK_INT_EQ(tls_world_try(&world, &settings, &seen), 0);
}

/* The first address takes no connection: its queue is full. It may not eat all of the time. */
static void case_next_address_after_a_silent_one(void)
{
    struct stream_seen seen;
    int fillers[4];
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f000063)}};
    tls_peer_start(&world, "broker", NULL, "-tls1_2");
    name.sin_port = htons(world.peer_port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_INT_EQ(bind(fd, (const struct sockaddr *)&name, sizeof name), 0);
    CHECK_INT_EQ(listen(fd, 0), 0);
    for (size_t i = 0; i < COUNT_OF(fillers); i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (const struct sockaddr *)&name, sizeof name);
    }
    struct mbedtls_tls_settings settings = tls_settings(&world);
    settings.host = FAKE_NAME_SECOND;
    settings.timeout_ms = 4000;
    CHECK_INT_EQ(tls_world_try(&world, &settings, &seen), 0);
    for (size_t i = 0; i < COUNT_OF(fillers); i++) {
        close(fillers[i]);
    }
    close(fd);
}

/* A peer of our own that takes the connection, says that, and closes or stays. */
static int try_peer_saying(const char *words, size_t len, struct stream_seen *seen)
{
    struct mbedtls_tls *tls = NULL;
    struct mbedtls_tls_settings settings = tls_settings(&world);
    struct stream_user user = stream_seen_user(seen);
    int listen_fd = tls_listen(&settings.port);
    int fd = -1;
    *seen = (struct stream_seen){0};
    CHECK_INT_EQ(mbedtls_tls_new(&settings, &tls, NULL), 0);
    CHECK_INT_EQ(stream_open(mbedtls_tls_stream(tls), &user, NULL), 0);
    for (int i = 0; i < TURNS_MAX && seen->closed == 0; i++) {
        char question[1024];
        tls_world_pump(&world);
        fd = fd < 0 ? accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : fd;
        if (fd >= 0 && recv(fd, question, sizeof question, 0) > 0) {
            CHECK_INT_EQ(send(fd, words, len, MSG_NOSIGNAL), (ssize_t)len);
            (void)shutdown(fd, SHUT_WR);
        }
    }
    CHECK_INT_EQ(seen->closed, 1);
    close(fd);
    close(listen_fd);
    mbedtls_tls_free(tls);
    return seen->code;
}

static void case_peers_that_speak_otherwise(void)
{
    static const char alert[] = {0x15, 3, 3, 0, 2, 2, 40};
    static const char half[] = {0x16, 3, 3, 2, 0, 2, 0, 1};
    static const char mqtt[] = {0x20, 2, 0, 5, 0x20, 2, 0, 5};
    struct stream_seen seen;
    CHECK_INT_EQ(try_peer_saying("", 0, &seen), ERR_NETWORK);
    CHECK_CONTAINS(seen.text, "closed the connection in the handshake");
    CHECK_INT_EQ(try_peer_saying(half, sizeof half, &seen), ERR_NETWORK);
    CHECK_INT_EQ(try_peer_saying("220 mail.test ESMTP\r\n", 21, &seen), ERR_TLS);
    CHECK_CONTAINS(seen.text, "does not speak TLS");
    CHECK_INT_EQ(try_peer_saying(mqtt, sizeof mqtt, &seen), ERR_TLS);
    CHECK_CONTAINS(seen.text, "does not speak TLS");
    CHECK_INT_EQ(try_peer_saying(alert, sizeof alert, &seen), ERR_TLS);
    CHECK_CONTAINS(seen.text, "refused the handshake (alert 40, handshake failure)");
}

/* A peer that says an alert and resets the connection so many turns after it came, before our first
 * word has come or not: `is_early`. */
static int try_peer_resetting(int turns, bool *is_early, struct stream_seen *seen)
{
    static const char alert[] = {0x15, 3, 3, 0, 2, 2, 40};
    static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    struct mbedtls_tls *tls = NULL;
    struct mbedtls_tls_settings settings = tls_settings(&world);
    struct stream_user user = stream_seen_user(seen);
    char question[1024];
    int listen_fd = tls_listen(&settings.port);
    *seen = (struct stream_seen){0};
    CHECK_INT_EQ(mbedtls_tls_new(&settings, &tls, NULL), 0);
    CHECK_INT_EQ(stream_open(mbedtls_tls_stream(tls), &user, NULL), 0);
    int fd = -1;
    for (int i = 0; i < TURNS_MAX && fd < 0; i++) {
        tls_world_pump(&world);
        fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    }
    CHECK(fd >= 0);
    for (int i = 0; i < turns; i++) {
        tls_world_pump(&world);
    }
    if (fd >= 0) {
        *is_early = recv(fd, question, sizeof question, 0) < 0;
        CHECK_INT_EQ(send(fd, alert, sizeof alert, MSG_NOSIGNAL), (ssize_t)sizeof alert);
        CHECK_INT_EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
        close(fd);
    }
    close(listen_fd);
    for (int i = 0; i < TURNS_MAX && seen->closed == 0; i++) {
        tls_world_pump(&world);
    }
    CHECK_INT_EQ(seen->closed, 1);
    mbedtls_tls_free(tls);
    return fd < 0 ? 0 : seen->code;
}

/* What the peer said last explains the reset that our own words ran into. */
static void case_alert_before_a_reset(void)
{
    int explained = 0;
    for (int turns = 0; turns < 4; turns++) {
        struct stream_seen seen;
        bool is_early = false;
        int rc = try_peer_resetting(turns, &is_early, &seen);
        if (rc == 0 || !is_early) {
            continue;
        }
        explained += rc == ERR_TLS;
        CHECK(rc == ERR_TLS || strstr(seen.text, "in the handshake") == NULL);
    }
    CHECK(explained > 0);
}

/* The allocation that fails; the library counts down to it and forgets. */
static long allocations_left = -1;
static long allocations;

static void *failing_calloc(size_t count, size_t size)
{
    allocations++;
    if (allocations_left > 0 && --allocations_left == 0) {
        return NULL;
    }
    return calloc(count, size);
}

/* Any allocation may fail in a way of its own; none may crash, leak, or open a stream that is less
 * than whole. */
static void allocation_fails(long n, int *out_of_memory, int *others)
{
    struct stream_seen seen;
    struct mbedtls_tls_settings settings = tls_settings(&world);
    allocations_left = n;
    int rc = tls_world_try(&world, &settings, &seen);
    allocations_left = -1;
    bool is_clean =
        rc == 0 || rc == ERR_MEMORY || rc == ERR_CERTIFICATE || rc == ERR_TLS || rc == ERR_NETWORK;
    if (!is_clean) {
        printf("    allocation %ld: %d %s\n", n, rc, seen.text);
    }
    CHECK(is_clean);
    *out_of_memory += rc == ERR_MEMORY;
    *others += rc != ERR_MEMORY;
}

static void case_no_memory(void)
{
    static const char *const versions[] = {"-tls1_2", "-tls1_3"};
    CHECK_INT_EQ(mbedtls_platform_set_calloc_free(failing_calloc, free), 0);
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        struct stream_seen seen;
        int out_of_memory = 0;
        int others = 0;
        tls_peer_start(&world, "broker", NULL, versions[i]);
        struct mbedtls_tls_settings settings = tls_settings(&world);
        allocations = 0;
        CHECK_INT_EQ(tls_world_try(&world, &settings, &seen), 0);
        long all = allocations;
        CHECK(all > 500);
        for (long n = 1; n <= all; n += n < 120 ? 1 : 1 + all / 60) {
            allocation_fails(n, &out_of_memory, &others);
        }
        printf("    %s: %ld allocations, %d times out of memory, %d times otherwise\n", versions[i],
               all, out_of_memory, others);
        CHECK(out_of_memory > others);
        CHECK_INT_EQ(tls_world_try(&world, &settings, &seen), 0);
    }
    CHECK_INT_EQ(mbedtls_platform_set_calloc_free(calloc, free), 0);
}

static const struct check_case cases[] = {
    {"silent in the handshake", case_silent_in_the_handshake},
    {"stopped in the handshake", case_stopped_in_the_handshake},
    {"refused", case_refused},
    {"names without answer", case_names_without_answer},
    {"gone before the name is found", case_gone_before_the_name_is_found},
    {"closed again and again without an answer", case_closed_again_and_again_without_answer},
    {"next address", case_next_address},
    {"next address after a silent one", case_next_address_after_a_silent_one},
    {"peers that speak otherwise", case_peers_that_speak_otherwise},
    {"alert before a reset", case_alert_before_a_reset},
    {"no memory", case_no_memory},
};

int main(int argc, char **argv)
{
    struct verify verify;
    if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0) {
        return helper_main(HELPER_FD);
    }
    if (!tls_world_init(&world) || mbedtls_verify_init(&verify, NULL) != 0) {
        return EXIT_FAILURE;
    }
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    return tls_world_close(&world) ? status : EXIT_FAILURE;
}
