/* store_flat_medium: what the flat store does not take, what it mends, and where it is full. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <stdio.h>
#include <string.h>

#include "platform/base/units.h"
#include "ports/flat/file.h"
#include "tests/check.h"
#include "tests/contract/flat_story.h"

static struct flat_world *world;

/* Opening fails with `code` and says `remedy`, and nothing is written. */
static void refused(int code, const char *remedy)
{
    struct err err = {.code = 0};
    flat_disk_cut(&world->disk);
    CHECK_INT_EQ(flat_world_open(world, &err), code);
    CHECK_CONTAINS(err.text, remedy);
    CHECK_INT_EQ(world->disk.events, 0);
}

static void formatted(void)
{
    flat_world_empty(world);
    CHECK_INT_EQ(flat_world_open(world, NULL), 0);
    CHECK_INT_EQ(flat_step_run(world, &world->story[0]), 0);
    flat_store_close(&world->store);
}

static void case_too_small(void)
{
    flat_world_empty(world);
    world->disk.bytes = flat_pages_min(FLAT_DISK_PAGE) * FLAT_DISK_PAGE - 1;
    refused(ERR_DISK_SPACE, "at least 493568");
    world->disk.bytes++;
    CHECK_INT_EQ(flat_world_open(world, NULL), 0);
    flat_store_close(&world->store);
    formatted();
    world->disk.bytes -= FLAT_DISK_PAGE;
    refused(ERR_DISK_SPACE, "was made with 520 pages and has 519 now");
}

static void case_foreign(void)
{
    static const size_t at[] = {0, 511, 1080, 4086, 65600, (size_t)FLAT_BLOB_AREA * 1024 - 1};
    for (size_t i = 0; i < COUNT_OF(at); i++) {
        flat_world_empty(world);
        world->disk.durable[at[i]] = 0x55;
        refused(ERR_EXISTS, "dd if=/dev/zero bs=1024 count=386 conv=notrunc of=the disk");
    }
    flat_world_empty(world); /* the blob area may hold anything */
    world->disk.durable[(size_t)FLAT_BLOB_AREA * 1024] = 0x55;
    flat_disk_cut(&world->disk);
    CHECK_INT_EQ(flat_world_open(world, NULL), 0);
    flat_store_close(&world->store);
}

static void superblock_put(unsigned version, uint32_t page_bytes)
{
    uint8_t bytes[FLAT_SUPERBLOCK_BYTES];
    struct flat_geometry geometry = {.version = version,
                                     .record_cells = STORE_RECORDS_MAX,
                                     .blob_cells = STORE_BLOBS_MAX,
                                     .page_bytes = page_bytes,
                                     .pages = FLAT_DISK_PAGES};
    flat_superblock_encode(bytes, &geometry);
    memcpy(world->disk.durable, bytes, sizeof bytes);
    memcpy(world->disk.durable + FLAT_DISK_PAGE, bytes, sizeof bytes);
}

static void case_other_version_or_pages(void)
{
    formatted();
    superblock_put(FLAT_VERSION + 1, FLAT_DISK_PAGE);
    refused(ERR_VERSION, "is of version 2");
    superblock_put(FLAT_VERSION, 2048);
    refused(ERR_VERSION, "pages of 2048 bytes, not 1024");
    superblock_put(FLAT_VERSION, FLAT_DISK_PAGE);
    CHECK_INT_EQ(flat_world_reopen(world), 0);
    CHECK_STR_EQ(flat_get(world, false, "app"), "one");
    flat_store_close(&world->store);
}

/* One superblock is mended from the other; with both gone the documents are still not written over.
 */
static void case_damaged_superblock(void)
{
    for (size_t at = 0; at < FLAT_SUPERBLOCK_BYTES; at++) {
        for (size_t copy = 0; copy < FLAT_SUPERBLOCKS; copy++) {
            formatted();
            world->disk.durable[copy * FLAT_DISK_PAGE + at] ^= 0x20;
            CHECK_INT_EQ(flat_world_reopen(world), 0);
            CHECK_STR_EQ(flat_get(world, false, "app"), "one");
            CHECK(memcmp(world->disk.durable, world->disk.durable + FLAT_DISK_PAGE,
                         FLAT_SUPERBLOCK_BYTES) == 0);
            flat_store_close(&world->store);
        }
        world->disk.durable[at] ^= 0x20;
        world->disk.durable[FLAT_DISK_PAGE + at] ^= 0x20;
        refused(at < 8 ? ERR_EXISTS : ERR_CORRUPT, at < 8 ? "something else" : "damaged");
    }
}

static uint8_t *cell_page(size_t cell, size_t page)
{
    return world->disk.durable +
           (FLAT_SUPERBLOCKS + FLAT_CELL_PAGES * cell + page) * FLAT_DISK_PAGE;
}

/* A name is in both pages; without any the document is listed by its place, and not written over.
 */
