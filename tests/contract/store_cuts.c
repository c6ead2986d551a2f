/* store_cuts: the power cut, the agent killed and the medium failing at every call of a story of
 * writes; and of each operation its calls in words, so that no sync can go unnoticed. */
#include "tests/contract/store_cuts.h"

#include <errno.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "tests/contract/cut_calls.h"
#include "tests/contract/store_cuts_story.h"

enum { TEARS_FEW = 1, TEARS_MANY = 8 };

static const struct cut_port *port;
static char folder[40];
static unsigned seed = 1;

const char *cut_folder(void)
{
    return folder;
}

static unsigned random_below(unsigned limit)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % limit;
}

/* --- what a cut leaves is opened --- */

/* What must be found, and the step that may be done after it, CUT_STEPS for none. */
struct trial {
    struct cut_picture one, other;
    size_t step;
    int states;
    int found_one, found_other; /* of the states in which the two differ */
    bool is_bad;
};

/* What was said by reading, or by answering well, is there after a cut that loses all or some of
 * what no sync followed. */
static bool told_stays(const struct cut_disk *disk, const struct cut_picture *told)
{
    static struct cut_fate fates[CUT_EVENTS];
    struct cut_image image;
    struct cut_picture again;
    bool is_all_lost = random_below(2) == 0;
    for (size_t i = 0; i < disk->events; i++) {
        fates[i].way = is_all_lost || random_below(2) == 0 ? CUT_LOST : CUT_DONE;
    }
    cut_image_after(disk, disk->events, fates, &image);
    struct cut_disk *next = cut_begin(folder, &image, port->page_bytes);
    int rc = cut_store_open();
    bool is_good = rc == 0 && cut_picture_read(told, told, &again);
    if (!is_good) {
        printf("    though it was said before (opened: %s)\n", rc == 0 ? "yes" : err_word(rc));
    }
    cut_store_close();
    cut_disk_free(next);
    cut_image_free(&image);
    return is_good;
}

/* Opens the state, reads, perhaps does the step again, and cuts again. */
static bool state_tried(void *ctx, const struct cut_image *image)
{
    struct trial *trial = ctx;
    struct cut_picture told;
    struct cut_disk *disk = cut_begin(folder, image, port->page_bytes);
    int rc = cut_store_open();
    trial->states++;
    bool is_good = rc == 0 && cut_picture_read(&trial->one, &trial->other, &told);
    if (rc != 0) {
        printf("    not opened: %s\n", err_word(rc));
    }
    for (size_t d = 0; d < CUT_DOCUMENTS && is_good; d++) {
        if (trial->one.is[d] != trial->other.is[d]) {
            trial->found_one += told.is[d] == trial->one.is[d];
            trial->found_other += told.is[d] == trial->other.is[d];
        }
    }
    if (is_good && trial->step < CUT_STEPS && random_below(2) == 0) {
        told = trial->other;
        is_good = cut_step_run(cut_story_step(trial->step)) == 0;
    }
    cut_store_close();
    is_good = is_good && told_stays(disk, &told);
    cut_disk_free(disk);
    trial->is_bad = !is_good;
    return is_good;
}

static void breach_print(const struct cut_disk *disk, size_t step, size_t position)
{
    static char words[20000];
    cut_words(disk, 0, words, sizeof words);
    size_t len = strlen(words);
    printf("    step %zu, cut after event %zu of %zu: ...%s\n", step, position, disk->events,
           len > 160 ? words + len - 160 : words);
}

/* All states from event `from` to `to`, where `trial->other` alone is due. */
static void span_tried(const struct cut_disk *disk, size_t from, size_t to, size_t tears,
                       struct trial *trial)
{
    for (size_t at = from; at <= to && !trial->is_bad; at++) {
        struct trial last = *trial;
        last.one = last.other;
        (void)cut_states(disk, at, tears, random_below(1000), state_tried,
                         at == to ? &last : trial);
        if (at == to) {
            trial->states = last.states;
            trial->is_bad = last.is_bad;
        }
        if (trial->is_bad) {
            breach_print(disk, trial->step, at);
        }
    }
    CHECK(!trial->is_bad);
}

