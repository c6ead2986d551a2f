/* Volumes: under which name each volume of a container is there, and that it is this app's. */
#ifndef PORTS_DOCKER_VOLUMES_H
#define PORTS_DOCKER_VOLUMES_H

#include "ports/docker/call.h"

/* Volumes of one container. */
#define DOCKER_VOLUMES_MAX  32
#define DOCKER_VOLUME_BYTES 256
/* Of all their options, as the engine takes them. */
#define DOCKER_OPTIONS_BYTES 2048

struct docker_volume {
    char name[DOCKER_VOLUME_BYTES];
    char former[DOCKER_VOLUME_BYTES]; /* empty: there was none before */
    bool is_former;                   /* that one is used */
    bool is_named, is_external;       /* as in engine_mount */
    bool is_reader;                   /* a named one that is not written */
    bool is_of_image;                 /* one without a name of ours may be noted for it */
    char target[DOCKER_VOLUME_BYTES];
    const char *options; /* JSON of what it is made with; NULL: none */
};

struct docker_volumes {
    char node[ENGINE_LABEL_BYTES], app[ENGINE_LABEL_BYTES];
    char service[ENGINE_LABEL_BYTES], replica[ENGINE_LABEL_BYTES];
    struct docker_volume at[DOCKER_VOLUMES_MAX];
    char options[DOCKER_OPTIONS_BYTES];
    size_t options_used;
    size_t count;
    size_t done; /* so many are settled */
    /* All are settled: the next request, or the end. */
    void (*next)(struct docker_call *call);
};

/* Notes the volumes of the specification. ERR_LIMIT. */
NODISCARD int docker_volumes_note(struct docker_volumes *volumes, const struct engine_spec *spec,
                                  struct err *err);

/* Settles them one after the other, by the rules of `create` in platform/engine.h; `volumes` must
 * stand at the start of the call's state. Ends the call when one is refused. */
void docker_volumes_settle(struct docker_call *call);

/* The request that begins it, for docker_call_first. `path` has DOCKER_PATH_BYTES. */
struct docker_request docker_volumes_first(const struct docker_volumes *volumes, char *path);

#endif
