/* text_edge: what the readers of text take and refuse at each side of a bound: settings,
 * durations, sizes, base64, topics, labels, addresses. */
#include "agent/wire/base64.h"
#include "agent/wire/config.h"
#include "agent/wire/duration.h"
#include "agent/wire/labels.h"
#include "agent/wire/presence.h"
#include "agent/wire/release.h"
#include "agent/wire/release_words.h"
#include "agent/wire/topic.h"
#include "tests/check.h"

static char data[80000];
static struct text text;

static struct text *fresh(void)
{
    text_init(&text, data, sizeof data);
    return &text;
}

/* -- settings --------------------------------------------------------------------------------- */

static int config_read(const char *rest, struct config *config, struct err *err)
{
    (void)snprintf(data, sizeof data, "{\"schema\":1,\"node\":\"n\",\"fleet\":\"f\"%s}", rest);
    return config_parse(span_text(data), config, err);
}

#define FILES "\"ca\":\"/c\",\"cert\":\"/d\",\"key\":\"/e\""

static void case_config(void)
{
    static const struct {
        const char *rest;
        int code;
        const char *message;
    } rows[] = {
        {",\"pool\":\"10.0.0.0/8\"", 0, ""},
        {",\"pool\":\"10.0.0.0/7\"", ERR_VALUE, "must be /8 to /20"},
        {",\"pool\":\"10.0.0.0/20\"", 0, ""},
        {",\"pool\":\"10.0.0.0/21\"", ERR_VALUE, "must be /8 to /20"},
        {",\"pool\":\"10.0.16.0/20\"", 0, ""},
        {",\"pool\":\"10.0.8.0/20\"", ERR_VALUE, "bits are set behind the prefix /20"},
        {",\"pool\":\"10.0.0.0/015\"", ERR_VALUE, "must be a network"},
        {",\"pool\":\"10.0.0.0/+9\"", ERR_VALUE, "must be a network"},
        {",\"pool\":\"10.0.0/9\"", ERR_VALUE, "must be a network"},
        {",\"pool\":\"10.0.0.0/\"", ERR_VALUE, "must be a network"},
        {",\"pool\":1", ERR_VALUE, "must be a string"},
        {",\"controlUid\":0", 0, ""},
        {",\"controlUid\":4294967294", 0, ""},
        {",\"controlUid\":4294967295", ERR_VALUE, "controlUid"},
        {",\"labels\":[]", ERR_VALUE, "at most 32 labels"},
        {",\"labels\":{\"a\":1}", ERR_VALUE, "must be a string"},
        {",\"power\":[]", ERR_VALUE, "at most 16 apps"},
        {",\"power\":{\"a\":{}}", ERR_VALUE, "must be a list of powers"},
        {",\"power\":{\"a\":[1]}", ERR_VALUE, "must be a string"},
        {",\"publishAddress\":1", ERR_VALUE, "must be a string"},
        {",\"mtu\":576", 0, ""},
        {",\"mtu\":575", ERR_VALUE, "mtu: must be between 576 and 65535"},
        {",\"mtu\":65535", 0, ""},
        {",\"mtu\":65536", ERR_VALUE, "between 576 and 65535"},
        {",\"mtu\":\"1500\"", ERR_VALUE, "must be an integer"},
        {",\"broker\":{\"host\":\"h\",\"port\":65535," FILES "}", 0, ""},
        {",\"broker\":{\"host\":\"h\",\"port\":65536," FILES "}", ERR_VALUE, "port"},
        {",\"broker\":{\"host\":\"h\",\"port\":0," FILES "}", ERR_VALUE, "port"},
        {",\"broker\":{\"host\":\"\"," FILES "}", ERR_VALUE, "a host name or an IPv4 address"},
        {",\"broker\":{\"host\":\"h\",\"name\":\"a/b\"," FILES "}", ERR_VALUE, "broker.name"},
        {",\"broker\":{\"host\":\"h\",\"ca\":\"c\",\"cert\":\"/d\",\"key\":\"/e\"}", ERR_VALUE,
         "broker.ca: must be an absolute path"},
        {",\"broker\":{\"host\":\"h\",\"ca\":\"/c\",\"cert\":\"d\",\"key\":\"/e\"}", ERR_VALUE,
         "broker.cert: must be an absolute path"},
        {",\"broker\":{\"host\":\"h\",\"ca\":\"/c\",\"cert\":\"/d\",\"key\":\"e\"}", ERR_VALUE,
         "broker.key: must be an absolute path"},
        {",\"broker\":{\"host\":\"h\",\"cert\":\"/d\",\"key\":\"/e\"}", ERR_MISSING, "ca"},
        {",\"broker\":{\"host\":\"h\",\"ca\":\"/c\",\"key\":\"/e\"}", ERR_MISSING, "cert"},
        {",\"broker\":{\"host\":\"h\",\"ca\":\"/c\",\"cert\":\"/d\"}", ERR_MISSING, "key"},
    };
    static struct config config;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        int rc = config_read(rows[i].rest, &config, &err);
        CHECK_STR_EQ(err_word(rc), err_word(rows[i].code));
        CHECK_CONTAINS(err.text, rows[i].message);
        if (rc != rows[i].code) {
            printf("    %s: %s\n", rows[i].rest, err.text);
        }
    }
}

