/* rollout_target: which nodes a rollout is to change, counted and confirmed before it begins. */
#ifndef PORTS_APP_BERTH_ROLLOUT_TARGET_H
#define PORTS_APP_BERTH_ROLLOUT_TARGET_H

#include "agent/wire/operators.h"
#include "ports/app/berth/session.h"

struct rollout_target {
    const char *selector; /* "" or NULL: every node */
    bool is_all;          /* every node, said explicitly */
    bool is_confirmed;    /* no question is asked */
    size_t matched, known;
};

/* Reads the fleet over a connected session and counts; *operators gets whose word counts there.
 * ERR_NOT_FOUND: no node matches, or none is known; ERR_USAGE: neither a selector nor --all, and
 * there is no terminal to ask at; ERR_CANCELLED: the person at the terminal said no, or every node
 * is meant and nobody can be asked; ERR_CONFLICT: the fleet is frozen; session_read's codes. */
NODISCARD int rollout_target_confirm(struct rollout_target *target, struct session *session,
                                     const struct fleet_dir *dir, const struct trust *trust,
                                     struct operators *operators, struct err *err);

/* What the counts allow: `answer` is called at most once, for a yes, where there is a terminal;
 * NULL where there is none. */
NODISCARD int rollout_target_judge(const struct rollout_target *target, const char *fleet,
                                   bool (*answer)(const char *question), struct err *err);

#endif
