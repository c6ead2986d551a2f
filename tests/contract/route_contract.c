/* route_contract: the cases; each begins in an empty world. */
#include "tests/contract/route_contract.h"

#include <stdlib.h>

#include "tests/check.h"

#define TURNS_MAX      3000
#define TCP_PUBLISHED  ROUTE_WORLD_PUBLISHED_TCP
#define UDP_PUBLISHED  ROUTE_WORLD_PUBLISHED_UDP
#define SWITCHES       200
#define WEIGHED_ASKS   400
#define GENERATION_BIG 0xfffffffffffffff0u

/* One fixture a program; the runner's cases take no argument. */
static struct route_fixture *world;

struct waited {
    bool is_inside; /* the call has not returned yet */
    unsigned calls;
    int code;
    struct route_state state;
};

static void waited_done(void *ctx, const struct err *err, const struct route_state *state)
{
    struct waited *waited = ctx;
    CHECK(!waited->is_inside);
    waited->calls++;
    waited->code = err == NULL ? 0 : err->code;
    if (err != NULL) {
        printf("    answer: %s\n", err->text);
    }
    if (state != NULL) {
        waited->state = *state;
    }
}

/* Waits for the callback of a call that returned rc. */
static int wait_for(struct route_fixture *fixture, struct waited *waited, int rc)
{
    waited->is_inside = false;
    if (rc != 0) {
        return rc;
    }
    for (int i = 0; i < TURNS_MAX && waited->calls == 0; i++) {
        fixture->pump(fixture->self);
    }
    CHECK_INT_EQ(waited->calls, 1);
    return waited->calls == 1 ? waited->code : ERR_TIMEOUT;
}

void route_contract_table(const struct route_fixture *fixture, uint64_t generation,
                          uint16_t first_weight, uint16_t second_weight, struct route_table *table)
{
    const uint16_t weights[ROUTE_WORLD_BACKENDS] = {first_weight, second_weight};
    memset(table, 0, sizeof *table);
    table->generation = generation;
    table->pool = fixture->pool;
    table->pool_bits = fixture->pool_bits;
    table->service_count = 1;
    struct route_service *service = &table->services[0];
    (void)snprintf(service->app, sizeof service->app, "shop");
    (void)snprintf(service->service, sizeof service->service, "web");
    (void)snprintf(service->bridge, sizeof service->bridge, "%s", fixture->bridge);
    service->address = fixture->service_address;
    service->ports[0] = (struct route_port){ROUTE_TCP, 0, TCP_PUBLISHED, ROUTE_WORLD_TCP_PORT};
    service->ports[1] = (struct route_port){ROUTE_UDP, 0, UDP_PUBLISHED, ROUTE_WORLD_UDP_PORT};
    service->port_count = 2;
    for (size_t i = 0; i < ROUTE_WORLD_BACKENDS; i++) {
        if (weights[i] > 0) {
            service->backends[service->backend_count++] =
                (struct route_backend){fixture->backends[i], weights[i]};
        }
    }
}

int route_contract_apply(struct route_fixture *fixture, const struct route_table *table)
{
    struct waited waited = {.is_inside = true};
    return wait_for(
        fixture, &waited,
        fixture->route.ops->apply(fixture->route.self, table, waited_done, &waited, NULL));
}

int route_contract_read(struct route_fixture *fixture, struct route_state *state)
{
    struct waited waited = {.is_inside = true};
    int rc = wait_for(fixture, &waited,
                      fixture->route.ops->read(fixture->route.self, waited_done, &waited, NULL));
    *state = waited.state;
    return rc;
}

int route_contract_clear(struct route_fixture *fixture)
{
    struct waited waited = {.is_inside = true};
    return wait_for(fixture, &waited,
                    fixture->route.ops->clear(fixture->route.self, waited_done, &waited, NULL));
}

int route_contract_ask(struct route_fixture *fixture, enum route_place from,
                       enum route_protocol protocol, ipv4 address, uint16_t port)
{
    int handle = fixture->open(fixture->self, from, protocol, address, port);
    if (handle < 0) {
        return handle;
    }
    int answer = fixture->say(fixture->self, handle);
    fixture->shut(fixture->self, handle);
    return answer;
}

int route_contract_commit(struct route_fixture *fixture, const struct route_table *table)
{
    struct waited waited = {.is_inside = true};
    return wait_for(
        fixture, &waited,
        fixture->route.ops->commit(fixture->route.self, table, waited_done, &waited, NULL));
}

