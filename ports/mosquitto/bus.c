/* bus: platform/bus.h's calls: what is refused at once, what waits, what is forgotten. */
#include "ports/mosquitto/bus_private.h"

#include <assert.h>
#include <mosquitto.h>
#include <stdlib.h>
#include <string.h>

enum { KEEPALIVE_S_MIN = 5, KEEPALIVE_S_MAX = 65535 };

static void session_forget(struct mosquitto_bus *bus)
{
    free(bus->client_id);
    free(bus->will_topic);
    free(bus->will);
    bus->client_id = NULL;
    bus->will_topic = NULL;
    bus->will = NULL;
    bus->will_bytes = 0;
}

static bool topic_is_good(const char *topic)
{
    size_t len = strlen(topic);
    return len > 0 && len < BUS_TOPIC_BYTES &&
           mosquitto_pub_topic_check(topic) == MOSQ_ERR_SUCCESS &&
           mosquitto_validate_utf8(topic, (int)len) == MOSQ_ERR_SUCCESS;
}

static bool filter_is_good(const char *filter)
{
    size_t len = strlen(filter);
    return len > 0 && len < BUS_TOPIC_BYTES &&
           mosquitto_sub_topic_check(filter) == MOSQ_ERR_SUCCESS &&
           mosquitto_validate_utf8(filter, (int)len) == MOSQ_ERR_SUCCESS;
}

static int session_check(const struct bus_session *session, struct err *err)
{
    if (session->keepalive_s < KEEPALIVE_S_MIN || session->keepalive_s > KEEPALIVE_S_MAX) {
        return err_set(err, ERR_VALUE, "a keepalive is %d to %d seconds", KEEPALIVE_S_MIN,
                       KEEPALIVE_S_MAX);
    }
    if (session->client_id == NULL || session->client_id[0] == '\0') {
        return err_set(err, ERR_VALUE, "a session with a broker needs a client id");
    }
    if (session->will_topic != NULL && !topic_is_good(session->will_topic)) {
        return err_set(err, ERR_VALUE, "the will's topic \"%s\" is not one", session->will_topic);
    }
    if (session->will.len > BUS_PAYLOAD_BYTES_MAX) {
        return err_set(err, ERR_OVERSIZE, "a will of %zu bytes, at most %d", session->will.len,
                       BUS_PAYLOAD_BYTES_MAX);
    }
    return 0;
}

static int session_copy(struct mosquitto_bus *bus, const struct bus_session *session,
                        struct err *err)
{
    session_forget(bus);
    bus->keepalive_s = session->keepalive_s;
    bus->client_id = strdup(session->client_id);
    bool is_short = bus->client_id == NULL;
    if (session->will_topic != NULL) {
        bus->will_topic = strdup(session->will_topic);
        bus->will = malloc(session->will.len + 1);
        is_short = is_short || bus->will_topic == NULL || bus->will == NULL;
        if (!is_short && session->will.len > 0) {
            memcpy(bus->will, session->will.data, session->will.len);
        }
        bus->will_bytes = session->will.len;
    }
    return is_short ? err_set(err, ERR_MEMORY, "no memory for a session with the broker") : 0;
}

static int bus_open(void *self, const struct bus_session *session, const struct bus_user *user,
                    struct err *err)
{
    struct mosquitto_bus *bus = self;
    if (bus->phase != BUS_NONE) {
        return err_set(err, ERR_BUSY, "a session with the broker is open or opening");
    }
    int rc = session_check(session, err);
    if (rc == 0) {
        rc = session_copy(bus, session, err);
    }
    if (rc != 0) {
        return rc;
    }
    if (bus->is_four_a_guess) { /* a connection that was cut once is no broker's word */
        bus->protocol = 5;
        bus->is_four_a_guess = false;
    }
    bus->user = *user;
    bus->phase = BUS_BEGIN;
    session_turn_soon(bus);
    return 0;
}

static void bus_close(void *self)
{
    struct mosquitto_bus *bus = self;
    if (bus->phase == BUS_NONE) {
        return;
    }
    if (!bus->is_past) {
        bus->is_past = true;
        bus->is_polite = true;
    }
    bus->phase = BUS_NONE;
    bus->pending_count = 0;
    session_turn_soon(bus);
}

