/* berth keys operators: who may ask for a rollout: the operators' document, shown or written as its
 * next version. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/text.h"
#include "ports/app/berth/operators_file.h"
#include "ports/app/berth/verbs.h"

struct operators_request {
    const char *path; /* of the fleet's folder */
    const char *added[OPERATORS_MAX], *removed[OPERATORS_MAX];
    size_t added_count, removed_count;
    const char *demanded[OPERATORS_DEMAND_COUNT], *waived[OPERATORS_DEMAND_COUNT];
    size_t demanded_count, waived_count;
    const char *signers[KEYRING_FILES_MAX];
    size_t signer_count;
    uint64_t version; /* 0: the next */
    bool is_json;
    struct fleet_dir dir;
    struct trust trust;
    struct operators operators;
};

/* NAME=FILE; a name that is there gets the new key. */
static int operator_add(struct operators_request *request, const struct keyring *keyring,
                        const char *argument, struct err *err)
{
    struct operators *operators = &request->operators;
    struct operator_key one = {.name = ""};
    size_t len = strcspn(argument, "=");
    size_t at = 0;
    (void)snprintf(one.name, sizeof one.name, "%.*s", (int)(len < NAME_BYTES ? len : 0), argument);
    if (argument[len] != '=' || !text_is_name(one.name, NAME_BYTES - 1)) {
        return err_set(err, ERR_USAGE, "--add %.64s: NAME=FILE, the name of a-z, 0-9 and '-'",
                       argument);
    }
    int rc = keyring_load(keyring, argument + len + 1, &one.key, err);
    if (rc != 0) {
        return rc;
    }
    const struct operator_key *other = operators_find_key(operators, one.key.id);
    if (other != NULL && strcmp(other->name, one.name) != 0) {
        return err_set(err, ERR_EXISTS, "the key of %s is %s's already", one.name, other->name);
    }
    while (at < operators->count && strcmp(operators->list[at].name, one.name) != 0) {
        at++;
    }
    if (at == OPERATORS_MAX) {
        return err_set(err, ERR_LIMIT, "%d operators are named already, as many as may be",
                       OPERATORS_MAX);
    }
    operators->list[at] = one;
    operators->count += at == operators->count;
    return 0;
}

static int operator_remove(struct operators *operators, const char *name, struct err *err)
{
    for (size_t i = 0; i < operators->count; i++) {
        if (strcmp(operators->list[i].name, name) == 0) {
            operators->count--;
            memmove(&operators->list[i], &operators->list[i + 1],
                    (operators->count - i) * sizeof operators->list[0]);
            return 0;
        }
    }
    return err_set(err, ERR_NOT_FOUND, "no operator is called %.64s", name);
}

/* What is demanded from this version on, or no more. */
static int demands_set(struct operators *operators, const char *const *words, size_t count,
                       bool is_demanding, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        enum operators_demand demand = operators_demand_of(words[i]);
        if (demand == OPERATORS_DEMAND_COUNT) {
            return err_set(err, ERR_USAGE, "'%.32s' cannot be demanded: labels, roll", words[i]);
        }
        operators->is_demanding[demand] = is_demanding;
    }
    return 0;
}

static int document_make(struct operators_request *request, const struct keyring *keyring,
                         struct err *err)
{
    struct operators *operators = &request->operators;
    char signer[PATH_MAX];
    int rc = 0;
    if (request->version != 0 && request->version <= operators->version) {
        return err_set(err, ERR_VERSION,
                       "version %llu is there: coordinators take a higher one only; nothing was "
                       "changed: leave --version out",
                       (unsigned long long)operators->version);
    }
    for (size_t i = 0; rc == 0 && i < request->removed_count; i++) {
        rc = operator_remove(operators, request->removed[i], err);
    }
    for (size_t i = 0; rc == 0 && i < request->added_count; i++) {
        rc = operator_add(request, keyring, request->added[i], err);
    }
    rc = rc == 0 ? demands_set(operators, request->demanded, request->demanded_count, true, err)
                 : rc;
    rc = rc == 0 ? demands_set(operators, request->waived, request->waived_count, false, err) : rc;
    if (rc != 0) {
        return rc;
    }
    operators->version = request->version != 0 ? request->version : operators->version + 1;
    (void)text_copy(operators->fleet, sizeof operators->fleet, request->dir.fleet);
    if (request->signer_count == 0) {
        fleet_dir_file(&request->dir, "keys/trust.pem", signer);
        request->signers[request->signer_count++] = signer;
    }
    return operators_file_write(keyring, &request->dir, &request->trust, operators,
                                request->signers, request->signer_count, err);
}

