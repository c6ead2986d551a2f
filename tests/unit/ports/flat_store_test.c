/* flat_store_test: what the flat store asks of its medium, call by call; each failure of each call,
 * in words; and every limit at both of its sides. */
#include "ports/flat/store.h"

#include <errno.h>

#include "platform/base/crc.h"
#include "platform/base/units.h"
#include "ports/flat/format.h"
#include "tests/check.h"

enum { PAGE = 1024, PAGES_MAX = 1200 };

static uint8_t disk[PAGES_MAX * PAGE];
static char said[65536];
static int calls_until_failure; /* 0: none fails */
static int failure = EIO;
static struct flat_medium medium;
static struct flat_store store;
static struct store documents;
static loop_expired armed;
static void *armed_ctx;
static int arms, disarms;
static char answers[4096];
static struct err err;

/* "r1024+36 ", or of a sync and a reopen "s " and "o ". */
static void say(char call, uint64_t at, size_t bytes)
{
    size_t len = strlen(said);
    if (bytes > 0) {
        (void)snprintf(said + len, sizeof said - len, "%c%llu+%zu ", call, (unsigned long long)at,
                       bytes);
    } else {
        (void)snprintf(said + len, sizeof said - len, "%c ", call);
    }
}

static int outcome(void)
{
    return calls_until_failure > 0 && --calls_until_failure == 0 ? failure : 0;
}

static int ram_read(void *self, uint64_t at, void *data, size_t len)
{
    (void)self;
    say('r', at, len);
    memcpy(data, disk + at, len);
    return outcome();
}

static int ram_write(void *self, uint64_t at, struct span data)
{
    (void)self;
    say('w', at, data.len);
    CHECK(at + data.len <= sizeof disk);
    memcpy(disk + at, data.data, data.len);
    return outcome();
}

static int ram_sync(void *self)
{
    (void)self;
    say('s', 0, 0);
    return outcome();
}

static int ram_reopen(void *self)
{
    (void)self;
    say('o', 0, 0);
    return outcome();
}

static void loop_arm(void *self, struct loop_timer *timer, mono_ms due, loop_expired expired,
                     void *ctx)
{
    (void)self;
    CHECK(timer == &store.timer);
    CHECK_INT_EQ(due, 17);
    armed = expired;
    armed_ctx = ctx;
    arms++;
}

static void loop_disarm(void *self, struct loop_timer *timer)
{
    (void)self;
    CHECK(timer == &store.timer);
    armed = NULL;
    disarms++;
}

static mono_ms loop_now(void *self)
{
    (void)self;
    return 17;
}

static const struct flat_medium_ops ram = {ram_read, ram_write, ram_sync, ram_reopen};

static int open_again(void)
{
    static const struct loop_ops ops = {.arm = loop_arm, .disarm = loop_disarm, .now = loop_now};
    int rc = flat_store_init(&store, (struct loop){.ops = &ops}, medium, &err);
    documents = flat_store_interface(&store);
    return rc;
}

static void begin(void)
{
    memset(disk, 0, sizeof disk);
    medium = (struct flat_medium){
        .ops = &ram, .name = "the disk", .bytes = sizeof disk, .page_bytes = PAGE};
    calls_until_failure = 0;
    failure = EIO;
    armed = NULL;
    arms = disarms = 0;
    answers[0] = '\0';
    CHECK_INT_EQ(open_again(), 0);
    said[0] = '\0';
}

static void done(void *ctx, const struct err *why)
{
    size_t len = strlen(answers);
    (void)snprintf(answers + len, sizeof answers - len, "%s: %s\n", (const char *)ctx,
                   why == NULL ? "done" : why->text);
}

/* One turn of the loop; false when nothing is armed. */
static bool turn(void)
{
    loop_expired expired = armed;
    armed = NULL;
    if (expired != NULL) {
        expired(armed_ctx);
    }
    return expired != NULL;
}

