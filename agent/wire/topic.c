/* topic: one table of paths, walked in both directions. */
#include "agent/wire/topic.h"

#include <string.h>

#include "platform/base/law.h"
#include "platform/base/text.h"

_Static_assert(sizeof TOPIC_PREFIX == sizeof TOPIC_PREFIX_2, "both are skipped alike");

#define NODE "node/"

static const char *const paths[] = {
#define PATH_(name, path) [TOPIC_##name] = path,
    TOPIC_KINDS(PATH_)
#undef PATH_
};

/* The part of `topic` that stands for the letter in braces, and how long it may be. */
static char *part_of(struct topic *topic, char letter, size_t *cap)
{
    switch (letter) {
    case 'n':
        *cap = sizeof topic->node;
        return topic->node;
    case 'a':
        *cap = sizeof topic->app;
        return topic->app;
    case 'd':
        *cap = sizeof topic->digest;
        return topic->digest;
    case 's':
        *cap = sizeof topic->shard;
        return topic->shard;
    default:
        LAW(BOUNDED, letter == 'r');
        *cap = sizeof topic->rollout;
        return topic->rollout;
    }
}

bool topic_is_about_node(enum topic_kind kind)
{
    return strncmp(paths[kind], NODE, sizeof NODE - 1) == 0;
}

void topic_render(const struct topic *topic, char text[BUS_TOPIC_BYTES])
{
    struct topic copy = *topic;
    struct text out;
    size_t cap = 0;
    LAW(BOUNDED, (unsigned)topic->kind < TOPIC_KIND_COUNT);
    text_init(&out, text, BUS_TOPIC_BYTES);
    const char *at = paths[topic->kind];
    if (topic->level == 2) {
        LAW(BOUNDED, topic_is_about_node(topic->kind));
        at += sizeof NODE - 1;
        text_printf(&out, TOPIC_PREFIX_2 "%s/" NODE "%s/", topic->fleet,
                    topic->shard[0] != '\0' ? topic->shard : "+");
    } else {
        text_printf(&out, TOPIC_PREFIX "%s/", topic->fleet);
    }
    for (; *at != '\0'; at++) {
        if (*at == '{') {
            const char *part = part_of(&copy, at[1], &cap);
            text_append(&out, *part != '\0' ? part : "+");
            at += 2;
        } else {
            text_append_span(&out, span_of(at, 1));
        }
    }
    LAW(BOUNDED, !out.cut);
}

/* The next segment of *at, as a terminated copy; false when it does not fit or there is none. */
static bool segment_take(const char **at, char *segment, size_t cap)
{
    size_t len = strcspn(*at, "/");
    if (len == 0 || len >= cap) {
        return false;
    }
    memcpy(segment, *at, len);
    segment[len] = '\0';
    *at += len;
    return true;
}

bool topic_is_shard(const char *text)
{
    return strspn(text, "0123456789abcdef") == TOPIC_SHARD_BYTES - 1 &&
           text[TOPIC_SHARD_BYTES - 1] == '\0';
}

static bool part_is_sound(char letter, const char *part, size_t cap)
{
    struct digest digest;
    if (letter == 's') {
        return topic_is_shard(part);
    }
    return letter == 'd' ? strlen(part) == DIGEST_HEX_BYTES - 1 && digest_parse(part, &digest)
                         : text_is_name(part, cap - 1);
}

static bool path_matches(const char *path, const char *at, struct topic *topic)
{
    while (*path != '\0') {
        if (*path != '{') {
            if (*path != *at) {
                return false;
            }
            path++;
            at++;
            continue;
        }
        size_t cap = 0;
        char *part = part_of(topic, path[1], &cap);
        if (!segment_take(&at, part, cap) || !part_is_sound(path[1], part, cap)) {
            return false;
        }
        path += 3;
    }
    return *at == '\0';
}

/* "node/<shard>/" before a node's name. */
static bool shard_take(const char **at, char shard[TOPIC_SHARD_BYTES])
{
    if (strncmp(*at, NODE, sizeof NODE - 1) != 0) {
        return false;
    }
    *at += sizeof NODE - 1;
    return segment_take(at, shard, TOPIC_SHARD_BYTES) && topic_is_shard(shard) && *(*at)++ == '/';
}

bool topic_parse(const char *text, struct topic *topic)
{
    struct topic head = {.level = strncmp(text, TOPIC_PREFIX_2, sizeof TOPIC_PREFIX_2 - 1) ? 1 : 2};
    if (head.level == 1 && strncmp(text, TOPIC_PREFIX, sizeof TOPIC_PREFIX - 1) != 0) {
        return false;
    }
    text += sizeof TOPIC_PREFIX - 1;
    if (!segment_take(&text, head.fleet, sizeof head.fleet) ||
        !text_is_name(head.fleet, NAME_BYTES - 1) || *text++ != '/' ||
        (head.level == 2 && !shard_take(&text, head.shard))) {
        return false;
    }
    for (enum topic_kind kind = 0; kind < TOPIC_KIND_COUNT; kind++) {
        const char *path = paths[kind];
        struct topic read = head;
        read.kind = kind;
        if (head.level == 2) {
            path = strncmp(path, NODE, sizeof NODE - 1) == 0 ? path + sizeof NODE - 1 : "";
        }
        if (*path != '\0' && path_matches(path, text, &read)) {
            *topic = read;
            return true;
        }
    }
    return false;
}

void topic_shard(const struct verify *verify, const char *node, char shard[TOPIC_SHARD_BYTES])
{
    struct digest digest;
    char hex[DIGEST_HEX_BYTES];
    verify->ops->sha256(verify->self, span_text(node), &digest);
    digest_render(&digest, hex);
    memcpy(shard, hex, TOPIC_SHARD_BYTES - 1);
    shard[TOPIC_SHARD_BYTES - 1] = '\0';
}
