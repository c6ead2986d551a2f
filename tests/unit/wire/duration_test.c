/* duration: Compose's words for time and size, and what is none. */
#include "agent/wire/duration.h"

#include "platform/base/units.h"
#include "tests/check.h"

static void case_good(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"0", 0},
                {"0s", 0},
                {"1s", 1000},
                {"1m30s", 90000},
                {"300ms", 300},
                {"2h", 7200000},
                {"1h1m1s1ms", 3661001},
                {"2000us", 2},
                {"90s", 90000},
                {"1.5s", 1500},
                {"0.25h", 900000},
                {"1.5h0.5m", 5430000},
                {"1.000000000s", 1000},
                {"0.5ms500us", 1},
                {"744h", DURATION_MS_MAX}};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        int64_t ms = -1;
        CHECK(duration_parse(good[i].text, &ms));
        CHECK_INT_EQ(ms, good[i].ms);
    }
}

static void case_bad(void)
{
    static const char *const bad[] = {"",           "1",
                                      "s",          "1x",
                                      "1s1m",       "1s1s",
                                      "-1s",        "1.s",
                                      ".5s",        "1..5s",
                                      "1.5",        "1.0005s",
                                      "1.0000001s", "1.0000000000s",
                                      "1.5us",      " 1s",
                                      "1s ",        "1 s",
                                      "1us",        "745h",
                                      "1d",         "+1s",
                                      "1S",         "99999999999999999999h",
                                      "00",         "1ms1s"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t ms = -1;
        if (duration_parse(bad[i], &ms)) {
            printf("    text: %s\n", bad[i]);
        }
        CHECK(!duration_parse(bad[i], &ms));
        CHECK_INT_EQ(ms, -1);
    }
}

static void case_render(void)
{
    static const int64_t values[] = {0, 1, 999, 1000, 22000, 90000, 3661001, DURATION_MS_MAX};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        char text[32];
        int64_t ms = -1;
        duration_render(values[i], text, sizeof text);
        CHECK(duration_parse(text, &ms));
        CHECK_INT_EQ(ms, values[i]);
    }
    char text[32];
    duration_render(90000, text, sizeof text);
    CHECK_STR_EQ(text, "1m30s");
}

static void case_size(void)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"0", 0},          {"1024", 1024},      {"1b", 1},           {"64M", 67108864},
                {"64m", 67108864}, {"64MiB", 67108864}, {"1gb", 1073741824}, {"2K", 2048}};
    static const char *const bad[] = {
        "", "M", "1.5M", "-1", "1t", "9007199254740992", "9007199254740991k"};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        uint64_t bytes = 1;
        CHECK(size_parse(good[i].text, &bytes));
        CHECK_INT_EQ(bytes, good[i].bytes);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        uint64_t bytes = 1;
        CHECK(!size_parse(bad[i], &bytes));
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"good", case_good}, {"bad", case_bad}, {"render", case_render}, {"size", case_size}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
