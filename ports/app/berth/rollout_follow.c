/* rollout_follow: looks at the whole each time, and writes only when something is different. */
#include "ports/app/berth/rollout_follow.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ports/app/screen/screen.h"

void rollout_follow_close(struct rollout_follow *follow)
{
    progress_close(&follow->progress);
}

void rollout_follow_look(struct rollout_follow *follow, const struct rollout_view *view,
                         const struct rollout_sight *sight, struct text *lines)
{
    struct selector selector;
    if (selector_parse(view->spec->selector, &selector, NULL) != 0) {
        return; /* whoever let it in has said so */
    }
    const struct planner_rollout rollout = {
        .spec = view->spec, .control = view->control, .selector = &selector};
    progress_begin(&follow->progress);
    for (size_t i = 0; i < sight->roster->node_count; i++) {
        const struct roster_node *node = roster_at(sight->roster, i);
        if (planner_is_meant(&rollout, node)) {
            progress_roster_node(&follow->progress, node, view->spec->app,
                                 sight->condition(sight->ctx, view, node), sight->now, lines);
        }
    }
    progress_end(&follow->progress, view, sight->now, lines);
}

static void draw(struct rollout_follow *follow)
{
    struct screen_drawing drawing;
    struct text text;
    if (strcmp(follow->bytes, follow->drawn) == 0) {
        return;
    }
    bool is_first = follow->drawn[0] == '\0';
    memcpy(follow->drawn, follow->bytes, strlen(follow->bytes) + 1);
    text_init(&text, follow->bytes, sizeof follow->bytes);
    screen_begin(&drawing, &text, is_first);
    screen_lines(&drawing, follow->drawn);
    screen_end(&drawing);
}

/* As many nodes as fit, so that the line that counts the others is seen. */
static void table_fit(struct rollout_follow *follow, const struct rollout_view *view, wall_ms now)
{
    size_t rows = screen_rows();
    size_t lines = 0;
    struct text text;
    text_init(&text, follow->bytes, sizeof follow->bytes);
    progress_table(&follow->progress, view, now, PROGRESS_ROWS_MAX, &text);
    for (const char *at = follow->bytes; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    if (lines > rows) {
        size_t over = lines - rows + 1; /* the line that counts may be one more */
        text_init(&text, follow->bytes, sizeof follow->bytes);
        progress_table(&follow->progress, view, now,
                       over < PROGRESS_ROWS_MAX ? PROGRESS_ROWS_MAX - over : 1, &text);
    }
}

void rollout_follow_show(struct rollout_follow *follow, const struct rollout_view *view,
                         const struct rollout_sight *sight)
{
    struct text text;
    text_init(&text, follow->bytes, sizeof follow->bytes);
    if (isatty(STDOUT_FILENO)) {
        rollout_follow_look(follow, view, sight, NULL);
        table_fit(follow, view, sight->now);
        draw(follow);
    } else {
        rollout_follow_look(follow, view, sight, &text);
        (void)fwrite(text.data, 1, text.len, stdout);
        (void)fflush(stdout);
    }
}
