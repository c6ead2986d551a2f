/* bus_broker: the broker's side: sessions, what is retained, who gets which message. */
#include <stdio.h>
#include <stdlib.h>

#include "ports/sim/bus_private.h"

static struct sim_bus_session *session_find(const struct sim_broker *broker, uint32_t place,
                                            uint32_t serial, size_t *at)
{
    for (size_t i = 0; i < broker->session_count; i++) {
        struct sim_bus_session *session = broker->sessions[i];
        if (session->place == place && session->serial == serial) {
            *at = i;
            return session;
        }
    }
    return NULL;
}

static void session_free(struct sim_bus_session *session)
{
    for (size_t i = 0; i < session->filter_count; i++) {
        sim_bus_message_drop(session->filters[i]);
    }
    free(session->filters);
    sim_bus_message_drop(session->will);
    free(session);
}

/* The place of a topic among what is retained, or where it belongs. */
static bool retained_find(const struct sim_broker *broker, const char *topic, size_t *at)
{
    size_t low = 0;
    size_t high = broker->retained_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(broker->retained[middle]->topic, topic);
        if (order == 0) {
            *at = middle;
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *at = low;
    return false;
}

static void retained_keep(struct sim_broker *broker, struct sim_bus_message *message)
{
    size_t at;
    if (retained_find(broker, message->topic, &at)) {
        sim_bus_message_drop(broker->retained[at]);
        if (message->len > 0) {
            broker->retained[at] = sim_bus_message_hold(message);
            return;
        }
        broker->retained_count--;
        memmove(broker->retained + at, broker->retained + at + 1,
                (broker->retained_count - at) * sizeof broker->retained[0]);
        return;
    }
    if (message->len > 0) {
        broker->retained = sim_bus_grow(broker->retained, broker->retained_count,
                                        &broker->retained_cap, sizeof broker->retained[0]);
        memmove(broker->retained + at + 1, broker->retained + at,
                (broker->retained_count - at) * sizeof broker->retained[0]);
        broker->retained[at] = sim_bus_message_hold(message);
        broker->retained_count++;
    }
}

static void session_send(struct sim_broker *broker, const struct sim_bus_session *session,
                         struct sim_bus_packet packet)
{
    packet.serial = session->serial;
    sim_bus_send(broker->clients[session->place], packet);
}

static void session_deliver(struct sim_broker *broker, const struct sim_bus_session *session,
                            struct sim_bus_message *message, bool is_retained)
{
    const struct sim_bus_faults *faults = &broker->faults;
    if (!is_retained && faults->drop_one_in > 0 &&
        sim_random_one_in(&broker->world, faults->drop_one_in)) {
        sim_world_trace(&broker->world, "bus     %s is not sent %s", session->id, message->topic);
        return;
    }
    bool is_twice =
        faults->duplicate_one_in > 0 && sim_random_one_in(&broker->world, faults->duplicate_one_in);
    for (int i = 0; i < (is_twice ? 2 : 1); i++) {
        session_send(broker, session,
                     (struct sim_bus_packet){.kind = SIM_BUS_DELIVER,
                                             .is_retained = is_retained,
                                             .message = sim_bus_message_hold(message)});
    }
}

static bool session_wants(const struct sim_bus_session *session, const char *topic)
{
    for (size_t i = 0; i < session->filter_count; i++) {
        if (sim_bus_filter_matches(session->filters[i]->topic, topic)) {
            return true;
        }
    }
    return false;
}

static void broker_accept(struct sim_broker *broker, const char *id,
                          struct sim_bus_message *message, bool is_retained)
{
    sim_world_trace(&broker->world, "bus     %s says %s (%zu bytes%s)", id, message->topic,
                    message->len, is_retained ? ", kept" : "");
    if (broker->saw != NULL) {
        broker->saw(broker->saw_ctx, id, message->topic, span_of(message->data, message->len),
                    is_retained);
    }
    if (is_retained) {
        retained_keep(broker, message);
    }
    for (size_t i = 0; i < broker->session_count; i++) {
        if (session_wants(broker->sessions[i], message->topic)) {
            session_deliver(broker, broker->sessions[i], message, false);
        }
    }
}

static void session_end(struct sim_broker *broker, size_t at, bool has_will)
{
    struct sim_bus_session *session = broker->sessions[at];
    broker->session_count--;
    memmove(broker->sessions + at, broker->sessions + at + 1,
            (broker->session_count - at) * sizeof broker->sessions[0]);
    sim_world_trace(&broker->world, "bus     %s leaves%s", session->id,
                    has_will && session->will != NULL ? ", and has a will" : "");
    if (has_will && session->will != NULL) {
        broker_accept(broker, session->id, session->will, true);
    }
    session_free(session);
}

void sim_bus_broker_end(struct sim_broker *broker, uint32_t place, uint32_t serial, bool has_will)
{
    size_t at;
    if (session_find(broker, place, serial, &at) != NULL) {
        session_end(broker, at, has_will);
    }
}

static void connection_end(struct sim_broker *broker, uint32_t place, uint32_t serial, int code)
{
    sim_bus_send(broker->clients[place],
                 (struct sim_bus_packet){.kind = SIM_BUS_CLOSED, .serial = serial, .code = code});
}

static void connection_close(struct sim_broker *broker, uint32_t place, uint32_t serial)
{
    connection_end(broker, place, serial, ERR_NETWORK);
}

static void take_connect(struct sim_broker *broker, const struct sim_bus_packet *packet)
{
    const struct sim_bus_client *client = broker->clients[packet->place];
    if (!broker->is_up) {
        connection_close(broker, packet->place, packet->serial);
        return;
    }
    if (client->phase != SIM_BUS_OPENING || client->serial != packet->serial) {
        return; /* it has changed its mind meanwhile */
    }
    for (size_t i = 0; i < broker->session_count; i++) {
        const struct sim_bus_session *older = broker->sessions[i];
        if (strcmp(older->id, client->id) == 0) {
            connection_end(broker, older->place, older->serial,
                           broker->faults.is_old ? ERR_NETWORK : ERR_TAKEN_OVER);
            session_end(broker, i, !broker->faults.is_takeover_silent);
            break;
        }
    }
    struct sim_bus_session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        abort();
    }
    session->place = packet->place;
    session->serial = packet->serial;
    session->keepalive_s = client->keepalive_s;
    session->heard = broker->world.now;
    session->will = client->will != NULL ? sim_bus_message_hold(client->will) : NULL;
    memcpy(session->id, client->id, sizeof session->id);
    broker->sessions = sim_bus_grow(broker->sessions, broker->session_count, &broker->session_cap,
                                    sizeof broker->sessions[0]);
    broker->sessions[broker->session_count++] = session;
    sim_world_trace(&broker->world, "bus     %s comes", session->id);
    session_send(broker, session, (struct sim_bus_packet){.kind = SIM_BUS_ACCEPTED});
}

