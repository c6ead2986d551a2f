/* fleet_explore: many seeds, each a fleet with a rollout and what goes wrong; a breach is printed
 * with the command that plays it again. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/fleet_journey.h"

#define TRACE_BYTES (64u * 1024u * 1024u)

struct options {
    uint64_t from, seeds;
    bool is_trace, is_verbose;
};

static void plan_print(const struct fleet_plan *plan)
{
    printf("seed %llu: %zu nodes, %u at a time, %s, new %x, sick %x, %s, delay %lld, lose %llu, "
           "drop %llu\n",
           (unsigned long long)plan->seed, plan->nodes, plan->max_unavailable,
           release_word(plan->release), plan->is_new, plan->is_sick,
           plan->does_resume ? "resumes" : "stays", (long long)plan->faults.delay_ms_max,
           (unsigned long long)plan->faults.lose_one_in,
           (unsigned long long)plan->faults.drop_one_in);
    for (size_t i = 0; i < plan->event_count; i++) {
        const struct fleet_event *event = &plan->events[i];
        printf("    %7lld ms  %s %zu %lld\n", (long long)event->at_ms,
               fleet_event_word(event->kind), event->who, (long long)event->number);
    }
}

static bool explore_seed(const struct releases *releases, const struct options *options,
                         uint64_t seed)
{
    struct fleet_plan plan;
    struct fleet_result result;
    char *trace = options->is_trace ? malloc(TRACE_BYTES) : NULL;
    fleet_plan_draw(&plan, seed);
    fleet_journey_run(releases, &plan, NULL, trace, TRACE_BYTES, &result);
    if (trace != NULL) {
        fputs(trace, stdout);
        free(trace);
    }
    if (options->is_trace || options->is_verbose) {
        plan_print(&plan);
        printf("    %s, %u done, %u orders, %u outcomes, %u late, %u cuts, %u kills, %lld s\n",
               result.phase, result.done, result.orders, result.outcomes, result.late, result.cuts,
               result.kills, (long long)(result.took_ms / 1000));
    }
    if (result.breaches > 0) {
        printf("BREACH %s\n    fleet_explore --trace --seed %llu\n", result.first,
               (unsigned long long)seed);
    }
    return result.breaches == 0;
}

static bool take_options(struct options *options, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        uint64_t *value = strcmp(argv[i], "--seeds") == 0 ? &options->seeds : &options->from;
        if (strcmp(argv[i], "--trace") == 0) {
            options->is_trace = true;
            continue;
        }
        if (strcmp(argv[i], "--verbose") == 0) {
            options->is_verbose = true;
            continue;
        }
        bool is_known = value == &options->seeds || strcmp(argv[i], "--from") == 0 ||
                        strcmp(argv[i], "--seed") == 0;
        if (!is_known || i + 1 == argc) {
            return false;
        }
        if (strcmp(argv[i], "--seed") == 0) {
            options->seeds = 1;
        }
        *value = strtoull(argv[++i], NULL, 10);
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct releases releases;
    struct options options = {.from = 1, .seeds = 500};
    unsigned passed = 0;
    unsigned failed = 0;
    if (!take_options(&options, argc, argv)) {
        printf("usage: fleet_explore [--seeds N] [--from S] [--verbose]\n"
               "       fleet_explore [--trace] --seed S\n");
        return EXIT_FAILURE;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    releases_make(&releases);
    for (uint64_t i = 0; i < options.seeds; i++) {
        bool is_good = explore_seed(&releases, &options, options.from + i);
        passed += is_good;
        failed += !is_good;
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
