/* Check: the smallest test runner that names the place of a failure and prints a plain last line.
 */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check_case {
    const char *name;
    void (*run)(void);
};

/* Failures of the case that runs; a test program has one thread. Weak, so that all files of a
 * program share the one counter that check_run reads. */
__attribute__((weak)) int check_failures_;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("    %s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                     \
            check_failures_++;                                                                     \
        }                                                                                          \
    } while (0)

#define CHECK_INT_EQ(got, want)                                                                    \
    do {                                                                                           \
        long long got_ = (long long)(got);                                                         \
        long long want_ = (long long)(want);                                                       \
        if (got_ != want_) {                                                                       \
            printf("    %s:%d: %s is %lld, want %lld\n", __FILE__, __LINE__, #got, got_, want_);   \
            check_failures_++;                                                                     \
        }                                                                                          \
    } while (0)

#define CHECK_STR_EQ(got, want)                                                                    \
    do {                                                                                           \
        const char *got_ = (got);                                                                  \
        const char *want_ = (want);                                                                \
        if (got_ == NULL || strcmp(got_, want_) != 0) {                                            \
            printf("    %s:%d: %s is \"%s\", want \"%s\"\n", __FILE__, __LINE__, #got,             \
                   got_ == NULL ? "(null)" : got_, want_);                                         \
            check_failures_++;                                                                     \
        }                                                                                          \
    } while (0)

#define CHECK_CONTAINS(got, want)                                                                  \
    do {                                                                                           \
        const char *got_ = (got);                                                                  \
        const char *want_ = (want);                                                                \
        if (got_ == NULL || strstr(got_, want_) == NULL) {                                         \
            printf("    %s:%d: %s is \"%s\", want \"%s\" in it\n", __FILE__, __LINE__, #got,       \
                   got_ == NULL ? "(null)" : got_, want_);                                         \
            check_failures_++;                                                                     \
        }                                                                                          \
    } while (0)

/* Runs the cases in order (only those whose name contains argv[1], where given), prints one line a
 * case and last "N passed, N failed"; returns the exit status of the program. */
static inline int check_run(const struct check_case *cases, size_t count, int argc, char **argv)
{
    int passed = 0;
    int failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < count; i++) {
        if (argc > 1 && strstr(cases[i].name, argv[1]) == NULL) {
            continue;
        }
        check_failures_ = 0;
        cases[i].run();
        printf("%s %s\n", check_failures_ == 0 ? "ok  " : "FAIL", cases[i].name);
        if (check_failures_ == 0) {
            passed++;
        } else {
            failed++;
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