static void run(void)
{
    for (int i = 0; i < 1000 && turn(); i++) {
    }
    CHECK(armed == NULL);
}

static void put_record(const char *name, const char *content)
{
    CHECK_INT_EQ(documents.ops->record_write(documents.self, name, span_text(content), done,
                                             (void *)(uintptr_t)name, &err),
                 0);
}

static void put_blob(const char *name, const void *data, size_t len)
{
    CHECK_INT_EQ(documents.ops->blob_write(documents.self, name, span_of(data, len), done,
                                           (void *)(uintptr_t)name, &err),
                 0);
}

static void drop_blob(const char *name)
{
    CHECK_INT_EQ(
        documents.ops->blob_remove(documents.self, name, done, (void *)(uintptr_t)name, &err), 0);
}

static const char *get(bool is_blob, const char *name, size_t cap)
{
    static char text[STORE_BLOB_BYTES_MAX + 1];
    size_t len = 0;
    int rc = is_blob ? documents.ops->blob_read(documents.self, name, text, cap, &len, &err)
                     : documents.ops->record_read(documents.self, name, text, cap, &len, &err);
    text[rc == 0 ? len : 0] = '\0';
    return rc == 0 ? text : err.text;
}

#define LENGTH  STORE_BLOB_BYTES_MAX
#define CELL(n) ((FLAT_SUPERBLOCKS + FLAT_CELL_PAGES * (size_t)(n)) * PAGE)
#define BLOBS   ((size_t)FLAT_BLOB_AREA * PAGE)
#define USED    FLAT_USED_BYTES

/* A first write takes both pages, each synced by itself; a later one the page that may be lost. */
static void calls_of_records(void)
{
    char wanted[256];
    begin();
    put_record("app-0", "one");
    CHECK_INT_EQ(arms, 1);
    CHECK_STR_EQ(said, "");
    CHECK(turn());
    (void)snprintf(wanted, sizeof wanted, "w%zu+%d s ", CELL(0), USED);
    CHECK_STR_EQ(said, wanted);
    CHECK_STR_EQ(answers, "");
    CHECK(turn());
    (void)snprintf(wanted, sizeof wanted, "w%zu+%d s w%zu+%d s ", CELL(0), USED, CELL(0) + PAGE,
                   USED);
    CHECK_STR_EQ(said, wanted);
    CHECK_STR_EQ(answers, "app-0: done\n");
    CHECK(!turn());
    for (int i = 0; i < 3; i++) {
        said[0] = '\0';
        put_record("app-0", i == 2 ? "three" : "two");
        run();
        (void)snprintf(wanted, sizeof wanted, "w%zu+%d s ", CELL(0) + (i % 2 == 0 ? 0 : PAGE),
                       USED);
        CHECK_STR_EQ(said, wanted);
    }
    said[0] = '\0';
    CHECK_STR_EQ(get(false, "app-0", 100), "three");
    (void)snprintf(wanted, sizeof wanted, "r%zu+%d r%zu+%d ", CELL(0), USED, CELL(0) + PAGE, USED);
    CHECK_STR_EQ(said, wanted);
    put_record("app-1", "");
    said[0] = '\0';
    run();
    (void)snprintf(wanted, sizeof wanted, "w%zu+%d s w%zu+%d s ", CELL(1), USED, CELL(1) + PAGE,
                   USED);
    CHECK_STR_EQ(said, wanted);
    CHECK_STR_EQ(get(false, "app-1", 0), "");
    flat_store_close(&store);
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
    CHECK_STR_EQ(said, wanted);
    CHECK_INT_EQ(arms, 5);
    said[0] = '\0';
    put_blob("b", data, sizeof data);
    run();
    (void)snprintf(wanted, sizeof wanted, "r%zu+8193 ", BLOBS);
    CHECK_STR_EQ(said, wanted);
    said[0] = '\0';
    data[3]++;
    put_blob("b", data,
             sizeof data); /* another content lies beside the old one, which may be needed */
    run();
    size_t beside = BLOBS + 9 * PAGE;
    (void)snprintf(wanted, sizeof wanted, "w%zu+4096 s w%zu+4096 s w%zu+1 s w%zu+%d s ", beside,
                   beside + 4096, beside + 8192, cell, USED);
    CHECK_STR_EQ(said, wanted);
    said[0] = '\0';
    drop_blob("b");
    run();
    (void)snprintf(wanted, sizeof wanted, "w%zu+%d s w%zu+%d s ", cell + PAGE, USED, cell, USED);
    CHECK_STR_EQ(said, wanted);
    CHECK_STR_EQ(get(true, "b", 10), "there is no blob b");
    said[0] = '\0';
    drop_blob("b"); /* not there: nothing is written */
    run();
    CHECK_STR_EQ(said, "");
    CHECK_STR_EQ(answers, "b: done\nb: done\nb: done\nb: done\nb: done\n");
    flat_store_close(&store);
}

