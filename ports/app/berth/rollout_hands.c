/* berth rollout skip, rollout retry: what an operator says of single nodes of a rollout. */
#include "ports/app/berth/rollout_hands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/app/berth/rollout_freeze.h"
#include "ports/app/berth/rollout_word.h"
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
    const char *id;
    char **nodes;
    int node_count;
    bool is_retry;
    uint32_t changed;
};

static int node_judge(struct hands *hands, const struct kept *rollout,
                      const struct roster_node *node, wall_ms now, struct rollout_control *control,
                      struct err *err)
{
    const struct planner_rollout planned = {.spec = &rollout->spec,
                                            .control = kept_control(rollout)};
    enum node_condition condition = planner_condition(&planned, node, now);
    if (!hands->is_retry) {
        hands->changed++;
        return rollout_skip_add(control, node->name, err);
    }
    if (condition != NODE_FAILED && condition != NODE_LOST) {
        return err_set(err, ERR_NOTHING, "%s has not failed it: %s", node->name,
                       node_condition_word(condition));
    }
    hands->changed++;
    return rollout_retry_add(control, node->name, rollout->told.updated, err);
}

static int named(struct hands *hands, const struct rollout_world *world, const struct kept *rollout,
                 struct rollout_control *control, struct err *err)
{
    struct selector selector;
    int rc = selector_parse(rollout->spec.selector, &selector, err);
    for (int i = 0; rc == 0 && i < hands->node_count; i++) {
        const struct roster_node *node = roster_find(&world->mirror.roster, hands->nodes[i]);
        rc = node == NULL || !roster_matches(node, &selector)
                 ? err_set(err, ERR_NOT_FOUND, "rollout %s means no node %.63s", hands->id,
                           hands->nodes[i])
                 : node_judge(hands, rollout, node, world->now, control, err);
    }
    return rc;
}

static int all_failed(struct hands *hands, const struct kept *rollout,
                      struct rollout_control *control, struct err *err)
{
    hands->changed = rollout->told.count[NODE_FAILED] + rollout->told.count[NODE_LOST];
    return hands->changed == 0
               ? err_set(err, ERR_NOTHING, "no node of rollout %s has failed it", hands->id)
               : rollout_retry_add(control, "", rollout->told.updated, err);
}

static int change(void *ctx, const struct rollout_world *world, const struct kept *rollout,
                  struct rollout_control *control, struct err *err)
{
    struct hands *hands = ctx;
    bool is_going = hands->is_retry && rollout->spec.shape.undo[0] == '\0';
    hands->changed = 0;
    int rc = is_going ? rollout_freeze_refuse(world, "not tried again", err) : 0;
    if (rc != 0) {
        return rc;
    }
    rc = hands->node_count > 0 ? named(hands, world, rollout, control, err)
                               : all_failed(hands, rollout, control, err);
    if (rc == 0 && hands->is_retry) { /* what is tried again was accepted for nothing */
        control->accepted -=
            hands->changed < control->accepted ? hands->changed : control->accepted;
    }
    return rc;
}

static int hands_run(struct given *given, bool is_retry, struct err *err)
{
    struct hands hands = {.is_retry = is_retry,
                          .id = given->arguments[0],
                          .nodes = given->arguments + 1,
                          .node_count = (int)given->argument_count - 1};
    struct rollout_word word = {.dir = given_value(given, "dir"),
                                .id = hands.id,
                                .is_of_nodes = true,
                                .change = change,
                                .ctx = &hands};
    bool is_taken = false;
    int rc = rollout_word_say(&word, &is_taken, err);
    if (rc == 0) {
        printf("rollout %s: %u node%s %s%s\n", word.full_id, hands.changed,
               hands.changed == 1 ? "" : "s", is_retry ? "tried again" : "not waited for",
               is_taken ? "" : ROLLOUT_WORD_WAITS);
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
