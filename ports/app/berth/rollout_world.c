/* rollout_world: a mirror that is filled by readings, and the order in which people see rollouts.
 */
#include "ports/app/berth/rollout_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ports/app/berth/operators_file.h"
#include "ports/app/berth/roll_file.h"
#include "ports/app/berth/unread.h"

#define IDS_LISTED 5

/* What cannot be believed any more is as if it were not there: the broker may show a later one. */
static int roll_kept_take(void *ctx, const char *shard, struct span envelope, struct err *err)
{
    int rc = mirror_roll_seed(ctx, envelope, NULL);
    return rc == ERR_MEMORY ? err_set(err, rc, "no memory for the roll's shard %s", shard) : 0;
}

int rollout_world_open(struct rollout_world *world, const struct fleet_dir *dir,
                       const struct trust *trust, const struct keyring *keyring, struct err *err)
{
    struct operators operators;
    const struct mirror_settings settings = {
        .fleet = dir->fleet, .trust = trust, .operators = &operators, .verify = keyring->verify};
    int rc = operators_file_load(keyring, dir, trust, &operators, err);
    rc = rc == 0 ? mirror_init(&world->mirror, &settings, err) : rc;
    return rc == 0 ? roll_file_each(dir, roll_kept_take, &world->mirror, err) : rc;
}

void rollout_world_close(struct rollout_world *world)
{
    mirror_close(&world->mirror);
}

/* -- reading ---------------------------------------------------------------------------------- */

/* Of a filter that is read; berth/1 first: what a node says there hides what it says at berth/2.
 * One kind a filter, so that as little as can be must find room in the broker's queue at once. */
static const struct {
    enum world_scope scope;
    const char *prefix, *below;
} filters[] = {{WORLD_ROLLOUTS, TOPIC_PREFIX, "operators/#"},
               {WORLD_ROLLOUTS, TOPIC_PREFIX, "rollout/+/+"},
               {WORLD_ROLLOUTS, TOPIC_PREFIX, "coordinator"},
               {WORLD_ROLLOUTS, TOPIC_PREFIX, "freeze/#"},
               {WORLD_NODES, TOPIC_PREFIX, "roll/+"},
               {WORLD_NODES, TOPIC_PREFIX, "node/+/labels"},
               {WORLD_NODES, TOPIC_PREFIX, "node/+/presence"},
               {WORLD_NODES, TOPIC_PREFIX, "node/+/report"},
               {WORLD_NODES, TOPIC_PREFIX, "node/+/order/+"},
               {WORLD_NODES, TOPIC_PREFIX_2, "node/+/+/labels"},
               {WORLD_NODES, TOPIC_PREFIX_2, "node/+/+/presence"},
               {WORLD_NODES, TOPIC_PREFIX_2, "node/+/+/report"},
               {WORLD_NODES, TOPIC_PREFIX_2, "node/+/+/order/+"},
               {WORLD_ALL, TOPIC_PREFIX, "node/#"},
               {WORLD_ALL, TOPIC_PREFIX_2, "node/#"}};

int rollout_world_each(const struct rollout_world *world, struct session *session,
                       enum world_scope scope,
                       void (*received)(void *ctx, const char *topic, struct span payload,
                                        bool is_retained),
                       void *ctx, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < COUNT_OF(filters) && filters[i].scope <= scope; i++) {
        char filter[BUS_TOPIC_BYTES];
        bool is_two = strcmp(filters[i].prefix, TOPIC_PREFIX_2) == 0;
        (void)snprintf(filter, sizeof filter, "%s%s/%s", filters[i].prefix, world->mirror.fleet,
                       filters[i].below);
        rc = is_two ? session_read_two(session, filter, received, ctx, err)
                    : session_read(session, filter, received, ctx, err);
    }
    return rc;
}

int rollout_world_read(struct rollout_world *world, struct session *session, enum world_scope scope,
                       struct err *err)
{
    int rc = rollout_world_each(world, session, scope, rollout_world_take, world, err);
    rollout_world_sort(world);
    if (rc == 0 && (world->mirror.is_short || world->mirror.roster.is_short)) {
        rc =
            err_set(err, ERR_MEMORY, "no memory for the whole fleet (%zu nodes, %zu rollouts read)",
                    world->mirror.roster.node_count, world->mirror.rollouts.count);
    }
    unread_say(&world->mirror);
    return rc;
}

