/* begun: a short list, looked through when a rollout begins or ends. */
#include "agent/fleet/begun.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 8

static struct begun_app *find(const struct begun *begun, const char *app)
{
    for (size_t i = 0; i < begun->count; i++) {
        if (strcmp(begun->list[i].app, app) == 0) {
            return &begun->list[i];
        }
    }
    return NULL;
}

enum begun_answer begun_judge(const struct begun *begun, const struct rollout_spec *spec)
{
    const struct begun_app *known = find(begun, spec->app);
    if (known == NULL || spec->created > known->created) {
        return BEGUN_NEW;
    }
    if (spec->created < known->created) {
        return BEGUN_OLDER;
    }
    return strcmp(spec->id, known->id) == 0 && !known->has_ended ? BEGUN_OURS : BEGUN_ENDED;
}

static struct begun_app *room_make(struct begun *begun)
{
    if (begun->count == begun->cap) {
        size_t cap = begun->cap == 0 ? FIRST_CAP : 2 * begun->cap;
        struct begun_app *grown = realloc(begun->list, cap * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        begun->list = grown;
        begun->cap = cap;
    }
    return &begun->list[begun->count++];
}

bool begun_note(struct begun *begun, const struct rollout_spec *spec, bool has_ended, int *rc)
{
    struct begun_app *known = find(begun, spec->app);
    enum begun_answer answer = begun_judge(begun, spec);
    *rc = 0;
    if (answer == BEGUN_OLDER || answer == BEGUN_ENDED || (answer == BEGUN_OURS && !has_ended)) {
        return false;
    }
    known = known != NULL ? known : room_make(begun);
    if (known == NULL) {
        *rc = ERR_MEMORY;
        return false;
    }
    *known = (struct begun_app){.created = spec->created, .has_ended = has_ended};
    (void)text_copy(known->app, sizeof known->app, spec->app);
    (void)text_copy(known->id, sizeof known->id, spec->id);
    return true;
}

bool begun_copy(struct begun *begun, const struct begun *from)
{
    for (size_t i = 0; i < from->count; i++) {
        struct begun_app *copy = room_make(begun);
        if (copy == NULL) {
            return false;
        }
        *copy = from->list[i];
    }
    return true;
}

void begun_close(struct begun *begun)
{
    free(begun->list);
    *begun = (struct begun){0};
}
