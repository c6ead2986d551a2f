/* rollout: names and exit statuses, and a rollout told as lines and as a table. */
#include <stdlib.h>
#include <time.h>

#include "ports/app/berth/progress.h"
#include "ports/app/berth/rollout_verdict.h"
#include "tests/check.h"

#define NOON INT64_C(1735732800000) /* 2025-01-01 12:00:00 UTC */

static struct rollout_spec spec = {
    .id = "shop-1", .app = "shop", .version = "1.2", .offline = "later"};
static struct rollout_control control = {.want = "run"};
static struct rollout_state state;
static const struct rollout_view view = {&spec, &control, &state};

static void case_id(void)
{
    char id[NAME_BYTES];
    rollout_id_make("shop", NOON, 0xa1, id);
    CHECK_STR_EQ(id, "shop-20250101120000-00a1");
    rollout_id_make("a-very-long-application-name-32c", NOON, 0xffff, id);
    CHECK_STR_EQ(id, "a-very-long-20250101120000-ffff");
    rollout_id_make("abcdefghijklmnopqrstuvwxyz012345", NOON, 0xffff, id);
    CHECK_STR_EQ(id, "abcdefghijkl-20250101120000-ffff");
    CHECK(text_is_name(id, NAME_BYTES - 1));
}

/* {phase, wanted offline, failed, lost, offline, changing, accepted} -> status */
static void case_status(void)
{
    static const struct {
        enum rollout_phase phase;
        const char *offline;
        uint32_t failed, lost, away, changing, accepted;
        int status;
    } rows[] = {
        {ROLLOUT_RUNNING, "later", 0, 0, 0, 1, 0, -1},
        {ROLLOUT_SUCCEEDED, "later", 0, 0, 0, 0, 0, 0},
        {ROLLOUT_FINISHED, "later", 1, 0, 0, 0, 1, 3},
        {ROLLOUT_ABORTED, "later", 1, 0, 0, 0, 0, 4},
        {ROLLOUT_SUPERSEDED, "later", 0, 0, 0, 0, 0, 4},
        {ROLLOUT_ABORTING, "later", 1, 0, 0, 0, 0, -1},
        {ROLLOUT_PAUSED, "later", 0, 0, 2, 0, 0, -1}, /* by somebody */
        {ROLLOUT_PAUSED, "later", 1, 0, 0, 0, 0, 3},
        {ROLLOUT_PAUSED, "later", 0, 1, 0, 0, 0, 3},
        {ROLLOUT_PAUSED, "later", 1, 0, 0, 1, 0, -1}, /* another is still on its way */
        {ROLLOUT_PAUSED, "later", 1, 0, 0, 0, 1, -1}, /* accepted: by somebody, or old */
        {ROLLOUT_PAUSED, "fail", 0, 0, 1, 0, 0, 3},
        {ROLLOUT_PAUSED, "fail", 1, 0, 1, 0, 2, -1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rollout_spec asked = {0};
        struct rollout_control said = {.want = "run", .accepted = rows[i].accepted};
        struct rollout_state is = {.phase = rows[i].phase};
        (void)text_copy(asked.offline, sizeof asked.offline, rows[i].offline);
        is.count[NODE_FAILED] = rows[i].failed;
        is.count[NODE_LOST] = rows[i].lost;
        is.count[NODE_OFFLINE] = rows[i].away;
        is.count[NODE_CHANGING] = rows[i].changing;
        CHECK_INT_EQ(rollout_exit_status(&asked, &said, &is), rows[i].status);
    }
}

/* One look: the nodes gw-1, gw-2, ... in these conditions. */
static const char *look(struct progress *progress, const enum node_condition *conditions,
                        size_t count, const char *why, int second)
{
    static char lines[4096];
    struct text text;
    wall_ms now = NOON + (wall_ms)second * 1000;
    text_init(&text, lines, sizeof lines);
    memset(state.count, 0, sizeof state.count);
    progress_begin(progress);
    for (size_t i = 0; i < count; i++) {
        struct progress_node seen = {.condition = conditions[i]};
        (void)snprintf(seen.name, sizeof seen.name, "gw-%zu", i + 1);
        if (conditions[i] == NODE_FAILED) {
            (void)text_copy(seen.why, sizeof seen.why, why);
        }
        state.count[conditions[i]]++;
        progress_node(progress, &seen, now, &text);
    }
    progress_end(progress, &view, now, &text);
    return lines;
}

static void case_lines(void)
{
    struct progress progress = {0};
    const enum node_condition first[] = {NODE_DONE, NODE_PENDING, NODE_OFFLINE};
    const enum node_condition second[] = {NODE_DONE, NODE_CHANGING, NODE_OFFLINE};
    const enum node_condition third[] = {NODE_DONE, NODE_FAILED, NODE_OFFLINE};
    state = (struct rollout_state){.phase = ROLLOUT_RUNNING};
    CHECK_STR_EQ(look(&progress, first, 3, "", 0),
                 "12:00:00 gw-1 done\n"
                 "12:00:00 rollout running; 1 pending, 1 offline, 1 done\n");
    (void)text_copy(state.waiting, sizeof state.waiting, "gw-2 to be proven");
    CHECK_STR_EQ(look(&progress, second, 3, "", 1), "12:00:01 gw-2 changing\n");
    CHECK_STR_EQ(look(&progress, second, 3, "", 2), "");
    state.phase = ROLLOUT_PAUSED;
    (void)text_copy(state.failed_node, sizeof state.failed_node, "gw-2");
    (void)text_copy(state.failed_outcome, sizeof state.failed_outcome, "failed");
    (void)text_copy(state.failed_reason, sizeof state.failed_reason, "never-ready");
    CHECK_STR_EQ(look(&progress, third, 3, "never\033ready", 9),
                 "12:00:09 gw-2 failed (never?ready)\n"
                 "12:00:09 rollout paused: gw-2 failed (never-ready)\n");
    state.phase = ROLLOUT_ABORTED;
    state.waiting[0] = '\0';
    CHECK_STR_EQ(look(&progress, third, 2, "x", 10),
                 "12:00:10 rollout aborted; 1 failed, 1 done\n");
    progress_close(&progress);
}

/* An operator's pause and a wait with nothing under way are told; each wait once. */
static void case_waits(void)
{
    struct progress progress = {0};
    const enum node_condition away[] = {NODE_OFFLINE};
    state = (struct rollout_state){.phase = ROLLOUT_RUNNING, .waiting = "1 offline node"};
    (void)look(&progress, away, 1, "", 0);
    CHECK_STR_EQ(look(&progress, away, 1, "", 1), "");
    state.phase = ROLLOUT_PAUSED;
    (void)text_copy(state.waiting, sizeof state.waiting, "someone to resume it");
    CHECK_STR_EQ(look(&progress, away, 1, "", 2),
                 "12:00:02 rollout paused, waiting for someone to resume it\n");
    (void)text_copy(state.waiting, sizeof state.waiting, "x\ny");
    CHECK_STR_EQ(look(&progress, away, 1, "", 3), "12:00:03 rollout paused, waiting for x?y\n");
    progress_close(&progress);
}

static void case_table(void)
{
    struct progress progress = {0};
    char table[4096];
    struct text text;
    const enum node_condition first[] = {NODE_PENDING, NODE_DONE, NODE_PENDING, NODE_PENDING,
                                         NODE_OFFLINE};
    const enum node_condition second[] = {NODE_FAILED, NODE_DONE, NODE_CHANGING, NODE_PENDING,
                                          NODE_OFFLINE};
    state = (struct rollout_state){.phase = ROLLOUT_RUNNING, .waiting = "gw-3 to be proven"};
    (void)look(&progress, first, 5, "", 0);
    (void)look(&progress, second, 5, "never-ready", 7);
    text_init(&text, table, sizeof table);
    progress_table(&progress, &view, NOON + 8000, 3, &text);
    CHECK_STR_EQ(table, "shop-1  shop 1.2  running\n"
                        "waiting for gw-3 to be proven\n"
                        "1 changing, 1 failed, 1 pending, 1 offline, 1 done\n"
                        "NODE  STATE       SINCE\n"
                        "gw-3  changing    12:00:07\n"
                        "gw-1  failed      12:00:07  never-ready\n"
                        "gw-4  pending     -\n"
                        "... and more: 1 offline, 1 done\n");
    progress_close(&progress);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"id", case_id},
                                              {"status", case_status},
                                              {"lines", case_lines},
                                              {"waits", case_waits},
                                              {"table", case_table}};
    (void)setenv("TZ", "UTC", 1);
    tzset();
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
