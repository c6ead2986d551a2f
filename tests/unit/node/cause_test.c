/* cause_test: why a candidate failed, from the probes' answers and the container's end to the
 * document that tells it, byte by byte. */
#include "agent/node/facts.h"
#include "agent/wire/json.h"
#include "tests/check.h"
#include "tests/unit/node/desk.h"

/* The end of an examination, as `performed` takes it. */
static void end_told(struct app *of, struct replica *on, const struct err *err,
                     const struct engine_answer *answer)
{
    struct call_end end = {.kind = ACTION_EXAMINE, .code = err != NULL ? err->code : 0};
    observed_call_ended(&of->session, &of->memory, on, &end, desk.now);
    cause_note_end(of, on, err, answer);
}

static struct app *app;
static struct replica *replica;
static char rendered[2 * CAUSE_BYTES_MAX + 8 * ENGINE_OUTPUT_BYTES];
static struct text text;

/* Generation 2 of release 2 failed; its replica 1 is the one that is asked. */
static void begin(void)
{
    app = desk_open();
    (void)desk_plan(app, 1);
    struct plan_service *service = &desk_plan(app, 2)->services[0];
    app->memory.committed = desk_generation(1, 1);
    app->memory.candidate = desk_generation(2, 2);
    app->memory.phase = SWAP_PREPARE;
    app->memory.verdict = VERDICT_BAD;
    app->memory.verdict_gen = 2;
    replica = session_need(&app->session, 2, 0, 1);
    replica->address = 0xc6120810u;
    service->readiness.kind = PLAN_PROBE_HTTP;
    service->readiness.port = 80;
    (void)text_copy(service->readiness.path, sizeof service->readiness.path, "/ready");
    service->liveness.kind = PLAN_PROBE_TCP;
    service->liveness.port = 81;
    desk.wall = 1764000000000;
}

/* The cause of the last verdict, as every teller gets it; NULL: none is told. */
static const struct cause *cause_known(void)
{
    static struct facts_app facts;
    facts_of_app(app, &facts);
    return facts.cause;
}

/* The document as it is told: to people short, to the fleet whole. */
static const char *told(bool is_brief)
{
    text_init(&text, rendered, sizeof rendered);
    cause_render(cause_known(), &text, is_brief, 8);
    CHECK(!text.cut);
    return rendered;
}

static void heard(enum probe_role role, int code)
{
    struct err err;
    (void)err_set(&err, code, "status %d", 503);
    cause_note_answer(app, replica, &app->plans.slots[1].plan, role, code != 0 ? &err : NULL);
}

static void ended(const struct engine_post_mortem *end, int code)
{
    struct err err;
    const struct engine_answer answer = {.post_mortem = end};
    (void)err_set(&err, code, "it is gone");
    end_told(app, replica, code != 0 ? &err : NULL, &answer);
}

/* Every member once: whoever reads it refuses a key that stands there twice. */
static void is_readable(const char *document)
{
    struct json_document read;
    struct err err = {0};
    CHECK_INT_EQ(json_parse(span_text(document),
                            &(struct json_rules){.bytes_max = 65536, .values_max = 256}, &read,
                            &err),
                 0);
    CHECK_STR_EQ(err.text, "");
    json_free(&read);
}

static void whole_document(void)
{
    const struct engine_post_mortem end = {.state = ENGINE_EXITED,
                                           .exit_code = 3,
                                           .was_out_of_memory = true,
                                           .error = "the engine's words",
                                           .output = span_text("one\n\"two\"\n")};
    begin();
    heard(PROBE_READINESS, ERR_PROTOCOL);
    heard(PROBE_READINESS, ERR_PROTOCOL);
    heard(PROBE_LIVENESS, ERR_PROTOCOL);
    ended(&end, 0);
    CHECK_STR_EQ(
        told(false),
        "{\"gen\":2,\"service\":\"main\",\"replica\":1,\"examined\":true,\"state\":\"exited\","
        "\"exitCode\":3,\"outOfMemory\":true,\"engineError\":\"the engine's words\","
        "\"outputUnread\":\"\",\"outputCut\":false,\"probes\":[{\"probe\":\"readiness\","
        "\"replica\":1,\"inARow\":2,\"wall\":1764000000000,"
        "\"asked\":\"GET http://198.18.8.16:80/ready\",\"came\":\"status 503\"},"
        "{\"probe\":\"liveness\",\"replica\":1,\"inARow\":1,\"wall\":1764000000000,"
        "\"asked\":\"connect to 198.18.8.16:81\",\"came\":\"status 503\"}],"
        "\"outputLeftOut\":0,\"output\":\"one\\u000a\\\"two\\\"\\u000a\"}");
    is_readable(rendered);
    CHECK_CONTAINS(told(true), "],\"lastLine\":\"\\\"two\\\"\"}");
    is_readable(rendered);
    CHECK_STR_EQ(desk.log,
                 "i web: generation 2 replica 1 exited with 3, out of memory; the engine said: the "
                 "engine's words; it wrote last: \"two\"\n");
    desk_close();
}

