/* store_cuts: a real store on a medium whose every call is known: cut, killed and failed at each.
 */
#ifndef TESTS_CONTRACT_STORE_CUTS_H
#define TESTS_CONTRACT_STORE_CUTS_H

#include "platform/store.h"
#include "tests/check.h"
#include "tests/contract/cut_disk.h"

/* One real store. */
struct cut_port {
    /* Opens it on what is in `folder`; the interface is valid until close. */
    int (*open)(void *self, const char *folder, struct store *store, struct err *err);
    void (*close)(void *self);
    void (*pump)(void *self);
    /* Puts on the medium what is there before the first start. */
    void (*prepare)(struct cut_image *image);
    size_t page_bytes;
    int cuts_min;        /* fewer states than this prove nothing */
    size_t fault_stride; /* 1: every fault at every call; 2: every other one, in turn */
    /* The calls of each operation in words, see store_cuts.c. */
    const char *const *calls;
    void *self;
};

/* Runs the cases, `more` after them; the exit status. */
int store_cuts_run(const struct cut_port *port, const struct check_case *more, size_t more_count,
                   int argc, char **argv);

/* The calls that are told in words. */
enum cut_operation {
    CUT_OP_OPEN_FIRST,
    CUT_OP_OPEN,
    CUT_OP_RECORD_FIRST,
    CUT_OP_RECORD_AGAIN,
    CUT_OP_BLOB_FIRST,
    CUT_OP_BLOB_SAME,
    CUT_OP_READ, /* of one record and one blob */
    CUT_OP_REMOVE,
    CUT_OP_REMOVE_NOTHING,
    CUT_OP_COUNT
};

/* The folder that media are lived out in. */
const char *cut_folder(void);

#endif
