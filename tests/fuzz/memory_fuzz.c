/* memory: a record that is read is within its bounds, and what is written of it reads the same. */
#include "agent/node/memory.h"

#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct memory_app memory, again;
    uint8_t first[STORE_RECORD_BYTES_MAX];
    uint8_t second[STORE_RECORD_BYTES_MAX];
    size_t first_len = 0;
    size_t second_len = 0;
    memset(&memory, 0, sizeof memory);
    memset(&again, 0, sizeof again);
    int rc = memory_decode(span_of(data, size), &memory, NULL);
    if (rc != 0) {
        PROMISE(rc == ERR_VERSION || rc == ERR_CORRUPT);
        return 0;
    }
    PROMISE(memchr(memory.app, '\0', sizeof memory.app) != NULL && memory.index < APPS_MAX);
    PROMISE(memory.committed.lane < LANES && memory.candidate.lane < LANES);
    PROMISE(reason_word(memory.reason) != NULL && verdict_word(memory.verdict) != NULL);
    PROMISE(swap_phase_word(memory.phase) != NULL && memory.wanted_by < WANTED_BY_COUNT);
    for (size_t i = 0; i < REPORT_OUTCOMES_MAX; i++) {
        PROMISE(order_outcome_reason(&memory.outcomes[i]) != NULL);
    }
    memory_encode(&memory, first, &first_len);
    PROMISE(first_len <= sizeof first);
    PROMISE(memory_decode(span_of(first, first_len), &again, NULL) == 0);
    memory_encode(&again, second, &second_len);
    PROMISE(first_len == second_len && memcmp(first, second, first_len) == 0);
    return 0;
}