/* A content that only looks the same by its sum or its length is written. */
static void blobs_alike(void)
{
    begin();
    put_blob("b", "abc", 3);
    run();
    disk[BLOBS] = 'x'; /* damaged since */
    said[0] = '\0';
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
    put_blob("c", "abc", 3);
    run();
    disk[BLOBS + 2] ^= 1;
    CHECK_STR_EQ(get(true, "c", 3), "blob c is damaged");
    flat_store_close(&store);
}

/* Writes are carried out in the order they came; each is answered once. */
static void queue(void)
{
    begin();
    put_record("a", "1");
    put_blob("b", "2", 1);
    drop_blob("b");
    put_record("a", "3");
    CHECK_INT_EQ(arms, 1);
    run();
    CHECK_STR_EQ(answers, "a: done\nb: done\nb: done\na: done\n");
    CHECK_STR_EQ(get(false, "a", 9), "3");
    CHECK_STR_EQ(get(true, "b", 9), "there is no blob b");
    CHECK_INT_EQ(store.pending, 0);
    for (int i = 0; i < FLAT_STORE_PENDING_MAX; i++) {
        put_record("a", "4");
    }
    CHECK_INT_EQ(documents.ops->record_write(documents.self, "a", span_text("5"), done, NULL, &err),
                 ERR_BUSY);
    CHECK_STR_EQ(err.text, "8 documents wait to be written already");
    answers[0] = '\0';
    CHECK(turn());
    put_record("a", "5");
    CHECK_INT_EQ(disarms, 0);
    flat_store_close(&store); /* what is pending is dropped */
    CHECK_INT_EQ(disarms, 1);
    CHECK_INT_EQ(store.pending, 0);
    CHECK(store.writes == NULL);
    CHECK_STR_EQ(answers, "a: done\n");
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
        int rc = documents.ops->record_write(documents.self, rows[i].name, span_text("x"), done,
                                             (void *)(uintptr_t) "n", &err);
        CHECK_INT_EQ(rc, rows[i].is_good ? 0 : ERR_VALUE);
        (void)snprintf(wanted, sizeof wanted, "\"%s\" is no document name (a-z 0-9 . -)",
                       rows[i].name);
        CHECK(rows[i].is_good || strcmp(err.text, wanted) == 0);
        CHECK(rows[i].is_good || strcmp(get(true, rows[i].name, 1), wanted) == 0);
        run();
    }
    memset(name, 'n', sizeof name);
    name[STORE_NAME_BYTES - 1] = '\0';
    put_record(name, "long");
    run();
    CHECK_STR_EQ(get(false, name, 9), "long");
    name[STORE_NAME_BYTES - 1] = 'n';
    name[STORE_NAME_BYTES] = '\0';
    CHECK_INT_EQ(
        documents.ops->record_write(documents.self, name, span_text("x"), done, NULL, &err),
        ERR_VALUE);
    flat_store_close(&store);
}

