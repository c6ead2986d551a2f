/* door: each refusal of activate, rollback and an order with its code, and that nothing changed by
 * it. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/node/conductor_private.h"
#include "tests/check.h"
#include "tests/sim/gateway.h"
#include "tests/sim/sealed.h"

#define TRACE_BYTES (1u << 20)
#define PORT_8081   ",\"ports\":[{\"target\":80,\"published\":8081}]"

struct story {
    struct releases releases;
    struct gateway gateway;
    char trace[TRACE_BYTES];
};

static const enum release_name used[] = {RELEASE_V1, RELEASE_V2, RELEASE_CRASHING};

static bool settle(struct story *story)
{
    for (int second = 0; second < 300; second++) {
        gateway_run(&story->gateway, 1000);
        if (story->gateway.agent != NULL && conductor_is_settled(story->gateway.agent)) {
            return true;
        }
    }
    return false;
}

static struct story *story_open(void)
{
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    gateway_open(&story->gateway, 13, &story->releases, used, COUNT_OF(used), "door", story->trace,
                 sizeof story->trace);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V1), 0);
    CHECK(settle(story));
    return story;
}

static void story_close(struct story *story)
{
    CHECK_STR_EQ(story->gateway.machine.checker.first, "");
    if (getenv("TRACE") != NULL) {
        printf("%s", story->trace);
    }
    gateway_close(&story->gateway);
    free(story);
}

static void noted(void *ctx, const struct err *err)
{
    *(int *)ctx = err == NULL ? 0 : err->code;
}

static int answer;

static int activate(struct story *story, const struct sealed_content *content, bool force,
                    struct err *err)
{
    static struct sealed made;
    sealed_release(content, 1, &made);
    answer = 77;
    return conductor_activate(story->gateway.agent, sealed_span(&made), force, noted, &answer, err);
}

static void check_activate(struct story *story, const struct sealed_content *content, int code,
                           const char *message)
{
    static struct report before, after;
    struct err err = {0};
    conductor_report(story->gateway.agent, &before);
    int rc = activate(story, content, false, &err);
    CHECK_STR_EQ(err_word(rc), err_word(code));
    CHECK_CONTAINS(err.text, message);
    if (rc != code) {
        printf("    %s\n", err.text);
    }
    CHECK_INT_EQ(answer, 77);
    gateway_run(&story->gateway, 3000);
    conductor_report(story->gateway.agent, &after);
    CHECK(memcmp(&before, &after, sizeof before) == 0);
}

/* One row a code. */
static void test_activate(void)
{
    static const struct {
        struct sealed_content content;
        int code;
        const char *message;
    } rows[] = {
        {{.app = "web", .sequence = 9}, ERR_BELOW_FLOOR, "sequence 9 is below this app's floor 10"},
        {{.app = "web", .sequence = 10}, ERR_SEQUENCE_REUSED, "sequence 10 was used"},
        {{.app = "db", .sequence = 1, .service = ",\"privileged\":true"},
         ERR_HOST_POWER,
         "service web asks for privileged, which this node does not allow app db"},
        {{.app = "db", .sequence = 1, .service = ",\"network_mode\":\"host\""},
         ERR_HOST_POWER,
         "asks for host-network"},
        {{.app = "db", .sequence = 1, .service = ",\"devices\":[\"/dev/x\"]"},
         ERR_HOST_POWER,
         "asks for devices"},
        {{.app = "db",
          .sequence = 1,
          .service = ",\"volumes\":[{\"type\":\"bind\",\"source\":\"/a\",\"target\":\"/a\"}]"},
         ERR_HOST_POWER,
         "asks for host-paths"},
        {{.app = "db", .sequence = 1, .service = ",\"cap_add\":[\"NET_ADMIN\"]"},
         ERR_HOST_POWER,
         "asks for capabilities"},
        {{.app = "db", .sequence = 1, .service = ",\"ports\":[{\"target\":1,\"published\":8080}]"},
         ERR_PORT_HELD,
         "port 8080/tcp is published by app web"},
        {{.app = "db", .sequence = 1, .service = PORT_8081},
         ERR_PORT_HELD,
         "port 8081/tcp is held by a process"},
        {{.app = "db", .sequence = 1, .top = ",\"requires\":{\"disk\":\"8000000g\"}"},
         ERR_DISK_SPACE,
         "MiB of disk"},
        {{.app = "db", .sequence = 1, .top = ",\"requires\":{\"ram\":\"8000000g\"}"},
         ERR_RAM,
         "MiB of memory"},
        {{.app = "db", .sequence = 1, .top = ",\"requires\":{\"arch\":[\"vax\"]}"},
         ERR_ARCHITECTURE,
         "this node is amd64"},
        {{.app = "db", .sequence = 1, .service = ",\"nonsense\":1"}, ERR_UNKNOWN_KEY, "nonsense"},
    };
    struct story *story = story_open();
    sim_route_hold(&story->gateway.machine.route, ROUTE_TCP, 0, 8081);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_activate(story, &rows[i].content, rows[i].code, rows[i].message);
    }
    story_close(story);
}

