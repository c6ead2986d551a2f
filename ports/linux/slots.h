/* slots: the bytes of a document on disk, and which of a record's slots counts.
 *
 * A record file is SLOT_COUNT slots of SLOT_BYTES, each at the start of its own SLOT_STRIDE bytes,
 * so that tearing one write cannot touch the other slot's sector or flash page. Slots are written
 * in turn; the newest whole one is the record. All numbers are little-endian:
 *
 *   slot:  magic "BSL1", version u16, length u16, sequence u64, crc32c u32, 12 zero bytes,
 *          content, zeros to the end; the checksum is over the slot with its own field zero
 *   blob:  magic "BBL1", version u16, 2 zero bytes, length u32, crc32c u32 of what is before it
 *          and the content, content */
#ifndef PORTS_LINUX_SLOTS_H
#define PORTS_LINUX_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/base/span.h"
#include "platform/store.h"

#define SLOT_BYTES      512
#define SLOT_STRIDE     4096
#define SLOT_COUNT      2
#define SLOT_FILE_BYTES (SLOT_COUNT * SLOT_STRIDE)
#define SLOT_HEAD_BYTES 32
#define BLOB_HEAD_BYTES 16
/* A slot with a higher sequence is not ours: one more must still be more. */
#define SLOT_SEQUENCE_MAX (UINT64_MAX >> 1)

_Static_assert(SLOT_HEAD_BYTES + STORE_RECORD_BYTES_MAX == SLOT_BYTES, "a record fills a slot");

/* Writes a whole slot; content is at most STORE_RECORD_BYTES_MAX. */
void slot_encode(uint8_t slot[SLOT_BYTES], uint64_t sequence, struct span content);

/* True for a whole slot; *content then points into it. */
bool slot_decode(const uint8_t slot[SLOT_BYTES], uint64_t *sequence, struct span *content);

/* What a record file holds. */
struct slot_choice {
    bool is_whole;       /* some slot is */
    size_t newest;       /* that one, the newest */
    size_t next;         /* the slot to write next: never the newest whole one */
    uint64_t sequence;   /* of the newest; 0 when none is whole */
    struct span content; /* of the newest, inside the slots */
};

struct slot_choice slots_choose(const uint8_t slots[SLOT_COUNT][SLOT_BYTES]);

/* Writes a blob's head; content is at most STORE_BLOB_BYTES_MAX. */
void blob_encode(uint8_t head[BLOB_HEAD_BYTES], struct span content);

/* True when `file` is a whole blob; *content then points into it. */
bool blob_decode(struct span file, struct span *content);

#endif
