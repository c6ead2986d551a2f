/* fleet_test: one seed, one trace; and the fleet's checker reports what is done wrong on purpose.
 */
#include "agent/wire/envelope.h"
#include "tests/check.h"
#include "tests/sim/fleet_journey.h"
#include "tests/sim/seal.h"

#define TRACE_BYTES (8u * 1024u * 1024u)

static struct releases releases;

/* Four nodes, one at a time, nothing happens. */
static struct fleet_plan quiet(enum release_name release)
{
    return (struct fleet_plan){.seed = 5,
                               .nodes = 4,
                               .max_unavailable = 1,
                               .release = release,
                               .faults = {.delay_ms_min = 1, .delay_ms_max = 20}};
}

static struct fleet_result run(const struct fleet_plan *plan, fleet_mischief mischief)
{
    struct fleet_result result;
    fleet_journey_run(&releases, plan, mischief, NULL, 0, &result);
    return result;
}

static void check_found(const struct fleet_result *result, char law)
{
    if (result->breaches_of[law - 'a'] == 0) {
        printf("    nothing of law %c; %u breaches: %s\n", law, result->breaches, result->first);
    }
    CHECK(result->breaches_of[law - 'a'] > 0);
}

/* -- honest fleets ---------------------------------------------------------------------------- */

static void good_release_goes_everywhere(void)
{
    struct fleet_plan plan = quiet(RELEASE_V2);
    struct fleet_result result = run(&plan, NULL);
    CHECK_INT_EQ(result.breaches, 0);
    CHECK_STR_EQ(result.phase, "succeeded");
    CHECK_INT_EQ(result.done, 4);
    CHECK_INT_EQ(result.orders, 8);
}

static void bad_release_stops_at_the_first_node(void)
{
    struct fleet_plan plan = quiet(RELEASE_CRASHING);
    struct fleet_result result = run(&plan, NULL);
    CHECK_INT_EQ(result.breaches, 0);
    CHECK_STR_EQ(result.phase, "paused");
    CHECK_INT_EQ(result.done, 0);
    CHECK_INT_EQ(result.orders, 5);
}

static void one_seed_gives_one_trace(void)
{
    static const uint64_t seeds[] = {3, 11, 29};
    char *first = calloc(1, TRACE_BYTES);
    char *second = calloc(1, TRACE_BYTES);
    CHECK(first != NULL && second != NULL);
    for (size_t i = 0; i < COUNT_OF(seeds) && first != NULL && second != NULL; i++) {
        struct fleet_plan plan;
        struct fleet_result result;
        fleet_plan_draw(&plan, seeds[i]);
        fleet_journey_run(&releases, &plan, NULL, first, TRACE_BYTES, &result);
        fleet_plan_draw(&plan, seeds[i]);
        fleet_journey_run(&releases, &plan, NULL, second, TRACE_BYTES, &result);
        CHECK(strlen(first) > 10000);
        CHECK(strcmp(first, second) == 0);
        plan.seed++;
        fleet_journey_run(&releases, &plan, NULL, second, TRACE_BYTES, &result);
        CHECK(strcmp(first, second) != 0);
    }
    free(first);
    free(second);
}

/* Each showed a fault of the coordinator: an order asserted that never was at the broker; a rollout
 * that only who stood by knew; a state written over by one who had been followed. */
static void seeds_that_once_failed(void)
{
    static const uint64_t seeds[] = {216, 278, 845, 1171};
    for (size_t i = 0; i < COUNT_OF(seeds); i++) {
        struct fleet_plan plan;
        fleet_plan_draw(&plan, seeds[i]);
        struct fleet_result result = run(&plan, NULL);
        CHECK_STR_EQ(result.first, "");
    }
}

/* What lies on the topic of the first node's orders; its length, 0 for nothing. */
static size_t order_read(struct fleet *fleet, char text[FLEET_READ_BYTES])
{
    struct span payload = {0};
    bool is_there = sim_broker_retained(
        &fleet->broker, "berth/1/" FLEET_NAME "/node/n01/order/" RELEASES_APP, &payload);
    size_t len = is_there && payload.len < FLEET_READ_BYTES ? payload.len : 0;
    memcpy(text, payload.data, len);
    return len;
}

