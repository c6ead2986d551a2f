/* waves: places, cuts, and a rollout that opens, fills, soaks and closes them one after the other;
 * killed in the middle it goes on, without memory it soaks again. */
#include "agent/fleet/waves.h"

#include "tests/check.h"
#include "tests/unit/fleet/crowd.h"

static struct crowd crowd;

static enum node_condition always_pending(const void *ctx, const struct roster_node *node)
{
    (void)ctx;
    (void)node;
    return NODE_PENDING;
}

/* As many as are wanted lie below the cut, whatever the wanted number is. */
static void case_cuts(void)
{
    static struct waves waves;
    static struct rollout_state state;
    crowd_open(&crowd, 1, 200);
    const struct waves_crowd all = {&crowd.seats[0].roster, always_pending, NULL};
    crowd.spec.shape.wave_count = 2;
    for (uint32_t wanted = 0; wanted <= 200; wanted++) {
        crowd.spec.shape.waves[0].size = (struct rollout_size){.count = wanted};
        waves_init(&waves, &crowd.spec);
        state = (struct rollout_state){0};
        waves_open(&waves, &all, 7, &state);
        uint32_t below = 0;
        for (size_t i = 0; i < 200; i++) {
            below += waves_of(&waves, &state, roster_at(&crowd.seats[0].roster, i)) == 0;
        }
        CHECK_INT_EQ(below, wanted == 0 ? 200 : wanted); /* nothing said: all */
        CHECK_INT_EQ(state.waves[0].opened_at, 7);
    }
    crowd_close(&crowd);
}

/* Shares of a whole are rounded up; a place is the same for everybody who asks. */
static void case_sizes(void)
{
    const struct rollout_size five = {.percent = 5};
    CHECK_INT_EQ(waves_size(&five, 1), 1);
    CHECK_INT_EQ(waves_size(&five, 20), 1);
    CHECK_INT_EQ(waves_size(&five, 21), 2);
    CHECK_INT_EQ(waves_size(&five, 200), 10);
    CHECK_INT_EQ(waves_size(&five, 201), 11);
    CHECK_INT_EQ(waves_size(&(struct rollout_size){.count = 3}, 2), 3);
    CHECK_INT_EQ(waves_size(&(struct rollout_size){0}, 17), 17);
    CHECK(waves_place("web-1", "gw-1") == waves_place("web-1", "gw-1"));
    CHECK(waves_place("web-1", "gw-1") != waves_place("web-2", "gw-1"));
    CHECK(waves_place("web-1", "gw-1") != waves_place("web-1", "gw-2"));
    CHECK(waves_place("web-1", "gw-1") < WAVES_END);
}

static void staged(const uint32_t *percents, size_t count, int64_t soak_ms)
{
    struct rollout_shape *shape = &crowd.spec.shape;
    for (size_t i = 0; i < count; i++) {
        shape->waves[i].size.percent = percents[i];
        shape->waves[i].soak_ms = (uint64_t)soak_ms;
        shape->waves[i].threshold = 95;
    }
    shape->wave_count = count;
    shape->max_unavailable_percent = 10;
    rollout_failure_default(&shape->failure);
    shape->failure.is_given = true;
    shape->failure.ratio = 5;
    shape->failure.minimum = 3;
    shape->failure.is_canary = true;
}

static bool goes_on(unsigned ticks_max)
{
    for (unsigned i = 0; i < ticks_max; i++) {
        crowd_tick(&crowd);
        if (rollout_phase_is_end(crowd.state.phase) || crowd.state.phase == ROLLOUT_PAUSED) {
            return true;
        }
    }
    return false;
}

