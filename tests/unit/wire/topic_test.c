/* topic: every kind there and back; text that is none of ours. */
#include "agent/wire/topic.h"

#include "tests/check.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void case_there_and_back(void)
{
    static const char *const texts[TOPIC_KIND_COUNT] = {
        [TOPIC_ORDER] = "berth/1/plant/node/gw-1/order/web",
        [TOPIC_LABELS] = "berth/1/plant/node/gw-1/labels",
        [TOPIC_REPORT] = "berth/1/plant/node/gw-1/report",
        [TOPIC_STORY] = "berth/1/plant/node/gw-1/story/web",
        [TOPIC_PRESENCE] = "berth/1/plant/node/gw-1/presence",
        [TOPIC_RELEASE] = "berth/1/plant/release/" HEX,
        [TOPIC_FILE] = "berth/1/plant/file/" HEX,
        [TOPIC_TRUST] = "berth/1/plant/trust",
        [TOPIC_REVOKE] = "berth/1/plant/revoke",
        [TOPIC_OPERATORS] = "berth/1/plant/operators",
        [TOPIC_ROLL] = "berth/1/plant/roll/0f",
        [TOPIC_ROLLOUT_SPEC] = "berth/1/plant/rollout/r-7/spec",
        [TOPIC_ROLLOUT_STATE] = "berth/1/plant/rollout/r-7/state",
        [TOPIC_ROLLOUT_CONTROL] = "berth/1/plant/rollout/r-7/control",
        [TOPIC_COORDINATOR] = "berth/1/plant/coordinator",
        [TOPIC_FREEZE] = "berth/1/plant/freeze",
        [TOPIC_FROZEN] = "berth/1/plant/freeze/state"};
    for (enum topic_kind kind = 0; kind < TOPIC_KIND_COUNT; kind++) {
        const struct topic topic = {.kind = kind,
                                    .fleet = "plant",
                                    .node = "gw-1",
                                    .app = "web",
                                    .rollout = "r-7",
                                    .shard = "0f",
                                    .digest = HEX};
        struct topic back;
        char text[BUS_TOPIC_BYTES];
        char again[BUS_TOPIC_BYTES];
        topic_render(&topic, text);
        CHECK_STR_EQ(text, texts[kind]);
        CHECK(topic_parse(text, &back));
        CHECK_INT_EQ(back.kind, kind);
        topic_render(&back, again);
        CHECK_STR_EQ(again, text);
    }
}

/* What is about one node, one level deeper; nothing else lies at berth/2. */
static void case_shards(void)
{
    static const enum topic_kind kinds[] = {TOPIC_ORDER, TOPIC_LABELS, TOPIC_REPORT, TOPIC_STORY,
                                            TOPIC_PRESENCE};
    char text[BUS_TOPIC_BYTES], again[BUS_TOPIC_BYTES];
    struct topic back;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct topic topic = {.kind = kinds[i],
                              .level = 2,
                              .shard = "0f",
                              .fleet = "plant",
                              .node = "gw-1",
                              .app = "web"};
        topic_render(&topic, text);
        CHECK(strncmp(text, "berth/2/plant/node/0f/gw-1/", 27) == 0);
        CHECK(topic_parse(text, &back));
        CHECK(back.level == 2 && back.kind == kinds[i]);
        CHECK_STR_EQ(back.shard, "0f");
        CHECK_STR_EQ(back.node, "gw-1");
        topic_render(&back, again);
        CHECK_STR_EQ(again, text);
    }
    topic_render(&(struct topic){.kind = TOPIC_ORDER, .level = 2, .fleet = "f"}, text);
    CHECK_STR_EQ(text, "berth/2/f/node/+/+/order/+");
    topic_render(&(struct topic){.kind = TOPIC_REPORT, .level = 2, .fleet = "f", .shard = "a0"},
                 text);
    CHECK_STR_EQ(text, "berth/2/f/node/a0/+/report");
    CHECK(topic_parse("berth/1/f/node/gw/report", &back) && back.level == 1);
    CHECK_STR_EQ(back.shard, "");
}

static void case_filters(void)
{
    char text[BUS_TOPIC_BYTES];
    topic_render(&(struct topic){.kind = TOPIC_ORDER, .fleet = "f", .node = "n"}, text);
    CHECK_STR_EQ(text, "berth/1/f/node/n/order/+");
    topic_render(&(struct topic){.kind = TOPIC_ORDER, .fleet = "f"}, text);
    CHECK_STR_EQ(text, "berth/1/f/node/+/order/+");
}

static void case_longest(void)
{
    struct topic topic = {.kind = TOPIC_STORY};
    struct topic back;
    char text[BUS_TOPIC_BYTES];
    memset(topic.fleet, 'f', sizeof topic.fleet - 1);
    memset(topic.node, 'n', sizeof topic.node - 1);
    memset(topic.app, 'a', sizeof topic.app - 1);
    for (topic.level = 1; topic.level <= 2; topic.level++) {
        memset(topic.shard, 'f', topic.level == 2 ? sizeof topic.shard - 1 : 0);
        topic_render(&topic, text);
        CHECK(topic_parse(text, &back));
        CHECK_STR_EQ(back.node, topic.node);
        CHECK_STR_EQ(back.app, topic.app);
    }
}

static void case_foreign(void)
{
    static const char *const texts[] = {
        "",
        "berth",
        "berth/1/",
        "berth/2/plant/trust",
        "berth/2/plant/rollout/r/spec",
        "berth/2/plant/coordinator",
        "berth/2/plant/node/gw/report",
        "berth/2/plant/node/0/gw/report",
        "berth/2/plant/node/0g/gw/report",
        "berth/2/plant/node/0F/gw/report",
        "berth/2/plant/node/000/gw/report",
        "berth/2/plant/node//gw/report",
        "berth/2/plant/node/00",
        "berth/2/plant/node/00/",
        "berth/2/plant/node/00/gw",
        "berth/2/plant/release/" HEX,
        "berth/2/plant/00/gw/report",
        "berth/1/plant/node/00/gw/report",
        "berth/3/plant/node/00/gw/report",
        "berth/1/plant",
        "berth/1/plant/",
        "berth/1/Plant/trust",
        "berth/1/plant/trust/",
        "berth/1/plant/trus",
        "berth/1/plant/node/gw/order",
        "berth/1/plant/node/gw/order/",
        "berth/1/plant/node//report",
        "berth/1/plant/node/+/report",
        "berth/1/plant/node/gw/order/a/b",
        "berth/1/plant/node/gw.1/report",
        "berth/1/plant/release/abcd",
        "berth/1/plant/release/" HEX "0",
        "berth/1/plant/node/-gw/report",
        "berth/1/a234567890123456789012345678901234/trust",
        "berth/1/plant/node/"
        "n23456789012345678901234567890123456789012345678901234567890123456/report"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct topic topic = {.kind = TOPIC_KIND_COUNT};
        if (topic_parse(texts[i], &topic)) {
            printf("    taken: %s\n", texts[i]);
        }
        CHECK_INT_EQ(topic.kind, TOPIC_KIND_COUNT); /* untouched */
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"there_and_back", case_there_and_back},
                                              {"shards", case_shards},
                                              {"filters", case_filters},
                                              {"longest", case_longest},
                                              {"foreign", case_foreign}};
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