/* Each path goes where it belongs. */
static void case_config_paths(void)
{
    static struct config config;
    CHECK_INT_EQ(config_read(",\"stateDir\":\"/1\",\"controlDir\":\"/2\",\"engineSocket\":\"/3\","
                             "\"trust\":\"/4\",\"revoke\":\"/5\",\"secretsDir\":\"/6\","
                             "\"broker\":{\"host\":\"h\"," FILES "}",
                             &config, NULL),
                 0);
    CHECK_STR_EQ(config.state_dir, "/1");
    CHECK_STR_EQ(config.control_dir, "/2");
    CHECK_STR_EQ(config.engine_socket, "/3");
    CHECK_STR_EQ(config.trust_path, "/4");
    CHECK_STR_EQ(config.revoke_path, "/5");
    CHECK_STR_EQ(config.secrets_dir, "/6");
    CHECK_STR_EQ(config.boot_ruleset, "/1/boot.nft");
    CHECK_STR_EQ(config.broker.ca_path, "/c");
    CHECK_STR_EQ(config.broker.cert_path, "/d");
    CHECK_STR_EQ(config.broker.key_path, "/e");
    static const char *const keys[] = {"stateDir", "controlDir", "engineSocket", "trust",
                                       "revoke",   "secretsDir", "bootRuleset"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        char rest[64];
        struct err err = {0};
        (void)snprintf(rest, sizeof rest, ",\"%s\":\"x\"", keys[i]);
        CHECK_INT_EQ(config_read(rest, &config, &err), ERR_VALUE);
        CHECK_CONTAINS(err.text, keys[i]);
    }
    /* The state's path has to leave room for the file in it. */
    for (int len = 190; len <= 191; len++) {
        char rest[300], path[200];
        memset(path, 'a', sizeof path);
        path[0] = '/';
        path[len] = '\0';
        (void)snprintf(rest, sizeof rest, ",\"stateDir\":\"%s\"", path);
        CHECK_INT_EQ(config_read(rest, &config, NULL), len == 190 ? 0 : ERR_VALUE);
    }
}

