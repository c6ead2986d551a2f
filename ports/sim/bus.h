/* bus: a simulated broker with any number of clients, each of which is a platform/bus.h.
 *
 * The broker has a world of its own: its time, its seed, its trace. Whoever drives several worlds
 * keeps them in step: find the earliest of sim_broker_next, every machine's sim_world_next and
 * every agent's deadline; bring the broker there with sim_broker_run_until and the machines with
 * theirs; then step each agent whose `answers` changed or whose deadline has come. What an agent
 * calls meanwhile happens at the broker's `now`. Callbacks come from sim_broker_step alone.
 *
 *     mono_ms at = mono_min(sim_broker_next(&broker), ...of the machines and agents);
 *     sim_broker_run_until(&broker, at);          // calls opened, received, done, closed
 *     for (each gateway) gateway_turn(gateway, at); // sees that world->answers moved
 */
#ifndef PORTS_SIM_BUS_H
#define PORTS_SIM_BUS_H

#include "platform/bus.h"
#include "ports/sim/world.h"

#define SIM_BUS_ID_BYTES 128
/* An attempt that the broker does not answer. */
#define SIM_BUS_HELLO_MS SECONDS_MS(20)

struct sim_bus_message; /* a topic and a payload, shared by all who hold it */
struct sim_bus_session; /* the broker's side of one session */
struct sim_bus_packet;
struct sim_bus_client;

/* What may go wrong by chance; may be changed at any time. "one in" 0: never. */
struct sim_bus_faults {
    int64_t delay_ms_min, delay_ms_max; /* each way; the order of one client's packets stays */
    uint64_t lose_one_in;               /* packets of a client: its connection is reset instead */
    uint64_t duplicate_one_in;          /* deliveries: made twice, as QoS 1 may */
    uint64_t drop_one_in;    /* deliveries of live messages: a full queue, nobody is told */
    bool is_old; /* it speaks 3.1.1: of a takeover it only closes the connection */
    bool is_takeover_silent; /* no will is sent for a session that a newer one with its id ends, as
                              * nats-server has it; mosquitto sends it */
};

/* Told of every publish that the broker accepts, wills included (then `client_id` is whose). */
typedef void (*sim_bus_saw)(void *ctx, const char *client_id, const char *topic,
                            struct span payload, bool is_retained);
/* The broker's ACL. */
typedef bool (*sim_bus_allows)(void *ctx, const char *client_id, const char *topic);

/* `world.now`, `faults`, `saw` and `allows` may be read and set; the rest is private. */
struct sim_broker {
    struct sim_world world; /* its events are not used: see sim_broker_next */
    struct sim_bus_faults faults;
    sim_bus_saw saw;
    void *saw_ctx;
    sim_bus_allows allows; /* NULL: everything */
    void *allows_ctx;
    bool is_up;
    struct sim_bus_client **clients;
    size_t client_count, client_cap;
    struct sim_bus_session **sessions;
    size_t session_count, session_cap;
    struct sim_bus_message **retained; /* by topic */
    size_t retained_count, retained_cap;
    struct sim_bus_packet *packets; /* heap by (at, order) */
    size_t packet_count, packet_cap;
    uint64_t packet_order;
};

enum sim_bus_phase { SIM_BUS_NONE, SIM_BUS_OPENING, SIM_BUS_OPEN };

struct sim_bus_pending {
    int mid;
    bus_done done;
    void *ctx;
};

/* One client program. Private. */
struct sim_bus_client {
    struct sim_broker *broker;
    uint32_t place;
    uint32_t *answers;
    enum sim_bus_phase phase;
    uint32_t serial; /* of its session; changes when that is over for it */
    struct bus_user user;
    char id[SIM_BUS_ID_BYTES];
    struct sim_bus_message *will;
    unsigned keepalive_s, pace_s;
    struct sim_bus_pending pending[BUS_PENDING_MAX];
    size_t pending_count;
    int last_mid;
    mono_ms heard;
    mono_ms up_at, down_at; /* when the last packet of each way arrives */
    bool is_off; /* its machine has no power: nobody answers for it, not even with a reset */
    bool is_partitioned;
    uint32_t partition;          /* changes with each one, and with each change of pace in it */
    struct sim_bus_packet *held; /* what a partition holds back */
    size_t held_count, held_cap;
};

/* A broker that is up, empty, and delays by 1 to 20 ms. */
void sim_broker_init(struct sim_broker *broker, uint64_t seed);
/* Frees all; the clients are of no use afterwards. */
void sim_broker_close(struct sim_broker *broker);

/* When something happens next; MONO_NEVER: nothing is under way. */
mono_ms sim_broker_next(const struct sim_broker *broker);
/* Moves to the next happening, and lets it happen; false when there is none. */
bool sim_broker_step(struct sim_broker *broker);
/* Everything up to `until`, and moves there. */
void sim_broker_run_until(struct sim_broker *broker, mono_ms until);

/* The process dies: sessions end at once, no will is sent. Clients learn it after a delay. */
void sim_broker_down(struct sim_broker *broker);
void sim_broker_up(struct sim_broker *broker);
/* Loses what was retained. */
void sim_broker_forget(struct sim_broker *broker);
/* Resets every connection; wills are sent. */
void sim_broker_lose_all(struct sim_broker *broker);
/* What is retained on a topic; false without. Valid until the next step. */
bool sim_broker_retained(const struct sim_broker *broker, const char *topic, struct span *payload);
size_t sim_broker_sessions(const struct sim_broker *broker);

/* A client of the broker, which must not move in memory until the broker is closed. *answers (may
 * be NULL) grows with every callback its owner is given: &machine.world.answers lets a gateway's
 * loop see that there is something to do. */
void sim_bus_client_init(struct sim_bus_client *client, struct sim_broker *broker,
                         uint32_t *answers);
/* The interface; valid as long as client and broker. */
struct bus sim_bus_port(struct sim_bus_client *client);

/* The connection is reset; the will is sent, and the owner is told. */
void sim_bus_client_lose(struct sim_bus_client *client);
/* The owner dies by kill -9: the kernel resets the connection, the will is sent, no callback comes.
 * A new owner opens through the same port. */
void sim_bus_client_kill(struct sim_bus_client *client);
/* The owner's machine loses its power: the same, but the broker only notices when it has heard
 * nothing for one and a half keepalives, or when the id comes back. */
void sim_bus_client_cut(struct sim_bus_client *client);
/* From now on nothing passes between this client and the broker. Each side ends the session when
 * its patience is over: the client after a ping without an answer (two paces or keepalives), the
 * broker after one and a half keepalives, and then sends the will. What was under way passes after
 * `mend`, as TCP's does, where the session is still alive then. */
void sim_bus_client_partition(struct sim_bus_client *client);
void sim_bus_client_mend(struct sim_bus_client *client);

#endif
