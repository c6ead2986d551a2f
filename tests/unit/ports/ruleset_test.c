/* ruleset_test: the rules of a table in which everything happens, word by word as they stand in
 * ruleset.txt; and what may not stand in a table, one row each. */
#include "ports/nftables/ruleset.h"

#include <stdlib.h>

#include "tests/check.h"

#define POOL 0xc6120000u

static struct route_table table;
static char rendered[65536], golden[65536];

static struct route_service *service_add(const char *app, const char *bridge, ipv4 address)
{
    struct route_service *service = &table.services[table.service_count++];
    *service = (struct route_service){.address = address};
    (void)text_copy(service->app, sizeof service->app, app);
    (void)text_copy(service->service, sizeof service->service, "main");
    (void)text_copy(service->bridge, sizeof service->bridge, bridge);
    return service;
}

static void port_add(struct route_service *service, enum route_protocol protocol, ipv4 host_ip,
                     uint16_t host_port, uint16_t container_port)
{
    service->ports[service->port_count++] = (struct route_port){.protocol = protocol,
                                                                .host_ip = host_ip,
                                                                .host_port = host_port,
                                                                .container_port = container_port};
}

static void backend_add(struct route_service *service, ipv4 address, uint16_t weight)
{
    service->backends[service->backend_count++] =
        (struct route_backend){.address = address, .weight = weight};
}

/* One backend; shares of three, by weights with a common divisor; ports that lead to one place, on
 * one address and on all, TCP and not; a service without an address, and two without backends. */
static void table_make(void)
{
    memset(&table, 0, sizeof table);
    table.generation = 0x8000000000000007u;
    table.pool = POOL;
    table.pool_bits = 15;
    struct route_service *one = service_add("one", "br-one", POOL + 0x100);
    port_add(one, ROUTE_TCP, 0, 80, 8080);
    port_add(one, ROUTE_UDP, 0, 53, 53);
    backend_add(one, POOL + 0x810, 100);
    struct route_service *shares = service_add("shares", "br-two", POOL + 0x110);
    port_add(shares, ROUTE_TCP, 0, 443, 443);
    port_add(shares, ROUTE_TCP, 0x7f000001, 444, 8443);
    port_add(shares, ROUTE_TCP, 0, 445, 8443);
    port_add(shares, ROUTE_UDP, 0, 446, 8443);
    port_add(shares, ROUTE_SCTP, 0x0a000001, 447, 447);
    backend_add(shares, POOL + 0x1010, 100);
    backend_add(shares, POOL + 0x1011, 50);
    backend_add(shares, POOL + 0x1012, 25);
    struct route_service *leaving = service_add("shares", "br-two", 0);
    port_add(leaving, ROUTE_TCP, 0, 81, 8080);
    port_add(leaving, ROUTE_TCP, 0, 82, 82);
    backend_add(leaving, POOL + 0x1210, 100);
    backend_add(leaving, POOL + 0x1211, 100);
    struct route_service *down = service_add("down", "br-down", POOL + 0x120);
    port_add(down, ROUTE_TCP, 0x0a000001, 90, 8080);
    port_add(down, ROUTE_UDP, 0, 91, 91);
    struct route_service *again = service_add("again", "br-again", POOL + 0x130);
    port_add(again, ROUTE_TCP, 0, 92, 8090);
    backend_add(again, POOL + 0x810, 100); /* a backend of two services */
    struct route_service *bare = service_add("bare", "", 0);
    port_add(bare, ROUTE_TCP, 0, 93, 93);
    struct route_service *sited = service_add("sited", "br-sited", POOL + 0x140);
    port_add(sited, ROUTE_TCP, 0x0a000002, 94, 8094); /* on one address of the machine */
    backend_add(sited, POOL + 0x1410, 100);
}

/* For another one's backends, for nobody, and without an address; one a millisecond longer. */
static void wait_make(void)
{
    table_make();
    table.services[0] = table.services[1];
    table.services[1] = table.services[3];
    table.services[2] = table.services[5];
    table.service_count = 3;
    table.services[0].hold_ms = 30000;
    table.services[1].hold_ms = 30001;
    table.services[2].hold_ms = 1;
}

