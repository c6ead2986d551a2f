/* What the route over nftables must do that only a kernel can show: its neighbours' rules, its
 * firewall, its bridges, and the hole that route_localnet opens. */
#include "ports/linux/helper.h"
#include "tests/check.h"
#include "tests/contract/route_world.h"

#define PRIVATE_PORT 7777
#define BRIDGE_CALLS "/proc/sys/net/bridge/bridge-nf-call-iptables"
#define LOCALNET     "/proc/sys/net/ipv4/conf/" WORLD_BRIDGE "/route_localnet"

static struct world world;
static struct route_fixture fixture;

static int ask(unsigned from, ipv4 address, uint16_t port)
{
    return route_contract_ask(&fixture, (enum route_place)from, ROUTE_TCP, address, port);
}

static int apply_weights(uint64_t generation, uint16_t first, uint16_t second)
{
    struct route_table table;
    route_contract_table(&fixture, generation, first, second, &table);
    return route_contract_apply(&fixture, &table);
}

static bool is_open(void)
{
    struct route_state state = {0};
    CHECK_INT_EQ(route_contract_read(&fixture, &state), 0);
    return state.is_open;
}

static bool node_run(const char *line)
{
    return world_run(&world, PLACE_NODE, "%s", line) == 0;
}

static void node_run_all(const char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CHECK(node_run(lines[i]));
    }
}

/* Everything Docker 20.10 puts in the way of a forwarded packet, for the two bridges of the world.
 */
static void engine_firewall_make(void)
{
    static const char *const lines[] = {
        "iptables -w -P FORWARD DROP",
        "iptables -w -N DOCKER-USER",
        "iptables -w -N ISOLATION-1",
        "iptables -w -N ISOLATION-2",
        "iptables -w -A FORWARD -j DOCKER-USER",
        "iptables -w -A FORWARD -j ISOLATION-1",
        "iptables -w -A FORWARD -o berth-0badcafe -m conntrack --ctstate RELATED,ESTABLISHED -j "
        "ACCEPT",
        "iptables -w -A FORWARD -i berth-0badcafe ! -o berth-0badcafe -j ACCEPT",
        "iptables -w -A FORWARD -i berth-0badcafe -o berth-0badcafe -j ACCEPT",
        "iptables -w -A FORWARD -o other0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "iptables -w -A FORWARD -i other0 ! -o other0 -j ACCEPT",
        "iptables -w -A FORWARD -i other0 -o other0 -j ACCEPT",
        "iptables -w -A ISOLATION-1 -i berth-0badcafe ! -o berth-0badcafe -j ISOLATION-2",
        "iptables -w -A ISOLATION-1 -i other0 ! -o other0 -j ISOLATION-2",
        "iptables -w -A ISOLATION-2 -o berth-0badcafe -j DROP",
        "iptables -w -A ISOLATION-2 -o other0 -j DROP",
        "iptables -w -A DOCKER-USER -j RETURN",
    };
    node_run_all(lines, COUNT_OF(lines));
}

static void engine_firewall_remove(void)
{
    static const char *const lines[] = {"iptables -w -P FORWARD ACCEPT", "iptables -w -F",
                                        "iptables -w -X"};
    node_run_all(lines, COUNT_OF(lines));
}

static unsigned words_count(const char *text, const char *word)
{
    unsigned count = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        count++;
    }
    return count;
}

/* How often the pool stands in DOCKER-USER. */
static unsigned accepts_count(void)
{
    char rules[4096];
    CHECK_INT_EQ(world_capture(&world, rules, sizeof rules, "iptables -w -S DOCKER-USER"), 0);
    return words_count(rules, WORLD_POOL_TEXT);
}

