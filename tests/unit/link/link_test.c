/* link: opens at once, waits with jitter after failures, forgets the row after a stable minute. */
#include "agent/link/link.h"

#include "tests/check.h"

#define STABLE_MS 60000 /* so long a session stands before earlier failures are forgotten */

/* A bus that only notes what is asked of it. */
struct fake {
    struct bus_user user;
    int opens, closes;
    bool is_refusing; /* open fails at once */
    char client_id[96], will[LINK_WILL_BYTES];
    uint64_t random;
    int greeted, opened, ended;
    bool was_open;
    int code;
};

static int fake_open(void *self, const struct bus_session *session, const struct bus_user *user,
                     struct err *err)
{
    struct fake *fake = self;
    if (fake->is_refusing) {
        return err_set(err, ERR_MEMORY, "no");
    }
    fake->opens++;
    fake->user = *user;
    (void)snprintf(fake->client_id, sizeof fake->client_id, "%s", session->client_id);
    (void)snprintf(fake->will, sizeof fake->will, "%.*s", (int)session->will.len,
                   (const char *)session->will.data);
    return 0;
}

static void fake_close(void *self)
{
    ((struct fake *)self)->closes++;
}

static int fake_fill(void *self, void *data, size_t len, struct err *err)
{
    (void)err;
    memcpy(data, &((struct fake *)self)->random, len);
    return 0;
}

static void greet(void *ctx, const char *session, struct link_hello *hello)
{
    ((struct fake *)ctx)->greeted++;
    (void)snprintf(hello->client_id, sizeof hello->client_id, "gw1");
    (void)snprintf(hello->will, sizeof hello->will, "gone %s", session);
    (void)snprintf(hello->will_topic, sizeof hello->will_topic, "t");
}

static void opened(void *ctx, const char *session)
{
    (void)session;
    ((struct fake *)ctx)->opened++;
}

static void closed(void *ctx, const struct err *err, bool was_open)
{
    struct fake *fake = ctx;
    fake->ended++;
    fake->was_open = was_open;
    fake->code = err->code;
}

static void received(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    (void)ctx;
    (void)topic;
    (void)payload;
    (void)is_retained;
}

static void begin(struct fake *fake, struct link *link)
{
    static const struct bus_ops bus_ops = {.open = fake_open, .close = fake_close};
    static const struct entropy_ops entropy_ops = {.fill = fake_fill};
    const struct link_user user = {
        .greet = greet, .opened = opened, .closed = closed, .received = received, .ctx = fake};
    memset(fake, 0, sizeof *fake);
    fake->random = 0xabcdef0123456789u;
    link_init(link, (struct bus){.ops = &bus_ops, .self = fake},
              (struct entropy){.ops = &entropy_ops, .self = fake}, &user);
}

static void lose(struct fake *fake)
{
    const struct err err = {.code = ERR_NETWORK, .text = "gone"};
    fake->user.closed(fake->user.ctx, &err);
}

static void case_opens_at_once(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    CHECK(link_deadline(&link) <= 5000);
    link_step(&link, 5000);
    CHECK_INT_EQ(fake.opens, 1);
    CHECK_STR_EQ(fake.client_id, "gw1");
    CHECK_STR_EQ(fake.will, "gone abcdef0123456789");
    CHECK_INT_EQ(link_deadline(&link), MONO_NEVER);
    CHECK(!link_is_open(&link));
    fake.user.opened(fake.user.ctx);
    CHECK(link_is_open(&link));
    CHECK_INT_EQ(fake.opened, 1);
    link_step(&link, 5100);
    CHECK_INT_EQ(fake.opens, 1);
    CHECK_INT_EQ(link_deadline(&link), MONO_NEVER);
}

/* What the n-th failure waits is below its bound, and the bound doubles up to the cap: the numbers
 * stand here again, and are not taken from what is tested. */
static int64_t bound_of(unsigned failures)
{
    static const int64_t bounds[] = {1000, 2000, 4000, 8000, 16000};
    return failures <= COUNT_OF(bounds) ? bounds[failures - 1] : 30000;
}

static void case_backoff_bounds(void)
{
    for (unsigned failures = 1; failures < 100; failures++) {
        int64_t bound = bound_of(failures);
        int64_t most = 0;
        for (uint64_t random = 0; random < 20000; random++) {
            int64_t wait = link_backoff_ms(failures, random * 0x9e3779b97f4a7c15u >> 3);
            CHECK(wait >= 0 && wait < bound);
            most = wait > most ? wait : most;
        }
        CHECK(most > bound * 9 / 10); /* the whole of it is used */
    }
}

