/* files: platform/files.h in memory: what was answered survives a cut, what was not may be there or
 * not. */
#ifndef PORTS_SIM_FILES_H
#define PORTS_SIM_FILES_H

#include "platform/base/text.h"
#include "platform/files.h"
#include "ports/sim/world.h"

#define SIM_FILES_MAX         256
#define SIM_FILES_PENDING_MAX 8
#define SIM_FILES_DIRECTORY   "/sim/files"
#define SIM_SEED_PATH_BYTES   64
#define SIM_SEED_VOLUME_BYTES 256
#define SIM_SEED_LEFT_BYTES   512
#define SIM_SEED_FILES_MAX    12
#define SIM_SEED_TREES_MAX    8
#define SIM_SEED_VOLUMES_MAX  4

/* A piece or a tree; of a tree its recipe is kept. */
struct sim_kept {
    char name[FILES_PIECE_NAME_BYTES];
    uint8_t *content;
    size_t len;
};

/* A file of a volume, or of a tree that was brought into it: its first bytes, and what tells it
 * from others. */
struct sim_seed_file {
    char path[SIM_SEED_PATH_BYTES];
    char head[SIM_SEED_PATH_BYTES];
    size_t len;
    uint64_t hash;
};

struct sim_seed_tree {
    char name[FILES_TREE_NAME_BYTES];
    struct sim_seed_file files[SIM_SEED_FILES_MAX];
    size_t count;
};

/* What is in a volume now, and the trees that were brought: of a seed that came to its end one. */
struct sim_seed_volume {
    char path[SIM_SEED_VOLUME_BYTES];
    struct sim_seed_tree now;
    struct sim_seed_tree trees[SIM_SEED_TREES_MAX];
    size_t tree_count;
    bool is_done;
};

enum sim_files_kind { SIM_FILES_PUT, SIM_FILES_MAKE, SIM_FILES_REMOVE, SIM_FILES_SEED };

/* Whole names, and how many others. */
struct sim_seed_left {
    struct text text;
    size_t more;
};

struct sim_files_call {
    bool is_used;
    enum sim_files_kind kind;
    enum sim_fate fate;
    uint32_t agent;
    uint64_t serial;
    char name[FILES_PIECE_NAME_BYTES];
    uint8_t *content;
    size_t len;
    struct err err;
    files_done done;
    files_seeded seeded;
    char volume[SIM_SEED_VOLUME_BYTES];
    char left[SIM_SEED_LEFT_BYTES];
    size_t left_more;
    void *ctx;
};

struct sim_files {
    struct sim_world *world;
    struct sim_kept list[SIM_FILES_MAX];
    size_t count;
    struct sim_files_call calls[SIM_FILES_PENDING_MAX];
    uint64_t serial;
    struct sim_seed_volume volumes[SIM_SEED_VOLUMES_MAX];
    size_t volume_count;
    bool is_full; /* the disk takes nothing more: ERR_STATE_FULL */
};

void sim_files_init(struct sim_files *files, struct sim_world *world);
void sim_files_close(struct sim_files *files);
/* What is pending is nobody's any more: the agent or the machine went. */
void sim_files_lose(struct sim_files *files);
/* NULL: it is not there. */
const struct sim_kept *sim_files_find(const struct sim_files *files, const char *name);

/* Brings a tree into a volume, but for all after `steps` files: there it was cut. The names of what
 * is left alone are appended to `left`. */
int sim_seed_bring(struct sim_files *files, const struct sim_files_call *call, uint32_t steps,
                   struct sim_seed_left *left, struct err *err);
/* The volume of that path, made when it is not there. */
struct sim_seed_volume *sim_seed_volume(struct sim_files *files, const char *path);
/* A file of it; NULL: it is not there. */
struct sim_seed_file *sim_seed_find(struct sim_seed_tree *tree, const char *path);
/* Somebody writes the file, or with content NULL removes it. */
void sim_seed_write(struct sim_seed_volume *volume, const char *path, const char *content);

struct files sim_files_port(struct sim_files *files);

#endif
