/* begun: of each app the newest rollout that was ever begun, and whether it has ended. A spec that
 * is not newer begins nothing: copies of signed specs are good for ever, and a broker forgets. */
#ifndef AGENT_FLEET_BEGUN_H
#define AGENT_FLEET_BEGUN_H

#include "agent/wire/rollout.h"

struct begun_app {
    char app[NAME_BYTES];
    char id[NAME_BYTES];
    wall_ms created; /* of its spec */
    bool has_ended;
};

/* As many as a fleet has apps; only memory bounds it. Zeroed is empty. */
struct begun {
    struct begun_app *list;
    size_t count, cap;
};

/* What a spec that nobody knows to be begun is beside it. */
enum begun_answer {
    BEGUN_NEW,   /* newer than any of its app */
    BEGUN_OURS,  /* it is the newest, and has not ended: it may go on */
    BEGUN_OLDER, /* superseded */
    BEGUN_ENDED  /* the newest itself, which has ended, or its twin of the same instant */
};

enum begun_answer begun_judge(const struct begun *begun, const struct rollout_spec *spec);
/* True when that is news; false also where it is older than what is known. ERR_MEMORY in *rc. */
bool begun_note(struct begun *begun, const struct rollout_spec *spec, bool has_ended, int *rc);
/* False without memory. */
NODISCARD bool begun_copy(struct begun *begun, const struct begun *from);
void begun_close(struct begun *begun);

#endif