static void lengths(void)
{
    static uint8_t data[LENGTH + 1];
    char wanted[128];
    size_t len = 0;
    begin();
    CHECK_INT_EQ(documents.ops->record_write(documents.self, "r",
                                             span_of(data, STORE_RECORD_BYTES_MAX + 1), done, NULL,
                                             &err),
                 ERR_OVERSIZE);
    (void)snprintf(wanted, sizeof wanted, "document r has %d bytes, at most %d",
                   STORE_RECORD_BYTES_MAX + 1, STORE_RECORD_BYTES_MAX);
    CHECK_STR_EQ(err.text, wanted);
    CHECK_INT_EQ(documents.ops->record_write(documents.self, "r",
                                             span_of(data, STORE_RECORD_BYTES_MAX), done,
                                             (void *)(uintptr_t) "r", &err),
                 0);
    CHECK_INT_EQ(
        documents.ops->blob_write(documents.self, "b", span_of(data, LENGTH + 1), done, NULL, &err),
        ERR_OVERSIZE);
    put_blob("b", data, LENGTH);
    run();
    CHECK_STR_EQ(answers, "r: done\nb: done\n");
    static uint8_t back[LENGTH];
    CHECK_INT_EQ(
        documents.ops->record_read(documents.self, "r", back, STORE_RECORD_BYTES_MAX, &len, &err),
        0);
    CHECK_INT_EQ(len, STORE_RECORD_BYTES_MAX);
    CHECK_INT_EQ(documents.ops->record_read(documents.self, "r", back, STORE_RECORD_BYTES_MAX - 1,
                                            &len, &err),
                 ERR_LIMIT);
    CHECK_INT_EQ(documents.ops->blob_read(documents.self, "b", back, LENGTH, &len, &err), 0);
    CHECK_INT_EQ(len, LENGTH);
    CHECK_INT_EQ(documents.ops->blob_read(documents.self, "b", back, LENGTH - 1, &len, &err),
                 ERR_LIMIT);
    flat_store_close(&store);
}

static void found(void *ctx, const char *name, bool is_blob)
{
    (void)ctx;
    size_t len = strlen(answers);
    (void)snprintf(answers + len, sizeof answers - len, "%s%s ", is_blob ? "b:" : "r:", name);
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
    answers[0] = '\0';
    put_record("more", "x");
    run();
    CHECK_STR_EQ(answers, "more: write more: more than 64 records\n");
    for (int i = 0; i < STORE_BLOBS_MAX; i++) {
        (void)snprintf(name, sizeof name, "b%d", i);
        put_blob(name, "x", 1);
        run();
    }
    answers[0] = '\0';
    put_blob("more", "x", 1);
    run();
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "more: write more: more than %d blobs\n",
                   STORE_BLOBS_MAX);
    CHECK_STR_EQ(answers, wanted);
    CHECK_STR_EQ(get(false, "more", 9), "there is no record more");
    drop_blob("b3");
    put_blob("more", "x", 1);
    run();
    CHECK_STR_EQ(get(true, "more", 9), "x");
    CHECK_STR_EQ(get(false, "r63", 9), "x");
    flat_store_close(&store);
    CHECK_INT_EQ(open_again(), 0);
    answers[0] = '\0';
    CHECK_INT_EQ(documents.ops->list(documents.self, found, NULL, &err), 0);
    CHECK(strncmp(answers, "r:r0 r:r1 ", 10) == 0);
    CHECK_CONTAINS(answers, " r:r63 b:b0 b:b1 b:b2 b:more b:b4 ");
    flat_store_close(&store);
}

