/* fleet_journey: a first rollout in peace, then the one that is looked at; then the verdict. */
#include "tests/sim/fleet_journey.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define BASE_LIMIT_S   120
#define END_LIMIT_S    5400
#define REST_SECONDS   12
#define RESUME_AFTER_S 10
#define START_BY_MS    60000
#define LOST_AFTER_MS  60000
#define CLIENT_MS      500
#define REREAD_HEAR_MS (600000 + 10000) /* a coordinator reads again each 10 min */
#define BASE_ID        "base"
#define NEXT_ID        "next"
#define LATER_ID       "later"

struct fleet_journey {
    struct fleet fleet;
    struct fleet_checker checker;
    const struct fleet_plan *plan;
    const char *followed; /* the rollout whose end is waited for */
    const char *taken_up; /* the last that a coordinator showed to have taken up */
    enum release_name release;
    uint32_t accepted;
    bool is_disturbed; /* by a hand or a word: not every node need run the release */
    mono_ms from;
};

static void rollout_begin(struct fleet_journey *journey, const char *id, enum release_name name,
                          const char *selector, uint32_t max_unavailable)
{
    const struct release_made *made = &journey->fleet.releases->made[name];
    struct rollout_spec spec = {
        .release = made->digest,
        .sequence = made->sequence,
        .created = fleet_wall(&journey->fleet),
        .max_unavailable = max_unavailable,
        .start_by_ms = START_BY_MS,
        .lost_after_ms = LOST_AFTER_MS,
        .offline = "later",
    };
    (void)text_copy(spec.id, sizeof spec.id, id);
    (void)text_copy(spec.app, sizeof spec.app, RELEASES_APP);
    (void)text_copy(spec.version, sizeof spec.version, made->word);
    (void)text_copy(spec.selector, sizeof spec.selector, selector);
    fleet_note(&journey->fleet, "rollout %s of %s begins, at most %u at a time", id, made->word,
               max_unavailable);
    fleet_checker_rollout(&journey->checker, &spec);
    fleet_rollout(&journey->fleet, &spec);
    journey->followed = id;
    journey->release = name;
    journey->accepted = 0;
    journey->from = journey->fleet.now;
}

/* Every node is at rest and in reach, and somebody coordinates. */
static bool all_settled(struct fleet_journey *journey)
{
    const struct fleet *fleet = &journey->fleet;
    bool has_coordinator = false;
    for (size_t i = 0; i < fleet->node_count; i++) {
        const struct gateway *gateway = &fleet->nodes[i].gateway;
        if (gateway->agent == NULL || !conductor_is_settled(gateway->agent) ||
            !link_is_open(&gateway->reach->uplink.link)) {
            return false;
        }
    }
    for (size_t i = 0; i < FLEET_SEATS; i++) {
        const struct coordinator *coordinator = fleet->seats[i].coordinator;
        has_coordinator |= coordinator != NULL && coordinator_is_acting(coordinator);
    }
    return has_coordinator;
}

/* -- before ----------------------------------------------------------------------------------- */

static void sicken(struct fleet_journey *journey, size_t node)
{
    const struct release_made *made = &journey->fleet.releases->made[journey->plan->release];
    struct sim_engine *engine = &journey->fleet.nodes[node].gateway.machine.engine;
    for (size_t i = 0; i < engine->image_count; i++) {
        if (digest_is_equal(&engine->images[i].config, &made->config)) {
            engine->images[i].app.crash_after_ms = 1500;
        }
    }
}

static void base_selector(const struct fleet_plan *plan, char *text, size_t cap)
{
    struct text list;
    text_init(&list, text, cap);
    text_append(&list, "node in (none");
    for (size_t i = 0; i < plan->nodes; i++) {
        if ((plan->is_new >> i & 1u) == 0) {
            text_printf(&list, ",n%02zu", i + 1);
        }
    }
    text_append(&list, ")");
}

