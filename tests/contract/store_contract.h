/* store_contract: what every store must do, as cases over a fixture that can pull the power. */
#ifndef TESTS_CONTRACT_STORE_CONTRACT_H
#define TESTS_CONTRACT_STORE_CONTRACT_H

#include <stddef.h>

#include "platform/store.h"

/* A store under test. Hooks that open a store put it into `store`. */
struct store_fixture {
    struct store store;
    /* One turn of the world, a few milliseconds at most. */
    void (*pump)(void *self);
    /* Opens an empty store in the place of the present one. */
    void (*reset)(void *self);
    /* The agent starts again: the same documents, nothing pending. */
    void (*reopen)(void *self);
    /* Writes a record, and the power goes when `bytes` bytes of the write (of a slot: from its
     * start; of a first write: of its whole file) have reached the medium; then reopen. */
    void (*write_torn)(void *self, const char *name, struct span content, size_t bytes);
    /* The next write that is called fails in the middle, and is answered with an error. */
    void (*fail_next)(void *self);
    /* Changes a byte in every generation of a document, at a place that goes round with `at`. */
    void (*damage_all)(void *self, const char *name, bool is_blob, size_t at);
    /* The same in the newest generation of a record alone. */
    void (*damage_newest)(void *self, const char *name, size_t at);
    void *self;
};

/* Runs the cases (only those whose name contains argv[1]); returns the program's exit status. */
int store_contract_run(struct store_fixture *fixture, int argc, char **argv);

#endif