static void case_damaged_names(void)
{
    for (size_t at = 0; at < FLAT_USED_BYTES; at++) {
        formatted();
        cell_page(0, at % 2)[at] ^= 0x04;
        CHECK_INT_EQ(flat_world_reopen(world), 0);
        CHECK_STR_EQ(flat_get(world, false, "app"), "one");
        flat_store_close(&world->store);
    }
    cell_page(0, 0)[20] ^= 0x04;
    cell_page(0, 1)[20] ^= 0x04;
    CHECK_INT_EQ(flat_world_reopen(world), 0);
    CHECK_STR_EQ(flat_get(world, false, "app"), "not-found");
    CHECK_STR_EQ(flat_get(world, false, "nameless-0"), "corrupt");
    CHECK_INT_EQ(flat_listed(world), 1);
    CHECK_INT_EQ(flat_step_run(world, &world->story[0]), 0);
    CHECK_INT_EQ(flat_listed(world), 2);
    flat_store_close(&world->store);
}

/* A removed blob does not come back when a page of its cell is damaged. */
static void case_removed_stays_removed(void)
{
    for (size_t page = 0; page < FLAT_CELL_PAGES; page++) {
        formatted();
        CHECK_INT_EQ(flat_world_reopen(world), 0);
        CHECK_INT_EQ(flat_put(world, true, "blob", span_text("content")), 0);
        CHECK_INT_EQ(flat_put(world, true, "blob", span_of(NULL, 0)), 0);
        cell_page(STORE_RECORDS_MAX, page)[200] ^= 0x04;
        CHECK_INT_EQ(flat_world_reopen(world), 0);
        CHECK_STR_EQ(flat_get(world, true, "blob"), "not-found");
        flat_store_close(&world->store);
    }
}

/* Full: refused by name, nothing lost; what is removed can be used again, and only in one piece. */
static void case_full_medium(void)
{
    static uint8_t data[STORE_BLOB_BYTES_MAX];
    struct span third = span_of(data, 44 * FLAT_DISK_PAGE);
    memset(data, 'f', sizeof data);
    formatted();
    CHECK_INT_EQ(flat_world_reopen(world), 0);
    CHECK_INT_EQ(flat_put(world, true, "a", third), 0);
    CHECK_INT_EQ(flat_put(world, true, "b", third), 0);
    CHECK_INT_EQ(flat_put(world, true, "c", third), 0);
    CHECK_INT_EQ(flat_put(world, true, "d", third), ERR_STATE_FULL);
    CHECK_STR_EQ(flat_get(world, true, "d"), "not-found");
    CHECK_INT_EQ(flat_put(world, true, "a", third), 0); /* there already */
    CHECK_INT_EQ(flat_put(world, true, "a", span_of(data, third.len - 1)), ERR_STATE_FULL);
    CHECK_INT_EQ(strlen(flat_get(world, true, "a")), third.len);
    CHECK_INT_EQ(flat_put(world, false, "app", span_text("on")), 0); /* records have their places */
    CHECK_INT_EQ(flat_put(world, true, "empty", span_of(data, 0)), 0);
    CHECK_INT_EQ(flat_put(world, true, "b", span_of(NULL, 0)), 0);
    CHECK_INT_EQ(flat_put(world, true, "d", span_of(data, third.len + FLAT_DISK_PAGE)),
                 ERR_STATE_FULL);
    CHECK_INT_EQ(flat_put(world, true, "d", third), 0);
    CHECK_INT_EQ(flat_world_reopen(world), 0);
    CHECK_STR_EQ(flat_get(world, true, "b"), "not-found");
    CHECK_STR_EQ(flat_get(world, false, "app"), "on");
    CHECK_INT_EQ(strlen(flat_get(world, true, "a")), third.len);
    CHECK_INT_EQ(strlen(flat_get(world, true, "c")), third.len);
    CHECK_INT_EQ(strlen(flat_get(world, true, "d")), third.len);
    flat_store_close(&world->store);
}

static void case_file_is_locked_and_kept(void)
{
    char path[] = "/tmp/berth-flat-XXXXXX";
    struct flat_file first;
    struct flat_file second;
    struct err err;
    int fd = mkstemp(path);
    CHECK(fd >= 0 && ftruncate(fd, 12345) == 0);
    close(fd);
    CHECK_INT_EQ(flat_file_init(&first, path, 1024, &err), 0);
    CHECK_INT_EQ(flat_file_medium(&first).bytes, 12345);
    CHECK_INT_EQ(flat_file_init(&second, path, 1024, &err), ERR_BUSY);
    CHECK_CONTAINS(err.text, path);
    struct flat_medium medium = flat_file_medium(&first);
    CHECK_INT_EQ(medium.ops->reopen(medium.self), 0);
    CHECK_INT_EQ(flat_file_init(&second, path, 1024, &err), ERR_BUSY);
    flat_file_close(&first);
    CHECK_INT_EQ(flat_file_init(&second, path, 1024, &err), 0);
    flat_file_close(&second);
    (void)unlink(path);
    CHECK_INT_EQ(flat_file_init(&second, path, 1024, &err), ERR_NOT_FOUND);
    CHECK_CONTAINS(err.text, "fallocate");
    CHECK_INT_EQ(flat_file_init(&second, "/tmp", 1024, &err), ERR_STORE);
    CHECK_CONTAINS(err.text, "/tmp");
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"too small", case_too_small},
        {"foreign", case_foreign},
        {"other version or pages", case_other_version_or_pages},
        {"damaged superblock", case_damaged_superblock},
        {"damaged names", case_damaged_names},
        {"removed stays removed", case_removed_stays_removed},
        {"full medium", case_full_medium},
        {"file is locked and kept", case_file_is_locked_and_kept},
    };
    world = flat_world_new();
    int status = check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
    flat_world_free(world);
    return status;
}
