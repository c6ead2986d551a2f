/* files_linux_cuts: the process that brings files into a volume dies at each call that changes
 * something; what is done next, the same or the way back, ends as if nothing had happened. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/base/span.h"
#include "ports/linux/helper_seed.h"
#include "tests/check.h"

#define A         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B         "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ONE       "444 3 " A " a.conf\n444 5 " B " d/b\n555 3 " A " gone/here/c\n"
#define OTHER     "444 5 " B " a.conf\n444 3 " A " d/b\n444 3 " A " d/fresh\n"
#define CALLS_MAX 400
#define DIED      77

static char folder[] = "/tmp/berth-seed-XXXXXX";
static int pieces = -1;
static int countdown;  /* the call after which the process is dead; 0: none */
static bool is_synced; /* the file that was written last */

int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_unlinkat(int dir, const char *name, int flags);
int __real_mkdirat(int dir, const char *name, mode_t mode);
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_unlinkat(int dir, const char *name, int flags);
int __wrap_mkdirat(int dir, const char *name, mode_t mode);
int __wrap_fsync(int fd);
int __wrap_syncfs(int fd);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);

static void tick(void)
{
    if (countdown > 0 && --countdown == 0) {
        _exit(DIED);
    }
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    tick();
    if (strcmp(from, ".berth-new") == 0 && !is_synced) {
        _exit(1); /* a cut after it could leave an empty file under the name */
    }
    return __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_unlinkat(int dir, const char *name, int flags)
{
    tick();
    return __real_unlinkat(dir, name, flags);
}

int __wrap_mkdirat(int dir, const char *name, mode_t mode)
{
    tick();
    return __real_mkdirat(dir, name, mode);
}

int __wrap_fsync(int fd)
{
    tick();
    is_synced = fd >= 0;
    return 0; /* no power is cut here */
}

int __wrap_syncfs(int fd)
{
    tick();
    return fd >= 0 ? 0 : -1;
}

/* Dies with half of it written. */
ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    is_synced = false;
    if (countdown == 1) {
        ssize_t half = __real_write(fd, bytes, len / 2);
        _exit(half < 0 ? 1 : DIED);
    }
    tick();
    return __real_write(fd, bytes, len);
}

static void shell(const char *line)
{
    CHECK_INT_EQ(setenv("F", folder, 1), 0);
    CHECK_INT_EQ(system(line), 0);
}

static int bring(const char *tree, const char *recipe)
{
    char volume[96];
    (void)snprintf(volume, sizeof volume, "%s/v/_data", folder);
    const char *const texts[] = {tree, volume, NULL};
    return helper_seed(pieces, texts, span_text(recipe));
}

/* True when the child came to its end before the call of that number. */
static bool bring_until(int calls, const char *tree, const char *recipe)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        countdown = calls;
        _exit(bring(tree, recipe));
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == DIED);
    return WEXITSTATUS(status) != DIED;
}

static void check_one(void)
{
    shell("cd $F/v && test \"$(cat _data/a.conf _data/d/b _data/gone/here/c)\" = onethreeone && "
          "test $(find _data -type f | wc -l) = 3 && test \"$(ls)\" = \"$(echo _data; echo "
          "berth-0000000000000001)\" && test -x _data/gone/here/c && test ! -s $F/p/.left");
}

static void check_other(void)
{
    shell("cd $F/v && test \"$(cat _data/a.conf _data/d/b _data/d/fresh)\" = threeoneone && "
          "test $(find _data | wc -l) = 5 && test \"$(ls)\" = \"$(echo _data; echo "
          "berth-0000000000000002)\" && test ! -s $F/p/.left");
}

static void fresh(void)
{
    shell("rm -rf $F/v && mkdir -p $F/v/_data");
}

/* The first one, and it again. */
static void case_first(void)
{
    int n = 1;
    for (bool is_done = false; !is_done && n < CALLS_MAX && check_failures_ == 0; n++) {
        fresh();
        is_done = bring_until(n, "0000000000000001", ONE);
        CHECK_INT_EQ(bring("0000000000000001", ONE), 0);
        check_one();
    }
    CHECK(n > 20 && n < CALLS_MAX);
}

/* Another one over it: then that again, or the way back. */
static void case_next(void)
{
    int n = 1;
    for (bool is_done = false; !is_done && n < CALLS_MAX && check_failures_ == 0; n++) {
        for (int is_back = 0; is_back < 2; is_back++) {
            fresh();
            CHECK_INT_EQ(bring("0000000000000001", ONE), 0);
            is_done = bring_until(n, "0000000000000002", OTHER);
            CHECK_INT_EQ(
                is_back ? bring("0000000000000001", ONE) : bring("0000000000000002", OTHER), 0);
            is_back ? check_one() : check_other();
        }
    }
    CHECK(n > 20 && n < CALLS_MAX);
}

/* The first one over what somebody has: cut anywhere, it stays theirs. */
static void case_theirs(void)
{
    for (int n = 1; n < 40 && check_failures_ == 0; n++) {
        fresh();
        shell("echo mine > $F/v/_data/a.conf");
        (void)bring_until(n, "0000000000000001", ONE);
        CHECK_INT_EQ(bring("0000000000000002", OTHER), 0);
        shell("test \"$(cat $F/v/_data/a.conf $F/p/.left)\" = \"$(echo mine; echo a.conf)\"");
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"first", case_first}, {"next", case_next}, {"theirs", case_theirs}};
    char path[64];
    if (mkdtemp(folder) == NULL) {
        return EXIT_FAILURE;
    }
    shell("mkdir $F/p && printf one > $F/p/" A " && printf three > $F/p/" B);
    (void)snprintf(path, sizeof path, "%s/p", folder);
    pieces = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
    shell("rm -r $F");
    return status;
}