static void case_waits_after_failures(void)
{
    struct fake fake;
    struct link link;
    mono_ms now = 1000;
    begin(&fake, &link);
    for (unsigned failures = 1; failures < 9; failures++) {
        link_step(&link, now);
        CHECK_INT_EQ(fake.opens, failures);
        lose(&fake);
        CHECK(!fake.was_open);
        now += 500000; /* the end is seen late: the wait counts from here, not from the opening */
        link_step(&link, now);
        CHECK_INT_EQ(link.failures, failures);
        CHECK_INT_EQ(link.retry_at, now + (int64_t)(fake.random % (uint64_t)bound_of(failures)));
        if (link.retry_at > now) {
            CHECK_INT_EQ(fake.opens, failures);
            now = link_deadline(&link);
        }
    }
}

static void case_row_ends_when_stable(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    link_step(&link, 0);
    fake.user.opened(fake.user.ctx);
    link_step(&link, 10);
    lose(&fake);
    CHECK(fake.was_open);
    link_step(&link, 10 + STABLE_MS - 1); /* not stable for a whole minute */
    CHECK_INT_EQ(link.failures, 1);
    link_step(&link, link_deadline(&link));
    lose(&fake);
    link_step(&link, link.now);
    CHECK_INT_EQ(link.failures, 2);
    mono_ms now = link_deadline(&link);
    link_step(&link, now);
    fake.user.opened(fake.user.ctx);
    link_step(&link, now);
    lose(&fake);
    link_step(&link, now + STABLE_MS);
    CHECK_INT_EQ(link.failures, 1);
}

/* Only a session that stood for a minute ends the row: neither time without one nor many short
 * ones do. */
static void case_row_goes_on_over_short_sessions(void)
{
    struct fake fake;
    struct link link;
    mono_ms now = 0;
    begin(&fake, &link);
    for (unsigned failures = 1; failures < 12; failures++) {
        link_step(&link, now);
        fake.user.opened(fake.user.ctx);
        link_step(&link, now);
        now += 20000;
        lose(&fake);
        link_step(&link, now);
        CHECK_INT_EQ(link.failures, failures);
        now = link_deadline(&link) + 600000; /* and ten minutes pass before it is stepped again */
    }
}

/* One session that stood for so long and ended so. */
static void session(struct fake *fake, struct link *link, int64_t stood_ms, int code)
{
    const struct err err = {.code = code, .text = "gone"};
    mono_ms now =
        link->state == LINK_WAITING && link->retry_at > link->now ? link->retry_at : link->now;
    link_step(link, now);
    fake->user.opened(fake->user.ctx);
    link_step(link, now);
    link_step(link, now + stood_ms);
    fake->user.closed(fake->user.ctx, &err);
    link_step(link, now + stood_ms);
}

static void case_a_takeover_is_a_twin(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    for (uint64_t random = 0; random < 50; random++) {
        fake.random = random * 0x9e3779b97f4a7c15u;
        session(&fake, &link, 1000, ERR_TAKEN_OVER);
        CHECK_INT_EQ(link.twin, LINK_TWIN_KNOWN);
        CHECK(link.retry_at - link.now >= 30000 && link.retry_at - link.now < 60000);
    }
    session(&fake, &link, 1000, ERR_NETWORK); /* nothing better is known */
    CHECK_INT_EQ(link.twin, LINK_TWIN_KNOWN);
    session(&fake, &link, STABLE_MS, ERR_NETWORK);
    CHECK_INT_EQ(link.twin, LINK_TWIN_NONE);
    CHECK(link.retry_at - link.now < 1000);
}

static void case_short_sessions_are_a_suspicion(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    for (int i = 0; i < 4; i++) {
        session(&fake, &link, 34999, ERR_NETWORK);
    }
    CHECK_INT_EQ(link.twin, LINK_TWIN_NONE);
    session(&fake, &link, 35000, ERR_NETWORK); /* not short: the row begins again */
    for (int i = 0; i < 4; i++) {
        session(&fake, &link, 5, ERR_NETWORK);
    }
    CHECK_INT_EQ(link.twin, LINK_TWIN_NONE);
    session(&fake, &link, 5, ERR_NETWORK);
    CHECK_INT_EQ(link.twin, LINK_TWIN_SUSPECTED);
    session(&fake, &link, STABLE_MS, ERR_TIMEOUT);
    CHECK_INT_EQ(link.twin, LINK_TWIN_NONE);
}