/* Blobs lie in the first gap that is long enough, up to the last page. */
static void gaps(void)
{
    static uint8_t data[8 * PAGE];
    begin();
    medium.bytes = flat_pages_min(PAGE) * PAGE;
    memset(disk, 0, sizeof disk);
    CHECK_INT_EQ(open_again(), 0);
    size_t room = (size_t)(flat_pages_min(PAGE) - FLAT_BLOB_AREA);
    put_blob("a", data, 2 * PAGE);
    put_blob("b", data, PAGE + 1);
    put_blob("c", data, PAGE);
    run();
    CHECK_INT_EQ(store.cells.at[STORE_RECORDS_MAX].extent.page, FLAT_BLOB_AREA);
    CHECK_INT_EQ(store.cells.at[STORE_RECORDS_MAX + 1].extent.page, FLAT_BLOB_AREA + 2);
    CHECK_INT_EQ(store.cells.at[STORE_RECORDS_MAX + 2].extent.page, FLAT_BLOB_AREA + 4);
    drop_blob("b");
    put_blob("d", data, 2 * PAGE + 1); /* too long for the gap */
    put_blob("e", data, 2 * PAGE);     /* not this */
    run();
    CHECK_INT_EQ(store.cells.at[STORE_RECORDS_MAX + 1].extent.page, FLAT_BLOB_AREA + 5);
    CHECK_INT_EQ(store.cells.at[STORE_RECORDS_MAX + 3].extent.page, FLAT_BLOB_AREA + 2);
    size_t used = 8;
    char name[16];
    for (int i = 0; room - used >= 8; i++, used += 8) {
        (void)snprintf(name, sizeof name, "f%d", i);
        put_blob(name, data, sizeof data);
        run();
    }
    answers[0] = '\0';
    put_blob("over", data, (room - used) * PAGE + 1);
    run();
    char wanted[128];
    (void)snprintf(wanted, sizeof wanted,
                   "over: write over: the disk has no gap for a blob of %zu bytes\n",
                   (room - used) * PAGE + 1);
    CHECK_STR_EQ(answers, wanted);
    answers[0] = '\0';
    if (room > used) {
        put_blob("last", data, (room - used) * PAGE);
        run();
        CHECK_STR_EQ(answers, "last: done\n");
    }
    flat_store_close(&store);
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
        answers[0] = '\0';
        calls_until_failure = rows[i].call;
        if (rows[i].is_blob) {
            put_blob("n", "x", 1);
        } else {
            put_record("n", "x");
        }
        run();
        CHECK_STR_EQ(answers, rows[i].words);
        CHECK(store.cells.is_doubtful);
        CHECK_INT_EQ(store.pending, 0);
        said[0] = '\0';
        calls_until_failure = 1;
        CHECK_STR_EQ(get(false, "other", 9), "reopen the disk: Input/output error");
        said[0] = '\0';
        calls_until_failure = is_content ? 0 : 2;
        if (!is_content) {
            CHECK_STR_EQ(get(false, "other", 9), "read the disk: Input/output error");
            (void)snprintf(wanted, sizeof wanted, "o r%zu+%d ", cell, USED);
            CHECK_STR_EQ(said, wanted);
            said[0] = '\0';
        }
        CHECK_STR_EQ(get(false, "other", 9), "x");
        (void)snprintf(wanted, sizeof wanted, "o r%zu+%d r%zu+%d ", cell, USED, cell + PAGE, USED);
        CHECK(strncmp(said, is_content ? "o r" : wanted, is_content ? 3 : strlen(wanted)) == 0);
        CHECK(!store.cells.is_doubtful);
        said[0] = '\0';
        CHECK_STR_EQ(get(false, "other", 9), "x");
        CHECK(said[0] == 'r');
        flat_store_close(&store);
    }
}

