/* condition: what every state of the engine means in every phase, as one table without a gap. */
#ifndef AGENT_NODE_CONDITION_H
#define AGENT_NODE_CONDITION_H

#include "agent/node/session.h"

/* What a replica is found in. X(NAME, word, sentence) */
#define CONDITIONS(X)                                                                              \
    X(ABSENT, "absent", "it is not there: never made, or removed by hand")                         \
    X(REMOVED, "removed", "the agent has removed it, to make it anew")                             \
    X(WAITING, "waiting", "it is there and does not run, by nobody's fault")                       \
    X(RUNNING, "running", "it runs: its probes decide")                                            \
    X(ALTERED, "altered", "it runs, and somebody has changed its limits or its restart policy")    \
    X(FALLEN, "fallen", "it runs again, and has ended by itself since the swap began")             \
    X(RESTARTING, "restarting", "it ended by itself, and the engine is about to start it again")   \
    X(EXITED, "exited", "it ended by itself")                                                      \
    X(PAUSED, "paused", "somebody has frozen it")                                                  \
    X(DEAD, "dead", "it can only be removed")                                                      \
    X(UNWIRED, "unwired", "it cannot work as it is wired, and is to be made anew")

enum condition {
#define CONDITION_ENUM_(name, word, sentence) CONDITION_##name,
    CONDITIONS(CONDITION_ENUM_) CONDITION_COUNT
#undef CONDITION_ENUM_
};

/* What is done about it. X(NAME, word, sentence) */
#define RESPONSES(X)                                                                               \
    X(UNDECIDED, "undecided", "a gap in the table")                                                \
    X(MAKE, "make", "it is made")                                                                  \
    X(START, "start", "it is started, with back-off")                                              \
    X(LET, "let", "nothing: its probes decide")                                                    \
    X(RESTORE, "restore", "it gets back what was changed, and runs on")                            \
    X(LEAVE, "leave", "it is left alone; the others serve")                                        \
    X(WAIT, "wait", "it is waited for, as long as the deadline lasts")                             \
    X(REMAKE, "remake", "it is removed and made anew; where a reason stands, only once")           \
    X(COUNT, "count", "it is started again; the second time the candidate goes, for the reason")   \
    X(BACK_LATE, "back-late",                                                                      \
      "the candidate goes when readiness would have failed, for the "                              \
      "reason")                                                                                    \
    X(BACK, "back", "the candidate goes at once, for the reason")

enum response_kind {
#define RESPONSE_ENUM_(name, word, sentence) RESPONSE_##name,
    RESPONSES(RESPONSE_ENUM_) RESPONSE_KIND_COUNT
#undef RESPONSE_ENUM_
};

struct response {
    enum response_kind kind;
    enum reason reason;
};

/* Ends of its process that an unproven candidate is forgiven, and times it is made anew, less one.
 */
#define FALLS_MAX   2
#define REMAKES_MAX 1
/* A container that is dead may just be on its way out, by hand: it is given so long. */
#define DEAD_PATIENCE_MS 3000

/* NULL: no entry, which is ABSENT. */
enum condition condition_of(const struct replica *replica);

/* PREPARE and UNPROVEN: of the candidate. REST: of the committed release, in any phase. */
struct response condition_response(enum condition condition, enum swap_phase phase);

/* The reason for which the candidate goes now because of this replica; REASON_NONE: it stays.
 * `patience_ms`: how long its readiness takes to fail. *again_at is lowered to when this has to be
 * asked again. */
enum reason condition_failure(const struct replica *replica, enum swap_phase phase,
                              int64_t patience_ms, mono_ms now, mono_ms *again_at);

const char *condition_word(enum condition condition);
const char *response_word(enum response_kind kind);

#endif
