/* berth rollout pause, resume, abort: the one document that says what is wanted of a rollout. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agent/wire/rollout.h"
#include "agent/wire/topic.h"
#include "platform/base/text.h"
#include "ports/app/berth/rollout_verdict.h"
#include "ports/app/berth/session.h"
#include "ports/app/berth/verbs.h"

#define IDS_LISTED 5

struct reading {
    const char *id;
    bool is_there;
    struct rollout_spec spec;
    struct rollout_control control;
    struct rollout_state state;
    char others[IDS_LISTED][NAME_BYTES];
    size_t other_count;
};

static void received(void *ctx, const char *text, struct span payload, bool is_retained)
{
    struct reading *reading = ctx;
    struct topic topic;
    (void)is_retained;
    if (payload.len == 0 || !topic_parse(text, &topic)) {
        return;
    }
    if (strcmp(topic.rollout, reading->id) != 0) {
        if (topic.kind == TOPIC_ROLLOUT_SPEC && reading->other_count < IDS_LISTED) {
            memcpy(reading->others[reading->other_count++], topic.rollout, NAME_BYTES);
        }
    } else if (topic.kind == TOPIC_ROLLOUT_SPEC) {
        reading->is_there = rollout_spec_parse(payload, &reading->spec, NULL) == 0;
    } else if (topic.kind == TOPIC_ROLLOUT_CONTROL) {
        int rc = rollout_control_parse(payload, &reading->control, NULL);
        (void)rc; /* one that cannot be read is written anew */
    } else if (topic.kind == TOPIC_ROLLOUT_STATE) {
        int rc = rollout_state_parse(payload, &reading->state, NULL);
        (void)rc; /* then nothing is known of failures */
    }
}

static int check(const struct reading *reading, struct err *err)
{
    char others[IDS_LISTED * (NAME_BYTES + 1) + 1] = "";
    struct text text;
    if (!reading->is_there) {
        text_init(&text, others, sizeof others);
        for (size_t i = 0; i < reading->other_count; i++) {
            text_printf(&text, "%s%s", i == 0 ? "" : " ", reading->others[i]);
        }
        return err_set(err, ERR_NOT_FOUND, "no rollout %s; there %s %s", reading->id,
                       reading->other_count == 0 ? "is" : "are",
                       reading->other_count == 0 ? "none" : others);
    }
    if (rollout_phase_is_end(reading->state.phase)) {
        return err_set(err, ERR_NOTHING, "rollout %s has ended: %s", reading->id,
                       rollout_phase_word(reading->state.phase));
    }
    return 0;
}

static int control_write(struct session *session, const struct fleet_dir *dir,
                         const struct reading *reading, struct err *err)
{
    struct topic topic = {.kind = TOPIC_ROLLOUT_CONTROL};
    char name[BUS_TOPIC_BYTES];
    char data[ROLLOUT_BYTES_MAX];
    struct text text;
    (void)text_copy(topic.fleet, sizeof topic.fleet, dir->fleet);
    (void)text_copy(topic.rollout, sizeof topic.rollout, reading->id);
    topic_render(&topic, name);
    text_init(&text, data, sizeof data);
    rollout_control_render(&reading->control, &text);
    return session_publish(session, name, span_of(text.data, text.len), err);
}

/* Read, changed, written back: what it says besides `want` is kept. */
static int control_change(const char *path, const char *id, const char *want, struct err *err)
{
    struct reading reading = {.id = id};
    struct fleet_dir dir;
    struct session session;
    char filter[BUS_TOPIC_BYTES];
    int rc = session_start(&session, path, &dir, err);
    if (rc != 0) {
        return rc;
    }
    (void)snprintf(filter, sizeof filter, "berth/1/%s/rollout/+/+", dir.fleet);
    rc = session_read(&session, filter, received, &reading, err);
    rc = rc == 0 ? check(&reading, err) : rc;
    if (rc == 0) {
        (void)text_copy(reading.control.want, sizeof reading.control.want, want);
        if (strcmp(want, "run") == 0) { /* what has failed so far is accepted by going on */
            reading.control.accepted = rollout_failures(&reading.spec, &reading.state);
            reading.control.resumed_at = reading.state.updated; /* and a new sample begins */
        }
        rc = control_write(&session, &dir, &reading, err);
    }
    session_close(&session);
    return rc;
}

static int run(int argc, char **argv, const char *want, const char *said, struct err *err)
{
    static const struct option options[] = {{"dir", required_argument, NULL, 'd'}, {0}};
    const char *path = NULL;
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'd') {
            return err_set(err, ERR_USAGE, "no such option");
        }
        path = optarg;
    }
    if (optind + 1 != argc || !text_is_name(argv[optind], NAME_BYTES - 1)) {
        return err_set(err, ERR_USAGE, "the id of one rollout is needed");
    }
    int rc = control_change(path, argv[optind], want, err);
    if (rc == 0) {
        printf("rollout %s: %s\n", argv[optind], said);
    }
    return rc;
}

int verb_rollout_pause(int argc, char **argv, struct err *err)
{
    return run(argc, argv, "pause", "no node gets an order until it is resumed", err);
}

int verb_rollout_resume(int argc, char **argv, struct err *err)
{
    return run(argc, argv, "run", "goes on, as soon as a coordinator sees it", err);
}

int verb_rollout_abort(int argc, char **argv, struct err *err)
{
    return run(argc, argv, "abort", "takes back what was not begun, and ends", err);
}
