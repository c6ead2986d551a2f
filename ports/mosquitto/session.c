/* session: from open to closed: the stream, the greeting, the turns of the pump, the end. All that
 * takes a session apart happens in a turn of its own, never under a callback. */
#include <assert.h>
#include <string.h>

#include "ports/mosquitto/bus_private.h"
#include "ports/mosquitto/words.h"

#define HELLO_LIMIT_MS SECONDS_MS(20)
#define LEAVE_LIMIT_MS SECONDS_MS(2)
#define TICK_MS        SECONDS_MS(1)

enum {
    ROUNDS_MAX = 8,     /* of the pump in one turn: then the rest of the program has its own */
    DRAINED_MAX = 64,   /* reads thrown away when a session is left */
    REFUSED_VERSION = 1 /* 3.1.1 and before; MQTT 5 says 0x84 */
};

static void on_turn(void *ctx);

static mono_ms session_now(const struct mosquitto_bus *bus)
{
    return bus->loop.ops->now(bus->loop.self);
}

void session_turn_soon(struct mosquitto_bus *bus)
{
    bus->loop.ops->arm(bus->loop.self, &bus->turn, session_now(bus), on_turn, bus);
}

static bool session_is_on(const struct mosquitto_bus *bus)
{
    return !bus->is_past && (bus->phase == BUS_HELLO || bus->phase == BUS_OPEN);
}

void session_end(struct mosquitto_bus *bus, const struct err *err)
{
    if (bus->is_past || bus->phase == BUS_NONE || bus->phase == BUS_ENDED) {
        return;
    }
    bus->end = *err;
    bus->phase = BUS_ENDED;
    bus->is_past = true;
    bus->is_polite = false;
    session_turn_soon(bus);
}

/* The same open, in MQTT 3.1.1, over a new stream. */
static void session_step_down(struct mosquitto_bus *bus, bool is_guess)
{
    bus->protocol = 4;
    bus->is_four_a_guess = is_guess;
    bus->phase = BUS_BEGIN;
    bus->is_past = true;
    bus->is_polite = false;
    session_turn_soon(bus);
}

/* The connection ended. A broker that knows only 3.1.1 may close without a word. */
static void session_lost(struct mosquitto_bus *bus, const struct err *err)
{
    if (session_is_on(bus) && bus->phase == BUS_HELLO && err->code == ERR_NETWORK) {
        if (bus->protocol == 5 && !bus->is_five_proven) {
            session_step_down(bus, true);
            return;
        }
        if (bus->is_four_a_guess) {
            bus->protocol = 5;
            bus->is_four_a_guess = false;
        }
    }
    session_end(bus, err);
}

static void session_refused(struct mosquitto_bus *bus)
{
    struct err err;
    unsigned reason = bus->pump.down.frame.reason;
    bool is_version = reason == REFUSED_VERSION || reason == 0x84;
    if (is_version && bus->protocol == 5) {
        bus->is_five_proven = false;
        session_step_down(bus, false);
        return;
    }
    (void)words_refusal(&err, bus->protocol, reason);
    if (is_version) {
        bus->protocol = 5;
    }
    session_end(bus, &err);
}

void session_accepted(struct mosquitto_bus *bus)
{
    if (!session_is_on(bus) || bus->phase != BUS_HELLO) {
        return;
    }
    bus->phase = BUS_OPEN;
    bus->is_five_proven = bus->protocol == 5;
    bus->user.opened(bus->user.ctx);
}

void session_received(struct mosquitto_bus *bus, const char *topic, struct span payload,
                      bool is_retained)
{
    if (session_is_on(bus) && strlen(topic) < BUS_TOPIC_BYTES) {
        bus->user.received(bus->user.ctx, topic, payload, is_retained);
    }
}

static struct bus_pending pending_take(struct mosquitto_bus *bus, size_t at)
{
    struct bus_pending taken = bus->pending[at];
    bus->pending_count--;
    memmove(bus->pending + at, bus->pending + at + 1,
            (bus->pending_count - at) * sizeof bus->pending[0]);
    return taken;
}

