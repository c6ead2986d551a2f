/* memory: what the agent remembers of one app across power cuts, and the bytes it is kept in. */
#ifndef AGENT_NODE_MEMORY_H
#define AGENT_NODE_MEMORY_H

#include <stdbool.h>

#include "agent/limits.h"
#include "agent/wire/report.h"
#include "platform/base/err.h"
#include "platform/base/span.h"
#include "platform/clock.h"
#include "platform/engine.h"

/* Where an app is between two releases. X(NAME, word, sentence) */
#define SWAP_PHASES(X)                                                                             \
    X(REST, "rest", "nothing changes; the committed release serves, if there is one")              \
    X(PREPARE, "prepare", "the candidate is fetched, started and probed; the committed serves")    \
    X(UNPROVEN, "unproven", "the candidate serves and soaks; the committed stands by")

enum swap_phase {
#define SWAP_PHASE_ENUM_(name, word, sentence) SWAP_##name,
    SWAP_PHASES(SWAP_PHASE_ENUM_) SWAP_PHASE_COUNT
#undef SWAP_PHASE_ENUM_
};

/* The durable decision about the last candidate. */
#define VERDICTS(X)                                                                                \
    X(NONE, "none", "no candidate has come to a verdict yet")                                      \
    X(GOOD, "good", "the candidate stayed healthy through its soak and is committed")              \
    X(BAD, "bad", "the candidate failed by its own probes; its digest is quarantined")             \
    X(INCONCLUSIVE, "inconclusive", "something else failed; the candidate may be tried again")

enum verdict {
#define VERDICT_ENUM_(name, word, sentence) VERDICT_##name,
    VERDICTS(VERDICT_ENUM_) VERDICT_COUNT
#undef VERDICT_ENUM_
};

/* Why a verdict was given or a candidate dropped. Later versions add reasons, here at the end: what
 * is read and not known keeps its number, and is "unknown" in words. */
#define REASONS(X)                                                                                 \
    X(NONE, "none", "")                                                                            \
    X(SOAKED, "soaked", "healthy until the end of the soak")                                       \
    X(CRASHED, "crashed", "a container of the candidate ended by itself")                          \
    X(NEVER_READY, "never-ready", "a container was not ready within its startup probes")           \
    X(UNREADY, "unready", "the readiness probe failed while unproven")                             \
    X(UNALIVE, "unalive", "the liveness probe failed while unproven")                              \
    X(DEADLINE, "deadline", "the candidate was not ready within the swap's deadline")              \
    X(BOOT_LOOP, "boot-loop", "the machine started again and again while unproven")                \
    X(PULL_FAILED, "pull-failed", "the image could not be fetched or is not what was signed")      \
    X(ENGINE_FAILED, "engine-failed", "the engine refused or failed an operation")                 \
    X(OLD_FAILS_TOO, "old-fails-too", "the old release, good before, fails now as well")           \
    X(REMOVED_BY_HAND, "removed-by-hand", "a container of the candidate was removed")              \
    X(ROLLED_BACK, "rolled-back", "someone at the node asked for the release before")              \
    X(REPLACED, "replaced", "something else was wanted before the switch")                         \
    X(INTERRUPTED, "interrupted", "the machine started again before the switch")                   \
    X(REVOKED, "revoked", "the release was revoked")                                               \
    X(ALREADY, "already", "it ran here, proven, before the order came")                            \
    X(OVERRIDDEN, "overridden", "someone at the node asked for something else")                    \
    X(SPEC_REFUSED, "spec-refused", "the engine refuses what the release asks for")                \
    X(IMAGE_DOUBTED, "image-doubted", "it ended by itself, on an image fetched in a power cut")    \
    X(NO_EVIDENCE, "no-evidence", "nobody could ask it whether it is well; it may be")             \
    X(PAUSED_BY_HAND, "paused-by-hand", "a container of the candidate was paused")                 \
    X(ROUTE_FAILED, "route-failed", "the kernel did not take the switch of traffic in time")       \
    X(BELOW_FLOOR, "below-floor", "a release committed since has a floor above it")                \
    X(REGISTRY_AWAY, "registry-away", "the registry could not be reached in time")                 \
    X(ENGINE_AWAY, "engine-away", "the engine did not answer in time")                             \
    X(REGISTRY_DENIED, "registry-denied", "the registry does not give the image to this node")     \
    X(DISK_FULL, "disk-full", "the engine's disk has no room for the image")                       \
    X(WRONG_IMAGE, "wrong-image", "the image is not what the release was signed for")              \
    X(VOLUME_SHARED, "volume-shared",                                                              \
      "start-first would let two generations write a volume that the image declares")              \
    X(FILES_AWAY, "files-away", "files of the release did not come in time")                       \
    X(ALTERED_BY_HAND, "altered-by-hand", "limits or restart policy of the candidate were changed")

enum reason {
#define REASON_ENUM_(name, word, sentence) REASON_##name,
    REASONS(REASON_ENUM_) REASON_COUNT
#undef REASON_ENUM_
};

