/* node_story: what a node told of a failure, for a person. */
#ifndef PORTS_APP_BERTH_NODE_STORY_H
#define PORTS_APP_BERTH_NODE_STORY_H

#include "agent/limits.h"
#include "platform/base/err.h"
#include "platform/base/span.h"

/* The app that a story is about (schema in agent/node/README.md). The lint's codes, ERR_MISSING. */
NODISCARD int node_story_app(struct span story, char app[NAME_BYTES], struct err *err);

/* Prints it indented to standard output: verdict, how the container ended, what its probes were
 * answered, what happened, the last it wrote. What is missing or of another shape is left out; what
 * a terminal would act on is printed as '?'; nothing of what cannot be read. */
void node_story_print(struct span story);

/* Printable ASCII and UTF-8 beyond it as they are, everything else as '?'. */
void node_text_print(const char *text, size_t len);

/* "2026-11-30 04:58:15 UTC". */
#define INSTANT_BYTES 32
const char *node_instant(char word[INSTANT_BYTES], int64_t wall);

#endif
