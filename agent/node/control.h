/* control: what may be asked of the agent over its local socket, by whom, and how it is answered.
 */
#ifndef AGENT_NODE_CONTROL_H
#define AGENT_NODE_CONTROL_H

#include "agent/node/conductor.h"
#include "agent/node/control_http.h"

/* Peers at the same time, those whose activate is still being written down included. */
#define CONTROL_PEERS_MAX        16
#define CONTROL_ANSWER_BYTES_MAX 262144

/* The way back to one peer. `self` is valid until finish was called or control_close. */
struct control_out_ops {
    /* Queues bytes for the peer; copied. What does not fit ends the connection: the carrier then
     * calls control_close later, never from inside send. */
    void (*send)(void *self, struct span bytes);
    /* Everything was sent; the connection is to be closed once the bytes are out. */
    void (*finish)(void *self);
    /* The request is whole and answered in its own time: no idle time-out any more. */
    void (*keep)(void *self);
};

struct control_out {
    const struct control_out_ops *ops;
    void *self;
};

enum control_peer_state {
    CONTROL_PEER_FREE,
    CONTROL_PEER_READING,
    CONTROL_PEER_WAITING,  /* the conductor will answer */
    CONTROL_PEER_WATCHING, /* gets events and changes until it leaves */
    CONTROL_PEER_FINISHED, /* answered; its carrier has not closed yet */
    CONTROL_PEER_ORPHANED  /* left while the conductor had its question */
};

/* private */
struct control_peer {
    struct control *control;
    struct control_out out;
    struct control_http http;
    enum control_peer_state state;
    uint32_t uid;
    bool was_continued;
    uint64_t event_seen; /* watching: the last event sent; waiting: the last before the question */
};

/* private; caller-allocated (its two buffers make it about 600 KiB, touched only as used). */
struct control {
    struct conductor *conductor;
    uint32_t control_uid;
    struct control_peer peers[CONTROL_PEERS_MAX];
    uint64_t event_last;
    uint32_t status_sum;    /* of the last status sent to watchers, the soak's count left out */
    mono_ms status_sent_at; /* when */
    bool is_soaking;        /* that status counted down */
    char json[CONTROL_ANSWER_BYTES_MAX];
    char answer[CONTROL_ANSWER_BYTES_MAX];
};

/* Prepares an empty table of peers and listens to the conductor's events. `conductor` outlives it.
 * `control_uid` may use the socket besides uid 0 (UINT32_MAX: nobody). */
void control_init(struct control *control, struct conductor *conductor, uint32_t control_uid);

/* A peer connected, with the uid the kernel vouches for. NULL when CONTROL_PEERS_MAX are there. */
struct control_peer *control_open(struct control *control, uint32_t uid, struct control_out out);

/* Everything received from the peer so far, from its first byte, in one piece (at most
 * CONTROL_REQUEST_BYTES_MAX + 1). May call send, keep and finish before it returns. Bytes that come
 * from a peer that waits, watches or is answered are ignored. */
void control_receive(struct control_peer *peer, struct span input);

/* The connection is gone; `peer` is not to be used any more. Needed after finish as well. */
void control_close(struct control_peer *peer);

/* Sends watchers what happened and what changed since the last call. Call after each turn and when
 * control_deadline has passed. */
void control_step(struct control *control, mono_ms now);

/* When a watcher's count-down is to be sent at the latest; MONO_NEVER without one. */
mono_ms control_deadline(const struct control *control);

/* The HTTP status and the remedy (what to do, for people) of an error code; every code has both. */
int control_http_status(int code);
const char *control_remedy(int code);

#endif
