/* store_calls_test: each operation of the Linux store with each of its system calls failing in each
 * way: what is called after it, and what is told, as store_calls.txt has it. `... --write FILE`
 * writes it anew. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/linux/helper_file.h"
#include "ports/linux/store.h"
#include "tests/check.h"
#include "tests/unit/ports/store_watch.h"

enum { TEXT_BYTES = 1 << 19 };

static const struct otherwise ways[] = {
    {"EIO", ODD_ERROR, EIO},       {"ENOENT", ODD_ERROR, ENOENT},
    {"EACCES", ODD_ERROR, EACCES}, {"EEXIST", ODD_ERROR, EEXIST},
    {"EINTR", ODD_ERROR, EINTR},   {"EAGAIN", ODD_ERROR, EWOULDBLOCK},
    {"short", ODD_SHORT, 0},       {"nothing", ODD_NOTHING, 0},
};

static char page[TEXT_BYTES];
static char golden[TEXT_BYTES];
static struct text out;

/* The helper: here, at once, or when it is told to answer. */
static struct linux_worker_job pending;
static char pending_file[128];
static uint8_t pending_bytes[BLOB_HEAD_BYTES + STORE_BLOB_BYTES_MAX];
static worker_done pending_done;
static void *pending_ctx;

/* NOLINTNEXTLINE: the linker gives this name. */
int __wrap_linux_worker_submit(struct linux_worker *worker, const struct linux_worker_job *job,
                               worker_done done, void *ctx, struct err *err);

/* NOLINTNEXTLINE */
int __wrap_linux_worker_submit(struct linux_worker *worker, const struct linux_worker_job *job,
                               worker_done done, void *ctx, struct err *err)
{
    static const char *const words[] = {
        [HELPER_REPLACE] = "replace", [HELPER_SLOT] = "slot", [HELPER_REMOVE] = "remove"};
    (void)worker;
    if (watch_call("submit %s %s of %s, %zu bytes at %lld", words[job->op], job->texts[0],
                   watch_name(job->dir_fd), job->content.len, (long long)job->number)) {
        return err_set(err, ERR_BUSY, "not taken");
    }
    CHECK_INT_EQ(job->text_count, 1);
    CHECK(pending_done == NULL && job->content.len <= sizeof pending_bytes);
    pending = *job;
    (void)text_copy(pending_file, sizeof pending_file, job->texts[0]);
    if (job->content.len > 0) {
        memcpy(pending_bytes, job->content.data, job->content.len);
    }
    pending.content = span_of(pending_bytes, job->content.len);
    pending_done = done;
    pending_ctx = ctx;
    return 0;
}

static void helper_answer(const struct err *err)
{
    worker_done done = pending_done;
    int status = 0;
    pending_done = NULL;
    if (err == NULL && pending.op == HELPER_REPLACE) {
        status = helper_file_replace(pending.dir_fd, pending_file, pending.content);
    } else if (err == NULL && pending.op == HELPER_SLOT) {
        status = helper_file_slot(pending.dir_fd, pending_file, pending.number, pending.content);
    } else if (err == NULL) {
        status = helper_file_remove(pending.dir_fd, pending_file);
    }
    done(pending_ctx, err, status, span_of(NULL, 0));
}

static char folder[] = "/tmp/berth-calls-XXXXXX";
static char directory[64];
static struct linux_store store;
static struct store documents;
static struct err err;

static void done(void *ctx, const struct err *why)
{
    text_printf(&out, "  = %s: %s%s%s\n", (const char *)ctx,
                why == NULL ? "done" : err_word(why->code), why == NULL ? "" : ": ",
                why == NULL ? "" : why->text);
}

/* The state directory's own name is another in each run. */
static void told(int rc)
{
    char *name = rc != 0 ? strstr(err.text, folder) : NULL;
    if (name != NULL) {
        memmove(name, name + strlen(folder), strlen(name + strlen(folder)) + 1);
    }
    text_printf(&out, "  = %s%s%s\n", rc == 0 ? "0" : err_word(rc), rc == 0 ? "" : ": ",
                rc == 0 ? "" : err.text);
}

