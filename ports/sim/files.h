/* files: platform/files.h in memory: what was answered survives a cut, what was not may be there or
 * not. */
#ifndef PORTS_SIM_FILES_H
#define PORTS_SIM_FILES_H

#include "platform/files.h"
#include "ports/sim/world.h"

#define SIM_FILES_MAX         256
#define SIM_FILES_PENDING_MAX 8
#define SIM_FILES_DIRECTORY   "/sim/files"

/* A piece or a tree; of a tree its recipe is kept. */
struct sim_kept {
    char name[FILES_PIECE_NAME_BYTES];
    uint8_t *content;
    size_t len;
};

enum sim_files_kind { SIM_FILES_PUT, SIM_FILES_MAKE, SIM_FILES_REMOVE };

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
    void *ctx;
};

struct sim_files {
    struct sim_world *world;
    struct sim_kept list[SIM_FILES_MAX];
    size_t count;
    struct sim_files_call calls[SIM_FILES_PENDING_MAX];
    uint64_t serial;
    bool is_full; /* the disk takes nothing more: ERR_STATE_FULL */
};

void sim_files_init(struct sim_files *files, struct sim_world *world);
void sim_files_close(struct sim_files *files);
/* What is pending is nobody's any more: the agent or the machine went. */
void sim_files_lose(struct sim_files *files);
/* NULL: it is not there. */
const struct sim_kept *sim_files_find(const struct sim_files *files, const char *name);

struct files sim_files_port(struct sim_files *files);

#endif
