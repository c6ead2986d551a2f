/* view_test: the scanner over whole, cut and foreign text, and what people read. */
#include "ports/app/control/view.h"

#include "platform/base/units.h"
#include "ports/app/control/scan.h"
#include "tests/check.h"

static const char status[] =
    "{\"schema\":1,\"node\":\"gw-17\",\"version\":\"0.1.0\",\"memoryLost\":false,"
    "\"storeFailed\":true,\"engine\":{\"up\":true,\"version\":\"20.10\"},\"apps\":[{\"app\":"
    "\"web\","
    "\"phase\":\"unproven\",\"committed\":{\"gen\":3,\"release\":\"aabbccddeeff\",\"sequence\":5,"
    "\"version\":\"1.2\"},\"candidate\":{\"gen\":4,\"release\":\"112233445566\",\"sequence\":6,"
    "\"version\":\"1.3\"},\"previous\":null,\"wanted\":\"112233445566\",\"wantedBy\":\"override\","
    "\"floor\":0,\"attempts\":1,\"verdict\":\"good\",\"verdictGen\":3,\"reason\":\"soaked\","
    "\"soakRemainingMs\":11200,\"containers\":["
    "{\"gen\":3,\"replica\":1,\"state\":\"running\",\"ready\":true,\"routed\":false},"
    "{\"gen\":4,\"replica\":1,\"state\":\"running\",\"ready\":true,\"routed\":true},"
    "{\"gen\":4,\"replica\":2,\"state\":\"running\",\"ready\":false,\"routed\":true}]}]}";

static char out[8192];

static const char *view(void (*render)(struct span, struct text *), const char *json)
{
    struct text text;
    text_init(&text, out, sizeof out);
    render(span_text(json), &text);
    return out;
}

