/* plans: a handful of slots, searched by digest. */
#include "agent/node/plans.h"
#include "platform/base/law.h"

static bool is_among(const struct digest *release, const struct digest *const *digests,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (digest_is_equal(release, digests[i])) {
            return true;
        }
    }
    return false;
}

struct plan_slot *plans_slot(struct plans *plans, const struct digest *release)
{
    for (size_t i = 0; i < PLANS_MAX; i++) {
        struct plan_slot *slot = &plans->slots[i];
        if (slot->is_used && digest_is_equal(&slot->plan.digest, release)) {
            return slot;
        }
    }
    return NULL;
}

const struct plan *plans_find(const struct plans *plans, const struct digest *release)
{
    for (size_t i = 0; i < PLANS_MAX; i++) {
        const struct plan_slot *slot = &plans->slots[i];
        if (slot->is_used && !slot->is_broken && digest_is_equal(&slot->plan.digest, release)) {
            return &slot->plan;
        }
    }
    return NULL;
}

struct plan_slot *plans_place(struct plans *plans, const struct digest *const *kept, size_t count)
{
    LAW(BOUNDED,
        count <= PLANS_MAX); /* bounded: else a place could be wanted that nothing gives up */
    for (size_t i = 0; i < PLANS_MAX; i++) {
        if (!plans->slots[i].is_used) {
            return &plans->slots[i];
        }
    }
    for (size_t i = 0; i < PLANS_MAX; i++) {
        if (!is_among(&plans->slots[i].plan.digest, kept, count)) {
            return &plans->slots[i];
        }
    }
    return NULL;
}

void plans_retry(struct plans *plans)
{
    for (size_t i = 0; i < PLANS_MAX; i++) {
        plans->slots[i].retry_at = 0;
    }
}

mono_ms plans_retry_at(const struct plans *plans, const struct digest *const *asked, size_t count)
{
    mono_ms at = MONO_NEVER;
    LAW(BOUNDED, count <= PLANS_MAX);
    for (size_t i = 0; i < PLANS_MAX; i++) {
        const struct plan_slot *slot = &plans->slots[i];
        if (slot->is_used && slot->is_broken && is_among(&slot->plan.digest, asked, count)) {
            at = mono_min(at, slot->retry_at);
        }
    }
    return at;
}
