/* files_contract: what every keeper of files must do, over a fixture that can start again. */
#ifndef TESTS_CONTRACT_FILES_CONTRACT_H
#define TESTS_CONTRACT_FILES_CONTRACT_H

#include "platform/files.h"

struct files_fixture {
    struct files files;
    /* One turn of the world, a few milliseconds at most. */
    void (*pump)(void *self);
    /* The agent starts again: what is there stays, nothing is pending. */
    void (*reopen)(void *self);
    /* The next call that is begun fails, and is answered with an error. */
    void (*fail_next)(void *self);
    /* What a container would see of a tree's file: its content and mode; false: not there. NULL
     * where nothing can be seen. */
    bool (*see)(void *self, const char *tree, const char *path, char *content, size_t cap,
                unsigned *mode);
    /* A volume whose directory is made, empty, by `clear`; what a container would see of it (false:
     * no such file), and what it would write. */
    const char *volume;
    void (*clear)(void *self);
    bool (*volume_see)(void *self, const char *path, char *content, size_t cap);
    void (*volume_write)(void *self, const char *path, const char *content);
    void *self;
};

/* Runs the cases (only those whose name contains argv[1]); returns the program's exit status. */
int files_contract_run(struct files_fixture *fixture, int argc, char **argv);

#endif
