/* linux_loop: the loop's promises: order of timers, dropped readiness, the size of its table. */
#include "ports/linux/loop.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/check.h"

static struct linux_loop the_loop;
static struct loop loop;
static char trace[64];

struct mark {
    struct loop_timer timer;
    char letter;
    struct mark *other;
    int again;
};

static void trace_add(char letter)
{
    size_t len = strlen(trace);
    if (len + 1 < sizeof trace) {
        trace[len] = letter;
        trace[len + 1] = '\0';
    }
}

static void start(void)
{
    trace[0] = '\0';
    CHECK_INT_EQ(linux_loop_init(&the_loop, NULL), 0);
    loop = linux_loop_interface(&the_loop);
}

static void marked(void *ctx)
{
    struct mark *mark = ctx;
    trace_add(mark->letter);
    if (mark->other != NULL) {
        loop.ops->disarm(loop.self, &mark->other->timer);
    }
    if (mark->again > 0) {
        mark->again--;
        loop.ops->arm(loop.self, &mark->timer, 0, marked, mark);
    }
}

static void case_timers_in_order(void)
{
    struct mark marks[5] = {
        {.letter = 'a'}, {.letter = 'b'}, {.letter = 'c'}, {.letter = 'd'}, {.letter = 'e'}};
    start();
    mono_ms now = loop.ops->now(loop.self);
    loop.ops->arm(loop.self, &marks[0].timer, now + 3, marked, &marks[0]);
    loop.ops->arm(loop.self, &marks[1].timer, now + 1, marked, &marks[1]);
    loop.ops->arm(loop.self, &marks[2].timer, now + 3, marked, &marks[2]);
    loop.ops->arm(loop.self, &marks[3].timer, now + 1, marked, &marks[3]);
    loop.ops->arm(loop.self, &marks[4].timer, now + 2, marked, &marks[4]);
    loop.ops->arm(loop.self, &marks[0].timer, now + 3, marked, &marks[0]); /* moves behind c */
    CHECK_STR_EQ(trace, "");
    while (loop.ops->now(loop.self) <= now + 3) {
        linux_loop_run_once(&the_loop, 50);
    }
    linux_loop_run_once(&the_loop, 0);
    CHECK_STR_EQ(trace, "bdeca");
    linux_loop_close(&the_loop);
}

static void case_timer_disarmed_by_another_in_the_same_turn(void)
{
    struct mark marks[3] = {{.letter = 'a'}, {.letter = 'b'}, {.letter = 'c'}};
    start();
    marks[0].other = &marks[1];
    for (size_t i = 0; i < 3; i++) {
        loop.ops->arm(loop.self, &marks[i].timer, 1, marked, &marks[i]);
    }
    linux_loop_run_once(&the_loop, 0);
    linux_loop_run_once(&the_loop, 0);
    CHECK_STR_EQ(trace, "ac");
    loop.ops->disarm(loop.self, &marks[1].timer); /* disarming what is not armed is nothing */
    linux_loop_close(&the_loop);
}

static void case_timer_armed_in_its_callback_waits_a_turn(void)
{
    struct mark mark = {.letter = 'a', .again = 3};
    start();
    loop.ops->arm(loop.self, &mark.timer, 0, marked, &mark);
    linux_loop_run_once(&the_loop, 0);
    CHECK_STR_EQ(trace, "a");
    linux_loop_run_once(&the_loop, 0);
    CHECK_STR_EQ(trace, "aa");
    linux_loop_run_once(&the_loop, 0);
    linux_loop_run_once(&the_loop, 0);
    linux_loop_run_once(&the_loop, 0);
    CHECK_STR_EQ(trace, "aaaa");
    linux_loop_close(&the_loop);
}

/* Two pairs, both readable: whoever comes first stops, closes and replaces the other. */
static int pairs[2][2];
static int calls[3];

static void replaced(void *ctx, int fd, unsigned events)
{
    (void)ctx;
    (void)fd;
    (void)events;
    calls[2]++;
}

static void stopper(void *ctx, int fd, unsigned events)
{
    size_t own = *(const size_t *)ctx;
    size_t other = 1 - own;
    (void)fd;
    CHECK_INT_EQ(events, LOOP_READ);
    calls[own]++;
    int number = pairs[other][0];
    CHECK_INT_EQ(loop.ops->watch(loop.self, number, 0, NULL, NULL, NULL), 0);
    close(number);
    close(pairs[other][1]);
    CHECK_INT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[other]), 0);
    CHECK_INT_EQ(pairs[other][0], number); /* the same number, another descriptor */
    CHECK_INT_EQ(loop.ops->watch(loop.self, number, LOOP_READ, replaced, NULL, NULL), 0);
    CHECK_INT_EQ(loop.ops->watch(loop.self, pairs[own][0], 0, NULL, NULL, NULL), 0);
}

