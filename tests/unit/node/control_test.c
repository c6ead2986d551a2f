/* control_test: the table of verbs, who may ask, what is answered, and what watchers get. */
#include "agent/node/control.h"

#include "control_fake.h"
#include "tests/check.h"

#define TECHNICIAN 1000
#define STRANGER   1001
#define ACTIVATE   "POST /v1/activate HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
#define WATCH      "GET /v1/watch HTTP/1.1\r\n\r\n"

static struct control control;

static void begin(void)
{
    fake_reset();
    control_init(&control, NULL, TECHNICIAN);
}

/* Asks as `uid` and returns the status line's number; the answer stays in *peer. */
static int ask(struct fake_peer *peer, uint32_t uid, const char *request)
{
    fake_connect(peer, &control, uid);
    fake_ask(peer, request);
    return peer->len > 12 ? atoi(peer->sent + 9) : 0;
}

static void reads(void)
{
    static struct fake_peer peer;
    begin();
    CHECK_INT_EQ(ask(&peer, 0, "GET /v1/status HTTP/1.1\r\n\r\n"), 200);
    CHECK_CONTAINS(peer.sent, "Content-Type: application/json\r\n");
    CHECK_CONTAINS(peer.sent, "Connection: close\r\n");
    CHECK_CONTAINS(peer.sent, "\r\n\r\n{\"schema\":1,\"node\":\"n\",\"apps\":[]}\n");
    CHECK(peer.is_finished && peer.is_kept);
    control_close(peer.peer);
    CHECK_INT_EQ(ask(&peer, 0, "GET /v1/status HTTP/1.1\r\nAccept: text/plain\r\n\r\n"), 200);
    CHECK_CONTAINS(peer.sent, "text/plain");
    CHECK_CONTAINS(peer.sent, "{\n \"schema\": 1,\n \"node\": \"n\",\n \"apps\": []\n}\n");
    control_close(peer.peer);
    CHECK_INT_EQ(ask(&peer, 0, "GET /v1/version HTTP/1.1\r\n\r\n"), 200);
    CHECK_CONTAINS(peer.sent, "{\"version\":\"" BERTH_VERSION "\",\"api\":1}");
    control_close(peer.peer);
    CHECK_INT_EQ(ask(&peer, 0, "GET /v1/history/web HTTP/1.1\r\n\r\n"), 200);
    CHECK_CONTAINS(peer.sent, "\"gen\":3");
    control_close(peer.peer);
    CHECK_INT_EQ(ask(&peer, 0, "GET /v1/history/other HTTP/1.1\r\n\r\n"), 404);
    CHECK_CONTAINS(peer.sent, "{\"code\":\"not-found\",\"error\":\"no app other on this node\"");
    control_close(peer.peer);
    fake_event("web", "one");
    fake_event("web", "two");
    CHECK_INT_EQ(ask(&peer, 0, "GET /v1/events?after=1 HTTP/1.1\r\n\r\n"), 200);
    CHECK(strstr(peer.sent, "one") == NULL);
    CHECK_CONTAINS(peer.sent, "two");
    control_close(peer.peer);
}

