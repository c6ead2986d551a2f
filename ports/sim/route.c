/* route: calls carried out in order; tables replaced whole; flows that stay where they began. */
#include "ports/sim/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sim_route_call {
    bool is_used;
    enum sim_op op;
    enum sim_fate fate;
    uint32_t agent;
    uint64_t serial;
    struct route_table table;
    ipv4 backend;
    route_done done;
    void *ctx;
    struct err err;
};

bool sim_route_init(struct sim_route *route, struct sim_world *world)
{
    memset(route, 0, sizeof *route);
    route->world = world;
    route->eyes.world = world;
    route->calls = calloc(SIM_ROUTE_PENDING_MAX, sizeof *route->calls);
    return route->calls != NULL;
}

void sim_route_close(struct sim_route *route)
{
    free(route->calls);
    route->calls = NULL;
}

bool sim_table_has_backend(const struct route_table *table, ipv4 address)
{
    for (size_t i = 0; i < table->service_count; i++) {
        for (size_t j = 0; j < table->services[i].backend_count; j++) {
            if (table->services[i].backends[j].address == address) {
                return true;
            }
        }
    }
    return false;
}

static void trace_table(struct sim_route *route, const char *what, const struct route_table *table)
{
    for (size_t i = 0; i < table->service_count; i++) {
        const struct route_service *service = &table->services[i];
        char backends[128] = "nobody";
        size_t len = 0;
        for (size_t j = 0; j < service->backend_count && j < 8; j++) {
            ipv4 address = service->backends[j].address;
            int wrote = snprintf(backends + len, sizeof backends - len, "%s%u.%u.%u.%u",
                                 j == 0 ? "" : " ", address >> 24, (address >> 16) & 255u,
                                 (address >> 8) & 255u, address & 255u);
            len += wrote > 0 ? (size_t)wrote : 0;
        }
        sim_world_trace(route->world, "route   %s %s/%s -> %s%s", what, service->app,
                        service->service, backends, service->hold_ms > 0 ? ", new ones wait" : "");
    }
    if (table->service_count == 0) {
        sim_world_trace(route->world, "route   %s nothing", what);
    }
}

static void move_datagrams(struct sim_route *route, const struct route_table *table)
{
    for (size_t i = 0; i < SIM_FLOWS_MAX; i++) {
        struct sim_flow *flow = &route->flows[i];
        if (flow->is_used && flow->protocol == ROUTE_UDP &&
            !sim_table_has_backend(table, flow->backend)) {
            flow->backend = 0; /* chosen anew with the next datagram */
        }
    }
}

/* To the second above. A table that nobody applied lets nobody wait. */
static void set_waits(struct sim_route *route, const struct route_table *table, bool is_applied)
{
    memset(route->wait_until, 0, sizeof route->wait_until);
    for (size_t i = 0; is_applied && i < table->service_count; i++) {
        int64_t seconds = (table->services[i].hold_ms + 999) / 1000;
        route->wait_until[i] = seconds > 0 ? route->world->now + SECONDS_MS(seconds) : 0;
    }
}

static void set_kernel(struct sim_route *route, const struct route_table *table)
{
    struct sim_table_change change = {
        .from = route->has_kernel ? &route->kernel : NULL,
        .to = table,
    };
    sim_world_saw(route->world, SIM_SAW_TABLE, &change);
    route->has_kernel = table != NULL;
    route->is_altered = false;
    set_waits(route, table, false);
    if (table != NULL) {
        move_datagrams(route, table);
        route->kernel = *table;
        route->is_open = true;
        trace_table(route, "kernel", table);
    } else {
        memset(&route->kernel, 0, sizeof route->kernel);
        route->is_open = false;
        sim_world_trace(route->world, "route   kernel has no table");
    }
}

static void set_boot_file(struct sim_route *route, const struct route_table *table)
{
    route->boot_file = *table;
    route->has_boot_file = true;
    trace_table(route, "boot file", table);
    sim_world_saw(route->world, SIM_SAW_BOOT_FILE, table);
}

static void forget_flows(struct sim_route *route, ipv4 backend)
{
    for (size_t i = 0; i < SIM_FLOWS_MAX; i++) {
        struct sim_flow *flow = &route->flows[i];
        if (!flow->is_used || flow->backend != backend) {
            continue;
        }
        if (flow->protocol == ROUTE_TCP) {
            flow->is_broken = true;
        } else {
            flow->backend = 0; /* chosen anew with the next datagram */
        }
    }
}

