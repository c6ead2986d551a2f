/* coordinator: the session, the claim and its time, who stands by, and when it has something to do.
 */
#include "agent/fleet/coordinator.h"

#include "tests/check.h"
#include "tests/sim/sealing.h"
#include "tests/unit/fleet/desk.h"

static struct desk desk;

enum { FILTERS = 16 };

/* What it reads, and in which order: states before specs, so that an end is known first. */
static void case_subscribes(void)
{
    static const char *const wanted[] = {
        "berth/1/sim/operators",        "berth/1/sim/coordinator",
        "berth/1/sim/roll/+",           "berth/1/sim/freeze/state",
        "berth/1/sim/freeze",           "berth/1/sim/rollout/+/state",
        "berth/1/sim/rollout/+/spec",   "berth/1/sim/rollout/+/control",
        "berth/1/sim/node/+/labels",    "berth/2/sim/node/+/+/labels",
        "berth/1/sim/node/+/presence",  "berth/2/sim/node/+/+/presence",
        "berth/1/sim/node/+/report",    "berth/1/sim/node/+/order/+",
        "berth/2/sim/node/+/+/order/+", "berth/2/sim/node/+/+/report"};
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    CHECK_INT_EQ(desk.opens, 0);
    CHECK(coordinator_deadline(desk.coordinator) <= desk.now);
    desk_connect(&desk);
    CHECK_INT_EQ(COUNT_OF(wanted), FILTERS);
    CHECK_INT_EQ(desk.filter_count, COUNT_OF(wanted));
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        CHECK_STR_EQ(desk.filters[i].filter, wanted[i]);
    }
    CHECK_INT_EQ(desk.keepalive_s, 300);
    CHECK_CONTAINS(desk.client_id, "coordinator-");
    CHECK_STR_EQ(desk.will_topic, "berth/1/sim/coordinator");
    /* Everything is read again ten minutes after it was asked for. */
    desk_run(&desk, 599000 - (desk.now - 61000));
    CHECK_INT_EQ(desk.filter_count, COUNT_OF(wanted));
    desk_run(&desk, 61000);
    CHECK_INT_EQ(desk.filter_count, 2 * COUNT_OF(wanted));
    desk_close(&desk);
}

/* Read again to the millisecond, and again after that; a claim that acts goes on acting. */
static void case_rereads(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_step(&desk, 0);
    desk.user.opened(desk.user.ctx);
    mono_ms opened = desk.now;
    desk_filters_answer(&desk, NULL);
    desk_run(&desk, 1000);
    desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
    desk_run(&desk, 5000);
    for (unsigned round = 1; round < 3; round++) {
        mono_ms due = opened + 600000 * (mono_ms)round;
        CHECK(coordinator_deadline(desk.coordinator) <= due);
        desk_run(&desk, due - 1 - desk.now);
        CHECK_INT_EQ(desk.filter_count, FILTERS * round);
        desk_step(&desk, 1);
        CHECK_INT_EQ(desk.filter_count, FILTERS * (round + 1));
        CHECK(coordinator_is_acting(desk.coordinator));
        desk_filters_answer(&desk, NULL);
    }
    desk_close(&desk);
}

/* Whether a rollout lies at the broker is what the broker shows, in this session. */
static void case_published(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    CHECK(!coordinator_is_published(desk.coordinator, "web-1"));
    CHECK_INT_EQ(desk_start(&desk, &spec, span_text("e"), NULL), 0);
    CHECK(!coordinator_is_published(desk.coordinator, "web-1"));
    desk_act(&desk);
    CHECK_INT_EQ(desk_count(&desk, "/spec"), 1);
    CHECK(!coordinator_is_published(desk.coordinator, "web-1")); /* sent */
    desk_answer_all(&desk);
    CHECK(coordinator_is_published(desk.coordinator, "web-1"));
    CHECK(!coordinator_is_published(desk.coordinator, "web-2"));
    desk_lose(&desk);
    desk_connect(&desk);
    CHECK(!coordinator_is_published(desk.coordinator, "web-1"));
    desk_close(&desk);
}

