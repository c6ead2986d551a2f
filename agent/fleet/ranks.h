/* ranks: a set of places in a sorted table, of which the next one is found without walking. */
#ifndef AGENT_FLEET_RANKS_H
#define AGENT_FLEET_RANKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANKS_LEVELS_MAX 11 /* of 6 bits of a place each */
#define RANKS_NONE       SIZE_MAX

/* A bit for each place; above it a bit for each word that is not zero, and so on to one word. */
struct ranks {
    uint64_t *levels[RANKS_LEVELS_MAX];
    size_t level_count;
    size_t count;
};

/* Empty, for places below `size`. False: no memory; then it is as closed. */
bool ranks_init(struct ranks *ranks, size_t size);
void ranks_close(struct ranks *ranks);

/* Puts it in or takes it out; twice is once. */
void ranks_set(struct ranks *ranks, size_t rank, bool is_in);
/* The first one from `from` on; RANKS_NONE: none. */
size_t ranks_next(const struct ranks *ranks, size_t from);

#endif
