/* flat_store_test: what the flat store asks of its medium, call by call; each failure of each call,
 * in words; and every limit at both of its sides. */
#include "platform/base/units.h"
#include "tests/check.h"
#include "tests/unit/ports/flat_ram.h"

/* A first write takes both pages, each synced by itself; a later one the page that may be lost. */
static void calls_of_records(void)
{
    char wanted[256];
    begin();
    put_record("app-0", "one");
    CHECK_INT_EQ(ram.arms, 1);
    CHECK_STR_EQ(ram.said, "");
    CHECK(turn());
    (void)snprintf(wanted, sizeof wanted, "w%zu+%d s ", CELL(0), USED);
    CHECK_STR_EQ(ram.said, wanted);
    CHECK_STR_EQ(ram.answers, "");
    CHECK(turn());
    (void)snprintf(wanted, sizeof wanted, "w%zu+%d s w%zu+%d s ", CELL(0), USED, CELL(0) + PAGE,
                   USED);
    CHECK_STR_EQ(ram.said, wanted);
    CHECK_STR_EQ(ram.answers, "app-0: done\n");
    CHECK(!turn());
    for (int i = 0; i < 3; i++) {
        ram.said[0] = '\0';
        put_record("app-0", i == 2 ? "three" : "two");
        run();
        (void)snprintf(wanted, sizeof wanted, "w%zu+%d s ", CELL(0) + (i % 2 == 0 ? 0 : PAGE),
                       USED);
        CHECK_STR_EQ(ram.said, wanted);
    }
    ram.said[0] = '\0';
    CHECK_STR_EQ(get(false, "app-0", 100), "three");
    (void)snprintf(wanted, sizeof wanted, "r%zu+%d r%zu+%d ", CELL(0), USED, CELL(0) + PAGE, USED);
    CHECK_STR_EQ(ram.said, wanted);
    put_record("app-1", "");
    ram.said[0] = '\0';
    run();
    (void)snprintf(wanted, sizeof wanted, "w%zu+%d s w%zu+%d s ", CELL(1), USED, CELL(1) + PAGE,
                   USED);
    CHECK_STR_EQ(ram.said, wanted);
    CHECK_STR_EQ(get(false, "app-1", 0), "");
    flat_store_close(&ram.store);
}

/* A blob's content goes first, 4 KiB a turn, each synced; then the cell. The same again only reads.
 */
static void calls_of_blobs(void)
{
    static uint8_t data[4096 + 4096 + 1];
    char wanted[512];
    size_t cell = CELL(STORE_RECORDS_MAX);
    begin();
    memset(data, 7, sizeof data);
    put_blob("b", data, sizeof data);
    run();
    (void)snprintf(wanted, sizeof wanted, "w%zu+4096 s w%zu+4096 s w%zu+1 s w%zu+%d s w%zu+%d s ",
                   BLOBS, BLOBS + 4096, BLOBS + 8192, cell, USED, cell + PAGE, USED);
    CHECK_STR_EQ(ram.said, wanted);
    CHECK_INT_EQ(ram.arms, 5);
    ram.said[0] = '\0';
    put_blob("b", data, sizeof data);
    run();
    (void)snprintf(wanted, sizeof wanted, "r%zu+8193 ", BLOBS);
    CHECK_STR_EQ(ram.said, wanted);
    ram.said[0] = '\0';
    data[3]++;
    put_blob("b", data,
             sizeof data); /* another content lies beside the old one, which may be needed */
    run();
    size_t beside = BLOBS + 9 * PAGE;
    (void)snprintf(wanted, sizeof wanted, "w%zu+4096 s w%zu+4096 s w%zu+1 s w%zu+%d s ", beside,
                   beside + 4096, beside + 8192, cell, USED);
    CHECK_STR_EQ(ram.said, wanted);
    ram.said[0] = '\0';
    drop_blob("b");
    run();
    (void)snprintf(wanted, sizeof wanted, "w%zu+%d s w%zu+%d s ", cell + PAGE, USED, cell, USED);
    CHECK_STR_EQ(ram.said, wanted);
    CHECK_STR_EQ(get(true, "b", 10), "there is no blob b");
    ram.said[0] = '\0';
    drop_blob("b"); /* not there: nothing is written */
    run();
    CHECK_STR_EQ(ram.said, "");
    CHECK_STR_EQ(ram.answers, "b: done\nb: done\nb: done\nb: done\nb: done\n");
    flat_store_close(&ram.store);
}

