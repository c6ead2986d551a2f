/* labels_given: a node's labels as an operator signs them: whose they are, and their version. */
#include "agent/wire/json.h"
#include "agent/wire/labels.h"
#include "platform/base/units.h"

static int read_fleet(const struct json_place *at, void *into, struct err *err)
{
    return json_name(at, ((struct labels_given *)into)->fleet, NAME_BYTES, err);
}

static int read_node(const struct json_place *at, void *into, struct err *err)
{
    return json_name(at, ((struct labels_given *)into)->node, NODE_NAME_BYTES, err);
}

static int read_version(const struct json_place *at, void *into, struct err *err)
{
    int64_t version = 0;
    int rc = json_integer(at, 1, UINT32_MAX, &version, err);
    ((struct labels_given *)into)->version = (uint32_t)version;
    return rc;
}

static int read_labels(const struct json_place *at, void *into, struct err *err)
{
    return labels_read(at, &((struct labels_given *)into)->labels, err);
}

int labels_given_parse(struct span payload, struct labels_given *given, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = SMALL_BYTES_MAX};
    static const struct json_key keys[] = {{"schema", json_schema1, NULL, true},
                                           {"fleet", read_fleet, NULL, true},
                                           {"node", read_node, NULL, true},
                                           {"version", read_version, NULL, true},
                                           {"labels", read_labels, NULL, true}};
    struct json_document document;
    struct labels_given read = {.version = 0};
    int rc = json_parse(payload, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = json_read_object(&root, keys, COUNT_OF(keys), &read, err);
    json_free(&document);
    if (rc == 0) {
        *given = read;
    }
    return rc;
}

void labels_given_render(const struct labels_given *given, struct text *text)
{
    text_printf(text, "{\"schema\":1,\"fleet\":\"%s\",\"node\":\"%s\",\"version\":%u,\"labels\":",
                given->fleet, given->node, given->version);
    labels_append(&given->labels, text);
    text_append(text, "}");
}