static void case_config_counts(void)
{
    static struct config config;
    char rest[2000];
    for (int count = 32; count <= 33; count++) {
        size_t used = (size_t)snprintf(rest, sizeof rest, ",\"labels\":{\"k\":\"v\"");
        for (int i = 1; i < count; i++) {
            used += (size_t)snprintf(rest + used, sizeof rest - used, ",\"k%d\":\"v%d\"", i, i);
        }
        (void)snprintf(rest + used, sizeof rest - used, "}");
        CHECK_INT_EQ(config_read(rest, &config, NULL), count == 32 ? 0 : ERR_VALUE);
    }
    for (int count = 16; count <= 17; count++) {
        size_t used = (size_t)snprintf(rest, sizeof rest, ",\"power\":{\"k\":[]");
        for (int i = 1; i < count; i++) {
            used += (size_t)snprintf(rest + used, sizeof rest - used, ",\"k%d\":[\"devices\"]", i);
        }
        (void)snprintf(rest + used, sizeof rest - used, "}");
        CHECK_INT_EQ(config_read(rest, &config, NULL), count == 16 ? 0 : ERR_VALUE);
        if (count == 16) {
            CHECK_INT_EQ(config.power_count, 16);
            CHECK_STR_EQ(config.powers[15].app, "k15");
            CHECK_INT_EQ(config.powers[15].powers, POWER_DEVICES);
            CHECK_INT_EQ(config.powers[0].powers, 0);
        }
    }
}

/* -- durations, sizes ------------------------------------------------------------------------- */

static void case_duration(void)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } rows[] = {{"744h", 2678400000},
                {"744h1ms", -1},
                {"743h59m59s999ms", 2678399999},
                {"44640m", 2678400000},
                {"44641m", -1},
                {"2678400s", 2678400000},
                {"2678400000ms", 2678400000},
                {"2678400001ms", -1},
                {"1ms1000us", 2},
                {"1ms999us", -1},
                {"1m1h", -1},
                {"1h1h", -1},
                {"9007199254740992us", -1},
                {"0h0m", 0},
                {"0ms", 0}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t ms = -1;
        CHECK_INT_EQ(duration_parse(rows[i].text, &ms), rows[i].ms >= 0);
        CHECK_INT_EQ(ms, rows[i].ms);
    }
    static const struct {
        int64_t ms;
        const char *text;
    } written[] = {{-1, "0s"},
                   {0, "0s"},
                   {1, "1ms"},
                   {1000, "1s"},
                   {60000, "1m"},
                   {3600000, "1h"},
                   {3661001, "1h1m1s1ms"},
                   {3599999, "59m59s999ms"}};
    for (size_t i = 0; i < COUNT_OF(written); i++) {
        char out[32];
        duration_render(written[i].ms, out, sizeof out);
        CHECK_STR_EQ(out, written[i].text);
    }
}

static void case_size(void)
{
    static const struct {
        const char *text;
        uint64_t bytes; /* 1: refused */
    } rows[] = {{"9007199254740991", 9007199254740991u},
                {"8796093022207k", 9007199254739968u},
                {"8796093022208k", 1},
                {"8589934591m", 9007199253692416u},
                {"8589934592m", 1},
                {"8388607g", 9007198180999168u},
                {"8388608g", 1},
                {"3kB", 3072},
                {"3KIB", 3072},
                {"3mb", 3 << 20},
                {"3gib", 3221225472u},
                {"3kk", 1},
                {"0g", 0}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t bytes = 1;
        CHECK_INT_EQ(size_parse(rows[i].text, &bytes), rows[i].bytes != 1);
        CHECK(bytes == rows[i].bytes);
    }
}

/* -- base64 ----------------------------------------------------------------------------------- */

