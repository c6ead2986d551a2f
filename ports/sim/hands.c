/* hands: one function a deed; each leaves one line in the trace. */
#include "ports/sim/hands.h"

#include <string.h>

#include "platform/base/text.h"
#include "ports/sim/engine_private.h"

struct sim_container *sim_hands_serving(struct sim_machine *machine)
{
    const struct sim_route *route = &machine->route;
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        struct sim_container *container = &machine->engine.containers[i];
        if (container->is_used && route->has_kernel &&
            sim_table_has_backend(&route->kernel, container->seen.address)) {
            return container;
        }
    }
    return NULL;
}

struct sim_container *sim_hands_newest(struct sim_machine *machine)
{
    const struct sim_route *route = &machine->route;
    struct sim_container *newest = NULL;
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        struct sim_container *container = &machine->engine.containers[i];
        bool has_traffic =
            route->has_kernel && sim_table_has_backend(&route->kernel, container->seen.address);
        if (container_is_running(container) && !has_traffic &&
            (newest == NULL || container->run > newest->run)) {
            newest = container;
        }
    }
    return newest;
}

static void trace_deed(struct sim_machine *machine, const char *deed,
                       const struct sim_container *container)
{
    char label[64];
    sim_world_trace(&machine->world, "hand    %s %s", deed, container_label(container, label));
    sim_eyes_see(&machine->engine.eyes);
}

void sim_hands_pause(struct sim_machine *machine, struct sim_container *container)
{
    if (container_is_running(container)) {
        container->seen.state = ENGINE_PAUSED;
        container->paused_at = machine->world.now;
        trace_deed(machine, "freezes", container);
    }
}

void sim_hands_unpause(struct sim_machine *machine, struct sim_container *container)
{
    if (!container->is_used || container->seen.state != ENGINE_PAUSED) {
        return;
    }
    container->seen.state = ENGINE_RUNNING;
    container->started_at += machine->world.now - container->paused_at;
    trace_deed(machine, "lets go on", container);
    if (container->crash_due) {
        sim_engine_kill(&machine->engine, container);
    }
}

void sim_hands_disconnect(struct sim_machine *machine, struct sim_container *container)
{
    trace_deed(machine, "disconnects", container);
    container->seen.address = 0;
    container->network[0] = '\0';
    container->seen.is_detached = true;
}

void sim_hands_move(struct sim_machine *machine, struct sim_container *container)
{
    for (size_t i = 0; i < SIM_NETWORKS_MAX; i++) {
        const struct sim_network *network = &machine->engine.networks[i];
        if (network->is_used && strcmp(network->name, container->network) == 0) {
            trace_deed(machine, "connects elsewhere", container);
            container->seen.address = network->subnet + 2; /* the first that is free */
        }
    }
}

void sim_hands_update(struct sim_machine *machine, struct sim_container *container, bool is_policy)
{
    trace_deed(machine, is_policy ? "updates the policy of" : "updates the limits of", container);
    if (is_policy) {
        container->seen.restart.kind = ENGINE_RESTART_ON_FAILURE;
        container->seen.keeps_running = false;
    } else {
        container->seen.is_altered = true;
    }
}

void sim_hands_rename(struct sim_machine *machine, struct sim_container *container)
{
    trace_deed(machine, "renames", container);
    (void)text_copy(container->name, sizeof container->name, "another-name");
    container->seen.is_misnamed = true;
}

struct sim_container *sim_hands_copy(struct sim_machine *machine,
                                     const struct sim_container *container)
{
    struct sim_engine *engine = &machine->engine;
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        struct sim_container *copy = &engine->containers[i];
        if (!copy->is_used) {
            trace_deed(machine, "commits and runs a copy of", container);
            *copy = *container;
            (void)text_copy(copy->name, sizeof copy->name, "copy");
            (void)text_copy(copy->seen.id, sizeof copy->seen.id, "c0de");
            copy->seen.is_misnamed = true;
            copy->seen.keeps_running = false;
            copy->network[0] = '\0';
            copy->network_id = 0;
            copy->seen.address = 0xAC110002u; /* of the engine's default bridge */
            container_run(engine, copy);
            return copy;
        }
    }
    return NULL;
}

void sim_hands_stop(struct sim_machine *machine, struct sim_container *container)
{
    trace_deed(machine, "stops", container);
    container->was_stopped = true;
    container->run++;
    container_end(&machine->engine, container, 0);
}

void sim_hands_prune(struct sim_machine *machine)
{
    struct sim_engine *engine = &machine->engine;
    for (size_t i = 0; i < SIM_NETWORKS_MAX; i++) {
        struct sim_network *network = &engine->networks[i];
        bool is_busy = false;
        for (size_t j = 0; j < SIM_CONTAINERS_MAX; j++) {
            const struct sim_container *container = &engine->containers[j];
            is_busy = is_busy || (container->is_used && container->seen.state != ENGINE_EXITED &&
                                  container->seen.state != ENGINE_CREATED &&
                                  strcmp(container->network, network->name) == 0);
        }
        if (network->is_used && !is_busy) {
            sim_world_trace(engine->world, "hand    prunes network %s", network->name);
            memset(network, 0, sizeof *network);
        }
    }
}

void sim_hands_link_down(struct sim_machine *machine, int64_t for_ms)
{
    sim_world_trace(&machine->world, "hand    takes the bridge down for %lld ms",
                    (long long)for_ms);
    machine->engine.link_down_until = machine->world.now + for_ms;
}

void sim_hands_old_table(struct sim_machine *machine)
{
    static const struct route_table nothing;
    const struct sim_route *route = &machine->route;
    sim_route_replace(&machine->route, route->has_boot_file ? &route->boot_file : &nothing);
}

void sim_hands_rules(struct sim_machine *machine)
{
    sim_route_spoil(&machine->route);
}

void sim_hands_firewall(struct sim_machine *machine)
{
    sim_world_trace(&machine->world, "hand    reloads the firewall");
    machine->route.is_open = false;
    sim_eyes_see(&machine->route.eyes);
}
