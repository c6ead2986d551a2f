/* order: what may be news, what is done about it, and how it is taken; every input of the decision
 * is enumerated. */
#include "agent/node/order.h"

#include "tests/check.h"

static struct order sample(void)
{
    struct order order = {.id = "00000000000000aa",
                          .fleet = "plant",
                          .node = "gw-1",
                          .app = "web",
                          .epoch = 5,
                          .gen = 9,
                          .issued = 1};
    memset(order.release.bytes, 0x22, DIGEST_BYTES);
    return order;
}

static struct memory_app running(uint8_t byte)
{
    struct memory_app memory = {
        .app = "web", .committed = {.gen = 1}, .order_epoch = 5, .order_gen = 8, .order_id = 0x99};
    memset(memory.committed.release.bytes, byte, DIGEST_BYTES);
    memory.wanted = memory.committed.release;
    return memory;
}

static int check(struct order order, const struct memory_app *memory, uint64_t epoch_base)
{
    struct err err = {0};
    const struct order_place place = {
        .fleet = "plant", .node = "gw-1", .app = "web", .memory = memory, .epoch_base = epoch_base};
    int rc = order_check(&order, &place, &err);
    CHECK(rc == 0 || err.text[0] != '\0');
    return rc;
}

static void case_check(void)
{
    struct memory_app memory = running(0x11);
    struct order order = sample();
    CHECK_INT_EQ(check(order, &memory, 0), 0);
    CHECK_INT_EQ(check(order, NULL, 0), 0);
    order.epoch = 4000;
    CHECK_INT_EQ(check(order, NULL, 0), 0);    /* a node that has seen none takes any epoch */
    CHECK_INT_EQ(check(order, &memory, 0), 0); /* 1,000 sessions later, or by another clock */
    order = sample();
    order.gen = 8;
    CHECK_INT_EQ(check(order, &memory, 0), ERR_CONFLICT);
    memory.order_id = 0xaa;
    CHECK_INT_EQ(check(order, &memory, 0), ERR_NOTHING);
    order.gen = 7;
    CHECK_INT_EQ(check(order, &memory, 0), ERR_STALE);
    order = sample();
    order.epoch = 4;
    order.gen = 100;
    CHECK_INT_EQ(check(order, &memory, 0), ERR_STALE); /* the epoch goes before the number */
    order = sample();
    (void)text_copy(order.node, sizeof order.node, "gw-2");
    CHECK_INT_EQ(check(order, &memory, 0), ERR_WRONG_NODE);
    order = sample();
    (void)text_copy(order.fleet, sizeof order.fleet, "other");
    CHECK_INT_EQ(check(order, &memory, 0), ERR_WRONG_FLEET);
    order = sample();
    (void)text_copy(order.app, sizeof order.app, "api");
    CHECK_INT_EQ(check(order, &memory, 0), ERR_WRONG_APP);
}

/* A base that was raised makes the node forget what it took before: also the highest of all. */
static void case_check_base(void)
{
    struct memory_app memory = running(0x11);
    struct order order = sample();
    memory.order_epoch = JSON_INTEGER_MAX;
    order.epoch = 1764000000;
    CHECK_INT_EQ(check(order, &memory, 0), ERR_STALE);
    CHECK_INT_EQ(check(order, &memory, 1763999999), 0);
    CHECK_INT_EQ(check(order, &memory, 1764000000), ERR_STALE); /* replayed from before */
    CHECK_INT_EQ(check(order, NULL, 1764000000), ERR_STALE);
    memory.epoch_base = 1763999999;
    CHECK_INT_EQ(check(order, &memory, 1763999999), ERR_STALE); /* taken since: it counts again */
    memory.order_epoch = order.epoch;
    memory.order_gen = order.gen - 1;
    CHECK_INT_EQ(check(order, &memory, 1763999999), 0);
    memory.order_gen = order.gen;
    memory.order_id = order_id_number(order.id);
    memory.epoch_base = 0;
    CHECK_INT_EQ(check(order, &memory, 1764000000), ERR_NOTHING); /* it lies there still */
}