/* A content that only looks the same by its sum or its length is written. */
static void blobs_alike(void)
{
    begin();
    put_blob("b", "abc", 3);
    run();
    ram.disk[BLOBS] = 'x'; /* damaged since */
    ram.said[0] = '\0';
    put_blob("b", "abc", 3);
    run();
    CHECK_STR_EQ(get(true, "b", 3), "abc");
    CHECK_STR_EQ(get(true, "b", 2), "b has 3 bytes, more than 2");
    put_blob("b", "abcd", 4);
    run();
    CHECK_STR_EQ(get(true, "b", 4), "abcd");
    put_blob("b", "", 0);
    run();
    CHECK_STR_EQ(get(true, "b", 0), "");
    put_blob("n", "\xab\x9b\xe0\x9b", 4); /* its sum is that of nothing at all */
    run();
    put_blob("n", "", 0);
    run();
    CHECK_STR_EQ(get(true, "n", 4), "");
    drop_blob("n");
    run();
    put_blob("c", "abc", 3);
    run();
    ram.disk[BLOBS + 2] ^= 1;
    CHECK_STR_EQ(get(true, "c", 3), "blob c is damaged");
    flat_store_close(&ram.store);
}

/* Writes are carried out in the order they came; each is answered once. */
static void queue(void)
{
    begin();
    put_record("a", "1");
    put_blob("b", "2", 1);
    drop_blob("b");
    put_record("a", "3");
    CHECK_INT_EQ(ram.arms, 1);
    run();
    CHECK_STR_EQ(ram.answers, "a: done\nb: done\nb: done\na: done\n");
    CHECK_STR_EQ(get(false, "a", 9), "3");
    CHECK_STR_EQ(get(true, "b", 9), "there is no blob b");
    CHECK_INT_EQ(ram.store.pending, 0);
    for (int i = 0; i < FLAT_STORE_PENDING_MAX; i++) {
        put_record("a", "4");
    }
    CHECK_INT_EQ(ram.documents.ops->record_write(ram.documents.self, "a", span_text("5"), done,
                                                 NULL, &ram.err),
                 ERR_BUSY);
    CHECK_STR_EQ(ram.err.text, "8 documents wait to be written already");
    ram.answers[0] = '\0';
    CHECK(turn());
    put_record("a", "5");
    CHECK_INT_EQ(ram.disarms, 0);
    flat_store_close(&ram.store); /* what is pending is dropped */
    CHECK_INT_EQ(ram.disarms, 1);
    CHECK_INT_EQ(ram.store.pending, 0);
    CHECK(ram.store.writes == NULL);
    CHECK_STR_EQ(ram.answers, "a: done\n");
}

static void names(void)
{
    static const struct {
        const char *name;
        bool is_good;
    } rows[] = {
        {"a", true},    {"az09.-", true}, {"", false},    {".a", false}, {"A", false},
        {"a/b", false}, {"a b", false},   {"a_b", false}, {"-a", true},  {"a.", true},
    };
    char name[STORE_NAME_BYTES + 1];
    begin();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char wanted[128];
        int rc = ram.documents.ops->record_write(ram.documents.self, rows[i].name, span_text("x"),
                                                 done, (void *)(uintptr_t) "n", &ram.err);
        CHECK_INT_EQ(rc, rows[i].is_good ? 0 : ERR_VALUE);
        (void)snprintf(wanted, sizeof wanted, "\"%s\" is no document name (a-z 0-9 . -)",
                       rows[i].name);
        CHECK(rows[i].is_good || strcmp(ram.err.text, wanted) == 0);
        CHECK(rows[i].is_good || strcmp(get(true, rows[i].name, 1), wanted) == 0);
        run();
    }
    memset(name, 'n', sizeof name);
    name[STORE_NAME_BYTES - 1] = '\0';
    put_record(name, "long");
    run();
    CHECK_STR_EQ(get(false, name, 9), "long");
    flat_store_close(&ram.store);
    CHECK_INT_EQ(open_again(), 0); /* as it stands on the medium, too */
    CHECK_STR_EQ(get(false, name, 9), "long");
    name[STORE_NAME_BYTES - 1] = 'n';
    name[STORE_NAME_BYTES] = '\0';
    CHECK_INT_EQ(ram.documents.ops->record_write(ram.documents.self, name, span_text("x"), done,
                                                 NULL, &ram.err),
                 ERR_VALUE);
    flat_store_close(&ram.store);
}

