/* store_contract: names, limits, order, torn writes, damage, failures. */
#include "tests/contract/store_contract.h"

#include <stdbool.h>
#include <stdio.h>

#include "platform/base/units.h"
#include "tests/check.h"

enum { TURNS_MAX = 3000, SLOT_BYTES = 512, DAMAGE_STEP = 7 };

/* What came back from one write. */
struct answer {
    int calls;
    int code;
    int turn; /* place among all answers */
};

static struct store_fixture *fixture;
static bool is_inside_call;
static int answers_seen;

static void answered(void *ctx, const struct err *err)
{
    struct answer *answer = ctx;
    CHECK(!is_inside_call);
    answer->calls++;
    answer->code = err == NULL ? 0 : err->code;
    answer->turn = ++answers_seen;
}

static void pump_until(const struct answer *answer)
{
    for (int i = 0; i < TURNS_MAX && answer->calls == 0; i++) {
        fixture->pump(fixture->self);
    }
    CHECK_INT_EQ(answer->calls, 1);
}

static int record_call(struct answer *answer, const char *name, struct span content)
{
    *answer = (struct answer){0};
    is_inside_call = true;
    int rc = fixture->store.ops->record_write(fixture->store.self, name, content, answered, answer,
                                              NULL);
    is_inside_call = false;
    return rc;
}

static int blob_call(struct answer *answer, const char *name, struct span content)
{
    *answer = (struct answer){0};
    is_inside_call = true;
    int rc =
        fixture->store.ops->blob_write(fixture->store.self, name, content, answered, answer, NULL);
    is_inside_call = false;
    return rc;
}

static int remove_call(struct answer *answer, const char *name)
{
    *answer = (struct answer){0};
    is_inside_call = true;
    int rc = fixture->store.ops->blob_remove(fixture->store.self, name, answered, answer, NULL);
    is_inside_call = false;
    return rc;
}

/* Writes and waits; the code of the call or of its answer. */
static int record_put(const char *name, const char *content)
{
    struct answer answer;
    int rc = record_call(&answer, name, span_text(content));
    if (rc == 0) {
        pump_until(&answer);
    }
    return rc != 0 ? rc : answer.code;
}

static int blob_put(const char *name, struct span content)
{
    struct answer answer;
    int rc = blob_call(&answer, name, content);
    if (rc == 0) {
        pump_until(&answer);
    }
    return rc != 0 ? rc : answer.code;
}

/* The record's text, or the word of the error. */
static const char *record_get(const char *name)
{
    static char text[STORE_RECORD_BYTES_MAX + 1];
    size_t len = 0;
    int rc = fixture->store.ops->record_read(fixture->store.self, name, text,
                                             STORE_RECORD_BYTES_MAX, &len, NULL);
    text[len] = '\0';
    return rc == 0 ? text : err_word(rc);
}

static int blob_get(const char *name, uint8_t *data, size_t *len)
{
    return fixture->store.ops->blob_read(fixture->store.self, name, data, STORE_BLOB_BYTES_MAX, len,
                                         NULL);
}

static void bytes_fill(uint8_t *data, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245u + 12345u;
        data[i] = (uint8_t)(seed >> 16);
    }
}

static void case_nothing_there(void)
{
    uint8_t data[8];
    size_t len = 99;
    fixture->reset(fixture->self);
    CHECK_STR_EQ(record_get("app"), "not-found");
    CHECK_INT_EQ(
        fixture->store.ops->blob_read(fixture->store.self, "app", data, sizeof data, &len, NULL),
        ERR_NOT_FOUND);
    CHECK_INT_EQ(len, 99);
}

static void case_record_round_trip(void)
{
    uint8_t content[STORE_RECORD_BYTES_MAX];
    uint8_t back[STORE_RECORD_BYTES_MAX];
    static const size_t sizes[] = {0, 1, 255, STORE_RECORD_BYTES_MAX - 1, STORE_RECORD_BYTES_MAX};
    fixture->reset(fixture->self);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct answer answer;
        size_t len = 0;
        bytes_fill(content, sizes[i], (unsigned)i);
        CHECK_INT_EQ(record_call(&answer, "app", span_of(content, sizes[i])), 0);
        pump_until(&answer);
        CHECK_INT_EQ(answer.code, 0);
        fixture->reopen(fixture->self);
        CHECK_INT_EQ(fixture->store.ops->record_read(fixture->store.self, "app", back, sizeof back,
                                                     &len, NULL),
                     0);
        CHECK(span_is_equal(span_of(back, len), span_of(content, sizes[i])));
    }
}

