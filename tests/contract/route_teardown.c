/* What becomes of connections when entries are lost, versions change and clients share addresses:
 * only a kernel can show it. */
#include "ports/linux/helper.h"
#include "tests/check.h"
#include "tests/contract/route_world.h"

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

static bool node_run(const char *line)
{
    return world_run(&world, PLACE_NODE, "%s", line) == 0;
}

/* What an engine does to a connection of a container that it takes down, at its worst: the entry
 * goes between the question and the answer. */
static int answer_without_entry(void)
{
    char words[512];
    int handle = fixture.open(&world, PLACE_OUTSIDE, ROUTE_TCP, WORLD_NODE_ADDRESS, 8080);
    talk_ask_late(&world, handle);
    CHECK_INT_EQ(world_capture(&world, words, sizeof words, "conntrack -D -p tcp"), 0);
    int answer = talk_hear(&world, handle);
    if (answer >= 0) { /* and it goes on as if nothing had been */
        CHECK_INT_EQ(fixture.say(&world, handle), answer);
    }
    fixture.shut(&world, handle);
    return answer;
}

static void answers_without_an_entry_are_picked_up(void)
{
    fixture.reset(&world);
    CHECK_INT_EQ(apply_weights(1, 0, 1), 0);
    CHECK_INT_EQ(answer_without_entry(), 1);
    CHECK_INT_EQ(apply_weights(2, 1, 1), 0);
    for (int i = 0; i < 4; i++) {
        CHECK(answer_without_entry() >= 0);
    }
    /* That it is the pick-up which does it. */
    CHECK(node_run("nft flush chain ip " WORLD_TABLE " pick-up"));
    CHECK(answer_without_entry() < 0);
    CHECK_INT_EQ(apply_weights(3, 1, 1), 0);
    CHECK(node_run("nft flush chain ip " WORLD_TABLE " answers"));
    CHECK(node_run("nft add rule ip " WORLD_TABLE " answers goto stray"));
    CHECK(answer_without_entry() < 0);
}

/* The first published port of a container port is the one that answers; a port of an address
 * answers from there. */
static void pick_up_names_its_port(void)
{
    struct route_table table;
    fixture.reset(&world);
    route_contract_table(&fixture, 1, 0, 1, &table);
    table.services[0].port_count = 3;
    table.services[0].ports[2] = table.services[0].ports[0];
    table.services[0].ports[2].host_port = 8081;
    CHECK_INT_EQ(route_contract_apply(&fixture, &table), 0);
    CHECK_INT_EQ(answer_without_entry(), 1);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8081), 1);
    table.services[0].ports[0].host_port = 8081;
    table.services[0].ports[2].host_port = 8080;
    CHECK_INT_EQ(route_contract_apply(&fixture, &table), 0);
    CHECK(answer_without_entry() < 0);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080), 1);
    table.services[0].ports[2].host_ip = WORLD_NODE_ADDRESS;
    table.services[0].ports[0] = table.services[0].ports[2];
    table.services[0].port_count = 1;
    CHECK_INT_EQ(route_contract_apply(&fixture, &table), 0);
    CHECK_INT_EQ(answer_without_entry(), 1);
}

/* The longest that an entry in this state has still to live; -1 when there is none. */
static long entry_seconds(const char *state)
{
    static char entries[16384];
    char *rest = NULL;
    long most = -1;
    CHECK_INT_EQ(world_capture(&world, entries, sizeof entries, "conntrack -L -p tcp"), 0);
    for (char *line = strtok_r(entries, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        long seconds = 0;
        char found[32] = "";
        if (sscanf(line, "tcp 6 %ld %31s", &seconds, found) == 2 && strcmp(found, state) == 0) {
            most = seconds > most ? seconds : most;
        }
    }
    return most;
}

static void what_ended_is_forgotten_soon(void)
{
    struct route_state state = {0};
    fixture.reset(&world);
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    CHECK_INT_EQ(route_contract_read(&fixture, &state), 0);
    if (!state.has_timeouts) {
        printf("    this kernel has no time-outs for connections of one's own\n");
    }
    for (unsigned from = PLACE_NEIGHBOUR; from <= PLACE_NODE; from++) {
        int handle =
            fixture.open(&world, (enum route_place)from, ROUTE_TCP, WORLD_NODE_ADDRESS, 8080);
        CHECK_INT_EQ(fixture.say(&world, handle), 0);
        CHECK(entry_seconds("ESTABLISHED") > 100); /* what is open stays */
        fixture.shut(&world, handle);
        CHECK(entry_seconds("CLOSE") <= 1 || !state.has_timeouts);
        CHECK(entry_seconds("TIME_WAIT") <= 1 || !state.has_timeouts);
    }
    CHECK(node_run("nft flush chain ip " WORLD_TABLE " timeouts"));
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, WORLD_NODE_ADDRESS, 8080), 0);
    CHECK(entry_seconds("CLOSE") > 1); /* that it is this which does it */
}