/* The will names the session whose claim is free, and no epoch. */
static void case_will(void)
{
    struct claim will;
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_connect(&desk);
    CHECK_INT_EQ(claim_parse(sealing_payload(span_text(desk.will)), &will, NULL), 0);
    CHECK(will.is_released);
    CHECK_INT_EQ(will.epoch, 0);
    CHECK_STR_EQ(will.nonce, desk.client_id + strlen("coordinator-"));
    desk_run(&desk, 1000);
    CHECK_STR_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).nonce, will.nonce);
    desk_close(&desk);
}

/* Nothing is claimed before the fences have come and the broker was quiet for 300 ms after the last
 * message and answer. */
static void case_reads_before_it_claims(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_step(&desk, 0);
    desk.user.opened(desk.user.ctx);
    CHECK(!coordinator_is_informed(desk.coordinator));
    desk_step(&desk, 5000);
    CHECK_INT_EQ(desk.publish_count, 0); /* no subscription is answered */
    desk_filters_answer(&desk, NULL);
    desk_step(&desk, 299);
    CHECK_INT_EQ(desk.publish_count, 0);
    desk_hear(&desk, "node/gw-00/nonsense", span_text("x"), true);
    CHECK_INT_EQ(coordinator_deadline(desk.coordinator), desk.now + 300);
    desk_step(&desk, 299);
    CHECK_INT_EQ(desk.publish_count, 0);
    CHECK(!coordinator_is_informed(desk.coordinator));
    desk_step(&desk, 1);
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 1);
    CHECK(coordinator_is_informed(desk.coordinator));
    CHECK(desk.publishes[0].is_retained);
    desk_close(&desk);
}

/* Its own claim has to stand for the settle time, counted from its echo, to the millisecond. */
static void settle_check(int64_t settings, int64_t wanted)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, settings);
    desk_connect(&desk);
    desk_run(&desk, 60000); /* without its echo it never acts */
    CHECK(!coordinator_is_acting(desk.coordinator));
    desk_close(&desk);
    desk_open(&desk, SEAL_PEM_TRUSTED, settings);
    desk_connect(&desk);
    desk_run(&desk, 500);
    desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
    CHECK(coordinator_deadline(desk.coordinator) <= desk.now + wanted);
    desk_run(&desk, wanted - 1);
    CHECK(!coordinator_is_acting(desk.coordinator));
    desk_step(&desk, 1);
    CHECK(coordinator_is_acting(desk.coordinator));
    CHECK_CONTAINS(desk.said, "coordinating as epoch 1\n");
    desk_close(&desk);
}

static void case_settles(void)
{
    settle_check(0, 2000);
    settle_check(750, 750);
}

/* Somebody may still write over it in that time. */
static void case_yields_to_a_higher_claim(void)
{
    for (int is_acting = 0; is_acting < 2; is_acting++) {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_connect(&desk);
        desk_run(&desk, 1000);
        desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
        desk_run(&desk, is_acting ? 3000 : 1000);
        CHECK_INT_EQ(coordinator_is_acting(desk.coordinator), is_acting);
        desk_hear_claim(&desk, 7, "0000000000000001", false);
        desk_run(&desk, 5999); /* not renewed for so long, it would have ended */
        CHECK(!coordinator_is_acting(desk.coordinator));
        CHECK(coordinator_is_informed(desk.coordinator));
        CHECK_CONTAINS(desk.said, "another coordinator acts as epoch 7\n");
        CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 1); /* and does not answer back */
        desk_close(&desk);
    }
}

/* Equal epochs: the nonce decides. A lower claim is written over. */
static void case_stands_against_a_lower_claim(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_hear_claim(&desk, 1, "0000000000000001", false);
    CHECK(coordinator_is_acting(desk.coordinator));
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 2);
    CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).epoch, 1);
    desk_hear_claim(&desk, 1, "ffffffffffffffff", false);
    desk_step(&desk, 0);
    CHECK(!coordinator_is_acting(desk.coordinator));
    desk_close(&desk);
}