static void what_is_not_in_the_table(void)
{
    static struct fake_peer peer;
    static const struct {
        const char *request;
        int status;
        const char *code;
    } rows[] = {
        {"GET / HTTP/1.1\r\n\r\n", 404, "\"usage\""},
        {"GET /v1/statu HTTP/1.1\r\n\r\n", 404, "\"usage\""},
        {"GET /v1/status/ HTTP/1.1\r\n\r\n", 404, "\"usage\""},
        {"GET /v1/history/ HTTP/1.1\r\n\r\n", 404, "\"usage\""},
        {"GET /v1/history/../x HTTP/1.1\r\n\r\n", 404, "\"usage\""},
        {"GET /v1/history/-x HTTP/1.1\r\n\r\n", 404, "\"usage\""},
        {"POST /v1/status HTTP/1.1\r\n\r\n", 405, "\"usage\""},
        {"GET /v1/activate HTTP/1.1\r\n\r\n", 405, "\"usage\""},
        {"POST /v1/activate HTTP/1.1\r\n\r\n", 400, "\"malformed\""},
        {"GET /v1/status HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", 400, "\"malformed\""},
        {"GET /v1/events?after=x HTTP/1.1\r\n\r\n", 422, "\"bad-value\""},
        {"POST /v1/activate?force=2 HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", 422, "\"bad-value\""},
        {"GET /v1/status HTTP/1.1\r\n\r\nGET", 400, "\"malformed\""},
        {"POST /v1/activate HTTP/1.1\r\nContent-Length: 73729\r\n\r\n", 413, "\"oversize\""},
        {"nonsense", 400, "\"malformed\""},
    };
    begin();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT_EQ(ask(&peer, 0, rows[i].request), rows[i].status);
        CHECK_CONTAINS(peer.sent, rows[i].code);
        CHECK_CONTAINS(peer.sent, "\"remedy\":\"");
        CHECK(peer.is_finished);
        control_close(peer.peer);
    }
    CHECK_INT_EQ(fake.asked, 0);
}

static void who_may_ask(void)
{
    static struct fake_peer peer;
    static const struct {
        const char *request;
        int root, technician, stranger;
    } rows[] = {
        {"GET /v1/version HTTP/1.1\r\n\r\n", 200, 200, 200},
        {"GET /v1/status HTTP/1.1\r\n\r\n", 200, 200, 403},
        {"GET /v1/events HTTP/1.1\r\n\r\n", 200, 200, 403},
        {"GET /v1/history/web HTTP/1.1\r\n\r\n", 200, 200, 403},
        {WATCH, 200, 200, 403},
        {ACTIVATE, 409, 409, 403},
        {"POST /v1/rollback/web HTTP/1.1\r\n\r\n", 409, 409, 403},
    };
    begin();
    fake.refusal = ERR_BELOW_FLOOR;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT_EQ(ask(&peer, 0, rows[i].request), rows[i].root);
        control_close(peer.peer);
        CHECK_INT_EQ(ask(&peer, TECHNICIAN, rows[i].request), rows[i].technician);
        control_close(peer.peer);
        CHECK_INT_EQ(ask(&peer, STRANGER, rows[i].request), rows[i].stranger);
        control_close(peer.peer);
    }
    CHECK_INT_EQ(fake.asked, 4);
    control_init(&control, NULL, UINT32_MAX);
    CHECK_INT_EQ(ask(&peer, UINT32_MAX, "GET /v1/status HTTP/1.1\r\n\r\n"), 403);
    control_close(peer.peer);
}

