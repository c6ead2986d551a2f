/* coordinator_reading: what is asked of the broker, how the end of its answer is known, and that
 * all is asked again now and then. */
#include "agent/fleet/coordinator_private.h"

#include <stdio.h>
#include <string.h>

static void subscribed(void *ctx, const struct err *err)
{
    struct coordinator *coordinator = ctx;
    coordinator_clock_read(coordinator);
    if (coordinator->subscribing > 0) {
        coordinator->subscribing--;
    }
    if (err != NULL && err->code != ERR_NETWORK) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "cannot read the fleet: %s", err->text);
    }
    coordinator->read_at = coordinator->now;
}

struct reading {
    enum topic_kind kind;
    unsigned level;
};

static void filter_make(const struct coordinator *coordinator, const struct reading *reading,
                        unsigned shard, char filter[BUS_TOPIC_BYTES])
{
    struct topic topic = {.kind = reading->kind, .level = reading->level};
    memcpy(topic.fleet, coordinator->fleet, sizeof topic.fleet);
    if (shard < TOPIC_SHARDS) {
        (void)snprintf(topic.shard, sizeof topic.shard, "%02x", shard & 0xff);
    }
    topic_render(&topic, filter);
}

/* `shard`: TOPIC_SHARDS for all of them. */
static void filter_ask(struct coordinator *coordinator, const struct reading *reading,
                       unsigned shard)
{
    const struct bus *bus = &coordinator->ports.bus;
    char filter[BUS_TOPIC_BYTES];
    struct err err = {0};
    filter_make(coordinator, reading, shard, filter);
    if (bus->ops->subscribe(bus->self, filter, subscribed, coordinator, &err) == 0) {
        coordinator->subscribing++;
    } else {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "cannot read the fleet: %s", err.text);
    }
}

static bool is_in_pieces(const struct coordinator *coordinator)
{
    return coordinator->mirror.roster.node_count > COORDINATOR_WHOLE_MAX;
}

/* Who may ask comes before what is asked, and which nodes there are;
 * states before specs: of a rollout that is over, the end
 * is known when its spec comes. What lies at berth/1 before what lies at berth/2, which it hides;
 * both before orders: they count where their node reads them. */
static const struct reading readings[] = {
    {TOPIC_OPERATORS, 1},    {TOPIC_COORDINATOR, 1},     {TOPIC_ROLL, 1},
    {TOPIC_FROZEN, 1},       {TOPIC_FREEZE, 1},          {TOPIC_ROLLOUT_STATE, 1},
    {TOPIC_ROLLOUT_SPEC, 1}, {TOPIC_ROLLOUT_CONTROL, 1}, {TOPIC_LABELS, 1},
    {TOPIC_LABELS, 2},       {TOPIC_PRESENCE, 1},        {TOPIC_PRESENCE, 2},
    {TOPIC_REPORT, 1},       {TOPIC_ORDER, 1},           {TOPIC_ORDER, 2},
    {TOPIC_REPORT, 2}};

/* -- the end of the burst --------------------------------------------------------------------- */

static const char *fence_mark(const struct coordinator *coordinator, char mark[24])
{
    (void)snprintf(mark, 24, "~%s", coordinator->link.session);
    return mark;
}

/* The filter with a name of ours in each '+'; false where there is none. */
static bool fence_make(const struct coordinator *coordinator, size_t index,
                       char topic[BUS_TOPIC_BYTES])
{
    char filter[BUS_TOPIC_BYTES], mark[24];
    struct text text;
    filter_make(coordinator, &readings[index], TOPIC_SHARDS, filter);
    text_init(&text, topic, BUS_TOPIC_BYTES);
    fence_mark(coordinator, mark);
    for (const char *at = filter; *at != '\0'; at++) {
        if (*at == '+') {
            text_append(&text, mark);
        } else {
            text_append_span(&text, span_of(at, 1));
        }
    }
    return strchr(filter, '+') != NULL && !text.cut;
}

static void fence_told(void *ctx, const struct err *err)
{
    struct coordinator *coordinator = ctx;
    if (err != NULL && err->code == ERR_DENIED) {
        coordinator_say(coordinator, LOG_LEVEL_WARNING, "cannot read all of the fleet: %s",
                        err->text);
        coordinator->fences =
            0; /* the burst is over when it is quiet, as far as anybody can tell */
    }
}

static void fences_send(struct coordinator *coordinator)
{
    const struct bus *bus = &coordinator->ports.bus;
    coordinator->fences = 0;
    for (size_t i = 0; i < COUNT_OF(readings); i++) {
        char topic[BUS_TOPIC_BYTES];
        if (fence_make(coordinator, i, topic) &&
            bus->ops->publish(bus->self, topic, span_text("{}"), false, fence_told, coordinator,
                              NULL) == 0) {
            coordinator->fences |= UINT32_C(1) << i;
        }
    }
}

/* Nothing comes from the broker between the questions and their fences: one that is sent after the
 * answer may find room in a queue that has dropped some of what was before it. */
static void subscribe_all(struct coordinator *coordinator, bool has_two)
{
    for (size_t i = 0; i < COUNT_OF(readings); i++) {
        if (readings[i].level == 1 || has_two) {
            filter_ask(coordinator, &readings[i], TOPIC_SHARDS);
        }
    }
    if (coordinator->claim_step == CLAIM_READING) {
        fences_send(coordinator);
    }
    coordinator->reread_at = coordinator->now + COORDINATOR_REREAD_MS;
}

