/* berth rollout start: a release over the nodes that a selector means, one after the other. */
#include "ports/app/berth/rollout_start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fleet/signed.h"
#include "agent/wire/topic.h"
#include "platform/base/text.h"
#include "ports/app/berth/operators_file.h"
#include "ports/app/berth/release_file.h"
#include "ports/app/berth/release_pieces.h"
#include "ports/app/berth/rollout_follow.h"
#include "ports/app/berth/rollout_options.h"
#include "ports/app/berth/rollout_run.h"
#include "ports/app/berth/rollout_target.h"
#include "ports/app/berth/rollout_undo.h"
#include "ports/app/berth/rollout_verdict.h"
#include "ports/app/berth/verbs.h"

#define MISSING_MS SECONDS_MS(5)

struct start {
    struct rollout_options options;
    const char *undo; /* id of the rollout that is taken back, or NULL */
    struct rollout_target target;
    struct rollout_spec spec;
    struct release_file release;
    struct pieces pieces; /* of its files */
    struct rollout_follow follow;
    struct rollout_state state; /* as seen last */
    bool is_published;          /* the broker has shown it back */
    uint8_t memory[4 * ENVELOPE_BYTES_MAX];
    struct span signed_spec; /* in it */
    int status;              /* of the exit; -1: on its way */
    mono_ms missing_since;   /* only offline nodes are missing since; 0: not so */
};

static const struct rollout_spec spec_default = {
    .max_unavailable = 1, .start_by_ms = ROLLOUT_START_BY_MS_DEFAULT, .offline = "later"};

static int spec_make(struct start *start, struct rollout_run *run, struct err *err)
{
    struct rollout_spec *spec = &start->spec;
    const struct keyring *keyring = &run->session.keyring;
    struct plan plan;
    uint16_t random = 0;
    bool is_trusted = false;
    int rc = release_file_open(keyring, start->options.file, &start->release, err);
    rc = rc == 0 ? release_file_verify(keyring, start->options.file, &run->trust, &start->release,
                                       &plan, err)
                 : rc;
    rc = rc == 0 ? pieces_open(start->options.file, &start->release, &keyring->verify,
                               &start->pieces, err)
                 : rc;
    rc = rc == 0 ? run->session.entropy.ops->fill(run->session.entropy.self, &random, sizeof random,
                                                  err)
                 : rc;
    if (rc != 0) {
        return rc;
    }
    (void)text_copy(spec->app, sizeof spec->app, plan.app);
    (void)snprintf(spec->version, sizeof spec->version, "%.31s", plan.version);
    spec->release = start->release.digest;
    spec->sequence = plan.sequence;
    if (spec->lost_after_ms == 0) { /* no node is lost before its release can have been proven */
        spec->lost_after_ms =
            ROLLOUT_LOST_AFTER_MS_DEFAULT + (uint64_t)plan.deadline_ms + (uint64_t)plan.soak_ms;
    }
    spec->created = run->session.clock_port.ops->wall(run->session.clock_port.self, &is_trusted);
    rollout_id_make(spec->app, spec->created, random, spec->id);
    return 0;
}

static enum node_condition condition_of(const void *ctx, const struct rollout_view *view,
                                        const struct roster_node *node)
{
    return coordinator_condition(ctx, view->spec->id, node);
}

/* Nodes come back one after the other when a broker was away: a moment without any is no answer. */
static int status_now(struct start *start, const struct rollout_view *view)
{
    mono_ms now = linux_loop_now();
    if (!rollout_is_offline_missing(view->spec, view->state)) {
        start->missing_since = 0;
    } else if (start->missing_since == 0) {
        start->missing_since = now;
    } else if (now >= start->missing_since + MISSING_MS) {
        return ROLLOUT_EXIT_OFFLINE;
    }
    return rollout_exit_status(view->spec, view->control, view->state);
}

static bool start_turn(void *ctx, struct rollout_run *run)
{
    struct start *start = ctx;
    struct rollout_view view;
    bool is_trusted = false;
    start->is_published |= coordinator_is_published(run->coordinator, start->spec.id);
    if (!coordinator_is_informed(run->coordinator) ||
        !coordinator_view(run->coordinator, start->spec.id, &view)) {
        return false;
    }
    if (start->options.is_watched) {
        wall_ms now = run->session.clock_port.ops->wall(run->session.clock_port.self, &is_trusted);
        struct rollout_sight sight = {.roster = coordinator_roster(run->coordinator),
                                      .now = now,
                                      .condition = condition_of,
                                      .ctx = run->coordinator};
        rollout_follow_show(&start->follow, &view, &sight);
    }
    start->state = *view.state;
    start->status = status_now(start, &view);
    return start->status >= 0;
}

