/* table_test: the door lets in what the route can take in every stage of every app's change. */
#include "agent/node/conductor_private.h"

#include "tests/check.h"

static struct conductor_ports ports;
static char lines[8][LOG_LINE_BYTES_MAX];
static size_t line_count;
static size_t seen_pairs; /* of the table that was checked last */
static size_t pairs_max;

static size_t table_pairs(const struct route_table *table)
{
    size_t pairs = 0;
    for (size_t i = 0; i < table->service_count; i++) {
        const struct route_service *service = &table->services[i];
        pairs += (service->port_count + (service->address != 0 ? 1 : 0)) * service->backend_count;
    }
    return pairs;
}

static int check_pairs(void *self, const struct route_table *table, struct err *err)
{
    (void)self;
    seen_pairs = table_pairs(table);
    return seen_pairs <= pairs_max ? 0 : err_set(err, ERR_LIMIT, "%zu pairs", seen_pairs);
}

static mono_ms clock_mono(void *self)
{
    (void)self;
    return 1000;
}

static wall_ms clock_wall(void *self, bool *trusted)
{
    (void)self;
    *trusted = false;
    return 0;
}

static void log_line(void *self, enum log_level level, const char *line)
{
    (void)self;
    (void)level;
    if (line_count < COUNT_OF(lines)) {
        (void)text_copy(lines[line_count++], sizeof lines[0], line);
    }
}

static struct conductor *node_open(void)
{
    static const struct route_ops route = {.check = check_pairs};
    static const struct clock_ops clock = {.mono = clock_mono, .wall = clock_wall};
    static const struct log_ops log = {.line = log_line};
    struct config config;
    struct err err;
    ports = (struct conductor_ports){.route.ops = &route, .clock.ops = &clock, .log.ops = &log};
    pairs_max = SIZE_MAX;
    line_count = 0;
    CHECK_INT_EQ(
        config_parse(span_text("{\"schema\":1,\"node\":\"n\",\"fleet\":\"f\"}"), &config, &err), 0);
    struct conductor *conductor = conductor_new(&config, &ports);
    conductor->engine.has_about = true; /* plans can be had */
    conductor->engine.has_list = true;
    return conductor;
}

/* A release of one service; `name` tells digests apart, ports count from first_port. */
static struct plan plan_of(const char *app, uint8_t name, uint8_t replicas, uint16_t first_port,
                           uint8_t ports_count)
{
    struct plan plan = {.service_count = 1};
    struct plan_service *service = &plan.services[0];
    (void)text_copy(plan.app, sizeof plan.app, app);
    (void)text_copy(service->name, sizeof service->name, "main");
    plan.digest.bytes[0] = name;
    service->replicas = replicas;
    for (uint8_t i = 0; i < ports_count; i++) {
        service->ports[service->port_count++] = (struct route_port){
            .protocol = ROUTE_TCP, .host_port = (uint16_t)(first_port + i), .container_port = 80};
    }
    return plan;
}

static struct generation give(struct app *app, size_t place, const struct plan *plan, uint32_t gen)
{
    app->plans.slots[place] = (struct plan_slot){.is_used = true, .plan = *plan};
    return (struct generation){.release = plan->digest, .gen = gen};
}

/* An app at rest with this release. */
static struct app *app_at_rest(struct conductor *conductor, uint8_t index, const struct plan *plan)
{
    struct app *app = &conductor->apps[index];
    *app = (struct app){.conductor = conductor, .is_used = true};
    (void)text_copy(app->memory.app, NAME_BYTES, plan->app);
    app->memory.index = index;
    app->memory.committed = give(app, 0, plan, 1);
    app->memory.wanted = plan->digest;
    app->session.is_observed = true;
    return app;
}

static void room_for_new_apps(void)
{
    struct conductor *conductor = node_open();
    struct err err;
    pairs_max = ROUTE_PAIRS_SURE; /* three of the largest */
    for (uint8_t i = 0; i < 3; i++) {
        char name[] = {'a', (char)('0' + i), '\0'};
        struct plan plan = plan_of(name, (uint8_t)(i + 1), 16, (uint16_t)(8000 + 100 * i), 16);
        CHECK_INT_EQ(table_check_room(conductor, NULL, &plan, &err), 0);
        (void)app_at_rest(conductor, i, &plan);
    }
    CHECK_INT_EQ(seen_pairs, ROUTE_PAIRS_SURE);
    struct plan small = plan_of("small", 9, 1, 9000, 0);
    CHECK_INT_EQ(table_check_room(conductor, NULL, &small, &err), ERR_LIMIT);
    CHECK_CONTAINS(err.text, "with app small the traffic of all apps is refused: 817 pairs");
    conductor_free(conductor);
}

/* Both sets of the app that changes: what it leaves counts until the verdict. */
static void room_for_both_sets(void)
{
    struct conductor *conductor = node_open();
    struct err err;
    struct plan old = plan_of("web", 1, 16, 8000, 16);
    struct plan moved = plan_of("web", 2, 16, 9000, 16);
    struct plan same = plan_of("web", 3, 2, 8000, 16);
    struct app *app = app_at_rest(conductor, 0, &old);
    CHECK_INT_EQ(table_check_room(conductor, app, &moved, &err), 0);
    CHECK_INT_EQ(seen_pairs, 17 * 16 + 16 * 16);
    CHECK_INT_EQ(table_check_room(conductor, app, &same, &err), 0);
    CHECK_INT_EQ(seen_pairs, 17 * 16); /* the way back is larger */
    pairs_max = 17 * 16 + 16 * 16 - 1;
    CHECK_INT_EQ(table_check_room(conductor, app, &moved, &err), ERR_LIMIT);
    conductor_free(conductor);
}

