/* turn_loop: poll, without waiting, over a small table. */
#include "turn_loop.h"

#include <poll.h>
#include <stddef.h>
#include <string.h>

#define WATCHES 32

struct watch {
    int fd;
    unsigned events;
    loop_ready ready;
    void *ctx;
};

/* One loop a test program. */
static struct {
    struct watch watches[WATCHES];
    struct loop_timer *timers;
    mono_ms now;
} turn;

static int turn_watch(void *self, int fd, unsigned events, loop_ready ready, void *ctx,
                      struct err *err)
{
    struct watch *place = NULL;
    (void)self;
    for (size_t i = WATCHES; i-- > 0;) {
        if (turn.watches[i].events == 0 && place == NULL) {
            place = &turn.watches[i];
        }
    }
    for (size_t i = 0; i < WATCHES; i++) {
        place = turn.watches[i].events != 0 && turn.watches[i].fd == fd ? &turn.watches[i] : place;
    }
    if (place == NULL) {
        return err_set(err, ERR_LIMIT, "no place");
    }
    *place = (struct watch){.fd = fd, .events = events, .ready = ready, .ctx = ctx};
    return 0;
}

static void turn_disarm(void *self, struct loop_timer *timer)
{
    (void)self;
    for (struct loop_timer **at = &turn.timers; *at != NULL; at = &(*at)->next) {
        if (*at == timer) {
            *at = timer->next;
            break;
        }
    }
    timer->armed = 0;
}

static void turn_arm(void *self, struct loop_timer *timer, mono_ms due, loop_expired expired,
                     void *ctx)
{
    turn_disarm(self, timer);
    *timer = (struct loop_timer){.due = due, .expired = expired, .ctx = ctx, .armed = 1};
    timer->next = turn.timers;
    turn.timers = timer;
}

static mono_ms turn_now(void *self)
{
    (void)self;
    return turn.now;
}

static bool turn_timer(void)
{
    for (struct loop_timer *timer = turn.timers; timer != NULL; timer = timer->next) {
        if (timer->due <= turn.now) {
            turn_disarm(NULL, timer);
            timer->expired(timer->ctx);
            return true;
        }
    }
    return false;
}

static bool turn_ready(void)
{
    for (size_t i = 0; i < WATCHES; i++) {
        struct watch watch = turn.watches[i];
        struct pollfd one = {.fd = watch.fd};
        one.events = (short)(((watch.events & LOOP_READ) != 0 ? POLLIN : 0) |
                             ((watch.events & LOOP_WRITE) != 0 ? POLLOUT : 0));
        if (watch.events == 0 || poll(&one, 1, 0) != 1) {
            continue;
        }
        unsigned events = ((one.revents & POLLIN) != 0 ? LOOP_READ : 0) |
                          ((one.revents & POLLOUT) != 0 ? LOOP_WRITE : 0);
        watch.ready(watch.ctx, watch.fd,
                    (one.revents & (POLLERR | POLLHUP)) != 0 ? LOOP_READ | LOOP_WRITE : events);
        return true;
    }
    return false;
}

bool turn_once(void)
{
    return turn_timer() || turn_ready();
}

struct loop turn_loop(void)
{
    static const struct loop_ops ops = {turn_watch, turn_arm, turn_disarm, turn_now};
    return (struct loop){.ops = &ops};
}

void turn_reset(void)
{
    memset(&turn, 0, sizeof turn);
    turn.now = 1000;
}

void turn_pass(int64_t ms)
{
    turn.now += ms;
}

bool turn_is_armed(void)
{
    return turn.timers != NULL;
}
