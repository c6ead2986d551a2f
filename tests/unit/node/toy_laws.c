/* toy_laws: watches for broken laws; knows the world and the record, not the agent. */
#include <stdio.h>

#include "tests/unit/node/toy.h"

static void broken(struct toy *toy, const char *law, uint32_t gen)
{
    if (toy->broken++ < 5) {
        printf("    law broken at %lld ms, turn %u, phase %s, generation %u: %s\n",
               (long long)toy->now, toy->turns, swap_phase_word(toy->memory.phase), gen, law);
    }
}

static bool is_in_traffic(const struct toy *toy, ipv4 address)
{
    return toy_table_has(&toy->kernel, address) ||
           (toy->is_applying && toy_table_has(&toy->applying, address));
}

static bool is_exclusive(const struct toy *toy, int release)
{
    return release != 0 && toy->plans[release].services[0].order == PLAN_STOP_FIRST;
}

/* Law 1: what gets traffic is not stopped; law 2: nothing of the old goes before the verdict. */
static void check_end(struct toy *toy, const struct action *action,
                      const struct toy_container *container)
{
    const struct memory_app *memory = &toy->memory;
    bool is_candidate_exclusive = is_exclusive(toy, toy_release(&memory->candidate.release));
    if (is_in_traffic(toy, container->address) &&
        (action->kind != ACTION_RESTART || toy_is_good(toy, container))) {
        broken(toy, "a container that gets traffic is stopped", action->gen);
    }
    if (action->gen == memory->committed.gen && action->kind == ACTION_REMOVE &&
        container->state != ENGINE_DEAD) {
        broken(toy, "a container of the committed release is removed", action->gen);
    }
    if (action->gen == memory->committed.gen && action->kind == ACTION_STOP &&
        !(is_candidate_exclusive && toy_count(toy, memory->candidate.gen) > 0)) {
        broken(toy, "the committed release is stopped before its successor exists", action->gen);
    }
    if (action->gen == memory->candidate.gen && container->state != ENGINE_DEAD &&
        (action->kind == ACTION_STOP || action->kind == ACTION_REMOVE)) {
        broken(toy, "the candidate is stopped while the record names it", action->gen);
    }
    if (action->gen == memory->history[0].gen && memory->verdict_gen == memory->committed.gen &&
        action->kind == ACTION_STOP && memory->phase == SWAP_REST &&
        !toy_table_has(&toy->boot, address_replica(&toy->config, memory->index,
                                                   memory->committed.lane, 0, 1))) {
        broken(toy, "the old release goes before a boot would serve the new", action->gen);
    }
}

/* What shares data is not started beside what it shares it with. */
static void check_start(struct toy *toy, const struct action *action,
                        const struct toy_container *container)
{
    for (size_t i = 0; i < OBSERVED_MAX; i++) {
        const struct toy_container *other = &toy->containers[i];
        if (is_exclusive(toy, container->release) && is_exclusive(toy, other->release) &&
            other->gen != action->gen && toy_is_alive(other)) {
            broken(toy, "two generations that share data run beside each other", action->gen);
        }
    }
}

void laws_check_decision(struct toy *toy, const struct swap_decision *decision)
{
    const struct memory_app *memory = &toy->memory;
    if (decision->is_remembering && decision->next.floor < memory->floor) {
        broken(toy, "the floor falls", 0);
    }
    if (decision->is_remembering && decision->next.candidate.gen != 0 &&
        memory->candidate.gen == 0 &&
        (decision->next.candidate.sequence < memory->floor ||
         toy_release(&decision->next.candidate.release) == toy->revoked)) {
        broken(toy, "a swap begins to what is below the floor or revoked",
               decision->next.candidate.gen);
    }
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct action *action = &decision->actions[i];
        const struct toy_container *container = toy_find(toy, action->gen, action->number);
        bool is_remembered =
            action->gen == memory->committed.gen || action->gen == memory->candidate.gen;
        if (!is_remembered && (action->kind == ACTION_CREATE || action->kind == ACTION_START ||
                               action->kind == ACTION_RESTART || action->kind == ACTION_PULL)) {
            broken(toy, "something is made that the record does not name", action->gen);
        }
        if (action->kind == ACTION_KEEP && action->gen != memory->committed.gen) {
            broken(toy, "the engine keeps what is not proven", action->gen);
        }
        if (container != NULL && (action->kind == ACTION_START || action->kind == ACTION_RESTART)) {
            check_start(toy, action, container);
        }
        if (container != NULL && (action->kind == ACTION_STOP || action->kind == ACTION_REMOVE ||
                                  action->kind == ACTION_RESTART)) {
            check_end(toy, action, container);
        }
    }
}