/* A broker that is away, or ends sessions for another reason, is no twin. */
static void case_other_ends_are_no_suspicion(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    for (int i = 0; i < 20; i++) {
        session(&fake, &link, 5, i % 2 == 0 ? ERR_TIMEOUT : ERR_DENIED);
        link_step(&link, link_deadline(&link));
        if (link.state == LINK_OPENING) {
            lose(&fake);
            link_step(&link, link.now);
        }
    }
    CHECK_INT_EQ(link.twin, LINK_TWIN_NONE);
}

static void case_refused_open_is_a_failure(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    fake.is_refusing = true;
    link_step(&link, 1000);
    CHECK_INT_EQ(fake.ended, 1);
    CHECK_INT_EQ(fake.code, ERR_MEMORY);
    CHECK_INT_EQ(link_deadline(&link), 1000);
    link_step(&link, 1000);
    CHECK_INT_EQ(link.failures, 1);
}

/* The end of an attempt says nothing of the end before it: a takeover's long wait is not repeated
 * for a broker that is away, and is no session that ended soon. */
static void case_each_end_is_its_own(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    session(&fake, &link, 5, ERR_TAKEN_OVER);
    fake.is_refusing = true;
    for (unsigned i = 2; i < 10; i++) {
        link_step(&link, link.retry_at);
        CHECK_INT_EQ(link.ended_by, ERR_MEMORY);
        CHECK(!link.was_open);
        link_step(&link, link.now);
        CHECK_INT_EQ(link.failures, i);
        CHECK_INT_EQ(link.retry_at - link.now,
                     (int64_t)(fake.random % (uint64_t)bound_of(link.failures)));
    }
    CHECK_INT_EQ(link.shorts, 0);
    fake.is_refusing = false;
    link_step(&link, link.retry_at);
    lose(&fake); /* an attempt that the broker does not answer */
    CHECK_INT_EQ(link.ended_by, ERR_NETWORK);
    CHECK(!link.was_open);
    CHECK_INT_EQ(link.twin, LINK_TWIN_KNOWN);
}

/* Short sessions are counted in a row: attempts between them do not end it, a session that stood
 * does, and so does one that ended for another reason. */
static void case_row_of_short_sessions(void)
{
    static const struct {
        int64_t stood_ms;
        int code;
    } ends[] = {{35000, ERR_NETWORK}, {STABLE_MS, ERR_NETWORK}, {5, ERR_TIMEOUT}};
    struct fake fake;
    struct link link;
    for (size_t row = 0; row < COUNT_OF(ends); row++) {
        begin(&fake, &link);
        for (unsigned i = 1; i < 5; i++) {
            session(&fake, &link, 5, ERR_NETWORK);
            CHECK_INT_EQ(link.shorts, i);
            link_step(&link, link.retry_at > link.now ? link.retry_at : link.now);
            lose(&fake);
            link_step(&link, link.now);
            CHECK_INT_EQ(link.shorts, i);
        }
        session(&fake, &link, ends[row].stood_ms, ends[row].code);
        CHECK_INT_EQ(link.shorts, 0);
        CHECK_INT_EQ(link.twin, LINK_TWIN_NONE);
    }
    /* One that ended before a step saw it open was short. */
    begin(&fake, &link);
    for (int i = 0; i < 5; i++) {
        CHECK_INT_EQ(link.twin, LINK_TWIN_NONE);
        link_step(&link, link.retry_at > link.now ? link.retry_at : link.now);
        fake.user.opened(fake.user.ctx);
        lose(&fake);
        link_step(&link, link.now + 100000);
        CHECK_INT_EQ(link.failures, i + 1);
    }
    CHECK_INT_EQ(link.twin, LINK_TWIN_SUSPECTED);
}

/* A session that stands for a minute is proof while it stands, and not a moment earlier. */
static void case_stable_session_is_alone(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    session(&fake, &link, 5, ERR_TAKEN_OVER);
    CHECK_INT_EQ(link.twin, LINK_TWIN_KNOWN);
    mono_ms now = link.retry_at;
    link_step(&link, now);
    link_step(&link, now + 2 * STABLE_MS); /* still opening: that proves nothing */
    CHECK_INT_EQ(link.twin, LINK_TWIN_KNOWN);
    now += 2 * STABLE_MS;
    fake.user.opened(fake.user.ctx);
    link_step(&link, now);
    link_step(&link, now + STABLE_MS - 1);
    CHECK_INT_EQ(link.twin, LINK_TWIN_KNOWN);
    link_step(&link, now + STABLE_MS);
    CHECK_INT_EQ(link.twin, LINK_TWIN_NONE);
}

