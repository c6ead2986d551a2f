/* explore: every scenario, with every operation struck in every way; one line a scenario. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/journey.h"
#include "tests/sim/state.h"

#define TRACE_BYTES    (4u << 20)
#define FAILURES_SHOWN 5
#define TIMED_STEP_MS  173
/* The slice takes at most about so many of each kind in a scenario: every second, third ... */
#define SLICE_POINTS 30
#define SLICE_TIMES  40
/* What the cuts of all scenarios must have met. */
#define NEW_PERCENT_MIN   50
#define OLD_PERCENT_MIN   2 /* a cut costs a try and no more: what can serve is tried again */
#define ALONE_PERCENT_MIN 10
#define STATES_MIN        100

struct options {
    const char *scenario; /* NULL: all */
    uint64_t seed;
    uint32_t thin;  /* the slice is thinner by so much */
    unsigned seeds; /* so many, from `seed` */
    uint32_t cut, second;
    enum sim_fate fate, second_fate;
    bool is_long, is_trace, is_unattended, is_single;
    enum sim_op op;
    int64_t at_ms, for_ms;
};

/* How journeys ended whose power was cut once, in scenarios that end in another release than they
 * began with. */
struct shares {
    unsigned long in_new, in_old, in_nothing, in_other;
};

struct tally {
    const struct releases *releases;
    const struct options *options;
    unsigned long cuts, double_cuts, failures_of_one, kills, unattended, timed, spells;
    struct shares attended, alone, firsts; /* with an agent, without one, of first deployments */
    struct states *states;
    unsigned passed, failed, shown;
    int64_t slowest_ms; /* of the scenario: the longest it took to settle after the last trouble */
};

/* Each how-manieth of `count` is tried; --long: each. */
static uint32_t stride_of(const struct tally *tally, uint32_t count, uint32_t slice)
{
    slice = slice / tally->options->thin + 1;
    return tally->options->is_long || count <= slice ? 1 : (count + slice - 1) / slice;
}

static const enum sim_fate cut_fates[] = {SIM_FATE_CUT_BEFORE, SIM_FATE_CUT_WITHIN,
                                          SIM_FATE_CUT_AFTER};

static void print_replay(const struct journey_plan *plan)
{
    printf("    replay: explore --trace --scenario %s --seed %llu", plan->scenario->word,
           (unsigned long long)plan->seed);
    if (plan->first.countdown != 0) {
        printf(" --cut %u --fate %s", plan->first.countdown, sim_fate_word(plan->first.fate));
    }
    if (plan->second.countdown != 0) {
        printf(" --second %u --second-fate %s", plan->second.countdown,
               sim_fate_word(plan->second.fate));
    }
    if (plan->single.countdown != 0) {
        printf(" --op %s --cut %u --fate %s", sim_op_word(plan->op), plan->single.countdown,
               sim_fate_word(plan->single.fate));
        if (plan->single.lasts_ms != 0) {
            printf(" --for %lld", (long long)plan->single.lasts_ms);
        }
    }
    if (plan->cut_at_ms != 0) {
        printf(" --at %lld", (long long)plan->cut_at_ms);
    }
    printf("%s\n", plan->is_unattended ? " --unattended" : "");
}

static void count_end(struct tally *tally, const struct journey_plan *plan,
                      const struct journey_result *result)
{
    bool is_first = result->began_in == (int)SCENARIO_NONE;
    struct shares *shares = plan->is_unattended ? &tally->alone
                            : is_first          ? &tally->firsts
                                                : &tally->attended;
    (void)states_add(tally->states, result->cut_state);
    if (result->began_in == (int)plan->scenario->ends_in || (is_first && plan->is_unattended)) {
        return;
    }
    if (result->ends_in == (int)plan->scenario->ends_in) {
        shares->in_new++;
    } else if (result->ends_in == (int)SCENARIO_NONE) {
        shares->in_nothing++;
    } else if (result->ends_in == result->began_in) {
        shares->in_old++;
    } else {
        shares->in_other++;
    }
}

