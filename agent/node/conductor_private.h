/* conductor_private: the conductor's state, shared by its own files only. */
#ifndef AGENT_NODE_CONDUCTOR_PRIVATE_H
#define AGENT_NODE_CONDUCTOR_PRIVATE_H

#include "agent/node/address.h"
#include "agent/node/calls.h"
#include "agent/node/conductor.h"
#include "agent/node/engine_watch.h"
#include "agent/node/hints.h"
#include "agent/node/observed.h"
#include "agent/node/order.h"
#include "agent/node/orders.h"
#include "agent/node/plans.h"
#include "agent/node/swap.h"
#include "agent/node/traffic.h"

#define GARBAGE_MAX   8
#define SCRATCH_BYTES (2 * ENVELOPE_BYTES_MAX)

/* An activate, rollback or order on its way to being durable. LOOKING: a rollback asks first
 * whether the image it goes back to is here. */
enum verb_stage {
    VERB_NONE,
    VERB_LOOKING,
    VERB_STORING,
    VERB_READY,
    VERB_MEETING, /* what it takes over is looked at */
    VERB_RECORDING
};

struct verb {
    enum verb_stage stage;
    struct digest wanted;
    bool is_forced;
    bool is_met; /* what it takes over was looked at */
    mono_ms meet_not_before;
    bool is_order; /* the fleet's: `order` is taken as `decision` says */
    struct order order;
    uint64_t epoch_base; /* of the trust that the order was held against */
    struct order_decision decision;
    conductor_done done;
    void *ctx;
};

/* A rendered cause without its output, at most. */
#define CAUSE_BYTES_MAX 4096

/* What a probe of the candidate got for its last question. */
struct cause_answer {
    uint8_t service, number;
    uint32_t bad; /* answers in a row that were not good; 0: none was asked, or the last was good */
    wall_ms wall;
    char asked[160];
    char came[200];
};

/* How a candidate failed: what its probes heard and how its telling container ended. */
struct cause {
    uint32_t gen;                  /* 0: nothing is known */
    char service_name[NAME_BYTES]; /* empty: its release is not at hand */
    struct cause_answer answers[PROBE_ROLES];
    bool is_examined;
    uint8_t service, number;        /* of the container */
    char complaint[ERR_TEXT_BYTES]; /* why it could not be examined; empty: it was */
    struct engine_post_mortem end;  /* its output points into `output` */
    uint8_t output[ENGINE_OUTPUT_BYTES];
};

/* Whether the image of the release before is here: others prune, too. */
struct way_back {
    struct digest release; /* looked for last; none: not yet */
    bool is_known, is_gone, is_looking;
    mono_ms look_at; /* next, at rest */
};

/* A place without an app is all zero (app_take). */
struct app {
    struct conductor *conductor;
    bool is_used;
    bool is_new;           /* nothing durable about it yet */
    struct digest doubted; /* its image is removed, although it may be wanted; none: no image */
    bool is_lost;          /* its memory was lost; `memory` was made up from labels */
    bool is_remembering;   /* a record is being written */
    bool is_pending_back;
    bool is_adopted; /* the record being written is already what holds */
    mono_ms remembering_since;
    bool is_slow_said; /* of the record being written */
    struct memory_app memory;
    struct memory_app pending; /* being written */
    bool is_owed; /* the last write of its record failed: what holds is to be written again */
    mono_ms record_retry_at;
    struct session_app session;
    char network[ENGINE_NAME_BYTES]; /* as the engine has it; empty: not made sure of yet */
    struct plans plans;
    struct digest garbage[GARBAGE_MAX]; /* releases whose image tags are to go; none: free */
    struct verb verb;
    mono_ms wake_at;
    uint32_t switched_gen;    /* the candidate that was said to have the traffic; 0: none */
    mono_ms gap_from;         /* nobody has served, and who is new waits, since; 0: somebody does */
    int64_t gap_hold_ms;      /* for so long, from then on */
    uint32_t verdicts;        /* candidates of this app that came to an end in this session */
    struct digest verdict_of; /* the release of the last of them */
    int refused;              /* code of the last order that was not even taken; 0: none */
    bool is_story_due;        /* a failure was not told yet */
    mono_ms story_until;      /* it waits for the examination, at the latest until then */
    struct cause cause;
    struct way_back way_back;
    /* The files of what it wants, or of what could not be created for want of them. */
    struct digest files_of, files_lost; /* looked at last; lost: none */
    struct digest missing[FILES_ASKED_MAX];
    uint8_t missing_count; /* pieces to be asked for next: neither here nor being stored */
    uint8_t files_storing;
    bool lacks_files;      /* some are not here */
    mono_ms files_look_at; /* again then */
    uint16_t foreigners;   /* containers with our labels and without our name, in the last list */
    enum wish_wait told_wait; /* what it waits for, as the last event said */
    mono_ms ended_at;         /* nothing of it is wanted since; 0: something is */
    mono_ms end_not_before;   /* a step of its end failed */
    bool is_ending;           /* its record says that there is nothing: the rest is removed */
    bool is_network_gone;
};

