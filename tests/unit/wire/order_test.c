/* order: there and back, every key, and refusals by path. */
#include "agent/wire/order.h"

#include "tests/check.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HEAD                                                                                       \
    "{\"schema\":1,\"id\":\"0123456789abcdef\",\"fleet\":\"plant\",\"node\":\"gw-1\","             \
    "\"app\":\"web\",\"epoch\":3,\"gen\":9"

static void case_whole(void)
{
    static const char text[] =
        HEAD ",\"release\":\"" A64 "\",\"stage\":[\"" B64 "\",\"" A64 "\"],\"before\":\"" B64
             "\",\"hold\":true,\"force\":true,\"startBy\":1764000900000,\"rollout\":\"r-1\","
             "\"issued\":1764000000000}";
    struct order order;
    struct err err = {0};
    char again[ORDER_BYTES_MAX];
    struct text out;
    CHECK_INT_EQ(order_parse(span_text(text), &order, &err), 0);
    CHECK_STR_EQ(order.id, "0123456789abcdef");
    CHECK_STR_EQ(order.fleet, "plant");
    CHECK_STR_EQ(order.node, "gw-1");
    CHECK_STR_EQ(order.app, "web");
    CHECK_INT_EQ(order.epoch, 3);
    CHECK_INT_EQ(order.gen, 9);
    CHECK_INT_EQ(order.stage_count, 2);
    CHECK_INT_EQ(order.stage[0].bytes[0], 0xbb);
    CHECK_INT_EQ(order.before.bytes[31], 0xbb);
    CHECK(order.hold && order.force);
    CHECK_INT_EQ(order.start_by, 1764000900000);
    CHECK_STR_EQ(order.rollout, "r-1");
    CHECK_INT_EQ(order.issued, 1764000000000);
    text_init(&out, again, sizeof again);
    order_render(&order, &out);
    CHECK_STR_EQ(again, text);
}

static void case_least(void)
{
    static const char text[] = HEAD ",\"issued\":1}";
    struct order order;
    struct err err = {0};
    char again[ORDER_BYTES_MAX];
    struct text out;
    CHECK_INT_EQ(order_parse(span_text(text), &order, &err), 0);
    CHECK(digest_is_none(&order.release) && digest_is_none(&order.before));
    CHECK(!order.hold && !order.force && order.start_by == 0 && order.stage_count == 0);
    text_init(&out, again, sizeof again);
    order_render(&order, &out);
    CHECK_STR_EQ(again, text);
}

/* A list of one is a list. */
static void case_one_stage(void)
{
    static const char text[] = HEAD ",\"stage\":[\"" B64 "\"],\"issued\":1}";
    struct order order;
    char again[ORDER_BYTES_MAX];
    struct text out;
    CHECK_INT_EQ(order_parse(span_text(text), &order, NULL), 0);
    CHECK_INT_EQ(order.stage_count, 1);
    text_init(&out, again, sizeof again);
    order_render(&order, &out);
    CHECK_STR_EQ(again, text);
}

static void check_refused(const char *text, int code, const char *message)
{
    struct order order = {.gen = 77};
    struct err err = {0};
    CHECK_STR_EQ(err_word(order_parse(span_text(text), &order, &err)), err_word(code));
    CHECK_CONTAINS(err.text, message);
    CHECK_INT_EQ(order.gen, 77);
}

static void case_refused(void)
{
    char large[ORDER_BYTES_MAX + 100];
    check_refused(HEAD ",\"issued\":1,\"relaese\":\"" A64 "\"}", ERR_UNKNOWN_KEY, "relaese");
    check_refused(HEAD "}", ERR_MISSING, "issued");
    check_refused(HEAD ",\"issued\":1,\"release\":\"sha256:" A64 "\"}", ERR_VALUE, "release");
    check_refused(HEAD ",\"issued\":1,\"gen\":10}", ERR_DUPLICATE_KEY, "gen");
    check_refused(HEAD ",\"issued\":1,\"stage\":[\"" A64 "\",\"" A64 "\",\"" A64 "\"]}", ERR_VALUE,
                  "stage");
    check_refused("{\"schema\":2,\"whatever\":1}", ERR_SCHEMA, "schema 2");
    check_refused("{\"schema\":1,\"id\":\"0123456789ABCDEF\"}", ERR_VALUE, "id");
    check_refused("{\"schema\":1,\"id\":\"0123456789abcde\"}", ERR_VALUE, "id");
    check_refused(
        "{\"schema\":1,\"id\":\"0123456789abcdef\",\"fleet\":\"p\",\"node\":\"Gw\",\"app\":\"w\"}",
        ERR_VALUE, "node");
    check_refused("{\"schema\":1,\"id\":\"0123456789abcdef\",\"fleet\":\"p\",\"node\":\"g\","
                  "\"app\":\"w\",\"epoch\":0,\"gen\":1,\"issued\":1}",
                  ERR_VALUE, "epoch");
    check_refused(HEAD ",\"issued\":1} ,", ERR_SYNTAX, "");
    memset(large, ' ', sizeof large);
    large[sizeof large - 1] = '\0';
    check_refused(large, ERR_OVERSIZE, "");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"whole", case_whole},
                                              {"least", case_least},
                                              {"one stage", case_one_stage},
                                              {"refused", case_refused}};
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
