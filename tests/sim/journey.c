/* journey: the scenes played one after the other while faults strike; then the verdict of the
 * laws. */
#include "tests/sim/journey.h"
#include "tests/sim/deed.h"
#include "tests/sim/promise.h"

#include <stdio.h>
#include <stdlib.h>

/* How long a node may take to settle after the last thing that was asked of it or went wrong: a
 * look at rest, tries with the waits before the second and third (half a minute, a minute), and the
 * end of the last one. A try: three pulls with their waits, the startup window, the way back. */
#define LOOK_MS   10000
#define TRY_MS    12000
#define WAIT_2_MS 30000
#define WAIT_3_MS 60000
#define SWAP_END_MS                                                                                \
    (RELEASES_SOAK_MS + 1000 + 10000 + 2000 + 3000) /* drain, warm, stop, settled                  \
                                                     */
#define SETTLE_LIMIT_MS (LOOK_MS + 3 * TRY_MS + WAIT_2_MS + WAIT_3_MS + SWAP_END_MS)
/* Of three tries: create, start, the looks that say how it fell, and the start after the first. */
#define SWAP_CALLS 18
/* So many tries a release has, by default: as many troubles may end them all without blame. */
#define TRIES_MAX        3
#define BREACHES_MAX     5
#define SETTLED_SECONDS  3
#define UNATTENDED_MS    20000
#define REGISTRY_AWAY_MS 180000 /* after a cut */

struct journey {
    struct gateway gateway;
    const struct journey_plan *plan;
    struct journey_result *result;
    mono_ms from; /* when SCENE_FROM_HERE was; MONO_NEVER before */
    uint32_t points_from, points_of_from[SIM_OP_COUNT];
    uint32_t points_at_life; /* when the first cut or kill was over */
    bool is_second_armed;
    int began_in; /* what served then */
    struct promise promise, promise_beside;
    uint32_t deeds; /* of hands and of the site: each may cost a try */
    uint64_t troubles;
    mono_ms trouble_until; /* a deed lasts so long */
    mono_ms disturbed;     /* when something was last asked of the node, or went wrong with it */
    int64_t settle_ms;     /* the longest that it then took to settle */
};

static struct sim_world *world_of(struct journey *journey)
{
    return &journey->gateway.machine.world;
}

/* The release that serves of the app the checker watches; SCENARIO_NONE when none does, or none was
 * ever committed. */
static int served(const struct sim_checker *checker)
{
    int name = 0;
    if (checker->serving < 0 || checker->committed < 0) {
        return (int)SCENARIO_NONE;
    }
    while (name < (int)RELEASE_COUNT - 1 && strcmp(release_word((enum release_name)name),
                                                   checker->releases[checker->serving].word) != 0) {
        name++;
    }
    return name;
}

static int ended_in(const struct journey *journey)
{
    return served(&journey->gateway.machine.checker);
}

static bool has_fault(const struct journey_plan *plan)
{
    return plan->first.countdown != 0 || plan->single.countdown != 0 || plan->cut_at_ms != 0;
}

static void arm(struct journey *journey)
{
    struct sim_world *world = world_of(journey);
    const struct journey_plan *plan = journey->plan;
    journey->from = world->now;
    journey->began_in = ended_in(journey);
    journey->points_from = world->faults.count;
    memcpy(journey->points_of_from, world->faults.count_of, sizeof journey->points_of_from);
    world->faults.any = plan->first;
    world->faults.of[plan->op] = plan->single;
    if (plan->op == SIM_OP_ROUTE_APPLY || plan->op == SIM_OP_PROBE) {
        /* An app that fails by itself keeps its traffic as long as no table can be changed, or
         * nobody can ask it. */
        journey->gateway.machine.checker.detect_ms += plan->single.lasts_ms;
        journey->gateway.machine.beside.detect_ms += plan->single.lasts_ms;
    }
    journey->gateway.is_unattended = plan->is_unattended;
    journey->gateway.cut_off_ms = REGISTRY_AWAY_MS;
    sim_world_trace(world, "scene   from here on");
}

/* How much has gone wrong until now, as one number that grows with each thing. */
static uint64_t troubles(const struct journey *journey)
{
    const struct gateway *gateway = &journey->gateway;
    const struct sim_faults *faults = &gateway->machine.world.faults;
    uint64_t sum = gateway->cuts + gateway->kills + gateway->returns;
    return sum + faults->strikes;
}

/* After the first cut or kill the second fault is armed; a cut at a time is made when it has
 * come. */
