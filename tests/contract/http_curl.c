/* http_curl: the promises of platform/http.h, against a server that answers as it was told. */
#include <unistd.h>

#include "ports/curl/http.h"
#include "ports/linux/loop.h"
#include "tests/check.h"
#include "tests/contract/fake_server.h"

enum { PUMP_MS = 10, WAIT_MS_MAX = 30000 };

static struct {
    struct linux_loop loop;
    struct curl_http *curl;
    struct http http;
    struct fake_server server;
    char folder[32];
    char socket[64];
} bench;

struct outcome {
    int calls;
    int code;
    int status;
    int piece_status;
    size_t pieces;
    size_t len;
    size_t len_max; /* the piece that reaches it stops the exchange; 0: none does */
    bool is_late;   /* a piece came after done */
    bool is_early;  /* called from inside start */
    char body[256];
    char digest[128];
    const char *then; /* URL of another request to start inside done; NULL: none */
    struct outcome *next;
};

static bool is_inside_start;

static int on_piece(void *ctx, int status, struct span piece)
{
    struct outcome *outcome = ctx;
    outcome->is_early = outcome->is_early || is_inside_start;
    outcome->is_late = outcome->is_late || outcome->calls > 0;
    outcome->piece_status = status;
    outcome->pieces++;
    for (size_t i = 0; i < piece.len && outcome->len + i + 1 < sizeof outcome->body; i++) {
        outcome->body[outcome->len + i] = (char)piece.data[i];
    }
    outcome->len += piece.len;
    return outcome->len_max == 0 || outcome->len < outcome->len_max;
}

static int ask(struct outcome *outcome, struct http_request request);

static void on_done(void *ctx, const struct err *err, int status, const char *digest)
{
    struct outcome *outcome = ctx;
    outcome->is_early = outcome->is_early || is_inside_start;
    outcome->calls++;
    outcome->code = err == NULL ? 0 : err->code;
    outcome->status = status;
    (void)snprintf(outcome->digest, sizeof outcome->digest, "%s", digest != NULL ? digest : "none");
    if (outcome->then != NULL) {
        CHECK_INT_EQ(ask(outcome->next, (struct http_request){.url = outcome->then}), 0);
    }
}

/* Starts a request to the bench's server; GET over the unix socket unless it says otherwise. */
static int ask(struct outcome *outcome, struct http_request request)
{
    struct err err;
    if (request.method == NULL) {
        request.method = "GET";
    }
    if (request.socket_path == NULL && bench.socket[0] != '\0') {
        request.socket_path = bench.socket;
    }
    is_inside_start = true;
    int rc = bench.http.ops->start(bench.http.self, &request, on_piece, on_done, outcome, &err);
    is_inside_start = false;
    return rc;
}

static void wait_for(const struct outcome *outcome)
{
    mono_ms end = linux_loop_now() + WAIT_MS_MAX;
    while (outcome->calls == 0 && linux_loop_now() < end) {
        linux_loop_run_once(&bench.loop, PUMP_MS);
    }
    CHECK_INT_EQ(outcome->calls, 1);
    CHECK(!outcome->is_early);
    CHECK(!outcome->is_late);
}

static struct outcome get(const char *url)
{
    struct outcome outcome = {0};
    CHECK_INT_EQ(ask(&outcome, (struct http_request){.url = url, .timeout_ms = 20000}), 0);
    wait_for(&outcome);
    return outcome;
}

