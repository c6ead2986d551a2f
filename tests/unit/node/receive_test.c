/* receive_test: an order and a release as they come from the fleet: whose word counts, what is
 * news, and in which slot it waits. */
#include "agent/wire/envelope.h"
#include "tests/check.h"
#include "tests/sim/seal.h"
#include "tests/unit/node/desk.h"

#define HEX_4  "abababab"
#define HEX_64 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4 HEX_4
#define PAYLOAD(app)                                                                               \
    "{\"schema\":1,\"x-berth\":{\"app\":\"" app "\",\"sequence\":5},\"services\":{\"main\":{"      \
    "\"image\":\"registry.example/web@sha256:" HEX_64                                              \
    "\",\"x-berth\":{\"image\":{\"index\":\"sha256:" HEX_64                                        \
    "\",\"platforms\":[{\"arch\":\"amd64\",\"manifest\":\"sha256:" HEX_64                          \
    "\",\"config\":\"sha256:" HEX_64 "\"}]}}}}}"

static uint8_t memory[8 * ORDER_BYTES_MAX];
static struct err said;

static void trust_key_one(struct trust *trust)
{
    struct verify verify = seal_verify_port();
    struct digest digest;
    *trust = (struct trust){.version = 1, .fleet = "sim", .key_count = 1};
    trust->keys[0].point[0] = 4;
    trust->keys[0].point[1] = 1;
    trust->keys[0].roles = 1u << TRUST_ROLE_ORDER | 1u << TRUST_ROLE_RELEASE;
    verify.ops->sha256(verify.self, span_of(trust->keys[0].point, VERIFY_KEY_BYTES), &digest);
    digest_render(&digest, trust->keys[0].id);
    for (size_t i = 0; i < TRUST_ROLE_COUNT; i++) {
        trust->threshold[i] = 1;
    }
}

/* A node that trusts key 1; its app "web" is at rest with nothing. */
static struct app *begin(void)
{
    struct app *app = desk_open();
    desk.conductor->ports.verify = seal_verify_port();
    desk.conductor->has_trust = true;
    trust_key_one(&desk.conductor->trust);
    said = (struct err){0};
    desk.conductor->is_dirty = false;
    return app;
}

static struct span sealed(enum trust_role role, struct span content, const char *pem)
{
    struct envelope_signature signature = {.key_id = ""};
    uint8_t point[VERIFY_KEY_BYTES];
    static uint8_t der[SIGN_DER_BYTES_MAX];
    struct span encoding, envelope;
    struct digest digest;
    struct arena arena;
    size_t len = 0;
    struct sign sign = seal_sign_port();
    const char *type = trust_role_type(role);
    arena_init(&arena, memory, sizeof memory);
    CHECK_INT_EQ(envelope_encoding(type, content, &arena, &encoding, NULL), 0);
    CHECK_INT_EQ(sign.ops->key_public(sign.self, pem, point, NULL), 0);
    CHECK_INT_EQ(sign.ops->signature(sign.self, pem, encoding, der, &len, NULL), 0);
    seal_digest(span_of(point, sizeof point), &digest);
    digest_render(&digest, signature.key_id);
    signature.der = span_of(der, len);
    CHECK_INT_EQ(envelope_render(type, content, &signature, 1, &arena, &envelope, NULL), 0);
    return envelope;
}

static struct order order_of(const char *app, uint64_t epoch, uint64_t gen, uint8_t release)
{
    struct order order = {.fleet = "sim", .node = "gw", .epoch = epoch, .gen = gen, .issued = 7};
    order.release.bytes[0] = release;
    (void)text_copy(order.app, sizeof order.app, app);
    (void)snprintf(order.id, sizeof order.id, "%016x", (unsigned)(epoch * 100 + gen));
    return order;
}

static int receive_by(const struct order *order, const char *topic_app, const char *pem)
{
    char data[ORDER_BYTES_MAX];
    struct text text;
    text_init(&text, data, sizeof data);
    order_render(order, &text);
    desk_clear();
    said = (struct err){0};
    return conductor_order(desk.conductor, topic_app,
                           sealed(TRUST_ROLE_ORDER, span_of(text.data, text.len), pem), &said);
}

