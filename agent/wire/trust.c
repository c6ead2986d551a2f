/* trust: the list of keys, and how many of each role must agree. */
#include "agent/wire/trust.h"

#include <string.h>

#include "agent/wire/base64.h"
#include "agent/wire/json.h"
#include "platform/base/law.h"
#include "platform/base/text.h"
#include "platform/base/units.h"

const char *trust_role_word(enum trust_role role)
{
    LAW(BOUNDED, role < TRUST_ROLE_COUNT);
    static const char *const words[] = {
#define TRUST_WORD_(name, word, type) [TRUST_ROLE_##name] = word,
        TRUST_ROLES(TRUST_WORD_)
#undef TRUST_WORD_
    };
    return (unsigned)role < TRUST_ROLE_COUNT ? words[role] : "unknown";
}

const char *trust_role_type(enum trust_role role)
{
    LAW(BOUNDED, role < TRUST_ROLE_COUNT);
    static const char *const types[] = {
#define TRUST_TYPE_(name, word, type) [TRUST_ROLE_##name] = type,
        TRUST_ROLES(TRUST_TYPE_)
#undef TRUST_TYPE_
    };
    return (unsigned)role < TRUST_ROLE_COUNT ? types[role] : "unknown";
}

static int read_version(const struct json_place *at, void *into, struct err *err)
{
    int64_t version = 0;
    int rc = json_integer(at, 1, JSON_INTEGER_MAX, &version, err);
    ((struct trust *)into)->version = (uint64_t)version;
    return rc;
}

/* Seconds in 32 bits, in whole steps: a node's record has room for no more. */
static int read_base(const struct json_place *at, void *into, struct err *err)
{
    int64_t base = 0;
    int rc = json_integer(at, 1, UINT32_MAX, &base, err);
    ((struct trust *)into)->epoch_base = (uint64_t)base;
    return rc != 0 || base % TRUST_BASE_STEP == 0
               ? rc
               : json_error(at, ERR_VALUE, err, "must be a multiple of %d", TRUST_BASE_STEP);
}

static int read_fleet(const struct json_place *at, void *into, struct err *err)
{
    struct trust *trust = into;
    return json_name(at, trust->fleet, sizeof trust->fleet, err);
}

int trust_read_id(const struct json_place *at, void *into, struct err *err)
{
    struct trust_key *key = into;
    struct digest digest;
    int rc = json_copy(at, key->id, sizeof key->id, err);
    if (rc == 0 && !digest_parse(key->id, &digest)) {
        rc = json_error(at, ERR_VALUE, err, "must be 64 hex digits: the SHA-256 of the point");
    }
    return rc;
}

int trust_read_point(const struct json_place *at, void *into, struct err *err)
{
    struct trust_key *key = into;
    uint8_t memory[2 * VERIFY_KEY_BYTES];
    struct arena arena;
    struct span point;
    const char *text = NULL;
    int rc = json_string(at, &text, err);
    if (rc != 0) {
        return rc;
    }
    arena_init(&arena, memory, sizeof memory);
    if (base64_decode(text, &arena, &point, NULL) != 0 || point.len != VERIFY_KEY_BYTES ||
        point.data[0] != 4) {
        return json_error(at, ERR_VALUE, err, "must be the base64 of an uncompressed P-256 point");
    }
    memcpy(key->point, point.data, VERIFY_KEY_BYTES);
    return 0;
}

static int role_read(const struct json_place *at, enum trust_role *role, struct err *err)
{
    const char *word = NULL;
    int rc = json_string(at, &word, err);
    if (rc != 0) {
        return rc;
    }
    for (*role = 0; *role < TRUST_ROLE_COUNT; (*role)++) {
        if (strcmp(word, trust_role_word(*role)) == 0) {
            return 0;
        }
    }
    return json_error(at, ERR_VALUE, err, "no such role; there are release, order, trust, revoke");
}

