/* coordinator_tally: plans from what is kept of each node; now and then from a look at all of them,
 * which is to come to the same. */
#include <string.h>

#include "agent/fleet/coordinator_private.h"

static bool is_superseded(const struct coordinator *coordinator, const struct kept *kept)
{
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        const struct kept *other = coordinator->mirror.rollouts.list[i];
        if (other != kept && other->is_begun && strcmp(other->spec.app, kept->spec.app) == 0 &&
            other->spec.created > kept->spec.created) {
            return true;
        }
    }
    return !kept->is_begun && begun_judge(&coordinator->begun, &kept->spec) == BEGUN_OLDER;
}

static struct planner_rollout rollout_of(const struct coordinator *coordinator,
                                         const struct kept *kept)
{
    return (struct planner_rollout){.spec = &kept->spec,
                                    .control = &kept->control,
                                    .selector = &kept->selector,
                                    .memory = &kept->state,
                                    .is_superseded = is_superseded(coordinator, kept),
                                    .freeze = coordinator_freeze(coordinator),
                                    .freeze_owner = coordinator->frozen.owner};
}

/* Every tally of a live rollout hears of the changes before they are forgotten. */
void coordinator_tallies_take(struct coordinator *coordinator, wall_ms wall)
{
    struct roster *roster = &coordinator->mirror.roster;
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        struct kept *kept = coordinator->mirror.rollouts.list[i];
        if (kept->spec.created == 0 || !kept_is_live(kept)) {
            planner_tally_free(kept->tally);
            kept->tally = NULL;
            continue;
        }
        const struct planner_rollout rollout = rollout_of(coordinator, kept);
        kept->tally = kept->tally != NULL ? kept->tally : planner_tally_new();
        if (kept->tally != NULL) {
            planner_tally_take(kept->tally, &rollout, roster, wall);
        }
    }
    roster_changes_clear(roster);
    coordinator->is_auditing =
        coordinator->audits_always || coordinator->now >= coordinator->audit_at;
    if (coordinator->is_auditing) {
        coordinator->audit_at = coordinator->now + COORDINATOR_AUDIT_MS;
    }
}

/* What was counted holds, and what was kept is made anew. */
static void audit(struct coordinator *coordinator, struct kept *kept,
                  const struct planner_rollout *rollout, wall_ms wall,
                  struct planner_result *result)
{
    const struct roster *roster = &coordinator->mirror.roster;
    struct planner_result counted;
    char why[160] = "";
    planner_step(rollout, roster, planner_changing(roster, wall), wall, &counted);
    if (planner_result_is_same(result, &counted, why, sizeof why)) {
        return;
    }
    coordinator->audit_faults++;
    coordinator_say(coordinator, LOG_LEVEL_ERROR,
                    "rollout %s: what was kept of %zu nodes is not what a count of all finds; "
                    "the count is used; this is a fault of berth, please report it: %s",
                    kept->spec.id, roster->node_count, why);
    *result = counted;
    planner_tally_forget(kept->tally);
}

void coordinator_tally_plan(struct coordinator *coordinator, struct kept *kept, wall_ms wall,
                            struct planner_result *result)
{
    const struct roster *roster = &coordinator->mirror.roster;
    const struct planner_rollout rollout = rollout_of(coordinator, kept);
    if (kept->tally == NULL) { /* there is no memory for it */
        planner_step(&rollout, roster, planner_changing(roster, wall), wall, result);
        return;
    }
    planner_tally_step(kept->tally, &rollout, roster, wall, result);
    if (coordinator->is_auditing) {
        audit(coordinator, kept, &rollout, wall, result);
    }
}

uint64_t coordinator_audit_faults(const struct coordinator *coordinator)
{
    return coordinator->audit_faults;
}
