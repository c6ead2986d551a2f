/* conductor_door: what a technician asks for, checked whole before anything is changed. */
#include "agent/node/conductor_private.h"

#include <stdio.h>

#include "agent/node/address.h"
#include "agent/wire/envelope.h"
#include "agent/wire/release_words.h"
#include "platform/base/law.h"

#define MIB(bytes) ((unsigned long long)((bytes) >> 20))

struct app *app_of(struct conductor *conductor, const char *name)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct app *app = &conductor->apps[i];
        if (app->is_used && strcmp(app->memory.app, name) == 0) {
            return app;
        }
    }
    return NULL;
}

void verb_finish(struct app *app, const struct err *err)
{
    struct verb verb = app->verb;
    struct conductor *conductor = app->conductor;
    conductor->accepted = (struct accepted){.release = verb.wanted, .verdicts = app->verdicts};
    (void)text_copy(conductor->accepted.app, NAME_BYTES, app->memory.app);
    app->verb = (struct verb){.stage = VERB_NONE};
    if (err != NULL && app->is_new) {
        *app = (struct app){.conductor = app->conductor};
    }
    if (verb.done != NULL) {
        verb.done(verb.ctx, err);
    }
}

void conductor_accepted(const struct conductor *conductor, struct accepted *accepted)
{
    *accepted = conductor->accepted;
}

/* A local request that the site keeps from beginning is given up after a day. */
static wall_ms local_start_by(const struct conductor *conductor)
{
    bool is_trusted = false;
    wall_ms wall = conductor->ports.clock.ops->wall(conductor->ports.clock.self, &is_trusted);
    return is_trusted ? wall + LOCAL_START_BY_MS : 0;
}

void verb_looked(struct app *app, bool is_gone)
{
    struct err err;
    if (app->verb.stage != VERB_LOOKING) {
        return;
    }
    if (!is_gone) {
        app->verb.stage = VERB_READY;
        return;
    }
    char hex[DIGEST_HEX_BYTES];
    digest_render(&app->verb.wanted, hex);
    (void)err_set(
        &err, ERR_NOT_FOUND,
        "the image of the release before (%.12s) is gone from the engine: load it by hand "
        "(docker load) and roll back again, or activate that release while its registry "
        "can be reached",
        hex);
    verb_finish(app, &err);
}

/* When the app's record is free, what is wanted is recorded. */
void verb_step(struct app *app)
{
    LAW(BOUNDED, app->is_used);
    if (app->verb.stage != VERB_READY || app->is_remembering || adopt_meet(app)) {
        return;
    }
    struct memory_app next = app->memory;
    bool is_changed = false;
    if (app->verb.is_order) {
        is_changed = order_take(&next, &app->verb.order, &app->verb.decision);
        next.epoch_base = app->verb.epoch_base;
    } else {
        is_changed = !digest_is_equal(&next.wanted, &app->verb.wanted);
        memory_close_order(&next, OUTCOME_OVERRIDDEN, REASON_OVERRIDDEN);
        next.wanted = app->verb.wanted;
        next.wanted_by = WANTED_BY_OVERRIDE;
        next.is_forced = app->verb.is_forced;
        next.start_by = local_start_by(app->conductor);
    }
    next.attempts = is_changed ? 0 : next.attempts;
    if (is_changed || !app->verb.is_order) {
        app->session.retry_at = 0;
    }
    app->verb.stage = VERB_RECORDING;
    memory_remember(app, &next, false);
}

static void payload_stored(void *ctx, const struct err *err)
{
    struct app *app = ctx;
    if (err != NULL) {
        conductor_warning(app->conductor, app, "cannot store the release: %s", err->text);
        verb_finish(app, err);
    } else {
        app->verb.stage = VERB_READY;
        plans_retry(&app->plans);
    }
    conductor_touch(app->conductor);
}

static unsigned allowed_powers(const struct config *config, const char *app)
{
    unsigned powers = 0;
    for (size_t i = 0; i < config->power_count; i++) {
        if (strcmp(config->powers[i].app, app) == 0) {
            powers |= config->powers[i].powers;
        }
    }
    return powers;
}

