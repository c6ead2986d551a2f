/* docker_events: which events are a reason to look, and streams that break, hang, or never begin.
 */
#include "ports/docker/events.h"

#include <stdlib.h>

#include "platform/base/text.h"
#include "tests/check.h"
#include "tests/contract/docker_bench.h"

#define NETS   "GET /v1.41/events?filters="
#define PODMAN "{\"status\":\"died\",\"id\":\"aa\",\"Type\":\"container\",\"Action\":\"died\","
#define OURS                                                                                       \
    "{\"status\":\"die\",\"id\":\"aa\",\"Type\":\"container\",\"Actor\":{\"ID\":\"aa\","           \
    "\"Attributes\":{\"io.berth.node\":\"n\",\"name\":\"x\"}}}\n"

static unsigned hints;

static void on_hint(void *ctx)
{
    (void)ctx;
    hints++;
}

static void lines_name_the_node_or_not(void)
{
    static const struct {
        const char *line;
        bool is_reason;
    } rows[] = {
        {OURS, true},
        {PODMAN "\"Actor\":{\"Attributes\":{\"io.berth.node\":\"n\"}}}\n", true},
        {"{\"Type\":\"network\",\"Actor\":{\"Attributes\":{\"name\":\"berth_n_web\"}}}\n", true},
        {"{\"Type\":\"network\",\"Actor\":{\"Attributes\":{\"name\":\"berth-n-web\"}}}\n", true},
        {"{\"Type\":\"network\",\"Actor\":{\"Attributes\":{\"name\":\"berth_nn_web\"}}}\n", false},
        {"{\"Type\":\"container\",\"Actor\":{\"Attributes\":{\"io.berth.node\":\"nn\"}}}\n", false},
        {"{\"Type\":\"container\",\"Actor\":{\"Attributes\":{\"name\":\"postgres\"}}}\n", false},
        {"no event at all\n", false},
        {"\n", false},
        {"{\"Actor\":{\"Attributes\":{\"io.berth.node\":\"n\"}}}", false}, /* not ended yet */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct events_reader *reader = calloc(1, sizeof *reader);
        CHECK(reader != NULL);
        (void)text_copy(reader->node, sizeof reader->node, "n");
        CHECK_INT_EQ(events_read(reader, span_text(rows[i].line)), rows[i].is_reason);
        free(reader);
    }
}

/* However the bytes come; and after a line that is too long the next one is read as ever. */
static void pieces_and_long_lines(void)
{
    struct events_reader *reader = calloc(1, sizeof *reader);
    CHECK(reader != NULL);
    (void)text_copy(reader->node, sizeof reader->node, "n");
    for (size_t i = 0; i < strlen(OURS); i++) {
        bool is_end = i + 1 == strlen(OURS);
        CHECK_INT_EQ(events_read(reader, span_of(OURS + i, 1)), is_end);
    }
    for (size_t len = EVENTS_LINE_BYTES - 2; len <= EVENTS_LINE_BYTES; len++) {
        for (size_t i = 0; i < len; i++) {
            CHECK(!events_read(reader, span_text("x")));
        }
        CHECK_INT_EQ(events_read(reader, span_text("\n")), len >= EVENTS_LINE_BYTES);
        CHECK(!events_read(reader, span_text("another line\n")));
        CHECK(events_read(reader, span_text(OURS)));
    }
    free(reader);
}

static void pass(int64_t for_ms)
{
    mono_ms end = linux_loop_now() + for_ms;
    while (linux_loop_now() < end) {
        bench_pump(&bench);
    }
}

static void watch(void)
{
    struct engine_result result;
    struct err err;
    hints = 0;
    CHECK_INT_EQ(
        bench.fixture.engine.ops->watch(bench.fixture.engine.self, "n", on_hint, NULL, &err), 0);
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), 0); /* finds the version */
}

/* Turns until the stream was opened so often; when that was. */
static mono_ms opened(unsigned times)
{
    mono_ms end = linux_loop_now() + SECONDS_MS(20);
    while (fake_server_used(&bench.server, 1) < times && linux_loop_now() < end) {
        bench_pump(&bench);
    }
    CHECK_INT_EQ(fake_server_used(&bench.server, 1), times);
    return linux_loop_now();
}

/* Again after one second, then after two, then after four. */
static void a_stream_that_ends_is_opened_again_and_ever_later(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = NETS,
         .answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" OURS OURS,
         .after = FAKE_CLOSE},
        {.request = "GET /v1.41/containers/json", OK_JSON("[]")},
    };
    mono_ms at[5] = {0};
    bench_open(answers, COUNT_OF(answers));
    watch();
    for (unsigned i = 1; i < COUNT_OF(at); i++) {
        at[i] = opened(i);
    }
    CHECK(hints >= 3);
    CHECK(at[3] - at[2] >= 1500);
    CHECK(at[4] - at[3] >= 3500);
    CHECK_INT_EQ(fake_server_used(&bench.server, 0), 1); /* which is no reason to ask the version */
    bench_close();
}

/* It takes no place of a call, and an end of the port with it under way leaves nothing. */
static void a_stream_that_hangs_costs_the_hint_alone(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = NETS, .answer = "", .after = FAKE_HANG},
        {.request = "GET /v1.41/containers/json", OK_JSON("[]")},
    };
    struct engine_result result;
    bench_open(answers, COUNT_OF(answers));
    watch();
    pass(300);
    CHECK_INT_EQ(fake_server_used(&bench.server, 1), 1);
    for (int i = 0; i < 5; i++) {
        CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), 0);
    }
    pass(1500);
    CHECK_INT_EQ(fake_server_used(&bench.server, 1), 1);
    CHECK_INT_EQ(hints, 0);
    bench_close();
}

static void an_engine_without_events_is_looked_at_all_the_same(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = NETS, .status = 500, .body = "{\"message\":\"" OURS},
        {.request = "GET /v1.41/containers/json", OK_JSON("[]")},
    };
    struct engine_result result;
    bench_open(answers, COUNT_OF(answers));
    watch();
    pass(300);
    CHECK_INT_EQ(hints, 0); /* a refusal is no event */
    CHECK_INT_EQ(engine_do_list(&bench.fixture, &result), 0);
    bench_close();
}

/* Bytes without end and without a line: nothing is kept of them. */
static void nonsense_is_no_hint_and_no_memory(void)
{
    static const struct fake_answer answers[] = {
        VERSION_41,
        {.request = NETS,
         .answer = "HTTP/1.1 200 OK\r\n\r\n",
         .repeat = 4u << 20,
         .after = FAKE_CLOSE},
        {.request = "GET /v1.41/containers/json", OK_JSON("[]")},
    };
    bench_open(answers, COUNT_OF(answers));
    watch();
    pass(800);
    CHECK_INT_EQ(hints, 0);
    bench_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"lines_name_the_node_or_not", lines_name_the_node_or_not},
        {"pieces_and_long_lines", pieces_and_long_lines},
        {"a_stream_that_ends_is_opened_again_and_ever_later",
         a_stream_that_ends_is_opened_again_and_ever_later},
        {"a_stream_that_hangs_costs_the_hint_alone", a_stream_that_hangs_costs_the_hint_alone},
        {"an_engine_without_events_is_looked_at_all_the_same",
         an_engine_without_events_is_looked_at_all_the_same},
        {"nonsense_is_no_hint_and_no_memory", nonsense_is_no_hint_and_no_memory},
    };
    return bench_run(cases, COUNT_OF(cases), argc, argv);
}
