/* flat_format_test: which media the flat store takes, formats, mends or refuses. */
#include "platform/base/units.h"
#include "ports/flat/format.h"
#include "tests/check.h"
#include "tests/unit/ports/flat_ram.h"

/* A blob that does not lie inside the medium is damaged, and its place is nobody's. */
static void extents_outside(void)
{
    uint32_t last = (uint32_t)(sizeof ram.disk / PAGE);
    const struct {
        uint32_t page, bytes;
        bool is_good;
    } rows[] = {
        {FLAT_BLOB_AREA, 1, true},      {FLAT_BLOB_AREA - 1, 1, false},
        {last - 1, PAGE, true},         {last - 1, PAGE + 1, false},
        {FLAT_BLOB_AREA, LENGTH, true}, {FLAT_BLOB_AREA, LENGTH + 1, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin();
        struct flat_page page = {.kind = FLAT_BLOB,
                                 .name = "b",
                                 .sequence = 1,
                                 .extent = {.page = rows[i].page, .bytes = rows[i].bytes}};
        flat_page_encode(ram.disk + CELL(STORE_RECORDS_MAX), &page);
        flat_store_close(&ram.store);
        CHECK_INT_EQ(open_again(), 0);
        const struct flat_cell *cell = &ram.store.cells.at[STORE_RECORDS_MAX];
        CHECK(cell->is_corrupt == !rows[i].is_good);
        CHECK_INT_EQ(cell->extent.page, rows[i].is_good ? rows[i].page : FLAT_BLOB_AREA);
        CHECK_INT_EQ(cell->extent.bytes, rows[i].is_good ? rows[i].bytes : 0);
        flat_store_close(&ram.store);
    }
    for (int is_blob = 0; is_blob < 2; is_blob++) { /* nor is one kind in the cell of the other */
        begin();
        struct flat_page page = {
            .kind = is_blob ? FLAT_BLOB : FLAT_RECORD, .name = "d", .sequence = 1};
        flat_page_encode(ram.disk + CELL(is_blob ? 0 : STORE_RECORDS_MAX), &page);
        flat_store_close(&ram.store);
        CHECK_INT_EQ(open_again(), 0);
        CHECK_STR_EQ(get(!is_blob, "d", 9), "d is damaged in both pages of its cell");
        flat_store_close(&ram.store);
    }
}

static int open_with(uint64_t bytes, uint32_t page)
{
    ram.medium.bytes = bytes;
    ram.medium.page_bytes = page;
    return open_again();
}

static void sizes(void)
{
    static const uint32_t odd[] = {0, 1, 512, 1023, 1025, 1536, 65537, 131072};
    char wanted[160];
    begin();
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        CHECK_INT_EQ(open_with(sizeof ram.disk, odd[i]), ERR_VALUE);
        (void)snprintf(wanted, sizeof wanted,
                       "pages of %u bytes: choose a power of two, 1024 to 65536", (unsigned)odd[i]);
        CHECK_STR_EQ(ram.err.text, wanted);
    }
    CHECK_INT_EQ(open_with(sizeof ram.disk, 65536), ERR_DISK_SPACE);
    CHECK_CONTAINS(ram.err.text,
                   "the disk is too small: 1228800 bytes, with pages of 65536 at least ");
    uint64_t least = flat_pages_min(PAGE) * PAGE;
    memset(ram.disk, 0, sizeof ram.disk);
    CHECK_INT_EQ(open_with(least - 1, PAGE), ERR_DISK_SPACE);
    CHECK_INT_EQ(open_with(least, PAGE), 0);
    CHECK_INT_EQ(ram.store.cells.pages, flat_pages_min(PAGE));
    CHECK_INT_EQ(open_with(least + PAGE, PAGE), 0); /* grown: used as it was formatted */
    CHECK_INT_EQ(ram.store.cells.pages, flat_pages_min(PAGE));
    memset(ram.disk, 0, sizeof ram.disk);
    CHECK_INT_EQ(open_with(least + PAGE, PAGE), 0);
    CHECK_INT_EQ(open_with(least, PAGE), ERR_DISK_SPACE);
    (void)snprintf(wanted, sizeof wanted, "the medium was made with %llu pages and has %llu now",
                   (unsigned long long)flat_pages_min(PAGE) + 1,
                   (unsigned long long)flat_pages_min(PAGE));
    CHECK_CONTAINS(ram.err.text, wanted);
}

