/* files_contract: pieces and trees, whole or not there; names, limits, what a start finds. */
#include "tests/contract/files_contract.h"

#include "platform/base/text.h"
#include "platform/base/units.h"
#include "tests/check.h"

#define TURNS_MAX 4000

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define T "0123456789abcdef"
#define U "fedcba9876543210"

static struct files_fixture *fixture;

struct answer {
    int count;
    int code;
};

static void answered(void *ctx, const struct err *err)
{
    struct answer *answer = ctx;
    answer->count++;
    answer->code = err != NULL ? err->code : 0;
}

static int await(const struct answer *answer)
{
    for (int i = 0; i < TURNS_MAX && answer->count == 0; i++) {
        fixture->pump(fixture->self);
    }
    CHECK_INT_EQ(answer->count, 1);
    return answer->code;
}

static bool has(const char *name)
{
    return fixture->files.ops->has(fixture->files.self, name);
}

static int put(const char *name, const void *data, size_t len)
{
    struct answer answer = {0};
    struct err err = {0};
    int rc = fixture->files.ops->put(fixture->files.self, name, span_of(data, len), answered,
                                     &answer, &err);
    CHECK_INT_EQ(answer.count, 0);
    return rc != 0 ? rc : await(&answer);
}

static int make(const char *name, const char *recipe)
{
    struct answer answer = {0};
    struct err err = {0};
    int rc = fixture->files.ops->make(fixture->files.self, name, span_text(recipe), answered,
                                      &answer, &err);
    return rc != 0 ? rc : await(&answer);
}

static int drop(const char *name)
{
    struct answer answer = {0};
    struct err err = {0};
    int rc = fixture->files.ops->remove(fixture->files.self, name, answered, &answer, &err);
    return rc != 0 ? rc : await(&answer);
}

static void name_counted(void *ctx, const char *name)
{
    CHECK(strlen(name) == 16 || strlen(name) == 64);
    ++*(int *)ctx;
}

static int count(void)
{
    int found = 0;
    CHECK_INT_EQ(fixture->files.ops->list(fixture->files.self, name_counted, &found, NULL), 0);
    return found;
}

static void clean(void)
{
    static const char *const names[] = {A, B, C, T, U};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CHECK_INT_EQ(drop(names[i]), 0);
    }
    CHECK_INT_EQ(count(), 0);
}

static void check_seen(const char *path, const char *want, unsigned want_mode)
{
    static char content[131072];
    unsigned mode = 0;
    if (fixture->see == NULL) {
        return;
    }
    CHECK(fixture->see(fixture->self, T, path, content, sizeof content, &mode));
    CHECK_STR_EQ(content, want);
    CHECK_INT_EQ(mode, want_mode);
}

static void case_pieces(void)
{
    clean();
    CHECK(!has(A));
    CHECK_INT_EQ(put(A, "one", 3), 0);
    CHECK(has(A) && !has(B));
    CHECK_INT_EQ(put(A, "one", 3), 0);
    CHECK_INT_EQ(count(), 1);
    fixture->reopen(fixture->self);
    CHECK(has(A));
    CHECK_INT_EQ(drop(A), 0);
    CHECK_INT_EQ(drop(A), 0);
    CHECK(!has(A));
}

static void case_tree(void)
{
    clean();
    CHECK_INT_EQ(put(A, "one", 3), 0);
    CHECK_INT_EQ(put(B, "three", 5), 0);
    CHECK_INT_EQ(make(T, "444 3 " A " a.conf\n555 5 " B " d/e/run me.sh\n440 0 empty\n"), 0);
    CHECK(has(T) && !has(U));
    check_seen("a.conf", "one", 0444);
    check_seen("d/e/run me.sh", "three", 0555);
    check_seen("empty", "", 0440);
    CHECK_INT_EQ(drop(A), 0);
    CHECK_INT_EQ(make(T, "444 3 " A " a.conf\n"), 0); /* it is there already */
    fixture->reopen(fixture->self);
    CHECK(has(T));
    check_seen("a.conf", "one", 0444);
    CHECK_INT_EQ(count(), 2);
    CHECK_INT_EQ(drop(T), 0);
    CHECK(!has(T));
}

static void case_pieces_of_one(void)
{
    static char data[65536 + 1];
    memset(data, 'x', sizeof data - 1);
    clean();
    CHECK_INT_EQ(put(A, data, 65536), 0);
    CHECK_INT_EQ(put(B, "y", 1), 0);
    CHECK_INT_EQ(make(T, "444 65537 " A " " B " f\n"), 0);
    if (fixture->see != NULL) {
        static char seen[65536 + 2];
        unsigned mode = 0;
        CHECK(fixture->see(fixture->self, T, "f", seen, sizeof seen, &mode));
        CHECK_INT_EQ(strlen(seen), 65537);
        CHECK_STR_EQ(seen + 65535, "xy");
    }
}