void session_answered(struct mosquitto_bus *bus, int mid, bool is_publish, unsigned reason)
{
    for (size_t i = 0; session_is_on(bus) && i < bus->pending_count; i++) {
        if (bus->pending[i].mid == mid && bus->pending[i].is_publish == is_publish) {
            struct bus_pending pending = pending_take(bus, i);
            struct err err;
            if (reason >= 0x80) {
                (void)words_denial(&err, is_publish ? "publish" : "subscription", reason);
            }
            pending.done(pending.ctx, reason >= 0x80 ? &err : NULL);
            return;
        }
    }
}

/* The link is gone: what the broker said before that is still heard, and may explain it better. */
static void session_lost_after_words(struct mosquitto_bus *bus, const struct err *err)
{
    struct err ignored;
    (void)!client_work(bus, &ignored);
    session_lost(bus, err);
}

static int round_up(struct mosquitto_bus *bus, size_t *moved)
{
    size_t down, heard;
    struct err err;
    struct err ignored;
    *moved = 0;
    int rc = client_work(bus, &err);
    if (rc != 0) {
        session_end(bus, &err);
    } else if (session_is_on(bus)) {
        rc = pump_up(&bus->pump, moved, &err);
        if (rc != 0) {
            (void)!pump_down(&bus->pump, &down, &heard, &ignored);
            session_lost_after_words(bus, &err);
        }
    }
    return rc;
}

/* One round: the library works, bytes go both ways. False when nothing moved or all is over. */
static bool session_round(struct mosquitto_bus *bus)
{
    size_t up, down, heard;
    struct err err;
    if (round_up(bus, &up) != 0 || !session_is_on(bus)) {
        return false;
    }
    int rc = pump_down(&bus->pump, &down, &heard, &err);
    if (heard > 0) {
        bus->heard = session_now(bus);
        bus->is_asked = false;
    }
    if (pump_is_refused(&bus->pump)) {
        session_refused(bus);
    } else if (rc != 0) {
        session_lost_after_words(bus, &err);
    }
    return session_is_on(bus) && up + down > 0;
}

static void session_work(struct mosquitto_bus *bus)
{
    for (int i = 0; i < ROUNDS_MAX; i++) {
        if (!session_round(bus)) {
            return;
        }
    }
    session_turn_soon(bus);
}

/* A link that is silent too long is asked; one that is asked and stays silent is lost. */
static void session_pace(struct mosquitto_bus *bus)
{
    mono_ms now = session_now(bus);
    mono_ms pace_ms = SECONDS_MS(bus->pace_s);
    struct err err;
    if (bus->phase == BUS_HELLO && now - bus->said_hello >= HELLO_LIMIT_MS) {
        (void)err_set(&err, ERR_TIMEOUT, "the broker took the connection and did not answer");
        session_end(bus, &err);
    } else if (bus->phase != BUS_OPEN || pace_ms == 0 || bus->pace_s >= bus->keepalive_s) {
        bus->is_asked = false; /* the library asks by itself, as the keepalive demands */
    } else if (bus->is_asked && now - bus->asked >= pace_ms) {
        (void)err_set(&err, ERR_TIMEOUT,
                      "the broker is silent for %lld s and did not answer a ping",
                      (long long)(now - bus->heard) / 1000);
        session_end(bus, &err);
    } else if (!bus->is_asked && now - bus->heard >= pace_ms) {
        bus->is_asked = true;
        bus->asked = now;
        bus->pump.is_ping_wanted = true;
    }
}

static void on_tick(void *ctx)
{
    struct mosquitto_bus *bus = ctx;
    struct err err;
    if (!session_is_on(bus)) {
        return;
    }
    bus->loop.ops->arm(bus->loop.self, &bus->tick, session_now(bus) + TICK_MS, on_tick, bus);
    if (client_tick(bus, &err) != 0) {
        session_end(bus, &err);
    }
    session_pace(bus);
    if (session_is_on(bus)) {
        session_work(bus);
    }
}

static void on_stream_opened(void *ctx)
{
    struct mosquitto_bus *bus = ctx;
    struct err err;
    if (bus->is_past || bus->phase != BUS_CONNECT) {
        return;
    }
    if (client_new(bus, &err) != 0) {
        session_end(bus, &err);
        return;
    }
    bus->phase = BUS_HELLO;
    bus->said_hello = session_now(bus);
    bus->heard = bus->said_hello;
    bus->is_asked = false;
    bus->loop.ops->arm(bus->loop.self, &bus->tick, bus->heard + TICK_MS, on_tick, bus);
    session_work(bus);
}