static void empty_folder(void)
{
    DIR *stream = opendir(directory);
    const struct dirent *entry;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        (void)unlink(path);
    }
    if (stream != NULL) {
        closedir(stream);
    }
    (void)rmdir(directory);
}

static void put(bool is_blob, const char *name, const char *text)
{
    int rc = is_blob ? documents.ops->blob_write(documents.self, name, span_text(text), done,
                                                 (void *)(uintptr_t)name, &err)
                     : documents.ops->record_write(documents.self, name, span_text(text), done,
                                                   (void *)(uintptr_t)name, &err);
    if (rc != 0) {
        told(rc);
    }
    while (pending_done != NULL) {
        helper_answer(NULL);
    }
}

static void get(bool is_blob, const char *name)
{
    static char text[STORE_BLOB_BYTES_MAX + 1];
    size_t len = 0;
    int rc = is_blob ? documents.ops->blob_read(documents.self, name, text, 40, &len, &err)
                     : documents.ops->record_read(documents.self, name, text, 40, &len, &err);
    text[rc == 0 ? len : 0] = '\0';
    if (rc == 0) {
        text_printf(&out, "  = \"%s\"\n", text);
    } else {
        told(rc);
    }
}

static void found(void *ctx, const char *name, bool is_blob)
{
    (void)ctx;
    text_printf(&out, "  - %s %s\n", is_blob ? "blob" : "record", name);
}

enum scene {
    OPEN_NEW,
    OPEN_AGAIN,
    OPEN_OPEN,
    FIRST_RECORD,
    NEXT_RECORD,
    LEARNED_RECORD,
    READ_RECORD,
    FIRST_BLOB,
    SAME_BLOB,
    OTHER_BLOB,
    READ_BLOB,
    REMOVE_BLOB,
    LIST,
    SCENES
};

static const char *const scene_words[] = {"open a new directory",
                                          "open one again",
                                          "open one that is open to all",
                                          "first write of a record",
                                          "next write of a record",
                                          "first write after a start",
                                          "read a record",
                                          "first write of a blob",
                                          "the same blob again",
                                          "another blob of a name",
                                          "read a blob",
                                          "remove a blob",
                                          "list"};

static void open_store(void)
{
    int rc = linux_store_init(&store, NULL, directory, &err);
    documents = linux_store_interface(&store);
    if (watch.is_watching) {
        told(rc);
    }
    if (rc != 0) {
        store.dir_fd = -1;
    }
}

static void close_store(void)
{
    if (store.dir_fd >= 0) {
        linux_store_close(&store);
    }
}

/* What is there before; nothing of it is written down. */
static void prepare(enum scene scene)
{
    struct text kept = out;
    empty_folder();
    memset(&store, 0, sizeof store);
    store.dir_fd = -1;
    if (scene != OPEN_NEW) {
        open_store();
        if (scene != FIRST_RECORD) {
            put(false, "r", "one");
            put(false, "other", "1");
        }
        if (scene != FIRST_BLOB) {
            put(true, "b", "content");
        }
    }
    if (scene == OPEN_AGAIN || scene == OPEN_OPEN || scene == LEARNED_RECORD) {
        char path[128];
        close_store();
        (void)snprintf(path, sizeof path, "%s/.left.r.new", directory);
        FILE *file = fopen(path, "w");
        CHECK(file != NULL && fclose(file) == 0);
        CHECK_INT_EQ(chmod(directory, scene == OPEN_OPEN ? 0755 : 0700), 0);
    }
    if (scene == LEARNED_RECORD) {
        open_store();
    }
    out = kept;
    out.data[out.len] = '\0';
}

