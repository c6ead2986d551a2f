/* flat: a flat medium on which anything stands where our pages were: it is opened or refused, never
 * written over when it is not ours, and what it lists can be read or is called corrupt. Checksums
 * are made to fit where the input says so. */
#include "platform/base/crc.h"
#include "platform/base/number.h"
#include "platform/base/units.h"
#include "ports/flat/store.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

enum { PAGE = 1024, PAGES = 490, BYTES = PAGE * PAGES, PATCHES_MAX = 24 };

static uint8_t medium_bytes[BYTES];
static uint8_t fresh[BYTES]; /* formatted, with a few documents */
static size_t writes;
static struct flat_store store;
static struct loop_timer *armed;

static int medium_read(void *self, uint64_t at, void *data, size_t len)
{
    (void)self;
    PROMISE(at <= BYTES && len <= BYTES - at);
    memcpy(data, medium_bytes + at, len);
    return 0;
}

static int medium_write(void *self, uint64_t at, struct span data)
{
    (void)self;
    PROMISE(at <= BYTES && data.len <= BYTES - at);
    memcpy(medium_bytes + at, data.data, data.len);
    writes++;
    return 0;
}

static int medium_nothing(void *self)
{
    (void)self;
    return 0;
}

static void timer_arm(void *self, struct loop_timer *timer, mono_ms due, loop_expired expired,
                      void *ctx)
{
    (void)self;
    (void)due;
    timer->expired = expired;
    timer->ctx = ctx;
    armed = timer;
}

static void timer_disarm(void *self, struct loop_timer *timer)
{
    (void)self;
    armed = armed == timer ? NULL : armed;
}

static mono_ms loop_now(void *self)
{
    (void)self;
    return 0;
}

static int store_open(void)
{
    static const struct flat_medium_ops ops = {.read = medium_read,
                                               .write = medium_write,
                                               .sync = medium_nothing,
                                               .reopen = medium_nothing};
    static const struct loop_ops loop_ops = {
        .arm = timer_arm, .disarm = timer_disarm, .now = loop_now};
    const struct flat_medium medium = {
        .ops = &ops, .name = "m", .bytes = BYTES, .page_bytes = PAGE};
    return flat_store_init(&store, (struct loop){.ops = &loop_ops}, medium, NULL);
}

static void turns(void)
{
    for (int i = 0; i < 100 && armed != NULL; i++) {
        struct loop_timer *timer = armed;
        armed = NULL;
        timer->expired(timer->ctx);
    }
}

static void ended(void *ctx, const struct err *err)
{
    *(int *)ctx = err == NULL ? 0 : err->code;
}

static int record_put(const char *name, struct span content)
{
    struct store port = flat_store_interface(&store);
    int code = 1;
    int rc = port.ops->record_write(port.self, name, content, ended, &code, NULL);
    turns();
    return rc != 0 ? rc : code;
}

static void fresh_make(void)
{
    struct store port;
    int code = 1;
    PROMISE(store_open() == 0);
    port = flat_store_interface(&store);
    PROMISE(record_put("app", span_text("one")) == 0);
    PROMISE(record_put("app", span_text("two")) == 0);
    PROMISE(port.ops->blob_write(port.self, "release", span_text("payload"), ended, &code, NULL) ==
            0);
    turns();
    PROMISE(code == 0);
    flat_store_close(&store);
    memcpy(fresh, medium_bytes, sizeof fresh);
}

/* What a page of a cell must have to be believed. */
static void page_mend(uint8_t *page)
{
    memcpy(page, "BFL1", 4);
    number_put(page + 124, crc32c(0, page, 124), 4);
    memcpy(page + 128, "BFS1", 4);
    memcpy(page + 128 + 8, page + 8, 8);
    memset(page + 128 + 16, 0, 4);
    number_put(page + 128 + 16, crc32c(0, page + 128, FLAT_SLOT_BYTES), 4);
}

static void listed(void *ctx, const char *name, bool is_blob)
{
    static uint8_t data[STORE_BLOB_BYTES_MAX];
    struct store port = flat_store_interface(&store);
    size_t len = 0;
    (void)ctx;
    int rc = (is_blob ? port.ops->blob_read : port.ops->record_read)(port.self, name, data,
                                                                     sizeof data, &len, NULL);
    PROMISE(strlen(name) < STORE_NAME_BYTES);
    PROMISE(rc == 0 || rc == ERR_CORRUPT || rc == ERR_VALUE);
    PROMISE(rc != 0 || len <= sizeof data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_made;
    struct span input = span_of(data, size);
    if (!is_made) {
        fresh_make();
        is_made = true;
    }
    memcpy(medium_bytes, fresh, sizeof fresh);
    for (int i = 0; i < PATCHES_MAX && input.len > 0; i++) {
        unsigned how = input_byte(&input);
        size_t page = (input_byte(&input) | input_byte(&input) << 8) % PAGES;
        size_t at = input_byte(&input) * 4u % (PAGE - FLAT_SLOT_BYTES);
        struct span piece = input_piece(&input);
        size_t room = PAGE - at;
        memcpy(medium_bytes + page * PAGE + at, piece.data, piece.len < room ? piece.len : room);
        if ((how & 1) != 0) {
            page_mend(medium_bytes + page * PAGE);
        }
    }
    writes = 0;
    struct store port;
    int rc = store_open();
    if (rc != 0) {
        PROMISE(writes == 0); /* not ours: not touched */
        return 0;
    }
    port = flat_store_interface(&store);
    PROMISE(port.ops->list(port.self, listed, NULL, NULL) == 0);
    rc = record_put("app", span_text("three"));
    PROMISE(rc == 0 || rc == ERR_LIMIT);
    uint8_t got[STORE_RECORD_BYTES_MAX];
    size_t len = 0;
    PROMISE(rc != 0 || (port.ops->record_read(port.self, "app", got, sizeof got, &len, NULL) == 0 &&
                        span_is_equal(span_of(got, len), span_text("three"))));
    flat_store_close(&store);
    return 0;
}
