/* helper_file: the three durable things the helper does to a file, each finished when it returns.
 */
#ifndef PORTS_LINUX_HELPER_FILE_H
#define PORTS_LINUX_HELPER_FILE_H

#include <stdint.h>

#include "platform/base/span.h"

/* All of them block, answer 0 or an errno, and work on `name` in the open directory `dir`, or on
 * a path when `dir` is AT_FDCWD. Symbolic links in the last place are not followed. */

/* Makes the file hold exactly `content` (mode 0600): temporary file, fsync, rename, fsync of the
 * directory. A file that already does is only synced. */
int helper_file_replace(int dir, const char *name, struct span content);

/* Writes `content` at `offset` of a file that is there, and its data to the medium. */
int helper_file_slot(int dir, const char *name, int64_t offset, struct span content);

/* Removes the file, durably; one that is not there is success. */
int helper_file_remove(int dir, const char *name);

#endif