/* What is not known is null, and what is not of the last verdict is not told. */
static void parts(void)
{
    static const struct {
        enum engine_state state;
        const char *document, *log;
    } rows[] = {
        {ENGINE_RUNNING, "\"state\":\"running\",\"exitCode\":null,\"outOfMemory\":false,",
         " running\n"},
        {ENGINE_PAUSED, "\"state\":\"paused\",\"exitCode\":null,\"outOfMemory\":false,",
         " paused\n"},
        {ENGINE_DEAD, "\"state\":\"dead\",\"exitCode\":9,\"outOfMemory\":false,", " dead with 9\n"},
        {ENGINE_CREATED, "\"state\":\"created\",\"exitCode\":9,\"outOfMemory\":false,",
         " created with 9\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct engine_post_mortem end = {
            .state = rows[i].state, .exit_code = 9, .is_output_cut = true, .unread = "no log"};
        begin();
        CHECK_STR_EQ(told(false), "null"); /* nothing is known */
        heard(PROBE_STARTUP, 0);
        CHECK_STR_EQ(told(false), "null");
        ended(&end, 0);
        CHECK_CONTAINS(told(false), rows[i].document);
        CHECK_CONTAINS(rendered, "\"outputUnread\":\"no log\",\"outputCut\":true,\"probes\":[],"
                                 "\"outputLeftOut\":0,\"output\":\"\"}");
        CHECK_CONTAINS(desk.log, rows[i].log);
        app->memory.verdict = VERDICT_GOOD;
        CHECK_STR_EQ(told(false), "null");
        app->memory.verdict = VERDICT_INCONCLUSIVE;
        CHECK_CONTAINS(told(false), rows[i].document);
        app->memory.verdict_gen = 3;
        CHECK_STR_EQ(told(true), "null");
        desk_close();
    }
}

/* Bad answers in a row are counted of one replica and one probe; a good one ends them. */
static void answers(void)
{
    begin();
    heard(PROBE_READINESS, ERR_PROTOCOL);
    heard(PROBE_LIVENESS, ERR_PROTOCOL);
    heard(PROBE_READINESS, ERR_PROTOCOL);
    const struct cause_answer *answer = app->cause.answers;
    CHECK_INT_EQ(answer[PROBE_READINESS].bad, 2);
    CHECK_INT_EQ(answer[PROBE_LIVENESS].bad, 1);
    replica = session_need(&app->session, 2, 0, 2);
    heard(PROBE_READINESS, 0); /* of another: says nothing of the first */
    CHECK_INT_EQ(answer[PROBE_READINESS].bad, 2);
    heard(PROBE_READINESS, ERR_PROTOCOL);
    CHECK_INT_EQ(answer[PROBE_READINESS].bad, 1);
    CHECK_INT_EQ(answer[PROBE_READINESS].number, 2);
    heard(PROBE_READINESS, 0);
    CHECK_INT_EQ(answer[PROBE_READINESS].bad, 0);
    CHECK_INT_EQ(answer[PROBE_LIVENESS].bad, 1);
    CHECK(strstr(told(false), "readiness") == NULL);
    CHECK_CONTAINS(rendered, "\"probe\":\"liveness\"");
    app->memory.candidate.gen = 3; /* it is not the candidate's any more */
    heard(PROBE_LIVENESS, ERR_PROTOCOL);
    CHECK_INT_EQ(app->cause.gen, 2);
    CHECK_INT_EQ(answer[PROBE_LIVENESS].bad, 1);
    replica->gen = 3; /* another candidate begins another cause */
    heard(PROBE_LIVENESS, ERR_PROTOCOL);
    CHECK_INT_EQ(app->cause.gen, 3);
    CHECK_INT_EQ(answer[PROBE_LIVENESS].bad, 1);
    desk_close();
}

