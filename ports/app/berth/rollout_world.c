/* rollout_world: every message into the table it belongs to; orders only when signed. */
#include "ports/app/berth/rollout_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/wire/envelope.h"
#include "agent/wire/labels.h"
#include "agent/wire/topic.h"

#define MEMORY_BYTES  (2 * ENVELOPE_BYTES_MAX)
#define IDS_LISTED    5
#define RECORDS_FIRST 16

int rollout_world_open(struct rollout_world *world, const char *fleet, const struct trust *trust,
                       struct verify verify, struct err *err)
{
    (void)text_copy(world->fleet, sizeof world->fleet, fleet);
    world->trust = trust;
    world->verify = verify;
    world->memory = malloc(MEMORY_BYTES);
    if (world->memory == NULL) {
        return err_set(err, ERR_MEMORY, "no memory");
    }
    roster_init(&world->roster);
    return 0;
}

void rollout_world_close(struct rollout_world *world)
{
    roster_close(&world->roster);
    free(world->rollouts);
    free(world->memory);
}

void rollout_world_filter(const struct rollout_world *world, size_t index,
                          char filter[BUS_TOPIC_BYTES])
{
    static const char *const below[ROLLOUT_WORLD_FILTERS] = {"rollout/+/+", "node/#",
                                                             "coordinator"};
    (void)snprintf(filter, BUS_TOPIC_BYTES, "berth/1/%s/%s", world->fleet, below[index]);
}

int rollout_world_read(struct rollout_world *world, struct session *session, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ROLLOUT_WORLD_FILTERS; i++) {
        char filter[BUS_TOPIC_BYTES];
        rollout_world_filter(world, i, filter);
        rc = session_read(session, filter, rollout_world_take, world, err);
    }
    rollout_world_sort(world);
    if (rc == 0 && (world->is_short || world->roster.is_short)) {
        rc =
            err_set(err, ERR_MEMORY, "no memory for the whole fleet (%zu nodes, %zu rollouts read)",
                    world->roster.node_count, world->count);
    }
    return rc;
}

/* -- rollouts --------------------------------------------------------------------------------- */

static bool room_make(struct rollout_world *world)
{
    if (world->count < world->room) {
        return true;
    }
    size_t room = world->room == 0 ? RECORDS_FIRST : 2 * world->room;
    struct rollout_record *grown = realloc(world->rollouts, room * sizeof *grown);
    world->is_short |= grown == NULL;
    if (grown != NULL) {
        world->rollouts = grown;
        world->room = room;
    }
    return grown != NULL;
}

static struct rollout_record *record_need(struct rollout_world *world, const char *id)
{
    for (size_t i = 0; i < world->count; i++) {
        if (strcmp(world->rollouts[i].spec.id, id) == 0) {
            return &world->rollouts[i];
        }
    }
    if (!room_make(world)) {
        return NULL;
    }
    struct rollout_record *record = &world->rollouts[world->count++];
    *record = (struct rollout_record){.control = {.want = "run"}};
    (void)text_copy(record->spec.id, sizeof record->spec.id, id);
    (void)text_copy(record->state.id, sizeof record->state.id, id);
    (void)text_copy(record->state.waiting, sizeof record->state.waiting,
                    "a coordinator: berth coordinate");
    return record;
}

static void take_rollout(struct rollout_world *world, const struct topic *topic,
                         struct span payload)
{
    struct rollout_spec spec;
    struct selector selector;
    struct rollout_record *record = payload.len > 0 ? record_need(world, topic->rollout) : NULL;
    if (record == NULL) {
        return;
    }
    if (topic->kind == TOPIC_ROLLOUT_SPEC) {
        if (rollout_spec_parse(payload, &spec, NULL) == 0 && strcmp(spec.id, topic->rollout) == 0 &&
            selector_parse(spec.selector, &selector, NULL) == 0) {
            record->spec = spec;
        }
    } else if (topic->kind == TOPIC_ROLLOUT_CONTROL) {
        record->has_control |= rollout_control_parse(payload, &record->control, NULL) == 0;
    } else {
        record->has_state |= rollout_state_parse(payload, &record->state, NULL) == 0;
    }
}

static int record_compare(const void *a, const void *b)
{
    const struct rollout_spec *first = &((const struct rollout_record *)a)->spec;
    const struct rollout_spec *second = &((const struct rollout_record *)b)->spec;
    return first->created != second->created ? (first->created < second->created ? 1 : -1)
                                             : strcmp(second->id, first->id);
}