/* Every byte at every place, there and back; and each character that is none. */
static void case_base64(void)
{
    static uint8_t memory[4096];
    uint8_t all[258];
    for (size_t i = 0; i < sizeof all; i++) {
        all[i] = (uint8_t)i;
    }
    for (size_t len = 0; len <= sizeof all; len++) {
        struct arena arena;
        struct span back;
        arena_init(&arena, memory, sizeof memory);
        const char *encoded = base64_encode(span_of(all, len), &arena);
        CHECK_INT_EQ(strlen(encoded), (len + 2) / 3 * 4);
        CHECK_INT_EQ(base64_decode(encoded, &arena, &back, NULL), 0);
        CHECK(span_is_equal(back, span_of(all, len)));
    }
    unsigned good = 0;
    for (int c = 1; c < 256; c++) {
        char quad[5] = {'A', (char)c, 'A', 'A', '\0'};
        struct arena arena;
        struct span back;
        arena_init(&arena, memory, sizeof memory);
        good += base64_decode(quad, &arena, &back, NULL) == 0;
    }
    CHECK_INT_EQ(good, 64);
    static const char *const bad[] = {"A===",  "====", "AA=A", "=AAA",     "AAA",
                                      "AAAAA", "AB==", "AAB=", "AA==AAAA", "AAA=AAAA"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct arena arena;
        struct span back;
        struct err err = {0};
        arena_init(&arena, memory, sizeof memory);
        CHECK_INT_EQ(base64_decode(bad[i], &arena, &back, &err), ERR_SYNTAX);
    }
    struct arena arena;
    struct span back;
    struct err err = {0};
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(base64_decode("AAAAAAA!", &arena, &back, &err), ERR_SYNTAX);
    CHECK_CONTAINS(err.text, "at character 5");
    /* Just enough room, and one byte less. */
    for (size_t room = 0; room < 40; room++) {
        arena_init(&arena, memory, room);
        const char *encoded = base64_encode(span_of(all, 4), &arena);
        CHECK(encoded == NULL || room >= 9);
        arena_init(&arena, memory, room);
        int rc = base64_decode("AAAAAAAA", &arena, &back, NULL);
        CHECK(rc == (room >= 6 ? rc : ERR_LIMIT));
    }
}

/* -- words ------------------------------------------------------------------------------------ */

