/* world: a thousand toy fleets with all their troubles; the clerk checks every order, and every
 * rollout ends. */
#include "tests/check.h"
#include "tests/unit/fleet/toy_fleet.h"

#define SEEDS     1000
#define TICKS_MAX 3000

static struct toy_fleet fleet;

static void spec_choose(void)
{
    static const char *const offlines[] = {"later", "wait", "fail"};
    fleet.spec.max_unavailable = 1 + (uint32_t)toy_random(&fleet, 4);
    fleet.spec.force = toy_random(&fleet, 4) == 0;
    /* Limits below, at and above the defaults. */
    fleet.spec.lost_after_ms = (uint64_t)MINUTES_MS(5 + toy_random(&fleet, 60));
    (void)text_copy(fleet.spec.offline, sizeof fleet.spec.offline,
                    offlines[toy_random(&fleet, COUNT_OF(offlines))]);
}

static void node_trouble(size_t i)
{
    struct toy_node *node = &fleet.nodes[i];
    switch (toy_random(&fleet, 400)) {
    case 0:
    case 1:
    case 2:
        toy_node_connect(&fleet, i, !node->is_present);
        break;
    case 3:
        toy_node_override(&fleet, i);
        break;
    case 4:
        node->is_hung = toy_random(&fleet, 4) == 0 || node->is_hung;
        break;
    default:
        break;
    }
}

/* Someone looks at it now and then, accepts what failed, pauses and resumes. */
static void operator_turn(bool is_calm)
{
    const uint32_t *count = fleet.result.state.count;
    if (fleet.result.state.phase == ROLLOUT_PAUSED && toy_random(&fleet, 5) == 0) {
        bool is_offline_failure = strcmp(fleet.spec.offline, "fail") == 0;
        fleet.control.accepted = count[NODE_FAILED] + count[NODE_LOST] + count[NODE_REGRESSED] +
                                 (is_offline_failure ? count[NODE_OFFLINE] : 0);
        (void)text_copy(fleet.control.want, sizeof fleet.control.want, "run");
    } else if (!is_calm && toy_random(&fleet, 60) == 0) {
        (void)text_copy(fleet.control.want, sizeof fleet.control.want, "pause");
    }
}

/* Trouble stops after a while: everybody comes back and no one is hung any more. */
static void calm_down(void)
{
    for (size_t i = 0; i < fleet.count; i++) {
        fleet.nodes[i].is_hung = false;
        if (!fleet.nodes[i].is_present) {
            toy_node_connect(&fleet, i, true);
        }
    }
}

static bool run(uint64_t seed, bool is_ended_by_hand)
{
    toy_open(&fleet, seed, 3 + seed % (TOY_NODES_MAX - 2));
    spec_choose();
    fleet.tally = planner_tally_new();
    CHECK(fleet.tally != NULL);
    for (size_t i = 0; i < fleet.count; i++) {
        uint64_t fate = toy_random(&fleet, 10);
        fleet.nodes[i].fate = fate == 0 ? TOY_BAD : fate == 1 ? TOY_REFUSING : TOY_GOOD;
        fleet.nodes[i].runs = toy_random(&fleet, 8) == 0 ? 0 : 1;
        toy_node_connect(&fleet, i, toy_random(&fleet, 8) != 0);
    }
    unsigned calm_at = 30 + (unsigned)toy_random(&fleet, 200);
    unsigned end_at = is_ended_by_hand ? (unsigned)toy_random(&fleet, calm_at) : TICKS_MAX;
    for (unsigned tick = 0; tick < TICKS_MAX; tick++) {
        fleet.now += TOY_TICK_MS;
        for (size_t i = 0; i < fleet.count; i++) {
            if (tick < calm_at) {
                node_trouble(i);
            }
            toy_node_tick(&fleet, i);
        }
        if (tick == calm_at) {
            calm_down();
        }
        if (tick == end_at) {
            fleet.is_superseded = seed % 2 == 0;
            (void)text_copy(fleet.control.want, sizeof fleet.control.want,
                            fleet.is_superseded ? "run" : "abort");
        }
        toy_plan(&fleet);
        if (rollout_phase_is_end(fleet.result.state.phase)) {
            return true;
        }
        if (tick < end_at) {
            operator_turn(tick >= calm_at);
        }
    }
    return false;
}

static void seeds_run(bool is_ended_by_hand)
{
    unsigned ordered = 0;
    unsigned taken_back = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        int before = check_failures_;
        bool is_ended = run(seed, is_ended_by_hand);
        CHECK(is_ended);
        ordered += fleet.ordered;
        taken_back += fleet.taken_back;
        toy_close(&fleet);
        if (check_failures_ != before) {
            printf("    seed %llu, offline %s: %s, waiting for %s\n", (unsigned long long)seed,
                   fleet.spec.offline, rollout_phase_word(fleet.result.state.phase),
                   fleet.result.state.waiting);
            return;
        }
    }
    /* The thousand worlds did try what they are about. */
    CHECK(ordered > SEEDS);
    CHECK(taken_back > SEEDS / 20);
    printf("    %u orders, %u taken back\n", ordered, taken_back);
}

static void case_ends(void)
{
    seeds_run(false);
}

/* Ended by hand or superseded at any moment: it ends, and leaves no order that was not begun. */
static void case_ended_by_hand(void)
{
    seeds_run(true);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"every rollout ends", case_ends},
        {"ended by hand", case_ended_by_hand},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