/* Each power by its own name, the one that the node's configuration would have. */
static void test_activate_powers(void)
{
    static const struct {
        const char *service, *message;
    } rows[] = {
        {",\"pid\":\"host\"", "asks for host-pid, which"},
        {",\"ipc\":\"host\"", "asks for host-ipc, which"},
        {",\"uts\":\"host\"", "asks for host-uts, which"},
        {",\"userns_mode\":\"host\"", "asks for host-userns, which"},
        {",\"cgroup\":\"host\"", "asks for host-cgroup, which"},
        {",\"cgroup_parent\":\"a.slice\"", "asks for host-cgroup, which"},
        {",\"security_opt\":[\"seccomp=unconfined\"]", "asks for unconfined, which"},
        {",\"runtime\":\"nvidia\"", "asks for runtime, which"},
        {",\"oom_score_adj\":-1", "asks for oom, which"},
        {",\"oom_kill_disable\":true", "asks for oom, which"},
        {",\"device_cgroup_rules\":[\"c 1:1 r\"]", "asks for devices, which"},
        {",\"runtime\":\"a\",\"pid\":\"host\"", "asks for host-pid, which"},
    };
    struct story *story = story_open();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct sealed_content content = {
            .app = "db", .sequence = 1, .service = rows[i].service};
        check_activate(story, &content, ERR_HOST_POWER, rows[i].message);
    }
    story_close(story);
}

/* Signatures, and what is known of the very release. */
static void test_activate_known(void)
{
    struct story *story = story_open();
    const struct sealed_content content = {.app = "db", .sequence = 1};
    static struct sealed made;
    struct err err = {0};
    sealed_release(&content, 0, &made);
    CHECK_INT_EQ(
        conductor_activate(story->gateway.agent, sealed_span(&made), false, noted, &answer, &err),
        ERR_UNSIGNED);
    sealed_release(&content, 2, &made);
    CHECK_INT_EQ(
        conductor_activate(story->gateway.agent, sealed_span(&made), true, noted, &answer, &err),
        ERR_SIGNATURE);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_REVOKED), ERR_REVOKED);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V1), ERR_NOTHING);
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_CRASHING), 0);
    CHECK(settle(story));
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_CRASHING), ERR_QUARANTINED);
    story_close(story);
}

/* The same port in another protocol or at another address is another port. */
static void test_ports_apart(void)
{
    struct story *story = story_open();
    struct err err = {0};
    const struct sealed_content udp = {
        .app = "db",
        .sequence = 1,
        .service = ",\"ports\":[{\"target\":1,\"published\":8080,\"protocol\":\"udp\"}]"};
    CHECK_INT_EQ(activate(story, &udp, false, &err), 0);
    CHECK(settle(story));
    CHECK_INT_EQ(answer, 0);
    const struct sealed_content same = {
        .app = "db2",
        .sequence = 1,
        .service = ",\"ports\":[{\"target\":1,\"published\":8080,\"protocol\":\"udp\","
                   "\"host_ip\":\"10.0.0.1\"}]"};
    check_activate(story, &same, ERR_PORT_HELD, "port 8080/udp is published by app db");
    story_close(story);
}

#define VOLUME(mode)                                                                               \
    ",\"volumes\":[{\"type\":\"volume\",\"source\":\"d\",\"target\":\"/d\"" mode "}]"
#define READ_ONLY ",\"read_only\":true"
#define NAMED     ",\"volumes\":{\"d\":{\"name\":\"shared\"}}"

