/* bus: the client's side: platform/bus.h's calls, what arrives, and the ways a client goes. */
#include "ports/sim/bus.h"

#include <stdio.h>

#include "ports/sim/bus_private.h"

enum { KEEPALIVE_S_MIN = 5 };

int64_t sim_bus_patience_ms(const struct sim_bus_client *client)
{
    unsigned seconds = client->keepalive_s > 0 ? client->keepalive_s : KEEPALIVE_S_MIN;
    if (client->pace_s > 0 && client->pace_s < seconds) {
        seconds = client->pace_s;
    }
    return SECONDS_MS(seconds);
}

static void answer_given(struct sim_bus_client *client)
{
    if (client->answers != NULL) {
        (*client->answers)++;
    }
}

static void session_forget(struct sim_bus_client *client)
{
    client->phase = SIM_BUS_NONE;
    client->serial++;
    client->pending_count = 0;
    sim_bus_message_drop(client->will);
    client->will = NULL;
}

static void session_closed(struct sim_bus_client *client, int code, const char *text)
{
    struct err err;
    struct err lost;
    uint32_t serial = ++client->serial;
    client->phase = SIM_BUS_OPENING; /* busy until closed is said */
    (void)err_set(&err, code, "%s", text);
    (void)err_set(&lost, ERR_NETWORK, "the session with the broker ended first");
    while (client->serial == serial && client->pending_count > 0) {
        struct sim_bus_pending pending = client->pending[0];
        client->pending_count--;
        memmove(client->pending, client->pending + 1,
                client->pending_count * sizeof client->pending[0]);
        answer_given(client);
        pending.done(pending.ctx, &lost);
    }
    if (client->serial == serial) {
        session_forget(client);
        answer_given(client);
        client->user.closed(client->user.ctx, &err);
    }
}

/* While it hears nothing: when will it ping, and when give up? */
static void silence_watch(struct sim_bus_client *client)
{
    struct sim_broker *broker = client->broker;
    int64_t patience = sim_bus_patience_ms(client);
    client->partition++;
    if (client->is_partitioned && client->phase == SIM_BUS_OPEN) {
        mono_ms heard = client->heard + (broker->world.now - client->heard) / patience * patience;
        mono_ms at = heard + 2 * patience;
        sim_bus_queue(
            broker, &(struct sim_bus_packet){.at = at > broker->world.now ? at : broker->world.now,
                                             .kind = SIM_BUS_CLIENT_SILENT,
                                             .place = client->place,
                                             .serial = client->serial,
                                             .mid = (int)client->partition});
    }
    if (client->is_partitioned) {
        sim_bus_broker_watch(broker, client, false);
    }
}

static void take_answer(struct sim_bus_client *client, const struct sim_bus_packet *packet)
{
    for (size_t i = 0; i < client->pending_count; i++) {
        if (client->pending[i].mid == packet->mid) {
            struct sim_bus_pending pending = client->pending[i];
            struct err err;
            client->pending_count--;
            memmove(client->pending + i, client->pending + i + 1,
                    (client->pending_count - i) * sizeof client->pending[0]);
            if (packet->code != 0) {
                (void)err_set(&err, packet->code, "the broker denied it; see its ACL");
            }
            answer_given(client);
            pending.done(pending.ctx, packet->code != 0 ? &err : NULL);
            return;
        }
    }
}

static void take_silence(struct sim_bus_client *client, const struct sim_bus_packet *packet)
{
    if (client->phase == SIM_BUS_OPEN && client->is_partitioned &&
        client->partition == (uint32_t)packet->mid) {
        sim_bus_send(client,
                     (struct sim_bus_packet){.kind = SIM_BUS_RESET, .serial = client->serial});
        session_closed(client, ERR_TIMEOUT, "the broker did not answer a ping");
    }
}

/* For a connection that is closed at this end: the kernel says so, where there is power. */
static void take_stale(struct sim_bus_client *client, const struct sim_bus_packet *packet)
{
    bool is_of_broker = packet->kind == SIM_BUS_ACCEPTED || packet->kind == SIM_BUS_DELIVER ||
                        packet->kind == SIM_BUS_ANSWER;
    if (is_of_broker && !client->is_off) {
        sim_bus_send(client,
                     (struct sim_bus_packet){.kind = SIM_BUS_RESET, .serial = packet->serial});
    }
}

