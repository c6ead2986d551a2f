/* scale_roster: what a node costs the coordinator: bytes, and microseconds for each thing it says;
 * and what a plan costs from what is kept, and as a look at every node. Judges nothing. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/fleet/planner.h"

#define LABELS  8
#define APPS    4
#define REPORTS 100000
#define PLANS   1000
#define NOW     INT64_C(1764000000000)

static struct report report;
static struct roster roster;

static double seconds(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static struct digest digest_of(int byte)
{
    struct digest digest;
    memset(digest.bytes, byte, sizeof digest.bytes);
    return digest;
}

static void report_make(size_t node)
{
    memset(&report, 0, sizeof report);
    (void)snprintf(report.node, sizeof report.node, "gw-%07zu", node);
    report.label_count = LABELS;
    for (size_t i = 0; i < LABELS; i++) {
        (void)snprintf(report.label_names[i], 64, "label-%zu", i);
        (void)snprintf(report.label_values[i], 64, "value-%zu", i == 0 ? node % 1000 : node % 11);
    }
    report.app_count = APPS;
    for (size_t i = 0; i < APPS; i++) {
        struct report_app *app = &report.apps[i];
        (void)snprintf(app->app, sizeof app->app, "app-%zu", i);
        (void)text_copy(app->phase, sizeof app->phase, "rest");
        (void)text_copy(app->wanted_by, sizeof app->wanted_by, "order");
        app->committed = (struct report_generation){.gen = 1, .release = digest_of(1)};
        app->order_epoch = 1763000000;
        app->order_gen = 3;
        (void)snprintf(app->order_id, ORDER_ID_BYTES, "%016zx", node * 64 + i + 1);
        app->is_serving = true;
        app->outcome_count = 1;
        app->outcomes[0].kind = OUTCOME_SUCCEEDED;
        memcpy(app->outcomes[0].id, app->order_id, sizeof app->order_id);
    }
}

static void order_put(size_t app)
{
    struct order order = {.epoch = 1763000000,
                          .gen = 3,
                          .release = digest_of(1),
                          .before = digest_of(3),
                          .issued = NOW - 86400000,
                          .start_by = NOW - 85500000,
                          .rollout = "app-20251110-120000"};
    memcpy(order.node, report.node, sizeof order.node);
    memcpy(order.app, report.apps[app].app, sizeof order.app);
    memcpy(order.id, report.apps[app].order_id, sizeof order.id);
    if (!roster_order(&roster, &order, true)) {
        abort();
    }
}

static void fleet_make(size_t nodes)
{
    struct presence presence = {.session = "0123456789abcdef", .is_online = true};
    size_t step = 7919 % nodes == 0 ? 1 : 7919;
    roster_init(&roster);
    for (size_t i = 0; i < nodes; i++) {
        report_make(i * step % nodes);
        roster_presence(&roster, report.node, &presence);
        for (size_t app = 0; app < APPS; app++) {
            order_put(app);
        }
        roster_report(&roster, &report, NOW);
    }
}

static struct rollout_spec spec = {
    .id = "app-20251124-160000",
    .app = "app-0",
    .created = NOW,
    .max_unavailable = 1000,
    .start_by_ms = ROLLOUT_START_BY_MS_DEFAULT,
    .lost_after_ms = ROLLOUT_LOST_AFTER_MS_DEFAULT,
    .offline = "later",
    .shape = {.group_count = 1,
              .group_max = 4,
              .group_by = {"label-0"},
              .group_missing = "alone",
              .wave_count = 2,
              .waves = {{.size = {.percent = 5}, .threshold = 95}, {.size = {.percent = 100}}}}};
static const struct rollout_control control = {.want = "run"};
static struct selector selector;
static struct planner_result result;
static struct rollout_state memory;

/* What one node says changes something each time: an app stops serving, or serves again. */
static double reports_time(struct planner_tally *tally, const struct planner_rollout *rollout,
                           size_t nodes, double *plain)
{
    double spent = 0;
    double of_plan = 0;
    for (size_t i = 0; i < REPORTS; i += 16) {
        for (size_t k = 0; k < 16; k++) {
            report_make((i + k) * 104729 % nodes);
            report.apps[1].is_serving = i / nodes % 2 == 1;
            double from = seconds();
            roster_report(&roster, &report, NOW);
            spent += seconds() - from;
        }
        double from = seconds();
        planner_tally_take(tally, rollout, &roster, NOW);
        roster_changes_clear(&roster);
        of_plan += seconds() - from;
    }
    *plain = spent / REPORTS * 1e6;
    return (spent + of_plan) / REPORTS * 1e6;
}

static double render_and_parse_time(void)
{
    static char data[REPORT_BYTES_MAX];
    struct text text;
    text_init(&text, data, sizeof data);
    report_make(1);
    (void)text_copy(report.fleet, sizeof report.fleet, "bench");
    report_render(&report, &text);
    double from = seconds();
    for (int i = 0; i < 2000; i++) {
        if (report_parse(span_of(text.data, text.len), &report, NULL) != 0) {
            abort();
        }
    }
    return (seconds() - from) / 2000 * 1e6;
}

static void line_print(size_t nodes)
{
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    fleet_make(nodes);
    (void)roster_at(&roster, 0);
    size_t bytes = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    size_t names = nodes * 32; /* what malloc takes for a name of ten characters */
    struct planner_tally *tally = planner_tally_new();
    const struct planner_rollout rollout = {
        .spec = &spec, .control = &control, .selector = &selector, .memory = &memory};
    memset(&memory, 0, sizeof memory);
    double from = seconds();
    planner_tally_step(tally, &rollout, &roster, NOW, &result);
    double first = seconds() - from;
    memory = result.state;
    roster_changes_clear(&roster);
    size_t kept = mallinfo2().uordblks + mallinfo2().hblkhd - before - bytes;
    planner_tally_step(tally, &rollout, &roster, NOW, &result);
    from = seconds();
    for (int i = 0; i < PLANS; i++) {
        planner_tally_step(tally, &rollout, &roster, NOW, &result);
    }
    double plan = (seconds() - from) / PLANS;
    from = seconds();
    planner_step(&rollout, &roster, planner_changing(&roster, NOW), NOW, &result);
    double counted = seconds() - from;
    double plain;
    double judged = reports_time(tally, &rollout, nodes, &plain);
    printf("%9zu  %6zu  %6zu  %6.2f  %6.2f  %8.1f  %9.1f  %9.1f\n", nodes, (bytes - names) / nodes,
           kept / nodes, plain, judged, plan * 1e6, counted * 1e3, first * 1e3);
    (void)fflush(stdout);
    planner_tally_free(tally);
    roster_close(&roster);
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {1000, 10000, 100000, 1000000};
    size_t most = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    spec.release = digest_of(2);
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 30); /* everything is counted in one place */
    if (selector_parse("", &selector, NULL) != 0) {
        return EXIT_FAILURE;
    }
    printf("a report of %d apps and %d labels is parsed in %.1f us\n\n", APPS, LABELS,
           render_and_parse_time());
    printf("           bytes a node   us a report     us a plan  ms a plan that looks at all\n");
    printf("    nodes  roster   kept  roster   +plan      (kept)     (again)   (and keeps)\n");
    for (size_t i = 0; i < COUNT_OF(sizes) && sizes[i] <= most; i++) {
        line_print(sizes[i]);
    }
    return EXIT_SUCCESS;
}