/* When the second wave opened, how many had an order; by the clock of orders. */
static void case_waves(void)
{
    static const uint32_t percents[] = {5, 50, 100};
    crowd_open(&crowd, 3, 40);
    staged(percents, 3, MINUTES_MS(10));
    CHECK(goes_on(2000));
    CHECK_INT_EQ(crowd.state.phase, ROLLOUT_SUCCEEDED);
    CHECK_INT_EQ(crowd.state.wave_count, 3);
    static const uint32_t members[] = {2, 18, 20};
    for (size_t i = 0; i < 3; i++) {
        const struct rollout_wave_state *wave = &crowd.state.waves[i];
        CHECK_INT_EQ(wave->members, members[i]);
        CHECK_INT_EQ(wave->done, members[i]);
        CHECK_INT_EQ(wave->soak_until - wave->reached_at, MINUTES_MS(10));
        CHECK(i == 0 || wave->opened_at >= crowd.state.waves[i - 1].soak_until);
    }
    CHECK(crowd.state.waves[2].cut == WAVES_END);
    CHECK_INT_EQ(crowd.ordered, 40);
    crowd_close(&crowd);
}

/* A wave that adds nobody is passed over; who is in it of its selector only. */
static void case_selectors(void)
{
    static const uint32_t percents[] = {100, 1, 100};
    crowd_open(&crowd, 5, 12);
    crowd_label(&crowd.nodes[4], "ring", "early");
    staged(percents, 3, 60000);
    (void)text_copy(crowd.spec.shape.waves[0].selector, ROLLOUT_SELECTOR_BYTES, "ring=early");
    (void)text_copy(crowd.spec.shape.waves[1].selector, ROLLOUT_SELECTOR_BYTES, "ring=none");
    crowd_tick(&crowd);
    CHECK_INT_EQ(crowd.ordered, 1);
    CHECK(crowd.orders[4].is_there);
    CHECK(goes_on(2000));
    CHECK_INT_EQ(crowd.state.phase, ROLLOUT_SUCCEEDED);
    CHECK_INT_EQ(crowd.state.waves[1].members, 0);
    CHECK_INT_EQ(crowd.state.waves[1].opened_at, crowd.state.waves[2].opened_at);
    crowd_close(&crowd);
}

/* A failure in the canary stops; what was accepted does not stop again, and the wave still needs a
 * node that is done. */
static void case_canary(void)
{
    static const uint32_t percents[] = {10, 100};
    crowd_open(&crowd, 9, 10);
    staged(percents, 2, 60000);
    for (size_t i = 0; i < 10; i++) {
        crowd.nodes[i].fate = CROWD_BAD;
    }
    CHECK(goes_on(500));
    CHECK_INT_EQ(crowd.state.phase, ROLLOUT_PAUSED);
    CHECK_INT_EQ(crowd.ordered, 1);
    crowd_resume(&crowd);
    for (int i = 0; i < 500; i++) {
        crowd_tick(&crowd);
    }
    CHECK_INT_EQ(crowd.ordered, 1);
    CHECK_CONTAINS(crowd.state.waiting, "wave 1 of 2");
    CHECK_CONTAINS(crowd.state.waiting, crowd.state.failed_node);
    (void)text_copy(crowd.control.skipped[crowd.control.skipped_count++], NODE_NAME_BYTES,
                    crowd.state.failed_node);
    crowd_tick(&crowd);
    CHECK(crowd.ordered > 1);
    crowd_close(&crowd);
}

/* Whoever goes on finds the cuts and the soak where they were. */
static void case_killed(void)
{
    static const uint32_t percents[] = {10, 100};
    crowd_open(&crowd, 11, 30);
    staged(percents, 2, MINUTES_MS(10));
    while (crowd.state.wave_count == 0 || crowd.state.waves[0].soak_until == 0) {
        crowd_tick(&crowd);
    }
    const struct rollout_wave_state before = crowd.state.waves[0];
    crowd_kill(&crowd);
    for (int i = 0; i < 6; i++) {
        crowd_tick(&crowd);
    }
    CHECK(memcmp(&before, &crowd.state.waves[0], sizeof before) == 0);
    crowd.state = (struct rollout_state){0}; /* the memory is lost as well */
    crowd_tick(&crowd);
    CHECK_INT_EQ(crowd.state.wave_count, 1);
    CHECK(crowd.state.waves[0].soak_until == crowd.now + MINUTES_MS(10));
    CHECK_CONTAINS(crowd.state.waiting, "wave 1 of 2: its soak to end at 2025-11-24 16:");
    CHECK(goes_on(2000));
    CHECK_INT_EQ(crowd.state.phase, ROLLOUT_SUCCEEDED);
    crowd_close(&crowd);
}

