/* worker_contract: programs, limits, order, durable files, and a helper that dies. */
#include "tests/contract/worker_contract.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"

enum { TURNS_MAX = 3000, ARG_BYTES = 512 };

/* What came back from one call. */
struct answer {
    int calls;
    int code; /* 0, or of the err */
    int status;
    size_t output_len;
    char output[WORKER_OUTPUT_BYTES_MAX + 1];
};

static struct worker_fixture *fixture;
static bool is_inside_call;

static void answered(void *ctx, const struct err *err, int status, struct span output)
{
    struct answer *answer = ctx;
    CHECK(!is_inside_call);
    answer->calls++;
    answer->code = err == NULL ? 0 : err->code;
    answer->status = status;
    answer->output_len = output.len;
    if (output.len > 0) {
        memcpy(answer->output, output.data, output.len);
    }
    answer->output[output.len] = '\0';
}

static void pump_until(const int *count, int wanted)
{
    for (int i = 0; i < TURNS_MAX && *count < wanted; i++) {
        fixture->pump(fixture->self);
    }
    CHECK_INT_EQ(*count, wanted);
}

static int call_with(struct answer *answer, enum worker_program program, struct span input,
                     const char *const *args, size_t count)
{
    memset(answer, 0, sizeof *answer);
    is_inside_call = true;
    struct err err;
    int rc = fixture->worker.ops->run(fixture->worker.self, program, args, count, input, answered,
                                      answer, &err);
    is_inside_call = false;
    return rc;
}

