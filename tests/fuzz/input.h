/* input: hostile bytes taken apart into numbers and pieces. */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stdlib.h>
#include <string.h>

#include "platform/base/span.h"

/* Aborts when a promise is broken. */
#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The next byte, 0 at the end. */
static inline unsigned input_byte(struct span *input)
{
    if (input->len == 0) {
        return 0;
    }
    unsigned byte = input->data[0];
    *input = span_of(input->data + 1, input->len - 1);
    return byte;
}

/* The next piece: two bytes say how long it is, and the end ends it. */
static inline struct span input_piece(struct span *input)
{
    size_t len = input_byte(input);
    len |= (size_t)input_byte(input) << 8;
    len = len < input->len ? len : input->len;
    struct span piece = span_of(input->data, len);
    *input = span_of(input->data + len, input->len - len);
    return piece;
}

#endif
