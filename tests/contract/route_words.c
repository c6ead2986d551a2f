/* The words the route over nftables writes and reads: golden text, and listings of the tools. */
#include "ports/nftables/firewall.h"
#include "ports/nftables/held.h"
#include "ports/nftables/pool.h"
#include "ports/nftables/ruleset.h"
#include "tests/check.h"

#define POOL 0xc6120000u

static void table_make(struct route_table *table)
{
    memset(table, 0, sizeof *table);
    table->generation = 42;
    table->pool = POOL;
    table->pool_bits = 15;
    table->service_count = 2;
    struct route_service *web = &table->services[0];
    memcpy(web->app, "shop", 5);
    memcpy(web->service, "web", 4);
    memcpy(web->bridge, "berth-1", 8);
    web->address = POOL + 16;
    web->ports[0] = (struct route_port){ROUTE_TCP, 0, 8080, 80};
    web->ports[1] = (struct route_port){ROUTE_UDP, 0xc0000201u, 53, 5353};
    web->ports[2] = (struct route_port){ROUTE_TCP, 0, 8081, 80};
    web->port_count = 3;
    web->backends[0] = (struct route_backend){POOL + 2050, 1};
    web->backends[1] = (struct route_backend){POOL + 2051, 2};
    web->backends[2] = (struct route_backend){POOL + 2052, 3};
    web->backend_count = 3;
    struct route_service *gone = &table->services[1];
    memcpy(gone->app, "shop", 5);
    memcpy(gone->service, "api", 4);
    memcpy(gone->bridge, "berth-1", 8);
    gone->address = POOL + 17;
    gone->ports[0] = (struct route_port){ROUTE_TCP, 0, 9090, 80};
    gone->port_count = 1;
}