static int receive(const struct order *order)
{
    return receive_by(order, order->app, SEAL_PEM_TRUSTED);
}

static void taken(void)
{
    struct app *app = begin();
    struct order order = order_of("web", 4, 5, 3);
    app->refused = ERR_VALUE;
    desk.now = 5000;
    CHECK_INT_EQ(receive(&order), 0);
    const struct order_slot *slot = orders_find(&desk.conductor->orders, "web");
    CHECK(slot == &desk.conductor->orders.list[0]);
    CHECK(slot->is_used && !slot->has_release && !slot->is_storing && slot->refusal == 0);
    CHECK_INT_EQ(slot->order.gen, 5);
    CHECK_INT_EQ(slot->late_at, MONO_NEVER);
    CHECK_INT_EQ(app->refused, 0);
    CHECK(desk.conductor->is_dirty);
    CHECK_STR_EQ(desk.log, "");
    order = order_of("db", 4, 6, 3); /* of an app that is not here yet */
    order.start_by = 99;
    CHECK_INT_EQ(receive(&order), 0);
    slot = orders_find(&desk.conductor->orders, "db");
    CHECK(slot == &desk.conductor->orders.list[1]);
    CHECK(slot->late_at > 5000 && slot->late_at < MONO_NEVER);
    CHECK_INT_EQ(slot->late_at - 5000, START_BY_UPTIME_MS);
    CHECK(orders_find(&desk.conductor->orders, "web") == &desk.conductor->orders.list[0]);
    CHECK(orders_find(&desk.conductor->orders, "app") == NULL);
    desk_close();
}

/* Its payload may lie here already; "no opinion" needs none. */
static void with_its_release(void)
{
    struct digest digest;
    begin();
    desk.payload = PAYLOAD("web");
    seal_digest(span_text(desk.payload), &digest);
    struct order order = order_of("web", 4, 5, 3);
    order.release = digest;
    CHECK_INT_EQ(receive(&order), 0);
    struct order_slot *slot = &desk.conductor->orders.list[0];
    CHECK(slot->has_release);
    desk.payload = NULL;
    order.gen = 6;
    CHECK_INT_EQ(receive(&order), 0);
    CHECK(slot->has_release); /* it was seen for the order before */
    order.gen = 7;
    order.release.bytes[0] ^= 1;
    CHECK_INT_EQ(receive(&order), 0);
    CHECK(!slot->has_release);
    desk.payload = PAYLOAD("web");
    order = order_of("db", 4, 8, 0);
    CHECK_INT_EQ(receive(&order), 0);
    CHECK(!orders_find(&desk.conductor->orders, "db")->has_release);
    desk_close();
}

/* One that waits gives way to what comes after it, by epoch and then by number, and to nothing
 * else.
 */
static void one_that_waits(void)
{
    static const struct {
        uint64_t epoch, gen;
        bool is_same_id;
        int code;
    } rows[] = {{4, 6, false, 0},         {5, 1, false, 0},         {4, 5, true, 0},
                {4, 5, false, ERR_STALE}, {4, 4, false, ERR_STALE}, {3, 9, false, ERR_STALE}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct app *app = begin();
        struct order first = order_of("web", 4, 5, 3);
        CHECK_INT_EQ(receive(&first), 0);
        desk.conductor->orders.list[0].refusal = ERR_VALUE;
        app->refused = ERR_VALUE;
        struct order next = order_of("web", rows[i].epoch, rows[i].gen, 8);
        (void)text_copy(next.id, sizeof next.id,
                        rows[i].is_same_id ? first.id : "00000000000000ff");
        CHECK_INT_EQ(receive(&next), rows[i].code);
        const struct order_slot *slot = &desk.conductor->orders.list[0];
        bool is_taken = rows[i].code == 0 && !rows[i].is_same_id;
        CHECK_INT_EQ(slot->order.release.bytes[0], is_taken ? 8 : 3);
        CHECK_INT_EQ(slot->refusal, is_taken ? 0 : ERR_VALUE);
        CHECK_INT_EQ(app->refused, is_taken ? 0 : rows[i].code == 0 ? ERR_VALUE : ERR_STALE);
        CHECK(!desk.conductor->orders.list[1].is_used);
        CHECK_STR_EQ(desk.log, ""); /* what is old is no news */
        if (rows[i].code != 0) {
            char wanted[96];
            (void)snprintf(wanted, sizeof wanted, "order %u.%u is not after 4.5, which waits",
                           (unsigned)rows[i].epoch, (unsigned)rows[i].gen);
            CHECK_STR_EQ(said.text, wanted);
        }
        desk_close();
    }
}