/* A container must not see this machine's own address, from which it is asked directly, too. */
static void translated_clients_have_addresses_of_their_own(void)
{
    static const struct {
        enum route_place place;
        ipv4 address;
        uint16_t port;
        const char *seen;
    } rows[] = {
        {PLACE_NODE, ROUTE_WORLD_LOOPBACK, 8080, "src=198.18.8.2 dst=198.18.0.32 "},
        {PLACE_NODE, ROUTE_WORLD_LOOPBACK, 8081, "src=198.18.8.2 dst=198.18.0.33 "},
        {PLACE_NEIGHBOUR, WORLD_SERVICE_ADDRESS, ROUTE_WORLD_TCP_PORT,
         "src=198.18.8.2 dst=198.18.0."},
        {PLACE_FIRST, WORLD_SERVICE_ADDRESS, ROUTE_WORLD_TCP_PORT, "src=198.18.8.2 dst=198.18.0."},
        {PLACE_NEIGHBOUR, WORLD_NODE_ADDRESS, 8080, "src=198.18.8.2 dst=198.18.0."},
    };
    static char entries[16384];
    struct route_table table;
    fixture.reset(&world);
    route_contract_table(&fixture, 1, 1, 0, &table);
    table.services[0].ports[2] = table.services[0].ports[0];
    table.services[0].ports[2].host_port = 8081;
    table.services[0].port_count = 3;
    CHECK_INT_EQ(route_contract_apply(&fixture, &table), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        world_forget_all(&world);
        int handle = fixture.open(&world, rows[i].place, ROUTE_TCP, rows[i].address, rows[i].port);
        CHECK_INT_EQ(fixture.say(&world, handle), 0);
        CHECK_INT_EQ(world_capture(&world, entries, sizeof entries, "conntrack -L -p tcp"), 0);
        CHECK_CONTAINS(entries, rows[i].seen);
        CHECK(strstr(entries, "dst=" WORLD_GATEWAY " ") == NULL);
        fixture.shut(&world, handle);
    }
}

/* As the version before wrote it, but for what makes no difference here. */
static const char table_before[] =
    "table ip " WORLD_TABLE " {\n"
    "chain generation { }\nchain choose { }\nchain refuse { }\n"
    "chain guard { type filter hook prerouting priority -300; policy accept; }\n"
    "chain prerouting { type nat hook prerouting priority -105; policy accept; }\n"
    "chain output { type nat hook output priority -105; policy accept; }\n"
    "chain postrouting { type nat hook postrouting priority 95; policy accept; }\n"
    "chain filter-input { type filter hook input priority -10; policy accept; }\n"
    "chain filter-forward { type filter hook forward priority -10; policy accept; }\n"
    "chain filter-output { type filter hook output priority -10; policy accept; }\n"
    "}\nflush table ip " WORLD_TABLE "\ntable ip " WORLD_TABLE " {\n"
    "chain generation { return comment \"generation 42\"\n }\n"
    "chain choose {\nip daddr 198.18.0.16 dnat to 198.18.8.2\n"
    "fib daddr type local tcp dport 8080 dnat to 198.18.8.2:80\n}\n"
    "chain prerouting {\nip saddr " WORLD_POOL_TEXT " jump choose\n"
    "ip daddr != " WORLD_POOL_TEXT " jump choose\n}\n"
    "chain output { jump choose\n }\n"
    "chain postrouting {\n"
    "ip saddr 127.0.0.0/8 ip daddr " WORLD_POOL_TEXT " oifname != \"lo\" masquerade\n"
    "ip saddr " WORLD_POOL_TEXT " ip daddr " WORLD_POOL_TEXT " ct status dnat masquerade\n}\n"
    "chain filter-forward {\nct status dnat accept\nct state established,related accept\n}\n"
    "}\n";

static void table_handle(char handle[64])
{
    char tables[4096];
    CHECK_INT_EQ(world_capture(&world, tables, sizeof tables, "nft -a list tables"), 0);
    const char *at = strstr(tables, "table ip " WORLD_TABLE " ");
    (void)snprintf(handle, 64, "%.*s", at == NULL ? 0 : (int)strcspn(at, "\n"), at);
}

/* There and back, under load: nobody notices, and the table stays the same one. */
static void table_of_the_version_before_is_refilled(void)
{
    char before[64];
    char after[64];
    unsigned asked = 0;
    unsigned failed = 1;
    fixture.reset(&world);
    FILE *file = fopen("/mnt/before.nft", "w");
    CHECK(file != NULL && fputs(table_before, file) >= 0 && fclose(file) == 0);
    CHECK(node_run("nft -f /mnt/before.nft"));
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0); /* the bridges' switches, too */
    CHECK(node_run("nft -f /mnt/before.nft"));
    table_handle(before);
    fixture.load_start(&world);
    for (uint64_t i = 0; i < 60; i++) {
        CHECK_INT_EQ(apply_weights(2 + i, 1, i % 2 == 0), 0);
        CHECK(node_run("nft -f /mnt/before.nft"));
    }
    fixture.load_stop(&world, &asked, &failed);
    table_handle(after);
    printf("    60 times to and fro, %u connections from each place at least, %u failed\n", asked,
           failed);
    CHECK_INT_EQ(failed, 0);
    CHECK_STR_EQ(after, before);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"answers_without_an_entry_are_picked_up", answers_without_an_entry_are_picked_up},
        {"pick_up_names_its_port", pick_up_names_its_port},
        {"what_ended_is_forgotten_soon", what_ended_is_forgotten_soon},
        {"translated_clients_have_addresses_of_their_own",
         translated_clients_have_addresses_of_their_own},
        {"table_of_the_version_before_is_refilled", table_of_the_version_before_is_refilled},
    };
    if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0) {
        return helper_main(HELPER_FD);
    }
    world_init(&world, &fixture);
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    world_close(&world);
    return status;
}
