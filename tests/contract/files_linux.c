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

#define RECIPE "444 0 d/a\n444 0 b\n"

struct place {
    struct linux_loop loop;
    struct linux_worker worker;
    struct linux_files files;
    struct files_fixture fixture;
    bool is_failing; /* the helper is stopped, and killed at the next turn */
    char folder[64];
    char volume[96];
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

/* A line of shell, in which $V is the volume. */
static void run(const char *line)
{
    CHECK_INT_EQ(setenv("V", place.volume, 1), 0);
    CHECK_INT_EQ(system(line), 0);
}

static void clear(void *self)
{
    (void)self;
    run("rm -rf ${V%/*}; mkdir -p $V");
}

static bool volume_see(void *self, const char *path, char *content, size_t cap)
{
    char name[512];
    (void)self;
    (void)snprintf(name, sizeof name, "%s/%s", place.volume, path);
    FILE *file = fopen(name, "r");
    if (file != NULL) {
        content[fread(content, 1, cap - 1, file)] = '\0';
        (void)fclose(file);
    }
    return file != NULL;
}

static void volume_write(void *self, const char *path, const char *content)
{
    char name[512];
    (void)self;
    (void)snprintf(name, sizeof name, "%s/%s", place.volume, path);
    if (content == NULL) {
        CHECK_INT_EQ(unlink(name), 0);
        return;
    }
    FILE *file = fopen(name, "w");
    CHECK(file != NULL && fputs(content, file) >= 0 && fclose(file) == 0);
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

struct seeded {
    int code;
    char left[512];
};

static void seeded(void *ctx, const struct err *err, const char *left, size_t more)
{
    (void)more;
    struct seeded *answer = ctx;
    answer->code = err != NULL ? err->code : 0;
    (void)snprintf(answer->left, sizeof answer->left, "%s", left);
}

static void seed(const char *owner, struct seeded *answer)
{
    struct err err = {0};
    const struct files_seed wanted = {
        .volume = place.volume, .tree = T, .recipe = span_text(RECIPE), .owner = owner};
    *answer = (struct seeded){.code = 1};
    CHECK_INT_EQ(
        place.fixture.files.ops->seed(place.fixture.files.self, &wanted, seeded, answer, &err), 0);
    for (int i = 0; i < TURNS_MAX && answer->code == 1; i++) {
        pump(NULL);
    }
    CHECK_INT_EQ(answer->code, 0);
}

static void state_of(const char *path, struct stat *state)
{
    char name[512];
    (void)snprintf(name, sizeof name, "%s/%s", place.volume, path);
    memset(state, 0, sizeof *state);
    CHECK_INT_EQ(lstat(name, state), 0);
}

/* A fresh volume is the given owner's, and so is what is made in it; who took it keeps it. */
static void case_seed_owner(void)
{
    struct seeded answer;
    struct stat state;
    clear(NULL);
    seed("1883:1884", &answer);
    state_of("d/a", &state);
    CHECK(state.st_uid == 1883 && state.st_gid == 1884 && (state.st_mode & 07777) == 0644);
    state_of("d", &state);
    CHECK(state.st_uid == 1883 && (state.st_mode & 07777) == 0755);
    clear(NULL);
    volume_write(NULL, "data", "x");
    seed("1883:1884", &answer);
    state_of("b", &state);
    CHECK_INT_EQ(state.st_uid, getuid());
}

/* No link that a program in a container put there is followed, whatever it leads to. */
static void case_seed_links(void)
{
    struct seeded answer;
    struct stat state;
    clear(NULL);
    run("mkdir $V/../outside");
    run("ln -s ../outside $V/d");
    run("ln -s ../outside/b $V/b");
    seed(NULL, &answer);
    CHECK_STR_EQ(answer.left[0] == 'd' ? "d/a\nb\n" : "b\nd/a\n", answer.left);
    state_of("b", &state);
    CHECK(S_ISLNK(state.st_mode));
    run("test -z \"$(ls $V/../outside)\"");
    clear(NULL);
    run("mkfifo $V/b");
    run("mkdir -p $V/d/a");
    seed(NULL, &answer);
    CHECK_STR_EQ(answer.left[0] == 'd' ? "d/a\nb\n" : "b\nd/a\n", answer.left);
}

static int own_cases(int argc, char **argv)
{
    static const struct check_case cases[] = {{"leftovers", case_leftovers},
                                              {"modes", case_modes},
                                              {"seed_owner", case_seed_owner},
                                              {"seed_links", case_seed_links}};
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
    (void)snprintf(place.volume, sizeof place.volume, "%s/volumes/v/_data", place.folder);
    place.fixture.volume = place.volume;
    place.fixture.clear = clear;
    place.fixture.volume_see = volume_see;
    place.fixture.volume_write = volume_write;
    int status = files_contract_run(&place.fixture, argc, argv);
    status |= own_cases(argc, argv);
    linux_worker_close(&place.worker);
    linux_files_close(&place.files);
    linux_loop_close(&place.loop);
    (void)snprintf(line, sizeof line, "rm -rf '%s'", place.folder);
    return system(line) == 0 ? status : EXIT_FAILURE;
}
