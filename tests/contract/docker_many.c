/* docker_many: an engine with more containers or images than an answer, or a list, has room for. */
#include "platform/base/text.h"
#include "tests/check.h"
#include "tests/contract/docker_bench.h"

#define NAMED "{\"Id\":\"aa\",\"Names\":[\"/berth_n_shop_7_web_2\"],\"Labels\":" LABELS "}"
#define COPY  "{\"Id\":\"cc\",\"Names\":[\"/eager_shannon\"],\"Labels\":" LABELS "}"
#define LABELS                                                                                     \
    "{\"io.berth.node\":\"n\",\"io.berth.app\":\"shop\",\"io.berth.gen\":\"7\","                   \
    "\"io.berth.service\":\"web\",\"io.berth.replica\":\"2\"}"

static size_t left_out;

static void listed(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    left_out = answer->left_out;
    engine_result_done(ctx, err, answer);
}

/* The copies come first in the list, as they do when they are the newest. */
static int list(size_t copies, size_t named, struct engine_result *result)
{
    static char text[(ENGINE_CONTAINERS_MAX + 512) * 256];
    const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "GET /v1.41/containers/json", .answer = text},
        {.request = "GET /v1.41/containers/aa/json",
         OK_JSON("{\"Id\":\"aa\",\"Name\":\"/berth_n_shop_7_web_2\",\"Config\":{\"Labels\":" LABELS
                 "}}")},
        {.request = "GET /v1.41/containers/cc/json",
         OK_JSON("{\"Id\":\"cc\",\"Name\":\"/eager_shannon\",\"Config\":{\"Labels\":" LABELS "}}")},
    };
    struct text out;
    size_t len = (copies + named) == 0 ? 2 : 1;
    len += copies * sizeof COPY + named * sizeof NAMED; /* each with its comma or bracket */
    text_init(&out, text, sizeof text);
    text_printf(&out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n[", len);
    for (size_t i = 0; i < copies + named; i++) {
        text_append(&out, i < copies ? COPY : NAMED);
        text_append(&out, i + 1 < copies + named ? "," : "]");
    }
    CHECK(!out.cut);
    *result = (struct engine_result){0};
    left_out = 0;
    bench_open(answers, COUNT_OF(answers));
    struct err err;
    int rc = bench.fixture.engine.ops->list(bench.fixture.engine.self, bench.fixture.node, listed,
                                            result, &err);
    CHECK_INT_EQ(rc, 0);
    engine_wait(&bench.fixture, result);
    bench_close();
    return result->code;
}

static void copies_never_take_a_place_of_ours(void)
{
    static const struct {
        size_t copies, named, count, left_out;
        int code;
    } rows[] = {
        {0, ENGINE_CONTAINERS_MAX, ENGINE_CONTAINERS_MAX, 0, 0},
        {1, ENGINE_CONTAINERS_MAX - 1, ENGINE_CONTAINERS_MAX, 0, 0},
        {ENGINE_CONTAINERS_MAX, 1, ENGINE_CONTAINERS_MAX, 1, 0},
        {200, ENGINE_CONTAINERS_MAX, ENGINE_CONTAINERS_MAX, 200, 0},
        {0, ENGINE_CONTAINERS_MAX + 1, 0, 0, ERR_LIMIT},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        static struct engine_result result;
        CHECK_INT_EQ(list(rows[i].copies, rows[i].named, &result), rows[i].code);
        CHECK_INT_EQ(result.count, rows[i].count);
        CHECK_INT_EQ(left_out, rows[i].left_out);
        CHECK(rows[i].code != 0 || !result.containers[0].is_misnamed); /* ours come first */
        if (rows[i].code != 0) {
            CHECK_CONTAINS(result.text, "1025 containers are named berth_n_...");
            CHECK_CONTAINS(result.text, "docker ps -a --filter label=io.berth.node=n");
        }
    }
}

/* What is to be fetched need not be looked for; whether one is here cannot be said. */
static void images_without_number_stop_no_pull(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = "GET /v1.41/images/" DIGEST "/json", .status = 404, .body = "{}", .times = 1},
        {.request = "GET /v1.41/images/json",
         .answer = "HTTP/1.1 200 OK\r\n\r\n[\"",
         .repeat = 5u << 20,
         .after = FAKE_CLOSE},
        {.request = "POST /v1.41/images/create",
         OK_JSON("{\"error\":\"manifest unknown\",\"errorDetail\":{\"message\":\"manifest "
                 "unknown\"}}")},
        {.request = "GET /v1.41/images/", .status = 404, .body = "{}"},
    };
    static struct engine_result result;
    bench_open(answers, COUNT_OF(answers));
    CHECK_INT_EQ(engine_do_image(&bench.fixture, DIGEST, &result), ERR_LIMIT);
    CHECK_CONTAINS(result.text, "docker image prune");
    CHECK_INT_EQ(engine_do_pull(&bench.fixture, DIGEST, &result), ERR_PULL);
    CHECK_CONTAINS(result.text, "manifest unknown");
    CHECK(fake_server_used(&bench.server, 3) > 0);
    bench_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"copies_never_take_a_place_of_ours", copies_never_take_a_place_of_ours},
        {"images_without_number_stop_no_pull", images_without_number_stop_no_pull},
    };
    return bench_run(cases, COUNT_OF(cases), argc, argv);
}