static void not_taken(void)
{
    enum { NO_TRUST, STRANGER, NODE, FLEET, APP, STALE, ROWS };
    static const struct {
        int code;
        bool is_logged;
    } wanted[ROWS] = {
        [NO_TRUST] = {ERR_SIGNATURE, true}, [STRANGER] = {ERR_SIGNATURE, true},
        [NODE] = {ERR_WRONG_NODE, true},    [FLEET] = {ERR_WRONG_FLEET, true},
        [APP] = {ERR_WRONG_APP, true},      [STALE] = {ERR_STALE, false},
    };
    for (int row = 0; row < ROWS; row++) {
        struct app *app = begin();
        struct order order = order_of("web", 2000, 5, 3);
        desk.conductor->has_trust = row != NO_TRUST;
        (void)text_copy(order.node, sizeof order.node, row == NODE ? "gw2" : "gw");
        (void)text_copy(order.fleet, sizeof order.fleet, row == FLEET ? "sea" : "sim");
        app->memory.order_epoch = app->memory.order_gen = row == STALE ? 2001 : 0;
        int rc = receive_by(&order, row == APP ? "db" : "web",
                            row == STRANGER ? SEAL_PEM_STRANGER : SEAL_PEM_TRUSTED);
        CHECK(rc != 0);
        CHECK_INT_EQ(said.code, rc);
        CHECK_INT_EQ(rc, wanted[row].code);
        CHECK_INT_EQ(app->refused, row == APP ? 0 : rc);
        CHECK(orders_find(&desk.conductor->orders, "web") == NULL);
        CHECK_INT_EQ(desk.log[0] != '\0', wanted[row].is_logged);
        desk_close();
    }
    struct app *app = begin(); /* no epoch is too high */
    app->memory.order_epoch = app->memory.order_gen = 1;
    struct order order = order_of("web", 1764000000, 5, 3);
    CHECK_INT_EQ(receive(&order), 0);
    desk_close();
}

static void no_slot_left(void)
{
    char name[NAME_BYTES];
    begin();
    for (int i = 0; i <= APPS_MAX; i++) {
        (void)snprintf(name, sizeof name, "app-%d", i);
        struct order order = order_of(name, 4, 5, 3);
        CHECK_INT_EQ(receive(&order), i < APPS_MAX ? 0 : ERR_LIMIT);
    }
    CHECK_STR_EQ(said.text, "orders for 16 apps wait already");
    CHECK_STR_EQ(desk.log, "w order for app-16 not taken: orders for 16 apps wait already\n");
    struct order later = order_of("app-15", 4, 6, 3); /* in the place it has */
    CHECK_INT_EQ(receive(&later), 0);
    CHECK_INT_EQ(desk.conductor->orders.list[15].order.gen, 6);
    desk_close();
}

/* -- by hand ----------------------------------------------------------------------------------- */

static void answered(void *ctx, const struct err *err)
{
    *(int *)ctx = err != NULL ? err->code : 1;
}

/* A release that is activated is stored, what was broken of the app's payloads is read again, and
 * the wish is recorded; a payload that cannot be stored ends the request. */