static void carry_out(struct sim_route *route, struct sim_route_call *call)
{
    switch ((int)call->op) {
    case SIM_OP_ROUTE_APPLY:
        set_kernel(route, &call->table);
        set_waits(route, &call->table, true);
        break;
    case SIM_OP_ROUTE_COMMIT:
        set_boot_file(route, &call->table);
        break;
    case SIM_OP_ROUTE_FORGET:
        forget_flows(route, call->backend);
        break;
    case SIM_OP_ROUTE_CLEAR:
        if (route->has_kernel) {
            set_kernel(route, NULL);
        }
        break;
    default:
        break; /* read only looks */
    }
}

/* Events name their call by place and serial; NULL when that call is over. */
static struct sim_route_call *call_of(struct sim_route *route, uint64_t arg)
{
    struct sim_route_call *call = &route->calls[arg % SIM_ROUTE_PENDING_MAX];
    return call->is_used && call->serial == arg / SIM_ROUTE_PENDING_MAX ? call : NULL;
}

static void answer(void *self, uint64_t arg)
{
    struct sim_route *route = self;
    struct sim_route_call *call = call_of(route, arg);
    if (call == NULL) {
        return;
    }
    enum sim_op op = call->op;
    uint32_t agent = call->agent;
    route_done done = call->done;
    void *ctx = call->ctx;
    struct err err = call->err;
    call->is_used = false;
    struct route_state state = {
        .is_present = route->has_kernel,
        .generation = route->has_kernel ? route->kernel.generation : 0,
        .is_altered = route->has_kernel && route->is_altered,
        .is_open = route->is_open && route->obstacle != ROUTE_OBSTACLE_POLICY &&
                   route->obstacle != ROUTE_OBSTACLE_HOOK,
        .obstacle = route->obstacle,
        .has_timeouts = true,
    };
    if (agent == route->world->agents) {
        route->world->answers++;
        done(ctx, err.code != 0 ? &err : NULL,
             op == SIM_OP_ROUTE_READ && err.code == 0 ? &state : NULL);
    }
}

static void act(void *self, uint64_t arg)
{
    struct sim_route *route = self;
    struct sim_world *world = route->world;
    struct sim_route_call *call = call_of(route, arg);
    if (call == NULL) {
        return;
    }
    if (call->agent != world->agents && sim_random_one_in(world, 2)) {
        call->is_used = false; /* the helper died with the agent, before it began */
        return;
    }
    bool is_half = call->fate == SIM_FATE_CUT_WITHIN;
    if (call->fate == SIM_FATE_FAIL) {
        (void)err_set(&call->err, ERR_ROUTE, "netlink: device or resource busy");
    } else if (!is_half || sim_random_one_in(world, 2)) {
        carry_out(route, call); /* each is one transaction: a cut finds it done or not */
    }
    if (is_half || call->fate == SIM_FATE_CUT_AFTER) {
        sim_world_cut(world);
        return;
    }
    if (call->fate == SIM_FATE_KILL_AFTER) {
        sim_world_kill(world);
    } else if (call->fate == SIM_FATE_FAIL_LATE) {
        (void)err_set(&call->err, ERR_ROUTE, "the helper died");
    }
    sim_world_at(world, world->now + sim_random_between(world, 0, 2), answer, route, arg);
}

static int check_service(const struct route_table *table, const struct route_service *service,
                         struct err *err)
{
    if (service->port_count > ROUTE_PORTS_MAX || service->backend_count > ROUTE_BACKENDS_MAX ||
        service->hold_ms > ROUTE_HOLD_MS_MAX) {
        return err_set(err, ERR_LIMIT, "too many ports or backends, or too long a wait");
    }
    for (size_t i = 0; i < service->port_count; i++) {
        if (service->ports[i].host_port == 0 || service->ports[i].container_port == 0) {
            return err_set(err, ERR_VALUE, "port 0 is no port");
        }
    }
    for (size_t i = 0; i < service->backend_count; i++) {
        const struct route_backend *backend = &service->backends[i];
        if (backend->weight < 1 || backend->weight > 1000 ||
            (backend->address ^ table->pool) >> (32 - table->pool_bits) != 0) {
            return err_set(err, ERR_VALUE, "a backend's weight or address is out of bounds");
        }
    }
    return 0;
}

