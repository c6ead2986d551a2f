/* berth rollout status, rollout list: what the broker holds of rollouts, told once. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ports/app/berth/rollout_follow.h"
#include "ports/app/berth/rollout_freeze.h"
#include "ports/app/berth/rollout_world.h"
#include "ports/app/berth/verbs.h"

struct request {
    const char *path; /* of the fleet's folder */
    const char *id;   /* NULL: the newest */
    bool is_json;
};

struct reading {
    struct session session;
    struct fleet_dir dir;
    struct trust trust;
    struct rollout_world world;
    struct rollout_follow follow;
    wall_ms now;
};

static void reading_close(struct reading *reading)
{
    if (reading != NULL) {
        rollout_follow_close(&reading->follow);
        rollout_world_close(&reading->world);
        free(reading);
    }
}

static int reading_fill(struct reading *reading, struct err *err)
{
    char path[PATH_MAX];
    bool is_trusted = false;
    fleet_dir_file(&reading->dir, "keys/trust.json", path);
    int rc = keyring_trust_load(&reading->session.keyring, path, &reading->trust, err);
    if (rc == 0) {
        rc = rollout_world_open(&reading->world, &reading->dir, &reading->trust,
                                &reading->session.keyring, err);
    }
    rc = rc == 0 ? rollout_world_read(&reading->world, &reading->session, WORLD_NODES, err) : rc;
    reading->now =
        reading->session.clock_port.ops->wall(reading->session.clock_port.self, &is_trusted);
    return rc;
}