static int check_powers(const struct conductor *conductor, const struct plan *plan, struct err *err)
{
    unsigned allowed = allowed_powers(&conductor->config, plan->app);
    for (size_t i = 0; i < plan->service_count; i++) {
        unsigned missing = plan->services[i].powers & ~allowed;
        if (missing != 0) {
            unsigned first = missing & ~(missing - 1);
            return err_set(err, ERR_HOST_POWER,
                           "service %s asks for %s, which this node does not allow app %s: "
                           "add it to power in the node's configuration or change the "
                           "release",
                           plan->services[i].name, power_word(first), plan->app);
        }
    }
    return 0;
}

static bool is_same_port(const struct route_port *a, const struct route_port *b)
{
    return a->protocol == b->protocol && a->host_port == b->host_port &&
           (a->host_ip == b->host_ip || a->host_ip == 0 || b->host_ip == 0);
}

static bool plan_publishes(const struct plan *plan, const struct route_port *port)
{
    for (size_t i = 0; plan != NULL && i < plan->service_count; i++) {
        for (size_t j = 0; j < plan->services[i].port_count; j++) {
            if (is_same_port(&plan->services[i].ports[j], port)) {
                return true;
            }
        }
    }
    return false;
}

static bool app_publishes(struct app *app, const struct route_port *port)
{
    return plan_publishes(app_plan(app, &app->memory.committed.release), port) ||
           plan_publishes(app_plan(app, &app->memory.candidate.release), port) ||
           plan_publishes(app_plan(app, &app->memory.wanted), port);
}

int door_port_held(const struct route_port *port, struct err *err)
{
    return err_set(err, ERR_PORT_HELD,
                   "port %u/%s is held by a process of this host: stop it or publish another port",
                   port->host_port, route_protocol_word(port->protocol));
}

static int check_port(struct conductor *conductor, const struct app *self,
                      const struct route_port *port, bool is_adopting, struct err *err)
{
    const struct route *route = &conductor->ports.route;
    const char *protocol = route_protocol_word(port->protocol);
    bool is_held = false;
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct app *other = &conductor->apps[i];
        if (other != self && other->is_used && app_publishes(other, port)) {
            return err_set(err, ERR_PORT_HELD,
                           "port %u/%s is published by app %s: publish another one",
                           port->host_port, protocol, other->memory.app);
        }
    }
    int rc = route->ops->is_held(route->self, port->protocol, port->host_ip, port->host_port,
                                 &is_held, err);
    if (rc != 0) {
        return err_wrap(err, rc, "look for port %u/%s", port->host_port, protocol);
    }
    return is_held && !is_adopting ? door_port_held(port, err) : 0;
}

static int check_ports(struct conductor *conductor, const struct app *self, const struct plan *plan,
                       struct err *err)
{
    for (size_t i = 0; i < plan->service_count; i++) {
        for (size_t j = 0; j < plan->services[i].port_count; j++) {
            int rc = check_port(conductor, self, &plan->services[i].ports[j],
                                door_adopts(self, plan), err);
            if (rc != 0) {
                return rc;
            }
        }
    }
    return 0;
}

static int check_room(const struct conductor *conductor, const struct plan *plan, struct err *err)
{
    const struct engine_about *about = &conductor->engine.about;
    if (plan->requires_disk_bytes > about->disk_free_bytes) {
        return err_set(err, ERR_DISK_SPACE,
                       "the release requires %llu MiB of disk, the engine's has %llu MiB free: "
                       "make room or lower x-berth.requires.disk",
                       MIB(plan->requires_disk_bytes), MIB(about->disk_free_bytes));
    }
    if (plan->requires_ram_bytes > about->memory_bytes) {
        return err_set(err, ERR_RAM,
                       "the release requires %llu MiB of memory, this machine has %llu MiB",
                       MIB(plan->requires_ram_bytes), MIB(about->memory_bytes));
    }
    return 0;
}