static void engine_firewall_is_opened(void)
{
    fixture.reset(&world);
    engine_firewall_make();
    CHECK(!is_open());
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    CHECK(is_open());
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080), 0);
    CHECK_INT_EQ(ask(PLACE_STRANGER, WORLD_NODE_ADDRESS, 8080), 0);
    CHECK_INT_EQ(apply_weights(2, 0, 1), 0);
    CHECK_INT_EQ(accepts_count(), 2);
    CHECK(node_run("iptables -w -F DOCKER-USER"));
    CHECK(!is_open());
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080), ROUTE_SILENT);
    CHECK(node_run("iptables -w -A DOCKER-USER -j RETURN"));
    CHECK(node_run("iptables -w -A DOCKER-USER -d " WORLD_POOL_TEXT " -j ACCEPT"));
    CHECK(!is_open()); /* behind the return it is dead */
    CHECK_INT_EQ(apply_weights(3, 0, 1), 0);
    CHECK(is_open());
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080), 1);
    CHECK_INT_EQ(route_contract_clear(&fixture), 0);
    CHECK_INT_EQ(accepts_count(), 0);
    engine_firewall_remove();
}

static void without_an_engine_the_policy_tells(void)
{
    fixture.reset(&world);
    CHECK(is_open());
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    CHECK(is_open());
    CHECK(node_run("iptables -w -P FORWARD DROP"));
    CHECK(!is_open());
    CHECK(node_run("iptables -w -P FORWARD ACCEPT"));
}

static const char *obstacle_word(void)
{
    struct route_state state = {0};
    CHECK_INT_EQ(route_contract_read(&fixture, &state), 0);
    return route_obstacle_word(state.obstacle);
}

/* Each that a site may put in the way is named, and is gone when it is gone. */
static void obstacles_are_seen(void)
{
    struct route_table table;
    fixture.reset(&world);
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    CHECK_STR_EQ(obstacle_word(), "none");
    CHECK(node_run("iptables -w -P FORWARD DROP"));
    CHECK_STR_EQ(obstacle_word(), "policy");
    CHECK(!is_open());
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080), ROUTE_SILENT);
    CHECK(node_run("iptables -w -N DOCKER-USER"));
    CHECK_INT_EQ(apply_weights(2, 1, 0), 0);
    CHECK_STR_EQ(obstacle_word(), "hook");
    CHECK(!is_open());
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080), ROUTE_SILENT);
    CHECK(node_run("iptables -w -A FORWARD -j DOCKER-USER"));
    CHECK_STR_EQ(obstacle_word(), "none");
    CHECK(is_open());
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080), 0);
    engine_firewall_remove();
    route_contract_table(&fixture, 3, 1, 0, &table);
    CHECK_INT_EQ(fixture.route.ops->check(fixture.route.self, &table, NULL), 0);
    CHECK(node_run("ip route add 198.18.64.0/24 dev " WORLD_UPLINK));
    CHECK_STR_EQ(obstacle_word(), "pool");
    struct err err = {0};
    CHECK_INT_EQ(fixture.route.ops->check(fixture.route.self, &table, &err), ERR_EXISTS);
    CHECK_CONTAINS(err.text, "198.18.64.0/24 of " WORLD_UPLINK);
    CHECK_INT_EQ(route_contract_apply(&fixture, &table), 0); /* what serves goes on */
    CHECK(node_run("ip route del 198.18.64.0/24 dev " WORLD_UPLINK));
    CHECK(world_write("/proc/sys/net/ipv4/ip_forward", "0"));
    CHECK_STR_EQ(obstacle_word(), "none"); /* mended by the reading */
    CHECK(world_write("/proc/sys/net/ipv4/ip_forward", "0"));
    CHECK(node_run("mount -o bind,ro /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ip_forward"));
    CHECK_STR_EQ(obstacle_word(), "forwarding");
    CHECK(node_run("umount /proc/sys/net/ipv4/ip_forward"));
    CHECK_STR_EQ(obstacle_word(), "none");
}

