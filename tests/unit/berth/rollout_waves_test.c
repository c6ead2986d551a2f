/* rollout_waves: what a person and a program see of waves; a plan beforehand; what is written of
 * single nodes; and who an undo brings back. */
#include "agent/fleet/planner.h"
#include "ports/app/berth/progress.h"
#include "ports/app/berth/rollout_hands.h"
#include "ports/app/berth/rollout_preview.h"
#include "ports/app/berth/rollout_undo.h"
#include "ports/app/berth/rollout_verdict.h"
#include "tests/check.h"

#define NOW INT64_C(1764000000000)

static struct rollout_spec spec;
static struct rollout_control control;
static struct rollout_state state;
static const struct rollout_view view = {&spec, &control, &state};
static char shown[8192];
static struct text text;

static void begin(size_t waves)
{
    spec = (struct rollout_spec){
        .id = "web-1", .app = "web", .version = "2", .created = NOW - 90000, .offline = "later"};
    spec.shape.wave_count = waves;
    control = (struct rollout_control){.want = "run"};
    state = (struct rollout_state){.id = "web-1", .phase = ROLLOUT_RUNNING};
    text_init(&text, shown, sizeof shown);
}

static void case_bars(void)
{
    begin(4);
    state.wave_count = 3;
    state.waves[0] = (struct rollout_wave_state){.members = 1,
                                                 .done = 1,
                                                 .opened_at = NOW - 80000,
                                                 .reached_at = NOW - 70000,
                                                 .soak_until = NOW - 1};
    state.waves[1] =
        (struct rollout_wave_state){.opened_at = NOW, .reached_at = NOW, .soak_until = NOW};
    state.waves[2] = (struct rollout_wave_state){
        .members = 10, .done = 4, .failed = 1, .changing = 2, .opened_at = NOW - 65000};
    state.waits[ROLLOUT_WAIT_GROUP] = (struct rollout_waiting){3, "gw-07"};
    state.waits[ROLLOUT_WAIT_OFFLINE] = (struct rollout_waiting){1, "gw-02"};
    wave_view_bars(&view, NOW, &text);
    CHECK_STR_EQ(
        shown, "wave 1 of 4  ####################  1/1 done\n"
               "wave 2 of 4  --------------------  0/0 done, skipped: no node is in it\n"
               "wave 3 of 4  ########!!>>>>......  4/10 done, 1 failed, 2 changing, open for 1m5s\n"
               "wave 4 of 4 is not open yet\n"
               "waits: group 3 (gw-07), offline 1 (gw-02)\n"
               "running for 1m30s\n");
    begin(0); /* in one piece: as ever */
    wave_view_bars(&view, NOW, &text);
    CHECK_STR_EQ(shown, "");
}

static void line_begin(struct text *lines, wall_ms now, const char *who)
{
    text_printf(lines, "%lld%s ", (long long)(now - NOW), who);
}

static void case_news(void)
{
    struct wave_shown seen = {0};
    begin(2);
    wave_view_news(&seen, &view, line_begin, NOW, &text);
    state.wave_count = 1;
    state.waves[0] = (struct rollout_wave_state){.members = 1, .opened_at = NOW};
    wave_view_news(&seen, &view, line_begin, NOW + 1, &text);
    wave_view_news(&seen, &view, line_begin, NOW + 2, &text);
    state.waves[0].reached_at = NOW + 3;
    state.waves[0].soak_until = NOW + 600003;
    wave_view_news(&seen, &view, line_begin, NOW + 3, &text);
    wave_view_news(&seen, &view, line_begin, NOW + 4, &text);
    state.wave_count = 2;
    state.waves[1] = (struct rollout_wave_state){.members = 9};
    wave_view_news(&seen, &view, line_begin, NOW + 5, &text);
    CHECK_STR_EQ(shown, "1 wave 1 of 2 opens: 1 node\n"
                        "3 wave 1 of 2 is reached, soaks for 10m\n"
                        "5 wave 2 of 2 opens: 9 nodes\n");
}

