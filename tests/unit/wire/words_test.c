/* words: addresses, labels, paths, capabilities, secrets and the node's words in environments. */
#include "agent/wire/release_words.h"

#include "agent/wire/release.h"
#include "tests/check.h"

static void case_address(void)
{
    static const char *const bad[] = {"",         "1.2.3",  "1.2.3.4.5", "256.1.1.1", "01.2.3.4",
                                      "1.2.3.4 ", "1..2.3", "a.b.c.d",   "1.2.3.-4",  "1.2.3.0004"};
    ipv4 address = 0;
    char text[16];
    CHECK(address_parse("198.18.0.7", &address));
    CHECK_INT_EQ(address, 0xc6120007);
    address_render(address, text);
    CHECK_STR_EQ(text, "198.18.0.7");
    CHECK(address_parse("255.255.255.255", &address) && address_parse("0.0.0.0", &address));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        CHECK(!address_parse(bad[i], &address));
    }
}

static void case_words(void)
{
    CHECK(label_is_name("zone") && label_is_name("a.b/c_d-e") && label_is_name("A1"));
    CHECK(!label_is_name("") && !label_is_name("-a") && !label_is_name("a.") &&
          !label_is_name("a b"));
    CHECK(path_is_safe("/a/b") && path_is_safe("/a/..b"));
    CHECK(!path_is_safe("a") && !path_is_safe("/a:b") && !path_is_safe("/a/../b") &&
          !path_is_safe("/..") && !path_is_safe("/a\n"));
    CHECK(signal_is_name("SIGTERM") && signal_is_name("SIGRTMIN+3"));
    CHECK(!signal_is_name("TERM") && !signal_is_name("SIG") && !signal_is_name("sigterm") &&
          !signal_is_name("SIGTERM;x"));
    CHECK(capability_is_power("NET_ADMIN") && capability_is_power("CAP_SYS_ADMIN") &&
          capability_is_power("ALL"));
    CHECK(!capability_is_power("CHOWN") && !capability_is_power("CAP_NET_RAW"));
    CHECK(power_of("privileged") == POWER_PRIVILEGED && power_of("root") == 0);
    CHECK_STR_EQ(power_word(POWER_DEVICES), "devices");
    CHECK(variable_is_secret("DB_PASSWORD") && variable_is_secret("api_key") &&
          variable_is_secret("TOKEN"));
    CHECK(!variable_is_secret("DB_PASSWORD_FILE") && !variable_is_secret("PORT"));
}

static void check_substitute(const struct release_node *node, const char *text, const char *want)
{
    uint8_t memory[512];
    struct arena arena;
    const char *result = NULL;
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(node_substitute(text, node, &arena, &result, NULL), 0);
    CHECK_STR_EQ(result, want);
}

static void case_substitute(void)
{
    static const char *const names[] = {"zone", "a.b/c"};
    static const char *const values[] = {"north", "x"};
    const struct release_node node = {.name = "gw1",
                                      .arch = "amd64",
                                      .label_names = names,
                                      .label_values = values,
                                      .label_count = 2};
    const struct release_node tool = {.name = "", .arch = NULL};
    check_substitute(&node, "plain $HOME ${x} $", "plain $HOME ${x} $");
    check_substitute(&node, "$(node.name)-$(node.label.zone)$(node.label.a.b/c)", "gw1-northx");
    check_substitute(&node, "$$(node.name) $(other) $(", "$(node.name) $(other) $(");
    check_substitute(&tool, "<$(node.name)$(node.label.any)>", "<>");
    uint8_t memory[64];
    struct arena arena;
    struct err err;
    const char *result = NULL;
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(node_substitute("$(node.label.rack)", &node, &arena, &result, &err), ERR_VALUE);
    CHECK_CONTAINS(err.text, "no label rack");
    CHECK_INT_EQ(node_substitute("0123456789012345678901234567890123456789012345678901234567890123",
                                 &node, &arena, &result, &err),
                 ERR_LIMIT);
}

/* -- each predicate from both sides of each of its bounds -------------------------------------- */

#define A60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct word_row {
    const char *text;
    bool is_good;
};

static void check_words(bool (*is_it)(const char *text), const struct word_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_it(rows[i].text) != rows[i].is_good) {
            printf("    at '%s'\n", rows[i].text);
        }
        CHECK(is_it(rows[i].text) == rows[i].is_good);
    }
}

static bool is_address(const char *text)
{
    ipv4 address = 7;
    bool is_it = address_parse(text, &address);
    CHECK(is_it || address == 7); /* untouched */
    return is_it;
}

