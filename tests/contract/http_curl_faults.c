/* http_curl_faults: libcurl that runs out of memory at any of its allocations, and a loop that
 * refuses descriptors: each exchange is answered at once, none is left to its time-out, and the
 * next one goes through. */
#include <curl/curl.h>
#include <stdlib.h>
#include <unistd.h>

#include "ports/curl/http.h"
#include "ports/linux/loop.h"
#include "tests/check.h"
#include "tests/contract/fake_server.h"

/* Far from what an answer takes: reaching it is the fault this looks for. */
enum { TIMEOUT_MS = 30000, WAIT_MS_MAX = 5000, POINTS_MAX = 2000 };

static struct {
    struct linux_loop loop;
    struct loop faulty;
    struct curl_http *curl;
    struct http http;
    struct fake_server server;
    char folder[32];
    char socket[64];
    unsigned watches_left; /* before one is refused; 0: none is */
} bench;

/* The countdown-th allocation of libcurl from now fails, and `repeat` - 1 after it. */
static long countdown, repeat;
static long allocations;

static bool is_failing(void)
{
    allocations++;
    if (countdown == 0) {
        return false;
    }
    if (countdown > 1) {
        countdown--;
        return false;
    }
    if (--repeat <= 0) {
        countdown = 0;
    }
    return true;
}

static void *faulty_malloc(size_t size)
{
    return is_failing() ? NULL : malloc(size);
}

static void *faulty_calloc(size_t count, size_t size)
{
    return is_failing() ? NULL : calloc(count, size);
}

static void *faulty_realloc(void *memory, size_t size)
{
    return is_failing() ? NULL : realloc(memory, size);
}

static char *faulty_strdup(const char *text)
{
    return is_failing() ? NULL : strdup(text);
}

struct outcome {
    int calls, code;
    char body[64];
    char text[ERR_TEXT_BYTES];
};

static int on_piece(void *ctx, int status, struct span piece)
{
    struct outcome *outcome = ctx;
    (void)status;
    (void)snprintf(outcome->body, sizeof outcome->body, "%.*s", (int)piece.len,
                   (const char *)piece.data);
    return 1;
}

static void on_done(void *ctx, const struct err *err, int status, const char *digest)
{
    struct outcome *outcome = ctx;
    (void)status;
    (void)digest;
    outcome->calls++;
    outcome->code = err == NULL ? 0 : err->code;
    (void)snprintf(outcome->text, sizeof outcome->text, "%s", err == NULL ? "" : err->text);
}

static int ask(struct outcome *outcome)
{
    struct err err = {0};
    struct http_request request = {.method = "GET",
                                   .socket_path = bench.socket,
                                   .url = "http://e/x",
                                   .timeout_ms = TIMEOUT_MS};
    *outcome = (struct outcome){0};
    int rc = bench.http.ops->start(bench.http.self, &request, on_piece, on_done, outcome, &err);
    if (rc != 0) {
        outcome->calls = 1;
        outcome->code = rc;
    }
    return rc;
}

/* True when it was answered in far less than its time-out. */
static bool is_answered(const struct outcome *outcome)
{
    mono_ms end = linux_loop_now() + WAIT_MS_MAX;
    while (outcome->calls == 0 && linux_loop_now() < end) {
        linux_loop_run_once(&bench.loop, 10);
    }
    return outcome->calls == 1;
}

static int faulty_watch(void *self, int fd, unsigned events, loop_ready ready, void *ctx,
                        struct err *err)
{
    const struct loop *loop = self;
    if (events != 0 && bench.watches_left > 0 && --bench.watches_left == 0) {
        return err_set(err, ERR_LIMIT, "no more descriptors");
    }
    return loop->ops->watch(loop->self, fd, events, ready, ctx, err);
}

static void faulty_arm(void *self, struct loop_timer *timer, mono_ms due, loop_expired expired,
                       void *ctx)
{
    const struct loop *loop = self;
    loop->ops->arm(loop->self, timer, due, expired, ctx);
}

static void faulty_disarm(void *self, struct loop_timer *timer)
{
    const struct loop *loop = self;
    loop->ops->disarm(loop->self, timer);
}

