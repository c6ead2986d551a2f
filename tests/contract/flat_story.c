/* flat_story: a world of its own, and what each document is to be after each step. */
#include "tests/contract/flat_story.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/units.h"

enum { TURNS_MAX = 200, TURN_MS = 5 };

static const struct flat_step documents[FLAT_STORY_DOCUMENTS] = {
    {false, "app", NULL},  {false, "other", NULL}, {true, "release", NULL},
    {true, "large", NULL}, {true, "next", NULL},   {true, "fresh", NULL}};

const struct flat_step *flat_document(size_t d)
{
    return &documents[d];
}

struct flat_world *flat_world_new(void)
{
    struct flat_world *world = calloc(1, sizeof *world);
    if (world == NULL || linux_loop_init(&world->loop, NULL) != 0) {
        abort();
    }
    const char *big = world->big;
    const struct flat_step story[FLAT_STORY_STEPS] = {
        {false, "app", "one"},     {true, "release", "payload"}, {false, "app", "two"},
        {true, "large", big},      {false, "other", "first"},    {true, "release", "changed"},
        {true, "release", NULL},   {true, "next", big},          {false, "app", "three"},
        {true, "large", NULL},     {true, "fresh", "reused"},    {true, "fresh", "reused"},
        {false, "other", "second"}};
    memset(world->big, 'b', sizeof world->big - 1);
    memcpy(world->story, story, sizeof story);
    flat_world_empty(world);
    return world;
}

void flat_world_free(struct flat_world *world)
{
    linux_loop_close(&world->loop);
    free(world);
}

void flat_world_empty(struct flat_world *world)
{
    memset(&world->disk, 0, sizeof world->disk);
    world->disk.bytes = FLAT_DISK_BYTES;
}

int flat_world_open(struct flat_world *world, struct err *err)
{
    return flat_store_init(&world->store, linux_loop_interface(&world->loop),
                           flat_disk_medium(&world->disk), err);
}

int flat_world_reopen(struct flat_world *world)
{
    flat_store_close(&world->store);
    flat_disk_cut(&world->disk);
    return flat_world_open(world, NULL);
}

static void ended(void *ctx, const struct err *err)
{
    *(int *)ctx = err == NULL ? 0 : err->code;
}

int flat_put(struct flat_world *world, bool is_blob, const char *name, struct span content)
{
    struct store port = flat_store_interface(&world->store);
    int code = 1;
    int rc = content.data == NULL ? port.ops->blob_remove(port.self, name, ended, &code, NULL)
             : is_blob ? port.ops->blob_write(port.self, name, content, ended, &code, NULL)
                       : port.ops->record_write(port.self, name, content, ended, &code, NULL);
    for (int i = 0; rc == 0 && code == 1 && i < TURNS_MAX; i++) {
        linux_loop_run_once(&world->loop, TURN_MS);
    }
    return rc != 0 ? rc : code;
}

int flat_step_run(struct flat_world *world, const struct flat_step *step)
{
    struct span content = step->content == NULL ? span_of(NULL, 0) : span_text(step->content);
    return flat_put(world, step->is_blob, step->name, content);
}

const char *flat_get(struct flat_world *world, bool is_blob, const char *name)
{
    struct store port = flat_store_interface(&world->store);
    size_t len = 0;
    int rc = (is_blob ? port.ops->blob_read : port.ops->record_read)(
        port.self, name, world->text, sizeof world->text - 1, &len, NULL);
    world->text[rc == 0 ? len : 0] = '\0';
    return rc == 0 ? world->text : err_word(rc);
}

static void found_counted(void *ctx, const char *name, bool is_blob)
{
    (void)name;
    (void)is_blob;
    ++*(size_t *)ctx;
}

size_t flat_listed(struct flat_world *world)
{
    struct store port = flat_store_interface(&world->store);
    size_t listed = 0;
    return port.ops->list(port.self, found_counted, &listed, NULL) == 0 ? listed : SIZE_MAX;
}

/* What document `d` is after the first `steps` steps. */
static const char *document_due(const struct flat_world *world, size_t d, size_t steps)
{
    const char *due = "not-found";
    for (size_t i = 0; i < steps; i++) {
        const struct flat_step *step = &world->story[i];
        if (strcmp(step->name, documents[d].name) == 0) {
            due = step->content != NULL ? step->content : "not-found";
        }
    }
    return due;
}

bool flat_world_is_due(struct flat_world *world, size_t step, bool *has_happened)
{
    bool is_due = true;
    size_t there = 0;
    for (size_t d = 0; d < FLAT_STORY_DOCUMENTS; d++) {
        const char *got = flat_get(world, documents[d].is_blob, documents[d].name);
        bool is_before = strcmp(got, document_due(world, d, step)) == 0;
        bool is_after = strcmp(got, document_due(world, d, step + 1)) == 0;
        is_due = is_due && (is_before || is_after);
        there += strcmp(got, "not-found") != 0;
        if (is_before != is_after) {
            *has_happened = is_after;
        }
    }
    return is_due && flat_listed(world) == there;
}