void sim_bus_client_take(struct sim_bus_client *client, const struct sim_bus_packet *packet)
{
    if (client->serial != packet->serial || client->phase == SIM_BUS_NONE) {
        take_stale(client, packet);
        return;
    }
    if (packet->kind == SIM_BUS_HELLO_LIMIT) {
        if (client->phase == SIM_BUS_OPENING) {
            session_closed(client, ERR_TIMEOUT, "the broker does not answer");
        }
        return;
    }
    if (packet->kind == SIM_BUS_CLIENT_SILENT) {
        take_silence(client, packet);
        return;
    }
    client->heard = client->broker->world.now;
    if (packet->kind == SIM_BUS_CLOSED) {
        session_closed(client, packet->code, "the broker closed the connection");
    } else if (packet->kind == SIM_BUS_ACCEPTED && client->phase == SIM_BUS_OPENING) {
        client->phase = SIM_BUS_OPEN;
        answer_given(client);
        client->user.opened(client->user.ctx);
    } else if (packet->kind == SIM_BUS_DELIVER) {
        answer_given(client);
        client->user.received(client->user.ctx, packet->message->topic,
                              span_of(packet->message->data, packet->message->len),
                              packet->is_retained);
    } else if (packet->kind == SIM_BUS_ANSWER) {
        take_answer(client, packet);
    }
}

static int session_check(const struct bus_session *session, struct err *err)
{
    if (session->keepalive_s < KEEPALIVE_S_MIN) {
        return err_set(err, ERR_VALUE, "a keepalive is at least %d seconds", KEEPALIVE_S_MIN);
    }
    if (session->client_id == NULL || session->client_id[0] == '\0' ||
        strlen(session->client_id) >= SIM_BUS_ID_BYTES) {
        return err_set(err, ERR_VALUE, "a session with a broker needs a client id");
    }
    if (session->will_topic != NULL && !sim_bus_topic_is_good(session->will_topic)) {
        return err_set(err, ERR_VALUE, "the will's topic \"%s\" is not one", session->will_topic);
    }
    if (session->will.len > BUS_PAYLOAD_BYTES_MAX) {
        return err_set(err, ERR_OVERSIZE, "a will of %zu bytes", session->will.len);
    }
    return 0;
}

static int bus_open(void *self, const struct bus_session *session, const struct bus_user *user,
                    struct err *err)
{
    struct sim_bus_client *client = self;
    if (client->phase != SIM_BUS_NONE) {
        return err_set(err, ERR_BUSY, "a session with the broker is open or opening");
    }
    int rc = session_check(session, err);
    if (rc != 0) {
        return rc;
    }
    client->user = *user;
    client->is_off = false;
    client->phase = SIM_BUS_OPENING;
    client->serial++;
    client->keepalive_s = session->keepalive_s;
    client->heard = client->broker->world.now;
    (void)snprintf(client->id, sizeof client->id, "%s", session->client_id);
    client->will = session->will_topic != NULL
                       ? sim_bus_message_new(session->will_topic, session->will)
                       : NULL;
    sim_bus_send(client,
                 (struct sim_bus_packet){.kind = SIM_BUS_CONNECT, .serial = client->serial});
    sim_bus_queue(client->broker,
                  &(struct sim_bus_packet){.at = client->broker->world.now + SIM_BUS_HELLO_MS,
                                           .kind = SIM_BUS_HELLO_LIMIT,
                                           .place = client->place,
                                           .serial = client->serial});
    return 0;
}

static void bus_close(void *self)
{
    struct sim_bus_client *client = self;
    if (client->phase == SIM_BUS_OPEN) {
        sim_bus_send(client,
                     (struct sim_bus_packet){.kind = SIM_BUS_DISCONNECT, .serial = client->serial});
    }
    if (client->phase != SIM_BUS_NONE) {
        session_forget(client);
    }
}

static int place_check(const struct sim_bus_client *client, struct err *err)
{
    if (client->phase != SIM_BUS_OPEN) {
        return err_set(err, ERR_NETWORK, "there is no session with the broker now");
    }
    if (client->pending_count == BUS_PENDING_MAX) {
        return err_set(err, ERR_BUSY, "%d calls wait for the broker's answer", BUS_PENDING_MAX);
    }
    return 0;
}

static void place_take(struct sim_bus_client *client, struct sim_bus_packet packet, bus_done done,
                       void *ctx)
{
    client->last_mid = client->last_mid % 65535 + 1;
    client->pending[client->pending_count++] =
        (struct sim_bus_pending){.mid = client->last_mid, .done = done, .ctx = ctx};
    packet.mid = client->last_mid;
    packet.serial = client->serial;
    sim_bus_send(client, packet);
}

static int bus_subscribe(void *self, const char *filter, bus_done done, void *ctx, struct err *err)
{
    struct sim_bus_client *client = self;
    if (!sim_bus_filter_is_good(filter)) {
        return err_set(err, ERR_VALUE, "\"%s\" is no filter of topics", filter);
    }
    int rc = place_check(client, err);
    if (rc == 0) {
        place_take(
            client,
            (struct sim_bus_packet){.kind = SIM_BUS_SUBSCRIBE,
                                    .message = sim_bus_message_new(filter, span_of(NULL, 0))},
            done, ctx);
    }
    return rc;
}