/* Every count that is not zero: nobody is left out of the last line. */
static void counts_say(const struct start *start)
{
    static const struct {
        enum node_condition condition;
        const char *text;
    } others[] = {{NODE_FAILED, "failed"},       {NODE_LOST, "lost"},
                  {NODE_REGRESSED, "regressed"}, {NODE_OVERRIDDEN, "overridden at the site"},
                  {NODE_SKIPPED, "skipped"},     {NODE_OFFLINE, "offline"},
                  {NODE_PENDING, "not begun"},   {NODE_BUSY, "busy"},
                  {NODE_CHANGING, "changing"}};
    const struct rollout_state *state = &start->state;
    if (start->undo != NULL) {
        printf("rollout %s %s: %u of %u nodes run what they ran before %s", start->spec.id,
               rollout_phase_word(state->phase), state->count[NODE_DONE], state->matched,
               start->spec.shape.undo);
    } else {
        printf("rollout %s %s: %u of %u nodes run %s %s", start->spec.id,
               rollout_phase_word(state->phase), state->count[NODE_DONE], state->matched,
               start->spec.app, start->spec.version);
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (state->count[others[i].condition] > 0) {
            printf(", %u %s", state->count[others[i].condition], others[i].text);
        }
    }
    printf("\n");
}

static void stop_say(const struct start *start)
{
    const struct rollout_state *state = &start->state;
    const char *open = state->failed_reason[0] != '\0' ? " (" : "";
    const char *close = state->failed_reason[0] != '\0' ? ")" : "";
    printf("rollout %s stopped: %s %s%s%s%s; %u done, %u not begun\n", start->spec.id,
           state->failed_node, state->failed_outcome, open, state->failed_reason, close,
           state->count[NODE_DONE], state->count[NODE_PENDING] + state->count[NODE_OFFLINE]);
}

static int ending_say(const struct start *start, bool is_ended)
{
    const struct rollout_state *state = &start->state;
    const char *id = start->spec.id;
    if (!is_ended) {
        printf(start->is_published
                   ? "rollout %s stays as it is; `berth coordinate` goes on with it\n"
                   : "rollout %s was not published: the broker does not have it, nothing goes on\n",
               id);
        return ROLLOUT_EXIT_INTERRUPTED;
    }
    if (state->phase == ROLLOUT_PAUSED) {
        stop_say(start);
        printf("  look:    berth rollout status %s\n"
               "  go on:   berth rollout resume %s, then berth coordinate\n"
               "  go back: berth rollout undo %s\n"
               "  give up: berth rollout abort %s\n",
               id, id, id, id);
        return ROLLOUT_EXIT_STOPPED;
    }
    counts_say(start);
    if (start->status == ROLLOUT_EXIT_OFFLINE) {
        printf("only offline nodes are missing; each gets its order when it returns, while\n"
               "`berth coordinate` runs: start it, or see berth rollout status %s\n",
               id);
    }
    return start->status;
}

static int detached(struct start *start, const struct fleet_dir *dir, struct err *err)
{
    struct topic topic = {.kind = TOPIC_RELEASE};
    struct session session;
    struct fleet_dir again;
    char name[BUS_TOPIC_BYTES];
    int rc = session_start(&session, dir->path, &again, err);
    if (rc != 0) {
        return rc;
    }
    (void)text_copy(topic.fleet, sizeof topic.fleet, dir->fleet);
    (void)text_copy(topic.rollout, sizeof topic.rollout, start->spec.id);
    digest_render(&start->spec.release, topic.digest);
    topic_render(&topic, name);
    if (start->release.len > 0) { /* an undo brings none */
        rc = session_publish(&session, name, span_of(start->release.content, start->release.len),
                             err);
    }
    topic.kind = TOPIC_ROLLOUT_SPEC;
    topic_render(&topic, name);
    rc = rc == 0 ? session_publish(&session, name, start->signed_spec, err) : rc;
    session_close(&session);
    if (rc == 0) {
        printf("%s\n", start->spec.id);
    }
    return rc;
}

/* Before anything is published: the broker answers, and the nodes are those that are meant. */
static int target_confirm(struct start *start, struct rollout_run *run, struct err *err)
{
    int rc = session_connect(&run->session, err);
    if (rc != 0) {
        return err_wrap(err, rc, "nothing was begun");
    }
    rc = rollout_target_confirm(&start->target, &run->session, &run->dir, &run->trust,
                                &run->operators, err);
    /* They lie there before anybody can be ordered to use them. */
    rc = rc == 0 ? pieces_publish(&start->pieces, run->dir.fleet, &run->session, err) : rc;
    run->session.bus.ops->close(run->session.bus.self); /* the coordinator's link takes it over */
    run->session.is_open = false;
    return rc;
}

