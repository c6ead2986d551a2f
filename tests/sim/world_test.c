/* world_test: what the simulated world itself promises: order, loss, tearing, and a checker that
 * finds the breach it is shown. */
#include <stdio.h>
#include <stdlib.h>

#include "ports/sim/machine.h"
#include "tests/check.h"

static struct sim_machine *open_machine(uint64_t seed)
{
    struct sim_machine *machine = calloc(1, sizeof *machine);
    if (machine == NULL || !sim_machine_init(machine, seed, "web")) {
        abort();
    }
    return machine;
}

static void close_machine(struct sim_machine *machine)
{
    sim_machine_close(machine);
    free(machine);
}

static char fired[16];

static void fire(void *self, uint64_t arg)
{
    (void)self;
    size_t len = strlen(fired);
    fired[len] = (char)arg;
    fired[len + 1] = '\0';
}

static void events_keep_their_order(void)
{
    struct sim_machine *machine = open_machine(1);
    fired[0] = '\0';
    sim_world_at(&machine->world, 20, fire, NULL, 'd');
    sim_world_at(&machine->world, 10, fire, NULL, 'a');
    sim_world_at(&machine->world, 10, fire, NULL, 'b');
    sim_world_at(&machine->world, 20, fire, NULL, 'e');
    sim_world_at(&machine->world, 10, fire, NULL, 'c');
    sim_world_run_until(&machine->world, 15);
    CHECK_STR_EQ(fired, "abc");
    CHECK_INT_EQ(machine->world.now, 15);
    sim_world_run_until(&machine->world, 100);
    CHECK_STR_EQ(fired, "abcde");
    close_machine(machine);
}

/* Over many seeds an unsynced overwrite is seen to vanish, to survive whole, and to survive in
 * part; what was synced always survives. */
static void cuts_lose_and_tear(void)
{
    int none = 0;
    int whole = 0;
    int part = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct sim_machine *machine = open_machine(seed);
        uint8_t old[1024];
        uint8_t new[1024];
        int file = SIM_DISK_NONE;
        memset(old, 'o', sizeof old);
        memset(new, 'n', sizeof new);
        int rc = sim_disk_create(&machine->disk, "f", &file, NULL);
        rc = rc != 0 ? rc : sim_disk_write(&machine->disk, file, 0, span_of(old, sizeof old), NULL);
        rc = rc != 0 ? rc : sim_disk_sync(&machine->disk, file, NULL);
        rc = rc != 0 ? rc : sim_disk_sync_directory(&machine->disk, NULL);
        rc = rc != 0 ? rc : sim_disk_write(&machine->disk, file, 256, span_of(new, 512), NULL);
        CHECK_INT_EQ(rc, 0);
        sim_disk_lose(&machine->disk);
        struct span kept = sim_disk_read(&machine->disk, file);
        CHECK_INT_EQ(kept.len, sizeof old);
        CHECK(memcmp(kept.data, old, 256) == 0 && memcmp(kept.data + 768, old, 256) == 0);
        size_t survived = 0;
        for (size_t i = 256; i < 768; i++) {
            survived += kept.data[i] == 'n' ? 1 : 0;
        }
        none += survived == 0;
        whole += survived == 512;
        part += survived > 0 && survived < 512;
        close_machine(machine);
    }
    CHECK(none > 10 && whole > 10 && part > 10);
}

/* A name that was not synced is lost or not; the one it replaced is then still there. */
static void renames_may_be_lost(void)
{
    int old_names = 0;
    int new_names = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct sim_machine *machine = open_machine(seed);
        int first = SIM_DISK_NONE;
        int second = SIM_DISK_NONE;
        int rc = sim_disk_create(&machine->disk, "f", &first, NULL);
        rc = rc != 0 ? rc : sim_disk_sync_directory(&machine->disk, NULL);
        rc = rc != 0 ? rc : sim_disk_create(&machine->disk, "g", &second, NULL);
        rc = rc != 0 ? rc : sim_disk_rename(&machine->disk, "g", "f", NULL);
        CHECK_INT_EQ(rc, 0);
        sim_disk_lose(&machine->disk);
        int kept = sim_disk_find(&machine->disk, "f");
        CHECK(kept == first || kept == second);
        old_names += kept == first;
        new_names += kept == second;
        close_machine(machine);
    }
    CHECK(old_names > 5 && new_names > 5);
}

/* A failed sync keeps nothing, and a second one that succeeds keeps nothing either. */
static void a_failed_sync_is_final(void)
{
    struct sim_machine *machine = open_machine(3);
    int file = SIM_DISK_NONE;
    int rc = sim_disk_create(&machine->disk, "f", &file, NULL);
    rc = rc != 0 ? rc : sim_disk_sync_directory(&machine->disk, NULL);
    rc = rc != 0 ? rc : sim_disk_write(&machine->disk, file, 0, span_text("lost"), NULL);
    CHECK_INT_EQ(rc, 0);
    machine->world.faults.of[SIM_OP_FSYNC] = SIM_FAULT(1, 1, SIM_FATE_FAIL);
    CHECK_INT_EQ(sim_disk_sync(&machine->disk, file, NULL), ERR_IO);
    CHECK_INT_EQ(sim_disk_sync(&machine->disk, file, NULL), 0);
    sim_disk_lose(&machine->disk);
    CHECK_INT_EQ(sim_disk_read(&machine->disk, file).len, 0);
    close_machine(machine);
}

