/* rollout_preview: who is in which wave, from what to what, and what would be refused and why; told
 * before anything is done. */
#ifndef PORTS_APP_BERTH_ROLLOUT_PREVIEW_H
#define PORTS_APP_BERTH_ROLLOUT_PREVIEW_H

#include "agent/fleet/planner.h"
#include "agent/wire/release.h"
#include "platform/base/text.h"

/* What a node's report says beside what the roster keeps. */
struct preview_fact {
    char node[NODE_NAME_BYTES];
    char version[REPORT_WORD_BYTES]; /* that it runs; empty: unknown, or nothing */
    char arch[ENGINE_ARCH_BYTES];
    uint64_t floor;
};

/* Zeroed before use; preview_close frees it. */
struct preview {
    struct preview_fact *facts; /* as they came */
    size_t count, room;
    bool is_short; /* no memory for all of them */
};

void preview_close(struct preview *preview);
void preview_take(struct preview *preview, const struct report *report, const char *app);

struct preview_request {
    const struct planner_rollout *rollout;
    const struct roster *roster;
    const struct planner_forecast *forecasts; /* one for each node of the roster */
    size_t wave_count;
    struct span payload; /* of the release; empty for an undo */
    uint64_t sequence;
    bool is_json;
};

/* Writes the whole to `text`; text->cut where it does not fit. */
void preview_render(const struct preview *preview, const struct preview_request *request,
                    struct text *text);

/* Why this node would not get the release, or get it and refuse it; NULL: it would. */
const char *preview_refusal(const struct preview *preview, const struct preview_request *request,
                            size_t node);

#endif