/* The farewell of the one that acts is what a waiting one has waited for; nobody else's is. */
static void case_takes_over_after_a_farewell(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_hear_claim(&desk, 7, "0000000000000007", false);
    desk_run(&desk, 5000);
    desk_hear_claim(&desk, 9, "0000000000000009", true);
    desk_run(&desk, 900);
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 1);
    desk_hear_claim(&desk, 0, "0000000000000007", true); /* a will, as it says it */
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 2);
    CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).epoch, 8);
    CHECK(!coordinator_is_acting(desk.coordinator));
    desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
    desk_run(&desk, 3000);
    CHECK(coordinator_is_acting(desk.coordinator));
    desk_close(&desk);
}

/* A late farewell lies over the claim of the one that acts: that says its own again. */
static void case_late_farewell(void)
{
    static const char *const nonces[] = {"0000000000000003", "0000000000000007"};
    for (size_t i = 0; i < COUNT_OF(nonces); i++) {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        desk_connect(&desk);
        desk_hear_claim(&desk, 3, nonces[0], false); /* the rival, before ours: it has ended */
        desk_run(&desk, 7000);
        desk_filters_answer(&desk, NULL);
        desk_run(&desk, 1000);
        desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
        desk_run(&desk, 3000);
        CHECK(coordinator_is_acting(desk.coordinator));
        CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).epoch, 4);
        desk_hear_claim(&desk, 3, nonces[i], true);
        CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 2);
        CHECK(!desk_claim_of(desk_find(&desk, "/coordinator")).is_released);
        CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).epoch, 4);
        desk_close(&desk);
    }
}

/* One that stands by puts nothing back before the one that acts had twice the settle time for it.
 */
static void case_stands_by(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_connect(&desk);
    desk_hear_spec(&desk, &spec);
    desk_run(&desk, 1000);
    desk_hear_claim(&desk, 7, "0000000000000007", false);
    desk_hear(&desk, "rollout/web-1/spec", span_text(""), false);
    CHECK_INT_EQ(coordinator_deadline(desk.coordinator), desk.now + 4000);
    desk_step(&desk, 3999);
    CHECK_INT_EQ(desk_count(&desk, "/spec"), 0);
    desk_step(&desk, 1);
    CHECK_INT_EQ(desk_count(&desk, "/spec"), 1);
    CHECK_INT_EQ(desk_count(&desk, "/control"), 0); /* nobody has said a word on it */
    CHECK_INT_EQ(desk_count(&desk, "/state"), 0);   /* it plans nothing */
    desk_run(&desk, 1900);
    CHECK_INT_EQ(desk_count(&desk, "/spec"), 1);
    desk_close(&desk);
}

/* What was started here is at the broker at once, for the one that acts. */
static void case_started_in_standby(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    CHECK_INT_EQ(desk_start(&desk, &spec, span_text("an envelope"), NULL), 0);
    desk_connect(&desk);
    desk_hear_claim(&desk, 7, "0000000000000007", false);
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 0);
    CHECK_INT_EQ(desk_count(&desk, "/spec"), 1);
    CHECK_CONTAINS(desk.said, "another coordinator acts as epoch 7");
    CHECK_INT_EQ(desk_count(&desk, "/state"), 0);
    desk_close(&desk);
}

/* Planning is bounded: once in 50 ms, however much is heard. */
static void case_plan_gap(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_run(&desk, 1000);
    desk_step(&desk, 100);
    desk_hear_text(&desk, "rollout/x/nonsense", "x");
    desk_step(&desk, 0); /* a plan */
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    CHECK_INT_EQ(coordinator_deadline(desk.coordinator), desk.now + 10);
    desk_step(&desk, 9);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 0);
    desk_step(&desk, 1);
    CHECK_INT_EQ(desk_count(&desk, "/order/web"), 1);
    desk_close(&desk);
}