/* Who wants the wanted release. */
/* Who wants it. X(NAME, word, sentence) */
#define WANTED_BYS(X)                                                                              \
    X(NOBODY, "nobody", "nothing was asked for, or what was asked for is over")                    \
    X(OVERRIDE, "override", "someone at the node asked for it")                                    \
    X(ORDER, "order", "the fleet asked for it")

enum wanted_by {
#define WANTED_BY_ENUM_(name, word, sentence) WANTED_BY_##name,
    WANTED_BYS(WANTED_BY_ENUM_) WANTED_BY_COUNT
#undef WANTED_BY_ENUM_
};

/* One deployment of a release on this node; gen 0 is "none". The lane picks its addresses. */
struct generation {
    struct digest release;
    uint64_t sequence;
    uint32_t gen;
    uint8_t lane;      /* below LANES */
    bool is_exclusive; /* its image declares a volume that its release does not mount, and that two
                        * generations may not write: it runs beside no other */
};

/* How an order ended, kept until four later ones have; written once. */
struct order_outcome {
    uint64_t id; /* of the order; 0: none */
    enum outcome_kind kind;
    uint16_t reason; /* enum reason; for OUTCOME_REFUSED: ERR_BASE_ counted up to an error code */
};

/* Containers of a Compose project that this app has taken over (adopt.h). */
struct memory_adopted {
    uint32_t of;                   /* adopt_id of their project and service; 0: there are none */
    uint8_t running;               /* bit n - 1: number n ran, and runs again on the way back */
    struct engine_restart restart; /* their policy, which is "no" while they are stopped by us */
};

/* Everything durable about one app: one record of at most STORE_RECORD_BYTES_MAX bytes. What is not
 * here is session and starts anew with the agent (see session.h). */
struct memory_app {
    char app[NAME_BYTES];
    uint8_t index; /* below APPS_MAX: its record, network and service addresses */
    enum swap_phase phase;
    enum wanted_by wanted_by;
    bool is_forced; /* the wanted release may be tried although quarantined */
    struct digest wanted;
    struct generation committed, candidate;
    struct generation history[HISTORY_MAX]; /* newest first; [0] is "previous" */
    uint32_t gen_last;                      /* highest generation ever given */
    uint64_t floor;
    uint8_t attempts;    /* tries of `wanted` begun so far */
    uint8_t boots;       /* boots seen while unproven, the one of the switch not counted */
    struct boot_id boot; /* the boot in which the candidate was begun or last resumed */
    struct digest quarantined[QUARANTINE_MAX]; /* newest first */
    enum verdict verdict;                      /* of the last candidate */
    enum reason reason;
    uint32_t verdict_gen; /* the generation it was given to */
    wall_ms start_by;     /* what is wanted must begin by then; whole seconds, 0: no such */
    uint64_t order_epoch, order_gen;                    /* the highest order taken */
    uint64_t epoch_base;                                /* of the trust it was taken under */
    uint64_t order_id;                                  /* of that order; 0: none */
    bool is_order_open;                                 /* it has no outcome yet */
    struct order_outcome outcomes[REPORT_OUTCOMES_MAX]; /* newest first */
    struct memory_adopted adopted;
};

/* Version 2 adds order_id and what follows, version 3 start_by, version 4 adopted, version 5
 * epoch_base; an older agent reads without, but not where something is adopted: it would start a
 * second writer. The record is full. A new reason or error code needs no new version; a new phase,
 * verdict or kind of outcome needs a new minReader, for an agent that does not know it cannot go on
 * from it. */
#define MEMORY_VERSION            5
#define MEMORY_MIN_READER         1
#define MEMORY_MIN_READER_ADOPTED 4

/* Writes the record; *len is at most STORE_RECORD_BYTES_MAX (asserted at compile time). */
void memory_encode(const struct memory_app *memory, uint8_t data[STORE_RECORD_BYTES_MAX],
                   size_t *len);

/* Reads a record. ERR_VERSION: written by an agent this one cannot read (its minReader is newer).
 * ERR_CORRUPT: lengths or values out of bounds; a reason that is not known is none. */
NODISCARD int memory_decode(struct span data, struct memory_app *memory, struct err *err);

/* Gives the open order its one answer, in the record that decides it; without an open order
 * nothing happens. `reason` is an enum reason, or an error code for OUTCOME_REFUSED. */
void memory_close_order(struct memory_app *memory, enum outcome_kind kind, int reason);

/* The word of an outcome's reason. */
const char *order_outcome_reason(const struct order_outcome *outcome);

bool memory_is_quarantined(const struct memory_app *memory, const struct digest *release);

const char *swap_phase_word(enum swap_phase phase);
const char *wanted_by_word(enum wanted_by wanted_by);
const char *verdict_word(enum verdict verdict);
const char *reason_word(enum reason reason);
const char *reason_sentence(enum reason reason);

#endif
