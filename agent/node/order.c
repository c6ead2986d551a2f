/* order: two functions of what is known: may this order be news, and what is done about it now. */
#include "agent/node/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/law.h"

uint64_t order_id_number(const char id[ORDER_ID_BYTES])
{
    return strtoull(id, NULL, 16);
}

void order_id_render(uint64_t number, char id[ORDER_ID_BYTES])
{
    (void)snprintf(id, ORDER_ID_BYTES, "%016llx", (unsigned long long)number);
}

const char *order_wait_word(enum order_wait wait)
{
    LAW(BOUNDED, wait < ORDER_WAIT_COUNT);
    static const char *const words[] = {
#define WORD_(name, word, sentence) [ORDER_WAIT_##name] = word,
        ORDER_WAITS(WORD_)
#undef WORD_
    };
    return words[wait];
}

static int check_address(const struct order *order, const struct order_place *place,
                         struct err *err)
{
    if (strcmp(order->fleet, place->fleet) != 0) {
        return err_set(err, ERR_WRONG_FLEET, "the order is for fleet %s, this is %s", order->fleet,
                       place->fleet);
    }
    if (strcmp(order->node, place->node) != 0) {
        return err_set(err, ERR_WRONG_NODE, "the order is for node %s, this is %s", order->node,
                       place->node);
    }
    if (strcmp(order->app, place->app) != 0) {
        return err_set(err, ERR_WRONG_APP, "the order is for app %s, it came for %s", order->app,
                       place->app);
    }
    return 0;
}

/* Of an app whose last order is from before the base in force. */
static int check_base(const struct order *order, uint64_t base, const struct order_place *place,
                      struct err *err)
{
    return base >= place->epoch_base || order->epoch > place->epoch_base
               ? 0
               : err_set(err, ERR_STALE, "epoch %llu is not above %llu, the trust document's base",
                         (unsigned long long)order->epoch, (unsigned long long)place->epoch_base);
}

int order_check(const struct order *order, const struct order_place *place, struct err *err)
{
    const struct memory_app *memory = place->memory;
    int rc = check_address(order, place, err);
    if (rc != 0) {
        return rc;
    }
    if (memory == NULL || memory->order_gen == 0) {
        return check_base(order, 0, place, err);
    }
    if (order->epoch == memory->order_epoch && order->gen == memory->order_gen) {
        if (order_id_number(order->id) == memory->order_id) {
            return err_set(err, ERR_NOTHING, "this order was taken already");
        }
        return err_set(err, ERR_CONFLICT, "another order of epoch %llu was number %llu too",
                       (unsigned long long)order->epoch, (unsigned long long)order->gen);
    }
    if (memory->epoch_base < place->epoch_base) {
        return check_base(order, memory->epoch_base, place, err); /* what was taken is forgotten */
    }
    if (order->epoch < memory->order_epoch ||
        (order->epoch == memory->order_epoch && order->gen < memory->order_gen)) {
        return err_set(err, ERR_STALE, "order %llu.%llu comes after %llu.%llu was taken",
                       (unsigned long long)order->epoch, (unsigned long long)order->gen,
                       (unsigned long long)memory->order_epoch,
                       (unsigned long long)memory->order_gen);
    }
    return 0;
}

static void decide_wait(struct order_decision *decision, enum order_wait wait)
{
    LAW(BOUNDED, wait != ORDER_WAIT_NONE && wait < ORDER_WAIT_COUNT);
    *decision = (struct order_decision){.step = ORDER_STEP_WAIT, .wait = wait};
}

static void decide_end(struct order_decision *decision, enum outcome_kind outcome, int reason)
{
    LAW(ONE_ANSWER, outcome != OUTCOME_NONE && outcome < OUTCOME_KIND_COUNT);
    *decision =
        (struct order_decision){.step = ORDER_STEP_END, .outcome = outcome, .reason = reason};
}

/* What the order asks for is so, or it asks for nothing. */
static bool is_reached(const struct order *order, const struct memory_app *memory)
{
    return digest_is_none(&order->release) ||
           (memory != NULL && memory->committed.gen != 0 &&
            digest_is_equal(&memory->committed.release, &order->release));
}

/* In the order of the rows; each says what stands in the way. */
void order_decide(const struct order *order, const struct order_facts *facts,
                  struct order_decision *decision)
{
    if (facts->is_memory_lost) {
        decide_wait(decision, ORDER_WAIT_MEMORY_LOST);
    } else if (facts->is_busy) {
        decide_wait(decision, ORDER_WAIT_BUSY);
    } else if (facts->is_store_failing) {
        decide_wait(decision, ORDER_WAIT_STORE);
    } else if (facts->memory != NULL && facts->memory->phase == SWAP_UNPROVEN) {
        decide_wait(decision, ORDER_WAIT_UNPROVEN);
    } else if (is_reached(order, facts->memory)) {
        decide_end(decision, OUTCOME_SUCCEEDED, REASON_ALREADY);
    } else if (order->hold) {
        decide_wait(decision, ORDER_WAIT_HELD);
    } else if (facts->is_late) {
        decide_end(decision, OUTCOME_EXPIRED, REASON_NONE);
    } else if (facts->refusal != 0) {
        decide_end(decision, OUTCOME_REFUSED, facts->refusal);
    } else if (!facts->has_release) {
        decide_wait(decision, ORDER_WAIT_RELEASE);
    } else if (!facts->is_engine_up) {
        decide_wait(decision, ORDER_WAIT_ENGINE);
    } else if (!facts->may_begin) {
        decide_wait(decision, ORDER_WAIT_TURN);
    } else {
        *decision = (struct order_decision){.step = ORDER_STEP_BEGIN};
    }
}

/* An order that does not begin takes back what the one before it wanted and had not yet switched
 * to. */
static void want_again(struct memory_app *next)
{
    if (next->phase != SWAP_UNPROVEN && next->wanted_by == WANTED_BY_ORDER) {
        next->wanted = next->committed.release;
        next->is_forced = false;
    }
}

bool order_take(struct memory_app *next, const struct order *order,
                const struct order_decision *decision)
{
    struct digest before = next->wanted;
    memory_close_order(next, OUTCOME_REPLACED, REASON_REPLACED);
    next->order_epoch = order->epoch;
    next->order_gen = order->gen;
    next->order_id = order_id_number(order->id);
    next->is_order_open = true;
    bool is_wanting = decision->step == ORDER_STEP_BEGIN ||
                      (decision->outcome == OUTCOME_SUCCEEDED && !digest_is_none(&order->release));
    if (is_wanting) {
        next->wanted = order->release;
        next->wanted_by = WANTED_BY_ORDER;
        next->is_forced = order->force && decision->step == ORDER_STEP_BEGIN;
        next->start_by = order->start_by;
    } else {
        want_again(next);
    }
    if (decision->step == ORDER_STEP_END) {
        memory_close_order(next, decision->outcome, decision->reason);
    }
    return !digest_is_equal(&before, &next->wanted);
}