static void case_line(void)
{
    begin(1);
    state.wave_count = 1;
    state.waves[0] = (struct rollout_wave_state){.members = 2, .done = 1, .opened_at = 5};
    state.waits[ROLLOUT_WAIT_RATE] = (struct rollout_waiting){1, "gw-1"};
    wave_view_line(&view, &text);
    CHECK_STR_EQ(shown,
                 "{\"id\":\"web-1\",\"phase\":\"running\",\"waiting\":\"\",\"updated\":0,"
                 "\"matched\":0,\"count\":{\"pending\":0,\"offline\":0,\"busy\":0,\"changing\":0,"
                 "\"done\":0,\"failed\":0,\"lost\":0,\"regressed\":0,\"overridden\":0,"
                 "\"skipped\":0},\"waves\":[{\"wave\":1,\"nodes\":2,\"done\":1,\"failed\":0,"
                 "\"changing\":0,\"openedAt\":5,\"reachedAt\":0,\"soakUntil\":0}],"
                 "\"waits\":{\"rate\":{\"count\":1,\"node\":\"gw-1\"}}}\n");
}

/* -- a plan ----------------------------------------------------------------------------------- */

static struct roster roster;

static struct digest digest_of(uint8_t byte)
{
    struct digest digest = {0};
    memset(digest.bytes, byte, sizeof digest.bytes);
    return digest;
}

static void node_add(struct preview *preview, const char *name, uint8_t runs, bool is_present,
                     uint64_t floor)
{
    static struct report report;
    const struct presence presence = {.session = "aaaaaaaaaaaaaaaa", .is_online = is_present};
    memset(&report, 0, sizeof report);
    (void)text_copy(report.node, sizeof report.node, name);
    report.app_count = 1;
    struct report_app *app = &report.apps[0];
    (void)text_copy(app->app, sizeof app->app, "web");
    (void)text_copy(app->phase, sizeof app->phase, "rest");
    app->committed.gen = 1;
    app->committed.release = digest_of(runs);
    (void)snprintf(app->committed.version, sizeof app->committed.version, "1.%d", runs);
    app->floor = floor;
    app->is_serving = true;
    roster_report(&roster, &report, NOW);
    roster_presence(&roster, name, &presence);
    preview_take(preview, &report, "web");
}

static void case_plan(void)
{
    struct preview preview = {0};
    struct planner_forecast forecasts[4];
    const struct planner_rollout rollout = {.spec = &spec, .control = &control};
    begin(2);
    spec.release = digest_of(2);
    spec.shape.waves[0] =
        (struct rollout_wave_spec){.size = {.count = 1}, .soak_ms = 600000, .threshold = 95};
    roster_init(&roster);
    node_add(&preview, "gw-1", 1, true, 0);
    node_add(&preview, "gw-2", 2, true, 0);
    node_add(&preview, "gw-3", 1, false, 0);
    node_add(&preview, "gw-4", 3, true, 99);
    struct preview_request request = {.rollout = &rollout,
                                      .roster = &roster,
                                      .forecasts = forecasts,
                                      .payload = span_text("{}"),
                                      .sequence = 7};
    request.wave_count = planner_foresee(&rollout, &roster, NOW, forecasts);
    preview_render(&preview, &request, &text);
    CHECK_STR_EQ(shown,
                 "wave 1 of 2: 2 nodes, then 10m of soak\n"
                 "  gw-2                 1.2  runs it already\n"
                 "  gw-3                 1.1 -> 2  offline now: its order waits for its return\n"
                 "wave 2 of 2: 2 nodes\n"
                 "  gw-1                 1.1 -> 2\n"
                 "  gw-4                 1.3 -> 2  would not: the release is below the node's "
                 "floor: build it with a higher sequence\n"
                 "1 node would not get it or would refuse it\n");
    text_init(&text, shown, sizeof shown);
    request.is_json = true;
    preview_render(&preview, &request, &text);
    CHECK_CONTAINS(shown,
                   "{\"waves\":2,\"nodes\":[\n{\"wave\":2,\"node\":\"gw-1\",\"from\":\"1.1\","
                   "\"condition\":\"pending\",\"refusal\":\"\"},");
    preview_close(&preview);
    roster_close(&roster);
}

