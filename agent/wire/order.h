/* order: a signed statement of everything the fleet wants of one node for one app. */
#ifndef AGENT_WIRE_ORDER_H
#define AGENT_WIRE_ORDER_H

#include <stdbool.h>

#include "agent/limits.h"
#include "platform/base/err.h"
#include "platform/base/span.h"
#include "platform/base/text.h"
#include "platform/base/units.h"

#define ORDER_ID_BYTES  17 /* 16 lower-case hex digits and a NUL */
#define ORDER_STAGE_MAX 2

/* X(...) in the document: schema, id, fleet, node, app, epoch, gen, release, stage, before, hold,
 * force, startBy, rollout, issued; strict: any other key is refused. */
struct order {
    char id[ORDER_ID_BYTES]; /* names the order; random */
    char fleet[NAME_BYTES];
    char node[NODE_NAME_BYTES];
    char app[NAME_BYTES];
    uint64_t epoch, gen;   /* (epoch, gen) only grows per node and app; both at least 1 */
    struct digest release; /* none: no opinion (absent in the document) */
    struct digest stage[ORDER_STAGE_MAX];
    size_t stage_count;
    struct digest before; /* what the node ran before this rollout; none: nothing */
    bool hold;            /* accept, but do not begin */
    bool force;           /* also a quarantined release, also over an override */
    wall_ms start_by;     /* 0: none; bounds beginning the change */
    char rollout[NAME_BYTES]; /* empty: none */
    wall_ms issued;
};

/* Parses the payload of an order's envelope (strict, at most ORDER_BYTES_MAX). Required: schema,
 * id, fleet, node, app, epoch, gen, issued. */
NODISCARD int order_parse(struct span payload, struct order *order, struct err *err);

/* Writes the payload. */
void order_render(const struct order *order, struct text *text);

#endif