static size_t filter_find(const struct sim_bus_session *session, const char *filter)
{
    size_t i = 0;
    while (i < session->filter_count && strcmp(session->filters[i]->topic, filter) != 0) {
        i++;
    }
    return i;
}

static void take_subscribe(struct sim_broker *broker, struct sim_bus_session *session,
                           const struct sim_bus_packet *packet)
{
    const char *filter = packet->message->topic;
    if (filter_find(session, filter) == session->filter_count) {
        session->filters = sim_bus_grow(session->filters, session->filter_count,
                                        &session->filter_cap, sizeof session->filters[0]);
        session->filters[session->filter_count++] = sim_bus_message_hold(packet->message);
    }
    session_send(broker, session,
                 (struct sim_bus_packet){.kind = SIM_BUS_ANSWER, .mid = packet->mid});
    for (size_t i = 0; i < broker->retained_count; i++) {
        if (sim_bus_filter_matches(filter, broker->retained[i]->topic)) {
            session_deliver(broker, session, broker->retained[i], true);
        }
    }
}

static void take_unsubscribe(struct sim_bus_session *session, const char *filter)
{
    size_t at = filter_find(session, filter);
    if (at < session->filter_count) {
        sim_bus_message_drop(session->filters[at]);
        session->filters[at] = session->filters[--session->filter_count];
    }
}

static void take_publish(struct sim_broker *broker, const struct sim_bus_session *session,
                         const struct sim_bus_packet *packet)
{
    bool is_allowed = broker->allows == NULL ||
                      broker->allows(broker->allows_ctx, session->id, packet->message->topic);
    if (is_allowed) {
        broker_accept(broker, session->id, packet->message, packet->is_retained);
    }
    session_send(broker, session,
                 (struct sim_bus_packet){.kind = SIM_BUS_ANSWER,
                                         .mid = packet->mid,
                                         .code = is_allowed ? 0 : ERR_DENIED});
}

static void take_silence(struct sim_broker *broker, const struct sim_bus_packet *packet)
{
    size_t at;
    const struct sim_bus_client *client = broker->clients[packet->place];
    const struct sim_bus_session *session =
        session_find(broker, packet->place, packet->serial, &at);
    if (session != NULL &&
        (session->is_abandoned ||
         (client->is_partitioned && client->partition == (uint32_t)packet->mid))) {
        connection_close(broker, packet->place, packet->serial);
        session_end(broker, at, true);
    }
}

static bool is_lost_by_chance(struct sim_broker *broker)
{
    return broker->faults.lose_one_in > 0 &&
           sim_random_one_in(&broker->world, broker->faults.lose_one_in);
}

void sim_bus_broker_take(struct sim_broker *broker, const struct sim_bus_packet *packet)
{
    size_t at;
    if (packet->kind == SIM_BUS_CONNECT) {
        take_connect(broker, packet);
        return;
    }
    if (packet->kind == SIM_BUS_BROKER_SILENT) {
        take_silence(broker, packet);
        return;
    }
    struct sim_bus_session *session = session_find(broker, packet->place, packet->serial, &at);
    if (session == NULL) {
        connection_close(broker, packet->place, packet->serial);
        return;
    }
    session->heard = broker->world.now;
    if (packet->kind == SIM_BUS_DISCONNECT || packet->kind == SIM_BUS_RESET) {
        session_end(broker, at, packet->kind == SIM_BUS_RESET);
    } else if (is_lost_by_chance(broker)) {
        connection_close(broker, packet->place, packet->serial);
        session_end(broker, at, true);
    } else if (packet->kind == SIM_BUS_PUBLISH) {
        take_publish(broker, session, packet);
    } else if (packet->kind == SIM_BUS_SUBSCRIBE) {
        take_subscribe(broker, session, packet);
    } else if (packet->kind == SIM_BUS_UNSUBSCRIBE) {
        take_unsubscribe(session, packet->message->topic);
    }
}