/* True when it is a fence: ours, or another reader's. */
static bool fence_take(struct coordinator *coordinator, const char *topic)
{
    char ours[BUS_TOPIC_BYTES];
    if (strchr(topic, '~') == NULL) {
        return false;
    }
    coordinator_names_fence(coordinator, topic);
    for (size_t i = 0; i < COUNT_OF(readings); i++) {
        if (fence_make(coordinator, i, ours) && strcmp(ours, topic) == 0) {
            coordinator->fences &= ~(UINT32_C(1) << i);
            coordinator->read_at = coordinator->now;
        }
    }
    return true;
}

/* A fence that does not come: of berth/2, where nothing else comes from either, the broker drops it
 * in silence as everything there; any other was dropped with more, and all is read again. */
static void fences_stall(struct coordinator *coordinator)
{
    uint32_t ones = 0;
    for (size_t i = 0; i < COUNT_OF(readings); i++) {
        ones |= readings[i].level == 1 ? UINT32_C(1) << i : 0;
    }
    if ((coordinator->fences & ones) == 0 && !coordinator->is_two_heard) {
        coordinator->fences = 0;
        coordinator_say(coordinator, LOG_LEVEL_WARNING,
                        "nothing comes from berth/2: the broker's rights may be older than this "
                        "coordinator (berth fleet upgrade)");
        return;
    }
    coordinator_say(coordinator, LOG_LEVEL_WARNING,
                    "the broker stopped before the end of what it holds, and may have dropped the "
                    "rest (Mosquitto: max_queued_messages 0): nothing is begun until all is read");
    coordinator->read_at = coordinator->now;
    subscribe_all(coordinator, true);
}

/* One shard again, all of them within COORDINATOR_REREAD_MS; the one before is asked for no more.
 */
static void shard_reread(struct coordinator *coordinator)
{
    static const struct reading pieces[] = {
        {TOPIC_LABELS, 2}, {TOPIC_PRESENCE, 2}, {TOPIC_ORDER, 2}, {TOPIC_REPORT, 2}};
    const struct bus *bus = &coordinator->ports.bus;
    unsigned before = (coordinator->shard + TOPIC_SHARDS - 1) % TOPIC_SHARDS;
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        char filter[BUS_TOPIC_BYTES];
        filter_make(coordinator, &pieces[i], before, filter);
        if (coordinator->is_shard_open) {
            (void)bus->ops->unsubscribe(bus->self, filter, NULL);
        }
        filter_ask(coordinator, &pieces[i], coordinator->shard);
    }
    coordinator->is_shard_open = true;
    coordinator->shard = (coordinator->shard + 1) % TOPIC_SHARDS;
    coordinator->shard_at = coordinator->now + COORDINATOR_REREAD_MS / TOPIC_SHARDS;
}

/* -- from the session ------------------------------------------------------------------------- */

void coordinator_reading_begin(struct coordinator *coordinator)
{
    coordinator->is_two_heard = false;
    coordinator->read_at = coordinator->now;
    subscribe_all(coordinator, true);
    coordinator->is_shard_open = false;
    coordinator->shard_at = coordinator->reread_at;
}

void coordinator_read_again(struct coordinator *coordinator)
{
    for (size_t i = 0; i < coordinator->mirror.rollouts.count; i++) {
        coordinator->mirror.rollouts.list[i]->is_led = false;
    }
    coordinator->claim_step = CLAIM_READING;
    coordinator->read_at = coordinator->now;
    subscribe_all(coordinator, true);
}

bool coordinator_reading_note(struct coordinator *coordinator, const char *topic, bool is_retained)
{
    if (is_retained) {
        coordinator->read_at = coordinator->now; /* still reading what was there before */
    }
    if (fence_take(coordinator, topic)) {
        return true;
    }
    coordinator->is_two_heard |= strncmp(topic, TOPIC_PREFIX_2, sizeof TOPIC_PREFIX_2 - 1) == 0;
    return false;
}

bool coordinator_reading_turn(struct coordinator *coordinator)
{
    bool is_quiet = coordinator->subscribing == 0 && coordinator->fences == 0 &&
                    coordinator->now >= coordinator->read_at + COORDINATOR_QUIET_MS;
    if (coordinator->subscribing == 0 && coordinator->fences != 0 &&
        coordinator->now >= coordinator->read_at + COORDINATOR_STALL_MS) {
        fences_stall(coordinator);
    }
    return is_quiet;
}

mono_ms coordinator_reading_deadline(const struct coordinator *coordinator)
{
    if (coordinator->subscribing > 0) {
        return MONO_NEVER;
    }
    int64_t patience = coordinator->fences != 0 ? COORDINATOR_STALL_MS : COORDINATOR_QUIET_MS;
    return coordinator->read_at + patience;
}

void coordinator_reread_turn(struct coordinator *coordinator)
{
    if (coordinator->now >= coordinator->reread_at) {
        subscribe_all(coordinator, !is_in_pieces(coordinator));
    }
    if (is_in_pieces(coordinator) && coordinator->now >= coordinator->shard_at) {
        shard_reread(coordinator);
    }
}

mono_ms coordinator_reread_deadline(const struct coordinator *coordinator)
{
    mono_ms deadline = coordinator->reread_at;
    return is_in_pieces(coordinator) ? mono_min(deadline, coordinator->shard_at) : deadline;
}