static void activated(void)
{
    for (int is_failing = 0; is_failing < 2; is_failing++) {
        int answer = 0;
        struct app *app = begin();
        desk.conductor->engine.about.disk_free_bytes = desk.conductor->engine.about.memory_bytes =
            1ull << 40;
        app->plans.slots[2] =
            (struct plan_slot){.is_used = true, .is_broken = true, .retry_at = 99000};
        struct span envelope =
            sealed(TRUST_ROLE_RELEASE, span_text(PAYLOAD("web")), SEAL_PEM_TRUSTED);
        CHECK_INT_EQ(conductor_activate(desk.conductor, envelope, true, answered, &answer, &said),
                     0);
        CHECK_STR_EQ(said.text, "");
        CHECK_INT_EQ(app->verb.stage, VERB_STORING);
        CHECK(app->verb.is_forced && !app->verb.is_order);
        CHECK_CONTAINS(desk.said, "write ");
        desk.conductor->is_dirty = false;
        desk_answer(0, is_failing ? ERR_STATE_FULL : 0, NULL);
        CHECK(desk.conductor->is_dirty);
        CHECK_INT_EQ(app->verb.stage, is_failing ? VERB_NONE : VERB_READY);
        CHECK_INT_EQ(app->plans.slots[2].retry_at, is_failing ? 99000 : 0);
        CHECK_INT_EQ(answer, is_failing ? ERR_STATE_FULL : 0);
        CHECK_STR_EQ(desk.log,
                     is_failing ? "w web: cannot store the release: told state-full\n" : "");
        desk_close();
    }
}

static void activation_refused(void)
{
    enum { NO_TRUST, STRANGER, REVOKED, NO_PAYLOAD, STORE, ROWS };
    static const int codes[ROWS] = {ERR_SIGNATURE, ERR_SIGNATURE, ERR_REVOKED, ERR_MISSING,
                                    ERR_BUSY};
    for (int row = 0; row < ROWS; row++) {
        int answer = 0;
        const char *payload = row == NO_PAYLOAD ? "{\"schema\":1}" : PAYLOAD("web");
        struct app *app = begin();
        desk.conductor->engine.about.disk_free_bytes = desk.conductor->engine.about.memory_bytes =
            1ull << 40;
        desk.conductor->has_trust = row != NO_TRUST;
        desk.conductor->revoked.count = row == REVOKED;
        seal_digest(span_text(payload), &desk.conductor->revoked.digests[0]);
        desk.refusal = row == STORE ? ERR_BUSY : 0;
        struct span envelope = sealed(TRUST_ROLE_RELEASE, span_text(payload),
                                      row == STRANGER ? SEAL_PEM_STRANGER : SEAL_PEM_TRUSTED);
        CHECK_INT_EQ(conductor_activate(desk.conductor, envelope, true, answered, &answer, &said),
                     codes[row]);
        CHECK_INT_EQ(said.code, codes[row]);
        CHECK_INT_EQ(app->verb.stage, VERB_NONE);
        CHECK_INT_EQ(answer, 0); /* a refused call never calls back */
        CHECK_INT_EQ(desk.call_count, 0);
        desk_close();
    }
}

/* -- the release that orders wait for ---------------------------------------------------------- */

static struct digest wait_for(const char *payload, int slot, const char *app)
{
    struct digest digest;
    struct order_slot *waiting = &desk.conductor->orders.list[slot];
    seal_digest(span_text(payload), &digest);
    *waiting = (struct order_slot){.is_used = true, .order = order_of(app, 4, 5, 3)};
    waiting->order.release = digest;
    return digest;
}

static bool release_receive(const struct digest *digest, const char *payload, const char *pem)
{
    desk_clear();
    return conductor_release(desk.conductor, digest,
                             sealed(TRUST_ROLE_RELEASE, span_text(payload), pem));
}

