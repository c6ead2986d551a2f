/* control_http: the request parser; every byte is looked at once and nothing is allocated. */
#include "agent/node/control_http.h"

#include <string.h>
#include <strings.h>

#include "platform/base/units.h"

/* A piece of the head: bytes first to end. */
struct piece {
    const char *text;
    size_t len;
};

static bool is_target_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("/._-", c) != NULL);
}

static bool is_token_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool piece_is(struct piece piece, const char *word)
{
    return piece.len == strlen(word) && strncasecmp(piece.text, word, piece.len) == 0;
}

/* Copies `piece` when it fits and every byte of it is allowed. */
static bool piece_copy(struct piece piece, bool (*is_allowed)(char), char *target, size_t cap)
{
    if (piece.len >= cap) {
        return false;
    }
    for (size_t i = 0; i < piece.len; i++) {
        if (!is_allowed(piece.text[i])) {
            return false;
        }
    }
    memcpy(target, piece.text, piece.len);
    target[piece.len] = '\0';
    return true;
}

static bool is_query_byte(char c)
{
    return is_target_byte(c) || c == '=' || c == '&';
}

static bool is_method_byte(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Cuts `line` at the first `mark`: what stands before it, and *rest what stands after. */
static struct piece piece_cut(struct piece line, char mark, struct piece *rest)
{
    const char *at = line.len == 0 ? NULL : memchr(line.text, mark, line.len);
    if (at == NULL) {
        *rest = (struct piece){.text = line.text + line.len, .len = 0};
        return line;
    }
    size_t before = (size_t)(at - line.text);
    *rest = (struct piece){.text = at + 1, .len = line.len - before - 1};
    return (struct piece){.text = line.text, .len = before};
}

static int request_line_read(struct control_http *http, struct piece line, struct err *err)
{
    struct piece rest;
    struct piece query;
    struct piece method = piece_cut(line, ' ', &rest);
    struct piece target = piece_cut(rest, ' ', &rest);
    struct piece path = piece_cut(target, '?', &query);
    if (method.len == 0 || !piece_copy(method, is_method_byte, http->method, sizeof http->method)) {
        return err_set(err, ERR_SYNTAX, "the request line does not begin with a method");
    }
    if (path.len == 0 || path.text[0] != '/' ||
        !piece_copy(path, is_target_byte, http->path, sizeof http->path) ||
        !piece_copy(query, is_query_byte, http->query, sizeof http->query)) {
        return err_set(
            err, ERR_SYNTAX,
            "the request's path or query is too long or has other than plain characters");
    }
    if (rest.len != 8 || memcmp(rest.text, "HTTP/1.1", 8) != 0) {
        return err_set(err, ERR_SYNTAX, "the request line does not end with HTTP/1.1");
    }
    return 0;
}

static int length_read(struct control_http *http, struct piece value, struct err *err)
{
    size_t number = 0;
    if (http->has_length || value.len == 0) {
        return err_set(err, ERR_SYNTAX, "Content-Length is empty or stands twice");
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.text[i] < '0' || value.text[i] > '9') {
            return err_set(err, ERR_SYNTAX, "Content-Length is not a number");
        }
        number = number * 10 + (size_t)(value.text[i] - '0');
        if (number > ENVELOPE_BYTES_MAX) {
            return err_set(err, ERR_OVERSIZE, "the body is larger than %d bytes",
                           ENVELOPE_BYTES_MAX);
        }
    }
    http->has_length = true;
    http->body_len = number;
    return 0;
}

/* True when a comma-separated Accept value names text/plain. */
static bool accept_has_text(struct piece value)
{
    while (value.len > 0) {
        struct piece parameters;
        struct piece item = piece_cut(value, ',', &value);
        while (item.len > 0 && item.text[0] == ' ') {
            item = (struct piece){.text = item.text + 1, .len = item.len - 1};
        }
        if (piece_is(piece_cut(item, ';', &parameters), "text/plain")) {
            return true;
        }
    }
    return false;
}

