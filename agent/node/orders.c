/* orders: a slot for each app that an order waits for. */
#include "agent/node/orders.h"

#include "platform/base/law.h"

const struct order_slot *orders_find(const struct orders *orders, const char *app)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct order_slot *slot = &orders->list[i];
        if (slot->is_used && strcmp(slot->order.app, app) == 0) {
            return slot;
        }
    }
    return NULL;
}

struct order_slot *orders_place(struct orders *orders, const char *app)
{
    struct order_slot *vacant = NULL;
    for (size_t i = 0; i < APPS_MAX; i++) {
        struct order_slot *slot = &orders->list[i];
        if (slot->is_used && strcmp(slot->order.app, app) == 0) {
            return slot;
        }
        vacant = vacant == NULL && !slot->is_used ? slot : vacant;
    }
    return vacant;
}

static bool is_after(const struct order *order, const struct order *than)
{
    return order->epoch > than->epoch || (order->epoch == than->epoch && order->gen > than->gen);
}

int orders_check(const struct orders *orders, const struct order *order, uint64_t base,
                 struct err *err)
{
    const struct order_slot *slot = orders_find(orders, order->app);
    if (slot == NULL || slot->epoch_base < base || is_after(order, &slot->order)) {
        return 0;
    }
    if (strcmp(order->id, slot->order.id) == 0) {
        return err_set(err, ERR_NOTHING, "this order is waiting already");
    }
    return err_set(err, ERR_STALE, "order %llu.%llu is not after %llu.%llu, which waits",
                   (unsigned long long)order->epoch, (unsigned long long)order->gen,
                   (unsigned long long)slot->order.epoch, (unsigned long long)slot->order.gen);
}

bool orders_is_needed(const struct orders *orders, const struct digest *release)
{
    for (size_t i = 0; i < APPS_MAX; i++) {
        const struct order_slot *slot = &orders->list[i];
        if (slot->is_used && digest_is_equal(&slot->order.release, release)) {
            return true;
        }
    }
    return false;
}

size_t orders_missing(const struct orders *orders, struct digest *digests, size_t cap)
{
    size_t count = 0;
    for (size_t i = 0; i < APPS_MAX && count < cap; i++) {
        const struct order_slot *slot = &orders->list[i];
        bool is_missing = slot->is_used && !slot->has_release && !slot->is_storing &&
                          slot->refusal == 0 && !digest_is_none(&slot->order.release);
        for (size_t j = 0; j < count && is_missing; j++) {
            is_missing = !digest_is_equal(&digests[j], &slot->order.release);
        }
        if (is_missing) {
            digests[count++] = slot->order.release;
        }
    }
    return count;
}

bool orders_is_late(const struct order_slot *slot, wall_ms wall, bool is_trusted, mono_ms now)
{
    LAW(ONE_ANSWER, slot->is_used);
    if (slot->order.start_by == 0) {
        return false;
    }
    return is_trusted ? wall > slot->order.start_by : now >= slot->late_at;
}

mono_ms orders_look_at(const struct orders *orders)
{
    mono_ms at = MONO_NEVER;
    for (size_t i = 0; i < APPS_MAX; i++) {
        if (orders->list[i].is_used) {
            at = mono_min(at, orders->list[i].look_at);
        }
    }
    return at;
}
