/* wave_view: bars of twenty characters, sentences, and JSON. */
#include "ports/app/berth/wave_view.h"

#include "agent/fleet/waves.h"
#include "agent/wire/duration.h"

#define BAR_CELLS 20

static void duration_append(struct text *text, int64_t ms)
{
    char duration[32];
    duration_render(ms > 0 ? ms / 1000 * 1000 : 0, duration, sizeof duration);
    text_append(text, duration);
}

/* "wave 2 of 4" */
static void name_append(const struct rollout_view *view, size_t wave, struct text *text)
{
    size_t count = waves_count(view->spec);
    text_printf(text, "wave %zu", wave + 1);
    text_printf(text, count != SIZE_MAX ? " of %zu" : "", count);
}

/* '#' done, '!' failed, '>' changing, '.' not yet. */
static void bar_append(const struct rollout_wave_state *wave, struct text *text)
{
    const struct {
        char sign;
        uint32_t until;
    } parts[] = {{'#', wave->done},
                 {'!', wave->done + wave->failed},
                 {'>', wave->done + wave->failed + wave->changing},
                 {'.', wave->members}};
    for (uint32_t cell = 0; cell < BAR_CELLS; cell++) {
        size_t part = 0;
        /* A cell shows what its middle is. */
        while (part + 1 < COUNT_OF(parts) && (uint64_t)parts[part].until * 2 * BAR_CELLS <=
                                                 (uint64_t)wave->members * (2 * cell + 1)) {
            part++;
        }
        text_printf(text, "%c", wave->members == 0 ? '-' : parts[part].sign);
    }
}

static void bar_line(const struct rollout_view *view, size_t index, wall_ms now, struct text *text)
{
    const struct rollout_wave_state *wave = &view->state->waves[index];
    name_append(view, view->state->wave_first + index, text);
    text_append(text, "  ");
    bar_append(wave, text);
    text_printf(text, "  %u/%u done", wave->done, wave->members);
    text_printf(text, wave->failed > 0 ? ", %u failed" : "", wave->failed);
    text_printf(text, wave->changing > 0 ? ", %u changing" : "", wave->changing);
    if (wave->members == 0) {
        text_append(text, ", skipped: no node is in it");
    } else if (wave->reached_at == 0) {
        text_append(text, ", open for ");
        duration_append(text, now - wave->opened_at);
    } else if (now < wave->soak_until) {
        text_append(text, ", soaks for another ");
        duration_append(text, wave->soak_until - now);
    }
    text_append(text, "\n");
}

static void waits_line(const struct rollout_state *state, struct text *text)
{
    const char *before = "waits: ";
    for (enum rollout_wait i = 0; i < ROLLOUT_WAIT_COUNT; i++) {
        const struct rollout_waiting *waiting = &state->waits[i];
        if (waiting->count > 0) {
            text_printf(text, "%s%s %u", before, rollout_wait_word(i), waiting->count);
            text_printf(text, waiting->node[0] != '\0' ? " (%s)" : "", waiting->node);
            before = ", ";
        }
    }
    text_append(text, before[0] == ',' ? "\n" : "");
}

void wave_view_bars(const struct rollout_view *view, wall_ms now, struct text *text)
{
    const struct rollout_state *state = view->state;
    if (!rollout_shape_is_staged(&view->spec->shape)) {
        return;
    }
    for (size_t i = 0; i < state->wave_count; i++) {
        bar_line(view, i, now, text);
    }
    size_t opened = state->wave_first + state->wave_count;
    size_t count = waves_count(view->spec);
    if (count != SIZE_MAX && opened < count) {
        name_append(view, opened, text);
        text_printf(text, opened + 1 < count ? " and later ones are not open yet\n"
                                             : " is not open yet\n");
    }
    waits_line(state, text);
    if (!rollout_phase_is_end(state->phase)) {
        text_append(text, "running for ");
        duration_append(text, now - view->spec->created);
        text_append(text, "\n");
    }
}

void wave_view_news(struct wave_shown *shown, const struct rollout_view *view,
                    void (*begin)(struct text *lines, wall_ms now, const char *who), wall_ms now,
                    struct text *lines)
{
    const struct rollout_state *state = view->state;
    size_t opened = state->wave_first + state->wave_count;
    if (!rollout_shape_is_staged(&view->spec->shape) || state->wave_count == 0) {
        return;
    }
    const struct rollout_wave_state *last = &state->waves[state->wave_count - 1];
    if (opened != shown->opened) {
        begin(lines, now, "");
        name_append(view, opened - 1, lines);
        text_printf(lines, " opens: %u node%s\n", last->members, last->members == 1 ? "" : "s");
        shown->soak_until = 0;
    }
    if (last->soak_until != shown->soak_until && last->soak_until > now) {
        begin(lines, now, "");
        name_append(view, opened - 1, lines);
        text_append(lines, " is reached, soaks for ");
        duration_append(lines, last->soak_until - last->reached_at);
        text_append(lines, "\n");
    }
    shown->opened = opened;
    shown->soak_until = last->soak_until;
}

/* -- programs' -------------------------------------------------------------------------------- */

void wave_view_members(const struct rollout_view *view, struct text *text)
{
    const struct rollout_state *state = view->state;
    text_append(text, "\"waves\":[");
    for (size_t i = 0; i < state->wave_count; i++) {
        const struct rollout_wave_state *wave = &state->waves[i];
        text_printf(text,
                    "%s{\"wave\":%zu,\"nodes\":%u,\"done\":%u,\"failed\":%u,\"changing\":%u,"
                    "\"openedAt\":%lld,\"reachedAt\":%lld,\"soakUntil\":%lld}",
                    i == 0 ? "" : ",", state->wave_first + i + 1, wave->members, wave->done,
                    wave->failed, wave->changing, (long long)wave->opened_at,
                    (long long)wave->reached_at, (long long)wave->soak_until);
    }
    text_append(text, "],");
    rollout_waits_render(state, text);
}

void wave_view_line(const struct rollout_view *view, struct text *text)
{
    const struct rollout_state *state = view->state;
    text_append(text, "{\"id\":");
    text_append_json(text, view->spec->id);
    text_printf(text, ",\"phase\":\"%s\",\"waiting\":", rollout_phase_word(state->phase));
    text_append_json(text, state->waiting);
    text_printf(text, ",\"updated\":%lld,\"matched\":%u,\"count\":{", (long long)state->updated,
                state->matched);
    for (enum node_condition i = 0; i < NODE_CONDITION_COUNT; i++) {
        text_printf(text, "%s\"%s\":%u", i == 0 ? "" : ",", node_condition_word(i),
                    state->count[i]);
    }
    text_append(text, "},");
    wave_view_members(view, text);
    text_append(text, "}\n");
}