static int header_read(struct control_http *http, struct piece line, struct err *err)
{
    struct piece value;
    struct piece name = piece_cut(line, ':', &value);
    if (name.len == 0 || name.len == line.len) {
        return err_set(err, ERR_SYNTAX, "a header line without a name or a colon");
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!is_token_byte(name.text[i])) {
            return err_set(err, ERR_SYNTAX, "a header name with other than token characters");
        }
    }
    while (value.len > 0 && (value.text[0] == ' ' || value.text[0] == '\t')) {
        value = (struct piece){.text = value.text + 1, .len = value.len - 1};
    }
    while (value.len > 0 &&
           (value.text[value.len - 1] == ' ' || value.text[value.len - 1] == '\t')) {
        value.len--;
    }
    if (piece_is(name, "Content-Length")) {
        return length_read(http, value, err);
    }
    if (piece_is(name, "Transfer-Encoding")) {
        return err_set(err, ERR_SYNTAX, "Transfer-Encoding is not understood; send Content-Length");
    }
    if (piece_is(name, "Accept")) {
        http->wants_text = http->wants_text || accept_has_text(value);
    }
    if (piece_is(name, "Expect")) {
        if (!piece_is(value, "100-continue")) {
            return err_set(err, ERR_SYNTAX, "an Expect header other than 100-continue");
        }
        http->expects_continue = true;
    }
    return 0;
}

static int head_read(struct control_http *http, const char *text, struct err *err)
{
    const char *end = text + http->head_len - 2; /* before the empty line */
    bool is_first = true;
    while (text < end) {
        /* The scan let only CR LF pass as an end of line, so CR alone marks it. */
        const char *stop = memchr(text, '\r', (size_t)(end - text));
        struct piece line = {.text = text, .len = (size_t)(stop - text)};
        int rc = is_first ? request_line_read(http, line, err) : header_read(http, line, err);
        if (rc != 0) {
            return rc;
        }
        is_first = false;
        text = stop + 2;
    }
    http->has_head = true;
    return 0;
}

/* Looks for the empty line; refuses at once what can never become a head. */
static int head_scan(struct control_http *http, struct span input, struct err *err)
{
    for (; http->scanned < input.len && http->head_len == 0; http->scanned++) {
        size_t i = http->scanned;
        uint8_t c = input.data[i];
        uint8_t before = i > 0 ? input.data[i - 1] : 0;
        if (i >= CONTROL_HEAD_BYTES_MAX) {
            return err_set(err, ERR_OVERSIZE, "the request's head is larger than %d bytes",
                           CONTROL_HEAD_BYTES_MAX);
        }
        if ((before == '\r') != (c == '\n') || (c == '\r' && i == 0)) {
            return err_set(err, ERR_SYNTAX, "a line of the request does not end with CR LF");
        }
        if ((c < 0x20 && c != '\r' && c != '\n' && c != '\t') || c >= 0x7f ||
            (i == 0 && !is_method_byte((char)c))) {
            return err_set(err, ERR_SYNTAX, "the request is not HTTP: byte %zu is 0x%02x", i, c);
        }
        if (c == '\n' && i >= 3 && input.data[i - 2] == '\n') {
            http->head_len = i + 1;
        }
    }
    return 0;
}

int control_http_step(struct control_http *http, struct span input, bool *whole, struct err *err)
{
    *whole = false;
    if (!http->has_head) {
        int rc = head_scan(http, input, err);
        if (rc == 0 && http->head_len > 0) {
            rc = head_read(http, (const char *)input.data, err);
        }
        if (rc != 0 || !http->has_head) {
            return rc;
        }
    }
    if (input.len > http->head_len + http->body_len) {
        return err_set(err, ERR_SYNTAX, "bytes after the request: one request a connection");
    }
    *whole = input.len == http->head_len + http->body_len;
    return 0;
}

struct span control_http_body(const struct control_http *http, struct span input)
{
    return span_of(input.data + http->head_len, http->body_len);
}

int control_http_number(const struct control_http *http, const char *key, uint64_t fallback,
                        uint64_t *value, struct err *err)
{
    struct piece rest = {.text = http->query, .len = strlen(http->query)};
    uint64_t number = 0;
    while (rest.len > 0) {
        struct piece digits;
        struct piece pair = piece_cut(rest, '&', &rest);
        struct piece name = piece_cut(pair, '=', &digits);
        if (!piece_is(name, key)) {
            continue;
        }
        for (size_t i = 0; i < digits.len; i++) {
            char c = digits.text[i];
            if (c < '0' || c > '9' || number > (uint64_t)JSON_INTEGER_MAX / 10) {
                return err_set(err, ERR_VALUE, "query: %s is not a decimal number", key);
            }
            number = number * 10 + (uint64_t)(c - '0');
        }
        if (digits.len == 0) {
            return err_set(err, ERR_VALUE, "query: %s has no value", key);
        }
        *value = number;
        return 0;
    }
    *value = fallback;
    return 0;
}
