/* helper_seed: brings a tree of files into a volume, without taking what is somebody's. */
#ifndef PORTS_LINUX_HELPER_SEED_H
#define PORTS_LINUX_HELPER_SEED_H

#include "platform/base/span.h"

/* The file in the directory of pieces that names, one a line, what the last call left alone. */
#define HELPER_SEED_LEFT ".left"

/* files_ops.seed, with the pieces in `pieces`. `texts`: the tree, the volume's path, and, or NULL,
 * the owner "uid:gid". 0 or an errno, those of helper_tree_make among them. */
int helper_seed(int pieces, const char *const *texts, struct span recipe);

#endif
