/* conductor_order: orders that are news, from their receipt until they stand in an app's memory. */
#include "agent/node/conductor_private.h"

#include "agent/wire/envelope.h"
#include "platform/base/law.h"

/* An order that waits is looked at this often: its startBy may be by a clock that jumps. */
#define LOOK_AGAIN_MS SECONDS_MS(1)

bool order_is_overtaken(const struct conductor *conductor, const struct memory_app *memory)
{
    const struct order_slot *slot = orders_find(&conductor->orders, memory->app);
    return slot != NULL && memory->is_order_open && memory->wanted_by == WANTED_BY_ORDER &&
           (slot->order.epoch != memory->order_epoch || slot->order.gen != memory->order_gen);
}

static int order_open(struct conductor *conductor, const char *app_name, struct span envelope,
                      struct order *order, struct err *err)
{
    struct arena arena;
    struct span payload;
    struct digest digest;
    const struct app *app = app_of(conductor, app_name);
    struct memory_app ended;
    struct order_place place = {
        .fleet = conductor->config.fleet,
        .node = conductor->config.node,
        .app = app_name,
        .memory = app != NULL ? &app->memory : NULL,
        .epoch_base = conductor->trust.epoch_base,
    };
    bool is_found = false;
    int rc = app == NULL ? ended_recall(conductor, app_name, &ended, &is_found, err) : 0;
    if (rc != 0) {
        return rc; /* the order may be an old one */
    }
    place.memory = is_found ? &ended : place.memory;
    if (!conductor->has_trust) {
        return err_set(err, ERR_SIGNATURE, "this node trusts no key yet");
    }
    arena_init(&arena, conductor->scratch, sizeof conductor->scratch);
    rc = envelope_open(envelope, TRUST_ROLE_ORDER, &conductor->trust, &conductor->ports.verify,
                       &arena, &payload, &digest, err);
    rc = rc == 0 ? order_parse(payload, order, err) : rc;
    rc = rc == 0 ? order_check(order, &place, err) : rc;
    return rc == 0 ? orders_check(&conductor->orders, order, place.epoch_base, err) : rc;
}

static bool has_payload(struct conductor *conductor, const struct digest *release)
{
    struct span payload;
    return !digest_is_none(release) && payload_load(conductor, release, &payload, NULL) == 0;
}

int conductor_order(struct conductor *conductor, const char *app_name, struct span envelope,
                    struct err *err)
{
    struct order order;
    struct err why = {0};
    struct app *app = app_of(conductor, app_name);
    int rc = order_open(conductor, app_name, envelope, &order, &why);
    struct order_slot *slot = rc == 0 ? orders_place(&conductor->orders, app_name) : NULL;
    if (rc == 0 && slot == NULL) {
        rc = err_set(&why, ERR_LIMIT, "orders for %d apps wait already", APPS_MAX);
    }
    if (rc != 0) {
        if (rc != ERR_NOTHING && rc != ERR_STALE) {
            conductor_warning(conductor, app, "order for %s not taken: %s", app_name, why.text);
        }
        if (rc != ERR_NOTHING && app != NULL) {
            app->refused = rc;
        }
        return rc == ERR_NOTHING ? 0 : err_set(err, rc, "%s", why.text);
    }
    bool is_same = slot->is_used && digest_is_equal(&slot->order.release, &order.release);
    bool was_here = is_same && slot->has_release;
    *slot = (struct order_slot){
        .is_used = true,
        .order = order,
        .epoch_base = conductor->trust.epoch_base,
        .late_at = order.start_by != 0 ? conductor_now(conductor) + START_BY_UPTIME_MS : MONO_NEVER,
        .has_release = was_here || has_payload(conductor, &order.release),
    };
    if (app != NULL) {
        app->refused = 0;
    }
    conductor_touch(conductor);
    return 0;
}

size_t conductor_missing(const struct conductor *conductor, struct digest *digests, size_t cap)
{
    return conductor->engine.has_about ? orders_missing(&conductor->orders, digests, cap) : 0;
}

static void payload_stored(void *ctx, const struct err *err)
{
    struct order_slot *slot = ctx;
    (void)err;
    slot->is_storing = false;
    slot->is_look_due = true; /* a later order may have come into the slot meanwhile */
}

