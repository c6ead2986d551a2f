/* store_linux: the store's suite over the real files; damage and torn writes are made by hand. */
#include "tests/contract/store_linux.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ports/linux/helper.h"
#include "ports/linux/slots.h"

enum { FILE_BYTES_MAX = 131072, TURNS_MAX = 3000 };

/* Whole content of a document's file; the length, or 0 when it is not there. */
static size_t file_get(const struct store_world *world, const char *name, bool is_blob,
                       uint8_t *data)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s.%s", world->directory, name, is_blob ? "b" : "r");
    FILE *file = fopen(path, "r");
    size_t len = file == NULL ? 0 : fread(data, 1, FILE_BYTES_MAX, file);
    if (file != NULL) {
        fclose(file);
    }
    return len;
}

static void file_put(const struct store_world *world, const char *file_name, const uint8_t *data,
                     size_t len)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", world->directory, file_name);
    FILE *file = fopen(path, "w");
    assert(file != NULL);
    size_t put = fwrite(data, 1, len, file);
    int failed = fclose(file);
    assert(put == len && failed == 0);
    (void)failed;
}

static void document_put(const struct store_world *world, const char *name, bool is_blob,
                         const uint8_t *data, size_t len)
{
    char file_name[128];
    (void)snprintf(file_name, sizeof file_name, "%s.%s", name, is_blob ? "b" : "r");
    file_put(world, file_name, data, len);
}

static void world_pump(void *self)
{
    struct store_world *world = self;
    if (world->is_failing) {
        world->is_failing = false;
        (void)kill(world->worker.pid, SIGKILL);
    }
    linux_loop_run_once(&world->loop, 5);
}

static void world_open(struct store_world *world)
{
    struct err err;
    int rc = linux_store_init(&world->store, &world->worker, world->directory, &err);
    if (rc != 0) {
        printf("%s\n", err.text);
        abort();
    }
    world->fixture.store = linux_store_interface(&world->store);
}

static void world_reopen(void *self)
{
    struct store_world *world = self;
    linux_store_close(&world->store);
    world_open(world);
}

static void directory_empty(const char *directory)
{
    char path[512];
    DIR *stream = opendir(directory);
    const struct dirent *entry;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        (void)unlink(path);
    }
    if (stream != NULL) {
        closedir(stream);
    }
}

static void world_reset(void *self)
{
    struct store_world *world = self;
    linux_store_close(&world->store);
    directory_empty(world->directory);
    world_open(world);
}

static void write_ended(void *ctx, const struct err *err)
{
    int *state = ctx;
    *state = err == NULL ? 1 : -1;
}

/* Writes for real, then puts back what a cut would have left of the file. */
static void world_write_torn(void *self, const char *name, struct span content, size_t bytes)
{
    static uint8_t before[FILE_BYTES_MAX];
    static uint8_t after[FILE_BYTES_MAX];
    struct store_world *world = self;
    int state = 0;
    size_t before_len = file_get(world, name, false, before);
    int rc = world->fixture.store.ops->record_write(world->fixture.store.self, name, content,
                                                    write_ended, &state, NULL);
    assert(rc == 0);
    (void)rc;
    for (int i = 0; i < TURNS_MAX && state == 0; i++) {
        world_pump(world);
    }
    assert(state == 1);
    size_t after_len = file_get(world, name, false, after);
    if (before_len == 0) { /* a first write goes to a file beside, renamed when it is whole */
        char path[256];
        char beside[128];
        (void)snprintf(path, sizeof path, "%s/%s.r", world->directory, name);
        (void)snprintf(beside, sizeof beside, ".%s.r.new", name);
        if (bytes < after_len) {
            file_put(world, beside, after, bytes);
            (void)unlink(path);
        }
    } else {
        assert(before_len == SLOT_FILE_BYTES && after_len == SLOT_FILE_BYTES);
        bool is_first = memcmp(before, after, SLOT_BYTES) != 0;
        size_t at = is_first ? 0 : SLOT_STRIDE;
        /* Nothing outside the slot was touched. */
        assert(memcmp(before + SLOT_STRIDE - at, after + SLOT_STRIDE - at, SLOT_STRIDE) == 0);
        memcpy(before + at, after + at, bytes < SLOT_BYTES ? bytes : SLOT_BYTES);
        document_put(world, name, false, before, before_len);
    }
    world_reopen(world);
}