/* A piece being stored; free when `app` is NULL. */
struct file_call {
    struct app *app;
    conductor_done done; /* NULL: nobody waits */
    void *ctx;
};

struct conductor {
    struct config config;
    struct conductor_ports ports;
    const char *label_names[CONFIG_LABELS_MAX];
    const char *label_values[CONFIG_LABELS_MAX];
    struct trust trust;
    struct revoked revoked;
    bool has_trust;

    struct app apps[APPS_MAX];
    struct orders orders;
    struct calls calls;
    struct file_call file_calls[FILES_ASKED_MAX];
    uint32_t ended_number; /* of the document about apps that have ended; 0: there is none */
    bool is_ended_busy;    /* the next is being written */
    bool has_file_garbage; /* a release was forgotten since files were collected */
    struct boot_id boot;
    bool is_started, is_stepping, is_dirty;
    bool has_lost_memory;  /* some record was unreadable, or containers had none */
    bool is_store_failing; /* some record is owed to the disk; nothing new is begun */
    int store_failure;     /* the code of the last write that failed */

    struct engine_watch engine;
    struct hints engine_hints, route_hints;
    struct traffic traffic;

    struct accepted accepted; /* the activate or rollback that became durable last */

    enum link_twin twin; /* another client uses this node's identity */

    /* Events. */
    struct events events;
    conductor_heard heard;
    void *heard_ctx;

    uint8_t scratch[SCRATCH_BYTES];
    uint8_t payload[RELEASE_PAYLOAD_BYTES_MAX];
};

/* conductor.c */
mono_ms conductor_now(const struct conductor *conductor);
void conductor_touch(struct conductor *conductor); /* plan again */
/* A free call slot filled with the identity, or NULL when all are in use. */
struct call *call_take(struct conductor *conductor, struct app *app, enum action_kind kind);
/* The same for a probe: NULL also when its places are taken, or all that are left are other apps'.
 */