/* What could not be written is taken again, in a page of its own turn and with a higher number. */
static void written_again(void)
{
    begin();
    put_record("n", "one");
    run();
    uint64_t sequence = store.cells.at[0].sequence;
    CHECK_INT_EQ(sequence, 2);
    calls_until_failure = 2;
    put_record("n", "two"); /* on the disk, but nobody knows */
    run();
    CHECK_STR_EQ(get(false, "n", 9), "two");
    CHECK_INT_EQ(store.cells.at[0].sequence, 3);
    CHECK_INT_EQ(store.cells.at[0].next, 1);
    calls_until_failure = 1;
    put_record("n", "three");
    run();
    put_record("n", "four");
    run();
    CHECK_INT_EQ(store.cells.at[0].sequence, 5);
    CHECK_STR_EQ(get(false, "n", 9), "four");
    flat_store_close(&store);
    CHECK_INT_EQ(open_again(), 0);
    CHECK_STR_EQ(get(false, "n", 9), "four");
    flat_store_close(&store);
}

static void reading_fails(void)
{
    begin();
    put_record("r", "x");
    put_blob("b", "x", 1);
    run();
    for (int call = 1; call <= 2; call++) {
        calls_until_failure = call;
        CHECK_STR_EQ(get(false, "r", 9), "read the disk: Input/output error");
    }
    calls_until_failure = 1;
    CHECK_STR_EQ(get(true, "b", 9), "read the disk: Input/output error");
    CHECK(!store.cells.is_doubtful);
    memset(disk + CELL(0), 0x55, 2 * PAGE);
    CHECK_STR_EQ(get(false, "r", 9), "record r is damaged in both pages");
    flat_store_close(&store);
    CHECK_INT_EQ(open_again(), 0);
    CHECK_STR_EQ(get(false, "nameless-0", 9), "nameless-0 is damaged in both pages of its cell");
    flat_store_close(&store);
    calls_until_failure = FLAT_SUPERBLOCKS + 3;
    CHECK_INT_EQ(open_again(), ERR_STORE);
    CHECK_STR_EQ(err.text, "read the disk: Input/output error");
}

/* A blob that does not lie inside the medium is damaged, and its place is nobody's. */
static void extents_outside(void)
{
    uint32_t last = (uint32_t)(sizeof disk / PAGE);
    const struct {
        uint32_t page, bytes;
        bool is_good;
    } rows[] = {
        {FLAT_BLOB_AREA, 1, true},      {FLAT_BLOB_AREA - 1, 1, false},
        {last - 1, PAGE, true},         {last - 1, PAGE + 1, false},
        {FLAT_BLOB_AREA, LENGTH, true}, {FLAT_BLOB_AREA, LENGTH + 1, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin();
        struct flat_page page = {.kind = FLAT_BLOB,
                                 .name = "b",
                                 .sequence = 1,
                                 .extent = {.page = rows[i].page, .bytes = rows[i].bytes}};
        flat_page_encode(disk + CELL(STORE_RECORDS_MAX), &page);
        flat_store_close(&store);
        CHECK_INT_EQ(open_again(), 0);
        const struct flat_cell *cell = &store.cells.at[STORE_RECORDS_MAX];
        CHECK(cell->is_corrupt == !rows[i].is_good);
        CHECK_INT_EQ(cell->extent.page, rows[i].is_good ? rows[i].page : FLAT_BLOB_AREA);
        CHECK_INT_EQ(cell->extent.bytes, rows[i].is_good ? rows[i].bytes : 0);
        flat_store_close(&store);
    }
    for (int is_blob = 0; is_blob < 2; is_blob++) { /* nor is one kind in the cell of the other */
        begin();
        struct flat_page page = {
            .kind = is_blob ? FLAT_BLOB : FLAT_RECORD, .name = "d", .sequence = 1};
        flat_page_encode(disk + CELL(is_blob ? 0 : STORE_RECORDS_MAX), &page);
        flat_store_close(&store);
        CHECK_INT_EQ(open_again(), 0);
        CHECK_STR_EQ(get(!is_blob, "d", 9), "d is damaged in both pages of its cell");
        flat_store_close(&store);
    }
}

static int open_with(uint64_t bytes, uint32_t page)
{
    medium.bytes = bytes;
    medium.page_bytes = page;
    return open_again();
}

static void sizes(void)
{
    static const uint32_t odd[] = {0, 1, 512, 1023, 1025, 1536, 65537, 131072};
    char wanted[160];
    begin();
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        CHECK_INT_EQ(open_with(sizeof disk, odd[i]), ERR_VALUE);
        (void)snprintf(wanted, sizeof wanted,
                       "pages of %u bytes: choose a power of two, 1024 to 65536", (unsigned)odd[i]);
        CHECK_STR_EQ(err.text, wanted);
    }
    CHECK_INT_EQ(open_with(sizeof disk, 65536), ERR_DISK_SPACE);
    CHECK_CONTAINS(err.text, "the disk is too small: 1228800 bytes, with pages of 65536 at least ");
    uint64_t least = flat_pages_min(PAGE) * PAGE;
    memset(disk, 0, sizeof disk);
    CHECK_INT_EQ(open_with(least - 1, PAGE), ERR_DISK_SPACE);
    CHECK_INT_EQ(open_with(least, PAGE), 0);
    CHECK_INT_EQ(store.cells.pages, flat_pages_min(PAGE));
    CHECK_INT_EQ(open_with(least + PAGE, PAGE), 0); /* grown: used as it was formatted */
    CHECK_INT_EQ(store.cells.pages, flat_pages_min(PAGE));
    memset(disk, 0, sizeof disk);
    CHECK_INT_EQ(open_with(least + PAGE, PAGE), 0);
    CHECK_INT_EQ(open_with(least, PAGE), ERR_DISK_SPACE);
    (void)snprintf(wanted, sizeof wanted, "the medium was made with %llu pages and has %llu now",
                   (unsigned long long)flat_pages_min(PAGE) + 1,
                   (unsigned long long)flat_pages_min(PAGE));
    CHECK_CONTAINS(err.text, wanted);
}

