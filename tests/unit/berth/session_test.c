/* session: everything retained is read before the end is believed, however slowly it comes; a
 * broker that keeps something back is no end. */
#include <stdlib.h>

#include "platform/base/text.h"
#include "ports/app/berth/session.h"
#include "ports/linux/entropy.h"
#include "tests/check.h"

/* A broker that hands on `count` messages below a filter, one each `gap_ms`, and what is published
 * behind them; it loses all from `lost_from` on. */
static struct {
    struct session session;
    struct loop_timer timer;
    size_t count, sent, lost_from;
    int64_t gap_ms;
    char fence[BUS_TOPIC_BYTES]; /* published, to be handed on last */
    bool is_retained;            /* it was published so */
    size_t subscribed, unsubscribed;
    bus_done done;
    void *done_ctx;
} broker;

static void timer_set(int64_t ms, loop_expired expired)
{
    struct loop loop = linux_loop_interface(&broker.session.loop);
    loop.ops->arm(loop.self, &broker.timer, linux_loop_now() + ms, expired, &broker);
}

static void hand_on(void *ctx)
{
    char topic[BUS_TOPIC_BYTES];
    (void)ctx;
    if (broker.sent < broker.count) {
        (void)snprintf(topic, sizeof topic, "berth/1/plant/node/gw-%zu/report", broker.sent++);
    } else if (broker.fence[0] != '\0') {
        memcpy(topic, broker.fence, sizeof topic);
        broker.fence[0] = '\0';
    } else {
        return;
    }
    if (broker.sent <= broker.lost_from) {
        broker.session.received(broker.session.ctx, topic, span_text("{}"), true);
        timer_set(broker.gap_ms, hand_on);
    }
}

static void answer(void *ctx)
{
    (void)ctx;
    broker.done(broker.done_ctx, NULL);
    timer_set(broker.gap_ms, hand_on);
}

static int fake_subscribe(void *self, const char *filter, bus_done done, void *ctx, struct err *err)
{
    (void)self;
    (void)filter;
    (void)err;
    broker.subscribed++;
    broker.done = done;
    broker.done_ctx = ctx;
    timer_set(0, answer);
    return 0;
}

static int fake_publish(void *self, const char *topic, struct span payload, bool is_retained,
                        bus_done done, void *ctx, struct err *err)
{
    (void)self;
    (void)payload;
    (void)err;
    (void)text_copy(broker.fence, sizeof broker.fence, topic);
    broker.is_retained = is_retained;
    broker.done = done;
    broker.done_ctx = ctx;
    timer_set(0, answer);
    return 0;
}

static int fake_unsubscribe(void *self, const char *filter, struct err *err)
{
    (void)self;
    (void)filter;
    (void)err;
    broker.unsubscribed++;
    return 0;
}

static size_t got;

static void taken(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    (void)payload;
    (void)is_retained;
    CHECK(ctx == &got);
    CHECK_CONTAINS(topic, "/node/gw-"); /* never the fence */
    got++;
}

static void begin(size_t count, int64_t gap_ms)
{
    static const struct bus_ops ops = {
        .subscribe = fake_subscribe, .publish = fake_publish, .unsubscribe = fake_unsubscribe};
    memset(&broker, 0, sizeof broker);
    got = 0;
    broker.count = count;
    broker.lost_from = SIZE_MAX;
    broker.gap_ms = gap_ms;
    broker.session.bus = (struct bus){&ops, &broker};
    broker.session.entropy = linux_entropy_interface();
    broker.session.is_open = true;
    CHECK_INT_EQ(linux_loop_init(&broker.session.loop, NULL), 0);
}

static void end(void)
{
    linux_loop_close(&broker.session.loop);
}

/* Longer between two messages than a reader would take for the end. */
static void case_slow(void)
{
    struct err err = {0};
    begin(4, 900);
    CHECK_INT_EQ(session_read(&broker.session, "berth/1/plant/node/+/report", taken, &got, &err),
                 0);
    CHECK_INT_EQ(got, 4);
    CHECK(!broker.is_retained);
    CHECK_INT_EQ(broker.subscribed, 1);
    CHECK_INT_EQ(broker.unsubscribed, 1);
    end();
}

static void case_none(void)
{
    begin(0, 0);
    CHECK_INT_EQ(session_read(&broker.session, "berth/1/plant/node/#", taken, &got, NULL), 0);
    CHECK_INT_EQ(got, 0);
    end();
}

/* One topic: the fence lies beside it. */
static void case_exact(void)
{
    begin(1, 0);
    CHECK_INT_EQ(session_read(&broker.session, "berth/1/plant/trust", taken, &got, NULL), 0);
    CHECK_INT_EQ(got, 1);
    CHECK_INT_EQ(broker.subscribed, 2);
    CHECK_INT_EQ(broker.unsubscribed, 2);
    end();
}

/* The broker's queue was full: the rest, and the end, never come. */
static void case_dropped(void)
{
    struct err err = {0};
    begin(9, 0);
    broker.lost_from = 5;
    broker.session.stall_ms = 200;
    CHECK_INT_EQ(session_read(&broker.session, "berth/1/plant/node/#", taken, &got, &err),
                 ERR_TIMEOUT);
    CHECK_CONTAINS(err.text, "after 5 messages");
    CHECK_CONTAINS(err.text, "max_queued_messages");
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
                                              {"dropped", case_dropped},
                                              {"fence", case_fence}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