static int check_table(const struct route_table *table, struct err *err)
{
    if (table->service_count > ROUTE_SERVICES_MAX) {
        return err_set(err, ERR_LIMIT, "too many services");
    }
    if (table->pool_bits < 1 || table->pool_bits > 32) {
        return err_set(err, ERR_VALUE, "the pool is not a network");
    }
    size_t pairs = 0;
    for (size_t i = 0; i < table->service_count; i++) {
        int rc = check_service(table, &table->services[i], err);
        if (rc != 0) {
            return rc;
        }
        const struct route_service *service = &table->services[i];
        pairs += (service->port_count + (service->address != 0)) * service->backend_count;
    }
    if (pairs > ROUTE_PAIRS_SURE) {
        return err_set(err, ERR_LIMIT, "%zu pairs of port and backend, at most %d", pairs,
                       ROUTE_PAIRS_SURE);
    }
    return 0;
}

static int check(void *self, const struct route_table *table, struct err *err)
{
    const struct sim_route *route = self;
    int rc = check_table(table, err);
    if (rc == 0 && route->obstacle == ROUTE_OBSTACLE_POOL) {
        return err_set(err, ERR_EXISTS, "the pool lies over a route of this machine");
    }
    return rc;
}

static int take(struct sim_route *route, enum sim_op op, const struct route_table *table,
                ipv4 backend, route_done done, void *ctx, struct err *err)
{
    struct sim_world *world = route->world;
    size_t place = 0;
    if (!sim_world_is_live(world)) {
        return 0;
    }
    while (place < SIM_ROUTE_PENDING_MAX && route->calls[place].is_used) {
        place++;
    }
    if (place == SIM_ROUTE_PENDING_MAX) {
        return err_set(err, ERR_BUSY, "too many route calls are pending");
    }
    enum sim_fate fate = sim_faults_next(world, op);
    if (fate == SIM_FATE_CUT_BEFORE) {
        sim_world_cut(world);
        return 0;
    }
    if (fate == SIM_FATE_KILL_BEFORE) {
        sim_world_kill(world);
        return 0;
    }
    struct sim_route_call *call = &route->calls[place];
    call->is_used = true;
    call->op = op;
    call->fate = fate;
    call->agent = world->agents;
    call->serial = ++route->serial;
    call->backend = backend;
    call->done = done;
    call->ctx = ctx;
    call->err.code = 0;
    if (table != NULL) {
        call->table = *table;
    }
    route->busy_until = (route->busy_until > world->now ? route->busy_until : world->now) +
                        sim_random_between(world, 5, 19);
    sim_world_at(world, route->busy_until, act, route,
                 call->serial * SIM_ROUTE_PENDING_MAX + place);
    return 0;
}

static int apply(void *self, const struct route_table *table, route_done done, void *ctx,
                 struct err *err)
{
    int rc = check_table(table, err);
    return rc != 0 ? rc : take(self, SIM_OP_ROUTE_APPLY, table, 0, done, ctx, err);
}

static int read_state(void *self, route_done done, void *ctx, struct err *err)
{
    return take(self, SIM_OP_ROUTE_READ, NULL, 0, done, ctx, err);
}

static int commit(void *self, const struct route_table *table, route_done done, void *ctx,
                  struct err *err)
{
    int rc = check_table(table, err);
    return rc != 0 ? rc : take(self, SIM_OP_ROUTE_COMMIT, table, 0, done, ctx, err);
}

static int forget(void *self, ipv4 backend, route_done done, void *ctx, struct err *err)
{
    return take(self, SIM_OP_ROUTE_FORGET, NULL, backend, done, ctx, err);
}

static int clear(void *self, route_done done, void *ctx, struct err *err)
{
    return take(self, SIM_OP_ROUTE_CLEAR, NULL, 0, done, ctx, err);
}

static int is_held(void *self, enum route_protocol protocol, ipv4 host_ip, uint16_t port,
                   bool *held, struct err *err)
{
    const struct sim_route *route = self;
    (void)err;
    *held = false;
    for (size_t i = 0; i < route->held_count; i++) {
        const struct sim_held_port *other = &route->held[i];
        *held = *held || (other->protocol == protocol && other->port == port &&
                          (other->host_ip == 0 || host_ip == 0 || other->host_ip == host_ip));
    }
    return 0;
}

static void watch(void *self, route_hint hint, void *ctx)
{
    struct sim_route *route = self;
    sim_eyes_watch(&route->eyes, hint, ctx);
}

void sim_route_hold(struct sim_route *route, enum route_protocol protocol, ipv4 host_ip,
                    uint16_t port)
{
    if (route->held_count < SIM_HELD_MAX) {
        route->held[route->held_count++] = (struct sim_held_port){protocol, host_ip, port};
    }
}

