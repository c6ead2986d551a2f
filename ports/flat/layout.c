/* layout: encode, decode, choose. */
#include "ports/flat/layout.h"

#include <assert.h>
#include <string.h>

#include "platform/base/crc.h"
#include "platform/base/number.h"

enum { SUPER_CRC_AT = 32, LABEL_NAME_AT = 16, LABEL_CRC_AT = 124, SLOT_CRC_AT = 16 };

static const uint8_t super_magic[8] = {'B', 'E', 'R', 'T', 'H', 'F', 'L', 'T'};
static const uint8_t label_magic[4] = {'B', 'F', 'L', '1'};
static const uint8_t slot_magic[4] = {'B', 'F', 'S', '1'};

bool flat_is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

uint64_t flat_pages_min(uint32_t page_bytes)
{
    return FLAT_BLOB_AREA + (STORE_BLOB_BYTES_MAX + (uint64_t)page_bytes - 1) / page_bytes;
}

void flat_superblock_encode(uint8_t bytes[FLAT_SUPERBLOCK_BYTES],
                            const struct flat_geometry *geometry)
{
    memset(bytes, 0, FLAT_SUPERBLOCK_BYTES);
    memcpy(bytes, super_magic, sizeof super_magic);
    number_put(bytes + 8, geometry->version, 2);
    number_put(bytes + 10, geometry->record_cells, 2);
    number_put(bytes + 12, geometry->blob_cells, 2);
    number_put(bytes + 16, geometry->page_bytes, 4);
    number_put(bytes + 24, geometry->pages, 8);
    number_put(bytes + SUPER_CRC_AT, crc32c(0, bytes, SUPER_CRC_AT), 4);
}

enum flat_superblock flat_superblock_decode(const uint8_t bytes[FLAT_SUPERBLOCK_BYTES],
                                            struct flat_geometry *geometry)
{
    if (memcmp(bytes, super_magic, sizeof super_magic) != 0) {
        return FLAT_SUPERBLOCK_NONE;
    }
    if (number_get(bytes + SUPER_CRC_AT, 4) != crc32c(0, bytes, SUPER_CRC_AT)) {
        return FLAT_SUPERBLOCK_TORN;
    }
    *geometry = (struct flat_geometry){.version = (unsigned)number_get(bytes + 8, 2),
                                       .record_cells = (unsigned)number_get(bytes + 10, 2),
                                       .blob_cells = (unsigned)number_get(bytes + 12, 2),
                                       .page_bytes = (uint32_t)number_get(bytes + 16, 4),
                                       .pages = number_get(bytes + 24, 8)};
    return FLAT_SUPERBLOCK_WHOLE;
}

static uint32_t slot_crc(const uint8_t slot[FLAT_SLOT_BYTES])
{
    static const uint8_t no_crc[4] = {0};
    uint32_t crc = crc32c(0, slot, SLOT_CRC_AT);
    crc = crc32c(crc, no_crc, sizeof no_crc);
    return crc32c(crc, slot + SLOT_CRC_AT + 4, FLAT_SLOT_BYTES - SLOT_CRC_AT - 4);
}

void flat_page_encode(uint8_t bytes[FLAT_USED_BYTES], const struct flat_page *page)
{
    uint8_t *slot = bytes + FLAT_LABEL_BYTES;
    assert(page->len <= STORE_RECORD_BYTES_MAX);
    memset(bytes, 0, FLAT_USED_BYTES);
    memcpy(bytes, label_magic, sizeof label_magic);
    number_put(bytes + 8, page->sequence, 8);
    memcpy(bytes + LABEL_NAME_AT, page->name, strlen(page->name));
    number_put(bytes + LABEL_CRC_AT, crc32c(0, bytes, LABEL_CRC_AT), 4);
    memcpy(slot, slot_magic, sizeof slot_magic);
    number_put(slot + 4, page->kind, 2);
    number_put(slot + 6, page->len, 2);
    number_put(slot + 8, page->sequence, 8);
    if (page->kind == FLAT_BLOB) {
        number_put(slot + FLAT_SLOT_HEAD_BYTES, page->extent.page, 4);
        number_put(slot + FLAT_SLOT_HEAD_BYTES + 4, page->extent.bytes, 4);
        number_put(slot + FLAT_SLOT_HEAD_BYTES + 8, page->extent.crc, 4);
    } else {
        memcpy(slot + FLAT_SLOT_HEAD_BYTES, page->content, page->len);
    }
    number_put(slot + SLOT_CRC_AT, slot_crc(slot), 4);
}

