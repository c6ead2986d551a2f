/* crowd_explore: seeds of two hundred nodes, each with a staged rollout, what goes wrong and who
 * looks after it; a breach is printed with the command that plays it again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"
#include "tests/sim/crowd_checker.h"

#define TICKS_MAX 6000

static struct crowd crowd;
static struct crowd_checker checker;
static bool is_verbose;
static uint64_t restated, ordered_late, quiet_days, frozen_often;

static uint32_t draw(uint32_t bound)
{
    return (uint32_t)crowd_random(&crowd, bound);
}

static bool one_in(uint32_t of)
{
    return draw(of) == 0;
}

/* -- a seed's rollout ------------------------------------------------------------------------- */

static void waves_draw(struct rollout_shape *shape)
{
    static const uint32_t percents[] = {5, 25, 60, 100};
    size_t first = draw(3);
    shape->waves[0] = (struct rollout_wave_spec){.size = {.count = 1 + draw(3)}};
    shape->wave_count = 1;
    for (size_t i = first; i < COUNT_OF(percents); i++) {
        shape->waves[shape->wave_count++].size.percent = percents[i];
    }
    for (size_t i = 0; i < shape->wave_count; i++) {
        shape->waves[i].soak_ms = 1000 * draw(1200);
        shape->waves[i].threshold = 80 + draw(20);
    }
}

static void failure_draw(struct rollout_failure *failure)
{
    static const char *const actions[] = {"pause", "pause", "pause", "continue", "rollback"};
    rollout_failure_default(failure);
    failure->is_given = true;
    failure->ratio = draw(20);
    failure->minimum = 1 + draw(5);
    failure->is_canary = one_in(2);
    (void)text_copy(failure->action, sizeof failure->action, actions[draw(COUNT_OF(actions))]);
}

static void spec_draw(void)
{
    static const char *const offlines[] = {"later", "later", "skip"};
    struct rollout_shape *shape = &crowd.spec.shape;
    waves_draw(shape);
    failure_draw(&shape->failure);
    crowd.spec.lost_after_ms = 300000 + 1000 * draw(900);
    crowd.spec.start_by_ms = 300000;
    shape->max_unavailable_percent = one_in(3) ? 0 : 2 + draw(30);
    crowd.spec.max_unavailable = 1 + draw(12);
    shape->offline_until_ms = 3600000 * (2 + draw(10));
    if (one_in(2)) {
        (void)text_copy(shape->group_by[shape->group_count++], ROLLOUT_LABEL_BYTES, "site");
        shape->group_max = 1 + draw(3);
        (void)text_copy(shape->group_missing, ROLLOUT_WORD_BYTES, "alone");
    }
    if (one_in(3)) {
        (void)text_copy(shape->peers, ROLLOUT_LABEL_BYTES, "pair");
    }
    if (one_in(3)) {
        shape->per_minute = 1 + draw(30);
    }
    (void)text_copy(crowd.spec.offline, sizeof crowd.spec.offline,
                    offlines[draw(COUNT_OF(offlines))]);
}

static void nodes_draw(void)
{
    uint32_t bad = one_in(3) ? 3 : 40; /* one in so many */
    for (size_t i = 0; i < crowd.count; i++) {
        struct crowd_node *node = &crowd.nodes[i];
        char value[NODE_NAME_BYTES];
        if (!one_in(10)) {
            (void)snprintf(value, sizeof value, "s%u", draw(12));
            crowd_label(node, "site", value);
        }
        (void)snprintf(value, sizeof value, "p%zu", i / 2);
        crowd_label(node, "pair", value);
        if (one_in(bad)) {
            node->fate = (enum crowd_fate)(1 + draw(4));
            node->fade_in_ms = 1000 * (1 + draw(10000));
        }
        if (one_in(40)) {
            node->fate = one_in(2) ? CROWD_CLAIMING : CROWD_FLAPPING;
        }
        node->skew_ms = one_in(10) ? 1000 * ((int64_t)draw(7200) - 3600) : 0;
        node->runs = one_in(15) ? 2 : 1;
        if (one_in(12)) {
            crowd_connect(&crowd, i, false);
        }
    }
}

/* -- what goes wrong -------------------------------------------------------------------------- */

static void trouble(void)
{
    size_t node = draw((uint32_t)crowd.count);
    switch (draw(60)) {
    case 0:
    case 1:
        crowd_connect(&crowd, node, !crowd.nodes[node].is_present);
        break;
    case 2:
        crowd_serve(&crowd, node, !crowd.nodes[node].is_serving);
        break;
    case 3: /* a part of the fleet is cut off, or comes back */
        for (size_t i = node; i < crowd.count && i < node + 20; i++) {
            crowd_connect(&crowd, i, one_in(2));
        }
        break;
    case 4:
        crowd_kill(&crowd);
        break;
    case 5:
        if (one_in(4)) {
            crowd_depose(&crowd);
        }
        break;
    case 6:
        if (one_in(4)) {
            crowd_forget(&crowd);
        }
        break;
    default:
        break;
    }
}

/* Somebody freezes the fleet, for a while or for longer than anybody looks; somebody thaws it. */
static void freeze_turn(void)
{
    struct freeze *freeze = &crowd.freeze;
    if (!freeze->is_frozen && one_in(400)) {
        *freeze = (struct freeze){.is_frozen = true,
                                  .serial = freeze->serial + 1,
                                  .reason = "a feast",
                                  .since = crowd_clock(&crowd)};
        freeze->until = freeze->since + 1000 * (one_in(3) ? 864000 : 60 + draw(7200));
        frozen_often++;
    } else if (freeze->is_frozen && one_in(200)) {
        freeze->is_frozen = false;
    }
}