static void case_topics(void)
{
    static const struct {
        const char *text;
        bool is_good;
    } rows[] = {
        {"berth/1/f/trust", true},
        {"berth/1/f/trust/", false},
        {"berth/1/f/trus", false},
        {"berth/1/f/trustx", false},
        {"berth/1//trust", false},
        {"berth/1/f", false},
        {"berth/1/f/", false},
        {"berth/2/f/trust", false},
        {"berth/1/F/trust", false},
        {"berth/1/f/node//labels", false},
        {"berth/1/f/node/N/labels", false},
        {"berth/1/f/node/n/labels", true},
        {"berth/1/f/node/n/labels/x", false},
        {"berth/1/f/node/n/order/", false},
        {"berth/1/f/node/n/order/+", false},
        {"berth/1/f/release/00", false},
        {"berth/1/f/rollout/r/spec", true},
        {"berth/1/f/rollout/r", false},
        {"berth/1/f12345678901234567890123456789012/trust", false},
        {"berth/1/f1234567890123456789012345678901/trust", true},
        {"berth/1/f/node/n/order/a1234567890123456789012345678901", true},
        {"berth/1/f/node/n/order/a12345678901234567890123456789012", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct topic topic = {.kind = TOPIC_KIND_COUNT};
        bool is_good = topic_parse(rows[i].text, &topic);
        CHECK_INT_EQ(is_good, rows[i].is_good);
        CHECK_INT_EQ(topic.kind == TOPIC_KIND_COUNT, !rows[i].is_good);
        if (is_good != rows[i].is_good) {
            printf("    %s\n", rows[i].text);
        }
    }
}

static void case_labels(void)
{
    struct labels labels = {0};
    CHECK_INT_EQ(labels_set(&labels, "b", "1", NULL), 0);
    CHECK_INT_EQ(labels_set(&labels, "d", "2", NULL), 0);
    CHECK_INT_EQ(labels_set(&labels, "a", "3", NULL), 0);
    CHECK_INT_EQ(labels_set(&labels, "c", "4", NULL), 0);
    static const char *const sorted[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < 4; i++) {
        CHECK_STR_EQ(labels.list[i].key, sorted[i]);
    }
    CHECK(!labels_remove(&labels, "bb"));
    CHECK(!labels_remove(&labels, "e")); /* behind the last */
    CHECK(labels_get(&labels, "e") == NULL);
    CHECK_INT_EQ(labels.count, 4);
    CHECK(labels_remove(&labels, "b"));
    CHECK_STR_EQ(labels.list[1].key, "c");
    CHECK_STR_EQ(labels_get(&labels, "c"), "4");
    CHECK_STR_EQ(labels_get(&labels, "d"), "2");
    CHECK(labels_remove(&labels, "d"));
    CHECK_INT_EQ(labels.count, 2);
    CHECK(labels_get(&labels, "d") == NULL); /* gone, though its bytes may still be there */
    for (int count = 32; count <= 33; count++) {
        text_append(fresh(), "{\"schema\":1,\"labels\":{\"k\":\"v\"");
        for (int i = 1; i < count; i++) {
            text_printf(&text, ",\"k%d\":\"v\"", i);
        }
        text_append(&text, "}}");
        struct err err = {0};
        CHECK_INT_EQ(labels_parse(span_text(data), &labels, &err), count == 32 ? 0 : ERR_VALUE);
    }
    CHECK_INT_EQ(labels.count, 32);
}

static void case_words(void)
{
    static const struct {
        const char *text;
        ipv4 address;
        bool is_good;
    } addresses[] = {{"0.0.0.0", 0, true},          {"255.0.0.1", 0xff000001, true},
                     {"256.0.0.1", 0, false},       {"1.2.3.4.", 0, false},
                     {"1.2.3", 0, false},           {"1.2.3.04", 0, false},
                     {"1.2.3.0", 0x01020300, true}, {"1234.1.1.1", 0, false},
                     {"1.1.1.1111", 0, false},      {"1,2.3.4", 0, false}};
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        ipv4 address = 0;
        CHECK_INT_EQ(address_parse(addresses[i].text, &address), addresses[i].is_good);
        CHECK_INT_EQ(address, addresses[i].address);
    }
    char word[80];
    memset(word, 'a', sizeof word);
    word[64] = '\0';
    CHECK(!label_is_name(word));
    word[63] = '\0';
    CHECK(label_is_name(word));
    CHECK(label_is_name("a") && !label_is_name("a+b") && !label_is_name("a-"));
    CHECK(signal_is_name("SIGIO") && !signal_is_name("SIGA")); /* the shortest there is */
    CHECK(signal_is_name("SIGRTMAX-12+3456"));
    CHECK(!signal_is_name("SIGRTMAX-12+34567"));
    CHECK(!signal_is_name("SIGa12") && !signal_is_name("SIG*12") && signal_is_name("SIG012"));
    static const char *const given[] = {"CHOWN",   "DAC_OVERRIDE", "FSETID",           "FOWNER",
                                        "MKNOD",   "NET_RAW",      "SETGID",           "SETUID",
                                        "SETFCAP", "SETPCAP",      "NET_BIND_SERVICE", "SYS_CHROOT",
                                        "KILL",    "AUDIT_WRITE"};
    for (size_t i = 0; i < COUNT_OF(given); i++) {
        (void)snprintf(word, sizeof word, "CAP_%s", given[i]);
        CHECK(!capability_is_power(given[i]) && !capability_is_power(word));
    }
    CHECK(capability_is_power("CAP_CAP_CHOWN") && capability_is_power("CHOWN2"));
    static const char *const powers[] = {"privileged",   "host-network", "host-paths", "devices",
                                         "capabilities", "host-pid",     "host-ipc",   "host-uts",
                                         "host-userns",  "host-cgroup",  "unconfined", "runtime",
                                         "oom"};
    CHECK_INT_EQ(POWER_LAST, 1u << (COUNT_OF(powers) - 1));
    for (unsigned i = 0; i < COUNT_OF(powers); i++) {
        CHECK_INT_EQ(power_of(powers[i]), 1u << i);
        CHECK_STR_EQ(power_word(1u << i), powers[i]);
    }
    CHECK_STR_EQ(power_word(POWER_LAST << 1), "unknown");
    CHECK(path_is_safe("/") && !path_is_safe("") && !path_is_safe("/a/..") &&
          path_is_safe("/a/...") && !path_is_safe("/\x7f") && !path_is_safe("/\x1f") &&
          path_is_safe("/ "));
}