struct waiting_release {
    struct digest digest;
    struct span payload;
    int refusal;
};

static void release_give(struct conductor *conductor, struct order_slot *slot,
                         const struct waiting_release *release)
{
    const struct store *store = &conductor->ports.store;
    char name[DIGEST_HEX_BYTES];
    struct err err;
    if (release->refusal != 0) {
        slot->refusal = release->refusal;
        return;
    }
    digest_render(&release->digest, name);
    slot->is_storing = true;
    if (store->ops->blob_write(store->self, name, release->payload, payload_stored, slot, &err) !=
        0) {
        slot->is_storing = false; /* busy: it is asked for again */
    }
}

/* Engine facts decide how a release is compiled: without them it would be judged wrongly. */
bool conductor_release(struct conductor *conductor, const struct digest *digest,
                       struct span envelope)
{
    struct waiting_release release = {.digest = *digest};
    struct plan plan = {0};
    struct err err = {0};
    if (!conductor->engine.has_about || !orders_is_needed(&conductor->orders, digest)) {
        return true;
    }
    int rc = door_open(conductor, envelope, &release.payload, &plan, &err);
    if (rc == 0 && !digest_is_equal(&plan.digest, digest)) {
        rc = err_set(&err, ERR_DIGEST, "what lies under release %02x%02x.. is another",
                     digest->bytes[0], digest->bytes[1]);
    }
    if (rc != 0) {
        conductor_warning(conductor, NULL, "release not taken: %s", err.text);
    }
    bool is_forged = rc == ERR_DIGEST || rc == ERR_SIGNATURE || rc == ERR_UNSIGNED ||
                     rc == ERR_ENCODING || rc == ERR_THRESHOLD || rc == ERR_PAYLOAD_TYPE;
    release.refusal = rc;
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct order_slot *slot = &conductor->orders.list[i];
        if (!slot->is_used || slot->has_release || slot->is_storing ||
            !digest_is_equal(&slot->order.release, digest) || is_forged) {
            continue; /* the broker may yet show the true one */
        }
        struct waiting_release mine = release;
        if (rc == 0 && strcmp(plan.app, slot->order.app) != 0) {
            mine.refusal = ERR_WRONG_APP;
        }
        release_give(conductor, slot, &mine);
    }
    conductor_touch(conductor);
    return !is_forged;
}

static bool is_late(const struct conductor *conductor, const struct order_slot *slot)
{
    bool is_trusted = false;
    wall_ms wall = conductor->ports.clock.ops->wall(conductor->ports.clock.self, &is_trusted);
    return orders_is_late(slot, wall, is_trusted, conductor_now(conductor));
}

/* Compiles the stored payload and asks the door. 0: it may begin. */
static int release_check(struct conductor *conductor, struct app *app, const struct order *order,
                         struct err *err)
{
    struct release_node node;
    struct plan plan = {0};
    struct span payload;
    int rc = payload_load(conductor, &order->release, &payload, err);
    if (rc != 0) {
        return rc;
    }
    conductor_node_facts(conductor, &node);
    rc = release_compile(payload, &node, &plan, err);
    plan.digest = order->release;
    if (rc == 0 && strcmp(plan.app, order->app) != 0) {
        rc = err_set(err, ERR_WRONG_APP, "the release is of app %s, the order for %s", plan.app,
                     order->app);
    }
    if (rc == 0 && revoked_has(&conductor->revoked, &order->release)) {
        rc = err_set(err, ERR_REVOKED, "this release was revoked");
    }
    return rc == 0 ? door_check(conductor, app, &plan, order->force, err) : rc;
}

/* A door that is shut for now is no refusal. */
static bool is_passing(int code)
{
    return code == ERR_BUSY || code == ERR_ENGINE_GONE || code == ERR_STORE ||
           code == ERR_STATE_FULL || code == ERR_MEMORY_LOST;
}

/* Asks for the record that takes the order. The slot goes when the record shows it (slot_step), so
 * that a record that failed is asked for again, and a later order in the slot is not lost. */
