/* crowd_checker: the laws of a staged rollout, judged order by order from what the acting seat was
 * told; it shares the places of nodes with the planner, and nothing else.
 *
 * a  never more nodes change at a time than maxUnavailable allows
 *
 * b  an order goes to a node that is there, rests, does not run the release and is not overridden,
 *    and only while nobody has paused it or frozen the fleet
 *
 * c  no order once more failed than the spec allows, since the last resume
 *
 * d  of a group no more change or are lost at a time than may
 *
 * e  a node changes only while all its peers are there, serve and rest
 *
 * f  no more orders in a minute than may
 *
 * g  nobody gets an order of a wave before the wave before it was reached, and soaked
 *
 * h  it ends, or says by a node's name what it waits for
 *
 * i  at the end no node waits for what another only says of itself
 */
#ifndef TESTS_SIM_CROWD_CHECKER_H
#define TESTS_SIM_CROWD_CHECKER_H

#include "tests/unit/fleet/crowd.h"

struct crowd_checker {
    struct crowd *crowd;
    uint32_t breaches, checked[9];
    char first[256];
    wall_ms reached_since[ROLLOUT_WAVES_MAX]; /* 0: not now */
    bool is_passed[ROLLOUT_WAVES_MAX];        /* an order beyond it was right */
    uint64_t epoch;                           /* of the seat that acted last */
    wall_ms unserving_since[CROWD_SEATS][CROWD_NODES_MAX];
};

/* One at a time: it is found through the crowd it watches. */
void crowd_checker_open(struct crowd_checker *checker, struct crowd *crowd);
/* h, when all is at rest. */
void crowd_checker_end(struct crowd_checker *checker);

#endif
