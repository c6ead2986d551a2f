/* rollout_word: an operator's word on a rollout that is there: signed, the next after what stands,
 * and said again when a colleague's came first. */
#ifndef PORTS_APP_BERTH_ROLLOUT_WORD_H
#define PORTS_APP_BERTH_ROLLOUT_WORD_H

#include "ports/app/berth/rollout_world.h"

struct rollout_word {
    const char *dir; /* the fleet's folder, or NULL: fleet_dir_choose */
    const char *id;
    bool is_of_nodes; /* `change` looks at nodes */
    /* Makes of what stands what is wanted. Called again with what stands then, when another word
     * was taken first; it begins anew each time. */
    int (*change)(void *ctx, const struct rollout_world *world, const struct kept *rollout,
                  struct rollout_control *control, struct err *err);
    void *ctx;
    char full_id[NAME_BYTES]; /* set: the whole id, of which `id` may be a part */
};

/* Returns when the rollout's state shows that a coordinator took the word (*is_taken), or when none
 * acts and the word stands at the broker for the next. ERR_NOT_FOUND, ERR_NOTHING (the rollout has
 * ended), ERR_TIMEOUT (a coordinator claims to act and took nothing), ERR_CONFLICT (others' words
 * came first again and again), what `change` refuses, the codes of operators_file_sign. */
NODISCARD int rollout_word_say(struct rollout_word *word, bool *is_taken, struct err *err);

/* What to add to a line about a word that no coordinator has taken yet. */
#define ROLLOUT_WORD_WAITS "; no coordinator acts: the next one takes it (berth coordinate)"

#endif