static const char golden[] =
    "table ip berth-n1 {\n"
    "\tct timeout soon {\n"
    "\t\tprotocol tcp; l3proto ip; policy = { time_wait : 1, close : 1 };\n"
    "\t}\n"
    "\tchain generation {\n"
    "\t}\n"
    "\tchain timeouts {\n"
    "\t}\n"
    "\tchain choose {\n"
    "\t}\n"
    "\tchain refuse {\n"
    "\t}\n"
    "\tchain stray {\n"
    "\t}\n"
    "\tchain answers {\n"
    "\t}\n"
    "\tchain pick-up {\n"
    "\t}\n"
    "\tchain hold {\n"
    "\t}\n"
    "\tchain guard {\n"
    "\t\ttype filter hook prerouting priority -300; policy accept;\n"
    "\t}\n"
    "\tchain hold-prerouting {\n"
    "\t\ttype filter hook prerouting priority -110; policy accept;\n"
    "\t}\n"
    "\tchain hold-output {\n"
    "\t\ttype filter hook output priority -110; policy accept;\n"
    "\t}\n"
    "\tchain prerouting {\n"
    "\t\ttype nat hook prerouting priority -105; policy accept;\n"
    "\t}\n"
    "\tchain output {\n"
    "\t\ttype nat hook output priority -105; policy accept;\n"
    "\t}\n"
    "\tchain postrouting {\n"
    "\t\ttype nat hook postrouting priority 95; policy accept;\n"
    "\t}\n"
    "\tchain filter-input {\n"
    "\t\ttype filter hook input priority -10; policy accept;\n"
    "\t}\n"
    "\tchain filter-forward {\n"
    "\t\ttype filter hook forward priority -10; policy accept;\n"
    "\t}\n"
    "\tchain filter-output {\n"
    "\t\ttype filter hook output priority -10; policy accept;\n"
    "\t}\n"
    "}\n"
    "flush table ip berth-n1\n"
    "table ip berth-n1 {\n"
    "\tchain to-0 {\n"
    "\t\tnumgen random mod 6 < 1 dnat to 198.18.8.2\n"
    "\t\tnumgen random mod 5 < 2 dnat to 198.18.8.3\n"
    "\t\tdnat to 198.18.8.4\n"
    "\t}\n"
    "\tchain to-1 {\n"
    "\t\tip protocol tcp numgen random mod 6 < 1 dnat to 198.18.8.2:80\n"
    "\t\tip protocol tcp numgen random mod 5 < 2 dnat to 198.18.8.3:80\n"
    "\t\tip protocol tcp dnat to 198.18.8.4:80\n"
    "\t}\n"
    "\tchain to-2 {\n"
    "\t\tip protocol udp numgen random mod 6 < 1 dnat to 198.18.8.2:5353\n"
    "\t\tip protocol udp numgen random mod 5 < 2 dnat to 198.18.8.3:5353\n"
    "\t\tip protocol udp dnat to 198.18.8.4:5353\n"
    "\t}\n"
    "\tchain from-0 {\n"
    "\t\ttcp sport 80 masquerade to :8080\n"
    "\t}\n"
    "\tchain generation {\n"
    "\t\treturn comment \"generation 42\"\n"
    "\t}\n"
    "\tchain timeouts {\n"
    "\t\tmeta l4proto tcp ct timeout set \"soon\"\n"
    "\t}\n"
    "\tchain choose {\n"
    "\t\tip daddr 198.18.0.16 goto to-0\n"
    "\t\tfib daddr type local tcp dport 8080 goto to-1\n"
    "\t\tip daddr 192.0.2.1 udp dport 53 goto to-2\n"
    "\t\tfib daddr type local tcp dport 8081 goto to-1\n"
    "\t}\n"
    "\tchain refuse {\n"
    "\t\tip daddr 198.18.0.17 ip protocol tcp reject with tcp reset\n"
    "\t\tip daddr 198.18.0.17 reject with icmp type port-unreachable\n"
    "\t\tfib daddr type local tcp dport 9090 reject with tcp reset\n"
    "\t}\n"
    "\tchain stray {\n"
    "\t\ttcp sport { 80 } reject with tcp reset\n"
    "\t}\n"
    "\tchain answers {\n"
    "\t\tip daddr 198.18.0.0/15 goto stray\n"
    "\t\tip saddr 198.18.8.2 accept\n"
    "\t\tip saddr 198.18.8.3 accept\n"
    "\t\tip saddr 198.18.8.4 accept\n"
    "\t\tgoto stray\n"
    "\t}\n"
    "\tchain pick-up {\n"
    "\t\tip saddr 198.18.8.2 jump from-0\n"
    "\t\tip saddr 198.18.8.3 jump from-0\n"
    "\t\tip saddr 198.18.8.4 jump from-0\n"
    "\t}\n"
    "\tchain hold {\n"
    "\t}\n"
    "\tchain guard {\n"
    "\t\tiifname != \"lo\" ip daddr 127.0.0.0/8 drop\n"
    "\t\tiifname != \"lo\" ip saddr 127.0.0.0/8 drop\n"
    "\t}\n"
    "\tchain hold-prerouting {\n"
    "\t}\n"
    "\tchain hold-output {\n"
    "\t}\n"
    "\tchain prerouting {\n"
    "\t\tip saddr 198.18.0.0/15 jump choose\n"
    "\t\tip daddr != 198.18.0.0/15 jump choose\n"
    "\t}\n"
    "\tchain output {\n"
    "\t\tjump choose\n"
    "\t}\n"
    "\tchain postrouting {\n"
    "\t\tip saddr 127.0.0.0/8 ip daddr 198.18.0.0/15 oifname != \"lo\" ip protocol tcp ct original "
    "proto-dst 8081 snat to 198.18.0.33\n"
    "\t\tip saddr 127.0.0.0/8 ip daddr 198.18.0.0/15 oifname != \"lo\" snat to 198.18.0.32\n"
    "\t\tip saddr 198.18.0.0/15 ip daddr 198.18.0.0/15 ct status dnat ct original ip daddr "
    "198.18.0.0/15 snat to 198.18.0.64-198.18.0.159 persistent\n"
    "\t\tip saddr 198.18.0.0/15 ip daddr 198.18.0.0/15 ct status dnat ct original ip daddr != "
    "198.18.0.0/15 snat to 198.18.0.160-198.18.0.255 persistent\n"
    "\t\tip saddr 198.18.0.0/15 ip daddr != 198.18.0.0/15 tcp flags & (syn | rst) == 0 jump "
    "pick-up\n"
    "\t}\n"
    "\tchain filter-input {\n"
    "\t\tct state new jump refuse\n"
    "\t}\n"
    "\tchain filter-forward {\n"
    "\t\tct state new jump refuse\n"
    "\t\tip saddr 198.18.0.0/15 ct state new tcp flags & (syn | rst) == 0 jump answers\n"
    "\t\tct state new ct status dnat jump timeouts\n"
    "\t\tct status dnat accept\n"
    "\t\tct state established,related accept\n"
    "\t\tip daddr != 198.18.0.0/15 accept\n"
    "\t\tip saddr != 198.18.0.0/15 reject with icmp type admin-prohibited\n"
    "\t\tiifname != \"berth-1\" oifname \"berth-1\" reject with icmp type admin-prohibited\n"
    "\t}\n"
    "\tchain filter-output {\n"
    "\t\toifname != \"lo\" ct state new jump refuse\n"
    "\t\tct state new ct status dnat jump timeouts\n"
    "\t}\n"
    "}\n";

