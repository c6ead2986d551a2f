/* interpolate: variables filled into texts, to the rules of the Compose specification
 * (12-interpolation); what the node fills in stays for the node. */
#ifndef PORTS_APP_BERTH_COMPOSE_INTERPOLATE_H
#define PORTS_APP_BERTH_COMPOSE_INTERPOLATE_H

#include "ports/app/berth/compose/findings.h"
#include "ports/app/berth/compose/growing.h"

/* Bytes of one value after filling in, and how deep a default may stand in a default. */
#define INTERPOLATE_BYTES_MAX 1048576
#define INTERPOLATE_DEPTH_MAX 32

/* Who knows variables: the value, which stays valid while the lookup does, or NULL when unset. */
struct lookup {
    const char *(*find)(void *ctx, const char *name);
    void *ctx;
};

/* What can be wrong with a variable. */
enum variable_fault {
    VARIABLE_UNSET,     /* ${NAME} or $NAME without a default */
    VARIABLE_REQUIRED,  /* ${NAME:?message} */
    VARIABLE_INVALID,   /* "${" that begins no form of the specification, or too deep */
    VARIABLE_AMBIGUOUS, /* a dollar sign right before $(node.name): the node cannot tell */
    VARIABLE_ELSEWHERE  /* $(node.name) where the node fills nothing in: it stays as it is */
};

/* How one text is filled in. `fault` hears of each fault; `name` is the variable's, or the text of
 * what is invalid; `message` is the one after "?", else "". */
struct interpolation {
    const struct lookup *lookup;
    bool is_for_node; /* the node fills in $(node.name) and $(node.label.x) afterwards */
    void (*fault)(void *ctx, enum variable_fault fault, const char *name, const char *message);
    void *ctx;
};

/* Appends the text with $NAME, ${NAME} and its forms :- - :? ? :+ + filled in, "$$" as "$"; any
 * other "$" is itself. Faulty variables become nothing. For the node, $(node.name) and
 * $(node.label.x) stay as they are, and where the same letters are meant as they stand
 * ("$$(node.name)", a variable's value) "$$(" stands for "$(", as agent/wire reads it. */
void interpolate_text(const struct interpolation *interpolation, const char *text,
                      struct growing *out);

/* Appends what the node must read to see exactly this text: "$(node.name)" as "$$(node.name)". */
void interpolate_literal(const char *text, struct growing *out);

/* Fills in every value of a file, never a key; each fault is a finding with its place. What stands
 * in a service's `environment` is for the node, which fills nothing in elsewhere. `bytes` bounds
 * what all values together may have and is lessened. ERR_MEMORY, ERR_OVERSIZE. */
NODISCARD int interpolate_tree(struct yaml_item *root, const struct lookup *lookup, size_t *bytes,
                               struct findings *findings, struct err *err);

/* What a part of a file is: which of its values are for the node. */
enum interpolate_part {
    INTERPOLATE_FILE,
    INTERPOLATE_SERVICES,
    INTERPOLATE_SERVICE,
    INTERPOLATE_ENVIRONMENT, /* all of them */
    INTERPOLATE_OF_SERVICE,  /* none, and what looks so is said */
    INTERPOLATE_OTHER        /* none */
};

/* The same for a part of a file, which `path` leads to. */
NODISCARD int interpolate_item(struct yaml_item *item, enum interpolate_part part, const char *path,
                               const struct lookup *lookup, size_t *bytes,
                               struct findings *findings, struct err *err);

/* Adds the finding of a faulty variable at an item. */
void interpolate_fault(struct findings *findings, const struct yaml_item *item, const char *path,
                       enum variable_fault fault, const char *name, const char *message);

#endif
