/* roster_table: nodes in chunks, found by a hash of their names, sorted when somebody wants them in
 * order; and who changed. */
#include <stdlib.h>
#include <string.h>

#include "platform/base/law.h"

#include "agent/fleet/roster_private.h"

#define NUMBERS_FIRST 64
/* So few new ones are put where they belong one by one. */
#define INSERTED_MAX 32

void roster_init(struct roster *roster)
{
    *roster = (struct roster){.resize = realloc};
}

static struct roster_node *node_of(const struct roster *roster, uint32_t number)
{
    return &roster->table->chunks[number / ROSTER_CHUNK][number % ROSTER_CHUNK];
}

struct roster_node *roster_by_number(const struct roster *roster, uint32_t number)
{
    struct roster_node *node = node_of(roster, number);
    return node->name != NULL ? node : NULL;
}

void roster_close(struct roster *roster)
{
    struct roster_table *table = roster->table;
    for (uint32_t i = 0; i < roster->number_count; i++) {
        free((void *)(uintptr_t)node_of(roster, i)->name);
        free(node_of(roster, i)->record);
    }
    if (table != NULL) {
        for (size_t i = 0; i < table->chunk_cap && table->chunks[i] != NULL; i++) {
            free(table->chunks[i]);
        }
        words_close(&table->words);
        free(table->chunks);
        free(table->sorted.list);
        free(table->slots);
        free(table->free.list);
        free(table->changes.list);
        free(table->unshown.list);
        free(table);
    }
    *roster = (struct roster){0};
}

/* -- memory ----------------------------------------------------------------------------------- */

void roster_note_short(struct roster *roster, const char *node)
{
    if (!roster->is_short) {
        roster->is_short = true;
        (void)text_copy(roster->short_of, sizeof roster->short_of, node);
    }
}

void *roster_resized(struct roster *roster, void *memory, size_t size, const char *node)
{
    void *made = roster->resize(memory, size);
    if (made == NULL) {
        roster_note_short(roster, node);
    }
    return made;
}

static bool numbers_add(struct roster *roster, struct roster_numbers *numbers, uint32_t number)
{
    if (numbers->count == numbers->cap) {
        size_t cap = numbers->cap == 0 ? NUMBERS_FIRST : numbers->cap + numbers->cap / 2;
        uint32_t *list = roster->resize(numbers->list, cap * sizeof *list);
        if (list == NULL) {
            return false;
        }
        numbers->list = list;
        numbers->cap = cap;
    }
    numbers->list[numbers->count++] = number;
    return true;
}

/* -- who changed ------------------------------------------------------------------------------ */

void roster_note_change(struct roster *roster, struct roster_node *node)
{
    struct roster_table *table = roster->table;
    if (!node->is_changed && !table->is_all_changed) {
        node->is_changed = numbers_add(roster, &table->changes, node->number);
        table->is_all_changed = !node->is_changed; /* else its later changes would go unseen */
    }
}

bool roster_changes(const struct roster *roster, const uint32_t **numbers, size_t *count)
{
    const struct roster_table *table = roster->table;
    *numbers = table != NULL ? table->changes.list : NULL;
    *count = table != NULL ? table->changes.count : 0;
    return table == NULL || !table->is_all_changed;
}

void roster_changes_clear(struct roster *roster)
{
    struct roster_table *table = roster->table;
    if (table != NULL) {
        for (size_t i = 0; i < table->changes.count; i++) {
            node_of(roster, table->changes.list[i])->is_changed = false;
        }
        table->changes.count = 0;
        table->is_all_changed = false;
    }
}

/* Without memory to note it, all are looked through. */
void roster_note_unshown(struct roster *roster, struct roster_node *node)
{
    struct roster_table *table = roster->table;
    if (!node->is_unshown) {
        node->is_unshown = numbers_add(roster, &table->unshown, node->number);
        table->is_all_unshown |= !node->is_unshown;
    }
}

static bool has_unshown(const struct roster_node *node)
{
    struct roster_app app;
    bool has = false;
    for (size_t at = 0; !has && roster_app_next(node, &at, &app);) {
        has = roster_is_unshown(&app);
    }
    return has;
}