static int bus_unsubscribe(void *self, const char *filter, struct err *err)
{
    struct sim_bus_client *client = self;
    if (!sim_bus_filter_is_good(filter)) {
        return err_set(err, ERR_VALUE, "\"%s\" is no filter of topics", filter);
    }
    if (client->phase != SIM_BUS_OPEN) {
        return err_set(err, ERR_NETWORK, "there is no session with the broker now");
    }
    sim_bus_send(client,
                 (struct sim_bus_packet){.kind = SIM_BUS_UNSUBSCRIBE,
                                         .serial = client->serial,
                                         .message = sim_bus_message_new(filter, span_of(NULL, 0))});
    return 0;
}

static int bus_publish(void *self, const char *topic, struct span payload, bool is_retained,
                       bus_done done, void *ctx, struct err *err)
{
    struct sim_bus_client *client = self;
    if (!sim_bus_topic_is_good(topic)) {
        return err_set(err, ERR_VALUE, "\"%s\" is no topic", topic);
    }
    if (payload.len > BUS_PAYLOAD_BYTES_MAX) {
        return err_set(err, ERR_OVERSIZE, "%s: %zu bytes, at most %d", topic, payload.len,
                       BUS_PAYLOAD_BYTES_MAX);
    }
    int rc = place_check(client, err);
    if (rc == 0) {
        place_take(client,
                   (struct sim_bus_packet){.kind = SIM_BUS_PUBLISH,
                                           .is_retained = is_retained,
                                           .message = sim_bus_message_new(topic, payload)},
                   done, ctx);
    }
    return rc;
}

static void bus_pace(void *self, unsigned seconds)
{
    struct sim_bus_client *client = self;
    client->pace_s = seconds;
    if (client->is_partitioned) {
        silence_watch(client);
    }
}

void sim_bus_client_init(struct sim_bus_client *client, struct sim_broker *broker,
                         uint32_t *answers)
{
    memset(client, 0, sizeof *client);
    client->broker = broker;
    client->answers = answers;
    client->place = (uint32_t)broker->client_count;
    broker->clients = sim_bus_grow(broker->clients, broker->client_count, &broker->client_cap,
                                   sizeof broker->clients[0]);
    broker->clients[broker->client_count++] = client;
}

struct bus sim_bus_port(struct sim_bus_client *client)
{
    static const struct bus_ops ops = {
        .open = bus_open,
        .close = bus_close,
        .subscribe = bus_subscribe,
        .unsubscribe = bus_unsubscribe,
        .publish = bus_publish,
        .pace = bus_pace,
    };
    return (struct bus){.ops = &ops, .self = client};
}

void sim_bus_client_lose(struct sim_bus_client *client)
{
    struct sim_broker *broker = client->broker;
    sim_bus_broker_end(broker, client->place, client->serial, true);
    sim_bus_queue(broker, &(struct sim_bus_packet){.at = broker->world.now,
                                                   .kind = SIM_BUS_CLOSED,
                                                   .place = client->place,
                                                   .serial = client->serial,
                                                   .code = ERR_NETWORK});
}

void sim_broker_lose_all(struct sim_broker *broker)
{
    for (size_t i = 0; i < broker->client_count; i++) {
        if (broker->clients[i]->phase != SIM_BUS_NONE) {
            sim_bus_client_lose(broker->clients[i]);
        }
    }
}

void sim_bus_client_kill(struct sim_bus_client *client)
{
    if (client->phase == SIM_BUS_OPEN) {
        sim_bus_send(client,
                     (struct sim_bus_packet){.kind = SIM_BUS_RESET, .serial = client->serial});
    }
    session_forget(client);
}

void sim_bus_client_cut(struct sim_bus_client *client)
{
    sim_bus_broker_watch(client->broker, client, true);
    session_forget(client);
    client->is_off = true;
}

void sim_bus_client_partition(struct sim_bus_client *client)
{
    if (!client->is_partitioned) {
        client->is_partitioned = true;
        silence_watch(client);
    }
}

void sim_bus_client_mend(struct sim_bus_client *client)
{
    size_t count = client->held_count;
    if (!client->is_partitioned) {
        return;
    }
    client->is_partitioned = false;
    client->partition++;
    client->heard = client->broker->world.now;
    client->held_count = 0;
    for (size_t i = 0; i < count; i++) {
        sim_bus_send(client, client->held[i]);
    }
}
