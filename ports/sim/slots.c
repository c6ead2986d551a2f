/* slots: little-endian heads and a checksum. */
#include "ports/sim/slots.h"

#include <assert.h>
#include <string.h>

#include "platform/base/crc.h"
#include "platform/base/number.h"

#define SLOT_MAGIC      0x746F6C73u /* "slot" */
#define BLOB_MAGIC      0x626F6C62u /* "blob" */
#define SLOT_HEAD_BYTES 16
#define SLOT_CRC_AT     (SIM_SLOT_BYTES - 4)
_Static_assert(SLOT_HEAD_BYTES + STORE_RECORD_BYTES_MAX <= SLOT_CRC_AT, "a record fits a slot");

void sim_slot_encode(uint8_t slot[SIM_SLOT_BYTES], uint64_t sequence, struct span content)
{
    assert(content.len <= STORE_RECORD_BYTES_MAX);
    memset(slot, 0, SIM_SLOT_BYTES);
    number_put(slot, SLOT_MAGIC, 4);
    number_put(slot + 4, content.len, 4);
    number_put(slot + 8, sequence, 8);
    if (content.len > 0) {
        memcpy(slot + SLOT_HEAD_BYTES, content.data, content.len);
    }
    number_put(slot + SLOT_CRC_AT, crc32c(0, slot, SLOT_CRC_AT), 4);
}

struct sim_slot sim_slot_decode(struct span bytes)
{
    struct sim_slot slot = {.state = SIM_SLOT_EMPTY};
    bool is_zero = true;
    for (size_t i = 0; i < bytes.len; i++) {
        is_zero = is_zero && bytes.data[i] == 0;
    }
    if (is_zero) {
        return slot;
    }
    slot.state = SIM_SLOT_DAMAGED;
    if (bytes.len < SIM_SLOT_BYTES || number_get(bytes.data, 4) != SLOT_MAGIC ||
        number_get(bytes.data + 4, 4) > STORE_RECORD_BYTES_MAX ||
        number_get(bytes.data + SLOT_CRC_AT, 4) != crc32c(0, bytes.data, SLOT_CRC_AT)) {
        return slot;
    }
    slot.state = SIM_SLOT_WHOLE;
    slot.sequence = number_get(bytes.data + 8, 8);
    slot.content = span_of(bytes.data + SLOT_HEAD_BYTES, (size_t)number_get(bytes.data + 4, 4));
    return slot;
}

void sim_blob_encode(uint8_t head[SIM_BLOB_HEAD_BYTES], struct span content)
{
    number_put(head, BLOB_MAGIC, 4);
    number_put(head + 4, content.len, 8);
    number_put(head + 12, crc32c(crc32c(0, head, 12), content.data, content.len), 4);
}

bool sim_blob_decode(struct span file, struct span *content)
{
    if (file.len < SIM_BLOB_HEAD_BYTES || number_get(file.data, 4) != BLOB_MAGIC ||
        number_get(file.data + 4, 8) != file.len - SIM_BLOB_HEAD_BYTES) {
        return false;
    }
    struct span found = span_of(file.data + SIM_BLOB_HEAD_BYTES, file.len - SIM_BLOB_HEAD_BYTES);
    if (number_get(file.data + 12, 4) != crc32c(crc32c(0, file.data, 12), found.data, found.len)) {
        return false;
    }
    *content = found;
    return true;
}