static void full_and_read_only_disks_say_so(void)
{
    struct sim_machine *machine = open_machine(1);
    int file = SIM_DISK_NONE;
    CHECK_INT_EQ(sim_disk_create(&machine->disk, "f", &file, NULL), 0);
    CHECK_INT_EQ(sim_disk_write(&machine->disk, file, 0, span_text("1234"), NULL), 0);
    machine->disk.is_full = true;
    CHECK_INT_EQ(sim_disk_write(&machine->disk, file, 0, span_text("4321"), NULL), 0);
    CHECK_INT_EQ(sim_disk_write(&machine->disk, file, 2, span_text("4321"), NULL), ERR_STATE_FULL);
    machine->disk.is_read_only = true;
    CHECK_INT_EQ(sim_disk_write(&machine->disk, file, 0, span_text("1"), NULL), ERR_IO);
    close_machine(machine);
}

/* A fault that lasts strikes everything from its operation on until its time is over. */
static void faults_last(void)
{
    struct sim_machine *machine = open_machine(1);
    struct sim_world *world = &machine->world;
    world->faults.of[SIM_OP_FSYNC] = SIM_FAULT_FOR(2, 50, SIM_FATE_FAIL);
    world->faults.of[SIM_OP_PROBE] = SIM_FAULT_FOR(1, SIM_NEVER, SIM_FATE_FAIL);
    CHECK_INT_EQ(sim_faults_next(world, SIM_OP_FSYNC), SIM_FATE_GO);
    sim_world_run_until(world, 100);
    CHECK_INT_EQ(sim_faults_next(world, SIM_OP_FSYNC), SIM_FATE_FAIL);
    sim_world_run_until(world, 149);
    CHECK_INT_EQ(sim_faults_next(world, SIM_OP_FSYNC), SIM_FATE_FAIL);
    sim_world_run_until(world, 150);
    CHECK_INT_EQ(sim_faults_next(world, SIM_OP_FSYNC), SIM_FATE_GO);
    CHECK_INT_EQ(sim_faults_next(world, SIM_OP_PROBE), SIM_FATE_FAIL);
    sim_world_run_until(world, 1000000000);
    CHECK_INT_EQ(sim_faults_next(world, SIM_OP_PROBE), SIM_FATE_FAIL);
    close_machine(machine);
}

/* Nothing happens while the machine sleeps, and all of it afterwards. */
static void sleep_shifts_everything(void)
{
    struct sim_machine *machine = open_machine(1);
    fired[0] = '\0';
    sim_world_at(&machine->world, 20, fire, NULL, 'a');
    sim_world_run_until(&machine->world, 10);
    sim_machine_sleep(machine, 1000);
    CHECK_INT_EQ(machine->world.now, 1010);
    sim_world_run_until(&machine->world, 1019);
    CHECK_STR_EQ(fired, "");
    sim_world_run_until(&machine->world, 1020);
    CHECK_STR_EQ(fired, "a");
    close_machine(machine);
}

/* A container of a release, running or not, at an address; then a table that points to it. */
static struct sim_container *place_container(struct sim_machine *machine, size_t place,
                                             uint8_t release, ipv4 address)
{
    struct sim_container *container = &machine->engine.containers[place];
    container->is_used = true;
    (void)snprintf(container->seen.app, sizeof container->seen.app, "web");
    container->seen.release.bytes[0] = release;
    container->seen.state = ENGINE_RUNNING;
    container->seen.address = address;
    container->started_at = machine->world.now;
    return container;
}

static struct route_table table_to(ipv4 address)
{
    struct route_table table = {.pool = 0xC6120000u, .pool_bits = 15, .service_count = 1};
    struct route_service *service = &table.services[0];
    (void)snprintf(service->app, sizeof service->app, "web");
    service->backends[0] = (struct route_backend){address, 100};
    service->backend_count = 1;
    return table;
}

static struct sim_machine *watched_machine(void)
{
    static const struct digest config = {{9}};
    struct sim_app app = sim_app_well();
    struct sim_machine *machine = open_machine(1);
    (void)sim_engine_add_image(&machine->engine, "image", &config, &app);
    for (uint8_t i = 1; i <= 2; i++) {
        struct sim_release release = {
            .digest = {{i}}, .soak_ms = 1000, .replicas = 1, .is_allowed = i == 1};
        (void)snprintf(release.word, sizeof release.word, "r%u", i);
        (void)sim_checker_add(&machine->checker, &release);
    }
    machine->world.now = 100;
    return machine;
}