static void watch(struct journey *journey)
{
    struct sim_world *world = world_of(journey);
    const struct journey_plan *plan = journey->plan;
    struct gateway *gateway = &journey->gateway;
    if (plan->cut_at_ms != 0 && journey->from != MONO_NEVER && gateway->cuts == 0 &&
        world->has_power && world->now >= journey->from + plan->cut_at_ms) {
        gateway_cut(gateway);
    }
    /* As long as the registry is away a wish may wait for it. */
    if (troubles(journey) != journey->troubles || world->now < journey->trouble_until ||
        gateway->registry_at != 0) {
        journey->troubles = troubles(journey);
        journey->disturbed = world->now;
    }
    if (gateway->cuts + gateway->kills > 0 && !journey->is_second_armed) {
        journey->is_second_armed = true;
        journey->points_at_life = world->faults.count;
        world->faults.any = plan->second;
    }
}

/* So much is wrong that going on would only take time. */
static bool is_lost(const struct journey *journey)
{
    const struct sim_machine *machine = &journey->gateway.machine;
    return machine->checker.breaches + machine->beside.breaches >= BREACHES_MAX;
}

static void run(struct journey *journey, int64_t for_ms)
{
    struct sim_world *world = world_of(journey);
    mono_ms until = world->now + for_ms;
    while (world->now < until && !is_lost(journey)) {
        mono_ms stop = until;
        if (journey->plan->cut_at_ms != 0 && journey->from != MONO_NEVER &&
            journey->gateway.cuts == 0) {
            stop = mono_min(until, journey->from + journey->plan->cut_at_ms);
        }
        gateway_turn(&journey->gateway, stop);
        watch(journey);
    }
}

/* With a slow engine each of a swap's calls, one after the other, takes so much longer. */
static int64_t settle_limit_ms(const struct journey *journey)
{
    return SETTLE_LIMIT_MS + SWAP_CALLS * journey->gateway.machine.engine.slow_ms;
}

/* Settled at SETTLED_SECONDS seconds in a row, so that a pause between two acts does not count. */
static bool settle(struct journey *journey)
{
    struct sim_world *world = world_of(journey);
    int seconds = 0;
    while (world->now < journey->disturbed + settle_limit_ms(journey) &&
           seconds < SETTLED_SECONDS && !is_lost(journey)) {
        run(journey, 1000);
        if (journey->gateway.is_unattended && journey->gateway.cuts > 0) {
            return true;
        }
        bool is_settled =
            journey->gateway.agent != NULL && conductor_is_settled(journey->gateway.agent);
        seconds = is_settled ? seconds + 1 : 0;
    }
    int64_t took_ms = world->now - journey->disturbed;
    journey->settle_ms = took_ms > journey->settle_ms ? took_ms : journey->settle_ms;
    return seconds == SETTLED_SECONDS;
}

static void activate(struct journey *journey, const struct scene *scene)
{
    int rc = gateway_activate(&journey->gateway, scene->release);
    bool is_quiet =
        journey->gateway.cuts + journey->gateway.kills == 0 && !has_fault(journey->plan);
    if (is_quiet && rc != (int)scene->number) {
        sim_checker_breach(&journey->gateway.machine.checker, 4, "activate %s answers %s, not %s",
                           release_word(scene->release), err_word(rc),
                           err_word((int)scene->number));
    }
}

static void note_promises(struct journey *journey)
{
    promise_note(&journey->promise, &journey->gateway, journey->plan->scenario);
    promise_note(&journey->promise_beside, &journey->gateway, journey->plan->scenario);
}

static void happen(struct journey *journey, const struct scene *scene)
{
    const struct sim_fault *fault = &journey->plan->single;
    mono_ms until = deed_do(&journey->gateway, scene, journey->plan->op, fault->lasts_ms);
    journey->deeds++;
    journey->trouble_until = until > journey->trouble_until ? until : journey->trouble_until;
}

static void play(struct journey *journey, const struct scene *scene)
{
    struct sim_machine *machine = &journey->gateway.machine;
    journey->disturbed = machine->world.now;
    switch ((int)scene->kind) {
    case SCENE_ACTIVATE:
        activate(journey, scene);
        break;
    case SCENE_ROLLBACK:
        (void)gateway_rollback(&journey->gateway);
        break;
    case SCENE_WAIT:
        run(journey, scene->number);
        break;
    case SCENE_SETTLE:
        if (!settle(journey)) {
            sim_checker_breach(&machine->checker, 3, "the agent does not settle");
        }
        break;
    case SCENE_FROM_HERE:
        arm(journey);
        break;
    case SCENE_END:
        break;
    default:
        happen(journey, scene);
        break;
    }
    note_promises(journey);
    watch(journey);
}

