/* linux_log: lines on standard error, for a terminal, a file or journald. */
#ifndef PORTS_LINUX_LOG_H
#define PORTS_LINUX_LOG_H

#include <stdbool.h>

#include "platform/log.h"

/* private */
struct linux_log {
    int fd;
    enum log_level most;
    bool is_journal;
};

/* Lines up to level `most` go to `fd`, which stays the caller's: with UTC time and level, or, where
 * fd is the stream journald gave us (JOURNAL_STREAM), with its priority prefix alone. A line that
 * fd cannot take at once is dropped; control characters in it become '?'. */
void linux_log_init(struct linux_log *log, int fd, enum log_level most);

/* The interface; valid as long as `log`. */
struct log linux_log_interface(struct linux_log *log);

#endif