const struct roster_node *roster_unshown_next(struct roster *roster, size_t *at)
{
    struct roster_table *table = roster->table;
    if (table == NULL) {
        return NULL;
    }
    if (table->is_all_unshown) {
        table->is_all_unshown = false;
        for (uint32_t i = 0; i < roster->number_count; i++) {
            struct roster_node *node = node_of(roster, i);
            if (has_unshown(node)) {
                roster_note_unshown(roster, node);
            }
        }
    }
    struct roster_numbers *unshown = &table->unshown;
    *at = *at < unshown->count ? *at : unshown->count;
    while (*at > 0) {
        struct roster_node *node = node_of(roster, unshown->list[--*at]);
        if (has_unshown(node)) {
            return node;
        }
        node->is_unshown = false;
        unshown->list[*at] = unshown->list[--unshown->count];
    }
    return NULL;
}

/* -- nodes by name ---------------------------------------------------------------------------- */

static uint32_t hash_of(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    }
    return (uint32_t)(hash ^ (hash >> 29));
}

/* Where it stands in the slots, or the empty slot where it would. */
static size_t slot_of(const struct roster *roster, const char *name)
{
    const struct roster_table *table = roster->table;
    size_t slot = hash_of(name) & (table->slot_count - 1);
    while (table->slots[slot] != 0 &&
           strcmp(node_of(roster, table->slots[slot] - 1)->name, name) != 0) {
        slot = (slot + 1) & (table->slot_count - 1);
    }
    return slot;
}

struct roster_node *roster_find(const struct roster *roster, const char *name)
{
    if (roster->node_count == 0) {
        return NULL;
    }
    uint32_t found = roster->table->slots[slot_of(roster, name)];
    return found != 0 ? node_of(roster, found - 1) : NULL;
}

/* At most four of five slots are in use. */
static bool slots_make(struct roster *roster, const char *name)
{
    struct roster_table *table = roster->table;
    if (roster->node_count < table->slot_count / 5 * 4) {
        return true;
    }
    size_t count = table->slot_count == 0 ? 2 * NUMBERS_FIRST : 2 * table->slot_count;
    uint32_t *slots = roster_resized(roster, NULL, count * sizeof *slots, name);
    if (slots == NULL) {
        return false;
    }
    free(table->slots);
    memset(slots, 0, count * sizeof *slots);
    table->slots = slots;
    table->slot_count = count;
    for (uint32_t i = 0; i < roster->number_count; i++) {
        if (roster_by_number(roster, i) != NULL) {
            slots[slot_of(roster, node_of(roster, i)->name)] = i + 1;
        }
    }
    return true;
}

static bool table_make(struct roster *roster, const char *name)
{
    if (roster->table == NULL) {
        roster->table = roster_resized(roster, NULL, sizeof *roster->table, name);
        if (roster->table != NULL) {
            *roster->table = (struct roster_table){.words = {.resize = roster->resize}};
        }
    }
    return roster->table != NULL;
}

/* A place for the node of this number. */
static bool chunk_make(struct roster *roster, uint32_t number, const char *name)
{
    struct roster_table *table = roster->table;
    size_t index = number / ROSTER_CHUNK;
    if (index >= table->chunk_cap) {
        size_t cap = table->chunk_cap == 0 ? 4 : 2 * table->chunk_cap;
        struct roster_node **chunks =
            roster_resized(roster, table->chunks, cap * sizeof(struct roster_node *), name);
        if (chunks == NULL) {
            return false;
        }
        memset(chunks + table->chunk_cap, 0, (cap - table->chunk_cap) * sizeof *chunks);
        table->chunks = chunks;
        table->chunk_cap = cap;
    }
    if (table->chunks[index] == NULL) {
        table->chunks[index] =
            roster_resized(roster, NULL, ROSTER_CHUNK * sizeof(struct roster_node), name);
    }
    return table->chunks[index] != NULL;
}

