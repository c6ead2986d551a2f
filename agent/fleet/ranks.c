/* ranks: words of 64 bits, level upon level. */
#include "agent/fleet/ranks.h"

#include <stdlib.h>

#include "platform/base/law.h"

#define WORD_BITS 64

bool ranks_init(struct ranks *ranks, size_t size)
{
    size_t words[RANKS_LEVELS_MAX];
    size_t total = 0;
    *ranks = (struct ranks){.level_count = 0};
    for (size_t left = size;;) {
        left = left / WORD_BITS + 1;
        words[ranks->level_count++] = left;
        total += left;
        if (left == 1) {
            break;
        }
    }
    uint64_t *at = calloc(total, sizeof *at);
    if (at == NULL) {
        *ranks = (struct ranks){.level_count = 0};
        return false;
    }
    for (size_t i = 0; i < ranks->level_count; i++) {
        ranks->levels[i] = at;
        at += words[i];
    }
    return true;
}

void ranks_close(struct ranks *ranks)
{
    free(ranks->levels[0]);
    *ranks = (struct ranks){.level_count = 0};
}

void ranks_set(struct ranks *ranks, size_t rank, bool is_in)
{
    LAW(BOUNDED, ranks->level_count > 0);
    uint64_t bit = UINT64_C(1) << rank % WORD_BITS;
    bool was_in = (ranks->levels[0][rank / WORD_BITS] & bit) != 0;
    if (was_in == is_in) {
        return;
    }
    ranks->count = is_in ? ranks->count + 1 : ranks->count - 1;
    for (size_t level = 0; level < ranks->level_count; level++) {
        uint64_t *word = &ranks->levels[level][rank / WORD_BITS];
        uint64_t before = *word;
        bit = UINT64_C(1) << rank % WORD_BITS;
        *word = is_in ? before | bit : before & ~bit;
        if ((before != 0) == (*word != 0)) {
            return; /* nothing changes above */
        }
        rank /= WORD_BITS;
    }
}

/* A level has a word more than it must: one past its last bit is within it. */
size_t ranks_next(const struct ranks *ranks, size_t from)
{
    size_t level = 0;
    for (; level < ranks->level_count; level++) {
        uint64_t word = ranks->levels[level][from / WORD_BITS] >> from % WORD_BITS;
        if (word != 0) {
            from += (size_t)__builtin_ctzll(word);
            break;
        }
        from = from / WORD_BITS + 1;
    }
    if (level == ranks->level_count) {
        return RANKS_NONE;
    }
    while (level-- > 0) {
        from = from * WORD_BITS + (size_t)__builtin_ctzll(ranks->levels[level][from]);
    }
    return from;
}