#define CALL(answer, program, input, ...)                                                          \
    call_with(answer, program, input, (const char *const[]){__VA_ARGS__},                          \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

#define NO_INPUT span_of(NULL, 0)

static void path_in_folder(char path[ARG_BYTES], const char *name)
{
    (void)snprintf(path, ARG_BYTES, "%s/%s", fixture->folder, name);
}

static size_t file_read(const char *path, char *buf, size_t cap)
{
    FILE *file = fopen(path, "r");
    size_t got = file == NULL ? 0 : fread(buf, 1, cap - 1, file);
    if (file != NULL) {
        fclose(file);
    }
    buf[got] = '\0';
    return got;
}

static void case_status_and_output(void)
{
    static struct answer answer;
    CHECK_INT_EQ(CALL(&answer, WORKER_NFT, NO_INPUT, "both"), 0);
    pump_until(&answer.calls, 1);
    CHECK_INT_EQ(answer.code, 0);
    CHECK_INT_EQ(answer.status, 7);
    CHECK_STR_EQ(answer.output, "out err");
}

static void case_input_whole(void)
{
    static struct answer answer;
    static char input[WORKER_INPUT_BYTES_MAX];
    for (size_t i = 0; i < sizeof input; i++) {
        input[i] = (char)('a' + i % 26);
    }
    /* An answer is shorter than a question: its beginning, then its end. */
    CHECK_INT_EQ(CALL(&answer, WORKER_NFT, span_of(input, sizeof input), "cat"), 0);
    pump_until(&answer.calls, 1);
    CHECK_INT_EQ(answer.output_len, WORKER_OUTPUT_BYTES_MAX);
    CHECK(memcmp(answer.output, input, WORKER_OUTPUT_BYTES_MAX) == 0);
    char skip[16];
    (void)snprintf(skip, sizeof skip, "%d", WORKER_OUTPUT_BYTES_MAX);
    CHECK_INT_EQ(CALL(&answer, WORKER_NFT, span_of(input, sizeof input), "cat", skip), 0);
    pump_until(&answer.calls, 1);
    CHECK_INT_EQ(answer.output_len, sizeof input - WORKER_OUTPUT_BYTES_MAX);
    CHECK(memcmp(answer.output, input + WORKER_OUTPUT_BYTES_MAX, answer.output_len) == 0);
}

static void case_arguments_are_not_words_of_a_shell(void)
{
    static struct answer answer;
    CHECK_INT_EQ(CALL(&answer, WORKER_SYSCTL, NO_INPUT, "args", "a b", "", "$(id);`x`|'\"*", "-f"),
                 0);
    pump_until(&answer.calls, 1);
    CHECK_STR_EQ(answer.output, "[a b][][$(id);`x`|'\"*][-f]");
}

static void case_environment_is_bare(void)
{
    static struct answer answer;
    CHECK_INT_EQ(setenv("LD_TRAP", "1", 1), 0);
    CHECK_INT_EQ(CALL(&answer, WORKER_NFT, NO_INPUT, "environment"), 0);
    pump_until(&answer.calls, 1);
    /* Their order is nobody's promise: an emulator turns it round. */
    CHECK_STR_EQ(answer.output, answer.output[0] == 'P' ? "PATH;LC_ALL;" : "LC_ALL;PATH;");
}

static void case_signal_is_128_and_more(void)
{
    static struct answer answer;
    CHECK_INT_EQ(CALL(&answer, WORKER_NFT, NO_INPUT, "signal", "9"), 0);
    pump_until(&answer.calls, 1);
    CHECK_INT_EQ(answer.code, 0);
    CHECK_INT_EQ(answer.status, 128 + SIGKILL);
}

static void case_output_cut_at_limit(void)
{
    static struct answer answer;
    CHECK_INT_EQ(CALL(&answer, WORKER_NFT, NO_INPUT, "flood", "300000"), 0);
    pump_until(&answer.calls, 1);
    CHECK_INT_EQ(answer.status, 3); /* it could write to its end */
    CHECK_INT_EQ(answer.output_len, WORKER_OUTPUT_BYTES_MAX);
}

static void case_runs_one_after_the_other(void)
{
    static struct answer answers[4];
    static const char *const marks[] = {"a", "b", "c", "d"};
    char path[ARG_BYTES];
    char content[32];
    path_in_folder(path, "order");
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT_EQ(CALL(&answers[i], i % 2 == 0 ? WORKER_NFT : WORKER_SYSCTL, NO_INPUT, "append",
                          path, marks[i]),
                     0);
    }
    for (size_t i = 0; i < 4; i++) {
        pump_until(&answers[i].calls, 1);
    }
    (void)file_read(path, content, sizeof content);
    CHECK_STR_EQ(content, "aabbccdd");
    CHECK_INT_EQ(unlink(path), 0);
}

static void case_sync_and_files_beside_a_program(void)
{
    static struct answer hang;
    static struct answer sync;
    static struct answer file;
    char path[ARG_BYTES];
    memset(&sync, 0, sizeof sync);
    memset(&file, 0, sizeof file);
    path_in_folder(path, "beside");
    CHECK_INT_EQ(CALL(&hang, WORKER_NFT, NO_INPUT, "hang"), 0);
    CHECK_INT_EQ(fixture->worker.ops->sync_filesystem(fixture->worker.self, fixture->folder,
                                                      answered, &sync, NULL),
                 0);
    CHECK_INT_EQ(fixture->worker.ops->write_file(fixture->worker.self, path, span_text("x"),
                                                 answered, &file, NULL),
                 0);
    pump_until(&sync.calls, 1);
    pump_until(&file.calls, 1);
    CHECK_INT_EQ(sync.status, 0);
    CHECK_INT_EQ(file.status, 0);
    CHECK_INT_EQ(hang.calls, 0);
    pump_until(&hang.calls, 1);
    CHECK_INT_EQ(hang.code, ERR_TIMEOUT);
    CHECK_INT_EQ(unlink(path), 0);
}

