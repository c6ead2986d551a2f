/* conductor_table: the table of all apps: as they wish it, as the boot file has it, and as large as
 * it can become while they change. */
#include "agent/node/address.h"
#include "agent/node/conductor_private.h"
#include "platform/base/law.h"

#define WEIGHT 100

/* Whose services are added: what a table says of an app besides its plan. */
struct owner {
    const struct config *config;
    const char *app;
    uint8_t index;
};

static struct owner owner_of(const struct app *app)
{
    return (struct owner){&app->conductor->config, app->memory.app, app->memory.index};
}

/* The adders return false at a limit: such a table is not used. */
static bool add_port(struct route_service *service, const struct route_port *port)
{
    LAW(BOUNDED, service->port_count <= ROUTE_PORTS_MAX);
    if (service->port_count >= ROUTE_PORTS_MAX) {
        return false;
    }
    service->ports[service->port_count++] = *port;
    return true;
}

static bool add_backend(struct route_service *service, ipv4 address)
{
    LAW(BOUNDED, service->backend_count <= ROUTE_BACKENDS_MAX);
    if (address == 0) {
        return true; /* it has none yet: nothing can be sent there */
    }
    if (service->backend_count >= ROUTE_BACKENDS_MAX) {
        return false;
    }
    service->backends[service->backend_count++] =
        (struct route_backend){.address = address, .weight = WEIGHT};
    return true;
}

/* A service on the host's network is reached there, one without a network nowhere: nothing of them
 * is forwarded. */
static bool is_forwarded(const struct plan_service *plan)
{
    return (plan->powers & POWER_HOST_NETWORK) == 0 && !plan->has_no_network;
}

static struct route_service *add_service(struct route_table *table, const struct owner *owner,
                                         const struct plan_service *plan)
{
    LAW(BOUNDED, table->service_count <= ROUTE_SERVICES_MAX);
    if (table->service_count >= ROUTE_SERVICES_MAX) {
        return NULL;
    }
    struct route_service *service = &table->services[table->service_count++];
    *service = (struct route_service){0};
    (void)text_copy(service->app, sizeof service->app, owner->app);
    (void)text_copy(service->service, sizeof service->service, plan->name);
    address_bridge(owner->config, owner->app, service->bridge);
    return service;
}

/* With its service address and published ports, still without backends. */
static struct route_service *add_open_service(struct route_table *table, const struct owner *owner,
                                              const struct plan_service *plan, uint8_t number)
{
    struct route_service *service = add_service(table, owner, plan);
    if (service == NULL) {
        return NULL;
    }
    service->address = address_service(owner->config, owner->index, number);
    for (size_t i = 0; i < plan->port_count; i++) {
        if (!add_port(service, &plan->ports[i])) {
            return NULL;
        }
    }
    return service;
}

/* All replicas a generation has, whether they are there or not. */
static bool add_replicas(struct route_service *service, const struct owner *owner,
                         const struct plan_service *plan, uint8_t lane, uint8_t number)
{
    LAW(BOUNDED, lane < LANES);
    for (uint8_t n = 1; n <= plan->replicas; n++) {
        if (!add_backend(service, address_replica(owner->config, owner->index, lane, number, n))) {
            return false;
        }
    }
    return true;
}

static bool has_port(const struct plan_service *plan, const struct route_port *port)
{
    for (size_t i = 0; i < plan->port_count; i++) {
        const struct route_port *other = &plan->ports[i];
        if (other->protocol == port->protocol && other->host_port == port->host_port &&
            (other->host_ip == port->host_ip || other->host_ip == 0 || port->host_ip == 0)) {
            return true;
        }
    }
    return false;
}

/* The ports of one old service that the next release does not publish, without backends. False at a
 * limit; *service is NULL when there is none. */
