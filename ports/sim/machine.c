/* machine: the parts put together; clock, entropy and log, which need nothing but the world. */
#include "ports/sim/machine.h"

#include <string.h>

#define CLIENT_PERIOD_MS 100
#define WALL_AT_START    1700000000000

static void saw(void *self, enum sim_sight sight, const void *thing)
{
    struct sim_machine *machine = self;
    sim_checker_saw(&machine->checker, sight, thing);
    if (machine->beside.app[0] != '\0') {
        sim_checker_saw(&machine->beside, sight, thing);
    }
}

void sim_machine_beside(struct sim_machine *machine, const char *app)
{
    sim_checker_init(&machine->beside, &machine->world, &machine->engine, &machine->route, app);
}

bool sim_machine_init(struct sim_machine *machine, uint64_t seed, const char *app)
{
    sim_world_init(&machine->world, seed);
    sim_disk_init(&machine->disk, &machine->world);
    sim_store_init(&machine->store, &machine->world, &machine->disk);
    sim_files_init(&machine->files, &machine->world);
    sim_prober_init(&machine->prober, &machine->world, &machine->engine);
    bool has_engine = sim_engine_init(&machine->engine, &machine->world);
    bool has_route = sim_route_init(&machine->route, &machine->world);
    sim_checker_init(&machine->checker, &machine->world, &machine->engine, &machine->route, app);
    sim_clients_init(&machine->clients, &machine->checker, CLIENT_PERIOD_MS);
    machine->beside.app[0] = '\0';
    sim_world_watch(&machine->world, saw, machine);
    if (!has_engine || !has_route) {
        sim_machine_close(machine);
        return false;
    }
    return true;
}

void sim_machine_close(struct sim_machine *machine)
{
    sim_files_close(&machine->files);
    sim_store_close(&machine->store);
    sim_disk_close(&machine->disk);
    sim_engine_close(&machine->engine);
    sim_route_close(&machine->route);
}

void sim_machine_boot(struct sim_machine *machine, int64_t off_ms)
{
    struct sim_world *world = &machine->world;
    if (world->has_power) {
        sim_world_cut(world);
    }
    bool is_two = machine->beside.app[0] != '\0';
    sim_checker_cut(&machine->checker);
    if (is_two) {
        sim_checker_cut(&machine->beside);
    }
    sim_store_close(&machine->store);
    sim_files_lose(&machine->files);
    sim_disk_lose(&machine->disk);
    sim_engine_lose(&machine->engine);
    sim_route_lose(&machine->route);
    sim_prober_lose(&machine->prober);
    world->now += off_ms;
    sim_world_boot(world);
    sim_checker_boot(&machine->checker);
    if (is_two) {
        sim_checker_boot(&machine->beside);
    }
    sim_route_boot(&machine->route);
    sim_engine_boot(&machine->engine);
    if (machine->clients.target_count > 0) {
        sim_clients_start(&machine->clients);
    }
}

void sim_machine_sleep(struct sim_machine *machine, int64_t for_ms)
{
    sim_world_sleep(&machine->world, for_ms);
    machine->store.busy_until += for_ms;
    machine->route.busy_until += for_ms;
    for (size_t i = 0; i < SIM_CONTAINERS_MAX; i++) {
        machine->engine.containers[i].started_at += for_ms;
    }
    sim_checker_slept(&machine->checker, for_ms);
    if (machine->beside.app[0] != '\0') {
        sim_checker_slept(&machine->beside, for_ms);
    }
}

void sim_machine_agent(struct sim_machine *machine)
{
    sim_world_agent(&machine->world);
    sim_store_open(&machine->store);
    sim_files_lose(&machine->files);
}

static mono_ms clock_mono(void *self)
{
    const struct sim_world *world = self;
    return world->now - world->booted_at + SIM_BOOT_OFFSET_MS;
}

static wall_ms clock_wall(void *self, bool *trusted)
{
    const struct sim_world *world = self;
    *trusted = !world->is_wall_wild;
    return WALL_AT_START + world->now + world->wall_off_ms;
}

static struct boot_id clock_boot(void *self)
{
    const struct sim_world *world = self;
    struct boot_id boot = {{0}};
    uint64_t number = (world->seed << 20) + world->boots;
    memcpy(boot.bytes, &number, sizeof number);
    return boot;
}

struct clock sim_clock_port(struct sim_world *world)
{
    static const struct clock_ops ops = {
        .mono = clock_mono,
        .wall = clock_wall,
        .boot = clock_boot,
    };
    return (struct clock){.ops = &ops, .self = world};
}

static int entropy_fill(void *self, void *data, size_t len, struct err *err)
{
    uint8_t *bytes = data;
    if (len > 256) {
        return err_set(err, ERR_LIMIT, "%zu bytes at once are too many", len);
    }
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)sim_random(self, 256);
    }
    return 0;
}

struct entropy sim_entropy_port(struct sim_world *world)
{
    static const struct entropy_ops ops = {.fill = entropy_fill};
    return (struct entropy){.ops = &ops, .self = world};
}

static void log_line(void *self, enum log_level level, const char *text)
{
    (void)level;
    sim_world_trace(self, "agent   %s", text);
}

struct log sim_log_port(struct sim_world *world)
{
    static const struct log_ops ops = {.line = log_line};
    return (struct log){.ops = &ops, .self = world};
}
