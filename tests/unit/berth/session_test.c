/* session: everything retained is read before the end is believed, however slowly it comes; what a
 * broker drops is never taken for all there is. */
#include <stdlib.h>

#include "platform/base/text.h"
#include "ports/app/berth/session.h"
#include "ports/linux/entropy.h"
#include "tests/check.h"

enum { QUEUE_MAX = 4096, CALLS_MAX = 32 };

/* A broker with a queue for its one client: what is retained enters it when a subscription comes,
 * what is published when it is published, and what finds it full is dropped without a word. One
 * message leaves it each `gap_ms`, after the answers. Of several publishes the next is taken when
 * the one before it was answered (a receive maximum of 1). */
static struct {
    struct session session;
    struct loop_timer timer;
    char (*retained)[BUS_TOPIC_BYTES];
    size_t count;
    size_t queue_max;
    char queue[QUEUE_MAX][BUS_TOPIC_BYTES];
    size_t first, last;
    char filters[64][BUS_TOPIC_BYTES];
    size_t filter_count;
    struct {
        bus_done done;
        void *ctx;
    } calls[CALLS_MAX];
    size_t call_count;
    char waiting[CALLS_MAX][BUS_TOPIC_BYTES]; /* publishes behind one that has no answer yet */
    size_t waiting_count;
    bool is_publishing;
    int64_t gap_ms;
    size_t deaf_from; /* it hands on so many messages, and then nothing any more */
    size_t handed;
    bool is_retained; /* something was published so */
    size_t subscribed, unsubscribed;
} broker;

static bool is_match(const char *filter, const char *topic)
{
    while (*filter != '\0') {
        if (*filter == '#' || (strcmp(filter, "/#") == 0 && *topic == '\0')) {
            return true;
        }
        if (*filter == '+') {
            filter++;
            topic += strcspn(topic, "/");
        } else if (*filter++ != *topic++) {
            return false;
        }
    }
    return *topic == '\0';
}

static void enqueue(const char *topic)
{
    if (broker.last - broker.first < broker.queue_max) {
        CHECK(broker.last < QUEUE_MAX);
        (void)text_copy(broker.queue[broker.last++], BUS_TOPIC_BYTES, topic);
    }
}

static void turn(void *ctx);

static void turn_soon(int64_t ms)
{
    struct loop loop = linux_loop_interface(&broker.session.loop);
    loop.ops->arm(loop.self, &broker.timer, linux_loop_now() + ms, turn, &broker);
}

static void publish_do(const char *topic)
{
    for (size_t i = 0; i < broker.filter_count; i++) {
        if (is_match(broker.filters[i], topic)) {
            enqueue(topic);
        }
    }
}

/* Messages are handed on, and acknowledged, before a publish that had to wait comes. */
static void turn(void *ctx)
{
    (void)ctx;
    for (size_t i = 0; i < broker.call_count; i++) {
        broker.calls[i].done(broker.calls[i].ctx, NULL);
    }
    broker.call_count = 0;
    if (broker.first < broker.last && broker.handed < broker.deaf_from) {
        char topic[BUS_TOPIC_BYTES];
        memcpy(topic, broker.queue[broker.first++], sizeof topic);
        broker.handed++;
        broker.session.received(broker.session.ctx, topic, span_text("{}"), true);
    }
    if (broker.first == broker.last) {
        broker.first = broker.last = 0;
    }
    broker.is_publishing = false;
    for (size_t i = 0; i < broker.waiting_count; i++) {
        publish_do(broker.waiting[i]);
    }
    broker.waiting_count = 0;
    if (broker.call_count > 0 || broker.first < broker.last) {
        turn_soon(broker.gap_ms);
    }
}

static void call_keep(bus_done done, void *ctx)
{
    CHECK(broker.call_count < CALLS_MAX);
    broker.calls[broker.call_count].done = done;
    broker.calls[broker.call_count++].ctx = ctx;
    turn_soon(broker.gap_ms);
}

static int fake_subscribe(void *self, const char *filter, bus_done done, void *ctx, struct err *err)
{
    (void)self;
    (void)err;
    broker.subscribed++;
    (void)text_copy(broker.filters[broker.filter_count++], BUS_TOPIC_BYTES, filter);
    for (size_t i = 0; i < broker.count; i++) {
        if (is_match(filter, broker.retained[i])) {
            enqueue(broker.retained[i]);
        }
    }
    call_keep(done, ctx);
    return 0;
}

