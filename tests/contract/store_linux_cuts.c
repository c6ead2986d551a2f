/* store_linux_cuts: the store of files, its helper's part carried out in this process, so that each
 * of its calls can be seen, cut and failed; and the file that the helper writes for others. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/linux/helper_file.h"
#include "ports/linux/store.h"
#include "tests/contract/cut_calls.h"
#include "tests/contract/store_cuts.h"

/* Linked in the place of linux_worker_submit: the job is done at once and answered when pumped. */
int __wrap_linux_worker_submit(struct linux_worker *worker, const struct linux_worker_job *job,
                               worker_done done, void *ctx, struct err *err);

static struct {
    worker_done done;
    void *ctx;
    int status;
} answer;

int __wrap_linux_worker_submit(struct linux_worker *worker, const struct linux_worker_job *job,
                               worker_done done, void *ctx, struct err *err)
{
    const char *name = job->texts[0];
    (void)worker;
    (void)err;
    assert(answer.done == NULL && job->text_count == 1);
    answer.done = done;
    answer.ctx = ctx;
    answer.status = job->op == HELPER_REPLACE ? helper_file_replace(job->dir_fd, name, job->content)
                    : job->op == HELPER_SLOT
                        ? helper_file_slot(job->dir_fd, name, job->number, job->content)
                        : helper_file_remove(job->dir_fd, name);
    return 0;
}

struct linux_world {
    struct linux_worker worker; /* never started */
    struct linux_store store;
};

static int world_open(void *self, const char *folder, struct store *store, struct err *err)
{
    struct linux_world *world = self;
    char directory[100];
    (void)snprintf(directory, sizeof directory, "%s/state", folder);
    answer.done = NULL;
    int rc = linux_store_init(&world->store, &world->worker, directory, err);
    *store = linux_store_interface(&world->store);
    return rc;
}

static void world_close(void *self)
{
    struct linux_world *world = self;
    linux_store_close(&world->store);
}

static void world_pump(void *self)
{
    worker_done done = answer.done;
    (void)self;
    answer.done = NULL;
    if (done != NULL) {
        done(answer.ctx, NULL, answer.status, span_of(NULL, 0));
    }
}

static void world_prepare(struct cut_image *image)
{
    (void)image;
}

/* --- a file for others: the ruleset that is loaded at boot --- */

struct boot_trial {
    struct span one, other;
    int states;
    bool is_bad;
};

static bool boot_tried(void *ctx, const struct cut_image *image)
{
    struct boot_trial *trial = ctx;
    int at = cut_image_find(image, CUT_STATE, "boot.nft");
    const struct cut_file *file = at < 0 ? NULL : &image->files[image->names[at].file];
    struct span got = file == NULL ? span_of(NULL, 0) : span_of(file->bytes, file->len);
    trial->states++;
    trial->is_bad = !span_is_equal(got, trial->one) && !span_is_equal(got, trial->other);
    if (trial->is_bad) {
        printf("    %zu bytes: \"%.*s\"\n", got.len, (int)got.len, (const char *)got.data);
    }
    return !trial->is_bad;
}

static void case_boot_file(void)
{
    static const char *const contents[] = {"table one\n", "table two, longer\n", "three\n",
                                           "three\n"};
    char path[120];
    struct cut_image empty = {.file_count = 0};
    struct boot_trial trial = {.one = span_of(NULL, 0), .other = span_of(NULL, 0)};
    (void)snprintf(path, sizeof path, "%s/state/boot.nft", cut_folder());
    cut_image_add(&empty, CUT_TOP, "state", NULL, 0);
    struct cut_disk *disk = cut_begin(cut_folder(), &empty, SLOT_STRIDE);
    for (size_t i = 0; i < COUNT_OF(contents) && !trial.is_bad; i++) {
        size_t from = disk->events;
        trial.one = trial.other;
        trial.other = span_text(contents[i]);
        CHECK_INT_EQ(helper_file_replace(AT_FDCWD, path, trial.other), 0);
        for (size_t at = from; at <= disk->events && !trial.is_bad; at++) {
            trial.one = at == disk->events ? trial.other : trial.one;
            (void)cut_states(disk, at, 6, 1, boot_tried, &trial);
        }
    }
    CHECK(!trial.is_bad && trial.states > 40);
    printf("    %d states\n", trial.states);
    cut_disk_free(disk);
    cut_image_free(&empty);
}

/* Another program wrote the same bytes, and its sync failed: the cache looks whole, the medium is
 * not, and no later sync says so. */
static void case_boot_file_that_only_looks_the_same(void)
{
    struct span fresh = span_text("table two\n");
    char path[120];
    struct cut_image before = {.file_count = 0};
    struct boot_trial trial = {.one = fresh, .other = fresh};
    (void)snprintf(path, sizeof path, "%s/state/boot.nft", cut_folder());
    cut_image_add(&before, CUT_TOP, "state", NULL, 0);
    cut_image_add(&before, CUT_STATE, "boot.nft", "table one\n", fresh.len);
    struct cut_disk *disk = cut_begin(cut_folder(), &before, SLOT_STRIDE);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0 && pwrite(fd, fresh.data, fresh.len, 0) == (ssize_t)fresh.len);
    cut_strike(disk, 1, EIO, false, CUT_REMAINS_NONE);
    CHECK(fsync(fd) != 0);
    cut_heal(disk);
    close(fd);
    CHECK_INT_EQ(helper_file_replace(AT_FDCWD, path, fresh), 0);
    (void)cut_states(disk, disk->events, 6, 1, boot_tried, &trial);
    CHECK(!trial.is_bad && trial.states > 0);
    cut_disk_free(disk);
    cut_image_free(&before);
}

int main(int argc, char **argv)
{
    static const char *const calls[CUT_OP_COUNT] = {
        [CUT_OP_OPEN_FIRST] = "make state, sync-folder, sync-folder top",
        [CUT_OP_OPEN] = "sync-folder, sync-folder top",
        [CUT_OP_RECORD_FIRST] = "make .app.r.new, write, sync, rename app.r, sync-folder",
        [CUT_OP_RECORD_AGAIN] = "write, sync",
        [CUT_OP_BLOB_FIRST] = "make .release.b.new, write, sync, rename release.b, sync-folder",
        [CUT_OP_BLOB_SAME] = "sync, sync-folder",
        [CUT_OP_READ] = "sync", /* the record, so that what is told is so after a cut */
        [CUT_OP_REMOVE] = "unlink release.b, sync-folder",
        [CUT_OP_REMOVE_NOTHING] = "sync-folder",
    };
    static const struct check_case more[] = {
        {"boot file", case_boot_file},
        {"boot file that only looks the same", case_boot_file_that_only_looks_the_same},
    };
    static struct linux_world world;
    const struct cut_port port = {.open = world_open,
                                  .close = world_close,
                                  .pump = world_pump,
                                  .prepare = world_prepare,
                                  .page_bytes = SLOT_STRIDE,
                                  .cuts_min = 400,
                                  .fault_stride = 2,
                                  .calls = calls,
                                  .self = &world};
    return store_cuts_run(&port, more, COUNT_OF(more), argc, argv);
}
