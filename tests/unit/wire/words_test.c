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

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"address", case_address}, {"words", case_words}, {"substitute", case_substitute}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
