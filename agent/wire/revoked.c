/* revoked: the signed list of releases that must never run again. */
#include "agent/wire/json.h"
#include "agent/wire/trust.h"
#include "platform/base/law.h"
#include "platform/base/units.h"

static int read_version(const struct json_place *at, void *into, struct err *err)
{
    int64_t version = 0;
    int rc = json_integer(at, 1, JSON_INTEGER_MAX, &version, err);
    ((struct revoked *)into)->version = (uint64_t)version;
    return rc;
}

static int read_fleet(const struct json_place *at, void *into, struct err *err)
{
    return json_name(at, ((struct revoked *)into)->fleet, NAME_BYTES, err);
}

static int read_releases(const struct json_place *at, void *into, struct err *err)
{
    struct revoked *revoked = into;
    struct json_place step = {0};
    if (!json_is_array(at) || json_count(at) > REVOKED_MAX) {
        return json_error(at, ERR_VALUE, err, "must be a list of at most %d digests", REVOKED_MAX);
    }
    while (json_next(at, &step)) {
        const char *text = NULL;
        int rc = json_string(&step, &text, err);
        if (rc != 0) {
            return rc;
        }
        if (!digest_parse(text, &revoked->digests[revoked->count])) {
            return json_error(&step, ERR_VALUE, err, "must be the 64 hex digits of a release");
        }
        revoked->count++;
    }
    return 0;
}

int revoked_parse(struct span payload, struct revoked *revoked, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = TRUST_BYTES_MAX};
    static const struct json_key keys[] = {{"schema", json_schema2, NULL, true},
                                           {"fleet", read_fleet, NULL, false},
                                           {"version", read_version, NULL, true},
                                           {"releases", read_releases, NULL, true}};
    struct json_document document;
    int rc = json_parse(payload, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct revoked read = {0};
    struct json_place root = json_root(&document);
    rc = json_read_object(&root, keys, COUNT_OF(keys), &read, err);
    json_free(&document);
    if (rc == 0) {
        *revoked = read;
    }
    return rc;
}

bool revoked_has(const struct revoked *revoked, const struct digest *digest)
{
    LAW(BOUNDED, revoked->count <= REVOKED_MAX);
    for (size_t i = 0; i < revoked->count; i++) {
        if (digest_is_equal(&revoked->digests[i], digest)) {
            return true;
        }
    }
    return false;
}
