/* conductor_plans: an app's plans, compiled from their payloads at need. */
#include "agent/node/conductor_private.h"

#include "platform/base/law.h"

/* A payload that could not be read is read again this much later. */
#define PAYLOAD_RETRY_MS SECONDS_MS(30)
/* Memory comes back by itself, and until then the release is neither begun nor looked after. */
#define PAYLOAD_RETRY_SHORT_MS SECONDS_MS(2)

static void plan_load(struct app *app, struct plan_slot *slot, const struct digest *release)
{
    LAW(ONLY_SIGNED, !digest_is_none(release));
    struct conductor *conductor = app->conductor;
    struct release_node node;
    struct span payload;
    struct err err;
    *slot = (struct plan_slot){.is_used = true};
    int rc = payload_load(conductor, release, &payload, &err);
    if (rc == 0) {
        conductor_node_facts(conductor, &node);
        rc = release_compile(payload, &node, &slot->plan, &err);
    }
    slot->plan.digest = *release;
    if (rc != 0) {
        slot->is_broken = true;
        slot->retry_at = conductor_now(conductor) +
                         (rc == ERR_MEMORY ? PAYLOAD_RETRY_SHORT_MS : PAYLOAD_RETRY_MS);
        conductor_warning(conductor, app, "cannot read a release it remembers: %s", err.text);
    }
}

/* What its image declares, and the release does not say, keeps it from running beside another. */
static bool is_exclusive(const struct memory_app *memory, const struct digest *release)
{
    const struct generation *generations[2 + HISTORY_MAX] = {&memory->committed,
                                                             &memory->candidate};
    for (size_t i = 0; i < HISTORY_MAX; i++) {
        generations[2 + i] = &memory->history[i];
    }
    for (size_t i = 0; i < COUNT_OF(generations); i++) {
        if (generations[i]->is_exclusive && digest_is_equal(&generations[i]->release, release)) {
            return true;
        }
    }
    return false;
}

static const struct plan *plan_of(const struct app *app, struct plan_slot *slot)
{
    struct plan *plan = &slot->plan;
    if (slot->is_broken) {
        return NULL;
    }
    for (uint8_t i = 0; i < plan->service_count && is_exclusive(&app->memory, &plan->digest); i++) {
        plan->services[i].order = PLAN_STOP_FIRST;
        plan->services[i].order_reason = "its image declares a volume";
    }
    return plan;
}

/* Those in use: four at most, because the candidate of late is the candidate while there is one. */
static struct plan_slot *place_for(struct app *app)
{
    const struct memory_app *memory = &app->memory;
    const struct digest *const kept[] = {&memory->wanted, &memory->committed.release,
                                         &app->session.left, &memory->history[0].release};
    return plans_place(&app->plans, kept, COUNT_OF(kept));
}

const struct plan *app_plan(struct app *app, const struct digest *release)
{
    if (digest_is_none(release) || !app->conductor->engine.has_about) {
        return NULL;
    }
    struct plan_slot *slot = plans_slot(&app->plans, release);
    bool is_due =
        slot == NULL || (slot->is_broken && conductor_now(app->conductor) >= slot->retry_at);
    slot = slot != NULL ? slot : place_for(app);
    if (slot == NULL) {
        return NULL;
    }
    if (is_due) {
        plan_load(app, slot, release);
    }
    return plan_of(app, slot);
}

mono_ms app_plans_retry_at(const struct app *app)
{
    const struct memory_app *memory = &app->memory;
    const struct digest *const asked[] = {&memory->wanted, &memory->committed.release,
                                          &memory->candidate.release, &memory->history[0].release};
    return plans_retry_at(&app->plans, asked, COUNT_OF(asked));
}

const struct plan *app_plan_of(struct app *app, uint32_t gen)
{
    const struct memory_app *memory = &app->memory;
    if (gen == 0) {
        return NULL;
    }
    if (gen == memory->committed.gen) {
        return app_plan(app, &memory->committed.release);
    }
    if (gen == memory->candidate.gen) {
        return app_plan(app, &memory->candidate.release);
    }
    if (gen == memory->history[0].gen) {
        return app_plan(app, &memory->history[0].release);
    }
    return NULL;
}

const struct plan *app_plan_leaving(struct app *app, uint32_t gen)
{
    const struct session_app *session = &app->session;
    const struct plan *plan = app_plan_of(app, gen);
    bool is_left = plan == NULL && gen != 0 && gen == session->left_gen;
    return is_left ? plans_find(&app->plans, &session->left) : plan;
}