static int forget(ipv4 backend)
{
    struct waited waited = {.is_inside = true};
    return wait_for(
        world, &waited,
        world->route.ops->forget(world->route.self, backend, waited_done, &waited, NULL));
}

static int apply_weights(uint64_t generation, uint16_t first, uint16_t second)
{
    struct route_table table;
    route_contract_table(world, generation, first, second, &table);
    return route_contract_apply(world, &table);
}

static int ask(enum route_place from, enum route_protocol protocol, ipv4 address, uint16_t port)
{
    return route_contract_ask(world, from, protocol, address, port);
}

static uint64_t generation_read(void)
{
    struct route_state state;
    CHECK_INT_EQ(route_contract_read(world, &state), 0);
    return state.is_present ? state.generation : 0;
}

static void empty_at_first(void)
{
    struct route_state state = {.is_present = true, .generation = 1};
    world->reset(world->self);
    CHECK_INT_EQ(route_contract_read(world, &state), 0);
    CHECK(!state.is_present);
    CHECK_INT_EQ(state.generation, 0);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED), ROUTE_REFUSED);
}

/* All who can ask, by all addresses: the other end is backend `number`. */
static void check_all_served(int number)
{
    for (unsigned from = 0; from < ROUTE_PLACE_COUNT; from++) {
        enum route_place place = (enum route_place)from;
        CHECK_INT_EQ(ask(place, ROUTE_TCP, world->node_address, TCP_PUBLISHED), number);
        CHECK_INT_EQ(ask(place, ROUTE_UDP, world->node_address, UDP_PUBLISHED), number);
        if (place != PLACE_OUTSIDE) {
            CHECK_INT_EQ(ask(place, ROUTE_TCP, world->service_address, ROUTE_WORLD_TCP_PORT),
                         number);
            CHECK_INT_EQ(ask(place, ROUTE_UDP, world->service_address, ROUTE_WORLD_UDP_PORT),
                         number);
        }
    }
    CHECK_INT_EQ(ask(PLACE_NODE, ROUTE_TCP, ROUTE_WORLD_LOOPBACK, TCP_PUBLISHED), number);
    CHECK_INT_EQ(ask(PLACE_NODE, ROUTE_UDP, ROUTE_WORLD_LOOPBACK, UDP_PUBLISHED), number);
}

/* Hairpin included: FIRST is both the asker and the only backend. */
static void all_are_served(void)
{
    world->reset(world->self);
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    check_all_served(0);
    CHECK_INT_EQ(apply_weights(2, 0, 7), 0);
    CHECK_INT_EQ(forget(world->backends[0]), 0);
    check_all_served(1);
}

static void host_address_is_kept_to(void)
{
    struct route_table table;
    world->reset(world->self);
    route_contract_table(world, 1, 1, 0, &table);
    table.services[0].ports[0].host_ip = ROUTE_WORLD_LOOPBACK;
    CHECK_INT_EQ(route_contract_apply(world, &table), 0);
    CHECK_INT_EQ(ask(PLACE_NODE, ROUTE_TCP, ROUTE_WORLD_LOOPBACK, TCP_PUBLISHED), 0);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED), ROUTE_REFUSED);
    table.services[0].ports[0].host_ip = world->node_address;
    CHECK_INT_EQ(route_contract_apply(world, &table), 0);
    CHECK_INT_EQ(ask(PLACE_NODE, ROUTE_TCP, ROUTE_WORLD_LOOPBACK, TCP_PUBLISHED), ROUTE_REFUSED);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED), 0);
}

static void generation_is_read_back(void)
{
    world->reset(world->self);
    CHECK_INT_EQ(apply_weights(7, 1, 0), 0);
    CHECK_INT_EQ(generation_read(), 7);
    CHECK_INT_EQ(apply_weights(GENERATION_BIG, 1, 0), 0);
    CHECK(generation_read() == GENERATION_BIG);
    CHECK_INT_EQ(apply_weights(GENERATION_BIG, 1, 0), 0);
    CHECK(generation_read() == GENERATION_BIG);
}

