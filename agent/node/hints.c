/* hints: a bucket of looks, kept as the time at which it is full again. */
#include "agent/node/hints.h"

#include "platform/base/law.h"

#define WHOLE_MS ((int64_t)HINTS_BURST * HINTS_PAUSE_MS)

mono_ms hints_take(struct hints *hints, mono_ms now)
{
    if (hints->look_at > now) {
        return hints->look_at;
    }
    mono_ms full_at = hints->full_at > now ? hints->full_at : now;
    mono_ms earliest = full_at + HINTS_PAUSE_MS - WHOLE_MS; /* when one look is in the bucket */
    hints->look_at = now + HINTS_SETTLE_MS > earliest ? now + HINTS_SETTLE_MS : earliest;
    hints->full_at = full_at + HINTS_PAUSE_MS;
    LAW(BOUNDED, hints->look_at > now && hints->look_at <= now + HINTS_PAUSE_MS + HINTS_SETTLE_MS);
    return hints->look_at;
}