/* The release before, on all nodes but the new ones, with nothing going wrong. */
static void base(struct fleet_journey *journey)
{
    struct rollout_state state = {0};
    char selector[ROLLOUT_SELECTOR_BYTES];
    base_selector(journey->plan, selector, sizeof selector);
    fleet_seat_take(&journey->fleet, 0);
    rollout_begin(journey, BASE_ID, RELEASE_V1, selector, FLEET_NODES_MAX);
    bool is_empty = strcmp(selector, "node in (none)") == 0;
    for (int i = 0; i < BASE_LIMIT_S; i++) {
        fleet_run(&journey->fleet, 1000);
        bool is_there = fleet_state(&journey->fleet, BASE_ID, &state);
        if (is_there && (is_empty || rollout_phase_is_end(state.phase)) && all_settled(journey)) {
            break;
        }
    }
    if (!is_empty && state.phase != ROLLOUT_SUCCEEDED) {
        fleet_checker_breach(&journey->checker, 'g', "in peace: %s: %s",
                             rollout_phase_word(state.phase), state.waiting);
    }
}

static void prepare(struct fleet_journey *journey)
{
    const struct fleet_plan *plan = journey->plan;
    struct sim_bus_faults *faults = &journey->fleet.broker.faults;
    *faults = plan->faults;
    journey->checker.hear_ms =
        faults->drop_one_in != 0 ? REREAD_HEAR_MS : 500 + 4 * faults->delay_ms_max;
    for (size_t i = 0; i < plan->nodes; i++) {
        if ((plan->is_sick >> i & 1u) != 0) {
            sicken(journey, i);
        }
    }
    rollout_begin(journey, NEXT_ID, plan->release, "", plan->max_unavailable);
}

/* -- meanwhile -------------------------------------------------------------------------------- */

static void happen_to_node(struct fleet_journey *journey, const struct fleet_event *event)
{
    struct fleet_node *node = &journey->fleet.nodes[event->who];
    struct sim_machine *machine = &node->gateway.machine;
    struct sim_fault fault = SIM_FAULT((uint32_t)event->number, 1, SIM_FATE_CUT_WITHIN);
    bool is_up = machine->world.now <= journey->fleet.now;
    switch ((int)event->kind) {
    case FLEET_AGENT_KILL:
        if (is_up && node->gateway.agent != NULL) {
            node->gateway.speaks_two ^= journey->plan->do_change;
            gateway_kill(&node->gateway);
        }
        break;
    case FLEET_POWER_CUT:
        if (is_up) {
            gateway_cut(&node->gateway);
        }
        break;
    case FLEET_CUT_AT:
        machine->world.faults.any = fault;
        break;
    case FLEET_KILL_AT:
        fault.fate = SIM_FATE_KILL_AFTER;
        machine->world.faults.any = fault;
        break;
    case FLEET_NODE_LOSE:
        sim_bus_client_lose(&node->reach.client);
        break;
    case FLEET_NODE_PART:
        sim_bus_client_partition(&node->reach.client);
        break;
    case FLEET_NODE_MEND:
        sim_bus_client_mend(&node->reach.client);
        break;
    case FLEET_REGISTRY_OFF:
    case FLEET_REGISTRY_ON:
        machine->engine.has_registry = event->kind == FLEET_REGISTRY_ON;
        break;
    case FLEET_ROLLBACK:
        if (is_up && node->gateway.agent != NULL) {
            fleet_checker_hand(&journey->checker, event->who);
            journey->is_disturbed = true;
            (void)gateway_rollback_once(&node->gateway);
        }
        break;
    default:
        break;
    }
}

static void happen_to_seat(struct fleet_journey *journey, const struct fleet_event *event)
{
    struct fleet *fleet = &journey->fleet;
    struct fleet_seat *seat = &fleet->seats[event->who];
    switch ((int)event->kind) {
    case FLEET_SEAT_KILL:
        if (seat->coordinator != NULL) {
            fleet_seat_kill(fleet, event->who, event->number);
        }
        break;
    case FLEET_SEAT_TAKE:
        if (seat->coordinator == NULL) {
            fleet_seat_take(fleet, event->who);
        }
        break;
    case FLEET_SEAT_LOSE:
        sim_bus_client_lose(&seat->client);
        break;
    case FLEET_SEAT_PART:
        sim_bus_client_partition(&seat->client);
        fleet_checker_deaf(&journey->checker, MONO_NEVER);
        break;
    case FLEET_SEAT_MEND:
        sim_bus_client_mend(&seat->client);
        journey->checker.deaf_until = fleet->now + journey->checker.hear_ms;
        break;
    default:
        break;
    }
}

