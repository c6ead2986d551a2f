/* control_watch: pushes events and changes of the status to peers that watch. */
#include "agent/node/control_private.h"
#include "platform/base/crc.h"

#define SOAK_TICK_MS 1000

static const char soak_key[] = "\"soakRemainingMs\":";

/* A checksum of the status without the count-down, which alone changes all the time. */
static uint32_t status_sum(const struct text *json, bool *is_soaking)
{
    uint32_t sum = 0;
    const char *at = json->data;
    *is_soaking = false;
    for (const char *key; (key = strstr(at, soak_key)) != NULL;) {
        key += sizeof soak_key - 1;
        sum = crc32c(sum, at, (size_t)(key - at));
        at = key + strspn(key, "0123456789");
        *is_soaking |= *key >= '1' && *key <= '9';
    }
    return crc32c(sum, at, strlen(at));
}

static bool has_watcher(const struct control *control)
{
    for (size_t i = 0; i < CONTROL_PEERS_MAX; i++) {
        if (control->peers[i].state == CONTROL_PEER_WATCHING) {
            return true;
        }
    }
    return false;
}

static struct text status_json(struct control *control)
{
    struct text json = control_json(control);
    conductor_status(control->conductor, &json);
    text_append(&json, "\n");
    return json;
}

/* A piece that does not fit its buffer ends the watch: a peer that waits for what stands in it
 * would else wait for ever. */
static void piece_send(struct control_peer *peer, const struct text *json)
{
    struct text text = *json;
    if (peer->http.wants_text) {
        text_init(&text, peer->control->answer, sizeof peer->control->answer);
        control_lines(span_of(json->data, json->len), &text);
    }
    if (json->cut || text.cut) {
        peer->state = CONTROL_PEER_FINISHED;
        peer->out.ops->finish(peer->out.self);
    } else if (text.len > 0) {
        peer->out.ops->send(peer->out.self, span_of(text.data, text.len));
    }
}

int control_watch(struct control_peer *peer, const char *name, struct span body, struct err *err)
{
    struct control *control = peer->control;
    uint64_t after = 0;
    (void)name;
    (void)body;
    int rc = control_http_number(&peer->http, "after", control->event_last, &after, err);
    if (rc != 0) {
        return rc;
    }
    struct text json = status_json(control);
    if (json.cut) {
        return err_set(err, ERR_LIMIT, "the status is larger than %d bytes",
                       CONTROL_ANSWER_BYTES_MAX);
    }
    if (!has_watcher(control)) {
        control->status_sum = status_sum(&json, &control->is_soaking);
    }
    peer->state = CONTROL_PEER_WATCHING;
    peer->event_seen = after;
    control_head_send(peer, 200,
                      peer->http.wants_text ? "text/plain; charset=utf-8" : "application/x-ndjson",
                      0, false);
    piece_send(peer, &json);
    return 0;
}

static void events_push(struct control *control)
{
    for (size_t i = 0; i < CONTROL_PEERS_MAX; i++) {
        struct control_peer *peer = &control->peers[i];
        if (peer->state == CONTROL_PEER_WATCHING && peer->event_seen < control->event_last) {
            struct text json = control_json(control);
            conductor_events(control->conductor, peer->event_seen, &json);
            peer->event_seen = control->event_last;
            piece_send(peer, &json);
        }
    }
}

static void status_push(struct control *control, mono_ms now)
{
    struct text json = status_json(control);
    uint32_t sum = status_sum(&json, &control->is_soaking);
    bool is_due = control->is_soaking && now >= control->status_sent_at + SOAK_TICK_MS;
    if (sum == control->status_sum && !is_due) {
        return;
    }
    control->status_sum = sum;
    control->status_sent_at = now;
    for (size_t i = 0; i < CONTROL_PEERS_MAX; i++) {
        if (control->peers[i].state == CONTROL_PEER_WATCHING) {
            piece_send(&control->peers[i], &json);
        }
    }
}

void control_step(struct control *control, mono_ms now)
{
    if (!has_watcher(control)) {
        control->is_soaking = false;
        return;
    }
    events_push(control);
    status_push(control, now);
}

mono_ms control_deadline(const struct control *control)
{
    return control->is_soaking ? control->status_sent_at + SOAK_TICK_MS : MONO_NEVER;
}