static void order_record(struct conductor *conductor, struct order_slot *slot, struct app *app,
                         const struct order_decision *decision)
{
    struct err err;
    int rc = app == NULL ? app_new(conductor, slot->order.app, &app, &err) : 0;
    if (rc == ERR_BUSY) {
        slot->wait = ORDER_WAIT_BUSY;
        return;
    }
    if (rc != 0) {
        conductor_warning(conductor, NULL, "order for %s: %s", slot->order.app, err.text);
        slot->is_turned_away = true;
        slot->refusal = ERR_LIMIT;
        return;
    }
    app->verb = (struct verb){
        .stage = VERB_READY,
        .wanted = slot->order.release,
        .is_order = true,
        .order = slot->order,
        .epoch_base = slot->epoch_base,
        .decision = *decision,
        .done = NULL,
    };
}

static void slot_step(struct conductor *conductor, struct order_slot *slot)
{
    LAW(ONE_ANSWER, slot->is_used);
    struct app *app = app_of(conductor, slot->order.app);
    struct order_decision decision;
    struct err err = {0};
    if (app != NULL && app->memory.order_epoch == slot->order.epoch &&
        app->memory.order_gen == slot->order.gen) {
        slot->is_used = false; /* taken */
        return;
    }
    slot->look_at = slot->is_turned_away ? MONO_NEVER : conductor_now(conductor) + LOOK_AGAIN_MS;
    if (slot->is_turned_away) {
        return;
    }
    if (slot->is_look_due) {
        slot->is_look_due = false;
        slot->has_release = has_payload(conductor, &slot->order.release);
    }
    const struct order_facts facts = {
        .memory = app != NULL ? &app->memory : NULL,
        .is_busy =
            app != NULL && (app->verb.stage != VERB_NONE || app->is_remembering || app->is_ending),
        .has_release = slot->has_release,
        .is_late = is_late(conductor, slot),
        .refusal = slot->refusal,
        .is_engine_up = conductor->engine.is_up && conductor->engine.has_about,
        .is_store_failing = conductor->is_store_failing,
        .is_memory_lost = conductor->has_lost_memory && (app == NULL || app->is_lost),
        .may_begin = app_may_begin(conductor, app),
    };
    order_decide(&slot->order, &facts, &decision);
    if (decision.step == ORDER_STEP_BEGIN) {
        int rc = release_check(conductor, app, &slot->order, &err);
        if (is_passing(rc)) {
            decision = (struct order_decision){.step = ORDER_STEP_WAIT, .wait = ORDER_WAIT_BUSY};
        } else if (rc == ERR_NOT_FOUND || rc == ERR_CORRUPT) {
            slot->has_release = false; /* asked for again */
            decision = (struct order_decision){.step = ORDER_STEP_WAIT, .wait = ORDER_WAIT_RELEASE};
        } else if (rc != 0 && rc != ERR_NOTHING) {
            conductor_warning(conductor, app, "order refused: %s", err.text);
            decision = (struct order_decision){
                .step = ORDER_STEP_END, .outcome = OUTCOME_REFUSED, .reason = rc};
        }
    }
    slot->wait = decision.step == ORDER_STEP_WAIT ? decision.wait : ORDER_WAIT_NONE;
    if (decision.step != ORDER_STEP_WAIT) {
        order_record(conductor, slot, app, &decision);
    }
}

/* What was taken and can never begin: its release was revoked since. */
static void revoked_step(struct app *app)
{
    struct conductor *conductor = app->conductor;
    struct memory_app next = app->memory;
    if (app->is_new || app->is_remembering || app->verb.stage != VERB_NONE || !next.is_order_open ||
        next.phase != SWAP_REST || !revoked_has(&conductor->revoked, &next.wanted)) {
        return;
    }
    memory_close_order(&next, OUTCOME_REFUSED, ERR_REVOKED);
    next.wanted = next.committed.release;
    next.wanted_by = WANTED_BY_NOBODY;
    memory_remember(app, &next, false);
}

void orders_step(struct conductor *conductor)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        if (conductor->orders.list[i].is_used) {
            slot_step(conductor, &conductor->orders.list[i]);
        }
        if (conductor->apps[i].is_used) {
            revoked_step(&conductor->apps[i]);
        }
    }
}

/* startBy passes by itself; what else an order waits for comes with a turn of its own. */
mono_ms orders_deadline(const struct conductor *conductor)
{
    return orders_look_at(&conductor->orders);
}
