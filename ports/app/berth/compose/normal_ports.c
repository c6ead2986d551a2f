/* normal_ports: every form of a published port, ranges written out one by one. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/wire/release_words.h"
#include "platform/base/units.h"
#include "platform/route.h"
#include "ports/app/berth/compose/normal.h"

#define HOST_IP_BYTES 64
#define FIX           "write it like 8080:80, 8000-8005:8000-8005 or 127.0.0.1:53:53/udp"

/* One entry of the list; ranges both ends included, 0 where nothing is said. */
struct entry {
    const struct yaml_item *item;
    unsigned target[2], published[2];
    char host_ip[HOST_IP_BYTES];
    char protocol[8];
};

struct ports {
    struct normal *normal;
    size_t count; /* single ports written */
};

/* "80" or "80-85". */
static bool range_read(const char *text, unsigned range[2])
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    unsigned long first = strtoul(text, &end, 10);
    unsigned long last = first;
    if (*end == '-' && end[1] >= '0' && end[1] <= '9') {
        last = strtoul(end + 1, &end, 10);
    }
    range[0] = (unsigned)first;
    range[1] = (unsigned)last;
    return *end == '\0' && first >= 1 && first <= last && last <= UINT16_MAX;
}

static bool range_need(struct normal *normal, const struct yaml_item *item, const char *text,
                       unsigned range[2])
{
    if (range_read(text, range)) {
        return true;
    }
    normal_refuse(normal, item, FIX, "is no port and no range of ports: %s",
                  text[0] != '\0' ? text : "nothing");
    return false;
}

/* [[host_ip:]published:]target[/protocol]; the address may stand in brackets. */
static bool short_read(struct normal *normal, const struct yaml_item *item, struct entry *entry)
{
    char text[160];
    const char *whole = value_text(normal, item);
    if (whole == NULL) {
        return false;
    }
    if (!text_copy(text, sizeof text, whole)) {
        normal_refuse(normal, item, FIX, "is too long for a port");
        return false;
    }
    char *protocol = strchr(text, '/');
    if (protocol != NULL) {
        *protocol++ = '\0';
        if (!text_copy(entry->protocol, sizeof entry->protocol, protocol)) {
            entry->protocol[0] = '?';
        }
    }
    char *target = strrchr(text, ':');
    char *published = NULL;
    if (target != NULL) {
        *target++ = '\0';
        published = strrchr(text, ':');
        if (published != NULL) {
            *published++ = '\0';
        }
    }
    const char *outside = published != NULL ? published : target != NULL ? text : "";
    size_t len = published != NULL ? strlen(text) : 0;
    bool is_bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
    text_shorten_printf(entry->host_ip, sizeof entry->host_ip, "%.*s",
                        (int)(is_bracketed ? len - 2 : len), text + is_bracketed);
    return range_need(normal, item, target != NULL ? target : text, entry->target) &&
           (outside[0] == '\0' || range_need(normal, item, outside, entry->published));
}

/* The text of a member, or "" where it is not there or empty. */
static const char *member_text(struct normal *normal, const struct yaml_item *map, const char *key)
{
    const struct yaml_item *item = yaml_tree_member(map, key);
    const char *text = value_is_null(item) ? "" : value_text(normal, item);
    return text != NULL ? text : "";
}

static bool long_read(struct normal *normal, const struct yaml_item *item, struct entry *entry)
{
    const char *published = member_text(normal, item, "published");
    const char *mode = member_text(normal, item, "mode");
    bool fits =
        text_copy(entry->host_ip, sizeof entry->host_ip, member_text(normal, item, "host_ip")) &&
        text_copy(entry->protocol, sizeof entry->protocol, member_text(normal, item, "protocol"));
    if (!fits) {
        normal_refuse(normal, item, FIX, "has an address or protocol that is none");
        return false;
    }
    if (strcmp(mode, "host") == 0) {
        normal_note(normal, item,
                    "mode host is not told from ingress: the node publishes the port itself, and "
                    "shares it out among its replicas");
    } else if (mode[0] != '\0' && strcmp(mode, "ingress") != 0) {
        normal_refuse(normal, item, "write ingress or host, or nothing", "is no mode: %s", mode);
    }
    return range_need(normal, item, member_text(normal, item, "target"), entry->target) &&
           (published[0] == '\0' || range_need(normal, item, published, entry->published));
}

static bool protocol_check(struct normal *normal, struct entry *entry)
{
    static const char *const words[] = {"tcp", "udp", "sctp"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcasecmp(entry->protocol, words[i]) == 0) {
            (void)text_copy(entry->protocol, sizeof entry->protocol, i == 0 ? "" : words[i]);
            return true;
        }
    }
    if (entry->protocol[0] != '\0') {
        normal_refuse(normal, entry->item, "write tcp, udp or sctp", "is no protocol: %s",
                      entry->protocol);
    }
    return entry->protocol[0] == '\0';
}

