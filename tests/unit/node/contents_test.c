/* contents_test: the table, entry by entry: of what apps wish, of the boot file, and when there is
 * none; and that its hash tells every part of it apart. */
#include "tests/check.h"
#include "tests/unit/node/desk.h"

static struct route_table table;
static char written[4096];

/* "web/main at c6120100 via berth-...: 0:80>8080 to c6120a10 ", one service a line. */
static const char *table_write(void)
{
    struct text text;
    text_init(&text, written, sizeof written);
    for (size_t i = 0; i < table.service_count; i++) {
        const struct route_service *service = &table.services[i];
        text_printf(&text, "%s/%s", service->app, service->service);
        if (service->address != 0) {
            text_printf(&text, " at %x", service->address);
        }
        for (size_t j = 0; j < service->port_count; j++) {
            const struct route_port *port = &service->ports[j];
            text_printf(&text, " %s %x:%u>%u", route_protocol_word(port->protocol), port->host_ip,
                        port->host_port, port->container_port);
        }
        for (size_t j = 0; j < service->backend_count; j++) {
            text_printf(&text, "%s%x", j == 0 ? " to " : " ", service->backends[j].address);
            CHECK_INT_EQ(service->backends[j].weight, 100);
        }
        text_append(&text, "\n");
    }
    CHECK(!text.cut);
    return written;
}

static const char *built(bool is_for_boot)
{
    memset(&table, 0xee, sizeof table);
    return table_build(desk.conductor, is_for_boot, &table) ? table_write() : "none";
}

static void port_add(struct plan *plan, uint16_t host_port)
{
    struct plan_service *service = &plan->services[0];
    service->ports[service->port_count++] =
        (struct route_port){.host_port = host_port, .container_port = 8080};
}

/* Release 1 serves as generation 1 in lane 1 with two replicas and the ports 80 and 81; release 2
 * is the candidate, generation 2, with one replica and the ports 80 and 82. */
static struct app *begin(void)
{
    struct app *app = desk_open();
    struct plan *one = desk_plan(app, 1);
    struct plan *two = desk_plan(app, 2);
    one->services[0].replicas = 2;
    port_add(one, 80);
    port_add(one, 81);
    port_add(two, 80);
    port_add(two, 82);
    app->memory.committed = desk_generation(1, 1);
    app->memory.candidate = desk_generation(2, 2);
    app->memory.phase = SWAP_UNPROVEN;
    app->session.wish_gen = 1;
    for (uint32_t gen = 1; gen <= 2; gen++) {
        for (uint8_t number = 1; number <= 3 - gen; number++) {
            struct replica *replica = session_need(&app->session, gen, 0, number);
            replica->is_present = replica->is_wished = replica->is_probed = true;
            replica->state = ENGINE_RUNNING;
            replica->probe.is_started = replica->probe.is_ready = true;
            replica->address = gen << 8 | number;
        }
    }
    return app;
}

static void wishes(void)
{
    struct app *app = begin();
    CHECK_STR_EQ(built(false), "web/main at c6120100 tcp 0:80>8080 tcp 0:81>8080 to 101 102\n");
    CHECK_INT_EQ(table.generation, 0);
    CHECK_INT_EQ(table.pool, desk.conductor->config.pool);
    CHECK_INT_EQ(table.pool_bits, desk.conductor->config.pool_bits);
    char bridge[16];
    address_bridge(&desk.conductor->config, "web", bridge);
    CHECK_STR_EQ(table.services[0].bridge, bridge);
    app->session.replicas[0].is_wished = false;
    CHECK_STR_EQ(built(false), "web/main at c6120100 tcp 0:80>8080 tcp 0:81>8080 to 102\n");
    app->session.replicas[1].address = 0; /* it has none yet */
    CHECK_STR_EQ(built(false), "web/main at c6120100 tcp 0:80>8080 tcp 0:81>8080\n");
    app->session.wish_gen = 0; /* nothing is wished */
    CHECK_STR_EQ(built(false), "");
    desk_close();
}

