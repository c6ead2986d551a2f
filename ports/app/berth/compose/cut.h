/* cut: takes one value out of JSON text by its path. */
#ifndef PORTS_APP_BERTH_COMPOSE_CUT_H
#define PORTS_APP_BERTH_COMPOSE_CUT_H

#include <stdbool.h>

#include "platform/base/text.h"

/* Takes what a path like "services.web.ports[0].target" leads to out of `json`, with its key and
 * one comma; of keys with dots the longest that fits counts. `otherwise`: JSON that takes its
 * place; NULL: nothing does. The text must be well-formed JSON without blanks between its tokens.
 * False, and nothing is changed, when the path leads nowhere, to the root, or `otherwise` does not
 * fit. */
bool cut_path(struct text *json, const char *path, const char *otherwise);

#endif
