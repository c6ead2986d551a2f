/* slots: how the simulated store lays a record or a blob out in a file. */
#ifndef PORTS_SIM_SLOTS_H
#define PORTS_SIM_SLOTS_H

#include "platform/store.h"

#define SIM_SLOT_BYTES 512
#define SIM_SLOTS      2
#define SIM_BLOB_HEAD_BYTES 16

enum sim_slot_state { SIM_SLOT_EMPTY, SIM_SLOT_WHOLE, SIM_SLOT_DAMAGED };

/* What one slot holds; `content` points into the bytes it was read from. */
struct sim_slot {
    enum sim_slot_state state;
    uint64_t sequence;
    struct span content;
};

/* Writes a slot: magic, length, sequence, content, checksum over all of it. */
void sim_slot_encode(uint8_t slot[SIM_SLOT_BYTES], uint64_t sequence, struct span content);
/* Reads a slot; bytes that are missing at the end of the file count as zero. */
struct sim_slot sim_slot_decode(struct span bytes);

/* Writes the head that stands before a blob's content. */
void sim_blob_encode(uint8_t head[SIM_BLOB_HEAD_BYTES], struct span content);
/* The content behind the head; false when length or checksum do not fit. */
bool sim_blob_decode(struct span file, struct span *content);

#endif