static struct cut_disk *disk_new(void)
{
    struct cut_image image = {.file_count = 0};
    port->prepare(&image);
    struct cut_disk *disk = cut_begin(folder, &image, port->page_bytes);
    cut_image_free(&image);
    return disk;
}

/* The story in one go; where each step begins. */
static struct cut_disk *story_lived(size_t starts[CUT_STEPS + 1])
{
    struct cut_disk *disk = disk_new();
    CHECK_INT_EQ(cut_store_open(), 0);
    for (size_t step = 0; step < CUT_STEPS; step++) {
        starts[step] = disk->events;
        CHECK_INT_EQ(cut_step_run(cut_story_step(step)), 0);
    }
    starts[CUT_STEPS] = disk->events;
    cut_store_close();
    return disk;
}

static void case_cut_at_every_call(void)
{
    size_t starts[CUT_STEPS + 1];
    struct cut_disk *disk = story_lived(starts);
    struct trial trial = {.one = cut_picture_due(0), .other = cut_picture_due(0)};
    trial.step = CUT_STEPS; /* the opening itself */
    span_tried(disk, 0, starts[0], TEARS_MANY, &trial);
    for (size_t step = 0; step < CUT_STEPS && !trial.is_bad; step++) {
        trial.one = cut_picture_due(step);
        trial.other = cut_picture_due(step + 1);
        trial.step = step;
        span_tried(disk, starts[step], starts[step + 1], TEARS_MANY, &trial);
    }
    printf("    %d states; before the answer %d old, %d new\n", trial.states, trial.found_one,
           trial.found_other);
    CHECK(trial.states >= port->cuts_min && trial.found_one > 100 && trial.found_other > 30);
    cut_disk_free(disk);
}

/* A medium as step `step` finds it; step 0 finds one on which nothing was ever opened. */
static struct cut_disk *disk_before(const struct cut_disk *lived, const size_t *starts, size_t step)
{
    struct cut_image image;
    if (step == 0) {
        return disk_new();
    }
    cut_image_after(lived, starts[step], NULL, &image);
    struct cut_disk *disk = cut_begin(folder, &image, port->page_bytes);
    cut_image_free(&image);
    return disk;
}

/* Every state at the end, where `told` is due and nothing else. */
static void end_tried(const struct cut_disk *disk, const struct cut_picture *told, size_t step,
                      int *states)
{
    struct trial trial = {.one = *told, .other = *told, .step = CUT_STEPS};
    (void)cut_states(disk, disk->events, TEARS_FEW, random_below(1000), state_tried, &trial);
    *states += trial.states;
    CHECK(!trial.is_bad);
    if (trial.is_bad) {
        breach_print(disk, step, disk->events);
    }
}

/* The agent dies at call `n` of opening and of the step; the next one opens what is there, cached
 * or durable, and what it reads survives a cut. */
static bool killed_at(struct cut_disk *disk, size_t step, int n, int *states)
{
    struct cut_picture before = cut_picture_due(step);
    struct cut_picture after = cut_picture_due(step + 1);
    struct cut_picture told;
    cut_die(disk, n);
    if (cut_store_open() == 0) {
        (void)cut_step_run(cut_story_step(step));
    }
    cut_store_close();
    bool has_struck = disk->has_struck;
    cut_heal(disk);
    CHECK_INT_EQ(cut_store_open(), 0);
    bool is_good = cut_picture_read(&before, &after, &told);
    CHECK(is_good);
    if (n % 2 == 0 && is_good) {
        CHECK_INT_EQ(cut_step_run(cut_story_step(step)), 0);
        told = after;
    }
    cut_store_close();
    if (is_good) {
        end_tried(disk, &told, step, states);
    }
    return has_struck;
}

static void case_agent_killed_at_every_call(void)
{
    size_t starts[CUT_STEPS + 1];
    struct cut_disk *lived = story_lived(starts);
    int kills = 0;
    int states = 0;
    for (size_t step = 0; step < CUT_STEPS && check_failures_ == 0; step++) {
        bool has_struck = true;
        for (int n = 1; has_struck && check_failures_ == 0; n++) {
            struct cut_disk *disk = disk_before(lived, starts, step);
            has_struck = killed_at(disk, step, n, &states);
            kills += has_struck;
            if (check_failures_ > 0) {
                printf("    step %zu, killed at call %d\n", step, n);
            }
            cut_disk_free(disk);
        }
    }
    printf("    %d kills, %d states\n", kills, states);
    CHECK(kills > 60);
    cut_disk_free(lived);
}