static void table_is_rendered(void)
{
    static char data[RULESET_BYTES_MAX];
    struct route_table table;
    struct text text;
    table_make(&table);
    CHECK_INT_EQ(ruleset_check(&table, NULL), 0);
    text_init(&text, data, sizeof data);
    ruleset_render(&table, "n1", RULESET_TIMEOUTS | RULESET_HOLDS, &text);
    CHECK(!text.cut);
    CHECK_STR_EQ(data, golden);
}

static void too_much_is_cut_and_said(void)
{
    char data[600];
    struct route_table table;
    struct text text;
    table_make(&table);
    text_init(&text, data, sizeof data);
    ruleset_render(&table, "n1", RULESET_TIMEOUTS | RULESET_HOLDS, &text);
    CHECK(text.cut);
}

/* 256 containers, shared out over the most services. */
static void large_table_fits(void)
{
    static char data[RULESET_BYTES_MAX];
    static struct route_table table;
    struct text text;
    table_make(&table);
    table.service_count = ROUTE_SERVICES_MAX;
    for (size_t i = 0; i < ROUTE_SERVICES_MAX; i++) {
        table.services[i] = table.services[0];
        table.services[i].backend_count = 256 / ROUTE_SERVICES_MAX;
        for (size_t j = 0; j < table.services[i].backend_count; j++) {
            table.services[i].backends[j] = (struct route_backend){POOL + 131071, 1000};
        }
    }
    CHECK_INT_EQ(ruleset_check(&table, NULL), 0);
    text_init(&text, data, sizeof data);
    ruleset_render(&table, "n1", RULESET_TIMEOUTS | RULESET_HOLDS, &text);
    CHECK(!text.cut);
}

static void names_that_are_rules_are_refused(void)
{
    static const char *const bad[] = {"a b", "..", "x\"", "a;b", "a\n", "a/b", "1234567890123456"};
    struct route_table table;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        table_make(&table);
        memcpy(table.services[0].bridge, bad[i],
               strlen(bad[i]) < 16 ? strlen(bad[i]) + 1 : sizeof table.services[0].bridge);
        CHECK_INT_EQ(ruleset_check(&table, NULL), ERR_VALUE);
        table_make(&table);
        memcpy(table.services[0].app, i == 6 ? "-a" : bad[i], i == 6 ? 3 : strlen(bad[i]) + 1);
        CHECK_INT_EQ(ruleset_check(&table, NULL), ERR_VALUE);
    }
    table_make(&table);
    table.pool = POOL + 1;
    CHECK_INT_EQ(ruleset_check(&table, NULL), ERR_VALUE);
    static const struct {
        ipv4 offset;
        int rc;
    } rows[] = {{ROUTE_OWN_NODE - 1, 0},
                {ROUTE_OWN_NODE, ERR_VALUE},
                {ROUTE_OWN_LAST, ERR_VALUE},
                {ROUTE_OWN_LAST + 1, 0}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        table_make(&table);
        table.services[0].backends[1].address = POOL + rows[i].offset;
        CHECK_INT_EQ(ruleset_check(&table, NULL), rows[i].rc);
    }
    table_make(&table);
    table.services[0].backends[1].weight = 1001;
    CHECK_INT_EQ(ruleset_check(&table, NULL), ERR_VALUE);
}