static bool add_leaving_service(struct route_table *table, const struct owner *owner,
                                const struct plan *old, uint8_t number, const struct plan *next,
                                struct route_service **service)
{
    const struct plan_service *plan = &old->services[number];
    *service = NULL;
    for (size_t i = 0; i < plan->port_count; i++) {
        if (number < next->service_count && has_port(&next->services[number], &plan->ports[i])) {
            continue;
        }
        if (*service == NULL) {
            *service = add_service(table, owner, plan);
        }
        if (*service == NULL || !add_port(*service, &plan->ports[i])) {
            return false;
        }
    }
    return true;
}

/* Ports that the candidate no longer publishes stay with the committed release until the verdict.
 */
static bool add_leaving_ports(struct route_table *table, struct app *app, const struct plan *next)
{
    const struct plan *old = app_plan(app, &app->memory.committed.release);
    const struct owner owner = owner_of(app);
    for (uint8_t i = 0; old != NULL && i < old->service_count; i++) {
        struct route_service *service = NULL;
        if (!add_leaving_service(table, &owner, old, i, next, &service)) {
            return false;
        }
        for (uint8_t n = 1; service != NULL && n <= old->services[i].replicas; n++) {
            const struct replica *replica =
                session_find(&app->session, app->memory.committed.gen, i, n);
            if (replica != NULL && replica_is_ready(replica) &&
                !add_backend(service, replica->address)) {
                return false;
            }
        }
    }
    return true;
}

/* Who is new waits where nobody serves; and before that, in a table of its own, so that none of
 * them is refused by rules that come first. */
static uint32_t hold_ms_of(const struct app *app, const struct route_service *service)
{
    const struct session_app *session = &app->session;
    mono_ms now = conductor_now(app->conductor);
    bool is_waiting = service->backend_count == 0 || !session->is_hold_up;
    return session->hold_until > now && is_waiting ? (uint32_t)(session->hold_until - now) : 0;
}

/* What this app wishes now. */
static bool add_wishes(struct route_table *table, struct app *app)
{
    struct session_app *session = &app->session;
    const struct plan *plan = app_plan_of(app, session->wish_gen);
    const struct owner owner = owner_of(app);
    for (uint8_t i = 0; plan != NULL && i < plan->service_count; i++) {
        if (!is_forwarded(&plan->services[i])) {
            continue;
        }
        struct route_service *service = add_open_service(table, &owner, &plan->services[i], i);
        if (service == NULL) {
            return false;
        }
        for (uint8_t n = 1; n <= plan->services[i].replicas; n++) {
            const struct replica *replica = session_find(session, session->wish_gen, i, n);
            if (replica != NULL && replica->is_wished && !add_backend(service, replica->address)) {
                return false;
            }
        }
        service->hold_ms = hold_ms_of(app, service);
    }
    if (plan != NULL && app->memory.phase == SWAP_UNPROVEN &&
        session->wish_gen == app->memory.candidate.gen) {
        return add_leaving_ports(table, app, plan);
    }
    return true;
}

/* All of a release in one lane. */
static bool add_release(struct route_table *table, const struct owner *owner,
                        const struct plan *plan, uint8_t lane)
{
    for (uint8_t i = 0; plan != NULL && i < plan->service_count; i++) {
        if (!is_forwarded(&plan->services[i])) {
            continue;
        }
        struct route_service *service = add_open_service(table, owner, &plan->services[i], i);
        if (service == NULL || !add_replicas(service, owner, &plan->services[i], lane, i)) {
            return false;
        }
    }
    return true;
}

/* What serves after a boot without us: all of the committed release; of the app whose boot file is
 * looked for, of the one before. */
static bool add_committed(struct route_table *table, struct app *app)
{
    bool is_stale = app->conductor->traffic.stale == app;
    const struct generation *committed =
        is_stale ? &app->memory.history[0] : &app->memory.committed;
    const struct owner owner = owner_of(app);
    return committed->gen == 0 ||
           add_release(table, &owner, app_plan(app, &committed->release), committed->lane);
}

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    }
    return hash;
}

