/* uplink: what is said when, and whose word goes where; the test stands in for the conductor. */
#include "agent/node/uplink.h"

#include "tests/check.h"
#include "tests/unit/node/uplink_world.h"

static void case_session(void)
{
    static const char *const filters[] = {"berth/1/sim/trust", "berth/1/sim/revoke",
                                          "berth/1/sim/node/gw/order/+"};
    begin_open();
    CHECK_STR_EQ(w.client_id, "gw");
    CHECK_STR_EQ(w.will_topic, PRESENCE);
    CHECK_STR_EQ(w.will, "{\"schema\":1,\"session\":\"0000000000000000\",\"online\":false}");
    CHECK_INT_EQ(w.subscribed_count, 3);
    for (size_t i = 0; i < 3; i++) {
        CHECK_STR_EQ(w.subscribed[i], filters[i]);
    }
    CHECK_INT_EQ(w.sent_count, 2);
    CHECK_STR_EQ(last_of(PRESENCE)->text,
                 "{\"schema\":1,\"session\":\"0000000000000000\",\"online\":true,"
                 "\"since\":1764000001000,\"timeTrusted\":true}");
    CHECK(last_of(PRESENCE)->is_retained && last_of(REPORT)->is_retained);
    CHECK_CONTAINS(last_of(REPORT)->text, "\"at\":1764000001000,\"timeTrusted\":true");
    CHECK_CONTAINS(w.said, "the fleet is in reach\n");
}

/* A presence that found no room, or that the broker did not take, is said again. */
static void case_presence_again(void)
{
    const struct err denied = {.code = ERR_DENIED, .text = "no"};
    begin();
    step(0);
    w.user.opened(w.user.ctx);
    w.is_refusing = true;
    step(0);
    CHECK_INT_EQ(w.sent_count, 0);
    w.is_refusing = false;
    step(1);
    CHECK_INT_EQ(count_of(PRESENCE), 1);
    step(1);
    CHECK_INT_EQ(count_of(PRESENCE), 1);
    struct sent *sent = last_of(PRESENCE);
    sent->done(sent->ctx, &denied);
    step(1);
    CHECK_INT_EQ(count_of(PRESENCE), 2);
    sent = last_of(PRESENCE);
    sent->done(sent->ctx, NULL);
    step(1);
    CHECK_INT_EQ(count_of(PRESENCE), 2);
}

/* A report is sent when something but its instant changed, 200 ms after the last at the earliest,
 * and not before the broker has taken the last. */
static void case_report(void)
{
    const struct err denied = {.code = ERR_DENIED, .text = "no"};
    begin_open();
    struct sent *sent = last_of(REPORT);
    step(5000);
    w.report.trust_version = 2;
    step(1);
    CHECK_INT_EQ(count_of(REPORT), 1); /* the first is still under way */
    sent->done(sent->ctx, NULL);
    step(1);
    CHECK_INT_EQ(count_of(REPORT), 2);
    CHECK_CONTAINS(last_of(REPORT)->text, "\"trustVersion\":2");
    sent = last_of(REPORT);
    sent->done(sent->ctx, NULL);
    w.report.trust_version = 3;
    CHECK_INT_EQ(uplink_deadline(&w.uplink), w.now + 200);
    step(199);
    CHECK_INT_EQ(count_of(REPORT), 2);
    step(1);
    CHECK_INT_EQ(count_of(REPORT), 3);
    sent = last_of(REPORT);
    CHECK_INT_EQ(uplink_deadline(&w.uplink), MONO_NEVER); /* the answer wakes it */
    sent->done(sent->ctx, &denied);
    step(200);
    CHECK_INT_EQ(count_of(REPORT), 4); /* not taken: said again, as it is */
    sent = last_of(REPORT);
    sent->done(sent->ctx, NULL);
    step(60000);
    CHECK_INT_EQ(count_of(REPORT), 4);
    CHECK_INT_EQ(uplink_deadline(&w.uplink), MONO_NEVER);
    w.is_refusing = true; /* no room: it stays due */
    w.report.trust_version = 4;
    step(1000);
    w.is_refusing = false;
    step(1);
    CHECK_INT_EQ(count_of(REPORT), 5);
}

