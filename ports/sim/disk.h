/* disk: files and one directory as a power cut treats them: what was not synced may be there, not
 * be there, or be there in pieces. */
#ifndef PORTS_SIM_DISK_H
#define PORTS_SIM_DISK_H

#include "platform/base/span.h"
#include "ports/sim/world.h"

#define SIM_DISK_FILES_MAX 256
#define SIM_DISK_NAME_BYTES 96
#define SIM_DISK_FILE_BYTES_MAX 131072

/* Content of one file: as programs see it, and as the medium keeps it. */
struct sim_file {
    uint8_t *seen, *kept;
    size_t seen_len, kept_len;
    size_t dirty_from, dirty_to; /* bytes written since the last sync; empty when equal */
    bool is_used;
};

/* One name in the directory; a file number or SIM_DISK_NONE, on both sides. */
struct sim_entry {
    char name[SIM_DISK_NAME_BYTES];
    int seen, kept;
};

#define SIM_DISK_NONE (-1)

struct sim_disk {
    struct sim_world *world;
    struct sim_file files[SIM_DISK_FILES_MAX];
    struct sim_entry entries[SIM_DISK_FILES_MAX];
    size_t entry_count;
    mono_ms full_until; /* the same for a while */
    bool is_full;       /* nothing can grow or be created: ERR_STATE_FULL */
    bool is_read_only;  /* nothing can be changed: ERR_IO */
};

void sim_disk_init(struct sim_disk *disk, struct sim_world *world);
/* Releases the contents. */
void sim_disk_close(struct sim_disk *disk);

/* The number of the file of that name, or SIM_DISK_NONE. */
int sim_disk_find(const struct sim_disk *disk, const char *name);

/* A new, empty file; an entry of that name must not be there. ERR_STATE_FULL, ERR_IO. */
NODISCARD int sim_disk_create(struct sim_disk *disk, const char *name, int *file, struct err *err);

/* Writes into the page cache: seen at once, kept only by sim_disk_sync. A file grows as needed. */
NODISCARD int sim_disk_write(struct sim_disk *disk, int file, size_t at, struct span data,
                             struct err *err);

/* All of the file as programs see it; valid until it is written again. */
struct span sim_disk_read(const struct sim_disk *disk, int file);

/* fdatasync. After a failure the written pages count as clean: a later sync does not keep them, and
 * by seed they have vanished from what is seen as well. */
NODISCARD int sim_disk_sync(struct sim_disk *disk, int file, struct err *err);

/* Both change what is seen at once, and what is kept at sim_disk_sync_directory. */
NODISCARD int sim_disk_rename(struct sim_disk *disk, const char *from, const char *to,
                              struct err *err);
NODISCARD int sim_disk_unlink(struct sim_disk *disk, const char *name, struct err *err);
NODISCARD int sim_disk_sync_directory(struct sim_disk *disk, struct err *err);

/* The power was cut: what is seen becomes what was kept, plus whatever pieces of the unsynced
 * content and names the seed lets survive: none, all, a prefix of any length, or any sectors or
 * bytes. */
void sim_disk_lose(struct sim_disk *disk);

#endif
