/* memory: the record of one app, field by field in little-endian order behind its version. */
#include "agent/node/memory.h"

#include <string.h>

#include "agent/wire/trust.h"
#include "platform/base/law.h"
#include "platform/base/number.h"

/* The format is a list of fields walked by the same function in both directions, so that what is
 * written and what is read cannot drift apart. */
struct cursor {
    uint8_t *data;
    size_t len, at;
    bool is_writing;
    bool is_short; /* reading went past the end */
};

static void walk_bytes(struct cursor *cursor, void *field, size_t len)
{
    if (cursor->len - cursor->at < len) {
        cursor->is_short = true;
        return;
    }
    if (cursor->is_writing) {
        memcpy(cursor->data + cursor->at, field, len);
    } else {
        memcpy(field, cursor->data + cursor->at, len);
    }
    cursor->at += len;
}

/* An unsigned number in `width` bytes; returns the value read, or the value given when writing. */
static uint64_t walk_number(struct cursor *cursor, uint64_t value, size_t width)
{
    uint8_t bytes[8] = {0};
    LAW(BOUNDED, width == 8 || !cursor->is_writing || value >> (8 * width) == 0);
    number_put(bytes, value, width);
    walk_bytes(cursor, bytes, width);
    return number_get(bytes, width);
}

static void walk_generation(struct cursor *cursor, struct generation *generation)
{
    walk_bytes(cursor, generation->release.bytes, DIGEST_BYTES);
    generation->sequence = walk_number(cursor, generation->sequence, 8);
    generation->gen = (uint32_t)walk_number(cursor, generation->gen, 4);
    generation->lane = (uint8_t)walk_number(cursor, generation->lane, 1);
}

/* One bit a generation, where earlier versions wrote 0. */
static void walk_exclusive(struct cursor *cursor, struct memory_app *memory)
{
    struct generation *generations[2 + HISTORY_MAX] = {&memory->committed, &memory->candidate};
    uint64_t bits = 0;
    for (size_t i = 0; i < HISTORY_MAX; i++) {
        generations[2 + i] = &memory->history[i];
    }
    for (size_t i = 0; i < COUNT_OF(generations); i++) {
        bits |= (uint64_t)generations[i]->is_exclusive << i;
    }
    bits = walk_number(cursor, bits, 2);
    for (size_t i = 0; i < COUNT_OF(generations); i++) {
        generations[i]->is_exclusive = (bits >> i & 1u) != 0;
    }
}

#define GENERATION_BYTES (DIGEST_BYTES + 8 + 4 + 1)
#define MEMORY_BYTES                                                                               \
    (2 + NAME_BYTES + 10 + DIGEST_BYTES + (2 + HISTORY_MAX) * GENERATION_BYTES + 4 + 8 + 4 +       \
     BOOT_ID_BYTES + QUARANTINE_MAX * DIGEST_BYTES + 16 + 9 + REPORT_OUTCOMES_MAX * 11 + 4 + 7 +   \
     2)
_Static_assert(MEMORY_BYTES <= STORE_RECORD_BYTES_MAX, "one app fits one record");
_Static_assert(LANES < 256 && APPS_MAX < 256, "small numbers fit a byte");

/* What version 2 added. */
static void walk_orders(struct cursor *cursor, struct memory_app *memory)
{
    memory->order_id = walk_number(cursor, memory->order_id, 8);
    memory->is_order_open = walk_number(cursor, memory->is_order_open, 1) != 0;
    for (size_t i = 0; i < REPORT_OUTCOMES_MAX; i++) {
        struct order_outcome *outcome = &memory->outcomes[i];
        outcome->id = walk_number(cursor, outcome->id, 8);
        outcome->kind = (enum outcome_kind)walk_number(cursor, outcome->kind, 1);
        outcome->reason = (uint16_t)walk_number(cursor, outcome->reason, 2);
    }
}

/* What version 3 added. */
static void walk_wish(struct cursor *cursor, struct memory_app *memory)
{
    uint64_t seconds = memory->start_by > 0 ? (uint64_t)memory->start_by / 1000 : 0;
    seconds = walk_number(cursor, seconds < UINT32_MAX ? seconds : UINT32_MAX, 4);
    memory->start_by = (wall_ms)seconds * 1000;
}

/* What version 4 added. */
static void walk_adopted(struct cursor *cursor, struct memory_adopted *adopted)
{
    adopted->of = (uint32_t)walk_number(cursor, adopted->of, 4);
    adopted->running = (uint8_t)walk_number(cursor, adopted->running, 1);
    adopted->restart.kind = (enum engine_restart_kind)walk_number(cursor, adopted->restart.kind, 1);
    adopted->restart.retries = (uint8_t)walk_number(cursor, adopted->restart.retries, 1);
}

