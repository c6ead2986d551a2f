/* level: berth/2 is used as long as an own message came back on it, and found again when it is
 * there; the machine by itself, and the uplink with it. */
#include "agent/node/level.h"

#include "tests/check.h"
#include "tests/sim/seal.h"
#include "tests/unit/node/uplink_world.h"

/* -- the machine ------------------------------------------------------------------------------ */

static void case_proven(void)
{
    struct level level;
    level_init(&level, true);
    CHECK_INT_EQ(level_begin(&level), 2);
    CHECK_INT_EQ(level_step(&level, 1000), LEVEL_STAY);
    CHECK_INT_EQ(level_deadline(&level), 1000 + LEVEL_PROOF_MS);
    level_heard(&level);
    CHECK(level.is_proven);
    CHECK_INT_EQ(level_deadline(&level), MONO_NEVER);
    level_denied(&level); /* a refusal after the proof is about something else */
    CHECK_INT_EQ(level_step(&level, 1000 + 10 * LEVEL_PROOF_MS), LEVEL_STAY);
    CHECK_INT_EQ(level_begin(&level), 2); /* each session proves it again */
    CHECK(!level.is_proven);
    CHECK_INT_EQ(level_step(&level, 5000), LEVEL_STAY);
    CHECK_INT_EQ(level_deadline(&level), 5000 + LEVEL_PROOF_MS);
}

/* Said no, or said nothing. */
static void case_not_there(void)
{
    for (int is_said = 0; is_said < 2; is_said++) {
        struct level level;
        level_init(&level, true);
        (void)level_begin(&level);
        CHECK_INT_EQ(level_step(&level, 1000), LEVEL_STAY);
        if (is_said == 1) {
            level_denied(&level);
        } else {
            CHECK_INT_EQ(level_step(&level, 999 + LEVEL_PROOF_MS), LEVEL_STAY);
        }
        mono_ms now = 1000 + (is_said == 1 ? 0 : LEVEL_PROOF_MS);
        CHECK_INT_EQ(level_step(&level, now), LEVEL_CHANGE);
        CHECK_INT_EQ(level_step(&level, now), LEVEL_CHANGE); /* until the session has ended: */
        CHECK_INT_EQ(level_deadline(&level), MONO_NEVER);    /* no instant is waited for */
        CHECK_INT_EQ(level_begin(&level), 1);
        CHECK_INT_EQ(level_step(&level, now), LEVEL_STAY);
        CHECK_INT_EQ(level_deadline(&level), now + LEVEL_TRIAL_MS);
        CHECK_INT_EQ(level_begin(&level), 1); /* another session puts the trial off no further */
        CHECK_INT_EQ(level_step(&level, now + LEVEL_TRIAL_MS - 1), LEVEL_STAY);
        CHECK_INT_EQ(level_step(&level, now + LEVEL_TRIAL_MS), LEVEL_TRY);
        CHECK_INT_EQ(level_step(&level, now + LEVEL_TRIAL_MS), LEVEL_STAY);
        level_denied(&level);
        CHECK_INT_EQ(level_step(&level, now + LEVEL_TRIAL_MS), LEVEL_STAY);
        CHECK_INT_EQ(level_step(&level, now + 2 * LEVEL_TRIAL_MS), LEVEL_TRY);
        level_heard(&level);
        CHECK_INT_EQ(level_step(&level, now + 2 * LEVEL_TRIAL_MS), LEVEL_CHANGE);
        CHECK_INT_EQ(level_begin(&level), 2);
    }
}

static void case_one_only(void)
{
    struct level level;
    level_init(&level, false);
    CHECK_INT_EQ(level_begin(&level), 1);
    CHECK_INT_EQ(level_step(&level, 100 * LEVEL_TRIAL_MS), LEVEL_STAY);
    CHECK_INT_EQ(level_deadline(&level), MONO_NEVER);
    CHECK_INT_EQ(level_begin(&level), 1);
}

/* -- the uplink ------------------------------------------------------------------------------- */

static char node2[BUS_TOPIC_BYTES]; /* berth/2/sim/node/<shard>/gw */

static const char *at2(const char *below)
{
    static char topic[BUS_TOPIC_BYTES];
    (void)snprintf(topic, sizeof topic, "%.100s/%s", node2, below);
    return topic;
}

static void begin2(void)
{
    struct verify verify = seal_verify_port();
    char shard[TOPIC_SHARD_BYTES];
    begin_with(verify);
    topic_shard(&verify, "gw", shard);
    (void)snprintf(node2, sizeof node2, "berth/2/sim/node/%s/gw", shard);
    step(0);
    CHECK_STR_EQ(w.will_topic, at2("presence"));
    w.user.opened(w.user.ctx);
    step(0);
}

static bool has_subscribed(const char *filter)
{
    bool is_found = false;
    for (size_t i = 0; i < w.subscribed_count; i++) {
        is_found |= strcmp(w.subscribed[i], filter) == 0;
    }
    return is_found;
}

static void echo(void)
{
    hear(at2("presence"), last_of(at2("presence"))->text);
    step(0);
}

/* Nothing but presence is said before it came back; then what lies at berth/1 is cleared, and only
 * then is the rest said, and the presence again. */