/* A node that goes bad after its verdict stops the rollout in the soak, by its name. */
static void case_regressed(void)
{
    static const uint32_t percents[] = {10, 100};
    crowd_open(&crowd, 13, 10);
    staged(percents, 2, MINUTES_MS(10));
    for (size_t i = 0; i < 10; i++) {
        crowd.nodes[i].fate = CROWD_FADING;
    }
    CHECK(goes_on(500));
    CHECK_INT_EQ(crowd.state.phase, ROLLOUT_PAUSED);
    CHECK_INT_EQ(crowd.ordered, 1);
    CHECK_CONTAINS(crowd.state.waiting, "regressed (not-serving)");
    crowd_close(&crowd);
}

/* One that is done and falls silent has regressed, unless as many of the others did, one by one. */
static void case_vanished(void)
{
    static const uint32_t percents[] = {10, 100};
    for (int with_others = 0; with_others < 2; with_others++) {
        crowd_open(&crowd, 13, 10);
        staged(percents, 2, MINUTES_MS(60));
        while (crowd.state.count[NODE_DONE] == 0) {
            crowd_tick(&crowd);
        }
        size_t done = 0;
        for (size_t i = 0; i < 10; i++) {
            done = crowd.nodes[i].runs == 2 ? i : done;
            if (crowd.nodes[i].runs == 1 && with_others == 1) {
                crowd_connect(&crowd, i, false);
                for (int tick = 0; tick < 4; tick++) {
                    crowd_tick(&crowd); /* not three within a minute: that is no question of one */
                }
            }
        }
        crowd_connect(&crowd, done, false);
        CHECK(goes_on(200) == (with_others == 0));
        CHECK_INT_EQ(crowd.state.phase, with_others == 1 ? ROLLOUT_RUNNING : ROLLOUT_PAUSED);
        if (with_others == 0) {
            CHECK_CONTAINS(crowd.state.waiting, "regressed (vanished)");
        }
        crowd_close(&crowd);
    }
}

/* Too much failed: everybody goes back to what ran before, under the same budgets. */
static void case_rollback(void)
{
    static const uint32_t percents[] = {50, 100};
    crowd_open(&crowd, 17, 20);
    staged(percents, 2, 60000);
    crowd.spec.shape.failure.is_canary = false;
    (void)text_copy(crowd.spec.shape.failure.action, ROLLOUT_WORD_BYTES, "rollback");
    for (size_t i = 0; i < 20; i += 2) {
        crowd.nodes[i].fate = CROWD_BAD;
    }
    CHECK(goes_on(2000));
    CHECK_INT_EQ(crowd.state.phase, ROLLOUT_ROLLED_BACK);
    CHECK(crowd.ordered > 2);
    for (size_t i = 0; i < 20; i++) {
        CHECK_INT_EQ(crowd.nodes[i].runs, 1);
    }
    crowd_close(&crowd);
}

/* Batches of equal size, with a pause after each. */
static void case_parallelism(void)
{
    crowd_open(&crowd, 19, 50);
    crowd.spec.shape.parallelism = (struct rollout_size){.count = 2};
    crowd.spec.shape.delay_ms = 60000;
    crowd.spec.max_unavailable = 2;
    CHECK(goes_on(3000));
    CHECK_INT_EQ(crowd.state.phase, ROLLOUT_SUCCEEDED);
    CHECK_INT_EQ(waves_last(&crowd.state), 24);
    CHECK(crowd.now - CROWD_START >= 25 * 60000);
    crowd_close(&crowd);
}