/* -- single nodes ----------------------------------------------------------------------------- */

static void case_hands(void)
{
    struct err err = {0};
    begin(0);
    CHECK_INT_EQ(rollout_skip_add(&control, "gw-1", &err), 0);
    CHECK_INT_EQ(rollout_skip_add(&control, "gw-1", &err), 0);
    CHECK_INT_EQ(control.skipped_count, 1);
    for (int i = 1; i < ROLLOUT_SKIPPED_MAX; i++) {
        char name[NODE_NAME_BYTES];
        (void)snprintf(name, sizeof name, "n-%d", i);
        CHECK_INT_EQ(rollout_skip_add(&control, name, &err), 0);
    }
    CHECK_INT_EQ(rollout_skip_add(&control, "one-more", &err), ERR_LIMIT);
    CHECK_STR_EQ(err.text,
                 "32 nodes are skipped already, as many as may be: begin a rollout with a "
                 "selector that leaves them out");
    CHECK_INT_EQ(rollout_retry_add(&control, "gw-1", 5, &err), 0);
    CHECK_INT_EQ(rollout_retry_add(&control, "gw-2", 6, &err), 0);
    CHECK_INT_EQ(rollout_retry_add(&control, "gw-1", 9, &err), 0); /* again, later */
    CHECK_INT_EQ(control.retried_count, 2);
    CHECK_INT_EQ(control.retried[0].before, 9);
    CHECK_INT_EQ(rollout_retry_add(&control, "", 11, &err), 0);
    CHECK_INT_EQ(control.retried_count, 1);
    CHECK_STR_EQ(control.retried[0].node, "");
    for (int i = 1; i < ROLLOUT_RETRIED_MAX; i++) {
        char name[NODE_NAME_BYTES];
        (void)snprintf(name, sizeof name, "n-%d", i);
        CHECK_INT_EQ(rollout_retry_add(&control, name, 12, &err), 0);
    }
    CHECK_INT_EQ(rollout_retry_add(&control, "one-more", 12, &err), ERR_LIMIT);
    CHECK_STR_EQ(err.text, "16 nodes were retried by name, as many as may be: name none to retry "
                           "all");
}

/* -- an undo ---------------------------------------------------------------------------------- */

static void order_add(const char *node, const char *rollout, uint8_t before)
{
    struct order order = {.app = "web",
                          .id = "00000000000000a0",
                          .epoch = 1,
                          .gen = 1,
                          .release = digest_of(2),
                          .before = digest_of(before)};
    (void)text_copy(order.node, sizeof order.node, node);
    (void)text_copy(order.rollout, sizeof order.rollout, rollout);
    roster_order(&roster, &order, true);
}

