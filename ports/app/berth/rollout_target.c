/* rollout_target: a rollout over every node is a decision, and one over no node is a mistake. */
#include "ports/app/berth/rollout_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/app/berth/confirm.h"
#include "ports/app/berth/rollout_freeze.h"
#include "ports/app/berth/rollout_world.h"

static bool is_everybody(const struct rollout_target *target)
{
    return target->selector == NULL || target->selector[0] == '\0';
}

int rollout_target_judge(const struct rollout_target *target, const char *fleet,
                         bool (*answer)(const char *question), struct err *err)
{
    char question[160];
    if (target->known == 0) {
        return err_set(err, ERR_NOT_FOUND,
                       "fleet %s has no node yet: no node has reported to the broker, and none has "
                       "a label there; add one: berth node add",
                       fleet);
    }
    if (target->matched == 0) {
        return err_set(
            err, ERR_NOT_FOUND,
            "no node matches \"%.80s\"; %zu are known: berth node list shows their labels",
            target->selector, target->known);
    }
    if (!is_everybody(target) || (target->is_all && target->is_confirmed)) {
        return 0;
    }
    if (answer == NULL && target->is_all) {
        return err_set(
            err, ERR_CANCELLED,
            "every node of fleet %s (%zu now)? There is no terminal to ask at: say --yes; "
            "nothing was begun",
            fleet, target->known);
    }
    if (answer == NULL) {
        return err_set(err, ERR_USAGE,
                       "which nodes? -l SELECTOR, or --all for every node (%zu now) of fleet %s",
                       target->known, fleet);
    }
    (void)snprintf(question, sizeof question, "Every node of fleet %s (%zu now)? [y/N] ", fleet,
                   target->known);
    return answer(question) ? 0 : err_set(err, ERR_CANCELLED, "nothing was begun");
}

static int nodes_count(struct rollout_target *target, const struct roster *roster, struct err *err)
{
    struct selector selector;
    int rc = selector_parse(is_everybody(target) ? "" : target->selector, &selector, err);
    if (rc != 0) {
        return err_wrap(err, rc, "-l");
    }
    for (size_t i = 0; i < roster->node_count; i++) {
        target->matched += roster_matches(roster_at(roster, i), &selector);
    }
    target->known = roster->node_count;
    return 0;
}

int rollout_target_confirm(struct rollout_target *target, struct session *session,
                           const struct fleet_dir *dir, const struct trust *trust,
                           struct operators *operators, struct err *err)
{
    struct rollout_world *world = calloc(1, sizeof *world);
    if (world == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    int rc = rollout_world_open(world, dir, trust, &session->keyring, err);
    rc = rc == 0 ? rollout_world_read(world, session, WORLD_NODES, err) : rc;
    rc = rc == 0 ? rollout_freeze_refuse(world, "nothing was begun", err) : rc;
    rc = rc == 0 ? nodes_count(target, &world->mirror.roster, err) : rc;
    if (rc == 0) {
        *operators = world->mirror.operators;
    }
    rollout_world_close(world);
    free(world);
    return rc != 0 ? rc
                   : rollout_target_judge(target, dir->fleet,
                                          confirm_has_terminal() ? confirm_ask : NULL, err);
}
