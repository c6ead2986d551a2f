/* coordinator_private: the coordinator's state, shared by its own files only. */
#ifndef AGENT_FLEET_COORDINATOR_PRIVATE_H
#define AGENT_FLEET_COORDINATOR_PRIVATE_H

#include "agent/fleet/coordinator.h"
#include "agent/fleet/mirror.h"
#include "agent/wire/release.h"

#define COORDINATOR_PEM_BYTES 1024
/* Ended rollouts stay at the broker for those who ask: the newest ones. */
#define COORDINATOR_ENDED_MAX 24
/* The retained burst is over when the fences have come, messages of our own below each filter, and
 * nothing more for so long: what lies on a topic without a wildcard has no room for one. */
#define COORDINATOR_QUIET_MS 300
/* A broker that shows no fence for so long, and nothing else, has kept something back. */
#define COORDINATOR_STALL_MS 15000
/* Plans are made at most this often while much is heard. */
#define COORDINATOR_PLAN_GAP_MS 10
/* And so many times as long apart as they take. */
#define COORDINATOR_PLAN_SHARE 4

/* A larger fleet is read again in pieces, one shard of berth/2 after the other: a burst of all of
 * it may be more than a broker's queue holds. */
#define COORDINATOR_WHOLE_MAX 2048

/* An order that the broker took and does not show for so long is published again. */
#define COORDINATOR_ECHO_MS 5000

/* A spec is begun within so long of its `created`, before or after. */
#define COORDINATOR_FRESH_MS 3600000
/* Renewals of a claim whose echo may be under way. */
#define COORDINATOR_BEATS_MAX 16
/* And such that the broker has not acknowledged. */
#define COORDINATOR_BEATS_WAITING_MAX 4
/* Another's claim that is not renewed for so many times T has ended, whoever forgot to say so. */
#define COORDINATOR_RIVAL_TIMES 3

/* Orders that something unbelievable has replaced are published again at most this often. */
#define COORDINATOR_UNCOVER_GAP_MS 1000

enum claim_step {
    CLAIM_OFFLINE, /* no session */
    CLAIM_READING, /* what is retained comes in */
    CLAIM_SENT,    /* ours is on its way */
    CLAIM_HEARD,   /* its echo came; it has to stand for a while */
    CLAIM_ACTING,
    CLAIM_STANDBY, /* another coordinator acts */
    CLAIM_LEAVING
};

/* One publish under way; free when coordinator is NULL. */
struct flight {
    struct coordinator *coordinator;
    enum topic_kind kind;
    char id[NAME_BYTES]; /* rollout, or the order's id */
    char node[NODE_NAME_BYTES], app[NAME_BYTES];
    struct digest piece; /* of a file */
};

/* A piece of a file that a release of a live rollout names; each release has its own. */
struct fleet_piece {
    struct digest digest, release;
    uint8_t *data; /* NULL: not here */
    size_t len;
    enum echo echo;
    bool is_asked;
};

/* Grows as rollouts come; what no live one names goes. */
struct fleet_pieces {
    struct fleet_piece *list;
    size_t count, cap;
};

/* A piece of a file that a release at the broker names. */
struct piece_name {
    struct digest piece, release;
};

enum names_step { NAMES_UNASKED, NAMES_ASKED, NAMES_READ };

/* Of all releases at the broker, from the first time in a session that one is to go. */
struct fleet_names {
    struct piece_name *list;
    size_t count, cap;
    enum names_step step;
    mono_ms since;   /* NAMES_ASKED */
    bool is_partial; /* some are not here: nothing may go */
};

/* Orders that the broker took and has not shown yet, the oldest first. Grows with them. */
struct echo_wait {
    char node[NODE_NAME_BYTES], app[NAME_BYTES], id[ORDER_ID_BYTES];
    mono_ms due;
};

struct echo_waits {
    struct echo_wait *list;
    size_t count, cap;
};

struct coordinator {
    struct coordinator_ports ports;
    char fleet[NAME_BYTES];
    char pem[COORDINATOR_PEM_BYTES];
    char key_id[DIGEST_HEX_BYTES]; /* of it; empty: not made yet */
    struct trust trust;
    int64_t settle_ms;
    struct link link;
    struct mirror mirror; /* what the broker holds, and what is planned from it */
    struct fleet_pieces pieces;
    struct fleet_names names;
    struct echo_waits echo_waits;
    struct flight flights[COORDINATOR_PUBLISHES_MAX + 1]; /* the last one is the claim's */