static void bench_open(const struct fake_answer *answers, size_t count)
{
    struct err err;
    memset(&bench, 0, sizeof bench);
    (void)snprintf(bench.folder, sizeof bench.folder, "/tmp/berth-http-XXXXXX");
    CHECK(mkdtemp(bench.folder) != NULL);
    (void)snprintf(bench.socket, sizeof bench.socket, "%s/fake.sock", bench.folder);
    CHECK(fake_server_start(&bench.server, bench.folder, answers, count));
    CHECK_INT_EQ(linux_loop_init(&bench.loop, &err), 0);
    struct loop loop = linux_loop_interface(&bench.loop);
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

static void answers_of_every_shape_are_whole(void)
{
    static const struct fake_answer answers[] = {
        {.request = "GET /sized", .status = 200, .body = "hello"},
        {.request = "GET /empty", .answer = "HTTP/1.1 204 No Content\r\n\r\n"},
        {.request = "GET /chunked",
         .answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
         .piece = 1},
        {.request = "GET /closed", .answer = "HTTP/1.1 200 OK\r\n\r\nhello", .after = FAKE_CLOSE},
        {.request = "GET /absent",
         .answer = "HTTP/1.1 404 No\r\ndocker-content-digest: \t sha256:ab \r\n"
                   "Content-Length: 5\r\n\r\nhello"},
        {.request = "GET /moved",
         .answer = "HTTP/1.1 302 Moved\r\nLocation: /sized\r\nContent-Length: 0\r\n\r\n"},
    };
    bench_open(answers, COUNT_OF(answers));
    struct outcome outcome = get("http://engine/sized");
    CHECK_INT_EQ(outcome.code, 0);
    CHECK_INT_EQ(outcome.piece_status, 200);
    CHECK_STR_EQ(outcome.body, "hello");
    CHECK_STR_EQ(outcome.digest, "none");
    outcome = get("http://engine/empty");
    CHECK_INT_EQ(outcome.status, 204);
    CHECK_INT_EQ(outcome.pieces, 0);
    outcome = get("http://engine/chunked");
    CHECK_STR_EQ(outcome.body, "hello");
    CHECK(outcome.pieces > 1);
    outcome = get("http://engine/closed");
    CHECK_INT_EQ(outcome.code, 0);
    CHECK_STR_EQ(outcome.body, "hello");
    outcome = get("http://engine/absent");
    CHECK_INT_EQ(outcome.code, 0);
    CHECK_INT_EQ(outcome.status, 404);
    CHECK_STR_EQ(outcome.digest, "sha256:ab");
    outcome = get("http://engine/moved");
    CHECK_INT_EQ(outcome.status, 302);
    CHECK_INT_EQ(fake_server_used(&bench.server, 0), 1);
    bench_close();
}

static void broken_answers_are_network_errors(void)
{
    static const struct fake_answer answers[] = {
        {.request = "GET /short",
         .answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
         .after = FAKE_CLOSE},
        {.request = "GET /reset",
         .answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
         .after = FAKE_RESET},
        {.request = "GET /chunk",
         .answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
         .after = FAKE_CLOSE},
        {.request = "GET /nothing", .answer = "", .after = FAKE_CLOSE},
        {.request = "GET /garbage", .answer = "SSH-2.0 hello\r\n\r\n", .after = FAKE_CLOSE},
    };
    static const char *const urls[] = {"http://e/short",   "http://e/reset",   "http://e/chunk",
                                       "http://e/nothing", "http://e/garbage", "http://e/unknown"};
    bench_open(answers, COUNT_OF(answers));
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        CHECK_INT_EQ(get(urls[i]).code, ERR_NETWORK);
    }
    bench_close();
}

static void an_absent_server_is_a_network_error(void)
{
    bench_open(NULL, 0);
    fake_server_stop(&bench.server);
    CHECK_INT_EQ(get("http://engine/").code, ERR_NETWORK);
    bench_close();
}

static void time_is_bounded_twice(void)
{
    static const struct fake_answer answers[] = {
        {.request = "GET /silent", .answer = "HTTP/1.1 200 OK\r\n\r\nhe", .after = FAKE_HANG},
        /* 40 bytes, 5 ms each: never silent for long, but slow as a whole */
        {.request = "GET /drip",
         .answer = "HTTP/1.1 200 OK\r\n\r\n0123456789012345678901234567890123456789",
         .piece = 1,
         .after = FAKE_CLOSE},
    };
    struct outcome silent = {0};
    struct outcome drip = {0};
    struct outcome patient = {0};
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(
        ask(&silent, (struct http_request){.url = "http://e/silent", .idle_timeout_ms = 200}), 0);
    CHECK_INT_EQ(ask(&drip, (struct http_request){.url = "http://e/drip", .timeout_ms = 100}), 0);
    CHECK_INT_EQ(
        ask(&patient, (struct http_request){.url = "http://e/drip", .idle_timeout_ms = 5000}), 0);
    wait_for(&silent);
    wait_for(&drip);
    wait_for(&patient);
    CHECK_INT_EQ(silent.code, ERR_TIMEOUT);
    CHECK_STR_EQ(silent.body, "he");
    CHECK_INT_EQ(drip.code, ERR_TIMEOUT);
    CHECK_INT_EQ(patient.code, 0);
    CHECK_INT_EQ(patient.len, 40);
    bench_close();
}

static void an_answer_can_be_stopped(void)
{
    static const struct fake_answer answers[] = {
        {.request = "GET /endless",
         .answer = "HTTP/1.1 200 OK\r\n\r\n",
         .repeat = 256u << 20,
         .after = FAKE_CLOSE},
    };
    struct outcome outcome = {.len_max = 100000};
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(ask(&outcome, (struct http_request){.url = "http://e/endless"}), 0);
    wait_for(&outcome);
    CHECK_INT_EQ(outcome.code, ERR_CANCELLED);
    CHECK(outcome.len < 1000000);
    bench_close();
}

/* The server closes after each answer without saying so: the kept connection is dead when it is
 * used again, and a new server listens in the same place. */
static void a_dead_kept_connection_is_nobodys_failure(void)
{
    static const struct fake_answer quiet[] = {
        {.request = "GET /", .status = 200, .body = "hello", .after = FAKE_KEEP},
        {.request = "POST /", .status = 201, .body = "made", .after = FAKE_KEEP},
    };
    static const struct fake_answer closing[] = {
        {.request = "GET /", .status = 200, .body = "hello", .after = FAKE_RESET},
        {.request = "POST /", .status = 201, .body = "made", .after = FAKE_CLOSE},
    };
    bench_open(quiet, COUNT_OF(quiet));
    for (int i = 0; i < 30; i++) {
        struct outcome post = {0};
        CHECK_INT_EQ(get("http://e/").code, 0);
        if (i % 3 == 1) {
            fake_server_stop(&bench.server);
            CHECK(fake_server_start(&bench.server, bench.folder, i % 2 == 0 ? quiet : closing, 2));
        }
        CHECK_INT_EQ(ask(&post, (struct http_request){.url = "http://e/",
                                                      .method = "POST",
                                                      .content_type = "text/plain",
                                                      .body = span_text("body")}),
                     0);
        wait_for(&post);
        CHECK_INT_EQ(post.code, 0);
        CHECK_INT_EQ(post.status, 201);
    }
    bench_close();
}

