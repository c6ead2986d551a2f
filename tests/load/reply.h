/* reply.h: judges the bytes of one HTTP answer, strictly, as they come. */
#ifndef TESTS_LOAD_REPLY_H
#define TESTS_LOAD_REPLY_H

#include "tally.h"

#include <stddef.h>

enum reply_state { REPLY_PARTIAL, REPLY_COMPLETE, REPLY_GARBLED };

/* What a complete answer said. version is "" when the body is not "NAME VERSION\n". */
struct reply {
    int status;
    bool says_close;
    char version[VERSION_SIZE];
};

/* Judges buf. A complete answer ends exactly where its Content-Length says: a byte more, which
 * nobody asked for, is REPLY_GARBLED, and so is a 200 whose body is not "NAME VERSION\n" unless
 * any_body. buf needs room for one byte more than len. */
enum reply_state reply_judge(const char *buf, size_t len, bool any_body, struct reply *reply);

#endif
