/* control_answer: how an answer of the control socket is written. */

#include "platform/base/law.h"

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
    LAW(SAID, !text.cut);
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

/* Where the string that begins at `at` ends: behind its quote, or at the end of the text. */
static size_t string_end(struct span json, size_t at)
{
    for (at++; at < json.len && json.data[at] != '"'; at++) {
        at += json.data[at] == '\\' ? 1 : 0;
    }
    return at < json.len ? at + 1 : json.len;
}

/* What opens at `at` holds neither object nor array: it stays on one line. */
static bool is_flat(struct span json, size_t at)
{
    for (at++; at < json.len;) {
        uint8_t c = json.data[at];
        if (c == '{' || c == '[' || c == '}' || c == ']') {
            return c == '}' || c == ']';
        }
        at = c == '"' ? string_end(json, at) : at + 1;
    }
    return true;
}

static void ascii_append(struct text *text, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        char c = (char)(bytes.data[i] < 0x7f ? bytes.data[i] : '?');
        text_append_span(text, span_of(&c, 1));
    }
}

void control_lines(struct span json, struct text *text)
{
    int depth = 0;
    bool is_inside_flat = false;
    for (size_t at = 0, end; at < json.len; at = end) {
        uint8_t c = json.data[at];
        bool is_opening = c == '{' || c == '[';
        bool is_closing = c == '}' || c == ']';
        end = c == '"' ? string_end(json, at) : at + 1;
        is_inside_flat = is_inside_flat || (is_opening && is_flat(json, at));
        if (is_closing && !is_inside_flat) {
            text_printf(text, "\n%*s", --depth, "");
        }
        ascii_append(text, span_of(json.data + at, end - at));
        if (c == ':') {
            text_append(text, " ");
        } else if ((is_opening || c == ',') && !is_inside_flat) {
            depth += is_opening ? 1 : 0;
            text_printf(text, "\n%*s", depth, "");
        } else if (c == ',') {
            text_append(text, " ");
        }
        is_inside_flat = is_inside_flat && !is_closing;
    }
}

int control_rendered_send(struct control_peer *peer, const struct text *json, const char *type,
                          struct err *err)
{
    struct text text = *json;
    if (peer->http.wants_text) {
        text_init(&text, peer->control->answer, sizeof peer->control->answer);
        control_lines(span_of(json->data, json->len), &text);
        type = "text/plain; charset=utf-8";
    }
    if (json->cut || text.cut) {
        return err_set(err, ERR_LIMIT, "the answer is larger than %d bytes",
                       CONTROL_ANSWER_BYTES_MAX);
    }
    control_answer_send(peer, 200, type, span_of(text.data, text.len));
    return 0;
}