static void case_last_of_many_writes(void)
{
    char text[16];
    fixture->reset(fixture->self);
    for (int i = 0; i < 20; i++) {
        (void)snprintf(text, sizeof text, "value %d", i);
        CHECK_INT_EQ(record_put("app", text), 0);
        CHECK_STR_EQ(record_get("app"), text);
        if (i % 5 == 0) {
            fixture->reopen(fixture->self);
            CHECK_STR_EQ(record_get("app"), text);
        }
    }
}

static void case_sizes_refused(void)
{
    static uint8_t data[STORE_BLOB_BYTES_MAX + 1];
    struct answer answer;
    size_t len = 0;
    char small[4];
    fixture->reset(fixture->self);
    CHECK_INT_EQ(record_call(&answer, "app", span_of(data, STORE_RECORD_BYTES_MAX + 1)),
                 ERR_OVERSIZE);
    CHECK_INT_EQ(blob_call(&answer, "app", span_of(data, sizeof data)), ERR_OVERSIZE);
    CHECK_STR_EQ(record_get("app"), "not-found");
    CHECK_INT_EQ(record_put("app", "12345"), 0);
    CHECK_INT_EQ(blob_put("app", span_text("12345")), 0);
    CHECK_INT_EQ(fixture->store.ops->record_read(fixture->store.self, "app", small, sizeof small,
                                                 &len, NULL),
                 ERR_LIMIT);
    CHECK_INT_EQ(
        fixture->store.ops->blob_read(fixture->store.self, "app", small, sizeof small, &len, NULL),
        ERR_LIMIT);
}

static void case_names(void)
{
    static const char *const bad[] = {"", ".", "..", ".hidden", "a/b", "A", "a b", "a_b", "ä"};
    char longest[STORE_NAME_BYTES + 1];
    fixture->reset(fixture->self);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        CHECK_INT_EQ(record_put(bad[i], "x"), ERR_VALUE);
        CHECK_INT_EQ(blob_put(bad[i], span_text("x")), ERR_VALUE);
        CHECK_STR_EQ(record_get(bad[i]), "bad-value");
    }
    memset(longest, 'a', sizeof longest);
    longest[STORE_NAME_BYTES] = '\0';
    CHECK_INT_EQ(record_put(longest, "x"), ERR_VALUE);
    longest[STORE_NAME_BYTES - 1] = '\0';
    CHECK_INT_EQ(record_put(longest, "long"), 0);
    CHECK_INT_EQ(record_put("app.a-1.r", "odd"), 0);
    CHECK_INT_EQ(record_put("app.a-1", "even"), 0);
    fixture->reopen(fixture->self);
    CHECK_STR_EQ(record_get(longest), "long");
    CHECK_STR_EQ(record_get("app.a-1.r"), "odd");
    CHECK_STR_EQ(record_get("app.a-1"), "even");
}

/* Every cut of an overwrite leaves the old content or the new one, and the next write goes on. */
static void case_torn_overwrite_at_every_byte(void)
{
    char before[32] = "start";
    char text[32];
    int seen_old = 0;
    int seen_new = 0;
    fixture->reset(fixture->self);
    CHECK_INT_EQ(record_put("app", before), 0);
    for (size_t bytes = 0; bytes <= SLOT_BYTES; bytes++) {
        (void)snprintf(text, sizeof text, "torn at %zu", bytes);
        fixture->write_torn(fixture->self, "app", span_text(text), bytes);
        bool is_old = strcmp(record_get("app"), before) == 0;
        bool is_new = strcmp(record_get("app"), text) == 0;
        CHECK(is_old != is_new);
        seen_old += is_old;
        seen_new += is_new;
        if (bytes % 3 != 0) { /* else torn again at once: a cut during recovery */
            (void)snprintf(before, sizeof before, "after %zu", bytes);
            CHECK_INT_EQ(record_put("app", before), 0);
            CHECK_STR_EQ(record_get("app"), before);
        } else if (is_new) {
            (void)snprintf(before, sizeof before, "%s", text);
        }
    }
    CHECK(seen_old > 16 && seen_new > 0);
}