static void act(enum scene scene)
{
    switch (scene) {
    case OPEN_NEW:
    case OPEN_AGAIN:
    case OPEN_OPEN:
        open_store();
        break;
    case FIRST_RECORD:
    case NEXT_RECORD:
    case LEARNED_RECORD:
        put(false, "r", "two");
        break;
    case READ_RECORD:
        get(false, "r");
        break;
    case FIRST_BLOB:
    case SAME_BLOB:
        put(true, "b", "content");
        break;
    case OTHER_BLOB:
        put(true, "b", "another");
        break;
    case READ_BLOB:
        get(true, "b");
        break;
    case REMOVE_BLOB: {
        int rc =
            documents.ops->blob_remove(documents.self, "b", done, (void *)(uintptr_t) "b", &err);
        if (rc != 0) {
            told(rc);
        }
        while (pending_done != NULL) {
            helper_answer(NULL);
        }
        break;
    }
    case LIST:
        told(documents.ops->list(documents.self, found, NULL, &err));
        break;
    case SCENES:
        break;
    }
}

/* A scene, and then what the store holds; true when the call that was to do otherwise came about.
 */
static bool play(enum scene scene, size_t turn, const struct otherwise *way)
{
    prepare(scene);
    if (way != NULL) {
        text_printf(&out, "%s, call %zu %s\n", scene_words[scene], turn + 1, way->word);
    } else {
        text_printf(&out, "%s\n", scene_words[scene]);
    }
    watch.turn = turn;
    watch.way = way;
    watch.calls = 0;
    watch.is_suited = false;
    watch.is_watching = true;
    act(scene);
    bool is_there = watch.calls > turn;
    watch.turn = CALLS_NONE + 1; /* what is asked after it is asked without a word */
    watch.is_watching = false;
    if (store.dir_fd >= 0) {
        get(false, "r");
        get(true, "b");
        put(false, "r", "three");
        get(false, "r");
        close_store();
    }
    return is_there;
}

static void all(void)
{
    watch.out = &out;
    text_init(&out, page, sizeof page);
    for (int scene = 0; scene < SCENES; scene++) {
        (void)play((enum scene)scene, CALLS_NONE, NULL);
        bool is_there = true;
        for (size_t turn = 0; is_there; turn++) {
            for (size_t i = 0; i < COUNT_OF(ways); i++) {
                struct text kept = out;
                is_there = play((enum scene)scene, turn, &ways[i]);
                if (!is_there || !watch.is_suited) {
                    out = kept;
                    out.data[out.len] = '\0';
                }
                if (!is_there) {
                    break;
                }
            }
        }
    }
    CHECK(!out.cut);
}

static void as_written(void)
{
    FILE *file = fopen(STORE_CALLS, "r");
    size_t len = file != NULL ? fread(golden, 1, sizeof golden - 1, file) : 0;
    golden[len] = '\0';
    if (file != NULL) {
        (void)fclose(file);
    }
    all();
    int line = 1;
    size_t at = 0;
    for (; page[at] != '\0' && page[at] == golden[at]; at++) {
        line += page[at] == '\n' ? 1 : 0;
    }
    if (page[at] != golden[at]) {
        printf("    store_calls.txt differs from line %d on\n", line);
    }
    CHECK(page[at] == golden[at]);
}

/* Tried for a second; then another agent is there. */
static void lock_held(void)
{
    prepare(OPEN_AGAIN);
    int other = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(other >= 0 && flock(other, LOCK_EX) == 0);
    text_init(&out, page, sizeof page);
    watch.out = &out;
    watch.turn = CALLS_NONE;
    watch.calls = 0;
    watch.is_watching = true;
    open_store();
    watch.is_watching = false;
    int tries = 0;
    int waits = 0;
    for (const char *at = page; (at = strstr(at, "flock state ex nb")) != NULL; at++) {
        tries++;
    }
    for (const char *at = page; (at = strstr(at, "nanosleep 20000000 ns")) != NULL; at++) {
        waits++;
    }
    CHECK_INT_EQ(tries, 50);
    CHECK_INT_EQ(waits, 50);
    CHECK_CONTAINS(page, "= busy: another berthd already uses /state\n");
    CHECK_INT_EQ(close(other), 0);
}