/* What is not ours, or not of this version, is refused; nothing is written. */
static void foreign(void)
{
    static const struct flat_geometry ours = {.version = FLAT_VERSION,
                                              .record_cells = STORE_RECORDS_MAX,
                                              .blob_cells = STORE_BLOBS_MAX,
                                              .page_bytes = PAGE,
                                              .pages = PAGES_MAX};
    for (int row = 0; row < 6; row++) {
        struct flat_geometry geometry = ours;
        uint8_t bytes[FLAT_SUPERBLOCK_BYTES];
        geometry.version += row == 1;
        geometry.record_cells += row == 2;
        geometry.blob_cells += row == 3;
        geometry.page_bytes *= row == 4 ? 2 : 1;
        geometry.pages = row == 5 ? flat_pages_min(PAGE) - 1 : geometry.pages;
        begin();
        flat_superblock_encode(bytes, &geometry);
        for (size_t copy = 0; copy < FLAT_SUPERBLOCKS; copy++) {
            memcpy(ram.disk + copy * PAGE, bytes, sizeof bytes);
        }
        ram.said[0] = '\0';
        CHECK_INT_EQ(open_again(), row == 0 ? 0 : row == 5 ? ERR_DISK_SPACE : ERR_VERSION);
        CHECK(strchr(ram.said, 'w') == NULL);
        if (row > 0) {
            CHECK_CONTAINS(
                ram.err.text,
                row == 4   ? "the medium was made with pages of 2048 bytes, not 1024: "
                : row == 5 ? "the medium was made with "
                : row == 1 ? "the medium is of version 2 (64 and 128 cells), this berthd reads 1: "
                : row == 2 ? "is of version 1 (65 and "
                           : "is of version 1 (64 and 129 ");
            CHECK_CONTAINS(ram.err.text,
                           "name another, or lose what it holds: dd if=/dev/zero bs=1024 count=");
            CHECK_CONTAINS(ram.err.text, " conv=notrunc of=the disk");
        }
    }
}

/* Empty is zero before the blob area, but for a superblock of ours that was cut or erased to be
 * written. */
static void empty(void)
{
    uint8_t whole[FLAT_SUPERBLOCK_BYTES];
    begin();
    memcpy(whole, ram.disk, sizeof whole);
    for (size_t len = 0; len <= sizeof whole; len++) {
        for (int is_erased = 0; is_erased < 2; is_erased++) {
            memset(ram.disk, 0, sizeof ram.disk);
            memset(ram.disk, is_erased ? 0xff : 0, PAGE);
            memcpy(ram.disk, whole, len);
            CHECK_INT_EQ(open_again(), 0);
            CHECK(memcmp(ram.disk, whole, sizeof whole) == 0);
            CHECK(memcmp(ram.disk + PAGE, whole, sizeof whole) == 0);
        }
    }
    static const struct {
        size_t at;
        uint8_t byte;
        bool is_empty;
    } rows[] = {
        {8, 0x55, false},
        {FLAT_SUPERBLOCK_BYTES, 0x01, false},
        {PAGE - 1, 0xff, true},
        {PAGE + 5, 0x01, false},
        {(size_t)FLAT_SUPERBLOCKS * PAGE, 0xff, false}, /* a cell is not erased by us */
        {BLOBS - 1, 0x01, false},
        {BLOBS, 0x01, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        memset(ram.disk, 0, sizeof ram.disk);
        ram.disk[rows[i].at] = rows[i].byte;
        CHECK_INT_EQ(open_again(), rows[i].is_empty ? 0 : ERR_EXISTS);
        if (!rows[i].is_empty) {
            CHECK_CONTAINS(ram.err.text, "the medium holds something else: ");
        }
    }
    memset(ram.disk, 0, sizeof ram.disk);
    memcpy(ram.disk, whole, sizeof whole);
    ram.disk[FLAT_SUPERBLOCK_BYTES - 1] ^= 1;
    ram.disk[9] ^= 4;
    CHECK_INT_EQ(open_again(), ERR_CORRUPT);
    CHECK_CONTAINS(ram.err.text, "the medium has a damaged superblock: ");
}

/* Each call that fails while a medium is formatted. */
static void formatting_fails(void)
{
    begin();
    ram.said[0] = '\0';
    memset(ram.disk, 0, sizeof ram.disk);
    CHECK_INT_EQ(open_again(), 0);
    int reads = 0;
    const char *at = ram.said;
    for (; strncmp(at, "w", 1) != 0; at = strchr(at, ' ') + 1) {
        reads++;
    }
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "w0+%d s w1024+%d s r", FLAT_SUPERBLOCK_BYTES,
                   FLAT_SUPERBLOCK_BYTES);
    CHECK(strncmp(at, wanted, strlen(wanted)) == 0);
    for (int call = 1; call <= reads + 4; call++) {
        memset(ram.disk, 0, sizeof ram.disk);
        ram.calls_until_failure = call;
        CHECK_INT_EQ(open_again(), ERR_STORE);
        CHECK_STR_EQ(ram.err.text, call <= reads
                                       ? "read the disk: Input/output error"
                                       : "write the superblock of the disk: Input/output error");
    }
    memset(ram.disk, 0, PAGE); /* one that is good is not written again */
    CHECK_INT_EQ(open_again(), 0);
    memset(ram.disk, 0, PAGE);
    ram.said[0] = '\0';
    CHECK_INT_EQ(open_again(), 0);
    (void)snprintf(wanted, sizeof wanted, "r0+%d r1024+%d w0+%d s r", FLAT_SUPERBLOCK_BYTES,
                   FLAT_SUPERBLOCK_BYTES, FLAT_SUPERBLOCK_BYTES);
    CHECK(strncmp(ram.said, wanted, strlen(wanted)) == 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"extents outside", extents_outside},
        {"sizes", sizes},
        {"foreign", foreign},
        {"empty", empty},
        {"formatting fails", formatting_fails},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
