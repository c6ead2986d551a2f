/* conductor_route: one table from every app's wishes, applied, confirmed and kept for the boot. */
#include "agent/node/address.h"
#include "agent/node/conductor_private.h"

/* The kernel is read back so often. */
#define ROUTE_READ_MS 15000
/* And so often while a candidate soaks: its traffic is part of the proof. */
#define ROUTE_READ_SOAK_MS SECONDS_MS(2)
/* Until the first table of ours is confirmed, what had traffic before may have it still. */
static void mark_routed(struct conductor *conductor, bool is_applying)
{
    mono_ms now = conductor_now(conductor);
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct session_app *session = &conductor->apps[i].session;
        for (size_t j = 0; conductor->apps[i].is_used && j < session->replica_count; j++) {
            struct replica *replica = &session->replicas[j];
            observed_routed(replica,
                            traffic_may_reach(&conductor->traffic, replica->address,
                                              replica->was_routed, is_applying),
                            now);
        }
    }
}

static void route_failed(struct conductor *conductor, const struct app *app, const char *what,
                         const struct err *err)
{
    conductor_warning(conductor, app, "%s: %s", what, err->text);
    conductor_world_fault(conductor);
    traffic_refused(&conductor->traffic, conductor_now(conductor));
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
            observed_rerouted(&conductor->apps[i].session);
        }
    }
}

/* What of the app is in the table that the kernel has: whether somebody serves, and for how long
 * who is new waits. */
static bool is_served(const struct conductor *conductor, const struct app *app, int64_t *hold_ms)
{
    bool is_found = false;
    *hold_ms = 0;
    for (size_t i = 0; i < conductor->traffic.applied.service_count; i++) {
        const struct route_service *service = &conductor->traffic.applied.services[i];
        if (strcmp(service->app, app->memory.app) == 0) {
            is_found |= service->backend_count > 0;
            *hold_ms = service->hold_ms > *hold_ms ? service->hold_ms : *hold_ms;
        }
    }
    return is_found;
}

static void gap_tell(struct app *app, int64_t gap_ms)
{
    struct conductor *conductor = app->conductor;
    if (conductor->traffic.lacks_holds) {
        conductor_event(conductor, app, "nobody served for %lld ms; new connections were refused",
                        (long long)gap_ms);
    } else if (gap_ms > app->gap_hold_ms) {
        conductor_event(conductor, app,
                        "nobody served for %lld ms; new connections waited for %lld ms of it, then "
                        "they were refused",
                        (long long)gap_ms, (long long)app->gap_hold_ms);
    } else {
        conductor_event(conductor, app, "nobody served for %lld ms; new connections waited",
                        (long long)gap_ms);
    }
}

/* How long the gap was, and what became of who came in it, when it is over: said when it is so. */
static void gaps_tell(struct conductor *conductor)
{
    mono_ms now = conductor_now(conductor);
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct app *app = &conductor->apps[i];
        int64_t hold_ms = 0;
        bool is_there = app->is_used && is_served(conductor, app, &hold_ms);
        if (hold_ms > 0 && !is_there && app->gap_from == 0) {
            app->gap_from = now;
            app->gap_hold_ms = hold_ms;
        } else if (is_there && app->gap_from != 0) {
            gap_tell(app, now - app->gap_from);
            app->gap_from = 0;
        }
    }
}

static void applied(void *ctx, const struct err *err, const struct route_state *state)
{
    struct conductor *conductor = ctx;
    (void)state;
    if (err != NULL) {
        mark_routed(conductor, true); /* either table may hold */
        traffic_applied(&conductor->traffic, false);
        apply_failed(conductor, err);
        return;
    }
    traffic_applied(&conductor->traffic, true);
    conductor->traffic.read_at = next_read(conductor);
    mark_routed(conductor, false);
    gaps_tell(conductor);
    conductor_touch(conductor);
}

static void committed(void *ctx, const struct err *err, const struct route_state *state)
{
    struct conductor *conductor = ctx;
    (void)state;
    traffic_saved(&conductor->traffic, err == NULL);
    if (err != NULL) {
        route_failed(conductor, NULL, "cannot write the boot-time ruleset", err);
        return;
    }
    conductor_touch(conductor);
}

/* Containers are looked after even where the kernel cannot be asked: then whoever is alive may be
 * getting traffic, and is not stopped before a table of ours says that it gets none. */
static void read_failed(struct conductor *conductor, const struct err *err)
{
    route_failed(conductor, NULL, "cannot read the ruleset", err);
    if (traffic_read_failed(&conductor->traffic)) {
        soaks_begin_again(conductor); /* since the last look, traffic may have gone elsewhere */
    }
}

/* Said when it changes; putting our own ruleset back would not move it. */
static void obstacle_tell(struct conductor *conductor, enum route_obstacle obstacle)
{
    if (obstacle == conductor->traffic.obstacle) {
        return;
    }
    conductor->traffic.obstacle = obstacle;
    conductor_warning(conductor, NULL, "clients on other hosts (%s): %s",
                      route_obstacle_word(obstacle), route_obstacle_text(obstacle));
}

