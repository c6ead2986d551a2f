/* flat_story: the flat store on a disk in memory, and a story of writes whose every moment is
 * known. */
#ifndef TESTS_CONTRACT_FLAT_STORY_H
#define TESTS_CONTRACT_FLAT_STORY_H

#include "ports/flat/store.h"
#include "ports/linux/loop.h"
#include "tests/contract/flat_disk.h"

enum { FLAT_STORY_STEPS = 13, FLAT_STORY_DOCUMENTS = 6, FLAT_STORY_TEXT_BYTES = 5001 };

/* One step of the story; content NULL removes a blob. */
struct flat_step {
    bool is_blob;
    const char *name;
    const char *content;
};

struct flat_world {
    struct flat_disk disk;
    struct linux_loop loop;
    struct flat_store store;
    struct flat_step story[FLAT_STORY_STEPS];
    char big[FLAT_STORY_TEXT_BYTES]; /* a text that is longer than one step of a write */
    char text[STORE_BLOB_BYTES_MAX + 1];
};

/* A new world on the heap with an empty disk; ends the program where that cannot be. */
struct flat_world *flat_world_new(void);
void flat_world_free(struct flat_world *world);

/* An empty disk in the place of the present one; the store is closed. */
void flat_world_empty(struct flat_world *world);

int flat_world_open(struct flat_world *world, struct err *err);

/* Closes the store, cuts the power, and opens it again; its code. */
int flat_world_reopen(struct flat_world *world);

/* The code that the call or its answer had. Content whose data is NULL removes the blob. */
int flat_step_run(struct flat_world *world, const struct flat_step *step);
int flat_put(struct flat_world *world, bool is_blob, const char *name, struct span content);

/* The document's content as a text, or the word of its error; valid until the next call. */
const char *flat_get(struct flat_world *world, bool is_blob, const char *name);

/* The documents that are listed. */
size_t flat_listed(struct flat_world *world);

/* The story's document `d`, without content. */
const struct flat_step *flat_document(size_t d);

/* True when step `step` has happened or not, everything else is as it was, and the list agrees;
 * *has_happened is set where the two differ. */
bool flat_world_is_due(struct flat_world *world, size_t step, bool *has_happened);

#endif
