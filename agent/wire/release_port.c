/* release_port: which ports of the node lead to the service. */
#include "agent/wire/release_parts.h"
#include "agent/wire/release_words.h"

static int port_read(const struct json_place *at, uint16_t *port, struct err *err)
{
    int64_t value = 0;
    int rc = json_integer(at, 1, UINT16_MAX, &value, err);
    *port = (uint16_t)value;
    return rc;
}

static int read_target(const struct json_place *at, void *into, struct err *err)
{
    return port_read(at, &((struct route_port *)into)->container_port, err);
}

static int read_published(const struct json_place *at, void *into, struct err *err)
{
    return port_read(at, &((struct route_port *)into)->host_port, err);
}

static int read_protocol(const struct json_place *at, void *into, struct err *err)
{
    const char *word = NULL;
    int rc = json_string(at, &word, err);
    if (rc == 0 && !route_protocol_of(word, &((struct route_port *)into)->protocol)) {
        rc = json_error(at, ERR_VALUE, err, "must be tcp, udp or sctp");
    }
    return rc;
}

static int read_host_ip(const struct json_place *at, void *into, struct err *err)
{
    const char *text = NULL;
    int rc = json_string(at, &text, err);
    if (rc == 0 && !address_parse(text, &((struct route_port *)into)->host_ip)) {
        rc = json_error(at, ERR_VALUE, err, "must be an IPv4 address of the node");
    }
    return rc;
}

static int read_mode(const struct json_place *at, void *into, struct err *err)
{
    const char *word = NULL;
    (void)into;
    int rc = json_string(at, &word, err);
    if (rc == 0 && strcmp(word, "ingress") != 0 && strcmp(word, "host") != 0) {
        rc = json_error(at, ERR_VALUE, err, "must be ingress or host");
    }
    return rc;
}

static bool port_is_same(const struct route_port *a, const struct route_port *b)
{
    return a->protocol == b->protocol && a->host_port == b->host_port &&
           (a->host_ip == b->host_ip || a->host_ip == 0 || b->host_ip == 0);
}

int release_read_ports(const struct json_place *at, void *into, struct err *err)
{
    static const struct json_key keys[] = {{"target", read_target, NULL, true},
                                           {"published", read_published, NULL, true},
                                           {"protocol", read_protocol, NULL, false},
                                           {"host_ip", read_host_ip, NULL, false},
                                           {"mode", read_mode, NULL, false}};
    const struct release_reading *reading = into;
    struct plan_service *service = reading->service;
    struct json_place step = {0};
    if (!json_is_array(at) || json_count(at) > ROUTE_PORTS_MAX) {
        return json_error(at, ERR_VALUE, err, "must be a list of at most %d ports",
                          ROUTE_PORTS_MAX);
    }
    while (json_next(at, &step)) {
        struct route_port *port = &service->ports[service->port_count];
        int rc = json_read_object(&step, keys, COUNT_OF(keys), port, err);
        if (rc != 0) {
            return rc;
        }
        if (port->host_ip == 0) {
            port->host_ip = reading->node->publish_address;
        }
        for (size_t i = 0; i < service->port_count; i++) {
            if (port_is_same(&service->ports[i], port)) {
                return json_error(&step, ERR_VALUE, err, "port %u is published twice",
                                  port->host_port);
            }
        }
        service->port_count++;
    }
    return 0;
}
