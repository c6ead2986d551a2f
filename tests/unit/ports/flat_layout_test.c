/* flat_layout: the bytes on the medium, as layout.h has them, and which of a cell's two pages
 * counts. */
#include "ports/flat/layout.h"

#include "platform/base/crc.h"
#include "platform/base/units.h"
#include "tests/check.h"

static uint32_t number_at(const uint8_t *bytes, size_t at)
{
    return bytes[at] | (uint32_t)bytes[at + 1] << 8 | (uint32_t)bytes[at + 2] << 16 |
           (uint32_t)bytes[at + 3] << 24;
}

static void number_set(uint8_t *bytes, size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        bytes[at + i] = (uint8_t)(value >> (8 * i));
    }
}

static struct flat_page record_of(const char *name, uint64_t sequence, const char *content)
{
    struct flat_page page = {.kind = FLAT_RECORD, .sequence = sequence};
    memcpy(page.name, name, strlen(name) + 1);
    page.len = (uint16_t)strlen(content);
    memcpy(page.content, content, page.len);
    return page;
}

static void case_superblock(void)
{
    const struct flat_geometry geometry = {.version = 1,
                                           .record_cells = 16,
                                           .blob_cells = 0x102,
                                           .page_bytes = 0x1000,
                                           .pages = 0x10203};
    uint8_t bytes[FLAT_SUPERBLOCK_BYTES];
    struct flat_geometry back = {.version = 77};
    flat_superblock_encode(bytes, &geometry);
    CHECK(memcmp(bytes, "BERTHFLT\1\0\x10\0\2\1\0\0\0\x10\0\0\0\0\0\0\3\2\1\0\0\0\0\0", 32) == 0);
    CHECK(number_at(bytes, 32) == crc32c(0, bytes, 32));
    CHECK_INT_EQ(flat_superblock_decode(bytes, &back), FLAT_SUPERBLOCK_WHOLE);
    CHECK(back.version == 1 && back.record_cells == 16 && back.blob_cells == 0x102);
    CHECK(back.page_bytes == 0x1000 && back.pages == 0x10203);
    for (size_t i = 0; i < sizeof bytes; i++) {
        back.version = 77;
        bytes[i] ^= 1;
        CHECK_INT_EQ(flat_superblock_decode(bytes, &back),
                     i < 8 ? FLAT_SUPERBLOCK_NONE : FLAT_SUPERBLOCK_TORN);
        CHECK_INT_EQ(back.version, 77);
        bytes[i] ^= 1;
    }
    CHECK_INT_EQ(flat_pages_min(4096) - FLAT_BLOB_AREA, (STORE_BLOB_BYTES_MAX + 4095) / 4096);
}

static void case_page(void)
{
    uint8_t bytes[FLAT_USED_BYTES];
    struct flat_page page = record_of("app-0", 0x102, "content");
    flat_page_encode(bytes, &page);
    CHECK(memcmp(bytes, "BFL1\0\0\0\0\2\1\0\0\0\0\0\0app-0", 22) == 0);
    CHECK(number_at(bytes, 124) == crc32c(0, bytes, 124));
    const uint8_t *slot = bytes + FLAT_LABEL_BYTES;
    CHECK(memcmp(slot, "BFS1\2\0\7\0\2\1\0\0\0\0\0\0", 16) == 0);
    CHECK(memcmp(slot + 32, "content\0", 8) == 0);
    CHECK(number_at(slot, 16) != 0);
    CHECK(flat_is_zero(slot + 20, 12) && !flat_is_zero(slot + 20, 13));
    page = (struct flat_page){.kind = FLAT_BLOB,
                              .sequence = 1,
                              .name = "b",
                              .extent = {.page = 0x11, .bytes = 0x222, .crc = 0x33333333}};
    flat_page_encode(bytes, &page);
    CHECK_INT_EQ(number_at(slot, 32), 0x11);
    CHECK_INT_EQ(number_at(slot, 36), 0x222);
    CHECK_INT_EQ(number_at(slot, 40), 0x33333333);
}

static uint8_t cell[FLAT_CELL_PAGES][FLAT_USED_BYTES];
static struct flat_cell_view view;

static void decode(const struct flat_page *first, const struct flat_page *second)
{
    memset(cell, 0, sizeof cell);
    if (first != NULL) {
        flat_page_encode(cell[0], first);
    }
    if (second != NULL) {
        flat_page_encode(cell[1], second);
    }
    flat_cell_decode((const uint8_t(*)[FLAT_USED_BYTES])cell, &view);
}