/* What stands in the way of a free order, the first of them first: each is told by its own word, so
 * that whoever waits reads what for. */
static enum order_wait wait_wanted(const struct order *order, const struct order_facts *facts)
{
    const struct {
        bool is_so;
        enum order_wait wait;
    } rows[] = {
        {facts->is_busy, ORDER_WAIT_BUSY},
        {facts->is_store_failing, ORDER_WAIT_STORE},
        {facts->memory->phase == SWAP_UNPROVEN, ORDER_WAIT_UNPROVEN},
        {order->hold, ORDER_WAIT_HELD},
        {!facts->has_release, ORDER_WAIT_RELEASE},
        {!facts->is_engine_up, ORDER_WAIT_ENGINE},
        {!facts->may_begin, ORDER_WAIT_TURN},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].is_so) {
            return rows[i].wait;
        }
    }
    return ORDER_WAIT_NONE;
}

/* Every combination: nothing begins unless nothing stands in its way, and what is so already is
 * never refused or late. */
static void case_decide_all(void)
{
    unsigned begun = 0, ended = 0;
    for (unsigned bits = 0; bits < 1u << 11; bits++) {
        struct memory_app memory = running((bits & 1) != 0 ? 0x22 : 0x11);
        struct order order = sample();
        struct order_decision decision;
        memory.phase = (bits & 2) != 0 ? SWAP_UNPROVEN : SWAP_REST;
        order.hold = (bits & 4) != 0;
        if ((bits & 8) != 0) {
            memset(&order.release, 0, sizeof order.release);
        }
        const struct order_facts facts = {.memory = &memory,
                                          .is_busy = (bits & 16) != 0,
                                          .has_release = (bits & 32) != 0,
                                          .is_late = (bits & 64) != 0,
                                          .refusal = (bits & 128) != 0 ? ERR_BELOW_FLOOR : 0,
                                          .is_engine_up = (bits & 256) != 0,
                                          .is_store_failing = (bits & 512) != 0,
                                          .is_memory_lost = false,
                                          .may_begin = (bits & 1024) != 0};
        order_decide(&order, &facts, &decision);
        bool is_free = !facts.is_busy && !facts.is_store_failing && memory.phase == SWAP_REST;
        bool is_reached = (bits & (1 | 8)) != 0;
        if (decision.step == ORDER_STEP_BEGIN) {
            begun++;
            CHECK(is_free && !is_reached && !order.hold && !facts.is_late && facts.refusal == 0 &&
                  facts.has_release && facts.is_engine_up && facts.may_begin);
        } else if (decision.step == ORDER_STEP_END) {
            ended++;
            CHECK(is_free && decision.outcome != OUTCOME_NONE);
            CHECK_INT_EQ(decision.outcome == OUTCOME_SUCCEEDED, is_reached);
            enum outcome_kind outcome = is_reached      ? OUTCOME_SUCCEEDED
                                        : facts.is_late ? OUTCOME_EXPIRED
                                                        : OUTCOME_REFUSED;
            CHECK_INT_EQ(decision.outcome, outcome);
            CHECK_INT_EQ(decision.reason, outcome == OUTCOME_SUCCEEDED ? (int)REASON_ALREADY
                                          : outcome == OUTCOME_EXPIRED ? (int)REASON_NONE
                                                                       : facts.refusal);
            CHECK(!order.hold || is_reached);
        } else {
            CHECK_INT_EQ(decision.step, ORDER_STEP_WAIT);
            CHECK_STR_EQ(order_wait_word(decision.wait),
                         order_wait_word(wait_wanted(&order, &facts)));
            CHECK(!is_free ||
                  (!is_reached && (order.hold || (!facts.is_late && facts.refusal == 0))));
        }
    }
    CHECK_INT_EQ(begun, 1); /* the one combination in which nothing is in the way */
    CHECK(ended > 100);
    struct order_decision decision;
    struct order order = sample();
    const struct order_facts lost = {
        .is_memory_lost = true, .has_release = true, .is_engine_up = true, .may_begin = true};
    order_decide(&order, &lost, &decision);
    CHECK_INT_EQ(decision.wait, ORDER_WAIT_MEMORY_LOST);
}

