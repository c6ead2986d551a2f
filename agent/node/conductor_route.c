/* conductor_route: one table from every app's wishes, applied, confirmed and kept for the boot. */
#include "agent/node/address.h"
#include "agent/node/conductor_private.h"

/* A failed apply is tried again, and the kernel is read back, so often. */
#define ROUTE_RETRY_MS SECONDS_MS(1)
#define ROUTE_READ_MS  15000
/* And so often while a candidate soaks: its traffic is part of the proof. */
#define ROUTE_READ_SOAK_MS SECONDS_MS(2)
/* Tries to learn at the start what the kernel forwards; then the worst is assumed. */
#define ROUTE_READ_TRIES 5

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

static void route_failed(struct conductor *conductor, const struct app *app, const char *what,
                         const struct err *err)
{
    conductor_warning(conductor, app, "%s: %s", what, err->text);
    conductor_world_fault(conductor);
    conductor->route_at = conductor_now(conductor) + ROUTE_RETRY_MS;
    conductor_touch(conductor);
}

/* An app whose candidate is to get the traffic and was not yet said to have it. */
static bool is_switching(const struct app *app)
{
    return app->is_used && app->memory.phase == SWAP_UNPROVEN &&
           app->session.wish_gen == app->memory.candidate.gen &&
           app->switched_gen != app->memory.candidate.gen;
}

/* The kernel may hold either table. Whoever waits for the switch reads why it does not come. */
static void apply_failed(struct conductor *conductor, const struct err *err)
{
    const struct app *waiting = NULL;
    for (size_t i = 0; i < APPS_MAX && waiting == NULL; i++) {
        waiting = is_switching(&conductor->apps[i]) ? &conductor->apps[i] : NULL;
    }
    if (waiting == NULL) {
        route_failed(conductor, NULL, "cannot bring traffic up to date", err);
    } else {
        route_failed(conductor, waiting, "cannot switch traffic, tried again each second", err);
    }
}

static mono_ms next_read(const struct conductor *conductor)
{
    int64_t pause = ROUTE_READ_MS;
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct app *app = &conductor->apps[i];
        if (app->is_used && app->memory.phase == SWAP_UNPROVEN) {
            pause = ROUTE_READ_SOAK_MS;
        }
    }
    return conductor_now(conductor) + pause;
}

/* Traffic went elsewhere for a while: what soaked meanwhile proves nothing. */
static void soaks_begin_again(struct conductor *conductor)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        if (conductor->apps[i].is_used) {
            conductor->apps[i].session.soak_since = 0;
            conductor->apps[i].session.is_route_settled = false;
        }
    }
}

/* How long the gap was, when it is over: said when it is so. */
static void gaps_tell(struct conductor *conductor)
{
    mono_ms now = conductor_now(conductor);
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct app *app = &conductor->apps[i];
        bool is_served = false;
        bool is_held = false;
        for (size_t j = 0; app->is_used && j < conductor->applied.service_count; j++) {
            const struct route_service *service = &conductor->applied.services[j];
            bool is_own = strcmp(service->app, app->memory.app) == 0;
            is_served |= is_own && service->backend_count > 0;
            is_held |= is_own && service->hold_ms > 0;
        }
        if (is_held && !is_served && app->gap_from == 0) {
            app->gap_from = now;
        } else if (is_served && app->gap_from != 0) {
            conductor_event(conductor, app, "nobody served for %lld ms; new connections waited",
                            (long long)(now - app->gap_from));
            app->gap_from = 0;
        }
    }
}

static void applied(void *ctx, const struct err *err, const struct route_state *state)
{
    struct conductor *conductor = ctx;
    (void)state;
    conductor->is_route_busy = false;
    if (err != NULL) {
        mark_routed(conductor, true); /* either table may hold */
        conductor->is_route_known = false;
        apply_failed(conductor, err);
        return;
    }
    route_table_copy(&conductor->applied, &conductor->applying);
    conductor->is_route_known = true;
    conductor->route_read_at = next_read(conductor);
    mark_routed(conductor, false);
    gaps_tell(conductor);
    conductor_touch(conductor);
}

static void committed(void *ctx, const struct err *err, const struct route_state *state)
{
    struct conductor *conductor = ctx;
    (void)state;
    conductor->is_route_busy = false;
    if (err != NULL) {
        route_failed(conductor, NULL, "cannot write the boot-time ruleset", err);
        return;
    }
    route_table_copy(&conductor->boot_table, &conductor->committing);
    conductor->is_boot_known = true;
    conductor_touch(conductor);
}

/* Containers are looked after even where the kernel cannot be asked: then whoever is alive may be
 * getting traffic, and is not stopped before a table of ours says that it gets none. */
static void read_failed(struct conductor *conductor, const struct err *err)
{
    route_failed(conductor, NULL, "cannot read the ruleset", err);
    conductor->is_route_known = false; /* what cannot be seen is put there again */
    if (conductor->route_read_failures == 0) {
        soaks_begin_again(conductor); /* since the last look, traffic may have gone elsewhere */
    }
    conductor->route_read_failures++;
    if (!conductor->is_route_read && conductor->route_read_failures >= ROUTE_READ_TRIES) {
        conductor->is_route_read = true;
        conductor->route_found = ROUTE_FOUND_RUNNING;
    }
}