/* The same where nobody looked at it before it had ended; a moment less is no proof. */
static void case_stable_session_that_nobody_saw(void)
{
    for (int short_ms = 0; short_ms <= 1; short_ms++) {
        struct fake fake;
        struct link link;
        begin(&fake, &link);
        session(&fake, &link, 5, ERR_TAKEN_OVER);
        mono_ms now = link.retry_at;
        link_step(&link, now);
        fake.user.opened(fake.user.ctx);
        link_step(&link, now);
        lose(&fake);
        link_step(&link, now + STABLE_MS - short_ms);
        CHECK_INT_EQ(link.twin, short_ms == 0 ? LINK_TWIN_NONE : LINK_TWIN_KNOWN);
        CHECK_INT_EQ(link.failures, short_ms == 0 ? 1 : 2);
    }
}

/* Stopped in each state: the bus is closed, and nothing is opened or awaited any more. */
static void case_stop(void)
{
    struct fake fake;
    struct link link;
    for (enum link_state state = LINK_WAITING; state < LINK_STOPPED; state++) {
        begin(&fake, &link);
        if (state != LINK_WAITING) {
            link_step(&link, 0);
        }
        if (state == LINK_OPEN || state == LINK_ENDED) {
            fake.user.opened(fake.user.ctx);
        }
        if (state == LINK_ENDED) {
            lose(&fake);
        }
        CHECK_INT_EQ(link.state, state);
        int opens = fake.opens;
        link_stop(&link);
        CHECK_INT_EQ(fake.closes, 1);
        CHECK(!link_is_open(&link));
        CHECK_INT_EQ(link_deadline(&link), MONO_NEVER);
        link_step(&link, 100000);
        link_step(&link, 200000);
        CHECK_INT_EQ(fake.opens, opens);
        CHECK_INT_EQ(link_deadline(&link), MONO_NEVER);
    }
}

static void case_twin_words(void)
{
    CHECK_STR_EQ(link_twin_word(LINK_TWIN_NONE), "alone");
    CHECK_STR_EQ(link_twin_word(LINK_TWIN_SUSPECTED), "suspected");
    CHECK_STR_EQ(link_twin_word(LINK_TWIN_KNOWN), "shared");
}

/* The user wants another hello: the session ends and the next begins with the next step, whatever
 * was before; how many have failed stays. */
static void case_again(void)
{
    struct fake fake;
    struct link link;
    begin(&fake, &link);
    session(&fake, &link, 5, ERR_NETWORK);
    mono_ms now = link.retry_at;
    link_step(&link, now);
    fake.user.opened(fake.user.ctx);
    link_step(&link, now);
    unsigned failures = link.failures;
    link_again(&link);
    CHECK(!link_is_open(&link));
    CHECK_INT_EQ(link.state, LINK_WAITING);
    CHECK_INT_EQ(link_deadline(&link), now);
    link_step(&link, now);
    CHECK_INT_EQ(link.state, LINK_OPENING);
    CHECK_INT_EQ(link.failures, failures);
    fake.user.opened(fake.user.ctx);
    link_step(&link, now + 7);
    CHECK(link_is_open(&link));
    CHECK_INT_EQ(link.opened_at, now + 7);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"opens_at_once", case_opens_at_once},
        {"backoff_bounds", case_backoff_bounds},
        {"waits_after_failures", case_waits_after_failures},
        {"row_ends_when_stable", case_row_ends_when_stable},
        {"row_goes_on_over_short_sessions", case_row_goes_on_over_short_sessions},
        {"a takeover is a twin", case_a_takeover_is_a_twin},
        {"short sessions are a suspicion", case_short_sessions_are_a_suspicion},
        {"other ends are no suspicion", case_other_ends_are_no_suspicion},
        {"refused_open_is_a_failure", case_refused_open_is_a_failure},
        {"each end is its own", case_each_end_is_its_own},
        {"a row of short sessions", case_row_of_short_sessions},
        {"a stable session is alone", case_stable_session_is_alone},
        {"stable session that nobody saw", case_stable_session_that_nobody_saw},
        {"again", case_again},
        {"stop", case_stop},
        {"twin words", case_twin_words},
    };
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
