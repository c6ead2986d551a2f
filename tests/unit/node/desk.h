/* desk: a conductor whose every port is a page on which its calls are written down, one a line, and
 * whose answers the test gives. One desk a program. */
#ifndef TESTS_UNIT_NODE_DESK_H
#define TESTS_UNIT_NODE_DESK_H

#include "agent/node/conductor_private.h"

enum { DESK_CALLS_MAX = 64, DESK_TEXT_BYTES = 16384 };

struct desk_call {
    engine_done engine; /* the one of these that is not NULL answers */
    route_done route;
    prober_done prober;
    store_done store;
    engine_progress progress;
    void *ctx;
};

struct desk {
    struct conductor *conductor;
    struct conductor_ports ports;
    mono_ms now;
    wall_ms wall;
    bool is_trusted;
    int refusal;              /* the next calls are refused with this code; 0: taken */
    bool has_images;          /* image_find is taken; false: ERR_BUSY */
    bool is_held;             /* every port, by a process of the machine */
    const char *documents[8]; /* that the store lists: blobs, and records ("app-0") */
    struct digest sha;        /* of whatever is hashed */
    const char *payload;      /* what the store reads; NULL: ERR_NOT_FOUND */
    engine_hint engine_hint;  /* as hints_start gave them; NULL: it was not called */
    route_hint route_hint;
    void *hint_ctx;
    struct desk_call calls[DESK_CALLS_MAX];
    size_t call_count;
    char said[DESK_TEXT_BYTES]; /* the calls, one a line */
    char log[DESK_TEXT_BYTES];  /* "i " or "w ", and the words, one event a line */
};

extern struct desk desk;

/* A conductor of node "gw" and fleet "sim" that has seen its engine and its table; with an app
 * "web" in place 0, at rest, with nothing. At one second of uptime. */
struct app *desk_open(void);
void desk_close(void);
/* Forgets what was written so far; the numbers of calls begin at 0 again. */
void desk_clear(void);
/* An app's release: digest {name}, sequence 10 * name, one service "main" with one replica. */
struct plan *desk_plan(struct app *app, uint8_t name);
struct generation desk_generation(uint8_t name, uint32_t gen);
/* Answers call number `i`; code 0 is success. */
void desk_answer(size_t i, int code, const struct engine_answer *answer);

#endif
