/* progress: keeps what was seen of each node, and says what is different now. */
#include "ports/app/berth/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ports/app/berth/rollout_verdict.h"

#define WRAP_COLUMNS 76

#define NAME_WIDTH_MIN 4
#define DAY_MS         86400000

/* What deserves a look comes first. */
static const enum node_condition ranked[] = {
    NODE_CHANGING, NODE_REGRESSED, NODE_FAILED,  NODE_LOST,    NODE_OVERRIDDEN,
    NODE_BUSY,     NODE_PENDING,   NODE_OFFLINE, NODE_SKIPPED, NODE_DONE};
_Static_assert(COUNT_OF(ranked) == NODE_CONDITION_COUNT, "every condition has its place");

void progress_close(struct progress *progress)
{
    free(progress->nodes);
    *progress = (struct progress){0};
}

/* Nodes and brokers may write anything; a terminal gets what can be printed. */
static void text_tame(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f) {
            *text = '?';
        }
    }
}

static void time_append(struct text *text, wall_ms at, bool is_day)
{
    char stamp[32];
    time_t seconds = (time_t)(at / 1000);
    struct tm parts;
    (void)localtime_r(&seconds, &parts);
    if (is_day) {
        (void)strftime(stamp, sizeof stamp, "%Y-%m-%d", &parts);
    } else {
        (void)strftime(stamp, sizeof stamp, "%H:%M:%S", &parts);
    }
    text_append(text, stamp);
}

static void line_begin(struct text *lines, wall_ms now, const char *who)
{
    time_append(lines, now, false);
    text_printf(lines, " %s", who);
}

static bool is_waiting_turn(enum node_condition condition)
{
    return condition == NODE_PENDING || condition == NODE_OFFLINE;
}