/* What cannot be done is not offered. */
static void a_lost_way_back_is_shown(void)
{
    static const struct {
        const char *word;
        bool is_shown;
    } rows[] = {{"gone", true}, {"here", false}, {"unknown", false}, {"none", false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char json[256];
        (void)snprintf(
            json, sizeof json, "%s%s%s",
            "{\"node\":\"g\",\"apps\":[{\"app\":\"web\",\"phase\":\"rest\",\"previousImage\":\"",
            rows[i].word, "\",\"containers\":[]}]}");
        const char *shown = view(view_status, json);
        CHECK((strstr(shown, "no way back: the image of the release before is gone; load it "
                             "(docker load)") != NULL) == rows[i].is_shown);
    }
}

/* Whose containers come back is said by service and project; of nothing taken over nothing is. */
static void a_project_that_was_taken_over_is_shown(void)
{
    static const struct {
        const char *adopted, *shown;
    } rows[] = {
        {"{\"project\":\"shop\",\"service\":\"api\"}",
         "taken over, and can be gone back to: service api of the Compose project shop\n"},
        {"null", NULL},
        {"{}", "taken over, and can be gone back to: service  of the Compose project \n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char json[256];
        (void)snprintf(
            json, sizeof json,
            "{\"node\":\"g\",\"apps\":[{\"app\":\"web\",\"phase\":\"rest\",\"adopted\":%s,"
            "\"containers\":[]}]}",
            rows[i].adopted);
        const char *shown = view(view_status, json);
        CHECK((strstr(shown, "taken over") != NULL) == (rows[i].shown != NULL));
        CHECK(rows[i].shown == NULL || strstr(shown, rows[i].shown) != NULL);
    }
}

static void scan_finds(void)
{
    struct span value;
    struct span object =
        span_text(" { \"a\" : [1, {\"x\":\"]\"}, \"\\\"\"] , \"b\":-12,\"c\":true } ");
    char text[8];
    CHECK(scan_member(object, "a", &value));
    CHECK(span_is_equal(value, span_text("[1, {\"x\":\"]\"}, \"\\\"\"]")));
    struct span element;
    size_t at = 0;
    CHECK(scan_element(value, &at, &element) && span_is_equal(element, span_text("1")));
    CHECK(scan_element(value, &at, &element) && span_is_equal(element, span_text("{\"x\":\"]\"}")));
    CHECK(scan_element(value, &at, &element) && scan_text(element, text, sizeof text));
    CHECK_STR_EQ(text, "\"");
    CHECK(!scan_element(value, &at, &element));
    CHECK_INT_EQ(scan_member_integer(object, "b", 0), -12);
    CHECK_INT_EQ(scan_member_integer(object, "c", 5), 5);
    CHECK(scan_member_bool(object, "c"));
    CHECK(!scan_member_bool(object, "b"));
    CHECK(!scan_member(object, "d", &value));
}

/* What is no value, or ends inside one, is none. */
static void scan_finds_no_value(void)
{
    static const char *const objects[] = {
        "",          "{",           "[\"a\":1}",  "{\"a\"",    "{\"a\":", "{\"a\":}", "{\"a\":]}",
        "{\"a\":{}", "{\"a\":[1]]", "{\"a\":\"x", "{\"a\" 1}", "{a:1}",   "{\"b\":}",
    };
    static const char *const arrays[] = {"", "[", "[]", "[}", "{1}", "[\"x]"};
    struct span value;
    for (size_t i = 0; i < COUNT_OF(objects); i++) {
        bool is_found = scan_member(span_text(objects[i]), "a", &value);
        CHECK(is_found ==
              (strcmp(objects[i], "{\"a\":{}") == 0 || strcmp(objects[i], "{\"a\":[1]]") == 0));
    }
    for (size_t i = 0; i < COUNT_OF(arrays); i++) {
        size_t at = 0;
        CHECK(!scan_element(span_text(arrays[i]), &at, &value));
    }
}

static void scan_text_is_fit_for_a_terminal(void)
{
    char text[16];
    CHECK(scan_text(span_text("\"a\\n\\u001b[2J\\u0041\\\\\""), text, sizeof text));
    CHECK_STR_EQ(text, "a ?[2JA\\");
    CHECK(scan_text(span_text("\"\x1b[2J\""), text, sizeof text));
    CHECK_STR_EQ(text, " [2J");
    CHECK(scan_text(span_text("\"a\x1f\x20\x7e\x7f\""), text, sizeof text));
    CHECK_STR_EQ(text, "a  ~ ");
    CHECK(scan_text(span_text("\"\xc2\x80|\xc3\xbf|\xf0\x9f\x98\x80\""), text, sizeof text));
    CHECK_STR_EQ(text, "?|?|?"); /* one for each character, whatever its bytes */
    CHECK(scan_text(span_text("\"0123456789abcdefgh\""), text, sizeof text));
    CHECK_STR_EQ(text, "0123456789abcde");
    CHECK(!scan_text(span_text("12"), text, sizeof text));
    CHECK_STR_EQ(text, "");
}

/* Cut at every byte and with every byte replaced: found or not, but never read beyond its end (the
 * copy ends where the allocation ends, so that the sanitizer sees it). */
static void scan_survives_damage(void)
{
    static const char marks[] = "\"\\{}[],:u0 ";
    size_t len = sizeof status - 1;
    struct text text;
    for (size_t cut = 0; cut <= len; cut++) {
        char *copy = malloc(cut > 0 ? cut : 1);
        if (copy == NULL) {
            abort();
        }
        memcpy(copy, status, cut);
        text_init(&text, out, sizeof out);
        view_status(span_of(copy, cut), &text);
        for (size_t i = 0; cut > 0 && i < sizeof marks - 1; i++) {
            copy[cut - 1] = marks[i];
            text_init(&text, out, sizeof out);
            view_status(span_of(copy, cut), &text);
        }
        free(copy);
    }
    CHECK_CONTAINS(view(view_status, status), "gw-17");
}

static void status_view(void)
{
    const char *text = view(view_status, status);
    CHECK_CONTAINS(text, "node gw-17   berthd 0.1.0   engine 20.10\n");
    CHECK_CONTAINS(text, "STORE FAILED");
    CHECK(strstr(text, "MEMORY LOST") == NULL);
    CHECK_CONTAINS(text, "web              unproven  candidate  1.3 (11223344) gen 4           "
                         " 1/2    2        12 s\n");
    CHECK_CONTAINS(text, "                           committed  1.2 (aabbccdd) gen 3           "
                         " 1/1    0        -\n");
    CHECK_CONTAINS(text, "last verdict: good (healthy until the end of the soak)\n");
    CHECK(strstr(text, "wanted:") == NULL);
    CHECK_CONTAINS(view(view_status,
                        "{\"node\":\"n\",\"engine\":{\"up\":false},"
                        "\"route\":{\"obstacle\":\"hook\",\"timeouts\":false},\"apps\":[]}"),
                   "OTHER HOSTS: iptables drops in FORWARD before DOCKER-USER is reached");
    CHECK_CONTAINS(view(view_status, "{\"node\":\"n\",\"engine\":{\"up\":false},\"apps\":[]}"),
                   "engine does not answer\nno app yet");
}

/* One line a generation that is there: the candidate, what serves, and what was before while its
 * containers are still there and it is not the candidate again. */
static void rows_of_generations(void)
{
#define HEAD                                                                                       \
    "node g   berthd 9   engine 8\n\nAPP              PHASE     ROLE       RELEASE               " \
    " "                                                                                            \
    "        READY   TRAFFIC  SOAK\nweb              rest      "
#define NEXT "                           "
    static const struct {
        const char *candidate, *committed, *previous, *shown;
    } rows[] = {
        {"null", "null", "null", HEAD "nothing runs\n"},
        {"null", "{\"gen\":4,\"version\":\"1.4\",\"release\":\"dd44\"}", "null",
         HEAD "committed  1.4 (dd44) gen 4                1/2    2        -\n"},
        {"{\"gen\":5,\"version\":\"1.5\",\"release\":\"ee55\"}",
         "{\"gen\":4,\"version\":\"1.4\",\"release\":\"dd44\"}",
         "{\"gen\":3,\"version\":\"1.3\",\"release\":\"cc33\"}",
         HEAD "candidate  1.5 (ee55) gen 5                0/1    0        3 s\n" NEXT
              "committed  1.4 (dd44) gen 4                1/2    2        -\n" NEXT
              "previous   1.3 (cc33) gen 3                1/1    0        -\n"},
        {"{\"gen\":3,\"version\":\"1.3\",\"release\":\"cc33\"}", "null",
         "{\"gen\":3,\"version\":\"1.3\",\"release\":\"cc33\"}",
         HEAD "candidate  1.3 (cc33) gen 3                1/1    0        3 s\n"},
        {"null", "null", "{\"gen\":2,\"version\":\"1.2\",\"release\":\"bb22\"}",
         HEAD "nothing runs\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char json[1024];
        (void)snprintf(
            json, sizeof json,
            "{\"node\":\"g\",\"version\":\"9\",\"engine\":{\"up\":true,\"version\":\"8\"},"
            "\"apps\":[{\"app\":\"web\",\"phase\":\"rest\",\"candidate\":%s,"
            "\"committed\":%s,\"previous\":%s,\"soakRemainingMs\":2500,\"containers\":["
            "{\"gen\":3,\"ready\":true,\"routed\":false},"
            "{\"gen\":4,\"ready\":false,\"routed\":true},"
            "{\"gen\":4,\"ready\":true,\"routed\":true},"
            "{\"gen\":5,\"ready\":false,\"routed\":false}]}]}",
            rows[i].candidate, rows[i].committed, rows[i].previous);
        CHECK_STR_EQ(view(view_status, json), rows[i].shown);
    }
#undef HEAD
#undef NEXT
}

static void health_view(void)
{
    static const char *const rows[][3] = {
        {"ready", "answered", "health: ready (answered): it was asked and has answered well\n"},
        {"not-ready", "absent",
         "health: not-ready (absent): it does not run, or its own answers are bad\n"},
        {"unknown", "not-asked-yet",
         "health: unknown (not-asked-yet): it could not be asked, or was not asked yet\n"},
        {"of-later", "x", "health: of-later (x)\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char json[256];
        (void)snprintf(json, sizeof json,
                       "{\"node\":\"n\",\"apps\":[{\"app\":\"web\",\"phase\":\"rest\","
                       "\"health\":\"%s\",\"healthReason\":\"%s\"}]}",
                       rows[i][0], rows[i][1]);
        CHECK_CONTAINS(view(view_status, json), rows[i][2]);
    }
    CHECK(strstr(view(view_status, status), "health:") == NULL); /* an older agent's */
}

static void cause_view(void)
{
    const char *text = view(
        view_history,
        "{\"app\":\"web\",\"cause\":{\"gen\":4,\"service\":\"api\",\"replica\":2,\"state\":"
        "\"exited\","
        "\"exitCode\":137,\"outOfMemory\":true,\"engineError\":\"\",\"outputUnread\":\"\","
        "\"outputCut\":true,\"probes\":[{\"probe\":\"startup\",\"inARow\":3,\"asked\":\"GET /x\","
        "\"came\":\"status 503\"}],\"outputLeftOut\":0,\"output\":\"one\\u000atwo\\u001b[2J "
        "\\\"q\\\"\"}}");
    CHECK_CONTAINS(text, "container api 2 of gen 4: exited, exit code 137, OUT OF MEMORY\n");
    CHECK_CONTAINS(text, "startup probe: GET /x\n");
    CHECK_CONTAINS(text, "failed 3 times in a row: status 503\n");
    CHECK_CONTAINS(text, "its output, the end of it:\none\ntwo?[2J \"q\"\n");
    text = view(view_history, "{\"app\":\"web\",\"cause\":null}");
    CHECK_STR_EQ(text, "app web\n");
    text = view(view_history, "{\"app\":\"web\",\"cause\":{\"state\":null,\"exitCode\":null,"
                              "\"outputUnread\":\"no engine\",\"output\":\"\"}}");
    CHECK_STR_EQ(text, "app web\n                 its output cannot be read: no engine\n");
}

static void history_view(void)
{
    const char *text =
        view(view_history, "{\"app\":\"web\",\"committed\":{\"gen\":3,\"release\":\"aabbccddee\","
                           "\"sequence\":5,\"version\":\"\"},\"history\":[{\"gen\":2,\"release\":"
                           "\"bb11223344\",\"sequence\":4,\"version\":\"1.1\"},{\"gen\":1,"
                           "\"release\":\"cc11223344\",\"sequence\":3,\"version\":\"1.0\"}],"
                           "\"quarantined\":[\"00112233445566\"]}");
    CHECK_CONTAINS(text, "committed  - (aabbccdd) gen 3");
    CHECK_CONTAINS(text, "previous   1.1 (bb112233) gen 2");
    CHECK_CONTAINS(text, "older      1.0 (cc112233) gen 1");
    CHECK_CONTAINS(text, "bad        00112233: failed here");
}

static void events_view(void)
{
    CHECK_STR_EQ(view(view_events,
                      "{\"event\":7,\"at\":61005,\"wall\":1700000000000,\"timeTrusted\":true,"
                      "\"app\":\"web\",\"text\":\"ready\"}\n"
                      "{\"event\":8,\"at\":61005,\"wall\":5,\"timeTrusted\":false,\"app\":\"\","
                      "\"text\":\"engine\\u001b gone\"}\n{\"event\":9"),
                 "#7    22:13:20Z web: ready\n#8    +61.005s node: engine? gone\n");
}

static void reasons_have_sentences(void)
{
    CHECK_STR_EQ(view_reason("crashed"), "a container of the candidate ended by itself");
    CHECK_STR_EQ(view_reason("something-new"), "something-new");
}

/* A terminal that is told CSI, as one character or as two bytes, obeys it. */
static void case_nothing_but_ascii_reaches_the_terminal(void)
{
    char buf[64];
    CHECK(scan_text(span_text("\"a\xc2\x9b"
                              "31mb\xe2\x82\xac\x9b c\""),
                    buf, sizeof buf));
    CHECK_STR_EQ(buf, "a?31mb? c");
}

/* How a container ended: with a code, be it 0, or with none; what is not known is not said. */
static void case_ends(void)
{
    static const struct {
        const char *cause, *shown;
    } rows[] = {
        {"\"service\":\"api\",\"replica\":2,\"gen\":4,\"state\":\"exited\",\"exitCode\":0",
         "container api 2 of gen 4: exited, exit code 0\n"},
        {"\"service\":\"api\",\"replica\":2,\"gen\":4,\"state\":\"exited\",\"exitCode\":1",
         "container api 2 of gen 4: exited, exit code 1\n"},
        {"\"service\":\"api\",\"replica\":2,\"gen\":4,\"state\":\"running\"",
         "container api 2 of gen 4: running\n"},
        {"\"service\":\"api\",\"replica\":2,\"gen\":4,\"state\":\"dead\",\"exitCode\":null,"
         "\"outOfMemory\":true",
         "container api 2 of gen 4: dead, OUT OF MEMORY\n"},
        {"\"state\":\"created\"", "container  0 of gen 0: created\n"},
        {"\"state\":\"exited\",\"engineError\":\"no such file\",\"lastLine\":\"bye\"",
         "container  0 of gen 0: exited\n                 the engine said: no such file\n"
         "                 it wrote last: bye\n"},
        {"\"state\":\"exited\",\"output\":\"a\\u0009b\\u007fc\\u000a\"",
         "container  0 of gen 0: exited\nits output:\na\tb?c\n"},
        {"\"state\":\"exited\",\"outputLeftOut\":1,\"output\":\"a\"",
         "container  0 of gen 0: exited\nits output, the end of it:\na\n"},
        {"\"state\":\"exited\",\"output\":\"\"", "container  0 of gen 0: exited\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char owner[400];
        char want[400];
        (void)snprintf(owner, sizeof owner, "{\"app\":\"web\",\"cause\":{%s}}", rows[i].cause);
        (void)snprintf(want, sizeof want, "app web\n%17s%s", "", rows[i].shown);
        CHECK_STR_EQ(view(view_history, owner), want);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"scan_finds", scan_finds},
        {"scan_finds_no_value", scan_finds_no_value},
        {"a_lost_way_back_is_shown", a_lost_way_back_is_shown},
        {"a project that was taken over is shown", a_project_that_was_taken_over_is_shown},
        {"scan_text_is_fit_for_a_terminal", scan_text_is_fit_for_a_terminal},
        {"scan_survives_damage", scan_survives_damage},
        {"status_view", status_view},
        {"rows of generations", rows_of_generations},
        {"health_view", health_view},
        {"history_view", history_view},
        {"cause", cause_view},
        {"ends", case_ends},
        {"events_view", events_view},
        {"reasons_have_sentences", reasons_have_sentences},
        {"nothing but ASCII reaches the terminal", case_nothing_but_ascii_reaches_the_terminal},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
