/* failure: what a node's final answer counts as, and when too much has failed. */
#ifndef AGENT_FLEET_FAILURE_H
#define AGENT_FLEET_FAILURE_H

#include "agent/wire/rollout.h"

/* What an answer counts as. */
struct failure_kind {
    bool is_failure;   /* else it is a success, or says nothing: see is_not_begun */
    bool is_not_begun; /* the node could not even begin, for no reason of the release's: it is
                          ordered again and counts as nothing */
    enum rollout_class class;
};

struct failure_kind failure_of(const struct report_outcome *outcome);

/* The final answers of a rollout, since it was resumed last. */
struct failure_sample {
    uint64_t weight, weight_before; /* in hundredths of a node; of orders from before the resume */
    uint32_t finals, finals_before;
    uint32_t canary; /* failures in the first wave */
};

/* A final answer: good, or of a class. `issued`: its order's instant; 0 where there was none. */
void failure_note_good(struct failure_sample *sample, const struct rollout_control *control,
                       wall_ms issued);
void failure_note_bad(struct failure_sample *sample, const struct rollout_spec *spec,
                      const struct rollout_control *control, enum rollout_class class,
                      wall_ms issued, bool is_canary);

/* The weight of a class in this rollout, in per cent. */
uint32_t failure_weight(const struct rollout_spec *spec, enum rollout_class class);

/* Failures that nobody accepted, in per cent of a node. */
uint64_t failure_unaccepted(const struct failure_sample *sample,
                            const struct rollout_control *control);

/* No more orders: more failed than the spec allows. `is_canary_open`: the first wave is not over.
 */
bool failure_is_spent(const struct failure_sample *sample, const struct rollout_spec *spec,
                      const struct rollout_control *control, bool is_canary_open);

/* How often a node is ordered again after an answer of this class, without being asked for. */
uint32_t failure_retries(const struct rollout_spec *spec, enum rollout_class class);

/* The order's id tells which try it is, where a rollout tries again: its last digit. */
uint32_t failure_try(const char *order_id);

#endif
