/* conductor_health: how well an app is, as far as anybody was asked. */
#include "agent/node/conductor_private.h"

#include "platform/base/law.h"

static const struct plan *loaded_plan(const struct app *app, uint32_t gen)
{
    const struct memory_app *memory = &app->memory;
    const struct generation *generation = gen == memory->committed.gen    ? &memory->committed
                                          : gen == memory->candidate.gen  ? &memory->candidate
                                          : gen == memory->history[0].gen ? &memory->history[0]
                                                                          : NULL;
    return generation != NULL ? plans_find(&app->plans, &generation->release) : NULL;
}

enum health health_of_replica(const struct app *app, const struct replica *replica,
                              const char **why)
{
    const struct plan *plan = loaded_plan(app, replica->gen);
    const struct plan_service *service = plan != NULL && replica->service < plan->service_count
                                             ? &plan->services[replica->service]
                                             : NULL;
    return replica_health(replica, service, conductor_now(app->conductor), why);
}

static const struct replica *find(const struct session_app *session, uint32_t gen, uint8_t service,
                                  uint8_t number)
{
    for (size_t i = 0; i < session->replica_count; i++) {
        const struct replica *replica = &session->replicas[i];
        if (replica->gen == gen && replica->service == service && replica->number == number) {
            return replica;
        }
    }
    return NULL;
}

/* What is not ready weighs more than what is unknown. */
static bool is_worse(enum health one, enum health than)
{
    static const int weights[HEALTH_COUNT] = {
        [HEALTH_READY] = 0, [HEALTH_UNKNOWN] = 1, [HEALTH_NOT_READY] = 2};
    return weights[one] > weights[than];
}

enum health health_of_app(const struct app *app, const char **why)
{
    LAW(EVIDENCE, app->is_used);
    const struct memory_app *memory = &app->memory;
    bool is_switched = memory->phase == SWAP_UNPROVEN && app->session.is_switched;
    uint32_t gen = is_switched ? memory->candidate.gen : memory->committed.gen;
    const struct plan *plan = loaded_plan(app, gen);
    enum health worst = HEALTH_READY;
    *why = "answered";
    if (gen == 0 || plan == NULL || !app->session.is_observed) {
        *why = gen == 0 ? "nothing-runs" : "not-asked-yet";
        return gen == 0 ? HEALTH_NOT_READY : HEALTH_UNKNOWN;
    }
    for (uint8_t i = 0; i < plan->service_count; i++) {
        for (uint8_t number = 1; number <= plan->services[i].replicas; number++) {
            const struct replica *replica = find(&app->session, gen, i, number);
            const char *reason = "absent";
            enum health health =
                replica == NULL ? HEALTH_NOT_READY : health_of_replica(app, replica, &reason);
            if (is_worse(health, worst)) {
                worst = health;
                *why = reason;
            }
        }
    }
    return worst;
}