static void case_undo(void)
{
    static const struct {
        const char *node, *rollout;
        uint8_t runs, before;
        bool is_changed;
        const char *refusal;
    } rows[] = {{"gw-1", "web-1", 2, 1, true, NULL},
                {"gw-2", "web-0", 2, 1, false, NULL},
                {"gw-3", "web-1", 1, 1, false, NULL}, /* it went back by itself */
                {"gw-4", "web-1", 2, 0, true, "nothing is known to have run before"},
                {"gw-5", "web-1", 2, 2, true, "it ran the release before"}};
    struct preview preview = {0};
    struct rollout_spec undo;
    begin(3);
    spec.release = digest_of(2);
    (void)text_copy(spec.selector, sizeof spec.selector, "site=a");
    spec.shape.max_unavailable_percent = 20;
    (void)text_copy(spec.shape.peers, ROLLOUT_LABEL_BYTES, "pair");
    roster_init(&roster);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool is_changed = false;
        node_add(&preview, rows[i].node, rows[i].runs, true, 0);
        order_add(rows[i].node, rows[i].rollout, rows[i].before);
        const char *refusal =
            rollout_undo_refusal(&spec, roster_find(&roster, rows[i].node), &is_changed);
        CHECK(is_changed == rows[i].is_changed);
        CHECK((refusal == NULL) == (rows[i].refusal == NULL));
        if (refusal != NULL && rows[i].refusal != NULL) {
            CHECK_STR_EQ(refusal, rows[i].refusal);
        }
    }
    rollout_undo_spec(&spec, &undo);
    (void)text_copy(undo.id, sizeof undo.id, "web-9");
    CHECK_STR_EQ(undo.shape.undo, "web-1");
    CHECK_STR_EQ(undo.selector, "");
    CHECK_STR_EQ(undo.shape.peers, "pair");
    CHECK_INT_EQ(undo.shape.max_unavailable_percent, 20);
    CHECK_INT_EQ(undo.shape.wave_count, 0);
    const struct planner_rollout rollout = {.spec = &undo, .control = &control};
    size_t meant = 0;
    for (size_t i = 0; i < roster.node_count; i++) {
        meant += planner_is_meant(&rollout, roster_at(&roster, i));
    }
    CHECK_INT_EQ(meant, 1);
    preview_close(&preview);
    roster_close(&roster);
}

/* -- the exit status -------------------------------------------------------------------------- */

static void case_status(void)
{
    begin(2);
    spec.shape.failure.is_given = true;
    state.matched = 3;
    state.phase = ROLLOUT_FINISHED;
    state.count[NODE_DONE] = 2;
    state.count[NODE_OFFLINE] = 1;
    CHECK_INT_EQ(rollout_exit_status(&spec, &control, &state), ROLLOUT_EXIT_OFFLINE);
    state.count[NODE_DONE] = 1;
    state.count[NODE_SKIPPED] = 1;
    CHECK_INT_EQ(rollout_exit_status(&spec, &control, &state), ROLLOUT_EXIT_STOPPED);
    state.phase = ROLLOUT_ROLLED_BACK;
    CHECK_INT_EQ(rollout_exit_status(&spec, &control, &state), ROLLOUT_EXIT_STOPPED);
    state.phase = ROLLOUT_EXPIRED;
    CHECK_INT_EQ(rollout_exit_status(&spec, &control, &state), ROLLOUT_EXIT_ENDED);
    state.phase = ROLLOUT_ROLLING_BACK;
    CHECK_INT_EQ(rollout_exit_status(&spec, &control, &state), -1);
    state.phase = ROLLOUT_PAUSED;
    state.count[NODE_FAILED] = 1;
    CHECK_INT_EQ(rollout_exit_status(&spec, &control, &state), ROLLOUT_EXIT_STOPPED);
    (void)text_copy(control.want, sizeof control.want, "pause"); /* an operator's, beside it */
    CHECK_INT_EQ(rollout_exit_status(&spec, &control, &state), -1);
    state.phase = ROLLOUT_RUNNING; /* one without an end */
    CHECK_INT_EQ(rollout_exit_status(&spec, &control, &state), -1);
    state.waits[ROLLOUT_WAIT_SETTLED].count = 1;
    CHECK_INT_EQ(rollout_exit_status(&spec, &control, &state), ROLLOUT_EXIT_STOPPED);
    state.count[NODE_DONE] = 2;
    CHECK_INT_EQ(rollout_exit_status(&spec, &control, &state), ROLLOUT_EXIT_OFFLINE);
    state.count[NODE_DONE] = 3;
    CHECK_INT_EQ(rollout_exit_status(&spec, &control, &state), 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"bars", case_bars},   {"news", case_news}, {"line", case_line},    {"plan", case_plan},
        {"hands", case_hands}, {"undo", case_undo}, {"status", case_status}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