void rollout_world_take(void *ctx, const char *text, struct span payload, bool is_retained)
{
    struct rollout_world *world = ctx;
    (void)is_retained;
    world->now = (wall_ms)time(NULL) * 1000;
    mirror_take(&world->mirror, text, payload, world->now, &world->news);
    struct kept *kept = world->news.rollout;
    if (kept != NULL && !kept->has_told) {
        (void)text_copy(kept->told.id, sizeof kept->told.id, kept->spec.id);
        (void)text_copy(kept->told.waiting, sizeof kept->told.waiting,
                        "a coordinator: berth coordinate");
    }
}

/* -- what was read ---------------------------------------------------------------------------- */

static int spec_compare(const struct rollout_spec *first, const struct rollout_spec *second)
{
    return first->created != second->created ? (first->created < second->created ? 1 : -1)
                                             : strcmp(second->id, first->id);
}

static int kept_compare(const void *a, const void *b)
{
    return spec_compare(&(*(struct kept *const *)a)->spec, &(*(struct kept *const *)b)->spec);
}

void rollout_world_sort(struct rollout_world *world)
{
    const struct kept_table *rollouts = &world->mirror.rollouts;
    if (rollouts->count > 0) {
        qsort(rollouts->list, rollouts->count, sizeof(struct kept *), kept_compare);
    }
    world->count = rollouts->count;
    while (world->count > 0 && rollouts->list[world->count - 1]->spec.created == 0) {
        world->count--;
    }
}

/* How well a word fits an id: 2 it is the id, 1 its beginning or its end, 0 not. */
static int id_fit(const char *id, const char *word)
{
    size_t len = strlen(word);
    size_t whole = strlen(id);
    if (strcmp(id, word) == 0) {
        return 2;
    }
    return len < whole && (strncmp(id, word, len) == 0 || strcmp(id + whole - len, word) == 0);
}

/* The rollouts there are, or those that a word fits. */
static size_t others_append(const struct rollout_world *world, const char *word, struct text *text)
{
    size_t listed = 0;
    for (size_t i = 0; i < world->mirror.rollouts.count; i++) {
        const struct kept *here = world->mirror.rollouts.list[i];
        if (here->spec.created != 0 && (word == NULL || id_fit(here->spec.id, word) > 0) &&
            listed++ < IDS_LISTED) {
            text_printf(text, " %s", here->spec.id);
        }
    }
    text_append(text, listed > IDS_LISTED ? " and more: berth rollout list" : "");
    return listed;
}

static const struct kept *newest_find(const struct rollout_world *world)
{
    const struct kept *newest = NULL;
    for (size_t i = 0; i < world->mirror.rollouts.count; i++) {
        const struct kept *here = world->mirror.rollouts.list[i];
        if (here->spec.created != 0 &&
            (newest == NULL || spec_compare(&here->spec, &newest->spec) < 0)) {
            newest = here;
        }
    }
    return newest;
}

int rollout_world_find(const struct rollout_world *world, const char *id,
                       const struct kept **rollout, struct err *err)
{
    char others[IDS_LISTED * (NAME_BYTES + 1) + 64] = "";
    struct text text;
    int best = 0;
    size_t count = 0; /* that fit as well as the best */
    bool is_newest = id == NULL || strcmp(id, "latest") == 0;
    *rollout = is_newest ? newest_find(world) : NULL;
    for (size_t i = 0; !is_newest && i < world->mirror.rollouts.count; i++) {
        const struct kept *here = world->mirror.rollouts.list[i];
        int fit = here->spec.created != 0 ? id_fit(here->spec.id, id) : 0;
        *rollout = fit > best ? here : *rollout;
        count = fit > best ? 1 : count + (fit == best && fit > 0);
        best = fit > best ? fit : best;
    }
    text_init(&text, others, sizeof others);
    if (count > 1) {
        (void)others_append(world, id, &text);
        return err_set(err, ERR_VALUE, "%s means several rollouts:%s", id, others);
    }
    if (*rollout != NULL) {
        return 0;
    }
    return others_append(world, NULL, &text) == 0
               ? err_set(err, ERR_NOT_FOUND, "no rollout is there; begin one: berth rollout start")
               : err_set(err, ERR_NOT_FOUND, "no rollout %s; there are%s", id, others);
}

struct rollout_view rollout_world_view(const struct kept *rollout)
{
    return (struct rollout_view){
        .spec = &rollout->spec, .control = kept_control(rollout), .state = &rollout->told};
}

bool rollout_world_is_coordinated(const struct rollout_world *world)
{
    return world->mirror.has_claim && !world->mirror.claim.is_released;
}