static void case_take_begins(void)
{
    struct memory_app memory = running(0x11);
    struct order order = sample();
    const struct order_decision begin = {.step = ORDER_STEP_BEGIN};
    order.force = true;
    CHECK(order_take(&memory, &order, &begin));
    CHECK(digest_is_equal(&memory.wanted, &order.release) && memory.is_forced);
    CHECK_INT_EQ(memory.wanted_by, WANTED_BY_ORDER);
    CHECK_INT_EQ(memory.order_gen, 9);
    CHECK_INT_EQ(memory.order_id, 0xaa);
    CHECK(memory.is_order_open);
    /* Its successor replaces it, with an answer. */
    struct order later = order;
    later.gen = 10;
    (void)text_copy(later.id, sizeof later.id, "00000000000000bb");
    memset(later.release.bytes, 0x33, DIGEST_BYTES);
    CHECK(order_take(&memory, &later, &begin));
    CHECK_INT_EQ(memory.outcomes[0].id, 0xaa);
    CHECK_INT_EQ(memory.outcomes[0].kind, OUTCOME_REPLACED);
    CHECK(memory.is_order_open && memory.order_id == 0xbb);
}

/* A later order that is refused still ends what the earlier one had begun and not switched to. */
static void case_take_ends(void)
{
    struct memory_app memory = running(0x11);
    struct order order = sample();
    const struct order_decision begin = {.step = ORDER_STEP_BEGIN};
    const struct order_decision refuse = {
        .step = ORDER_STEP_END, .outcome = OUTCOME_REFUSED, .reason = ERR_HOST_POWER};
    (void)order_take(&memory, &order, &begin);
    memory.phase = SWAP_PREPARE;
    order.gen = 10;
    (void)text_copy(order.id, sizeof order.id, "00000000000000bb");
    CHECK(order_take(&memory, &order, &refuse));
    CHECK(digest_is_equal(&memory.wanted, &memory.committed.release));
    CHECK_INT_EQ(memory.outcomes[0].id, 0xbb);
    CHECK_STR_EQ(order_outcome_reason(&memory.outcomes[0]), "host-power-not-allowed");
    CHECK_INT_EQ(memory.outcomes[1].kind, OUTCOME_REPLACED);
    CHECK(!memory.is_order_open);
}

/* What a person at the node wants is left alone by an order that changes nothing. */
static void case_take_no_opinion(void)
{
    struct memory_app memory = running(0x11);
    struct order order = sample();
    const struct order_decision already = {
        .step = ORDER_STEP_END, .outcome = OUTCOME_SUCCEEDED, .reason = REASON_ALREADY};
    memset(&order.release, 0, sizeof order.release);
    memory.wanted_by = WANTED_BY_OVERRIDE;
    memset(memory.wanted.bytes, 0x44, DIGEST_BYTES);
    CHECK(!order_take(&memory, &order, &already));
    CHECK_INT_EQ(memory.wanted_by, WANTED_BY_OVERRIDE);
    CHECK_INT_EQ(memory.outcomes[0].kind, OUTCOME_SUCCEEDED);
    /* One that asks for what runs takes over. */
    order = sample();
    order.gen = 10;
    order.release = memory.committed.release;
    CHECK(order_take(&memory, &order, &already));
    CHECK_INT_EQ(memory.wanted_by, WANTED_BY_ORDER);
}

