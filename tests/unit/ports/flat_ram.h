/* flat_ram: the flat store on a medium in memory whose calls are written down and fail at will,
 * with a loop that the test turns. */
#ifndef TESTS_UNIT_PORTS_FLAT_RAM_H
#define TESTS_UNIT_PORTS_FLAT_RAM_H

#include "ports/flat/store.h"

enum { PAGE = 1024, PAGES_MAX = 1200 };

struct flat_ram {
    uint8_t disk[PAGES_MAX * PAGE];
    char said[65536];        /* "r0+36 w1024+36 s o " */
    int calls_until_failure; /* 0: none fails */
    int failure;             /* the errno that it fails with */
    struct flat_medium medium;
    struct flat_store store;
    struct store documents;
    loop_expired armed;
    void *armed_ctx;
    int arms, disarms;
    char answers[4096]; /* of the writes, one a line */
    struct err err;
};

extern struct flat_ram ram;

/* Of the medium as it is. */
int open_again(void);
/* An empty medium, formatted; nothing written down. */
void begin(void);
/* One turn of the loop; false when nothing is armed. */
bool turn(void);
/* Turns until nothing is armed. */
void run(void);
void done(void *ctx, const struct err *why);
void put_record(const char *name, const char *content);
void put_blob(const char *name, const void *data, size_t len);
void drop_blob(const char *name);
/* The document's text, or why it cannot be read. */
const char *get(bool is_blob, const char *name, size_t cap);

#define LENGTH  STORE_BLOB_BYTES_MAX
#define CELL(n) ((FLAT_SUPERBLOCKS + FLAT_CELL_PAGES * (size_t)(n)) * PAGE)
#define BLOBS   ((size_t)FLAT_BLOB_AREA * PAGE)
#define USED    FLAT_USED_BYTES

#endif
