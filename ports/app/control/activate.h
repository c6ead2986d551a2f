/* activate: a signed release, handed to the agent. */
#ifndef PORTS_APP_CONTROL_ACTIVATE_H
#define PORTS_APP_CONTROL_ACTIVATE_H

#include "ports/app/control/follow.h"

struct activate {
    struct control control;
    const char *name;     /* of the release in what is printed */
    struct span envelope; /* the release file, whole */
    bool is_forced;       /* also one that has failed on this node before */
};

/* What a release of this path is called: "-" is standard input. */
const char *activate_name(const char *path);

/* Reads a release file, or standard input to its end for "-"; what is as large as `cap` is refused
 * here already. *content lies in `data`. ERR_IO, ERR_OVERSIZE. */
NODISCARD int activate_read(const char *path, uint8_t *data, size_t cap, struct span *content,
                            struct err *err);

/* Asks the agent for it. EXIT_GOOD once the agent has made it durable: *follow and *after are then
 * what follow_run needs; follow->app is empty where the release does not show its app. Else the
 * refusal is printed and EXIT_FAILED returned. */
int activate_ask(const struct activate *activate, struct follow *follow, uint64_t *after);

#endif
