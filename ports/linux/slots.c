/* slots: encode, decode, choose; bytes in, bytes out. */
#include "ports/linux/slots.h"

#include <assert.h>
#include <string.h>

#include "platform/base/crc.h"
#include "platform/base/number.h"

enum { FORMAT_VERSION = 1, SLOT_CRC_AT = 16, BLOB_CRC_AT = 12 };

static const uint8_t slot_magic[4] = {'B', 'S', 'L', '1'};
static const uint8_t blob_magic[4] = {'B', 'B', 'L', '1'};

static uint32_t slot_crc(const uint8_t slot[SLOT_BYTES])
{
    static const uint8_t no_crc[4] = {0};
    uint32_t crc = crc32c(0, slot, SLOT_CRC_AT);
    crc = crc32c(crc, no_crc, sizeof no_crc);
    return crc32c(crc, slot + SLOT_CRC_AT + 4, SLOT_BYTES - SLOT_CRC_AT - 4);
}

void slot_encode(uint8_t slot[SLOT_BYTES], uint64_t sequence, struct span content)
{
    assert(content.len <= STORE_RECORD_BYTES_MAX);
    memset(slot, 0, SLOT_BYTES);
    memcpy(slot, slot_magic, sizeof slot_magic);
    number_put(slot + 4, FORMAT_VERSION, 2);
    number_put(slot + 6, content.len, 2);
    number_put(slot + 8, sequence, 8);
    if (content.len > 0) {
        memcpy(slot + SLOT_HEAD_BYTES, content.data, content.len);
    }
    number_put(slot + SLOT_CRC_AT, slot_crc(slot), 4);
}

bool slot_decode(const uint8_t slot[SLOT_BYTES], uint64_t *sequence, struct span *content)
{
    size_t len = (size_t)number_get(slot + 6, 2);
    if (memcmp(slot, slot_magic, sizeof slot_magic) != 0 ||
        number_get(slot + 4, 2) != FORMAT_VERSION || len > STORE_RECORD_BYTES_MAX ||
        number_get(slot + SLOT_CRC_AT, 4) != slot_crc(slot) ||
        number_get(slot + 8, 8) > SLOT_SEQUENCE_MAX) {
        return false;
    }
    *sequence = number_get(slot + 8, 8);
    *content = span_of(slot + SLOT_HEAD_BYTES, len);
    return true;
}

struct slot_choice slots_choose(const uint8_t slots[SLOT_COUNT][SLOT_BYTES])
{
    struct slot_choice choice = {0};
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        uint64_t sequence = 0;
        struct span content = {0};
        if (slot_decode(slots[i], &sequence, &content) &&
            (!choice.is_whole || sequence > choice.sequence)) {
            choice.is_whole = true;
            choice.newest = i;
            choice.sequence = sequence;
            choice.content = content;
        }
    }
    choice.next = choice.is_whole ? (choice.newest + 1) % SLOT_COUNT : 0;
    return choice;
}

static uint32_t blob_crc(const uint8_t head[BLOB_HEAD_BYTES], struct span content)
{
    return crc32c(crc32c(0, head, BLOB_CRC_AT), content.data, content.len);
}

void blob_encode(uint8_t head[BLOB_HEAD_BYTES], struct span content)
{
    assert(content.len <= STORE_BLOB_BYTES_MAX);
    memset(head, 0, BLOB_HEAD_BYTES);
    memcpy(head, blob_magic, sizeof blob_magic);
    number_put(head + 4, FORMAT_VERSION, 2);
    number_put(head + 8, content.len, 4);
    number_put(head + BLOB_CRC_AT, blob_crc(head, content), 4);
}

bool blob_decode(struct span file, struct span *content)
{
    if (file.len < BLOB_HEAD_BYTES) {
        return false;
    }
    struct span rest = span_of(file.data + BLOB_HEAD_BYTES, file.len - BLOB_HEAD_BYTES);
    if (memcmp(file.data, blob_magic, sizeof blob_magic) != 0 ||
        number_get(file.data + 4, 2) != FORMAT_VERSION || number_get(file.data + 6, 2) != 0 ||
        number_get(file.data + 8, 4) != rest.len ||
        number_get(file.data + BLOB_CRC_AT, 4) != blob_crc(file.data, rest)) {
        return false;
    }
    *content = rest;
    return true;
}
