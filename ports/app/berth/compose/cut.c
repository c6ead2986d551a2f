/* cut: a walk over JSON text that is known to be well-formed, because we wrote it. */
#include "ports/app/berth/compose/cut.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A member or element: its key (of an element its value), its value, and behind it. */
struct piece {
    size_t start, value, end;
};

static size_t string_end(const char *json, size_t at)
{
    for (at++; json[at] != '"' && json[at] != '\0'; at++) {
        at += json[at] == '\\' && json[at + 1] != '\0';
    }
    return at + (json[at] == '"');
}

static size_t value_end(const char *json, size_t at)
{
    size_t depth = 0;
    for (; json[at] != '\0'; at++) {
        if (json[at] == '"') {
            at = string_end(json, at) - 1;
        } else if (strchr("{[", json[at]) != NULL) {
            depth++;
            continue;
        } else if (strchr("}]", json[at]) != NULL && depth-- == 0) {
            return at;
        } else if (json[at] == ',' && depth == 0) {
            return at;
        }
        if (depth == 0 && strchr("}]\"", json[at]) != NULL) {
            return at + 1;
        }
    }
    return at;
}

/* How much of the path the member's key takes, its dot or bracket not counted; 0: none. */
static size_t key_match(const char *json, const struct piece *piece, const char *path)
{
    size_t len = piece->value - piece->start - 3; /* two quotes and a colon */
    bool is_it = len > 0 && strncmp(path, json + piece->start + 1, len) == 0 &&
                 (path[len] == '.' || path[len] == '[' || path[len] == '\0');
    return is_it ? len : 0;
}

static bool member_find(const char *json, size_t at, const char **path, struct piece *found)
{
    size_t best = 0;
    for (at++; json[at] == '"'; at += json[at] == ',') {
        struct piece piece = {.start = at, .value = string_end(json, at) + 1};
        piece.end = value_end(json, piece.value);
        size_t len = key_match(json, &piece, *path);
        if (len > best) {
            best = len;
            *found = piece;
        }
        at = piece.end;
    }
    *path += best;
    return best > 0;
}

static bool element_find(const char *json, size_t at, const char **path, struct piece *found)
{
    char *end = NULL;
    unsigned long index = strtoul(*path + 1, &end, 10);
    if (*end != ']') {
        return false;
    }
    *path = end + 1;
    for (at++; json[at] != ']' && json[at] != '\0'; at += json[at] == ',') {
        *found = (struct piece){.start = at, .value = at, .end = value_end(json, at)};
        if (index-- == 0) {
            return true;
        }
        at = found->end;
    }
    return false;
}

static bool path_find(const char *json, const char *path, struct piece *found)
{
    bool is_there = false;
    size_t at = 0;
    while (path[0] != '\0') {
        path += path[0] == '.';
        is_there = json[at] == '{'                     ? member_find(json, at, &path, found)
                   : json[at] == '[' && path[0] == '[' ? element_find(json, at, &path, found)
                                                       : false;
        if (!is_there) {
            return false;
        }
        at = found->value;
    }
    return is_there;
}

bool cut_path(struct text *json, const char *path, const char *otherwise)
{
    struct piece piece;
    size_t put = otherwise != NULL ? strlen(otherwise) : 0;
    if (!path_find(json->data, path, &piece)) {
        return false;
    }
    size_t start = otherwise != NULL ? piece.value : piece.start;
    size_t end = piece.end;
    if (otherwise == NULL && json->data[end] == ',') {
        end++;
    } else if (otherwise == NULL && json->data[start - 1] == ',') {
        start--;
    }
    if (json->len - (end - start) + put >= json->cap) {
        return false;
    }
    memmove(json->data + start + put, json->data + end, json->len - end + 1);
    if (put > 0) {
        memcpy(json->data + start, otherwise, put);
    }
    json->len = json->len - (end - start) + put;
    return true;
}