/* The node's words where they stand, up to what a value may hold. */
static void case_substitute(void)
{
    static uint8_t memory[20000];
    static char long_text[9000];
    static const char *const names[] = {"zone", "rack"}, *const values[] = {"north", "7"};
    const struct release_node node = {
        .name = "gw", .arch = "x", .label_names = names, .label_values = values, .label_count = 2};
    static const struct {
        const char *given, *wanted;
    } rows[] = {{"$(node.label.rack)$(node.name)$$(x)$", "7gw$(x)$"},
                {"$(node.label.zone", "$(node.label.zone"},
                {"$(node.name))", "gw)"},
                {"a$(b)c", "a$(b)c"},
                {"", ""}};
    struct arena arena;
    const char *result = NULL;
    struct err err = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        arena_init(&arena, memory, sizeof memory);
        CHECK_INT_EQ(node_substitute(rows[i].given, &node, &arena, &result, &err), 0);
        CHECK_STR_EQ(result, rows[i].wanted);
    }
    for (size_t len = 8189; len <= 8190; len++) { /* and "gw" behind it: 8191 fit */
        memset(long_text, 'a', len);
        (void)snprintf(long_text + len, sizeof long_text - len, "$(node.name)");
        arena_init(&arena, memory, sizeof memory);
        CHECK_INT_EQ(node_substitute(long_text, &node, &arena, &result, &err),
                     len == 8189 ? 0 : ERR_LIMIT);
    }
    CHECK_CONTAINS(err.text, "the value is too long");
    const struct release_node nameless = {.arch = "x"};
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(node_substitute("<$(node.name)>", &nameless, &arena, &result, &err), 0);
    CHECK_STR_EQ(result, "<>");
}

static void case_presence(void)
{
    struct presence presence = {.session = "0123456789abcdef"};
    presence_render(&presence, fresh());
    CHECK_STR_EQ(data, "{\"schema\":1,\"session\":\"0123456789abcdef\",\"online\":false}");
    presence.is_online = presence.is_time_trusted = true;
    presence.since = 1;
    presence_render(&presence, fresh());
    CHECK_STR_EQ(data, "{\"schema\":1,\"session\":\"0123456789abcdef\",\"online\":true,"
                       "\"since\":1,\"timeTrusted\":true}");
    CHECK_INT_EQ(presence_parse(span_text("{\"schema\":1,\"must\":[\"since\"],\"session\":\"s\","
                                          "\"online\":true}"),
                                &presence, NULL),
                 0);
    CHECK_INT_EQ(presence_parse(span_text("{\"schema\":1,\"must\":[\"mood\"],\"session\":\"s\","
                                          "\"online\":true}"),
                                &presence, NULL),
                 ERR_UNKNOWN_KEY);
    CHECK_INT_EQ(presence_parse(span_text("{\"schema\":1,\"online\":true}"), &presence, NULL),
                 ERR_MISSING);
    CHECK_INT_EQ(
        presence_parse(span_text("{\"schema\":1,\"must\":[1],\"session\":\"s\",\"online\":true}"),
                       &presence, NULL),
        ERR_VALUE);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"config", case_config},
        {"config paths", case_config_paths},
        {"config counts", case_config_counts},
        {"duration", case_duration},
        {"size", case_size},
        {"base64", case_base64},
        {"topics", case_topics},
        {"labels", case_labels},
        {"words", case_words},
        {"substitute", case_substitute},
        {"presence", case_presence},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