/* Said when it changes; putting our own ruleset back would not move it. */
static void obstacle_tell(struct conductor *conductor, enum route_obstacle obstacle)
{
    if (obstacle == conductor->obstacle) {
        return;
    }
    conductor->obstacle = obstacle;
    conductor_warning(conductor, NULL, "clients on other hosts (%s): %s",
                      route_obstacle_word(obstacle), route_obstacle_text(obstacle));
}

static void read_back(void *ctx, const struct err *err, const struct route_state *state)
{
    struct conductor *conductor = ctx;
    conductor->is_route_busy = false;
    conductor->is_route_reading = false;
    conductor->route_read_at = next_read(conductor);
    if (err != NULL) {
        read_failed(conductor, err);
        return;
    }
    obstacle_tell(conductor, state->obstacle);
    conductor->has_timeouts = state->has_timeouts;
    if (state->lacks_holds && !conductor->lacks_holds) {
        conductor_warning(conductor, NULL,
                          "this kernel's nftables has no sets with time-outs: where a release "
                          "stops first, new connections are refused until the next one serves");
    }
    conductor->lacks_holds = state->lacks_holds;
    conductor->route_read_failures = 0;
    if (!conductor->is_route_read) {
        conductor->is_route_read = true;
        conductor->route_generation = state->is_present ? state->generation : 0;
        conductor->route_found = !state->is_present                         ? ROUTE_FOUND_NONE
                                 : (state->generation & TABLE_RUNNING) != 0 ? ROUTE_FOUND_RUNNING
                                                                            : ROUTE_FOUND_STALE;
    } else if (conductor->is_route_known &&
               (!state->is_present || state->is_altered ||
                state->generation != conductor->applied.generation ||
                (!state->is_open && state->obstacle == ROUTE_OBSTACLE_NONE))) {
        conductor_warning(conductor, NULL, "someone changed our ruleset: putting it back");
        soaks_begin_again(conductor);
        conductor->is_route_known = false;
    } else if (conductor->is_route_known) {
        conductor->route_seen = conductor->route_reads;
    }
    conductor_touch(conductor);
}

/* The kernel holds the boot file as it would be written now; with `stale`, of that app's release
 * before. */
static bool is_found(struct conductor *conductor, const struct app *stale)
{
    conductor->stale = stale;
    bool is_same = table_build(conductor, true, &conductor->committing) &&
                   table_hash(&conductor->committing) == conductor->route_generation;
    conductor->stale = NULL;
    return is_same;
}

/* One app changes at a time, so at most one app's part of the boot file is old: the other apps'
 * traffic goes where it should. */
void route_identify(struct conductor *conductor)
{
    const struct app *stale = NULL;
    if (conductor->has_list || conductor->route_found != ROUTE_FOUND_STALE) {
        return;
    }
    if (is_found(conductor, NULL)) {
        conductor->route_found = ROUTE_FOUND_BOOT;
        return;
    }
    for (size_t i = 0; i < APPS_MAX && stale == NULL; i++) {
        const struct app *app = &conductor->apps[i];
        if (app->is_used && !app->is_new && is_found(conductor, app)) {
            stale = app;
        }
    }
    conductor->stale_app = stale;
}

static void read_kernel(struct conductor *conductor)
{
    const struct route *route = &conductor->ports.route;
    struct err err;
    conductor->is_route_busy = true;
    conductor->is_route_reading = true;
    conductor->route_reads++;
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
    conductor->route_generation = (conductor->route_generation + 1) | TABLE_RUNNING;
    conductor->applying.generation = conductor->route_generation;
    conductor->is_route_busy = true;
    mark_routed(conductor, true);
    if (route->ops->apply(route->self, &conductor->applying, applied, conductor, &err) != 0) {
        conductor->is_route_busy = false;
        apply_failed(conductor, &err);
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
        route_failed(conductor, NULL, "cannot write the boot-time ruleset", &err);
    }
}

/* Said when it is so: the kernel holds what is wished. */
static void announce_switch(struct conductor *conductor)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct app *app = &conductor->apps[i];
        if (is_switching(app)) {
            app->switched_gen = app->memory.candidate.gen;
            conductor_event(conductor, app, "traffic goes to generation %u, unproven",
                            app->memory.candidate.gen);
        }
    }
}

static void mark_settled(struct conductor *conductor, bool is_route_settled, bool is_boot_settled)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct session_app *session = &conductor->apps[i].session;
        if (conductor->apps[i].is_used && (session->is_route_settled != is_route_settled ||
                                           session->is_boot_settled != is_boot_settled)) {
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
    if (!conductor->has_list || !table_build(conductor, false, &conductor->applying)) {
        return;
    }
    bool is_route_settled = conductor->is_route_known &&
                            route_table_is_equal(&conductor->applying, &conductor->applied);
    bool can_commit = table_build(conductor, true, &conductor->committing);
    if (can_commit) {
        table_note_blind(conductor, NULL);
    }
    bool is_boot_settled = can_commit && conductor->is_boot_known &&
                           route_table_is_equal(&conductor->committing, &conductor->boot_table);
    mark_settled(conductor, is_route_settled, is_boot_settled);
    if (is_route_settled) {
        announce_switch(conductor);
    }
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
    if (conductor->is_route_busy || is_going_back(conductor)) {
        return MONO_NEVER; /* an answer plans again */
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
