/* memory: what is written is read back, and nothing else is. */
#include "agent/node/memory.h"

#include "tests/check.h"

static struct memory_app sample(void)
{
    struct memory_app memory = {.app = "web",
                                .index = APPS_MAX - 1,
                                .phase = SWAP_UNPROVEN,
                                .wanted_by = WANTED_BY_ORDER,
                                .is_forced = true,
                                .gen_last = UINT32_MAX,
                                .floor = UINT64_C(0x1122334455667788),
                                .attempts = 255,
                                .boots = 2,
                                .verdict = VERDICT_INCONCLUSIVE,
                                .reason = REASON_REVOKED,
                                .verdict_gen = 7,
                                .order_epoch = UINT64_MAX,
                                .epoch_base = UINT64_C(0xffff) << 16,
                                .order_gen = 42,
                                .order_id = UINT64_MAX,
                                .is_order_open = true,
                                .adopted = {UINT32_MAX, 0xff, {ENGINE_RESTART_ON_FAILURE, 9}}};
    for (size_t i = 0; i < REPORT_OUTCOMES_MAX; i++) {
        memory.outcomes[i] = (struct order_outcome){
            .id = i + 1, .kind = OUTCOME_FAILED, .reason = REASON_NEVER_READY};
    }
    memory.outcomes[1].kind = OUTCOME_REFUSED;
    memory.outcomes[1].reason = (uint16_t)(ERR_USAGE - ERR_BASE_);
    struct generation *generations[] = {&memory.committed, &memory.candidate, &memory.history[0],
                                        &memory.history[1], &memory.history[HISTORY_MAX - 1]};
    for (size_t i = 0; i < COUNT_OF(generations); i++) {
        memset(generations[i]->release.bytes, (int)(i + 1), DIGEST_BYTES);
        generations[i]->sequence = UINT64_MAX - i;
        generations[i]->gen = (uint32_t)(1000000 + i);
        generations[i]->lane = (uint8_t)(i % LANES);
        generations[i]->is_exclusive = i % 2 == 0;
    }
    memset(memory.wanted.bytes, 0xaa, DIGEST_BYTES);
    memset(memory.boot.bytes, 0xbb, BOOT_ID_BYTES);
    for (size_t i = 0; i < QUARANTINE_MAX; i++) {
        memset(memory.quarantined[i].bytes, (int)(0xc0 + i), DIGEST_BYTES);
    }
    return memory;
}

static bool generation_is_equal(const struct generation *a, const struct generation *b)
{
    return digest_is_equal(&a->release, &b->release) && a->sequence == b->sequence &&
           a->gen == b->gen && a->lane == b->lane && a->is_exclusive == b->is_exclusive;
}

static void check_equal(const struct memory_app *a, const struct memory_app *b)
{
    CHECK_STR_EQ(a->app, b->app);
    CHECK(a->index == b->index && a->phase == b->phase && a->wanted_by == b->wanted_by);
    CHECK(a->is_forced == b->is_forced && digest_is_equal(&a->wanted, &b->wanted));
    CHECK(generation_is_equal(&a->committed, &b->committed));
    CHECK(generation_is_equal(&a->candidate, &b->candidate));
    for (size_t i = 0; i < HISTORY_MAX; i++) {
        CHECK(generation_is_equal(&a->history[i], &b->history[i]));
    }
    CHECK(a->gen_last == b->gen_last && a->floor == b->floor && a->attempts == b->attempts);
    CHECK(a->boots == b->boots && memcmp(&a->boot, &b->boot, sizeof a->boot) == 0);
    for (size_t i = 0; i < QUARANTINE_MAX; i++) {
        CHECK(digest_is_equal(&a->quarantined[i], &b->quarantined[i]));
    }
    CHECK(a->verdict == b->verdict && a->reason == b->reason && a->verdict_gen == b->verdict_gen);
    CHECK(a->order_epoch == b->order_epoch && a->order_gen == b->order_gen);
    CHECK_INT_EQ(a->epoch_base, b->epoch_base);
    CHECK(a->adopted.of == b->adopted.of && a->adopted.running == b->adopted.running);
    CHECK(a->adopted.restart.kind == b->adopted.restart.kind &&
          a->adopted.restart.retries == b->adopted.restart.retries);
    CHECK(a->order_id == b->order_id && a->is_order_open == b->is_order_open);
    for (size_t i = 0; i < REPORT_OUTCOMES_MAX; i++) {
        CHECK(a->outcomes[i].id == b->outcomes[i].id &&
              a->outcomes[i].kind == b->outcomes[i].kind &&
              a->outcomes[i].reason == b->outcomes[i].reason);
    }
}

static int decode(const uint8_t *data, size_t len, struct memory_app *memory, struct err *err)
{
    return memory_decode(span_of(data, len), memory, err);
}