    enum claim_step claim_step;
    struct claim claim; /* ours */
    struct claim rival; /* the last of another; nonce empty: none */
    uint64_t
        epoch_seen; /* kept here, or claimed by somebody: epoch_ceiling bounds what is believed */
    int (*epoch_keep)(void *ctx, uint64_t epoch, struct err *err);
    int (*operators_keep)(void *ctx, struct span envelope, struct err *err);
    int (*roll_keep)(void *ctx, const char *shard, struct span envelope, struct err *err);
    void *epoch_ctx;
    uint64_t beat_echoed; /* the newest of ours that the broker showed */
    mono_ms beat_sent_at[COORDINATOR_BEATS_MAX], beat_at; /* by beat; of the newest */
    mono_ms lease_from;    /* when the newest that was echoed was sent */
    mono_ms rival_beat_at; /* CLAIM_STANDBY: its claim was renewed last */
    struct begun begun;
    int (*begun_keep)(void *ctx, const struct begun *begun, struct err *err);
    struct frozen frozen;         /* the freeze that was taken; serial 0: none */
    struct digest freeze_refused; /* one that was not, and was said */
    mono_ms frozen_tell_at;
    int (*freeze_keep)(void *ctx, struct span envelope, struct err *err);
    bool is_unsigned_said;
    mono_ms heard_at;     /* CLAIM_HEARD, CLAIM_STANDBY: since */
    bool is_farewell_due; /* all places were in use */
    bool has_left;
    unsigned subscribing; /* subscriptions without an answer */
    uint32_t fences;   /* bits of the readings whose fence has not come back */
    bool is_two_heard; /* something came from berth/2 in this session */
    mono_ms read_at;   /* last message */
    mono_ms reread_at;
    unsigned shard; /* that is read again next; of it and the one before: */
    bool is_shard_open;
    mono_ms shard_at;
    mono_ms roll_say_at;
    size_t barred_said; /* nodes that are in no rollout */
    bool is_dirty;
    bool audits_always, is_auditing;
    mono_ms audit_at;
    uint64_t audit_faults;
    mono_ms plan_not_before, wake_at;
    mono_ms uncover_not_before; /* an order that something else replaced is published again */
    mono_ms now;

    uint8_t memory[4 * ENVELOPE_BYTES_MAX];
};

/* coordinator_read.c */
void coordinator_receive(struct coordinator *coordinator, const char *topic, struct span payload);
void coordinator_hear_claim(struct coordinator *coordinator, const struct claim *claim);

/* coordinator_claim.c */
/* What may be done next with the claim: reading, renewing, acting, standing by. */
void coordinator_claim_turn(struct coordinator *coordinator);
mono_ms coordinator_claim_deadline(const struct coordinator *coordinator);
/* Ours is out, and the last of its echoes is younger than T. */
bool coordinator_has_lease(const struct coordinator *coordinator);
/* Renders a claim as it lies at the broker; false without a signature, which was logged. */
bool coordinator_claim_sign(struct coordinator *coordinator, const struct claim *claim,
                            struct text *text);

/* coordinator_control.c */
/* Takes what operators offer, where it is the next; says what it does not take. */
void coordinator_control_take(struct coordinator *coordinator, struct kept *kept);
/* A rollout may begin: its spec is fresh, or an operator said lately that it may; else `why`. */
bool coordinator_may_begin(struct coordinator *coordinator, struct kept *kept, struct err *why);

/* Notes what has begun, and what has ended. */
void coordinator_begun_note(struct coordinator *coordinator);

/* coordinator_freeze.c */
/* Takes what operators offer, where it is newer than what holds, and tells what holds. */
void coordinator_freeze_turn(struct coordinator *coordinator);
/* The freeze that holds now; NULL: none. Where the clock is not trusted it does not end by itself.
 */
const struct freeze *coordinator_freeze(const struct coordinator *coordinator);

/* coordinator_write.c */
void coordinator_plan(struct coordinator *coordinator);
void coordinator_claim(struct coordinator *coordinator);
/* The highest epoch that can be shown: signed, kept, or the clock's. A claim is believed up to
 * EPOCH_CLAIM_JUMP_MAX above it. */
uint64_t coordinator_epoch(const struct coordinator *coordinator);
/* Says that the claim is free, or leaves is_farewell_due. */
void coordinator_farewell(struct coordinator *coordinator);
/* The places for publishes that are free. */
size_t coordinator_places(const struct coordinator *coordinator);
/* Publishes retained; false when all places are in use: each answer makes a turn. */
bool coordinator_publish(struct coordinator *coordinator, const struct topic *topic,
                         struct span payload, const struct flight *flight);
/* A topic of this fleet; `rollout` may be empty. */
struct topic coordinator_topic(const struct coordinator *coordinator, enum topic_kind kind,
                               const char *rollout);
/* A topic about one node, at the level at which it reads. */
struct topic coordinator_node_topic(const struct coordinator *coordinator, enum topic_kind kind,
                                    const char *node);
/* Signs the order and publishes it on its node's topic; false when that has to wait, for what `why`
 * says, or for a place where it says nothing. */
bool coordinator_order(struct coordinator *coordinator, const struct order *order, struct err *why);