/* --- failures --- */

struct fault {
    int failure;
    bool is_repeating;
    enum cut_remains remains;
};

/* The next write after a failure keeps what was told, or does what it answers. */
static void gone_on(struct cut_disk *disk, size_t step, const struct cut_picture *told, int *states)
{
    struct cut_picture after = cut_picture_due(step + 1);
    struct trial trial = {.one = *told, .other = after, .step = step};
    size_t from = disk->events;
    CHECK_INT_EQ(cut_step_run(cut_story_step(step)), 0);
    cut_store_close();
    if (check_failures_ == 0) {
        span_tried(disk, from, disk->events, TEARS_FEW, &trial);
    }
    *states += trial.states;
}

/* Call `n` of the step fails. What is answered is so; what is read then is old or new and stays. */
static bool failed_at(struct cut_disk *disk, size_t step, int n, const struct fault *fault,
                      int *states)
{
    struct cut_picture before = cut_picture_due(step);
    struct cut_picture after = cut_picture_due(step + 1);
    struct cut_picture told;
    CHECK_INT_EQ(cut_store_open(), 0);
    cut_strike(disk, n, fault->failure, fault->is_repeating, fault->remains);
    int rc = cut_step_run(cut_story_step(step));
    bool has_struck = disk->has_struck;
    cut_heal(disk);
    bool is_refused = rc == ERR_STORE || (fault->failure == ENOSPC && rc == ERR_STATE_FULL);
    CHECK(rc == 0 || (has_struck && is_refused));
    CHECK(rc != 0 || fault->failure == 0 || fault->failure == EINTR || !fault->is_repeating ||
          !has_struck);
    bool is_good = cut_picture_read(rc == 0 ? &after : &before, &after, &told);
    CHECK(is_good);
    if (!is_good) {
        cut_store_close();
    } else if (n % 3 == 0) {
        cut_store_close();
        end_tried(disk, &told, step, states);
    } else {
        gone_on(disk, step, &told, states);
    }
    return has_struck;
}

static const struct fault faults[] = {
    {EIO, false, CUT_REMAINS_NONE},   {EIO, false, CUT_REMAINS_HALF},
    {EIO, false, CUT_REMAINS_ALL},    {EIO, true, CUT_REMAINS_NONE},
    {EIO, true, CUT_REMAINS_ALL},     {ENOSPC, false, CUT_REMAINS_HALF},
    {ENOSPC, true, CUT_REMAINS_HALF}, {0, false, CUT_REMAINS_ALL},
    {0, true, CUT_REMAINS_ALL},
};

static void case_every_call_fails(void)
{
    size_t starts[CUT_STEPS + 1];
    struct cut_disk *lived = story_lived(starts);
    int failures = 0;
    int states = 0;
    for (size_t step = 0; step < CUT_STEPS && check_failures_ == 0; step++) {
        for (size_t f = 0; f < COUNT_OF(faults) && check_failures_ == 0; f++) {
            bool has_struck = true;
            for (int n = 1; has_struck && check_failures_ == 0; n++) {
                if (((size_t)n + f) % port->fault_stride != 0) {
                    continue; /* each call meets every other fault, each fault every other call */
                }
                struct cut_disk *disk = disk_before(lived, starts, step);
                has_struck = failed_at(disk, step, n, &faults[f], &states);
                failures += has_struck;
                if (check_failures_ > 0) {
                    printf("    step %zu, call %d, fault %zu\n", step, n, f);
                }
                cut_disk_free(disk);
            }
        }
    }
    printf("    %d failures, %d states\n", failures, states);
    CHECK(failures > 150);
    cut_disk_free(lived);
}

