/* begun_file: what was begun is read back, and what another coordinator wrote meanwhile stays. */
#include "ports/app/berth/begun_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ports/app/berth/files.h"
#include "tests/check.h"

static struct fleet_dir dir;

static void note(struct begun *begun, const char *app, wall_ms created, bool has_ended)
{
    struct rollout_spec spec = {.created = created};
    int rc = 0;
    (void)text_copy(spec.app, sizeof spec.app, app);
    (void)snprintf(spec.id, sizeof spec.id, "%s-%lld", app, (long long)created);
    (void)begun_note(begun, &spec, has_ended, &rc);
    CHECK_INT_EQ(rc, 0);
}

static enum begun_answer judged(const char *app, wall_ms created)
{
    struct rollout_spec spec = {.created = created};
    struct begun begun = {0};
    CHECK_INT_EQ(begun_file_load(&dir, &begun, NULL), 0);
    (void)text_copy(spec.app, sizeof spec.app, app);
    (void)snprintf(spec.id, sizeof spec.id, "%s-%lld", app, (long long)created);
    enum begun_answer answer = begun_judge(&begun, &spec);
    begun_close(&begun);
    return answer;
}

static void case_kept(void)
{
    struct begun ours = {0}, theirs = {0};
    CHECK_INT_EQ(judged("web", 5), BEGUN_NEW);
    for (int i = 0; i < 300; i++) {
        char app[16];
        (void)snprintf(app, sizeof app, "app-%d", i);
        note(&ours, app, 100 + i, i % 2 == 0);
    }
    note(&ours, "web", 5, false);
    CHECK_INT_EQ(begun_file_keep(&dir, &ours, NULL), 0);
    CHECK_INT_EQ(judged("web", 5), BEGUN_OURS);
    CHECK_INT_EQ(judged("web", 4), BEGUN_OLDER);
    CHECK_INT_EQ(judged("web", 6), BEGUN_NEW);
    CHECK_INT_EQ(judged("app-298", 398), BEGUN_ENDED);
    CHECK_INT_EQ(judged("app-299", 399), BEGUN_OURS);
    note(&theirs, "web", 7, true);
    CHECK_INT_EQ(begun_file_keep(&dir, &theirs, NULL), 0);
    note(&ours, "web", 5, true);
    CHECK_INT_EQ(begun_file_keep(&dir, &ours, NULL), 0); /* it knows nothing of 7 */
    CHECK_INT_EQ(judged("web", 7), BEGUN_ENDED);
    CHECK_INT_EQ(judged("app-299", 399), BEGUN_OURS);
    note(&theirs, "web", 7, false); /* an end is not taken back */
    CHECK_INT_EQ(begun_file_keep(&dir, &theirs, NULL), 0);
    CHECK_INT_EQ(judged("web", 7), BEGUN_ENDED);
    begun_close(&ours);
    begun_close(&theirs);
}

static void case_broken(void)
{
    static const char *const texts[] = {"", "{\"schema\":1}", "{\"apps\":[{\"app\":\"web\"}]}",
                                        "{\"apps\":{}}"};
    char path[PATH_MAX];
    fleet_dir_file(&dir, "begun.json", path);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct begun begun = {0};
        struct err err = {0};
        CHECK_INT_EQ(file_write(path, span_text(texts[i]), 0644, NULL), 0);
        CHECK(begun_file_load(&dir, &begun, &err) != 0);
        CHECK_CONTAINS(err.text, "begun.json (remove it if");
        begun_close(&begun);
    }
    CHECK_INT_EQ(unlink(path), 0);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {{"kept", case_kept}, {"broken", case_broken}};
    char folder[] = "/tmp/berth-begun.XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    (void)text_copy(dir.path, sizeof dir.path, folder);
    int rc = check_run(cases, COUNT_OF(cases), argc, argv);
    (void)rmdir(folder);
    return rc;
}
