/* link_edge: the row of failures at both sides of its minute, and that everything that comes is
 * handed on as it came. */
#include "agent/link/link.h"

#include "tests/check.h"

struct fake {
    struct bus_user user;
    struct bus_session session;
    bool is_refusing, is_without_entropy, has_will;
    int opens, closes, opened, closed, received;
    uint64_t random;
    char session_name[LINK_SESSION_BYTES], topic[32], text[64];
    bool was_open, is_retained, has_topic;
    int code;
};

static int fake_open(void *self, const struct bus_session *session, const struct bus_user *user,
                     struct err *err)
{
    struct fake *fake = self;
    fake->opens++;
    fake->user = *user;
    fake->session = *session;
    fake->has_topic = session->will_topic != NULL;
    return fake->is_refusing ? err_set(err, ERR_BUSY, "busy") : 0;
}

static void fake_close(void *self)
{
    ((struct fake *)self)->closes++;
}

static int fake_fill(void *self, void *data, size_t len, struct err *err)
{
    struct fake *fake = self;
    if (fake->is_without_entropy) {
        return err_set(err, ERR_ENTROPY, "none");
    }
    memcpy(data, &fake->random, len);
    return 0;
}

static void greet(void *ctx, const char *session, struct link_hello *hello)
{
    struct fake *fake = ctx;
    (void)session;
    (void)snprintf(hello->client_id, sizeof hello->client_id, "id");
    if (fake->has_will) {
        (void)snprintf(hello->will_topic, sizeof hello->will_topic, "t");
    }
}

static void opened(void *ctx, const char *session)
{
    struct fake *fake = ctx;
    fake->opened++;
    (void)snprintf(fake->session_name, sizeof fake->session_name, "%s", session);
}

static void closed(void *ctx, const struct err *err, bool was_open)
{
    struct fake *fake = ctx;
    fake->closed++;
    fake->was_open = was_open;
    fake->code = err->code;
}

static void received(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    struct fake *fake = ctx;
    fake->received++;
    fake->is_retained = is_retained;
    (void)snprintf(fake->topic, sizeof fake->topic, "%s", topic);
    (void)snprintf(fake->text, sizeof fake->text, "%.*s", (int)payload.len,
                   (const char *)payload.data);
}

static void begin(struct fake *fake, struct link *link)
{
    static const struct bus_ops bus_ops = {.open = fake_open, .close = fake_close};
    static const struct entropy_ops entropy_ops = {.fill = fake_fill};
    const struct link_user user = {
        .greet = greet, .opened = opened, .closed = closed, .received = received, .ctx = fake};
    memset(fake, 0, sizeof *fake);
    memset(link, 0xff, sizeof *link); /* link_init leaves nothing to chance */
    link_init(link, (struct bus){.ops = &bus_ops, .self = fake},
              (struct entropy){.ops = &entropy_ops, .self = fake}, &user);
}

static void lose(struct fake *fake)
{
    const struct err err = {.code = ERR_NETWORK, .text = "gone"};
    fake->user.closed(fake->user.ctx, &err);
}

/* A failure, a session that stood for so long, and its end: the failures in a row after it. */
static unsigned failures_after(int64_t stood_ms)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    link_step(&link, 1000);
    lose(&fake);
    link_step(&link, 2000);
    CHECK_INT_EQ(link.failures, 1);
    link_step(&link, 2000); /* no jitter: the wait is 0 */
    CHECK_INT_EQ(fake.opens, 2);
    fake.user.opened(fake.user.ctx);
    link_step(&link, 5000);
    lose(&fake);
    link_step(&link, 5000 + stood_ms);
    return link.failures;
}

/* A broker that takes every connection and drops it soon after must not be hammered. */
static void case_stable_minute(void)
{
    CHECK_INT_EQ(failures_after(0), 2);
    CHECK_INT_EQ(failures_after(59999), 2);
    CHECK_INT_EQ(failures_after(60000), 1);
}

/* An attempt that never opened is no session, however long it took. */
static void case_slow_attempt(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    for (unsigned i = 1; i < 4; i++) {
        link_step(&link, 100000 * (mono_ms)i);
        lose(&fake);
        CHECK(!fake.was_open);
        link_step(&link, 100000 * (mono_ms)i + 90000);
        CHECK_INT_EQ(link.failures, i);
    }
}

