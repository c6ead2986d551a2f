/* law_test: a broken law ends the process with its word; the words are those of agent/LAWS.md. */
#include "platform/base/law.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/base/text.h"
#include "platform/base/units.h"
#include "tests/check.h"

/* Runs a law in a child; true when that was ended by it. What it said is in `said`. */
static bool is_ended(bool is_kept, char *said, size_t cap)
{
    int ends[2];
    int status = 0;
    if (pipe(ends) != 0) {
        abort();
    }
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        LAW(READY_FIRST, is_kept);
        _exit(0);
    }
    (void)close(ends[1]);
    ssize_t got = read(ends[0], said, cap - 1);
    said[got > 0 ? got : 0] = '\0';
    (void)close(ends[0]);
    CHECK(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void case_broken(void)
{
    char said[256];
    CHECK(!is_ended(true, said, sizeof said));
    CHECK_STR_EQ(said, "");
    CHECK(is_ended(false, said, sizeof said));
    CHECK_CONTAINS(said, "a law of ours is broken: ready-first, at law_broken");
}

/* Each word begins a row of the page, in its order, and no row has another. */
static void case_page(void)
{
    char line[1024];
    int law = 0;
    FILE *page = fopen(LAWS_PAGE, "r");
    CHECK(page != NULL);
    while (page != NULL && fgets(line, sizeof line, page) != NULL) {
        char row[64];
        if (strncmp(line, "| `", 3) == 0) {
            CHECK(law < LAW_COUNT);
            (void)snprintf(row, sizeof row, "| `%s` |", law_word((enum law)law++));
            CHECK(strncmp(line, row, strlen(row)) == 0);
        }
    }
    CHECK_INT_EQ(law, LAW_COUNT);
    CHECK_STR_EQ(law_word(LAW_COUNT), "none");
    if (page != NULL) {
        (void)fclose(page);
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"broken", case_broken},
        {"page", case_page},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