static void generation_is_found(void)
{
    static const struct {
        const char *listing;
        bool is_found;
        uint64_t generation;
    } rows[] = {
        {"table ip x {\n\tchain generation {\n\t\treturn comment \"generation 42\"\n\t}\n}\n", true,
         42},
        {"comment \"generation 18446744073709551615\"", true, UINT64_MAX},
        {"comment \"generation 18446744073709551616\"", false, 0},
        {"comment \"generation \"", false, 0},
        {"comment \"generation 4", false, 0},
        {"chain generation {\n}\n", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t generation = 0;
        CHECK(ruleset_find_generation(span_text(rows[i].listing), &generation) == rows[i].is_found);
        CHECK(generation == rows[i].generation);
    }
}

static void firewall_is_found(void)
{
#define TO "-A DOCKER-USER -d 198.18.0.0/15 -j ACCEPT\n"
#define FROM                                                                                       \
    "-A DOCKER-USER -s 198.18.0.0/15 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    static const struct {
        const char *listing;
        unsigned found;
    } rows[] = {
        {"-N DOCKER-USER\n" TO FROM "-A DOCKER-USER -j RETURN\n", 3},
        {"-N DOCKER-USER\n" TO "-A DOCKER-USER -j RETURN\n" FROM, 1},
        {"-N DOCKER-USER\n-A DOCKER-USER -j RETURN\n" TO FROM, 0},
        {"-N DOCKER-USER\n-A DOCKER-USER -j REJECT --reject-with icmp-port-unreachable\n" TO, 0},
        {"-N DOCKER-USER\n-A DOCKER-USER -s 10.0.0.0/8 -j DROP\n" FROM, 2},
        {"-A DOCKER-USER -d 198.18.0.0/16 -j ACCEPT\n", 0},
        {"-A DOCKER-USER -d 198.18.0.0/15 -i eth0 -j ACCEPT\n", 0},
        {"", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT_EQ(firewall_find(span_text(rows[i].listing), POOL, 15), rows[i].found);
    }
}

static void obstacles_are_named(void)
{
#define HOOKED "-A FORWARD -j DOCKER-USER\n"
    static const struct {
        const char *listing;
        bool has_hook;
        enum route_obstacle obstacle;
    } rows[] = {
        {"-P FORWARD ACCEPT\n-A FORWARD -j X\n", false, ROUTE_OBSTACLE_NONE},
        {"-P FORWARD ACCEPT\n", true, ROUTE_OBSTACLE_NONE},
        {"-P FORWARD DROP\n", false, ROUTE_OBSTACLE_POLICY},
        {"-P FORWARD DROP\n" HOOKED, false, ROUTE_OBSTACLE_POLICY},
        {"-P FORWARD DROP\n" HOOKED, true, ROUTE_OBSTACLE_NONE},
        {"-P FORWARD DROP\n-A FORWARD -j DOCKER-USER-2\n", true, ROUTE_OBSTACLE_HOOK},
        {"-P FORWARD DROP\n", true, ROUTE_OBSTACLE_HOOK},
        {"-P FORWARD ACCEPT\n-A FORWARD -j DROP\n" HOOKED, true, ROUTE_OBSTACLE_HOOK},
        {"-P FORWARD ACCEPT\n-A FORWARD -j REJECT --reject-with icmp-port-unreachable\n", false,
         ROUTE_OBSTACLE_POLICY},
        {"-P FORWARD DROP\n" HOOKED "-A FORWARD -j DROP\n", true, ROUTE_OBSTACLE_NONE},
        {"-P FORWARD ACCEPT\n-A FORWARD -s 10.0.0.0/8 -j DROP\n", false, ROUTE_OBSTACLE_NONE},
        {"# Warning: iptables-legacy tables present, use iptables-legacy to see them\n"
         "-P FORWARD ACCEPT\n",
         false, ROUTE_OBSTACLE_LEGACY},
        {"# Warning: iptables-legacy tables present, use iptables-legacy to see them\n"
         "-P FORWARD DROP\n",
         false, ROUTE_OBSTACLE_POLICY},
        {"", true, ROUTE_OBSTACLE_NONE},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_STR_EQ(
            route_obstacle_word(firewall_obstacle(span_text(rows[i].listing), rows[i].has_hook)),
            route_obstacle_word(rows[i].obstacle));
    }
}

/* As an x86 or ARM machine writes them. */
static void routes_over_the_pool_are_named(void)
{
#define TAIL "\t0\t0\t0\n"
    static const struct {
        const char *line, *route;
    } rows[] = {
        {"eth0\t000412C6\t00000000\t0001\t0\t0\t0\t00FFFFFF" TAIL, "198.18.4.0/24 of eth0"},
        {"vpn0\t000010C6\t00000000\t0001\t0\t0\t0\t0000F0FF" TAIL, "198.16.0.0/12 of vpn0"},
        {"eth0\t010012C6\t00000000\t0005\t0\t0\t0\tFFFFFFFF" TAIL, "198.18.0.1/32 of eth0"},
        {"berth-1\t000412C6\t00000000\t0001\t0\t0\t0\t00FFFFFF" TAIL, NULL},
        {"*\t000012C6\t00000000\t0201\t0\t0\t0\t0000FEFF" TAIL, NULL},
        {"eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000" TAIL, NULL},
        {"tun0\t00000080\t010200C0\t0003\t0\t0\t0\t00000080" TAIL, NULL}, /* a default's half */
        {"eth0\t000014C6\t00000000\t0001\t0\t0\t0\t0000FEFF" TAIL, NULL}, /* 198.20.0.0/15 */
        {"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char words[64];
        struct text route;
        text_init(&route, words, sizeof words);
        CHECK(pool_line(span_text(rows[i].line), POOL, 15, &route) == (rows[i].route != NULL));
        CHECK_STR_EQ(words, rows[i].route == NULL ? "" : rows[i].route);
    }
}

static void command_is_words(void)
{
    struct firewall_command command;
    firewall_command(FIREWALL_TO_POOL, "-I", POOL, 15, &command);
    CHECK_INT_EQ(command.count, 7);
    CHECK_STR_EQ(command.args[1], "-I");
    CHECK_STR_EQ(command.args[4], "198.18.0.0/15");
    CHECK_STR_EQ(command.args[6], "ACCEPT");
}

static void sockets_are_read(void)
{
#define REST " 00000000:00000000 00:00000000 00000000     0        0 17 1 0000 100 0 0 10 0\n"
#define ANY6 "00000000000000000000000000000000"
    static const struct {
        const char *line;
        bool is_v6;
        enum route_protocol protocol;
        ipv4 host_ip;
        bool is_held;
    } rows[] = {
        {"   0: 00000000:1F90 00000000:0000 0A" REST, false, ROUTE_TCP, 0, true},
        {"   0: 00000000:1F90 00000000:0000 0A" REST, false, ROUTE_TCP, 0x7f000001, true},
        {"  10: 0100007F:1F90 00000000:0000 0A" REST, false, ROUTE_TCP, 0, true},
        {"   0: 0100007F:1F90 00000000:0000 0A" REST, false, ROUTE_TCP, 0x7f000001, true},
        {"   0: 0100007F:1F90 00000000:0000 0A" REST, false, ROUTE_TCP, 0xc0000201, false},
        {"   0: 00000000:1F91 00000000:0000 0A" REST, false, ROUTE_TCP, 0, false},
        {"   0: 0100007F:1F90 0100007F:C350 01" REST, false, ROUTE_TCP, 0, false},
        {"   0: 00000000:1F90 00000000:0000 07" REST, false, ROUTE_UDP, 0, true},
        {"   0: 0100007F:1F90 0100007F:0035 01" REST, false, ROUTE_UDP, 0, false},
        {"   0: " ANY6 ":1F90 " ANY6 ":0000 0A" REST, true, ROUTE_TCP, 0xc0000201, true},
        {"   0: 0000000000000000FFFF00000100007F:1F90 " ANY6 ":0000 0A" REST, true, ROUTE_TCP,
         0x7f000001, true},
        {"   0: 0000000000000000FFFF00000100007F:1F90 " ANY6 ":0000 0A" REST, true, ROUTE_TCP,
         0xc0000201, false},
        {"   0: 00000000000000000000000001000000:1F90 " ANY6 ":0000 0A" REST, true, ROUTE_TCP, 0,
         false},
        {"  sl  local_address rem_address   st tx_queue\n", false, ROUTE_TCP, 0, false},
        {"   0: 00000000:1F90 00000000:0000", false, ROUTE_TCP, 0, false},
        {"   0: 0000", false, ROUTE_TCP, 0, false},
        {":", false, ROUTE_TCP, 0, false},
        {"", false, ROUTE_TCP, 0, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool is_held = held_line(span_text(rows[i].line), rows[i].is_v6, rows[i].protocol,
                                 rows[i].host_ip, 8080);
        CHECK_STR_EQ(is_held == rows[i].is_held ? "" : rows[i].line, "");
    }
}

static void endpoints_are_read(void)
{
    static const struct {
        const char *line;
        bool is_held;
    } rows[] = {
        {" ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS\n", false},
        {"ffff8881 ffff8882 2   10  26   8080      0 17 0.0.0.0\n", true},
        {"       0        0 2   10  26   8080      0 17 10.0.0.1 10.0.0.2\n", true},
        {"       0        0 2   10  26   8081      0 17 0.0.0.0\n", false},
        {"       0        0 2   7   26   8080      0 17 0.0.0.0\n", false},
        {"       0        0 2   10  8080 1         0 17 0.0.0.0\n", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT_EQ(held_endpoint(span_text(rows[i].line), 8080), rows[i].is_held);
    }
}

/* A kernel has it or has not; without it the release is told what to do. */
static void sctp_is_there_or_said(void)
{
    bool is_held = true;
    struct err err = {0};
    int rc = held_find(ROUTE_SCTP, 0, 1, &is_held, &err);
    CHECK(!is_held);
    CHECK(rc == 0 || rc == ERR_REQUIRES);
    if (rc != 0) {
        CHECK_CONTAINS(err.text, "load its module sctp");
    }
}

/* The same rules as for the other protocols, in its own words. */
static void sctp_is_led(void)
{
    static char rendered[RULESET_BYTES_MAX];
    struct route_table table;
    struct text text;
    struct err err;
    table_make(&table);
    table.services[0].ports[0] = (struct route_port){ROUTE_SCTP, 0, 2905, 2906};
    table.services[0].port_count = 1;
    table.services[1].ports[0] = (struct route_port){ROUTE_SCTP, 0, 3868, 3868};
    CHECK_INT_EQ(ruleset_check(&table, &err), 0);
    text_init(&text, rendered, sizeof rendered);
    ruleset_render(&table, "n1", RULESET_TIMEOUTS | RULESET_HOLDS, &text);
    CHECK(!text.cut);
    CHECK_CONTAINS(rendered, "fib daddr type local sctp dport 2905 goto to-");
    CHECK_CONTAINS(rendered, "ip protocol sctp numgen random mod 6 < 1 dnat to 198.18.8.2:2906");
    CHECK_CONTAINS(rendered, "fib daddr type local sctp dport 3868 reject with icmp type "
                             "port-unreachable");
    table.services[0].ports[0].protocol = (enum route_protocol)(ROUTE_SCTP + 1);
    CHECK_INT_EQ(ruleset_check(&table, &err), ERR_VALUE);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"table_is_rendered", table_is_rendered},
        {"too_much_is_cut_and_said", too_much_is_cut_and_said},
        {"large_table_fits", large_table_fits},
        {"names_that_are_rules_are_refused", names_that_are_rules_are_refused},
        {"generation_is_found", generation_is_found},
        {"firewall_is_found", firewall_is_found},
        {"obstacles_are_named", obstacles_are_named},
        {"routes_over_the_pool_are_named", routes_over_the_pool_are_named},
        {"command_is_words", command_is_words},
        {"endpoints_are_read", endpoints_are_read},
        {"sctp_is_led", sctp_is_led},
        {"sctp_is_there_or_said", sctp_is_there_or_said},
        {"sockets_are_read", sockets_are_read},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
