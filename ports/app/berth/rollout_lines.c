/* rollout_lines: compares what is with what was printed last. */
#include "ports/app/berth/rollout_lines.h"

#include <string.h>
#include <time.h>

static void stamp_print(FILE *out)
{
    char text[32];
    time_t now = time(NULL);
    struct tm parts;
    (void)localtime_r(&now, &parts);
    (void)strftime(text, sizeof text, "%H:%M:%S", &parts);
    (void)fprintf(out, "%s  ", text);
}

static void why_print(FILE *out, const struct coordinator *coordinator,
                      const struct roster_node *node, const char *app_name)
{
    const struct roster_app *app = roster_app_find(coordinator_roster(coordinator), node, app_name);
    const struct report_outcome *outcome = app != NULL ? roster_outcome(app, app->order.id) : NULL;
    if (outcome != NULL) {
        (void)fprintf(out, " (%s%s%s)", outcome_word(outcome->kind),
                      outcome->reason[0] != '\0' ? ": " : "", outcome->reason);
    }
}

static void node_step(struct rollout_lines *lines, const struct coordinator *coordinator,
                      const struct rollout_spec *spec, const struct roster_node *node)
{
    enum node_condition condition = coordinator_condition(coordinator, spec->id, node);
    size_t i = 0;
    while (i < lines->count && strcmp(lines->nodes[i].name, node->name) != 0) {
        i++;
    }
    if (i == ROLLOUT_LINES_NODES_MAX) {
        return;
    }
    if (i == lines->count) {
        memcpy(lines->nodes[i].name, node->name, sizeof lines->nodes[i].name);
        lines->count++;
        if (condition == NODE_PENDING) {
            lines->nodes[i].condition = condition;
            return; /* the beginning of all of them */
        }
    } else if (lines->nodes[i].condition == condition) {
        return;
    }
    lines->nodes[i].condition = condition;
    stamp_print(lines->out);
    (void)fprintf(lines->out, "%-24s %s", node->name, node_condition_word(condition));
    if (condition == NODE_FAILED || condition == NODE_DONE) {
        why_print(lines->out, coordinator, node, spec->app);
    }
    (void)fputc('\n', lines->out);
}

static void state_step(struct rollout_lines *lines, const struct rollout_state *state)
{
    char text[sizeof lines->last_state];
    (void)snprintf(text, sizeof text, "%s%s%s", rollout_phase_word(state->phase),
                   state->waiting[0] != '\0' ? ", waiting for " : "", state->waiting);
    if (strcmp(text, lines->last_state) == 0) {
        return;
    }
    (void)snprintf(lines->last_state, sizeof lines->last_state, "%s", text);
    stamp_print(lines->out);
    (void)fprintf(lines->out, "%-24s %s; %u of %u done\n", "rollout", text, state->count[NODE_DONE],
                  state->matched);
}

void rollout_lines_step(struct rollout_lines *lines, const struct coordinator *coordinator,
                        const char *id)
{
    const struct roster *roster = coordinator_roster(coordinator);
    struct rollout_view view;
    struct selector selector;
    if (!coordinator_view(coordinator, id, &view) ||
        selector_parse(view.spec->selector, &selector, NULL) != 0) {
        return;
    }
    for (size_t i = 0; i < roster->node_count; i++) {
        if (roster_matches(&roster->nodes[i], &selector)) {
            node_step(lines, coordinator, view.spec, &roster->nodes[i]);
        }
    }
    state_step(lines, view.state);
    (void)fflush(lines->out);
}
