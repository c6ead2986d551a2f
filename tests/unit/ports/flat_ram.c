/* flat_ram: the medium, the loop, and what tests do with the store. */
#include "tests/unit/ports/flat_ram.h"

#include <errno.h>

#include "tests/check.h"

struct flat_ram ram;

/* "r1024+36 ", or of a sync and a reopen "s " and "o ". */
static void say(char call, uint64_t at, size_t bytes)
{
    size_t len = strlen(ram.said);
    if (bytes > 0) {
        (void)snprintf(ram.said + len, sizeof ram.said - len, "%c%llu+%zu ", call,
                       (unsigned long long)at, bytes);
    } else {
        (void)snprintf(ram.said + len, sizeof ram.said - len, "%c ", call);
    }
}

static int outcome(void)
{
    return ram.calls_until_failure > 0 && --ram.calls_until_failure == 0 ? ram.failure : 0;
}

static int ram_read(void *self, uint64_t at, void *data, size_t len)
{
    (void)self;
    say('r', at, len);
    memcpy(data, ram.disk + at, len);
    return outcome();
}

static int ram_write(void *self, uint64_t at, struct span data)
{
    (void)self;
    say('w', at, data.len);
    CHECK(at + data.len <= sizeof ram.disk);
    memcpy(ram.disk + at, data.data, data.len);
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
    CHECK(timer == &ram.store.timer);
    CHECK_INT_EQ(due, 17);
    ram.armed = expired;
    ram.armed_ctx = ctx;
    ram.arms++;
}

static void loop_disarm(void *self, struct loop_timer *timer)
{
    (void)self;
    CHECK(timer == &ram.store.timer);
    ram.armed = NULL;
    ram.disarms++;
}

static mono_ms loop_now(void *self)
{
    (void)self;
    return 17;
}

static const struct flat_medium_ops medium_ops = {ram_read, ram_write, ram_sync, ram_reopen};

int open_again(void)
{
    static const struct loop_ops ops = {.arm = loop_arm, .disarm = loop_disarm, .now = loop_now};
    int rc = flat_store_init(&ram.store, (struct loop){.ops = &ops}, ram.medium, &ram.err);
    ram.documents = flat_store_interface(&ram.store);
    return rc;
}

void begin(void)
{
    memset(ram.disk, 0, sizeof ram.disk);
    ram.medium = (struct flat_medium){
        .ops = &medium_ops, .name = "the disk", .bytes = sizeof ram.disk, .page_bytes = PAGE};
    ram.calls_until_failure = 0;
    ram.failure = EIO;
    ram.armed = NULL;
    ram.arms = ram.disarms = 0;
    ram.answers[0] = '\0';
    CHECK_INT_EQ(open_again(), 0);
    ram.said[0] = '\0';
}

void done(void *ctx, const struct err *why)
{
    size_t len = strlen(ram.answers);
    (void)snprintf(ram.answers + len, sizeof ram.answers - len, "%s: %s\n", (const char *)ctx,
                   why == NULL ? "done" : why->text);
}

/* One turn of the loop; false when nothing is armed. */
bool turn(void)
{
    loop_expired expired = ram.armed;
    ram.armed = NULL;
    if (expired != NULL) {
        expired(ram.armed_ctx);
    }
    return expired != NULL;
}

void run(void)
{
    for (int i = 0; i < 1000 && turn(); i++) {
    }
    CHECK(ram.armed == NULL);
}

void put_record(const char *name, const char *content)
{
    CHECK_INT_EQ(ram.documents.ops->record_write(ram.documents.self, name, span_text(content), done,
                                                 (void *)(uintptr_t)name, &ram.err),
                 0);
}

void put_blob(const char *name, const void *data, size_t len)
{
    CHECK_INT_EQ(ram.documents.ops->blob_write(ram.documents.self, name, span_of(data, len), done,
                                               (void *)(uintptr_t)name, &ram.err),
                 0);
}

void drop_blob(const char *name)
{
    CHECK_INT_EQ(ram.documents.ops->blob_remove(ram.documents.self, name, done,
                                                (void *)(uintptr_t)name, &ram.err),
                 0);
}

const char *get(bool is_blob, const char *name, size_t cap)
{
    static char text[STORE_BLOB_BYTES_MAX + 1];
    size_t len = 0;
    int rc =
        is_blob
            ? ram.documents.ops->blob_read(ram.documents.self, name, text, cap, &len, &ram.err)
            : ram.documents.ops->record_read(ram.documents.self, name, text, cap, &len, &ram.err);
    text[rc == 0 ? len : 0] = '\0';
    return rc == 0 ? text : ram.err.text;
}
