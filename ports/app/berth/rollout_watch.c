/* berth rollout watch: a rollout while it changes, seen from the side; nothing is ordered here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/link/link.h"
#include "ports/app/berth/interrupt.h"
#include "ports/app/berth/rollout_follow.h"
#include "ports/app/berth/rollout_verdict.h"
#include "ports/app/berth/rollout_world.h"
#include "ports/app/berth/verbs.h"

#define KEPT_MS 500 /* a table's times and limits are looked at so often */

struct watch {
    struct session session;
    struct fleet_dir dir;
    struct trust trust;
    struct rollout_world world;
    struct rollout_follow follow;
    struct link link;
    char id[NAME_BYTES];
    bool is_lost;   /* said so */
    bool is_due;    /* all is to be read: a session began */
    bool has_ended; /* the session has, by itself */
    mono_ms reread_at;
    bool is_json;
    char line[ROLLOUT_BYTES_MAX]; /* that was written last */
};

static void watch_greet(void *ctx, const char *session, struct link_hello *hello)
{
    (void)ctx;
    (void)snprintf(hello->client_id, sizeof hello->client_id, "watch-%s", session);
}

/* What changes from now on comes by itself, and what is there is read to its end. */
static void watch_opened(void *ctx, const char *session)
{
    struct watch *watch = ctx;
    (void)session;
    watch->session.is_open = true;
    watch->has_ended = false;
    watch->is_due = true;
}

/* What was known stays shown: it is what the broker kept. */
static void watch_closed(void *ctx, const struct err *err, bool was_open)
{
    struct watch *watch = ctx;
    (void)was_open;
    watch->session.is_open = false;
    watch->session.answer = *err;
    watch->has_ended = true;
    if (!watch->is_lost) {
        (void)fprintf(stderr, "berth: rollout watch: %s; trying again\n", err->text);
    }
    watch->is_lost = true;
}

static void watch_received(void *ctx, const char *topic, struct span payload, bool is_retained)
{
    struct watch *watch = ctx;
    if (watch->session.received != NULL) { /* a reading takes its fences out first */
        watch->session.received(watch->session.ctx, topic, payload, is_retained);
    } else {
        rollout_world_take(&watch->world, topic, payload, is_retained);
    }
}

/* A session that ends in the middle is read again when the next is there; anything else ends the
 * verb: what it would show is not the fleet. */
static int read_again(struct watch *watch, mono_ms now, struct err *err)
{
    watch->is_due = false;
    watch->reread_at = now + COORDINATOR_REREAD_MS;
    int rc = rollout_world_each(&watch->world, &watch->session, WORLD_NODES, rollout_world_take,
                                &watch->world, err);
    watch->is_lost = rc == 0 ? false : watch->is_lost;
    if (rc == 0 || watch->has_ended) {
        *err = (struct err){0};
        return 0;
    }
    return rc;
}

static wall_ms wall_now(const struct watch *watch)
{
    bool is_trusted = false;
    return watch->session.clock_port.ops->wall(watch->session.clock_port.self, &is_trusted);
}

static enum node_condition condition_of(const void *ctx, const struct rollout_view *view,
                                        const struct roster_node *node)
{
    const struct watch *watch = ctx;
    const struct planner_rollout rollout = {.spec = view->spec, .control = view->control};
    return planner_condition(&rollout, node, wall_now(watch));
}

/* A line for each state that differs from the one before. */
static void line_show(struct watch *watch, const struct rollout_view *view)
{
    char line[ROLLOUT_BYTES_MAX];
    struct text text;
    text_init(&text, line, sizeof line);
    wave_view_line(view, &text);
    if (strcmp(line, watch->line) != 0) {
        memcpy(watch->line, line, sizeof line);
        (void)fputs(line, stdout);
        (void)fflush(stdout);
    }
}

/* The exit status, or -1 to go on. */
static int look(struct watch *watch, struct err *err)
{
    const struct kept *record = NULL;
    int rc = rollout_world_find(&watch->world, watch->id, &record, err);
    if (rc != 0) {
        return rc; /* someone cleared it at the broker */
    }
    struct rollout_view view = rollout_world_view(record);
    struct rollout_sight sight = {.roster = &watch->world.mirror.roster,
                                  .now = wall_now(watch),
                                  .condition = condition_of,
                                  .ctx = watch};
    if (watch->is_json) {
        line_show(watch, &view);
    } else {
        rollout_follow_show(&watch->follow, &view, &sight);
    }
    return rollout_exit_status(view.spec, view.control, view.state);
}

/* The exit status, or -1 to go on; a code of err. */
static int turn_once(struct watch *watch, struct err *err)
{
    mono_ms now = linux_loop_now();
    link_step(&watch->link, now);
    if (watch->is_due || (watch->session.is_open && now >= watch->reread_at)) {
        int rc = read_again(watch, now, err);
        return rc != 0 ? rc : look(watch, err);
    }
    mono_ms due = mono_min(link_deadline(&watch->link), now + KEPT_MS);
    linux_loop_run_once(&watch->session.loop, due > now ? due - now : 0);
    return look(watch, err);
}

static int turn(struct watch *watch, struct err *err)
{
    static const struct link_user user = {.greet = watch_greet,
                                          .opened = watch_opened,
                                          .closed = watch_closed,
                                          .received = watch_received};
    struct link_user ours = user;
    struct interrupt interrupt;
    int rc = look(watch, err);
    ours.ctx = watch;
    link_init(&watch->link, watch->session.bus, watch->session.entropy, &ours);
    interrupt_open(&interrupt, linux_loop_interface(&watch->session.loop));
    while (rc == -1 && !interrupt.has_come) {
        rc = turn_once(watch, err);
    }
    link_stop(&watch->link);
    interrupt_close(&interrupt);
    return rc == -1 ? ROLLOUT_EXIT_INTERRUPTED : rc;
}

static int watch_run(struct watch *watch, const char *id, struct err *err)
{
    char path[PATH_MAX];
    const struct kept *record = NULL;
    fleet_dir_file(&watch->dir, "keys/trust.json", path);
    int rc = keyring_trust_load(&watch->session.keyring, path, &watch->trust, err);
    if (rc == 0) {
        rc = rollout_world_open(&watch->world, &watch->dir, &watch->trust, &watch->session.keyring,
                                err);
    }
    rc = rc == 0 ? rollout_world_read(&watch->world, &watch->session, WORLD_NODES, err) : rc;
    rc = rc == 0 ? rollout_world_find(&watch->world, id, &record, err) : rc;
    if (rc == 0) {
        (void)text_copy(watch->id, sizeof watch->id, record->spec.id);
        watch->session.bus.ops->close(watch->session.bus.self); /* a link takes it over */
        watch->session.is_open = false;
        watch->session.is_staying = true;
        rc = turn(watch, err);
    }
    rollout_follow_close(&watch->follow);
    rollout_world_close(&watch->world);
    return rc;
}

int verb_rollout_watch(struct given *given, struct err *err)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    watch->is_json = given_has(given, "json");
    int rc = session_start(&watch->session, given_value(given, "dir"), &watch->dir, err);
    if (rc == 0) {
        rc = watch_run(watch, given->arguments[0], err);
        session_close(&watch->session);
    }
    free(watch);
    return rc;
}
