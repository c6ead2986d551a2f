/* freeze: a fleet's lock, read and written by tables of its members. */
#include "agent/wire/freeze.h"

#include <string.h>

#include "agent/wire/duration.h"
#include "agent/wire/json.h"
#include "platform/base/units.h"

static const struct json_rules rules = {.bytes_max = SMALL_BYTES_MAX};

static const struct json_field freeze_fields[] = {
    JSON_FIELD("fleet", TEXT, struct freeze, fleet, true),
    JSON_FIELD("serial", NUMBER, struct freeze, serial, true),
    JSON_FIELD("frozen", BOOLEAN, struct freeze, is_frozen, true),
    JSON_FIELD("reason", TEXT, struct freeze, reason, false),
    JSON_FIELD("since", INSTANT, struct freeze, since, true),
    JSON_FIELD("until", INSTANT, struct freeze, until, false)};

static const struct json_field frozen_fields[] = {
    JSON_FIELD("fleet", TEXT, struct frozen, fleet, true),
    JSON_FIELD("epoch", NUMBER, struct frozen, epoch, true),
    JSON_FIELD("revision", NUMBER, struct frozen, revision, true),
    JSON_FIELD("owner", TEXT, struct frozen, owner, true),
    JSON_FIELD("digest", DIGEST, struct frozen, digest, true)};

/* Every key of both documents, for their `must`. */
static bool is_known(const char *key)
{
    static const char *const others[] = {"schema", "must", "freeze"};
    static const struct {
        const struct json_field *fields;
        size_t count;
    } tables[] = {{freeze_fields, COUNT_OF(freeze_fields)},
                  {frozen_fields, COUNT_OF(frozen_fields)}};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (strcmp(others[i], key) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        for (size_t j = 0; j < tables[i].count; j++) {
            if (strcmp(tables[i].fields[j].name, key) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* -- reading ---------------------------------------------------------------------------------- */

static int freeze_read(const struct json_place *at, struct freeze *freeze, struct err *err)
{
    int rc = json_read_fields(at, freeze_fields, COUNT_OF(freeze_fields), freeze, err);
    if (rc == 0 && freeze->serial == 0) {
        return json_error(at, ERR_VALUE, err, "serial must be at least 1");
    }
    if (rc == 0 && freeze->is_frozen &&
        (freeze->until < freeze->since || freeze->until - freeze->since > FREEZE_MS_MAX)) {
        return json_error(at, ERR_VALUE, err, "until must be at most %d days after since",
                          (int)(FREEZE_MS_MAX / 86400000));
    }
    return rc;
}

int freeze_parse(struct span text, struct freeze *freeze, struct err *err)
{
    struct freeze read = {.serial = 0};
    struct json_document document;
    int rc = json_parse(text, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = json_read_head(&root, is_known, err);
    rc = rc == 0 ? freeze_read(&root, &read, err) : rc;
    json_free(&document);
    if (rc == 0) {
        *freeze = read;
    }
    return rc;
}

static int frozen_read(const struct json_place *root, struct frozen *frozen, struct err *err)
{
    struct json_place member;
    int rc = json_read_head(root, is_known, err);
    rc = rc == 0 ? json_read_fields(root, frozen_fields, COUNT_OF(frozen_fields), frozen, err) : rc;
    if (rc == 0 && !json_member(root, "freeze", &member)) {
        return json_error(root, ERR_MISSING, err, "freeze is missing");
    }
    return rc == 0 ? freeze_read(&member, &frozen->freeze, err) : rc;
}

int frozen_parse(struct span text, struct frozen *frozen, struct err *err)
{
    struct frozen read = {.epoch = 0};
    struct json_document document;
    int rc = json_parse(text, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = frozen_read(&root, &read, err);
    json_free(&document);
    if (rc == 0) {
        *frozen = read;
    }
    return rc;
}

/* -- writing ---------------------------------------------------------------------------------- */

static void freeze_append(const struct freeze *freeze, struct text *text)
{
    text_append(text, "\"fleet\":");
    text_append_json(text, freeze->fleet);
    text_printf(text,
                ",\"serial\":%llu,\"frozen\":%s,\"reason\":", (unsigned long long)freeze->serial,
                freeze->is_frozen ? "true" : "false");
    text_append_json(text, freeze->reason);
    text_printf(text, ",\"since\":%lld,\"until\":%lld}", (long long)freeze->since,
                (long long)freeze->until);
}

void freeze_render(const struct freeze *freeze, struct text *text)
{
    text_append(text, "{\"schema\":1,\"must\":[\"frozen\"],");
    freeze_append(freeze, text);
}

void frozen_render(const struct frozen *frozen, struct text *text)
{
    char hex[DIGEST_HEX_BYTES];
    digest_render(&frozen->digest, hex);
    text_append(text, "{\"schema\":1,\"must\":[],\"fleet\":");
    text_append_json(text, frozen->fleet);
    text_printf(text,
                ",\"epoch\":%llu,\"revision\":%llu,\"owner\":", (unsigned long long)frozen->epoch,
                (unsigned long long)frozen->revision);
    text_append_json(text, frozen->owner);
    text_printf(text, ",\"digest\":\"%s\",\"freeze\":{", hex);
    freeze_append(&frozen->freeze, text);
    text_append(text, "}");
}

/* -- meaning ---------------------------------------------------------------------------------- */

bool freeze_holds(const struct freeze *freeze, wall_ms now, bool is_trusted)
{
    return freeze->is_frozen && (!is_trusted || now < freeze->until);
}

void freeze_say(const struct freeze *freeze, const char *owner, struct text *text)
{
    text_printf(text, "%s until ", owner);
    instant_append(text, freeze->until);
    text_printf(text, ": %s", freeze->reason[0] != '\0' ? freeze->reason : "(no reason given)");
}
