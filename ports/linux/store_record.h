/* store_record: what is known of one record's file, and which of its slots may be written. */
#ifndef PORTS_LINUX_STORE_RECORD_H
#define PORTS_LINUX_STORE_RECORD_H

#include <stdbool.h>

#include "platform/store.h"
#include "ports/linux/slots.h"

struct linux_store_record {
    char name[STORE_NAME_BYTES];
    bool is_known;     /* the file was read since the last failure */
    bool is_fresh;     /* the file is not there, or whole in no slot: it is to be made anew */
    size_t next;       /* slot to write */
    uint64_t sequence; /* highest that was written, tried or seen */
};

/* Reads the slots of record `name` from the medium. ERR_NOT_FOUND, ERR_CORRUPT (*choice is then
 * set, with nothing whole in it), ERR_STORE. */
NODISCARD int store_record_load(int dir_fd, const char *name, uint8_t slots[SLOT_COUNT][SLOT_BYTES],
                                struct slot_choice *choice, struct err *err);

/* Makes the record known again, by what the medium says and not by what was meant: a slot whose
 * write failed may hold the newest content whole, which a reader is then told and no write may
 * lose. ERR_STORE. */
NODISCARD int store_record_learn(int dir_fd, struct linux_store_record *record, struct err *err);

/* A write of sequence + 1, to the slot `next` or to a fresh file, is over. */
void store_record_settle(struct linux_store_record *record, bool is_written);

#endif