void rollout_world_sort(struct rollout_world *world)
{
    qsort(world->rollouts, world->count, sizeof *world->rollouts, record_compare);
    while (world->count > 0 && world->rollouts[world->count - 1].spec.created == 0) {
        world->count--;
    }
}

int rollout_world_find(const struct rollout_world *world, const char *id,
                       const struct rollout_record **record, struct err *err)
{
    char others[IDS_LISTED * (NAME_BYTES + 1) + 1] = "";
    struct text text;
    size_t listed = 0;
    *record = NULL;
    text_init(&text, others, sizeof others);
    for (size_t i = 0; i < world->count; i++) {
        const struct rollout_record *here = &world->rollouts[i];
        if (here->spec.created == 0) {
            continue;
        }
        bool is_it = id != NULL ? strcmp(here->spec.id, id) == 0
                                : *record == NULL || record_compare(here, *record) < 0;
        *record = is_it ? here : *record;
        if (listed++ < IDS_LISTED) {
            text_printf(&text, " %s", here->spec.id);
        }
    }
    if (*record != NULL) {
        return 0;
    }
    return id == NULL || listed == 0
               ? err_set(err, ERR_NOT_FOUND, "no rollout is there; begin one: berth rollout start")
               : err_set(err, ERR_NOT_FOUND, "no rollout %s; there are%s%s", id, others,
                         listed > IDS_LISTED ? " and more: berth rollout list" : "");
}

/* -- nodes ------------------------------------------------------------------------------------ */

static void take_labels(struct rollout_world *world, const char *node, struct span payload)
{
    struct labels labels = {0};
    const char *names[LABELS_MAX];
    const char *values[LABELS_MAX];
    if (payload.len > 0 && labels_parse(payload, &labels, NULL) != 0) {
        return;
    }
    for (size_t i = 0; i < labels.count; i++) {
        names[i] = labels.list[i].key;
        values[i] = labels.list[i].value;
    }
    roster_labels(&world->roster, node, names, values, labels.count);
}

static void take_order(struct rollout_world *world, const struct topic *topic, struct span envelope)
{
    struct arena arena;
    struct span payload;
    struct digest digest;
    struct order order;
    arena_init(&arena, world->memory, MEMORY_BYTES);
    if (envelope_open(envelope, TRUST_ROLE_ORDER, world->trust, &world->verify, &arena, &payload,
                      &digest, NULL) == 0 &&
        order_parse(payload, &order, NULL) == 0 && strcmp(order.node, topic->node) == 0 &&
        strcmp(order.app, topic->app) == 0 && strcmp(order.fleet, world->fleet) == 0) {
        roster_order(&world->roster, &order, true);
    }
}

static void take_report(struct rollout_world *world, const char *node, struct span payload)
{
    struct report *report = &world->report;
    if (report_parse(payload, report, NULL) == 0 && strcmp(report->node, node) == 0 &&
        strcmp(report->fleet, world->fleet) == 0) {
        roster_report(&world->roster, report, (wall_ms)time(NULL) * 1000);
    }
}

void rollout_world_take(void *ctx, const char *text, struct span payload, bool is_retained)
{
    struct rollout_world *world = ctx;
    struct presence presence;
    struct claim claim;
    struct topic topic;
    (void)is_retained;
    if (!topic_parse(text, &topic) || strcmp(topic.fleet, world->fleet) != 0) {
        return;
    }
    if (topic.rollout[0] != '\0') {
        take_rollout(world, &topic, payload);
    } else if (topic.kind == TOPIC_COORDINATOR) {
        world->is_coordinated = claim_parse(payload, &claim, NULL) == 0 && !claim.is_released;
    } else if (topic.kind == TOPIC_LABELS) {
        take_labels(world, topic.node, payload);
    } else if (topic.kind == TOPIC_ORDER && payload.len > 0) {
        take_order(world, &topic, payload);
    } else if (topic.kind == TOPIC_REPORT && payload.len > 0) {
        take_report(world, topic.node, payload);
    } else if (topic.kind == TOPIC_PRESENCE && presence_parse(payload, &presence, NULL) == 0) {
        roster_presence(&world->roster, topic.node, &presence);
    }
}

struct rollout_view rollout_record_view(const struct rollout_record *record)
{
    return (struct rollout_view){
        .spec = &record->spec, .control = &record->control, .state = &record->state};
}
