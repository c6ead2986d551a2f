/* report_read: reading a node's report leniently: a newer node may say more than this side knows.
 */
#include <string.h>

#include "agent/wire/json.h"
#include "agent/wire/report.h"

static const struct json_field head_fields[] = {
    JSON_FIELD("fleet", TEXT, struct report, fleet, true),
    JSON_FIELD("node", TEXT, struct report, node, true),
    JSON_FIELD("version", TEXT, struct report, version, false),
    JSON_FIELD("arch", TEXT, struct report, arch, false),
    JSON_FIELD("memoryLost", BOOLEAN, struct report, is_memory_lost, false),
    JSON_FIELD("storeFailed", BOOLEAN, struct report, is_store_failing, false),
    JSON_FIELD("engineUp", BOOLEAN, struct report, is_engine_up, false),
    JSON_FIELD("identity", TEXT, struct report, identity, false),
    JSON_FIELD("trustVersion", NUMBER, struct report, trust_version, false),
    JSON_FIELD("revokeVersion", NUMBER, struct report, revoke_version, false),
    JSON_FIELD("at", INSTANT, struct report, at, false),
    JSON_FIELD("timeTrusted", BOOLEAN, struct report, is_time_trusted, false)};

static const struct json_field generation_fields[] = {
    JSON_FIELD("gen", NUMBER32, struct report_generation, gen, true),
    JSON_FIELD("release", DIGEST, struct report_generation, release, false),
    JSON_FIELD("sequence", NUMBER, struct report_generation, sequence, false),
    JSON_FIELD("version", TEXT, struct report_generation, version, false)};

static const struct json_field order_fields[] = {
    JSON_FIELD("gen", NUMBER, struct report_app, order_gen, true),
    JSON_FIELD("epoch", NUMBER, struct report_app, order_epoch, false),
    JSON_FIELD("id", TEXT, struct report_app, order_id, false),
    JSON_FIELD("open", BOOLEAN, struct report_app, is_order_open, false),
    JSON_FIELD("wait", TEXT, struct report_app, order_wait, false)};

static const struct json_field app_fields[] = {
    JSON_FIELD("app", TEXT, struct report_app, app, true),
    JSON_FIELD("phase", TEXT, struct report_app, phase, false),
    JSON_FIELD("wanted", DIGEST, struct report_app, wanted, false),
    JSON_FIELD("wantedBy", TEXT, struct report_app, wanted_by, false),
    JSON_FIELD("verdict", TEXT, struct report_app, verdict, false),
    JSON_FIELD("reason", TEXT, struct report_app, reason, false),
    JSON_FIELD("verdictGen", NUMBER32, struct report_app, verdict_gen, false),
    JSON_FIELD("floor", NUMBER, struct report_app, floor, false),
    JSON_FIELD("refused", TEXT, struct report_app, refused, false),
    JSON_FIELD("serving", BOOLEAN, struct report_app, is_serving, false),
    JSON_FIELD("restarts", NUMBER32, struct report_app, restarts, false),
    JSON_FIELD("health", TEXT, struct report_app, health, false),
    JSON_FIELD("healthReason", TEXT, struct report_app, health_reason, false)};