/* A peer that owns its network namespace sends to 127.0.0.1 by way of the bridge. */
static void private_services_stay_private(void)
{
    fixture.reset(&world);
    fixture.hold(&world, ROUTE_TCP, ROUTE_WORLD_LOOPBACK, PRIVATE_PORT);
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    CHECK_INT_EQ(world_run(&world, PLACE_NEIGHBOUR, "ip addr del 127.0.0.1/8 dev lo"), 0);
    CHECK_INT_EQ(
        world_run(&world, PLACE_NEIGHBOUR, "sysctl -q -w net.ipv4.conf.eth0.route_localnet=1"), 0);
    CHECK_INT_EQ(world_run(&world, PLACE_NEIGHBOUR,
                           "ip route add 127.0.0.1/32 via " WORLD_GATEWAY " src 198.18.8.4"),
                 0);
    CHECK_INT_EQ(
        fixture.open(&world, PLACE_NEIGHBOUR, ROUTE_TCP, ROUTE_WORLD_LOOPBACK, PRIVATE_PORT),
        ROUTE_SILENT);
    CHECK_INT_EQ(ask(PLACE_NODE, ROUTE_WORLD_LOOPBACK, 8080), 0);
    /* That it is the guard which holds: without it the peer gets through. */
    CHECK(node_run("nft flush chain ip " WORLD_TABLE " guard"));
    int handle =
        fixture.open(&world, PLACE_NEIGHBOUR, ROUTE_TCP, ROUTE_WORLD_LOOPBACK, PRIVATE_PORT);
    CHECK(handle >= 0);
    fixture.shut(&world, handle);
    fixture.release(&world);
    CHECK_INT_EQ(world_run(&world, PLACE_NEIGHBOUR, "ip route del 127.0.0.1/32"), 0);
    CHECK_INT_EQ(world_run(&world, PLACE_NEIGHBOUR, "ip addr add 127.0.0.1/8 dev lo"), 0);
}

static void unpublished_ports_stay_closed(void)
{
    fixture.reset(&world);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, fixture.backends[0], ROUTE_WORLD_TCP_PORT), 0);
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, fixture.backends[0], ROUTE_WORLD_TCP_PORT), ROUTE_UNREACHABLE);
    CHECK_INT_EQ(ask(PLACE_STRANGER, fixture.backends[0], ROUTE_WORLD_TCP_PORT), ROUTE_UNREACHABLE);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_SERVICE_ADDRESS, ROUTE_WORLD_TCP_PORT),
                 ROUTE_UNREACHABLE);
    CHECK_INT_EQ(ask(PLACE_NEIGHBOUR, fixture.backends[0], ROUTE_WORLD_TCP_PORT), 0);
    CHECK_INT_EQ(ask(PLACE_NODE, fixture.backends[0], ROUTE_WORLD_TCP_PORT), 0);
    CHECK_INT_EQ(ask(PLACE_STRANGER, WORLD_NODE_ADDRESS, 8080), 0);
}

static void other_tables_are_left_alone(void)
{
    char before[8192];
    char after[8192];
    fixture.reset(&world);
    CHECK(node_run("nft add table inet berth-node-70"));
    CHECK(
        node_run("nft add chain inet berth-node-70 keep { type filter hook input priority 5 ; }"));
    CHECK(node_run("nft add rule inet berth-node-70 keep tcp dport 22 accept"));
    CHECK(node_run("nft add table ip6 " WORLD_TABLE));
    CHECK_INT_EQ(world_capture(&world, before, sizeof before, "nft list ruleset"), 0);
    CHECK_INT_EQ(apply_weights(1, 1, 1), 0);
    CHECK_INT_EQ(apply_weights(2, 0, 0), 0);
    CHECK_INT_EQ(route_contract_clear(&fixture), 0);
    CHECK_INT_EQ(world_capture(&world, after, sizeof after, "nft list ruleset"), 0);
    CHECK_CONTAINS(before, "tcp dport 22 accept");
    CHECK_STR_EQ(after, before);
    CHECK(node_run("nft delete table inet berth-node-70"));
    CHECK(node_run("nft delete table ip6 " WORLD_TABLE));
}

