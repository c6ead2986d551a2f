/* forecast: what `rollout plan` says beforehand is what happens, wave by wave, on random fleets in
 * which nothing fails. */
#include "agent/fleet/waves.h"
#include "tests/check.h"
#include "tests/unit/fleet/crowd.h"

#define FLEETS 20

static struct crowd crowd;
static struct planner_forecast forecasts[CROWD_NODES_MAX];
static size_t happened[CROWD_NODES_MAX]; /* the wave in which it had its order */

static void judge(struct crowd *at, size_t node, const struct planner_order *planned)
{
    CHECK(!planned->is_taken_back);
    CHECK_INT_EQ(happened[node], WAVES_NONE);
    happened[node] = waves_last(&at->state);
}

static uint32_t draw(uint64_t bound)
{
    return (uint32_t)crowd_random(&crowd, bound);
}

static void shape_draw(void)
{
    struct rollout_shape *shape = &crowd.spec.shape;
    shape->max_unavailable_percent = 5 + draw(40);
    if (draw(3) == 0) {
        shape->parallelism = draw(2) == 0 ? (struct rollout_size){.count = 1 + draw(9)}
                                          : (struct rollout_size){.percent = 3 + draw(40)};
        shape->delay_ms = 1000 * draw(120);
        return;
    }
    shape->wave_count = 2 + draw(4);
    for (size_t i = 0; i + 1 < shape->wave_count; i++) {
        struct rollout_wave_spec *wave = &shape->waves[i];
        wave->soak_ms = 1000 * draw(300);
        wave->threshold = 95;
        wave->size = draw(2) == 0 ? (struct rollout_size){.count = 1 + draw(20)}
                                  : (struct rollout_size){.percent = 1 + draw(60)};
        if (draw(3) == 0) {
            (void)text_copy(wave->selector, sizeof wave->selector,
                            draw(2) == 0 ? "site=north" : "site notin (north,east)");
        }
    }
    if (draw(2) == 0) {
        (void)text_copy(shape->group_by[shape->group_count++], ROLLOUT_LABEL_BYTES, "site");
        shape->group_max = 1 + draw(3);
        (void)text_copy(shape->group_missing, ROLLOUT_WORD_BYTES, "alone");
    }
}

static void fleet_draw(void)
{
    static const char *const sites[] = {"north", "south", "east"};
    for (size_t i = 0; i < crowd.count; i++) {
        uint32_t site = draw(4);
        if (site < 3) {
            crowd_label(&crowd.nodes[i], "site", sites[site]);
        }
        if (draw(12) == 0) {
            crowd_connect(&crowd, i, false);
        }
        if (draw(15) == 0) {
            crowd.nodes[i].runs = 2; /* it runs there already */
            crowd.nodes[i].version++;
        }
    }
    (void)text_copy(crowd.spec.offline, sizeof crowd.spec.offline, "skip");
    if (draw(3) == 0) {
        (void)text_copy(crowd.spec.selector, sizeof crowd.spec.selector, "site");
    }
    CHECK_INT_EQ(selector_parse(crowd.spec.selector, &crowd.selector, NULL), 0);
}

static void one(uint64_t seed)
{
    crowd_open(&crowd, seed * 7919, 20 + seed * 9);
    fleet_draw();
    shape_draw();
    crowd.acting = CROWD_SEATS; /* everybody has told all, and nobody has planned */
    crowd.acts_at = crowd.now + CROWD_TICK_MS * 2;
    crowd_tick(&crowd);
    const struct planner_rollout rollout = {
        .spec = &crowd.spec, .control = &crowd.control, .selector = &crowd.selector};
    const struct roster *roster = &crowd.seats[0].roster;
    size_t waves = planner_foresee(&rollout, roster, crowd.now, forecasts);
    for (size_t i = 0; i < crowd.count; i++) {
        happened[i] = WAVES_NONE;
    }
    crowd.judge = judge;
    for (int i = 0; i < 20000 && !rollout_phase_is_end(crowd.state.phase); i++) {
        crowd_tick(&crowd);
    }
    CHECK(rollout_phase_is_end(crowd.state.phase));
    CHECK_INT_EQ(waves_last(&crowd.state) + 1, waves);
    for (size_t i = 0; i < crowd.count; i++) {
        size_t node = crowd_index(&crowd, roster_at(roster, i)->name);
        bool is_ordered = forecasts[i].condition == NODE_PENDING;
        CHECK_INT_EQ(happened[node], is_ordered ? forecasts[i].wave : WAVES_NONE);
        CHECK(forecasts[i].condition == NODE_CONDITION_COUNT || forecasts[i].wave < waves);
    }
    crowd_close(&crowd);
}

static void case_equals(void)
{
    for (uint64_t seed = 1; seed <= FLEETS; seed++) {
        int before = check_failures_;
        one(seed);
        if (check_failures_ != before) {
            printf("    seed %llu\n", (unsigned long long)seed);
            return;
        }
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"plan equals what happens", case_equals}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
