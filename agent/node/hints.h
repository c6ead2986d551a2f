/* hints: when to look because something is said to have happened. A hint is no fact: it may be
 * lost, late, told twice or a lie, so all it does is to make the next look come now. Polling stays
 * the truth. */
#ifndef AGENT_NODE_HINTS_H
#define AGENT_NODE_HINTS_H

#include "platform/base/units.h"

/* From a hint to the look: a deed is told in several events, of which the last one counts. */
#define HINTS_SETTLE_MS 100
/* A look that comes so soon anyway answers a hint, too. */
#define HINTS_SOON_MS 500
/* So many looks may come by hints alone, and one more after each pause: a flood of hints that never
 * ends costs twelve looks a minute beside the six of polling (law `bounded`). Some four go with a
 * deed and its repair. */
#define HINTS_BURST    32
#define HINTS_PAUSE_MS 5000

/* private; zeroed before first use. */
struct hints {
    mono_ms look_at; /* asked for; MONO_NEVER or past: no look is owed */
    mono_ms full_at; /* when all of the burst is there again */
};

/* A hint came: the time of the look that answers it, between now + HINTS_SETTLE_MS and now +
 * HINTS_PAUSE_MS. Hints that come before that look are answered by it, too. */
mono_ms hints_take(struct hints *hints, mono_ms now);

#endif
