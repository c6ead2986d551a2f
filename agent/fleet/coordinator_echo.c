/* coordinator_echo: an order that the broker took counts as given when it was read back there: a
 * broker of several members may acknowledge what it then loses. */
#include "agent/fleet/coordinator_private.h"

#include <stdlib.h>
#include <string.h>

#define WAITS_FIRST 32

static bool room_make(struct echo_waits *waits)
{
    if (waits->count < waits->cap) {
        return true;
    }
    size_t cap = waits->cap == 0 ? WAITS_FIRST : 2 * waits->cap;
    struct echo_wait *list = realloc(waits->list, cap * sizeof *list);
    if (list != NULL) {
        waits->list = list;
        waits->cap = cap;
    }
    return list != NULL;
}

void coordinator_echo_wait(struct coordinator *coordinator, const struct flight *flight)
{
    struct echo_waits *waits = &coordinator->echo_waits;
    if (!room_make(waits)) {
        coordinator_say(coordinator, LOG_LEVEL_ERROR,
                        "no memory to see whether the order of %s arrives at the broker",
                        flight->node);
        return;
    }
    struct echo_wait *wait = &waits->list[waits->count++];
    memcpy(wait->node, flight->node, sizeof wait->node);
    memcpy(wait->app, flight->app, sizeof wait->app);
    memcpy(wait->id, flight->id, sizeof wait->id);
    wait->due = coordinator->now + COORDINATOR_ECHO_MS;
}

static void wait_end(struct coordinator *coordinator, const struct echo_wait *wait)
{
    struct roster *roster = &coordinator->mirror.roster;
    const struct roster_node *node = roster_find(roster, wait->node);
    const struct roster_app *app = node != NULL ? roster_app_find(node, wait->app) : NULL;
    if (app == NULL || strcmp(app->order.id, wait->id) != 0 || app->order.is_echoed ||
        !app->order.is_sent) {
        return;
    }
    /* The next turn publishes it again. */
    roster_order_sent(roster, wait->node, wait->app, wait->id, false, false);
    coordinator->is_dirty = true;
    coordinator_say(coordinator, LOG_LEVEL_WARNING,
                    "the broker took the order of %s and does not show it: it is published again",
                    wait->node);
}

/* All wait equally long: who came first is due first. */
void coordinator_echo_step(struct coordinator *coordinator)
{
    struct echo_waits *waits = &coordinator->echo_waits;
    size_t over = 0;
    while (over < waits->count && coordinator->now >= waits->list[over].due) {
        wait_end(coordinator, &waits->list[over++]);
    }
    waits->count -= over;
    if (over > 0 && waits->count > 0) {
        memmove(waits->list, &waits->list[over], waits->count * sizeof *waits->list);
    }
}

mono_ms coordinator_echo_deadline(const struct coordinator *coordinator)
{
    const struct echo_waits *waits = &coordinator->echo_waits;
    return waits->count > 0 ? waits->list[0].due : MONO_NEVER;
}

void coordinator_echo_forget(struct coordinator *coordinator)
{
    free(coordinator->echo_waits.list);
    coordinator->echo_waits = (struct echo_waits){0};
}