static void case_torn_first_write(void)
{
    static const size_t cuts[] = {0, 1, 31, 32, 40, 511, 512, 513, 4096, 8191, 8192};
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        fixture->reset(fixture->self);
        fixture->write_torn(fixture->self, "app", span_text("first"), cuts[i]);
        const char *got = record_get("app");
        CHECK(strcmp(got, "first") == 0 || strcmp(got, "not-found") == 0);
        CHECK_INT_EQ(record_put("app", "second"), 0);
        fixture->reopen(fixture->self);
        CHECK_STR_EQ(record_get("app"), "second");
    }
}

static void found_counted(void *ctx, const char *name, bool is_blob)
{
    int *counts = ctx;
    if (strcmp(name, "damaged") == 0) {
        counts[is_blob ? 1 : 0]++;
    } else {
        counts[2]++;
    }
}

static void case_damaged_everywhere_is_corrupt(void)
{
    static uint8_t data[STORE_BLOB_BYTES_MAX];
    size_t len = 0;
    for (size_t at = 0; at < SLOT_BYTES; at += DAMAGE_STEP) {
        int counts[3] = {0};
        fixture->reset(fixture->self);
        CHECK_INT_EQ(record_put("damaged", "one"), 0);
        CHECK_INT_EQ(record_put("damaged", "two"), 0);
        CHECK_INT_EQ(blob_put("damaged", span_of(data, 600)), 0);
        fixture->damage_all(fixture->self, "damaged", false, at);
        fixture->damage_all(fixture->self, "damaged", true, at);
        fixture->reopen(fixture->self);
        CHECK_STR_EQ(record_get("damaged"), "corrupt");
        CHECK_INT_EQ(blob_get("damaged", data, &len), ERR_CORRUPT);
        CHECK_INT_EQ(fixture->store.ops->list(fixture->store.self, found_counted, counts, NULL), 0);
        CHECK_INT_EQ(counts[0], 1);
        CHECK_INT_EQ(counts[1], 1);
        CHECK_INT_EQ(counts[2], 0);
        CHECK_INT_EQ(record_put("damaged", "three"), 0);
        CHECK_INT_EQ(blob_put("damaged", span_text("four")), 0);
        fixture->reopen(fixture->self);
        CHECK_STR_EQ(record_get("damaged"), "three");
        CHECK_INT_EQ(blob_get("damaged", data, &len), 0);
        CHECK_INT_EQ(len, 4);
    }
}

static void case_damaged_newest_falls_back(void)
{
    for (size_t at = 0; at < SLOT_BYTES; at += DAMAGE_STEP) {
        fixture->reset(fixture->self);
        CHECK_INT_EQ(record_put("app", "older"), 0);
        CHECK_INT_EQ(record_put("app", "newer"), 0);
        fixture->damage_newest(fixture->self, "app", at);
        fixture->reopen(fixture->self);
        CHECK_STR_EQ(record_get("app"), "older");
        CHECK_INT_EQ(record_put("app", "again"), 0);
        fixture->reopen(fixture->self);
        CHECK_STR_EQ(record_get("app"), "again");
    }
}

static void case_blob_round_trip(void)
{
    static uint8_t content[STORE_BLOB_BYTES_MAX];
    static uint8_t back[STORE_BLOB_BYTES_MAX];
    static const size_t sizes[] = {0, 1, 4096, STORE_BLOB_BYTES_MAX};
    char name[32];
    bytes_fill(content, sizeof content, 3);
    fixture->reset(fixture->self);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        size_t len = 0;
        (void)snprintf(name, sizeof name, "blob-%zu", i);
        CHECK_INT_EQ(blob_put(name, span_of(content, sizes[i])), 0);
        CHECK_INT_EQ(blob_put(name, span_of(content, sizes[i])), 0);
        fixture->reopen(fixture->self);
        CHECK_INT_EQ(blob_get(name, back, &len), 0);
        CHECK(span_is_equal(span_of(back, len), span_of(content, sizes[i])));
    }
}