static void render_all(void)
{
    struct text text;
    table_make();
    text_init(&text, rendered, sizeof rendered);
    for (unsigned abilities = 0; abilities < 2; abilities++) {
        text_printf(&text, "# variant %u\n", abilities);
        ruleset_render_removal("gw", &text);
        ruleset_render(&table, "gw", abilities, &text);
    }
    table.service_count = 0;
    text_append(&text, "# nothing\n");
    ruleset_render(&table, "gw", RULESET_TIMEOUTS, &text);
    text_append(&text, "# those who wait\n");
    wait_make();
    ruleset_render(&table, "gw", RULESET_HOLDS, &text);
    CHECK(!text.cut);
}

static void rendering(void)
{
    FILE *file = fopen(RULESET_RULES, "r");
    CHECK(file != NULL);
    size_t len = file != NULL ? fread(golden, 1, sizeof golden - 1, file) : 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    golden[len] = '\0';
    render_all();
    CHECK(strcmp(rendered, golden) == 0);
}

static int rules_write(const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return EXIT_FAILURE;
    }
    render_all();
    bool is_written = fputs(rendered, file) >= 0;
    return fclose(file) == 0 && is_written ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const char *checked(void)
{
    static struct err err;
    err = (struct err){0};
    int rc = ruleset_check(&table, &err);
    CHECK_INT_EQ(err.code, rc);
    return rc == 0 ? "" : err.text;
}

