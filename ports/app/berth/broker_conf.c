/* broker_conf: two listeners, two lists of rights; the comments in them are for whoever runs it. */
#include "ports/app/berth/broker_conf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/wire/topic.h"
#include "platform/base/text.h"
#include "platform/bus.h"
#include "ports/app/berth/files.h"
#include "ports/app/berth/identity.h"

#define CONF_BYTES 16384

#define BROKER_NODES_MAX     20000
#define BROKER_OPERATORS_MAX 4096
/* A file a connection, and Mosquitto's own. */
#define BROKER_FILES_MAX    32768
#define BROKER_MEMORY_BYTES 2000000000LL
/* What Mosquitto hands on may be some bytes longer than what came: an id, empty properties. */
#define BROKER_PACKET_BYTES (BUS_PACKET_BYTES_MAX - 64)

_Static_assert(BROKER_NODES_MAX + BROKER_OPERATORS_MAX + 512 <= BROKER_FILES_MAX,
               "every connection that is allowed has a file");
_Static_assert(BUS_PAYLOAD_BYTES_MAX + BUS_TOPIC_BYTES + 16 <= BROKER_PACKET_BYTES,
               "what the bus publishes is taken");

/* `ca`: whose certificates this door takes, and nobody else's. */
static void listener_render(const struct fleet_dir *dir, uint16_t port, const char *ca,
                            const char *acl, unsigned connections, struct text *text)
{
    text_printf(text,
                "listener %u\n"
                "max_connections %u\n"
                "max_topic_alias 0\n"
                "allow_anonymous false\n"
                "require_certificate true\n"
                "use_identity_as_username true\n"
                "cafile %s/broker/%s\n"
                "certfile %s/broker/cert.pem\n"
                "keyfile %s/broker/key.pem\n"
                "acl_file %s/broker/%s\n",
                port, connections, dir->path, ca, dir->path, dir->path, dir->path, acl);
}

static void head_render(const struct fleet_dir *dir, struct text *text)
{
    text_printf(
        text,
        "# Broker of the fleet %s: Mosquitto 2.0 or newer. Start it with\n"
        "#     mosquitto -c %s/broker/mosquitto.conf\n"
        "# A Mosquitto that is started as root becomes the user mosquitto before it reads\n"
        "# its files: that user must be able to enter every folder above them.\n"
        "# To move this folder to the broker's machine: copy it, put its new place into\n"
        "# this file (Mosquitto knows no relative paths), and give it to Mosquitto's user:\n"
        "#     sed -i 's|%s/broker|/etc/mosquitto/%s|' mosquitto.conf\n"
        "#     chown -R mosquitto: /etc/mosquitto/%s\n"
        "# As a service there, with the limit on open files that so many nodes need:\n"
        "#     cp mosquitto.service.conf /etc/systemd/system/mosquitto.service.d/%s.conf\n"
        "#     systemctl daemon-reload && systemctl restart mosquitto\n"
        "# From a shell, before it is started: ulimit -n %d\n\n",
        dir->fleet, dir->path, dir->path, dir->fleet, dir->fleet, dir->fleet, BROKER_FILES_MAX);
}