/* The handle of the first rule with these words. */
static bool rule_handle(const char *words, char *handle, size_t cap)
{
    char table[16384];
    if (world_capture(&world, table, sizeof table, "nft -a list table ip " WORLD_TABLE) != 0) {
        return false;
    }
    const char *at = strstr(table, words);
    at = at == NULL ? NULL : strstr(at, "# handle ");
    if (at == NULL) {
        return false;
    }
    (void)snprintf(handle, cap, "%.*s", (int)strcspn(at + 9, "\n"), at + 9);
    return true;
}

static void table_of_another_shape_is_replaced(void)
{
    fixture.reset(&world);
    CHECK(node_run("nft add table ip " WORLD_TABLE));
    CHECK(node_run("nft add chain ip " WORLD_TABLE
                   " prerouting { type filter hook input priority 7 ; }"));
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080), 0);
}

/* The kernel's table as people change it, each with what it is afterwards: put back, all of it. */
static void whatever_hands_change_is_put_back(void)
{
    static const char *const deeds[] = {
        "nft flush chain ip " WORLD_TABLE " choose",
        "nft flush chain ip " WORLD_TABLE " guard",
        "nft add rule ip " WORLD_TABLE " choose counter",
        "nft insert rule ip " WORLD_TABLE " filter-forward tcp dport 80 drop",
        "nft replace rule ip " WORLD_TABLE " filter-forward handle ", /* of the accept */
        "nft chain ip " WORLD_TABLE " filter-forward { policy drop ; }",
        "nft add chain ip " WORLD_TABLE
        " mine { type filter hook forward priority 5 ; policy drop ; }",
        "nft add chain ip " WORLD_TABLE " idle",
        "nft add set ip " WORLD_TABLE " addresses { type ipv4_addr ; }",
        "nft add table ip " WORLD_TABLE " { flags dormant ; }",
    };
    char before[16384];
    char after[16384];
    char handle[16];
    struct route_state state = {0};
    fixture.reset(&world);
    CHECK_INT_EQ(apply_weights(7, 1, 0), 0);
    CHECK_INT_EQ(world_capture(&world, before, sizeof before, "nft list table ip " WORLD_TABLE), 0);
    for (size_t i = 0; i < COUNT_OF(deeds); i++) {
        CHECK(rule_handle("ct status dnat accept", handle, sizeof handle));
        bool is_rule = strstr(deeds[i], "handle") != NULL;
        printf("    %s\n", deeds[i]);
        CHECK_INT_EQ(world_run(&world, PLACE_NODE, "%s%s%s", deeds[i], is_rule ? handle : "",
                               is_rule ? " drop" : ""),
                     0);
        CHECK_INT_EQ(route_contract_read(&fixture, &state), 0);
        CHECK(state.is_present && state.is_altered);
        CHECK_INT_EQ(apply_weights(7, 1, 0), 0);
        CHECK_INT_EQ(route_contract_read(&fixture, &state), 0);
        CHECK(state.is_present && !state.is_altered);
        CHECK_INT_EQ(world_capture(&world, after, sizeof after, "nft list table ip " WORLD_TABLE),
                     0);
        CHECK_STR_EQ(after, before);
        CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080), 0);
    }
}

