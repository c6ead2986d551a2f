/* client: libmosquitto's calls and callbacks; nothing of MQTT is decided here. */
#include <assert.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "ports/mosquitto/bus_private.h"
#include "ports/mosquitto/words.h"

enum { QOS = 1, BATCH = BUS_PENDING_MAX };

static void on_connect(struct mosquitto *library, void *ctx, int reason, int flags,
                       const mosquitto_property *properties)
{
    struct mosquitto_bus *bus = ctx;
    struct err err;
    uint8_t is_kept = 1;
    uint8_t qos = 2;
    (void)library;
    (void)flags;
    if (reason != 0) { /* the pump has kept a refusal from the library */
        return;
    }
    (void)mosquitto_property_read_byte(properties, MQTT_PROP_RETAIN_AVAILABLE, &is_kept, false);
    (void)mosquitto_property_read_byte(properties, MQTT_PROP_MAXIMUM_QOS, &qos, false);
    if (is_kept == 0 || qos == 0) {
        (void)err_set(&err, ERR_DENIED, "this broker has no %s; it must allow both for berth",
                      is_kept == 0 ? "retained messages" : "QoS 1");
        session_end(bus, &err);
        return;
    }
    session_accepted(bus);
}

static void on_publish(struct mosquitto *library, void *ctx, int mid, int reason,
                       const mosquitto_property *properties)
{
    (void)library;
    (void)properties;
    session_answered(ctx, mid, true, (unsigned)reason);
}

static void on_subscribe(struct mosquitto *library, void *ctx, int mid, int count,
                         const int *granted, const mosquitto_property *properties)
{
    (void)library;
    (void)properties;
    session_answered(ctx, mid, false, count > 0 ? (unsigned)granted[0] : MQTT_RC_UNSPECIFIED);
}

static void on_message(struct mosquitto *library, void *ctx,
                       const struct mosquitto_message *message,
                       const mosquitto_property *properties)
{
    (void)library;
    (void)properties;
    assert(message->payloadlen >= 0);
    session_received(ctx, message->topic, span_of(message->payload, (size_t)message->payloadlen),
                     message->retain);
}

static void on_disconnect(struct mosquitto *library, void *ctx, int reason,
                          const mosquitto_property *properties)
{
    struct err err;
    (void)library;
    (void)properties;
    if (reason >= MQTT_RC_UNSPECIFIED) { /* below are the library's own results */
        (void)words_farewell(&err, (unsigned)reason);
        session_end(ctx, &err);
    }
}

static int library_connect(void *ctx, const char *path, struct err *err)
{
    struct mosquitto_bus *bus = ctx;
    mosquitto_property *properties = NULL;
    int result = MOSQ_ERR_SUCCESS;
    if (bus->protocol == MQTT_PROTOCOL_V5) {
        result = mosquitto_property_add_int32(&properties, MQTT_PROP_MAXIMUM_PACKET_SIZE,
                                              BUS_PACKET_BYTES_MAX);
    }
    if (result == MOSQ_ERR_SUCCESS) {
        result = mosquitto_connect_bind_v5(bus->library, path, 0, (int)bus->keepalive_s, NULL,
                                           properties);
    }
    mosquitto_property_free_all(&properties);
    if (result != MOSQ_ERR_SUCCESS) {
        return words_library(err, result, "connect the MQTT library");
    }
    (void)fcntl(mosquitto_socket(bus->library), F_SETFD, FD_CLOEXEC);
    return 0;
}