static void conf_render(const struct fleet_dir *dir, struct text *text)
{
    head_render(dir, text);
    text_append(text,
                "per_listener_settings true\n\n"
                "# Retained messages are the fleet's memory; nodes fill it again after a loss.\n"
                "# A save stops the broker for about a second per 100,000 of them.\n"
                "persistence true\n");
    text_printf(text, "persistence_location %s/broker/data/\n", dir->path);
    text_printf(text,
                "autosave_interval 600\n\n"
                "# A reader of the fleet gets everything that is retained at once: with any bound\n"
                "# here Mosquitto drops the rest of it without a word.\n"
                "max_queued_messages 0\n"
                "max_queued_bytes 0\n"
                "max_inflight_messages 0\n"
                "# An answer goes out at once. Otherwise it waits until the client has confirmed\n"
                "# the one before, which a client's kernel may put off for 40 ms.\n"
                "set_tcp_nodelay true\n"
                "# Instead the whole broker is bounded: beyond it the message is dropped and its\n"
                "# sender disconnected. Keep it below the machine's memory: 18 kB a node and 2 kB\n"
                "# for each KiB that is retained.\n"
                "memory_limit %lld\n"
                "# The largest packet. Agents and tools cut a connection that brings more than\n"
                "# %d bytes: whatever comes in here must be able to leave again.\n"
                "max_packet_size %d\n"
                "message_size_limit %d\n\n",
                BROKER_MEMORY_BYTES, BUS_PACKET_BYTES_MAX, BROKER_PACKET_BYTES,
                BUS_PAYLOAD_BYTES_MAX);
    text_append(text,
                "# Nodes. The certificate's CN is the user and the client id: nobody takes over\n"
                "# another node's session, and the rights in acl-nodes follow the CN.\n");
    listener_render(dir, dir->node_port, "nodes-ca.pem", "acl-nodes", BROKER_NODES_MAX, text);
    text_append(text,
                "use_username_as_clientid true\n\n"
                "# People and coordinators. Client ids are free: several tools may share the\n"
                "# certificate. Their CA is another one, because Mosquitto's client ids are those\n"
                "# of all listeners: a node that got in here could take any node's session.\n"
                "# A connection counts before it has shown a certificate; who must not reach\n"
                "# this port at all is the firewall's to say.\n");
    listener_render(dir, dir->operator_port, "operators-ca.pem", "acl-operators",
                    BROKER_OPERATORS_MAX, text);
}

/* Debian's unit and its like: another configuration, and files enough for every connection. */
static void service_render(const struct fleet_dir *dir, struct text *text)
{
    text_printf(text,
                "# The fleet %s's broker as Mosquitto's service: copy this file to\n"
                "#     /etc/systemd/system/mosquitto.service.d/%s.conf\n"
                "# once the folder lies at /etc/mosquitto/%s (see mosquitto.conf).\n"
                "[Service]\n"
                "ExecStart=\n"
                "ExecStart=/usr/sbin/mosquitto -c /etc/mosquitto/%s/mosquitto.conf\n"
                "# A connection is an open file.\n"
                "LimitNOFILE=%d\n",
                dir->fleet, dir->fleet, dir->fleet, dir->fleet, BROKER_FILES_MAX);
}

static void acl_nodes_two_render(const struct fleet_dir *dir, struct text *text)
{
    text_append(text,
                "# The same at berth/2, below two digits of a hash of the node's name. A node\n"
                "# reads its own presence there: it comes back where these rights are given, and\n"
                "# the node stays at berth/1 where it does not. Agents before 0.2 know berth/1\n"
                "# only: its lines may go when no node reports there any more.\n");
    text_printf(text,
                "pattern write berth/2/%s/node/+/%%u/report\n"
                "pattern readwrite berth/2/%s/node/+/%%u/presence\n"
                "pattern read berth/2/%s/node/+/%%u/order/#\n"
                "pattern read berth/2/%s/node/+/%%u/labels\n",
                dir->fleet, dir->fleet, dir->fleet, dir->fleet);
    for (unsigned place = 0; place < APPS_MAX; place++) {
        text_printf(text, "pattern write berth/2/%s/node/+/%%u/story/%x\n", dir->fleet, place);
    }
}

/* A pattern without %u holds for every certificate as well; Mosquitto warns of it once. */
static void acl_nodes_render(const struct fleet_dir *dir, struct text *text)
{
    text_append(
        text,
        "# What a node may do: write what it says of itself, read what the fleet wants of\n"
        "# it. %u is the CN of its certificate; the fleet's CA refuses a CN with '/' or '+'.\n"
        "#\n"
        "# Releases: a node subscribes to the digests it was ordered, but Mosquitto's\n"
        "# lists judge messages and not subscriptions, so a node that is taken over can\n"
        "# read every release of the fleet. Releases hold no secrets; they are signed.\n");
    text_printf(text,
                "pattern write berth/1/%s/node/%%u/report\n"
                "pattern write berth/1/%s/node/%%u/presence\n"
                "pattern read berth/1/%s/node/%%u/order/#\n"
                "pattern read berth/1/%s/node/%%u/labels\n",
                dir->fleet, dir->fleet, dir->fleet, dir->fleet);
    acl_nodes_two_render(dir, text);
    text_append(
        text,
        "# Stories of failures, one an app. Each by its name: what a node may keep here is\n"
        "# bounded. Agents before 0.2 write story/APP; a line more for each of their apps.\n");
    for (unsigned place = 0; place < APPS_MAX; place++) {
        text_printf(text, "pattern write berth/1/%s/node/%%u/story/%x\n", dir->fleet, place);
    }
    text_printf(text,
                "# The same for every node; that these hold no %%u is meant so.\n"
                "pattern read berth/1/%s/release/+\n"
                "pattern read berth/1/%s/file/+\n"
                "pattern read berth/1/%s/trust\n"
                "pattern read berth/1/%s/revoke\n",
                dir->fleet, dir->fleet, dir->fleet, dir->fleet);
}