static size_t count_good(const struct toy *toy, const struct toy_table *table, uint32_t but_gen)
{
    size_t good = 0;
    for (size_t i = 0; i < OBSERVED_MAX; i++) {
        const struct toy_container *container = &toy->containers[i];
        good += container->is_present && toy_is_good(toy, container) && container->gen != but_gen &&
                        toy_table_has(table, container->address)
                    ? 1
                    : 0;
    }
    return good;
}

void laws_check_table(struct toy *toy, const struct toy_table *next)
{
    if (next->count == 0 && next->wait_until != 0 && toy->kernel.count > 0 &&
        toy->kernel.wait_until == 0 && toy->memory.phase == SWAP_PREPARE) {
        broken(toy, "traffic leaves in the transaction in which the wait begins", 0);
    }
    const struct memory_app *memory = &toy->memory;
    /* A candidate that was dropped for its failures may answer now and then; it does not count. */
    bool has_failed = memory->phase == SWAP_REST && memory->verdict != VERDICT_GOOD &&
                      memory->reason != REASON_ROLLED_BACK && memory->reason != REASON_REVOKED;
    uint32_t dropped = has_failed ? memory->verdict_gen : 0;
    bool may_be_dark = is_exclusive(toy, toy_release(&memory->committed.release)) ||
                       is_exclusive(toy, toy_release(&memory->candidate.release));
    int wanted = memory->phase == SWAP_UNPROVEN ? toy_release(&memory->candidate.release) : 0;
    may_be_dark |= wanted != 0 && toy->plans[wanted].service_count == 0; /* the app is removed */
    if (!may_be_dark && count_good(toy, &toy->kernel, dropped) > 0 &&
        count_good(toy, next, 0) == 0) {
        broken(toy, "traffic leaves ready replicas for none", 0);
    }
    for (size_t i = 0; i < OBSERVED_MAX; i++) {
        const struct toy_container *container = &toy->containers[i];
        if (!container->is_present || !toy_table_has(next, container->address)) {
            continue;
        }
        if (container->gen != memory->committed.gen &&
            (container->gen != memory->candidate.gen || memory->phase != SWAP_UNPROVEN) &&
            !(memory->verdict_gen == container->gen && memory->phase == SWAP_REST) &&
            !(container->gen == memory->history[0].gen &&
              toy_table_has(&toy->kernel, container->address))) {
            broken(toy, "traffic goes to what the record does not let serve", container->gen);
        }
        if (!toy_table_has(&toy->kernel, container->address) && !toy->is_presuming &&
            !toy_is_good(toy, container) && toy_is_alive(container) &&
            toy->images[container->release].unready_ms == 0) {
            broken(toy, "traffic goes to a container that was not ready", container->gen);
        }
    }
}

/* Who is new is refused: nobody serves, and nobody is let wait. */
static void count_refused(struct toy *toy, bool is_served)
{
    if (is_served || toy->kernel.wait_until > toy->now) {
        if (toy->has_served && toy->refused_since != MONO_NEVER) {
            toy->refused_ms += toy->now - toy->refused_since;
        }
        toy->refused_since = MONO_NEVER;
    } else if (toy->refused_since == MONO_NEVER) {
        toy->refused_since = toy->now;
    }
}

void laws_check_world(struct toy *toy)
{
    size_t good = count_good(toy, &toy->kernel, 0);
    count_refused(toy, good > 0);
    if (good > 0) {
        if (toy->has_served && toy->dark_since != MONO_NEVER) {
            toy->dark_ms += toy->now - toy->dark_since;
        }
        toy->has_served = true;
        toy->dark_since = MONO_NEVER;
    } else if (toy->dark_since == MONO_NEVER) {
        toy->dark_since = toy->now;
    }
    for (size_t i = 0; i < OBSERVED_MAX; i++) {
        const struct toy_container *a = &toy->containers[i];
        for (size_t j = i + 1; a->is_present && j < OBSERVED_MAX; j++) {
            if (toy->containers[j].is_present && toy->containers[j].address == a->address) {
                broken(toy, "two containers have one address", a->gen);
            }
        }
    }
    if (toy->idle_spins > 2) {
        broken(toy, "the planner asks to be called again at once, for nothing", 0);
    }
}
