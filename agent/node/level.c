/* level: one number for this session, one for the next, and an instant. */
#include "agent/node/level.h"

void level_init(struct level *level, bool has_two)
{
    *level = (struct level){.has_two = has_two, .next = has_two ? 2 : 1};
}

unsigned level_begin(struct level *level)
{
    bool is_other = level->used != level->next;
    level->used = level->next;
    level->is_proven = false;
    if (level->used == 2 || is_other) { /* a trial that is due does not wait for a long session */
        level->due = 0;
    }
    return level->used;
}

void level_heard(struct level *level)
{
    level->is_proven = level->used == 2;
    level->next = level->has_two ? 2 : 1;
}

void level_denied(struct level *level)
{
    if (level->used == 2 && !level->is_proven) {
        level->next = 1;
    }
}

enum level_turn level_step(struct level *level, mono_ms now)
{
    bool is_waiting = level->used == 2 ? !level->is_proven : level->has_two;
    if (level->due == 0) {
        level->due = now + (level->used == 2 ? LEVEL_PROOF_MS : LEVEL_TRIAL_MS);
    }
    bool is_due = is_waiting && now >= level->due;
    if (is_due && level->used == 2) {
        level->next = 1;
    } else if (is_due) {
        level->due = now + LEVEL_TRIAL_MS;
    }
    if (level->next != level->used) {
        return LEVEL_CHANGE;
    }
    return is_due ? LEVEL_TRY : LEVEL_STAY;
}

mono_ms level_deadline(const struct level *level)
{
    bool is_waiting = level->used == 2 ? !level->is_proven : level->has_two;
    bool is_changing = level->next != level->used; /* the broker's answer ends it, and no instant */
    return !is_waiting || is_changing ? MONO_NEVER : level->due;
}