static void acl_operators_two_render(const struct fleet_dir *dir, struct text *text)
{
    text_printf(text, "user " OPERATOR_NAME "\ntopic readwrite berth/2/%s/#\n", dir->fleet);
}

static void acl_operators_render(const struct fleet_dir *dir, struct text *text)
{
    text_printf(text,
                "# What people and coordinators may do. Whoever is not named here may do nothing.\n"
                "user " OPERATOR_NAME "\n"
                "topic readwrite berth/1/%s/#\n",
                dir->fleet);
    acl_operators_two_render(dir, text);
}

static int part_write(const struct fleet_dir *dir, const char *name,
                      void (*render)(const struct fleet_dir *dir, struct text *text),
                      struct err *err)
{
    char content[CONF_BYTES];
    char path[PATH_MAX];
    struct text text;
    text_init(&text, content, sizeof content);
    render(dir, &text);
    if (text.cut) {
        return err_set(err, ERR_LIMIT, "the path of the folder is too long for %s", name);
    }
    fleet_dir_file(dir, name, path);
    return file_create(path, span_of(content, text.len), 0644, err);
}

int broker_rights_write(const struct fleet_dir *dir, struct err *err)
{
    int rc = part_write(dir, "broker/acl-nodes", acl_nodes_render, err);
    return rc != 0 ? rc : part_write(dir, "broker/acl-operators", acl_operators_render, err);
}

int broker_conf_write(const struct fleet_dir *dir, struct err *err)
{
    assert(dir->path[0] == '/');
    int rc = part_write(dir, "broker/mosquitto.service.conf", service_render, err);
    return rc != 0 ? rc : part_write(dir, "broker/mosquitto.conf", conf_render, err);
}

/* -- a folder of the version before ----------------------------------------------------------- */

static const struct {
    const char *name;
    void (*render)(const struct fleet_dir *dir, struct text *text);
} two_parts[] = {{"broker/acl-nodes", acl_nodes_two_render},
                 {"broker/acl-operators", acl_operators_two_render}};

static int part_extend(const struct fleet_dir *dir, size_t part, bool is_dry, bool *is_changed,
                       struct err *err)
{
    char path[PATH_MAX], lines[2 * CONF_BYTES], mark[64];
    char *content = NULL;
    size_t len = 0;
    struct text text;
    fleet_dir_file(dir, two_parts[part].name, path);
    if (access(path, F_OK) != 0) {
        return 0; /* the broker's files are elsewhere */
    }
    int rc = file_read(path, CONF_BYTES, &content, &len, err);
    (void)snprintf(mark, sizeof mark, TOPIC_PREFIX_2 "%s/", dir->fleet);
    if (rc == 0 && memmem(content, len, mark, strlen(mark)) == NULL) {
        *is_changed = true;
        text_init(&text, lines, sizeof lines);
        text_append_span(&text, span_of(content, len));
        two_parts[part].render(dir, &text);
        rc = is_dry ? 0 : file_write(path, span_of(text.data, text.len), 0644, err);
    }
    free(content);
    return rc;
}

int broker_rights_extend(const struct fleet_dir *dir, bool is_dry, bool *is_changed,
                         struct err *err)
{
    int rc = 0;
    *is_changed = false;
    for (size_t i = 0; rc == 0 && i < COUNT_OF(two_parts); i++) {
        rc = part_extend(dir, i, is_dry, is_changed, err);
    }
    return rc;
}