static void judge_beside(struct journey *journey, bool is_forgiven)
{
    struct sim_checker *beside = &journey->gateway.machine.beside;
    const struct scenario *scenario = journey->plan->scenario;
    int end = served(beside);
    promise_note(&journey->promise_beside, &journey->gateway, scenario);
    sim_checker_rest(beside);
    if (!has_fault(journey->plan) && end != (int)scenario->beside_ends_in) {
        sim_checker_breach(beside, 3, "the second app ends in another release");
    }
    promise_judge(&journey->promise_beside, &journey->gateway, scenario, end, is_forgiven);
}

static void judge(struct journey *journey)
{
    struct sim_checker *checker = &journey->gateway.machine.checker;
    if (journey->gateway.is_unattended && journey->gateway.cuts > 0) {
        run(journey, UNATTENDED_MS);
        sim_checker_unattended(checker);
        if (journey->plan->scenario->has_beside) {
            sim_checker_unattended(&journey->gateway.machine.beside);
        }
        return;
    }
    sim_checker_rest(checker);
    int end = ended_in(journey);
    int wanted = (int)journey->plan->scenario->ends_in;
    if (!has_fault(journey->plan) && end != wanted) {
        sim_checker_breach(checker, 3, "it ends in %s",
                           end < RELEASE_COUNT ? release_word((enum release_name)end) : "nothing");
    }
    promise_note(&journey->promise, &journey->gateway, journey->plan->scenario);
    /* Each of these may cost a try. A registry that is away costs none. */
    uint32_t lost_tries = journey->gateway.cuts + journey->deeds;
    bool is_forgiven = lost_tries >= TRIES_MAX || journey->plan->single.lasts_ms != 0;
    promise_judge(&journey->promise, &journey->gateway, journey->plan->scenario, end, is_forgiven);
    if (journey->plan->scenario->has_beside) {
        judge_beside(journey, is_forgiven);
    }
}

static void report(struct journey *journey)
{
    struct journey_result *result = journey->result;
    struct sim_world *world = world_of(journey);
    const struct journey_plan *plan = journey->plan;
    result->points = world->faults.count - journey->points_from;
    for (int op = 0; op < SIM_OP_COUNT; op++) {
        result->points_of[op] = world->faults.count_of[op] - journey->points_of_from[op];
    }
    result->points_after =
        journey->is_second_armed ? world->faults.count - journey->points_at_life : 0;
    result->took_ms = world->now - journey->from;
    result->settle_ms = journey->settle_ms;
    result->cuts = journey->gateway.cuts;
    result->kills = journey->gateway.kills;
    result->has_struck =
        (plan->first.countdown != 0 && result->points >= plan->first.countdown) ||
        (plan->single.countdown != 0 && result->points_of[plan->op] >= plan->single.countdown) ||
        (plan->cut_at_ms != 0 && result->cuts > 0);
    result->has_struck_twice =
        plan->second.countdown != 0 && result->points_after >= plan->second.countdown;
    const struct sim_machine *machine = &journey->gateway.machine;
    const char *first =
        machine->checker.breaches > 0 ? machine->checker.first : machine->beside.first;
    result->breaches = machine->checker.breaches + machine->beside.breaches;
    memcpy(result->first, first, sizeof result->first);
    result->ends_in = ended_in(journey);
    result->began_in = journey->began_in;
    result->cut_state = journey->gateway.cut_state;
}

void journey_run(const struct releases *releases, const struct journey_plan *plan,
                 struct journey_result *result)
{
    struct journey *journey = calloc(1, sizeof *journey);
    memset(result, 0, sizeof *result);
    if (journey == NULL) {
        result->breaches = 1;
        (void)snprintf(result->first, sizeof result->first, "no memory");
        return;
    }
    journey->plan = plan;
    journey->result = result;
    journey->from = MONO_NEVER;
    journey->began_in = SCENARIO_NONE;
    promise_init(&journey->promise, 0);
    promise_init(&journey->promise_beside, 1);
    gateway_open(&journey->gateway, plan->seed, releases, plan->scenario->uses,
                 plan->scenario->use_count, "gw1", plan->trace, plan->trace_cap);
    journey->gateway.machine.checker.is_calm = !has_fault(plan);
    run(journey, 1000);
    for (size_t i = 0; i < SCENES_MAX && plan->scenario->scenes[i].kind != SCENE_END; i++) {
        play(journey, &plan->scenario->scenes[i]);
        if (journey->gateway.is_unattended && journey->gateway.cuts > 0) {
            break;
        }
    }
    judge(journey);
    report(journey);
    gateway_close(&journey->gateway);
    free(journey);
}
