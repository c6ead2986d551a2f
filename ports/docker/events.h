/* Events: the engine's stream of what happens, read for one thing: whether it may concern this
 * node. */
#ifndef PORTS_DOCKER_EVENTS_H
#define PORTS_DOCKER_EVENTS_H

#include <stddef.h>

#include "platform/base/span.h"
#include "platform/engine.h"
#include "platform/loop.h"

/* A longer event is not read: it may concern this node. Ours have some 800 bytes. */
#define EVENTS_LINE_BYTES 4096
/* What ends by itself is opened again after so long, twice as long each time it does so at once. */
#define EVENTS_RETRY_MS     SECONDS_MS(1)
#define EVENTS_RETRY_MS_MAX SECONDS_MS(60)
/* A stream without a word for so long may be dead; another one takes its place. */
#define EVENTS_IDLE_MS SECONDS_MS(900)

struct docker;

/* The bytes of one stream, line by line. */
struct events_reader {
    char node[ENGINE_LABEL_BYTES];
    char line[EVENTS_LINE_BYTES];
    size_t len;
    bool is_long; /* the line did not fit; its rest is dropped */
};

/* private to this room. */
struct docker_events {
    engine_hint hint; /* NULL: nobody listens */
    void *ctx;
    bool is_open; /* a stream is under way */
    mono_ms opened_at;
    int64_t wait_ms; /* before the next; 0: the last one stood for a while */
    struct loop_timer timer;
    struct events_reader *reader; /* owned; made by the first watch */
};

/* Reads a piece of a stream; true when a line that ended in it may concern the reader's node: it
 * names a container, network or label of it. What is no event is no reason. */
bool events_read(struct events_reader *reader, struct span piece);

int docker_watch(void *self, const char *node, engine_hint hint, void *ctx, struct err *err);

/* The engine's version is known (again): the stream can be opened. */
void docker_events_begin(struct docker *docker);
/* When the port ends. */
void docker_events_close(struct docker *docker);

#endif