static void case_readiness_of_a_stopped_descriptor_is_dropped(void)
{
    static const size_t index[] = {0, 1};
    start();
    memset(calls, 0, sizeof calls);
    for (size_t i = 0; i < 2; i++) {
        CHECK_INT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[i]), 0);
        CHECK_INT_EQ(write(pairs[i][1], "x", 1), 1);
        CHECK_INT_EQ(loop.ops->watch(loop.self, pairs[i][0], LOOP_READ, stopper,
                                     (void *)(uintptr_t)&index[i], NULL),
                     0);
    }
    linux_loop_run_once(&the_loop, 0);
    linux_loop_run_once(&the_loop, 0);
    CHECK_INT_EQ(calls[0] + calls[1], 1);
    CHECK_INT_EQ(calls[2], 0);
    for (size_t i = 0; i < 2; i++) {
        (void)loop.ops->watch(loop.self, pairs[i][0], 0, NULL, NULL, NULL);
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
    linux_loop_close(&the_loop);
}

static unsigned last_events;

static void noted(void *ctx, int fd, unsigned events)
{
    (void)ctx;
    (void)fd;
    last_events = events;
}

static void case_hang_up_shows_as_both(void)
{
    int fds[2];
    start();
    CHECK_INT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    CHECK_INT_EQ(loop.ops->watch(loop.self, fds[0], LOOP_WRITE, noted, NULL, NULL), 0);
    linux_loop_run_once(&the_loop, 0);
    CHECK_INT_EQ(last_events, LOOP_WRITE);
    CHECK_INT_EQ(loop.ops->watch(loop.self, fds[0], LOOP_READ, noted, NULL, NULL), 0);
    last_events = 0;
    linux_loop_run_once(&the_loop, 0);
    CHECK_INT_EQ(last_events, 0);
    close(fds[1]);
    linux_loop_run_once(&the_loop, 0);
    CHECK_INT_EQ(last_events, LOOP_READ | LOOP_WRITE);
    CHECK_INT_EQ(loop.ops->watch(loop.self, fds[0], 0, NULL, NULL, NULL), 0);
    close(fds[0]);
    linux_loop_close(&the_loop);
}

static void case_table_is_bounded(void)
{
    static int fds[LINUX_LOOP_WATCHES_MAX + 1];
    int fds_pair[2];
    start();
    CHECK_INT_EQ(pipe2(fds_pair, O_CLOEXEC), 0);
    for (size_t i = 0; i < LINUX_LOOP_WATCHES_MAX + 1; i++) {
        fds[i] = dup(fds_pair[0]);
        CHECK_INT_EQ(loop.ops->watch(loop.self, fds[i], LOOP_READ, noted, NULL, NULL),
                     i < LINUX_LOOP_WATCHES_MAX ? 0 : ERR_LIMIT);
    }
    CHECK_INT_EQ(loop.ops->watch(loop.self, fds[7], 0, NULL, NULL, NULL), 0);
    CHECK_INT_EQ(
        loop.ops->watch(loop.self, fds[LINUX_LOOP_WATCHES_MAX], LOOP_READ, noted, NULL, NULL), 0);
    for (size_t i = 0; i < LINUX_LOOP_WATCHES_MAX + 1; i++) {
        CHECK_INT_EQ(loop.ops->watch(loop.self, fds[i], 0, NULL, NULL, NULL), 0);
        close(fds[i]);
    }
    close(fds_pair[0]);
    close(fds_pair[1]);
    linux_loop_close(&the_loop);
}

static void stopped(void *ctx)
{
    (void)ctx;
    trace_add('s');
    linux_loop_stop(&the_loop);
}

static void case_run_until_stopped(void)
{
    struct loop_timer timer = {0};
    start();
    loop.ops->arm(loop.self, &timer, loop.ops->now(loop.self) + 2, stopped, NULL);
    linux_loop_run(&the_loop);
    CHECK_STR_EQ(trace, "s");
    linux_loop_close(&the_loop);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"timers in order", case_timers_in_order},
        {"timer disarmed by another in the same turn",
         case_timer_disarmed_by_another_in_the_same_turn},
        {"timer armed in its callback waits a turn", case_timer_armed_in_its_callback_waits_a_turn},
        {"readiness of a stopped descriptor is dropped",
         case_readiness_of_a_stopped_descriptor_is_dropped},
        {"hang-up shows as both", case_hang_up_shows_as_both},
        {"table is bounded", case_table_is_bounded},
        {"run until stopped", case_run_until_stopped},
    };
    return check_run(cases, sizeof cases / sizeof cases[0], argc, argv);
}
