/* conn.h: one client's connection: read a request, answer it, in order, as often as asked. */
#ifndef TESTS_APPS_CONN_H
#define TESTS_APPS_CONN_H

#include "paths.h"

#include <poll.h>

/* reading: waits for a request, or the rest of one. waiting: the answer is owed later (/slow,
 * /peer). writing: the answer is on its way. lingering: everything was answered and our side is
 * shut; closing before the client does could destroy the answer by a reset. */
enum conn_state { CONN_READING, CONN_WAITING, CONN_WRITING, CONN_LINGERING, CONN_OVER };

struct conn {
    int fd;
    int peer_fd;
    enum conn_state state;
    bool has_answered;
    bool is_head;
    bool client_wants_more;
    bool keeps_open;
    int64_t due_ms;
    struct sockaddr_in client;
    struct answer answer;
    size_t in_len;
    size_t out_len;
    size_t out_sent;
    char in[8192];
    char out[sizeof(((struct answer *)0)->body) + 256];
};

/* Takes ownership of fd, which is not blocking. NULL when memory is short; fd is closed then. */
struct conn *conn_new(int fd, const struct sockaddr_in *client);

/* Closes and frees; *conn becomes NULL. */
void conn_free(struct conn **conn);

/* Says what to poll for: fills the two entries (the second's fd is -1 when there is no peer). */
void conn_poll_set(const struct conn *conn, struct pollfd polls[2]);

/* Does what can be done without blocking, given what poll found (zeroes are fine: time may have
 * passed). Afterwards the state is CONN_OVER when the connection is to be freed. */
void conn_run(struct conn *conn, struct site *site, const struct pollfd polls[2], int64_t now_ms);

/* True while the client is owed something: an answer, or the first one on a new connection, whose
 * request is certainly on its way. */
bool conn_is_in_flight(const struct conn *conn);

/* The moment something is due without an event; INT64_MAX for none. */
int64_t conn_due_ms(const struct conn *conn);

#endif
