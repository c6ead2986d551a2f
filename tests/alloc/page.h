/* page: what the runner and the process whose allocations fail have in common, a page of a file. */
#ifndef TESTS_ALLOC_PAGE_H
#define TESTS_ALLOC_PAGE_H

#include <stdint.h>

enum { ALLOC_FRAMES = 16, ALLOC_PATH_BYTES = 128 };
#define ALLOC_PAGE_VARIABLE "BERTH_ALLOC_PAGE"

struct alloc_page {
    _Atomic uint64_t count;  /* allocations asked for so far */
    _Atomic uint64_t from;   /* the first that fails; 0: none does */
    _Atomic uint64_t to;     /* the last */
    _Atomic uint64_t failed; /* that did */
    uint64_t speed;          /* how often the process's clocks tick in a second of the machine's */
    uint64_t
        frames[ALLOC_FRAMES]; /* of the first that failed, from the program's start; 0: no more */
};

#endif