static void established_stays_and_new_goes_on(void)
{
    int handles[2];
    world->reset(world->self);
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    handles[0] =
        world->open(world->self, PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED);
    handles[1] =
        world->open(world->self, PLACE_NODE, ROUTE_TCP, ROUTE_WORLD_LOOPBACK, TCP_PUBLISHED);
    for (uint64_t generation = 2; generation < 6; generation++) {
        CHECK_INT_EQ(apply_weights(generation, 0, 1), 0);
        for (size_t i = 0; i < COUNT_OF(handles); i++) {
            CHECK(handles[i] >= 0);
            CHECK_INT_EQ(world->say(world->self, handles[i]), 0);
        }
        CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED), 1);
    }
    CHECK_INT_EQ(apply_weights(6, 0, 0), 0);
    for (size_t i = 0; i < COUNT_OF(handles); i++) {
        CHECK_INT_EQ(world->say(world->self, handles[i]), 0);
        world->shut(world->self, handles[i]);
    }
}

static void switches_lose_nobody(void)
{
    unsigned asked = 0;
    unsigned failed = 1;
    world->reset(world->self);
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    world->load_start(world->self);
    for (unsigned i = 0; i < SWITCHES; i++) {
        /* to the second, to both, to the first, ... */
        CHECK_INT_EQ(apply_weights(2 + i, i % 3 == 0 ? 0 : 1, i % 3 == 2 ? 0 : 3), 0);
    }
    world->load_stop(world->self, &asked, &failed);
    printf("    %d switches, %u new connections from each of three places at least, %u failed\n",
           SWITCHES, asked, failed);
    CHECK(asked >= SWITCHES);
    CHECK_INT_EQ(failed, 0);
}

/* The 300 expected are bounded at nearly six standard deviations. */
static void weights_are_kept(void)
{
    int seen[ROUTE_WORLD_BACKENDS] = {0};
    int at_address = 0;
    world->reset(world->self);
    CHECK_INT_EQ(apply_weights(1, 1, 3), 0);
    for (int i = 0; i < WEIGHED_ASKS; i++) {
        int answer = ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED);
        if (answer != 0 && answer != 1) {
            CHECK_INT_EQ(answer, 1);
            break;
        }
        seen[answer == 1]++;
        at_address +=
            ask(PLACE_NEIGHBOUR, ROUTE_TCP, world->service_address, ROUTE_WORLD_TCP_PORT) == 1;
    }
    CHECK(seen[1] >= 250 && seen[1] <= 350);
    CHECK(at_address >= 250 && at_address <= 350);
}

static void nobody_there_is_refused(void)
{
    world->reset(world->self);
    CHECK_INT_EQ(apply_weights(1, 0, 0), 0);
    for (unsigned from = 0; from < ROUTE_PLACE_COUNT; from++) {
        enum route_place place = (enum route_place)from;
        CHECK_INT_EQ(ask(place, ROUTE_TCP, world->node_address, TCP_PUBLISHED), ROUTE_REFUSED);
        CHECK_INT_EQ(ask(place, ROUTE_UDP, world->node_address, UDP_PUBLISHED), ROUTE_REFUSED);
        if (place != PLACE_OUTSIDE) {
            CHECK_INT_EQ(ask(place, ROUTE_TCP, world->service_address, ROUTE_WORLD_TCP_PORT),
                         ROUTE_REFUSED);
            int answer = ask(place, ROUTE_UDP, world->service_address, ROUTE_WORLD_UDP_PORT);
            CHECK(answer == ROUTE_REFUSED || (place == PLACE_NODE && answer == ROUTE_UNREACHABLE));
        }
    }
    CHECK_INT_EQ(ask(PLACE_NODE, ROUTE_TCP, ROUTE_WORLD_LOOPBACK, TCP_PUBLISHED), ROUTE_REFUSED);
}

static void datagrams_move_at_the_switch(void)
{
    world->reset(world->self);
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    int handle =
        world->open(world->self, PLACE_OUTSIDE, ROUTE_UDP, world->node_address, UDP_PUBLISHED);
    CHECK_INT_EQ(world->say(world->self, handle), 0);
    CHECK_INT_EQ(apply_weights(2, 1, 3), 0);
    CHECK_INT_EQ(world->say(world->self, handle), 0); /* who is still there keeps them */
    CHECK_INT_EQ(apply_weights(3, 0, 1), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_INT_EQ(world->say(world->self, handle), 1);
    }
    CHECK_INT_EQ(forget(world->backends[0]), 0); /* somebody else's */
    CHECK_INT_EQ(world->say(world->self, handle), 1);
    world->shut(world->self, handle);
}

