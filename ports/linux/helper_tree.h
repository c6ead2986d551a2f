/* helper_tree: directories made of pieces, whole or not there. */
#ifndef PORTS_LINUX_HELPER_TREE_H
#define PORTS_LINUX_HELPER_TREE_H

#include "platform/base/span.h"

/* Makes the directory `name` in `dir` by a recipe (platform/files.h) of pieces in `pieces_dir`:
 * beside it, synced, renamed, synced. Here already: nothing is looked at. 0 or an errno; ENOENT: a
 * piece is not there; EBADMSG: the recipe is none, or its pieces have other sizes. */
int helper_tree_make(int pieces_dir, int dir, const char *name, struct span recipe);

/* Removes a file, or a directory and all that is in it, durably. Not there: success. */
int helper_tree_remove(int dir, const char *name);

#endif