uint64_t table_hash(const struct route_table *table)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < table->service_count; i++) {
        const struct route_service *service = &table->services[i];
        hash = hash_bytes(hash, service->app, strlen(service->app) + 1);
        hash = hash_bytes(hash, &service->address, sizeof service->address);
        for (size_t j = 0; j < service->port_count; j++) {
            const uint32_t port[4] = {service->ports[j].protocol, service->ports[j].host_ip,
                                      service->ports[j].host_port,
                                      service->ports[j].container_port};
            hash = hash_bytes(hash, port, sizeof port);
        }
        for (size_t j = 0; j < service->backend_count; j++) {
            hash = hash_bytes(hash, &service->backends[j].address, sizeof(ipv4));
        }
    }
    return hash & ~TABLE_RUNNING;
}

static bool has_present(const struct app *app)
{
    for (size_t i = 0; i < app->session.replica_count; i++) {
        if (app->session.replicas[i].is_present) {
            return true;
        }
    }
    return false;
}

/* What the app's traffic is stands in a payload that cannot be read. */
static bool is_blind(struct app *app, bool is_for_boot)
{
    const struct memory_app *memory = &app->memory;
    const struct generation *previous = &memory->history[0];
    if (memory->committed.gen == 0) {
        return app->is_lost && has_present(app);
    }
    if (!is_for_boot && app->session.is_boot_stale && previous->gen != memory->candidate.gen &&
        app_plan(app, &previous->release) == NULL) {
        return true; /* it is what the boot file sent traffic to, until the committed is ready */
    }
    return (is_for_boot || app->session.wish_gen == 0) &&
           app_plan(app, &memory->committed.release) == NULL;
}

void table_note_blind(struct conductor *conductor, const struct app *app)
{
    if (app != NULL && conductor->traffic.blind != app) {
        conductor_warning(conductor, app,
                          "what it serves cannot be read: traffic and boot-time ruleset of all "
                          "apps stay as they are: %s",
                          app->is_lost
                              ? "clear the state directory and this app's containers, then "
                                "deploy it again"
                              : "activate its release again, or another one of this app");
    }
    conductor->traffic.blind = app;
}

static void table_begin(const struct conductor *conductor, struct route_table *table)
{
    table->generation = 0;
    table->pool = conductor->config.pool;
    table->pool_bits = conductor->config.pool_bits;
    table->service_count = 0;
}

bool table_build(struct conductor *conductor, bool is_for_boot, struct route_table *table)
{
    table_begin(conductor, table);
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct app *app = &conductor->apps[i];
        if (!app->is_used || app->is_new) {
            continue;
        }
        if (is_blind(app, is_for_boot)) {
            table_note_blind(conductor, app);
            return false;
        }
        bool is_held = app->session.is_route_held && !conductor->traffic.is_known &&
                       conductor->traffic.found == ROUTE_FOUND_RUNNING;
        if (!is_for_boot && (is_held || !app->session.is_observed)) {
            return false;
        }
        if (!(is_for_boot ? add_committed(table, app) : add_wishes(table, app))) {
            conductor_warning(conductor, app,
                              "the traffic of all apps is over a limit (%d services, each %d ports "
                              "and %d replicas) and stays as it is: remove an app",
                              ROUTE_SERVICES_MAX, ROUTE_PORTS_MAX, ROUTE_BACKENDS_MAX);
            return false;
        }
    }
    return true;
}

/* One thing that an app's part of the table may be: a release, and what another one that it takes
 * the place of leaves until the verdict. */
struct stage {
    const struct plan *plan;
    const struct plan *leaving; /* NULL: nothing is left */
};

