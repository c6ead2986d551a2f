/* condition: the table, and what in it ends a candidate. */
#include "agent/node/condition.h"

#include "platform/base/law.h"

/* Every cell is given: UNDECIDED is 0, and a test counts it. */
static const struct response table[CONDITION_COUNT][SWAP_PHASE_COUNT] =
    {
        [CONDITION_ABSENT] =
            {
                [SWAP_PREPARE] = {RESPONSE_MAKE, REASON_NONE},
                [SWAP_UNPROVEN] = {RESPONSE_BACK, REASON_REMOVED_BY_HAND},
                [SWAP_REST] = {RESPONSE_MAKE, REASON_NONE},
            },
        [CONDITION_REMOVED] =
            {
                [SWAP_PREPARE] = {RESPONSE_MAKE, REASON_NONE},
                [SWAP_UNPROVEN] = {RESPONSE_MAKE, REASON_NONE},
                [SWAP_REST] = {RESPONSE_MAKE, REASON_NONE},
            },
        [CONDITION_WAITING] =
            {
                [SWAP_PREPARE] = {RESPONSE_START, REASON_NONE},
                [SWAP_UNPROVEN] = {RESPONSE_START, REASON_NONE},
                [SWAP_REST] = {RESPONSE_START, REASON_NONE},
            },
        [CONDITION_RUNNING] =
            {
                [SWAP_PREPARE] = {RESPONSE_LET, REASON_NONE},
                [SWAP_UNPROVEN] = {RESPONSE_LET, REASON_NONE},
                [SWAP_REST] = {RESPONSE_LET, REASON_NONE},
            },
        [CONDITION_ALTERED] =
            {
                [SWAP_PREPARE] = {RESPONSE_RESTORE, REASON_NONE},
                [SWAP_UNPROVEN] = {RESPONSE_BACK, REASON_ALTERED_BY_HAND},
                [SWAP_REST] = {RESPONSE_RESTORE, REASON_NONE},
            },
        [CONDITION_FALLEN] =
            {
                [SWAP_PREPARE] = {RESPONSE_BACK, REASON_CRASHED},
                [SWAP_UNPROVEN] = {RESPONSE_COUNT, REASON_CRASHED},
                [SWAP_REST] = {RESPONSE_LET, REASON_NONE},
            },
        [CONDITION_RESTARTING] =
            {
                [SWAP_PREPARE] = {RESPONSE_BACK, REASON_CRASHED},
                [SWAP_UNPROVEN] = {RESPONSE_COUNT, REASON_CRASHED},
                [SWAP_REST] = {RESPONSE_LEAVE, REASON_NONE}, /* the engine is at it */
            },
        [CONDITION_EXITED] =
            {
                [SWAP_PREPARE] = {RESPONSE_BACK, REASON_CRASHED},
                [SWAP_UNPROVEN] = {RESPONSE_COUNT, REASON_CRASHED},
                [SWAP_REST] = {RESPONSE_START, REASON_NONE},
            },
        [CONDITION_PAUSED] =
            {
                [SWAP_PREPARE] = {RESPONSE_WAIT, REASON_PAUSED_BY_HAND},
                [SWAP_UNPROVEN] = {RESPONSE_BACK_LATE, REASON_PAUSED_BY_HAND},
                [SWAP_REST] = {RESPONSE_LEAVE, REASON_NONE},
            },
        [CONDITION_DEAD] =
            {
                [SWAP_PREPARE] = {RESPONSE_REMAKE, REASON_ENGINE_FAILED},
                [SWAP_UNPROVEN] = {RESPONSE_REMAKE, REASON_ENGINE_FAILED},
                [SWAP_REST] = {RESPONSE_REMAKE, REASON_NONE},
            },
        [CONDITION_UNWIRED] =
            {
                [SWAP_PREPARE] = {RESPONSE_REMAKE, REASON_ENGINE_FAILED},
                [SWAP_UNPROVEN] = {RESPONSE_REMAKE, REASON_ENGINE_FAILED},
                [SWAP_REST] = {RESPONSE_REMAKE, REASON_NONE},
            },
};

static enum condition running_or_fallen(const struct replica *replica)
{
    return replica->falls > 0    ? CONDITION_FALLEN
           : replica->is_altered ? CONDITION_ALTERED
                                 : CONDITION_RUNNING;
}

enum condition condition_of(const struct replica *replica)
{
    if (replica == NULL || !replica->is_present) {
        return replica != NULL && replica->is_remaking ? CONDITION_REMOVED : CONDITION_ABSENT;
    }
    if (replica->is_miswired) {
        return CONDITION_UNWIRED;
    }
    switch (replica->state) {
    case ENGINE_CREATED:
        return CONDITION_WAITING;
    case ENGINE_RUNNING:
        return running_or_fallen(replica);
    case ENGINE_RESTARTING:
        return CONDITION_RESTARTING;
    case ENGINE_PAUSED:
        return CONDITION_PAUSED;
    case ENGINE_EXITED:
        return replica->falls > 0 && !replica->has_start_failed ? CONDITION_EXITED
                                                                : CONDITION_WAITING;
    case ENGINE_DEAD:
    case ENGINE_STATE_COUNT:
        break;
    }
    return CONDITION_DEAD;
}

struct response condition_response(enum condition condition, enum swap_phase phase)
{
    LAW(BOUNDED, condition < CONDITION_COUNT && phase < SWAP_PHASE_COUNT);
    return table[condition][phase];
}

enum reason condition_failure(const struct replica *replica, enum swap_phase phase,
                              int64_t patience_ms, mono_ms now, mono_ms *again_at)
{
    LAW(BOUNDED, phase < SWAP_PHASE_COUNT);
    struct response response = condition_response(condition_of(replica), phase);
    if (response.kind == RESPONSE_BACK) {
        return response.reason;
    }
    if (response.kind == RESPONSE_COUNT) {
        return replica->falls >= FALLS_MAX ? response.reason : REASON_NONE;
    }
    if (response.kind == RESPONSE_REMAKE) {
        bool is_again = replica->remakes >= REMAKES_MAX || replica->rewirings > REMAKES_MAX;
        return is_again ? response.reason : REASON_NONE;
    }
    if (response.kind == RESPONSE_BACK_LATE) {
        mono_ms until = replica->state_since + patience_ms;
        if (now >= until) {
            return response.reason;
        }
        *again_at = mono_min(*again_at, until);
    }
    return REASON_NONE;
}

const char *condition_word(enum condition condition)
{
    LAW(BOUNDED, condition < CONDITION_COUNT);
    static const char *const words[] = {
#define WORD_(name, word, sentence) [CONDITION_##name] = word,
        CONDITIONS(WORD_)
#undef WORD_
    };
    return words[condition];
}

const char *response_word(enum response_kind kind)
{
    LAW(BOUNDED, kind < RESPONSE_KIND_COUNT);
    static const char *const words[] = {
#define WORD_(name, word, sentence) [RESPONSE_##name] = word,
        RESPONSES(WORD_)
#undef WORD_
    };
    return words[kind];
}
