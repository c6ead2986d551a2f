/* exits: the exit statuses, each meaning once; what a program returns is held against these. */
#ifndef PORTS_APP_WORDS_EXITS_H
#define PORTS_APP_WORDS_EXITS_H

#include "ports/app/words/pages.h"

/* Verbs that do one thing, or show one. */
extern const struct words_exit exits_plain[];
/* Verbs that show what the broker holds of the fleet: `node list`, `fleet unread`. */
extern const struct words_exit exits_fleet[];
/* `rollout start`, `watch`, `undo`: they wait for a rollout's end. */
extern const struct words_exit exits_rollout[];
/* A swap on one node that is waited for: `deploy`, `berthctl activate --wait`, `rollback --wait`.
 */
extern const struct words_exit exits_swap[];

#endif