static void case_round_trip(void)
{
    uint8_t data[STORE_RECORD_BYTES_MAX];
    struct memory_app samples[] = {sample(), {.app = "a"}};
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        struct memory_app read;
        size_t len = 0;
        memset(&read, 0x5a, sizeof read);
        memory_encode(&samples[i], data, &len);
        CHECK(len > 0 && len <= STORE_RECORD_BYTES_MAX);
        CHECK_INT_EQ(decode(data, len, &read, NULL), 0);
        check_equal(&samples[i], &read);
    }
}

/* The record of an agent that knew no outcomes is read, and says none. */
static void case_version_1(void)
{
    uint8_t data[STORE_RECORD_BYTES_MAX];
    struct memory_app memory = sample();
    struct memory_app read;
    size_t len = 0;
    memory_encode(&memory, data, &len);
    data[0] = 1;
    CHECK_INT_EQ(decode(data, len - 9 - 11 * REPORT_OUTCOMES_MAX, &read, NULL), 0);
    memory.order_id = 0;
    memory.is_order_open = false;
    memset(memory.outcomes, 0, sizeof memory.outcomes);
    memory.adopted = (struct memory_adopted){0};
    memory.epoch_base = 0;
    check_equal(&memory, &read);
}

/* An agent that knows nothing of it would start a second writer: it is not to read such a record.
 */
static void case_adopted(void)
{
    uint8_t data[STORE_RECORD_BYTES_MAX];
    struct memory_app memory = sample();
    size_t len = 0;
    memory_encode(&memory, data, &len);
    CHECK_INT_EQ(data[1], MEMORY_MIN_READER_ADOPTED);
    data[len - 4] = ENGINE_RESTART_COUNT;
    CHECK_INT_EQ(decode(data, len, &memory, NULL), ERR_CORRUPT);
    memory = sample();
    memory.adopted.of = 0;
    memory_encode(&memory, data, &len);
    CHECK_INT_EQ(data[1], MEMORY_MIN_READER);
}

static void case_close_order(void)
{
    struct memory_app memory = {.order_id = 9, .is_order_open = true};
    memory_close_order(&memory, OUTCOME_REFUSED, ERR_BELOW_FLOOR);
    memory_close_order(&memory, OUTCOME_SUCCEEDED, REASON_SOAKED); /* answered already */
    CHECK_INT_EQ(memory.outcomes[0].id, 9);
    CHECK_STR_EQ(order_outcome_reason(&memory.outcomes[0]), "below-floor");
    CHECK_INT_EQ(memory.outcomes[1].id, 0);
    for (uint64_t id = 10; id < 15; id++) {
        memory.order_id = id;
        memory.is_order_open = true;
        memory_close_order(&memory, OUTCOME_SUCCEEDED, REASON_SOAKED);
        CHECK_INT_EQ(memory.outcomes[0].id, id);
    }
    CHECK_INT_EQ(memory.outcomes[REPORT_OUTCOMES_MAX - 1].id, 11); /* the oldest go */
    CHECK_STR_EQ(order_outcome_reason(&memory.outcomes[0]), "soaked");
}

static void case_truncated(void)
{
    uint8_t data[STORE_RECORD_BYTES_MAX + 1] = {0};
    struct memory_app memory = sample();
    size_t len = 0;
    memory_encode(&memory, data, &len);
    for (size_t cut = 0; cut < len; cut++) {
        struct memory_app read = {.app = "untouched"};
        CHECK_INT_EQ(decode(data, cut, &read, NULL), ERR_CORRUPT);
        CHECK_STR_EQ(read.app, "untouched");
    }
    CHECK_INT_EQ(decode(data, sizeof data, &memory, NULL), ERR_CORRUPT);
    /* A newer agent that this one may still read would put its fields behind ours: there is no
     * room. */
    data[0] = MEMORY_VERSION + 1;
    CHECK_INT_EQ(decode(data, len, &memory, NULL), 0);
}

static void case_version(void)
{
    uint8_t data[STORE_RECORD_BYTES_MAX];
    struct memory_app memory = sample();
    struct err err;
    size_t len = 0;
    memory_encode(&memory, data, &len);
    data[0] = 9;
    data[1] = MEMORY_VERSION + 1;
    CHECK_INT_EQ(decode(data, len, &memory, &err), ERR_VERSION);
    CHECK_CONTAINS(err.text, "version 9");
    CHECK_CONTAINS(err.text, "newer agent");
}

static void check_refused(const struct memory_app *memory)
{
    uint8_t data[STORE_RECORD_BYTES_MAX];
    struct memory_app read;
    size_t len = 0;
    memory_encode(memory, data, &len);
    CHECK_INT_EQ(decode(data, len, &read, NULL), ERR_CORRUPT);
}

#define CHECK_BOUND(field, value)                                                                  \
    do {                                                                                           \
        struct memory_app spoilt = sample();                                                       \
        spoilt.field = (value);                                                                    \
        check_refused(&spoilt);                                                                    \
    } while (0)

