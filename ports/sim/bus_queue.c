/* bus_queue: what is on its way between broker and clients: a heap, a delay, an order. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "ports/sim/bus_private.h"

void *sim_bus_grow(void *array, size_t count, size_t *cap, size_t bytes)
{
    if (count < *cap) {
        return array;
    }
    *cap = *cap > 0 ? 2 * *cap : 8;
    void *grown = realloc(array, *cap * bytes);
    if (grown == NULL) {
        abort();
    }
    return grown;
}

struct sim_bus_message *sim_bus_message_new(const char *topic, struct span payload)
{
    struct sim_bus_message *message = calloc(1, sizeof *message + payload.len);
    if (message == NULL) {
        abort();
    }
    message->holders = 1;
    message->len = payload.len;
    (void)snprintf(message->topic, sizeof message->topic, "%s", topic);
    if (payload.len > 0) {
        memcpy(message->data, payload.data, payload.len);
    }
    return message;
}

struct sim_bus_message *sim_bus_message_hold(struct sim_bus_message *message)
{
    message->holders++;
    return message;
}

void sim_bus_message_drop(struct sim_bus_message *message)
{
    if (message != NULL && --message->holders == 0) {
        free(message);
    }
}

static bool is_before(const struct sim_bus_packet *a, const struct sim_bus_packet *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void exchange(struct sim_bus_packet *a, struct sim_bus_packet *b)
{
    struct sim_bus_packet kept = *a;
    *a = *b;
    *b = kept;
}

void sim_bus_queue(struct sim_broker *broker, const struct sim_bus_packet *packet)
{
    broker->packets = sim_bus_grow(broker->packets, broker->packet_count, &broker->packet_cap,
                                   sizeof broker->packets[0]);
    size_t place = broker->packet_count++;
    struct sim_bus_packet *heap = broker->packets;
    heap[place] = *packet;
    heap[place].order = broker->packet_order++;
    while (place > 0 && is_before(&heap[place], &heap[(place - 1) / 2])) {
        exchange(&heap[place], &heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
}

bool sim_bus_take(struct sim_broker *broker, struct sim_bus_packet *packet)
{
    struct sim_bus_packet *heap = broker->packets;
    size_t place = 0;
    if (broker->packet_count == 0) {
        return false;
    }
    *packet = heap[0];
    heap[0] = heap[--broker->packet_count];
    for (;;) {
        size_t least = place;
        for (size_t child = 2 * place + 1; child <= 2 * place + 2; child++) {
            if (child < broker->packet_count && is_before(&heap[child], &heap[least])) {
                least = child;
            }
        }
        if (least == place) {
            return true;
        }
        exchange(&heap[place], &heap[least]);
        place = least;
    }
}

void sim_bus_send(struct sim_bus_client *client, struct sim_bus_packet packet)
{
    struct sim_broker *broker = client->broker;
    const struct sim_bus_faults *faults = &broker->faults;
    mono_ms *last = packet.kind < SIM_BUS_ACCEPTED ? &client->up_at : &client->down_at;
    mono_ms at = broker->world.now +
                 sim_random_between(&broker->world, faults->delay_ms_min, faults->delay_ms_max);
    assert(packet.kind < SIM_BUS_HELLO_LIMIT);
    packet.at = at > *last ? at : *last;
    packet.place = client->place;
    *last = packet.at;
    sim_bus_queue(broker, &packet);
}

bool sim_bus_hold_back(struct sim_bus_client *client, const struct sim_bus_packet *packet)
{
    if (!client->is_partitioned || packet->kind >= SIM_BUS_HELLO_LIMIT) {
        return false;
    }
    client->held =
        sim_bus_grow(client->held, client->held_count, &client->held_cap, sizeof client->held[0]);
    client->held[client->held_count++] = *packet;
    return true;
}