static int fake_publish(void *self, const char *topic, struct span payload, bool is_retained,
                        bus_done done, void *ctx, struct err *err)
{
    (void)self;
    (void)payload;
    (void)err;
    broker.is_retained |= is_retained;
    if (broker.is_publishing) {
        (void)text_copy(broker.waiting[broker.waiting_count++], BUS_TOPIC_BYTES, topic);
    } else {
        publish_do(topic);
    }
    broker.is_publishing = true;
    call_keep(done, ctx);
    return 0;
}

static int fake_unsubscribe(void *self, const char *filter, struct err *err)
{
    (void)self;
    (void)err;
    broker.unsubscribed++;
    for (size_t i = 0; i < broker.filter_count; i++) {
        if (strcmp(broker.filters[i], filter) == 0) {
            memmove(broker.filters[i], broker.filters[--broker.filter_count], BUS_TOPIC_BYTES);
            return 0;
        }
    }
    CHECK(false); /* never subscribed */
    return 0;
}

static void fake_close(void *self)
{
    (void)self;
    broker.call_count = 0;
    broker.first = broker.last = 0;
}

/* Which of the retained were read, at least once. */
static bool *seen;
static size_t got;

static void taken(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    (void)payload;
    (void)is_retained;
    CHECK(ctx == &got);
    CHECK(strchr(topic, '~') == NULL); /* never a fence */
    for (size_t i = 0; i < broker.count; i++) {
        if (!seen[i] && strcmp(topic, broker.retained[i]) == 0) {
            seen[i] = true;
            got++;
            return;
        }
    }
}

static void begin(size_t count, int64_t gap_ms)
{
    static const struct bus_ops ops = {.subscribe = fake_subscribe,
                                       .publish = fake_publish,
                                       .unsubscribe = fake_unsubscribe,
                                       .close = fake_close};
    memset(&broker, 0, sizeof broker);
    got = 0;
    broker.count = count;
    broker.retained = calloc(count + 1, sizeof broker.retained[0]);
    seen = calloc(count + 1, sizeof *seen);
    CHECK(broker.retained != NULL && seen != NULL);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(broker.retained[i], BUS_TOPIC_BYTES, "berth/1/plant/node/gw-%zu/report", i);
    }
    broker.queue_max = QUEUE_MAX;
    broker.deaf_from = SIZE_MAX;
    broker.gap_ms = gap_ms;
    broker.session.bus = (struct bus){&ops, &broker};
    broker.session.entropy = linux_entropy_interface();
    broker.session.is_open = true;
    broker.session.quiet_ms = 50;
    CHECK_INT_EQ(linux_loop_init(&broker.session.loop, NULL), 0);
}

/* The same nodes at berth/2, as evenly over the shards as can be; `more` of them in shard 3c. */
static void begin_shards(size_t count, size_t more)
{
    begin(count + more, 0);
    for (size_t i = 0; i < count + more; i++) {
        (void)snprintf(broker.retained[i], BUS_TOPIC_BYTES,
                       "berth/2/plant/node/%02zx/gw-%zu/report", i < count ? i % 256 : 0x3c, i);
    }
}

static void end(void)
{
    linux_loop_close(&broker.session.loop);
    free(broker.retained);
    free(seen);
}

static int read_all(const char *filter, struct err *err)
{
    return session_read(&broker.session, filter, taken, &got, err);
}

/* Longer between two messages than a reader would take for the end. */
static void case_slow(void)
{
    struct err err = {0};
    begin(4, 900);
    broker.session.quiet_ms = 0;
    CHECK_INT_EQ(read_all("berth/1/plant/node/+/report", &err), 0);
    CHECK_INT_EQ(got, 4);
    CHECK(!broker.is_retained);
    CHECK_INT_EQ(broker.subscribed, 1);
    CHECK_INT_EQ(broker.unsubscribed, 1);
    end();
}

static void case_none(void)
{
    begin(0, 0);
    CHECK_INT_EQ(read_all("berth/1/plant/node/#", NULL), 0);
    CHECK_INT_EQ(got, 0);
    end();
}

/* One topic: the fence lies beside it. */
static void case_exact(void)
{
    begin(1, 0);
    (void)text_copy(broker.retained[0], BUS_TOPIC_BYTES, "berth/1/plant/trust");
    CHECK_INT_EQ(read_all("berth/1/plant/trust", NULL), 0);
    CHECK_INT_EQ(got, 1);
    CHECK_INT_EQ(broker.subscribed, 2);
    CHECK_INT_EQ(broker.unsubscribed, 2);
    end();
}

/* A broker that falls silent: the rest, and the end, never come. */
static void case_silent(void)
{
    struct err err = {0};
    begin(9, 0);
    broker.deaf_from = 5;
    broker.session.stall_ms = 1200;
    CHECK_INT_EQ(read_all("berth/1/plant/node/#", &err), ERR_TIMEOUT);
    CHECK_CONTAINS(err.text, "after 5 messages");
    CHECK_CONTAINS(err.text, "max_queued_messages");
    CHECK(!broker.session.is_open);
    end();
}

