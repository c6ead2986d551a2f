/* bus_private: what the files of this room share: one bus, its session and what waits in it. */
#ifndef PORTS_MOSQUITTO_BUS_PRIVATE_H
#define PORTS_MOSQUITTO_BUS_PRIVATE_H

#include "ports/mosquitto/bus.h"
#include "ports/mosquitto/pair.h"
#include "ports/mosquitto/pump.h"

struct mosquitto;

/* Where a session is. X(NAME, sentence) */
#define BUS_PHASES(X)                                                                              \
    X(NONE, "nobody wants one")                                                                    \
    X(BEGIN, "open was called; the next turn of the loop begins")                                  \
    X(CONNECT, "the stream is on its way")                                                         \
    X(HELLO, "CONNECT is sent, CONNACK awaited")                                                   \
    X(OPEN, "accepted")                                                                            \
    X(ENDED, "over, for the reason in `end`; the user learns it in the next turn")

enum bus_phase {
#define BUS_PHASE_ENUM_(name, sentence) BUS_##name,
    BUS_PHASES(BUS_PHASE_ENUM_)
#undef BUS_PHASE_ENUM_
};

/* A publish or a subscription that waits for the broker's word. */
struct bus_pending {
    int mid;
    bool is_publish;
    bus_done done;
    void *ctx;
};

struct mosquitto_bus {
    struct loop loop;
    struct stream stream;
    char run_dir[PAIR_RUN_DIR_BYTES];
    /* the session that is wanted, as open copied it */
    struct bus_user user;
    char *client_id, *will_topic;
    uint8_t *will;
    size_t will_bytes;
    unsigned keepalive_s, pace_s;
    /* the session that is */
    enum bus_phase phase;
    /* What is below belongs to a session that is past, and goes in the next turn: nothing of it
     * reaches the user any more. */
    bool is_past;
    bool is_polite;  /* it is left with DISCONNECT */
    bool is_leaving; /* that was said; the broker may close until leave_by */
    mono_ms leave_by;
    struct mosquitto *library;
    struct pump pump;
    struct bus_pending pending[BUS_PENDING_MAX]; /* in the order of the calls */
    size_t pending_count;
    struct loop_timer turn;           /* due at once */
    struct loop_timer tick;           /* every second of a session */
    mono_ms said_hello, heard, asked; /* CONNECT sent; last byte came; ping wanted */
    bool is_asked;
    struct err end;
    /* remembered over sessions */
    int protocol;         /* to be spoken next: 5 or 4 */
    bool is_five_proven;  /* this broker spoke it once */
    bool is_four_a_guess; /* nothing but a closed connection speaks for it: for this open alone */
};

/* session.c */

/* The next turn comes at once. */
void session_turn_soon(struct mosquitto_bus *bus);
/* Takes apart whatever is left of the present or past session, politely as far as that goes at
 * once. */
void session_clear(struct mosquitto_bus *bus);

/* What the library says, from inside its calls. */
void session_accepted(struct mosquitto_bus *bus);
void session_answered(struct mosquitto_bus *bus, int mid, bool is_publish, unsigned reason);
void session_received(struct mosquitto_bus *bus, const char *topic, struct span payload,
                      bool is_retained);
/* The session is over for the reason in `err`; the first reason stays. */
void session_end(struct mosquitto_bus *bus, const struct err *err);

/* client.c: the library. A new client each session, so that nothing old is ever sent again. */

/* Makes it, and connects it to pump.fd. ERR_MEMORY, ERR_VALUE, ERR_IO, ERR_NETWORK. */
NODISCARD int client_new(struct mosquitto_bus *bus, struct err *err);
void client_free(struct mosquitto_bus *bus);
/* Lets it write what it holds and read what is there, until neither does anything. */
NODISCARD int client_work(struct mosquitto_bus *bus, struct err *err);
/* Its keepalive; at least once a second. */
NODISCARD int client_tick(struct mosquitto_bus *bus, struct err *err);
void client_goodbye(struct mosquitto_bus *bus);
NODISCARD int client_publish(struct mosquitto_bus *bus, const char *topic, struct span payload,
                             bool is_retained, int *mid, struct err *err);
NODISCARD int client_subscribe(struct mosquitto_bus *bus, const char *filter, int *mid,
                               struct err *err);
NODISCARD int client_unsubscribe(struct mosquitto_bus *bus, const char *filter, struct err *err);

#endif
