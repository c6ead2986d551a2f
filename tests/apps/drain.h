/* drain.h: what a server must know so that an update of it fails no request. */
#ifndef TESTS_APPS_DRAIN_H
#define TESTS_APPS_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

/* noticed: answers say "Connection: close". stop_by_ms: 0 until SIGTERM, then the last moment. */
struct drain {
    int signal_fd;
    bool noticed;
    int64_t stop_by_ms;
};

/* Blocks SIGUSR1 (the notice) and SIGTERM and opens signal_fd, which becomes readable when one of
 * them arrives. False, with errno set, when the kernel refuses. */
bool drain_open(struct drain *drain);

/* Takes what has arrived on signal_fd; never blocks. The first SIGTERM fixes stop_by_ms. */
void drain_read(struct drain *drain, int64_t now_ms);

/* Asked before each answer. False: say "Connection: close" and close after the answer. */
bool drain_keeps_open(const struct drain *drain, bool client_wants_more);

/* Asked after each round of the loop, with the number of connections whose client is owed an
 * answer. True: exit now. */
bool drain_is_done(const struct drain *drain, int64_t now_ms, int in_flight);

#endif
