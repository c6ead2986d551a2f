/* nearest: how far one spelling is from another, for "did you mean". */
#ifndef PORTS_APP_WORDS_NEAREST_H
#define PORTS_APP_WORDS_NEAREST_H

#include <stddef.h>

/* Words further apart are not offered. */
#define NEAREST_DISTANCE_MAX 2

/* Characters to insert, remove, change or swap with their neighbour (optimal string alignment),
 * without regard to case, '-' and '_'; NEAREST_DISTANCE_MAX + 1 when it is more, or when it is half
 * of the word. */
size_t nearest_distance(const char *word, const char *known);

#endif
