/* berth rollout plan: what `rollout start` with the same words would do; nothing is done. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/app/berth/release_file.h"
#include "ports/app/berth/rollout_freeze.h"
#include "ports/app/berth/rollout_options.h"
#include "ports/app/berth/rollout_preview.h"
#include "ports/app/berth/rollout_world.h"
#include "ports/app/berth/unread.h"
#include "ports/app/berth/verbs.h"

#define NODE_LINE_BYTES 512

struct planning {
    struct rollout_options options;
    struct rollout_spec spec;
    struct fleet_dir dir;
    struct session session;
    struct trust trust;
    struct rollout_world world;
    struct release_file release;
    struct preview preview;
};

static void take(void *ctx, const char *text, struct span payload, bool is_retained)
{
    struct planning *planning = ctx;
    rollout_world_take(&planning->world, text, payload, is_retained);
    const struct report *report = planning->world.news.report;
    if (report != NULL) {
        preview_take(&planning->preview, report, planning->spec.app);
    }
}

static int release_read(struct planning *planning, struct err *err)
{
    const struct keyring *keyring = &planning->session.keyring;
    struct rollout_spec *spec = &planning->spec;
    char path[PATH_MAX];
    struct plan plan;
    bool is_trusted = false;
    fleet_dir_file(&planning->dir, "keys/trust.json", path);
    int rc = keyring_trust_load(keyring, path, &planning->trust, err);
    rc = rc == 0 ? release_file_open(keyring, planning->options.file, &planning->release, err) : rc;
    rc = rc == 0 ? release_file_verify(keyring, planning->options.file, &planning->trust,
                                       &planning->release, &plan, err)
                 : rc;
    if (rc != 0) {
        return rc;
    }
    (void)text_copy(spec->app, sizeof spec->app, plan.app);
    (void)snprintf(spec->version, sizeof spec->version, "%.31s", plan.version);
    spec->release = planning->release.digest;
    spec->sequence = plan.sequence;
    spec->created =
        planning->session.clock_port.ops->wall(planning->session.clock_port.self, &is_trusted);
    (void)snprintf(spec->id, sizeof spec->id, "%.12s-plan", spec->app);
    return 0;
}

static int fleet_read(struct planning *planning, struct err *err)
{
    int rc = rollout_world_open(&planning->world, &planning->dir, &planning->trust,
                                &planning->session.keyring, err);
    rc = rc == 0 ? rollout_world_each(&planning->world, &planning->session, WORLD_NODES, take,
                                      planning, err)
                 : rc;
    unread_say(&planning->world.mirror);
    rc = rc == 0 ? rollout_freeze_refuse(&planning->world, "it would not begin", err) : rc;
    if (rc == 0 && (planning->world.mirror.roster.is_short || planning->preview.is_short)) {
        rc = err_set(err, ERR_MEMORY, "no memory for the whole fleet");
    }
    return rc;
}

static int show(struct planning *planning, struct err *err)
{
    static const struct rollout_control run = {.want = "run"};
    static struct selector selector;
    const struct roster *roster = &planning->world.mirror.roster;
    const struct rollout_spec *spec = &planning->spec;
    const struct planner_rollout rollout = {.spec = spec, .control = &run, .selector = &selector};
    size_t cap = (roster->node_count + ROLLOUT_WAVES_MAX) * NODE_LINE_BYTES + 4096;
    struct planner_forecast *forecasts = calloc(roster->node_count + 1, sizeof *forecasts);
    char *bytes = malloc(cap);
    struct text text;
    int rc = selector_parse(spec->selector, &selector, err);
    if (rc == 0 && (forecasts == NULL || bytes == NULL)) {
        rc = err_set(err, ERR_MEMORY, "no memory");
    }
    if (rc == 0) {
        struct preview_request request = {.rollout = &rollout,
                                          .roster = roster,
                                          .forecasts = forecasts,
                                          .payload = planning->release.parts.payload,
                                          .sequence = spec->sequence,
                                          .is_json = planning->options.is_json};
        request.wave_count = planner_foresee(&rollout, roster, spec->created, forecasts);
        text_init(&text, bytes, cap);
        preview_render(&planning->preview, &request, &text);
        if (!request.is_json) {
            printf("plan: %s %s; nothing is done\n", spec->app, spec->version);
        }
        (void)fwrite(text.data, 1, text.len, stdout);
    }
    free(forecasts);
    free(bytes);
    return rc;
}

static int plan_run(struct planning *planning, struct err *err)
{
    int rc = session_start(&planning->session, planning->options.path, &planning->dir, err);
    if (rc != 0) {
        return rc;
    }
    rc = release_read(planning, err);
    rc = rc == 0 ? fleet_read(planning, err) : rc;
    rc = rc == 0 ? show(planning, err) : rc;
    rollout_world_close(&planning->world);
    release_file_close(&planning->release);
    preview_close(&planning->preview);
    session_close(&planning->session);
    return rc;
}

int verb_rollout_plan(struct given *given, struct err *err)
{
    struct planning *planning = calloc(1, sizeof *planning);
    if (planning == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = rollout_options_read(&planning->options, &planning->spec, true, given, err);
    rc = rc == 0 ? plan_run(planning, err) : rc;
    free(planning);
    return rc;
}
