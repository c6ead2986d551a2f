/* ended: entries of one size, found by name. */
#include "agent/node/ended.h"

#include <string.h>

#include "platform/base/law.h"
#include "platform/base/text.h"

#define ENDED_VERSION    1
#define QUARANTINE_BYTES 8

static uint8_t *put_number(uint8_t *at, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(number >> (8 * i));
    }
    return at + bytes;
}

static uint64_t get_number(const uint8_t **at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++) {
        number |= (uint64_t)(*at)[i] << (8 * i);
    }
    *at += bytes;
    return number;
}

static size_t count_of(const uint8_t *data, size_t len)
{
    const uint8_t *at = data + 1;
    return len < ENDED_HEAD_BYTES ? 0 : (size_t)get_number(&at, 2);
}

int ended_count(struct span document, size_t *count, struct err *err)
{
    const uint8_t *data = (const uint8_t *)document.data;
    *count = count_of(data, document.len);
    if (document.len > 0 && data[0] > ENDED_VERSION) {
        return err_set(err, ERR_VERSION, "a later agent wrote it: install that again");
    }
    if (document.len > 0 &&
        (*count > ENDED_MAX || document.len != ENDED_HEAD_BYTES + *count * ENDED_ENTRY_BYTES)) {
        return err_set(err, ERR_CORRUPT, "%zu bytes cannot hold %zu ended apps", document.len,
                       *count);
    }
    return 0;
}

static const uint8_t *entry_find(const uint8_t *data, size_t len, const char *app)
{
    for (size_t i = 0; i < count_of(data, len); i++) {
        const uint8_t *entry = data + ENDED_HEAD_BYTES + i * ENDED_ENTRY_BYTES;
        if (strncmp((const char *)entry, app, NAME_BYTES) == 0) {
            return entry;
        }
    }
    return NULL;
}

bool ended_find(struct span document, const char *app, struct memory_app *memory)
{
    const uint8_t *at = entry_find((const uint8_t *)document.data, document.len, app);
    if (at == NULL) {
        return false;
    }
    *memory = (struct memory_app){0};
    (void)text_copy(memory->app, sizeof memory->app, app);
    at += NAME_BYTES;
    memory->floor = get_number(&at, 8);
    memory->order_epoch = get_number(&at, 8);
    memory->order_gen = get_number(&at, 8);
    memory->order_id = get_number(&at, 8);
    memory->epoch_base = get_number(&at, 8);
    memory->gen_last = (uint32_t)get_number(&at, 4);
    for (size_t i = 0; i < QUARANTINE_MAX; i++) {
        memcpy(memory->quarantined[i].bytes, at, QUARANTINE_BYTES);
        at += QUARANTINE_BYTES;
    }
    return true;
}

/* Takes one entry out; returns how many stay. */
static size_t entry_drop(uint8_t *data, size_t count, size_t index)
{
    LAW(BOUNDED, index < count);
    uint8_t *entry = data + ENDED_HEAD_BYTES + index * ENDED_ENTRY_BYTES;
    memmove(entry, entry + ENDED_ENTRY_BYTES, (count - index - 1) * ENDED_ENTRY_BYTES);
    return count - 1;
}

size_t ended_put(uint8_t *data, size_t len, const struct memory_app *memory,
                 char evicted[NAME_BYTES])
{
    LAW(BOUNDED, memory->app[0] != '\0');
    size_t count = count_of(data, len);
    const uint8_t *same = entry_find(data, len, memory->app);
    evicted[0] = '\0';
    if (same != NULL) {
        count = entry_drop(data, count, (size_t)(same - data) / ENDED_ENTRY_BYTES);
    } else if (count == ENDED_MAX) {
        (void)text_copy(evicted, NAME_BYTES, (const char *)data + ENDED_HEAD_BYTES);
        count = entry_drop(data, count, 0);
    }
    uint8_t *at = data + ENDED_HEAD_BYTES + count * ENDED_ENTRY_BYTES;
    memset(at, 0, NAME_BYTES);
    (void)text_copy((char *)at, NAME_BYTES, memory->app);
    at = put_number(at + NAME_BYTES, memory->floor, 8);
    at = put_number(at, memory->order_epoch, 8);
    at = put_number(at, memory->order_gen, 8);
    at = put_number(at, memory->order_id, 8);
    at = put_number(at, memory->epoch_base, 8);
    at = put_number(at, memory->gen_last, 4);
    for (size_t i = 0; i < QUARANTINE_MAX; i++) {
        memcpy(at, memory->quarantined[i].bytes, QUARANTINE_BYTES);
        at += QUARANTINE_BYTES;
    }
    data[0] = ENDED_VERSION;
    (void)put_number(data + 1, count + 1, 2);
    return (size_t)(at - data);
}