static bool label_decode(const uint8_t *label, uint64_t *sequence, char name[STORE_NAME_BYTES])
{
    if (memcmp(label, label_magic, sizeof label_magic) != 0 ||
        number_get(label + LABEL_CRC_AT, 4) != crc32c(0, label, LABEL_CRC_AT) ||
        number_get(label + 8, 8) > FLAT_SEQUENCE_MAX) {
        return false;
    }
    *sequence = number_get(label + 8, 8);
    memcpy(name, label + LABEL_NAME_AT, STORE_NAME_BYTES);
    name[STORE_NAME_BYTES - 1] = '\0';
    return true;
}

static bool slot_decode(const uint8_t *slot, struct flat_page *page)
{
    uint64_t kind = number_get(slot + 4, 2);
    size_t len = (size_t)number_get(slot + 6, 2);
    if (memcmp(slot, slot_magic, sizeof slot_magic) != 0 || kind < FLAT_FREE || kind > FLAT_BLOB ||
        len > STORE_RECORD_BYTES_MAX || number_get(slot + SLOT_CRC_AT, 4) != slot_crc(slot) ||
        number_get(slot + 8, 8) > FLAT_SEQUENCE_MAX) {
        return false;
    }
    *page = (struct flat_page){
        .kind = (enum flat_kind)kind, .sequence = number_get(slot + 8, 8), .len = (uint16_t)len};
    memcpy(page->content, slot + FLAT_SLOT_HEAD_BYTES, len);
    if (kind == FLAT_BLOB) {
        page->extent.page = (uint32_t)number_get(slot + FLAT_SLOT_HEAD_BYTES, 4);
        page->extent.bytes = (uint32_t)number_get(slot + FLAT_SLOT_HEAD_BYTES + 4, 4);
        page->extent.crc = (uint32_t)number_get(slot + FLAT_SLOT_HEAD_BYTES + 8, 4);
    }
    return true;
}

/* A page is whole when its label and its slot are, and are of one write. */
void flat_cell_decode(const uint8_t cell[FLAT_CELL_PAGES][FLAT_USED_BYTES],
                      struct flat_cell_view *view)
{
    size_t written = 0;
    uint64_t labelled = 0;
    memset(view, 0, sizeof *view);
    for (size_t i = 0; i < FLAT_CELL_PAGES; i++) {
        struct flat_page page = {.sequence = 0};
        char name[STORE_NAME_BYTES];
        uint64_t sequence = 0;
        bool has_label = label_decode(cell[i], &sequence, name);
        bool has_slot = slot_decode(cell[i] + FLAT_LABEL_BYTES, &page);
        written += !flat_is_zero(cell[i], FLAT_USED_BYTES);
        view->sequence = sequence > view->sequence ? sequence : view->sequence;
        view->sequence = page.sequence > view->sequence ? page.sequence : view->sequence;
        if (has_label && has_slot && page.sequence == sequence &&
            (!view->is_whole || sequence > view->newest.sequence)) {
            memcpy(page.name, name, sizeof name);
            view->newest = page;
            view->is_whole = true;
            view->next = (i + 1) % FLAT_CELL_PAGES;
        }
        if (has_label && sequence >= labelled) {
            memcpy(view->label, name, sizeof name);
            labelled = sequence;
        }
    }
    view->is_corrupt = !view->is_whole && written == FLAT_CELL_PAGES;
}
