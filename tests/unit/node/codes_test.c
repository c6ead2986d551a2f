/* codes_test: which HTTP status each error is answered with, by its word, and how an answer is
 * written. */
#include "agent/node/control_private.h"

#include "tests/check.h"

/* What tools outside rely on: one row a code. */
static const struct {
    const char *word;
    int status;
} rows[] = {
    {"internal", 500},
    {"out-of-memory", 503},
    {"over-limit", 422},
    {"malformed", 400},
    {"too-deep", 422},
    {"duplicate-key", 422},
    {"unknown-key", 422},
    {"bad-value", 422},
    {"missing-key", 422},
    {"unknown-schema", 422},
    {"oversize", 413},
    {"unsigned", 422},
    {"bad-signature", 422},
    {"non-canonical-signature", 422},
    {"below-threshold", 422},
    {"wrong-payload-type", 422},
    {"digest-mismatch", 422},
    {"below-floor", 409},
    {"revoked", 409},
    {"quarantined", 409},
    {"sequence-reused", 409},
    {"wrong-app", 409},
    {"wrong-architecture", 422},
    {"host-power-not-allowed", 403},
    {"port-held", 409},
    {"disk-too-small", 409},
    {"state-full", 503},
    {"ram-too-small", 409},
    {"requirement-not-met", 409},
    {"busy", 409},
    {"not-found", 404},
    {"exists", 409},
    {"nothing-to-do", 409},
    {"denied", 403},
    {"timed-out", 504},
    {"cancelled", 503},
    {"io", 500},
    {"store-failed", 503},
    {"corrupt", 500},
    {"unreadable-version", 409},
    {"memory-lost", 409},
    {"engine-failed", 502},
    {"engine-gone", 503},
    {"pull-failed", 502},
    {"route-failed", 500},
    {"probe-failed", 502},
    {"network-failed", 502},
    {"no-entropy", 503},
    {"stale", 409},
    {"epoch-jump", 409},
    {"conflict", 409},
    {"late", 409},
    {"wrong-node", 409},
    {"wrong-fleet", 409},
    {"overridden", 409},
    {"bad-certificate", 502},
    {"tls-failed", 502},
    {"protocol", 502},
    {"usage", 400},
    {"spec-refused", 422},
    {"registry-away", 503},
    {"wiring-broken", 502},
    {"session-taken-over", 502},
};

static void every_code(void)
{
    size_t found = 0;
    for (int code = ERR_BASE_ + 1; code < ERR_END_; code++) {
        int status = 0;
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            if (strcmp(rows[i].word, err_word(code)) == 0) {
                status = rows[i].status;
                found++;
            }
        }
        if (control_http_status(code) != status) {
            printf("    %s\n", err_word(code));
        }
        CHECK_INT_EQ(control_http_status(code), status);
        CHECK(strlen(control_remedy(code)) > 8);
        CHECK(strcmp(control_remedy(code), "see the agent's log") != 0);
    }
    CHECK_INT_EQ(found, COUNT_OF(rows));
}

static void no_code(void)
{
    static const int codes[] = {ERR_BASE_, ERR_BASE_ - 1, ERR_END_, ERR_END_ + 1, -1, 1};
    CHECK_INT_EQ(control_http_status(0), 200);
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        CHECK_INT_EQ(control_http_status(codes[i]), 500);
        CHECK_STR_EQ(control_remedy(codes[i]), "see the agent's log");
    }
}

static char sent[4096];
static int finishes;

static void out_send(void *self, struct span data)
{
    (void)self;
    size_t len = strlen(sent);
    CHECK(len + data.len < sizeof sent);
    memcpy(sent + len, data.data, data.len);
    sent[len + data.len] = '\0';
}

static void out_finish(void *self)
{
    (void)self;
    finishes++;
}

static struct control control;

static struct control_peer *peer_open(void)
{
    static const struct control_out_ops ops = {.send = out_send, .finish = out_finish};
    static struct control_peer peer;
    peer = (struct control_peer){.control = &control, .out.ops = &ops};
    sent[0] = '\0';
    finishes = 0;
    return &peer;
}