struct call *call_take_probe(struct conductor *conductor, struct app *app, bool is_exec);
void conductor_event(struct conductor *conductor, const struct app *app, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* The same for what went wrong; the same words again at once are not said again. */
void conductor_warning(struct conductor *conductor, const struct app *app, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void conductor_node_facts(const struct conductor *conductor, struct release_node *node);
/* An error of engine, disk or network was seen: candidates are not blamed for what follows. */
void conductor_world_fault(struct conductor *conductor);

/* conductor_memory.c */
int memory_start(struct conductor *conductor, struct err *err);
/* Begins writing `next` for the app; when it is durable it becomes the memory. */
void memory_remember(struct app *app, const struct memory_app *next, bool is_going_back);
/* Going back does not wait for a slow disk: after a moment the record being written holds. */
void memory_hurry(struct app *app);
mono_ms memory_hurry_at(const struct app *app); /* MONO_NEVER: nothing to hurry */
/* Wanted, committed, candidate or in the history. */
bool memory_remembers(const struct memory_app *memory, const struct digest *release);
/* Reads a payload into conductor->payload and checks that it is what its name says. */
int payload_load(struct conductor *conductor, const struct digest *release, struct span *payload,
                 struct err *err);
void memory_collect(struct conductor *conductor); /* removes payloads nobody remembers */
/* A release's image tag is to go, unless the release is remembered by then. */
void garbage_note(struct app *app, const struct digest *release);

/* conductor_plans.c */

/* The plan of a digest, compiled from its payload at need; NULL when it cannot be had. */
const struct plan *app_plan(struct app *app, const struct digest *release);
/* When the next payload that a turn asks for, and that could not be read, is read again;
 * MONO_NEVER: all could be read. */
mono_ms app_plans_retry_at(const struct app *app);
/* The plan of a generation of this app, or NULL. */
const struct plan *app_plan_of(struct app *app, uint32_t gen);
/* The same, or that of the candidate given up last, as long as nothing took its place. */
const struct plan *app_plan_leaving(struct app *app, uint32_t gen);

/* conductor_end.c */

/* A document of the store is named so: it may be the one about ended apps. */
void ended_note(struct conductor *conductor, const char *name);
/* That document can be read. */
bool ended_check_start(struct conductor *conductor, struct err *err);
/* A record, read at the start, is that of an app that has left: its place is free. */
bool ended_is_over(struct conductor *conductor, const struct memory_app *memory);
/* Looks for what is remembered of an app that has left (ended.h). Reads the disk. */
NODISCARD int ended_recall(struct conductor *conductor, const char *name, struct memory_app *memory,
                           bool *is_found, struct err *err);
/* One step of an app's end, where it has come: the way back from a removal is given up after a day,
 * and where all places are taken that of the app that ended first. */
void end_step(struct app *app);

/* conductor_observe.c */
/* conductor_hints.c: asks engine and kernel to say when something happens; once. */
void hints_start(struct conductor *conductor);

void observe_step(struct conductor *conductor);
mono_ms observe_deadline(const struct conductor *conductor);
void observe_soon(struct conductor *conductor); /* list again at once */

/* conductor_adopt.c */

/* After a list of ours: asks for that of Compose projects, where an app is concerned. False: no. */
bool adopt_look(struct conductor *conductor);
/* The release (of NULL: a new app) takes over what a Compose project runs, so that ports may be
 * held by that. */
bool door_adopts(const struct app *app, const struct plan *plan);
/* The refusal of a port that a process of this machine holds. */
NODISCARD int door_port_held(const struct route_port *port, struct err *err);
/* Looks at what the app's verb would take over, before it is recorded: true while that goes on. */
bool adopt_meet(struct app *app);
/* An action of GEN_ADOPTED. */
void adopt_perform(struct app *app, const struct action *action);
/* Says what the record that is being adopted changes of what is taken over. */
void adopt_announce(struct app *app, const struct memory_app *next);

/* conductor_probe.c */
void probes_step(struct conductor *conductor);
mono_ms probes_deadline(const struct conductor *conductor);

/* conductor_health.c */

/* How well a replica is; *why is a word for what that rests on. */
enum health health_of_replica(const struct app *app, const struct replica *replica,
                              const char **why);
/* The worst of what should serve: the candidate once it is switched, else the committed release. */
enum health health_of_app(const struct app *app, const char **why);

/* conductor_perform.c */
void perform(struct app *app, const struct action *action);
/* The answer to the last engine call that an action on a replica makes; `ctx` is its call. */
void performed(void *ctx, const struct err *err, const struct engine_answer *answer);
struct replica *replica_of(const struct call *call);
void garbage_step(struct app *app);

/* conductor_image.c */
/* The tag that keeps a release's image from being pruned, and names it for create. */
void image_tag(const struct app *app, const struct digest *release,
               char tag[ENGINE_REFERENCE_BYTES]);
/* What the release was signed for, as the engine is asked for it; `tag` holds its tag. */
struct engine_wanted image_wanted(const struct app *app, const struct plan *plan,
                                  char tag[ENGINE_REFERENCE_BYTES]);
/* The image must be what was signed, whoever served it: one signed digest proves it. ERR_DIGEST. */
NODISCARD int image_check(const struct conductor *conductor, const struct plan *plan,
                          const struct engine_image *image, struct err *err);

/* At rest, now and then: looks for the image of the release before, and says when it is gone. */
void way_back_step(struct app *app);
/* Looks at once; verb_looked follows. False: no call is free, or there is nothing to look for. */
bool way_back_look(struct app *app);

/* conductor_create.c */

/* Makes the container of a replica; ends in `performed`. */
NODISCARD int create_begin(struct app *app, struct replica *replica, struct call *call,
                           struct err *err);
/* Renders what create was asked for; it lives in the scratch. ERR_NOT_FOUND: its release is not
 * remembered. */
NODISCARD int create_render(struct app *app, const struct replica *replica, struct arena *arena,
                            struct engine_spec *spec, struct err *err);
/* Whether the image, just made present for this release (NULL: unreadable), declares volumes that
 * no mount covers; notes that for what is staged. ERR_SPEC: two generations would write them. */
NODISCARD int volumes_judge(struct app *app, const struct plan *plan,
                            const struct engine_image *image, struct err *err);

/* conductor_files.c */
/* Looks what is missing of the files that the app needs next, when that may have changed. */
void files_step(struct app *app);
/* Makes the first tree of the container that is not there, and begins its creation again;
 * *is_making is false when all are. Without a tree there is nothing to do. */
NODISCARD int trees_make(struct app *app, const struct engine_spec *spec, struct call *call,
                         const struct digest *release, bool *is_making, struct err *err);
/* The pieces of its files that were here are gone: they are asked for again. */
void files_lose(struct app *app, const struct digest *release);

/* Removes pieces and trees that no remembered release names. */
void files_collect(struct conductor *conductor);

/* conductor_seeds.c */
/* Starts the container of a replica, once its volumes hold what its release brings into them; ends
 * in `performed`. On the way back to what was proven it starts in any case. */
NODISCARD int start_begin(struct app *app, const struct replica *replica, struct call *call,
                          struct err *err);
/* " and N more", a NUL behind it: room that a text of names keeps for it. */
#define SEEDS_MORE_BYTES 32
/* What a seed left alone (files.h), for an event: "a.conf, sub/b.conf and 3 more". Whole names, as
 * many as the text has room for; the others are counted. */
void seeds_left_render(const char *left, size_t more, struct text *text);

/* conductor_table.c */

/* The table that all apps wish now, or the boot file's. False when some app cannot be described, or
 * the whole is over a limit, which is said: then the kernel keeps what it has. */
bool table_build(struct conductor *conductor, bool is_for_boot, struct route_table *table);
/* Tells tables apart that forward differently; change detection, not security. */
uint64_t table_hash(const struct route_table *table);
/* The app whose traffic nobody can describe is this one; NULL: there is none. */
void table_note_blind(struct conductor *conductor, const struct app *app);
/* Whether all that can be routed while apps change, both sets of each, with `plan` for `self`
 * (NULL: an app new here), is a table that the route takes. ERR_LIMIT with the limit and the
 * remedy. */
NODISCARD int table_check_room(struct conductor *conductor, const struct app *self,
                               const struct plan *plan, struct err *err);

/* conductor_claims.c */
/* Whether `plan`, of `self` (NULL: an app new here), leaves alone what is another app's: a volume
 * of a name of its own that both write, a bridge of the same name. ERR_EXISTS with the remedy. */
NODISCARD int claims_check(struct conductor *conductor, const struct app *self,
                           const struct plan *plan, struct err *err);

/* conductor_cause.c */
/* A probe of the candidate was answered; err is NULL when well. */
void cause_note_answer(struct app *app, const struct replica *replica, const struct plan *plan,
                       enum probe_role role, const struct err *err);
/* Asks how the container ended. */
int cause_examine(struct app *app, const struct replica *replica, engine_done done,
                  struct call *call, struct err *err);
/* The answer to that. */
void cause_note_end(struct app *app, const struct replica *replica, const struct err *err,
                    const struct engine_answer *answer);
/* The cause of the last verdict is still being looked for. */
bool cause_is_awaited(const struct app *app);
/* Appends a cause as JSON; NULL: null. Brief: of its output the last line. Else all of it that
 * leaves `reserve` bytes of the text free, the oldest left out. */
void cause_render(const struct cause *cause, struct text *text, bool is_brief, size_t reserve);

/* conductor_route.c */
void route_step(struct conductor *conductor);
/* What the table found at the start is, once plans can be compiled. */
void route_identify(struct conductor *conductor);
void route_mark(
    struct conductor *conductor); /* notes on each replica whether traffic may reach it */
mono_ms route_deadline(const struct conductor *conductor);
bool route_is_settled(const struct conductor *conductor);

/* conductor_order.c */
void orders_step(struct conductor *conductor);
mono_ms orders_deadline(const struct conductor *conductor);
/* A later order waits for this app: what the open one wants is not begun any more. */
bool order_is_overtaken(const struct conductor *conductor, const struct memory_app *memory);

/* conductor_door.c */
struct app *app_of(struct conductor *conductor, const char *name);
/* The app at this place, zeroed but for its owner and its index; NULL: there is one already. A
 * place without an app is all zero, and never written: it costs no memory. */
struct app *app_take(struct conductor *conductor, uint8_t index);
/* Gives up one that has only been read, and not taken part in anything yet. */
void app_drop(struct app *app);
/* A place for an app that this node has not had. ERR_LIMIT. */
NODISCARD int app_new(struct conductor *conductor, const char *name, struct app **app,
                      struct err *err);
/* No other app is changing and the store works: a swap of this one (NULL: of a new one) may begin.
 */
bool app_may_begin(const struct conductor *conductor, const struct app *app);
/* Opens, lints and compiles a release; the payload lives in the scratch. */
NODISCARD int door_open(struct conductor *conductor, struct span envelope, struct span *payload,
                        struct plan *plan, struct err *err);
/* Whether this node takes the release for `app` (NULL: new here). ERR_NOTHING: it serves already.
 */
NODISCARD int door_check(struct conductor *conductor, struct app *app, const struct plan *plan,
                         bool force, struct err *err);
void verb_step(struct app *app);
/* A rollback that waits for it goes on, or is refused where the image is gone. */
void verb_looked(struct app *app, bool is_gone);
void verb_finish(struct app *app, const struct err *err);

#endif