/* NULL: no memory; the node is then not shown. */
static struct progress_node *node_need(struct progress *progress, const char *name, bool *is_new)
{
    size_t low = 0;
    size_t high = progress->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(progress->nodes[middle].name, name);
        if (order == 0) {
            *is_new = false;
            return &progress->nodes[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    *is_new = true;
    if (progress->count == progress->room) {
        size_t room = progress->room == 0 ? 64 : 2 * progress->room;
        struct progress_node *nodes = realloc(progress->nodes, room * sizeof *nodes);
        if (nodes == NULL) {
            return NULL;
        }
        progress->nodes = nodes;
        progress->room = room;
    }
    struct progress_node *node = &progress->nodes[low];
    memmove(node + 1, node, (progress->count - low) * sizeof *node);
    *node = (struct progress_node){0};
    (void)text_copy(node->name, sizeof node->name, name);
    progress->count++;
    return node;
}

void progress_begin(struct progress *progress)
{
    progress->round++;
}

void progress_node(struct progress *progress, const struct progress_node *seen, wall_ms now,
                   struct text *lines)
{
    bool is_new = false;
    struct progress_node *node = node_need(progress, seen->name, &is_new);
    if (node == NULL) {
        return;
    }
    bool is_first = !progress->is_begun;
    bool is_same = !is_new && node->condition == seen->condition;
    if (seen->since != 0) {
        node->since = seen->since;
    } else if (!is_same) {
        node->since = is_first ? 0 : now;
    }
    node->round = progress->round;
    node->condition = seen->condition;
    (void)snprintf(node->why, sizeof node->why, "%s", seen->why);
    text_tame(node->why);
    if (lines == NULL || is_same || (is_first && is_waiting_turn(seen->condition))) {
        return;
    }
    line_begin(lines, now, node->name);
    text_printf(lines, " %s", node_condition_word(node->condition));
    text_printf(lines, node->why[0] != '\0' ? " (%s)\n" : "\n", node->why);
}

/* The reason alone where the outcome's word is the condition's. */
static void why_take(struct progress_node *seen, const struct report_outcome *outcome)
{
    const char *word = outcome_word(outcome->kind);
    bool is_said = strcmp(word, node_condition_word(seen->condition)) == 0;
    bool has_reason = outcome->reason[0] != '\0';
    (void)snprintf(seen->why, sizeof seen->why, "%s%s%s", is_said ? "" : word,
                   has_reason && !is_said ? ": " : "", outcome->reason);
}

void progress_roster_node(struct progress *progress, const struct roster_node *node,
                          const char *app_name, enum node_condition condition, wall_ms now,
                          struct text *lines)
{
    const struct roster_app *app = roster_app_find(node, app_name);
    const struct report_outcome *outcome =
        app != NULL && app->order.is_there ? roster_outcome(app, app->order.id) : NULL;
    struct progress_node seen = {.condition = condition};
    (void)text_copy(seen.name, sizeof seen.name, node->name);
    if (outcome != NULL && (condition == NODE_FAILED || condition == NODE_OVERRIDDEN)) {
        why_take(&seen, outcome);
    }
    if (app != NULL && condition == NODE_CHANGING) {
        seen.since = app->order.issued;
    }
    progress_node(progress, &seen, now, lines);
}

void progress_phase(const struct rollout_view *view, struct text *text)
{
    const struct rollout_state *state = view->state;
    text_append(text, rollout_phase_word(state->phase));
    if (rollout_is_stopped(view->spec, view->control, state) && state->failed_node[0] != '\0') {
        text_printf(text, ": %s %s", state->failed_node, state->failed_outcome);
        text_printf(text, state->failed_reason[0] != '\0' ? " (%s)" : "", state->failed_reason);
    } else if (state->waiting[0] != '\0') {
        text_printf(text, ", waiting for %s", state->waiting);
    }
}

/* While a node changes, its line says what is waited for. */
static bool is_news(const struct progress *progress, const struct rollout_view *view,
                    const char *phase)
{
    const char *word = rollout_phase_word(view->state->phase);
    bool is_same_phase = strncmp(progress->shown, word, strlen(word)) == 0;
    return strcmp(progress->shown, phase) != 0 &&
           (!is_same_phase || view->state->count[NODE_CHANGING] == 0);
}

/* Nodes that the rollout does not mean any more are forgotten. */
static void unseen_drop(struct progress *progress)
{
    size_t kept = 0;
    for (size_t i = 0; i < progress->count; i++) {
        if (progress->nodes[i].round == progress->round) {
            progress->nodes[kept++] = progress->nodes[i];
        }
    }
    progress->count = kept;
}

static void counts_append(struct text *text, const uint32_t count[NODE_CONDITION_COUNT])
{
    const char *comma = "";
    for (size_t i = 0; i < COUNT_OF(ranked); i++) {
        if (count[ranked[i]] > 0) {
            text_printf(text, "%s%u %s", comma, count[ranked[i]], node_condition_word(ranked[i]));
            comma = ", ";
        }
    }
    text_append(text, comma[0] == '\0' ? "no node" : "");
}

static void nodes_count(const struct progress *progress, uint32_t count[NODE_CONDITION_COUNT])
{
    for (size_t i = 0; i < progress->count; i++) {
        count[progress->nodes[i].condition]++;
    }
}

void progress_end(struct progress *progress, const struct rollout_view *view, wall_ms now,
                  struct text *lines)
{
    char phase[sizeof progress->shown];
    uint32_t count[NODE_CONDITION_COUNT] = {0};
    struct text text;
    unseen_drop(progress);
    nodes_count(progress, count);
    text_init(&text, phase, sizeof phase);
    progress_phase(view, &text);
    text_tame(phase);
    bool is_first = !progress->is_begun;
    progress->is_begun = true;
    if (lines != NULL) {
        wave_view_news(&progress->waves, view, line_begin, now, lines);
    }
    if (lines == NULL || !is_news(progress, view, phase)) {
        return;
    }
    (void)snprintf(progress->shown, sizeof progress->shown, "%s", phase);
    line_begin(lines, now, "rollout ");
    text_append(lines, phase);
    if (is_first || rollout_phase_is_end(view->state->phase)) {
        text_append(lines, "; ");
        counts_append(lines, count);
    }
    text_append(lines, "\n");
}

/* -- the table -------------------------------------------------------------------------------- */

/* Broken between words, so that a terminal of 80 columns shows all of it. */
static void wrapped_append(struct text *text, const char *words)
{
    while (strlen(words) > WRAP_COLUMNS) {
        size_t len = WRAP_COLUMNS;
        while (len > 0 && words[len] != ' ') {
            len--;
        }
        len = len > 0 ? len : WRAP_COLUMNS;
        text_append_span(text, span_of(words, len));
        text_append(text, "\n  ");
        words += words[len] == ' ' ? len + 1 : len;
    }
    text_printf(text, "%s\n", words);
}

static void header_append(const struct progress *progress, const struct rollout_view *view,
                          wall_ms now, struct text *text)
{
    char phase[sizeof progress->shown];
    char version[REPORT_WORD_BYTES];
    uint32_t count[NODE_CONDITION_COUNT] = {0};
    struct text line;
    text_init(&line, phase, sizeof phase);
    progress_phase(view, &line);
    text_tame(phase);
    (void)snprintf(version, sizeof version, "%s", view->spec->version);
    text_tame(version);
    nodes_count(progress, count);
    char *waiting = strstr(phase, ", waiting for ");
    if (waiting != NULL) { /* it is the longest of what is told, and the most wanted */
        *waiting = '\0';
    }
    text_printf(text, "%s  %s%s%s  %s\n", view->spec->id, view->spec->app,
                version[0] != '\0' ? " " : "", version, phase);
    if (waiting != NULL) {
        wrapped_append(text, waiting + 2);
    }
    counts_append(text, count);
    text_append(text, "\n");
    wave_view_bars(view, now, text);
}

static void row_append(const struct progress_node *node, int width, wall_ms now, struct text *text)
{
    text_printf(text, "%-*s  %-10s  ", width, node->name, node_condition_word(node->condition));
    if (node->since == 0) {
        text_append(text, "-");
    } else {
        time_append(text, node->since, now - node->since >= DAY_MS);
    }
    text_printf(text, node->why[0] != '\0' ? "  %s\n" : "\n", node->why);
}

void progress_table(const struct progress *progress, const struct rollout_view *view, wall_ms now,
                    size_t rows, struct text *text)
{
    uint32_t rest[NODE_CONDITION_COUNT] = {0};
    size_t shown = 0;
    int width = NAME_WIDTH_MIN;
    header_append(progress, view, now, text);
    for (size_t i = 0; i < progress->count; i++) {
        int len = (int)strlen(progress->nodes[i].name);
        width = len > width ? len : width;
    }
    if (progress->count > 0) {
        text_printf(text, "%-*s  %-10s  SINCE\n", width, "NODE", "STATE");
    }
    for (size_t rank = 0; rank < COUNT_OF(ranked); rank++) {
        for (size_t i = 0; i < progress->count; i++) {
            const struct progress_node *node = &progress->nodes[i];
            if (node->condition != ranked[rank]) {
                continue;
            }
            if (shown < rows) {
                row_append(node, width, now, text);
                shown++;
            } else {
                rest[node->condition]++;
            }
        }
    }
    if (progress->count > shown) {
        text_append(text, "... and more: ");
        counts_append(text, rest);
        text_append(text, "\n");
    }
}
