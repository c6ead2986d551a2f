/* clock_linux: the clock's suite over the kernel's clocks, and the entropy and log beside them. */
#include "tests/contract/clock_contract.h"

#include <time.h>
#include <unistd.h>

#include "platform/base/units.h"
#include "ports/linux/clock.h"
#include "ports/linux/entropy.h"
#include "ports/linux/log.h"
#include "tests/check.h"

struct world {
    struct linux_clock clock;
    struct clock_fixture fixture;
};

static void world_pass(void *self, int64_t ms)
{
    const struct timespec time = {.tv_nsec = (long)ms * 1000000};
    (void)self;
    nanosleep(&time, NULL);
}

static void world_restart(void *self)
{
    struct world *world = self;
    struct err err;
    if (linux_clock_init(&world->clock, 0, &err) != 0) {
        printf("%s\n", err.text);
        abort();
    }
    world->fixture.clock = linux_clock_interface(&world->clock);
}

/* From the floor on it goes on: a busy machine reads it a little later. */
static bool is_at_floor(struct clock *face, wall_ms floor, bool *is_trusted)
{
    wall_ms now = face->ops->wall(face->self, is_trusted);
    return now >= floor && now < floor + MINUTES_MS(10);
}

static void case_wall_is_never_below_its_floor(void)
{
    const wall_ms floor = 9000000000000LL; /* in the year 2255 */
    struct linux_clock clock;
    bool is_trusted = true;
    CHECK_INT_EQ(linux_clock_init(&clock, floor, NULL), 0);
    struct clock face = linux_clock_interface(&clock);
    CHECK(is_at_floor(&face, floor, &is_trusted));
    CHECK(!is_trusted);
}

static void case_floor_only_grows(void)
{
    const wall_ms floor = 9000000000000LL;
    struct linux_clock clock;
    bool is_trusted = true;
    CHECK_INT_EQ(linux_clock_init(&clock, 0, NULL), 0);
    struct clock face = linux_clock_interface(&clock);
    wall_ms real = face.ops->wall(face.self, &is_trusted);
    CHECK(real < floor);
    linux_clock_raise(&clock, real / 2); /* a floor below the time changes nothing */
    CHECK(face.ops->wall(face.self, &is_trusted) >= real);
    linux_clock_raise(&clock, floor);
    linux_clock_raise(&clock, floor - 1);
    CHECK(is_at_floor(&face, floor, &is_trusted));
    CHECK(!is_trusted);
}

static void case_entropy_fills_all(void)
{
    struct entropy entropy = linux_entropy_interface();
    unsigned char first[256] = {0};
    unsigned char second[256] = {0};
    unsigned zeros = 0;
    CHECK_INT_EQ(entropy.ops->fill(entropy.self, first, sizeof first, NULL), 0);
    CHECK_INT_EQ(entropy.ops->fill(entropy.self, second, 255, NULL), 0);
    CHECK(memcmp(first, second, 255) != 0);
    CHECK_INT_EQ(second[255], 0);
    for (size_t i = 0; i < sizeof first; i++) {
        zeros += first[i] == 0;
    }
    CHECK(zeros < 32);
}

/* One logged line as it arrives in a pipe; "" when none came. */
static const char *logged(enum log_level most, enum log_level level, const char *text)
{
    static char line[2 * LOG_LINE_BYTES_MAX];
    int fds[2];
    struct linux_log log;
    CHECK_INT_EQ(pipe(fds), 0);
    linux_log_init(&log, fds[1], most);
    struct log face = linux_log_interface(&log);
    face.ops->line(face.self, level, text);
    close(fds[1]);
    ssize_t got = read(fds[0], line, sizeof line - 1);
    line[got > 0 ? got : 0] = '\0';
    close(fds[0]);
    return line;
}

static void case_log_is_one_bounded_line(void)
{
    char text[2 * LOG_LINE_BYTES_MAX];
    const char *line = logged(LOG_LEVEL_INFO, LOG_LEVEL_WARNING, "a\nb\x1b[31m");
    CHECK_CONTAINS(line, "Z warning a?b?[31m\n");
    CHECK(strchr(line, '\n') == line + strlen(line) - 1);
    CHECK_STR_EQ(logged(LOG_LEVEL_INFO, LOG_LEVEL_DEBUG, "quiet"), "");
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    line = logged(LOG_LEVEL_INFO, LOG_LEVEL_ERROR, text);
    CHECK_INT_EQ(strlen(strchr(line, 'x')), LOG_LINE_BYTES_MAX); /* with its newline */
}

/* A reader that stopped reading loses lines; the writer goes on. */
static void case_log_never_blocks(void)
{
    int fds[2];
    struct linux_log log;
    CHECK_INT_EQ(pipe(fds), 0);
    linux_log_init(&log, fds[1], LOG_LEVEL_INFO);
    struct log face = linux_log_interface(&log);
    for (int i = 0; i < 10000; i++) {
        face.ops->line(face.self, LOG_LEVEL_INFO, "a line that nobody reads, again and again");
    }
    close(fds[0]);
    close(fds[1]);
}

int main(int argc, char **argv)
{
    static const struct check_case own[] = {
        {"linux: wall is never below its floor", case_wall_is_never_below_its_floor},
        {"linux: floor only grows", case_floor_only_grows},
        {"linux: entropy fills all", case_entropy_fills_all},
        {"linux: log is one bounded line", case_log_is_one_bounded_line},
        {"linux: log never blocks", case_log_never_blocks},
    };
    static struct world world = {.fixture = {.pass = world_pass, .restart = world_restart}};
    world.fixture.self = &world;
    world_restart(&world);
    int status = EXIT_SUCCESS;
    if (argc < 2 || strncmp(argv[1], "linux", 5) != 0) {
        status = clock_contract_run(&world.fixture, argc, argv);
    }
    if (argc < 2 || strncmp(argv[1], "linux", 5) == 0) {
        int of_own = check_run(own, COUNT_OF(own), argc, argv);
        status = status == EXIT_SUCCESS ? of_own : status;
    }
    return status;
}
