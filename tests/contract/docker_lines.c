/* docker_lines: the account of a pull, cut at every byte, with errors in every disguise. */
#include "ports/docker/pull_lines.h"

#include "platform/base/units.h"
#include "tests/check.h"

static const char good[] =
    "{\"status\":\"Pulling from web\",\"id\":\"sha256:ab\"}\r\n"
    "{\"status\":\"Pulling fs layer\",\"progressDetail\":{},\"id\":\"aaa\"}\r\n"
    "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":100,\"total\":300},\"id\":\"aaa\"}"
    "\r\n"
    "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":50,\"total\":60},\"id\":\"bbb\"}"
    "\r\n"
    "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":20,\"total\":300},\"id\":\"aaa\"}"
    "\r\n"
    "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":300,\"total\":300},\"id\":\"aaa\"}"
    "\r\n"
    "{\"status\":\"Extracting\",\"progressDetail\":{\"current\":40,\"total\":300},\"id\":\"aaa\"}"
    "\r\n"
    "\r\n"
    "{\"status\":\"Status: Downloaded newer image\"}";

static struct pull_lines lines;

static void read_text(const char *text)
{
    memset(&lines, 0, sizeof lines);
    pull_lines_feed(&lines, span_text(text));
    pull_lines_end(&lines);
}

static void bytes_add_up_and_only_grow(void)
{
    read_text(good);
    CHECK_INT_EQ(lines.code, 0);
    CHECK_INT_EQ(lines.bytes, 300 + 50 + 40);
}

static void pieces_may_end_anywhere(void)
{
    for (size_t cut = 0; cut < sizeof good; cut++) {
        memset(&lines, 0, sizeof lines);
        pull_lines_feed(&lines, span_of(good, cut));
        uint64_t before = lines.bytes;
        pull_lines_feed(&lines, span_of(good + cut, sizeof good - 1 - cut));
        pull_lines_end(&lines);
        CHECK_INT_EQ(lines.code, 0);
        CHECK_INT_EQ(lines.bytes, 390);
        CHECK(before <= 390);
    }
    memset(&lines, 0, sizeof lines);
    for (size_t i = 0; i + 1 < sizeof good; i++) {
        pull_lines_feed(&lines, span_of(good + i, 1));
    }
    pull_lines_end(&lines);
    CHECK_INT_EQ(lines.bytes, 390);
}

static void an_error_is_seen_however_it_comes(void)
{
    static const struct {
        const char *text, *want;
        int code;
    } rows[] = {
        {"{\"errorDetail\":{\"message\":\"layer broken\"},\"error\":\"layer\"}\n", "layer broken",
         ERR_REGISTRY},
        {"{\"error\":\"layer broken\"}", "layer broken", ERR_REGISTRY},
        {"{\"status\":\"x\"}\n{\"error\":\"\"}\n", "unknown error", ERR_REGISTRY},
        {"{\"errorDetail\":{}}\n", "unknown error", ERR_REGISTRY},
        {"{\"error\":\"manifest unknown\"}\n", "manifest unknown", ERR_PULL},
        {"{\"error\":\"write /var/lib: no space left on device\"}\n", "no space left",
         ERR_DISK_SPACE},
        {"{\"status\":\"x\"}\n<html>gateway</html>\n", "unreadable", ERR_REGISTRY},
        {"{\"status\":\"x\"}\n{\"status\":\"cut sho", "unreadable", ERR_REGISTRY},
        {"{\"status\":\"x\"}\n[]\n", "unreadable", ERR_REGISTRY},
        {"\"text\"\n", "unreadable", ERR_REGISTRY},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        read_text(rows[i].text);
        CHECK_INT_EQ(lines.code, rows[i].code);
        CHECK_CONTAINS(lines.text, rows[i].want);
    }
}

static void the_first_error_stays(void)
{
    read_text("{\"error\":\"first\"}\n{\"error\":\"no space left on device\"}\n");
    CHECK_INT_EQ(lines.code, ERR_REGISTRY);
    CHECK_STR_EQ(lines.text, "first");
}

static void a_line_has_a_longest_length(void)
{
    memset(&lines, 0, sizeof lines);
    for (size_t i = 0; i < PULL_LINE_BYTES_MAX; i++) {
        pull_lines_feed(&lines, span_of(" ", 1));
    }
    CHECK_INT_EQ(lines.code, 0);
    pull_lines_feed(&lines, span_of(" ", 1));
    CHECK_INT_EQ(lines.code, ERR_REGISTRY);
    CHECK_CONTAINS(lines.text, "too long");
}

static void layers_beyond_the_table_are_not_counted(void)
{
    char text[128];
    memset(&lines, 0, sizeof lines);
    for (int i = 0; i < 2 * PULL_LAYERS_MAX; i++) {
        (void)snprintf(text, sizeof text,
                       "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":1},"
                       "\"id\":\"%d\"}\n",
                       i);
        pull_lines_feed(&lines, span_text(text));
    }
    CHECK_INT_EQ(lines.code, 0);
    CHECK_INT_EQ(lines.bytes, PULL_LAYERS_MAX);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"bytes_add_up_and_only_grow", bytes_add_up_and_only_grow},
        {"pieces_may_end_anywhere", pieces_may_end_anywhere},
        {"an_error_is_seen_however_it_comes", an_error_is_seen_however_it_comes},
        {"the_first_error_stays", the_first_error_stays},
        {"a_line_has_a_longest_length", a_line_has_a_longest_length},
        {"layers_beyond_the_table_are_not_counted", layers_beyond_the_table_are_not_counted},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
