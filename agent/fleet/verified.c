/* verified: a table of digests that are their own hash, looked through eight places at a time. */
#include "agent/fleet/verified.h"

#include <stdlib.h>
#include <string.h>

#include "platform/base/law.h"

#define ROOM_FIRST 1024
#define WINDOW     8

void verified_forget(struct verified *verified)
{
    free(verified->slots);
    verified->slots = NULL;
    verified->room = 0;
}

void verified_name(const struct verify *verify, enum trust_role role, struct span envelope,
                   struct digest *name)
{
    LAW(ONLY_SIGNED, role < TRUST_ROLE_COUNT);
    verify->ops->sha256(verify->self, envelope, name);
    name->bytes[sizeof name->bytes - 1] ^= (uint8_t)(role + 1);
}

void verified_name_by(const struct verify *verify, unsigned kind, uint64_t version,
                      struct span envelope, struct digest *name)
{
    verify->ops->sha256(verify->self, envelope, name);
    name->bytes[sizeof name->bytes - 1] ^= (uint8_t)(TRUST_ROLE_COUNT + 1 + kind);
    for (size_t i = 0; i < sizeof version; i++) {
        name->bytes[sizeof name->bytes / 2 + i] ^= (uint8_t)(version >> 8 * i);
    }
}

static size_t place_of(const struct digest *name, size_t step, size_t room)
{
    LAW(BOUNDED, room > 0);
    uint64_t start = 0;
    memcpy(&start, name->bytes, sizeof start);
    return (size_t)(start + step) & (room - 1);
}

bool verified_is_known(const struct verified *verified, const struct digest *name)
{
    for (size_t i = 0; i < WINDOW && verified->room > 0; i++) {
        if (digest_is_equal(&verified->slots[place_of(name, i, verified->room)], name)) {
            return true;
        }
    }
    return false;
}

static bool slot_take(struct digest *slots, size_t room, const struct digest *name)
{
    LAW(BOUNDED, room > 0 && (room & (room - 1)) == 0);
    for (size_t i = 0; i < WINDOW; i++) {
        struct digest *slot = &slots[place_of(name, i, room)];
        if (digest_is_none(slot) || digest_is_equal(slot, name)) {
            *slot = *name;
            return true;
        }
    }
    return false;
}

/* Twice the room; what finds no place in it is forgotten. */
static bool room_make(struct verified *verified)
{
    size_t max = verified->max != 0 ? verified->max : VERIFIED_MAX_DEFAULT;
    size_t room = verified->room != 0 ? 2 * verified->room : ROOM_FIRST;
    room = room < max ? room : max;
    struct digest *slots = room > verified->room ? calloc(room, sizeof *slots) : NULL;
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < verified->room; i++) {
        if (!digest_is_none(&verified->slots[i])) {
            (void)slot_take(slots, room, &verified->slots[i]);
        }
    }
    free(verified->slots);
    verified->slots = slots;
    verified->room = room;
    return true;
}

void verified_note(struct verified *verified, const struct digest *name)
{
    LAW(ONLY_SIGNED, !digest_is_none(name));
    if (verified->room == 0 && !room_make(verified)) {
        return;
    }
    while (!slot_take(verified->slots, verified->room, name)) {
        if (!room_make(verified)) {
            verified->slots[place_of(name, name->bytes[8] % WINDOW, verified->room)] = *name;
            return;
        }
    }
}
