/* conductor_route: one table from every app's wishes, applied, confirmed and kept for the boot. */
#include "agent/node/address.h"
#include "agent/node/conductor_private.h"

/* A failed apply is tried again, and the kernel is read back, so often. */
#define ROUTE_RETRY_MS 1000
#define ROUTE_READ_MS  15000
/* Tries to learn at the start what the kernel forwards; then the worst is assumed. */
#define ROUTE_READ_TRIES 5
#define WEIGHT           100
/* A table applied by a running agent is numbered with this bit set; the boot file's carries the
 * hash of what it forwards, so that after a boot one can tell for which releases it was written. */
#define RUNNING_GENERATION (UINT64_C(1) << 63)

static void add_port(struct route_service *service, const struct route_port *port)
{
    if (service->port_count < ROUTE_PORTS_MAX) {
        service->ports[service->port_count++] = *port;
    }
}

static void add_backend(struct route_service *service, ipv4 address)
{
    if (service->backend_count < ROUTE_BACKENDS_MAX && address != 0) {
        service->backends[service->backend_count++] =
            (struct route_backend){.address = address, .weight = WEIGHT};
    }
}

/* A service on the host's network is reached there; nothing of it is forwarded. */
static bool is_forwarded(const struct plan_service *plan)
{
    return (plan->powers & POWER_HOST_NETWORK) == 0;
}

static struct route_service *add_service(struct route_table *table, const struct app *app,
                                         const struct plan_service *plan)
{
    const struct config *config = &app->conductor->config;
    if (table->service_count >= ROUTE_SERVICES_MAX) {
        return NULL;
    }
    struct route_service *service = &table->services[table->service_count++];
    *service = (struct route_service){0};
    (void)text_copy(service->app, sizeof service->app, app->memory.app);
    (void)text_copy(service->service, sizeof service->service, plan->name);
    address_bridge(config, app->memory.app, service->bridge);
    return service;
}

/* With its service address and published ports, still without backends. */
static struct route_service *add_open_service(struct route_table *table, const struct app *app,
                                              const struct plan_service *plan, uint8_t number)
{
    struct route_service *service = add_service(table, app, plan);
    if (service != NULL) {
        service->address = address_service(&app->conductor->config, app->memory.index, number);
        for (size_t i = 0; i < plan->port_count; i++) {
            add_port(service, &plan->ports[i]);
        }
    }
    return service;
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

static ipv4 replica_address(const struct app *app, const struct generation *generation,
                            uint8_t service, uint8_t number)
{
    return address_replica(&app->conductor->config, app->memory.index, generation->lane, service,
                           number);
}

/* Ports that the candidate no longer publishes stay with the committed release until the verdict.
 */
static void add_leaving_ports(struct route_table *table, struct app *app, const struct plan *next)
{
    const struct plan *old = app_plan(app, &app->memory.committed.release);
    for (uint8_t i = 0; old != NULL && i < old->service_count; i++) {
        struct route_service *service = NULL;
        for (size_t j = 0; j < old->services[i].port_count; j++) {
            const struct route_port *port = &old->services[i].ports[j];
            if (i < next->service_count && has_port(&next->services[i], port)) {
                continue;
            }
            if (service == NULL) {
                service = add_service(table, app, &old->services[i]);
            }
            if (service != NULL) {
                add_port(service, port);
            }
        }
        for (uint8_t n = 1; service != NULL && n <= old->services[i].replicas; n++) {
            const struct replica *replica =
                session_find(&app->session, app->memory.committed.gen, i, n);
            if (replica != NULL && replica_is_ready(replica)) {
                add_backend(service, replica->address);
            }
        }
    }
}

/* What this app wishes now. */
static void add_wishes(struct route_table *table, struct app *app)
{
    struct session_app *session = &app->session;
    const struct plan *plan = app_plan_of(app, session->wish_gen);
    for (uint8_t i = 0; plan != NULL && i < plan->service_count; i++) {
        if (!is_forwarded(&plan->services[i])) {
            continue;
        }
        struct route_service *service = add_open_service(table, app, &plan->services[i], i);
        if (service == NULL) {
            return;
        }
        for (uint8_t n = 1; n <= plan->services[i].replicas; n++) {
            const struct replica *replica = session_find(session, session->wish_gen, i, n);
            if (replica != NULL && replica->is_wished) {
                add_backend(service, replica->address);
            }
        }
    }
    if (plan != NULL && app->memory.phase == SWAP_UNPROVEN &&
        session->wish_gen == app->memory.candidate.gen) {
        add_leaving_ports(table, app, plan);
    }
}

/* What serves after a boot without us: all of the committed release. */
static void add_committed(struct route_table *table, struct app *app)
{
    const struct generation *committed = &app->memory.committed;
    const struct plan *plan = app_plan(app, &committed->release);
    for (uint8_t i = 0; committed->gen != 0 && plan != NULL && i < plan->service_count; i++) {
        if (!is_forwarded(&plan->services[i])) {
            continue;
        }
        struct route_service *service = add_open_service(table, app, &plan->services[i], i);
        if (service == NULL) {
            return;
        }
        for (uint8_t n = 1; n <= plan->services[i].replicas; n++) {
            add_backend(service, replica_address(app, committed, i, n));
        }
    }
}

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    }
    return hash;
}

