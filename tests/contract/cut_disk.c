/* cut_disk: the log, and from it what a cut leaves. */
#include "tests/contract/cut_disk.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/units.h"

enum { SUBSETS_WHOLE_MAX = 5, SAMPLES = 40 };

static void *grown(void *bytes, size_t len)
{
    void *more = realloc(bytes, len > 0 ? len : 1);
    assert(more != NULL);
    return more;
}

/* --- images --- */

int cut_image_find(const struct cut_image *image, enum cut_folder folder, const char *name)
{
    for (size_t i = 0; i < image->name_count; i++) {
        if (image->names[i].folder == folder && strcmp(image->names[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static void name_put(struct cut_image *image, enum cut_folder folder, const char *name, int file)
{
    int found = cut_image_find(image, folder, name);
    size_t at = found >= 0 ? (size_t)found : image->name_count++;
    assert(at < CUT_NAMES);
    image->names[at].folder = folder;
    image->names[at].file = file;
    (void)snprintf(image->names[at].name, CUT_NAME_BYTES, "%s", name);
}

static void name_drop(struct cut_image *image, enum cut_folder folder, const char *name)
{
    int found = cut_image_find(image, folder, name);
    if (found >= 0) {
        image->names[found] = image->names[--image->name_count];
    }
}

void cut_image_add(struct cut_image *image, enum cut_folder folder, const char *name,
                   const void *bytes, size_t len)
{
    int number = CUT_NO_FILE;
    if (bytes != NULL) {
        assert(image->file_count < CUT_FILES);
        number = (int)image->file_count++;
        image->files[number] = (struct cut_file){.bytes = grown(NULL, len), .len = len};
        memcpy(image->files[number].bytes, bytes, len);
    }
    name_put(image, folder, name, number);
}

static void image_copy(struct cut_image *to, const struct cut_image *from)
{
    *to = *from;
    for (size_t i = 0; i < from->file_count; i++) {
        to->files[i].bytes = grown(NULL, from->files[i].len);
        if (from->files[i].len > 0) {
            memcpy(to->files[i].bytes, from->files[i].bytes, from->files[i].len);
        }
    }
}

void cut_image_free(struct cut_image *image)
{
    for (size_t i = 0; i < CUT_FILES; i++) {
        free(image->files[i].bytes);
    }
    memset(image, 0, sizeof *image);
}

/* --- from the log to what a cut leaves --- */

/* Bytes that lie beyond the file's end grow it, with zeros in between. */
static void file_patch(struct cut_file *file, size_t at, const uint8_t *bytes, size_t len)
{
    if (at + len > file->len) {
        file->bytes = grown(file->bytes, at + len);
        memset(file->bytes + file->len, 0, at + len - file->len);
        file->len = at + len;
    }
    if (bytes != NULL && len > 0) {
        memcpy(file->bytes + at, bytes, len);
    }
}

static void page_erase(struct cut_file *file, size_t at, size_t len, size_t page_bytes)
{
    size_t from = at / page_bytes * page_bytes;
    size_t to = (at + len + page_bytes - 1) / page_bytes * page_bytes;
    to = to < file->len ? to : file->len;
    if (from < to) {
        memset(file->bytes + from, 0xff, to - from);
    }
}

static void write_apply(const struct cut_disk *disk, const struct cut_event *event,
                        struct cut_fate fate, struct cut_file *file)
{
    size_t part = fate.bytes < event->len ? fate.bytes : event->len;
    switch (fate.way) {
    case CUT_LOST:
        break;
    case CUT_DONE:
        file_patch(file, event->at, event->bytes, event->len);
        break;
    case CUT_HEAD:
        file_patch(file, event->at, event->bytes, part);
        break;
    case CUT_TAIL:
        file_patch(file, event->at + event->len - part, event->bytes + event->len - part, part);
        break;
    case CUT_ZEROS: /* the size is there and the bytes are not */
        file_patch(file, event->at + event->len, NULL, 0);
        break;
    case CUT_ERASED: /* the flash was erased, no more */
        page_erase(file, event->at, event->len, disk->page_bytes);
        break;
    }
}

static void event_apply(const struct cut_disk *disk, const struct cut_event *event,
                        struct cut_fate fate, struct cut_image *image)
{
    if (event->kind == CUT_WRITE) {
        write_apply(disk, event, fate, &image->files[event->file]);
    } else if (fate.way == CUT_LOST) {
        return;
    } else if (event->kind == CUT_MAKE) {
        name_put(image, event->folder, event->name, event->file);
    } else if (event->kind == CUT_RENAME) {
        name_drop(image, event->folder, event->name);
        name_put(image, event->folder, event->to, event->file);
    } else if (event->kind == CUT_UNLINK) {
        name_drop(image, event->folder, event->name);
    }
}

/* The event that settled event `i` among the first `position`; NULL: none did. */
static const struct cut_event *settled_by(const struct cut_disk *disk, size_t i, size_t position)
{
    const struct cut_event *event = &disk->log[i];
    for (size_t j = i + 1; j < position; j++) {
        const struct cut_event *sync = &disk->log[j];
        bool is_file = sync->kind == CUT_SYNC || sync->kind == CUT_SYNC_FAILED;
        if (event->kind == CUT_WRITE
                ? is_file && sync->file == event->file
                : sync->kind == CUT_SYNC_FOLDER && sync->folder == event->folder) {
            return sync;
        }
    }
    return NULL;
}

static bool is_change(const struct cut_event *event)
{
    return event->kind == CUT_WRITE || event->kind == CUT_MAKE || event->kind == CUT_RENAME ||
           event->kind == CUT_UNLINK;
}

static struct cut_fate fate_settled(const struct cut_event *event, const struct cut_event *sync)
{
    if (sync->kind != CUT_SYNC_FAILED || sync->remains == CUT_REMAINS_ALL) {
        return (struct cut_fate){.way = CUT_DONE};
    }
    return sync->remains == CUT_REMAINS_NONE
               ? (struct cut_fate){.way = CUT_LOST}
               : (struct cut_fate){.way = CUT_HEAD, .bytes = event->len / 2};
}

void cut_image_after(const struct cut_disk *disk, size_t position, const struct cut_fate *fates,
                     struct cut_image *image)
{
    image_copy(image, &disk->base);
    image->file_count = disk->file_count;
    for (size_t i = 0; i < position; i++) {
        if (!is_change(&disk->log[i])) {
            continue;
        }
        const struct cut_event *sync = settled_by(disk, i, position);
        struct cut_fate fate = sync != NULL    ? fate_settled(&disk->log[i], sync)
                               : fates != NULL ? fates[i]
                                               : (struct cut_fate){.way = CUT_DONE};
        event_apply(disk, &disk->log[i], fate, image);
    }
}

void cut_file_durable(const struct cut_disk *disk, int file, struct cut_file *durable)
{
    static const struct cut_fate lost[CUT_EVENTS];
    struct cut_image image;
    cut_image_after(disk, disk->events, lost, &image);
    *durable = image.files[file];
    image.files[file].bytes = NULL;
    cut_image_free(&image);
}

/* --- the states of one position --- */

struct states {
    const struct cut_disk *disk;
    size_t position;
    size_t tears;
    cut_tried tried;
    void *ctx;
    size_t pending[CUT_EVENTS];
    size_t count;
    struct cut_fate fates[CUT_EVENTS];
    int seen;
    bool is_over;
};

static void state_try(struct states *states)
{
    struct cut_image image;
    if (states->is_over) {
        return;
    }
    cut_image_after(states->disk, states->position, states->fates, &image);
    states->is_over = !states->tried(states->ctx, &image);
    states->seen++;
    cut_image_free(&image);
}

/* Write `which` torn in each way; of the rest none, those before it, or all. */
static void states_torn(struct states *states, size_t which)
{
    const struct cut_event *event = &states->disk->log[states->pending[which]];
    if (event->kind != CUT_WRITE) {
        return;
    }
    for (size_t rest = 0; rest < (states->count > 1 ? 3 : 1); rest++) {
        for (size_t i = 0; i < states->count; i++) {
            bool is_done = rest == 2 || (rest == 1 && i < which);
            states->fates[states->pending[i]].way = is_done ? CUT_DONE : CUT_LOST;
        }
        struct cut_fate *fate = &states->fates[states->pending[which]];
        for (size_t part = 1; part <= states->tears; part++) {
            fate->bytes = (event->len * part + states->tears) / (states->tears + 1);
            fate->way = CUT_HEAD;
            state_try(states);
            fate->way = CUT_TAIL;
            state_try(states);
        }
        fate->way = CUT_ZEROS;
        state_try(states);
        fate->way = CUT_ERASED;
        state_try(states);
    }
}

static void states_subset(struct states *states, uint64_t subset)
{
    for (size_t i = 0; i < states->count; i++) {
        bool is_done = i < 64 && (subset >> i & 1) != 0;
        states->fates[states->pending[i]].way = is_done ? CUT_DONE : CUT_LOST;
    }
    state_try(states);
}

int cut_states(const struct cut_disk *disk, size_t position, size_t tears, unsigned seed,
               cut_tried tried, void *ctx)
{
    struct states *states = calloc(1, sizeof *states);
    assert(states != NULL);
    states->disk = disk;
    states->position = position;
    states->tears = tears;
    states->tried = tried;
    states->ctx = ctx;
    for (size_t i = 0; i < position; i++) {
        if (is_change(&disk->log[i]) && settled_by(disk, i, position) == NULL) {
            states->pending[states->count++] = i;
        }
    }
    assert(states->count < 63);
    uint64_t all = (UINT64_C(1) << states->count) - 1;
    if (states->count <= SUBSETS_WHOLE_MAX) {
        for (uint64_t subset = 0; subset <= all; subset++) {
            states_subset(states, subset);
        }
    } else {
        for (size_t i = 0; i <= states->count; i++) {
            states_subset(states, (UINT64_C(1) << i) - 1);
        }
        for (int i = 0; i < SAMPLES; i++) {
            seed = seed * 1103515245u + 12345u;
            states_subset(states, ((uint64_t)seed << 24 ^ seed >> 5) & all);
        }
    }
    for (size_t i = 0; i < states->count; i++) {
        states_torn(states, i);
    }
    int seen = states->seen;
    free(states);
    return seen;
}

/* --- in words --- */

void cut_words(const struct cut_disk *disk, size_t from, char *text, size_t cap)
{
    static const char *const words[] = {[CUT_WRITE] = "write",
                                        [CUT_SYNC] = "sync",
                                        [CUT_SYNC_FAILED] = "sync failed",
                                        [CUT_MAKE] = "make",
                                        [CUT_RENAME] = "rename",
                                        [CUT_UNLINK] = "unlink",
                                        [CUT_SYNC_FOLDER] = "sync-folder"};
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = from; i < disk->events && used < cap; i++) {
        const struct cut_event *event = &disk->log[i];
        bool is_top = event->kind == CUT_SYNC_FOLDER && event->folder == CUT_TOP;
        const char *name = event->kind == CUT_RENAME ? event->to : is_top ? "top" : event->name;
        int put = snprintf(text + used, cap - used, "%s%s%s%s", i > from ? ", " : "",
                           words[event->kind], name[0] != '\0' ? " " : "", name);
        used += put > 0 ? (size_t)put : 0;
    }
}