static bool is_known(const char *key)
{
    static const char *const others[] = {"schema", "must", "labels", "reads", "apps"};
    for (size_t i = 0; i < COUNT_OF(head_fields); i++) {
        if (strcmp(head_fields[i].name, key) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (strcmp(others[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static int outcomes_read(const struct json_place *at, struct report_app *app, struct err *err)
{
    struct json_place step = {0};
    while (app->outcome_count < REPORT_OUTCOMES_MAX && json_next(at, &step)) {
        struct report_outcome *outcome = &app->outcomes[app->outcome_count];
        struct json_place member;
        const char *word = "";
        static const struct json_field fields[] = {
            JSON_FIELD("id", TEXT, struct report_outcome, id, true),
            JSON_FIELD("reason", TEXT, struct report_outcome, reason, false)};
        int rc = json_read_fields(&step, fields, COUNT_OF(fields), outcome, err);
        if (rc == 0 && json_member(&step, "outcome", &member)) {
            rc = json_string(&member, &word, err);
        }
        if (rc != 0) {
            return rc;
        }
        outcome->kind = outcome_of(word);
        app->outcome_count++;
    }
    return 0;
}

static int generation_read(const struct json_place *app, const char *key,
                           struct report_generation *generation, struct err *err)
{
    struct json_place member;
    if (!json_member(app, key, &member)) {
        return 0;
    }
    return json_read_fields(&member, generation_fields, COUNT_OF(generation_fields), generation,
                            err);
}

static int app_read(const struct json_place *at, struct report_app *app, struct err *err)
{
    struct json_place member;
    int rc = json_read_fields(at, app_fields, COUNT_OF(app_fields), app, err);
    rc = rc == 0 ? generation_read(at, "committed", &app->committed, err) : rc;
    rc = rc == 0 ? generation_read(at, "candidate", &app->candidate, err) : rc;
    if (rc == 0 && json_member(at, "order", &member)) {
        rc = json_read_fields(&member, order_fields, COUNT_OF(order_fields), app, err);
    }
    if (rc == 0 && json_member(at, "outcomes", &member)) {
        rc = outcomes_read(&member, app, err);
    }
    return rc;
}

static int apps_read(const struct json_place *at, struct report *report, struct err *err)
{
    struct json_place step = {0};
    if (json_count(at) > APPS_MAX) {
        return json_error(at, ERR_LIMIT, err, "at most %d apps", APPS_MAX);
    }
    while (json_next(at, &step)) {
        int rc = app_read(&step, &report->apps[report->app_count], err);
        if (rc != 0) {
            return rc;
        }
        report->app_count++;
    }
    return 0;
}

static int labels_read(const struct json_place *at, struct report *report, struct err *err)
{
    struct json_place step = {0};
    if (json_count(at) > REPORT_LABELS_MAX) {
        return json_error(at, ERR_LIMIT, err, "at most %d labels", REPORT_LABELS_MAX);
    }
    while (json_next(at, &step)) {
        size_t i = report->label_count;
        if (step.key == NULL ||
            !text_copy(report->label_names[i], sizeof report->label_names[i], step.key)) {
            return json_error(&step, ERR_VALUE, err, "must be a member with a name of 1 to 63");
        }
        int rc = json_copy(&step, report->label_values[i], sizeof report->label_values[i], err);
        if (rc != 0) {
            return rc;
        }
        report->label_count++;
    }
    return 0;
}

static int reads_read(const struct json_place *at, struct report *report, struct err *err)
{
    struct json_place member;
    int64_t value = 0;
    int rc = 0;
    if (json_member(at, "release", &member)) {
        rc = json_integer(&member, 0, UINT16_MAX, &value, err);
        report->schema_release = (unsigned)value;
    }
    if (rc == 0 && json_member(at, "order", &member)) {
        rc = json_integer(&member, 0, UINT16_MAX, &value, err);
        report->schema_order = (unsigned)value;
    }
    if (rc == 0 && json_member(at, "trust", &member)) {
        rc = json_integer(&member, 0, UINT16_MAX, &value, err);
        report->schema_trust = (unsigned)value;
    }
    return rc;
}

static int root_read(const struct json_place *root, struct report *report, struct err *err)
{
    struct json_place member;
    int rc = json_read_head(root, is_known, err);
    rc = rc == 0 ? json_read_fields(root, head_fields, COUNT_OF(head_fields), report, err) : rc;
    if (rc == 0 && json_member(root, "reads", &member)) {
        rc = reads_read(&member, report, err);
    }
    if (rc == 0 && json_member(root, "labels", &member)) {
        rc = labels_read(&member, report, err);
    }
    if (rc == 0 && json_member(root, "apps", &member)) {
        rc = apps_read(&member, report, err);
    }
    return rc;
}

int report_parse(struct span text, struct report *report, struct err *err)
{
    static const struct json_rules rules = {.bytes_max = REPORT_BYTES_MAX};
    struct json_document document;
    int rc = json_parse(text, &rules, &document, err);
    if (rc != 0) {
        return rc;
    }
    struct json_place root = json_root(&document);
    memset(report, 0, sizeof *report);
    rc = root_read(&root, report, err);
    json_free(&document);
    return rc;
}
