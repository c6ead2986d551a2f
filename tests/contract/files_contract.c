/* files_contract: pieces and trees, whole or not there; names, limits, what a start finds. */
#include "tests/contract/files_contract.h"

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

int files_contract_run(struct files_fixture *given, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"pieces", case_pieces},   {"tree", case_tree},     {"pieces_of_one", case_pieces_of_one},
        {"refused", case_refused}, {"limits", case_limits}, {"busy", case_busy},
        {"failing", case_failing}};
    fixture = given;
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