/* What no coordinator has taken up yet only the operator can say again. */
static void broker_forget(struct fleet_journey *journey)
{
    struct rollout_state state;
    if (fleet_state(&journey->fleet, journey->followed, &state)) {
        journey->taken_up = journey->followed; /* also when it forgets a second time */
    }
    sim_broker_forget(&journey->fleet.broker);
    if (journey->taken_up != journey->followed) {
        fleet_say_again(&journey->fleet);
    }
}

static void happen_to_broker(struct fleet_journey *journey, const struct fleet_event *event)
{
    struct sim_broker *broker = &journey->fleet.broker;
    switch ((int)event->kind) {
    case FLEET_LOSE_ALL:
        sim_broker_lose_all(broker);
        break;
    case FLEET_BROKER_DOWN:
    case FLEET_BROKER_FORGET:
        sim_broker_down(broker);
        if (event->kind == FLEET_BROKER_FORGET) {
            broker_forget(journey);
        }
        break;
    case FLEET_BROKER_UP:
        sim_broker_up(broker);
        break;
    default:
        break;
    }
}

static void operator_does(struct fleet_journey *journey, const struct fleet_event *event)
{
    struct fleet *fleet = &journey->fleet;
    switch ((int)event->kind) {
    case FLEET_PAUSE:
        journey->is_disturbed = true;
        fleet_control(fleet, journey->followed, "pause", journey->accepted);
        break;
    case FLEET_RESUME:
        fleet_control(fleet, journey->followed, "run", journey->accepted);
        break;
    case FLEET_ABORT:
        journey->is_disturbed = true;
        fleet_control(fleet, journey->followed, "abort", journey->accepted);
        break;
    case FLEET_SUPERSEDE:
        journey->is_disturbed = true;
        rollout_begin(journey, LATER_ID, RELEASE_V3, "", journey->plan->max_unavailable);
        break;
    default:
        break;
    }
}

static void happen(struct fleet_journey *journey, const struct fleet_event *event)
{
    fleet_note(&journey->fleet, "%s %zu %lld", fleet_event_word(event->kind), event->who,
               (long long)event->number);
    if (event->kind <= FLEET_ROLLBACK) {
        happen_to_node(journey, event);
    } else if (event->kind <= FLEET_SEAT_MEND) {
        happen_to_seat(journey, event);
    } else {
        happen_to_broker(journey, event);
        operator_does(journey, event);
    }
}

/* -- the end ---------------------------------------------------------------------------------- */

/* Accepts what has failed, where the plan says so; true when the pause stays. */
static bool stays_paused(struct fleet_journey *journey, const struct rollout_state *state,
                         int paused_s)
{
    uint32_t failures =
        state->count[NODE_FAILED] + state->count[NODE_LOST] + state->count[NODE_REGRESSED];
    if (failures > journey->accepted && journey->plan->does_resume) {
        if (paused_s >= RESUME_AFTER_S) {
            journey->accepted = failures;
            fleet_note(&journey->fleet, "resume, %u failures accepted", failures);
            fleet_control(&journey->fleet, journey->followed, "run", failures);
        }
        return false;
    }
    return true;
}

static void seats_fill(struct fleet_journey *journey)
{
    const struct fleet_seat *seats = journey->fleet.seats;
    bool is_empty = seats[0].coordinator == NULL && seats[1].coordinator == NULL;
    if (is_empty && seats[0].starts_at == MONO_NEVER && seats[1].starts_at == MONO_NEVER) {
        fleet_seat_take(&journey->fleet, 0);
    }
}

