/* mirror: what the broker holds of the fleet: topic and payload into roster, rollouts and claim.
 * The only reader of these documents, for the coordinator and for every verb of the tool. */
#ifndef AGENT_FLEET_MIRROR_H
#define AGENT_FLEET_MIRROR_H

#include "agent/fleet/kept.h"
#include "agent/fleet/rolls.h"
#include "agent/fleet/roster.h"
#include "agent/fleet/signed.h"
#include "agent/fleet/verified.h"
#include "agent/wire/freeze.h"
#include "agent/wire/topic.h"

/* The freeze that lies at the broker, signed by an operator; taken or not. */
struct mirror_freeze {
    struct freeze freeze;
    char owner[NAME_BYTES];
    struct digest digest; /* of its payload */
    struct kept_bytes bytes;
};

/* A document at the broker that changed nothing here. Text and reason live as long as it is one. */
struct mirror_unread {
    char topic[BUS_TOPIC_BYTES];
    char reason[ERR_TEXT_BYTES];
    bool is_foreign; /* below the fleet's name, on no topic that this version knows */
};

enum mirror_answer {
    MIRROR_TAKEN,
    MIRROR_CLEARED,
    MIRROR_HIDDEN,     /* another one of it holds: at berth/1 what a node says, at berth/2 labels */
    MIRROR_OTHER,      /* this fleet's, and no table's: stories, releases, files, trust, a fence */
    MIRROR_FOREIGN,    /* another fleet's, or on no topic that this version knows */
    MIRROR_UNREADABLE, /* not what its topic asks for, or not signed as it must be; noted */
    MIRROR_SHORT       /* no memory: is_short of roster or mirror is set */
};

/* What became of one message. */
struct mirror_news {
    enum mirror_answer answer;
    struct topic topic;          /* unless MIRROR_FOREIGN */
    struct kept *rollout;        /* it is about; NULL: none, or it is gone with this message */
    const struct report *report; /* that was taken; until the next message */
    const struct labels_given *labels; /* that were taken; version 0: unsigned; as long */
    bool is_first;                     /* UNREADABLE: not the same reason again */
    bool is_new;                       /* TAKEN, operators and roll: a higher version than before */
    struct err err;                    /* UNREADABLE, SHORT */
};

struct mirror_settings {
    const char *fleet;         /* copied */
    const struct trust *trust; /* outlives the mirror; verified_forget when it changes */
    /* Whose specs and controls are believed, until a higher version comes; copied; NULL: nobody's.
     */
    const struct operators *operators;
    struct verify verify;
    /* What is cleared at the broker stays here, not echoed, for an owner that puts it back: orders
     * of nodes that are there, specs and controls of rollouts that have not ended. */
    bool is_restating;
};

/* Must not move while messages come. About 300 KiB of it are for parsing. */
struct mirror {
    char fleet[NAME_BYTES];
    const struct trust *trust;
    struct operators operators;
    struct kept_bytes operators_bytes; /* of a version that was read at the broker */
    enum echo operators_echo;
    struct verify verify;
    bool is_restating;
    struct rolls rolls;
    struct roster roster;
    struct kept_table rollouts;
    struct claim claim; /* the last that was read */
    bool has_claim;
    struct mirror_freeze freeze; /* with has_freeze */
    struct frozen frozen;        /* with has_frozen: which one a coordinator has taken */
    bool has_freeze, has_frozen;
    struct mirror_unread **unread; /* sorted by topic */
    size_t unread_count, unread_room;
    size_t foreign_count; /* of them, that are foreign */
    bool is_short;        /* no memory for a rollout, or for what is unread */
    struct verified verified;
    uint64_t
        verifications;    /* signatures' worth of work that was not saved, for tests and figures */
    struct report report; /* private: being read */
    struct labels_given given; /* the same */
    uint8_t memory[4 * ENVELOPE_BYTES_MAX];
};

/* ERR_VALUE: the fleet's name is none. */
NODISCARD int mirror_init(struct mirror *mirror, const struct mirror_settings *settings,
                          struct err *err);
void mirror_close(struct mirror *mirror);

/* Takes one message; an empty payload clears the topic. Each document is read, and where it has to
 * be signed verified, before it takes a place; what cannot be read changes nothing but `unread`.
 * `now`: of the clock by which silence and not serving are told. */
void mirror_take(struct mirror *mirror, const char *topic, struct span payload, wall_ms now,
                 struct mirror_news *news);

/* Opens an envelope of this fleet's trust; bytes that were verified before are not verified again.
 * *payload lives until the next message or call. envelope_open's codes. */
NODISCARD int mirror_open(struct mirror *mirror, enum trust_role role, struct span envelope,
                          struct span *payload, struct err *err);

/* Takes a spec that is at no broker yet, as if it had been read there. ERR_EXISTS, and the codes of
 * what is refused when it is read. */
NODISCARD int mirror_start(struct mirror *mirror, struct span spec, struct kept **rollout,
                           struct err *err);

/* Takes a shard of the roll that was read in an earlier session: what the broker shows must not be
 * older. The codes of signed_open and roll_parse, ERR_WRONG_FLEET, ERR_STALE, ERR_MEMORY. */
NODISCARD int mirror_roll_seed(struct mirror *mirror, struct span envelope, struct err *err);

/* Believes these operators from now on; what they demand is asked of everything that is here. */
void mirror_operators_set(struct mirror *mirror, const struct operators *operators);
/* Takes an operator's freeze that is kept elsewhere, as if it had been read at the broker. The
 * codes of what is refused when it is read. */
NODISCARD int mirror_freeze_keep(struct mirror *mirror, struct span envelope, struct err *err);

/* The freeze that holds for who only looks, and its owner: the one that a coordinator has taken, or
 * one that was signed after it. False: there is none, it was thawed, or its time is over. */
bool mirror_is_frozen(const struct mirror *mirror, wall_ms now, const struct freeze **freeze,
                      const char **owner);

/* What the topic holds cannot be read; NULL: it can, or holds nothing. */
const struct mirror_unread *mirror_unread_find(const struct mirror *mirror, const char *topic);

#endif
