/* client.h: one client of the load: asks, judges the answer, rests, asks again. */
#ifndef TESTS_LOAD_CLIENT_H
#define TESTS_LOAD_CLIENT_H

#include "options.h"
#include "tally.h"

#include <stddef.h>

/* resting: until due_us, with fd open if the connection is kept. connecting and reading: a request
 * is in flight, until due_us. closing: answered; the server was asked to close and does so first,
 * which leaves the waiting (TIME_WAIT) and its used-up ports to the server. */
enum client_state { CLIENT_RESTING, CLIENT_CONNECTING, CLIENT_READING, CLIENT_CLOSING };

struct client {
    enum client_state state;
    int target;
    bool is_keepalive;
    int fd;
    uint16_t local_port;
    uint64_t answers;
    int64_t asked_us;
    int64_t due_us;
    size_t len;
    char buf[4096];
};

/* What all clients share. */
struct crowd {
    struct options options;
    struct tally tally;
    int epoll_fd;
    bool is_stopping;
    uint16_t port_next; /* of options.port_first to port_last, in turn */
};

void client_init(struct client *client, int target, bool is_keepalive, int64_t due_us);

/* The socket has something to say. */
void client_event(struct client *client, struct crowd *crowd, int64_t now_us);

/* due_us has come: asks the next request, or gives up the one in flight. */
void client_due(struct client *client, struct crowd *crowd, int64_t now_us);

/* True while the answer to a request is owed. */
bool client_is_in_flight(const struct client *client);

/* Gives up at once: a request in flight counts as timed out. */
void client_close(struct client *client, struct crowd *crowd, int64_t now_us);

#endif