static void activate(void)
{
    static struct fake_peer peer;
    begin();
    fake_event("web", "before");
    CHECK_INT_EQ(
        ask(&peer, 0, "POST /v1/activate?force=1 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"), 0);
    CHECK(!peer.is_finished && peer.is_kept);
    CHECK_STR_EQ(fake.body, "hello");
    CHECK(fake.was_forced);
    fake_event("web", "wanted");
    fake.done(fake.done_ctx, NULL);
    CHECK_CONTAINS(peer.sent, "HTTP/1.1 202 Accepted\r\n");
    CHECK_CONTAINS(peer.sent, "{\"accepted\":true,\"event\":1,\"release\":\"ab00");
    CHECK_CONTAINS(peer.sent, "00\",\"verdicts\":4}\n");
    CHECK(peer.is_finished);
    control_close(peer.peer);
    CHECK_INT_EQ(ask(&peer, 0, ACTIVATE), 0);
    CHECK(!fake.was_forced);
    fake.done(fake.done_ctx, &(struct err){.code = ERR_STORE, .text = "disk"});
    CHECK_CONTAINS(peer.sent, "HTTP/1.1 503 ");
    CHECK_CONTAINS(peer.sent, "{\"code\":\"store-failed\",\"error\":\"disk\"");
    control_close(peer.peer);
    CHECK_INT_EQ(ask(&peer, 0, ACTIVATE), 0);
    fake.done(fake.done_ctx, &(struct err){.code = ERR_STATE_FULL, .text = "No space left"});
    CHECK_CONTAINS(peer.sent, "HTTP/1.1 503 ");
    CHECK_CONTAINS(peer.sent, "{\"code\":\"state-full\",\"error\":\"No space left\"");
    CHECK_CONTAINS(peer.sent, "\"remedy\":\"free space on the file system of the state directory");
    control_close(peer.peer);
    fake.refusal = ERR_BELOW_FLOOR;
    CHECK_INT_EQ(ask(&peer, 0, ACTIVATE), 409);
    CHECK_CONTAINS(
        peer.sent,
        "{\"code\":\"below-floor\",\"error\":\"sequence 3 is below the \\\"floor\\\" 5\"");
    control_close(peer.peer);
    CHECK_INT_EQ(ask(&peer, 0, "POST /v1/rollback/web HTTP/1.1\r\n\r\n"), 409);
    CHECK_STR_EQ(fake.app, "web");
    control_close(peer.peer);
}

