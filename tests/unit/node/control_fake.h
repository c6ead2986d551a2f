/* control_fake: a conductor that says what the test told it to, and a peer that keeps what it is
 * sent. */
#ifndef TESTS_UNIT_NODE_CONTROL_FAKE_H
#define TESTS_UNIT_NODE_CONTROL_FAKE_H

#include "agent/node/control.h"

/* What the conductor's functions answer and were asked, one for each test program. */
struct fake_conductor {
    char status[8192];
    size_t status_pad; /* blanks after it */
    struct event events[8];
    size_t event_count;
    int refusal; /* activate and rollback return this code, when not 0 */
    char body[256];
    bool was_forced;
    char app[NAME_BYTES];
    unsigned asked; /* activates and rollbacks */
    conductor_done done;
    void *done_ctx;
    conductor_heard heard;
    void *heard_ctx;
};

extern struct fake_conductor fake;

/* Empties it. */
void fake_reset(void);

/* Makes an event happen. */
void fake_event(const char *app, const char *text);

/* A peer's end of the line. */
struct fake_peer {
    struct control_peer *peer;
    char sent[32768];
    size_t len;
    bool is_finished, is_kept;
};

/* Connects with `uid`; peer->peer is NULL when refused. */
void fake_connect(struct fake_peer *peer, struct control *control, uint32_t uid);

/* Gives a whole request at once. */
void fake_ask(struct fake_peer *peer, const char *request);

#endif