/* A rollout of its own brings everybody back to what ran before, and nobody else; taken back and
 * given again it still knows what that was. */
static void case_undo(void)
{
    crowd_open(&crowd, 23, 12);
    crowd.spec.max_unavailable = 3;
    crowd.nodes[5].runs = 2; /* it ran there before: not by this rollout */
    crowd.nodes[5].version++;
    CHECK(goes_on(2000));
    CHECK_INT_EQ(crowd.state.phase, ROLLOUT_SUCCEEDED);
    (void)text_copy(crowd.spec.shape.undo, NAME_BYTES, crowd.spec.id);
    (void)text_copy(crowd.spec.id, NAME_BYTES, "web-2");
    crowd.state = (struct rollout_state){0};
    crowd_tick(&crowd);
    CHECK_INT_EQ(crowd.state.matched, 11);
    (void)text_copy(crowd.control.want, sizeof crowd.control.want, "pause");
    for (int i = 0; i < 30; i++) {
        crowd_tick(&crowd);
    }
    CHECK(crowd.taken_back > 0);
    crowd_resume(&crowd);
    CHECK(goes_on(2000));
    CHECK_INT_EQ(crowd.state.phase, ROLLOUT_SUCCEEDED);
    CHECK_INT_EQ(crowd.state.count[NODE_DONE], 11);
    for (size_t i = 0; i < 12; i++) {
        CHECK_INT_EQ(crowd.nodes[i].runs, i == 5 ? 2 : 1);
    }
    crowd_close(&crowd);
}

/* A cut lies at the broker: coordinators of every version must find the same nodes below it. */
static void case_places_stay(void)
{
    static const struct {
        const char *rollout, *node;
        uint64_t place;
    } rows[] = {
        {"web-1", "gw-1", UINT64_C(0x7d6d19369fc90)},
        {"web-1", "gw-2", UINT64_C(0x5770d8b46a6a4)},
        {"web-2", "gw-1", UINT64_C(0xf7a0f10a300f2)},
        {"r", "n", UINT64_C(0xc52e55e04bdac)},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK(waves_place(rows[i].rollout, rows[i].node) == rows[i].place);
    }
}

/* What a spec says of its waves, wave by wave: how many, their soak, their threshold. */
static void case_specs(void)
{
    static struct rollout_spec spec;
    spec = (struct rollout_spec){0};
    CHECK_INT_EQ(waves_count(&spec), 1);
    CHECK_INT_EQ(waves_soak(&spec, 0), 0);
    CHECK_INT_EQ(waves_threshold(&spec, 0), 0);
    spec.shape.delay_ms = 9;
    CHECK_INT_EQ(waves_soak(&spec, 0), 0); /* of equal ones only */
    for (size_t i = 0; i < ROLLOUT_WAVES_MAX; i++) {
        spec.shape.waves[i].soak_ms = 10 + i;
        spec.shape.waves[i].threshold = (uint32_t)(50 + i);
        spec.shape.wave_count = i + 1;
        CHECK_INT_EQ(waves_count(&spec), i + 1);
        CHECK_INT_EQ(waves_soak(&spec, i), 10 + i);
        CHECK_INT_EQ(waves_threshold(&spec, i), 50 + i);
        CHECK_INT_EQ(waves_soak(&spec, i + 1), 0);
        CHECK_INT_EQ(waves_threshold(&spec, i + 1), 0);
    }
    for (int is_share = 0; is_share <= 1; is_share++) {
        spec.shape.parallelism =
            is_share ? (struct rollout_size){.percent = 1} : (struct rollout_size){.count = 1};
        CHECK(waves_count(&spec) == SIZE_MAX);
        CHECK_INT_EQ(waves_soak(&spec, 3), 9);
    }
}