/* Tells tables apart that forward differently; change detection, not security. */
static uint64_t table_hash(const struct route_table *table)
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
    return hash & ~RUNNING_GENERATION;
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

static void note_blind(struct conductor *conductor, const struct app *app)
{
    if (app != NULL && conductor->blind != app) {
        conductor_warning(conductor, app,
                          "what it serves cannot be read: traffic and boot-time ruleset of all "
                          "apps stay as they are until it can: activate its release again, or %s",
                          app->is_lost ? "clear the state directory and its containers"
                                       : "another one of this app");
    }
    conductor->blind = app;
}

/* False when some app cannot be described: then the kernel keeps what it has. */
static bool build(struct conductor *conductor, bool is_for_boot, struct route_table *table)
{
    *table = (struct route_table){.pool = conductor->config.pool,
                                  .pool_bits = conductor->config.pool_bits};
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct app *app = &conductor->apps[i];
        if (!app->is_used || app->is_new) {
            continue;
        }
        if (is_blind(app, is_for_boot)) {
            note_blind(conductor, app);
            return false;
        }
        if (!app->session.is_observed && !is_for_boot) {
            return false;
        }
        if (is_for_boot) {
            add_committed(table, app);
        } else {
            add_wishes(table, app);
        }
    }
    return true;
}

static bool has_backend(const struct route_table *table, ipv4 address)
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

/* Until the first table of ours is confirmed, what had traffic before may have it still. */
static void mark_routed(struct conductor *conductor, bool is_applying)
{
    mono_ms now = conductor_now(conductor);
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct session_app *session = &conductor->apps[i].session;
        for (size_t j = 0; conductor->apps[i].is_used && j < session->replica_count; j++) {
            struct replica *replica = &session->replicas[j];
            bool was_routed = replica->is_routed;
            replica->is_routed =
                replica->address != 0 &&
                (conductor->is_route_known ? has_backend(&conductor->applied, replica->address)
                                           : replica->was_routed);
            if (is_applying && has_backend(&conductor->applying, replica->address)) {
                replica->is_routed = true;
            }
            if (replica->is_routed) {
                replica->was_routed = true;
            } else if (was_routed && !replica->is_routed) {
                replica->unrouted_at = now;
            }
        }
    }
}

static void route_failed(struct conductor *conductor, const char *what, const struct err *err)
{
    conductor_warning(conductor, NULL, "%s: %s", what, err->text);
    conductor_world_fault(conductor);
    conductor->route_at = conductor_now(conductor) + ROUTE_RETRY_MS;
    conductor_touch(conductor);
}

static void applied(void *ctx, const struct err *err, const struct route_state *state)
{
    struct conductor *conductor = ctx;
    (void)state;
    conductor->is_route_busy = false;
    if (err != NULL) {
        mark_routed(conductor, true); /* either table may hold */
        conductor->is_route_known = false;
        route_failed(conductor, "cannot switch traffic", err);
        return;
    }
    conductor->applied = conductor->applying;
    conductor->is_route_known = true;
    conductor->route_read_at = conductor_now(conductor) + ROUTE_READ_MS;
    mark_routed(conductor, false);
    conductor_touch(conductor);
}

static void committed(void *ctx, const struct err *err, const struct route_state *state)
{
    struct conductor *conductor = ctx;
    (void)state;
    conductor->is_route_busy = false;
    if (err != NULL) {
        route_failed(conductor, "cannot write the boot-time ruleset", err);
        return;
    }
    conductor->boot_table = conductor->committing;
    conductor->is_boot_known = true;
    conductor_touch(conductor);
}

/* Containers are looked after even where the kernel cannot be asked: then whoever is alive may be
 * getting traffic, and is not stopped before a table of ours says that it gets none. */
static void read_failed(struct conductor *conductor, const struct err *err)
{
    route_failed(conductor, "cannot read the ruleset", err);
    conductor->is_route_known = false; /* what cannot be seen is put there again */
    conductor->route_read_failures++;
    if (!conductor->is_route_read && conductor->route_read_failures >= ROUTE_READ_TRIES) {
        conductor->is_route_read = true;
        conductor->route_found = ROUTE_FOUND_RUNNING;
    }
}

static void read_back(void *ctx, const struct err *err, const struct route_state *state)
{
    struct conductor *conductor = ctx;
    conductor->is_route_busy = false;
    conductor->is_route_reading = false;
    conductor->route_read_at = conductor_now(conductor) + ROUTE_READ_MS;
    if (err != NULL) {
        read_failed(conductor, err);
        return;
    }
    if (!conductor->is_route_read) {
        conductor->is_route_read = true;
        conductor->route_generation = state->is_present ? state->generation : 0;
        conductor->route_found = !state->is_present ? ROUTE_FOUND_NONE
                                 : (state->generation & RUNNING_GENERATION) != 0
                                     ? ROUTE_FOUND_RUNNING
                                     : ROUTE_FOUND_STALE;
    } else if (conductor->is_route_known &&
               (!state->is_present || state->generation != conductor->applied.generation ||
                !state->is_open)) {
        conductor_warning(conductor, NULL, "someone changed our ruleset: putting it back");
        conductor->is_route_known = false;
    }
    conductor_touch(conductor);
}

