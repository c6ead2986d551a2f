/* coordinator_roll: which nodes the fleet has: kept beside the epoch, said again to a broker that
 * does not show it; and which nodes are in no rollout because the operators demand what they lack.
 */
#include "agent/fleet/coordinator_private.h"

#include <string.h>

#define NAMES_SAID 5

void coordinator_roll_heard(struct coordinator *coordinator, const struct topic *topic)
{
    unsigned index = rolls_index(topic->shard);
    const struct rolls_shard *shard = rolls_at(&coordinator->mirror.rolls, index);
    struct err err = {0};
    coordinator->roll_say_at = coordinator->now; /* others may be in it, or out */
    if (coordinator->roll_keep != NULL &&
        coordinator->roll_keep(coordinator->epoch_ctx, topic->shard,
                               span_of(shard->bytes.data, shard->bytes.len), &err) != 0) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "the roll's shard %s is not kept here: %s",
                        topic->shard, err.text);
    }
}

bool coordinator_roll_assert(struct coordinator *coordinator)
{
    struct rolls *rolls = &coordinator->mirror.rolls;
    for (unsigned i = 0; i < TOPIC_SHARDS && rolls->shards != NULL; i++) {
        struct rolls_shard *shard = &rolls->shards[i];
        struct topic topic = coordinator_topic(coordinator, TOPIC_ROLL, "");
        const struct flight flight = {.id = ""};
        if (shard->echo != ECHO_MISSING || shard->bytes.len == 0) {
            continue;
        }
        memcpy(topic.shard, shard->roll.shard, sizeof topic.shard);
        if (!coordinator_publish(coordinator, &topic, span_of(shard->bytes.data, shard->bytes.len),
                                 &flight)) {
            return false;
        }
        shard->echo = ECHO_SENT;
    }
    return true;
}

void coordinator_roll_turn(struct coordinator *coordinator)
{
    const struct roster *roster = &coordinator->mirror.roster;
    char names[NAMES_SAID * (NODE_NAME_BYTES + 2) + 8] = "";
    struct text text;
    size_t count = 0;
    if (coordinator->now < coordinator->roll_say_at) {
        return;
    }
    coordinator->roll_say_at = coordinator->now + COORDINATOR_REREAD_MS;
    text_init(&text, names, sizeof names);
    for (size_t i = 0; i < roster->node_count; i++) {
        const struct roster_node *node = roster_at(roster, i);
        if (node->is_barred && count++ < NAMES_SAID) {
            text_printf(&text, " %s", node->name);
        }
    }
    text_append(&text, count > NAMES_SAID ? " ..." : "");
    if (count != coordinator->barred_said) {
        coordinator_say(coordinator, count > 0 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
                        "%zu nodes are in no rollout: the roll does not name them, or their labels "
                        "are not the signed ones%s%s",
                        count, count > 0 ? ":" : "", names);
    }
    coordinator->barred_said = count;
}

int coordinator_roll_seed(struct coordinator *coordinator, struct span envelope, struct err *err)
{
    return mirror_roll_seed(&coordinator->mirror, envelope, err);
}