/* Of the largest table that is promised the last rule counts as much as the first. */
static void the_end_of_the_largest_table_is_looked_at(void)
{
    static struct route_table table;
    struct route_state state = {0};
    fixture.reset(&world);
    route_contract_table(&fixture, 7, 1, 0, &table);
    for (size_t i = 0; i < 3; i++) {
        struct route_service *service = &table.services[i];
        *service = table.services[0];
        service->address = WORLD_SERVICE_ADDRESS + (ipv4)i;
        service->port_count = 16;
        service->backend_count = 16;
        for (size_t j = 0; j < 16; j++) {
            service->ports[j] = (struct route_port){ROUTE_TCP, 0, (uint16_t)(40000 + i * 16 + j),
                                                    (uint16_t)(50000 + j)};
            service->backends[j] = (struct route_backend){fixture.backends[j % 2], 1000};
        }
    }
    table.service_count = 3;
    CHECK_INT_EQ(route_contract_apply(&fixture, &table), 0);
    CHECK_INT_EQ(route_contract_read(&fixture, &state), 0);
    CHECK(state.is_present && !state.is_altered);
    CHECK(node_run("nft flush chain ip " WORLD_TABLE " to-50")); /* (16 + 1) a service */
    CHECK_INT_EQ(route_contract_read(&fixture, &state), 0);
    CHECK(state.is_present && state.is_altered);
}

/* What was changed while no agent ran: the first table of the next one is all that holds. */
static void a_chain_of_others_at_a_hook_goes_with_the_first_table(void)
{
    fixture.reset(&world);
    CHECK_INT_EQ(apply_weights(7, 1, 0), 0);
    CHECK(node_run("nft add chain ip " WORLD_TABLE
                   " mine { type filter hook forward priority 5 ; policy drop ; }"));
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080), ROUTE_SILENT);
    CHECK_INT_EQ(apply_weights(8, 1, 0), 0);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080), 0);
    CHECK(node_run("nft delete chain ip " WORLD_TABLE " guard"));
    CHECK(node_run("nft add chain ip " WORLD_TABLE
                   " guard { type filter hook prerouting priority 9 ; }"));
    CHECK_INT_EQ(apply_weights(9, 1, 0), 0);
    char table[16384];
    CHECK_INT_EQ(world_capture(&world, table, sizeof table, "nft list table ip " WORLD_TABLE), 0);
    CHECK(strstr(table, "priority 9") == NULL);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080), 0);
}

static void commit_done(void *ctx, const struct err *err, const struct route_state *state)
{
    int *answered = ctx;
    (void)state;
    CHECK(err == NULL);
    *answered = 1;
}

/* Takes a piece out of the text; false when it is not there. */
static bool text_take_out(char *text, const char *from, const char *to)
{
    char *at = strstr(text, from);
    char *end = at == NULL ? NULL : strstr(at, to);
    if (end == NULL) {
        return false;
    }
    end += strlen(to);
    memmove(at, end, strlen(end) + 1);
    return true;
}

/* But for what not every kernel can: the agent adds it as soon as it runs. */
static void boot_file_is_what_was_applied(void)
{
    char applied[16384];
    char booted[16384];
    struct route_table table;
    int answered = 0;
    fixture.reset(&world);
    route_contract_table(&fixture, 9, 2, 5, &table);
    CHECK_INT_EQ(route_contract_apply(&fixture, &table), 0);
    CHECK_INT_EQ(world_capture(&world, applied, sizeof applied, "nft list table ip " WORLD_TABLE),
                 0);
    CHECK_INT_EQ(
        fixture.route.ops->commit(fixture.route.self, &table, commit_done, &answered, NULL), 0);
    for (int i = 0; i < 1000 && answered == 0; i++) {
        fixture.pump(&world);
    }
    CHECK_CONTAINS(applied, "generation 9");
    struct route_state state = {0};
    CHECK_INT_EQ(route_contract_read(&fixture, &state), 0);
    bool has_object = text_take_out(applied, "\tct timeout soon {", "\n\t}\n\n");
    CHECK(has_object == state.has_timeouts);
    CHECK(text_take_out(applied, "\t\tmeta l4proto tcp ct timeout", "\n") == has_object);
    fixture.reboot(&world);
    for (int i = 0; i < 2; i++) {
        CHECK_INT_EQ(world_capture(&world, booted, sizeof booted, "nft list table ip " WORLD_TABLE),
                     0);
        CHECK_STR_EQ(booted, applied);
        CHECK(node_run("nft -f " WORLD_BOOT_PATH));
    }
}