/* Puts the first node's order of the first rollout over that of the second. */
static void put_older_back(struct fleet *fleet, struct fleet_checker *checker, int second)
{
    static char lying[FLEET_READ_BYTES], newer[FLEET_READ_BYTES];
    static char older[FLEET_READ_BYTES];
    static size_t older_len, newer_len;
    size_t len = order_read(fleet, lying);
    if (second == -1) {
        memcpy(older, lying, len);
        older_len = len;
    } else if (second == 9) {
        memcpy(newer, lying, len);
        newer_len = len;
        CHECK(newer_len > 0 && memcmp(newer, older, newer_len) != 0);
        fleet_say(fleet, "berth/1/" FLEET_NAME "/node/n01/order/" RELEASES_APP,
                  span_of(older, older_len));
    } else if (second == 11) {
        CHECK_INT_EQ(checker->breaches_of['e' - 'a'], 1); /* it was seen */
        CHECK(len == newer_len && memcmp(lying, newer, len) == 0);
    }
}

static void older_order_is_put_right(void)
{
    struct fleet_plan plan = quiet(RELEASE_V2);
    struct fleet_result result = run(&plan, put_older_back);
    CHECK_INT_EQ(result.breaches, 1);
    CHECK_STR_EQ(result.phase, "succeeded");
}

/* -- what is done wrong ------------------------------------------------------------------------ */

/* An order that no coordinator gave, signed by the order key. */
static void order_forge(struct fleet *fleet, size_t node, enum release_name release, char number)
{
    static uint8_t memory[32768];
    struct order order = {.epoch = UINT64_C(1) << 40, .gen = 50, .issued = fleet_wall(fleet)};
    struct topic topic = {.kind = TOPIC_ORDER, .fleet = FLEET_NAME, .app = RELEASES_APP};
    const char *type = trust_role_type(TRUST_ROLE_ORDER);
    const struct sign sign = seal_sign_port();
    struct envelope_signature signature;
    uint8_t key[VERIFY_KEY_BYTES], seal[SIGN_DER_BYTES_MAX];
    char payload[ORDER_BYTES_MAX], name[BUS_TOPIC_BYTES];
    struct span encoding, rendered;
    struct digest digest;
    struct arena arena;
    struct text text;
    size_t len = 0;
    order.release = fleet->releases->made[release].digest;
    order.start_by = order.issued + 60000;
    (void)snprintf(order.id, sizeof order.id, "000000000000000%c", number);
    (void)text_copy(order.fleet, sizeof order.fleet, FLEET_NAME);
    (void)text_copy(order.node, sizeof order.node, fleet->nodes[node].name);
    (void)text_copy(order.app, sizeof order.app, RELEASES_APP);
    (void)text_copy(order.rollout, sizeof order.rollout, "next");
    (void)text_copy(topic.node, sizeof topic.node, fleet->nodes[node].name);
    topic_render(&topic, name);
    text_init(&text, payload, sizeof payload);
    order_render(&order, &text);
    arena_init(&arena, memory, sizeof memory);
    struct span content = span_of(text.data, text.len);
    CHECK_INT_EQ(envelope_encoding(type, content, &arena, &encoding, NULL), 0);
    CHECK_INT_EQ(sign.ops->key_public(sign.self, SEAL_PEM_TRUSTED, key, NULL), 0);
    CHECK_INT_EQ(sign.ops->signature(sign.self, SEAL_PEM_TRUSTED, encoding, seal, &len, NULL), 0);
    seal_digest(span_of(key, sizeof key), &digest);
    digest_render(&digest, signature.key_id);
    signature.der = span_of(seal, len);
    CHECK_INT_EQ(envelope_render(type, content, &signature, 1, &arena, &rendered, NULL), 0);
    fleet_say(fleet, name, rendered);
}

static void forge_two(struct fleet *fleet, struct fleet_checker *checker, int second)
{
    (void)checker;
    if (second == 1) {
        order_forge(fleet, 2, RELEASE_V2, '1');
        order_forge(fleet, 3, RELEASE_V2, '2');
    }
}

static void forged_orders_are_seen(void)
{
    struct fleet_plan plan = quiet(RELEASE_V2);
    struct fleet_result result = run(&plan, forge_two);
    check_found(&result, 'a');
    check_found(&result, 'e');
}

static void promise_one(struct fleet *fleet, struct fleet_checker *checker, int second)
{
    (void)fleet;
    if (second == 0) {
        checker->rollouts[checker->rollout_count - 1].max_unavailable = 1;
    }
}

static void coordinator_that_changes_two_is_seen(void)
{
    struct fleet_plan plan = quiet(RELEASE_SLOW);
    plan.max_unavailable = 2;
    struct fleet_result result = run(&plan, NULL);
    CHECK_INT_EQ(result.breaches, 0);
    result = run(&plan, promise_one);
    check_found(&result, 'a');
}

static void forge_after_failure(struct fleet *fleet, struct fleet_checker *checker, int second)
{
    const struct fleet_rollout_watched *rollout = &checker->rollouts[1];
    if (second == 40) {
        CHECK_INT_EQ(rollout->failures, 1);
        order_forge(fleet, 3, RELEASE_CRASHING, '3');
    }
}

