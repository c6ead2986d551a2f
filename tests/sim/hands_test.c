/* hands_test: what a tired engine, people and the site do, each seen to do what it says. */
#include <stdio.h>
#include <stdlib.h>

#include "ports/sim/hands.h"
#include "tests/check.h"

#define ADDRESS 0xC6120810u

/* The last answers of engine and prober; 1: none came. */
static int engine_code, probe_code;
static size_t listed;

static void engine_told(void *ctx, const struct err *err, const struct engine_answer *answer)
{
    (void)ctx;
    engine_code = err != NULL ? err->code : 0;
    listed = answer != NULL ? answer->container_count : 0;
}

static void probe_told(void *ctx, const struct err *err)
{
    (void)ctx;
    probe_code = err != NULL ? err->code : 0;
}

/* A machine with one running container that has traffic. */
static struct sim_machine *machine_open(void)
{
    static const struct digest config = {{9}};
    struct sim_app app = sim_app_well();
    struct sim_machine *machine = calloc(1, sizeof *machine);
    if (machine == NULL || !sim_machine_init(machine, 3, "web")) {
        abort();
    }
    (void)sim_engine_add_image(&machine->engine, "image", &config, &app);
    struct sim_container *container = &machine->engine.containers[0];
    container->is_used = true;
    container->run = ++machine->engine.runs;
    (void)snprintf(container->seen.id, sizeof container->seen.id, "one");
    (void)snprintf(container->node, sizeof container->node, "gw");
    container->seen.state = ENGINE_RUNNING;
    container->seen.address = ADDRESS;
    machine->route.kernel.service_count = 1;
    machine->route.kernel.services[0].backends[0] = (struct route_backend){ADDRESS, 1};
    machine->route.kernel.services[0].backend_count = 1;
    machine->route.has_kernel = true;
    sim_world_run_until(&machine->world, 1000);
    engine_code = 1;
    probe_code = 1;
    return machine;
}

static void machine_close(struct sim_machine *machine)
{
    sim_machine_close(machine);
    free(machine);
}

static void list(struct sim_machine *machine)
{
    struct engine engine = sim_engine_port(&machine->engine);
    engine_code = 1;
    CHECK_INT_EQ(engine.ops->list(engine.self, "gw", engine_told, NULL, NULL), 0);
}

static void stop(struct sim_machine *machine)
{
    struct engine engine = sim_engine_port(&machine->engine);
    engine_code = 1;
    CHECK_INT_EQ(engine.ops->stop(engine.self, "one", 1000, engine_told, NULL, NULL), 0);
}

static void ask(struct sim_machine *machine, enum prober_kind kind)
{
    struct prober prober = sim_prober_port(&machine->prober);
    const struct prober_request request = {
        .kind = kind, .address = ADDRESS, .port = 80, .timeout_ms = 200, .path = "/"};
    probe_code = 1;
    CHECK_INT_EQ(prober.ops->ask(prober.self, &request, probe_told, NULL, NULL), 0);
    sim_world_run_until(&machine->world, machine->world.now + 300);
}

static void run(struct sim_machine *machine, int64_t for_ms)
{
    sim_world_run_until(&machine->world, machine->world.now + for_ms);
}

/* The caller is told after its patience; what it asked for is done when the engine goes on. */
static void a_frozen_engine_does_it_later(void)
{
    struct sim_machine *machine = machine_open();
    const struct sim_container *container = &machine->engine.containers[0];
    sim_engine_freeze(&machine->engine, 100000);
    list(machine);
    run(machine, 29000);
    CHECK_INT_EQ(engine_code, 1);
    run(machine, 2000);
    CHECK_INT_EQ(engine_code, ERR_ENGINE_GONE);
    stop(machine);
    run(machine, 62000);
    CHECK_INT_EQ(engine_code, ERR_ENGINE_GONE);
    CHECK_INT_EQ(container->seen.state, ENGINE_RUNNING);
    run(machine, 10000);
    CHECK_INT_EQ(container->seen.state, ENGINE_EXITED);
    list(machine);
    run(machine, 100);
    CHECK_INT_EQ(engine_code, 0);
    machine_close(machine);
}

static void a_slow_engine_takes_its_time(void)
{
    struct sim_machine *machine = machine_open();
    machine->engine.slow_ms = 4000;
    list(machine);
    run(machine, 900);
    CHECK_INT_EQ(engine_code, 1);
    run(machine, 8000);
    CHECK_INT_EQ(engine_code, 0);
    machine_close(machine);
}