static int check_sequence(const struct generation *known, const struct plan *plan, struct err *err)
{
    if (known->gen != 0 && known->sequence == plan->sequence &&
        !digest_is_equal(&known->release, &plan->digest)) {
        return err_set(err, ERR_SEQUENCE_REUSED,
                       "sequence %llu was used by another release: build it with a higher one",
                       (unsigned long long)plan->sequence);
    }
    return 0;
}

/* What is remembered of this app against the release. */
static int check_memory(const struct memory_app *memory, const struct plan *plan, bool force,
                        struct err *err)
{
    if (plan->sequence < memory->floor) {
        return err_set(err, ERR_BELOW_FLOOR, "sequence %llu is below this app's floor %llu",
                       (unsigned long long)plan->sequence, (unsigned long long)memory->floor);
    }
    if (memory_is_quarantined(memory, &plan->digest) && !force) {
        return err_set(err, ERR_QUARANTINED,
                       "this release failed here before: use --force to try it again");
    }
    int rc = check_sequence(&memory->committed, plan, err);
    rc = rc == 0 ? check_sequence(&memory->candidate, plan, err) : rc;
    for (size_t i = 0; i < HISTORY_MAX && rc == 0; i++) {
        rc = check_sequence(&memory->history[i], plan, err);
    }
    return rc;
}

/* One that serves is taken again only to give back a payload that was damaged. */
static int check_app(struct app *app, const struct plan *plan, bool force, struct err *err)
{
    const struct memory_app *memory = &app->memory;
    int rc = check_memory(memory, plan, force, err);
    if (rc == 0 && digest_is_equal(&memory->wanted, &plan->digest) &&
        digest_is_equal(&memory->committed.release, &plan->digest) &&
        app_plan(app, &plan->digest) != NULL) {
        rc = err_set(err, ERR_NOTHING, "this release already serves");
    }
    return rc;
}

/* The app is new here, or has left this node once. */
static int check_ended(struct conductor *conductor, const struct plan *plan, bool force,
                       struct err *err)
{
    struct memory_app memory;
    bool is_found = false;
    int rc = ended_recall(conductor, plan->app, &memory, &is_found, err);
    return is_found ? check_memory(&memory, plan, force, err) : rc;
}

static int check_open(const struct conductor *conductor, const struct app *app, struct err *err)
{
    if (!conductor->is_started || !conductor->engine.has_about || !conductor->engine.has_list) {
        return err_set(err, ERR_ENGINE_GONE,
                       "the engine has not answered yet: see that it runs, then try again");
    }
    if (conductor->has_lost_memory && (app == NULL || app->is_lost)) {
        return err_set(err, ERR_MEMORY_LOST,
                       "this node has lost its memory and only serves what it found: clear its "
                       "state directory and containers, then deploy anew");
    }
    if (conductor->is_store_failing && conductor->store_failure == ERR_STATE_FULL) {
        return err_set(err, ERR_STATE_FULL,
                       "the state directory's file system is full: nothing new is begun until it "
                       "can be written");
    }
    if (conductor->is_store_failing) {
        return err_set(err, ERR_STORE,
                       "the last write to the state directory failed: nothing new is begun until "
                       "it works again");
    }
    if (app != NULL && app->is_ending) {
        return err_set(err, ERR_BUSY, "app %s is leaving this node: try again in a few seconds",
                       app->memory.app);
    }
    if (app != NULL && app->verb.stage != VERB_NONE) {
        return err_set(err, ERR_BUSY, "another request for app %s is being recorded",
                       app->memory.app);
    }
    return 0;
}

/* What another app asks for at this moment counts as soon as it is recorded. */
static int check_alone(const struct conductor *conductor, const struct app *app, struct err *err)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct app *other = &conductor->apps[i];
        if (other != app && other->is_used && other->verb.stage != VERB_NONE) {
            return err_set(err, ERR_BUSY, "a request for app %s is being recorded: try again",
                           other->memory.app);
        }
    }
    return 0;
}

