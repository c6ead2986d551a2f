/* files: what travels with releases, under real paths that an engine can mount.
 *
 * Pieces are bytes under the name of their digest. A tree is a directory made of pieces, never
 * changed once it is there; its name says what it holds, so that equal ones are one. What a
 * container may write is no tree but a volume, into which a tree is brought. */
#ifndef PLATFORM_FILES_H
#define PLATFORM_FILES_H

#include <stdbool.h>

#include "platform/base/err.h"
#include "platform/base/span.h"

/* Names: [0-9a-f], 64 of a piece, 16 of a tree; with the NUL. */
#define FILES_PIECE_NAME_BYTES 65
#define FILES_TREE_NAME_BYTES  17
#define FILES_PIECE_BYTES_MAX  65536
#define FILES_RECIPE_BYTES_MAX 32768
/* Pieces and trees that a caller has to be ready for; it takes in no more than its releases name.
 */
#define FILES_COUNT_MAX 1024

/* err is NULL on success. */
typedef void (*files_done)(void *ctx, const struct err *err);
/* The name is valid inside the call; its length tells a piece from a tree. */
typedef void (*files_found)(void *ctx, const char *name);

/* What is brought into a volume, and where that stands. */
struct files_seed {
    const char *volume; /* absolute; the directory above it is the volume's own, and goes with it */
    const char *tree;   /* the tree that the recipe makes */
    struct span recipe;
    const char *owner; /* "uid:gid" of a volume in which nothing is yet; NULL: who owns it now */
};
/* `left`: the paths that were left as they are, each whole and with a newline behind it; empty:
 * none. `more`: so many others are not among them, for want of room. Valid inside the call. */
typedef void (*files_seeded)(void *ctx, const struct err *err, const char *left, size_t more);

/* Durability: after `done` without error what was stored, made or removed stays so across a power
 * cut. A cut before it leaves a piece or tree whole or not there. ERR_STATE_FULL, ERR_STORE, and
 * ERR_BUSY above 8 pending calls. An asynchronous call that fails never calls back; one that
 * succeeds calls back exactly once, later. What a call is given is copied by it. */
struct files_ops {
    /* Is this piece or tree here, whole? Reads the directory. */
    bool (*has)(void *self, const char *name);
    /* Stores a piece; that it is what its name says is the caller's to know. Here already: success.
     * ERR_OVERSIZE. */
    int (*put)(void *self, const char *piece, struct span content, files_done done, void *ctx,
               struct err *err);
    /* Makes a tree. A recipe is lines "<mode, octal> <bytes> [<piece> ...] <path>\n": as many
     * pieces as the bytes make, all but the last one full; the path is relative, and its folders
     * are made, 0755. Here already: success. ERR_NOT_FOUND: a piece is not here; ERR_CORRUPT: the
     * pieces do not have so many bytes. */
    int (*make)(void *self, const char *tree, struct span recipe, files_done done, void *ctx,
                struct err *err);
    /* Brings a volume to a tree, file by file. A file of the tree that is not in the volume is
     * written, and belongs to whom its folder belongs, its owner may write it; one that holds what
     * a tree before brought is replaced, and keeps its owner; one that a tree before brought and
     * this one has not is removed. A file that holds anything else, and whatever else stands in its
     * place, is somebody's: it is left, and named. Each file is the old one or the new one, whole;
     * no symbolic link in the volume is followed. What was brought is remembered beside the volume,
     * durably, before the first file is touched: it may be repeated after a cut, or with another
     * tree, and what a cut call had written counts as brought. Where this very tree was brought
     * last, to the end, nothing is looked at. ERR_VALUE, ERR_NOT_FOUND, ERR_CORRUPT as above. */
    int (*seed)(void *self, const struct files_seed *seed, files_seeded done, void *ctx,
                struct err *err);
    /* Not there: success. That no container mounts it any more is the caller's to know. */
    int (*remove)(void *self, const char *name, files_done done, void *ctx, struct err *err);
    /* Names everything that is here, whole, in no order. */
    int (*list)(void *self, files_found found, void *ctx, struct err *err);
    /* The absolute path of the directory in which each tree is a directory of its name. */
    const char *(*directory)(void *self);
};

/* ops NULL: this node keeps no files. */
struct files {
    const struct files_ops *ops;
    void *self;
};

#endif
