/* builder: has the engine's own program build a service's image ("docker build"). */
#ifndef PORTS_APP_BERTH_COMPOSE_BUILDER_H
#define PORTS_APP_BERTH_COMPOSE_BUILDER_H

#include "platform/base/err.h"
#include "ports/yaml/tree.h"

/* Arguments of one program, each on the heap; count at most what `cap` says, the last one NULL. */
struct builder_words {
    char **list;
    size_t count, cap;
};

/* The words of "docker build" for `build:` of a service, context last. Relative paths begin at
 * `dir`. `host` is an engine's socket or NULL. ERR_VALUE for a key that is not passed on,
 * ERR_MISSING without a context, ERR_MEMORY. The caller frees *words with builder_words_free. */
NODISCARD int builder_words(const struct yaml_item *build, const char *image, const char *dir,
                            const char *host, struct builder_words *words, struct err *err);
void builder_words_free(struct builder_words *words);

/* Runs the program with these words (argv, no shell), its output where this one's goes, `input`
 * (may be NULL) as its standard input, and waits. ERR_NOT_FOUND without the program, ERR_ENGINE
 * when it fails. */
NODISCARD int builder_run(const struct builder_words *words, const char *input, struct err *err);

/* Builds the image of one service. */
NODISCARD int builder_build(const struct yaml_item *build, const char *image, const char *dir,
                            const char *host, struct err *err);

#endif
