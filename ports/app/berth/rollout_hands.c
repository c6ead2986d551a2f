/* berth rollout skip, rollout retry: what an operator says of single nodes of a rollout. */
#include "ports/app/berth/rollout_hands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/wire/topic.h"
#include "ports/app/berth/rollout_world.h"
#include "ports/app/berth/verbs.h"

/* -- the control ------------------------------------------------------------------------------ */

int rollout_skip_add(struct rollout_control *control, const char *node, struct err *err)
{
    if (rollout_is_skipped(control, node)) {
        return 0;
    }
    if (control->skipped_count == ROLLOUT_SKIPPED_MAX) {
        return err_set(err, ERR_LIMIT,
                       "%d nodes are skipped already, as many as may be: begin a rollout with a "
                       "selector that leaves them out",
                       ROLLOUT_SKIPPED_MAX);
    }
    (void)text_copy(control->skipped[control->skipped_count++], NODE_NAME_BYTES, node);
    return 0;
}

int rollout_retry_add(struct rollout_control *control, const char *node, wall_ms before,
                      struct err *err)
{
    size_t at = 0;
    while (at < control->retried_count && strcmp(control->retried[at].node, node) != 0) {
        at++;
    }
    if (node[0] == '\0') {
        at = control->retried_count = 0; /* all: what was said of single ones is in it */
    }
    if (at == ROLLOUT_RETRIED_MAX) {
        return err_set(err, ERR_LIMIT,
                       "%d nodes were retried by name, as many as may be: name none to retry all",
                       ROLLOUT_RETRIED_MAX);
    }
    (void)text_copy(control->retried[at].node, NODE_NAME_BYTES, node);
    control->retried[at].before = before;
    control->retried_count += at == control->retried_count;
    return 0;
}

/* -- the verbs -------------------------------------------------------------------------------- */

struct hands {
    char id[NAME_BYTES];
    char **nodes;
    int node_count;
    bool is_retry;
    struct session session;
    struct fleet_dir dir;
    struct trust trust;
    struct rollout_world world;
    struct rollout_control control;
    uint32_t changed;
};

static int node_judge(struct hands *hands, const struct kept *record,
                      const struct roster_node *node, struct err *err)
{
    const struct planner_rollout rollout = {.spec = &record->spec, .control = &record->control};
    bool is_trusted = false;
    wall_ms now = hands->session.clock_port.ops->wall(hands->session.clock_port.self, &is_trusted);
    enum node_condition condition = planner_condition(&rollout, node, now);
    if (!hands->is_retry) {
        hands->changed++;
        return rollout_skip_add(&hands->control, node->name, err);
    }
    if (condition != NODE_FAILED && condition != NODE_LOST) {
        return err_set(err, ERR_NOTHING, "%s has not failed it: %s", node->name,
                       node_condition_word(condition));
    }
    hands->changed++;
    return rollout_retry_add(&hands->control, node->name, record->told.updated, err);
}

static int named(struct hands *hands, const struct kept *record, struct err *err)
{
    struct selector selector;
    int rc = selector_parse(record->spec.selector, &selector, err);
    for (int i = 0; rc == 0 && i < hands->node_count; i++) {
        const struct roster_node *node = roster_find(&hands->world.mirror.roster, hands->nodes[i]);
        rc = node == NULL || !roster_matches(node, &selector)
                 ? err_set(err, ERR_NOT_FOUND, "rollout %s means no node %.63s", hands->id,
                           hands->nodes[i])
                 : node_judge(hands, record, node, err);
    }
    return rc;
}

static int all_failed(struct hands *hands, const struct kept *record, struct err *err)
{
    hands->changed = record->told.count[NODE_FAILED] + record->told.count[NODE_LOST];
    return hands->changed == 0
               ? err_set(err, ERR_NOTHING, "no node of rollout %s has failed it", hands->id)
               : rollout_retry_add(&hands->control, "", record->told.updated, err);
}

static int control_put(struct hands *hands, struct err *err)
{
    struct topic topic = {.kind = TOPIC_ROLLOUT_CONTROL};
    char name[BUS_TOPIC_BYTES];
    char data[ROLLOUT_BYTES_MAX];
    struct text text;
    (void)text_copy(topic.fleet, sizeof topic.fleet, hands->dir.fleet);
    (void)text_copy(topic.rollout, sizeof topic.rollout, hands->id);
    topic_render(&topic, name);
    text_init(&text, data, sizeof data);
    rollout_control_render(&hands->control, &text);
    return session_publish(&hands->session, name, span_of(text.data, text.len), err);
}

static int control_change(struct hands *hands, struct err *err)
{
    const struct kept *record = NULL;
    char path[PATH_MAX];
    fleet_dir_file(&hands->dir, "keys/trust.json", path);
    int rc = keyring_trust_load(&hands->session.keyring, path, &hands->trust, err);
    rc = rc == 0 ? rollout_world_open(&hands->world, hands->dir.fleet, &hands->trust,
                                      hands->session.keyring.verify, err)
                 : rc;
    rc = rc == 0 ? rollout_world_read(&hands->world, &hands->session, err) : rc;
    rc = rc == 0 ? rollout_world_find(&hands->world, hands->id, &record, err) : rc;
    if (rc == 0) {
        (void)text_copy(hands->id, sizeof hands->id, record->spec.id); /* it may have been short */
    }
    if (rc == 0 && rollout_phase_is_end(record->told.phase)) {
        rc = err_set(err, ERR_NOTHING, "rollout %s has ended: %s", hands->id,
                     rollout_phase_word(record->told.phase));
    }
    if (rc == 0) {
        hands->control = record->control;
        rc = hands->node_count > 0 ? named(hands, record, err) : all_failed(hands, record, err);
    }
    if (rc == 0 && hands->is_retry) { /* what is tried again was accepted for nothing */
        uint32_t *accepted = &hands->control.accepted;
        *accepted -= hands->changed < *accepted ? hands->changed : *accepted;
    }
    rc = rc == 0 ? control_put(hands, err) : rc;
    rollout_world_close(&hands->world);
    return rc;
}

static int hands_run(struct given *given, bool is_retry, struct err *err)
{
    static struct hands hands;
    hands = (struct hands){.is_retry = is_retry,
                           .nodes = given->arguments + 1,
                           .node_count = (int)given->argument_count - 1};
    (void)text_copy(hands.id, sizeof hands.id, given->arguments[0]);
    int rc = session_start(&hands.session, given_value(given, "dir"), &hands.dir, err);
    if (rc != 0) {
        return rc;
    }
    rc = control_change(&hands, err);
    session_close(&hands.session);
    if (rc == 0) {
        printf("rollout %s: %u node%s %s, as soon as a coordinator sees it\n", hands.id,
               hands.changed, hands.changed == 1 ? "" : "s",
               is_retry ? "tried again" : "not waited for");
    }
    return rc;
}

int verb_rollout_skip(struct given *given, struct err *err)
{
    return hands_run(given, false, err);
}

int verb_rollout_retry(struct given *given, struct err *err)
{
    return hands_run(given, true, err);
}
