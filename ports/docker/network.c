/* Network: the bridge of one app, made once and recognised afterwards. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>

#include "ports/docker/call.h"
#include "ports/docker/render.h"
#include "ports/docker/uplink.h"

enum { BODY_BYTES = 4096 };

struct network_state {
    char name[ENGINE_NAME_BYTES];
    char former[ENGINE_NAME_BYTES]; /* empty: none, or it was looked at */
    bool is_former;                 /* the answer is about that one */
    char node[ENGINE_LABEL_BYTES];
    char app[ENGINE_LABEL_BYTES];
    char subnet[32]; /* "198.18.1.0/24" */
    char body[BODY_BYTES];
    bool is_refused; /* created by somebody else between our look and our try */
};

static void network_ask(struct docker_call *call, docker_step step);
static int network_request(const struct network_state *network, docker_step step, char *path,
                           size_t cap, struct docker_request *request)
{
    struct text text;
    text_init(&text, path, cap);
    text_append(&text, "/networks/");
    docker_path_value(&text, network->is_former ? network->former : network->name);
    *request = (struct docker_request){
        .method = "GET",
        .path = path,
        .timeout_ms = QUICK_TIMEOUT_MS,
        .step = step,
    };
    return text.cut ? ERR_LIMIT : 0;
}

static bool has_subnet(const cJSON *json, const char *subnet)
{
    const cJSON *config;
    cJSON_ArrayForEach(config, reply_at(json, "IPAM.Config"))
    {
        if (strcmp(reply_text_at(config, "Subnet"), subnet) == 0) {
            return true;
        }
    }
    return false;
}

static void network_make(struct docker_call *call);

/* Somebody deleted the interface, and the engine has not noticed. It is looked for on this machine:
 * where that cannot be done, it is there. */
static bool is_bridge_gone(const cJSON *json)
{
    const char *bridge = reply_text_of(reply_at(json, "Options"), "com.docker.network.bridge.name");
    return bridge[0] != '\0' && if_nametoindex(bridge) == 0 && (errno == ENODEV || errno == ENXIO);
}

static void on_dead_removed(struct docker_call *call, int status, struct span body)
{
    if (status == 204 || status == 404) {
        network_make(call);
    } else {
        docker_call_refuse(call, "remove a network whose bridge is gone", status, body);
    }
}

/* The containers that are still in it are made anew as well. */
static void network_make_again(struct docker_call *call)
{
    struct network_state *network = call->state;
    struct docker_request request;
    char path[DOCKER_PATH_BYTES];
    (void)network_request(network, on_dead_removed, path, sizeof path, &request);
    request.method = "DELETE";
    request.timeout_ms = WORK_TIMEOUT_MS;
    docker_call_next(call, &request);
}

static void check_same(struct docker_call *call, struct span body)
{
    struct network_state *network = call->state;
    const char *name = network->is_former ? network->former : network->name;
    REPLY json = reply_parse(body, &call->is_short);
    const cJSON *labels = reply_at(json, "Labels");
    bool is_ours = strcmp(reply_text_of(labels, "io.berth.node"), network->node) == 0 &&
                   strcmp(reply_text_of(labels, "io.berth.app"), network->app) == 0;
    if (!is_ours && network->is_former) {
        network_make(call);
    } else if (!is_ours) {
        docker_call_fail(call, ERR_EXISTS, "network %s belongs to somebody else: remove it", name);
    } else if (!has_subnet(json, network->subnet)) {
        docker_call_fail(call, ERR_EXISTS, "network %s does not have the subnet %s: remove it",
                         name, network->subnet);
    } else if (is_bridge_gone(json)) {
        network_make_again(call);
    } else {
        docker_call_finish(call, &(struct engine_answer){.id = name});
    }
}

static void on_looked(struct docker_call *call, int status, struct span body);

static void on_made(struct docker_call *call, int status, struct span body)
{
    struct network_state *network = call->state;
    if (status == 201) {
        docker_call_finish(call, &(struct engine_answer){.id = network->name});
    } else if (status == 409 && !network->is_refused) {
        network->is_refused = true;
        network->is_former = false;
        network_ask(call, on_looked);
    } else {
        docker_call_refuse(call, "create a network", status, body);
    }
}