/* Does another entry publish the same text without an address of IPv6? */
static bool is_beside(const struct yaml_item *list, const struct entry *entry)
{
    for (const struct yaml_item *item = list->child; item != NULL; item = item->next) {
        struct findings *unheard = findings_new();
        struct normal quiet = {.findings = unheard};
        struct entry other = {.item = item};
        bool is_read =
            unheard != NULL && (item->kind == YAML_TREE_MAP ? long_read(&quiet, item, &other)
                                                            : short_read(&quiet, item, &other));
        findings_free(unheard);
        if (is_read && strchr(other.host_ip, ':') == NULL &&
            other.published[0] == entry->published[0] && other.target[0] == entry->target[0]) {
            return true;
        }
    }
    return false;
}

/* "0.0.0.0" and "*" are every address; false where the entry is not to be written. */
static bool address_check(struct normal *normal, const struct yaml_item *list, struct entry *entry)
{
    static const char remedy[] = "leave the address out, or give one of IPv4";
    ipv4 address = 0;
    if (strcmp(entry->host_ip, "0.0.0.0") == 0 || strcmp(entry->host_ip, "*") == 0) {
        entry->host_ip[0] = '\0';
    }
    if (entry->host_ip[0] == '\0') {
        return true;
    }
    if (strchr(entry->host_ip, ':') != NULL) {
        if (is_beside(list, entry)) {
            normal_note(normal, entry->item,
                        "a node publishes on IPv4 only; the line of IPv6 is left out");
        } else {
            normal_refuse(normal, entry->item, remedy, "a node publishes on IPv4 only: %s",
                          entry->host_ip);
        }
        return false;
    }
    if (!address_parse(entry->host_ip, &address)) {
        normal_refuse(normal, entry->item, remedy, "is no IPv4 address of the node: %s",
                      entry->host_ip);
        return false;
    }
    return true;
}

/* Which port of the node leads to each one inside; false with a finding. */
static bool ranges_match(struct normal *normal, struct entry *entry)
{
    unsigned inside = entry->target[1] - entry->target[0] + 1;
    unsigned outside = entry->published[1] - entry->published[0] + 1;
    if (entry->published[0] == 0) {
        normal_refuse(normal, entry->item, "write the node's port, too, as in 8080:80",
                      "the engine would choose a port of the node, another one each time");
        return false;
    }
    if (inside == 1 && outside > 1) {
        normal_note(normal, entry->item, "of the node's ports %u-%u the first is taken",
                    entry->published[0], entry->published[1]);
        return true;
    }
    if (inside != outside) {
        normal_refuse(normal, entry->item, FIX, "%u ports of the node cannot lead to %u inside",
                      outside, inside);
        return false;
    }
    return true;
}

static void entry_write(struct ports *ports, const struct yaml_item *list, struct entry *entry)
{
    struct text *out = ports->normal->out;
    if (!protocol_check(ports->normal, entry) || !ranges_match(ports->normal, entry) ||
        !address_check(ports->normal, list, entry)) {
        return;
    }
    for (unsigned i = 0; i <= entry->target[1] - entry->target[0]; i++) {
        if (++ports->count > ROUTE_PORTS_MAX) {
            continue; /* counted, and said below */
        }
        json_element(out);
        text_printf(out, "{\"target\":%u,\"published\":%u", entry->target[0] + i,
                    entry->published[0] + i);
        if (entry->host_ip[0] != '\0') {
            json_key(out, "host_ip");
            text_append_json(out, entry->host_ip);
        }
        if (entry->protocol[0] != '\0') {
            ports->normal->is_new |= strcmp(entry->protocol, "sctp") == 0;
            json_key(out, "protocol");
            text_append_json(out, entry->protocol);
        }
        text_append(out, "}");
    }
}

/* With the host's network there is nothing to publish. */
static bool is_host_network(const struct normal *normal)
{
    const struct yaml_item *mode = service_member(normal, "network_mode");
    return mode != NULL && mode->kind == YAML_TREE_SCALAR &&
           (strcmp(mode->text, "host") == 0 || strcmp(mode->text, "none") == 0);
}

void write_ports(struct normal *normal, const struct yaml_item *item)
{
    struct ports ports = {.normal = normal};
    size_t index = 0;
    if (value_is_empty(item)) {
        return;
    }
    if (item->kind != YAML_TREE_LIST) {
        normal_refuse(normal, item, FIX, "must be a list of ports");
        return;
    }
    if (is_host_network(normal)) {
        normal_note(normal, item,
                    "have no effect with this network_mode, as in Compose: the program's own ports "
                    "are what is open");
        return;
    }
    json_key(normal->out, item->key);
    text_append(normal->out, "[");
    for (const struct yaml_item *step = item->child; step != NULL; step = step->next) {
        struct entry entry = {.item = step};
        size_t len = normal_enter_index(normal, index++);
        bool is_read = step->kind == YAML_TREE_MAP ? long_read(normal, step, &entry)
                                                   : short_read(normal, step, &entry);
        if (is_read) {
            entry_write(&ports, item, &entry);
        }
        normal_leave(normal, len);
    }
    text_append(normal->out, "]");
    if (ports.count > ROUTE_PORTS_MAX) {
        normal_refuse(normal, item, "publish fewer, or use network_mode: host",
                      "%zu ports, ranges counted; a service may publish %d", ports.count,
                      ROUTE_PORTS_MAX);
    }
}