static void case_blob_removed(void)
{
    uint8_t data[STORE_RECORD_BYTES_MAX];
    struct answer answer;
    size_t len = 0;
    fixture->reset(fixture->self);
    CHECK_INT_EQ(record_put("both", "record"), 0);
    CHECK_INT_EQ(blob_put("both", span_text("blob")), 0);
    for (int i = 0; i < 2; i++) { /* the second time nothing is there, which is success */
        CHECK_INT_EQ(remove_call(&answer, "both"), 0);
        pump_until(&answer);
        CHECK_INT_EQ(answer.code, 0);
        fixture->reopen(fixture->self);
        CHECK_INT_EQ(fixture->store.ops->blob_read(fixture->store.self, "both", data, sizeof data,
                                                   &len, NULL),
                     ERR_NOT_FOUND);
        CHECK_STR_EQ(record_get("both"), "record");
    }
}

static void case_order_and_busy(void)
{
    struct answer answers[9];
    char text[16];
    fixture->reset(fixture->self);
    for (int i = 0; i < 8; i++) {
        (void)snprintf(text, sizeof text, "value %d", i);
        if (i == 3 || i == 6) {
            CHECK_INT_EQ(blob_call(&answers[i], i == 3 ? "one" : "two", span_text(text)), 0);
        } else {
            CHECK_INT_EQ(record_call(&answers[i], i % 4 == 2 ? "other" : "app", span_text(text)),
                         0);
        }
        memset(text, 'z', sizeof text - 1); /* the content was copied */
    }
    CHECK_INT_EQ(record_call(&answers[8], "app", span_text("too many")), ERR_BUSY);
    for (int i = 0; i < 8; i++) {
        pump_until(&answers[i]);
        CHECK_INT_EQ(answers[i].code, 0);
    }
    CHECK(answers[0].turn < answers[1].turn && answers[1].turn < answers[4].turn);
    CHECK(answers[4].turn < answers[5].turn && answers[5].turn < answers[7].turn);
    CHECK_INT_EQ(answers[8].calls, 0);
    CHECK_STR_EQ(record_get("app"), "value 7");
    CHECK_STR_EQ(record_get("other"), "value 2");
}

/* A write from inside the answer of another. */
static struct answer chained_answer;

static void answered_and_chained(void *ctx, const struct err *err)
{
    answered(ctx, err);
    CHECK_INT_EQ(record_call(&chained_answer, "app", span_text("chained")), 0);
}

static void case_write_from_inside_an_answer(void)
{
    struct answer first = {0};
    struct answer second;
    fixture->reset(fixture->self);
    CHECK_INT_EQ(fixture->store.ops->record_write(fixture->store.self, "app", span_text("first"),
                                                  answered_and_chained, &first, NULL),
                 0);
    CHECK_INT_EQ(record_call(&second, "app", span_text("second")), 0);
    pump_until(&first);
    pump_until(&second);
    pump_until(&chained_answer);
    CHECK(second.turn < chained_answer.turn);
    CHECK_STR_EQ(record_get("app"), "chained");
}

static void case_failed_write_then_the_truth(void)
{
    char before[16] = "value 0";
    char text[16];
    fixture->reset(fixture->self);
    CHECK_INT_EQ(record_put("app", before), 0);
    for (int i = 1; i < 12; i++) {
        (void)snprintf(text, sizeof text, "value %d", i);
        fixture->fail_next(fixture->self);
        CHECK_INT_EQ(record_put("app", text), ERR_STORE);
        const char *got = record_get("app");
        CHECK(strcmp(got, before) == 0 || strcmp(got, text) == 0);
        if (i % 3 == 0) { /* after two failures in a row the content from before is still whole */
            (void)snprintf(before, sizeof before, "value %d", i + 100);
            CHECK_INT_EQ(record_put("app", before), 0);
            CHECK_STR_EQ(record_get("app"), before);
        }
        if (i % 4 == 0) {
            fixture->reopen(fixture->self);
            got = record_get("app");
            CHECK(strcmp(got, before) == 0 || strcmp(got, text) == 0);
        }
        (void)snprintf(before, sizeof before, "%.15s", record_get("app"));
    }
}

static void case_failed_blob_then_whole(void)
{
    uint8_t data[STORE_RECORD_BYTES_MAX];
    size_t len = 0;
    fixture->reset(fixture->self);
    fixture->fail_next(fixture->self);
    CHECK_INT_EQ(blob_put("blob", span_text("content")), ERR_STORE);
    int rc =
        fixture->store.ops->blob_read(fixture->store.self, "blob", data, sizeof data, &len, NULL);
    CHECK(rc == ERR_NOT_FOUND || (rc == 0 && len == strlen("content")));
    CHECK_INT_EQ(blob_put("blob", span_text("content")), 0);
    fixture->reopen(fixture->self);
    CHECK_INT_EQ(
        fixture->store.ops->blob_read(fixture->store.self, "blob", data, sizeof data, &len, NULL),
        0);
    CHECK(span_is_equal(span_of(data, len), span_text("content")));
}

