/* words: a list of counted words by id, and open addressing over it. */
#include "agent/fleet/words.h"

#include <stdlib.h>
#include <string.h>

#include "platform/base/law.h"

#define WORDS_FIRST 64

void words_close(struct words *words)
{
    for (uint32_t id = 1; id < words->used; id++) {
        free(words->list[id]);
    }
    free(words->list);
    free(words->free_ids);
    free(words->slots);
    *words = (struct words){.resize = words->resize};
}

static uint32_t hash_of(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return (uint32_t)(hash ^ (hash >> 32));
}

/* Where it stands in the slots, or the empty slot where it would. */
static uint32_t slot_of(const struct words *words, uint32_t hash, const void *bytes, size_t len)
{
    uint32_t mask = words->slot_count - 1;
    uint32_t slot = hash & mask;
    for (; words->slots[slot] != 0; slot = (slot + 1) & mask) {
        const struct word *word = words->list[words->slots[slot]];
        if (word->hash == hash && word->len == len && memcmp(word->bytes, bytes, len) == 0) {
            break;
        }
    }
    return slot;
}

/* At most three of four slots are in use. */
static bool slots_make(struct words *words)
{
    if (words->slot_count != 0 && words->used < words->slot_count / 4 * 3) {
        return true;
    }
    uint32_t count = words->slot_count == 0 ? 2 * WORDS_FIRST : 2 * words->slot_count;
    uint32_t *slots = words->resize(NULL, count * sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    free(words->slots);
    memset(slots, 0, count * sizeof *slots);
    words->slots = slots;
    words->slot_count = count;
    for (uint32_t id = 1; id < words->used; id++) {
        uint32_t slot = words->list[id] != NULL ? words->list[id]->hash & (count - 1) : 0;
        while (words->list[id] != NULL && slots[slot] != 0) {
            slot = (slot + 1) & (count - 1);
        }
        if (words->list[id] != NULL) {
            slots[slot] = id;
        }
    }
    return true;
}

/* A place in the list, and one among the free ids for when it goes. */
static bool list_make(struct words *words)
{
    if (words->used < words->cap) {
        return true;
    }
    uint32_t cap = words->cap == 0 ? WORDS_FIRST : 2 * words->cap;
    uint32_t *free_ids = words->resize(words->free_ids, cap * sizeof *free_ids);
    words->free_ids = free_ids != NULL ? free_ids : words->free_ids;
    struct word **list =
        free_ids != NULL ? words->resize(words->list, cap * sizeof(struct word *)) : NULL;
    if (list == NULL) {
        return false;
    }
    list[0] = NULL;
    words->list = list;
    words->cap = cap;
    words->used = words->used == 0 ? 1 : words->used;
    return true;
}

static struct word *word_make(struct words *words, uint32_t hash, const void *bytes, size_t len)
{
    struct word *word = words->resize(NULL, sizeof *word + len + 1);
    if (word != NULL) {
        *word = (struct word){.uses = 1, .hash = hash, .len = (uint32_t)len};
        memcpy(word->bytes, bytes, len);
        word->bytes[len] = '\0';
    }
    return word;
}

uint32_t words_take(struct words *words, const void *bytes, size_t len)
{
    LAW(BOUNDED, len <= WORDS_LEN_MAX);
    uint32_t hash = hash_of(bytes, len);
    uint32_t known = words_find(words, bytes, len);
    if (known != 0) {
        words->list[known]->uses++; /* takes no memory */
        return known;
    }
    struct word *word =
        list_make(words) && slots_make(words) ? word_make(words, hash, bytes, len) : NULL;
    if (word == NULL) {
        return 0;
    }
    uint32_t id = words->free_count > 0 ? words->free_ids[--words->free_count] : words->used++;
    words->list[id] = word;
    words->slots[slot_of(words, hash, bytes, len)] = id;
    return id;
}

/* Whoever stands behind it and could not stand where it belongs moves up: no gap is left between a
 * word and where one begins to look for it. */
static void slot_clear(struct words *words, uint32_t gap)
{
    uint32_t mask = words->slot_count - 1;
    words->slots[gap] = 0;
    for (uint32_t slot = (gap + 1) & mask; words->slots[slot] != 0; slot = (slot + 1) & mask) {
        uint32_t home = words->list[words->slots[slot]]->hash & mask;
        if (((slot - home) & mask) >= ((slot - gap) & mask)) {
            words->slots[gap] = words->slots[slot];
            words->slots[slot] = 0;
            gap = slot;
        }
    }
}

void words_drop(struct words *words, uint32_t id)
{
    if (id == 0) {
        return;
    }
    struct word *word = words->list[id];
    LAW(BOUNDED, word != NULL && word->uses > 0);
    if (--word->uses > 0) {
        return;
    }
    slot_clear(words, slot_of(words, word->hash, word->bytes, word->len));
    words->list[id] = NULL;
    words->free_ids[words->free_count++] = id;
    free(word);
}

uint32_t words_find(const struct words *words, const void *bytes, size_t len)
{
    return words->slot_count == 0 ? 0
                                  : words->slots[slot_of(words, hash_of(bytes, len), bytes, len)];
}

const struct word *words_at(const struct words *words, uint32_t id)
{
    LAW(BOUNDED, id != 0 && id < words->used && words->list[id] != NULL);
    return words->list[id];
}

uint32_t words_count(const struct words *words)
{
    return words->used == 0 ? 0 : words->used - 1 - words->free_count;
}
