/* prober_contract: one table of behaviours, and the promises about calls. */
#include "tests/contract/prober_contract.h"

#include <stdbool.h>

#include "platform/base/units.h"
#include "tests/check.h"

enum { TURNS_MAX = 4000, TIMEOUT_MS = 400 };

struct answer {
    int calls;
    int code;
    char text[ERR_TEXT_BYTES];
};

static struct prober_fixture *fixture;
static bool is_inside_call;

static void answered(void *ctx, const struct err *err)
{
    struct answer *answer = ctx;
    CHECK(!is_inside_call);
    answer->calls++;
    answer->code = err == NULL ? 0 : err->code;
    (void)snprintf(answer->text, sizeof answer->text, "%s", err == NULL ? "" : err->text);
}

static int ask(struct answer *answer, const struct prober_request *request)
{
    struct err err;
    *answer = (struct answer){0};
    is_inside_call = true;
    int rc = fixture->prober.ops->ask(fixture->prober.self, request, answered, answer, &err);
    is_inside_call = false;
    return rc;
}

static void pump_until(const struct answer *answer)
{
    for (int i = 0; i < TURNS_MAX && answer->calls == 0; i++) {
        fixture->pump(fixture->self);
    }
    CHECK_INT_EQ(answer->calls, 1);
}

static struct prober_request request_to(enum prober_peer peer, enum prober_kind kind)
{
    struct prober_request request = {.kind = kind, .timeout_ms = TIMEOUT_MS, .path = "/healthz"};
    fixture->peer(fixture->self, peer, &request.address, &request.port);
    return request;
}

/* The code of the call or of its answer. */
static int code_of(enum prober_peer peer, enum prober_kind kind)
{
    struct answer answer;
    struct prober_request request = request_to(peer, kind);
    int rc = ask(&answer, &request);
    if (rc == 0) {
        pump_until(&answer);
        CHECK(answer.code == 0 || answer.text[0] != '\0');
    }
    return rc != 0 ? rc : answer.code;
}

static const struct {
    const char *sentence;
    int http;
    int tcp;
} behaviours[] = {
#define PROBER_PEER_ROW_(name, http, tcp, sentence) {sentence, http, tcp},
    PROBER_PEERS(PROBER_PEER_ROW_)
#undef PROBER_PEER_ROW_
};

static void every_peer(enum prober_kind kind)
{
    for (size_t i = 0; i < PROBER_PEER_COUNT; i++) {
        int want = kind == PROBER_TCP ? behaviours[i].tcp : behaviours[i].http;
        int got = code_of((enum prober_peer)i, kind);
        if (got != want) {
            printf("    a server that %s\n", behaviours[i].sentence);
        }
        CHECK_STR_EQ(err_word(got), err_word(want));
    }
}

static void case_every_server_over_http(void)
{
    every_peer(PROBER_HTTP);
}

static void case_every_server_by_post(void)
{
    every_peer(PROBER_POST);
}

static void case_every_server_over_tcp(void)
{
    every_peer(PROBER_TCP);
}

static void case_answer_names_the_place(void)
{
    struct answer answer;
    struct prober_request request = request_to(PROBER_PEER_BREAKS, PROBER_HTTP);
    CHECK_INT_EQ(ask(&answer, &request), 0);
    pump_until(&answer);
    CHECK_CONTAINS(answer.text, "/healthz");
    CHECK_CONTAINS(answer.text, "500");
    request = request_to(PROBER_PEER_SILENT, PROBER_HTTP);
    CHECK_INT_EQ(ask(&answer, &request), 0);
    pump_until(&answer);
    CHECK_CONTAINS(answer.text, "in time");
}

static void case_paths_refused(void)
{
    static const char *const bad[] = {"", "healthz", "/a b", "/a\r\nX: y", "/\x01", "/\xc3\xa4"};
    struct answer answer;
    struct prober_request request = request_to(PROBER_PEER_WELL, PROBER_HTTP);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        (void)snprintf(request.path, sizeof request.path, "%s", bad[i]);
        CHECK_INT_EQ(ask(&answer, &request), ERR_VALUE);
        CHECK_INT_EQ(answer.calls, 0);
    }
    memset(request.path, '/', sizeof request.path);
    CHECK_INT_EQ(ask(&answer, &request), ERR_VALUE);
    request.path[sizeof request.path - 1] = '\0';
    CHECK_INT_EQ(ask(&answer, &request), 0);
    pump_until(&answer);
    CHECK_INT_EQ(answer.code, 0);
}

static void case_busy_above_the_limit(void)
{
    static struct answer answers[PROBER_PENDING_MAX + 1];
    struct prober_request request = request_to(PROBER_PEER_SILENT, PROBER_HTTP);
    for (size_t i = 0; i < PROBER_PENDING_MAX; i++) {
        CHECK_INT_EQ(ask(&answers[i], &request), 0);
    }
    CHECK_INT_EQ(ask(&answers[PROBER_PENDING_MAX], &request), ERR_BUSY);
    for (size_t i = 0; i < PROBER_PENDING_MAX; i++) {
        pump_until(&answers[i]);
        CHECK_INT_EQ(answers[i].code, ERR_PROBE);
    }
    CHECK_INT_EQ(answers[PROBER_PENDING_MAX].calls, 0);
    CHECK_INT_EQ(code_of(PROBER_PEER_WELL, PROBER_HTTP), 0);
}

/* Asks again from inside the answer, as a supervisor does. */
static struct prober_request again_request;
static struct answer again_answer;

static void answered_and_asked(void *ctx, const struct err *err)
{
    answered(ctx, err);
    CHECK_INT_EQ(ask(&again_answer, &again_request), 0);
}

static void case_ask_from_inside_an_answer(void)
{
    struct answer answer = {0};
    again_request = request_to(PROBER_PEER_WELL, PROBER_HTTP);
    CHECK_INT_EQ(fixture->prober.ops->ask(fixture->prober.self, &again_request, answered_and_asked,
                                          &answer, NULL),
                 0);
    pump_until(&answer);
    pump_until(&again_answer);
    CHECK_INT_EQ(again_answer.code, 0);
    for (int i = 0; i < 20; i++) {
        fixture->pump(fixture->self);
    }
    CHECK_INT_EQ(answer.calls + again_answer.calls, 2);
}

int prober_contract_run(struct prober_fixture *given, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"every server over http", case_every_server_over_http},
        {"every server by post", case_every_server_by_post},
        {"every server over tcp", case_every_server_over_tcp},
        {"answer names the place", case_answer_names_the_place},
        {"paths refused", case_paths_refused},
        {"busy above the limit", case_busy_above_the_limit},
        {"ask from inside an answer", case_ask_from_inside_an_answer},
    };
    fixture = given;
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