static void case_address_bounds(void)
{
    static const struct word_row rows[] = {
        {"255.255.255.255", true}, {"0.0.0.0", true},     {"256.0.0.0", false},
        {"0.256.0.0", false},      {"0.0.256.0", false},  {"0.0.0.256", false},
        {"00.0.0.0", false},       {"0.01.0.0", false},   {"0.0.0.00", false},
        {"1000.0.0.0", false},     {"0.0.0.1000", false}, {"0.0.0.", false},
        {".0.0.0", false},         {"0.0.0:0", false},    {"0.0.0.0.", false},
        {"0.0.0.0x", false},       {" 0.0.0.0", false},   {"9.19.99.199", true}};
    static const struct word_row v6[] = {{"::", true},
                                         {":", false},
                                         {"", false},
                                         {"1:2", false},
                                         {"12", false},
                                         {"1:2:3", true},
                                         {"fD00::Af:1.2.3.4", true},
                                         {"g::1", false},
                                         {"::1 ", false},
                                         {"0000:0000:0000:0000:0000:0000:255.255.255.255", true},
                                         {"00000:0000:0000:0000:0000:0000:255.255.255.255", false}};
    ipv4 address = 0;
    char text[16];
    check_words(is_address, rows, COUNT_OF(rows));
    check_words(address_is_v6, v6, COUNT_OF(v6));
    CHECK(address_parse("1.2.3.4", &address));
    CHECK_INT_EQ(address, 0x01020304);
    address_render(0x01020304, text);
    CHECK_STR_EQ(text, "1.2.3.4");
    address_render(0xfffefdfc, text);
    CHECK_STR_EQ(text, "255.254.253.252");
}

static void case_names(void)
{
    static const struct word_row labels[] = {
        {"a", true},    {"A-_./9", true},   {"", false},       {"-a", false},      {"a-", false},
        {"/a", false},  {"a/", false},      {"a b", false},    {"a:b", false},     {"a\x7f", false},
        {"a=b", false}, {A60 "aa-", false}, {A60 "aaa", true}, {A60 "aaaa", false}};
    static const struct word_row volumes[] = {
        {"a", true},    {"9", true},        {"a-_.", true},       {"", false},        {"-a", false},
        {"_a", false},  {".a", false},      {"a/b", false},       {"a b", false},     {"a:", false},
        {"aa:", false}, {A60 "aaaa", true}, {A60 "aaaaa", false}, {A60 "aaa:", false}};
    static const struct word_row paths[] = {
        {"/", true},      {"", false},        {"a", false},     {"/..", false}, {"/a/..", false},
        {"/../a", false}, {"/..a", true},     {"/a..", true},   {"/.", true},   {"/a/.../b", true},
        {"/:", false},    {"/a:b", false},    {"/\x1f", false}, {"/ ", true},   {"/~", true},
        {"/\x7f", false}, {"/\xc3\xa4", true}};
    check_words(label_is_name, labels, COUNT_OF(labels));
    check_words(volume_is_name, volumes, COUNT_OF(volumes));
    check_words(path_is_safe, paths, COUNT_OF(paths));
}

static void case_signals(void)
{
    static const struct word_row names[] = {{"SIGXY", true},
                                            {"SIGX", false},
                                            {"SIGX1", true},
                                            {"SIGRTMIN+3", true},
                                            {"SIGRTMAX-14", true},
                                            {"SIG_X", false},
                                            {"SIGXy", false},
                                            {"siGXY", false},
                                            {"TIGXY", false},
                                            {"SIHXY", false},
                                            {"SIGXY ", false},
                                            {"SIGABCDEFGHIJKLM", true},
                                            {"SIGABCDEFGHIJKLMN", false}};
    static const struct word_row numbers[] = {
        {"1", true},    {"2", true},   {"9", true},   {"10", true},  {"64", true},  {"65", false},
        {"0", false},   {"00", false}, {"01", false}, {"", false},   {"99", false}, {"100", false},
        {"064", false}, {"1x", false}, {"x1", false}, {"-1", false}, {" 1", false}, {"640", false}};
    check_words(signal_is_name, names, COUNT_OF(names));
    check_words(signal_is_number, numbers, COUNT_OF(numbers));
}