static void connections_break_when_forgotten(void)
{
    world->reset(world->self);
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    int handles[] = {
        world->open(world->self, PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED),
        world->open(world->self, PLACE_NODE, ROUTE_TCP, ROUTE_WORLD_LOOPBACK, TCP_PUBLISHED),
        world->open(world->self, PLACE_NEIGHBOUR, ROUTE_TCP, world->service_address,
                    ROUTE_WORLD_TCP_PORT),
    };
    for (size_t i = 0; i < COUNT_OF(handles); i++) {
        CHECK_INT_EQ(world->say(world->self, handles[i]), 0);
    }
    CHECK_INT_EQ(apply_weights(2, 0, 1), 0);
    CHECK_INT_EQ(forget(world->backends[0]), 0);
    for (size_t i = 0; i < COUNT_OF(handles); i++) {
        CHECK_INT_EQ(world->say(world->self, handles[i]), ROUTE_BROKEN);
        world->shut(world->self, handles[i]);
    }
    CHECK_INT_EQ(forget(world->backends[0]), 0); /* nothing left to forget */
}

static void removed_by_others_is_seen_and_mended(void)
{
    struct route_state state = {.is_present = true};
    world->reset(world->self);
    CHECK_INT_EQ(apply_weights(3, 1, 0), 0);
    world->flush(world->self);
    CHECK_INT_EQ(route_contract_read(world, &state), 0);
    CHECK(!state.is_present);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED), ROUTE_REFUSED);
    CHECK_INT_EQ(apply_weights(3, 1, 0), 0);
    CHECK_INT_EQ(generation_read(), 3);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED), 0);
}

static void changed_by_others_is_seen_and_mended(void)
{
    struct route_state state = {.is_altered = true};
    world->reset(world->self);
    for (uint64_t generation = 3; generation < 5; generation++) {
        CHECK_INT_EQ(apply_weights(generation, 1, 0), 0);
        for (int i = 0; i < 2; i++) {
            CHECK_INT_EQ(route_contract_read(world, &state), 0);
            CHECK(state.is_present && !state.is_altered && state.generation == generation);
        }
        CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED), 0);
        world->spoil(world->self);
        CHECK(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED) != 0);
        CHECK_INT_EQ(route_contract_read(world, &state), 0);
        CHECK(state.is_present && state.is_altered && state.generation == generation);
    }
    CHECK_INT_EQ(apply_weights(5, 0, 1), 0);
    CHECK_INT_EQ(route_contract_read(world, &state), 0);
    CHECK(!state.is_altered);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED), 1);
}

static void committed_is_there_after_reboot(void)
{
    struct route_table table;
    world->reset(world->self);
    route_contract_table(world, 4, 1, 0, &table);
    CHECK_INT_EQ(route_contract_apply(world, &table), 0);
    CHECK_INT_EQ(route_contract_commit(world, &table), 0);
    route_contract_table(world, 5, 0, 1, &table);
    CHECK_INT_EQ(route_contract_commit(world, &table), 0);
    CHECK_INT_EQ(generation_read(), 4);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED), 0);
    world->reboot(world->self);
    CHECK_INT_EQ(generation_read(), 5);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED), 1);
}

static void applied_alone_is_gone_after_reboot(void)
{
    world->reset(world->self);
    CHECK_INT_EQ(apply_weights(4, 1, 0), 0);
    world->reboot(world->self);
    CHECK_INT_EQ(generation_read(), 0);
}

static void clear_removes(void)
{
    struct route_state state = {.is_present = true};
    world->reset(world->self);
    CHECK_INT_EQ(apply_weights(4, 1, 0), 0);
    CHECK_INT_EQ(route_contract_clear(world), 0);
    CHECK_INT_EQ(route_contract_clear(world), 0);
    CHECK_INT_EQ(route_contract_read(world, &state), 0);
    CHECK(!state.is_present);
    CHECK_INT_EQ(ask(PLACE_OUTSIDE, ROUTE_TCP, world->node_address, TCP_PUBLISHED), ROUTE_REFUSED);
}

static unsigned line_answered;

struct in_line {
    unsigned place;
    uint64_t generation;
};