/* Any number of apps may read a volume of a name of its own, and one may write it. */
static void test_volumes_apart(void)
{
    static const struct {
        const char *app, *service, *root;
        int code;
    } rows[] = {
        {"read1", VOLUME(READ_ONLY), NAMED, 0},
        {"write1", VOLUME(""), NAMED, 0},
        {"write2", VOLUME(""), NAMED, ERR_EXISTS},
        {"write3", VOLUME(""), ",\"volumes\":{\"d\":{\"name\":\"shared\",\"external\":true}}",
         ERR_EXISTS},
        {"read2", VOLUME(READ_ONLY), NAMED, 0},
        {"other", VOLUME(""), ",\"volumes\":{\"d\":{\"name\":\"shared2\"}}", 0},
        {"own", VOLUME(""), NULL, 0}, /* one of the app's own, whatever it is called */
    };
    struct story *story = story_open();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct sealed_content content = {
            .app = rows[i].app, .sequence = 1, .service = rows[i].service, .root = rows[i].root};
        struct err err = {0};
        if (rows[i].code != 0) {
            check_activate(
                story, &content, rows[i].code,
                "service web writes a named volume that app write1 writes, too: mount it "
                "read_only in one of them");
            continue;
        }
        CHECK_INT_EQ(activate(story, &content, false, &err), 0);
        CHECK(settle(story));
        static struct report report;
        conductor_report(story->gateway.agent, &report);
        CHECK_STR_EQ(report.apps[report.app_count - 1].app, rows[i].app);
        CHECK_STR_EQ(report.apps[report.app_count - 1].verdict, "good");
    }
    story_close(story);
}

/* Two names whose bridges would be one interface: the hash is the same. */
static void test_bridges_apart(void)
{
    struct story *story = story_open();
    struct err err = {0};
    const struct sealed_content one = {.app = "fsniikd", .sequence = 1};
    const struct sealed_content two = {.app = "epihehn", .sequence = 1};
    char bridges[2][16];
    address_bridge(&story->gateway.agent->config, one.app, bridges[0]);
    address_bridge(&story->gateway.agent->config, two.app, bridges[1]);
    CHECK_STR_EQ(bridges[0], bridges[1]);
    CHECK_INT_EQ(activate(story, &one, false, &err), 0);
    CHECK(settle(story));
    check_activate(story, &two, ERR_EXISTS,
                   "the bridge of app epihehn would be berth-69b4c974, as that of app fsniikd is: "
                   "give it another name");
    story_close(story);
}

/* What another app took meanwhile is in the way of a rollback as of a release. */
static void test_rollback_to_what_is_taken(void)
{
    struct story *story = story_open();
    struct conductor *agent = story->gateway.agent;
    struct err err = {0};
    const struct sealed_content with_port = {
        .app = "db", .sequence = 1, .service = ",\"ports\":[{\"target\":1,\"published\":9}]"};
    const struct sealed_content without = {.app = "db", .sequence = 2, .service = VOLUME("")};
    const struct sealed_content taker = {
        .app = "fs", .sequence = 1, .service = ",\"ports\":[{\"target\":1,\"published\":9}]"};
    CHECK_INT_EQ(activate(story, &with_port, false, &err), 0);
    CHECK(settle(story));
    CHECK_INT_EQ(activate(story, &without, false, &err), 0);
    CHECK(settle(story));
    CHECK_INT_EQ(activate(story, &taker, false, &err), 0);
    CHECK(settle(story));
    CHECK_INT_EQ(conductor_rollback(agent, "db", noted, &answer, &err), ERR_PORT_HELD);
    CHECK_CONTAINS(err.text, "port 9/tcp is published by app fs");
    story_close(story);
}

/* A request that is being recorded keeps the next one out, of its own app and of any other. */
static void test_one_request_at_a_time(void)
{
    struct story *story = story_open();
    struct err err = {0};
    const struct sealed_content first = {.app = "db", .sequence = 1};
    const struct sealed_content again = {.app = "db", .sequence = 2};
    const struct sealed_content other = {.app = "fs", .sequence = 1};
    CHECK_INT_EQ(activate(story, &first, false, &err), 0);
    CHECK_INT_EQ(activate(story, &again, false, &err), ERR_BUSY);
    CHECK_CONTAINS(err.text, "another request for app db is being recorded");
    CHECK_INT_EQ(activate(story, &other, false, &err), ERR_BUSY);
    CHECK_CONTAINS(err.text, "a request for app db is being recorded: try again");
    CHECK(settle(story));
    CHECK_INT_EQ(activate(story, &other, false, &err), 0);
    CHECK(settle(story));
    story_close(story);
}