static void on_stream_ready(void *ctx)
{
    struct mosquitto_bus *bus = ctx;
    if (session_is_on(bus)) {
        session_work(bus);
    } else if (bus->is_leaving) {
        session_turn_soon(bus);
    }
}

static void on_stream_closed(void *ctx, const struct err *err)
{
    struct mosquitto_bus *bus = ctx;
    if (!bus->is_past) {
        session_lost(bus, err);
    } else {
        bus->is_polite = false;
        session_turn_soon(bus);
    }
}

static void session_begin(struct mosquitto_bus *bus)
{
    const struct stream_user user = {.opened = on_stream_opened,
                                     .ready = on_stream_ready,
                                     .closed = on_stream_closed,
                                     .ctx = bus};
    struct err err;
    bus->phase = BUS_CONNECT;
    if (bus->stream.ops->open(bus->stream.self, &user, &err) != 0) {
        session_end(bus, &err);
    }
}

/* What is still to be said, as far as it goes now; what the broker still says is thrown away: a
 * socket closed over unread bytes is reset, and the reset can overtake the DISCONNECT. False when
 * the stream is over. */
static bool session_leave_more(struct mosquitto_bus *bus)
{
    size_t moved = 1;
    size_t got = 1;
    struct err ignored;
    while (moved > 0) {
        if (pump_up(&bus->pump, &moved, &ignored) != 0) {
            return false;
        }
    }
    for (int i = 0; i < DRAINED_MAX && got > 0; i++) {
        if (bus->stream.ops->read(bus->stream.self, bus->pump.down.data, PIPE_BYTES, &got,
                                  &ignored) != 0) {
            return false;
        }
    }
    return true;
}

/* Says DISCONNECT and waits for the broker to close. True while that is worth waiting for: nobody
 * wants another session, and the broker has some time left. */
static bool session_leaves(struct mosquitto_bus *bus)
{
    if (!bus->is_polite || bus->library == NULL || !bus->pump.down.frame.is_greeted) {
        return false;
    }
    if (!bus->is_leaving) {
        bus->is_leaving = true;
        bus->leave_by = session_now(bus) + LEAVE_LIMIT_MS;
        client_goodbye(bus);
    }
    if (!session_leave_more(bus)) {
        bus->is_polite = false;
        return false;
    }
    bus->loop.ops->arm(bus->loop.self, &bus->tick, bus->leave_by, on_turn, bus);
    return bus->phase == BUS_NONE && session_now(bus) < bus->leave_by;
}

void session_clear(struct mosquitto_bus *bus)
{
    (void)session_leaves(bus);
    bus->loop.ops->disarm(bus->loop.self, &bus->tick);
    bus->stream.ops->close(bus->stream.self);
    client_free(bus);
    pump_close(&bus->pump);
    bus->is_past = false;
    bus->is_polite = false;
    bus->is_leaving = false;
}

/* Answers what waits, then says why. Any of these callbacks may close. */
static void session_report(struct mosquitto_bus *bus)
{
    struct err end = bus->end;
    struct err lost;
    (void)err_set(&lost, ERR_NETWORK, "the session with the broker ended first");
    while (bus->phase == BUS_ENDED && bus->pending_count > 0) {
        struct bus_pending pending = pending_take(bus, 0);
        pending.done(pending.ctx, &lost);
    }
    if (bus->phase == BUS_ENDED) {
        bus->phase = BUS_NONE;
        bus->user.closed(bus->user.ctx, &end);
    }
}

static void on_turn(void *ctx)
{
    struct mosquitto_bus *bus = ctx;
    if (bus->is_past) {
        if (session_leaves(bus)) {
            return;
        }
        session_clear(bus);
    }
    switch (bus->phase) {
    case BUS_BEGIN:
        session_begin(bus);
        break;
    case BUS_HELLO:
    case BUS_OPEN:
        session_work(bus);
        break;
    case BUS_ENDED:
        session_report(bus);
        break;
    case BUS_NONE:
    case BUS_CONNECT:
        break;
    }
}
