/* registry: where an image is asked for, and as whom. Used by the engine's port. */
#ifndef PLATFORM_REGISTRY_H
#define PLATFORM_REGISTRY_H

#include "platform/engine.h"

/* The value of the engine's X-Registry-Auth: base64url of a secret of at most 4,096 bytes. */
#define REGISTRY_AUTH_BYTES 8192
/* Who asks, for messages; never a secret. */
#define REGISTRY_USER_BYTES 96

/* One way to an image: the repository as it is called there. */
struct registry_way {
    char repository[ENGINE_REFERENCE_BYTES];
    char auth[REGISTRY_AUTH_BYTES]; /* empty: without credentials */
    char user[REGISTRY_USER_BYTES]; /* empty: nobody */
};

struct registry_ops {
    /* The ways to a repository: number 0 is tried first; mirrors in their order, at last the
     * registry itself. What is configured is read anew each time. ERR_NOT_FOUND: there is no such
     * number. Any other error is a fault of what is configured, with place and remedy. Never
     * blocks longer than reading a small file. */
    int (*way)(void *self, const char *repository, size_t number, struct registry_way *way,
               struct err *err);
};

struct registry {
    const struct registry_ops *ops; /* NULL: only the registry itself, without credentials */
    void *self;
};

#endif