static int library_configure(const struct mosquitto_bus *bus)
{
    struct mosquitto *library = bus->library;
    int result = mosquitto_int_option(library, MOSQ_OPT_PROTOCOL_VERSION, bus->protocol);
    if (result == MOSQ_ERR_SUCCESS) {
        result = mosquitto_int_option(library, MOSQ_OPT_RECEIVE_MAXIMUM, BUS_PENDING_MAX);
    }
    if (result == MOSQ_ERR_SUCCESS) {
        result = mosquitto_int_option(library, MOSQ_OPT_SEND_MAXIMUM, BUS_PENDING_MAX);
    }
    if (result == MOSQ_ERR_SUCCESS && bus->will_topic != NULL) {
        result = mosquitto_will_set(library, bus->will_topic, (int)bus->will_bytes, bus->will, QOS,
                                    true);
    }
    mosquitto_connect_v5_callback_set(library, on_connect);
    mosquitto_publish_v5_callback_set(library, on_publish);
    mosquitto_subscribe_v5_callback_set(library, on_subscribe);
    mosquitto_message_v5_callback_set(library, on_message);
    mosquitto_disconnect_v5_callback_set(library, on_disconnect);
    return result;
}

int client_new(struct mosquitto_bus *bus, struct err *err)
{
    int fd = -1;
    bus->library = mosquitto_new(bus->client_id, true, bus);
    if (bus->library == NULL) {
        return err_set(err, ERR_MEMORY, "no memory for an MQTT client");
    }
    int result = library_configure(bus);
    if (result != MOSQ_ERR_SUCCESS) {
        return words_library(err, result, "prepare an MQTT client");
    }
    int rc = pair_make(bus->run_dir, library_connect, bus, &fd, err);
    if (rc == 0) {
        pump_init(&bus->pump, bus->stream, fd);
    }
    return rc;
}

void client_free(struct mosquitto_bus *bus)
{
    if (bus->library != NULL) {
        mosquitto_destroy(bus->library);
        bus->library = NULL;
    }
}

/* Bytes the library has not read yet. */
static int library_unread(const struct mosquitto_bus *bus)
{
    int unread = 0;
    int fd = mosquitto_socket(bus->library);
    return fd >= 0 && ioctl(fd, FIONREAD, &unread) == 0 ? unread : 0;
}

int client_work(struct mosquitto_bus *bus, struct err *err)
{
    int result = MOSQ_ERR_SUCCESS;
    while (result == MOSQ_ERR_SUCCESS && !bus->is_past && library_unread(bus) > 0) {
        result = mosquitto_loop_read(bus->library, BATCH);
    }
    if (result == MOSQ_ERR_SUCCESS && !bus->is_past && mosquitto_want_write(bus->library)) {
        result = mosquitto_loop_write(bus->library, BATCH);
    }
    return result != MOSQ_ERR_SUCCESS && !bus->is_past ? words_library(err, result, "MQTT session")
                                                       : 0;
}

int client_tick(struct mosquitto_bus *bus, struct err *err)
{
    int result = mosquitto_loop_misc(bus->library);
    return result != MOSQ_ERR_SUCCESS ? words_library(err, result, "MQTT session") : 0;
}

void client_goodbye(struct mosquitto_bus *bus)
{
    (void)mosquitto_disconnect(bus->library);
    if (mosquitto_want_write(bus->library)) {
        (void)mosquitto_loop_write(bus->library, BATCH);
    }
}

int client_publish(struct mosquitto_bus *bus, const char *topic, struct span payload,
                   bool is_retained, int *mid, struct err *err)
{
    int result = mosquitto_publish(bus->library, mid, topic, (int)payload.len, payload.data, QOS,
                                   is_retained);
    return result != MOSQ_ERR_SUCCESS ? words_library(err, result, "publish") : 0;
}

int client_subscribe(struct mosquitto_bus *bus, const char *filter, int *mid, struct err *err)
{
    int result = mosquitto_subscribe(bus->library, mid, filter, QOS);
    return result != MOSQ_ERR_SUCCESS ? words_library(err, result, "subscribe") : 0;
}

int client_unsubscribe(struct mosquitto_bus *bus, const char *filter, struct err *err)
{
    int result = mosquitto_unsubscribe(bus->library, NULL, filter);
    return result != MOSQ_ERR_SUCCESS ? words_library(err, result, "unsubscribe") : 0;
}
