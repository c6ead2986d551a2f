/* kept: a list of rollouts found by their id; one coordinator has tens of them. */
#include "agent/fleet/kept.h"

#include <stdlib.h>
#include <string.h>

#include "platform/base/law.h"

#define KEPT_FIRST 16

struct kept *kept_find(const struct kept_table *table, const char *id)
{
    LAW(BOUNDED, table->count <= table->cap);
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->list[i]->spec.id, id) == 0) {
            return table->list[i];
        }
    }
    return NULL;
}

static bool room_make(struct kept_table *table)
{
    if (table->count < table->cap) {
        return true;
    }
    size_t cap = table->cap == 0 ? KEPT_FIRST : 2 * table->cap;
    struct kept **list = realloc(table->list, cap * sizeof(struct kept *));
    if (list == NULL) {
        return false;
    }
    table->list = list;
    table->cap = cap;
    return true;
}

struct kept *kept_need(struct kept_table *table, const char *id)
{
    struct kept *kept = kept_find(table, id);
    if (kept != NULL || !room_make(table)) {
        return kept;
    }
    kept = calloc(1, sizeof *kept);
    if (kept != NULL) {
        (void)text_copy(kept->spec.id, sizeof kept->spec.id, id);
        kept->control = kept->told_control = (struct rollout_control){.want = "run"};
        table->list[table->count++] = kept;
    }
    return kept;
}

void kept_bytes_free(struct kept_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct kept_bytes){0};
}

bool kept_bytes_set(struct kept_bytes *bytes, struct span data)
{
    kept_bytes_free(bytes);
    bytes->data = data.len > 0 ? malloc(data.len) : NULL;
    if (bytes->data == NULL) {
        return data.len == 0;
    }
    memcpy(bytes->data, data.data, data.len);
    bytes->len = data.len;
    return true;
}

static void kept_free(struct kept *kept)
{
    planner_tally_free(kept->tally);
    free(kept->release);
    kept_bytes_free(&kept->spec_bytes);
    kept_bytes_free(&kept->offer.bytes);
    free(kept);
}

void kept_remove(struct kept_table *table, struct kept *kept)
{
    LAW(ENDS, table->count > 0);
    for (size_t i = 0; i < table->count; i++) {
        if (table->list[i] == kept) {
            table->count--;
            memmove(&table->list[i], &table->list[i + 1],
                    (table->count - i) * sizeof(struct kept *));
            kept_free(kept);
            return;
        }
    }
}

void kept_close(struct kept_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        kept_free(table->list[i]);
    }
    free(table->list);
    *table = (struct kept_table){0};
}

bool kept_is_live(const struct kept *kept)
{
    return !rollout_phase_is_end(kept->state.phase);
}

size_t kept_live_count(const struct kept_table *table)
{
    LAW(BOUNDED, table->count <= table->cap);
    size_t live = 0;
    for (size_t i = 0; i < table->count; i++) {
        live += table->list[i]->spec.created != 0 && kept_is_live(table->list[i]);
    }
    return live;
}

const struct rollout_control *kept_control(const struct kept *rollout)
{
    const struct rollout_control *taken =
        rollout->has_told ? &rollout->told_control : &rollout->control;
    return rollout->has_control && rollout->offer.control.serial > taken->serial
               ? &rollout->offer.control
               : taken;
}