static void case_over_time_is_killed_and_the_next_runs(void)
{
    static struct answer hang;
    static struct answer next;
    CHECK_INT_EQ(CALL(&hang, WORKER_NFT, NO_INPUT, "hang"), 0);
    CHECK_INT_EQ(CALL(&next, WORKER_NFT, NO_INPUT, "args", "next"), 0);
    pump_until(&next.calls, 1);
    CHECK_INT_EQ(hang.calls, 1);
    CHECK_INT_EQ(hang.code, ERR_TIMEOUT);
    CHECK_INT_EQ(next.code, 0);
    CHECK_STR_EQ(next.output, "[next]");
}

static void case_orphan_does_not_hold_the_answer(void)
{
    static struct answer answer;
    CHECK_INT_EQ(CALL(&answer, WORKER_NFT, NO_INPUT, "orphan"), 0);
    pump_until(&answer.calls, 1);
    CHECK_INT_EQ(answer.code, 0);
    long pid = atol(answer.output);
    CHECK(pid > 1);
    if (pid > 1) {
        CHECK_INT_EQ(kill((pid_t)pid, SIGKILL), 0);
    }
}

static void case_not_installed(void)
{
    static struct answer answer;
    CHECK_INT_EQ(CALL(&answer, WORKER_CONNTRACK, NO_INPUT, "args"), 0);
    pump_until(&answer.calls, 1);
    CHECK_INT_EQ(answer.code, ERR_NOT_FOUND);
}

static void case_limits_refuse_without_an_answer(void)
{
    static struct answer answer;
    static char input[WORKER_INPUT_BYTES_MAX + 1];
    const char *args[WORKER_ARGS_MAX + 1];
    for (size_t i = 0; i < WORKER_ARGS_MAX + 1; i++) {
        args[i] = "args";
    }
    CHECK_INT_EQ(call_with(&answer, WORKER_NFT, NO_INPUT, args, WORKER_ARGS_MAX + 1), ERR_LIMIT);
    CHECK_INT_EQ(CALL(&answer, WORKER_NFT, span_of(input, sizeof input), "cat"), ERR_LIMIT);
    CHECK_INT_EQ(answer.calls, 0);
    CHECK_INT_EQ(call_with(&answer, WORKER_NFT, NO_INPUT, args, WORKER_ARGS_MAX), 0);
    pump_until(&answer.calls, 1);
    CHECK_INT_EQ(answer.output_len, (WORKER_ARGS_MAX - 1) * strlen("[args]"));
}

static void case_busy_above_thirty_two(void)
{
    static struct answer answers[33];
    for (size_t i = 0; i < 32; i++) {
        CHECK_INT_EQ(CALL(&answers[i], WORKER_NFT, NO_INPUT, "args", "x"), 0);
    }
    CHECK_INT_EQ(CALL(&answers[32], WORKER_NFT, NO_INPUT, "args"), ERR_BUSY);
    for (size_t i = 0; i < 32; i++) {
        pump_until(&answers[i].calls, 1);
        CHECK_STR_EQ(answers[i].output, "[x]");
    }
    CHECK_INT_EQ(answers[32].calls, 0);
}

static void case_sync_of_nothing(void)
{
    static struct answer answer;
    memset(&answer, 0, sizeof answer);
    CHECK_INT_EQ(fixture->worker.ops->sync_filesystem(fixture->worker.self, "/nowhere/at/all",
                                                      answered, &answer, NULL),
                 0);
    pump_until(&answer.calls, 1);
    CHECK_INT_EQ(answer.code, 0);
    CHECK_INT_EQ(answer.status, ENOENT);
}

static int file_written(const char *path, const char *content)
{
    static struct answer answer;
    memset(&answer, 0, sizeof answer);
    CHECK_INT_EQ(fixture->worker.ops->write_file(fixture->worker.self, path, span_text(content),
                                                 answered, &answer, NULL),
                 0);
    pump_until(&answer.calls, 1);
    CHECK_INT_EQ(answer.code, 0);
    return answer.status;
}