/* The broker's queue was full for some of it, and had room again for what came later: at the limit
 * all is read, one above nothing is believed. At berth/1 there are no pieces to read it in. */
static void case_dropped(void)
{
    for (size_t count = 9; count <= 11; count++) {
        struct err err = {0};
        begin(count, 0);
        broker.queue_max = 10;
        int rc = read_all("berth/1/plant/node/+/report", &err);
        CHECK_INT_EQ(rc, count < 10 ? 0 : ERR_LIMIT); /* the fence takes a place as well */
        CHECK_INT_EQ(got, count < 10 ? count : 10);
        if (rc != 0) {
            CHECK_CONTAINS(err.text, "incomplete");
            CHECK_CONTAINS(err.text, "max_queued_messages");
        }
        CHECK(broker.session.is_open); /* it can be asked something else */
        CHECK_INT_EQ(broker.filter_count, 0);
        end();
    }
}

/* 2,560 nodes, ten a shard, through queues of 11 and more: whole, because a shard and its fence
 * find room. The filters that are left behind are none. */
static void case_shards(void)
{
    static const size_t queues[] = {11, 20, 50, 300, 2561};
    for (size_t i = 0; i < COUNT_OF(queues); i++) {
        struct err err = {0};
        begin_shards(2560, 0);
        broker.queue_max = queues[i];
        broker.session.is_staying = i == 2;
        CHECK_INT_EQ(read_all("berth/2/plant/node/+/+/report", &err), 0);
        CHECK_INT_EQ(got, 2560);
        CHECK(broker.subscribed > 256 || queues[i] == 2561);
        CHECK_INT_EQ(broker.filter_count, i == 2 ? 1 : 0);
        end();
    }
}

/* What lies below a node on any topic is read in the same pieces. */
static void case_shards_of_all(void)
{
    struct err err = {0};
    begin_shards(600, 0);
    broker.queue_max = 100;
    CHECK_INT_EQ(read_all("berth/2/plant/node/#", &err), 0);
    CHECK_INT_EQ(got, 600);
    end();
    begin_shards(256, 0);
    for (size_t i = 0; i < 256; i++) {
        (void)snprintf(broker.retained[i], BUS_TOPIC_BYTES, "berth/1/plant/roll/%02zx", i);
    }
    broker.queue_max = 20;
    CHECK_INT_EQ(read_all("berth/1/plant/roll/+", &err), 0);
    CHECK_INT_EQ(got, 256);
    end();
}

/* Shards that do not come whole are named; the others were read. */
static void case_shards_cut(void)
{
    struct err err = {0};
    begin_shards(2560, 5);
    broker.queue_max = 12;
    CHECK_INT_EQ(read_all("berth/2/plant/node/+/+/report", &err), ERR_LIMIT);
    CHECK_CONTAINS(err.text, "documents of shard 3c: raise");
    CHECK_CONTAINS(err.text, "max_queued_messages");
    end();
    begin_shards(2560, 0);
    broker.queue_max = 10;
    err = (struct err){0};
    broker.session.stall_ms = 60000;
    CHECK_INT_EQ(read_all("berth/2/plant/node/+/+/report", &err), ERR_LIMIT);
    CHECK_CONTAINS(err.text, "shards 00 01 02 03 04 05 06 07, and was not asked for more: raise");
    end();
}

static void case_fence(void)
{
    static const struct {
        const char *filter, *fence;
        bool is_inside;
    } rows[] = {
        {"berth/1/plant/node/+/report", "berth/1/plant/node/~00000000000000ab/report", true},
        {"berth/1/plant/node/#", "berth/1/plant/node/~00000000000000ab", true},
        {"berth/1/plant/rollout/+/+", "berth/1/plant/rollout/~00000000000000ab/~00000000000000ab",
         true},
        {"berth/1/plant/trust", "berth/1/plant/~00000000000000ab", false},
        {"berth/1/plant/node/gw-1/labels", "berth/1/plant/~00000000000000ab", false},
    };
    char fence[BUS_TOPIC_BYTES];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT_EQ(session_fence(rows[i].filter, 0xab, fence), rows[i].is_inside);
        CHECK_STR_EQ(fence, rows[i].fence);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"slow", case_slow},
                                              {"none", case_none},
                                              {"exact", case_exact},
                                              {"silent", case_silent},
                                              {"dropped", case_dropped},
                                              {"shards", case_shards},
                                              {"shards of all", case_shards_of_all},
                                              {"shards cut", case_shards_cut},
                                              {"fence", case_fence}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
