/* toy_time: what scenarios do with the toy world: want, wait, cut the power. */
#include <assert.h>

#include "tests/unit/node/toy.h"

void toy_want(struct toy *toy, int release, bool is_forced)
{
    struct memory_app *memory = toy->is_remembering ? &toy->pending : &toy->memory;
    struct digest wanted = release == 0 ? memory->committed.release : toy_digest(release);
    for (int i = 0; i < 2; i++) {
        if (!digest_is_equal(&memory->wanted, &wanted)) {
            memory->attempts = 0;
        }
        memory->wanted = wanted;
        memory->wanted_by = WANTED_BY_OVERRIDE;
        memory->is_forced = is_forced;
        memory = &toy->memory;
    }
    toy->session.retry_at = 0;
}

/* Nothing is under way and nothing is left to be done. */
static bool is_settled(const struct toy *toy)
{
    const struct memory_app *memory = &toy->memory;
    if (memory->phase != SWAP_REST || toy->is_remembering || toy->is_applying ||
        !digest_is_equal(&memory->wanted, &memory->committed.release) ||
        !toy->session.is_route_settled || !toy->session.is_boot_settled) {
        return false;
    }
    for (size_t i = 0; i < TOY_CALLS; i++) {
        if (toy->calls[i].is_used) {
            return false;
        }
    }
    for (size_t i = 0; i < OBSERVED_MAX; i++) {
        const struct toy_container *container = &toy->containers[i];
        bool is_leftover = container->is_present && container->gen != memory->committed.gen;
        bool is_evidence = container->gen == memory->verdict_gen && !toy_is_alive(container) &&
                           memory->verdict != VERDICT_GOOD && toy_count(toy, container->gen) == 1;
        if (is_leftover && !is_evidence &&
            (toy_is_alive(container) || container->gen != memory->history[0].gen)) {
            return false;
        }
    }
    return memory->committed.gen == 0 ||
           (toy_serving(toy) == toy_release(&memory->committed.release) && toy->session.is_kept);
}

bool toy_settle(struct toy *toy, unsigned turns)
{
    for (unsigned i = 0; i < turns; i++) {
        if (toy->session.is_observed && is_settled(toy)) {
            return true;
        }
        toy_turn(toy);
    }
    return false;
}

bool toy_until(struct toy *toy, enum swap_phase phase, unsigned turns)
{
    for (unsigned i = 0; i < turns && toy->memory.phase != phase; i++) {
        toy_turn(toy);
    }
    return toy->memory.phase == phase;
}

void toy_pass(struct toy *toy, int64_t ms)
{
    mono_ms end = toy->now + ms;
    while (toy->now < end) {
        toy_turn(toy);
    }
}

void toy_deploy(struct toy *toy, int release)
{
    toy_want(toy, release, false);
    bool is_done = toy_settle(toy, 2000);
    assert(is_done && toy_serving(toy) == release);
}

int toy_serving(const struct toy *toy)
{
    int release = 0;
    size_t count = 0;
    for (size_t i = 0; i < OBSERVED_MAX; i++) {
        const struct toy_container *container = &toy->containers[i];
        if (container->is_present && toy_table_has(&toy->kernel, container->address)) {
            if (!toy_is_good(toy, container) || (release != 0 && release != container->release)) {
                return 0;
            }
            release = container->release;
            count++;
        }
    }
    return release != 0 && count == toy->plans[release].services[0].replicas &&
                   count == toy->kernel.count
               ? release
               : 0;
}

static void cut(struct toy *toy, bool are_calls_kept, bool is_record_kept)
{
    toy_end_calls(toy, are_calls_kept);
    if (toy->is_remembering && is_record_kept) {
        toy->memory = toy->pending;
    }
    toy->is_remembering = false;
    if (toy->is_applying) {
        toy->kernel = toy->applying;
        toy->is_applying = false;
    }
    toy->session = (struct session_app){0};
    toy->is_presuming = true;
    toy->is_table_of_boot = false;
    toy->is_route_known = false;
    toy->turns = 0;
}

void toy_restart_agent(struct toy *toy, bool is_record_kept)
{
    cut(toy, true, is_record_kept);
}

void toy_reboot(struct toy *toy, bool are_calls_kept, bool is_record_kept)
{
    cut(toy, are_calls_kept, is_record_kept);
    toy->kernel = toy->boot; /* the oneshot */
    toy->is_table_of_boot = true;
    toy->facts.boot.bytes[0]++;
    toy->now += 20000;
    for (size_t i = 0; i < OBSERVED_MAX; i++) {
        struct toy_container *container = &toy->containers[i];
        if (container->is_present && container->state == ENGINE_RUNNING) {
            container->state = container->keeps_running ? ENGINE_RUNNING : ENGINE_EXITED;
            container->started_at = toy->now;
        }
    }
}
