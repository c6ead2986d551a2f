/* berth rollout status, rollout list: what the broker holds of rollouts, told once. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ports/app/berth/rollout_follow.h"
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
        rc = rollout_world_open(&reading->world, reading->dir.fleet, &reading->trust,
                                reading->session.keyring.verify, err);
    }
    rc = rc == 0 ? rollout_world_read(&reading->world, &reading->session, err) : rc;
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
    printf("},%s,\"nodes\":[", data);
    for (size_t i = 0; i < progress->count; i++) {
        const struct progress_node *node = &progress->nodes[i];
        member(i == 0 ? "\n{" : ",\n{", "node", node->name);
        member(",", "condition", node_condition_word(node->condition));
        member(",", "why", node->why);
        printf("}");
    }
    printf("\n]}\n");
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
    if (!rollout_phase_is_end(view.state->phase) &&
        !rollout_world_is_coordinated(&reading->world)) {
        printf("nobody coordinates: it goes on with berth coordinate\n");
    }
    return 0;
}

/* -- list ------------------------------------------------------------------------------------- */

static void list_row(const struct kept *record)
{
    char created[32];
    char nodes[32] = "-";
    time_t seconds = (time_t)(record->spec.created / 1000);
    struct tm parts;
    (void)localtime_r(&seconds, &parts);
    (void)strftime(created, sizeof created, "%Y-%m-%d %H:%M:%S", &parts);
    if (record->has_told) {
        (void)snprintf(nodes, sizeof nodes, "%" PRIu32 "/%" PRIu32, record->told.count[NODE_DONE],
                       record->told.matched);
    }
    printf("%-32s  %-10s  %-9s  %s  %s\n", record->spec.id,
           record->has_told ? rollout_phase_word(record->told.phase) : "new", nodes, created,
           record->spec.selector[0] != '\0' ? record->spec.selector : "(every node)");
}

static int list_show(const struct reading *reading)
{
    printf("%-32s  %-10s  %-9s  %-19s  %s\n", "ROLLOUT", "PHASE", "DONE", "STARTED", "NODES");
    for (size_t i = 0; i < reading->world.count; i++) {
        list_row(reading->world.mirror.rollouts.list[i]);
    }
    return 0;
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

int verb_rollout_list(struct given *given, struct err *err)
{
    struct reading *reading = NULL;
    int rc = reading_open(&reading, given_value(given, "dir"), err);
    rc = rc == 0 ? list_show(reading) : rc;
    reading_close(reading);
    return rc;
}
