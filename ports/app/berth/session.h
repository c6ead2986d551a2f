/* session: a tool's own connection to the fleet's broker, and waiting for what it says. */
#ifndef PORTS_APP_BERTH_SESSION_H
#define PORTS_APP_BERTH_SESSION_H

#include <stdbool.h>

#include "platform/bus.h"
#include "platform/clock.h"
#include "platform/entropy.h"
#include "platform/log.h"
#include "ports/app/berth/fleet_dir.h"
#include "ports/app/berth/keyring.h"
#include "ports/app/words/given.h"
#include "ports/linux/clock.h"
#include "ports/linux/log.h"
#include "ports/linux/loop.h"
#include "ports/linux/worker.h"

struct mbedtls_tls;
struct mosquitto_bus;

/* What a fleet verb stands on: loop, helper, TLS with the operator's certificate to the operators'
 * listener, the bus, keys' cryptography. Zeroed before session_open; must not move. */
struct session {
    struct linux_loop loop;
    struct linux_clock clock;
    struct linux_log log;
    struct linux_worker worker;
    struct keyring keyring;
    struct mbedtls_tls *tls;
    struct mosquitto_bus *mosquitto;
    struct bus bus; /* closed; for long-running verbs, which put a link on it */
    struct clock clock_port;
    struct entropy entropy;
    struct log log_port;
    unsigned opened; /* private */
    /* private: one question at a time */
    bool is_answered;
    struct err answer;
    bool is_open;
    bool is_two_denied; /* said so */
    void (*received)(void *ctx, const char *topic, struct span payload, bool is_retained);
    void *ctx;
    int64_t stall_ms; /* a reading gives up after so much silence; 0: 15 s */
    int64_t quiet_ms; /* and asks what became of the end after so much; 0: 500 */
    bool is_staying;  /* what a reading subscribes to as its caller wrote it stays subscribed */
    char host[FLEET_HOST_BYTES], name[FLEET_HOST_BYTES]; /* what the stream points at */
    char ca_path[PATH_MAX], cert_path[PATH_MAX], key_path[PATH_MAX];
};

/* Opens everything but the bus. */
NODISCARD int session_open(struct session *session, const struct fleet_dir *dir, struct err *err);
void session_close(struct session *session);

/* For short verbs: opens the bus and waits (15 s at most); the client id is "operator-" and random
 * digits. */
NODISCARD int session_connect(struct session *session, struct err *err);
/* The beginning of most fleet verbs: the folder (--dir, or NULL) is read, everything is opened and
 * connected. *session need not be zeroed; on success the caller calls session_close. */
NODISCARD int session_start(struct session *session, const char *path, struct fleet_dir *dir,
                            struct err *err);
/* The whole of a short verb: begins at the folder of --dir, works, and closes. */
NODISCARD int session_verb(struct given *given,
                           int (*work)(void *ctx, struct session *session,
                                       const struct fleet_dir *dir, struct err *err),
                           void *ctx, struct err *err);
/* Publishes retained, and waits for the broker's word (15 s at most). */
NODISCARD int session_publish(struct session *session, const char *topic, struct span payload,
                              struct err *err);
/* The same, retained or not. */
NODISCARD int session_tell(struct session *session, const char *topic, struct span payload,
                           bool is_retained, struct err *err);
/* Subscribes and waits for the broker's word (15 s at most). */
NODISCARD int session_subscribe(struct session *session, const char *filter, struct err *err);
/* Hands on everything that is retained below a filter, then unsubscribes. It lasts as long as
 * messages come. Where the broker's queue does not hold all of it, what all nodes say at berth/2 is
 * read again in pieces, shard by shard (TOPIC_SHARDS), and some messages are handed on twice.
 * ERR_LIMIT: a piece did not come whole either: names the shards; ERR_TIMEOUT: the broker fell
 * silent before the end; the session is over then. In both cases what was handed on is not all. */
NODISCARD int session_read(struct session *session, const char *filter,
                           void (*received)(void *ctx, const char *topic, struct span payload,
                                            bool is_retained),
                           void *ctx, struct err *err);

/* session_read of a filter at berth/2. A broker whose rights are of the version before denies it:
 * then no node speaks there that anybody could hear, which is said on stderr, once in a session. */
NODISCARD int session_read_two(struct session *session, const char *filter,
                               void (*received)(void *ctx, const char *topic, struct span payload,
                                                bool is_retained),
                               void *ctx, struct err *err);
/* Hands on what comes to a filter from now on, what is retained first, while session_turn turns;
 * until session_listen_end. Nothing else is asked for in between but publishes. */
NODISCARD int session_listen(struct session *session, const char *filter,
                             void (*received)(void *ctx, const char *topic, struct span payload,
                                              bool is_retained),
                             void *ctx, struct err *err);
void session_listen_end(struct session *session, const char *filter);
/* Turns once, for at most so long. */
void session_turn(struct session *session, int64_t most_ms);

/* The topic whose message ends a reading: none of the product's readers takes its name for theirs.
 * True when it matches the filter itself; of a filter without wildcards it lies beside it. */
bool session_fence(const char *filter, uint64_t number, char fence[BUS_TOPIC_BYTES]);

#endif