/* The spec, and who it is for: of a release, or of a rollout to be taken back. */
static int prepare(struct start *start, struct rollout_run *run, struct err *err)
{
    struct rollout_spec *spec = &start->spec;
    uint16_t random = 0;
    bool is_trusted = false;
    if (start->undo == NULL) {
        int rc = spec_make(start, run, err);
        return rc == 0 ? target_confirm(start, run, err) : rc;
    }
    int rc = rollout_undo_prepare(run, start->undo, start->options.is_confirmed, spec,
                                  &start->target.matched, err);
    start->target.known = start->target.matched;
    rc = rc == 0 ? run->session.entropy.ops->fill(run->session.entropy.self, &random, sizeof random,
                                                  err)
                 : rc;
    spec->created = run->session.clock_port.ops->wall(run->session.clock_port.self, &is_trusted);
    rollout_id_make(spec->app, spec->created, random, spec->id);
    return rc;
}

/* As its operator: whoever coordinates believes nothing else. */
static int spec_sign(struct start *start, struct rollout_run *run, struct err *err)
{
    char data[ROLLOUT_BYTES_MAX];
    struct arena arena;
    struct text text;
    coordinator_operators(run->coordinator, &run->operators);
    (void)text_copy(start->spec.fleet, sizeof start->spec.fleet, run->dir.fleet);
    text_init(&text, data, sizeof data);
    rollout_spec_render(&start->spec, &text);
    if (text.cut) {
        return err_set(err, ERR_OVERSIZE, "the spec is over %d bytes", ROLLOUT_BYTES_MAX);
    }
    arena_init(&arena, start->memory, sizeof start->memory);
    return operators_file_sign(&run->session.keyring, &run->dir, &run->operators,
                               signed_type(SIGNED_SPEC), span_of(text.data, text.len), &arena,
                               &start->signed_spec, err);
}

static int start_run(struct start *start, struct err *err)
{
    static struct rollout_run run;
    int rc = rollout_run_open(&run, start->options.path, err);
    if (rc != 0) {
        return rc;
    }
    rc = prepare(start, &run, err);
    rc = rc == 0 ? spec_sign(start, &run, err) : rc;
    if (rc == 0 && start->options.is_detached) {
        rc = detached(start, &run.dir, err);
    } else if (rc == 0) {
        struct span release = span_of(start->release.content, start->release.len);
        rc = coordinator_start(run.coordinator, start->signed_spec, release, err);
        if (rc == 0) {
            printf("rollout %s: %s%s %s, %zu of %zu nodes\n", start->spec.id,
                   start->undo != NULL ? "undo of " : "", start->spec.app, start->spec.version,
                   start->target.matched, start->target.known);
            (void)fflush(stdout);
            rc = ending_say(start, rollout_run_turn(&run, start_turn, start));
        }
    }
    rollout_run_close(&run);
    return rc;
}

static int start_whole(struct start *start, struct err *err)
{
    int rc = start_run(start, err);
    pieces_close(&start->pieces);
    release_file_close(&start->release);
    rollout_follow_close(&start->follow);
    return rc;
}

int rollout_start_node(const struct rollout_start_node *one, struct err *err)
{
    static struct start start;
    start = (struct start){.options = {.path = one->dir, .file = one->file, .is_watched = true},
                           .target = {.selector = start.spec.selector},
                           .spec = spec_default};
    start.spec.force = one->is_forced;
    (void)snprintf(start.spec.selector, sizeof start.spec.selector, "node=%s", one->node);
    return start_whole(&start, err);
}

int rollout_start_undo(const struct rollout_start_undo *undo, struct err *err)
{
    static struct start start;
    start = (struct start){.options = {.path = undo->dir,
                                       .is_watched = undo->is_watched,
                                       .is_detached = undo->is_detached,
                                       .is_confirmed = undo->is_confirmed},
                           .undo = undo->id};
    return start_whole(&start, err);
}

int verb_rollout_start(struct given *given, struct err *err)
{
    static struct start start;
    int rc = rollout_options_read(&start.options, &start.spec, false, given, err);
    start.target = (struct rollout_target){.selector = start.spec.selector,
                                           .is_all = start.options.is_all,
                                           .is_confirmed = start.options.is_confirmed};
    return rc == 0 ? start_whole(&start, err) : rc;
}
