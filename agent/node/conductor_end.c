/* conductor_end: an app of which nothing is wanted leaves, with containers, images and network. */
#include "agent/node/address.h"
#include "agent/node/conductor_private.h"
#include "agent/node/ended.h"
#include "platform/base/law.h"

#include <stdio.h>

/* The way back from a removal is kept for so long, unless its place is needed. */
#define WAY_BACK_MS MINUTES_MS(24 * 60)
/* What failed is tried again so much later. */
#define END_RETRY_MS SECONDS_MS(10)

_Static_assert(ENDED_BYTES_MAX <= RELEASE_PAYLOAD_BYTES_MAX, "it is read where payloads are");

/* Each document is written under a number of its own, then the one before it is removed. */
static void document_name(uint32_t number, char name[STORE_NAME_BYTES])
{
    (void)snprintf(name, STORE_NAME_BYTES, "ended-%u", (unsigned)number);
}

void ended_note(struct conductor *conductor, const char *name)
{
    unsigned number = 0;
    char tail = '\0';
    if (sscanf(name, "ended-%9u%c", &number, &tail) == 1 && number > conductor->ended_number) {
        conductor->ended_number = number;
    }
}

/* The document, in conductor->payload. */
static int ended_load(struct conductor *conductor, struct span *document, struct err *err)
{
    const struct store *store = &conductor->ports.store;
    char name[STORE_NAME_BYTES];
    size_t len = 0;
    size_t count = 0;
    int rc = 0;
    if (conductor->ended_number != 0) {
        document_name(conductor->ended_number, name);
        rc = store->ops->blob_read(store->self, name, conductor->payload, sizeof conductor->payload,
                                   &len, err);
    }
    *document = span_of(conductor->payload, rc == 0 ? len : 0);
    rc = rc == 0 ? ended_count(*document, &count, err) : rc;
    return rc == 0 ? 0 : err_wrap(err, rc, "read what is remembered of apps that have ended");
}

int ended_recall(struct conductor *conductor, const char *name, struct memory_app *memory,
                 bool *is_found, struct err *err)
{
    struct span document;
    int rc = ended_load(conductor, &document, err);
    *is_found = rc == 0 && ended_find(document, name, memory);
    return rc;
}

bool ended_check_start(struct conductor *conductor, struct err *err)
{
    struct span document;
    return ended_load(conductor, &document, err) == 0;
}

/* Nothing is there, and nothing to go back to. */
static bool is_empty(const struct memory_app *memory)
{
    return memory->committed.gen == 0 && memory->history[0].gen == 0 &&
           digest_is_none(&memory->wanted) && memory->verdict == VERDICT_NONE;
}

bool ended_is_over(struct conductor *conductor, const struct memory_app *memory)
{
    struct memory_app recalled;
    bool is_found = false;
    return is_empty(memory) &&
           ended_recall(conductor, memory->app, &recalled, &is_found, NULL) == 0 && is_found &&
           recalled.gen_last >= memory->gen_last;
}

/* A release without a service is committed. */
static bool is_removed(struct app *app)
{
    const struct plan *plan = app_plan(app, &app->memory.committed.release);
    return plan != NULL && plan->service_count == 0;
}

/* Nothing of it is wanted. */
static bool has_ended(struct app *app)
{
    const struct memory_app *memory = &app->memory;
    bool is_at_rest = !app->is_new && !app->is_lost && memory->phase == SWAP_REST &&
                      !memory->is_order_open && memory->adopted.of == 0 &&
                      digest_is_equal(&memory->wanted, &memory->committed.release);
    return is_at_rest && (memory->committed.gen == 0 || is_removed(app));
}

/* Something of it is on its way, and may be wanted again. */
static bool is_awaited(const struct app *app)
{
    return app->is_remembering || app->is_owed || app->is_story_due ||
           app->verb.stage != VERB_NONE ||
           (!app->is_ending && orders_find(&app->conductor->orders, app->memory.app) != NULL);
}

/* All places are taken, no app is leaving, and this one has ended before the others. */
static bool is_place_needed(const struct app *app)
{
    const struct conductor *conductor = app->conductor;
    for (uint8_t i = 0; i < address_apps(&conductor->config); i++) {
        const struct app *other = &conductor->apps[i];
        bool is_before = other->ended_at != 0 && other->ended_at < app->ended_at;
        if (!other->is_used || other->is_ending || is_before) {
            return false;
        }
    }
    return true;
}

/* The record says from now on that there is nothing, whatever happens to this agent. */
static void give_up(struct app *app)
{
    struct memory_app next = app->memory;
    next.wanted = (struct digest){0};
    next.wanted_by = WANTED_BY_NOBODY;
    next.is_forced = false;
    next.committed = (struct generation){0};
    memset(next.history, 0, sizeof next.history);
    next.verdict = VERDICT_NONE;
    next.reason = REASON_NONE;
    next.attempts = 0;
    app->is_ending = true;
    conductor_event(app->conductor, app, "it has ended: what was kept of it is removed");
    memory_remember(app, &next, false);
}