/* Before the engine has answered nothing can be judged. */
static void test_before_the_engine(void)
{
    struct story *story = calloc(1, sizeof *story);
    struct err err = {0};
    if (story == NULL) {
        abort();
    }
    releases_make(&story->releases);
    gateway_open(&story->gateway, 13, &story->releases, used, COUNT_OF(used), "door", story->trace,
                 sizeof story->trace);
    const struct sealed_content content = {.app = "db", .sequence = 1};
    CHECK_INT_EQ(activate(story, &content, false, &err), ERR_ENGINE_GONE);
    CHECK_CONTAINS(err.text, "the engine has not answered yet");
    CHECK_INT_EQ(conductor_rollback(story->gateway.agent, "web", noted, &answer, &err),
                 ERR_NOT_FOUND);
    story_close(story);
}

static void test_rollback(void)
{
    struct story *story = story_open();
    struct conductor *agent = story->gateway.agent;
    struct err err = {0};
    CHECK_INT_EQ(conductor_rollback(agent, "db", noted, &answer, &err), ERR_NOT_FOUND);
    CHECK_CONTAINS(err.text, "no app db on this node");
    CHECK_INT_EQ(conductor_rollback(agent, "web", noted, &answer, &err), ERR_NOT_FOUND);
    CHECK_CONTAINS(err.text, "app web has nothing before to go back to");
    CHECK_INT_EQ(gateway_activate(&story->gateway, RELEASE_V2), 0);
    CHECK(settle(story));
    answer = 77;
    CHECK_INT_EQ(conductor_rollback(agent, "web", noted, &answer, &err), 0);
    CHECK_INT_EQ(conductor_rollback(agent, "web", noted, &answer, &err), ERR_BUSY);
    gateway_run(&story->gateway, 2000);
    CHECK_INT_EQ(answer, 0);
    CHECK(settle(story));
    static struct report report;
    conductor_report(agent, &report);
    CHECK(digest_is_equal(&report.apps[0].committed.release,
                          &story->releases.made[RELEASE_V1].digest));
    story_close(story);
}

/* -- orders ----------------------------------------------------------------------------------- */

static struct order order_of(const char *app, uint64_t gen, const struct digest *release)
{
    struct order order = {.fleet = "sim", .node = "door", .epoch = 3, .gen = gen, .issued = 1};
    (void)snprintf(order.id, sizeof order.id, "%016llx", (unsigned long long)gen);
    (void)text_copy(order.app, sizeof order.app, app);
    order.release = *release;
    return order;
}

static int order_give(struct story *story, const char *topic_app, const struct order *order,
                      int signer, struct err *err)
{
    static struct sealed made;
    sealed_order(order, signer, &made);
    return conductor_order(story->gateway.agent, topic_app, sealed_span(&made), err);
}

/* An order is believed that the order key signed, for this fleet, node and app; each refusal shows
 * in the report by its code and takes nothing. */