static void in_line_done(void *ctx, const struct err *err, const struct route_state *state)
{
    struct in_line *call = ctx;
    CHECK(err == NULL);
    CHECK_INT_EQ(call->place, line_answered);
    line_answered++;
    if (call->generation > 0) {
        CHECK(state != NULL && state->generation == call->generation);
    }
}

static void calls_are_done_in_order(void)
{
    const struct route *route = &world->route;
    struct in_line calls[16];
    struct route_table table;
    struct err err = {0};
    world->reset(world->self);
    line_answered = 0;
    for (unsigned i = 0; i < COUNT_OF(calls); i++) {
        bool is_read = i % 2 == 1;
        calls[i] = (struct in_line){.place = i, .generation = is_read ? i : 0};
        route_contract_table(world, i + 1, 1, 0, &table);
        CHECK_INT_EQ(is_read
                         ? route->ops->read(route->self, in_line_done, &calls[i], &err)
                         : route->ops->apply(route->self, &table, in_line_done, &calls[i], &err),
                     0);
        memset(&table, 0xff, sizeof table); /* it was copied */
    }
    CHECK_INT_EQ(line_answered, 0);
    CHECK_INT_EQ(route->ops->read(route->self, in_line_done, &calls[0], &err), ERR_BUSY);
    for (int i = 0; i < TURNS_MAX && line_answered < COUNT_OF(calls); i++) {
        world->pump(world->self);
    }
    CHECK_INT_EQ(line_answered, COUNT_OF(calls));
}

/* What check says is what apply and commit say. */
static int check_and_apply(const struct route_table *table)
{
    int rc = world->route.ops->check(world->route.self, table, NULL);
    CHECK_INT_EQ(route_contract_apply(world, table), rc);
    CHECK_INT_EQ(route_contract_commit(world, table), rc);
    return rc;
}

/* `services` of that many ports and backends each, in the longest words. */
static void table_fill(struct route_table *table, size_t services, size_t ports, size_t backends)
{
    route_contract_table(world, 77, 1, 0, table);
    table->service_count = services;
    for (size_t i = 0; i < services; i++) {
        struct route_service *service = &table->services[i];
        *service = table->services[0];
        service->address = world->service_address + (ipv4)i;
        service->port_count = ports;
        service->backend_count = backends;
        for (size_t j = 0; j < ports; j++) {
            service->ports[j] =
                (struct route_port){ROUTE_TCP, 0xc0a8ff00u + (ipv4)i,
                                    (uint16_t)(40000 + i * 16 + j), (uint16_t)(50000 + j)};
        }
        for (size_t j = 0; j < backends; j++) {
            service->backends[j] =
                (struct route_backend){world->backends[j % 2], (uint16_t)(1000 - j)};
        }
    }
}

static void promised_size_is_taken(void)
{
    static struct route_table table;
    world->reset(world->self);
    table_fill(&table, 3, 16, 16);
    CHECK_INT_EQ(check_and_apply(&table), 0);
    CHECK_INT_EQ(generation_read(), 77);
    CHECK_INT_EQ(ask(PLACE_NODE, ROUTE_TCP, world->node_address, TCP_PUBLISHED), ROUTE_REFUSED);
    table_fill(&table, ROUTE_SERVICES_MAX, ROUTE_PORTS_MAX, 1);
    CHECK_INT_EQ(check_and_apply(&table), 0);
    table_fill(&table, 24, 1, 17);
    CHECK_INT_EQ(check_and_apply(&table), 0);
}

static void too_large_is_refused_whole(void)
{
    static struct route_table table;
    world->reset(world->self);
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    table_fill(&table, ROUTE_SERVICES_MAX, ROUTE_PORTS_MAX, ROUTE_BACKENDS_MAX);
    CHECK_INT_EQ(check_and_apply(&table), ERR_LIMIT);
    CHECK_INT_EQ(generation_read(), 1);
    CHECK_INT_EQ(ask(PLACE_NODE, ROUTE_TCP, world->node_address, TCP_PUBLISHED), 0);
}