/* Its farewell is published, and it has left when the broker took it; without a claim at once. */
static void case_leaves(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    CHECK(!coordinator_has_left(desk.coordinator));
    coordinator_leave(desk.coordinator);
    CHECK(!coordinator_has_left(desk.coordinator));
    CHECK(!coordinator_is_acting(desk.coordinator));
    struct claim farewell = desk_claim_of(desk_find(&desk, "/coordinator"));
    CHECK(farewell.is_released);
    CHECK_INT_EQ(farewell.epoch, 1);
    desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
    CHECK(coordinator_has_left(desk.coordinator));
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 2);
    desk_close(&desk);

    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk_hear_claim(&desk, 7, "0000000000000007", false);
    coordinator_leave(desk.coordinator); /* another acts: there is nothing to give back */
    CHECK(coordinator_has_left(desk.coordinator));
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 1);
    desk_close(&desk);
}

/* Where the farewell finds no place, it is owed until one is free. */
static void case_leaves_late(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk.is_publish_refused = true;
    coordinator_leave(desk.coordinator);
    desk_step(&desk, 10);
    CHECK(!coordinator_has_left(desk.coordinator));
    desk.is_publish_refused = false;
    desk_step(&desk, 10);
    CHECK(desk_claim_of(desk_find(&desk, "/coordinator")).is_released);
    desk_step(&desk, 10);
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 2);
    desk_close(&desk);
}

/* A farewell that found no place is not owed to the next session, in which it would be a lie. */
static void case_leaves_with_the_link(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    desk.is_publish_refused = true;
    coordinator_leave(desk.coordinator);
    desk.is_publish_refused = false;
    desk_lose(&desk);
    desk_connect(&desk);
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 1);
    CHECK(!desk_claim_of(desk_find(&desk, "/coordinator")).is_released);
    desk_close(&desk);
}

/* A callback notes the time at which it comes, not that of the step before. */
static void case_callbacks_in_time(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_step(&desk, 0);
    desk.now += 7000;
    desk.user.opened(desk.user.ctx);
    mono_ms opened = desk.now;
    CHECK_INT_EQ(coordinator_deadline(desk.coordinator), 1000); /* the link wants a look */
    desk_step(&desk, 0);
    CHECK_INT_EQ(coordinator_deadline(desk.coordinator), opened + 600000);
    desk.now += 7000;
    desk_filters_answer(&desk, NULL);
    CHECK_INT_EQ(coordinator_deadline(desk.coordinator), desk.now + 300);
    desk.now += 7000;
    desk_hear(&desk, "node/gw-00/nonsense", span_text("x"), true);
    CHECK_INT_EQ(coordinator_deadline(desk.coordinator), desk.now + 300);
    desk.now += 7000; /* what is not retained is no part of the burst */
    desk_hear(&desk, "node/gw-00/nonsense", span_text("x"), false);
    CHECK_INT_EQ(coordinator_deadline(desk.coordinator), desk.now - 7000 + 300);
    desk_step(&desk, 0);
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 1);
    desk.now += 7000;
    desk_answer(&desk, desk_find(&desk, "/coordinator"), NULL);
    CHECK(coordinator_deadline(desk.coordinator) <= desk.now); /* the echo is late: T is over */
    desk_close(&desk);
}

/* A link that ended has said the farewell by its will; what was under way counts for nothing. */
static void case_reconnects(void)
{
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_act(&desk);
    char first[128];
    memcpy(first, desk.client_id, sizeof first);
    desk_lose(&desk);
    CHECK(coordinator_has_left(desk.coordinator));
    CHECK(!coordinator_is_informed(desk.coordinator));
    CHECK_CONTAINS(desk.said, "the link to the broker ended: gone (");
    desk_act(&desk);
    CHECK(strcmp(first, desk.client_id) != 0);
    CHECK_INT_EQ(desk_claim_of(desk_find(&desk, "/coordinator")).epoch,
                 2); /* above its own first */
    desk_close(&desk);
}

/* The first failure is logged, the row that follows is not. */
static void case_no_way(void)
{
    const struct err err = {.code = ERR_NETWORK, .text = "refused"};
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    for (int i = 0; i < 3; i++) {
        desk_run(&desk, 60000);
        desk.user.closed(desk.user.ctx, &err);
    }
    CHECK_INT_EQ(desk.opens, 3);
    CHECK_INT_EQ(desk.warnings, 1);
    CHECK_STR_EQ(desk.said, "no way to the broker: refused (network-failed)\n");
    desk_close(&desk);
}

