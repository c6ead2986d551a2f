/* watch_test: which messages of the kernel concern our table, and which bytes are none. */
#include "ports/nftables/watch.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdint.h>

#include "platform/base/units.h"
#include "tests/check.h"

static uint8_t data[512];
static size_t len;

static void message_begin(unsigned kind)
{
    struct nlmsghdr head = {.nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | kind)};
    memset(data + len, 0, 20);
    head.nlmsg_len = 20;
    memcpy(data + len, &head, sizeof head);
}

static void word_add(size_t begin, uint16_t type, const char *word)
{
    struct nlmsghdr head;
    struct nlattr attribute = {.nla_len = (uint16_t)(sizeof attribute + strlen(word) + 1),
                               .nla_type = type};
    memcpy(&head, data + begin, sizeof head);
    memset(data + begin + head.nlmsg_len, 0, 64);
    memcpy(data + begin + head.nlmsg_len, &attribute, sizeof attribute);
    memcpy(data + begin + head.nlmsg_len + sizeof attribute, word, strlen(word));
    head.nlmsg_len += (attribute.nla_len + 3u) & ~3u;
    memcpy(data + begin, &head, sizeof head);
    len = begin + head.nlmsg_len;
}

static void begin(unsigned kind, uint16_t first, const char *table, uint16_t second,
                  const char *chain)
{
    size_t at = len;
    message_begin(kind);
    word_add(at, first, table);
    if (chain != NULL) {
        word_add(at, second, chain);
    }
}

static bool is_reason(void)
{
    bool is_so = watch_read(span_of(data, len), "berth-n");
    len = 0;
    return is_so;
}

static void messages_name_our_table_or_the_hook(void)
{
    begin(NFT_MSG_DELTABLE, NFTA_TABLE_NAME, "berth-n", 0, NULL);
    CHECK(is_reason());
    begin(NFT_MSG_DELRULE, NFTA_RULE_TABLE, "berth-n", NFTA_RULE_CHAIN, "choose");
    CHECK(is_reason());
    begin(NFT_MSG_DELRULE, NFTA_RULE_TABLE, "filter", NFTA_RULE_CHAIN, "DOCKER-USER");
    CHECK(is_reason());
    begin(NFT_MSG_DELCHAIN, NFTA_CHAIN_TABLE, "filter", NFTA_CHAIN_NAME, "DOCKER-USER");
    CHECK(is_reason());
    begin(NFT_MSG_NEWRULE, NFTA_RULE_TABLE, "nat", NFTA_RULE_CHAIN, "DOCKER");
    CHECK(!is_reason());
    begin(NFT_MSG_NEWTABLE, NFTA_TABLE_NAME, "berth-nn", 0, NULL);
    CHECK(!is_reason());
    begin(NFT_MSG_NEWTABLE, NFTA_TABLE_NAME, "berth-", 0, NULL);
    CHECK(!is_reason());
    begin(NFT_MSG_NEWRULE, NFTA_RULE_TABLE, "nat", NFTA_RULE_CHAIN, "DOCKER");
    begin(NFT_MSG_DELTABLE, NFTA_TABLE_NAME, "berth-n", 0, NULL);
    CHECK(is_reason()); /* any message of a datagram */
}

/* Another subsystem's attribute of that name is not ours. */
static void other_subsystems_are_not_read(void)
{
    begin(NFT_MSG_DELTABLE, NFTA_TABLE_NAME, "berth-n", 0, NULL);
    data[5] = NFNL_SUBSYS_CTNETLINK;
    CHECK(!is_reason());
}

/* Every cut of a datagram, and every length it may claim: a reason, or none, and no byte beyond. */
static void damaged_bytes_are_read_within_bounds(void)
{
    begin(NFT_MSG_DELRULE, NFTA_RULE_TABLE, "filter", NFTA_RULE_CHAIN, "INPUT");
    size_t whole = len;
    CHECK(!watch_read(span_of(data, whole), "berth-n"));
    for (size_t cut = 1; cut < whole; cut++) {
        CHECK(watch_read(span_of(data + whole - cut, 0), "berth-n") == false);
        uint8_t copy[sizeof data];
        memcpy(copy, data, cut);
        CHECK(watch_read(span_of(copy, cut), "berth-n")); /* what is short may have been anything */
    }
    for (unsigned claimed = 0; claimed < 256; claimed++) {
        data[0] = (uint8_t)claimed;
        (void)watch_read(span_of(data, whole), "berth-n");
    }
    data[0] = (uint8_t)whole;
    for (unsigned claimed = 0; claimed < 256; claimed++) {
        data[20] = (uint8_t)claimed;
        (void)watch_read(span_of(data, whole), "berth-n");
    }
    len = 0;
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"messages name our table or the hook", messages_name_our_table_or_the_hook},
        {"other subsystems are not read", other_subsystems_are_not_read},
        {"damaged bytes are read within bounds", damaged_bytes_are_read_within_bounds},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
