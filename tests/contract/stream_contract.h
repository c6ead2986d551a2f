/* stream_contract: what every stream must do, secured or not, as cases over a fixture. */
#ifndef TESTS_CONTRACT_STREAM_CONTRACT_H
#define TESTS_CONTRACT_STREAM_CONTRACT_H

#include <stdbool.h>

#include "platform/stream.h"

/* A stream under test, and its peer: it sends every line back with its bytes reversed, but for the
 * line "CLOSE", at which it closes the connection; then it waits for the next. */
struct stream_fixture {
    struct stream stream;
    /* One turn of the loop, a few milliseconds at most. */
    void (*pump)(void *self);
    /* The peer is there, anew where it was killed. */
    void (*peer_start)(void *self);
    /* It stops reading and writing until it is let go on; its connections stay. */
    void (*peer_pause)(void *self, bool is_paused);
    /* It dies, and its connections with it. */
    void (*peer_kill)(void *self);
    void *self;
};

/* What a user was told. Zeroed before open. */
struct stream_seen {
    int opened, ready, closed;
    int code; /* of closed */
    char text[ERR_TEXT_BYTES];
};

/* A user that only writes down; fails the case when it is called from inside an op below. */
struct stream_user stream_seen_user(struct stream_seen *seen);

/* Ops with a mark around them, so that a callback from inside is noticed. */
int stream_open(struct stream stream, const struct stream_user *user, struct err *err);
int stream_read(struct stream stream, void *data, size_t cap, size_t *got, struct err *err);
int stream_write(struct stream stream, struct span bytes, size_t *taken, struct err *err);
void stream_close(struct stream stream);

/* Runs the cases (only those whose name contains argv[1]); returns the program's exit status. */
int stream_contract_run(struct stream_fixture *fixture, int argc, char **argv);

#endif
