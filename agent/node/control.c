/* control: one table says what may be asked and by whom; one request a connection. */
#include "agent/node/control.h"

#include <inttypes.h>

#include "agent/node/control_private.h"
#include "platform/base/law.h"

/* Who may ask; a peer that none of these holds for is refused. */
#define MAY_ROOT       1u
#define MAY_TECHNICIAN 2u /* config control_uid */
#define MAY_OTHERS     4u /* whoever the socket's permissions let in */

typedef int (*control_verb)(struct control_peer *peer, const char *name, struct span body,
                            struct err *err);

struct verb_row {
    const char *method;
    const char *path; /* ends with '/': a name follows */
    unsigned may;
    bool takes_body;
    control_verb run; /* answers, or returns a code that becomes the answer */
};

static int status_verb(struct control_peer *peer, const char *name, struct span body,
                       struct err *err)
{
    struct text json = control_json(peer->control);
    (void)name;
    (void)body;
    conductor_status(peer->control->conductor, &json);
    text_append(&json, "\n");
    return control_rendered_send(peer, &json, "application/json", err);
}

static int events_verb(struct control_peer *peer, const char *name, struct span body,
                       struct err *err)
{
    struct text json = control_json(peer->control);
    uint64_t after = 0;
    (void)name;
    (void)body;
    int rc = control_http_number(&peer->http, "after", 0, &after, err);
    if (rc != 0) {
        return rc;
    }
    conductor_events(peer->control->conductor, after, &json);
    return control_rendered_send(peer, &json, "application/x-ndjson", err);
}

static int history_verb(struct control_peer *peer, const char *name, struct span body,
                        struct err *err)
{
    struct text json = control_json(peer->control);
    (void)body;
    int rc = conductor_history(peer->control->conductor, name, &json, err);
    if (rc != 0) {
        return rc;
    }
    text_append(&json, "\n");
    return control_rendered_send(peer, &json, "application/json", err);
}

static int version_verb(struct control_peer *peer, const char *name, struct span body,
                        struct err *err)
{
    struct text json = control_json(peer->control);
    (void)name;
    (void)body;
    text_append(&json, "{\"version\":\"" BERTH_VERSION "\",\"api\":1}\n");
    return control_rendered_send(peer, &json, "application/json", err);
}

/* The conductor's one answer to an activate or a rollback. What follows from it are the events
 * after the number that stands in the answer. */
static void wanted_done(void *ctx, const struct err *err)
{
    LAW(ALWAYS_WATCHING, ((struct control_peer *)ctx)->control != NULL);
    struct control_peer *peer = ctx;
    if (peer->state == CONTROL_PEER_ORPHANED) {
        peer->state = CONTROL_PEER_FREE;
        return;
    }
    LAW(ALWAYS_WATCHING, peer->state == CONTROL_PEER_WAITING);
    if (err != NULL) {
        control_error_send(peer, control_http_status(err->code), err->code, err->text);
    } else {
        struct text json = control_json(peer->control);
        struct accepted accepted;
        char hex[DIGEST_HEX_BYTES];
        conductor_accepted(peer->control->conductor, &accepted);
        digest_render(&accepted.release, hex);
        text_printf(&json,
                    "{\"accepted\":true,\"event\":%" PRIu64 ",\"release\":\"%s\","
                    "\"verdicts\":%" PRIu32 "}\n",
                    peer->event_seen, hex, accepted.verdicts);
        control_answer_send(peer, 202, "application/json", span_of(json.data, json.len));
    }
}

static int activate_verb(struct control_peer *peer, const char *name, struct span body,
                         struct err *err)
{
    uint64_t force = 0;
    (void)name;
    int rc = control_http_number(&peer->http, "force", 0, &force, err);
    if (rc != 0) {
        return rc;
    }
    if (force > 1) {
        return err_set(err, ERR_VALUE, "query: force is 0 or 1");
    }
    peer->state = CONTROL_PEER_WAITING;
    peer->event_seen = peer->control->event_last;
    return conductor_activate(peer->control->conductor, body, force == 1, wanted_done, peer, err);
}

static int rollback_verb(struct control_peer *peer, const char *name, struct span body,
                         struct err *err)
{
    (void)body;
    peer->state = CONTROL_PEER_WAITING;
    peer->event_seen = peer->control->event_last;
    return conductor_rollback(peer->control->conductor, name, wanted_done, peer, err);
}

/* What an activated release still lacks: whoever has its pieces hands them over. */
static int files_verb(struct control_peer *peer, const char *name, struct span body,
                      struct err *err)
{
    struct text json = control_json(peer->control);
    (void)body;
    int rc = conductor_files(peer->control->conductor, name, &json, err);
    if (rc != 0) {
        return rc;
    }
    text_append(&json, "\n");
    control_answer_send(peer, 200, "application/json", span_of(json.data, json.len));
    return 0;
}

static void file_done(void *ctx, const struct err *err)
{
    struct control_peer *peer = ctx;
    if (peer->state == CONTROL_PEER_ORPHANED) {
        peer->state = CONTROL_PEER_FREE;
    } else if (err != NULL) {
        control_error_send(peer, control_http_status(err->code), err->code, err->text);
    } else {
        control_answer_send(peer, 202, "application/json", span_text("{\"stored\":true}\n"));
    }
}