/* Lanes and places of the highest numbers have the longest addresses. */
static bool add_stage(struct route_table *table, const struct owner *owner,
                      const struct stage *stage)
{
    if (!add_release(table, owner, stage->plan, LANES - 1)) {
        return false;
    }
    for (uint8_t i = 0; stage->leaving != NULL && i < stage->leaving->service_count; i++) {
        struct route_service *service = NULL;
        if (!add_leaving_service(table, owner, stage->leaving, i, stage->plan, &service) ||
            (service != NULL &&
             !add_replicas(service, owner, &stage->leaving->services[i], LANES - 1, i))) {
            return false;
        }
    }
    return true;
}

static size_t stage_pairs(const struct stage *stage)
{
    size_t pairs = 0;
    const struct plan *plan = stage->plan;
    for (size_t i = 0; plan != NULL && i < plan->service_count; i++) {
        pairs += (plan->services[i].port_count + 1u) * plan->services[i].replicas;
    }
    for (size_t i = 0; stage->leaving != NULL && i < stage->leaving->service_count; i++) {
        const struct plan_service *old = &stage->leaving->services[i];
        for (size_t j = 0; j < old->port_count; j++) {
            bool is_kept = i < plan->service_count && has_port(&plan->services[i], &old->ports[j]);
            pairs += is_kept ? 0 : old->replicas;
        }
    }
    return pairs;
}

static void stage_consider(struct stage *largest, const struct plan *plan,
                           const struct plan *leaving)
{
    struct stage stage = {plan, plan != leaving ? leaving : NULL};
    if (plan != NULL && (largest->plan == NULL || stage_pairs(&stage) > stage_pairs(largest))) {
        *largest = stage;
    }
}

/* The largest that the app's part can become with what it remembers, and with `next` (NULL: nothing
 * more): whichever of the sets serves, beside what the one before it leaves. */
static struct stage app_largest(struct app *app, const struct plan *next)
{
    const struct memory_app *memory = &app->memory;
    const struct plan *committed = app_plan(app, &memory->committed.release);
    const struct plan *candidate = app_plan(app, &memory->candidate.release);
    const struct plan *wanted = app_plan(app, &memory->wanted);
    struct stage largest = {0};
    stage_consider(&largest, committed, NULL);
    stage_consider(&largest, candidate, committed);
    stage_consider(&largest, wanted, committed);
    stage_consider(&largest, next, committed);
    if (memory->candidate.gen != 0) { /* it may yet be committed */
        stage_consider(&largest, wanted, candidate);
        stage_consider(&largest, next, candidate);
    }
    if (app->session.is_boot_stale) {
        stage_consider(&largest, app_plan(app, &memory->history[0].release), NULL);
    }
    return largest;
}

static int refuse_full(const char *app, struct err *err)
{
    return err_set(err, ERR_LIMIT,
                   "with app %s the traffic of all apps needs more than %d services, or one of "
                   "them more than %d ports or %d replicas: publish fewer, or remove an app",
                   app, ROUTE_SERVICES_MAX, ROUTE_PORTS_MAX, ROUTE_BACKENDS_MAX);
}

int table_check_room(struct conductor *conductor, const struct app *self, const struct plan *plan,
                     struct err *err)
{
    const struct route *route = &conductor->ports.route;
    struct route_table *table = &conductor->traffic.checking;
    table_begin(conductor, table);
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct app *app = &conductor->apps[i];
        if (!app->is_used || (app->is_new && app != self)) {
            continue;
        }
        const struct owner owner = owner_of(app);
        struct stage largest = app_largest(app, app == self ? plan : NULL);
        if (!add_stage(table, &owner, &largest)) {
            return refuse_full(plan->app, err);
        }
    }
    uint8_t places = address_apps(&conductor->config);
    if (self == NULL && places > 0) {
        const struct owner owner = {&conductor->config, plan->app, (uint8_t)(places - 1)};
        if (!add_stage(table, &owner, &(struct stage){plan, NULL})) {
            return refuse_full(plan->app, err);
        }
    }
    int rc = route->ops->check(route->self, table, err);
    return rc == 0 ? 0
                   : err_wrap(err, rc, "with app %s the traffic of all apps is refused", plan->app);
}