/* Opening fails at each call: it says so, and the next opening is whole. */
static void case_opening_fails_at_every_call(void)
{
    struct cut_picture due = cut_picture_due(1);
    int failures = 0;
    int states = 0;
    for (size_t f = 0; f < COUNT_OF(faults) && check_failures_ == 0; f++) {
        bool has_struck = true;
        for (int n = 1; has_struck && check_failures_ == 0; n++) {
            struct cut_disk *disk = disk_new();
            cut_strike(disk, n, faults[f].failure, faults[f].is_repeating, faults[f].remains);
            (void)cut_store_open();
            has_struck = disk->has_struck;
            failures += has_struck;
            cut_heal(disk);
            cut_store_close();
            CHECK_INT_EQ(cut_store_open(), 0);
            CHECK_INT_EQ(cut_step_run(cut_story_step(0)), 0);
            cut_store_close();
            end_tried(disk, &due, 0, &states);
            cut_disk_free(disk);
        }
    }
    printf("    %d failures, %d states\n", failures, states);
    CHECK(failures > 20);
}

/* --- calls in words --- */

static void words_are(const struct cut_disk *disk, size_t *from, enum cut_operation operation)
{
    char words[600];
    cut_words(disk, *from, words, sizeof words);
    CHECK_STR_EQ(words, port->calls[operation]);
    *from = disk->events;
}

static void case_calls_of_each_operation(void)
{
    static const struct cut_step removal = {true, "release", NULL};
    static const struct cut_step third = {false, "app", "three"};
    struct cut_picture told;
    struct cut_picture due = cut_picture_due(2);
    size_t from = 0;
    struct cut_disk *disk = disk_new();
    CHECK_INT_EQ(cut_store_open(), 0);
    words_are(disk, &from, CUT_OP_OPEN_FIRST);
    CHECK_INT_EQ(cut_step_run(cut_story_step(0)), 0);
    words_are(disk, &from, CUT_OP_RECORD_FIRST);
    CHECK_INT_EQ(cut_step_run(cut_story_step(1)), 0);
    words_are(disk, &from, CUT_OP_BLOB_FIRST);
    CHECK_INT_EQ(cut_step_run(cut_story_step(1)), 0);
    words_are(disk, &from, CUT_OP_BLOB_SAME);
    CHECK(cut_picture_read(&due, &due, &told)); /* one record, one blob */
    words_are(disk, &from, CUT_OP_READ);
    CHECK_INT_EQ(cut_step_run(cut_story_step(2)), 0);
    words_are(disk, &from, CUT_OP_RECORD_AGAIN);
    CHECK_INT_EQ(cut_step_run(&third), 0);
    words_are(disk, &from, CUT_OP_RECORD_AGAIN);
    CHECK_INT_EQ(cut_step_run(&removal), 0);
    words_are(disk, &from, CUT_OP_REMOVE);
    CHECK_INT_EQ(cut_step_run(&removal), 0);
    words_are(disk, &from, CUT_OP_REMOVE_NOTHING);
    cut_store_close();
    CHECK_INT_EQ(cut_store_open(), 0);
    words_are(disk, &from, CUT_OP_OPEN);
    cut_store_close();
    cut_disk_free(disk);
}

int store_cuts_run(const struct cut_port *given, const struct check_case *more, size_t more_count,
                   int argc, char **argv)
{
    struct check_case cases[16] = {
        {"calls of each operation", case_calls_of_each_operation},
        {"cut at every call", case_cut_at_every_call},
        {"agent killed at every call", case_agent_killed_at_every_call},
        {"every call fails", case_every_call_fails},
        {"opening fails at every call", case_opening_fails_at_every_call},
    };
    size_t count = 5;
    for (size_t i = 0; i < more_count; i++) {
        cases[count++] = more[i];
    }
    port = given;
    cut_story_begin(given);
    bool has_memory =
        access("/dev/shm", W_OK) == 0; /* nothing is synced for real: any folder does */
    (void)snprintf(folder, sizeof folder, "%s/berth-cuts-XXXXXX", has_memory ? "/dev/shm" : "/tmp");
    if (mkdtemp(folder) == NULL) {
        return EXIT_FAILURE;
    }
    int status = check_run(cases, count, argc, argv);
    cut_folder_empty(folder);
    (void)rmdir(folder);
    return status;
}