static void case_refused(void)
{
    clean();
    CHECK_INT_EQ(put(A, "one", 3), 0);
    CHECK_INT_EQ(make(T, "444 3 " C " a\n"), ERR_NOT_FOUND);
    CHECK_INT_EQ(make(T, "444 3 " A " a\n444 3 " C " b\n"), ERR_NOT_FOUND);
    CHECK_INT_EQ(make(T, "444 4 " A " a\n"), ERR_CORRUPT);
    CHECK_INT_EQ(make(T, "444 3 " A " a"), ERR_CORRUPT);
    CHECK_INT_EQ(make(T, "444 3 " A " /a\n"), ERR_CORRUPT);
    CHECK_INT_EQ(make(T, "444\n"), ERR_CORRUPT);
    CHECK(!has(T));
    CHECK_INT_EQ(count(), 1); /* nothing half made is left */
    fixture->reopen(fixture->self);
    CHECK_INT_EQ(count(), 1);
    CHECK_INT_EQ(put("x", "1", 1), ERR_VALUE);
    CHECK_INT_EQ(put(T, "1", 1), ERR_VALUE);
    CHECK_INT_EQ(put("../../etc/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "1", 1),
                 ERR_VALUE);
    CHECK_INT_EQ(make(A, "444 3 " A " a\n"), ERR_VALUE);
    CHECK_INT_EQ(drop("."), ERR_VALUE);
    CHECK(!has("..") && !has(""));
}

static void case_limits(void)
{
    static char data[65537];
    clean();
    CHECK_INT_EQ(put(A, data, 65536), 0);
    CHECK_INT_EQ(put(B, data, 65537), ERR_OVERSIZE);
    CHECK(!has(B));
}

static void case_busy(void)
{
    struct answer answers[16] = {{0}};
    char name[65];
    struct err err = {0};
    int taken = 0;
    clean();
    for (int i = 0; i < 16; i++) {
        (void)snprintf(name, sizeof name, "%064x", i);
        int rc = fixture->files.ops->put(fixture->files.self, name, span_text("x"), answered,
                                         &answers[i], &err);
        CHECK(rc == 0 || rc == ERR_BUSY);
        taken += rc == 0;
    }
    CHECK_INT_EQ(taken, 8);
    for (int i = 0; i < taken; i++) {
        CHECK_INT_EQ(await(&answers[i]), 0);
    }
    CHECK_INT_EQ(count(), 8);
    for (int i = 0; i < 16; i++) {
        (void)snprintf(name, sizeof name, "%064x", i);
        CHECK_INT_EQ(drop(name), 0);
    }
}

static void case_failing(void)
{
    clean();
    fixture->fail_next(fixture->self);
    CHECK_INT_EQ(put(A, "one", 3), ERR_STORE);
    CHECK_INT_EQ(put(A, "one", 3), 0);
    fixture->fail_next(fixture->self);
    CHECK_INT_EQ(make(T, "444 3 " A " a\n"), ERR_STORE);
    CHECK_INT_EQ(make(T, "444 3 " A " a\n"), 0);
    CHECK(has(T));
    clean();
}

/* -- volumes ---------------------------------------------------------------------------------- */

struct seeded {
    struct answer answer;
    char left[512];
    size_t more;
};

static void volume_seeded(void *ctx, const struct err *err, const char *left, size_t more)
{
    struct seeded *seeded = ctx;
    answered(&seeded->answer, err);
    (void)snprintf(seeded->left, sizeof seeded->left, "%s", left);
    seeded->more = more;
}

/* Brings the tree; *left is what was left alone. */
static int seed_left(const char *tree, const char *recipe, char left[512])
{
    struct seeded seeded = {.left = ""};
    struct err err = {0};
    const struct files_seed seed = {
        .volume = fixture->volume, .tree = tree, .recipe = span_text(recipe)};
    int rc = fixture->files.ops->seed(fixture->files.self, &seed, volume_seeded, &seeded, &err);
    rc = rc != 0 ? rc : await(&seeded.answer);
    (void)snprintf(left, 512, "%s", seeded.left);
    return rc;
}

static void check_seeded(const char *tree, const char *recipe, const char *want_left)
{
    char left[512];
    CHECK_INT_EQ(seed_left(tree, recipe, left), 0);
    CHECK_STR_EQ(left, want_left);
}

/* `want` NULL: it is not there. */
static void check_volume(const char *path, const char *want)
{
    char content[128] = "";
    bool is_there = fixture->volume_see(fixture->self, path, content, sizeof content);
    CHECK_INT_EQ(is_there, want != NULL);
    CHECK_STR_EQ(content, want != NULL ? want : "");
}

static void volume_begin(void)
{
    clean();
    fixture->clear(fixture->self);
    CHECK_INT_EQ(put(A, "one", 3), 0);
    CHECK_INT_EQ(put(B, "three", 5), 0);
}

#define SEED_ONE   "444 3 " A " a.conf\n444 5 " B " d/e/b\n444 3 " A " gone\n"
#define SEED_OTHER "444 5 " B " a.conf\n444 3 " A " d/e/b\n444 0 fresh\n"

/* What is missing is written; what was brought is replaced, and goes where it is brought no more.
 */
static void case_seed(void)
{
    volume_begin();
    check_seeded(T, SEED_ONE, "");
    check_volume("a.conf", "one");
    check_volume("d/e/b", "three");
    check_volume("gone", "one");
    check_seeded(U, SEED_OTHER, "");
    check_volume("a.conf", "three");
    check_volume("d/e/b", "one");
    check_volume("fresh", "");
    check_volume("gone", NULL);
    check_seeded(T, SEED_ONE, "");
    check_volume("a.conf", "one");
    check_volume("fresh", NULL);
    CHECK_INT_EQ(count(), 2); /* no tree is made of it, and the pieces stay */
}

/* Somebody's file is left, named, and stays theirs. */
static void case_seed_left(void)
{
    volume_begin();
    fixture->volume_write(fixture->self, "a.conf", "mine");
    check_seeded(T, SEED_ONE, "a.conf\n");
    check_volume("a.conf", "mine");
    fixture->volume_write(fixture->self, "gone", "kept");
    fixture->volume_write(fixture->self, "d/e/b", "changed");
    fixture->volume_write(fixture->self, "of the app", "data");
    check_seeded(U, "444 5 " B " a.conf\n444 3 " A " d/e/b\n", "a.conf\nd/e/b\ngone\n");
    check_volume("d/e/b", "changed");
    check_volume("gone", "kept");
    check_volume("of the app", "data");
}

/* Of many names some are told, whole, and the others are counted. */
static void case_seed_left_many(void)
{
    enum { COUNT = 12 };
    char recipe[COUNT * 160];
    struct text text;
    struct seeded seeded = {.left = ""};
    size_t told = 0;
    volume_begin();
    text_init(&text, recipe, sizeof recipe);
    for (int i = 0; i < COUNT; i++) {
        char name[60];
        (void)snprintf(name, sizeof name, "%02d-%050d", i, 0);
        text_printf(&text, "444 3 " A " %s\n", name);
        fixture->volume_write(fixture->self, name, "mine");
    }
    const struct files_seed seed = {
        .volume = fixture->volume, .tree = T, .recipe = span_text(recipe)};
    int rc = fixture->files.ops->seed(fixture->files.self, &seed, volume_seeded, &seeded, NULL);
    CHECK_INT_EQ(rc == 0 ? await(&seeded.answer) : rc, 0);
    for (const char *at = seeded.left; *at != '\0'; at += 54, told++) {
        CHECK(strspn(at, "0123456789-") == 53 && at[53] == '\n');
    }
    CHECK(told > 0 && seeded.more > 0);
    CHECK_INT_EQ(told + seeded.more, COUNT);
}

/* What was brought last is not looked at: what the app removed stays away until another comes. */
static void case_seed_again(void)
{
    volume_begin();
    check_seeded(T, SEED_ONE, "");
    fixture->volume_write(fixture->self, "a.conf", NULL);
    fixture->volume_write(fixture->self, "gone", "by the app");
    fixture->reopen(fixture->self);
    check_seeded(T, SEED_ONE, "");
    check_volume("a.conf", NULL);
    check_seeded(U, SEED_OTHER, "gone\n");
    check_volume("a.conf", "three");
    check_volume("gone", "by the app");
}

/* A failure in the middle: the same again, or another one, ends as if there had been none. */
static void case_seed_failing(void)
{
    char left[512];
    for (int i = 0; i < 12; i++) {
        volume_begin();
        check_seeded(T, SEED_ONE, "");
        fixture->fail_next(fixture->self);
        CHECK_INT_EQ(seed_left(U, SEED_OTHER, left), ERR_STORE);
        if (i % 2 == 0) {
            check_seeded(U, SEED_OTHER, "");
            check_volume("a.conf", "three");
            check_volume("gone", NULL);
        }
        check_seeded(T, SEED_ONE, "");
        check_volume("a.conf", "one");
        check_volume("fresh", NULL);
    }
}

static void case_seed_refused(void)
{
    char left[512];
    volume_begin();
    CHECK_INT_EQ(seed_left(T, "444 3 " C " a\n", left), ERR_NOT_FOUND);
    CHECK_INT_EQ(seed_left(T, "444 4 " A " a\n", left), ERR_CORRUPT);
    CHECK_INT_EQ(seed_left(A, SEED_ONE, left), ERR_VALUE);
    check_volume("a", NULL);
    check_seeded(T, SEED_ONE, "");
}

int files_contract_run(struct files_fixture *given, int argc, char **argv)
{
    static const struct check_case cases[] = {{"pieces", case_pieces},
                                              {"tree", case_tree},
                                              {"pieces_of_one", case_pieces_of_one},
                                              {"refused", case_refused},
                                              {"limits", case_limits},
                                              {"busy", case_busy},
                                              {"failing", case_failing},
                                              {"seed", case_seed},
                                              {"seed_left", case_seed_left},
                                              {"seed_left_many", case_seed_left_many},
                                              {"seed_again", case_seed_again},
                                              {"seed_failing", case_seed_failing},
                                              {"seed_refused", case_seed_refused}};
    fixture = given;
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