/* One place is free: a record or a removal that waits does not take it, of two blobs that wait one
 * does, and one that is there already needs none. */
static void check_last_place(void)
{
    struct answer first;
    struct answer second;
    int counts[3] = {0};
    CHECK_INT_EQ(record_call(&first, "n3", span_text("again")), 0);
    CHECK_INT_EQ(blob_call(&second, "last", span_text("x")), 0);
    pump_until(&first);
    pump_until(&second);
    CHECK_INT_EQ(second.code, 0);
    CHECK_INT_EQ(remove_call(&first, "last"), 0);
    pump_until(&first);
    CHECK_INT_EQ(remove_call(&first, "nobody"), 0);
    CHECK_INT_EQ(blob_call(&second, "last", span_text("x")), 0);
    pump_until(&first);
    pump_until(&second);
    CHECK_INT_EQ(second.code, 0);
    CHECK_INT_EQ(remove_call(&first, "last"), 0);
    pump_until(&first);
    CHECK_INT_EQ(blob_call(&first, "last", span_text("x")), 0);
    int rc = blob_call(&second, "beyond", span_text("x"));
    pump_until(&first);
    if (rc == 0) {
        pump_until(&second);
        rc = second.code;
    }
    CHECK_INT_EQ(first.code, 0);
    CHECK_INT_EQ(rc, ERR_LIMIT);
    CHECK_INT_EQ(blob_put("last", span_text("y")), 0);
    CHECK_INT_EQ(fixture->store.ops->list(fixture->store.self, found_counted, counts, NULL), 0);
    CHECK_INT_EQ(counts[2], STORE_RECORDS_MAX + STORE_BLOBS_MAX);
    CHECK_INT_EQ(remove_call(&first, "last"), 0);
    pump_until(&first);
}

static void case_number_of_documents_is_bounded(void)
{
    char name[32];
    int counts[3] = {0};
    struct answer answer;
    fixture->reset(fixture->self);
    for (int i = 0; i < STORE_BLOBS_MAX; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        if (i < STORE_RECORDS_MAX) {
            CHECK_INT_EQ(record_put(name, name), 0);
        }
        CHECK_INT_EQ(blob_put(name, span_text(name)), 0);
    }
    CHECK_INT_EQ(record_put("more", "x"), ERR_LIMIT);
    CHECK_INT_EQ(blob_put("more", span_text("x")), ERR_LIMIT);
    CHECK_INT_EQ(record_put("n3", "again"), 0);
    CHECK_INT_EQ(fixture->store.ops->list(fixture->store.self, found_counted, counts, NULL), 0);
    CHECK_INT_EQ(counts[2], STORE_RECORDS_MAX + STORE_BLOBS_MAX);
    CHECK_INT_EQ(remove_call(&answer, "n7"), 0);
    pump_until(&answer);
    check_last_place();
    CHECK_INT_EQ(blob_put("more", span_text("x")), 0);
    fixture->reopen(fixture->self);
    CHECK_STR_EQ(record_get("n3"), "again");
    CHECK_STR_EQ(record_get("n63"), "n63");
}

int store_contract_run(struct store_fixture *given, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"nothing there", case_nothing_there},
        {"record round trip", case_record_round_trip},
        {"last of many writes", case_last_of_many_writes},
        {"sizes refused", case_sizes_refused},
        {"names", case_names},
        {"torn overwrite at every byte", case_torn_overwrite_at_every_byte},
        {"torn first write", case_torn_first_write},
        {"damaged everywhere is corrupt", case_damaged_everywhere_is_corrupt},
        {"damaged newest falls back", case_damaged_newest_falls_back},
        {"blob round trip", case_blob_round_trip},
        {"blob removed", case_blob_removed},
        {"order and busy", case_order_and_busy},
        {"write from inside an answer", case_write_from_inside_an_answer},
        {"failed write, then the truth", case_failed_write_then_the_truth},
        {"failed blob, then whole", case_failed_blob_then_whole},
        {"number of documents is bounded", case_number_of_documents_is_bounded},
    };
    fixture = given;
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