void route_identify(struct conductor *conductor)
{
    if (conductor->route_found == ROUTE_FOUND_STALE &&
        build(conductor, true, &conductor->committing) &&
        table_hash(&conductor->committing) == conductor->route_generation) {
        conductor->route_found = ROUTE_FOUND_BOOT;
    }
}

static void read_kernel(struct conductor *conductor)
{
    const struct route *route = &conductor->ports.route;
    struct err err;
    conductor->is_route_busy = true;
    conductor->is_route_reading = true;
    if (route->ops->read(route->self, read_back, conductor, &err) != 0) {
        conductor->is_route_busy = false;
        conductor->is_route_reading = false;
        read_failed(conductor, &err);
    }
}

static void apply(struct conductor *conductor)
{
    const struct route *route = &conductor->ports.route;
    struct err err;
    conductor->route_generation = (conductor->route_generation + 1) | RUNNING_GENERATION;
    conductor->applying.generation = conductor->route_generation;
    conductor->is_route_busy = true;
    mark_routed(conductor, true);
    if (route->ops->apply(route->self, &conductor->applying, applied, conductor, &err) != 0) {
        conductor->is_route_busy = false;
        route_failed(conductor, "cannot switch traffic", &err);
    }
}

static void commit(struct conductor *conductor)
{
    const struct route *route = &conductor->ports.route;
    struct err err;
    conductor->committing.generation = table_hash(&conductor->committing);
    conductor->is_route_busy = true;
    if (route->ops->commit(route->self, &conductor->committing, committed, conductor, &err) != 0) {
        conductor->is_route_busy = false;
        route_failed(conductor, "cannot write the boot-time ruleset", &err);
    }
}

static void mark_settled(struct conductor *conductor, bool is_route_settled, bool is_boot_settled)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct session_app *session = &conductor->apps[i].session;
        if (session->is_route_settled != is_route_settled ||
            session->is_boot_settled != is_boot_settled) {
            session->is_route_settled = is_route_settled;
            session->is_boot_settled = is_boot_settled;
            conductor_touch(conductor);
        }
    }
}

/* The boot file names only containers that the engine starts by itself, so those are seen to first;
 * and a record on its way may be about to change what is committed. */
static bool may_commit(const struct conductor *conductor)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct app *app = &conductor->apps[i];
        bool is_kept = app->session.is_kept || app->memory.committed.gen == 0;
        if (app->is_used && !app->is_new && (app->is_remembering || !is_kept)) {
            return false;
        }
    }
    return true;
}

void route_mark(struct conductor *conductor)
{
    if (!conductor->is_route_known) {
        mark_routed(conductor, false);
    }
}

/* The next table follows at once from a record under way: the failing one is not emptied first. */
static bool is_going_back(const struct conductor *conductor)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct app *app = &conductor->apps[i];
        if (app->is_used && app->is_remembering && app->is_pending_back && !app->is_adopted &&
            app->memory.phase == SWAP_UNPROVEN) {
            return true;
        }
    }
    return false;
}

void route_step(struct conductor *conductor)
{
    mono_ms now = conductor_now(conductor);
    if (conductor->is_route_busy || now < conductor->route_at || is_going_back(conductor)) {
        return;
    }
    if (!conductor->is_route_read) {
        read_kernel(conductor);
        return;
    }
    /* Before the engine was seen nothing is taken from traffic or from the boot file. */
    if (!conductor->has_list || !build(conductor, false, &conductor->applying)) {
        return;
    }
    bool is_route_settled = conductor->is_route_known &&
                            route_table_is_equal(&conductor->applying, &conductor->applied);
    bool can_commit = build(conductor, true, &conductor->committing);
    if (can_commit) {
        note_blind(conductor, NULL);
    }
    bool is_boot_settled = can_commit && conductor->is_boot_known &&
                           route_table_is_equal(&conductor->committing, &conductor->boot_table);
    mark_settled(conductor, is_route_settled, is_boot_settled);
    if (!is_route_settled || (conductor->is_route_stale && conductor->applying.service_count > 0)) {
        conductor->is_route_stale = false;
        apply(conductor);
    } else if (now >= conductor->route_read_at) {
        read_kernel(conductor); /* before a boot file that may be failing again and again */
    } else if (!is_boot_settled && can_commit && may_commit(conductor)) {
        commit(conductor);
    } else {
        mark_routed(conductor, false);
    }
}

mono_ms route_deadline(const struct conductor *conductor)
{
    if (conductor->is_route_busy) {
        return MONO_NEVER;
    }
    if (conductor_now(conductor) < conductor->route_at) {
        return conductor->route_at;
    }
    return conductor->is_route_known ? conductor->route_read_at : MONO_NEVER;
}

bool route_is_settled(const struct conductor *conductor)
{
    return conductor->is_route_known && (!conductor->is_route_busy || conductor->is_route_reading);
}