/* A subscription that the broker denies is logged; one that the link took with it is not. */
static void case_denied(void)
{
    const struct err denied = {.code = ERR_DENIED, .text = "not for you"};
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_step(&desk, 0);
    desk.user.opened(desk.user.ctx);
    desk_filters_answer(&desk, &denied);
    CHECK_INT_EQ(desk.warnings, FILTERS);
    CHECK_CONTAINS(desk.said, "cannot read the fleet: not for you\n");
    desk_run(&desk, 1000);
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 1); /* what could be read was read */
    desk_close(&desk);

    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk.is_subscribe_refused = true;
    desk_step(&desk, 0);
    desk.user.opened(desk.user.ctx);
    CHECK_INT_EQ(desk.warnings, FILTERS);
    CHECK_CONTAINS(desk.said, "cannot read the fleet: no room\n");
    desk_step(&desk, 299); /* nothing to wait for, but what may come all the same */
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 0);
    desk_step(&desk, 1);
    CHECK_INT_EQ(desk_count(&desk, "/coordinator"), 1);
    desk_close(&desk);
}

static void case_start(void)
{
    enum { ROLLOUTS = 80 };
    struct err err = {0};
    char id[NAME_BYTES];
    struct rollout_view view;
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    for (int i = 0; i < ROLLOUTS; i++) {
        (void)snprintf(id, sizeof id, "web-%d", i);
        struct rollout_spec spec = desk_spec(id, "web", DESK_WALL + i);
        CHECK_INT_EQ(desk_start(&desk, &spec, span_text("e"), &err), 0);
    }
    struct rollout_spec spec = desk_spec("web-0", "web", DESK_WALL);
    CHECK_INT_EQ(desk_start(&desk, &spec, span_text("e"), &err), ERR_EXISTS);
    CHECK_CONTAINS(err.text, "web-0");
    spec = desk_spec("bad", "web", DESK_WALL);
    (void)text_copy(spec.selector, sizeof spec.selector, "((");
    CHECK(desk_start(&desk, &spec, span_text("e"), &err) != 0);
    CHECK_CONTAINS(err.text, "selector");
    for (size_t i = 0; i < ROLLOUTS; i++) {
        CHECK(coordinator_view_at(desk.coordinator, i, &view));
        CHECK_INT_EQ(view.spec->created, DESK_WALL + (wall_ms)i);
        CHECK_STR_EQ(view.control->want, "run");
        CHECK_INT_EQ(view.state->phase, ROLLOUT_RUNNING);
        CHECK_STR_EQ(view.state->id, view.spec->id);
    }
    CHECK(!coordinator_view_at(desk.coordinator, ROLLOUTS, &view));
    CHECK(coordinator_view(desk.coordinator, "web-7", &view));
    CHECK_STR_EQ(view.spec->id, "web-7");
    CHECK(!coordinator_view(desk.coordinator, "web-80", &view));
    desk_close(&desk);
}

/* A name or a key that does not fit is refused, and the bus is not touched. */
static void case_settings(void)
{
    static char pem[2000];
    struct coordinator *made = NULL;
    struct err err = {0};
    const struct coordinator_ports ports = {.verify = seal_verify_port()};
    struct coordinator_settings settings = {
        .fleet = "sim", .order_key_pem = pem, .trust = &desk.trust};
    memset(pem, 'a', sizeof pem - 1);
    CHECK_INT_EQ(coordinator_new(&settings, &ports, &made, &err), ERR_VALUE);
    CHECK(made == NULL);
    pem[0] = '\0';
    settings.fleet = "a-name-that-is-far-too-long-for-a-fleet";
    CHECK_INT_EQ(coordinator_new(&settings, &ports, &made, &err), ERR_VALUE);
    CHECK_CONTAINS(err.text, "too long");
}

