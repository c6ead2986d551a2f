/* watchdog_test: what a service manager hears, and how seldom the agent wakes for it. */
#include "ports/app/berthd/watchdog.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/check.h"

#define LIMIT_MS 60000

static int manager = -1;
static int told; /* in the turns so far */

static void manager_open(const char *usec, const char *pid)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[64];
    (void)snprintf(path, sizeof path, "@berth-watchdog-%d", (int)getpid());
    memcpy(address.sun_path, path, strlen(path));
    address.sun_path[0] = '\0';
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK(manager >= 0);
    CHECK_INT_EQ(bind(manager, (const struct sockaddr *)&address,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))),
                 0);
    CHECK_INT_EQ(setenv("NOTIFY_SOCKET", path, 1), 0);
    CHECK_INT_EQ(usec != NULL ? setenv("WATCHDOG_USEC", usec, 1) : unsetenv("WATCHDOG_USEC"), 0);
    CHECK_INT_EQ(pid != NULL ? setenv("WATCHDOG_PID", pid, 1) : unsetenv("WATCHDOG_PID"), 0);
}

static int heard(void)
{
    char text[64];
    int count = 0;
    ssize_t len;
    while ((len = recv(manager, text, sizeof text - 1, 0)) > 0) {
        text[len] = '\0';
        CHECK_STR_EQ(text, "WATCHDOG=1");
        count++;
    }
    return count;
}

/* Turns the loop every `each` ms for `for_ms`, and when the watchdog itself wants it. Returns how
 * often it was the watchdog alone. */
static int turn(struct watchdog *watchdog, mono_ms *now, int64_t each, int64_t for_ms)
{
    int woken = 0;
    mono_ms end = *now + for_ms;
    mono_ms next = *now + each;
    while (*now < end) {
        mono_ms due = watchdog_deadline(watchdog);
        woken += due < next;
        *now = due < next ? due : next;
        next = *now >= next ? next + each : next;
        watchdog_step(watchdog, *now);
        told += heard(); /* the socket keeps few */
    }
    return woken;
}

static void told_in_passing(void)
{
    struct watchdog watchdog;
    mono_ms now = 5000;
    manager_open("60000000", NULL);
    watchdog_init(&watchdog, now);
    CHECK_INT_EQ(turn(&watchdog, &now, 5000, 600000), 0);
    CHECK(told >= 20 && told <= 40);
    told = 0;
    CHECK_INT_EQ(turn(&watchdog, &now, 3600000, 600000), 20); /* nothing else to do */
    CHECK_INT_EQ(told, 20);
    close(manager);
}

/* A loop that does not turn says nothing. */
static void stuck_is_silent(void)
{
    struct watchdog watchdog;
    manager_open("60000000", NULL);
    watchdog_init(&watchdog, 0);
    watchdog_step(&watchdog, LIMIT_MS / 4 - 1);
    CHECK_INT_EQ(heard(), 0);
    CHECK_INT_EQ(watchdog_deadline(&watchdog), LIMIT_MS / 2);
    watchdog_step(&watchdog, LIMIT_MS / 4);
    CHECK_INT_EQ(heard(), 1);
    close(manager);
}

static void nobody_watches(void)
{
    static const char *const usec[] = {NULL, "", "0", "-5", "60x"};
    struct watchdog watchdog;
    for (size_t i = 0; i < COUNT_OF(usec); i++) {
        manager_open(usec[i], NULL);
        watchdog_init(&watchdog, 0);
        CHECK_INT_EQ(watchdog_deadline(&watchdog), MONO_NEVER);
        watchdog_step(&watchdog, 1000000);
        CHECK_INT_EQ(heard(), 0);
        close(manager);
    }
    manager_open("60000000", "1"); /* it is another process that is watched */
    watchdog_init(&watchdog, 0);
    CHECK_INT_EQ(watchdog_deadline(&watchdog), MONO_NEVER);
    close(manager);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"told in passing", told_in_passing},
        {"a loop that is stuck is silent", stuck_is_silent},
        {"nobody watches", nobody_watches},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