static void pools(void)
{
    static const struct {
        ipv4 pool;
        unsigned bits;
        bool is_good;
    } rows[] = {{POOL, 15, true},       {POOL, 16, true},      {POOL, 14, false},
                {POOL, 0, false},       {POOL, 33, false},     {0, 15, false},
                {POOL + 1, 32, true},   {POOL + 1, 31, false}, {0x80000000u, 1, true},
                {0x80000001u, 1, false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        table_make();
        table.service_count = 0;
        table.pool = rows[i].pool;
        table.pool_bits = rows[i].bits;
        CHECK_STR_EQ(checked(), rows[i].is_good ? "" : "the pool is not a network");
    }
}

static void limits(void)
{
    table_make();
    CHECK_STR_EQ(checked(), "");
    struct route_service *service = &table.services[1];
    service->backends[2].weight = 1;
    CHECK_STR_EQ(checked(), "");
    service->backends[2].weight = 1000;
    CHECK_STR_EQ(checked(), "");
    service->backends[2].weight = 0;
    CHECK_STR_EQ(checked(), "shares/main has a backend of weight 0 (1 to 1000)");
    service->backends[2].weight = 1001;
    CHECK_STR_EQ(checked(), "shares/main has a backend of weight 1001 (1 to 1000)");
    table_make();
    table.services[5].ports[0].host_port = 0;
    CHECK_STR_EQ(checked(), "bare/main publishes something that is not a port");
    table.services[5].ports[0].host_port = 1;
    table.services[5].ports[0].container_port = 0;
    CHECK_STR_EQ(checked(), "bare/main publishes something that is not a port");
    table.services[5].ports[0].container_port = 1;
    CHECK_STR_EQ(checked(), "");
    table.services[5].ports[0].protocol = (enum route_protocol)(ROUTE_SCTP + 1);
    CHECK_STR_EQ(checked(), "bare/main publishes something that is not a port");
    table_make();
    table.services[1].hold_ms = ROUTE_HOLD_MS_MAX;
    CHECK_STR_EQ(checked(), "");
    table.services[1].hold_ms = ROUTE_HOLD_MS_MAX + 1;
    CHECK_STR_EQ(checked(),
                 "shares/main lets connections wait for 600001 ms, at most 600000");
    table_make();
    table.service_count = ROUTE_SERVICES_MAX + 1;
    CHECK_CONTAINS(checked(), "services, at most");
}

/* As many ports, backends and services as there may be, and one more. */
static void counts(void)
{
    for (size_t more = 0; more <= 1; more++) {
        const char *said = more == 0 ? "" : "one/main has too many ports or backends";
        table_make();
        struct route_service *service = &table.services[0];
        for (size_t i = 0; i < ROUTE_PORTS_MAX; i++) {
            service->ports[i] = service->ports[0];
        }
        service->port_count = (uint8_t)(ROUTE_PORTS_MAX + more);
        CHECK_STR_EQ(checked(), said);
        table_make();
        for (size_t i = 0; i < ROUTE_BACKENDS_MAX; i++) {
            service->backends[i] = service->backends[0];
        }
        service->backend_count = (uint8_t)(ROUTE_BACKENDS_MAX + more);
        CHECK_STR_EQ(checked(), said);
        table_make();
        for (size_t i = 0; i < ROUTE_SERVICES_MAX; i++) {
            table.services[i] = table.services[5];
        }
        table.service_count = ROUTE_SERVICES_MAX + more;
        CHECK((checked()[0] == '\0') == (more == 0));
    }
}

/* Outside the pool, and those of its addresses that stand for clients. */
static void backends(void)
{
    static const struct {
        ipv4 address;
        bool is_good;
    } rows[] = {{POOL + ROUTE_OWN_NODE - 1, true},
                {POOL + ROUTE_OWN_NODE, false},
                {POOL + ROUTE_OWN_LAST, false},
                {POOL + ROUTE_OWN_LAST + 1, true},
                {POOL - 1, false},
                {POOL + 0x1ffff, true},
                {POOL + 0x20000, false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        table_make();
        table.services[0].backends[0].address = rows[i].address;
        CHECK_STR_EQ(checked(), rows[i].is_good ? "" : "one/main has a backend outside the pool");
    }
}

static void names(void)
{
    static const struct {
        const char *bridge;
        bool is_good;
    } rows[] = {{"", true},     {"azAZ09-_.", true}, {"fifteen-letters", true},
                {".a", false},  {"a/b", false},      {"a b", false},
                {"a\"", false}, {"a{", false},       {"a@", false},
                {"a[", false},  {"a`", false},       {"a:", false},
                {"/a", false},  {"{", false},        {"_", true}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        table_make();
        memset(table.services[0].bridge, 0, sizeof table.services[0].bridge);
        (void)text_copy(table.services[0].bridge, 16, rows[i].bridge);
        CHECK_STR_EQ(checked(),
                     rows[i].is_good ? "" : "an app, service or bridge is not named by a name");
    }
    table_make();
    memset(table.services[0].bridge, 'b', sizeof table.services[0].bridge);
    CHECK_STR_EQ(checked(), "an app, service or bridge is not named by a name");
    table_make();
    table.services[0].app[0] = '"';
    CHECK_STR_EQ(checked(), "an app, service or bridge is not named by a name");
    table_make();
    table.services[0].service[0] = '\0';
    CHECK_STR_EQ(checked(), "an app, service or bridge is not named by a name");
}

/* What a listing says of its generation, and where it says none. */
static void generations(void)
{
    static const struct {
        const char *listing;
        uint64_t generation; /* 0: none */
    } rows[] = {
        {"comment \"generation 7\"", 7},
        {"x\ncomment \"generation 10\" { comment \"generation 9\"", 10},
        {"comment \"generation 18446744073709551615\"", UINT64_MAX},
        {"comment \"generation 18446744073709551616\"", 0},
        {"comment \"generation 99999999999999999999\"", 0},
        {"comment \"generation \"", 0},
        {"comment \"generation 7", 0},
        {"comment \"generation 7x\"", 0},
        {"comment \"generation x7\"", 0},
        {"comment \"generation ", 0},
        {"comment \"generation", 0},
        {"", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t generation = 0;
        CHECK(ruleset_find_generation(span_text(rows[i].listing), &generation) ==
              (rows[i].generation != 0));
        CHECK(generation == rows[i].generation);
    }
}

/* Two listings have one print where they differ by their generation alone, and never none. */
static void prints(void)
{
    static const char *const others[] = {
        "",
        "a",
        "b",
        "comment \"generation 7\" b",
        "acomment \"generation 7\" a",
        "comment \"generation 7x\" a",
        "comment \"generation 7\" a7",
        "comment \"generation 7\" a8",
    };
    uint64_t one = ruleset_print(span_text("comment \"generation 7\" a"));
    CHECK(ruleset_print(span_text("comment \"generation 12345\" a")) == one);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        uint64_t print = ruleset_print(span_text(others[i]));
        CHECK(print != 0 && print != one);
        for (size_t j = 0; j < i; j++) {
            CHECK(print != ruleset_print(span_text(others[j])));
        }
    }
    static const char *const waits[] = {
        "comment \"generation 7\" a\n\tset hold-port {\n\t\telements = { 80 expires 3s }\n\t}",
        "\n\tset hold-address {\n\t\tx }\n\t}\n\tset hold-port {\n\t}comment \"generation 8\" a",
        "comment \"generation 7\" a\n\tset hold-",
    };
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        CHECK(ruleset_print(span_text(waits[i])) == one);
    }
    CHECK(ruleset_print(span_text("comment \"generation 7\" a\n\tset held {\n\t}")) != one);
    CHECK(ruleset_print(span_text("comment \"generation 7\" a\n\tset hold-x {\n\t}b")) != one);
}

/* Ours has seven chains at a hook and nothing dormant. */
static void hooks(void)
{
    static const char *const more[] = {"", "\n\t\ttype route hook x", "\n\tflags dormant",
                                       "\n\tset hold-port {\n\t\ttype inet_service\n\t}"};
    for (int count = 8; count <= 10; count++) {
        for (size_t i = 0; i < COUNT_OF(more); i++) {
            char listing[600] = "";
            for (int k = 0; k < count; k++) {
                size_t len = strlen(listing);
                (void)snprintf(listing + len, sizeof listing - len, "\n\t\ttype %s hook %d",
                               k % 2 == 0 ? "nat" : "filter", k);
            }
            size_t len = strlen(listing);
            (void)snprintf(listing + len, sizeof listing - len, "%s", more[i]);
            CHECK(ruleset_has_own_hooks(span_text(listing)) == (count + (i == 1) == 9 && i != 2));
        }
    }
}

/* As many services as there may be, each with all its ports and backends, are more than one ruleset
 * may be; a table like others is not. */
static void sizes(void)
{
    struct err err = {0};
    table_make();
    CHECK_INT_EQ(ruleset_check_size(&table, "gw", &err), 0);
    struct route_service *service = &table.services[0];
    for (size_t i = 0; i < ROUTE_PORTS_MAX; i++) {
        service->ports[i] = (struct route_port){.host_port = (uint16_t)(i + 1),
                                                .container_port = (uint16_t)(i + 1000)};
    }
    for (size_t i = 0; i < ROUTE_BACKENDS_MAX; i++) {
        service->backends[i] =
            (struct route_backend){.address = POOL + 0x810 + (ipv4)i, .weight = 100};
    }
    service->port_count = ROUTE_PORTS_MAX;
    service->backend_count = ROUTE_BACKENDS_MAX;
    for (size_t i = 1; i < ROUTE_SERVICES_MAX; i++) {
        table.services[i] = *service;
    }
    table.service_count = ROUTE_SERVICES_MAX;
    CHECK_INT_EQ(ruleset_check_size(&table, "gw", &err), ERR_LIMIT);
    CHECK_CONTAINS(err.text, "fewer published ports or fewer replicas make it shorter");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"rendering", rendering}, {"pools", pools}, {"limits", limits},
        {"backends", backends},   {"names", names}, {"generations", generations},
        {"prints", prints},       {"hooks", hooks}, {"counts", counts},
        {"sizes", sizes},
    };
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        return rules_write(argv[2]);
    }
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
