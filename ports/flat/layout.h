/* layout: the bytes on the medium, and which of a cell's two pages counts; bytes in, bytes out.
 *
 * The medium is pages. Two hold the superblock; then each document has a cell of two pages, written
 * in turn; the rest is the blob area. All numbers are little-endian, checksums are CRC-32C of the
 * bytes before them (of a slot: of all of it, that field zero), bytes not named are zero:
 *
 *   superblock  0 magic "BERTHFLT", 8 version u16, 10 record cells u16, 12 blob cells u16,
 *               16 page bytes u32, 24 pages u64, 32 crc u32
 *   page        label of 128 bytes, slot of 512
 *   label       0 magic "BFL1", 8 sequence u64, 16 name, 124 crc u32
 *   slot        0 magic "BFS1", 4 kind u16, 6 length u16, 8 sequence u64, 16 crc u32, 32 content
 *   content     of a record: its own; of a blob: 0 first page u32, 4 bytes u32, 8 crc u32 of them
 */
#ifndef PORTS_FLAT_LAYOUT_H
#define PORTS_FLAT_LAYOUT_H

#include "platform/store.h"
#include "ports/flat/medium.h"

#define FLAT_VERSION          1
#define FLAT_SUPERBLOCKS      2
#define FLAT_SUPERBLOCK_BYTES 36
#define FLAT_CELL_PAGES       2
#define FLAT_CELLS            (STORE_RECORDS_MAX + STORE_BLOBS_MAX)             /* records first */
#define FLAT_BLOB_AREA        (FLAT_SUPERBLOCKS + FLAT_CELLS * FLAT_CELL_PAGES) /* its first page */
#define FLAT_LABEL_BYTES      128
#define FLAT_SLOT_BYTES       512
#define FLAT_SLOT_HEAD_BYTES  32
#define FLAT_USED_BYTES       (FLAT_LABEL_BYTES + FLAT_SLOT_BYTES) /* of a cell's page */

_Static_assert(FLAT_SLOT_HEAD_BYTES + STORE_RECORD_BYTES_MAX == FLAT_SLOT_BYTES, "it fills a slot");
_Static_assert(FLAT_USED_BYTES <= FLAT_PAGE_BYTES_MIN, "a page holds its label and slot");

struct flat_geometry {
    unsigned version;
    unsigned record_cells, blob_cells;
    uint32_t page_bytes;
    uint64_t pages;
};

/* Pages of the smallest medium: a blob of STORE_BLOB_BYTES_MAX has to fit. */
uint64_t flat_pages_min(uint32_t page_bytes);

void flat_superblock_encode(uint8_t bytes[FLAT_SUPERBLOCK_BYTES],
                            const struct flat_geometry *geometry);

/* Is it ours, of whatever version, and whole? Only then is *geometry set. */
enum flat_superblock { FLAT_SUPERBLOCK_WHOLE, FLAT_SUPERBLOCK_TORN, FLAT_SUPERBLOCK_NONE };
enum flat_superblock flat_superblock_decode(const uint8_t bytes[FLAT_SUPERBLOCK_BYTES],
                                            struct flat_geometry *geometry);

/* A page with a higher one is not ours: 64 bits never get there, and one more must still be more.
 */
#define FLAT_SEQUENCE_MAX (UINT64_MAX >> 1)

enum flat_kind { FLAT_FREE = 1, FLAT_RECORD, FLAT_BLOB };

/* Where a blob's bytes are. */
struct flat_extent {
    uint32_t page;
    uint32_t bytes;
    uint32_t crc;
};

/* What a page says, or is to say. */
struct flat_page {
    enum flat_kind kind;
    uint64_t sequence;
    char name[STORE_NAME_BYTES];
    uint16_t len;
    uint8_t content[STORE_RECORD_BYTES_MAX];
    struct flat_extent extent; /* of a blob */
};

void flat_page_encode(uint8_t bytes[FLAT_USED_BYTES], const struct flat_page *page);

/* A cell's two pages, read. */
struct flat_cell_view {
    bool is_whole;                /* some page is: `newest` is set, which may be FLAT_FREE */
    bool is_corrupt;              /* none is, and both were written: no cut leaves that */
    size_t next;                  /* the page to write next: never the newest whole one */
    uint64_t sequence;            /* highest seen */
    char label[STORE_NAME_BYTES]; /* the newest name that is readable, or "" */
    struct flat_page newest;
};

/* `cell` is the label and slot of each of its pages. */
void flat_cell_decode(const uint8_t cell[FLAT_CELL_PAGES][FLAT_USED_BYTES],
                      struct flat_cell_view *view);

bool flat_is_zero(const uint8_t *bytes, size_t len);

#endif
