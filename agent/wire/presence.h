/* presence: whether a node has a session with the broker, and which. */
#ifndef AGENT_WIRE_PRESENCE_H
#define AGENT_WIRE_PRESENCE_H

#include <stdbool.h>

#include "platform/base/err.h"
#include "platform/base/span.h"
#include "platform/base/text.h"
#include "platform/base/units.h"

#define PRESENCE_SESSION_BYTES 17

/* {"schema":1,"session":"<16 hex>","online":true,"since":<ms>,"timeTrusted":false}; the will is the
 * same session with online false. */
struct presence {
    char session[PRESENCE_SESSION_BYTES];
    bool is_online;
    wall_ms since; /* 0: absent */
    bool is_time_trusted;
};

void presence_render(const struct presence *presence, struct text *text);
/* Lenient. The lint's codes, ERR_SCHEMA, ERR_MISSING, ERR_VALUE. */
NODISCARD int presence_parse(struct span text, struct presence *presence, struct err *err);

#endif
