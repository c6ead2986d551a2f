/* store_flat_calls: the flat store on a real file, each of whose calls is seen, cut and failed. */
#include <stdlib.h>

#include "ports/flat/file.h"
#include "ports/flat/store.h"
#include "ports/linux/loop.h"
#include "tests/contract/store_cuts.h"

enum { PAGE_BYTES = 1024, PAGES = 490, FILE_BYTES = PAGE_BYTES * PAGES };

struct flat_calls_world {
    struct linux_loop loop;
    struct flat_file file;
    struct flat_store store;
    char path[120];
};

static int world_open(void *self, const char *folder, struct store *store, struct err *err)
{
    struct flat_calls_world *world = self;
    (void)snprintf(world->path, sizeof world->path, "%s/flat", folder);
    int rc = flat_file_init(&world->file, world->path, PAGE_BYTES, err);
    if (rc == 0) {
        rc = flat_store_init(&world->store, linux_loop_interface(&world->loop),
                             flat_file_medium(&world->file), err);
        if (rc != 0) {
            flat_file_close(&world->file);
        }
    }
    *store = flat_store_interface(&world->store);
    return rc;
}

static void world_close(void *self)
{
    struct flat_calls_world *world = self;
    flat_store_close(&world->store);
    flat_file_close(&world->file);
}

static void world_pump(void *self)
{
    struct flat_calls_world *world = self;
    linux_loop_run_once(&world->loop, 5);
}

static void world_prepare(struct cut_image *image)
{
    uint8_t *zeros = calloc(1, FILE_BYTES);
    cut_image_add(image, CUT_TOP, "flat", zeros, FILE_BYTES);
    free(zeros);
}

int main(int argc, char **argv)
{
    static const char *const calls[CUT_OP_COUNT] = {
        [CUT_OP_OPEN_FIRST] = "sync, write, sync, write, sync",
        [CUT_OP_OPEN] = "sync",
        [CUT_OP_RECORD_FIRST] = "write, sync, write, sync",
        [CUT_OP_RECORD_AGAIN] = "write, sync",
        [CUT_OP_BLOB_FIRST] = "write, sync, write, sync, write, sync",
        [CUT_OP_BLOB_SAME] = "",
        [CUT_OP_READ] = "",
        [CUT_OP_REMOVE] = "write, sync, write, sync",
        [CUT_OP_REMOVE_NOTHING] = "",
    };
    static struct flat_calls_world world;
    const struct cut_port port = {.open = world_open,
                                  .close = world_close,
                                  .pump = world_pump,
                                  .prepare = world_prepare,
                                  .page_bytes = PAGE_BYTES,
                                  .cuts_min = 400,
                                  .fault_stride = 3,
                                  .calls = calls,
                                  .self = &world};
    if (linux_loop_init(&world.loop, NULL) != 0) {
        return EXIT_FAILURE;
    }
    int status = store_cuts_run(&port, NULL, 0, argc, argv);
    linux_loop_close(&world.loop);
    return status;
}