/* A new session says everything again, whatever was under way in the last one. */
static void case_new_session(void)
{
    const struct err gone = {.code = ERR_NETWORK, .text = "gone"};
    begin_open();
    w.missing[0].bytes[0] = 1;
    w.missing_count = 1;
    w.has_story = true;
    step(1000);
    CHECK_INT_EQ(w.subscribed_count, 4);
    uint32_t session = w.uplink.session_number;
    w.user.closed(w.user.ctx, &gone);
    step(1);
    w.sent_count = 0;
    step(1);
    w.user.opened(w.user.ctx);
    w.has_story = true;
    step(1);
    CHECK_INT_EQ(w.uplink.session_number, session + 1);
    CHECK_INT_EQ(count_of(PRESENCE), 1);
    CHECK_INT_EQ(count_of(REPORT), 1);
    CHECK_INT_EQ(count_of(STORY), 1);
    CHECK_INT_EQ(w.subscribed_count, 8); /* the three, and the release */
}

/* Orders of this node, and of no other; documents by their kind; what is cleared has no opinion. */
static void case_received(void)
{
    begin_open();
    hear("berth/1/sim/node/gw/order/web", "order");
    CHECK_INT_EQ(w.orders, 1);
    CHECK_STR_EQ(w.order_app, "web");
    CHECK_STR_EQ(w.order_text, "order");
    hear("berth/1/sim/node/other/order/web", "order");
    hear("berth/1/other/node/gw/order/web", "order");
    hear("berth/1/sim/node/gw/order/web", "");
    hear("berth/1/sim/node/gw/report", "report");
    CHECK_INT_EQ(w.orders, 1);
    hear("berth/1/sim/trust", "t");
    CHECK_INT_EQ(w.documents, 1);
    CHECK(!w.is_revoke);
    CHECK_STR_EQ(w.document, "t");
    hear("berth/1/sim/revoke", "r");
    CHECK_INT_EQ(w.documents, 2);
    CHECK(w.is_revoke);
    w.uplink.ports.document = NULL;
    hear("berth/1/sim/trust", "t");
    CHECK_INT_EQ(w.documents, 2);
    CHECK_INT_EQ(w.releases, 0);
}

static void missing_set(size_t from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        memset(w.missing[i].bytes, (int)(from + i), DIGEST_BYTES);
    }
    w.missing_count = count;
}

static void topic_of(const char *kind, size_t byte, char topic[BUS_TOPIC_BYTES])
{
    struct digest digest;
    char hex[DIGEST_HEX_BYTES];
    memset(digest.bytes, (int)byte, DIGEST_BYTES);
    digest_render(&digest, hex);
    (void)snprintf(topic, BUS_TOPIC_BYTES, "berth/1/sim/%s/%s", kind, hex);
}

/* Pieces of files are asked for a few at a time; a lie is no end, all else is. */
static void case_files(void)
{
    char topic[BUS_TOPIC_BYTES];
    begin_open();
    for (size_t i = 0; i < 6; i++) {
        memset(w.missing_files[i].bytes, (int)i + 1, DIGEST_BYTES);
    }
    w.missing_file_count = 6;
    step(1);
    CHECK_INT_EQ(w.subscribed_count, 3 + 4);
    topic_of("file", 2, topic);
    CHECK_STR_EQ(w.subscribed[4], topic);
    w.file_code = ERR_DIGEST;
    hear(topic, "a lie");
    CHECK_INT_EQ(w.files, 1);
    CHECK_INT_EQ(w.unsubscribed_count, 0);
    w.file_code = 0;
    hear(topic, "the truth");
    CHECK_INT_EQ(w.release.bytes[31], 2);
    CHECK_INT_EQ(w.unsubscribed_count, 1);
    CHECK_STR_EQ(w.unsubscribed[0], topic);
    w.missing_files[1] = w.missing_files[5];
    w.missing_file_count = 5;
    step(1);
    CHECK_INT_EQ(w.subscribed_count, 3 + 5);
    topic_of("file", 1, topic);
    w.file_code = ERR_STORE; /* asked for again as long as it is missing */
    hear(topic, "the truth");
    CHECK_INT_EQ(w.unsubscribed_count, 2);
    step(1);
    CHECK_INT_EQ(w.subscribed_count, 3 + 6);
    w.missing_file_count = 0;
    step(1);
    CHECK_INT_EQ(w.unsubscribed_count, 6);
}