static void operator_turn(void)
{
    struct rollout_control *control = &crowd.control;
    freeze_turn();
    if (crowd.state.phase == ROLLOUT_PAUSED && one_in(20)) {
        switch (draw(4)) {
        case 0:
            if (control->skipped_count < ROLLOUT_SKIPPED_MAX &&
                crowd.state.failed_node[0] != '\0') {
                (void)text_copy(control->skipped[control->skipped_count++], NODE_NAME_BYTES,
                                crowd.state.failed_node);
            }
            break;
        case 1:
            control->retried_count = 1;
            control->retried[0] = (struct rollout_retry){.before = crowd_clock(&crowd)};
            break;
        default:
            crowd_resume(&crowd);
            break;
        }
    } else if (one_in(2000)) {
        (void)text_copy(control->want, sizeof control->want, one_in(6) ? "abort" : "pause");
    }
}

/* For days nobody touches anything; who is away stays so. */
static void days_pass(void)
{
    uint32_t days = 1 + draw(10);
    crowd.tick_ms = 3600000;
    quiet_days += days;
    for (uint32_t hours = 24 * days; hours > 0 && !rollout_phase_is_end(crowd.state.phase);
         hours--) {
        crowd_tick(&crowd);
    }
    crowd.tick_ms = CROWD_TICK_MS;
}

/* Everybody is back, serves and hears; who is stuck stays so. */
static void calm_down(void)
{
    crowd.lose_one_in = 0;
    crowd.freeze.is_frozen = false;
    for (size_t i = 0; i < crowd.count; i++) {
        crowd_connect(&crowd, i, true);
        crowd_serve(&crowd, i, true);
    }
    (void)text_copy(crowd.control.want, sizeof crowd.control.want,
                    strcmp(crowd.control.want, "abort") == 0 ? "abort" : "run");
}

static bool seed_run(uint64_t seed)
{
    crowd_open(&crowd, seed * 7919 + 3, CROWD_NODES_MAX);
    spec_draw();
    nodes_draw();
    for (size_t s = 0; s < CROWD_SEATS && one_in(2); s++) {
        crowd.seats[s].skew_ms = 1000 * ((int64_t)draw(240) - 120);
    }
    crowd_read(&crowd);
    crowd.lose_one_in = one_in(3) ? 0 : 2 + draw(10);
    crowd_checker_open(&checker, &crowd);
    unsigned calm_at = 200 + draw(1500);
    for (unsigned tick = 0; tick < TICKS_MAX && !rollout_phase_is_end(crowd.state.phase); tick++) {
        if (tick < calm_at) {
            trouble();
            operator_turn();
        } else if (tick == calm_at) {
            if (one_in(3)) {
                days_pass();
            }
            calm_down();
        }
        crowd_tick(&crowd);
    }
    crowd_checker_end(&checker);
    restated += crowd.restated;
    ordered_late += crowd.ordered_late;
    if (checker.breaches > 0 || is_verbose) {
        printf("%s seed %llu: %s %s, %u orders, %u taken back, %u done, %lld s, trace %016llx\n",
               checker.breaches > 0 ? "BREACH" : "ok    ", (unsigned long long)seed, checker.first,
               rollout_phase_word(crowd.state.phase), crowd.ordered, crowd.taken_back,
               crowd.state.count[NODE_DONE], (long long)(crowd.now - CROWD_START) / 1000,
               (unsigned long long)crowd.trace);
    }
    crowd_close(&crowd);
    return checker.breaches == 0;
}

int main(int argc, char **argv)
{
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    uint64_t from = 1;
    uint64_t seeds = 40;
    unsigned failed = 0;
    uint64_t checked[9] = {0};
    uint64_t phases[ROLLOUT_PHASE_COUNT] = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0) {
            is_verbose = true;
        } else if (i + 1 < argc && strcmp(argv[i], "--seeds") == 0) {
            seeds = strtoull(argv[++i], NULL, 10);
        } else if (i + 1 < argc && strcmp(argv[i], "--from") == 0) {
            from = strtoull(argv[++i], NULL, 10);
        } else {
            printf("usage: crowd_explore [--seeds N] [--from S] [--verbose]\n");
            return EXIT_FAILURE;
        }
    }
    (void)seed_run(from);
    uint64_t trace = crowd.trace; /* one seed, one trace */
    for (uint64_t i = 0; i < seeds; i++) {
        failed += !seed_run(from + i);
        phases[crowd.state.phase]++;
        failed += i == 0 && crowd.trace != trace;
        for (size_t law = 0; law < COUNT_OF(checked); law++) {
            checked[law] += checker.checked[law];
        }
    }
    for (size_t law = 0; law < COUNT_OF(checked); law++) {
        printf("law %c: %llu times\n", (char)('a' + law), (unsigned long long)checked[law]);
        failed += seeds >= 20 && checked[law] == 0; /* a law that is never looked at */
    }
    for (enum rollout_phase phase = 0; phase < ROLLOUT_PHASE_COUNT; phase++) {
        printf(phases[phase] > 0 ? "%s: %llu\n" : "", rollout_phase_word(phase),
               (unsigned long long)phases[phase]);
    }
    printf("orders put back: %llu, of a deposed seat: %llu; quiet days: %llu; freezes: %llu\n",
           (unsigned long long)restated, (unsigned long long)ordered_late,
           (unsigned long long)quiet_days, (unsigned long long)frozen_often);
    failed +=
        seeds >= 20 && (restated == 0 || ordered_late == 0 || quiet_days == 0 || frozen_often == 0);
    printf("%llu seeds of %d nodes, %u failed\n", (unsigned long long)seeds, CROWD_NODES_MAX,
           failed);
    return failed == 0 && check_failures_ == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