static void case_file_replaced_whole(void)
{
    char path[ARG_BYTES];
    char content[64];
    struct stat before;
    struct stat after;
    path_in_folder(path, "file");
    CHECK_INT_EQ(file_written(path, "a longer first content"), 0);
    CHECK_INT_EQ(stat(path, &before), 0);
    CHECK_INT_EQ(file_written(path, "second"), 0);
    CHECK_INT_EQ(stat(path, &after), 0);
    CHECK(before.st_ino != after.st_ino); /* never in place */
    (void)file_read(path, content, sizeof content);
    CHECK_STR_EQ(content, "second");
    CHECK_INT_EQ(after.st_mode & 0777, 0600);
    CHECK_INT_EQ(file_written(path, ""), 0);
    CHECK_INT_EQ(file_read(path, content, sizeof content), 0);
    CHECK_INT_EQ(unlink(path), 0);
    path_in_folder(path, "missing/file");
    CHECK_INT_EQ(file_written(path, "x"), ENOENT);
}

/* A zombie is gone too: it waits for a parent that is not ours, and does nothing more. */
static bool process_is_gone(long pid)
{
    char path[64];
    char state[256];
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    for (int i = 0; i < TURNS_MAX; i++) {
        if (file_read(path, state, sizeof state) == 0 || strstr(state, ") Z ") != NULL) {
            return true;
        }
        fixture->pump(fixture->self);
    }
    return false;
}

static void case_dead_helper_answers_and_comes_back(void)
{
    static struct answer hang;
    static struct answer waiting;
    static struct answer after;
    char path[ARG_BYTES];
    char text[32] = "";
    path_in_folder(path, "pid");
    for (int round = 0; round < 3; round++) {
        CHECK_INT_EQ(CALL(&hang, WORKER_NFT, NO_INPUT, "hang", path), 0);
        CHECK_INT_EQ(CALL(&waiting, WORKER_NFT, NO_INPUT, "args"), 0);
        for (int i = 0; i < TURNS_MAX && strchr(text, '\n') == NULL; i++) {
            fixture->pump(fixture->self);
            (void)file_read(path, text, sizeof text);
        }
        fixture->kill_helper(fixture->self);
        pump_until(&hang.calls, 1);
        pump_until(&waiting.calls, 1);
        CHECK_INT_EQ(hang.code, ERR_IO);
        CHECK_INT_EQ(waiting.code, ERR_IO);
        CHECK(process_is_gone(atol(text))); /* what it ran cannot act later */
        CHECK_INT_EQ(CALL(&after, WORKER_NFT, NO_INPUT, "args", "again"), 0);
        pump_until(&after.calls, 1);
        CHECK_INT_EQ(after.code, 0);
        CHECK_STR_EQ(after.output, "[again]");
        CHECK_INT_EQ(hang.calls + waiting.calls, 2);
        CHECK_INT_EQ(unlink(path), 0);
        text[0] = '\0';
    }
}

int worker_contract_run(struct worker_fixture *given, int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"status and output", case_status_and_output},
        {"input whole", case_input_whole},
        {"arguments are not words of a shell", case_arguments_are_not_words_of_a_shell},
        {"environment is bare", case_environment_is_bare},
        {"signal is 128 and more", case_signal_is_128_and_more},
        {"output cut at limit", case_output_cut_at_limit},
        {"runs one after the other", case_runs_one_after_the_other},
        {"sync and files beside a program", case_sync_and_files_beside_a_program},
        {"over time is killed and the next runs", case_over_time_is_killed_and_the_next_runs},
        {"orphan does not hold the answer", case_orphan_does_not_hold_the_answer},
        {"not installed", case_not_installed},
        {"limits refuse without an answer", case_limits_refuse_without_an_answer},
        {"busy above thirty two", case_busy_above_thirty_two},
        {"sync of nothing", case_sync_of_nothing},
        {"file replaced whole", case_file_replaced_whole},
        {"dead helper answers and comes back", case_dead_helper_answers_and_comes_back},
    };
    fixture = given;
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