static void operators_print(const struct operators *operators, bool is_changed)
{
    printf("operators: version %llu\n", (unsigned long long)operators->version);
    for (size_t i = 0; i < operators->count; i++) {
        printf("  %-32s  %s\n", operators->list[i].name, operators->list[i].key.id);
    }
    for (enum operators_demand i = 0; i < OPERATORS_DEMAND_COUNT; i++) {
        printf("  %-32s  %s\n", operators_demand_word(i),
               operators->is_demanding[i] ? "demanded: unsigned they count for nothing"
                                          : "not demanded");
    }
    if (is_changed) {
        printf("next: berth trust publish   (gives it to the coordinators)\n");
    } else if (operators->version == 0) {
        printf("nobody can begin a rollout: berth fleet upgrade names the first operator\n");
    }
}

static void operators_json(const struct operators *operators)
{
    char id[512];
    struct text text;
    const char *comma = "";
    printf("{\"version\":%llu,\"demands\":[", (unsigned long long)operators->version);
    for (enum operators_demand i = 0; i < OPERATORS_DEMAND_COUNT; i++) {
        if (operators->is_demanding[i]) {
            printf("%s\"%s\"", comma, operators_demand_word(i));
            comma = ",";
        }
    }
    printf("],\"operators\":[");
    for (size_t i = 0; i < operators->count; i++) {
        text_init(&text, id, sizeof id);
        text_append_json(&text, operators->list[i].key.id);
        printf("%s{\"name\":\"%s\",\"keyId\":%s}", i == 0 ? "" : ",", operators->list[i].name, id);
    }
    printf("]}\n");
}

static int operators_run(struct operators_request *request, struct err *err)
{
    struct keyring keyring;
    char path[PATH_MAX];
    int rc = fleet_dir_load(fleet_dir_choose(request->path), &request->dir, err);
    rc = rc == 0 ? keyring_open(&keyring, err) : rc;
    if (rc != 0) {
        return rc;
    }
    bool is_changed = request->added_count + request->removed_count + request->demanded_count +
                              request->waived_count >
                          0 ||
                      request->version != 0;
    fleet_dir_file(&request->dir, "keys/trust.json", path);
    rc = keyring_trust_load(&keyring, path, &request->trust, err);
    rc = rc == 0 ? operators_file_load(&keyring, &request->dir, &request->trust,
                                       &request->operators, err)
                 : rc;
    if (rc == 0 && is_changed) {
        rc = document_make(request, &keyring, err);
    }
    keyring_close(&keyring);
    if (rc == 0 && request->is_json) {
        operators_json(&request->operators);
    } else if (rc == 0) {
        operators_print(&request->operators, is_changed);
    }
    return rc;
}

int verb_keys_operators(struct given *given, struct err *err)
{
    struct operators_request request = {.path = given_value(given, "dir"),
                                        .version = given_number(given, "version", 0),
                                        .is_json = given_has(given, "json")};
    request.added_count = given_list(given, "add", request.added, OPERATORS_MAX);
    request.removed_count = given_list(given, "remove", request.removed, OPERATORS_MAX);
    request.demanded_count = given_list(given, "demand", request.demanded, OPERATORS_DEMAND_COUNT);
    request.waived_count = given_list(given, "waive", request.waived, OPERATORS_DEMAND_COUNT);
    request.signer_count = given_list(given, "key", request.signers, KEYRING_FILES_MAX);
    return operators_run(&request, err);
}
