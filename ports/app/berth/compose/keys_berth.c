/* keys_berth: what berth adds to Compose, under x-berth of the file and of a service. */
#include "platform/base/units.h"
#include "ports/app/berth/compose/keys.h"

#define LATER  "this version does not know it yet"
#define REMOVE "remove it"

#define PROBE(name)                                                                                \
    HONOURED("services.*.x-berth.probes." name),                                                   \
        HONOURED("services.*.x-berth.probes." name ".httpGet"),                                    \
        HONOURED("services.*.x-berth.probes." name ".httpGet.path"),                               \
        HONOURED("services.*.x-berth.probes." name ".httpGet.port"),                               \
        REFUSED("services.*.x-berth.probes." name ".httpGet.scheme", LATER,                        \
                "ask the plain port, or by tcpSocket"),                                            \
        REFUSED("services.*.x-berth.probes." name ".httpGet.host", LATER, REMOVE),                 \
        REFUSED("services.*.x-berth.probes." name ".httpGet.httpHeaders", LATER, REMOVE),          \
        HONOURED("services.*.x-berth.probes." name ".tcpSocket"),                                  \
        HONOURED("services.*.x-berth.probes." name ".tcpSocket.port"),                             \
        HONOURED("services.*.x-berth.probes." name ".exec"),                                       \
        HONOURED("services.*.x-berth.probes." name ".exec.command"),                               \
        HONOURED("services.*.x-berth.probes." name ".initialDelaySeconds"),                        \
        HONOURED("services.*.x-berth.probes." name ".periodSeconds"),                              \
        HONOURED("services.*.x-berth.probes." name ".timeoutSeconds"),                             \
        HONOURED("services.*.x-berth.probes." name ".successThreshold"),                           \
        HONOURED("services.*.x-berth.probes." name ".failureThreshold"),                           \
        REFUSED("services.*.x-berth.probes." name ".grpc", LATER, "ask by tcpSocket or exec"),     \
        REFUSED("services.*.x-berth.probes." name ".terminationGracePeriodSeconds", LATER,         \
                "write stop_grace_period")

static const struct key keys[] = {
    HONOURED("x-berth"),
    HONOURED("x-berth.app"),
    HONOURED("x-berth.version"),
    HONOURED("x-berth.sequence"),
    HONOURED("x-berth.floor"),
    HONOURED("x-berth.plain"),
    NEW("x-berth.adopt"),
    HONOURED("x-berth.requires"),
    HONOURED("x-berth.requires.arch"),
    HONOURED("x-berth.requires.minAgent"),
    HONOURED("x-berth.requires.ram"),
    HONOURED("x-berth.requires.disk"),
    REFUSED("x-berth.requires.compatible", LATER, REMOVE),
    REFUSED("x-berth.requires.app", LATER, REMOVE),
    REFUSED("x-berth.requires.minSequence", LATER, REMOVE),
    HONOURED("x-berth.swap"),
    HONOURED("x-berth.swap.order"),
    HONOURED("x-berth.swap.soak"),
    HONOURED("x-berth.swap.drain"),
    HONOURED("x-berth.swap.hold"),
    HONOURED("x-berth.swap.keepWarm"),
    HONOURED("x-berth.swap.deadline"),
    HONOURED("x-berth.swap.attempts"),
    REFUSED("x-berth.swap.maxSurge", LATER, REMOVE),
    REFUSED("x-berth.swap.maxUnavailable", LATER, REMOVE),
    REFUSED("x-berth.swap.steps", LATER, REMOVE),
    REFUSED("x-berth.swap.link", LATER, REMOVE),
    REFUSED("x-berth.swap.confirm", LATER, REMOVE),
    HONOURED("services.*.x-berth"),
    REFUSED("services.*.x-berth.image", "is written by build", REMOVE),
    HONOURED("services.*.x-berth.order"),
    HONOURED("services.*.x-berth.sharedData"),
    NEW("services.*.x-berth.plain"),
    NEW("services.*.x-berth.names"),
    HONOURED("services.*.x-berth.drain"),
    HONOURED("services.*.x-berth.drain.notify"),
    HONOURED("services.*.x-berth.drain.notify.signal"),
    HONOURED("services.*.x-berth.drain.notify.exec"),
    HONOURED("services.*.x-berth.drain.notify.exec.command"),
    HONOURED("services.*.x-berth.drain.notify.http"),
    HONOURED("services.*.x-berth.drain.notify.http.path"),
    HONOURED("services.*.x-berth.drain.notify.http.port"),
    HONOURED("services.*.x-berth.probes"),
    PROBE("startup"),
    PROBE("readiness"),
    PROBE("liveness"),
};

struct key_page keys_of_berth(void)
{
    return (struct key_page){.keys = keys, .count = COUNT_OF(keys)};
}
