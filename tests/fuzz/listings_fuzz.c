/* listings: what nft and iptables print and what /proc/net says, as any bytes. */
#include "platform/base/units.h"
#include "ports/nftables/firewall.h"
#include "ports/nftables/held.h"
#include "ports/nftables/pool.h"
#include "ports/nftables/ruleset.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_of(data, size);
    unsigned how = input_byte(&input);
    uint64_t generation = 77;
    if (!ruleset_find_generation(input, &generation)) {
        PROMISE(generation == 77);
    }
    unsigned found = firewall_find(input, 0xc6120000u, 15);
    PROMISE(found < 1u << FIREWALL_RULE_COUNT);
    PROMISE(firewall_obstacle(input, (how & 4) != 0) < ROUTE_OBSTACLE_COUNT);
    char words[64];
    struct text route;
    text_init(&route, words, sizeof words);
    bool is_over = pool_line(input, 0xc6120000u, 15, &route);
    PROMISE(!route.cut && is_over == (route.len > 0));
    bool is_v6 = (how & 1) != 0;
    enum route_protocol protocol = (how & 2) != 0 ? ROUTE_UDP : ROUTE_TCP;
    bool at_any = held_line(input, is_v6, protocol, 0, 80);
    /* Who holds it at one address holds it where all are asked for. */
    PROMISE(!held_line(input, is_v6, protocol, 0x7f000001u, 80) || at_any);
    return 0;
}