/* The words are the wire's: a report carries them. */
static void case_wait_words(void)
{
    static const char *const words[] = {[ORDER_WAIT_NONE] = "",
                                        [ORDER_WAIT_RELEASE] = "release",
                                        [ORDER_WAIT_HELD] = "held",
                                        [ORDER_WAIT_UNPROVEN] = "unproven",
                                        [ORDER_WAIT_BUSY] = "busy",
                                        [ORDER_WAIT_TURN] = "turn",
                                        [ORDER_WAIT_ENGINE] = "engine",
                                        [ORDER_WAIT_STORE] = "store",
                                        [ORDER_WAIT_MEMORY_LOST] = "memory-lost"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        CHECK_STR_EQ(order_wait_word((enum order_wait)i), words[i]);
    }
}

/* What an order that only ends leaves behind: what the one before it had begun is wanted no more,
 * what serves unproven stays, and what a person wants is left alone. */
static void case_take_leaves(void)
{
    static const struct {
        enum swap_phase phase;
        enum wanted_by by;
        bool is_back;
    } rows[] = {{SWAP_REST, WANTED_BY_ORDER, true},
                {SWAP_PREPARE, WANTED_BY_ORDER, true},
                {SWAP_UNPROVEN, WANTED_BY_ORDER, false},
                {SWAP_REST, WANTED_BY_OVERRIDE, false},
                {SWAP_PREPARE, WANTED_BY_OVERRIDE, false}};
    const struct order_decision late = {.step = ORDER_STEP_END, .outcome = OUTCOME_EXPIRED};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct memory_app memory = running(0x11);
        struct order order = sample();
        memory.phase = rows[i].phase;
        memory.wanted_by = rows[i].by;
        memory.is_forced = true;
        memset(memory.wanted.bytes, 0x44, DIGEST_BYTES);
        order.force = true;
        CHECK_INT_EQ(order_take(&memory, &order, &late), rows[i].is_back);
        CHECK_INT_EQ(memory.wanted.bytes[0], rows[i].is_back ? 0x11 : 0x44);
        CHECK_INT_EQ(memory.is_forced, !rows[i].is_back);
        CHECK_INT_EQ(memory.wanted_by, rows[i].by);
        CHECK_INT_EQ(memory.order_epoch, 5);
        CHECK_INT_EQ(memory.order_gen, 9);
        CHECK_INT_EQ(memory.order_id, 0xaa);
        CHECK_INT_EQ(memory.outcomes[0].kind, OUTCOME_EXPIRED);
        CHECK_INT_EQ(memory.outcomes[0].id, 0xaa);
        CHECK(!memory.is_order_open);
    }
    /* One that is reached already forces nothing. */
    struct memory_app memory = running(0x22);
    struct order order = sample();
    const struct order_decision already = {
        .step = ORDER_STEP_END, .outcome = OUTCOME_SUCCEEDED, .reason = REASON_ALREADY};
    order.force = true;
    memory.wanted_by = WANTED_BY_NOBODY;
    CHECK(!order_take(&memory, &order, &already)); /* the same is wanted, by the order now */
    CHECK(!memory.is_forced);
    CHECK_INT_EQ(memory.wanted_by, WANTED_BY_ORDER);
    CHECK_INT_EQ(memory.outcomes[0].reason, REASON_ALREADY);
}

static void case_ids(void)
{
    char id[ORDER_ID_BYTES];
    order_id_render(order_id_number("fedcba9876543210"), id);
    CHECK_STR_EQ(id, "fedcba9876543210");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"check", case_check},
                                              {"check: base", case_check_base},
                                              {"decide_all", case_decide_all},
                                              {"take_begins", case_take_begins},
                                              {"take_ends", case_take_ends},
                                              {"take_no_opinion", case_take_no_opinion},
                                              {"wait_words", case_wait_words},
                                              {"take_leaves", case_take_leaves},
                                              {"ids", case_ids}};
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
