/* engine_parts: what the files of the engine's contract share: specifications and containers
 * of the case that runs. */
#ifndef TESTS_CONTRACT_ENGINE_PARTS_H
#define TESTS_CONTRACT_ENGINE_PARTS_H

#include "tests/contract/engine_contract.h"

enum { GRACE_MS = 5000 };

/* A specification and what it points to. */
struct parts {
    char name[ENGINE_NAME_BYTES];
    char node[128];
    const char *labels[7];
    struct engine_spec spec;
};

/* A container of ours: number `n` of generation 1, with a fixed address that ends in 10 + n. */
void parts_fill(struct parts *parts, enum engine_image_kind kind, unsigned n, const char *hash);

/* Makes it in the network of ours; returns its id, valid until parts_clean. */
const char *parts_make(const struct parts *parts);

/* Removes all that was made. */
void parts_clean(void);

/* The container as a list shows it now; zeroed when the list does not have it. */
struct engine_container parts_look(const char *id);

/* engine_wiring.c: refusals and wiring. */
int engine_wiring_run(const struct engine_fixture *given, int argc, char **argv);
/* engine_volumes.c: whose a volume is. */
int engine_volumes_run(const struct engine_fixture *given, int argc, char **argv);
/* engine_images.c: images that did not come by a pull. */
int engine_images_run(const struct engine_fixture *given, int argc, char **argv);
/* engine_end.c: what is told of an end. */
int engine_end_run(const struct engine_fixture *given, int argc, char **argv);

/* engine_hints.c: what a watch is told. */
int engine_hints_run(const struct engine_fixture *given, int argc, char **argv);
/* engine_compose.c: containers of Compose projects. */
int engine_compose_run(const struct engine_fixture *given, int argc, char **argv);

#endif
