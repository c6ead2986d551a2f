/* words: engine states by name, and when two tables forward the same. */
#include "platform/base/units.h"
#include "platform/engine.h"
#include "platform/route.h"
#include "tests/check.h"

static struct route_table a, b;

static void begin(void)
{
    memset(&a, 0, sizeof a);
    a.pool = 0xc6120000;
    a.pool_bits = 15;
    a.service_count = 1;
    struct route_service *service = &a.services[0];
    memcpy(service->app, "web", 4);
    memcpy(service->service, "web", 4);
    service->address = 1;
    service->port_count = 1;
    service->ports[0].host_port = 80;
    service->backend_count = 2;
    service->backends[0] = (struct route_backend){10, 100};
    service->backends[1] = (struct route_backend){11, 100};
    b = a;
}

#define CHECK_DIFFERS(field, value)             \
    do {                                        \
        begin();                                \
        b.field = (value);                      \
        CHECK(!route_table_is_equal(&a, &b));   \
    } while (0)

static void case_tables(void)
{
    begin();
    CHECK(route_table_is_equal(&a, &b));
    b.generation = 9; /* a number, not a content */
    CHECK(route_table_is_equal(&a, &b));
    CHECK_DIFFERS(service_count, 0);
    CHECK_DIFFERS(services[0].address, 2);
    CHECK_DIFFERS(services[0].app[0], 'x');
    CHECK_DIFFERS(services[0].port_count, 0);
    CHECK_DIFFERS(services[0].ports[0].host_port, 81);
    CHECK_DIFFERS(services[0].ports[0].host_ip, 1);
    CHECK_DIFFERS(services[0].ports[0].container_port, 1);
    CHECK_DIFFERS(services[0].ports[0].protocol, ROUTE_UDP);
    CHECK_DIFFERS(services[0].backend_count, 1);
    CHECK_DIFFERS(services[0].backends[1].address, 12);
    CHECK_DIFFERS(services[0].backends[1].weight, 1);
    begin(); /* what lies behind the counts does not matter */
    b.services[0].backends[2].address = 77;
    CHECK(route_table_is_equal(&a, &b));
}

static void case_copied(void)
{
    begin();
    memset(&b, 0xee, sizeof b);
    a.generation = 12;
    route_table_copy(&b, &a);
    CHECK(route_table_is_equal(&a, &b));
    CHECK_INT_EQ(b.generation, 12);
    const unsigned char *behind = (const unsigned char *)&b.services[1];
    for (size_t i = 0; i < sizeof b.services[1]; i++) {
        CHECK_INT_EQ(behind[i], 0xee);
    }
    a.service_count = ROUTE_SERVICES_MAX;
    a.services[ROUTE_SERVICES_MAX - 1].address = 5;
    route_table_copy(&b, &a);
    CHECK(route_table_is_equal(&a, &b));
    CHECK_INT_EQ(memcmp(a.services, b.services, sizeof a.services), 0);
}

static void case_states(void)
{
    CHECK_STR_EQ(engine_state_word(ENGINE_RUNNING), "running");
    CHECK_STR_EQ(engine_state_word(ENGINE_DEAD), "dead");
    CHECK_STR_EQ(engine_state_word(ENGINE_STATE_COUNT), "unknown");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"tables", case_tables}, {"copied", case_copied}, {"states", case_states}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