/* What was asked, in each kind. */
static void asked(void)
{
    begin();
    struct plan_service *service = &app->plans.slots[1].plan.services[0];
    service->startup.kind = PLAN_PROBE_EXEC;
    service->startup.exec_at = 3;
    service->startup.exec_count = 2;
    memcpy(service->words, "x\0y-ok\0now", 11);
    service->words[3] = '-';
    heard(PROBE_STARTUP, ERR_PROTOCOL);
    CHECK_STR_EQ(app->cause.answers[PROBE_STARTUP].asked, "run -ok now");
    service->powers = POWER_HOST_NETWORK;
    heard(PROBE_READINESS, ERR_PROTOCOL);
    heard(PROBE_LIVENESS, ERR_PROTOCOL);
    CHECK_STR_EQ(app->cause.answers[PROBE_READINESS].asked, "GET http://127.0.0.1:80/ready");
    CHECK_STR_EQ(app->cause.answers[PROBE_LIVENESS].asked, "connect to 127.0.0.1:81");
    desk_close();
}

/* An examination that fails is repeated, the third failure is told; what is gone is told at once.
 */
static void not_examined(void)
{
    begin();
    for (int i = 0; i < 2; i++) {
        ended(NULL, ERR_ENGINE);
        CHECK(!replica->is_examined && !app->cause.is_examined);
        CHECK_STR_EQ(desk.log, "");
    }
    ended(NULL, ERR_ENGINE);
    CHECK(replica->is_examined && app->cause.is_examined);
    CHECK_STR_EQ(desk.log, "w web: cannot tell how generation 2 replica 1 ended: it is gone\n");
    CHECK_CONTAINS(told(false), "\"service\":\"main\",\"replica\":1,\"examined\":true,"
                                "\"state\":null,\"exitCode\":null,\"outOfMemory\":null,"
                                "\"engineError\":\"\",\"outputUnread\":\"it is gone\"");
    desk_close();
    begin();
    ended(NULL, ERR_NOT_FOUND);
    CHECK(replica->is_examined && app->cause.is_examined);
    CHECK_INT_EQ(replica->examine_failures, 0);
    desk_close();
}

/* The first one examined tells, unless a later one is the one that tells. */
static void which_tells(void)
{
    const struct engine_post_mortem first = {.state = ENGINE_EXITED, .exit_code = 1};
    const struct engine_post_mortem second = {
        .state = ENGINE_EXITED, .exit_code = 2, .output = span_text("a longer output")};
    begin();
    ended(NULL, ERR_NOT_FOUND);
    replica = session_need(&app->session, 2, 0, 2);
    ended(&first, 0);
    CHECK(replica->is_examined);
    CHECK_INT_EQ(app->cause.number, 1);
    CHECK(app->cause.complaint[0] != '\0');
    replica->is_telling = true;
    ended(&second, 0);
    CHECK_INT_EQ(app->cause.number, 2);
    CHECK_INT_EQ(app->cause.end.exit_code, 2);
    CHECK_STR_EQ(app->cause.complaint, "");
    CHECK_INT_EQ(app->cause.end.output.len, 15);
    CHECK(app->cause.end.output.data == app->cause.output); /* a copy: the answer's is gone */
    ended(&first, 0);
    CHECK_INT_EQ(app->cause.end.output.len, 0);
    desk_close();
}