static int file_verb(struct control_peer *peer, const char *name, struct span body, struct err *err)
{
    (void)name;
    peer->state = CONTROL_PEER_WAITING;
    return conductor_file(peer->control->conductor, NULL, body, file_done, peer, err);
}

static const struct verb_row verbs[] = {
    {"GET", "/v1/version", MAY_ROOT | MAY_TECHNICIAN | MAY_OTHERS, false, version_verb},
    {"GET", "/v1/status", MAY_ROOT | MAY_TECHNICIAN, false, status_verb},
    {"GET", "/v1/events", MAY_ROOT | MAY_TECHNICIAN, false, events_verb},
    {"GET", "/v1/watch", MAY_ROOT | MAY_TECHNICIAN, false, control_watch},
    {"GET", "/v1/history/", MAY_ROOT | MAY_TECHNICIAN, false, history_verb},
    {"GET", "/v1/files/", MAY_ROOT | MAY_TECHNICIAN, false, files_verb},
    {"POST", "/v1/file", MAY_ROOT | MAY_TECHNICIAN, true, file_verb},
    {"POST", "/v1/activate", MAY_ROOT | MAY_TECHNICIAN, true, activate_verb},
    {"POST", "/v1/rollback/", MAY_ROOT | MAY_TECHNICIAN, false, rollback_verb},
};

static unsigned peer_class(const struct control_peer *peer)
{
    if (peer->uid == 0) {
        return MAY_ROOT;
    }
    return peer->control->control_uid != UINT32_MAX && peer->uid == peer->control->control_uid
               ? MAY_TECHNICIAN
               : MAY_OTHERS;
}

/* The row's name in the path ("" without one), or NULL when the path is not the row's. */
static const char *row_name(const struct verb_row *row, const char *path)
{
    size_t len = strlen(row->path);
    if (row->path[len - 1] != '/') {
        return strcmp(row->path, path) == 0 ? "" : NULL;
    }
    return strncmp(row->path, path, len) == 0 && text_is_name(path + len, NAME_BYTES - 1)
               ? path + len
               : NULL;
}

static int dispatch(struct control_peer *peer, struct span body, int *status, struct err *err)
{
    bool has_path = false;
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        const struct verb_row *row = &verbs[i];
        const char *name = row_name(row, peer->http.path);
        if (name == NULL) {
            continue;
        }
        has_path = true;
        if (strcmp(row->method, peer->http.method) != 0) {
            continue;
        }
        if ((row->may & peer_class(peer)) == 0) {
            return err_set(err, ERR_DENIED, "%s %s is not for uid %u", row->method, row->path,
                           (unsigned)peer->uid);
        }
        if (row->takes_body != (body.len > 0)) {
            return err_set(err, ERR_SYNTAX, "%s %s %s", row->method, row->path,
                           row->takes_body ? "needs a body" : "takes no body");
        }
        return row->run(peer, name, body, err);
    }
    *status = has_path ? 405 : 404;
    return err_set(err, ERR_USAGE, "%s %s is nothing this agent can be asked", peer->http.method,
                   peer->http.path);
}

void control_receive(struct control_peer *peer, struct span input)
{
    struct err err = {0};
    bool is_whole = false;
    int status = 0;
    if (peer->state != CONTROL_PEER_READING) {
        return;
    }
    int rc = control_http_step(&peer->http, input, &is_whole, &err);
    if (rc == 0 && !is_whole) {
        if (peer->http.expects_continue && !peer->was_continued) {
            peer->was_continued = true;
            peer->out.ops->send(peer->out.self, span_text("HTTP/1.1 100 Continue\r\n\r\n"));
        }
        return;
    }
    if (rc == 0) {
        peer->out.ops->keep(peer->out.self);
        rc = dispatch(peer, control_http_body(&peer->http, input), &status, &err);
    }
    if (rc != 0) {
        control_error_send(peer, status != 0 ? status : control_http_status(rc), rc, err.text);
    }
}

static void control_heard(void *ctx, const struct event *event)
{
    struct control *control = ctx;
    control->event_last = event->number;
}

void control_init(struct control *control, struct conductor *conductor, uint32_t control_uid)
{
    memset(control->peers, 0, sizeof control->peers);
    control->conductor = conductor;
    control->control_uid = control_uid;
    control->event_last = 0;
    control->status_sum = 0;
    control->status_sent_at = 0;
    control->is_soaking = false;
    conductor_listen(conductor, control_heard, control);
}

struct control_peer *control_open(struct control *control, uint32_t uid, struct control_out out)
{
    for (size_t i = 0; i < CONTROL_PEERS_MAX; i++) {
        struct control_peer *peer = &control->peers[i];
        if (peer->state == CONTROL_PEER_FREE) {
            *peer = (struct control_peer){
                .control = control,
                .out = out,
                .state = CONTROL_PEER_READING,
                .uid = uid,
            };
            return peer;
        }
    }
    return NULL;
}

void control_close(struct control_peer *peer)
{
    LAW(ALWAYS_WATCHING, peer->state != CONTROL_PEER_FREE && peer->state != CONTROL_PEER_ORPHANED);
    peer->state = peer->state == CONTROL_PEER_WAITING ? CONTROL_PEER_ORPHANED : CONTROL_PEER_FREE;
}