/* On success the caller calls reading_close. */
static int reading_open(struct reading **made, const char *path, struct err *err)
{
    struct reading *reading = calloc(1, sizeof *reading);
    if (reading == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = session_start(&reading->session, path, &reading->dir, err);
    if (rc == 0) {
        rc = reading_fill(reading, err);
        session_close(&reading->session);
    }
    if (rc != 0) {
        reading_close(reading);
        return rc;
    }
    *made = reading;
    return 0;
}

static enum node_condition condition_of(const void *ctx, const struct rollout_view *view,
                                        const struct roster_node *node)
{
    const struct reading *reading = ctx;
    const struct planner_rollout rollout = {.spec = view->spec, .control = view->control};
    return planner_condition(&rollout, node, reading->now);
}

/* -- status ----------------------------------------------------------------------------------- */

static void member(const char *comma, const char *key, const char *value)
{
    char data[2 * SMALL_BYTES_MAX];
    struct text text;
    text_init(&text, data, sizeof data);
    text_append_json(&text, value);
    printf("%s\"%s\":%s", comma, key, data);
}

static void status_json(const struct reading *reading, const struct rollout_view *view)
{
    const struct progress *progress = &reading->follow.progress;
    const struct rollout_spec *spec = view->spec;
    uint32_t count[NODE_CONDITION_COUNT] = {0};
    char hex[DIGEST_HEX_BYTES];
    digest_render(&spec->release, hex);
    member("{", "id", spec->id);
    member(",", "app", spec->app);
    member(",", "version", spec->version);
    member(",", "release", hex);
    printf(",\"sequence\":%" PRIu64 ",\"created\":%" PRId64, spec->sequence, spec->created);
    member(",", "selector", spec->selector);
    member(",", "want", view->control->want);
    member(",", "phase", rollout_phase_word(view->state->phase));
    member(",", "waiting", view->state->waiting);
    member(",", "failedNode", view->state->failed_node);
    printf(",\"coordinated\":%s,\"count\":{",
           rollout_world_is_coordinated(&reading->world) ? "true" : "false");
    for (size_t i = 0; i < progress->count; i++) {
        count[progress->nodes[i].condition]++;
    }
    for (int i = 0; i < NODE_CONDITION_COUNT; i++) {
        printf("%s\"%s\":%" PRIu32, i == 0 ? "" : ",", node_condition_word((enum node_condition)i),
               count[i]);
    }
    char data[ROLLOUT_BYTES_MAX];
    struct text text;
    text_init(&text, data, sizeof data);
    wave_view_members(view, &text);
    printf("},%s,", data);
    text_init(&text, data, sizeof data);
    rollout_freeze_json(&reading->world, &text);
    printf("%s,\"nodes\":[", data);
    for (size_t i = 0; i < progress->count; i++) {
        const struct progress_node *node = &progress->nodes[i];
        member(i == 0 ? "\n{" : ",\n{", "node", node->name);
        member(",", "condition", node_condition_word(node->condition));
        member(",", "why", node->why);
        printf("}");
    }
    printf("\n]}\n");
}

static void frozen_say(const struct reading *reading)
{
    char said[ROLLOUT_TEXT_BYTES + NAME_BYTES];
    struct text text;
    text_init(&text, said, sizeof said);
    if (rollout_freeze_say(&reading->world, &text)) {
        printf("the fleet is frozen by %s\n", said);
    }
}

static int status_show(struct reading *reading, const struct request *request, struct err *err)
{
    const struct kept *record = NULL;
    struct rollout_follow *follow = &reading->follow;
    struct text text;
    int rc = rollout_world_find(&reading->world, request->id, &record, err);
    if (rc != 0) {
        return rc;
    }
    struct rollout_view view = rollout_world_view(record);
    struct rollout_sight sight = {.roster = &reading->world.mirror.roster,
                                  .now = reading->now,
                                  .condition = condition_of,
                                  .ctx = reading};
    rollout_follow_look(follow, &view, &sight, NULL);
    if (request->is_json) {
        status_json(reading, &view);
        return 0;
    }
    text_init(&text, follow->bytes, sizeof follow->bytes);
    progress_table(&follow->progress, &view, reading->now, SIZE_MAX, &text);
    (void)fwrite(text.data, 1, text.len, stdout);
    frozen_say(reading);
    if (!rollout_phase_is_end(view.state->phase) &&
        !rollout_world_is_coordinated(&reading->world)) {
        printf("nobody coordinates: it goes on with berth coordinate\n");
    }
    return 0;
}

/* -- list, history ---------------------------------------------------------------------------- */

static const char *instant(wall_ms at, char text[32])
{
    time_t seconds = (time_t)(at / 1000);
    struct tm parts;
    (void)localtime_r(&seconds, &parts);
    (void)strftime(text, 32, "%Y-%m-%d %H:%M:%S", &parts);
    return text;
}

static const char *done_of(const struct kept *record, char text[32])
{
    (void)snprintf(text, 32, "-");
    if (record->has_told) {
        (void)snprintf(text, 32, "%" PRIu32 "/%" PRIu32, record->told.count[NODE_DONE],
                       record->told.matched);
    }
    return text;
}

static const char *nodes_of(const struct kept *record)
{
    return record->spec.selector[0] != '\0' ? record->spec.selector : "(every node)";
}

static void list_row(const struct kept *record)
{
    char created[32], nodes[32];
    printf("%-32s  %-10s  %-9s  %s  %s\n", record->spec.id,
           record->has_told ? rollout_phase_word(record->told.phase) : "new",
           done_of(record, nodes), instant(record->spec.created, created), nodes_of(record));
}

/* When it ended is when its state was written last. */
static void history_row(const struct kept *record)
{
    const struct rollout_state *told = &record->told;
    char created[32], ended[32], nodes[32];
    printf("%-32s  %-11s  %-9s  %-6" PRIu32 "  %s  %s  %s %s  %s\n", record->spec.id,
           rollout_phase_word(told->phase), done_of(record, nodes),
           told->count[NODE_FAILED] + told->count[NODE_LOST] + told->count[NODE_REGRESSED],
           instant(record->spec.created, created), instant(told->updated, ended), record->spec.app,
           record->spec.version, nodes_of(record));
}

/* The last word of an operator on it; NULL: nobody said any. */
static const char *word_of(const struct kept *record)
{
    const struct rollout_control *taken = &record->told_control;
    if (!record->has_told || record->told.control_serial == 0) {
        return NULL;
    }
    return strcmp(taken->want, "abort") == 0   ? "aborted"
           : strcmp(taken->want, "pause") == 0 ? "paused"
           : taken->allowed_at != 0            ? "resumed"
                                               : "changed";
}

/* Who signed it, and why it ended otherwise than well. */
static void history_who(const struct kept *record)
{
    const struct rollout_state *told = &record->told;
    const char *word = word_of(record);
    printf("    started by %s",
           record->spec_signer[0] != '\0' ? record->spec_signer : "an operator");
    if (word != NULL) {
        printf("; %s by %s", word, told->control_signer);
    }
    if (told->failed_node[0] != '\0') {
        printf("; %s %s%s%s%s", told->failed_node, told->failed_outcome,
               told->failed_reason[0] != '\0' ? " (" : "", told->failed_reason,
               told->failed_reason[0] != '\0' ? ")" : "");
    }
    printf("\n");
}

static void who_json(const struct kept *record)
{
    const char *word = word_of(record);
    member(",", "startedBy", record->spec_signer);
    member(",", "word", word != NULL ? word : "");
    member(",", "wordBy", word != NULL ? record->told.control_signer : "");
    member(",", "failedNode", record->told.failed_node);
    member(",", "failedOutcome", record->told.failed_outcome);
    member(",", "failedReason", record->told.failed_reason);
}

static void row_json(const struct kept *record, const char *comma)
{
    const struct rollout_spec *spec = &record->spec;
    char hex[DIGEST_HEX_BYTES];
    digest_render(&spec->release, hex);
    printf("%s", comma);
    member("\n{", "id", spec->id);
    member(",", "app", spec->app);
    member(",", "version", spec->version);
    member(",", "release", hex);
    member(",", "selector", spec->selector);
    member(",", "undo", spec->shape.undo);
    who_json(record);
    member(",", "phase", record->has_told ? rollout_phase_word(record->told.phase) : "new");
    printf(",\"created\":%" PRId64 ",\"updated\":%" PRId64 ",\"matched\":%" PRIu32 ",\"count\":{",
           spec->created, record->told.updated, record->told.matched);
    for (int i = 0; i < NODE_CONDITION_COUNT; i++) {
        printf("%s\"%s\":%" PRIu32, i == 0 ? "" : ",", node_condition_word((enum node_condition)i),
               record->told.count[i]);
    }
    printf("}}");
}

/* Newest first; of a history only those that have ended. */
static void list_show(const struct reading *reading, bool is_history, bool is_json)
{
    const char *comma = "";
    if (is_json) {
        printf("[");
    } else if (is_history) {
        printf("%-32s  %-11s  %-9s  %-6s  %-19s  %-19s  %s\n", "ROLLOUT", "ENDED", "DONE", "FAILED",
               "STARTED", "UNTIL", "WHAT");
    } else {
        printf("%-32s  %-10s  %-9s  %-19s  %s\n", "ROLLOUT", "PHASE", "DONE", "STARTED", "NODES");
    }
    for (size_t i = 0; i < reading->world.count; i++) {
        const struct kept *record = reading->world.mirror.rollouts.list[i];
        bool is_ended = record->has_told && rollout_phase_is_end(record->told.phase);
        if (is_history && !is_ended) {
            continue;
        }
        if (is_json) {
            row_json(record, comma);
            comma = ",";
        } else if (is_history) {
            history_row(record);
            history_who(record);
        } else {
            list_row(record);
        }
    }
    printf("%s", is_json ? "\n]\n" : "");
    if (!is_json && !is_history) {
        frozen_say(reading);
    }
}

/* -- verbs ------------------------------------------------------------------------------------ */

int verb_rollout_status(struct given *given, struct err *err)
{
    const struct request request = {.path = given_value(given, "dir"),
                                    .id = given->arguments[0],
                                    .is_json = given_has(given, "json")};
    struct reading *reading = NULL;
    int rc = reading_open(&reading, request.path, err);
    rc = rc == 0 ? status_show(reading, &request, err) : rc;
    reading_close(reading);
    return rc;
}

static int list_run(struct given *given, bool is_history, struct err *err)
{
    bool is_json = given_has(given, "json");
    struct reading *reading = NULL;
    int rc = reading_open(&reading, given_value(given, "dir"), err);
    if (rc == 0) {
        list_show(reading, is_history, is_json);
    }
    reading_close(reading);
    return rc;
}

int verb_rollout_list(struct given *given, struct err *err)
{
    return list_run(given, false, err);
}

int verb_rollout_history(struct given *given, struct err *err)
{
    return list_run(given, true, err);
}