static void change_table(struct sim_machine *machine, const struct route_table *to)
{
    struct sim_table_change change = {machine->route.has_kernel ? &machine->route.kernel : NULL,
                                      to};
    sim_checker_saw(&machine->checker, SIM_SAW_TABLE, &change);
    machine->route.kernel = *to;
    machine->route.has_kernel = true;
}

static void breaches_are_found(void)
{
    struct sim_machine *machine = watched_machine();
    struct sim_checker *checker = &machine->checker;
    struct route_table first = table_to(0xC6120810u);
    struct route_table second = table_to(0xC6120A10u);
    struct sim_container *old = place_container(machine, 0, 1, 0xC6120810u);
    change_table(machine, &first);
    CHECK_CONTAINS(checker->first, "law 1");
    CHECK_INT_EQ(checker->breaches, 1); /* traffic before ready */
    machine->world.now += 2000;
    sim_checker_saw(checker, SIM_SAW_BOOT_FILE, &first);
    CHECK_INT_EQ(checker->breaches, 2); /* committed before soaked */
    sim_checker_saw(checker, SIM_SAW_STOP, old);
    CHECK_INT_EQ(checker->breaches, 3); /* stopped while it has traffic */
    struct sim_container *new = place_container(machine, 1, 2, 0xC6120A10u);
    sim_checker_saw(checker, SIM_SAW_START, new);
    CHECK_INT_EQ(checker->breaches, 4); /* not allowed to run */
    machine->world.now += 2000;
    change_table(machine, &second);
    CHECK_INT_EQ(checker->breaches, 4);
    sim_checker_saw(checker, SIM_SAW_REMOVE, old);
    CHECK_INT_EQ(checker->breaches, 5); /* removed before the new one has soaked */
    new->seen.state = ENGINE_EXITED;
    new->was_stopped = true;
    sim_checker_request(checker, 0xC6120A10u, false);
    CHECK_INT_EQ(checker->breaches, 6); /* neither */
    sim_checker_unattended(checker);
    CHECK_INT_EQ(checker->breaches, 7);
    sim_checker_rest(checker);
    CHECK(checker->breaches > 7);
    close_machine(machine);
}

/* What served is told before it is stopped, where it wants to be; what is revoked is not started
 * anew; a fault of an app counts from when somebody can ask again. */
static void later_breaches_are_found(void)
{
    static const struct digest second = {{2}};
    struct sim_machine *machine = watched_machine();
    struct sim_checker *checker = &machine->checker;
    struct route_table first = table_to(0xC6120810u);
    struct route_table nothing = {.service_count = 0};
    struct sim_container *container = place_container(machine, 0, 1, 0xC6120810u);
    checker->is_calm = true;
    checker->releases[0].is_told = true;
    checker->releases[1].is_allowed = true;
    machine->world.now += 2000;
    change_table(machine, &first);
    change_table(machine, &nothing);
    CHECK_INT_EQ(checker->breaches, 0);
    sim_checker_saw(checker, SIM_SAW_STOP, container);
    CHECK_CONTAINS(checker->first, "not told to drain");
    sim_container_tell(&machine->engine, container);
    sim_checker_saw(checker, SIM_SAW_STOP, container);
    CHECK_INT_EQ(checker->breaches, 1);
    struct sim_container *revoked = place_container(machine, 1, 2, 0xC6120A10u);
    sim_checker_saw(checker, SIM_SAW_START, revoked);
    CHECK_INT_EQ(checker->breaches, 1);
    sim_checker_revoke(checker, &second);
    sim_checker_saw(checker, SIM_SAW_START, revoked);
    CHECK_INT_EQ(checker->breaches, 2);
    checker->committed = 0;
    container->seen.state = ENGINE_EXITED;
    sim_checker_blind(checker, machine->world.now + 60000);
    sim_checker_request(checker, 0xC6120810u, false);
    machine->world.now += 60000;
    sim_checker_request(checker, 0xC6120810u, false);
    CHECK_INT_EQ(checker->breaches, 2);
    machine->world.now += checker->detect_ms + 1;
    sim_checker_request(checker, 0xC6120810u, false);
    CHECK_INT_EQ(checker->breaches, 3);
    close_machine(machine);
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        {"events keep their order", events_keep_their_order},
        {"cuts lose and tear", cuts_lose_and_tear},
        {"renames may be lost", renames_may_be_lost},
        {"a failed sync is final", a_failed_sync_is_final},
        {"full and read-only disks say so", full_and_read_only_disks_say_so},
        {"faults last", faults_last},
        {"sleep shifts everything", sleep_shifts_everything},
        {"breaches are found", breaches_are_found},
        {"later breaches are found", later_breaches_are_found},
    };
    return check_run(cases, COUNT_OF(cases), argc, argv);
}
