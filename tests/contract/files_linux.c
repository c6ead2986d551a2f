/* files_linux: the suite over the real directory, and what only that one has. */
#include "ports/linux/files.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ports/linux/helper.h"
#include "ports/linux/loop.h"
#include "tests/check.h"
#include "tests/contract/files_contract.h"

#define TURNS_MAX 3000
#define T         "0123456789abcdef"

struct place {
    struct linux_loop loop;
    struct linux_worker worker;
    struct linux_files files;
    struct files_fixture fixture;
    bool is_failing; /* the helper is stopped, and killed at the next turn */
    char folder[64];
};

static struct place place = {.folder = "/tmp/berth-files-XXXXXX"};

static void pump(void *self)
{
    (void)self;
    if (place.is_failing) {
        place.is_failing = false;
        (void)kill(place.worker.pid, SIGKILL);
    }
    linux_loop_run_once(&place.loop, 5);
}

static void files_open(void)
{
    struct err err = {0};
    int rc = linux_files_init(&place.files, &place.worker, place.folder, &err);
    if (rc != 0) {
        printf("%s\n", err.text);
        abort();
    }
    place.fixture.files = linux_files_interface(&place.files);
}

static void reopen(void *self)
{
    (void)self;
    linux_files_close(&place.files);
    files_open();
}

static void fail_next(void *self)
{
    for (int i = 0; i < TURNS_MAX && place.worker.pid == 0; i++) {
        linux_loop_run_once(&place.loop, 5);
    }
    assert(place.worker.pid > 1);
    (void)kill(place.worker.pid, SIGSTOP);
    place.is_failing = true;
    (void)self;
}

static bool see(void *self, const char *tree, const char *path, char *content, size_t cap,
                unsigned *mode)
{
    char name[512];
    struct stat status;
    (void)self;
    (void)snprintf(name, sizeof name, "%s/files/%s/%s", place.folder, tree, path);
    FILE *file = fopen(name, "r");
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        return false;
    }
    content[fread(content, 1, cap - 1, file)] = '\0';
    *mode = status.st_mode & 07777;
    return fclose(file) == 0;
}

static void noted(void *ctx, const struct err *err)
{
    *(int *)ctx = err != NULL ? err->code : 0;
}

static void leave(const char *name, bool is_folder)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/files/%s", place.folder, name);
    if (is_folder) {
        CHECK_INT_EQ(mkdir(path, 0700), 0);
        return;
    }
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fclose(file) == 0);
}

static bool is_there(const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/files/%s", place.folder, name);
    return access(path, F_OK) == 0;
}

/* What a cut left of a tree is nobody's, and goes with the next one that is made. */
static void case_leftovers(void)
{
    struct err err = {0};
    int code = 1;
    leave(".new", true);
    leave(".new/d", true);
    leave(".new/d/half", false);
    leave("stranger", false); /* nobody's, and nothing that is listed */
    reopen(NULL);
    CHECK(!place.fixture.files.ops->has(place.fixture.files.self, ".new"));
    CHECK_INT_EQ(place.fixture.files.ops->make(place.fixture.files.self, T, span_text("444 0 a\n"),
                                               noted, &code, &err),
                 0);
    for (int i = 0; i < TURNS_MAX && code == 1; i++) {
        pump(NULL);
    }
    CHECK_INT_EQ(code, 0);
    CHECK(!is_there(".new") && is_there(T "/a") && is_there("stranger"));
}

/* Whoever the program in the container is, it can walk there and read. */
static void case_modes(void)
{
    struct stat status;
    char path[512];
    mode_t old = umask(0077);
    reopen(NULL);
    CHECK(stat(place.files.path, &status) == 0 && (status.st_mode & 0777) == 0755);
    (void)umask(old);
    (void)snprintf(path, sizeof path, "%s/nowhere", place.folder);
    struct linux_files other;
    struct err err = {0};
    CHECK_INT_EQ(linux_files_init(&other, &place.worker, path, &err), ERR_STORE);
    CHECK_CONTAINS(err.text, "nowhere/files");
}

static int own_cases(int argc, char **argv)
{
    static const struct check_case cases[] = {{"leftovers", case_leftovers}, {"modes", case_modes}};
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}

static bool start(void)
{
    struct err err = {0};
    if (mkdtemp(place.folder) == NULL || linux_loop_init(&place.loop, &err) != 0) {
        return false;
    }
    struct linux_worker_settings settings = {.loop = linux_loop_interface(&place.loop)};
    if (linux_worker_init(&place.worker, &settings, &err) != 0) {
        printf("%s\n", err.text);
        return false;
    }
    files_open();
    return true;
}

int main(int argc, char **argv)
{
    char line[128];
    if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0) {
        return helper_main(HELPER_FD);
    }
    if (!start()) {
        return EXIT_FAILURE;
    }
    place.fixture.pump = pump;
    place.fixture.reopen = reopen;
    place.fixture.fail_next = fail_next;
    place.fixture.see = see;
    int status = files_contract_run(&place.fixture, argc, argv);
    status |= own_cases(argc, argv);
    linux_worker_close(&place.worker);
    linux_files_close(&place.files);
    linux_loop_close(&place.loop);
    (void)snprintf(line, sizeof line, "rm -rf '%s'", place.folder);
    return system(line) == 0 ? status : EXIT_FAILURE;
}
