/* Pull lines: split, read, add up. */
#include "ports/docker/pull_lines.h"

#include "platform/base/text.h"
#include "ports/docker/refusal.h"
#include "ports/docker/reply.h"

static void lines_fail(struct pull_lines *lines, const char *message)
{
    lines->code = refusal_pull_code(message);
    text_shorten_line(lines->text, sizeof lines->text, span_text(message));
}

/* FNV-1a over the layer and what is done with it. */
static uint64_t key_of(const char *id, const char *status)
{
    uint64_t key = 14695981039346656037u;
    for (const char *part = id; part != NULL; part = part == id ? status : NULL) {
        for (const char *at = part; *at != '\0'; at++) {
            key = (key ^ (unsigned char)*at) * 1099511628211u;
        }
        key = (key ^ '/') * 1099511628211u;
    }
    return key;
}

/* A layer that is fetched again counts only beyond where it was. */
static void lines_count(struct pull_lines *lines, uint64_t key, uint64_t bytes)
{
    size_t at = 0;
    while (at < lines->layer_count && lines->layers[at].key != key) {
        at++;
    }
    if (at == PULL_LAYERS_MAX) {
        return;
    }
    if (at == lines->layer_count) {
        lines->layers[lines->layer_count++] = (struct pull_layer){.key = key};
    }
    if (bytes > lines->layers[at].bytes) {
        lines->bytes += bytes - lines->layers[at].bytes;
        lines->layers[at].bytes = bytes;
    }
}

static void lines_read(struct pull_lines *lines)
{
    while (lines->len > 0 && strchr(" \t\r", lines->line[lines->len - 1]) != NULL) {
        lines->len--;
    }
    if (lines->len == 0) {
        return;
    }
    bool is_short = false;
    REPLY json = reply_parse(span_of(lines->line, lines->len), &is_short);
    lines->len = 0;
    if (is_short) {
        lines_fail(lines, "no memory to read the engine's account of the pull");
        lines->code = ERR_MEMORY;
        return;
    }
    if (!cJSON_IsObject(json)) {
        lines_fail(lines, "the engine's account of the pull is unreadable");
        return;
    }
    const char *error = reply_text_at(json, "error");
    const char *detail = reply_text_at(json, "errorDetail.message");
    if (reply_at(json, "error") != NULL || reply_at(json, "errorDetail") != NULL) {
        lines_fail(lines, detail[0] != '\0' ? detail : error[0] != '\0' ? error : "unknown error");
        return;
    }
    const char *status = reply_text_at(json, "status");
    uint64_t bytes = reply_count_at(json, "progressDetail.current");
    if (bytes > 0 && (strcmp(status, "Downloading") == 0 || strcmp(status, "Extracting") == 0)) {
        lines_count(lines, key_of(reply_text_at(json, "id"), status), bytes);
    }
}

void pull_lines_feed(struct pull_lines *lines, struct span piece)
{
    for (size_t i = 0; i < piece.len && lines->code == 0; i++) {
        if (piece.data[i] == '\n') {
            lines_read(lines);
        } else if (lines->len == sizeof lines->line) {
            lines_fail(lines, "the engine's account of the pull has a line that is too long");
        } else {
            lines->line[lines->len++] = (char)piece.data[i];
        }
    }
}

void pull_lines_end(struct pull_lines *lines)
{
    if (lines->code == 0) {
        lines_read(lines);
    }
}
