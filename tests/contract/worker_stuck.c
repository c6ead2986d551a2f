/* worker_stuck: a medium that does not answer holds up what is written to it, and nothing else. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "ports/linux/helper.h"
#include "ports/linux/loop.h"
#include "ports/linux/worker.h"
#include "tests/check.h"

#define FOLDER_BYTES 64
#define TURNS_MAX    2000
#define SILENT_MS    200

struct answer {
    int calls, status;
    bool is_error;
    int code;
    char text[ERR_TEXT_BYTES];
};

static struct linux_loop loop;
static struct linux_worker worker;
static char folder[FOLDER_BYTES];
static int folder_fd;

static void answered(void *ctx, const struct err *err, int status, struct span output)
{
    struct answer *answer = ctx;
    (void)output;
    answer->calls++;
    answer->status = status;
    answer->is_error = err != NULL;
    answer->code = err != NULL ? err->code : 0;
    (void)text_copy(answer->text, sizeof answer->text, err != NULL ? err->text : "");
}

static void pump_until(const struct answer *answer)
{
    for (int i = 0; i < TURNS_MAX && answer->calls == 0; i++) {
        linux_loop_run_once(&loop, 5);
    }
    CHECK_INT_EQ(answer->calls, 1);
}

static void write_slot(const char *name, struct answer *answer)
{
    struct linux_worker_job job = {
        .op = HELPER_SLOT,
        .texts = &name,
        .text_count = 1,
        .content = span_text("x"),
        .dir_fd = folder_fd,
    };
    CHECK_INT_EQ(linux_worker_submit(&worker, &job, answered, answer, NULL), 0);
}

static void run_program(struct answer *answer)
{
    struct worker interface = linux_worker_interface(&worker);
    CHECK_INT_EQ(interface.ops->run(interface.self, WORKER_NFT, NULL, 0, span_of(NULL, 0), answered,
                                    answer, NULL),
                 0);
}

/* A pipe that nobody reads is a file whose write does not end. */
static void case_stuck_write(void)
{
    struct answer stuck = {0};
    struct answer next = {0};
    struct answer program = {0};
    struct answer after = {0};
    struct answer sync = {0};
    struct worker interface = linux_worker_interface(&worker);
    CHECK_INT_EQ(mkfifoat(folder_fd, "pipe", 0600), 0);
    int file = openat(folder_fd, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(file >= 0 && close(file) == 0);
    write_slot("pipe", &stuck);
    write_slot("file", &next);
    run_program(&program);
    pump_until(&program);
    CHECK(!program.is_error);
    CHECK_INT_EQ(program.status, 0);
    CHECK_INT_EQ(interface.ops->sync_filesystem(interface.self, folder, answered, &sync, NULL), 0);
    pump_until(&sync);
    CHECK_INT_EQ(sync.status, 0);
    CHECK_INT_EQ(stuck.calls, 0);
    CHECK_INT_EQ(next.calls, 0); /* files are written in the order of the calls */
    int reader = openat(folder_fd, "pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    CHECK(reader >= 0);
    pump_until(&stuck);
    CHECK_INT_EQ(stuck.status, ESPIPE);
    pump_until(&next);
    CHECK_INT_EQ(next.status, 0);
    run_program(&after);
    pump_until(&after);
    close(reader);
    CHECK_INT_EQ(unlinkat(folder_fd, "pipe", 0), 0);
    CHECK_INT_EQ(unlinkat(folder_fd, "file", 0), 0);
}

static bool is_pid_new(pid_t before)
{
    for (int i = 0; i < TURNS_MAX && (worker.pid == before || worker.pid == 0); i++) {
        linux_loop_run_once(&loop, 5);
    }
    return worker.pid != before && worker.pid != 0;
}

/* A helper that was stopped answers nothing: what waits for it is answered, and the next one does
 * the work. */
static void case_stopped_helper(void)
{
    struct answer program = {0};
    struct answer sync = {0};
    struct answer queued = {0};
    struct answer after = {0};
    struct worker interface = linux_worker_interface(&worker);
    pid_t stopped = worker.pid;
    CHECK_INT_EQ(kill(stopped, SIGSTOP), 0);
    run_program(&program);
    run_program(&queued);
    CHECK_INT_EQ(interface.ops->sync_filesystem(interface.self, folder, answered, &sync, NULL), 0);
    pump_until(&program);
    pump_until(&sync);
    pump_until(&queued);
    CHECK_INT_EQ(program.code, ERR_TIMEOUT);
    CHECK_INT_EQ(sync.code, ERR_TIMEOUT);
    CHECK_INT_EQ(queued.code, ERR_TIMEOUT);
    CHECK_CONTAINS(program.text, "answered nothing");
    CHECK_CONTAINS(program.text, "started again");
    CHECK(is_pid_new(stopped));
    run_program(&after);
    pump_until(&after);
    CHECK_INT_EQ(after.code, 0);
    CHECK_INT_EQ(after.status, 0);
}

/* One that is stopped in the middle of a call that it has begun. */
static void case_stopped_in_a_call(void)
{
    struct answer stuck = {0};
    CHECK_INT_EQ(mkfifoat(folder_fd, "pipe", 0600), 0);
    write_slot("pipe", &stuck);
    for (int i = 0; i < 200; i++) { /* ten times its patience: it answers the pings */
        linux_loop_run_once(&loop, 10);
    }
    pid_t stopped = worker.pid;
    CHECK_INT_EQ(stuck.calls, 0);
    CHECK_INT_EQ(kill(stopped, SIGSTOP), 0);
    pump_until(&stuck);
    CHECK_INT_EQ(stuck.code, ERR_TIMEOUT);
    CHECK(is_pid_new(stopped));
    CHECK_INT_EQ(unlinkat(folder_fd, "pipe", 0), 0);
}

/* At rest it is not asked: no wake-up without a reason. */
static void case_rest_is_quiet(void)
{
    pid_t helper = worker.pid;
    uint64_t last = worker.id_last;
    for (int i = 0; i < 50; i++) {
        linux_loop_run_once(&loop, 10);
    }
    CHECK(worker.pid == helper && worker.id_last == last && worker.ping == 0);
}

static const struct check_case cases[] = {
    {"a stopped helper is killed and its calls answered", case_stopped_helper},
    {"a helper stopped in the middle of a call", case_stopped_in_a_call},
    {"at rest the helper is not asked", case_rest_is_quiet},
    {"a stuck write holds up no program and no sync", case_stuck_write},
};

int main(int argc, char **argv)
{
    char program[FOLDER_BYTES + 8];
    struct err err;
    if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0) {
        return helper_main(HELPER_FD);
    }
    (void)snprintf(folder, sizeof folder, "/tmp/berth-stuck-XXXXXX");
    if (mkdtemp(folder) == NULL || linux_loop_init(&loop, &err) != 0) {
        return EXIT_FAILURE;
    }
    (void)snprintf(program, sizeof program, "%s/nft", folder);
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = symlink("/bin/true", program);
    assert(failed == 0 && folder_fd >= 0);
    (void)failed;
    struct linux_worker_settings settings = {
        .loop = linux_loop_interface(&loop), .path = folder, .silent_ms_max = SILENT_MS};
    int status = EXIT_FAILURE;
    if (linux_worker_init(&worker, &settings, &err) == 0) {
        status = check_run(cases, COUNT_OF(cases), argc, argv);
        if (status != EXIT_SUCCESS) {
            (void)kill(worker.pid, SIGKILL); /* it may be stuck for good */
        }
        linux_worker_close(&worker);
    }
    linux_loop_close(&loop);
    close(folder_fd);
    (void)unlink(program);
    if (rmdir(folder) != 0) {
        printf("%s is not empty\n", folder);
        return EXIT_FAILURE;
    }
    return status;
}
