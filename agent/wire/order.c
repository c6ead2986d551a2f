/* order: the strict reading and the writing of an order's payload. */
#include "agent/wire/order.h"

#include <string.h>

#include "agent/wire/json.h"
#include "platform/base/law.h"

static int number_read(const struct json_place *at, uint64_t *value, struct err *err)
{
    int64_t number = 0;
    int rc = json_integer(at, 1, JSON_INTEGER_MAX, &number, err);
    *value = (uint64_t)number;
    return rc;
}

static int digest_read(const struct json_place *at, struct digest *digest, struct err *err)
{
    const char *text = NULL;
    int rc = json_string(at, &text, err);
    if (rc == 0 && (strlen(text) != DIGEST_HEX_BYTES - 1 || !digest_parse(text, digest))) {
        rc = json_error(at, ERR_VALUE, err, "must be the 64 hex digits of a release");
    }
    return rc;
}

static int read_id(const struct json_place *at, void *into, struct err *err)
{
    struct order *order = into;
    int rc = json_copy(at, order->id, sizeof order->id, err);
    if (rc == 0 && strspn(order->id, "0123456789abcdef") != ORDER_ID_BYTES - 1) {
        rc = json_error(at, ERR_VALUE, err, "must be 16 lower-case hex digits");
    }
    return rc;
}

static int read_fleet(const struct json_place *at, void *into, struct err *err)
{
    return json_name(at, ((struct order *)into)->fleet, NAME_BYTES, err);
}

static int read_node(const struct json_place *at, void *into, struct err *err)
{
    return json_name(at, ((struct order *)into)->node, NODE_NAME_BYTES, err);
}

static int read_app(const struct json_place *at, void *into, struct err *err)
{
    return json_name(at, ((struct order *)into)->app, NAME_BYTES, err);
}

static int read_rollout(const struct json_place *at, void *into, struct err *err)
{
    return json_name(at, ((struct order *)into)->rollout, NAME_BYTES, err);
}

static int read_epoch(const struct json_place *at, void *into, struct err *err)
{
    return number_read(at, &((struct order *)into)->epoch, err);
}

static int read_gen(const struct json_place *at, void *into, struct err *err)
{
    return number_read(at, &((struct order *)into)->gen, err);
}

static int read_release(const struct json_place *at, void *into, struct err *err)
{
    return digest_read(at, &((struct order *)into)->release, err);
}

static int read_before(const struct json_place *at, void *into, struct err *err)
{
    return digest_read(at, &((struct order *)into)->before, err);
}

static int read_stage(const struct json_place *at, void *into, struct err *err)
{
    struct order *order = into;
    struct json_place step = {0};
    if (!json_is_array(at) || json_count(at) > ORDER_STAGE_MAX) {
        return json_error(at, ERR_VALUE, err, "must be a list of at most %d releases",
                          ORDER_STAGE_MAX);
    }
    while (json_next(at, &step)) {
        int rc = digest_read(&step, &order->stage[order->stage_count], err);
        if (rc != 0) {
            return rc;
        }
        order->stage_count++;
    }
    return 0;
}

static int read_hold(const struct json_place *at, void *into, struct err *err)
{
    return json_boolean(at, &((struct order *)into)->hold, err);
}

static int read_force(const struct json_place *at, void *into, struct err *err)
{
    return json_boolean(at, &((struct order *)into)->force, err);
}

static int read_start_by(const struct json_place *at, void *into, struct err *err)
{
    return json_integer(at, 1, JSON_INTEGER_MAX, &((struct order *)into)->start_by, err);
}

static int read_issued(const struct json_place *at, void *into, struct err *err)
{
    return json_integer(at, 0, JSON_INTEGER_MAX, &((struct order *)into)->issued, err);
}

int order_parse(struct span payload, struct order *order, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = ORDER_BYTES_MAX};
    static const struct json_key keys[] = {
        {"schema", json_schema1, NULL, true},    {"id", read_id, NULL, true},
        {"fleet", read_fleet, NULL, true},       {"node", read_node, NULL, true},
        {"app", read_app, NULL, true},           {"epoch", read_epoch, NULL, true},
        {"gen", read_gen, NULL, true},           {"release", read_release, NULL, false},
        {"stage", read_stage, NULL, false},      {"before", read_before, NULL, false},
        {"hold", read_hold, NULL, false},        {"force", read_force, NULL, false},
        {"startBy", read_start_by, NULL, false}, {"rollout", read_rollout, NULL, false},
        {"issued", read_issued, NULL, true}};
    struct json_document document;
    struct order read = {0};
    int rc = json_parse(payload, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = json_read_object(&root, keys, COUNT_OF(keys), &read, err);
    json_free(&document);
    if (rc == 0) {
        *order = read;
    }
    return rc;
}

static void digest_append(struct text *text, const char *before, const struct digest *digest)
{
    char hex[DIGEST_HEX_BYTES];
    digest_render(digest, hex);
    text_printf(text, "%s\"%s\"", before, hex);
}

void order_render(const struct order *order, struct text *text)
{
    LAW(ONE_WRITER, order->id[ORDER_ID_BYTES - 1] == '\0');
    text_printf(text, "{\"schema\":1,\"id\":\"%s\",\"fleet\":\"%s\",\"node\":\"%s\",\"app\":\"%s\"",
                order->id, order->fleet, order->node, order->app);
    text_printf(text, ",\"epoch\":%llu,\"gen\":%llu", (unsigned long long)order->epoch,
                (unsigned long long)order->gen);
    if (!digest_is_none(&order->release)) {
        digest_append(text, ",\"release\":", &order->release);
    }
    for (size_t i = 0; i < order->stage_count; i++) {
        digest_append(text, i == 0 ? ",\"stage\":[" : ",", &order->stage[i]);
    }
    text_append(text, order->stage_count > 0 ? "]" : "");
    if (!digest_is_none(&order->before)) {
        digest_append(text, ",\"before\":", &order->before);
    }
    text_append(text, order->hold ? ",\"hold\":true" : "");
    text_append(text, order->force ? ",\"force\":true" : "");
    if (order->start_by != 0) {
        text_printf(text, ",\"startBy\":%lld", (long long)order->start_by);
    }
    if (order->rollout[0] != '\0') {
        text_printf(text, ",\"rollout\":\"%s\"", order->rollout);
    }
    text_printf(text, ",\"issued\":%lld}", (long long)order->issued);
}
