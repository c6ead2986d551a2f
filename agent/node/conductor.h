/* conductor: carries facts to the planner and its decisions out; only it calls platform ops. */
#ifndef AGENT_NODE_CONDUCTOR_H
#define AGENT_NODE_CONDUCTOR_H

#include "agent/link/link.h"
#include "agent/node/events.h"
#include "agent/node/session.h"
#include "agent/wire/config.h"
#include "agent/wire/report.h"
#include "agent/wire/trust.h"
#include "platform/base/text.h"
#include "platform/clock.h"
#include "platform/files.h"
#include "platform/log.h"
#include "platform/prober.h"
#include "platform/verify.h"

/* What the agent runs on; copied by conductor_init, the owners of the `self`s outlive it. */
struct conductor_ports {
    struct clock clock;
    struct store store;
    struct files files; /* ops NULL: releases with files cannot be created */
    struct engine engine;
    struct route route;
    struct prober prober;
    struct verify verify;
    struct log log;
};

/* Told of each event as it happens; must not call the conductor back. */
typedef void (*conductor_heard)(void *ctx, const struct event *event);

/* Answers an activate or rollback: NULL when what is wanted is durable (the swap then goes on by
 * itself), else why nothing was changed. */
typedef void (*conductor_done)(void *ctx, const struct err *err);

/* What an accepted activate or rollback made the wanted release. A status of the app that shows
 * more `verdicts` shows in verdictRelease whose the last one was. */
struct accepted {
    char app[NAME_BYTES];
    struct digest release;
    uint32_t verdicts; /* given to this app's candidates in this session, before it */
};

struct conductor; /* fields in conductor_private.h; allocate with conductor_new */

/* Allocates and prepares; nothing is called yet. `config` is copied. Returns NULL when there is no
 * memory. */
struct conductor *conductor_new(const struct config *config, const struct conductor_ports *ports);

/* Forgets everything that is volatile. Callbacks still pending in ports must never come after
 * this: stop the ports first. */
void conductor_free(struct conductor *conductor);

/* Sets the trusted keys (the payload of the trust document was verified or pinned by the caller)
 * and the revoked digests; either may be NULL for "unchanged". Copied. */
void conductor_trust(struct conductor *conductor, const struct trust *trust,
                     const struct revoked *revoked);

/* Reads memory and payloads from the store and begins to observe. Never fails for what it finds:
 * damage is reported as an event and in the status (memory-lost). ERR_STORE only when the store
 * cannot be listed at all. */
NODISCARD int conductor_start(struct conductor *conductor, struct err *err);

/* Plans with what is known now and performs. Call after every port callback turn and when
 * conductor_deadline has passed; calling it more often does no harm. */
void conductor_step(struct conductor *conductor);

/* When conductor_step wants to be called at the latest, on the boot-time clock. */
mono_ms conductor_deadline(const struct conductor *conductor);

/* True when nothing is under way and nothing is wanted but waiting: no call pending, every app at
 * rest with its committed release serving as it should. */
bool conductor_is_settled(const struct conductor *conductor);

/* Makes the release in this envelope the wanted one (a local override): verifies, lints, compiles,
 * checks the door, stores the payload, records. Refusals come back at once with their own code and
 * nothing changed; a successful call answers through `done` exactly once. ERR_NOTHING: it is
 * already committed and wanted. `force` allows a quarantined release, nothing else. */
NODISCARD int conductor_activate(struct conductor *conductor, struct span envelope, bool force,
                                 conductor_done done, void *ctx, struct err *err);

/* Makes the release before the wanted one (a local override): the committed one while a candidate
 * is under way, else the previous one. ERR_NOT_FOUND: no such app, or nothing before.
 * ERR_BELOW_FLOOR, ERR_REVOKED. */
NODISCARD int conductor_rollback(struct conductor *conductor, const char *app, conductor_done done,
                                 void *ctx, struct err *err);

/* The request that a conductor_done without an error answers; valid inside it only. */
void conductor_accepted(const struct conductor *conductor, struct accepted *accepted);

/* An order came from the fleet on the topic of `app`. Verifies, parses and checks it (order.h);
 * what is news waits, in the place of an older one, until it can be taken, and its one outcome
 * stands in the report. 0 also for one taken already. The codes of envelope_open, order_parse and
 * order_check; what is refused here changes nothing and shows in the report by its code. */
int conductor_order(struct conductor *conductor, const char *app, struct span envelope,
                    struct err *err);

/* Releases that orders wait for: at most `cap` digests, and how many. None before the engine has
 * said what it is: they could not be judged. */
size_t conductor_missing(const struct conductor *conductor, struct digest *digests, size_t cap);

/* A release came from the fleet. It is stored when an order waits for it; what is wrong with it is
 * the outcome of that order. False: this is not what was signed under that name, and changes
 * nothing; the true one may yet come, so go on listening. */
bool conductor_release(struct conductor *conductor, const struct digest *digest,
                       struct span envelope);

/* Pieces of files that releases here wait for, as conductor_missing. */
size_t conductor_missing_files(const struct conductor *conductor, struct digest *digests,
                               size_t cap);

/* A piece came; `name` is the digest under which, NULL: none was given. 0: it is being stored, and
 * `done` (NULL: nobody waits) is answered when it is durable. ERR_DIGEST: it is not what its name
 * says, and the true one may yet come. ERR_NOTHING: no release here waits for it. ERR_OVERSIZE,
 * ERR_BUSY, and the store's. */
NODISCARD int conductor_file(struct conductor *conductor, const struct digest *name,
                             struct span content, conductor_done done, void *ctx, struct err *err);

/* Renders the pieces that the app asks for now, at most FILES_ASKED_MAX, as JSON. ERR_NOT_FOUND. */
NODISCARD int conductor_files(struct conductor *conductor, const char *app, struct text *text,
                              struct err *err);

/* Fills the node's report, all but `at`. */
void conductor_report(const struct conductor *conductor, struct report *report);

/* The next app with a failure that was not told yet: writes its name and story (JSON, schema in
 * agent/node/README.md) and forgets that it is due. False: none. */
bool conductor_story(struct conductor *conductor, char app[NAME_BYTES], struct text *text);
/* The app's place, below APPS_MAX: what its story's topic is named after, because a broker can
 * bound a node's topics only if it knows their names. APPS_MAX: there is no such app. */
size_t conductor_place(const struct conductor *conductor, const char *app);
/* It could not be told after all. */
void conductor_story_again(struct conductor *conductor, const char *app);

/* Whether another client uses this node's identity at the broker, as the link sees it: shown in
 * status and report, and an event when it changes. */
void conductor_note_twin(struct conductor *conductor, enum link_twin twin);

/* Some app is in mid-swap or unproven. */
bool conductor_is_changing(const struct conductor *conductor);

/* Renders the node's status as JSON (schema in agent/node/README.md). */
void conductor_status(const struct conductor *conductor, struct text *text);

/* Renders what app has run and could run again as JSON. ERR_NOT_FOUND. */
NODISCARD int conductor_history(const struct conductor *conductor, const char *app,
                                struct text *text, struct err *err);

/* Renders events with number > after, oldest first, as JSON lines; EVENTS_MAX are kept. */
void conductor_events(const struct conductor *conductor, uint64_t after, struct text *text);

/* Renders one event as one JSON line. */
void event_render(const struct event *event, struct text *text);

/* At most one listener; NULL to stop. */
void conductor_listen(struct conductor *conductor, conductor_heard heard, void *ctx);

#endif