/* What the candidate does not publish stays with those of the committed release that are ready. */
static void leaving(void)
{
    struct app *app = begin();
    app->session.wish_gen = 2;
    CHECK_STR_EQ(built(false), "web/main at c6120100 tcp 0:80>8080 tcp 0:82>8080 to 201\n"
                               "web/main tcp 0:81>8080 to 101 102\n");
    app->session.replicas[0].probe.is_ready = false;
    CHECK_STR_EQ(built(false), "web/main at c6120100 tcp 0:80>8080 tcp 0:82>8080 to 201\n"
                               "web/main tcp 0:81>8080 to 102\n");
    app->memory.phase = SWAP_REST; /* after the verdict it stays with nobody */
    CHECK_STR_EQ(built(false), "web/main at c6120100 tcp 0:80>8080 tcp 0:82>8080 to 201\n");
    app->memory.phase = SWAP_UNPROVEN;
    app->memory.committed = (struct generation){0};
    CHECK_STR_EQ(built(false), "web/main at c6120100 tcp 0:80>8080 tcp 0:82>8080 to 201\n");
    desk_close();
}

/* A port is the same one by protocol, number and address; any address stands for each. */
static void same_ports(void)
{
    static const struct {
        struct route_port old, next;
        bool is_same;
    } rows[] = {
        {{.host_port = 80}, {.host_port = 80}, true},
        {{.host_port = 80}, {.host_port = 81}, false},
        {{.host_port = 80}, {.host_port = 80, .protocol = ROUTE_UDP}, false},
        {{.host_port = 80, .host_ip = 1}, {.host_port = 80}, true},
        {{.host_port = 80}, {.host_port = 80, .host_ip = 1}, true},
        {{.host_port = 80, .host_ip = 1}, {.host_port = 80, .host_ip = 1}, true},
        {{.host_port = 80, .host_ip = 1}, {.host_port = 80, .host_ip = 2}, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = begin();
        app->session.wish_gen = 2;
        app->plans.slots[0].plan.services[0].port_count =
            app->plans.slots[1].plan.services[0].port_count = 1;
        app->plans.slots[0].plan.services[0].ports[0] = rows[i].old;
        app->plans.slots[1].plan.services[0].ports[0] = rows[i].next;
        (void)built(false);
        CHECK_INT_EQ(table.service_count, rows[i].is_same ? 1 : 2);
        desk_close();
    }
}

/* The boot file has all of the committed release, there or not, in its lane. */
static void boot_file(void)
{
    struct app *app = begin();
    app->session.wish_gen = 2;
    CHECK_STR_EQ(built(true),
                 "web/main at c6120100 tcp 0:80>8080 tcp 0:81>8080 to c6120a10 c6120a11\n");
    app->session.is_observed = false; /* what is seen has no part in it */
    app->session.replica_count = 0;
    CHECK_STR_EQ(built(true),
                 "web/main at c6120100 tcp 0:80>8080 tcp 0:81>8080 to c6120a10 c6120a11\n");
    app->memory.history[0] = desk_generation(2, 5);
    desk.conductor->traffic.stale = app; /* the one before is looked for */
    CHECK_STR_EQ(built(true), "web/main at c6120100 tcp 0:80>8080 tcp 0:82>8080 to c6120c10\n");
    desk.conductor->traffic.stale = NULL;
    app->memory.committed.gen = 0;
    CHECK_STR_EQ(built(true), "");
    desk_close();
}

/* What is not forwarded has no entry, in either table. */
static void not_forwarded(void)
{
    for (int is_host = 0; is_host < 2; is_host++) {
        struct app *app = begin();
        app->plans.slots[0].plan.services[0].powers = is_host ? POWER_HOST_NETWORK : 0;
        app->plans.slots[0].plan.services[0].has_no_network = !is_host;
        CHECK_STR_EQ(built(false), "");
        CHECK_STR_EQ(built(true), "");
        desk_close();
    }
}

/* Each app has its entries; one that is new has none, wherever it stands. */
static void several_apps(void)
{
    struct app *app = begin();
    struct app *last = &desk.conductor->apps[APPS_MAX - 1];
    *last = *app;
    (void)text_copy(last->memory.app, NAME_BYTES, "zoo");
    last->memory.index = APPS_MAX - 1;
    CHECK_STR_EQ(built(false), "web/main at c6120100 tcp 0:80>8080 tcp 0:81>8080 to 101 102\n"
                               "zoo/main at c61201f0 tcp 0:80>8080 tcp 0:81>8080 to 101 102\n");
    app->is_new = true;
    CHECK_STR_EQ(built(false), "zoo/main at c61201f0 tcp 0:80>8080 tcp 0:81>8080 to 101 102\n");
    app->is_new = false;
    last->is_used = false;
    CHECK_STR_EQ(built(false), "web/main at c6120100 tcp 0:80>8080 tcp 0:81>8080 to 101 102\n");
    desk_close();
}

/* Before the engine was seen, and while a table of a running agent is held, none is built; the boot
 * file needs neither. */
static void not_yet(void)
{
    struct app *app = begin();
    struct conductor *conductor = desk.conductor;
    app->session.is_observed = false;
    CHECK_STR_EQ(built(false), "none");
    CHECK(strcmp(built(true), "none") != 0);
    app->session.is_observed = true;
    for (int i = 0; i < 8; i++) {
        app->session.is_route_held = (i & 1) != 0;
        conductor->traffic.is_known = (i & 2) == 0;
        conductor->traffic.found = (i & 4) != 0 ? ROUTE_FOUND_RUNNING : ROUTE_FOUND_BOOT;
        CHECK_INT_EQ(strcmp(built(false), "none") == 0, i == 7);
        CHECK(strcmp(built(true), "none") != 0);
    }
    CHECK_STR_EQ(desk.log, "");
    desk_close();
}

static void broken(struct app *app, size_t place)
{
    app->plans.slots[place].is_broken = true;
    app->plans.slots[place].retry_at = MONO_NEVER;
}

/* A payload that cannot be read says nothing about traffic where it is the one that counts. */
static void blind(void)
{
    enum { WISHED, UNWISHED, STALE, STALE_CANDIDATE, LOST, LOST_GONE, NOTHING, ROWS };
    static const struct {
        bool is_blind, is_blind_boot;
    } wanted[ROWS] = {
        [WISHED] = {false, true},           [UNWISHED] = {true, true}, [STALE] = {true, false},
        [STALE_CANDIDATE] = {false, false}, [LOST] = {true, true},     [LOST_GONE] = {false, false},
        [NOTHING] = {false, false},
    };
    for (int row = 0; row < ROWS; row++) {
        struct app *app = begin();
        bool is_stale = row == STALE || row == STALE_CANDIDATE;
        app->session.wish_gen = row == WISHED || is_stale ? 2 : 0;
        app->memory.candidate.gen = row == STALE ? 2 : app->memory.candidate.gen;
        app->session.is_boot_stale = is_stale;
        app->memory.history[0] = desk_generation(3, row == STALE_CANDIDATE ? 2 : 9);
        broken(app, is_stale ? 2 : 0);
        app->plans.slots[2].is_used = is_stale;
        app->plans.slots[2].plan.digest.bytes[0] = 3;
        app->is_lost = row == LOST || row == LOST_GONE;
        if (row >= LOST) {
            app->memory.committed.gen = app->memory.candidate.gen = 0;
        }
        for (size_t i = 0; row == LOST_GONE && i < app->session.replica_count; i++) {
            app->session.replicas[i].is_present = false;
        }
        CHECK_INT_EQ(strcmp(built(false), "none") == 0, wanted[row].is_blind);
        CHECK(desk.conductor->traffic.blind == (wanted[row].is_blind ? app : NULL));
        CHECK_INT_EQ(desk.log[0] != '\0', wanted[row].is_blind);
        if (wanted[row].is_blind) {
            CHECK_CONTAINS(desk.log, row == LOST ? "clear the state directory and this app's"
                                                 : "activate its release again, or another");
        }
        desk_clear();
        CHECK_INT_EQ(strcmp(built(true), "none") == 0, wanted[row].is_blind_boot);
        CHECK_INT_EQ(desk.log[0] != '\0', wanted[row].is_blind_boot && !wanted[row].is_blind);
        desk_clear();
        table_note_blind(desk.conductor, NULL);
        CHECK(desk.conductor->traffic.blind == NULL);
        CHECK_STR_EQ(desk.log, "");
        desk_close();
    }
}

/* A pool without room for an app has no place whose addresses could be tried. */
static void no_places(void)
{
    struct err err = {0};
    (void)desk_open();
    struct plan plan = {.service_count = 1};
    plan.services[0].replicas = 1;
    CHECK_INT_EQ(table_check_room(desk.conductor, NULL, &plan, &err), 0);
    CHECK_INT_EQ(desk.conductor->traffic.checking.service_count, 1);
    CHECK_INT_EQ(desk.conductor->traffic.checking.services[0].address,
                 0xc61201f0); /* of the last one */
    CHECK_INT_EQ(desk.conductor->traffic.checking.services[0].backends[0].address,
                 0xc6128000 + 512 * (LANES - 1) + 16);
    desk.conductor->config.pool_bits = 24;
    CHECK_INT_EQ(table_check_room(desk.conductor, NULL, &plan, &err), 0);
    CHECK_INT_EQ(desk.conductor->traffic.checking.service_count, 0);
    desk_close();
}

/* Every part that forwards is in the hash, each byte of it; and the number itself stays, because
 * the boot file of the agent before is told by it. */
static void hashes(void)
{
    (void)begin();
    (void)built(true);
    struct route_service *service = &table.services[0];
    uint64_t hash = table_hash(&table);
    CHECK_INT_EQ(hash >> 63, 0);
    uint8_t *const parts[] = {(uint8_t *)&service->address, (uint8_t *)&service->ports[1].host_ip,
                              (uint8_t *)&service->backends[1].address};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        for (size_t byte = 0; byte < sizeof(ipv4); byte++) {
            parts[i][byte] ^= 1;
            CHECK(table_hash(&table) != hash);
            parts[i][byte] ^= 1;
        }
    }
    for (size_t i = 0; i < 3; i++) {
        service->app[i]++;
        CHECK(table_hash(&table) != hash);
        service->app[i]--;
    }
    for (unsigned bit = 1; bit < 0x10000; bit <<= 1) {
        service->ports[0].host_port ^= (uint16_t)bit;
        CHECK(table_hash(&table) != hash);
        service->ports[0].host_port ^= (uint16_t)bit;
        service->ports[0].container_port ^= (uint16_t)bit;
        CHECK(table_hash(&table) != hash);
        service->ports[0].container_port ^= (uint16_t)bit;
    }
    service->ports[0].protocol = ROUTE_UDP;
    CHECK(table_hash(&table) != hash);
    service->ports[0].protocol = ROUTE_TCP;
    CHECK_INT_EQ(table_hash(&table), hash);
    table.generation = 7; /* not what it forwards */
    CHECK_INT_EQ(table_hash(&table), hash);
    CHECK_INT_EQ(hash, INT64_C(1836306555798028864));
    table.service_count = 0;
    CHECK_INT_EQ(table_hash(&table), INT64_C(0x4bf29ce484222325));
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"wishes", wishes},
        {"leaving", leaving},
        {"same ports", same_ports},
        {"boot file", boot_file},
        {"not forwarded", not_forwarded},
        {"several apps", several_apps},
        {"not yet", not_yet},
        {"blind", blind},
        {"no places", no_places},
        {"hashes", hashes},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