void sim_bus_broker_watch(struct sim_broker *broker, const struct sim_bus_client *client,
                          bool is_abandoned)
{
    int64_t patience = sim_bus_patience_ms(client);
    for (size_t i = 0; i < broker->session_count; i++) {
        struct sim_bus_session *session = broker->sessions[i];
        if (session->place != client->place) {
            continue;
        }
        /* It pings in silence: that is when the broker heard of it last. */
        mono_ms heard = session->heard + (broker->world.now - session->heard) / patience * patience;
        session->is_abandoned = session->is_abandoned || is_abandoned;
        sim_bus_queue(
            broker, &(struct sim_bus_packet){.at = heard + SECONDS_MS(session->keepalive_s) * 3 / 2,
                                             .kind = SIM_BUS_BROKER_SILENT,
                                             .place = session->place,
                                             .serial = session->serial,
                                             .mid = (int)client->partition});
    }
}

void sim_broker_init(struct sim_broker *broker, uint64_t seed)
{
    memset(broker, 0, sizeof *broker);
    sim_world_init(&broker->world, seed);
    broker->faults = (struct sim_bus_faults){.delay_ms_min = 1, .delay_ms_max = 20};
    broker->is_up = true;
}

void sim_broker_down(struct sim_broker *broker)
{
    sim_world_trace(&broker->world, "bus     the broker dies");
    broker->is_up = false;
    while (broker->session_count > 0) {
        const struct sim_bus_session *session = broker->sessions[broker->session_count - 1];
        connection_close(broker, session->place, session->serial);
        session_end(broker, broker->session_count - 1, false);
    }
}

void sim_broker_up(struct sim_broker *broker)
{
    sim_world_trace(&broker->world, "bus     the broker is there");
    broker->is_up = true;
}

void sim_broker_forget(struct sim_broker *broker)
{
    sim_world_trace(&broker->world, "bus     the broker forgets %zu topics",
                    broker->retained_count);
    for (size_t i = 0; i < broker->retained_count; i++) {
        sim_bus_message_drop(broker->retained[i]);
    }
    broker->retained_count = 0;
}

bool sim_broker_retained(const struct sim_broker *broker, const char *topic, struct span *payload)
{
    size_t at;
    if (!retained_find(broker, topic, &at)) {
        return false;
    }
    *payload = span_of(broker->retained[at]->data, broker->retained[at]->len);
    return true;
}

size_t sim_broker_sessions(const struct sim_broker *broker)
{
    return broker->session_count;
}

static void packet_drop(const struct sim_bus_packet *packet)
{
    sim_bus_message_drop(packet->message);
}

void sim_broker_close(struct sim_broker *broker)
{
    struct sim_bus_packet packet;
    while (broker->session_count > 0) {
        session_free(broker->sessions[--broker->session_count]);
    }
    while (sim_bus_take(broker, &packet)) {
        packet_drop(&packet);
    }
    sim_broker_forget(broker);
    for (size_t i = 0; i < broker->client_count; i++) {
        struct sim_bus_client *client = broker->clients[i];
        for (size_t j = 0; j < client->held_count; j++) {
            packet_drop(&client->held[j]);
        }
        free(client->held);
        client->held = NULL;
        client->held_count = 0;
        sim_bus_message_drop(client->will);
        client->will = NULL;
    }
    free(broker->clients);
    free(broker->sessions);
    free(broker->retained);
    free(broker->packets);
}

mono_ms sim_broker_next(const struct sim_broker *broker)
{
    return broker->packet_count > 0 ? broker->packets[0].at : MONO_NEVER;
}

bool sim_broker_step(struct sim_broker *broker)
{
    struct sim_bus_packet packet;
    if (!sim_bus_take(broker, &packet)) {
        return false;
    }
    if (broker->world.now < packet.at) {
        broker->world.now = packet.at;
    }
    struct sim_bus_client *client = broker->clients[packet.place];
    if (sim_bus_hold_back(client, &packet)) {
        return true;
    }
    if (packet.kind < SIM_BUS_ACCEPTED || packet.kind == SIM_BUS_BROKER_SILENT) {
        sim_bus_broker_take(broker, &packet);
    } else {
        sim_bus_client_take(client, &packet);
    }
    packet_drop(&packet);
    return true;
}

void sim_broker_run_until(struct sim_broker *broker, mono_ms until)
{
    while (sim_broker_next(broker) <= until) {
        (void)sim_broker_step(broker);
    }
    if (broker->world.now < until) {
        broker->world.now = until;
    }
}