/* The page of the higher number counts, and the other is written next. */
static void case_newest(void)
{
    struct flat_page one = record_of("app-0", 1, "one"), two = record_of("app-0", 2, "second");
    decode(NULL, NULL);
    CHECK(!view.is_whole && !view.is_corrupt);
    CHECK_INT_EQ(view.sequence, 0);
    CHECK_INT_EQ(view.next, 0);
    CHECK_STR_EQ(view.label, "");
    decode(&one, NULL);
    CHECK(view.is_whole && !view.is_corrupt);
    CHECK_INT_EQ(view.sequence, 1);
    CHECK_INT_EQ(view.next, 1);
    CHECK_STR_EQ(view.label, "app-0");
    decode(&one, &two);
    CHECK_INT_EQ(view.newest.sequence, 2);
    CHECK_INT_EQ(view.newest.len, 6);
    CHECK_INT_EQ(view.next, 0);
    decode(&two, &one);
    CHECK_INT_EQ(view.newest.sequence, 2);
    CHECK(memcmp(view.newest.content, "second", 6) == 0);
    CHECK_INT_EQ(view.next, 1);
    CHECK_INT_EQ(view.sequence, 2);
}

/* Any bit that turns over makes its page none; both damaged is damage, one is not. */
static void case_damage(void)
{
    struct flat_page one = record_of("app-0", 1, "one"), two = record_of("app-0", 2, "two");
    for (size_t i = 0; i < FLAT_USED_BYTES; i++) {
        decode(&one, &two);
        cell[1][i] ^= 0x80;
        flat_cell_decode((const uint8_t(*)[FLAT_USED_BYTES])cell, &view);
        CHECK(view.is_whole && !view.is_corrupt);
        CHECK_INT_EQ(view.newest.sequence, 1);
        CHECK_INT_EQ(view.next, 1);
        cell[0][i] ^= 0x80;
        flat_cell_decode((const uint8_t(*)[FLAT_USED_BYTES])cell, &view);
        CHECK(!view.is_whole && view.is_corrupt);
    }
    decode(&one, NULL);
    cell[0][200] ^= 1; /* a first write that was cut */
    flat_cell_decode((const uint8_t(*)[FLAT_USED_BYTES])cell, &view);
    CHECK(!view.is_whole && !view.is_corrupt);
    CHECK_STR_EQ(view.label, "app-0");
}

/* A label and a slot of two writes are no page; a number that is never reached is not ours. */
static void case_torn(void)
{
    struct flat_page one = record_of("app-0", 1, "one"), two = record_of("app-0", 2, "two");
    uint8_t other[FLAT_USED_BYTES];
    decode(&one, NULL);
    flat_page_encode(other, &two);
    memcpy(cell[0], other, FLAT_LABEL_BYTES);
    flat_cell_decode((const uint8_t(*)[FLAT_USED_BYTES])cell, &view);
    CHECK(!view.is_whole);
    CHECK_INT_EQ(view.sequence, 2);
    struct flat_page zero = record_of("app-0", 0, "x"); /* a number that a damaged slot reads as */
    decode(&zero, NULL);
    CHECK(view.is_whole);
    cell[0][FLAT_LABEL_BYTES] ^= 1;
    flat_cell_decode((const uint8_t(*)[FLAT_USED_BYTES])cell, &view);
    CHECK(!view.is_whole);
    struct flat_page last = record_of("app-0", FLAT_SEQUENCE_MAX, "x");
    decode(&last, NULL);
    CHECK(view.is_whole);
    last.sequence++;
    decode(&last, NULL);
    CHECK(!view.is_whole);
}

/* Kinds and lengths beyond what there is are refused, with a checksum that fits. */
static void case_bounds(void)
{
    for (unsigned kind = 0; kind <= 4; kind++) {
        struct flat_page page = record_of("b", 1, "x");
        page.kind = (enum flat_kind)kind;
        decode(&page, NULL);
        CHECK_INT_EQ(view.is_whole, kind >= 1 && kind <= 3);
    }
    struct flat_page full = record_of("b", 1, "");
    full.len = STORE_RECORD_BYTES_MAX;
    memset(full.content, 'x', sizeof full.content);
    decode(&full, NULL);
    CHECK(view.is_whole && view.newest.len == STORE_RECORD_BYTES_MAX);
    uint8_t *slot = cell[0] + FLAT_LABEL_BYTES;
    number_set(slot, 4, FLAT_RECORD | (STORE_RECORD_BYTES_MAX + 1) << 16);
    number_set(slot, 16, 0);
    number_set(slot, 16, crc32c(0, slot, FLAT_SLOT_BYTES));
    flat_cell_decode((const uint8_t(*)[FLAT_USED_BYTES])cell, &view);
    CHECK(!view.is_whole);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"superblock", case_superblock}, {"page", case_page}, {"newest", case_newest},
        {"damage", case_damage},         {"torn", case_torn}, {"bounds", case_bounds},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