static void world_fail_next(void *self)
{
    struct store_world *world = self;
    for (int i = 0; i < TURNS_MAX && world->worker.pid == 0; i++) {
        linux_loop_run_once(&world->loop, 5);
    }
    assert(world->worker.pid > 1);
    (void)kill(world->worker.pid, SIGSTOP);
    world->is_failing = true;
}

static void world_damage_all(void *self, const char *name, bool is_blob, size_t at)
{
    static uint8_t data[FILE_BYTES_MAX];
    struct store_world *world = self;
    size_t len = file_get(world, name, is_blob, data);
    assert(len > 0);
    if (is_blob) {
        data[at % len] ^= 0x20;
    } else {
        for (size_t slot = 0; slot < SLOT_COUNT; slot++) {
            data[slot * SLOT_STRIDE + at % SLOT_BYTES] ^= 0x20;
        }
    }
    document_put(world, name, is_blob, data, len);
}

static void world_damage_newest(void *self, const char *name, size_t at)
{
    static uint8_t data[FILE_BYTES_MAX];
    uint8_t slots[SLOT_COUNT][SLOT_BYTES];
    struct store_world *world = self;
    size_t len = file_get(world, name, false, data);
    assert(len == SLOT_FILE_BYTES);
    for (size_t slot = 0; slot < SLOT_COUNT; slot++) {
        memcpy(slots[slot], data + slot * SLOT_STRIDE, SLOT_BYTES);
    }
    struct slot_choice choice = slots_choose((const uint8_t(*)[SLOT_BYTES])slots);
    assert(choice.is_whole);
    data[choice.newest * SLOT_STRIDE + at % SLOT_BYTES] ^= 0x01;
    document_put(world, name, false, data, len);
}

static bool world_start(struct store_world *world)
{
    struct err err;
    if (mkdtemp(world->folder) == NULL || linux_loop_init(&world->loop, &err) != 0) {
        return false;
    }
    (void)snprintf(world->directory, sizeof world->directory, "%s/state", world->folder);
    struct linux_worker_settings settings = {.loop = linux_loop_interface(&world->loop)};
    if (linux_worker_init(&world->worker, &settings, &err) != 0) {
        printf("%s\n", err.text);
        return false;
    }
    world_open(world);
    return true;
}

static void world_stop(struct store_world *world)
{
    linux_worker_close(&world->worker);
    linux_store_close(&world->store);
    linux_loop_close(&world->loop);
    directory_empty(world->directory);
    (void)rmdir(world->directory);
    if (rmdir(world->folder) != 0) {
        printf("%s is left behind\n", world->folder);
    }
}

int main(int argc, char **argv)
{
    static struct store_world world = {
        .folder = "/tmp/berth-store-XXXXXX",
        .fixture =
            {
                .pump = world_pump,
                .reset = world_reset,
                .reopen = world_reopen,
                .write_torn = world_write_torn,
                .fail_next = world_fail_next,
                .damage_all = world_damage_all,
                .damage_newest = world_damage_newest,
                .self = &world,
            },
    };
    if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0) {
        return helper_main(HELPER_FD);
    }
    if (!world_start(&world)) {
        return EXIT_FAILURE;
    }
    int status = EXIT_SUCCESS;
    if (argc < 2 || strcmp(argv[1], "linux") != 0) {
        status = store_contract_run(&world.fixture, argc, argv);
    }
    if (argc < 2 || strcmp(argv[1], "linux") == 0) {
        int own = store_linux_cases_run(&world, 1, argv);
        status = status == EXIT_SUCCESS ? own : status;
    }
    world_stop(&world);
    return status;
}
