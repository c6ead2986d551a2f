/* world: the event heap, the generator and the fault counters. */
#include "ports/sim/world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void sim_world_init(struct sim_world *world, uint64_t seed)
{
    memset(world, 0, sizeof *world);
    world->seed = seed;
    world->random = seed * 0x9E3779B97F4A7C15u + 1;
    world->has_power = true;
    world->has_agent = true;
    world->boots = 1;
    world->agents = 1;
}

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(struct sim_world *world)
{
    world->random += 0x9E3779B97F4A7C15u;
    uint64_t mixed = world->random;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
}

uint64_t sim_random(struct sim_world *world, uint64_t bound)
{
    assert(bound >= 1);
    return draw(world) % bound;
}

int64_t sim_random_between(struct sim_world *world, int64_t low, int64_t high)
{
    assert(low <= high);
    return low + (int64_t)sim_random(world, (uint64_t)(high - low) + 1);
}

bool sim_random_one_in(struct sim_world *world, uint64_t of)
{
    return sim_random(world, of) == 0;
}

void sim_world_trace_to(struct sim_world *world, char *buffer, size_t cap)
{
    assert(cap >= 1);
    world->trace = buffer;
    world->trace_cap = cap;
    world->trace_len = 0;
    buffer[0] = '\0';
}

void sim_world_trace(struct sim_world *world, const char *fmt, ...)
{
    if (world->trace == NULL) {
        return;
    }
    char line[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    size_t room = world->trace_cap - world->trace_len;
    int len = snprintf(world->trace + world->trace_len, room, "%6lld.%03lld  %s\n",
                       (long long)(world->now / 1000), (long long)(world->now % 1000), line);
    if (len > 0 && (size_t)len < room) {
        world->trace_len += (size_t)len;
    } else {
        world->trace[world->trace_len] = '\0';
    }
}

void sim_world_watch(struct sim_world *world, sim_saw saw, void *ctx)
{
    world->saw = saw;
    world->saw_ctx = ctx;
}

void sim_world_saw(struct sim_world *world, enum sim_sight sight, const void *thing)
{
    if (world->saw != NULL) {
        world->saw(world->saw_ctx, sight, thing);
    }
}

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void exchange(struct sim_event *a, struct sim_event *b)
{
    struct sim_event held = *a;
    *a = *b;
    *b = held;
}

void sim_world_at(struct sim_world *world, mono_ms at, sim_fire fire, void *self, uint64_t arg)
{
    assert(world->event_count < SIM_EVENTS_MAX);
    size_t place = world->event_count++;
    world->events[place] = (struct sim_event){
        .at = at > world->now ? at : world->now,
        .order = world->event_order++,
        .fire = fire,
        .self = self,
        .arg = arg,
    };
    while (place > 0 && is_before(&world->events[place], &world->events[(place - 1) / 2])) {
        exchange(&world->events[place], &world->events[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
}

mono_ms sim_world_next(const struct sim_world *world)
{
    return world->event_count > 0 ? world->events[0].at : MONO_NEVER;
}

static struct sim_event take_first(struct sim_world *world)
{
    struct sim_event first = world->events[0];
    world->events[0] = world->events[--world->event_count];
    size_t place = 0;
    for (;;) {
        size_t least = place;
        for (size_t child = 2 * place + 1; child <= 2 * place + 2; child++) {
            if (child < world->event_count &&
                is_before(&world->events[child], &world->events[least])) {
                least = child;
            }
        }
        if (least == place) {
            return first;
        }
        exchange(&world->events[place], &world->events[least]);
        place = least;
    }
}

bool sim_world_step(struct sim_world *world)
{
    if (world->event_count == 0) {
        return false;
    }
    struct sim_event event = take_first(world);
    world->now = event.at;
    event.fire(event.self, event.arg);
    return true;
}

void sim_world_run_until(struct sim_world *world, mono_ms until)
{
    while (world->has_power && sim_world_next(world) <= until) {
        (void)sim_world_step(world);
    }
    if (world->now < until) {
        world->now = until;
    }
}

/* A fault that lasts has begun: it strikes until its time is over. */
static bool fault_lasts(struct sim_fault *fault, mono_ms now)
{
    if (fault->until == 0) {
        fault->until = fault->lasts_ms > SIM_NEVER - now ? SIM_NEVER : now + fault->lasts_ms;
    }
    if (now >= fault->until) {
        fault->countdown = 0;
    }
    return fault->countdown != 0;
}

/* True when the fault strikes this operation. */
static bool fault_strikes(struct sim_fault *fault, mono_ms now)
{
    if (fault->countdown == 0) {
        return false;
    }
    if (fault->countdown > 1) {
        fault->countdown--;
        return false;
    }
    if (fault->lasts_ms != 0) {
        return fault_lasts(fault, now);
    }
    if (fault->repeat > 1) {
        fault->repeat--;
    } else {
        fault->countdown = 0;
    }
    return true;
}

enum sim_fate sim_faults_next(struct sim_world *world, enum sim_op op)
{
    struct sim_faults *faults = &world->faults;
    enum sim_fate fate = SIM_FATE_GO;
    faults->count_of[op]++;
    if (op < SIM_OP_PROBE) {
        faults->count++;
        if (fault_strikes(&faults->any, world->now)) {
            fate = faults->any.fate;
        }
    }
    if (fault_strikes(&faults->of[op], world->now)) {
        fate = faults->of[op].fate;
    }
    if (fate != SIM_FATE_GO) {
        faults->strikes++;
        sim_world_trace(world, "fault   %s at %s, operation %u", sim_fate_word(fate),
                        sim_op_word(op), faults->count);
    }
    return fate;
}

bool sim_fate_is_error(enum sim_fate fate)
{
    return fate == SIM_FATE_FAIL || fate == SIM_FATE_FAIL_LATE;
}

void sim_world_sleep(struct sim_world *world, int64_t for_ms)
{
    world->now += for_ms;
    for (size_t i = 0; i < world->event_count; i++) {
        world->events[i].at += for_ms; /* all alike: the heap stays one */
    }
    sim_world_trace(world, "power   asleep for %lld ms", (long long)for_ms);
}

void sim_world_cut(struct sim_world *world)
{
    world->has_power = false;
    world->has_agent = false;
    world->event_count = 0;
    sim_world_trace(world, "power   cut");
}

void sim_world_boot(struct sim_world *world)
{
    world->has_power = true;
    world->boots++;
    world->booted_at = world->now;
    sim_world_trace(world, "power   back, boot %u", world->boots);
}

void sim_world_kill(struct sim_world *world)
{
    world->has_agent = false;
    world->agents++;
    sim_world_trace(world, "agent   killed");
}

void sim_world_agent(struct sim_world *world)
{
    world->has_agent = true;
    world->agents++;
    sim_world_trace(world, "agent   starts");
}

bool sim_world_is_live(const struct sim_world *world)
{
    return world->has_power && world->has_agent;
}

const char *sim_op_word(enum sim_op op)
{
    static const char *const words[] = {
#define WORD_(name, word) [SIM_OP_##name] = word,
        SIM_OPS(WORD_)
#undef WORD_
    };
    return words[op];
}

const char *sim_fate_word(enum sim_fate fate)
{
    static const char *const words[] = {
#define WORD_(name, word, sentence) [SIM_FATE_##name] = word,
        SIM_FATES(WORD_)
#undef WORD_
    };
    return words[fate];
}