static void test_order_believed(void)
{
    struct story *story = story_open();
    const struct digest *v2 = &story->releases.made[RELEASE_V2].digest;
    static struct report report;
    struct err err = {0};
    struct order order = order_of("web", 1, v2);
    static const struct {
        const char *fleet, *node, *app;
        int signer, code;
    } rows[] = {{"sim", "door", "web", 2, ERR_SIGNATURE},
                {"sim", "door", "web", 0, ERR_UNSIGNED},
                {"other", "door", "web", 1, ERR_WRONG_FLEET},
                {"sim", "other", "web", 1, ERR_WRONG_NODE},
                {"sim", "door", "db", 1, ERR_WRONG_APP}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)text_copy(order.fleet, sizeof order.fleet, rows[i].fleet);
        (void)text_copy(order.node, sizeof order.node, rows[i].node);
        (void)text_copy(order.app, sizeof order.app, rows[i].app);
        CHECK_STR_EQ(err_word(order_give(story, "web", &order, rows[i].signer, &err)),
                     err_word(rows[i].code));
        conductor_report(story->gateway.agent, &report);
        CHECK_STR_EQ(report.apps[0].refused, err_word(rows[i].code));
        CHECK_INT_EQ(report.apps[0].order_gen, 0);
        CHECK_INT_EQ(report.app_count, 1);
    }
    order = order_of("web", 1, v2);
    CHECK_INT_EQ(order_give(story, "web", &order, 1, &err), 0);
    conductor_report(story->gateway.agent, &report);
    CHECK_STR_EQ(report.apps[0].refused, "");
    CHECK_INT_EQ(report.apps[0].order_gen, 1);
    CHECK_INT_EQ(report.apps[0].order_epoch, 3);
    CHECK_STR_EQ(report.apps[0].order_id, "0000000000000001");
    CHECK(report.apps[0].is_order_open);
    CHECK_INT_EQ(order_give(story, "web", &order, 1, &err), 0); /* the same again is no news */
    (void)text_copy(order.id, sizeof order.id, "00000000000000ee");
    order.gen = 0x10;
    order.epoch = 2;
    CHECK_INT_EQ(order_give(story, "web", &order, 1, &err), ERR_STALE);
    order.epoch = 3;
    order.gen = 1;
    (void)text_copy(order.id, sizeof order.id, "00000000000000ff");
    CHECK_INT_EQ(order_give(story, "web", &order, 1, &err), ERR_STALE);
    story_close(story);
}

/* An order waits for its release by its digest; the release is taken when it is what was signed
 * under that name, and the order is carried out. */
static void test_order_release(void)
{
    struct story *story = story_open();
    struct conductor *agent = story->gateway.agent;
    const struct release_made *v2 = &story->releases.made[RELEASE_V2];
    const struct release_made *v1 = &story->releases.made[RELEASE_V1];
    const struct release_made *forged = &story->releases.made[RELEASE_FORGED];
    struct digest missing[4];
    static struct report report;
    struct order order = order_of("web", 1, &v2->digest);
    CHECK_INT_EQ(conductor_missing(agent, missing, 4), 0);
    CHECK_INT_EQ(order_give(story, "web", &order, 1, NULL), 0);
    CHECK_INT_EQ(conductor_missing(agent, missing, 4), 1);
    CHECK(digest_is_equal(&missing[0], &v2->digest));
    CHECK_INT_EQ(conductor_missing(agent, missing, 0), 0);
    gateway_run(&story->gateway, 2000);
    conductor_report(agent, &report);
    CHECK_STR_EQ(report.apps[0].order_wait, "release");
    CHECK(!conductor_release(agent, &v2->digest, span_of(v1->envelope, v1->envelope_len)));
    CHECK(!conductor_release(agent, &v2->digest, span_of(forged->envelope, forged->envelope_len)));
    CHECK(conductor_release(agent, &v1->digest, span_of(v1->envelope, v1->envelope_len)));
    CHECK_INT_EQ(conductor_missing(agent, missing, 4), 1);
    CHECK(conductor_release(agent, &v2->digest, span_of(v2->envelope, v2->envelope_len)));
    CHECK_INT_EQ(conductor_missing(agent, missing, 4), 0);
    CHECK(settle(story));
    conductor_report(agent, &report);
    CHECK(digest_is_equal(&report.apps[0].committed.release, &v2->digest));
    CHECK_STR_EQ(report.apps[0].wanted_by, "order");
    CHECK_INT_EQ(report.apps[0].outcome_count, 1);
    CHECK_INT_EQ(report.apps[0].outcomes[0].kind, OUTCOME_SUCCEEDED);
    CHECK_STR_EQ(report.apps[0].outcomes[0].id, "0000000000000001");
    CHECK_STR_EQ(report.apps[0].outcomes[0].reason, "soaked");
    CHECK(!report.apps[0].is_order_open);
    story_close(story);
}