/* The last line that says something, whatever stands around it. */
static void last_lines(void)
{
    static const struct {
        const char *output, *line;
    } rows[] = {{"", ""},
                {"\n \t\n", ""},
                {"one", "one"},
                {"one\ntwo", "two"},
                {"one\ntwo\n\r\n \n", "two"},
                {"\none\n", "one"},
                {"one\n!\n", "!"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char wanted[64];
        const struct engine_post_mortem end = {.state = ENGINE_EXITED,
                                               .output = span_text(rows[i].output)};
        begin();
        ended(&end, 0);
        (void)snprintf(wanted, sizeof wanted, "\"lastLine\":\"%s\"}", rows[i].line);
        CHECK_CONTAINS(told(true), wanted);
        CHECK_INT_EQ(strstr(desk.log, "it wrote last") != NULL, rows[i].line[0] != '\0');
        desk_close();
    }
}

static size_t left_out(size_t cap)
{
    text_init(&text, rendered, cap);
    text_append(&text, "..");
    cause_render(cause_known(), &text, false, 8);
    CHECK(!text.cut && text.len + 8 <= cap);
    const char *at = strstr(rendered, "\"outputLeftOut\":");
    CHECK(at != NULL);
    return at != NULL ? strtoul(at + strlen("\"outputLeftOut\":"), NULL, 10) : 0;
}

/* Whatever the output is made of, all of it is told where it fits, and where a byte is missing the
 * beginning goes, up to the next whole character. */
static void output_fits(void)
{
    static const char *const pieces[] = {"a",   "\"",   "\\", "\n",           "\x1f",
                                         " ",   "\x7f", "é",  "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                         "\xff"};
    char output[200] = "";
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        for (size_t j = 0; j < 5; j++) {
            size_t count = j % 2 == 0 ? 1 : 12;
            output[0] = '\0';
            for (size_t k = 0; k < count; k++) {
                (void)strcat(output, pieces[i]);
                (void)strcat(output, j >= 2 ? pieces[(i + j) % COUNT_OF(pieces)] : "");
            }
            const struct engine_post_mortem end = {.state = ENGINE_EXITED,
                                                   .output = span_text(output)};
            begin();
            ended(&end, 0);
            CHECK_INT_EQ(left_out(sizeof rendered), 0);
            /* Room for four figures and the reserve; the brace comes out of the latter. */
            size_t enough = text.len - 1 + 3 + 8 + 1;
            CHECK_INT_EQ(left_out(enough), 0);
            CHECK(left_out(enough - 1) > 0);
            CHECK(left_out(enough - 1) <= 4 + 4);
            size_t before = 0;
            for (size_t cap = enough - 1; cap > enough - 40 && before < strlen(output); cap--) {
                size_t out = left_out(cap);
                CHECK(out >= before && out <= strlen(output));
                CHECK(out == strlen(output) || (output[out] & 0xC0) != 0x80 ||
                      (unsigned char)output[out] == 0xff);
                before = out;
            }
            desk_close();
        }
    }
}

/* A NUL, and bytes that are no character, are told as the sign for that. */
static void output_of_any_byte(void)
{
    for (int c = 0; c < 256; c++) {
        const uint8_t byte = (uint8_t)c;
        const struct engine_post_mortem end = {.state = ENGINE_EXITED, .output = span_of(&byte, 1)};
        begin();
        ended(&end, 0);
        CHECK_INT_EQ(left_out(sizeof rendered), 0);
        size_t enough = text.len - 1 + 3 + 8 + 1;
        CHECK_INT_EQ(left_out(enough), 0);
        CHECK_INT_EQ(left_out(enough - 1), 1);
        desk_close();
    }
}

/* A failure is told when its container was examined, or when its time is over. */
static void awaited(void)
{
    begin();
    app->story_until = 5000;
    CHECK(!cause_is_awaited(app)); /* nothing remains */
    app->memory.phase = SWAP_REST;
    app->memory.verdict_gen = 2;
    replica->is_present = true;
    replica->state = ENGINE_EXITED;
    bool is_kept = swap_keeps_remains(&app->memory, &app->session, replica);
    CHECK_INT_EQ(cause_is_awaited(app), is_kept);
    CHECK(is_kept);
    desk.now = 4999;
    CHECK(cause_is_awaited(app));
    desk.now = 5000;
    CHECK(!cause_is_awaited(app));
    desk.now = 4999;
    replica->is_examined = true;
    CHECK(!cause_is_awaited(app));
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"whole document", whole_document},
        {"parts", parts},
        {"answers", answers},
        {"asked", asked},
        {"not examined", not_examined},
        {"which tells", which_tells},
        {"last lines", last_lines},
        {"output fits", output_fits},
        {"output of any byte", output_of_any_byte},
        {"awaited", awaited},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