static int place_check(const struct mosquitto_bus *bus, struct err *err)
{
    if (bus->phase != BUS_OPEN) {
        return err_set(err, ERR_NETWORK, "there is no session with the broker now");
    }
    if (bus->pending_count == BUS_PENDING_MAX) {
        return err_set(err, ERR_BUSY, "%d calls wait for the broker's answer", BUS_PENDING_MAX);
    }
    return 0;
}

static void place_take(struct mosquitto_bus *bus, int mid, bool is_publish, bus_done done,
                       void *ctx)
{
    bus->pending[bus->pending_count++] =
        (struct bus_pending){.mid = mid, .is_publish = is_publish, .done = done, .ctx = ctx};
    session_turn_soon(bus);
}

static int bus_subscribe(void *self, const char *filter, bus_done done, void *ctx, struct err *err)
{
    struct mosquitto_bus *bus = self;
    int mid = 0;
    if (!filter_is_good(filter)) {
        return err_set(err, ERR_VALUE, "\"%s\" is no filter of topics", filter);
    }
    int rc = place_check(bus, err);
    if (rc == 0) {
        rc = client_subscribe(bus, filter, &mid, err);
    }
    if (rc == 0) {
        place_take(bus, mid, false, done, ctx);
    }
    return rc;
}

static int bus_unsubscribe(void *self, const char *filter, struct err *err)
{
    struct mosquitto_bus *bus = self;
    if (!filter_is_good(filter)) {
        return err_set(err, ERR_VALUE, "\"%s\" is no filter of topics", filter);
    }
    if (bus->phase != BUS_OPEN) {
        return err_set(err, ERR_NETWORK, "there is no session with the broker now");
    }
    session_turn_soon(bus);
    return client_unsubscribe(bus, filter, err);
}

static int bus_publish(void *self, const char *topic, struct span payload, bool is_retained,
                       bus_done done, void *ctx, struct err *err)
{
    struct mosquitto_bus *bus = self;
    int mid = 0;
    if (!topic_is_good(topic)) {
        return err_set(err, ERR_VALUE, "\"%s\" is no topic", topic);
    }
    if (payload.len > BUS_PAYLOAD_BYTES_MAX) {
        return err_set(err, ERR_OVERSIZE, "%s: %zu bytes, at most %d", topic, payload.len,
                       BUS_PAYLOAD_BYTES_MAX);
    }
    int rc = place_check(bus, err);
    if (rc == 0) {
        rc = client_publish(bus, topic, payload, is_retained, &mid, err);
    }
    if (rc == 0) {
        place_take(bus, mid, true, done, ctx);
    }
    return rc;
}

static void bus_pace(void *self, unsigned seconds)
{
    struct mosquitto_bus *bus = self;
    bus->pace_s = seconds;
}

int mosquitto_bus_new(const struct mosquitto_bus_settings *settings, struct mosquitto_bus **bus,
                      struct err *err)
{
    size_t len = strlen(settings->run_dir);
    if (len == 0 || len >= PAIR_RUN_DIR_BYTES) {
        return err_set(err, ERR_VALUE, "the bus's directory \"%s\" must have 1 to %d characters",
                       settings->run_dir, PAIR_RUN_DIR_BYTES - 1);
    }
    struct mosquitto_bus *made = calloc(1, sizeof *made);
    if (made == NULL || mosquitto_lib_init() != MOSQ_ERR_SUCCESS) {
        free(made);
        return err_set(err, ERR_MEMORY, "no memory for the bus");
    }
    made->loop = settings->loop;
    made->stream = settings->stream;
    memcpy(made->run_dir, settings->run_dir, len + 1);
    made->pump.fd = -1;
    made->protocol = 5;
    *bus = made;
    return 0;
}

void mosquitto_bus_free(struct mosquitto_bus *bus)
{
    if (bus == NULL) {
        return;
    }
    bus_close(bus);
    session_clear(bus);
    bus->loop.ops->disarm(bus->loop.self, &bus->turn);
    session_forget(bus);
    free(bus);
    (void)mosquitto_lib_cleanup();
}

struct bus mosquitto_bus_interface(struct mosquitto_bus *bus)
{
    static const struct bus_ops ops = {
        .open = bus_open,
        .close = bus_close,
        .subscribe = bus_subscribe,
        .unsubscribe = bus_unsubscribe,
        .publish = bus_publish,
        .pace = bus_pace,
    };
    return (struct bus){.ops = &ops, .self = bus};
}

int mosquitto_bus_protocol(const struct mosquitto_bus *bus)
{
    return bus->phase == BUS_OPEN ? bus->protocol : 0;
}
