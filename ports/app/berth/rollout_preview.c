/* rollout_preview: the forecast with its nodes' versions, wave by wave, and then those left out. */
#include "ports/app/berth/rollout_preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fleet/waves.h"
#include "agent/wire/duration.h"

void preview_close(struct preview *preview)
{
    free(preview->facts);
    *preview = (struct preview){0};
}

void preview_take(struct preview *preview, const struct report *report, const char *app)
{
    if (preview->count == preview->room) {
        size_t room = preview->room == 0 ? 64 : 2 * preview->room;
        struct preview_fact *facts = realloc(preview->facts, room * sizeof *facts);
        preview->is_short |= facts == NULL;
        if (facts == NULL) {
            return;
        }
        preview->facts = facts;
        preview->room = room;
    }
    struct preview_fact *fact = &preview->facts[preview->count++];
    *fact = (struct preview_fact){0};
    memcpy(fact->node, report->node, sizeof fact->node);
    memcpy(fact->arch, report->arch, sizeof fact->arch);
    for (size_t i = 0; i < report->app_count; i++) {
        if (strcmp(report->apps[i].app, app) == 0) {
            memcpy(fact->version, report->apps[i].committed.version, sizeof fact->version);
            fact->floor = report->apps[i].floor;
        }
    }
}

static const struct preview_fact *fact_find(const struct preview *preview, const char *node)
{
    static const struct preview_fact none;
    for (size_t i = preview->count; i > 0; i--) { /* the newest counts */
        if (strcmp(preview->facts[i - 1].node, node) == 0) {
            return &preview->facts[i - 1];
        }
    }
    return &none;
}

static bool is_wrong_arch(const struct preview_request *request, const struct preview_fact *fact)
{
    static struct plan plan;
    const struct release_node node = {.name = fact->node, .arch = fact->arch};
    struct err err = {0};
    return request->payload.len > 0 && fact->arch[0] != '\0' &&
           release_compile(request->payload, &node, &plan, &err) == ERR_ARCHITECTURE;
}

const char *preview_refusal(const struct preview *preview, const struct preview_request *request,
                            size_t index)
{
    const struct planner_forecast *forecast = &request->forecasts[index];
    const struct preview_fact *fact = fact_find(preview, roster_at(request->roster, index)->name);
    switch (forecast->condition) {
    case NODE_OVERRIDDEN:
        return "someone at the node wants something else: only with --force";
    case NODE_SKIPPED:
        return "skipped";
    case NODE_DONE:
    case NODE_CHANGING:
        return NULL;
    case NODE_PENDING:
    case NODE_OFFLINE:
    case NODE_BUSY:
    case NODE_FAILED:
    case NODE_LOST:
    case NODE_REGRESSED:
    case NODE_CONDITION_COUNT:
        break;
    }
    if (!forecast->has_group) {
        return "it has no label to be grouped by: node label, or budget.missing: alone";
    }
    if (fact->floor > request->sequence && request->payload.len > 0) {
        return "the release is below the node's floor: build it with a higher sequence";
    }
    return is_wrong_arch(request, fact) ? "the release has no image for its architecture" : NULL;
}

/* -- people's -----------------------------------------------------------------------------------
 */

static void from_append(const struct preview_fact *fact, const struct roster_app *app,
                        struct text *text)
{
    char hex[DIGEST_HEX_BYTES];
    if (fact->version[0] != '\0') {
        text_append(text, fact->version);
    } else if (app != NULL && !digest_is_none(&app->committed)) {
        digest_render(&app->committed, hex);
        text_printf(text, "%.12s", hex);
    } else {
        text_append(text, "nothing");
    }
}