/* Runs one and counts it; true when its first fault struck. */
static bool try_one(struct tally *tally, const struct journey_plan *plan,
                    struct journey_result *result)
{
    journey_run(tally->releases, plan, result);
    if (result->cuts == 1) {
        count_end(tally, plan, result);
    }
    if (result->settle_ms > tally->slowest_ms) {
        tally->slowest_ms = result->settle_ms;
    }
    if (result->breaches == 0) {
        tally->passed++;
    } else {
        tally->failed++;
        if (tally->shown++ < FAILURES_SHOWN) {
            printf("    %s\n", result->first);
            print_replay(plan);
        }
    }
    return result->has_struck;
}

/* A cut, and then another at operations of the recovery from it. */
static void explore_recovery(struct tally *tally, const struct journey_plan *first,
                             uint32_t points, uint32_t stride)
{
    uint32_t offset = (first->first.countdown + (uint32_t)first->seed) % stride;
    for (uint32_t n = 1 + offset; n <= points; n += stride) {
        struct journey_result result;
        struct journey_plan plan = *first;
        plan.second = SIM_FAULT(n, 1, cut_fates[(n + first->first.countdown) % 3]);
        (void)try_one(tally, &plan, &result);
        tally->double_cuts += result.has_struck_twice ? 1 : 0;
    }
}

static void explore_cuts(struct tally *tally, const struct scenario *scenario, uint64_t seed,
                         uint32_t points)
{
    uint32_t stride = tally->options->is_long ? 1 : 9 * tally->options->thin;
    uint32_t step = stride_of(tally, points, SLICE_POINTS);
    for (uint32_t n = 1 + (uint32_t)(seed % step); n <= points; n += step) {
        for (size_t i = 0; i < COUNT_OF(cut_fates); i++) {
            unsigned variants = cut_fates[i] == SIM_FATE_CUT_WITHIN ? 3 : 1;
            for (unsigned variant = 0; variant < variants; variant++) {
                struct journey_result result;
                struct journey_plan plan = {.scenario = scenario,
                                            .seed = seed + variant * 1000,
                                            .first = SIM_FAULT(n, 1, cut_fates[i])};
                tally->cuts += try_one(tally, &plan, &result) ? 1 : 0;
                if (variant == 0 && (tally->options->is_long || n % 3 == i)) {
                    explore_recovery(tally, &plan, result.points_after, stride);
                }
                plan.is_unattended = true;
                if (!scenario->needs_agent) {
                    tally->unattended += try_one(tally, &plan, &result) ? 1 : 0;
                }
            }
        }
    }
}

static void explore_kills(struct tally *tally, const struct scenario *scenario, uint64_t seed,
                          uint32_t points)
{
    uint32_t step = stride_of(tally, points, SLICE_POINTS);
    for (uint32_t n = 1 + (uint32_t)(seed % step); n <= points; n += step) {
        for (int i = 0; i < 2; i++) {
            struct journey_result result;
            struct journey_plan plan = {
                .scenario = scenario,
                .seed = seed,
                .first = SIM_FAULT(n, 1, i == 0 ? SIM_FATE_KILL_BEFORE : SIM_FATE_KILL_AFTER)};
            tally->kills += try_one(tally, &plan, &result) ? 1 : 0;
        }
    }
}