static void read_back(void *ctx, const struct err *err, const struct route_state *state)
{
    struct conductor *conductor = ctx;
    conductor->traffic.read_at = next_read(conductor);
    if (err != NULL) {
        read_failed(conductor, err);
        return;
    }
    obstacle_tell(conductor, state->obstacle);
    if (state->lacks_holds && !conductor->traffic.lacks_holds) {
        conductor_warning(conductor, NULL,
                          "this kernel's nftables has no sets with time-outs: where a release "
                          "stops first, new connections are refused until the next one serves");
    }
    conductor->traffic.lacks_holds = state->lacks_holds;
    if (traffic_read(&conductor->traffic, state) == TRAFFIC_NEWS_CHANGED) {
        conductor_warning(conductor, NULL, "someone changed our ruleset: putting it back");
        soaks_begin_again(conductor);
    }
    conductor_touch(conductor);
}

/* The kernel holds the boot file as it would be written now; with `stale`, of that app's release
 * before. */
static bool is_found(struct conductor *conductor, const struct app *stale)
{
    conductor->traffic.stale = stale;
    bool is_same = table_build(conductor, true, &conductor->traffic.saving) &&
                   table_hash(&conductor->traffic.saving) == conductor->traffic.table_version;
    conductor->traffic.stale = NULL;
    return is_same;
}

/* One app changes at a time, so at most one app's part of the boot file is old: the other apps'
 * traffic goes where it should. */
void route_identify(struct conductor *conductor)
{
    const struct app *stale = NULL;
    if (conductor->engine.has_list || conductor->traffic.found != ROUTE_FOUND_STALE) {
        return;
    }
    if (is_found(conductor, NULL)) {
        conductor->traffic.found = ROUTE_FOUND_BOOT;
        return;
    }
    for (size_t i = 0; i < APPS_MAX && stale == NULL; i++) {
        const struct app *app = &conductor->apps[i];
        if (app->is_used && !app->is_new && is_found(conductor, app)) {
            stale = app;
        }
    }
    conductor->traffic.stale_app = stale;
}

static void read_kernel(struct conductor *conductor)
{
    const struct route *route = &conductor->ports.route;
    struct err err;
    traffic_read_begin(&conductor->traffic);
    if (route->ops->read(route->self, read_back, conductor, &err) != 0) {
        read_failed(conductor, &err);
    }
}

static void apply(struct conductor *conductor)
{
    const struct route *route = &conductor->ports.route;
    struct err err;
    traffic_apply_begin(&conductor->traffic);
    mark_routed(conductor, true);
    if (route->ops->apply(route->self, &conductor->traffic.applying, applied, conductor, &err) !=
        0) {
        apply_failed(conductor, &err);
    }
}

static void commit(struct conductor *conductor)
{
    const struct route *route = &conductor->ports.route;
    struct err err;
    traffic_save_begin(&conductor->traffic, table_hash(&conductor->traffic.saving));
    if (route->ops->commit(route->self, &conductor->traffic.saving, committed, conductor, &err) !=
        0) {
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
        struct app *app = &conductor->apps[i];
        if (app->is_used && observed_settled(&app->session, is_route_settled, is_boot_settled)) {
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
    if (!conductor->traffic.is_known) {
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
    if (conductor->traffic.is_busy || now < conductor->traffic.at || is_going_back(conductor)) {
        return;
    }
    if (!conductor->traffic.is_read) {
        read_kernel(conductor);
        return;
    }
    /* Before the engine was seen nothing is taken from traffic or from the boot file. */
    if (!conductor->engine.has_list ||
        !table_build(conductor, false, &conductor->traffic.applying)) {
        return;
    }
    bool is_route_settled = traffic_is_applied(&conductor->traffic);
    bool can_commit = table_build(conductor, true, &conductor->traffic.saving);
    if (can_commit) {
        table_note_blind(conductor, NULL);
    }
    bool is_boot_settled = can_commit && traffic_is_saved(&conductor->traffic);
    mark_settled(conductor, is_route_settled, is_boot_settled);
    if (is_route_settled) {
        announce_switch(conductor);
    }
    if (!is_route_settled ||
        (conductor->traffic.is_stale && conductor->traffic.applying.service_count > 0)) {
        conductor->traffic.is_stale = false;
        apply(conductor);
    } else if (now >= conductor->traffic.read_at) {
        read_kernel(conductor); /* before a boot file that may be failing again and again */
    } else if (!is_boot_settled && can_commit && may_commit(conductor)) {
        commit(conductor);
    } else {
        mark_routed(conductor, false);
    }
}

mono_ms route_deadline(const struct conductor *conductor)
{
    return traffic_deadline(&conductor->traffic, is_going_back(conductor),
                            conductor_now(conductor));
}

bool route_is_settled(const struct conductor *conductor)
{
    return traffic_is_settled(&conductor->traffic);
}
