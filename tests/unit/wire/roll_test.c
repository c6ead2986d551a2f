/* roll: a shard written and read again, its edges, and what is refused. */
#include "agent/wire/roll.h"

#include "agent/wire/labels.h"
#include "agent/wire/operators.h"
#include "tests/check.h"

static char data[ROLL_BYTES_MAX + 1];

static struct span rendered(const struct roll *roll)
{
    struct text text;
    text_init(&text, data, sizeof data);
    roll_render(roll, &text);
    CHECK(!text.cut);
    return span_of(data, text.len);
}

static void case_again(void)
{
    struct roll roll = {.fleet = "demo", .shard = "0f", .version = 7};
    struct roll read = {.version = 0};
    CHECK_INT_EQ(roll_set(&roll, "gw-2", 0, NULL), 0);
    CHECK_INT_EQ(roll_set(&roll, "gw-1", 3, NULL), 0);
    CHECK_INT_EQ(roll_set(&roll, "gw-2", 4294967295u, NULL), 0);
    CHECK_INT_EQ(roll_parse(rendered(&roll), &read, NULL), 0);
    CHECK_STR_EQ(read.fleet, "demo");
    CHECK_STR_EQ(read.shard, "0f");
    CHECK(read.version == 7 && read.count == 2);
    CHECK_INT_EQ(roll_find(&read, "gw-1")->labels, 3);
    CHECK_INT_EQ(roll_find(&read, "gw-2")->labels, 4294967295u);
    CHECK(roll_find(&read, "gw-3") == NULL && roll_find(&read, "a") == NULL);
    CHECK(roll_remove(&read, "gw-1") && !roll_remove(&read, "gw-1"));
    CHECK_INT_EQ(read.count, 1);
    roll_free(&roll);
    roll_free(&read);
    struct roll empty = {.fleet = "demo", .shard = "00", .version = 1};
    CHECK_INT_EQ(roll_parse(rendered(&empty), &read, NULL), 0);
    CHECK_INT_EQ(read.count, 0);
    roll_free(&read);
}

static void case_edge(void)
{
    struct roll roll = {.fleet = "demo", .shard = "0f", .version = 7};
    struct roll read = {.version = 0};
    struct err err = {0};
    char node[NODE_NAME_BYTES];
    for (int i = 0; i < ROLL_NODES_MAX; i++) {
        (void)snprintf(node, sizeof node, "gw-%d", i);
        CHECK_INT_EQ(roll_set(&roll, node, 1, NULL), 0);
    }
    CHECK_INT_EQ(roll_set(&roll, "one-more", 1, &err), ERR_LIMIT);
    CHECK_CONTAINS(err.text, "shard 0f of the roll has 2048 nodes");
    CHECK_INT_EQ(roll_set(&roll, "gw-0", 2, NULL), 0); /* one that is there */
    CHECK_INT_EQ(roll_parse(rendered(&roll), &read, NULL), 0);
    CHECK_INT_EQ(read.count, ROLL_NODES_MAX);
    roll_free(&roll);
    roll_free(&read);
}

static void case_refused(void)
{
#define HEAD "{\"schema\":1,\"fleet\":\"demo\",\"shard\":\"0f\",\"version\":7,"
    static const struct {
        const char *text, *reason;
    } bad[] = {
        {"{\"schema\":2,\"fleet\":\"demo\",\"shard\":\"0f\",\"version\":7,\"nodes\":[],\"labels\":["
         "]}",
         "schema"},
        {"{\"schema\":1,\"fleet\":\"demo\",\"shard\":\"0g\",\"version\":7,\"nodes\":[],\"labels\":["
         "]}",
         "shard: must be two hex digits"},
        {"{\"schema\":1,\"fleet\":\"demo\",\"shard\":\"0f\",\"version\":0,\"nodes\":[],\"labels\":["
         "]}",
         "version"},
        {HEAD "\"nodes\":[\"b\",\"a\"],\"labels\":[0,0]}", "nodes[1]: must stand behind"},
        {HEAD "\"nodes\":[\"a\",\"a\"],\"labels\":[0,0]}", "nodes[1]: must stand behind"},
        {HEAD "\"nodes\":[\"A\"],\"labels\":[0]}", "nodes[0]"},
        {HEAD "\"nodes\":[\"a\"],\"labels\":[0,1]}", "labels: must be a list of 1 numbers"},
        {HEAD "\"nodes\":[\"a\"],\"labels\":[-1]}", "labels[0]"},
        {HEAD "\"nodes\":[\"a\"],\"labels\":[4294967296]}", "labels[0]"},
        {HEAD "\"nodes\":[\"a\"]}", "labels"},
        {HEAD "\"nodes\":[],\"labels\":[],\"more\":1}", "more"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct roll read = {.version = 0};
        struct err err = {0};
        CHECK(roll_parse(span_text(bad[i].text), &read, &err) != 0);
        CHECK_CONTAINS(err.text, bad[i].reason);
        CHECK(read.list == NULL);
    }
}

/* Labels as an operator signs them, and what operators demand. */
static void case_words(void)
{
    struct labels_given given = {.fleet = "demo", .node = "gw-1", .version = 9}, read;
    struct operators operators = {.version = 2, .fleet = "demo"}, again;
    struct err err = {0};
    struct text text;
    CHECK_INT_EQ(labels_set(&given.labels, "site", "north", NULL), 0);
    text_init(&text, data, sizeof data);
    labels_given_render(&given, &text);
    CHECK_INT_EQ(labels_given_parse(span_of(data, text.len), &read, NULL), 0);
    CHECK_STR_EQ(read.node, "gw-1");
    CHECK_STR_EQ(labels_get(&read.labels, "site"), "north");
    CHECK(read.version == 9 && read.labels.count == 1);
    CHECK_INT_EQ(labels_given_parse(span_text("{\"schema\":1,\"labels\":{}}"), &read, &err),
                 ERR_MISSING);
    text_init(&text, data, sizeof data);
    operators_render(&operators, &text);
    CHECK(strstr(data, "demands") == NULL); /* readers of before would refuse it */
    for (unsigned i = 0; i < 4; i++) {
        operators.is_demanding[OPERATORS_DEMAND_LABELS] = (i & 1) != 0;
        operators.is_demanding[OPERATORS_DEMAND_ROLL] = (i & 2) != 0;
        text_init(&text, data, sizeof data);
        operators_render(&operators, &text);
        CHECK_INT_EQ(operators_parse(span_of(data, text.len), &again, NULL), 0);
        CHECK(again.is_demanding[0] == ((i & 1) != 0) && again.is_demanding[1] == ((i & 2) != 0));
    }
    CHECK_INT_EQ(operators_parse(span_text("{\"schema\":1,\"fleet\":\"demo\",\"version\":1,"
                                           "\"demands\":[\"all\"],\"operators\":[]}"),
                                 &again, &err),
                 ERR_VALUE);
    CHECK_CONTAINS(err.text, "demands[0]: 'all' is nothing this version can demand");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"again", case_again},
                                              {"edge", case_edge},
                                              {"refused", case_refused},
                                              {"words", case_words}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