static void explore_failures(struct tally *tally, const struct scenario *scenario, uint64_t seed,
                             const struct journey_result *calm)
{
    uint32_t step = stride_of(tally, calm->points, SLICE_POINTS);
    for (uint32_t n = 1 + (uint32_t)(seed % step); n <= calm->points; n += step) {
        for (int i = 0; i < 2; i++) {
            struct journey_result result;
            struct journey_plan plan = {
                .scenario = scenario,
                .seed = seed,
                .first = SIM_FAULT(n, 1, i == 0 ? SIM_FATE_FAIL : SIM_FATE_FAIL_LATE)};
            tally->failures_of_one += try_one(tally, &plan, &result) ? 1 : 0;
        }
    }
    for (int op = SIM_OP_PROBE; op <= SIM_OP_FSYNC; op++) {
        step = stride_of(tally, calm->points_of[op], SLICE_POINTS);
        for (uint32_t n = 1 + (uint32_t)(seed % step); n <= calm->points_of[op]; n += step) {
            struct journey_result result;
            struct journey_plan plan = {.scenario = scenario,
                                        .seed = seed,
                                        .op = (enum sim_op)op,
                                        .single = SIM_FAULT(n, 1, SIM_FATE_FAIL)};
            tally->failures_of_one += try_one(tally, &plan, &result) ? 1 : 0;
        }
    }
}

/* A probe that fails for long is the asker's error: what the app answers itself is the truth. */
static enum sim_fate spell_fate(enum sim_op op, uint32_t n)
{
    return op != SIM_OP_PROBE && n % 2 == 0 ? SIM_FATE_FAIL : SIM_FATE_FAIL_LATE;
}

/* Every operation fails for a while, from its first, its second, a middle and its last time on. */
static void explore_spells(struct tally *tally, const struct scenario *scenario, uint64_t seed,
                           const struct journey_result *calm)
{
    static const int64_t spells_ms[] = {5000, 60000, 600000};
    size_t spell_count = tally->options->is_long ? COUNT_OF(spells_ms) : COUNT_OF(spells_ms) - 1;
    for (int op = 0; op < SIM_OP_COUNT; op++) {
        uint32_t count = calm->points_of[op];
        uint32_t last = 0;
        for (int i = 0; i < 4; i++) {
            uint32_t n = i < 2 ? (uint32_t)i + 1 : i == 2 ? count / 2 : count;
            for (size_t j = 0; n > last && n <= count && j < spell_count; j++) {
                struct journey_result result;
                struct journey_plan plan = {
                    .scenario = scenario,
                    .seed = seed,
                    .op = (enum sim_op)op,
                    .single = SIM_FAULT_FOR(n, spells_ms[j], spell_fate((enum sim_op)op, n))};
                tally->spells += try_one(tally, &plan, &result) ? 1 : 0;
            }
            last = n > last ? n : last;
        }
    }
}

static void explore_times(struct tally *tally, const struct scenario *scenario, uint64_t seed,
                          int64_t took_ms)
{
    uint32_t step = stride_of(tally, (uint32_t)(took_ms / TIMED_STEP_MS), SLICE_TIMES);
    for (int64_t at = 1; at < took_ms; at += TIMED_STEP_MS * (int64_t)step) {
        struct journey_result result;
        struct journey_plan plan = {.scenario = scenario, .seed = seed, .cut_at_ms = at};
        tally->timed += try_one(tally, &plan, &result) ? 1 : 0;
    }
}

static void explore_scenario(struct tally *tally, const struct scenario *scenario)
{
    struct tally before = *tally;
    tally->shown = 0;
    tally->slowest_ms = 0;
    for (unsigned i = 0; i < tally->options->seeds; i++) {
        uint64_t seed = tally->options->seed + i;
        struct journey_plan plan = {.scenario = scenario, .seed = seed};
        struct journey_result calm;
        (void)try_one(tally, &plan, &calm);
        if (calm.breaches > 0) {
            break; /* wrong without any fault: what follows would only repeat it */
        }
        explore_cuts(tally, scenario, seed, calm.points);
        explore_kills(tally, scenario, seed, calm.points);
        explore_failures(tally, scenario, seed, &calm);
        explore_spells(tally, scenario, seed, &calm);
        explore_times(tally, scenario, seed, calm.took_ms);
    }
    printf("%s %-24s cut points: %lu, in recoveries: %lu, at times: %lu, without agent: %lu, "
           "kills: %lu, failures: %lu, lasting: %lu, settled within: %lld s\n",
           tally->failed == before.failed ? "ok  " : "FAIL", scenario->word,
           tally->cuts - before.cuts, tally->double_cuts - before.double_cuts,
           tally->timed - before.timed, tally->unattended - before.unattended,
           tally->kills - before.kills, tally->failures_of_one - before.failures_of_one,
           tally->spells - before.spells, (long long)(tally->slowest_ms / 1000));
}