/* Releases that orders wait for are asked for once each, all at a time: one that never comes keeps
 * none of the others waiting; one that came, or is missed no more, is asked for no longer. */
static void case_releases(void)
{
    char topic[BUS_TOPIC_BYTES];
    begin_open();
    missing_set(1, 10);
    step(1);
    CHECK_INT_EQ(w.subscribed_count, 3 + 10);
    topic_of("release", 8, topic);
    CHECK_STR_EQ(w.subscribed[10], topic);
    step(1);
    CHECK_INT_EQ(w.subscribed_count, 3 + 10);
    topic_of("release", 3, topic);
    w.is_release_true = false;
    hear(topic, "a lie");
    CHECK_INT_EQ(w.releases, 1);
    CHECK_INT_EQ(w.release.bytes[31], 3);
    CHECK_INT_EQ(w.unsubscribed_count, 0); /* the true one may yet come */
    w.is_release_true = true;
    hear(topic, "the truth");
    CHECK_INT_EQ(w.unsubscribed_count, 1);
    CHECK_STR_EQ(w.unsubscribed[0], topic);
    missing_set(4, 7); /* 1 and 2 are missed no more */
    step(1);
    CHECK_INT_EQ(w.unsubscribed_count, 3);
    CHECK_INT_EQ(w.subscribed_count, 3 + 10);
    topic_of("release", 10, topic);
    CHECK_STR_EQ(w.subscribed[12], topic);
    missing_set(0, 0);
    step(1);
    CHECK_INT_EQ(w.unsubscribed_count, 10);
    topic_of("release", 77,
             topic); /* nobody asked for it: taken to the conductor, nothing to end */
    hear(topic, "x");
    CHECK_INT_EQ(w.releases, 3);
    CHECK_INT_EQ(w.unsubscribed_count, 10);
    w.is_refusing = true; /* one that cannot be asked for now is asked for later */
    missing_set(5, 1);
    step(1);
    w.is_refusing = false;
    step(1);
    CHECK_INT_EQ(w.subscribed_count, 14);
}

/* One story at a time; one that was not taken is told again. */
static void case_story(void)
{
    const struct err denied = {.code = ERR_DENIED, .text = "no"};
    const struct err lost = {.code = ERR_NETWORK, .text = "gone"};
    begin_open();
    w.has_story = true;
    step(1);
    CHECK_INT_EQ(count_of(STORY), 1);
    CHECK_STR_EQ(last_of(STORY)->text, "{\"story\":1}");
    CHECK(last_of(STORY)->is_retained);
    w.has_story = true;
    step(1);
    CHECK_INT_EQ(count_of(STORY), 1);
    struct sent *sent = last_of(STORY);
    sent->done(sent->ctx, NULL);
    CHECK_INT_EQ(w.agains, 0);
    step(1);
    CHECK_INT_EQ(count_of(STORY), 2);
    sent = last_of(STORY);
    sent->done(sent->ctx, &lost);
    CHECK_INT_EQ(w.agains, 1);
    CHECK_STR_EQ(w.again, "web");
    w.has_story = true;
    w.is_refusing = true;
    step(1);
    CHECK_INT_EQ(w.agains, 2);
    CHECK_INT_EQ(count_of(STORY), 2);
    w.is_refusing = false;
    w.has_story = true; /* a broker that does not allow it is not asked again and again */
    step(1);
    sent = last_of(STORY);
    sent->done(sent->ctx, &denied);
    w.has_story = true;
    step(1);
    CHECK_INT_EQ(count_of(STORY), 3);
    CHECK_INT_EQ(w.agains, 3);
}

