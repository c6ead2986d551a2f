/* store_linux_cases: what only the real store can get wrong: its lock, its files, its helper. */
#include "tests/contract/store_linux.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"

enum { TURNS_MAX = 3000, KILLS = 40 };

static struct store_world *world;

static void ended(void *ctx, const struct err *err)
{
    int *code = ctx;
    *code = err == NULL ? 0 : err->code;
}

static void case_second_agent_is_refused(void)
{
    static struct linux_store second;
    struct err err;
    CHECK_INT_EQ(linux_store_init(&second, &world->worker, world->directory, &err), ERR_BUSY);
    CHECK_CONTAINS(err.text, "another berthd already uses ");
    CHECK_CONTAINS(err.text, world->directory);
}

static void case_directory_is_private_and_clean(void)
{
    char path[128];
    struct stat state;
    linux_store_close(&world->store);
    (void)snprintf(path, sizeof path, "%s/.app.r.new", world->directory);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK_INT_EQ(close(fd), 0);
    CHECK_INT_EQ(chmod(world->directory, 0755), 0);
    CHECK_INT_EQ(linux_store_init(&world->store, &world->worker, world->directory, NULL), 0);
    CHECK_INT_EQ(stat(world->directory, &state), 0);
    CHECK_INT_EQ(state.st_mode & 0777, 0700);
    CHECK(access(path, F_OK) != 0);
}

/* Whoever owns the directory could put old keys and records back. */
static void case_directory_of_a_stranger_is_refused(void)
{
    struct linux_store store;
    struct err err;
    char path[] = "/tmp/berth-stranger-XXXXXX";
    if (geteuid() != 0) {
        return; /* only root can give a directory away */
    }
    CHECK(mkdtemp(path) != NULL);
    CHECK_INT_EQ(chown(path, 65534, (gid_t)-1), 0);
    int rc = linux_store_init(&store, &world->worker, path, &err);
    CHECK_INT_EQ(rc, ERR_STORE);
    if (rc == 0) {
        linux_store_close(&store);
    } else {
        CHECK_CONTAINS(err.text, path);
    }
    CHECK_INT_EQ(rmdir(path), 0);
}

static void case_record_is_preallocated_once(void)
{
    char path[128];
    struct stat first;
    struct stat last;
    (void)snprintf(path, sizeof path, "%s/fixed.r", world->directory);
    for (int i = 0; i < 5; i++) {
        int code = 1;
        CHECK_INT_EQ(world->fixture.store.ops->record_write(world->fixture.store.self, "fixed",
                                                            span_text("x"), ended, &code, NULL),
                     0);
        for (int turn = 0; turn < TURNS_MAX && code == 1; turn++) {
            world->fixture.pump(world);
        }
        CHECK_INT_EQ(code, 0);
        CHECK_INT_EQ(stat(path, i == 0 ? &first : &last), 0);
    }
    CHECK_INT_EQ(first.st_ino, last.st_ino);
    CHECK_INT_EQ(first.st_size, last.st_size);
    CHECK_INT_EQ(first.st_blocks, last.st_blocks);
}

/* kill -9 of the helper at any moment of a series of writes: the record is always the last that
 * was answered well, or one that was under way since. */
static void case_helper_killed_in_mid_write(void)
{
    unsigned seed = 1;
    int failed = 0;
    int durable = -1;
    for (int i = 0; i < KILLS; i++) {
        char text[16];
        char back[STORE_RECORD_BYTES_MAX + 1];
        size_t len = 0;
        int code = 1;
        (void)snprintf(text, sizeof text, "%d", i);
        CHECK_INT_EQ(world->fixture.store.ops->record_write(world->fixture.store.self, "killed",
                                                            span_text(text), ended, &code, NULL),
                     0);
        seed = seed * 1103515245u + 12345u;
        if (world->worker.pid > 1 && i % 2 == 1) {
            usleep((seed >> 16) % 1500);
            (void)kill(world->worker.pid, SIGKILL);
        }
        for (int turn = 0; turn < TURNS_MAX && code == 1; turn++) {
            world->fixture.pump(world);
        }
        CHECK(code == 0 || code == ERR_STORE);
        failed += code != 0;
        durable = code == 0 ? i : durable;
        CHECK_INT_EQ(world->fixture.store.ops->record_read(world->fixture.store.self, "killed",
                                                           back, sizeof back - 1, &len, NULL),
                     0);
        back[len] = '\0';
        CHECK(atoi(back) == i || atoi(back) == durable);
        durable = atoi(back); /* reading made it so */
    }
    CHECK(failed > 0);
}

/* A helper that was killed is noticed with the next call, which may fail for it: then one is there.
 */
static void helper_await(void)
{
    int code = 1;
    for (int tries = 0; tries < 3 && code != 0; tries++) {
        code = 1;
        CHECK_INT_EQ(world->fixture.store.ops->record_write(world->fixture.store.self, "awake",
                                                            span_text("x"), ended, &code, NULL),
                     0);
        for (int turn = 0; turn < TURNS_MAX && code == 1; turn++) {
            world->fixture.pump(world);
        }
    }
    CHECK_INT_EQ(code, 0);
}

/* The lock goes with a write that a dead agent's helper may still carry out. */
static void case_lock_is_held_by_a_write_under_way(void)
{
    static struct linux_store next;
    int code = 1;
    helper_await();
    world->fixture.fail_next(world); /* stops the helper */
    CHECK_INT_EQ(world->fixture.store.ops->record_write(world->fixture.store.self, "late",
                                                        span_text("x"), ended, &code, NULL),
                 0);
    int kept = world->store.dir_fd;
    world->store.dir_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK_INT_EQ(close(kept), 0); /* as the agent's death would */
    CHECK_INT_EQ(linux_store_init(&next, &world->worker, world->directory, NULL), ERR_BUSY);
    for (int turn = 0; turn < TURNS_MAX && code == 1; turn++) {
        world->fixture.pump(world); /* kills the helper */
    }
    CHECK_INT_EQ(code, ERR_STORE);
    CHECK_INT_EQ(linux_store_init(&next, &world->worker, world->directory, NULL), 0);
    linux_store_close(&next);
    world->fixture.reopen(world);
}

int store_linux_cases_run(struct store_world *given, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"second agent is refused", case_second_agent_is_refused},
        {"directory is private and clean", case_directory_is_private_and_clean},
        {"directory of a stranger is refused", case_directory_of_a_stranger_is_refused},
        {"record is preallocated once", case_record_is_preallocated_once},
        {"helper killed in mid-write", case_helper_killed_in_mid_write},
        {"lock is held by a write under way", case_lock_is_held_by_a_write_under_way},
    };
    world = given;
    world->fixture.reset(world);
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