/* A release that the door refuses ends its order with that code; so does one of another app. */
static void test_order_refused(void)
{
    struct story *story = story_open();
    struct conductor *agent = story->gateway.agent;
    static struct sealed made;
    static struct report report;
    struct sealed_content content = {.app = "web", .sequence = 5};
    sealed_release(&content, 1, &made); /* below the floor */
    struct order order = order_of("web", 1, &made.digest);
    CHECK_INT_EQ(order_give(story, "web", &order, 1, NULL), 0);
    CHECK(conductor_release(agent, &made.digest, sealed_span(&made)));
    gateway_run(&story->gateway, 5000);
    conductor_report(agent, &report);
    CHECK_INT_EQ(report.apps[0].outcomes[0].kind, OUTCOME_REFUSED);
    CHECK_STR_EQ(report.apps[0].outcomes[0].reason, "below-floor");
    content.app = "db";
    content.sequence = 50;
    sealed_release(&content, 1, &made);
    order = order_of("web", 2, &made.digest);
    CHECK_INT_EQ(order_give(story, "web", &order, 1, NULL), 0);
    CHECK(conductor_release(agent, &made.digest, sealed_span(&made)));
    gateway_run(&story->gateway, 5000);
    conductor_report(agent, &report);
    CHECK_STR_EQ(report.apps[0].outcomes[0].id, "0000000000000002");
    CHECK_STR_EQ(report.apps[0].outcomes[0].reason, err_word(ERR_WRONG_APP));
    CHECK_INT_EQ(report.app_count, 1);
    /* An app that this node has never had: it is reported while it waits, and made when it begins.
     */
    order = order_of("db", 3, &made.digest);
    order.epoch = 3;
    CHECK_INT_EQ(order_give(story, "db", &order, 1, NULL), 0);
    conductor_report(agent, &report);
    CHECK_INT_EQ(report.app_count, 2);
    CHECK_STR_EQ(report.apps[1].app, "db");
    CHECK_STR_EQ(report.apps[1].phase, "rest");
    CHECK(report.apps[1].is_order_open);
    CHECK(conductor_release(agent, &made.digest, sealed_span(&made)));
    gateway_run(&story->gateway, 60000);
    conductor_report(agent, &report);
    CHECK_STR_EQ(report.apps[1].app, "db");
    CHECK_STR_EQ(report.apps[1].verdict, "good");
    story_close(story);
}

/* A hold waits; taken away by a later order that does not hold. One that is late ends. */
static void test_order_hold_and_late(void)
{
    struct story *story = story_open();
    struct conductor *agent = story->gateway.agent;
    const struct release_made *v2 = &story->releases.made[RELEASE_V2];
    static struct report report;
    struct order order = order_of("web", 1, &v2->digest);
    order.hold = true;
    CHECK_INT_EQ(order_give(story, "web", &order, 1, NULL), 0);
    CHECK(conductor_release(agent, &v2->digest, span_of(v2->envelope, v2->envelope_len)));
    gateway_run(&story->gateway, 60000);
    conductor_report(agent, &report);
    CHECK_STR_EQ(report.apps[0].order_wait, "held");
    CHECK_STR_EQ(report.apps[0].phase, "rest");
    order = order_of("web", 2, &v2->digest);
    order.start_by = 1; /* long past, on a clock that is right */
    CHECK_INT_EQ(order_give(story, "web", &order, 1, NULL), 0);
    gateway_run(&story->gateway, 5000);
    conductor_report(agent, &report);
    CHECK_INT_EQ(report.apps[0].outcomes[0].kind, OUTCOME_EXPIRED);
    CHECK_STR_EQ(report.apps[0].outcomes[0].id, "0000000000000002");
    order = order_of("web", 3, &v2->digest);
    CHECK_INT_EQ(order_give(story, "web", &order, 1, NULL), 0);
    CHECK(settle(story));
    gateway_run(&story->gateway, 30000);
    conductor_report(agent, &report);
    CHECK_INT_EQ(report.apps[0].outcomes[0].kind, OUTCOME_SUCCEEDED);
    CHECK(digest_is_equal(&report.apps[0].committed.release, &v2->digest));
    story_close(story);
}

static const struct check_case cases[] = {
    {"activate", test_activate},
    {"activate powers", test_activate_powers},
    {"activate: known", test_activate_known},
    {"ports apart", test_ports_apart},
    {"volumes apart", test_volumes_apart},
    {"bridges apart", test_bridges_apart},
    {"rollback to what is taken", test_rollback_to_what_is_taken},
    {"one request at a time", test_one_request_at_a_time},
    {"before the engine", test_before_the_engine},
    {"rollback", test_rollback},
    {"order: believed", test_order_believed},
    {"order: release", test_order_release},
    {"order: refused", test_order_refused},
    {"order: hold and late", test_order_hold_and_late},
};

int main(int argc, char **argv)
{
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
