/* store_cuts_story: a real store in the cuts' folder, a story of writes, and what is due of it. */
#ifndef TESTS_CONTRACT_STORE_CUTS_STORY_H
#define TESTS_CONTRACT_STORE_CUTS_STORY_H

#include "tests/contract/store_cuts.h"

enum { CUT_STEPS = 13, CUT_DOCUMENTS = 6, CUT_BIG_BYTES = 5000 };

struct cut_step {
    bool is_blob;
    const char *name;
    const char *content; /* NULL removes a blob */
};

/* What each document is, or may be. */
struct cut_picture {
    const char *is[CUT_DOCUMENTS];
};

void cut_story_begin(const struct cut_port *given);
const struct cut_step *cut_story_step(size_t step);

/* Opens the store on what is in the cuts' folder; closes it where it is open. */
int cut_store_open(void);
void cut_store_close(void);

/* The code of the call or of its answer. */
int cut_step_run(const struct cut_step *step);

/* Each document after the first `steps` steps. */
struct cut_picture cut_picture_due(size_t steps);

/* Reads all; *told becomes what was read. False, and why is printed, when a document is neither of
 * the two, or the list knows another number of them. */
bool cut_picture_read(const struct cut_picture *one, const struct cut_picture *other,
                      struct cut_picture *told);

#endif
