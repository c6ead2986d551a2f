/* uplink: the node's end of the link to the fleet: orders in; presence, report and stories out. */
#ifndef AGENT_NODE_UPLINK_H
#define AGENT_NODE_UPLINK_H

#include "agent/link/link.h"
#include "agent/node/conductor.h"
#include "agent/node/level.h"
#include "agent/wire/topic.h"

/* Releases asked for at the same time. */
/* Every order that may wait: a release that never comes keeps none of the others waiting. */
#define UPLINK_WANTED_MAX APPS_MAX
/* Pieces of files asked for at the same time: fewer than can be stored at a time. */
#define UPLINK_FILES_MAX 4
/* Reports are not sent more often than this while much changes. */
#define UPLINK_REPORT_GAP_MS 200

/* A trust or revoke document came from the fleet: whoever keeps those verifies and takes it. */
typedef void (*uplink_document)(void *ctx, bool is_revoke, struct span envelope);

struct uplink_ports {
    struct bus bus;
    struct entropy entropy;
    struct clock clock;
    struct log log;
    uplink_document document; /* NULL: not taken */
    void *ctx;
    struct verify verify; /* names the shard of this node; ops NULL: it speaks berth/1 only */
};

/* Retained documents that are subscribed to by digest until they have come. */
struct uplink_asked {
    enum topic_kind kind;
    size_t max, count;
    struct digest list[UPLINK_WANTED_MAX];
};

/* private but for what uplink_status shows; caller-allocated, must not move until uplink_stop. */
struct uplink {
    struct conductor *conductor;
    struct uplink_ports ports;
    char fleet[NAME_BYTES];
    char node[NODE_NAME_BYTES];
    struct link link;
    uint32_t session_number; /* grows with each session: answers of an older one do not count */
    bool is_presence_due, is_report_due, is_leaving, has_left;
    bool is_report_busy, is_story_busy;
    struct level level;
    char shard[TOPIC_SHARD_BYTES];
    bool is_farewell_sent, is_farewell_told; /* before a session of another level */
    unsigned old_next; /* documents on berth/1 that were cleared; OLD_COUNT: all were published */
    bool are_old_gone;
    uint32_t report_sum; /* of the report last sent, the instant left out; 0: none yet */
    mono_ms report_not_before;
    char story_app[NAME_BYTES];
    struct uplink_asked releases, files;
    unsigned pace_s;
    struct err last; /* why the last session or attempt ended; code 0: none did */
    struct report report;
    char text[REPORT_BYTES_MAX];
};

/* Prepares; connects at the first step. `config` is read now; conductor outlives it. */
void uplink_init(struct uplink *uplink, struct conductor *conductor, const struct config *config,
                 const struct uplink_ports *ports);

/* Connects, tells what changed, asks for releases that orders need. Call after each conductor_step
 * and when uplink_deadline has passed. */
void uplink_step(struct uplink *uplink, mono_ms now);
mono_ms uplink_deadline(const struct uplink *uplink);

/* Says that the node leaves (a polite end sends no will), and whether the broker has heard it. */
void uplink_leave(struct uplink *uplink);
bool uplink_has_left(const struct uplink *uplink);

/* Ends the session; connects no more. */
void uplink_stop(struct uplink *uplink);

#endif