static void order_after_a_failure_is_seen(void)
{
    struct fleet_plan plan = quiet(RELEASE_CRASHING);
    plan.events[0] = (struct fleet_event){.at_ms = 45000, .kind = FLEET_LOSE_ALL};
    plan.event_count = 1; /* nobody ends before */
    struct fleet_result result = run(&plan, forge_after_failure);
    check_found(&result, 'b');
}

static void report_again_otherwise(struct fleet *fleet, struct fleet_checker *checker, int second)
{
    char topic[BUS_TOPIC_BYTES];
    char text[FLEET_READ_BYTES];
    struct span payload;
    (void)checker;
    (void)snprintf(topic, sizeof topic, "berth/1/" FLEET_NAME "/node/%s/report",
                   fleet->nodes[0].name);
    if (second != 1 || !sim_broker_retained(&fleet->broker, topic, &payload)) {
        return;
    }
    (void)snprintf(text, sizeof text, "%.*s", (int)payload.len, (const char *)payload.data);
    char *word = strstr(text, "\"outcome\":\"succeeded\"");
    CHECK(word != NULL);
    if (word != NULL) {
        memcpy(word, "\"outcome\":\"replacedd\"", strlen("\"outcome\":\"replacedd\""));
        fleet_say(fleet, topic, span_text(text));
    }
}

static void changed_outcome_is_seen(void)
{
    struct fleet_plan plan = quiet(RELEASE_V2);
    struct fleet_result result = run(&plan, report_again_otherwise);
    check_found(&result, 'c');
}

/* The node goes back and forth without anybody's order. */
static void swap_by_itself(struct fleet *fleet, struct fleet_checker *checker, int second)
{
    (void)checker;
    if (second == 12) {
        (void)gateway_rollback_once(&fleet->nodes[0].gateway);
    } else if (second == 30) {
        (void)gateway_rollback_once(&fleet->nodes[0].gateway);
    }
}

static void second_swap_is_seen(void)
{
    struct fleet_plan plan = quiet(RELEASE_V2);
    struct fleet_result result = run(&plan, swap_by_itself);
    check_found(&result, 'd');
}

static void activate_unordered(struct fleet *fleet, struct fleet_checker *checker, int second)
{
    (void)checker;
    if (second == 1) {
        CHECK_INT_EQ(gateway_activate(&fleet->nodes[3].gateway, RELEASE_V3), 0);
    }
}

static void unordered_change_is_seen(void)
{
    struct fleet_plan plan = quiet(RELEASE_V2);
    struct fleet_result result = run(&plan, activate_unordered);
    check_found(&result, 'f');
}

static void sicken_secretly(struct fleet *fleet, struct fleet_checker *checker, int second)
{
    struct sim_engine *engine = &fleet->nodes[2].gateway.machine.engine;
    (void)checker;
    for (size_t i = 0; second == 0 && i < engine->image_count; i++) {
        engine->images[i].app.crash_after_ms = i == 1 ? 1500 : engine->images[i].app.crash_after_ms;
    }
}

static void blame_of_a_good_release_is_seen(void)
{
    struct fleet_plan plan = quiet(RELEASE_V2);
    struct fleet_result result = run(&plan, sicken_secretly);
    check_found(&result, 'g');
}

static void table_removed(struct fleet *fleet, struct fleet_checker *checker, int second)
{
    (void)checker;
    if (second == 1) {
        sim_route_flush(&fleet->nodes[3].gateway.machine.route);
    }
}

static void breach_of_a_machine_is_seen(void)
{
    struct fleet_plan plan = quiet(RELEASE_V2);
    struct fleet_result result = run(&plan, table_removed);
    check_found(&result, 'h');
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"good_release_goes_everywhere", good_release_goes_everywhere},
        {"bad_release_stops_at_the_first_node", bad_release_stops_at_the_first_node},
        {"one_seed_gives_one_trace", one_seed_gives_one_trace},
        {"seeds_that_once_failed", seeds_that_once_failed},
        {"older_order_is_put_right", older_order_is_put_right},
        {"forged_orders_are_seen", forged_orders_are_seen},
        {"coordinator_that_changes_two_is_seen", coordinator_that_changes_two_is_seen},
        {"order_after_a_failure_is_seen", order_after_a_failure_is_seen},
        {"changed_outcome_is_seen", changed_outcome_is_seen},
        {"second_swap_is_seen", second_swap_is_seen},
        {"unordered_change_is_seen", unordered_change_is_seen},
        {"blame_of_a_good_release_is_seen", blame_of_a_good_release_is_seen},
        {"breach_of_a_machine_is_seen", breach_of_a_machine_is_seen},
    };
    releases_make(&releases);
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
