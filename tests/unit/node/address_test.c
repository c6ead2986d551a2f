/* address: no two things on a node share an address, and each address says whose it is. */
#include "agent/node/address.h"

#include "tests/check.h"

#define POOL_MAX (1u << 17)

static uint8_t taken[POOL_MAX];

static struct config config_of(unsigned pool_bits)
{
    struct config config = {.node = "gw1", .pool = 0xc6120000, .pool_bits = pool_bits};
    return config;
}

static void take(const struct config *config, ipv4 address)
{
    uint32_t size = 1u << (32 - config->pool_bits);
    CHECK(address >= config->pool && address - config->pool < size);
    if (address >= config->pool && address - config->pool < size) {
        CHECK_INT_EQ(taken[address - config->pool], 0);
        taken[address - config->pool] = 1;
    }
}

static void take_app(const struct config *config, uint8_t app)
{
    ipv4 subnet = address_subnet(config, app);
    CHECK_INT_EQ(subnet % 2048, 0);
    take(config, subnet);
    take(config, subnet + 2047); /* broadcast */
    take(config, address_gateway(config, app));
    for (uint8_t service = 0; service < 16; service++) {
        take(config, address_service(config, app, service));
        for (uint8_t lane = 0; lane < LANES; lane++) {
            for (uint8_t number = 1; number <= REPLICAS_MAX; number++) {
                ipv4 address = address_replica(config, app, lane, service, number);
                uint8_t found_app = 255;
                uint8_t found_lane = 255;
                take(config, address);
                CHECK(address_locate(config, address, &found_app, &found_lane));
                CHECK(found_app == app && found_lane == lane);
            }
        }
    }
}

static void case_no_collisions(void)
{
    for (unsigned bits = 15; bits <= 20; bits++) {
        struct config config = config_of(bits);
        memset(taken, 0, sizeof taken);
        CHECK(address_apps(&config) >= 1 && address_apps(&config) <= APPS_MAX);
        for (uint8_t app = 0; app < address_apps(&config); app++) {
            take_app(&config, app);
        }
    }
}

static void case_apps(void)
{
    struct config config = config_of(15);
    CHECK_INT_EQ(address_apps(&config), APPS_MAX);
    config.pool_bits = 20; /* two blocks: service addresses and one app */
    CHECK_INT_EQ(address_apps(&config), 1);
    config.pool_bits = 21;
    CHECK_INT_EQ(address_apps(&config), 0);
    config.pool_bits = 24;
    CHECK_INT_EQ(address_apps(&config), 0);
}

static void case_locate(void)
{
    struct config config = config_of(18);
    uint8_t app = 0;
    uint8_t lane = 0;
    CHECK(!address_locate(&config, 0, &app, &lane));
    CHECK(!address_locate(&config, config.pool - 1, &app, &lane));
    CHECK(!address_locate(&config, UINT32_MAX, &app, &lane));
    CHECK(!address_locate(&config, address_service(&config, 0, 0), &app, &lane));
    CHECK(!address_locate(&config, address_gateway(&config, 1), &app, &lane));
    CHECK(!address_locate(&config, address_replica(&config, address_apps(&config), 0, 0, 1), &app,
                          &lane));
}

/* The numbers themselves: what runs keeps its addresses through an upgrade of the agent. */
static void case_numbers(void)
{
    struct config config = config_of(15);
    uint8_t app = 99, lane = 99;
    CHECK_INT_EQ(address_subnet(&config, 0), 0xc6120800);
    CHECK_INT_EQ(address_subnet(&config, 15), 0xc6128000);
    CHECK_INT_EQ(address_gateway(&config, 0), 0xc6120801);
    CHECK_INT_EQ(address_replica(&config, 0, 0, 0, 1), 0xc6120810);
    CHECK_INT_EQ(address_replica(&config, 1, 3, 2, 16), 0xc6120800 + 2048 + 1536 + 16 + 32 + 15);
    CHECK_INT_EQ(address_service(&config, 0, 0), 0xc6120100);
    CHECK_INT_EQ(address_service(&config, 15, 3), 0xc6120100 + 240 + 3);
    CHECK(!address_locate(&config, 0xc6120800 + 15, &app, &lane));
    CHECK(app == 99 && lane == 99);
    CHECK(address_locate(&config, 0xc6120800 + 16, &app, &lane) && app == 0 && lane == 0);
    CHECK(address_locate(&config, 0xc6120800 + 511, &app, &lane) && lane == 0);
    CHECK(!address_locate(&config, 0xc6120800 + 512 + 15, &app, &lane));
    CHECK(address_locate(&config, 0xc6120800 + 512 + 16, &app, &lane) && lane == 1);
    CHECK(address_locate(&config, 0xc6120800 + 2047, &app, &lane) && app == 0 && lane == 3);
    CHECK(!address_locate(&config, 0xc61207ff, &app, &lane));
    CHECK(!address_locate(&config, 0xc6120000 + 16, &app, &lane));
    CHECK(!address_locate(&config, 0xc6120000 - 2048 + 16, &app, &lane)); /* below the pool */
    CHECK(address_locate(&config, 0xc6128000 + 2047, &app, &lane) && app == 15 && lane == 3);
    CHECK(!address_locate(&config, 0xc6128800 + 16, &app, &lane));
}

static void case_names(void)
{
    struct config one = config_of(15);
    struct config other = config_of(15);
    char a[16];
    char b[16];
    char network[ENGINE_NAME_BYTES];
    memcpy(other.node, "gw2", 4);
    address_bridge(&one, "web", a);
    CHECK_INT_EQ(strlen(a), 14);
    address_bridge(&one, "web", b);
    CHECK_STR_EQ(a, b);
    address_bridge(&one, "db", b);
    CHECK(strcmp(a, b) != 0);
    address_bridge(&other, "web", b);
    CHECK(strcmp(a, b) != 0);
    address_network(&one, "web", network);
    CHECK_STR_EQ(network, "berth_gw1_web");
    address_network_former(&one, "web", network);
    CHECK_STR_EQ(network, "berth-gw1-web");
    /* Two agents on one engine whose names run into each other. */
    char second[ENGINE_NAME_BYTES];
    struct config long_name = one;
    (void)snprintf(long_name.node, sizeof long_name.node, "gw1-web");
    address_network(&one, "web-db", network);
    address_network(&long_name, "db", second);
    CHECK(strcmp(network, second) != 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"no collisions", case_no_collisions},
                                              {"apps", case_apps},
                                              {"locate", case_locate},
                                              {"numbers", case_numbers},
                                              {"names", case_names}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