static void every_status(void)
{
    static const struct {
        int status;
        const char *line;
    } lines[] = {
        {200, "200 OK"},
        {202, "202 Accepted"},
        {400, "400 Bad Request"},
        {403, "403 Forbidden"},
        {404, "404 Not Found"},
        {405, "405 Method Not Allowed"},
        {409, "409 Conflict"},
        {413, "413 Content Too Large"},
        {422, "422 Unprocessable Content"},
        {500, "500 Internal Server Error"},
        {502, "502 Bad Gateway"},
        {503, "503 Service Unavailable"},
        {504, "504 Gateway Timeout"},
        {299, "299 Other"},
    };
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        char wanted[256];
        struct control_peer *peer = peer_open();
        control_head_send(peer, lines[i].status, "text/x", 12, i % 2 == 0);
        (void)snprintf(wanted, sizeof wanted,
                       "HTTP/1.1 %s\r\nContent-Type: text/x\r\nConnection: close\r\n%s\r\n",
                       lines[i].line, i % 2 == 0 ? "Content-Length: 12\r\n" : "");
        CHECK_STR_EQ(sent, wanted);
        CHECK_INT_EQ(finishes, 0);
    }
}

static void whole_answer(void)
{
    struct control_peer *peer = peer_open();
    control_error_send(peer, 409, ERR_BUSY, "a \"b\"");
    CHECK_STR_EQ(
        sent, "HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\n"
              "Connection: close\r\nContent-Length: 113\r\n\r\n"
              "{\"code\":\"busy\",\"error\":\"a \\\"b\\\"\",\"remedy\":\"wait until what is under "
              "way is done (berthctl watch) and try again\"}\n");
    CHECK_INT_EQ(finishes, 1);
    CHECK_INT_EQ(peer->state, CONTROL_PEER_FINISHED);
}

/* A member a line, what is flat on one; still JSON; nothing that moves a terminal. */
static void lines(void)
{
    static const char *const forms[][2] = {
        {"", ""},
        {"{}\n", "{}\n"},
        {"{\"a\":1,\"b\":[true,null]}", "{\n \"a\": 1,\n \"b\": [true, null]\n}"},
        {"{\"a\":{\"b\":{\"c\":-1}},\"d\":[]}",
         "{\n \"a\": {\n  \"b\": {\"c\": -1}\n },\n \"d\": []\n}"},
        {"{\"a\":\"{x,[\",\"b\":\"\\\"]:\\\\\"}", "{\"a\": \"{x,[\", \"b\": \"\\\"]:\\\\\"}"},
        {"{\"a\":1}\n{\"b\":2}\n", "{\"a\": 1}\n{\"b\": 2}\n"},
        {"[{\"a\":\"\xc2\x9b\x7f\"}]", "[\n {\"a\": \"???\"}\n]"},
        {"{\"a\":[{\"b\":\"cu", "{\n \"a\": [\n  {\"b\": \"cu"},
        {"{\"a\":\"cut\\", "{\"a\": \"cut\\"},
    };
    char drawn[128];
    struct text text;
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        text_init(&text, drawn, sizeof drawn);
        control_lines(span_text(forms[i][0]), &text);
        CHECK_STR_EQ(drawn, forms[i][1]);
    }
    text_init(&text, drawn, 4);
    control_lines(span_text("{\"a\":1}"), &text);
    CHECK(text.cut);
}

static void rendered(void)
{
    struct err err;
    for (int wants_text = 0; wants_text < 2; wants_text++) {
        struct control_peer *peer = peer_open();
        struct text json = control_json(&control);
        text_append(&json, "{\"a\":{}}");
        peer->http.wants_text = wants_text != 0;
        CHECK_INT_EQ(control_rendered_send(peer, &json, "application/json", &err), 0);
        CHECK_CONTAINS(sent, wants_text ? "Content-Type: text/plain; charset=utf-8\r\n"
                                        : "Content-Type: application/json\r\n");
        CHECK_CONTAINS(sent, wants_text ? "\r\n\r\n{\n \"a\": {}\n}" : "\r\n\r\n{\"a\":{}}");
        CHECK_CONTAINS(sent, "HTTP/1.1 200 OK\r\n");
        peer = peer_open();
        peer->http.wants_text = wants_text != 0;
        json.cut = true;
        CHECK_INT_EQ(control_rendered_send(peer, &json, "application/json", &err), ERR_LIMIT);
        CHECK_CONTAINS(err.text, "the answer is larger than ");
        CHECK_STR_EQ(sent, "");
        CHECK_INT_EQ(finishes, 0);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"every code", every_code},     {"no code", no_code},   {"every status", every_status},
        {"whole answer", whole_answer}, {"rendered", rendered}, {"lines", lines},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