/* What version 5 added: a base is whole steps. */
static void walk_base(struct cursor *cursor, struct memory_app *memory)
{
    memory->epoch_base =
        walk_number(cursor, memory->epoch_base / TRUST_BASE_STEP, 2) * TRUST_BASE_STEP;
}

static void walk_memory(struct cursor *cursor, struct memory_app *memory)
{
    walk_bytes(cursor, memory->app, NAME_BYTES);
    memory->index = (uint8_t)walk_number(cursor, memory->index, 1);
    memory->phase = (enum swap_phase)walk_number(cursor, memory->phase, 1);
    memory->wanted_by = (enum wanted_by)walk_number(cursor, memory->wanted_by, 1);
    memory->is_forced = walk_number(cursor, memory->is_forced, 1) != 0;
    memory->attempts = (uint8_t)walk_number(cursor, memory->attempts, 1);
    memory->boots = (uint8_t)walk_number(cursor, memory->boots, 1);
    memory->verdict = (enum verdict)walk_number(cursor, memory->verdict, 1);
    memory->reason = (enum reason)walk_number(cursor, memory->reason, 1);
    walk_exclusive(cursor, memory);
    walk_bytes(cursor, memory->wanted.bytes, DIGEST_BYTES);
    walk_generation(cursor, &memory->committed);
    walk_generation(cursor, &memory->candidate);
    for (size_t i = 0; i < HISTORY_MAX; i++) {
        walk_generation(cursor, &memory->history[i]);
    }
    memory->gen_last = (uint32_t)walk_number(cursor, memory->gen_last, 4);
    memory->floor = walk_number(cursor, memory->floor, 8);
    memory->verdict_gen = (uint32_t)walk_number(cursor, memory->verdict_gen, 4);
    walk_bytes(cursor, memory->boot.bytes, BOOT_ID_BYTES);
    for (size_t i = 0; i < QUARANTINE_MAX; i++) {
        walk_bytes(cursor, memory->quarantined[i].bytes, DIGEST_BYTES);
    }
    memory->order_epoch = walk_number(cursor, memory->order_epoch, 8);
    memory->order_gen = walk_number(cursor, memory->order_gen, 8);
}

void memory_encode(const struct memory_app *memory, uint8_t data[STORE_RECORD_BYTES_MAX],
                   size_t *len)
{
    struct memory_app copy = *memory;
    struct cursor cursor = {.data = data, .len = STORE_RECORD_BYTES_MAX, .is_writing = true};
    (void)walk_number(&cursor, MEMORY_VERSION, 1);
    (void)walk_number(&cursor,
                      memory->adopted.of != 0 ? MEMORY_MIN_READER_ADOPTED : MEMORY_MIN_READER, 1);
    walk_memory(&cursor, &copy);
    walk_orders(&cursor, &copy);
    walk_wish(&cursor, &copy);
    walk_adopted(&cursor, &copy.adopted);
    walk_base(&cursor, &copy);
    LAW(BOUNDED, !cursor.is_short && cursor.at == MEMORY_BYTES);
    *len = cursor.at;
}

static bool generation_is_sound(const struct generation *generation)
{
    return generation->lane < LANES;
}

static bool outcome_is_sound(const struct order_outcome *outcome)
{
    return outcome->kind < OUTCOME_KIND_COUNT &&
           (outcome->kind == OUTCOME_NONE) == (outcome->id == 0);
}