static void case_uplink_proven(void)
{
    begin2();
    CHECK(has_subscribed(at2("order/+")));
    CHECK(has_subscribed(at2("presence")));
    CHECK(has_subscribed("berth/1/sim/trust"));
    CHECK_INT_EQ(w.sent_count, 1);
    CHECK_INT_EQ(count_of(at2("presence")), 1);
    hear(at2("presence"), "{\"schema\":1,\"session\":\"1111111111111111\",\"online\":true}");
    hear(PRESENCE, last_of(at2("presence"))->text); /* nor that of berth/1 */
    step(0);
    CHECK_INT_EQ(w.sent_count, 1);
    echo();
    CHECK_STR_EQ(w.unsubscribed[0], at2("presence"));
    static const char *const old[] = {PRESENCE, REPORT};
    for (size_t i = 0; i < COUNT_OF(old); i++) {
        CHECK_STR_EQ(w.sent[1 + i].topic, old[i]);
        CHECK(w.sent[1 + i].is_retained && w.sent[1 + i].text[0] == '\0');
    }
    CHECK_INT_EQ(count_of(STORY), 1);
    CHECK_INT_EQ(w.sent_count, 1 + 2 + APPS_MAX + 2);
    CHECK_INT_EQ(count_of(at2("presence")), 2);
    CHECK_STR_EQ(w.sent[w.sent_count - 1].topic, at2("report"));
    w.has_story = true;
    step(0);
    CHECK_INT_EQ(count_of(at2("story/a")), 1);
    hear(at2("order/web"), "order");
    CHECK_INT_EQ(w.orders, 1);
    CHECK_STR_EQ(w.order_text, "order");
}

/* In the next session nothing is cleared again, once the broker took all of it. */
static void case_uplink_cleared_once(void)
{
    const struct err gone = {.code = ERR_NETWORK, .text = "gone"};
    for (int is_taken = 0; is_taken < 2; is_taken++) {
        begin2();
        echo();
        for (size_t i = 0; i < w.sent_count; i++) {
            w.sent[i].done(w.sent[i].ctx, is_taken == 1 ? NULL : &gone);
        }
        w.user.closed(w.user.ctx, &gone);
        step(1);
        step(60000);
        w.sent_count = 0;
        w.user.opened(w.user.ctx);
        step(0);
        echo();
        CHECK_INT_EQ(count_of(REPORT), is_taken == 1 ? 0 : 1);
        CHECK_INT_EQ(count_of(at2("report")), 1);
    }
}

/* A broker that denies berth/2, in words or by silence: the session ends with a farewell, and the
 * next is at berth/1; when the rights have come, it is found there again. */
static void case_uplink_denied(void)
{
    const struct err denied = {.code = ERR_DENIED, .text = "no"};
    for (int is_said = 0; is_said < 2; is_said++) {
        begin2();
        if (is_said == 1) {
            struct sent *sent = last_of(at2("presence"));
            sent->done(sent->ctx, &denied);
            step(0);
        } else {
            CHECK_INT_EQ(uplink_deadline(&w.uplink), w.now + LEVEL_PROOF_MS);
            step(LEVEL_PROOF_MS);
        }
        CHECK_CONTAINS(last_of(at2("presence"))->text, "\"online\":false");
        CHECK_INT_EQ(w.closes, 0);
        struct sent *farewell = last_of(at2("presence"));
        farewell->done(farewell->ctx, is_said == 1 ? &denied : NULL);
        step(0);
        CHECK_INT_EQ(w.closes, 1);
        step(0);
        CHECK_INT_EQ(w.opens, 2);
        CHECK_STR_EQ(w.will_topic, PRESENCE);
        CHECK_CONTAINS(w.said, "has no berth/2");
        w.sent_count = w.subscribed_count = 0;
        w.user.opened(w.user.ctx);
        step(0);
        CHECK_INT_EQ(count_of(PRESENCE), 1);
        CHECK_INT_EQ(count_of(REPORT), 1);
        CHECK(has_subscribed("berth/1/sim/node/gw/order/+"));
        CHECK(!has_subscribed(at2("presence")));
        w.report.trust_version = 2;
        step(LEVEL_TRIAL_MS);
        CHECK(has_subscribed(at2("presence")));
        CHECK(!last_of(at2("presence"))->is_retained);
        echo();
        CHECK_CONTAINS(last_of(PRESENCE)->text, "\"online\":false");
        last_of(PRESENCE)->done(last_of(PRESENCE)->ctx, NULL);
        step(0);
        step(0);
        CHECK_STR_EQ(w.will_topic, at2("presence"));
    }
}

/* An agent that knows no berth/2 asks for nothing there. */
static void case_uplink_one_only(void)
{
    begin_open();
    CHECK_INT_EQ(w.subscribed_count, 3);
    CHECK_INT_EQ(count_of(PRESENCE) + count_of(REPORT), 2);
    step(2 * LEVEL_TRIAL_MS);
    CHECK_INT_EQ(w.sent_count, 2);
    CHECK_INT_EQ(w.opens, 1);
}

/* The will itself may be refused. */
static void case_uplink_refused(void)
{
    const struct err denied = {.code = ERR_DENIED, .text = "no"};
    begin_with(seal_verify_port());
    step(0);
    w.user.closed(w.user.ctx, &denied);
    step(1);
    step(60000);
    CHECK_STR_EQ(w.will_topic, PRESENCE);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"proven", case_proven},
                                              {"not there", case_not_there},
                                              {"one only", case_one_only},
                                              {"uplink: proven", case_uplink_proven},
                                              {"uplink: cleared once", case_uplink_cleared_once},
                                              {"uplink: denied", case_uplink_denied},
                                              {"uplink: one only", case_uplink_one_only},
                                              {"uplink: refused", case_uplink_refused}};
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