static void node_append(const struct preview *preview, const struct preview_request *request,
                        size_t index, struct text *text)
{
    const struct roster_node *node = roster_at(request->roster, index);
    const struct rollout_spec *spec = request->rollout->spec;
    const struct planner_forecast *forecast = &request->forecasts[index];
    const struct roster_app *app = roster_app_find(node, spec->app);
    const char *refusal = preview_refusal(preview, request, index);
    char hex[DIGEST_HEX_BYTES];
    text_printf(text, "  %-20s ", node->name);
    from_append(fact_find(preview, node->name), app, text);
    if (forecast->condition == NODE_DONE) {
        text_append(text, "  runs it already\n");
        return;
    }
    if (spec->shape.undo[0] != '\0' && app != NULL) {
        digest_render(&app->order.before, hex);
        text_printf(text, " -> %.12s", hex);
    } else {
        text_printf(text, " -> %s", spec->version);
    }
    if (refusal != NULL) {
        text_printf(text, "  would not: %s", refusal);
    } else if (forecast->condition != NODE_PENDING) {
        text_printf(text, "  %s now%s", node_condition_word(forecast->condition),
                    forecast->condition == NODE_OFFLINE && strcmp(spec->offline, "later") == 0
                        ? ": its order waits for its return"
                        : "");
    }
    text_append(text, "\n");
}

static size_t wave_size(const struct preview_request *request, size_t wave)
{
    size_t count = 0;
    for (size_t i = 0; i < request->roster->node_count; i++) {
        count += request->forecasts[i].condition != NODE_CONDITION_COUNT &&
                 request->forecasts[i].wave == wave;
    }
    return count;
}

static void wave_append(const struct preview *preview, const struct preview_request *request,
                        size_t wave, struct text *text)
{
    const struct rollout_spec *spec = request->rollout->spec;
    uint64_t soak = waves_soak(spec, wave);
    size_t size = wave_size(request, wave);
    char duration[32];
    if (rollout_shape_is_staged(&spec->shape)) {
        text_printf(text, "wave %zu of %zu: %zu node%s", wave + 1, request->wave_count, size,
                    size == 1 ? "" : "s");
        duration_render((int64_t)soak, duration, sizeof duration);
        text_printf(text, soak > 0 ? ", then %s of soak\n" : "\n", duration);
    }
    for (size_t i = 0; i < request->roster->node_count; i++) {
        if (request->forecasts[i].condition != NODE_CONDITION_COUNT &&
            request->forecasts[i].wave == wave) {
            node_append(preview, request, i, text);
        }
    }
}

static void people_render(const struct preview *preview, const struct preview_request *request,
                          struct text *text)
{
    size_t refused = 0;
    for (size_t i = 0; i < request->wave_count; i++) {
        wave_append(preview, request, i, text);
    }
    for (size_t i = 0; i < request->roster->node_count; i++) {
        refused += request->forecasts[i].condition != NODE_CONDITION_COUNT &&
                   preview_refusal(preview, request, i) != NULL;
    }
    if (refused > 0) {
        text_printf(text, "%zu node%s would not get it or would refuse it\n", refused,
                    refused == 1 ? "" : "s");
    }
}

/* -- programs' ----------------------------------------------------------------------------------
 */

static void member_append(struct text *text, const char *key, const char *value)
{
    text_printf(text, ",\"%s\":", key);
    text_append_json(text, value);
}

static void json_render(const struct preview *preview, const struct preview_request *request,
                        struct text *text)
{
    const char *comma = "";
    text_printf(text, "{\"waves\":%zu,\"nodes\":[", request->wave_count);
    for (size_t i = 0; i < request->roster->node_count; i++) {
        const struct planner_forecast *forecast = &request->forecasts[i];
        const struct roster_node *node = roster_at(request->roster, i);
        const char *refusal = preview_refusal(preview, request, i);
        if (forecast->condition == NODE_CONDITION_COUNT) {
            continue;
        }
        text_printf(text, "%s\n{\"wave\":%zu", comma, forecast->wave + 1);
        member_append(text, "node", node->name);
        member_append(text, "from", fact_find(preview, node->name)->version);
        member_append(text, "condition", node_condition_word(forecast->condition));
        member_append(text, "refusal", refusal != NULL ? refusal : "");
        text_append(text, "}");
        comma = ",";
    }
    text_append(text, "\n]}\n");
}

void preview_render(const struct preview *preview, const struct preview_request *request,
                    struct text *text)
{
    if (request->is_json) {
        json_render(preview, request, text);
    } else {
        people_render(preview, request, text);
    }
}