static void on_looked(struct docker_call *call, int status, struct span body)
{
    struct network_state *network = call->state;
    if (status == 200) {
        check_same(call, body);
        return;
    }
    if (status != 404) {
        docker_call_refuse(call, "inspect a network", status, body);
    } else if (!network->is_former && network->former[0] != '\0' && !network->is_refused) {
        network->is_former = true;
        network_ask(call, on_looked);
    } else {
        network_make(call);
    }
}

static void network_make(struct docker_call *call)
{
    struct network_state *network = call->state;
    network->is_former = false;
    docker_call_next(call, &(struct docker_request){
                               .method = "POST",
                               .path = "/networks/create",
                               .body = network->body,
                               .timeout_ms = WORK_TIMEOUT_MS,
                               .step = on_made,
                           });
}

static void network_ask(struct docker_call *call, docker_step step)
{
    struct docker_request request;
    char path[DOCKER_PATH_BYTES];
    if (network_request(call->state, step, path, sizeof path, &request) != 0) {
        docker_call_fail(call, ERR_LIMIT, "a network's name is too long");
        return;
    }
    docker_call_next(call, &request);
}

static int network_first(struct docker_call *call, docker_step step, struct err *err)
{
    struct docker_request request;
    char path[DOCKER_PATH_BYTES];
    if (network_request(call->state, step, path, sizeof path, &request) != 0) {
        docker_call_free(call);
        return err_set(err, ERR_LIMIT, "a network's name is too long");
    }
    return docker_call_first(call, &request, err);
}

int docker_network_ensure(void *self, const struct engine_network *network, engine_done done,
                          void *ctx, struct err *err)
{
    struct docker_call *call;
    struct text subnet;
    struct text body;
    int rc = docker_call_new(self, sizeof(struct network_state), done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    struct network_state *state = call->state;
    text_init(&subnet, state->subnet, sizeof state->subnet);
    render_address(network->subnet, &subnet);
    text_printf(&subnet, "/%u", network->prefix_bits);
    text_init(&body, state->body, sizeof state->body);
    struct engine_network made = *network;
    made.mtu = network->mtu != 0 ? network->mtu : uplink_mtu("/proc/net/route", "/sys/class/net");
    render_network(&made, &body);
    if (subnet.cut || body.cut || !text_copy(state->name, sizeof state->name, network->name) ||
        !text_copy(state->former, sizeof state->former,
                   network->former != NULL ? network->former : "") ||
        !text_copy(state->node, sizeof state->node, network->node) ||
        !text_copy(state->app, sizeof state->app, network->app)) {
        docker_call_free(call);
        return err_set(err, ERR_LIMIT, "the names of network %s are too long", network->name);
    }
    return network_first(call, on_looked, err);
}

static void on_removed(struct docker_call *call, int status, struct span body)
{
    if (status == 204 || status == 404) {
        docker_call_finish(call, NULL);
    } else {
        docker_call_refuse(call, "remove a network", status, body);
    }
}

/* A network is removed only after a look at its label: the name alone proves nothing. */
static void on_remove_looked(struct docker_call *call, int status, struct span body)
{
    struct network_state *network = call->state;
    struct docker_request request;
    char path[DOCKER_PATH_BYTES];
    if (status == 404) {
        docker_call_finish(call, NULL);
        return;
    }
    if (status != 200) {
        docker_call_refuse(call, "inspect a network", status, body);
        return;
    }
    REPLY json = reply_parse(body, &call->is_short);
    if (reply_text_of(reply_at(json, "Labels"), "io.berth.node")[0] == '\0') {
        docker_call_fail(call, ERR_EXISTS, "network %s is not ours to remove", network->name);
        return;
    }
    (void)network_request(network, on_removed, path, sizeof path, &request);
    request.method = "DELETE";
    request.timeout_ms = WORK_TIMEOUT_MS;
    docker_call_next(call, &request);
}

int docker_network_remove(void *self, const char *name, engine_done done, void *ctx,
                          struct err *err)
{
    struct docker_call *call;
    int rc = docker_call_new(self, sizeof(struct network_state), done, ctx, &call, err);
    if (rc != 0) {
        return rc;
    }
    struct network_state *state = call->state;
    if (!text_copy(state->name, sizeof state->name, name)) {
        docker_call_free(call);
        return err_set(err, ERR_LIMIT, "a network's name is too long: %s", name);
    }
    return network_first(call, on_remove_looked, err);
}