static void continue_is_sent_once(void)
{
    static struct fake_peer peer;
    static const char head[] =
        "POST /v1/activate HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    begin();
    fake_connect(&peer, &control, 0);
    fake_ask(&peer, head);
    CHECK_STR_EQ(peer.sent, "HTTP/1.1 100 Continue\r\n\r\n");
    fake_ask(&peer, head);
    CHECK_STR_EQ(peer.sent, "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK_INT_EQ(fake.asked, 0);
    control_close(peer.peer);
}

static void peer_leaves_before_its_answer(void)
{
    static struct fake_peer peer;
    static struct fake_peer others[CONTROL_PEERS_MAX];
    begin();
    CHECK_INT_EQ(ask(&peer, 0, ACTIVATE), 0);
    control_close(peer.peer);
    /* Its place is not given away while the conductor still holds it. */
    for (size_t i = 0; i < CONTROL_PEERS_MAX; i++) {
        fake_connect(&others[i], &control, 0);
        CHECK((others[i].peer == NULL) == (i == CONTROL_PEERS_MAX - 1));
    }
    fake.done(fake.done_ctx, NULL);
    CHECK_INT_EQ(peer.len, 0);
    fake_connect(&peer, &control, 0);
    CHECK(peer.peer != NULL);
}

/* A status that no longer fits is not left out: whoever waits for it would wait for ever. */
static void watch_of_too_much(void)
{
    static struct fake_peer peer;
    begin();
    CHECK_INT_EQ(ask(&peer, 0, WATCH), 200);
    fake.status_pad = CONTROL_ANSWER_BYTES_MAX / 2;
    control_step(&control, 1000);
    CHECK(!peer.is_finished);
    fake.status_pad = CONTROL_ANSWER_BYTES_MAX;
    control_step(&control, 2000);
    CHECK(peer.is_finished);
    control_close(peer.peer);
    CHECK_INT_EQ(ask(&peer, 0, WATCH), 422);
    control_close(peer.peer);
}

static void watch(void)
{
    static struct fake_peer peer;
    static struct fake_peer people;
    begin();
    fake_event("web", "before");
    CHECK_INT_EQ(ask(&peer, 0, WATCH), 200);
    CHECK(!peer.is_finished && peer.is_kept);
    CHECK(strstr(peer.sent, "Content-Length") == NULL);
    CHECK_CONTAINS(peer.sent, "\r\n\r\n{\"schema\":1");
    size_t len = peer.len;
    control_step(&control, 1000);
    CHECK_INT_EQ(peer.len, len);
    fake_event("web", "candidate is ready");
    control_step(&control, 1001);
    CHECK_STR_EQ(peer.sent + len,
                 "{\"event\":2,\"at\":1500,\"app\":\"web\",\"text\":\"candidate is ready\"}\n");
    CHECK_INT_EQ(ask(&people, 0, "GET /v1/watch?after=0 HTTP/1.1\r\nAccept: text/plain\r\n\r\n"),
                 200);
    len = peer.len;
    size_t people_len = people.len;
    control_step(&control, 1002);
    CHECK_INT_EQ(peer.len, len);
    CHECK_CONTAINS(
        people.sent + people_len,
        "{\"event\": 1, \"at\": 1500, \"app\": \"web\", \"text\": \"before\"}\n{\"event\": 2, ");
    (void)snprintf(fake.status, sizeof fake.status, "{\"node\":\"changed\"}");
    control_step(&control, 1003);
    CHECK_STR_EQ(peer.sent + len, "{\"node\":\"changed\"}\n");
    CHECK_CONTAINS(people.sent + people_len, "{\"node\": \"changed\"}\n");
    control_close(peer.peer);
    control_close(people.peer);
    CHECK_INT_EQ(control_deadline(&control), MONO_NEVER);
}

static void soak_ticks_once_a_second(void)
{
    static struct fake_peer peer;
    begin();
    (void)snprintf(fake.status, sizeof fake.status, "{\"a\":1,\"soakRemainingMs\":9000,\"b\":0}");
    CHECK_INT_EQ(ask(&peer, 0, WATCH), 200);
    control_step(&control, 100000);
    CHECK_INT_EQ(control_deadline(&control), 101000);
    size_t len = peer.len;
    (void)snprintf(fake.status, sizeof fake.status, "{\"a\":1,\"soakRemainingMs\":8700,\"b\":0}");
    control_step(&control, 100300);
    CHECK_INT_EQ(peer.len, len);
    control_step(&control, 101000);
    CHECK_STR_EQ(peer.sent + len, "{\"a\":1,\"soakRemainingMs\":8700,\"b\":0}\n");
    len = peer.len;
    (void)snprintf(fake.status, sizeof fake.status, "{\"a\":1,\"soakRemainingMs\":8600,\"b\":1}");
    control_step(&control, 101001);
    CHECK_STR_EQ(peer.sent + len, "{\"a\":1,\"soakRemainingMs\":8600,\"b\":1}\n");
    (void)snprintf(fake.status, sizeof fake.status, "{\"a\":1,\"soakRemainingMs\":0,\"b\":1}");
    control_step(&control, 103000);
    CHECK_INT_EQ(control_deadline(&control), MONO_NEVER);
    control_close(peer.peer);
}

static void every_code_has_a_remedy(void)
{
    const char *unknown = control_remedy(1);
    unsigned codes = 0;
    for (int code = ERR_BASE_ + 1; code < ERR_END_; code++, codes++) {
        int status = control_http_status(code);
        if (control_remedy(code) == unknown) {
            printf("    %s has no row\n", err_word(code));
        }
        CHECK(control_remedy(code) != unknown);
        CHECK(status >= 400 && status <= 504);
    }
    CHECK(codes > 40);
    CHECK_INT_EQ(control_http_status(0), 200);
    CHECK_INT_EQ(control_http_status(ERR_END_), 500);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"reads", reads},
        {"what_is_not_in_the_table", what_is_not_in_the_table},
        {"who_may_ask", who_may_ask},
        {"activate", activate},
        {"continue_is_sent_once", continue_is_sent_once},
        {"peer_leaves_before_its_answer", peer_leaves_before_its_answer},
        {"watch", watch},
        {"watch_of_too_much", watch_of_too_much},
        {"soak_ticks_once_a_second", soak_ticks_once_a_second},
        {"every_code_has_a_remedy", every_code_has_a_remedy},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