static void lengths(void)
{
    static uint8_t data[LENGTH + 1];
    char wanted[128];
    size_t len = 0;
    begin();
    CHECK_INT_EQ(ram.documents.ops->record_write(ram.documents.self, "r",
                                                 span_of(data, STORE_RECORD_BYTES_MAX + 1), done,
                                                 NULL, &ram.err),
                 ERR_OVERSIZE);
    (void)snprintf(wanted, sizeof wanted, "document r has %d bytes, at most %d",
                   STORE_RECORD_BYTES_MAX + 1, STORE_RECORD_BYTES_MAX);
    CHECK_STR_EQ(ram.err.text, wanted);
    CHECK_INT_EQ(ram.documents.ops->record_write(ram.documents.self, "r",
                                                 span_of(data, STORE_RECORD_BYTES_MAX), done,
                                                 (void *)(uintptr_t) "r", &ram.err),
                 0);
    CHECK_INT_EQ(ram.documents.ops->blob_write(ram.documents.self, "b", span_of(data, LENGTH + 1),
                                               done, NULL, &ram.err),
                 ERR_OVERSIZE);
    put_blob("b", data, LENGTH);
    run();
    CHECK_STR_EQ(ram.answers, "r: done\nb: done\n");
    static uint8_t back[LENGTH];
    CHECK_INT_EQ(ram.documents.ops->record_read(ram.documents.self, "r", back,
                                                STORE_RECORD_BYTES_MAX, &len, &ram.err),
                 0);
    CHECK_INT_EQ(len, STORE_RECORD_BYTES_MAX);
    CHECK_INT_EQ(ram.documents.ops->record_read(ram.documents.self, "r", back,
                                                STORE_RECORD_BYTES_MAX - 1, &len, &ram.err),
                 ERR_LIMIT);
    CHECK_INT_EQ(
        ram.documents.ops->blob_read(ram.documents.self, "b", back, LENGTH, &len, &ram.err), 0);
    CHECK_INT_EQ(len, LENGTH);
    CHECK_INT_EQ(
        ram.documents.ops->blob_read(ram.documents.self, "b", back, LENGTH - 1, &len, &ram.err),
        ERR_LIMIT);
    flat_store_close(&ram.store);
}

static void found(void *ctx, const char *name, bool is_blob)
{
    (void)ctx;
    size_t len = strlen(ram.answers);
    (void)snprintf(ram.answers + len, sizeof ram.answers - len, "%s%s ",
                   is_blob ? "b:" : "r:", name);
}

/* As many documents as there are cells; one more is refused and takes nothing. */
static void as_many_as_fit(void)
{
    char name[16];
    begin();
    for (int i = 0; i < STORE_RECORDS_MAX; i++) {
        (void)snprintf(name, sizeof name, "r%d", i);
        put_record(name, "x");
        run();
    }
    ram.answers[0] = '\0';
    put_record("more", "x");
    run();
    CHECK_STR_EQ(ram.answers, "more: write more: more than 64 records\n");
    for (int i = 0; i < STORE_BLOBS_MAX; i++) {
        (void)snprintf(name, sizeof name, "b%d", i);
        put_blob(name, "x", 1);
        run();
    }
    ram.answers[0] = '\0';
    put_blob("more", "x", 1);
    run();
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "more: write more: more than %d blobs\n",
                   STORE_BLOBS_MAX);
    CHECK_STR_EQ(ram.answers, wanted);
    CHECK_STR_EQ(get(false, "more", 9), "there is no record more");
    drop_blob("b3");
    put_blob("more", "x", 1);
    run();
    CHECK_STR_EQ(get(true, "more", 9), "x");
    CHECK_STR_EQ(get(false, "r63", 9), "x");
    flat_store_close(&ram.store);
    CHECK_INT_EQ(open_again(), 0);
    ram.answers[0] = '\0';
    CHECK_INT_EQ(ram.documents.ops->list(ram.documents.self, found, NULL, &ram.err), 0);
    CHECK(strncmp(ram.answers, "r:r0 r:r1 ", 10) == 0);
    CHECK_CONTAINS(ram.answers, " r:r63 b:b0 b:b1 b:b2 b:more b:b4 ");
    flat_store_close(&ram.store);
}