/* Which wave was opened last, and whether everybody is reached by it. */
static void case_last(void)
{
    static struct rollout_spec spec;
    static struct rollout_state state;
    spec = (struct rollout_spec){.shape.wave_count = 3};
    state = (struct rollout_state){0};
    CHECK(waves_last(&state) == WAVES_NONE && !waves_is_everybody(&spec, &state));
    state.wave_count = 1;
    state.waves[0].cut = WAVES_END;
    CHECK(waves_last(&state) == 0 && !waves_is_everybody(&spec, &state));
    state.wave_count = 3;
    CHECK(waves_last(&state) == 2 && waves_is_everybody(&spec, &state));
    state.wave_count = 2;
    state.wave_first = 1;
    CHECK(waves_last(&state) == 2 && waves_is_everybody(&spec, &state));
    spec.shape.parallelism.count = 1;
    state.waves[1].cut = WAVES_END - 1;
    CHECK(!waves_is_everybody(&spec, &state));
    state.waves[1].cut = WAVES_END;
    CHECK(waves_is_everybody(&spec, &state));
}

/* What was counted before says nothing: planned again with other counts in its memory, the rollout
 * counts the same and orders the same. */
static void count_again(struct crowd *told)
{
    static struct planner_result again, clean;
    static struct rollout_state dirty;
    const struct roster *roster = &told->seats[told->acting].roster;
    struct planner_rollout rollout = {.spec = &told->spec,
                                      .control = &told->control,
                                      .selector = &told->selector,
                                      .memory = &told->state};
    planner_step(&rollout, roster, planner_changing(roster, told->now), told->now, &clean);
    dirty = told->state;
    memset(dirty.count, 7, sizeof dirty.count);
    memset(dirty.waits, 7, sizeof dirty.waits);
    memset(dirty.current, 7, sizeof dirty.current);
    dirty.matched = 5;
    dirty.current_count = 5;
    (void)text_copy(dirty.failed_node, sizeof dirty.failed_node, "gw-x");
    (void)text_copy(dirty.failed_outcome, sizeof dirty.failed_outcome, "x");
    (void)text_copy(dirty.failed_reason, sizeof dirty.failed_reason, "x");
    for (size_t i = 0; i < dirty.wave_count; i++) {
        struct rollout_wave_state *wave = &dirty.waves[i];
        wave->members = wave->done = wave->failed = wave->changing = 9;
    }
    rollout.memory = &dirty;
    planner_step(&rollout, roster, planner_changing(roster, told->now), told->now, &again);
    CHECK_INT_EQ(again.order_count, clean.order_count);
    CHECK(memcmp(&again.state, &clean.state, sizeof clean.state) == 0);
    CHECK(memcmp(again.orders, clean.orders, clean.order_count * sizeof clean.orders[0]) == 0);
}

static void case_counted_again(void)
{
    static const uint32_t percents[] = {10, 50, 100};
    crowd_open(&crowd, 3, 60);
    staged(percents, COUNT_OF(percents), 60000);
    crowd.nodes[7].fate = CROWD_BAD;
    crowd.watch = count_again;
    for (int i = 0; i < 60; i++) {
        crowd_tick(&crowd);
    }
    CHECK(crowd.state.wave_count > 0 && crowd.ordered > 0);
    crowd.watch = NULL;
    crowd_close(&crowd);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"counted again", case_counted_again},

        {"places stay", case_places_stay},
        {"specs", case_specs},
        {"last", case_last},
        {"cuts", case_cuts},
        {"sizes", case_sizes},
        {"waves", case_waves},
        {"selectors", case_selectors},
        {"canary", case_canary},
        {"killed", case_killed},
        {"regressed", case_regressed},
        {"vanished", case_vanished},
        {"rollback", case_rollback},
        {"parallelism", case_parallelism},
        {"undo", case_undo},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
