/* operators: a list of names with their keys. */
#include "agent/wire/operators.h"

#include <string.h>

#include "agent/wire/base64.h"
#include "agent/wire/json.h"
#include "platform/base/law.h"
#include "platform/base/units.h"

const struct operator_key *operators_find(const struct operators *operators, const char *name)
{
    LAW(BOUNDED, operators->count <= OPERATORS_MAX);
    for (size_t i = 0; i < operators->count; i++) {
        if (strcmp(operators->list[i].name, name) == 0) {
            return &operators->list[i];
        }
    }
    return NULL;
}

const struct operator_key *operators_find_key(const struct operators *operators, const char *id)
{
    LAW(BOUNDED, operators->count <= OPERATORS_MAX);
    for (size_t i = 0; i < operators->count; i++) {
        if (strcmp(operators->list[i].key.id, id) == 0) {
            return &operators->list[i];
        }
    }
    return NULL;
}

static const char *const demand_words[] = {
#define WORD_(name, word) [OPERATORS_DEMAND_##name] = word,
    OPERATORS_DEMANDS(WORD_)
#undef WORD_
};

const char *operators_demand_word(enum operators_demand demand)
{
    return demand_words[demand];
}

enum operators_demand operators_demand_of(const char *word)
{
    unsigned demand = 0;
    while (demand < OPERATORS_DEMAND_COUNT && strcmp(demand_words[demand], word) != 0) {
        demand++;
    }
    return (enum operators_demand)demand;
}

static int read_demands(const struct json_place *at, void *into, struct err *err)
{
    struct json_place step = {0};
    const char *word = NULL;
    if (!json_is_array(at)) {
        return json_error(at, ERR_VALUE, err, "must be a list of words");
    }
    while (json_next(at, &step)) {
        int rc = json_string(&step, &word, err);
        enum operators_demand demand = rc == 0 ? operators_demand_of(word) : OPERATORS_DEMAND_COUNT;
        if (rc == 0 && demand == OPERATORS_DEMAND_COUNT) {
            rc = json_error(&step, ERR_VALUE, err,
                            "'%.32s' is nothing this version can demand: labels, roll", word);
        }
        if (rc != 0) {
            return rc;
        }
        ((struct operators *)into)->is_demanding[demand] = true;
    }
    return 0;
}

static int read_version(const struct json_place *at, void *into, struct err *err)
{
    int64_t version = 0;
    int rc = json_integer(at, 1, JSON_INTEGER_MAX, &version, err);
    ((struct operators *)into)->version = (uint64_t)version;
    return rc;
}

static int read_fleet(const struct json_place *at, void *into, struct err *err)
{
    return json_name(at, ((struct operators *)into)->fleet, NAME_BYTES, err);
}

static int read_name(const struct json_place *at, void *into, struct err *err)
{
    return json_name(at, ((struct operator_key *)into)->name, NAME_BYTES, err);
}

static int read_id(const struct json_place *at, void *into, struct err *err)
{
    return trust_read_id(at, &((struct operator_key *)into)->key, err);
}

static int read_point(const struct json_place *at, void *into, struct err *err)
{
    return trust_read_point(at, &((struct operator_key *)into)->key, err);
}

static bool is_there(const struct operators *operators, const struct operator_key *one)
{
    bool is_found = operators_find(operators, one->name) != NULL ||
                    operators_find_key(operators, one->key.id) != NULL;
    for (size_t i = 0; i < operators->count && !is_found; i++) {
        is_found = memcmp(operators->list[i].key.point, one->key.point, VERIFY_KEY_BYTES) == 0;
    }
    return is_found;
}

static int read_operators(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"name", read_name, NULL, true},
                                           {"id", read_id, NULL, true},
                                           {"point", read_point, NULL, true}};
    struct operators *operators = into;
    struct json_place step = {0};
    if (!json_is_array(at) || json_count(at) > OPERATORS_MAX) {
        return json_error(at, ERR_VALUE, err, "must be a list of at most %d operators",
                          OPERATORS_MAX);
    }
    while (json_next(at, &step)) {
        struct operator_key one = {.name = ""};
        int rc = json_read_object(&step, keys, COUNT_OF(keys), &one, err);
        if (rc != 0) {
            return rc;
        }
        if (is_there(operators, &one)) {
            return json_error(&step, ERR_VALUE, err, "its name or its key stands there already");
        }
        operators->list[operators->count++] = one;
    }
    return 0;
}

int operators_parse(struct span payload, struct operators *operators, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = TRUST_BYTES_MAX};
    static const struct json_key keys[] = {{"schema", json_schema1, NULL, true},
                                           {"fleet", read_fleet, NULL, true},
                                           {"version", read_version, NULL, true},
                                           {"demands", read_demands, NULL, false},
                                           {"operators", read_operators, NULL, true}};
    struct operators read = {0};
    struct json_document document;
    int rc = json_parse(payload, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    rc = json_read_object(&root, keys, COUNT_OF(keys), &read, err);
    json_free(&document);
    if (rc == 0) {
        *operators = read;
    }
    return rc;
}

/* A reader of before refuses the key: it is written where it says something. */
static void demands_render(const struct operators *operators, struct text *text)
{
    const char *before = "\"demands\":[";
    for (enum operators_demand i = 0; i < OPERATORS_DEMAND_COUNT; i++) {
        if (operators->is_demanding[i]) {
            text_printf(text, "%s\"%s\"", before, demand_words[i]);
            before = ",";
        }
    }
    text_append(text, before[0] == ',' ? "]," : "");
}

void operators_render(const struct operators *operators, struct text *text)
{
    LAW(BOUNDED, operators->count <= OPERATORS_MAX);
    uint8_t memory[3 * VERIFY_KEY_BYTES];
    struct arena arena;
    text_printf(text, "{\"schema\":1,\"fleet\":\"%s\",\"version\":%llu,", operators->fleet,
                (unsigned long long)operators->version);
    demands_render(operators, text);
    text_append(text, "\"operators\":[");
    for (size_t i = 0; i < operators->count; i++) {
        const struct operator_key *one = &operators->list[i];
        arena_init(&arena, memory, sizeof memory);
        const char *point = base64_encode(span_of(one->key.point, VERIFY_KEY_BYTES), &arena);
        text_printf(text, "%s{\"name\":\"%s\",\"id\":\"%s\",\"point\":\"%s\"}", i == 0 ? "" : ",",
                    one->name, one->key.id, point != NULL ? point : "");
    }
    text_append(text, "]}");
}

int operators_open(struct span envelope, const struct trust *trust, const struct verify *verify,
                   struct arena memory, struct operators *operators, struct err *err)
{
    const struct envelope_signers signers = {.type = OPERATORS_TYPE,
                                             .word = trust_role_word(TRUST_ROLE_TRUST),
                                             .keys = trust->keys,
                                             .key_count = trust->key_count,
                                             .roles = 1u << TRUST_ROLE_TRUST,
                                             .threshold = trust->threshold[TRUST_ROLE_TRUST]};
    struct operators read;
    struct span payload;
    struct digest digest;
    unsigned by = 0;
    int rc = envelope_open_by(envelope, &signers, verify, &memory, &payload, &digest, &by, err);
    rc = rc == 0 ? operators_parse(payload, &read, err) : rc;
    if (rc == 0 && strcmp(read.fleet, trust->fleet) != 0) {
        rc = err_set(err, ERR_WRONG_FLEET, "it is of the fleet %s", read.fleet);
    }
    if (rc == 0) {
        *operators = read;
    }
    return rc;
}