static bool memory_is_sound(const struct memory_app *memory)
{
    for (size_t i = 0; i < HISTORY_MAX; i++) {
        if (!generation_is_sound(&memory->history[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < REPORT_OUTCOMES_MAX; i++) {
        if (!outcome_is_sound(&memory->outcomes[i])) {
            return false;
        }
    }
    if (memory->adopted.restart.kind >= ENGINE_RESTART_COUNT) {
        return false;
    }
    return memory->app[NAME_BYTES - 1] == '\0' && memory->app[0] != '\0' &&
           memory->index < APPS_MAX && memory->phase < SWAP_PHASE_COUNT &&
           memory->wanted_by < WANTED_BY_COUNT && memory->verdict < VERDICT_COUNT &&
           generation_is_sound(&memory->committed) && generation_is_sound(&memory->candidate) &&
           (memory->phase == SWAP_REST) == (memory->candidate.gen == 0);
}

int memory_decode(struct span data, struct memory_app *memory, struct err *err)
{
    uint8_t copy[STORE_RECORD_BYTES_MAX];
    if (data.len < 2 || data.len > sizeof copy) {
        return err_set(err, ERR_CORRUPT, "a record of %zu bytes cannot be an app's memory",
                       data.len);
    }
    memcpy(copy, data.data, data.len);
    struct cursor cursor = {.data = copy, .len = data.len};
    uint64_t version = walk_number(&cursor, 0, 1);
    uint64_t min_reader = walk_number(&cursor, 0, 1);
    if (min_reader > MEMORY_VERSION) {
        return err_set(err, ERR_VERSION,
                       "memory of version %u needs an agent that reads version %u, this one reads "
                       "%d: install the newer agent again",
                       (unsigned)version, (unsigned)min_reader, MEMORY_VERSION);
    }
    struct memory_app read = {0};
    walk_memory(&cursor, &read);
    if (version >= 2) {
        walk_orders(&cursor, &read);
    }
    if (version >= 3) {
        walk_wish(&cursor, &read);
    }
    if (version >= 4) {
        walk_adopted(&cursor, &read.adopted);
    }
    if (version >= 5) {
        walk_base(&cursor, &read);
    }
    if (cursor.is_short || !memory_is_sound(&read)) {
        return err_set(err, ERR_CORRUPT, "the record's fields are out of their bounds");
    }
    *memory = read;
    return 0;
}

void memory_close_order(struct memory_app *memory, enum outcome_kind kind, int reason)
{
    LAW(ONE_ANSWER, kind != OUTCOME_NONE && kind < OUTCOME_KIND_COUNT);
    if (!memory->is_order_open) {
        return;
    }
    for (size_t i = REPORT_OUTCOMES_MAX - 1; i > 0; i--) {
        memory->outcomes[i] = memory->outcomes[i - 1];
    }
    memory->outcomes[0] = (struct order_outcome){
        .id = memory->order_id,
        .kind = kind,
        .reason = (uint16_t)(kind == OUTCOME_REFUSED ? reason - ERR_BASE_ : reason),
    };
    memory->is_order_open = false;
}

const char *order_outcome_reason(const struct order_outcome *outcome)
{
    if (outcome->kind != OUTCOME_REFUSED) {
        return reason_word((enum reason)outcome->reason);
    }
    return outcome->reason < ERR_END_ - ERR_BASE_ ? err_word(outcome->reason + ERR_BASE_)
                                                  : "unknown";
}

/* Of an app that came back only the first 8 bytes of a digest are known. */
static bool is_quarantined_as(const struct digest *kept, const struct digest *release)
{
    static const uint8_t none[DIGEST_BYTES - 8];
    bool is_prefix = memcmp(kept->bytes + 8, none, sizeof none) == 0;
    return memcmp(kept->bytes, release->bytes, is_prefix ? 8 : DIGEST_BYTES) == 0;
}

bool memory_is_quarantined(const struct memory_app *memory, const struct digest *release)
{
    for (size_t i = 0; i < QUARANTINE_MAX; i++) {
        if (!digest_is_none(release) && is_quarantined_as(&memory->quarantined[i], release)) {
            return true;
        }
    }
    return false;
}

const char *swap_phase_word(enum swap_phase phase)
{
    LAW(BOUNDED, phase < SWAP_PHASE_COUNT);
    static const char *const words[] = {
#define WORD_(name, word, sentence) [SWAP_##name] = word,
        SWAP_PHASES(WORD_)
#undef WORD_
    };
    return words[phase];
}

const char *wanted_by_word(enum wanted_by wanted_by)
{
    LAW(BOUNDED, wanted_by < WANTED_BY_COUNT);
    static const char *const words[] = {
#define WORD_(name, word, sentence) [WANTED_BY_##name] = word,
        WANTED_BYS(WORD_)
#undef WORD_
    };
    return words[wanted_by];
}

const char *verdict_word(enum verdict verdict)
{
    LAW(BOUNDED, verdict < VERDICT_COUNT);
    static const char *const words[] = {
#define WORD_(name, word, sentence) [VERDICT_##name] = word,
        VERDICTS(WORD_)
#undef WORD_
    };
    return words[verdict];
}

const char *reason_word(enum reason reason)
{
    static const char *const words[] = {
#define WORD_(name, word, sentence) [REASON_##name] = word,
        REASONS(WORD_)
#undef WORD_
    };
    return reason < REASON_COUNT ? words[reason] : "unknown";
}

const char *reason_sentence(enum reason reason)
{
    static const char *const sentences[] = {
#define SENTENCE_(name, word, sentence) [REASON_##name] = sentence,
        REASONS(SENTENCE_)
#undef SENTENCE_
    };
    return reason < REASON_COUNT ? sentences[reason]
                                 : "an agent of a later version gave a reason that this one lacks";
}