/* What is removed while a list is on its way is still in it. */
static void a_list_is_as_old_as_its_way(void)
{
    int stale = 0;
    struct sim_machine *machine = machine_open();
    for (int i = 0; i < 50; i++) {
        machine->engine.containers[0].is_used = true;
        list(machine);
        for (int ms = 0; ms < 60 && engine_code == 1; ms++) {
            machine->engine.containers[0].is_used = ms < 10;
            run(machine, 1);
        }
        stale += engine_code == 0 && listed == 1 && !machine->engine.containers[0].is_used;
    }
    CHECK(stale > 0 && stale < 50);
    machine_close(machine);
}

static void a_frozen_container_says_nothing(void)
{
    struct sim_machine *machine = machine_open();
    struct sim_container *container = sim_hands_serving(machine);
    CHECK(container != NULL);
    mono_ms began = container->started_at;
    ask(machine, PROBER_HTTP);
    CHECK_INT_EQ(probe_code, 0);
    sim_hands_pause(machine, container);
    CHECK_INT_EQ(container->seen.state, ENGINE_PAUSED);
    ask(machine, PROBER_TCP);
    CHECK_INT_EQ(probe_code, ERR_PROBE);
    run(machine, 700);
    sim_hands_unpause(machine, container);
    CHECK_INT_EQ(container->started_at - began, 1000);
    ask(machine, PROBER_HTTP);
    CHECK_INT_EQ(probe_code, 0);
    machine_close(machine);
}

/* Whoever cannot ask is told so, and not that the app is ill. */
static void errors_of_the_asker_are_their_own(void)
{
    struct sim_machine *machine = machine_open();
    machine->prober.cut_off_until = machine->world.now + 500;
    ask(machine, PROBER_HTTP);
    CHECK_INT_EQ(probe_code, ERR_NETWORK);
    CHECK(sim_engine_at(&machine->engine, ADDRESS) != NULL); /* clients are answered */
    run(machine, 500);
    sim_hands_link_down(machine, 500);
    ask(machine, PROBER_HTTP);
    CHECK_INT_EQ(probe_code, ERR_NETWORK);
    CHECK(sim_engine_at(&machine->engine, ADDRESS) == NULL);
    run(machine, 500);
    ask(machine, PROBER_HTTP);
    CHECK_INT_EQ(probe_code, 0);
    machine_close(machine);
}

static void hands_leave_their_marks(void)
{
    struct sim_machine *machine = machine_open();
    struct sim_container *container = sim_hands_serving(machine);
    machine->route.is_open = true;
    machine->route.kernel.services[0].address = 0xC6120001u;
    CHECK(sim_route_choose(&machine->route, ROUTE_TCP, 0xC6120001u, 80) == ADDRESS);
    ask(machine, PROBER_POST);
    CHECK(container->told_at != 0);
    sim_hands_firewall(machine);
    CHECK(!machine->route.is_open);
    CHECK(sim_route_choose(&machine->route, ROUTE_TCP, SIM_NODE_ADDRESS, 80) == 0);
    sim_hands_old_table(machine);
    CHECK_INT_EQ(machine->route.kernel.service_count, 0);
    machine->engine.networks[0] = (struct sim_network){.is_used = true, .name = "net"};
    (void)snprintf(container->network, sizeof container->network, "net");
    sim_hands_prune(machine);
    CHECK(machine->engine.networks[0].is_used); /* somebody is on it */
    sim_hands_stop(machine, container);
    sim_hands_prune(machine);
    CHECK(!machine->engine.networks[0].is_used);
    CHECK(sim_engine_at(&machine->engine, ADDRESS) == NULL);
    machine_close(machine);
}

static void clocks_and_disks_are_wrong_for_a_while(void)
{
    struct sim_machine *machine = machine_open();
    struct clock clock = sim_clock_port(&machine->world);
    bool is_trusted = false;
    int file = SIM_DISK_NONE;
    wall_ms before = clock.ops->wall(clock.self, &is_trusted);
    CHECK(is_trusted);
    machine->world.wall_off_ms = 5000;
    machine->world.is_wall_wild = true;
    CHECK_INT_EQ(clock.ops->wall(clock.self, &is_trusted) - before, 5000);
    CHECK(!is_trusted);
    machine->disk.full_until = machine->world.now + 100;
    CHECK_INT_EQ(sim_disk_create(&machine->disk, "f", &file, NULL), ERR_STATE_FULL);
    run(machine, 100);
    CHECK_INT_EQ(sim_disk_create(&machine->disk, "f", &file, NULL), 0);
    machine_close(machine);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"a frozen engine does it later", a_frozen_engine_does_it_later},
        {"a slow engine takes its time", a_slow_engine_takes_its_time},
        {"a list is as old as its way", a_list_is_as_old_as_its_way},
        {"a frozen container says nothing", a_frozen_container_says_nothing},
        {"errors of the asker are their own", errors_of_the_asker_are_their_own},
        {"hands leave their marks", hands_leave_their_marks},
        {"clocks and disks are wrong for a while", clocks_and_disks_are_wrong_for_a_while},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