static void print_shares(const char *what, const struct shares *shares)
{
    printf("%s: %lu in the new release, %lu in the old, %lu in nothing, %lu in another\n", what,
           shares->in_new, shares->in_old, shares->in_nothing, shares->in_other);
}

/* A run over all scenarios meets both ends, and nothing is an end of first deployments alone. */
static bool are_shares_sound(const struct tally *tally)
{
    const struct shares *attended = &tally->attended;
    const struct shares *alone = &tally->alone;
    unsigned long sum = attended->in_new + attended->in_old + attended->in_other;
    unsigned long sum_alone = alone->in_new + alone->in_old + alone->in_other;
    bool is_sound = attended->in_nothing == 0 && alone->in_nothing == 0 &&
                    attended->in_new * 100 >= sum * NEW_PERCENT_MIN &&
                    attended->in_old * 100 >= sum * OLD_PERCENT_MIN &&
                    alone->in_new * 100 >= sum_alone * ALONE_PERCENT_MIN &&
                    alone->in_old * 100 >= sum_alone * ALONE_PERCENT_MIN &&
                    tally->firsts.in_new > 0 && tally->states->count >= STATES_MIN;
    if (!is_sound) {
        printf("the shares are out of bounds: with an agent at least %d %% new and %d %% old, "
               "without one %d %% each, nothing only where nothing served, and %d states\n",
               NEW_PERCENT_MIN, OLD_PERCENT_MIN, ALONE_PERCENT_MIN, STATES_MIN);
    }
    return is_sound;
}