/* The server takes a request on a kept connection and dies before its first byte: the same as
 * above, but too late to be noticed before the request is sent. */
static void a_request_lost_on_a_kept_connection_is_repeated(void)
{
    static const struct fake_answer answers[] = {
        {.request = "GET /first", .status = 200, .body = "1"},
        {.request = "POST /second", .answer = "", .times = 1, .after = FAKE_CLOSE},
        {.request = "POST /second", .status = 200, .body = "2"},
    };
    struct outcome second = {0};
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(get("http://e/first").code, 0);
    CHECK_INT_EQ(ask(&second, (struct http_request){.url = "http://e/second",
                                                    .method = "POST",
                                                    .body = span_text("body")}),
                 0);
    wait_for(&second);
    CHECK_STR_EQ(second.body, "2");
    CHECK_INT_EQ(fake_server_used(&bench.server, 1), 1);
    bench_close();
}

static void a_request_may_start_in_a_callback(void)
{
    static const struct fake_answer answers[] = {
        {.request = "GET /first", .status = 200, .body = "1"},
        {.request = "GET /second", .status = 200, .body = "2"},
    };
    struct outcome second = {0};
    struct outcome first = {.then = "http://e/second", .next = &second};
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(ask(&first, (struct http_request){.url = "http://e/first"}), 0);
    wait_for(&first);
    wait_for(&second);
    CHECK_STR_EQ(second.body, "2");
    bench_close();
}

static void many_at_once_up_to_the_limit(void)
{
    static const struct fake_answer answers[] = {
        {.request = "GET /", .status = 200, .body = "hello", .piece = 20},
    };
    static struct outcome outcomes[HTTP_PENDING_MAX + 1];
    memset(outcomes, 0, sizeof outcomes);
    bench_open(answers, COUNT_OF(answers));
    for (size_t i = 0; i < HTTP_PENDING_MAX; i++) {
        CHECK_INT_EQ(ask(&outcomes[i], (struct http_request){.url = "http://e/"}), 0);
    }
    CHECK_INT_EQ(ask(&outcomes[HTTP_PENDING_MAX], (struct http_request){.url = "http://e/"}),
                 ERR_BUSY);
    for (size_t i = 0; i < HTTP_PENDING_MAX; i++) {
        wait_for(&outcomes[i]);
        CHECK_INT_EQ(outcomes[i].code, 0);
    }
    CHECK_INT_EQ(outcomes[HTTP_PENDING_MAX].calls, 0);
    bench_close();
}

static void tcp_needs_a_literal_address(void)
{
    static const struct fake_answer answers[] = {
        {.request = "GET /", .status = 200, .body = "hello"},
    };
    struct outcome outcome = {0};
    struct fake_server tcp;
    char url[64];
    bench_open(NULL, 0);
    CHECK(fake_server_start(&tcp, NULL, answers, COUNT_OF(answers)));
    bench.socket[0] = '\0';
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", tcp.port);
    CHECK_STR_EQ(get(url).body, "hello");
    CHECK_INT_EQ(ask(&outcome, (struct http_request){.url = "http://localhost/"}), ERR_VALUE);
    CHECK_INT_EQ(ask(&outcome, (struct http_request){.url = "http://a.example/"}), ERR_VALUE);
    CHECK_INT_EQ(ask(&outcome, (struct http_request){.url = "//"}), ERR_VALUE);
    CHECK_INT_EQ(outcome.calls, 0);
    fake_server_stop(&tcp);
    CHECK_INT_EQ(get(url).code, ERR_NETWORK);
    bench_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"answers_of_every_shape_are_whole", answers_of_every_shape_are_whole},
        {"broken_answers_are_network_errors", broken_answers_are_network_errors},
        {"an_absent_server_is_a_network_error", an_absent_server_is_a_network_error},
        {"time_is_bounded_twice", time_is_bounded_twice},
        {"an_answer_can_be_stopped", an_answer_can_be_stopped},
        {"a_dead_kept_connection_is_nobodys_failure", a_dead_kept_connection_is_nobodys_failure},
        {"a_request_lost_on_a_kept_connection_is_repeated",
         a_request_lost_on_a_kept_connection_is_repeated},
        {"a_request_may_start_in_a_callback", a_request_may_start_in_a_callback},
        {"many_at_once_up_to_the_limit", many_at_once_up_to_the_limit},
        {"tcp_needs_a_literal_address", tcp_needs_a_literal_address},
    };
    struct err err;
    if (curl_http_library_init(&err) != 0) {
        return EXIT_FAILURE;
    }
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    curl_http_library_close();
    return status;
}