static void run_seconds(struct fleet_journey *journey, fleet_mischief mischief)
{
    const struct fleet_plan *plan = journey->plan;
    struct rollout_state state = {0};
    size_t next = 0;
    int rest = 0;
    int paused = 0;
    mono_ms begin = journey->from;
    for (int second = 0; second < END_LIMIT_S && rest < REST_SECONDS; second++) {
        mono_ms until = begin + SECONDS_MS(second + 1);
        while (next < plan->event_count && begin + plan->events[next].at_ms < until) {
            fleet_run(&journey->fleet, begin + plan->events[next].at_ms - journey->fleet.now);
            happen(journey, &plan->events[next++]);
        }
        fleet_run(&journey->fleet, until - journey->fleet.now);
        if (mischief != NULL) {
            mischief(&journey->fleet, &journey->checker, second);
        }
        seats_fill(journey);
        bool has_state = fleet_state(&journey->fleet, journey->followed, &state);
        bool is_paused = has_state && state.phase == ROLLOUT_PAUSED;
        paused = is_paused ? paused + 1 : 0;
        bool is_end = has_state && (rollout_phase_is_end(state.phase) ||
                                    (is_paused && stays_paused(journey, &state, paused)));
        rest = is_end && next == plan->event_count && all_settled(journey) ? rest + 1 : 0;
        if (journey->fleet.is_stuck) {
            fleet_checker_breach(&journey->checker, 'g', "a coordinator steps without end");
            return;
        }
    }
}

static bool is_well(const struct fleet_journey *journey)
{
    static const uint32_t well = 1u << RELEASE_V2 | 1u << RELEASE_SLOW | 1u << RELEASE_DEAF |
                                 1u << RELEASE_PAIR2 | 1u << RELEASE_V3;
    bool is_sick = journey->plan->is_sick != 0 && journey->release == journey->plan->release;
    return (well >> journey->release & 1u) != 0 && !is_sick;
}

static bool is_good(const struct fleet_journey *journey)
{
    struct read_state state;
    bool has_state = fleet_checker_state(&journey->fleet, journey->followed, &state);
    bool has_failed = has_state && state.failed + state.lost > 0;
    return is_well(journey) && !journey->is_disturbed && !has_failed;
}

static void report(struct fleet_journey *journey, struct fleet_result *result)
{
    struct read_state state;
    bool has_state = fleet_checker_state(&journey->fleet, journey->followed, &state);
    (void)text_copy(result->phase, sizeof result->phase, has_state ? state.phase : "none");
    result->done = (uint32_t)state.done;
    result->took_ms = journey->fleet.now - journey->from;
    result->orders = journey->checker.orders;
    result->outcomes = journey->checker.outcomes;
    result->late = journey->checker.late;
    for (size_t i = 0; i < journey->fleet.node_count; i++) {
        result->cuts += journey->fleet.nodes[i].gateway.cuts;
        result->kills += journey->fleet.nodes[i].gateway.kills;
    }
    result->breaches = journey->checker.breaches;
    memcpy(result->breaches_of, journey->checker.breaches_of, sizeof result->breaches_of);
    memcpy(result->first, journey->checker.first, sizeof result->first);
}

void fleet_journey_run(const struct releases *releases, const struct fleet_plan *plan,
                       fleet_mischief mischief, char *trace, size_t trace_cap,
                       struct fleet_result *result)
{
    const enum release_name names[] = {RELEASE_V1, plan->release, RELEASE_V3};
    const struct fleet_setup setup = {
        .releases = releases,
        .names = names,
        .name_count = plan->release == RELEASE_V3 ? 2 : 3,
        .seed = plan->seed,
        .nodes = plan->nodes,
        .twos = plan->twos,
        .trace = trace,
        .trace_cap = trace_cap,
    };
    struct fleet_journey *journey = calloc(1, sizeof *journey);
    assert(journey != NULL);
    memset(result, 0, sizeof *result);
    journey->plan = plan;
    fleet_open(&journey->fleet, &setup);
    for (size_t i = 0; i < plan->nodes; i++) {
        journey->fleet.nodes[i].gateway.machine.clients.period_ms = CLIENT_MS;
    }
    fleet_checker_init(&journey->checker, &journey->fleet);
    base(journey);
    if (mischief != NULL) {
        mischief(&journey->fleet, &journey->checker, -1);
    }
    prepare(journey);
    run_seconds(journey, mischief);
    if (strcmp(journey->followed, NEXT_ID) != 0) {
        fleet_checker_superseded(&journey->checker, NEXT_ID);
    }
    fleet_checker_end(&journey->checker, journey->followed, is_well(journey), is_good(journey));
    report(journey, result);
    fleet_close(&journey->fleet);
    free(journey);
}
