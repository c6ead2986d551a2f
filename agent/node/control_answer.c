/* control_answer: how an answer of the control socket is written. */
#include <assert.h>

#include "agent/node/control_private.h"

struct text control_json(struct control *control)
{
    struct text json;
    text_init(&json, control->json, sizeof control->json);
    return json;
}

static const char *phrase_of(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {202, "Accepted"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {422, "Unprocessable Content"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < COUNT_OF(phrases); i++) {
        if (phrases[i].status == status) {
            return phrases[i].phrase;
        }
    }
    return "Other";
}

void control_head_send(struct control_peer *peer, int status, const char *type, size_t body_len,
                       bool has_length)
{
    char head[256];
    struct text text;
    text_init(&text, head, sizeof head);
    text_printf(&text, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nConnection: close\r\n", status,
                phrase_of(status), type);
    if (has_length) {
        text_printf(&text, "Content-Length: %zu\r\n", body_len);
    }
    text_append(&text, "\r\n");
    assert(!text.cut);
    peer->out.ops->send(peer->out.self, span_of(text.data, text.len));
}

void control_answer_send(struct control_peer *peer, int status, const char *type, struct span body)
{
    control_head_send(peer, status, type, body.len, true);
    peer->out.ops->send(peer->out.self, body);
    peer->state = CONTROL_PEER_FINISHED;
    peer->out.ops->finish(peer->out.self);
}

void control_error_send(struct control_peer *peer, int status, int code, const char *what)
{
    struct text text;
    text_init(&text, peer->control->answer, sizeof peer->control->answer);
    text_append(&text, "{\"code\":");
    text_append_json(&text, err_word(code));
    text_append(&text, ",\"error\":");
    text_append_json(&text, what);
    text_append(&text, ",\"remedy\":");
    text_append_json(&text, control_remedy(code));
    text_append(&text, "}\n");
    control_answer_send(peer, status, "application/json", span_of(text.data, text.len));
}

int control_rendered_send(struct control_peer *peer, const struct text *json, const char *type,
                          control_view view, struct err *err)
{
    struct text text = *json;
    if (peer->http.wants_text) {
        text_init(&text, peer->control->answer, sizeof peer->control->answer);
        view(span_of(json->data, json->len), &text);
        type = "text/plain; charset=utf-8";
    }
    if (json->cut || text.cut) {
        return err_set(err, ERR_LIMIT, "the answer is larger than %d bytes",
                       CONTROL_ANSWER_BYTES_MAX);
    }
    control_answer_send(peer, 200, type, span_of(text.data, text.len));
    return 0;
}
