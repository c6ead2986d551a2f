/* ended: what is put is found again, the edge of the table, and bytes that are no table. */
#include "agent/node/ended.h"

#include <stdio.h>

#include "tests/check.h"

static uint8_t data[ENDED_BYTES_MAX];

static struct memory_app app_of(unsigned number)
{
    struct memory_app memory = {
        .floor = UINT64_MAX - number,
        .order_epoch = UINT64_C(1) << 40 | number,
        .order_gen = number * 3u,
        .order_id = UINT64_C(0xfedcba9876543210) + number,
        .epoch_base = UINT64_C(7) << 16,
        .gen_last = number + 9,
    };
    (void)snprintf(memory.app, sizeof memory.app, "app-%u", number);
    for (size_t i = 0; i < QUARANTINE_MAX; i++) {
        memset(memory.quarantined[i].bytes, (int)((number + i) % 200 + 1), DIGEST_BYTES);
    }
    return memory;
}

static void check_found(size_t len, unsigned number)
{
    struct memory_app put = app_of(number);
    struct memory_app found;
    struct digest other = put.quarantined[1];
    CHECK(ended_find(span_of(data, len), put.app, &found));
    CHECK_STR_EQ(found.app, put.app);
    CHECK(found.floor == put.floor && found.order_epoch == put.order_epoch);
    CHECK(found.order_gen == put.order_gen && found.order_id == put.order_id);
    CHECK(found.epoch_base == put.epoch_base && found.gen_last == put.gen_last);
    CHECK_INT_EQ(found.committed.gen, 0);
    CHECK(memory_is_quarantined(&found, &put.quarantined[0]));
    CHECK(memory_is_quarantined(&found, &other));
    other.bytes[7] ^= 1;
    CHECK(!memory_is_quarantined(&found, &other));
}

static void case_none(void)
{
    struct memory_app found;
    size_t count = 7;
    CHECK_INT_EQ(ended_count(span_of(data, 0), &count, NULL), 0);
    CHECK_INT_EQ(count, 0);
    CHECK(!ended_find(span_of(data, 0), "app-1", &found));
}

/* Up to the edge all are found; beyond it the one that was put first gives way, and is named. */
static void case_full(void)
{
    char evicted[NAME_BYTES];
    struct memory_app memory;
    size_t len = 0;
    size_t count = 0;
    for (unsigned i = 0; i < ENDED_MAX; i++) {
        memory = app_of(i);
        len = ended_put(data, len, &memory, evicted);
        CHECK_STR_EQ(evicted, "");
    }
    CHECK_INT_EQ(len, ENDED_BYTES_MAX);
    for (unsigned i = 0; i < ENDED_MAX; i++) {
        check_found(len, i);
    }
    memory = app_of(0);
    CHECK_INT_EQ(ended_put(data, len, &memory, evicted), len); /* again, and so the newest */
    CHECK_STR_EQ(evicted, "");
    memory = app_of(ENDED_MAX);
    CHECK_INT_EQ(ended_put(data, len, &memory, evicted), len);
    CHECK_STR_EQ(evicted, "app-1");
    CHECK(!ended_find(span_of(data, len), "app-1", &memory));
    check_found(len, 0);
    check_found(len, 2);
    check_found(len, ENDED_MAX);
    CHECK_INT_EQ(ended_count(span_of(data, len), &count, NULL), 0);
    CHECK_INT_EQ(count, ENDED_MAX);
}

static void case_no_table(void)
{
    char evicted[NAME_BYTES];
    struct memory_app memory = app_of(1);
    struct err err;
    size_t count;
    size_t len = ended_put(data, 0, &memory, evicted);
    CHECK_INT_EQ(ended_count(span_of(data, len), &count, &err), 0);
    CHECK_INT_EQ(ended_count(span_of(data, len - 1), &count, &err), ERR_CORRUPT);
    CHECK_INT_EQ(ended_count(span_of(data, 1), &count, &err), ERR_CORRUPT);
    data[1]++;
    CHECK_INT_EQ(ended_count(span_of(data, len), &count, &err), ERR_CORRUPT);
    data[0]++;
    CHECK_INT_EQ(ended_count(span_of(data, len), &count, &err), ERR_VERSION);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"none", case_none}, {"full", case_full}, {"no table", case_no_table}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
