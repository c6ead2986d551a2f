/* linux_loop: a table of descriptors behind epoll, and timers in a sorted list. */
#include "ports/linux/loop.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { READY_MAX = 32, WAIT_MS_MAX = 60000 };

mono_ms linux_loop_now(void)
{
    struct timespec now;
    int failed = clock_gettime(CLOCK_BOOTTIME, &now);
    assert(failed == 0);
    (void)failed;
    return (mono_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct linux_loop_watch *watch_find(struct linux_loop *loop, int fd)
{
    for (size_t i = 0; i < LINUX_LOOP_WATCHES_MAX; i++) {
        if (loop->watches[i].fd == fd) {
            return &loop->watches[i];
        }
    }
    return NULL;
}

static int watch_remove(struct linux_loop *loop, int fd)
{
    struct linux_loop_watch *watch = watch_find(loop, fd);
    if (watch != NULL) {
        /* Fails only where the user closed fd too early; the place is free either way. */
        (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        watch->fd = -1;
        watch->turn++;
    }
    return 0;
}

static int loop_watch(void *self, int fd, unsigned events, loop_ready ready, void *ctx,
                      struct err *err)
{
    struct linux_loop *loop = self;
    assert(fd >= 0);
    if (events == 0) {
        return watch_remove(loop, fd);
    }
    assert(ready != NULL);
    struct linux_loop_watch *watch = watch_find(loop, fd);
    bool is_new = watch == NULL;
    if (is_new) {
        watch = watch_find(loop, -1);
        if (watch == NULL) {
            return err_set(err, ERR_LIMIT, "more than %d descriptors in the event loop",
                           LINUX_LOOP_WATCHES_MAX);
        }
    }
    struct epoll_event event = {
        .events = ((events & LOOP_READ) != 0 ? (uint32_t)EPOLLIN : 0u) |
                  ((events & LOOP_WRITE) != 0 ? (uint32_t)EPOLLOUT : 0u),
        .data.u64 = (uint64_t)watch->turn << 32 | (uint64_t)(watch - loop->watches),
    };
    if (epoll_ctl(loop->epoll_fd, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0) {
        return err_set(err, ERR_IO, "watch descriptor %d: %s", fd, strerror(errno));
    }
    watch->fd = fd;
    watch->events = events;
    watch->ready = ready;
    watch->ctx = ctx;
    return 0;
}

static bool timer_unlink(struct loop_timer **list, struct loop_timer *timer)
{
    for (struct loop_timer **at = list; *at != NULL; at = &(*at)->next) {
        if (*at == timer) {
            *at = timer->next;
            return true;
        }
    }
    return false;
}

static void loop_disarm(void *self, struct loop_timer *timer)
{
    struct linux_loop *loop = self;
    if (timer->armed == 0) {
        return;
    }
    bool was_listed = timer_unlink(&loop->timers, timer) || timer_unlink(&loop->firing, timer);
    assert(was_listed);
    (void)was_listed;
    timer->next = NULL;
    timer->armed = 0;
}

static void loop_arm(void *self, struct loop_timer *timer, mono_ms due, loop_expired expired,
                     void *ctx)
{
    struct linux_loop *loop = self;
    assert(expired != NULL);
    loop_disarm(loop, timer);
    struct loop_timer **at = &loop->timers;
    while (*at != NULL && (*at)->due <= due) {
        at = &(*at)->next;
    }
    timer->due = due;
    timer->expired = expired;
    timer->ctx = ctx;
    timer->armed = 1;
    timer->next = *at;
    *at = timer;
}

static mono_ms loop_now(void *self)
{
    (void)self;
    return linux_loop_now();
}

int linux_loop_init(struct linux_loop *loop, struct err *err)
{
    memset(loop, 0, sizeof *loop);
    for (size_t i = 0; i < LINUX_LOOP_WATCHES_MAX; i++) {
        loop->watches[i].fd = -1;
    }
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        return err_set(err, ERR_IO, "create the event loop: %s", strerror(errno));
    }
    return 0;
}

void linux_loop_close(struct linux_loop *loop)
{
    close(loop->epoll_fd);
    loop->epoll_fd = -1;
    loop->timers = NULL;
    loop->firing = NULL;
}

struct loop linux_loop_interface(struct linux_loop *loop)
{
    static const struct loop_ops ops = {
        .watch = loop_watch,
        .arm = loop_arm,
        .disarm = loop_disarm,
        .now = loop_now,
    };
    return (struct loop){.ops = &ops, .self = loop};
}

static int wait_ms(const struct linux_loop *loop, int64_t max_wait_ms)
{
    int64_t wait = max_wait_ms < WAIT_MS_MAX ? max_wait_ms : WAIT_MS_MAX;
    if (loop->timers != NULL && loop->timers->due != MONO_NEVER) {
        int64_t left = loop->timers->due - linux_loop_now();
        wait = left < wait ? left : wait;
    }
    return wait > 0 ? (int)wait : 0;
}

static void dispatch_ready(struct linux_loop *loop, const struct epoll_event *event)
{
    struct linux_loop_watch *watch = &loop->watches[event->data.u64 & UINT32_MAX];
    if (watch->fd < 0 || watch->turn != (uint32_t)(event->data.u64 >> 32)) {
        return; /* no longer watched: an earlier callback of this turn stopped it */
    }
    unsigned events = 0;
    if ((event->events & EPOLLIN) != 0) {
        events |= watch->events & LOOP_READ;
    }
    if ((event->events & EPOLLOUT) != 0) {
        events |= watch->events & LOOP_WRITE;
    }
    if ((event->events & (EPOLLERR | EPOLLHUP)) != 0) {
        events = LOOP_READ | LOOP_WRITE;
    }
    if (events != 0) {
        watch->ready(watch->ctx, watch->fd, events);
    }
}

static void dispatch_timers(struct linux_loop *loop)
{
    mono_ms now = linux_loop_now();
    struct loop_timer **end = &loop->timers;
    while (*end != NULL && (*end)->due <= now) {
        end = &(*end)->next;
    }
    struct loop_timer *later = *end;
    *end = NULL;
    loop->firing = loop->timers;
    loop->timers = later;
    while (loop->firing != NULL) {
        struct loop_timer *timer = loop->firing;
        loop->firing = timer->next;
        timer->next = NULL;
        timer->armed = 0;
        timer->expired(timer->ctx);
    }
}

void linux_loop_run_once(struct linux_loop *loop, int64_t max_wait_ms)
{
    struct epoll_event ready[READY_MAX];
    int count = epoll_wait(loop->epoll_fd, ready, READY_MAX, wait_ms(loop, max_wait_ms));
    assert(count >= 0 || errno == EINTR);
    for (int i = 0; i < count; i++) {
        dispatch_ready(loop, &ready[i]);
    }
    dispatch_timers(loop);
}

void linux_loop_run(struct linux_loop *loop)
{
    while (!loop->is_stopping) {
        linux_loop_run_once(loop, WAIT_MS_MAX);
    }
    loop->is_stopping = false;
}

void linux_loop_stop(struct linux_loop *loop)
{
    loop->is_stopping = true;
}
