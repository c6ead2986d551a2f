/* adopt: what the planner does with the containers of a Compose project: hold, stop, give back. */
#include "agent/node/adopt.h"

#include "agent/node/swap_private.h"
#include "platform/base/law.h"

/* FNV-1a: change detection, not security. */
static uint32_t hash_text(uint32_t hash, const char *text)
{
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    }
    return (hash ^ (uint8_t)'/') * 16777619u;
}

uint32_t adopt_id(const char *project, const char *service)
{
    uint32_t hash = hash_text(hash_text(2166136261u, project), service);
    return hash != 0 ? hash : 1;
}

uint32_t adopt_concern(const struct memory_app *memory, const struct plan *candidate,
                       const struct plan *wanted)
{
    const struct plan *plan = memory->candidate.gen != 0 ? candidate : wanted;
    if (memory->committed.gen != 0) {
        return 0;
    }
    if (memory->adopted.of != 0) {
        return memory->adopted.of;
    }
    return plan != NULL && plan->adopt[0] != '\0' && plan->service_count > 0
               ? adopt_id(plan->adopt, plan->services[0].name)
               : 0;
}

bool adopt_is_wanted_back(const struct memory_app *memory)
{
    return memory->adopted.of != 0 && digest_is_none(&memory->wanted) &&
           memory->wanted_by == WANTED_BY_OVERRIDE;
}

bool adopted_is_alive(const struct adopted_container *container)
{
    return container->is_present &&
           (container->state == ENGINE_RUNNING || container->state == ENGINE_RESTARTING ||
            container->state == ENGINE_PAUSED);
}

static void act(struct step *step, enum action_kind kind, size_t place)
{
    struct adopted_container *container = &step->session->adopted.at[place];
    struct swap_decision *decision = step->decision;
    if (container->is_busy || decision->action_count >= ACTIONS_MAX || !step->facts->is_engine_up) {
        return;
    }
    if (step->facts->now < container->call_not_before) {
        step_wake(step, container->call_not_before);
        return;
    }
    container->is_busy = true;
    decision->actions[decision->action_count++] =
        (struct action){.kind = kind, .gen = GEN_ADOPTED, .number = (uint8_t)(place + 1)};
}

/* What was listed is of those that are concerned. */
static bool is_seen(struct step *step)
{
    const struct adopted *adopted = &step->session->adopted;
    if (adopted->is_seen && adopted->of == step_adopts(step)) {
        return true;
    }
    if (step->facts->now < adopted->look_not_before) {
        step_wake(step, adopted->look_not_before);
    } else {
        step->decision->is_look_wanted = true;
    }
    return false;
}

uint32_t step_adopts(const struct step *step)
{
    return adopt_concern(step->memory, step->facts->candidate, step->facts->wanted);
}

bool adopt_hold(struct step *step)
{
    LAW(NEVER_NEITHER, step->memory->candidate.gen != 0);
    bool is_held = true;
    if (step_adopts(step) == 0) {
        return true;
    }
    if (!is_seen(step) || step->session->adopted.is_over) {
        return false;
    }
    for (size_t i = 0; i < ADOPTED_MAX; i++) {
        const struct adopted_container *container = &step->session->adopted.at[i];
        if (container->is_present && container->has_unnamed_volume && !container->is_held) {
            act(step, ACTION_HOLD, i);
            is_held = false;
        }
    }
    return is_held;
}

/* It runs, or the engine would start it. */
static bool is_rival(const struct adopted_container *container)
{
    return adopted_is_alive(container) ||
           (container->is_present && container->restart.kind != ENGINE_RESTART_NO);
}

/* The record says what is to be stopped, before it is, and how it was. */
static bool is_remembered(struct step *step)
{
    const struct memory_adopted *known = &step->memory->adopted;
    struct memory_adopted next = *known;
    for (size_t i = 0; i < ADOPTED_MAX; i++) {
        const struct adopted_container *container = &step->session->adopted.at[i];
        if (!is_rival(container)) {
            continue;
        }
        if (next.of == 0) {
            next.of = step->session->adopted.of;
            next.restart = container->restart;
        }
        next.running |= (uint8_t)(adopted_is_alive(container) ? 1u << i : 0u);
    }
    if (next.of == known->of && next.running == known->running) {
        return true;
    }
    verdict_adopt(step, &next);
    return false;
}

bool adopt_take(struct step *step)
{
    LAW(NEVER_NEITHER, step->memory->phase != SWAP_REST);
    bool is_down = true;
    if (step_adopts(step) == 0) {
        return true;
    }
    if (!is_seen(step) || step->decision->is_remembering || !is_remembered(step)) {
        return false;
    }
    for (size_t i = 0; i < ADOPTED_MAX; i++) {
        const struct adopted_container *container = &step->session->adopted.at[i];
        if (is_rival(container)) {
            act(step, ACTION_STOP, i);
        }
        is_down &= !is_rival(container) && !container->is_busy;
    }
    return is_down;
}

bool adopt_serve(struct step *step)
{
    const struct memory_adopted *memory = &step->memory->adopted;
    bool is_back = true;
    if (memory->of == 0 || step->memory->committed.gen != 0) {
        return true;
    }
    if (!is_seen(step)) {
        return false;
    }
    for (size_t i = 0; i < ADOPTED_MAX; i++) {
        const struct adopted_container *container = &step->session->adopted.at[i];
        bool is_running = (memory->running >> i & 1u) != 0;
        bool is_kept = container->restart.kind == memory->restart.kind &&
                       container->restart.retries == memory->restart.retries;
        if (!container->is_present || (is_kept && (!is_running || adopted_is_alive(container)))) {
            continue; /* somebody has removed it, or it is as it was */
        }
        act(step, is_running ? ACTION_START : ACTION_KEEP, i);
        is_back = false;
    }
    return is_back;
}
