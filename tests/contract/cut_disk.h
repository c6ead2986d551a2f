/* cut_disk: the calls that a real store makes, recorded with their bytes, and every state in which
 * a power cut can leave the medium they were made on. */
#ifndef TESTS_CONTRACT_CUT_DISK_H
#define TESTS_CONTRACT_CUT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { CUT_NAME_BYTES = 96, CUT_FILES = 96, CUT_NAMES = 48, CUT_EVENTS = 768, CUT_NO_FILE = -1 };

/* The folder that is given, and the one in it that the store makes. */
enum cut_folder { CUT_TOP, CUT_STATE, CUT_FOLDERS };

/* What is on a medium: files by number, and names that lead to them. */
struct cut_name {
    enum cut_folder folder;
    int file; /* CUT_NO_FILE: it is the folder CUT_STATE itself */
    char name[CUT_NAME_BYTES];
};
struct cut_file {
    uint8_t *bytes;
    size_t len;
};
struct cut_image {
    struct cut_file files[CUT_FILES];
    size_t file_count;
    struct cut_name names[CUT_NAMES];
    size_t name_count;
};

enum cut_kind {
    CUT_WRITE,
    CUT_SYNC,        /* of one file's bytes */
    CUT_SYNC_FAILED, /* and what it was to write out is not dirty any more */
    CUT_MAKE,        /* a name for a new file, or the folder CUT_STATE */
    CUT_RENAME,
    CUT_UNLINK,
    CUT_SYNC_FOLDER
};

/* What a failed sync leaves of the bytes before it on the medium. */
enum cut_remains { CUT_REMAINS_NONE, CUT_REMAINS_HALF, CUT_REMAINS_ALL, CUT_REMAINS_COUNT };

struct cut_event {
    enum cut_kind kind;
    int file;
    enum cut_folder folder;
    char name[CUT_NAME_BYTES];
    char to[CUT_NAME_BYTES];
    size_t at, len;
    uint8_t *bytes;
    enum cut_remains remains;
};

/* One medium since it was in the state `base`. */
struct cut_disk {
    char path[64];     /* of CUT_TOP, where it is lived out */
    size_t page_bytes; /* what tearing a write may take along */
    struct cut_image base;
    ino_t inodes[CUT_FILES]; /* of the files there; 0: no name leads to it any more */
    size_t file_count;
    ino_t folders[CUT_FOLDERS];
    struct cut_event log[CUT_EVENTS];
    size_t events;
    /* Faults: the call after `countdown` others fails; is_repeating: and all after it; is_dead: the
     * process died there, no call has an effect. */
    int countdown; /* 0: none fails */
    int failure;   /* an errno; 0: a write that takes half of its bytes, which is no failure */
    bool is_repeating, is_dead, has_struck;
    enum cut_remains remains;
};

/* A medium in the state `image`, which is copied, lived out in the folder `path`; calls are
 * recorded on it until another is begun, or cut_end. Free it with cut_disk_free. */
struct cut_disk *cut_begin(const char *path, const struct cut_image *image, size_t page_bytes);
void cut_end(void);
void cut_disk_free(struct cut_disk *disk);

/* Arms a fault; cut_heal ends it. */
void cut_strike(struct cut_disk *disk, int countdown, int failure, bool is_repeating,
                enum cut_remains remains);
void cut_die(struct cut_disk *disk, int countdown);
void cut_heal(struct cut_disk *disk);

/* The events from `from` on in words: "make .app.r.new, write, sync, rename app.r, sync-folder". */
void cut_words(const struct cut_disk *disk, size_t from, char *text, size_t cap);

/* What became of one event that no sync followed. */
enum cut_way { CUT_LOST, CUT_DONE, CUT_HEAD, CUT_TAIL, CUT_ZEROS, CUT_ERASED };
struct cut_fate {
    enum cut_way way;
    size_t bytes; /* of the head or tail */
};

/* The state after the first `position` events, `fates` by event number for those that no sync
 * followed; fates NULL: all are done. Free it with cut_image_free. */
void cut_image_after(const struct cut_disk *disk, size_t position, const struct cut_fate *fates,
                     struct cut_image *image);
void cut_image_free(struct cut_image *image);
int cut_image_find(const struct cut_image *image, enum cut_folder folder, const char *name);
void cut_image_add(struct cut_image *image, enum cut_folder folder, const char *name,
                   const void *bytes, size_t len);

/* Calls `tried` with states that a cut after `position` events can leave: any subset of what no
 * sync followed (all subsets where there are few, else a sample by `seed`), each write of them
 * torn at `tears` places. Ends early when it says false. Returns their number. */
typedef bool (*cut_tried)(void *ctx, const struct cut_image *image);
int cut_states(const struct cut_disk *disk, size_t position, size_t tears, unsigned seed,
               cut_tried tried, void *ctx);

/* What is on the medium of one file now, without what no sync followed; for cut_calls. */
void cut_file_durable(const struct cut_disk *disk, int file, struct cut_file *durable);

/* The one that is recorded on, or NULL; for cut_calls. */
struct cut_disk *cut_current(void);

#endif