static mono_ms faulty_now(void *self)
{
    const struct loop *loop = self;
    return loop->ops->now(loop->self);
}

static void bench_open(void)
{
    static const struct fake_answer answers[] = {
        {.request = "GET /x", .status = 200, .body = "hello"},
    };
    static const struct loop_ops ops = {
        .watch = faulty_watch, .arm = faulty_arm, .disarm = faulty_disarm, .now = faulty_now};
    struct err err;
    memset(&bench, 0, sizeof bench);
    (void)snprintf(bench.folder, sizeof bench.folder, "/tmp/berth-curl-XXXXXX");
    CHECK(mkdtemp(bench.folder) != NULL);
    (void)snprintf(bench.socket, sizeof bench.socket, "%s/fake.sock", bench.folder);
    CHECK(fake_server_start(&bench.server, bench.folder, answers, COUNT_OF(answers)));
    CHECK_INT_EQ(linux_loop_init(&bench.loop, &err), 0);
    bench.faulty = linux_loop_interface(&bench.loop);
    struct loop loop = {.ops = &ops, .self = &bench.faulty};
    CHECK_INT_EQ(curl_http_new(&loop, &bench.curl, &err), 0);
    bench.http = curl_http_interface(bench.curl);
}

static void bench_close(void)
{
    curl_http_free(bench.curl);
    linux_loop_close(&bench.loop);
    fake_server_stop(&bench.server);
    CHECK_INT_EQ(rmdir(bench.folder), 0);
}

/* Two exchanges with every one of their allocations failing in turn; `times` in a row each. */
static void each_allocation(long times)
{
    unsigned silent = 0;
    unsigned points = 0;
    bool is_through = false;
    for (long at = 1; !is_through && at < POINTS_MAX; at++) {
        struct outcome first;
        struct outcome second;
        struct outcome after;
        bench_open();
        countdown = at;
        repeat = times;
        (void)ask(&first);
        (void)ask(&second);
        bool is_told = is_answered(&first) & is_answered(&second);
        is_through = countdown > 1; /* it was never reached */
        countdown = 0;
        points++;
        silent += is_told ? 0 : 1;
        if (is_told) {
            CHECK(first.code == 0 || first.code == ERR_MEMORY || first.code == ERR_NETWORK);
            CHECK(second.code == 0 || second.code == ERR_MEMORY || second.code == ERR_NETWORK);
            (void)ask(&after);
            CHECK(is_answered(&after));
            CHECK_INT_EQ(after.code, 0);
            CHECK_STR_EQ(after.body, "hello");
        }
        bench_close();
    }
    printf("    %u allocations failed, %u exchanges were silent\n", points, silent);
    CHECK(is_through);
    CHECK(points > 20);
    CHECK_INT_EQ(silent, 0);
}

static void one_failed_allocation(void)
{
    each_allocation(1);
}

static void a_few_failed_allocations(void)
{
    each_allocation(5);
}

/* The loop refuses the connection's descriptor: said at once, and the next one goes through. */
static void no_room_in_the_loop(void)
{
    for (unsigned at = 1; at <= 4; at++) {
        struct outcome outcome;
        bench_open();
        bench.watches_left = at;
        CHECK_INT_EQ(ask(&outcome), 0);
        CHECK(is_answered(&outcome));
        CHECK(outcome.code == 0 || outcome.code == ERR_NETWORK);
        bench.watches_left = 0;
        CHECK_INT_EQ(ask(&outcome), 0);
        CHECK(is_answered(&outcome));
        CHECK_INT_EQ(outcome.code, 0);
        bench_close();
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"one failed allocation", one_failed_allocation},
        {"a few failed allocations", a_few_failed_allocations},
        {"no room in the loop", no_room_in_the_loop},
    };
    struct err err;
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, faulty_malloc, free, faulty_realloc,
                             faulty_strdup, faulty_calloc) != CURLE_OK ||
        curl_http_library_init(&err) != 0) {
        return EXIT_FAILURE;
    }
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    curl_http_library_close();
    curl_global_cleanup();
    return status;
}
