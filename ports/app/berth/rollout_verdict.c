/* rollout_verdict: names, counts and exit statuses. */
#include "ports/app/berth/rollout_verdict.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void rollout_id_make(const char *app, wall_ms created, uint16_t random, char id[NAME_BYTES])
{
    char stamp[32];
    time_t seconds = (time_t)(created / 1000);
    struct tm parts;
    int len = (int)strnlen(app, 12);
    while (len > 0 && app[len - 1] == '-') { /* where the cut left one */
        len--;
    }
    (void)gmtime_r(&seconds, &parts);
    (void)strftime(stamp, sizeof stamp, "%Y%m%d%H%M%S", &parts);
    (void)snprintf(id, NAME_BYTES, "%.*s-%.14s-%04x", len, app, stamp, random);
}

uint32_t rollout_failures(const struct rollout_spec *spec, const struct rollout_state *state)
{
    bool is_offline_failure = strcmp(spec->offline, "fail") == 0;
    return state->count[NODE_FAILED] + state->count[NODE_LOST] + state->count[NODE_REGRESSED] +
           (is_offline_failure ? state->count[NODE_OFFLINE] : 0);
}

bool rollout_is_stopped(const struct rollout_spec *spec, const struct rollout_control *control,
                        const struct rollout_state *state)
{
    /* Where some failures are tolerated, a pause beside them may be an operator's. */
    bool is_asked = spec->shape.failure.is_given && strcmp(control->want, "pause") == 0;
    return state->phase == ROLLOUT_PAUSED && !is_asked &&
           rollout_failures(spec, state) > control->accepted;
}

/* It did not wait for them any longer, or never. */
static bool is_only_offline(const struct rollout_state *state)
{
    const uint32_t *count = state->count;
    return count[NODE_OFFLINE] > 0 && count[NODE_DONE] + count[NODE_OFFLINE] == state->matched;
}

int rollout_exit_status(const struct rollout_spec *spec, const struct rollout_control *control,
                        const struct rollout_state *state)
{
    if (state->phase == ROLLOUT_SUCCEEDED) {
        return 0;
    }
    if (state->phase == ROLLOUT_FINISHED && is_only_offline(state)) {
        return ROLLOUT_EXIT_OFFLINE;
    }
    if (rollout_phase_is_end(state->phase)) {
        bool is_failed = state->phase == ROLLOUT_FINISHED || state->phase == ROLLOUT_ROLLED_BACK;
        return is_failed ? ROLLOUT_EXIT_STOPPED : ROLLOUT_EXIT_ENDED;
    }
    if (state->phase == ROLLOUT_RUNNING && state->waits[ROLLOUT_WAIT_SETTLED].count > 0) {
        return state->count[NODE_DONE] == state->matched ? 0
               : is_only_offline(state)                  ? ROLLOUT_EXIT_OFFLINE
                                                         : ROLLOUT_EXIT_STOPPED;
    }
    bool is_stopped = rollout_is_stopped(spec, control, state);
    return is_stopped && state->count[NODE_CHANGING] == 0 ? ROLLOUT_EXIT_STOPPED : -1;
}

bool rollout_is_offline_missing(const struct rollout_spec *spec, const struct rollout_state *state)
{
    const uint32_t *count = state->count;
    return state->phase == ROLLOUT_RUNNING && strcmp(spec->offline, "later") == 0 &&
           count[NODE_OFFLINE] > 0 && state->waits[ROLLOUT_WAIT_SOAK].count == 0 &&
           count[NODE_PENDING] + count[NODE_BUSY] + count[NODE_CHANGING] == 0;
}