int door_open(struct conductor *conductor, struct span envelope, struct span *payload,
              struct plan *plan, struct err *err)
{
    struct digest digest;
    struct release_node node;
    struct arena arena;
    if (!conductor->has_trust) {
        return err_set(err, ERR_SIGNATURE,
                       "this node trusts no key yet: install its trust document");
    }
    arena_init(&arena, conductor->scratch, sizeof conductor->scratch);
    int rc = envelope_open(envelope, TRUST_ROLE_RELEASE, &conductor->trust,
                           &conductor->ports.verify, &arena, payload, &digest, err);
    if (rc != 0) {
        return rc;
    }
    if (revoked_has(&conductor->revoked, &digest)) {
        return err_set(err, ERR_REVOKED, "this release was revoked");
    }
    conductor_node_facts(conductor, &node);
    rc = release_compile(*payload, &node, plan, err);
    plan->digest = digest;
    return rc;
}

int door_check(struct conductor *conductor, struct app *app, const struct plan *plan, bool force,
               struct err *err)
{
    LAW(BOUNDED, plan->service_count <= SERVICES_MAX);
    int rc = app != NULL ? check_open(conductor, app, err) : 0;
    if (rc == 0 && conductor->traffic.blind != NULL && conductor->traffic.blind != app) {
        return err_set(err, ERR_STORE,
                       "what app %s serves cannot be read, so traffic stays as it is: activate its "
                       "release again first",
                       conductor->traffic.blind->memory.app);
    }
    rc = rc == 0 ? check_alone(conductor, app, err) : rc;
    rc = rc != 0       ? rc
         : app != NULL ? check_app(app, plan, force, err)
                       : check_ended(conductor, plan, force, err);
    rc = rc == 0 ? check_powers(conductor, plan, err) : rc;
    rc = rc == 0 ? check_ports(conductor, app, plan, err) : rc;
    rc = rc == 0 ? claims_check(conductor, app, plan, err) : rc;
    rc = rc == 0 ? table_check_room(conductor, app, plan, err) : rc;
    return rc == 0 ? check_room(conductor, plan, err) : rc;
}

struct app *app_take(struct conductor *conductor, uint8_t index)
{
    LAW(BOUNDED, index < APPS_MAX);
    struct app *app = &conductor->apps[index];
    if (app->is_used) {
        return NULL;
    }
    app->conductor = conductor;
    app->is_used = true;
    app->memory.index = index;
    return app;
}

void app_drop(struct app *app)
{
    app->conductor = NULL;
    app->is_used = false;
    app->memory = (struct memory_app){0};
}

/* Every place is taken: whether one is about to be free. */
static int no_place(const struct conductor *conductor, uint8_t apps, struct err *err)
{
    for (uint8_t i = 0; i < apps; i++) {
        if (conductor->apps[i].is_ending) {
            return err_set(err, ERR_BUSY,
                           "the place of app %s, which has ended, is being cleared: try again in "
                           "a few seconds",
                           conductor->apps[i].memory.app);
        }
    }
    return err_set(err, ERR_LIMIT,
                   "this node's address pool has room for %u apps, and none of them has ended: "
                   "remove one by a release without services, or enlarge pool",
                   apps);
}

int app_new(struct conductor *conductor, const char *name, struct app **made, struct err *err)
{
    uint8_t apps = address_apps(&conductor->config);
    struct memory_app ended;
    bool is_found = false;
    int rc = ended_recall(conductor, name, &ended, &is_found, err);
    if (rc != 0) {
        return rc;
    }
    for (uint8_t i = 0; i < apps; i++) {
        struct app *app = app_take(conductor, i);
        if (app != NULL) {
            app->is_new = true;
            app->session.is_observed = true;
            app->session.has_looked = true; /* what is wanted of it was not wanted before */
            if (is_found) {
                app->memory = ended;
                app->memory.index = i;
                app->memory.gen_last++; /* so that its record is known to be later */
            }
            (void)text_copy(app->memory.app, NAME_BYTES, name);
            *made = app;
            return 0;
        }
    }
    return no_place(conductor, apps, err);
}

