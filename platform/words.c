/* Words and comparisons of the interface types, shared by every port and the core. */
#include "platform/engine.h"
#include "platform/route.h"

const char *engine_state_word(enum engine_state state)
{
    static const char *const words[] = {
#define ENGINE_STATE_WORD_(name, word, sentence) [ENGINE_##name] = word,
        ENGINE_STATES(ENGINE_STATE_WORD_)
#undef ENGINE_STATE_WORD_
    };
    return (unsigned)state < ENGINE_STATE_COUNT ? words[state] : "unknown";
}

const char *engine_restart_word(enum engine_restart_kind kind)
{
    static const char *const words[] = {
#define ENGINE_RESTART_WORD_(name, word) [ENGINE_RESTART_##name] = word,
        ENGINE_RESTARTS(ENGINE_RESTART_WORD_)
#undef ENGINE_RESTART_WORD_
    };
    return (unsigned)kind < ENGINE_RESTART_COUNT ? words[kind] : "unknown";
}

static const char *const protocols[] = {
    [ROUTE_TCP] = "tcp", [ROUTE_UDP] = "udp", [ROUTE_SCTP] = "sctp"};

const char *route_protocol_word(enum route_protocol protocol)
{
    return (unsigned)protocol < COUNT_OF(protocols) ? protocols[protocol] : "unknown";
}

bool route_protocol_of(const char *word, enum route_protocol *protocol)
{
    for (unsigned i = 0; i < COUNT_OF(protocols); i++) {
        if (strcmp(word, protocols[i]) == 0) {
            *protocol = (enum route_protocol)i;
            return true;
        }
    }
    return false;
}

static const char *const stores[ENGINE_STORE_COUNT][2] = {
#define ENGINE_STORE_WORDS_(name, word, text) [ENGINE_STORE_##name] = {word, text},
    ENGINE_STORES(ENGINE_STORE_WORDS_)
#undef ENGINE_STORE_WORDS_
};

const char *engine_store_word(enum engine_store store)
{
    return (unsigned)store < ENGINE_STORE_COUNT ? stores[store][0] : "unknown";
}

const char *engine_store_id(enum engine_store store)
{
    return (unsigned)store < ENGINE_STORE_COUNT ? stores[store][1] : "unknown";
}

static const char *const obstacles[ROUTE_OBSTACLE_COUNT][2] = {
#define ROUTE_OBSTACLE_WORDS_(name, word, text) [ROUTE_OBSTACLE_##name] = {word, text},
    ROUTE_OBSTACLES(ROUTE_OBSTACLE_WORDS_)
#undef ROUTE_OBSTACLE_WORDS_
};

const char *route_obstacle_word(enum route_obstacle obstacle)
{
    return (unsigned)obstacle < ROUTE_OBSTACLE_COUNT ? obstacles[obstacle][0] : "unknown";
}

const char *route_obstacle_text(enum route_obstacle obstacle)
{
    return (unsigned)obstacle < ROUTE_OBSTACLE_COUNT ? obstacles[obstacle][1] : "";
}

static bool service_is_equal(const struct route_service *a, const struct route_service *b)
{
    if (strcmp(a->app, b->app) != 0 || strcmp(a->service, b->service) != 0 ||
        strcmp(a->bridge, b->bridge) != 0 || a->address != b->address ||
        a->port_count != b->port_count || a->backend_count != b->backend_count ||
        (a->hold_ms == 0) != (b->hold_ms == 0)) {
        return false;
    }
    for (size_t i = 0; i < a->port_count; i++) {
        const struct route_port *p = &a->ports[i];
        const struct route_port *q = &b->ports[i];
        if (p->protocol != q->protocol || p->host_ip != q->host_ip ||
            p->host_port != q->host_port || p->container_port != q->container_port) {
            return false;
        }
    }
    for (size_t i = 0; i < a->backend_count; i++) {
        if (a->backends[i].address != b->backends[i].address ||
            a->backends[i].weight != b->backends[i].weight) {
            return false;
        }
    }
    return true;
}

bool route_table_is_equal(const struct route_table *a, const struct route_table *b)
{
    if (a->pool != b->pool || a->pool_bits != b->pool_bits ||
        a->service_count != b->service_count) {
        return false;
    }
    for (size_t i = 0; i < a->service_count; i++) {
        if (!service_is_equal(&a->services[i], &b->services[i])) {
            return false;
        }
    }
    return true;
}

void route_table_copy(struct route_table *to, const struct route_table *from)
{
    to->generation = from->generation;
    to->pool = from->pool;
    to->pool_bits = from->pool_bits;
    to->service_count = from->service_count;
    for (size_t i = 0; i < from->service_count; i++) {
        to->services[i] = from->services[i];
    }
}