/* What a node is to a rollout, for those who watch. */
static void case_condition(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk_connect(&desk);
    desk_rollout(&desk, &spec);
    desk_node(&desk, "gw-00");
    const struct roster *roster = coordinator_roster(desk.coordinator);
    const struct roster_node *node = roster_find(roster, "gw-00");
    CHECK(node != NULL);
    CHECK_INT_EQ(coordinator_condition(desk.coordinator, "web-1", node), NODE_PENDING);
    CHECK_INT_EQ(coordinator_condition(desk.coordinator, "web-9", node), NODE_OFFLINE);
    desk_close(&desk);
}

/* What is kept of the nodes is held against a count of all, now and then: a difference is an error,
 * and the count holds. */
static void case_audit(void)
{
    struct rollout_spec spec = desk_spec("web-1", "web", DESK_WALL);
    struct rollout_view view;
    desk_open(&desk, SEAL_PEM_TRUSTED, 0);
    desk.audits_seldom = true;
    desk_again(&desk, SEAL_PEM_TRUSTED);
    desk_act(&desk);
    desk_rollout(&desk, &spec);
    (void)text_copy(spec.offline, sizeof spec.offline, "later");
    desk_node(&desk, "gw-00");
    desk_node(&desk, "gw-01");
    desk_step(&desk, 100);
    CHECK(coordinator_view(desk.coordinator, "web-1", &view));
    CHECK_INT_EQ(view.state->count[NODE_OFFLINE], 0);
    const struct roster *roster = coordinator_roster(desk.coordinator);
    roster_find(roster, "gw-01")->is_present = false; /* behind everybody's back */
    desk_hear_presence(&desk, "gw-00", true);
    desk_step(&desk, 100);
    CHECK_INT_EQ(view.state->count[NODE_OFFLINE], 0);
    CHECK_INT_EQ(coordinator_audit_faults(desk.coordinator), 0);
    desk_run(&desk, COORDINATOR_AUDIT_MS);
    desk_hear_presence(&desk, "gw-00", true);
    desk_step(&desk, 100);
    CHECK_INT_EQ(coordinator_audit_faults(desk.coordinator), 1);
    CHECK_CONTAINS(desk.said, "this is a fault of berth");
    CHECK_INT_EQ(view.state->count[NODE_OFFLINE], 1);
    desk_run(&desk, COORDINATOR_AUDIT_MS);
    desk_hear_presence(&desk, "gw-00", true);
    desk_step(&desk, 100);
    CHECK_INT_EQ(coordinator_audit_faults(desk.coordinator), 1);
    desk_close(&desk);
}

/* One that ends closes its session, also where it never had one. */
static void case_ends_its_session(void)
{
    for (int is_connected = 0; is_connected <= 1; is_connected++) {
        desk_open(&desk, SEAL_PEM_TRUSTED, 0);
        if (is_connected != 0) {
            desk_connect(&desk);
        }
        unsigned closes = desk.closes;
        desk_close(&desk);
        CHECK_INT_EQ(desk.closes, closes + 1);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"ends its session", case_ends_its_session},
        {"subscribes", case_subscribes},
        {"rereads", case_rereads},
        {"published", case_published},
        {"will", case_will},
        {"reads before it claims", case_reads_before_it_claims},
        {"audit", case_audit},
        {"settles", case_settles},
        {"yields to a higher claim", case_yields_to_a_higher_claim},
        {"stands against a lower claim", case_stands_against_a_lower_claim},
        {"takes over after a farewell", case_takes_over_after_a_farewell},
        {"a late farewell", case_late_farewell},
        {"stands by", case_stands_by},
        {"started in standby", case_started_in_standby},
        {"the gap between plans", case_plan_gap},
        {"leaves", case_leaves},
        {"leaves late", case_leaves_late},
        {"leaves with the link", case_leaves_with_the_link},
        {"callbacks in time", case_callbacks_in_time},
        {"reconnects", case_reconnects},
        {"no way", case_no_way},
        {"denied", case_denied},
        {"start", case_start},
        {"settings", case_settings},
        {"condition", case_condition},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