static int replay(const struct releases *releases, const struct options *options,
                  const struct scenario *scenario)
{
    struct journey_result result;
    struct journey_plan plan = {
        .scenario = scenario,
        .seed = options->seed,
        .second = SIM_FAULT(options->second, 1, options->second_fate),
        .op = options->op,
        .cut_at_ms = options->at_ms,
        .is_unattended = options->is_unattended,
        .trace = malloc(TRACE_BYTES),
        .trace_cap = TRACE_BYTES,
    };
    if (plan.trace == NULL) {
        return EXIT_FAILURE;
    }
    struct sim_fault fault = SIM_FAULT(options->cut, 1, options->fate);
    fault.lasts_ms = options->for_ms;
    if (options->is_single) {
        plan.single = fault;
    } else {
        plan.first = fault;
    }
    journey_run(releases, &plan, &result);
    fputs(plan.trace, stdout);
    free(plan.trace);
    printf("%u power-cut points, %u after the first, ends in %s\n", result.points,
           result.points_after,
           result.ends_in < RELEASE_COUNT ? release_word((enum release_name)result.ends_in)
                                          : "nothing");
    printf("%d passed, %d failed\n", result.breaches == 0, result.breaches != 0);
    return result.breaches == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static enum sim_fate fate_of(const char *word)
{
    int fate = 0;
    while (fate < SIM_FATE_COUNT - 1 && strcmp(sim_fate_word((enum sim_fate)fate), word) != 0) {
        fate++;
    }
    return (enum sim_fate)fate;
}

static enum sim_op op_of(const char *word)
{
    int op = 0;
    while (op < SIM_OP_COUNT - 1 && strcmp(sim_op_word((enum sim_op)op), word) != 0) {
        op++;
    }
    return (enum sim_op)op;
}

/* Options with a value. */
static bool take_value(struct options *options, const char *name, const char *value)
{
    if (strcmp(name, "--scenario") == 0) {
        options->scenario = value;
    } else if (strcmp(name, "--seed") == 0) {
        options->seed = strtoull(value, NULL, 10);
    } else if (strcmp(name, "--seeds") == 0) {
        options->seeds = (unsigned)strtoul(value, NULL, 10);
    } else if (strcmp(name, "--cut") == 0) {
        options->cut = (uint32_t)strtoul(value, NULL, 10);
    } else if (strcmp(name, "--second") == 0) {
        options->second = (uint32_t)strtoul(value, NULL, 10);
    } else if (strcmp(name, "--fate") == 0) {
        options->fate = fate_of(value);
    } else if (strcmp(name, "--second-fate") == 0) {
        options->second_fate = fate_of(value);
    } else if (strcmp(name, "--at") == 0) {
        options->at_ms = strtoll(value, NULL, 10);
    } else if (strcmp(name, "--thin") == 0) {
        options->thin = (uint32_t)strtoul(value, NULL, 10);
        return options->thin >= 1;
    } else if (strcmp(name, "--for") == 0) {
        options->for_ms = strtoll(value, NULL, 10);
    } else if (strcmp(name, "--op") == 0) {
        options->op = op_of(value);
        options->is_single = true;
    } else {
        return false;
    }
    return true;
}

static bool take_options(struct options *options, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--long") == 0) {
            options->is_long = true;
        } else if (strcmp(argv[i], "--trace") == 0) {
            options->is_trace = true;
        } else if (strcmp(argv[i], "--unattended") == 0) {
            options->is_unattended = true;
        } else if (i + 1 >= argc || !take_value(options, argv[i], argv[i + 1])) {
            return false;
        } else {
            i++;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct releases releases;
    struct options options = {.seed = 1,
                              .thin = 1,
                              .seeds = 1,
                              .fate = SIM_FATE_CUT_BEFORE,
                              .second_fate = SIM_FATE_CUT_BEFORE};
    struct tally tally = {.releases = &releases, .options = &options};
    if (!take_options(&options, argc, argv)) {
        printf("usage: explore [--long | --thin N] [--seeds N] [--scenario WORD] [--seed S]\n"
               "       explore --trace --scenario WORD [--seed S] [--cut N [--fate WORD]]\n"
               "               [--second N [--second-fate WORD]] [--op WORD [--for MS]] [--at MS] "
               "[--unattended]\n");
        return EXIT_FAILURE;
    }
    tally.states = calloc(1, sizeof *tally.states);
    if (tally.states == NULL) {
        return EXIT_FAILURE;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    releases_make(&releases);
    for (size_t i = 0; i < scenario_count; i++) {
        if (options.scenario != NULL && strcmp(options.scenario, scenarios[i].word) != 0) {
            continue;
        }
        if (options.is_trace) {
            return replay(&releases, &options, &scenarios[i]);
        }
        explore_scenario(&tally, &scenarios[i]);
    }
    printf("cut points: %lu, in recoveries: %lu, at times: %lu; without agent: %lu, kills: %lu, "
           "single failures: %lu, lasting: %lu\n",
           tally.cuts, tally.double_cuts, tally.timed, tally.unattended, tally.kills,
           tally.failures_of_one, tally.spells);
    if (options.is_long) {
        printf("every point of every scenario\n");
    } else {
        printf("a slice: of a scenario's cut points, kills and failures of each kind at most about "
               "%d, "
               "of its times %d, of recoveries each %dth; --long takes all\n",
               SLICE_POINTS / (int)options.thin + 1, SLICE_TIMES / (int)options.thin + 1,
               9 * (int)options.thin);
    }
    printf("distinct states at the first cut: %zu\n", tally.states->count);
    print_shares("cut once, other than first deployments", &tally.attended);
    print_shares("cut once, first deployments", &tally.firsts);
    print_shares("cut once, no agent since", &tally.alone);
    if (options.scenario == NULL && !are_shares_sound(&tally)) {
        tally.failed++;
    }
    free(tally.states);
    printf("%u passed, %u failed\n", tally.passed, tally.failed);
    return tally.failed == 0 && tally.passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
