/* replay_test: one seed gives one trace, byte for byte; and the traces of every scenario, and of a
 * few journeys with faults, are as they are written down. `replay_test --write DIR` writes them
 * anew. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/check.h"
#include "tests/sim/journey.h"

#define TRACE_BYTES (1u << 20)

struct golden {
    const char *file, *scenario;
    uint64_t seed;
    struct sim_fault first, second;
};

/* With faults; each scenario without one has the file of its own name. */
static const struct golden struck[] = {
    {"swap-torn-verdict.txt",
     "swap",
     1,
     {.countdown = 18, .repeat = 1, .fate = SIM_FATE_CUT_WITHIN},
     {0}},
    {"first-start-cut-twice.txt",
     "first-start",
     1,
     {.countdown = 12, .repeat = 1, .fate = SIM_FATE_CUT_AFTER},
     {.countdown = 9, .repeat = 1, .fate = SIM_FATE_CUT_BEFORE}},
};

static const struct golden repeated[] = {
    {NULL, "swap", 0, {0}, {0}},
    {NULL, "swap-crashing", 0, {0}, {0}},
    {NULL, "rollback-warm", 0, {0}, {0}},
    {NULL, "swap", 0, {.countdown = 18, .repeat = 1, .fate = SIM_FATE_CUT_WITHIN}, {0}},
};

static struct releases releases;
static char traces[2][TRACE_BYTES];

static const struct scenario *find_scenario(const char *word)
{
    for (size_t i = 0; i < scenario_count; i++) {
        if (strcmp(scenarios[i].word, word) == 0) {
            return &scenarios[i];
        }
    }
    return NULL;
}

static void travel(const struct golden *golden, uint64_t seed, char *trace)
{
    struct journey_result result;
    struct journey_plan plan = {
        .scenario = find_scenario(golden->scenario),
        .seed = seed,
        .first = golden->first,
        .second = golden->second,
        .trace = trace,
        .trace_cap = TRACE_BYTES,
    };
    CHECK(plan.scenario != NULL);
    if (plan.scenario != NULL) {
        journey_run(&releases, &plan, &result);
    }
}

static void same_seed_same_trace(void)
{
    for (size_t i = 0; i < COUNT_OF(repeated); i++) {
        for (uint64_t seed = 1; seed <= 5; seed++) {
            travel(&repeated[i], seed, traces[0]);
            travel(&repeated[i], seed, traces[1]);
            CHECK(traces[0][0] != '\0');
            CHECK(strcmp(traces[0], traces[1]) == 0);
        }
    }
}

static void other_seed_other_trace(void)
{
    travel(&repeated[0], 1, traces[0]);
    travel(&repeated[0], 2, traces[1]);
    CHECK(strcmp(traces[0], traces[1]) != 0);
}

/* Turns two gateways by turns for a while, each with its own seed and node name. */
static void live_together(struct gateway *gateways[2], const char *const nodes[2], int count)
{
    static const enum release_name uses[] = {RELEASE_V1};
    for (int i = 0; i < count; i++) {
        gateways[i] = calloc(1, sizeof *gateways[i]);
        if (gateways[i] == NULL) {
            abort();
        }
        gateway_open(gateways[i], (uint64_t)i + 1, &releases, uses, COUNT_OF(uses), nodes[i],
                     traces[i], TRACE_BYTES);
        gateway_run(gateways[i], 1000);
        CHECK_INT_EQ(gateway_activate(gateways[i], RELEASE_V1), 0);
    }
    for (mono_ms until = 1000; until < 15000; until++) {
        for (int i = 0; i < count; i++) {
            while (gateways[i]->machine.world.now < until) {
                gateway_turn(gateways[i], until);
            }
        }
    }
    for (int i = 0; i < count; i++) {
        CHECK_INT_EQ(gateways[i]->machine.checker.breaches, 0);
        CHECK_INT_EQ(gateways[i]->machine.checker.committed, 0);
        gateway_close(gateways[i]);
        free(gateways[i]);
    }
}

static void two_agents_in_one_process(void)
{
    static const char *const nodes[] = {"gw1", "gw2"};
    static char alone[TRACE_BYTES];
    struct gateway *gateways[2];
    live_together(gateways, nodes, 1);
    memcpy(alone, traces[0], sizeof alone);
    live_together(gateways, nodes, 2);
    CHECK(strcmp(alone, traces[0]) == 0);
    CHECK_CONTAINS(traces[1], "verdict on generation 1: good");
}

static size_t read_file(const char *name, char *text, size_t cap)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", SIM_TRACES, name);
    FILE *file = fopen(path, "r");
    size_t len = file != NULL ? fread(text, 1, cap - 1, file) : 0;
    text[len] = '\0';
    if (file != NULL) {
        (void)fclose(file);
    }
    return len;
}

/* The number of the first line in which two texts differ. */
static int first_difference(const char *a, const char *b)
{
    int line = 1;
    for (; *a != '\0' && *a == *b; a++, b++) {
        line += *a == '\n' ? 1 : 0;
    }
    return *a == *b ? 0 : line;
}

/* The trace of number `i`: those with faults first, then the scenarios. Returns false behind the
 * last. */
static bool written(size_t i, char name[64], char *trace)
{
    struct golden golden = {.seed = 1};
    if (i < COUNT_OF(struck)) {
        golden = struck[i];
        (void)snprintf(name, 64, "%s", golden.file);
    } else if (i - COUNT_OF(struck) < scenario_count) {
        golden.scenario = scenarios[i - COUNT_OF(struck)].word;
        (void)snprintf(name, 64, "%s.txt", golden.scenario);
    } else {
        return false;
    }
    travel(&golden, golden.seed, trace);
    return true;
}

static void traces_are_as_written(void)
{
    char name[64];
    for (size_t i = 0; written(i, name, traces[0]); i++) {
        (void)read_file(name, traces[1], TRACE_BYTES);
        int line = first_difference(traces[0], traces[1]);
        if (line != 0) {
            printf("    %s differs from line %d on\n", name, line);
        }
        CHECK_INT_EQ(line, 0);
    }
}

static int write_all(const char *folder)
{
    char name[64];
    for (size_t i = 0; written(i, name, traces[0]); i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        FILE *file = fopen(path, "w");
        if (file == NULL || fputs(traces[0], file) < 0 || fclose(file) != 0) {
            printf("cannot write %s\n", path);
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"same seed, same trace", same_seed_same_trace},
        {"other seed, other trace", other_seed_other_trace},
        {"two agents in one process", two_agents_in_one_process},
        {"traces are as written", traces_are_as_written},
    };
    releases_make(&releases);
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        return write_all(argv[2]);
    }
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