/* It is stored once for each order that waits; after that it is looked at. */
static void release_stored(void)
{
    char wanted[64], hex[DIGEST_HEX_BYTES];
    begin();
    struct order_slot *slots = desk.conductor->orders.list;
    struct digest digest = wait_for(PAYLOAD("web"), 0, "web");
    (void)wait_for(PAYLOAD("web"), 2, "web");
    (void)wait_for(PAYLOAD("db"), 3, "web");
    digest_render(&digest, hex);
    CHECK(release_receive(&digest, PAYLOAD("web"), SEAL_PEM_TRUSTED));
    (void)snprintf(wanted, sizeof wanted, "write %.12s\nwrite %.12s\n", hex, hex);
    CHECK_STR_EQ(desk.said, wanted);
    CHECK(slots[0].is_storing && slots[2].is_storing && !slots[3].is_storing);
    CHECK(desk.conductor->is_dirty);
    CHECK_STR_EQ(desk.log, "");
    CHECK(release_receive(&digest, PAYLOAD("web"), SEAL_PEM_TRUSTED)); /* on its way */
    CHECK_STR_EQ(desk.said, "");
    slots[2].is_storing = false;
    slots[2].has_release = true;
    CHECK(release_receive(&digest, PAYLOAD("web"), SEAL_PEM_TRUSTED));
    CHECK_STR_EQ(desk.said, "");
    slots[0].is_storing = false;
    CHECK(release_receive(&digest, PAYLOAD("web"), SEAL_PEM_TRUSTED));
    CHECK_INT_EQ(desk.call_count, 1);
    desk_answer(0, ERR_DISK_SPACE, NULL);
    CHECK(!slots[0].is_storing && slots[0].is_look_due);
    CHECK_INT_EQ(slots[0].refusal, 0);
    desk_close();
}

/* What no order waits for, or comes before the engine's facts, is not even opened. */
static void release_unwanted(void)
{
    begin();
    struct digest digest = wait_for(PAYLOAD("web"), 0, "web");
    desk.conductor->engine.has_about = false;
    CHECK(release_receive(&digest, PAYLOAD("web"), SEAL_PEM_STRANGER));
    CHECK_STR_EQ(desk.said, "");
    desk.conductor->engine.has_about = true;
    desk.conductor->orders.list[0].is_used = false;
    CHECK(release_receive(&digest, PAYLOAD("web"), SEAL_PEM_STRANGER));
    CHECK_STR_EQ(desk.log, "");
    desk_close();
}

static void release_refused(void)
{
    static const struct {
        const char *waiting, *app, *payload, *pem;
        int refusal; /* of the order; 0: it goes on waiting */
        bool is_answer;
        const char *log;
    } rows[] = {
        {PAYLOAD("web"), "web", PAYLOAD("web"), SEAL_PEM_STRANGER, 0, false,
         "w release not taken: "},
        {PAYLOAD("web"), "web", PAYLOAD("db"), SEAL_PEM_TRUSTED, 0, false,
         "w release not taken: what lies under release "},
        {PAYLOAD("db"), "web", PAYLOAD("db"), SEAL_PEM_TRUSTED, ERR_WRONG_APP, true, ""},
        {"{\"schema\":1}", "web", "{\"schema\":1}", SEAL_PEM_TRUSTED, ERR_MISSING, true,
         "w release not taken: "},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin();
        struct digest digest = wait_for(rows[i].waiting, 0, rows[i].app);
        CHECK_INT_EQ(release_receive(&digest, rows[i].payload, rows[i].pem), rows[i].is_answer);
        CHECK_INT_EQ(desk.conductor->orders.list[0].refusal, rows[i].refusal);
        CHECK(!desk.conductor->orders.list[0].is_storing);
        CHECK_STR_EQ(desk.said, "");
        CHECK(strncmp(desk.log, rows[i].log, strlen(rows[i].log)) == 0);
        CHECK(rows[i].log[0] != '\0' || desk.log[0] == '\0');
        desk_close();
    }
    begin(); /* a store that has no room now is asked again */
    struct digest digest = wait_for(PAYLOAD("web"), 0, "web");
    desk.refusal = ERR_BUSY;
    CHECK(release_receive(&digest, PAYLOAD("web"), SEAL_PEM_TRUSTED));
    CHECK(!desk.conductor->orders.list[0].is_storing);
    CHECK_INT_EQ(desk.conductor->orders.list[0].refusal, 0);
    desk_close();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"taken", taken},
        {"with its release", with_its_release},
        {"one that waits", one_that_waits},
        {"not taken", not_taken},
        {"no slot left", no_slot_left},
        {"activated", activated},
        {"activation refused", activation_refused},
        {"release: stored", release_stored},
        {"release: unwanted", release_unwanted},
        {"release: refused", release_refused},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
