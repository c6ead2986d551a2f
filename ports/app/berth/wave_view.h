/* wave_view: a rollout's waves as a person sees them (bars, counts, reasons, elapsed), and as a
 * line for programs. Pure: what is seen comes in, text comes out. */
#ifndef PORTS_APP_BERTH_WAVE_VIEW_H
#define PORTS_APP_BERTH_WAVE_VIEW_H

#include "agent/fleet/coordinator.h"
#include "platform/base/text.h"

/* What of the waves was shown last; zeroed before use. */
struct wave_shown {
    size_t opened; /* waves */
    wall_ms soak_until;
};

/* A line for each wave, what is waited for by whom, and since when it runs; nothing for a rollout
 * in one piece. */
void wave_view_bars(const struct rollout_view *view, wall_ms now, struct text *text);

/* What happened to the waves since the look before: "wave 2 of 4 opens: 12 nodes", "wave 1 of 4 is
 * reached, soaks for 10m", each a line that `begin` begins. */
void wave_view_news(struct wave_shown *shown, const struct rollout_view *view,
                    void (*begin)(struct text *lines, wall_ms now, const char *who), wall_ms now,
                    struct text *lines);

/* {"waves":[...],"waits":{...}} without the braces, for status and watch. */
void wave_view_members(const struct rollout_view *view, struct text *text);

/* One JSON object and a line break: what the rollout is now. */
void wave_view_line(const struct rollout_view *view, struct text *text);

#endif
