/* conductor_hints: what engine and kernel say to have happened brings the next look forward, and
 * nothing else. */
#include "agent/node/conductor_private.h"

/* The time of the next look, which is planned at `planned`. */
static mono_ms look_at(struct hints *hints, mono_ms planned, mono_ms now)
{
    return planned <= now + HINTS_SOON_MS ? planned : mono_min(planned, hints_take(hints, now));
}

/* An engine that is away is asked at the pace of its failures, whatever is said. */
static void engine_hinted(void *ctx)
{
    struct conductor *conductor = ctx;
    if (conductor->engine.is_up) {
        conductor->engine.list_at =
            look_at(&conductor->engine_hints, conductor->engine.list_at, conductor_now(conductor));
    }
}

static void route_hinted(void *ctx)
{
    struct conductor *conductor = ctx;
    if (conductor->traffic.is_known) {
        conductor->traffic.read_at =
            look_at(&conductor->route_hints, conductor->traffic.read_at, conductor_now(conductor));
    }
}

void hints_start(struct conductor *conductor)
{
    const struct engine *engine = &conductor->ports.engine;
    const struct route *route = &conductor->ports.route;
    struct err err;
    if (engine->ops->watch(engine->self, conductor->config.node, engine_hinted, conductor, &err) !=
        0) {
        conductor_warning(conductor, NULL, "what is done by hand is seen late: %s", err.text);
    }
    route->ops->watch(route->self, route_hinted, conductor);
}
