/* plans: the compiled releases of one app, each compiled once and kept while it is needed. */
#ifndef AGENT_NODE_PLANS_H
#define AGENT_NODE_PLANS_H

#include "agent/wire/release.h"
#include "platform/clock.h"

/* Those that one turn may need: wanted, committed, previous, and the candidate, or the one given up
 * last: there are never both. */
#define PLANS_MAX 4

/* A compiled release. */
struct plan_slot {
    struct plan plan; /* its digest is set even where it is broken */
    bool is_used;
    bool is_broken;   /* its payload could not be read */
    mono_ms retry_at; /* broken: read again then */
};

/* Private; all zero: none. A plan stays where it is until its place is taken by another. */
struct plans {
    struct plan_slot slots[PLANS_MAX];
};

/* The slot of a release, readable or not; NULL: there is none. */
struct plan_slot *plans_slot(struct plans *plans, const struct digest *release);
/* Its plan; NULL where there is none, or its payload could not be read. Compiles nothing. */
const struct plan *plans_find(const struct plans *plans, const struct digest *release);
/* A place for one more: a free one, or that of a release which is none of the `count` in `kept`.
 * NULL: all are needed. The place is not changed. */
struct plan_slot *plans_place(struct plans *plans, const struct digest *const *kept, size_t count);
/* All that could not be read are due again: one may be there now. */
void plans_retry(struct plans *plans);
/* When the next of the `count` in `asked` is read again; MONO_NEVER: all could be read. */
mono_ms plans_retry_at(const struct plans *plans, const struct digest *const *asked, size_t count);

#endif