/* Blobs lie in the first gap that is long enough, up to the last page. */
static void gaps(void)
{
    static uint8_t data[8 * PAGE];
    begin();
    ram.medium.bytes = flat_pages_min(PAGE) * PAGE;
    memset(ram.disk, 0, sizeof ram.disk);
    CHECK_INT_EQ(open_again(), 0);
    size_t room = (size_t)(flat_pages_min(PAGE) - FLAT_BLOB_AREA);
    put_blob("a", data, 2 * PAGE);
    put_blob("b", data, PAGE + 1);
    put_blob("c", data, PAGE);
    run();
    CHECK_INT_EQ(ram.store.cells.at[STORE_RECORDS_MAX].extent.page, FLAT_BLOB_AREA);
    CHECK_INT_EQ(ram.store.cells.at[STORE_RECORDS_MAX + 1].extent.page, FLAT_BLOB_AREA + 2);
    CHECK_INT_EQ(ram.store.cells.at[STORE_RECORDS_MAX + 2].extent.page, FLAT_BLOB_AREA + 4);
    drop_blob("b");
    put_blob("d", data, 2 * PAGE + 1); /* too long for the gap */
    put_blob("e", data, 2 * PAGE);     /* not this */
    run();
    CHECK_INT_EQ(ram.store.cells.at[STORE_RECORDS_MAX + 1].extent.page, FLAT_BLOB_AREA + 5);
    CHECK_INT_EQ(ram.store.cells.at[STORE_RECORDS_MAX + 3].extent.page, FLAT_BLOB_AREA + 2);
    size_t used = 8;
    char name[16];
    for (int i = 0; room - used >= 8; i++, used += 8) {
        (void)snprintf(name, sizeof name, "f%d", i);
        put_blob(name, data, sizeof data);
        run();
    }
    ram.answers[0] = '\0';
    put_blob("over", data, (room - used) * PAGE + 1);
    run();
    char wanted[128];
    (void)snprintf(wanted, sizeof wanted,
                   "over: write over: the disk has no gap for a blob of %zu bytes\n",
                   (room - used) * PAGE + 1);
    CHECK_STR_EQ(ram.answers, wanted);
    ram.answers[0] = '\0';
    if (room > used) {
        put_blob("last", data, (room - used) * PAGE);
        run();
        CHECK_STR_EQ(ram.answers, "last: done\n");
    }
    flat_store_close(&ram.store);
}