static void case_backoff_values(void)
{
    static const struct {
        unsigned failures;
        int64_t bound;
    } rows[] = {{1, 1000},  {2, 2000},   {3, 4000},   {4, 8000},   {5, 16000},
                {6, 30000}, {15, 30000}, {16, 30000}, {17, 30000}, {4000000000u, 30000}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK_INT_EQ(link_backoff_ms(rows[i].failures, 0), 0);
        CHECK_INT_EQ(link_backoff_ms(rows[i].failures, (uint64_t)rows[i].bound - 1),
                     rows[i].bound - 1);
        CHECK_INT_EQ(link_backoff_ms(rows[i].failures, (uint64_t)rows[i].bound), 0);
    }
    CHECK_INT_EQ(link_backoff_ms(0, 999), 999);
    CHECK_INT_EQ(link_backoff_ms(0, 1000), 0);
}

/* When it has to be stepped, in each state. */
static void case_deadlines(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    fake.random = 700;
    CHECK_INT_EQ(link_deadline(&link), 0);
    link_step(&link, 50);
    CHECK_INT_EQ(link_deadline(&link), MONO_NEVER); /* opening */
    fake.user.opened(fake.user.ctx);
    CHECK_INT_EQ(link_deadline(&link), 50); /* open, and the time of it not yet noted */
    link_step(&link, 60);
    CHECK_INT_EQ(link_deadline(&link), MONO_NEVER);
    lose(&fake);
    CHECK(fake.was_open);
    CHECK(!link_is_open(&link));
    CHECK_INT_EQ(link_deadline(&link), 60); /* ended just now */
    link_step(&link, 80);
    CHECK_INT_EQ(link_deadline(&link), 780);
    link_step(&link, 779);
    CHECK_INT_EQ(fake.opens, 1);
    link_step(&link, 780);
    CHECK_INT_EQ(fake.opens, 2);
}

/* Opened at the very beginning of time: that is an instant, too. */
static void case_time_zero(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    link_step(&link, 0);
    fake.user.opened(fake.user.ctx);
    link_step(&link, 0);
    CHECK_INT_EQ(link_deadline(&link), MONO_NEVER);
    link_step(&link, 30000);
    lose(&fake);
    link_step(&link, 60001);
    CHECK_INT_EQ(link.failures, 1);
}

static void case_session(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    fake.random = 0x12;
    link_step(&link, 0);
    CHECK_INT_EQ(fake.session.keepalive_s, 300);
    CHECK(!fake.has_topic);
    fake.user.opened(fake.user.ctx);
    CHECK_STR_EQ(fake.session_name, "0000000000000012");
    begin(&fake, &link);
    fake.has_will = true;
    link_step(&link, 0);
    CHECK(fake.has_topic);
}

static void case_handed_on(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    link_step(&link, 0);
    fake.user.opened(fake.user.ctx);
    CHECK_INT_EQ(fake.opened, 1);
    fake.user.received(fake.user.ctx, "a/b", span_text("text"), true);
    CHECK_INT_EQ(fake.received, 1);
    CHECK_STR_EQ(fake.topic, "a/b");
    CHECK_STR_EQ(fake.text, "text");
    CHECK(fake.is_retained);
    fake.user.received(fake.user.ctx, "a/b", span_text("text"), false);
    CHECK(!fake.is_retained);
    lose(&fake);
    CHECK_INT_EQ(fake.closed, 1);
    CHECK_INT_EQ(fake.code, ERR_NETWORK);
}

/* Without entropy it still connects, and still waits less than the bound. */
static void case_without_entropy(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    fake.is_without_entropy = true;
    fake.is_refusing = true;
    link_step(&link, 1000);
    CHECK_INT_EQ(fake.opens, 1);
    CHECK_INT_EQ(fake.closed, 1);
    CHECK(!fake.was_open);
    CHECK_INT_EQ(fake.code, ERR_BUSY);
    link_step(&link, 1000);
    CHECK(link_deadline(&link) > 1000 && link_deadline(&link) < 2000);
    fake.is_refusing = false;
    link_step(&link, 2000);
    fake.user.opened(fake.user.ctx);
    CHECK_STR_EQ(fake.session_name, "9e3779b97f4a7c15");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"stable minute", case_stable_minute},
        {"slow attempt", case_slow_attempt},
        {"back-off values", case_backoff_values},
        {"deadlines", case_deadlines},
        {"time zero", case_time_zero},
        {"session", case_session},
        {"handed on", case_handed_on},
        {"without entropy", case_without_entropy},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