/* A container that calls its own service, by both ways the kernel has for a bridge's packets. */
static void hairpin_works_whatever_the_bridge_calls(void)
{
    static const char *const modes[] = {"0", "1"};
    fixture.reset(&world);
    CHECK_INT_EQ(apply_weights(1, 1, 1), 0);
    for (size_t mode = 0; mode < COUNT_OF(modes); mode++) {
        if (!world_write(BRIDGE_CALLS, modes[mode])) {
            printf("    this kernel has no br_netfilter; its bridges call nobody\n");
            CHECK_INT_EQ(mode, 0);
            break;
        }
        for (unsigned place = PLACE_FIRST; place <= PLACE_NEIGHBOUR; place++) {
            for (int i = 0; i < 30; i++) {
                CHECK(ask(place, WORLD_SERVICE_ADDRESS, ROUTE_WORLD_TCP_PORT) >= 0);
                CHECK(ask(place, WORLD_NODE_ADDRESS, 8080) >= 0);
            }
        }
    }
}

/* An engine that restarts a container gives it a new port on the bridge, and nobody applies. */
static void newcomers_are_seen_to_at_read(void)
{
    char value[16];
    fixture.reset(&world);
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    CHECK(node_run("ip link set first0 type bridge_slave hairpin off"));
    CHECK(world_write(LOCALNET, "0"));
    if (world_write(BRIDGE_CALLS, "1")) {
        CHECK_INT_EQ(ask(PLACE_FIRST, WORLD_SERVICE_ADDRESS, ROUTE_WORLD_TCP_PORT), ROUTE_SILENT);
    }
    CHECK(is_open());
    CHECK_INT_EQ(ask(PLACE_FIRST, WORLD_SERVICE_ADDRESS, ROUTE_WORLD_TCP_PORT), 0);
    CHECK_INT_EQ(world_capture(&world, value, sizeof value, "cat " LOCALNET), 0);
    CHECK_STR_EQ(value, "1\n");
    CHECK_INT_EQ(ask(PLACE_NODE, ROUTE_WORLD_LOOPBACK, 8080), 0);
}

static void forwarding_is_switched_on(void)
{
    fixture.reset(&world);
    CHECK(world_write("/proc/sys/net/ipv4/ip_forward", "0"));
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080), 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"engine_firewall_is_opened", engine_firewall_is_opened},
        {"without_an_engine_the_policy_tells", without_an_engine_the_policy_tells},
        {"obstacles_are_seen", obstacles_are_seen},
        {"private_services_stay_private", private_services_stay_private},
        {"unpublished_ports_stay_closed", unpublished_ports_stay_closed},
        {"other_tables_are_left_alone", other_tables_are_left_alone},
        {"table_of_another_shape_is_replaced", table_of_another_shape_is_replaced},
        {"whatever_hands_change_is_put_back", whatever_hands_change_is_put_back},
        {"the_end_of_the_largest_table_is_looked_at", the_end_of_the_largest_table_is_looked_at},
        {"a_chain_of_others_at_a_hook_goes_with_the_first_table",
         a_chain_of_others_at_a_hook_goes_with_the_first_table},
        {"boot_file_is_what_was_applied", boot_file_is_what_was_applied},
        {"hairpin_works_whatever_the_bridge_calls", hairpin_works_whatever_the_bridge_calls},
        {"newcomers_are_seen_to_at_read", newcomers_are_seen_to_at_read},
        {"forwarding_is_switched_on", forwarding_is_switched_on},
    };
    if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0) {
        return helper_main(HELPER_FD);
    }
    world_init(&world, &fixture);
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    world_close(&world);
    return status;
}