static void nonsense_is_refused(void)
{
    struct route_table table;
    world->reset(world->self);
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    route_contract_table(world, 2, 1, 0, &table);
    table.services[0].backends[0].weight = 0;
    CHECK_INT_EQ(check_and_apply(&table), ERR_VALUE);
    route_contract_table(world, 2, 1, 0, &table);
    table.services[0].backends[0].address = 0x0a000001;
    CHECK_INT_EQ(check_and_apply(&table), ERR_VALUE);
    route_contract_table(world, 2, 1, 0, &table);
    table.services[0].ports[0].container_port = 0;
    CHECK_INT_EQ(check_and_apply(&table), ERR_VALUE);
    route_contract_table(world, 2, 1, 0, &table);
    table.services[0].backend_count = ROUTE_BACKENDS_MAX + 1;
    CHECK_INT_EQ(check_and_apply(&table), ERR_LIMIT);
    route_contract_table(world, 2, 1, 0, &table);
    table.service_count = ROUTE_SERVICES_MAX + 1;
    CHECK_INT_EQ(check_and_apply(&table), ERR_LIMIT);
    CHECK_INT_EQ(generation_read(), 1);
}

static bool is_held(enum route_protocol protocol, ipv4 host_ip, uint16_t port)
{
    bool held = false;
    CHECK_INT_EQ(world->route.ops->is_held(world->route.self, protocol, host_ip, port, &held, NULL),
                 0);
    return held;
}

static void held_ports_are_seen(void)
{
    world->reset(world->self);
    world->hold(world->self, ROUTE_TCP, 0, 9001);
    world->hold(world->self, ROUTE_UDP, 0, 9002);
    world->hold(world->self, ROUTE_TCP, ROUTE_WORLD_LOOPBACK, 9003);
    CHECK(is_held(ROUTE_TCP, 0, 9001));
    CHECK(is_held(ROUTE_TCP, world->node_address, 9001));
    CHECK(!is_held(ROUTE_UDP, 0, 9001));
    CHECK(is_held(ROUTE_UDP, 0, 9002));
    CHECK(!is_held(ROUTE_TCP, 0, 9002));
    CHECK(is_held(ROUTE_TCP, 0, 9003));
    CHECK(is_held(ROUTE_TCP, ROUTE_WORLD_LOOPBACK, 9003));
    CHECK(!is_held(ROUTE_TCP, world->node_address, 9003));
    world->release(world->self);
    CHECK(!is_held(ROUTE_TCP, 0, 9001));
    CHECK(!is_held(ROUTE_UDP, 0, 9002));
    CHECK_INT_EQ(apply_weights(1, 1, 0), 0);
    CHECK(!is_held(ROUTE_TCP, 0, TCP_PUBLISHED)); /* ours, by translation alone */
}

int route_contract_run(struct route_fixture *fixture, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"empty_at_first", empty_at_first},
        {"all_are_served", all_are_served},
        {"host_address_is_kept_to", host_address_is_kept_to},
        {"generation_is_read_back", generation_is_read_back},
        {"established_stays_and_new_goes_on", established_stays_and_new_goes_on},
        {"switches_lose_nobody", switches_lose_nobody},
        {"weights_are_kept", weights_are_kept},
        {"nobody_there_is_refused", nobody_there_is_refused},
        {"datagrams_move_at_the_switch", datagrams_move_at_the_switch},
        {"connections_break_when_forgotten", connections_break_when_forgotten},
        {"removed_by_others_is_seen_and_mended", removed_by_others_is_seen_and_mended},
        {"changed_by_others_is_seen_and_mended", changed_by_others_is_seen_and_mended},
        {"committed_is_there_after_reboot", committed_is_there_after_reboot},
        {"applied_alone_is_gone_after_reboot", applied_alone_is_gone_after_reboot},
        {"clear_removes", clear_removes},
        {"calls_are_done_in_order", calls_are_done_in_order},
        {"promised_size_is_taken", promised_size_is_taken},
        {"too_large_is_refused_whole", too_large_is_refused_whole},
        {"nonsense_is_refused", nonsense_is_refused},
        {"held_ports_are_seen", held_ports_are_seen},
    };
    world = fixture;
    int status = check_run(cases, COUNT_OF(cases), argc, argv);
    int waited = route_wait_run(fixture, argc, argv);
    int hinted = route_hints_run(fixture, argc, argv);
    int passed = (status == EXIT_SUCCESS) + (waited == EXIT_SUCCESS) + (hinted == EXIT_SUCCESS);
    return passed >= (argc > 1 ? 1 : 3) ? EXIT_SUCCESS : EXIT_FAILURE; /* one case: in one list */
}
