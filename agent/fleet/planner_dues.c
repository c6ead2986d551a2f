/* planner_dues: a heap of instants at which nodes are judged again; and what belongs to no one file
 * of a tally: its beginning, its end, and whether two plans are the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/law.h"

#include "agent/fleet/planner_tally_private.h"

#define DUES_FIRST 64

static void up(struct due *list, size_t at)
{
    struct due due = list[at];
    while (at > 0 && list[(at - 1) / 2].at > due.at) {
        list[at] = list[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    list[at] = due;
}

static void down(struct due *list, size_t count, size_t at)
{
    LAW(BOUNDED, at < count);
    struct due due = list[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) {
            break;
        }
        child += child + 1 < count && list[child + 1].at < list[child].at;
        if (list[child].at >= due.at) {
            break;
        }
        list[at] = list[child];
        at = child;
    }
    list[at] = due;
}

bool dues_add(struct dues *dues, wall_ms at, size_t rank)
{
    LAW(BOUNDED, dues->count <= dues->cap);
    if (dues->count == dues->cap) {
        size_t cap = dues->cap == 0 ? DUES_FIRST : dues->cap + dues->cap / 2;
        struct due *list = realloc(dues->list, cap * sizeof *list);
        if (list == NULL) {
            return false;
        }
        dues->list = list;
        dues->cap = cap;
    }
    dues->list[dues->count] = (struct due){at, (uint32_t)rank};
    up(dues->list, dues->count++);
    return true;
}

static void first_drop(struct dues *dues)
{
    LAW(BOUNDED, dues->count > 0);
    dues->list[0] = dues->list[--dues->count];
    if (dues->count > 0) {
        down(dues->list, dues->count, 0);
    }
}

size_t dues_take(struct dues *dues, wall_ms now)
{
    if (dues->count == 0 || dues->list[0].at > now) {
        return SIZE_MAX;
    }
    size_t rank = dues->list[0].rank;
    first_drop(dues);
    return rank;
}

wall_ms dues_first(struct dues *dues, const struct part *parts)
{
    while (dues->count > 0 && parts[dues->list[0].rank].wake != dues->list[0].at) {
        first_drop(dues);
    }
    return dues->count > 0 ? dues->list[0].at : 0;
}

bool dues_refill(struct dues *dues, const struct part *parts, size_t count)
{
    LAW(BOUNDED, count == 0 || parts != NULL);
    bool has_memory = true;
    dues->count = 0;
    for (size_t i = 0; i < count && has_memory; i++) {
        has_memory = parts[i].wake == 0 || dues_add(dues, parts[i].wake, i);
    }
    return has_memory;
}

/* -- a tally's life --------------------------------------------------------------------------- */

struct planner_tally *planner_tally_new(void)
{
    struct planner_tally *tally = calloc(1, sizeof *tally);
    if (tally != NULL) {
        tally->groups.resize = realloc;
    }
    return tally;
}

void planner_tally_forget(struct planner_tally *tally)
{
    for (size_t i = 0; i < TALLY_SETS; i++) {
        ranks_close(&tally->sets[i]);
    }
    words_close(&tally->groups);
    free(tally->parts);
    free(tally->group_of);
    free(tally->held);
    free(tally->dues.list);
    *tally = (struct planner_tally){
        .groups = {.resize = realloc}, .judged = tally->judged, .recounts = tally->recounts};
}

void planner_tally_free(struct planner_tally *tally)
{
    if (tally != NULL) {
        planner_tally_forget(tally);
        free(tally);
    }
}

uint64_t planner_tally_judged(const struct planner_tally *tally, uint64_t *recounts)
{
    LAW(BOUNDED, recounts != NULL);
    *recounts = tally->recounts;
    return tally->judged;
}

void planner_tally_step(struct planner_tally *tally, const struct planner_rollout *rollout,
                        const struct roster *roster, wall_ms now, struct planner_result *result)
{
    LAW(BUDGET, tally != NULL);
    struct turn turn = {
        .rollout = rollout, .roster = roster, .now = now, .result = result, .tally = tally};
    planner_begin(&turn);
    planner_count(&turn);
    planner_finish(&turn);
}

/* -- two plans -------------------------------------------------------------------------------- */

static bool is_order_same(const struct planner_order *a, const struct planner_order *b)
{
    return a->node == b->node && digest_is_equal(&a->release, &b->release) &&
           digest_is_equal(&a->before, &b->before) && a->is_taken_back == b->is_taken_back &&
           a->start_by == b->start_by;
}

/* From a little before the first byte that differs. */
static void difference_say(const char *a, const char *b, char *why, size_t why_size)
{
    size_t at = 0;
    while (a[at] != '\0' && a[at] == b[at]) {
        at++;
    }
    at = at > 24 ? at - 24 : 0;
    (void)snprintf(why, why_size, "...%.60s, not ...%.60s", a + at, b + at);
}

bool planner_result_is_same(const struct planner_result *a, const struct planner_result *b,
                            char *why, size_t why_size)
{
    char texts[2][ROLLOUT_BYTES_MAX];
    struct text text[2];
    bool is_same = a->order_count == b->order_count;
    text_init(&text[0], texts[0], sizeof texts[0]);
    text_init(&text[1], texts[1], sizeof texts[1]);
    rollout_state_render(&a->state, &text[0]);
    rollout_state_render(&b->state, &text[1]);
    if (strcmp(texts[0], texts[1]) != 0) {
        difference_say(texts[0], texts[1], why, why_size);
        return false;
    }
    for (size_t i = 0; i < a->order_count && is_same; i++) {
        is_same = is_order_same(&a->orders[i], &b->orders[i]);
    }
    if (!is_same) {
        (void)snprintf(why, why_size, "its %zu orders, not %zu", a->order_count, b->order_count);
    } else if (a->wake_at != b->wake_at) {
        (void)snprintf(why, why_size, "to wake at %lld, not %lld", (long long)a->wake_at,
                       (long long)b->wake_at);
        is_same = false;
    }
    return is_same;
}
