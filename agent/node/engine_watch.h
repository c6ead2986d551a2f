/* engine_watch: when the engine is asked what it has and what it is, and how well it answers. Calls
 * nothing: the conductor does. */
#ifndef AGENT_NODE_ENGINE_WATCH_H
#define AGENT_NODE_ENGINE_WATCH_H

#include "platform/clock.h"
#include "platform/engine.h"

/* How often the engine is asked: while something changes, at rest, and after it failed. */
#define LIST_ACTIVE_MS    500
#define LIST_REST_MS      10000
#define LIST_RETRY_MS     1000
#define LIST_RETRY_MS_MAX 10000
/* The engine's version, memory and free disk are asked anew so often. */
#define ABOUT_MS 60000

/* All zero: it was not asked yet, and is asked at once. */
struct engine_watch {
    struct engine_about about;
    bool has_about, is_up, is_listing, is_asking_about;
    bool has_list; /* our containers were listed at least once: before, none is known to be gone */
    uint64_t list_number; /* of the list asked for last */
    uint64_t list_seen;   /* and of the last that was answered */
    mono_ms list_at, about_at;
    mono_ms list_asked_at; /* when that was */
    uint8_t failures;      /* in a row */
    size_t left_out;       /* containers that the last list had no room for */
};

/* It is asked at once, or at `at` at the latest. */
void engine_watch_hurry(struct engine_watch *watch, mono_ms at);
/* A question could not even be put: again after a while. */
void engine_watch_put_off_list(struct engine_watch *watch, mono_ms now);
void engine_watch_put_off_about(struct engine_watch *watch, mono_ms now);
/* A list is asked for: of the next number. `is_active`: something changes, so the next is soon. */
void engine_watch_list_asked(struct engine_watch *watch, bool is_active, mono_ms now);
/* The list of that number was answered. True: the engine had been away. */
bool engine_watch_listed(struct engine_watch *watch, uint64_t number);
void engine_watch_told(struct engine_watch *watch, const struct engine_about *about, mono_ms now);
/* It failed to answer: again after a wait that doubles. True: that is news. */
bool engine_watch_failed(struct engine_watch *watch, mono_ms now);
/* The next question is due; `may_list`: the kernel was read, and what it is is known. */
bool engine_watch_is_about_due(const struct engine_watch *watch, mono_ms now);
bool engine_watch_is_list_due(const struct engine_watch *watch, bool may_list, mono_ms now);
mono_ms engine_watch_deadline(const struct engine_watch *watch, bool may_list);

#endif