/* coordinator_tally.c */
/* Before plans are made: who has changed since the last time. */
void coordinator_tallies_take(struct coordinator *coordinator, wall_ms wall);
/* Plans a live rollout from what is kept, or, where an audit is due, from a count of all nodes. */
void coordinator_tally_plan(struct coordinator *coordinator, struct kept *kept, wall_ms wall,
                            struct planner_result *result);
/* Signs the state of a rollout with the order key and publishes it; false when that has to wait. */
bool coordinator_state(struct coordinator *coordinator, struct kept *kept);

/* coordinator_assert.c */
/* Publishes again what this session has not shown. */
void coordinator_assert(struct coordinator *coordinator);
/* The same of the rollouts that were started here, whoever acts. */
void coordinator_assert_started(struct coordinator *coordinator);
/* Asks for the releases of live rollouts, once in a session. */
void coordinator_ask(struct coordinator *coordinator);
/* A release that a rollout names is at the broker; of live ones it is held. */
void coordinator_release_receive(struct coordinator *coordinator, const struct topic *topic,
                                 struct span payload);

/* coordinator_roll.c */
/* A shard of a higher version was taken. */
void coordinator_roll_heard(struct coordinator *coordinator, const struct topic *topic);
/* Publishes again what this session has not shown; false when all places are in use. */
bool coordinator_roll_assert(struct coordinator *coordinator);
/* Says now and then how many nodes are in no rollout. */
void coordinator_roll_turn(struct coordinator *coordinator);

/* coordinator_names.c */
/* True when all releases at the broker were read for the pieces they name; else the reading goes
 * on, and the end of it makes a turn. */
bool coordinator_names_are_read(struct coordinator *coordinator);
/* Takes the pieces from the broker that this release alone names; false when that goes on with the
 * next turn. Nothing goes where not all releases could be read. */
bool coordinator_names_clear(struct coordinator *coordinator, const struct digest *release);
/* A release came, or (no payload) went. */
void coordinator_names_receive(struct coordinator *coordinator, const struct digest *release,
                               struct span payload);
/* A reader's fence came. */
void coordinator_names_fence(struct coordinator *coordinator, const char *topic);
/* A new session has shown nothing yet. */
void coordinator_names_unsee(struct coordinator *coordinator);

/* coordinator_files.c */
/* Tells the files of an envelope's release; false when that is not the release, or unreadable. */
bool coordinator_release_files(struct coordinator *coordinator, struct span envelope,
                               const struct digest *release,
                               const struct release_files_sink *sink);
/* Asks for the pieces that live rollouts' releases name, once in a session. */
void coordinator_files_ask(struct coordinator *coordinator);
void coordinator_files_receive(struct coordinator *coordinator, const struct topic *topic,
                               struct span payload);
/* Publishes again those that this session has not shown. */
void coordinator_files_assert(struct coordinator *coordinator);
/* The broker took one, or it did not. */
void coordinator_files_told(struct coordinator *coordinator, const struct digest *digest,
                            bool is_taken);
/* A new session has shown none yet. */
void coordinator_files_unsee(struct coordinator *coordinator);
void coordinator_files_close(struct coordinator *coordinator);

/* coordinator_echo.c */
/* The broker took the order of this flight. */
void coordinator_echo_wait(struct coordinator *coordinator, const struct flight *flight);
/* What was not read back in time is to be published again. */
void coordinator_echo_step(struct coordinator *coordinator);
mono_ms coordinator_echo_deadline(const struct coordinator *coordinator);
/* The session has ended: everything is read again in the next. */
void coordinator_echo_forget(struct coordinator *coordinator);

/* coordinator_prune.c */
/* Takes from the broker what ended rollouts beyond COORDINATOR_ENDED_MAX left there. */
void coordinator_prune(struct coordinator *coordinator);

/* coordinator_reading.c */
/* A session has been opened: everything is asked for. */
void coordinator_reading_begin(struct coordinator *coordinator);
/* A message came; true: it was a reader's fence, and nothing of the fleet. */
bool coordinator_reading_note(struct coordinator *coordinator, const char *topic, bool is_retained);
/* Goes on with a reading; true when all that is retained was read. */
bool coordinator_reading_turn(struct coordinator *coordinator);
mono_ms coordinator_reading_deadline(const struct coordinator *coordinator);
/* Reads everything again: the session goes on. */
void coordinator_read_again(struct coordinator *coordinator);
/* Asks again when it is time, a large fleet in pieces. */
void coordinator_reread_turn(struct coordinator *coordinator);
mono_ms coordinator_reread_deadline(const struct coordinator *coordinator);

/* coordinator.c */
/* Callbacks come between two steps, long after the last one perhaps: what they note is of now. */
void coordinator_clock_read(struct coordinator *coordinator);
wall_ms coordinator_wall(const struct coordinator *coordinator);
void coordinator_say(const struct coordinator *coordinator, enum log_level level, const char *fmt,
                     ...) PRINTF_LIKE(3, 4);

#endif