/* What is not ours, or not of this version, is refused; nothing is written. */
static void foreign(void)
{
    static const struct flat_geometry ours = {.version = FLAT_VERSION,
                                              .record_cells = STORE_RECORDS_MAX,
                                              .blob_cells = STORE_BLOBS_MAX,
                                              .page_bytes = PAGE,
                                              .pages = PAGES_MAX};
    for (int row = 0; row < 6; row++) {
        struct flat_geometry geometry = ours;
        uint8_t bytes[FLAT_SUPERBLOCK_BYTES];
        geometry.version += row == 1;
        geometry.record_cells += row == 2;
        geometry.blob_cells += row == 3;
        geometry.page_bytes *= row == 4 ? 2 : 1;
        geometry.pages = row == 5 ? flat_pages_min(PAGE) - 1 : geometry.pages;
        begin();
        flat_superblock_encode(bytes, &geometry);
        for (size_t copy = 0; copy < FLAT_SUPERBLOCKS; copy++) {
            memcpy(disk + copy * PAGE, bytes, sizeof bytes);
        }
        said[0] = '\0';
        CHECK_INT_EQ(open_again(), row == 0 ? 0 : row == 5 ? ERR_DISK_SPACE : ERR_VERSION);
        CHECK(strchr(said, 'w') == NULL);
        if (row > 0) {
            CHECK_CONTAINS(
                err.text,
                row == 4   ? "the medium was made with pages of 2048 bytes, not 1024: "
                : row == 5 ? "the medium was made with "
                : row == 1 ? "the medium is of version 2 (64 and 128 cells), this berthd reads 1: "
                : row == 2 ? "is of version 1 (65 and "
                           : "is of version 1 (64 and 129 ");
            CHECK_CONTAINS(err.text,
                           "name another, or lose what it holds: dd if=/dev/zero bs=1024 count=");
            CHECK_CONTAINS(err.text, " conv=notrunc of=the disk");
        }
    }
}

