/* store_record: load, learn, settle. */
#include "ports/linux/store_record.h"

#include <string.h>

#include "ports/linux/store_dir.h"

int store_record_load(int dir_fd, const char *name, uint8_t slots[SLOT_COUNT][SLOT_BYTES],
                      struct slot_choice *choice, struct err *err)
{
    char file[STORE_FILE_BYTES];
    uint8_t bytes[SLOT_FILE_BYTES] = {0};
    size_t len = 0;
    bool is_longer = false;
    store_file_name(file, name, false);
    int rc =
        store_dir_read(dir_fd, file, STORE_FROM_MEDIUM, bytes, sizeof bytes, &len, &is_longer, err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        memcpy(slots[i], bytes + i * SLOT_STRIDE, SLOT_BYTES);
    }
    *choice = slots_choose((const uint8_t(*)[SLOT_BYTES])slots);
    return choice->is_whole ? 0
                            : err_set(err, ERR_CORRUPT, "record %s is damaged in every slot", name);
}

int store_record_learn(int dir_fd, struct linux_store_record *record, struct err *err)
{
    uint8_t slots[SLOT_COUNT][SLOT_BYTES];
    struct slot_choice choice;
    struct err why;
    int rc = store_record_load(dir_fd, record->name, slots, &choice, &why);
    if (rc != 0 && rc != ERR_NOT_FOUND && rc != ERR_CORRUPT) {
        return err_set(err, rc, "%s", why.text);
    }
    record->is_known = true;
    record->is_fresh = rc != 0;
    if (rc != 0) {
        return 0;
    }
    record->next = choice.next;
    record->sequence = choice.sequence > record->sequence ? choice.sequence : record->sequence;
    return 0;
}

void store_record_settle(struct linux_store_record *record, bool is_written)
{
    record->sequence++; /* used, whether it reached the medium or not */
    if (!is_written) {
        record->is_known = false;
        return;
    }
    record->next = record->is_fresh ? 1 : (record->next + 1) % SLOT_COUNT;
    record->is_fresh = false;
}
