/* words: bytes that many nodes share, kept once: label pairs, names, digests, what orders have in
 * common. Each is counted, and goes with the last who names it. */
#ifndef AGENT_FLEET_WORDS_H
#define AGENT_FLEET_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_LEN_MAX 512

struct word {
    uint32_t uses;
    uint32_t hash;
    uint32_t len;
    uint8_t bytes[]; /* and a NUL that `len` does not count */
};

/* Zeroed but for `resize` is empty. */
struct words {
    struct word **list; /* by id; NULL: free, or 0, which is no word */
    uint32_t *free_ids;
    uint32_t used, cap; /* ids given out so far, the free ones among them */
    uint32_t free_count;
    uint32_t *slots; /* ids by hash, open addressing; 0: empty */
    uint32_t slot_count;
    void *(*resize)(void *memory, size_t size); /* realloc, or a test's */
};

void words_close(struct words *words);

/* The id of these bytes (at most WORDS_LEN_MAX), one use more; 0: no memory. A word stays where it
 * is, and its id is its own, until its last use is dropped. */
uint32_t words_take(struct words *words, const void *bytes, size_t len);
/* 0 is no word, and stands for none. */
void words_drop(struct words *words, uint32_t id);
/* The id of these bytes without a use; 0: nobody uses them. */
uint32_t words_find(const struct words *words, const void *bytes, size_t len);
const struct word *words_at(const struct words *words, uint32_t id);
/* How many words there are. */
uint32_t words_count(const struct words *words);

#endif