/* A call that fails: in words, and believed only after the medium was opened again. */
static void failed_calls(void)
{
    static const struct {
        int call; /* of the two pages' writes and syncs, or of a blob's */
        bool is_blob;
        const char *words;
    } rows[] = {
        {1, false, "n: write n: write the disk: Input/output error\n"},
        {2, false, "n: write n: sync the disk: Input/output error\n"},
        {3, false, "n: write n: write the disk: Input/output error\n"},
        {4, false, "n: write n: sync the disk: Input/output error\n"},
        {1, true, "n: write n: write the disk: Input/output error\n"},
        {2, true, "n: write n: sync the disk: Input/output error\n"},
        {3, true, "n: write n: write the disk: Input/output error\n"},
        {4, true, "n: write n: sync the disk: Input/output error\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char wanted[128];
        size_t cell = rows[i].is_blob ? CELL(STORE_RECORDS_MAX) : CELL(1);
        bool is_content = rows[i].is_blob && rows[i].call <= 2;
        begin();
        put_record("other", "x");
        run();
        ram.answers[0] = '\0';
        ram.calls_until_failure = rows[i].call;
        if (rows[i].is_blob) {
            put_blob("n", "x", 1);
        } else {
            put_record("n", "x");
        }
        run();
        CHECK_STR_EQ(ram.answers, rows[i].words);
        CHECK(ram.store.cells.is_doubtful);
        CHECK_INT_EQ(ram.store.pending, 0);
        ram.said[0] = '\0';
        ram.calls_until_failure = 1;
        CHECK_STR_EQ(get(false, "other", 9), "reopen the disk: Input/output error");
        ram.said[0] = '\0';
        ram.calls_until_failure = is_content ? 0 : 2;
        if (!is_content) {
            CHECK_STR_EQ(get(false, "other", 9), "read the disk: Input/output error");
            (void)snprintf(wanted, sizeof wanted, "o r%zu+%d ", cell, USED);
            CHECK_STR_EQ(ram.said, wanted);
            ram.said[0] = '\0';
        }
        CHECK_STR_EQ(get(false, "other", 9), "x");
        (void)snprintf(wanted, sizeof wanted, "o r%zu+%d r%zu+%d ", cell, USED, cell + PAGE, USED);
        CHECK(strncmp(ram.said, is_content ? "o r" : wanted, is_content ? 3 : strlen(wanted)) == 0);
        CHECK(!ram.store.cells.is_doubtful);
        ram.said[0] = '\0';
        CHECK_STR_EQ(get(false, "other", 9), "x");
        CHECK(ram.said[0] == 'r');
        flat_store_close(&ram.store);
    }
}

/* What could not be written is taken again, in a page of its own turn and with a higher number. */
static void written_again(void)
{
    begin();
    put_record("n", "one");
    run();
    uint64_t sequence = ram.store.cells.at[0].sequence;
    CHECK_INT_EQ(sequence, 2);
    ram.calls_until_failure = 2;
    put_record("n", "two"); /* on the disk, but nobody knows */
    run();
    CHECK_STR_EQ(get(false, "n", 9), "two");
    CHECK_INT_EQ(ram.store.cells.at[0].sequence, 3);
    CHECK_INT_EQ(ram.store.cells.at[0].next, 1);
    ram.calls_until_failure = 1;
    put_record("n", "three");
    run();
    put_record("n", "four");
    run();
    CHECK_INT_EQ(ram.store.cells.at[0].sequence, 5);
    CHECK_STR_EQ(get(false, "n", 9), "four");
    flat_store_close(&ram.store);
    CHECK_INT_EQ(open_again(), 0);
    CHECK_STR_EQ(get(false, "n", 9), "four");
    flat_store_close(&ram.store);
}

static void reading_fails(void)
{
    begin();
    put_record("r", "x");
    put_blob("b", "x", 1);
    run();
    for (int call = 1; call <= 2; call++) {
        ram.calls_until_failure = call;
        CHECK_STR_EQ(get(false, "r", 9), "read the disk: Input/output error");
    }
    ram.calls_until_failure = 1;
    CHECK_STR_EQ(get(true, "b", 9), "read the disk: Input/output error");
    CHECK(!ram.store.cells.is_doubtful);
    memset(ram.disk + CELL(0), 0x55, 2 * PAGE);
    CHECK_STR_EQ(get(false, "r", 9), "record r is damaged in both pages");
    flat_store_close(&ram.store);
    CHECK_INT_EQ(open_again(), 0);
    CHECK_STR_EQ(get(false, "nameless-0", 9), "nameless-0 is damaged in both pages of its cell");
    flat_store_close(&ram.store);
    ram.calls_until_failure = FLAT_SUPERBLOCKS + 3;
    CHECK_INT_EQ(open_again(), ERR_STORE);
    CHECK_STR_EQ(ram.err.text, "read the disk: Input/output error");
}

/* Blobs of any length come, change and go in any order: each is what was last written of it.
 */
static void any_order(void)
{
    enum { NAMES = 7, STEPS = 400, MOST = 5 * PAGE };
    static uint8_t data[MOST], back[MOST];
    size_t lens[NAMES] = {0};
    uint8_t letters[NAMES] = {0};
    uint32_t seed = 1;
    begin();
    for (int step = 0; step < STEPS && check_failures_ == 0; step++) {
        char name[2] = {0};
        seed = seed * 1664525u + 1013904223u;
        size_t which = (seed >> 16) % NAMES;
        size_t len = 1 + (seed >> 8) % MOST;
        name[0] = (char)('a' + which);
        ram.answers[0] = '\0';
        if ((seed >> 28) % 3 == 0) {
            drop_blob(name);
            len = 0;
        } else {
            memset(data, step % 251 + 1, len);
            put_blob(name, data, len);
        }
        run();
        CHECK_CONTAINS(ram.answers, ": done");
        lens[which] = len;
        letters[which] = (uint8_t)(step % 251 + 1);
        for (size_t i = 0; i < NAMES; i++) {
            size_t got = 0;
            name[0] = (char)('a' + i);
            int rc = ram.documents.ops->blob_read(ram.documents.self, name, back, sizeof back, &got,
                                                  &ram.err);
            CHECK_INT_EQ(rc, lens[i] > 0 ? 0 : ERR_NOT_FOUND);
            CHECK(rc != 0 || (got == lens[i] && back[0] == letters[i] &&
                              memcmp(back, back + 1, got - 1) == 0));
        }
        ram.said[0] = '\0';
    }
    flat_store_close(&ram.store);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"calls of records", calls_of_records},
        {"calls of blobs", calls_of_blobs},
        {"blobs alike", blobs_alike},
        {"queue", queue},
        {"names", names},
        {"lengths", lengths},
        {"as many as fit", as_many_as_fit},
        {"gaps", gaps},
        {"any order", any_order},
        {"failed calls", failed_calls},
        {"written again", written_again},
        {"reading fails", reading_fails},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
