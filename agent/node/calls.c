/* calls: a table searched from its beginning. */
#include "agent/node/calls.h"

#include "platform/base/law.h"

struct call *calls_take(struct calls *calls, struct app *app, enum action_kind kind)
{
    LAW(BOUNDED, kind <= ACTION_COUNT);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        struct call *call = &calls->list[i];
        if (!call->is_used) {
            *call = (struct call){.app = app, .kind = kind, .is_used = true};
            return call;
        }
    }
    return NULL;
}

/* Questions that are answered give their places back at once; those that hang keep them. */
struct call *calls_take_probe(struct calls *calls, struct app *app, size_t apps, bool is_exec)
{
    size_t places = is_exec ? PROBE_EXEC_PLACES : PROBE_PLACES;
    size_t kept = is_exec ? PROBE_EXEC_PLACES_KEPT : PROBE_PLACES_KEPT;
    size_t used = 0;
    size_t own = 0;
    LAW(BOUNDED, app != NULL && apps > 0 && apps <= APPS_MAX);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        const struct call *call = &calls->list[i];
        bool is_same = call->is_used && call->is_probe && call->is_exec == is_exec;
        used += is_same ? 1 : 0;
        own += is_same && call->app == app ? 1 : 0;
    }
    if (own >= kept) {
        places -= (apps - 1) * kept;
    }
    struct call *call = used < places ? calls_take(calls, app, ACTION_COUNT) : NULL;
    if (call != NULL) {
        call->is_probe = true;
        call->is_exec = is_exec;
    }
    return call;
}

void call_drop(struct call *call)
{
    call->is_used = false;
}