static bool has_leftovers(const struct app *app)
{
    const struct conductor *conductor = app->conductor;
    bool has_any = app->session.is_network_busy || !app->session.is_boot_settled ||
                   !digest_is_none(&app->doubted);
    for (size_t i = 0; i < app->session.replica_count; i++) {
        const struct replica *replica = &app->session.replicas[i];
        has_any = has_any || replica->is_present || replica->is_busy || replica->is_routed;
    }
    for (size_t i = 0; i < GARBAGE_MAX; i++) {
        has_any = has_any || !digest_is_none(&app->garbage[i]);
    }
    for (size_t i = 0; i < CALLS_MAX; i++) {
        has_any =
            has_any || (conductor->calls.list[i].is_used && conductor->calls.list[i].app == app);
    }
    for (size_t i = 0; i < FILES_ASKED_MAX; i++) {
        has_any = has_any || conductor->file_calls[i].app == app;
    }
    return has_any;
}

static void end_failed(struct app *app, const struct err *err)
{
    conductor_warning(app->conductor, app, "it cannot leave yet: %s", err->text);
    app->end_not_before = conductor_now(app->conductor) + END_RETRY_MS;
    conductor_touch(app->conductor);
}

static void network_gone(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    struct call *call = ctx;
    struct app *app = call->app;
    (void)answer;
    call_drop(call);
    if (err != NULL && err->code != ERR_NOT_FOUND && err->code != ERR_EXISTS) {
        end_failed(app, err);
        return;
    }
    app->is_network_gone = true; /* or it is somebody else's */
    conductor_touch(app->conductor);
}

/* As the engine has it, where that is known; what earlier versions named may be another's. */
static void remove_network(struct app *app)
{
    struct conductor *conductor = app->conductor;
    const struct engine *engine = &conductor->ports.engine;
    struct call *call = call_take(conductor, app, ACTION_NETWORK);
    char name[ENGINE_NAME_BYTES];
    struct err err;
    address_network(&conductor->config, app->memory.app, name);
    if (app->network[0] != '\0') {
        (void)text_copy(name, sizeof name, app->network);
    }
    if (call == NULL) {
        (void)err_set(&err, ERR_BUSY, "too many calls are under way");
        end_failed(app, &err);
    } else if (engine->ops->network_remove(engine->self, name, network_gone, call, &err) != 0) {
        call_drop(call);
        end_failed(app, &err);
    }
}

static void before_removed(void *ctx, const struct err *err)
{
    if (err != NULL) {
        conductor_warning(ctx, NULL, "a list of ended apps that is out of date stays: %s",
                          err->text);
    }
}

static void app_ended(void *ctx, const struct err *err)
{
    struct app *app = ctx;
    struct conductor *conductor = app->conductor;
    const struct store *store = &conductor->ports.store;
    char before[STORE_NAME_BYTES];
    struct err refused;
    conductor->is_ended_busy = false;
    if (err != NULL) {
        end_failed(app, err);
        return;
    }
    document_name(conductor->ended_number++, before);
    if (conductor->ended_number > 1 &&
        store->ops->blob_remove(store->self, before, before_removed, conductor, &refused) != 0) {
        before_removed(conductor, &refused);
    }
    conductor_event(conductor, app, "it has left: its place is free");
    if (conductor->traffic.stale_app == app) {
        conductor->traffic.stale_app = NULL;
    }
    *app = (struct app){0};
    conductor_touch(conductor);
}

static void remember_end(struct app *app)
{
    struct conductor *conductor = app->conductor;
    const struct store *store = &conductor->ports.store;
    char name[STORE_NAME_BYTES];
    char evicted[NAME_BYTES];
    struct span document;
    struct err err;
    int rc = ended_load(conductor, &document, &err);
    if (rc == 0) {
        size_t len = ended_put(conductor->payload, document.len, &app->memory, evicted);
        if (evicted[0] != '\0') {
            conductor_warning(conductor, NULL,
                              "%d apps that ended are remembered, no more: the floor, orders and "
                              "quarantine of app %s are forgotten",
                              ENDED_MAX, evicted);
        }
        document_name(conductor->ended_number + 1, name);
        conductor->is_ended_busy = true;
        rc = store->ops->blob_write(store->self, name, span_of(conductor->payload, len), app_ended,
                                    app, &err);
    }
    if (rc != 0) {
        conductor->is_ended_busy = false;
        end_failed(app, &err);
    }
}

void end_step(struct app *app)
{
    LAW(BOUNDED, app->is_used);
    struct conductor *conductor = app->conductor;
    mono_ms now = conductor_now(conductor);
    if (!has_ended(app)) {
        app->ended_at = 0;
        return;
    }
    app->ended_at = app->ended_at != 0 ? app->ended_at : now;
    bool is_over = app->memory.committed.gen != 0 && now - app->ended_at >= WAY_BACK_MS;
    if (is_awaited(app)) {
        return; /* its end plans again */
    }
    if (!app->is_ending && !is_over && !is_place_needed(app)) {
        app->wake_at = mono_min(app->wake_at, app->ended_at + WAY_BACK_MS);
    } else if (!app->is_ending || !is_empty(&app->memory)) {
        give_up(app);
    } else if (now < app->end_not_before) {
        app->wake_at = mono_min(app->wake_at, app->end_not_before);
    } else if (conductor->engine.is_up && !conductor->is_ended_busy && !has_leftovers(app)) {
        if (app->is_network_gone) {
            remember_end(app);
        } else {
            remove_network(app);
        }
    }
}