/* And of every other app: one that is changing, and one that only wants to. */
static void room_beside_changing_apps(void)
{
    struct conductor *conductor = node_open();
    struct err err;
    struct plan old = plan_of("web", 1, 4, 8000, 3);
    struct plan next = plan_of("web", 2, 16, 8000, 3);
    struct plan wanted = plan_of("web", 3, 1, 9000, 8);
    struct plan other = plan_of("other", 4, 1, 7000, 0);
    struct app *app = app_at_rest(conductor, 0, &old);
    app->memory.candidate = give(app, 1, &next, 2);
    app->memory.phase = SWAP_UNPROVEN;
    CHECK_INT_EQ(table_check_room(conductor, NULL, &other, &err), 0);
    CHECK_INT_EQ(seen_pairs, 4 * 16 + 1);
    (void)give(app, 2, &wanted, 0);
    app->memory.wanted = wanted.digest;
    CHECK_INT_EQ(table_check_room(conductor, NULL, &other, &err), 0);
    CHECK_INT_EQ(seen_pairs, 4 * 16 + 1); /* 9 + 3 * 16 after the candidate's good end is less */
    app->plans.slots[2].plan.services[0].replicas = 3;
    CHECK_INT_EQ(table_check_room(conductor, NULL, &other, &err), 0);
    CHECK_INT_EQ(seen_pairs, 9 * 3 + 3 * 16 + 1);
    conductor_free(conductor);
}

/* A service on the host's network, or without one, is not forwarded and needs no room. */
static void no_room_for_host_network(void)
{
    struct conductor *conductor = node_open();
    struct err err;
    struct plan plan = plan_of("host", 1, 16, 8000, 16);
    plan.services[0].powers = POWER_HOST_NETWORK;
    CHECK_INT_EQ(table_check_room(conductor, NULL, &plan, &err), 0);
    CHECK_INT_EQ(seen_pairs, 0);
    plan.services[0].powers = POWER_HOST_PID;
    plan.services[0].has_no_network = true;
    seen_pairs = 1;
    CHECK_INT_EQ(table_check_room(conductor, NULL, &plan, &err), 0);
    CHECK_INT_EQ(seen_pairs, 0);
    conductor_free(conductor);
}

/* A service with one port or replica more than a table holds is refused, never cut. */
static void limits_of_one_service(void)
{
    struct conductor *conductor = node_open();
    struct err err;
    struct plan plan = plan_of("web", 1, ROUTE_BACKENDS_MAX, 8000, ROUTE_PORTS_MAX);
    CHECK_INT_EQ(table_check_room(conductor, NULL, &plan, &err), 0);
    plan.services[0].replicas++;
    CHECK_INT_EQ(table_check_room(conductor, NULL, &plan, &err), ERR_LIMIT);
    CHECK_CONTAINS(err.text, "32 replicas");
    conductor_free(conductor);
}

/* Sixteen apps that all leave ports fill the table's services to the last. */
static void limit_of_services(void)
{
    struct conductor *conductor = node_open();
    static struct route_table table;
    struct err err;
    for (uint8_t i = 0; i < APPS_MAX; i++) {
        char name[] = {'a', (char)('a' + i), '\0'};
        struct plan old = plan_of(name, (uint8_t)(2 * i + 1), 1, (uint16_t)(8000 + i), 1);
        struct plan next = plan_of(name, (uint8_t)(2 * i + 2), 1, (uint16_t)(9000 + i), 1);
        struct app *app = app_at_rest(conductor, i, &old);
        CHECK_INT_EQ(table_check_room(conductor, app, &next, &err), 0);
        app->memory.candidate = give(app, 1, &next, 2);
        app->memory.phase = SWAP_UNPROVEN;
        app->session.wish_gen = 2;
    }
    CHECK_INT_EQ(conductor->traffic.checking.service_count, ROUTE_SERVICES_MAX);
    CHECK(table_build(conductor, false, &table));
    CHECK_INT_EQ(table.service_count, ROUTE_SERVICES_MAX);
    conductor_free(conductor);
}

/* What got past the door all the same, by an agent before this one, is said and not cut. */
static void build_over_a_limit(void)
{
    struct conductor *conductor = node_open();
    static struct route_table table;
    struct plan plan = plan_of("web", 1, ROUTE_BACKENDS_MAX + 1, 8000, 1);
    struct app *app = app_at_rest(conductor, 0, &plan);
    app->session.wish_gen = 1;
    CHECK(!table_build(conductor, true, &table));
    CHECK_INT_EQ(line_count, 1);
    CHECK_CONTAINS(lines[0], "web: the traffic of all apps is over a limit");
    CHECK_CONTAINS(lines[0], "remove an app");
    conductor_free(conductor);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"room for new apps", room_for_new_apps},
        {"room for both sets", room_for_both_sets},
        {"room beside changing apps", room_beside_changing_apps},
        {"no room for the host's network", no_room_for_host_network},
        {"limits of one service", limits_of_one_service},
        {"limit of services", limit_of_services},
        {"a table over a limit", build_over_a_limit},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