void sim_route_lose(struct sim_route *route)
{
    route->has_kernel = false;
    route->is_open = false;
    memset(&route->kernel, 0, sizeof route->kernel);
    memset(route->flows, 0, sizeof route->flows);
    for (size_t i = 0; i < SIM_ROUTE_PENDING_MAX; i++) {
        route->calls[i].is_used = false;
    }
    route->busy_until = 0;
}

void sim_route_boot(struct sim_route *route)
{
    if (route->has_boot_file) {
        set_kernel(route, &route->boot_file);
    }
}

void sim_route_flush(struct sim_route *route)
{
    if (route->has_kernel) {
        set_kernel(route, NULL);
        sim_eyes_see(&route->eyes);
    }
}

void sim_route_replace(struct sim_route *route, const struct route_table *table)
{
    struct route_table old = *table;
    bool is_open = route->is_open;
    sim_world_trace(route->world, "hand    loads a table of an earlier day");
    route->has_kernel = true;
    route->kernel = old;
    route->is_open = is_open;
    trace_table(route, "kernel", &old);
    sim_eyes_see(&route->eyes);
}

void sim_route_spoil(struct sim_route *route)
{
    for (size_t i = 0; route->has_kernel && i < route->kernel.service_count; i++) {
        struct route_service *service = &route->kernel.services[i];
        if (service->backend_count > 0) {
            sim_world_trace(route->world, "hand    deletes the rules of %s/%s", service->app,
                            service->service);
            service->backend_count = 0;
            route->is_altered = true;
            sim_eyes_see(&route->eyes);
            return;
        }
    }
}

static ipv4 choose_backend(struct sim_route *route, const struct route_service *service)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < service->backend_count; i++) {
        sum += service->backends[i].weight;
    }
    if (sum == 0) {
        return 0;
    }
    uint64_t drawn = sim_random(route->world, sum);
    size_t i = 0;
    while (drawn >= service->backends[i].weight) {
        drawn -= service->backends[i++].weight;
    }
    return service->backends[i].address;
}

static bool answers_on(const struct route_service *service, enum route_protocol protocol,
                       ipv4 address, uint16_t port)
{
    if (service->address != 0 && service->address == address) {
        return true;
    }
    for (size_t i = 0; i < service->port_count; i++) {
        const struct route_port *own = &service->ports[i];
        if (own->protocol == protocol && own->host_port == port &&
            (address == SIM_NODE_ADDRESS || address == SIM_LOOPBACK) &&
            (own->host_ip == 0 || own->host_ip == address)) {
            return true;
        }
    }
    return false;
}

bool sim_route_waits(const struct sim_route *route, enum route_protocol protocol, ipv4 address,
                     uint16_t port)
{
    for (size_t i = 0; protocol == ROUTE_TCP && i < route->kernel.service_count; i++) {
        if (route->wait_until[i] > route->world->now &&
            answers_on(&route->kernel.services[i], protocol, address, port)) {
            return true;
        }
    }
    return false;
}

ipv4 sim_route_choose(struct sim_route *route, enum route_protocol protocol, ipv4 address,
                      uint16_t port)
{
    if (!route->is_open && address == SIM_NODE_ADDRESS) {
        return 0; /* from another host: forwarded, and dropped on the way */
    }
    for (size_t i = 0; route->has_kernel && i < route->kernel.service_count; i++) {
        if (answers_on(&route->kernel.services[i], protocol, address, port)) {
            return choose_backend(route, &route->kernel.services[i]);
        }
    }
    return 0;
}

int sim_route_open(struct sim_route *route, enum route_protocol protocol, ipv4 address,
                   uint16_t port)
{
    ipv4 backend = sim_route_choose(route, protocol, address, port);
    for (int i = 0; backend != 0 && i < SIM_FLOWS_MAX; i++) {
        if (!route->flows[i].is_used) {
            route->flows[i] = (struct sim_flow){true, false, protocol, address, port, backend};
            return i;
        }
    }
    return -1;
}

ipv4 sim_route_say(struct sim_route *route, int flow)
{
    struct sim_flow *open = &route->flows[flow];
    if (open->backend == 0) {
        open->backend = sim_route_choose(route, open->protocol, open->address, open->port);
    }
    return open->is_used && !open->is_broken ? open->backend : 0;
}

void sim_route_shut(struct sim_route *route, int flow)
{
    memset(&route->flows[flow], 0, sizeof route->flows[flow]);
}

struct route sim_route_port(struct sim_route *route)
{
    static const struct route_ops ops = {
        .check = check,
        .apply = apply,
        .read = read_state,
        .commit = commit,
        .forget = forget,
        .clear = clear,
        .is_held = is_held,
        .watch = watch,
    };
    return (struct route){.ops = &ops, .self = route};
}
