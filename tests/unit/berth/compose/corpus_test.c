/* corpus: every file of tests/compose says in comments what lint says of it, and builds where
 * nothing is refused; a folder there is a project, whose first file says it. Images are
 * fake_image.c's. */
#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "tests/check.h"
#include "tests/unit/words/typed.h"

#define TEXT_BYTES 65536
#define FILES_MAX  256
#define SAID_MAX   128

static char dir[] = "/tmp/berth-corpus-XXXXXX";
static size_t file_count;
static char files[FILES_MAX][256];

/* Runs a verb with its standard output in `said` (TEXT_BYTES). */
static int run(const char *line, char *said, struct err *err)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s/said", dir);
    (void)fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    FILE *file = fopen(path, "w+");
    CHECK(kept >= 0 && file != NULL && dup2(fileno(file), STDOUT_FILENO) >= 0);
    int rc = typed_run(line, err);
    (void)fflush(stdout);
    CHECK(dup2(kept, STDOUT_FILENO) >= 0);
    (void)close(kept);
    rewind(file);
    said[fread(said, 1, TEXT_BYTES - 1, file)] = '\0';
    (void)fclose(file);
    (void)unlink(path);
    return rc;
}

/* The lines "refused PATH" and "note PATH" that a file expects. JSON has no comments: there the
 * lines stand in NAME.json.said. */
static size_t expected_read(const char *path, char list[][256], size_t cap)
{
    char line[512];
    char said[300];
    size_t count = 0;
    size_t len = strlen(path);
    bool is_json = len > 5 && strcmp(path + len - 5, ".json") == 0;
    (void)snprintf(said, sizeof said, "%s%s", path, is_json ? ".said" : "");
    FILE *file = fopen(said, "r");
    CHECK(file != NULL);
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        bool is_said = strncmp(line, "#! refused ", 11) == 0 || strncmp(line, "#! note ", 8) == 0;
        if (is_said && count < cap) {
            line[strcspn(line, "\n")] = '\0';
            (void)snprintf(list[count++], 256, "%.250s", line + 3);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return count;
}

/* The text behind "FILE:LINE: " where FILE is the project's first file or in its folder, or NULL.
 */
static char *place_skip(const char *path, char *line)
{
    size_t folder = (size_t)(strrchr(path, '/') - path);
    char *colon = strncmp(line, path, folder) == 0 ? strchr(line, ':') : NULL;
    char *end = NULL;
    if (colon == NULL || strtoul(colon + 1, &end, 10) == 0 || strncmp(end, ": ", 2) != 0) {
        return NULL;
    }
    return end + 2;
}

/* The same out of what lint printed: "FILE:LINE: PATH: text" and "FILE:LINE: note: PATH: text". */
static size_t said_read(const char *path, char *said, char list[][256], size_t cap)
{
    size_t count = 0;
    char *save = NULL;
    for (char *line = strtok_r(said, "\n", &save); line != NULL && count < cap;
         line = strtok_r(NULL, "\n", &save)) {
        char *rest = place_skip(path, line);
        if (rest == NULL) {
            continue;
        }
        bool is_note = strncmp(rest, "note: ", 6) == 0;
        rest += is_note ? 6 : 0;
        (void)snprintf(list[count++], 256, "%s %.*s", is_note ? "note" : "refused",
                       (int)(strstr(rest, ": ") - rest), rest);
    }
    return count;
}

static int text_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void file_lint(const char *path)
{
    static char said[TEXT_BYTES];
    static char expected[SAID_MAX][256];
    static char got[SAID_MAX][256];
    char line[512];
    struct err err;
    (void)snprintf(line, sizeof line, "release lint %s", path);
    size_t wanted = expected_read(path, expected, SAID_MAX);
    int rc = run(line, said, &err);
    CHECK_STR_EQ(err.text, "");
    bool is_refused = false;
    size_t count = said_read(path, said, got, SAID_MAX);
    qsort(expected, wanted, sizeof expected[0], text_compare);
    qsort(got, count, sizeof got[0], text_compare);
    for (size_t i = 0; i < wanted || i < count; i++) {
        const char *want = i < wanted ? expected[i] : "nothing";
        const char *have = i < count ? got[i] : "nothing";
        is_refused |= strncmp(have, "refused", 7) == 0;
        if (strcmp(want, have) != 0) {
            printf("    %s: said \"%s\", expected \"%s\"\n", path, have, want);
            check_failures_++;
            break;
        }
    }
    CHECK_INT_EQ(rc, is_refused ? 1 : 0);
}

static void case_lint(void)
{
    CHECK(file_count >= 60);
    for (size_t i = 0; i < file_count; i++) {
        file_lint(files[i]);
    }
}

/* Lint without a refused finding means that build passes the reader at the node's door. */
static void file_build(const char *path)
{
    static char said[TEXT_BYTES];
    char release[64];
    char lint[512], build[512];
    struct err err;
    struct stat status;
    (void)snprintf(release, sizeof release, "%s/release", dir);
    (void)snprintf(lint, sizeof lint, "release lint %s", path);
    (void)snprintf(build, sizeof build, "release build %s -o %s", path, release);
    bool is_good = run(lint, said, &err) == 0;
    bool is_one = strstr(said, "a release can be built of it") != NULL;
    int rc = run(build, said, &err);
    if ((rc == 0) != (is_good && is_one)) {
        printf("    %s: lint %s, build says \"%s\"\n", path, is_good ? "is content" : "refuses",
               err.text);
        check_failures_++;
    }
    if (is_good && !is_one) {
        CHECK_CONTAINS(err.text, "one service an app");
    }
    CHECK_INT_EQ(stat(release, &status) == 0, rc == 0);
    (void)unlink(release);
}

static void case_build(void)
{
    for (size_t i = 0; i < file_count; i++) {
        file_build(files[i]);
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    return len > strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

/* What Compose itself would take of a project's folder. */
static void project_find(const char *folder, const char *name)
{
    static const char *const usual[] = {"compose.yaml", "compose.yml", "docker-compose.yml",
                                        "docker-compose.yaml"};
    for (size_t i = 0; i < COUNT_OF(usual) && file_count < FILES_MAX; i++) {
        (void)snprintf(files[file_count], sizeof files[0], "%s/%.60s/%s", folder, name, usual[i]);
        if (access(files[file_count], R_OK) == 0) {
            file_count++;
            return;
        }
    }
}

static int files_find(const char *folder)
{
    DIR *directory = opendir(folder);
    const struct dirent *entry = NULL;
    while (directory != NULL && (entry = readdir(directory)) != NULL && file_count < FILES_MAX) {
        const char *name = entry->d_name;
        if (ends_with(name, ".yaml") || ends_with(name, ".yml") || ends_with(name, ".json")) {
            (void)snprintf(files[file_count++], sizeof files[0], "%s/%.120s", folder, name);
        } else if (name[0] != '.') {
            project_find(folder, name);
        }
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    qsort(files, file_count, sizeof files[0], text_compare);
    return file_count > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"lint", case_lint}, {"build", case_build}};
    if (mkdtemp(dir) == NULL || files_find(COMPOSE_CORPUS) != 0) {
        printf("no folder, or no files in %s\n", COMPOSE_CORPUS);
        return EXIT_FAILURE;
    }
    /* The error stream repeats what is checked here. */
    CHECK(freopen("/dev/null", "w", stderr) != NULL);
    int rc = check_run(cases, COUNT_OF(cases), argc, argv);
    (void)rmdir(dir);
    return rc;
}
