/* exits: the exit statuses, each meaning once. */
#include "ports/app/words/exits.h"

#define FAILED                                                                                     \
    {                                                                                              \
        1, "it could not be done; standard error says why, and what to do"                         \
    }
#define WRONG                                                                                      \
    {                                                                                              \
        2, "the command line is wrong; nothing was done"                                           \
    }

const struct words_exit exits_plain[] = {
    {0, "done"},
    FAILED,
    WRONG,
    {0, NULL},
};

const struct words_exit exits_fleet[] = {
    {0, "done, and the broker holds what it should"},
    FAILED,
    WRONG,
    {3, "shown; and nodes are missing or not on the roll, or documents are not believed"},
    {0, NULL},
};

const struct words_exit exits_rollout[] = {
    {0, "every node that is meant runs the release, proven"},
    FAILED,
    WRONG,
    {3, "stopped at a failure; or at its end, and some nodes do not run the release"},
    {4, "aborted, superseded by a later rollout, or over at its end date"},
    {5, "only nodes that are offline are missing; it goes on while a coordinator runs"},
    {130, "interrupted; the rollout stays as it is"},
    {0, NULL},
};

const struct words_exit exits_swap[] = {
    {0, "done; where it is followed: the release is proven good"},
    FAILED,
    WRONG,
    {3, "the release was found bad, and the node is back on the one before"},
    {4, "inconclusive, or something else is wanted by now"},
    {0, NULL},
};