/* Docker's default set is no power, under both names; whatever is not in it is one. */
static void case_capabilities(void)
{
    static const char *const given[] = {"CHOWN",   "DAC_OVERRIDE", "FSETID",           "FOWNER",
                                        "MKNOD",   "NET_RAW",      "SETGID",           "SETUID",
                                        "SETFCAP", "SETPCAP",      "NET_BIND_SERVICE", "SYS_CHROOT",
                                        "KILL",    "AUDIT_WRITE"};
    for (size_t i = 0; i < COUNT_OF(given); i++) {
        char name[40];
        CHECK(!capability_is_power(given[i]));
        (void)snprintf(name, sizeof name, "CAP_%s", given[i]);
        CHECK(!capability_is_power(name));
        (void)snprintf(name, sizeof name, "%sX", given[i]);
        CHECK(capability_is_power(name));
        (void)snprintf(name, sizeof name, "CAP_CAP_%s", given[i]);
        CHECK(capability_is_power(name));
    }
    CHECK(capability_is_power("SYS_ADMIN") && capability_is_power("ALL") &&
          capability_is_power("CAP_ALL") && capability_is_power(""));
}

static void case_power_words(void)
{
    static const char *const words[] = {"privileged",   "host-network", "host-paths", "devices",
                                        "capabilities", "host-pid",     "host-ipc",   "host-uts",
                                        "host-userns",  "host-cgroup",  "unconfined", "runtime",
                                        "oom"};
    for (unsigned i = 0; i < COUNT_OF(words); i++) {
        CHECK_INT_EQ(power_of(words[i]), 1u << i);
        CHECK_STR_EQ(power_word(1u << i), words[i]);
    }
    CHECK_INT_EQ(1u << (COUNT_OF(words) - 1), POWER_LAST);
    CHECK_INT_EQ(power_of("Devices") + power_of("") + power_of("unknown"), 0);
    CHECK_STR_EQ(power_word(0), "unknown");
    CHECK_STR_EQ(power_word(POWER_LAST << 1), "unknown");
}

static void case_secrets(void)
{
    static const struct word_row rows[] = {
        {"PASSWORD", true},    {"xsecretx", true},    {"Token", true},     {"private_key", true},
        {"API_KEY", true},     {"APIKEY", false},     {"PASSWOR", false},  {"PRIVATE-KEY", false},
        {"TOKEN_FILE", false}, {"token_file", false}, {"TOKENFILE", true}, {"TOKEN_FILES", true},
        {"_FILE_TOKEN", true}, {"", false},           {"FILE", false}};
    check_words(variable_is_secret, rows, COUNT_OF(rows));
}

/* A name as long as there may be, and as long a value. */
static void case_long_references(void)
{
    static char text[9000];
    static uint8_t memory[10000];
    const struct release_node node = {.name = "gw1", .arch = "amd64"};
    struct arena arena;
    struct err err = {0};
    const char *result = NULL;
    arena_init(&arena, memory, sizeof memory);
    for (int letters = 68; letters <= 69; letters++) {
        (void)snprintf(text, sizeof text, "$(node.label.%s%.*s)", A60, letters - 60, "bbbbbbbbb");
        CHECK_INT_EQ(node_substitute(text, &node, &arena, &result, &err),
                     letters == 68 ? ERR_VALUE : 0);
    }
    CHECK_STR_EQ(result, text); /* nothing of ours: it stays */
    CHECK_CONTAINS(err.text, "this node has no label " A60 "bbbbbbbb; set it or change");
    for (int len = 8191; len <= 8192; len++) {
        memset(text, 'x', sizeof text);
        memcpy(text, "$(node.name)", 12);
        text[len + 9] = '\0'; /* "gw1" is nine shorter */
        arena_init(&arena, memory, sizeof memory);
        CHECK_INT_EQ(node_substitute(text, &node, &arena, &result, &err),
                     len == 8191 ? 0 : ERR_LIMIT);
        if (len == 8191) {
            CHECK_INT_EQ(strlen(result), 8191);
        }
    }
    CHECK_STR_EQ(err.text, "the value is too long");
    CHECK_INT_EQ(node_substitute(
                     "$$(node.name) $$ $( $(node.nam) $(node.names) $(node.labels.x) $(node.name",
                     &node, &arena, &result, &err),
                 0);
    CHECK_STR_EQ(result,
                 "$(node.name) $$ $( $(node.nam) $(node.names) $(node.labels.x) $(node.name");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"address", case_address},
                                              {"words", case_words},
                                              {"substitute", case_substitute},
                                              {"address bounds", case_address_bounds},
                                              {"names", case_names},
                                              {"signals", case_signals},
                                              {"capabilities", case_capabilities},
                                              {"power words", case_power_words},
                                              {"secrets", case_secrets},
                                              {"long references", case_long_references}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