static struct roster_node *node_make(struct roster *roster, const char *name)
{
    struct roster_table *table = roster->table;
    bool is_again = table->free.count > 0;
    uint32_t number = is_again ? table->free.list[table->free.count - 1] : roster->number_count;
    if (!chunk_make(roster, number, name) || !slots_make(roster, name)) {
        return NULL;
    }
    char *copy = roster_resized(roster, NULL, strlen(name) + 1, name);
    if (copy == NULL || !numbers_add(roster, &table->sorted, number)) {
        roster_note_short(roster, name);
        free(copy);
        return NULL;
    }
    memcpy(copy, name, strlen(name) + 1);
    table->free.count -= is_again;
    roster->number_count += !is_again;
    struct roster_node *node = node_of(roster, number);
    *node = (struct roster_node){.name = copy,
                                 .number = number,
                                 .words = &table->words,
                                 .is_changed = is_again && node->is_changed,
                                 .is_unshown = is_again && node->is_unshown};
    table->slots[slot_of(roster, name)] = number + 1;
    roster->node_count++;
    roster->members++;
    return node;
}

struct roster_node *roster_need(struct roster *roster, const char *name)
{
    struct roster_node *node = roster_find(roster, name);
    if (node != NULL || !text_is_name(name, NODE_NAME_BYTES - 1)) {
        return node;
    }
    node = table_make(roster, name) ? node_make(roster, name) : NULL;
    if (node != NULL) {
        roster_note_change(roster, node);
    }
    return node;
}

/* Who stands behind it and could not stand where it belongs moves up: no gap is left between a node
 * and where one begins to look for it. */
static void slot_clear(const struct roster *roster, size_t gap)
{
    struct roster_table *table = roster->table;
    size_t mask = table->slot_count - 1;
    table->slots[gap] = 0;
    for (size_t slot = (gap + 1) & mask; table->slots[slot] != 0; slot = (slot + 1) & mask) {
        size_t home = hash_of(node_of(roster, table->slots[slot] - 1)->name) & mask;
        if (((slot - home) & mask) >= ((slot - gap) & mask)) {
            table->slots[gap] = table->slots[slot];
            table->slots[slot] = 0;
            gap = slot;
        }
    }
}

void roster_forget(struct roster *roster, struct roster_node *node)
{
    struct roster_table *table = roster->table;
    (void)roster_at(roster, 0); /* its rank is true then */
    uint32_t *place = &table->sorted.list[node->rank];
    roster_note_change(roster, node);
    slot_clear(roster, slot_of(roster, node->name));
    roster->node_count--;
    roster->members++;
    table->sorted.count--;
    table->settled--;
    memmove(place, place + 1, (table->sorted.count - node->rank) * sizeof *place);
    for (size_t i = node->rank; i < table->sorted.count; i++) {
        node_of(roster, table->sorted.list[i])->rank = (uint32_t)i;
    }
    free((void *)(uintptr_t)node->name);
    free(node->record);
    *node = (struct roster_node){
        .number = node->number, .is_changed = node->is_changed, .is_unshown = node->is_unshown};
    (void)numbers_add(roster, &table->free, node->number); /* no memory: its number stays unused */
}

/* -- in order --------------------------------------------------------------------------------- */

static int names_compare(const void *a, const void *b, void *roster)
{
    return strcmp(node_of(roster, *(const uint32_t *)a)->name,
                  node_of(roster, *(const uint32_t *)b)->name);
}

/* The one just behind those that are sorted goes where it belongs. */
static void sorted_insert(const struct roster *roster)
{
    struct roster_table *table = roster->table;
    uint32_t *list = table->sorted.list;
    uint32_t number = list[table->settled];
    const char *name = node_of(roster, number)->name;
    size_t low = 0;
    size_t high = table->settled;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(node_of(roster, list[middle])->name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    memmove(&list[low + 1], &list[low], (table->settled - low) * sizeof *list);
    list[low] = number;
    table->settled++;
}

static void settle(const struct roster *roster)
{
    struct roster_table *table = roster->table;
    if (table->sorted.count - table->settled <= INSERTED_MAX) {
        while (table->settled < table->sorted.count) {
            sorted_insert(roster);
        }
    } else {
        qsort_r(table->sorted.list, table->sorted.count, sizeof *table->sorted.list, names_compare,
                (void *)(uintptr_t)roster);
        table->settled = table->sorted.count;
    }
    for (size_t i = 0; i < table->sorted.count; i++) {
        node_of(roster, table->sorted.list[i])->rank = (uint32_t)i;
    }
}

struct roster_node *roster_at(const struct roster *roster, size_t index)
{
    LAW(BOUNDED, index < roster->node_count);
    if (roster->table->settled < roster->table->sorted.count) {
        settle(roster);
    }
    return node_of(roster, roster->table->sorted.list[index]);
}
