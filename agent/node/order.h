/* order: what a node does about an order: pure decisions, first at its receipt, then at each turn.
 */
#ifndef AGENT_NODE_ORDER_H
#define AGENT_NODE_ORDER_H

#include "agent/node/memory.h"
#include "agent/wire/order.h"

/* Why an order has not begun. X(NAME, word, sentence) */
#define ORDER_WAITS(X)                                                                             \
    X(NONE, "", "it is not waiting")                                                               \
    X(RELEASE, "release", "the release has not come from the broker yet")                          \
    X(HELD, "held", "the fleet holds it")                                                          \
    X(UNPROVEN, "unproven", "the verdict on what serves comes first")                              \
    X(BUSY, "busy", "another request is being recorded")                                           \
    X(TURN, "turn", "another app of this node is changing")                                        \
    X(ENGINE, "engine", "the engine does not answer")                                              \
    X(STORE, "store", "the state directory cannot be written")                                     \
    X(MEMORY_LOST, "memory-lost", "the node has lost its memory and begins nothing")

enum order_wait {
#define ORDER_WAIT_ENUM_(name, word, sentence) ORDER_WAIT_##name,
    ORDER_WAITS(ORDER_WAIT_ENUM_) ORDER_WAIT_COUNT
#undef ORDER_WAIT_ENUM_
};

/* Who is asked. `memory` is NULL for an app this node has never had. */
struct order_place {
    const char *fleet, *node, *app; /* the app as the topic names it */
    const struct memory_app *memory;
    uint64_t epoch_base; /* of the trust in force */
};

/* Looks at an order whose signature holds. 0: it is news. ERR_NOTHING: it is the one taken last.
 * ERR_WRONG_FLEET, ERR_WRONG_NODE, ERR_WRONG_APP, ERR_STALE (a higher (epoch, gen) was taken, or
 * its epoch is not above epoch_base where that was raised since), ERR_CONFLICT (the same with
 * another id). None of these takes it. No epoch is too high: a signed order has its signer's word.
 */
NODISCARD int order_check(const struct order *order, const struct order_place *place,
                          struct err *err);

/* What is so when an order that is news is looked at, each turn until it is taken. */
struct order_facts {
    const struct memory_app *memory; /* NULL: new here */
    bool is_busy;                    /* a verb or a record of this app is under way */
    bool has_release;                /* its payload is stored and was compiled */
    bool is_late;                    /* startBy has passed */
    int refusal; /* what the door or the reading of the release said; 0: nothing yet */
    bool is_engine_up;
    bool is_store_failing;
    bool is_memory_lost;
    bool may_begin; /* no other app is changing */
};

enum order_step {
    ORDER_STEP_WAIT,  /* look again next turn */
    ORDER_STEP_BEGIN, /* want its release, if the door lets it in */
    ORDER_STEP_END    /* record its outcome at once */
};

struct order_decision {
    enum order_step step;
    enum order_wait wait;      /* of WAIT */
    enum outcome_kind outcome; /* of END */
    int reason;                /* of END: enum reason, or an error code for OUTCOME_REFUSED */
};

void order_decide(const struct order *order, const struct order_facts *facts,
                  struct order_decision *decision);

/* Takes the order into `next`, which becomes the app's record: the open one before it is replaced,
 * what it wants is wanted, and with END its outcome stands. Gives back true when something else is
 * wanted than before. */
bool order_take(struct memory_app *next, const struct order *order,
                const struct order_decision *decision);

const char *order_wait_word(enum order_wait wait);

/* An id as the number that memory keeps, and back. */
uint64_t order_id_number(const char id[ORDER_ID_BYTES]);
void order_id_render(uint64_t number, char id[ORDER_ID_BYTES]);

#endif