static void case_bounds(void)
{
    CHECK_BOUND(index, APPS_MAX);
    CHECK_BOUND(phase, SWAP_PHASE_COUNT);
    CHECK_BOUND(wanted_by, WANTED_BY_COUNT);
    CHECK_BOUND(verdict, VERDICT_COUNT);
    CHECK_BOUND(committed.lane, LANES);
    CHECK_BOUND(candidate.lane, LANES);
    CHECK_BOUND(history[HISTORY_MAX - 1].lane, LANES);
    CHECK_BOUND(candidate.gen, 0); /* unproven without a candidate */
    CHECK_BOUND(phase, SWAP_REST); /* at rest with one */
    CHECK_BOUND(app[0], '\0');
    CHECK_BOUND(app[NAME_BYTES - 1], 'x');
}

/* What an agent of a later version has written: nothing is lost but the word. */
static void case_reasons_of_a_later_version(void)
{
    static const int later[] = {REASON_COUNT, REASON_COUNT + 1, UINT8_MAX};
    for (size_t i = 0; i < COUNT_OF(later); i++) {
        struct memory_app memory = sample();
        struct memory_app read;
        uint8_t data[STORE_RECORD_BYTES_MAX];
        uint8_t again[STORE_RECORD_BYTES_MAX];
        size_t len = 0;
        size_t again_len = 0;
        memory.reason = (enum reason)later[i];
        memory.outcomes[0] =
            (struct order_outcome){.id = 7, .kind = OUTCOME_FAILED, .reason = (uint16_t)later[i]};
        memory.outcomes[1] =
            (struct order_outcome){.id = 8, .kind = OUTCOME_REFUSED, .reason = UINT16_MAX};
        memory.outcomes[2] = (struct order_outcome){
            .id = 9, .kind = OUTCOME_REFUSED, .reason = (uint16_t)(ERR_END_ - ERR_BASE_)};
        memory_encode(&memory, data, &len);
        CHECK_INT_EQ(decode(data, len, &read, NULL), 0);
        CHECK_STR_EQ(reason_word(read.reason), "unknown");
        CHECK(strlen(reason_sentence(read.reason)) > 2);
        for (size_t j = 0; j < 3; j++) {
            CHECK_STR_EQ(order_outcome_reason(&read.outcomes[j]), "unknown");
        }
        CHECK_INT_EQ(read.verdict, memory.verdict);
        CHECK_INT_EQ(read.candidate.gen, memory.candidate.gen);
        memory_encode(&read, again, &again_len);
        CHECK_INT_EQ(again_len, len);
        CHECK_INT_EQ(memcmp(data, again, len), 0);
    }
}

/* Bytes of any kind are refused or give a memory whose parts are in bounds. */
static void case_noise(void)
{
    uint8_t data[STORE_RECORD_BYTES_MAX];
    struct memory_app memory = sample();
    size_t len = 0;
    uint32_t seed = 1;
    unsigned accepted = 0;
    for (int round = 0; round < 20000; round++) {
        struct memory_app read;
        memory_encode(&memory, data, &len);
        for (int i = 0; i < 3; i++) {
            seed = seed * 1664525u + 1013904223u;
            data[(seed >> 16) % len] ^= (uint8_t)(1u << (seed >> 8) % 8);
        }
        if (decode(data, len, &read, NULL) == 0) {
            accepted++;
            CHECK(read.phase < SWAP_PHASE_COUNT && reason_word(read.reason) != NULL &&
                  read.verdict < VERDICT_COUNT && read.index < APPS_MAX &&
                  read.committed.lane < LANES && read.candidate.lane < LANES &&
                  memchr(read.app, '\0', NAME_BYTES) != NULL);
        }
    }
    CHECK(accepted > 0 && accepted < 20000);
}

static void case_quarantine(void)
{
    struct memory_app memory = {.app = "web"};
    struct digest none = {0};
    struct digest bad = {.bytes = {1}};
    CHECK(!memory_is_quarantined(&memory, &none));
    CHECK(!memory_is_quarantined(&memory, &bad));
    memory.quarantined[QUARANTINE_MAX - 1] = bad;
    CHECK(memory_is_quarantined(&memory, &bad));
    CHECK(!memory_is_quarantined(&memory, &none));
}

static void case_words(void)
{
    for (int i = 0; i < REASON_COUNT; i++) {
        CHECK(strlen(reason_word((enum reason)i)) > 2);
        CHECK(reason_sentence((enum reason)i) != NULL);
    }
    CHECK_STR_EQ(swap_phase_word(SWAP_UNPROVEN), "unproven");
    CHECK_STR_EQ(verdict_word(VERDICT_BAD), "bad");
    CHECK_STR_EQ(reason_word(REASON_BOOT_LOOP), "boot-loop");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"reasons of a later version", case_reasons_of_a_later_version},
        {"round trip", case_round_trip},
        {"version_1", case_version_1},
        {"adopted", case_adopted},
        {"close_order", case_close_order},
        {"truncated", case_truncated},
        {"version", case_version},
        {"bounds", case_bounds},
        {"noise", case_noise},
        {"quarantine", case_quarantine},
        {"words", case_words}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