/* Empty is zero before the blob area, but for a superblock of ours that was cut or erased to be
 * written. */
static void empty(void)
{
    uint8_t whole[FLAT_SUPERBLOCK_BYTES];
    begin();
    memcpy(whole, disk, sizeof whole);
    for (size_t len = 0; len <= sizeof whole; len++) {
        for (int is_erased = 0; is_erased < 2; is_erased++) {
            memset(disk, 0, sizeof disk);
            memset(disk, is_erased ? 0xff : 0, PAGE);
            memcpy(disk, whole, len);
            CHECK_INT_EQ(open_again(), 0);
            CHECK(memcmp(disk, whole, sizeof whole) == 0);
            CHECK(memcmp(disk + PAGE, whole, sizeof whole) == 0);
        }
    }
    static const struct {
        size_t at;
        uint8_t byte;
        bool is_empty;
    } rows[] = {
        {8, 0x55, false},
        {FLAT_SUPERBLOCK_BYTES, 0x01, false},
        {PAGE - 1, 0xff, true},
        {PAGE + 5, 0x01, false},
        {(size_t)FLAT_SUPERBLOCKS * PAGE, 0xff, false}, /* a cell is not erased by us */
        {BLOBS - 1, 0x01, false},
        {BLOBS, 0x01, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        memset(disk, 0, sizeof disk);
        disk[rows[i].at] = rows[i].byte;
        CHECK_INT_EQ(open_again(), rows[i].is_empty ? 0 : ERR_EXISTS);
        if (!rows[i].is_empty) {
            CHECK_CONTAINS(err.text, "the medium holds something else: ");
        }
    }
    memset(disk, 0, sizeof disk);
    memcpy(disk, whole, sizeof whole);
    disk[FLAT_SUPERBLOCK_BYTES - 1] ^= 1;
    disk[9] ^= 4;
    CHECK_INT_EQ(open_again(), ERR_CORRUPT);
    CHECK_CONTAINS(err.text, "the medium has a damaged superblock: ");
}

/* Each call that fails while a medium is formatted. */
static void formatting_fails(void)
{
    begin();
    said[0] = '\0';
    memset(disk, 0, sizeof disk);
    CHECK_INT_EQ(open_again(), 0);
    int reads = 0;
    const char *at = said;
    for (; strncmp(at, "w", 1) != 0; at = strchr(at, ' ') + 1) {
        reads++;
    }
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "w0+%d s w1024+%d s r", FLAT_SUPERBLOCK_BYTES,
                   FLAT_SUPERBLOCK_BYTES);
    CHECK(strncmp(at, wanted, strlen(wanted)) == 0);
    for (int call = 1; call <= reads + 4; call++) {
        memset(disk, 0, sizeof disk);
        calls_until_failure = call;
        CHECK_INT_EQ(open_again(), ERR_STORE);
        CHECK_STR_EQ(err.text, call <= reads
                                   ? "read the disk: Input/output error"
                                   : "write the superblock of the disk: Input/output error");
    }
    memset(disk, 0, PAGE); /* one that is good is not written again */
    CHECK_INT_EQ(open_again(), 0);
    memset(disk, 0, PAGE);
    said[0] = '\0';
    CHECK_INT_EQ(open_again(), 0);
    (void)snprintf(wanted, sizeof wanted, "r0+%d r1024+%d w0+%d s r", FLAT_SUPERBLOCK_BYTES,
                   FLAT_SUPERBLOCK_BYTES, FLAT_SUPERBLOCK_BYTES);
    CHECK(strncmp(said, wanted, strlen(wanted)) == 0);
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
        {"failed calls", failed_calls},
        {"written again", written_again},
        {"reading fails", reading_fails},
        {"extents outside", extents_outside},
        {"sizes", sizes},
        {"foreign", foreign},
        {"empty", empty},
        {"formatting fails", formatting_fails},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
