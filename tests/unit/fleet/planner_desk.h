/* planner_desk: a roster and one rollout, for the tests that plan a step to each side of an edge.
 */
#ifndef TESTS_UNIT_FLEET_PLANNER_DESK_H
#define TESTS_UNIT_FLEET_PLANNER_DESK_H

#include "agent/fleet/planner.h"

#define NOW INT64_C(1764000000000)

extern struct roster roster;
extern struct rollout_spec spec;
extern struct rollout_control control;
extern struct selector selector;
extern struct planner_result result;
extern bool is_superseded;

/* So many nodes, gw-00 and on, present, that run release 1; a rollout of web to every node. */
void planner_desk_begin(size_t nodes);

#define app_of(node) roster_app_find(roster_at(&roster, (node)), "web")
void app_write(size_t node, const struct roster_app *app);
/* Writes one member of what is known of the app. */
#define APP_SET(node, member, value)                                                               \
    do {                                                                                           \
        struct roster_app app_ = *app_of(node);                                                    \
        app_.member = (value);                                                                     \
        app_write(node, &app_);                                                                    \
    } while (0)

/* An order for this node, issued NOW. */
void order_put(size_t node, const char *rollout, wall_ms start_by);
/* The answer to the order that lies there. */
void outcome_put(size_t node, enum outcome_kind kind, const char *reason);

/* Plans it both ways, by every node and by the tally; the results must be the same. */
void plan(wall_ms now);
/* The same with what was planned before; `memory` must not be `result.state`. */
void plan_after(const struct rollout_state *memory, wall_ms now);
enum node_condition condition(size_t node, wall_ms now);

#endif