/* Fast while something changes, slow at rest; said only when it changes. */
static void case_pace(void)
{
    begin();
    step(0);
    CHECK_INT_EQ(w.pace, 300);
    w.is_changing = true;
    step(1);
    CHECK_INT_EQ(w.pace, 20);
    step(1);
    CHECK_INT_EQ(w.paces, 2);
    w.is_changing = false;
    step(1);
    CHECK_INT_EQ(w.pace, 300);
    CHECK_INT_EQ(w.paces, 3);
}

/* What repeats with each try is logged once; another cause is logged. */
static void case_no_way(void)
{
    struct err err = {.code = ERR_NETWORK, .text = "refused"};
    begin();
    for (int i = 0; i < 3; i++) {
        step(60000);
        w.user.closed(w.user.ctx, &err);
        step(1);
    }
    CHECK_STR_EQ(w.said, "no way to the fleet: refused (network-failed)\n");
    (void)snprintf(err.text, sizeof err.text, "unreachable");
    step(60000);
    w.user.closed(w.user.ctx, &err);
    CHECK_CONTAINS(w.said, "no way to the fleet: unreachable (network-failed)\n");
    err.code = ERR_TIMEOUT;
    step(60000);
    step(60000);
    w.user.closed(w.user.ctx, &err);
    CHECK_CONTAINS(w.said, "no way to the fleet: unreachable (timed-out)");
    w.said[0] = '\0';
    begin_open();
    w.user.closed(w.user.ctx, &err);
    CHECK_CONTAINS(w.said, "the link to the fleet ended: unreachable (");
    w.said[0] = '\0';
    step(1);
    step(60000);
    w.user.opened(w.user.ctx);
    w.user.closed(w.user.ctx, &err); /* the end of a session is always logged */
    CHECK_CONTAINS(w.said, "the link to the fleet ended: unreachable (");
}

static void case_denied(void)
{
    const struct err denied = {.code = ERR_DENIED, .text = "not for you"};
    const struct err gone = {.code = ERR_NETWORK, .text = "gone"};
    begin_open();
    w.said[0] = '\0';
    w.last_subscription(&w.uplink, NULL);
    w.last_subscription(&w.uplink, &gone);
    CHECK_STR_EQ(w.said, "");
    w.last_subscription(&w.uplink, &denied);
    CHECK_STR_EQ(w.said, "not for you\n");
    begin();
    step(0);
    w.is_refusing = true;
    w.user.opened(w.user.ctx);
    CHECK_CONTAINS(w.said, "no room to subscribe\n");
}

/* It leaves with a farewell, and nothing is said after it. */
static void case_leaves(void)
{
    begin_open();
    uplink_leave(&w.uplink);
    CHECK(!uplink_has_left(&w.uplink));
    CHECK_STR_EQ(last_of(PRESENCE)->text,
                 "{\"schema\":1,\"session\":\"0000000000000000\",\"online\":false}");
    w.report.trust_version = 9;
    w.has_story = true;
    step(5000);
    CHECK_INT_EQ(count_of(REPORT), 1);
    CHECK_INT_EQ(count_of(STORY), 0);
    struct sent *sent = last_of(PRESENCE);
    sent->done(sent->ctx, NULL);
    CHECK(uplink_has_left(&w.uplink));
    begin_open();
    w.is_refusing = true;
    uplink_leave(&w.uplink);
    CHECK(uplink_has_left(&w.uplink)); /* it cannot be said */
    begin();
    uplink_leave(&w.uplink);
    CHECK(uplink_has_left(&w.uplink)); /* nobody to say it to */
    begin_open();
    uplink_stop(&w.uplink);
    step(600000);
    CHECK_INT_EQ(uplink_deadline(&w.uplink), MONO_NEVER);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"session", case_session},   {"presence again", case_presence_again},
        {"report", case_report},     {"new session", case_new_session},
        {"received", case_received}, {"releases", case_releases},
        {"files", case_files},       {"story", case_story},
        {"pace", case_pace},         {"no way", case_no_way},
        {"denied", case_denied},     {"leaves", case_leaves},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