static int store_payload(struct app *app, struct span payload, const struct plan *plan,
                         struct err *err)
{
    const struct store *store = &app->conductor->ports.store;
    char name[DIGEST_HEX_BYTES];
    digest_render(&plan->digest, name);
    app->verb.stage = VERB_STORING;
    int rc = store->ops->blob_write(store->self, name, payload, payload_stored, app, err);
    if (rc != 0) {
        app->verb.done = NULL; /* a refused call never calls back */
        verb_finish(app, err);
        return err_wrap(err, rc, "store the release");
    }
    return 0;
}

int conductor_activate(struct conductor *conductor, struct span envelope, bool force,
                       conductor_done done, void *ctx, struct err *err)
{
    struct plan plan;
    struct span payload;
    int rc = check_open(conductor, NULL, err);
    rc = rc == 0 ? door_open(conductor, envelope, &payload, &plan, err) : rc;
    if (rc != 0) {
        return rc;
    }
    struct app *app = app_of(conductor, plan.app);
    rc = door_check(conductor, app, &plan, force, err);
    if (rc == 0 && app == NULL) {
        rc = app_new(conductor, plan.app, &app, err);
    }
    if (rc != 0) {
        return rc;
    }
    app->verb = (struct verb){.wanted = plan.digest, .is_forced = force, .done = done, .ctx = ctx};
    return store_payload(app, payload, &plan, err);
}

int conductor_rollback(struct conductor *conductor, const char *name, conductor_done done,
                       void *ctx, struct err *err)
{
    struct app *app = app_of(conductor, name);
    if (app == NULL) {
        return err_set(err, ERR_NOT_FOUND, "no app %s on this node", name);
    }
    int rc = check_open(conductor, app, err);
    if (rc != 0) {
        return rc;
    }
    const struct memory_app *memory = &app->memory;
    bool is_going_on =
        memory->phase != SWAP_REST || !digest_is_equal(&memory->wanted, &memory->committed.release);
    const struct generation *before = is_going_on ? &memory->committed : &memory->history[0];
    if (memory->adopted.of != 0 && is_going_on == (memory->committed.gen == 0)) {
        /* Back to what ran before the first release: nothing of ours is wanted. */
        app->verb = (struct verb){.stage = VERB_READY, .done = done, .ctx = ctx};
        conductor_touch(conductor);
        return 0;
    }
    if (before->gen == 0) {
        return err_set(err, ERR_NOT_FOUND, "app %s has nothing before to go back to", name);
    }
    if (!is_going_on && before->sequence < memory->floor) {
        return err_set(err, ERR_BELOW_FLOOR,
                       "the release before has sequence %llu, below this app's floor %llu",
                       (unsigned long long)before->sequence, (unsigned long long)memory->floor);
    }
    if (revoked_has(&conductor->revoked, &before->release)) {
        return err_set(err, ERR_REVOKED, "the release before was revoked");
    }
    const struct plan *plan = app_plan(app, &before->release);
    rc = is_going_on || plan == NULL ? 0 : check_alone(conductor, app, err);
    if (rc == 0 && !is_going_on && plan != NULL) { /* others may have come meanwhile */
        rc = check_ports(conductor, app, plan, err);
        rc = rc == 0 ? claims_check(conductor, app, plan, err) : rc;
        rc = rc == 0 ? table_check_room(conductor, app, plan, err) : rc;
    }
    if (rc != 0) {
        return rc;
    }
    bool is_looking = !is_going_on && conductor->engine.is_up && way_back_look(app);
    app->verb = (struct verb){
        .stage = is_looking ? VERB_LOOKING : VERB_READY,
        .wanted = before->release,
        .is_forced = true, /* it was good once; the technician knows what failed since */
        .done = done,
        .ctx = ctx};
    conductor_touch(conductor);
    return 0;
}