/* The helper that dies tells nothing: the next read asks the medium first, and the next write
 * learns again. */
static void helper_dies(void)
{
    struct err died;
    (void)err_set(&died, ERR_IO, "the helper has died");
    prepare(READ_RECORD);
    text_init(&out, page, sizeof page);
    CHECK_INT_EQ(documents.ops->record_write(documents.self, "r", span_text("x"), done,
                                             (void *)(uintptr_t) "r", &err),
                 0);
    helper_answer(&died);
    CHECK_STR_EQ(page, "  = r: store-failed: write r: the helper has died\n");
    CHECK(store.is_dir_doubtful);
    get(false, "r");
    CHECK(!store.is_dir_doubtful);
    close_store();
}

/* What waits behind a write that cannot be started is told so, one after the other. */
static void queue(void)
{
    char name[16];
    prepare(READ_RECORD);
    text_init(&out, page, sizeof page);
    for (int i = 0; i < LINUX_STORE_PENDING_MAX; i++) {
        CHECK_INT_EQ(documents.ops->record_write(documents.self, i % 2 == 0 ? "r" : "other",
                                                 span_text("x"), done, (void *)(uintptr_t) "w",
                                                 &err),
                     0);
    }
    CHECK_INT_EQ(documents.ops->record_write(documents.self, "r", span_text("x"), done, NULL, &err),
                 ERR_BUSY);
    CHECK_STR_EQ(err.text, "8 documents wait to be written already");
    CHECK_INT_EQ(documents.ops->blob_remove(documents.self, "b", done, NULL, &err), ERR_BUSY);
    static const struct otherwise refused = {"not taken", ODD_ERROR, EIO};
    watch.turn = 0;
    watch.calls = 0;
    watch.way = &refused;
    helper_answer(NULL);
    watch.is_watching = true; /* the submit of the third is not taken */
    helper_answer(NULL);
    watch.is_watching = false;
    while (pending_done != NULL) {
        helper_answer(NULL);
    }
    CHECK_INT_EQ(store.pending, 0);
    int answers = 0;
    for (const char *at = page; (at = strstr(at, "= w: ")) != NULL; at++) {
        answers++;
    }
    CHECK_INT_EQ(answers, LINUX_STORE_PENDING_MAX);
    for (int i = 2; i < STORE_RECORDS_MAX; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        put(false, name, "x");
    }
    CHECK_INT_EQ(
        documents.ops->record_write(documents.self, "over", span_text("x"), done, NULL, &err),
        ERR_LIMIT);
    CHECK_STR_EQ(err.text, "more than 64 records");
    close_store();
    char path[128];
    (void)snprintf(path, sizeof path, "%s/over.r", directory);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fclose(file) == 0);
    CHECK_INT_EQ(linux_store_init(&store, NULL, directory, &err), ERR_LIMIT);
    CHECK_CONTAINS(err.text, " holds more than 64 records");
    CHECK_INT_EQ(unlink(path), 0);
    CHECK_INT_EQ(linux_store_init(&store, NULL, directory, &err), 0);
    close_store();
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"as written", as_written},
        {"lock held", lock_held},
        {"helper dies", helper_dies},
        {"queue", queue},
    };
    if (mkdtemp(folder) == NULL) {
        return EXIT_FAILURE;
    }
    (void)snprintf(directory, sizeof directory, "%s/state", folder);
    int status = EXIT_SUCCESS;
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        all();
        FILE *file = fopen(argv[2], "w");
        status = file != NULL && fputs(page, file) >= 0 && fclose(file) == 0 ? EXIT_SUCCESS
                                                                             : EXIT_FAILURE;
    } else {
        status = check_run(cases, COUNT_OF(cases), argc, argv);
    }
    empty_folder();
    (void)rmdir(folder);
    return status;
}