static int read_roles(const struct json_place *at, void *into, struct err *err)
{
    struct trust_key *key = into;
    struct json_place step = {0};
    if (!json_is_array(at) || json_count(at) == 0) {
        return json_error(at, ERR_VALUE, err, "must be a list of at least one role");
    }
    while (json_next(at, &step)) {
        enum trust_role role;
        int rc = role_read(&step, &role, err);
        if (rc != 0) {
            return rc;
        }
        key->roles |= 1u << role;
    }
    return 0;
}

static int key_check_distinct(const struct json_place *at, const struct trust *trust,
                              const struct trust_key *key, struct err *err)
{
    for (size_t i = 0; i < trust->key_count; i++) {
        if (strcmp(trust->keys[i].id, key->id) == 0 ||
            memcmp(trust->keys[i].point, key->point, VERIFY_KEY_BYTES) == 0) {
            return json_error(at, ERR_VALUE, err, "the same key stands twice; give it both roles");
        }
    }
    return 0;
}

static int read_keys(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"id", trust_read_id, NULL, true},
                                           {"point", trust_read_point, NULL, true},
                                           {"roles", read_roles, NULL, true}};
    struct trust *trust = into;
    struct json_place step = {0};
    if (!json_is_array(at) || json_count(at) == 0 || json_count(at) > TRUST_KEYS_MAX) {
        return json_error(at, ERR_VALUE, err, "must be a list of 1 to %d keys", TRUST_KEYS_MAX);
    }
    while (json_next(at, &step)) {
        struct trust_key key = {0};
        int rc = json_read_object(&step, keys, COUNT_OF(keys), &key, err);
        if (rc == 0) {
            rc = key_check_distinct(&step, trust, &key, err);
        }
        if (rc != 0) {
            return rc;
        }
        trust->keys[trust->key_count++] = key;
    }
    return 0;
}

static int64_t keys_of_role(const struct trust *trust, enum trust_role role)
{
    int64_t count = 0;
    for (size_t i = 0; i < trust->key_count; i++) {
        count += trust->keys[i].roles >> role & 1;
    }
    return count;
}

static int read_threshold(const struct json_place *at, void *into, struct err *err)
{
    struct trust *trust = into;
    struct json_place step = {0};
    if (!json_is_object(at)) {
        return json_error(at, ERR_VALUE, err, "must be an object: role to number of signatures");
    }
    while (json_next(at, &step)) {
        enum trust_role role = 0;
        int64_t threshold = 0;
        while (role < TRUST_ROLE_COUNT && strcmp(step.key, trust_role_word(role)) != 0) {
            role++;
        }
        if (role == TRUST_ROLE_COUNT) {
            return json_error(&step, ERR_UNKNOWN_KEY, err, "no such role");
        }
        int rc = json_integer(&step, 1, TRUST_KEYS_MAX, &threshold, err);
        if (rc != 0) {
            return rc;
        }
        if (threshold > keys_of_role(trust, role)) {
            return json_error(&step, ERR_VALUE, err,
                              "cannot be met: %lld signatures wanted, %lld keys have the role",
                              (long long)threshold, (long long)keys_of_role(trust, role));
        }
        trust->threshold[role] = (uint8_t)threshold;
    }
    for (enum trust_role role = 0; role < TRUST_ROLE_COUNT; role++) {
        if (trust->threshold[role] == 0) {
            return json_error(at, ERR_MISSING, err, "says nothing about the role %s",
                              trust_role_word(role));
        }
    }
    return 0;
}

int trust_parse(struct span payload, struct trust *trust, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = TRUST_BYTES_MAX};
    static const struct json_key keys[] = {
        {"schema", json_schema2, NULL, true}, {"epochBase", read_base, NULL, false},
        {"fleet", read_fleet, NULL, true},    {"version", read_version, NULL, true},
        {"keys", read_keys, NULL, true},      {"threshold", read_threshold, NULL, true}};
    struct json_document document;
    int rc = json_parse(payload, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct trust read = {0};
    struct json_place root = json_root(&document);
    rc = json_read_object(&root, keys, COUNT_OF(keys), &read, err);
    json_free(&document);
    if (rc == 0) {
        *trust = read;
    }
    return rc;
}
