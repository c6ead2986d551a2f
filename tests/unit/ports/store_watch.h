/* store_watch: the system calls of the Linux store, linked in their place (-Wl,--wrap): written
 * down, and one of them done otherwise. */
#ifndef TESTS_UNIT_PORTS_STORE_WATCH_H
#define TESTS_UNIT_PORTS_STORE_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "platform/base/text.h"

enum { CALLS_NONE = 100000, FDS_MAX = 256 };

enum oddity { ODD_ERROR, ODD_SHORT, ODD_NOTHING };

/* How one call does otherwise. */
struct otherwise {
    const char *word;
    enum oddity oddity;
    int error;
};

struct store_watch {
    bool is_watching;
    bool is_suited;     /* the call that does otherwise is one that can */
    size_t turn, calls; /* the number of that call, CALLS_NONE: none; and of calls so far */
    const struct otherwise *way;
    char names[FDS_MAX][64]; /* of open files */
    struct text *out;        /* the calls, from that one on */
};

extern struct store_watch watch;

/* Writes a call down; true when it is to fail, with errno set. */
bool watch_call(const char *fmt, ...) PRINTF_LIKE(1, 2);
const char *watch_name(int fd);

#endif
